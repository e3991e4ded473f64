/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The RISC-V driver on IOMMUs with the schemes of RV32, alone or beside those of RV64. */
#include "bench.h"

#include <string.h>

#define FCTL 0x008
#define GXL 4u

/* capabilities */
#define SV32 (1ull << 8)
#define SV39 (1ull << 9)
#define SV48 (1ull << 10)
#define SV32X4 (1ull << 16)
#define SV39X4 (1ull << 17)
#define SVPBMT (1ull << 15)
#define MSI_FLAT (1ull << 22)
#define END (1ull << 27)
#define PD8 (1ull << 38)
#define CAP(pas) (0x10ull | 1ull << 28 | (uint64_t)(pas) << 32) /* version 1.0, wires */

#define RW (IOM_PROT_READ | IOM_PROT_WRITE)
#define DEVICE 0x12u
#define TOP (1ull << 34)

static struct bench *bench_with(uint64_t capabilities, uint32_t flags)
{
	const struct iom_riscv_config config = { .bytes = sizeof config,
		                                 .capabilities = capabilities,
		                                 .flags = flags };

	return bench_ready(&config);
}

/* An RV32 platform: nothing wider, and 34 bits of addresses. */
static struct bench *bench32(uint64_t more)
{
	return bench_with(CAP(34) | SV32 | SV32X4 | more, 0);
}

static struct iom_domain *domain_new(struct bench *b, unsigned kind)
{
	struct iom_domain *domain;

	CHECK_MSG(!iom_domain_new(b->driver, kind, &domain, &b->error), "%s", b->error.text);
	return domain;
}

static void unmap_now(struct iom_domain *domain, uint64_t iova, uint64_t bytes)
{
	struct iom_gather gather = { 0 };

	CHECK_EQ(iom_domain_unmap(domain, iova, bytes, &gather), IOM_OK);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
}

static void domain_end(struct iom_domain *domain)
{
	CHECK_EQ(iom_domain_detach(domain, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
}

/* ---- Domains ------------------------------------------------------------------------------ */

static void life(struct bench *b, unsigned kind, uint64_t end)
{
	struct iom_domain *domain = domain_new(b, kind);
	unsigned read = kind == IOM_DOMAIN_STAGE1 ? 13 : 21, write = read + 2;
	uint64_t first, last, val, phys;

	iom_domain_range(domain, &first, &last);
	CHECK_EQ(first, 0);
	CHECK_EQ(last, end - 1);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0, &val), 258);
	bench_one_fault(b, 258);
	CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);

	/* both ends of the range, and beyond it */
	CHECK_EQ(iom_domain_map(domain, 0, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_OK);
	CHECK_EQ(iom_domain_map(domain, end - 0x1000, BENCH_DATA + 0x1000, 0x1000, RW), IOM_OK);
	CHECK_EQ(iom_domain_map(domain, end, BENCH_DATA, 0x1000, RW), IOM_EINVAL);
	CHECK_EQ(iom_domain_map(domain, end - 0x1000, BENCH_DATA, 0x2000, RW), IOM_EINVAL);
	CHECK_EQ(bench_dma_write(b, DEVICE, end - 8, 0x1122334455667788), 0);
	CHECK_EQ(*bench_word(b, BENCH_DATA + 0x1ff8), 0x1122334455667788);
	*bench_word(b, BENCH_DATA + 0x10) = 77;
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x10, &val), 0);
	CHECK_EQ(val, 77);
	CHECK_EQ(bench_dma_write(b, DEVICE, 0x10, 1), write);
	CHECK(bench_one_fault(b, write)->write);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), read);
	CHECK_EQ(bench_one_fault(b, read)->gpa, kind == IOM_DOMAIN_STAGE1 ? 0 : 0x1000);
	CHECK_EQ(bench_dma_read(b, DEVICE, end, &val), read);
	CHECK_EQ(bench_one_fault(b, read)->iova, end);
	CHECK_EQ(iom_domain_iova_to_phys(domain, end - 8, &phys), IOM_OK);
	CHECK_EQ(phys, BENCH_DATA + 0x1ff8);
	CHECK_EQ(iom_domain_iova_to_phys(domain, end, &phys), IOM_ENOENT);

	unmap_now(domain, end - 0x1000, 0x1000);
	CHECK_EQ(bench_dma_write(b, DEVICE, end - 8, 0), write);
	bench_one_fault(b, write);
	domain_end(domain);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x10, &val), 258);
	bench_one_fault(b, 258);
}

TEST(sv32_domain_life, "RV-DRV-03")
{
	for (unsigned ext = 0; ext < 2; ext++) {
		struct bench *b = bench32(ext ? MSI_FLAT : 0);
		struct iom_domain *domain;
		uint64_t val;

		CHECK_EQ(bench_rd32(b, FCTL) & GXL, GXL);
		life(b, IOM_DOMAIN_STAGE1, 1ull << 32);
		life(b, IOM_DOMAIN_STAGE2, TOP);
		domain = domain_new(b, IOM_DOMAIN_IDENTITY);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE, BENCH_DATA, &val), 0);
		domain_end(domain);
		CHECK_EQ(iom_driver_command_errors(b->driver), 0);
		bench_free(b);
	}
}

/* 4 MiB, and nothing between that and 4 KiB; the table that a whole 4 MiB leaves is freed. */
TEST(sv32_large_pages, "")
{
	static const unsigned kinds[] = { IOM_DOMAIN_STAGE1, IOM_DOMAIN_STAGE2 };

	for (unsigned kind = 0; kind < 2; kind++) {
		struct bench *b = bench32(0);
		struct iom_domain *domain = domain_new(b, kinds[kind]);
		unsigned live;
		struct iom_reply reply;
		struct iom_gather gather = { 0 };

		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		live = b->live;
		CHECK_EQ(iom_domain_map(domain, 0x40000000, BENCH_DATA, 0x801000, RW), IOM_OK);
		CHECK_EQ(b->live, live + 1);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x405a5a5a, &reply), 22);
		CHECK_EQ(reply.spa, BENCH_DATA + 0x5a5a5a);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x40412345, &reply), 22);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x40800345, &reply), 12);
		CHECK_EQ(reply.spa, BENCH_DATA + 0x800345);
		CHECK_EQ(iom_domain_unmap(domain, 0x40400000, 0x1000, &gather), IOM_EINVAL);
		unmap_now(domain, 0x40400000, 0x400000);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x40412345, &reply), 0);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x40012345, &reply), 22);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x40800345, &reply), 12);
		unmap_now(domain, 0x40800000, 0x400000);
		CHECK_EQ(b->live, live);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x40800345, &reply), 0);
		/* a large page where small ones were */
		CHECK_EQ(iom_domain_map(domain, 0x40800000, BENCH_DATA, 0x400000, RW), IOM_OK);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x40800345, &reply), 22);
		domain_end(domain);
		CHECK_EQ(iom_driver_command_errors(b->driver), 0);
		bench_free(b);
	}
}

/* An entry of 4 bytes ends at 2^34, even if the IOMMU's addresses do not. */
TEST(sv32_maps_34_bits, "")
{
	static const unsigned kinds[] = { IOM_DOMAIN_STAGE1, IOM_DOMAIN_STAGE2 };

	for (unsigned kind = 0; kind < 2; kind++) {
		struct bench *b = bench_with(CAP(56) | SV32 | SV32X4 | SVPBMT, 0);
		struct iom_domain *domain = domain_new(b, kinds[kind]);
		struct iom_reply reply;
		uint64_t phys;

		CHECK_EQ(iom_domain_map(domain, 0, TOP, 0x1000, RW), IOM_EINVAL);
		CHECK_EQ(iom_domain_map(domain, 0, TOP - 0x1000, 0x2000, RW), IOM_EINVAL);
		CHECK_EQ(iom_domain_map(domain, 0, TOP | BENCH_DATA, 0x1000, RW), IOM_EINVAL);
		CHECK_EQ(iom_domain_iova_to_phys(domain, 0, &phys), IOM_ENOENT);
		CHECK_EQ(iom_domain_map(domain, 0, TOP - 0x1000, 0x1000, RW), IOM_OK);
		CHECK_EQ(iom_domain_iova_to_phys(domain, 0x10, &phys), IOM_OK);
		CHECK_EQ(phys, TOP - 0xff0);
		/* Svpbmt is for entries of 8 bytes: there is no other type than the memory's own. */
		CHECK_EQ(iom_domain_map(domain, 0x1000, 0x28000000, 0x1000, RW | IOM_PROT_MMIO),
		         IOM_OK);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x10, &reply), 12);
		CHECK_EQ(reply.spa, TOP - 0xff0);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x1000, &reply), 12);
		CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
		domain_end(domain);
		bench_free(b);
	}
}

/* The bench's allocator, but for one table that lies out of an entry's reach. */
static unsigned far_countdown;
static struct iom_os_host near_host;

static void *far_alloc(void *opaque, size_t size, uint64_t *phys)
{
	void *memory = near_host.alloc(opaque, size, phys);

	if (memory && far_countdown && !--far_countdown)
		*phys += TOP;
	return memory;
}

static void far_free(void *opaque, void *memory, uint64_t phys, size_t size)
{
	near_host.free(opaque, memory, phys & (TOP - 1), size);
}

TEST(sv32_tables_lie_below_34_bits, "")
{
	const struct iom_riscv_config config = { .bytes = sizeof config,
		                                 .capabilities = CAP(56) | SV32 | SV32X4 };
	struct bench *b = bench_new(&config);
	struct iom_domain *domain;
	unsigned live;
	uint64_t phys;

	near_host = b->host;
	b->host.alloc = far_alloc;
	b->host.free = far_free;
	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	domain = domain_new(b, IOM_DOMAIN_STAGE1);
	live = b->live;
	far_countdown = 1;
	CHECK_EQ(iom_domain_map(domain, 0x5000, BENCH_DATA, 0x1000, RW), IOM_ENOMEM);
	CHECK_EQ(far_countdown, 0);
	CHECK_EQ(b->live, live);
	CHECK_EQ(iom_domain_iova_to_phys(domain, 0x5000, &phys), IOM_ENOENT);
	b->countdown = 0; /* nor anywhere else */
	CHECK_EQ(iom_domain_map(domain, 0x5000, BENCH_DATA, 0x1000, RW), IOM_ENOMEM);
	CHECK_EQ(iom_domain_map(domain, 0x5000, BENCH_DATA, 0x1000, RW), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

/* ---- Capability mixes --------------------------------------------------------------------- */

static int guest_format(struct bench *b, struct iom_domain *vm, uint32_t format)
{
	struct iom_stage stage = { .root = 0x40000000, .format = format };
	struct iom_domain *nested;
	int err = iom_domain_new_nested(vm, &stage, &nested, &b->error);

	if (!err)
		CHECK_EQ(iom_domain_free(nested), IOM_OK);
	return err;
}

/* A page at the end of the range, which ends at `end`; 0: there are no such domains. */
static void stage_reaches(struct bench *b, unsigned kind, uint64_t end)
{
	struct iom_domain *domain;
	uint64_t first, last, val;
	int err = iom_domain_new(b->driver, kind, &domain, &b->error);

	CHECK_EQ(err, end ? IOM_OK : IOM_ENOTSUP);
	if (err) {
		CHECK(strstr(b->error.text, kind == IOM_DOMAIN_STAGE1 ? "first" : "second"));
		return;
	}
	iom_domain_range(domain, &first, &last);
	CHECK_EQ(last, end - 1);
	CHECK_EQ(iom_domain_map(domain, end - 0x1000, BENCH_DATA, 0x1000, RW), IOM_OK);
	CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
	*bench_word(b, BENCH_DATA + 0xff8) = end ^ kind;
	CHECK_EQ(bench_dma_read(b, DEVICE, end - 8, &val), 0);
	CHECK_EQ(val, end ^ kind);
	domain_end(domain);
}

#define W IOM_RISCV_GXL_WRITABLE

TEST(sv32_capability_mixes, "")
{
	static const struct {
		uint64_t cap;
		uint32_t flags, gxl;
		uint64_t end1, end2;   /* of the stages' ranges, 0: none  */
		bool guest32, guest39; /* formats that nested domains take */
	} rows[] = {
		{ SV39 | SV39X4, 0, 0, 1ull << 38, 1ull << 41, false, true },
		{ SV32 | SV32X4, 0, GXL, 1ull << 32, TOP, true, false },
		{ SV32, 0, GXL, 1ull << 32, 0, false, false },
		{ SV32X4, 0, GXL, 0, TOP, false, false },
		/* 64-bit tables where they are, and what they leave open */
		{ SV32 | SV32X4 | SV39 | SV39X4, 0, 0, 1ull << 38, 1ull << 41, false, true },
		{ SV32 | SV32X4 | SV39 | SV39X4, W, 0, 1ull << 38, 1ull << 41, true, true },
		{ SV32 | SV39X4, 0, 0, 0, 1ull << 41, false, false },
		{ SV32 | SV39X4, W, 0, 1ull << 32, 1ull << 41, true, false },
		{ SV32 | SV39, W, 0, 1ull << 38, 0, false, false },
		{ SV32X4 | SV39, W, 0, 1ull << 38, 0, false, false },
		/* fixed, and so that Sv39 is of no use */
		{ SV32X4 | SV39, 0, GXL, 0, TOP, false, false },
		{ SV32 | SV32X4 | SV39, 0, GXL, 1ull << 32, TOP, true, false },
		{ SV32 | SV32X4 | SV39, W, 0, 1ull << 38, 0, false, false },
	};

	for (unsigned i = 0; i < 3 * (sizeof rows / sizeof *rows); i++) {
		const unsigned n = i / 3;
		const struct iom_riscv_config config = {
			.bytes = sizeof config,
			.capabilities = CAP(56) | rows[n].cap,
			.reset_mode = i % 3 ? IOM_RISCV_RESET_BARE : IOM_RISCV_RESET_OFF,
			.flags = rows[n].flags | (i % 3 == 2 ? IOM_RISCV_STRICT_FCTL : 0),
		};
		struct bench *b = bench_ready(&config);
		struct iom_domain *vm;

		print_message("row %u\n", n);
		CHECK_EQ(bench_rd32(b, FCTL) & GXL, rows[n].gxl);
		stage_reaches(b, IOM_DOMAIN_STAGE1, rows[n].end1);
		stage_reaches(b, IOM_DOMAIN_STAGE2, rows[n].end2);
		if (rows[n].end2) {
			vm = domain_new(b, IOM_DOMAIN_STAGE2);
			CHECK_EQ(guest_format(b, vm, IOM_FORMAT_RISCV_SV32),
			         rows[n].guest32 ? IOM_OK : IOM_ENOTSUP);
			CHECK_EQ(guest_format(b, vm, IOM_FORMAT_RISCV_SV39),
			         rows[n].guest39 ? IOM_OK : IOM_ENOTSUP);
			CHECK_EQ(iom_domain_free(vm), IOM_OK);
		}
		CHECK_EQ(iom_driver_command_errors(b->driver), 0);
		bench_free(b);
	}
}

/* ---- Guests ------------------------------------------------------------------------------- */

#define GUEST 0x40000000ull /* where the guest sees BENCH_DATA */
#define GUEST_BYTES 0x200000ull

static void guest_put(struct bench *b, uint64_t gpa, uint32_t word, bool big)
{
	word = big ? __builtin_bswap32(word) : word;
	memcpy((char *)bench_word(b, BENCH_DATA) + (gpa - GUEST), &word, sizeof word);
}

/* A leaf (valid, user, read, write, accessed, dirty) and a pointer of a guest's Sv32 table. */
#define LEAF(gpa) ((uint32_t)((gpa) >> 12 << 10 | 0xd7))
#define TABLE(gpa) ((uint32_t)((gpa) >> 12 << 10 | 0x01))

/* The guest's table in two pages: IOVA 0xc0005000 is GUEST + 0x10000, 0xc0006000 beyond its memory. */
static struct iom_stage guest_table(struct bench *b, bool big)
{
	guest_put(b, GUEST + 4 * 0x300, TABLE(GUEST + 0x1000), big);
	guest_put(b, GUEST + 0x1000 + 4 * 5, LEAF(GUEST + 0x10000), big);
	guest_put(b, GUEST + 0x1000 + 4 * 6, LEAF(GUEST + GUEST_BYTES), big);
	return (struct iom_stage){ .root = GUEST,
		                   .format = IOM_FORMAT_RISCV_SV32,
		                   .big_endian = big };
}

static void nested_works(struct bench *b, struct iom_domain *vm, bool big)
{
	struct iom_stage stage = guest_table(b, big);
	struct iom_domain *nested;
	uint64_t first, last, val;

	CHECK_MSG(!iom_domain_new_nested(vm, &stage, &nested, &b->error), "%s", b->error.text);
	iom_domain_range(nested, &first, &last);
	CHECK_EQ(last, 0xffffffff);
	CHECK_EQ(iom_domain_attach(nested, DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_write(b, DEVICE, 0xc0005010, 0xabc + big), 0);
	CHECK_EQ(*bench_word(b, BENCH_DATA + 0x10010), 0xabc + big);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0xc0007000, &val), 13);
	bench_one_fault(b, 13);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x1c0005010, &val), 13);
	bench_one_fault(b, 13);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0xc0006008, &val), 21);
	CHECK_EQ(bench_one_fault(b, 21)->gpa, GUEST + GUEST_BYTES + 8);

	/* what the guest changes, and tells */
	guest_put(b, GUEST + 0x1000 + 4 * 5, LEAF(GUEST + 0x20000), big);
	CHECK_EQ(iom_domain_invalidate(nested, 0xc0005000, 0xc0005fff, false), IOM_OK);
	*bench_word(b, BENCH_DATA + 0x20010) = 99;
	CHECK_EQ(bench_dma_read(b, DEVICE, 0xc0005010, &val), 0);
	CHECK_EQ(val, 99);
	domain_end(nested);
}

TEST(sv32_nested, "")
{
	/* Sv32 over Sv32x4, and over Sv39x4 */
	for (unsigned wide = 0; wide < 2; wide++) {
		struct bench *b =
			wide ? bench_with(CAP(56) | END | SV32 | SV32X4 | SV39 | SV39X4, W)
			     : bench32(END);
		struct iom_domain *vm = domain_new(b, IOM_DOMAIN_STAGE2);

		CHECK_EQ(iom_domain_map(vm, GUEST, BENCH_DATA, GUEST_BYTES, RW), IOM_OK);
		nested_works(b, vm, false);
		nested_works(b, vm, true);
		CHECK_EQ(iom_domain_free(vm), IOM_OK);
		CHECK_EQ(iom_driver_command_errors(b->driver), 0);
		bench_free(b);
	}
}

TEST(sv32_nested_refusals, "")
{
	struct bench *b = bench32(0);
	struct iom_domain *vm = domain_new(b, IOM_DOMAIN_STAGE2), *nested;
	struct iom_stage stage = { .root = TOP, .format = IOM_FORMAT_RISCV_SV32 };

	CHECK_EQ(iom_domain_new_nested(vm, &stage, &nested, &b->error), IOM_EINVAL);
	CHECK(strstr(b->error.text, "2^34"));
	stage.root = GUEST + 8;
	CHECK_EQ(iom_domain_new_nested(vm, &stage, &nested, &b->error), IOM_EINVAL);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

/* A process of an RV32 kernel, in a directory whose tables have entries of 4 bytes. */
TEST(sv32_process, "")
{
	const struct iom_stage stage = {
		.root = BENCH_DATA,
		.format = IOM_FORMAT_RISCV_SV32,
		.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
	};
	struct bench *b = bench32(PD8);
	uint32_t *root = (uint32_t *)bench_word(b, BENCH_DATA);
	struct iom_domain *process;
	uint64_t val;

	root[1] = (uint32_t)((BENCH_DATA + 0x1000) >> 12 << 10 | 1);
	root[0x400 + 5] = (uint32_t)((BENCH_DATA + 0x2000) >> 12 << 10 | 0xd7);
	*bench_word(b, BENCH_DATA + 0x2000) = 42;
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_OK);
	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &process, &b->error), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(process, DEVICE, 11), IOM_OK);
	CHECK_EQ(bench_pasid_read(b, DEVICE, 11, 0x405000, &val), 0);
	CHECK_EQ(val, 42);
	CHECK_EQ(iom_domain_detach_pasid(process, DEVICE, 11), IOM_OK);
	CHECK_EQ(bench_pasid_read(b, DEVICE, 11, 0x405000, &val), 258);
	CHECK_EQ(iom_domain_free(process), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

/* Interrupt files lie among the guest's 34 bits. */
TEST(sv32_msi_window, "")
{
	struct bench *b = bench32(MSI_FLAT);
	struct iom_domain *vm = domain_new(b, IOM_DOMAIN_STAGE2);

	CHECK_EQ(iom_domain_msi_window(vm, TOP, 0x1000, &b->error), IOM_EINVAL);
	CHECK_EQ(iom_domain_msi_window(vm, TOP - 0x2000, 0x1000, &b->error), IOM_OK);
	CHECK_EQ(iom_domain_msi_map(vm, TOP - 0x1000, BENCH_DATA), IOM_OK);
	CHECK_EQ(iom_domain_attach(vm, DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_write(b, DEVICE, TOP - 0x1000, 5), 0);
	CHECK_EQ(*bench_word(b, BENCH_DATA) & 0xffffffff, 5);
	CHECK_EQ(bench_dma_write(b, DEVICE, TOP - 0x2000, 5), 262);
	bench_one_fault(b, 262);
	domain_end(vm);
	bench_free(b);
}

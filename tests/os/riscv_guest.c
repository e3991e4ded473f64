/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Virtual machines over the RISC-V driver: nested domains and windows of interrupt files. */
#include "bench.h"

#define CAP_NO_MSI (0x10ull | 1ull << 9 | 1ull << 17 | 2ull << 28 | 56ull << 32)
#define RW (IOM_PROT_READ | IOM_PROT_WRITE)
#define DEVICE 0x123u
#define GUEST 0x40000000ull /* where the guest sees BENCH_DATA */
#define GUEST_BYTES 0x200000ull
#define FILES 0x28000000ull

/* A leaf and a pointer of a guest's Sv39 table: valid, user, read, write, accessed, dirty. */
#define LEAF(gpa) ((gpa) >> 12 << 10 | 0xd7)
#define GLOBAL 0x20
#define TABLE(gpa) ((gpa) >> 12 << 10 | 0x01)

static struct iom_domain *vm_new(struct bench *b)
{
	struct iom_domain *vm;

	CHECK_MSG(!iom_domain_new(b->driver, IOM_DOMAIN_STAGE2, &vm, &b->error), "%s",
	          b->error.text);
	CHECK_EQ(iom_domain_map(vm, GUEST, BENCH_DATA, GUEST_BYTES, RW), IOM_OK);
	return vm;
}

static uint64_t *guest_word(struct bench *b, uint64_t gpa)
{
	return bench_word(b, BENCH_DATA + (gpa - GUEST));
}

/* The guest's own table, three pages from `root` on: IOVA 0x5000 is `page`, 0x6000 the next one. */
static struct iom_stage guest_table(struct bench *b, uint64_t root, uint64_t page)
{
	*guest_word(b, root) = TABLE(root + 0x1000);
	*guest_word(b, root + 0x1000) = TABLE(root + 0x2000);
	*guest_word(b, root + 0x2000 + 5 * 8) = LEAF(page);
	*guest_word(b, root + 0x2000 + 6 * 8) = LEAF(page + 0x1000);
	return (struct iom_stage){ .root = root, .format = IOM_FORMAT_RISCV_SV39, .tag = 77 };
}

static struct iom_domain *nested_new(struct bench *b, struct iom_domain *vm,
                                     const struct iom_stage *stage)
{
	struct iom_domain *nested;

	CHECK_MSG(!iom_domain_new_nested(vm, stage, &nested, &b->error), "%s", b->error.text);
	return nested;
}

TEST(nested_goes_through_both_stages, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b), *nested;
	struct iom_stage stage = guest_table(b, GUEST, GUEST + 0x10000);
	struct iom_gather gather = { 0 };
	uint64_t val, phys;

	nested = nested_new(b, vm, &stage);
	CHECK_EQ(iom_domain_free(vm), IOM_EBUSY);
	CHECK_EQ(iom_domain_attach(nested, DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_write(b, DEVICE, 0x5010, 0xabc), 0);
	CHECK_EQ(*guest_word(b, GUEST + 0x10010), 0xabc);

	/* the guest's refusal, and ours */
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x7000, &val), 13);
	bench_one_fault(b, 13);
	*guest_word(b, GUEST + 0x2000 + 8 * 8) = LEAF(GUEST + GUEST_BYTES);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x8008, &val), 21);
	CHECK_EQ(bench_one_fault(b, 21)->gpa, GUEST + GUEST_BYTES + 8);

	/* nothing is mapped here, and the guest's tables are none of the driver's business */
	CHECK_EQ(iom_domain_map(nested, 0x9000, BENCH_DATA, 0x1000, RW), IOM_EINVAL);
	CHECK_EQ(iom_domain_unmap(nested, 0x5000, 0x1000, &gather), IOM_EINVAL);
	CHECK_EQ(iom_domain_iova_to_phys(nested, 0x5000, &phys), IOM_ENOENT);

	CHECK_EQ(iom_domain_free(nested), IOM_EBUSY);
	CHECK_EQ(iom_domain_detach(nested, DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5010, &val), 258);
	CHECK_EQ(iom_domain_free(nested), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

TEST(nested_forgets_what_the_guest_invalidates, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b), *one, *two;
	struct iom_stage stage = guest_table(b, GUEST, GUEST + 0x10000);
	uint64_t *leaf = guest_word(b, GUEST + 0x2000 + 5 * 8), val;

	one = nested_new(b, vm, &stage);
	stage = guest_table(b, GUEST + 0x8000, GUEST + 0x20000);
	two = nested_new(b, vm, &stage);
	CHECK_EQ(iom_domain_attach(one, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_attach(two, DEVICE + 1), IOM_OK);
	*guest_word(b, GUEST + 0x10000) = 1;
	*guest_word(b, GUEST + 0x11000) = 2;
	*guest_word(b, GUEST + 0x20000) = 3;
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 0);
	CHECK_EQ(val, 1);
	CHECK_EQ(bench_dma_read(b, DEVICE + 1, 0x5000, &val), 0);
	CHECK_EQ(val, 3);

	/* The same tag of the guest, but not the same tables. */
	*leaf = LEAF(GUEST + 0x11000);
	CHECK_EQ(iom_domain_invalidate(two, 0x5000, 0x5fff, false), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 0);
	CHECK_EQ(val, 1);
	CHECK_EQ(iom_domain_invalidate(one, 0x5000, 0x5fff, false), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 0);
	CHECK_EQ(val, 2);

	*leaf = LEAF(GUEST + 0x10000);
	CHECK_EQ(iom_domain_invalidate(one, 0, UINT64_MAX, false), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 0);
	CHECK_EQ(val, 1);

	CHECK_EQ(iom_domain_invalidate(one, 0x6000, 0x5000, false), IOM_EINVAL);
	CHECK_EQ(iom_domain_invalidate(vm, 0x5000, 0x5fff, false), IOM_EINVAL);
	CHECK_EQ(iom_domain_detach(one, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_detach(two, DEVICE + 1), IOM_OK);
	CHECK_EQ(iom_domain_free(one), IOM_OK);
	CHECK_EQ(iom_domain_free(two), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

/* Entries that the guest marked global outlive an invalidation that names one of its tables. */
TEST(nested_forgets_global_entries_when_asked, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b), *nested;
	struct iom_stage stage = guest_table(b, GUEST, GUEST + 0x10000);
	uint64_t *leaf = guest_word(b, GUEST + 0x2000 + 5 * 8), val;

	*leaf |= GLOBAL;
	*guest_word(b, GUEST + 0x11000) = 2;
	nested = nested_new(b, vm, &stage);
	CHECK_EQ(iom_domain_attach(nested, DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 0);
	*leaf = LEAF(GUEST + 0x11000) | GLOBAL;
	CHECK_EQ(iom_domain_invalidate(nested, 0x5000, 0x5fff, true), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 0);
	CHECK_EQ(val, 2);
	*leaf = LEAF(GUEST + 0x10000) | GLOBAL;
	CHECK_EQ(iom_domain_invalidate(nested, 0, UINT64_MAX, true), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 0);
	CHECK_EQ(val, 0);
	CHECK_EQ(iom_domain_detach(nested, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(nested), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

/* What the hypervisor takes from the guest is gone for nested devices too. */
TEST(nested_loses_what_the_parent_unmaps, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b), *nested;
	struct iom_stage stage = guest_table(b, GUEST, GUEST + 0x10000);
	struct iom_gather gather = { 0 };
	uint64_t val;

	CHECK_EQ(iom_domain_map(vm, 0x10000000, BENCH_DATA + GUEST_BYTES, 0x2000, RW), IOM_OK);
	*guest_word(b, GUEST + 0x2000 + 5 * 8) = LEAF(0x10000000ull);
	nested = nested_new(b, vm, &stage);
	CHECK_EQ(iom_domain_attach(nested, DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 0);
	CHECK_EQ(iom_domain_unmap(vm, 0x10000000, 0x1000, &gather), IOM_OK);
	CHECK_EQ(iom_domain_sync(vm, &gather), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 21);
	CHECK_EQ(iom_domain_detach(nested, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(nested), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

TEST(nested_refusals_change_nothing, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b), *plain, *nested;
	struct iom_stage stage = { .root = GUEST, .format = IOM_FORMAT_RISCV_SV39 };
	unsigned n;

	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &plain, NULL), IOM_OK);
	CHECK_EQ(iom_domain_new_nested(plain, &stage, &nested, &b->error), IOM_EINVAL);
	stage.format = IOM_FORMAT_RISCV_SV32 + 1;
	CHECK_EQ(iom_domain_new_nested(vm, &stage, &nested, &b->error), IOM_ENOTSUP);
	stage.format = IOM_FORMAT_RISCV_SV57;
	stage.root = GUEST + 8;
	CHECK_EQ(iom_domain_new_nested(vm, &stage, &nested, &b->error), IOM_EINVAL);
	stage.root = 1ull << 56;
	CHECK_EQ(iom_domain_new_nested(vm, &stage, &nested, &b->error), IOM_EINVAL);
	stage.root = GUEST;
	for (n = 0;; n++) {
		int err;

		b->countdown = (int)n;
		err = iom_domain_new_nested(vm, &stage, &nested, NULL);
		b->countdown = -1;
		if (!err)
			break;
		CHECK_EQ(err, IOM_ENOMEM);
	}
	CHECK_EQ(n, 1);
	CHECK_EQ(iom_domain_free(nested), IOM_OK);
	CHECK_EQ(iom_domain_free(plain), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

TEST(nested_in_the_other_byte_order, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b), *nested;
	struct iom_stage stage = guest_table(b, GUEST, GUEST + 0x10000);
	const uint64_t at[] = { 0, 0x1000, 0x2000 + 5 * 8 };
	uint64_t val;

	for (unsigned n = 0; n < 3; n++)
		*guest_word(b, GUEST + at[n]) = __builtin_bswap64(*guest_word(b, GUEST + at[n]));
	stage.big_endian = true;
	*guest_word(b, GUEST + 0x10000) = 9;
	nested = nested_new(b, vm, &stage);
	CHECK_EQ(iom_domain_attach(nested, DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 0);
	CHECK_EQ(val, 9);
	CHECK_EQ(iom_domain_detach(nested, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(nested), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

/* ---- Interrupt files ---------------------------------------------------------------------- */

#define FILE_A (BENCH_DATA + 0x300000)
#define FILE_B (BENCH_DATA + 0x301000)

TEST(msi_window_leads_to_interrupt_files, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b);
	uint64_t val;

	/* a sparse window: two files, 16 KiB apart, twice */
	CHECK_MSG(!iom_domain_msi_window(vm, FILES, 0x24000, &b->error), "%s", b->error.text);
	CHECK_EQ(iom_domain_msi_map(vm, FILES + 0x4000, FILE_A), IOM_OK);
	CHECK_EQ(iom_domain_msi_map(vm, FILES + 0x20000, FILE_B), IOM_OK);
	CHECK_EQ(iom_domain_attach(vm, DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_write(b, DEVICE, FILES + 0x4000, 5), 0);
	CHECK_EQ(*bench_word(b, FILE_A), 5);
	CHECK_EQ(bench_dma_write(b, DEVICE, FILES + 0x20000, 6), 0);
	CHECK_EQ(*bench_word(b, FILE_B), 6);
	/* in the window without a file; beside the window */
	CHECK_EQ(bench_dma_write(b, DEVICE, FILES + 0x24000, 7), 262);
	bench_one_fault(b, 262);
	CHECK_EQ(bench_dma_write(b, DEVICE, FILES + 0x1000, 7), 23);
	bench_one_fault(b, 23);

	/* moved, and taken away, both at once */
	CHECK_EQ(iom_domain_msi_map(vm, FILES + 0x4000, FILE_B), IOM_OK);
	CHECK_EQ(bench_dma_write(b, DEVICE, FILES + 0x4000, 8), 0);
	CHECK_EQ(*bench_word(b, FILE_B), 8);
	CHECK_EQ(*bench_word(b, FILE_A), 5);
	CHECK_EQ(bench_dma_read(b, DEVICE, FILES + 0x20000, &val), 0);
	CHECK_EQ(iom_domain_msi_unmap(vm, FILES + 0x20000), IOM_OK);
	CHECK_EQ(bench_dma_write(b, DEVICE, FILES + 0x20000, 9), 262);
	bench_one_fault(b, 262);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);

	CHECK_EQ(iom_domain_detach(vm, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

/* The guest's first stage maps the page that it takes for its interrupt file. */
TEST(msi_window_holds_for_nested_domains, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b), *nested;
	struct iom_stage stage = guest_table(b, GUEST, FILES);

	CHECK_EQ(iom_domain_msi_window(vm, FILES, 0x1000, NULL), IOM_OK);
	CHECK_EQ(iom_domain_msi_map(vm, FILES, FILE_A), IOM_OK);
	nested = nested_new(b, vm, &stage);
	CHECK_EQ(iom_domain_attach(nested, DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_write(b, DEVICE, 0x5000, 5), 0);
	CHECK_EQ(*bench_word(b, FILE_A), 5);
	CHECK_EQ(iom_domain_msi_map(vm, FILES, FILE_B), IOM_OK);
	CHECK_EQ(bench_dma_write(b, DEVICE, 0x5000, 6), 0);
	CHECK_EQ(*bench_word(b, FILE_B), 6);
	CHECK_EQ(bench_dma_write(b, DEVICE, 0x6000, 7), 262);
	CHECK_EQ(iom_domain_detach(nested, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(nested), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

TEST(msi_window_refusals, "")
{
	const struct iom_riscv_config config = { .bytes = sizeof config,
		                                 .capabilities = CAP_NO_MSI };
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b), *plain;

	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &plain, NULL), IOM_OK);
	CHECK_EQ(iom_domain_msi_window(plain, FILES, 0x3000, &b->error), IOM_EINVAL);
	CHECK_EQ(iom_domain_free(plain), IOM_OK);
	CHECK_EQ(iom_domain_msi_map(vm, FILES, FILE_A), IOM_EINVAL);
	CHECK_EQ(iom_domain_msi_window(vm, FILES + 1, 0, &b->error), IOM_EINVAL);
	CHECK_EQ(iom_domain_msi_window(vm, FILES, 0xfff, &b->error), IOM_EINVAL);
	CHECK_EQ(iom_domain_msi_window(vm, FILES + 0x1000, 0x1000, &b->error), IOM_EINVAL);
	CHECK_EQ(iom_domain_msi_window(vm, 1ull << 59, 0x1000, &b->error), IOM_EINVAL);
	CHECK_EQ(iom_domain_msi_window(vm, 0, 0x1ffff000, &b->error), IOM_EINVAL);
	CHECK_EQ(iom_domain_attach(vm, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_msi_window(vm, FILES, 0x3000, &b->error), IOM_EBUSY);
	CHECK_EQ(iom_domain_detach(vm, DEVICE), IOM_OK);
	b->countdown = 0;
	CHECK_EQ(iom_domain_msi_window(vm, FILES, 0x3000, &b->error), IOM_ENOMEM);
	b->countdown = -1;
	/* the widest: a table of 1 MiB */
	CHECK_EQ(iom_domain_msi_window(vm, 0, 0xffff000, &b->error), IOM_OK);
	CHECK_EQ(iom_domain_msi_window(vm, 0, 0xffff000, &b->error), IOM_EBUSY);
	CHECK_EQ(iom_domain_msi_map(vm, 0xffff000, FILE_A), IOM_OK);
	CHECK_EQ(iom_domain_msi_map(vm, 0x10000000, FILE_A), IOM_EINVAL);
	CHECK_EQ(iom_domain_msi_map(vm, 0x1008, FILE_A), IOM_EINVAL);
	CHECK_EQ(iom_domain_msi_map(vm, 0x1000, FILE_A + 4), IOM_EINVAL);
	CHECK_EQ(iom_domain_msi_map(vm, 0x1000, 1ull << 56), IOM_EINVAL);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);

	b = bench_ready(&config);
	vm = vm_new(b);
	CHECK_EQ(iom_domain_msi_window(vm, FILES, 0x3000, &b->error), IOM_ENOTSUP);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

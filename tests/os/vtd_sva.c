/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Processes and guests over the VT-d driver: tables that are somebody else's, and devices that ask. */
#include "vtd.h"

#define VA 0x5000ull /* of the page that each process has */
#define PROCESSES (IOM_DEVICE_PASID | IOM_DEVICE_ATS | IOM_DEVICE_PRI)

/* Entries of the CPU's tables: present, writable, user, accessed; and dirty in a leaf. */
#define TABLE 0x27ull
#define LEAF 0x67ull

static uint64_t word_of(unsigned n)
{
	return 0x1111 * (n + 1ull);
}

static void put(struct bench *b, uint64_t at, uint64_t entry)
{
	*bench_word(b, at) =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? entry : __builtin_bswap64(entry);
}

/*
 * The table of process `n`, with one page: so many levels, and the page behind them.  Its addresses are
 * `less` less than the physical ones.
 */
static struct iom_stage table_of(struct bench *b, unsigned n, unsigned levels, uint64_t less)
{
	uint64_t base = BENCH_DATA + 0x100000 + 0x10000ull * n;
	unsigned level;

	for (level = 0; level + 1 < levels; level++)
		put(b, base + 0x1000ull * level, (base + 0x1000ull * (level + 1) - less) | TABLE);
	put(b, base + 0x1000ull * level + (VA >> 12) * 8,
	    (base + 0x1000ull * levels - less) | LEAF);
	*bench_word(b, base + 0x1000ull * levels) = word_of(n);
	return (struct iom_stage){
		.root = base - less,
		.format = levels == 5 ? IOM_FORMAT_X86_5LEVEL : IOM_FORMAT_X86_4LEVEL,
	};
}

static void unmap_page(struct bench *b, unsigned n)
{
	put(b, BENCH_DATA + 0x100000 + 0x10000ull * n + 0x3000 + (VA >> 12) * 8, 0);
}

static struct iom_domain *process_new(struct bench *b, unsigned n)
{
	const struct iom_stage stage = table_of(b, n, 4, 0);
	struct iom_domain *domain;

	CHECK_MSG(!iom_domain_new_process(b->driver, &stage, &domain, &b->error), "%s",
	          b->error.text);
	return domain;
}

static struct bench *ready(uint64_t cap, uint64_t ecap)
{
	const struct iom_vtd_config config = vtd_unit(cap, ecap);
	struct bench *b = bench_new_vtd(&config);

	bench_with_devices(b);
	CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
	return b;
}

static void check_sees(struct bench *b, uint32_t pasid, unsigned n)
{
	uint64_t val = 0;

	CHECK_EQ(bench_pasid_read(b, DEVICE, pasid, VA, &val), 0);
	CHECK_EQ(val, word_of(n));
}

static void check_refused(struct bench *b, uint32_t pasid, unsigned code)
{
	struct iom_os_fault *f;
	uint64_t val;

	CHECK_EQ(bench_pasid_read(b, DEVICE, pasid, VA, &val), code);
	f = bench_one_fault(b, code);
	CHECK(f->has_pasid && f->pasid == pasid && f->requester == DEVICE && f->iova == VA);
}

static void gone(struct bench *b, struct iom_domain *one, struct iom_domain *two)
{
	CHECK_EQ(iom_domain_free(one), IOM_OK);
	CHECK_EQ(iom_domain_free(two), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

/* ---- Processes -------------------------------------------------------------------------------- */

TEST(vtd_sva_each_process_has_its_own_memory, "VTD-DRV-03")
{
	unsigned caching;

	for (caching = 0; caching < 2; caching++) {
		struct bench *b = ready(CAP_48 | (caching ? CM : 0), ECAP_SCALABLE);
		struct iom_domain *one = process_new(b, 1), *two = process_new(b, 2);
		struct iom_domain *dma = vtd_domain(b, IOM_DOMAIN_STAGE1);
		uint64_t val;

		CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_OK);
		vtd_map(dma, 0x1000, BENCH_DATA, 0x1000);
		*bench_word(b, BENCH_DATA) = 0xabcd;
		CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 11), IOM_OK);
		check_sees(b, 11, 1);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), 0x59);
		bench_one_fault(b, 0x59);
		CHECK_EQ(iom_domain_attach(dma, DEVICE), IOM_OK);
		CHECK_EQ(iom_domain_attach_pasid(two, DEVICE, 0xfffff), IOM_OK);
		check_sees(b, 0xfffff, 2);
		check_sees(b, 11, 1);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), 0);
		CHECK_EQ(val, 0xabcd);
		check_refused(b, 12, 0x59);
		check_refused(b, 0x1234, 0x51);

		/* the PASID changes hands; requests without one do not notice */
		CHECK_EQ(iom_domain_attach_pasid(two, DEVICE, 11), IOM_EEXIST);
		CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 11), IOM_OK);
		check_refused(b, 11, 0x59);
		CHECK_EQ(iom_domain_attach_pasid(two, DEVICE, 11), IOM_OK);
		check_sees(b, 11, 2);
		CHECK_EQ(iom_domain_detach_pasid(two, DEVICE, 11), IOM_OK);
		CHECK_EQ(iom_domain_detach(dma, DEVICE), IOM_OK);
		check_sees(b, 0xfffff, 2);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), 0x59);
		bench_one_fault(b, 0x59);
		CHECK_EQ(iom_domain_detach_pasid(two, DEVICE, 0xfffff), IOM_OK);
		check_refused(b, 0xfffff, 0x41);
		CHECK_EQ(iom_domain_free(dma), IOM_OK);
		gone(b, one, two);
	}
}

/* One PASID, two devices, two processes: domain-ids keep them apart. */
TEST(vtd_sva_same_number_other_process, "VTD-CM-06")
{
	struct bench *b = ready(CAP_48, ECAP_SCALABLE);
	struct iom_domain *one = process_new(b, 1), *two = process_new(b, 2);
	uint64_t val;

	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE + 1, IOM_DEVICE_PASID), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 5), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(two, DEVICE + 1, 5), IOM_OK);
	check_sees(b, 5, 1);
	CHECK_EQ(bench_pasid_read(b, DEVICE + 1, 5, VA, &val), 0);
	CHECK_EQ(val, word_of(2));
	unmap_page(b, 1);
	unmap_page(b, 2);
	CHECK_EQ(iom_domain_invalidate(one, VA, VA + 0xfff, false), IOM_OK);
	check_refused(b, 5, 0x71);
	CHECK_EQ(bench_pasid_read(b, DEVICE + 1, 5, VA, &val), 0);
	CHECK_EQ(iom_domain_invalidate(two, VA, VA + 0xfff, false), IOM_OK);
	CHECK_EQ(bench_pasid_read(b, DEVICE + 1, 5, VA, &val), 0x71);
	bench_one_fault(b, 0x71);
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 5), IOM_OK);
	CHECK_EQ(iom_domain_detach_pasid(two, DEVICE + 1, 5), IOM_OK);
	gone(b, one, two);
}

/* A kernel's own domain for a PASID, whatever stage it has. */
TEST(vtd_sva_kernels_domain, "")
{
	static const uint64_t ecaps[] = { ECAP_SCALABLE, ECAP_SCALABLE & ~(FSTS | NEST) };
	unsigned n;

	for (n = 0; n < 2; n++) {
		struct bench *b = ready(CAP_48, ecaps[n]);
		struct iom_domain *dma = vtd_domain(b, IOM_DOMAIN_STAGE1), *machine;
		uint64_t val;

		machine = vtd_domain(b, IOM_DOMAIN_STAGE2);
		CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_OK);
		vtd_map(dma, VA, BENCH_DATA, 0x1000);
		*bench_word(b, BENCH_DATA) = word_of(7);
		CHECK_EQ(iom_domain_attach_pasid(dma, DEVICE, 0x4321), IOM_OK);
		check_sees(b, 0x4321, 7);
		CHECK_EQ(bench_pasid_read(b, DEVICE, 0x4321, VA, &val), 0);
		vtd_unmap(dma, VA, 0x1000);
		check_refused(b, 0x4321, n ? 0x79 : 0x71);
		CHECK_EQ(iom_domain_attach(machine, DEVICE), IOM_EBUSY);
		CHECK_EQ(iom_domain_detach_pasid(dma, DEVICE, 0x4321), IOM_OK);
		gone(b, dma, machine);
	}
}

TEST(vtd_sva_refusals, "")
{
	struct bench *b = ready(CAP_48, ECAP_SCALABLE & ~SMPWCS);
	struct iom_stage stage = table_of(b, 1, 4, 0);
	struct iom_domain *domain;

	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &domain, &b->error), IOM_ENOTSUP);
	bench_free(b);

	b = ready(CAP_48, (ECAP_SCALABLE & ~PSS(20)) | PSS(10));
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_OK);
	domain = process_new(b, 1);
	CHECK_EQ(iom_domain_attach_pasid(domain, DEVICE, 0x400), IOM_EINVAL);
	CHECK_EQ(iom_domain_attach_pasid(domain, DEVICE, 0x3ff), IOM_OK);
	check_sees(b, 0x3ff, 1);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, 0), IOM_EBUSY);
	CHECK_EQ(iom_domain_detach_pasid(domain, DEVICE, 0x3ff), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	stage.format = IOM_FORMAT_X86_5LEVEL;
	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &domain, &b->error), IOM_ENOTSUP);
	stage.format = IOM_FORMAT_RISCV_SV48;
	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &domain, &b->error), IOM_ENOTSUP);
	stage.format = IOM_FORMAT_X86_4LEVEL;
	stage.root++;
	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &domain, &b->error), IOM_EINVAL);
	stage.root = 1ull << 48;
	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &domain, &b->error), IOM_EINVAL);
	stage.root = 0x1000;
	stage.big_endian = true;
	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &domain, &b->error), IOM_ENOTSUP);
	bench_free(b);

	b = ready(CAP_48, ECAP_LEGACY);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_ENOTSUP);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS | IOM_DEVICE_PRI), IOM_ENOTSUP);
	bench_free(b);
	b = ready(CAP_48, ECAP_LEGACY & ~DT);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS), IOM_ENOTSUP);
	bench_free(b);
}

TEST(vtd_sva_five_levels, "")
{
	struct bench *b = ready(CAP_48 | FS5LP, ECAP_SCALABLE);
	const struct iom_stage stage = table_of(b, 3, 5, 0);
	struct iom_domain *domain;

	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &domain, &b->error), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(domain, DEVICE, 1), IOM_OK);
	check_sees(b, 1, 3);
	CHECK_EQ(iom_domain_detach_pasid(domain, DEVICE, 1), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

/* ---- Guests ----------------------------------------------------------------------------------- */

/* The guest's memory lies at 0, and is what devices work on. */
TEST(vtd_sva_nested, "VTD-DRV-03")
{
	unsigned caching;

	for (caching = 0; caching < 2; caching++) {
		struct bench *b = ready(CAP_48 | (caching ? CM : 0), ECAP_SCALABLE);
		const struct iom_stage stage = table_of(b, 4, 4, BENCH_DATA);
		struct iom_domain *memory = vtd_domain(b, IOM_DOMAIN_STAGE2), *guest;
		uint64_t val = 0;

		CHECK_EQ(iom_domain_new_nested(memory, &stage, &guest, &b->error), IOM_OK);
		CHECK_EQ(iom_domain_free(memory), IOM_EBUSY);
		vtd_map(memory, 0, BENCH_DATA, 0x144000);
		CHECK_EQ(iom_domain_attach(guest, DEVICE), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE, VA, &val), 0x79);
		bench_one_fault(b, 0x79);
		vtd_map(memory, 0x144000, BENCH_DATA + 0x144000, 0x1000);
		CHECK_EQ(bench_dma_read(b, DEVICE, VA, &val), 0);
		CHECK_EQ(val, word_of(4));
		vtd_unmap(memory, 0x144000, 0x1000);
		CHECK_EQ(bench_dma_read(b, DEVICE, VA, &val), 0x79);
		bench_one_fault(b, 0x79);
		vtd_map(memory, 0x144000, BENCH_DATA + 0x144000, 0x1000);
		CHECK_EQ(bench_dma_read(b, DEVICE, VA, &val), 0);
		unmap_page(b, 4);
		CHECK_EQ(iom_domain_invalidate(guest, VA, VA + 0xfff, false), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE, VA, &val), 0x71);
		bench_one_fault(b, 0x71);
		CHECK_EQ(iom_domain_detach(guest, DEVICE), IOM_OK);
		gone(b, guest, memory);
	}
}

TEST(vtd_sva_nested_refusals, "")
{
	struct bench *b = ready(CAP_48, ECAP_SCALABLE);
	struct iom_stage stage = { .root = 1ull << 48, .format = IOM_FORMAT_X86_4LEVEL };
	struct iom_domain *memory = vtd_domain(b, IOM_DOMAIN_STAGE2), *guest;

	CHECK_EQ(iom_domain_new_nested(memory, &stage, &guest, &b->error), IOM_EINVAL);
	stage.root = (1ull << 48) - 4096;
	CHECK_EQ(iom_domain_new_nested(memory, &stage, &guest, &b->error), IOM_OK);
	CHECK_EQ(iom_domain_free(guest), IOM_OK);
	stage.format = IOM_FORMAT_VTD_4LEVEL;
	CHECK_EQ(iom_domain_new_nested(memory, &stage, &guest, &b->error), IOM_ENOTSUP);
	CHECK_EQ(iom_domain_free(memory), IOM_OK);
	bench_free(b);
	stage.format = IOM_FORMAT_X86_4LEVEL;
	for (unsigned scalable = 0; scalable < 2; scalable++) {
		b = ready(CAP_48, scalable ? ECAP_SCALABLE & ~NEST : ECAP_LEGACY);
		memory = vtd_domain(b, IOM_DOMAIN_STAGE2);
		CHECK_EQ(iom_domain_new_nested(memory, &stage, &guest, &b->error), IOM_ENOTSUP);
		CHECK_EQ(iom_domain_free(memory), IOM_OK);
		bench_free(b);
	}
}

/* ---- Requests for pages ------------------------------------------------------------------------- */

static void ask(struct bench *b, uint32_t pasid, uint64_t address, uint32_t group, uint32_t code)
{
	const struct iom_message request = {
		.kind = IOM_MESSAGE_PAGE_REQUEST,
		.address = address,
		.pasid = pasid,
		.flags = IOM_REQ_PASID,
		.token = group,
		.code = code,
	};

	bench_message(b, DEVICE, &request);
}

TEST(vtd_sva_page_requests, "VTD-DRV-05 VTD-PRQ-06 VTD-PRQ-07")
{
	struct bench *b = ready(CAP_48, ECAP_SCALABLE);
	struct iom_domain *one = process_new(b, 1), *two = process_new(b, 2);
	const struct iom_message *answer;
	unsigned round, messages;

	CHECK_EQ(iom_device_allow(b->driver, DEVICE, PROCESSES | IOM_DEVICE_PRI_PASID), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 9), IOM_OK);
	ask(b, 9, 0x7000, 0x1fe, IOM_PAGE_READ);
	ask(b, 9, 0x8000, 0x1fe, IOM_PAGE_READ | IOM_PAGE_WRITE | IOM_PAGE_LAST);
	CHECK_EQ(iom_driver_interrupt(b->driver), 0);
	CHECK_EQ(b->pages, 2);
	CHECK(b->page[0].address == 0x7000 && b->page[0].access == IOM_PROT_READ &&
	      !b->page[0].last && b->page[0].pasid == 9 && b->page[0].has_pasid);
	CHECK(b->page[1].address == 0x8000 && b->page[1].last && b->page[1].group == 0x1fe &&
	      b->page[1].access == (IOM_PROT_READ | IOM_PROT_WRITE) &&
	      b->page[1].requester == DEVICE);
	CHECK_EQ(iom_driver_respond(b->driver, &b->page[0], IOM_RESPONSE_DONE), IOM_EINVAL);
	CHECK_EQ(iom_driver_respond(b->driver, &b->page[1], IOM_RESPONSE_INVALID), IOM_OK);
	answer = &b->message[(b->messages - 1) % BENCH_LOG];
	CHECK_EQ(answer->kind, IOM_MESSAGE_PAGES);
	CHECK_EQ(answer->token, 0x1fe);
	CHECK_EQ(answer->code, IOM_PAGES_INVALID);
	CHECK_EQ(answer->pasid, 9);

	/* more than the queue holds, in pieces: 2048 places */
	for (round = 0; round < 3; round++) {
		unsigned n;

		for (n = 0; n < 1000; n++)
			ask(b, 9, 0x1000 * n, n & 0x1ff, IOM_PAGE_READ);
		b->pages = 0;
		CHECK_EQ(iom_driver_interrupt(b->driver), 0);
		CHECK_EQ(b->pages, 1000);
	}
	CHECK_EQ(iom_driver_page_overflows(b->driver), 0);
	b->pages = 0;
	for (round = 0; round < 2100; round++)
		ask(b, 9, 0x1000, 1, IOM_PAGE_READ);
	CHECK_EQ(iom_driver_interrupt(b->driver), 0);
	CHECK_EQ(b->pages, 2047);
	CHECK_EQ(iom_driver_page_overflows(b->driver), 1);
	ask(b, 9, 0x1000, 1, IOM_PAGE_READ);
	CHECK_EQ(iom_driver_interrupt(b->driver), 0);
	CHECK_EQ(b->pages, 2048);

	/* the last requests of a PASID are there when it is taken back */
	ask(b, 9, 0x9000, 2, IOM_PAGE_READ);
	messages = b->messages;
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 9), IOM_OK);
	CHECK(b->messages > messages);
	CHECK_EQ(iom_driver_interrupt(b->driver), 0);
	CHECK_EQ(b->pages, 2049);
	gone(b, one, two);
}

/* A translation that the device keeps is taken back with the page. */
TEST(vtd_sva_device_caches, "VTD-ATS-02")
{
	struct bench *b = ready(CAP_48, ECAP_LEGACY);
	struct iom_domain *domain = vtd_domain(b, IOM_DOMAIN_STAGE1);

	CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
	vtd_map(domain, VA, BENCH_DATA, 0x4000);
	vtd_unmap(domain, VA, 0x1000);
	CHECK_EQ(b->messages, 0);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS), IOM_OK);
	vtd_unmap(domain, VA + 0x1000, 0x2000);
	CHECK_EQ(b->messages, 1);
	CHECK_EQ(b->message[0].kind, IOM_MESSAGE_INVALIDATE);
	CHECK_EQ(b->message[0].address & ~0xfffull, VA + 0x1000);
	CHECK_EQ(iom_domain_detach(domain, DEVICE), IOM_OK);
	CHECK_EQ(b->messages, 2);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Processes that share devices, over the RISC-V driver. */
#include "sva.h"

#define CAP(bits)                                                                                  \
	(0x10ull | 1ull << 9 | 1ull << 17 | 1ull << 22 | 2ull << 28 | 56ull << 32 | (bits))
#define PD8 (1ull << 38)
#define PD17 (1ull << 39)
#define PD20 (1ull << 40)
#define KERNEL 0x1000ull /* IOVA of the kernel's page */
#define WORD 0xabcdull   /* what it holds             */

/* A kernel's own domain with one page. */
static struct iom_domain *kernel_new(struct bench *b, unsigned kind)
{
	struct iom_domain *domain;

	CHECK_MSG(!iom_domain_new(b->driver, kind, &domain, &b->error), "%s", b->error.text);
	if (kind == IOM_DOMAIN_STAGE1)
		CHECK_EQ(iom_domain_map(domain, KERNEL, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_OK);
	*bench_word(b, BENCH_DATA) = WORD;
	return domain;
}

static struct bench *ready(const struct iom_riscv_config *config)
{
	struct bench *b = bench_ready(config);

	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_OK);
	return b;
}

static void gone(struct bench *b, struct iom_domain *one, struct iom_domain *two)
{
	CHECK_EQ(iom_domain_free(one), IOM_OK);
	CHECK_EQ(iom_domain_free(two), IOM_OK);
	bench_free(b);
}

/* Does the PASID see the page of process `n`? */
static void check_sees(struct bench *b, uint32_t pasid, unsigned n)
{
	uint64_t val;

	CHECK_EQ(bench_pasid_read(b, DEVICE, pasid, SVA_PAGE, &val), 0);
	CHECK_EQ(val, sva_word(n));
}

static void check_refused(struct bench *b, uint32_t pasid, unsigned code)
{
	const struct iom_os_fault *f;
	uint64_t val;

	CHECK_EQ(bench_pasid_read(b, DEVICE, pasid, SVA_PAGE, &val), code);
	f = bench_one_fault(b, code);
	CHECK(f->has_pasid);
	CHECK_EQ(f->pasid, pasid);
	CHECK_EQ(f->requester, DEVICE);
	CHECK_EQ(f->iova, SVA_PAGE);
}

TEST(sva_each_process_has_its_own_memory, "")
{
	struct bench *b = ready(NULL);
	struct iom_domain *dma = kernel_new(b, IOM_DOMAIN_STAGE1);
	struct iom_domain *one = sva_process(b, 1), *two = sva_process(b, 2);
	uint64_t val;

	CHECK_EQ(iom_domain_attach(dma, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 11), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(two, DEVICE, 0x1fff), IOM_OK);
	check_sees(b, 11, 1);
	check_sees(b, 0x1fff, 2);
	check_refused(b, 12, 266);
	CHECK_EQ(bench_dma_read(b, DEVICE, KERNEL, &val), 0);
	CHECK_EQ(val, WORD);
	CHECK_EQ(bench_dma_read(b, DEVICE, SVA_PAGE, &val), 13);
	CHECK(!bench_one_fault(b, 13)->has_pasid);

	/* one ends while the device is at work */
	CHECK_EQ(iom_domain_free(one), IOM_EBUSY);
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 11), IOM_OK);
	check_refused(b, 11, 266);
	check_sees(b, 0x1fff, 2);
	CHECK_EQ(bench_dma_read(b, DEVICE, KERNEL, &val), 0);
	/* its number goes to another */
	CHECK_EQ(iom_domain_attach_pasid(two, DEVICE, 11), IOM_OK);
	check_sees(b, 11, 2);
	CHECK_EQ(iom_domain_detach_pasid(two, DEVICE, 11), IOM_OK);
	CHECK_EQ(iom_domain_detach_pasid(two, DEVICE, 0x1fff), IOM_OK);
	check_refused(b, 0x1fff, 266);
	CHECK_EQ(bench_dma_read(b, DEVICE, KERNEL, &val), 0);
	CHECK_EQ(iom_domain_detach(dma, DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, KERNEL, &val), 258);
	bench_one_fault(b, 258);
	CHECK_EQ(iom_domain_free(dma), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	gone(b, one, two);
}

/* Requests without PASID move between domains, and nobody else notices. */
TEST(sva_goes_on_while_domains_change, "")
{
	static const unsigned kinds[] = { IOM_DOMAIN_STAGE1, IOM_DOMAIN_IDENTITY,
		                          IOM_DOMAIN_BLOCKED };
	struct bench *b = ready(NULL);
	struct iom_domain *one = sva_process(b, 1), *domain[3];
	const unsigned moves[] = { 0, 1, 0, 2, 1, 2, 0, 1 };
	/* what comes of a read of the mapped page, and of one at its physical address */
	static const unsigned near[] = { 0, 0, 266 }, far[] = { 13, 0, 266 };
	uint64_t val;

	for (unsigned n = 0; n < 3; n++)
		domain[n] = kernel_new(b, kinds[n]);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 1), IOM_OK);
	for (unsigned n = 0; n < sizeof moves / sizeof moves[0]; n++) {
		unsigned kind = kinds[moves[n]];

		CHECK_EQ(iom_domain_attach(domain[moves[n]], DEVICE), IOM_OK);
		if (kind != IOM_DOMAIN_IDENTITY)
			CHECK_EQ(bench_dma_read(b, DEVICE, KERNEL, &val), near[moves[n]]);
		CHECK_EQ(bench_dma_read(b, DEVICE, BENCH_DATA, &val), far[moves[n]]);
		check_sees(b, 1, 1);
	}
	iom_driver_interrupt(b->driver);
	CHECK_EQ(iom_domain_detach(domain[1], DEVICE), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, BENCH_DATA, &val), 266);
	bench_one_fault(b, 266);
	check_sees(b, 1, 1);
	/* with the last process the device has nothing any more */
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 1), IOM_OK);
	check_refused(b, 1, 258);
	for (unsigned n = 0; n < 3; n++)
		CHECK_EQ(iom_domain_free(domain[n]), IOM_OK);
	gone(b, one, NULL);
}

/* A PASID may also lead to a domain of the kernel, and requests without one to a process. */
TEST(sva_domains_change_places, "")
{
	for (unsigned abilities = 0; abilities <= IOM_DEVICE_PASID; abilities++) {
		struct bench *b = bench_ready(NULL);
		struct iom_domain *dma = kernel_new(b, IOM_DOMAIN_STAGE1);
		struct iom_domain *one = sva_process(b, 1);
		uint64_t val;

		CHECK_EQ(iom_device_allow(b->driver, DEVICE, abilities), IOM_OK);
		CHECK_EQ(iom_domain_attach(one, DEVICE), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE, SVA_PAGE, &val), 0);
		CHECK_EQ(val, sva_word(1));
		if (abilities) {
			CHECK_EQ(iom_domain_attach_pasid(dma, DEVICE, 11), IOM_OK);
			CHECK_EQ(bench_pasid_read(b, DEVICE, 11, KERNEL, &val), 0);
			CHECK_EQ(val, WORD);
			CHECK_EQ(iom_domain_detach_pasid(dma, DEVICE, 11), IOM_OK);
			check_refused(b, 11, 266);
		}
		CHECK_EQ(bench_dma_read(b, DEVICE, SVA_PAGE, &val), 0);
		CHECK_EQ(iom_domain_detach(one, DEVICE), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE, SVA_PAGE, &val), 258);
		gone(b, dma, one);
	}
}

/* A device that is attached to nothing on purpose has nothing left behind its last process. */
TEST(sva_in_a_blocked_device, "")
{
	struct bench *b = ready(NULL);
	struct iom_domain *blocked = kernel_new(b, IOM_DOMAIN_BLOCKED), *one = sva_process(b, 1);

	CHECK_EQ(iom_domain_attach(blocked, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 11), IOM_OK);
	check_sees(b, 11, 1);
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 11), IOM_OK);
	check_refused(b, 11, 258);
	CHECK_EQ(iom_domain_detach(blocked, DEVICE), IOM_OK);
	gone(b, blocked, one);
}

TEST(sva_directories_of_all_sizes, "")
{
	static const struct {
		uint64_t caps;
		uint32_t last;
	} rows[] = {
		{ CAP(PD8), 0xff },
		{ CAP(PD17), 0x1ffff },
		{ CAP(PD8 | PD17), 0x1ffff },
		{ CAP(PD20), 0xfffff },
		{ CAP(PD8 | PD17 | PD20), 0xfffff },
	};
	struct iom_riscv_config config = { .bytes = sizeof config };

	for (unsigned n = 0; n < sizeof rows / sizeof rows[0]; n++) {
		struct iom_domain *one, *two;
		struct bench *b;

		config.capabilities = rows[n].caps;
		b = ready(&config);
		one = sva_process(b, 1);
		two = sva_process(b, 2);
		CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, rows[n].last), IOM_OK);
		CHECK_EQ(iom_domain_attach_pasid(two, DEVICE, 1), IOM_OK);
		CHECK_EQ(iom_domain_attach_pasid(two, DEVICE, rows[n].last + 1), IOM_EINVAL);
		check_sees(b, rows[n].last, 1);
		check_sees(b, 1, 2);
		CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, rows[n].last), IOM_OK);
		check_sees(b, 1, 2);
		CHECK_EQ(iom_domain_detach_pasid(two, DEVICE, 1), IOM_OK);
		gone(b, one, two);
	}
}

TEST(sva_refusals_change_nothing, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = kernel_new(b, IOM_DOMAIN_STAGE2), *identity, *nested;
	struct iom_domain *one = sva_process(b, 1), *two = sva_process(b, 2), *none;
	struct iom_stage stage = sva_table(b, 3);
	uint64_t first, last;

	identity = kernel_new(b, IOM_DOMAIN_IDENTITY);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 1), IOM_EINVAL);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, 0x10), IOM_EINVAL);
	CHECK_EQ(iom_device_allow(b->driver, 1u << 24, IOM_DEVICE_PASID), IOM_EINVAL);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, 0), IOM_OK);
	CHECK_EQ(iom_domain_attach(identity, DEVICE), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_EBUSY);
	CHECK_EQ(iom_domain_detach(identity, DEVICE), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 0), IOM_EINVAL);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 1u << 20), IOM_EINVAL);
	CHECK_EQ(iom_domain_attach_pasid(identity, DEVICE, 1), IOM_EINVAL);
	CHECK_EQ(iom_domain_attach_pasid(vm, DEVICE, 1), IOM_EINVAL);
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 1), IOM_ENOENT);
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE + 1, 1), IOM_ENOENT);

	/* either processes or a virtual machine */
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 1), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(two, DEVICE, 1), IOM_EEXIST);
	CHECK_EQ(iom_domain_detach_pasid(two, DEVICE, 1), IOM_ENOENT);
	CHECK_EQ(iom_domain_attach(vm, DEVICE), IOM_EBUSY);
	CHECK_EQ(iom_domain_new_nested(vm, &stage, &nested, &b->error), IOM_OK);
	CHECK_EQ(iom_domain_attach(nested, DEVICE), IOM_EBUSY);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, 0), IOM_EBUSY);
	check_sees(b, 1, 1);
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 1), IOM_OK);
	CHECK_EQ(iom_domain_attach(vm, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 1), IOM_EBUSY);
	CHECK_EQ(iom_domain_attach(nested, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 1), IOM_EBUSY);
	CHECK_EQ(iom_domain_detach(nested, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(nested), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, 0), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 1), IOM_EINVAL);

	/* a device that can do other things */
	CHECK_EQ(iom_device_allow(b->driver, 9, IOM_DEVICE_ATS), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, 9, 1), IOM_EINVAL);
	CHECK_EQ(iom_domain_detach_pasid(one, 9, 1), IOM_ENOENT);

	/* domains */
	iom_domain_range(one, &first, &last);
	CHECK_EQ(last, 0x3fffffffffull);
	CHECK_EQ(iom_domain_map(one, 0x1000, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_EINVAL);
	CHECK_EQ(iom_domain_iova_to_phys(one, SVA_PAGE, &first), IOM_ENOENT);
	stage.root += 8;
	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &none, &b->error), IOM_EINVAL);
	stage.root = 1ull << 56;
	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &none, &b->error), IOM_EINVAL);
	stage.root = BENCH_DATA;
	stage.big_endian = !stage.big_endian;
	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &none, &b->error), IOM_ENOTSUP);
	stage.big_endian = !stage.big_endian;
	stage.format = IOM_FORMAT_RISCV_SV32;
	CHECK_EQ(iom_domain_new_process(b->driver, &stage, &none, &b->error), IOM_ENOTSUP);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	CHECK_EQ(iom_domain_free(identity), IOM_OK);
	gone(b, one, two);
}

TEST(sva_hardware_without_it, "")
{
	const struct iom_riscv_config config = { .bytes = sizeof config, .capabilities = CAP(0) };
	struct bench *b = bench_new(&config);

	bench_with_devices(b);
	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID), IOM_ENOTSUP);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS), IOM_ENOTSUP);
	bench_free(b);
}

static struct iom_domain *process, *kernel;

static int try_allow(struct bench *b)
{
	return iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID);
}

static int try_new(struct bench *b)
{
	const struct iom_stage stage = sva_table(b, 1);

	return iom_domain_new_process(b->driver, &stage, &process, NULL);
}

static int try_attach(struct bench *b)
{
	(void)b;
	return iom_domain_attach(kernel, DEVICE);
}

static int try_attach_pasid(struct bench *b)
{
	(void)b;
	return iom_domain_attach_pasid(process, DEVICE, 0x20000);
}

/* Calls it until memory suffices; how often it did not. */
static unsigned refusals(struct bench *b, int (*call)(struct bench *b))
{
	unsigned n;
	int err;

	for (n = 0;; n++) {
		b->countdown = (int)n;
		err = call(b);
		b->countdown = -1;
		if (!err)
			return n;
		CHECK_EQ(err, IOM_ENOMEM);
	}
}

TEST(sva_without_memory, "")
{
	struct bench *b = bench_ready(NULL);
	unsigned live;

	kernel = kernel_new(b, IOM_DOMAIN_STAGE1);
	/* seven pages, of which some stay where the call fails: the way to the device's context */
	CHECK_EQ(refusals(b, try_allow), 4);
	CHECK_EQ(refusals(b, try_new), 1);
	/* all is there for process 0; what is missing is the list of who is attached */
	CHECK_EQ(refusals(b, try_attach), 1);
	CHECK_EQ(refusals(b, try_attach_pasid), 3);
	check_sees(b, 0x20000, 1);
	live = b->live;
	b->countdown = 0;
	CHECK_EQ(iom_domain_attach_pasid(process, DEVICE, 0x20001), IOM_OK);
	CHECK_EQ(b->live, live);
	CHECK_EQ(iom_domain_detach(kernel, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_detach_pasid(process, DEVICE, 0x20001), IOM_OK);
	CHECK_EQ(iom_domain_detach_pasid(process, DEVICE, 0x20000), IOM_OK);
	b->countdown = -1;
	gone(b, process, kernel);
}

/* Many of them, in an order that is not theirs. */
TEST(sva_many_pasids, "")
{
	struct bench *b = ready(NULL);
	struct iom_domain *one = sva_process(b, 1), *two = sva_process(b, 2);

	for (uint32_t n = 0; n < 1000; n++)
		CHECK_EQ(iom_domain_attach_pasid(n & 1 ? one : two, DEVICE, 1 + n * 1021), IOM_OK);
	for (uint32_t n = 0; n < 1000; n++)
		check_sees(b, 1 + n * 1021, n & 1 ? 1 : 2);
	for (uint32_t n = 0; n < 1000; n++) {
		uint32_t k = n * 617 % 1000;

		CHECK_EQ(iom_domain_detach_pasid(k & 1 ? one : two, DEVICE, 1 + k * 1021), IOM_OK);
	}
	gone(b, one, two);
}

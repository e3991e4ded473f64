/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the RISC-V driver has the IOMMU and its devices forget, and in which order. */
#include "sva.h"

#define VMA 0x001ull
#define GVMA 0x081ull
#define FENCE 0x3002ull /* IOFENCE.C with PR and PW */
#define INVAL_DDT 0x003ull
#define INVAL_PDT 0x083ull
#define ATS_INVAL 0x004ull
#define AV (1ull << 10)
#define PSCV (1ull << 32)
#define GV (1ull << 33)
#define NL (1ull << 34)
#define DV (1ull << 33)
#define PV (1ull << 32)
#define ID20(n) ((uint64_t)(n) << 12)
#define DID(n) ((uint64_t)(n) << 40)
#define ALL (0x7fffffffffffffffull & ~0x7ffull) /* S, and ones up to bit 62: all addresses */

#define ATS IOM_DEVICE_ATS
#define PASID IOM_DEVICE_PASID

#define CQCSR 0x048

/* The commands that the unit fetched since the last look. */
static uint64_t fetched[64][2];
static unsigned count;

static void command(void *opaque, const uint64_t *word, unsigned words)
{
	(void)opaque;
	CHECK_EQ(words, 2);
	fetched[count % 64][0] = word[0];
	fetched[count++ % 64][1] = word[1];
}

static void check_commands(unsigned line, const uint64_t (*want)[2], unsigned wanted)
{
	for (unsigned n = 0; n < wanted && n < count; n++)
		for (unsigned w = 0; w < 2; w++)
			CHECK_MSG(fetched[n][w] == want[n][w],
			          "line %u, command %u: doubleword %u is 0x%llx, not 0x%llx", line,
			          n, w, (unsigned long long)fetched[n][w],
			          (unsigned long long)want[n][w]);
	CHECK_MSG(count == wanted, "line %u: %u commands, not %u", line, count, wanted);
	count = 0;
}

#define COMMANDS(...)                                                                              \
	do {                                                                                       \
		const uint64_t want_[][2] = { __VA_ARGS__, { FENCE, 0 } };                         \
                                                                                                   \
		check_commands(__LINE__, want_, (unsigned)(sizeof want_ / sizeof want_[0]));       \
	} while (0)

static struct bench *ready(const struct iom_riscv_config *config)
{
	static const struct iom_observer observer = { .bytes = sizeof observer,
		                                      .command = command };
	struct bench *b = bench_new(config);

	bench_with_devices(b);
	CHECK_MSG(!bench_up(b, NULL), "%s", b->error.text);
	CHECK_EQ(iom_observe(b->unit, &observer, b), IOM_OK);
	count = 0;
	return b;
}

static void invalidate(struct iom_domain *domain, uint64_t first, uint64_t last, bool global)
{
	count = 0;
	CHECK_EQ(iom_domain_invalidate(domain, first, last, global), IOM_OK);
}

/* The PSCIDs are 1 and 2, as they were taken. */
TEST(sva_invalidations_reach_iommu_then_devices, "")
{
	struct bench *b = ready(NULL);
	struct iom_domain *one = sva_process(b, 1), *two = sva_process(b, 2);

	CHECK_EQ(iom_device_allow(b->driver, DEVICE, PASID | ATS), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, 0x50777, PASID | ATS), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, 9, PASID), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 11), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, 0x50777, 12), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, 9, 13), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(two, DEVICE, 14), IOM_OK);

	/* one page; the last that was attached comes first, and segment 5 is named */
	invalidate(one, 0x5000, 0x5fff, false);
	COMMANDS({ VMA | AV | PSCV | NL | ID20(1), 0x5ull << 10 },
	         { ATS_INVAL | PV | ID20(12) | 1ull << 33 | 0x777ull << 40 | 5ull << 56, 0x5000 },
	         { ATS_INVAL | PV | ID20(11) | DID(DEVICE), 0x5000 });
	/* three pages: two ranges for the IOMMU, the one around them for the device */
	invalidate(two, 0x5000, 0x7fff, false);
	COMMANDS({ VMA | AV | PSCV | NL | ID20(2), 0x5ull << 10 },
	         { VMA | AV | PSCV | NL | ID20(2), 0x6ull << 10 | 1ull << 9 },
	         { ATS_INVAL | PV | ID20(14) | DID(DEVICE), 0x5800 });
	/* everything, and what is global */
	invalidate(two, 0, UINT64_MAX, true);
	COMMANDS({ VMA, 0 }, { ATS_INVAL | PV | ID20(14) | DID(DEVICE), ALL | 0x800 | 1 });
	CHECK_EQ(b->message[(b->messages - 1) % BENCH_LOG].size_lg2, 64);

	/* A process leaves: its context, its translations, what the device kept of them. */
	CHECK_EQ(iom_domain_detach_pasid(one, 0x50777, 12), IOM_OK);
	count = 0;
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 11), IOM_OK);
	COMMANDS({ INVAL_PDT | DV | ID20(11) | DID(DEVICE), 0 }, { VMA | PSCV | ID20(1), 0 },
	         { ATS_INVAL | PV | ID20(11) | DID(DEVICE), ALL | 0x800 });
	/* The last one takes the device's context along. */
	CHECK_EQ(iom_domain_detach_pasid(two, DEVICE, 14), IOM_OK);
	COMMANDS({ INVAL_DDT | DV | DID(DEVICE), 0 }, { VMA, 0 },
	         { ATS_INVAL | DID(DEVICE), ALL | 0x800 },
	         { ATS_INVAL | PV | DID(DEVICE), ALL | 0x800 | 1 });
	CHECK_EQ(iom_domain_detach_pasid(one, 9, 13), IOM_OK);
	COMMANDS({ INVAL_DDT | DV | DID(9), 0 }, { VMA, 0 });
	/* nobody is left who could know anything */
	invalidate(one, 0, 0xfff, false);
	CHECK_EQ(count, 0);
	CHECK_EQ(iom_domain_free(one), IOM_OK);
	CHECK_EQ(iom_domain_free(two), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

/* Without NL the IOMMU may keep pointers to tables that the owner frees. */
TEST(sva_tables_of_processes_may_be_freed, "")
{
	const struct iom_riscv_config config = {
		.bytes = sizeof config,
		.capabilities =
			0x10ull | 1ull << 9 | 1ull << 25 | 2ull << 28 | 56ull << 32 | 1ull << 38,
	};
	struct bench *b = ready(&config);
	struct iom_domain *one = sva_process(b, 1);

	CHECK_EQ(iom_device_allow(b->driver, DEVICE, PASID | ATS), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 11), IOM_OK);
	invalidate(one, 0x5000, 0x5fff, false);
	COMMANDS({ VMA | PSCV | ID20(1), 0 }, { ATS_INVAL | PV | ID20(11) | DID(DEVICE), 0x5000 });
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 11), IOM_OK);
	CHECK_EQ(iom_domain_free(one), IOM_OK);
	bench_free(b);
}

TEST(sva_unmaps_reach_devices, "")
{
	struct bench *b = ready(NULL);
	struct iom_domain *dma, *other;
	struct iom_gather gather = { 0 };

	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &dma, NULL), IOM_OK);
	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &other, NULL), IOM_OK);
	CHECK_EQ(iom_domain_map(dma, 0x5000, BENCH_DATA, 0x2000, IOM_PROT_READ), IOM_OK);
	/* attached before anybody knew what it can do */
	CHECK_EQ(iom_domain_attach(dma, DEVICE), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, ATS), IOM_OK);
	CHECK_EQ(iom_domain_unmap(dma, 0x5000, 0x1000, &gather), IOM_OK);
	count = 0;
	CHECK_EQ(iom_domain_sync(dma, &gather), IOM_OK);
	COMMANDS({ VMA | AV | PSCV | ID20(1), 0x5ull << 10 }, { ATS_INVAL | DID(DEVICE), 0x5000 });
	/* moving: nothing of the old domain stays with the device */
	CHECK_EQ(iom_domain_attach(other, DEVICE), IOM_OK);
	CHECK_EQ(fetched[2][0], ATS_INVAL | DID(DEVICE));
	CHECK_EQ(fetched[2][1], ALL | 0x800);
	CHECK_EQ(iom_domain_unmap(dma, 0x6000, 0x1000, &gather), IOM_OK);
	count = 0;
	CHECK_EQ(iom_domain_sync(dma, &gather), IOM_OK);
	CHECK_EQ(count, 0);
	CHECK_EQ(iom_domain_detach(other, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(dma), IOM_OK);
	CHECK_EQ(iom_domain_free(other), IOM_OK);
	bench_free(b);
}

/* A device of a guest's table knows addresses of that table alone. */
TEST(sva_unmaps_of_a_machine_reach_nested_devices, "")
{
	struct bench *b = ready(NULL);
	struct iom_domain *vm, *nested;
	struct iom_gather gather = { 0 };
	struct iom_stage stage = { .root = 0x1000, .format = IOM_FORMAT_RISCV_SV39 };

	stage.big_endian = SVA_BIG;
	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE2, &vm, NULL), IOM_OK);
	CHECK_EQ(iom_domain_map(vm, 0x1000, BENCH_DATA, 0x4000, IOM_PROT_READ), IOM_OK);
	CHECK_EQ(iom_domain_new_nested(vm, &stage, &nested, NULL), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, ATS), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, 9, ATS), IOM_OK);
	CHECK_EQ(iom_domain_attach(nested, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_attach(vm, 9), IOM_OK);
	CHECK_EQ(iom_domain_unmap(vm, 0x4000, 0x1000, &gather), IOM_OK);
	count = 0;
	CHECK_EQ(iom_domain_sync(vm, &gather), IOM_OK);
	COMMANDS({ GVMA | GV | AV | 1ull << 44, 0x4ull << 10 }, { ATS_INVAL | DID(9), 0x4000 },
	         { ATS_INVAL | DID(DEVICE), ALL | 0x800 });
	CHECK_EQ(iom_domain_detach(nested, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_detach(vm, 9), IOM_OK);
	CHECK_EQ(iom_domain_free(nested), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

/* A translation request without PASID: is the page readable?  Else the fault. */
static unsigned ask(struct bench *b, uint64_t iova, bool *readable)
{
	struct iom_request q = { .iova = iova, .bytes = 8, .at = IOM_AT_TRANSLATION_REQUEST };
	struct iom_endpoint *endpoint;
	struct iom_port *port;
	struct iom_reply reply;
	int err;

	CHECK_EQ(iom_endpoint_get(b->unit, DEVICE, &endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(endpoint, b->lane, &port), IOM_OK);
	iom_begin(b->lane);
	err = iom_translate(port, &q, &reply);
	iom_end(b->lane);
	iom_port_close(port);
	*readable = !err && reply.perm & IOM_PERM_READ;
	return err ? reply.fault : 0;
}

TEST(sva_abilities_change_at_work, "")
{
	for (unsigned pasid = 0; pasid < 2; pasid++) {
		struct bench *b = ready(NULL);
		struct iom_domain *dma;
		unsigned with = pasid ? PASID : 0;
		bool readable;

		CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &dma, NULL), IOM_OK);
		CHECK_EQ(iom_domain_map(dma, 0x5000, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_OK);
		CHECK_EQ(iom_device_allow(b->driver, DEVICE, with), IOM_OK);
		CHECK_EQ(iom_domain_attach(dma, DEVICE), IOM_OK);
		for (unsigned round = 0; round < 2; round++) {
			CHECK_EQ(ask(b, 0x5000, &readable), 260);
			bench_one_fault(b, 260);
			CHECK_EQ(iom_device_allow(b->driver, DEVICE, with | ATS), IOM_OK);
			CHECK_EQ(ask(b, 0x5000, &readable), 0);
			CHECK(readable);
			CHECK_EQ(ask(b, 0x9000, &readable), 0);
			CHECK(!readable);
			CHECK_EQ(iom_device_allow(b->driver, DEVICE, with), IOM_OK);
		}
		CHECK_EQ(b->messages, 0);
		CHECK_EQ(iom_domain_detach(dma, DEVICE), IOM_OK);
		CHECK_EQ(iom_domain_free(dma), IOM_OK);
		bench_free(b);
	}
}

/* A device that keeps silent is told of, holds nobody else up, and can be given up. */
TEST(sva_silent_device, "")
{
	const struct iom_riscv_config config = { .bytes = sizeof config,
		                                 .ats_timeout_ns = 50000000 };
	struct bench *b = ready(&config);
	struct iom_domain *one = sva_process(b, 1), *dma;
	struct iom_gather gather = { 0 };
	uint64_t val;

	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &dma, NULL), IOM_OK);
	CHECK_EQ(iom_domain_map(dma, 0x5000, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, PASID | ATS), IOM_OK);
	CHECK_EQ(iom_domain_attach(dma, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(one, DEVICE, 11), IOM_OK);
	b->silent = true;
	CHECK_EQ(iom_domain_invalidate(one, 0x5000, 0x5fff, false), IOM_ETIMEOUT);
	CHECK_EQ(bench_rd32(b, CQCSR), 0x10003);
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 11), IOM_ETIMEOUT);
	/* it is cut off all the same */
	CHECK_EQ(bench_pasid_read(b, DEVICE, 11, SVA_PAGE, &val), 266);
	CHECK_EQ(bench_one_fault(b, 266)->pasid, 11);
	CHECK_EQ(iom_domain_free(one), IOM_EBUSY);
	CHECK_EQ(iom_domain_unmap(dma, 0x5000, 0x1000, &gather), IOM_OK);
	CHECK_EQ(iom_domain_sync(dma, &gather), IOM_ETIMEOUT);
	CHECK(gather.some);
	CHECK_EQ(iom_domain_detach(dma, DEVICE), IOM_ETIMEOUT);

	/* others work on, with the same queue */
	CHECK_EQ(iom_domain_attach(dma, 9), IOM_OK);
	CHECK_EQ(iom_domain_detach(dma, 9), IOM_OK);

	/* given up */
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, PASID), IOM_OK);
	CHECK_EQ(iom_domain_sync(dma, &gather), IOM_OK);
	CHECK(!gather.some);
	CHECK_EQ(iom_domain_detach(dma, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_detach_pasid(one, DEVICE, 11), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), 258);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	CHECK_EQ(iom_domain_free(one), IOM_OK);
	CHECK_EQ(iom_domain_free(dma), IOM_OK);
	bench_free(b);
}

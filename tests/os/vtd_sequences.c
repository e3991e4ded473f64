/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the VT-d driver sends to its queue when, bit for bit. */
#include "vtd.h"

/* Descriptors, from the manual's tables */
#define CONTEXT(did) (1ull | 3 << 4 | (did) << 16 | (uint64_t)DEVICE << 32)
#define IOTLB_DOMAIN(did) (2ull | 2 << 4 | 3 << 6 | (did) << 16)
#define IOTLB_PAGE(did) (2ull | 3 << 4 | 3 << 6 | (did) << 16)
#define DEVICE_TLB (3ull | (uint64_t)DEVICE << 32)
#define PASID_IOTLB_ALL(did, pasid) (6ull | 2 << 4 | (did) << 16 | (pasid) << 32)
#define PASID_IOTLB_PAGE(did, pasid) (6ull | 3 << 4 | (did) << 16 | (pasid) << 32)
#define PASID_CACHE(did, pasid) (7ull | 1 << 4 | (did) << 16 | (pasid) << 32)
#define PASID_DEVICE_TLB(pasid) (8ull | DEVICE << 16 | (pasid) << 32)
#define EVERYTHING 0x7ffffffffffff000ull
#define S 1ull /* of Device-TLB invalidations */
#define PASID_S 0x800ull

#define ID 2ull /* the first domain-id that a domain gets */

struct descriptor {
	uint64_t qw0, qw1;
};

/* These were sent, and then a wait. */
static void check_sent(struct bench *b, const struct descriptor *should, unsigned count,
                       uint64_t wait)
{
	unsigned n;

	CHECK_EQ(b->descriptors, count + 1);
	for (n = 0; n < count; n++)
		CHECK_MSG(b->descriptor[n][0] == should[n].qw0 &&
		                  b->descriptor[n][1] == should[n].qw1,
		          "descriptor %u is 0x%llx 0x%llx", n,
		          (unsigned long long)b->descriptor[n][0],
		          (unsigned long long)b->descriptor[n][1]);
	CHECK_EQ(b->descriptor[count][0] & 0xffffffff, wait);
	b->descriptors = 0;
}

#define WAIT 0x25u    /* it stores its status */
#define WAIT_PD 0xa5u /* ... behind all requests for pages */
#define CHECK_SENT(b, ...)                                                                         \
	check_sent(b, (const struct descriptor[]){ __VA_ARGS__ },                                  \
	           sizeof((const struct descriptor[]){ __VA_ARGS__ }) / sizeof(struct descriptor), \
	           WAIT)

static struct bench *ready(uint64_t cap, uint64_t ecap)
{
	const struct iom_vtd_config config = vtd_unit(cap, ecap);
	struct bench *b = bench_new_vtd(&config);

	bench_with_devices(b);
	CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
	b->descriptors = 0;
	return b;
}

TEST(vtd_sequence_first, "VTD-DRV-02")
{
	const struct iom_vtd_config legacy = vtd_unit(CAP_48, ECAP_LEGACY);
	const struct iom_vtd_config scalable = vtd_unit(CAP_48, ECAP_SCALABLE);
	const struct iom_vtd_config none = vtd_unit(CAP_48 | ESRTPS, ECAP_SCALABLE);
	struct bench *b = bench_ready_vtd(&legacy);

	CHECK_SENT(b, { 0x11, 0 }, { 0xd2, 0 });
	bench_free(b);
	b = bench_ready_vtd(&scalable);
	CHECK_SENT(b, { 0x11, 0 }, { 0x37, 0 }, { 0xd2, 0 });
	bench_free(b);
	b = bench_ready_vtd(&none);
	CHECK_EQ(b->descriptors, 0);
	bench_free(b);
}

TEST(vtd_sequence_legacy, "VTD-CM-03")
{
	unsigned caching;

	for (caching = 0; caching < 2; caching++) {
		struct bench *b = ready(CAP_48 | (caching ? CM : 0), ECAP_LEGACY);
		struct iom_domain *domain = vtd_domain(b, IOM_DOMAIN_STAGE1);

		vtd_map(domain, 0x1000, BENCH_DATA, 0x1000);
		CHECK_EQ(b->descriptors, 0);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		if (caching)
			CHECK_SENT(b, { CONTEXT(0ull), 0 }, { IOTLB_DOMAIN(ID), 0 });
		vtd_map(domain, 0x5000, BENCH_DATA, 0x3000);
		if (caching)
			CHECK_SENT(b, { IOTLB_PAGE(ID), 0x5000 }, { IOTLB_PAGE(ID), 0x6001 });
		CHECK_EQ(b->descriptors, 0);
		vtd_unmap(domain, 0x5000, 0x3000);
		CHECK_SENT(b, { IOTLB_PAGE(ID), 0x5000 }, { IOTLB_PAGE(ID), 0x6001 });
		CHECK_EQ(iom_domain_detach(domain, DEVICE), IOM_OK);
		CHECK_SENT(b, { CONTEXT(ID), 0 }, { IOTLB_DOMAIN(ID), 0 });
		CHECK_EQ(iom_domain_free(domain), IOM_OK);
		bench_free(b);
	}
}

/* As wide as MAMV allows, and the whole domain where that would be many. */
TEST(vtd_sequence_ranges, "")
{
	struct bench *b = ready((CAP_48 & ~MAMV(18)) | MAMV(3), ECAP_LEGACY);
	struct iom_domain *domain = vtd_domain(b, IOM_DOMAIN_STAGE1);

	CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
	vtd_map(domain, 0x4000, BENCH_DATA, 0x15000);
	vtd_unmap(domain, 0x4000, 0x15000);
	CHECK_SENT(b, { IOTLB_PAGE(ID), 0x4002 }, { IOTLB_PAGE(ID), 0x8003 },
	           { IOTLB_PAGE(ID), 0x10003 }, { IOTLB_PAGE(ID), 0x18000 });
	vtd_map(domain, 0, BENCH_DATA, 0x208000);
	vtd_unmap(domain, 0, 0x208000);
	CHECK_SENT(b, { IOTLB_DOMAIN(ID), 0 });
	CHECK_EQ(iom_domain_detach(domain, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);

	b = ready(CAP_48 & ~(PSI | MAMV(18) | DRAIN), ECAP_LEGACY);
	domain = vtd_domain(b, IOM_DOMAIN_STAGE1);
	CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
	vtd_map(domain, 0x4000, BENCH_DATA, 0x1000);
	vtd_unmap(domain, 0x4000, 0x1000);
	CHECK_SENT(b, { 0x22 | ID << 16, 0 });
	vtd_gone(b, domain, DEVICE);
}

TEST(vtd_sequence_first_stage, "")
{
	unsigned caching;

	for (caching = 0; caching < 2; caching++) {
		struct bench *b = ready(CAP_48 | (caching ? CM : 0), ECAP_SCALABLE);
		struct iom_domain *domain = vtd_domain(b, IOM_DOMAIN_STAGE1);

		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		if (caching)
			CHECK_SENT(b, { CONTEXT(0ull), 0 }, { PASID_CACHE(0ull, 0ull), 0 },
			           { PASID_CACHE(ID, 0ull), 0 }, { PASID_IOTLB_ALL(ID, 0ull), 0 });
		vtd_map(domain, 0x5000, BENCH_DATA, 0x3000);
		CHECK_EQ(b->descriptors, 0);
		vtd_unmap(domain, 0x5000, 0x3000);
		CHECK_SENT(b, { PASID_IOTLB_PAGE(ID, 0ull), 0x5000 },
		           { PASID_IOTLB_PAGE(ID, 0ull), 0x6001 });
		CHECK_EQ(iom_domain_detach(domain, DEVICE), IOM_OK);
		CHECK_SENT(b, { CONTEXT(0ull), 0 }, { PASID_CACHE(ID, 0ull), 0 },
		           { PASID_IOTLB_ALL(ID, 0ull), 0 });
		CHECK_EQ(iom_domain_free(domain), IOM_OK);
		bench_free(b);
	}
}

TEST(vtd_sequence_nested, "")
{
	const struct iom_stage stage = { .root = 0x1000, .format = IOM_FORMAT_X86_4LEVEL };
	struct bench *b = ready(CAP_48, ECAP_SCALABLE);
	struct iom_domain *parent = vtd_domain(b, IOM_DOMAIN_STAGE2), *child;

	CHECK_EQ(iom_domain_new_nested(parent, &stage, &child, &b->error), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS), IOM_OK);
	CHECK_EQ(iom_domain_attach(child, DEVICE), IOM_OK);
	b->descriptors = 0;
	vtd_map(parent, 0x5000, BENCH_DATA, 0x1000);
	vtd_unmap(parent, 0x5000, 0x1000);
	CHECK_SENT(b, { IOTLB_PAGE(ID), 0x5000 }, { IOTLB_DOMAIN(ID + 1), 0 },
	           { DEVICE_TLB, EVERYTHING | S });
	CHECK_EQ(iom_domain_invalidate(child, 0x3000, 0x3fff, false), IOM_OK);
	CHECK_SENT(b, { PASID_IOTLB_PAGE(ID + 1, 0ull), 0x3000 }, { DEVICE_TLB, 0x3000 });
	CHECK_EQ(iom_domain_invalidate(child, 0, UINT64_MAX, true), IOM_OK);
	CHECK_SENT(b, { PASID_IOTLB_ALL(ID + 1, 0ull), 0 }, { DEVICE_TLB, EVERYTHING | S });
	CHECK_EQ(iom_domain_detach(child, DEVICE), IOM_OK);
	CHECK_SENT(b, { CONTEXT(0ull), 0 }, { PASID_CACHE(ID + 1, 0ull), 0 },
	           { IOTLB_DOMAIN(ID + 1), 0 }, { DEVICE_TLB, EVERYTHING | S });
	CHECK_EQ(iom_domain_free(child), IOM_OK);
	CHECK_EQ(iom_domain_attach(parent, DEVICE), IOM_OK);
	b->descriptors = 0;
	CHECK_EQ(iom_domain_detach(parent, DEVICE), IOM_OK);
	CHECK_SENT(b, { CONTEXT(0ull), 0 }, { PASID_CACHE(ID, 0ull), 0 }, { IOTLB_DOMAIN(ID), 0 },
	           { DEVICE_TLB, EVERYTHING | S });
	CHECK_EQ(iom_domain_free(parent), IOM_OK);
	bench_free(b);
}

/* The unit first, then the devices; each PASID that uses the domain. */
TEST(vtd_sequence_devices, "VTD-DRV-05 VTD-DEV-01 VTD-DEV-02")
{
	struct bench *b = ready(CAP_48, ECAP_SCALABLE);
	struct iom_domain *domain = vtd_domain(b, IOM_DOMAIN_STAGE1);

	CHECK_EQ(iom_device_allow(b->driver, DEVICE,
	                          IOM_DEVICE_ATS | IOM_DEVICE_PASID | IOM_DEVICE_PRI),
	         IOM_OK);
	CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(domain, DEVICE, 0xfffff), IOM_OK);
	vtd_map(domain, 0x4000, BENCH_DATA, 0x8000);
	b->descriptors = 0;
	vtd_unmap(domain, 0x4000, 0x8000);
	CHECK_SENT(b, { PASID_IOTLB_PAGE(ID, 0xfffffull), 0x4002 },
	           { PASID_IOTLB_PAGE(ID, 0xfffffull), 0x8002 },
	           { PASID_IOTLB_PAGE(ID, 0ull), 0x4002 }, { PASID_IOTLB_PAGE(ID, 0ull), 0x8002 },
	           { PASID_DEVICE_TLB(0xfffffull), 0x7000 | PASID_S }, { DEVICE_TLB, 0x7000 | S });
	CHECK_EQ(iom_domain_detach_pasid(domain, DEVICE, 0xfffff), IOM_OK);
	check_sent(b,
	           (const struct descriptor[]){
			   { PASID_CACHE(ID, 0xfffffull), 0 },
			   { PASID_IOTLB_ALL(ID, 0xfffffull), 0 },
			   { PASID_DEVICE_TLB(0xfffffull), EVERYTHING | PASID_S },
		   },
	           3, WAIT_PD);
	CHECK_EQ(iom_domain_detach(domain, DEVICE), IOM_OK);
	check_sent(b,
	           (const struct descriptor[]){
			   { CONTEXT(0ull), 0 },
			   { PASID_CACHE(ID, 0ull), 0 },
			   { PASID_IOTLB_ALL(ID, 0ull), 0 },
			   { DEVICE_TLB, EVERYTHING | S },
			   { PASID_DEVICE_TLB(0ull), EVERYTHING | PASID_S | 1 },
		   },
	           5, WAIT_PD);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

/* An ability of a device at work: its context, and whatever was translated by it. */
TEST(vtd_sequence_abilities, "")
{
	struct bench *b = ready(CAP_48, ECAP_SCALABLE);
	struct iom_domain *domain = vtd_domain(b, IOM_DOMAIN_STAGE1);

	CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS), IOM_OK);
	CHECK_SENT(b, { CONTEXT(0ull), 0 }, { PASID_CACHE(ID, 0ull), 0 },
	           { PASID_IOTLB_ALL(ID, 0ull), 0 });
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, 0), IOM_OK);
	vtd_gone(b, domain, DEVICE);

	b = ready(CAP_48, ECAP_LEGACY);
	domain = vtd_domain(b, IOM_DOMAIN_STAGE1);
	CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS), IOM_OK);
	CHECK_SENT(b, { CONTEXT(ID), 0 }, { IOTLB_DOMAIN(ID), 0 });
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, 0), IOM_OK);
	CHECK_SENT(b, { CONTEXT(ID), 0 }, { IOTLB_DOMAIN(ID), 0 });
	vtd_gone(b, domain, DEVICE);
}

/* More than the ring holds: 300 PASIDs of one domain. */
TEST(vtd_sequence_long, "")
{
	struct bench *b = ready(CAP_48, ECAP_SCALABLE & ~PDS);
	struct iom_domain *domain = vtd_domain(b, IOM_DOMAIN_STAGE1);
	uint64_t val;
	uint32_t pasid;

	CHECK_EQ(iom_device_allow(b->driver, DEVICE,
	                          IOM_DEVICE_PASID | IOM_DEVICE_ATS | IOM_DEVICE_PRI),
	         IOM_OK);
	vtd_map(domain, 0x1000, BENCH_DATA, 0x2000);
	for (pasid = 1; pasid <= 300; pasid++) {
		CHECK_EQ(iom_domain_attach_pasid(domain, DEVICE, pasid), IOM_OK);
		CHECK_EQ(bench_pasid_read(b, DEVICE, pasid, 0x1000, &val), 0);
	}
	b->descriptors = 0;
	vtd_unmap(domain, 0x1000, 0x1000);
	CHECK_EQ(b->descriptors, 601);
	for (pasid = 1; pasid <= 300; pasid++)
		CHECK_EQ(bench_pasid_read(b, DEVICE, pasid, 0x1000, &val), 0x71);
	iom_driver_interrupt(b->driver);
	/* without PDS nobody asks for a drain */
	for (pasid = 1; pasid <= 300; pasid++)
		CHECK_EQ(iom_domain_detach_pasid(domain, DEVICE, pasid), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

/* Stores reach memory by a command of their own where nothing is invalidated behind them. */
static void count_flushes(struct bench *b, uint64_t off, uint64_t val)
{
	if (off == 0x18 && val & 1 << 27)
		b->flushes++;
}

TEST(vtd_sequence_write_buffer, "VTD-WBF-01")
{
	unsigned needed;

	for (needed = 0; needed < 2; needed++) {
		const struct iom_vtd_config config =
			vtd_unit(CAP_48 | (needed ? RWBF : 0), ECAP_LEGACY);
		struct bench *b = bench_new_vtd(&config);
		struct iom_domain *domain;

		b->on_write = count_flushes;
		CHECK_EQ(bench_up(b, NULL), IOM_OK);
		CHECK_EQ(b->flushes, needed);
		domain = vtd_domain(b, IOM_DOMAIN_STAGE1);
		vtd_map(domain, 0x1000, BENCH_DATA, 0x1000);
		CHECK_EQ(b->flushes, needed);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		CHECK_EQ(b->flushes, 2 * needed);
		vtd_map(domain, 0x2000, BENCH_DATA, 0x1000);
		CHECK_EQ(b->flushes, 3 * needed);
		vtd_unmap(domain, 0x2000, 0x1000);
		CHECK_EQ(b->flushes, 3 * needed);
		vtd_gone(b, domain, DEVICE);
	}
}

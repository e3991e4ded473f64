/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the VT-d driver makes of fault records, of errors of its queue, and of silence. */
#include "vtd.h"

#include <string.h>

#define IQE 0x10u
#define ICE 0x20u
#define ITE 0x40u
#define PFO 0x01u
#define PPF 0x02u

/* A unit with a device that may keep translations, in a domain with one page. */
static struct bench *ready(struct iom_domain **domain, uint64_t timeout)
{
	struct iom_vtd_config config = vtd_unit(CAP_48, ECAP_SCALABLE);
	struct bench *b;

	config.ats_timeout_ns = timeout;
	b = bench_new_vtd(&config);
	bench_with_devices(b);
	CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
	*domain = vtd_domain(b, IOM_DOMAIN_STAGE1);
	vtd_map(*domain, 0x1000, BENCH_DATA, 0x4000);
	CHECK_EQ(iom_domain_attach(*domain, DEVICE), IOM_OK);
	return b;
}

TEST(vtd_faults_say_what_happened, "VTD-DRV-02")
{
	struct iom_domain *domain;
	struct bench *b = ready(&domain, 0);
	struct iom_os_fault *f;
	uint64_t val;

	CHECK_EQ(bench_dma_read(b, DEVICE, 0x123456789abc, &val), 0x71);
	f = bench_one_fault(b, 0x71);
	CHECK_EQ(f->iova, 0x123456789000);
	CHECK_EQ(f->requester, DEVICE);
	CHECK(!f->write && !f->has_pasid && strstr(f->reason, "first stage"));
	CHECK_EQ(bench_dma_write(b, 0xfedc, 0x1000, 1), 0x39);
	f = bench_one_fault(b, 0x39);
	CHECK(f->write && f->requester == 0xfedc);
	CHECK_EQ(bench_pasid_read(b, DEVICE, 0xabcde, 0x1000, &val), 0x45);
	f = bench_one_fault(b, 0x45);
	CHECK(f->has_pasid && f->pasid == 0xabcde);
	CHECK_EQ(iom_driver_interrupt(b->driver), 0);
	vtd_gone(b, domain, DEVICE);
}

/* FRI is the first of them still when its record has been taken. */
TEST(vtd_faults_behind_one_that_was_taken, "")
{
	struct iom_domain *domain;
	struct bench *b = ready(&domain, 0);
	uint64_t val;

	for (unsigned n = 0; n < 3; n++)
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x100000 + 0x1000 * n, &val), 0x71);
	b->host.mmio_write(b, FRCD + 12, 4, 0x80000000);
	CHECK_EQ(bench_rd32(b, FSTS_AT), PPF);
	CHECK_EQ(iom_driver_interrupt(b->driver), 2);
	CHECK_EQ(b->fault[0].iova, 0x101000);
	CHECK_EQ(b->fault[1].iova, 0x102000);
	CHECK_EQ(bench_rd32(b, FSTS_AT) & PPF, 0);
	vtd_gone(b, domain, DEVICE);
}

/* Eight records, round and round; what came when all were full is lost, and counted once. */
TEST(vtd_faults_rounds, "VTD-FLT-06 VTD-FLT-08 VTD-FLT-09")
{
	struct iom_domain *domain;
	struct bench *b = ready(&domain, 0);
	unsigned sent = 0, n, round;
	uint64_t val;

	for (round = 0; round < 6; round++) {
		unsigned first = b->faults, many = 3 + round;

		for (n = 0; n < many; n++)
			CHECK_EQ(bench_dma_read(b, DEVICE, 0x100000 + 0x1000 * sent++, &val), 0x71);
		CHECK_EQ(iom_driver_interrupt(b->driver), many);
		for (n = 0; n < many; n++)
			CHECK_EQ(b->fault[first + n].iova, 0x100000 + 0x1000 * (sent - many + n));
	}
	CHECK_EQ(iom_driver_overflows(b->driver), 0);
	for (n = 0; n < 20; n++)
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x100000, &val), 0x71);
	CHECK_EQ(bench_rd32(b, FSTS_AT) & (PFO | PPF), PFO | PPF);
	CHECK_EQ(iom_driver_interrupt(b->driver), 8);
	CHECK_EQ(iom_driver_overflows(b->driver), 1);
	CHECK_EQ(bench_rd32(b, FSTS_AT) & (PFO | PPF), 0);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x100000, &val), 0x71);
	bench_one_fault(b, 0x71);
	CHECK_EQ(iom_driver_overflows(b->driver), 1);
	vtd_gone(b, domain, DEVICE);
}

TEST(vtd_faults_messages, "VTD-EVT-01")
{
	const struct iom_vtd_config config = vtd_unit(CAP_48, ECAP_SCALABLE);
	struct iom_driver_config driver = {
		.bytes = sizeof driver,
		.msi_address = 0xfee01000,
		.msi_data = 0x30,
		.vectors = 2,
	};
	struct bench *b = bench_new_vtd(&config);
	uint64_t val;

	b->msi_address = 0xfee01000;
	CHECK_MSG(bench_up(b, &driver) == IOM_OK, "%s", b->error.text);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 0x39);
	CHECK_EQ(b->msis, 1);
	CHECK_EQ(b->msi_data[0], 0x30);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 0x39);
	CHECK_EQ(b->msis, 1);
	CHECK_EQ(iom_driver_interrupt(b->driver), 2);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 0x39);
	CHECK_EQ(b->msis, 2);
	CHECK_EQ(iom_driver_free(b->driver), IOM_OK);
	b->driver = NULL;
	CHECK_EQ(bench_rd32(b, FECTL) >> 31, 1);
	bench_free(b);
}

/* Destinations beyond 8 bits; all events at one vector. */
TEST(vtd_faults_messages_further, "VTD-EVT-01")
{
	const struct iom_vtd_config config = vtd_unit(CAP_48, ECAP_SCALABLE | IR | EIM);
	struct iom_driver_config driver = {
		.bytes = sizeof driver,
		.msi_address = 0x100fee01000,
		.msi_data = 0x30,
	};
	struct bench *b = bench_new_vtd(&config);
	uint64_t val;

	b->msi_address = 0x100fee01000;
	CHECK_MSG(bench_up(b, &driver) == IOM_OK, "%s", b->error.text);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 0x39);
	CHECK_EQ(b->msis, 1);
	CHECK_EQ(b->msi_data[0], 0x30);
	bench_one_fault(b, 0x39);
	bench_free(b);
}

TEST(vtd_faults_that_nobody_hears, "")
{
	const struct iom_vtd_config config = vtd_unit(CAP_48, ECAP_SCALABLE);
	struct bench *b = bench_new_vtd(&config);
	uint64_t val;

	b->host.fault = NULL;
	CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 0x39);
	CHECK_EQ(bench_rd32(b, FSTS_AT) & PPF, PPF);
	CHECK_EQ(iom_driver_interrupt(b->driver), 1);
	CHECK_EQ(bench_rd32(b, FSTS_AT) & PPF, 0);
	CHECK_EQ(b->faults, 0);
	bench_free(b);
}

TEST(vtd_faults_page_messages, "VTD-EVT-04")
{
	const struct iom_vtd_config config = vtd_unit(CAP_48, ECAP_SCALABLE);
	unsigned vectors;

	for (vectors = 1; vectors <= 2; vectors++) {
		const struct iom_message request = {
			.kind = IOM_MESSAGE_PAGE_REQUEST,
			.address = 0x1000,
			.code = IOM_PAGE_READ,
		};
		struct iom_driver_config driver = {
			.bytes = sizeof driver,
			.msi_address = 0xfee01000,
			.msi_data = 0x30,
			.vectors = vectors,
		};
		struct bench *b = bench_new_vtd(&config);
		struct iom_domain *domain;

		bench_with_devices(b);
		b->msi_address = 0xfee01000;
		CHECK_MSG(bench_up(b, &driver) == IOM_OK, "%s", b->error.text);
		domain = vtd_domain(b, IOM_DOMAIN_STAGE1);
		CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS | IOM_DEVICE_PRI),
		         IOM_OK);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		bench_message(b, DEVICE, &request);
		CHECK_EQ(b->msis, 1);
		CHECK_EQ(b->msi_data[0], 0x30 + vectors - 1);
		CHECK_EQ(iom_driver_interrupt(b->driver), 0);
		CHECK(b->pages == 1 && !b->page[0].has_pasid);
		vtd_gone(b, domain, DEVICE);
	}
}

/* ---- Errors of the queue -------------------------------------------------------------------- */

/* The first descriptor that is sent next becomes one of a type that there is not. */
static void spoil(struct bench *b, uint64_t off, uint64_t val)
{
	if (off != IQT)
		return;
	b->on_write = NULL;
	*bench_word(b, b->queue + (val + b->queue_bytes - 2 * b->descriptor_bytes) %
	                                  b->queue_bytes) = 0;
}

TEST(vtd_faults_bad_descriptor, "VTD-DRV-04 VTD-QI-20")
{
	struct iom_gather gather = { 0 };
	struct iom_domain *domain;
	struct bench *b = ready(&domain, 0);
	uint64_t val;

	CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), 0);
	CHECK_EQ(iom_domain_unmap(domain, 0x1000, 0x1000, &gather), IOM_OK);
	b->on_write = spoil;
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_EIO);
	CHECK_EQ(iom_driver_command_errors(b->driver), 1);
	CHECK_EQ(bench_rd32(b, FSTS_AT) & IQE, 0);
	CHECK(gather.some);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), 0x71);
	bench_one_fault(b, 0x71);
	CHECK_EQ(iom_domain_detach(domain, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

/* The device stays blocked, and counts as attached. */
TEST(vtd_faults_attach, "VTD-DRV-04 VTD-CM-03")
{
	static const struct {
		uint64_t ecap;
		unsigned blocked;
	} rows[] = { { ECAP_LEGACY, 2 }, { ECAP_SCALABLE, 0x41 } };
	unsigned n;

	for (n = 0; n < 2; n++) {
		struct bench *b = vtd_ready(CAP_48 | CM, rows[n].ecap);
		struct iom_domain *domain = vtd_domain(b, IOM_DOMAIN_STAGE1);
		uint64_t val;

		vtd_map(domain, 0x1000, BENCH_DATA, 0x1000);
		b->on_write = spoil;
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_EIO);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), rows[n].blocked);
		bench_one_fault(b, rows[n].blocked);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), 0);
		/* what is new may not be known */
		b->on_write = rows[n].blocked == 2 ? spoil : NULL;
		CHECK_EQ(iom_domain_map(domain, 0x2000, BENCH_DATA, 0x1000, IOM_PROT_READ),
		         rows[n].blocked == 2 ? IOM_EIO : IOM_OK);
		CHECK_EQ(iom_domain_iova_to_phys(domain, 0x2000, &val), IOM_OK);
		CHECK_EQ(iom_domain_detach(domain, DEVICE), IOM_OK);
		CHECK_EQ(iom_domain_free(domain), IOM_OK);
		bench_free(b);
	}
}

/* The domain stays as it was until the device answers, or may not remember any more. */
TEST(vtd_faults_silent_device, "VTD-DRV-04 VTD-QI-30")
{
	struct iom_gather gather = { 0 };
	struct iom_domain *domain;
	struct bench *b = ready(&domain, 1000000000);

	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS), IOM_OK);
	CHECK_EQ(iom_domain_unmap(domain, 0x1000, 0x1000, &gather), IOM_OK);
	b->silent = true;
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_ETIMEOUT);
	CHECK(gather.some);
	CHECK(b->now < 5000000000);
	CHECK_EQ(bench_rd32(b, FSTS_AT) & ITE, 0);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_ETIMEOUT);
	b->silent = false;
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	CHECK_EQ(iom_domain_unmap(domain, 0x2000, 0x1000, &gather), IOM_OK);
	b->silent = true;
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, 0), IOM_OK);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	vtd_gone(b, domain, DEVICE);
}

/* Several devices that are silent, and one that is not. */
TEST(vtd_faults_silent_devices, "VTD-DRV-04")
{
	struct iom_gather gather = { 0 };
	struct iom_domain *domain;
	struct bench *b = ready(&domain, 1000000000);
	unsigned n;

	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS), IOM_OK);
	for (n = 1; n < 5; n++) {
		CHECK_EQ(iom_device_allow(b->driver, DEVICE + n, IOM_DEVICE_ATS), IOM_OK);
		CHECK_EQ(iom_domain_attach(domain, DEVICE + n), IOM_OK);
	}
	CHECK_EQ(iom_domain_unmap(domain, 0x1000, 0x1000, &gather), IOM_OK);
	b->silent = true;
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_ETIMEOUT);
	b->silent = false;
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	for (n = 1; n < 5; n++)
		CHECK_EQ(iom_domain_detach(domain, DEVICE + n), IOM_OK);
	vtd_gone(b, domain, DEVICE);
}

/* An answer that nobody asked for stops nothing. */
TEST(vtd_faults_unasked_answer, "VTD-DRV-04 VTD-QI-31")
{
	const struct iom_message answer = {
		.kind = IOM_MESSAGE_INVALIDATED,
		.token = 0x80,
		.code = 1,
	};
	struct iom_domain *domain;
	struct bench *b = ready(&domain, 0);

	CHECK_EQ(iom_device_allow(b->driver, DEVICE, IOM_DEVICE_ATS), IOM_OK);
	bench_message(b, DEVICE, &answer);
	CHECK_EQ(bench_rd32(b, FSTS_AT) & ICE, ICE);
	CHECK_EQ(iom_driver_interrupt(b->driver), 0);
	CHECK_EQ(bench_rd32(b, FSTS_AT) & ICE, 0);
	vtd_unmap(domain, 0x1000, 0x1000);
	vtd_gone(b, domain, DEVICE);
}

/* ---- Silence of the unit ------------------------------------------------------------------------ */

static uint64_t all_ones(void *opaque, uint64_t off, unsigned size)
{
	(void)opaque;
	(void)off;
	return size == 8 ? UINT64_MAX : UINT32_MAX;
}

static void swallow(void *opaque, uint64_t off, unsigned size, uint64_t val)
{
	(void)opaque;
	(void)off;
	(void)size;
	(void)val;
}

/* Registers that refuse to invalidate: CAIG and IAIG are 0. */
static uint64_t refusing(void *opaque, uint64_t off, unsigned size)
{
	struct bench *b = opaque;
	uint64_t val = size == 8 ? bench_rd64(b, off) : bench_rd32(b, off);

	return off == b->refuse ? val & ~(3ull << (off == 0x28 ? 59 : 57)) : val;
}

static struct bench *up_with(uint64_t cap, uint64_t ecap,
                             uint64_t (*read)(void *opaque, uint64_t off, unsigned size),
                             void (*write)(void *opaque, uint64_t off, unsigned size, uint64_t val),
                             int err)
{
	const struct iom_vtd_config config = vtd_unit(cap, ecap);
	struct bench *b = bench_new_vtd(&config);
	struct iom_os_host host = b->host;

	if (read)
		b->host.mmio_read = read;
	if (write)
		b->host.mmio_write = write;
	CHECK_EQ(bench_up(b, NULL), err);
	CHECK(b->error.text[0]);
	b->host = host;
	return b;
}

TEST(vtd_faults_nothing_there, "VTD-DRV-01")
{
	struct bench *b = up_with(CAP_48, ECAP_LEGACY, all_ones, NULL, IOM_ENOTSUP);

	CHECK_EQ(b->mmio_writes, 0);
	CHECK_EQ(b->live, 0);
	bench_free(b);
}

/* Registers that hold nothing: the queue's base tells. */
TEST(vtd_faults_deaf, "VTD-DRV-01")
{
	struct bench *b = up_with(CAP_48, ECAP_LEGACY, NULL, swallow, IOM_ETIMEOUT);

	CHECK_EQ(b->live, 0);
	bench_free(b);
}

TEST(vtd_faults_registers_refuse, "VTD-DRV-02")
{
	static const unsigned refuse[] = { 0x28, 0xf8 };
	unsigned n;

	for (n = 0; n < 2; n++) {
		const struct iom_vtd_config config = vtd_unit(CAP_48, COHERENT | IRO);
		struct bench *b = bench_new_vtd(&config);
		uint64_t (*plain)(void *opaque, uint64_t off, unsigned size) = b->host.mmio_read;

		b->host.mmio_read = refusing;
		b->refuse = refuse[n];
		CHECK_EQ(bench_up(b, NULL), IOM_EIO);
		CHECK(strstr(b->error.text, "invalidation"));
		CHECK_EQ(bench_rd32(b, GSTS) & GSTS_TES, 0);
		b->host.mmio_read = plain;
		bench_free(b);
	}
}

/* A unit that is pulled out does not hold anybody for ever, nor is what it says believed. */
TEST(vtd_faults_pulled_out, "")
{
	static const uint64_t ecaps[] = { COHERENT | PT | IRO, ECAP_LEGACY, ECAP_SCALABLE };
	unsigned n;

	for (n = 0; n < sizeof ecaps / sizeof ecaps[0]; n++) {
		const struct iom_vtd_config config = vtd_unit(CAP_48, ecaps[n]);
		struct iom_gather gather = { 0 };
		struct bench *b = bench_new_vtd(&config);
		struct iom_domain *domain;
		int err;

		CHECK_EQ(bench_up(b, NULL), IOM_OK);
		domain = vtd_domain(b, IOM_DOMAIN_STAGE1);
		vtd_map(domain, 0x1000, BENCH_DATA, 0x1000);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		CHECK_EQ(iom_domain_unmap(domain, 0x1000, 0x1000, &gather), IOM_OK);
		b->gone = true;
		CHECK_EQ(iom_driver_interrupt(b->driver), 0);
		err = iom_domain_sync(domain, &gather);
		CHECK_MSG(err == IOM_ETIMEOUT || err == IOM_EIO, "%d", err);
		CHECK(iom_domain_detach(domain, DEVICE));
		CHECK_EQ(iom_driver_free(b->driver), IOM_EBUSY);
		b->gone = false;
		CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
		CHECK_EQ(iom_domain_detach(domain, DEVICE), IOM_OK);
		CHECK_EQ(iom_domain_free(domain), IOM_OK);
		b->gone = true;
		CHECK_EQ(iom_driver_free(b->driver), IOM_EIO);
		b->gone = false;
		bench_free(b);
	}
}

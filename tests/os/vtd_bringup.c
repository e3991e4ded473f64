/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The VT-d driver brings a unit up and lets go of it. */
#include "vtd.h"

#include <string.h>

/* Every unit that the driver knows, with a word behind each kind of domain. */
static void check_unit(uint64_t cap, uint64_t ecap, unsigned blocked)
{
	struct bench *b = vtd_ready(cap, ecap);
	struct iom_domain *identity = NULL, *dma;
	uint64_t val;

	CHECK_EQ(bench_rd32(b, GSTS) & ~GSTS_QIES, GSTS_TES | GSTS_RTPS);
	CHECK_EQ(!!(bench_rd32(b, GSTS) & GSTS_QIES), !!(ecap & QI));
	CHECK_EQ(bench_dma_read(b, DEVICE, BENCH_DATA, &val), blocked);
	bench_one_fault(b, blocked);

	dma = vtd_domain(b, IOM_DOMAIN_STAGE1);
	vtd_map(dma, 0x1000, BENCH_DATA, 0x1000);
	CHECK_EQ(iom_domain_attach(dma, DEVICE), IOM_OK);
	*bench_word(b, BENCH_DATA + 8) = 0x1234;
	CHECK_EQ(bench_dma_read(b, DEVICE, 0x1008, &val), 0);
	CHECK_EQ(val, 0x1234);
	if (ecap & PT) {
		identity = vtd_domain(b, IOM_DOMAIN_IDENTITY);
		CHECK_EQ(iom_domain_attach(identity, DEVICE), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE, BENCH_DATA + 8, &val), 0);
		CHECK_EQ(iom_domain_detach(identity, DEVICE), IOM_OK);
		CHECK_EQ(iom_domain_free(identity), IOM_OK);
		CHECK(bench_dma_read(b, DEVICE, BENCH_DATA + 8, &val));
		CHECK_EQ(iom_driver_interrupt(b->driver), 1);
		CHECK_EQ(iom_domain_attach(dma, DEVICE), IOM_OK);
	}
	CHECK_EQ(iom_driver_free(b->driver), IOM_EBUSY);
	vtd_gone(b, dma, DEVICE);
}

TEST(vtd_bringup_legacy, "VTD-DRV-01 VTD-DRV-02")
{
	check_unit(CAP_48, ECAP_LEGACY, 1);
	check_unit((CAP_48 & ~(SAGAW_48 | MGAW(48))) | MGAW(39), ECAP_LEGACY & ~PT, 1);
	check_unit((CAP_48 & ~MGAW(48)) | SAGAW_57 | MGAW(57), ECAP_LEGACY, 1);
	check_unit(CAP_48 | ESRTPS, ECAP_LEGACY, 1);
	check_unit(CAP_48 | RWBF, ECAP_LEGACY, 1);
	check_unit(CAP_48 & ~(ND(6) | DRAIN | PSI | MAMV(18)), ECAP_LEGACY, 1);
	/* by registers; without anything to drain */
	check_unit(CAP_48, COHERENT | PT | IRO, 1);
	check_unit(CAP_48 & ~DRAIN, COHERENT | PT | IRO, 1);
}

TEST(vtd_bringup_scalable, "VTD-DRV-01 VTD-DRV-03")
{
	check_unit(CAP_48, ECAP_SCALABLE, 0x39);
	check_unit(CAP_48 | FS5LP | FS1GP, ECAP_SCALABLE, 0x39);
	/* no first stage; no second one; neither, which leaves legacy mode */
	check_unit(CAP_48, ECAP_SCALABLE & ~(FSTS | NEST), 0x39);
	check_unit(CAP_48, ECAP_SCALABLE & ~(SSTS | NEST), 0x39);
	check_unit(CAP_48, (ECAP_LEGACY | SMTS) & ~DT, 1);
}

/* ---- What others left --------------------------------------------------------------------------- */

static void wr(struct bench *b, uint64_t off, unsigned size, uint64_t val)
{
	b->host.mmio_write(b, off, size, val);
}

/* Firmware's table lets everything pass on bus 0, as far as the first page of what devices work on. */
static void firmware(struct bench *b)
{
	uint64_t root = BENCH_DATA + 0x200000, context = root + 0x1000;

	*bench_word(b, root) = context | 1;
	*bench_word(b, context + 8 * 16) = 9; /* device 1: P, pass-through */
	*bench_word(b, context + 8 * 16 + 8) = 2 | 7 << 8;
	wr(b, 0x20, 8, root);
	wr(b, 0x18, 4, 0x40000000);
	wr(b, 0x90, 8, BENCH_DATA + 0x210000);
	wr(b, 0x88, 4, 0);
	wr(b, 0x18, 4, 0x04000000);
	/* a wait that nobody looks at */
	*bench_word(b, BENCH_DATA + 0x210000) = 0x25;
	*bench_word(b, BENCH_DATA + 0x210008) = BENCH_DATA + 0x220000;
	wr(b, 0x88, 4, 0x10);
	wr(b, 0x18, 4, 0x84000000);
}

TEST(vtd_bringup_after_firmware, "VTD-DRV-01 VTD-DRV-02")
{
	static const uint64_t ecaps[] = { ECAP_LEGACY, ECAP_SCALABLE };
	unsigned n, stuck;

	for (n = 0; n < 2; n++) {
		for (stuck = 0; stuck < 2; stuck++) {
			const struct iom_vtd_config config = vtd_unit(CAP_48, ecaps[n]);
			struct bench *b = bench_new_vtd(&config);
			struct iom_domain *domain;
			uint64_t val;

			firmware(b);
			if (stuck) {
				*bench_word(b, BENCH_DATA + 0x210010) = 0;
				wr(b, 0x88, 4, 0x20);
				CHECK_EQ(bench_rd32(b, FSTS_AT) & 0x10, 0x10);
			}
			CHECK_EQ(bench_rd32(b, GSTS), 0xc4000000);
			CHECK_EQ(bench_dma_read(b, 8, BENCH_DATA, &val), 0);
			CHECK_EQ(bench_dma_read(b, 9, BENCH_DATA, &val), 2);
			CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
			CHECK(b->now < 1000000000);
			/* its faults are not ours, and its devices have to be attached */
			CHECK_EQ(iom_driver_interrupt(b->driver), 0);
			CHECK(bench_dma_read(b, 8, BENCH_DATA, &val));
			CHECK_EQ(iom_driver_interrupt(b->driver), 1);
			domain = vtd_domain(b, IOM_DOMAIN_IDENTITY);
			CHECK_EQ(iom_domain_attach(domain, 8), IOM_OK);
			CHECK_EQ(bench_dma_read(b, 8, BENCH_DATA, &val), 0);
			vtd_gone(b, domain, 8);
		}
	}
}

TEST(vtd_bringup_protected_memory, "VTD-DRV-02")
{
	const struct iom_vtd_config config = vtd_unit(CAP_48 | 1 << 5, ECAP_LEGACY);
	struct iom_driver_config held = { .bytes = sizeof held, .held = true };
	struct bench *b = bench_new_vtd(&config);
	uint64_t val;

	wr(b, PLMBASE, 4, 0x80000000);
	wr(b, PLMLIMIT, 4, 0xfffff000);
	wr(b, PMEN, 4, 0x80000000);
	CHECK_EQ(bench_up(b, &held), IOM_OK);
	/* firmware's protection lasts until translation takes its place */
	CHECK_EQ(bench_rd32(b, PMEN), 0x80000001);
	CHECK_EQ(bench_rd32(b, GSTS) & GSTS_TES, 0);
	CHECK_EQ(iom_driver_start(b->driver), IOM_OK);
	CHECK_EQ(bench_rd32(b, PMEN), 0);
	CHECK_EQ(bench_rd32(b, GSTS) & GSTS_TES, GSTS_TES);
	CHECK_EQ(bench_dma_read(b, 1, BENCH_DATA, &val), 1);
	bench_free(b);
}

/* Memory that firmware reserved for a device is mapped for it before anything is refused. */
TEST(vtd_bringup_held, "VTD-RMRR-01")
{
	static const uint64_t ecaps[] = { ECAP_LEGACY, ECAP_SCALABLE };
	unsigned n;

	for (n = 0; n < 2; n++) {
		const struct iom_vtd_config config = vtd_unit(CAP_48, ecaps[n]);
		struct iom_driver_config held = { .bytes = sizeof held, .held = true };
		struct bench *b = bench_new_vtd(&config);
		struct iom_domain *domain;
		unsigned writes;
		uint64_t val;

		CHECK_MSG(bench_up(b, &held) == IOM_OK, "%s", b->error.text);
		CHECK_EQ(bench_rd32(b, GSTS) & GSTS_TES, 0);
		CHECK_EQ(bench_dma_read(b, DEVICE, BENCH_DATA, &val), 0);
		domain = vtd_domain(b, IOM_DOMAIN_STAGE1);
		vtd_map(domain, BENCH_DATA, BENCH_DATA, 0x20000);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE, BENCH_DATA, &val), 0);
		CHECK_EQ(iom_driver_start(b->driver), IOM_OK);
		CHECK_EQ(bench_rd32(b, GSTS) & GSTS_TES, GSTS_TES);
		CHECK_EQ(bench_dma_read(b, DEVICE, BENCH_DATA + 0x1fff8, &val), 0);
		CHECK(bench_dma_read(b, DEVICE, BENCH_DATA + 0x20000, &val));
		CHECK(bench_dma_read(b, DEVICE + 1, BENCH_DATA, &val));
		CHECK_EQ(iom_driver_interrupt(b->driver), 2);
		writes = b->mmio_writes;
		CHECK_EQ(iom_driver_start(b->driver), IOM_OK);
		CHECK_EQ(b->mmio_writes, writes);
		vtd_gone(b, domain, DEVICE);
	}
}

/* ---- Refusals and the end ------------------------------------------------------------------------- */

TEST(vtd_bringup_refusals, "")
{
	const struct iom_vtd_config config = vtd_unit(CAP_48, ECAP_LEGACY);
	struct iom_driver_config driver = { .bytes = sizeof driver };
	struct bench *b = bench_new_vtd(&config);

	driver.msi_address = 0xfee00002;
	CHECK_EQ(bench_up(b, &driver), IOM_EINVAL);
	driver.msi_address = 0x1fee00000;
	CHECK_EQ(bench_up(b, &driver), IOM_EINVAL);
	driver.msi_address = 0xfee00000;
	driver.msi_data = 0xfff8;
	driver.vectors = 16;
	CHECK_EQ(bench_up(b, &driver), IOM_EINVAL);
	driver.vectors = 17;
	CHECK_EQ(bench_up(b, &driver), IOM_EINVAL);
	driver.vectors = 1;
	driver.bytes--;
	CHECK_EQ(bench_up(b, &driver), IOM_EINVAL);
	b->host.at = NULL;
	CHECK_EQ(bench_up(b, NULL), IOM_EINVAL);
	CHECK_EQ(b->mmio_writes, 0);
	CHECK_EQ(b->live, 0);
	bench_free(b);

	/* one that only remaps interrupts */
	{
		const struct iom_vtd_config none =
			vtd_unit(CAP_48 & ~(SAGAW_39 | SAGAW_48 | PSI | MAMV(18)),
		                 QI | IRO | COHERENT);

		b = bench_new_vtd(&none);
		CHECK_EQ(bench_up(b, NULL), IOM_ENOTSUP);
		CHECK(strstr(b->error.text, "page tables"));
		CHECK_EQ(b->mmio_writes, 0);
		bench_free(b);
	}
}

/* Translation is never on with memory that nobody gave. */
TEST(vtd_bringup_enomem, "")
{
	static const uint64_t ecaps[] = { ECAP_LEGACY, ECAP_SCALABLE };
	unsigned which;
	int n, err;

	for (which = 0; which < 2; which++) {
		for (n = 0, err = IOM_ENOMEM; err; n++) {
			const struct iom_vtd_config config = vtd_unit(CAP_48, ecaps[which]);
			struct bench *b = bench_new_vtd(&config);

			bench_with_devices(b);
			b->countdown = n;
			err = bench_up(b, NULL);
			b->countdown = -1;
			if (err) {
				CHECK_EQ(err, IOM_ENOMEM);
				CHECK(b->error.text[0]);
				CHECK_EQ(b->live, 0);
				CHECK_EQ(bench_rd32(b, GSTS) & (GSTS_TES | GSTS_QIES), 0);
				CHECK_EQ(bench_up(b, NULL), IOM_OK);
			}
			bench_free(b);
		}
		/* driver, queue, domain-ids, root table; and the queue of page requests */
		CHECK_EQ(n - 1, 4 + which);
	}
}

/* Whatever fails for want of memory later leaves all as it was. */
TEST(vtd_bringup_devices_enomem, "")
{
	const struct iom_stage stage = { .root = 0x1000, .format = IOM_FORMAT_X86_4LEVEL };
	int n, err = IOM_ENOMEM;

	for (n = 0; err; n++) {
		struct bench *b = vtd_ready(CAP_48, ECAP_SCALABLE);
		struct iom_domain *domain = NULL, *process = NULL;

		b->countdown = n;
		err = iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &domain, &b->error);
		if (!err)
			err = iom_domain_map(domain, 0x1000, BENCH_DATA, 0x1000, IOM_PROT_READ);
		if (!err)
			err = iom_domain_attach(domain, DEVICE + 1);
		if (!err)
			err = iom_device_allow(b->driver, DEVICE, IOM_DEVICE_PASID);
		if (!err)
			err = iom_domain_new_process(b->driver, &stage, &process, &b->error);
		if (!err)
			err = iom_domain_attach_pasid(process, DEVICE, 0xfffff);
		b->countdown = -1;
		CHECK(!err || err == IOM_ENOMEM);
		if (!err)
			CHECK_EQ(iom_domain_detach_pasid(process, DEVICE, 0xfffff), IOM_OK);
		if (domain && iom_domain_free(domain) == IOM_EBUSY) {
			CHECK_EQ(iom_domain_detach(domain, DEVICE + 1), IOM_OK);
			CHECK_EQ(iom_domain_free(domain), IOM_OK);
		}
		CHECK_EQ(iom_domain_free(process), IOM_OK);
		bench_free(b);
	}
	CHECK(n > 10);
}

TEST(vtd_bringup_and_back, "")
{
	static const uint64_t ecaps[] = { ECAP_LEGACY, ECAP_SCALABLE, COHERENT | IRO };
	unsigned n;

	for (n = 0; n < 3; n++) {
		struct bench *b = vtd_ready(CAP_48, ecaps[n]);
		uint64_t val;

		CHECK_EQ(iom_driver_free(b->driver), IOM_OK);
		b->driver = NULL;
		CHECK_EQ(b->live, 0);
		CHECK_EQ(bench_rd32(b, GSTS) & (GSTS_TES | GSTS_QIES), 0);
		CHECK_EQ(bench_dma_read(b, DEVICE, BENCH_DATA, &val), 0);
		CHECK_EQ(bench_up(b, NULL), IOM_OK);
		CHECK(bench_dma_read(b, DEVICE, BENCH_DATA, &val));
		bench_free(b);
	}
}

/* ---- Units of others ------------------------------------------------------------------------------ */

static uint64_t (*plain_read)(void *opaque, uint64_t off, unsigned size);

static uint64_t read_as_qemu(void *opaque, uint64_t off, unsigned size)
{
	uint64_t val = plain_read(opaque, off, size);

	return off == IQA && !(plain_read(opaque, GSTS, 4) & GSTS_QIES) ? val & 0xfff : val;
}

/* QEMU's unit tells the queue's address that it uses: none, while the queue is off. */
TEST(vtd_bringup_queue_address_late, "VTD-DRV-01")
{
	static const uint64_t ecaps[] = { ECAP_LEGACY, ECAP_SCALABLE };
	unsigned n;

	for (n = 0; n < 2; n++) {
		const struct iom_vtd_config config = vtd_unit(CAP_48, ecaps[n]);
		struct bench *b = bench_new_vtd(&config);

		plain_read = b->host.mmio_read;
		b->host.mmio_read = read_as_qemu;
		CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
		bench_free(b);
	}
}

/* The first word of the entry of requests without PASID of a device on bus 1. */
static uint64_t pasid_entry(struct bench *b)
{
	uint64_t root = bench_rd64(b, RTADDR) & ~0xfffull;
	uint64_t context = *bench_word(b, root + (DEVICE >> 8) * 16) & ~0xfffull;
	uint64_t directory = *bench_word(b, context + (DEVICE & 0xff) * 32) & ~0xfffull;
	uint64_t table = *bench_word(b, directory) & ~0xfffull;

	return *bench_word(b, table);
}

/*
 * AW without a second stage: reserved where scalable mode has none, but QEMU's unit, of version 1, takes
 * it for the width of the first stage.
 */
TEST(vtd_bringup_width_of_first_stage, "")
{
	static const struct {
		unsigned version, kind, aw;
		uint64_t ecap;
	} cases[] = {
		{ 0x10, IOM_DOMAIN_STAGE1, 2, ECAP_SCALABLE & ~(SSTS | NEST) },
		{ 0x10, IOM_DOMAIN_IDENTITY, 2, ECAP_SCALABLE & ~(SSTS | NEST) },
		{ 0x40, IOM_DOMAIN_STAGE1, 0, ECAP_SCALABLE & ~(SSTS | NEST) },
		{ 0x40, IOM_DOMAIN_IDENTITY, 0, ECAP_SCALABLE & ~(SSTS | NEST) },
		{ 0x40, IOM_DOMAIN_IDENTITY, 2, ECAP_SCALABLE },
	};
	unsigned n;

	for (n = 0; n < sizeof cases / sizeof cases[0]; n++) {
		struct iom_vtd_config config = vtd_unit(CAP_48, cases[n].ecap);
		struct iom_domain *domain;
		struct bench *b;

		config.version = cases[n].version;
		b = bench_ready_vtd(&config);
		domain = vtd_domain(b, cases[n].kind);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		CHECK_EQ(pasid_entry(b) >> 2 & 7, cases[n].aw);
		vtd_gone(b, domain, DEVICE);
	}
}

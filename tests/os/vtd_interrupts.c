/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts of devices: which are taken, and where their messages go. */
#include "vtd_interrupts.h"

/* ---- Remapped ------------------------------------------------------------------------------- */

static void check_refused(struct bench *b, uint32_t requester,
                          const struct iom_interrupt_message *m, unsigned code, uint32_t index)
{
	struct iom_os_fault *fault;

	CHECK_EQ(send(b, requester, m), code);
	fault = bench_one_fault(b, code);
	CHECK_EQ(fault->requester, requester);
	CHECK_EQ(fault->iova, index);
}

static void check_life(uint64_t cap, uint64_t ecap)
{
	struct bench *b = ready(cap, ecap, 16);
	const struct iom_interrupt_message compatible = { 0xfee01000, 0x41 };
	struct iom_interrupt_message m;
	uint32_t index;

	CHECK_EQ(bench_rd32(b, GSTS) & (GSTS_IRES | GSTS_IRTPS | GSTS_CFIS),
	         GSTS_IRES | GSTS_IRTPS);
	CHECK_EQ(bench_rd64(b, IRTA) & 0xfff, (ecap & EIM ? IRTA_EIME : 0) | 3);
	check_refused(b, DEVICE, &compatible, COMPATIBILITY, 0);

	(void)alloc(b, 1);
	index = alloc(b, 1);
	m = message_of(b, index);
	check_refused(b, DEVICE, &m, NOT_PRESENT, index);
	CHECK_EQ(set(b, index, 0x7f, 0x41), IOM_OK);
	check_arrives(b, &m, 0xfee7f000, 0x41);
	check_refused(b, OTHER, &m, WRONG_SOURCE, index);
	CHECK_EQ(set(b, index, 3, 0x10), IOM_OK);
	check_arrives(b, &m, 0xfee03000, 0x10);
	CHECK_EQ(set(b, index, 0x12345, 0xff), ecap & EIM ? IOM_OK : IOM_EINVAL);
	if (ecap & EIM)
		check_arrives(b, &m, 0x12300fee45000, 0xff);
	else
		check_arrives(b, &m, 0xfee03000, 0x10);
	CHECK_EQ(iom_interrupt_free(b->driver, index, 1), IOM_OK);
	check_refused(b, DEVICE, &m, NOT_PRESENT, index);

	/* to another device */
	CHECK_EQ(iom_interrupt_alloc(b->driver, OTHER, 1, &index), IOM_OK);
	CHECK_EQ(index, 1);
	CHECK_EQ(set(b, index, 0, 0x50), IOM_OK);
	check_refused(b, DEVICE, &m, WRONG_SOURCE, index);
	CHECK_EQ(send(b, OTHER, &m), 0);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

TEST(vtd_interrupts_life, "VTD-DRV-01 VTD-IR-03 VTD-IR-10 VTD-IR-16 VTD-IR-18")
{
	check_life(CAP_48, ECAP_IR);
	check_life(CAP_48, ECAP_IR & ~EIM);
	check_life(CAP_48 | ESIRTPS, ECAP_IR);
	/* a refused entry may be remembered */
	check_life(CAP_48 | CM, ECAP_IR);
	check_life(CAP_48, ECAP_SCALABLE | IR | EIM | MHMV(15));
}

/* Firmware let messages pass as they are. */
TEST(vtd_interrupts_compatibility, "VTD-DRV-01")
{
	struct bench *b = new_unit(CAP_48, ECAP_IR & ~EIM);

	CHECK_EQ(iom_mmio_write(b->unit, 0, GCMD, 4, GSTS_CFIS), IOM_OK);
	CHECK(bench_rd32(b, GSTS) & GSTS_CFIS);
	CHECK_EQ(up(b, 256), IOM_OK);
	CHECK(!(bench_rd32(b, GSTS) & GSTS_CFIS));
	CHECK(bench_rd32(b, GSTS) & GSTS_IRES);
	bench_free(b);
}

TEST(vtd_interrupts_entries, "VTD-IR-17 VTD-PI-10")
{
	struct bench *b = ready(CAP_PI, ECAP_IR, 256);
	struct iom_interrupt_target target = { .cpu = 0xabcdef01, .vector = 0x93 };
	uint32_t index = alloc(b, 2);

	CHECK_EQ(entry(b, index, 0), 0);
	CHECK_EQ(iom_interrupt_set(b->driver, index, &target), IOM_OK);
	CHECK_EQ(entry(b, index, 0), 0xabcdef0100930001);
	CHECK_EQ(entry(b, index, 1), 0x40000 | DEVICE);
	target.level = true;
	CHECK_EQ(iom_interrupt_set(b->driver, index, &target), IOM_OK);
	CHECK_EQ(entry(b, index, 0), 0xabcdef0100930011);
	target = (struct iom_interrupt_target){ .descriptor = 0x12fedcba40, .vector = 0x21 };
	CHECK_EQ(iom_interrupt_set(b->driver, index, &target), IOM_OK);
	CHECK_EQ(entry(b, index, 0), 0xfedcba4000218001);
	CHECK_EQ(entry(b, index, 1), 0x1200040000 | DEVICE);
	target.urgent = true;
	CHECK_EQ(iom_interrupt_set(b->driver, index, &target), IOM_OK);
	CHECK_EQ(entry(b, index, 0), 0xfedcba400021c001);
	CHECK_EQ(set(b, index, 1, 0x20), IOM_OK);
	CHECK_EQ(entry(b, index, 0), 0x100200001);
	CHECK_EQ(entry(b, index, 1), 0x40000 | DEVICE);
	/* the neighbour */
	CHECK_EQ(entry(b, index + 1, 0), 0);
	bench_free(b);

	b = ready(CAP_48, ECAP_IR & ~EIM, 256);
	index = alloc(b, 1);
	CHECK_EQ(set(b, index, 0xab, 0x20), IOM_OK);
	CHECK_EQ(entry(b, index, 0), 0xab0000200001);
	bench_free(b);
}

/* ---- Allocation ------------------------------------------------------------------------------- */

TEST(vtd_interrupts_alloc, "")
{
	struct bench *b = ready(CAP_48, ECAP_IR, 128);
	struct iom_interrupt_message m;
	uint64_t pin;
	uint32_t first;

	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 0, &first), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 3, &first), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 128, &first), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_alloc(b->driver, 0x10000, 1, &first), IOM_EINVAL);
	CHECK_EQ(alloc(b, 1), 0);
	CHECK_EQ(alloc(b, 4), 4);
	CHECK_EQ(alloc(b, 2), 2);
	CHECK_EQ(alloc(b, 1), 1);
	CHECK_EQ(alloc(b, 64), 64);
	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 64, &first), IOM_ENOSPC);
	CHECK_EQ(alloc(b, 32), 32);
	CHECK_EQ(alloc(b, 8), 8);
	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 32, &first), IOM_ENOSPC);

	/* exactly what was taken together */
	CHECK_EQ(iom_interrupt_free(b->driver, 4, 2), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 6, 2), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 0, 8), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 0, 2), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 4, 3), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 16, 1), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 128, 1), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 64, 32), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 32, 64), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 8, 16), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 4, 4), IOM_OK);
	CHECK_EQ(iom_interrupt_free(b->driver, 4, 4), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 64, 64), IOM_OK);
	CHECK_EQ(alloc(b, 2), 4);
	CHECK_EQ(iom_interrupt_free(b->driver, 4, 4), IOM_EINVAL);
	CHECK_EQ(alloc(b, 1), 6);
	CHECK_EQ(iom_interrupt_free(b->driver, 4, 2), IOM_OK);
	CHECK_EQ(iom_interrupt_free(b->driver, 6, 1), IOM_OK);
	CHECK_EQ(alloc(b, 4), 4);
	CHECK_EQ(iom_interrupt_free(b->driver, 4, 4), IOM_OK);
	CHECK_EQ(alloc(b, 2), 4);
	CHECK_EQ(iom_interrupt_free(b->driver, 0, 1), IOM_OK);
	CHECK_EQ(alloc(b, 1), 0);

	CHECK_EQ(set(b, 6, 0, 0x20), IOM_EINVAL);
	CHECK_EQ(set(b, 128, 0, 0x20), IOM_EINVAL);
	CHECK_EQ(set(b, 5, 0, 15), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_message(b->driver, 6, &m), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_ioapic(b->driver, 6, 0x20, false, false, &pin), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_ioapic(b->driver, 5, 15, false, false, &pin), IOM_EINVAL);
	bench_free(b);
}

/* The smallest table has no third interrupt. */
TEST(vtd_interrupts_few, "")
{
	struct bench *b = ready(CAP_48, ECAP_IR, 2);
	uint32_t first;

	CHECK_EQ(bench_rd64(b, IRTA) & 0xf, 0);
	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 4, &first), IOM_ENOSPC);
	CHECK_EQ(alloc(b, 2), 0);
	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 1, &first), IOM_ENOSPC);
	CHECK_EQ(iom_interrupt_free(b->driver, 2, 1), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 0, 2), IOM_OK);
	CHECK_EQ(alloc(b, 1), 0);
	CHECK_EQ(alloc(b, 1), 1);
	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 1, &first), IOM_ENOSPC);
	bench_free(b);
}

/* The largest one: bit 15 of the handle is elsewhere. */
TEST(vtd_interrupts_many, "VTD-IR-04 VTD-IR-05 VTD-IR-06 VTD-IR-23")
{
	struct bench *b = ready(CAP_48, ECAP_IR, 65536);
	struct iom_interrupt_message m;
	uint32_t n, first;
	uint64_t pin;

	CHECK_EQ(bench_rd64(b, IRTA) & 0xf, 15);
	for (n = 0; n < 65536; n += 64)
		CHECK_EQ(alloc(b, 64), n);
	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 1, &first), IOM_ENOSPC);
	m = message_of(b, 0xabcd);
	CHECK_EQ(m.address, 0xfee57818 | 4);
	CHECK_EQ(m.data, 0xd);
	m = message_of(b, 0x7fc0);
	CHECK_EQ(m.address, 0xfeeff818);
	CHECK_EQ(m.data, 0);
	CHECK_EQ(set(b, 0xabcd, 5, 0x77), IOM_OK);
	m = message_of(b, 0xabcd);
	check_arrives(b, &m, 0xfee05000, 0x77);

	CHECK_EQ(iom_interrupt_ioapic(b->driver, 0xabcd, 0x77, false, false, &pin), IOM_OK);
	CHECK_EQ(pin, 0x579b000000000877);
	CHECK_EQ(iom_interrupt_ioapic(b->driver, 0x1234, 0x66, true, true, &pin), IOM_OK);
	CHECK_EQ(pin, 0x246900000000a066);
	/* what an I/O APIC makes of the first */
	m = (struct iom_interrupt_message){ 0xfee579b4, 0x4077 };
	check_arrives(b, &m, 0xfee05000, 0x77);
	bench_free(b);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts of devices: every step of remapping and of posting once. */
#include <stdlib.h>
#include <string.h>

#include "interrupt_bench.h"

static void expect_message(struct ibench *b, uint64_t address, uint32_t data)
{
	CHECK_EQ(b->msis, 1);
	CHECK_EQ(b->address, address);
	CHECK_EQ(b->data, data);
	b->msis = 0;
}

static void expect_record(struct ibench *b, uint64_t address, uint32_t data, unsigned code,
                          uint64_t index)
{
	struct iom_reply reply;

	CHECK_EQ(iom_msi(b->endpoint, address, data, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, code);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	CHECK_EQ(b->msis, 0);
	CHECK_EQ(ibench_fault(b), code);
	CHECK_EQ(b->info, index << 48);
	CHECK_EQ(b->high & 0xffff, IBENCH_DEVICE);
	CHECK_EQ(ibench_fault(b), 0);
}

/* The same, and the question is answered so too, with nothing recorded. */
static void expect_fault(struct ibench *b, uint64_t address, uint32_t data, unsigned code,
                         uint64_t index)
{
	struct iom_route route;
	struct iom_reply reply;

	CHECK_EQ(iom_msi_translate(b->endpoint, address, data, &route, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, code);
	CHECK_EQ(ibench_fault(b), 0);
	expect_record(b, address, data, code, index);
}

/* Nothing is said of it. */
static void expect_silence(struct ibench *b, uint64_t address, uint32_t data, unsigned code)
{
	struct iom_reply reply;

	CHECK_EQ(iom_msi(b->endpoint, address, data, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, code);
	CHECK_EQ(ibench_fault(b), 0);
}

TEST(interrupts_pass_while_remapping_is_off, "VTD-IR-01 VTD-IR-26")
{
	struct ibench *b = ibench_new(0, 0);

	CHECK_EQ(iom_msi(b->endpoint, 0xfee01000, 0x4041, NULL), IOM_OK);
	expect_message(b, 0xfee01000, 0x4041);
	CHECK_EQ(ibench_write(b, 0xfee00018, 0xffff0001, 4), 0);
	expect_message(b, 0xfee00018, 0xffff0001);
	ibench_free(b);
}

TEST(interrupts_in_compatibility_format, "VTD-IR-02 VTD-IR-03")
{
	struct ibench *b = ibench_new(0, 0);

	ibench_on(b, 3);
	expect_fault(b, 0xfee01000, 0x41, 0x25, 0);
	ibench_gcmd(b, GCMD_CFI);
	CHECK_EQ(iom_msi(b->endpoint, 0xfee01000, 0x41, NULL), IOM_OK);
	expect_message(b, 0xfee01000, 0x41);
	ibench_free(b);

	b = ibench_new(0, 0);
	ibench_on(b, IRTA_EIME | 3);
	ibench_gcmd(b, GCMD_CFI);
	expect_fault(b, 0xfee01000, 0x41, 0x25, 0);
	ibench_free(b);
}

TEST(interrupts_remapped, "VTD-IR-04 VTD-IR-05 VTD-IR-06 VTD-IR-17")
{
	struct ibench *b = ibench_new(0, 0);
	const struct iom_request q = { .iova = 0xfee00010 | 5 << 5, .access = IOM_WRITE };
	struct iom_route route;
	struct iom_reply reply;
	uint32_t data = 0xabcd;

	ibench_on(b, 15);
	/* Logical, RH, level, lowest priority; APIC ID 0xa5. */
	ibench_irte(b, 5, 0x0000a50000770f3dull, 0);
	CHECK_EQ(iom_write(b->port, &q, &data, 4, &reply), IOM_OK);
	CHECK_EQ(reply.target, IOM_TARGET_INTERRUPT);
	CHECK_EQ(reply.done, 4);
	expect_message(b, 0xfee00000 | 0xa5 << 12 | 1 << 3 | 1 << 2, 0xc177);
	/* The question has the same answer, and sends nothing. */
	CHECK_EQ(iom_msi_translate(b->endpoint, 0xfee00010 | 5 << 5, 0, &route, NULL), IOM_OK);
	CHECK_EQ(route.kind, IOM_ROUTE_MESSAGE);
	CHECK_EQ(route.address, 0xfeea500c);
	CHECK_EQ(route.data, 0xc177);
	CHECK_EQ(b->msis, 0);
	/* Handle bit 15, and subhandle; an NMI is edge-triggered. */
	ibench_irte(b, 0x8007, 0x0000010000200091ull, 0);
	CHECK_EQ(iom_msi(b->endpoint, 0xfee00014 | 7 << 5, 0xffffffff, NULL), IOM_OK);
	expect_message(b, 0xfee01000, 0x4420);
	CHECK_EQ(iom_msi(b->endpoint, 0xfee0001c | 4 << 5, 3, NULL), IOM_OK);
	expect_message(b, 0xfee01000, 0x4420);
	ibench_free(b);

	b = ibench_new(0, 0);
	ibench_on(b, IRTA_EIME | 15);
	ibench_irte(b, 5, 0x1234567800300001ull, 0);
	CHECK_EQ(iom_msi(b->endpoint, 0xfee00010 | 5 << 5, 0, NULL), IOM_OK);
	expect_message(b, 0x12345600fee78000ull, 0x4030);
	ibench_free(b);
}

TEST(interrupts_refused, "VTD-IR-07 VTD-IR-08 VTD-IR-09 VTD-IR-10 VTD-IR-11 VTD-IR-15 VTD-IR-16 "
                         "VTD-IR-18 VTD-IR-28")
{
	struct ibench *b = ibench_new(IOM_VTD_UNCACHED, 0);
	const uint64_t two = 0xfee00010 | 2 << 5;

	ibench_on(b, 3);
	expect_fault(b, 0xfee00018 | 2 << 5, 0x10000, 0x20, 0);
	expect_fault(b, 0xfee00010 | 16 << 5, 0, 0x21, 16);
	expect_fault(b, two, 0, 0x22, 2);
	ibench_irte(b, 2, 2, 0);
	expect_silence(b, two, 0, 0x22);
	ibench_irte(b, 2, 0x01000001, 0);
	expect_fault(b, two, 0, 0x24, 2);
	ibench_irte(b, 2, 0x0000000100000001ull, 0);
	expect_fault(b, two, 0, 0x24, 2);
	ibench_irte(b, 2, 0x01000003, 0);
	expect_silence(b, two, 0, 0x24);
	/* The source is judged first. */
	ibench_irte(b, 2, 0x01000001, 1 << 18 | (IBENCH_DEVICE ^ 1));
	expect_fault(b, two, 0, 0x26, 2);
	ibench_irte(b, 2, 0x01000001, 3 << 18);
	expect_fault(b, two, 0, 0x26, 2);
	CHECK_EQ(iom_memory_poison(b->memory, IBENCH_TABLE + 32, 16), IOM_OK);
	ibench_irte(b, 2, 3, 0);
	expect_fault(b, two, 0, 0x23, 2);
	ibench_free(b);

	b = ibench_new(IOM_VTD_UNCACHED | IOM_VTD_RESERVED_FIRST, 0);
	ibench_on(b, 3);
	ibench_irte(b, 2, 0x01000001, 1 << 18 | (IBENCH_DEVICE ^ 1));
	expect_fault(b, two, 0, 0x24, 2);
	ibench_free(b);
}

TEST(interrupts_by_source, "VTD-IR-12 VTD-IR-13 VTD-IR-14")
{
	static const struct {
		uint32_t high;
		bool good;
	} sources[] = {
		{ 0, true },
		{ 0 << 18 | 0xffff, true },
		{ 1 << 18 | IBENCH_DEVICE, true },
		{ 1 << 18 | (IBENCH_DEVICE ^ 4), false },
		{ 1 << 18 | 1 << 16 | (IBENCH_DEVICE ^ 4), true },
		{ 1 << 18 | 1 << 16 | (IBENCH_DEVICE ^ 2), false },
		{ 1 << 18 | 2 << 16 | (IBENCH_DEVICE ^ 6), true },
		{ 1 << 18 | 2 << 16 | (IBENCH_DEVICE ^ 1), false },
		{ 1 << 18 | 3 << 16 | (IBENCH_DEVICE ^ 7), true },
		{ 1 << 18 | 3 << 16 | (IBENCH_DEVICE ^ 8), false },
		{ 2 << 18 | 0x0303, true },
		{ 2 << 18 | 0x0103, true },
		{ 2 << 18 | 0x0308, true },
		{ 2 << 18 | 0x0408, false },
		{ 2 << 18 | 0x0102, false },
	};
	struct ibench *b = ibench_new(IOM_VTD_UNCACHED, 0);

	ibench_on(b, 3);
	for (unsigned i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		ibench_irte(b, 2, 0x300001, sources[i].high);
		CHECK_MSG(iom_msi(b->endpoint, 0xfee00050, 0, NULL) ==
		                  (sources[i].good ? IOM_OK : IOM_EFAULT),
		          "source 0x%x", sources[i].high);
	}
	ibench_free(b);
}

TEST(interrupt_range_takes_nothing_else, "VTD-IAR-01 VTD-IAR-02 VTD-IAR-03")
{
	struct ibench *b = ibench_new(0, 0);
	struct iom_request q = { .iova = 0xfee00000 };
	struct iom_reply reply;
	uint64_t old = 0;

	CHECK_EQ(ibench_write(b, 0xfee00000, 1, 2), 0x29);
	CHECK_EQ(ibench_fault(b), 0x29);
	CHECK_EQ(b->info, 0);
	CHECK_EQ(ibench_write(b, 0xfee00000, 1, 8), 0x29);
	CHECK_EQ(ibench_write(b, 0xfee00002, 1, 4), 0x29);
	CHECK_EQ(ibench_write(b, 0xfee00000, 1, 0), 0x29);
	CHECK_EQ(iom_read(b->port, &q, &old, 4, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x29);
	CHECK_EQ(iom_atomic(b->port, &q, IOM_SWAP, 1, 0, 4, &old, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x29);
	CHECK_EQ(iom_read(b->port, &q, &old, 0, &reply), IOM_OK);
	CHECK_EQ(b->msis, 0);
	/* Bounds: nobody is there, but they are memory. */
	CHECK_EQ(ibench_write(b, 0xfee00000 - 4, 1, 4), 0);
	CHECK_EQ(ibench_write(b, 0xfef00000, 1, 4), 0);
	CHECK_EQ(b->msis, 0);
	ibench_free(b);
}

TEST(interrupts_that_must_be_remapped, "VTD-IR-25")
{
	struct ibench *b = ibench_new(0, 1ull << 62);

	expect_fault(b, 0xfee01000, 0x41, 0x2b, 0);
	ibench_free(b);
	b = ibench_new(0, 1ull << 61);
	ibench_on(b, 3);
	expect_fault(b, 0xfee01000, 0x41, 0x2a, 0);
	expect_fault(b, 0xfee00010, 0, 0x2a, 0);
	ibench_free(b);
}

/* ---- Posting ------------------------------------------------------------------------------ */

#define PID IBENCH_DESCRIPTOR
#define POSTED(vector, urgent)                                                                     \
	((PID & 0xffffffc0ull) << 32 | (uint64_t)(vector) << 16 | 1 << 15 | (urgent) << 14 | 1)
#define CONTROL(ndst, nv) ((uint64_t)(ndst) << 32 | (uint64_t)(nv) << 16)

TEST(interrupts_posted, "VTD-PI-02 VTD-PI-03 VTD-PI-04 VTD-PI-05 VTD-PI-06 VTD-PI-08 VTD-PI-10 "
                        "VTD-PI-13 "
                        "IRQ-PI-01 IRQ-PI-02 IRQ-PI-03 IRQ-PI-04 IRQ-PI-05 IRQ-PI-06")
{
	struct ibench *b = ibench_new(IOM_VTD_UNCACHED, 0);
	struct iom_route route;

	ibench_on(b, 3);
	ibench_irte(b, 1, POSTED(0x83, 0), (PID >> 32) << 32);
	ibench_put(b, PID + 32, CONTROL(0x4200, 0xf2));
	CHECK_EQ(iom_msi_translate(b->endpoint, 0xfee00030, 0, &route, NULL), IOM_OK);
	CHECK_EQ(route.kind, IOM_ROUTE_POSTED);
	CHECK_EQ(route.address, PID);
	CHECK_EQ(route.vector, 0x83);
	CHECK(!route.urgent);
	CHECK_EQ(ibench_get(b, PID + 16), 0);
	CHECK_EQ(b->msis, 0);

	CHECK_EQ(iom_msi(b->endpoint, 0xfee00030, 0x8000, NULL), IOM_OK);
	expect_message(b, 0xfee42000, 0x40f2);
	CHECK_EQ(ibench_get(b, PID + 16), 1 << 3);
	CHECK_EQ(ibench_get(b, PID + 32), CONTROL(0x4200, 0xf2) | 1);
	/* ON is set. */
	ibench_irte(b, 1, POSTED(0, 1), (PID >> 32) << 32);
	CHECK_EQ(iom_msi(b->endpoint, 0xfee00030, 0, NULL), IOM_OK);
	CHECK_EQ(ibench_get(b, PID), 1);
	CHECK_EQ(b->msis, 0);
	/* SN is, and the vector is not urgent; then it is. */
	ibench_put(b, PID + 32, CONTROL(0x4200, 0xf2) | 2);
	ibench_irte(b, 1, POSTED(255, 0), (PID >> 32) << 32);
	CHECK_EQ(iom_msi(b->endpoint, 0xfee00030, 0, NULL), IOM_OK);
	CHECK_EQ(ibench_get(b, PID + 24), 1ull << 63);
	CHECK_EQ(ibench_get(b, PID + 32), CONTROL(0x4200, 0xf2) | 2);
	CHECK_EQ(b->msis, 0);
	ibench_irte(b, 1, POSTED(254, 1), (PID >> 32) << 32);
	CHECK_EQ(iom_msi(b->endpoint, 0xfee00030, 0, NULL), IOM_OK);
	CHECK_EQ(ibench_get(b, PID + 24), 3ull << 62);
	CHECK_EQ(ibench_get(b, PID + 32), CONTROL(0x4200, 0xf2) | 3);
	expect_message(b, 0xfee42000, 0x40f2);
	ibench_free(b);
}

TEST(interrupts_posted_to_x2apic, "IRQ-PI-07")
{
	struct ibench *b = ibench_new(IOM_VTD_UNCACHED, 0);

	ibench_on(b, IRTA_EIME | 3);
	ibench_irte(b, 1, POSTED(0x83, 0), (PID >> 32) << 32);
	ibench_put(b, PID + 32, CONTROL(0x12345678, 0xf2));
	CHECK_EQ(iom_msi(b->endpoint, 0xfee00030, 0, NULL), IOM_OK);
	expect_message(b, 0x12345600fee78000ull, 0x40f2);
	ibench_free(b);
}

/* Software clears ON and takes what is pending, just before the unit sets its bit. */
static void take(struct ibench *b, uint64_t spa)
{
	if (spa == IBENCH_SERVED + 32)
		return;
	CHECK_EQ(spa, IBENCH_SERVED + 8);
	b->on_cas = NULL;
	b->served[4] &= ~1ull;
	b->served[1] = 0;
}

TEST(interrupts_posted_behind_softwares_back, "VTD-PI-09 IRQ-PI-08")
{
	struct ibench *b = ibench_new(IOM_VTD_UNCACHED, 0);

	ibench_on(b, 3);
	ibench_irte(b, 1, IBENCH_SERVED << 32 | 0x41 << 16 | 1 << 15 | 1, 0);
	b->served[4] = CONTROL(0x4200, 0xf2) | 1;
	b->served[1] = 1;
	b->on_cas = take;
	CHECK_EQ(iom_msi(b->endpoint, 0xfee00030, 0, NULL), IOM_OK);
	CHECK_EQ(b->served[1], 2);
	CHECK_EQ(b->served[4], CONTROL(0x4200, 0xf2) | 1);
	expect_message(b, 0xfee42000, 0x40f2);
	ibench_free(b);
}

TEST(interrupts_not_posted, "VTD-PI-07 VTD-PI-11 VTD-PI-12 VTD-IR-28")
{
	struct ibench *b = ibench_new(IOM_VTD_UNCACHED, 0);
	static const struct {
		unsigned off;
		uint64_t bits;
	} reserved[] = {
		{ 32, 1 << 2 },     { 32, 1 << 15 },    { 32, 1 << 24 }, { 32, 1ull << 32 },
		{ 32, 1ull << 48 }, { 32, 1ull << 63 }, { 40, 1 },       { 56, 1ull << 63 },
	};

	ibench_on(b, 3);
	ibench_irte(b, 1, POSTED(0x83, 0), (PID >> 32) << 32);
	for (unsigned i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		ibench_put(b, PID + reserved[i].off, reserved[i].bits);
		expect_record(b, 0xfee00030, 0, 0x28, 1);
		for (unsigned off = 0; off < 64; off += 8)
			CHECK_EQ(ibench_get(b, PID + off),
			         off == reserved[i].off ? reserved[i].bits : 0);
		ibench_put(b, PID + reserved[i].off, 0);
	}
	ibench_irte(b, 1, POSTED(0x83, 0) | 2, (PID >> 32) << 32);
	ibench_put(b, PID + 32, 1 << 2);
	expect_silence(b, 0xfee00030, 0, 0x28);
	CHECK_EQ(iom_memory_poison(b->memory, PID + 56, 8), IOM_OK);
	expect_silence(b, 0xfee00030, 0, 0x27);
	ibench_irte(b, 1, POSTED(0x83, 0), (PID >> 32) << 32);
	expect_record(b, 0xfee00030, 0, 0x27, 1);
	CHECK_EQ(ibench_get(b, PID + 16), 0);
	/* Beyond the host's addresses, and a reserved bit of the entry. */
	ibench_irte(b, 1, POSTED(0x83, 0), 1ull << 63);
	expect_fault(b, 0xfee00030, 0, 0x24, 1);
	ibench_irte(b, 1, POSTED(0x83, 0) | 1ull << 37, 0);
	expect_fault(b, 0xfee00030, 0, 0x24, 1);
	ibench_free(b);
}

TEST(interrupts_not_posted_without_the_capability, "VTD-PI-01")
{
	struct ibench *b = ibench_new_without(1ull << 59);

	ibench_on(b, 3);
	ibench_irte(b, 1, POSTED(0x83, 0), (PID >> 32) << 32);
	expect_fault(b, 0xfee00030, 0, 0x24, 1);
	ibench_free(b);
}

/* ---- The interrupt entry cache ------------------------------------------------------------ */

TEST(interrupt_entries_are_forgotten, "VTD-IR-19 VTD-IR-20")
{
	struct ibench *b = ibench_new(0, 0);

	ibench_on(b, 3);
	for (unsigned i = 0; i < 16; i++)
		ibench_irte(b, i, 0x300001, 0);
	for (unsigned i = 0; i < 16; i++)
		CHECK_EQ(iom_msi(b->endpoint, 0xfee00010 | i << 5, 0, NULL), IOM_OK);
	for (unsigned i = 0; i < 16; i++)
		ibench_irte(b, i, 0x310001, 0);
	/* By index, 4 of them: 4..7. */
	b->changes = 0;
	ibench_descriptor(b, 4 | 1 << 4 | 2u << 27 | 5ull << 32);
	CHECK_EQ(b->changes, 1);
	CHECK_EQ(b->first, 4);
	CHECK_EQ(b->last, 7);
	for (unsigned i = 0; i < 16; i++) {
		CHECK_EQ(iom_msi(b->endpoint, 0xfee00010 | i << 5, 0, NULL), IOM_OK);
		CHECK_EQ(b->data, i / 4 == 1 ? 0x4031 : 0x4030);
	}
	ibench_descriptor(b, 4);
	CHECK_EQ(b->changes, 2);
	CHECK_EQ(b->first, 0);
	CHECK_EQ(b->last, UINT32_MAX);
	for (unsigned i = 0; i < 16; i++) {
		CHECK_EQ(iom_msi(b->endpoint, 0xfee00010 | i << 5, 0, NULL), IOM_OK);
		CHECK_EQ(b->data, 0x4031);
	}
	ibench_free(b);
}

/* The latched table is another, the cached entry is not: only ESIRTPS makes hardware forget it. */
TEST(interrupt_entries_are_forgotten_with_their_table, "VTD-IR-24")
{
	struct ibench *b = ibench_new(0, 0);

	ibench_on(b, 3);
	ibench_irte(b, 5, 0x300001, 0);
	CHECK_EQ(iom_msi(b->endpoint, 0xfee000b0, 0, NULL), IOM_OK);
	ibench_irte(b, 5, 0x310001, 0);
	b->changes = 0;
	ibench_table(b, 3);
	CHECK_EQ(b->changes, 1);
	CHECK_EQ(b->last, UINT32_MAX);
	CHECK_EQ(iom_msi(b->endpoint, 0xfee000b0, 0, NULL), IOM_OK);
	CHECK_EQ(b->data, 0x4031);
	b->msis = 0;
	ibench_table(b, 1);
	expect_fault(b, 0xfee000b0, 0, 0x21, 5);
	ibench_free(b);
}

#define STATUS (IBENCH_QUEUE + 0x1000)

/* Another CPU frees the entry while the message is on its way. */
static void free_entry(struct ibench *b)
{
	b->on_msi = NULL;
	ibench_irte(b, 5, 0, 0);
	ibench_queue(b, 4, 0);
	ibench_queue(b, 5 | 1 << 5 | 7ull << 32, STATUS);
	CHECK_EQ(ibench_get(b, STATUS), 0);
}

TEST(interrupts_under_way_are_awaited, "")
{
	for (unsigned by_port = 0; by_port < 2; by_port++) {
		struct ibench *b = ibench_new(0, 0);

		ibench_on(b, 3);
		ibench_irte(b, 5, 0x300001, 0);
		b->on_msi = free_entry;
		if (by_port)
			CHECK_EQ(ibench_write(b, 0xfee000b0, 0, 4), 0);
		else
			CHECK_EQ(iom_msi(b->endpoint, 0xfee000b0, 0, NULL), IOM_OK);
		CHECK_EQ(b->msis, 1);
		CHECK_EQ(ibench_get(b, STATUS), 7);
		b->msis = 0;
		expect_fault(b, 0xfee000b0, 0, 0x22, 5);
		ibench_free(b);
	}
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The fault queue as a ring and the layout of a record.  The plainest fault is 258 of a device
 * without a context; what each cause records stands in fault_causes.c.
 */
#include <string.h>

#include "rig.h"
#include "sheet.h"

/* A rig whose directory is empty: every request of every device is cause 258. */
static struct rig *faulty(void)
{
	struct rig *r = rig_new(0);

	rig_ddt(r, 3);
	return r;
}

/* A fault that can be told from others by its IOVA. */
static void fault(struct rig *r, uint64_t iova)
{
	CHECK_EQ(rig_cause(r, 0x123456, iova, IOM_READ), 258);
}

static void expect(struct rig *r, uint64_t iova)
{
	rig_expect(r, rig_record(258, 2, 0x123456), iova, 0);
}

/* One page that refuses stores until it is mended. */
#define FRAGILE 0x20000000ull
static uint64_t fragile_page[512];

static void add_fragile(struct rig *r, uint32_t flags)
{
	const struct iom_region region = {
		.spa = FRAGILE, .bytes = sizeof fragile_page, .host = fragile_page, .flags = flags
	};

	CHECK_EQ(iom_memory_add(r->memory, &region, NULL), IOM_OK);
}

static void mend_fragile(struct rig *r)
{
	CHECK_EQ(iom_memory_remove(r->memory, FRAGILE), IOM_OK);
	add_fragile(r, 0);
}

TEST(record_of_an_untranslated_read, "RV-FQ-01")
{
	static const struct {
		uint32_t device, pid;
		uint64_t iova;
	} rounds[] = {
		{ 0xffffff, 0xfffff, ~0ull - 7 },
		{ 0x123456, 0xabcde, 0x123456789abcdef8ull },
		{ 1, 1, 8 },
		{ 0x800000, 0x80000, 1ull << 63 },
		{ 0, 0, 0 },
	};
	struct rig *r = faulty();

	rig_fq(r, 4, false);
	for (unsigned i = 0; i < COUNT(rounds); i++) {
		uint64_t rec[4];

		CHECK_EQ(rig_cause_pid(r, rounds[i].device, rounds[i].iova, IOM_READ, rounds[i].pid,
		                       true),
		         258);
		CHECK(rig_fault(r, rec));
		CHECK_EQ(rec[0] & 0xfff, 258);                   /* CAUSE */
		CHECK_EQ(rec[0] >> 12 & 0xfffff, rounds[i].pid); /* PID   */
		CHECK_EQ(rec[0] >> 32 & 1, 1);                   /* PV    */
		CHECK_EQ(rec[0] >> 33 & 1, 1);                   /* PRIV  */
		CHECK_EQ(rec[0] >> 34 & 0x3f, 2);                /* TTYP  */
		CHECK_EQ(rec[0] >> 40, rounds[i].device);        /* DID   */
		CHECK_EQ(rec[1], 0);
		CHECK_EQ(rec[2], rounds[i].iova);
		CHECK_EQ(rec[3], 0);
	}
	rig_free(r);
}

TEST(process_id_and_privilege_in_a_record, "RV-FQ-02 RV-FQ-03")
{
	for (unsigned flags = 0; flags < 4; flags++) {
		const struct iom_request q = {
			.iova = 0x1000, .bytes = 8, .pasid = 0xfffff, .flags = (uint16_t)flags
		};
		struct rig *r = faulty();
		uint64_t should = rig_record(258, 2, 7);

		rig_fq(r, 2, false);
		if (flags & IOM_REQ_PASID) {
			should |= 0xfffffull << 12 | 1ull << 32;
			if (flags & IOM_REQ_PRIVILEGED)
				should |= 1ull << 33;
		}
		CHECK_EQ(rig_cause_of(r, 7, &q), 258);
		rig_expect(r, should, 0x1000, 0);
		rig_free(r);
	}
}

/* What on_device_write saw of a queue that lies in the device page. */
static unsigned seen_tail, seen_msis, stores;

static void look_at_tail(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	(void)buf;
	CHECK_EQ(rd32(r, FQT), seen_tail);
	CHECK_EQ(r->msis, seen_msis);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK(off >= 32ull * seen_tail && off + len <= 32ull * (seen_tail + 1));
	stores += (unsigned)len;
}

TEST(record_is_there_before_the_tail_moves, "RV-FQ-06")
{
	struct rig *r = faulty();

	/* wraps: a queue of 4 carries 50 records, one, two or three at a time */
	rig_fq(r, 2, false);
	for (unsigned n = 0; n < 50; n++) {
		for (unsigned i = 0; i <= n % 3; i++) {
			uint32_t tail = rd32(r, FQT);

			fault(r, 0x1000 * (n + i));
			CHECK_EQ(rd32(r, FQT), (tail + 1) % 4);
		}
		for (unsigned i = 0; i <= n % 3; i++)
			expect(r, 0x1000 * (n + i));
		rig_expect_none(r);
	}
	CHECK_EQ(rd32(r, FQCSR), EN | ON);

	/* order: every byte of the record is stored while fqt still points at it */
	wr32(r, FQCSR, 0);
	wr64(r, FQB, PPN_OF(RIG_DEVICE) | 1);
	wr32(r, FQCSR, EN | IE);
	r->on_device_write = look_at_tail;
	seen_msis = 0;
	for (seen_tail = 0; seen_tail < 3; seen_tail++) {
		stores = 0;
		fault(r, 0x1000);
		CHECK_EQ(stores, 32);
		CHECK_EQ(rd32(r, FQT), seen_tail + 1);
		CHECK_EQ(r->msis, ++seen_msis);
		wr32(r, IPSR, FIP);
	}
	rig_free(r);
}

TEST(full_queue_overflows, "RV-FQ-07")
{
	for (unsigned head = 0; head < 8; head++) {
		struct rig *r = faulty();
		uint64_t base = rig_fq(r, 3, false);

		for (unsigned i = 0; i < head; i++) {
			fault(r, 0x9000);
			expect(r, 0x9000);
		}
		for (unsigned i = 0; i < 7; i++)
			fault(r, 0x1000 * i);
		CHECK_EQ(rd32(r, FQCSR), EN | ON);
		CHECK_EQ(rd32(r, FQT), (head + 7) % 8);
		put64(r, base + 32 * ((head + 7) % 8) + 16, 0x5a5a);
		fault(r, 0x8000);
		CHECK_EQ(rd32(r, FQCSR), EN | ON | OF);
		CHECK_EQ(rd32(r, FQT), (head + 7) % 8);
		CHECK_EQ(ram64(r, base + 32 * ((head + 7) % 8) + 16), 0x5a5a);
		for (unsigned i = 0; i < 7; i++)
			expect(r, 0x1000 * i);
		rig_expect_none(r);
		rig_free(r);
	}
}

TEST(overflow_lasts_until_it_is_cleared, "RV-FQ-08")
{
	struct rig *r = faulty();

	rig_fq(r, 1, false);
	fault(r, 0x1000);
	fault(r, 0x2000);
	expect(r, 0x1000);
	fault(r, 0x3000);
	rig_expect_none(r);
	CHECK_EQ(rd32(r, FQCSR), EN | ON | OF);
	wr32(r, FQCSR, EN); /* clears nothing */
	fault(r, 0x4000);
	rig_expect_none(r);
	wr32(r, FQCSR, EN | OF);
	CHECK_EQ(rd32(r, FQCSR), EN | ON);
	rig_expect_none(r); /* what was dropped does not come back */
	fault(r, 0x5000);
	expect(r, 0x5000);
	rig_free(r);
}

TEST(refused_store_of_a_record, "RV-FQ-09")
{
	struct rig *r = faulty();

	memset(fragile_page, 0, sizeof fragile_page);
	add_fragile(r, IOM_REGION_READONLY);
	wr64(r, FQB, PPN_OF(FRAGILE) | 3);
	wr32(r, FQCSR, EN);
	fault(r, 0x1000);
	CHECK_EQ(rd32(r, FQCSR), EN | ON | MF);
	CHECK_EQ(rd32(r, FQT), 0);

	/* memory is good again, but the bit holds records back */
	mend_fragile(r);
	fault(r, 0x2000);
	CHECK_EQ(rd32(r, FQT), 0);
	for (unsigned i = 0; i < 512; i++)
		CHECK_EQ(fragile_page[i], 0);

	wr32(r, FQCSR, EN | MF);
	CHECK_EQ(rd32(r, FQCSR), EN | ON);
	CHECK_EQ(rd32(r, FQT), 0);
	fault(r, 0x3000);
	CHECK_EQ(rd32(r, FQT), 1);
	CHECK_EQ(fragile_page[2], 0x3000);
	rig_free(r);
}

TEST(disabled_queue_drops_silently, "RV-FQ-10")
{
	struct rig *r = faulty();
	uint64_t base = rig_fq(r, 1, true);

	wr32(r, FQCSR, IE);
	for (unsigned i = 0; i < 3; i++)
		fault(r, 0x1000);
	CHECK_EQ(rd32(r, FQCSR), IE);
	CHECK_EQ(rd32(r, FQT), 0);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK_EQ(r->msis, 0);
	for (unsigned i = 0; i < 64; i += 8)
		CHECK_EQ(ram64(r, base + i), 0);
	wr32(r, FQCSR, EN | IE);
	CHECK_EQ(rd32(r, FQCSR), EN | IE | ON);
	CHECK_EQ(rd32(r, IPSR), 0);
	rig_free(r);
}

TEST(enabling_zeroes_tail_and_errors, "RV-FQ-11")
{
	struct rig *r = faulty();

	memset(fragile_page, 0, sizeof fragile_page);
	for (unsigned error = 0; error < 2; error++) {
		uint32_t bit = error ? MF : OF;

		rig_fq(r, 2, false);
		for (unsigned i = 0; i < 4; i++)
			fault(r, 0x1000);
		CHECK_EQ(rd32(r, FQT), 3);
		CHECK_EQ(rd32(r, FQCSR), EN | ON | OF);
		if (error) {
			wr32(r, FQCSR, 0);
			wr64(r, FQB, PPN_OF(RIG_NOWHERE) | 1);
			wr32(r, FQCSR, EN);
			fault(r, 0x1000);
		}
		CHECK_EQ(rd32(r, FQCSR), EN | ON | bit);
		wr32(r, FQCSR, 0);
		CHECK_EQ(rd32(r, FQCSR), bit);
		wr32(r, FQH, 2);
		wr32(r, FQCSR, EN);
		CHECK_EQ(rd32(r, FQCSR), EN | ON);
		CHECK_EQ(rd32(r, FQT), 0);
		CHECK_EQ(rd32(r, FQH), 2);
		wr32(r, FQCSR, 0);
	}
	rig_free(r);
}

TEST(disabling_frees_the_base, "RV-FQ-12")
{
	struct rig *r = faulty();

	rig_fq(r, 2, false);
	wr32(r, FQCSR, 0);
	CHECK_EQ(rd32(r, FQCSR), 0);
	wr64(r, FQB, PPN_OF(RIG_RAM + 0x10000) | 4);
	CHECK_EQ(rd64(r, FQB), PPN_OF(RIG_RAM + 0x10000) | 4);
	rig_free(r);
}

TEST(base_is_frozen_while_on, "RV-FQ-13")
{
	struct rig *r = faulty();
	uint64_t was;

	rig_fq(r, 2, false);
	was = rd64(r, FQB);
	fault(r, 0x1000);
	fault(r, 0x1000);
	wr32(r, FQH, 1);
	wr64(r, FQB, PPN_OF(RIG_RAM + 0x10000) | 4);
	CHECK_EQ(rd64(r, FQB), was);
	wr32(r, FQB, 0);
	CHECK_EQ(rd64(r, FQB), was);
	wr32(r, FQB + 4, ~0u);
	CHECK_EQ(rd64(r, FQB), was);
	CHECK_EQ(rd32(r, FQH), 1);
	rig_free(r);
}

TEST(head_has_the_bits_of_the_queue, "RV-FQ-14")
{
	struct iom_riscv_config c = { .queue_lg2 = 20 };
	struct rig *r = rig_new_config(&c);

	for (unsigned lg2 = 1; lg2 <= 20; lg2++) {
		wr64(r, FQB, 19);
		wr32(r, FQH, ~0u);
		CHECK_EQ(rd32(r, FQH), 0xfffff);
		wr64(r, FQB, lg2 - 1);
		CHECK_EQ(rd32(r, FQH) >> lg2, 0);
		wr32(r, FQH, ~0u);
		CHECK_EQ(rd32(r, FQH), (1u << lg2) - 1);
		wr32(r, FQH, 0x55555);
		CHECK_EQ(rd32(r, FQH), 0x55555 & ((1u << lg2) - 1));
	}
	rig_free(r);
}

TEST(tail_is_the_units, "")
{
	struct rig *r = faulty();

	rig_fq(r, 3, false);
	fault(r, 0x1000);
	wr32(r, FQT, 5);
	CHECK_EQ(rd32(r, FQT), 1);
	rig_free(r);
}

TEST(smallest_queue_holds_one_record, "RV-FQ-15")
{
	struct rig *r = faulty();

	rig_fq(r, 1, false);
	for (unsigned i = 0; i < 5; i++) {
		fault(r, 0x1000 * i);
		CHECK_EQ(rd32(r, FQCSR), EN | ON);
		expect(r, 0x1000 * i);
		rig_expect_none(r);
	}
	fault(r, 0x1000);
	fault(r, 0x2000);
	CHECK_EQ(rd32(r, FQCSR), EN | ON | OF);
	expect(r, 0x1000);
	rig_expect_none(r);
	rig_free(r);
}

TEST(largest_queue_can_be_probed, "RV-FQ-16")
{
	for (unsigned lg2 = 0; lg2 <= 20; lg2++) {
		struct iom_riscv_config c = { .queue_lg2 = (uint8_t)lg2 };
		struct rig *r = rig_new_config(&c);
		unsigned max = lg2 ? lg2 : 16;

		for (unsigned field = 0; field < 32; field++) {
			wr64(r, FQB, PPN_OF(RIG_RAM));
			wr64(r, FQB, field);
			CHECK_EQ(rd64(r, FQB), field < max ? field : max - 1);
		}
		rig_free(r);
	}
}

TEST(records_follow_the_byte_order, "RV-FQ-20")
{
	struct rig *little = rig_new(0), *big = rig_new(0);
	uint64_t a, b;

	wr32(big, FCTL, BE);
	a = rig_fq(little, 2, false);
	b = rig_fq(big, 2, false);
	for (unsigned i = 0; i < 2; i++) {
		struct rig *r = i ? big : little;

		CHECK_EQ(rig_cause_pid(r, 0x123456, 0x123456789abcdef0ull, IOM_WRITE, 0x12345,
		                       true),
		         256);
		CHECK_EQ(rd32(r, FQT), 1);
	}
	CHECK(ram64(little, a));
	CHECK(ram64(little, a + 16));
	for (unsigned dw = 0; dw < 4; dw++)
		CHECK_EQ(ram64(big, b + 8 * dw), swap64(ram64(little, a + 8 * dw)));
	rig_free(little);
	rig_free(big);
}

/* Three ways to an interrupt, with and without its enable. */
TEST(interrupt_pending_of_the_queue, "RV-FQ-21")
{
	for (unsigned fie = 0; fie < 2; fie++) {
		struct rig *r = faulty();

		rig_fq(r, 1, fie);
		CHECK_EQ(rd32(r, IPSR), 0);
		fault(r, 0x1000); /* a record */
		CHECK_EQ(rd32(r, IPSR), fie ? FIP : 0);
		wr32(r, IPSR, FIP);
		CHECK_EQ(rd32(r, IPSR), 0);
		fault(r, 0x2000); /* an overflow */
		CHECK_EQ(rd32(r, FQCSR) & OF, OF);
		CHECK_EQ(rd32(r, IPSR), fie ? FIP : 0);

		wr32(r, FQCSR, 0);
		wr32(r, IPSR, FIP);
		CHECK_EQ(rd32(r, IPSR), 0);
		wr64(r, FQB, PPN_OF(RIG_NOWHERE));
		wr32(r, FQCSR, fie ? EN | IE : EN);
		CHECK_EQ(rd32(r, IPSR), 0);
		fault(r, 0x3000); /* a refused store */
		CHECK_EQ(rd32(r, FQCSR) & MF, MF);
		CHECK_EQ(rd32(r, IPSR), fie ? FIP : 0);
		rig_free(r);
	}
}

TEST(base_beyond_the_physical_width, "RV-FQ-22")
{
	struct rig *r = rig_new((CAP_EXT & ~CAP_PAS(63)) | CAP_PAS(32));
	const struct iom_region beyond = { .spa = 1ull << 32,
		                           .bytes = sizeof fragile_page,
		                           .host = fragile_page };

	memset(fragile_page, 0, sizeof fragile_page);
	CHECK_EQ(iom_memory_add(r->memory, &beyond, NULL), IOM_OK);
	wr64(r, FQB, PPN_OF(beyond.spa) | 3);
	wr32(r, FQCSR, EN);
	CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 256);
	CHECK_EQ(rd32(r, FQCSR), EN | ON | MF);
	CHECK_EQ(rd32(r, FQT), 0);
	for (unsigned i = 0; i < 512; i++)
		CHECK_EQ(fragile_page[i], 0);
	rig_free(r);
}

TEST(dropped_records_are_silent, "RV-FQ-23")
{
	struct rig *r = faulty();

	/* dropped by DTF: a process_id without PDTV is 260 */
	rig_fq(r, 1, true);
	rig_dc_put(r, 5, 1 | 1 << 4, 0, 0, 0);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(rig_cause_pid(r, 5, 0x1000, IOM_READ, 1, false), 260);
	CHECK_EQ(rd32(r, FQCSR), EN | IE | ON);
	CHECK_EQ(rd32(r, FQT), 0);
	CHECK_EQ(rd32(r, IPSR), 0);
	/* and when the queue is full, too */
	fault(r, 0x1000);
	wr32(r, IPSR, FIP);
	CHECK_EQ(rig_cause_pid(r, 5, 0x1000, IOM_READ, 1, false), 260);
	CHECK_EQ(rd32(r, FQCSR), EN | IE | ON);
	CHECK_EQ(rd32(r, IPSR), 0);

	/* dropped by a disabled queue */
	wr32(r, FQCSR, IE);
	for (unsigned i = 0; i < 4; i++)
		fault(r, 0x1000);
	CHECK_EQ(rd32(r, FQCSR), IE);
	CHECK_EQ(rd32(r, IPSR), 0);

	/* dropped by fqmf: fip is not set a second time, nor does fqof join */
	wr64(r, FQB, PPN_OF(RIG_NOWHERE));
	wr32(r, FQCSR, EN);
	fault(r, 0x1000);
	CHECK_EQ(rd32(r, FQCSR), EN | ON | MF);
	for (unsigned i = 0; i < 4; i++)
		fault(r, 0x1000);
	CHECK_EQ(rd32(r, FQCSR), EN | ON | MF);
	CHECK_EQ(rd32(r, IPSR), 0);

	/* dropped by fqof, with the interrupt on: no edge but that of the overflow itself */
	wr32(r, FQCSR, 0);
	rig_fq(r, 1, true);
	r->msis = 0;
	fault(r, 0x1000);
	fault(r, 0x1000);
	CHECK_EQ(rd32(r, FQCSR), EN | IE | ON | OF);
	CHECK_EQ(r->msis, 1);
	for (unsigned i = 0; i < 4; i++)
		fault(r, 0x1000);
	CHECK_EQ(r->msis, 1);
	rig_free(r);
}

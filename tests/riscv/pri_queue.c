/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The page-request queue: its registers, its errors and what devices hear of them. */
#include "ats_rig.h"

#define R IOM_PAGE_READ
#define L IOM_PAGE_LAST
#define DEVICE 3u
#define PASID 0xa5c3eu

/* Requests in each form, which the unit answers itself; none is recorded anywhere. */
static void answered(struct rig *r, unsigned code, bool with_pid)
{
	uint32_t tail = rd32(r, PQT);

	ats_page(r, DEVICE, 0x1000, R, 7);
	ats_page_pid(r, DEVICE, 0x1000, R, 7, PASID, 0);
	ats_page_pid(r, DEVICE, 0, L, 7, PASID, 0); /* a Stop Marker */
	ats_unanswered(r);
	ats_page(r, DEVICE, 0x1000, R | L, 7);
	ats_answered(r, DEVICE, code, 7, false, 0);
	ats_page_pid(r, DEVICE, 0x1000, R | L, 8, PASID, IOM_REQ_PRIVILEGED);
	ats_answered(r, DEVICE, code, 8, with_pid, PASID);
	CHECK_EQ(rd32(r, PQT), tail);
	rig_expect_none(r);
}

TEST(page_queue_off, "RV-PRI-09 RV-PRI-13 RV-PRI-15")
{
	for (unsigned prpr = 0; prpr < 2; prpr++) {
		struct rig *r = ats_pri(DEVICE, PRI_ON | (prpr ? TC_PRPR : 0));

		answered(r, IOM_PAGES_FAILED, true);
		ats_pq(r, 3, false);
		ats_page_taken(r, DEVICE, 1);
		wr32(r, PQCSR, 0);
		CHECK_EQ(rd32(r, PQCSR), 0);
		answered(r, IOM_PAGES_FAILED, true);
		rig_free(r);
	}
}

TEST(page_queue_full, "RV-PRI-10 RV-PRI-11 RV-PRI-13 RV-PRI-14")
{
	for (unsigned lg2 = 1; lg2 < 6; lg2++)
		for (unsigned prpr = 0; prpr < 2; prpr++) {
			struct rig *r = ats_pri(DEVICE, PRI_ON | (prpr ? TC_PRPR : 0));
			uint64_t record[2];
			unsigned all = (1u << lg2) - 1;

			ats_pq(r, lg2, false);
			for (unsigned i = 0; i < all; i++)
				ats_page_taken(r, DEVICE, i);
			CHECK_EQ(rd32(r, PQCSR), EN | ON);
			/* the first that finds no place is answered too */
			ats_page_pid(r, DEVICE, 0x1000, R | L, 8, PASID, 0);
			CHECK_EQ(rd32(r, PQCSR), EN | ON | OF);
			ats_answered(r, DEVICE, IOM_PAGES_DONE, 8, prpr, PASID);
			answered(r, IOM_PAGES_DONE, prpr);
			/* room alone does not help */
			for (unsigned i = 0; i < all; i++) {
				CHECK(ats_pq_take(r, record));
				CHECK_EQ(record[1], 0x1000 | (uint64_t)i << 3 | 5);
			}
			CHECK(!ats_pq_take(r, record));
			answered(r, IOM_PAGES_DONE, prpr);
			wr32(r, PQCSR, EN);
			CHECK_EQ(rd32(r, PQCSR), EN | ON | OF);
			wr32(r, PQCSR, EN | OF);
			CHECK_EQ(rd32(r, PQCSR), EN | ON);
			ats_page_taken(r, DEVICE, 9);
			/* nor does clearing it alone make room */
			for (unsigned i = 1; i < all; i++)
				ats_page_taken(r, DEVICE, 9);
			ats_page(r, DEVICE, 0x1000, R, 8);
			CHECK_EQ(rd32(r, PQCSR), EN | ON | OF);
			ats_unanswered(r);
			wr32(r, PQCSR, EN | OF);
			ats_page(r, DEVICE, 0x1000, R | L, 8);
			CHECK_EQ(rd32(r, PQCSR), EN | ON | OF);
			ats_answered(r, DEVICE, IOM_PAGES_DONE, 8, false, 0);
			rig_free(r);
		}
}

TEST(page_queue_in_no_memory, "RV-PRI-11 RV-PRI-12 RV-PRI-13 RV-PRI-15")
{
	const uint64_t bases[] = { RIG_NOWHERE, 1ull << 55 };

	for (unsigned i = 0; i < COUNT(bases); i++) {
		struct rig *r = ats_pri(DEVICE, PRI_ON);
		uint64_t good = page(r);

		wr64(r, PQB, PPN_OF(bases[i]) | 3);
		wr32(r, PQCSR, EN);
		CHECK_EQ(rd32(r, PQCSR), EN | ON);
		ats_page_pid(r, DEVICE, 0x1000, R | L, 8, PASID, 0);
		CHECK_EQ(rd32(r, PQCSR), EN | ON | MF);
		ats_answered(r, DEVICE, IOM_PAGES_FAILED, 8, true, PASID);
		CHECK_EQ(rd32(r, PQT), 0);
		answered(r, IOM_PAGES_FAILED, true);
		wr32(r, PQCSR, EN | MF);
		CHECK_EQ(rd32(r, PQCSR), EN | ON);
		ats_page(r, DEVICE, 0x1000, R, 8);
		CHECK_EQ(rd32(r, PQCSR), EN | ON | MF);
		ats_unanswered(r);
		/* another place, and the bits are gone with the start */
		wr32(r, PQCSR, 0);
		CHECK_EQ(rd32(r, PQCSR), MF);
		answered(r, IOM_PAGES_FAILED, true);
		wr64(r, PQB, PPN_OF(good) | 3);
		wr32(r, PQCSR, EN);
		CHECK_EQ(rd32(r, PQCSR), EN | ON);
		ats_page_taken(r, DEVICE, 1);
		rig_free(r);
	}
}

/* Memory that comes and goes under the queue. */
TEST(page_queue_whose_memory_comes_back, "RV-PRI-11 RV-PRI-12")
{
	static uint64_t bytes[512];
	const struct iom_region own = { .spa = 0x60000000, .bytes = sizeof(bytes), .host = bytes };
	struct rig *r = ats_pri(DEVICE, PRI_ON);

	wr64(r, PQB, PPN_OF(own.spa) | 0);
	wr32(r, PQCSR, EN);
	ats_page(r, DEVICE, 0x1000, R | L, 8);
	ats_answered(r, DEVICE, IOM_PAGES_FAILED, 8, false, 0);
	CHECK_EQ(iom_memory_add(r->memory, &own, NULL), IOM_OK);
	answered(r, IOM_PAGES_FAILED, true); /* pqmf lasts */
	wr32(r, PQCSR, EN | MF);
	ats_page_taken(r, DEVICE, 1);
	/* full: nothing is written, so that it does not matter whether it could be */
	CHECK_EQ(iom_memory_remove(r->memory, own.spa), IOM_OK);
	ats_page(r, DEVICE, 0x1000, R | L, 8);
	ats_answered(r, DEVICE, IOM_PAGES_DONE, 8, false, 0);
	CHECK_EQ(rd32(r, PQCSR), EN | ON | OF);
	rig_free(r);
}

static int poisoned(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	(void)opaque;
	(void)spa;
	(void)buf;
	(void)len;
	return IOM_EPOISON;
}

/* Memory that may be read only, or that is known to be corrupt. */
TEST(page_queue_in_memory_that_takes_no_stores, "RV-PRI-12")
{
	static uint64_t bytes[512];
	const struct iom_memory_ops ops = { .bytes = sizeof(ops), .write = poisoned };
	const struct iom_region rom = { .spa = 0x60000000,
		                        .bytes = sizeof(bytes),
		                        .host = bytes,
		                        .flags = IOM_REGION_READONLY };
	struct rig *r = ats_pri(DEVICE, PRI_ON);
	const struct iom_region ram = { .spa = RIG_RAM, .bytes = RIG_RAM_BYTES, .host = r->ram };

	/* the same machine over other memory */
	iom_unit_free(r->unit);
	iom_memory_free(r->memory);
	CHECK_EQ(iom_memory_new(&ops, NULL, &r->memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(r->memory, &ram, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(r->memory, &rom, NULL), IOM_OK);
	r->unit = rig_unit(r);
	CHECK_EQ(iom_lane_open(r->unit, &r->lane), IOM_OK);
	wr64(r, DDTP, PPN_OF(r->ddt) | LVL1);
	for (unsigned i = 0; i < 2; i++) {
		wr64(r, PQB, PPN_OF(i ? RIG_NOWHERE : rom.spa) | 3);
		wr32(r, PQCSR, EN);
		ats_page_pid(r, DEVICE, 0x1000, R | L, 8, PASID, 0);
		CHECK_EQ(rd32(r, PQCSR), EN | ON | MF);
		ats_answered(r, DEVICE, IOM_PAGES_FAILED, 8, true, PASID);
		CHECK_EQ(rd32(r, PQT), 0);
		wr32(r, PQCSR, 0);
	}
	CHECK_EQ(bytes[0] | bytes[1], 0);
	rig_free(r);
}

/* ---- Registers ---------------------------------------------------------------------------- */

TEST(page_queue_starts, "RV-PRI-17")
{
	struct rig *r = ats_pri(DEVICE, PRI_ON);
	uint64_t base = ats_pq(r, 3, false);

	for (unsigned i = 0; i < 5; i++)
		ats_page_taken(r, DEVICE, i);
	wr32(r, PQH, 3);
	CHECK_EQ(rd32(r, PQT), 5);
	wr32(r, PQCSR, 0);
	CHECK_EQ(rd32(r, PQT), 5);
	wr32(r, PQCSR, EN);
	CHECK_EQ(rd32(r, PQCSR), EN | ON);
	CHECK_EQ(rd32(r, PQT), 0);
	CHECK_EQ(rd32(r, PQH), 3); /* it is software's */
	ats_page_taken(r, DEVICE, 0x1ff);
	CHECK_EQ(ram64(r, base + 8), 0x1000 | 0x1ffull << 3 | 5);
	/* 1 over 1 is no start */
	wr32(r, PQCSR, EN | IE);
	CHECK_EQ(rd32(r, PQT), 1);
	/* an overflow ends with the start too */
	ats_page_taken(r, DEVICE, 0);
	ats_page(r, DEVICE, 0x1000, R, 0);
	CHECK_EQ(rd32(r, PQCSR), EN | IE | ON | OF);
	wr32(r, PQCSR, 0);
	CHECK_EQ(rd32(r, PQCSR), OF);
	wr32(r, PQCSR, EN);
	CHECK_EQ(rd32(r, PQCSR), EN | ON);
	CHECK_EQ(rd32(r, PQT), 0);
	rig_free(r);
}

TEST(page_queue_registers, "RV-REG-05 RV-REG-06 RV-REG-33 RV-REG-36")
{
	struct rig *r = rig_new(CAP_ALL_ATS);

	for (unsigned lg2 = 1; lg2 <= 16; lg2++) {
		wr64(r, PQB, PPN_OF(RIG_RAM) | (lg2 - 1));
		CHECK_EQ(rd32(r, PQH), 0); /* cleared by the base */
		wr32(r, PQH, ~0u);
		CHECK_EQ(rd32(r, PQH), (1u << lg2) - 1);
		wr32(r, PQT, ~0u);
		CHECK_EQ(rd32(r, PQT), 0);
	}
	/* how drivers find the largest queue */
	wr64(r, PQB, 0x1f);
	CHECK_EQ(rd64(r, PQB), 15);
	wr64(r, PQB, ~0ull);
	CHECK_EQ(rd64(r, PQB), 0x003ffffffffffc0full);
	CHECK_EQ(rd32(r, PQB), 0xfffffc0f);
	CHECK_EQ(rd32(r, PQB + 4), 0x003fffff);
	/* the low half alone sets it up */
	wr32(r, PQB + 4, 0x00123456);
	wr32(r, PQB, (uint32_t)PPN_OF(RIG_RAM) | 2);
	CHECK_EQ(rd64(r, PQB), 0x0012345600000000 | (uint32_t)PPN_OF(RIG_RAM) | 2);
	wr32(r, PQB + 4, 0);
	CHECK_EQ(rd64(r, PQB), (uint32_t)PPN_OF(RIG_RAM) | 2);
	wr32(r, PQCSR, ~0u);
	CHECK_EQ(rd32(r, PQCSR), EN | IE | ON);
	/* and is fixed while the queue is on */
	wr64(r, PQB, 0);
	CHECK_EQ(rd64(r, PQB), (uint32_t)PPN_OF(RIG_RAM) | 2);
	wr32(r, PQH, 5);
	wr32(r, PQB, 0);
	CHECK_EQ(rd32(r, PQH), 5);
	wr32(r, PQCSR, 0);
	wr64(r, PQB, 1);
	CHECK_EQ(rd64(r, PQB), 1);
	CHECK_EQ(rd32(r, PQH), 0);
	rig_free(r);
}

TEST(page_queue_and_fctl, "RV-REG-25")
{
	struct rig *r = rig_new(CAP_ALL_ATS);

	ats_pq(r, 3, false);
	wr32(r, FCTL, WSI);
	CHECK_EQ(rd32(r, FCTL), 0);
	wr32(r, PQCSR, 0);
	wr32(r, FCTL, WSI);
	CHECK_EQ(rd32(r, FCTL), WSI);
	rig_free(r);
}

TEST(page_queue_is_reset, "RV-REG-15 RV-REG-16")
{
	for (unsigned warm = 0; warm < 2; warm++) {
		struct rig *r = ats_pri(DEVICE, PRI_ON);

		ats_pq(r, 3, true);
		ats_page_taken(r, DEVICE, 1);
		CHECK_EQ(rd32(r, IPSR), PIP);
		if (warm)
			iom_unit_reset_warm(r->unit);
		else
			iom_unit_reset(r->unit);
		CHECK_EQ(rd32(r, PQCSR) & (EN | IE | ON | BUSY), 0);
		CHECK_EQ(rd32(r, IPSR), 0);
		rig_free(r);
	}
}

TEST(page_queue_moves, "")
{
	struct rig *r = ats_pri(DEVICE, PRI_ON);
	uint64_t record[2];

	ats_pq(r, 2, true);
	ats_page_taken(r, DEVICE, 1);
	ats_page_taken(r, DEVICE, 2);
	rig_move(r);
	ats_page_taken(r, DEVICE, 3);
	rig_move(r);
	ats_page(r, DEVICE, 0x1000, R | L, 4);
	ats_answered(r, DEVICE, IOM_PAGES_DONE, 4, false, 0);
	rig_move(r);
	CHECK_EQ(rd32(r, PQCSR), EN | IE | ON | OF);
	for (unsigned i = 1; i < 4; i++) {
		CHECK(ats_pq_take(r, record));
		CHECK_EQ(record[1], 0x1000 | i << 3 | 5);
	}
	rig_free(r);
}

/* Many rounds of a queue that is longer than a page. */
TEST(page_queue_wraps, "RV-PRI-01")
{
	struct rig *r = ats_pri(DEVICE, PRI_ON);
	uint64_t record[2];

	ats_pq(r, 9, false);
	for (unsigned i = 0; i < 1500; i++) {
		ats_page(r, DEVICE, 0x1000ull * i, R | L, i & 0x1ff);
		CHECK_EQ(rd32(r, PQT), (i + 1) & 0x1ff);
		CHECK(ats_pq_take(r, record));
		CHECK_EQ(record[1], 0x1000ull * i | (uint64_t)(i & 0x1ff) << 3 | 5);
	}
	ats_unanswered(r);
	rig_free(r);
}

/* Until it is on there is no queue. */
TEST(page_queue_takes_its_time, "RV-PRI-09")
{
	const struct iom_riscv_config config = { .capabilities = CAP_ALL_ATS, .busy_ns = 1000 };
	struct rig *r = rig_new_config(&config);

	iom_step(r->unit, 0);
	r->levels = 1;
	r->ddt = page(r);
	wr64(r, DDTP, PPN_OF(r->ddt) | LVL1);
	iom_step(r->unit, 1000);
	rig_dc_put(r, DEVICE, PRI_ON, 0, 0, 0);
	wr64(r, PQB, PPN_OF(page(r)) | 3);
	wr32(r, PQCSR, EN);
	CHECK_EQ(rd32(r, PQCSR), EN | BUSY);
	answered(r, IOM_PAGES_FAILED, true);
	wr32(r, PQCSR, 0); /* dropped */
	iom_step(r->unit, 1999);
	CHECK_EQ(rd32(r, PQCSR), EN | BUSY);
	iom_step(r->unit, 2000);
	CHECK_EQ(rd32(r, PQCSR), EN | ON);
	ats_page_taken(r, DEVICE, 1);
	wr32(r, PQCSR, 0);
	CHECK_EQ(rd32(r, PQCSR), ON | BUSY);
	answered(r, IOM_PAGES_FAILED, true); /* pqen is 0 */
	iom_step(r->unit, 3000);
	CHECK_EQ(rd32(r, PQCSR), 0);
	rig_free(r);
}

/* A device that asks for the next page as soon as it is answered. */
static void asks_again(struct rig *r, uint32_t requester, const struct iom_message *m)
{
	if (m->token < 20)
		ats_page(r, requester, 0x1000, R | L, m->token + 1);
}

TEST(device_asks_when_it_is_answered, "")
{
	struct rig *r = ats_pri(DEVICE, PRI_ON);

	r->on_message = asks_again;
	ats_page(r, DEVICE, 0x1000, R | L, 0);
	CHECK_EQ(r->messages, 21);
	for (unsigned i = 0; i < 21; i++) {
		CHECK_EQ(r->message[i].what.token, i);
		CHECK_EQ(r->message[i].what.code, IOM_PAGES_FAILED);
	}
	/* and on software's answer */
	r->messages = 0;
	ats_pq(r, 3, false);
	rig_cq(r, 3, false);
	ats_page_taken(r, DEVICE, 0);
	rig_cmd(r, 0x084 | (uint64_t)DEVICE << 40, 0);
	CHECK_EQ(r->messages, 1);
	CHECK_EQ(rd32(r, PQT), 2);
	rig_free(r);
}

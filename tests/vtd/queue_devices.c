/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The invalidation queue: caches of devices. */
#include "queue.h"

#define SID 0x0123
#define SECOND 1000000000ull
#define DEVICE(sid) (T_DEVICE | (uint64_t)(sid) << 32)
#define PDEVICE(sid, pasid) (T_PDEVICE | (uint64_t)(sid) << 16 | (uint64_t)(pasid) << 32)

static struct rig *make(void)
{
	return queue_new(CAP_ALL, ECAP_ALL, TTM_SCALABLE, 0, true);
}

/* The same with devices that answer nothing by themselves, and have a second to do so. */
static struct rig *make_slow(unsigned ttm, unsigned version)
{
	const struct iom_vtd_config config = { .cap = CAP_ALL,
		                               .ecap = ECAP_ALL,
		                               .version = (uint8_t)version,
		                               .address_bits = RIG_HAW,
		                               .flags = IOM_VTD_UNCACHED,
		                               .ats_timeout_ns = SECOND };
	struct rig *r = rig_new_config(&config);

	rig_on(r, ttm);
	rig_queue(r, 0, true);
	iom_step(r->unit, 0);
	return r;
}

static uint32_t itag(const struct rig *r, unsigned message)
{
	CHECK(message < r->messages && message < RIG_LOG);
	CHECK_EQ(r->message[message].what.kind, IOM_MESSAGE_INVALIDATE);
	CHECK(r->message[message].what.token < 32);
	return 1u << r->message[message].what.token;
}

/* One message came, to `sid`: 2^size bytes that hold `address`. */
static void told(struct rig *r, uint16_t sid, uint64_t address, unsigned size)
{
	const struct iom_message *m = &r->message[0].what;
	uint64_t low = size < 64 ? (1ull << size) - 1 : ~0ull;

	CHECK_EQ(r->messages, 1);
	CHECK_EQ(r->message[0].requester, sid);
	CHECK_EQ(m->kind, IOM_MESSAGE_INVALIDATE);
	CHECK_EQ(m->size_lg2, size);
	CHECK_EQ(m->address & ~low, address & ~low);
	r->messages = 0;
}

TEST(sizes_of_ranges, "VTD-DEV-01")
{
	const uint64_t address = 0x5a5a5a5a5a5a5000;
	struct rig *r = make();
	unsigned n, form;

	for (form = 0; form < 2; form++) {
		uint64_t qw0 = form ? PDEVICE(SID, 7) : DEVICE(SID), s = form ? 0x800 : 1;

		rig_submit(r, qw0, address);
		told(r, SID, address, 12);
		rig_submit(r, qw0, ~0ull << 12);
		told(r, SID, ~0ull << 12, 12);
		/* `n` ones from bit 12 on, then a zero. */
		for (n = 0; n < 51; n++) {
			uint64_t ones = ((1ull << n) - 1) << 12, zero = 1ull << (12 + n);

			rig_submit(r, qw0, (((address | ones) & ~zero) & ~0xfffull) | s);
			told(r, SID, address & ~(zero | ones), 13 + n);
		}
		rig_submit(r, qw0, 0x7ffffffffffff000 | s);
		told(r, SID, 0, 64);
	}
	rig_wait(r);
	rig_free(r);
}

TEST(which_device, "VTD-DEV-01 VTD-DEV-02")
{
	struct rig *r = make();
	unsigned bit;

	for (bit = 0; bit < 16; bit++) {
		rig_submit(r, DEVICE(1u << bit), 0);
		told(r, (uint16_t)(1u << bit), 0, 12);
		CHECK_EQ(r->message[0].what.flags, 0);
		rig_submit(r, PDEVICE(1u << bit, 1), 0);
		told(r, (uint16_t)(1u << bit), 0, 12);
	}
	rig_free(r);
}

TEST(which_pasid, "VTD-DEV-02")
{
	struct rig *r = make();
	unsigned bit;

	for (bit = 0; bit < 20; bit++) {
		rig_submit(r, PDEVICE(SID, 1ull << bit), 0x7000);
		told(r, SID, 0x7000, 12);
		CHECK_EQ(r->message[0].what.flags & (IOM_REQ_PASID | IOM_MESSAGE_GLOBAL),
		         IOM_REQ_PASID);
		CHECK_EQ(r->message[0].what.pasid, 1ull << bit);
	}
	rig_submit(r, PDEVICE(SID, 5), 0x7001);
	told(r, SID, 0x7000, 12);
	CHECK_EQ(r->message[0].what.flags & IOM_MESSAGE_GLOBAL, IOM_MESSAGE_GLOBAL);
	rig_free(r);
}

/* How many messages of `n` invalidations with this first word come before an answer. */
static unsigned outstanding(uint64_t qw0, unsigned n)
{
	struct rig *r = make();
	uint64_t status = page(r);
	unsigned i, at_first;

	r->on_message = NULL;
	for (i = 0; i < n; i++)
		rig_submit(r, qw0, (uint64_t)i << 12);
	queue_wait(r, status, 1, 0);
	at_first = r->messages;
	CHECK_EQ(ram32(r, status), 0);
	for (i = 0; i < n; i++) {
		unsigned after = at_first + i + 1;

		CHECK_EQ(r->message[i].what.address, (uint64_t)i << 12);
		CHECK_EQ(ram32(r, status), 0);
		queue_complete(r, SID, itag(r, i), 1);
		CHECK_EQ(r->messages, after < n ? after : n);
	}
	CHECK_EQ(ram32(r, status), 1);
	CHECK_EQ(rd64(r, IQH), r->tail);
	rig_free(r);
	return at_first;
}

TEST(outstanding_invalidations, "VTD-DEV-03")
{
	unsigned mip;

	CHECK_EQ(outstanding(DEVICE(SID), 40), 32);
	CHECK_EQ(outstanding(PDEVICE(SID, 1), 40), 32);
	for (mip = 1; mip < 32; mip++) {
		CHECK(outstanding(DEVICE(SID) | (uint64_t)mip << 16, 40) <= mip);
		CHECK(outstanding(PDEVICE(SID, 1) | (uint64_t)mip << 4, 40) <= mip);
	}
}

TEST(an_answer_in_parts, "VTD-QI-31")
{
	unsigned count, i;

	/* 1 to 7 of them, and 0, which means 8. */
	for (count = 0; count < 8; count++) {
		struct rig *r = make();
		uint64_t status = page(r);

		r->on_message = NULL;
		rig_submit(r, DEVICE(SID), 0);
		queue_wait(r, status, 1, 0);
		for (i = 0; i < (count ? count : 8); i++) {
			CHECK_EQ(ram32(r, status), 0);
			queue_complete(r, SID, itag(r, 0), count);
		}
		CHECK_EQ(ram32(r, status), 1);
		CHECK_EQ(rd32(r, FSTS), 0);
		rig_free(r);
	}
}

TEST(a_device_takes_too_long, "VTD-QI-30 VTD-QI-45")
{
	struct rig *r = make_slow(TTM_SCALABLE, 0x40);
	uint64_t status = page(r), head;

	rig_event(r, FECTL, 0xfee01000, 0x41);
	rig_event(r, IECTL, 0xfee01000, 0x42);
	iom_step(r->unit, SECOND);
	rig_submit(r, DEVICE(SID), 0x7000);
	queue_wait(r, status, 1, WAIT_IF);
	queue_wait(r, status + 4, 2, WAIT_IF);
	head = rd64(r, IQH);
	iom_step(r->unit, 2 * SECOND - 1);
	CHECK_EQ(rd32(r, FSTS), 0);
	iom_step(r->unit, 2 * SECOND + 1);
	CHECK_EQ(rd32(r, FSTS), ITE);
	CHECK_EQ(rd64(r, IQERCD) >> 32 & 0xffff, SID);
	CHECK_EQ(rd64(r, IQH), head);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].data, 0x41);
	/* Nothing is fetched. */
	rig_watch(r);
	queue_wait(r, status + 8, 3, 0);
	CHECK_EQ(r->owns, 0);
	CHECK_EQ(rd64(r, IQH), head);
	CHECK_EQ(ram32(r, status), 0);
	wr32(r, FSTS, ITE);
	CHECK_EQ(rd32(r, FSTS), 0);
	CHECK_EQ(rd64(r, IQH), r->tail);
	CHECK_EQ(ram32(r, status + 8), 3);
	/* Waits that the unit had taken are gone. */
	CHECK_EQ(ram32(r, status), head > 32 ? 0 : 1);
	CHECK_EQ(ram32(r, status + 4), head > 64 ? 0 : 2);
	if (head == 96) {
		CHECK_EQ(rd32(r, ICS), 0);
		CHECK_EQ(r->msis, 1);
	}
	/* The device's answer comes too late: nobody waits for it any more. */
	queue_complete(r, SID, itag(r, 0), 1);
	CHECK_EQ(rd32(r, FSTS), ICE);
	CHECK_EQ(rd64(r, IQERCD) >> 48, SID);
	wr32(r, FSTS, ICE);
	/* Software sends all of it once more. */
	rig_submit(r, DEVICE(SID), 0x7000);
	CHECK_EQ(r->messages, 2);
	queue_wait(r, status, 7, 0);
	queue_complete(r, SID, itag(r, 1), 1);
	CHECK_EQ(ram32(r, status), 7);
	rig_free(r);
}

TEST(itags_of_devices_that_take_too_long, "VTD-QI-30 VTD-QI-38")
{
	struct rig *r = make_slow(TTM_SCALABLE, 0x40);
	uint64_t status = page(r);
	unsigned i;

	for (i = 0; i < 32; i++)
		rig_submit(r, DEVICE(SID + i), 0);
	CHECK_EQ(r->messages, 32);
	iom_step(r->unit, 2 * SECOND);
	CHECK_EQ(rd32(r, FSTS), ITE);
	/* The oldest is named, and stays so. */
	CHECK_EQ(rd64(r, IQERCD) >> 32 & 0xffff, SID);
	iom_step(r->unit, 4 * SECOND);
	CHECK_EQ(rd64(r, IQERCD) >> 32 & 0xffff, SID);
	while (rd32(r, FSTS) & ITE)
		wr32(r, FSTS, ITE);
	/* All ITags can be used again. */
	r->messages = 0;
	for (i = 0; i < 32; i++)
		rig_submit(r, DEVICE(SID), (uint64_t)i << 12);
	queue_wait(r, status, 1, 0);
	CHECK_EQ(r->messages, 32);
	for (i = 0; i < 32; i++)
		queue_complete(r, SID, itag(r, i), 1);
	CHECK_EQ(ram32(r, status), 1);
	CHECK_EQ(rd32(r, FSTS), 0);
	rig_free(r);
}

TEST(a_device_that_answers_in_time, "VTD-QI-30")
{
	struct rig *r = make_slow(TTM_LEGACY, 0x40);
	uint64_t status = page(r);

	rig_submit(r, DEVICE(SID), 0);
	queue_wait(r, status, 1, 0);
	iom_step(r->unit, SECOND / 2);
	queue_complete(r, SID, itag(r, 0), 1);
	CHECK_EQ(ram32(r, status), 1);
	iom_step(r->unit, 5 * SECOND);
	CHECK_EQ(rd32(r, FSTS), 0);
	rig_free(r);
}

TEST(an_answer_that_nobody_waits_for, "VTD-QI-31 VTD-QI-38")
{
	struct rig *r = make();
	uint64_t status = page(r);
	uint32_t tag;

	rig_event(r, FECTL, 0xfee01000, 0x41);
	r->on_message = NULL;
	rig_submit(r, DEVICE(SID), 0);
	queue_wait(r, status, 1, 0);
	tag = itag(r, 0);
	/* Of another device, or for another ITag. */
	queue_complete(r, SID + 1, tag, 1);
	CHECK_EQ(rd32(r, FSTS), ICE);
	CHECK_EQ(rd64(r, IQERCD) >> 48, SID + 1);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(ram32(r, status), 0);
	queue_complete(r, SID + 2, tag, 1);
	CHECK_EQ(rd64(r, IQERCD) >> 48, SID + 1);
	CHECK_EQ(r->msis, 1);
	wr32(r, FSTS, ICE);
	CHECK_EQ(rd32(r, FSTS), 0);
	queue_complete(r, SID, tag == 1u << 31 ? 1 : tag << 1, 1);
	CHECK_EQ(rd32(r, FSTS), ICE);
	CHECK_EQ(rd64(r, IQERCD) >> 48, SID);
	CHECK_EQ(r->msis, 2);
	CHECK_EQ(ram32(r, status), 0);
	/* The queue goes on meanwhile. */
	queue_complete(r, SID, tag, 1);
	CHECK_EQ(ram32(r, status), 1);
	queue_wait(r, status + 4, 2, 0);
	CHECK_EQ(ram32(r, status + 4), 2);
	CHECK_EQ(rd64(r, IQH), r->tail);
	rig_free(r);
}

TEST(good_itags_beside_a_bad_one, "VTD-QI-31")
{
	const struct iom_vtd_config config = { .cap = CAP_ALL,
		                               .ecap = ECAP_ALL,
		                               .version = 0x60,
		                               .address_bits = RIG_HAW,
		                               .flags = IOM_VTD_UNCACHED };
	struct rig *r = rig_new_config(&config);
	uint64_t status = page(r);

	rig_on(r, TTM_SCALABLE);
	rig_queue(r, 0, true);
	rig_submit(r, DEVICE(SID), 0);
	queue_wait(r, status, 1, 0);
	queue_complete(r, SID, ~0u, 1);
	CHECK_EQ(rd32(r, FSTS), ICE);
	CHECK_EQ(rd64(r, IQERCD) >> 48, SID);
	CHECK_EQ(ram32(r, status), 1);
	rig_free(r);
}

/* While translation is off, answers of devices are refused, and nothing is recorded. */
TEST(answers_while_translation_is_off, "VTD-ATS-01")
{
	struct iom_message m = { .kind = IOM_MESSAGE_INVALIDATED, .token = ~0u, .code = 1 };
	struct rig *r = make();
	uint64_t status = page(r);

	r->on_message = NULL;
	rig_submit(r, DEVICE(SID), 0);
	queue_wait(r, status, 1, 0);
	rig_gcmd(r, TE, false);
	(void)rig_send(r, SID + 1, &m);
	m.token = itag(r, 0);
	(void)rig_send(r, SID, &m);
	CHECK_EQ(ram32(r, status), 0);
	CHECK_EQ(rd32(r, FSTS), 0);
	rig_gcmd(r, TE, true);
	queue_complete(r, SID, itag(r, 0), 1);
	CHECK_EQ(ram32(r, status), 1);
	rig_free(r);
}

/* A wait that had to wait is as any other: the queue stops on it if memory refuses its status. */
TEST(status_that_cannot_be_written_in_the_end, "VTD-QI-28")
{
	struct rig *r = make_slow(TTM_SCALABLE, 0x40);
	uint64_t status = page(r), head;

	rig_submit(r, DEVICE(SID), 0);
	head = r->tail;
	queue_wait(r, RIG_NOWHERE, 1, WAIT_IF);
	queue_wait(r, status, 2, 0);
	CHECK_EQ(rd32(r, FSTS) & IQE, 0);
	CHECK_EQ(ram32(r, status), 0);
	queue_complete(r, SID, itag(r, 0), 1);
	CHECK_EQ(rd32(r, FSTS) & IQE, IQE);
	CHECK_EQ(rd64(r, IQH), head);
	CHECK_EQ(rd32(r, ICS), 0);
	CHECK_EQ(ram32(r, status), 0);
	queue_repair(r);
	CHECK_EQ(rd32(r, FSTS) & IQE, 0);
	CHECK_EQ(ram32(r, status), 2);
	CHECK_EQ(rd64(r, IQH), r->tail);
	rig_free(r);
}

/* QIES falls when the queue stands still: not while a descriptor waits for an ITag. */
TEST(a_queue_goes_off_behind_who_waits_for_an_itag, "VTD-QI-29")
{
	struct rig *r = make_slow(TTM_SCALABLE, 0x40);

	for (unsigned i = 0; i < 33; i++)
		rig_submit(r, DEVICE(SID), 0);
	CHECK_EQ(r->messages, 32);
	wr32(r, GCMD, rd32(r, GSTS) & 0x96ffffff & ~QIE);
	CHECK_EQ(rd32(r, GSTS) & QIE, QIE);
	CHECK_EQ(rd64(r, IQH), 32 * 32);
	queue_complete(r, SID, itag(r, 5), 1);
	CHECK_EQ(r->messages, 33);
	CHECK_EQ(rd32(r, GSTS) & QIE, 0);
	CHECK_EQ(rd64(r, IQH), 0);
	rig_free(r);
}

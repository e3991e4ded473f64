/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Invalidations of devices' caches while other things happen: devices answer from inside the message,
 * go away, take too long; the unit is reset, stopped, moved.
 */
#include <string.h>

#include "rig.h"
#include "sheet.h"

#define CAPS (CAP_EXT | 3ull << 25) /* ATS, T2GPA */
#define ATS_INVAL 0x004ull
#define RID(n) ((uint64_t)(n) << 40)
#define PAGE_AT(n) ((uint64_t)(n) << 12)
#define SPOT (RIG_RAM + 0x800000)
#define ITAGS 32
#define SECOND 1000000000ull

static struct rig *bench(uint64_t timeout_ns)
{
	const struct iom_riscv_config config = { .capabilities = CAPS,
		                                 .ats_timeout_ns = timeout_ns };
	struct rig *r = rig_new_config(&config);

	rig_cq(r, 8, false);
	return r;
}

static void inval(struct rig *r, uint32_t device)
{
	rig_cmd(r, ATS_INVAL | RID(device), PAGE_AT(5));
}

static void fence(struct rig *r, uint32_t data)
{
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(data), SPOT >> 2);
}

static struct iom_endpoint *endpoint(struct rig *r, uint32_t device)
{
	struct iom_endpoint *e;

	CHECK_EQ(iom_endpoint_get(r->unit, device, &e), IOM_OK);
	return e;
}

/* One of `count` completions for these ITags. */
static void complete(struct rig *r, uint32_t device, uint32_t itags, unsigned count)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_INVALIDATED,
		                       .token = itags,
		                       .code = (uint8_t)(count & 7) };

	CHECK_EQ(iom_message(endpoint(r, device), &m), IOM_OK);
}

/* The ITag of a message that came, as a bit. */
static uint32_t bit_of(const struct rig *r, unsigned message)
{
	CHECK(message < r->messages);
	CHECK_EQ(r->message[message].what.kind, IOM_MESSAGE_INVALIDATE);
	CHECK(r->message[message].what.token < ITAGS);
	return 1u << r->message[message].what.token;
}

static bool waits(struct rig *r, uint32_t data)
{
	CHECK_EQ(rd32(r, CQCSR) & (CMD_TO | CMD_ILL | MF), 0);
	CHECK_EQ(ram32(r, SPOT) == data, rd32(r, CQH) == rd32(r, CQT));
	return ram32(r, SPOT) != data;
}

static void answer_at_once(struct rig *r, uint32_t requester, const struct iom_message *m)
{
	if (m->kind == IOM_MESSAGE_INVALIDATE)
		complete(r, requester, 1u << m->token, 1);
}

TEST(a_device_answers_inside_the_message, "")
{
	struct rig *r = bench(0);

	r->on_message = answer_at_once;
	for (unsigned i = 0; i < 3 * ITAGS; i++)
		inval(r, 1 + i % 5);
	fence(r, 7);
	CHECK_EQ(r->messages, 3 * ITAGS);
	CHECK(!waits(r, 7));
	rig_free(r);
}

/* All commands at one doorbell; every answer lets the next one out. */
TEST(a_burst_that_needs_more_itags_than_there_are, "")
{
	struct rig *r = bench(0);
	uint64_t base = rd64(r, CQB) >> 10 << 12;
	uint32_t done = 0;

	for (unsigned i = 0; i < 100; i++) {
		put64(r, base + 16 * i, ATS_INVAL | RID(9));
		put64(r, base + 16 * i + 8, PAGE_AT(i));
	}
	put64(r, base + 1600, FENCE | FENCE_AV | FENCE_DATA(3));
	put64(r, base + 1608, SPOT >> 2);
	wr32(r, CQT, 101);
	CHECK_EQ(r->messages, ITAGS);
	CHECK_EQ(rd32(r, CQH), ITAGS);
	/* Further doorbells do not help. */
	wr32(r, CQT, 101);
	CHECK_EQ(r->messages, ITAGS);
	while (done < 100) {
		unsigned at = done % RIG_LOG;

		CHECK(waits(r, 3));
		if (done >= RIG_LOG)
			break;
		CHECK_EQ(r->message[at].what.address, PAGE_AT(done));
		complete(r, 9, bit_of(r, at), 1);
		done++;
		CHECK_EQ(r->messages, done + ITAGS < 100 ? done + ITAGS : 100);
	}
	complete(r, 9, ~0u, 1);
	CHECK_EQ(r->messages, 100);
	complete(r, 9, ~0u, 1);
	CHECK(!waits(r, 3));
	rig_free(r);
}

/* A queue that waits for an ITag can be turned off, and on. */
TEST(a_queue_without_itags_goes_off_and_on, "")
{
	struct rig *r = bench(0);

	for (unsigned i = 0; i < ITAGS + 1; i++)
		inval(r, 4);
	CHECK_EQ(rd32(r, CQH), ITAGS);
	wr32(r, CQCSR, 0);
	CHECK_EQ(rd32(r, CQCSR), 0);
	/* What it waited for is forgotten. */
	wr32(r, CQT, 0);
	wr32(r, CQCSR, EN);
	rig_cmd(r, VMA, 0);
	CHECK_EQ(rd32(r, CQH), 1);
	inval(r, 4);
	CHECK_EQ(rd32(r, CQH), 1);
	wr32(r, CQCSR, 0);
	complete(r, 4, 1, 1);
	CHECK_EQ(r->messages, ITAGS);
	wr32(r, CQT, 0);
	wr32(r, CQCSR, EN);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	inval(r, 4);
	inval(r, 4);
	CHECK_EQ(r->messages, ITAGS + 1);
	CHECK_EQ(rd32(r, CQH), 1);
	complete(r, 4, 2, 1);
	CHECK_EQ(rd32(r, CQH), 2);
	rig_free(r);
}

TEST(a_device_that_goes_ends_its_invalidations, "")
{
	struct rig *r = bench(0);
	struct iom_endpoint *gone = endpoint(r, 4), *again;
	const struct iom_message late = { .kind = IOM_MESSAGE_INVALIDATED,
		                          .token = ~0u,
		                          .code = 1 };

	iom_step(r->unit, 0);
	inval(r, 4);
	inval(r, 5);
	inval(r, 4);
	fence(r, 8);
	CHECK(waits(r, 8));
	iom_endpoint_remove(gone);
	CHECK(waits(r, 8));
	/* Whoever comes to its place has nothing to answer. */
	again = endpoint(r, 4);
	CHECK_EQ(iom_message(again, &late), IOM_OK);
	CHECK(waits(r, 8));
	complete(r, 5, bit_of(r, 1), 1);
	CHECK(!waits(r, 8));
	inval(r, 4);
	fence(r, 9);
	CHECK(waits(r, 9));
	iom_endpoint_remove(again);
	CHECK(!waits(r, 9));
	/* It was no timeout. */
	iom_step(r->unit, 600 * SECOND);
	fence(r, 10);
	CHECK(!waits(r, 10));
	rig_free(r);
}

/* ... and the last of them lets a stalled queue go on. */
TEST(a_device_that_goes_gives_its_itags_back, "")
{
	struct rig *r = bench(0);

	for (unsigned i = 0; i < ITAGS + 2; i++)
		inval(r, 4);
	CHECK_EQ(rd32(r, CQH), ITAGS);
	iom_endpoint_remove(endpoint(r, 4));
	CHECK_EQ(rd32(r, CQH), ITAGS + 2);
	CHECK_EQ(r->messages, ITAGS + 2);
	rig_free(r);
}

TEST(the_time_for_answers_is_configured, "")
{
	static const uint64_t configured[] = { 0, 1, 1000, 5 * SECOND };

	for (unsigned i = 0; i < COUNT(configured); i++) {
		uint64_t limit = configured[i] ? configured[i] : 60 * SECOND;
		struct rig *r = bench(configured[i]);

		iom_step(r->unit, 100);
		inval(r, 1);
		fence(r, 5);
		iom_step(r->unit, 100 + limit - 1);
		CHECK(waits(r, 5));
		iom_step(r->unit, 100 + limit);
		CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_TO);
		CHECK_EQ(rd32(r, CQH), 1);
		CHECK(ram32(r, SPOT) != 5);
		/* Too late, and for nobody. */
		complete(r, 1, ~0u, 1);
		wr32(r, CQCSR, EN | CMD_TO);
		CHECK(!waits(r, 5));
		rig_free(r);
	}
}

/* One that is answered in time, and one that is not, before the fence is there. */
TEST(a_timeout_is_kept_for_the_next_fence, "")
{
	struct rig *r = bench(1000);

	iom_step(r->unit, 0);
	inval(r, 1);
	iom_step(r->unit, 600);
	inval(r, 2);
	complete(r, 2, bit_of(r, 1), 1);
	iom_step(r->unit, 1100);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	rig_cmd(r, VMA, 0);
	CHECK_EQ(rd32(r, CQH), 3);
	rig_move(r);
	fence(r, 5);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_TO);
	CHECK_EQ(rd32(r, CQH), 3);
	rig_move(r);
	wr32(r, CQCSR, EN | CMD_TO);
	CHECK(!waits(r, 5));
	rig_free(r);
}

TEST(outstanding_invalidations_are_moved, "")
{
	struct rig *r = bench(1000);

	iom_step(r->unit, 0);
	inval(r, 1);
	inval(r, 2);
	inval(r, 3);
	fence(r, 6);
	complete(r, 2, bit_of(r, 1), 2);
	iom_step(r->unit, 400);
	for (unsigned i = 0; i < 2; i++)
		rig_move(r);
	CHECK_EQ(r->messages, 3);
	CHECK(waits(r, 6));
	complete(r, 1, bit_of(r, 0) | bit_of(r, 1) | bit_of(r, 2), 1);
	CHECK(waits(r, 6));
	complete(r, 2, bit_of(r, 1), 2);
	CHECK(waits(r, 6));
	/* The time that is left goes on: a new clock begins with its first call. */
	iom_step(r->unit, 70000);
	iom_step(r->unit, 70599);
	CHECK(waits(r, 6));
	iom_step(r->unit, 70600);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_TO);
	rig_free(r);
}

TEST(a_queue_without_itags_is_moved, "")
{
	struct rig *r = bench(0);

	for (unsigned i = 0; i < ITAGS + 1; i++)
		inval(r, 4);
	rig_move(r);
	CHECK_EQ(r->messages, ITAGS);
	CHECK_EQ(rd32(r, CQH), ITAGS);
	complete(r, 4, bit_of(r, 7), 1);
	CHECK_EQ(r->messages, ITAGS + 1);
	CHECK_EQ(bit_of(r, ITAGS), bit_of(r, 7));
	rig_free(r);
}

TEST(a_reset_forgets_invalidations, "")
{
	for (unsigned warm = 0; warm < 2; warm++) {
		struct rig *r = bench(1000);

		iom_step(r->unit, 0);
		for (unsigned i = 0; i < ITAGS + 1; i++)
			inval(r, 4);
		iom_step(r->unit, 999);
		if (warm)
			iom_unit_reset_warm(r->unit);
		else
			iom_unit_reset(r->unit);
		rig_cq(r, 8, false);
		fence(r, 6);
		CHECK(!waits(r, 6));
		/* Answers to what was before are nobody's. */
		complete(r, 4, ~0u, 1);
		r->messages = 0;
		for (unsigned i = 0; i < ITAGS; i++)
			inval(r, 4);
		CHECK_EQ(r->messages, ITAGS);
		fence(r, 7);
		CHECK(waits(r, 7));
		complete(r, 4, ~0u, 1);
		CHECK(!waits(r, 7));
		/* The time that was left of the old ones is, too. */
		iom_step(r->unit, 5000);
		fence(r, 8);
		CHECK(!waits(r, 8));
		rig_free(r);
	}
}

TEST(a_reset_forgets_a_timeout, "")
{
	struct rig *r = bench(1000);

	iom_step(r->unit, 0);
	inval(r, 4);
	iom_step(r->unit, 1000);
	iom_unit_reset(r->unit);
	rig_cq(r, 8, false);
	fence(r, 6);
	CHECK(!waits(r, 6));
	rig_free(r);
}

/* A fence waits for sections and for devices, whoever is last. */
TEST(fences_wait_for_sections_and_devices, "")
{
	for (unsigned sections_last = 0; sections_last < 2; sections_last++) {
		struct rig *r = bench(0);

		iom_begin(r->lane);
		inval(r, 4);
		fence(r, 6);
		CHECK(waits(r, 6));
		for (unsigned i = 0; i < 2; i++) {
			if (i == sections_last)
				iom_end(r->lane);
			else
				complete(r, 4, 1, 1);
			CHECK_EQ(waits(r, 6), !i);
		}
		/* Off, it stays busy until the fence has ended. */
		inval(r, 4);
		fence(r, 7);
		wr32(r, CQCSR, 0);
		CHECK_EQ(rd32(r, CQCSR), ON | BUSY);
		complete(r, 4, 1, 1);
		CHECK_EQ(rd32(r, CQCSR), 0);
		CHECK_EQ(ram32(r, SPOT), 7);
		rig_free(r);
	}
}

TEST(a_stopped_unit_hears_completions, "")
{
	struct rig *r = bench(0);

	inval(r, 4);
	inval(r, 4);
	fence(r, 6);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	complete(r, 4, 3, 1);
	CHECK_EQ(rd32(r, CQH), 2);
	iom_unit_start(r->unit);
	CHECK(!waits(r, 6));
	rig_free(r);
}

TEST(nobody_listens, "")
{
	const struct iom_riscv_config config = { .bytes = sizeof config, .capabilities = CAPS };
	struct rig *r = bench(0);
	struct iom_unit *unit, *with = r->unit;

	/* The same bench, but the host has no ears. */
	CHECK_EQ(iom_riscv_new(&config, r->memory, NULL, NULL, &unit, NULL), IOM_OK);
	r->unit = unit;
	r->next = RIG_RAM;
	rig_cq(r, 8, false);
	iom_step(unit, 0);
	inval(r, 4);
	rig_cmd(r, ATS_INVAL | 1 << 7 | RID(4), 0);
	fence(r, 6);
	CHECK(waits(r, 6));
	iom_step(unit, 60 * SECOND);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_TO);
	wr32(r, CQCSR, EN | CMD_TO);
	CHECK(!waits(r, 6));
	CHECK_EQ(r->messages, 0);
	iom_unit_free(unit);
	r->unit = with;
	rig_free(r);
}

TEST(messages_that_no_device_sends, "")
{
	static const struct iom_message wrong[] = {
		{ .kind = 0 },
		{ .kind = IOM_MESSAGE_INVALIDATE },
		{ .kind = IOM_MESSAGE_PAGES },
		{ .kind = 7 },
		{ .kind = IOM_MESSAGE_INVALIDATED, .code = 8 },
		{ .kind = IOM_MESSAGE_PAGE_REQUEST, .token = 512 },
		{ .kind = IOM_MESSAGE_PAGE_REQUEST, .code = 0x10 },
		{ .kind = IOM_MESSAGE_PAGE_REQUEST, .flags = IOM_REQ_PROBE },
		{ .kind = IOM_MESSAGE_PAGE_REQUEST, .flags = IOM_REQ_PASID, .pasid = 1u << 20 },
	};
	struct rig *r = bench(0);

	for (unsigned i = 0; i < COUNT(wrong); i++)
		CHECK_MSG(iom_message(endpoint(r, 1), &wrong[i]) == IOM_EINVAL, "%u", i);
	rig_free(r);

	r = rig_new(CAP_EXT);
	for (unsigned i = 4; i < 6; i++)
		CHECK_EQ(iom_message(endpoint(r, 1), &wrong[i]), IOM_ENOTSUP);
	rig_free(r);
}

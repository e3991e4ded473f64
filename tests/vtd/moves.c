/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A VT-d unit is stopped, and moved, while something is under way; nothing is lost. */
#include <stdlib.h>
#include <string.h>

#include "queue.h"

#define SID 0x3a45
#define OTHER 0x3a46
#define PASID 9
#define LAST IOM_PAGE_LAST
#define READ IOM_PAGE_READ
#define WRITE IOM_PAGE_WRITE

/* Into a unit of the same configuration, which goes on where this one was stopped. */
static void move(struct rig *r)
{
	struct iom_unit *old = r->unit;
	struct iom_error error = { 0 };
	uint8_t *state, *again;
	size_t bytes, copied;

	CHECK_EQ(iom_unit_stop(old), IOM_OK);
	CHECK_EQ(iom_unit_save(old, NULL, 0, &bytes), IOM_ENOSPC);
	state = malloc(bytes);
	again = malloc(bytes);
	CHECK(state && again);
	CHECK_EQ(iom_unit_save(old, state, bytes, &bytes), IOM_OK);
	r->unit = rig_unit(r, &r->config);
	CHECK(r->unit);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	if (iom_unit_load(r->unit, state, bytes, &error) != IOM_OK)
		CHECK_MSG(false, "%s", error.text);
	CHECK_EQ(iom_unit_save(r->unit, again, bytes, &copied), IOM_OK);
	CHECK_EQ(copied, bytes);
	CHECK_EQ(memcmp(again, state, bytes), 0);
	free(again);
	free(state);
	iom_unit_free(old);
	CHECK_EQ(iom_lane_open(r->unit, &r->lane), IOM_OK);
	iom_unit_start(r->unit);
}

/* ---- Page requests --------------------------------------------------------------------------- */

static void makes(struct rig *r, uint16_t sid)
{
	rig_device(r, sid, 0, PASIDE | DTE | PRE, 0);
	rig_pasid_put(r, sid, 0, PE_P | PGTT_PASS, 5 | PWSNP, 0);
	rig_pasid_put(r, sid, PASID, PE_P | PGTT_PASS, 5 | PWSNP, 0);
}

/* PASID PASID + 1 is refused: its entry is not present. */
static struct rig *asking(uint64_t *base)
{
	struct rig *r = rig_new();

	rig_on(r, TTM_SCALABLE);
	rig_queue(r, 0, true);
	makes(r, SID);
	makes(r, OTHER);
	*base = rig_page_queue(r, 0);
	return r;
}

/* While the unit answers the first, three more come, and it is stopped. */
static void three_more(struct rig *r, uint32_t requester, const struct iom_message *message)
{
	(void)requester;
	(void)message;
	r->on_message = NULL;
	rig_page_pid(r, SID, 0x2000, READ | LAST, 2, PASID, IOM_REQ_PRIVILEGED);
	rig_page_pid(r, SID, 0x3000, WRITE | LAST, 3, PASID + 1, 0);
	rig_page(r, OTHER, 0x4000, WRITE | LAST, 4);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_EBUSY);
}

static void stop_with_three(struct rig *r)
{
	r->on_message = three_more;
	rig_page_pid(r, SID, 0x1000, READ | LAST, 1, PASID + 1, 0);
	rig_answered(r, SID, 1, IOM_PAGES_INVALID);
	CHECK_EQ(rd64(r, PQT), 0);
	rig_forget(r);
}

/* The descriptors of the first and the third. */
static void stored(struct rig *r, uint64_t base)
{
	CHECK_EQ(rd64(r, PQT), 64);
	CHECK_EQ(ram64(r, base),
	         1 | 1 << 8 | (uint64_t)SID << 16 | (uint64_t)PASID << 32 | 1ull << 53);
	CHECK_EQ(ram64(r, base + 8), 0x2000 | 2 << 3 | 4 | 1);
	CHECK_EQ(ram64(r, base + 32), 1 | (uint64_t)OTHER << 16);
	CHECK_EQ(ram64(r, base + 40), 0x4000 | 4 << 3 | 4 | 2);
}

TEST(move_with_page_requests_that_wait, "VTD-PRQ-01 VTD-PRQ-09")
{
	const struct record want = { .info = 0x3000,
		                     .sid = SID,
		                     .reason = 0x59,
		                     .type = TYPE_PAGE_REQUEST,
		                     .pp = true,
		                     .pasid = PASID + 1 };
	uint64_t base;
	struct rig *r = asking(&base);

	stop_with_three(r);
	move(r);
	stored(r, base);
	rig_expect(r, &want);
	rig_expect_none(r);
	CHECK_EQ(r->message[0].what.pasid, PASID + 1);
	rig_answered(r, SID, 3, IOM_PAGES_INVALID);
	move(r);
	CHECK_EQ(rd64(r, PQT), 64);
	CHECK_EQ(r->messages, 0);
	rig_free(r);
}

/* States are of words of 8 bytes. */
#define WORD ((size_t)8)

static void put_word(uint8_t *place, uint64_t word)
{
	for (unsigned i = 0; i < 8; i++)
		place[i] = (uint8_t)(word >> 8 * i);
}

/* Words of a page request in a state, in their order. */
enum { RECORD_0, RECORD_1, THEIR_PASID, THEIR_DID, KIND, FAULT, QUIET, TO_ANSWER, WORDS };

TEST(states_with_page_requests_that_no_unit_has, "")
{
	static const struct {
		unsigned word;
		uint64_t value;
	} wrong[] = {
		{ RECORD_0, 2 },
		{ RECORD_0, 1 | 1ull << 63 },
		/* A PASID, Execute and Privileged without PASID Present */
		{ RECORD_0, 1 | 1ull << 32 },
		{ RECORD_0, 1 | 1ull << 52 },
		{ RECORD_0, 1 | 1ull << 53 },
		{ THEIR_PASID, 1 << 20 },
		{ THEIR_DID, 1 << 16 },
		{ KIND, 0 },
		{ KIND, 99 },
		{ FAULT, 0x59 },
		{ QUIET, 2 },
		{ TO_ANSWER, 2 },
	};
	static uint8_t saved[65536];
	struct iom_error error;
	uint64_t base;
	struct rig *r = asking(&base);
	uint8_t *last, *counted;
	size_t bytes;

	stop_with_three(r);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	CHECK_EQ(iom_unit_save(r->unit, saved, sizeof(saved), &bytes), IOM_OK);
	/* The last word of a state is its tail; the requests come before it, behind their count. */
	last = saved + bytes - WORD * (1 + WORDS);
	counted = last - WORD * (2 * WORDS + 1);
	CHECK_EQ(counted[0], 3);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		uint8_t *place = last + WORD * wrong[i].word;
		uint64_t was, now = wrong[i].value;

		memcpy(&was, place, WORD);
		put_word(place, now);
		error.text[0] = 0;
		CHECK_MSG(iom_unit_load(r->unit, saved, bytes, &error) == IOM_EINVAL,
		          "word %u is 0x%llx", wrong[i].word, (unsigned long long)now);
		CHECK(strstr(error.text, "contradicts"));
		memcpy(place, &was, WORD);
	}
	/* Faults that do not exist, where there is one: of the request before. */
	put_word(last - WORD * WORDS + WORD * FAULT, 0x1f);
	CHECK_EQ(iom_unit_load(r->unit, saved, bytes, NULL), IOM_EINVAL);
	put_word(last - WORD * WORDS + WORD * FAULT, 0x159);
	CHECK_EQ(iom_unit_load(r->unit, saved, bytes, NULL), IOM_EINVAL);
	put_word(last - WORD * WORDS + WORD * FAULT, 0x59);
	CHECK_EQ(iom_unit_load(r->unit, saved, bytes, NULL), IOM_OK);
	/* The unit keeps 32. */
	put_word(counted, 33);
	CHECK_EQ(iom_unit_load(r->unit, saved, bytes, NULL), IOM_EINVAL);
	rig_free(r);
}

/* A device that is removed gets no answer any more; the others' requests are not touched. */
TEST(devices_removed_while_their_page_requests_wait, "VTD-PRQ-01")
{
	struct iom_endpoint *endpoint;
	uint64_t base;
	struct rig *r = asking(&base);

	stop_with_three(r);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	CHECK_EQ(iom_endpoint_get(r->unit, SID, &endpoint), IOM_OK);
	iom_endpoint_remove(endpoint);
	iom_unit_start(r->unit);
	stored(r, base);
	CHECK_EQ(r->messages, 0);
	rig_free(r);
}

TEST(page_requests_of_a_stopped_unit, "")
{
	struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                 .address = 0x1000,
		                 .code = READ | LAST };
	uint64_t base;
	struct rig *r = asking(&base);

	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	CHECK_EQ(rig_send(r, SID, &m), IOM_EBUSY);
	iom_unit_start(r->unit);
	CHECK_EQ(rd64(r, PQT), 0);
	/* There are 512 groups. */
	m.token = 512;
	CHECK_EQ(rig_send(r, SID, &m), IOM_EINVAL);
	CHECK_EQ(rd64(r, PQT), 0);
	m.token = 511;
	CHECK_EQ(rig_send(r, SID, &m), IOM_OK);
	CHECK_EQ(rd64(r, PQT), 32);
	rig_free(r);
}

/* ---- Commands and events --------------------------------------------------------------------- */

static void stop_and_answer(struct rig *r, uint32_t requester, const struct iom_message *message)
{
	r->on_message = NULL;
	CHECK_EQ(iom_unit_stop(r->unit), IOM_EBUSY);
	queue_answer(r, requester, message);
}

/* The device answers the first descriptor, and the unit is stopped: the second is as good as new. */
TEST(move_with_descriptors_that_wait, "VTD-QI-29")
{
	struct rig *r = queue_new(CAP_ALL, ECAP_ALL, TTM_LEGACY, 0, false);
	const uint64_t invalidate[4] = { T_DEVICE | (uint64_t)SID << 32, 0 };
	const uint64_t wait[4] = { T_WAIT | WAIT_SW | WAIT_DATA(7), page(r) };

	r->on_message = stop_and_answer;
	rig_store(r, invalidate);
	rig_store(r, wait);
	rig_ring(r);
	CHECK_EQ(rd64(r, IQH), 16);
	CHECK_EQ(ram32(r, wait[1]), 0);
	move(r);
	CHECK_EQ(rd64(r, IQH), 32);
	CHECK_EQ(ram32(r, wait[1]), 7);
	rig_free(r);
}

TEST(move_without_a_queue, "")
{
	struct rig *r = rig_new_caps(CAP_LEGACY & ~CAP_PI, ECAP_PT | ECAP_IRO(RIG_IRO));

	rig_on(r, TTM_LEGACY);
	rig_context_put(r, SID, CTX_P | TT_PASS, AW(4) | DID(1));
	move(r);
	rig_grants(r, SID, rq(RIG_RAM, IOM_READ), RIG_RAM);
	rig_free(r);
}

static void refuse_and_stop(struct rig *r)
{
	struct iom_reply reply;

	r->on_msi = NULL;
	CHECK_EQ(rig_translate(r, OTHER, rq(0x1000, IOM_READ), &reply), IOM_EFAULT);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_EBUSY);
}

/* While the host takes one event's message, another event comes, and the unit is stopped. */
TEST(move_with_an_event_that_waits, "VTD-EVT-01")
{
	struct rig *r = queue_new(CAP_ALL, ECAP_ALL, TTM_LEGACY, 0, false);

	rig_event(r, FECTL, 0xfee01000, 0x31);
	rig_event(r, IECTL, 0xfee02000, 0x32);
	r->on_msi = refuse_and_stop;
	rig_submit(r, T_WAIT | WAIT_IF, 0);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].data, 0x32);
	move(r);
	CHECK_EQ(r->msis, 2);
	CHECK_EQ(r->msi[1].address, 0xfee01000);
	CHECK_EQ(r->msi[1].data, 0x31);
	move(r);
	CHECK_EQ(r->msis, 2);
	rig_free(r);
}

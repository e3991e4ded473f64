/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The invalidation queue: the wait descriptor. */
#include "queue.h"

#define SID 0x0123
#define DEVICE(sid) (T_DEVICE | (uint64_t)(sid) << 32)
#define EVENT 0xfee01000ull

static struct rig *make(void)
{
	return queue_new(CAP_ALL, ECAP_ALL, TTM_SCALABLE, 0, true);
}

TEST(status_is_four_bytes, "VTD-QI-21")
{
	struct rig *r = make();
	uint64_t status = page(r);
	unsigned i;

	for (i = 0; i < 4; i++) {
		unsigned j;

		for (j = 0; j < 4; j++)
			put32(r, status + 4 * j, ~0u);
		queue_wait(r, status + 4 * i, 0x12345678, 0);
		for (j = 0; j < 4; j++)
			CHECK_EQ(ram32(r, status + 4 * j), j == i ? 0x12345678 : ~0u);
	}
	CHECK_EQ(rd32(r, ICS), 0);
	/* It is told as one store of memory. */
	r->dirties = 0;
	queue_wait(r, status + 8, 5, 0);
	CHECK_EQ(r->dirties, 1);
	CHECK_EQ(r->dirty[0].spa, status + 8);
	CHECK_EQ(r->dirty[0].len, 4);
	/* Without SW neither data nor address count. */
	rig_submit(r, WAIT_DATA(9) | T_WAIT, status);
	CHECK_EQ(ram32(r, status), ~0u);
	rig_submit(r, WAIT_DATA(9) | T_WAIT, RIG_NOWHERE);
	CHECK_EQ(rd32(r, FSTS), 0);
	CHECK_EQ(r->dirties, 1);
	rig_free(r);
}

TEST(status_address_beyond_the_host_address_width, "VTD-QI-21")
{
	struct rig *r = make();
	uint64_t status = page(r);
	unsigned bit;

	for (bit = RIG_HAW; bit < 64; bit++) {
		queue_wait(r, status | 1ull << bit, bit, 0);
		CHECK_EQ(ram32(r, status), bit);
	}
	rig_free(r);
}

TEST(status_comes_after_earlier_work, "VTD-QI-21 VTD-QI-40")
{
	struct rig *r = make();
	uint64_t status = page(r);
	uint32_t first;

	r->on_message = NULL;
	rig_submit(r, DEVICE(SID), 0);
	queue_wait(r, status, 1, 0);
	queue_wait(r, status + 4, 2, 0);
	CHECK_EQ(r->messages, 1);
	CHECK_EQ(ram32(r, status), 0);
	CHECK_EQ(ram32(r, status + 4), 0);
	rig_submit(r, DEVICE(SID + 8), 0);
	queue_wait(r, status + 8, 3, 0);
	first = 1u << r->message[0].what.token;
	/* The later device answers first, if it was asked already. */
	if (r->messages == 2)
		queue_complete(r, SID + 8, 1u << r->message[1].what.token, 1);
	CHECK_EQ(ram32(r, status), 0);
	CHECK_EQ(ram32(r, status + 8), 0);
	r->dirties = 0;
	r->on_message = queue_answer;
	queue_complete(r, SID, first, 1);
	CHECK_EQ(ram32(r, status), 1);
	CHECK_EQ(ram32(r, status + 4), 2);
	CHECK_EQ(ram32(r, status + 8), 3);
	CHECK_EQ(r->dirties, 3);
	CHECK_EQ(r->dirty[0].spa, status);
	CHECK_EQ(r->dirty[1].spa, status + 4);
	CHECK_EQ(r->dirty[2].spa, status + 8);
	rig_free(r);
}

TEST(a_fence_holds_what_is_behind_it, "VTD-QI-25")
{
	struct rig *r = make();
	uint64_t status = page(r);

	r->on_message = NULL;
	rig_submit(r, DEVICE(SID), 0);
	rig_submit(r, T_WAIT | WAIT_FN, 0);
	/* A page group response: nothing else would hold it. */
	rig_submit(r, T_RESPONSE | (uint64_t)(SID + 8) << 16, 5 << 3);
	queue_wait(r, status, 1, 0);
	CHECK_EQ(r->messages, 1);
	CHECK_EQ(r->message[0].what.kind, IOM_MESSAGE_INVALIDATE);
	CHECK_EQ(ram32(r, status), 0);
	queue_complete(r, SID, 1u << r->message[0].what.token, 1);
	CHECK_EQ(r->messages, 2);
	CHECK_EQ(r->message[1].what.kind, IOM_MESSAGE_PAGES);
	CHECK_EQ(ram32(r, status), 1);
	rig_free(r);
}

static uint64_t seen_status;

static void status_is_there(struct rig *r)
{
	CHECK_EQ(ram32(r, seen_status), 0x77);
	CHECK_EQ(rd32(r, ICS), 1);
}

TEST(interrupt_of_a_wait, "VTD-QI-22 VTD-QI-23")
{
	struct rig *r = make();

	seen_status = page(r);
	rig_event(r, IECTL, EVENT, 0x41);
	rig_event(r, FECTL, EVENT, 0x42);
	r->on_msi = status_is_there;
	queue_wait(r, seen_status, 0x77, WAIT_IF);
	CHECK_EQ(rd32(r, ICS), 1);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].address, EVENT);
	CHECK_EQ(r->msi[0].data, 0x41);
	/* IWC is set: the status is written all the same. */
	queue_wait(r, seen_status, 0x78, WAIT_IF);
	CHECK_EQ(ram32(r, seen_status), 0x78);
	CHECK_EQ(r->msis, 1);
	wr32(r, ICS, 1);
	CHECK_EQ(rd32(r, ICS), 0);
	CHECK_EQ(r->msis, 1);
	/* Without SW there is the interrupt alone. */
	put32(r, seen_status, 0x77);
	rig_submit(r, WAIT_DATA(9) | T_WAIT | WAIT_IF, seen_status);
	CHECK_EQ(ram32(r, seen_status), 0x77);
	CHECK_EQ(r->msis, 2);
	CHECK_EQ(rd32(r, FSTS), 0);
	rig_free(r);
}

TEST(interrupt_of_a_wait_that_is_masked, "VTD-QI-24")
{
	struct rig *r = make();

	rig_event(r, IECTL, EVENT, 0x41);
	wr32(r, IECTL, 1u << 31);
	rig_submit(r, T_WAIT | WAIT_IF, 0);
	CHECK_EQ(rd32(r, IECTL), 3u << 30);
	CHECK_EQ(r->msis, 0);
	wr32(r, IECTL, 0);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(rd32(r, IECTL), 0);
	wr32(r, IECTL, 1u << 31);
	wr32(r, IECTL, 0);
	CHECK_EQ(r->msis, 1);
	wr32(r, ICS, 1);

	wr32(r, IECTL, 1u << 31);
	rig_submit(r, T_WAIT | WAIT_IF, 0);
	CHECK_EQ(rd32(r, IECTL), 3u << 30);
	wr32(r, ICS, 1);
	CHECK_EQ(rd32(r, IECTL), 1u << 31);
	wr32(r, IECTL, 0);
	CHECK_EQ(r->msis, 1);
	rig_free(r);
}

TEST(a_wait_without_flags, "VTD-QI-26")
{
	struct rig *r = make();

	rig_event(r, IECTL, EVENT, 0x41);
	rig_watch(r);
	queue_takes(r, (const uint64_t[4]){ T_WAIT });
	CHECK_EQ(r->owns, 1);
	CHECK_EQ(rd32(r, ICS), 0);
	CHECK_EQ(r->msis, 0);
	rig_free(r);
}

TEST(status_that_cannot_be_written, "VTD-QI-28")
{
	struct rig *r = make();
	const uint64_t where[] = { RIG_NOWHERE, rom_page(r) };
	unsigned i;

	rig_event(r, IECTL, EVENT, 0x41);
	for (i = 0; i < 2; i++) {
		uint64_t head = r->tail, after = page(r);

		rig_store(r, (const uint64_t[4]){ WAIT_DATA(5) | WAIT_SW | WAIT_IF | T_WAIT,
		                                  where[i] });
		queue_wait(r, after, 6, 0);
		CHECK_EQ(rd32(r, FSTS) & IQE, IQE);
		CHECK_EQ(rd64(r, IQH), head);
		CHECK_EQ(rd32(r, ICS), 0);
		CHECK_EQ(r->msis, 0);
		CHECK_EQ(ram32(r, after), 0);
		queue_repair(r);
		CHECK_EQ(rd32(r, FSTS) & IQE, 0);
		CHECK_EQ(ram32(r, after), 6);
		CHECK_EQ(rd64(r, IQH), r->tail);
	}
	rig_free(r);
}

/* Sections that are open: DMA that goes on with translations from before. */
TEST(invalidations_wait_for_dma, "VTD-QI-32")
{
	static const uint64_t qw[][4] = {
		{ T_IOTLB | G(1) | 0xc0 },
		{ T_IOTLB | G(2) | 0xc0 | 5 << 16 },
		{ T_IOTLB | G(3) | 0xc0 | 5 << 16, 0x7000 },
		{ T_PIOTLB | G(2) | 5 << 16 },
		{ T_PIOTLB | G(3) | 5 << 16, 0x7000 },
	};
	struct rig *r = make();
	uint64_t root = page(r), to = page(r), status = page(r);
	struct iom_port *port = rig_port(r, SID);
	struct iom_request q = rq(0x7000, IOM_WRITE);
	unsigned i;

	rig_device(r, SID, 0, 0, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_FS, 5 | PWSNP, FSPM_4 | root);
	rig_fs(r, root, 4, 0x7000, 1, to | FS_PRU);
	for (i = 0; i < sizeof(qw) / sizeof(*qw); i++) {
		struct iom_reply reply;

		put32(r, status, 0);
		iom_begin(r->lane);
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, to);
		rig_submit4(r, qw[i]);
		queue_wait(r, status, 1, 0);
		CHECK_EQ(ram32(r, status), 0);
		iom_end(r->lane);
		CHECK_EQ(ram32(r, status), 1);
		CHECK_EQ(rd64(r, IQH), r->tail);
	}
	rig_free(r);
}

/* A unit that says it drains nothing unless it is asked, and one that always does. */
TEST(drains_of_old_units, "VTD-QI-32")
{
	const struct iom_vtd_config config = {
		.cap = CAP_LEGACY, .ecap = ECAP_LEGACY, .version = 0x10, .address_bits = RIG_HAW
	};
	struct rig *r = rig_new_config(&config);
	uint64_t root = page(r), to = page(r), status = page(r);
	struct iom_port *port = rig_port(r, SID);
	struct iom_request q = rq(0x7000, IOM_WRITE);
	struct iom_reply reply;

	rig_on(r, TTM_LEGACY);
	rig_context_put(r, SID, CTX_P | root, AW(4) | DID(5));
	rig_ss(r, root, 4, 0x7000, 1, to | SS_RW);
	rig_queue(r, 0, false);
	iom_begin(r->lane);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	rig_submit(r, T_IOTLB | G(1) | 0xc0, 0);
	queue_wait(r, status, 1, 0);
	CHECK_EQ(ram32(r, status), 0);
	iom_end(r->lane);
	CHECK_EQ(ram32(r, status), 1);
	rig_free(r);
}

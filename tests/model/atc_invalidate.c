/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Invalidations of a device's translation cache: what they drop, and when they are answered. */
#include "atc_rig.h"

#define FAR STAGE_FAR
#define READ(iova) atc_request(iova, IOM_READ, -1)
#define AS(pid) atc_request(ATC_IOVA, IOM_READ, pid)

/* ---- What is dropped ---------------------------------------------------------------------- */

#define PAGES 8

/* All of it is in the cache. */
static void fill(struct atc_rig *t)
{
	for (unsigned i = 0; i < PAGES; i++) {
		atc_map(t, ATC_IOVA + 0x1000 * i, 0, leaf(FAR + 0x1000 * i));
		atc_reaches(t, READ(ATC_IOVA + 0x1000 * i), FAR + 0x1000 * i, 1);
	}
}

TEST(atc_drops_ranges_exactly, "PCI-ATS-11 PCI-ATS-12")
{
	for (unsigned lg2 = 12; lg2 <= 64; lg2++) {
		uint64_t pages = lg2 < 15 ? 1ull << (lg2 - 12) : PAGES;
		unsigned first = lg2 < 15 ? (unsigned)(PAGES - pages) : 0;
		struct atc_rig *t = atc_rig_new(HOST, NULL);

		fill(t);
		atc_invalidate(t, 0, atc_range(ATC_IOVA + 0x1000 * first, lg2));
		CHECK(atc_fence_done(t));
		CHECK_EQ(t->heard, 1);
		for (unsigned i = 0; i < PAGES; i++)
			atc_reaches(t, READ(ATC_IOVA + 0x1000 * i), FAR + 0x1000 * i,
			            i >= first && i < first + pages);
		atc_rig_free(t);
	}
}

/* A range takes out what it meets: pages that are smaller, and larger ones that it is a part of. */
TEST(atc_drops_larger_pages, "PCI-ATS-11")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);

	atc_map(t, ATC_IOVA, 1, leaf(1ull << 40));
	atc_map(t, ATC_IOVA + 0x200000, 1, leaf(2ull << 40));
	atc_reaches(t, READ(ATC_IOVA), 1ull << 40, 1);
	atc_reaches(t, READ(ATC_IOVA + 0x200000), 2ull << 40, 1);
	atc_invalidate(t, 0, atc_range(ATC_IOVA + 0x3ff000, 12));
	atc_reaches(t, READ(ATC_IOVA), 1ull << 40, 0);
	atc_reaches(t, READ(ATC_IOVA + 0x200000), 2ull << 40, 1);
	atc_invalidate(t, 0, atc_range(ATC_IOVA, 30));
	atc_reaches(t, READ(ATC_IOVA), 1ull << 40, 1);
	atc_reaches(t, READ(ATC_IOVA + 0x200000), 2ull << 40, 1);
	CHECK(atc_fence_done(t));
	atc_rig_free(t);
}

/*
 * A device with processes 1 and 2, and addresses without a process: each has a page at ATC_IOVA, and one
 * behind it whose entry says that it is the same for all.
 */
struct who {
	int pid;
	uint64_t to;
};
static const struct who all[] = { { -1, FAR + 0x20000 }, { 1, FAR }, { 2, FAR + 0x10000 } };

static void process(struct atc_rig *t, uint32_t pid, uint64_t root, uint64_t to)
{
	uint64_t pc = t->a.pdt + 16 * pid;

	rig_map(t->a.r, root, 3, false, ATC_IOVA, 0, leaf(to));
	rig_map(t->a.r, root, 3, false, ATC_IOVA + 0x1000, 0, leaf(to + 0x1000) | PTE_G);
	put64(t->a.r, pc + 8, stage_mode(3) | root >> 12);
	put64(t->a.r, pc, PC_V | PSCID(10 + pid));
}

static struct atc_rig *processes(void)
{
	struct atc_rig *t = atc_rig_new(PROC, NULL);

	/* What comes without a PASID belongs to process 0. */
	ats_tc(&t->a, PROC, ATS_ON | TC_PDTV | TC_DPE);
	process(t, 0, page(t->a.r), all[0].to);
	process(t, 1, page(t->a.r), all[1].to);
	process(t, 2, page(t->a.r), all[2].to);
	for (unsigned i = 0; i < COUNT(all); i++)
		for (unsigned n = 0; n < 2; n++)
			atc_reaches(t, atc_request(ATC_IOVA + 0x1000 * n, IOM_READ, all[i].pid),
			            all[i].to + 0x1000 * n, 1);
	return t;
}

/* dropped[who][page]; a page of no process is never marked global. */
static void left(struct atc_rig *t, const bool dropped[3][2])
{
	CHECK(atc_fence_done(t));
	for (unsigned i = 0; i < COUNT(all); i++)
		for (unsigned n = 0; n < 2; n++)
			atc_reaches(t, atc_request(ATC_IOVA + 0x1000 * n, IOM_READ, all[i].pid),
			            all[i].to + 0x1000 * n, dropped[i][n]);
	atc_rig_free(t);
}

TEST(atc_without_pasid_drops_all_processes, "PCI-ATS-20")
{
	struct atc_rig *t = processes();

	atc_invalidate(t, 0, atc_range(ATC_IOVA, 12));
	left(t, (const bool[3][2]){ { true, false }, { true, true }, { true, true } });
	/* G means nothing without a PASID. */
	t = processes();
	atc_invalidate(t, 0, atc_range(1ull << 33, 12) | ATC_GLOBAL);
	left(t, (const bool[3][2]){ { false, false }, { true, true }, { true, true } });
}

TEST(atc_with_pasid_spares_global_pages, "PCI-ATS-19 PCI-ATS-21")
{
	struct atc_rig *t = processes();

	atc_invalidate(t, CMD_PASID(1), atc_range(ATC_IOVA, 13));
	left(t, (const bool[3][2]){ { false, false }, { true, false }, { false, false } });
	t = processes();
	atc_invalidate(t, CMD_PASID(1), atc_range(ATC_IOVA, 12));
	left(t, (const bool[3][2]){ { false, false }, { true, false }, { false, false } });
}

TEST(atc_global_drops_every_process, "PCI-ATS-19 PCI-ATS-21")
{
	struct atc_rig *t = processes();

	atc_invalidate(t, CMD_PASID(1), atc_range(ATC_IOVA, 13) | ATC_GLOBAL);
	left(t, (const bool[3][2]){ { false, false }, { true, true }, { true, true } });
	t = processes();
	atc_invalidate(t, CMD_PASID(7), atc_range(ATC_IOVA + 0x1000, 12) | ATC_GLOBAL);
	left(t, (const bool[3][2]){ { false, false }, { false, true }, { false, true } });
}

/* ---- When it is answered ------------------------------------------------------------------- */

TEST(atc_answers_at_once_when_idle, "PCI-ATS-13")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);

	for (unsigned i = 0; i < 40; i++) {
		atc_invalidate(t, 0, atc_range(ATC_IOVA, 12));
		CHECK(atc_fence_done(t));
	}
	CHECK_EQ(t->heard, 40);
	atc_rig_free(t);
}

TEST(atc_answers_when_the_access_ends, "PCI-ATS-13 PCI-ATS-14")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	struct iom_request q = READ(ATC_IOVA);
	struct iom_reply reply;
	uint64_t entry;

	entry = atc_map(t, ATC_IOVA, 0, leaf(FAR));
	iom_atc_begin(t->atc);
	CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, FAR);
	put64(t->a.r, entry, leaf(FAR + 0x1000));
	/* All ITags that there are: the device takes 32 without an answer. */
	for (unsigned i = 0; i < 32; i++)
		rig_cmd(t->a.r, ATS_INVAL | CMD_RID(HOST), atc_range(ATC_IOVA, 12));
	rig_cmd(t->a.r, FENCE, 0);
	CHECK_EQ(t->heard, 32);
	CHECK(!atc_fence_done(t));
	/* What was dropped is not found by the rest of the same access. */
	CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, FAR + 0x1000);
	iom_atc_begin(t->atc);
	iom_atc_end(t->atc);
	CHECK(!atc_fence_done(t));
	iom_atc_end(t->atc);
	CHECK(atc_fence_done(t));
	/* The next access is none of theirs. */
	iom_atc_begin(t->atc);
	iom_atc_end(t->atc);
	iom_atc_end(t->atc);
	atc_reaches(t, READ(ATC_IOVA), FAR + 0x1000, 0);
	atc_rig_free(t);
}

/* Whoever frees a cache inside an access ends it: nobody waits for ever. */
TEST(atc_freed_inside_an_access, "PCI-ATS-14")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);

	iom_atc_begin(t->atc);
	iom_atc_begin(t->atc);
	atc_invalidate(t, 0, atc_range(0, 64));
	CHECK(!atc_fence_done(t));
	iom_atc_free(t->atc);
	t->atc = NULL;
	CHECK(atc_fence_done(t));
	atc_rig_free(t);
}

/* The device's own store rings the doorbell: the invalidation comes inside its access. */
static void rings(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	(void)off, (void)buf, (void)len;
	rig_cmd(r, ATS_INVAL | CMD_RID(HOST), atc_range(0, 64));
	rig_cmd(r, FENCE, 0);
	CHECK(rd32(r, CQH) != rd32(r, CQT));
}

TEST(atc_invalidated_from_inside_its_access, "PCI-ATS-14")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	struct iom_request q = atc_request(ATC_IOVA, IOM_WRITE, -1);
	struct iom_reply reply;
	uint64_t word = 1;

	t->a.r->on_device_write = rings;
	atc_map(t, ATC_IOVA, 0, leaf(RIG_DEVICE));
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(iom_atc_write(t->atc, &q, &word, 8, &reply), IOM_OK);
		CHECK(atc_fence_done(t));
		CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATION_REQUEST), 1);
	}
	CHECK_EQ(t->heard, 3);
	atc_rig_free(t);
}

/* The page changes, and is invalidated, while the unit still walks to it. */
static void overtakes(struct atc_rig *t)
{
	atc_map(t, ATC_IOVA, 0, leaf(FAR + 0x1000));
	rig_cmd(t->a.r, ATS_INVAL | CMD_RID(HOST), atc_range(ATC_IOVA, 12));
	rig_cmd(t->a.r, FENCE, 0);
}

TEST(atc_answers_that_were_overtaken, "PCI-ATS-15")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);

	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	t->on_walk = overtakes;
	atc_reaches(t, READ(ATC_IOVA), FAR + 0x1000, 2);
	CHECK(atc_fence_done(t));
	CHECK_EQ(t->heard, 1);
	atc_reaches(t, READ(ATC_IOVA), FAR + 0x1000, 0);
	atc_rig_free(t);
}

/* However often that happens: the access ends, and keeps nothing. */
static void overtakes_again(struct atc_rig *t)
{
	/* Without a fence, at which the queue would stop until the access ends. */
	atc_map(t, ATC_IOVA, 0, leaf(FAR + 0x1000));
	rig_cmd(t->a.r, ATS_INVAL | CMD_RID(HOST), atc_range(ATC_IOVA, 12));
	t->on_walk = overtakes_again;
}

TEST(atc_answers_that_are_always_overtaken, "PCI-ATS-15")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	struct iom_request q = READ(ATC_IOVA);
	struct iom_reply reply;

	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	t->on_walk = overtakes_again;
	iom_atc_begin(t->atc);
	CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_OK);
	CHECK_EQ(iom_atc_requests(t->atc), 8);
	rig_cmd(t->a.r, FENCE, 0);
	CHECK(!atc_fence_done(t));
	iom_atc_end(t->atc);
	t->on_walk = NULL;
	CHECK(atc_fence_done(t));
	atc_reaches(t, READ(ATC_IOVA), FAR + 0x1000, 1);
	atc_rig_free(t);
}

/* A function with two caches answers each request twice, and says so. */
TEST(atc_of_a_function_with_several, "PCI-ATS-13")
{
	const struct iom_atc_config config = { .bytes = sizeof config, .caches = 2 };
	struct atc_rig *t = atc_rig_new(HOST, &config);
	const struct iom_message *m;
	struct iom_port *port;
	struct iom_atc *other;

	port = rig_port(t->a.r, HOST);
	CHECK_EQ(iom_atc_new(port, &config, &other, NULL), IOM_OK);
	atc_invalidate(t, 0, atc_range(ATC_IOVA, 12));
	CHECK(!atc_fence_done(t));
	m = &t->a.r->message[t->a.r->messages - 1].what;
	CHECK_EQ(m->kind, IOM_MESSAGE_INVALIDATE);
	CHECK_EQ(iom_atc_message(other, m), IOM_OK);
	CHECK(atc_fence_done(t));
	iom_atc_free(other);
	atc_rig_free(t);
}

TEST(atc_takes_no_other_message, "")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);

	for (uint32_t kind = 0; kind < 9; kind++) {
		const struct iom_message m = { .kind = kind, .size_lg2 = 64, .token = 5 };

		CHECK_EQ(iom_atc_message(t->atc, &m),
		         kind == IOM_MESSAGE_INVALIDATE ? IOM_OK : IOM_EINVAL);
	}
	atc_rig_free(t);
}

/* ---- Enable ------------------------------------------------------------------------------- */

TEST(atc_disabled_still_answers, "PCI-ATS-16")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);

	iom_atc_enable(t->atc, false);
	atc_invalidate(t, 0, atc_range(ATC_IOVA, 12));
	CHECK(atc_fence_done(t));
	/* An access under way is one, however it goes. */
	iom_atc_begin(t->atc);
	atc_invalidate(t, 0, atc_range(ATC_IOVA, 12));
	CHECK(!atc_fence_done(t));
	iom_atc_end(t->atc);
	CHECK(atc_fence_done(t));
	atc_rig_free(t);
}

TEST(atc_is_empty_when_enabled, "PCI-ATS-17")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	struct iom_port *port = rig_port(t->a.r, HOST);

	fill(t);
	iom_atc_enable(t->atc, false);
	atc_sent(t, IOM_AT_TRANSLATED);
	atc_reaches(t, READ(ATC_IOVA), FAR, 0);
	CHECK_EQ(atc_sent(t, IOM_AT_UNTRANSLATED), 1);
	CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATED), 0);
	iom_atc_enable(t->atc, true);
	for (unsigned i = 0; i < PAGES; i++)
		atc_reaches(t, READ(ATC_IOVA + 0x1000 * i), FAR + 0x1000 * i, 1);
	/* A new one is not enabled. */
	iom_atc_free(t->atc);
	CHECK_EQ(iom_atc_new(port, NULL, &t->atc, NULL), IOM_OK);
	atc_reaches(t, READ(ATC_IOVA), FAR, 0);
	CHECK_EQ(atc_sent(t, IOM_AT_UNTRANSLATED), 1);
	atc_rig_free(t);
}

/* A reset of the function does not lose what it owes. */
TEST(atc_disabled_while_an_answer_is_due, "PCI-ATS-16 PCI-ATS-17")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);

	fill(t);
	iom_atc_begin(t->atc);
	atc_invalidate(t, 0, atc_range(ATC_IOVA, 12));
	iom_atc_enable(t->atc, false);
	CHECK(!atc_fence_done(t));
	iom_atc_end(t->atc);
	CHECK(atc_fence_done(t));
	atc_rig_free(t);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A device's translation cache: what it asks for, what it keeps, and how its accesses go. */
#include "atc_rig.h"

#include <string.h>

#include "bench.h"

#define FAR STAGE_FAR
#define READ(iova) atc_request(iova, IOM_READ, -1)
#define WRITE(iova) atc_request(iova, IOM_WRITE, -1)
#define AS(pid, access) atc_request(ATC_IOVA, access, pid)

/* ---- Keeping ------------------------------------------------------------------------------ */

TEST(atc_keeps_what_was_answered, "PCI-ATS-04")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);

	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	atc_reaches(t, WRITE(ATC_IOVA), FAR, 1);
	CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATED), 1);
	atc_reaches(t, READ(ATC_IOVA + 0x10), FAR + 0x10, 0);
	atc_reaches(t, WRITE(ATC_IOVA + 0xff8), FAR + 0xff8, 0);
	CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATED), 2);
	CHECK_EQ(atc_sent(t, IOM_AT_UNTRANSLATED), 0);
	atc_rig_free(t);
}

/* Every size that is answered is kept as it is: one request for all of it, another for what is behind. */
TEST(atc_keeps_whole_ranges, "PCI-ATS-05 PCI-ATS-06")
{
	const struct {
		unsigned level, lg2;
		uint64_t pte;
	} page[] = { { 0, 12, leaf(1ull << 40) },
		     { 0, 16, leaf(1ull << 40 | 0x8000) | 1ull << 63 }, /* NAPOT */
		     { 1, 21, leaf(1ull << 40) },
		     { 2, 30, leaf(1ull << 40) } };

	for (unsigned i = 0; i < COUNT(page); i++) {
		struct atc_rig *t = atc_rig_new(HOST, NULL);
		uint64_t bytes = 1ull << page[i].lg2;
		struct iom_request q = READ(ATC_IOVA);
		struct iom_reply reply;

		/* The 16 entries of a NAPOT range say the same. */
		for (unsigned n = 0; n < (page[i].lg2 == 16 ? 16 : 1); n++)
			atc_map(t, ATC_IOVA + 0x1000 * n, page[i].level, page[i].pte);
		atc_map(t, ATC_IOVA + bytes, page[i].level, page[i].pte);
		atc_reaches(t, READ(ATC_IOVA + bytes / 2), (1ull << 40) + bytes / 2, 1);
		atc_reaches(t, READ(ATC_IOVA), 1ull << 40, 0);
		atc_reaches(t, READ(ATC_IOVA + bytes - 8), (1ull << 40) + bytes - 8, 0);
		CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_OK);
		CHECK_EQ(reply.range_lg2, page[i].lg2);
		atc_reaches(t, READ(ATC_IOVA + bytes), 1ull << 40, 1);
		atc_rig_free(t);
	}
}

/* A reader asks for no leave to write, and a page does not become dirty; a writer does. */
TEST(atc_asks_for_what_it_needs, "PCI-ATS-09")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	uint64_t clean = leaf(FAR) & ~PTE_D, entry = atc_map(t, ATC_IOVA, 0, clean);

	ats_tc(&t->a, HOST, ATS_ON | TC_SADE);
	atc_reaches(t, READ(ATC_IOVA), FAR, 1);
	CHECK_EQ(ram64(t->a.r, entry), clean);
	atc_reaches(t, READ(ATC_IOVA), FAR, 0);
	atc_reaches(t, WRITE(ATC_IOVA), FAR, 1);
	CHECK_EQ(ram64(t->a.r, entry), clean | PTE_D);
	atc_reaches(t, READ(ATC_IOVA), FAR, 0);
	atc_reaches(t, WRITE(ATC_IOVA), FAR, 0);
	atc_rig_free(t);
}

TEST(atc_not_permitted_is_not_kept, "PCI-ATS-07 PCI-ATS-23")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	uint8_t buf[16];
	struct iom_request q = READ(ATC_IOVA);
	struct iom_reply reply;

	atc_map(t, ATC_IOVA, 0, 0);
	atc_not_permitted(t, READ(ATC_IOVA));
	CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATION_REQUEST), 1);
	CHECK_EQ(iom_atc_read(t->atc, &q, buf, sizeof buf, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK_EQ(reply.done, 0);
	CHECK_EQ(buf[0] & buf[15], 0xff);
	/* What is there afterwards is found without an invalidation. */
	atc_map(t, ATC_IOVA, 0, leaf(FAR) & ~PTE_W);
	atc_reaches(t, READ(ATC_IOVA), FAR, 1);
	atc_not_permitted(t, WRITE(ATC_IOVA));
	atc_reaches(t, READ(ATC_IOVA), FAR, 0);
	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	atc_reaches(t, WRITE(ATC_IOVA), FAR, 1);
	CHECK_EQ(atc_sent(t, IOM_AT_UNTRANSLATED), 0);
	atc_rig_free(t);
}

TEST(atc_refused_requests_end_its_use, "PCI-ATS-08")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);

	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	atc_map(t, ATC_IOVA + 0x1000, 0, leaf(FAR + 0x1000));
	atc_reaches(t, READ(ATC_IOVA), FAR, 1);
	ats_tc(&t->a, HOST, TC_V);
	for (unsigned i = 0; i < 3; i++) {
		struct iom_request q = READ(ATC_IOVA + 0x1000);
		struct iom_reply reply;

		CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, FAR + 0x1000);
		if (!i)
			rig_expect(t->a.r, rig_record(260, 8, HOST), ATC_IOVA + 0x1000, 0);
	}
	CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATION_REQUEST), 1);
	/* Nor is what was kept before. */
	atc_reaches(t, READ(ATC_IOVA), FAR, 0);
	CHECK_EQ(atc_sent(t, IOM_AT_UNTRANSLATED), 4);
	ats_tc(&t->a, HOST, ATS_ON);
	iom_atc_enable(t->atc, true);
	atc_reaches(t, READ(ATC_IOVA), FAR, 1);
	atc_rig_free(t);
}

/* An abort is that request's own. */
TEST(atc_aborted_requests_are_no_end, "PCI-ATS-08")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	struct iom_request q = READ(ATC_IOVA + 0x40000000);
	struct iom_reply reply;
	uint64_t record[4];

	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	/* A table where nothing answers. */
	put64(t->a.r, t->a.s1 + 8 * 2, PTE_PPN(RIG_NOWHERE) | 1);
	CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_ABORT);
	CHECK_EQ(reply.fault, 5);
	CHECK(rig_fault(t->a.r, record));
	atc_reaches(t, READ(ATC_IOVA), FAR, 1);
	atc_reaches(t, READ(ATC_IOVA), FAR, 0);
	atc_rig_free(t);
}

TEST(atc_probes_leave_nothing, "")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	struct iom_request q = READ(ATC_IOVA);

	q.flags = IOM_REQ_PROBE;
	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	atc_reaches(t, q, FAR, 1);
	atc_reaches(t, READ(ATC_IOVA), FAR, 1);
	atc_reaches(t, q, FAR, 0);
	/* Nor does one that is refused end anything. */
	q.iova = ATC_IOVA + 0x1000;
	atc_map(t, q.iova, 0, leaf(FAR));
	ats_tc(&t->a, HOST, TC_V);
	atc_reaches(t, q, FAR, 1);
	ats_tc(&t->a, HOST, ATS_ON);
	atc_reaches(t, READ(ATC_IOVA), FAR, 0);
	atc_reaches(t, READ(q.iova), FAR, 1);
	atc_rig_free(t);
}

/* More pages than entries: each is right, whichever were forgotten. */
TEST(atc_of_few_entries, "")
{
	const struct iom_atc_config config = { .bytes = sizeof config, .entries_lg2 = 2 };
	struct atc_rig *t = atc_rig_new(HOST, &config);

	for (unsigned i = 0; i < 64; i++)
		atc_map(t, ATC_IOVA + 0x1000 * i, 0, leaf(FAR + 0x1000 * (i * 7 % 64)));
	for (unsigned i = 0; i < 640; i++) {
		unsigned n = i * 13 % 64;
		struct iom_request q = READ(ATC_IOVA + 0x1000 * n);
		struct iom_reply reply;

		CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, FAR + 0x1000 * (n * 7 % 64));
	}
	CHECK(atc_sent(t, IOM_AT_TRANSLATION_REQUEST) > 64);
	atc_rig_free(t);
}

/* ---- Who asks ----------------------------------------------------------------------------- */

TEST(atc_tells_processes_apart, "PCI-ATS-04")
{
	struct atc_rig *t = atc_rig_new(PROC, NULL);
	uint64_t second = page(t->a.r);
	struct iom_request q = READ(ATC_IOVA);
	struct iom_reply reply;
	uint64_t record[4];

	put64(t->a.r, t->a.pdt + 16 * 2 + 8, stage_mode(3) | second >> 12);
	put64(t->a.r, t->a.pdt + 16 * 2, PC_V | PSCID(10));
	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	rig_map(t->a.r, second, 3, false, ATC_IOVA, 0, leaf(FAR + 0x1000));
	for (unsigned asked = 1; asked < 2; asked--) {
		atc_reaches(t, AS(PID, IOM_READ), FAR, asked);
		atc_reaches(t, AS(2, IOM_READ), FAR + 0x1000, asked);
	}
	/* Nor does a request without a process use an entry of one: no first stage without it. */
	CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, ATC_IOVA);
	CHECK(!rig_fault(t->a.r, record));
	atc_rig_free(t);
}

TEST(atc_tells_privilege_apart, "PCI-ATS-04")
{
	struct atc_rig *t = atc_rig_new(PROC, NULL);
	struct iom_request super = AS(PID, IOM_READ);

	super.flags |= IOM_REQ_PRIVILEGED;
	put64(t->a.r, t->a.pc, PC_V | PC_ENS | PSCID(9));
	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	atc_reaches(t, AS(PID, IOM_READ), FAR, 1);
	atc_not_permitted(t, super);
	put64(t->a.r, t->a.pc, PC_V | PC_ENS | PC_SUM | PSCID(9));
	atc_reaches(t, super, FAR, 1);
	atc_reaches(t, AS(PID, IOM_READ), FAR, 0);
	atc_reaches(t, super, FAR, 0);
	atc_rig_free(t);
}

TEST(atc_executes_by_leave_only, "PCI-ATS-04")
{
	struct atc_rig *t = atc_rig_new(PROC, NULL);
	const struct iom_request q = AS(PID, IOM_EXECUTE);
	struct iom_reply reply;
	uint64_t a, val;

	atc_map(t, ATC_IOVA, 0, leaf(FAR) & ~PTE_X);
	atc_reaches(t, AS(PID, IOM_WRITE), FAR, 1);
	atc_not_permitted(t, AS(PID, IOM_EXECUTE));
	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	atc_reaches(t, AS(PID, IOM_EXECUTE), FAR, 1);
	atc_reaches(t, AS(PID, IOM_EXECUTE), FAR, 0);
	/* One does not push the other out. */
	atc_reaches(t, AS(PID, IOM_WRITE), FAR, 0);
	atc_rig_free(t);

	t = atc_rig_new(PROC, NULL);
	a = page(t->a.r);
	put64(t->a.r, a, 42);
	atc_map(t, ATC_IOVA, 0, leaf(a) & ~PTE_X);
	CHECK_EQ(iom_atc_read(t->atc, &q, &val, 8, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_DONE);
	atc_map(t, ATC_IOVA, 0, leaf(a));
	CHECK_EQ(iom_atc_read(t->atc, &q, &val, 8, &reply), IOM_OK);
	CHECK_EQ(val, 42);
	atc_rig_free(t);

	/* Without a process nobody asks for that leave. */
	t = atc_rig_new(HOST, NULL);
	atc_map(t, ATC_IOVA, 0, leaf(FAR) & ~PTE_X);
	atc_reaches(t, atc_request(ATC_IOVA, IOM_EXECUTE, -1), FAR, 1);
	atc_reaches(t, READ(ATC_IOVA), FAR, 0);
	atc_rig_free(t);
}

/* Translated requests carry a PASID only where they are told to. */
static void saw_pasid(void *opaque, uint32_t requester, const struct iom_request *q,
                      const struct iom_reply *reply, int result)
{
	unsigned *seen = opaque;

	(void)requester, (void)reply, (void)result;
	if (q->at == IOM_AT_TRANSLATED)
		seen[q->flags & IOM_REQ_PASID ? 1 : 0]++;
}

TEST(atc_translated_requests_with_pasid, "")
{
	static const struct iom_observer observer = { .bytes = sizeof observer,
		                                      .access = saw_pasid };

	for (unsigned with = 0; with < 2; with++) {
		const struct iom_atc_config config = { .bytes = sizeof config,
			                               .flags = with ? IOM_ATC_PASID_TRANSLATED
			                                             : 0 };
		struct atc_rig *t = atc_rig_new(PROC, &config);
		unsigned seen[2] = { 0 };

		atc_map(t, ATC_IOVA, 0, leaf(FAR));
		atc_reaches(t, AS(PID, IOM_EXECUTE), FAR, 1);
		atc_reaches(t, AS(PID, IOM_READ), FAR, 1);
		CHECK_EQ(iom_observe(t->a.r->unit, &observer, seen), IOM_OK);
		atc_reaches(t, AS(PID, IOM_EXECUTE), FAR, 0);
		atc_reaches(t, AS(PID, IOM_READ), FAR, 0);
		CHECK_EQ(seen[with], 2);
		CHECK_EQ(seen[!with], 0);
		atc_rig_free(t);
	}
}

/* ---- Other ways to the page ---------------------------------------------------------------- */

/* The device keeps guest-physical addresses; the second stage is the unit's own. */
TEST(atc_with_guest_physical_addresses, "")
{
	struct atc_rig *t = atc_rig_new(GUEST, NULL);
	const struct guest_path *p = &t->a.path;
	const struct nested *n = &t->a.n;

	ats_tc(&t->a, GUEST, ATS_ON | TC_T2GPA);
	atc_reaches(t, READ(p->iova), p->data.spa, 1);
	atc_reaches(t, READ(p->iova), p->data.spa, 0);
	rig_map(t->a.r, n->root, 3, true, p->data.gpa, 0, leaf(FAR));
	atc_reaches(t, READ(p->iova), FAR, 0);
	atc_rig_free(t);
}

/* "U": reached by untranslated requests, and asked for each time. */
TEST(atc_untranslated_only, "PCI-ATS-18")
{
	struct atc_rig *t = atc_rig_new(SECOND, NULL);
	const uint64_t file = 0x50000000;
	uint64_t table = ats_msi(&t->a, SECOND, 0, file >> 12), mrif = pages(t->a.r, 1, 512);
	struct iom_request q = WRITE(file);
	struct iom_reply reply;

	rig_map(t->a.r, t->a.n.root, 3, true, file, 0, leaf(file));
	put64(t->a.r, table, mrif >> 9 << 7 | 3);
	put64(t->a.r, table + 8, PTE_PPN(RIG_RAM));
	q.bytes = 4;
	for (unsigned i = 1; i < 3; i++) {
		CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_OK);
		CHECK_EQ(reply.target, IOM_TARGET_MRIF);
		CHECK(reply.ats & IOM_ATS_UNTRANSLATED);
		CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATION_REQUEST), 1);
		CHECK_EQ(atc_sent(t, IOM_AT_UNTRANSLATED), 1);
		CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATED), 0);
	}
	/* Interrupt identity 5 becomes pending in the file. */
	CHECK_EQ(iom_atc_write(t->atc, &q, &(uint32_t){ 5 }, 4, &reply), IOM_OK);
	CHECK_EQ(ram64(t->a.r, mrif), 1 << 5);
	atc_rig_free(t);
}

/* ---- Data --------------------------------------------------------------------------------- */

TEST(atc_moves_data_piece_by_piece, "")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	uint64_t a = page(t->a.r), b = page(t->a.r), old;
	uint8_t out[0x1800], in[0x1800];
	struct iom_request q = WRITE(ATC_IOVA + 0xc00);
	struct iom_reply reply;

	for (unsigned i = 0; i < sizeof out; i++)
		out[i] = (uint8_t)(i * 7 + i / 256);
	atc_map(t, ATC_IOVA, 0, leaf(b));
	atc_map(t, ATC_IOVA + 0x1000, 0, leaf(a));
	atc_map(t, ATC_IOVA + 0x2000, 0, 0);
	CHECK_EQ(iom_atc_write(t->atc, &q, out, 0x1400, &reply), IOM_OK);
	CHECK_EQ(reply.done, 0x1400);
	CHECK_EQ(reply.range_lg2, 12);
	CHECK_EQ(memcmp(t->a.r->ram + (b - RIG_RAM) + 0xc00, out, 0x400), 0);
	CHECK_EQ(memcmp(t->a.r->ram + (a - RIG_RAM), out + 0x400, 0x1000), 0);
	CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATION_REQUEST), 2);
	CHECK_EQ(iom_atc_read(t->atc, &q, in, 0x1400, &reply), IOM_OK);
	CHECK_EQ(memcmp(in, out, 0x1400), 0);
	CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATION_REQUEST), 0);
	/* Up to the page that is not there. */
	CHECK_EQ(iom_atc_read(t->atc, &q, in, 0x1800, &reply), IOM_EFAULT);
	CHECK_EQ(reply.done, 0x1400);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK_EQ(memcmp(in, out, 0x1400), 0);
	CHECK_EQ(in[0x1400] & in[0x17ff], 0xff);
	/* Nothing, to a page that may only be read. */
	atc_map(t, ATC_IOVA + 0x3000, 0, leaf(a) & ~PTE_W);
	CHECK_EQ(iom_atc_write(t->atc, &q, NULL, 0, &reply), IOM_OK);
	q.iova = ATC_IOVA + 0x3000;
	CHECK_EQ(iom_atc_read(t->atc, &q, NULL, 0, &reply), IOM_OK);
	CHECK_EQ(iom_atc_write(t->atc, &q, NULL, 0, &reply), IOM_EFAULT);
	q.iova = ATC_IOVA + 0xc00;
	CHECK_EQ(atc_sent(t, IOM_AT_UNTRANSLATED), 0);

	put64(t->a.r, b + 0xc00, 40);
	CHECK_EQ(iom_atc_atomic(t->atc, &q, IOM_FETCH_ADD, 2, 0, 8, &old, &reply), IOM_OK);
	CHECK_EQ(old, 40);
	CHECK_EQ(ram64(t->a.r, b + 0xc00), 42);
	CHECK_EQ(iom_atc_atomic(t->atc, &q, IOM_FETCH_ADD, 2, 0, 3, &old, &reply), IOM_EINVAL);
	q.iova = ATC_IOVA + 0x3000;
	CHECK_EQ(iom_atc_atomic(t->atc, &q, IOM_FETCH_ADD, 2, 0, 8, &old, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_DONE);
	atc_rig_free(t);
}

/* What lies behind the host pointer ends with the page, whatever the memory is. */
TEST(atc_host_pointers_end_with_the_page, "")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	uint64_t a = page(t->a.r);
	struct iom_request q = READ(ATC_IOVA + 0x123);
	struct iom_reply reply;

	atc_map(t, ATC_IOVA, 0, leaf(a) & ~PTE_W);
	iom_atc_begin(t->atc);
	CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_OK);
	CHECK(reply.host == t->a.r->ram + (a - RIG_RAM) + 0x123);
	CHECK_EQ(reply.host_bytes, 0x1000 - 0x123);
	CHECK_EQ(reply.range_lg2, 12);
	CHECK_EQ(reply.perm, IOM_PERM_READ);
	iom_atc_end(t->atc);
	atc_rig_free(t);
}

TEST(atc_malformed_requests, "")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	const struct iom_request bad[] = {
		{ .iova = ATC_IOVA, .at = IOM_AT_TRANSLATED },
		{ .iova = ATC_IOVA, .at = IOM_AT_TRANSLATION_REQUEST },
		{ .iova = ATC_IOVA, .flags = IOM_REQ_NO_WRITE },
		{ .iova = ATC_IOVA, .access = 4 },
		{ .iova = ~0ull, .bytes = 2 },
		{ .iova = ATC_IOVA, .flags = IOM_REQ_PASID, .pasid = 1u << 20 },
	};
	uint64_t word = 1, old;
	struct iom_reply reply;

	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	atc_reaches(t, READ(ATC_IOVA), FAR, 1);
	for (unsigned i = 0; i < COUNT(bad); i++) {
		CHECK_EQ(iom_atc_translate(t->atc, &bad[i], &reply), IOM_EINVAL);
		CHECK_EQ(reply.status, IOM_UNSUPPORTED);
		if (bad[i].access) /* the others say themselves what they do */
			continue;
		CHECK_EQ(iom_atc_read(t->atc, &bad[i], &word, 8, &reply), IOM_EINVAL);
		CHECK_EQ(word, ~0ull);
		CHECK_EQ(iom_atc_write(t->atc, &bad[i], &word, 8, &reply), IOM_EINVAL);
		CHECK_EQ(iom_atc_atomic(t->atc, &bad[i], IOM_FETCH_ADD, 1, 0, 8, &old, &reply),
		         IOM_EINVAL);
		CHECK_EQ(reply.status, IOM_UNSUPPORTED);
		CHECK_EQ(reply.done, 0);
	}
	CHECK_EQ(iom_atc_read(t->atc, &bad[0], NULL, 0, &reply), IOM_EINVAL);
	rig_expect_none(t->a.r);
	atc_rig_free(t);
}

/* ---- Coming and going ---------------------------------------------------------------------- */

TEST(atc_configurations, "")
{
	const struct {
		struct iom_atc_config config;
		const char *says;
	} bad[] = {
		{ { .bytes = 1 }, "iom_atc_config.bytes is 1" },
		{ { .bytes = sizeof(struct iom_atc_config), .flags = 2 }, "flags is 0x2" },
		{ { .bytes = sizeof(struct iom_atc_config), .entries_lg2 = 1 }, "2 to 20" },
		{ { .bytes = sizeof(struct iom_atc_config), .entries_lg2 = 21 }, "2 to 20" },
		{ { .bytes = sizeof(struct iom_atc_config), .caches = 9 }, "1 to 8" },
	};
	struct atc_rig *t = atc_rig_new(HOST, NULL);

	for (unsigned i = 0; i < COUNT(bad); i++) {
		struct iom_error error;
		struct iom_atc *atc;

		CHECK_EQ(iom_atc_new(t->port, &bad[i].config, &atc, &error), IOM_EINVAL);
		CHECK(!atc);
		check_sentence(&error, IOM_EINVAL, bad[i].says);
	}
	iom_atc_free(NULL);
	atc_rig_free(t);
}

TEST(atc_of_a_device_that_is_gone, "")
{
	struct atc_rig *t = atc_rig_new(HOST, NULL);
	struct iom_request q = READ(ATC_IOVA);
	struct iom_endpoint *endpoint;
	struct iom_reply reply;

	atc_map(t, ATC_IOVA, 0, leaf(FAR));
	atc_reaches(t, READ(ATC_IOVA), FAR, 1);
	iom_atc_begin(t->atc);
	atc_invalidate(t, 0, atc_range(0, 64));
	CHECK(!atc_fence_done(t));
	CHECK_EQ(iom_endpoint_get(t->a.r->unit, HOST, &endpoint), IOM_OK);
	iom_endpoint_remove(endpoint);
	/* Its part of the invalidation is over; the section is not. */
	CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_ENOENT);
	iom_atc_end(t->atc);
	CHECK(atc_fence_done(t));
	CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_ENOENT);
	CHECK_EQ(iom_atc_write(t->atc, &q, &q, 8, &reply), IOM_ENOENT);
	atc_rig_free(t);
}

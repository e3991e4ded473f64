/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Page requests that the tables refuse, and what a page request takes out of the caches. */
#include "queue.h"

#define SID 0x3a45
#define PASID 9
#define DID_OF 5

struct asking {
	struct rig *r;
	uint64_t root, base;
};

/* A unit on which page requests with and without PASID are well formed. */
static void make(struct asking *a, uint64_t flags)
{
	a->r = rig_new();
	a->root = page(a->r);
	rig_on(a->r, TTM_SCALABLE);
	rig_device(a->r, SID, 0, PASIDE | DTE | PRE | flags, 0);
	rig_pasid_put(a->r, SID, 0, PE_P | PGTT_FS, DID_OF | PWSNP, FSPM_4 | a->root);
	rig_pasid_put(a->r, SID, PASID, PE_P | PGTT_FS, DID_OF | PWSNP, FSPM_4 | a->root);
	a->base = rig_page_queue(a->r, 0);
}

static void recorded(struct rig *r, bool pasid, uint32_t value, unsigned reason)
{
	const struct record want = { .info = 0x7000,
		                     .sid = SID,
		                     .reason = reason,
		                     .type = TYPE_PAGE_REQUEST,
		                     .pp = pasid,
		                     .pasid = value };

	if (reason)
		rig_expect(r, &want);
	rig_expect_none(r);
}

static void ask(struct rig *r, bool pasid, uint32_t value, unsigned code)
{
	if (pasid)
		rig_page_pid(r, SID, 0x7000, code, 0x1a, value, 0);
	else
		rig_page(r, SID, 0x7000, code, 0x1a);
}

/* Invalid Request where an answer is due, else nothing; recorded (reason not 0) both times. */
static void refuses(struct rig *r, bool pasid, uint32_t value, unsigned reason)
{
	uint64_t tail = rd64(r, PQT);

	r->messages = 0;
	ask(r, pasid, value, IOM_PAGE_READ);
	CHECK_EQ(r->messages, 0);
	recorded(r, pasid, value, reason);
	ask(r, pasid, value, IOM_PAGE_WRITE | IOM_PAGE_LAST);
	CHECK_EQ(r->messages, 1);
	CHECK_EQ(!(r->message[0].what.flags & IOM_REQ_PASID), !pasid);
	if (pasid)
		CHECK_EQ(r->message[0].what.pasid, value);
	rig_answered(r, SID, 0x1a, IOM_PAGES_INVALID);
	recorded(r, pasid, value, reason);
	CHECK_EQ(rd64(r, PQT), tail);
	CHECK_EQ(rd32(r, PRS), 0);
}

TEST(page_requests_in_other_modes, "VTD-PRQ-09 VTD-PRQ-12")
{
	struct rig *r = rig_new_caps(CAP_ALL, ECAP_ALL | ECAP_ADMS);

	rig_on(r, TTM_LEGACY);
	rig_page_queue(r, 0);
	rig_context_put(r, SID, CTX_P | FPD | TT_PASS, AW(4) | DID(1));
	refuses(r, false, 0, 0x32);
	rig_root(r, TTM_ABORT);
	refuses(r, false, 0, 0x33);
	refuses(r, true, 3, 0x33);
	rig_root(r, 2);
	refuses(r, false, 0, 0x30);
	rig_free(r);
}

TEST(page_requests_that_contexts_refuse, "VTD-PRQ-09 VTD-PRQ-12")
{
	struct asking a;
	uint64_t half, entry, was;

	make(&a, 0);
	half = a.r->root + 16 * (SID >> 8);
	entry = rig_scontext(a.r, SID);
	was = ram64(a.r, entry);
	/* SID's devfn is below 0x80. */
	put64(a.r, half, ram64(a.r, half) ^ 1);
	refuses(a.r, false, 0, 0x39);
	put64(a.r, half, ram64(a.r, half) ^ 1);
	put64(a.r, half, ram64(a.r, half) | 2);
	refuses(a.r, false, 0, 0x3a);
	put64(a.r, half, ram64(a.r, half) & ~2ull);
	put64(a.r, half, RIG_NOWHERE | 1);
	refuses(a.r, false, 0, 0x40);
	put64(a.r, half, (entry & ~0xfffull) | 1);

	put64(a.r, entry, was & ~1ull);
	refuses(a.r, false, 0, 0x41);
	put64(a.r, entry, (was & ~1ull) | FPD);
	refuses(a.r, false, 0, 0);
	put64(a.r, entry, was | 1ull << 7);
	refuses(a.r, false, 0, 0x42);
	put64(a.r, entry, was & ~DTE);
	refuses(a.r, false, 0, 0x43);
	put64(a.r, entry, was & ~PASIDE);
	refuses(a.r, true, PASID, 0x45);
	put64(a.r, entry, was);
	refuses(a.r, true, 1u << 13, 0x46);
	put64(a.r, entry, was & ~PRE);
	refuses(a.r, false, 0, 0x47);
	refuses(a.r, true, PASID, 0x47);
	put64(a.r, entry, (was & ~PRE) | FPD);
	refuses(a.r, false, 0, 0);
	put64(a.r, entry, was);
	refuses(a.r, true, 0, 0x48);
	rig_rtaddr(a.r, RIG_NOWHERE | TTM_SCALABLE << 10);
	refuses(a.r, false, 0, 0x38);
	rig_free(a.r);
}

TEST(page_requests_that_pasids_refuse, "VTD-PRQ-09 VTD-PRQ-12")
{
	struct asking a;
	uint64_t dir, entry, was_dir, was;

	make(&a, 0);
	dir = rig_directory(a.r, SID, PASID);
	entry = rig_pasid(a.r, SID, PASID);
	was_dir = ram64(a.r, dir);
	was = ram64(a.r, entry);
	put64(a.r, dir, was_dir & ~1ull);
	refuses(a.r, true, PASID, 0x51);
	put64(a.r, dir, was_dir | 4);
	refuses(a.r, true, PASID, 0x52);
	put64(a.r, dir, RIG_NOWHERE | 1);
	refuses(a.r, true, PASID, 0x58);
	put64(a.r, dir, was_dir);
	put64(a.r, entry, was & ~1ull);
	refuses(a.r, true, PASID, 0x59);
	put64(a.r, entry, (was & ~1ull) | FPD);
	refuses(a.r, true, PASID, 0);
	put64(a.r, entry, was | 1ull << 5);
	refuses(a.r, true, PASID, 0x5a);
	put64(a.r, entry, (was & ~PGTT_FS) | 7ull << 6);
	refuses(a.r, true, PASID, 0x5b);
	put64(a.r, entry, was);
	put64(a.r, rig_scontext(a.r, SID), RIG_NOWHERE | PASIDE | DTE | PRE | 1);
	refuses(a.r, true, PASID, 0x50);
	rig_free(a.r);
}

/* Nobody listens: the request is refused on the bus, nothing is recorded or answered. */
TEST(page_requests_while_translation_is_off, "VTD-ATS-01")
{
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = 0x7000,
		                       .code = IOM_PAGE_READ | IOM_PAGE_LAST };
	struct asking a;

	make(&a, 0);
	rig_gcmd(a.r, TE, false);
	CHECK(rig_send(a.r, SID, &m) != IOM_OK);
	CHECK_EQ(a.r->messages, 0);
	CHECK_EQ(rd64(a.r, PQT), 0);
	CHECK_EQ(rd32(a.r, PRS), 0);
	rig_expect_none(a.r);
	rig_gcmd(a.r, TE, true);
	CHECK_EQ(rig_send(a.r, SID, &m), IOM_OK);
	CHECK_EQ(rd64(a.r, PQT), 32);
	rig_free(a.r);
}

/* A stop marker needs no answer even where it is refused. */
TEST(stop_markers_that_are_refused, "VTD-PRQ-09 VTD-PRQ-10")
{
	struct asking a;

	make(&a, 0);
	put64(a.r, rig_pasid(a.r, SID, PASID), 0);
	rig_page_pid(a.r, SID, 0, IOM_PAGE_LAST, 0, PASID, 0);
	CHECK_EQ(a.r->messages, 0);
	CHECK_EQ(rd64(a.r, PQT), 0);
	rig_forget(a.r);
	rig_free(a.r);
}

/* ---- What a page request takes out of the caches --------------------------------------------- */

#define IOVA 0x10000ull

/*
 * A way of this kind, whose pages at IOVA and behind are kept; then leaves change, and a page request
 * for IOVA comes.  The other page stays, unless all of the domain goes.
 */
static void drops(uint64_t pgtt, bool pasid, bool whole)
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	struct rig *r = rig_new_config(&config);
	uint64_t root = page(r), old = pages(r, 2, PAGE), now = pages(r, 2, PAGE), ss = page(r);
	const bool ss_only = pgtt == PGTT_SS;
	const uint64_t bits = ss_only ? SS_RW : FS_PRU;
	const uint32_t value = pasid ? PASID : 0;
	struct iom_request q[2];
	unsigned i;

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, PASIDE | DTE | PRE, 0);
	rig_page_queue(r, 0);
	rig_ss(r, ss, 4, RIG_RAM, 3, RIG_RAM | SS_PS | SS_RW);
	if (ss_only)
		rig_pasid_put(r, SID, value, PE_P | PGTT_SS | PE_AW(4) | root, DID_OF | PWSNP, 0);
	else
		rig_pasid_put(r, SID, value, PE_P | pgtt | PE_AW(4) | ss, DID_OF | PWSNP,
		              FSPM_4 | root);
	for (i = 0; i < 2; i++) {
		uint64_t iova = IOVA + i * PAGE;

		q[i] = pasid ? rq_pid(iova, IOM_READ, PASID) : rq(iova, IOM_READ);
		(ss_only ? rig_ss : rig_fs)(r, root, 4, iova, 1, (old + i * PAGE) | bits);
		rig_grants(r, SID, q[i], old + i * PAGE);
		(ss_only ? rig_ss : rig_fs)(r, root, 4, iova, 1, (now + i * PAGE) | bits);
		rig_grants(r, SID, q[i], old + i * PAGE);
	}
	if (pasid)
		rig_page_pid(r, SID, IOVA, IOM_PAGE_READ, 0, PASID, 0);
	else
		rig_page(r, SID, IOVA, IOM_PAGE_READ, 0);
	rig_grants(r, SID, q[0], now);
	rig_grants(r, SID, q[1], (whole ? now : old) + PAGE);
	rig_free(r);
}

TEST(a_page_request_drops_its_page, "VTD-PRQ-11")
{
	unsigned pasid;

	for (pasid = 0; pasid < 2; pasid++) {
		drops(PGTT_FS, pasid, false);
		drops(PGTT_SS, pasid, false);
		drops(PGTT_NEST, pasid, true);
	}
}

/* Of the guest's addresses no page request speaks: what the second stage said goes with the domain. */
TEST(a_page_request_drops_the_second_stage, "VTD-PRQ-11")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	const uint64_t gpa = 0x7777000;
	struct rig *r = rig_new_config(&config);
	uint64_t root = page(r), ss = page(r), old = page(r), now = page(r);

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, PASIDE | DTE | PRE, 0);
	rig_page_queue(r, 0);
	/* Tables of the first stage are at the addresses that they have. */
	rig_ss(r, ss, 4, RIG_RAM, 3, RIG_RAM | SS_PS | SS_RW);
	rig_ss(r, ss, 4, gpa, 1, old | SS_RW);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_NEST | PE_AW(4) | ss, DID_OF | PWSNP, FSPM_4 | root);
	rig_fs(r, root, 4, IOVA, 1, gpa | FS_PRU);
	rig_grants(r, SID, rq(IOVA, IOM_READ), old);
	rig_ss(r, ss, 4, gpa, 1, now | SS_RW);
	rig_grants(r, SID, rq(IOVA, IOM_READ), old);
	rig_page(r, SID, IOVA, IOM_PAGE_READ, 0);
	rig_grants(r, SID, rq(IOVA, IOM_READ), now);
	rig_free(r);
}

static struct iom_port *seen_port;
static uint64_t seen_spa;
static unsigned seen;

/* The unit writes the descriptor: what it names must be gone by then. */
static void look(struct rig *r, const struct iom_own_access *access)
{
	struct iom_request q = rq(IOVA, IOM_READ);
	struct iom_reply reply;

	if (access->of != IOM_OF_QUEUE || !access->write || seen++)
		return;
	iom_begin(r->lane);
	CHECK_EQ(iom_translate(seen_port, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, seen_spa);
	iom_end(r->lane);
}

TEST(it_is_gone_before_the_request_is_queued, "VTD-PRQ-11")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	struct rig *r = rig_new_config(&config);
	uint64_t root = page(r), old = page(r);

	seen_spa = page(r);
	seen = 0;
	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, PASIDE | DTE | PRE, 0);
	rig_page_queue(r, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_FS, DID_OF | PWSNP, FSPM_4 | root);
	rig_fs(r, root, 4, IOVA, 1, old | FS_PRU);
	rig_grants(r, SID, rq(IOVA, IOM_READ), old);
	rig_fs(r, root, 4, IOVA, 1, seen_spa | FS_PRU);
	seen_port = rig_port(r, SID);
	rig_watch(r);
	r->on_own = look;
	rig_page(r, SID, IOVA, IOM_PAGE_READ, 0);
	CHECK(seen >= 1);
	rig_free(r);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Fault records: each field of each kind of request, and the circle that they go round. */
#include "rig.h"

#include <string.h>

#define SID 0xa5c3
#define IOVA 0x123456789000ull
#define HIGH(n) (RIG_FRO + 16ull * (n) + 8)

/* The fields of a record, as the manual draws them: bits 127:64. */
static uint64_t high(unsigned type, unsigned at, unsigned reason, uint16_t sid)
{
	return 1ull << 63 | (uint64_t)(type >> 1) << 62 | (uint64_t)at << 60 |
	       (uint64_t)(type & 1) << 28 | (uint64_t)reason << 32 | sid;
}

static uint64_t with_pasid(uint32_t pasid, bool exe, bool priv)
{
	return (uint64_t)pasid << 40 | 1ull << 31 | (uint64_t)exe << 30 | (uint64_t)priv << 29;
}

static void leaves(struct rig *r, unsigned n, const struct iom_request *q, uint64_t want)
{
	struct iom_reply reply;

	CHECK_EQ(rig_translate(r, SID, *q, &reply), IOM_EFAULT);
	CHECK_EQ(rd64(r, HIGH(n) - 8), q->iova & ~0xfffull);
	CHECK_MSG(rd64(r, HIGH(n)) == want, "0x%llx instead of 0x%llx",
	          (unsigned long long)rd64(r, HIGH(n)), (unsigned long long)want);
}

/* SCT.2 and later: the context entry is not there, or what the context refuses. */
TEST(record_of_each_kind, "VTD-FLT-01 VTD-FLT-02")
{
	struct iom_request q;
	struct rig *r = rig_new();

	rig_on(r, TTM_SCALABLE);
	q = rq(IOVA + 0x123, IOM_WRITE);
	leaves(r, 0, &q, high(TYPE_WRITE, 0, 0x39, SID));
	q.access = IOM_READ;
	leaves(r, 1, &q, high(TYPE_READ, 0, 0x39, SID));
	q.access = IOM_ATOMIC;
	leaves(r, 2, &q, high(TYPE_ATOMIC, 0, 0x39, SID));
	q = rq_zero(IOVA);
	leaves(r, 3, &q, high(TYPE_READ, 0, 0x39, SID));
	q = rq_ats(rq(IOVA, IOM_READ));
	leaves(r, 4, &q, high(TYPE_READ, 1, 0x39, SID));
	q = rq_translated(rq(IOVA, IOM_READ));
	leaves(r, 5, &q, high(TYPE_READ, 2, 0x39, SID));
	q.access = IOM_WRITE;
	leaves(r, 6, &q, high(TYPE_WRITE, 2, 0x39, SID));
	q.access = IOM_ATOMIC;
	leaves(r, 7, &q, high(TYPE_ATOMIC, 2, 0x39, SID));
	rig_forget(r);
	q = rq_pid(IOVA, IOM_WRITE, 0xfffff);
	leaves(r, 0, &q, high(TYPE_WRITE, 0, 0x39, SID) | with_pasid(0xfffff, 0, 0));
	q = rq_priv(IOVA, IOM_READ, 0x80001);
	leaves(r, 1, &q, high(TYPE_READ, 0, 0x39, SID) | with_pasid(0x80001, 0, 1));
	q.access = IOM_EXECUTE;
	leaves(r, 2, &q, high(TYPE_READ, 0, 0x39, SID) | with_pasid(0x80001, 1, 1));
	q = rq_pid(IOVA, IOM_EXECUTE, 0x5a5a5);
	leaves(r, 3, &q, high(TYPE_READ, 0, 0x39, SID) | with_pasid(0x5a5a5, 1, 0));
	q = rq_ats(rq_priv(IOVA, IOM_READ, 0x12345));
	leaves(r, 4, &q, high(TYPE_READ, 1, 0x39, SID) | with_pasid(0x12345, 0, 1));
	rig_free(r);
}

TEST(record_of_a_page_request, "VTD-FLT-01 VTD-FLT-02")
{
	struct rig *r = rig_new();

	rig_on(r, TTM_SCALABLE);
	rig_page_queue(r, 0);
	rig_page(r, SID, IOVA, IOM_PAGE_WRITE, 5);
	CHECK_EQ(rd64(r, HIGH(0) - 8), IOVA);
	/* AT says nothing there. */
	CHECK_EQ(rd64(r, HIGH(0)) & ~(3ull << 60), high(TYPE_PAGE_REQUEST, 0, 0x39, SID));
	rig_page_pid(r, SID, IOVA, IOM_PAGE_READ, 5, 0xabcde, IOM_REQ_PRIVILEGED);
	CHECK_EQ(rd64(r, HIGH(1)) & ~(3ull << 60 | 1ull << 30),
	         high(TYPE_PAGE_REQUEST, 0, 0x39, SID) | with_pasid(0xabcde, 0, 1));
	rig_free(r);
}

/* RID_PASID is used, and not told. */
TEST(record_without_pasid, "VTD-FLT-03")
{
	const uint32_t rid_pasid = 0x54;
	struct rig *r = rig_new();
	struct iom_request q = rq(IOVA, IOM_WRITE);

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, PASIDE, rid_pasid | RID_PRIV);
	rig_pasid(r, SID, rid_pasid);
	leaves(r, 0, &q, high(TYPE_WRITE, 0, 0x59, SID));
	rig_forget(r);
	rig_pasid_put(r, SID, rid_pasid, PE_P | PGTT_PASS, 1, SRE);
	rig_grants(r, SID, q, IOVA);
	rig_free(r);
}

TEST(record_of_an_interrupt, "VTD-FLT-01 VTD-IR-18")
{
	struct rig *r = rig_new();

	rig_queue(r, 0, false);
	rig_irt(r, 15, false);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 0x7abc << 5 | 1 << 2, 0, NULL), IOM_EFAULT);
	CHECK_EQ(rd64(r, HIGH(0) - 8), 0xfabcull << 48);
	CHECK_EQ(rd64(r, HIGH(0)), high(0, 0, 0x22, SID));
	rig_free(r);
}

/* ---- The circle --------------------------------------------------------------------------- */

static unsigned addressed;

/* A fault whose address is its number in the test. */
static void fault(struct rig *r)
{
	struct iom_reply reply;

	CHECK_EQ(rig_translate(r, SID, rq(++addressed * PAGE, IOM_READ), &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x01);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
}

/* Number of the fault in record `n`, 0 if it is free. */
static unsigned holds(struct rig *r, unsigned n)
{
	return rd64(r, HIGH(n)) >> 63 ? (unsigned)(rd64(r, HIGH(n) - 8) / PAGE) : 0;
}

static void clear(struct rig *r, unsigned n)
{
	wr32(r, HIGH(n) + 4, 1u << 31);
	CHECK_EQ(holds(r, n), 0);
}

static struct rig *circle(unsigned records)
{
	struct rig *r = rig_new_caps((CAP_ALL & ~CAP_NFR(256)) | CAP_NFR(records), ECAP_ALL);

	addressed = 0;
	rig_on(r, TTM_LEGACY);
	return r;
}

TEST(records_are_filled_in_order, "VTD-FLT-05 VTD-FLT-09 VTD-FLT-13")
{
	static const unsigned sizes[] = { 1, 2, 3, 8, 32 };
	unsigned i, n, round;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct rig *r = circle(sizes[i]);

		for (round = 0; round < 3; round++) {
			for (n = 0; n < sizes[i]; n++) {
				fault(r);
				CHECK_EQ(holds(r, n), addressed);
				CHECK_EQ(FRI(rd32(r, FSTS)), 0);
				CHECK_EQ(rd32(r, FSTS) & 0xff, PPF);
			}
			for (n = 0; n < sizes[i]; n++) {
				CHECK_EQ(rd32(r, FSTS) & 0xff, PPF);
				clear(r, n);
			}
			CHECK_EQ(rd32(r, FSTS) & 0xff, 0);
		}
		rig_free(r);
	}
}

TEST(first_record_is_told, "VTD-FLT-04 VTD-FLT-05 VTD-FLT-09")
{
	struct rig *r = circle(4);
	unsigned n;

	for (n = 0; n < 11; n++) {
		fault(r);
		CHECK_EQ(rd32(r, FSTS), PPF | (n % 4) << 8);
		fault(r);
		CHECK_EQ(rd32(r, FSTS), PPF | (n % 4) << 8);
		CHECK_EQ(holds(r, n % 4), addressed - 1);
		CHECK_EQ(holds(r, (n + 1) % 4), addressed);
		clear(r, (n + 1) % 4);
		clear(r, n % 4);
		CHECK_EQ(rd32(r, FSTS) & 0xff, 0);
		/* One more, so that the beginning moves on by 3. */
		fault(r);
		clear(r, (n + 2) % 4);
		n += 2;
	}
	rig_free(r);
}

TEST(records_overflow, "VTD-FLT-06 VTD-FLT-08")
{
	struct rig *r = circle(3);
	unsigned n;

	for (n = 0; n < 3; n++)
		fault(r);
	CHECK_EQ(rd32(r, FSTS), PPF);
	fault(r);
	CHECK_EQ(rd32(r, FSTS), PPF | PFO);
	for (n = 0; n < 3; n++)
		CHECK_EQ(holds(r, n), n + 1);
	/* Room does not help while PFO is set. */
	clear(r, 0);
	fault(r);
	CHECK_EQ(holds(r, 0), 0);
	clear(r, 1);
	clear(r, 2);
	CHECK_EQ(rd32(r, FSTS) & 0xff, PFO);
	fault(r);
	CHECK_EQ(rd32(r, FSTS) & 0xff, PFO);
	wr32(r, FSTS, PFO);
	CHECK_EQ(rd32(r, FSTS) & 0xff, 0);
	fault(r);
	CHECK_EQ(holds(r, 0), addressed);
	CHECK_EQ(rd32(r, FSTS), PPF);
	rig_free(r);
}

/* The next in the circle counts, not any that is free. */
TEST(records_stay_in_circular_order, "VTD-FLT-06 VTD-FLT-09 VTD-FLT-13")
{
	struct rig *r = circle(3);
	unsigned n;

	for (n = 0; n < 3; n++)
		fault(r);
	clear(r, 1);
	fault(r);
	CHECK_EQ(rd32(r, FSTS) & 0xff, PPF | PFO);
	CHECK_EQ(holds(r, 1), 0);
	wr32(r, FSTS, PFO);
	clear(r, 0);
	fault(r);
	CHECK_EQ(holds(r, 0), addressed);
	fault(r);
	CHECK_EQ(holds(r, 1), addressed);
	CHECK_EQ(rd32(r, FSTS) & 0xff, PPF);
	fault(r);
	CHECK_EQ(rd32(r, FSTS) & 0xff, PPF | PFO);
	rig_free(r);
}

TEST(fault_flag_alone_is_cleared, "VTD-FLT-10")
{
	struct rig *r = rig_new();
	struct iom_request q = rq_priv(IOVA, IOM_READ, 0x80001);
	const uint64_t want = high(TYPE_READ, 0, 0x39, SID) | with_pasid(0x80001, 0, 1);

	rig_on(r, TTM_SCALABLE);
	leaves(r, 0, &q, want);
	wr32(r, HIGH(0) + 4, 0x7fffffff);
	wr32(r, HIGH(0), ~0u);
	wr64(r, HIGH(0) - 8, ~0ull);
	wr64(r, HIGH(0), 0);
	CHECK_EQ(rd64(r, HIGH(0)), want);
	CHECK_EQ(rd64(r, HIGH(0) - 8), IOVA);
	wr32(r, HIGH(0) + 4, ~0u);
	CHECK_EQ(rd64(r, HIGH(0)), want & ~(1ull << 63));
	CHECK_EQ(rd64(r, HIGH(0) - 8), IOVA);
	CHECK_EQ(rd32(r, FSTS) & 0xff, 0);
	/* By 64 bits as well */
	leaves(r, 1, &q, want);
	wr64(r, HIGH(1), 1ull << 63);
	CHECK_EQ(rd64(r, HIGH(1)), want & ~(1ull << 63));
	rig_free(r);
}

TEST(record_index_starts_again, "VTD-FLT-14")
{
	struct rig *r = circle(8);

	rig_queue(r, 0, false);
	rig_irt(r, 3, false);
	fault(r);
	fault(r);
	/* One of the two kinds stays on. */
	rig_gcmd(r, IRE, false);
	rig_gcmd(r, IRE, true);
	fault(r);
	CHECK_EQ(holds(r, 2), addressed);
	rig_gcmd(r, TE, false);
	rig_gcmd(r, TE, true);
	fault(r);
	CHECK_EQ(holds(r, 3), addressed);
	rig_gcmd(r, TE, false);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010, 0, NULL), IOM_EFAULT);
	CHECK_EQ(rd64(r, HIGH(4)) >> 63, 1);
	clear(r, 0);
	rig_gcmd(r, IRE, false);
	rig_gcmd(r, TE, true);
	fault(r);
	CHECK_EQ(holds(r, 0), addressed);
	/* Record 1 is still in use. */
	fault(r);
	CHECK_EQ(rd32(r, FSTS) & PFO, PFO);
	CHECK_EQ(holds(r, 1), 2);
	rig_free(r);
}

TEST(record_index_after_resets, "VTD-FLT-14 VTD-REG-25")
{
	struct rig *r = circle(4);

	fault(r);
	fault(r);
	/* Records stay, so that the first is not free. */
	iom_unit_reset_warm(r->unit);
	CHECK_EQ(holds(r, 1), 2);
	rig_on(r, TTM_LEGACY);
	fault(r);
	CHECK_EQ(rd32(r, FSTS), PFO | PPF);
	CHECK_EQ(holds(r, 2), 0);
	clear(r, 0);
	wr32(r, FSTS, PFO);
	fault(r);
	CHECK_EQ(holds(r, 0), addressed);
	iom_unit_reset(r->unit);
	rig_on(r, TTM_LEGACY);
	fault(r);
	CHECK_EQ(holds(r, 0), addressed);
	CHECK_EQ(holds(r, 1), 0);
	rig_free(r);
}

/* ---- What becomes of the data ------------------------------------------------------------- */

TEST(blocked_requests_move_nothing, "VTD-FLT-12")
{
	struct rig *r = circle(8);
	struct iom_port *port = rig_port(r, SID);
	struct iom_reply reply;
	uint64_t to = page(r), old = 0;
	struct iom_request q = rq(to, IOM_WRITE);
	uint8_t data[16];

	put64(r, to, 0x1122334455667788);
	memset(data, 0x5a, sizeof(data));
	CHECK_EQ(iom_write(port, &q, data, sizeof(data), &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	CHECK_EQ(reply.done, 0);
	CHECK_EQ(ram64(r, to), 0x1122334455667788);
	q.access = IOM_READ;
	CHECK_EQ(iom_read(port, &q, data, sizeof(data), &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	CHECK_EQ(data[0] & data[15], 0xff);
	q.access = IOM_ATOMIC;
	CHECK_EQ(iom_atomic(port, &q, IOM_FETCH_ADD, 1, 0, 8, &old, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	CHECK_EQ(ram64(r, to), 0x1122334455667788);
	CHECK_EQ(rd64(r, HIGH(0)), high(TYPE_WRITE, 0, 0x01, SID));
	CHECK_EQ(rd64(r, HIGH(1)), high(TYPE_READ, 0, 0x01, SID));
	CHECK_EQ(rd64(r, HIGH(2)), high(TYPE_ATOMIC, 0, 0x01, SID));
	CHECK_EQ(rd64(r, HIGH(3)), 0);
	CHECK_EQ(r->dirties, 0);
	rig_free(r);
}

/* One record for each request that is refused; one source-id may fill them all, or just one. */
TEST(records_of_one_source, "")
{
	struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	unsigned compress;

	for (compress = 0; compress < 2; compress++) {
		struct rig *r;

		config.flags = IOM_VTD_UNCACHED | (compress ? IOM_VTD_COMPRESS_FAULTS : 0);
		r = rig_new_config(&config);
		addressed = 0;
		rig_on(r, TTM_LEGACY);
		fault(r);
		fault(r);
		CHECK_EQ(holds(r, 1), compress ? 0 : 2);
		CHECK_EQ(rig_translate(r, SID + 1, rq(0x9000, IOM_READ), &(struct iom_reply){ 0 }),
		         IOM_EFAULT);
		CHECK_EQ(holds(r, compress ? 1 : 2), 9);
		clear(r, 0);
		fault(r);
		CHECK_EQ(holds(r, compress ? 2 : 3), 3);
		rig_free(r);
	}
}

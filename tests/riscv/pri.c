/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Page requests: which are taken, which are answered by the unit itself, and what is recorded. */
#include "ats_rig.h"

#define R IOM_PAGE_READ
#define W IOM_PAGE_WRITE
#define X IOM_PAGE_EXECUTE
#define L IOM_PAGE_LAST
#define ADDRESS 0xfedcba9876543000ull
#define DEVICE 3u
#define PASID 0xa5c3eu
#define MESSAGE 9 /* TTYP */

static struct rig *bench(void)
{
	struct rig *r = rig_new(CAP_ALL_ATS);

	rig_ddt(r, 3);
	rig_fq(r, 5, false);
	ats_pq(r, 4, false);
	return r;
}

static void expect_page(struct rig *r, uint64_t dw0, uint64_t dw1)
{
	uint64_t record[2];

	CHECK_MSG(ats_pq_take(r, record), "no page request was recorded");
	CHECK_EQ(record[0], dw0);
	CHECK_EQ(record[1], dw1);
}

static void expect_no_page(struct rig *r)
{
	uint64_t record[2];

	CHECK_MSG(!ats_pq_take(r, record), "a page request was recorded");
}

/* ---- Records ------------------------------------------------------------------------------ */

TEST(page_record, "RV-PRI-01 RV-PRI-02")
{
	static const uint32_t devices[] = { 0, 1, DEVICE, 0x123456, 0xffffff };
	static const unsigned groups[] = { 0, 1, 0x155, 0x1ff };
	struct rig *r = bench();

	for (unsigned i = 0; i < COUNT(devices); i++) {
		const uint64_t did = (uint64_t)devices[i] << 40;

		rig_dc_put(r, devices[i], PRI_ON, 0, 0, 0);
		for (unsigned code = 1; code < 16; code++)
			for (unsigned j = 0; j < COUNT(groups); j++) {
				/* EXEC is in another place than R, W and L */
				const uint64_t exec = code & X ? 1ull << 34 : 0;
				const uint64_t dw1 = ADDRESS | (uint64_t)groups[j] << 3 |
				                     (code & L ? 4 : 0) | (code & (R | W));

				if (code != L) {
					ats_page(r, devices[i], ADDRESS, code, groups[j]);
					expect_page(r, did, dw1);
				}
				ats_page_pid(r, devices[i], ADDRESS, code, groups[j], PASID, 0);
				expect_page(r, did | BY_PID(PASID) | exec, dw1);
				ats_page_pid(r, devices[i], ADDRESS, code, groups[j], 0,
				             IOM_REQ_PRIVILEGED);
				expect_page(r, did | BY_PID(0) | BY_SUPERVISOR | exec, dw1);
			}
	}
	ats_unanswered(r);
	rig_expect_none(r);
	rig_free(r);
}

TEST(page_record_without_process, "RV-PRI-02")
{
	struct rig *r = bench();
	struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                 .address = ADDRESS | 0xabc,
		                 .token = 5,
		                 .pasid = PASID, /* without its flag */
		                 .flags = IOM_REQ_PRIVILEGED,
		                 .code = R | X | L };

	rig_dc_put(r, DEVICE, PRI_ON, 0, 0, 0);
	CHECK_EQ(ats_send(r, DEVICE, &m), IOM_OK);
	expect_page(r, (uint64_t)DEVICE << 40, ADDRESS | 5 << 3 | 5);
	ats_unanswered(r);
	rig_free(r);
}

TEST(stop_marker, "RV-PRI-03 RV-PRI-13")
{
	struct rig *r = bench();

	rig_dc_put(r, DEVICE, PRI_ON, 0, 0, 0);
	ats_page_pid(r, DEVICE, 0, L, 0, PASID, 0);
	expect_page(r, (uint64_t)DEVICE << 40 | BY_PID(PASID), 4);
	ats_unanswered(r);
	rig_expect_none(r);
	/* nobody answers it, whatever is wrong; R=W=0 is all that makes one */
	wr32(r, PQCSR, 0);
	ats_page_pid(r, DEVICE, 0, L | X, 0, PASID, 0);
	ats_unanswered(r);
	ats_page_pid(r, DEVICE, 0, L, 0, PASID, 0);
	rig_dc_put(r, DEVICE, TC_V | TC_EN_ATS, 0, 0, 0);
	ats_page_pid(r, DEVICE, 0, L, 0, PASID, 0);
	rig_dc_put(r, DEVICE, 0, 0, 0, 0);
	ats_page_pid(r, DEVICE, 0, L, 0, PASID, 0);
	wr64(r, DDTP, OFF);
	ats_page_pid(r, DEVICE, 0, L, 0, PASID, 0);
	wr64(r, DDTP, BARE);
	ats_page_pid(r, DEVICE, 0, L, 0, PASID, 0);
	ats_unanswered(r);
	rig_free(r);
}

TEST(page_records_in_both_byte_orders, "RV-PRI-20")
{
	for (unsigned big = 0; big < 2; big++) {
		struct rig *r = rig_new(CAP_ALL_ATS);
		uint64_t base, dc;

		wr32(r, FCTL, big ? BE : 0);
		rig_ddt(r, 1);
		dc = rig_dc(r, DEVICE);
		put64(r, dc, big ? swap64(PRI_ON) : PRI_ON);
		base = ats_pq(r, 3, false);
		ats_page_pid(r, DEVICE, ADDRESS, R | L, 0x155, PASID, 0);
		CHECK_EQ(rd32(r, PQT), 1);
		for (unsigned i = 0; i < 2; i++) {
			uint64_t is = ram64(r, base + 8 * i);

			CHECK_EQ(big ? swap64(is) : is, i ? ADDRESS | 0x155 << 3 | 5
			                                  : (uint64_t)DEVICE << 40 | BY_PID(PASID));
		}
		rig_free(r);
	}
}

/* ---- Refusals ----------------------------------------------------------------------------- */

/*
 * A page request in each form is refused: answered with `code` where it is the last, and recorded as a
 * fault where there is a cause.
 */
static void refused(struct rig *r, uint32_t device, unsigned cause, unsigned code, const char *why)
{
	const bool with_pid = code == IOM_PAGES_FAILED;
	const uint64_t record = cause ? rig_record(cause, MESSAGE, device) : 0;

	for (unsigned last = 0; last < 2; last++)
		for (unsigned form = 0; form < 3; form++) {
			const unsigned priv = form == 2 ? IOM_REQ_PRIVILEGED : 0;

			if (form)
				ats_page_pid(r, device, ADDRESS, R | W | (last ? L : 0), 0x123,
				             PASID, priv);
			else
				ats_page(r, device, ADDRESS, R | W | (last ? L : 0), 0x123);
			CHECK_MSG(r->messages == last, "%s: %u answers", why, r->messages);
			if (last)
				ats_answered(r, device, code, 0x123, form && with_pid, PASID);
			if (cause)
				rig_expect(r,
				           record | (form ? BY_PID(PASID) : 0) |
				                   (priv ? BY_SUPERVISOR : 0),
				           4, 0);
			rig_expect_none(r);
			expect_no_page(r);
		}
	CHECK_EQ(rd32(r, PQCSR) & (OF | MF), 0);
}

TEST(page_request_in_off_and_bare, "RV-PRI-04 RV-PRI-05 RV-PRI-13 RV-PRI-15 RV-PRI-16 RV-PRI-21")
{
	struct rig *r = rig_new(CAP_ALL_ATS);

	rig_fq(r, 5, false);
	for (unsigned pq = 0; pq < 2; pq++) {
		wr64(r, DDTP, OFF);
		refused(r, DEVICE, 256, IOM_PAGES_FAILED, "Off");
		wr64(r, DDTP, BARE);
		refused(r, DEVICE, 260, IOM_PAGES_INVALID, "Bare");
		if (!pq)
			ats_pq(r, 4, false);
	}
	rig_free(r);
}

TEST(page_request_of_a_wide_device_id, "RV-PRI-06 RV-PRI-16 RV-PRI-21")
{
	const uint64_t caps[] = { CAP_ALL_ATS, CAP_ALL_ATS & ~CAP_MSI_FLAT };

	for (unsigned i = 0; i < 2; i++)
		for (unsigned levels = 1; levels < 3; levels++) {
			struct rig *r = rig_new(caps[i]);
			unsigned width = (levels == 1 ? 6 : 15) + i;

			rig_ddt(r, levels);
			rig_fq(r, 5, false);
			ats_pq(r, 4, false);
			rig_dc_put(r, (1u << width) - 1, PRI_ON, 0, 0, 0);
			ats_page(r, (1u << width) - 1, ADDRESS, R | L, 1);
			expect_page(r, ((1ull << width) - 1) << 40, ADDRESS | 8 | 5);
			refused(r, 1u << width, 260, IOM_PAGES_INVALID, "one bit too many");
			refused(r, 1u << 23, 260, IOM_PAGES_INVALID, "the highest bit");
			rig_free(r);
		}
}

TEST(page_request_without_context, "RV-PRI-07 RV-PRI-13 RV-PRI-15 RV-PRI-16 RV-PRI-21")
{
	struct rig *r = bench();
	uint64_t dc = rig_dc(r, DEVICE), ddtp = rd64(r, DDTP);

	refused(r, DEVICE, 258, IOM_PAGES_FAILED, "DC.V=0");
	/* its PRPR and DTF do not count, as long as it is not valid */
	put64(r, dc, (PRI_ON | TC_PRPR | TC_DTF) & ~TC_V);
	refused(r, DEVICE, 258, IOM_PAGES_FAILED, "DC.V=0");
	put64(r, dc, PRI_ON | TC_PRPR | TC_DTF | 1ull << 12);
	refused(r, DEVICE, 259, IOM_PAGES_FAILED, "a reserved bit");
	put64(r, dc, TC_V | TC_EN_PRI | TC_DTF); /* no EN_ATS */
	refused(r, DEVICE, 259, IOM_PAGES_FAILED, "EN_PRI without EN_ATS");
	put64(r, dc, TC_V | TC_EN_ATS | TC_PRPR); /* no EN_PRI */
	refused(r, DEVICE, 259, IOM_PAGES_FAILED, "PRPR without EN_PRI");
	put64(r, dc, PRI_ON);
	CHECK_EQ(iom_memory_poison(r->memory, dc, 8), IOM_OK);
	refused(r, DEVICE, 268, IOM_PAGES_FAILED, "poison");
	CHECK_EQ(iom_memory_cure(r->memory, dc, 8), IOM_OK);
	refused(r, 0x100000, 258, IOM_PAGES_FAILED, "pointer V=0");
	wr64(r, DDTP, OFF);
	wr64(r, DDTP, PPN_OF(RIG_NOWHERE) | LVL3);
	refused(r, DEVICE, 257, IOM_PAGES_FAILED, "nothing there");
	wr64(r, DDTP, OFF);
	wr64(r, DDTP, ddtp);
	ats_page(r, DEVICE, ADDRESS, R | L, 1);
	expect_page(r, (uint64_t)DEVICE << 40, ADDRESS | 8 | 5);
	ats_unanswered(r);
	rig_free(r);
}

TEST(page_request_not_allowed, "RV-PRI-08 RV-PRI-13 RV-PRI-14 RV-PRI-16 RV-FQ-17")
{
	const uint64_t tcs[] = { TC_V, TC_V | TC_EN_ATS };
	struct rig *r = bench();

	for (unsigned pq = 0; pq < 2; pq++) {
		for (unsigned i = 0; i < 2; i++) {
			rig_dc_put(r, DEVICE, tcs[i], 0, 0, 0);
			refused(r, DEVICE, 260, IOM_PAGES_INVALID, "not allowed");
			rig_dc_put(r, DEVICE, tcs[i] | TC_DTF, 0, 0, 0);
			refused(r, DEVICE, 0, IOM_PAGES_INVALID, "not allowed, DTF");
		}
		/* it comes before all that the queue has to say */
		wr32(r, PQCSR, 0);
	}
	rig_free(r);
}

/* Neither tables nor processes are looked at. */
TEST(page_request_and_processes, "RV-PRI-19 RV-PRI-22")
{
	struct rig *r = bench();
	const uint64_t away = RIG_NOWHERE >> 12;
	const struct {
		uint64_t tc, iohgatp, fsc;
	} contexts[] = {
		{ PRI_ON, 0, 0 },                          /* PDTV=0 */
		{ PRI_ON, 0, MODE(8) | away },             /* no tables there */
		{ PRI_ON | TC_PDTV, 0, MODE(PD8) | away }, /* nor directory, and narrow */
		{ PRI_ON | TC_PDTV, 0, MODE(PD17) | away },
		{ PRI_ON | TC_PDTV, 0, 0 },
		{ PRI_ON | TC_PDTV | TC_DPE, 0, MODE(PD8) | away },
		{ PRI_ON | TC_PDTV, MODE(8) | away, MODE(PD8) | away },
	};

	for (unsigned i = 0; i < COUNT(contexts); i++) {
		const uint64_t did = (uint64_t)DEVICE << 40;

		rig_dc_put(r, DEVICE, contexts[i].tc, contexts[i].iohgatp, 0, contexts[i].fsc);
		ats_page_pid(r, DEVICE, ADDRESS, W | L, 9, 0xfffff, IOM_REQ_PRIVILEGED);
		expect_page(r, did | BY_PID(0xfffff) | BY_SUPERVISOR, ADDRESS | 9 << 3 | 6);
		ats_page_pid(r, DEVICE, ADDRESS, R, 9, 1, 0);
		expect_page(r, did | BY_PID(1), ADDRESS | 9 << 3 | 1);
		ats_page(r, DEVICE, ADDRESS, R | L, 9);
		expect_page(r, did, ADDRESS | 9 << 3 | 5);
		ats_unanswered(r);
		rig_expect_none(r);
	}
	rig_free(r);
}

/* ---- The call itself ---------------------------------------------------------------------- */

TEST(messages_that_devices_do_not_send, "")
{
	struct rig *r = bench();
	struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST, .code = R | L };
	struct iom_endpoint *endpoint;
	struct iom_port *port;

	for (unsigned kind = 0; kind < 10; kind++) {
		m.kind = kind;
		if (kind != IOM_MESSAGE_PAGE_REQUEST && kind != IOM_MESSAGE_INVALIDATED)
			CHECK_EQ(ats_send(r, DEVICE, &m), IOM_EINVAL);
	}
	ats_unanswered(r);
	rig_expect_none(r);
	expect_no_page(r);
	/* a device that is gone */
	port = rig_port(r, DEVICE);
	CHECK_EQ(iom_endpoint_get(r->unit, DEVICE, &endpoint), IOM_OK);
	iom_endpoint_remove(endpoint);
	m.kind = IOM_MESSAGE_PAGE_REQUEST;
	CHECK_EQ(iom_message(endpoint, &m), IOM_ENOENT);
	iom_port_close(port);
	rig_expect_none(r);
	ats_unanswered(r);
	rig_free(r);

	r = rig_new(CAP_EXT);
	rig_fq(r, 3, false);
	CHECK_EQ(ats_send(r, DEVICE, &m), IOM_ENOTSUP);
	m.kind = IOM_MESSAGE_INVALIDATED;
	CHECK_EQ(ats_send(r, DEVICE, &m), IOM_ENOTSUP);
	rig_expect_none(r);
	ats_unanswered(r);
	rig_free(r);
}

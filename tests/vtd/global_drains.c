/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Global commands whose status waits until what was under way has ended. */
#include "rig.h"

#define SID 0x0123
#define IOVA 0x12345000ull

TEST(enable_waits_for_what_is_under_way, "VTD-GCMD-21")
{
	static const struct {
		uint32_t latch, enable;
		uint64_t at;
	} rows[] = { { SRTP, TE, RTADDR }, { SIRTP, IRE, IRTA } };
	struct iom_lane *more;
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct rig *r = rig_new();

		CHECK_EQ(iom_lane_open(r->unit, &more), IOM_OK);
		wr64(r, rows[i].at, page(r));
		rig_gcmd(r, rows[i].latch, true);
		iom_begin(r->lane);
		iom_begin(more);
		wr32(r, GCMD, rows[i].enable);
		CHECK_EQ(rd32(r, GSTS), rows[i].latch);
		iom_end(r->lane);
		CHECK_EQ(rd32(r, GSTS), rows[i].latch);
		/* A section that begins now is not waited for. */
		iom_begin(r->lane);
		iom_end(more);
		CHECK_EQ(rd32(r, GSTS), rows[i].latch | rows[i].enable);
		iom_end(r->lane);
		CHECK_EQ(rd32(r, GSTS), rows[i].latch | rows[i].enable);
		rig_free(r);
	}
}

/* What was answered untranslated may go on until then; afterwards nothing is. */
TEST(requests_before_and_after_enable, "VTD-GCMD-21")
{
	struct rig *r = rig_new();
	struct iom_port *port = rig_port(r, SID);
	struct iom_request q = rq(IOVA, IOM_READ);
	struct iom_reply reply;

	rig_root(r, TTM_LEGACY);
	iom_begin(r->lane);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, IOVA);
	wr32(r, GCMD, TE);
	CHECK_EQ(rd32(r, GSTS) & TE, 0);
	iom_end(r->lane);
	CHECK_EQ(rd32(r, GSTS) & TE, TE);
	rig_refuses(r, SID, q, 0x01);
	rig_free(r);
}

/* The queue finishes what it has begun before QIES falls. */
TEST(queue_drains_before_it_is_off, "VTD-GCMD-14 VTD-QI-32")
{
	struct rig *r = rig_new();

	rig_on(r, TTM_LEGACY);
	rig_queue(r, 0, false);
	rig_wait(r);
	iom_begin(r->lane);
	rig_submit(r, 0xd2, 0); /* IOTLB global, draining */
	rig_submit(r, 0x600dull << 32 | 1 << 5 | 5, r->status);
	CHECK_EQ(ram32(r, r->status), r->wait_data);
	wr32(r, GCMD, TE);
	CHECK_EQ(rd32(r, GSTS) & QIE, QIE);
	CHECK_EQ(ram32(r, r->status), r->wait_data);
	iom_end(r->lane);
	CHECK_EQ(rd32(r, GSTS) & QIE, 0);
	CHECK_EQ(ram32(r, r->status), 0x600d);
	CHECK_EQ(rd64(r, IQH), 0);
	rig_free(r);
}

/* With ESRTPS old translations are out of use when RTPS says so. */
TEST(root_pointer_waits_for_old_translations, "VTD-GCMD-05 VTD-GCMD-21")
{
	struct rig *r = rig_new_caps(CAP_ALL | CAP_ESRTPS, ECAP_ALL);

	rig_on(r, TTM_LEGACY);
	iom_begin(r->lane);
	wr32(r, GCMD, TE | SRTP);
	CHECK_EQ(rd32(r, GSTS) & (TE | SRTP), TE);
	iom_end(r->lane);
	CHECK_EQ(rd32(r, GSTS) & (TE | SRTP), TE | SRTP);
	rig_free(r);
}

TEST(protection_waits_for_what_is_under_way, "VTD-PMR-01")
{
	struct rig *r = rig_new_caps(CAP_ALL | CAP_PLMR, ECAP_ALL);

	iom_begin(r->lane);
	wr32(r, PMEN, 1u << 31);
	CHECK_EQ(rd32(r, PMEN), 1u << 31);
	iom_end(r->lane);
	CHECK_EQ(rd32(r, PMEN), 1u << 31 | 1);
	wr32(r, PMEN, 0);
	CHECK_EQ(rd32(r, PMEN), 0);
	rig_free(r);
}

/* A reset forgets what waits. */
TEST(reset_while_a_command_waits, "")
{
	struct rig *r = rig_new();

	rig_root(r, TTM_LEGACY);
	iom_begin(r->lane);
	wr32(r, GCMD, TE);
	iom_unit_reset(r->unit);
	CHECK_EQ(rd32(r, GSTS), 0);
	iom_end(r->lane);
	CHECK_EQ(rd32(r, GSTS), 0);
	rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
	rig_free(r);
}

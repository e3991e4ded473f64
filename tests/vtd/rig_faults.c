/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The bench of rig.h: fault records. */
#include "rig.h"

static uint64_t place(const struct rig *r, unsigned index)
{
	return 16 * ((r->cap >> 24 & 0x3ff) + index);
}

static unsigned records(const struct rig *r)
{
	return (unsigned)(r->cap >> 40 & 0xff) + 1;
}

bool rig_record(struct rig *r, struct record *out)
{
	uint64_t at = place(r, r->record), lo = rd64(r, at), hi = rd64(r, at + 8);

	if (!(hi >> 63))
		return false;
	CHECK_EQ(lo & 0xfff, 0);
	CHECK_EQ(hi & 0xfff0000, 0);
	*out = (struct record){
		.info = lo,
		.sid = (uint16_t)hi,
		.reason = hi >> 32 & 0xff,
		.type = (unsigned)((hi >> 62 & 1) << 1 | (hi >> 28 & 1)),
		.at = hi >> 60 & 3,
		.pp = hi >> 31 & 1,
		.priv = hi >> 29 & 1,
		.exe = hi >> 30 & 1,
		.pasid = hi >> 40 & 0xfffff,
	};
	wr32(r, at + 12, 1u << 31);
	CHECK_EQ(rd64(r, at + 8) >> 63, 0);
	r->record = (r->record + 1) % records(r);
	return true;
}

struct record rig_record_of(uint16_t sid, const struct iom_request *q, unsigned reason)
{
	struct record want = {
		.info = q->iova & ~0xfffull, .sid = sid, .reason = reason, .at = q->at
	};

	switch (q->access) {
	case IOM_WRITE:
		want.type = TYPE_WRITE;
		break;
	case IOM_ATOMIC:
		want.type = TYPE_ATOMIC;
		break;
	default:
		want.type = TYPE_READ;
	}
	if (q->flags & IOM_REQ_PASID) {
		want.pp = true;
		want.pasid = q->pasid;
		want.priv = q->flags & IOM_REQ_PRIVILEGED;
		want.exe = q->access == IOM_EXECUTE;
	}
	return want;
}

void rig_expect(struct rig *r, const struct record *want)
{
	struct record is;
	uint64_t high = ~0ull << 57; /* beyond what any unit translates: may read as 0 */

	CHECK_MSG(rig_record(r, &is), "no fault was recorded; it should be reason 0x%x",
	          want->reason);
	CHECK_EQ(is.reason, want->reason);
	CHECK_EQ(is.info & ~high, want->info & ~high);
	if (is.info & high)
		CHECK_EQ(is.info, want->info);
	CHECK_EQ(is.sid, want->sid);
	CHECK_EQ(is.type, want->type);
	if (want->type != TYPE_PAGE_REQUEST)
		CHECK_EQ(is.at, want->at);
	CHECK_EQ(is.pp, want->pp);
	if (want->pp) {
		CHECK_EQ(is.pasid, want->pasid);
		CHECK_EQ(is.priv, want->priv);
		if (want->type == TYPE_READ)
			CHECK_EQ(is.exe, want->exe);
	} else {
		CHECK_EQ(is.pasid, 0);
	}
}

void rig_expect_none(struct rig *r)
{
	struct record is;

	CHECK_EQ(rd32(r, FSTS) & PFO, 0);
	CHECK_MSG(!rig_record(r, &is), "fault 0x%x was recorded", is.reason);
	CHECK_EQ(rd32(r, FSTS) & PPF, 0);
}

void rig_forget(struct rig *r)
{
	struct record is;

	while (rig_record(r, &is))
		;
	wr32(r, FSTS, PFO);
	CHECK_EQ(rd32(r, FSTS) & (PFO | PPF), 0);
}

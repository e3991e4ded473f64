/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The helpers of irte.h. */
#include "irte.h"

uint64_t irte_address(unsigned handle, bool shv)
{
	return 0xfee00010ull | (uint64_t)(handle & 0x7fff) << 5 | (shv ? 1u << 3 : 0) |
	       (uint64_t)(handle >> 15 & 1) << 2;
}

void irt_on(struct irt *t, struct rig *r, unsigned s, bool eime)
{
	t->r = r;
	rig_queue(r, 0, false);
	t->table = rig_irt(r, s, eime);
}

void irt_put(struct irt *t, unsigned index, uint64_t qw0, uint64_t qw1)
{
	const uint64_t word[] = { qw0, qw1 };

	puts64(t->r, t->table + 16ull * index, word, 2);
}

void irt_sends(struct irt *t, uint16_t sid, uint64_t from, uint32_t raw, uint64_t address,
               uint32_t data)
{
	unsigned reason;
	int err;

	t->r->msis = 0;
	err = rig_msi(t->r, sid, from, raw, &reason);
	CHECK_MSG(err == IOM_OK, "0x%llx of 0x%04x: refused (%d) with reason 0x%x",
	          (unsigned long long)from, sid, err, reason);
	CHECK_EQ(reason, 0);
	CHECK_EQ(t->r->msis, 1);
	CHECK_EQ(t->r->msi[0].address, address);
	CHECK_EQ(t->r->msi[0].data, data);
	rig_expect_none(t->r);
}

void irt_delivers(struct irt *t, unsigned handle, uint64_t address, uint32_t data)
{
	irt_sends(t, IRTE_SID, irte_address(handle, false), 0, address, data);
}

void irt_recorded(struct rig *r, uint16_t sid, unsigned reason, unsigned index)
{
	struct record is;
	uint32_t fsts = rd32(r, FSTS);

	/* The only one that is pending; where it is can depend on what came while IRES was 0. */
	if (fsts & PPF)
		r->record = FRI(fsts);
	CHECK_MSG(rig_record(r, &is), "no fault was recorded; it should be reason 0x%x", reason);
	CHECK_EQ(is.reason, reason);
	CHECK_EQ(is.sid, sid);
	CHECK_EQ(is.info, (uint64_t)index << 48);
	CHECK_EQ(is.type, 0);
	CHECK_EQ(is.at, 0);
	CHECK(!is.pp);
}

static void blocked(struct irt *t, uint16_t sid, uint64_t from, uint32_t raw, unsigned reason)
{
	unsigned is;
	int err;

	t->r->msis = 0;
	err = rig_msi(t->r, sid, from, raw, &is);
	CHECK_MSG(err == IOM_EFAULT, "0x%llx of 0x%04x: result %d instead of reason 0x%x",
	          (unsigned long long)from, sid, err, reason);
	CHECK_MSG(is == reason, "0x%llx of 0x%04x: reason 0x%x instead of 0x%x",
	          (unsigned long long)from, sid, is, reason);
	CHECK_EQ(t->r->msis, 0);
}

void irt_blocks_quietly(struct irt *t, uint16_t sid, uint64_t from, uint32_t raw, unsigned reason)
{
	blocked(t, sid, from, raw, reason);
	rig_expect_none(t->r);
}

void irt_blocks(struct irt *t, uint16_t sid, uint64_t from, uint32_t raw, unsigned reason,
                unsigned index)
{
	blocked(t, sid, from, raw, reason);
	irt_recorded(t->r, sid, reason, index);
	rig_expect_none(t->r);
}

unsigned irt_vector(struct irt *t, unsigned handle)
{
	unsigned reason;

	t->r->msis = 0;
	CHECK_EQ(rig_msi(t->r, IRTE_SID, irte_address(handle, false), 0, &reason), IOM_OK);
	CHECK_EQ(t->r->msis, 1);
	return t->r->msi[0].data & 0xff;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Asking the debug registers; see dbg.h. */
#include "dbg.h"

struct dbg_answer dbg_ask(struct rig *r, uint32_t device, uint64_t iova, uint64_t ctl)
{
	struct dbg_answer a = { 0 };
	uint64_t response, ppn, low;

	wr64(r, TR_REQ_IOVA, iova);
	wr64(r, TR_REQ_CTL, ctl | DBG_GO | DBG_DID(device));
	CHECK_EQ(rd64(r, TR_REQ_CTL), ctl | DBG_DID(device));
	CHECK_EQ(rd64(r, TR_REQ_IOVA), iova & ~0xfffull);
	response = rd64(r, TR_RESPONSE);
	CHECK_EQ(response & 0xfffull << 52 & ~(3ull << 52), 0);
	CHECK_EQ(response & 0x7e, 0);
	a.fault = response & 1;
	if (a.fault) {
		CHECK_EQ(response, 1); /* all else is left open, and 0 is the choice */
		return a;
	}
	a.pbmt = response >> 7 & 3;
	ppn = response >> 10 & 0xfffffffffff;
	a.bytes = 4096;
	if (response >> 9 & 1) {
		low = ppn & ~(ppn + 1); /* the ones below the lowest 0 */
		a.bytes = (low + 1) * 2 * 4096;
		ppn &= ~(low * 2 + 1);
	}
	a.base = ppn << 12;
	return a;
}

void dbg_refused(struct rig *r, uint32_t device, uint64_t iova, uint64_t ctl, unsigned cause)
{
	const unsigned ttyp = ctl & DBG_EXE ? 1 : ctl & DBG_NW ? 2 : 3;
	uint64_t process = 0;

	if (ctl >> 32 & 1)
		process = (ctl & 0x1fffff000) | (ctl & DBG_PRIV ? 1ull << 33 : 0);
	CHECK(dbg_ask(r, device, iova, ctl).fault);
	rig_expect(r, rig_record(cause, ttyp, device) | process, iova & ~0xfffull, 0);
	rig_expect_none(r);
}

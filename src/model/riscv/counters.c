/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The performance monitor ("Performance-monitoring event counter", "Performance-monitoring event
 * selector").  What is counted is told by the request's way; whether a counter wants it is read from
 * its selector each time.  While none can count anything, nobody asks.
 */
#include "model/riscv/riscv.h"

/* Events of a guest's own, which may be filtered by GSCID and PSCID. */
static const bool has_guest[RV_EVENTS] = {
	[RV_EVENT_TLB_MISS] = true,
	[RV_EVENT_STAGE1_WALK] = true,
	[RV_EVENT_STAGE2_WALK] = true,
};

static unsigned counter(unsigned n)
{
	return n ? RV_IOHPMCTR + (n - 1) * RV_IOHPM_BYTES : RV_IOHPMCYCLES;
}

/* Where counter n has its flag of overflow, always bit 63: the cycle counter has it beside the count. */
static unsigned flag(unsigned n)
{
	return n ? RV_IOHPMEVT + (n - 1) * RV_IOHPM_BYTES : RV_IOHPMCYCLES;
}

/* The highest value of counter n. */
static uint64_t most(const struct rv_unit *rv, unsigned n)
{
	return iom_low(rv->config.counter_bits) & (n ? ~UINT64_C(0) : RV_IOHPMCYCLES_COUNTER);
}

static uint64_t stopped(const struct rv_unit *rv, unsigned n)
{
	return rv_get(rv, RV_IOCOUNTINH) & IOM_BIT(n);
}

/* ---- Registers ---------------------------------------------------------------------------- */

/* Does the selector ask for anything that there can be? */
static bool selects(uint64_t evt)
{
	uint64_t event = IOM_GET(RV_IOHPMEVT_EVENT_ID, evt);

	return event && (has_guest[event] || !(evt & RV_IOHPMEVT_IDT));
}

void rv_counters_changed_locked(struct rv_unit *rv)
{
	uint64_t overflows = 0;
	bool counts = false;

	if (!(rv->cap & RV_CAP_HPM))
		return;
	for (unsigned n = 0; n <= rv->config.counters; n++) {
		uint64_t evt = rv_get(rv, flag(n));

		overflows |= evt & RV_IOHPMEVT_OF ? IOM_BIT(n) : 0;
		counts = counts || (n && selects(evt) && !stopped(rv, n));
	}
	iom_reg_set(&rv->unit, RV_IOCOUNTOVF, overflows);
	iom_watch_locked(&rv->unit, IOM_WATCH_COUNTERS, counts);
}

static void wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off, (void)was, (void)now;
	rv_counters_changed_locked(rv_of(unit));
}

bool rv_event_exists(uint64_t evt)
{
	return IOM_GET(RV_IOHPMEVT_EVENT_ID, evt) < RV_EVENTS;
}

/* An event that does not exist becomes none. */
static uint64_t evt_legal(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
                          uint64_t lanes)
{
	(void)unit, (void)off, (void)was, (void)lanes;
	return rv_event_exists(now) ? now : now & ~RV_IOHPMEVT_EVENT_ID;
}

#define COUNTER_ROWS .count = RV_IOHPM_COUNTERS, .stride = RV_IOHPM_BYTES

static const struct iom_reg counter_regs[] = {
	{ RV_IOCOUNTOVF, 4, "iocountovf", .keeps = true, .own = RV_IOCOUNT_CY | RV_IOCOUNT_HPM },
	{ RV_IOCOUNTINH, 4, "iocountinh", .keeps = true, .rw = RV_IOCOUNT_CY | RV_IOCOUNT_HPM,
	  .wrote = wrote },
	{ RV_IOHPMCYCLES, 8, "iohpmcycles", .keeps = true,
	  .rw = RV_IOHPMCYCLES_COUNTER | RV_IOHPMCYCLES_OF, .wrote = wrote },
	{ RV_IOHPMCTR, 8, "iohpmctr", .keeps = true, .rw = ~UINT64_C(0), COUNTER_ROWS },
	{ RV_IOHPMEVT, 8, "iohpmevt", .keeps = true,
	  .rw = RV_IOHPMEVT_EVENT_ID | RV_IOHPMEVT_DMASK | RV_IOHPMEVT_PID_PSCID |
	        RV_IOHPMEVT_DID_GSCID | RV_IOHPMEVT_PV_PSCV | RV_IOHPMEVT_DV_GSCV |
	        RV_IOHPMEVT_IDT | RV_IOHPMEVT_OF,
	  .legal = evt_legal, .wrote = wrote, COUNTER_ROWS },
};

void rv_counters_init(struct rv_unit *rv)
{
	struct iom_regfile *regs = &rv->unit.regs;
	unsigned last = rv->config.counters;

	if (!(rv->cap & RV_CAP_HPM))
		return;
	iom_regfile_init(regs, counter_regs, IOM_COUNT(counter_regs));
	iom_regfile_narrow(regs, RV_IOCOUNTINH, iom_low(last + 1));
	iom_regfile_narrow(regs, RV_IOHPMCYCLES, most(rv, 0) | RV_IOHPMCYCLES_OF);
	for (unsigned n = 1; n <= RV_IOHPM_COUNTERS; n++) {
		iom_regfile_narrow(regs, counter(n), n <= last ? most(rv, n) : 0);
		iom_regfile_narrow(regs, flag(n), n <= last ? ~UINT64_C(0) : 0);
	}
}

/* ---- Counting ----------------------------------------------------------------------------- */

static void advance_locked(struct rv_unit *rv, unsigned n, uint64_t by)
{
	uint64_t last = most(rv, n), was = rv_get(rv, counter(n)) & last;

	iom_reg_change(&rv->unit, counter(n), last, (was + by) & last);
	if (by <= last - was || rv_get(rv, flag(n)) & RV_IOHPMEVT_OF)
		return;
	iom_reg_change(&rv->unit, flag(n), 0, RV_IOHPMEVT_OF);
	iom_reg_change(&rv->unit, RV_IOCOUNTOVF, 0, IOM_BIT(n));
	rv_raise_locked(rv, RV_IPSR_PMIP);
}

void rv_cycles_locked(struct rv_unit *rv, uint64_t cycles)
{
	if (rv->cap & RV_CAP_HPM && !stopped(rv, 0))
		advance_locked(rv, 0, cycles);
}

/* Whose event it is, in the two ways in which a selector can ask for it. */
struct whose {
	bool has_domain, has_process;
	uint32_t domain, process;
};

static void find_whose(const struct iom_query *query, const struct rv_context *c,
                       struct whose whose[2])
{
	const struct iom_request *q = query->request;

	whose[0] = (struct whose){ true, q->flags & IOM_REQ_PASID, query->requester, q->pasid };
	whose[1] = (struct whose){ 0 };
	if (!c)
		return;
	whose[1].has_domain = IOM_GET(RV_IOHGATP_MODE, c->dc.iohgatp) != RV_ATP_BARE;
	whose[1].domain = (uint32_t)IOM_GET(RV_IOHGATP_GSCID, c->dc.iohgatp);
	whose[1].has_process = IOM_GET(RV_FSC_MODE, c->iosatp) != RV_ATP_BARE;
	whose[1].process = (uint32_t)IOM_GET(RV_PC_TA_PSCID, c->ta);
}

/* With DMASK, the lowest 0 bit of DID_GSCID and the ones below it match anything. */
static bool domain_matches(uint64_t evt, uint32_t domain)
{
	uint64_t wanted = IOM_GET(RV_IOHPMEVT_DID_GSCID, evt);
	uint64_t ignored = evt & RV_IOHPMEVT_DMASK ? wanted ^ (wanted + 1) : 0;

	return !((domain ^ wanted) & ~ignored);
}

static bool matches(uint64_t evt, const struct whose *whose)
{
	if (evt & RV_IOHPMEVT_DV_GSCV && !(whose->has_domain && domain_matches(evt, whose->domain)))
		return false;
	return !(evt & RV_IOHPMEVT_PV_PSCV) ||
	       (whose->has_process && whose->process == IOM_GET(RV_IOHPMEVT_PID_PSCID, evt));
}

/* Under the lock, so that nothing counts any more once software has stopped a counter. */
static void count_locked(struct rv_unit *rv, unsigned event, const struct whose whose[2])
{
	for (unsigned n = 1; n <= rv->config.counters; n++) {
		uint64_t evt = rv_get(rv, flag(n));

		if (IOM_GET(RV_IOHPMEVT_EVENT_ID, evt) == event && selects(evt) &&
		    !stopped(rv, n) && matches(evt, &whose[!!(evt & RV_IOHPMEVT_IDT)]))
			advance_locked(rv, n, 1);
	}
}

void rv_count(const struct iom_query *query, const struct rv_context *context, unsigned event)
{
	struct rv_unit *rv = rv_of(query->unit);
	struct whose whose[2];

	if (!(query->watchers & IOM_WATCH_COUNTERS) || query->request->flags & IOM_REQ_PROBE)
		return;
	find_whose(query, context, whose);
	iom_lock(&rv->unit.lock);
	count_locked(rv, event, whose);
	iom_unlock(&rv->unit.lock);
}

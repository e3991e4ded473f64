/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a RISC-V IOMMU remembers beside its registers, in snapshots. */
#include "base/error.h"
#include "model/riscv/riscv.h"
#include "model/snapshot.h"

/* What must agree between the unit that was saved and the one that is loaded. */
static uint64_t config_word(const struct rv_unit *rv)
{
	return rv->config.ddt_levels | (uint64_t)rv->config.qos_id_bits << 4 |
	       (uint64_t)rv->config.vectors << 8 | (uint64_t)rv->config.queue_lg2 << 16 |
	       (uint64_t)rv->config.reset_mode << 24 | (uint64_t)rv->config.flags << 32;
}

static uint64_t monitor_word(const struct rv_unit *rv)
{
	return rv->config.counters | (uint64_t)rv->config.counter_bits << 8;
}

struct state {
	uint64_t ddtp_high, ddtp_high_valid, msi_pending, due;
	uint64_t fence_waits, fence[2];
	uint64_t ddtp_left, queue_left[RV_QUEUES];
	uint64_t records, record[RV_FIFO][RV_FQ_WORDS];
	uint64_t inval_timed_out;
	struct iom_itags itags;
	uint64_t pages;
	struct page {
		uint64_t record[RV_PQ_WORDS], code, to_answer, prpr;
	} page[RV_PAGES];
};

static void save_ats_locked(const struct rv_unit *rv, struct iom_stream *stream)
{
	iom_put(stream, rv->inval_timed_out);
	iom_itags_save_locked(&rv->itags, stream);
	iom_put(stream, rv->pages_count);
	for (unsigned i = 0; i < rv->pages_count; i++) {
		const struct rv_page_request *p = &rv->pages[(rv->pages_first + i) % RV_PAGES];

		for (unsigned w = 0; w < RV_PQ_WORDS; w++)
			iom_put(stream, p->record[w]);
		iom_put(stream, p->code);
		iom_put(stream, p->to_answer);
		iom_put(stream, p->prpr);
	}
}

void rv_save_locked(struct iom_unit *unit, struct iom_stream *stream)
{
	const struct rv_unit *rv = rv_of(unit);

	iom_put(stream, config_word(rv));
	iom_put(stream, rv->config.busy_ns);
	iom_put(stream, rv->config.ats_timeout_ns);
	iom_put(stream, monitor_word(rv));
	iom_put(stream, rv->ddtp_high);
	iom_put(stream, rv->ddtp_high_valid);
	iom_put(stream, rv->msi_pending);
	iom_put(stream, rv->due);
	iom_put(stream, rv->fence_waits);
	iom_put(stream, rv->fence_waits ? rv->fence[0] : 0);
	iom_put(stream, rv->fence_waits ? rv->fence[1] : 0);
	iom_put(stream, rv->ddtp_left);
	for (unsigned i = 0; i < RV_QUEUES; i++)
		iom_put(stream, rv->queue_left[i]);
	iom_put(stream, rv->fifo_count);
	for (unsigned i = 0; i < rv->fifo_count; i++) {
		for (unsigned w = 0; w < RV_FQ_WORDS; w++)
			iom_put(stream, rv->fifo[(rv->fifo_first + i) % RV_FIFO][w]);
	}
	save_ats_locked(rv, stream);
}

static bool page_ok(const struct page *page)
{
	const uint64_t word = RV_PQ_PID | RV_PQ_PV | RV_PQ_PRIV | RV_PQ_EXEC | RV_PQ_DID;
	const uint64_t process = RV_PQ_PID | RV_PQ_PRIV | RV_PQ_EXEC;

	return !(page->record[0] & ~word) &&
	       (page->record[0] & RV_PQ_PV || !(page->record[0] & process)) &&
	       (page->code == RV_PAGE_STORE || page->code == IOM_PAGES_INVALID ||
	        page->code == IOM_PAGES_FAILED) &&
	       page->to_answer <= 1 && page->prpr <= 1;
}

static bool take_ats(const struct rv_unit *rv, struct iom_stream *stream, struct state *s)
{
	s->inval_timed_out = iom_take(stream);
	if (s->inval_timed_out > 1 ||
	    !iom_itags_load(&s->itags, stream, rv->unit.arch->requester_last,
	                    rv->config.ats_timeout_ns))
		return false;
	s->pages = iom_take(stream);
	if (s->pages > RV_PAGES)
		return false;
	for (unsigned i = 0; i < s->pages; i++) {
		for (unsigned w = 0; w < RV_PQ_WORDS; w++)
			s->page[i].record[w] = iom_take(stream);
		s->page[i].code = iom_take(stream);
		s->page[i].to_answer = iom_take(stream);
		s->page[i].prpr = iom_take(stream);
		if (!page_ok(&s->page[i]))
			return false;
	}
	/* Without ATS nothing of this ever happens. */
	return rv->cap & RV_CAP_ATS || (!s->inval_timed_out && !s->itags.used && !s->pages);
}

/* False: the numbers cannot be a RISC-V IOMMU's. */
static bool take_state(const struct rv_unit *rv, struct iom_stream *stream, struct state *s)
{
	/* A unit without messages has none that wait. */
	bool messages = IOM_GET(RV_CAP_IGS, rv->cap) != RV_IGS_WSI;
	uint64_t vectors = messages ? iom_low(rv->config.vectors) : 0;
	uint64_t sources = RV_IPSR_CIP | RV_IPSR_FIP | (rv->cap & RV_CAP_HPM ? RV_IPSR_PMIP : 0);

	if (messages && rv->cap & RV_CAP_ATS)
		sources |= RV_IPSR_PIP;

	s->ddtp_high = iom_take(stream);
	s->ddtp_high_valid = iom_take(stream);
	s->msi_pending = iom_take(stream);
	s->due = iom_take(stream);
	s->fence_waits = iom_take(stream);
	s->fence[0] = iom_take(stream);
	s->fence[1] = iom_take(stream);
	s->ddtp_left = iom_take(stream);
	for (unsigned i = 0; i < RV_QUEUES; i++)
		s->queue_left[i] = iom_take(stream);
	s->records = iom_take(stream);
	if (s->ddtp_high >> 32 || s->ddtp_high_valid > 1 || s->msi_pending & ~vectors ||
	    s->due & ~(messages ? sources : 0) || s->fence_waits > 1 || s->records > RV_FIFO)
		return false;
	for (unsigned i = 0; i < s->records; i++) {
		for (unsigned w = 0; w < RV_FQ_WORDS; w++)
			s->record[i][w] = iom_take(stream);
	}
	return (IOM_GET(RV_CMD_OPCODE, s->fence[0]) == RV_OP_IOFENCE || !s->fence_waits) &&
	       take_ats(rv, stream, s);
}

static uint64_t value_of(const struct rv_unit *rv, const uint64_t *regs, unsigned off)
{
	return regs[rv->unit.regs.at[off / 4] - 1];
}

/* A queue is off, on, or between the two for one of the reasons that there are. */
static bool queue_ok(uint64_t csr, uint64_t left, bool fence_waits)
{
	switch (csr & (RV_QCSR_EN | RV_QCSR_ON | RV_QCSR_BUSY)) {
	case 0:
		return !left && !fence_waits;
	case RV_QCSR_EN | RV_QCSR_ON:
		return !left;
	case RV_QCSR_EN | RV_QCSR_BUSY:
		return left && !fence_waits;
	case RV_QCSR_ON | RV_QCSR_BUSY:
		return left || fence_waits;
	default:
		return false;
	}
}

/* Nothing is busy for ever. */
static bool busy_ok(const struct rv_unit *rv, const uint64_t *regs, const struct state *s)
{
	uint64_t most = rv->config.busy_ns;

	if (s->ddtp_left > most || (s->ddtp_left && !(value_of(rv, regs, RV_DDTP) & RV_DDTP_BUSY)))
		return false;
	for (unsigned i = 0; i < RV_QUEUES; i++) {
		if (s->queue_left[i] > most ||
		    !queue_ok(value_of(rv, regs, rv_queues[i]->csr), s->queue_left[i],
		              rv_queues[i] == &rv_cq && s->fence_waits))
			return false;
	}
	return true;
}

/* Selectors hold events that exist, and iocountovf says what the flags say. */
static bool monitor_ok(const struct rv_unit *rv, const uint64_t *regs)
{
	uint64_t overflows;

	if (!(rv->cap & RV_CAP_HPM))
		return true;
	overflows = value_of(rv, regs, RV_IOHPMCYCLES) & RV_IOHPMCYCLES_OF ? RV_IOCOUNT_CY : 0;
	for (unsigned n = 1; n <= RV_IOHPM_COUNTERS; n++) {
		uint64_t evt = value_of(rv, regs, RV_IOHPMEVT + (n - 1) * RV_IOHPM_BYTES);

		if (!rv_event_exists(evt))
			return false;
		overflows |= evt & RV_IOHPMEVT_OF ? IOM_BIT(n) : 0;
	}
	return value_of(rv, regs, RV_IOCOUNTOVF) == overflows;
}

/* An answer is a fault and nothing else, or has a memory type that there is. */
static bool response_ok(const struct rv_unit *rv, const uint64_t *regs)
{
	uint64_t response = rv->cap & RV_CAP_DBG ? value_of(rv, regs, RV_TR_RESPONSE) : 0;

	if (response & RV_TR_RESPONSE_FAULT)
		return response == RV_TR_RESPONSE_FAULT;
	return IOM_GET(RV_TR_RESPONSE_PBMT, response) != RV_PBMT_RSVD;
}

static bool registers_ok(const struct rv_unit *rv, const uint64_t *regs)
{
	unsigned igs = (unsigned)IOM_GET(RV_CAP_IGS, rv->cap);
	bool wired = value_of(rv, regs, RV_FCTL) & RV_FCTL_WSI;
	uint64_t gxl = value_of(rv, regs, RV_FCTL) & RV_FCTL_GXL;

	if ((igs == RV_IGS_MSI && wired) || (igs == RV_IGS_WSI && !wired) ||
	    (!rv_gxl_writable(rv) && gxl != rv_gxl_fixed(rv)) ||
	    !rv_ddtp_mode_exists(rv, (unsigned)IOM_GET(RV_DDTP_MODE, value_of(rv, regs, RV_DDTP))))
		return false;
	if (!(rv->cap & RV_CAP_ATS) && value_of(rv, regs, RV_PQT) | value_of(rv, regs, RV_PQCSR))
		return false;
	if (!monitor_ok(rv, regs) || !response_ok(rv, regs))
		return false;
	for (unsigned i = 0; i < RV_QUEUES; i++) {
		const struct rv_queue *queue = rv_queues[i];
		uint64_t lg2 = IOM_GET(RV_QB_LOG2SZ_1, value_of(rv, regs, queue->base)) + 1;
		bool off = !(value_of(rv, regs, queue->csr) &
		             (RV_QCSR_EN | RV_QCSR_ON | RV_QCSR_BUSY));
		/* Hardware's own index outlives a smaller ring, until the queue is turned on. */
		uint64_t own_lg2 = off ? rv->config.queue_lg2 : lg2;

		if (lg2 > rv->config.queue_lg2 || value_of(rv, regs, queue->software) >> lg2 ||
		    value_of(rv, regs, queue->own) >> own_lg2)
			return false;
	}
	return true;
}

static void commit_ats(struct rv_unit *rv, const struct state *s)
{
	rv_ats_reset_locked(rv);
	iom_poke(&rv->inval_timed_out, s->inval_timed_out);
	iom_itags_set_locked(&rv->itags, &s->itags);
	rv->pages_first = 0;
	rv->pages_count = (unsigned)s->pages;
	for (unsigned i = 0; i < s->pages; i++) {
		rv->pages[i] = (struct rv_page_request){
			.record = { s->page[i].record[0], s->page[i].record[1] },
			.code = (uint8_t)s->page[i].code,
			.to_answer = s->page[i].to_answer,
			.prpr = s->page[i].prpr,
		};
	}
}

bool rv_load_state(struct iom_unit *unit, struct iom_stream *stream, const uint64_t *regs,
                   bool commit, struct iom_error *error)
{
	struct rv_unit *rv = rv_of(unit);
	struct state s;

	if (iom_take(stream) != config_word(rv) || iom_take(stream) != rv->config.busy_ns ||
	    iom_take(stream) != rv->config.ats_timeout_ns || iom_take(stream) != monitor_word(rv) ||
	    value_of(rv, regs, RV_CAP) != rv->cap) {
		iom_fail(error, IOM_EINVAL,
		         "the state is of a RISC-V IOMMU with other capabilities, vectors, queue "
		         "sizes "
		         "or flags; create the unit with the configuration of the one that was "
		         "saved");
		return false;
	}
	if (!take_state(rv, stream, &s) || !registers_ok(rv, regs) || !busy_ok(rv, regs, &s)) {
		iom_fail(error, IOM_EINVAL,
		         "the state contradicts itself: a queue index, a mode or a pending bit is "
		         "out "
		         "of range");
		return false;
	}
	if (!commit)
		return true;

	rv->ddtp_high = (uint32_t)s.ddtp_high;
	rv->ddtp_high_valid = s.ddtp_high_valid;
	rv->msi_pending = (uint16_t)s.msi_pending;
	rv->due = (uint16_t)s.due;
	rv->fence_waits = s.fence_waits;
	rv->fence[0] = s.fence[0];
	rv->fence[1] = s.fence[1];
	rv->fifo_first = 0;
	rv->fifo_count = (unsigned)s.records;
	for (unsigned i = 0; i < s.records; i++) {
		for (unsigned w = 0; w < RV_FQ_WORDS; w++)
			rv->fifo[i][w] = s.record[i][w];
	}
	commit_ats(rv, &s);
	rv->ddtp_left = s.ddtp_left;
	rv->ddtp_drained = false;
	for (unsigned i = 0; i < RV_QUEUES; i++)
		rv->queue_left[i] = s.queue_left[i];
	rv_counters_changed_locked(rv);
	if (rv->cap & RV_CAP_DBG)
		iom_work_later(unit, RV_WORK_DEBUG);
	iom_work_later(unit,
	               RV_WORK_COMMANDS | RV_WORK_FAULTS | RV_WORK_PAGES | RV_WORK_INTERRUPTS);
	return true;
}

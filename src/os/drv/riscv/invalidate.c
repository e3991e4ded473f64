/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The command queue, and what is sent when ("Command-queue", "Caching in-memory data structures").
 *
 * Commands are written to the ring one after another; the doorbell is rung once, by rvd_fence, or
 * when the ring is full.  What goes wrong on the way is kept in cq_error until rvd_fence tells it.
 */
#include "os/drv/riscv/riscv.h"

#define IOTINVAL_VMA RVD_CMD(RV_OP_IOTINVAL, RV_IOTINVAL_VMA)
#define IOTINVAL_GVMA RVD_CMD(RV_OP_IOTINVAL, RV_IOTINVAL_GVMA)
#define IOFENCE_C RVD_CMD(RV_OP_IOFENCE, RV_IOFENCE_C)
#define IODIR_INVAL_DDT RVD_CMD(RV_OP_IODIR, RV_IODIR_INVAL_DDT)
#define IODIR_INVAL_PDT RVD_CMD(RV_OP_IODIR, RV_IODIR_INVAL_PDT)

/* So many pages are forgotten faster together with all others of the domain. */
#define PAGES_ALL 512

static void cq_put(struct rvd_driver *d, uint32_t index, uint64_t dw0, uint64_t dw1)
{
	uint64_t *entry = (uint64_t *)(d->cq.ring + (size_t)index * RV_CMD_BYTES);

	rvd_store(entry, dw0);
	rvd_store(entry + 1, dw1);
}

bool rvd_cq_repair(struct rvd_driver *d)
{
	uint32_t csr = rvd_rd32(d, RV_CQCSR);
	uint32_t errors = csr & (RV_QCSR_MF | RV_CQCSR_CMD_TO | RV_CQCSR_CMD_ILL);

	if (rvd_gone(csr))
		return false;
	if (errors & ~RV_CQCSR_CMD_TO) {
		d->base.command_errors++;
		d->cq_error = IOM_EIO;
	} else if (errors && !d->cq_error) {
		d->cq_error = IOM_ETIMEOUT;
	}
	/*
	 * The queue goes on at cqh, with the same command.  A fence that told of a device's silence
	 * passes then.  An illegal command would stop the queue for ever, so a harmless one takes
	 * its place; Linux writes the bits back and leaves it at that.
	 */
	if (errors & RV_CQCSR_CMD_ILL) {
		cq_put(d, rvd_rd32(d, RV_CQH) & d->cq.mask, IOFENCE_C, 0);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	}
	if (errors || csr & RV_CQCSR_FENCE_W_IP)
		rvd_wr32(d, RV_CQCSR,
		         (csr & (RV_QCSR_EN | RV_QCSR_IE | RV_CQCSR_FENCE_W_IP)) | errors);
	return errors;
}

/* The commands are in memory before the doorbell: stores keep their order, and nothing is loaded. */
static void ring_doorbell(struct rvd_driver *d)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	rvd_wr32(d, RV_CQT, d->cq.index);
}

static uint32_t after(const struct rvd_driver *d, uint32_t index)
{
	return (index + 1) & d->cq.mask;
}

/*
 * Has the queue a free place again; or, with `all`, has cqh reached our tail?  A head outside the queue
 * says neither: nothing answers there any more.
 */
static bool cq_moved(struct rvd_driver *d, bool all)
{
	uint32_t head = rvd_rd32(d, RV_CQH);

	if (head & ~d->cq.mask)
		return false;
	d->cq_head = head;
	return all ? d->cq_head == d->cq.index : d->cq_head != after(d, d->cq.index);
}

/* Waits for that.  Fast hardware is done by now, and clocks may be slow. */
static void cq_wait(struct rvd_driver *d, bool all)
{
	uint64_t since, limit = d->cq_devices ? RV_DEVICES_NS : RV_COMMAND_NS;

	if (cq_moved(d, all))
		return;
	since = rvd_now(d);
	for (;;) {
		bool late = rvd_now(d) - since > limit;

		if (cq_moved(d, all))
			return;
		if (late) {
			d->cq_error = IOM_ETIMEOUT;
			d->cq_dead = true;
			return;
		}
		rvd_cq_repair(d);
		rvd_relax(d);
	}
}

void rvd_command(struct rvd_driver *d, uint64_t dw0, uint64_t dw1)
{
	if (after(d, d->cq.index) == d->cq_head) {
		/* One time-out is enough: what comes after is not sent, and the fence says so. */
		if (d->cq_dead)
			return;
		ring_doorbell(d);
		cq_wait(d, false);
		if (d->cq_dead)
			return;
	}
	cq_put(d, d->cq.index, dw0, dw1);
	d->cq.index = after(d, d->cq.index);
}

/* cqh behind a fence says that all before it is done, not only fetched. */
int rvd_fence(struct rvd_driver *d)
{
	int err;

	rvd_command(d, IOFENCE_C | RV_IOFENCE_PR | RV_IOFENCE_PW, 0);
	if (!d->cq_dead) {
		ring_doorbell(d);
		cq_wait(d, true);
	}
	err = d->cq_error;
	d->cq_error = IOM_OK;
	d->cq_dead = d->cq_devices = false;
	return err;
}

void rvd_inval_ddt_all(struct rvd_driver *d)
{
	rvd_command(d, IODIR_INVAL_DDT, 0);
}

void rvd_inval_vma_all(struct rvd_driver *d)
{
	rvd_command(d, IOTINVAL_VMA, 0);
}

void rvd_inval_gvma_all(struct rvd_driver *d)
{
	rvd_command(d, IOTINVAL_GVMA, 0);
}

void rvd_inval_device(struct rvd_driver *d, uint32_t device_id, const uint64_t *dc)
{
	uint64_t gscid = IOM_GET(RV_IOHGATP_GSCID, dc[RV_DC_IOHGATP]);
	uint64_t pscid = IOM_GET(RV_DC_TA_PSCID, dc[RV_DC_TA]);

	rvd_command(d, IODIR_INVAL_DDT | RV_IODIR_DV | IOM_PUT(RV_IODIR_DID, device_id), 0);
	if (IOM_GET(RV_IOHGATP_MODE, dc[RV_DC_IOHGATP]) != RV_ATP_BARE) {
		gscid = RV_IOTINVAL_GV | IOM_PUT(RV_IOTINVAL_GSCID, gscid);
		rvd_command(d, IOTINVAL_VMA | gscid, 0);
		rvd_command(d, IOTINVAL_GVMA | gscid, 0);
	} else if (dc[RV_DC_TC] & RV_TC_PDTV) {
		rvd_inval_vma_all(d);
	} else if (IOM_GET(RV_FSC_MODE, dc[RV_DC_FSC]) != RV_ATP_BARE) {
		rvd_inval_pscid(d, (uint32_t)pscid);
	}
}

void rvd_inval_process(struct rvd_driver *d, uint32_t device_id, uint32_t pasid)
{
	rvd_command(d,
	            IODIR_INVAL_PDT | RV_IODIR_DV | IOM_PUT(RV_IODIR_DID, device_id) |
	                    IOM_PUT(RV_IODIR_PID, pasid),
	            0);
}

void rvd_inval_pscid(struct rvd_driver *d, uint32_t pscid)
{
	rvd_command(d, IOTINVAL_VMA | RV_IOTINVAL_PSCV | IOM_PUT(RV_IOTINVAL_PSCID, pscid), 0);
}

/* One command for the naturally aligned 2^lg2 bytes at `at`; without S it names 4 KiB. */
static void inval_piece(struct rvd_driver *d, uint64_t dw0, uint64_t at, unsigned lg2, bool s)
{
	uint64_t page = at >> IOM_PAGE_LG2;

	/* Coded as in NAPOT pages: ones below the lowest 0, which stands for half the size. */
	if (s)
		page |= iom_low(lg2 - IOM_PAGE_LG2 - 1);
	rvd_command(d, dw0 | RV_IOTINVAL_AV,
	            IOM_PUT(RV_IOTINVAL_1_ADDR, page) | (s ? RV_IOTINVAL_1_S : 0));
}

/* How many of `left` steps one command takes from `first` on, as a power of two. */
static unsigned piece_lg2(const struct rvd_driver *d, uint64_t first, uint64_t left, unsigned step)
{
	unsigned lg2 = iom_log2(left);

	if (!(d->cap & RV_CAP_S))
		return 0;
	return first && iom_ctz(first) - step < lg2 ? iom_ctz(first) - step : lg2;
}

/*
 * Forgets the leaves in first..last, of 2^step bytes at least, and with `tables` also what leads to
 * them.  dw0 says whose.
 */
static void inval_range(struct rvd_driver *d, uint64_t dw0, uint64_t first, uint64_t last,
                        unsigned step, bool tables)
{
	uint64_t left;

	/* A leaf needs to be named once, but QEMU's unit keeps it in pieces; Linux names each of them. */
	if (!(d->cap & RV_CAP_S))
		step = IOM_PAGE_LG2;
	first &= ~iom_low(step);
	left = ((last - first) >> step) + 1;
	/* With AV=1 alone entries that point to tables stay: not enough where tables are to be freed. */
	if ((tables && !(d->cap & RV_CAP_NL)) || left >> (64 - step) ||
	    (left >= PAGES_ALL && !(d->cap & RV_CAP_S))) {
		rvd_command(d, dw0, 0);
		return;
	}
	if (tables)
		dw0 |= RV_IOTINVAL_NL;
	while (left) {
		unsigned lg2 = piece_lg2(d, first, left, step);

		inval_piece(d, dw0, first, step + lg2, lg2);
		first += IOM_BIT(step + lg2);
		left -= IOM_BIT(lg2);
	}
}

int rvd_flush(struct iom_domain *domain, const struct iom_gather *gather)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	uint64_t dw0;

	if (domain->kind == IOM_DOMAIN_STAGE1)
		dw0 = IOTINVAL_VMA | RV_IOTINVAL_PSCV | IOM_PUT(RV_IOTINVAL_PSCID, domain->id);
	else
		dw0 = IOTINVAL_GVMA | RV_IOTINVAL_GV | IOM_PUT(RV_IOTINVAL_GSCID, domain->id);
	inval_range(d, dw0, gather->first, gather->last,
	            gather->step_lg2 ? gather->step_lg2 : IOM_PAGE_LG2, gather->tables);
	rvd_ats_forget(d, domain, gather->first, gather->last, false);
	return rvd_fence(d);
}

/* A process's tables may go with what they said; a guest's are the parent's memory, and stay. */
int rvd_forget(struct iom_domain *domain, uint64_t first, uint64_t last, bool global)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	const struct iom_domain *parent = domain->parent;
	uint64_t dw0 = IOTINVAL_VMA;

	if (parent)
		dw0 |= RV_IOTINVAL_GV | IOM_PUT(RV_IOTINVAL_GSCID, parent->id);
	/* A PSCID spares the entries that are marked global. */
	if (!global)
		dw0 |= RV_IOTINVAL_PSCV | IOM_PUT(RV_IOTINVAL_PSCID, domain->id);
	inval_range(d, dw0, first, last, IOM_PAGE_LG2, !parent);
	rvd_ats_forget(d, domain, first, last, global);
	return rvd_fence(d);
}

void rvd_inval_gpa(struct rvd_driver *d, const struct iom_domain *domain, uint64_t gpa)
{
	rvd_command(d,
	            IOTINVAL_GVMA | RV_IOTINVAL_GV | RV_IOTINVAL_AV |
	                    IOM_PUT(RV_IOTINVAL_GSCID, domain->id),
	            IOM_PUT(RV_IOTINVAL_1_ADDR, gpa >> IOM_PAGE_LG2));
}

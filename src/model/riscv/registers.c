/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The register table ("Memory-mapped register interface"), and what stores do. */
#include "model/riscv/riscv.h"

static bool any_queue_enabled(const struct rv_unit *rv)
{
	for (unsigned i = 0; i < RV_QUEUES; i++) {
		if (rv_queue_enabled(rv, rv_queues[i]))
			return true;
	}
	return false;
}

/*
 * UNSPECIFIED: a store while a directory or a queue is active is dropped; in Bare, with all queues
 * off, it is accepted, because Linux sets WSI there at probe and does not read it back.
 */
static uint64_t fctl_legal(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
                           uint64_t lanes)
{
	struct rv_unit *rv = rv_of(unit);
	unsigned highest = rv->config.flags & IOM_RISCV_STRICT_FCTL ? RV_DDTP_OFF : RV_DDTP_BARE;

	(void)off, (void)lanes;
	return rv_ddtp_mode(rv) > highest || any_queue_enabled(rv) ? was : now;
}

static void interrupts_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off, (void)was, (void)now;
	rv_interrupts_update_locked(rv_of(unit));
	iom_work_later(unit, RV_WORK_INTERRUPTS);
}

bool rv_ddtp_mode_exists(const struct rv_unit *rv, unsigned mode)
{
	if (mode <= RV_DDTP_BARE)
		return true;
	return mode <= RV_DDTP_3LVL && rv->config.ddt_levels & (1u << (mode - RV_DDTP_1LVL));
}

/*
 * UNSPECIFIED: from one directory straight to another is ignored, to Bare is allowed (Linux does it
 * at shutdown) unless the configuration is strict.  While a directory is active, a store of the upper half alone waits for the lower
 * half, so that two 4-byte stores do what one of 8 bytes would.
 */
static uint64_t ddtp_legal(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
                           uint64_t lanes)
{
	struct rv_unit *rv = rv_of(unit);
	unsigned old = (unsigned)IOM_GET(RV_DDTP_MODE, was);
	unsigned mode = (unsigned)IOM_GET(RV_DDTP_MODE, now);
	unsigned highest = rv->config.flags & IOM_RISCV_STRICT_DDTP ? RV_DDTP_OFF : RV_DDTP_BARE;
	bool low = lanes & iom_low(32), high = lanes & ~iom_low(32);

	(void)off;
	if (was & RV_DDTP_BUSY)
		return was;
	if (!low && old > RV_DDTP_BARE) {
		rv->ddtp_high = (uint32_t)(now >> 32);
		rv->ddtp_high_valid = true;
		return was;
	}
	if (!high && rv->ddtp_high_valid)
		now = (now & iom_low(32)) | (uint64_t)rv->ddtp_high << 32;
	rv->ddtp_high_valid = false;
	if (!rv_ddtp_mode_exists(rv, mode) || (old > RV_DDTP_BARE && mode > highest))
		return was;
	return now;
}

/* Requests look at the mode when they come; busy stays until those that came before are done. */
static void ddtp_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off;
	if (IOM_GET(RV_DDTP_MODE, was) == IOM_GET(RV_DDTP_MODE, now))
		return;
	iom_reg_change(unit, RV_DDTP, 0, RV_DDTP_BUSY);
	rv_of(unit)->ddtp_left = rv_of(unit)->config.busy_ns;
	rv_of(unit)->ddtp_drained = false;
	iom_work_later(unit, RV_WORK_DDTP);
}

void rv_ddtp_settle_locked(struct rv_unit *rv)
{
	if (rv->ddtp_drained && !rv->ddtp_left)
		iom_reg_change(&rv->unit, RV_DDTP, RV_DDTP_BUSY, 0);
}

/* In Bare, fronts answer with these identifiers. */
static void qosid_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off;
	if (was != now)
		iom_unit_new_epoch_locked(unit);
}

/* UNSPECIFIED: a store while the queue is on is dropped. */
static uint64_t base_legal(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
                           uint64_t lanes)
{
	struct rv_unit *rv = rv_of(unit);
	uint64_t largest = rv->config.queue_lg2 - 1u;

	(void)lanes;
	if (rv_queue_enabled(rv, rv_queue_of(off)))
		return was;
	if (IOM_GET(RV_QB_LOG2SZ_1, now) > largest)
		now = (now & ~RV_QB_LOG2SZ_1) | IOM_PUT(RV_QB_LOG2SZ_1, largest);
	return now;
}

/* Software's index becomes 0: drivers before Linux 7 never write it themselves. */
static void base_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	struct rv_unit *rv = rv_of(unit);
	const struct rv_queue *queue = rv_queue_of(off);

	(void)was, (void)now;
	if (!rv_queue_enabled(rv, queue))
		iom_reg_set(unit, queue->software, 0);
}

static uint64_t index_legal(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
                            uint64_t lanes)
{
	struct rv_unit *rv = rv_of(unit);

	(void)was, (void)lanes;
	return now & iom_low(rv_ring(rv, rv_queue_of(off)).entries_lg2);
}

static void cqt_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off, (void)was, (void)now;
	iom_work_soon_locked(unit, RV_WORK_COMMANDS);
}

static uint64_t csr_legal(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
                          uint64_t lanes)
{
	(void)unit, (void)off, (void)lanes;
	return was & RV_QCSR_BUSY ? was : now;
}

static void csr_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	rv_queue_csr_wrote_locked(rv_of(unit), rv_queue_of(off), was, now);
}

/* An unmasked vector sends the message that it kept back. */
static void vec_ctl_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off, (void)was, (void)now;
	iom_work_later(unit, RV_WORK_INTERRUPTS);
}

#define MSI_ROWS .count = RV_VECTORS_MAX, .stride = RV_MSI_CFG_BYTES

static const struct iom_reg rv_regs[] = {
	{ RV_CAP, 8, "capabilities", .own = ~UINT64_C(0) },
	{ RV_FCTL, 4, "fctl", .keeps = true, .own = RV_FCTL_WSI | RV_FCTL_GXL,
	  .rw = RV_FCTL_BE | RV_FCTL_WSI | RV_FCTL_GXL, .legal = fctl_legal,
	  .wrote = interrupts_wrote },
	{ RV_DDTP, 8, "ddtp", .keeps = true, .own = RV_DDTP_BUSY, .rw = RV_DDTP_MODE | RV_DDTP_PPN,
	  .legal = ddtp_legal, .wrote = ddtp_wrote },
	{ RV_CQB, 8, "cqb", .keeps = true, .rw = RV_QB_LOG2SZ_1 | RV_QB_PPN, .legal = base_legal,
	  .wrote = base_wrote },
	{ RV_CQH, 4, "cqh", .keeps = true, .own = IOM_MASK(31, 0) },
	{ RV_CQT, 4, "cqt", .keeps = true, .rw = IOM_MASK(31, 0), .legal = index_legal,
	  .wrote = cqt_wrote },
	{ RV_FQB, 8, "fqb", .keeps = true, .rw = RV_QB_LOG2SZ_1 | RV_QB_PPN, .legal = base_legal,
	  .wrote = base_wrote },
	{ RV_FQH, 4, "fqh", .keeps = true, .rw = IOM_MASK(31, 0), .legal = index_legal },
	{ RV_FQT, 4, "fqt", .keeps = true, .own = IOM_MASK(31, 0) },
	{ RV_PQB, 8, "pqb", .keeps = true, .rw = RV_QB_LOG2SZ_1 | RV_QB_PPN, .legal = base_legal,
	  .wrote = base_wrote },
	{ RV_PQH, 4, "pqh", .keeps = true, .rw = IOM_MASK(31, 0), .legal = index_legal },
	{ RV_PQT, 4, "pqt", .keeps = true, .own = IOM_MASK(31, 0) },
	{ RV_CQCSR, 4, "cqcsr", .own = RV_QCSR_ON | RV_QCSR_BUSY, .rw = RV_QCSR_EN | RV_QCSR_IE,
	  .w1c = RV_QCSR_MF | RV_CQCSR_CMD_TO | RV_CQCSR_CMD_ILL | RV_CQCSR_FENCE_W_IP,
	  .legal = csr_legal, .wrote = csr_wrote },
	{ RV_FQCSR, 4, "fqcsr", .own = RV_QCSR_ON | RV_QCSR_BUSY, .rw = RV_QCSR_EN | RV_QCSR_IE,
	  .w1c = RV_QCSR_MF | RV_QCSR_OF, .legal = csr_legal, .wrote = csr_wrote },
	{ RV_PQCSR, 4, "pqcsr", .own = RV_QCSR_ON | RV_QCSR_BUSY, .rw = RV_QCSR_EN | RV_QCSR_IE,
	  .w1c = RV_QCSR_MF | RV_QCSR_OF, .legal = csr_legal, .wrote = csr_wrote },
	{ RV_IPSR, 4, "ipsr", .w1c = RV_IPSR_CIP | RV_IPSR_FIP | RV_IPSR_PMIP | RV_IPSR_PIP,
	  .wrote = interrupts_wrote },
	{ RV_QOSID, 4, "iommu_qosid", .keeps = true, .rw = RV_QOSID_RCID | RV_QOSID_MCID,
	  .wrote = qosid_wrote },
	{ RV_ICVEC, 8, "icvec", .keeps = true,
	  .rw = RV_ICVEC_CIV | RV_ICVEC_FIV | RV_ICVEC_PMIV | RV_ICVEC_PIV,
	  .wrote = interrupts_wrote },
	{ RV_MSI_CFG_TBL + RV_MSI_ADDR, 8, "msi_addr", .keeps = true, .rw = RV_MSI_ADDR_ADDR,
	  MSI_ROWS },
	{ RV_MSI_CFG_TBL + RV_MSI_DATA, 4, "msi_data", .keeps = true, .rw = IOM_MASK(31, 0),
	  MSI_ROWS },
	{ RV_MSI_CFG_TBL + RV_MSI_VEC_CTL, 4, "msi_vec_ctl", .keeps = true, .rw = RV_MSI_VEC_CTL_M,
	  .wrote = vec_ctl_wrote, MSI_ROWS },
};

/* Without ATS there is no page-request queue. */
static void pages_init(struct rv_unit *rv)
{
	static const uint16_t absent[] = { RV_PQB, RV_PQH, RV_PQT, RV_PQCSR };
	struct iom_regfile *regs = &rv->unit.regs;

	if (rv->cap & RV_CAP_ATS)
		return;
	for (size_t i = 0; i < IOM_COUNT(absent); i++)
		iom_regfile_narrow(regs, absent[i], 0);
	iom_regfile_narrow(regs, RV_IPSR, ~RV_IPSR_PIP);
	iom_regfile_narrow(regs, RV_ICVEC, ~RV_ICVEC_PIV);
}

void rv_registers_init(struct rv_unit *rv)
{
	struct iom_regfile *regs = &rv->unit.regs;
	unsigned igs = (unsigned)IOM_GET(RV_CAP_IGS, rv->cap);
	unsigned msis = igs == RV_IGS_WSI ? 0 : rv->config.vectors;
	uint64_t pas = iom_low((unsigned)IOM_GET(RV_CAP_PAS, rv->cap));
	uint64_t nibble = rv->config.vectors - 1u;
	bool hpm = rv->cap & RV_CAP_HPM;

	iom_regfile_init(regs, rv_regs, IOM_COUNT(rv_regs));
	rv_counters_init(rv);
	rv_debug_init(rv);
	iom_regfile_narrow(regs, RV_FCTL,
	                   (rv->cap & RV_CAP_END ? RV_FCTL_BE : 0) |
	                           (igs == RV_IGS_BOTH ? RV_FCTL_WSI : 0) |
	                           (rv_gxl_writable(rv) ? RV_FCTL_GXL : 0));
	iom_regfile_narrow(regs, RV_DDTP, ~RV_DDTP_PPN | IOM_PUT(RV_DDTP_PPN, pas >> 12));
	iom_regfile_narrow(regs, RV_IPSR, ~(hpm ? 0 : RV_IPSR_PMIP));
	iom_regfile_narrow(regs, RV_ICVEC,
	                   IOM_PUT(RV_ICVEC_CIV, nibble) | IOM_PUT(RV_ICVEC_FIV, nibble) |
	                           IOM_PUT(RV_ICVEC_PMIV, hpm ? nibble : 0) |
	                           IOM_PUT(RV_ICVEC_PIV, nibble));
	pages_init(rv);
	iom_regfile_narrow(regs, RV_QOSID, rv_qos_ids(rv, RV_QOSID_RCID, RV_QOSID_MCID));
	for (unsigned v = 0; v < RV_VECTORS_MAX; v++) {
		unsigned entry = RV_MSI_CFG_TBL + v * RV_MSI_CFG_BYTES;

		iom_regfile_narrow(regs, entry + RV_MSI_ADDR, v < msis ? pas : 0);
		iom_regfile_narrow(regs, entry + RV_MSI_DATA, v < msis ? ~UINT64_C(0) : 0);
		iom_regfile_narrow(regs, entry + RV_MSI_VEC_CTL, v < msis ? ~UINT64_C(0) : 0);
	}
}

void rv_registers_reset(struct rv_unit *rv)
{
	struct iom_unit *unit = &rv->unit;
	unsigned igs = (unsigned)IOM_GET(RV_CAP_IGS, rv->cap);

	iom_reg_set(unit, RV_CAP, rv->cap);
	iom_reg_change(unit, RV_FCTL, 0,
	               (igs == RV_IGS_WSI ? RV_FCTL_WSI : 0) |
	                       (rv_gxl_writable(rv) ? 0 : rv_gxl_fixed(rv)));
	iom_reg_change(unit, RV_DDTP, RV_DDTP_MODE | RV_DDTP_BUSY,
	               IOM_PUT(RV_DDTP_MODE, rv->config.reset_mode == IOM_RISCV_RESET_BARE
	                                             ? RV_DDTP_BARE
	                                             : RV_DDTP_OFF));
	if (rv->config.reset_mode == IOM_RISCV_RESET_BARE)
		iom_reg_change(unit, RV_QOSID, RV_QOSID_RCID, 0);
	if (rv->config.flags & IOM_RISCV_MSI_MASKED && igs != RV_IGS_WSI) {
		for (unsigned v = 0; v < rv->config.vectors; v++)
			iom_reg_set(unit, RV_MSI_CFG_TBL + v * RV_MSI_CFG_BYTES + RV_MSI_VEC_CTL,
			            RV_MSI_VEC_CTL_M);
	}
	rv_debug_reset_locked(rv);
	rv_counters_changed_locked(rv);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* From a request to a grant ("Process to translate an IOVA"): the steps in the manual's order. */
#include "model/riscv/riscv.h"

#include "pt/fmt/riscv.h"
#include "pt/walk.h"

/* A stage that is Bare grants this much at a time. */
#define BARE_LG2 30

struct walk {
	struct rv_unit *rv;
	const struct rv_dc *dc;
	struct iom_fault *fault;
};

static int load_entry(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw)
{
	struct walk *w = ctx;

	(void)size_lg2;
	return rv_load(w->rv, spa, 1, big_endian, raw);
}

static uint32_t pt_features(const struct rv_unit *rv)
{
	return rv->cap & RV_CAP_SVPBMT ? PT_RV_SVPBMT : 0;
}

static const struct pt_source stage2_source = { .load = load_entry };

/* Stage 2 of one address, which must not be Bare. */
static enum pt_why walk_stage2(struct walk *w, uint64_t gpa, unsigned perm, struct pt_result *out)
{
	uint64_t iohgatp = w->dc->iohgatp;
	struct pt_root root = pt_rv64_root(IOM_GET(RV_IOHGATP_PPN, iohgatp),
	                                   (unsigned)IOM_GET(RV_IOHGATP_MODE, iohgatp), true);
	struct pt_want want = { .perm = (uint8_t)perm, .user = true };

	root.big_endian = rv_big_endian(w->rv);
	root.features = pt_features(w->rv);
	return pt_walk(&pt_rv64, &stage2_source, &root, gpa, &want, w, out);
}

static bool stage2(struct walk *w, uint64_t gpa, unsigned perm, bool implicit,
                   struct pt_result *out)
{
	enum pt_why why;

	if (IOM_GET(RV_IOHGATP_MODE, w->dc->iohgatp) == RV_ATP_BARE) {
		*out = (struct pt_result){ .address = gpa,
			                   .size_lg2 = BARE_LG2,
			                   .perm = PT_ALL,
			                   .flags = PT_ACCESSED | PT_DIRTY };
		return true;
	}
	why = walk_stage2(w, gpa, perm, out);
	if (!why)
		return true;
	w->fault->where = IOM_WHERE_STAGE2;
	w->fault->why = (uint8_t)why;
	w->fault->gpa = gpa;
	w->fault->implicit = implicit;
	return false;
}

bool rv_implicit(struct rv_unit *rv, const struct rv_dc *dc, uint64_t gpa, uint64_t *spa,
                 struct iom_fault *fault)
{
	struct walk w = { rv, dc, fault };
	struct pt_result found;

	if (!stage2(&w, gpa, PT_R, true, &found))
		return false;
	*spa = found.address;
	return true;
}

static bool entry_output(void *ctx, uint64_t gpa, uint64_t *spa)
{
	struct walk *w = ctx;

	return rv_implicit(w->rv, w->dc, gpa, spa, w->fault);
}

static const struct pt_source stage1_source = { .output = entry_output, .load = load_entry };

/* Stage 1 as iosatp says; `want` holds the privilege of the request. */
static bool stage1(struct walk *w, uint64_t iosatp, uint64_t iova, const struct pt_want *want,
                   struct pt_result *out)
{
	struct pt_root root;
	enum pt_why why;

	if (IOM_GET(RV_FSC_MODE, iosatp) == RV_ATP_BARE) {
		*out = (struct pt_result){ .address = iova,
			                   .size_lg2 = BARE_LG2,
			                   .perm = PT_ALL,
			                   .flags = PT_ACCESSED | PT_DIRTY };
		return true;
	}
	root = pt_rv64_root(IOM_GET(RV_FSC_PPN, iosatp), (unsigned)IOM_GET(RV_FSC_MODE, iosatp),
	                    false);
	root.big_endian = w->dc->tc & RV_TC_SBE;
	root.features = pt_features(w->rv);
	why = pt_walk(&pt_rv64, &stage1_source, &root, iova, want, w, out);
	if (!why)
		return true;
	if (why != PT_WHY_NESTED) {
		w->fault->where = IOM_WHERE_STAGE1;
		w->fault->why = (uint8_t)why;
	}
	return false;
}

/* What a page grants a request: no write while it is not marked dirty. */
static unsigned granted(const struct pt_result *page)
{
	return page->perm & (page->flags & PT_DIRTY ? PT_ALL : PT_ALL & ~PT_W);
}

static uint8_t perm_of_access(unsigned access)
{
	return access == IOM_READ ? PT_R : access == IOM_WRITE ? PT_W : PT_X;
}

static bool disallowed(struct iom_fault *fault)
{
	fault->where = IOM_WHERE_TYPE;
	return false;
}

/*
 * Steps 5 to 12: finds out whose first stage it is, and with which privilege it is used.  Without
 * ATS the only type that is supported is the untranslated request.
 */
static bool first_stage_of(struct walk *w, const struct iom_request *q, uint64_t *iosatp,
                           struct pt_want *want)
{
	const struct rv_dc *dc = w->dc;
	bool pasid = q->flags & IOM_REQ_PASID;
	bool supervisor = pasid && q->flags & IOM_REQ_PRIVILEGED;
	uint32_t process_id = pasid ? q->pasid : 0;
	struct rv_pc pc;

	want->perm = perm_of_access(rv_access(q));
	want->user = !supervisor;
	if (q->at != IOM_AT_UNTRANSLATED)
		return disallowed(w->fault);
	if (!(dc->tc & RV_TC_PDTV)) {
		*iosatp = dc->fsc;
		return !pasid || disallowed(w->fault);
	}
	if (!rv_pid_fits(dc, process_id))
		return disallowed(w->fault);
	*iosatp = 0;
	if ((!pasid && !(dc->tc & RV_TC_DPE)) || IOM_GET(RV_FSC_MODE, dc->fsc) == RV_PDTP_BARE)
		return true;
	if (!rv_locate_pc(w->rv, dc, process_id, &pc, w->fault))
		return false;
	if (supervisor && !(pc.ta & RV_PC_TA_ENS))
		return disallowed(w->fault);
	*iosatp = pc.fsc;
	want->user_pages = pc.ta & RV_PC_TA_SUM;
	return true;
}

/* Steps 13 to 16. */
static bool through_stages(struct walk *w, const struct iom_request *q, uint64_t iosatp,
                           const struct pt_want *want, struct iom_grant *grant)
{
	struct pt_result one, two;
	unsigned lg2;

	if (!stage1(w, iosatp, q->iova, want, &one))
		return false;
	/* Supervisors never execute user pages. */
	if (!want->user && IOM_GET(RV_FSC_MODE, iosatp) != RV_ATP_BARE && one.perm & PT_USER)
		one.perm &= (uint8_t)~PT_X;
	grant->memory_type = one.memory_type;
	grant->perm = (uint8_t)(granted(&one) & (PT_R | PT_W | PT_X));
	if (rv_msi_match(w->dc, one.address))
		return rv_msi_translate(w->rv, w->dc, one.address, rv_access(q), grant, w->fault);

	if (!stage2(w, one.address, want->perm, false, &two))
		return false;
	lg2 = one.size_lg2 < two.size_lg2 ? one.size_lg2 : two.size_lg2;
	grant->spa = two.address;
	grant->range_lg2 = (uint8_t)rv_msi_free_lg2(w->dc, one.address, lg2);
	grant->perm &= (uint8_t)granted(&two);
	if (!grant->memory_type)
		grant->memory_type = two.memory_type;
	return true;
}

bool rv_resolve(struct iom_unit *unit, uint32_t device_id, const struct iom_request *q,
                struct iom_grant *grant, struct iom_fault *fault)
{
	struct rv_unit *rv = rv_of(unit);
	unsigned mode = rv_ddtp_mode(rv);
	struct pt_want want = { 0 };
	uint64_t iosatp;
	struct rv_dc dc;
	struct walk w = { rv, &dc, fault };

	if (mode == RV_DDTP_OFF) {
		fault->where = IOM_WHERE_UNIT;
		return false;
	}
	if (mode == RV_DDTP_BARE) {
		grant->spa = q->iova;
		grant->range_lg2 = 64;
		grant->perm = IOM_PERM_READ | IOM_PERM_WRITE | IOM_PERM_EXECUTE;
		return q->at == IOM_AT_UNTRANSLATED || disallowed(fault);
	}
	if (!rv_locate_dc(rv, device_id, &dc, fault))
		return false;
	fault->quiet = dc.tc & RV_TC_DTF;
	return first_stage_of(&w, q, &iosatp, &want) && through_stages(&w, q, iosatp, &want, grant);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* From a request to a grant ("DMA Remapping"): the steps in the manual's order. */
#include "model/vtd/vtd.h"

/* An answer holds for this at least. */
#define PAGE_LG2 12u

static bool refuse(struct iom_fault *fault, unsigned code, unsigned hole_lg2)
{
	fault->hole_lg2 = (uint8_t)hole_lg2;
	return vtd_refused(fault, code);
}

/* Fault reasons of what an address may not be on its way out. */
static const struct {
	uint8_t beyond_haw, interrupt;
} outputs[] = {
	{ VTD_FR_SM_HOST_ADDRESS, VTD_FR_SM_INTERRUPT }, /* scalable mode */
	{ VTD_FR_ADDRESS, VTD_FR_INTERRUPT },            /* legacy mode   */
};

static unsigned mode_of(const struct vtd_context *c)
{
	return c->flags & VTD_CONTEXT_LEGACY ? 1 : 0;
}

/* ---- Ranges -------------------------------------------------------------------------------- */

/* The naturally aligned 2^n bytes around an address that hold nothing of the interrupt range. */
static unsigned free_lg2(uint64_t address)
{
	return vtd_in_interrupt_range(address) ? PAGE_LG2 : iom_log2(address ^ VTD_INTERRUPT_RANGE);
}

static void at_most(struct iom_grant *grant, unsigned lg2)
{
	if (grant->range_lg2 > lg2)
		grant->range_lg2 = (uint8_t)lg2;
}

/* Neither address is in the range, and what is no larger than it is, is outside as a whole. */
static void keep_interrupts_out(const struct iom_request *q, struct iom_grant *grant)
{
	if (grant->range_lg2 <= VTD_INTERRUPT_RANGE_LG2)
		return;
	at_most(grant, free_lg2(grant->spa));
	if (!(q->flags & IOM_REQ_PASID))
		at_most(grant, free_lg2(q->iova));
}

/* False: the page itself is protected. */
static bool keep_protected_out(const struct vtd_unit *vtd, bool walked, struct iom_grant *grant)
{
	while (vtd_protected(vtd, grant->spa & ~iom_low(grant->range_lg2),
	                     IOM_BIT(grant->range_lg2), walked)) {
		if (grant->range_lg2 <= PAGE_LG2)
			return false;
		grant->range_lg2--;
	}
	return true;
}

/* ---- Answers to translation requests ------------------------------------------------------ */

/* Privilege is repeated where a PASID came with it. */
static uint8_t repeated(const struct iom_request *q)
{
	return q->flags & IOM_REQ_PASID && q->flags & IOM_REQ_PRIVILEGED ? IOM_ATS_PRIVILEGED : 0;
}

/* Does a translation request ask for no leave to write?  "No Write Flag Support". */
static bool no_write(const struct vtd_unit *vtd, const struct iom_request *q)
{
	return q->flags & IOM_REQ_NO_WRITE && vtd->ecap & VTD_ECAP_NWFS;
}

static void answer(const struct iom_query *query, struct iom_grant *grant)
{
	const struct iom_request *q = query->request;

	if (no_write(vtd_of(query->unit), q))
		grant->perm &= (uint8_t)~IOM_PERM_WRITE;
	grant->ats |= repeated(q);
	/* The address of a page that may not be used is nobody's business. */
	if (!grant->perm || grant->ats & IOM_ATS_UNTRANSLATED) {
		grant->spa = 0;
		grant->range_lg2 = PAGE_LG2;
	}
	if (!grant->perm) {
		grant->ats &= (uint8_t)~IOM_ATS_UNTRANSLATED;
		grant->memory_type = IOM_MEMORY_DEFAULT;
	}
	grant->keep = false;
}

/* ---- Requests ------------------------------------------------------------------------------ */

/* The bus address is the physical one. */
static void unchanged(const struct iom_request *q, unsigned range_lg2, struct iom_grant *grant)
{
	grant->spa = q->iova;
	grant->range_lg2 = (uint8_t)range_lg2;
	grant->perm = IOM_PERM_READ | IOM_PERM_WRITE;
	grant->keep = true;
}

/* Passed through, or translated already. */
static bool pass(const struct iom_query *query, const struct vtd_context *c,
                 struct iom_grant *grant, struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	unsigned haw = vtd_of(query->unit)->config.address_bits;

	if (q->iova >> haw)
		return refuse(fault, outputs[mode_of(c)].beyond_haw, iom_log2(q->iova));
	if (vtd_in_interrupt_range(q->iova))
		return refuse(fault, outputs[mode_of(c)].interrupt, VTD_INTERRUPT_RANGE_LG2);
	unchanged(q, haw, grant);
	if (q->at != IOM_AT_TRANSLATED && c->flags & VTD_CONTEXT_PGSNP)
		grant->memory_type = IOM_MEMORY_SNOOPED;
	return true;
}

/* What tables must grant.  A translation request that may write takes what there is. */
static unsigned wanted(const struct vtd_unit *vtd, const struct iom_request *q)
{
	static const uint8_t perm[] = {
		[IOM_READ] = PT_R,
		[IOM_WRITE] = PT_W,
		[IOM_EXECUTE] = PT_R,
		[IOM_ATOMIC] = PT_R | PT_W,
	};

	if (q->at == IOM_AT_TRANSLATION_REQUEST)
		return no_write(vtd, q) ? PT_R : 0;
	return perm[q->access];
}

/* A zero-length read is content with either right: "Zero Length Read". */
static bool zero_length(const struct vtd_unit *vtd, const struct iom_request *q)
{
	return !q->bytes && q->at != IOM_AT_TRANSLATION_REQUEST && wanted(vtd, q) == PT_R &&
	       vtd->cap & VTD_CAP_ZLR;
}

static bool translate(const struct iom_query *query, const struct vtd_context *c,
                      struct iom_grant *grant, struct iom_fault *fault)
{
	const struct vtd_unit *vtd = vtd_of(query->unit);
	const struct iom_request *q = query->request;
	bool ats = q->at == IOM_AT_TRANSLATION_REQUEST;
	bool writes = ats ? !no_write(vtd, q) : wanted(vtd, q) & PT_W;
	bool any = ats ? writes : zero_length(vtd, q);
	unsigned perm = any ? 0 : wanted(vtd, q);
	struct vtd_mapping m;

	/* The first stage's dirty flag waits until the second one has let the request through. */
	if (!vtd_through_stages(query, c, perm, any, writes && c->kind != VTD_KIND_NESTED, &m,
	                        fault))
		return false;
	if (writes && m.clean && m.perm & PT_W &&
	    !vtd_through_stages(query, c, perm | PT_W, any, true, &m, fault))
		return false;
	grant->spa = m.address;
	grant->range_lg2 = m.size_lg2;
	/* No write while the page is not marked dirty. */
	grant->perm = m.clean ? m.perm & PT_R : m.perm;
	grant->memory_type = m.snooped ? IOM_MEMORY_SNOOPED : IOM_MEMORY_DEFAULT;
	grant->keep = m.keep;
	grant->entry[0] = m.entry[0];
	grant->entry[1] = m.entry[1];
	return true;
}

/* With DMA remapping on. */
static bool remap(const struct iom_query *query, bool *walked, struct iom_grant *grant,
                  struct iom_fault *fault)
{
	const struct vtd_unit *vtd = vtd_of(query->unit);
	uint64_t root = __atomic_load_n(&vtd->root, __ATOMIC_ACQUIRE);
	const struct iom_request *q = query->request;
	const struct vtd_context *c;
	struct vtd_context room;

	c = vtd_locate(query, root, false, &room, fault);
	if (!c) {
		fault->hole_lg2 = 64;
		return false;
	}
	if (q->at == IOM_AT_TRANSLATED)
		return pass(query, c, grant, fault);
	/* Devices send interrupts as they are. */
	if (!(q->flags & IOM_REQ_PASID) && vtd_in_interrupt_range(q->iova)) {
		grant->perm = IOM_PERM_WRITE;
		grant->ats = IOM_ATS_UNTRANSLATED;
		return true;
	}
	if (c->kind == VTD_KIND_PT)
		return pass(query, c, grant, fault);
	*walked = true;
	return translate(query, c, grant, fault);
}

bool vtd_resolve(const struct iom_query *query, struct iom_grant *grant, struct iom_fault *fault)
{
	const struct vtd_unit *vtd = vtd_of(query->unit);
	const struct iom_request *q = query->request;
	uint32_t on = __atomic_load_n(&vtd->on, __ATOMIC_SEQ_CST);
	bool walked = false;

	if (q->at == IOM_AT_UNTRANSLATED && !(q->flags & IOM_REQ_PASID) &&
	    vtd_in_interrupt_range(q->iova))
		return vtd_interrupt_resolve(query, grant, fault);
	if (on & VTD_ON_DMA) {
		if (!remap(query, &walked, grant, fault))
			return false;
	} else {
		if (q->at != IOM_AT_UNTRANSLATED)
			return refuse(fault, 0, 64);
		unchanged(q, 63, grant);
	}
	keep_interrupts_out(q, grant);
	if (q->at == IOM_AT_TRANSLATION_REQUEST) {
		answer(query, grant);
		return true;
	}
	if (!keep_protected_out(vtd, walked, grant))
		return refuse(fault, 0, PAGE_LG2);
	grant->keep = grant->keep && query->unit->contexts.enabled;
	return true;
}

/* ---- For a backend ----------------------------------------------------------------------------- */

static void tell_stages(const struct vtd_context *c, struct iom_context_info *info)
{
	info->stage1.tag = c->pasid;
	info->stage2.tag = c->did;
	if (c->kind == VTD_KIND_FS || c->kind == VTD_KIND_NESTED) {
		info->stage1.root = c->fspt;
		info->stage1.format =
			c->flags & VTD_CONTEXT_FS5 ? IOM_FORMAT_X86_5LEVEL : IOM_FORMAT_X86_4LEVEL;
	}
	if (c->kind == VTD_KIND_SS || c->kind == VTD_KIND_NESTED) {
		info->stage2.root = c->sspt;
		info->stage2.format = IOM_FORMAT_VTD_3LEVEL + (c->aw - VTD_AW_39);
	}
}

void vtd_inform(const struct iom_query *query, struct iom_context_info *info)
{
	const struct vtd_unit *vtd = vtd_of(query->unit);
	struct iom_fault fault = { 0 };
	const struct vtd_context *c;
	struct vtd_context room;

	info->kind = IOM_CONTEXT_TRANSLATED;
	if (!vtd_is_on(vtd, VTD_ON_DMA))
		return;
	c = vtd_locate(query, __atomic_load_n(&vtd->root, __ATOMIC_ACQUIRE), false, &room, &fault);
	if (c)
		tell_stages(c, info);
	else
		info->kind = IOM_CONTEXT_BLOCKED;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* From a request to a grant ("Process to translate an IOVA"): the steps in the manual's order. */
#include "model/riscv/riscv.h"

#include "pt/fmt/riscv.h"

/* A stage that is Bare grants this much at a time. */
#define BARE_LG2 30

struct walk {
	const struct iom_query *query;
	struct rv_unit *rv;
	const struct rv_context *context;
	struct iom_fault *fault;
};

/* A stage's answer, and the cache entry that it rests on. */
struct answer {
	struct pt_result page;
	struct iom_ref entry;
	bool keep; /* the entry is there, or there is nothing that could change */
};

static const struct answer bare = {
	.page = { .size_lg2 = BARE_LG2, .perm = PT_ALL, .flags = PT_ACCESSED | PT_DIRTY },
	.keep = true,
};

static int load_entry(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw)
{
	struct walk *w = ctx;

	(void)size_lg2;
	return rv_load(w->rv, spa, 1, big_endian, raw);
}

static bool load_output(void *ctx, uint64_t gpa, uint64_t *spa)
{
	struct walk *w = ctx;

	return rv_implicit(w->query, w->context, gpa, spa, w->fault);
}

static const struct pt_source direct = { .load = load_entry };
static const struct pt_source nested = { .output = load_output, .load = load_entry };

/* Looks into the cache.  What is there but does not grant the access is walked again. */
static bool cached(const struct walk *w, struct iom_space_ref space, uint64_t input,
                   const struct pt_want *want, struct answer *out)
{
	struct pt_entry leaf;

	if (!iom_cache_find(&w->query->unit->cache, space, input, &out->page, &out->entry))
		return false;
	leaf = (struct pt_entry){ .perm = out->page.perm, .flags = out->page.flags };
	out->keep = true;
	return !pt_rv_refuse(&leaf, want);
}

static void keep(const struct walk *w, struct iom_space_ref space, uint64_t input,
                 struct answer *out)
{
	out->keep = iom_cache_keep(w->query->unit, space, input, &out->page,
	                           w->query->invalidations, &out->entry);
}

static bool refused(const struct walk *w, enum iom_where where, enum pt_why why)
{
	w->fault->where = (uint8_t)where;
	w->fault->why = (uint8_t)why;
	return false;
}

/* How far around the input the tables refuse alike. */
static uint8_t hole_lg2(const struct pt_root *root, const struct pt_result *found, enum pt_why why)
{
	if (why == PT_WHY_INPUT)
		return root->sign_extended ? root->input_bits - 1 : root->input_bits;
	return why == PT_WHY_EMPTY ? (uint8_t)pt_shift(&pt_rv64, root, found->level) : 0;
}

static struct pt_root root_of(const struct walk *w, uint64_t atp, bool stage2)
{
	struct pt_root root =
		pt_rv64_root(IOM_GET(RV_FSC_PPN, atp), (unsigned)IOM_GET(RV_FSC_MODE, atp), stage2);

	root.big_endian = stage2 ? rv_big_endian(w->rv) : w->context->dc.tc & RV_TC_SBE;
	root.features = w->rv->cap & RV_CAP_SVPBMT ? PT_RV_SVPBMT : 0;
	return root;
}

static bool stage2(struct walk *w, uint64_t gpa, unsigned perm, bool implicit, struct answer *out)
{
	const struct pt_want want = { .perm = (uint8_t)perm, .user = true };
	struct iom_space_ref space = w->context->stage2;
	struct pt_root root;
	enum pt_why why;

	if (!space.index) {
		*out = bare;
		out->page.address = gpa;
		return true;
	}
	if (cached(w, space, gpa, &want, out))
		return true;
	root = root_of(w, w->context->dc.iohgatp, true);
	why = pt_walk(&pt_rv64, &direct, &root, gpa, &want, w, &out->page);
	if (why) {
		w->fault->gpa = gpa;
		w->fault->implicit = implicit;
		w->fault->hole_lg2 = implicit ? 0 : hole_lg2(&root, &out->page, why);
		return refused(w, IOM_WHERE_STAGE2, why);
	}
	keep(w, space, gpa, out);
	return true;
}

bool rv_implicit(const struct iom_query *query, const struct rv_context *context, uint64_t gpa,
                 uint64_t *spa, struct iom_fault *fault)
{
	struct walk w = { query, rv_of(query->unit), context, fault };
	struct answer answer;

	if (!stage2(&w, gpa, PT_R, true, &answer))
		return false;
	*spa = answer.page.address;
	return true;
}

static bool stage1(struct walk *w, uint64_t iova, const struct pt_want *want, struct answer *out)
{
	struct iom_space_ref space = w->context->stage1;
	struct pt_root root;
	enum pt_why why;

	if (!space.index) {
		*out = bare;
		out->page.address = iova;
		return true;
	}
	if (cached(w, space, iova, want, out))
		return true;
	root = root_of(w, w->context->iosatp, false);
	if (w->context->stage2.index)
		why = pt_walk(&pt_rv64, &nested, &root, iova, want, w, &out->page);
	else
		why = pt_walk(&pt_rv64, &direct, &root, iova, want, w, &out->page);
	if (why == PT_WHY_NESTED)
		return false;
	if (why) {
		w->fault->hole_lg2 = hole_lg2(&root, &out->page, why);
		return refused(w, IOM_WHERE_STAGE1, why);
	}
	keep(w, space, iova, out);
	return true;
}

/* A device's message to an interrupt file of its guest; nobody executes there. */
static bool msi(struct walk *w, uint64_t gpa, unsigned perm, struct answer *out)
{
	const struct pt_want want = { .perm = (uint8_t)perm, .user = true };
	struct iom_space_ref space = w->context->msi;
	enum pt_why why;

	if (cached(w, space, gpa, &want, out))
		return true;
	why = rv_msi_walk(w->rv, &w->context->dc, gpa, &out->page);
	if (!why && perm & PT_X)
		why = PT_WHY_PERMISSION;
	if (why)
		return refused(w, IOM_WHERE_MSI, why);
	keep(w, space, gpa, out);
	return true;
}

/* What a page grants: no write while it is not marked dirty. */
static unsigned granted(const struct pt_result *page)
{
	return page->perm & (page->flags & PT_DIRTY ? PT_R | PT_W | PT_X : PT_R | PT_X);
}

static uint8_t perm_of_access(unsigned access)
{
	return access == IOM_READ ? PT_R : access == IOM_WRITE ? PT_W : PT_X;
}

/* Steps 13 to 16. */
static bool through_stages(struct walk *w, const struct pt_want *want, struct iom_grant *grant)
{
	const struct rv_dc *dc = &w->context->dc;
	struct answer one, two;
	unsigned lg2, perm;
	uint64_t gpa;

	if (!stage1(w, w->query->request->iova, want, &one))
		return false;
	gpa = one.page.address;
	perm = granted(&one.page);
	/* Supervisors never execute user pages. */
	if (!want->user && w->context->stage1.index && one.page.perm & PT_USER)
		perm &= ~PT_X;

	if (rv_msi_match(dc, gpa) ? !msi(w, gpa, want->perm, &two)
	                          : !stage2(w, gpa, want->perm, false, &two)) {
		/* What stage 2 says of the GPA holds no further than stage 1 goes straight. */
		if (w->fault->hole_lg2 > one.page.size_lg2)
			w->fault->hole_lg2 = one.page.size_lg2;
		return false;
	}
	lg2 = one.page.size_lg2 < two.page.size_lg2 ? one.page.size_lg2 : two.page.size_lg2;
	*grant = (struct iom_grant){
		.spa = two.page.address,
		.range_lg2 = (uint8_t)rv_msi_free_lg2(dc, gpa, lg2),
		.perm = (uint8_t)(perm & granted(&two.page)),
		.memory_type = one.page.memory_type ? one.page.memory_type : two.page.memory_type,
		.keep = one.keep && two.keep,
		.entry = { one.entry, two.entry },
	};
	return true;
}

bool rv_resolve(const struct iom_query *query, struct iom_grant *grant, struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	struct rv_unit *rv = rv_of(query->unit);
	unsigned mode = rv_ddtp_mode(rv);
	struct rv_context context;
	struct walk w = { query, rv, &context, fault };
	struct pt_want want;

	if (mode == RV_DDTP_OFF)
		return refused(&w, IOM_WHERE_UNIT, PT_OK);
	if (mode == RV_DDTP_BARE) {
		if (q->at != IOM_AT_UNTRANSLATED)
			return refused(&w, IOM_WHERE_TYPE, PT_OK);
		*grant = (struct iom_grant){
			.spa = q->iova, .range_lg2 = 64, .perm = PT_R | PT_W | PT_X, .keep = true
		};
	} else {
		if (!rv_locate(query, &context, fault))
			return false;
		want = (struct pt_want){
			.perm = perm_of_access(rv_access(q)),
			.user = !(q->flags & IOM_REQ_PASID && q->flags & IOM_REQ_PRIVILEGED),
			.user_pages = context.ta & RV_PC_TA_SUM,
		};
		if (!through_stages(&w, &want, grant))
			return false;
	}
	grant->keep = grant->keep && query->unit->contexts.enabled;
	return true;
}

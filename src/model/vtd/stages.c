/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The stages of a context: walks, and their cache. */
#include "model/vtd/vtd.h"

#include "model/cache_find.h"
#include "pt/fmt/vtd_ss.h"
#include "pt/fmt/x86_64.h"

#define TABLE_BYTES 4096u

struct walk {
	const struct iom_query *query;
	const struct iom_view *view; /* see view_of */
	struct vtd_unit *vtd;
	const struct vtd_context *context;
	struct iom_fault *fault;
	uint8_t perm;     /* PT_R, PT_W: what the request needs                                 */
	uint8_t page_lg2; /* of the first stage's page; 0: an entry is looked for, not a page   */
	bool any;         /* of the second stage: one right is enough                           */
	bool user;        /* without supervisor privilege                                       */
	bool dirty;       /* D of pages that may be written is set, too                          */
	bool pretends;    /* a probe has gone on as if it had set a flag: nothing is to be kept */
	bool unreadable;  /* memory refused an entry, and not a change of one                   */
	bool root_table;  /* the entry of the first stage that is looked for is in its root table */
};

/* A stage's answer, and the cache entry that it rests on. */
struct answer {
	struct pt_result page;
	struct iom_ref entry;
	bool keep; /* the entry is there, or there is nothing that could change */
};

/* ---- Loads and stores ---------------------------------------------------------------------- */

/* What walks may load from without a word: nothing while somebody watches. */
static const struct iom_view *view_of(const struct iom_query *query)
{
	static const struct iom_view nothing;

	return query->watchers ? &nothing : query->view;
}

static __attribute__((noinline)) int load_out_of_view(struct walk *w, unsigned of, uint64_t spa,
                                                      uint64_t *raw)
{
	int bus = IOM_EFAULT;

	*raw = 0;
	if (spa <= w->vtd->unit.spa_last) {
		bus = iom_memory_ld64(w->vtd->unit.memory, w->query->view, spa, false, raw);
		if (w->query->watchers)
			vtd_loaded(w->query, of, spa, raw, 1, bus);
	}
	w->unreadable = bus != IOM_OK;
	return bus;
}

PT_INLINE int load_entry(struct walk *w, unsigned of, uint64_t spa, uint64_t *raw)
{
	uint64_t word;
	int bus;

	if (!IOM_BIG_ENDIAN && iom_view_ld64(w->view, spa, raw))
		return IOM_OK;
	bus = load_out_of_view(w, of, spa, &word);
	*raw = word;
	return bus;
}

static int swap_entry(struct walk *w, unsigned of, uint64_t spa, uint64_t *raw, uint64_t now)
{
	struct iom_unit *unit = &w->vtd->unit;
	uint64_t was = *raw;
	int bus;

	if (spa > unit->spa_last)
		return IOM_EFAULT;
	if (w->query->request->flags & IOM_REQ_PROBE) {
		w->pretends = true;
		return IOM_OK;
	}
	bus = iom_memory_cas(unit->memory, spa, 8, raw, now);
	if (w->query->watchers)
		vtd_swapped(w->query, of, spa, *raw, now, *raw != was, bus);
	if (!bus && *raw == was)
		iom_unit_stored(unit, spa, 8);
	return bus;
}

PT_INLINE int load_first(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw)
{
	(void)size_lg2;
	(void)big_endian;
	return load_entry(ctx, IOM_OF_STAGE1, spa, raw);
}

PT_INLINE int load_second(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian,
                          uint64_t *raw)
{
	(void)size_lg2;
	(void)big_endian;
	return load_entry(ctx, IOM_OF_STAGE2, spa, raw);
}

static int swap_first(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw,
                      uint64_t now)
{
	(void)size_lg2;
	(void)big_endian;
	return swap_entry(ctx, IOM_OF_STAGE1, spa, raw, now);
}

static int swap_second(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw,
                       uint64_t now)
{
	(void)size_lg2;
	(void)big_endian;
	return swap_entry(ctx, IOM_OF_STAGE2, spa, raw, now);
}

/*
 * No request gets into the interrupt address range by tables; entries may be there.  A translation
 * request's whole answer counts, of others the address alone.
 */
PT_INLINE bool denies(void *ctx, uint64_t address, unsigned size_lg2)
{
	const struct walk *w = ctx;
	unsigned lg2 = VTD_INTERRUPT_RANGE_LG2;

	if (w->query->request->at == IOM_AT_TRANSLATION_REQUEST) {
		if (size_lg2 > w->page_lg2)
			size_lg2 = w->page_lg2;
		lg2 = size_lg2 > lg2 ? size_lg2 : lg2;
	}
	return w->page_lg2 && !((address ^ VTD_INTERRUPT_RANGE) >> lg2);
}

/* ---- What a walk sets and asks ------------------------------------------------------------- */

/* Flags that a walk may set: only where tables are snooped. */
static uint8_t marks(const struct walk *w, bool dirty)
{
	if (!(w->context->flags & VTD_CONTEXT_PWSNP))
		return 0;
	return dirty ? PT_ACCESSED | PT_DIRTY : PT_ACCESSED;
}

PT_INLINE void want_first(const struct walk *w, struct pt_want *want)
{
	*want = (struct pt_want){
		.perm = w->perm, .user = w->user, .marks = marks(w, w->dirty), .early = w->dirty
	};
	if (w->context->flags & VTD_CONTEXT_WPE)
		want->rules |= PT_X86_WPE;
	if (want->marks && !w->dirty)
		want->rules |= PT_X86_UNDIRTY;
}

/* `dirty`: D is to be set, or at least to be there. */
PT_INLINE void want_second(const struct walk *w, unsigned perm, bool any, bool dirty,
                           struct pt_want *want)
{
	*want = (struct pt_want){ .perm = (uint8_t)perm,
		                  .rules = any ? PT_VTD_ANY : 0,
		                  .early = dirty };
	if (w->context->flags & VTD_CONTEXT_SSADE)
		want->marks = marks(w, dirty);
	if (!dirty)
		want->rules |= PT_VTD_UNDIRTY;
}

/* ---- The cache ------------------------------------------------------------------------------- */

typedef unsigned refuse_function(const struct pt_entry *leaf, const struct pt_want *want);

/* Looks into the cache.  What is there but does not grant the access is walked again. */
PT_INLINE bool cached(struct walk *w, refuse_function *refuse, struct iom_space_ref space,
                      uint64_t input, const struct pt_want *want, struct answer *out)
{
	struct pt_entry leaf;

	if (!iom_cache_find(&w->query->unit->cache, space, input, &out->page, &out->entry))
		return false;
	leaf = (struct pt_entry){ .perm = out->page.perm, .flags = out->page.flags };
	out->keep = true;
	return !refuse(&leaf, want) && !denies(w, out->page.address, out->page.size_lg2);
}

static void keep(const struct walk *w, struct iom_space_ref space, uint64_t input,
                 struct answer *out)
{
	out->keep = !w->pretends && iom_cache_keep(w->query->unit, space, input, &out->page,
	                                           w->query->invalidations, &out->entry);
}

static bool refused(struct walk *w, enum vtd_stage stage, enum pt_why why,
                    const struct pt_want *want, const struct pt_result *found, unsigned levels)
{
	const struct vtd_refusal refusal = {
		.want = want,
		.why = why,
		.perm = found->perm,
		.unreadable = w->unreadable,
		/* Of a walk that did not begin, nothing was found. */
		.first = why != PT_WHY_INPUT && found->level + 1u == levels,
	};

	/* What a large page has in common with the range is no more than that. */
	if (why == PT_WHY_TARGET)
		w->fault->hole_lg2 = 12;
	return vtd_refused(w->fault, vtd_stage_fault(stage, &refusal));
}

/* ---- The second stage -------------------------------------------------------------------------- */

static const struct pt_source direct_second = { .load = load_second,
	                                        .swap = swap_second,
	                                        .denies = denies };

PT_INLINE struct pt_root second_root(const struct walk *w)
{
	const struct vtd_unit *vtd = w->vtd;
	const struct vtd_context *c = w->context;
	unsigned features = (vtd->cap & VTD_CAP_SSLPS_2M ? PT_VTD_2MP : 0) |
	                    (vtd->cap & VTD_CAP_SSLPS_1G ? PT_VTD_1GP : 0) |
	                    (vtd->ecap & VTD_ECAP_SC ? PT_VTD_SC : 0) |
	                    (c->flags & VTD_CONTEXT_SSADE ? PT_VTD_SSADE : 0) |
	                    (c->root & VTD_RTADDR_SSIRWE ? PT_VTD_SSIRWE : 0);

	return pt_vtd_ss_root(c->sspt, c->aw + 2u, vtd_second_stage_bits(vtd, c->aw),
	                      vtd->config.address_bits, features);
}

static __attribute__((noinline)) bool second_stage(struct walk *w, enum vtd_stage stage,
                                                   uint64_t gpa, const struct pt_want *want,
                                                   struct answer *out)
{
	struct iom_space_ref space = w->context->stage2;
	struct pt_root root;
	enum pt_why why;

	if (cached(w, pt_vtd_ss_refuse, space, gpa, want, out))
		return true;
	out->page.perm = 0; /* of walks that reach no page */
	root = second_root(w);
	why = pt_walk(&pt_vtd_ss, &direct_second, &root, gpa, want, w, &out->page);
	if (why) {
		w->fault->hole_lg2 = pt_hole_lg2(&pt_vtd_ss, &root, &out->page, why, false, gpa);
		return refused(w, stage, why, want, &out->page, root.levels);
	}
	keep(w, space, gpa, out);
	return true;
}

/*
 * From an entry of the first stage to the memory that holds it.  Where flags are kept, reading it asks for
 * both rights; D of its page is set only with an entry.
 */
PT_INLINE bool entry_output(void *ctx, uint64_t entry, bool write, uint64_t *spa)
{
	struct walk *w = ctx;
	bool both = write || w->context->flags & VTD_CONTEXT_SSADE;
	struct answer answer;
	struct pt_want want;

	want_second(w, both ? PT_R | PT_W : PT_R, false, write, &want);
	w->root_table = entry - w->context->fspt < TABLE_BYTES;
	if (!second_stage(w, w->root_table ? VTD_STAGE_ROOT_TABLE : VTD_STAGE_TABLE, entry, &want,
	                  &answer))
		return false;
	*spa = answer.page.address;
	return true;
}

/* ---- The first stage ---------------------------------------------------------------------------- */

static const struct pt_source direct_first = { .load = load_first,
	                                       .swap = swap_first,
	                                       .denies = denies };
static const struct pt_source nested_first = { .output = entry_output,
	                                       .load = load_first,
	                                       .swap = swap_first };

PT_INLINE struct pt_root first_root(const struct walk *w, bool nested)
{
	const struct vtd_unit *vtd = w->vtd;
	const struct vtd_context *c = w->context;
	unsigned features = PT_X86_XD_IGNORED | (vtd->cap & VTD_CAP_FS1GP ? PT_X86_1GP : 0) |
	                    (c->flags & VTD_CONTEXT_EAFE ? PT_X86_EAFE : 0) |
	                    (nested ? PT_X86_GUEST : 0);

	return pt_x86_64_root(c->fspt, c->flags & VTD_CONTEXT_FS5 ? 5 : 4,
	                      nested ? vtd_second_stage_bits(vtd, c->aw) : vtd->config.address_bits,
	                      features);
}

static bool first_stage(struct walk *w, bool nested, uint64_t iova, struct answer *out)
{
	struct iom_space_ref space = w->context->stage1;
	struct pt_want want;
	struct pt_root root;
	enum pt_why why;

	want_first(w, &want);
	if (cached(w, pt_x86_64_refuse, space, iova, &want, out))
		return true;
	out->page.perm = 0;
	root = first_root(w, nested);
	why = nested ? pt_walk(&pt_x86_64, &nested_first, &root, iova, &want, w, &out->page)
	             : pt_walk(&pt_x86_64, &direct_first, &root, iova, &want, w, &out->page);
	if (why) {
		w->fault->hole_lg2 = pt_hole_lg2(&pt_x86_64, &root, &out->page, why, false, iova);
		return why != PT_WHY_NESTED &&
		       refused(w, VTD_STAGE_FIRST, why, &want, &out->page, root.levels);
	}
	keep(w, space, iova, out);
	return true;
}

/* ---- Both ------------------------------------------------------------------------------------------ */

/* What the first stage grants: who has supervisor privilege may write without WPE. */
static unsigned first_rights(const struct walk *w, const struct pt_result *page)
{
	unsigned perm = page->perm & (PT_R | PT_W);

	return !w->user && !(w->context->flags & VTD_CONTEXT_WPE) ? perm | PT_W : perm;
}

/* What a page is worth beside what was found before. */
PT_INLINE void add(struct vtd_mapping *m, const struct answer *answer, unsigned perm, unsigned n)
{
	if (m->size_lg2 > answer->page.size_lg2)
		m->size_lg2 = answer->page.size_lg2;
	m->address = answer->page.address;
	m->perm &= (uint8_t)perm;
	m->clean |= !(answer->page.flags & PT_DIRTY);
	m->keep &= answer->keep;
	m->entry[n] = answer->entry;
}

static bool through(struct walk *w, uint64_t iova, struct vtd_mapping *m)
{
	const struct vtd_context *c = w->context;
	enum vtd_stage stage = c->kind == VTD_KIND_NESTED      ? VTD_STAGE_NESTED
	                       : c->flags & VTD_CONTEXT_LEGACY ? VTD_STAGE_LEGACY
	                                                       : VTD_STAGE_SECOND;
	struct answer answer;
	struct pt_want want;

	*m = (struct vtd_mapping){
		.address = iova,
		.size_lg2 = 63,
		.perm = PT_R | PT_W,
		.keep = true,
		.snooped = c->flags & VTD_CONTEXT_PGSNP,
	};
	if (c->kind != VTD_KIND_SS) {
		w->page_lg2 = c->kind == VTD_KIND_FS ? m->size_lg2 : 0;
		if (!first_stage(w, c->kind == VTD_KIND_NESTED, iova, &answer))
			return false;
		add(m, &answer, first_rights(w, &answer.page), 0);
		if (c->kind == VTD_KIND_FS)
			return true;
	}
	w->page_lg2 = m->size_lg2;
	/* What an answer cannot grant after the first stage does not count in the second. */
	if (w->query->request->at == IOM_AT_TRANSLATION_REQUEST && !(m->perm & PT_W)) {
		w->perm = PT_R;
		w->any = false;
	}
	/* Where a flag may not be set, a page that would need it refuses at once. */
	want_second(w, w->perm, w->any, w->dirty || !(c->flags & VTD_CONTEXT_PWSNP), &want);
	if (!second_stage(w, stage, m->address, &want, &answer)) {
		/* What it says of the GPA holds no further than the first goes straight. */
		if (w->fault->hole_lg2 > m->size_lg2)
			w->fault->hole_lg2 = m->size_lg2;
		return false;
	}
	add(m, &answer, answer.page.perm, 1);
	m->snooped |= (answer.page.memory_type & PT_VTD_SNP) != 0;
	return true;
}

bool vtd_through_stages(const struct iom_query *query, const struct vtd_context *context,
                        unsigned perm, bool any, bool dirty, struct vtd_mapping *mapping,
                        struct iom_fault *fault)
{
	struct walk w = {
		.query = query,
		.view = view_of(query),
		.vtd = vtd_of(query->unit),
		.context = context,
		.fault = fault,
		.perm = (uint8_t)perm,
		.any = any,
		.dirty = dirty,
		.user = !vtd_privileged(context, query->request),
	};

	return through(&w, query->request->iova, mapping);
}

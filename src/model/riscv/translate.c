/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* From a request to a grant ("Process to translate an IOVA"): the steps in the manual's order. */
#include "model/riscv/riscv.h"

#include "base/endian.h"
#include "model/cache_find.h"
#include "pt/fmt/riscv.h"

/* "tc.SXL": RV32 software knows guest-physical addresses of 34 bits, however wide the stage is. */
#define SXL_GPA_BITS 34

/* A stage that is Bare grants this much at a time. */
#define BARE_LG2 30

struct walk {
	const struct iom_query *query;
	const struct iom_view *view; /* see view_of */
	struct rv_unit *rv;
	const struct rv_context *context;
	struct iom_fault *fault;
	uint8_t rules; /* of the request's own accesses: PT_RV_WRITES if it asks for leave to write */
	struct rv_notice notice; /* .wanted: the page is an MRIF */
	bool pretends; /* a probe has gone on as if it had set A or D: nothing is to be kept */
	bool missed;   /* the request's miss of the cache has been counted                   */

	/* Of the context, for both stages and for each of their tables: see prepare. */
	uint32_t features;
	struct pt_want table; /* what reading an entry of the first stage asks of the second */
};

/* What walks may load from without a word: nothing while somebody watches. */
static const struct iom_view *view_of(const struct iom_query *query)
{
	static const struct iom_view nothing;

	return query->watchers ? &nothing : query->view;
}

/* A stage's answer, and the cache entry that it rests on. */
struct answer {
	struct pt_result page;
	struct iom_ref entry;
	bool keep; /* the entry is there, or there is nothing that could change */
};

/* From an entry to what a little-endian load of its bytes gives, and back. */
static uint64_t little(uint64_t raw, unsigned size_lg2, bool big_endian)
{
	if (!big_endian)
		return raw;
	return size_lg2 == 3 ? iom_swap64(raw) : iom_swap32((uint32_t)raw);
}

static __attribute__((noinline)) int load_out_of_view(struct walk *w, unsigned of, uint64_t spa,
                                                      unsigned size_lg2, bool big_endian,
                                                      uint64_t *raw)
{
	uint32_t word = 0;
	int bus;

	*raw = 0;
	if (rv_beyond_pas(w->rv, spa))
		return IOM_EFAULT;
	if (size_lg2 == 3) {
		bus = iom_memory_ld64(w->rv->unit.memory, w->query->view, spa, big_endian, raw);
	} else {
		bus = iom_memory_ld32(w->rv->unit.memory, spa, big_endian, &word);
		*raw = word;
	}
	if (w->query->watchers) {
		struct iom_own_access access = {
			.spa = spa, .bytes = 1u << size_lg2, .result = bus, .of = (uint8_t)of
		};
		uint8_t bytes[8];

		iom_st64(bytes, little(*raw, size_lg2, big_endian), false);
		access.data = bus ? NULL : bytes;
		rv_accessed(w->query, w->context, &access);
	}
	return bus;
}

/*
 * Inlined, as the walks themselves: the time of a miss is in here.  The other byte order goes round, so
 * that no load waits for a choice between the two.
 */
PT_INLINE int load_entry(struct walk *w, unsigned of, uint64_t spa, unsigned size_lg2,
                         bool big_endian, uint64_t *raw)
{
	uint64_t word;
	int bus;

	if (size_lg2 == 3 && big_endian == IOM_BIG_ENDIAN && iom_view_ld64(w->view, spa, raw))
		return IOM_OK;
	bus = load_out_of_view(w, of, spa, size_lg2, big_endian, &word);
	*raw = word;
	return bus;
}

static int swap_entry(struct walk *w, unsigned of, uint64_t spa, unsigned size_lg2, bool big_endian,
                      uint64_t *raw, uint64_t now)
{
	uint64_t was = little(*raw, size_lg2, big_endian), seen = was;
	uint64_t becomes = little(now, size_lg2, big_endian);
	struct iom_unit *unit = &w->rv->unit;
	unsigned bytes = 1u << size_lg2;
	int bus;

	if (rv_beyond_pas(w->rv, spa))
		return IOM_EFAULT;
	if (w->query->request->flags & IOM_REQ_PROBE) {
		w->pretends = true;
		return IOM_OK;
	}
	bus = iom_memory_cas(unit->memory, spa, bytes, &seen, becomes);
	if (w->query->watchers) {
		struct iom_own_access access = {
			.spa = spa, .bytes = bytes, .result = bus, .of = (uint8_t)of
		};
		uint8_t room[16];

		iom_own_swap(&access, seen, becomes, seen != was, room);
		rv_accessed(w->query, w->context, &access);
	}
	if (bus)
		return bus;
	if (seen == was)
		iom_unit_stored(unit, spa, bytes);
	*raw = little(seen, size_lg2, big_endian);
	return IOM_OK;
}

PT_INLINE int load_stage1(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian,
                          uint64_t *raw)
{
	return load_entry(ctx, IOM_OF_STAGE1, spa, size_lg2, big_endian, raw);
}

PT_INLINE int load_stage2(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian,
                          uint64_t *raw)
{
	return load_entry(ctx, IOM_OF_STAGE2, spa, size_lg2, big_endian, raw);
}

static int swap_stage1(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw,
                       uint64_t now)
{
	return swap_entry(ctx, IOM_OF_STAGE1, spa, size_lg2, big_endian, raw, now);
}

static int swap_stage2(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw,
                       uint64_t now)
{
	return swap_entry(ctx, IOM_OF_STAGE2, spa, size_lg2, big_endian, raw, now);
}

static const struct pt_source direct1 = { .load = load_stage1, .swap = swap_stage1 };
static const struct pt_source direct2 = { .load = load_stage2, .swap = swap_stage2 };

/* What a stage says that is Bare. */
PT_INLINE bool pass(const struct walk *w, uint64_t address, struct answer *out)
{
	out->page.address = address;
	out->page.size_lg2 = w->rv->config.flags & IOM_RISCV_BARE_4K ? 12 : BARE_LG2;
	out->page.perm = PT_ALL;
	out->page.flags = PT_ACCESSED | PT_DIRTY;
	out->page.memory_type = 0;
	out->entry = (struct iom_ref){ 0, 0 };
	out->keep = true;
	return true;
}

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

/* A request misses once, and only by lookups of its own, not by those for tables. */
static void missed(struct walk *w)
{
	if (w->query->watchers && !w->missed)
		rv_count(w->query, w->context, RV_EVENT_TLB_MISS);
	w->missed = true;
}

static void keep(const struct walk *w, struct iom_space_ref space, uint64_t input,
                 struct answer *out)
{
	out->keep = !w->pretends && iom_cache_keep(w->query->unit, space, input, &out->page,
	                                           w->query->invalidations, &out->entry);
}

static bool refused(const struct walk *w, enum iom_where where, enum pt_why why)
{
	w->fault->where = (uint8_t)where;
	w->fault->why = (uint8_t)why;
	return false;
}

static bool refused_all(const struct walk *w, enum iom_where where)
{
	w->fault->hole_lg2 = 64;
	return refused(w, where, PT_OK);
}

PT_INLINE enum pt_why walk_tables(const struct pt_format *fmt, const struct pt_source *source,
                                  const struct pt_root *root, uint64_t input,
                                  const struct pt_want *want, struct walk *w, struct pt_result *out)
{
	enum pt_why why = pt_walk(fmt, source, root, input, want, w, out);
	bool table;

	if (why) {
		/* Only entries that must be changed need a page that can be written. */
		table = why == PT_WHY_NESTED && !w->fault->implicit_write;
		w->fault->hole_lg2 = pt_hole_lg2(fmt, root, out, why, table, input);
	}
	return why;
}

/* Inlined, so that the root lives in registers: in memory, bytes would be stored and words loaded. */
PT_INLINE struct pt_root root64_of(const struct walk *w, uint64_t atp, bool stage2)
{
	struct pt_root root =
		pt_rv64_root(IOM_GET(RV_FSC_PPN, atp), (unsigned)IOM_GET(RV_FSC_MODE, atp), stage2);

	root.big_endian = stage2 ? w->context->fctl & RV_FCTL_BE : w->context->dc.tc & RV_TC_SBE;
	root.features = w->features;
	return root;
}

static struct pt_root root32_of(const struct walk *w, uint64_t atp, bool stage2)
{
	struct pt_root root = pt_rv32_root(IOM_GET(RV_FSC_PPN, atp), stage2);

	root.big_endian = stage2 ? w->context->fctl & RV_FCTL_BE : w->context->dc.tc & RV_TC_SBE;
	return root;
}

/* What the walk may set itself; a DC has these bits only with AMO_HWAD. */
static uint8_t marks(const struct walk *w, uint64_t enable)
{
	return w->context->dc.tc & enable ? PT_ACCESSED | PT_DIRTY : 0;
}

/* Field by field: put together elsewhere and copied, bytes are stored and words loaded. */
PT_INLINE void want_stage2(const struct walk *w, unsigned perm, bool implicit, struct pt_want *want)
{
	want->perm = (uint8_t)perm;
	want->user = true;
	want->user_pages = false;
	want->rules = implicit ? 0 : w->rules;
	want->marks = marks(w, RV_TC_GADE);
	/* Where hardware never writes to first-stage tables, none of them becomes dirty. */
	want->early = implicit ? w->rv->config.flags & IOM_RISCV_EAGER_DIRTY &&
	                                 w->context->dc.tc & RV_TC_SADE
	                       : w->rules & PT_RV_WRITES;
}

/* Once the context is there. */
static void prepare(struct walk *w)
{
	w->features = (w->rv->cap & RV_CAP_SVPBMT ? PT_RV_SVPBMT : 0) |
	              (w->rv->cap & RV_CAP_SVRSW60T59B ? PT_RV_SVRSW60T59B : 0);
	if (w->context->stage2.index)
		want_stage2(w, PT_R, true, &w->table);
}

/* Out of the way of the many that have tables for RV64. */
static __attribute__((noinline)) enum pt_why
walk32_stage2(struct walk *w, uint64_t gpa, const struct pt_want *want, struct pt_result *out)
{
	const struct pt_root root = root32_of(w, w->context->dc.iohgatp, true);

	return walk_tables(&pt_rv32, &direct2, &root, gpa, want, w, out);
}

static enum pt_why walk_stage2(struct walk *w, uint64_t gpa, const struct pt_want *want,
                               struct pt_result *out)
{
	struct pt_root root;

	if (w->context->fctl & RV_FCTL_GXL)
		return walk32_stage2(w, gpa, want, out);
	root = root64_of(w, w->context->dc.iohgatp, true);
	return walk_tables(&pt_rv64, &direct2, &root, gpa, want, w, out);
}

static bool too_wide(const struct walk *w, uint64_t gpa)
{
	return w->context->dc.tc & RV_TC_SXL && gpa >> SXL_GPA_BITS;
}

static __attribute__((noinline)) bool stage2_active(struct walk *w, uint64_t gpa,
                                                    const struct pt_want *want, bool implicit,
                                                    struct answer *out)
{
	struct iom_space_ref space = w->context->stage2;
	enum pt_why why;

	if (too_wide(w, gpa)) {
		w->fault->hole_lg2 = (uint8_t)iom_log2(gpa);
		why = PT_WHY_INPUT;
	} else {
		if (cached(w, space, gpa, want, out))
			return true;
		if (!implicit)
			missed(w);
		why = walk_stage2(w, gpa, want, &out->page);
	}
	if (why) {
		w->fault->gpa = gpa;
		w->fault->implicit = implicit;
		w->fault->implicit_write = implicit && want->perm & PT_W;
		return refused(w, IOM_WHERE_STAGE2, why);
	}
	keep(w, space, gpa, out);
	return true;
}

PT_INLINE bool stage2(struct walk *w, uint64_t gpa, unsigned perm, struct answer *out)
{
	struct pt_want want;

	if (!w->context->stage2.index)
		return pass(w, gpa, out);
	want_stage2(w, perm, false, &want);
	return stage2_active(w, gpa, &want, false, out);
}

PT_INLINE bool implicit_access(struct walk *w, uint64_t gpa, bool write, uint64_t *spa)
{
	struct answer answer;
	struct pt_want want;

	if (!w->context->stage2.index) {
		*spa = gpa;
		return true;
	}
	if (write)
		want_stage2(w, PT_R | PT_W, true, &want);
	if (!stage2_active(w, gpa, write ? &want : &w->table, true, &answer))
		return false;
	*spa = answer.page.address;
	return true;
}

bool rv_implicit_read(const struct iom_query *query, const struct rv_context *context, uint64_t gpa,
                      uint64_t *spa, struct iom_fault *fault)
{
	struct walk w = { .query = query,
		          .view = view_of(query),
		          .rv = rv_of(query->unit),
		          .context = context,
		          .fault = fault };

	prepare(&w);
	return implicit_access(&w, gpa, false, spa);
}

PT_INLINE bool load_output(void *ctx, uint64_t gpa, bool write, uint64_t *spa)
{
	return implicit_access(ctx, gpa, write, spa);
}

static const struct pt_source nested = { .output = load_output,
	                                 .load = load_stage1,
	                                 .swap = swap_stage1 };

static __attribute__((noinline)) enum pt_why
walk32_stage1(struct walk *w, uint64_t iova, const struct pt_want *want, struct pt_result *out)
{
	const struct pt_root root = root32_of(w, w->context->iosatp, false);

	if (w->context->stage2.index)
		return walk_tables(&pt_rv32, &nested, &root, iova, want, w, out);
	return walk_tables(&pt_rv32, &direct1, &root, iova, want, w, out);
}

static enum pt_why walk_stage1(struct walk *w, uint64_t iova, const struct pt_want *want,
                               struct pt_result *out)
{
	struct pt_root root;

	if (w->context->dc.tc & RV_TC_SXL)
		return walk32_stage1(w, iova, want, out);
	root = root64_of(w, w->context->iosatp, false);
	if (w->context->stage2.index)
		return walk_tables(&pt_rv64, &nested, &root, iova, want, w, out);
	return walk_tables(&pt_rv64, &direct1, &root, iova, want, w, out);
}

static bool stage1(struct walk *w, uint64_t iova, const struct pt_want *want, struct answer *out)
{
	struct iom_space_ref space = w->context->stage1;
	enum pt_why why;

	if (!space.index)
		return pass(w, iova, out);
	if (cached(w, space, iova, want, out))
		return true;
	missed(w);
	why = walk_stage1(w, iova, want, &out->page);
	if (why == PT_WHY_NESTED)
		return false;
	if (why)
		return refused(w, IOM_WHERE_STAGE1, why);
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
	missed(w);
	why = rv_msi_walk(w->query, w->context, gpa, &out->page, &w->notice);
	if (!why && perm & PT_X)
		why = PT_WHY_PERMISSION;
	if (why) {
		w->fault->hole_lg2 = 12;
		return refused(w, IOM_WHERE_MSI, why);
	}
	/* Entries of the cache have no room for a notice: such pages are looked up each time. */
	out->keep = false;
	out->entry = (struct iom_ref){ 0, 0 };
	if (!w->notice.wanted)
		keep(w, space, gpa, out);
	return true;
}

/* What a page grants: no write while it is not marked dirty. */
static unsigned granted(const struct pt_result *page)
{
	return page->perm & (page->flags & PT_DIRTY ? PT_R | PT_W | PT_X : PT_R | PT_X);
}

/*
 * What the tables must grant.  A translation request takes what there is; what is translated already
 * is executed only where it can be read, too.
 */
static uint8_t wanted(const struct iom_request *q)
{
	static const uint8_t perm[] = {
		[IOM_READ] = PT_R,
		[IOM_WRITE] = PT_W,
		[IOM_EXECUTE] = PT_X,
	};
	unsigned access = rv_access(q);

	if (q->at == IOM_AT_TRANSLATION_REQUEST)
		return 0;
	if (q->at == IOM_AT_TRANSLATED && access == IOM_EXECUTE)
		return PT_R | PT_X;
	return perm[access];
}

/* Does a translation request ask for leave to write? */
static bool may_write(const struct iom_request *q)
{
	return q->at == IOM_AT_TRANSLATION_REQUEST && !(q->flags & IOM_REQ_NO_WRITE);
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
	/* Nobody writes to what the first stage keeps from writing. */
	if (!(perm & PT_W))
		w->rules = 0;

	if (rv_msi_match(dc, gpa) ? !msi(w, gpa, want->perm, &two)
	                          : !stage2(w, gpa, want->perm, &two)) {
		/*
		 * What stage 2 says of the GPA holds no further than stage 1 goes straight, and not for
		 * pages of the MSI table.
		 */
		if (w->context->stage1.index && w->fault->hole_lg2 > one.page.size_lg2)
			w->fault->hole_lg2 = one.page.size_lg2;
		w->fault->hole_lg2 = (uint8_t)rv_msi_free_lg2(dc, gpa, w->fault->hole_lg2);
		return false;
	}
	lg2 = one.page.size_lg2 < two.page.size_lg2 ? one.page.size_lg2 : two.page.size_lg2;
	grant->spa = two.page.address;
	grant->range_lg2 = (uint8_t)rv_msi_free_lg2(dc, gpa, lg2);
	grant->alike_lg2 = w->context->stage1.index || w->context->stage2.index ? 0 : 64;
	grant->perm = (uint8_t)(perm & granted(&two.page));
	grant->memory_type = one.page.memory_type ? one.page.memory_type : two.page.memory_type;
	grant->keep = one.keep && two.keep;
	grant->entry[0] = one.entry;
	grant->entry[1] = two.entry;
	if (w->notice.wanted)
		rv_mrif_grant(&w->notice, grant);
	if (w->query->request->at == IOM_AT_TRANSLATION_REQUEST)
		rv_ats_answer(w->query, w->context, &one.page, grant);
	return true;
}

/* The bus address is the physical one. */
static struct iom_grant unchanged(uint64_t iova)
{
	return (struct iom_grant){
		.spa = iova, .range_lg2 = 64, .perm = PT_R | PT_W | PT_X, .keep = true
	};
}

static __attribute__((noinline)) bool resolve(const struct iom_query *query,
                                              struct iom_grant *grant, struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	struct rv_unit *rv = rv_of(query->unit);
	uint64_t ddtp = rv_get(rv, RV_DDTP);
	unsigned mode = (unsigned)IOM_GET(RV_DDTP_MODE, ddtp);
	struct walk w = { .query = query,
		          .view = view_of(query),
		          .rv = rv,
		          .fault = fault,
		          .rules = may_write(q) ? PT_RV_WRITES : 0 };
	struct rv_context room;
	struct pt_want want;

	if (mode == RV_DDTP_OFF)
		return refused_all(&w, IOM_WHERE_UNIT);
	if (mode == RV_DDTP_BARE) {
		if (q->at != IOM_AT_UNTRANSLATED)
			return refused_all(&w, IOM_WHERE_TYPE);
		*grant = unchanged(q->iova);
		grant->keep = query->unit->contexts.enabled;
		rv_qos(rv, NULL, &grant->qos.rcid, &grant->qos.mcid);
		return true;
	}
	w.context = rv_locate(query, ddtp, &room, fault);
	if (!w.context) {
		fault->hole_lg2 = 64;
		return false;
	}
	if (q->at == IOM_AT_TRANSLATED && !(w.context->dc.tc & RV_TC_T2GPA)) {
		*grant = unchanged(q->iova);
	} else {
		prepare(&w);
		want = (struct pt_want){
			.perm = wanted(q),
			.user = !(q->flags & IOM_REQ_PASID && q->flags & IOM_REQ_PRIVILEGED),
			.user_pages = w.context->ta & RV_PC_TA_SUM && !rv_ats_executes(q),
			.marks = marks(&w, RV_TC_SADE),
			.rules = w.rules,
			.early = w.rules & PT_RV_WRITES,
		};
		if (!through_stages(&w, &want, grant))
			return false;
	}
	rv_qos(rv, w.context, &grant->qos.rcid, &grant->qos.mcid);
	grant->keep = grant->keep && query->unit->contexts.enabled;
	return true;
}

bool rv_resolve(const struct iom_query *query, struct iom_grant *grant, struct iom_fault *fault)
{
	static const uint8_t arrival[] = {
		[IOM_AT_UNTRANSLATED] = RV_EVENT_UNTRANSLATED,
		[IOM_AT_TRANSLATION_REQUEST] = RV_EVENT_ATS_REQUEST,
		[IOM_AT_TRANSLATED] = RV_EVENT_TRANSLATED,
	};
	bool ok;

	if (!(query->watchers & IOM_WATCH_COUNTERS))
		return resolve(query, grant, fault);
	rv_count(query, NULL, arrival[query->request->at]);
	ok = resolve(query, grant, fault);
	/* A counter that overflowed wants its interrupt sent. */
	iom_work(query->unit, 0);
	return ok;
}

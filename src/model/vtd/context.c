/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The context of a request, from the cache or from memory ("DMA Remapping", "Legacy Mode Address
 * Translation").
 */
#include "model/vtd/vtd.h"

#include <string.h>

bool vtd_aw_ok(const struct vtd_unit *vtd, unsigned aw)
{
	return aw >= VTD_AW_39 && aw <= VTD_AW_57 && IOM_GET(VTD_CAP_SAGAW, vtd->cap) >> aw & 1;
}

unsigned vtd_second_stage_bits(const struct vtd_unit *vtd, unsigned aw)
{
	unsigned mgaw = (unsigned)IOM_GET(VTD_CAP_MGAW, vtd->cap) + 1, agaw = 30 + 9 * aw;

	return mgaw < agaw ? mgaw : agaw;
}

/* ---- Spaces and the context cache ----------------------------------------------------------- */

#define CACHED_WORDS (sizeof(struct vtd_context) / 8)
#define DEVICE_WORDS (sizeof(struct vtd_device) / 8)
_Static_assert(sizeof(struct vtd_context) % 8 == 0 && CACHED_WORDS <= IOM_CONTEXT_WORDS, "a "
                                                                                         "context "
                                                                                         "fits its "
                                                                                         "place");

/* What SSIRWE and the translation table mode were when it was found is what they are still. */
static bool same_mode(uint64_t a, uint64_t b)
{
	return !((a ^ b) & (VTD_RTADDR_SSIRWE | VTD_RTADDR_TTM));
}

static void find_spaces(const struct iom_query *query, struct vtd_context *c)
{
	bool nested = c->kind == VTD_KIND_NESTED;
	uint32_t tag = (uint32_t)c->did + 1;
	/* How entries of the second stage are read. */
	uint64_t how = c->aw | (uint64_t)(c->flags & VTD_CONTEXT_SSADE) << 8 |
	               (c->root & VTD_RTADDR_SSIRWE) << 32;
	struct iom_space_key key;

	c->stage1 = c->stage2 = (struct iom_space_ref){ 0, 0 };
	if (c->kind == VTD_KIND_SS || nested) {
		bool alone = !nested && !(c->flags & VTD_CONTEXT_LEGACY);

		key = (struct iom_space_key){ { c->sspt, how },
			                      IOM_SPACE_STAGE2,
			                      { tag, alone ? c->pasid : VTD_NO_PASID } };
		c->stage2 = iom_space_get(query->unit, &key);
		iom_space_use(query, c->stage2);
	}
	if (c->kind == VTD_KIND_FS || nested) {
		key = (struct iom_space_key){ { c->fspt,
			                        c->flags & (VTD_CONTEXT_FS5 | VTD_CONTEXT_EAFE),
			                        nested ? c->sspt : 0, nested ? how : 0 },
			                      IOM_SPACE_STAGE1,
			                      { tag, c->pasid } };
		c->stage1 = iom_space_get(query->unit, &key);
		iom_space_use(query, c->stage1);
	}
}

static bool find_cached(const struct iom_query *query, uint64_t root, uint32_t which,
                        struct vtd_context *c)
{
	const struct iom_cache *cache = &query->unit->cache;

	if (!iom_context_find(query, which, c, CACHED_WORDS))
		return false;
	/* A space may have lost its place to another one. */
	if (!same_mode(c->root, root) || !iom_space_is(cache, c->stage1) ||
	    !iom_space_is(cache, c->stage2)) {
		iom_context_mistrust(query);
		return false;
	}
	iom_space_use(query, c->stage1);
	iom_space_use(query, c->stage2);
	return true;
}

static void keep_cached(const struct iom_query *query, uint32_t which, const void *what,
                        size_t bytes)
{
	uint64_t words[IOM_CONTEXT_WORDS] = { 0 };

	memcpy(words, what, bytes);
	iom_context_keep(query->unit, query->endpoint, which, words, query->invalidations);
}

/* With the port, or in the cache; then it is in *room. */
static const struct vtd_context *recall(const struct iom_query *query, uint64_t root,
                                        uint32_t which, struct vtd_context *room)
{
	const struct vtd_context *c = iom_context_recall(query, which);

	if (c && same_mode(c->root, root))
		return c;
	return find_cached(query, root, which, room) ? room : NULL;
}

/* ---- Legacy mode ----------------------------------------------------------------------------- */

/* "Translation Type" and what it needs. */
static bool tt_ok(const struct vtd_unit *vtd, unsigned tt)
{
	static const uint64_t needs[] = {
		[VTD_TT_ALL] = VTD_ECAP_DT,
		[VTD_TT_PASS_THROUGH] = VTD_ECAP_PT,
	};

	return tt == VTD_TT_UNTRANSLATED || (tt < IOM_COUNT(needs) && vtd_has(vtd, needs[tt]));
}

static bool find_legacy(const struct iom_query *query, uint64_t root, struct vtd_context *c,
                        struct iom_fault *fault)
{
	const struct vtd_unit *vtd = vtd_of(query->unit);
	uint64_t words[2], table = root & VTD_ADDRESS;
	uint32_t sid = query->requester;
	unsigned tt, aw;

	if (!vtd_entry_load(query, VTD_ENTRY_ROOT, table + UINT64_C(16) * (sid >> 8), words, fault))
		return false;
	table = words[0] & VTD_ADDRESS;
	if (!vtd_entry_load(query, VTD_ENTRY_CONTEXT, table + UINT64_C(16) * (sid & 0xff), words,
	                    fault))
		return false;
	tt = (unsigned)IOM_GET(VTD_CE_TT, words[0]);
	aw = (unsigned)IOM_GET(VTD_CE_1_AW, words[1]);
	if (tt != VTD_TT_PASS_THROUGH && words[0] & vtd_beyond_haw(vtd))
		return vtd_refused(fault, VTD_FR_CONTEXT_RSVD);
	if (!tt_ok(vtd, tt) || !vtd_aw_ok(vtd, aw))
		return vtd_refused(fault, VTD_FR_CONTEXT);

	*c = (struct vtd_context){
		.sspt = words[0] & VTD_CE_SSPTPTR,
		.root = root,
		.flags = VTD_CONTEXT_LEGACY | (fault->quiet ? VTD_CONTEXT_QUIET : 0) |
		         (tt == VTD_TT_ALL ? VTD_CONTEXT_ATS : 0),
		.did = (uint16_t)IOM_GET(VTD_CE_1_DID, words[1]),
		.kind = tt == VTD_TT_PASS_THROUGH ? VTD_KIND_PT : VTD_KIND_SS,
		.aw = (uint8_t)aw,
	};
	find_spaces(query, c);
	keep_cached(query, IOM_CONTEXT_NO_PASID, c, sizeof *c);
	return true;
}

static const struct vtd_context *locate_legacy(const struct iom_query *query, uint64_t root,
                                               bool page_request, struct vtd_context *room,
                                               struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	const struct vtd_context *c;

	if (page_request || q->flags & IOM_REQ_PASID) {
		vtd_refused(fault, page_request ? VTD_FR_TTM_PAGES : VTD_FR_TTM_PASID);
		return NULL;
	}
	c = recall(query, root, IOM_CONTEXT_NO_PASID, room);
	if (!c) {
		if (!find_legacy(query, root, room, fault))
			return NULL;
		c = room;
	}
	fault->quiet = c->flags & VTD_CONTEXT_QUIET;
	if (q->at != IOM_AT_UNTRANSLATED && !(c->flags & VTD_CONTEXT_ATS)) {
		vtd_refused(fault, VTD_FR_TT);
		return NULL;
	}
	return c;
}

/* ---- Scalable mode ---------------------------------------------------------------------------- */

static bool find_device(const struct iom_query *query, uint64_t root, struct vtd_device *device,
                        struct iom_fault *fault)
{
	if (iom_context_find(query, IOM_CONTEXT_DEVICE, device, DEVICE_WORDS) &&
	    same_mode(device->root, root)) {
		fault->quiet |= (device->word[0] & VTD_FPD) != 0;
		return true;
	}
	if (!vtd_device_load(query, root, device, fault))
		return false;
	keep_cached(query, IOM_CONTEXT_DEVICE, device, sizeof *device);
	return true;
}

static bool find_scalable(const struct iom_query *query, uint64_t root, bool page_request,
                          struct vtd_context *c, struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	struct vtd_device device;
	unsigned code;

	if (!find_device(query, root, &device, fault))
		return false;
	code = vtd_device_refuses(vtd_of(query->unit), &device, q, page_request);
	if (code)
		return vtd_refused(fault, code);
	vtd_device_take(&device, q, c);
	if (q->at == IOM_AT_TRANSLATED) {
		c->flags |= fault->quiet ? VTD_CONTEXT_QUIET : 0;
		return true;
	}
	if (!vtd_pasid_load(query, &device, c, fault))
		return false;
	c->flags |= fault->quiet ? VTD_CONTEXT_QUIET : 0;
	/* Nothing is looked up for it, and it was asked less than other requests are. */
	if (page_request)
		return true;
	find_spaces(query, c);
	keep_cached(query, q->flags & IOM_REQ_PASID ? q->pasid : IOM_CONTEXT_NO_PASID, c,
	            sizeof *c);
	return true;
}

bool vtd_privileged(const struct vtd_context *c, const struct iom_request *q)
{
	return q->flags & IOM_REQ_PASID ? q->flags & IOM_REQ_PRIVILEGED
	                                : c->flags & VTD_CONTEXT_PRIVILEGED;
}

/* What the PASID entry has against the request itself; ERE is of units that are no more. */
static unsigned pasid_refuses(const struct vtd_context *c, const struct iom_request *q)
{
	if (q->flags & IOM_REQ_PASID && q->access == IOM_EXECUTE)
		return VTD_FR_ERE;
	return vtd_privileged(c, q) && !(c->flags & VTD_CONTEXT_SRE) ? VTD_FR_SRE : 0;
}

static const struct vtd_context *locate_scalable(const struct iom_query *query, uint64_t root,
                                                 bool page_request, struct vtd_context *room,
                                                 struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	uint32_t which = q->flags & IOM_REQ_PASID ? q->pasid : IOM_CONTEXT_NO_PASID;
	const struct vtd_context *c = NULL;
	unsigned code;

	if (!page_request && q->flags & IOM_REQ_PASID && q->access == IOM_EXECUTE &&
	    vtd_major(vtd_of(query->unit)) >= 8) {
		vtd_refused(fault, VTD_FR_EXECUTE);
		return NULL;
	}
	/* What is translated already asks for no PASID entry, and page requests ask for more. */
	if (!page_request && q->at != IOM_AT_TRANSLATED)
		c = recall(query, root, which, room);
	/* The context entry alone refuses what it has no DTE for: FPD of later ones does not count. */
	if (!c || (q->at != IOM_AT_UNTRANSLATED && !(c->flags & VTD_CONTEXT_ATS))) {
		if (!find_scalable(query, root, page_request, room, fault))
			return NULL;
		c = room;
	}
	fault->quiet = c->flags & VTD_CONTEXT_QUIET;
	if (page_request || q->at == IOM_AT_TRANSLATED)
		return c;
	code = pasid_refuses(c, q);
	if (code) {
		vtd_refused(fault, code);
		return NULL;
	}
	return c;
}

/* ---- Any mode ---------------------------------------------------------------------------------- */

bool vtd_mode_ok(const struct vtd_unit *vtd, enum vtd_ttm mode)
{
	static const uint64_t needs[] = {
		[VTD_TTM_SCALABLE] = VTD_ECAP_SMTS,
		[VTD_TTM_ABORT] = VTD_ECAP_ADMS,
	};

	return mode == VTD_TTM_LEGACY || vtd_has(vtd, needs[mode]);
}

/* No unit knows such requests, and none records them. */
static bool unknown(const struct vtd_unit *vtd, const struct iom_request *q)
{
	if (q->at == IOM_AT_TRANSLATION_REQUEST)
		return q->access == IOM_WRITE || q->access == IOM_ATOMIC;
	return q->at == IOM_AT_TRANSLATED && q->flags & IOM_REQ_PASID &&
	       !vtd_has(vtd, VTD_ECAP_PTRS);
}

const struct vtd_context *vtd_locate(const struct iom_query *query, uint64_t root,
                                     bool page_request, struct vtd_context *room,
                                     struct iom_fault *fault)
{
	const struct vtd_unit *vtd = vtd_of(query->unit);
	enum vtd_ttm mode = vtd_ttm(root);
	/* "SSIRWE" is of scalable mode. */
	bool known =
		vtd_mode_ok(vtd, mode) && !(mode == VTD_TTM_LEGACY && root & VTD_RTADDR_SSIRWE);

	if (known && mode != VTD_TTM_ABORT && unknown(vtd, query->request)) {
		vtd_refused(fault, 0);
		return NULL;
	}
	if (known && mode == VTD_TTM_LEGACY)
		return locate_legacy(query, root, page_request, room, fault);
	if (known && mode == VTD_TTM_SCALABLE)
		return locate_scalable(query, root, page_request, room, fault);
	vtd_refused(fault, known ? VTD_FR_TTM_ABORT : VTD_FR_TTM);
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Root, context and PASID structures and what they make of a request ("DMA Remapping", "Legacy Mode
 * Address Translation", "Scalable Mode Address Translation").
 */
#include "model/vtd/vtd.h"

#include <string.h>

static bool has(const struct vtd_unit *vtd, uint64_t capability)
{
	return vtd->ecap & capability;
}

static uint64_t beyond_haw(const struct vtd_unit *vtd)
{
	return VTD_ADDRESS & ~iom_low(vtd->config.address_bits);
}

/* ---- Reserved bits ------------------------------------------------------------------------- */

/* Places in vtd_unit.reserved: an entry's words stand in a row. */
enum { ROOT = 0, CONTEXT = 2, DEVICE = 4, DIRECTORY = 8, PASID = 9 };
_Static_assert(PASID + VTD_PE_BYTES / 8 == VTD_RESERVED_WORDS, "each word has its place");

/* Reserved where the capability is absent; without one, always. */
static const struct {
	uint8_t place;
	uint64_t bits, capability;
} reserved[] = {
	{ ROOT, VTD_ROOT_RSVD, 0 },
	{ ROOT + 1, ~UINT64_C(0), 0 },
	{ CONTEXT, VTD_CE_RSVD, 0 },
	{ CONTEXT + 1, VTD_CE_1_RSVD, 0 },
	{ DEVICE, VTD_SCE_RSVD, 0 },
	{ DEVICE, VTD_SCE_DTE, VTD_ECAP_DT },
	{ DEVICE, VTD_SCE_PASIDE, VTD_ECAP_PASID },
	{ DEVICE, VTD_SCE_PRE, VTD_ECAP_PRS },
	{ DEVICE, VTD_SCE_HPTE, VTD_ECAP_HPTS },
	{ DEVICE, VTD_SCE_EPTR, VTD_ECAP_PTRS },
	{ DEVICE + 1, VTD_SCE_1_RSVD, 0 },
	{ DEVICE + 1, VTD_SCE_1_RID_PASID, VTD_ECAP_RPS },
	{ DEVICE + 1, VTD_SCE_1_RID_PRIV, VTD_ECAP_RPRIVS },
	{ DEVICE + 2, ~UINT64_C(0), 0 },
	{ DEVICE + 3, ~UINT64_C(0), 0 },
	{ DIRECTORY, VTD_PDE_RSVD, 0 },
	{ PASID, VTD_PE_RSVD, 0 },
	{ PASID, VTD_PE_AW | VTD_PE_SSADE | VTD_PE_SSPTPTR, VTD_ECAP_SSTS },
	{ PASID, VTD_PE_SSADE, VTD_ECAP_SSADS },
	{ PASID + 1, VTD_PE_1_RSVD | VTD_PE_1_PAT_RSVD, 0 },
	{ PASID + 1, VTD_PE_1_PWSNP, VTD_ECAP_SMPWCS },
	{ PASID + 1, VTD_PE_1_PGSNP, VTD_ECAP_SC },
	{ PASID + 1, VTD_PE_1_CD | VTD_PE_1_EMTE | VTD_PE_1_PAT, VTD_ECAP_MTS },
	{ PASID + 2, VTD_PE_2_RSVD, 0 },
	{ PASID + 2, VTD_PE_2_SRE, VTD_ECAP_SRS },
	{ PASID + 2, VTD_PE_2_FSPM | VTD_PE_2_WPE | VTD_PE_2_FSPTPTR, VTD_ECAP_FSTS },
	{ PASID + 2, VTD_PE_2_EAFE, VTD_ECAP_EAFS },
	{ PASID + 3, ~UINT64_C(0), 0 },
	{ PASID + 4, VTD_PE_4_RSVD, 0 },
	{ PASID + 4, VTD_PE_4_HPTSZ | VTD_PE_4_HPTPFD | VTD_PE_4_HPTPTR, VTD_ECAP_HPTS },
	{ PASID + 5, VTD_PE_5_RSVD, 0 },
	{ PASID + 5, VTD_PE_5_HPTDID, VTD_ECAP_HPTS },
	{ PASID + 6, ~UINT64_C(0), 0 },
	{ PASID + 7, ~UINT64_C(0), 0 },
};

void vtd_contexts_init(struct vtd_unit *vtd)
{
	/* Whose pointer is checked whatever the entry says. */
	static const uint8_t pointers[] = { ROOT, DEVICE, DIRECTORY, PASID };
	uint64_t wide = ~(uint64_t)vtd_did_mask(vtd);

	for (size_t i = 0; i < IOM_COUNT(reserved); i++) {
		if (!has(vtd, reserved[i].capability))
			vtd->reserved[reserved[i].place] |= reserved[i].bits;
	}
	for (size_t i = 0; i < IOM_COUNT(pointers); i++)
		vtd->reserved[pointers[i]] |= beyond_haw(vtd);
	vtd->reserved[CONTEXT + 1] |= IOM_PUT(VTD_CE_1_DID, wide);
	vtd->reserved[PASID + 1] |= IOM_PUT(VTD_PE_1_DID, wide);
}

/* ---- Entries ------------------------------------------------------------------------------- */

/* A kind of entry, and the fault reasons of one that is not to be had, not present or malformed. */
struct entry {
	uint8_t of; /* IOM_OF_* */
	uint8_t words, place;
	bool fpd;
	uint8_t fetch, absent, malformed;
};

static const struct entry legacy_root = {
	IOM_OF_DEVICE, 2, ROOT, false, VTD_FR_ROOT_FETCH, VTD_FR_ROOT_ABSENT, VTD_FR_ROOT_RSVD
};
static const struct entry legacy_context = {
	IOM_OF_DEVICE,      2, CONTEXT, true, VTD_FR_CONTEXT_FETCH, VTD_FR_CONTEXT_ABSENT,
	VTD_FR_CONTEXT_RSVD
};
/* One half of it: the lower and the upper one look alike. */
static const struct entry root_half = {
	IOM_OF_DEVICE, 1, ROOT, false, VTD_FR_SROOT_FETCH, VTD_FR_SROOT_ABSENT, VTD_FR_SROOT_RSVD
};
static const struct entry device_entry = {
	IOM_OF_DEVICE,       4, DEVICE, true, VTD_FR_SCONTEXT_FETCH, VTD_FR_SCONTEXT_ABSENT,
	VTD_FR_SCONTEXT_RSVD
};
static const struct entry directory = {
	IOM_OF_PROCESS,       1, DIRECTORY, true, VTD_FR_DIRECTORY_FETCH, VTD_FR_DIRECTORY_ABSENT,
	VTD_FR_DIRECTORY_RSVD
};
static const struct entry pasid_entry = {
	IOM_OF_PROCESS, 8, PASID, true, VTD_FR_PASID_FETCH, VTD_FR_PASID_ABSENT, VTD_FR_PASID_RSVD
};

/* All kinds have these two in the same place. */
#define PRESENT VTD_ROOT_P
#define FPD VTD_CE_FPD

static bool refuse(struct iom_fault *fault, unsigned code)
{
	fault->code = (uint8_t)code;
	return false;
}

static bool load_entry(const struct iom_query *query, const struct entry *kind, uint64_t spa,
                       uint64_t *words, struct iom_fault *fault)
{
	const uint64_t *never = vtd_of(query->unit)->reserved + kind->place;
	uint64_t wrong = 0;

	if (vtd_load(query, kind->of, spa, kind->words, words))
		return refuse(fault, kind->fetch);
	fault->quiet |= kind->fpd && words[0] & FPD;
	if (!(words[0] & PRESENT))
		return refuse(fault, kind->absent);
	for (unsigned i = 0; i < kind->words; i++)
		wrong |= words[i] & never[i];
	return wrong ? refuse(fault, kind->malformed) : true;
}

/* May second-stage tables have so many levels? */
static bool aw_ok(const struct vtd_unit *vtd, unsigned aw)
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
                                                                                         "place in "
                                                                                         "the "
                                                                                         "cache");

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

	return tt == VTD_TT_UNTRANSLATED || (tt < IOM_COUNT(needs) && has(vtd, needs[tt]));
}

static bool find_legacy(const struct iom_query *query, uint64_t root, struct vtd_context *c,
                        struct iom_fault *fault)
{
	const struct vtd_unit *vtd = vtd_of(query->unit);
	uint64_t words[2], table = root & VTD_ADDRESS;
	uint32_t sid = query->requester;
	unsigned tt, aw;

	if (!load_entry(query, &legacy_root, table + UINT64_C(16) * (sid >> 8), words, fault))
		return false;
	table = words[0] & VTD_ADDRESS;
	if (!load_entry(query, &legacy_context, table + UINT64_C(16) * (sid & 0xff), words, fault))
		return false;
	tt = (unsigned)IOM_GET(VTD_CE_TT, words[0]);
	aw = (unsigned)IOM_GET(VTD_CE_1_AW, words[1]);
	if (tt != VTD_TT_PASS_THROUGH && words[0] & beyond_haw(vtd))
		return refuse(fault, legacy_context.malformed);
	if (!tt_ok(vtd, tt) || !aw_ok(vtd, aw))
		return refuse(fault, VTD_FR_CONTEXT);

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
		refuse(fault, page_request ? VTD_FR_TTM_PAGES : VTD_FR_TTM_PASID);
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
		refuse(fault, VTD_FR_TT);
		return NULL;
	}
	return c;
}

/* ---- Scalable mode ---------------------------------------------------------------------------- */

/* PASIDs below this are in the directory. */
static uint32_t pasids(const struct vtd_device *device)
{
	return UINT32_C(1) << (IOM_GET(VTD_SCE_PDTS, device->word[0]) + 13);
}

/* Where ECAP.RPS is absent the field is reserved, and so 0, which is what it stands for. */
static uint32_t rid_pasid(const struct vtd_device *device)
{
	return (uint32_t)IOM_GET(VTD_SCE_1_RID_PASID, device->word[1]);
}

static bool find_device(const struct iom_query *query, uint64_t root, struct vtd_device *device,
                        struct iom_fault *fault)
{
	uint64_t words[4], table = root & VTD_ADDRESS;
	uint32_t sid = query->requester;

	if (iom_context_find(query, IOM_CONTEXT_DEVICE, device, DEVICE_WORDS) &&
	    same_mode(device->root, root)) {
		fault->quiet |= (device->word[0] & FPD) != 0;
		return true;
	}
	/* The half is the one of devfn's highest bit. */
	if (!load_entry(query, &root_half, table + UINT64_C(8) * (sid >> 7), words, fault))
		return false;
	table = words[0] & VTD_ADDRESS;
	if (!load_entry(query, &device_entry, table + UINT64_C(32) * (sid & 0x7f), words, fault))
		return false;
	*device = (struct vtd_device){ .word = { words[0], words[1] }, .root = root };
	if ((words[0] & VTD_SCE_PRE && !(words[0] & VTD_SCE_DTE)) ||
	    rid_pasid(device) >= pasids(device) ||
	    (words[0] & VTD_SCE_EPTR && !(words[0] & VTD_SCE_PASIDE)))
		return refuse(fault, VTD_FR_SCONTEXT);
	keep_cached(query, IOM_CONTEXT_DEVICE, device, sizeof *device);
	return true;
}

/* What the context entry has against this kind of request: a fault reason, or 0. */
static unsigned device_refuses(const struct vtd_unit *vtd, const struct vtd_device *device,
                               const struct iom_request *q, bool page_request)
{
	bool translated = q->at == IOM_AT_TRANSLATED;
	uint64_t word = device->word[0];

	if (q->at != IOM_AT_UNTRANSLATED && !(word & VTD_SCE_DTE))
		return VTD_FR_DTE;
	if (q->flags & IOM_REQ_PASID) {
		if (!(word & VTD_SCE_PASIDE))
			return translated ? VTD_FR_EPTR : VTD_FR_PASIDE;
		if (q->pasid >= pasids(device))
			return VTD_FR_PDTS;
		if (!page_request &&
		    q->pasid & ~iom_low((unsigned)IOM_GET(VTD_ECAP_PSS, vtd->ecap) + 1))
			return VTD_FR_PASID_WIDTH;
	}
	if (page_request && !(word & VTD_SCE_PRE))
		return VTD_FR_PRE;
	if (!(q->flags & IOM_REQ_PASID))
		return 0;
	if (q->pasid == rid_pasid(device) && !(vtd->config.flags & IOM_VTD_ANY_PASID))
		return VTD_FR_RID_PASID;
	return translated && !(word & VTD_SCE_EPTR) ? VTD_FR_EPTR : 0;
}

/* Flags of a context, and where a PASID entry has them. */
static const struct {
	uint8_t word;
	uint64_t bit;
	uint32_t flag;
} pasid_flags[] = {
	{ 0, VTD_PE_SSADE, VTD_CONTEXT_SSADE },         { 1, VTD_PE_1_PWSNP, VTD_CONTEXT_PWSNP },
	{ 1, VTD_PE_1_PGSNP, VTD_CONTEXT_PGSNP },       { 2, VTD_PE_2_SRE, VTD_CONTEXT_SRE },
	{ 2, VTD_PE_2_WPE, VTD_CONTEXT_WPE },           { 2, VTD_PE_2_EAFE, VTD_CONTEXT_EAFE },
	{ 2, IOM_LSB(VTD_PE_2_FSPM), VTD_CONTEXT_FS5 },
};

/* "PASID Granular Translation Type" and what it needs. */
static bool pgtt_ok(const struct vtd_unit *vtd, unsigned pgtt)
{
	static const uint64_t needs[] = {
		[VTD_PGTT_FS] = VTD_ECAP_FSTS,
		[VTD_PGTT_SS] = VTD_ECAP_SSTS,
		[VTD_PGTT_NESTED] = VTD_ECAP_NEST,
		[VTD_PGTT_PT] = VTD_ECAP_PT,
	};

	return pgtt < IOM_COUNT(needs) && has(vtd, needs[pgtt]);
}

static bool fspm_ok(const struct vtd_unit *vtd, uint64_t fspm)
{
	return fspm == VTD_FSPM_4 || (fspm == VTD_FSPM_5 && vtd->cap & VTD_CAP_FS5LP);
}

static bool decode_pasid(const struct vtd_unit *vtd, const uint64_t *words, struct vtd_context *c,
                         struct iom_fault *fault)
{
	unsigned pgtt = (unsigned)IOM_GET(VTD_PE_PGTT, words[0]);
	unsigned aw = (unsigned)IOM_GET(VTD_PE_AW, words[0]);
	bool first = pgtt == VTD_PGTT_FS || pgtt == VTD_PGTT_NESTED;
	bool second = pgtt == VTD_PGTT_SS || pgtt == VTD_PGTT_NESTED;

	/* The first stage's pointer is a guest's address where stages nest: its width comes below. */
	if (pgtt == VTD_PGTT_FS && words[2] & beyond_haw(vtd))
		return refuse(fault, pasid_entry.malformed);
	if (!pgtt_ok(vtd, pgtt) || (second && !aw_ok(vtd, aw)) ||
	    (first && !fspm_ok(vtd, IOM_GET(VTD_PE_2_FSPM, words[2]))) ||
	    (first && second && words[2] >> vtd_second_stage_bits(vtd, aw)))
		return refuse(fault, VTD_FR_PASID);

	c->kind = (uint8_t)pgtt;
	c->aw = (uint8_t)aw;
	c->did = (uint16_t)IOM_GET(VTD_PE_1_DID, words[1]);
	c->sspt = second ? words[0] & VTD_PE_SSPTPTR : 0;
	c->fspt = first ? words[2] & VTD_PE_2_FSPTPTR : 0;
	for (size_t i = 0; i < IOM_COUNT(pasid_flags); i++) {
		if (words[pasid_flags[i].word] & pasid_flags[i].bit)
			c->flags |= pasid_flags[i].flag;
	}
	return true;
}

static bool find_pasid(const struct iom_query *query, const struct vtd_device *device,
                       struct vtd_context *c, struct iom_fault *fault)
{
	uint64_t words[8], table = device->word[0] & VTD_SCE_PASIDDIRPTR;

	if (!load_entry(query, &directory, table + UINT64_C(8) * (c->pasid >> 6), words, fault))
		return false;
	table = words[0] & VTD_PDE_SMPTBLPTR;
	if (!load_entry(query, &pasid_entry, table + UINT64_C(64) * (c->pasid & 0x3f), words,
	                fault))
		return false;
	return decode_pasid(vtd_of(query->unit), words, c, fault);
}

/* What the context holds of the context entry. */
static void take_device(const struct vtd_device *device, const struct iom_request *q,
                        struct vtd_context *c)
{
	bool pasid = q->flags & IOM_REQ_PASID;

	*c = (struct vtd_context){
		.root = device->root,
		.flags = (device->word[0] & VTD_SCE_DTE ? VTD_CONTEXT_ATS : 0) |
		         (!pasid && device->word[1] & VTD_SCE_1_RID_PRIV ? VTD_CONTEXT_PRIVILEGED
		                                                         : 0),
		.pasid = pasid ? q->pasid : rid_pasid(device),
		.kind = VTD_KIND_PT,
	};
}

static bool find_scalable(const struct iom_query *query, uint64_t root, bool page_request,
                          struct vtd_context *c, struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	struct vtd_device device;
	unsigned code;

	if (!find_device(query, root, &device, fault))
		return false;
	code = device_refuses(vtd_of(query->unit), &device, q, page_request);
	if (code)
		return refuse(fault, code);
	take_device(&device, q, c);
	c->root = root;
	if (q->at == IOM_AT_TRANSLATED) {
		c->flags |= fault->quiet ? VTD_CONTEXT_QUIET : 0;
		return true;
	}
	if (!find_pasid(query, &device, c, fault))
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
		refuse(fault, VTD_FR_EXECUTE);
		return NULL;
	}
	/* What is translated already asks for no PASID entry, and page requests ask for more. */
	if (!page_request && q->at != IOM_AT_TRANSLATED)
		c = recall(query, root, which, room);
	if (!c) {
		if (!find_scalable(query, root, page_request, room, fault))
			return NULL;
		c = room;
	}
	fault->quiet = c->flags & VTD_CONTEXT_QUIET;
	if (page_request || q->at == IOM_AT_TRANSLATED)
		return c;
	code = q->at != IOM_AT_UNTRANSLATED && !(c->flags & VTD_CONTEXT_ATS) ? VTD_FR_DTE
	                                                                     : pasid_refuses(c, q);
	if (code) {
		refuse(fault, code);
		return NULL;
	}
	return c;
}

/* ---- Any mode ---------------------------------------------------------------------------------- */

/* Does the unit have the mode of this root pointer? */
static bool mode_ok(const struct vtd_unit *vtd, uint64_t root)
{
	static const uint64_t needs[] = {
		[VTD_TTM_SCALABLE] = VTD_ECAP_SMTS,
		[VTD_TTM_ABORT] = VTD_ECAP_ADMS,
	};
	enum vtd_ttm mode = vtd_ttm(root);

	return mode == VTD_TTM_LEGACY ? !(root & VTD_RTADDR_SSIRWE) : has(vtd, needs[mode]);
}

/* No unit knows such requests, and none records them. */
static bool unknown(const struct vtd_unit *vtd, const struct iom_request *q)
{
	if (q->at == IOM_AT_TRANSLATION_REQUEST)
		return q->access == IOM_WRITE || q->access == IOM_ATOMIC;
	return q->at == IOM_AT_TRANSLATED && q->flags & IOM_REQ_PASID && !has(vtd, VTD_ECAP_PTRS);
}

const struct vtd_context *vtd_locate(const struct iom_query *query, uint64_t root,
                                     bool page_request, struct vtd_context *room,
                                     struct iom_fault *fault)
{
	const struct vtd_unit *vtd = vtd_of(query->unit);
	bool known = mode_ok(vtd, root);

	if (known && vtd_ttm(root) != VTD_TTM_ABORT && unknown(vtd, query->request)) {
		refuse(fault, 0);
		return NULL;
	}
	if (known && vtd_ttm(root) == VTD_TTM_LEGACY)
		return locate_legacy(query, root, page_request, room, fault);
	if (known && vtd_ttm(root) == VTD_TTM_SCALABLE)
		return locate_scalable(query, root, page_request, room, fault);
	refuse(fault, known ? VTD_FR_TTM_ABORT : VTD_FR_TTM);
	return NULL;
}

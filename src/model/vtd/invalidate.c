/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What invalidations make the caches forget, and tell a backend ("Invalidation of Translation
 * Caches").
 */
#include "model/vtd/vtd.h"

#include <string.h>

#include "model/backend.h"

void vtd_forget_all(struct vtd_unit *vtd)
{
	iom_invalidate_all(&vtd->unit);
	iom_backend_restart(&vtd->unit);
}

/* ---- Contexts ----------------------------------------------------------------------------- */

/* What an invalidation of contexts names. */
struct named {
	bool any_did, any_sid, any_pasid;
	uint32_t did, pasid;
	uint32_t sid, functions; /* these bits of it do not count            */
	bool pasids;             /* PASIDs alone, not what stands above them */
};

static bool is_named(const void *opaque, uint32_t requester, uint32_t which, const uint64_t *words)
{
	const struct named *named = opaque;
	struct vtd_context c;

	if (!named->any_sid && (requester ^ named->sid) & ~named->functions)
		return false;
	/* Of a device as a whole there is no domain and no PASID. */
	if (which == IOM_CONTEXT_DEVICE)
		return !named->pasids && named->any_did;
	memcpy(&c, words, sizeof c);
	return (named->any_did || c.did == named->did) &&
	       (named->any_pasid || c.pasid == named->pasid) &&
	       !(named->pasids && c.flags & VTD_CONTEXT_LEGACY);
}

/* Every function that FM makes the same. */
static void tell_functions(struct vtd_unit *vtd, uint32_t sid, uint32_t functions)
{
	for (uint32_t f = 0; f <= functions; f++) {
		const struct iom_invalidation what = {
			.one_requester = true,
			.requester = (sid & ~functions) | f,
		};

		if (!(f & ~functions))
			iom_backend_invalidate(&vtd->unit, &what);
	}
}

/*
 * In scalable mode contexts are not tagged with domains.  What is kept of a PASID holds what its
 * device's context says, and goes with it.
 */
void vtd_forget_contexts(struct vtd_unit *vtd, unsigned g, uint32_t did, uint32_t sid, unsigned fm)
{
	/* FM: bits of the function number that are left out of account */
	static const uint8_t functions[] = { 0, 4, 6, 7 };
	bool tagged = vtd_ttm(iom_peek(&vtd->root)) == VTD_TTM_LEGACY;
	const struct named named = {
		.any_did = g == VTD_G_GLOBAL || !tagged,
		.did = did & vtd_did_mask(vtd),
		.any_sid = g != VTD_G_SELECTIVE,
		.sid = sid,
		.functions = functions[fm],
		.any_pasid = true,
	};
	static const struct iom_invalidation all = { 0 };

	if (named.any_did && named.any_sid)
		iom_contexts_forget(&vtd->unit, NULL);
	else
		iom_contexts_forget_named(&vtd->unit, is_named, &named);
	if (named.any_sid)
		iom_backend_invalidate(&vtd->unit, &all);
	else
		tell_functions(vtd, sid, named.functions);
}

void vtd_forget_pasids(struct vtd_unit *vtd, unsigned g, uint32_t did, uint32_t pasid)
{
	const struct named named = {
		.any_sid = true,
		.any_did = g == VTD_QI_PASID_GLOBAL,
		.did = did & vtd_did_mask(vtd),
		.any_pasid = g != VTD_QI_PASID_ONE,
		.pasid = pasid,
		.pasids = true,
	};
	const struct iom_invalidation what = {
		.one_pasid = !named.any_pasid,
		.pasid = named.any_pasid ? 0 : pasid,
	};

	iom_contexts_forget_named(&vtd->unit, is_named, &named);
	iom_backend_invalidate(&vtd->unit, &what);
}

/* ---- Translations ------------------------------------------------------------------------- */

/* The tag of spaces of a domain; 0 is nobody's. */
static uint32_t domain_tag(const struct vtd_unit *vtd, uint32_t did)
{
	return (did & vtd_did_mask(vtd)) + 1;
}

static void limit(struct iom_scope *scope, struct iom_invalidation *what, uint64_t address,
                  unsigned am)
{
	unsigned lg2 = 12 + am;

	if (lg2 >= 64)
		return;
	scope->by_page = what->one_range = true;
	scope->page = address;
	scope->range_lg2 = (uint8_t)lg2;
	what->first = address & ~iom_low(lg2);
	what->last = address | iom_low(lg2);
}

static void forget(struct vtd_unit *vtd, const struct iom_scope *scope,
                   const struct iom_invalidation *what)
{
	iom_invalidate(&vtd->unit, scope);
	iom_backend_invalidate(&vtd->unit, what);
}

/*
 * IH asks for nothing more: entries that point to tables are not cached, but for what the second stage
 * said of the first one's tables, and that is the second stage's own.
 */
void vtd_forget_iotlb(struct vtd_unit *vtd, unsigned g, uint32_t did, uint64_t address, unsigned am)
{
	struct iom_scope scope = {
		.kinds = IOM_SPACE_STAGE1 | IOM_SPACE_STAGE2,
		.tag = { domain_tag(vtd, did), 0 },
		.any_tag = { g == VTD_G_GLOBAL, true },
	};
	struct iom_invalidation what = {
		.stage1 = true,
		.stage2 = true,
		.one_guest = g != VTD_G_GLOBAL,
		.guest_tag = g == VTD_G_GLOBAL ? 0 : did & vtd_did_mask(vtd),
	};

	if (g != VTD_G_SELECTIVE) {
		forget(vtd, &scope, &what);
		return;
	}
	/* The pages are the second stage's; of the first one all goes that the domain has. */
	scope.kinds = IOM_SPACE_STAGE1;
	what.stage2 = false;
	forget(vtd, &scope, &what);
	scope.kinds = IOM_SPACE_STAGE2;
	what.stage1 = false;
	what.stage2 = true;
	limit(&scope, &what,
	      address & VTD_ADDRESS & iom_low(1 + (unsigned)IOM_GET(VTD_CAP_MGAW, vtd->cap)), am);
	forget(vtd, &scope, &what);
}

/* Bits above the widest first-stage address do not count: they repeat its top bit. */
static uint64_t canonical(const struct vtd_unit *vtd, uint64_t address)
{
	unsigned shift = vtd->cap & VTD_CAP_FS5LP ? 64 - 57 : 64 - 48;
	uint64_t low = address << shift >> shift;

	return address << shift >> 63 ? low | ~iom_low(64 - shift) : low;
}

void vtd_forget_pasid_iotlb(struct vtd_unit *vtd, bool by_page, uint32_t did, uint32_t pasid,
                            uint64_t address, unsigned am)
{
	struct iom_scope scope = {
		.kinds = IOM_SPACE_STAGE1 | (by_page ? 0 : IOM_SPACE_STAGE2),
		.tag = { domain_tag(vtd, did), pasid },
	};
	struct iom_invalidation what = {
		.stage1 = true,
		.stage2 = !by_page,
		.one_guest = true,
		.guest_tag = did & vtd_did_mask(vtd),
		.one_process = true,
		.process_tag = pasid,
	};

	if (by_page)
		limit(&scope, &what, canonical(vtd, address & VTD_ADDRESS), am);
	forget(vtd, &scope, &what);
}

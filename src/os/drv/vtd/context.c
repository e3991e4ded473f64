/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Context entries ("Context Entry", "Scalable-Mode Context Entry"): one for each device, P=0 until it has
 * a domain.  In legacy mode it names the domain; in scalable mode it leads to the PASIDs, of which
 * requests without one use number 0.
 */
#include "os/drv/vtd/context.h"

#define SID_BITS 16

int vtdd_prepare(struct iom_driver *driver, uint32_t requester)
{
	struct vtdd_driver *d = vtdd_of(driver);
	uint64_t *ce;
	int err;

	if (requester >> SID_BITS)
		return IOM_EINVAL;
	ce = vtdd_ce_find(d, requester);
	if (!ce)
		return IOM_ENOMEM;
	if (!d->scalable)
		return IOM_OK;
	err = vtdd_directory_make(d, ce, 0);
	if (err)
		return err;
	return vtdd_pe_find(d, ce, VTDD_RID_PASID) ? IOM_OK : IOM_ENOMEM;
}

/* ---- Words ---------------------------------------------------------------------------------- */

void vtdd_entry_put(struct vtdd_driver *d, uint64_t *entry, const uint64_t *words, unsigned count)
{
	unsigned n;

	for (n = 1; n < count; n++)
		vtdd_put(&entry[n], words[n]);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	vtdd_put(&entry[0], words[0]);
	vtdd_stored(d, entry, count);
}

/* P is the same bit of all entries. */
void vtdd_entry_stop(struct vtdd_driver *d, uint64_t *entry)
{
	vtdd_put(entry, vtdd_get(entry) & ~VTD_CE_P);
	vtdd_stored(d, entry, 1);
}

bool vtdd_entry_get(const uint64_t *entry, uint64_t *words, unsigned count)
{
	uint64_t some = 0;
	unsigned n;

	for (n = 0; n < count; n++)
		some |= words[n] = vtdd_get(&entry[n]);
	return some;
}

/* ---- Legacy mode ---------------------------------------------------------------------------- */

static unsigned tt_of(unsigned abilities)
{
	return abilities & IOM_DEVICE_ATS ? VTD_TT_ALL : VTD_TT_UNTRANSLATED;
}

/* False: the device stays without one.  Addresses that pass as they are want the widest AW. */
static bool ce_encode(const struct vtdd_driver *d, const struct iom_device *device,
                      const struct iom_domain *domain, uint64_t words[VTDD_CE_WORDS])
{
	if (domain->kind == IOM_DOMAIN_BLOCKED)
		return false;
	if (domain->kind == IOM_DOMAIN_IDENTITY) {
		words[0] = VTD_CE_P | IOM_PUT(VTD_CE_TT, VTD_TT_PASS_THROUGH);
		words[1] = IOM_PUT(VTD_CE_1_AW, vtdd_aw(d->ss_levels)) |
		           IOM_PUT(VTD_CE_1_DID, VTDD_DID_PASS_THROUGH);
		return true;
	}
	words[0] = VTD_CE_P | IOM_PUT(VTD_CE_TT, tt_of(device ? device->abilities : 0)) |
	           domain->root.address;
	words[1] = IOM_PUT(VTD_CE_1_AW, vtdd_aw(domain->root.levels)) |
	           IOM_PUT(VTD_CE_1_DID, domain->id);
	return true;
}

/* Units in caching mode remember an entry that was not there, under domain-id 0. */
static int ce_on(struct vtdd_driver *d, uint32_t sid, const uint64_t words[VTDD_CE_WORDS])
{
	uint64_t *ce = vtdd_ce_find(d, sid);
	int err;

	if (!ce)
		return IOM_ENOMEM;
	vtdd_entry_put(d, ce, words, VTDD_CE_WORDS);
	if (!(d->cap & VTD_CAP_CM)) {
		err = vtdd_write_buffer(d);
	} else {
		vtdd_inval_context(d, sid, VTDD_DID_NONE);
		vtdd_inval_domain(d, (uint32_t)IOM_GET(VTD_CE_1_DID, words[1]));
		err = vtdd_fence(d);
	}
	if (err)
		vtdd_entry_stop(d, ce);
	return err;
}

/* What hardware has to forget of a legacy entry that changed. */
static void ce_forget(struct vtdd_driver *d, uint32_t sid, const uint64_t words[VTDD_CE_WORDS])
{
	uint32_t did = (uint32_t)IOM_GET(VTD_CE_1_DID, words[1]);

	vtdd_inval_context(d, sid, did);
	vtdd_inval_domain(d, did);
}

static int ce_off(struct vtdd_driver *d, uint32_t sid, const struct iom_device *device)
{
	static const uint64_t nothing[VTDD_CE_WORDS];
	uint64_t *ce = vtdd_ce_find(d, sid), words[VTDD_CE_WORDS];
	int err;

	if (!ce)
		return IOM_ENOMEM;
	if (!vtdd_entry_get(ce, words, VTDD_CE_WORDS))
		return IOM_OK;
	vtdd_entry_stop(d, ce);
	ce_forget(d, sid, words);
	if (device)
		vtdd_ats_forget_device(d, device);
	/* The other words stay until hardware has forgotten them: a second attempt needs them again. */
	err = vtdd_fence(d);
	if (!err)
		vtdd_entry_put(d, ce, nothing, VTDD_CE_WORDS);
	return err;
}

/* ---- Scalable mode -------------------------------------------------------------------------- */

static const struct ability {
	unsigned ability; /* IOM_DEVICE_* */
	uint64_t sce;
} abilities_of_sce[] = {
	{ IOM_DEVICE_ATS, VTD_SCE_DTE },
	{ IOM_DEVICE_PASID, VTD_SCE_PASIDE },
	{ IOM_DEVICE_PRI, VTD_SCE_PRE },
};

static uint64_t sce_abilities(unsigned abilities)
{
	uint64_t sce = 0;
	size_t n;

	for (n = 0; n < IOM_COUNT(abilities_of_sce); n++)
		if (abilities & abilities_of_sce[n].ability)
			sce |= abilities_of_sce[n].sce;
	return sce;
}

bool vtdd_sce_on(struct vtdd_driver *d, uint64_t *ce, const struct iom_device *device)
{
	uint64_t was = vtdd_get(ce);

	if (was & VTD_SCE_P)
		return false;
	vtdd_put(ce, (was & ~sce_abilities(~0u)) | sce_abilities(device ? device->abilities : 0) |
	                     VTD_SCE_P);
	vtdd_stored(d, ce, 1);
	return true;
}

/* ---- Devices ---------------------------------------------------------------------------------- */

int vtdd_ce_change(struct vtdd_driver *d, const struct iom_device *device, unsigned abilities)
{
	uint64_t *ce = vtdd_ce_find(d, device->requester), words[VTDD_CE_WORDS];

	if (!ce)
		return IOM_ENOMEM;
	vtdd_entry_get(ce, words, VTDD_CE_WORDS);
	if (!(words[0] & VTD_CE_P))
		return IOM_OK;
	if (d->scalable) {
		vtdd_put(ce, (words[0] & ~sce_abilities(~0u)) | sce_abilities(abilities));
		vtdd_stored(d, ce, 1);
		vtdd_inval_context(d, device->requester, 0);
		vtdd_pe_forget(d, device);
	} else if (IOM_GET(VTD_CE_TT, words[0]) != VTD_TT_PASS_THROUGH) {
		vtdd_put(ce, (words[0] & ~VTD_CE_TT) | IOM_PUT(VTD_CE_TT, tt_of(abilities)));
		vtdd_stored(d, ce, 1);
		ce_forget(d, device->requester, words);
	}
	return vtdd_fence(d);
}

int vtdd_attach(struct iom_domain *domain, uint32_t requester)
{
	struct vtdd_driver *d = vtdd_of(domain->driver);
	uint64_t words[VTDD_CE_WORDS];

	if (d->scalable)
		return vtdd_pe_on(d, requester, domain, VTDD_RID_PASID);
	if (!ce_encode(d, iom_device_find(domain->driver, requester), domain, words))
		return IOM_OK;
	return ce_on(d, requester, words);
}

int vtdd_detach(struct iom_driver *driver, uint32_t requester)
{
	struct vtdd_driver *d = vtdd_of(driver);
	const struct iom_device *device = iom_device_find(driver, requester);

	if (!d->scalable)
		return ce_off(d, requester, device);
	return vtdd_pe_off(d, requester, device ? &device->plain : NULL, VTDD_RID_PASID,
	                   !device || !device->processes.used);
}

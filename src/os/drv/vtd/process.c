/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * PASID table entries ("Scalable-Mode PASID Table Entry"): what the requests of a device with one PASID,
 * or without any, use; and processes, whose tables the CPU walks as well.
 */
#include "os/drv/vtd/context.h"

/* ---- What an entry says ----------------------------------------------------------------------- */

static uint64_t second(const struct iom_domain *domain)
{
	return IOM_PUT(VTD_PE_AW, vtdd_aw(domain->root.levels)) | domain->root.address;
}

static uint64_t first(const struct iom_domain *domain)
{
	return IOM_PUT(VTD_PE_2_FSPM, domain->root.levels == 5 ? VTD_FSPM_5 : VTD_FSPM_4) |
	       domain->root.address;
}

/*
 * False: the PASID stays without one.  Every domain has a domain-id of its own, also one with a first stage
 * alone, since one PASID may mean different tables to different devices.
 */
static bool pe_encode(const struct vtdd_driver *d, const struct iom_domain *domain,
                      uint64_t words[VTDD_PE_WORDS])
{
	unsigned pgtt = VTD_PGTT_SS;
	uint32_t did = domain->id;

	if (domain->kind == IOM_DOMAIN_BLOCKED)
		return false;
	if (domain->kind == IOM_DOMAIN_IDENTITY) {
		pgtt = VTD_PGTT_PT;
		did = VTDD_DID_PASS_THROUGH;
		words[0] = IOM_PUT(VTD_PE_AW, d->idle_aw);
	} else if (domain->parent) {
		pgtt = VTD_PGTT_NESTED;
		words[0] = second(domain->parent);
		words[2] = first(domain);
	} else if (vtdd_first_stage(domain)) {
		pgtt = VTD_PGTT_FS;
		words[0] = IOM_PUT(VTD_PE_AW, d->idle_aw);
		words[2] = first(domain);
	} else {
		words[0] = second(domain);
	}
	words[0] |= VTD_PE_P | IOM_PUT(VTD_PE_PGTT, pgtt);
	words[1] = IOM_PUT(VTD_PE_1_DID, did) | (d->ecap & VTD_ECAP_SMPWCS ? VTD_PE_1_PWSNP : 0);
	return true;
}

/* ---- On and off ------------------------------------------------------------------------------- */

int vtdd_pe_on(struct vtdd_driver *d, uint32_t sid, const struct iom_domain *domain, uint32_t pasid)
{
	const struct iom_device *device = iom_device_find(&d->base, sid);
	uint64_t words[VTDD_PE_WORDS] = { 0 };
	uint64_t *ce = vtdd_ce_find(d, sid), *pe = ce ? vtdd_pe_find(d, ce, pasid) : NULL;
	bool fresh;
	int err;

	if (!pe)
		return IOM_ENOMEM;
	if (!pe_encode(d, domain, words))
		return IOM_OK;
	vtdd_entry_put(d, pe, words, VTDD_PE_WORDS);
	fresh = vtdd_sce_on(d, ce, device);
	if (!(d->cap & VTD_CAP_CM)) {
		err = vtdd_write_buffer(d);
	} else {
		vtdd_inval_context(d, sid, 0);
		vtdd_inval_pasid(d, words, pasid, true);
		err = vtdd_fence(d);
	}
	if (err)
		vtdd_entry_stop(d, pe);
	if (err && fresh)
		vtdd_entry_stop(d, ce);
	return err;
}

static void devices_forget(struct vtdd_driver *d, const struct iom_link *link, bool last)
{
	if (last)
		vtdd_ats_forget_device(d, link->device);
	else
		vtdd_ats_forget_link(d, link);
}

int vtdd_pe_off(struct vtdd_driver *d, uint32_t sid, const struct iom_link *link, uint32_t pasid,
                bool last)
{
	static const uint64_t nothing[VTDD_PE_WORDS];
	uint64_t *ce = vtdd_ce_find(d, sid), *pe = ce ? vtdd_pe_find(d, ce, pasid) : NULL;
	uint64_t words[VTDD_PE_WORDS];
	int err;

	if (!pe)
		return IOM_ENOMEM;
	if (!vtdd_entry_get(pe, words, VTDD_PE_WORDS))
		return IOM_OK;
	vtdd_entry_stop(d, pe);
	if (last) {
		vtdd_entry_stop(d, ce);
		vtdd_inval_context(d, sid, 0);
	}
	vtdd_inval_pasid(d, words, pasid, false);
	if (link)
		devices_forget(d, link, last);
	/* The other words stay until hardware has forgotten them: a second attempt needs them again. */
	err = link && link->device->abilities & IOM_DEVICE_PRI ? vtdd_fence_requests(d)
	                                                       : vtdd_fence(d);
	if (!err)
		vtdd_entry_put(d, pe, nothing, VTDD_PE_WORDS);
	return err;
}

static void forget_one(struct vtdd_driver *d, uint32_t sid, uint32_t pasid)
{
	uint64_t *ce = vtdd_ce_find(d, sid), *pe = ce ? vtdd_pe_find(d, ce, pasid) : NULL;
	uint64_t words[VTDD_PE_WORDS];

	if (pe && vtdd_entry_get(pe, words, VTDD_PE_WORDS))
		vtdd_inval_pasid(d, words, pasid, false);
}

void vtdd_pe_forget(struct vtdd_driver *d, const struct iom_device *device)
{
	const struct iom_requesters *set = &device->processes;
	uint32_t n;

	forget_one(d, device->requester, VTDD_RID_PASID);
	for (n = 0; n < set->count; n++)
		if (set->place[n].what)
			forget_one(d, device->requester, set->place[n].requester);
}

/* ---- PASIDs ----------------------------------------------------------------------------------- */

int vtdd_prepare_pasid(struct iom_driver *driver, struct iom_device *device, uint32_t pasid)
{
	struct vtdd_driver *d = vtdd_of(driver);
	uint64_t *ce;

	if (pasid >> d->pasid_bits)
		return IOM_EINVAL;
	ce = vtdd_ce_find(d, device->requester);
	return ce && vtdd_pe_find(d, ce, pasid) ? IOM_OK : IOM_ENOMEM;
}

int vtdd_attach_pasid(struct iom_driver *driver, struct iom_link *link)
{
	return vtdd_pe_on(vtdd_of(driver), link->device->requester, link->domain, link->pasid);
}

/* The last one takes the device's context along, if nothing else needs it. */
int vtdd_detach_pasid(struct iom_driver *driver, struct iom_link *link)
{
	const struct iom_device *device = link->device;
	const struct iom_domain *plain = device->plain.domain;
	bool last = device->processes.used == 1 && (!plain || plain->kind == IOM_DOMAIN_BLOCKED);

	return vtdd_pe_off(vtdd_of(driver), device->requester, link, link->pasid, last);
}

/*
 * The CPU's stores to the tables are seen only by walks that look into its caches; where hardware would
 * have to set A and D, it needs that, too.
 */
int vtdd_process_init(struct iom_domain *domain, const struct iom_stage *stage,
                      struct iom_error *error)
{
	const struct vtdd_driver *d = vtdd_of(domain->driver);

	if (!(d->ecap & VTD_ECAP_SMPWCS))
		return iom_fail(error, IOM_ENOTSUP,
		                "the unit does not see the CPU's stores to a process's tables: "
		                "ECAP.SMPWCS is 0");
	return vtdd_borrow(domain, stage, vtdd_address_bits(d), error);
}

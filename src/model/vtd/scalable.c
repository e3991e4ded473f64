/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Context and PASID entries of scalable mode, and what they make of a request ("Scalable Mode Address
 * Translation").
 */
#include "model/vtd/vtd.h"

/* ---- Devices ------------------------------------------------------------------------------- */

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

bool vtd_device_load(const struct iom_query *query, uint64_t root, struct vtd_device *device,
                     struct iom_fault *fault)
{
	uint64_t words[4], table = root & VTD_ADDRESS;
	uint32_t sid = query->requester;

	/* The half is the one of devfn's highest bit. */
	if (!vtd_entry_load(query, VTD_ENTRY_SROOT, table + UINT64_C(8) * (sid >> 7), words, fault))
		return false;
	table = words[0] & VTD_ADDRESS;
	if (!vtd_entry_load(query, VTD_ENTRY_SCONTEXT, table + UINT64_C(32) * (sid & 0x7f), words,
	                    fault))
		return false;
	*device = (struct vtd_device){ .word = { words[0], words[1] }, .root = root };
	if ((words[0] & VTD_SCE_PRE && !(words[0] & VTD_SCE_DTE)) ||
	    rid_pasid(device) >= pasids(device) ||
	    (words[0] & VTD_SCE_EPTR && !(words[0] & VTD_SCE_PASIDE)))
		return vtd_refused(fault, VTD_FR_SCONTEXT);
	return true;
}

unsigned vtd_device_refuses(const struct vtd_unit *vtd, const struct vtd_device *device,
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

void vtd_device_take(const struct vtd_device *device, const struct iom_request *q,
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

/* ---- PASIDs -------------------------------------------------------------------------------- */

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

	return pgtt < IOM_COUNT(needs) && vtd_has(vtd, needs[pgtt]);
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
	if (pgtt == VTD_PGTT_FS && words[2] & vtd_beyond_haw(vtd))
		return vtd_refused(fault, VTD_FR_PASID_RSVD);
	if (!pgtt_ok(vtd, pgtt) || (second && !vtd_aw_ok(vtd, aw)) ||
	    (first && !fspm_ok(vtd, IOM_GET(VTD_PE_2_FSPM, words[2]))) ||
	    (first && second && words[2] >> vtd_second_stage_bits(vtd, aw)))
		return vtd_refused(fault, VTD_FR_PASID);

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

bool vtd_pasid_load(const struct iom_query *query, const struct vtd_device *device,
                    struct vtd_context *c, struct iom_fault *fault)
{
	uint64_t words[8], table = device->word[0] & VTD_SCE_PASIDDIRPTR;

	if (!vtd_entry_load(query, VTD_ENTRY_DIRECTORY, table + UINT64_C(8) * (c->pasid >> 6),
	                    words, fault))
		return false;
	table = words[0] & VTD_PDE_SMPTBLPTR;
	if (!vtd_entry_load(query, VTD_ENTRY_PASID, table + UINT64_C(64) * (c->pasid & 0x3f), words,
	                    fault))
		return false;
	return decode_pasid(vtd_of(query->unit), words, c, fault);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Entries of root, context and PASID structures ("Translation Structure Formats"): how they are loaded,
 * and which of their bits are reserved in a unit.
 */
#include "model/vtd/vtd.h"

/* ---- Reserved bits ------------------------------------------------------------------------- */

/* Places in vtd_unit.reserved: an entry's words stand in a row. */
enum { ROOT = 0, CONTEXT = 2, SCONTEXT = 4, DIRECTORY = 8, PASID = 9 };
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
	{ SCONTEXT, VTD_SCE_RSVD, 0 },
	{ SCONTEXT, VTD_SCE_DTE, VTD_ECAP_DT },
	{ SCONTEXT, VTD_SCE_PASIDE, VTD_ECAP_PASID },
	{ SCONTEXT, VTD_SCE_PRE, VTD_ECAP_PRS },
	{ SCONTEXT, VTD_SCE_HPTE, VTD_ECAP_HPTS },
	{ SCONTEXT, VTD_SCE_EPTR, VTD_ECAP_PTRS },
	{ SCONTEXT + 1, VTD_SCE_1_RSVD, 0 },
	{ SCONTEXT + 1, VTD_SCE_1_RID_PASID, VTD_ECAP_RPS },
	{ SCONTEXT + 1, VTD_SCE_1_RID_PRIV, VTD_ECAP_RPRIVS },
	{ SCONTEXT + 2, ~UINT64_C(0), 0 },
	{ SCONTEXT + 3, ~UINT64_C(0), 0 },
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

void vtd_entries_init(struct vtd_unit *vtd)
{
	/* Whose pointer is checked whatever the entry says. */
	static const uint8_t pointers[] = { ROOT, SCONTEXT, DIRECTORY, PASID };
	uint64_t wide = ~(uint64_t)vtd_did_mask(vtd);

	for (size_t i = 0; i < IOM_COUNT(reserved); i++) {
		if (!vtd_has(vtd, reserved[i].capability))
			vtd->reserved[reserved[i].place] |= reserved[i].bits;
	}
	if (vtd->config.flags & IOM_VTD_AW_IGNORED)
		vtd->reserved[PASID] &= ~(uint64_t)VTD_PE_AW;
	for (size_t i = 0; i < IOM_COUNT(pointers); i++)
		vtd->reserved[pointers[i]] |= vtd_beyond_haw(vtd);
	vtd->reserved[CONTEXT + 1] |= IOM_PUT(VTD_CE_1_DID, wide);
	vtd->reserved[PASID + 1] |= IOM_PUT(VTD_PE_1_DID, wide);
}

/* ---- Entries ------------------------------------------------------------------------------- */

static const struct entry {
	uint8_t of; /* IOM_OF_* */
	uint8_t words, place;
	bool fpd;
	uint8_t fetch, absent, rsvd; /* enum vtd_fr */
} entries[] = {
/* clang-format off */
#define ENTRY(name) VTD_FR_##name##_FETCH, VTD_FR_##name##_ABSENT, VTD_FR_##name##_RSVD
	[VTD_ENTRY_ROOT] =      { IOM_OF_DEVICE,  2, ROOT,      false, ENTRY(ROOT) },
	[VTD_ENTRY_CONTEXT] =   { IOM_OF_DEVICE,  2, CONTEXT,   true,  ENTRY(CONTEXT) },
	[VTD_ENTRY_SROOT] =     { IOM_OF_DEVICE,  1, ROOT,      false, ENTRY(SROOT) },
	[VTD_ENTRY_SCONTEXT] =  { IOM_OF_DEVICE,  4, SCONTEXT,  true,  ENTRY(SCONTEXT) },
	[VTD_ENTRY_DIRECTORY] = { IOM_OF_PROCESS, 1, DIRECTORY, true,  ENTRY(DIRECTORY) },
	[VTD_ENTRY_PASID] =     { IOM_OF_PROCESS, 8, PASID,     true,  ENTRY(PASID) },
#undef ENTRY
	/* clang-format on */
};

bool vtd_entry_load(const struct iom_query *query, enum vtd_entry kind, uint64_t spa,
                    uint64_t *words, struct iom_fault *fault)
{
	const struct entry *entry = &entries[kind];
	const uint64_t *never = vtd_of(query->unit)->reserved + entry->place;
	uint64_t wrong = 0;

	if (vtd_load(query, entry->of, spa, entry->words, words))
		return vtd_refused(fault, entry->fetch);
	fault->quiet |= entry->fpd && words[0] & VTD_FPD;
	if (!(words[0] & VTD_PRESENT))
		return vtd_refused(fault, entry->absent);
	for (unsigned i = 0; i < entry->words; i++)
		wrong |= words[i] & never[i];
	return wrong ? vtd_refused(fault, entry->rsvd) : true;
}

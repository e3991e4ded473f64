/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* VT-d: "Translation Structure Formats", "Interrupt Remapping Table Entry", records */
#include <inttypes.h>
#include <stdio.h>

#include <iommux/vtd.h>

#include "anatomy_parts.h"
#include "regs/vtd.h"

#define PRESENT MEANS("not present", "present"), TELLING
#define QUIET SET("faults are not recorded")

/* ---- Root and context entries -------------------------------------------------------------------- */

static const struct anatomy_field root[] = {
	PART("P", VTD_ROOT_P, 0, PRESENT),
	PART("CTP", VTD_ADDRESS, 0, WHOLE, TELLING),
};

static const struct anatomy_field root_scalable[] = {
	PART("LP", VTD_ROOT_P, 0, MEANS("devices 0 to 15 not present", "devices 0 to 15"), TELLING),
	PART("LCTP", VTD_ADDRESS, 0, WHOLE),
	PART("UP", VTD_ROOT_P, 1, MEANS("devices 16 to 31 not present", "devices 16 to 31"),
	     TELLING),
	PART("UCTP", VTD_ADDRESS, 1, WHOLE),
};

const struct anatomy anatomy_vtd_root = ANATOMY("root entry", 2, VTD_ROOT_P, root);
const struct anatomy anatomy_vtd_root_scalable =
	ANATOMY("scalable-mode root entry", 2, 0, root_scalable);

#define WIDTHS                                                                                     \
	MEANS("reserved", "39 bits, 3 levels", "48 bits, 4 levels", "57 bits, 5 levels",           \
	      "reserved", "reserved", "reserved", "reserved")

static const struct anatomy_field context[] = {
	PART("P", VTD_CE_P, 0, PRESENT),
	PART("FPD", VTD_CE_FPD, 0, QUIET),
	PART("TT", VTD_CE_TT, 0,
	     MEANS("untranslated requests alone", "translation and translated requests too",
	           "pass-through", "reserved"),
	     TELLING),
	PART("SSPTPTR", VTD_CE_SSPTPTR, 0, WHOLE, TELLING),
	PART("AW", VTD_CE_1_AW, 1, WIDTHS, TELLING),
	PART("ignored", IOM_MASK(6, 3), 1),
	PART("DID", VTD_CE_1_DID, 1, TELLING),
};

const struct anatomy anatomy_vtd_context = ANATOMY("context entry", 2, VTD_CE_P, context);

/* PASIDs below 2^(PDTS + 13) */
static const char *say_pdts(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)w;
	snprintf(room, size, "PASIDs below 0x%x", 1u << (value + 13));
	return room;
}

static const struct anatomy_field context_scalable[] = {
	PART("P", VTD_SCE_P, 0, PRESENT),
	PART("FPD", VTD_SCE_FPD, 0, QUIET),
	PART("DTE", VTD_SCE_DTE, 0, SET("device-TLB allowed")),
	PART("PASIDE", VTD_SCE_PASIDE, 0, SET("requests with PASID allowed")),
	PART("PRE", VTD_SCE_PRE, 0, SET("page requests allowed")),
	PART("HPTE", VTD_SCE_HPTE, 0, SET("host permission table")),
	PART("EPTR", VTD_SCE_EPTR, 0, SET("PASID in translated requests allowed")),
	PART("PDTS", VTD_SCE_PDTS, 0, .say = say_pdts, TELLING),
	PART("PASIDDIRPTR", VTD_SCE_PASIDDIRPTR, 0, WHOLE, TELLING),
	PART("RID_PASID", VTD_SCE_1_RID_PASID, 1, TELLING),
	PART("RID_PRIV", VTD_SCE_1_RID_PRIV, 1, SET("requests without PASID are privileged")),
};

const struct anatomy anatomy_vtd_context_scalable =
	ANATOMY("scalable-mode context entry", 4, VTD_SCE_P, context_scalable);

/* ---- PASID structures -------------------------------------------------------------------------------- */

static const struct anatomy_field pasid_directory[] = {
	PART("P", VTD_PDE_P, 0, PRESENT),
	PART("FPD", VTD_PDE_FPD, 0, QUIET),
	PART("SMPTBLPTR", VTD_PDE_SMPTBLPTR, 0, WHOLE, TELLING),
};

const struct anatomy anatomy_vtd_pasid_directory =
	ANATOMY("PASID directory entry", 1, VTD_PDE_P, pasid_directory);

static const struct anatomy_field pasid[] = {
	PART("P", VTD_PE_P, 0, PRESENT),
	PART("FPD", VTD_PE_FPD, 0, QUIET),
	PART("PGTT", VTD_PE_PGTT, 0,
	     MEANS("reserved", "first stage", "second stage", "nested", "pass-through", "reserved",
	           "reserved", "reserved"),
	     TELLING),
	PART("AW", VTD_PE_AW, 0, WIDTHS),
	PART("SSADE", VTD_PE_SSADE, 0, SET("second stage: A and D by hardware")),
	PART("SSPTPTR", VTD_PE_SSPTPTR, 0, WHOLE),
	PART("DID", VTD_PE_1_DID, 1, TELLING),
	PART("PWSNP", VTD_PE_1_PWSNP, 1, SET("page walks snoop")),
	PART("PGSNP", VTD_PE_1_PGSNP, 1, SET("accesses to pages snoop")),
	PART("CD", VTD_PE_1_CD, 1, SET("uncached")),
	PART("EMTE", VTD_PE_1_EMTE, 1, SET("memory types of the second stage count")),
	PART("PAT", VTD_PE_1_PAT, 1),
	PART("SRE", VTD_PE_2_SRE, 2, SET("supervisor requests allowed")),
	PART("FSPM", VTD_PE_2_FSPM, 2, MEANS("4 levels", "5 levels", "reserved", "reserved")),
	PART("WPE", VTD_PE_2_WPE, 2, SET("supervisor obeys R/W")),
	PART("ignored", IOM_MASK(6, 5), 2),
	PART("EAFE", VTD_PE_2_EAFE, 2, SET("extended accessed flag")),
	PART("FSPTPTR", VTD_PE_2_FSPTPTR, 2, WHOLE),
	PART("HPTSZ", VTD_PE_4_HPTSZ, 4, MEANS(NULL, "2^50 bytes", "2^51 bytes", "2^52 bytes")),
	PART("HPTPFD", VTD_PE_4_HPTPFD, 4, SET("no prefetch of the host permission table")),
	PART("HPTPTR", VTD_PE_4_HPTPTR, 4, WHOLE),
	PART("HPTDID", VTD_PE_5_HPTDID, 5),
};

const struct anatomy anatomy_vtd_pasid = ANATOMY("PASID table entry", 8, VTD_PE_P, pasid);

/* ---- Interrupts ------------------------------------------------------------------------------------------ */

static const char *say_destination(const struct anatomy_words *w, uint64_t value, char *room,
                                   size_t size)
{
	if (w->how & ANATOMY_EIME)
		snprintf(room, size, "x2APIC ID 0x%" PRIx64, value);
	else
		snprintf(room, size, "APIC ID 0x%" PRIx64, IOM_GET(VTD_IRTE_DST_XAPIC, w->word[0]));
	return room;
}

/* Of SID, as SVT says */
static const char *say_source(const struct anatomy_words *w, uint64_t value, char *room,
                              size_t size)
{
	switch (IOM_GET(VTD_IRTE_1_SVT, w->word[1])) {
	case VTD_SVT_SID:
		return anatomy_say_pci(w, value, room, size);
	case VTD_SVT_BUS:
		snprintf(room, size, "buses %02x to %02x", (unsigned)(value >> 8),
		         (unsigned)(value & 0xff));
		return room;
	default:
		return NULL;
	}
}

#define SOURCE                                                                                     \
	PART("SVT", VTD_IRTE_1_SVT, 1,                                                             \
	     MEANS("any source", "source as SID and SQ say", "source on the buses of SID",         \
	           "reserved"),                                                                    \
	     TELLING),                                                                             \
		PART("SQ", VTD_IRTE_1_SQ, 1,                                                       \
	             MEANS(NULL, "without function bit 2", "without function bits 2 and 1",        \
	                   "without function")),                                                   \
		PART("SID", VTD_IRTE_1_SID, 1, .say = say_source)

static const struct anatomy_field irte_remapped[] = {
	PART("P", VTD_IRTE_P, 0, PRESENT),
	PART("FPD", VTD_IRTE_FPD, 0, QUIET),
	PART("IM", VTD_IRTE_IM, 0, MEANS("remapped", "posted"), TELLING),
	PART("V", VTD_IRTE_V, 0, TELLING),
	PART("DLM", VTD_IRTE_DLM, 0,
	     MEANS("fixed", "lowest priority", "SMI", "reserved", "NMI", "INIT", "reserved",
	           "ExtINT"),
	     TELLING),
	PART("TM", VTD_IRTE_TM, 0, MEANS("edge", "level")),
	PART("DM", VTD_IRTE_DM, 0, MEANS("physical", "logical")),
	PART("RH", VTD_IRTE_RH, 0, SET("redirection hint")),
	PART("AVAIL", VTD_IRTE_AVAIL, 0),
	PART("DST", VTD_IRTE_DST, 0, .say = say_destination, TELLING),
	SOURCE,
};

static const char *say_descriptor(const struct anatomy_words *w, uint64_t value, char *room,
                                  size_t size)
{
	(void)value;
	snprintf(room, size, "descriptor at 0x%" PRIx64,
	         (IOM_GET(VTD_IRTE_PDAL, w->word[0]) << 6 | IOM_GET(VTD_IRTE_1_PDAH, w->word[1])
	                                                            << 32));
	return room;
}

static const struct anatomy_field irte_posted[] = {
	PART("P", VTD_IRTE_P, 0, PRESENT),
	PART("FPD", VTD_IRTE_FPD, 0, QUIET),
	PART("IM", VTD_IRTE_IM, 0, MEANS("remapped", "posted"), TELLING),
	PART("V", VTD_IRTE_V, 0, TELLING),
	PART("URG", VTD_IRTE_URG, 0, SET("urgent")),
	PART("AVAIL", VTD_IRTE_AVAIL, 0),
	PART("PDAL", VTD_IRTE_PDAL, 0, TELLING),
	PART("PDAH", VTD_IRTE_1_PDAH, 1, .say = say_descriptor, TELLING),
	SOURCE,
};

const struct anatomy anatomy_vtd_irte_remapped =
	ANATOMY("interrupt remapping table entry", 2, VTD_IRTE_P, irte_remapped);
const struct anatomy anatomy_vtd_irte_posted =
	ANATOMY("interrupt remapping table entry", 2, VTD_IRTE_P, irte_posted);

const struct anatomy *anatomy_vtd_irte(uint64_t word)
{
	return word & VTD_IRTE_IM ? &anatomy_vtd_irte_posted : &anatomy_vtd_irte_remapped;
}

static const struct anatomy_field posted_descriptor[] = {
	PART("PIR 63:0", ~UINT64_C(0), 0),
	PART("PIR 127:64", ~UINT64_C(0), 1),
	PART("PIR 191:128", ~UINT64_C(0), 2),
	PART("PIR 255:192", ~UINT64_C(0), 3),
	PART("ON", VTD_PID_4_ON, 4, SET("notification outstanding"), TELLING),
	PART("SN", VTD_PID_4_SN, 4, SET("notifications suppressed"), TELLING),
	PART("NV", VTD_PID_4_NV, 4, TELLING),
	PART("NDST", VTD_PID_4_NDST, 4, TELLING),
};

const struct anatomy anatomy_vtd_posted_descriptor =
	ANATOMY("posted interrupt descriptor", 8, 0, posted_descriptor);

/* ---- Records --------------------------------------------------------------------------------------------- */

static const char *say_reason(const struct anatomy_words *w, uint64_t value, char *room,
                              size_t size)
{
	(void)w, (void)room, (void)size;
	return value ? iom_vtd_fault_name((uint32_t)value) : NULL;
}

/* T1 is the upper bit of the type, T2 the lower one. */
static const char *say_type(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	static const char *const types[] = { "write", "page request", "read", "AtomicOp" };

	(void)room, (void)size;
	return types[value * 2 + IOM_GET(VTD_FRCD_1_T2, w->word[1])];
}

static const struct anatomy_field fault[] = {
	PART("F", VTD_FRCD_1_F, 1, MEANS("no fault", "a fault"), TELLING),
	PART("FR", VTD_FRCD_1_FR, 1, .say = say_reason),
	PART("SID", VTD_FRCD_1_SID, 1, .say = anatomy_say_pci),
	PART("FI", VTD_FRCD_FI, 0, WHOLE),
	PART("T1", VTD_FRCD_1_T1, 1, .say = say_type, TELLING),
	PART("T2", VTD_FRCD_1_T2, 1),
	PART("AT", VTD_FRCD_1_AT, 1, MEANS(NULL, "translation request", "translated", "reserved")),
	PART("PP", VTD_FRCD_1_PP, 1),
	PART("PV", VTD_FRCD_1_PV, 1),
	PART("EXE", VTD_FRCD_1_EXE, 1, SET("to execute")),
	PART("PRIV", VTD_FRCD_1_PRIV, 1, SET("supervisor")),
};

static const struct anatomy_field page_request[] = {
	PART("TYPE", VTD_PRD_TYPE, 0, MEANS("none", "page request")),
	PART("RID", VTD_PRD_RID, 0, .say = anatomy_say_pci, TELLING),
	PART("PP", VTD_PRD_PP, 0),
	PART("PASID", VTD_PRD_PASID, 0),
	PART("EXR", VTD_PRD_EXR, 0, SET("to execute")),
	PART("PMR", VTD_PRD_PMR, 0, SET("supervisor")),
	PART("RD", VTD_PRD_1_RD, 1, TELLING),
	PART("WR", VTD_PRD_1_WR, 1, TELLING),
	PART("LPIG", VTD_PRD_1_LPIG, 1, SET("last of its group"), TELLING),
	PART("PRGI", VTD_PRD_1_PRGI, 1, TELLING),
	PART("ADDR", VTD_PRD_1_ADDRESS, 1, WHOLE, TELLING),
};

const struct anatomy anatomy_vtd_fault = ANATOMY("fault record", 2, 0, fault);
const struct anatomy anatomy_vtd_page_request =
	ANATOMY("page request descriptor", 4, 0, page_request);

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* VT-d: "Register Descriptions" */
#include <stdio.h>

#include "registers_rows.h"
#include "regs/vtd.h"

/* ---- What the unit can do ------------------------------------------------------------------------ */

static const struct anatomy_field version[] = {
	PART("MIN", VTD_VER_MINOR, 0, TELLING),
	PART("MAX", VTD_VER_MAJOR, 0, TELLING),
};

/* The fields whose number alone says little */
static const char *say_domains(const struct anatomy_words *w, uint64_t value, char *room,
                               size_t size)
{
	(void)w;
	snprintf(room, size, "%u domain-ids", 16u << 2 * value);
	return value < 7 ? room : "reserved";
}

static const char *say_widths(const struct anatomy_words *w, uint64_t value, char *room,
                              size_t size)
{
	(void)w;
	snprintf(room, size, "second stage of%s%s%s%s bits", value & 2 ? " 39" : "",
	         value & 4 ? " 48" : "", value & 8 ? " 57" : "", value & 14 ? "" : " no");
	return room;
}

static const char *say_bits(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)w;
	snprintf(room, size, "%u bits", (unsigned)value + 1);
	return room;
}

static const char *say_records(const struct anatomy_words *w, uint64_t value, char *room,
                               size_t size)
{
	(void)w;
	snprintf(room, size, "%u fault records", (unsigned)value + 1);
	return room;
}

static const char *say_offset(const struct anatomy_words *w, uint64_t value, char *room,
                              size_t size)
{
	(void)w;
	snprintf(room, size, "at 0x%x", 16 * (unsigned)value);
	return room;
}

static const char *say_power(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)w;
	snprintf(room, size, "up to 2^%u together", (unsigned)value);
	return room;
}

static const struct anatomy_field cap[] = {
	PART("ND", VTD_CAP_ND, 0, .say = say_domains, TELLING),
	PART("RWBF", VTD_CAP_RWBF, 0, SET("write buffers must be flushed")),
	PART("PLMR", VTD_CAP_PLMR, 0, SET("protected low memory")),
	PART("PHMR", VTD_CAP_PHMR, 0, SET("protected high memory")),
	PART("CM", VTD_CAP_CM, 0, SET("caching mode")),
	PART("SAGAW", VTD_CAP_SAGAW, 0, .say = say_widths, TELLING),
	PART("MGAW", VTD_CAP_MGAW, 0, .say = say_bits, TELLING),
	PART("ZLR", VTD_CAP_ZLR, 0, SET("zero-length reads of write-only pages")),
	PART("FRO", VTD_CAP_FRO, 0, .say = say_offset, TELLING),
	PART("SSLPS", VTD_CAP_SSLPS, 0, MEANS(NULL, "2 MiB", "1 GiB", "2 MiB and 1 GiB")),
	PART("PSI", VTD_CAP_PSI, 0, SET("invalidation of pages")),
	PART("NFR", VTD_CAP_NFR, 0, .say = say_records, TELLING),
	PART("MAMV", VTD_CAP_MAMV, 0, .say = say_power),
	PART("DWD", VTD_CAP_DWD, 0, SET("drains writes")),
	PART("DRD", VTD_CAP_DRD, 0, SET("drains reads")),
	PART("FS1GP", VTD_CAP_FS1GP, 0, SET("first stage: 1 GiB")),
	PART("PI", VTD_CAP_PI, 0, SET("posted interrupts")),
	PART("FS5LP", VTD_CAP_FS5LP, 0, SET("first stage: 5 levels")),
	PART("ECMDS", VTD_CAP_ECMDS, 0, SET("enhanced commands")),
	PART("ESIRTPS", VTD_CAP_ESIRTPS, 0, SET("SIRTP invalidates")),
	PART("ESRTPS", VTD_CAP_ESRTPS, 0, SET("SRTP invalidates")),
};

static const struct anatomy_field ecap[] = {
	PART("C", VTD_ECAP_C, 0, SET("table walks snoop")),
	PART("QI", VTD_ECAP_QI, 0, SET("queued invalidation")),
	PART("DT", VTD_ECAP_DT, 0, SET("device-TLBs")),
	PART("IR", VTD_ECAP_IR, 0, SET("interrupt remapping")),
	PART("EIM", VTD_ECAP_EIM, 0, SET("x2APIC")),
	PART("PT", VTD_ECAP_PT, 0, SET("pass-through")),
	PART("SC", VTD_ECAP_SC, 0, SET("snoop control")),
	PART("IRO", VTD_ECAP_IRO, 0, .say = say_offset, TELLING),
	PART("MHMV", VTD_ECAP_MHMV, 0, .say = say_power),
	PART("MTS", VTD_ECAP_MTS, 0, SET("memory types")),
	PART("NEST", VTD_ECAP_NEST, 0, SET("nested translation")),
	PART("PRS", VTD_ECAP_PRS, 0, SET("page requests")),
	PART("ERS", VTD_ECAP_ERS, 0, SET("execute requests")),
	PART("SRS", VTD_ECAP_SRS, 0, SET("supervisor requests")),
	PART("NWFS", VTD_ECAP_NWFS, 0, SET("no-write flag")),
	PART("EAFS", VTD_ECAP_EAFS, 0, SET("extended accessed flag")),
	PART("PSS", VTD_ECAP_PSS, 0, .say = say_bits),
	PART("PASID", VTD_ECAP_PASID, 0, SET("requests with PASID")),
	PART("DIT", VTD_ECAP_DIT, 0, SET("device-TLB throttling")),
	PART("PDS", VTD_ECAP_PDS, 0, SET("page request drain")),
	PART("SMTS", VTD_ECAP_SMTS, 0, SET("scalable mode")),
	PART("VCS", VTD_ECAP_VCS, 0, SET("virtual commands")),
	PART("SSADS", VTD_ECAP_SSADS, 0, SET("second stage: A and D")),
	PART("SSTS", VTD_ECAP_SSTS, 0, SET("second stage")),
	PART("FSTS", VTD_ECAP_FSTS, 0, SET("first stage")),
	PART("SMPWCS", VTD_ECAP_SMPWCS, 0, SET("PWSNP")),
	PART("RPS", VTD_ECAP_RPS, 0, SET("RID_PASID")),
	PART("TDXCS", VTD_ECAP_TDXCS, 0, SET("TDX Connect")),
	PART("PMS", VTD_ECAP_PMS, 0, SET("performance monitor")),
	PART("ADMS", VTD_ECAP_ADMS, 0, SET("abort-DMA mode")),
	PART("RPRIVS", VTD_ECAP_RPRIVS, 0, SET("RID_PRIV")),
	PART("HPTS", VTD_ECAP_HPTS, 0, SET("host permission table")),
	PART("PTRS", VTD_ECAP_PTRS, 0, SET("PASID in translated requests")),
	PART("SSIRWS", VTD_ECAP_SSIRWS, 0, SET("second stage: IR and IW")),
	PART("SMS", VTD_ECAP_SMS, 0, SET("stop markers may be dropped")),
	PART("HPT1GPS", VTD_ECAP_HPT1GPS, 0, SET("host permission table: 1 GiB")),
	PART("RDTS", VTD_ECAP_RDTS, 0, SET("resource director tags")),
	PART("EIMER", VTD_ECAP_EIMER, 0, SET("x2APIC alone")),
	PART("IRREQ", VTD_ECAP_IRREQ, 0, SET("interrupt remapping is a must")),
};

/* ---- Commands and status ------------------------------------------------------------------------- */

static const struct anatomy_field gcmd[] = {
	PART("TE", VTD_G_TE, 0, SET("enable translation")),
	PART("SRTP", VTD_G_RTP, 0, SET("take the root table")),
	PART("WBF", VTD_G_WBF, 0, SET("flush write buffers")),
	PART("QIE", VTD_G_QIE, 0, SET("enable queued invalidation")),
	PART("IRE", VTD_G_IRE, 0, SET("enable interrupt remapping")),
	PART("SIRTP", VTD_G_IRTP, 0, SET("take the interrupt remapping table")),
	PART("CFI", VTD_G_CFI, 0, SET("let compatibility-format interrupts pass")),
};

static const struct anatomy_field gsts[] = {
	PART("TES", VTD_G_TE, 0, MEANS("translation off", "translation on"), TELLING),
	PART("RTPS", VTD_G_RTP, 0, SET("root table taken")),
	PART("WBFS", VTD_G_WBF, 0, SET("write buffers are flushed")),
	PART("QIES", VTD_G_QIE, 0, MEANS("queued invalidation off", "queued invalidation on"),
	     TELLING),
	PART("IRES", VTD_G_IRE, 0, MEANS("interrupt remapping off", "interrupt remapping on"),
	     TELLING),
	PART("IRTPS", VTD_G_IRTP, 0, SET("interrupt remapping table taken")),
	PART("CFIS", VTD_G_CFI, 0, SET("compatibility-format interrupts pass")),
};

static const struct anatomy_field rtaddr[] = {
	PART("SSIRWE", VTD_RTADDR_SSIRWE, 0, SET("second stage: IR and IW count")),
	PART("TTM", VTD_RTADDR_TTM, 0, MEANS("legacy", "scalable", "reserved", "abort-DMA"),
	     TELLING),
	PART("RTA", VTD_ADDRESS, 0, WHOLE, TELLING),
};

#define GRANULARITIES(none, third) MEANS(none, "global", "domain", third)

static const struct anatomy_field ccmd[] = {
	PART("DID", VTD_CCMD_DID, 0),
	PART("SID", VTD_CCMD_SID, 0, .say = anatomy_say_pci),
	PART("FM", VTD_CCMD_FM, 0),
	PART("CAIG", VTD_CCMD_CAIG, 0, GRANULARITIES(NULL, "device")),
	PART("CIRG", VTD_CCMD_CIRG, 0, GRANULARITIES(NULL, "device")),
	PART("ICC", VTD_CCMD_ICC, 0, SET("invalidate context cache")),
};

static const struct anatomy_field fsts[] = {
	PART("PFO", VTD_FSTS_PFO, 0, SET("fault records overflowed")),
	PART("PPF", VTD_FSTS_PPF, 0, SET("there are fault records")),
	PART("IQE", VTD_FSTS_IQE, 0, SET("invalidation queue error")),
	PART("ICE", VTD_FSTS_ICE, 0, SET("invalidation completion error")),
	PART("ITE", VTD_FSTS_ITE, 0, SET("invalidation timed out")),
	PART("FRI", VTD_FSTS_FRI, 0),
};

static const struct anatomy_field event_control[] = {
	PART("IP", VTD_EVENT_IP, 0, SET("pending")),
	PART("IM", VTD_EVENT_IM, 0, MEANS("not masked", "masked"), TELLING),
};

static const struct anatomy_field event_data[] = {
	PART("IMD", VTD_EVENT_DATA_MASK, 0, TELLING),
};

static const struct anatomy_field event_address[] = {
	PART("MA", VTD_EVENT_ADDRESS_MASK, 0, WHOLE, TELLING),
};

static const struct anatomy_field pmen[] = {
	PART("PRS", VTD_PMEN_PRS, 0, SET("regions are protected")),
	PART("EPM", VTD_PMEN_EPM, 0, SET("protect regions")),
};

/* ---- Queues and tables --------------------------------------------------------------------------- */

static const struct anatomy_field iq_head[] = { PART("QH", VTD_IQ_INDEX, 0, WHOLE, TELLING) };
static const struct anatomy_field iq_tail[] = { PART("QT", VTD_IQ_INDEX, 0, WHOLE, TELLING) };

static const char *say_iq_size(const struct anatomy_words *w, uint64_t value, char *room,
                               size_t size)
{
	snprintf(room, size, "%u entries", (w->word[0] & VTD_IQA_DW ? 128u : 256u) << value);
	return room;
}

static const struct anatomy_field iqa[] = {
	PART("QS", VTD_IQA_QS, 0, .say = say_iq_size, TELLING),
	PART("DW", VTD_IQA_DW, 0, MEANS("128-bit descriptors", "256-bit descriptors"), TELLING),
	PART("IQA", VTD_ADDRESS, 0, WHOLE, TELLING),
};

static const struct anatomy_field ics[] = {
	PART("IWC", VTD_ICS_IWC, 0, SET("a wait is done")),
};

static const struct anatomy_field iqercd[] = {
	PART("IQEI", VTD_IQERCD_IQEI, 0,
	     MEANS(NULL, "tail beyond the queue", "descriptor not readable", "descriptor type",
	           "reserved field or value", "descriptor width", "tail not aligned",
	           "translation table mode")),
	PART("ITESID", VTD_IQERCD_ITESID, 0, .say = anatomy_say_pci),
	PART("ICESID", VTD_IQERCD_ICESID, 0, .say = anatomy_say_pci),
};

static const char *say_irt_size(const struct anatomy_words *w, uint64_t value, char *room,
                                size_t size)
{
	(void)w;
	snprintf(room, size, "%u entries", 2u << value);
	return room;
}

static const struct anatomy_field irta[] = {
	PART("S", VTD_IRTA_S, 0, .say = say_irt_size, TELLING),
	PART("EIME", VTD_IRTA_EIME, 0, MEANS("xAPIC", "x2APIC"), TELLING),
	PART("IRTA", VTD_ADDRESS, 0, WHOLE, TELLING),
};

static const struct anatomy_field pq_head[] = { PART("PQH", VTD_PQ_INDEX, 0, WHOLE, TELLING) };
static const struct anatomy_field pq_tail[] = { PART("PQT", VTD_PQ_INDEX, 0, WHOLE, TELLING) };

static const char *say_pq_size(const struct anatomy_words *w, uint64_t value, char *room,
                               size_t size)
{
	(void)w;
	snprintf(room, size, "%u entries", 128u << value);
	return room;
}

static const struct anatomy_field pqa[] = {
	PART("PQS", VTD_PQA_PQS, 0, .say = say_pq_size, TELLING),
	PART("PQA", VTD_ADDRESS, 0, WHOLE, TELLING),
};

static const struct anatomy_field prs[] = {
	PART("PPR", VTD_PRS_PPR, 0, SET("requests are pending")),
	PART("PRO", VTD_PRS_PRO, 0, SET("overflow")),
};

static const struct anatomy_field iva[] = {
	PART("AM", VTD_IVA_AM, 0),
	PART("IH", VTD_IVA_IH, 0, SET("leaves alone")),
	PART("ADDR", VTD_ADDRESS, 0, WHOLE, TELLING),
};

static const struct anatomy_field iotlb[] = {
	PART("DID", VTD_IOTLB_DID, 0),
	PART("DW", VTD_IOTLB_DW, 0, SET("writes drained")),
	PART("DR", VTD_IOTLB_DR, 0, SET("reads drained")),
	PART("IAIG", VTD_IOTLB_IAIG, 0, GRANULARITIES(NULL, "pages of a domain")),
	PART("IIRG", VTD_IOTLB_IIRG, 0, GRANULARITIES(NULL, "pages of a domain")),
	PART("IVT", VTD_IOTLB_IVT, 0, SET("invalidate IOTLB")),
};

/* ---- Where they are ------------------------------------------------------------------------------ */

#define NEEDS(cap, ecap) .needs = { (cap), (ecap) }
#define EVENT(prefix, at, ...)                                                                     \
	REG(at, 4, prefix "CTL", event_control, __VA_ARGS__),                                      \
		REG((at) + VTD_EVENT_DATA, 4, prefix "DATA", event_data, __VA_ARGS__),             \
		REG((at) + VTD_EVENT_ADDRESS, 4, prefix "ADDR", event_address, __VA_ARGS__),       \
		NUMBER((at) + VTD_EVENT_UPPER, 4, prefix "UADDR", __VA_ARGS__)

const struct register_row registers_vtd[] = {
	REG(VTD_VER, 4, "VER", version, NEEDS(0, 0), .constant = true),
	REG(VTD_CAP, 8, "CAP", cap, NEEDS(0, 0), .constant = true),
	REG(VTD_ECAP, 8, "ECAP", ecap, NEEDS(0, 0), .constant = true),
	REG(VTD_GCMD, 4, "GCMD", gcmd, NEEDS(0, 0)),
	REG(VTD_GSTS, 4, "GSTS", gsts, NEEDS(0, 0)),
	REG(VTD_RTADDR, 8, "RTADDR", rtaddr, NEEDS(0, 0)),
	REG(VTD_CCMD, 8, "CCMD", ccmd, NEEDS(0, 0)),
	REG(VTD_FSTS, 4, "FSTS", fsts, NEEDS(0, 0)),
	EVENT("FE", VTD_FECTL, NEEDS(0, 0)),
	/* It comes with PLMR, and with PHMR. */
	REG(VTD_PMEN, 4, "PMEN", pmen, NEEDS(0, 0)),
	NUMBER(VTD_PLMBASE, 4, "PLMBASE", NEEDS(VTD_CAP_PLMR, 0)),
	NUMBER(VTD_PLMLIMIT, 4, "PLMLIMIT", NEEDS(VTD_CAP_PLMR, 0)),
	NUMBER(VTD_PHMBASE, 8, "PHMBASE", NEEDS(VTD_CAP_PHMR, 0)),
	NUMBER(VTD_PHMLIMIT, 8, "PHMLIMIT", NEEDS(VTD_CAP_PHMR, 0)),
	REG(VTD_IQH, 8, "IQH", iq_head, NEEDS(0, VTD_ECAP_QI)),
	REG(VTD_IQT, 8, "IQT", iq_tail, NEEDS(0, VTD_ECAP_QI)),
	REG(VTD_IQA, 8, "IQA", iqa, NEEDS(0, VTD_ECAP_QI)),
	REG(VTD_ICS, 4, "ICS", ics, NEEDS(0, VTD_ECAP_QI)),
	EVENT("IE", VTD_IECTL, NEEDS(0, VTD_ECAP_QI)),
	REG(VTD_IQERCD, 8, "IQERCD", iqercd, NEEDS(0, VTD_ECAP_QI)),
	REG(VTD_IRTA, 8, "IRTA", irta, NEEDS(0, VTD_ECAP_IR)),
	REG(VTD_PQH, 8, "PQH", pq_head, NEEDS(0, VTD_ECAP_PRS)),
	REG(VTD_PQT, 8, "PQT", pq_tail, NEEDS(0, VTD_ECAP_PRS)),
	REG(VTD_PQA, 8, "PQA", pqa, NEEDS(0, VTD_ECAP_PRS)),
	REG(VTD_PRS, 4, "PRS", prs, NEEDS(0, VTD_ECAP_PRS)),
	EVENT("PE", VTD_PECTL, NEEDS(0, VTD_ECAP_PRS)),
	REG(VTD_IVA, 8, "IVA", iva, .base = REGISTER_AT_IRO),
	REG(VTD_IOTLB, 8, "IOTLB", iotlb, .base = REGISTER_AT_IRO),
	{ .name = "FRCD",
	  .fields = &anatomy_vtd_fault,
	  .bytes = VTD_FRCD_BYTES,
	  .base = REGISTER_AT_FRO,
	  .stride = VTD_FRCD_BYTES },
};

const size_t registers_vtd_count = IOM_COUNT(registers_vtd);

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The register table ("Register Descriptions"), and what stores do. */
#include "model/vtd/vtd.h"

/* UNSPECIFIED: a store while a request is being carried out is dropped. */
static uint64_t request_legal(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
                              uint64_t lanes)
{
	(void)unit, (void)off, (void)lanes;
	/* ICC and IVT are the same bit. */
	return was & VTD_CCMD_ICC ? was : now;
}

static void request_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off;
	if (~was & now & VTD_CCMD_ICC)
		iom_work_soon_locked(unit, VTD_WORK_REGISTERS);
}

static void fsts_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off;
	vtd_event_served_locked(vtd_of(unit), VTD_EVENT_FAULT);
	/* The queue goes on. */
	if (was & ~now & (VTD_FSTS_IQE | VTD_FSTS_ITE))
		iom_work_later(unit, VTD_WORK_COMMANDS);
}

static void ics_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off, (void)was, (void)now;
	vtd_event_served_locked(vtd_of(unit), VTD_EVENT_INVALIDATION);
}

static void prs_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off, (void)was, (void)now;
	vtd_event_served_locked(vtd_of(unit), VTD_EVENT_PAGE);
}

/* What was kept back while IM was 1 goes out. */
static void control_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off, (void)was, (void)now;
	iom_work_later(unit, VTD_WORK_EVENTS);
}

static void record_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off;
	if (was & ~now & VTD_FRCD_1_F)
		vtd_records_served_locked(vtd_of(unit));
}

/* UNSPECIFIED: a store while the regions are protected is dropped. */
static uint64_t region_legal(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
                             uint64_t lanes)
{
	(void)off, (void)lanes;
	return vtd_get(vtd_of(unit), VTD_PMEN) ? was : now;
}

static void iqt_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off, (void)was, (void)now;
	iom_work_soon_locked(unit, VTD_WORK_COMMANDS);
}

#define EVENT(group, ctl)                                                                          \
	{ ctl, 4, group "CTL", .rw = VTD_EVENT_IM, .own = VTD_EVENT_IP, .wrote = control_wrote },  \
		{ (ctl) + VTD_EVENT_DATA, 4, group "DATA", .rw = VTD_EVENT_DATA_MASK },            \
		{ (ctl) + VTD_EVENT_ADDRESS, 4, group "ADDR", .rw = VTD_EVENT_ADDRESS_MASK },      \
	{                                                                                          \
		(ctl) + VTD_EVENT_UPPER, 4, group "UADDR", .rw = IOM_MASK(31, 0)                   \
	}

static const struct iom_reg vtd_regs[] = {
	{ VTD_VER, 4, "VER", .own = VTD_VER_MAJOR | VTD_VER_MINOR },
	{ VTD_CAP, 8, "CAP", .own = ~UINT64_C(0) },
	{ VTD_ECAP, 8, "ECAP", .own = ~UINT64_C(0) },
	{ VTD_GCMD, 4, "GCMD", .rw = VTD_G_ALL, .wo = VTD_G_ALL, .wrote = vtd_gcmd_wrote },
	{ VTD_GSTS, 4, "GSTS", .own = VTD_G_ALL },
	{ VTD_RTADDR, 8, "RTADDR", .rw = VTD_ADDRESS | VTD_RTADDR_TTM | VTD_RTADDR_SSIRWE },
	{ VTD_CCMD, 8, "CCMD",
	  .rw = VTD_CCMD_DID | VTD_CCMD_SID | VTD_CCMD_FM | VTD_CCMD_CIRG | VTD_CCMD_ICC,
	  .wo = VTD_CCMD_SID | VTD_CCMD_FM, .own = VTD_CCMD_CAIG, .legal = request_legal,
	  .wrote = request_wrote },
	{ VTD_FSTS, 4, "FSTS", .keeps = true, .own = VTD_FSTS_PPF | VTD_FSTS_FRI,
	  .w1c = VTD_FSTS_PFO | VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE, .wrote = fsts_wrote },
	EVENT("FE", VTD_FECTL),
};

static const struct iom_reg protected_regs[] = {
	{ VTD_PMEN, 4, "PMEN", .rw = VTD_PMEN_EPM, .own = VTD_PMEN_PRS, .wrote = vtd_pmen_wrote },
};

static const struct iom_reg low_regs[] = {
	{ VTD_PLMBASE, 4, "PLMBASE", .rw = IOM_MASK(31, 0), .legal = region_legal },
	{ VTD_PLMLIMIT, 4, "PLMLIMIT", .rw = IOM_MASK(31, 0), .legal = region_legal },
};

static const struct iom_reg high_regs[] = {
	{ VTD_PHMBASE, 8, "PHMBASE", .rw = IOM_MASK(63, 0), .legal = region_legal },
	{ VTD_PHMLIMIT, 8, "PHMLIMIT", .rw = IOM_MASK(63, 0), .legal = region_legal },
};

/* DW can be set where no queue works with it: IQERCD then says so. */
static const struct iom_reg queue_regs[] = {
	{ VTD_IQH, 8, "IQH", .own = VTD_IQ_INDEX },
	{ VTD_IQT, 8, "IQT", .rw = VTD_IQ_INDEX, .wrote = iqt_wrote },
	{ VTD_IQA, 8, "IQA", .rw = VTD_IQA_QS | VTD_IQA_DW | VTD_ADDRESS },
	{ VTD_ICS, 4, "ICS", .keeps = true, .w1c = VTD_ICS_IWC, .wrote = ics_wrote },
	EVENT("IE", VTD_IECTL),
	{ VTD_IQERCD, 8, "IQERCD", .keeps = true,
	  .own = VTD_IQERCD_IQEI | VTD_IQERCD_ITESID | VTD_IQERCD_ICESID },
};

static const struct iom_reg interrupt_regs[] = {
	{ VTD_IRTA, 8, "IRTA", .rw = VTD_IRTA_S | VTD_IRTA_EIME | VTD_ADDRESS },
};

static const struct iom_reg page_regs[] = {
	{ VTD_PQH, 8, "PQH", .rw = VTD_PQ_INDEX },
	{ VTD_PQT, 8, "PQT", .rw = VTD_PQ_INDEX },
	{ VTD_PQA, 8, "PQA", .rw = VTD_PQA_PQS | VTD_ADDRESS },
	{ VTD_PRS, 4, "PRS", .keeps = true, .w1c = VTD_PRS_PPR | VTD_PRS_PRO, .wrote = prs_wrote },
	EVENT("PE", VTD_PECTL),
};

/* Registers of a feature are there if the unit has one of these capabilities. */
static const struct {
	const struct iom_reg *table;
	size_t rows;
	uint64_t cap, ecap;
} features[] = {
	{ protected_regs, IOM_COUNT(protected_regs), .cap = VTD_CAP_PLMR | VTD_CAP_PHMR },
	{ low_regs, IOM_COUNT(low_regs), .cap = VTD_CAP_PLMR },
	{ high_regs, IOM_COUNT(high_regs), .cap = VTD_CAP_PHMR },
	{ queue_regs, IOM_COUNT(queue_regs), .ecap = VTD_ECAP_QI },
	{ interrupt_regs, IOM_COUNT(interrupt_regs), .ecap = VTD_ECAP_IR },
	{ page_regs, IOM_COUNT(page_regs), .ecap = VTD_ECAP_PRS },
};

/* At places of the configuration's choice */
static const struct iom_reg iotlb_regs[] = {
	{ VTD_IVA, 8, "IVA", .rw = VTD_ADDRESS | VTD_IVA_AM | VTD_IVA_IH,
	  .wo = VTD_ADDRESS | VTD_IVA_AM | VTD_IVA_IH },
	{ VTD_IOTLB, 8, "IOTLB",
	  .rw = VTD_IOTLB_DID | VTD_IOTLB_DW | VTD_IOTLB_DR | VTD_IOTLB_IIRG | VTD_IOTLB_IVT,
	  .own = VTD_IOTLB_IAIG, .legal = request_legal, .wrote = request_wrote },
};

static const struct iom_reg record_regs[] = {
	{ 0, 8, "FRCD", .keeps = true, .own = VTD_FRCD_FI },
	{ VTD_FRCD_1, 8, "FRCD", .keeps = true, .w1c = VTD_FRCD_1_F,
	  .own = VTD_FRCD_1_SID | VTD_FRCD_1_T2 | VTD_FRCD_1_PRIV | VTD_FRCD_1_EXE | VTD_FRCD_1_PP |
	         VTD_FRCD_1_FR | VTD_FRCD_1_PV | VTD_FRCD_1_AT | VTD_FRCD_1_T1,
	  .wrote = record_wrote },
};

static void add(struct iom_regfile *regs, const struct iom_reg *table, size_t rows, unsigned base)
{
	for (size_t i = 0; i < rows; i++)
		iom_regfile_add(regs, &table[i], base + table[i].off);
}

/* Fields of registers that are there for something else are RsvdZ without these capabilities. */
static const struct {
	uint64_t cap, ecap;
	uint16_t off;
	uint64_t field;
} fields[] = {
	{ .cap = VTD_CAP_RWBF, .off = VTD_GCMD, .field = VTD_G_WBF },
	{ .ecap = VTD_ECAP_QI, .off = VTD_GCMD, .field = VTD_G_QIE },
	{ .ecap = VTD_ECAP_IR, .off = VTD_GCMD, .field = VTD_G_IRE | VTD_G_IRTP | VTD_G_CFI },
	{ .ecap = VTD_ECAP_SSIRWS, .off = VTD_RTADDR, .field = VTD_RTADDR_SSIRWE },
	{ .ecap = VTD_ECAP_QI, .off = VTD_FSTS, .field = VTD_FSTS_IQE },
	{ .ecap = VTD_ECAP_DT, .off = VTD_FSTS, .field = VTD_FSTS_ICE | VTD_FSTS_ITE },
	{ .ecap = VTD_ECAP_EIM, .off = VTD_IRTA, .field = VTD_IRTA_EIME },
	{ .ecap = VTD_ECAP_EIM, .off = VTD_FECTL + VTD_EVENT_UPPER, .field = IOM_MASK(31, 0) },
	{ .ecap = VTD_ECAP_EIM, .off = VTD_IECTL + VTD_EVENT_UPPER, .field = IOM_MASK(31, 0) },
	{ .ecap = VTD_ECAP_EIM, .off = VTD_PECTL + VTD_EVENT_UPPER, .field = IOM_MASK(31, 0) },
};

void vtd_registers_init(struct vtd_unit *vtd)
{
	static const uint16_t regions[] = { VTD_PLMBASE, VTD_PLMLIMIT, VTD_PHMBASE, VTD_PHMLIMIT };
	struct iom_regfile *regs = &vtd->unit.regs;

	iom_regfile_init(regs, vtd_regs, IOM_COUNT(vtd_regs));
	for (size_t i = 0; i < IOM_COUNT(features); i++) {
		if (vtd->cap & features[i].cap || vtd->ecap & features[i].ecap)
			iom_regfile_init(regs, features[i].table, features[i].rows);
	}
	add(regs, iotlb_regs, IOM_COUNT(iotlb_regs), vtd_iotlb_offset(vtd->ecap));
	for (unsigned i = 0; i < vtd_fault_records(vtd->cap); i++)
		add(regs, record_regs, IOM_COUNT(record_regs), vtd_record_offset(vtd, i));

	for (size_t i = 0; i < IOM_COUNT(fields); i++) {
		if (!(vtd->cap & fields[i].cap) && !(vtd->ecap & fields[i].ecap) &&
		    vtd_has_register(vtd, fields[i].off))
			iom_regfile_narrow(regs, fields[i].off, ~fields[i].field);
	}
	for (size_t i = 0; i < IOM_COUNT(regions); i++) {
		if (vtd_has_register(vtd, regions[i]))
			iom_regfile_narrow(regs, regions[i], ~iom_low(vtd->config.protected_lg2));
	}
}

void vtd_registers_reset(struct vtd_unit *vtd)
{
	static const uint16_t masked[] = { VTD_FECTL, VTD_IECTL, VTD_PECTL };
	struct iom_unit *unit = &vtd->unit;

	iom_reg_set(unit, VTD_VER, vtd->config.version);
	iom_reg_set(unit, VTD_CAP, vtd->cap);
	iom_reg_set(unit, VTD_ECAP, vtd->ecap);
	for (size_t i = 0; i < IOM_COUNT(masked); i++) {
		if (vtd_has_register(vtd, masked[i]))
			iom_reg_set(unit, masked[i], VTD_EVENT_IM);
	}
}

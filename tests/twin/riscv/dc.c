/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* "Process to locate the Device-context" and "Device-context configuration checks". */
#include "inside.h"

static bool cap(const struct twin_job *job, unsigned n)
{
	return bit(job->unit->capabilities, n);
}

static bool gxl(const struct twin_job *job)
{
	return bit(job->unit->fctl, FCTL_GXL);
}

static bool be(const struct twin_job *job)
{
	return bit(job->unit->fctl, FCTL_BE);
}

/* The width of the widest GPA, to which mask and pattern of message addresses are limited. */
static unsigned mgpaw(const struct twin_job *job)
{
	if (cap(job, CAP_SV57X4))
		return 59;
	if (cap(job, CAP_SV48X4))
		return 50;
	if (cap(job, CAP_SV39X4))
		return 41;
	if (cap(job, CAP_SV32X4))
		return 34;
	return (unsigned)bits(job->unit->capabilities, 37, 32);
}

/* 1. Reserved bits are set. */
static bool reserved_bits(const struct twin_job *job)
{
	const struct twin_dc *dc = &job->dc;

	if (bits(dc->tc, 23, 12) || bits(dc->tc, 63, 32))
		return true;
	if (bits(dc->ta, 11, 0) || bits(dc->ta, 39, 32))
		return true;
	if (!cap(job, CAP_QOSID) && bits(dc->ta, 63, 40))
		return true;
	if (bits(dc->fsc, 59, 44))
		return true;
	return bits(dc->msiptp, 59, 44) || bits(dc->msi_addr_mask, 63, 52) ||
	       bits(dc->msi_addr_pattern, 63, 52) || dc->reserved;
}

static bool pdtp_ok(const struct twin_job *job, unsigned mode)
{
	switch (mode) {
	case 0:
		return true;
	case 1:
		return cap(job, CAP_PD8);
	case 2:
		return cap(job, CAP_PD17);
	case 3:
		return cap(job, CAP_PD20);
	default:
		return false;
	}
}

/* 9..11, and the same of a process context: a mode of the first stage. */
bool twin_iosatp_ok(const struct twin_unit *unit, bool sxl, unsigned mode)
{
	if (mode == 0)
		return true;
	if (sxl)
		return mode == 8 && bit(unit->capabilities, CAP_SV32);
	return (mode == 8 && bit(unit->capabilities, CAP_SV39)) ||
	       (mode == 9 && bit(unit->capabilities, CAP_SV48)) ||
	       (mode == 10 && bit(unit->capabilities, CAP_SV57));
}

/* 13..15. */
static bool iohgatp_ok(const struct twin_job *job, unsigned mode)
{
	if (mode == 0)
		return true;
	if (gxl(job))
		return mode == 8 && cap(job, CAP_SV32X4);
	return (mode == 8 && cap(job, CAP_SV39X4)) || (mode == 9 && cap(job, CAP_SV48X4)) ||
	       (mode == 10 && cap(job, CAP_SV57X4));
}

static bool sxl_ok(const struct twin_job *job)
{
	if (gxl(job))
		return job->dc.sxl;
	return !job->dc.sxl || job->unit->gxl_writable;
}

static bool misconfigured(const struct twin_job *job)
{
	const struct twin_dc *dc = &job->dc;
	unsigned iohgatp_mode = (unsigned)bits(dc->iohgatp, 63, 60);
	unsigned fsc_mode = (unsigned)bits(dc->fsc, 63, 60);
	unsigned msi_mode = (unsigned)bits(dc->msiptp, 63, 60);

	/* 1 */
	if (reserved_bits(job))
		return true;
	/* 2 */
	if (!cap(job, CAP_ATS) && (dc->en_ats || dc->en_pri || dc->prpr))
		return true;
	/* 3, 4, 5 */
	if (!dc->en_ats && (dc->t2gpa || dc->en_pri))
		return true;
	if (!dc->en_pri && dc->prpr)
		return true;
	/* 6, 7 */
	if (dc->t2gpa && (!cap(job, CAP_T2GPA) || iohgatp_mode == 0))
		return true;
	/* 8 */
	if (dc->pdtv && !pdtp_ok(job, fsc_mode))
		return true;
	/* 9, 10, 11 */
	if (!dc->pdtv && !twin_iosatp_ok(job->unit, dc->sxl, fsc_mode))
		return true;
	/* 12 */
	if (!dc->pdtv && dc->dpe)
		return true;
	/* 13, 14, 15 */
	if (!iohgatp_ok(job, iohgatp_mode))
		return true;
	/* 16; 0 in the base format */
	if (msi_mode > 1)
		return true;
	/* 17 */
	if (iohgatp_mode != 0 && bits(dc->iohgatp, 1, 0))
		return true;
	/* 18 */
	if (!cap(job, CAP_AMO_HWAD) && (dc->sade || dc->gade))
		return true;
	/* 19, 21 */
	if (!cap(job, CAP_END) && dc->sbe != be(job))
		return true;
	/* 20 */
	if (!sxl_ok(job))
		return true;
	/* 22 */
	if (cap(job, CAP_QOSID) && (bits(dc->ta, 51, 40) >> job->unit->qos_id_bits ||
	                            bits(dc->ta, 63, 52) >> job->unit->qos_id_bits))
		return true;
	/* 23 */
	if (iohgatp_mode == 0 && msi_mode != 0)
		return true;
	/* 24 */
	return !job->unit->lenient_msi_mask &&
	       (dc->msi_addr_mask | dc->msi_addr_pattern) >> (mgpaw(job) - 12);
}

static void take_apart(struct twin_job *job, const uint64_t *dw, bool extended)
{
	uint64_t gpa_page = (1ull << (mgpaw(job) - 12)) - 1;
	struct twin_dc *dc = &job->dc;

	*dc = (struct twin_dc){
		.tc = dw[0],
		.en_ats = bit(dw[0], 1),
		.en_pri = bit(dw[0], 2),
		.t2gpa = bit(dw[0], 3),
		.dtf = bit(dw[0], 4),
		.pdtv = bit(dw[0], 5),
		.prpr = bit(dw[0], 6),
		.gade = bit(dw[0], 7),
		.sade = bit(dw[0], 8),
		.dpe = bit(dw[0], 9),
		.sbe = bit(dw[0], 10),
		.sxl = bit(dw[0], 11),
		.iohgatp = dw[1],
		.ta = dw[2],
		.fsc = dw[3],
	};
	if (!extended)
		return;
	dc->msiptp = dw[4];
	dc->msi_addr_mask = dw[5];
	dc->msi_addr_pattern = dw[6];
	dc->reserved = dw[7];
	if (job->unit->lenient_msi_mask) {
		dc->msi_addr_mask &= gpa_page | bits(~0ull, 63, 52) << 52;
		dc->msi_addr_pattern &= gpa_page | bits(~0ull, 63, 52) << 52;
	}
}

unsigned twin_locate_dc(struct twin_job *job)
{
	bool extended = cap(job, CAP_MSI_FLAT);
	uint32_t id = job->request->device_id;
	unsigned ddi[3], i;
	uint64_t a, dw[8];
	enum twin_bus bus;

	ddi[0] = (unsigned)(extended ? bits(id, 5, 0) : bits(id, 6, 0));
	ddi[1] = (unsigned)(extended ? bits(id, 14, 6) : bits(id, 15, 7));
	ddi[2] = (unsigned)(extended ? bits(id, 23, 15) : bits(id, 23, 16));

	/* 1. */
	a = bits(job->unit->ddtp, 53, 10) << 12;
	i = (unsigned)bits(job->unit->ddtp, 3, 0) - 2; /* 1LVL is 2 */

	/* 2. Non-leaf entries. */
	for (; i > 0; i--) {
		bus = twin_load(job,
		                (struct twin_access){ TWIN_DDT, i, be(job), a + ddi[i] * 8, 8 },
		                dw);
		if (bus == TWIN_BUS_FAULT)
			return 257;
		if (bus == TWIN_BUS_POISON)
			return 268;
		if (!bit(dw[0], 0))
			return 258;
		if (bits(dw[0], 9, 1) || bits(dw[0], 63, 54))
			return 259;
		a = bits(dw[0], 53, 10) << 12;
	}

	/* 3. The device context. */
	a += (uint64_t)ddi[0] * (extended ? 64 : 32);
	bus = twin_load(job, (struct twin_access){ TWIN_DC, 0, be(job), a, extended ? 64 : 32 },
	                dw);
	if (bus == TWIN_BUS_FAULT)
		return 257;
	if (bus == TWIN_BUS_POISON)
		return 268;
	if (!bit(dw[0], 0))
		return 258;
	take_apart(job, dw, extended);
	return misconfigured(job) ? 259 : 0;
}

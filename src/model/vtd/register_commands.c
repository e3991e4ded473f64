/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Invalidations by register ("Register-based Invalidation Interface"): CCMD, IVA and IOTLB. */
#include "model/vtd/vtd.h"

/* A request's granularity; VTD_G_NONE: it is rejected. */
static unsigned accepted(const struct vtd_unit *vtd, unsigned g)
{
	bool queued = vtd_get(vtd, VTD_GSTS) & VTD_G_QIE;

	/* UNSPECIFIED: what comes of it while queued invalidation is on. */
	if (vtd_major(vtd) >= 6 || vtd_ttm(iom_peek(&vtd->root)) != VTD_TTM_LEGACY ||
	    (queued && !(vtd->config.flags & IOM_VTD_REGISTERS_ALWAYS)))
		return VTD_G_NONE;
	return g;
}

/* The request is over; `granularity`, the field that tells the actual one, becomes `g`. */
static void answer(struct vtd_unit *vtd, unsigned off, uint64_t busy, uint64_t granularity,
                   unsigned g)
{
	iom_lock(&vtd->unit.lock);
	if (!iom_overtaken_locked(&vtd->unit))
		iom_reg_change(&vtd->unit, off, busy | granularity, IOM_PUT(granularity, g));
	iom_unlock(&vtd->unit.lock);
}

static void context_command(struct vtd_unit *vtd)
{
	uint64_t r = vtd_get(vtd, VTD_CCMD);
	unsigned g = accepted(vtd, (unsigned)IOM_GET(VTD_CCMD_CIRG, r));

	if (!(r & VTD_CCMD_ICC))
		return;
	if (g != VTD_G_NONE)
		vtd_forget_contexts(vtd, g, (uint32_t)IOM_GET(VTD_CCMD_DID, r),
		                    (uint32_t)IOM_GET(VTD_CCMD_SID, r),
		                    (unsigned)IOM_GET(VTD_CCMD_FM, r));
	answer(vtd, VTD_CCMD, VTD_CCMD_ICC, VTD_CCMD_CAIG, g);
}

/* Carries it out, and gives the granularity. */
static unsigned iotlb_invalidate(struct vtd_unit *vtd, uint64_t r, uint64_t iva)
{
	unsigned g = accepted(vtd, (unsigned)IOM_GET(VTD_IOTLB_IIRG, r));
	unsigned am = (unsigned)IOM_GET(VTD_IVA_AM, iva);

	if (g == VTD_G_NONE || (g == VTD_G_SELECTIVE && !vtd_page_selective(vtd, am)))
		return VTD_G_NONE;
	vtd_forget_iotlb(vtd, g, (uint32_t)IOM_GET(VTD_IOTLB_DID, r), iva, am);
	(void)iom_drain(&vtd->unit, VTD_DRAIN_IOTLB, false);
	return g;
}

static void iotlb_command(struct vtd_unit *vtd)
{
	unsigned off = vtd_iotlb_offset(vtd->ecap), g;
	uint64_t r = vtd_get(vtd, off + VTD_IOTLB);

	if (!(r & VTD_IOTLB_IVT))
		return;
	if (vtd->iotlb_waits == VTD_G_NONE)
		vtd->iotlb_waits = (uint8_t)iotlb_invalidate(vtd, r, vtd_get(vtd, off + VTD_IVA));
	g = vtd->iotlb_waits;
	if (g != VTD_G_NONE && iom_drains(&vtd->unit, VTD_DRAIN_IOTLB))
		return;
	vtd->iotlb_waits = VTD_G_NONE;
	answer(vtd, off + VTD_IOTLB, VTD_IOTLB_IVT, VTD_IOTLB_IAIG, g);
}

void vtd_registers_run(struct vtd_unit *vtd)
{
	context_command(vtd);
	iotlb_command(vtd);
}

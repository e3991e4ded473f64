/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Which page-table schemes the IOMMU and we agree on: those of RV64, or those of RV32 ("Features-control
 * register", GXL; "Device-context", tc.SXL).  64-bit ones wherever hardware has any.
 */
#include "os/drv/riscv/riscv.h"

#define SCHEMES1_RV64 (RV_CAP_SV39 | RV_CAP_SV48 | RV_CAP_SV57)
#define SCHEMES_RV64 (SCHEMES1_RV64 | RV_CAP_SV39X4 | RV_CAP_SV48X4 | RV_CAP_SV57X4)
#define SCHEMES_RV32 (RV_CAP_SV32 | RV_CAP_SV32X4)

static bool gxl_put(struct rvd_driver *d, bool on)
{
	return rvd_fctl_change(d, on ? RV_FCTL_GXL : 0, on ? 0 : RV_FCTL_GXL);
}

static uint8_t widest(uint64_t cap, uint64_t sv57, uint64_t sv48, uint64_t sv39)
{
	return cap & sv57   ? RV_ATP_SV57
	       : cap & sv48 ? RV_ATP_SV48
	       : cap & sv39 ? RV_ATP_SV39
	                    : RV_ATP_BARE;
}

static uint8_t narrow(uint64_t cap, uint64_t sv32)
{
	return cap & sv32 ? RV_ATP_SV32 : RV_ATP_BARE;
}

/*
 * With GXL=0 a first stage of RV32 is legal only if GXL might be 1 as well, and nothing but a store to
 * it tells.  False: the register is gone.
 */
static bool gxl_choose(struct rvd_driver *d)
{
	uint32_t was = rvd_rd32(d, RV_FCTL), now;
	bool one, zero = true;

	if (d->cap & RV_CAP_SV32 && d->cap & SCHEMES_RV64) {
		one = gxl_put(d, true);
		zero = gxl_put(d, false);
		d->sxl_free = one && zero;
	} else {
		gxl_put(d, d->cap & SCHEMES_RV32 && !(d->cap & SCHEMES_RV64));
	}
	now = rvd_rd32(d, RV_FCTL);
	d->gxl = now & RV_FCTL_GXL;
	/* What was 0 can be 0 again. */
	return !rvd_gone(was) && !rvd_gone(now) && (zero || was & RV_FCTL_GXL);
}

int rvd_schemes(struct rvd_driver *d, struct iom_error *error)
{
	if (!gxl_choose(d))
		return iom_fail(error, IOM_EIO,
		                "fctl.GXL does not hold what is stored; is the IOMMU still there?");
	if (d->gxl && !(d->cap & SCHEMES_RV32))
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU is fixed to RV32 tables by fctl.GXL, but has no scheme "
		                "for them (capabilities 0x%llx)",
		                (unsigned long long)d->cap);
	if (d->gxl || (d->sxl_free && !(d->cap & SCHEMES1_RV64)))
		d->stage1 = (struct rvd_scheme){ narrow(d->cap, RV_CAP_SV32), true };
	else
		d->stage1 =
			(struct rvd_scheme){ widest(d->cap, RV_CAP_SV57, RV_CAP_SV48, RV_CAP_SV39),
			                     false };
	if (d->gxl)
		d->stage2 = (struct rvd_scheme){ narrow(d->cap, RV_CAP_SV32X4), true };
	else
		d->stage2 = (struct rvd_scheme){
			widest(d->cap, RV_CAP_SV57X4, RV_CAP_SV48X4, RV_CAP_SV39X4), false
		};
	return IOM_OK;
}

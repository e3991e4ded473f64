/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Register-based invalidation ("Context Command Register", "IOTLB Registers"): for units that have no
 * queue.  Each is done, or has failed, when the function returns.
 */
#include "os/drv/vtd/vtd.h"

int vtdd_ccmd(struct vtdd_driver *d, unsigned granularity, uint32_t did, uint32_t sid)
{
	uint64_t val;
	int err;

	vtdd_wr64(d, VTD_CCMD,
	          VTD_CCMD_ICC | IOM_PUT(VTD_CCMD_CIRG, granularity) | IOM_PUT(VTD_CCMD_DID, did) |
	                  IOM_PUT(VTD_CCMD_SID, sid));
	err = vtdd_wait(d, VTD_CCMD, 8, VTD_CCMD_ICC, 0, &val);
	return err || IOM_GET(VTD_CCMD_CAIG, val) ? err : IOM_EIO;
}

/* `address` is IVA's, and counts for pages alone. */
int vtdd_iotlb(struct vtdd_driver *d, unsigned granularity, uint32_t did, uint64_t address)
{
	uint64_t at = IOM_GET(VTD_ECAP_IRO, d->ecap) * 16, val;
	int err;

	if (granularity == VTD_G_SELECTIVE)
		vtdd_wr64(d, at + VTD_IVA, address);
	vtdd_wr64(d, at + VTD_IOTLB,
	          VTD_IOTLB_IVT | IOM_PUT(VTD_IOTLB_IIRG, granularity) |
	                  IOM_PUT(VTD_IOTLB_DID, did) | (d->cap & VTD_CAP_DWD ? VTD_IOTLB_DW : 0) |
	                  (d->cap & VTD_CAP_DRD ? VTD_IOTLB_DR : 0));
	err = vtdd_wait(d, at + VTD_IOTLB, 8, VTD_IOTLB_IVT, 0, &val);
	return err || IOM_GET(VTD_IOTLB_IAIG, val) ? err : IOM_EIO;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Quality-of-service identifiers ("IOMMU QoS ID", "QoS identifiers in the device context"). */
#include "model/riscv/riscv.h"

void rv_qos(const struct rv_unit *rv, const struct rv_context *context, uint16_t *rcid,
            uint16_t *mcid)
{
	uint64_t own;

	if (context) {
		*rcid = context->dc.rcid;
		*mcid = context->dc.mcid;
		return;
	}
	own = rv_get(rv, RV_QOSID);
	*rcid = (uint16_t)IOM_GET(RV_QOSID_RCID, own);
	*mcid = (uint16_t)IOM_GET(RV_QOSID_MCID, own);
}

uint64_t rv_qos_ids(const struct rv_unit *rv, uint64_t rcid, uint64_t mcid)
{
	uint64_t id = rv->cap & RV_CAP_QOSID ? iom_low(rv->config.qos_id_bits) : 0;

	return IOM_PUT(rcid, id) | IOM_PUT(mcid, id);
}

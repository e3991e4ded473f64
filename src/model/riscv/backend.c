/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A guest's contexts and invalidation commands, in the words of backends. */
#include "model/backend.h"
#include "model/riscv/riscv.h"

static uint32_t format_of(uint64_t mode, bool rv32)
{
	switch (mode) {
	case RV_ATP_SV39: /* the number is Sv32's too */
		return rv32 ? IOM_FORMAT_RISCV_SV32 : IOM_FORMAT_RISCV_SV39;
	case RV_ATP_SV48:
		return IOM_FORMAT_RISCV_SV48;
	case RV_ATP_SV57:
		return IOM_FORMAT_RISCV_SV57;
	default:
		return IOM_FORMAT_NONE;
	}
}

void rv_inform(const struct iom_query *query, struct iom_context_info *info)
{
	struct rv_unit *rv = rv_of(query->unit);
	struct iom_fault fault = { 0 };
	struct rv_context c;
	uint64_t gatp;

	info->kind = IOM_CONTEXT_BLOCKED;
	if (rv_ddtp_mode(rv) == RV_DDTP_OFF)
		return;
	info->kind = IOM_CONTEXT_TRANSLATED;
	if (rv_ddtp_mode(rv) == RV_DDTP_BARE)
		return;
	if (!rv_locate(query, &c, &fault)) {
		info->kind = IOM_CONTEXT_BLOCKED;
		return;
	}
	gatp = c.dc.iohgatp;
	info->stage1 = (struct iom_stage){
		.root = IOM_GET(RV_FSC_PPN, c.iosatp) << 12,
		.format = format_of(IOM_GET(RV_FSC_MODE, c.iosatp), c.dc.tc & RV_TC_SXL),
		.tag = (uint32_t)IOM_GET(RV_PC_TA_PSCID, c.ta),
		.big_endian = c.dc.tc & RV_TC_SBE,
	};
	info->stage2 = (struct iom_stage){
		.root = IOM_GET(RV_IOHGATP_PPN, gatp) << 12,
		.format = format_of(IOM_GET(RV_IOHGATP_MODE, gatp),
		                    rv_get(rv, RV_FCTL) & RV_FCTL_GXL),
		.tag = (uint32_t)IOM_GET(RV_IOHGATP_GSCID, gatp),
		.big_endian = rv_big_endian(rv),
	};
}

void rv_tell_iotinval(struct rv_unit *rv, const uint64_t *c)
{
	bool gvma = IOM_GET(RV_CMD_FUNC3, c[0]) == RV_IOTINVAL_GVMA;
	bool gv = c[0] & RV_IOTINVAL_GV, av = c[0] & RV_IOTINVAL_AV && (gv || !gvma);
	uint64_t address = IOM_GET(RV_IOTINVAL_1_ADDR, c[1]) << 12;
	unsigned lg2 = 12;
	struct iom_invalidation what;

	/* The range is coded as in NAPOT pages: its size stands where the address has its lowest 0. */
	if (c[1] & RV_IOTINVAL_1_S)
		lg2 = ~(address >> 12) & iom_low(52) ? 13 + iom_ctz(~(address >> 12)) : 64;
	what = (struct iom_invalidation){
		.stage1 = !gvma,
		.stage2 = gvma,
		.no_guest = !gvma && !gv,
		.one_guest = gv,
		.guest_tag = (uint32_t)IOM_GET(RV_IOTINVAL_GSCID, c[0]),
		.one_process = !gvma && c[0] & RV_IOTINVAL_PSCV,
		.process_tag = (uint32_t)IOM_GET(RV_IOTINVAL_PSCID, c[0]),
		.one_range = av && lg2 < 64,
		.first = address & ~iom_low(lg2),
		.last = address | iom_low(lg2),
	};
	iom_backend_invalidate(&rv->unit, &what);
}

void rv_tell_iodir(struct rv_unit *rv, const uint64_t *c)
{
	const struct iom_invalidation what = {
		.one_requester = c[0] & RV_IODIR_DV,
		.requester = (uint32_t)IOM_GET(RV_IODIR_DID, c[0]),
		.one_pasid = IOM_GET(RV_CMD_FUNC3, c[0]) == RV_IODIR_INVAL_PDT,
		.pasid = (uint32_t)IOM_GET(RV_IODIR_PID, c[0]),
	};

	iom_backend_invalidate(&rv->unit, &what);
}

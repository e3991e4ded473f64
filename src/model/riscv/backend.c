/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A guest's contexts and invalidation commands, in the words of backends. */
#include "model/backend.h"

#include <string.h>

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

/* What a stage's atp says; nothing of it counts where the stage is Bare. */
static struct iom_stage stage_of(uint64_t atp, bool rv32, uint32_t tag, bool big_endian)
{
	/* PPN and MODE stand in the same places in iosatp and iohgatp. */
	struct iom_stage stage = {
		.root = IOM_GET(RV_FSC_PPN, atp) << 12,
		.format = format_of(IOM_GET(RV_FSC_MODE, atp), rv32),
		.tag = tag,
		.big_endian = big_endian,
	};

	if (stage.format == IOM_FORMAT_NONE)
		memset(&stage, 0, sizeof stage);
	return stage;
}

void rv_inform(const struct iom_query *query, struct iom_context_info *info)
{
	struct rv_unit *rv = rv_of(query->unit);
	uint64_t ddtp = rv_get(rv, RV_DDTP), mode = IOM_GET(RV_DDTP_MODE, ddtp);
	struct iom_fault fault = { 0 };
	struct rv_context c;

	info->kind = IOM_CONTEXT_BLOCKED;
	if (mode == RV_DDTP_OFF)
		return;
	if (mode == RV_DDTP_BARE) {
		info->kind = IOM_CONTEXT_TRANSLATED;
		return;
	}
	if (!rv_locate(query, ddtp, &c, &fault))
		return;
	info->kind = IOM_CONTEXT_TRANSLATED;
	info->stage1 = stage_of(c.iosatp, c.dc.tc & RV_TC_SXL,
	                        (uint32_t)IOM_GET(RV_PC_TA_PSCID, c.ta), c.dc.tc & RV_TC_SBE);
	info->stage2 =
		stage_of(c.dc.iohgatp, c.fctl & RV_FCTL_GXL,
	                 (uint32_t)IOM_GET(RV_IOHGATP_GSCID, c.dc.iohgatp), c.fctl & RV_FCTL_BE);
}

void rv_tell_iotinval(struct rv_unit *rv, const uint64_t *c)
{
	bool gvma = IOM_GET(RV_CMD_FUNC3, c[0]) == RV_IOTINVAL_GVMA;
	bool gv = c[0] & RV_IOTINVAL_GV, av = c[0] & RV_IOTINVAL_AV && (gv || !gvma);
	uint64_t address = IOM_GET(RV_IOTINVAL_1_ADDR, c[1]) << 12;
	unsigned lg2 = rv_iotinval_lg2(c);
	const struct iom_invalidation what = {
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

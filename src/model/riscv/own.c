/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The unit's own accesses to memory for a request: what they carry, and who hears of them. */
#include "model/riscv/riscv.h"

/* What reading an entry counts as. */
static const uint8_t walk_of[] = {
	[IOM_OF_DEVICE] = RV_EVENT_DDT_WALK,
	[IOM_OF_PROCESS] = RV_EVENT_PDT_WALK,
	[IOM_OF_STAGE1] = RV_EVENT_STAGE1_WALK,
	[IOM_OF_STAGE2] = RV_EVENT_STAGE2_WALK,
};

void rv_accessed(const struct iom_query *query, const struct rv_context *context,
                 struct iom_own_access *access)
{
	rv_qos(rv_of(query->unit), context, &access->rcid, &access->mcid);
	iom_own_tell(query->unit, query->requester, access);
	if (!access->write && access->of < IOM_COUNT(walk_of) && walk_of[access->of])
		rv_count(query, context, walk_of[access->of]);
}

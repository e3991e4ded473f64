/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The unit's own accesses to memory for a request: what they carry, and who hears of them. */
#include "model/riscv/riscv.h"

/* Identifiers of quality of service are not built. */
void rv_qos(const struct rv_unit *rv, const struct rv_context *context, uint16_t *rcid,
            uint16_t *mcid)
{
	(void)rv, (void)context;
	*rcid = *mcid = 0;
}

/* What reading an entry counts as. */
static const uint8_t walk_of[] = {
	[IOM_OF_DEVICE] = RV_EVENT_DDT_WALK,
	[IOM_OF_PROCESS] = RV_EVENT_PDT_WALK,
	[IOM_OF_STAGE1] = RV_EVENT_STAGE1_WALK,
	[IOM_OF_STAGE2] = RV_EVENT_STAGE2_WALK,
};

void rv_accessed(const struct iom_query *query, const struct rv_context *context, unsigned of,
                 uint64_t spa, unsigned bytes, bool write, int result)
{
	struct iom_own_access access = {
		.spa = spa,
		.bytes = bytes,
		.result = result,
		.of = (uint8_t)of,
		.write = write,
	};

	rv_qos(rv_of(query->unit), context, &access.rcid, &access.mcid);
	iom_own_tell(query->unit, query->requester, &access);
	if (!write && of < IOM_COUNT(walk_of) && walk_of[of])
		rv_count(query, context, walk_of[of]);
}

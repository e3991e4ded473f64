/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Memory-resident interrupt files: what a device's access to a guest's interrupt file means while that
 * is kept in memory (AIA, "IOMMU support for MSIs to virtual machines", "Memory-resident interrupt
 * files").
 */
#include "model/riscv/riscv.h"

void rv_mrif_grant(const struct rv_notice *notice, struct iom_grant *grant)
{
	grant->target = IOM_TARGET_MRIF;
	grant->word[0] = notice->address;
	grant->word[1] = notice->data;
}

/* Which identity a store of 4 bytes names.  False: none, and the store is dropped. */
static bool identity_of(const struct rv_unit *rv, uint64_t iova, const void *from, uint32_t *id)
{
	uint64_t reg = iova & iom_low(12);

	if (reg != RV_SETEIPNUM_LE &&
	    (reg != RV_SETEIPNUM_BE || rv->config.flags & IOM_RISCV_NO_MSI_BE))
		return false;
	*id = iom_ld32(from, reg == RV_SETEIPNUM_BE);
	return *id < RV_MRIF_IDENTITIES;
}

/*
 * As AMOOR would.  Without AMO_MRIF software expects less, and nothing forbids to give it more: devices
 * of one unit must not lose each other's messages in any case.
 */
static int set_bit(const struct iom_query *query, const struct iom_grant *grant, uint64_t off,
                   uint64_t bit)
{
	struct iom_own_access access = {
		.spa = grant->spa + off,
		.bytes = 8,
		.rcid = grant->qos.rcid,
		.mcid = grant->qos.mcid,
		.of = IOM_OF_MRIF,
	};
	uint64_t found = 0;
	uint8_t room[16];

	if (rv_beyond_pas(rv_of(query->unit), access.spa))
		return IOM_EFAULT;
	access.result = iom_unit_set_bits(query->unit, access.spa, bit, &found);
	if (query->watchers) {
		iom_own_swap(&access, found, found | bit, false, room);
		iom_own_tell(query->unit, query->requester, &access);
	}
	return access.result;
}

int rv_mrif_access(const struct iom_query *query, const struct iom_grant *grant, uint64_t bytes,
                   struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	struct rv_unit *rv = rv_of(query->unit);
	uint32_t id;
	int bus;

	if (bytes != 4 || q->iova % 4)
		return IOM_ENOTSUP;
	if (query->data->to) {
		iom_st32(query->data->to, 0, false);
		return IOM_OK;
	}
	if (!identity_of(rv, q->iova, query->data->from, &id))
		return IOM_OK;
	bus = set_bit(query, grant, (uint64_t)(id / 64) * RV_MRIF_PAIR_BYTES, IOM_BIT(id % 64));
	if (bus) {
		fault->where = IOM_WHERE_MRIF;
		fault->why = bus == IOM_EPOISON ? PT_WHY_POISON : PT_WHY_BUS;
		return IOM_EFAULT;
	}
	/* Whatever the enable bit says: software finds out what the notice is about. */
	rv_send(rv, grant->word[0], (uint32_t)grant->word[1]);
	iom_work(query->unit, 0);
	return IOM_OK;
}

int rv_mrif_route(const struct iom_query *query, const struct iom_grant *grant,
                  struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	uint32_t id;

	(void)fault;
	if (q->iova % 4)
		return IOM_ENOTSUP;
	if (!identity_of(rv_of(query->unit), q->iova, query->data->from, &id))
		id = UINT32_MAX;
	*query->route = (struct iom_route){
		.address = grant->spa,
		.data = id,
		.kind = IOM_ROUTE_MRIF,
	};
	return IOM_OK;
}

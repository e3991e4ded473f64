/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Interrupts of devices: from a write to the interrupt address range to a message or a posting
 * ("Interrupt Remapping"), the steps in the manual's order.
 */
#include "model/vtd/vtd.h"

static bool is_message(const struct iom_request *q)
{
	return q->access == IOM_WRITE && q->bytes == 4 && !(q->iova % 4);
}

static bool reads_nothing(const struct iom_request *q)
{
	return (q->access == IOM_READ || q->access == IOM_EXECUTE) && !q->bytes;
}

bool vtd_interrupt_resolve(const struct iom_query *query, struct iom_grant *grant,
                           struct iom_fault *fault)
{
	const struct iom_request *q = query->request;

	if (!is_message(q) && !reads_nothing(q)) {
		fault->code = VTD_FR_IR_NO_MESSAGE;
		return false;
	}
	grant->spa = q->iova;
	grant->range_lg2 = 12;
	grant->alike_lg2 = VTD_INTERRUPT_RANGE_LG2;
	grant->perm = IOM_PERM_WRITE;
	grant->target = IOM_TARGET_INTERRUPT;
	return true;
}

/* ---- Entries of the interrupt remapping table -------------------------------------------------- */

/* SQ: which bits of the source-id are compared. */
static const uint16_t source_masks[] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };

static bool source_ok(uint64_t high, uint16_t requester)
{
	uint16_t sid = (uint16_t)IOM_GET(VTD_IRTE_1_SID, high);
	uint16_t mask = source_masks[IOM_GET(VTD_IRTE_1_SQ, high)];
	unsigned bus = requester >> 8;

	switch ((enum vtd_svt)IOM_GET(VTD_IRTE_1_SVT, high)) {
	case VTD_SVT_NONE:
		return true;
	case VTD_SVT_SID:
		return !((sid ^ requester) & mask);
	case VTD_SVT_BUS:
		return sid >> 8 <= bus && bus <= (sid & 0xffu);
	case VTD_SVT_RESERVED:
		break;
	}
	return false;
}

/* What becomes of each delivery mode; SMI, NMI, INIT and ExtINT are always edge-triggered. */
enum trigger { RESERVED, EDGE, AS_TM };
static const uint8_t triggers[] = {
	[VTD_DLM_FIXED] = AS_TM, [VTD_DLM_LOWEST] = AS_TM, [VTD_DLM_SMI] = EDGE,
	[VTD_DLM_NMI] = EDGE,    [VTD_DLM_INIT] = EDGE,    [VTD_DLM_EXTINT] = EDGE,
};

static bool remapped_ok(const uint64_t *irte, bool x2apic)
{
	uint64_t reserved = VTD_IRTE_RSVD | (x2apic ? 0 : VTD_IRTE_XAPIC_RSVD);

	return !(irte[0] & reserved) && !(irte[1] & VTD_IRTE_1_RSVD) &&
	       triggers[IOM_GET(VTD_IRTE_DLM, irte[0])] != RESERVED;
}

static void remap(uint64_t low, bool x2apic, struct iom_route *route)
{
	uint64_t dlm = IOM_GET(VTD_IRTE_DLM, low);
	bool level = low & VTD_IRTE_TM && triggers[dlm] == AS_TM;
	uint64_t apic_id = IOM_GET(x2apic ? VTD_IRTE_DST : VTD_IRTE_DST_XAPIC, low);

	*route = (struct iom_route){
		.kind = IOM_ROUTE_MESSAGE,
		.address = vtd_message_address((uint32_t)apic_id, low & VTD_IRTE_DM,
		                               low & VTD_IRTE_RH),
		.data = (uint32_t)(IOM_PUT(VTD_MSI_DATA_VECTOR, IOM_GET(VTD_IRTE_V, low)) |
		                   IOM_PUT(VTD_MSI_DATA_DLM, dlm) | VTD_MSI_DATA_ASSERT |
		                   (level ? VTD_MSI_DATA_LEVEL : 0)),
	};
}

static uint64_t descriptor_of(const uint64_t *irte)
{
	return (irte[0] & VTD_IRTE_PDAL) >> 32 | (irte[1] & VTD_IRTE_1_PDAH);
}

static bool posted_ok(const uint64_t *irte, const struct vtd_irte_rules *rules)
{
	return rules->posting && !(irte[0] & VTD_IRTE_POSTED_RSVD) &&
	       !(irte[1] & VTD_IRTE_1_POSTED_RSVD) && descriptor_of(irte) <= rules->address_last;
}

uint8_t vtd_irte_decode(const uint64_t *irte, const struct vtd_irte_rules *rules,
                        struct iom_route *route)
{
	bool x2apic = rules->irta & VTD_IRTA_EIME, posted = irte[0] & VTD_IRTE_IM;
	bool ok = posted ? posted_ok(irte, rules) : remapped_ok(irte, x2apic);

	if (!(irte[0] & VTD_IRTE_P))
		return VTD_FR_IR_ABSENT;
	if (!ok && rules->reserved_first)
		return VTD_FR_IR_ENTRY;
	if (!source_ok(irte[1], rules->requester))
		return VTD_FR_IR_SOURCE;
	if (!ok)
		return VTD_FR_IR_ENTRY;
	if (posted)
		*route = (struct iom_route){ .kind = IOM_ROUTE_POSTED,
			                     .address = descriptor_of(irte),
			                     .vector = (uint8_t)IOM_GET(VTD_IRTE_V, irte[0]),
			                     .urgent = irte[0] & VTD_IRTE_URG };
	else
		remap(irte[0], x2apic, route);
	return 0;
}

/* ---- Messages ------------------------------------------------------------------------------ */

/* A message in remappable format. */
static int through_table(const struct iom_query *query, uint64_t address, uint32_t data,
                         const struct vtd_irte_rules *rules, struct iom_route *route,
                         struct iom_fault *fault)
{
	uint32_t index = (uint32_t)IOM_GET(VTD_MSI_HANDLE, address) |
	                 (address & VTD_MSI_HANDLE_15 ? 1u << 15 : 0);
	struct vtd_unit *vtd = vtd_of(query->unit);
	uint64_t irte[2], entry;
	bool cached;

	if (address & VTD_MSI_SHV) {
		if (data & VTD_MSI_DATA_RSVD)
			return vtd_interrupt_refused(fault, VTD_FR_IR_REQUEST);
		index += (uint32_t)IOM_GET(VTD_MSI_DATA_SUBHANDLE, data);
	}
	fault->gpa = index;
	entry = (rules->irta & VTD_ADDRESS) + (uint64_t)index * VTD_IRTE_BYTES;
	if (index >> (IOM_GET(VTD_IRTA_S, rules->irta) + 1) || entry > rules->address_last)
		return vtd_interrupt_refused(fault, VTD_FR_IR_INDEX);
	cached = vtd_irte_find(vtd, index, irte);
	if (!cached && vtd_load(query, IOM_OF_MSI, entry, IOM_COUNT(irte), irte))
		return vtd_interrupt_refused(fault, VTD_FR_IR_FETCH);
	fault->quiet = irte[0] & VTD_IRTE_FPD;
	fault->code = vtd_irte_decode(irte, rules, route);
	if (fault->code)
		return IOM_EFAULT;
	if (!cached)
		vtd_irte_keep(vtd, index, irte, query->invalidations);
	return IOM_OK;
}

/* Where the message goes. */
static int decide(const struct iom_query *query, uint64_t address, struct vtd_irte_rules *rules,
                  struct iom_route *route, struct iom_fault *fault)
{
	uint32_t data = iom_ld32(query->data->from, false);
	struct vtd_unit *vtd = vtd_of(query->unit);
	/* Before the table's address, which was latched before this was turned on. */
	uint32_t on = __atomic_load_n(&vtd->on, __ATOMIC_SEQ_CST);

	*rules = (struct vtd_irte_rules){
		.irta = iom_peek_acquire(&vtd->irta),
		.address_last = query->unit->spa_last,
		.requester = (uint16_t)query->requester,
		.posting = vtd->cap & VTD_CAP_PI,
		.reserved_first = vtd->config.flags & IOM_VTD_RESERVED_FIRST,
	};
	*route = (struct iom_route){ .kind = IOM_ROUTE_MESSAGE, .address = address, .data = data };
	if (!(on & VTD_ON_INTERRUPTS))
		return vtd->ecap & VTD_ECAP_IRREQ ? vtd_interrupt_refused(fault, VTD_FR_IR_OFF)
		                                  : IOM_OK;
	if (vtd->ecap & VTD_ECAP_EIMER && !(rules->irta & VTD_IRTA_EIME))
		return vtd_interrupt_refused(fault, VTD_FR_IR_XAPIC);
	if (address & VTD_MSI_REMAPPABLE)
		return through_table(query, address, data, rules, route, fault);
	if (rules->irta & VTD_IRTA_EIME || !(on & VTD_ON_COMPATIBILITY))
		return vtd_interrupt_refused(fault, VTD_FR_IR_COMPATIBILITY);
	return IOM_OK;
}

int vtd_interrupt_route(const struct iom_query *query, const struct iom_grant *grant,
                        struct iom_fault *fault)
{
	struct iom_route route;
	struct vtd_irte_rules rules;
	int result = decide(query, grant->spa, &rules, &route, fault);

	if (!result)
		*query->route = route;
	return result;
}

int vtd_interrupt_access(const struct iom_query *query, const struct iom_grant *grant,
                         uint64_t bytes, struct iom_fault *fault)
{
	struct vtd_irte_rules rules;
	struct iom_route route;
	int result = decide(query, grant->spa, &rules, &route, fault);

	(void)bytes; /* resolve lets nothing but 4 through */
	if (result)
		return result;
	if (route.kind == IOM_ROUTE_POSTED)
		return vtd_post(query, &route, rules.irta & VTD_IRTA_EIME, fault);
	return vtd_send(vtd_of(query->unit), route.address, route.data) ? IOM_ENOTSUP : IOM_OK;
}

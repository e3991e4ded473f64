/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The unit's own interrupts ("Interrupt pending status register", "MSI configuration table"): from
 * ipsr through icvec to a message or a wire.
 */
#include "model/riscv/riscv.h"

#include "base/endian.h"

/* ipsr bit n goes to the vector in icvec's nibble n. */
static unsigned vector_of(const struct rv_unit *rv, unsigned source)
{
	return (unsigned)(rv_get(rv, RV_ICVEC) >> (4 * source) & 15);
}

static bool wired(const struct rv_unit *rv)
{
	return rv_get(rv, RV_FCTL) & RV_FCTL_WSI;
}

static void send(struct rv_unit *rv, unsigned vector)
{
	struct iom_unit *unit = &rv->unit;
	unsigned entry = RV_MSI_CFG_TBL + vector * RV_MSI_CFG_BYTES;
	uint64_t address = rv_get(rv, entry + RV_MSI_ADDR);
	uint8_t bytes[4];
	int result;

	if (rv_get(rv, entry + RV_MSI_VEC_CTL) & RV_MSI_VEC_CTL_M) {
		rv->msi_pending |= (uint16_t)IOM_BIT(vector);
		return;
	}
	iom_st32(bytes, (uint32_t)rv_get(rv, entry + RV_MSI_DATA), rv_big_endian(rv));
	if (unit->host.msi)
		result = unit->host.msi(unit->opaque, address, iom_ld32(bytes, false));
	else
		result = iom_unit_store(unit, address, bytes, sizeof bytes);
	if (result)
		rv_fault_msi(rv, address);
}

/* Each wire is the OR of the sources that icvec sends to it. */
static void set_wires(struct rv_unit *rv)
{
	uint64_t ipsr = wired(rv) ? rv_get(rv, RV_IPSR) : 0;
	uint16_t want = 0;

	for (unsigned source = 0; ipsr >> source; source++) {
		if (ipsr & IOM_BIT(source))
			want |= (uint16_t)IOM_BIT(vector_of(rv, source));
	}
	for (unsigned wire = 0; wire < RV_VECTORS_MAX; wire++) {
		uint16_t bit = (uint16_t)IOM_BIT(wire);

		if (!((want ^ rv->wires) & bit))
			continue;
		rv->wires ^= bit;
		if (rv->unit.host.wire)
			rv->unit.host.wire(rv->unit.opaque, wire, want & bit);
	}
}

void rv_raise(struct rv_unit *rv, uint32_t ipsr)
{
	uint64_t fresh = ipsr & ~rv_get(rv, RV_IPSR);

	if (!fresh)
		return;
	iom_reg_change(&rv->unit, RV_IPSR, 0, fresh);
	if (wired(rv)) {
		set_wires(rv);
		return;
	}
	for (unsigned source = 0; fresh >> source; source++) {
		if (fresh & IOM_BIT(source))
			send(rv, vector_of(rv, source));
	}
}

void rv_interrupts_update(struct rv_unit *rv)
{
	uint32_t level = 0;

	for (unsigned i = 0; i < RV_QUEUES; i++) {
		uint64_t csr = rv_get(rv, rv_queues[i]->csr);

		if (csr & RV_QCSR_IE && csr & rv_queues[i]->status)
			level |= rv_queues[i]->pending;
	}
	rv_raise(rv, level);
	set_wires(rv);
}

void rv_interrupt_unmasked(struct rv_unit *rv, unsigned vector)
{
	uint16_t bit = (uint16_t)IOM_BIT(vector);

	if (!(rv->msi_pending & bit))
		return;
	rv->msi_pending &= (uint16_t)~bit;
	send(rv, vector);
}

void rv_interrupts_reset(struct rv_unit *rv)
{
	rv->msi_pending = 0;
	set_wires(rv);
}

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

/* Takes the next message that may go out; false if there is none. */
static bool next_message(struct rv_unit *rv, uint64_t *address, uint8_t *bytes)
{
	bool found = false;

	iom_lock(&rv->unit.lock);
	for (unsigned v = 0; v < rv->config.vectors && !found; v++) {
		unsigned entry = RV_MSI_CFG_TBL + v * RV_MSI_CFG_BYTES;
		bool masked = rv_get(rv, entry + RV_MSI_VEC_CTL) & RV_MSI_VEC_CTL_M;
		uint16_t mine = 0;

		for (unsigned source = 0; rv->due >> source; source++) {
			if (vector_of(rv, source) == v)
				mine |= rv->due & (uint16_t)IOM_BIT(source);
		}
		if (masked) {
			if (mine)
				rv->msi_pending |= (uint16_t)IOM_BIT(v);
			rv->due &= (uint16_t)~mine;
			continue;
		}
		if (!mine && !(rv->msi_pending & IOM_BIT(v)))
			continue;
		/* Sources that share a vector each send. */
		if (mine)
			rv->due &= (uint16_t)~IOM_LSB(mine);
		else
			rv->msi_pending &= (uint16_t)~IOM_BIT(v);
		*address = rv_get(rv, entry + RV_MSI_ADDR);
		iom_st32(bytes, (uint32_t)rv_get(rv, entry + RV_MSI_DATA), rv_big_endian(rv));
		found = true;
	}
	iom_unlock(&rv->unit.lock);
	return found;
}

static void move_wires(struct rv_unit *rv, uint16_t want)
{
	for (unsigned wire = 0; wire < RV_VECTORS_MAX; wire++) {
		uint16_t bit = (uint16_t)IOM_BIT(wire);

		if (!((want ^ rv->wires) & bit))
			continue;
		rv->wires ^= bit;
		iom_wire_set(&rv->unit, wire, want & bit);
	}
}

void rv_wires_fall(struct rv_unit *rv)
{
	move_wires(rv, 0);
}

/* Each wire is the OR of the sources that icvec sends to it. */
static void set_wires(struct rv_unit *rv)
{
	uint16_t want = 0;
	uint64_t ipsr;

	iom_lock(&rv->unit.lock);
	ipsr = wired(rv) ? rv_get(rv, RV_IPSR) : 0;
	for (unsigned source = 0; ipsr >> source; source++) {
		if (ipsr & IOM_BIT(source))
			want |= (uint16_t)IOM_BIT(vector_of(rv, source));
	}
	iom_unlock(&rv->unit.lock);
	move_wires(rv, want);
}

void rv_send(struct rv_unit *rv, uint64_t address, uint32_t data)
{
	struct iom_unit *unit = &rv->unit;
	int result = IOM_EFAULT;
	uint8_t bytes[4];

	iom_st32(bytes, data, false);
	if (!rv_beyond_pas(rv, address))
		result = iom_message_send(unit, address, data);
	iom_own_tell_unit(unit, IOM_OF_INTERRUPT, address, bytes, sizeof bytes, true, result);
	if (result)
		rv_fault_msi(rv, address);
}

void rv_interrupts_send(struct rv_unit *rv)
{
	struct iom_unit *unit = &rv->unit;
	uint64_t address;
	uint8_t bytes[4];

	/* Each source once a round, and each vector: enough for all that can be due. */
	for (unsigned i = 0; i < 2 * RV_VECTORS_MAX; i++) {
		if (iom_unit_stopped(unit)) {
			iom_work_later(unit, RV_WORK_INTERRUPTS);
			return;
		}
		if (!next_message(rv, &address, bytes))
			break;
		rv_send(rv, address, iom_ld32(bytes, false));
	}
	set_wires(rv);
}

void rv_raise_locked(struct rv_unit *rv, uint32_t ipsr)
{
	uint64_t fresh = ipsr & ~rv_get(rv, RV_IPSR);

	if (!fresh)
		return;
	iom_reg_change(&rv->unit, RV_IPSR, 0, fresh);
	if (!wired(rv))
		rv->due |= (uint16_t)fresh;
	iom_work_later(&rv->unit, RV_WORK_INTERRUPTS);
}

void rv_interrupts_update_locked(struct rv_unit *rv)
{
	uint32_t level = 0;

	for (unsigned i = 0; i < RV_QUEUES; i++) {
		uint64_t csr = rv_get(rv, rv_queues[i]->csr);

		if (csr & RV_QCSR_IE && csr & rv_queues[i]->status)
			level |= rv_queues[i]->pending;
	}
	rv_raise_locked(rv, level);
}

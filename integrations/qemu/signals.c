/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts that the unit sends, under the big lock: who does its work holds it. */
#include "qemu/osdep.h"

#include "hw/irq.h"
#include "internal.h"
#include "qemu/main-loop.h"

int iommux_signals_msi(void *opaque, uint64_t address, uint32_t data)
{
	struct iommux_adapter *adapter = opaque;

	/* A device's own message, of a thread that may not wait (adapter.h). */
	if (!bql_locked())
		return IOM_EFAULT;
	qatomic_inc(&adapter->count.interrupts);
	if (adapter->deliver)
		adapter->deliver(adapter, address, data);
	else
		address_space_stl_le(&address_space_memory, address, data, MEMTXATTRS_UNSPECIFIED,
		                     NULL);
	return IOM_OK;
}

void iommux_signals_wire(void *opaque, unsigned wire, bool level)
{
	struct iommux_adapter *adapter = opaque;

	if (wire < adapter->wire_count)
		qemu_set_irq(adapter->wires[wire], level);
}

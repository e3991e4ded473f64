/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Interrupts that the unit sends: delivered at once where the big lock is held, else by the main loop
 * soon.
 */
#include "qemu/osdep.h"

#include "hw/irq.h"
#include "internal.h"
#include "qemu/main-loop.h"

struct iommux_signal {
	uint64_t address; /* of a message */
	uint32_t data;    /* of a message; a wire's level */
	int wire;         /* or -1: a message */
};

static void deliver(struct iommux_adapter *adapter, const struct iommux_signal *signal)
{
	if (signal->wire >= 0)
		qemu_set_irq(adapter->wires[signal->wire], signal->data);
	else if (adapter->deliver)
		adapter->deliver(adapter, signal->address, signal->data);
	else
		address_space_stl_le(&address_space_memory, signal->address, signal->data,
		                     MEMTXATTRS_UNSPECIFIED, NULL);
}

static bool take(struct iommux_adapter *adapter, struct iommux_signal *signal)
{
	QEMU_LOCK_GUARD(&adapter->signals_lock);
	if (!adapter->signals->len)
		return false;
	*signal = g_array_index(adapter->signals, struct iommux_signal, 0);
	g_array_remove_index(adapter->signals, 0);
	return true;
}

/*
 * One at a time: what the unit sends because one was delivered comes behind those that wait, and a wire
 * ends at its last level.
 */
static void deliver_all(void *opaque)
{
	struct iommux_adapter *adapter = opaque;
	struct iommux_signal signal;

	while (take(adapter, &signal))
		deliver(adapter, &signal);
}

static void enqueue(struct iommux_adapter *adapter, const struct iommux_signal *signal)
{
	WITH_QEMU_LOCK_GUARD(&adapter->signals_lock)
	{
		g_array_append_val(adapter->signals, *signal);
	}
	if (bql_locked())
		deliver_all(adapter);
	else
		qemu_bh_schedule(adapter->signals_bh);
}

int iommux_signals_msi(void *opaque, uint64_t address, uint32_t data)
{
	struct iommux_adapter *adapter = opaque;

	qatomic_inc(&adapter->count.interrupts);
	enqueue(adapter, &(struct iommux_signal){ .address = address, .data = data, .wire = -1 });
	return IOM_OK;
}

void iommux_signals_wire(void *opaque, unsigned wire, bool level)
{
	struct iommux_adapter *adapter = opaque;

	if (wire < adapter->wire_count)
		enqueue(adapter, &(struct iommux_signal){ .data = level, .wire = wire });
}

void iommux_signals_new(struct iommux_adapter *adapter)
{
	qemu_mutex_init(&adapter->signals_lock);
	adapter->signals = g_array_new(false, false, sizeof(struct iommux_signal));
	adapter->signals_bh = qemu_bh_new(deliver_all, adapter);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The adapter's life: a unit, its registers, its clock, its counters. */
#include "qemu/osdep.h"

#include "hw/qdev-properties.h"
#include "internal.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"

/* How often time passes for the unit beside what its registers are read: time-outs of devices. */
#define STEP_MS 100

static bool may_work(void *opaque)
{
	struct iommux_adapter *adapter = opaque;

	if (bql_locked())
		return true;
	qemu_bh_schedule(adapter->work);
	return false;
}

const struct iom_host iommux_host = {
	.bytes = sizeof iommux_host,
	.may_work = may_work,
	.msi = iommux_signals_msi,
	.wire = iommux_signals_wire,
	.message = iommux_notify_message,
	.dirty = iommux_memory_dirty,
};

void iommux_error(Error **errp, const struct iom_error *error)
{
	error_setg(errp, "%s", error->text);
}

/* ---- Registers ---------------------------------------------------------------------------- */

static uint64_t window_read(void *opaque, hwaddr off, unsigned bytes)
{
	struct iommux_window *window = opaque;
	uint64_t value;

	iom_mmio_read(window->adapter->unit, window->number, off, bytes, &value);
	return value;
}

static void window_write(void *opaque, hwaddr off, uint64_t value, unsigned bytes)
{
	struct iommux_window *window = opaque;

	iom_mmio_write(window->adapter->unit, window->number, off, bytes, value);
}

/* Widths and alignments are for the unit to judge. */
static const MemoryRegionOps window_ops = {
	.read = window_read,
	.write = window_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
	.impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static void start_windows(struct iommux_adapter *adapter)
{
	for (unsigned i = 0; i < IOMMUX_WINDOWS_MAX; i++) {
		struct iommux_window *window = &adapter->window[i];
		uint64_t bytes = iom_mmio_bytes(adapter->unit, i);

		if (!bytes)
			break;
		*window = (struct iommux_window){ .adapter = adapter, .number = i };
		memory_region_init_io(&window->region, OBJECT(adapter->device), &window_ops, window,
		                      "iommux-registers", bytes);
	}
}

/* ---- Time --------------------------------------------------------------------------------- */

static void work(void *opaque)
{
	struct iommux_adapter *adapter = opaque;

	RCU_READ_LOCK_GUARD();
	iom_step(adapter->unit, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
}

static void tick(void *opaque)
{
	struct iommux_adapter *adapter = opaque;

	work(adapter);
	iommux_record_check(adapter);
	timer_mod(adapter->clock, qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL) + STEP_MS);
}

/* ---- Life --------------------------------------------------------------------------------- */

void iommux_adapter_prepare(struct iommux_adapter *adapter, DeviceState *device)
{
	adapter->device = device;
	qemu_mutex_init(&adapter->functions_lock);
	QLIST_INIT(&adapter->functions);
	adapter->work = qemu_bh_new(work, adapter);
	iommux_memory_new(adapter);
}

static void get_translations(Object *object, Visitor *visitor, const char *name, void *opaque,
                             Error **errp)
{
	const struct iommux_adapter *adapter = opaque;
	uint64_t all =
		qatomic_read(&adapter->count.translations) + adapter->count.locked_translations;

	visit_type_uint64(visitor, name, &all, errp);
}

static void start_counters(struct iommux_adapter *adapter)
{
	const struct {
		const char *name;
		uint64_t *value;
	} counters[] = {
		{ "refusals", &adapter->count.refusals },
		{ "messages", &adapter->count.messages },
		{ "interrupts", &adapter->count.interrupts },
		{ "invalidations", &adapter->count.invalidations },
	};

	object_property_add(OBJECT(adapter->device), "translations", "uint64", get_translations,
	                    NULL, NULL, adapter);
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		object_property_add_uint64_ptr(OBJECT(adapter->device), counters[i].name,
		                               counters[i].value, OBJ_PROP_FLAG_READ);
}

void iommux_adapter_end(struct iommux_adapter *adapter)
{
	iommux_record_end(adapter);
	iom_unit_free(adapter->unit);
	adapter->unit = NULL;
	iommux_memory_end(adapter);
	g_clear_pointer(&adapter->work, qemu_bh_delete);
	qemu_mutex_destroy(&adapter->functions_lock);
}

void iommux_adapter_start(struct iommux_adapter *adapter)
{
	start_windows(adapter);
	start_counters(adapter);
	iommux_notify_start(adapter);
	if (iommux_trace_wanted())
		iommux_trace_start(adapter);
	adapter->clock = timer_new_ms(QEMU_CLOCK_VIRTUAL, tick, adapter);
	tick(adapter);
	iommux_reset_start(adapter);
}

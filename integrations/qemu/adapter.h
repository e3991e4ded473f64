/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * One IOMMU of this library inside of QEMU, whatever its architecture.
 *
 * A device of an architecture (vtd.c) holds a struct iommux_adapter.  When it is realized it calls
 * iommux_adapter_prepare, constructs its unit with the adapter's memory and iommux_host, says what it was
 * made with, and calls iommux_adapter_record and iommux_adapter_start; then it puts the unit's register windows where its
 * machine has them, and names the PCI bus whose devices are behind it.  If it finds that it cannot go on before
 * iommux_adapter_start, iommux_adapter_end undoes all.
 *
 * Locks: a unit may be called from any thread, with QEMU's big lock or without.  Who holds the big lock may be
 * waiting for a thread that does not (an I/O thread that is drained), and that one may therefore not
 * wait for the big lock while it is in the unit.  It translates, and leaves to others what more there is to do
 * (host.may_work): notifiers are told, interrupts sent and messages brought to devices under the big lock.  What a
 * device moves itself by way of the unit (iom_read, iom_write) without the big lock reaches RAM alone.
 */
#ifndef IOMMUX_QEMU_ADAPTER_H
#define IOMMUX_QEMU_ADAPTER_H

#include "compat.h"
#include "hw/pci/pci.h"
#include "hw/qdev-core.h"
#include "qemu/thread.h"
#include "qemu/timer.h"

#include <iommux/iommux.h>

/* A unit's register windows: the most that an architecture has. */
#define IOMMUX_WINDOWS_MAX 4

struct iommux_adapter;

/* A register window, as memory that software reads and writes. */
struct iommux_window {
	struct iommux_adapter *adapter;
	unsigned number;
	MemoryRegion region;
};

/* Counted since QEMU started; read-only properties of the device. */
struct iommux_counters {
	uint64_t translations;        /* accesses that QEMU asked about        */
	uint64_t locked_translations; /* of them, those under the big lock; counted apart */
	uint64_t refusals;            /* of them                               */
	uint64_t messages;            /* interrupt messages that devices wrote */
	uint64_t interrupts;          /* messages that the unit sent           */
	uint64_t invalidations;       /* that software asked for               */
};

struct iommux_adapter {
	DeviceState *device; /* the one that holds the adapter */
	struct iom_unit *unit;
	struct iom_memory *memory;

	/*
	 * For the architecture to set: delivers an interrupt message, under the big lock.  NULL: the 4
	 * bytes are stored in system memory.
	 */
	void (*deliver)(struct iommux_adapter *adapter, uint64_t address, uint32_t data);
	/* For the architecture to set: where the unit's wires lead. */
	qemu_irq *wires;
	unsigned wire_count;
	/*
	 * For the architecture to set: software invalidates what it maps, too, so that a copy of what is
	 * mapped can follow.
	 */
	bool maps_are_told;

	/* For the architecture to set: of the addresses that devices use, in bits. */
	uint8_t address_width;

	/* For the architecture to set: what the unit was made with, until iommux_adapter_start. */
	struct {
		const struct iom_riscv_config *riscv;
		const struct iom_vtd_config *vtd;
	} made;

	/* Properties. */
	char *record;
	uint8_t cache_lg2, front_lg2;

	struct iommux_window window[IOMMUX_WINDOWS_MAX];
	MemoryListener listener;
	QEMUTimer *clock;
	struct iommux_recording *recording; /* or NULL */
	struct iommux_counters count;

	QEMUBH *work; /* does what a thread has left that does not hold the big lock */
	QemuMutex functions_lock;
	QLIST_HEAD(, iommux_function) functions;
	DeviceListener unplugged;

	bool asking; /* for a context: that is no news; under the big lock */

	uint8_t *saved; /* while the device is saved or loaded */
	uint32_t saved_bytes;
};

/* ---- For devices of an architecture ------------------------------------------------------- */

/* What the unit calls; the constructor's `opaque` is the adapter. */
extern const struct iom_host iommux_host;

/* The adapter's memory, lists and locks: all that a unit's constructor needs. */
void iommux_adapter_prepare(struct iommux_adapter *adapter, DeviceState *device);

/* Begins to record adapter->unit, if that was asked for. */
bool iommux_adapter_record(struct iommux_adapter *adapter, Error **errp);

/*
 * Begins to use adapter->unit: its windows (adapter->window[].region, to be mapped), reset, clock,
 * notifications and trace events.
 */
void iommux_adapter_start(struct iommux_adapter *adapter);

/* What was prepared is not to be used: frees the unit, and all that there is beside it. */
void iommux_adapter_end(struct iommux_adapter *adapter);

/* Puts the error's sentence into QEMU's. */
void iommux_error(Error **errp, const struct iom_error *error);

/* The unit stands in front of all devices of a root bus from now on. */
void iommux_adapter_serve(struct iommux_adapter *adapter, PCIBus *bus);

/* The address space of a requester that is no PCI function: an I/O APIC. */
AddressSpace *iommux_adapter_source(struct iommux_adapter *adapter, uint16_t requester);

/*
 * As many translations as a guest with some devices has alive at once.  What a port remembers takes
 * memory as far as it is used.
 */
#define IOMMUX_CACHE_LG2 16
#define IOMMUX_FRONT_LG2 16

/* The properties that every device has, in which `type` holds the adapter as `adapter`. */
#define IOMMUX_PROPERTIES(type)                                                                    \
	DEFINE_PROP_UINT8("cache-lg2", type, adapter.cache_lg2, IOMMUX_CACHE_LG2),                 \
		DEFINE_PROP_UINT8("front-lg2", type, adapter.front_lg2, IOMMUX_FRONT_LG2),         \
		DEFINE_PROP_STRING("record", type, adapter.record)

/* Migration: to be named in a VMStateDescription of the device, in a field of type VMSTATE_STRUCT. */
extern const VMStateDescription iommux_vmstate;

/* ---- For device models that know IOMMUs --------------------------------------------------- */

/* A requester.  What follows is the adapter's own, but for the functions below. */
struct iommux_function;

/*
 * The device's place behind one of our units; NULL: it is behind none.  To be asked when the machine is
 * complete.
 */
struct iommux_function *iommux_function_of(PCIDevice *device);

struct iom_unit *iommux_function_unit(struct iommux_function *function);

/*
 * The function's endpoint now.  A guest that renumbers buses gives it another: ask again after a reset
 * of the device.
 */
struct iom_endpoint *iommux_function_endpoint(struct iommux_function *function);

/*
 * Who hears the unit's messages to the function (iommux/message.h), under the big lock; NULL: the adapter.
 * To be called under the big lock, too.
 */
typedef void iommux_listener(void *opaque, const struct iom_message *message);
void iommux_function_listen(struct iommux_function *function, iommux_listener *listener,
                            void *opaque);

#endif

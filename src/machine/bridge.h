/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * An I/O bridge: it carries the accesses of its devices to memory, through an IOMMU of its own.
 */
#ifndef MACHINE_BRIDGE_H
#define MACHINE_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include <iommux/iommux.h>

#include "machine/arch.h"
#include "machine/bus.h"

#define BRIDGE_WIRES 16
#define BRIDGE_DEVICES_MAX 32

/* A device that listens to the IOMMU's messages. */
struct bridge_device {
	uint32_t requester;
	void (*message)(void *opaque, const struct iom_message *message);
	void *opaque;
};

struct bridge {
	struct iom_unit *unit;
	struct iom_lane *lane;
	bool wire[BRIDGE_WIRES]; /* levels of the IOMMU's wires */
	const struct machine_interrupts *interrupts;
	void *controller; /* that its messages go to */
	/* Hears of each store to RAM that is tracked; may be NULL. */
	void (*stored)(void *opaque, uint64_t spa, uint64_t len);
	void *stored_opaque;
	const struct machine_units *units; /* who hears of the IOMMU, or NULL */
	struct bridge_device devices[BRIDGE_DEVICES_MAX];
	unsigned device_count;
};

/*
 * Makes the IOMMU, with its registers at `spa` of the bus, and its messages to that controller of
 * interrupts.  `units` hears of it, if it is not NULL; `error` is told on refusal.
 */
int bridge_init(struct bridge *bridge, const struct machine_arch *arch, struct iom_memory *memory,
                struct bus *bus, uint64_t spa, void *controller, const struct machine_units *units,
                struct iom_error *error);
void bridge_release(struct bridge *bridge);

/* Lets a device listen.  IOM_ENOSPC: BRIDGE_DEVICES_MAX do. */
int bridge_listen(struct bridge *bridge, const struct bridge_device *device);

/* A device stored to RAM by itself: whoever tracks it hears of that. */
void bridge_stored(const struct bridge *bridge, uint64_t spa, uint64_t len);

bool bridge_wire_up(const struct bridge *bridge);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* An I/O bridge. */
#include "machine/bridge.h"

#include <string.h>

#include "base/endian.h"
#include "base/error.h"

void bridge_stored(const struct bridge *b, uint64_t spa, uint64_t len)
{
	if (b->stored)
		b->stored(b->stored_opaque, spa, len);
}

/* ---- The IOMMU's registers as a window of the bus -------------------------------------------- */

static int unit_read(void *opaque, uint64_t off, void *buf, size_t len)
{
	struct bridge *b = opaque;
	uint8_t bytes[8];
	uint64_t val;

	if ((len != 4 && len != 8) || iom_mmio_read(b->unit, 0, off, (unsigned)len, &val))
		return IOM_EFAULT;
	iom_st64(bytes, val, false);
	memcpy(buf, bytes, len);
	return IOM_OK;
}

static int unit_write(void *opaque, uint64_t off, const void *buf, size_t len)
{
	struct bridge *b = opaque;
	uint64_t val;

	if (len != 4 && len != 8)
		return IOM_EFAULT;
	val = len == 8 ? iom_ld64(buf, false) : iom_ld32(buf, false);
	return iom_mmio_write(b->unit, 0, off, (unsigned)len, val) ? IOM_EFAULT : IOM_OK;
}

static void unit_wire(void *opaque, unsigned wire, bool level)
{
	struct bridge *b = opaque;

	if (wire < BRIDGE_WIRES)
		b->wire[wire] = level;
}

static void unit_dirty(void *opaque, uint64_t spa, uint64_t len)
{
	bridge_stored(opaque, spa, len);
}

static void unit_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	const struct bridge *b = opaque;

	for (unsigned i = 0; i < b->device_count; i++)
		if (b->devices[i].requester == requester)
			b->devices[i].message(b->devices[i].opaque, message);
}

static int unit_msi(void *opaque, uint64_t address, uint32_t data)
{
	const struct bridge *b = opaque;

	b->interrupts->send(b->controller, address, data);
	return IOM_OK;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

int bridge_init(struct bridge *b, const struct machine_arch *arch, struct iom_memory *memory,
                struct bus *bus, uint64_t spa, void *controller, const struct machine_units *units,
                struct iom_error *error)
{
	const struct iom_host host = {
		.bytes = sizeof host,
		.msi = arch->interrupts->send ? unit_msi : NULL,
		.message = unit_message,
		.wire = unit_wire,
		.dirty = unit_dirty,
	};
	struct bus_window window = { spa, 0, unit_read, unit_write, b };
	int rc;

	b->interrupts = arch->interrupts;
	b->controller = controller;
	rc = arch->unit_new(memory, &host, b, &b->unit, error);
	if (rc)
		return rc;
	b->units = units;
	if (units)
		units->made(units->opaque, b->unit, memory, arch, false);
	window.bytes = iom_mmio_bytes(b->unit, 0);
	rc = bus_add(bus, &window);
	if (!rc)
		rc = iom_lane_open(b->unit, &b->lane);
	return rc ? iom_fail(error, rc, "no memory for the IOMMU") : IOM_OK;
}

void bridge_release(struct bridge *b)
{
	if (b->unit && b->units)
		b->units->gone(b->units->opaque, b->unit);
	iom_unit_free(b->unit);
}

int bridge_listen(struct bridge *b, const struct bridge_device *device)
{
	if (b->device_count == BRIDGE_DEVICES_MAX)
		return IOM_ENOSPC;
	b->devices[b->device_count++] = *device;
	return IOM_OK;
}

bool bridge_wire_up(const struct bridge *b)
{
	for (unsigned i = 0; i < BRIDGE_WIRES; i++)
		if (b->wire[i])
			return true;
	return false;
}

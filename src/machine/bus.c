/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The address map outside RAM. */
#include "machine/bus.h"

#include <iommux/error.h>

int bus_add(struct bus *bus, const struct bus_window *window)
{
	if (bus->count == BUS_WINDOWS_MAX)
		return IOM_ENOSPC;
	bus->windows[bus->count++] = *window;
	return IOM_OK;
}

static const struct bus_window *find(const struct bus *bus, uint64_t spa, size_t len)
{
	for (unsigned i = 0; i < bus->count; i++) {
		const struct bus_window *w = &bus->windows[i];

		if (spa >= w->spa && spa - w->spa < w->bytes && len <= w->bytes - (spa - w->spa))
			return w;
	}
	return NULL;
}

int bus_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	const struct bus_window *w = find(opaque, spa, len);

	return w ? w->read(w->opaque, spa - w->spa, buf, len) : IOM_EFAULT;
}

int bus_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	const struct bus_window *w = find(opaque, spa, len);

	return w ? w->write(w->opaque, spa - w->spa, buf, len) : IOM_EFAULT;
}

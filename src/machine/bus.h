/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The address map outside RAM: windows of device registers.  CPU, devices and IOMMU all reach them
 * here, so that a stray DMA meets registers as it would in a real machine.
 */
#ifndef MACHINE_BUS_H
#define MACHINE_BUS_H

#include <stddef.h>
#include <stdint.h>

#define BUS_WINDOWS_MAX 64

/* The functions answer IOM_OK, or IOM_EFAULT for what the device does not carry out. */
struct bus_window {
	uint64_t spa, bytes;
	int (*read)(void *opaque, uint64_t off, void *buf, size_t len);
	int (*write)(void *opaque, uint64_t off, const void *buf, size_t len);
	void *opaque;
};

struct bus {
	struct bus_window windows[BUS_WINDOWS_MAX];
	unsigned count;
};

/* IOM_ENOSPC: BUS_WINDOWS_MAX are there already. */
int bus_add(struct bus *bus, const struct bus_window *window);

/* `opaque` is the struct bus.  IOM_EFAULT: no window has all of the access. */
int bus_read(void *opaque, uint64_t spa, void *buf, size_t len);
int bus_write(void *opaque, uint64_t spa, const void *buf, size_t len);

#endif

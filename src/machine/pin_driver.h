/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A kernel's driver of its board's I/O APIC: which CPU a pin interrupts, through the first IOMMU, which
 * remaps that.
 */
#ifndef MACHINE_PIN_DRIVER_H
#define MACHINE_PIN_DRIVER_H

#include "machine/kernel.h"

/*
 * Lets a pin interrupt a CPU, by its level or by its rise, now or instead of another CPU.  IOM_ENOTSUP: the
 * board has no pins, or its IOMMU remaps no interrupts; IOM_EINVAL, IOM_ENOSPC.
 */
int pin_driver_use(struct kernel *kernel, unsigned pin, unsigned cpu, bool level,
                   struct iom_error *error);

/* An interrupt of the pin was taken: its device is served, and the I/O APIC told that it ended. */
void pin_driver_serve(struct kernel *kernel, unsigned pin);

/* Masks all pins that are used. */
void pin_driver_stop(struct kernel *kernel);

#endif

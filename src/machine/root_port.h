/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The root port of the PCI Express bridge.  A function below it has as its number for the IOMMU its
 * requester ID: bus, device and function.
 */
#ifndef MACHINE_ROOT_PORT_H
#define MACHINE_ROOT_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* The buses behind it, as firmware numbered them */
#define ROOT_PORT_SECONDARY 0x01u
#define ROOT_PORT_SUBORDINATE 0x0fu

/* Requests with a requester ID of another bus do not pass (ACS Source Validation). */
bool root_port_passes(uint32_t requester);

/* Reads "01:00.0": bus, device and function in hexadecimal.  False: it is none. */
bool root_port_parse(const char *text, uint32_t *requester);

#endif

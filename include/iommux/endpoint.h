/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * An endpoint is one requester as a unit sees it: a PCI bus/device/function with its segment, a
 * RISC-V device_id, a StreamID, a DeviceID.
 */
#ifndef IOMMUX_ENDPOINT_H
#define IOMMUX_ENDPOINT_H

#include <stdint.h>

#include <iommux/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_endpoint;

/*
 * Finds the endpoint of a requester, or makes it at the first call.  `requester` is limited by the
 * architecture (RISC-V: 24 bits), else IOM_EINVAL; IOM_ENOMEM.  It lives as long as the unit.
 */
int iom_endpoint_get(struct iom_unit *unit, uint32_t requester, struct iom_endpoint **out);

/* The requester number that the endpoint was made for. */
uint32_t iom_endpoint_requester(const struct iom_endpoint *endpoint);

#ifdef __cplusplus
}
#endif
#endif

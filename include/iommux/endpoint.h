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
 * architecture (RISC-V: 24 bits), else IOM_EINVAL; IOM_ENOMEM.  It lives until iom_endpoint_remove
 * or iom_unit_free.
 */
int iom_endpoint_get(struct iom_unit *unit, uint32_t requester, struct iom_endpoint **out);

/* The endpoint's requester number now. */
uint32_t iom_endpoint_requester(const struct iom_endpoint *endpoint);

/*
 * Gives the endpoint another number: a bus was renumbered.  Its ports go on with it; what was cached
 * under either number is not used for the other.  IOM_EINVAL as above; IOM_EEXIST: another endpoint
 * has the number; IOM_ENOENT: the endpoint was removed.
 */
int iom_endpoint_renumber(struct iom_endpoint *endpoint, uint32_t requester);

/*
 * The device is gone.  What the unit holds back for it ends, and its ports answer IOM_ENOENT from now
 * on; they are still to be closed.  The endpoint must not be used any more after its last port was
 * closed; a new one may be made for the same number at once.
 */
void iom_endpoint_remove(struct iom_endpoint *endpoint);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A port is an endpoint used from one lane: what a device model holds to do DMA.
 */
#ifndef IOMMUX_PORT_H
#define IOMMUX_PORT_H

#include <stddef.h>

#include <iommux/endpoint.h>
#include <iommux/lane.h>
#include <iommux/reply.h>
#include <iommux/request.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_port;

/*
 * Opens a port.  IOM_EINVAL: endpoint and lane belong to different units; IOM_ENOENT: the
 * endpoint was removed; IOM_ENOMEM.  It lives
 * until iom_port_close, iom_lane_close or iom_unit_free.
 */
int iom_port_open(struct iom_endpoint *endpoint, struct iom_lane *lane, struct iom_port **out);

/* Closes a port.  NULL is ignored. */
void iom_port_close(struct iom_port *port);

/*
 * Translates one request.  The answer covers request.bytes only as far as reply.range_lg2 reaches;
 * ask again behind it.  Nothing is moved.
 *
 * IOM_OK: granted, `reply` says where.  IOM_EFAULT: the unit refused; reply.fault, reply.status say
 * why and how, and the unit has recorded the fault if its architecture wants that.  IOM_EINVAL: the
 * request itself is malformed; reply.status is IOM_UNSUPPORTED and nothing was recorded.  IOM_EBUSY:
 * not now; reply.status is IOM_STALLED.  With reply.token not 0 the unit holds the request back until
 * a message (message.h) names the token; with 0 the unit is stopped (unit.h), ask again.  IOM_ENOENT:
 * the endpoint was removed.
 *
 * A translation request is granted even if there is nothing to grant: then reply.perm is 0, and spa means
 * nothing.  reply.host is NULL; spa may be used in requests that are translated, until the unit asks
 * the device to forget it (message.h).
 *
 * Call it inside an access section of the port's lane, and use spa and host only until its end.
 * Outside a section the answer may be out of date as soon as it is given; tables are read in a section
 * of its own, at whose end the call may carry out what waited for it, with all callbacks.
 */
int iom_translate(struct iom_port *port, const struct iom_request *request,
                  struct iom_reply *reply);

/*
 * Moves `bytes` bytes between the device's `buf` and memory at request.iova, page by page, inside
 * a section of its own where none is open.  iom_read takes IOM_EXECUTE from request.access and
 * reads otherwise; iom_write writes; request.bytes is ignored.  `bytes` 0 checks the translation
 * and moves nothing.  IOM_AT_TRANSLATION_REQUEST moves no data and is IOM_EINVAL here.
 *
 * A target that is not memory (reply.target) is reached here alone, as the architecture says; what it
 * does not understand is IOM_EFAULT, reply.fault 0, reply.status IOM_UNSUPPORTED.
 *
 * IOM_OK: all is moved.  IOM_EFAULT, IOM_EPOISON, IOM_EINVAL: as iom_translate, or memory refused
 * (reply.fault 0, reply.status IOM_ABORT); reply.done bytes were moved, the rest of a read buffer
 * is filled with ones.  The other fields of `reply` belong to the last page that was tried.
 */
int iom_read(struct iom_port *port, const struct iom_request *request, void *buf, size_t bytes,
             struct iom_reply *reply);
int iom_write(struct iom_port *port, const struct iom_request *request, const void *buf,
              size_t bytes, struct iom_reply *reply);

/* op of iom_atomic */
#define IOM_FETCH_ADD 0u /* memory += operand                                  */
#define IOM_SWAP 1u      /* memory = operand                                   */
#define IOM_CAS 2u       /* if memory equals `compare`, memory = operand       */

/*
 * An atomic operation of a device (PCI Express AtomicOp) on `bytes` bytes, 4 or 8, at request.iova, a
 * multiple of `bytes`; little-endian.  *old becomes what was there.  Atomic towards everything in RAM
 * regions.  Returns as iom_write; IOM_EINVAL also for another size, alignment or op.
 */
int iom_atomic(struct iom_port *port, const struct iom_request *request, unsigned op,
               uint64_t operand, uint64_t compare, unsigned bytes, uint64_t *old,
               struct iom_reply *reply);

#ifdef __cplusplus
}
#endif
#endif

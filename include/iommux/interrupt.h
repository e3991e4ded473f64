/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Interrupt messages as such: of an I/O APIC, a timer or a device whose embedder does not send them
 * through a port, and the question where one would go, for those who route them by other ways (irqfd).
 */
#ifndef IOMMUX_INTERRUPT_H
#define IOMMUX_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

#include <iommux/endpoint.h>
#include <iommux/reply.h>

#ifdef __cplusplus
extern "C" {
#endif

/* kind of a route */
#define IOM_ROUTE_MESSAGE 0u /* `data` goes to `address` */
/* VT-d: vector `vector` of the posted interrupt descriptor at `address`. */
#define IOM_ROUTE_POSTED 1u
/*
 * RISC-V: identity `data` of the interrupt file in memory at `address`; 2048 and more: none, the message
 * has no effect.
 */
#define IOM_ROUTE_MRIF 2u

struct iom_route {
	uint64_t address; /* on the other side of the unit, a physical address                  */
	uint32_t data;    /* as a little-endian bus carries it                                  */
	uint32_t kind;    /* IOM_ROUTE_*                                                        */
	uint8_t vector;
	bool urgent; /* IOM_ROUTE_POSTED: the notification is sent also while it is suppressed  */
};

/*
 * Delivers the message of 4 bytes `data` to `address`, a multiple of 4, sent by the endpoint without
 * PASID, as iom_write through a port of it would: remapped, posted, stored where the address leads, or
 * refused.  The reply may be NULL.
 *
 * Any thread, in an access section (lane.h) or in none: completions that wait for sections wait for
 * this call too, so that what software changed and invalidated is not used once it was told so.  As
 * the end of a section does, the call may carry out what waited for it, with all callbacks.
 *
 * IOM_OK; IOM_EFAULT: refused, reply.fault says why, and the unit has recorded it if its architecture
 * wants that; or nobody answered where the message went (reply.fault 0); IOM_EBUSY: the unit is stopped;
 * IOM_ENOENT: the endpoint was removed; IOM_EINVAL: the 4 bytes would pass 2^64.
 */
int iom_msi(struct iom_endpoint *endpoint, uint64_t address, uint32_t data,
            struct iom_reply *reply);

/*
 * Says where that message would go, and delivers and records nothing; `*route` is written with IOM_OK
 * only, the reply may be NULL.  Results as for iom_msi; reply.fault says why not.
 *
 * What is at the address is not looked at: an interrupt file, a posted interrupt descriptor.
 *
 * The answer holds until host.interrupts_changed tells that it does not.  Told while this call is under
 * way, it means this answer too: who asks counts those calls, and asks again if one came meanwhile.  A
 * refusal is of the moment: software may mend its tables without a word.  So is what VT-d says of an
 * address outside of 0xfee00000..0xfeefffff: to it, that is no message, but a store like others.
 */
int iom_msi_translate(struct iom_endpoint *endpoint, uint64_t address, uint32_t data,
                      struct iom_route *route, struct iom_reply *reply);

#ifdef __cplusplus
}
#endif
#endif

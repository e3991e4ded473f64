/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A unit is one IOMMU: registers, queues and the translation behind them.  Each architecture has
 * its own constructor (riscv.h); all that follows is the same for every one.
 *
 * Threads: any number of threads use one unit at once: register accesses, translations, endpoints,
 * reset.  A lane, with its ports, belongs to one thread at a time.  No call waits for another thread:
 * what calls out (commands, fault records, interrupts) is carried out by one thread at a time, and a
 * thread that finds another at it leaves its work behind and returns.  Callbacks therefore come on
 * any thread (that host.may_work does not exclude), never two at once from one unit's queues and
 * interrupts, and never under a lock of the library: an embedder may hold a lock of its own around
 * every call and take it in every callback.
 */
#ifndef IOMMUX_UNIT_H
#define IOMMUX_UNIT_H

#include <stdint.h>

#include <iommux/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_unit;

/*
 * Register access by software.  `window` numbers the unit's register windows from 0; `off` counts
 * bytes from its start; `bytes` is 1, 2, 4 or 8.  `*val` and `val` hold the bytes as a
 * little-endian load or store would.
 *
 * What the architecture leaves without effect (an unknown register, a width or alignment that it
 * does not support) reads as 0 or is dropped, and still returns IOM_OK: guests do such things.
 * IOM_EINVAL: no such window, an access that leaves it, another width: mistakes of the embedder.
 * A read then sets `*val` to all ones.
 *
 * A write may carry out queued commands and so call every function of the host and of the memory.
 */
int iom_mmio_read(struct iom_unit *unit, unsigned window, uint64_t off, unsigned bytes,
                  uint64_t *val);
int iom_mmio_write(struct iom_unit *unit, unsigned window, uint64_t off, unsigned bytes,
                   uint64_t val);

/* The size of a register window in bytes, or 0 if the unit has no window of that number. */
uint64_t iom_mmio_bytes(const struct iom_unit *unit, unsigned window);

/*
 * Puts the unit into the state that it had when it was created.  Endpoints, lanes, ports and open
 * sections stay; work that was waiting for sections is dropped.  Wires fall.  A stopped unit stays
 * stopped.  Not to be called from inside a callback of the same unit.
 */
void iom_unit_reset(struct iom_unit *unit);

/*
 * The same as a reset that leaves power on: registers to which the architecture gives no reset value
 * keep what they hold, and software must not rely on zeroes.
 */
void iom_unit_reset_warm(struct iom_unit *unit);

/*
 * Stops the unit: from now on requests get IOM_EBUSY, and commands, records and interrupts stay where
 * they are; registers can still be read and written.  IOM_OK: nothing is under way any more.
 * IOM_EBUSY: some access section or callback still is; ask again after it.
 */
int iom_unit_stop(struct iom_unit *unit);
/* Lets a stopped unit go on, with all that has come in meanwhile. */
void iom_unit_start(struct iom_unit *unit);

/*
 * Lets time pass: `now_ns` is a monotonic clock of the embedder's choice, which counts from the first
 * call on, and from the first one after iom_unit_load; a clock that goes back stands still.  Goes on with work that was put off.  Call it every now
 * and then where the unit has been configured to take time.
 */
void iom_step(struct iom_unit *unit, uint64_t now_ns);

/* The architecture's short name, "riscv" or "vtd"; constant. */
const char *iom_unit_arch(const struct iom_unit *unit);

/*
 * A few words for a fault code of reply.fault, as the architecture's manual calls it ("DDT entry
 * not valid"); never NULL.
 */
const char *iom_fault_name(const struct iom_unit *unit, uint32_t fault);

/*
 * Frees the unit with its endpoints, lanes and ports.  Nothing is called but the allocator: what waits
 * is dropped.  NULL is ignored.
 */
void iom_unit_free(struct iom_unit *unit);

#ifdef __cplusplus
}
#endif
#endif

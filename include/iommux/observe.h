/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Watching a unit.  While nobody watches this costs nothing: the fast path does not even ask.  While
 * somebody does, every access takes the whole way.
 */
#ifndef IOMMUX_OBSERVE_H
#define IOMMUX_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/backend.h>
#include <iommux/interrupt.h>
#include <iommux/message.h>
#include <iommux/port.h>
#include <iommux/reply.h>
#include <iommux/request.h>
#include <iommux/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

/* of: what the unit itself read or wrote in memory */
#define IOM_OF_DEVICE 1u    /* device directory, device tables     */
#define IOM_OF_PROCESS 2u   /* process directory, PASID tables     */
#define IOM_OF_STAGE1 3u    /* first-stage page tables             */
#define IOM_OF_STAGE2 4u    /* second-stage page tables            */
#define IOM_OF_MSI 5u       /* tables of interrupts                */
#define IOM_OF_MRIF 6u      /* interrupt files, posted descriptors */
#define IOM_OF_QUEUE 7u     /* commands, records, completion words */
#define IOM_OF_INTERRUPT 8u /* the unit's own interrupt messages   */

/* One access of the unit's own; not the data that a device moves. */
struct iom_own_access {
	uint64_t spa;
	uint32_t bytes;
	int32_t result;      /* IOM_OK, IOM_EFAULT, IOM_EPOISON                  */
	uint16_t rcid, mcid; /* quality-of-service identifiers that it carries   */
	uint8_t of;          /* IOM_OF_*                                         */
	bool write;          /* or read-modify-write                             */
	bool missed;         /* a compare-and-swap that found something else, and stored nothing */
	/*
	 * The bytes as they are in memory, during the call: what was read (NULL if that was refused), or
	 * what was stored or would have been.
	 */
	const void *data;
	/* Of a compare-and-swap: the bytes that were there before, or NULL if it was refused. */
	const void *found;
};

/* Data of a device that went to memory, or came from there. */
struct iom_moved {
	uint64_t spa, bytes;
	uint64_t done;  /* so many of them were moved: all, unless memory refused */
	int32_t result; /* IOM_OK, IOM_EFAULT, IOM_EPOISON                        */
	bool write;     /* or read-modify-write                                   */
	bool atomic;    /* iom_atomic: `old` is what was there                    */
	uint64_t old;
};

/* kind of a call on the unit, and what `struct iom_call` says of it beside its result */
#define IOM_CALL_MMIO_READ 1u  /* number: window; address: offset; bytes; then *out              */
#define IOM_CALL_MMIO_WRITE 2u /* number: window; address: offset; bytes, value                  */
#define IOM_CALL_TRANSLATE 3u  /* port, request; then reply                                      */
#define IOM_CALL_READ 4u       /* port, request, bytes; then reply, data                         */
#define IOM_CALL_WRITE 5u      /* port, request, bytes, data; then reply                         */
#define IOM_CALL_ATOMIC 6u     /* port, request, bytes, number: op, value, compare; *out, reply  */
#define IOM_CALL_MSI 7u        /* endpoint, address, value: data; then reply                     */
#define IOM_CALL_MSI_TRANSLATE                                                                     \
	8u                  /* endpoint, address, value: data; then route, reply              */
#define IOM_CALL_MESSAGE 9u /* endpoint, message                                              */
#define IOM_CALL_STEP 10u   /* value: the clock                                               */
#define IOM_CALL_RESET 11u
#define IOM_CALL_RESET_WARM 12u
#define IOM_CALL_STOP 13u
#define IOM_CALL_START 14u
#define IOM_CALL_BEGIN 15u        /* lane                                                      */
#define IOM_CALL_END 16u          /* lane                                                      */
#define IOM_CALL_ENDPOINT_GET 17u /* requester; then endpoint                                  */
#define IOM_CALL_ENDPOINT_RENUMBER                                                                 \
	18u                          /* endpoint, value: its new number                           */
#define IOM_CALL_ENDPOINT_REMOVE 19u /* endpoint                                                  */
#define IOM_CALL_PORT_OPEN 20u       /* endpoint, lane; then port                                 */
#define IOM_CALL_PORT_CLOSE 21u      /* port                                                      */
#define IOM_CALL_FAULT_IN 22u        /* endpoint, number: 1 with a PASID, value: that; then info  */
#define IOM_CALL_REPLAY 23u          /* endpoint, address: first, value: last; IOM_EBUSY: *out    */
#define IOM_CALL_LOAD 24u            /* data: the state, bytes                                    */
#define IOM_CALL_BACKEND 25u         /* value: 1 with a backend, 0 without                        */
#define IOM_CALL_FORGET 26u          /* iom_forget                                                */
#define IOM_CALLS 27u                /* kinds are below this                                      */

/*
 * A call on the unit.  Pointers to endpoints, lanes and ports tell one from the other, and are not to be
 * used otherwise.  What does not belong to the kind is 0; what it says after "then" is there in
 * `leave` only, and if the call has succeeded or, of a reply, in any case.
 */
struct iom_call {
	uint32_t kind; /* IOM_CALL_*                                                          */
	uint32_t
		requester; /* whose call it is, when it begins; all ones: no device's             */
	uint32_t number;
	uint64_t address, bytes, value, compare;
	const struct iom_endpoint *endpoint;
	const struct iom_lane *lane;
	const struct iom_port *port;
	const struct iom_request *request;
	const struct iom_message *message;
	const void *data;
	const uint64_t *out;
	const struct iom_reply *reply;
	const struct iom_route *route;
	const struct iom_context_info *info;
};

/* kind of a callback */
#define IOM_CALLED_MSI 1u     /* host.msi, or a store in its stead: address, value: data, result */
#define IOM_CALLED_MESSAGE 2u /* host.message: requester, message                             */
#define IOM_CALLED_WIRE 3u    /* host.wire: address: which one, value: its level              */
#define IOM_CALLED_ORDER 4u   /* host.order: value: 1 reads, 2 writes, 3 both                 */
#define IOM_CALLED_CHANGED 5u /* host.interrupts_changed: address: first, value: last         */
#define IOM_CALLED_CONTEXT 6u /* a backend's context: info                                    */
#define IOM_CALLED_INVALIDATE 7u /* a backend's invalidate: invalidation                         */
#define IOM_CALLED_STRETCH 8u    /* of iom_replay: address, value: spa, bytes, perm, result      */
#define IOM_CALLED_LATER 9u      /* host.may_work said no; that it said yes is not told           */
#define IOM_CALLED_KINDS 10u     /* kinds are below this                                         */

/* The unit has called out; told also where the host has no such function, which is as if it did nothing. */
struct iom_called {
	uint32_t kind;      /* IOM_CALLED_* */
	uint32_t requester; /* all ones: nobody's */
	uint32_t perm;
	int32_t result; /* what the function returned */
	uint64_t address, value, bytes;
	const struct iom_message *message;
	const struct iom_context_info *info;
	const struct iom_invalidation *invalidation;
};

/*
 * Every function may be NULL, but enter and leave are there together or not at all.  They come on the
 * thread where the thing happens; but for `enter`, after it happened.
 */
struct iom_observer {
	size_t bytes; /* sizeof(struct iom_observer) */

	/*
	 * A call on the unit begins, and ends: every public function that can change something in the
	 * unit, or whose outcome the unit decides.  Both are called in pairs, on the same thread, around
	 * all else that the call causes, and calls that a callback makes are told inside.  A call that is
	 * part of another one is not told: the section that iom_read opens.  What device caches (atc.h)
	 * do is told as the calls on their ports.  Observers may wait in `enter` for the end of a call
	 * of another thread: no lock of the library is held.
	 *
	 * iom_observe itself tells what is there already as if it came now: a backend, endpoints, the
	 * clock (IOM_CALL_STEP), ports, open sections, that the unit is stopped; in this order.
	 */
	void (*enter)(void *opaque, const struct iom_call *call);
	void (*leave)(void *opaque, const struct iom_call *call, int result);

	/* A request was answered; `result` is what iom_translate returned. */
	void (*access)(void *opaque, uint32_t requester, const struct iom_request *request,
	               const struct iom_reply *reply, int result);
	/* The unit fetched a command of `words` doublewords. */
	void (*command)(void *opaque, const uint64_t *word, unsigned words);
	/*
	 * The unit accessed memory for itself, in the order in which it did.  `requester` is whose request
	 * it was for; all ones for queues and interrupts.  An entry that is read as a whole is one access.
	 * A word that is changed in one step is told once, as it was found and as it became; so is
	 * one that others kept changing meanwhile, and a page-table entry each time that it is tried.  An
	 * address beyond the unit's physical addresses is refused inside, and not told.
	 */
	void (*own)(void *opaque, uint32_t requester, const struct iom_own_access *access);
	/* A device's data were moved: once for each `access` that was granted, if there were any. */
	void (*moved)(void *opaque, uint32_t requester, const struct iom_moved *moved);
	/* The unit called out, and the function has returned. */
	void (*called)(void *opaque, const struct iom_called *called);
};

/*
 * Sets the unit's observer, or takes it away (NULL).  Copied.  Not while other calls on the unit are
 * under way.  IOM_EINVAL: a structure of unknown size, or only one of enter and leave.
 */
int iom_observe(struct iom_unit *unit, const struct iom_observer *observer, void *opaque);

/*
 * Drops all that the unit keeps of what it has read in memory, as if nothing had ever been cached.  Not
 * while other calls on the unit are under way.
 */
void iom_forget(struct iom_unit *unit);

#ifdef __cplusplus
}
#endif
#endif

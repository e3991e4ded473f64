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
};

/* Every function may be NULL.  They come on the thread where the thing happens, after it happened. */
struct iom_observer {
	size_t bytes; /* sizeof(struct iom_observer) */

	/* A request was answered; `result` is what iom_translate returned. */
	void (*access)(void *opaque, uint32_t requester, const struct iom_request *request,
	               const struct iom_reply *reply, int result);
	/* Software accessed a register. */
	void (*mmio)(void *opaque, unsigned window, uint64_t off, unsigned bytes, uint64_t val,
	             bool write);
	/* The unit fetched a command of `words` doublewords. */
	void (*command)(void *opaque, const uint64_t *word, unsigned words);
	/*
	 * The unit accessed memory for itself, in the order in which it did.  `requester` is whose request
	 * it was for; all ones for queues and interrupts.  An entry that is read as a whole is one access.
	 * An address beyond the unit's physical addresses is refused inside, and not told.
	 */
	void (*own)(void *opaque, uint32_t requester, const struct iom_own_access *access);
	/* The unit sent a message-signalled interrupt: its own, or what it made of a device's. */
	void (*msi)(void *opaque, uint64_t address, uint32_t data);
};

/*
 * Sets the unit's observer, or takes it away (NULL).  Copied.  Not while other calls on the unit are
 * under way.  IOM_EINVAL: a structure of unknown size.
 */
int iom_observe(struct iom_unit *unit, const struct iom_observer *observer, void *opaque);

#ifdef __cplusplus
}
#endif
#endif

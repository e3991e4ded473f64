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
	/* The unit sent a message-signalled interrupt of its own. */
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

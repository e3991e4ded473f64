/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * An address translation cache (PCI Express ATS): what a device model embeds to keep translations
 * itself.  It stands on a port, and offers the port's calls once more: a page that is not in it is
 * asked for by a translation request, kept as it was answered, and reached by translated requests
 * until an invalidation takes it away.
 *
 * Between iom_atc_begin and iom_atc_end an access is under way.  An invalidation that comes
 * meanwhile, from any thread, also from inside the device's own access, drops what it names at once
 * and is answered by the end of that access: no call waits, and what was dropped is not used again.
 *
 * Accesses belong to the thread of the port's lane; the other calls may come from any thread.
 */
#ifndef IOMMUX_ATC_H
#define IOMMUX_ATC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/error.h>
#include <iommux/message.h>
#include <iommux/port.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_atc;

/* flags of struct iom_atc_config */
/* Translated requests carry the PASID, too (PASID Control, Translated Requests with PASID Enable). */
#define IOM_ATC_PASID_TRANSLATED 0x1u

struct iom_atc_config {
	size_t bytes;        /* sizeof(struct iom_atc_config)                                 */
	uint32_t flags;      /* IOM_ATC_*                                                     */
	uint8_t entries_lg2; /* log2 of its entries, 2..20; 0: 64 of them                     */
	/*
	 * Of how many caches of its function this is one, 1..8; 0: 1.  A function with one for each of its
	 * threads hands each of them every message; the last answer completes.
	 */
	uint8_t caches;
};

/*
 * Makes a cache, empty and disabled, with memory from the allocator of the port's unit; nothing is
 * allocated later.  `config` NULL means all zeroes.  IOM_EINVAL: a field is out of range; IOM_ENOMEM.
 * Free it before its port is closed, by whatever call.
 */
int iom_atc_new(struct iom_port *port, const struct iom_atc_config *config, struct iom_atc **out,
                struct iom_error *error);

/* An access that is under way ends.  NULL is ignored. */
void iom_atc_free(struct iom_atc *atc);

/*
 * ATS Control, Enable.  Nothing is kept over a change in either direction; a function-level reset
 * disables.  While it is disabled, every request goes untranslated, and invalidations are still
 * answered.  A translation request that is answered with Unsupported Request has the same effect until
 * it is enabled again: the function may not use ATS.
 */
void iom_atc_enable(struct iom_atc *atc, bool enable);

/* Begins and ends an access, and with it a section of the port's lane.  They nest. */
void iom_atc_begin(struct iom_atc *atc);
void iom_atc_end(struct iom_atc *atc);

/*
 * iom_translate, iom_read, iom_write, iom_atomic through the cache, for requests with at
 * IOM_AT_UNTRANSLATED; any other is IOM_EINVAL.  What the reply says holds for the request's own address.  IOM_EFAULT with
 * status IOM_DONE: the page was asked for, and the answer does not permit the access; nothing was
 * recorded, and IOM_MESSAGE_PAGE_REQUEST is how to get it.  With any other status, a request was
 * refused.
 *
 * Pages that are to be reached untranslated ("U") are not kept.  A read asks for no leave to write.
 *
 * Call iom_atc_translate while an access is under way, and use its reply until iom_atc_end.  The
 * others see to that themselves.
 */
int iom_atc_translate(struct iom_atc *atc, const struct iom_request *request,
                      struct iom_reply *reply);
int iom_atc_read(struct iom_atc *atc, const struct iom_request *request, void *buf, size_t bytes,
                 struct iom_reply *reply);
int iom_atc_write(struct iom_atc *atc, const struct iom_request *request, const void *buf,
                  size_t bytes, struct iom_reply *reply);
int iom_atc_atomic(struct iom_atc *atc, const struct iom_request *request, unsigned op,
                   uint64_t operand, uint64_t compare, unsigned bytes, uint64_t *old,
                   struct iom_reply *reply);

/*
 * Takes the device's IOM_MESSAGE_INVALIDATE and answers it with IOM_MESSAGE_INVALIDATED, at once or at
 * the end of the access under way.  IOM_EINVAL: another kind of message, and nothing happened.
 */
int iom_atc_message(struct iom_atc *atc, const struct iom_message *message);

/* How many translation requests it has sent so far.  For the thread of the port's lane. */
uint64_t iom_atc_requests(const struct iom_atc *atc);

#ifdef __cplusplus
}
#endif
#endif

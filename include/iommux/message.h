/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Messages between a unit and a device: what comes later than the request that caused it.
 */
#ifndef IOMMUX_MESSAGE_H
#define IOMMUX_MESSAGE_H

#include <stdint.h>

#include <iommux/endpoint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* kind: from the unit to the device, through host.message */
#define IOM_MESSAGE_RESUME 1u     /* ask again: what reply.token stood for can go on             */
#define IOM_MESSAGE_TERMINATE 2u  /* give up what reply.token stood for: it ends as refused      */
#define IOM_MESSAGE_INVALIDATE 3u /* forget translations: answer with IOM_MESSAGE_INVALIDATED    */
#define IOM_MESSAGE_PAGES 4u      /* the answer to a page request: `code`                        */
/* kind: from the device to the unit, through iom_message */
#define IOM_MESSAGE_INVALIDATED 5u
#define IOM_MESSAGE_PAGE_REQUEST 6u

struct iom_message {
	uint64_t address; /* what it is about; a page's first byte                       */
	uint32_t kind;    /* IOM_MESSAGE_*                                               */
	uint32_t token;   /* RESUME, TERMINATE: reply.token; else the tag that pairs      */
			  /* question and answer (ITag, page request group index)        */
	uint32_t pasid;   /* with IOM_REQ_PASID in `flags`                               */
	uint16_t flags;   /* IOM_REQ_*                                                   */
	uint8_t size_lg2; /* INVALIDATE: 2^size_lg2 bytes around `address`               */
	uint8_t code;     /* PAGES: 0 success, else the architecture's response code     */
};

/*
 * A device speaks to the unit.  IOM_ENOTSUP: the unit's architecture, or its configuration, has no
 * use for such a message; IOM_ENOENT: the endpoint was removed; IOM_EINVAL: not a message that
 * devices send.
 */
int iom_message(struct iom_endpoint *endpoint, const struct iom_message *message);

#ifdef __cplusplus
}
#endif
#endif

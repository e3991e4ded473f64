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
#define IOM_MESSAGE_INVALIDATED 5u  /* Invalidate Completion                                     */
#define IOM_MESSAGE_PAGE_REQUEST 6u /* asks for a page; `code`: IOM_PAGE_*                       */

/* flags of an invalidation, beside IOM_REQ_PASID: whatever the PASID */
#define IOM_MESSAGE_GLOBAL 0x8000u

/* code of a page request */
#define IOM_PAGE_READ 0x1u
#define IOM_PAGE_WRITE 0x2u
#define IOM_PAGE_EXECUTE 0x4u
/* The last of its group: now an answer is due.  Alone, with a PASID, it is a Stop Marker. */
#define IOM_PAGE_LAST 0x8u

/* code of an answer to page requests (PCI Express, PRG Response) */
#define IOM_PAGES_DONE 0u
#define IOM_PAGES_INVALID 1u
#define IOM_PAGES_FAILED 15u

struct iom_message {
	uint64_t address; /* what it is about; a page's first byte                       */
	uint32_t kind;    /* IOM_MESSAGE_*                                               */
	uint32_t token;   /* RESUME, TERMINATE: reply.token; INVALIDATE: the ITag;       */
			  /* INVALIDATED: a bit for each ITag that it completes; pages:  */
			  /* the page request group index, 0..511                        */
	uint32_t pasid;   /* with IOM_REQ_PASID in `flags`                               */
	uint16_t flags;   /* IOM_REQ_PASID, _PRIVILEGED; INVALIDATE: IOM_MESSAGE_GLOBAL   */
	uint8_t size_lg2; /* INVALIDATE: 2^size_lg2 bytes around `address`, 12..64       */
	uint8_t code;     /* page request and PAGES: above; INVALIDATED: of so many      */
			  /* completions this is one, 1..7, or 0 for 8                   */
};

/*
 * A device speaks to the unit.  Answers come through host.message, perhaps before this returns.  An
 * Invalidate Completion that nobody waits for is ignored (RISC-V), or is an error that software is
 * told of (VT-d, ICE).
 *
 * IOM_EBUSY: a page request, and the unit is stopped, has been reset meanwhile, or has many others still
 * before it: send it again later;
 * IOM_ENOTSUP: the unit's architecture, its configuration, or (VT-d) software that has not turned
 * translation on has no use for such a message: an Unsupported Request;
 * IOM_ENOENT: the endpoint was removed; IOM_EINVAL: not a message that devices send.
 */
int iom_message(struct iom_endpoint *endpoint, const struct iom_message *message);

#ifdef __cplusplus
}
#endif
#endif

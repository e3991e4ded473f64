/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a device gets.
 */
#ifndef IOMMUX_REPLY_H
#define IOMMUX_REPLY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* status: how the bus completes the request */
#define IOM_DONE 0u        /* success                                                  */
#define IOM_UNSUPPORTED 1u /* refused: Unsupported Request on PCI Express              */
#define IOM_STALLED 3u     /* held back: host.message says how it ends                 */
#define IOM_ABORT 2u       /* refused: Completer Abort on PCI Express, SLVERR on AXI   */

/* perm: what the entry grants, whatever was asked */
#define IOM_PERM_READ 0x1u
#define IOM_PERM_WRITE 0x2u
#define IOM_PERM_EXECUTE 0x4u

/* memory_type */
#define IOM_MEMORY_DEFAULT 0u /* what the platform says of the physical address             */
#define IOM_MEMORY_NC 1u      /* non-cacheable, idempotent, weakly ordered                  */
#define IOM_MEMORY_IO 2u      /* non-cacheable, not idempotent, strongly ordered            */
#define IOM_MEMORY_SNOOPED 3u /* coherent even if the request says that it need not be; in an */
			      /* answer to a translation request the "N" bit                */

/* target */
#define IOM_TARGET_MEMORY 0u
/* A memory-resident interrupt file at `spa`: `host` is NULL; iom_write does what a store means. */
#define IOM_TARGET_MRIF 1u
/* An interrupt message: `host` is NULL, `spa` the address as the device sent it; iom_write delivers. */
#define IOM_TARGET_INTERRUPT 2u

/* ats: what an answer to a translation request says beside `perm` and the range */
#define IOM_ATS_GLOBAL 0x1u       /* the same for all processes                             */
#define IOM_ATS_PRIVILEGED 0x2u   /* the permissions are those of a privileged access       */
#define IOM_ATS_UNTRANSLATED 0x4u /* "U": reach the page by untranslated requests only    */
#define IOM_ATS_CXL_IO 0x8u       /* not by CXL.cache                                     */

struct iom_reply {
	uint64_t spa;        /* system physical address of request.iova                           */
	uint64_t done;       /* bytes moved (iom_read, iom_write) before the end or the refusal   */
	uint64_t host_bytes; /* bytes that may be reached through `host`, inside range and region */
	void *host;          /* host pointer to `spa`, or NULL where memory has none; writable    */
			     /* only if `perm` says so and the region is not read-only            */
	uint32_t token;      /* status IOM_STALLED: what the later message will name              */
	uint32_t fault;      /* the architecture's fault code, or 0; see iom_fault_name           */
	uint8_t range_lg2;   /* the entry grants the naturally aligned 2^range_lg2 bytes around   */
			     /* request.iova, all mapped in a row; 12..64                         */
	uint8_t perm;        /* IOM_PERM_*                                                        */
	uint8_t memory_type; /* IOM_MEMORY_*                                                      */
	uint8_t status; /* IOM_DONE ...                                                       */
	uint8_t target; /* IOM_TARGET_*                                                       */
	uint8_t ats;    /* IOM_ATS_*                                                          */
	uint16_t rcid;  /* quality-of-service identifiers that the access carries:                */
	uint16_t mcid;  /* resource control, monitoring counter                                   */
};

#ifdef __cplusplus
}
#endif
#endif

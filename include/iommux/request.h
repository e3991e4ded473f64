/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a device asks.  A request of all zeroes is an untranslated zero-length read of address 0.
 */
#ifndef IOMMUX_REQUEST_H
#define IOMMUX_REQUEST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* access */
#define IOM_READ 0u    /* read                                              */
#define IOM_WRITE 1u   /* write                                             */
#define IOM_EXECUTE 2u /* read for execute                                  */
#define IOM_ATOMIC 3u  /* atomic read-modify-write; judged as a write where */
		       /* the architecture does not tell the two apart      */

/* at: PCI Express address type */
#define IOM_AT_UNTRANSLATED 0u
#define IOM_AT_TRANSLATION_REQUEST 1u /* asks for a translation, moves no data */
#define IOM_AT_TRANSLATED 2u          /* carries an address that ATS returned  */

/* flags */
#define IOM_REQ_PASID 0x1u      /* `pasid` is valid: a process identifier came with the request */
#define IOM_REQ_PRIVILEGED 0x2u /* supervisor privilege was asked for; counts with IOM_REQ_PASID */
#define IOM_REQ_PROBE 0x4u      /* only asks: nothing is recorded, no accessed or dirty bit set; */
				/* iom_read and iom_write still move their data                  */
#define IOM_REQ_NO_WRITE 0x8u   /* translation request only: reading is all that is meant ("NW") */
#define IOM_REQ_CXL 0x10u       /* translation request only: of a CXL device of type 1 or 2      */

struct iom_request {
	uint64_t iova;  /* the address that the device put on the bus                   */
	uint64_t bytes; /* length; 0 is a zero-length access.  iova + bytes <= 2^64     */
	uint32_t pasid; /* PASID or process_id, at most 20 bits; ignored without flag   */
	uint16_t flags; /* IOM_REQ_*                                                    */
	uint8_t access; /* IOM_READ ...; a translation request asks for execute, or not */
	uint8_t at;     /* IOM_AT_*                                                     */
};

#ifdef __cplusplus
}
#endif
#endif

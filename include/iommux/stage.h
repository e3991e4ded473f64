/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A stage of translation, in words that a guest-facing unit (backend.h) and a driver (os.h) share.
 */
#ifndef IOMMUX_STAGE_H
#define IOMMUX_STAGE_H

#include <stdbool.h>
#include <stdint.h>

/* What a stage's tables look like; IOM_FORMAT_NONE: the stage passes addresses through. */
#define IOM_FORMAT_NONE 0u
#define IOM_FORMAT_RISCV_SV39 1u /* x4 in stage 2 */
#define IOM_FORMAT_RISCV_SV48 2u
#define IOM_FORMAT_RISCV_SV57 3u
#define IOM_FORMAT_RISCV_SV32 4u
#define IOM_FORMAT_X86_4LEVEL 5u /* the CPU's: VT-d's first stage             */
#define IOM_FORMAT_X86_5LEVEL 6u
#define IOM_FORMAT_VTD_3LEVEL 7u /* VT-d's second stage, of 39 bits ...        */
#define IOM_FORMAT_VTD_4LEVEL 8u
#define IOM_FORMAT_VTD_5LEVEL 9u

struct iom_stage {
	uint64_t root;   /* address of the root table, as whoever wrote it numbers memory      */
	uint32_t format; /* IOM_FORMAT_*                                                       */
	uint32_t tag; /* the identifier that its owner's invalidations name (PSCID, GSCID, DID)  */
	bool big_endian; /* entries are                                                        */
};

#endif

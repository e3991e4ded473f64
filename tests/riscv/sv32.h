/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Tables with 32-bit entries on the rig: Sv32 and Sv32x4. */
#ifndef TESTS_RISCV_SV32_H
#define TESTS_RISCV_SV32_H

#include "sheet.h"
#include "stage.h"

#define CAP_SV32 (1ull << 8)
#define CAP_SVRSW60T59B (1ull << 14)
#define CAP_SV32X4 (1ull << 16)
#define CAP_AMO_HWAD (1ull << 24)
#define CAP_NL (1ull << 42)
#define CAP_S (1ull << 43)
#define CAP_BOTH (CAP_EXT | CAP_SV32 | CAP_SV32X4)

/* Bits of DC.tc, and MODE of Sv32 and Sv32x4 */
#define TC_V (1ull << 0)
#define TC_PDTV (1ull << 5)
#define TC_GADE (1ull << 7)
#define TC_SADE (1ull << 8)
#define TC_SBE (1ull << 10)
#define TC_SXL (1ull << 11)
#define MODE_SV32 (8ull << 60)
#define GSCID_7 (7ull << 44)

/* The widest address that a 32-bit entry can say, and its page number there. */
#define PA34_LAST 0x3ffffffffull

uint32_t pte32(uint64_t pa, unsigned low);
/* A leaf with V, R, W, X, U, A and D. */
uint32_t leaf32(uint64_t pa);
uint32_t swap32(uint32_t v);

/* A rig without caches, fctl.GXL writable, fctl as given, a DDT of one level, a fault queue. */
struct rig *rig32(uint64_t cap, uint32_t fctl);

/*
 * Puts an entry at `level` of the path of `input`, whose table is made if it is not there; `big`: in
 * big-endian order.  Returns its SPA.
 */
uint64_t map32(struct rig *r, uint64_t root, bool x4, uint64_t input, unsigned level, uint32_t pte,
               bool big);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The debug registers: one question, and the answer taken to pieces. */
#ifndef TESTS_RISCV_DBG_H
#define TESTS_RISCV_DBG_H

#include "mrif.h"

enum { TR_RESPONSE = 0x268 };
#define DBG_GO 1ull
#define DBG_PRIV 2ull
#define DBG_EXE 4ull
#define DBG_NW 8ull
#define DBG_PID(n) ((uint64_t)(n) << 12 | 1ull << 32) /* with PV */
#define DBG_DID(n) ((uint64_t)(n) << 40)

struct dbg_answer {
	bool fault;
	unsigned pbmt;
	uint64_t base, bytes; /* the range */
};

/* Asks with these bits of tr_req_ctl beside Go and DID; the request must be over at once. */
struct dbg_answer dbg_ask(struct rig *r, uint32_t device, uint64_t iova, uint64_t ctl);
/* The same, which must fault and leave exactly this record. */
void dbg_refused(struct rig *r, uint32_t device, uint64_t iova, uint64_t ctl, unsigned cause);

#endif

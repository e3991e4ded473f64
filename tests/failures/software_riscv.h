/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What software and devices do with RISC-V's IOMMU. */
#ifndef TESTS_FAILURES_SOFTWARE_RISCV_H
#define TESTS_FAILURES_SOFTWARE_RISCV_H

#include "../riscv/sheet.h"
#include "software.h"

enum { ATS_INVAL = 0x004, ATS_PRGR = 0x084 };

#define MSI_IOVA 0x12348000ull  /* a guest's interrupt file: a hart's */
#define MRIF_IOVA 0x12349000ull /* another one: in memory             */
#define QUEUE_ENTRIES 128u

#define CQ WORLD_RAM
#define FQ (WORLD_RAM + 0x1000)
#define PQ (WORLD_RAM + 0x2000)
#define VECTORS (WORLD_RAM + 0x4000) /* where the unit's messages go                 */
#define NOTICES (WORLD_RAM + 0x5000) /* where those of the interrupt file in memory go */

/* Makes everything that the unit reads, anew; returns the directory. */
uint64_t soft_riscv_tables(struct world *w);
void command(struct world *w, uint64_t dw0, uint64_t dw1);

/* Those of arch_riscv */
void soft_riscv_refresh(struct world *w);
void soft_riscv_forget_all(struct world *w);
void soft_riscv_fence(struct world *w);
void soft_riscv_invalidate(struct world *w, unsigned id, uint64_t iova);
void soft_riscv_note_queue(struct world *w);
void soft_riscv_drain(struct world *w);
void soft_riscv_recover(struct world *w);

#endif

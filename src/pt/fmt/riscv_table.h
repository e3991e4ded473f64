/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The builders of RISC-V tables with 64-bit and with 32-bit entries, as ordinary functions.  See
 * pt/build.h.
 */
#ifndef PT_FMT_RISCV_TABLE_H
#define PT_FMT_RISCV_TABLE_H

#include "pt/instance.h"

PT_BUILDER_DECLARE(pt_rv64);
PT_BUILDER_DECLARE(pt_rv32);

#endif

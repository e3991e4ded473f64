/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder of RISC-V tables with 64-bit entries, as ordinary functions.  See pt/build.h. */
#ifndef PT_FMT_RISCV_TABLE_H
#define PT_FMT_RISCV_TABLE_H

#include "pt/instance.h"

PT_BUILDER_DECLARE(pt_rv64);

#endif

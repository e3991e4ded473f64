/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder of RISC-V tables with 64-bit entries, as ordinary functions.  See pt/build.h. */
#ifndef PT_FMT_RISCV_TABLE_H
#define PT_FMT_RISCV_TABLE_H

#include "pt/build.h"

int pt_rv64_map(const struct pt_pages *pages, void *ctx, const struct pt_root *root, uint64_t input,
                uint64_t output, uint64_t bytes, unsigned perm, unsigned memory_type);
int pt_rv64_unmap(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
                  uint64_t input, uint64_t bytes, struct pt_removed *removed);
enum pt_why pt_rv64_lookup(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
                           uint64_t input, struct pt_result *out);
void pt_rv64_release(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
                     uint64_t tables);
void pt_rv64_free(const struct pt_pages *pages, void *ctx, const struct pt_root *root);

#endif

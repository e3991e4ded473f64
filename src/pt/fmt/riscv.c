/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder's instance for RISC-V tables with 64-bit entries. */
#include "pt/fmt/riscv_table.h"

#include "pt/fmt/riscv.h"

/*
 * The root as the compiler likes it: what is the same in all schemes as constants, and no pointer
 * that a store into a table might change.
 */
PT_INLINE struct pt_root pt_rv64_known(const struct pt_root *root)
{
	struct pt_root known = *root;

	known.granule_lg2 = 12;
	return known;
}

int pt_rv64_map(const struct pt_pages *pages, void *ctx, const struct pt_root *root, uint64_t input,
                uint64_t output, uint64_t bytes, unsigned perm, unsigned memory_type)
{
	const struct pt_root known = pt_rv64_known(root);

	return pt_map(&pt_rv64, pages, ctx, &known, input, output, bytes, perm, memory_type);
}

int pt_rv64_unmap(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
                  uint64_t input, uint64_t bytes, struct pt_removed *removed)
{
	const struct pt_root known = pt_rv64_known(root);

	return pt_unmap(&pt_rv64, pages, ctx, &known, input, bytes, removed);
}

enum pt_why pt_rv64_lookup(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
                           uint64_t input, struct pt_result *out)
{
	const struct pt_root known = pt_rv64_known(root);

	return pt_lookup(&pt_rv64, pages, ctx, &known, input, out);
}

void pt_rv64_release(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
                     uint64_t tables)
{
	pt_release(pages, ctx, root, tables);
}

void pt_rv64_free(const struct pt_pages *pages, void *ctx, const struct pt_root *root)
{
	pt_free(&pt_rv64, pages, ctx, root);
}

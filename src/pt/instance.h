/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The builder of one format as ordinary functions, named by a prefix.  Each is pt_map, pt_unmap ...
 * (pt/build.h), folded for that format.
 */
#ifndef PT_INSTANCE_H
#define PT_INSTANCE_H

#include "pt/build.h"

/* What seldom runs stays out of the functions that often do, with all the registers that it wants. */
#define PT_APART __attribute__((noinline))

/* clang-format off */
#define PT_BUILDER_DECLARE(prefix)                                                                 \
	int prefix##_map(const struct pt_pages *pages, void *ctx, const struct pt_root *root,      \
	                 uint64_t input, uint64_t output, uint64_t bytes, unsigned perm,           \
	                 unsigned memory_type);                                                    \
	int prefix##_unmap(const struct pt_pages *pages, void *ctx, const struct pt_root *root,    \
	                   uint64_t input, uint64_t bytes, struct pt_removed *removed);            \
	enum pt_why prefix##_lookup(const struct pt_pages *pages, void *ctx,                       \
	                            const struct pt_root *root, uint64_t input,                    \
	                            struct pt_result *out);                                        \
	void prefix##_release(const struct pt_pages *pages, void *ctx, const struct pt_root *root, \
	                      uint64_t tables);                                                    \
	void prefix##_free(const struct pt_pages *pages, void *ctx, const struct pt_root *root)

/* `known`: the root with what is the same in all of the format's shapes as constants. */
#define PT_BUILDER_DEFINE(prefix, format, known)                                                   \
	static PT_APART int prefix##_map_any(const struct pt_pages *pages, void *ctx,              \
	                                     const struct pt_root *root, uint64_t input,           \
	                                     uint64_t output, uint64_t bytes, unsigned perm,       \
	                                     unsigned memory_type)                                 \
	{                                                                                          \
		const struct pt_root r = known(root);                                              \
                                                                                                   \
		return pt_map(&(format), pages, ctx, &r, input, output, bytes, perm, memory_type); \
	}                                                                                          \
                                                                                                   \
	int prefix##_map(const struct pt_pages *pages, void *ctx, const struct pt_root *root,      \
	                 uint64_t input, uint64_t output, uint64_t bytes, unsigned perm,           \
	                 unsigned memory_type)                                                     \
	{                                                                                          \
		const struct pt_root r = known(root);                                              \
                                                                                                   \
		if (pt_map_beside(&(format), pages, ctx, &r, input, output, bytes, perm,           \
		                  memory_type))                                                    \
			return IOM_OK;                                                             \
		return prefix##_map_any(pages, ctx, root, input, output, bytes, perm,              \
		                        memory_type);                                              \
	}                                                                                          \
                                                                                                   \
	static PT_APART int prefix##_unmap_any(const struct pt_pages *pages, void *ctx,            \
	                                       const struct pt_root *root, uint64_t input,         \
	                                       uint64_t bytes, struct pt_removed *removed)         \
	{                                                                                          \
		const struct pt_root r = known(root);                                              \
                                                                                                   \
		return pt_unmap(&(format), pages, ctx, &r, input, bytes, removed);                 \
	}                                                                                          \
                                                                                                   \
	int prefix##_unmap(const struct pt_pages *pages, void *ctx, const struct pt_root *root,    \
	                   uint64_t input, uint64_t bytes, struct pt_removed *removed)             \
	{                                                                                          \
		const struct pt_root r = known(root);                                              \
                                                                                                   \
		if (pt_unmap_beside(&(format), pages, ctx, &r, input, bytes, removed))             \
			return IOM_OK;                                                             \
		return prefix##_unmap_any(pages, ctx, root, input, bytes, removed);                \
	}                                                                                          \
                                                                                                   \
	enum pt_why prefix##_lookup(const struct pt_pages *pages, void *ctx,                       \
	                            const struct pt_root *root, uint64_t input,                    \
	                            struct pt_result *out)                                         \
	{                                                                                          \
		const struct pt_root r = known(root);                                              \
                                                                                                   \
		return pt_lookup(&(format), pages, ctx, &r, input, out);                           \
	}                                                                                          \
                                                                                                   \
	void prefix##_release(const struct pt_pages *pages, void *ctx, const struct pt_root *root, \
	                      uint64_t tables)                                                     \
	{                                                                                          \
		pt_release(&(format), pages, ctx, root, tables);                                   \
	}                                                                                          \
                                                                                                   \
	void prefix##_free(const struct pt_pages *pages, void *ctx, const struct pt_root *root)    \
	{                                                                                          \
		pt_free(&(format), pages, ctx, root);                                              \
	}                                                                                          \
	_Static_assert(1, "")
/* clang-format on */

#endif

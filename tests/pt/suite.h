/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The questions that every page-table format answers.  A format's test file describes its roots as
 * rows and says SUITE(name, rows); what is typed there comes from the manual.
 */
#ifndef TESTS_PT_SUITE_H
#define TESTS_PT_SUITE_H

#include "../test.h"

#include "pt/build.h"
#include "twin.h"

/* A format, and one root that it allows. */
struct suite_row {
	const char *name;
	const struct pt_format *fmt;
	struct pt_root root; /* without an address */
	uint8_t rules;       /* pt_want.rules */

	twin_walk *twin;
	struct twin_shape shape;

	/* What the format can say: typed */
	uint64_t sizes[PT_LEVELS_MAX]; /* bit n: pages of 2^n bytes, by level */
	uint32_t says;                 /* bit n: rights n                     */
	uint8_t memory_types;          /* all their bits                      */
	uint8_t perm;                  /* rights to map with                  */
	/* Bits that make an entry malformed, for a table (size_lg2 0) or a page. */
	uint64_t (*reserved)(const struct suite_row *row, unsigned level, unsigned size_lg2);

	/* Flags in entries; 0: not kept, or not by this format's walks */
	uint64_t accessed, dirty;
	bool tables_accessed; /* also in tables */

	/* The instances; `marking` sets flags */
	enum pt_why (*walk)(const struct pt_root *root, uint64_t input, const struct pt_want *want,
	                    void *ctx, struct pt_result *out);
	enum pt_why (*marking)(const struct pt_root *root, uint64_t input,
	                       const struct pt_want *want, void *ctx, struct pt_result *out);
	int (*map)(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
	           uint64_t input, uint64_t output, uint64_t bytes, unsigned perm,
	           unsigned memory_type);
	int (*unmap)(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
	             uint64_t input, uint64_t bytes, struct pt_removed *removed);
	enum pt_why (*lookup)(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
	                      uint64_t input, struct pt_result *out);
	void (*release)(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
	                uint64_t tables);
	void (*free)(const struct pt_pages *pages, void *ctx, const struct pt_root *root);
};

/* For suite_row.says */
#define SUITE_SAYS(perm) (1u << (perm))
#define SUITE_SAYS_USER(perm) (SUITE_SAYS(perm) | SUITE_SAYS((perm) | PT_USER))

/* The walker's instances for a format, over the suite's memory: `name` and `name`_marking. */
#define SUITE_WALK(name, format)                                                                   \
	SUITE_WALK_BY(name, format, suite_source)                                                  \
	SUITE_WALK_BY(name##_marking, format, suite_marking_source)
#define SUITE_WALK_BY(name, format, source)                                                        \
	static enum pt_why name(const struct pt_root *root, uint64_t input,                        \
	                        const struct pt_want *want, void *ctx, struct pt_result *out)      \
	{                                                                                          \
		return pt_walk(&(format), &(source), root, input, want, ctx, out);                 \
	}

/* The members of a row that name the instances. */
#define SUITE_INSTANCES(prefix, walker)                                                            \
	.walk = walker, .marking = walker##_marking, .map = prefix##_map, .unmap = prefix##_unmap, \
	.lookup = prefix##_lookup, .release = prefix##_release, .free = prefix##_free

int suite_load(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw);
int suite_swap(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw,
               uint64_t now);
static const struct pt_source suite_source = { .load = suite_load };
static const struct pt_source suite_marking_source = { .load = suite_load, .swap = suite_swap };

/* The root that a format's function makes, at 4 GiB, is the one that was typed. */
void suite_root_is(const struct suite_row *row, struct pt_root root);

void suite_decodes_every_bit_once(const struct suite_row *row);
void suite_encodes_what_it_decodes(const struct suite_row *row);
void suite_reserved_bits(const struct suite_row *row);
void suite_maps_each_size(const struct suite_row *row);
void suite_ends_of_ranges(const struct suite_row *row);
void suite_refuses_without_a_trace(const struct suite_row *row);
void suite_random_maps(const struct suite_row *row);
void suite_random_tables(const struct suite_row *row);
void suite_mutated_tables(const struct suite_row *row);
void suite_sets_flags(const struct suite_row *row);

#define SUITE_ASK(name, rows, question)                                                            \
	TEST(name##_##question, "")                                                                \
	{                                                                                          \
		for (size_t i = 0; i < IOM_COUNT(rows); i++)                                       \
			suite_##question(&(rows)[i]);                                              \
	}

#define SUITE(name, rows)                                                                          \
	SUITE_ASK(name, rows, decodes_every_bit_once)                                              \
	SUITE_ASK(name, rows, encodes_what_it_decodes)                                             \
	SUITE_ASK(name, rows, reserved_bits)                                                       \
	SUITE_ASK(name, rows, maps_each_size)                                                      \
	SUITE_ASK(name, rows, ends_of_ranges)                                                      \
	SUITE_ASK(name, rows, refuses_without_a_trace)                                             \
	SUITE_ASK(name, rows, random_maps)                                                         \
	SUITE_ASK(name, rows, random_tables)                                                       \
	SUITE_ASK(name, rows, mutated_tables)                                                      \
	SUITE_ASK(name, rows, sets_flags)

#endif

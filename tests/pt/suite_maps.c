/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The format suite: what the builder maps and unmaps. */
#include "suite_tables.h"

#include <stdlib.h>
#include <string.h>

/* The page at `input` as builder and twin see it; ~0: none. */
static uint64_t goes_to(struct tables *t, const struct pt_root *root, uint64_t input,
                        unsigned *size_lg2)
{
	const struct pt_want want = { .perm = PT_R,
		                      .user = t->row->perm & PT_USER,
		                      .user_pages = true,
		                      .rules = t->row->rules };
	struct pt_result found;
	struct twin_answer a = walk_both(t, root, input, &want);
	enum pt_why why = t->row->lookup(&tables_pages, t, root, input, &found);

	CHECK_EQ(as_twin[why], a.why);
	if (why)
		return ~0ull;
	CHECK_EQ(found.address, a.address);
	CHECK_EQ(found.size_lg2, a.size_lg2);
	CHECK_EQ(found.perm, t->row->perm);
	*size_lg2 = a.size_lg2;
	return a.address;
}

static void map_one(struct tables *t, unsigned size)
{
	const struct suite_row *row = t->row;
	struct pt_root root = root_new(t);
	uint64_t bytes = IOM_BIT(size), input = random_input(t, &root) & ~(bytes - 1);
	uint64_t output = random_output(t, size), granule = IOM_BIT(root.granule_lg2);
	struct pt_removed removed = { 0 };
	unsigned n, found;

	CHECK_EQ(row->map(&tables_pages, t, &root, input, output, bytes, row->perm, 0), IOM_OK);
	for (n = 0; n < 20; n++) {
		uint64_t offset = n == 0 ? 0 : n == 1 ? bytes - 1 : tables_roll(t, bytes);

		CHECK_EQ(goes_to(t, &root, input + offset, &found), output + offset);
		CHECK_MSG(found == size, "%s: size %u, should be %u", row->name, found, size);
	}
	if (pt_input_ok(&root, input + bytes) && input + bytes)
		CHECK_EQ(goes_to(t, &root, input + bytes, &found), ~0ull);
	if (pt_input_ok(&root, input - 1) && input)
		CHECK_EQ(goes_to(t, &root, input - 1, &found), ~0ull);

	/* it can be neither cut nor covered */
	if (size > root.granule_lg2) {
		CHECK_EQ(row->unmap(&tables_pages, t, &root, input, granule, &removed), IOM_EINVAL);
		CHECK_EQ(row->unmap(&tables_pages, t, &root, input + bytes - granule, granule,
		                    &removed),
		         IOM_EINVAL);
		CHECK_EQ(row->unmap(&tables_pages, t, &root, input, bytes / 2, &removed),
		         IOM_EINVAL);
		CHECK_EQ(row->unmap(&tables_pages, t, &root, input + granule, bytes - granule,
		                    &removed),
		         IOM_EINVAL);
	}
	CHECK_EQ(row->map(&tables_pages, t, &root, input, output, bytes, row->perm, 0), IOM_EEXIST);
	CHECK_EQ(row->map(&tables_pages, t, &root, input + bytes - granule, output, granule,
	                  row->perm, 0),
	         IOM_EEXIST);
	CHECK_EQ(removed.tables | removed.step_lg2, 0);
	CHECK_EQ(goes_to(t, &root, input + bytes - 1, &found), output + bytes - 1);

	CHECK_EQ(row->unmap(&tables_pages, t, &root, input, bytes, &removed), IOM_OK);
	CHECK_EQ(removed.step_lg2, size);
	CHECK_EQ(goes_to(t, &root, input, &found), ~0ull);
	CHECK_EQ(goes_to(t, &root, input + bytes - 1, &found), ~0ull);
	root_free(t, &root, removed.tables);
}

void suite_maps_each_size(const struct suite_row *row)
{
	struct tables *t = tables_new(row);
	unsigned level, size, round;

	for (level = 0; level < row->root.levels; level++)
		for (size = 0; size < 64; size++)
			for (round = 0; row->sizes[level] & IOM_BIT(size) && round < 10; round++)
				map_one(t, size);
	tables_free(t);
}

void suite_ends_of_ranges(const struct suite_row *row)
{
	struct tables *t = tables_new(row);
	struct pt_root root = root_new(t);
	struct pt_removed removed = { 0 };
	uint64_t granule = IOM_BIT(root.granule_lg2), first, last;
	unsigned n, size;

	for (n = 0; input_range(&root, n, &first, &last); n++) {
		uint64_t out = random_output(t, root.granule_lg2 + 1), end = last - granule + 1;

		CHECK_EQ(row->map(&tables_pages, t, &root, first, out, granule, row->perm, 0),
		         IOM_OK);
		CHECK_EQ(row->map(&tables_pages, t, &root, end, out, granule, row->perm, 0),
		         IOM_OK);
		CHECK_EQ(goes_to(t, &root, first, &size), out);
		CHECK_EQ(goes_to(t, &root, last, &size), out + granule - 1);
		if (first) {
			CHECK_EQ(row->map(&tables_pages, t, &root, first - granule, out, granule,
			                  row->perm, 0),
			         IOM_EINVAL);
			CHECK_EQ(row->map(&tables_pages, t, &root, first - granule, out,
			                  2 * granule, row->perm, 0),
			         IOM_EINVAL);
			goes_to(t, &root, first - 1, &size);
		}
		CHECK_EQ(row->map(&tables_pages, t, &root, last + 1 - granule, out, 2 * granule,
		                  row->perm, 0),
		         IOM_EINVAL);
		if (last != ~0ull) {
			CHECK_EQ(row->map(&tables_pages, t, &root, last + 1, out, granule,
			                  row->perm, 0),
			         IOM_EINVAL);
			CHECK_EQ(goes_to(t, &root, last + 1, &size), ~0ull);
		}
		if (last - first != ~0ull) {
			CHECK_EQ(row->unmap(&tables_pages, t, &root, first, last - first + 1,
			                    &removed),
			         IOM_OK);
		} else {
			CHECK_EQ(row->unmap(&tables_pages, t, &root, first, granule, &removed),
			         IOM_OK);
			CHECK_EQ(row->unmap(&tables_pages, t, &root, end, granule, &removed),
			         IOM_OK);
		}
		CHECK_EQ(goes_to(t, &root, first, &size), ~0ull);
		CHECK_EQ(goes_to(t, &root, last, &size), ~0ull);
	}
	root_free(t, &root, removed.tables);
	tables_free(t);
}

void suite_refuses_without_a_trace(const struct suite_row *row)
{
	struct tables *t = tables_new(row);
	struct pt_root root = root_new(t);
	unsigned level = root.levels > 1 ? 1 : 0, bits = row->shape.output_bits, live, perm, n;
	uint64_t granule = IOM_BIT(root.granule_lg2), block = IOM_BIT(shift_of(row, level)), a;
	uint64_t at = 0, out = 0x10 * block, last;
	struct pt_removed removed = { 0 };
	unsigned size;
	int err;

	CHECK(input_range(&root, 0, &at, &last));
	live = t->live;
	CHECK_EQ(row->map(&tables_pages, t, &root, at, out, 0, row->perm, 0), IOM_EINVAL);
	CHECK_EQ(row->map(&tables_pages, t, &root, at + 1, out, granule, row->perm, 0), IOM_EINVAL);
	CHECK_EQ(row->map(&tables_pages, t, &root, at, out + 1, granule, row->perm, 0), IOM_EINVAL);
	CHECK_EQ(row->map(&tables_pages, t, &root, at, out, granule + 1, row->perm, 0), IOM_EINVAL);
	if (bits) {
		CHECK_EQ(row->map(&tables_pages, t, &root, at, IOM_BIT(bits), granule, row->perm,
		                  0),
		         IOM_EINVAL);
		CHECK_EQ(row->map(&tables_pages, t, &root, at, IOM_BIT(bits) - granule, 2 * granule,
		                  row->perm, 0),
		         IOM_EINVAL);
	}
	for (perm = 0; perm <= PT_ALL; perm++)
		if (!(row->says >> perm & 1))
			CHECK_EQ(row->map(&tables_pages, t, &root, at, out, granule, perm, 0),
			         IOM_EINVAL);
	CHECK_EQ(row->unmap(&tables_pages, t, &root, at + 1, granule, &removed), IOM_EINVAL);
	CHECK_EQ(row->unmap(&tables_pages, t, &root, at, 0, &removed), IOM_EINVAL);
	CHECK_EQ(t->live, live);

	/* Covered, and partly covered: at the end, in the middle, at the start */
	a = at + (level ? block : 0) + 8 * granule;
	CHECK_EQ(row->map(&tables_pages, t, &root, a, out + granule, granule, row->perm, 0),
	         IOM_OK);
	CHECK_EQ(row->map(&tables_pages, t, &root, a - 2 * granule, out, 3 * granule, row->perm, 0),
	         IOM_EEXIST);
	CHECK_EQ(row->map(&tables_pages, t, &root, a - granule, out, 3 * granule, row->perm, 0),
	         IOM_EEXIST);
	CHECK_EQ(row->map(&tables_pages, t, &root, a, out, 3 * granule, row->perm, 0), IOM_EEXIST);
	if (level) {
		CHECK_EQ(row->map(&tables_pages, t, &root, at + block, out, block, row->perm, 0),
		         IOM_EEXIST);
		CHECK_EQ(row->map(&tables_pages, t, &root, at, out, 2 * block, row->perm, 0),
		         IOM_EEXIST);
	}
	for (n = 0; n < 16; n++)
		CHECK_EQ(goes_to(t, &root, a + n * granule - 8 * granule, &size),
		         n == 8 ? out + granule : ~0ull);
	root_free(t, &root, 0);

	/* The n-th allocation fails */
	for (n = 0; level; n++) {
		struct pt_root fresh = root_new(t);
		uint64_t from = at + block - 2 * granule;

		t->countdown = (int)n;
		err = row->map(&tables_pages, t, &fresh, from, out + granule, block + 4 * granule,
		               row->perm, 0);
		t->countdown = -1;
		if (err) {
			CHECK_EQ(err, IOM_ENOMEM);
			for (a = from; a < from + block + 4 * granule; a += granule)
				CHECK_EQ(goes_to(t, &fresh, a, &size), ~0ull);
			CHECK_EQ(row->map(&tables_pages, t, &fresh, from, out + granule,
			                  block + 4 * granule, row->perm, 0),
			         IOM_OK);
		}
		CHECK_EQ(goes_to(t, &fresh, from + granule, &size), out + 2 * granule);
		root_free(t, &fresh, 0);
		if (!err)
			break;
	}
	CHECK(!level || n >= root.levels - 1u);
	tables_free(t);
}

/* ---- Random maps against a list of pages -------------------------------------------------------- */

struct list {
	unsigned pages;
	uint64_t base;
	uint64_t *to;  /* ~0: not mapped */
	uint8_t *size; /* log2 of the leaf that the builder chose */
};

static void compare(struct tables *t, const struct pt_root *root, struct list *s, unsigned from,
                    unsigned to)
{
	for (unsigned n = from; n < to; n++) {
		unsigned size = 0;

		CHECK_MSG(goes_to(t, root, s->base + ((uint64_t)n << root->granule_lg2), &size) ==
		                  s->to[n],
		          "%s: page %u", t->row->name, n);
		s->size[n] = (uint8_t)(s->to[n] == ~0ull ? 0 : size - root->granule_lg2);
	}
}

static void random_steps(struct tables *t, uint64_t base, unsigned count, unsigned steps,
                         struct pt_recent *recent)
{
	const struct suite_row *row = t->row;
	struct pt_root root = root_new(t);
	unsigned g = root.granule_lg2, per_table = 1u << (g - row->fmt->entry_lg2), n, step;
	unsigned block = 2 * g - row->fmt->entry_lg2, bits = row->shape.output_bits;
	const unsigned grain[] = { 1, 1, 1, 1, 16, 16, 32, 128, per_table, per_table };
	struct list s = { count, base, malloc(8 * count), calloc(1, count) };
	struct pt_removed removed = { 0 };

	root.recent = recent;
	assert_non_null(s.to);
	assert_non_null(s.size);
	memset(s.to, 0xff, 8 * count);
	for (step = 0; step < steps; step++) {
		unsigned unit = grain[tables_roll(t, tables_roll(t, 20) ? 8 : 10)], first, many,
			 last;
		uint64_t at, out;
		bool taken = false, cut;
		int err;

		if (!unit || unit > count)
			unit = 1;
		first = (unsigned)tables_roll(t, count / unit) * unit;
		many = (unsigned)(1 + tables_roll(t, tables_roll(t, 4) ? 2 : 8)) * unit;
		if (first + many > count)
			many = count - first;
		last = first + many - 1;
		at = base + ((uint64_t)first << g);
		for (n = first; n <= last; n++)
			taken |= s.to[n] != ~0ull;
		if (tables_roll(t, 2)) {
			out = IOM_BIT(bits && bits < 37 ? bits - 2 : 35);
			out += tables_roll(t, 2)
			               ? tables_roll(t, 4096) << g
			               : (tables_roll(t, 9) << block) + (at & iom_low(block));
			err = row->map(&tables_pages, t, &root, at, out, (uint64_t)many << g,
			               row->perm, 0);
			CHECK_MSG(err == (taken ? IOM_EEXIST : IOM_OK), "%s: step %u: %d",
			          row->name, step, err);
			for (n = 0; !err && n < many; n++)
				s.to[first + n] = out + ((uint64_t)n << g);
		} else {
			cut = (first & ((1u << s.size[first]) - 1)) != 0 ||
			      ((last + 1) & ((1u << s.size[last]) - 1)) != 0;
			err = row->unmap(&tables_pages, t, &root, at, (uint64_t)many << g,
			                 &removed);
			CHECK_MSG(err == (cut ? IOM_EINVAL : IOM_OK), "%s: step %u: %d", row->name,
			          step, err);
			for (n = 0; !err && n < many; n++)
				s.to[first + n] = ~0ull;
		}
		compare(t, &root, &s, first ? first - 1 : 0, last + 1 < count ? last + 2 : count);
		if (!tables_roll(t, 20)) {
			row->release(&tables_pages, t, &root, removed.tables);
			removed = (struct pt_removed){ 0 };
		}
	}
	compare(t, &root, &s, 0, count);
	free(s.to);
	free(s.size);
	root_free(t, &root, removed.tables);
}

void suite_random_maps(const struct suite_row *row)
{
	struct tables *t = tables_new(row);
	unsigned g = row->root.granule_lg2, per_table = 1u << (g - row->fmt->entry_lg2), n, count;
	uint64_t first, last, span;

	for (n = 0; input_range(&row->root, n, &first, &last); n++) {
		span = ((last - first) >> g) + 1;
		if (last - first == ~0ull)
			span = IOM_BIT(64 - g);
		count = span < 3 * per_table ? (unsigned)span : 3 * per_table;
		random_steps(t, first, count, 1000, NULL);
		random_steps(t, last - ((uint64_t)count << g) + 1, count, 1000,
		             &(struct pt_recent){ 0 });
		/* across tables of many levels */
		if (span > 8 * per_table)
			random_steps(t, first + ((span / 2) << g) - ((uint64_t)per_table << g),
			             count, 1000, &(struct pt_recent){ 0 });
	}
	tables_free(t);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The format suite: what entries say, and how they are walked. */
#include "suite_tables.h"

#define RANDOM_WALKS 100000u
#define MUTATIONS 20000u

void suite_root_is(const struct suite_row *row, struct pt_root root)
{
	const struct pt_root *should = &row->root;

	CHECK_MSG(root.address == 0x100000000, "%s: %llx", row->name,
	          (unsigned long long)root.address);
	CHECK_MSG(root.levels == should->levels, "%s: %u levels", row->name, root.levels);
	CHECK_MSG(root.root_lg2 == should->root_lg2, "%s: %u", row->name, root.root_lg2);
	CHECK_EQ(root.features, should->features);
	CHECK_EQ(root.granule_lg2, should->granule_lg2);
	CHECK_EQ(root.input_bits, should->input_bits);
	CHECK_EQ(root.output_bits, should->output_bits);
	CHECK_EQ(root.sign_extended, should->sign_extended);
	CHECK_EQ(root.upper, should->upper);
	CHECK(!root.recent);
}

void suite_decodes_every_bit_once(const struct suite_row *row)
{
	uint64_t seen = iom_low(row->root.granule_lg2);
	unsigned level;

	for (level = 0; level < row->root.levels; level++) {
		unsigned shift = shift_of(row, level), bit;

		for (bit = 0; bit < 64; bit++) {
			uint64_t offset =
				pt_entry_offset(row->fmt, &row->root, level, IOM_BIT(bit));

			if (!offset)
				continue;
			CHECK_MSG(!(seen & IOM_BIT(bit)), "%s: bit %u at level %u", row->name, bit,
			          level);
			CHECK_EQ(offset, IOM_BIT(bit - shift + row->fmt->entry_lg2));
			seen |= IOM_BIT(bit);
		}
	}
	/* VT-d's MGAW may leave some to be zero. */
	CHECK_MSG(seen == iom_low(row->root.input_bits) ||
	                  (row->shape.input_bits && seen & IOM_BIT(row->root.input_bits - 1)),
	          "%s: %llx", row->name, (unsigned long long)seen);
}

void suite_encodes_what_it_decodes(const struct suite_row *row)
{
	const struct pt_root *root = &row->root;
	struct tables *t = tables_new(row);
	unsigned level, size, perm, type, round;

	for (level = 0; level < root->levels; level++) {
		unsigned shift = shift_of(row, level);
		uint64_t sizes = 0;

		for (size = 0; size < 64; size++)
			if (row->fmt->leaf_size(root, level, shift, size))
				sizes |= IOM_BIT(row->fmt->leaf_size(root, level, shift, size));
		CHECK_MSG(sizes == row->sizes[level], "%s: sizes %llx at level %u, should be %llx",
		          row->name, (unsigned long long)sizes, level,
		          (unsigned long long)row->sizes[level]);

		for (round = 0; level && round < 100; round++) {
			uint64_t table = random_output(t, root->granule_lg2);
			uint64_t raw = row->fmt->encode_table(root, table, level);
			struct pt_entry e = row->fmt->decode(root, raw, level, shift);

			CHECK_EQ(e.kind, PT_TABLE);
			CHECK_EQ(e.next, level - 1);
			CHECK_EQ(e.address, table);
		}

		for (size = 0; size < 64; size++) {
			if (!(sizes & IOM_BIT(size)))
				continue;
			for (perm = 0; perm <= PT_ALL; perm++) {
				for (type = 0; type <= row->memory_types; type++) {
					uint64_t page = random_output(t, size), raw;
					struct pt_entry e;

					if (type & ~row->memory_types)
						continue;
					raw = row->fmt->encode_leaf(root, page, level, size, perm,
					                            type);
					e = row->fmt->decode(root, raw, level, shift);
					CHECK_MSG((e.kind == PT_LEAF && e.perm == perm) ==
					                  (row->says >> perm & 1),
					          "%s: level %u, size %u, rights %x: %llx",
					          row->name, level, size, perm,
					          (unsigned long long)raw);
					if (e.kind != PT_LEAF)
						continue;
					CHECK_EQ(e.size_lg2, size);
					CHECK_EQ(e.address, page);
					CHECK_EQ(e.memory_type, type);
				}
			}
		}
	}
	tables_free(t);
}

/* Puts `word` into the table at `level` on the way of `input`, through good tables. */
static struct pt_root chain(struct tables *t, uint64_t input, unsigned level, uint64_t word,
                            uint64_t *place)
{
	const struct suite_row *row = t->row;
	struct pt_root root = root_new(t);
	uint64_t table = root.address;
	unsigned n;

	for (n = root.levels - 1u; n > level; n--) {
		uint64_t entry = table + pt_entry_offset(row->fmt, &root, n, input);

		assert_non_null(tables_alloc(t, root.granule_lg2, &table));
		tables_store(t, entry, row->fmt->encode_table(&root, table, n));
	}
	*place = table + pt_entry_offset(row->fmt, &root, level, input);
	tables_store(t, *place, word);
	return root;
}

static void flip_each_bit(struct tables *t, unsigned level, unsigned size, uint64_t good)
{
	const struct suite_row *row = t->row;
	uint64_t input = random_input(t, &row->root), bad = row->reserved(row, level, size), place;
	unsigned shift = shift_of(row, level), bit, n;
	struct pt_root root;

	if (size > shift && row->fmt->own_address) /* the first of its group */
		input &= ~(iom_low(size) & ~iom_low(shift));
	root = chain(t, input, level, good, &place);
	for (bit = 0; bit < 8u << row->fmt->entry_lg2; bit++) {
		uint64_t word = good ^ IOM_BIT(bit);
		struct pt_entry e = row->fmt->decode(&root, word, level, shift);

		if (!(good & IOM_BIT(bit)))
			CHECK_MSG((e.kind == PT_BAD) == (bad >> bit & 1),
			          "%s: level %u, size %u, bit %u", row->name, level, size, bit);
		tables_store(t, place, word);
		for (n = 0; n < 8; n++) {
			struct pt_want want = random_want(t);

			walk_both(t, &root, input, &want);
		}
	}
	tables_forget(t);
}

void suite_reserved_bits(const struct suite_row *row)
{
	struct tables *t = tables_new(row);
	unsigned level, size;

	for (level = 0; level < row->root.levels; level++) {
		if (level)
			flip_each_bit(t, level, 0, row->fmt->encode_table(&row->root, 0, level));
		for (size = 0; size < 64; size++)
			if (row->sizes[level] & IOM_BIT(size))
				flip_each_bit(t, level, size,
				              row->fmt->encode_leaf(&row->root, 0, level, size,
				                                    row->perm, 0));
	}
	tables_free(t);
}

/* ---- Random tables ------------------------------------------------------------------------ */

void suite_random_tables(const struct suite_row *row)
{
	struct tables *t = tables_new(row);
	unsigned n, seen[TWIN_WHYS] = { 0 };
	uint64_t sizes[PT_LEVELS_MAX] = { 0 };

	t->random = true;
	for (n = 0; n < RANDOM_WALKS; n++) {
		struct pt_root root = row->root;
		struct pt_want want = random_want(t);
		uint64_t input = random_input(t, &root);
		struct twin_answer a;
		unsigned level;

		t->epoch = tables_next(&t->seed);
		root.address = tables_next(&t->seed) & iom_low(50) & ~iom_low(root_alloc_lg2(row));
		/* Some inputs have zeroes where tables may be skipped, some lie outside. */
		for (level = 1; row->fmt->skips && level < root.levels; level++)
			if (tables_roll(t, 2))
				input &= ~(iom_low(shift_of(row, level)) &
				           ~iom_low(shift_of(row, level - 1)));
		if (!tables_roll(t, 16))
			input ^= IOM_BIT(tables_roll(t, 64));
		a = walk_both(t, &root, input, &want);
		seen[a.why]++;
		if (a.why == TWIN_OK)
			sizes[a.level] |= IOM_BIT(a.size_lg2);
	}
	CHECK_MSG(seen[TWIN_OK] > RANDOM_WALKS / 100, "%s: %u came through", row->name,
	          seen[TWIN_OK]);
	CHECK(seen[TWIN_NOT_PRESENT] && seen[TWIN_PERMISSION] && seen[TWIN_BUS]);
	for (n = 0; n < row->root.levels; n++)
		CHECK_MSG(!(row->sizes[n] & ~sizes[n]), "%s: no walk met sizes %llx at level %u",
		          row->name, (unsigned long long)(row->sizes[n] & ~sizes[n]), n);
	tables_free(t);
}

void suite_mutated_tables(const struct suite_row *row)
{
	struct tables *t = tables_new(row);
	struct pt_root root = root_new(t);
	uint64_t at[16], span[16];
	unsigned maps, n, k;

	/* A tree with pages of many sizes */
	for (maps = 0, n = 0; n < 200 && maps < 16; n++) {
		unsigned level = (unsigned)tables_roll(t, root.levels), size = 0;
		uint64_t some = row->sizes[level];

		for (k = 0; k < 64; k++)
			if (some & IOM_BIT(k) && (!size || tables_roll(t, 2)))
				size = k;
		if (!size)
			continue;
		at[maps] = random_input(t, &root) & ~iom_low(size);
		span[maps] = IOM_BIT(size);
		if (row->map(&tables_pages, t, &root, at[maps], random_output(t, size), span[maps],
		             row->perm, 0) == IOM_OK)
			maps++;
	}
	CHECK(maps);

	for (n = 0; n < MUTATIONS; n++) {
		unsigned which = (unsigned)tables_roll(t, maps), entries;
		uint64_t input = at[which] + tables_roll(t, span[which]), entry, good;
		struct pt_want want = random_want(t);

		walk_both(t, &root, input, &want);
		entries = t->loads;
		entry = t->path[tables_roll(t, entries)];
		CHECK(tables_load(t, entry, &good));
		tables_store(t, entry,
		             good ^ IOM_BIT(tables_roll(t, 8u << row->fmt->entry_lg2)) ^
		                     (tables_roll(t, 2)
		                              ? 0
		                              : IOM_BIT(tables_roll(t,
		                                                    8u << row->fmt->entry_lg2))));
		for (k = 0; k < 4; k++) {
			want = random_want(t);
			walk_both(t, &root, input, &want);
		}
		tables_store(t, entry, good);
	}
	root_free(t, &root, 0);
	tables_free(t);
}

/* ---- Accessed and dirty flags -------------------------------------------------------------------- */

/* One access to a page whose way there has no flags: what becomes of each entry. */
static void set_flags(struct tables *t, unsigned level, unsigned size, unsigned perm, bool granted)
{
	const struct suite_row *row = t->row;
	uint64_t input = random_input(t, &row->root) & ~iom_low(size), leaf, entry[PT_LEVELS_MAX];
	uint64_t before[PT_LEVELS_MAX], after, should, table;
	const struct pt_want want = { .perm = (uint8_t)perm,
		                      .user = row->perm & PT_USER,
		                      .user_pages = true,
		                      .rules = row->rules,
		                      .marks = PT_ACCESSED | PT_DIRTY };
	unsigned rights = granted ? row->perm : row->perm & ~PT_W, n;
	struct pt_result r;
	struct pt_root root;
	enum pt_why why;

	leaf = row->fmt->encode_leaf(&row->root, 0, level, size, rights, 0);
	leaf &= ~(row->accessed | row->dirty);
	root = chain(t, input, level, leaf, &entry[level]);
	table = root.address;
	for (n = root.levels - 1u;; n--) {
		entry[n] = table + pt_entry_offset(row->fmt, &root, n, input);
		CHECK(tables_load(t, entry[n], &before[n]));
		if (n == level)
			break;
		table = row->fmt->decode(&root, before[n], n, shift_of(row, n)).address;
		if (row->tables_accessed)
			before[n] &= ~row->accessed;
		tables_store(t, entry[n], before[n]);
	}

	why = row->marking(&root, input, &want, t, &r);
	CHECK_MSG(why == (granted ? PT_OK : PT_WHY_PERMISSION), "%s: level %u, size %u: %u",
	          row->name, level, size, why);
	for (n = root.levels - 1u;; n--) {
		CHECK(tables_load(t, entry[n], &after));
		should = before[n];
		if (n > level && row->tables_accessed)
			should |= row->accessed;
		if (n == level && granted)
			should |= row->accessed | (perm & PT_W ? row->dirty : 0);
		CHECK_MSG(after == should, "%s: level %u, size %u: %llx, should be %llx", row->name,
		          n, size, (unsigned long long)after, (unsigned long long)should);
		if (n == level)
			break;
	}
	/* and then the page serves walks that set nothing */
	if (granted)
		CHECK_EQ(row->walk(&root, input,
		                   &(struct pt_want){ .perm = want.perm,
		                                      .user = want.user,
		                                      .user_pages = true,
		                                      .rules = want.rules },
		                   t, &r),
		         PT_OK);
}

void suite_sets_flags(const struct suite_row *row)
{
	struct tables *t = tables_new(row);
	unsigned level, size;

	for (level = 0; level < row->root.levels; level++) {
		for (size = 0; size < 64; size++) {
			if (!(row->sizes[level] & IOM_BIT(size)))
				continue;
			set_flags(t, level, size, PT_R, true);
			set_flags(t, level, size, PT_W, true);
			set_flags(t, level, size, PT_R | PT_W, true);
			set_flags(t, level, size, PT_W, false);
			tables_forget(t);
		}
	}
	tables_free(t);
}

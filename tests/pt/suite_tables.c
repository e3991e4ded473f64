/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The tables of the format suite. */
#include "suite_tables.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096ull

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

uint64_t tables_next(uint64_t *seed)
{
	return mix(*seed += 0x9e3779b97f4a7c15ull);
}

uint64_t tables_roll(struct tables *t, uint64_t below)
{
	return tables_next(&t->seed) % below;
}

struct tables *tables_new(const struct suite_row *row)
{
	struct tables *t = calloc(1, sizeof *t);

	assert_non_null(t);
	t->memory = aligned_alloc(1 << 20, PAGE * POOL_PAGES);
	assert_non_null(t->memory);
	t->countdown = -1;
	t->row = row;
	t->big_endian = row->root.big_endian;
	t->seed = mix(row->root.levels + 8u * row->root.granule_lg2 + 1000u * row->root.input_bits);
	return t;
}

void tables_free(struct tables *t)
{
	free(t->memory);
	free(t);
}

void tables_forget(struct tables *t)
{
	memset(t->used, 0, sizeof t->used);
	t->live = t->hint = 0;
}

void *tables_alloc(void *ctx, unsigned size_lg2, uint64_t *phys)
{
	struct tables *t = ctx;
	unsigned pages = 1u << (size_lg2 - 12), n, tries;

	CHECK(size_lg2 >= t->row->root.granule_lg2);
	if (t->countdown >= 0 && t->countdown-- == 0)
		return NULL;
	for (tries = 0; tries < POOL_PAGES; tries += pages) {
		bool taken = false;

		t->hint = (t->hint + pages) & ~(pages - 1);
		if (t->hint + pages > POOL_PAGES)
			t->hint = 0;
		for (n = 0; n < pages; n++)
			taken |= t->used[t->hint + n];
		if (taken)
			continue;
		for (n = 0; n < pages; n++)
			t->used[t->hint + n] = (uint16_t)(n ? 0xffff : pages);
		t->live += pages;
		*phys = POOL_PHYS + PAGE * t->hint;
		memset(t->memory + PAGE * t->hint, 0, PAGE * pages);
		return t->memory + PAGE * t->hint;
	}
	return NULL;
}

static void pool_free(void *ctx, void *table, uint64_t phys, unsigned size_lg2)
{
	struct tables *t = ctx;
	unsigned at = (unsigned)((phys - POOL_PHYS) / PAGE);
	unsigned pages = 1u << (size_lg2 - 12);

	CHECK(size_lg2 >= t->row->root.granule_lg2);
	CHECK(at < POOL_PAGES && table == t->memory + PAGE * at);
	CHECK_EQ(t->used[at], pages);
	memset(&t->used[at], 0, pages * sizeof t->used[0]);
	memset(table, 0xdb, PAGE * pages);
	t->live -= pages;
}

static void *tables_at(void *ctx, uint64_t phys)
{
	struct tables *t = ctx;

	CHECK(phys >= POOL_PHYS && phys - POOL_PHYS < PAGE * POOL_PAGES);
	return t->memory + (phys - POOL_PHYS);
}

const struct pt_pages tables_pages = {
	.alloc = tables_alloc,
	.free = pool_free,
	.at = tables_at,
};

unsigned root_alloc_lg2(const struct suite_row *row)
{
	unsigned lg2 = row->root.root_lg2 + row->fmt->entry_lg2;

	return lg2 > row->root.granule_lg2 ? lg2 : row->root.granule_lg2;
}

struct pt_root root_new(struct tables *t)
{
	struct pt_root root = t->row->root;

	assert_non_null(tables_alloc(t, root_alloc_lg2(t->row), &root.address));
	return root;
}

/* Nothing is lost, if `removed` is what unmaps gathered and nobody has freed yet. */
void root_free(struct tables *t, const struct pt_root *root, uint64_t removed)
{
	t->row->release(&tables_pages, t, root, removed);
	t->row->free(&tables_pages, t, root);
	CHECK_EQ(t->live, 0);
}

static uint64_t random_word(const struct tables *t, uint64_t address);

bool tables_load(struct tables *t, uint64_t address, uint64_t *raw)
{
	unsigned bytes = 1u << t->row->fmt->entry_lg2;

	if (t->loads < PT_LEVELS_MAX)
		t->path[t->loads] = address;
	t->loads++;
	if (t->random) {
		*raw = random_word(t, address);
		return mix(address ^ t->epoch) % 64 != 0;
	}
	if (address < POOL_PHYS || address - POOL_PHYS > PAGE * POOL_PAGES - bytes)
		return false;
	*raw = bytes == 4 ? iom_ld32(t->memory + (address - POOL_PHYS), t->big_endian)
	                  : iom_ld64(t->memory + (address - POOL_PHYS), t->big_endian);
	return true;
}

void tables_store(struct tables *t, uint64_t address, uint64_t raw)
{
	if (t->row->fmt->entry_lg2 == 2)
		iom_st32(tables_at(t, address), (uint32_t)raw, t->big_endian);
	else
		iom_st64(tables_at(t, address), raw, t->big_endian);
}

int suite_load(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw)
{
	struct tables *t = ctx;

	CHECK_EQ(size_lg2, t->row->fmt->entry_lg2);
	CHECK_EQ(big_endian, t->big_endian);
	return tables_load(t, spa, raw) ? IOM_OK : IOM_EFAULT;
}

int suite_swap(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw,
               uint64_t now)
{
	struct tables *t = ctx;
	uint64_t was;

	CHECK_EQ(size_lg2, t->row->fmt->entry_lg2);
	CHECK_EQ(big_endian, t->big_endian);
	if (!tables_load(t, spa, &was))
		return IOM_EFAULT;
	if (was == *raw)
		tables_store(t, spa, now);
	*raw = was;
	return IOM_OK;
}

static bool twin_load(void *ctx, uint64_t address, uint64_t *entry)
{
	return tables_load(ctx, address, entry);
}

/* ---- Against the twin -------------------------------------------------------------------------- */

const enum twin_why as_twin[] = {
	[PT_OK] = TWIN_OK,
	[PT_WHY_INPUT] = TWIN_INPUT,
	[PT_WHY_EMPTY] = TWIN_NOT_PRESENT,
	[PT_WHY_BAD] = TWIN_MALFORMED,
	[PT_WHY_PERMISSION] = TWIN_PERMISSION,
	[PT_WHY_ACCESSED] = TWIN_ACCESSED,
	[PT_WHY_DIRTY] = TWIN_DIRTY,
	[PT_WHY_BUS] = TWIN_BUS,
	[PT_WHY_POISON] = TWIN_BUS,
	[PT_WHY_NESTED] = TWIN_BUS,
	[PT_WHY_RESERVED] = TWIN_RESERVED,
	[PT_WHY_OUTPUT] = TWIN_OUTPUT,
};

static unsigned twin_perm(const struct twin_answer *a)
{
	return (a->readable ? PT_R : 0) | (a->writable ? PT_W : 0) | (a->executable ? PT_X : 0) |
	       (a->users ? PT_USER : 0) | (a->privileged_executable ? PT_PX : 0);
}

struct twin_answer walk_both(struct tables *t, const struct pt_root *root, uint64_t input,
                             const struct pt_want *want)
{
	const struct suite_row *row = t->row;
	const struct twin_ask ask = {
		.root = root->address,
		.input = input,
		.read = want->perm & PT_R,
		.write = want->perm & PT_W,
		.execute = want->perm & PT_X,
		.user = want->user,
		.user_pages = want->user_pages,
		.load = twin_load,
		.ctx = t,
	};
	struct twin_answer a = row->twin(&row->shape, &ask);
	struct pt_result r = { .size_lg2 = 99 };
	enum pt_why why;

	t->loads = 0;
	why = row->walk(root, input, want, t, &r);
	CHECK_MSG(as_twin[why] == a.why, "%s: input %llx, epoch %llx: %u, should be %u at level %u",
	          row->name, (unsigned long long)input, (unsigned long long)t->epoch, why, a.why,
	          a.level);
	if (t->loads)
		CHECK_MSG(r.level == a.level, "%s: input %llx, epoch %llx: level %u, should be %u",
		          row->name, (unsigned long long)input, (unsigned long long)t->epoch,
		          r.level, a.level);
	if (why == PT_OK) {
		CHECK_MSG(r.size_lg2 == a.size_lg2, "%s: %llx, %llx: size %u, should be %u",
		          row->name, (unsigned long long)input, (unsigned long long)t->epoch,
		          r.size_lg2, a.size_lg2);
		CHECK_MSG(r.address == a.address, "%s: %llx, %llx: goes to %llx, should be %llx",
		          row->name, (unsigned long long)input, (unsigned long long)t->epoch,
		          (unsigned long long)r.address, (unsigned long long)a.address);
		CHECK_MSG(r.perm == twin_perm(&a), "%s: %llx, %llx: rights %x, should be %x",
		          row->name, (unsigned long long)input, (unsigned long long)t->epoch,
		          r.perm, twin_perm(&a));
	}
	return a;
}

struct pt_want random_want(struct tables *t)
{
	static const uint8_t perms[] = { PT_R, PT_W, PT_X, PT_R | PT_W };

	return (struct pt_want){
		.perm = perms[tables_roll(t, 4)],
		.user = tables_roll(t, 2),
		.user_pages = tables_roll(t, 2),
		.rules = t->row->rules,
	};
}

/* ---- Input ranges -------------------------------------------------------------------------------- */

bool input_range(const struct pt_root *root, unsigned n, uint64_t *first, uint64_t *last)
{
	unsigned bits = root->input_bits;

	if (n > root->sign_extended)
		return false;
	*first = 0;
	*last = iom_low(root->sign_extended ? bits - 1 : bits);
	if (n || root->upper) {
		*first = ~*last;
		*last = ~0ull;
	}
	return true;
}

uint64_t random_input(struct tables *t, const struct pt_root *root)
{
	uint64_t first = 0, last = 0;
	unsigned half = (unsigned)tables_roll(t, root->sign_extended ? 2 : 1);

	CHECK(input_range(root, half, &first, &last));
	return first + (tables_next(&t->seed) & (last - first));
}

uint64_t random_output(struct tables *t, unsigned align_lg2)
{
	unsigned bits = t->row->shape.output_bits;

	return tables_next(&t->seed) & iom_low(bits ? bits : 56) & ~iom_low(align_lg2);
}

unsigned shift_of(const struct suite_row *row, unsigned level)
{
	return pt_shift(row->fmt, &row->root, level);
}

static uint64_t random_word(const struct tables *t, uint64_t address)
{
	const struct suite_row *row = t->row;
	const struct pt_root *root = &row->root;
	uint64_t seed = address ^ t->epoch, r = tables_next(&seed), where = tables_next(&seed),
		 word;
	unsigned level = (unsigned)(tables_next(&seed) % root->levels), align = 12 + r % 44, tables;
	unsigned shift, size, bits = row->shape.output_bits ? row->shape.output_bits : 56;

	r >>= 8;
	/* Most addresses are inside the output range; tables and pages take turns in being many. */
	where &= iom_low(r % 16 ? bits : 56) & ~iom_low(align < root->granule_lg2 ? 12 : align);
	r >>= 8;
	tables = t->epoch % 4 == 0 ? 10 : 6;
	if (r % 16 == 0) {
		word = tables_next(&seed);
	} else if (r % 16 < tables) {
		word = row->fmt->encode_table(root, where & ~iom_low(root->granule_lg2), level);
	} else {
		shift = shift_of(row, level);
		size = row->fmt->leaf_size(root, level, shift, shift + tables_next(&seed) % 9);
		word = row->fmt->encode_leaf(root, where, level, size ? size : shift,
		                             tables_next(&seed) % 4 ? row->perm
		                                                    : tables_next(&seed) & PT_ALL,
		                             0);
		if (size > shift && row->fmt->own_address && tables_next(&seed) % 2)
			word = row->fmt->encode_leaf(root, where & ~iom_low(size), level, size,
			                             row->perm, 0);
	}
	r >>= 8;
	if (r % 8 == 0)
		word ^= IOM_BIT(tables_next(&seed) % 64);
	if (r % 32 == 0)
		word ^= IOM_BIT(tables_next(&seed) % 64);
	return row->fmt->entry_lg2 == 2 ? (uint32_t)word : word;
}

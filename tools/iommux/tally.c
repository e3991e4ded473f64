/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Counts by key: a table that is at most half full. */
#include "tally.h"

#include <stdlib.h>

/* Where the key is, or a free place for it. */
static struct tally_row *find(struct tally_row *rows, size_t room, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (room - 1);

	while (rows[i].used && rows[i].key != key)
		i = (i + 1) & (room - 1);
	return &rows[i];
}

static bool grow(struct tally *t)
{
	size_t room = t->room ? 2 * t->room : 64;
	struct tally_row *rows = calloc(room, sizeof *rows);

	if (!rows)
		return false;
	for (size_t i = 0; i < t->room; i++)
		if (t->rows[i].used)
			*find(rows, room, t->rows[i].key) = t->rows[i];
	free(t->rows);
	t->rows = rows;
	t->room = room;
	return true;
}

struct tally_row *tally_at(struct tally *t, uint64_t key)
{
	struct tally_row *row;

	if (2 * t->used >= t->room && !grow(t))
		return NULL;
	row = find(t->rows, t->room, key);
	if (!row->used) {
		*row = (struct tally_row){ .key = key, .used = true };
		t->used++;
	}
	return row;
}

uint64_t tally_count(const struct tally *t, uint64_t key, unsigned which)
{
	return t->room ? find(t->rows, t->room, key)->count[which] : 0;
}

static int compare(const void *a, const void *b)
{
	const struct tally_row *x = a, *y = b;

	if (x->used != y->used)
		return x->used ? -1 : 1;
	if (x->count[0] != y->count[0])
		return x->count[0] > y->count[0] ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

void tally_sort(struct tally *t)
{
	if (t->room)
		qsort(t->rows, t->room, sizeof *t->rows, compare);
}

void tally_free(struct tally *t)
{
	free(t->rows);
	*t = (struct tally){ 0 };
}

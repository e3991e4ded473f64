/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The page allocator of one RAM. */
#include "machine/pages.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <iommux/error.h>

#include "machine/random.h"

static void shuffle(uint32_t *order, uint32_t count, uint64_t seed)
{
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	for (uint32_t i = count; i > 1; i--) {
		uint32_t j = (uint32_t)(random_next(&seed) % i);
		uint32_t was = order[i - 1];

		order[i - 1] = order[j];
		order[j] = was;
	}
}

static int init_order(struct pages *pages, uint64_t seed)
{
	pages->order = malloc(pages->count * sizeof *pages->order);
	pages->used = calloc(pages->count, sizeof *pages->used);
	if (!pages->order || !pages->used) {
		pages_release(pages);
		return IOM_ENOMEM;
	}
	shuffle(pages->order, pages->count, seed ^ pages->spa);
	return IOM_OK;
}

int pages_init(struct pages *pages, uint64_t spa, uint64_t bytes, uint64_t seed)
{
	uint32_t count = (uint32_t)(bytes / PAGE_BYTES);

	*pages = (struct pages){ .spa = spa, .count = count, .unused = count };
	if (!count)
		return IOM_OK;
	if (ram_init(&pages->ram, bytes))
		return IOM_ENOMEM;
	pages->host = pages->ram.host;
	return init_order(pages, seed);
}

int pages_init_at(struct pages *pages, uint64_t spa, uint8_t *host, uint32_t count, uint64_t seed)
{
	*pages = (struct pages){ .host = host, .spa = spa, .count = count, .unused = count };
	return init_order(pages, seed);
}

int pages_init_pieces(struct pages *pages, uint64_t spa, uint8_t *const *piece, uint32_t count,
                      uint64_t seed)
{
	*pages = (struct pages){ .spa = spa, .count = count, .unused = count };
	pages->piece = malloc(count * sizeof *pages->piece);
	if (!pages->piece)
		return IOM_ENOMEM;
	memcpy(pages->piece, piece, count * sizeof *piece);
	return init_order(pages, seed);
}

void pages_release(struct pages *pages)
{
	ram_release(&pages->ram);
	free(pages->piece);
	free(pages->order);
	free(pages->used);
	*pages = (struct pages){ 0 };
}

static uint64_t take(struct pages *pages, uint32_t first, uint32_t n)
{
	uint64_t spa = pages->spa + (uint64_t)first * PAGE_BYTES;

	memset(&pages->used[first], true, n);
	pages->unused -= n;
	for (uint32_t i = 0; i < n; i++)
		memset(pages_at(pages, spa + (uint64_t)i * PAGE_BYTES), 0, PAGE_BYTES);
	return spa;
}

bool pages_take(struct pages *pages, uint64_t *spa)
{
	if (!pages->unused)
		return false;
	while (pages->used[pages->order[pages->cursor]])
		pages->cursor = (pages->cursor + 1) % pages->count;
	*spa = take(pages, pages->order[pages->cursor], 1);
	return true;
}

bool pages_take_run(struct pages *pages, uint32_t n, bool aligned, uint64_t *spa)
{
	uint32_t step = 1, run = 0;

	if (!n || n > pages->unused)
		return false;
	while (aligned && step < n)
		step *= 2;
	for (uint32_t i = 0; i < pages->count; i++) {
		uint64_t begin = pages->spa / PAGE_BYTES + i - run;

		if (pages->used[i] || (!run && begin % step)) {
			run = 0;
		} else if (++run == n) {
			*spa = take(pages, i + 1 - n, n);
			return true;
		}
	}
	return false;
}

void pages_give(struct pages *pages, uint64_t spa, uint32_t n)
{
	uint32_t first = (uint32_t)((spa - pages->spa) / PAGE_BYTES);

	assert(pages_contain(pages, spa) && n <= pages->count - first);
	for (uint32_t i = first; i < first + n; i++) {
		assert(pages->used[i]);
		pages->used[i] = false;
	}
	pages->unused += n;
}

bool pages_contain(const struct pages *pages, uint64_t spa)
{
	return spa >= pages->spa && spa - pages->spa < (uint64_t)pages->count * PAGE_BYTES;
}

void *pages_at(const struct pages *pages, uint64_t spa)
{
	uint64_t off = spa - pages->spa;

	if (pages->piece)
		return pages->piece[off / PAGE_BYTES] + off % PAGE_BYTES;
	return pages->host + off;
}

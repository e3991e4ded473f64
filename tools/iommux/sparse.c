/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Memory of which pieces are known: pages by their number, with a bit for each word. */
#include "sparse.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_LG2 12
#define PAGE ((size_t)1 << PAGE_LG2)
#define WORDS (PAGE / SPARSE_WORD)
#define PAGES_MAX ((size_t)1 << 19) /* the largest machine's; a file may name more */

struct sparse_page {
	uint64_t number;
	uint8_t known[WORDS / 8];
	uint8_t data[PAGE];
};

static size_t slot_of(const struct sparse *s, uint64_t number)
{
	size_t i = (size_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (s->room - 1);

	while (s->slot[i] && s->slot[i]->number != number)
		i = (i + 1) & (s->room - 1);
	return i;
}

static bool grow(struct sparse *s)
{
	struct sparse old = *s;

	s->room = old.room ? 2 * old.room : 64;
	s->slot = calloc(s->room, sizeof(struct sparse_page *));
	if (!s->slot) {
		*s = old;
		return false;
	}
	for (size_t i = 0; i < old.room; i++)
		if (old.slot[i])
			s->slot[slot_of(s, old.slot[i]->number)] = old.slot[i];
	free(old.slot);
	return true;
}

static struct sparse_page *page_of(const struct sparse *s, uint64_t number)
{
	return s->room ? s->slot[slot_of(s, number)] : NULL;
}

static struct sparse_page *page_made(struct sparse *s, uint64_t number)
{
	struct sparse_page *page = page_of(s, number);

	if (page)
		return page;
	if (s->count == PAGES_MAX || (2 * s->count >= s->room && !grow(s)))
		return NULL;
	page = calloc(1, sizeof *page);
	if (!page)
		return NULL;
	page->number = number;
	s->slot[slot_of(s, number)] = page;
	s->count++;
	return page;
}

static bool zeroed(const struct sparse *s, uint64_t address)
{
	for (unsigned i = 0; i < s->zero_count; i++)
		if (address >= s->zeroes[i].address && address <= s->zeroes[i].last)
			return true;
	return false;
}

static bool known(const struct sparse_page *page, size_t word)
{
	return page->known[word / 8] >> word % 8 & 1;
}

static void learn(const struct sparse *s, struct sparse_page *page, size_t first, size_t end)
{
	for (size_t w = first / SPARSE_WORD; w * SPARSE_WORD < end; w++) {
		bool whole = first <= w * SPARSE_WORD && (w + 1) * SPARSE_WORD <= end;
		uint64_t address = (page->number << PAGE_LG2) + w * SPARSE_WORD;

		if (whole || zeroed(s, address))
			page->known[w / 8] |= (uint8_t)(1u << w % 8);
	}
}

bool sparse_put(struct sparse *s, uint64_t address, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size) {
		size_t at = (size_t)(address & (PAGE - 1)), n = PAGE - at < size ? PAGE - at : size;
		struct sparse_page *page = page_made(s, address >> PAGE_LG2);

		if (!page)
			return false;
		memcpy(page->data + at, from, n);
		learn(s, page, at, at + n);
		address += n;
		from += n;
		size -= n;
	}
	return true;
}

/* Zeroes take the place of words that are known there. */
static void wipe(struct sparse *s, uint64_t address, uint64_t last)
{
	for (size_t i = 0; i < s->room; i++) {
		struct sparse_page *page = s->slot[i];

		for (size_t w = 0; page && w < WORDS; w++) {
			uint64_t at = (page->number << PAGE_LG2) + w * SPARSE_WORD;

			if (at >= address && at <= last)
				memset(page->data + w * SPARSE_WORD, 0, SPARSE_WORD);
		}
	}
}

bool sparse_clear(struct sparse *s, uint64_t address, uint64_t bytes)
{
	static const uint8_t nothing[PAGE];
	uint64_t last = address + (bytes - 1);

	if (bytes <= PAGE)
		return sparse_put(s, address, nothing, (size_t)bytes);
	if (s->zero_count == SPARSE_ZEROES_MAX)
		return false;
	wipe(s, address, last);
	s->zeroes[s->zero_count++] = (struct sparse_zeroes){ address, last };
	return true;
}

bool sparse_get(const struct sparse *s, uint64_t address, uint8_t word[SPARSE_WORD])
{
	const struct sparse_page *page = page_of(s, address >> PAGE_LG2);
	size_t at = (size_t)(address & (PAGE - 1));

	if (page && known(page, at / SPARSE_WORD)) {
		memcpy(word, page->data + at, SPARSE_WORD);
		return true;
	}
	memset(word, 0, SPARSE_WORD);
	return zeroed(s, address);
}

static int each_of(const struct sparse_page *page,
                   int (*piece)(void *opaque, uint64_t address, uint64_t bytes, const void *data),
                   void *opaque)
{
	int result = 0;

	for (size_t w = 0, end; w < WORDS && !result; w = end + 1) {
		for (end = w; end < WORDS && known(page, end);)
			end++;
		if (end > w)
			result = piece(opaque, (page->number << PAGE_LG2) + w * SPARSE_WORD,
			               (end - w) * SPARSE_WORD, page->data + w * SPARSE_WORD);
	}
	return result;
}

int sparse_each(const struct sparse *s,
                int (*piece)(void *opaque, uint64_t address, uint64_t bytes, const void *data),
                void *opaque)
{
	int result = 0;

	for (unsigned i = 0; i < s->zero_count && !result; i++)
		result = piece(opaque, s->zeroes[i].address,
		               s->zeroes[i].last - s->zeroes[i].address + 1, NULL);
	for (size_t i = 0; i < s->room && !result; i++)
		if (s->slot[i])
			result = each_of(s->slot[i], piece, opaque);
	return result;
}

void sparse_free(struct sparse *s)
{
	for (size_t i = 0; i < s->room; i++)
		free(s->slot[i]);
	free(s->slot);
	*s = (struct sparse){ 0 };
}

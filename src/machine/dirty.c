/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A dirty log. */
#include "machine/dirty.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"

#define NOWHERE UINT32_MAX

static uint8_t *copy_of(const struct dirty_log *log, uint32_t page)
{
	return log->copy + (size_t)page * PAGE_BYTES;
}

static const uint8_t *page_at(const struct dirty_log *log, uint32_t page)
{
	return pages_at(log->memory->ram, log->memory->spa[page]);
}

static void mark(struct dirty_log *log, enum dirty_source source, uint32_t page)
{
	if (!log->deaf[source])
		log->marks[source][page / 64] |= IOM_BIT(page % 64);
}

void dirty_log_ignore(struct dirty_log *log, enum dirty_source source)
{
	log->deaf[source] = true;
}

/* Within one page. */
static void stored_in_page(struct dirty_log *log, enum dirty_source source, uint64_t spa,
                           uint64_t len)
{
	const struct pages *ram = log->memory->ram;
	uint32_t page = NOWHERE;

	if (pages_contain(ram, spa))
		page = log->page_of[(spa - ram->spa) / PAGE_BYTES];
	if (page == NOWHERE)
		return;
	mark(log, source, page);
	memcpy(copy_of(log, page) + spa % PAGE_BYTES, pages_at(ram, spa), len);
}

void dirty_log_stored(struct dirty_log *log, enum dirty_source source, uint64_t spa, uint64_t len)
{
	while (len) {
		uint64_t n = PAGE_BYTES - spa % PAGE_BYTES;

		n = n < len ? n : len;
		stored_in_page(log, source, spa, n);
		spa += n;
		len -= n;
	}
}

void dirty_log_look(struct dirty_log *log)
{
	for (uint32_t i = 0; i < log->memory->count; i++) {
		if (!memcmp(copy_of(log, i), page_at(log, i), PAGE_BYTES))
			continue;
		memcpy(copy_of(log, i), page_at(log, i), PAGE_BYTES);
		mark(log, DIRTY_CPUS, i);
	}
}

uint32_t dirty_log_count(const struct dirty_log *log, enum dirty_source source)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < log->memory->count; i++)
		count += log->marks[source][i / 64] >> i % 64 & 1;
	return count;
}

static bool is_dirty(const struct dirty_log *log, uint32_t page)
{
	bool dirty = log->fresh[page];

	for (unsigned s = 0; s < DIRTY_SOURCES; s++)
		dirty = dirty || log->marks[s][page / 64] & IOM_BIT(page % 64);
	return dirty;
}

bool dirty_log_any(const struct dirty_log *log)
{
	for (uint32_t i = 0; i < log->memory->count; i++)
		if (is_dirty(log, i))
			return true;
	return false;
}

bool dirty_log_take(struct dirty_log *log, uint32_t page)
{
	bool dirty = is_dirty(log, page);

	log->fresh[page] = false;
	for (unsigned s = 0; s < DIRTY_SOURCES; s++)
		log->marks[s][page / 64] &= ~IOM_BIT(page % 64);
	return dirty;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static bool allocate(struct dirty_log *log)
{
	const struct buffer *memory = log->memory;
	bool good;

	log->fresh = malloc(memory->count * sizeof *log->fresh);
	log->copy = malloc((size_t)memory->count * PAGE_BYTES);
	log->page_of = malloc(memory->ram->count * sizeof *log->page_of);
	good = log->fresh && log->copy && log->page_of;
	for (unsigned s = 0; s < DIRTY_SOURCES; s++) {
		log->marks[s] = calloc(memory->count / 64 + 1, sizeof *log->marks[s]);
		good = good && log->marks[s];
	}
	return good;
}

int dirty_log_new(const struct buffer *memory, struct dirty_log **out, struct iom_error *error)
{
	struct dirty_log *log = calloc(1, sizeof *log);

	*out = NULL;
	if (log)
		log->memory = memory;
	if (!log || !allocate(log)) {
		dirty_log_free(log);
		return iom_fail(error, IOM_ENOMEM, "no memory for a dirty log");
	}
	memset(log->page_of, 0xff, memory->ram->count * sizeof *log->page_of);
	for (uint32_t i = 0; i < memory->count; i++) {
		log->page_of[(memory->spa[i] - memory->ram->spa) / PAGE_BYTES] = i;
		log->fresh[i] = true;
		memcpy(copy_of(log, i), page_at(log, i), PAGE_BYTES);
	}
	*out = log;
	return IOM_OK;
}

void dirty_log_free(struct dirty_log *log)
{
	if (!log)
		return;
	for (unsigned s = 0; s < DIRTY_SOURCES; s++)
		free(log->marks[s]);
	free(log->fresh);
	free(log->copy);
	free(log->page_of);
	free(log);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A small memory that exists twice, and a bus that knows pages which are silent, corrupt or read-only. */
#include "compare.h"

#include <string.h>

static uint64_t load(const uint8_t *at)
{
	uint64_t word = 0;

	for (unsigned i = 8; i--;)
		word = word << 8 | at[i];
	return word;
}

static void save(uint8_t *at, uint64_t word)
{
	for (unsigned i = 0; i < 8; i++)
		at[i] = (uint8_t)(word >> 8 * i);
}

bool memory_is(uint64_t spa)
{
	return spa >= RAM && spa < RAM + PAGES * PAGE;
}

uint64_t memory_unit(const struct memory *m, uint64_t spa)
{
	return memory_is(spa) ? load(m->unit + (spa - RAM)) : 0;
}

uint64_t memory_get(const struct memory *m, uint64_t spa)
{
	return memory_is(spa) ? load(m->twin + (spa - RAM)) : 0;
}

static unsigned page_of(uint64_t spa)
{
	return (unsigned)((spa - RAM) / PAGE);
}

static bool is_corrupt(const struct memory *m, uint64_t spa, uint64_t bytes)
{
	for (unsigned i = 0; i < m->poisons; i++)
		if (spa < m->poison[i] + 16 && m->poison[i] < spa + bytes)
			return true;
	return false;
}

/* Accesses are aligned, and stay inside their page. */
static bool can_read(const struct memory *m, uint64_t spa, uint64_t bytes)
{
	return memory_is(spa) && !is_corrupt(m, spa, bytes) && !m->silent[page_of(spa)];
}

static bool can_write(const struct memory *m, uint64_t spa)
{
	return memory_is(spa) && !m->silent[page_of(spa)] && !m->readonly[page_of(spa)];
}

/* ---- The unit's side ---------------------------------------------------------------------- */

void memory_stored(struct memory *m, uint64_t spa, uint64_t bytes)
{
	for (uint64_t at = spa & ~7ull; at < spa + bytes; at += 8)
		if (memory_is(at) && m->n_stores < LOG_MAX) {
			m->used[page_of(at)] = true;
			m->stores[m->n_stores++] = at;
		}
}

static int unit_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	struct memory *m = opaque;

	if (!can_read(m, spa, len))
		return IOM_EFAULT;
	memcpy(buf, m->unit + (spa - RAM), len);
	return IOM_OK;
}

static int unit_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	struct memory *m = opaque;

	if (!can_write(m, spa))
		return IOM_EFAULT;
	memcpy(m->unit + (spa - RAM), buf, len);
	memory_stored(m, spa, len);
	return IOM_OK;
}

static int unit_cas(void *opaque, uint64_t spa, unsigned bytes, uint64_t *expected,
                    uint64_t desired)
{
	struct memory *m = opaque;
	uint64_t is;

	if (bytes != 8 || !can_read(m, spa, bytes) || !can_write(m, spa))
		return IOM_EFAULT;
	is = load(m->unit + (spa - RAM));
	if (is == *expected) {
		save(m->unit + (spa - RAM), desired);
		memory_stored(m, spa, bytes);
	}
	*expected = is;
	return IOM_OK;
}

static bool add_region(struct memory *m, uint64_t spa, uint64_t bytes, void *host, uint32_t flags)
{
	const struct iom_region region = {
		.spa = spa, .bytes = bytes, .host = host, .flags = flags
	};

	return iom_memory_add(m->bus, &region, NULL) == IOM_OK;
}

bool memory_open(struct memory *m, bool with_cas)
{
	const struct iom_memory_ops ops = { .bytes = sizeof ops,
		                            .read = unit_read,
		                            .write = unit_write,
		                            .cas = with_cas ? unit_cas : NULL };

	for (unsigned page = 0; page < PAGES; page++) {
		if (m->used[page]) {
			memset(m->unit + page * PAGE, 0, PAGE);
			memset(m->twin + page * PAGE, 0, PAGE);
		}
		m->used[page] = m->silent[page] = false;
		m->readonly[page] = page >= PAGES_RAM && page < PAGES_RAM + PAGES_ROM;
		m->roles[page] = 0;
	}
	memset(m->queue, 0, sizeof m->queue);
	m->poisons = 0;
	m->tangled = false;
	memory_forget(m);
	m->bus = NULL;
	if (iom_memory_new(&ops, m, &m->bus, NULL) != IOM_OK)
		return false;
	return add_region(m, RAM, PAGES_RAM * PAGE, m->unit, IOM_REGION_TRACK) &&
	       add_region(m, RAM + PAGES_RAM * PAGE, PAGES_ROM * PAGE, m->unit + PAGES_RAM * PAGE,
	                  IOM_REGION_READONLY) &&
	       add_region(m, QUEUE, sizeof m->queue, m->queue, 0);
}

void memory_close(struct memory *m)
{
	iom_memory_free(m->bus);
	m->bus = NULL;
}

/* ---- The twin's side ---------------------------------------------------------------------- */

static bool twin_read(void *ctx, const struct twin_access *access, uint64_t *words)
{
	struct memory *m = ctx;

	if (m->n_reads < LOG_MAX)
		m->reads[m->n_reads++] = *access;
	if (access->spa >= QUEUE && access->spa < QUEUE + sizeof m->queue) {
		for (unsigned i = 0; i < access->bytes / 8; i++)
			words[i] = load(m->queue + (access->spa - QUEUE) + 8ull * i);
		return true;
	}
	if (!can_read(m, access->spa, access->bytes))
		return false;
	for (unsigned i = 0; i < access->bytes / 8; i++)
		words[i] = memory_get(m, access->spa + 8ull * i);
	/*
	 * If a page is read in two ways, a bit that hardware sets in it means something else to the
	 * other.
	 */
	m->roles[page_of(access->spa)] |= 1u << access->use;
	return true;
}

static bool twin_write(void *ctx, const struct twin_access *access, uint64_t word)
{
	struct memory *m = ctx;
	uint32_t roles;

	if (!can_write(m, access->spa)) {
		m->refused = true;
		return false;
	}
	m->used[page_of(access->spa)] = true;
	if (m->n_writes < LOG_MAX) {
		m->writes[m->n_writes].access = *access;
		m->writes[m->n_writes++].was = memory_get(m, access->spa);
	}
	save(m->twin + (access->spa - RAM), word);
	roles = m->roles[page_of(access->spa)];
	m->tangled |= (roles & (roles - 1)) != 0;
	return true;
}

struct twin_memory memory_of_twin(struct memory *m)
{
	return (struct twin_memory){ twin_read, twin_write, m };
}

void memory_forget(struct memory *m)
{
	m->n_reads = m->n_writes = m->n_stores = 0;
	m->refused = false;
}

void memory_undo(struct memory *m)
{
	while (m->n_writes) {
		m->n_writes--;
		save(m->twin + (m->writes[m->n_writes].access.spa - RAM),
		     m->writes[m->n_writes].was);
	}
}

/* ---- Both --------------------------------------------------------------------------------- */

uint64_t memory_pages(struct memory *m, struct rng *rng, unsigned pages)
{
	unsigned start = below(rng, PAGES);

	/* most in RAM: ROM and callbacks are for variety */
	if (chance(rng, 1, 2))
		start = below(rng, PAGES_RAM);
	for (unsigned tried = 0; tried < PAGES; tried++) {
		unsigned page = (start + tried) % PAGES, n = 0;

		if (page + pages > PAGES)
			continue;
		while (n < pages && !m->used[page + n])
			n++;
		if (n < pages)
			continue;
		while (n--)
			m->used[page + n] = true;
		return RAM + page * PAGE;
	}
	return 0;
}

uint64_t memory_page(struct memory *m, struct rng *rng)
{
	return memory_pages(m, rng, 1);
}

void memory_put(struct memory *m, uint64_t spa, uint64_t word)
{
	if (!memory_is(spa))
		return;
	m->used[page_of(spa)] = true;
	save(m->unit + (spa - RAM), word);
	save(m->twin + (spa - RAM), word);
}

void memory_poison(struct memory *m, uint64_t spa)
{
	spa &= ~15ull;
	/* what is read-only, too, would be refused for either reason */
	if (m->poisons == POISON_MAX || !can_write(m, spa))
		return;
	m->poison[m->poisons++] = spa;
	iom_memory_poison(m->bus, spa, 16);
}

void memory_cure(struct memory *m)
{
	while (m->poisons)
		iom_memory_cure(m->bus, m->poison[--m->poisons], 16);
}

static bool same(const struct memory *m, uint64_t spa)
{
	return memory_unit(m, spa) == memory_get(m, spa);
}

uint64_t memory_differs(const struct memory *m)
{
	for (unsigned i = 0; i < m->n_stores; i++)
		if (!same(m, m->stores[i]))
			return m->stores[i];
	for (unsigned i = 0; i < m->n_writes; i++)
		if (!same(m, m->writes[i].access.spa))
			return m->writes[i].access.spa;
	return 0;
}

uint64_t memory_differs_anywhere(const struct memory *m)
{
	if (memcmp(m->unit, m->twin, sizeof m->unit) == 0)
		return 0;
	for (uint64_t spa = RAM; memory_is(spa); spa += 8)
		if (!same(m, spa))
			return spa;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A small memory that exists twice, and a bus that knows pages which are silent, corrupt or read-only. */
#include "compare.h"

#include <string.h>

static uint64_t load(const uint8_t *at, unsigned bytes, bool big)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < bytes; i++)
		word |= (uint64_t)at[i] << 8 * (big ? bytes - 1 - i : i);
	return word;
}

static void save(uint8_t *at, unsigned bytes, bool big, uint64_t word)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(word >> 8 * (big ? bytes - 1 - i : i));
}

uint64_t memory_unit(const struct memory *m, uint64_t spa)
{
	return memory_is(spa) ? load(m->unit + (spa - RAM), 8, false) : 0;
}

bool memory_is(uint64_t spa)
{
	return spa >= RAM && spa < RAM + PAGES * 4096ull;
}

static bool in_queues(uint64_t spa)
{
	return spa >= QUEUES && spa < QUEUES + 2 * 4096;
}

static unsigned page_of(uint64_t spa)
{
	return (unsigned)((spa - RAM) / 4096);
}

static bool is_corrupt(const struct memory *m, uint64_t spa, uint64_t bytes)
{
	for (unsigned i = 0; i < m->poisons; i++)
		if (spa < m->poison[i].spa + m->poison[i].bytes && m->poison[i].spa < spa + bytes)
			return true;
	return false;
}

/* Accesses are aligned, and stay inside their page. */
static enum twin_bus bus_read(const struct memory *m, uint64_t spa, uint64_t bytes)
{
	if (!memory_is(spa))
		return TWIN_BUS_FAULT;
	if (is_corrupt(m, spa, bytes))
		return TWIN_BUS_POISON;
	return m->silent[page_of(spa)] ? TWIN_BUS_FAULT : TWIN_BUS_OK;
}

static enum twin_bus bus_write(const struct memory *m, uint64_t spa)
{
	if (!memory_is(spa) || m->silent[page_of(spa)] || m->readonly[page_of(spa)])
		return TWIN_BUS_FAULT;
	return TWIN_BUS_OK;
}

/* ---- The unit's side ---------------------------------------------------------------------- */

static int to_code(enum twin_bus bus)
{
	return bus == TWIN_BUS_OK ? IOM_OK : bus == TWIN_BUS_POISON ? IOM_EPOISON : IOM_EFAULT;
}

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
	enum twin_bus bus = bus_read(m, spa, len);

	if (bus == TWIN_BUS_OK)
		memcpy(buf, m->unit + (spa - RAM), len);
	return to_code(bus);
}

static int unit_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	struct memory *m = opaque;
	enum twin_bus bus = bus_write(m, spa);

	if (bus == TWIN_BUS_OK) {
		memcpy(m->unit + (spa - RAM), buf, len);
		memory_stored(m, spa, len);
	}
	return to_code(bus);
}

static int unit_cas(void *opaque, uint64_t spa, unsigned bytes, uint64_t *expected,
                    uint64_t desired)
{
	struct memory *m = opaque;
	enum twin_bus bus = bus_read(m, spa, bytes);
	uint64_t is;

	if (bus == TWIN_BUS_OK)
		bus = bus_write(m, spa);
	if (bus != TWIN_BUS_OK)
		return to_code(bus);
	is = load(m->unit + (spa - RAM), bytes, false);
	if (is == *expected) {
		save(m->unit + (spa - RAM), bytes, false, desired);
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
			memset(m->unit + page * 4096, 0, 4096);
			memset(m->twin + page * 4096, 0, 4096);
		}
		m->used[page] = m->silent[page] = false;
		m->readonly[page] = page >= PAGES_RAM && page < PAGES_RAM + PAGES_ROM;
		m->roles[page] = 0;
	}
	memset(m->queues, 0, sizeof m->queues);
	m->poisons = 0;
	m->tangled = false;
	memory_forget(m);
	m->bus = NULL;
	if (iom_memory_new(&ops, m, &m->bus, NULL) != IOM_OK)
		return false;
	return add_region(m, RAM, PAGES_RAM * 4096, m->unit, IOM_REGION_TRACK) &&
	       add_region(m, RAM + PAGES_RAM * 4096, PAGES_ROM * 4096, m->unit + PAGES_RAM * 4096,
	                  IOM_REGION_READONLY) &&
	       add_region(m, QUEUES, sizeof m->queues, m->queues, 0);
}

void memory_close(struct memory *m)
{
	iom_memory_free(m->bus);
	m->bus = NULL;
}

/* ---- The twin's side ---------------------------------------------------------------------- */

/*
 * One bit for each way of reading a table: if a page is read in two ways, a bit that hardware sets in
 * it means something else to the other.
 */
static uint32_t role(const struct twin_access *a)
{
	unsigned n = a->use;

	if (a->use == TWIN_FIRST_STAGE || a->use == TWIN_SECOND_STAGE)
		n = 9 + (a->use - TWIN_FIRST_STAGE) * 4 + (a->bytes == 4) * 2 + a->big;
	return 1u << n;
}

static enum twin_bus twin_read(void *ctx, const struct twin_access *access, void *buf)
{
	struct memory *m = ctx;
	enum twin_bus bus;

	if (m->n_reads < LOG_MAX)
		m->reads[m->n_reads++] = *access;
	if (in_queues(access->spa)) {
		memcpy(buf, m->queues + (access->spa - QUEUES), access->bytes);
		return TWIN_BUS_OK;
	}
	bus = bus_read(m, access->spa, access->bytes);
	if (bus == TWIN_BUS_OK) {
		memcpy(buf, m->twin + (access->spa - RAM), access->bytes);
		m->roles[page_of(access->spa)] |= role(access);
	}
	return bus;
}

static enum twin_bus twin_write(void *ctx, const struct twin_access *access, const void *buf)
{
	struct memory *m = ctx;
	enum twin_bus bus = bus_write(m, access->spa);
	uint8_t *at;

	if (bus != TWIN_BUS_OK) {
		m->refused = true;
		m->refused_napot |= access->bytes == 8 && load(buf, 8, access->big) >> 63;
		return bus;
	}
	m->used[page_of(access->spa)] = true;
	at = m->twin + (access->spa - RAM);
	if (m->n_writes < LOG_MAX) {
		m->writes[m->n_writes].access = *access;
		m->writes[m->n_writes++].was = load(at, access->bytes, false);
	}
	memcpy(at, buf, access->bytes);
	if (m->roles[page_of(access->spa)] & (m->roles[page_of(access->spa)] - 1))
		m->tangled = true;
	return TWIN_BUS_OK;
}

struct twin_memory memory_of_twin(struct memory *m)
{
	return (struct twin_memory){ twin_read, twin_write, m };
}

void memory_forget(struct memory *m)
{
	m->n_reads = m->n_writes = m->n_stores = 0;
	m->refused = m->refused_napot = false;
}

void memory_undo(struct memory *m)
{
	while (m->n_writes) {
		const struct twin_access *a = &m->writes[--m->n_writes].access;

		save(m->twin + (a->spa - RAM), a->bytes, false, m->writes[m->n_writes].was);
	}
}

/* ---- Both --------------------------------------------------------------------------------- */

uint64_t memory_page(struct memory *m, struct rng *rng, unsigned pages)
{
	unsigned start = below(rng, PAGES);

	/* most in RAM: ROM and callbacks are for variety */
	if (chance(rng, 1, 2))
		start = below(rng, PAGES_RAM);
	for (unsigned tried = 0; tried < PAGES; tried++) {
		unsigned page = (start + tried) % PAGES, n = 0;

		if (page % pages || page + pages > PAGES)
			continue;
		while (n < pages && !m->used[page + n])
			n++;
		if (n < pages)
			continue;
		while (n--)
			m->used[page + n] = true;
		return RAM + page * 4096ull;
	}
	return 0;
}

void memory_put(struct memory *m, uint64_t spa, unsigned bytes, bool big, uint64_t word)
{
	if (!memory_is(spa))
		return;
	m->used[page_of(spa)] = true;
	save(m->unit + (spa - RAM), bytes, big, word);
	save(m->twin + (spa - RAM), bytes, big, word);
}

uint64_t memory_get(const struct memory *m, uint64_t spa, unsigned bytes, bool big)
{
	return memory_is(spa) ? load(m->twin + (spa - RAM), bytes, big) : 0;
}

enum twin_bus memory_word(const struct memory *m, uint64_t spa, uint32_t *word)
{
	enum twin_bus bus = in_queues(spa) ? TWIN_BUS_OK : bus_read(m, spa, 4);

	if (bus == TWIN_BUS_OK)
		*word = (uint32_t)load(in_queues(spa) ? m->queues + (spa - QUEUES)
		                                      : m->twin + (spa - RAM),
		                       4, false);
	return bus;
}

void memory_poison(struct memory *m, uint64_t spa, uint64_t bytes)
{
	/* what is read-only, too, would be refused for either reason */
	if (m->poisons == POISON_MAX || bus_write(m, spa) != TWIN_BUS_OK)
		return;
	m->poison[m->poisons].spa = spa;
	m->poison[m->poisons++].bytes = bytes;
	iom_memory_poison(m->bus, spa, bytes);
}

void memory_cure(struct memory *m)
{
	while (m->poisons) {
		m->poisons--;
		iom_memory_cure(m->bus, m->poison[m->poisons].spa, m->poison[m->poisons].bytes);
	}
}

static bool is_napot(const struct memory *m, const struct twin_access *a)
{
	return (a->use == TWIN_FIRST_STAGE || a->use == TWIN_SECOND_STAGE) && a->bytes == 8 &&
	       a->level == 0 && memory_get(m, a->spa, 8, a->big) >> 63;
}

/*
 * A cached NAPOT leaf may stand for all its 16 entries, of which hardware marks one only: as accessed or
 * dirty some of them are, and some are not.  Then the unit may go by any.
 */
bool memory_uneven(const struct memory *m)
{
	if (m->refused_napot)
		return true;
	for (unsigned i = 0; i < m->n_writes; i++)
		if (is_napot(m, &m->writes[i].access))
			return true;
	for (unsigned i = 0; i < m->n_reads; i++) {
		const struct twin_access *a = &m->reads[i];

		for (unsigned n = 0; is_napot(m, a) && n < 16; n++)
			if (memory_get(m, (a->spa & ~127ull) + n * 8, 8, a->big) !=
			    memory_get(m, a->spa, 8, a->big))
				return true;
	}
	return false;
}

/* Takes what was just written as the unit has it. */
void memory_follow(struct memory *m)
{
	for (unsigned i = 0; i < m->n_stores; i++)
		memcpy(m->twin + (m->stores[i] - RAM), m->unit + (m->stores[i] - RAM), 8);
	for (unsigned i = 0; i < m->n_writes; i++) {
		uint64_t at = (m->writes[i].access.spa & ~7ull) - RAM;

		memcpy(m->twin + at, m->unit + at, 8);
	}
}

static bool same(const struct memory *m, uint64_t spa)
{
	return !memory_is(spa) || !memcmp(m->unit + (spa - RAM), m->twin + (spa - RAM), 8);
}

uint64_t memory_differs(const struct memory *m)
{
	for (unsigned i = 0; i < m->n_stores; i++)
		if (!same(m, m->stores[i]))
			return m->stores[i];
	for (unsigned i = 0; i < m->n_writes; i++)
		if (!same(m, m->writes[i].access.spa & ~7ull))
			return m->writes[i].access.spa & ~7ull;
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

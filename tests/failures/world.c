/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The world of world.h: memory and host functions that count, and fail when it is their turn. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

static bool fails(struct world *w, enum failing kind)
{
	if (w->kind != kind || w->fired || w->left--)
		return false;
	w->fired = true;
	return true;
}

/* ---- Memory ------------------------------------------------------------------------------- */

static uint8_t *ram_at(struct world *w, uint64_t spa, size_t len)
{
	if (spa >= WORLD_CPU && len <= sizeof w->cpu && spa - WORLD_CPU <= sizeof w->cpu - len)
		return w->cpu + (spa - WORLD_CPU);
	if (spa < WORLD_RAM || len > WORLD_BYTES || spa - WORLD_RAM > WORLD_BYTES - len)
		return NULL;
	return w->ram + (spa - WORLD_RAM);
}

static int ram_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	struct world *w = opaque;
	const uint8_t *at = ram_at(w, spa, len);

	if (at && fails(w, FAIL_READ))
		return w->code;
	if (at)
		memcpy(buf, at, len);
	return at ? IOM_OK : IOM_EFAULT;
}

static int ram_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	struct world *w = opaque;
	uint8_t *at = ram_at(w, spa, len);

	if (at && fails(w, FAIL_WRITE))
		return w->code;
	if (at)
		memcpy(at, buf, len);
	return at ? IOM_OK : IOM_EFAULT;
}

static uint64_t load(const uint8_t *at, unsigned bytes)
{
	uint64_t val = 0;

	while (bytes--)
		val = val << 8 | at[bytes];
	return val;
}

static void store(uint8_t *at, unsigned bytes, uint64_t val)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(val >> 8 * i);
}

static int ram_cas(void *opaque, uint64_t spa, unsigned bytes, uint64_t *expected, uint64_t desired)
{
	struct world *w = opaque;
	uint8_t *at = ram_at(w, spa, bytes);
	uint64_t was;

	if (!at)
		return IOM_EFAULT;
	if (fails(w, FAIL_CAS))
		return w->code;
	was = load(at, bytes);
	if (was == *expected)
		store(at, bytes, desired);
	*expected = was;
	return IOM_OK;
}

/* ---- Host --------------------------------------------------------------------------------- */

static void *host_alloc(void *opaque, size_t size)
{
	struct world *w = opaque;
	void *memory;

	if (fails(w, FAIL_ALLOC))
		return NULL;
	memory = aligned_alloc(64, (size + 63) & ~(size_t)63);
	CHECK(memory);
	w->live++;
	return memory;
}

static void host_free(void *opaque, void *memory, size_t size)
{
	struct world *w = opaque;

	CHECK(memory && size && w->live);
	w->live--;
	free(memory);
}

/* The same memory that a unit without host.msi stores to. */
static int host_msi(void *opaque, uint64_t address, uint32_t data)
{
	struct world *w = opaque;
	uint8_t *at = ram_at(w, address, 4);

	if (!at || fails(w, FAIL_MSI))
		return IOM_EFAULT;
	store(at, 4, data);
	return IOM_OK;
}

static void host_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	struct world *w = opaque;
	struct iom_message answer = { .kind = IOM_MESSAGE_INVALIDATED, .code = 1 };

	w->message = *message;
	w->messages++;
	if (message->kind != IOM_MESSAGE_INVALIDATE || !w->devices_answer)
		return;
	CHECK(requester < DEVICES);
	if (w->atc && requester == w->cached) {
		CHECK_EQ(iom_atc_message(w->atc, message), IOM_OK);
		return;
	}
	answer.token = 1u << message->token;
	CHECK_EQ(iom_message(w->endpoint[requester], &answer), IOM_OK);
}

static void host_wire(void *opaque, unsigned wire, bool level)
{
	struct world *w = opaque;

	CHECK(wire < 16);
	w->wire[wire] = level;
}

static void host_order(void *opaque, bool reads, bool writes)
{
	(void)opaque;
	CHECK(reads || writes);
}

static void host_dirty(void *opaque, uint64_t spa, uint64_t len)
{
	CHECK(ram_at(opaque, spa, len));
}

/* ---- The world ---------------------------------------------------------------------------- */

void world_init(struct world *w, const struct arch *arch)
{
	*w = (struct world){
		.arch = arch,
		.host = {
			.bytes = sizeof w->host,
			.alloc = host_alloc,
			.free = host_free,
			.msi = host_msi,
			.message = host_message,
			.wire = host_wire,
			.order = host_order,
			.dirty = host_dirty,
		},
		.ops = {
			.bytes = sizeof w->ops,
			.read = ram_read,
			.write = ram_write,
			.cas = ram_cas,
		},
	};
	w->ram = calloc(1, WORLD_BYTES);
	CHECK(w->ram);
}

static int new_unit(struct world *w)
{
	struct iom_error error;
	int err = w->arch->unit_new(w, &w->unit, &error);

	CHECK(error.code == err);
	CHECK_EQ(!error.text[0], err == IOM_OK);
	return err;
}

static void open_devices(struct world *w)
{
	TRY(w, iom_lane_open(w->unit, &w->lane));
	for (unsigned d = HOST; d < DEVICES; d++) {
		TRY(w, iom_endpoint_get(w->unit, d, &w->endpoint[d]));
		TRY(w, iom_port_open(w->endpoint[d], w->lane, &w->port[d]));
	}
}

void world_build(struct world *w)
{
	CHECK_EQ(iom_memory_new(&w->ops, w, &w->memory, NULL), IOM_OK);
	TRY(w, new_unit(w));
	open_devices(w);
}

void world_end(struct world *w)
{
	iom_unit_free(w->unit);
	iom_memory_free(w->memory);
	CHECK_EQ(w->live, 0);
	free(w->ram);
}

static uint8_t *saved(struct iom_unit *unit, size_t *bytes)
{
	uint8_t *state;

	CHECK_EQ(iom_unit_save(unit, NULL, 0, bytes), IOM_ENOSPC);
	state = malloc(*bytes);
	CHECK(state);
	CHECK_EQ(iom_unit_save(unit, state, *bytes, bytes), IOM_OK);
	return state;
}

void world_move(struct world *w)
{
	struct iom_unit *old = w->unit;
	struct iom_error error;
	size_t bytes, again;
	uint8_t *state, *copy;

	iom_unit_stop(old);
	state = saved(old, &bytes);
	TRY(w, new_unit(w));
	CHECK_EQ(iom_unit_stop(w->unit), IOM_OK);
	memset(w->wire, 0, sizeof w->wire);
	CHECK_MSG(iom_unit_load(w->unit, state, bytes, &error) == IOM_OK, "%s", error.text);
	copy = saved(w->unit, &again);
	CHECK_EQ(again, bytes);
	CHECK_EQ(memcmp(copy, state, bytes), 0);
	free(copy);
	free(state);
	iom_unit_free(old);
	open_devices(w);
	iom_unit_start(w->unit);
}

void note(struct world *w, uint64_t value)
{
	struct notes *n = &w->notes[w->step];

	CHECK(n->count < WORLD_NOTES);
	n->value[n->count++] = value;
}

uint64_t reg(struct world *w, uint64_t off, unsigned bytes)
{
	uint64_t val;

	CHECK_EQ(iom_mmio_read(w->unit, 0, off, bytes, &val), IOM_OK);
	return val;
}

void reg_set(struct world *w, uint64_t off, unsigned bytes, uint64_t val)
{
	CHECK_EQ(iom_mmio_write(w->unit, 0, off, bytes, val), IOM_OK);
}

uint64_t word(struct world *w, uint64_t spa)
{
	CHECK(ram_at(w, spa, 8));
	return load(ram_at(w, spa, 8), 8);
}

void word_set(struct world *w, uint64_t spa, uint64_t val)
{
	CHECK(ram_at(w, spa, 8));
	store(ram_at(w, spa, 8), 8, val);
}

uint64_t new_pages(struct world *w, unsigned count)
{
	uint64_t bytes = 4096ull * count;
	uint64_t spa = (w->next + bytes - 1) & ~(bytes - 1);

	CHECK(ram_at(w, spa, bytes));
	w->next = spa + bytes;
	return spa;
}

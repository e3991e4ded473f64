/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Memory, unit and devices; each kind of unit brings its own software (world_riscv.c, world_vtd.c). */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t world_page(unsigned page)
{
	return RAM + page * PAGE;
}

void world_poke64(struct world *w, uint64_t spa, uint64_t value)
{
	memcpy(w->ram + (spa - RAM), &value, sizeof value);
}

void world_entry(struct world *w, unsigned page, unsigned index, uint64_t value)
{
	world_poke64(w, world_page(page) + UINT64_C(8) * index, value);
}

uint64_t world_place(struct world *w)
{
	return RAM + take(&w->in, 2) * 8 % RAM_BYTES;
}

/* ---- Host and memory ---------------------------------------------------------------------- */

static void play_one(struct world *w)
{
	const struct op *op;

	if (!w->in.left)
		return;
	op = &w->ops[take(&w->in, 1) % w->op_count];
	if (!(op->when & OUTSIDE) || !w->depth)
		op->run(w);
}

/* The outside world reacts, or does not. */
static void react(struct world *w)
{
	if (!w->ops || w->depth >= 3 || !w->in.left || !(take(&w->in, 1) & 1))
		return;
	w->depth++;
	play_one(w);
	w->depth--;
}

static int serve_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	struct world *w = opaque;
	uint64_t value = 0;

	if (spa - CORRUPT < PAGE)
		return IOM_EPOISON;
	if (spa - DOORBELL >= PAGE || !w->unit)
		return IOM_EFAULT;
	memset(buf, 0, len);
	if (len <= 8 && !(len & (len - 1)) &&
	    !iom_mmio_read(w->unit, 0, spa - DOORBELL, (unsigned)len, &value))
		memcpy(buf, &value, len);
	return IOM_OK;
}

static int serve_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	struct world *w = opaque;
	uint64_t value = 0;

	if (spa - DOORBELL >= PAGE || !w->unit)
		return IOM_EFAULT;
	if (len <= 8 && !(len & (len - 1))) {
		memcpy(&value, buf, len);
		(void)iom_mmio_write(w->unit, 0, spa - DOORBELL, (unsigned)len, value);
	}
	return IOM_OK;
}

static int on_msi(void *opaque, uint64_t address, uint32_t data)
{
	(void)data;
	react(opaque);
	return address & 4 ? IOM_EFAULT : IOM_OK;
}

static void on_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	(void)requester, (void)message;
	react(opaque);
}

static void on_wire(void *opaque, unsigned wire, bool level)
{
	(void)wire, (void)level;
	react(opaque);
}

static void on_order(void *opaque, bool reads, bool writes)
{
	(void)reads, (void)writes;
	react(opaque);
}

/* Answers that VT-d units gave about interrupts; the others have few. */
static void on_interrupts(void *opaque, uint32_t first, uint32_t last)
{
	struct world *w = opaque;

	if (first > last)
		abort();
	if (w->kind == &world_vtd)
		react(w);
}

static void on_dirty(void *opaque, uint64_t spa, uint64_t len)
{
	(void)opaque;
	if (spa < RAM || len > RAM_BYTES || spa - RAM > RAM_BYTES - len)
		abort();
}

struct iom_unit *world_try(struct world *w)
{
	const struct iom_host host = { .bytes = sizeof host,
		                       .msi = on_msi,
		                       .message = on_message,
		                       .wire = on_wire,
		                       .interrupts_changed = on_interrupts,
		                       .order = on_order,
		                       .dirty = on_dirty };
	struct iom_unit *unit;

	return w->kind->unit_new(w, &host, &unit) ? NULL : unit;
}

struct iom_unit *world_unit(struct world *w)
{
	struct iom_unit *unit = world_try(w);

	if (!unit)
		abort();
	return unit;
}

struct iom_endpoint *world_endpoint(struct world *w, unsigned device)
{
	if (!w->endpoint[device] && iom_endpoint_get(w->unit, device, &w->endpoint[device]))
		abort();
	return w->endpoint[device];
}

struct iom_port *world_port(struct world *w, unsigned device, unsigned lane)
{
	if (!w->port[device][lane] &&
	    iom_port_open(world_endpoint(w, device), w->lane[lane], &w->port[device][lane]))
		abort();
	return w->port[device][lane];
}

void world_set(struct world *w, unsigned off, unsigned bytes, uint64_t value)
{
	if (iom_mmio_write(w->unit, 0, off, bytes, value))
		abort();
}

void world_make(struct world *w, const uint8_t *data, size_t size)
{
	const struct iom_memory_ops ops = { .bytes = sizeof ops,
		                            .read = serve_read,
		                            .write = serve_write };
	struct iom_region region = { RAM, RAM_BYTES, NULL, IOM_REGION_TRACK };
	unsigned how;

	*w = (struct world){ .in = { data, size } };
	w->ram = calloc(1, RAM_BYTES);
	region.host = w->ram;
	if (!w->ram || iom_memory_new(&ops, w, &w->memory, NULL) ||
	    iom_memory_add(w->memory, &region, NULL))
		abort();
	how = (unsigned)take(&w->in, 1);
	w->kind = how & OF_VTD ? &world_vtd : &world_riscv;
	w->kind->configure(w, how);
	for (unsigned i = 0; i < LANES; i++) {
		if (iom_lane_open(w->unit, &w->lane[i]))
			abort();
	}
	w->kind->start(w);
}

void world_play(struct world *w, const struct op *ops, size_t count)
{
	w->ops = ops;
	w->op_count = count;
	while (w->kind == &world_riscv && ops[w->op_count - 1].when & VTD_ALONE)
		w->op_count--;
	while (w->in.left)
		play_one(w);
	w->ops = NULL;
}

void world_check(struct world *w)
{
	struct iom_unit *other = world_unit(w);
	struct iom_error error;
	size_t bytes = 0;
	void *state;

	(void)iom_unit_save(w->unit, NULL, 0, &bytes);
	state = malloc(bytes);
	if (!state || iom_unit_save(w->unit, state, bytes, &bytes))
		abort();
	if (iom_unit_load(other, state, bytes, &error)) {
		fprintf(stderr, "a state that was just saved is refused: %s\n", error.text);
		abort();
	}
	free(state);
	iom_unit_free(other);
}

void world_free(struct world *w)
{
	iom_unit_free(w->unit);
	iom_memory_free(w->memory);
	free(w->ram);
}

int world_run(const uint8_t *data, size_t size, const struct op *ops, size_t count)
{
	struct world w;

	world_make(&w, data, size);
	world_play(&w, ops, count);
	world_check(&w);
	world_free(&w);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Memory, unit and devices, as a driver leaves them; numbers are the specification's. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

/* Registers */
#define CAPABILITIES 0x0
#define FCTL 0x8
#define DDTP 0x10
#define CQB 0x18
#define CQT 0x24
#define FQB 0x28
#define PQB 0x38
#define CQCSR 0x48
#define FQCSR 0x4c
#define PQCSR 0x50

#define V UINT64_C(1)
#define LEAF UINT64_C(0xdf) /* D A U X W R V */
#define MODE(n) ((uint64_t)(n) << 60)
#define EXTENDED_DC 64

/* Pages of RAM, and what is in them */
enum {
	DDT,
	COMMANDS,
	FAULTS,
	PAGE_REQUESTS,
	STAGE2_ROOT, /* four pages */
	STAGE2_1 = STAGE2_ROOT + 4,
	STAGE2_0,
	STAGE1_ROOT,
	STAGE1_1,
	STAGE1_0,
	GUEST_ROOT,
	GUEST_1,
	GUEST_0,
	PROCESSES,
	MSI_TABLE,
	INTERRUPT_FILE,
	DATA,
};

static uint64_t spa_of(unsigned page)
{
	return RAM + page * PAGE;
}

static uint64_t ppn_of(unsigned page)
{
	return spa_of(page) >> 12;
}

void world_poke64(struct world *w, uint64_t spa, uint64_t value)
{
	memcpy(w->ram + (spa - RAM), &value, sizeof value);
}

uint64_t world_place(struct world *w)
{
	return RAM + take(&w->in, 2) * 8 % RAM_BYTES;
}

void world_push(struct world *w, const uint64_t *commands, size_t count)
{
	uint64_t base, tail, entries;

	if (iom_mmio_read(w->unit, 0, CQB, 8, &base) || iom_mmio_read(w->unit, 0, CQT, 4, &tail))
		abort();
	entries = UINT64_C(2) << (base & 31);
	for (size_t i = 0; i < count; i++, tail = (tail + 1) & (entries - 1))
		(void)iom_memory_write(w->memory, (base >> 10 << 12) + 16 * tail, &commands[2 * i],
		                       16);
	(void)iom_mmio_write(w->unit, 0, CQT, 4, tail);
}

/* ---- Tables ------------------------------------------------------------------------------- */

static void entry(struct world *w, unsigned page, unsigned index, uint64_t value)
{
	world_poke64(w, spa_of(page) + UINT64_C(8) * index, value);
}

/* A tree of three tables that maps the first 2 MiB in pages, and 2 MiB behind them in one piece. */
static void tables(struct world *w, unsigned root, unsigned one, unsigned zero, uint64_t from)
{
	entry(w, root, 0, (from + (one << 12)) >> 12 << 10 | V);
	entry(w, one, 0, (from + (zero << 12)) >> 12 << 10 | V);
	entry(w, one, 1, RAM >> 12 << 10 | LEAF);
	for (unsigned i = 0; i < RAM_PAGES; i++)
		entry(w, zero, i, (from + (i << 12)) >> 12 << 10 | LEAF);
	/* 64 KiB in one, by NAPOT; not dirty, not global; a page that leads to the doorbell. */
	for (unsigned i = 0; i < 16; i++)
		entry(w, zero, 64 + i, UINT64_C(1) << 63 | (from >> 12 | 8) << 10 | LEAF);
	entry(w, zero, 80, (from >> 12) << 10 | (LEAF & ~UINT64_C(0x80)));
	entry(w, zero, 81, (from >> 12) << 10 | (LEAF & ~UINT64_C(0xc0)));
	entry(w, zero, 82, (from >> 12) << 10 | LEAF | 0x20);
	entry(w, zero, 83, DOORBELL >> 12 << 10 | LEAF);
	entry(w, zero, 84, CORRUPT >> 12 << 10 | LEAF);
}

/* A device context of the extended format, all eight words of it. */
static void device(struct world *w, unsigned id, uint64_t tc, uint64_t iohgatp, uint64_t fsc,
                   uint64_t msiptp)
{
	const uint64_t words[] = { tc | V, iohgatp, UINT64_C(7) << 12, fsc, msiptp, 7, 0x20, 0 };

	for (unsigned i = 0; i < 8; i++)
		world_poke64(w, spa_of(DDT) + EXTENDED_DC * id + UINT64_C(8) * i, words[i]);
}

static void build(struct world *w)
{
	const uint64_t ats = 2, pri = 4, t2gpa = 8, pdtv = 0x20, gade = 0x80, sade = 0x100,
		       dpe = 0x200;
	const uint64_t sv39 = MODE(8), gscid = UINT64_C(3) << 44;
	const uint64_t stage2 = sv39 | gscid | ppn_of(STAGE2_ROOT);

	tables(w, STAGE2_ROOT, STAGE2_1, STAGE2_0, RAM);
	/* The guest's memory is at its 0. */
	entry(w, STAGE2_ROOT, 0, ppn_of(STAGE2_1) << 10 | V);
	entry(w, STAGE2_1, 0, ppn_of(STAGE2_0) << 10 | V);
	tables(w, STAGE1_ROOT, STAGE1_1, STAGE1_0, RAM);
	tables(w, GUEST_ROOT, GUEST_1, GUEST_0, 0);
	for (unsigned i = 0; i < 4; i++) {
		world_poke64(w, spa_of(PROCESSES) + UINT64_C(16) * i,
		             UINT64_C(7) | (uint64_t)i << 12);
		world_poke64(w, spa_of(PROCESSES) + UINT64_C(16) * i + 8,
		             sv39 | ppn_of(STAGE1_ROOT));
	}
	for (unsigned i = 0; i < 8; i++) {
		uint64_t basic = ppn_of(DATA) << 10 | 3 << 1 | V;
		uint64_t file = spa_of(INTERRUPT_FILE) >> 9 << 7 | 1 << 1 | V;

		world_poke64(w, spa_of(MSI_TABLE) + UINT64_C(16) * i, i & 1 ? file : basic);
		world_poke64(w, spa_of(MSI_TABLE) + UINT64_C(16) * i + 8,
		             i & 1 ? ppn_of(DATA + 1) << 10 | i : 0);
	}
	device(w, 0, 0, 0, sv39 | ppn_of(STAGE1_ROOT), 0);
	device(w, 1, 0, stage2, sv39 | GUEST_ROOT, MODE(1) | ppn_of(MSI_TABLE));
	device(w, 2, pdtv | dpe, 0, MODE(1) | ppn_of(PROCESSES), 0);
	device(w, 3, ats | pri | t2gpa, stage2, 0, MODE(1) | ppn_of(MSI_TABLE));
	device(w, 4, ats | pri | gade | sade, stage2, sv39 | GUEST_ROOT, 0);
}

/* ---- Host and memory ---------------------------------------------------------------------- */

static void play_one(struct world *w)
{
	const struct op *op;

	if (!w->in.left)
		return;
	op = &w->ops[take(&w->in, 1) % w->op_count];
	if (!op->outside || !w->depth)
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

static void on_dirty(void *opaque, uint64_t spa, uint64_t len)
{
	(void)opaque;
	if (spa < RAM || len > RAM_BYTES || spa - RAM > RAM_BYTES - len)
		abort();
}

/* NULL: such a unit is not to be had. */
static struct iom_unit *unit_new(struct world *w)
{
	const struct iom_host host = { .bytes = sizeof host,
		                       .msi = on_msi,
		                       .message = on_message,
		                       .wire = on_wire,
		                       .order = on_order,
		                       .dirty = on_dirty };
	struct iom_unit *unit;

	return iom_riscv_new(&w->config, w->memory, &host, w, &unit, NULL) ? NULL : unit;
}

struct iom_unit *world_unit(struct world *w)
{
	struct iom_unit *unit = unit_new(w);

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

static void write_register(struct world *w, unsigned off, unsigned bytes, uint64_t value)
{
	if (iom_mmio_write(w->unit, 0, off, bytes, value))
		abort();
}

/* What the first bytes choose; a choice that contradicts itself becomes the default. */
static void configure(struct world *w)
{
	const struct iom_riscv_config base = { .bytes = sizeof base,
		                               .cache_lg2 = 3 + take(&w->in, 1) % 4,
		                               .queue_lg2 = 8,
		                               .vectors = (uint8_t)(1u << take(&w->in, 1) % 5),
		                               .busy_ns = take(&w->in, 1) & 1 ? 100 : 0,
		                               .ats_timeout_ns = 1000 };
	uint64_t all, less = take(&w->in, 6);

	uint32_t flags = (uint32_t)take(&w->in, 2);

	w->config = base;
	w->unit = world_unit(w);
	if (!less && !flags)
		return;
	if (iom_mmio_read(w->unit, 0, CAPABILITIES, 8, &all))
		abort();
	iom_unit_free(w->unit);
	w->config.flags = flags;
	w->config.capabilities = all & ~(less & UINT64_C(0x3ff0fc8ff00));
	w->unit = unit_new(w);
	if (!w->unit) {
		w->config = base;
		w->unit = world_unit(w);
	}
}

void world_make(struct world *w, const uint8_t *data, size_t size)
{
	const struct iom_memory_ops ops = { .bytes = sizeof ops,
		                            .read = serve_read,
		                            .write = serve_write };
	struct iom_region region = { RAM, RAM_BYTES, NULL, IOM_REGION_TRACK };

	*w = (struct world){ .in = { data, size } };
	w->ram = calloc(1, RAM_BYTES);
	region.host = w->ram;
	if (!w->ram || iom_memory_new(&ops, w, &w->memory, NULL) ||
	    iom_memory_add(w->memory, &region, NULL))
		abort();
	configure(w);
	for (unsigned i = 0; i < LANES; i++) {
		if (iom_lane_open(w->unit, &w->lane[i]))
			abort();
	}
	build(w);
	write_register(w, CQB, 8, ppn_of(COMMANDS) << 10 | 7);
	write_register(w, FQB, 8, ppn_of(FAULTS) << 10 | 6);
	write_register(w, PQB, 8, ppn_of(PAGE_REQUESTS) << 10 | 7);
	write_register(w, CQCSR, 4, 3);
	write_register(w, FQCSR, 4, 3);
	write_register(w, PQCSR, 4, 3);
	write_register(w, DDTP, 8, ppn_of(DDT) << 10 | 2);
}

void world_play(struct world *w, const struct op *ops, size_t count)
{
	w->ops = ops;
	w->op_count = count;
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

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A RISC-V IOMMU, as a driver leaves it; numbers are the specification's. */
#include "world.h"

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

static uint64_t ppn_of(unsigned page)
{
	return world_page(page) >> 12;
}

/* ---- Tables ------------------------------------------------------------------------------- */

/* A tree of three tables that maps the first 2 MiB in pages, and 2 MiB behind them in one piece. */
static void tables(struct world *w, unsigned root, unsigned one, unsigned zero, uint64_t from)
{
	world_entry(w, root, 0, (from + (one << 12)) >> 12 << 10 | V);
	world_entry(w, one, 0, (from + (zero << 12)) >> 12 << 10 | V);
	world_entry(w, one, 1, RAM >> 12 << 10 | LEAF);
	for (unsigned i = 0; i < RAM_PAGES; i++)
		world_entry(w, zero, i, (from + (i << 12)) >> 12 << 10 | LEAF);
	/* 64 KiB in one, by NAPOT; not dirty, not global; a page that leads to the doorbell. */
	for (unsigned i = 0; i < 16; i++)
		world_entry(w, zero, 64 + i, UINT64_C(1) << 63 | (from >> 12 | 8) << 10 | LEAF);
	world_entry(w, zero, 80, (from >> 12) << 10 | (LEAF & ~UINT64_C(0x80)));
	world_entry(w, zero, 81, (from >> 12) << 10 | (LEAF & ~UINT64_C(0xc0)));
	world_entry(w, zero, 82, (from >> 12) << 10 | LEAF | 0x20);
	world_entry(w, zero, 83, DOORBELL >> 12 << 10 | LEAF);
	world_entry(w, zero, 84, CORRUPT >> 12 << 10 | LEAF);
}

/* A device context of the extended format, all eight words of it. */
static void device(struct world *w, unsigned id, uint64_t tc, uint64_t iohgatp, uint64_t fsc,
                   uint64_t msiptp)
{
	const uint64_t words[] = { tc | V, iohgatp, UINT64_C(7) << 12, fsc, msiptp, 7, 0x20, 0 };

	for (unsigned i = 0; i < 8; i++)
		world_poke64(w, world_page(DDT) + EXTENDED_DC * id + UINT64_C(8) * i, words[i]);
}

static void build(struct world *w)
{
	const uint64_t ats = 2, pri = 4, t2gpa = 8, pdtv = 0x20, gade = 0x80, sade = 0x100,
		       dpe = 0x200;
	const uint64_t sv39 = MODE(8), gscid = UINT64_C(3) << 44;
	const uint64_t stage2 = sv39 | gscid | ppn_of(STAGE2_ROOT);

	tables(w, STAGE2_ROOT, STAGE2_1, STAGE2_0, RAM);
	/* The guest's memory is at its 0. */
	world_entry(w, STAGE2_ROOT, 0, ppn_of(STAGE2_1) << 10 | V);
	world_entry(w, STAGE2_1, 0, ppn_of(STAGE2_0) << 10 | V);
	tables(w, STAGE1_ROOT, STAGE1_1, STAGE1_0, RAM);
	tables(w, GUEST_ROOT, GUEST_1, GUEST_0, 0);
	for (unsigned i = 0; i < 4; i++) {
		world_poke64(w, world_page(PROCESSES) + UINT64_C(16) * i,
		             UINT64_C(7) | (uint64_t)i << 12);
		world_poke64(w, world_page(PROCESSES) + UINT64_C(16) * i + 8,
		             sv39 | ppn_of(STAGE1_ROOT));
	}
	for (unsigned i = 0; i < 8; i++) {
		uint64_t basic = ppn_of(DATA) << 10 | 3 << 1 | V;
		uint64_t file = world_page(INTERRUPT_FILE) >> 9 << 7 | 1 << 1 | V;

		world_poke64(w, world_page(MSI_TABLE) + UINT64_C(16) * i, i & 1 ? file : basic);
		world_poke64(w, world_page(MSI_TABLE) + UINT64_C(16) * i + 8,
		             i & 1 ? ppn_of(DATA + 1) << 10 | i : 0);
	}
	device(w, 0, 0, 0, sv39 | ppn_of(STAGE1_ROOT), 0);
	device(w, 1, 0, stage2, sv39 | GUEST_ROOT, MODE(1) | ppn_of(MSI_TABLE));
	device(w, 2, pdtv | dpe, 0, MODE(1) | ppn_of(PROCESSES), 0);
	device(w, 3, ats | pri | t2gpa, stage2, 0, MODE(1) | ppn_of(MSI_TABLE));
	device(w, 4, ats | pri | gade | sade, stage2, sv39 | GUEST_ROOT, 0);
}

/* ---- The unit ----------------------------------------------------------------------------- */

static int unit_new(struct world *w, const struct iom_host *host, struct iom_unit **out)
{
	return iom_riscv_new(&w->config.riscv, w->memory, host, w, out, NULL);
}

/* What the first bytes choose; a choice that contradicts itself becomes the default. */
static void configure(struct world *w, unsigned how)
{
	const struct iom_riscv_config base = { .bytes = sizeof base,
		                               .cache_lg2 = (uint8_t)(3 + how % 4),
		                               .queue_lg2 = 8,
		                               .vectors = (uint8_t)(1u << take(&w->in, 1) % 5),
		                               .busy_ns = take(&w->in, 1) & 1 ? 100 : 0,
		                               .ats_timeout_ns = 1000 };
	uint64_t all, less = take(&w->in, 6);

	uint32_t flags = (uint32_t)take(&w->in, 2);

	w->config.riscv = base;
	w->unit = world_unit(w);
	if (!less && !flags)
		return;
	if (iom_mmio_read(w->unit, 0, CAPABILITIES, 8, &all))
		abort();
	iom_unit_free(w->unit);
	w->config.riscv.flags = flags;
	w->config.riscv.capabilities = all & ~(less & UINT64_C(0x3ff0fc8ff00));
	w->unit = world_try(w);
	if (!w->unit) {
		w->config.riscv = base;
		w->unit = world_unit(w);
	}
}

static void start(struct world *w)
{
	build(w);
	world_set(w, CQB, 8, ppn_of(COMMANDS) << 10 | 7);
	world_set(w, FQB, 8, ppn_of(FAULTS) << 10 | 6);
	world_set(w, PQB, 8, ppn_of(PAGE_REQUESTS) << 10 | 7);
	world_set(w, CQCSR, 4, 3);
	world_set(w, FQCSR, 4, 3);
	world_set(w, PQCSR, 4, 3);
	world_set(w, DDTP, 8, ppn_of(DDT) << 10 | 2);
}

/* ---- Commands ----------------------------------------------------------------------------- */

static void push(struct world *w, const uint64_t *commands, size_t count)
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

/* Any command. */
static void command(struct world *w)
{
	uint64_t command[2];

	take_bytes(&w->in, command, sizeof command);
	push(w, command, 1);
}

/* ATS.INVAL and ATS.PRGR of a device that is there, with any payload. */
static void ats(struct world *w)
{
	uint64_t what = take(&w->in, 4);
	const uint64_t command[2] = { UINT64_C(4) | (what & 1) << 7 | (what & 0xffff0000) |
		                              (what >> 8 & 0xff) % DEVICES << 40,
		                      take(&w->in, 8) };

	push(w, command, 1);
}

/* A driver that forgets nothing: everything is invalidated, and it waits for that. */
static void forget(struct world *w)
{
	static const uint64_t commands[][2] = {
		{ 3 },                                         /* IODIR.INVAL_DDT          */
		{ 1 },                                         /* IOTINVAL.VMA of the host */
		{ 1 | UINT64_C(1) << 33 | UINT64_C(3) << 44 }, /* and of the guests' GSCID */
		{ 0x81 },                                      /* IOTINVAL.GVMA            */
		{ 2 },                                         /* IOFENCE.C                */
	};

	push(w, &commands[0][0], sizeof commands / 16);
}

const struct kind world_riscv = {
	.unit_new = unit_new,
	.configure = configure,
	.start = start,
	.command = command,
	.ats = ats,
	.forget = forget,
};

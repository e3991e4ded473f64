/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A RISC-V IOMMU with its surroundings, by the numbers of its specification: Sv48 and Sv48x4. */
#include "bench.h"
#include "world.h"

#define DDTP 0x10
#define CQB 0x18
#define CQH 0x20
#define CQT 0x24
#define CQCSR 0x48

#define GSCID 7ull
#define QUEUE_LG2 8u
#define SV48 (9ull << 60)
#define TABLE 0x01ull /* V */
#define LEAF 0xd7ull  /* V R W U A D */
#define EN_ATS 0x2ull

static int unit_new(struct world *w, unsigned cache_lg2, bool uncached, struct iom_unit **out)
{
	const struct iom_riscv_config config = {
		.bytes = sizeof config,
		.cache_lg2 = (uint8_t)cache_lg2,
		.flags = uncached ? IOM_RISCV_UNCACHED : 0,
	};

	return iom_riscv_new(&config, w->memory, NULL, NULL, out, NULL);
}

static void start(struct world *w)
{
	w->queue = world_alloc(w, 16u << QUEUE_LG2);
	world_wr(w, CQB, 8, w->queue >> 12 << 10 | (QUEUE_LG2 - 1));
	world_wr(w, CQCSR, 4, 1);
	w->root = world_alloc(w, 4096);
	world_wr(w, DDTP, 8, w->root >> 12 << 10 | 2);
	BENCH_NEED(world_rd(w, CQCSR, 4) == 0x10001 && (world_rd(w, DDTP, 8) & 0x1f) == 2);
}

static uint64_t table(uint64_t table, bool second)
{
	(void)second;
	return table >> 12 << 10 | TABLE;
}

static uint64_t leaf(uint64_t page, bool second)
{
	(void)second;
	return page >> 12 << 10 | LEAF;
}

static uint64_t address(uint64_t entry)
{
	return entry >> 10 << 12;
}

uint64_t *world_riscv_context(struct world *w, uint32_t device)
{
	return world_at(w, w->root) + 8ull * device;
}

static void attach(struct world *w, uint32_t device, uint64_t stage1, uint32_t pscid,
                   uint64_t stage2)
{
	uint64_t *dc = world_riscv_context(w, device);

	dc[1] = stage2 ? SV48 | GSCID << 44 | stage2 >> 12 : 0;
	dc[2] = (uint64_t)pscid << 12;
	dc[3] = stage1 ? SV48 | stage1 >> 12 : 0;
	dc[0] = 1;
}

static void allow_ats(struct world *w, uint32_t device)
{
	world_riscv_context(w, device)[0] |= EN_ATS;
}

/* It must be carried out at once. */
static void command(struct world *w, uint64_t dw0, uint64_t dw1)
{
	uint64_t *entry = world_at(w, w->queue) + 2 * w->tail;

	entry[0] = dw0;
	entry[1] = dw1;
	w->tail = (w->tail + 1) & ((1u << QUEUE_LG2) - 1);
	world_wr(w, CQT, 4, w->tail);
	BENCH_NEED(world_rd(w, CQH, 4) == w->tail);
}

/* IOTINVAL.VMA of a PSCID, under the one GSCID if tables nest. */
static void forget(struct world *w, uint32_t pscid, bool nested)
{
	command(w, 1 | (uint64_t)pscid << 12 | 1ull << 32 | (nested ? 1ull << 33 | GSCID << 44 : 0),
	        0);
}

static void forget_range(struct world *w, uint32_t pscid, uint64_t iova, unsigned lg2)
{
	/* With S=1: ones below the bit that stands for half the size. */
	uint64_t page = lg2 > 12 ? iova >> 12 | ((1ull << (lg2 - 13)) - 1) : iova >> 12;

	command(w, 1 | 1ull << 10 | (uint64_t)pscid << 12 | 1ull << 32,
	        page << 10 | (lg2 > 12 ? 1ull << 9 : 0));
}

const struct world_kind world_riscv = {
	.second_bytes = 16384,
	.unit_new = unit_new,
	.start = start,
	.table = table,
	.leaf = leaf,
	.address = address,
	.attach = attach,
	.allow_ats = allow_ats,
	.forget = forget,
	.forget_range = forget_range,
};

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A VT-d unit with its surroundings, by the numbers of its specification: in legacy mode with a second
 * stage alone, and in scalable mode with a first stage, alone or over a second one; 4 levels each.
 */
#include "bench.h"
#include "world.h"

#define GCMD 0x18
#define GSTS 0x1c
#define RTADDR 0x20
#define IQH 0x80
#define IQT 0x88
#define IQA 0x90
#define IRTA 0xb8

#define TE 0x80000000u
#define RTP 0x40000000u
#define QIE 0x04000000u
#define IRE 0x02000000u
#define IRTP 0x01000000u

#define SCALABLE 0x400ull /* RTADDR.TTM = 01       */
#define WIDE 0x800ull     /* IQA.DW = 1            */
#define ENTRIES_LG2 8u    /* of the queue in one page; half as many wide ones */

#define AW_48 2ull
#define SECOND 0x3ull /* R W                   */
#define FIRST 0x67ull /* P R/W U/S A D         */
#define PT_FIRST 0x40ull
#define PT_NESTED 0xc0ull
#define DTE 0x4ull
#define ALL 0x4ull /* TT = 01: Device-TLBs  */
#define PWSNP (1ull << 23)

/* Domain-ids 0 and 1 are special to many units. */
#define DID(tag) ((uint64_t)(tag) + 2)

static bool scalable(const struct world *w)
{
	return w->kind == &world_vtd_scalable;
}

static int message(void *opaque, uint64_t address, uint32_t data)
{
	struct world *w = opaque;

	(void)address, (void)data;
	w->messages++;
	return IOM_OK;
}

static int unit_new(struct world *w, unsigned cache_lg2, bool uncached, struct iom_unit **out)
{
	const struct iom_host host = { .bytes = sizeof host, .msi = message };
	const struct iom_vtd_config config = {
		.bytes = sizeof config,
		.profile = scalable(w) ? IOM_VTD_SCALABLE : IOM_VTD_FULL,
		.cache_lg2 = (uint8_t)cache_lg2,
		.flags = uncached ? IOM_VTD_UNCACHED : 0,
	};

	return iom_vtd_new(&config, w->memory, &host, w, out, NULL);
}

/* Gives a command beside what is on, and expects to see it carried out. */
static void global(struct world *w, uint32_t bit)
{
	uint32_t on = (uint32_t)world_rd(w, GSTS, 4) & 0x96ffffff;

	world_wr(w, GCMD, 4, on | bit);
	BENCH_NEED(world_rd(w, GSTS, 4) & bit);
}

static void start(struct world *w)
{
	uint64_t contexts;

	w->queue = world_alloc(w, 4096);
	world_wr(w, IQA, 8, w->queue | (scalable(w) ? WIDE : 0));
	global(w, QIE);
	w->root = world_alloc(w, 4096);
	contexts = world_alloc(w, 4096);
	world_at(w, w->root)[0] = contexts | 1;
	world_wr(w, RTADDR, 8, w->root | (scalable(w) ? SCALABLE : 0));
	global(w, RTP);
	global(w, TE);
}

static uint64_t legacy_entry(uint64_t address, bool second)
{
	(void)second;
	return address | SECOND;
}

static uint64_t scalable_entry(uint64_t address, bool second)
{
	return address | (second ? SECOND : FIRST);
}

static uint64_t address(uint64_t entry)
{
	return entry & ~0xfffull;
}

/* The context entry of a device on bus 0, whose devfn is its number. */
static uint64_t *context(struct world *w, uint32_t device)
{
	return world_at(w, address(world_at(w, w->root)[0])) + (scalable(w) ? 4 : 2) * device;
}

static void attach_legacy(struct world *w, uint32_t device, uint64_t stage1, uint32_t tag,
                          uint64_t stage2)
{
	uint64_t *words = context(w, device);

	BENCH_NEED(stage1 && !stage2);
	words[1] = AW_48 | DID(tag) << 8;
	words[0] = stage1 | 1;
}

/* RID_PASID is 0: the first entry of the first table. */
static void attach_scalable(struct world *w, uint32_t device, uint64_t stage1, uint32_t tag,
                            uint64_t stage2)
{
	uint64_t directory = world_alloc(w, 4096), pasids = world_alloc(w, 4096);
	uint64_t *words = world_at(w, pasids);

	BENCH_NEED(stage1);
	words[2] = stage1;
	words[1] = DID(tag) | PWSNP;
	words[0] = stage2 ? stage2 | PT_NESTED | AW_48 << 2 | 1 : PT_FIRST | 1;
	world_at(w, directory)[0] = pasids | 1;
	context(w, device)[0] = directory | 1;
}

static void allow_legacy(struct world *w, uint32_t device)
{
	context(w, device)[0] |= ALL;
}

static void allow_scalable(struct world *w, uint32_t device)
{
	context(w, device)[0] |= DTE;
}

/* It must be carried out at once. */
static void command(struct world *w, uint64_t low, uint64_t high)
{
	unsigned wide = scalable(w) ? 1 : 0;
	uint64_t *words = world_at(w, w->queue) + ((size_t)w->tail << (1 + wide));

	words[0] = low;
	words[1] = high;
	w->tail = (w->tail + 1) & ((1u << (ENTRIES_LG2 - wide)) - 1);
	world_wr(w, IQT, 4, w->tail << (4 + wide));
	BENCH_NEED(world_rd(w, IQH, 4) == w->tail << (4 + wide));
}

/* The IOTLB, by domain; the PASID-based IOTLB, all of PASID 0. */
static void forget_legacy(struct world *w, uint32_t tag, bool nested)
{
	(void)nested;
	command(w, 2 | 2 << 4 | DID(tag) << 16, 0);
}

static void forget_scalable(struct world *w, uint32_t tag, bool nested)
{
	(void)nested;
	command(w, 6 | 2 << 4 | DID(tag) << 16, 0);
}

static void forget_range_legacy(struct world *w, uint32_t tag, uint64_t iova, unsigned lg2)
{
	command(w, 2 | 3 << 4 | DID(tag) << 16, iova | (lg2 - 12));
}

static void forget_range_scalable(struct world *w, uint32_t tag, uint64_t iova, unsigned lg2)
{
	command(w, 6 | 3 << 4 | DID(tag) << 16, iova | (lg2 - 12));
}

uint64_t *world_vtd_interrupts(struct world *w)
{
	uint64_t table = world_alloc(w, 8192);

	world_wr(w, IRTA, 8, table | 8);
	global(w, IRTP);
	global(w, IRE);
	return world_at(w, table);
}

const struct world_kind world_vtd_legacy = {
	.second_bytes = 4096,
	.unit_new = unit_new,
	.start = start,
	.table = legacy_entry,
	.leaf = legacy_entry,
	.address = address,
	.attach = attach_legacy,
	.allow_ats = allow_legacy,
	.forget = forget_legacy,
	.forget_range = forget_range_legacy,
};

const struct world_kind world_vtd_scalable = {
	.second_bytes = 4096,
	.unit_new = unit_new,
	.start = start,
	.table = scalable_entry,
	.leaf = scalable_entry,
	.address = address,
	.attach = attach_scalable,
	.allow_ats = allow_scalable,
	.forget = forget_scalable,
	.forget_range = forget_range_scalable,
};

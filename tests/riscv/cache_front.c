/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Small caches, more spaces than fit, and what ports remember of memory: whatever is kept or dropped,
 * no answer is wrong.
 */
#include <string.h>

#include "cache_world.h"

#define AV (1ull << 10)
#define PSCV (1ull << 32)
#define GV (1ull << 33)

/* What a command names is gone from small caches too; what it does not name may be gone. */
TEST(cache_small_is_never_wrong, "")
{
	for (unsigned lg2 = 3; lg2 < 7; lg2++) {
		struct world w;

		world_init(&w, lg2, 3);
		for (unsigned round = 0; round < w.count; round++) {
			const struct witness *n = &w.w[round];

			for (unsigned k = 0; k < 2; k++) {
				for (unsigned i = 0; i < w.count; i++) {
					put64(w.r, w.w[i].word, w.w[i].pte[k]);
					world_sees(&w, &w.w[i]);
				}
				if (n->kind == HOST_LEAF)
					rig_cmd(w.r, VMA | AV, n->page >> 12 << 10);
				else
					rig_cmd(w.r,
					        (n->kind == GUEST_LEAF ? VMA : GVMA) | AV | GV |
					                (uint64_t)n->gscid << 44,
					        n->page >> 12 << 10);
				for (unsigned i = 0; i < w.count; i++)
					world_sees(&w, &w.w[i]);
				CHECK_EQ(world_sees(&w, n), k);
			}
		}
		world_free(&w);
	}
}

/* Every process is a space of its own, with PSCIDs of its own, and there are more than places. */
TEST(cache_more_spaces_than_places, "")
{
	const uint64_t iova = 0x123000, before = 1ull << 40, after = 1ull << 41;
	const unsigned processes = 1250;
	struct world w;
	uint64_t table[6], root, word;

	world_init(&w, 14, 3);
	root = page(w.r);
	word = rig_map(w.r, root, 3, false, iova, 0, leaf(before));
	for (unsigned i = 0; i < 6; i++)
		table[i] = page(w.r);
	for (unsigned i = 0; i < 5; i++)
		put64(w.r, table[5] + 8 * i, PTE_POINTER(table[i]));
	for (unsigned pid = 1; pid < processes; pid++) {
		uint64_t pc = table[pid >> 8] + 16 * (pid & 0xff);

		put64(w.r, pc + 8, 8ull << 60 | root >> 12);
		put64(w.r, pc, 1 | pid << 12);
	}
	rig_dc_put(w.r, HOST_PID, 1 | 1 << 5, 0, 0, 2ull << 60 | table[5] >> 12);
	rig_cmd(w.r, INVAL_DDT, 0);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned pid = 1; pid < processes; pid++)
			CHECK_EQ(world_look(&w, HOST_PID, pid, iova, IOM_READ), before);
	}
	put64(w.r, word, leaf(after));
	for (unsigned pid = 1; pid < processes; pid += 3) {
		rig_cmd(w.r, VMA | PSCV | pid << 12, 0);
		CHECK_EQ(world_look(&w, HOST_PID, pid, iova, IOM_READ), after);
	}
	for (unsigned pid = 1; pid < processes; pid++) {
		uint64_t is = world_look(&w, HOST_PID, pid, iova, IOM_READ);

		CHECK(is == after || (is == before && pid % 3 != 1));
	}
	rig_cmd(w.r, VMA | AV, iova >> 12 << 10);
	for (unsigned pid = 1; pid < processes; pid++)
		CHECK_EQ(world_look(&w, HOST_PID, pid, iova, IOM_READ), after);
	world_free(&w);
}

/* ---- Memory ------------------------------------------------------------------------------- */

#define EXTRA 0x200000000ull
#define IOVA 0x5000000ull

static uint64_t bytes[2][1024];

/* HOST_A's IOVA leads to the first page of a region at EXTRA. */
static void with_region(struct world *w, unsigned which, uint32_t flags)
{
	const struct iom_region region = {
		.spa = EXTRA, .bytes = sizeof bytes[0], .host = bytes[which], .flags = flags
	};

	CHECK_EQ(iom_memory_add(w->r->memory, &region, NULL), IOM_OK);
}

static int store(struct world *w, unsigned port, uint64_t val)
{
	const struct iom_request q = { .iova = IOVA + 8 };
	struct iom_reply reply;

	return iom_write(w->port[HOST_A][port], &q, &val, sizeof val, &reply);
}

static int load(struct world *w, unsigned port, uint64_t *val)
{
	const struct iom_request q = { .iova = IOVA + 8 };
	struct iom_reply reply;

	return iom_read(w->port[HOST_A][port], &q, val, sizeof *val, &reply);
}

static void memory_init(struct world *w, uint32_t flags)
{
	world_init(w, 12, 3);
	memset(bytes, 0, sizeof bytes);
	with_region(w, 0, flags);
	rig_map(w->r, w->host_root[0], 3, false, IOVA, 0, leaf(EXTRA));
}

/* A region that goes, comes back elsewhere or is poisoned: the next access knows, on each port. */
TEST(front_follows_regions, "")
{
	uint64_t val;
	struct world w;

	memory_init(&w, 0);
	for (unsigned p = 0; p < 2; p++) {
		CHECK_EQ(store(&w, p, 1), IOM_OK);
		CHECK_EQ(load(&w, p, &val), IOM_OK);
	}
	for (unsigned round = 1; round < 5; round++) {
		CHECK_EQ(iom_memory_remove(w.r->memory, EXTRA), IOM_OK);
		bytes[0][1] = bytes[1][1] = 77;
		for (unsigned p = 0; p < 2; p++) {
			CHECK_EQ(store(&w, p, 2), IOM_EFAULT);
			CHECK_EQ(load(&w, p, &val), IOM_EFAULT);
		}
		with_region(&w, round & 1, 0);
		CHECK_EQ(load(&w, 0, &val), IOM_OK);
		CHECK_EQ(val, 77);
		CHECK_EQ(store(&w, 1, 100 + round), IOM_OK);
		CHECK_EQ(bytes[round & 1][1], 100 + round);
		CHECK_EQ(bytes[~round & 1][1], 77);
		CHECK_EQ(iom_memory_poison(w.r->memory, EXTRA, 16), IOM_OK);
		CHECK_EQ(load(&w, 0, &val), IOM_EPOISON);
		CHECK_EQ(load(&w, 1, &val), IOM_EPOISON);
		CHECK_EQ(iom_memory_cure(w.r->memory, EXTRA, 16), IOM_OK);
		CHECK_EQ(load(&w, 0, &val), IOM_OK);
		CHECK_EQ(val, 100 + round);
	}
	world_free(&w);
}

/*
 * A table in a region that goes, comes back elsewhere or is poisoned: walks know, however often the
 * port has found other tables in the same memory.
 */
TEST(walks_follow_regions, "")
{
	const uint64_t before = 1ull << 40, after = 1ull << 41;
	const unsigned read_access_fault = 5, pt_data_corruption = 274;
	struct world w;

	world_init(&w, 3, 3);
	memset(bytes, 0, sizeof bytes);
	with_region(&w, 0, 0);
	/* The last table of IOVA is at EXTRA; what leads to it is in RAM. */
	put64(w.r, rig_map(w.r, w.host_root[0], 3, false, IOVA, 1, leaf(0)), PTE_POINTER(EXTRA));
	for (unsigned which = 0; which < 2; which++)
		for (unsigned i = 0; i < 512; i++)
			bytes[which][i] = leaf((which ? after : before) + 4096ull * i);
	for (unsigned round = 0; round < 6; round++) {
		for (unsigned i = 0; i < 20; i++)
			CHECK_EQ(world_look(&w, HOST_A, 0, IOVA + 4096ull * i, IOM_READ),
			         (round & 1 ? after : before) + 4096ull * i);
		CHECK_EQ(iom_memory_poison(w.r->memory, EXTRA, 4096), IOM_OK);
		CHECK_EQ(world_look(&w, HOST_A, 0, IOVA + 4096ull * (100 + round), IOM_READ),
		         pt_data_corruption);
		CHECK_EQ(iom_memory_cure(w.r->memory, EXTRA, 4096), IOM_OK);
		CHECK_EQ(iom_memory_remove(w.r->memory, EXTRA), IOM_OK);
		CHECK_EQ(world_look(&w, HOST_A, 0, IOVA + 4096ull * (200 + round), IOM_READ),
		         read_access_fault);
		with_region(&w, ~round & 1, 0);
		rig_cmd(w.r, VMA, 0);
	}
	world_free(&w);
}

/* Each store into a tracked region is reported, the first and the hundredth; none is into another. */
TEST(front_reports_every_store, "")
{
	const struct iom_observer observer = { .bytes = sizeof observer };
	struct world w;

	memory_init(&w, 0);
	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(store(&w, i & 1, i), IOM_OK);
	CHECK_EQ(w.r->dirties, 0);
	/* The rig's own RAM is tracked; its page is put where the region's was, by a command. */
	rig_map(w.r, w.host_root[0], 3, false, IOVA, 0, leaf(RIG_RAM + 0xf00000));
	CHECK_EQ(store(&w, 0, 5), IOM_OK);
	CHECK_EQ(w.r->dirties, 0);
	rig_cmd(w.r, VMA | AV, IOVA >> 12 << 10);
	for (unsigned i = 0; i < 20; i++) {
		CHECK_EQ(store(&w, i & 1, i), IOM_OK);
		CHECK_EQ(w.r->dirties, i + 1);
		CHECK_EQ(w.r->dirty[i].spa, RIG_RAM + 0xf00008);
	}
	/* And back, with an observer that keeps fronts from learning. */
	rig_map(w.r, w.host_root[0], 3, false, IOVA, 0, leaf(EXTRA));
	rig_cmd(w.r, VMA | AV, IOVA >> 12 << 10);
	CHECK_EQ(store(&w, 0, 6), IOM_OK);
	CHECK_EQ(w.r->dirties, 20);
	CHECK_EQ(iom_observe(w.r->unit, &observer, NULL), IOM_OK);
	rig_map(w.r, w.host_root[0], 3, false, IOVA, 0, leaf(RIG_RAM + 0xf00000));
	rig_cmd(w.r, VMA | AV, IOVA >> 12 << 10);
	CHECK_EQ(store(&w, 0, 7), IOM_OK);
	CHECK_EQ(w.r->dirties, 21);
	world_free(&w);
}

/* The same bytes under other flags: the next store obeys them. */
TEST(front_obeys_new_flags, "")
{
	static const uint32_t flags[] = { 0, IOM_REGION_READONLY, 0, IOM_REGION_READONLY };
	struct world w;
	uint64_t val;

	memory_init(&w, 0);
	for (unsigned i = 0; i < COUNT(flags); i++) {
		CHECK_EQ(iom_memory_remove(w.r->memory, EXTRA), IOM_OK);
		with_region(&w, 0, flags[i]);
		bytes[0][1] = 9;
		for (unsigned k = 0; k < 4; k++) {
			CHECK_EQ(load(&w, k & 1, &val), IOM_OK);
			CHECK_EQ(store(&w, k & 1, 10 + k), flags[i] ? IOM_EFAULT : IOM_OK);
			CHECK_EQ(bytes[0][1], flags[i] ? 9 : 10 + k);
		}
	}
	world_free(&w);
}

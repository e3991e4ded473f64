/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Replays of what is mapped, against a list that knows. */
#include <stdlib.h>
#include <string.h>

#include "../riscv/rig.h"
#include "../riscv/sheet.h"
#include "../riscv/stage.h"

#define TOLD 512

struct told {
	unsigned count, end_at; /* the callback ends the replay at this stretch; 0: never */
	struct stretch {
		uint64_t iova, spa, bytes;
		unsigned perm;
	} at[TOLD];
};

static int tell(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm)
{
	struct told *t = opaque;

	CHECK(bytes);
	CHECK(iova + (bytes - 1) >= iova);
	if (t->count && t->count <= TOLD)
		CHECK(iova > t->at[t->count - 1].iova + (t->at[t->count - 1].bytes - 1));
	if (t->count < TOLD)
		t->at[t->count] = (struct stretch){ iova, spa, bytes, perm };
	t->count++;
	return t->count == t->end_at;
}

static struct iom_endpoint *endpoint_of(struct rig *r, uint32_t requester)
{
	struct iom_endpoint *endpoint;

	CHECK_EQ(iom_endpoint_get(r->unit, requester, &endpoint), IOM_OK);
	return endpoint;
}

/* Replays a range that one call must get through. */
static void replay(struct rig *r, uint64_t first, uint64_t last, struct told *t)
{
	uint64_t next = 0x5a5a;

	memset(t, 0, sizeof *t);
	CHECK_EQ(iom_replay(endpoint_of(r, STAGE_DEVICE), first, last, tell, t, &next), IOM_OK);
	CHECK_EQ(next, 0x5a5a);
}

static void check_stretch(const struct told *t, unsigned i, uint64_t iova, uint64_t spa,
                          uint64_t bytes, unsigned perm)
{
	CHECK(i < t->count);
	CHECK_EQ(t->at[i].iova, iova);
	CHECK_EQ(t->at[i].spa, spa);
	CHECK_EQ(t->at[i].bytes, bytes);
	CHECK_EQ(t->at[i].perm, perm);
}

#define RWX (IOM_PERM_READ | IOM_PERM_WRITE | IOM_PERM_EXECUTE)

TEST(replay_of_what_passes_through, "")
{
	struct rig *r = rig_new(0);
	struct told t;

	for (unsigned i = 0; i < 2; i++) {
		if (i) { /* a context with both stages Bare */
			wr64(r, DDTP, OFF);
			rig_ddt(r, 1);
			rig_dc_put(r, STAGE_DEVICE, 1, 0, 0, 0);
		} else {
			wr64(r, DDTP, BARE);
		}
		replay(r, 0, ~0ull, &t);
		/* 2^64 bytes do not fit into one length. */
		CHECK_EQ(t.count, 2);
		check_stretch(&t, 0, 0, 0, 1ull << 63, RWX);
		check_stretch(&t, 1, 1ull << 63, 1ull << 63, 1ull << 63, RWX);
		replay(r, 0x123, 0x123, &t);
		CHECK_EQ(t.count, 1);
		check_stretch(&t, 0, 0x123, 0x123, 1, RWX);
		replay(r, ~0ull, ~0ull, &t);
		check_stretch(&t, 0, ~0ull, ~0ull, 1, RWX);
		replay(r, 1, ~0ull, &t);
		CHECK_EQ(t.count, 1);
		check_stretch(&t, 0, 1, 1, ~0ull, RWX);
	}
	rig_free(r);
}

/* Where nothing passes one look is enough, however wide the range. */
TEST(replay_of_what_is_blocked, "")
{
	struct rig *r = rig_new(0);
	struct told t;

	rig_fq(r, 3, true);
	replay(r, 0, ~0ull, &t);
	CHECK_EQ(t.count, 0);
	rig_ddt(r, 1);
	replay(r, 0, ~0ull, &t);
	CHECK_EQ(t.count, 0);
	rig_dc_put(r, STAGE_DEVICE, 1 | 1 << 5 | 1 << 9, 0, 0, 1ull << 60 | page(r) >> 12);
	replay(r, 0, ~0ull, &t);
	CHECK_EQ(t.count, 0);
	rig_expect_none(r);
	CHECK_EQ(r->msis, 0);
	rig_free(r);
}

TEST(replay_arguments, "")
{
	struct rig *r = rig_new(0);
	uint64_t next;
	struct told t = { 0 };

	CHECK_EQ(iom_replay(endpoint_of(r, 1), 1, 0, tell, &t, &next), IOM_EINVAL);
	CHECK_EQ(t.count, 0);
	rig_free(r);
}

/* Three pages in 2^64 addresses, for each width and stage: holes of every level are skipped. */
TEST(replay_skips_holes_of_every_level, "")
{
	for (unsigned levels = 3; levels <= 5; levels++) {
		for (unsigned second = 0; second < 2; second++) {
			unsigned bits = 12 + 9 * levels + (second ? 2 : -1);
			uint64_t top = (1ull << bits) - 0x1000;
			struct stage s;
			struct told t;

			stage_init(&s, 0, second, levels, 0);
			stage_map(&s, 0, 0, leaf(0x10000));
			stage_map(&s, top / 2 & ~0xfffull, 0, leaf(0x20000));
			stage_map(&s, top, 0, leaf(0x30000));
			if (!second)
				stage_map(&s, ~0xfffull, 0, leaf(0x40000));
			replay(s.r, 0, ~0ull, &t);
			CHECK_EQ(t.count, second ? 3 : 4);
			check_stretch(&t, 0, 0, 0x10000, 0x1000, RWX);
			check_stretch(&t, 1, top / 2 & ~0xfffull, 0x20000, 0x1000, RWX);
			check_stretch(&t, 2, top, 0x30000, 0x1000, RWX);
			if (!second)
				check_stretch(&t, 3, ~0xfffull, 0x40000, 0x1000, RWX);
			rig_free(s.r);
		}
	}
}

TEST(replay_tells_large_pages_whole_and_joins_neighbours, "")
{
	const uint64_t g = 1ull << 30, m2 = 2ull << 20;
	struct stage s;
	struct told t;

	stage_init(&s, 0, false, 4, 0);
	stage_map(&s, 512 * g, 3 - 0, leaf(0)); /* 512 GiB */
	stage_map(&s, 4 * g, 2, leaf(8 * g));
	stage_map(&s, 5 * g, 2, leaf(9 * g));                        /* goes on       */
	stage_map(&s, 6 * g, 1, leaf(10 * g));                       /* smaller: also */
	stage_map(&s, 6 * g + m2, 1, leaf(20 * g));                  /* elsewhere     */
	stage_map(&s, 6 * g + 2 * m2, 1, leaf(20 * g + m2) & ~4ull); /* not writable  */
	for (unsigned i = 0; i < 16; i++)                            /* NAPOT, 64 KiB */
		stage_map(&s, 7 * g + 0x1000 * i, 0, leaf(0x7f0000 | 0x8000) | PTE_N);
	replay(s.r, 0, ~0ull, &t);
	CHECK_EQ(t.count, 5);
	check_stretch(&t, 0, 4 * g, 8 * g, 2 * g + m2, RWX);
	check_stretch(&t, 1, 6 * g + m2, 20 * g, m2, RWX);
	check_stretch(&t, 2, 6 * g + 2 * m2, 20 * g + m2, m2, RWX & ~IOM_PERM_WRITE);
	check_stretch(&t, 3, 7 * g, 0x7f0000, 0x10000, RWX);
	check_stretch(&t, 4, 512 * g, 0, 512 * g, RWX);
	/* ends in the middle of pages */
	replay(s.r, 5 * g + 5, 6 * g + m2 + 6, &t);
	CHECK_EQ(t.count, 2);
	check_stretch(&t, 0, 5 * g + 5, 9 * g + 5, g + m2 - 5, RWX);
	check_stretch(&t, 1, 6 * g + m2, 20 * g, 7, RWX);
	rig_free(s.r);
}

TEST(replay_tells_pages_of_every_permission, "")
{
	static const struct {
		uint64_t pte;
		unsigned perm;
	} rows[] = {
		{ PTE_R | PTE_A, IOM_PERM_READ },
		{ PTE_X | PTE_A, IOM_PERM_EXECUTE },
		{ PTE_R | PTE_W | PTE_A | PTE_D, IOM_PERM_READ | IOM_PERM_WRITE },
		{ PTE_R | PTE_W | PTE_A, IOM_PERM_READ }, /* D is 0 */
		{ PTE_R | PTE_W, 0 },                     /* A is 0 */
		{ PTE_W | PTE_A | PTE_D, 0 },             /* reserved */
	};
	struct stage s;
	struct told t;
	unsigned n = 0;

	stage_init(&s, 0, false, 3, 0);
	rig_fq(s.r, 3, false);
	for (unsigned i = 0; i < COUNT(rows); i++)
		stage_map(&s, 0x1000 * i, 0, PTE_PPN(0x100000ull) | rows[i].pte | PTE_V | PTE_U);
	replay(s.r, 0, ~0ull, &t);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		if (rows[i].perm)
			check_stretch(&t, n++, 0x1000 * i, 0x100000, 0x1000, rows[i].perm);
	}
	CHECK_EQ(t.count, n);
	rig_expect_none(s.r);
	rig_free(s.r);
}

/* An interrupt file inside what stage 2 does not map, or maps with one large leaf. */
TEST(replay_tells_message_pages, "")
{
	for (unsigned mapped = 0; mapped < 2; mapped++) {
		const uint64_t g = 1ull << 30;
		struct rig *r = rig_new(0);
		uint64_t root = pages(r, 4, 16384), msipt = page(r), dc;
		struct told t;

		rig_ddt(r, 1);
		dc = rig_dc(r, STAGE_DEVICE);
		put64(r, dc + 32, 1ull << 60 | msipt >> 12);
		put64(r, dc + 40, 1);                  /* two pages ... */
		put64(r, dc + 48, (g + 0x8000) >> 12); /* ... at 1 GiB + 32 KiB */
		rig_dc_put(r, STAGE_DEVICE, 1, 8ull << 60 | root >> 12, 0, 0);
		put64(r, msipt, PPN_OF(0x28000000ull) | 7);
		put64(r, msipt + 16, PPN_OF(0x29000000ull) | 7);
		if (mapped)
			rig_map(r, root, 3, true, g, 2, leaf(4 * g));
		replay(r, 0, ~0ull, &t);
		if (mapped) {
			CHECK_EQ(t.count, 4);
			check_stretch(&t, 0, g, 4 * g, 0x8000, RWX);
			check_stretch(&t, 3, g + 0xa000, 4 * g + 0xa000, g - 0xa000, RWX);
		} else {
			CHECK_EQ(t.count, 2);
		}
		for (unsigned i = 0; i < 2; i++)
			check_stretch(&t, mapped + i, g + 0x8000 + 0x1000 * i,
			              0x28000000ull + 0x1000000ull * i, 0x1000,
			              IOM_PERM_READ | IOM_PERM_WRITE);
		rig_free(r);
	}
}

/* Who maps an interrupt file that is in memory would store into it: it is told to nobody. */
TEST(replay_leaves_out_interrupt_files_in_memory, "")
{
	const uint64_t g = 1ull << 30;
	struct rig *r = rig_new(CAP_EXT | 1ull << 23);
	uint64_t root = pages(r, 4, 16384), msipt = page(r), dc;
	struct told t;

	rig_ddt(r, 1);
	dc = rig_dc(r, STAGE_DEVICE);
	put64(r, dc + 32, 1ull << 60 | msipt >> 12);
	put64(r, dc + 40, 1);
	put64(r, dc + 48, (g + 0x8000) >> 12);
	rig_dc_put(r, STAGE_DEVICE, 1, 8ull << 60 | root >> 12, 0, 0);
	put64(r, msipt, RIG_RAM >> 9 << 7 | 3);
	put64(r, msipt + 16, PPN_OF(0x29000000ull) | 7);
	rig_map(r, root, 3, true, g, 2, leaf(4 * g));
	replay(r, 0, ~0ull, &t);
	CHECK_EQ(t.count, 3);
	check_stretch(&t, 0, g, 4 * g, 0x8000, RWX);
	check_stretch(&t, 1, g + 0x9000, 0x29000000ull, 0x1000, IOM_PERM_READ | IOM_PERM_WRITE);
	check_stretch(&t, 2, g + 0xa000, 4 * g + 0xa000, g - 0xa000, RWX);
	rig_free(r);
}

/* Stage 1 forbids to execute a whole large page; of what it allows, stage 2 maps one small page. */
TEST(replay_trusts_the_smallest_hole, "")
{
	struct rig *r = rig_new(0);
	uint64_t one = page(r), two = pages(r, 4, 16384);
	struct told t;

	rig_ddt(r, 1);
	rig_dc_put(r, STAGE_DEVICE, 1, stage_mode(3) | two >> 12, 0, stage_mode(3) | one >> 12);
	rig_map(r, one, 3, false, 0, 1, leaf(0) & ~PTE_X);
	rig_map(r, two, 3, true, RIG_RAM, 2, leaf(RIG_RAM));
	rig_map(r, two, 3, true, 0x5000, 0, leaf(0x7000));
	replay(r, 0, ~0ull, &t);
	CHECK_EQ(t.count, 1);
	check_stretch(&t, 0, 0x5000, 0x7000, 0x1000, IOM_PERM_READ | IOM_PERM_WRITE);
	rig_free(r);
}

/* ---- Against a list ----------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* What single requests say of [first, last], both at page bounds, joined. */
static void expected(struct rig *r, uint64_t first, uint64_t last, struct told *t)
{
	struct iom_port *port = rig_port(r, STAGE_DEVICE);

	memset(t, 0, sizeof *t);
	for (uint64_t iova = first; iova < last; iova += 0x1000) {
		struct stretch *s = t->count ? &t->at[t->count - 1] : NULL;
		struct iom_reply reply;
		int err = IOM_EFAULT;

		for (uint8_t access = IOM_READ; access <= IOM_EXECUTE && err; access++) {
			const struct iom_request q = { .iova = iova,
				                       .access = access,
				                       .flags = IOM_REQ_PROBE };

			err = iom_translate(port, &q, &reply);
		}
		if (err)
			continue;
		if (s && s->iova + s->bytes == iova && s->spa + s->bytes == reply.spa &&
		    s->perm == reply.perm) {
			s->bytes += 0x1000;
			continue;
		}
		CHECK(t->count < TOLD);
		t->at[t->count++] = (struct stretch){ iova, reply.spa, 0x1000, reply.perm };
	}
	iom_port_close(port);
}

/* Random leaves of random sizes below 64 MiB, in runs that sometimes go on. */
static void scatter(struct rig *r, uint64_t root, unsigned levels, bool x4, uint64_t *seed)
{
	for (unsigned i = 0; i < 60; i++) {
		uint64_t at = next_random(seed) % (64ull << 20);
		uint64_t kind = next_random(seed) % 8;
		uint64_t perm = leaf(0) & ~(kind == 0 ? PTE_W : kind == 1 ? PTE_X : 0);
		uint64_t spa = (next_random(seed) & 3) * (64ull << 20) + at;

		switch (next_random(seed) % 4) {
		case 0: /* a 2-MiB page, where no table is */
			if (!(at >> 21 & 1))
				rig_map(r, root, levels, x4, at, 1,
				        perm | PTE_PPN(spa >> 21 << 21));
			break;
		case 1:
			for (unsigned n = 0; n < 16 && at >> 21 & 1; n++)
				rig_map(r, root, levels, x4, (at & ~0xffffull) + 0x1000 * n, 0,
				        PTE_N | perm | PTE_PPN((spa & ~0xffffull) | 0x8000));
			break;
		default:
			for (unsigned n = 0; n < 9 && (at + 0x1000 * n) >> 21 & 1; n++)
				rig_map(r, root, levels, x4, at + 0x1000 * n, 0,
				        perm | PTE_PPN((spa + 0x1000 * n) & ~0xfffull));
		}
	}
}

TEST(replay_agrees_with_single_requests, "")
{
	uint64_t seed = 0x9e3779b97f4a7c15ull;

	for (unsigned round = 0; round < 24; round++) {
		const struct iom_riscv_config config = {
			.capabilities = CAP_EXT,
			.flags = round & 1 ? IOM_RISCV_UNCACHED : 0,
		};
		struct rig *r = rig_new_config(&config);
		unsigned stages = 1 + round / 2 % 3, levels = 3 + round % 3;
		uint64_t one = page(r), two = pages(r, 4, 16384);
		static struct told is, be;
		uint8_t *was = malloc(RIG_RAM_BYTES);

		CHECK(was);
		rig_ddt(r, 1);
		rig_dc_put(r, STAGE_DEVICE, 1, stages & 2 ? stage_mode(levels) | two >> 12 : 0, 0,
		           stages & 1 ? stage_mode(levels) | one >> 12 : 0);
		if (stages & 1)
			scatter(r, one, levels, false, &seed);
		if (stages & 2) {
			scatter(r, two, levels, true, &seed);
			/* stage 1's own tables; not all of them, in some rounds */
			if (stages & 1)
				for (uint64_t spa = RIG_RAM; spa < r->next + 0x100000;
				     spa += 0x1000)
					if (round & 4 || next_random(&seed) % 16)
						rig_map(r, two, levels, true, spa, 0, leaf(spa));
		}
		memcpy(was, r->ram, RIG_RAM_BYTES);
		expected(r, 0, 64ull << 20, &be);
		replay(r, 0, (64ull << 20) - 1, &is);
		CHECK_EQ(is.count, be.count);
		for (unsigned i = 0; i < be.count; i++)
			check_stretch(&is, i, be.at[i].iova, be.at[i].spa, be.at[i].bytes,
			              be.at[i].perm);
		CHECK_EQ(memcmp(was, r->ram, RIG_RAM_BYTES), 0);
		free(was);
		rig_free(r);
	}
}

/* ---- Bounds ------------------------------------------------------------------------------- */

/* A table whose entries all point back to it: nothing is mapped, and it takes for ever to see. */
TEST(replay_of_tables_without_end, "")
{
	struct stage s;
	uint64_t next = 0, was;
	struct told t = { 0 };

	stage_init(&s, 0, false, 5, 0);
	for (unsigned i = 0; i < 512; i++)
		put64(s.r, s.root + 8 * i, PTE_POINTER(s.root));
	for (unsigned call = 0; call < 4; call++) {
		was = next;
		CHECK_EQ(iom_replay(endpoint_of(s.r, STAGE_DEVICE), was, ~0ull, tell, &t, &next),
		         IOM_EBUSY);
		CHECK(next > was && !(next & 0xfff));
	}
	CHECK_EQ(t.count, 0);
	rig_free(s.r);
}

/* Every second page: more than one call looks at, and nothing is told twice or left out. */
TEST(replay_goes_on_where_it_stopped, "")
{
	struct stage s;
	struct told t = { 0 };
	uint64_t first = 0, next = 0, table;
	unsigned calls = 0;
	int err;

	stage_init(&s, 0, false, 3, 0);
	table = page(s.r);
	for (unsigned i = 0; i < 512; i += 2)
		put64(s.r, table + 8 * i, leaf(0x100000 + 0x1000 * i));
	/* the same table again and again */
	for (uint64_t iova = 0; iova < 1ull << 30; iova += 2 << 20)
		stage_map(&s, iova, 1, PTE_POINTER(table));
	do {
		err = iom_replay(endpoint_of(s.r, STAGE_DEVICE), first, ~0ull, tell, &t, &next);
		CHECK(err == IOM_EBUSY || err == IOM_OK);
		CHECK(err == IOM_OK || next > first);
		first = next;
	} while (err && ++calls < 100);
	CHECK(calls > 1 && calls < 100);
	CHECK_EQ(t.count, 512 * 256);
	rig_free(s.r);
}

TEST(replay_ends_where_the_callback_wants, "")
{
	struct stage s;

	stage_init(&s, 0, false, 3, 0);
	for (unsigned i = 0; i < 6; i += 2)
		stage_map(&s, 0x1000 * i, 0, leaf(0x100000));
	for (unsigned n = 1; n <= 3; n++) {
		struct told t = { .end_at = n };
		uint64_t next = 7;

		CHECK_EQ(iom_replay(endpoint_of(s.r, STAGE_DEVICE), 0, ~0ull, tell, &t, &next),
		         IOM_OK);
		CHECK_EQ(t.count, n);
		CHECK_EQ(next, 7);
	}
	rig_free(s.r);
}

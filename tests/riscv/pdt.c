/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The process directory: where a process context is found, what may be wrong, who may use it. */
#include "nested.h"

#define DEVICE 3
#define V 1ull
#define PDTV (1ull << 5)
#define DPE (1ull << 9)
#define SBE (1ull << 10)
#define ENS 2ull
#define SUM 4ull
#define PV (1ull << 32)
#define PRIV (1ull << 33)
#define PID(n) ((uint64_t)(n) << 12)
#define MODE(n) ((uint64_t)(n) << 60)
#define IOVA 0x12345678

/* process_id bits below each level: PD8 has level 0 only, PD17 two levels, PD20 three. */
static const unsigned shift[4] = { 0, 8, 17, 20 };

/* A directory of `levels` with one path, for `pid`; its process context is Bare. */
struct path {
	uint64_t pdtp;
	uint64_t table[3];
	uint64_t entry[3]; /* that `pid` selects */
};

static void path_make(struct rig *r, unsigned levels, uint32_t pid, uint64_t tc, struct path *p)
{
	unsigned i;

	for (i = 0; i < levels; i++) {
		uint64_t index = pid >> shift[i] & ((1u << (shift[i + 1] - shift[i])) - 1);

		p->table[i] = page(r);
		p->entry[i] = p->table[i] + index * (i ? 8 : 16);
		if (i)
			put64(r, p->entry[i], PTE_POINTER(p->table[i - 1]));
	}
	put64(r, p->entry[0], V);
	p->pdtp = MODE(levels) | p->table[levels - 1] >> 12;
	rig_dc_put(r, DEVICE, V | PDTV | tc, 0, 0, p->pdtp);
}

static struct rig *bench(uint64_t cap)
{
	struct rig *r = rig_new(cap);

	rig_ddt(r, 1);
	rig_fq(r, 4, false);
	return r;
}

/* The cause of a user's read for `pid`, with the record that belongs to it. */
static unsigned cause(struct rig *r, uint32_t pid)
{
	unsigned is = rig_cause_pid(r, DEVICE, IOVA, IOM_READ, pid, false);

	if (is)
		rig_expect(r, rig_record(is, 2, DEVICE) | PV | PID(pid), IOVA, 0);
	rig_expect_none(r);
	return is;
}

/* ---- Walks -------------------------------------------------------------------------------- */

static void finds(unsigned levels, uint32_t pid)
{
	struct rig *r = bench(CAP_EXT);
	uint64_t root = page(r), data = page(r);
	struct path p;
	unsigned bit;

	path_make(r, levels, pid, 0, &p);
	rig_map(r, root, 3, false, IOVA, 0, leaf(data));
	put64(r, p.entry[0] + 8, MODE(8) | root >> 12);
	for (bit = 0; bit < shift[levels]; bit++)
		CHECK_MSG(cause(r, pid ^ 1u << bit) == 266, "id bit %u is not looked at", bit);
	{
		const struct iom_request q = {
			.iova = IOVA, .bytes = 4, .pasid = pid, .flags = IOM_REQ_PASID
		};
		struct iom_reply reply;

		CHECK_EQ(rig_translate(r, DEVICE, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, data | (IOVA & 0xfff));
	}
	rig_free(r);
}

TEST(pdt_pd8, "RV-PDT-01")
{
	finds(1, 0);
	finds(1, 255);
}

TEST(pdt_pd17, "RV-PDT-02")
{
	finds(2, 256);
	finds(2, 0x1ffff);
}

TEST(pdt_pd20, "RV-PDT-03")
{
	finds(3, 0x20000);
	finds(3, 0xfffff);
}

static void too_wide(unsigned levels)
{
	struct rig *r = bench(CAP_EXT);
	struct path p;
	unsigned bit;

	path_make(r, levels, 0, 0, &p);
	for (bit = shift[levels]; bit < 20; bit++)
		CHECK_MSG(cause(r, 1u << bit) == 260, "id bit %u", bit);
	CHECK_EQ(cause(r, 0), 0);
	rig_free(r);
}

TEST(pdt_pd8_too_wide, "RV-PDT-04")
{
	too_wide(1);
}

TEST(pdt_pd17_too_wide, "RV-PDT-05")
{
	too_wide(2);
}

/* ---- Entries ------------------------------------------------------------------------------ */

/* Runs `round` for each non-leaf entry: PD17 and PD20, each level. */
static void each_non_leaf(void (*round)(struct rig *r, uint64_t entry, uint32_t pid))
{
	const uint32_t pid = 0x15a3c;
	unsigned levels, i;

	for (levels = 2; levels <= 3; levels++)
		for (i = 1; i < levels; i++) {
			struct rig *r = bench(CAP_EXT);
			struct path p;
			uint64_t good;

			path_make(r, levels, pid, 0, &p);
			good = ram64(r, p.entry[i]);
			round(r, p.entry[i], pid);
			put64(r, p.entry[i], good);
			CHECK_MSG(cause(r, pid) == 0, "%u levels, level %u", levels, i);
			rig_free(r);
		}
}

static void non_leaf_invalid(struct rig *r, uint64_t entry, uint32_t pid)
{
	const uint64_t values[] = { 0, ram64(r, entry) & ~V, ~V };
	unsigned i;

	for (i = 0; i < 3; i++) {
		put64(r, entry, values[i]);
		CHECK_EQ(cause(r, pid), 266);
	}
}

TEST(pdt_non_leaf_invalid, "RV-PDT-06")
{
	each_non_leaf(non_leaf_invalid);
}

static void non_leaf_reserved(struct rig *r, uint64_t entry, uint32_t pid)
{
	uint64_t good = ram64(r, entry);
	unsigned bit;

	for (bit = 1; bit < 64; bit++) {
		if (bit == 10)
			bit = 54;
		put64(r, entry, good | 1ull << bit);
		CHECK_MSG(cause(r, pid) == 267, "bit %u", bit);
	}
}

TEST(pdt_non_leaf_reserved, "RV-PDT-07")
{
	each_non_leaf(non_leaf_reserved);
}

static void non_leaf_poison(struct rig *r, uint64_t entry, uint32_t pid)
{
	CHECK_EQ(iom_memory_poison(r->memory, entry, 8), IOM_OK);
	CHECK_EQ(cause(r, pid), 269);
	CHECK_EQ(iom_memory_cure(r->memory, entry, 8), IOM_OK);
}

static void non_leaf_nowhere(struct rig *r, uint64_t entry, uint32_t pid)
{
	put64(r, entry, PTE_POINTER(RIG_NOWHERE));
	CHECK_EQ(cause(r, pid), 265);
}

TEST(pdt_unreadable, "RV-PDT-08")
{
	unsigned levels, i;

	each_non_leaf(non_leaf_poison);
	each_non_leaf(non_leaf_nowhere);
	for (levels = 1; levels <= 3; levels++) {
		struct rig *r = bench(CAP_EXT);
		struct path p;

		path_make(r, levels, 7, 0, &p);
		for (i = 0; i < 16; i += 8) {
			CHECK_EQ(iom_memory_poison(r->memory, p.entry[0] + i, 8), IOM_OK);
			CHECK_EQ(cause(r, 7), 269);
			CHECK_EQ(iom_memory_cure(r->memory, p.entry[0] + i, 8), IOM_OK);
		}
		CHECK_EQ(cause(r, 7), 0);
		rig_free(r);
		/* The root. */
		r = bench(CAP_EXT);
		rig_dc_put(r, DEVICE, V | PDTV, 0, 0, MODE(levels) | RIG_NOWHERE >> 12);
		CHECK_EQ(cause(r, 7), 265);
		rig_free(r);
	}
}

TEST(pdt_pc_invalid, "RV-PDT-09")
{
	unsigned levels;

	for (levels = 1; levels <= 3; levels++) {
		struct rig *r = bench(CAP_EXT);
		struct path p;

		path_make(r, levels, 7, 0, &p);
		put64(r, p.entry[0], ~V);
		put64(r, p.entry[0] + 8, ~0ull);
		CHECK_EQ(cause(r, 7), 266);
		put64(r, p.entry[0], 0);
		CHECK_EQ(cause(r, 7), 266);
		put64(r, p.entry[0], ~0ull);
		CHECK_EQ(cause(r, 7), 267);
		rig_free(r);
	}
}

TEST(pdt_pc_reserved, "RV-PDT-10")
{
	struct rig *r = bench(CAP_EXT);
	struct path p;
	unsigned bit;

	path_make(r, 1, 7, 0, &p);
	for (bit = 3; bit < 64; bit++) {
		if (bit == 12)
			bit = 32;
		put64(r, p.entry[0], V | 1ull << bit);
		CHECK_MSG(cause(r, 7) == 267, "ta bit %u", bit);
	}
	put64(r, p.entry[0], V | ENS | SUM | PID(0xfffff));
	for (bit = 44; bit < 60; bit++) {
		put64(r, p.entry[0] + 8, 1ull << bit);
		CHECK_MSG(cause(r, 7) == 267, "fsc bit %u", bit);
	}
	put64(r, p.entry[0] + 8, (1ull << 44) - 1);
	CHECK_EQ(cause(r, 7), 0);
	rig_free(r);
}

TEST(pdt_pc_mode, "RV-PDT-11")
{
	const uint64_t modes[3] = { CAP_SV39, CAP_SV48, CAP_SV57 };
	uint64_t cap = CAP_EXT & ~(CAP_SV39 | CAP_SV48 | CAP_SV57);
	unsigned n, mode;

	for (n = 0; n <= 3; n++) {
		struct rig *r = bench(cap);
		struct path p;

		path_make(r, 1, 0, 0, &p);
		for (mode = 0; mode < 16; mode++) {
			unsigned should = mode >= 8 && mode < 8 + n ? 13 : mode ? 267 : 0;

			put64(r, p.table[0] + 16 * mode + 8, MODE(mode) | page(r) >> 12);
			put64(r, p.table[0] + 16 * mode, V);
			CHECK_MSG(cause(r, mode) == should, "mode %u", mode);
		}
		rig_free(r);
		if (n < 3)
			cap |= modes[n];
	}
}

/* ---- Who may ------------------------------------------------------------------------------ */

TEST(pdt_supervisor, "RV-PDT-13 RV-PDT-14")
{
	struct rig *r = bench(CAP_EXT);
	unsigned access, round;
	struct path p;

	path_make(r, 1, 7, 0, &p);
	put64(r, p.entry[0], V | SUM);
	put64(r, p.table[0] + 16 * 8, V | ENS);
	for (round = 0; round < 2; round++)
		for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
			CHECK_EQ(rig_cause_pid(r, DEVICE, IOVA, access, 7, true), 260);
			rig_expect(r, rig_record(260, ttyp_of(access), DEVICE) | PV | PRIV | PID(7),
			           IOVA, 0);
			CHECK_EQ(rig_cause_pid(r, DEVICE, IOVA, access, 7, false), 0);
			CHECK_EQ(rig_cause_pid(r, DEVICE, IOVA, access, 8, true), 0);
		}
	rig_expect_none(r);
	rig_free(r);
}

TEST(pdt_process_without_directory, "RV-PDT-15")
{
	struct rig *r = bench(CAP_EXT);
	unsigned priv, bit;

	rig_dc_put(r, DEVICE, V, 0, 0, 0);
	for (priv = 0; priv < 2; priv++) {
		CHECK_EQ(rig_cause_pid(r, DEVICE, IOVA, IOM_WRITE, 0, priv), 260);
		rig_expect(r, rig_record(260, 3, DEVICE) | PV | (priv ? PRIV : 0), IOVA, 0);
		for (bit = 0; bit < 20; bit++) {
			CHECK_EQ(rig_cause_pid(r, DEVICE, IOVA, IOM_READ, 1u << bit, priv), 260);
			rig_expect(r,
			           rig_record(260, 2, DEVICE) | PV | (priv ? PRIV : 0) |
			                   PID(1u << bit),
			           IOVA, 0);
		}
	}
	CHECK_EQ(rig_cause(r, DEVICE, IOVA, IOM_READ), 0);
	rig_free(r);
}

TEST(pdt_default_process, "RV-PDT-16")
{
	unsigned levels;

	for (levels = 1; levels <= 3; levels++) {
		struct rig *r = bench(CAP_EXT);
		uint64_t root = page(r);
		const uint64_t user = 0x1000, kernel = 0x2000, nothing = 0x3000;
		struct path p;

		path_make(r, levels, 0, DPE, &p);
		put64(r, p.entry[0], V | ENS);
		put64(r, p.entry[0] + 8, MODE(8) | root >> 12);
		rig_map(r, root, 3, false, user, 0, leaf(STAGE_FAR));
		rig_map(r, root, 3, false, kernel, 0, leaf(STAGE_FAR) & ~PTE_U);
		CHECK_EQ(rig_spa(r, DEVICE, user), STAGE_FAR);
		CHECK_EQ(rig_cause(r, DEVICE, kernel, IOM_READ), 13);
		rig_expect(r, rig_record(13, 2, DEVICE), kernel, 0);
		CHECK_EQ(rig_cause(r, DEVICE, nothing, IOM_WRITE), 15);
		rig_expect(r, rig_record(15, 3, DEVICE), nothing, 0);
		/* The same process by name: the record tells the two apart. */
		CHECK_EQ(rig_cause_pid(r, DEVICE, kernel, IOM_READ, 0, false), 13);
		rig_expect(r, rig_record(13, 2, DEVICE) | PV, kernel, 0);
		CHECK_EQ(rig_cause_pid(r, DEVICE, kernel, IOM_READ, 0, true), 0);
		/* And when its context is missing. */
		rig_free(r);
		r = bench(CAP_EXT);
		path_make(r, levels, 0, DPE, &p);
		put64(r, p.entry[0], 0);
		CHECK_EQ(rig_cause(r, DEVICE, user, IOM_READ), 266);
		rig_expect(r, rig_record(266, 2, DEVICE), user, 0);
		rig_free(r);
	}
}

TEST(pdt_no_process_no_default, "RV-PDT-17")
{
	unsigned levels, access;

	for (levels = 1; levels <= 3; levels++) {
		struct rig *r = bench(CAP_EXT);
		struct path p;

		path_make(r, levels, 0, 0, &p);
		put64(r, p.entry[levels - 1], 0);
		for (access = IOM_READ; access <= IOM_ATOMIC; access++)
			CHECK_EQ(rig_cause(r, DEVICE, ~0ull << 12, access), 0);
		CHECK_EQ(rig_spa(r, DEVICE, ~0ull << 12), ~0ull << 12);
		CHECK_EQ(cause(r, 0), 266);
		rig_free(r);
	}
}

TEST(pdt_bare, "RV-PDT-18")
{
	unsigned dpe, bit, access, priv;

	for (dpe = 0; dpe < 2; dpe++) {
		struct rig *r = bench(CAP_EXT);

		rig_dc_put(r, DEVICE, dpe ? V | PDTV | DPE : V | PDTV, 0, 0, RIG_NOWHERE >> 12);
		for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
			CHECK_EQ(rig_cause(r, DEVICE, IOVA, access), 0);
			for (priv = 0; priv < 2; priv++)
				for (bit = 0; bit < 20; bit++)
					CHECK_EQ(rig_cause_pid(r, DEVICE, IOVA, access, 1u << bit,
					                       priv),
					         0);
		}
		CHECK_EQ(rig_spa(r, DEVICE, IOVA), IOVA);
		rig_expect_none(r);
		rig_free(r);
	}
}

TEST(pdt_byte_order, "RV-PDT-22")
{
	unsigned levels, i;

	for (levels = 1; levels <= 3; levels++) {
		struct rig *r = bench(CAP_EXT);
		struct path p;

		path_make(r, levels, 0x9a, SBE, &p);
		put64(r, p.entry[0] + 8, swap64(7));
		CHECK_EQ(cause(r, 0x9a), 266);
		put64(r, p.entry[0], swap64(V));
		for (i = 1; i < levels; i++) {
			CHECK_EQ(cause(r, 0x9a), 266);
			put64(r, p.entry[i], swap64(ram64(r, p.entry[i])));
		}
		CHECK_EQ(cause(r, 0x9a), 0);
		/* Sv48 with its root where no memory is: only if both doublewords are swapped. */
		put64(r, p.table[0] + 16 * 0x9b + 8, swap64(MODE(9) | 1));
		put64(r, p.table[0] + 16 * 0x9b, swap64(V));
		CHECK_EQ(cause(r, 0x9b), 5);
		rig_free(r);
	}
}

/* ---- Under a second stage ----------------------------------------------------------------- */

/* The directory in guest memory, for process 0x9a5c7 cut to the width of the directory. */
struct guest_pdt {
	uint32_t pid;
	unsigned levels;
	struct guest_page table[3];
	uint64_t entry[3], entry_gpa[3];
};

static void each_guest_pdt(void (*check)(struct nested *n, struct guest_pdt *g))
{
	unsigned levels, second, i;

	for (levels = 1; levels <= 3; levels++)
		for (second = 3; second <= 5; second++) {
			struct guest_pdt g = { .levels = levels };
			struct nested n;

			nested_init(&n, CAP_EXT, second);
			rig_fq(n.r, 4, false);
			g.pid = 0x9a5c7 & ((1u << shift[levels]) - 1);
			for (i = 0; i < levels; i++) {
				uint32_t mask = (1u << (shift[i + 1] - shift[i])) - 1;
				uint64_t off = (g.pid >> shift[i] & mask) * (i ? 8 : 16);

				g.table[i] = nested_page(&n);
				g.entry[i] = g.table[i].spa + off;
				g.entry_gpa[i] = g.table[i].gpa + off;
				put64(n.r, g.entry[i],
				      i ? PTE_POINTER(g.table[i - 1].gpa) : V | ENS | SUM);
			}
			rig_dc_put(n.r, DEVICE, V | PDTV, nested_iohgatp(&n), 0,
			           MODE(levels) | g.table[levels - 1].gpa >> 12);
			/* The processes' own memory, at an IOVA that is the GPA. */
			rig_map(n.r, n.root, second, true, IOVA, 0, leaf(STAGE_FAR));
			check(&n, &g);
			rig_expect_none(n.r);
			rig_free(n.r);
		}
}

static void guest_works(struct nested *n, struct guest_pdt *g)
{
	const struct iom_request q = {
		.iova = IOVA, .bytes = 4, .pasid = g->pid, .flags = IOM_REQ_PASID
	};
	struct iom_reply reply;

	CHECK_EQ(rig_translate(n->r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, STAGE_FAR | (IOVA & 0xfff));
}

TEST(pdt_in_guest_memory, "RV-PDT-19")
{
	each_guest_pdt(guest_works);
}

static void guest_refused(struct nested *n, struct guest_pdt *g, unsigned access, unsigned cause_,
                          uint64_t iotval2)
{
	unsigned priv;

	for (priv = 0; priv < 2; priv++) {
		CHECK_EQ(rig_cause_pid(n->r, DEVICE, IOVA, access, g->pid, priv), cause_);
		rig_expect(n->r,
		           rig_record(cause_, ttyp_of(access), DEVICE) | PV | (priv ? PRIV : 0) |
		                   PID(g->pid),
		           IOVA, iotval2);
	}
}

/* Each table's second-stage leaf loses `clear`; all accesses are refused as an implicit read. */
static void guest_clears(struct nested *n, struct guest_pdt *g, uint64_t clear)
{
	unsigned i, access;

	for (i = 0; i < g->levels; i++) {
		uint64_t good = ram64(n->r, g->table[i].leaf);

		put64(n->r, g->table[i].leaf, good & ~clear);
		for (access = IOM_READ; access <= IOM_ATOMIC; access++)
			guest_refused(n, g, access, guest_page_fault(access), g->entry_gpa[i] | 1);
		put64(n->r, g->table[i].leaf, good);
	}
	guest_works(n, g);
}

static void guest_unmapped(struct nested *n, struct guest_pdt *g)
{
	guest_clears(n, g, ~0ull);
	guest_clears(n, g, PTE_V);
	guest_clears(n, g, PTE_U);
}

TEST(pdt_guest_page_fault, "RV-PDT-20 RV-PDT-25")
{
	each_guest_pdt(guest_unmapped);
}

static void guest_without_read(struct nested *n, struct guest_pdt *g)
{
	guest_clears(n, g, PTE_R | PTE_W);
}

TEST(pdt_needs_read, "RV-PDT-23")
{
	each_guest_pdt(guest_without_read);
}

static void guest_not_accessed(struct nested *n, struct guest_pdt *g)
{
	guest_clears(n, g, PTE_A);
	guest_clears(n, g, PTE_A | PTE_D);
}

TEST(pdt_not_accessed, "RV-PDT-26")
{
	each_guest_pdt(guest_not_accessed);
}

static void guest_read_only(struct nested *n, struct guest_pdt *g)
{
	unsigned i, access;

	for (i = 0; i < g->levels; i++)
		put64(n->r, g->table[i].leaf,
		      ram64(n->r, g->table[i].leaf) & ~(PTE_W | PTE_X | PTE_D));
	for (access = IOM_WRITE; access <= IOM_ATOMIC; access++)
		CHECK_EQ(rig_cause_pid(n->r, DEVICE, IOVA, access, g->pid, false), 0);
	guest_works(n, g);
}

TEST(pdt_needs_read_alone, "RV-PDT-27")
{
	each_guest_pdt(guest_read_only);
}

static void guest_unreadable(struct nested *n, struct guest_pdt *g)
{
	uint64_t upper = n->root + 8 * (g->table[0].gpa >> (12 + 9 * (n->levels - 1)));
	uint64_t good;
	unsigned i, access;

	for (i = 0; i < g->levels; i++)
		for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
			CHECK_EQ(iom_memory_poison(n->r->memory, g->table[i].leaf, 8), IOM_OK);
			guest_refused(n, g, access, 269, 0);
			CHECK_EQ(iom_memory_cure(n->r->memory, g->table[i].leaf, 8), IOM_OK);
			/* The directory's own page, reached through the second stage. */
			CHECK_EQ(iom_memory_poison(n->r->memory, g->entry[i], 8), IOM_OK);
			guest_refused(n, g, access, 269, 0);
			CHECK_EQ(iom_memory_cure(n->r->memory, g->entry[i], 8), IOM_OK);
			good = ram64(n->r, g->table[i].leaf);
			put64(n->r, g->table[i].leaf, leaf(RIG_NOWHERE));
			guest_refused(n, g, access, 265, 0);
			put64(n->r, g->table[i].leaf, good);
		}
	good = ram64(n->r, upper);
	put64(n->r, upper, PTE_POINTER(RIG_NOWHERE));
	for (access = IOM_READ; access <= IOM_ATOMIC; access++)
		guest_refused(n, g, access, 265, 0);
	put64(n->r, upper, good);
	guest_works(n, g);
}

TEST(pdt_second_stage_unreadable, "RV-PDT-21")
{
	each_guest_pdt(guest_unreadable);
}

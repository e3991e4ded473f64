/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Both stages together: guest tables read through the second, and what the two say in the end. */
#include "nested.h"

#define DEVICE 3
#define V 1ull
#define SBE (1ull << 10)
#define FCTL 0x008

/* Runs `check` for each pair of first and second stage modes, on a device that uses both. */
static void each_pair(void (*check)(struct nested *n, const struct guest_path *p))
{
	unsigned first, second;

	for (first = 3; first <= 5; first++)
		for (second = 3; second <= 5; second++) {
			struct nested n;
			struct guest_path p;

			nested_init(&n, CAP_EXT, second);
			nested_path(&n, &p, first);
			rig_fq(n.r, 4, false);
			rig_dc_put(n.r, DEVICE, V, nested_iohgatp(&n), 3ull << 12, p.fsc);
			check(&n, &p);
			rig_expect_none(n.r);
			rig_free(n.r);
		}
}

static uint64_t in_page(const struct guest_path *p)
{
	return p->iova & 0xfff;
}

static void works(struct nested *n, const struct guest_path *p)
{
	CHECK_EQ(rig_spa(n->r, DEVICE, p->iova), p->data.spa | in_page(p));
}

static void refused(struct nested *n, const struct guest_path *p, unsigned access, unsigned cause,
                    uint64_t iotval2)
{
	unsigned is = rig_cause(n->r, DEVICE, p->iova, access);

	CHECK_MSG(is == cause,
	          "first stage of %u, second of %u levels, access %u: %u instead of %u", p->levels,
	          n->levels, access, is, cause);
	rig_expect(n->r, rig_record(cause, ttyp_of(access), DEVICE), p->iova, iotval2);
}

TEST(nested_tables_are_gpas, "RV-S2-10")
{
	each_pair(works);
}

/* ---- Implicit accesses -------------------------------------------------------------------- */

/* Each guest table in turn gets the second-stage leaf `pte`, and is refused as an implicit read. */
static void implicit_refused(struct nested *n, const struct guest_path *p, uint64_t keep,
                             uint64_t clear)
{
	unsigned i, access;

	for (i = 0; i < p->levels; i++) {
		uint64_t good = ram64(n->r, p->table[i].leaf);

		put64(n->r, p->table[i].leaf, (good & keep) & ~clear);
		for (access = IOM_READ; access <= IOM_ATOMIC; access++)
			refused(n, p, access, guest_page_fault(access), p->entry_gpa[i] | 1);
		put64(n->r, p->table[i].leaf, good);
	}
	works(n, p);
}

static void implicit_unmapped(struct nested *n, const struct guest_path *p)
{
	implicit_refused(n, p, 0, 0);
}

static void implicit_without_read(struct nested *n, const struct guest_path *p)
{
	implicit_refused(n, p, ~0ull, PTE_R | PTE_W);
}

static void implicit_without_user(struct nested *n, const struct guest_path *p)
{
	implicit_refused(n, p, ~0ull, PTE_U);
}

static void implicit_not_accessed(struct nested *n, const struct guest_path *p)
{
	implicit_refused(n, p, ~0ull, PTE_A);
}

/* A table at a GPA that the second stage has no bits for. */
static void implicit_too_wide(struct nested *n, const struct guest_path *p)
{
	unsigned width = 14 + 9 * n->levels, i, access, bit;

	for (bit = width; bit < 56; bit++)
		for (i = 1; i < p->levels; i++) {
			uint64_t good = ram64(n->r, p->entry[i]);

			put64(n->r, p->entry[i], good | 1ull << (bit - 2));
			for (access = IOM_READ; access <= IOM_ATOMIC; access++)
				refused(n, p, access, guest_page_fault(access),
				        p->entry_gpa[i - 1] | 1ull << bit | 1);
			put64(n->r, p->entry[i], good);
		}
	works(n, p);
}

TEST(nested_implicit_fault, "RV-S2-11")
{
	each_pair(implicit_unmapped);
	each_pair(implicit_without_user);
	each_pair(implicit_too_wide);
}

TEST(nested_implicit_not_accessed, "RV-S2-24")
{
	each_pair(implicit_not_accessed);
}

static void read_only_tables(struct nested *n, const struct guest_path *p)
{
	unsigned i, access;

	for (i = 0; i < p->levels; i++)
		put64(n->r, p->table[i].leaf,
		      ram64(n->r, p->table[i].leaf) & ~(PTE_W | PTE_X | PTE_D));
	for (access = IOM_WRITE; access <= IOM_ATOMIC; access++)
		CHECK_EQ(rig_cause(n->r, DEVICE, p->iova, access), 0);
	works(n, p);
}

TEST(nested_implicit_permissions, "RV-S2-13")
{
	each_pair(read_only_tables);
	each_pair(implicit_without_read);
}

static void clean_tables(struct nested *n, const struct guest_path *p)
{
	unsigned i;

	for (i = 0; i < p->levels; i++)
		put64(n->r, p->table[i].leaf, ram64(n->r, p->table[i].leaf) & ~PTE_D);
	CHECK_EQ(rig_cause(n->r, DEVICE, p->iova, IOM_WRITE), 0);
	CHECK_EQ(rig_cause(n->r, DEVICE, p->iova, IOM_ATOMIC), 0);
	for (i = 0; i < p->levels; i++)
		CHECK(!(ram64(n->r, p->table[i].leaf) & PTE_D));
}

TEST(nested_store_needs_no_dirty_tables, "RV-S2-25")
{
	each_pair(clean_tables);
}

/* ---- Which fault comes first -------------------------------------------------------------- */

static void first_stage_first(struct nested *n, const struct guest_path *p)
{
	const uint64_t good = ram64(n->r, p->entry[0]);
	const struct {
		uint64_t clear;
		bool read, write, execute; /* refused */
	} rows[] = {
		{ PTE_W, false, true, false }, { PTE_R | PTE_W, true, true, false },
		{ PTE_X, false, false, true }, { PTE_U, true, true, true },
		{ PTE_A, true, true, true },   { PTE_D, false, true, false },
		{ PTE_V, true, true, true },
	};
	unsigned i, access;

	/* Nothing is behind the guest's data page. */
	put64(n->r, p->data.leaf, 0);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const bool first[4] = { rows[i].read, rows[i].write, rows[i].execute,
			                rows[i].write };

		put64(n->r, p->entry[0], good & ~rows[i].clear);
		for (access = IOM_READ; access <= IOM_ATOMIC; access++)
			if (first[access])
				refused(n, p, access, page_fault(access), 0);
			else
				refused(n, p, access, guest_page_fault(access),
				        p->data.gpa | (in_page(p) & ~3ull));
	}
	/* Nor is the address looked at that a bad entry holds. */
	put64(n->r, p->entry[0], (good & ~PTE_W) | 1ull << 53);
	refused(n, p, IOM_WRITE, 15, 0);
	put64(n->r, p->entry[0], good);
	put64(n->r, p->data.leaf, leaf(p->data.spa));
	works(n, p);
}

TEST(nested_first_stage_faults_first, "RV-S2-14")
{
	each_pair(first_stage_first);
}

/* ---- Access faults ------------------------------------------------------------------------ */

static void unreadable(struct nested *n, const struct guest_path *p, uint64_t entry)
{
	unsigned access;

	CHECK_EQ(iom_memory_poison(n->r->memory, entry, 8), IOM_OK);
	for (access = IOM_READ; access <= IOM_ATOMIC; access++)
		refused(n, p, access, 274, 0);
	CHECK_EQ(iom_memory_cure(n->r->memory, entry, 8), IOM_OK);
}

static void nowhere(struct nested *n, const struct guest_path *p, uint64_t entry, uint64_t pte)
{
	uint64_t good = ram64(n->r, entry);
	unsigned access;

	put64(n->r, entry, pte);
	for (access = IOM_READ; access <= IOM_ATOMIC; access++)
		refused(n, p, access, access_fault(access), 0);
	put64(n->r, entry, good);
}

static void bus_errors(struct nested *n, const struct guest_path *p)
{
	uint64_t upper = n->root + 8 * (p->data.gpa >> (12 + 9 * (n->levels - 1)));
	unsigned i;

	for (i = 0; i < p->levels; i++) {
		/* The guest's entry; the second-stage leaf of its page; where that leads. */
		unreadable(n, p, p->entry[i]);
		unreadable(n, p, p->table[i].leaf);
		nowhere(n, p, p->table[i].leaf, leaf(RIG_NOWHERE));
	}
	unreadable(n, p, p->data.leaf);
	unreadable(n, p, upper);
	nowhere(n, p, upper, PTE_POINTER(RIG_NOWHERE));
	works(n, p);
}

TEST(nested_bus_errors, "RV-S2-15")
{
	each_pair(bus_errors);
}

/* ---- The answer --------------------------------------------------------------------------- */

static struct iom_reply ask(struct nested *n, uint64_t iova)
{
	const struct iom_request q = { .iova = iova, .bytes = 4 };
	struct iom_reply reply;
	int err = rig_translate(n->r, DEVICE, &q, &reply);

	CHECK_MSG(err == IOM_OK, "cause %u", reply.fault);
	return reply;
}

TEST(nested_memory_type, "RV-S2-16")
{
	/* [first stage][second stage] */
	const uint8_t types[3][3] = {
		{ IOM_MEMORY_DEFAULT, IOM_MEMORY_NC, IOM_MEMORY_IO },
		{ IOM_MEMORY_NC, IOM_MEMORY_NC, IOM_MEMORY_NC },
		{ IOM_MEMORY_IO, IOM_MEMORY_IO, IOM_MEMORY_IO },
	};
	unsigned first, second;

	for (first = 0; first < 3; first++)
		for (second = 0; second < 3; second++) {
			struct guest_path p;
			struct nested n;

			nested_init(&n, CAP_EXT, 3);
			nested_path(&n, &p, 3);
			rig_dc_put(n.r, DEVICE, V, nested_iohgatp(&n), 0, p.fsc);
			put64(n.r, p.entry[0], ram64(n.r, p.entry[0]) | PTE_PBMT(first));
			put64(n.r, p.data.leaf, ram64(n.r, p.data.leaf) | PTE_PBMT(second));
			CHECK_EQ(ask(&n, p.iova).memory_type, types[first][second]);
			CHECK_EQ(ask(&n, p.iova).memory_type, types[first][second]);
			rig_free(n.r);
		}
}

TEST(nested_permissions, "")
{
	const uint64_t xwr[5] = { PTE_R, PTE_R | PTE_W, PTE_X, PTE_R | PTE_X,
		                  PTE_R | PTE_W | PTE_X };
	unsigned first, second, access;

	for (first = 0; first < 5; first++)
		for (second = 0; second < 5; second++) {
			const unsigned perm1 = (unsigned)xwr[first] >> 1;
			const unsigned perm2 = (unsigned)xwr[second] >> 1;
			const unsigned needs[4] = { IOM_PERM_READ, IOM_PERM_WRITE, IOM_PERM_EXECUTE,
				                    IOM_PERM_WRITE };
			struct guest_path p;
			struct nested n;

			nested_init(&n, CAP_EXT, 3);
			nested_path(&n, &p, 3);
			rig_fq(n.r, 4, false);
			rig_dc_put(n.r, DEVICE, V, nested_iohgatp(&n), 0, p.fsc);
			put64(n.r, p.entry[0], (ram64(n.r, p.entry[0]) & ~0xeull) | xwr[first]);
			put64(n.r, p.data.leaf, (ram64(n.r, p.data.leaf) & ~0xeull) | xwr[second]);
			for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
				struct iom_request q = { .iova = p.iova,
					                 .bytes = 4,
					                 .access = (uint8_t)access };
				struct iom_reply reply;

				if (!(perm1 & needs[access])) {
					refused(&n, &p, access, page_fault(access), 0);
				} else if (!(perm2 & needs[access])) {
					refused(&n, &p, access, guest_page_fault(access),
					        p.data.gpa | (in_page(&p) & ~3ull));
				} else {
					CHECK_EQ(rig_translate(n.r, DEVICE, &q, &reply), IOM_OK);
					CHECK_EQ(reply.perm, perm1 & perm2);
				}
			}
			rig_expect_none(n.r);
			rig_free(n.r);
		}
}

/* A leaf of this size: sizes 0..4 are the levels, 5 is the 64-KiB page. */
static unsigned lg2_of(unsigned size)
{
	return size == 5 ? 16 : 12 + 9 * size;
}

TEST(nested_range, "RV-S2-17")
{
	unsigned first, second;

	for (first = 0; first < 6; first++)
		for (second = 0; second < 6; second++) {
			const unsigned lg2 =
				lg2_of(first) < lg2_of(second) ? lg2_of(first) : lg2_of(second);
			/* Aligned for every size; the tables are far below it. */
			const uint64_t gpa = 1ull << 54 | 1ull << 50;
			const uint64_t iova = 1ull << 50 | 0x2345678abcd0;
			const uint64_t low1 = iova & ((1ull << lg2_of(first)) - 1);
			const uint64_t low2 = (gpa | low1) & ((1ull << lg2_of(second)) - 1);
			struct guest_path p;
			struct iom_reply reply;
			struct nested n;
			uint64_t off;

			nested_init(&n, CAP_EXT, 5);
			nested_path(&n, &p, 5);
			rig_dc_put(n.r, DEVICE, V, nested_iohgatp(&n), 0, p.fsc);
			/* The guest's tables for `iova`, from the root down. */
			for (off = 4; off > (first == 5 ? 0 : first); off--) {
				struct guest_page below = nested_page(&n);

				put64(n.r, p.table[4].spa + 8 * (iova >> (12 + 9 * off) & 0x1ff),
				      PTE_POINTER(below.gpa));
				p.table[4] = below;
			}
			put64(n.r, p.table[4].spa + 8 * (iova >> (12 + 9 * off) & 0x1ff),
			      first == 5 ? leaf(gpa | 0x8000) | PTE_N : leaf(gpa));
			rig_map(n.r, n.root, 5, true, gpa | low1, second == 5 ? 0 : second,
			        second == 5 ? leaf(STAGE_FAR | 0x8000) | PTE_N : leaf(STAGE_FAR));
			reply = ask(&n, iova);
			CHECK_EQ(reply.spa, STAGE_FAR | low2);
			CHECK_MSG(reply.range_lg2 == lg2, "sizes %u and %u: range %u", first,
			          second, reply.range_lg2);
			reply = ask(&n, iova);
			CHECK_EQ(reply.spa, STAGE_FAR | low2);
			CHECK_EQ(reply.range_lg2, lg2);
			rig_free(n.r);
		}
}

/* ---- Byte order --------------------------------------------------------------------------- */

/* Each doubleword of a page. */
static void swap_page(struct rig *r, uint64_t spa)
{
	unsigned i;

	for (i = 0; i < 512; i++)
		put64(r, spa + 8 * i, swap64(ram64(r, spa + 8 * i)));
}

/* The second stage, root included, and the device directory follow `be`; the first stage `sbe`. */
static void mixed_order(bool be, bool sbe)
{
	unsigned first, second, i;

	for (first = 3; first <= 5; first++)
		for (second = 3; second <= 5; second++) {
			struct rig *r;
			struct guest_path p;
			struct nested n = { .levels = second, .next = 0x1230000 };
			uint64_t tables;

			n.r = r = rig_new(CAP_EXT);
			wr32(r, FCTL, be);
			rig_ddt(r, 1);
			/* Second-stage tables: the root and those below it, made in a row. */
			n.root = pages(r, 4, 16384);
			tables = r->next;
			rig_map(r, n.root, second, true, 0x1230000, 0, 0);
			CHECK_EQ(r->next, tables + 4096 * (second - 1));
			nested_path(&n, &p, first);
			rig_dc_put(r, DEVICE, sbe ? V | SBE : V, nested_iohgatp(&n), 0, p.fsc);
			if (be) {
				swap_page(r, r->ddt);
				for (i = 0; i < 4; i++)
					swap_page(r, n.root + 4096 * i);
				for (i = 0; i + 1 < second; i++)
					swap_page(r, tables + 4096 * i);
			}
			if (sbe)
				for (i = 0; i < first; i++)
					swap_page(r, p.table[i].spa);
			works(&n, &p);
			rig_free(r);
		}
}

TEST(nested_byte_orders, "RV-S2-20")
{
	mixed_order(true, false);
	mixed_order(false, true);
	mixed_order(true, true);
	mixed_order(false, false);
}

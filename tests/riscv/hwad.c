/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Hardware updates of A and D ("tc.SADE", "tc.GADE"), one stage alone and both together. */
#include "nested.h"
#include "sv32.h"

#define A PTE_A
#define D PTE_D
#define AD (PTE_A | PTE_D)
#define CAP (CAP_EXT | CAP_AMO_HWAD)

static bool writes(unsigned access)
{
	return access == IOM_WRITE || access == IOM_ATOMIC;
}

/* The last store of the library was that of `bytes` bytes at `spa`. */
static void stored(struct rig *r, unsigned before, uint64_t spa, unsigned bytes)
{
	CHECK_EQ(r->dirties, before + 1);
	if (before < RIG_LOG) {
		CHECK_EQ(r->dirty[before].spa, spa);
		CHECK_EQ(r->dirty[before].len, bytes);
	}
}

/* ---- One stage ---------------------------------------------------------------------------- */

/* One access to a page whose entry holds `was`: it must be granted, and leave `now`. */
static void sets(struct stage *s, uint64_t iova, uint64_t entry, unsigned access, uint64_t was,
                 uint64_t now)
{
	unsigned before = s->r->dirties;

	put64(s->r, entry, was);
	CHECK_MSG(!rig_cause(s->r, STAGE_DEVICE, iova, access), "entry 0x%llx, access %u",
	          (unsigned long long)was, access);
	CHECK_EQ(ram64(s->r, entry), now);
	if (was != now)
		stored(s->r, before, entry, 8);
	else
		CHECK_EQ(s->r->dirties, before);
	s->r->dirties = 0;
}

/* Nothing may be set where the access is refused for another reason. */
static void leaves(struct stage *s, uint64_t iova, uint64_t entry, uint64_t was)
{
	put64(s->r, entry, was);
	stage_refuses(s, iova, "refused for another reason");
	CHECK_EQ(ram64(s->r, entry), was);
	CHECK_EQ(s->r->dirties, 0);
}

static void one_stage(bool second)
{
	for (unsigned levels = 3; levels <= 5; levels++) {
		struct stage s;

		stage_init(&s, CAP, second, levels, second ? TC_GADE : TC_SADE);
		for (unsigned level = 0; level < levels; level++) {
			uint64_t iova = stage_iova(&s, level);
			uint64_t none = (leaf(STAGE_FAR) | 3ull << 8) & ~AD;
			uint64_t entry = stage_map(&s, iova, level, none);

			for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
				uint64_t due = writes(access) ? AD : A;

				for (unsigned i = 0; i < 4; i++) {
					uint64_t has = (i & 1 ? A : 0) | (i & 2 ? D : 0);

					sets(&s, iova, entry, access, none | has, none | has | due);
				}
			}
			leaves(&s, iova, entry, none & ~PTE_V);
			leaves(&s, iova, entry, none & ~(PTE_R | PTE_W | PTE_X));
			leaves(&s, iova, entry, none & ~PTE_R);
			leaves(&s, iova, entry, none & ~PTE_U);
			leaves(&s, iova, entry, none | 1ull << 54);
			/* no W: reads set A, writes nothing */
			sets(&s, iova, entry, IOM_READ, none & ~PTE_W, (none & ~PTE_W) | A);
			put64(s.r, entry, none & ~PTE_W);
			CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, iova, IOM_WRITE),
			         stage_fault(&s, IOM_WRITE));
			CHECK_EQ(ram64(s.r, entry), none & ~PTE_W);
		}
		rig_free(s.r);
	}
}

TEST(sade_sets_a_and_d, "RV-S1-28")
{
	one_stage(false);
}

TEST(gade_sets_a_and_d, "RV-S2-09")
{
	one_stage(true);
}

static void not_enabled(bool second)
{
	struct stage s;

	/* the other stage's bit means nothing here */
	stage_init(&s, CAP, second, 3, second ? TC_SADE : TC_GADE);
	rig_fq(s.r, 4, false);
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
		uint64_t iova = stage_iova(&s, access), gpa = second ? iova & ~3ull : 0;
		uint64_t entry = stage_map(&s, iova, 0, leaf(STAGE_FAR) & ~AD);
		unsigned cause = stage_fault(&s, access);

		CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, iova, access), cause);
		rig_expect(s.r, rig_record(cause, ttyp_of(access), STAGE_DEVICE), iova, gpa);
		put64(s.r, entry, (leaf(STAGE_FAR) & ~AD) | A);
		if (!writes(access))
			cause = 0;
		CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, iova, access), cause);
		if (cause)
			rig_expect(s.r, rig_record(cause, ttyp_of(access), STAGE_DEVICE), iova,
			           gpa);
		CHECK_EQ(ram64(s.r, entry), (leaf(STAGE_FAR) & ~AD) | A);
	}
	rig_expect_none(s.r);
	rig_free(s.r);
}

TEST(sade_is_the_first_stages, "")
{
	not_enabled(false);
}

TEST(gade_is_the_second_stages, "RV-S2-09")
{
	not_enabled(true);
}

/* Only the entry that was used, of the sixteen that say the same. */
TEST(sade_in_napot_pages, "")
{
	const uint64_t pte = (leaf(0x90000000 | 0x8000) & ~AD) | PTE_N;
	uint64_t entry[16];
	struct stage s;

	stage_init(&s, CAP, false, 3, TC_SADE);
	for (unsigned i = 0; i < 16; i++)
		entry[i] = stage_map(&s, 0x40000 + 0x1000 * i, 0, pte);
	CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x45008, IOM_WRITE), 0);
	for (unsigned i = 0; i < 16; i++)
		CHECK_EQ(ram64(s.r, entry[i]), i == 5 ? pte | AD : pte);
	rig_free(s.r);
}

TEST(probes_set_nothing, "")
{
	for (unsigned second = 0; second < 2; second++) {
		const uint64_t pte = leaf(STAGE_FAR) & ~AD;
		struct iom_request q = { .iova = 0x5000, .bytes = 8, .flags = IOM_REQ_PROBE };
		uint64_t entry;
		struct stage s;

		stage_init(&s, CAP, second, 3, TC_SADE | TC_GADE);
		entry = stage_map(&s, 0x5000, 0, pte);
		for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
			q.access = (uint8_t)access;
			CHECK_EQ(rig_cause_of(s.r, STAGE_DEVICE, &q), 0);
			CHECK_EQ(ram64(s.r, entry), pte);
		}
		CHECK_EQ(s.r->dirties, 0);
		rig_free(s.r);
	}
}

/* In both byte orders, with entries of both widths; SBE is the first stage's, fctl.BE the second's. */
TEST(updates_keep_the_byte_order, "RV-S1-32")
{
	for (unsigned big = 0; big < 2; big++) {
		struct stage s;
		uint64_t table, entry, pte = leaf(STAGE_FAR) & ~AD;

		stage_init(&s, CAP, false, 3, TC_SADE | (big ? TC_SBE : 0));
		entry = stage_map(&s, 0x5000, 0, big ? swap64(pte) : pte);
		for (unsigned i = 1; i < 3 && big; i++) {
			table = i == 1 ? entry & ~0xfffull : table;
			table = stage_map(&s, 0x5000, i, swap64(PTE_POINTER(table))) & ~0xfffull;
		}
		CHECK_EQ(rig_spa(s.r, STAGE_DEVICE, 0x5123), STAGE_FAR | 0x123);
		CHECK_EQ(ram64(s.r, entry), big ? swap64(pte | A) : pte | A);
		CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x5123, IOM_WRITE), 0);
		CHECK_EQ(ram64(s.r, entry), big ? swap64(pte | AD) : pte | AD);
		rig_free(s.r);
	}
	for (unsigned big = 0; big < 2; big++) {
		struct rig *r = rig32(CAP_BOTH | CAP_AMO_HWAD, 0);
		uint32_t pte = leaf32(0x312345000) & ~(uint32_t)AD, pointer;
		uint64_t root = page(r), entry;

		rig_dc_put(r, 1, TC_V | TC_SXL | TC_SADE | (big ? TC_SBE : 0), 0, 0,
		           MODE_SV32 | root >> 12);
		entry = map32(r, root, false, 0x5000, 0, pte, big);
		pointer = pte32(entry, 1);
		CHECK_EQ(ram32(r, root), big ? swap32(pointer) : pointer);
		put32(r, entry + 4, 0x12345678);
		put32(r, entry - 4, 0x9abcdef0);
		CHECK_EQ(rig_spa(r, 1, 0x5123), 0x312345123);
		CHECK_EQ(ram32(r, entry), big ? swap32(pte | A) : pte | A);
		stored(r, 0, entry, 4);
		CHECK_EQ(rig_cause(r, 1, 0x5123, IOM_WRITE), 0);
		CHECK_EQ(ram32(r, entry), big ? swap32(pte | AD) : pte | AD);
		CHECK_EQ(ram32(r, entry + 4), 0x12345678);
		CHECK_EQ(ram32(r, entry - 4), 0x9abcdef0);
		rig_free(r);
	}
}

/* Memory that can be read but not written. */
TEST(updates_that_memory_refuses, "RV-S1-36")
{
	static uint64_t table[512];
	struct iom_region region = {
		.spa = RIG_NOWHERE, .bytes = 4096, .host = table, .flags = IOM_REGION_READONLY
	};

	for (unsigned second = 0; second < 2; second++) {
		const uint64_t pte = leaf(STAGE_FAR) & ~AD;
		struct stage s;

		stage_init(&s, CAP, second, 3, second ? TC_GADE : TC_SADE);
		rig_fq(s.r, 4, false);
		CHECK_EQ(iom_memory_add(s.r->memory, &region, NULL), IOM_OK);
		stage_map(&s, 0x5000, 1, PTE_POINTER(RIG_NOWHERE));
		table[5] = pte;
		for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
			CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x5000, access),
			         access_fault(access));
			rig_expect(s.r,
			           rig_record(access_fault(access), ttyp_of(access), STAGE_DEVICE),
			           0x5000, 0);
		}
		CHECK_EQ(table[5], pte);
		/* what needs no update is no concern */
		table[5] = pte | A;
		CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x5000, IOM_READ), 0);
		CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x5000, IOM_WRITE), 7);
		rig_free(s.r);
	}
}

/* ---- Both stages -------------------------------------------------------------------------- */

struct two {
	struct nested n;
	struct guest_path p;
};

static void two_init(struct two *t, uint64_t tc)
{
	nested_init(&t->n, CAP, 3);
	nested_path(&t->n, &t->p, 3);
	rig_dc_put(t->n.r, STAGE_DEVICE, TC_V | tc, nested_iohgatp(&t->n), 0, t->p.fsc);
	rig_fq(t->n.r, 4, false);
}

static void clear(struct rig *r, uint64_t entry, uint64_t bits)
{
	put64(r, entry, ram64(r, entry) & ~bits);
}

/* One access is refused with a record that names this implicit access. */
static void implicit_fault(struct two *t, unsigned access, uint64_t iotval2)
{
	unsigned cause = guest_page_fault(access);

	CHECK_EQ(rig_cause(t->n.r, STAGE_DEVICE, t->p.iova, access), cause);
	rig_expect(t->n.r, rig_record(cause, ttyp_of(access), STAGE_DEVICE), t->p.iova, iotval2);
}

/* A first-stage entry is to be written, and its page may not be. */
TEST(update_needs_w_in_the_second_stage, "RV-S2-12")
{
	for (unsigned gade = 0; gade < 2; gade++)
		for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
			struct two t;

			two_init(&t, TC_SADE | (gade ? TC_GADE : 0));
			clear(t.n.r, t.p.table[0].leaf, PTE_W);
			clear(t.n.r, t.p.entry[0], AD);
			implicit_fault(&t, access, t.p.entry_gpa[0] | 3);
			CHECK_EQ(ram64(t.n.r, t.p.entry[0]) & AD, 0);
			/* nothing to be written, nothing wrong */
			put64(t.n.r, t.p.entry[0], ram64(t.n.r, t.p.entry[0]) | AD);
			CHECK_EQ(rig_cause(t.n.r, STAGE_DEVICE, t.p.iova, access), 0);
			rig_expect_none(t.n.r);
			rig_free(t.n.r);
		}
}

TEST(update_needs_d_in_the_second_stage, "RV-S2-23")
{
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
		struct two t;

		two_init(&t, TC_SADE);
		clear(t.n.r, t.p.table[0].leaf, D);
		clear(t.n.r, t.p.entry[0], AD);
		implicit_fault(&t, access, t.p.entry_gpa[0] | 3);
		CHECK_EQ(ram64(t.n.r, t.p.entry[0]) & AD, 0);
		CHECK_EQ(ram64(t.n.r, t.p.table[0].leaf) & AD, A);
		rig_free(t.n.r);
	}
}

TEST(update_sets_d_in_the_second_stage, "RV-S2-22")
{
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
		struct two t;

		two_init(&t, TC_SADE | TC_GADE);
		for (unsigned i = 0; i < 3; i++)
			clear(t.n.r, t.p.table[i].leaf, AD);
		clear(t.n.r, t.p.data.leaf, AD);
		clear(t.n.r, t.p.entry[0], AD);
		CHECK_EQ(rig_cause(t.n.r, STAGE_DEVICE, t.p.iova, access), 0);
		/* pages of tables that are only read stay clean */
		CHECK_EQ(ram64(t.n.r, t.p.table[2].leaf) & AD, A);
		CHECK_EQ(ram64(t.n.r, t.p.table[1].leaf) & AD, A);
		CHECK_EQ(ram64(t.n.r, t.p.table[0].leaf) & AD, AD);
		CHECK_EQ(ram64(t.n.r, t.p.entry[0]) & AD, writes(access) ? AD : A);
		CHECK_EQ(ram64(t.n.r, t.p.data.leaf) & AD, writes(access) ? AD : A);
		rig_free(t.n.r);
	}
}

/* The same memory under a unit of other flags. */
static void other_unit(struct two *t, uint32_t flags)
{
	t->n.r->config = (struct iom_riscv_config){ .bytes = sizeof t->n.r->config,
		                                    .capabilities = CAP,
		                                    .flags = flags };
	iom_unit_free(t->n.r->unit);
	t->n.r->unit = rig_unit(t->n.r);
	CHECK_EQ(iom_lane_open(t->n.r->unit, &t->n.r->lane), IOM_OK);
	wr64(t->n.r, DDTP, PPN_OF(t->n.r->ddt) | LVL1);
}

/* Tables of a guest whose pages are neither accessed nor dirty. */
static void clear_tables(struct two *t, uint64_t tc, uint32_t flags)
{
	two_init(t, tc);
	other_unit(t, IOM_RISCV_UNCACHED | flags);
	for (unsigned i = 0; i < 3; i++)
		clear(t->n.r, t->p.table[i].leaf, AD);
	clear(t->n.r, t->p.data.leaf, AD);
}

/* A store that changes no first-stage entry writes to no table (choice C-5); or marks it eagerly. */
TEST(reading_tables_marks_them_dirty_only_if_asked, "RV-S2-25")
{
	for (unsigned eager = 0; eager < 2; eager++)
		for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
			struct two t;

			clear_tables(&t, TC_SADE | TC_GADE, eager ? IOM_RISCV_EAGER_DIRTY : 0);
			/* what may not be written is not marked either */
			clear(t.n.r, t.p.table[1].leaf, PTE_W);
			CHECK_EQ(rig_cause(t.n.r, STAGE_DEVICE, t.p.iova, access), 0);
			CHECK_EQ(ram64(t.n.r, t.p.table[0].leaf) & AD, eager ? AD : A);
			CHECK_EQ(ram64(t.n.r, t.p.table[1].leaf) & AD, A);
			CHECK_EQ(ram64(t.n.r, t.p.table[2].leaf) & AD, eager ? AD : A);
			CHECK_EQ(ram64(t.n.r, t.p.data.leaf) & AD, writes(access) ? AD : A);
			rig_free(t.n.r);
		}
}

/* Where hardware never writes to first-stage tables, not even the eager form marks their pages. */
TEST(tables_stay_clean_without_sade, "RV-S2-25")
{
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
		struct two t;

		clear_tables(&t, TC_GADE, IOM_RISCV_EAGER_DIRTY);
		CHECK_EQ(rig_cause(t.n.r, STAGE_DEVICE, t.p.iova, access), 0);
		for (unsigned i = 0; i < 3; i++)
			CHECK_EQ(ram64(t.n.r, t.p.table[i].leaf) & AD, A);
		rig_free(t.n.r);
	}
}

/* A process directory of two levels, whose pages are neither accessed nor dirty, and its process. */
struct directory {
	struct guest_page root, leaf_table;
};

#define PROCESS 0x123

static void directory_init(struct directory *d, struct two *t)
{
	d->root = nested_page(&t->n);
	d->leaf_table = nested_page(&t->n);
	put64(t->n.r, d->root.spa + 8, PTE_POINTER(d->leaf_table.gpa));
	put64(t->n.r, d->leaf_table.spa + 16 * 0x23 + 8, t->p.fsc);
	put64(t->n.r, d->leaf_table.spa + 16 * 0x23, 1);
	rig_dc_put(t->n.r, STAGE_DEVICE, TC_V | TC_PDTV | TC_GADE, nested_iohgatp(&t->n), 0,
	           2ull << 60 | d->root.gpa >> 12);
	clear(t->n.r, d->root.leaf, AD);
	clear(t->n.r, d->leaf_table.leaf, AD);
}

TEST(gade_serves_process_directories, "RV-PDT-24")
{
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
		struct directory d;
		struct two t;

		two_init(&t, 0);
		directory_init(&d, &t);
		CHECK_EQ(rig_cause_pid(t.n.r, STAGE_DEVICE, t.p.iova, access, PROCESS, false), 0);
		CHECK_EQ(ram64(t.n.r, d.root.leaf) & AD, A);
		CHECK_EQ(ram64(t.n.r, d.leaf_table.leaf) & AD, A);
		rig_free(t.n.r);
	}
}

/* What a probe found in the directory is not kept: else its pages would be used and never marked. */
TEST(probed_process_directories_are_marked_later, "RV-PDT-24")
{
	struct iom_request q = { .bytes = 8, .pasid = PROCESS };
	struct directory d;
	struct two t;

	two_init(&t, 0);
	directory_init(&d, &t);
	other_unit(&t, 0);
	q.iova = t.p.iova;
	q.flags = IOM_REQ_PASID | IOM_REQ_PROBE;
	CHECK_EQ(rig_cause_of(t.n.r, STAGE_DEVICE, &q), 0);
	CHECK_EQ(ram64(t.n.r, d.root.leaf) & AD, 0);
	CHECK_EQ(ram64(t.n.r, d.leaf_table.leaf) & AD, 0);
	q.flags = IOM_REQ_PASID;
	CHECK_EQ(rig_cause_of(t.n.r, STAGE_DEVICE, &q), 0);
	CHECK_EQ(ram64(t.n.r, d.root.leaf) & AD, A);
	CHECK_EQ(ram64(t.n.r, d.leaf_table.leaf) & AD, A);
	rig_free(t.n.r);
}

/* ---- Caches ------------------------------------------------------------------------------- */

struct caches {
	struct rig *r;
	struct iom_port *port;
	uint64_t root, entry;
};

#define PAGE_IOVA 0x5000ull

static void caches_init(struct caches *c, bool second)
{
	const struct iom_riscv_config config = { .capabilities = CAP };

	c->r = rig_new_config(&config);
	c->root = second ? pages(c->r, 4, 16384) : page(c->r);
	rig_ddt(c->r, 1);
	rig_cq(c->r, 4, false);
	rig_dc_put(c->r, 1, TC_V | (second ? TC_GADE : TC_SADE),
	           second ? stage_mode(3) | GSCID_7 | c->root >> 12 : 0, 3ull << 12,
	           second ? 0 : stage_mode(3) | c->root >> 12);
	c->entry = rig_map(c->r, c->root, 3, second, PAGE_IOVA, 0, leaf(RIG_RAM) & ~AD);
	c->port = rig_port(c->r, 1);
}

static void use(struct caches *c, unsigned access, bool writable)
{
	const struct iom_request q = { .iova = PAGE_IOVA, .bytes = 8, .access = (uint8_t)access };
	struct iom_reply reply;

	iom_begin(c->r->lane);
	CHECK_EQ(iom_translate(c->port, &q, &reply), IOM_OK);
	iom_end(c->r->lane);
	CHECK_EQ(reply.perm, writable ? 7 : 5);
}

TEST(cached_page_that_is_not_dirty, "RV-INV-23")
{
	for (unsigned second = 0; second < 2; second++) {
		struct caches c;

		caches_init(&c, second);
		for (unsigned i = 0; i < 3; i++) {
			use(&c, IOM_READ, false);
			CHECK_EQ(ram64(c.r, c.entry) & AD, A);
		}
		use(&c, IOM_WRITE, true);
		CHECK_EQ(ram64(c.r, c.entry) & AD, AD);
		use(&c, IOM_READ, true);
		rig_free(c.r);
	}
}

/* What a probe would have set is not taken for set. */
TEST(probes_leave_nothing_in_the_cache, "")
{
	for (unsigned second = 0; second < 2; second++) {
		struct iom_request q = { .iova = PAGE_IOVA, .bytes = 8, .flags = IOM_REQ_PROBE };
		struct caches c;

		caches_init(&c, second);
		for (unsigned i = 0; i < 2; i++) {
			unsigned access = i ? IOM_WRITE : IOM_READ;

			q.access = (uint8_t)access;
			CHECK_EQ(rig_cause_of(c.r, 1, &q), 0);
			CHECK_EQ(ram64(c.r, c.entry) & AD, i ? A : 0);
			use(&c, access, i);
			CHECK_EQ(ram64(c.r, c.entry) & AD, i ? AD : A);
		}
		rig_free(c.r);
	}
}

TEST(flags_that_software_cleared, "RV-INV-25")
{
	for (unsigned second = 0; second < 2; second++)
		for (unsigned round = 0; round < 2; round++) {
			struct caches c;

			caches_init(&c, second);
			use(&c, IOM_WRITE, true);
			for (unsigned i = 0; i < 3; i++) {
				clear(c.r, c.entry, AD);
				if (second)
					rig_cmd(c.r,
					        GVMA | 1ull << 33 | GSCID_7 |
					                (round ? 1ull << 10 : 0),
					        PPN_OF(PAGE_IOVA));
				else
					rig_cmd(c.r, VMA | (round ? 1ull << 10 : 0),
					        PPN_OF(PAGE_IOVA));
				use(&c, IOM_READ, false);
				CHECK_EQ(ram64(c.r, c.entry) & AD, A);
				use(&c, IOM_WRITE, true);
				CHECK_EQ(ram64(c.r, c.entry) & AD, AD);
			}
			rig_free(c.r);
		}
}

/* ---- A driver that leaves D to hardware, as Linux before 7 -------------------------------- */

TEST(driver_that_relies_on_hardware, "RV-DRV-09")
{
	const struct iom_riscv_config config = { .flags = 0 };
	struct rig *r = rig_new_config(&config);
	struct iom_reply reply;
	struct iom_request q = { .iova = 0x7000 };
	uint64_t root, entry, data, word = 0x1122334455667788;

	CHECK(r->cap & CAP_AMO_HWAD);
	rig_ddt(r, 3);
	root = page(r);
	data = page(r);
	rig_dc_put(r, 0x10, TC_V | TC_SADE, 0, 1ull << 12, stage_mode(5) | root >> 12);
	/* V, R, W, U and A: what it maps */
	entry = rig_map(r, root, 5, false, 0x7000, 0, PTE_PPN(data) | 0x57);
	CHECK_EQ(iom_read(rig_port(r, 0x10), &q, &word, 8, &reply), IOM_OK);
	CHECK_EQ(ram64(r, entry), PTE_PPN(data) | 0x57);
	word = 0x1122334455667788;
	CHECK_EQ(iom_write(rig_port(r, 0x10), &q, &word, 8, &reply), IOM_OK);
	CHECK_EQ(ram64(r, data), word);
	CHECK_EQ(ram64(r, entry), PTE_PPN(data) | 0xd7);
	rig_free(r);
}

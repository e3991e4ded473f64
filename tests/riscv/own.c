/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* An observer is told each access that the unit makes for itself, in order. */
#include <string.h>

#include "nested.h"
#include "sheet.h"

#define NOBODY 0xffffffffu
#define SPOT (RIG_RAM + 0x800000)
#define SADE (1ull << 8)

static struct seen {
	uint32_t requester;
	struct iom_own_access access;
} seen[64];
static unsigned count, looked;

static void on_own(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	CHECK(opaque == seen);
	CHECK(count < COUNT(seen));
	seen[count++] = (struct seen){ requester, *access };
}

static void listen(struct rig *r)
{
	static const struct iom_observer own = { .bytes = sizeof own, .own = on_own };

	count = looked = 0;
	CHECK_EQ(iom_observe(r->unit, &own, seen), IOM_OK);
}

/* The next access that was told is this one. */
static void next(uint32_t requester, unsigned of, uint64_t spa, unsigned bytes, bool write,
                 int result)
{
	const struct seen *s = &seen[looked++];

	CHECK_MSG(looked <= count, "access %u was not told", looked);
	CHECK_MSG(s->access.of == of, "access %u is of %u, not %u", looked, s->access.of, of);
	CHECK_EQ(s->access.spa, spa);
	CHECK_EQ(s->access.bytes, bytes);
	CHECK_EQ(s->access.write, write);
	CHECK_EQ(s->access.result, result);
	CHECK_EQ(s->requester, requester);
	CHECK_EQ(s->access.rcid | s->access.mcid, 0);
}

static void no_more(void)
{
	CHECK_EQ(count, looked);
}

static void reads(unsigned of, uint64_t spa, unsigned bytes)
{
	next(STAGE_DEVICE, of, spa, bytes, false, IOM_OK);
}

/* The three entries of an Sv39x4 walk. */
static void reads_stage2(const struct nested *n, uint64_t gpa)
{
	uint64_t table = n->root;

	for (unsigned shift = 30; shift >= 12; shift -= 9) {
		uint64_t entry = table + 8 * (gpa >> shift & (shift == 30 ? 0x7ff : 0x1ff));

		reads(IOM_OF_STAGE2, entry, 8);
		table = ram64(n->r, entry) >> 10 << 12;
	}
}

static void reads_path(const struct nested *n, const struct guest_path *p)
{
	for (unsigned level = p->levels; level--;) {
		reads_stage2(n, p->entry_gpa[level]);
		reads(IOM_OF_STAGE1, p->entry[level], 8);
	}
	reads_stage2(n, p->data.gpa);
}

TEST(own_accesses_of_a_nested_walk, "")
{
	struct guest_page pdt;
	struct guest_path p;
	struct nested n;
	const struct iom_request q = { .pasid = 3, .flags = IOM_REQ_PASID, .bytes = 8 };
	struct iom_request with;
	struct iom_reply reply;

	nested_init(&n, 0, 3);
	nested_path(&n, &p, 3);
	rig_dc_put(n.r, STAGE_DEVICE, 1, nested_iohgatp(&n), 0, p.fsc);
	listen(n.r);
	CHECK_EQ(rig_spa(n.r, STAGE_DEVICE, p.iova), p.data.spa | (p.iova & 0xfff));
	reads(IOM_OF_DEVICE, rig_dc(n.r, STAGE_DEVICE), 64);
	reads_path(&n, &p);
	no_more();
	CHECK_EQ(count, 1 + 3 * 4 + 3);

	/* The same for process 3, by way of a process directory of 8 bits. */
	pdt = nested_page(&n);
	put64(n.r, pdt.spa + 3 * 16, 1);
	put64(n.r, pdt.spa + 3 * 16 + 8, p.fsc);
	rig_dc_put(n.r, STAGE_DEVICE, 1 | 1 << 5, nested_iohgatp(&n), 0,
	           1ull << 60 | pdt.gpa >> 12);
	listen(n.r);
	with = q;
	with.iova = p.iova;
	CHECK_EQ(rig_translate(n.r, STAGE_DEVICE, &with, &reply), IOM_OK);
	reads(IOM_OF_DEVICE, rig_dc(n.r, STAGE_DEVICE), 64);
	reads_stage2(&n, pdt.gpa);
	reads(IOM_OF_PROCESS, pdt.spa + 3 * 16, 16);
	reads_path(&n, &p);
	no_more();

	/* Nobody is told any more. */
	CHECK_EQ(iom_observe(n.r->unit, NULL, NULL), IOM_OK);
	CHECK_EQ(rig_translate(n.r, STAGE_DEVICE, &with, &reply), IOM_OK);
	no_more();
	rig_free(n.r);
}

/* The deeper directory, whose entries have 8 bytes; and a context in the base format. */
TEST(own_accesses_of_a_device_directory, "")
{
	struct rig *r = rig_new(CAP_BASE);
	uint64_t dc;

	rig_ddt(r, 2);
	rig_dc_put(r, 0x85, 1, 0, 0, 0);
	dc = rig_dc(r, 0x85);
	listen(r);
	CHECK_EQ(rig_cause(r, 0x85, 0x1000, IOM_READ), 0);
	next(0x85, IOM_OF_DEVICE, r->ddt + 8, 8, false, IOM_OK);
	next(0x85, IOM_OF_DEVICE, dc, 32, false, IOM_OK);
	no_more();
	rig_free(r);
}

TEST(own_accesses_that_set_accessed_and_dirty, "")
{
	const struct iom_request probe = {
		.iova = 0x3000, .bytes = 8, .access = IOM_WRITE, .flags = IOM_REQ_PROBE
	};
	struct iom_reply reply;
	struct stage s;
	uint64_t entry;

	stage_init(&s, CAP_EXT | 1ull << 24, false, 3, SADE);
	entry = stage_map(&s, 0x3000, 0, leaf(page(s.r)) & ~(PTE_A | PTE_D));
	listen(s.r);
	/* A probe loads as any other request, and stores nothing. */
	CHECK_EQ(rig_translate(s.r, STAGE_DEVICE, &probe, &reply), IOM_OK);
	CHECK_EQ(count, 4);
	looked = 3;
	reads(IOM_OF_STAGE1, entry, 8);
	no_more();
	CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x3000, IOM_WRITE), 0);
	looked += 3;
	reads(IOM_OF_STAGE1, entry, 8);
	next(STAGE_DEVICE, IOM_OF_STAGE1, entry, 8, true, IOM_OK);
	no_more();
	rig_free(s.r);
}

/* What memory refused is told as that; what memory never saw is not told. */
TEST(own_accesses_that_are_refused, "")
{
	struct stage s;
	uint64_t entry;

	stage_init(&s, 0, false, 3, 0);
	stage_map(&s, 0x3000, 2, PTE_POINTER(RIG_NOWHERE));
	listen(s.r);
	CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x3000, IOM_READ), 5);
	looked = 2;
	next(STAGE_DEVICE, IOM_OF_STAGE1, RIG_NOWHERE, 8, false, IOM_EFAULT);
	no_more();
	entry = stage_map(&s, 0x80000000, 2, 0);
	CHECK_EQ(iom_memory_poison(s.r->memory, entry, 8), IOM_OK);
	CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x80000000, IOM_READ), 274);
	looked++;
	next(STAGE_DEVICE, IOM_OF_STAGE1, entry, 8, false, IOM_EPOISON);
	no_more();
	rig_free(s.r);

	stage_init(&s, (CAP_EXT & ~CAP_PAS(63)) | CAP_PAS(40), false, 3, 0);
	stage_map(&s, 0x3000, 2, PTE_POINTER(1ull << 40));
	listen(s.r);
	CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x3000, IOM_READ), 5);
	CHECK_EQ(count, 2);
	rig_free(s.r);
}

/* A message table of two pages, for guest addresses 0x8000 and 0x9000. */
TEST(own_accesses_of_message_tables, "")
{
	uint64_t table, dc;
	struct nested n;

	nested_init(&n, 0, 3);
	table = page(n.r);
	rig_dc_put(n.r, STAGE_DEVICE, 1, nested_iohgatp(&n), 0, 0);
	dc = rig_dc(n.r, STAGE_DEVICE);
	put64(n.r, dc + 32, 1ull << 60 | table >> 12);
	put64(n.r, dc + 40, 1);
	put64(n.r, dc + 48, 0x8);
	put64(n.r, table + 16, PPN_OF(RIG_DEVICE) | 3 << 1 | 1);
	listen(n.r);
	CHECK_EQ(rig_spa(n.r, STAGE_DEVICE, 0x9000), RIG_DEVICE);
	reads(IOM_OF_DEVICE, dc, 64);
	reads(IOM_OF_MSI, table + 16, 16);
	no_more();
	rig_free(n.r);
}

/* Commands, completions, records, messages: no request's, even where a request caused them. */
TEST(own_accesses_of_queues_and_interrupts, "")
{
	struct rig *r = rig_new(0);
	uint64_t cq = rig_cq(r, 4, true), fq = rig_fq(r, 4, true);

	wr64(r, MSI_CFG, SPOT + 0x1000);
	wr32(r, MSI_CFG + 8, 7);
	listen(r);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(5), SPOT >> 2);
	next(NOBODY, IOM_OF_QUEUE, cq, 16, false, IOM_OK);
	next(NOBODY, IOM_OF_QUEUE, SPOT, 4, true, IOM_OK);
	no_more();

	CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 256);
	next(NOBODY, IOM_OF_QUEUE, fq, 32, true, IOM_OK);
	next(NOBODY, IOM_OF_INTERRUPT, SPOT + 0x1000, 4, true, IOM_OK);
	no_more();

	/* A message that gets lost is a record of its own. */
	r->msi_fails = true;
	wr32(r, IPSR, FIP);
	CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 256);
	next(NOBODY, IOM_OF_QUEUE, fq + 32, 32, true, IOM_OK);
	next(NOBODY, IOM_OF_INTERRUPT, SPOT + 0x1000, 4, true, IOM_EFAULT);
	next(NOBODY, IOM_OF_QUEUE, fq + 64, 32, true, IOM_OK);
	no_more();

	/* A completion that cannot be stored. */
	rig_cmd(r, FENCE | FENCE_AV, RIG_NOWHERE >> 2);
	next(NOBODY, IOM_OF_QUEUE, cq + 16, 16, false, IOM_OK);
	next(NOBODY, IOM_OF_QUEUE, RIG_NOWHERE, 4, true, IOM_EFAULT);
	rig_free(r);
}

/* With caches, an observer is told what is read, and that is less the second time. */
TEST(own_accesses_behind_caches, "")
{
	struct iom_riscv_config config = { .capabilities = CAP_EXT };
	struct stage s = { .levels = 3 };
	uint64_t root;

	s.r = rig_new_config(&config);
	rig_ddt(s.r, 1);
	s.root = root = page(s.r);
	rig_map(s.r, root, 3, false, 0x3000, 0, leaf(page(s.r)));
	rig_dc_put(s.r, STAGE_DEVICE, 1, 0, 0, stage_mode(3) | root >> 12);
	listen(s.r);
	CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x3000, IOM_READ), 0);
	CHECK_EQ(count, 4);
	CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, 0x3000, IOM_READ), 0);
	CHECK_EQ(count, 4);
	rig_free(s.r);
}

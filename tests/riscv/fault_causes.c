/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Every cause that a transaction can have, one broken thing each: what is recorded, what DTF
 * suppresses and what it does not.  (264 and 271 need MRIF, 272 is never raised; 273 has no
 * transaction and stands in interrupts.c.)
 */
#include "rig.h"
#include "sheet.h"

#define DEVICE 5u
#define PROCESS 3u
#define IOVA 0x10000ull     /* maps a page of memory */
#define MSI_IOVA 0x11000ull /* maps a guest's interrupt file */
#define MSI_GPA 0x28000000ull
#define DTF (1ull << 4)

/*
 * A device that uses everything: two directory levels, a process directory, both stages, an MSI
 * page table.  The second stage is the identity for [0x40000000, 0xc0000000), of which only RAM is
 * backed.
 */
struct scene {
	struct rig *r;
	uint64_t dc, pdt, pc, s1, s1_leaf, msi_table;
	struct iom_request q;
};

static void build(struct scene *s)
{
	struct rig *r = s->r = rig_new(0);
	uint64_t s2 = pages(r, 4, 16384);

	rig_map(r, s2, 3, true, 0x40000000, 2, leaf(0x40000000));
	rig_map(r, s2, 3, true, 0x80000000, 2, leaf(0x80000000));
	s->s1 = page(r);
	s->s1_leaf = rig_map(r, s->s1, 3, false, IOVA, 0, leaf(page(r)));
	rig_map(r, s->s1, 3, false, MSI_IOVA, 0, leaf(MSI_GPA));
	s->pdt = page(r);
	s->pc = s->pdt + 16 * PROCESS;
	put64(r, s->pc + 8, 8ull << 60 | s->s1 >> 12);
	put64(r, s->pc, 1 | 7 << 12);
	s->msi_table = page(r);
	put64(r, s->msi_table, PPN_OF(page(r)) | 7);
	rig_ddt(r, 2);
	rig_dc_put(r, DEVICE, 1 | 1 << 5, 8ull << 60 | 2ull << 44 | s2 >> 12, 0,
	           1ull << 60 | s->pdt >> 12);
	s->dc = rig_dc(r, DEVICE);
	put64(r, s->dc + 32, 1ull << 60 | s->msi_table >> 12);
	put64(r, s->dc + 40, 0);
	put64(r, s->dc + 48, MSI_GPA >> 12);
	s->q = (struct iom_request){
		.iova = IOVA + 0x238, .bytes = 8, .pasid = PROCESS, .flags = IOM_REQ_PASID
	};
}

static void s1_table_unbacked(struct scene *s)
{
	put64(s->r, s->s1, PPN_OF(RIG_NOWHERE) | 1);
}

static void s1_leaf_invalid(struct scene *s)
{
	put64(s->r, s->s1_leaf, 0);
}

static void gpa_unmapped(struct scene *s)
{
	put64(s->r, s->s1_leaf, leaf(0x1c0000000));
}

static void ddtp_off(struct scene *s)
{
	wr64(s->r, DDTP, OFF);
}

static void dc_table_unbacked(struct scene *s)
{
	put64(s->r, s->r->ddt, PPN_OF(RIG_NOWHERE) | 1);
}

static void dc_invalid(struct scene *s)
{
	put64(s->r, s->dc, ram64(s->r, s->dc) & ~1ull);
}

static void dc_reserved(struct scene *s)
{
	put64(s->r, s->dc, ram64(s->r, s->dc) | 1 << 12);
}

static void process_too_wide(struct scene *s)
{
	s->q.pasid = 0x100;
}

static void to_msi(struct scene *s)
{
	s->q.iova = MSI_IOVA + 8;
}

static void msi_table_unbacked(struct scene *s)
{
	to_msi(s);
	put64(s->r, s->dc + 32, 1ull << 60 | RIG_NOWHERE >> 12);
}

static void msi_invalid(struct scene *s)
{
	to_msi(s);
	put64(s->r, s->msi_table, 0);
}

static void msi_reserved(struct scene *s)
{
	to_msi(s);
	put64(s->r, s->msi_table, 1);
}

static void msi_poisoned(struct scene *s)
{
	to_msi(s);
	CHECK_EQ(iom_memory_poison(s->r->memory, s->msi_table, 8), IOM_OK);
}

static void pdt_unbacked(struct scene *s)
{
	put64(s->r, s->dc + 24, 1ull << 60 | RIG_NOWHERE >> 12);
}

static void pc_invalid(struct scene *s)
{
	put64(s->r, s->pc, 0);
}

static void pc_reserved(struct scene *s)
{
	put64(s->r, s->pc, ram64(s->r, s->pc) | 1 << 3);
}

static void dc_poisoned(struct scene *s)
{
	CHECK_EQ(iom_memory_poison(s->r->memory, s->dc + 24, 8), IOM_OK);
}

static void pc_poisoned(struct scene *s)
{
	CHECK_EQ(iom_memory_poison(s->r->memory, s->pc + 8, 8), IOM_OK);
}

static void s1_poisoned(struct scene *s)
{
	CHECK_EQ(iom_memory_poison(s->r->memory, s->s1_leaf, 8), IOM_OK);
}

static const struct fall {
	unsigned cause, access;
	bool dtf;     /* DTF suppresses it */
	uint64_t gpa; /* in iotval2, without the page offset */
	void (*break_it)(struct scene *);
} falls[] = {
	{ 1, IOM_EXECUTE, true, 0, s1_table_unbacked },
	{ 5, IOM_READ, true, 0, s1_table_unbacked },
	{ 7, IOM_WRITE, true, 0, s1_table_unbacked },
	{ 7, IOM_ATOMIC, true, 0, s1_table_unbacked },
	{ 12, IOM_EXECUTE, true, 0, s1_leaf_invalid },
	{ 13, IOM_READ, true, 0, s1_leaf_invalid },
	{ 15, IOM_WRITE, true, 0, s1_leaf_invalid },
	{ 15, IOM_ATOMIC, true, 0, s1_leaf_invalid },
	{ 20, IOM_EXECUTE, true, 0x1c0000000, gpa_unmapped },
	{ 21, IOM_READ, true, 0x1c0000000, gpa_unmapped },
	{ 23, IOM_WRITE, true, 0x1c0000000, gpa_unmapped },
	{ 23, IOM_ATOMIC, true, 0x1c0000000, gpa_unmapped },
	{ 256, IOM_READ, false, 0, ddtp_off },
	{ 257, IOM_READ, false, 0, dc_table_unbacked },
	{ 258, IOM_READ, false, 0, dc_invalid },
	{ 259, IOM_READ, false, 0, dc_reserved },
	{ 260, IOM_READ, true, 0, process_too_wide },
	{ 261, IOM_WRITE, true, 0, msi_table_unbacked },
	{ 262, IOM_WRITE, true, 0, msi_invalid },
	{ 263, IOM_WRITE, true, 0, msi_reserved },
	{ 265, IOM_READ, true, 0, pdt_unbacked },
	{ 266, IOM_READ, true, 0, pc_invalid },
	{ 267, IOM_READ, true, 0, pc_reserved },
	{ 268, IOM_READ, false, 0, dc_poisoned },
	{ 269, IOM_READ, true, 0, pc_poisoned },
	{ 270, IOM_WRITE, true, 0, msi_poisoned },
	{ 274, IOM_READ, true, 0, s1_poisoned },
};

static const unsigned char ttyp[] = {
	[IOM_READ] = 2,
	[IOM_WRITE] = 3,
	[IOM_EXECUTE] = 1,
	[IOM_ATOMIC] = 3,
};

/* Breaks a scene and checks the answer; the record, if any, is left in the queue. */
static void fall(struct scene *s, const struct fall *f, uint64_t dtf)
{
	struct iom_reply reply;

	build(s);
	put64(s->r, s->dc, ram64(s->r, s->dc) | dtf);
	rig_fq(s->r, 3, false);
	f->break_it(s);
	s->q.access = (uint8_t)f->access;
	CHECK_MSG(rig_translate(s->r, DEVICE, &s->q, &reply) == IOM_EFAULT, "cause %u", f->cause);
	CHECK_EQ(reply.fault, f->cause);
	CHECK_EQ(reply.status, f->cause >= 268 ? IOM_ABORT : IOM_UNSUPPORTED);
}

TEST(unbroken_scene_translates, "")
{
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++)
		for (unsigned msi = 0; msi < 2; msi++) {
			struct scene s;
			struct iom_reply reply;

			if (msi && access == IOM_EXECUTE)
				continue;
			build(&s);
			rig_fq(s.r, 3, false);
			if (msi)
				to_msi(&s);
			s.q.access = (uint8_t)access;
			CHECK_EQ(rig_translate(s.r, DEVICE, &s.q, &reply), IOM_OK);
			rig_expect_none(s.r);
			rig_free(s.r);
		}
}

TEST(record_of_every_cause, "RV-FQ-04 RV-FQ-05")
{
	for (unsigned i = 0; i < COUNT(falls); i++) {
		const struct fall *f = &falls[i];
		struct scene s;
		uint64_t rec[4];

		fall(&s, f, 0);
		CHECK_MSG(rig_fault(s.r, rec), "cause %u", f->cause);
		CHECK_EQ(rec[0], rig_record(f->cause, ttyp[f->access], DEVICE) |
		                         (uint64_t)s.q.pasid << 12 | 1ull << 32);
		CHECK_EQ(rec[1], 0);
		CHECK_EQ(rec[2], s.q.iova);
		CHECK_MSG(rec[3] == (f->gpa ? f->gpa | (s.q.iova & 0xffc) : 0),
		          "cause %u has 0x%llx in iotval2", f->cause, (unsigned long long)rec[3]);
		rig_expect_none(s.r);
		rig_free(s.r);
	}
}

TEST(dtf_suppresses_its_causes, "RV-FQ-17 RV-FQ-18 RV-FQ-19")
{
	for (unsigned i = 0; i < COUNT(falls); i++) {
		const struct fall *f = &falls[i];
		struct scene s;
		uint64_t rec[4];

		fall(&s, f, DTF); /* the answer to the device is the same */
		CHECK_MSG(rig_fault(s.r, rec) == !f->dtf, "cause %u", f->cause);
		if (!f->dtf)
			CHECK_EQ(rec[0] & 0xfff, f->cause);
		CHECK_EQ(rd32(s.r, FQCSR), EN | ON);
		rig_expect_none(s.r);
		rig_free(s.r);
	}
}

TEST(every_cause_has_a_name, "")
{
	struct rig *r = rig_new(0);

	for (unsigned i = 0; i < COUNT(falls); i++) {
		const char *name = iom_fault_name(r->unit, falls[i].cause);

		CHECK(name && *name);
	}
	CHECK_STR(iom_fault_name(r->unit, 258), "DDT entry not valid");
	CHECK(*iom_fault_name(r->unit, 0));
	CHECK(*iom_fault_name(r->unit, 275));
	CHECK(*iom_fault_name(r->unit, ~0u));
	rig_free(r);
}

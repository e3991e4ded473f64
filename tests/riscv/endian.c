/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Byte orders: one machine with everything in use, in all four combinations of fctl.BE (directory,
 * second stage, MSI table, queues, messages) and tc.SBE (process directory, first stage).
 */
#include "rig.h"
#include "sheet.h"

#define DEVICE 0x123456u
#define PROCESS 0x54321u
#define IOVA 0x7654321000ull
#define MSI_IOVA 0x1000ull
#define MSI_GPA 0x28002000ull

struct run {
	struct rig *r;
	bool big;
	uint64_t from; /* first page of the structures that are being built */
	uint64_t data, file;
	uint64_t cq, fq;
};

static void flip(struct rig *r, uint64_t from, uint64_t to)
{
	for (; from < to; from += 8)
		put64(r, from, swap64(ram64(r, from)));
}

static uint64_t word(const struct run *run, uint64_t spa)
{
	uint64_t val = ram64(run->r, spa);

	return run->big ? swap64(val) : val;
}

static void command(struct run *run, uint64_t dw0, uint64_t dw1)
{
	uint32_t tail = rd32(run->r, CQT);
	uint64_t spa = run->cq + 16 * tail;

	put64(run->r, spa, run->big ? swap64(dw0) : dw0);
	put64(run->r, spa + 8, run->big ? swap64(dw1) : dw1);
	wr32(run->r, CQT, tail + 1);
	CHECK_EQ(rd32(run->r, CQH), tail + 1);
}

static void expect(struct run *run, unsigned index, unsigned cause, unsigned ttyp, uint64_t iotval,
                   uint64_t iotval2)
{
	uint64_t spa = run->fq + 32 * index;

	CHECK_EQ(rd32(run->r, FQT), index + 1);
	CHECK_EQ(word(run, spa),
	         rig_record(cause, ttyp, DEVICE) | (uint64_t)PROCESS << 12 | 1ull << 32);
	CHECK_EQ(word(run, spa + 8), 0);
	CHECK_EQ(word(run, spa + 16), iotval);
	CHECK_EQ(word(run, spa + 24), iotval2);
}

/* Tables are made little-endian, then those that shall be big-endian are turned round. */
static void build(struct run *run, bool be, bool sbe)
{
	struct rig *r = run->r = rig_new(0);
	uint64_t from, s1, s2, pdt, mid, low, msi_table;

	run->big = be;
	wr32(r, FCTL, be ? BE : 0);
	CHECK_EQ(rd32(r, FCTL), be ? BE : 0);

	/* second stage: an identity for RAM, and a page at 0x5000 */
	run->data = page(r);
	run->file = page(r);
	from = r->next;
	s2 = pages(r, 4, 16384);
	rig_map(r, s2, 4, true, 0x80000000, 2, leaf(0x80000000));
	rig_map(r, s2, 4, true, 0x5000, 0, leaf(run->data));
	msi_table = page(r);
	put64(r, msi_table + 32, PPN_OF(run->file) | 7);
	rig_ddt(r, 3);
	rig_dc_put(r, DEVICE, 0, 9ull << 60 | 0x1234ull << 44 | s2 >> 12, 0, 0);
	put64(r, rig_dc(r, DEVICE) + 32, 1ull << 60 | msi_table >> 12);
	put64(r, rig_dc(r, DEVICE) + 40, 3);
	put64(r, rig_dc(r, DEVICE) + 48, 0x28000);
	/* the process directory comes behind, with the other byte order */
	pdt = r->next;
	put64(r, rig_dc(r, DEVICE) + 24, 3ull << 60 | pdt >> 12);
	put64(r, rig_dc(r, DEVICE), 1 | 1 << 5 | (sbe ? 1 << 10 : 0));
	if (be)
		flip(r, from, r->next);

	from = r->next;
	CHECK_EQ(page(r), pdt);
	mid = page(r);
	low = page(r);
	s1 = page(r);
	put64(r, pdt + 8 * (PROCESS >> 17), PPN_OF(mid) | 1);
	put64(r, mid + 8 * (PROCESS >> 8 & 0x1ff), PPN_OF(low) | 1);
	put64(r, low + 16 * (PROCESS & 0xff) + 8, 10ull << 60 | s1 >> 12);
	put64(r, low + 16 * (PROCESS & 0xff), 1 | 0x77 << 12);
	rig_map(r, s1, 5, false, IOVA, 0, leaf(0x5000));
	rig_map(r, s1, 5, false, MSI_IOVA, 0, leaf(MSI_GPA));
	rig_map(r, s1, 5, false, IOVA + 0x1000, 0, leaf(0x6000));
	if (sbe)
		flip(r, from, r->next);
}

static void whole_run(bool be, bool sbe)
{
	struct run run;
	struct iom_reply reply;
	struct iom_request q = { .iova = IOVA + 0x123,
		                 .bytes = 1,
		                 .pasid = PROCESS,
		                 .flags = IOM_REQ_PASID,
		                 .access = IOM_WRITE };
	struct rig *r;
	uint64_t spot;

	build(&run, be, sbe);
	r = run.r;
	wr64(r, MSI_CFG, 0x1234000);
	wr32(r, MSI_CFG + 8, 0x11223344);
	run.cq = rig_cq(r, 4, false);
	run.fq = rig_fq(r, 4, true);

	CHECK_EQ(rig_translate(r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, run.data + 0x123);
	q.iova = MSI_IOVA + 4;
	CHECK_EQ(rig_translate(r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, run.file + 4);

	/* a hole in the first stage, one in the second, their records and the message */
	q.iova = IOVA + 0x2008;
	CHECK(rig_translate(r, DEVICE, &q, &reply) == IOM_EFAULT);
	expect(&run, 0, 15, 3, IOVA + 0x2008, 0);
	q.iova = IOVA + 0x1008;
	q.access = IOM_READ;
	CHECK(rig_translate(r, DEVICE, &q, &reply) == IOM_EFAULT);
	expect(&run, 1, 21, 2, IOVA + 0x1008, 0x6008);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].address, 0x1234000);
	CHECK_EQ(r->msi[0].data, be ? 0x44332211 : 0x11223344);

	/* commands and the fence's store */
	spot = page(r);
	command(&run, INVAL_DDT, 0);
	command(&run, INVAL_PDT | 1ull << 33 | (uint64_t)DEVICE << 40 | (uint64_t)PROCESS << 12, 0);
	command(&run, VMA | 1ull << 33 | 0x1234ull << 44, 0);
	command(&run, GVMA | 1ull << 33 | 0x1234ull << 44, 0);
	command(&run, FENCE | FENCE_AV | FENCE_DATA(0xa1b2c3d4), spot >> 2);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(ram32(r, spot), be ? 0xd4c3b2a1 : 0xa1b2c3d4);
	CHECK_EQ(ram32(r, spot + 4), 0);

	/* data of the device itself are bytes, whatever the order of the tables */
	q.iova = IOVA;
	CHECK_EQ(iom_write(rig_port(r, DEVICE), &q, "\1\2\3\4\5\6\7\10", 8, &reply), IOM_OK);
	CHECK_EQ(ram64(r, run.data), 0x0807060504030201);
	rig_free(r);
}

TEST(both_little, "")
{
	whole_run(false, false);
}

TEST(big_directory_little_first_stage, "RV-END-01")
{
	whole_run(true, false);
}

TEST(little_directory_big_first_stage, "RV-END-02")
{
	whole_run(false, true);
}

TEST(both_big, "")
{
	whole_run(true, true);
}

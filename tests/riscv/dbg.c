/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Translation asked for by register: answers, page sizes, and the registers themselves. */
#include "dbg.h"

#define CAP (CAP_EXT | CAP_DBG)
#define CAP_FILES (CAP_MRIF | CAP_DBG)
#define DEVICE STAGE_DEVICE

/* ---- Answers ------------------------------------------------------------------------------ */

TEST(dbg_page, "RV-DBG-01")
{
	for (unsigned second = 0; second < 2; second++)
		for (unsigned pbmt = 0; pbmt < 3; pbmt++) {
			struct stage s;
			struct dbg_answer a;
			uint64_t iova;

			stage_init(&s, CAP, second, 3, 0);
			rig_fq(s.r, 4, false);
			iova = stage_iova(&s, 1);
			for (unsigned bit = 12; bit < 56; bit++) {
				stage_map(&s, iova, 0, leaf(1ull << bit) | PTE_PBMT(pbmt));
				for (unsigned nw = 0; nw < 2; nw++) {
					a = dbg_ask(s.r, DEVICE, iova, nw ? DBG_NW : 0);
					CHECK(!a.fault);
					CHECK_EQ(a.base, 1ull << bit);
					CHECK_EQ(a.bytes, 4096);
					CHECK_EQ(a.pbmt, pbmt);
				}
			}
			rig_expect_none(s.r);
			rig_free(s.r);
		}
}

/* A device that nobody has asked for yet is as good as any. */
TEST(dbg_any_device, "RV-DBG-01")
{
	static const uint32_t devices[] = { 0, 5, 0x123456, 0xffffff };
	struct rig *r = rig_new(CAP);

	rig_ddt(r, 3);
	for (unsigned i = 0; i < COUNT(devices); i++) {
		uint64_t root = page(r);

		rig_map(r, root, 3, false, 0x5000, 0, leaf(STAGE_FAR + 0x1000 * i));
		rig_dc_put(r, devices[i], 1, 0, 1ull << 12, stage_mode(3) | root >> 12);
	}
	for (unsigned i = 0; i < COUNT(devices); i++)
		CHECK_EQ(dbg_ask(r, devices[i], 0x5abc, DBG_NW).base, STAGE_FAR + 0x1000 * i);
	rig_free(r);
}

/*
 * The size of each page; with the switch it is always 4 KiB, and then the page that was asked for.  The
 * second stage has the widest pages, one of them for all of RAM: a Bare stage would be less.
 */
TEST(dbg_page_sizes, "RV-DBG-02")
{
	for (unsigned small = 0; small < 2; small++)
		for (unsigned level = 0; level < 5; level++) {
			const struct iom_riscv_config config = {
				.capabilities = CAP,
				.flags = IOM_RISCV_UNCACHED | (small ? IOM_RISCV_DBG_4K : 0),
			};
			const uint64_t size = stage_page_bytes(level);
			const uint64_t iova = 0x523456789ab000, gpa = STAGE_FAR, spa = 6ull << 48;
			struct rig *r = rig_new_config(&config);
			uint64_t root = page(r), gpa_root = pages(r, 4, 16384);
			struct dbg_answer a;

			rig_ddt(r, 1);
			rig_map(r, root, 5, false, iova, level, leaf(gpa));
			rig_map(r, gpa_root, 5, true, 0, 4, leaf(0));
			rig_map(r, gpa_root, 5, true, gpa, 4, leaf(spa));
			rig_dc_put(r, DEVICE, 1, stage_mode(5) | gpa_root >> 12, 1ull << 12,
			           stage_mode(5) | root >> 12);
			a = dbg_ask(r, DEVICE, iova, 0);
			CHECK(!a.fault);
			CHECK_EQ(a.bytes, small ? 4096 : size);
			CHECK_EQ(a.base, spa | (small ? iova & (size - 1) : 0));
			rig_free(r);
		}
}

TEST(dbg_napot_page, "RV-DBG-02")
{
	struct stage s;
	uint64_t iova;

	stage_init(&s, CAP, false, 3, 0);
	iova = stage_iova(&s, 1) & ~0xffffull;
	for (unsigned i = 0; i < 16; i++)
		stage_map(&s, iova + 0x1000 * i, 0, leaf(STAGE_FAR + 0x30000) | PTE_N | 8 << 10);
	for (unsigned i = 0; i < 16; i++) {
		struct dbg_answer a = dbg_ask(s.r, DEVICE, iova + 0x1000 * i, 0);

		CHECK(!a.fault);
		CHECK_EQ(a.bytes, 0x10000);
		CHECK_EQ(a.base, STAGE_FAR + 0x30000);
	}
	rig_free(s.r);
}

/* Both stages: the smaller page, and less where an interrupt file lies inside it. */
TEST(dbg_smaller_stage, "RV-DBG-02")
{
	for (unsigned first = 0; first < 3; first++)
		for (unsigned second = 0; second < 3; second++) {
			struct mrif m;
			struct dbg_answer a;
			uint64_t root, size = stage_page_bytes(first < second ? first : second);
			const uint64_t iova = 0x3654321000, gpa = 0x1c0000000ull;
			struct guest_page g[3];
			const uint64_t off = iova & (stage_page_bytes(first) - 1);

			mrif_init(&m, CAP, IOM_RISCV_UNCACHED);
			for (unsigned i = 0; i < 3; i++)
				g[i] = nested_page(&m.n);
			root = g[2].gpa;
			for (unsigned i = 2; i > first; i--)
				put64(m.r, g[i].spa + 8 * (iova >> (12 + 9 * i) & 0x1ff),
				      PTE_POINTER(g[i - 1].gpa));
			put64(m.r, g[first].spa + 8 * (iova >> (12 + 9 * first) & 0x1ff),
			      leaf(gpa));
			rig_map(m.r, m.n.root, 3, true, gpa + off, second, leaf(STAGE_FAR));
			put64(m.r, m.dc + 24, stage_mode(3) | root >> 12);
			a = dbg_ask(m.r, MRIF_DEVICE, iova, 0);
			CHECK(!a.fault);
			CHECK_EQ(a.bytes, size);
			CHECK_EQ(a.base,
			         (STAGE_FAR | ((gpa + off) & (stage_page_bytes(second) - 1))) &
			                 ~(size - 1));
			mrif_free(&m);
		}
}

TEST(dbg_beside_an_interrupt_file, "RV-DBG-02")
{
	struct mrif m;
	struct dbg_answer a;

	mrif_init(&m, CAP, IOM_RISCV_UNCACHED);
	rig_map(m.r, m.n.root, 3, true, MRIF_PAGE, 1, leaf(STAGE_FAR));
	a = dbg_ask(m.r, MRIF_DEVICE, MRIF_PAGE + 0x1000, 0);
	CHECK(!a.fault);
	CHECK_EQ(a.bytes, 4096);
	CHECK_EQ(a.base, STAGE_FAR + 0x1000);
	a = dbg_ask(m.r, MRIF_DEVICE, MRIF_PAGE + 0x100000, 0);
	CHECK_EQ(a.bytes, 0x100000);
	CHECK_EQ(a.base, STAGE_FAR + 0x100000);
	mrif_free(&m);
}

/* ---- Interrupt files ---------------------------------------------------------------------- */

TEST(dbg_interrupt_files, "RV-DBG-07")
{
	struct mrif m;
	struct dbg_answer a;

	mrif_init(&m, CAP_FILES, IOM_RISCV_UNCACHED);
	dbg_refused(m.r, MRIF_DEVICE, MRIF_PAGE, 0, 260);
	dbg_refused(m.r, MRIF_DEVICE, MRIF_PAGE, DBG_NW, 260);
	CHECK_EQ(m.r->msis, 0);
	CHECK_EQ(ram64(m.r, m.file), 0);
	put64(m.r, m.dc, 1 | 1 << 4); /* DTF */
	CHECK(dbg_ask(m.r, MRIF_DEVICE, MRIF_PAGE, 0).fault);
	rig_expect_none(m.r);
	put64(m.r, m.dc, 1);
	/* What is wrong with the entry comes first. */
	mrif_put(&m, mrif_entry(m.file) | 1 << 4, 0);
	dbg_refused(m.r, MRIF_DEVICE, MRIF_PAGE, 0, 263);
	mrif_put(&m, 0, 0);
	dbg_refused(m.r, MRIF_DEVICE, MRIF_PAGE, 0, 262);
	/* A file that is no memory is a page like others. */
	mrif_put(&m, PTE_PPN(STAGE_FAR) | 7, 0);
	a = dbg_ask(m.r, MRIF_DEVICE, MRIF_PAGE, 0);
	CHECK(!a.fault);
	CHECK_EQ(a.base, STAGE_FAR);
	CHECK_EQ(a.bytes, 4096);
	dbg_refused(m.r, MRIF_DEVICE, MRIF_PAGE, DBG_NW | DBG_EXE, 1);
	mrif_free(&m);
}

/* The same where a device's message has put the page into a cache. */
TEST(dbg_interrupt_file_from_the_cache, "RV-DBG-07")
{
	struct mrif m;

	mrif_init(&m, CAP_FILES, 0);
	mrif_send(&m, 0, 5);
	dbg_refused(m.r, MRIF_DEVICE, MRIF_PAGE, 0, 260);
	mrif_send(&m, 0, 6);
	CHECK_EQ(ram64(m.r, m.file), 3 << 5);
	mrif_free(&m);
}

/* ---- The registers ------------------------------------------------------------------------ */

TEST(dbg_reserved_fields, "RV-DBG-06 RV-REG-33 RV-REG-34")
{
	struct rig *r = rig_new(CAP);

	wr64(r, TR_REQ_IOVA, ~0ull);
	CHECK_EQ(rd64(r, TR_REQ_IOVA), ~0xfffull);
	wr64(r, TR_REQ_CTL, ~1ull);
	CHECK_EQ(rd64(r, TR_REQ_CTL), 0xffffff01fffff00eull);
	wr64(r, TR_RESPONSE, ~0ull);
	CHECK_EQ(rd64(r, TR_RESPONSE), 0);
	wr64(r, TR_REQ_CTL, 0);
	CHECK_EQ(rd64(r, TR_REQ_CTL), 0);
	rig_free(r);
}

/* Nothing starts without Go, and what was answered stays. */
TEST(dbg_without_go, "RV-DBG-06 RV-DBG-08")
{
	struct stage s;
	uint64_t iova, response;

	stage_init(&s, CAP, false, 3, 0);
	rig_fq(s.r, 4, false);
	iova = stage_iova(&s, 1);
	stage_map(&s, iova, 0, leaf(STAGE_FAR + 0x5000));
	CHECK_EQ(dbg_ask(s.r, DEVICE, iova, 0).base, STAGE_FAR + 0x5000);
	response = rd64(s.r, TR_RESPONSE);
	wr64(s.r, TR_RESPONSE, ~0ull);
	CHECK_EQ(rd64(s.r, TR_RESPONSE), response);
	/* These would all be refused. */
	wr64(s.r, TR_REQ_IOVA, 0);
	wr64(s.r, TR_REQ_CTL, DBG_DID(DEVICE + 1));
	wr32(s.r, TR_REQ_CTL, 0);
	wr32(s.r, TR_REQ_CTL + 4, (DEVICE + 1) << 8 | 1);
	CHECK_EQ(rd64(s.r, TR_RESPONSE), response);
	CHECK_EQ(rd64(s.r, TR_REQ_CTL), DBG_DID(DEVICE + 1) | 1ull << 32);
	rig_expect_none(s.r);
	/* By halves: high, then low with Go. */
	wr32(s.r, TR_REQ_IOVA + 4, (uint32_t)(iova >> 32));
	wr32(s.r, TR_REQ_IOVA, (uint32_t)iova);
	wr32(s.r, TR_REQ_CTL + 4, DEVICE << 8);
	wr32(s.r, TR_REQ_CTL + 4, (DEVICE + 1) << 8);
	wr32(s.r, TR_REQ_CTL, DBG_NW | DBG_GO);
	CHECK_EQ(rd64(s.r, TR_REQ_CTL), DBG_DID(DEVICE + 1) | DBG_NW);
	CHECK_EQ(rd64(s.r, TR_RESPONSE), 1);
	rig_expect(s.r, rig_record(258, 2, DEVICE + 1), iova & ~0xfffull, 0);
	wr32(s.r, TR_REQ_CTL + 4, DEVICE << 8);
	CHECK_EQ(rd64(s.r, TR_RESPONSE), 1);
	wr32(s.r, TR_REQ_CTL, DBG_GO);
	CHECK_EQ(rd64(s.r, TR_RESPONSE), response);
	rig_expect_none(s.r);
	rig_free(s.r);
}

TEST(dbg_registers_by_halves, "RV-REG-05 RV-REG-06")
{
	struct rig *r = rig_new(CAP);

	wr64(r, TR_REQ_IOVA, 0x123456789abcd000);
	CHECK_EQ(rd32(r, TR_REQ_IOVA), 0x9abcd000);
	CHECK_EQ(rd32(r, TR_REQ_IOVA + 4), 0x12345678);
	wr32(r, TR_REQ_IOVA, 0x55555555);
	CHECK_EQ(rd64(r, TR_REQ_IOVA), 0x1234567855555000);
	wr32(r, TR_REQ_IOVA + 4, 0x66666666);
	CHECK_EQ(rd64(r, TR_REQ_IOVA), 0x6666666655555000);
	CHECK_EQ(rd32(r, TR_REQ_CTL), 0);
	rig_free(r);
}

TEST(dbg_reset, "RV-REG-16")
{
	struct stage s;
	uint64_t iova;

	stage_init(&s, CAP, false, 3, 0);
	iova = stage_iova(&s, 1);
	stage_map(&s, iova, 0, leaf(STAGE_FAR));
	dbg_ask(s.r, DEVICE, iova, 0);
	iom_unit_reset(s.r->unit);
	CHECK_EQ(rd64(s.r, TR_REQ_CTL) & DBG_GO, 0);
	CHECK_EQ(rd64(s.r, TR_REQ_CTL), 0);
	CHECK_EQ(rd64(s.r, TR_REQ_IOVA), 0);
	CHECK_EQ(rd64(s.r, TR_RESPONSE), 0);
	rig_free(s.r);
}

TEST(dbg_moves, "")
{
	struct stage s;
	uint64_t iova, response;

	stage_init(&s, CAP, false, 3, 0);
	iova = stage_iova(&s, 1);
	stage_map(&s, iova, 0, leaf(STAGE_FAR + 0x7000));
	dbg_ask(s.r, DEVICE, iova, DBG_NW);
	response = rd64(s.r, TR_RESPONSE);
	rig_move(s.r);
	CHECK_EQ(rd64(s.r, TR_RESPONSE), response);
	rig_free(s.r);
}

/* What it puts into caches goes by the same commands. */
TEST(dbg_fills_are_invalidated, "")
{
	struct rig *r = rig_new_config(&(struct iom_riscv_config){ .capabilities = CAP });
	uint64_t root = page(r), pte;

	rig_ddt(r, 1);
	rig_cq(r, 4, false);
	pte = rig_map(r, root, 3, false, 0x5000, 0, leaf(STAGE_FAR));
	rig_dc_put(r, DEVICE, 1, 0, 1ull << 12, stage_mode(3) | root >> 12);
	for (unsigned i = 0; i < 8; i++) {
		uint64_t to = STAGE_FAR + 0x1000 * i;

		put64(r, pte, leaf(to));
		rig_cmd(r, VMA | 1 << 10 | 1ull << 32 | 1ull << 12, PPN_OF(0x5000));
		CHECK_EQ(dbg_ask(r, DEVICE, 0x5000, i & 1 ? DBG_NW : 0).base, to);
		CHECK_EQ(rig_spa(r, DEVICE, 0x5000), to);
	}
	rig_free(r);
}

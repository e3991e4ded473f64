/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The 32-bit schemes: tables, widths, byte order, and nesting. */
#include "sv32.h"

#define DEVICE 2

/* A device whose first stage is Sv32 over a Bare second one. */
static uint64_t first_stage(struct rig *r, uint64_t tc)
{
	uint64_t root = page(r);

	rig_dc_put(r, DEVICE, TC_V | TC_SXL | tc, 0, 3ull << 12, MODE_SV32 | root >> 12);
	return root;
}

/* A device whose second stage is Sv32x4 under a Bare first one. */
static uint64_t second_stage(struct rig *r, uint64_t tc)
{
	uint64_t root = pages(r, 4, 16384);

	rig_dc_put(r, DEVICE, TC_V | TC_SXL | tc, MODE_SV32 | GSCID_7 | root >> 12, 0, 0);
	return root;
}

static void grants(struct rig *r, uint64_t iova, uint64_t spa, unsigned range_lg2)
{
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
		const struct iom_request q = { .iova = iova,
			                       .bytes = 4,
			                       .access = (uint8_t)access };
		struct iom_reply reply;

		CHECK_MSG(rig_translate(r, DEVICE, &q, &reply) == IOM_OK, "0x%llx: cause %u",
		          (unsigned long long)iova, reply.fault);
		CHECK_EQ(reply.spa, spa);
		CHECK_EQ(reply.range_lg2, range_lg2);
		CHECK_EQ(reply.perm, 7);
		CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
	}
}

/* All accesses are refused with one record each. */
static void refuses(struct rig *r, uint64_t iova, unsigned (*cause)(unsigned), uint64_t iotval2)
{
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
		CHECK_EQ(rig_cause(r, DEVICE, iova, access), cause(access));
		rig_expect(r, rig_record(cause(access), ttyp_of(access), DEVICE), iova, iotval2);
	}
}

/* ---- Each stage alone --------------------------------------------------------------------- */

TEST(sv32_pages, "RV-S1-01 RV-S1-37")
{
	static const uint64_t iovas[] = { 0, 0x1000, 0x3ff000, 0x400000, 0x5a6b7000, 0xfffff000 };
	static const uint64_t pas[] = { 0, 0x1000, 0x200000000, 0x2a5b6c000,
		                        PA34_LAST & ~0xfffull };

	for (uint32_t gxl = 0; gxl <= GXL; gxl += GXL) {
		for (unsigned i = 0; i < COUNT(iovas); i++) {
			struct rig *r = rig32(CAP_BOTH, gxl);
			uint64_t root = first_stage(r, 0);

			for (unsigned p = 0; p < COUNT(pas); p++) {
				uint64_t big = pas[p] & ~0x3fffffull;

				map32(r, root, false, iovas[i], 0, leaf32(pas[p]), false);
				grants(r, iovas[i], pas[p], 12);
				grants(r, iovas[i] | 0xffc, pas[p] | 0xffc, 12);
				refuses(r, iovas[i] ^ 0x1000, page_fault, 0);
				refuses(r, iovas[i] ^ 0x400000, page_fault, 0);

				map32(r, root, false, iovas[i], 1, leaf32(big), false);
				grants(r, iovas[i], big | (iovas[i] & 0x3fffff), 22);
				grants(r, iovas[i] ^ 0x3ff004,
				       big | ((iovas[i] ^ 0x3ff004) & 0x3fffff), 22);
				refuses(r, iovas[i] ^ 0x400000, page_fault, 0);
				map32(r, root, false, iovas[i], 1, 0, false);
			}
			rig_free(r);
		}
	}
}

TEST(sv32_width, "RV-S1-06")
{
	struct rig *r = rig32(CAP_BOTH, 0);
	uint64_t root = first_stage(r, 0);
	static const uint64_t low[] = { 0x5678, 0xfffff678 };

	for (unsigned i = 0; i < COUNT(low); i++) {
		map32(r, root, false, low[i], 0, leaf32(0x7000), false);
		grants(r, low[i], 0x7678, 12);
		for (unsigned bit = 32; bit < 64; bit++)
			refuses(r, low[i] | 1ull << bit, page_fault, 0);
		refuses(r, low[i] | ~0ull << 32, page_fault, 0);
	}
	rig_free(r);
}

/* The rules about entries, which are those of 64 bits as far as a 32-bit entry can say them. */
static void entries(struct rig *r, uint64_t root, bool x4, unsigned (*cause)(unsigned))
{
	/* V=0; W without R, twice; U=0; A=0, twice; and D=0, which keeps out writes alone */
	static const unsigned bad_leaf[] = { 0xde, 0xdd, 0xd5, 0xcf, 0x9f, 0x1f, 0x5f };
	const uint64_t iova = 0x5a6b7000;
	uint64_t table;

	for (unsigned level = 0; level < 2; level++) {
		for (unsigned i = 0; i < COUNT(bad_leaf); i++) {
			map32(r, root, x4, iova, level, pte32(0x400000, bad_leaf[i]), false);
			for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
				bool write = access == IOM_WRITE || access == IOM_ATOMIC;

				CHECK_EQ(rig_cause(r, DEVICE, iova, access),
				         bad_leaf[i] == 0x5f && !write ? 0 : cause(access));
			}
		}
		/* software's bits, and G */
		map32(r, root, x4, iova, level, pte32(0x400000, 0x3ff), false);
		CHECK_EQ(rig_spa(r, DEVICE, iova), level ? 0x6b7000 : 0x400000);
		map32(r, root, x4, iova, level, 0, false);
	}
	/* a superpage that is not aligned, by each bit */
	for (unsigned bit = 12; bit < 22; bit++) {
		map32(r, root, x4, iova, 1, leaf32(0x400000 | 1ull << bit), false);
		CHECK_EQ(rig_cause(r, DEVICE, iova, IOM_READ), cause(IOM_READ));
	}
	/* pointers: with A, D or U; at level 0; with software's bits and G */
	map32(r, root, x4, iova, 1, 0, false);
	map32(r, root, x4, iova, 0, leaf32(0x9000), false);
	table = (uint64_t)(ram32(r, root + 4 * (iova >> 22)) >> 10) << 12;
	for (unsigned bit = 4; bit < 10; bit++) {
		bool wrong = bit == 4 || bit == 6 || bit == 7;

		map32(r, root, x4, iova, 1, pte32(table, 1u | 1u << bit), false);
		CHECK_EQ(rig_cause(r, DEVICE, iova, IOM_READ), wrong ? cause(IOM_READ) : 0);
	}
	map32(r, root, x4, iova, 1, pte32(table, 1), false);
	map32(r, root, x4, iova, 0, pte32(table, 1), false);
	CHECK_EQ(rig_cause(r, DEVICE, iova, IOM_READ), cause(IOM_READ));
	/* tables that are not there */
	map32(r, root, x4, iova, 1, pte32(RIG_NOWHERE, 1), false);
	CHECK_EQ(rig_cause(r, DEVICE, iova, IOM_READ), 5);
	CHECK_EQ(rig_cause(r, DEVICE, iova, IOM_WRITE), 7);
	CHECK_EQ(rig_cause(r, DEVICE, iova, IOM_EXECUTE), 1);
}

TEST(sv32_entries, "")
{
	struct rig *r = rig32(CAP_BOTH, 0);

	entries(r, first_stage(r, 0), false, page_fault);
	rig_free(r);
	r = rig32(CAP_BOTH, GXL);
	entries(r, second_stage(r, 0), true, guest_page_fault);
	rig_free(r);
}

/* A neighbour in the same doubleword is nobody's business. */
TEST(sv32_entries_have_four_bytes, "")
{
	struct rig *r = rig32(CAP_BOTH, 0);
	uint64_t root = first_stage(r, 0);
	uint64_t entry = map32(r, root, false, 0x3000, 0, leaf32(0x5000), false);

	CHECK_EQ(iom_memory_poison(r->memory, entry - 4, 4), IOM_OK);
	CHECK_EQ(rig_spa(r, DEVICE, 0x3000), 0x5000);
	CHECK_EQ(rig_cause(r, DEVICE, 0x2000, IOM_READ), 274);
	CHECK_EQ(iom_memory_poison(r->memory, entry, 4), IOM_OK);
	CHECK_EQ(rig_cause(r, DEVICE, 0x3000, IOM_READ), 274);
	rig_free(r);
}

static void second_stage_pages_32(void)
{
	static const uint64_t gpas[] = { 0,           0x3ff000,    0x5a6b7000,
		                         0x100000000, 0x2a5b6c000, 0x3fffff000 };

	for (unsigned i = 0; i < COUNT(gpas); i++) {
		struct rig *r = rig32(CAP_BOTH, GXL);
		uint64_t root = second_stage(r, 0);

		map32(r, root, true, gpas[i], 0, leaf32(0x31234f000), false);
		grants(r, gpas[i] | 0xabc, 0x31234fabc, 12);
		refuses(r, gpas[i] ^ 0x100000000, guest_page_fault, gpas[i] ^ 0x100000000);
		map32(r, root, true, gpas[i], 1, leaf32(0x312000000), false);
		grants(r, gpas[i] | 0xabc, 0x312000abc | (gpas[i] & 0x3ff000), 22);
		refuses(r, gpas[i] ^ 0x200000000, guest_page_fault, gpas[i] ^ 0x200000000);
		rig_free(r);
	}
}

/* The Bare first stage grants 1 GiB at a time. */
static void second_stage_pages_64(unsigned levels)
{
	struct stage s;

	stage_init(&s, CAP_EXT, true, levels, 0);
	for (unsigned level = 0; level < levels; level++) {
		uint64_t gpa = stage_iova(&s, level), bytes = stage_page_bytes(level);
		const struct iom_request q = { .iova = gpa, .bytes = 1 };
		struct iom_reply reply;

		stage_map(&s, gpa, level, leaf(STAGE_FAR));
		CHECK_EQ(rig_translate(s.r, STAGE_DEVICE, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, STAGE_FAR | (gpa & (bytes - 1)));
		CHECK_EQ(reply.range_lg2, level < 2 ? 12 + 9 * level : 30);
	}
	rig_free(s.r);
}

TEST(second_stages_map_pages_of_each_size, "RV-S2-01")
{
	second_stage_pages_32();
	for (unsigned levels = 3; levels <= 5; levels++)
		second_stage_pages_64(levels);
}

TEST(sv32x4_width, "")
{
	struct rig *r = rig32(CAP_BOTH, GXL);
	uint64_t root = second_stage(r, 0);

	map32(r, root, true, 0x5678, 0, leaf32(0x7000), false);
	for (unsigned bit = 34; bit < 64; bit++)
		refuses(r, 0x5678 | 1ull << bit, guest_page_fault, 0x5678 | 1ull << bit);
	rig_free(r);
}

/* ---- SXL ---------------------------------------------------------------------------------- */

/* RV32 software has guest-physical addresses of 34 bits, whatever the second stage could take. */
TEST(sxl_limits_guest_addresses, "RV-S2-04")
{
	for (unsigned levels = 3; levels <= 5; levels++) {
		struct rig *r = rig32(CAP_BOTH, 0);
		uint64_t root = pages(r, 4, 16384);

		for (unsigned sxl = 0; sxl < 2; sxl++) {
			rig_dc_put(r, DEVICE, TC_V | (sxl ? TC_SXL : 0),
			           stage_mode(levels) | GSCID_7 | root >> 12, 0, 0);
			for (unsigned bit = 32; bit < 14 + 9 * levels; bit++) {
				uint64_t gpa = 0x5678 | 1ull << bit;

				rig_map(r, root, levels, true, gpa, 0, leaf(STAGE_FAR));
				if (sxl && bit >= 34)
					refuses(r, gpa, guest_page_fault, gpa);
				else
					grants(r, gpa, STAGE_FAR | 0x678, 12);
			}
		}
		rig_free(r);
	}
}

TEST(sxl_limits_nothing_that_is_bare, "RV-S1-39")
{
	for (uint32_t gxl = 0; gxl <= GXL; gxl += GXL) {
		struct rig *r = rig32(CAP_BOTH, gxl);

		rig_dc_put(r, DEVICE, TC_V | TC_SXL, 0, 0, 0);
		for (unsigned bit = 12; bit < 64; bit++)
			grants(r, 0x5678 | 1ull << bit, 0x5678 | 1ull << bit, 30);
		grants(r, ~0xfull, ~0xfull, 30);
		rig_free(r);
	}
}

/* ---- Nesting ------------------------------------------------------------------------------ */

/* Where guest pages are; no guest address is that of any memory. */
#define GPA_ROOT 0x212340000ull
#define GPA_TABLE 0x2f5678000ull
#define GPA_DATA 0x3fedcb000ull

struct nest {
	struct rig *r;
	uint64_t root, table, data; /* SPAs */
	uint64_t gpa_root;          /* of the second stage */
	bool gxl;
};

static void nest_page(struct nest *n, uint64_t gpa, uint64_t spa, bool big)
{
	uint64_t entry;

	if (n->gxl) {
		map32(n->r, n->gpa_root, true, gpa, 0, leaf32(spa), big);
		return;
	}
	entry = rig_map(n->r, n->gpa_root, 3, true, gpa, 0, leaf(spa));
	CHECK(entry && !big);
}

/* Sv32 over Sv32x4 or Sv39x4; `fctl` and `tc` choose among byte orders. */
static void nest_init(struct nest *n, uint32_t fctl, uint64_t tc)
{
	bool big1 = tc & TC_SBE, big2 = fctl & BE;
	uint32_t pointer = pte32(GPA_TABLE, 1), last = leaf32(GPA_DATA);

	*n = (struct nest){ .gxl = fctl & GXL };
	n->r = rig_new_config(
		&(struct iom_riscv_config){ .capabilities = CAP_BOTH | CAP_AMO_HWAD,
	                                    .flags = IOM_RISCV_UNCACHED | IOM_RISCV_GXL_WRITABLE });
	wr32(n->r, FCTL, fctl);
	n->root = page(n->r);
	n->table = page(n->r);
	n->data = page(n->r);
	n->gpa_root = pages(n->r, 4, 16384);
	nest_page(n, GPA_ROOT, n->root, big2);
	nest_page(n, GPA_TABLE, n->table, big2);
	nest_page(n, GPA_DATA, n->data, big2);
	put32(n->r, n->root + 4 * (0x5a6b7 >> 10), big1 ? swap32(pointer) : pointer);
	put32(n->r, n->table + 4 * (0x5a6b7 & 0x3ff), big1 ? swap32(last) : last);
}

static void nest_dc(struct nest *n, uint64_t tc, bool big)
{
	const uint64_t words[] = { TC_V | TC_SXL | tc, MODE_SV32 | GSCID_7 | n->gpa_root >> 12, 0,
		                   MODE_SV32 | GPA_ROOT >> 12 };
	uint64_t ddt = page(n->r);

	for (unsigned i = 0; i < 4; i++)
		put64(n->r, ddt + 64 * DEVICE + 8 * i, big ? swap64(words[i]) : words[i]);
	wr64(n->r, DDTP, PPN_OF(ddt) | LVL1);
}

TEST(sv32_nested, "")
{
	for (uint32_t gxl = 0; gxl <= GXL; gxl += GXL) {
		const uint64_t iova = 0x5a6b7000;
		struct nest n;

		nest_init(&n, gxl, 0);
		nest_dc(&n, 0, false);
		rig_fq(n.r, 5, false);
		grants(n.r, iova | 0x234, n.data | 0x234, 12);
		/* a table whose page the second stage does not know */
		put32(n.r, n.root + 4 * (iova >> 22), pte32(GPA_TABLE + 0x1000, 1));
		refuses(n.r, iova, guest_page_fault, (GPA_TABLE + 0x1000 + 4 * 0x2b7) | 1);
		put32(n.r, n.root + 4 * (iova >> 22), pte32(GPA_TABLE, 1));
		put32(n.r, n.table + 4 * 0x2b7, leaf32(GPA_DATA + 0x1000));
		refuses(n.r, iova | 8, guest_page_fault, GPA_DATA + 0x1008);
		/* 4 MiB over 4 KiB */
		put32(n.r, n.root + 4 * (iova >> 22), leaf32(GPA_DATA & ~0x3fffffull));
		grants(n.r, (iova & ~0x3fffffull) | (GPA_DATA & 0x3fffff), n.data, 12);
		rig_free(n.r);
	}
}

TEST(sv32_byte_order, "RV-END-03")
{
	for (unsigned order = 0; order < 4; order++) {
		uint32_t fctl = GXL | (order & 1 ? BE : 0);
		uint64_t tc = order & 2 ? TC_SBE : 0;
		const struct iom_request q = { .iova = 0x5a6b7234, .bytes = 4 };
		struct iom_reply reply;
		struct nest n;

		nest_init(&n, fctl, tc);
		nest_dc(&n, tc, order & 1);
		CHECK_EQ(rig_translate(n.r, DEVICE, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, n.data | 0x234);
		/* the other order of the first stage means something else */
		put32(n.r, n.table + 4 * 0x2b7, swap32(ram32(n.r, n.table + 4 * 0x2b7)));
		CHECK_EQ(rig_translate(n.r, DEVICE, &q, &reply), IOM_EFAULT);
		put32(n.r, n.table + 4 * 0x2b7, swap32(ram32(n.r, n.table + 4 * 0x2b7)));
		CHECK_EQ(rig_translate(n.r, DEVICE, &q, &reply), IOM_OK);
		put32(n.r, n.root + 4 * (0x5a6b7 >> 10),
		      swap32(ram32(n.r, n.root + 4 * (0x5a6b7 >> 10))));
		CHECK_EQ(rig_translate(n.r, DEVICE, &q, &reply), IOM_EFAULT);
		rig_free(n.r);
	}
}

/* Hardware sets A and D where the order of the stage has them, and nothing else. */
TEST(sv32_byte_order_of_flags, "RV-END-03")
{
	for (unsigned order = 0; order < 4; order++) {
		uint64_t tc = TC_SADE | TC_GADE | (order & 2 ? TC_SBE : 0), entry[3];
		const uint32_t fresh = pte32(GPA_DATA, 0x1f);
		bool big1 = order & 2, big2 = order & 1;
		struct nest n;

		nest_init(&n, GXL | (big2 ? BE : 0), tc);
		nest_dc(&n, tc, big2);
		/* none of A and D in the leaf, in that of its table, and in that of the page */
		entry[0] = n.table + 4 * 0x2b7;
		put32(n.r, entry[0], big1 ? swap32(fresh) : fresh);
		entry[1] = map32(n.r, n.gpa_root, true, GPA_TABLE, 0, pte32(n.table, 0x1f), big2);
		entry[2] = map32(n.r, n.gpa_root, true, GPA_DATA, 0, pte32(n.data, 0x1f), big2);
		for (unsigned write = 0; write < 2; write++) {
			unsigned low = write ? 0xdf : 0x5f;
			/* a first-stage entry that is written makes its page dirty */
			const uint32_t now[] = { pte32(GPA_DATA, low), pte32(n.table, 0xdf),
				                 pte32(n.data, low) };

			CHECK_EQ(rig_cause(n.r, DEVICE, 0x5a6b7234, write ? IOM_WRITE : IOM_READ),
			         0);
			for (unsigned i = 0; i < 3; i++) {
				bool big = i ? big2 : big1;

				CHECK_EQ(ram32(n.r, entry[i]), big ? swap32(now[i]) : now[i]);
			}
		}
		rig_free(n.r);
	}
}

/* What a backend is told: whose tables these are. */
TEST(sv32_contexts, "")
{
	for (unsigned second = 0; second < 2; second++) {
		struct rig *r = rig32(CAP_BOTH, second ? GXL : 0);
		uint64_t root = second ? second_stage(r, 0) : first_stage(r, 0);
		struct iom_context_info info;
		struct iom_endpoint *endpoint;
		const struct iom_stage *stage = second ? &info.stage2 : &info.stage1;

		CHECK_EQ(iom_endpoint_get(r->unit, DEVICE, &endpoint), IOM_OK);
		CHECK_EQ(iom_fault_in(endpoint, false, 0, &info), IOM_OK);
		CHECK_EQ(info.kind, IOM_CONTEXT_TRANSLATED);
		CHECK_EQ(stage->root, root);
		CHECK_EQ(stage->format, IOM_FORMAT_RISCV_SV32);
		rig_free(r);
	}
}

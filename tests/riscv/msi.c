/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* MSI page tables: which guest-physical pages they serve, and what their entries say. */
#include <stdlib.h>
#include <string.h>

#include "nested.h"

#define DEVICE 3
#define V 1ull
#define BASIC (V | 3ull << 1)
#define C (1ull << 63)
#define FCTL 0x008
#define FLAT (1ull << 60)
#define FILES 0x28000000ull /* where most tests put the interrupt files of a guest */
#define TARGET 0x3330000ull /* far from all memory */

/* A device with a second stage, first stage Bare, and an MSI table of one page. */
struct bench {
	struct nested n;
	struct rig *r;
	uint64_t table, dc;
};

static struct bench bench_new(unsigned levels, uint64_t mask, uint64_t pattern)
{
	struct bench b;

	nested_init(&b.n, CAP_EXT, levels);
	b.r = b.n.r;
	b.table = page(b.r);
	b.dc = rig_dc(b.r, DEVICE);
	put64(b.r, b.dc + 32, FLAT | b.table >> 12);
	put64(b.r, b.dc + 40, mask);
	put64(b.r, b.dc + 48, pattern);
	rig_dc_put(b.r, DEVICE, V, nested_iohgatp(&b.n), 3ull << 12, 0);
	rig_fq(b.r, 4, false);
	return b;
}

static void entry_put(struct bench *b, unsigned index, uint64_t dw0, uint64_t dw1)
{
	put64(b->r, b->table + 16 * index + 8, dw1);
	put64(b->r, b->table + 16 * index, dw0);
}

static uint64_t basic(uint64_t spa)
{
	return PTE_PPN(spa) | BASIC;
}

static struct iom_reply ask(struct bench *b, uint64_t iova, unsigned access)
{
	const struct iom_request q = { .iova = iova, .bytes = 4, .access = (uint8_t)access };
	struct iom_reply reply;
	int err = rig_translate(b->r, DEVICE, &q, &reply);

	CHECK_MSG(err == IOM_OK, "0x%llx: cause %u", (unsigned long long)iova, reply.fault);
	return reply;
}

/* Reads, writes and atomic accesses to `iova` are refused with `cause`. */
static void refused(struct bench *b, uint64_t iova, unsigned cause, const char *why)
{
	const unsigned accesses[] = { IOM_READ, IOM_WRITE, IOM_ATOMIC };
	unsigned i, is;

	for (i = 0; i < 3; i++) {
		is = rig_cause(b->r, DEVICE, iova, accesses[i]);
		CHECK_MSG(is == cause, "%s: %u instead of %u", why, is, cause);
		rig_expect(b->r, rig_record(cause, ttyp_of(accesses[i]), DEVICE), iova, 0);
	}
}

/* ---- Recognition -------------------------------------------------------------------------- */

TEST(msi_match, "RV-MSI-01 IRQ-RVMSI-01")
{
	/* Bits of a page number that Sv57x4 has: 46:0. */
	const uint64_t all = (1ull << 47) - 1, mask = 0x100000010005, pattern = 0x2aaaaaaaaaaa;
	struct bench b = bench_new(5, mask, pattern);
	unsigned bit, i;

	for (i = 0; i < 16; i++)
		entry_put(&b, i, basic(TARGET + 0x1000 * i), 0);
	for (bit = 0; bit < 47; bit++) {
		const uint64_t gpa = ((pattern ^ 1ull << bit) & all) << 12 | 0x10;

		if (mask >> bit & 1) {
			CHECK(ask(&b, gpa, IOM_WRITE).spa - TARGET < 0x10000);
			continue;
		}
		CHECK_EQ(rig_cause(b.r, DEVICE, gpa, IOM_WRITE), 23);
		rig_expect(b.r, rig_record(23, 3, DEVICE), gpa, gpa);
		rig_map(b.r, b.n.root, 5, true, gpa, 0, leaf(STAGE_FAR));
		CHECK_EQ(ask(&b, gpa, IOM_WRITE).spa, STAGE_FAR | 0x10);
	}
	/* The pattern's masked bits do not count. */
	CHECK(ask(&b, (pattern & ~mask) << 12, IOM_WRITE).spa - TARGET < 0x10000);
	CHECK(ask(&b, (pattern | mask) << 12, IOM_WRITE).spa - TARGET < 0x10000);
	rig_free(b.r);
}

TEST(msi_match_above_width, "RV-MSI-02 RV-MSI-32")
{
	unsigned levels, bit;

	for (levels = 3; levels <= 5; levels++) {
		struct bench b = bench_new(levels, 3, FILES >> 12);

		entry_put(&b, 0, basic(TARGET), 0);
		/* What a cut-off address would find. */
		rig_map(b.r, b.n.root, levels, true, FILES, 0, leaf(STAGE_FAR));
		for (bit = 14 + 9 * levels; bit < 64; bit++) {
			const uint64_t gpa = FILES | 1ull << bit | 0x20;

			CHECK_EQ(rig_cause(b.r, DEVICE, gpa, IOM_READ), 21);
			rig_expect(b.r, rig_record(21, 2, DEVICE), gpa, gpa);
			CHECK_EQ(rig_cause(b.r, DEVICE, gpa, IOM_WRITE), 23);
			rig_expect(b.r, rig_record(23, 3, DEVICE), gpa, gpa);
			/* The same where no bit of the pattern is met. */
			CHECK_EQ(rig_cause(b.r, DEVICE, 1ull << bit, IOM_READ), 21);
			rig_expect(b.r, rig_record(21, 2, DEVICE), 1ull << bit, 1ull << bit);
		}
		CHECK_EQ(ask(&b, FILES | 0x20, IOM_WRITE).spa, TARGET | 0x20);
		rig_free(b.r);
	}
}

/* The bits of `x` that `mask` selects, packed, bit by bit. */
static unsigned extract(uint64_t x, uint64_t mask)
{
	unsigned bit, n = 0, packed = 0;

	for (bit = 0; bit < 52; bit++)
		if (mask >> bit & 1)
			packed |= (unsigned)(x >> bit & 1) << n++;
	return packed;
}

/* The way back. */
static uint64_t deposit(unsigned index, uint64_t mask)
{
	uint64_t x = 0;
	unsigned bit, n = 0;

	for (bit = 0; bit < 52; bit++)
		if (mask >> bit & 1)
			x |= (uint64_t)(index >> n++ & 1) << bit;
	return x;
}

TEST(msi_index, "RV-MSI-03 IRQ-RVMSI-02")
{
	/* The manual's example is the first: abcdefgh by 10100110 is acfg. */
	const uint64_t masks[] = { 0xa6, 0x1, 0xf, 0x10008001, 0x400000000021, 0x70000700, 0 };
	unsigned m, i, n;

	for (m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
		const uint64_t mask = masks[m], fixed = 0x123456789a5a & ~mask & ((1ull << 47) - 1);
		struct bench b = bench_new(5, mask, fixed);

		for (i = 0; i < 256; i++)
			entry_put(&b, i, basic(TARGET + 0x1000 * i), 0);
		n = (unsigned)__builtin_popcountll(mask);
		for (i = 0; i < 1u << n; i++) {
			uint64_t page_number = fixed | deposit(i, mask);

			CHECK_EQ(extract(page_number, mask), i);
			CHECK_EQ(ask(&b, page_number << 12 | 4, IOM_WRITE).spa,
			         TARGET + 0x1000 * i + 4);
		}
		rig_free(b.r);
	}
}

/* A table of 4 MiB: each bit of a wide index has its place, wherever the mask has it. */
TEST(msi_wide_index, "RV-MSI-03 IRQ-RVMSI-02")
{
	const uint64_t masks[] = { 0x3ffff, 0x7fffe0000000, 0x555555555, 0x70f01e03c070 };
	const unsigned last = 0x3ffff;
	unsigned m, n;

	for (m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
		const uint64_t mask = masks[m], fixed = 0x123456789a5a & ~mask & ((1ull << 47) - 1);
		struct bench b = bench_new(5, mask, fixed);

		CHECK_EQ(__builtin_popcountll(mask), 18);
		b.table = pages(b.r, 1024, 1ull << 22);
		put64(b.r, b.dc + 32, FLAT | b.table >> 12);
		for (n = 0; n < 36; n++) {
			unsigned index = n < 18 ? 1u << n : last & ~(1u << (n - 18));

			entry_put(&b, index, basic(TARGET + 0x1000 * n), 0);
			CHECK_EQ(ask(&b, (fixed | deposit(index, mask)) << 12 | 4, IOM_WRITE).spa,
			         TARGET + 0x1000 * n + 4);
		}
		rig_free(b.r);
	}
}

TEST(msi_off, "RV-MSI-15")
{
	struct bench b = bench_new(3, 3, FILES >> 12);

	put64(b.r, b.dc + 32, b.table >> 12);
	entry_put(&b, 0, basic(TARGET), 0);
	CHECK_EQ(rig_cause(b.r, DEVICE, FILES, IOM_WRITE), 23);
	rig_expect(b.r, rig_record(23, 3, DEVICE), FILES, FILES);
	rig_map(b.r, b.n.root, 3, true, FILES, 0, leaf(STAGE_FAR));
	CHECK_EQ(ask(&b, FILES | 0x10, IOM_WRITE).spa, STAGE_FAR | 0x10);
	CHECK_EQ(ask(&b, FILES | 0x10, IOM_EXECUTE).spa, STAGE_FAR | 0x10);
	rig_free(b.r);
}

/* ---- Entries ------------------------------------------------------------------------------ */

TEST(msi_basic, "RV-MSI-04 IRQ-RVMSI-04")
{
	struct bench b = bench_new(3, 3, FILES >> 12);
	struct iom_reply reply;
	unsigned bit, i;

	for (i = 0; i < 4; i++)
		entry_put(&b, i, basic(TARGET + 0x5000 * i), ~0ull);
	for (i = 0; i < 4; i++)
		for (bit = 0; bit < 12; bit++) {
			reply = ask(&b, FILES + 0x1000 * i + (1u << bit), IOM_WRITE);
			CHECK_EQ(reply.spa, TARGET + 0x5000 * i + (1u << bit));
		}
	CHECK_EQ(reply.range_lg2, 12);
	CHECK_EQ(reply.perm, IOM_PERM_READ | IOM_PERM_WRITE);
	CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
	/* Each PPN bit of the machine's width. */
	for (bit = 12; bit < 56; bit++) {
		struct bench other = bench_new(3, 0, FILES >> 12);

		entry_put(&other, 0, basic(1ull << bit), 0);
		CHECK_EQ(ask(&other, FILES | 0xabc, IOM_READ).spa, 1ull << bit | 0xabc);
		rig_free(other.r);
	}
	rig_free(b.r);
}

TEST(msi_any_access, "RV-MSI-05")
{
	struct bench b = bench_new(3, 0, FILES >> 12);
	uint64_t target = page(b.r);
	uint8_t data[4096], back[4096];
	struct iom_port *port = rig_port(b.r, DEVICE);
	struct iom_reply reply;
	uint64_t off;
	size_t bytes;
	unsigned i;

	entry_put(&b, 0, basic(target), 0);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 1);
	for (bytes = 1; bytes <= 4096; bytes = bytes < 17 ? bytes + 1 : bytes * 2 - 1)
		for (off = 0; off + bytes <= 4096; off += 1023) {
			const struct iom_request q = { .iova = FILES + off };

			memset(b.r->ram + (target - RIG_RAM), 0, 4096);
			memset(back, 0, sizeof(back));
			CHECK_EQ(iom_write(port, &q, data, bytes, &reply), IOM_OK);
			CHECK_EQ(reply.done, bytes);
			CHECK(!memcmp(b.r->ram + (target - RIG_RAM) + off, data, bytes));
			CHECK_EQ(iom_read(port, &q, back, bytes, &reply), IOM_OK);
			CHECK(!memcmp(back, data, bytes));
		}
	ask(&b, FILES, IOM_ATOMIC);
	rig_free(b.r);
}

TEST(msi_invalid, "RV-MSI-06 RV-MSI-31 IRQ-RVMSI-05")
{
	struct bench b = bench_new(3, 0, FILES >> 12);
	unsigned bit;

	refused(&b, FILES, 262, "zero");
	entry_put(&b, 0, basic(TARGET) & ~V, 0);
	refused(&b, FILES, 262, "V=0");
	entry_put(&b, 0, ~V, ~0ull);
	refused(&b, FILES, 262, "all ones but V");
	for (bit = 1; bit < 64; bit++) {
		entry_put(&b, 0, 1ull << bit, 0);
		refused(&b, FILES, 262, "V=0 and one bit");
	}
	/* C alone makes 263 of what would be right, and of what is not. */
	entry_put(&b, 0, basic(TARGET) | C, 0);
	refused(&b, FILES, 263, "C=1");
	entry_put(&b, 0, V | C, 0);
	refused(&b, FILES, 263, "C=1, M=0");
	entry_put(&b, 0, basic(TARGET), 0);
	CHECK_EQ(ask(&b, FILES, IOM_WRITE).spa, TARGET);
	rig_free(b.r);
}

TEST(msi_misconfigured, "RV-MSI-07 RV-MSI-08 RV-MSI-09 RV-MSI-11 IRQ-RVMSI-06 IRQ-RVMSI-07 "
                        "IRQ-RVMSI-08")
{
	struct bench b = bench_new(3, 0, FILES >> 12);
	unsigned bit;

	entry_put(&b, 0, PTE_PPN(TARGET) | V, 0);
	refused(&b, FILES, 263, "M=0");
	entry_put(&b, 0, PTE_PPN(TARGET) | V | 2 << 1, 0);
	refused(&b, FILES, 263, "M=2");
	entry_put(&b, 0, PTE_PPN(TARGET) | V | 1 << 1, 0);
	refused(&b, FILES, 263, "M=1");
	entry_put(&b, 0, V | 1 << 1 | RIG_RAM >> 2, RIG_RAM >> 2);
	refused(&b, FILES, 263, "M=1, a good MRIF entry");
	for (bit = 3; bit < 64; bit++) {
		if (bit == 10)
			bit = 54;
		entry_put(&b, 0, basic(TARGET) | 1ull << bit, 0);
		refused(&b, FILES, 263, bit == 63 ? "C=1" : "reserved bit");
	}
	entry_put(&b, 0, basic(TARGET), ~0ull);
	CHECK_EQ(ask(&b, FILES, IOM_WRITE).spa, TARGET);
	rig_free(b.r);
}

TEST(msi_unreadable, "RV-MSI-10")
{
	const uint64_t high = 1ull << 40, no_pas = ~(63ull << 32);
	uint64_t *memory = calloc(1, 4096);
	struct iom_region region = { .spa = high, .bytes = 4096, .host = memory };
	struct bench b = bench_new(3, 0, FILES >> 12);
	unsigned i, pas;

	CHECK(memory);
	entry_put(&b, 0, basic(TARGET), 0);
	for (i = 0; i < 16; i += 8) {
		CHECK_EQ(iom_memory_poison(b.r->memory, b.table + i, 8), IOM_OK);
		refused(&b, FILES, 270, "poison");
		CHECK_EQ(iom_memory_cure(b.r->memory, b.table + i, 8), IOM_OK);
	}
	CHECK_EQ(ask(&b, FILES, IOM_WRITE).spa, TARGET);
	rig_free(b.r);

	b = bench_new(3, 0, FILES >> 12);
	put64(b.r, b.dc + 32, FLAT | RIG_NOWHERE >> 12);
	refused(&b, FILES, 261, "no memory");
	rig_free(b.r);

	/* Beyond PAS, with memory behind the address. */
	memory[0] = basic(TARGET);
	for (pas = 40; pas <= 41; pas++) {
		nested_init(&b.n, (CAP_EXT & no_pas) | CAP_PAS(pas), 3);
		b.r = b.n.r;
		b.dc = rig_dc(b.r, DEVICE);
		put64(b.r, b.dc + 32, FLAT | high >> 12);
		put64(b.r, b.dc + 48, FILES >> 12);
		rig_dc_put(b.r, DEVICE, V, nested_iohgatp(&b.n), 0, 0);
		rig_fq(b.r, 4, false);
		CHECK_EQ(iom_memory_add(b.r->memory, &region, NULL), IOM_OK);
		if (pas == 40)
			refused(&b, FILES, 261, "beyond PAS");
		else
			CHECK_EQ(ask(&b, FILES, IOM_WRITE).spa, TARGET);
		rig_free(b.r);
	}
	free(memory);
}

TEST(msi_execute, "RV-MSI-13")
{
	struct bench b = bench_new(3, 0, FILES >> 12);
	unsigned round;

	entry_put(&b, 0, basic(TARGET), 0);
	/* Before and after a write that may leave the page in a cache. */
	for (round = 0; round < 2; round++) {
		CHECK_EQ(rig_cause(b.r, DEVICE, FILES, IOM_EXECUTE), 1);
		rig_expect(b.r, rig_record(1, 1, DEVICE), FILES, 0);
		CHECK_EQ(ask(&b, FILES, IOM_WRITE).spa, TARGET);
	}
	rig_free(b.r);
}

TEST(msi_table_not_aligned, "RV-MSI-16 IRQ-RVMSI-03")
{
	/* 512 entries need two pages; this table begins at an odd one. */
	struct nested n;
	struct bench b;
	uint64_t dc;
	unsigned i;

	nested_init(&n, CAP_EXT, 3);
	b = (struct bench){ .n = n, .r = n.r, .table = pages(n.r, 4, 16384) };
	for (i = 0; i < 4 * 256; i++)
		entry_put(&b, i, basic(TARGET + 0x1000 * i), 0);
	dc = rig_dc(b.r, DEVICE);
	put64(b.r, dc + 32, FLAT | (b.table + 0x1000) >> 12);
	put64(b.r, dc + 40, 0x1ff);
	put64(b.r, dc + 48, FILES >> 12);
	rig_dc_put(b.r, DEVICE, V, nested_iohgatp(&n), 0, 0);
	for (i = 0; i < 512; i++)
		CHECK_EQ(ask(&b, FILES + 0x1000ull * i, IOM_WRITE).spa,
		         TARGET + 0x1000ull * (256 | i));
	rig_free(b.r);
}

/* The MSI half of RV-MSI-28, of which MRIF is the other. */
TEST(msi_byte_order, "")
{
	struct rig *r = rig_new(CAP_EXT);
	uint64_t root, table, dc;
	unsigned i;

	wr32(r, FCTL, 1);
	rig_ddt(r, 1);
	root = pages(r, 4, 16384);
	table = page(r);
	dc = rig_dc(r, DEVICE);
	put64(r, dc + 8, 8ull << 60 | root >> 12);
	put64(r, dc + 32, FLAT | table >> 12);
	put64(r, dc + 48, FILES >> 12);
	put64(r, dc, V);
	for (i = 0; i < 8; i++)
		put64(r, dc + 8 * i, swap64(ram64(r, dc + 8 * i)));
	put64(r, table, basic(TARGET));
	CHECK_EQ(rig_cause(r, DEVICE, FILES, IOM_WRITE), 262);
	put64(r, table, swap64(basic(TARGET)));
	CHECK_EQ(rig_cause(r, DEVICE, FILES, IOM_WRITE), 0);
	CHECK_EQ(rig_spa(r, DEVICE, FILES | 8), TARGET | 8);
	rig_free(r);
}

/* ---- Beside the stages -------------------------------------------------------------------- */

TEST(msi_after_first_stage, "RV-MSI-14")
{
	const struct {
		uint64_t clear;
		unsigned read, write, execute; /* causes */
	} rows[] = {
		{ 0, 0, 0, 1 },      { PTE_W, 0, 15, 1 },   { PTE_R | PTE_W, 13, 15, 1 },
		{ PTE_X, 0, 0, 12 }, { PTE_U, 13, 15, 12 }, { PTE_A, 13, 15, 12 },
		{ PTE_D, 0, 15, 1 }, { PTE_V, 13, 15, 12 },
	};
	unsigned i, access, round;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const unsigned causes[4] = { rows[i].read, rows[i].write, rows[i].execute,
			                     rows[i].write };
		struct bench b = bench_new(3, 0, FILES >> 12);
		struct guest_path p;

		nested_path(&b.n, &p, 3);
		rig_dc_put(b.r, DEVICE, V, nested_iohgatp(&b.n), 0, p.fsc);
		put64(b.r, p.entry[0], leaf(FILES) & ~rows[i].clear);
		entry_put(&b, 0, basic(TARGET), 0);
		for (round = 0; round < 2; round++)
			for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
				CHECK_EQ(rig_cause(b.r, DEVICE, p.iova, access), causes[access]);
				if (causes[access])
					rig_expect(b.r,
					           rig_record(causes[access], ttyp_of(access),
					                      DEVICE),
					           p.iova, 0);
				else
					CHECK_EQ(ask(&b, p.iova, access).spa,
					         TARGET | (p.iova & 0xfff));
			}
		rig_free(b.r);
	}
	/* An entry that is wrong itself is not even read. */
	{
		struct bench b = bench_new(3, 0, FILES >> 12);
		struct guest_path p;

		nested_path(&b.n, &p, 3);
		rig_dc_put(b.r, DEVICE, V, nested_iohgatp(&b.n), 0, p.fsc);
		put64(b.r, p.entry[0], leaf(FILES) & ~PTE_W);
		CHECK_EQ(rig_cause(b.r, DEVICE, p.iova, IOM_WRITE), 15);
		CHECK_EQ(rig_cause(b.r, DEVICE, p.iova, IOM_READ), 262);
		rig_free(b.r);
	}
}

static bool matches(uint64_t gpa, uint64_t mask, uint64_t pattern)
{
	return ((gpa >> 12 ^ pattern) & ~mask) == 0;
}

/*
 * One superpage of the second stage over the whole region, and two patterns in it: whatever was
 * asked before, MSI pages come from the table and all others from the superpage, and no answer
 * claims a range with an MSI page in it.
 */
TEST(msi_inside_a_superpage, "RV-MSI-17")
{
	/* Page numbers within 2 MiB: four in a row; scattered ones. */
	const uint64_t masks[2] = { 0x3, 0x129 };
	unsigned m, level, order, i, k;

	for (m = 0; m < 2; m++)
		for (level = 1; level < 4; level++)
			for (order = 0; order < 2; order++) {
				const uint64_t pattern = (FILES >> 12 | 0x44) & ~masks[m];
				struct bench b = bench_new(4, masks[m], pattern);
				const uint64_t off = FILES & (stage_page_bytes(level) - 1);

				for (i = 0; i < 16; i++)
					entry_put(&b, i, basic(TARGET + 0x1000 * i), 0);
				rig_map(b.r, b.n.root, 4, true, FILES, level, leaf(STAGE_FAR));
				for (k = 0; k < 512; k++) {
					const uint64_t page_off = 0x1000ull * (order ? 511 - k : k);
					const uint64_t gpa = FILES + page_off;
					struct iom_reply reply = ask(&b, gpa, IOM_WRITE);
					uint64_t range = 1ull << reply.range_lg2;
					uint64_t at = gpa & ~(range - 1);

					if (matches(gpa, masks[m], pattern)) {
						CHECK_EQ(reply.range_lg2, 12);
						CHECK_EQ(reply.spa,
						         TARGET + 0x1000 * extract(gpa >> 12,
						                                   masks[m]));
						continue;
					}
					CHECK_EQ(reply.spa, STAGE_FAR + off + page_off);
					CHECK(reply.range_lg2 >= 12 && reply.range_lg2 <= 21);
					for (i = 0; i < range >> 12; i++)
						CHECK_MSG(!matches(at + 0x1000ull * i, masks[m],
						                   pattern),
						          "the range of 0x%llx is too wide",
						          (unsigned long long)gpa);
				}
				rig_free(b.r);
			}
}

/* The range is shrunk no more than it must be: the widest block without an MSI page. */
TEST(msi_range_is_the_widest, "")
{
	struct bench b = bench_new(4, 0x3, FILES >> 12 | 0x44);
	unsigned k, lg2, i;

	for (i = 0; i < 4; i++)
		entry_put(&b, i, basic(TARGET), 0);
	rig_map(b.r, b.n.root, 4, true, FILES, 2, leaf(STAGE_FAR));
	for (k = 0; k < 1024; k++) {
		const uint64_t gpa = FILES + 0x1000ull * k;

		if (matches(gpa, 0x3, FILES >> 12 | 0x44))
			continue;
		/* Four aligned pages: the highest bit that tells them from gpa. */
		for (lg2 = 14; lg2 < 30; lg2++)
			if ((gpa ^ (FILES | 0x44000)) >> (lg2 + 1) == 0)
				break;
		CHECK_EQ(ask(&b, gpa, IOM_READ).range_lg2, lg2);
	}
	rig_free(b.r);
}

/* ---- Invalidation ------------------------------------------------------------------------- */

TEST(msi_invalidate, "RV-MSI-30")
{
	unsigned av;

	for (av = 0; av < 2; av++) {
		struct bench b = bench_new(3, 3, FILES >> 12);
		unsigned i;

		rig_cq(b.r, 4, false);
		for (i = 0; i < 4; i++)
			entry_put(&b, i, basic(TARGET + 0x1000 * i), 0);
		for (i = 0; i < 4; i++)
			CHECK_EQ(ask(&b, FILES + 0x1000 * i, IOM_WRITE).spa, TARGET + 0x1000 * i);
		for (i = 0; i < 4; i++)
			entry_put(&b, i, basic(TARGET + 0x80000 + 0x1000 * i), 0);
		for (i = 0; i < 4; i++) {
			rig_cmd(b.r, 1 | 1 << 7 | (uint64_t)av << 10 | 1ull << 33 | 7ull << 44,
			        av ? (FILES + 0x1000 * i) >> 12 << 10 : 0);
			CHECK_EQ(rd32(b.r, 0x020), i + 1);
			CHECK_EQ(ask(&b, FILES + 0x1000 * i, IOM_WRITE).spa,
			         TARGET + 0x80000 + 0x1000 * i);
		}
		/* Taken away: V=0. */
		entry_put(&b, 1, 0, 0);
		rig_cmd(b.r, 1 | 1 << 7 | (uint64_t)av << 10 | 1ull << 33 | 7ull << 44,
		        av ? (FILES + 0x1000) >> 12 << 10 : 0);
		refused(&b, FILES + 0x1000, 262, "V=0 now");
		rig_free(b.r);
	}
}

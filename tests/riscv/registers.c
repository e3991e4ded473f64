/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Access to the register window: widths, halves, alignment, byte order. */
#include <string.h>

#include "rig.h"
#include "sheet.h"

#define WORDS (WINDOW / 4)

/* Is `off` the first byte of a 64-bit register?  ("Register layout", options included) */
static bool wide(uint64_t off)
{
	static const uint64_t alone[] = { CAPABILITIES, DDTP,           CQB,  FQB, PQB, TR_REQ_IOVA,
		                          TR_REQ_CTL,   TR_REQ_CTL + 8, ICVEC };

	for (unsigned i = 0; i < COUNT(alone); i++)
		if (off == alone[i])
			return true;
	if (off % 8)
		return false;
	return (off >= HPM_FIRST + 8 && off < HPM_END) ||
	       (off >= MSI_CFG && off < MSI_END && off % 16 == 0);
}

static bool one_register(uint64_t off, unsigned bytes)
{
	return (bytes == 4 && off % 4 == 0) || (bytes == 8 && wide(off));
}

/* Gives every register that keeps a value one. */
static void fill(struct rig *r)
{
	wr32(r, FCTL, WSI);
	wr64(r, DDTP, 0x00123456789abc00ull);
	wr64(r, CQB, 0x000fedcba9876407ull);
	wr64(r, FQB, 0x0001122334455406ull);
	wr32(r, CQT, 0x15);
	wr32(r, FQH, 0x2a);
	wr64(r, ICVEC, 0x31);
	for (uint64_t e = MSI_CFG; e < MSI_END; e += 16) {
		wr64(r, e, 0x0012345678abcde0ull + e);
		wr32(r, e + 8, (uint32_t)(0xdeadb000 + e));
		wr32(r, e + 12, 1);
	}
}

/* Both queues are on and stopped by an error; cip and fip are pending. */
static void stop_in_error(struct rig *r)
{
	rig_cq(r, 3, true);
	rig_cmd(r, 0, 0);
	rig_fq(r, 1, true);
	rig_cause(r, 1, 0, IOM_READ);
	rig_cause(r, 1, 0, IOM_READ);
	CHECK_EQ(rd32(r, CQCSR), EN | IE | ON | CMD_ILL);
	CHECK_EQ(rd32(r, FQCSR), EN | IE | ON | OF);
	CHECK_EQ(rd32(r, IPSR), CIP | FIP);
}

static void (*const states[])(struct rig *) = { fill, stop_in_error };

static void snapshot(struct rig *r, uint32_t words[WORDS])
{
	for (unsigned i = 0; i < WORDS; i++)
		words[i] = rd32(r, 4 * i);
}

TEST(capabilities_are_read_only, "RV-REG-01")
{
	static const uint64_t caps[] = {
		CAP_EXT,
		CAP_BASE,
		CAP_VERSION | CAP_SV39 | CAP_PAS(32),
		CAP_VERSION | CAP_SV39X4 | CAP_MSI_FLAT | CAP_IGS_WSI | CAP_PAS(46) | CAP_PD8,
	};

	for (unsigned i = 0; i < COUNT(caps); i++) {
		struct rig *r = rig_new(caps[i]);

		CHECK_EQ(rd64(r, CAPABILITIES), caps[i]);
		wr64(r, CAPABILITIES, ~0ull);
		CHECK_EQ(rd64(r, CAPABILITIES), caps[i]);
		wr64(r, CAPABILITIES, 0);
		CHECK_EQ(rd64(r, CAPABILITIES), caps[i]);
		for (unsigned half = 0; half < 8; half += 4) {
			wr32(r, CAPABILITIES + half, ~0u);
			CHECK_EQ(rd64(r, CAPABILITIES), caps[i]);
			wr32(r, CAPABILITIES + half, 0);
			CHECK_EQ(rd64(r, CAPABILITIES), caps[i]);
		}
		rig_free(r);
	}
}

TEST(halves_agree_with_the_whole, "RV-REG-05")
{
	struct iom_riscv_config c = { .capabilities = CAP_EXT, .vectors = 16 };
	struct rig *r = rig_new_config(&c);
	unsigned seen = 0;

	fill(r);
	for (uint64_t off = 0; off < WINDOW; off += 8)
		if (wide(off)) {
			uint64_t whole = rd64(r, off);

			CHECK_EQ(rd32(r, off), whole & 0xffffffff);
			CHECK_EQ(rd32(r, off + 4), whole >> 32);
			seen += whole != 0;
		}
	/* capabilities, ddtp, cqb, fqb, icvec and 16 addresses hold something */
	CHECK_EQ(seen, 5 + 16);
	rig_free(r);
}

TEST(half_a_write_leaves_the_other_half, "RV-REG-06")
{
	static const uint64_t writable[] = { DDTP, CQB, FQB, ICVEC, MSI_CFG, MSI_CFG + 48 };
	static const uint32_t values[] = { 0, 0xffffffff, 0x12345670, 0xa5a5a5a0 };

	for (unsigned i = 0; i < COUNT(writable); i++)
		for (unsigned half = 0; half < 8; half += 4)
			for (unsigned v = 0; v < COUNT(values); v++) {
				struct rig *r = rig_new(0);
				uint64_t off = writable[i];
				uint32_t other;

				fill(r);
				other = rd32(r, off + 4 - half);
				wr32(r, off + half, values[v]);
				CHECK_EQ(rd32(r, off + 4 - half), other);
				rig_free(r);
			}
}

TEST(reads_of_no_register_return_zero, "RV-REG-07")
{
	for (unsigned s = 0; s < COUNT(states); s++) {
		struct rig *r = rig_new(0);
		uint32_t before[WORDS], after[WORDS];

		states[s](r);
		snapshot(r, before);
		for (unsigned bytes = 1; bytes <= 8; bytes *= 2)
			for (uint64_t off = 0; off + bytes <= WINDOW; off++) {
				uint64_t val = ~0ull;

				if (one_register(off, bytes))
					continue;
				CHECK_EQ(iom_mmio_read(r->unit, 0, off, bytes, &val), IOM_OK);
				CHECK_MSG(!val, "%u bytes at 0x%llx", bytes,
				          (unsigned long long)off);
			}
		snapshot(r, after);
		CHECK_EQ(memcmp(before, after, sizeof before), 0);
		CHECK_EQ(r->msis, s ? 2 : 0);
		rig_free(r);
	}
}

TEST(writes_of_no_register_are_dropped, "RV-REG-08")
{
	for (unsigned s = 0; s < COUNT(states); s++) {
		struct rig *r = rig_new(0);
		uint32_t before[WORDS], after[WORDS];
		unsigned msis;

		states[s](r);
		snapshot(r, before);
		msis = r->msis;
		for (unsigned bytes = 1; bytes <= 8; bytes *= 2)
			for (uint64_t off = 0; off + bytes <= WINDOW; off++) {
				uint64_t ones = ~0ull >> (64 - 8 * bytes);

				if (one_register(off, bytes))
					continue;
				CHECK_EQ(iom_mmio_write(r->unit, 0, off, bytes, ones), IOM_OK);
				CHECK_EQ(iom_mmio_write(r->unit, 0, off, bytes, 0), IOM_OK);
				CHECK_EQ(iom_mmio_write(r->unit, 0, off, bytes, ones), IOM_OK);
				if (off % 64)
					continue;
				snapshot(r, after);
				CHECK_MSG(!memcmp(before, after, sizeof before),
				          "%u bytes up to 0x%llx", bytes, (unsigned long long)off);
			}
		snapshot(r, after);
		CHECK_EQ(memcmp(before, after, sizeof before), 0);
		CHECK_EQ(r->msis, msis);
		rig_free(r);
	}
}

TEST(accesses_beside_the_window_are_the_embedders_mistake, "")
{
	static const struct {
		unsigned window, bytes;
		uint64_t off;
	} wrong[] = {
		{ 0, 4, WINDOW }, { 0, 8, WINDOW - 4 }, { 0, 2, WINDOW - 1 }, { 0, 1, WINDOW },
		{ 0, 4, ~0ull },  { 0, 8, ~0ull - 7 },  { 0, 1, ~0ull },      { 1, 4, 0 },
		{ ~0u, 4, 0 },    { 0, 0, 0 },          { 0, 3, 0 },          { 0, 5, 0 },
		{ 0, 7, 0 },      { 0, 16, 0 },         { 0, ~0u, 0 },
	};
	struct rig *r = rig_new(0);

	CHECK_EQ(iom_mmio_bytes(r->unit, 0), WINDOW);
	CHECK_EQ(iom_mmio_bytes(r->unit, 1), 0);
	CHECK_EQ(iom_mmio_bytes(r->unit, ~0u), 0);
	for (unsigned i = 0; i < COUNT(wrong); i++) {
		uint64_t val = 0;

		CHECK(iom_mmio_read(r->unit, wrong[i].window, wrong[i].off, wrong[i].bytes, &val) ==
		      IOM_EINVAL);
		CHECK_EQ(val, ~0ull);
		CHECK(iom_mmio_write(r->unit, wrong[i].window, wrong[i].off, wrong[i].bytes, 0) ==
		      IOM_EINVAL);
	}
	rig_free(r);
}

TEST(registers_stay_little_endian, "RV-REG-31")
{
	struct iom_riscv_config c = { .capabilities = CAP_EXT, .vectors = 16 };
	struct rig *little = rig_new_config(&c), *big = rig_new_config(&c);
	uint32_t a[WORDS], b[WORDS];

	wr32(big, FCTL, BE);
	CHECK_EQ(rd32(big, FCTL), BE);
	fill(little);
	fill(big);
	wr32(little, FCTL, 0);
	wr32(big, FCTL, BE);
	snapshot(little, a);
	snapshot(big, b);
	CHECK_EQ(b[FCTL / 4], BE);
	b[FCTL / 4] = 0;
	CHECK_EQ(memcmp(a, b, sizeof a), 0);

	/* the low half has the lower address, the low byte of ddtp its mode */
	wr32(big, MSI_CFG, 0x89abcdec);
	wr32(big, MSI_CFG + 4, 0x00123456);
	CHECK_EQ(rd64(big, MSI_CFG), 0x0012345689abcdecull);
	wr64(big, DDTP, BARE);
	CHECK_EQ(rd32(big, DDTP), BARE);
	rig_free(little);
	rig_free(big);
}

/* Tables below 16 GiB need no more than the low half.  There is no pqb without ATS. */
TEST(low_half_alone_sets_the_tables, "RV-REG-36")
{
	static const uint64_t bases[] = { DDTP, CQB, FQB };
	struct rig *r = rig_new(0);

	for (unsigned i = 0; i < COUNT(bases); i++) {
		uint64_t upper = 0x00123456ull << 32;

		wr64(r, bases[i], upper | 0x400);
		wr32(r, bases[i], 0xfffffc00);
		CHECK_EQ(rd64(r, bases[i]), upper | 0xfffffc00);
		wr64(r, bases[i], 0);
	}

	wr32(r, CQB, (uint32_t)PPN_OF(page(r)) | 3);
	wr32(r, CQCSR, EN);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(0x600d), (RIG_RAM + 0x800) >> 2);
	wr32(r, FQB, (uint32_t)PPN_OF(page(r)) | 3);
	wr32(r, FQCSR, EN);
	CHECK_EQ(rd32(r, CQH), 1);

	r->levels = 1;
	r->ddt = page(r);
	wr32(r, DDTP, (uint32_t)PPN_OF(r->ddt) | LVL1);
	CHECK_EQ(rd64(r, DDTP), PPN_OF(r->ddt) | LVL1);
	rig_dc_put(r, 9, 1, 0, 0, 0);
	CHECK_EQ(rig_spa(r, 9, 0x1234), 0x1234);
	CHECK_EQ(rig_cause(r, 8, 0x1234, IOM_READ), 258);
	rig_expect(r, rig_record(258, 2, 8), 0x1234, 0);
	rig_free(r);
}

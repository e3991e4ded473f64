/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The device context: which contents are refused as misconfigured, and which are not. */
#include "rig.h"

/* Doublewords of a context; the base format has the first four. */
enum { TC, IOHGATP, TA, FSC, MSIPTP, MASK, PATTERN, RESERVED };

#define V (1ull << 0)
#define EN_ATS (1ull << 1)
#define EN_PRI (1ull << 2)
#define T2GPA (1ull << 3)
#define PDTV (1ull << 5)
#define PRPR (1ull << 6)
#define GADE (1ull << 7)
#define SADE (1ull << 8)
#define DPE (1ull << 9)
#define SBE (1ull << 10)
#define SXL (1ull << 11)
#define MODE(n) ((uint64_t)(n) << 60)

#define MISCONFIGURED 259
#define READ_PAGE_FAULT 13
#define READ_GUEST_PAGE_FAULT 21
#define IOVA 0x12345678

static const uint64_t formats[] = { CAP_BASE, CAP_EXT };

#define EACH_FORMAT(i)                                                                             \
	(i) = 0;                                                                                   \
	(i) < 2;                                                                                   \
	(i)++

struct bench {
	struct rig *r;
	uint32_t device_id; /* of the next round: nothing that was cached may answer for it */
	uint64_t empty;     /* PPN of a root table, 16-KiB aligned, that maps nothing */
};

static struct bench bench_new(uint64_t cap, uint32_t flags)
{
	struct iom_riscv_config config = { .capabilities = cap, .flags = flags };
	struct bench b = { .r = rig_new_config(&config) };

	rig_ddt(b.r, 3);
	b.empty = pages(b.r, 4, 16384) >> 12;
	return b;
}

static void dc_store(struct bench *b, uint32_t device_id, const uint64_t dc[8])
{
	uint64_t spa = rig_dc(b->r, device_id);
	unsigned i;

	for (i = 0; i < (b->r->cap & CAP_MSI_FLAT ? 8u : 4u); i++)
		put64(b->r, spa + 8 * i, dc[i]);
}

/* The cause that a request gets whose device has this context. */
static unsigned judge_for(struct bench *b, const uint64_t dc[8], const struct iom_request *q)
{
	dc_store(b, ++b->device_id, dc);
	return rig_cause_of(b->r, b->device_id, q);
}

static unsigned judge(struct bench *b, const uint64_t dc[8])
{
	const struct iom_request read = { .iova = IOVA, .bytes = 4 };

	return judge_for(b, dc, &read);
}

/* The same with `value` in the place of one doubleword. */
static unsigned judge_with(struct bench *b, const uint64_t dc[8], unsigned word, uint64_t value)
{
	uint64_t changed[8];
	unsigned i;

	for (i = 0; i < 8; i++)
		changed[i] = i == word ? value : dc[i];
	return judge(b, changed);
}

/* Each of these bits alone is refused. */
static void refuses_bits(struct bench *b, const uint64_t dc[8], unsigned word, unsigned first,
                         unsigned last)
{
	unsigned bit;

	for (bit = first; bit <= last; bit++)
		CHECK_MSG(judge_with(b, dc, word, dc[word] | 1ull << bit) == MISCONFIGURED,
		          "doubleword %u, bit %u", word, bit);
}

/* The mode field of `word`: the modes whose bit is in `good` get `answer`, all others 259. */
static void accepts_modes(struct bench *b, const uint64_t dc[8], unsigned word, unsigned good,
                          unsigned answer)
{
	unsigned mode, is, should;

	for (mode = 1; mode < 16; mode++) {
		is = judge_with(b, dc, word, dc[word] | MODE(mode));
		should = good >> mode & 1 ? answer : MISCONFIGURED;
		CHECK_MSG(is == should, "doubleword %u, mode %u: %u instead of %u", word, mode, is,
		          should);
	}
}

TEST(dc_tc_reserved, "RV-DC-01")
{
	const uint64_t bare[8] = { V }, process[8] = { V | PDTV };
	unsigned i;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);

		refuses_bits(&b, bare, TC, 12, 23);
		refuses_bits(&b, bare, TC, 32, 63);
		refuses_bits(&b, process, TC, 12, 23);
		refuses_bits(&b, process, TC, 32, 63);
		CHECK_EQ(judge(&b, bare), 0);
		CHECK_EQ(judge(&b, process), 0);
		rig_free(b.r);
	}
}

TEST(dc_tc_custom, "RV-DC-02")
{
	const uint64_t dc[8] = { V };
	unsigned i, bit;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);

		for (bit = 24; bit < 32; bit++)
			CHECK_EQ(judge_with(&b, dc, TC, V | 1ull << bit), 0);
		CHECK_EQ(judge_with(&b, dc, TC, V | 0xff000000), 0);
		rig_free(b.r);
	}
}

TEST(dc_ta_reserved, "RV-DC-03")
{
	const uint64_t dc[8] = { V, 0, 0xfffffull << 12 };
	unsigned i;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);

		refuses_bits(&b, dc, TA, 0, 11);
		refuses_bits(&b, dc, TA, 32, 39);
		CHECK_EQ(judge(&b, dc), 0);
		rig_free(b.r);
	}
}

TEST(dc_ta_qos_ids, "RV-DC-04")
{
	const uint64_t dc[8] = { V };
	unsigned i;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);

		refuses_bits(&b, dc, TA, 40, 63);
		CHECK_EQ(judge(&b, dc), 0);
		rig_free(b.r);
	}
}

TEST(dc_fsc_reserved, "RV-DC-06")
{
	unsigned i, pdtv, mode;

	for (EACH_FORMAT(i))
		for (pdtv = 0; pdtv < 2; pdtv++) {
			struct bench b = bench_new(formats[i], 0);
			const unsigned modes[2][2] = { { 0, 8 }, { 0, 1 } };

			for (mode = 0; mode < 2; mode++) {
				const uint64_t dc[8] = { pdtv ? V | PDTV : V, 0, 0,
					                 MODE(modes[pdtv][mode]) | b.empty };

				refuses_bits(&b, dc, FSC, 44, 59);
				CHECK_EQ(judge(&b, dc), !pdtv && mode ? READ_PAGE_FAULT : 0);
			}
			rig_free(b.r);
		}
}

TEST(dc_msiptp_reserved, "RV-DC-07")
{
	struct bench b = bench_new(CAP_EXT, 0);
	const uint64_t off[8] = { V },
		       flat[8] = { V, MODE(8) | b.empty, 0, 0, MODE(1) | b.empty, 0, 1 };

	refuses_bits(&b, off, MSIPTP, 44, 59);
	refuses_bits(&b, flat, MSIPTP, 44, 59);
	CHECK_EQ(judge(&b, off), 0);
	CHECK_EQ(judge(&b, flat), READ_GUEST_PAGE_FAULT);
	rig_free(b.r);
}

TEST(dc_msi_mask_reserved, "RV-DC-08")
{
	struct bench b = bench_new(CAP_EXT, IOM_RISCV_LENIENT_MSI_MASK);
	const uint64_t off[8] = { V },
		       flat[8] = { V, MODE(8) | b.empty, 0, 0, MODE(1) | b.empty, 0, 1 };
	unsigned word;

	/* Lenient: so that bits above the widest GPA are not what is found. */
	for (word = MASK; word <= PATTERN; word++) {
		refuses_bits(&b, off, word, 52, 63);
		refuses_bits(&b, flat, word, 52, 63);
	}
	CHECK_EQ(judge(&b, off), 0);
	CHECK_EQ(judge(&b, flat), READ_GUEST_PAGE_FAULT);
	rig_free(b.r);
}

TEST(dc_last_doubleword, "RV-DC-09")
{
	struct bench b = bench_new(CAP_EXT, 0);
	const uint64_t dc[8] = { V };

	refuses_bits(&b, dc, RESERVED, 0, 63);
	CHECK_EQ(judge(&b, dc), 0);
	rig_free(b.r);
}

TEST(dc_msi_mask_above_widest_gpa, "RV-DC-10")
{
	const uint64_t none = CAP_EXT & ~(CAP_SV39X4 | CAP_SV48X4 | CAP_SV57X4 | CAP_PAS(63));
	const struct {
		uint64_t cap;
		unsigned width; /* of the widest GPA, in bits */
	} units[] = {
		{ CAP_EXT, 59 },
		{ none | CAP_PAS(56) | CAP_SV39X4 | CAP_SV48X4, 50 },
		{ none | CAP_PAS(56) | CAP_SV39X4, 41 },
		{ none | CAP_PAS(44), 44 },
	};
	const uint64_t dc[8] = { V };
	unsigned i, word, bit;

	for (i = 0; i < 4; i++) {
		unsigned first = units[i].width - 12;
		struct bench strict = bench_new(units[i].cap, 0);
		struct bench lenient = bench_new(units[i].cap, IOM_RISCV_LENIENT_MSI_MASK);

		for (word = MASK; word <= PATTERN; word++) {
			refuses_bits(&strict, dc, word, first, 51);
			for (bit = 0; bit < 52; bit++)
				CHECK_EQ(judge_with(&lenient, dc, word, 1ull << bit), 0);
			for (bit = 0; bit < first; bit++)
				CHECK_EQ(judge_with(&strict, dc, word, 1ull << bit), 0);
		}
		rig_free(strict.r);
		rig_free(lenient.r);
	}
}

TEST(dc_base_format_ends_at_32_bytes, "RV-DC-11")
{
	struct rig *r = rig_new(CAP_BASE);
	unsigned i;

	rig_ddt(r, 1);
	rig_dc_put(r, 4, V, 0, 0, 0);
	for (i = 0; i < 4; i++)
		put64(r, rig_dc(r, 5) + 8 * i, ~0ull);
	CHECK_EQ(iom_memory_poison(r->memory, rig_dc(r, 5), 32), IOM_OK);
	CHECK_EQ(rig_spa(r, 4, IOVA), IOVA);
	CHECK_EQ(iom_memory_cure(r->memory, rig_dc(r, 5), 32), IOM_OK);
	rig_dc_put(r, 6, V, 0, 0, 0);
	rig_dc_put(r, 7, ~V, ~0ull, ~0ull, ~0ull);
	CHECK_EQ(rig_spa(r, 6, IOVA), IOVA);
	rig_free(r);
}

TEST(dc_ats_bits_without_ats, "RV-DC-12 RV-DC-16")
{
	const uint64_t bits[] = { EN_ATS, EN_PRI, PRPR, T2GPA };
	unsigned i, word, combination;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);
		const uint64_t bare[8] = { V }, guest[8] = { V, MODE(8) | b.empty };

		for (word = 0; word < 4; word++)
			refuses_bits(&b, bare, TC, (unsigned)__builtin_ctzll(bits[word]),
			             (unsigned)__builtin_ctzll(bits[word]));
		for (combination = 1; combination < 16; combination++) {
			uint64_t tc = V;

			for (word = 0; word < 4; word++)
				if (combination >> word & 1)
					tc |= bits[word];
			CHECK_EQ(judge_with(&b, guest, TC, tc), MISCONFIGURED);
		}
		CHECK_EQ(judge(&b, bare), 0);
		CHECK_EQ(judge(&b, guest), READ_GUEST_PAGE_FAULT);
		rig_free(b.r);
	}
}

TEST(dc_pdtp_capabilities, "RV-DC-18")
{
	const uint64_t depths[3] = { CAP_PD8, CAP_PD17, CAP_PD20 };
	const uint64_t dc[8] = { V | PDTV };
	unsigned set, i;

	for (set = 0; set < 8; set++) {
		uint64_t cap = CAP_EXT & ~(CAP_PD8 | CAP_PD17 | CAP_PD20);
		struct bench b;

		for (i = 0; i < 3; i++)
			if (set >> i & 1)
				cap |= depths[i];
		b = bench_new(cap, 0);
		accepts_modes(&b, dc, FSC, set << 1, 0);
		rig_free(b.r);
	}
}

TEST(dc_pdtp_modes, "RV-DC-19 RV-DC-20")
{
	const uint64_t dc[8] = { V | PDTV };
	unsigned i;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);

		accepts_modes(&b, dc, FSC, 1 << 1 | 1 << 2 | 1 << 3, 0);
		CHECK_EQ(judge(&b, dc), 0);
		rig_free(b.r);
	}
}

TEST(dc_iosatp_modes, "RV-DC-21")
{
	unsigned i;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);
		const uint64_t dc[8] = { V, 0, 0, b.empty };

		accepts_modes(&b, dc, FSC, 1 << 8 | 1 << 9 | 1 << 10, READ_PAGE_FAULT);
		CHECK_EQ(judge(&b, dc), 0);
		rig_free(b.r);
	}
}

TEST(dc_iosatp_capabilities, "RV-DC-23")
{
	const uint64_t modes[3] = { CAP_SV39, CAP_SV48, CAP_SV57 };
	uint64_t cap = CAP_EXT & ~(CAP_SV39 | CAP_SV48 | CAP_SV57);
	unsigned n;

	for (n = 0; n <= 3; n++) {
		struct bench b = bench_new(cap, 0);
		const uint64_t dc[8] = { V, 0, 0, b.empty };

		accepts_modes(&b, dc, FSC, ((1u << n) - 1) << 8, READ_PAGE_FAULT);
		CHECK_EQ(judge(&b, dc), 0);
		rig_free(b.r);
		if (n < 3)
			cap |= modes[n];
	}
}

TEST(dc_dpe_needs_pdtv, "RV-DC-25")
{
	const uint64_t bad[8] = { V | DPE }, good[8] = { V | DPE | PDTV };
	unsigned i;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);

		CHECK_EQ(judge(&b, bad), MISCONFIGURED);
		CHECK_EQ(judge(&b, good), 0);
		rig_free(b.r);
	}
}

TEST(dc_iohgatp_modes, "RV-DC-26")
{
	unsigned i;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);
		const uint64_t dc[8] = { V, 0xffffull << 44 | b.empty };

		accepts_modes(&b, dc, IOHGATP, 1 << 8 | 1 << 9 | 1 << 10, READ_GUEST_PAGE_FAULT);
		CHECK_EQ(judge(&b, dc), 0);
		rig_free(b.r);
	}
}

TEST(dc_iohgatp_capabilities, "RV-DC-28")
{
	const uint64_t modes[3] = { CAP_SV39X4, CAP_SV48X4, CAP_SV57X4 };
	uint64_t cap = CAP_BASE & ~(CAP_SV39X4 | CAP_SV48X4 | CAP_SV57X4);
	unsigned n;

	for (n = 0; n <= 3; n++) {
		struct bench b = bench_new(cap, 0);
		const uint64_t dc[8] = { V, b.empty };

		accepts_modes(&b, dc, IOHGATP, ((1u << n) - 1) << 8, READ_GUEST_PAGE_FAULT);
		CHECK_EQ(judge(&b, dc), 0);
		rig_free(b.r);
		if (n < 3)
			cap |= modes[n];
	}
}

TEST(dc_msiptp_modes, "RV-DC-30")
{
	struct bench b = bench_new(CAP_EXT, 0);
	const uint64_t dc[8] = { V, MODE(8) | b.empty, 0, 0, b.empty, 0, 1 };

	accepts_modes(&b, dc, MSIPTP, 1 << 1, READ_GUEST_PAGE_FAULT);
	CHECK_EQ(judge(&b, dc), READ_GUEST_PAGE_FAULT);
	rig_free(b.r);
}

TEST(dc_iohgatp_alignment, "RV-DC-31")
{
	unsigned i, mode, low;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);
		const uint64_t dc[8] = { V };

		for (low = 1; low < 4; low++) {
			for (mode = 8; mode <= 10; mode++)
				CHECK_EQ(judge_with(&b, dc, IOHGATP, MODE(mode) | b.empty | low),
				         MISCONFIGURED);
			CHECK_EQ(judge_with(&b, dc, IOHGATP, b.empty | low), 0);
		}
		for (mode = 8; mode <= 10; mode++)
			CHECK_EQ(judge_with(&b, dc, IOHGATP, MODE(mode) | b.empty),
			         READ_GUEST_PAGE_FAULT);
		rig_free(b.r);
	}
}

TEST(dc_ad_update_without_capability, "RV-DC-32")
{
	unsigned i;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);
		const uint64_t bare[8] = { V },
			       both[8] = { V, MODE(8) | b.empty, 0, MODE(8) | b.empty };

		CHECK_EQ(judge_with(&b, bare, TC, V | SADE), MISCONFIGURED);
		CHECK_EQ(judge_with(&b, bare, TC, V | GADE), MISCONFIGURED);
		CHECK_EQ(judge_with(&b, bare, TC, V | SADE | GADE), MISCONFIGURED);
		CHECK_EQ(judge_with(&b, both, TC, V | SADE), MISCONFIGURED);
		CHECK_EQ(judge_with(&b, both, TC, V | GADE), MISCONFIGURED);
		CHECK_EQ(judge(&b, bare), 0);
		CHECK_EQ(judge(&b, both), READ_GUEST_PAGE_FAULT);
		rig_free(b.r);
	}
}

TEST(dc_byte_order_without_end, "RV-DC-33")
{
	const uint64_t dc[8] = { V };
	unsigned i;

	for (EACH_FORMAT(i)) {
		struct bench fixed = bench_new(formats[i] & ~CAP_END, 0);
		struct bench both = bench_new(formats[i], 0);

		CHECK_EQ(rd32(fixed.r, 0x008) & 1, 0);
		CHECK_EQ(judge_with(&fixed, dc, TC, V | SBE), MISCONFIGURED);
		CHECK_EQ(judge_with(&both, dc, TC, V | SBE), 0);
		CHECK_EQ(judge(&fixed, dc), 0);
		rig_free(fixed.r);
		rig_free(both.r);
	}
}

/* GXL is fixed at 0 here; a unit where it can be written would accept SXL. */
TEST(dc_sxl_with_fixed_gxl, "")
{
	const uint64_t dc[8] = { V };
	unsigned i, mode;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);

		for (mode = 0; mode < 16; mode++) {
			const uint64_t rv32[8] = { V | SXL, 0, 0, MODE(mode) | b.empty };

			CHECK_EQ(judge(&b, rv32), MISCONFIGURED);
		}
		CHECK_EQ(judge(&b, dc), 0);
		rig_free(b.r);
	}
}

TEST(dc_msi_table_needs_second_stage, "RV-DC-36")
{
	struct bench b = bench_new(CAP_EXT, 0);
	const uint64_t bad[8] = { V, 0, 0, 0, MODE(1) | b.empty, 0, 1 };
	const uint64_t under_first[8] = { V, 0, 0, MODE(8) | b.empty, MODE(1) | b.empty, 0, 1 };
	const uint64_t good[8] = { V, MODE(8) | b.empty, 0, 0, MODE(1) | b.empty, 0, 1 };

	CHECK_EQ(judge(&b, bad), MISCONFIGURED);
	CHECK_EQ(judge(&b, under_first), MISCONFIGURED);
	CHECK_EQ(judge_with(&b, bad, MSIPTP, b.empty), 0);
	CHECK_EQ(judge(&b, good), READ_GUEST_PAGE_FAULT);
	rig_free(b.r);
}

/* Without ATS a Translated request is refused with 260; the context is judged before that. */
TEST(dc_iohgatp_checked_though_unused, "RV-DC-37")
{
	const struct iom_request translated = { .iova = IOVA, .bytes = 4, .at = IOM_AT_TRANSLATED };
	const struct iom_request with_pid = { .iova = IOVA, .bytes = 4, .flags = IOM_REQ_PASID };
	unsigned i, mode;

	for (EACH_FORMAT(i)) {
		struct bench b = bench_new(formats[i], 0);
		const uint64_t good[8] = { V }, odd[8] = { V, MODE(8) | b.empty | 1 };

		for (mode = 1; mode < 8; mode++) {
			const uint64_t bad[8] = { V, MODE(mode) | b.empty };

			CHECK_EQ(judge_for(&b, bad, &translated), MISCONFIGURED);
			CHECK_EQ(judge_for(&b, bad, &with_pid), MISCONFIGURED);
		}
		CHECK_EQ(judge_for(&b, odd, &translated), MISCONFIGURED);
		CHECK_EQ(judge_for(&b, good, &translated), 260);
		CHECK_EQ(judge_for(&b, good, &with_pid), 260);
		rig_free(b.r);
	}
}

/* A fault of the context itself is recorded even though the context asks for silence. */
TEST(dc_misconfigured_is_recorded_despite_dtf, "")
{
	struct bench b = bench_new(CAP_EXT, 0);
	const uint64_t dc[8] = { V | 1ull << 4 | 1ull << 12 };

	rig_fq(b.r, 4, false);
	CHECK_EQ(judge(&b, dc), MISCONFIGURED);
	rig_expect(b.r, rig_record(MISCONFIGURED, 2, b.device_id), IOVA, 0);
	rig_expect_none(b.r);
	rig_free(b.r);
}

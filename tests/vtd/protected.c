/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Protected memory regions: where they begin and end, and who is kept out. */
#include "rig.h"

#include <string.h>

#define SID 0x0123
#define IOVA 0x12345000ull
#define EPM (1u << 31)
#define MIB 0x100000ull
#define GRANULE (2 * MIB)
/* Inside RAM, away from what rig_new and its tables take. */
#define LOW (RIG_RAM + 4 * MIB)
#define HIGH 0x2400000000ull

static struct rig *unit(uint64_t cap, uint8_t version, uint8_t lg2)
{
	const struct iom_vtd_config config = { .cap = CAP_ALL | cap,
		                               .ecap = ECAP_ALL,
		                               .version = version,
		                               .address_bits = RIG_HAW,
		                               .protected_lg2 = lg2,
		                               .flags = IOM_VTD_UNCACHED };

	return rig_new_config(&config);
}

static void protect_low(struct rig *r, uint64_t base, uint64_t limit)
{
	wr32(r, PMEN, 0);
	CHECK_EQ(rd32(r, PMEN), 0);
	wr32(r, PLMBASE, (uint32_t)base);
	wr32(r, PLMLIMIT, (uint32_t)limit);
	wr32(r, PMEN, EPM);
	CHECK_EQ(rd32(r, PMEN), EPM | 1);
}

static void protect_high(struct rig *r, uint64_t base, uint64_t limit)
{
	wr32(r, PMEN, 0);
	wr64(r, PHMBASE, base);
	wr64(r, PHMLIMIT, limit);
	wr32(r, PMEN, EPM);
	CHECK_EQ(rd32(r, PMEN), EPM | 1);
}

/* No answer, and no record. */
static void kept_out(struct rig *r, struct iom_request q)
{
	struct iom_reply reply;

	CHECK_MSG(rig_translate(r, SID, q, &reply) == IOM_EFAULT, "0x%llx gets through",
	          (unsigned long long)q.iova);
	CHECK(reply.status != IOM_DONE);
	rig_expect_none(r);
}

/* Each kind of untranslated request */
static void all_kept_out(struct rig *r, uint64_t iova)
{
	kept_out(r, rq(iova, IOM_READ));
	kept_out(r, rq(iova, IOM_WRITE));
	kept_out(r, rq(iova, IOM_ATOMIC));
	kept_out(r, rq_zero(iova));
}

/* What is granted must end where a region begins. */
static void let_through(struct rig *r, uint64_t iova, uint64_t to, uint64_t base, uint64_t end)
{
	struct iom_reply reply = rig_grants(r, SID, rq(iova, IOM_WRITE), to);
	uint64_t first, last;

	if (end <= base)
		return;
	CHECK(reply.range_lg2 < 64);
	first = to >> reply.range_lg2 << reply.range_lg2;
	last = first + ((1ull << reply.range_lg2) - 1);
	CHECK(last < base || first >= end);
}

TEST(protection_is_turned_on_and_off, "VTD-PMR-01 VTD-PMR-02")
{
	struct rig *r = unit(CAP_PLMR, 0x40, 0);
	unsigned i;

	for (i = 0; i < 2; i++) {
		CHECK_EQ(rd32(r, PMEN), 0);
		rig_grants(r, SID, rq(LOW, IOM_WRITE), LOW);
		protect_low(r, LOW, LOW);
		all_kept_out(r, LOW);
		/* PRS is read-only. */
		wr32(r, PMEN, EPM);
		CHECK_EQ(rd32(r, PMEN), EPM | 1);
		wr32(r, PMEN, 1);
		CHECK_EQ(rd32(r, PMEN), 0);
		rig_grants(r, SID, rq(LOW, IOM_WRITE), LOW);
	}
	rig_free(r);
}

TEST(regions_end_where_they_should, "VTD-PMR-02 VTD-PMR-05")
{
	static const struct {
		uint64_t base, limit, end;
	} rows[] = {
		{ LOW, LOW, LOW + GRANULE },
		{ LOW, LOW + GRANULE, LOW + 2 * GRANULE },
		{ LOW, LOW + 5 * GRANULE, LOW + 6 * GRANULE },
		{ LOW, LOW - GRANULE, LOW }, /* none */
		{ LOW, 0, LOW },
	};
	unsigned high;
	size_t i;

	for (high = 0; high < 2; high++)
		for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			struct rig *r = unit(CAP_PLMR | CAP_PHMR, 0x40, 0);
			const uint64_t by = high ? HIGH - LOW : 0;
			const uint64_t base = rows[i].base + by, end = rows[i].end + by;
			uint64_t limit = rows[i].limit ? rows[i].limit + by : 0;

			/* The other region is empty: its limit is below its base. */
			if (high) {
				wr32(r, PLMBASE, GRANULE);
				protect_high(r, base, limit);
			} else {
				wr64(r, PHMBASE, GRANULE);
				protect_low(r, base, limit);
			}
			let_through(r, base - 8, base - 8, base, end);
			let_through(r, end, end, base, end);
			rig_grants(r, SID, rq_zero(0), 0);
			if (end > base) {
				all_kept_out(r, base);
				all_kept_out(r, end - 8);
				all_kept_out(r, base + (end - base) / 2);
			} else {
				let_through(r, base, base, base, end);
				let_through(r, base + GRANULE, base + GRANULE, base, end);
			}
			rig_free(r);
		}
}

/* A write that begins outside stops at the border. */
TEST(writes_stop_at_the_border, "VTD-PMR-02 VTD-FLT-12")
{
	struct rig *r = unit(CAP_PLMR, 0x40, 0);
	struct iom_request q = rq(LOW - PAGE, IOM_WRITE);
	struct iom_reply reply;
	static uint8_t data[2 * PAGE];

	memset(data, 0x5a, sizeof(data));
	protect_low(r, LOW, LOW);
	CHECK_EQ(iom_write(rig_port(r, SID), &q, data, sizeof(data), &reply), IOM_EFAULT);
	CHECK_EQ(reply.done, PAGE);
	CHECK_EQ(ram64(r, LOW - 8), 0x5a5a5a5a5a5a5a5a);
	CHECK_EQ(ram64(r, LOW), 0);
	q.iova = LOW;
	CHECK_EQ(iom_read(rig_port(r, SID), &q, data, 8, &reply), IOM_EFAULT);
	CHECK_EQ(data[0], 0xff);
	rig_expect_none(r);
	rig_free(r);
}

/* ---- While translation is on -------------------------------------------------------------- */

TEST(translated_by_tables, "VTD-PMR-03")
{
	static const uint8_t versions[] = { 0x10, 0x20, 0x40 };
	unsigned i, scalable, level;

	for (i = 0; i < sizeof(versions); i++)
		for (scalable = 0; scalable < 2; scalable++)
			for (level = 1; level <= 2; level++) {
				struct rig *r = unit(CAP_PLMR, versions[i], 0);
				uint64_t root = page(r);
				struct iom_request q = rq(IOVA, IOM_WRITE);

				rig_on(r, scalable ? TTM_SCALABLE : TTM_LEGACY);
				rig_ss(r, root, 4, IOVA, level,
				       LOW | SS_RW | (level == 2 ? SS_PS : 0));
				if (scalable) {
					rig_device(r, SID, 0, 0, 0);
					rig_pasid_put(r, SID, 0, PE_P | PGTT_SS | PE_AW(4) | root,
					              1 | PWSNP, 0);
				} else {
					rig_context_put(r, SID, CTX_P | root, AW(4));
				}
				rig_grants(r, SID, q, LOW + (level == 2 ? IOVA % GRANULE : 0));
				protect_low(r, LOW, LOW);
				if (versions[i] >= 0x20)
					kept_out(r, q);
				wr32(r, PMEN, 0);
				rig_grants(r, SID, q, LOW + (level == 2 ? IOVA % GRANULE : 0));
				rig_free(r);
			}
}

TEST(passed_through_and_translated, "VTD-PMR-03")
{
	static const uint8_t versions[] = { 0x10, 0x20, 0x40 };
	unsigned i, scalable;

	for (i = 0; i < sizeof(versions); i++)
		for (scalable = 0; scalable < 2; scalable++) {
			struct rig *r = unit(CAP_PLMR, versions[i], 0);

			rig_on(r, scalable ? TTM_SCALABLE : TTM_LEGACY);
			if (scalable) {
				rig_device(r, SID, 0, DTE, 0);
				rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS, 1, 0);
			} else {
				rig_context_put(r, SID, CTX_P | TT_PASS, AW(5));
			}
			rig_grants(r, SID, rq(LOW, IOM_WRITE), LOW);
			protect_low(r, LOW, LOW + GRANULE);
			all_kept_out(r, LOW);
			all_kept_out(r, LOW + 2 * GRANULE - 8);
			let_through(r, LOW + 2 * GRANULE, LOW + 2 * GRANULE, LOW,
			            LOW + 2 * GRANULE);
			let_through(r, LOW - 8, LOW - 8, LOW, LOW + 2 * GRANULE);
			if (!scalable)
				rig_context_put(r, SID, CTX_P | TT_ALL | page(r), AW(4));
			kept_out(r, rq_translated(rq(LOW, IOM_WRITE)));
			kept_out(r, rq_translated(rq(LOW, IOM_READ)));
			rig_grants(r, SID, rq_translated(rq(LOW - PAGE, IOM_READ)), LOW - PAGE);
			rig_free(r);
		}
}

/* A unit with caches, too, once something has been cached. */
TEST(protection_of_cached_translations, "VTD-PMR-01 VTD-PMR-03")
{
	const struct iom_vtd_config config = { .cap = CAP_ALL | CAP_PLMR,
		                               .ecap = ECAP_ALL,
		                               .version = 0x40,
		                               .address_bits = RIG_HAW };
	struct rig *r = rig_new_config(&config);
	uint64_t root = page(r);

	rig_grants(r, SID, rq(LOW, IOM_WRITE), LOW);
	protect_low(r, LOW, LOW);
	all_kept_out(r, LOW);
	wr32(r, PMEN, 0);
	rig_on(r, TTM_LEGACY);
	rig_ss(r, root, 4, IOVA, 1, LOW | SS_RW);
	rig_context_put(r, SID, CTX_P | root, AW(4));
	rig_grants(r, SID, rq(IOVA, IOM_WRITE), LOW);
	protect_low(r, LOW, LOW);
	all_kept_out(r, IOVA);
	wr32(r, PMEN, 0);
	rig_grants(r, SID, rq(IOVA, IOM_WRITE), LOW);
	rig_free(r);
}

/* ---- Who is not kept out ------------------------------------------------------------------ */

TEST(the_unit_itself_is_let_in, "VTD-PMR-04")
{
	struct rig *r = unit(CAP_PLMR, 0x40, 0);
	uint64_t descriptor, irt, root = page(r), queue;

	/* All structures are in the region: RAM is handed out from its beginning. */
	protect_low(r, RIG_RAM, RIG_RAM);
	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, DTE | PRE, 0);
	rig_ss(r, root, 4, IOVA, 1, LOW | SS_RW);
	rig_pasid_put(r, SID, 0, PE_P | SSADE | PGTT_SS | PE_AW(4) | root, 1 | PWSNP, 0);
	queue = rig_page_queue(r, 0);
	rig_queue(r, 0, true);
	rig_wait(r);
	rig_grants(r, SID, rq(IOVA, IOM_WRITE), LOW);
	CHECK_EQ(ram64(r, rig_entry(r, root, 4, IOVA, 1)), LOW | SS_RW | SS_A | SS_D);
	rig_page(r, SID, IOVA, IOM_PAGE_READ, 1);
	CHECK_EQ(ram64(r, queue) & 0xff, 1);
	irt = rig_irt(r, 7, false);
	descriptor = page(r);
	put64(r, descriptor + 32, 0x77ull << 16);
	put64(r, irt + 16ull * 5, descriptor << 32 | 0x41 << 16 | 1 << 15 | 1);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 5 << 5, 0, NULL), IOM_OK);
	CHECK_EQ(ram64(r, descriptor + 8), 1ull << 1);
	CHECK(r->next <= RIG_RAM + GRANULE);
	rig_ss(r, root, 4, IOVA, 1, RIG_RAM | SS_RW);
	all_kept_out(r, IOVA);
	rig_free(r);
}

TEST(interrupts_are_let_in, "VTD-PMR-04")
{
	struct rig *r = unit(CAP_PLMR, 0x40, 0);
	struct iom_request q = { .iova = 0xfee12000, .bytes = 4, .access = IOM_WRITE };
	const uint8_t data[4] = { 0x41 };
	struct iom_reply reply;

	protect_low(r, 0xfee00000, 0xfee00000);
	kept_out(r, rq(0xfef00000, IOM_WRITE));
	CHECK_EQ(rig_msi(r, SID, 0xfee12000, 0x41, NULL), IOM_OK);
	CHECK_EQ(iom_write(rig_port(r, SID), &q, data, 4, &reply), IOM_OK);
	CHECK_EQ(r->msis, 2);
	rig_event(r, FECTL, 0xfee34000, 0x42);
	rig_on(r, TTM_LEGACY);
	CHECK_EQ(rig_reason(r, SID, 0x1000, IOM_READ), 0x01);
	CHECK_EQ(r->msis, 3);
	CHECK_EQ(r->msi[2].address, 0xfee34000);
	rig_free(r);
}

/* ---- The registers ------------------------------------------------------------------------ */

TEST(granularity_is_read_back, "VTD-PMR-06 VTD-PMR-05")
{
	unsigned lg2;

	for (lg2 = 12; lg2 <= 30; lg2++) {
		struct rig *r = unit(CAP_PLMR | CAP_PHMR, 0x40, (uint8_t)lg2);
		const uint64_t granule = 1ull << lg2, mask = ~(granule - 1);
		const uint64_t base = HIGH;

		wr32(r, PLMBASE, ~0u);
		wr32(r, PLMLIMIT, ~0u);
		wr64(r, PHMBASE, ~0ull);
		wr64(r, PHMLIMIT, ~0ull);
		CHECK_EQ(rd32(r, PLMBASE), (uint32_t)mask);
		CHECK_EQ(rd32(r, PLMLIMIT), (uint32_t)mask);
		CHECK_EQ(rd64(r, PHMBASE), mask);
		CHECK_EQ(rd64(r, PHMLIMIT), mask);
		/* Low bits of the limit count as ones. */
		wr32(r, PLMLIMIT, 0);
		protect_high(r, base, base);
		kept_out(r, rq(base, IOM_READ));
		kept_out(r, rq(base + granule - 8, IOM_READ));
		let_through(r, base - 8, base - 8, base, base + granule);
		let_through(r, base + granule, base + granule, base, base + granule);
		rig_free(r);
	}
}

TEST(low_and_high_regions, "VTD-PMR-07")
{
	static const uint64_t caps[] = { CAP_PLMR, CAP_PHMR, CAP_PLMR | CAP_PHMR };
	unsigned i;

	for (i = 0; i < 3; i++) {
		struct rig *r = unit(caps[i], 0x40, 0);
		const bool low = caps[i] & CAP_PLMR, high = caps[i] & CAP_PHMR;

		/* What is not there takes no value, and protects nothing. */
		wr32(r, PLMBASE, (uint32_t)LOW);
		wr32(r, PLMLIMIT, (uint32_t)LOW);
		CHECK_EQ(rd32(r, PLMBASE), low ? LOW : 0);
		CHECK_EQ(rd32(r, PLMLIMIT), low ? LOW : 0);
		wr64(r, PHMBASE, HIGH);
		wr64(r, PHMLIMIT, HIGH);
		CHECK_EQ(rd64(r, PHMBASE), high ? HIGH : 0);
		CHECK_EQ(rd64(r, PHMLIMIT), high ? HIGH : 0);
		wr32(r, PMEN, EPM);
		CHECK_EQ(rd32(r, PMEN), EPM | 1);
		if (low)
			all_kept_out(r, LOW);
		else
			rig_grants(r, SID, rq(LOW, IOM_WRITE), LOW);
		if (high)
			all_kept_out(r, HIGH);
		else
			rig_grants(r, SID, rq(HIGH, IOM_WRITE), HIGH);
		rig_grants(r, SID, rq(0, IOM_WRITE), 0);
		rig_grants(r, SID, rq(LOW + GRANULE, IOM_WRITE), LOW + GRANULE);
		rig_free(r);
	}
}

TEST(units_without_protected_memory, "VTD-PMR-07")
{
	struct rig *r = rig_new();

	wr32(r, PMEN, EPM);
	CHECK_EQ(rd32(r, PMEN), 0);
	rig_grants(r, SID, rq(0, IOM_WRITE), 0);
	rig_free(r);
}

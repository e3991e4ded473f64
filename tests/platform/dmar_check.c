/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* DMARs that can be read, but make no sense in one thing each, and the sentence that says in which. */
#include "dmar_example.h"

#include <stdlib.h>
#include <string.h>

struct heard {
	char text[2048];
	unsigned count;
};

static void hear(void *opaque, const char *sentence)
{
	struct heard *h = opaque;

	CHECK(strlen(sentence) > 20 && strlen(sentence) < 251);
	strcat(h->text, sentence);
	strcat(h->text, "\n");
	h->count++;
}

static void check_says(const uint8_t *bytes, size_t size, unsigned count, const char *word)
{
	struct iom_dmar_table table;
	struct heard h = { 0 };

	dmar_open_ok(bytes, size, &table);
	CHECK_EQ(iom_dmar_check(&table, hear, &h), h.count);
	CHECK_EQ(iom_dmar_check(&table, NULL, NULL), h.count);
	CHECK_MSG(h.count == count && strstr(h.text, word), "%u sentences:\n%sshould speak of: %s",
	          h.count, h.text, word);
}

/* The example with one number changed gives this one sentence. */
static void told(size_t at, unsigned bytes, uint64_t value, const char *sentence)
{
	uint8_t table[DMAR_BYTES];

	memcpy(table, dmar_bytes, sizeof table);
	put_le(table + at, bytes, value);
	mend_checksum(table, sizeof table);
	check_says(table, sizeof table, 1, sentence);
}

TEST(dmar_of_the_example_makes_sense, "")
{
	check_says(dmar_bytes, DMAR_BYTES, 0, "");
}

TEST(dmar_head_is_checked, "FW-DMAR-01 FW-DMAR-02")
{
	told(8, 1, 0, "the DMAR has revision 0; it should be 1");
	told(36, 1, 64, "have 65 bits; it should be 2 to 64");
	told(36, 1, 255, "have 256 bits; it should be 2 to 64");
	told(37, 1, 6, "the flags of the DMAR are 0x6; X2APIC_OPT_OUT");
}

TEST(dmar_without_units_is_told, "FW-DMAR-04")
{
	uint8_t bytes[48];

	memcpy(bytes, dmar_bytes, sizeof bytes);
	put_le(bytes + 4, 4, sizeof bytes);
	mend_checksum(bytes, sizeof bytes);
	check_says(bytes, sizeof bytes, 1,
	           "the DMAR has no DRHD; it should have one for each unit");
}

/* Moves the unit, and the structure that speaks of it. */
static void told_of_base(uint64_t base, uint8_t pages_lg2, unsigned count)
{
	uint8_t table[DMAR_BYTES];

	memcpy(table, dmar_bytes, sizeof table);
	table[DMAR_DRHD + 5] = pages_lg2;
	put_le(table + DMAR_DRHD + 8, 8, base);
	put_le(table + DMAR_RHSA + 8, 8, base);
	mend_checksum(table, sizeof table);
	check_says(table, sizeof table, count, count ? "the registers of the DRHD at 0x30" : "");
}

TEST(dmar_registers_are_at_a_multiple_of_their_size, "FW-DMAR-04 FW-DMAR-05")
{
	told_of_base(0, 0, 1);
	told_of_base(UINT64_MAX, 0, 1);
	told_of_base(0xfed90800, 0, 1);
	for (uint8_t lg2 = 0; lg2 < 16; lg2++) {
		told_of_base(0x100000000 + (0x1000ull << lg2), lg2, 0);
		told_of_base(0x100000000 + (0x800ull << lg2), lg2, 1);
	}
	told_of_base(UINT64_C(0xfffffffffffff000), 0, 0);
}

static struct iom_dmar_drhd units[3];

/* What a table of these three units gives, in whatever order they stand */
static void units_say(unsigned count, const char *word)
{
	uint8_t buf[1024], *at = buf + 48;
	struct dmar_example e;
	uint8_t *bytes;
	size_t size;

	/* Each is built alone: the builder would put them in order. */
	dmar_fill(&e);
	memcpy(buf, dmar_bytes, 48);
	e.dmar.rmrr_count = e.dmar.atsr_count = e.dmar.rhsa_count = 0;
	e.dmar.andd_count = e.dmar.satc_count = e.dmar.sidp_count = 0;
	for (unsigned i = 0; i < 3; i++) {
		e.drhd[0] = units[i];
		if (!(units[i].flags & 1)) {
			e.drhd[0].scopes = e.unit_scopes;
			e.drhd[0].scope_count = 1;
		}
		bytes = dmar_build(&e, &size);
		memcpy(at, bytes + 48, size - 48);
		at += size - 48;
		free(bytes);
	}
	put_le(buf + 4, 4, (uint64_t)(at - buf));
	mend_checksum(buf, (size_t)(at - buf));
	check_says(buf, (size_t)(at - buf), count, word);
}

static void units_fill(void)
{
	units[0] = (struct iom_dmar_drhd){ 0, 0, 0, 0, 0x10000, NULL };
	units[1] = (struct iom_dmar_drhd){ 0, 0, 0, 0, 0x20000, NULL };
	units[2] = (struct iom_dmar_drhd){ 1, 0, 0, 0, 0x30000, NULL };
}

TEST(dmar_unit_for_the_rest_comes_last_and_alone, "FW-DMAR-20 FW-DMAR-21 FW-DMAR-27")
{
	units_fill();
	units_say(0, "");
	/* The second one of a segment, at 0x30 + 24 */
	units[1].flags = 1;
	units_say(1, "the DRHDs at 0x48 and 0x58 both have INCLUDE_PCI_ALL; one of a segment "
	             "should");
	units[1].segment = 1;
	units_say(0, "");
	units[1].segment = 0;
	units[2].flags = 0;
	units_say(1, "the DRHDs at 0x48 and 0x58 are of one segment, and the former has "
	             "INCLUDE_PCI_ALL; it should be the last");
	units[2].segment = 0x100;
	units_say(0, "");
}

TEST(dmar_units_have_registers_of_their_own, "FW-DMAR-04")
{
	units_fill();
	units[1].base = 0x10000;
	units_say(1, "the DRHDs at 0x30 and 0x48 have registers that overlap");
	units[1].base = 0x11000;
	units_say(0, "");
	units[0].pages_lg2 = 1;
	units_say(1, "overlap");
	units_fill();
	units[2].base = 0x0e000;
	units[2].pages_lg2 = 1;
	units_say(0, "");
	units[2].base = 0x08000;
	units[2].pages_lg2 = 3;
	units_say(0, "");
	units[2].base = 0x10000;
	units[2].pages_lg2 = 4;
	units_say(1, "the DRHDs at 0x30 and 0x60 have registers that overlap");
}

TEST(dmar_scopes_are_of_the_types_that_their_structure_has, "FW-DMAR-30 FW-DMAR-13")
{
	static const struct {
		size_t at;
		const char *may; /* by type */
	} scopes[] = {
		{ DMAR_ENDPOINT, "12345" },
		{ DMAR_RMRR_SCOPE, "1" },
		{ DMAR_SATC_SCOPE, "1" },
		{ DMAR_SIDP_SCOPE, "15" },
	};

	for (unsigned i = 0; i < 4; i++) {
		for (unsigned type = 1; type <= 5; type++) {
			uint8_t table[DMAR_BYTES];
			const bool may = strchr(scopes[i].may, (int)('0' + type));

			memcpy(table, dmar_bytes, sizeof table);
			put_le(table + scopes[i].at, 1, type);
			table[scopes[i].at + 4] = 1; /* that of the ANDD */
			mend_checksum(table, sizeof table);
			check_says(table, sizeof table, !may,
			           may ? "" : "it should be 1 (endpoint)");
		}
	}
}

TEST(dmar_unit_for_the_rest_names_no_pci_devices, "FW-DMAR-30")
{
	uint8_t table[DMAR_BYTES];

	for (unsigned type = 1; type <= 5; type++) {
		memcpy(table, dmar_bytes, sizeof table);
		table[DMAR_DRHD + 4] = 1;
		table[DMAR_ENDPOINT] = 3;
		table[DMAR_BRIDGE] = (uint8_t)type;
		table[DMAR_BRIDGE + 4] = 1;
		mend_checksum(table, sizeof table);
		check_says(table, sizeof table, type < 3,
		           type < 3 ? "the device scope at 0x58 of the DRHD at 0x30 has type" : "");
	}
}

TEST(dmar_unit_has_devices, "FW-DMAR-04")
{
	uint8_t bytes[64];

	units_fill();
	units[0].flags = 1;
	units[0].segment = 5;
	units_say(0, "");
	/* The same without the flag */
	memcpy(bytes, dmar_bytes, sizeof bytes);
	put_le(bytes + 4, 4, sizeof bytes);
	put_le(bytes + DMAR_DRHD + 2, 2, 16);
	mend_checksum(bytes, sizeof bytes);
	check_says(bytes, sizeof bytes, 1, "the DRHD at 0x30 has no device scopes");
}

TEST(dmar_paths_have_devices_and_functions_that_there_are, "FW-DMAR-12")
{
	told(DMAR_ENDPOINT + 6, 1, 32,
	     "step 1 of the device scope at 0x50 is device 32, function 0");
	told(DMAR_BRIDGE + 9, 1, 8, "step 2 of the device scope at 0x58 is device 0, function 8");
}

TEST(dmar_namespace_devices_are_declared, "FW-DMAR-17")
{
	uint8_t table[DMAR_BYTES];

	memcpy(table, dmar_bytes, sizeof table);
	table[DMAR_ENDPOINT] = 5;
	for (unsigned id = 0; id < 256; id++) {
		table[DMAR_ENDPOINT + 4] = (uint8_t)id;
		mend_checksum(table, sizeof table);
		check_says(table, sizeof table, id != 1,
		           id == 1 ? "" : "there should be an ANDD with this number");
	}
}

TEST(dmar_regions_are_whole_pages, "FW-DMAR-06 FW-DMAR-25 VTD-RMRR-02")
{
	static const struct {
		uint64_t base, limit;
		const char *word;
	} regions[] = {
		{ 0, 0xfff, NULL },
		{ 0x7a000000, 0x7a000fff, NULL },
		{ 0x7a000000, 0x7ffffff000 - 1, NULL },
		{ 0x7a000000, 0x7fffffffff, NULL },
		{ 0x7a000001, 0x7a000fff, "goes from 0x7a000001" },
		{ 0x7a000800, 0x7a000fff, "multiples of 0x1000" },
		{ 0x7a000000, 0x7a001000, "multiples of 0x1000" },
		{ 0x7a000000, 0x7a000ffe, "multiples of 0x1000" },
		{ 0x7a000000, 0x79ffffff, "the limit above the base" },
		{ 0x7a000000, 0x79ffefff, "the limit above the base" },
		{ 0x7a000000, 0x7a000000, "the limit above the base" },
		{ 0, UINT64_MAX, "below 2^39" },
		{ 0x7a000000, 0x8000000fff, "ends at 0x8000000fff; it should be below 2^39" },
	};

	for (unsigned i = 0; i < sizeof regions / sizeof regions[0]; i++) {
		uint8_t table[DMAR_BYTES];

		memcpy(table, dmar_bytes, sizeof table);
		put_le(table + DMAR_RMRR + 8, 8, regions[i].base);
		put_le(table + DMAR_RMRR + 16, 8, regions[i].limit);
		mend_checksum(table, sizeof table);
		check_says(table, sizeof table, regions[i].word != NULL,
		           regions[i].word ? regions[i].word : "");
	}
}

/* The structure at `at` without its scopes; what stood behind it moves up. */
static void told_without_scopes(size_t at, unsigned fixed, size_t end, const char *word)
{
	uint8_t table[DMAR_BYTES];
	size_t size = DMAR_BYTES - (end - at - fixed);

	memcpy(table, dmar_bytes, at + fixed);
	memcpy(table + at + fixed, dmar_bytes + end, DMAR_BYTES - end);
	put_le(table + at + 2, 2, fixed);
	put_le(table + 4, 4, size);
	mend_checksum(table, size);
	check_says(table, size, 1, word);
}

TEST(dmar_lists_of_devices_are_not_empty, "FW-DMAR-06 FW-DMAR-10 FW-DMAR-11")
{
	told_without_scopes(DMAR_RMRR, 24, DMAR_ATSR, "the RMRR at 0x62 has no device scopes");
	told_without_scopes(DMAR_SATC, 8, DMAR_SIDP, "the SATC at 0xb0 has no device scopes");
	told_without_scopes(DMAR_SIDP, 8, DMAR_BYTES, "the SIDP at 0xc0 has no device scopes");
}

TEST(dmar_ports_are_named_unless_all_are_meant, "FW-DMAR-07")
{
	uint8_t table[DMAR_BYTES + 8];

	told(DMAR_ATSR + 4, 1, 0, "the ATSR at 0x82 has no device scopes; there should be one");
	memcpy(table, dmar_bytes, DMAR_RHSA);
	memcpy(table + DMAR_RHSA, dmar_bytes + DMAR_ENDPOINT, 8);
	memcpy(table + DMAR_RHSA + 8, dmar_bytes + DMAR_RHSA, DMAR_BYTES - DMAR_RHSA);
	put_le(table + 4, 4, sizeof table);
	put_le(table + DMAR_ATSR + 2, 2, 16);
	table[DMAR_RHSA] = 2;
	mend_checksum(table, sizeof table);
	check_says(table, sizeof table, 1, "the ATSR at 0x82 has ALL_PORTS and 1 device scopes");
	table[DMAR_ATSR + 4] = 0;
	mend_checksum(table, sizeof table);
	check_says(table, sizeof table, 0, "");
	table[DMAR_RHSA] = 1;
	mend_checksum(table, sizeof table);
	check_says(table, sizeof table, 1, "has type 1; it should be 2 (root port)");
}

TEST(dmar_affinity_is_that_of_a_unit, "FW-DMAR-08 FW-DMAR-32")
{
	uint8_t table[DMAR_BYTES + 1];

	told(DMAR_RHSA + 8, 8, 0xfed91000, "the RHSA at 0x8a speaks of registers at 0xfed91000");
	memcpy(table, dmar_bytes, DMAR_ANDD);
	table[DMAR_ANDD] = 0;
	memcpy(table + DMAR_ANDD + 1, dmar_bytes + DMAR_ANDD, DMAR_BYTES - DMAR_ANDD);
	put_le(table + 4, 4, sizeof table);
	put_le(table + DMAR_RHSA + 2, 2, 21);
	mend_checksum(table, sizeof table);
	check_says(table, sizeof table, 1, "the RHSA at 0x8a takes 21 bytes; it should be 20");
}

/* The example with the structure at [at, end) twice, `change` at its byte `where` */
static void told_of_two(size_t at, size_t end, size_t where, uint8_t change, const char *word)
{
	uint8_t table[DMAR_BYTES + 64];
	const size_t size = DMAR_BYTES + (end - at);

	memcpy(table, dmar_bytes, end);
	memcpy(table + end, dmar_bytes + at, DMAR_BYTES - at);
	table[end + where] ^= change;
	put_le(table + 4, 4, size);
	mend_checksum(table, size);
	check_says(table, size, word != NULL, word ? word : "");
}

TEST(dmar_declarations_have_numbers_of_their_own, "FW-DMAR-09")
{
	told_of_two(DMAR_ANDD, DMAR_SATC, 9, 1, "the ANDDs at 0x9e and 0xb0 both have number 1");
	told_of_two(DMAR_ANDD, DMAR_SATC, 7, 2, NULL);
	told(DMAR_ANDD + 8, 1, 0, "the name in the ANDD at 0x9e is empty");
}

TEST(dmar_caches_are_listed_once, "FW-DMAR-10 FW-DMAR-27")
{
	told_of_two(DMAR_SATC, DMAR_SIDP, 14, 1,
	            "the SATCs at 0xb0 and 0xc0 are both for segment 0, with the same");
	told_of_two(DMAR_SATC, DMAR_SIDP, 4, 1, NULL);
	told_of_two(DMAR_SATC, DMAR_SIDP, 7, 1, NULL);
}

TEST(dmar_integrated_devices_have_paths_of_one_step, "FW-DMAR-10 FW-DMAR-11")
{
	/* The scope of the SATC takes the first two bytes of what follows, moved behind by two. */
	static const size_t at[] = { DMAR_SATC, DMAR_SIDP };

	for (unsigned i = 0; i < 2; i++) {
		uint8_t table[DMAR_BYTES + 2];
		const size_t end = at[i] + 16;

		memcpy(table, dmar_bytes, end);
		memset(table + end, 0, 2);
		memcpy(table + end + 2, dmar_bytes + end, DMAR_BYTES - end);
		put_le(table + at[i] + 2, 2, 18);
		table[at[i] + 9] = 10;
		put_le(table + 4, 4, sizeof table);
		mend_checksum(table, sizeof table);
		check_says(table, sizeof table, 1, "has 2 steps");
	}
}

TEST(dmar_check_tells_all_that_is_wrong, "FW-DMAR-25")
{
	uint8_t table[DMAR_BYTES];

	memcpy(table, dmar_bytes, sizeof table);
	table[36] = 0;            /* address bits; the RMRR is beyond them */
	table[DMAR_DRHD + 8] = 1; /* registers; the RHSA has others now    */
	table[DMAR_ATSR + 4] = 0;
	mend_checksum(table, sizeof table);
	check_says(table, sizeof table, 5, "the RMRR at 0x62 ends");
}

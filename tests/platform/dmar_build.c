/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What is written into a DMAR, byte by byte, and what is not written at all. */
#include "dmar_example.h"

#include <stdlib.h>
#include <string.h>

TEST(dmar_is_written_byte_for_byte, "FW-GOLD-01 FW-HDR-01 FW-HDR-02 FW-HDR-08 FW-DMAR-01 "
                                    "FW-DMAR-02 FW-DMAR-03 FW-DMAR-04 "
                                    "FW-DMAR-06 FW-DMAR-07 FW-DMAR-08 FW-DMAR-09 FW-DMAR-10 "
                                    "FW-DMAR-11 FW-DMAR-12 FW-DMAR-31")
{
	struct dmar_example e;
	uint8_t *table;
	size_t bytes;

	dmar_fill(&e);
	table = dmar_build(&e, &bytes);
	CHECK_EQ(bytes, DMAR_BYTES);
	for (size_t i = 0; i < bytes; i++)
		CHECK_MSG(table[i] == dmar_bytes[i], "byte 0x%zx is 0x%x, should be 0x%x", i,
		          table[i], dmar_bytes[i]);
	free(table);
}

TEST(dmar_address_bits_are_one_less, "FW-DMAR-01")
{
	for (unsigned bits = 31; bits <= 64; bits++) {
		struct dmar_example e;
		uint8_t *table;
		size_t bytes;

		dmar_fill(&e);
		e.dmar.address_bits = (uint8_t)bits;
		table = dmar_build(&e, &bytes);
		CHECK_EQ(table[36], bits - 1);
		free(table);
	}
}

TEST(dmar_flags_are_the_second_byte, "FW-DMAR-02 FW-DMAR-03")
{
	static const uint8_t flags[] = { 0, 1, 3, 4, 5, 7 };

	for (unsigned i = 0; i < sizeof flags; i++) {
		struct dmar_example e;
		uint8_t *table;
		size_t bytes;

		dmar_fill(&e);
		e.dmar.flags = flags[i];
		table = dmar_build(&e, &bytes);
		CHECK_EQ(table[37], flags[i]);
		for (unsigned at = 38; at < 48; at++)
			CHECK_EQ(table[at], 0);
		free(table);
	}
}

TEST(dmar_unit_tells_its_pages_segment_and_flag, "FW-DMAR-04 FW-DMAR-05")
{
	for (unsigned lg2 = 0; lg2 < 16; lg2++) {
		struct dmar_example e;
		uint8_t *table;
		size_t bytes;

		dmar_fill(&e);
		e.drhd[0].pages_lg2 = (uint8_t)lg2;
		e.drhd[0].segment = 0x1234;
		e.drhd[0].flags = 1;
		e.drhd[0].scope_count = 2;
		e.drhd[0].base = e.rhsa[0].base = UINT64_C(0x1020304050000000) + (0x1000ull << lg2);
		table = dmar_build(&e, &bytes);
		CHECK_EQ(table[DMAR_DRHD + 4], 1);
		CHECK_EQ(table[DMAR_DRHD + 5], lg2);
		CHECK_EQ(get_le(table + DMAR_DRHD + 6, 2), 0x1234);
		CHECK_EQ(get_le(table + DMAR_DRHD + 8, 8), e.drhd[0].base);
		CHECK_EQ(get_le(table + DMAR_DRHD + 2, 2), 32);
		free(table);
	}
}

TEST(dmar_scopes_have_their_length, "FW-DMAR-12")
{
	static struct iom_dmar_hop path[124];
	struct dmar_example e;

	for (unsigned i = 0; i < 124; i++)
		path[i] = (struct iom_dmar_hop){ (uint8_t)(i % 32), (uint8_t)(i % 8) };
	for (unsigned n = 1; n <= 124; n++) {
		uint8_t *table, *scope;
		size_t bytes;

		dmar_fill(&e);
		e.unit_scopes[3].hop_count = (uint8_t)n;
		e.unit_scopes[3].path = path;
		e.unit_scopes[3].bus = 0x77;
		table = dmar_build(&e, &bytes);
		scope = table + DMAR_BRIDGE;
		CHECK_EQ(scope[1], 6 + 2 * n);
		CHECK_EQ(scope[5], 0x77);
		for (unsigned i = 0; i < n; i++)
			CHECK(scope[6 + 2 * i] == i % 32 && scope[7 + 2 * i] == i % 8);
		CHECK_EQ(get_le(table + DMAR_DRHD + 2, 2), 16 + 3 * 8 + 6 + 2 * n);
		free(table);
	}
}

TEST(dmar_ports_are_listed_or_all, "FW-DMAR-07")
{
	static const struct iom_dmar_hop port = { 0x1c, 4 };
	const struct iom_dmar_scope scope = { 2, 0, 0, 0, 1, &port };
	static const uint8_t should[] = { 2, 0, 16, 0, 0, 0, 9, 0, 2, 8, 0, 0, 0, 0, 0x1c, 4 };
	struct dmar_example e;
	uint8_t *table;
	size_t bytes;

	dmar_fill(&e);
	e.atsr[1] = (struct iom_dmar_atsr){ 0, 9, 1, &scope };
	e.dmar.atsr_count = 2;
	table = dmar_build(&e, &bytes);
	CHECK_EQ(memcmp(table + DMAR_ATSR + 8, should, sizeof should), 0);
	free(table);
}

/* Segment and first byte of the base of each unit, in the order of the table */
static void order_of(const uint8_t *table, char *text)
{
	const uint8_t *at = table + 48;

	for (; at[0] == 0; at += get_le(at + 2, 2)) {
		*text++ = (char)('a' + at[11]);
		*text++ = at[4] ? '*' : ' ';
	}
	*text = '\0';
}

TEST(dmar_units_with_the_rest_come_last, "FW-DMAR-20 FW-DMAR-31")
{
	struct dmar_example e;
	uint8_t *table;
	char text[16];
	size_t bytes;

	dmar_fill(&e);
	e.dmar.rhsa_count = 0;
	e.drhd[0] = (struct iom_dmar_drhd){ 1, 0, 0, 0, 0x00000000 + 0x1000, NULL };
	e.drhd[1] = (struct iom_dmar_drhd){ 1, 0, 1, 0, 0x01000000, NULL };
	e.drhd[2] = (struct iom_dmar_drhd){ 0, 0, 0, 4, 0x02000000, e.unit_scopes };
	e.dmar.drhd_count = 3;
	table = dmar_build(&e, &bytes);
	order_of(table, text);
	CHECK_STR(text, "c a*b*");
	for (const uint8_t *at = table + 48, *end = table + bytes; at < end;) {
		const uint8_t *next = at + get_le(at + 2, 2);

		CHECK(next == end || next[0] >= at[0]);
		at = next;
	}
	free(table);
}

TEST(dmar_is_not_written_behind_the_end_of_the_buffer, "")
{
	struct dmar_example e;
	size_t bytes;

	dmar_fill(&e);
	for (size_t size = 0; size < DMAR_BYTES; size++) {
		struct iom_error error;
		uint8_t *buf = malloc(size + 1);

		CHECK(buf);
		buf[size] = 0xa5;
		CHECK(iom_dmar_build(&e.dmar, buf, size, &bytes, &error) == IOM_ENOSPC);
		CHECK(error.code == IOM_ENOSPC && strstr(error.text, "208"));
		CHECK_EQ(bytes, DMAR_BYTES);
		CHECK_EQ(buf[size], 0xa5);
		free(buf);
	}
}

static void refused(struct dmar_example *e, const char *word)
{
	static uint8_t buf[0x20000];
	struct iom_error error = { 0 };
	size_t bytes;
	int r = iom_dmar_build(&e->dmar, buf, sizeof buf, &bytes, &error);

	CHECK_MSG(r == IOM_EINVAL && error.code == r && strstr(error.text, word),
	          "%d: \"%s\" should speak of %s", r, error.text, word);
	CHECK(iom_dmar_build(&e->dmar, buf, sizeof buf, &bytes, NULL) == IOM_EINVAL);
	dmar_fill(e);
}

TEST(dmar_that_cannot_be_written_is_refused, "FW-DMAR-28")
{
	static struct iom_dmar_scope many[8200];
	static struct iom_dmar_rhsa rhsas[3300];
	static char name[70000];
	struct dmar_example e;

	memset(name, 'N', sizeof name - 1);
	dmar_fill(&e);
	for (unsigned i = 0; i < 8200; i++)
		many[i] = e.unit_scopes[2];
	e.dmar.bytes--;
	refused(&e, "size of struct iom_dmar");
	e.dmar.ids.oem_id = "SEVENTH";
	refused(&e, "too long");
	e.dmar.flags = 8;
	refused(&e, "flags of the DMAR are 0x8; there are only those in 0x7");
	e.dmar.drhds = NULL;
	refused(&e, "1 structures DRHD; they should have an array");
	e.dmar.sidp_count = 1u << 20;
	refused(&e, "at most 65536");
	e.drhd[0].flags = 2;
	refused(&e, "flags of DRHD 0 are 0x2; there are only those in 0x1");
	e.drhd[0].pages_lg2 = 16;
	refused(&e, "2^16 pages");
	e.drhd[0].scopes = NULL;
	refused(&e, "DRHD 0 has a number of device scopes, but no array");
	e.drhd[0].scopes = many;
	e.drhd[0].scope_count = 8200;
	refused(&e, "DRHD 0 would take 65616 bytes");
	e.unit_scopes[1].type = 0;
	refused(&e, "device scope 1 of DRHD 0 has type 0; it should be 1 to 5");
	e.unit_scopes[3].type = 6;
	refused(&e, "device scope 3 of DRHD 0 has type 6");
	e.unit_scopes[0].hop_count = 0;
	refused(&e, "0 steps");
	e.unit_scopes[0].hop_count = 125;
	refused(&e, "125 steps; it should be 1 to 124");
	e.unit_scopes[0].path = NULL;
	refused(&e, "in an array");
	e.unit_scopes[2].flags = 1;
	refused(&e, "device scope 2 of DRHD 0 has flags 0x1; there are only those in 0x0");
	e.satc_scope.flags = 0x10;
	refused(&e, "device scope 0 of SATC 0 has flags 0x10");
	e.sidp_scope.flags = 0x20;
	refused(&e, "device scope 0 of SIDP 0 has flags 0x20; there are only those in 0x1f");
	e.rmrr[1].scope_count = 1;
	e.dmar.rmrr_count = 2;
	refused(&e, "RMRR 1 has a number");
	e.atsr[0].flags = 2;
	refused(&e, "flags of ATSR 0");
	e.satc[0].flags = 2;
	refused(&e, "flags of SATC 0");
	e.andd[0].name = NULL;
	refused(&e, "ANDD 0 has no name");
	e.andd[0].name = name;
	refused(&e, "ANDD 0 would take 65544 bytes");
	e.dmar.rhsas = rhsas;
	e.dmar.rhsa_count = 3300;
	refused(&e, "the table would take 66188 bytes");
}

TEST(dmar_that_makes_no_sense_is_refused, "FW-DMAR-32 VTD-RMRR-02")
{
	struct dmar_example e;

	dmar_fill(&e);
	e.dmar.address_bits = 1;
	refused(&e, "have 1 bits");
	e.dmar.address_bits = 65;
	refused(&e, "have 65 bits");
	e.dmar.flags = 2;
	refused(&e, "X2APIC_OPT_OUT");
	e.rmrr[0].limit++;
	refused(&e, "the RMRR at 0x62 goes");
	e.rhsa[0].base += 0x1000;
	refused(&e, "the RHSA at 0x8a");
	/* The first of several sentences */
	e.drhd[0].base++;
	refused(&e, "the registers of the DRHD at 0x30 are at 0xfed90001");
}

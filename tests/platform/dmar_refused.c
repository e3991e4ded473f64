/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* DMARs that cannot be read for one thing each, and the sentence that says for which. */
#include "dmar_example.h"

#include <stdlib.h>
#include <string.h>

static void refused_as(const uint8_t *bytes, size_t size, const char *word)
{
	struct iom_dmar_table table = { bytes, 12345 };
	struct iom_error error = { 0 };
	uint8_t *own = exact_copy(bytes, size);
	int r;

	r = iom_dmar_open(own, size, &table, &error);
	CHECK_MSG(r == IOM_EINVAL && error.code == r && strstr(error.text, word),
	          "%d: \"%s\" should speak of: %s", r, error.text, word);
	CHECK(iom_dmar_open(own, size, &table, NULL) == IOM_EINVAL);
	CHECK(table.data == bytes && table.length == 12345);
	free(own);
}

/* The example with one number changed, its checksum right. */
static void refused(size_t at, unsigned bytes, uint64_t value, const char *word)
{
	uint8_t table[DMAR_BYTES];

	memcpy(table, dmar_bytes, sizeof table);
	put_le(table + at, bytes, value);
	mend_checksum(table, sizeof table);
	refused_as(table, sizeof table, word);
}

TEST(dmar_with_a_wrong_checksum_is_refused, "FW-HDR-03")
{
	uint8_t table[DMAR_BYTES];

	for (size_t i = 8; i < sizeof table; i++) {
		memcpy(table, dmar_bytes, sizeof table);
		table[i] ^= 0x10;
		refused_as(table, sizeof table, "sum");
	}
}

TEST(dmar_with_a_wrong_length_is_refused, "FW-HDR-04")
{
	struct iom_dmar_table table;

	CHECK(iom_dmar_open(NULL, 0, &table, NULL) == IOM_EINVAL);
	for (size_t size = 0; size < 36; size++)
		refused_as(dmar_bytes, size, "header");
	for (size_t size = 36; size < DMAR_BYTES; size++)
		refused_as(dmar_bytes, size, "length");
	for (uint32_t length = 0; length < 48; length++)
		refused(4, 4, length, "length of the DMAR");
	refused(4, 4, DMAR_BYTES + 1, "length of the DMAR");
	refused(4, 4, 0xffffffff, "length of the DMAR");
	refused(0, 4, 0x544d4952, "DMAR"); /* "RIMT" */
}

TEST(dmar_that_is_too_long_is_refused, "")
{
	const size_t size = IOM_DMAR_BYTES_MAX + 1;
	uint8_t *table = calloc(1, size);

	CHECK(table);
	memcpy(table, dmar_bytes, DMAR_BYTES);
	put_le(table + 4, 4, size);
	mend_checksum(table, size);
	refused_as(table, size, "65536");
	free(table);
}

static const struct {
	size_t at;
	unsigned bytes;
	const char *name;
} nodes[] = {
	{ DMAR_DRHD, 16, "DRHD at 0x30" }, { DMAR_RMRR, 24, "RMRR at 0x62" },
	{ DMAR_ATSR, 8, "ATSR at 0x82" },  { DMAR_RHSA, 20, "RHSA at 0x8a" },
	{ DMAR_ANDD, 9, "ANDD at 0x9e" },  { DMAR_SATC, 8, "SATC at 0xb0" },
	{ DMAR_SIDP, 8, "SIDP at 0xc0" },
};

TEST(dmar_structure_without_length_is_refused, "FW-HDR-05")
{
	for (unsigned n = 0; n < 7; n++) {
		for (unsigned length = 0; length < 4; length++)
			refused(nodes[n].at + 2, 2, length, "has length");
	}
}

TEST(dmar_structure_that_leaves_the_table_is_refused, "FW-HDR-06")
{
	for (unsigned n = 0; n < 7; n++) {
		refused(nodes[n].at + 2, 2, DMAR_BYTES - nodes[n].at + 1, "has length");
		refused(nodes[n].at + 2, 2, 0xffff, "has length 65535");
	}
}

TEST(dmar_structure_that_is_too_short_for_its_type_is_refused, "FW-HDR-06 FW-DMAR-04 FW-DMAR-06 "
                                                               "FW-DMAR-07 FW-DMAR-08 FW-DMAR-09 "
                                                               "FW-DMAR-10 FW-DMAR-11")
{
	for (unsigned n = 0; n < 7; n++) {
		for (unsigned length = 4; length < nodes[n].bytes; length++)
			refused(nodes[n].at + 2, 2, length, nodes[n].name);
	}
}

TEST(dmar_scope_with_a_wrong_length_is_refused, "FW-HDR-06 FW-DMAR-12")
{
	static const struct {
		size_t at, end;
	} scopes[] = {
		{ DMAR_ENDPOINT, DMAR_RMRR },    { DMAR_BRIDGE, DMAR_RMRR },
		{ DMAR_RMRR_SCOPE, DMAR_ATSR },  { DMAR_SATC_SCOPE, DMAR_SIDP },
		{ DMAR_SIDP_SCOPE, DMAR_BYTES },
	};

	for (unsigned i = 0; i < 5; i++) {
		for (unsigned length = 0; length < 8; length++)
			refused(scopes[i].at + 1, 1, length, "device scope at 0x");
		for (size_t length = scopes[i].end - scopes[i].at + 1; length < 256; length++)
			refused(scopes[i].at + 1, 1, length, "device scope at 0x");
		/* So are those of types that nobody knows. */
		refused(scopes[i].at, 2, 0x0009, "device scope at 0x");
	}
}

TEST(dmar_scope_with_half_a_step_is_refused, "FW-DMAR-26")
{
	/* The last one, longer by this, as are its structure and the table */
	for (unsigned more = 0; more < 8; more++) {
		uint8_t table[DMAR_BYTES + 8] = { 0 };
		const size_t size = DMAR_BYTES + more;
		struct iom_dmar_table out;

		memcpy(table, dmar_bytes, DMAR_BYTES);
		put_le(table + 4, 4, size);
		put_le(table + DMAR_SIDP + 2, 2, 16 + more);
		table[DMAR_SIDP_SCOPE + 1] = (uint8_t)(8 + more);
		mend_checksum(table, size);
		if (more % 2)
			refused_as(table, size, "device scope at 0xc8 has length");
		else
			dmar_open_ok(table, size, &out);
	}
}

TEST(dmar_name_without_end_is_refused, "FW-DMAR-09")
{
	refused(DMAR_ANDD + 17, 1, 'A', "name in the ANDD at 0x9e does not end");
	/* A structure that ends before its name */
	refused(DMAR_ANDD + 2, 2, 12, "name in the ANDD at 0x9e does not end");
}

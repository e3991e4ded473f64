/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * DMARs that somebody broke on purpose.  They stand in memory of just their size, so that the
 * build with sanitizers fails at the first byte that is read outside; here it counts that every
 * way through the reader ends, and what it accepts can be asked.
 */
#include "dmar_example.h"

#include <stdlib.h>
#include <string.h>

static int on_drhd(void *opaque, const struct iom_dmar_drhd *drhd)
{
	CHECK(drhd->pages_lg2 < 16);
	++*(unsigned *)opaque;
	return 0;
}

static int on_rmrr(void *opaque, const struct iom_dmar_rmrr *rmrr)
{
	(void)rmrr;
	++*(unsigned *)opaque;
	return 0;
}

static int on_andd(void *opaque, const struct iom_dmar_andd *andd)
{
	*(unsigned *)opaque += (unsigned)strlen(andd->name);
	return 0;
}

static int on_scope(void *opaque, const struct iom_dmar_scope *scope)
{
	unsigned sum = 0;

	CHECK(scope->type >= 1 && scope->type <= 5 && scope->hop_count);
	for (unsigned i = 0; i < scope->hop_count; i++)
		sum += scope->path[i].device + scope->path[i].function;
	*(unsigned *)opaque += sum;
	return 0;
}

static const struct iom_dmar_visitor visitor = {
	.bytes = sizeof visitor,
	.drhd = on_drhd,
	.rmrr = on_rmrr,
	.andd = on_andd,
	.scope = on_scope,
};

/* Every function is a bridge to whatever bus. */
static bool bridge(void *opaque, uint16_t segment, uint16_t rid, uint8_t *secondary,
                   uint8_t *subordinate)
{
	(void)opaque, (void)segment;
	*secondary = (uint8_t)(rid * 7);
	*subordinate = (uint8_t)(rid * 11);
	return true;
}

static const struct iom_dmar_pci pci = { .bytes = sizeof pci, .bridge = bridge };

static void ask(const struct iom_dmar_table *table)
{
	static const uint16_t rids[] = { 0, 0x10, 0xa0, 0x8000, 0xffff };
	struct iom_dmar_source source;
	struct iom_dmar_drhd drhd;
	unsigned told = 0;
	uint8_t flags;

	(void)iom_dmar_check(table, NULL, NULL);
	for (unsigned i = 0; i < 5; i++) {
		(void)iom_dmar_find_rid(table, &pci, 0, rids[i], &drhd);
		(void)iom_dmar_visit_rmrrs(table, &pci, 0, rids[i], on_rmrr, &told);
		(void)iom_dmar_find_ats(table, &pci, 0, rids[i]);
		(void)iom_dmar_find_properties(table, &pci, 0, rids[i], &flags);
	}
	(void)iom_dmar_find_source(table, &pci, IOM_DMAR_IOAPIC, 2, &source);
	(void)iom_dmar_find_device(table, &pci, "\\_SB.I2C0", &source);
}

/* True if it was accepted. */
static bool survives(const uint8_t *bytes, size_t size)
{
	struct iom_dmar_table table;
	uint8_t *own = exact_copy(bytes, size);
	unsigned told = 0;
	int r;

	r = iom_dmar_open(own, size, &table, NULL);
	CHECK(r == IOM_OK || r == IOM_EINVAL);
	if (!r) {
		CHECK(iom_dmar_visit(&table, &visitor, &told) == IOM_OK);
		ask(&table);
	}
	free(own);
	return !r;
}

TEST(dmar_every_truncation_is_refused, "FW-HDR-12")
{
	uint8_t bytes[DMAR_BYTES];
	unsigned accepted = 0;

	for (size_t size = 0; size < DMAR_BYTES; size++) {
		CHECK(!survives(dmar_bytes, size));
		/*
		 * With a length and a checksum that say that all is well, only between structures
		 */
		memcpy(bytes, dmar_bytes, sizeof bytes);
		put_le(bytes + 4, 4, size);
		mend_checksum(bytes, size);
		accepted += survives(bytes, size);
	}
	CHECK_EQ(accepted, 7);
	CHECK(survives(dmar_bytes, DMAR_BYTES));
}

TEST(dmar_every_change_of_a_byte_is_survived, "FW-HDR-12")
{
	/* Names, flags, addresses may be anything. */
	CHECK(change_every_byte(dmar_bytes, DMAR_BYTES, survives) > 1000);
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Several bytes at once, lengths of structures and scopes among them, and bytes behind the end */
TEST(dmar_noise_is_survived, "FW-HDR-12")
{
	static const uint8_t lengths[] = { 0x32, 0x41, 0x49, 0x51, 0x59, 0x64, 0x7b,
		                           0x84, 0x8c, 0xa0, 0xb2, 0xb9, 0xc2, 0xc9 };
	unsigned accepted = 0, refused = 0;
	uint32_t seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		uint8_t bytes[DMAR_BYTES + 64];
		size_t size = DMAR_BYTES + next(&seed) % 65;

		for (size_t i = 0; i < size; i++)
			bytes[i] = i < DMAR_BYTES ? dmar_bytes[i] : (uint8_t)next(&seed);
		for (unsigned n = next(&seed) % 6; n; n--)
			bytes[36 + next(&seed) % (size - 36)] = (uint8_t)next(&seed);
		for (unsigned n = next(&seed) % 3; n; n--)
			bytes[lengths[next(&seed) % sizeof lengths]] = (uint8_t)(next(&seed) % 64);
		if (round % 2)
			size = DMAR_BYTES;
		put_le(bytes + 4, 4, size);
		mend_checksum(bytes, size);
		if (survives(bytes, size))
			accepted++;
		else
			refused++;
	}
	CHECK_MSG(accepted > 1000 && refused > 1000, "%u accepted, %u refused", accepted, refused);
}

TEST(dmar_that_changes_after_it_was_opened_is_survived, "FW-HDR-12")
{
	const struct iom_dmar_visitor numbers = {
		.bytes = sizeof numbers, .drhd = on_drhd, .rmrr = on_rmrr, .scope = on_scope
	};
	uint8_t *own = malloc(DMAR_BYTES);
	struct iom_dmar_table table;
	unsigned told = 0;

	CHECK(own);
	for (size_t at = 0; at < DMAR_BYTES; at++) {
		for (unsigned v = 1; v < 256; v++) {
			memcpy(own, dmar_bytes, DMAR_BYTES);
			CHECK(iom_dmar_open(own, DMAR_BYTES, &table, NULL) == IOM_OK);
			own[at] ^= (uint8_t)v;
			(void)iom_dmar_visit(&table, &numbers, &told);
			ask(&table);
		}
	}
	free(own);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Tables that somebody broke on purpose.  They stand in memory of just their size, so that the build
 * with sanitizers fails at the first byte that is read outside; here it counts that every way through
 * the reader ends, and what it accepts can be asked.
 */
#include "example.h"

#include <stdlib.h>
#include <string.h>

static int on_iommu(void *opaque, uint16_t id, const struct iom_rimt_iommu *iommu)
{
	(void)id, (void)iommu;
	++*(unsigned *)opaque;
	return 0;
}

static int on_wire(void *opaque, uint16_t id, const struct iom_rimt_wire *wire)
{
	(void)id, (void)wire;
	++*(unsigned *)opaque;
	return 0;
}

static int on_device(void *opaque, uint16_t id, const struct iom_rimt_device *device)
{
	(void)id;
	*(unsigned *)opaque += (unsigned)strlen(device->name);
	return 0;
}

static int on_map(void *opaque, uint16_t id, const struct iom_rimt_map *map)
{
	(void)id;
	CHECK(map->count && map->device_id + map->count <= 0x1000000);
	++*(unsigned *)opaque;
	return 0;
}

static const struct iom_rimt_visitor visitor = {
	.bytes = sizeof visitor,
	.iommu = on_iommu,
	.wire = on_wire,
	.device = on_device,
	.map = on_map,
};

static void ask(const struct iom_rimt_table *table)
{
	static const uint16_t rids[] = { 0, 1, 0x8000, 0xffff };
	struct iom_rimt_answer answer;
	unsigned told = 0;

	CHECK(iom_rimt_visit(table, &visitor, &told) == IOM_OK);
	for (unsigned i = 0; i < 4; i++) {
		if (iom_rimt_find_rid(table, 0, rids[i], &answer) == IOM_OK)
			CHECK(answer.device_id < 0x1000000);
		(void)iom_rimt_find_device(table, "\\_SB.DEV0", rids[i], &answer);
	}
}

/* True if it was accepted. */
static bool survives(const uint8_t *bytes, size_t size)
{
	struct iom_rimt_table table;
	uint8_t *own = exact_copy(bytes, size);
	int r;

	r = iom_rimt_open(own, size, &table, NULL);
	CHECK(r == IOM_OK || r == IOM_EINVAL);
	if (!r)
		ask(&table);
	free(own);
	return !r;
}

TEST(every_truncation_is_refused, "FW-HDR-12")
{
	uint8_t bytes[EXAMPLE_BYTES];

	for (size_t size = 0; size < EXAMPLE_BYTES; size++) {
		CHECK(!survives(example_bytes, size));
		/* With a length and a checksum that say that all is well */
		memcpy(bytes, example_bytes, sizeof bytes);
		put_le(bytes + 4, 4, size);
		mend_checksum(bytes, size);
		CHECK(!survives(bytes, size));
	}
	CHECK(survives(example_bytes, EXAMPLE_BYTES));
}

TEST(every_change_of_a_byte_is_survived, "FW-HDR-12")
{
	/* Names, flags, addresses may be anything. */
	CHECK(change_every_byte(example_bytes, EXAMPLE_BYTES, survives) > 1000);
}

TEST(a_table_that_changes_after_it_was_checked_is_survived, "FW-HDR-12")
{
	uint8_t *own = malloc(EXAMPLE_BYTES);
	struct iom_rimt_answer answer;
	struct iom_rimt_table table;
	const struct iom_rimt_visitor numbers = { .bytes = sizeof numbers,
		                                  .iommu = on_iommu,
		                                  .wire = on_wire };
	unsigned told = 0;

	CHECK(own);
	for (size_t at = 0; at < EXAMPLE_BYTES; at++) {
		for (unsigned v = 1; v < 256; v++) {
			memcpy(own, example_bytes, EXAMPLE_BYTES);
			CHECK(iom_rimt_open(own, EXAMPLE_BYTES, &table, NULL) == IOM_OK);
			own[at] ^= (uint8_t)v;
			(void)iom_rimt_visit(&table, &numbers, &told);
			(void)iom_rimt_find_rid(&table, 0, 1, &answer);
			(void)iom_rimt_find_device(&table, "\\_SB.DEV0", 0, &answer);
		}
	}
	free(own);
}

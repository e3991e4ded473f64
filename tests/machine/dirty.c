/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Dirty logs: whose stores are told from whose, and to the page. */
#include "machine/dirty.h"

#include "bench.h"

#define COUNT 70u /* more than a word of marks */

struct rig {
	struct pages ram;
	struct buffer *memory, *other;
	struct dirty_log *log;
};

static void open_rig(struct rig *r)
{
	CHECK_EQ(pages_init(&r->ram, 0x80000000, 128 * PAGE_BYTES, 5), IOM_OK);
	CHECK_EQ(buffer_new(&r->ram, COUNT * PAGE_BYTES, true, &r->memory, NULL), IOM_OK);
	CHECK_EQ(buffer_new(&r->ram, 4 * PAGE_BYTES, true, &r->other, NULL), IOM_OK);
	CHECK_EQ(dirty_log_new(r->memory, &r->log, NULL), IOM_OK);
}

static void close_rig(struct rig *r)
{
	dirty_log_free(r->log);
	buffer_free(r->memory);
	buffer_free(r->other);
	pages_release(&r->ram);
}

static void store(struct rig *r, enum dirty_source source, uint64_t spa, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		++*(uint8_t *)pages_at(&r->ram, spa + i);
	if (source != DIRTY_CPUS)
		dirty_log_stored(r->log, source, spa, len);
}

static uint32_t take_all(struct rig *r)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < COUNT; i++)
		count += dirty_log_take(r->log, i);
	return count;
}

TEST(dirty_log_begins_with_everything, "")
{
	struct rig r;

	open_rig(&r);
	CHECK(dirty_log_any(r.log));
	CHECK_EQ(dirty_log_count(r.log, DIRTY_DEVICES), 0);
	CHECK_EQ(take_all(&r), COUNT);
	CHECK(!dirty_log_any(r.log));
	CHECK_EQ(take_all(&r), 0);
	close_rig(&r);
}

TEST(dirty_log_tells_devices_from_cpus, "")
{
	struct rig r;

	open_rig(&r);
	take_all(&r);
	store(&r, DIRTY_DEVICES, r.memory->spa[3] + 100, 8);
	store(&r, DIRTY_IOMMU, r.memory->spa[66], 16);
	store(&r, DIRTY_CPUS, r.memory->spa[69] + PAGE_BYTES - 1, 1);
	store(&r, DIRTY_DEVICES, r.other->spa[0], 64); /* somebody else's memory */
	store(&r, DIRTY_CPUS, r.other->spa[1], 64);
	CHECK_EQ(dirty_log_count(r.log, DIRTY_CPUS), 0); /* until somebody looks */
	dirty_log_look(r.log);
	CHECK_EQ(dirty_log_count(r.log, DIRTY_DEVICES), 1);
	CHECK_EQ(dirty_log_count(r.log, DIRTY_IOMMU), 1);
	CHECK_EQ(dirty_log_count(r.log, DIRTY_CPUS), 1);
	CHECK(dirty_log_take(r.log, 3) && dirty_log_take(r.log, 66) && dirty_log_take(r.log, 69));
	CHECK(!dirty_log_any(r.log));

	/* a page that both store to, in either order */
	store(&r, DIRTY_CPUS, r.memory->spa[7], 4);
	store(&r, DIRTY_DEVICES, r.memory->spa[7] + 4, 4);
	store(&r, DIRTY_CPUS, r.memory->spa[7] + 8, 4);
	dirty_log_look(r.log);
	CHECK_EQ(dirty_log_count(r.log, DIRTY_CPUS), 1);
	CHECK_EQ(dirty_log_count(r.log, DIRTY_DEVICES), 1);
	CHECK_EQ(take_all(&r), 1);
	close_rig(&r);
}

TEST(dirty_log_marks_every_page_of_a_store, "")
{
	struct rig r;
	uint32_t first = 0;

	open_rig(&r);
	take_all(&r);
	/* two pages of the buffer that follow each other in memory */
	while (first + 1 < COUNT && r.memory->spa[first + 1] != r.memory->spa[first] + PAGE_BYTES)
		first++;
	CHECK(first + 1 < COUNT);
	store(&r, DIRTY_DEVICES, r.memory->spa[first + 1] - 2, 4);
	CHECK_EQ(dirty_log_count(r.log, DIRTY_DEVICES), 2);
	CHECK(dirty_log_take(r.log, first) && dirty_log_take(r.log, first + 1));
	dirty_log_stored(r.log, DIRTY_DEVICES, 0x1000, 64); /* no memory at all */
	CHECK(!dirty_log_any(r.log));
	close_rig(&r);
}

TEST(dirty_log_can_be_deaf, "")
{
	struct rig r;

	open_rig(&r);
	take_all(&r);
	dirty_log_ignore(r.log, DIRTY_DEVICES);
	store(&r, DIRTY_DEVICES, r.memory->spa[3], 8);
	dirty_log_look(r.log);
	CHECK(!dirty_log_any(r.log)); /* nor is it taken for the CPU's */
	store(&r, DIRTY_IOMMU, r.memory->spa[4], 8);
	CHECK_EQ(take_all(&r), 1);
	close_rig(&r);
}

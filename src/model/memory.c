/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Memory: RAM regions in the order of their addresses, and the callback for what lies between. */
#include "model/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/error.h"
#include "model/unit.h"

#define POISON_MAX 16

struct range {
	uint64_t spa, len;
};

struct iom_memory {
	struct iom_memory_ops ops;
	void *opaque;

	struct iom_lock lock; /* of whoever changes what follows */
	struct iom_unit *units;
	uint32_t seq; /* of all below: readers copy */
	uint32_t regions, poisoned;
	struct iom_region region[IOM_REGIONS_MAX]; /* ascending, disjoint */
	struct range poison[POISON_MAX];
};

static void change_begin(struct iom_memory *memory)
{
	iom_lock(&memory->lock);
	iom_seq_begin(&memory->seq);
}

/* Ports that hold pointers into regions look again. */
static void change_end(struct iom_memory *memory)
{
	iom_seq_end(&memory->seq);
	for (struct iom_unit *unit = memory->units; unit; unit = unit->memory_next)
		iom_unit_new_epoch(unit);
	iom_unlock(&memory->lock);
}

void iom_memory_join(struct iom_memory *memory, struct iom_unit *unit)
{
	iom_lock(&memory->lock);
	unit->memory_next = memory->units;
	memory->units = unit;
	iom_unlock(&memory->lock);
}

void iom_memory_leave(struct iom_memory *memory, struct iom_unit *unit)
{
	struct iom_unit **link;

	iom_lock(&memory->lock);
	for (link = &memory->units; *link != unit; link = &(*link)->memory_next)
		;
	*link = unit->memory_next;
	iom_unlock(&memory->lock);
}

static void region_set(struct iom_region *to, const struct iom_region *from)
{
	iom_poke(&to->spa, from->spa);
	iom_poke(&to->bytes, from->bytes);
	iom_poke(&to->host, from->host);
	iom_poke(&to->flags, from->flags);
}

static void region_get(struct iom_region *to, const struct iom_region *from)
{
	to->spa = iom_peek(&from->spa);
	to->bytes = iom_peek(&from->bytes);
	to->host = iom_peek(&from->host);
	to->flags = iom_peek(&from->flags);
}

int iom_memory_new(const struct iom_memory_ops *ops, void *opaque, struct iom_memory **out,
                   struct iom_error *error)
{
	struct iom_memory *memory;

	if (ops && ops->bytes != sizeof *ops)
		return iom_fail(error, IOM_EINVAL,
		                "iom_memory_ops.bytes is %llu; it must be sizeof(struct "
		                "iom_memory_ops), "
		                "%llu in this library",
		                (unsigned long long)ops->bytes, (unsigned long long)sizeof *ops);
	memory = calloc(1, sizeof *memory);
	if (!memory)
		return iom_fail(error, IOM_ENOMEM, "no memory is left for an iom_memory");
	if (ops)
		memory->ops = *ops;
	memory->opaque = opaque;
	*out = memory;
	iom_succeed(error);
	return IOM_OK;
}

void iom_memory_free(struct iom_memory *memory)
{
	free(memory);
}

/* The number of regions that begin at or below `spa`. */
static unsigned regions_upto(const struct iom_memory *memory, uint64_t spa)
{
	unsigned low = 0, high = iom_peek(&memory->regions);

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (iom_peek(&memory->region[mid].spa) <= spa)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int region_ok(const struct iom_region *region, struct iom_error *error)
{
	if (!region->bytes || (region->spa | region->bytes) & 7)
		return iom_fail(error, IOM_EINVAL,
		                "a region has 0x%llx bytes at 0x%llx; both must be multiples of 8, "
		                "and "
		                "the length not 0",
		                (unsigned long long)region->bytes, (unsigned long long)region->spa);
	if (region->spa + (region->bytes - 1) < region->spa)
		return iom_fail(error, IOM_EINVAL,
		                "a region of 0x%llx bytes at 0x%llx passes the end of the 64-bit "
		                "address space",
		                (unsigned long long)region->bytes, (unsigned long long)region->spa);
	if (!region->host || (uintptr_t)region->host & 7)
		return iom_fail(error, IOM_EINVAL,
		                "the region at 0x%llx needs a host pointer aligned to 8 bytes",
		                (unsigned long long)region->spa);
	if (region->flags & ~(IOM_REGION_READONLY | IOM_REGION_TRACK))
		return iom_fail(error, IOM_EINVAL,
		                "the region at 0x%llx has flags 0x%llx; only IOM_REGION_READONLY "
		                "and "
		                "IOM_REGION_TRACK exist",
		                (unsigned long long)region->spa, (unsigned long long)region->flags);
	return IOM_OK;
}

static int add_locked(struct iom_memory *memory, const struct iom_region *region,
                      struct iom_error *error)
{
	unsigned at = regions_upto(memory, region->spa + (region->bytes - 1));
	const struct iom_region *below = &memory->region[at ? at - 1 : 0];

	if (at && below->spa + (below->bytes - 1) >= region->spa)
		return iom_fail(error, IOM_EEXIST,
		                "the region at 0x%llx overlaps the one at 0x%llx, which must be "
		                "removed first",
		                (unsigned long long)region->spa, (unsigned long long)below->spa);
	if (memory->regions == IOM_REGIONS_MAX)
		return iom_fail(error, IOM_ENOSPC,
		                "the memory holds %u regions already, its limit; serve rarely used "
		                "ones through the callback",
		                memory->regions);
	for (unsigned i = memory->regions; i > at; i--)
		region_set(&memory->region[i], &memory->region[i - 1]);
	region_set(&memory->region[at], region);
	iom_poke(&memory->regions, memory->regions + 1);
	iom_succeed(error);
	return IOM_OK;
}

int iom_memory_add(struct iom_memory *memory, const struct iom_region *region,
                   struct iom_error *error)
{
	int result = region_ok(region, error);

	if (result)
		return result;
	change_begin(memory);
	result = add_locked(memory, region, error);
	change_end(memory);
	return result;
}

int iom_memory_remove(struct iom_memory *memory, uint64_t spa)
{
	int result = IOM_ENOENT;
	unsigned at;

	change_begin(memory);
	at = regions_upto(memory, spa);
	if (at && memory->region[at - 1].spa == spa) {
		for (; at < memory->regions; at++)
			region_set(&memory->region[at - 1], &memory->region[at]);
		iom_poke(&memory->regions, memory->regions - 1);
		result = IOM_OK;
	}
	change_end(memory);
	return result;
}

static void range_set(struct range *range, uint64_t spa, uint64_t len)
{
	iom_poke(&range->spa, spa);
	iom_poke(&range->len, len);
}

int iom_memory_poison(struct iom_memory *memory, uint64_t spa, uint64_t len)
{
	int result = IOM_ENOSPC;

	if (!len || spa + (len - 1) < spa)
		return IOM_EINVAL;
	change_begin(memory);
	if (memory->poisoned < POISON_MAX) {
		range_set(&memory->poison[memory->poisoned], spa, len);
		iom_poke(&memory->poisoned, memory->poisoned + 1);
		result = IOM_OK;
	}
	change_end(memory);
	return result;
}

int iom_memory_cure(struct iom_memory *memory, uint64_t spa, uint64_t len)
{
	int result = IOM_ENOENT;

	change_begin(memory);
	for (unsigned i = 0; i < memory->poisoned && result; i++) {
		if (memory->poison[i].spa == spa && memory->poison[i].len == len) {
			const struct range *last = &memory->poison[memory->poisoned - 1];

			range_set(&memory->poison[i], last->spa, last->len);
			iom_poke(&memory->poisoned, memory->poisoned - 1);
			result = IOM_OK;
		}
	}
	change_end(memory);
	return result;
}

static bool poisoned(const struct iom_memory *memory, uint64_t spa, uint64_t len)
{
	uint32_t seq;
	bool hit;

	do {
		seq = iom_peek_acquire(&memory->seq);
		hit = false;
		for (unsigned i = 0; i < iom_peek(&memory->poisoned); i++) {
			uint64_t at = iom_peek(&memory->poison[i].spa);
			uint64_t bytes = iom_peek(&memory->poison[i].len);

			hit = hit || (spa <= at + (bytes - 1) && at <= spa + (len - 1));
		}
	} while (!iom_seq_same(&memory->seq, seq));
	return hit;
}

bool iom_memory_find(const struct iom_memory *memory, uint64_t spa, uint64_t len,
                     struct iom_region *region, uint64_t *piece)
{
	uint32_t seq;
	uint64_t room;
	bool found;

	do {
		unsigned at;

		seq = iom_peek_acquire(&memory->seq);
		at = regions_upto(memory, spa);
		found = false;
		if (at) {
			region_get(region, &memory->region[at - 1]);
			found = spa - region->spa < region->bytes;
		}
		if (found)
			room = region->bytes - (spa - region->spa);
		else
			room = at < iom_peek(&memory->regions)
			               ? iom_peek(&memory->region[at].spa) - spa
			               : len;
	} while (!iom_seq_same(&memory->seq, seq));
	*piece = len < room ? len : room;
	return found;
}

bool iom_memory_find_search(const struct iom_memory *memory, struct iom_near *near, uint64_t spa,
                            uint64_t len, uint64_t *piece)
{
	near->live = &memory->seq;
	near->seq = iom_peek_acquire(&memory->seq);
	if (iom_memory_find(memory, spa, len, &near->region, piece))
		return true;
	near->region.bytes = 0;
	return false;
}

/* What a callback returns, reduced to the values that it may return. */
static int bus_result(int result)
{
	return result == IOM_OK || result == IOM_EPOISON ? result : IOM_EFAULT;
}

int iom_memory_read_upto(struct iom_memory *memory, uint64_t spa, void *buf, size_t len,
                         size_t *done)
{
	uint8_t *to = buf;

	*done = 0;
	if (len && spa + (len - 1) < spa)
		return IOM_EFAULT;
	while (len) {
		struct iom_region r;
		uint64_t piece;
		bool ram = iom_memory_find(memory, spa, len, &r, &piece);
		int result;

		if (iom_peek(&memory->poisoned) && poisoned(memory, spa, piece))
			return IOM_EPOISON;
		if (ram) {
			memcpy(to, (uint8_t *)r.host + (spa - r.spa), (size_t)piece);
		} else {
			if (!memory->ops.read)
				return IOM_EFAULT;
			result = bus_result(
				memory->ops.read(memory->opaque, spa, to, (size_t)piece));
			if (result)
				return result;
		}
		to += piece;
		*done += (size_t)piece;
		spa += piece;
		len -= (size_t)piece;
	}
	return IOM_OK;
}

int iom_memory_read(struct iom_memory *memory, uint64_t spa, void *buf, size_t len)
{
	size_t done;

	return iom_memory_read_upto(memory, spa, buf, len, &done);
}

int iom_memory_write_upto(struct iom_memory *memory, uint64_t spa, const void *buf, size_t len,
                          size_t *done)
{
	const uint8_t *from = buf;

	*done = 0;
	if (len && spa + (len - 1) < spa)
		return IOM_EFAULT;
	while (len) {
		struct iom_region r;
		uint64_t piece;
		int result;

		if (iom_memory_find(memory, spa, len, &r, &piece)) {
			if (r.flags & IOM_REGION_READONLY)
				return IOM_EFAULT;
			memcpy((uint8_t *)r.host + (spa - r.spa), from, (size_t)piece);
		} else {
			if (!memory->ops.write)
				return IOM_EFAULT;
			result = bus_result(
				memory->ops.write(memory->opaque, spa, from, (size_t)piece));
			if (result)
				return result;
		}
		from += piece;
		*done += (size_t)piece;
		spa += piece;
		len -= (size_t)piece;
	}
	return IOM_OK;
}

int iom_memory_write(struct iom_memory *memory, uint64_t spa, const void *buf, size_t len)
{
	size_t done;

	return iom_memory_write_upto(memory, spa, buf, len, &done);
}

static int cas_outside(struct iom_memory *memory, uint64_t spa, unsigned bytes, uint64_t *expected,
                       uint64_t desired)
{
	uint8_t raw[8] = { 0 };
	uint64_t was;
	int result;

	if (memory->ops.cas)
		return bus_result(memory->ops.cas(memory->opaque, spa, bytes, expected, desired));
	result = iom_memory_read(memory, spa, raw, bytes);
	if (result)
		return result;
	was = iom_ld64(raw, false);
	if (was == *expected) {
		iom_st64(raw, desired, false);
		result = iom_memory_write(memory, spa, raw, bytes);
	}
	*expected = was;
	return result;
}

static void cas_ram(void *p, unsigned bytes, uint64_t *expected, uint64_t desired)
{
	if (bytes == 4) {
		uint32_t old = iom_cpu32((uint32_t)*expected, false);

		__atomic_compare_exchange_n((uint32_t *)p, &old,
		                            iom_cpu32((uint32_t)desired, false), false,
		                            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
		*expected = iom_cpu32(old, false);
	} else {
		uint64_t old = iom_cpu64(*expected, false);

		__atomic_compare_exchange_n((uint64_t *)p, &old, iom_cpu64(desired, false), false,
		                            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
		*expected = iom_cpu64(old, false);
	}
}

int iom_memory_cas(struct iom_memory *memory, uint64_t spa, unsigned bytes, uint64_t *expected,
                   uint64_t desired)
{
	struct iom_region r;
	uint64_t piece;

	bool ram = iom_memory_find(memory, spa, bytes, &r, &piece);

	if (ram && r.flags & IOM_REGION_READONLY)
		return IOM_EFAULT;
	if (iom_peek(&memory->poisoned) && poisoned(memory, spa, bytes))
		return IOM_EPOISON;
	if (!ram)
		return cas_outside(memory, spa, bytes, expected, desired);
	cas_ram((uint8_t *)r.host + (spa - r.spa), bytes, expected, desired);
	return IOM_OK;
}

static void view_region(const struct iom_memory *memory, const struct iom_region *r, uint32_t seq,
                        struct iom_view *view)
{
	uint64_t room = r->bytes - 7;

	if (r->spa > view->last)
		room = 0;
	else if (room - 1 > view->last - r->spa)
		room = view->last - r->spa + 1;
	view->spa = r->spa;
	view->room = room;
	view->host = r->host;
	view->live = &memory->seq;
	view->seq = seq;
}

void iom_view_find(const struct iom_memory *memory, struct iom_view *view, uint64_t spa)
{
	uint32_t seq = iom_peek_acquire(&memory->seq);
	struct iom_region r;
	uint64_t piece;

	if (iom_memory_find(memory, spa, 8, &r, &piece) && !iom_peek(&memory->poisoned))
		view_region(memory, &r, seq, view);
}

int iom_memory_ld64_search(struct iom_memory *memory, struct iom_view *view, uint64_t spa,
                           bool big_endian, uint64_t *val)
{
	uint32_t seq = iom_peek_acquire(&memory->seq);
	struct iom_region r;
	uint64_t piece, raw;
	int result;

	if (iom_memory_find(memory, spa, 8, &r, &piece)) {
		const uint64_t *p = (const uint64_t *)((const uint8_t *)r.host + (spa - r.spa));

		if (!iom_peek(&memory->poisoned))
			view_region(memory, &r, seq, view);
		else if (poisoned(memory, spa, 8))
			return IOM_EPOISON;
		raw = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	} else {
		result = iom_memory_read(memory, spa, &raw, sizeof raw);
		if (result)
			return result;
	}
	*val = iom_cpu64(raw, big_endian);
	return IOM_OK;
}

int iom_memory_ld32(struct iom_memory *memory, uint64_t spa, bool big_endian, uint32_t *val)
{
	struct iom_region r;
	uint64_t piece;
	uint32_t raw;
	int result;

	if (iom_memory_find(memory, spa, 4, &r, &piece)) {
		const uint32_t *p = (const uint32_t *)((const uint8_t *)r.host + (spa - r.spa));

		if (iom_peek(&memory->poisoned) && poisoned(memory, spa, 4))
			return IOM_EPOISON;
		raw = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	} else {
		result = iom_memory_read(memory, spa, &raw, sizeof raw);
		if (result)
			return result;
	}
	*val = iom_cpu32(raw, big_endian);
	return IOM_OK;
}

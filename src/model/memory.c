/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Memory: RAM regions in the order of their addresses, and the callback for what lies between. */
#include "model/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/error.h"

#define POISON_MAX 16

struct range {
	uint64_t spa, len;
};

struct iom_memory {
	struct iom_memory_ops ops;
	void *opaque;
	unsigned regions, poisoned;
	struct iom_region region[IOM_REGIONS_MAX]; /* ascending, disjoint */
	struct range poison[POISON_MAX];
};

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
	unsigned low = 0, high = memory->regions;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (memory->region[mid].spa <= spa)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int iom_memory_add(struct iom_memory *memory, const struct iom_region *region,
                   struct iom_error *error)
{
	const struct iom_region *other;
	uint64_t last = region->spa + region->bytes - 1;
	unsigned at;

	if (!region->bytes || (region->spa | region->bytes) & 7)
		return iom_fail(error, IOM_EINVAL,
		                "a region has 0x%llx bytes at 0x%llx; both must be multiples of 8, "
		                "and "
		                "the length not 0",
		                (unsigned long long)region->bytes, (unsigned long long)region->spa);
	if (last < region->spa)
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

	at = regions_upto(memory, last);
	other = at ? &memory->region[at - 1] : NULL;
	if (other && other->spa + (other->bytes - 1) >= region->spa)
		return iom_fail(error, IOM_EEXIST,
		                "the region at 0x%llx overlaps the one at 0x%llx, which must be "
		                "removed "
		                "first",
		                (unsigned long long)region->spa, (unsigned long long)other->spa);
	if (memory->regions == IOM_REGIONS_MAX)
		return iom_fail(error, IOM_ENOSPC,
		                "the memory holds %u regions already, its limit; serve rarely used "
		                "ones through the callback",
		                memory->regions);

	memmove(&memory->region[at + 1], &memory->region[at],
	        (memory->regions - at) * sizeof memory->region[0]);
	memory->region[at] = *region;
	memory->regions++;
	iom_succeed(error);
	return IOM_OK;
}

int iom_memory_remove(struct iom_memory *memory, uint64_t spa)
{
	unsigned at = regions_upto(memory, spa);

	if (!at || memory->region[at - 1].spa != spa)
		return IOM_ENOENT;
	memory->regions--;
	memmove(&memory->region[at - 1], &memory->region[at],
	        (memory->regions - (at - 1)) * sizeof memory->region[0]);
	return IOM_OK;
}

int iom_memory_poison(struct iom_memory *memory, uint64_t spa, uint64_t len)
{
	if (!len || spa + (len - 1) < spa)
		return IOM_EINVAL;
	if (memory->poisoned == POISON_MAX)
		return IOM_ENOSPC;
	memory->poison[memory->poisoned++] = (struct range){ spa, len };
	return IOM_OK;
}

int iom_memory_cure(struct iom_memory *memory, uint64_t spa, uint64_t len)
{
	for (unsigned i = 0; i < memory->poisoned; i++) {
		if (memory->poison[i].spa == spa && memory->poison[i].len == len) {
			memory->poison[i] = memory->poison[--memory->poisoned];
			return IOM_OK;
		}
	}
	return IOM_ENOENT;
}

static bool poisoned(const struct iom_memory *memory, uint64_t spa, uint64_t len)
{
	for (unsigned i = 0; i < memory->poisoned; i++) {
		const struct range *p = &memory->poison[i];

		if (spa <= p->spa + (p->len - 1) && p->spa <= spa + (len - 1))
			return true;
	}
	return false;
}

const struct iom_region *iom_memory_find(const struct iom_memory *memory, uint64_t spa,
                                         uint64_t len, uint64_t *piece)
{
	unsigned at = regions_upto(memory, spa);
	uint64_t room;

	if (at) {
		const struct iom_region *r = &memory->region[at - 1];

		if (spa - r->spa < r->bytes) {
			room = r->bytes - (spa - r->spa);
			*piece = len < room ? len : room;
			return r;
		}
	}
	room = at < memory->regions ? memory->region[at].spa - spa : len;
	*piece = len < room ? len : room;
	return NULL;
}

/* What a callback returns, reduced to the values that it may return. */
static int bus_result(int result)
{
	return result == IOM_OK || result == IOM_EPOISON ? result : IOM_EFAULT;
}

int iom_memory_read(struct iom_memory *memory, uint64_t spa, void *buf, size_t len)
{
	uint8_t *to = buf;

	if (len && spa + (len - 1) < spa)
		return IOM_EFAULT;
	while (len) {
		uint64_t piece;
		const struct iom_region *r = iom_memory_find(memory, spa, len, &piece);
		int result;

		if (memory->poisoned && poisoned(memory, spa, piece))
			return IOM_EPOISON;
		if (r) {
			memcpy(to, (uint8_t *)r->host + (spa - r->spa), (size_t)piece);
		} else {
			if (!memory->ops.read)
				return IOM_EFAULT;
			result = bus_result(
				memory->ops.read(memory->opaque, spa, to, (size_t)piece));
			if (result)
				return result;
		}
		to += piece;
		spa += piece;
		len -= (size_t)piece;
	}
	return IOM_OK;
}

int iom_memory_write(struct iom_memory *memory, uint64_t spa, const void *buf, size_t len)
{
	const uint8_t *from = buf;

	if (len && spa + (len - 1) < spa)
		return IOM_EFAULT;
	while (len) {
		uint64_t piece;
		const struct iom_region *r = iom_memory_find(memory, spa, len, &piece);
		int result;

		if (r) {
			if (r->flags & IOM_REGION_READONLY)
				return IOM_EFAULT;
			memcpy((uint8_t *)r->host + (spa - r->spa), from, (size_t)piece);
		} else {
			if (!memory->ops.write)
				return IOM_EFAULT;
			result = bus_result(
				memory->ops.write(memory->opaque, spa, from, (size_t)piece));
			if (result)
				return result;
		}
		from += piece;
		spa += piece;
		len -= (size_t)piece;
	}
	return IOM_OK;
}

int iom_memory_ld64(struct iom_memory *memory, uint64_t spa, bool big_endian, uint64_t *val)
{
	uint64_t piece, raw;
	const struct iom_region *r = iom_memory_find(memory, spa, 8, &piece);
	int result;

	if (r && !memory->poisoned) {
		const uint64_t *p = (const uint64_t *)((const uint8_t *)r->host + (spa - r->spa));

		raw = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	} else {
		result = iom_memory_read(memory, spa, &raw, sizeof raw);
		if (result)
			return result;
	}
	*val = iom_cpu64(raw, big_endian);
	return IOM_OK;
}

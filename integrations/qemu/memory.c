/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* System memory, as the unit sees it: RAM by its host addresses, everything else through QEMU. */
#include "qemu/osdep.h"

#include "internal.h"
#include "qemu/atomic.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "system/dma.h"

static int answered(MemTxResult result)
{
	return result == MEMTX_OK ? IOM_OK : IOM_EFAULT;
}

/* QEMU takes the big lock for all but RAM: who does not hold it reaches RAM alone (adapter.h). */
static bool reaches(uint64_t spa, size_t len, bool write)
{
	hwaddr at, bytes = len;
	MemoryRegion *region;

	if (bql_locked())
		return true;
	RCU_READ_LOCK_GUARD();
	region = address_space_translate(&address_space_memory, spa, &at, &bytes, write,
	                                 MEMTXATTRS_UNSPECIFIED);
	return bytes == len && memory_region_is_ram(region) &&
	       !memory_region_is_ram_device(region) && !(write && region->readonly);
}

static int memory_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	if (!reaches(spa, len, false))
		return IOM_EFAULT;
	return answered(
		dma_memory_read(&address_space_memory, spa, buf, len, MEMTXATTRS_UNSPECIFIED));
}

static int memory_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	if (!reaches(spa, len, true))
		return IOM_EFAULT;
	return answered(
		dma_memory_write(&address_space_memory, spa, buf, len, MEMTXATTRS_UNSPECIFIED));
}

/* RAM, to be written; NULL: there is none, but a buffer at most, with which QEMU would serve all else. */
static void *map_ram(uint64_t spa, hwaddr *len)
{
	void *host =
		address_space_map(&address_space_memory, spa, len, true, MEMTXATTRS_UNSPECIFIED);
	ram_addr_t at;

	if (!host || memory_region_from_host(host, &at))
		return host;
	address_space_unmap(&address_space_memory, host, *len, true, 0);
	return NULL;
}

/* RAM that is no region, because there are more pieces of it than a memory holds. */
static int memory_cas(void *opaque, uint64_t spa, unsigned bytes, uint64_t *expected,
                      uint64_t desired)
{
	hwaddr len = bytes;
	void *host = map_ram(spa, &len);
	uint64_t was;

	if (!host || len < bytes) {
		if (host)
			address_space_unmap(&address_space_memory, host, len, true, 0);
		return IOM_EFAULT;
	}
	if (bytes == 4)
		was = le32_to_cpu(qatomic_cmpxchg((uint32_t *)host, cpu_to_le32(*expected),
		                                  cpu_to_le32(desired)));
	else
		was = le64_to_cpu(qatomic_cmpxchg((uint64_t *)host, cpu_to_le64(*expected),
		                                  cpu_to_le64(desired)));
	address_space_unmap(&address_space_memory, host, len, true, was == *expected ? bytes : 0);
	*expected = was;
	return IOM_OK;
}

static const struct iom_memory_ops memory_ops = {
	.bytes = sizeof memory_ops,
	.read = memory_read,
	.write = memory_write,
	.cas = memory_cas,
};

/*
 * To QEMU what the unit stored is a store of a device: pages are dirty for migration, and instructions
 * that were translated from them are not any more.  What is RAM no longer has nothing to be marked.
 */
void iommux_memory_dirty(void *opaque, uint64_t spa, uint64_t len)
{
	hwaddr mapped = len;
	void *host = map_ram(spa, &mapped);

	if (host)
		address_space_unmap(&address_space_memory, host, mapped, true, mapped);
}

/* ---- Regions ------------------------------------------------------------------------------ */

/* RAM of a device on the host wants accesses of the width that software made them with. */
static bool is_region(const MemoryRegionSection *section)
{
	return memory_region_is_ram(section->mr) && !memory_region_is_ram_device(section->mr);
}

static void region_add(MemoryListener *listener, MemoryRegionSection *section)
{
	struct iommux_adapter *adapter = container_of(listener, struct iommux_adapter, listener);
	struct iom_region region = {
		.spa = section->offset_within_address_space,
		.bytes = int128_get64(section->size),
		.flags = IOM_REGION_TRACK | (section->readonly ? IOM_REGION_READONLY : 0),
	};

	if (!is_region(section))
		return;
	region.host =
		(uint8_t *)memory_region_get_ram_ptr(section->mr) + section->offset_within_region;
	/* What does not fit is reached through QEMU as everything else is. */
	iom_memory_add(adapter->memory, &region, NULL);
}

static void region_del(MemoryListener *listener, MemoryRegionSection *section)
{
	struct iommux_adapter *adapter = container_of(listener, struct iommux_adapter, listener);

	/* The bytes stay until readers of RCU are done, which all callers of the unit are. */
	if (is_region(section))
		iom_memory_remove(adapter->memory, section->offset_within_address_space);
}

void iommux_memory_new(struct iommux_adapter *adapter)
{
	if (iom_memory_new(&memory_ops, adapter, &adapter->memory, NULL) != IOM_OK) {
		error_report("iommux: no memory for a unit");
		exit(EXIT_FAILURE);
	}
	adapter->listener = (MemoryListener){
		.name = "iommux",
		.region_add = region_add,
		.region_del = region_del,
	};
	memory_listener_register(&adapter->listener, &address_space_memory);
}

void iommux_memory_end(struct iommux_adapter *adapter)
{
	memory_listener_unregister(&adapter->listener);
	iom_memory_free(adapter->memory);
	adapter->memory = NULL;
}

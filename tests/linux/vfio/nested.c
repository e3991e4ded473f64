/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* First-stage tables of ours, as a guest of a guest would have them, over a second stage of Linux's. */
#include <errno.h>
#include <linux/iommufd.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vfio_test.h"

/* The "guest": memory, where its physical addresses begin, and its tables in the first pages. */
enum { PAGES = 512, TABLES = 64 };
#define GUEST_BASE 0x100000000ull

static uint8_t *memory;
static unsigned tables_used;
static struct space parent;
static uint32_t second, first;

/* VT-d: bits of a first-stage entry. */
enum { PRESENT = 1, WRITABLE = 2, USER = 4, ACCESSED = 0x20, DIRTY = 0x40 };

static uint64_t *table(uint64_t physical)
{
	return (uint64_t *)(memory + ((physical & 0xffffffffff000ull) - GUEST_BASE));
}

static uint64_t *leaf(uint64_t address)
{
	uint64_t *entries = table(GUEST_BASE);

	for (int shift = 39; shift > 12; shift -= 9) {
		uint64_t *entry = &entries[address >> shift & 511];

		if (!(*entry & PRESENT)) {
			*entry = (GUEST_BASE + ++tables_used * PAGE) | PRESENT | WRITABLE | USER;
			memset(table(*entry), 0, PAGE);
		}
		entries = table(*entry);
	}
	return &entries[address >> 12 & 511];
}

static void point(uint64_t address, unsigned page, unsigned flags)
{
	*leaf(address) = page ? (GUEST_BASE + page * PAGE) | flags : 0;
	__sync_synchronize();
}

static int invalidate(uint64_t address, uint64_t pages)
{
	struct iommu_hwpt_vtd_s1_invalidate request = { .addr = address, .npages = pages };
	struct iommu_hwpt_invalidate call = {
		.size = sizeof call,
		.hwpt_id = first,
		.data_uptr = (uintptr_t)&request,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
		.entry_len = sizeof request,
		.entry_num = 1,
	};

	return ioctl(device.container, IOMMU_HWPT_INVALIDATE, &call) ? -errno : 0;
}

static void destroy(uint32_t id)
{
	struct iommu_destroy call = { .size = sizeof call, .id = id };

	CHECK(ioctl(device.container, IOMMU_DESTROY, &call) == 0, "object %u does not go: %m", id);
}

static void begins(void)
{
	struct iommu_hwpt_alloc stage2 = {
		.size = sizeof stage2,
		.flags = IOMMU_HWPT_ALLOC_NEST_PARENT,
		.dev_id = device.id,
	};
	struct iommu_hwpt_vtd_s1 data = { .pgtbl_addr = GUEST_BASE, .addr_width = 48 };
	struct iommu_hwpt_alloc stage1 = {
		.size = sizeof stage1,
		.dev_id = device.id,
		.data_type = IOMMU_HWPT_DATA_VTD_S1,
		.data_len = sizeof data,
		.data_uptr = (uintptr_t)&data,
	};
	uint64_t at;

	CHECK(space_new(&device, &parent) == 0, "no space for the second stage");
	stage2.pt_id = parent.id;
	if (ioctl(device.container, IOMMU_HWPT_ALLOC, &stage2)) {
		CHECK(errno == EOPNOTSUPP && !(device_ecap(&device) & ECAP_NEST), "no second "
		                                                                  "stage: %m");
		tap_skip("no nested translation");
		return;
	}
	second = stage2.out_hwpt_id;
	memory = memory_new((uint64_t)PAGES * PAGE);
	CHECK(!parent.map(&parent, GUEST_BASE, memory, (uint64_t)PAGES * PAGE, BOTH), "cannot map");
	CHECK(nvme_rings(&nvme, &parent) == 0, "the rings do not fit");
	for (at = 0; at < RING_BYTES; at += PAGE)
		*leaf(RING_IOVA + at) = (RING_IOVA + at) | PRESENT | WRITABLE | USER;
	stage1.pt_id = second;
	CHECK(ioctl(device.container, IOMMU_HWPT_ALLOC, &stage1) == 0, "no first stage: %m");
	first = stage1.out_hwpt_id;
	CHECK(device_attach(&device, first) == 0, "cannot attach");
}

static void moves(uint64_t address, unsigned page)
{
	int status;

	memset(memory + page * PAGE, 0xa5, PAGE);
	status = nvme_identify(&nvme, address);
	CHECK(status == 0, "Identify at 0x%llx ended with status 0x%x", (unsigned long long)address,
	      (unsigned)status);
	CHECK(memory_all(memory + page * PAGE + 3072, 1024, 0) &&
	              !memory_all(memory + page * PAGE, PAGE, 0),
	      "page %u was not written", page);
}

static const uint64_t places[] = { 0, 0x5000, 0x40000000, 0x7fffff000, 0x7fffffffe000 };

static void translates(void)
{
	for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
		point(places[i], TABLES + i, PRESENT | WRITABLE | USER);
		STEP(moves(places[i], TABLES + i));
		CHECK((*leaf(places[i]) & (ACCESSED | DIRTY)) == (ACCESSED | DIRTY),
		      "the entry of 0x%llx is 0x%llx: not accessed and dirty",
		      (unsigned long long)places[i], (unsigned long long)*leaf(places[i]));
	}
}

static void forgets(void)
{
	for (unsigned round = 0; round < 200; round++) {
		uint64_t address = places[next_random() % (sizeof places / sizeof *places)];
		unsigned page = TABLES + 8 + next_random() % 64;
		unsigned old = TABLES + 8 + 64;

		if (*leaf(address))
			old = (unsigned)(((*leaf(address) & 0xffffffffff000ull) - GUEST_BASE) /
			                 PAGE);
		point(address, page, PRESENT | WRITABLE | USER);
		CHECK(invalidate(round % 2 ? address : 0, round % 2 ? 1 : UINT64_MAX) == 0,
		      "round %u: no invalidation", round);
		memset(memory + old * PAGE, 0xa5, PAGE);
		STEP(moves(address, page));
		CHECK(old == page || memory_all(memory + old * PAGE, PAGE, 0xa5),
		      "round %u: page %u was written, where 0x%llx led before", round, old,
		      (unsigned long long)address);
	}
}

/* Address, entry, and the reason that the fault should have. */
static void refuses(uint64_t address, uint64_t entry, int wanted)
{
	int reason;

	*leaf(address) = entry;
	CHECK(invalidate(0, UINT64_MAX) == 0, "no invalidation");
	memset(memory + 100 * PAGE, 0xa5, PAGE);
	fault_forget();
	nvme_identify(&nvme, address);
	reason = fault_seen(&device, address, true);
	CHECK(memory_all(memory + 100 * PAGE, PAGE, 0xa5), "a write came through");
	CHECK(reason == wanted, "the reason for entry 0x%llx is 0x%x, not 0x%x",
	      (unsigned long long)entry, (unsigned)reason, (unsigned)wanted);
}

static void faults(void)
{
	uint64_t page = GUEST_BASE + 100 * PAGE, address = 0x5000;

	STEP(refuses(address, 0, 0x71));
	STEP(refuses(address, page | PRESENT | USER, 0x85));
	STEP(refuses(address, page | PRESENT | WRITABLE, 0x81));
	/* Outside of the guest: the second stage has nothing there. */
	STEP(refuses(address, (GUEST_BASE + (uint64_t)PAGES * PAGE) | PRESENT | WRITABLE | USER,
	             0x79));
	point(address, TABLES, PRESENT | WRITABLE | USER);
	CHECK(invalidate(0, UINT64_MAX) == 0, "no invalidation");
	STEP(moves(address, TABLES));
}

static void ends(void)
{
	CHECK(device_attach(&device, device.space.id) == 0, "cannot go back");
	STEP(destroy(first));
	STEP(destroy(second));
	CHECK(space_free(&device, &parent) == 0, "the space does not go");
	CHECK(nvme_identify(&nvme, RING_IOVA + RING_BYTES - PAGE) == 0, "no answer");
}

void test_nested(void)
{
	tap_run("a first stage of ours over a second stage", begins);
	if (!first)
		return;
	tap_run("addresses go through both stages, and flags are set", translates);
	tap_run("entries change and are forgotten", forgets);
	tap_run("each fault has its reason", faults);
	tap_run("the device goes back", ends);
}

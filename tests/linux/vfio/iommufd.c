/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What only iommufd has: spaces that change under the device, and notes of what it wrote. */
#include <errno.h>
#include <linux/iommufd.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vfio_test.h"

/* Another space takes the device over while it runs, and gives it back. */
static void replaced(void)
{
	struct space other;
	uint8_t *here = memory_new(PAGE), *there = memory_new(PAGE);
	uint64_t iova = 0x70000000;

	CHECK(space_new(&device, &other) == 0, "no second space");
	CHECK(nvme_rings(&nvme, &other) == 0, "the rings do not fit into the second space");
	CHECK(!device.space.map(&device.space, iova, here, PAGE, BOTH), "cannot map here");
	CHECK(!other.map(&other, iova, there, PAGE, BOTH), "cannot map there");
	for (unsigned round = 0; round < 50; round++) {
		bool away = round % 2;

		CHECK(device_attach(&device, away ? other.id : device.space.id) == 0,
		      "round %u: cannot attach", round);
		memset(here, 0xa5, PAGE);
		memset(there, 0xa5, PAGE);
		CHECK(nvme_identify(&nvme, iova) == 0, "round %u: no answer", round);
		CHECK(memory_all(away ? here : there, PAGE, 0xa5),
		      "round %u: the old space is written to", round);
		CHECK(!memory_all(away ? there : here, PAGE, 0xa5),
		      "round %u: the new space is not used", round);
	}
	CHECK(device_attach(&device, device.space.id) == 0, "cannot go back");
	CHECK(!device.space.unmap(&device.space, iova, PAGE), "cannot unmap");
	CHECK(space_free(&device, &other) == 0, "the second space does not go");
}

static void detached(void)
{
	uint8_t *memory = memory_new(PAGE);
	uint64_t iova = 0x70000000;

	CHECK(!device.space.map(&device.space, iova, memory, PAGE, BOTH), "cannot map");
	CHECK(device_detach(&device) == 0, "cannot detach");
	memset(memory, 0xa5, PAGE);
	nvme_kick(&nvme, iova);
	CHECK(nvme_dead(&nvme), "a controller that cannot read its queue says nothing");
	CHECK(memory_all(memory, PAGE, 0xa5), "a device without a space wrote");
	CHECK(device_attach(&device, device.space.id) == 0, "cannot attach");
	CHECK(nvme_start(&nvme) == 0, "the controller does not start again");
	CHECK(nvme_identify(&nvme, iova) == 0, "no answer");
	CHECK(!memory_all(memory, PAGE, 0xa5), "nothing was written");
	CHECK(!device.space.unmap(&device.space, iova, PAGE), "cannot unmap");
}

enum { DIRTY_PAGES = 1024 };

/* Pages that were written since the last question, as bits. */
static int dirty(uint32_t table, uint64_t iova, uint64_t *bits)
{
	struct iommu_hwpt_get_dirty_bitmap get = {
		.size = sizeof get,
		.hwpt_id = table,
		.iova = iova,
		.length = (uint64_t)DIRTY_PAGES * PAGE,
		.page_size = PAGE,
		.data = (uintptr_t)bits,
	};

	memset(bits, 0, DIRTY_PAGES / 8);
	return ioctl(device.container, IOMMU_HWPT_GET_DIRTY_BITMAP, &get) ? -errno : 0;
}

static unsigned number(const uint64_t *bits)
{
	unsigned set = 0;

	for (unsigned i = 0; i < DIRTY_PAGES / 64; i++)
		set += (unsigned)__builtin_popcountll(bits[i]);
	return set;
}

static void tracked(void)
{
	struct iommu_hwpt_alloc new = {
		.size = sizeof new,
		.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
		.dev_id = device.id,
		.pt_id = device.space.id,
	};
	struct iommu_hwpt_set_dirty_tracking set = {
		.size = sizeof set,
		.flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE,
	};
	uint64_t bits[DIRTY_PAGES / 64], iova = 0x80000000;
	uint8_t *memory = memory_new((uint64_t)DIRTY_PAGES * PAGE);
	struct iommu_destroy destroy = { .size = sizeof destroy };

	if (ioctl(device.container, IOMMU_HWPT_ALLOC, &new)) {
		CHECK(errno == EOPNOTSUPP && !(device_ecap(&device) & ECAP_SSADS), "no table that "
		                                                                   "is tracked: "
		                                                                   "%m");
		tap_skip("no flags for dirty pages in the second stage");
		return;
	}
	set.hwpt_id = destroy.id = new.out_hwpt_id;
	CHECK(device_attach(&device, new.out_hwpt_id) == 0, "cannot attach");
	/* Small pages: as one mapping it would be large ones, whose flags speak for all of them. */
	for (unsigned page = 0; page < DIRTY_PAGES; page++)
		CHECK(!device.space.map(&device.space, iova + page * PAGE,
		                        memory + (DIRTY_PAGES - 1 - page) * PAGE, PAGE, BOTH),
		      "cannot map");
	CHECK(ioctl(device.container, IOMMU_HWPT_SET_DIRTY_TRACKING, &set) == 0, "no tracking: %m");
	CHECK(dirty(new.out_hwpt_id, iova, bits) == 0, "no bitmap: %m");
	for (unsigned round = 0; round < 20; round++) {
		uint64_t wanted[DIRTY_PAGES / 64] = { 0 };

		for (unsigned i = 0; i < round; i++) {
			unsigned page = next_random() % DIRTY_PAGES;

			wanted[page / 64] |= 1ull << page % 64;
			CHECK(nvme_identify(&nvme, iova + page * PAGE) == 0, "no answer");
		}
		/* The device reads this one. */
		CHECK(nvme_write(&nvme, (40 << 20) / 512, PAGE, iova, 0) == 0, "the disk takes no "
		                                                               "page");
		CHECK(dirty(new.out_hwpt_id, iova, bits) == 0, "no bitmap: %m");
		CHECK(memcmp(bits, wanted, sizeof bits) == 0,
		      "round %u: %u pages are dirty, and %u were written", round, number(bits),
		      number(wanted));
	}
	CHECK(device_attach(&device, device.space.id) == 0, "cannot go back");
	CHECK(ioctl(device.container, IOMMU_DESTROY, &destroy) == 0, "the table does not go: %m");
	CHECK(!device.space.unmap(&device.space, iova, (uint64_t)DIRTY_PAGES * PAGE), "cannot "
	                                                                              "unmap");
}

void test_iommufd(void)
{
	tap_run("another space takes the device over", replaced);
	tap_run("a device without a space reaches nothing", detached);
	tap_run("the pages that the device wrote are known", tracked);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What every address space has to do, a container's or iommufd's. */
#include <string.h>

#include "vfio_test.h"

/* Blocks of 512 bytes at the disk's end, where nobody else keeps anything. */
enum { SCRATCH = (40 << 20) / 512 };

static struct space *space(void)
{
	return &device.space;
}

static void map(uint64_t iova, void *memory, uint64_t bytes, unsigned how)
{
	int error = space()->map(space(), iova, memory, bytes, how);

	CHECK(!error, "0x%llx bytes at 0x%llx cannot be mapped: %s", (unsigned long long)bytes,
	      (unsigned long long)iova, strerror(-error));
}

static void unmap(uint64_t iova, uint64_t bytes)
{
	int error = space()->unmap(space(), iova, bytes);

	CHECK(!error, "0x%llx bytes at 0x%llx cannot be unmapped: %s", (unsigned long long)bytes,
	      (unsigned long long)iova, strerror(-error));
}

/* The device writes what it is to `iova`, and `memory` has it. */
static void identifies(uint64_t iova, uint8_t *memory)
{
	int status;

	memset(memory, 0xa5, PAGE);
	status = nvme_identify(&nvme, iova);
	CHECK(status == 0, "Identify at 0x%llx ended with status 0x%x", (unsigned long long)iova,
	      (unsigned)status);
	/* Serial number, in bytes 4 to 23, is text; the last kilobyte is zero. */
	CHECK(memory[4] >= ' ' && memory[4] < 0x7f, "no serial number came to 0x%llx",
	      (unsigned long long)iova);
	CHECK(memory_all(memory + 3072, 1024, 0), "what came to 0x%llx is not all of it",
	      (unsigned long long)iova);
}

/* Whether a fault's reason is that nothing is mapped, or that what is mapped may not be written. */
static bool is_absent(int reason, bool write)
{
	/* Legacy mode; first stage; second stage in scalable mode. */
	return reason == (write ? 0x05 : 0x06) || reason == 0x71 || reason == 0x79;
}

static bool is_read_only(int reason)
{
	return reason == 0x05 || reason == 0x85;
}

/* The device writes to `iova` and fails: the kernel tells the address, and `memory` keeps 0xa5. */
static void refuses_write(uint64_t iova, uint8_t *memory, bool mapped)
{
	int reason;

	memset(memory, 0xa5, PAGE);
	fault_forget();
	nvme_identify(&nvme, iova);
	reason = fault_seen(&device, iova, true);
	CHECK(memory_all(memory, PAGE, 0xa5), "a write to 0x%llx came through",
	      (unsigned long long)iova);
	CHECK(reason >= 0, "the kernel's log has no fault of a write to 0x%llx",
	      (unsigned long long)iova);
	CHECK(mapped ? is_read_only(reason) : is_absent(reason, true),
	      "the fault of a write to what is %s has reason 0x%x",
	      mapped ? "mapped for reading" : "not mapped", (unsigned)reason);
}

static void everywhere(void)
{
	uint8_t *memory = memory_new(PAGE);
	unsigned tried = 0;

	for (unsigned i = 0; i < space()->window_count; i++) {
		struct window window = space()->windows[i];

		for (int shift = 12; shift < 63; shift++) {
			uint64_t at[] = { 1ull << shift, (2ull << shift) - PAGE };

			for (int j = 0; j < 2; j++) {
				if (at[j] < window.first || at[j] + PAGE - 1 > window.last ||
				    (at[j] >= RING_IOVA && at[j] < RING_IOVA + RING_BYTES))
					continue;
				STEP(map(at[j], memory, PAGE, BOTH));
				STEP(identifies(at[j], memory));
				STEP(unmap(at[j], PAGE));
				tried++;
			}
		}
	}
	CHECK(tried > 40, "only %u addresses are in the windows", tried);
}

static void data_both_ways(void)
{
	uint8_t *memory = memory_new(16 * PAGE);
	uint64_t iova = 0x20000000;

	/* Pages in reverse order, so that neighbours in one space are none in the other. */
	for (unsigned page = 0; page < 16; page++)
		STEP(map(iova + page * PAGE, memory + (15 - page) * PAGE, PAGE, BOTH));
	for (unsigned page = 0; page < 16; page += 2) {
		memory_fill(memory + (15 - page) * PAGE, PAGE, page);
		memory_fill(memory + (14 - page) * PAGE, PAGE, page + 1);
		CHECK(nvme_write(&nvme, SCRATCH + page * 8, 2 * PAGE, iova + page * PAGE,
		                 iova + (page + 1) * PAGE) == 0,
		      "the disk does not take page %u", page);
	}
	memset(memory, 0, 16 * PAGE);
	for (unsigned page = 0; page < 16; page += 2)
		CHECK(nvme_read(&nvme, SCRATCH + page * 8, 2 * PAGE, iova + (page + 1) * PAGE,
		                iova + page * PAGE) == 0,
		      "the disk does not give page %u", page);
	for (unsigned page = 0; page < 16; page++)
		CHECK(memory_is(memory + (15 - (page ^ 1)) * PAGE, PAGE, page),
		      "page %u is another one", page);
	for (unsigned page = 0; page < 16; page++)
		STEP(unmap(iova + page * PAGE, PAGE));
}

/* One mapping of 4 MiB; every 64th page is written, and no other one changes. */
static void large_pages(void)
{
	uint64_t bytes = 4 << 20, iova = 0x40000000;
	uint8_t *memory = memory_new(bytes);

	memset(memory, 0x5a, bytes);
	STEP(map(iova, memory, bytes, BOTH));
	for (uint64_t at = 0; at < bytes; at += 64 * PAGE)
		STEP(identifies(iova + at, memory + at));
	for (uint64_t at = 0; at < bytes; at += PAGE)
		CHECK(at % (64 * PAGE) == 0 || memory_all(memory + at, PAGE, 0x5a),
		      "offset 0x%llx has changed", (unsigned long long)at);
	STEP(unmap(iova, bytes));
	/* Where a large page was, small ones are. */
	for (uint64_t at = 0; at < 8 * PAGE; at += PAGE)
		STEP(map(iova + at, memory + bytes - PAGE - at, PAGE, BOTH));
	for (uint64_t at = 0; at < 8 * PAGE; at += PAGE)
		STEP(identifies(iova + at, memory + bytes - PAGE - at));
	STEP(unmap(iova, 8 * PAGE));
}

static void absent_write(void)
{
	uint8_t *memory = memory_new(PAGE);
	uint64_t iova = 0x30000000;

	STEP(refuses_write(iova, memory, false));
	STEP(map(iova, memory, PAGE, BOTH));
	STEP(refuses_write(iova + PAGE, memory, false));
	STEP(identifies(iova, memory));
	STEP(unmap(iova, PAGE));
	STEP(refuses_write(iova, memory, false));
}

static void absent_read(void)
{
	uint8_t *memory = memory_new(2 * PAGE);
	uint64_t iova = 0x31000000;
	int reason;

	memory_fill(memory, PAGE, 77);
	STEP(map(iova, memory, PAGE, BOTH));
	CHECK(nvme_write(&nvme, SCRATCH, PAGE, iova, 0) == 0, "the disk does not take a page");
	STEP(unmap(iova, PAGE));
	memory_fill(memory, PAGE, 78);
	fault_forget();
	nvme_write(&nvme, SCRATCH, PAGE, iova, 0);
	reason = fault_seen(&device, iova, false);
	CHECK(is_absent(reason, false), "the fault of a read has reason 0x%x", (unsigned)reason);
	STEP(map(iova + PAGE, memory + PAGE, PAGE, BOTH));
	CHECK(nvme_read(&nvme, SCRATCH, PAGE, iova + PAGE, 0) == 0, "the disk does not give a "
	                                                            "page");
	CHECK(!memory_is(memory + PAGE, PAGE, 78), "the device read what it may not");
	STEP(unmap(iova + PAGE, PAGE));
}

static void read_only(void)
{
	uint8_t *memory = memory_new(PAGE), *back = memory_new(PAGE);
	uint64_t iova = 0x32000000;

	STEP(map(iova, memory, PAGE, READ));
	STEP(map(iova + PAGE, back, PAGE, BOTH));
	memory_fill(memory, PAGE, 79);
	CHECK(nvme_write(&nvme, SCRATCH, PAGE, iova, 0) == 0, "the device may not read");
	CHECK(nvme_read(&nvme, SCRATCH, PAGE, iova + PAGE, 0) == 0, "the disk does not give a "
	                                                            "page");
	CHECK(memory_is(back, PAGE, 79), "the device read something else");
	STEP(refuses_write(iova, memory, true));
	STEP(unmap(iova, 2 * PAGE));
}

enum { SLOTS = 24, ROUNDS = 2000 };

/* Pages come and go; what the device does is as the last change says, and nothing older. */
static void changes(void)
{
	struct slot {
		uint64_t iova, bytes;
		uint8_t *memory;
	} slots[SLOTS] = { 0 };
	uint8_t *pool = memory_new(SLOTS * 16 * PAGE > 2 << 20 ? 2 << 20 : 1 << 21);
	unsigned moved = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = next_random() % SLOTS;
		struct slot *slot = &slots[i];

		if (slot->bytes && next_random() % 3 == 0) {
			STEP(unmap(slot->iova, slot->bytes));
			slot->bytes = 0;
		} else if (!slot->bytes) {
			/* Few addresses, so that they are used again, now for other memory. */
			slot->iova = 0x50000000 + ((uint64_t)i << 24) + (next_random() % 4) * PAGE;
			slot->bytes = (1 + next_random() % 8) * PAGE;
			slot->memory = pool + i * 16 * PAGE + (next_random() % 8) * PAGE;
			STEP(map(slot->iova, slot->memory, slot->bytes, BOTH));
		}
		if (slot->bytes) {
			uint64_t at = next_random() % (slot->bytes / PAGE) * PAGE;
			uint8_t *page = slot->memory + at;

			memset(pool + i * 16 * PAGE, 0x33, 16 * PAGE);
			STEP(identifies(slot->iova + at, page));
			for (unsigned other = 0; other < 16; other++) {
				uint8_t *each = pool + (i * 16 + other) * PAGE;

				CHECK(each == page || memory_all(each, PAGE, 0x33),
				      "round %u: the device wrote elsewhere", round);
			}
			moved++;
		}
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		if (slots[i].bytes)
			STEP(unmap(slots[i].iova, slots[i].bytes));
	}
	CHECK(moved > ROUNDS / 3, "only %u pages were moved", moved);
}

static void without_master(void)
{
	uint8_t *memory = memory_new(PAGE);

	STEP(map(0x60000000, memory, PAGE, BOTH));
	device_master(&device, false);
	memset(memory, 0xa5, PAGE);
	nvme_kick(&nvme, 0x60000000);
	CHECK(nvme_dead(&nvme), "a controller that may not read its queue says nothing");
	CHECK(memory_all(memory, PAGE, 0xa5), "a device that is no bus master wrote");
	device_master(&device, true);
	CHECK(nvme_start(&nvme) == 0, "the controller does not start again");
	STEP(identifies(0x60000000, memory));
	STEP(unmap(0x60000000, PAGE));
}

void test_spaces(void)
{
	tap_run("the device reaches every address that it may", everywhere);
	tap_run("data go to the disk and come back, page by page", data_both_ways);
	tap_run("large mappings, and small ones in their place", large_pages);
	tap_run("a write to what is not mapped faults and changes nothing", absent_write);
	tap_run("a read of what is not mapped faults and gives nothing", absent_read);
	tap_run("what is mapped for reading is not written", read_only);
	tap_run("mappings come and go, and nothing old is used", changes);
	tap_run("a device that may not be a bus master does nothing", without_master);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "edu.h"

#include "pci.h"

#define EDU_VENDOR_DEVICE 0x11e81234u

#define EDU_RAISE 0x60u
#define EDU_ACK 0x64u
#define EDU_SOURCE 0x80u
#define EDU_TARGET 0x88u
#define EDU_COUNT 0x90u
#define EDU_COMMAND 0x98u
#define EDU_RUN 0x1u
#define EDU_TO_MEMORY 0x2u

#define EDU_BUFFER 0x40000u /* the page's address for its own DMA engine */

#define SECOND_NS UINT64_C(1000000000)

struct list {
	struct edu *devices;
	size_t count, most;
};

static void take(void *opaque, uint16_t rid)
{
	struct list *list = opaque;

	if (pci_read(rid, 0, 4) != EDU_VENDOR_DEVICE || list->count == list->most)
		return;
	list->devices[list->count++] = (struct edu){ rid, pci_enable(rid) };
}

size_t edu_find(struct edu *devices, size_t most)
{
	struct list list = { devices, 0, most };

	pci_visit(take, &list);
	return list.count;
}

static bool move(const struct edu *device, uint64_t source, uint64_t target, unsigned bytes,
                 unsigned direction)
{
	uint64_t since = clock_ns();

	mmio_write(device->registers + EDU_SOURCE, 8, source);
	mmio_write(device->registers + EDU_TARGET, 8, target);
	mmio_write(device->registers + EDU_COUNT, 8, bytes);
	mmio_write(device->registers + EDU_COMMAND, 8, EDU_RUN | direction);
	while (mmio_read(device->registers + EDU_COMMAND, 8) & EDU_RUN)
		if (clock_ns() - since > 10 * SECOND_NS)
			return false;
	return true;
}

bool edu_load(const struct edu *device, unsigned at, uint64_t iova, unsigned bytes)
{
	return move(device, iova, EDU_BUFFER + at, bytes, 0);
}

bool edu_store(const struct edu *device, unsigned at, uint64_t iova, unsigned bytes)
{
	return move(device, EDU_BUFFER + at, iova, bytes, EDU_TO_MEMORY);
}

void edu_signal(const struct edu *device)
{
	mmio_write(device->registers + EDU_ACK, 4, 1);
	mmio_write(device->registers + EDU_RAISE, 4, 1);
}

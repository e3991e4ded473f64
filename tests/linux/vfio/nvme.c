/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A driver of an NVMe controller: one command at a time, its end told by an interrupt. */
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vfio_test.h"

enum { CAP = 0x00, CC = 0x14, CSTS = 0x1c, AQA = 0x24, ASQ = 0x28, ACQ = 0x30, DOORBELLS = 0x1000 };
enum { ENTRIES = 16, TIMEOUT_MS = 20000 };
enum { ADMIN, DATA };
enum {
	NEW_SUBMISSION = 0x01,
	NEW_COMPLETION = 0x05,
	IDENTIFY = 0x06,
	NVM_WRITE = 0x01,
	NVM_READ = 0x02
};

static uint32_t get32(const struct nvme *of, unsigned at)
{
	return *(volatile uint32_t *)(of->device->registers + at);
}

static void set32(struct nvme *of, unsigned at, uint32_t value)
{
	*(volatile uint32_t *)(of->device->registers + at) = value;
}

/* In two halves: bits 31:0 first. */
static void set64(struct nvme *of, unsigned at, uint64_t value)
{
	set32(of, at, (uint32_t)value);
	set32(of, at + 4, (uint32_t)(value >> 32));
}

/* The rings, a page each: submissions and completions of each queue. */
static uint64_t ring_iova(unsigned queue, bool completions)
{
	return RING_IOVA + (2 * queue + completions) * PAGE;
}

static volatile uint32_t *ring(const struct nvme *of, unsigned queue, bool completions)
{
	return (volatile uint32_t *)(of->rings + (2 * queue + completions) * PAGE);
}

static bool ready(const struct nvme *of, uint32_t wanted)
{
	for (int ms = 0; ms < TIMEOUT_MS; ms++) {
		if ((get32(of, CSTS) & 1) == wanted)
			return true;
		usleep(1000);
	}
	return false;
}

bool nvme_dead(const struct nvme *of)
{
	for (int ms = 0; ms < 2000; ms++) {
		if (get32(of, CSTS) & 2)
			return true;
		usleep(1000);
	}
	return false;
}

static void ring_doorbell(struct nvme *of, unsigned queue, bool completions, uint32_t value)
{
	set32(of, DOORBELLS + (2 * queue + completions) * of->stride, value);
}

static void submit(struct nvme *of, unsigned queue, const uint32_t *command)
{
	volatile uint32_t *slot = ring(of, queue, false) + 16 * of->queue[queue].tail;

	for (int i = 0; i < 16; i++)
		slot[i] = command[i];
	__sync_synchronize();
	of->queue[queue].tail = (of->queue[queue].tail + 1) % ENTRIES;
	ring_doorbell(of, queue, false, of->queue[queue].tail);
}

static int complete(struct nvme *of, unsigned queue)
{
	struct pollfd event = { .fd = of->events[queue], .events = POLLIN };
	volatile uint32_t *slot = ring(of, queue, true) + 4 * of->queue[queue].head;
	uint64_t times;
	uint32_t end;

	if (poll(&event, 1, TIMEOUT_MS) != 1 || read(of->events[queue], &times, 8) != 8)
		return -1;
	__sync_synchronize();
	end = slot[3];
	if ((end >> 16 & 1) != of->queue[queue].phase)
		return -1;
	of->queue[queue].head = (of->queue[queue].head + 1) % ENTRIES;
	of->queue[queue].phase ^= of->queue[queue].head == 0;
	ring_doorbell(of, queue, true, of->queue[queue].head);
	return (int)(end >> 17);
}

static int command(struct nvme *of, unsigned queue, uint32_t opcode, uint64_t iova, uint64_t iova2,
                   uint32_t dword10, uint32_t dword11, uint32_t dword12)
{
	uint32_t words[16] = { 0 };

	words[0] = opcode | of->queue[queue].tail << 16;
	words[1] = queue == DATA;
	words[6] = (uint32_t)iova;
	words[7] = (uint32_t)(iova >> 32);
	words[8] = (uint32_t)iova2;
	words[9] = (uint32_t)(iova2 >> 32);
	words[10] = dword10;
	words[11] = dword11;
	words[12] = dword12;
	submit(of, queue, words);
	return complete(of, queue);
}

int nvme_rings(struct nvme *of, struct space *space)
{
	return space->map(space, RING_IOVA, of->rings, RING_BYTES, BOTH);
}

int nvme_start(struct nvme *of)
{
	uint64_t times;

	set32(of, CC, 0);
	if (!ready(of, 0))
		return 1;
	memset(of->rings, 0, RING_BYTES);
	memset(of->queue, 0, sizeof of->queue);
	of->queue[ADMIN].phase = of->queue[DATA].phase = 1;
	of->stride = 4u << (get32(of, CAP + 4) & 15);
	for (int i = 0; i < 2; i++) {
		if (!of->events[i])
			of->events[i] = eventfd(0, EFD_NONBLOCK);
		(void)!read(of->events[i], &times, 8);
	}
	if (device_interrupts(of->device, of->events, 2))
		return 2;
	set32(of, AQA, (ENTRIES - 1) << 16 | (ENTRIES - 1));
	set64(of, ASQ, ring_iova(ADMIN, false));
	set64(of, ACQ, ring_iova(ADMIN, true));
	/* Entries of 64 and of 16 bytes, pages of 4 KiB. */
	set32(of, CC, 4u << 20 | 6u << 16 | 1);
	if (!ready(of, 1))
		return 3;
	if (command(of, ADMIN, NEW_COMPLETION, ring_iova(DATA, true), 0, (ENTRIES - 1) << 16 | DATA,
	            1u << 16 | 3, 0) != 0)
		return 4;
	if (command(of, ADMIN, NEW_SUBMISSION, ring_iova(DATA, false), 0,
	            (ENTRIES - 1) << 16 | DATA, DATA << 16 | 1, 0) != 0)
		return 5;
	return 0;
}

int nvme_identify(struct nvme *of, uint64_t iova)
{
	return command(of, ADMIN, IDENTIFY, iova, 0, 1, 0, 0);
}

int nvme_read(struct nvme *of, uint64_t block, unsigned bytes, uint64_t iova, uint64_t iova2)
{
	return command(of, DATA, NVM_READ, iova, iova2, (uint32_t)block, 0, bytes / 512 - 1);
}

int nvme_write(struct nvme *of, uint64_t block, unsigned bytes, uint64_t iova, uint64_t iova2)
{
	return command(of, DATA, NVM_WRITE, iova, iova2, (uint32_t)block, 0, bytes / 512 - 1);
}

void nvme_kick(struct nvme *of, uint64_t iova)
{
	uint32_t words[16] = {
		[0] = IDENTIFY, [6] = (uint32_t)iova, [7] = (uint32_t)(iova >> 32), [10] = 1
	};

	submit(of, ADMIN, words);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A bare RISC-V IOMMU for threads to use, driven by hand: devices 1..STAND_DEVICES, each with one
 * first stage that maps STAND_PAGES pages from STAND_IOVA on; the even ones by processes 1 and 2.
 */
#ifndef TESTS_THREADS_STAND_H
#define TESTS_THREADS_STAND_H

#include <iommux/iommux.h>

#include "crew.h"
#include "../riscv/sheet.h"

#define STAND_RAM 0x80000000ull
#define STAND_RAM_BYTES 0x400000ull
#define STAND_DEVICE 0x10000000ull /* a page that the memory's callback serves           */
#define STAND_EXTRA 0x90000000ull  /* a page, tracked, that may come and go             */
#define STAND_DEVICES 6
#define STAND_PAGES 8
#define STAND_IOVA 0x7ff000ull
#define STAND_PIDS 2

struct stand {
	struct iom_memory *memory;
	struct iom_unit *unit;
	uint8_t *ram;
	uint64_t *extra;
	uint64_t next; /* free RAM */
	uint64_t ddt, cq, leaves[STAND_DEVICES + 1];
	uint32_t tail;
	/* One lock around every call that is no device's, and inside every callback. */
	bool locked;
	pthread_mutex_t big;
	unsigned msis, orders, dirties, device_accesses;
	uint64_t served[512]; /* what reads of STAND_DEVICE get */
	/* Called inside the callbacks of that name, if set. */
	void (*on_order)(struct stand *s);
	void (*on_message)(struct stand *s, uint32_t device, const struct iom_message *message);
	void (*on_device_write)(struct stand *s);
	void (*on_device_read)(struct stand *s, uint64_t off); /* after the read */
	bool (*may_work)(struct stand *s); /* what host.may_work says; NULL: yes  */
};

struct stand *stand_new(bool locked);
void stand_free(struct stand *s);

/* Queues on, ddtp on a directory of one level.  Also after a reset. */
void stand_up(struct stand *s);

uint32_t stand_rd32(struct stand *s, uint64_t off);
void stand_wr(struct stand *s, uint64_t off, unsigned bytes, uint64_t val);
void stand_put(struct stand *s, uint64_t spa, uint64_t val);

/* Stores a command, and rings the doorbell where `ring` says so. */
void stand_command(struct stand *s, uint64_t dw0, uint64_t dw1, bool ring);
/* Is everything done that was queued? */
bool stand_done(struct stand *s);
/* Queues a fence and waits for it; false: not in ten seconds. */
bool stand_fence(struct stand *s);

/* Where a page of a device leads to: `which` 0 or 1.  stand_flip makes it so, and says nothing. */
uint64_t stand_target(unsigned device, unsigned page, unsigned which);
void stand_flip(struct stand *s, unsigned device, unsigned page, unsigned which);

struct iom_port *stand_port(struct stand *s, struct iom_lane *lane, uint32_t device);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * An invalidation in the middle of a walk, always at the worst moment: tables lie where a callback
 * serves them, and the callback changes the word that it has just given away and invalidates it.
 * This walk may end where the old word leads; nothing of it may be kept.
 */
#include <string.h>

#include "stand.h"

#define DEVICE 1
#define PROC 2
#define PID 1
#define MODE(n) ((uint64_t)(n) << 60)

static struct {
	uint64_t off, now;   /* which word becomes what, once it has been read */
	uint64_t command[2]; /* and what is said about it                      */
	bool done;
} change;

static void changes(struct stand *s, uint64_t off)
{
	if (off != change.off || change.done)
		return;
	change.done = true;
	s->served[off / 8] = change.now;
	stand_command(s, change.command[0], change.command[1], true);
	CHECK(stand_done(s));
}

static uint64_t look(struct iom_port *port, unsigned device)
{
	const struct iom_request q = { .iova = STAND_IOVA,
		                       .bytes = 8,
		                       .pasid = PID,
		                       .flags = device % 2 ? 0 : IOM_REQ_PASID };
	struct iom_reply reply;

	return iom_translate(port, &q, &reply) == IOM_OK ? reply.spa : reply.fault;
}

/* The word at `off` decides where STAND_IOVA of `device` leads: to target 0 with `was`, else to 1. */
static void race(struct stand *s, unsigned device, uint64_t off, uint64_t was, uint64_t now,
                 uint64_t dw0, uint64_t dw1)
{
	struct iom_port *port[2];
	struct iom_lane *lane;

	CHECK_EQ(iom_lane_open(s->unit, &lane), IOM_OK);
	port[0] = stand_port(s, lane, device);
	port[1] = stand_port(s, lane, device);
	stand_command(s, INVAL_DDT, 0, true);
	stand_command(s, VMA, 0, true);
	s->served[off / 8] = was;
	change.off = off;
	change.now = now;
	change.command[0] = dw0;
	change.command[1] = dw1;
	change.done = false;
	iom_begin(lane);
	look(port[0], device);
	CHECK(change.done);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(look(port[i], device), stand_target(device, 0, 1));
	iom_end(lane);
	iom_lane_close(lane);
}

/* A first-stage table, the last of the path, is served by the callback. */
static uint64_t leaf(unsigned device, unsigned which)
{
	return PPN_OF(stand_target(device, 0, which)) | 0xdf;
}

TEST(threads_walk_against_iotinval, "")
{
	struct stand *s = stand_new(false);
	const uint64_t entry = 8 * (STAND_IOVA >> 12 & 0x1ff);
	const uint64_t address = STAND_IOVA >> 12 << 10;

	s->on_device_read = changes;
	stand_put(s, s->leaves[DEVICE] - 4096 + 8 * (STAND_IOVA >> 21), PPN_OF(STAND_DEVICE) | 1);
	race(s, DEVICE, entry, leaf(DEVICE, 0), leaf(DEVICE, 1), VMA, 0);
	race(s, DEVICE, entry, leaf(DEVICE, 0), leaf(DEVICE, 1), VMA | 1 << 10, address);
	race(s, DEVICE, entry, leaf(DEVICE, 0), leaf(DEVICE, 1), VMA | 1ull << 32 | DEVICE << 12,
	     0);
	race(s, DEVICE, entry, leaf(DEVICE, 0), leaf(DEVICE, 1),
	     VMA | 1 << 10 | 1ull << 32 | DEVICE << 12, address);
	stand_free(s);
}

/* The same for contexts: two sets of tables, and a word of a DC or a PC that chooses. */
TEST(threads_walk_against_iodir, "")
{
	struct stand *s = stand_new(false);
	uint64_t root[2];
	const uint64_t dv = 1ull << 33;

	/* A device directory that is served; the tables of device 3 lead elsewhere. */
	s->on_device_read = changes;
	memcpy(s->served, s->ram + (s->ddt - STAND_RAM), sizeof s->served);
	root[0] = s->served[(64 * DEVICE + 24) / 8];
	root[1] = s->served[(64 * 3 + 24) / 8];
	stand_flip(s, DEVICE, 0, 0);
	stand_put(s, s->leaves[3] + 8 * (STAND_IOVA >> 12 & 0x1ff), leaf(DEVICE, 1));
	stand_wr(s, DDTP, 8, OFF);
	stand_wr(s, DDTP, 8, PPN_OF(STAND_DEVICE) | LVL1);
	race(s, DEVICE, 64 * DEVICE + 24, root[0], root[1], INVAL_DDT, 0);
	race(s, DEVICE, 64 * DEVICE + 24, root[0], root[1], INVAL_DDT | dv | (uint64_t)DEVICE << 40,
	     0);

	/* A process directory that is served: process 1 of PROC. */
	stand_wr(s, DDTP, 8, OFF);
	stand_wr(s, DDTP, 8, PPN_OF(s->ddt) | LVL1);
	stand_put(s, s->ddt + 64 * PROC + 24, MODE(1) | STAND_DEVICE >> 12);
	memset(s->served, 0, sizeof s->served);
	root[0] = MODE(8) | (s->leaves[PROC] - 2 * 4096) >> 12;
	stand_flip(s, PROC, 0, 0);
	stand_put(s, s->leaves[3] + 8 * (STAND_IOVA >> 12 & 0x1ff), leaf(PROC, 1));
	s->served[2 * PID] = 1 | 5 << 12;
	race(s, PROC, 16 * PID + 8, root[0], root[1],
	     INVAL_PDT | dv | (uint64_t)PROC << 40 | PID << 12, 0);
	race(s, PROC, 16 * PID + 8, root[0], root[1], INVAL_DDT | dv | (uint64_t)PROC << 40, 0);
	stand_free(s);
}

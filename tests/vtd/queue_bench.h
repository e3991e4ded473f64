/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A VT-d unit with RAM, an invalidation queue, tables for a few devices, and what it tells them. */
#ifndef TESTS_VTD_QUEUE_BENCH_H
#define TESTS_VTD_QUEUE_BENCH_H

#include <stdlib.h>
#include <string.h>

#include "unit_bench.h"

#define RAM 0x80000000ull
#define RAM_BYTES 0x400000ull

#define GCMD 0x018
#define GSTS 0x01c
#define RTADDR 0x020
#define FSTS 0x034
#define FECTL 0x038
#define IQH 0x080
#define IQT 0x088
#define IQA 0x090
#define ICS 0x09c
#define IECTL 0x0a0
#define IQERCD 0x0b0
#define PQH 0x0c0
#define PQT 0x0c8
#define PQA 0x0d0
#define PRS 0x0dc
#define PECTL 0x0e0
#define FRCD 0x220

#define TE 0x80000000u
#define RTP 0x40000000u
#define QIE 0x04000000u
#define IQE 0x10u
#define ICE 0x20u
#define ITE 0x40u

/* Where things are in RAM */
#define QUEUE RAM
#define STATUS (RAM + 0x100000)
#define PAGES_QUEUE (RAM + 0x110000)
#define ROOT (RAM + 0x120000)
#define CONTEXT (RAM + 0x121000)
#define DIRECTORY (RAM + 0x122000)
#define PASIDS (RAM + 0x123000)
#define TABLES (RAM + 0x130000)

/* Descriptors */
#define WAIT(data) (5ull | 1ull << 5 | (uint64_t)(data) << 32)
#define WAIT_IF (1ull << 4)
#define WAIT_PD (1ull << 7)
#define G(n) ((uint64_t)(n) << 4)
#define DID(n) ((uint64_t)(n) << 16)
#define PASID(n) ((uint64_t)(n) << 32)

#define LOG 64

struct queue_bench {
	struct bench b; /* the first: what the host's msi gets */
	struct iom_lane *lane;
	uint8_t *ram;
	uint64_t tail;
	uint64_t queue_bytes;
	bool wide;
	void (*on_message)(struct queue_bench *q); /* if set, called with each */
	unsigned messages;
	struct {
		uint32_t requester;
		struct iom_message what;
	} message[LOG];
};

static inline void qb_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	struct queue_bench *q = opaque;

	if (q->messages < LOG) {
		q->message[q->messages].requester = requester;
		q->message[q->messages].what = *message;
	}
	q->messages++;
	if (q->on_message)
		q->on_message(q);
}

static inline uint64_t ram64(struct queue_bench *q, uint64_t spa)
{
	uint64_t word = 0;

	for (unsigned i = 8; i-- > 0;)
		word = word << 8 | q->ram[spa - RAM + i];
	return word;
}

static inline void put64(struct queue_bench *q, uint64_t spa, uint64_t word)
{
	for (unsigned i = 0; i < 8; i++)
		q->ram[spa - RAM + i] = (uint8_t)(word >> 8 * i);
}

static inline void qb_new_config(struct queue_bench *q, const struct iom_vtd_config *config)
{
	const struct iom_host host = { .bytes = sizeof host,
		                       .msi = bench_msi,
		                       .message = qb_message };
	struct iom_region region = { .spa = RAM, .bytes = RAM_BYTES };

	*q = (struct queue_bench){ 0 };
	q->ram = aligned_alloc(4096, RAM_BYTES);
	CHECK(q->ram);
	memset(q->ram, 0, RAM_BYTES);
	region.host = q->ram;
	CHECK_EQ(iom_memory_new(NULL, NULL, &q->b.memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(q->b.memory, &region, NULL), IOM_OK);
	CHECK_EQ(iom_vtd_new(config, q->b.memory, &host, q, &q->b.unit, NULL), IOM_OK);
	CHECK_EQ(iom_lane_open(q->b.unit, &q->lane), IOM_OK);
	iom_step(q->b.unit, 0);
}

static inline void qb_free(struct queue_bench *q)
{
	bench_free(&q->b);
	free(q->ram);
}

/* Latches the root table in this mode; on: sets TE too. */
static inline void qb_root(struct queue_bench *q, uint64_t ttm, bool on)
{
	uint32_t gsts = (uint32_t)rd(&q->b, GSTS, 4) & 0x96ffffff;

	wr(&q->b, RTADDR, 8, ROOT | ttm << 10);
	wr(&q->b, GCMD, 4, gsts | RTP);
	if (on)
		wr(&q->b, GCMD, 4, gsts | TE);
}

static inline void qb_queue(struct queue_bench *q, unsigned qs, bool wide)
{
	q->wide = wide;
	q->tail = 0;
	q->queue_bytes = 4096ull << qs;
	wr(&q->b, IQT, 8, 0);
	wr(&q->b, IQA, 8, QUEUE | qs | (wide ? 0x800 : 0));
	wr(&q->b, GCMD, 4, ((uint32_t)rd(&q->b, GSTS, 4) & 0x96ffffff) | QIE);
}

/* A unit of a profile with a queue of one page, in legacy or scalable mode. */
static inline void qb_new(struct queue_bench *q, uint32_t profile, uint64_t ttm, bool wide)
{
	const struct iom_vtd_config config = { .bytes = sizeof config, .profile = profile };

	qb_new_config(q, &config);
	qb_root(q, ttm, false);
	qb_queue(q, 0, wide);
}

static inline void qb_store(struct queue_bench *q, uint64_t qw0, uint64_t qw1)
{
	unsigned step = q->wide ? 32 : 16;

	for (unsigned i = 16; i < step; i += 8)
		put64(q, QUEUE + q->tail + i, 0);
	put64(q, QUEUE + q->tail, qw0);
	put64(q, QUEUE + q->tail + 8, qw1);
	q->tail = (q->tail + step) % q->queue_bytes;
}

static inline void qb_submit(struct queue_bench *q, uint64_t qw0, uint64_t qw1)
{
	qb_store(q, qw0, qw1);
	wr(&q->b, IQT, 4, q->tail);
}

/* Has a wait with this data written its status? */
static inline bool qb_waited(struct queue_bench *q, uint32_t data)
{
	return (uint32_t)ram64(q, STATUS) == data;
}

/* The descriptor is refused with this IQEI, the head on it; then it is taken back. */
static inline void qb_refuses(struct queue_bench *q, uint64_t qw0, uint64_t qw1, unsigned iqei)
{
	uint64_t head = q->tail;

	qb_submit(q, qw0, qw1);
	CHECK_EQ(rd(&q->b, FSTS, 4) & IQE, IQE);
	CHECK_EQ(rd(&q->b, IQERCD, 8) & 0xf, iqei);
	CHECK_EQ(rd(&q->b, IQH, 8), head);
	put64(q, QUEUE + head, 5);
	put64(q, QUEUE + head + 8, 0);
	put64(q, QUEUE + head + 16, 0);
	put64(q, QUEUE + head + 24, 0);
	wr(&q->b, FSTS, 4, IQE);
	CHECK_EQ(rd(&q->b, IQH, 8), q->tail);
}

static inline struct iom_endpoint *qb_device(struct queue_bench *q, uint32_t sid)
{
	struct iom_endpoint *endpoint;

	CHECK_EQ(iom_endpoint_get(q->b.unit, sid, &endpoint), IOM_OK);
	return endpoint;
}

/* A device's Invalidate Completion for these ITags. */
static inline int qb_complete(struct queue_bench *q, uint32_t sid, uint32_t itags, unsigned count)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_INVALIDATED,
		                       .token = itags,
		                       .code = (uint8_t)count };

	return iom_message(qb_device(q, sid), &m);
}

static inline int qb_page(struct queue_bench *q, uint32_t sid, uint64_t address, unsigned code,
                          unsigned group)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = address,
		                       .token = group,
		                       .code = (uint8_t)code };

	return iom_message(qb_device(q, sid), &m);
}

/* Where a read of the device goes; 0: nowhere. */
static inline uint64_t qb_reads(struct queue_bench *q, uint32_t sid, uint64_t iova, bool has_pasid,
                                uint32_t pasid)
{
	const struct iom_request request = {
		.iova = iova, .bytes = 8, .flags = has_pasid ? IOM_REQ_PASID : 0, .pasid = pasid
	};
	struct iom_port *port;
	struct iom_reply reply;
	int result;

	CHECK_EQ(iom_port_open(qb_device(q, sid), q->lane, &port), IOM_OK);
	iom_begin(q->lane);
	result = iom_translate(port, &request, &reply);
	iom_end(q->lane);
	iom_port_close(port);
	return result ? 0 : reply.spa;
}

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The stand of stand.h. */
#include "stand.h"

#include <stdlib.h>
#include <string.h>

#define MODE(n) ((uint64_t)(n) << 60)
#define DATA (STAND_RAM + 0x300000)
#define RINGS 64 /* a reset takes the next one: the old one may still be read from */
#define RING_LG2 8

static void enter(struct stand *s)
{
	if (s->locked)
		pthread_mutex_lock(&s->big);
}

static void leave(struct stand *s)
{
	if (s->locked)
		pthread_mutex_unlock(&s->big);
}

static void count(struct stand *s, unsigned *what)
{
	enter(s);
	__atomic_add_fetch(what, 1, __ATOMIC_RELAXED);
	leave(s);
}

static int device_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	struct stand *s = opaque;

	if (spa < STAND_DEVICE || spa - STAND_DEVICE > 4096 - len)
		return IOM_EFAULT;
	count(s, &s->device_accesses);
	memcpy(buf, (uint8_t *)s->served + (spa - STAND_DEVICE), len);
	if (s->on_device_read)
		s->on_device_read(s, spa - STAND_DEVICE);
	return IOM_OK;
}

static int device_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	struct stand *s = opaque;

	(void)buf;
	if (spa < STAND_DEVICE || spa - STAND_DEVICE > 4096 - len)
		return IOM_EFAULT;
	count(s, &s->device_accesses);
	if (s->on_device_write)
		s->on_device_write(s);
	return IOM_OK;
}

static int host_msi(void *opaque, uint64_t address, uint32_t data)
{
	struct stand *s = opaque;

	(void)address, (void)data;
	count(s, &s->msis);
	return IOM_OK;
}

static void host_order(void *opaque, bool reads, bool writes)
{
	struct stand *s = opaque;

	(void)reads, (void)writes;
	count(s, &s->orders);
	if (s->on_order)
		s->on_order(s);
}

static void host_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	struct stand *s = opaque;

	/* The big lock is taken, and left again, as an embedder's would be. */
	enter(s);
	leave(s);
	if (s->on_message)
		s->on_message(s, requester, message);
}

static void host_dirty(void *opaque, uint64_t spa, uint64_t len)
{
	struct stand *s = opaque;

	(void)spa, (void)len;
	count(s, &s->dirties);
}

/* ---- Registers and memory ----------------------------------------------------------------- */

uint32_t stand_rd32(struct stand *s, uint64_t off)
{
	uint64_t val;

	enter(s);
	iom_mmio_read(s->unit, 0, off, 4, &val);
	leave(s);
	return (uint32_t)val;
}

void stand_wr(struct stand *s, uint64_t off, unsigned bytes, uint64_t val)
{
	enter(s);
	iom_mmio_write(s->unit, 0, off, bytes, val);
	leave(s);
}

void stand_put(struct stand *s, uint64_t spa, uint64_t val)
{
	uint64_t *word = (uint64_t *)(void *)(s->ram + (spa - STAND_RAM));

	__atomic_store_n(word, val, __ATOMIC_RELEASE);
}

static uint64_t page(struct stand *s)
{
	s->next += 4096;
	return s->next - 4096;
}

/* ---- Tables ------------------------------------------------------------------------------- */

uint64_t stand_target(unsigned device, unsigned page_number, unsigned which)
{
	return DATA + 4096ull * (2 * (STAND_PAGES * (device - 1) + page_number) + which);
}

void stand_flip(struct stand *s, unsigned device, unsigned page_number, unsigned which)
{
	uint64_t iova = STAND_IOVA + 4096ull * page_number;

	/* The first page is the last of its table; the others are in the next. */
	stand_put(s, s->leaves[device] + (page_number ? 4096 : 0) + 8 * (iova >> 12 & 0x1ff),
	          PPN_OF(stand_target(device, page_number, which)) | 0xdf);
}

static void device_new(struct stand *s, unsigned device)
{
	uint64_t dc = s->ddt + 64ull * device, root = page(s), middle = page(s), pdt;

	s->leaves[device] = page(s);
	page(s);
	stand_put(s, root, PPN_OF(middle) | 1);
	stand_put(s, middle + 8 * (STAND_IOVA >> 21), PPN_OF(s->leaves[device]) | 1);
	stand_put(s, middle + 8 * ((STAND_IOVA >> 21) + 1), PPN_OF(s->leaves[device] + 4096) | 1);
	for (unsigned i = 0; i < STAND_PAGES; i++)
		stand_flip(s, device, i, 0);
	if (device % 2) {
		stand_put(s, dc + 16, (uint64_t)device << 12);
		stand_put(s, dc + 24, MODE(8) | root >> 12);
		stand_put(s, dc, 1);
		return;
	}
	pdt = page(s);
	for (unsigned pid = 1; pid <= STAND_PIDS; pid++) {
		stand_put(s, pdt + 16 * pid + 8, MODE(8) | root >> 12);
		stand_put(s, pdt + 16 * pid, 1 | (16ull * pid + device) << 12);
	}
	stand_put(s, dc + 24, MODE(1) | pdt >> 12);
	stand_put(s, dc, 1 | 1 << 5);
}

/* ---- Up, down, and commands ---------------------------------------------------------------- */

static bool settles(struct stand *s, uint64_t off, uint32_t mask)
{
	uint64_t since = crew_ms();

	while (stand_rd32(s, off) & mask) {
		if (crew_ms() - since > 10000)
			return false;
		sched_yield();
	}
	return true;
}

void stand_up(struct stand *s)
{
	s->cq = s->cq + 4096 >= s->ddt ? s->ddt - RINGS * 4096 : s->cq + 4096;
	s->tail = 0;
	stand_wr(s, CQB, 8, PPN_OF(s->cq) | (RING_LG2 - 1));
	stand_wr(s, CQT, 4, 0);
	stand_wr(s, CQCSR, 4, EN | IE);
	stand_wr(s, FQB, 8, PPN_OF(s->ddt + 4096) | (7 - 1));
	stand_wr(s, FQH, 4, 0);
	stand_wr(s, FQCSR, 4, EN | IE);
	stand_wr(s, MSI_CFG, 8, 0x28000000);
	stand_wr(s, DDTP, 8, PPN_OF(s->ddt) | LVL1);
	settles(s, DDTP, DDTP_BUSY);
}

void stand_command(struct stand *s, uint64_t dw0, uint64_t dw1, bool ring)
{
	stand_put(s, s->cq + 16 * s->tail, dw0);
	stand_put(s, s->cq + 16 * s->tail + 8, dw1);
	s->tail = (s->tail + 1) % (1 << RING_LG2);
	if (ring)
		stand_wr(s, CQT, 4, s->tail);
}

bool stand_done(struct stand *s)
{
	return stand_rd32(s, CQH) == s->tail;
}

bool stand_fence(struct stand *s)
{
	uint64_t since = crew_ms();

	stand_command(s, FENCE | FENCE_PR | FENCE_PW, 0, true);
	while (!stand_done(s)) {
		if (crew_ms() - since > 10000)
			return false;
		sched_yield();
	}
	return true;
}

struct iom_port *stand_port(struct stand *s, struct iom_lane *lane, uint32_t device)
{
	struct iom_endpoint *endpoint;
	struct iom_port *port = NULL;

	if (iom_endpoint_get(s->unit, device, &endpoint) == IOM_OK)
		iom_port_open(endpoint, lane, &port);
	return port;
}

static bool host_may_work(void *opaque)
{
	struct stand *s = opaque;

	return !s->may_work || s->may_work(s);
}

struct stand *stand_new(bool locked)
{
	static const struct iom_memory_ops ops = { .bytes = sizeof ops,
		                                   .read = device_read,
		                                   .write = device_write };
	static const struct iom_host host = { .bytes = sizeof host,
		                              .msi = host_msi,
		                              .message = host_message,
		                              .order = host_order,
		                              .dirty = host_dirty,
		                              .may_work = host_may_work };
	struct iom_region region = { .spa = STAND_RAM, .bytes = STAND_RAM_BYTES };
	struct stand *s = calloc(1, sizeof *s);
	pthread_mutexattr_t attr;

	CHECK(s);
	s->locked = locked;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&s->big, &attr);
	pthread_mutexattr_destroy(&attr);
	s->ram = calloc(1, STAND_RAM_BYTES);
	s->extra = calloc(1, 4096);
	CHECK(s->ram && s->extra);
	region.host = s->ram;
	s->next = STAND_RAM + RINGS * 4096;
	s->ddt = page(s);
	page(s); /* the fault queue, behind it */
	CHECK_EQ(iom_memory_new(&ops, s, &s->memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(s->memory, &region, NULL), IOM_OK);
	CHECK_EQ(iom_riscv_new(NULL, s->memory, &host, s, &s->unit, NULL), IOM_OK);
	for (unsigned i = 1; i <= STAND_DEVICES; i++)
		device_new(s, i);
	s->cq = s->ddt;
	stand_up(s);
	return s;
}

void stand_free(struct stand *s)
{
	iom_unit_free(s->unit);
	iom_memory_free(s->memory);
	pthread_mutex_destroy(&s->big);
	free(s->extra);
	free(s->ram);
	free(s);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The stand of vtd_stand.h; numbers are the specification's. */
#include "vtd_stand.h"

#include <stdlib.h>
#include <string.h>

#define RAM 0x80000000ull
#define RAM_BYTES 0x400000ull
#define DATA (RAM + 0x300000)
#define RINGS 64 /* a reset takes the next one: the old one may still be read from */
#define RING_BYTES 4096u

enum {
	GCMD = 0x18,
	GSTS = 0x1c,
	RTADDR = 0x20,
	FSTS = 0x34,
	FECTL = 0x38,
	IQT = 0x88,
	IQA = 0x90,
	ICS = 0x9c,
	IECTL = 0xa0,
	IRTA = 0xb8,
	PQH = 0xc0,
	PQT = 0xc8,
	PQA = 0xd0,
	PRS = 0xdc,
	PECTL = 0xe0,
	FRCD = 0x220,
};

#define RECORDS 8u
#define EVENTS 0xfee0f000ull /* where the unit's own messages go, with data 0x30 to 0x32 */

/* ---- Host --------------------------------------------------------------------------------- */

/* Destination and vector are of one entry; or the unit's own, or not remapped. */
static int host_msi(void *opaque, uint64_t address, uint32_t data)
{
	static const uint32_t pairs[][2] = { { 1, 0x41 }, { 2, 0x42 }, { 3, 0x51 } };
	struct vtd_stand *s = opaque;
	bool fits = address == EVENTS && data >= 0x30 && data <= 0x32;

	for (unsigned i = 0; i < 3; i++)
		fits |= (address >> 12 & 0xff) == pairs[i][0] && (data & 0xff) == pairs[i][1];
	fits |= (address == VTD_MESSAGE(0) || address == VTD_MESSAGE(1)) && !data;
	__atomic_add_fetch(fits ? &s->msis : &s->wrong, 1, __ATOMIC_RELAXED);
	return IOM_OK;
}

/* Devices answer from inside the message. */
static void host_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	const struct iom_message answer = { .kind = IOM_MESSAGE_INVALIDATED,
		                            .token = 1u << message->token % 32,
		                            .code = 1 };
	struct vtd_stand *s = opaque;
	struct iom_endpoint *endpoint;

	if (message->kind == IOM_MESSAGE_INVALIDATE && requester <= VTD_DEVICES &&
	    iom_endpoint_get(s->unit, requester, &endpoint) == IOM_OK)
		iom_message(endpoint, &answer);
}

static void host_changed(void *opaque, uint32_t first, uint32_t last)
{
	struct vtd_stand *s = opaque;

	if (first > last)
		__atomic_add_fetch(&s->wrong, 1, __ATOMIC_RELAXED);
}

/* ---- Registers and memory ----------------------------------------------------------------- */

static uint64_t rd(struct vtd_stand *s, uint64_t off, unsigned bytes)
{
	uint64_t val = 0;

	iom_mmio_read(s->unit, 0, off, bytes, &val);
	return val;
}

static void wr(struct vtd_stand *s, uint64_t off, unsigned bytes, uint64_t val)
{
	iom_mmio_write(s->unit, 0, off, bytes, val);
}

static void put(struct vtd_stand *s, uint64_t spa, uint64_t val)
{
	__atomic_store_n((uint64_t *)(void *)(s->ram + (spa - RAM)), val, __ATOMIC_RELEASE);
}

static uint64_t page(struct vtd_stand *s)
{
	s->next += 4096;
	return s->next - 4096;
}

void vtd_enter(struct vtd_stand *s)
{
	while (__atomic_load_n(&s->moving, __ATOMIC_RELAXED))
		sched_yield();
	pthread_rwlock_rdlock(&s->calls);
}

void vtd_leave(struct vtd_stand *s)
{
	pthread_rwlock_unlock(&s->calls);
}

/* ---- Tables ------------------------------------------------------------------------------- */

/* P R/W U/S of a first stage, R W of a second one: A and D come by themselves. */
static uint64_t bits_of(unsigned device)
{
	return device % 2 ? 3 : 7;
}

uint64_t vtd_target(unsigned device, unsigned page_number, unsigned which)
{
	return DATA + 4096ull * (2 * (VTD_PAGES * (device - 1) + page_number) + which);
}

void vtd_flip(struct vtd_stand *s, unsigned device, unsigned page_number, unsigned which)
{
	uint64_t iova = VTD_IOVA + 4096ull * page_number;

	/* The first page is the last of its table; the others are in the next. */
	put(s, s->leaves[device] + (page_number ? 4096 : 0) + 8 * (iova >> 12 & 0x1ff),
	    vtd_target(device, page_number, which) | bits_of(device));
}

void vtd_retarget(struct vtd_stand *s, unsigned which)
{
	put(s, s->entries, 0);
	put(s, s->entries, (which + 1ull) << 32 | (0x41 + which) << 16 | 1);
}

static void device_new(struct vtd_stand *s, unsigned device)
{
	uint64_t contexts = s->root + 4096, root = page(s), middle, bits = bits_of(device);
	uint64_t directory = page(s), pasids = page(s), top = root, entry;
	unsigned dte = 4, paside = 8, pre = 16;

	if (device % 2 == 0) {
		top = page(s);
		put(s, root, top | bits);
	}
	middle = page(s);
	put(s, top, middle | bits);
	s->leaves[device] = page(s);
	page(s);
	put(s, middle + 8 * (VTD_IOVA >> 21), s->leaves[device] | bits);
	put(s, middle + 8 * ((VTD_IOVA >> 21) + 1), (s->leaves[device] + 4096) | bits);
	for (unsigned i = 0; i < VTD_PAGES; i++)
		vtd_flip(s, device, i, 0);
	entry = pasids + 64 * (device % 2 ? 0 : VTD_PASID);
	put(s, entry + 16, device % 2 ? 0 : root);
	put(s, entry + 8, VTD_DID(device));
	put(s, entry, device % 2 ? root | 2 << 6 | 1 << 2 | 1 : 1 << 6 | 1);
	put(s, directory, pasids | 1);
	put(s, contexts + 32 * device, directory | dte | pre | (device % 2 ? 0 : paside) | 1);
}

/* ---- Up, down, and descriptors -------------------------------------------------------------- */

static bool settles(struct vtd_stand *s, uint64_t off, uint32_t mask, uint32_t want)
{
	uint64_t since = crew_ms();

	while ((rd(s, off, 4) & mask) != want) {
		if (crew_ms() - since > 10000)
			return false;
		sched_yield();
	}
	return true;
}

bool vtd_global(struct vtd_stand *s, uint32_t bit, bool on)
{
	uint32_t now = (uint32_t)rd(s, GSTS, 4) & 0x96ffffff;

	wr(s, GCMD, 4, on ? now | bit : now & ~bit);
	return settles(s, GSTS, bit, on ? bit : 0);
}

bool vtd_queue_on(struct vtd_stand *s)
{
	s->queue = RAM + (s->queue - RAM + RING_BYTES) % (RINGS * RING_BYTES);
	s->tail = 0;
	wr(s, IQT, 8, 0);
	wr(s, IQA, 8, s->queue | 1 << 11);
	return vtd_global(s, VTD_QIE, true);
}

static void up(struct vtd_stand *s)
{
	static const unsigned control[] = { FECTL, IECTL, PECTL };

	for (unsigned i = 0; i < 3; i++) {
		wr(s, control[i] + 4, 4, 0x30 + i);
		wr(s, control[i] + 8, 4, EVENTS);
		wr(s, control[i], 4, 0);
	}
	wr(s, ICS, 4, 1);
	vtd_queue_on(s);
	wr(s, PQA, 8, s->pages);
	wr(s, RTADDR, 8, s->root | 1 << 10);
	vtd_global(s, VTD_RTP, true);
	wr(s, IRTA, 8, s->entries | 1 << 11 | 7);
	vtd_global(s, VTD_IRTP, true);
	vtd_global(s, VTD_TE, true);
	vtd_global(s, VTD_IRE, true);
}

void vtd_reset(struct vtd_stand *s, bool cold)
{
	if (cold)
		iom_unit_reset(s->unit);
	else
		iom_unit_reset_warm(s->unit);
	up(s);
}

void vtd_descriptor(struct vtd_stand *s, uint64_t qw0, uint64_t qw1)
{
	put(s, s->queue + s->tail, qw0);
	put(s, s->queue + s->tail + 8, qw1);
	put(s, s->queue + s->tail + 16, 0);
	put(s, s->queue + s->tail + 24, 0);
	s->tail = (s->tail + 32) % RING_BYTES;
}

/* By its event, with page requests that came before: memory is not looked at. */
bool vtd_wait(struct vtd_stand *s)
{
	bool done;

	vtd_descriptor(s, 5 | 1 << 4 | 1 << 7, 0);
	wr(s, IQT, 8, s->tail);
	done = settles(s, ICS, 1, 1) && !(rd(s, FSTS, 4) & 0x70);
	wr(s, ICS, 4, 1);
	s->waits++;
	return done;
}

bool vtd_move(struct vtd_stand *s)
{
	size_t bytes = 0;
	void *state;
	bool good;

	__atomic_store_n(&s->moving, true, __ATOMIC_RELAXED);
	pthread_rwlock_wrlock(&s->calls);
	(void)iom_unit_save(s->unit, NULL, 0, &bytes);
	state = malloc(bytes);
	good = state && iom_unit_save(s->unit, state, bytes, &bytes) == IOM_OK &&
	       iom_unit_load(s->unit, state, bytes, NULL) == IOM_OK;
	free(state);
	pthread_rwlock_unlock(&s->calls);
	__atomic_store_n(&s->moving, false, __ATOMIC_RELAXED);
	return good;
}

unsigned vtd_drain(struct vtd_stand *s)
{
	unsigned records = 0;

	for (unsigned i = 0; i < RECORDS; i++) {
		if (!(rd(s, FRCD + 16 * i + 12, 4) >> 31))
			continue;
		records++;
		wr(s, FRCD + 16 * i + 12, 4, 1u << 31);
	}
	wr(s, FSTS, 4, 1);
	wr(s, PQH, 8, rd(s, PQT, 8));
	wr(s, PRS, 4, 3);
	return records;
}

struct iom_port *vtd_port(struct vtd_stand *s, struct iom_lane *lane, uint32_t device)
{
	struct iom_endpoint *endpoint;
	struct iom_port *port = NULL;

	if (iom_endpoint_get(s->unit, device, &endpoint) == IOM_OK)
		iom_port_open(endpoint, lane, &port);
	return port;
}

struct vtd_stand *vtd_stand_new(void)
{
	static const struct iom_host host = { .bytes = sizeof host,
		                              .msi = host_msi,
		                              .message = host_message,
		                              .interrupts_changed = host_changed };
	const struct iom_vtd_config config = { .bytes = sizeof config, .profile = IOM_VTD_FULL };
	struct iom_region region = { .spa = RAM, .bytes = RAM_BYTES };
	struct vtd_stand *s = calloc(1, sizeof *s);

	CHECK(s);
	pthread_rwlock_init(&s->calls, NULL);
	s->ram = aligned_alloc(4096, RAM_BYTES);
	CHECK(s->ram);
	memset(s->ram, 0, RAM_BYTES);
	region.host = s->ram;
	s->queue = RAM;
	s->next = RAM + (uint64_t)RINGS * RING_BYTES;
	s->root = page(s);
	put(s, s->root, page(s) | 1);
	s->entries = page(s);
	s->pages = page(s);
	s->posted = page(s);
	put(s, s->posted + 32, 3ull << 32 | 0x51 << 16);
	vtd_retarget(s, 0);
	put(s, s->entries + 16, s->posted << 32 | 0x60 << 16 | 1 << 15 | 1);
	put(s, s->entries + 24, s->posted >> 32 << 32);
	for (unsigned i = 1; i <= VTD_DEVICES; i++)
		device_new(s, i);
	CHECK_EQ(iom_memory_new(NULL, NULL, &s->memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(s->memory, &region, NULL), IOM_OK);
	CHECK_EQ(iom_vtd_new(&config, s->memory, &host, s, &s->unit, NULL), IOM_OK);
	up(s);
	return s;
}

void vtd_stand_free(struct vtd_stand *s)
{
	iom_unit_free(s->unit);
	iom_memory_free(s->memory);
	pthread_rwlock_destroy(&s->calls);
	free(s->ram);
	free(s);
}

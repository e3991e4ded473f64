/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Units: creation, registers from outside, reset, end. */
#include "model/observe.h"
#include "model/work.h"

#include <stdlib.h>
#include <string.h>

#include <iommux/iommux.h>

#include "base/error.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)

const char *iom_version(void)
{
	return STRING(IOM_VERSION_MAJOR) "." STRING(IOM_VERSION_MINOR) "." STRING(
		IOM_VERSION_PATCH);
}

#define LINE 64u
#define BACK 16u /* in front of the line stands what calloc gave */

_Static_assert(sizeof(void *) <= BACK, "it has room");

/* By calloc, which leaves much memory to come when it is touched: caches and ports may never be full. */
static void *own_alloc(size_t size)
{
	uint8_t *raw = calloc(1, size + LINE + BACK), *line;

	if (!raw)
		return NULL;
	line = raw + BACK;
	line += -(uintptr_t)line % LINE;
	memcpy(line - BACK, &raw, sizeof raw);
	return line;
}

static void own_free(void *memory)
{
	void *raw = NULL;

	if (memory)
		memcpy(&raw, (uint8_t *)memory - BACK, sizeof raw);
	free(raw);
}

static void *host_alloc(const struct iom_host *host, void *opaque, size_t size)
{
	void *memory;

	if (!host->alloc)
		return own_alloc(size);
	memory = host->alloc(opaque, size);
	if (memory)
		memset(memory, 0, size);
	return memory;
}

void *iom_unit_alloc(const struct iom_unit *unit, size_t size)
{
	return host_alloc(&unit->host, unit->opaque, size);
}

void iom_unit_release(const struct iom_unit *unit, void *memory, size_t size)
{
	if (unit->host.free)
		unit->host.free(unit->opaque, memory, size);
	else
		own_free(memory);
}

int iom_unit_check(const char *name, size_t bytes, size_t should, const struct iom_memory *memory,
                   const struct iom_host *host, struct iom_error *error)
{
	if (bytes != should)
		return iom_fail(error, IOM_EINVAL,
		                "%s.bytes is %llu; it must be sizeof(struct %s), %llu in this "
		                "library",
		                name, (unsigned long long)bytes, name, (unsigned long long)should);
	if (host && host->bytes != sizeof *host)
		return iom_fail(error, IOM_EINVAL,
		                "iom_host.bytes is %llu; it must be sizeof(struct iom_host), %llu "
		                "in "
		                "this library",
		                (unsigned long long)host->bytes, (unsigned long long)sizeof *host);
	if (host && !host->alloc != !host->free)
		return iom_fail(error, IOM_EINVAL,
		                "iom_host has only one of alloc and free; give both or neither");
	if (!memory)
		return iom_fail(error, IOM_EINVAL,
		                "memory is NULL; a unit needs an iom_memory for its tables");
	return IOM_OK;
}

struct iom_unit *iom_unit_new(const struct iom_arch *arch, struct iom_memory *memory,
                              const struct iom_host *host, void *opaque, uint32_t entries,
                              uint32_t slots)
{
	static const struct iom_host none = { .bytes = sizeof none };
	struct iom_unit *unit;
	void *room;

	if (!host)
		host = &none;
	unit = host_alloc(host, opaque, arch->unit_bytes);
	if (!unit)
		return NULL;
	unit->arch = arch;
	unit->memory = memory;
	unit->host = *host;
	unit->opaque = opaque;
	room = iom_unit_alloc(unit, iom_cache_bytes(entries));
	if (!room) {
		iom_unit_release(unit, unit, arch->unit_bytes);
		return NULL;
	}
	iom_cache_init(&unit->cache, room, entries);
	unit->slots = slots;
	unit->contexts.enabled = entries;
	unit->contexts.all = 1;
	iom_memory_join(memory, unit);
	return unit;
}

static void reset(struct iom_unit *unit, bool warm)
{
	iom_lock(&unit->lock);
	iom_restart_locked(unit);
	iom_regfile_clear(&unit->regs, warm);
	unit->arch->reset_locked(unit);
	iom_unlock(&unit->lock);
	iom_invalidate_all(unit);
	iom_work(unit, 0);
}

/* Where a public function returns nothing. */
static int reset_told(struct iom_unit *unit, bool warm)
{
	IOM_TOLD(unit, (reset(unit, warm), IOM_OK),
	         .kind = warm ? IOM_CALL_RESET_WARM : IOM_CALL_RESET, .requester = IOM_NOBODYS);
}

void iom_unit_reset(struct iom_unit *unit)
{
	(void)reset_told(unit, false);
}

void iom_unit_reset_warm(struct iom_unit *unit)
{
	(void)reset_told(unit, true);
}

static int forget(struct iom_unit *unit)
{
	iom_invalidate_all(unit);
	iom_cache_clear(&unit->cache);
	if (unit->arch->forget)
		unit->arch->forget(unit);
	return IOM_OK;
}

static int forget_told(struct iom_unit *unit)
{
	IOM_TOLD(unit, forget(unit), .kind = IOM_CALL_FORGET, .requester = IOM_NOBODYS);
}

void iom_forget(struct iom_unit *unit)
{
	(void)forget_told(unit);
}

static int stop(struct iom_unit *unit)
{
	bool open = false;

	__atomic_store_n(&unit->stopped, 1, __ATOMIC_SEQ_CST);
	iom_unit_new_epoch(unit);
	iom_lock(&unit->lock);
	for (const struct iom_lane *lane = unit->lanes; lane; lane = lane->next)
		open = open || __atomic_load_n(&lane->state, __ATOMIC_SEQ_CST);
	iom_unlock(&unit->lock);
	return open || iom_working(unit) ? IOM_EBUSY : IOM_OK;
}

int iom_unit_stop(struct iom_unit *unit)
{
	IOM_TOLD(unit, stop(unit), .kind = IOM_CALL_STOP, .requester = IOM_NOBODYS);
}

static int start(struct iom_unit *unit)
{
	__atomic_store_n(&unit->stopped, 0, __ATOMIC_SEQ_CST);
	iom_work(unit, 0);
	return IOM_OK;
}

static int start_told(struct iom_unit *unit)
{
	IOM_TOLD(unit, start(unit), .kind = IOM_CALL_START, .requester = IOM_NOBODYS);
}

void iom_unit_start(struct iom_unit *unit)
{
	(void)start_told(unit);
}

void iom_unit_free(struct iom_unit *unit)
{
	if (!unit)
		return;
	iom_memory_leave(unit->memory, unit);
	iom_observe_locked(unit, NULL, NULL);
	/* Sections that end here let nothing go on. */
	__atomic_store_n(&unit->stopped, 1, __ATOMIC_SEQ_CST);
	while (unit->lanes)
		iom_lane_close(unit->lanes);
	for (unsigned i = 0; i < IOM_ENDPOINT_BUCKETS; i++) {
		while (unit->endpoint[i]) {
			struct iom_endpoint *endpoint = unit->endpoint[i];

			unit->endpoint[i] = endpoint->next;
			iom_unit_release(unit, endpoint, sizeof *endpoint);
		}
	}
	iom_unit_release(unit, unit->cache.set, iom_cache_bytes(unit->cache.entries));
	iom_unit_release(unit, unit, unit->arch->unit_bytes);
}

static int step(struct iom_unit *unit, uint64_t now_ns)
{
	iom_lock(&unit->lock);
	if (unit->stepped && now_ns > unit->now_ns && unit->arch->step_locked)
		unit->arch->step_locked(unit, now_ns - unit->now_ns);
	if (!unit->stepped || now_ns > unit->now_ns)
		unit->now_ns = now_ns;
	unit->stepped = true;
	iom_unlock(&unit->lock);
	iom_work(unit, 0);
	return IOM_OK;
}

static int step_told(struct iom_unit *unit, uint64_t now_ns)
{
	IOM_TOLD(unit, step(unit, now_ns), .kind = IOM_CALL_STEP, .requester = IOM_NOBODYS,
	         .value = now_ns);
}

void iom_step(struct iom_unit *unit, uint64_t now_ns)
{
	(void)step_told(unit, now_ns);
}

const char *iom_unit_arch(const struct iom_unit *unit)
{
	return unit->arch->name;
}

const char *iom_fault_name(const struct iom_unit *unit, uint32_t fault)
{
	return unit->arch->fault_name(fault);
}

void iom_unit_new_epoch_of(struct iom_unit *unit, uint64_t spaces)
{
	iom_lock(&unit->lock);
	/* Generations changed before this; ports mark the spaces that they use before they look. */
	iom_locked_fence();
	for (unsigned i = 0; i < IOM_ENDPOINT_BUCKETS; i++) {
		for (struct iom_endpoint *e = unit->endpoint[i]; e; e = e->next) {
			if (__atomic_load_n(&e->spaces, __ATOMIC_SEQ_CST) & spaces)
				__atomic_fetch_add(&e->epoch, 1, __ATOMIC_SEQ_CST);
		}
	}
	iom_unlock(&unit->lock);
}

void iom_unit_new_epoch_locked(struct iom_unit *unit)
{
	for (unsigned i = 0; i < IOM_ENDPOINT_BUCKETS; i++) {
		for (struct iom_endpoint *e = unit->endpoint[i]; e; e = e->next)
			__atomic_fetch_add(&e->epoch, 1, __ATOMIC_SEQ_CST);
	}
}

void iom_unit_new_epoch(struct iom_unit *unit)
{
	iom_lock(&unit->lock);
	iom_unit_new_epoch_locked(unit);
	iom_unlock(&unit->lock);
}

void iom_unit_stored(struct iom_unit *unit, uint64_t spa, size_t len)
{
	if (!unit->host.dirty)
		return;
	while (len) {
		struct iom_region r;
		uint64_t piece;

		if (iom_memory_find(unit->memory, spa, len, &r, &piece) &&
		    r.flags & IOM_REGION_TRACK)
			unit->host.dirty(unit->opaque, spa, piece);
		spa += piece;
		len -= (size_t)piece;
	}
}

int iom_unit_store_upto(struct iom_unit *unit, uint64_t spa, const void *buf, size_t len,
                        size_t *done)
{
	int result = iom_memory_write_upto(unit->memory, spa, buf, len, done);

	iom_unit_stored(unit, spa, *done);
	return result;
}

int iom_unit_store(struct iom_unit *unit, uint64_t spa, const void *buf, size_t len)
{
	size_t done;

	return iom_unit_store_upto(unit, spa, buf, len, &done);
}

uint64_t iom_mmio_bytes(const struct iom_unit *unit, unsigned window)
{
	(void)unit;
	return window ? 0 : IOM_REGFILE_BYTES;
}

static bool mmio_ok(const struct iom_unit *unit, unsigned window, uint64_t off, unsigned bytes)
{
	uint64_t size = iom_mmio_bytes(unit, window);

	return iom_is_pow2(bytes) && bytes <= 8 && off < size && bytes <= size - off;
}

static int mmio_read(struct iom_unit *unit, unsigned window, uint64_t off, unsigned bytes,
                     uint64_t *val)
{
	*val = ~UINT64_C(0);
	if (!mmio_ok(unit, window, off, bytes))
		return IOM_EINVAL;
	iom_work(unit, 0);
	*val = iom_regfile_read(unit, off, bytes);
	return IOM_OK;
}

int iom_mmio_read(struct iom_unit *unit, unsigned window, uint64_t off, unsigned bytes,
                  uint64_t *val)
{
	IOM_TOLD(unit, mmio_read(unit, window, off, bytes, val), .kind = IOM_CALL_MMIO_READ,
	         .requester = IOM_NOBODYS, .number = window, .address = off, .bytes = bytes,
	         .out = val);
}

static int mmio_write(struct iom_unit *unit, unsigned window, uint64_t off, unsigned bytes,
                      uint64_t val)
{
	uint32_t soon;

	if (!mmio_ok(unit, window, off, bytes))
		return IOM_EINVAL;
	iom_lock(&unit->lock);
	iom_regfile_write(unit, off, bytes, val);
	soon = unit->soon;
	unit->soon = 0;
	iom_unlock(&unit->lock);
	iom_work(unit, soon);
	return IOM_OK;
}

int iom_mmio_write(struct iom_unit *unit, unsigned window, uint64_t off, unsigned bytes,
                   uint64_t val)
{
	IOM_TOLD(unit, mmio_write(unit, window, off, bytes, val), .kind = IOM_CALL_MMIO_WRITE,
	         .requester = IOM_NOBODYS, .number = window, .address = off, .bytes = bytes,
	         .value = val);
}

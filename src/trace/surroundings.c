/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a replayed unit finds around it: memory that gives the words of the trace, a host that lets
 * recorded calls happen inside its functions, and an observer that compares.
 *
 * A callback was told when it had returned, so that calls made in it stand before its event: first they
 * are carried out, then the next event must be the callback's.
 */
#include <string.h>

#include "trace/config.h"
#include "trace/player.h"

/* ---- Memory ------------------------------------------------------------------------------- */

static bool inside(const struct trace_event *e, uint64_t spa, size_t len)
{
	return spa >= e->address && spa - e->address <= e->bytes &&
	       len <= e->bytes - (spa - e->address);
}

/*
 * The event that an access of the unit belongs to: its own, or a device's.  NULL: the trace has none.
 * One event may cover several accesses.
 */
static const struct trace_event *access_of(struct trace_replay *r, uint64_t spa, size_t len,
                                           bool write)
{
	const struct trace_event *e;

	trace_play_nested(r);
	e = trace_play_peek(r);
	if (r->strayed || r->quiet)
		return NULL;
	if (e && (e->kind == TRACE_OWN || e->kind == TRACE_MOVED) && e->write == write &&
	    inside(e, spa, len))
		return e;
	trace_play_wants(r, "the unit %s %llu bytes at 0x%llx", write ? "stores" : "loads",
	                 (unsigned long long)len, (unsigned long long)spa);
	return NULL;
}

static int memory_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	const struct trace_event *e = access_of(opaque, spa, len, false);

	if (!e)
		return IOM_EFAULT;
	/* What a device reads is not in the trace. */
	if (e->kind == TRACE_MOVED)
		return e->result;
	if (e->result)
		return e->result;
	if (!e->data)
		return IOM_EFAULT;
	memcpy(buf, e->data + (spa - e->address), len);
	return IOM_OK;
}

static int memory_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	const struct trace_event *e = access_of(opaque, spa, len, true);

	(void)buf; /* the observer compares it */
	return e ? e->result : IOM_EFAULT;
}

static uint64_t word_of(const uint8_t *bytes, size_t n)
{
	uint64_t word = 0;

	while (n--)
		word = word << 8 | bytes[n];
	return word;
}

static int memory_cas(void *opaque, uint64_t spa, unsigned bytes, uint64_t *expected,
                      uint64_t desired)
{
	const struct trace_event *e = access_of(opaque, spa, bytes, true);

	(void)desired;
	if (!e)
		return IOM_EFAULT;
	if (e->result)
		return e->result;
	if (e->kind == TRACE_MOVED)
		*expected = e->out;
	else if (e->found && e->found_bytes == bytes)
		*expected = word_of(e->found, bytes);
	else
		return IOM_EFAULT;
	return IOM_OK;
}

/* ---- The host, and a backend -------------------------------------------------------------- */

/* What a function of the host returned. */
static int returned(struct trace_replay *r, unsigned what, int otherwise)
{
	const struct trace_event *e;

	trace_play_nested(r);
	e = trace_play_peek(r);
	if (e && e->kind == TRACE_CALLED && e->what == what)
		return e->result;
	return otherwise;
}

static int host_msi(void *opaque, uint64_t address, uint32_t data)
{
	(void)address, (void)data;
	return returned(opaque, IOM_CALLED_MSI, IOM_EFAULT);
}

static void host_changed(void *opaque, uint32_t first, uint32_t last)
{
	(void)first, (void)last;
	trace_play_nested(opaque);
}

static void host_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	(void)requester, (void)message;
	trace_play_nested(opaque);
}

static void host_wire(void *opaque, unsigned wire, bool level)
{
	(void)wire, (void)level;
	trace_play_nested(opaque);
}

static void host_order(void *opaque, bool reads, bool writes)
{
	(void)reads, (void)writes;
	trace_play_nested(opaque);
}

/* It makes no calls: those that come next are of what the unit does afterwards. */
static bool host_may_work(void *opaque)
{
	const struct trace_event *e = trace_play_peek(opaque);

	return !e || e->kind != TRACE_CALLED || e->what != IOM_CALLED_LATER;
}

static void backend_context(void *opaque, const struct iom_context_info *info)
{
	(void)info;
	trace_play_nested(opaque);
}

static void backend_invalidate(void *opaque, const struct iom_invalidation *what)
{
	(void)what;
	trace_play_nested(opaque);
}

const struct iom_backend trace_play_backend = {
	.bytes = sizeof trace_play_backend,
	.context = backend_context,
	.invalidate = backend_invalidate,
};

int trace_play_stretch(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm)
{
	(void)iova, (void)spa, (void)bytes, (void)perm;
	return returned(opaque, IOM_CALLED_STRETCH, 1);
}

/* ---- The observer ------------------------------------------------------------------------- */

static void on_access(void *opaque, uint32_t requester, const struct iom_request *request,
                      const struct iom_reply *reply, int result)
{
	struct trace_event did;

	trace_from_access(&did, requester, request, reply, result);
	trace_play_did(opaque, &did);
}

static void on_command(void *opaque, const uint64_t *word, unsigned words)
{
	uint8_t room[8 * TRACE_COMMAND_WORDS];
	struct trace_event did;

	trace_from_command(&did, word, words, room);
	trace_play_did(opaque, &did);
}

static void on_own(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	struct trace_event did;

	trace_from_own(&did, requester, access);
	trace_play_did(opaque, &did);
}

static void on_moved(void *opaque, uint32_t requester, const struct iom_moved *moved)
{
	struct trace_event did;

	trace_from_moved(&did, requester, moved);
	trace_play_did(opaque, &did);
}

static void on_called(void *opaque, const struct iom_called *called)
{
	struct trace_event did;

	trace_from_called(&did, called);
	trace_play_did(opaque, &did);
}

/* ---- Making ------------------------------------------------------------------------------- */

/* iommux/riscv.h, iommux/vtd.h: what 0 means.  A translation takes so much of a cache. */
#define CACHE_LG2_DEFAULT 12u
#define TRANSLATION_BYTES UINT64_C(32)

int trace_play_make(struct trace_replay *r, struct iom_error *error)
{
	static const struct iom_memory_ops ops = {
		.bytes = sizeof ops,
		.read = memory_read,
		.write = memory_write,
		.cas = memory_cas,
	};
	static const struct iom_host host = {
		.bytes = sizeof host,
		.msi = host_msi,
		.interrupts_changed = host_changed,
		.message = host_message,
		.wire = host_wire,
		.order = host_order,
		.may_work = host_may_work,
	};
	const struct trace_header *header = trace_reader_header(r->reader);
	int result = iom_memory_new(&ops, r, &r->memory, error);
	uint64_t lg2;

	if (result)
		return result;
	result = trace_config_make(header, r->memory, &host, r, &r->unit, error);
	lg2 = trace_config_number(header, "cache_lg2");
	if (!result)
		r->cache_bytes = TRANSLATION_BYTES << (lg2 ? lg2 : CACHE_LG2_DEFAULT);
	return result;
}

/* Calls are known before they are made: who makes them compares how they end. */
void trace_play_listen(struct trace_replay *r)
{
	static const struct iom_observer observer = {
		.bytes = sizeof observer,
		.access = on_access,
		.command = on_command,
		.own = on_own,
		.moved = on_moved,
		.called = on_called,
	};

	(void)iom_observe(r->unit, &observer, r);
}

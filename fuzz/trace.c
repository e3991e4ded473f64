/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Fuzz target: a trace.  Its blocks are compressed and have checksums, so that most changes are made to
 * what is in a block, and a file is made of that again.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zstd.h>

#include "../tools/iommux/verbs.h"
#include "target.h"
#include "trace/block.h"
#include "trace/codec.h"
#include "trace/replay.h"

#define BLOCKS_MAX 16
#define RAW_MAX 16384 /* of a block that is changed */
#define EVENTS_MAX 20000

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* ---- Replaying -------------------------------------------------------------------------------- */

struct bytes {
	const uint8_t *at;
	size_t left;
};

static int give(void *opaque, void *bytes, size_t size, size_t *got)
{
	struct bytes *b = opaque;

	*got = size < b->left ? size : b->left;
	if (*got)
		memcpy(bytes, b->at, *got);
	b->at += *got;
	b->left -= *got;
	return 0;
}

/* All words of all events end, and what was read can be written. */
static void on_event(void *opaque, const struct trace_event *event)
{
	const size_t data =
		(event->data ? event->data_bytes : 0) + (event->found ? event->found_bytes : 0);
	uint8_t *out = malloc(TRACE_EVENT_BYTES_MAX + data);
	struct trace_past past = { 0 }, again = { 0 };
	struct trace_event read;
	char text[256];
	size_t bytes;

	(void)opaque;
	trace_event_text(event, text, sizeof text);
	if (!out)
		abort();
	bytes = trace_encode(&past, event, out);
	if (bytes > TRACE_EVENT_BYTES_MAX + data ||
	    trace_decode(&again, &read, out, bytes) != bytes || !trace_event_same(event, &read))
		abort();
	free(out);
}

/* With the next call, as if nothing had been. */
static bool on_difference(void *opaque, const struct trace_difference *difference)
{
	(void)opaque;
	for (unsigned i = 0; i < difference->lasts; i++) {
		char text[64];

		trace_event_text(&difference->last[i], text, sizeof text);
	}
	return true;
}

static void replay_on(const uint8_t *data, size_t size)
{
	const struct trace_replay_watch watch = { on_event, on_difference, NULL };
	struct bytes bytes = { data, size };
	const struct trace_source source = { give, &bytes };
	struct trace_replay *replay;
	struct iom_error error;

	if (trace_replay_new(&source, &watch, &replay, &error))
		return;
	while (trace_replay_events(replay) < EVENTS_MAX && !trace_replay_step(replay, &error))
		;
	trace_replay_free(replay);
}

/* As a person would look at it, in a way that the input's length chooses, if at all. */
static void look_at(const uint8_t *data, size_t size)
{
	static const char *const ways[][2] = {
		{ "--json", "--stats" },
		{ "--svg=/dev/null", "--stats" },
		{ "--svg=/dev/null", "--time" },
		{ "--dump", "--until=100" },
		{ "--event=10" },
		{ "--event=30" },
	};
	const size_t which = size % 16;
	const char *const *way = ways[which % (sizeof ways / sizeof ways[0])];
	char path[64], name[] = "replay", first[32], second[32];
	char *argv[] = { name, path, first, second };
	int fd;

	/* Pictures take long. */
	if (which >= sizeof ways / sizeof ways[0])
		return;
	fd = memfd_create("trace", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	snprintf(first, sizeof first, "%s", way[0]);
	snprintf(second, sizeof second, "%s", way[1] ? way[1] : "");
	(void)verb_replay.run(way[1] ? 4 : 3, argv);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	replay_on(data, size);
	look_at(data, size);
	return 0;
}

/* ---- Changing ------------------------------------------------------------------------------- */

struct block {
	const uint8_t *head, *body;
	size_t bytes; /* of the body */
};

/* The blocks of a file that has nothing but whole ones; 0: it is something else. */
static unsigned split(const uint8_t *data, size_t size, struct block *blocks)
{
	size_t at = TRACE_PREFIX_BYTES;
	unsigned n = 0;

	while (at < size) {
		struct block *b = &blocks[n];

		if (n++ == BLOCKS_MAX || size - at < TRACE_BLOCK_BYTES)
			return 0;
		b->head = data + at;
		b->body = b->head + TRACE_BLOCK_BYTES;
		b->bytes = trace_ld32(b->head + 4);
		at += TRACE_BLOCK_BYTES;
		if (b->bytes > size - at)
			return 0;
		at += b->bytes;
	}
	return n;
}

/* Changes what is in a block; the bytes of the new body, or 0. */
static size_t change(const struct block *b, uint8_t *body, size_t room, uint32_t *length)
{
	uint8_t *raw = malloc(RAW_MAX);
	size_t n = ZSTD_decompress(raw, RAW_MAX, b->body, b->bytes), bytes = 0;

	if (raw && !ZSTD_isError(n)) {
		n = LLVMFuzzerMutate(raw, n, RAW_MAX);
		bytes = ZSTD_compress(body, room, raw, n, 1);
		*length = (uint32_t)n;
	}
	free(raw);
	return ZSTD_isError(bytes) ? 0 : bytes;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct block blocks[BLOCKS_MAX];
	const unsigned n = seed % 16 ? split(data, size, blocks) : 0;
	const struct block *b = n ? &blocks[seed / 16 % n] : NULL;
	const size_t room = ZSTD_compressBound(RAW_MAX);
	uint8_t *body = b ? malloc(room) : NULL;
	uint8_t *head;
	uint32_t length = 0;
	size_t bytes = body ? change(b, body, room, &length) : 0;

	if (!bytes || size - b->bytes + bytes > max_size) {
		free(body);
		return LLVMFuzzerMutate(data, size, max_size);
	}
	/* What is behind the block moves. */
	head = data + (b->head - data);
	memmove(head + TRACE_BLOCK_BYTES + bytes, b->body + b->bytes,
	        size - (size_t)(b->body - data) - b->bytes);
	memcpy(head + TRACE_BLOCK_BYTES, body, bytes);
	trace_st32(head + 4, (uint32_t)bytes);
	trace_st32(head + 8, length);
	trace_st32(head + 12, trace_crc(trace_crc(0, head, 12), body, bytes));
	free(body);
	return size - b->bytes + bytes;
}

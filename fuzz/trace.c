/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Fuzz target: a trace, a snapshot, or a core file.  Blocks of the first two are compressed and have
 * checksums, so that most changes are made to what is in a block, and a file is made of that again.
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

#define WORDS_MAX 5

/* A verb with a file of these bytes behind its words. */
static void run(const struct verb *verb, const char *const *words, const char *before,
                const uint8_t *data, size_t size)
{
	char room[WORDS_MAX + 2][64], *argv[WORDS_MAX + 3];
	int argc = 0, fd = memfd_create("trace", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(room[0], sizeof room[0], "%s", verb->name);
	snprintf(room[1], sizeof room[1], "%s/proc/self/fd/%d", before, fd);
	for (argc = 2; argc < WORDS_MAX + 2 && words[argc - 2]; argc++)
		snprintf(room[argc], sizeof room[argc], "%s", words[argc - 2]);
	for (int i = 0; i < argc; i++)
		argv[i] = room[i];
	argv[argc] = NULL;
	(void)verb->run(argc, argv);
	close(fd);
}

/* As a person would look at it, in a way that the input's length chooses, if at all. */
static void look_at(const uint8_t *data, size_t size)
{
	static const char *const ways[][WORDS_MAX] = {
		{ "--json", "--stats" },
		{ "--svg=/dev/null", "--stats" },
		{ "--svg=/dev/null", "--time" },
		{ "--dump", "--until=100" },
		{ "--event=10" },
		{ "--event=30" },
		{ "--report=/dev/null" },
	};
	static const char *const questions[][WORDS_MAX] = {
		{ "--event=40" },
		{ "--event=60", "--json" },
		{ "--event=20", "--device=0x10", "--iova=0x7001000", "--access=rw" },
	};
	const size_t which = size % 16, count = sizeof ways / sizeof ways[0];

	/* Pictures take long. */
	if (which < count)
		run(&verb_replay, ways[which], "", data, size);
	else if (which - count < sizeof questions / sizeof questions[0])
		run(&verb_explain, questions[which - count], "", data, size);
}

/* Snapshots, and core files. */
static void explain(const uint8_t *data, size_t size, bool core)
{
	static const char *const of_snapshots[][WORDS_MAX] = {
		{ "--device=0x10", "--iova=0x7001000", "--access=rw" },
		{ "--device=0x100", "--iova=0x7001000", "--json" },
		{ "--device=0x10", "--iova=0x7001000", "--pasid=1", "--access=x" },
		{ "--device=0x100", "--interrupt=0xfee00010:0" },
		{ "--device=0x100", "--interrupt=0x28001000:5", "--json" },
	};
	static const char *const of_cores[][WORDS_MAX] = {
		{ "--arch=riscv", "--root=0x20000002", "--device=1", "--iova=0x40201678" },
		{ "--arch=vtd", "--root=0x1000", "--device=0x100", "--iova=0x40201678" },
		{ "--arch=vtd", "--irta=0x6000", "--device=0x100", "--interrupt=0xfee00010:0" },
	};

	if (core)
		run(&verb_explain, of_cores[size % 3], "--core=", data, size);
	else
		run(&verb_explain, of_snapshots[size % 5], "", data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const bool core = size > 4 && !memcmp(data, "\177ELF", 4);

	if (core || trace_file_kind(data, size) == TRACE_FILE_SNAPSHOT) {
		explain(data, size, core);
		return 0;
	}
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

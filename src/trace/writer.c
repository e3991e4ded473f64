/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Writing a trace. */
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "trace/block.h"
#include "trace/codec.h"
#include "trace/file.h"
#include "trace/internal.h"

struct trace_writer {
	struct trace_sink sink;
	ZSTD_CCtx *zstd;
	uint8_t *raw, *stored;
	size_t length, room; /* of raw */
	size_t stored_room;
	uint32_t tag; /* of blocks between the first and the last one */
	uint64_t written, events;
	unsigned depth; /* calls without their ends */
	struct trace_past past;
	struct iom_error failed; /* code 0: nothing has */
};

static int to_file(void *opaque, const void *bytes, size_t size)
{
	FILE *file = opaque;

	return fwrite(bytes, 1, size, file) == size ? 0 : -1;
}

struct trace_sink trace_sink_of(FILE *file)
{
	return (struct trace_sink){ to_file, file };
}

static int put(struct trace_writer *w, const void *bytes, size_t size)
{
	if (w->sink.write(w->sink.opaque, bytes, size))
		return trace_fail(&w->failed, IOM_EIO,
		                  "no more than the trace's first %llu bytes could be written; is "
		                  "there "
		                  "room for it?",
		                  (unsigned long long)w->written);
	w->written += size;
	return IOM_OK;
}

/* So that raw has room for that many bytes more, and stored for all of them. */
static int reserve(struct trace_writer *w, size_t more)
{
	size_t need = w->length + more, bound;
	uint8_t *grown;

	if (need > w->room) {
		need += need / 2;
		grown = realloc(w->raw, need);
		if (!grown)
			return trace_fail(&w->failed, IOM_ENOMEM,
			                  "no memory is left for %llu bytes of a trace",
			                  (unsigned long long)need);
		w->raw = grown;
		w->room = need;
	}
	bound = TRACE_BLOCK_BYTES + ZSTD_compressBound(w->room);
	if (bound > w->stored_room) {
		grown = realloc(w->stored, bound);
		if (!grown)
			return trace_fail(&w->failed, IOM_ENOMEM,
			                  "no memory is left for %llu bytes of a trace",
			                  (unsigned long long)bound);
		w->stored = grown;
		w->stored_room = bound;
	}
	return IOM_OK;
}

/* Writes what is there as one block. */
static int put_block(struct trace_writer *w, uint32_t tag)
{
	uint8_t *head = w->stored, *body = w->stored + TRACE_BLOCK_BYTES;
	size_t n = ZSTD_compressCCtx(w->zstd, body, w->stored_room - TRACE_BLOCK_BYTES, w->raw,
	                             w->length, 3);

	if (ZSTD_isError(n))
		return trace_fail(&w->failed, IOM_ENOMEM,
		                  "a block of the trace was not compressed: %s",
		                  ZSTD_getErrorName(n));
	trace_st32(head, tag);
	trace_st32(head + 4, (uint32_t)n);
	trace_st32(head + 8, (uint32_t)w->length);
	trace_st32(head + 12, trace_crc(trace_crc(0, head, 12), body, n));
	w->length = 0;
	w->past = (struct trace_past){ 0 };
	return put(w, w->stored, TRACE_BLOCK_BYTES + n);
}

static void add(struct trace_writer *w, const void *bytes, size_t size)
{
	if (size)
		memcpy(w->raw + w->length, bytes, size);
	w->length += size;
}

static void add32(struct trace_writer *w, uint32_t v)
{
	trace_st32(w->raw + w->length, v);
	w->length += 4;
}

static void add64(struct trace_writer *w, uint64_t v)
{
	trace_st64(w->raw + w->length, v);
	w->length += 8;
}

static void add_text(struct trace_writer *w, const char *text, size_t size)
{
	size_t n = strnlen(text, size - 1);

	add32(w, (uint32_t)n);
	add(w, text, n);
}

static int put_header(struct trace_writer *w, const struct trace_header *h, uint32_t tag)
{
	uint8_t prefix[TRACE_PREFIX_BYTES];
	int result;

	if (h->numbers > TRACE_NUMBERS_MAX || h->state_bytes > TRACE_DATA_BYTES_MAX)
		return trace_fail(&w->failed, IOM_EINVAL,
		                  "a trace begins with at most %u numbers and %u bytes of state, "
		                  "not %u and %llu",
		                  TRACE_NUMBERS_MAX, TRACE_DATA_BYTES_MAX, h->numbers,
		                  (unsigned long long)h->state_bytes);
	result = reserve(w, h->state_bytes + sizeof *h + 64);
	if (result)
		return result;
	memcpy(prefix, trace_magic, TRACE_MAGIC_BYTES);
	trace_st32(prefix + TRACE_MAGIC_BYTES, TRACE_VERSION);
	result = put(w, prefix, sizeof prefix);
	if (result)
		return result;
	if (tag == TRACE_TAG_SNAPSHOT)
		add32(w, h->partial ? TRACE_SNAPSHOT_PARTIAL : 0);
	add_text(w, h->arch, sizeof h->arch);
	add_text(w, h->note, sizeof h->note);
	add32(w, h->numbers);
	for (unsigned i = 0; i < h->numbers; i++) {
		add_text(w, h->number[i].name, sizeof h->number[i].name);
		add64(w, h->number[i].value);
	}
	add32(w, (uint32_t)h->state_bytes);
	add(w, h->state, h->state_bytes);
	return put_block(w, tag);
}

static void writer_free(struct trace_writer *w)
{
	if (!w)
		return;
	ZSTD_freeCCtx(w->zstd);
	free(w->raw);
	free(w->stored);
	free(w);
}

static int writer_new(const struct trace_sink *sink, const struct trace_header *header,
                      uint32_t tag, struct trace_writer **out, struct iom_error *error)
{
	struct trace_writer *w = calloc(1, sizeof *w);
	int result;

	*out = NULL;
	if (w)
		w->zstd = ZSTD_createCCtx();
	if (!w || !w->zstd) {
		writer_free(w);
		return trace_fail(error, IOM_ENOMEM, "no memory is left to write a trace");
	}
	w->sink = *sink;
	w->tag = tag == TRACE_TAG_SNAPSHOT ? TRACE_TAG_MEMORY : TRACE_TAG_EVENTS;
	result = put_header(w, header, tag);
	if (result) {
		if (error)
			*error = w->failed;
		writer_free(w);
		return result;
	}
	*out = w;
	return IOM_OK;
}

int trace_writer_new(const struct trace_sink *sink, const struct trace_header *header,
                     struct trace_writer **out, struct iom_error *error)
{
	return writer_new(sink, header, TRACE_TAG_HEADER, out, error);
}

int trace_snapshot_new(const struct trace_sink *sink, const struct trace_header *header,
                       struct trace_writer **out, struct iom_error *error)
{
	return writer_new(sink, header, TRACE_TAG_SNAPSHOT, out, error);
}

int trace_write(struct trace_writer *w, const struct trace_event *event)
{
	size_t data =
		(event->data ? event->data_bytes : 0) + (event->found ? event->found_bytes : 0);

	if (w->failed.code)
		return w->failed.code;
	if (data > TRACE_DATA_BYTES_MAX)
		return trace_fail(&w->failed, IOM_EINVAL,
		                  "an event has %llu bytes of data; a trace holds %u",
		                  (unsigned long long)data, TRACE_DATA_BYTES_MAX);
	if (reserve(w, TRACE_EVENT_BYTES_MAX + data))
		return w->failed.code;
	w->length += trace_encode(&w->past, event, w->raw + w->length);
	w->events++;
	if (event->kind == TRACE_CALL)
		w->depth++;
	else if (event->kind == TRACE_LEAVE && w->depth)
		w->depth--;
	return w->length < TRACE_BLOCK_GOAL ? IOM_OK : put_block(w, w->tag);
}

int trace_piece_write(struct trace_writer *w, const struct trace_piece *piece)
{
	size_t data = piece->data ? (size_t)piece->bytes : 0;

	if (w->failed.code)
		return w->failed.code;
	if (!trace_piece_ok(piece))
		return trace_fail(&w->failed, IOM_EINVAL,
		                  "a snapshot has no piece of 0x%llx bytes at 0x%llx",
		                  (unsigned long long)piece->bytes,
		                  (unsigned long long)piece->address);
	if (reserve(w, TRACE_PIECE_BYTES + data))
		return w->failed.code;
	add64(w, piece->address);
	add64(w, piece->bytes);
	w->raw[w->length++] = piece->data != NULL;
	add(w, piece->data, data);
	w->events++;
	return w->length < TRACE_BLOCK_GOAL ? IOM_OK : put_block(w, w->tag);
}

int trace_writer_end(struct trace_writer *w, struct iom_error *error)
{
	int result;

	if (!w->failed.code && w->length)
		put_block(w, w->tag);
	if (!w->failed.code && !w->depth) {
		add64(w, w->events);
		put_block(w, TRACE_TAG_END);
	}
	result = w->failed.code;
	if (error)
		*error = w->failed;
	writer_free(w);
	return result;
}

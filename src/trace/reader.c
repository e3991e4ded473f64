/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Reading a trace, which anybody may have written. */
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "trace/block.h"
#include "trace/codec.h"
#include "trace/file.h"
#include "trace/internal.h"

struct trace_reader {
	struct trace_source source;
	ZSTD_DCtx *zstd;
	uint64_t offset; /* in the file: what comes next           */
	uint64_t block;  /* in the file: the block that is in hand */
	uint8_t *raw;
	size_t length, at; /* of raw */
	struct trace_header header;
	uint8_t *state;
	struct trace_past past;
	struct trace_event event; /* that trace_peek shows, if ... */
	bool shown, ended;
	size_t event_bytes;
	uint64_t events;
	unsigned depth;
	uint8_t call[TRACE_DEPTH_MAX]; /* kinds of the calls that are under way */
	const char *what;              /* "trace", "snapshot" */
	struct iom_error failed;
};

static int from_file(void *opaque, void *bytes, size_t size, size_t *got)
{
	FILE *file = opaque;

	*got = fread(bytes, 1, size, file);
	return *got < size && ferror(file) ? -1 : 0;
}

unsigned trace_file_kind(const uint8_t *bytes, size_t size)
{
	if (size < TRACE_FILE_LOOK || memcmp(bytes, trace_magic, TRACE_MAGIC_BYTES) != 0)
		return TRACE_FILE_OTHER;
	return trace_ld32(bytes + TRACE_PREFIX_BYTES) == TRACE_TAG_SNAPSHOT ? TRACE_FILE_SNAPSHOT
	                                                                    : TRACE_FILE_TRACE;
}

struct trace_source trace_source_of(FILE *file)
{
	return (struct trace_source){ from_file, file };
}

/* ---- Blocks ------------------------------------------------------------------------------- */

static int get(struct trace_reader *r, void *bytes, size_t size, const char *what)
{
	size_t got = 0;

	if (r->source.read(r->source.opaque, bytes, size, &got))
		return trace_fail(&r->failed, IOM_EIO, "the %s could not be read at offset %llu",
		                  r->what, (unsigned long long)r->offset);
	if (got != size)
		return trace_fail(&r->failed, IOM_EINVAL,
		                  "the %s ends at offset %llu, inside %s: it was cut short",
		                  r->what, (unsigned long long)r->offset + got, what);
	r->offset += size;
	return IOM_OK;
}

static int damaged(struct trace_reader *r, const char *what)
{
	return trace_fail(&r->failed, IOM_EINVAL, "the %s's block at offset %llu is damaged: %s",
	                  r->what, (unsigned long long)r->block, what);
}

static int no_memory(struct trace_reader *r)
{
	return trace_fail(&r->failed, IOM_ENOMEM, "no memory is left to read a trace");
}

/* Takes a block's `stored` bytes, and makes them `length` bytes of r->raw. */
static int get_body(struct trace_reader *r, const uint8_t *head, uint32_t stored, uint32_t length)
{
	uint8_t *body = malloc(stored ? stored : 1);
	uint8_t *raw = malloc(length ? length : 1);
	int result = IOM_OK;

	free(r->raw);
	r->raw = raw;
	r->length = length;
	r->at = 0;
	if (!body || !raw)
		result = no_memory(r);
	if (!result)
		result = get(r, body, stored, "a block");
	if (!result && trace_crc(trace_crc(0, head, 12), body, stored) != trace_ld32(head + 12))
		result = damaged(r, "its checksum is another one");
	if (!result && ZSTD_decompressDCtx(r->zstd, raw, length, body, stored) != length)
		result = damaged(r, "it does not decompress to the length that it says");
	free(body);
	return result;
}

static int get_block(struct trace_reader *r, uint32_t *tag)
{
	uint8_t head[TRACE_BLOCK_BYTES];
	uint32_t stored, length;
	int result;

	r->block = r->offset;
	result = get(r, head, sizeof head, "the head of a block");
	if (result)
		return result;
	*tag = trace_ld32(head);
	stored = trace_ld32(head + 4);
	length = trace_ld32(head + 8);
	if (length > TRACE_RAW_MAX || stored > ZSTD_compressBound(TRACE_RAW_MAX))
		return damaged(r, "no block is that long");
	return get_body(r, head, stored, length);
}

/* ---- The header --------------------------------------------------------------------------- */

static bool take32(struct trace_reader *r, uint32_t *v)
{
	if (r->length - r->at < 4)
		return false;
	*v = trace_ld32(r->raw + r->at);
	r->at += 4;
	return true;
}

static bool take_text(struct trace_reader *r, char *text, size_t size)
{
	uint32_t n;

	if (!take32(r, &n) || n >= size || n > r->length - r->at)
		return false;
	memcpy(text, r->raw + r->at, n);
	text[n] = 0;
	r->at += n;
	return strlen(text) == n;
}

static bool take_numbers(struct trace_reader *r)
{
	uint32_t numbers;

	if (!take32(r, &numbers) || numbers > TRACE_NUMBERS_MAX)
		return false;
	for (uint32_t i = 0; i < numbers; i++) {
		struct trace_number *n = &r->header.number[i];

		if (!take_text(r, n->name, sizeof n->name) || r->length - r->at < 8)
			return false;
		n->value = trace_ld64(r->raw + r->at);
		r->at += 8;
	}
	r->header.numbers = numbers;
	return true;
}

static bool take_state(struct trace_reader *r)
{
	uint32_t bytes;

	if (!take32(r, &bytes) || bytes != r->length - r->at)
		return false;
	r->state = malloc(bytes ? bytes : 1);
	if (!r->state) {
		no_memory(r);
		return false;
	}
	memcpy(r->state, r->raw + r->at, bytes);
	r->at += bytes;
	r->header.state = r->state;
	r->header.state_bytes = bytes;
	return true;
}

static int other_kind(struct trace_reader *r, uint32_t tag)
{
	if (tag == TRACE_TAG_HEADER)
		return trace_fail(&r->failed, IOM_EINVAL,
		                  "this is a trace, not a snapshot: its block at offset 12 says "
		                  "so");
	return trace_fail(&r->failed, IOM_EINVAL,
	                  "this is a snapshot of a unit and of memory, not a trace: its block at "
	                  "offset 12 says so; 'iommux explain' takes it");
}

static int get_header(struct trace_reader *r, uint32_t wanted)
{
	uint8_t prefix[TRACE_PREFIX_BYTES];
	uint32_t tag, version, flags = 0;
	int result = get(r, prefix, sizeof prefix, "its first bytes");

	if (result)
		return result;
	if (memcmp(prefix, trace_magic, TRACE_MAGIC_BYTES) != 0)
		return trace_fail(&r->failed, IOM_EINVAL,
		                  "this is no trace: its first 8 bytes, at offset 0, are not those "
		                  "of "
		                  "iommux's");
	version = trace_ld32(prefix + TRACE_MAGIC_BYTES);
	if (version != TRACE_VERSION)
		return trace_fail(&r->failed, IOM_EINVAL,
		                  "the trace is of version %u (at offset 8); this program reads "
		                  "version %u",
		                  version, TRACE_VERSION);
	result = get_block(r, &tag);
	if (result)
		return result;
	if (tag != wanted && (tag == TRACE_TAG_HEADER || tag == TRACE_TAG_SNAPSHOT))
		return other_kind(r, tag);
	if (tag != wanted || (tag == TRACE_TAG_SNAPSHOT && !take32(r, &flags)) ||
	    !take_text(r, r->header.arch, sizeof r->header.arch) ||
	    !take_text(r, r->header.note, sizeof r->header.note) || !take_numbers(r) ||
	    !take_state(r))
		return r->failed.code ? r->failed.code
		                      : damaged(r, "it should be the header, and is none");
	r->header.partial = flags & TRACE_SNAPSHOT_PARTIAL;
	return IOM_OK;
}

static int reader_new(const struct trace_source *source, uint32_t wanted, struct trace_reader **out,
                      struct iom_error *error)
{
	struct trace_reader *r = calloc(1, sizeof *r);
	int result;

	*out = NULL;
	if (r)
		r->zstd = ZSTD_createDCtx();
	if (!r || !r->zstd) {
		trace_reader_free(r);
		return trace_fail(error, IOM_ENOMEM, "no memory is left to read a trace");
	}
	r->source = *source;
	r->what = wanted == TRACE_TAG_HEADER ? "trace" : "snapshot";
	result = get_header(r, wanted);
	if (result) {
		if (error)
			*error = r->failed;
		trace_reader_free(r);
		return result;
	}
	r->at = r->length; /* events come in the next block */
	*out = r;
	return IOM_OK;
}

int trace_reader_new(const struct trace_source *source, struct trace_reader **out,
                     struct iom_error *error)
{
	return reader_new(source, TRACE_TAG_HEADER, out, error);
}

int trace_snapshot_reader_new(const struct trace_source *source, struct trace_reader **out,
                              struct iom_error *error)
{
	return reader_new(source, TRACE_TAG_SNAPSHOT, out, error);
}

void trace_reader_free(struct trace_reader *r)
{
	if (!r)
		return;
	ZSTD_freeDCtx(r->zstd);
	free(r->raw);
	free(r->state);
	free(r);
}

uint64_t trace_reader_bytes(const struct trace_reader *r)
{
	return r->offset;
}

const struct trace_header *trace_reader_header(const struct trace_reader *r)
{
	return &r->header;
}

/* ---- Events ------------------------------------------------------------------------------- */

/* Takes the end; what is behind it is not looked at. */
static int get_end(struct trace_reader *r)
{
	if (r->length != 8 || trace_ld64(r->raw) != r->events)
		return damaged(r, "the number that it says is not that of what came before it");
	if (r->depth)
		return damaged(r, "a call has no end");
	r->ended = true;
	return IOM_OK;
}

/* The next block of what is wanted; false: there is none. */
static bool more(struct trace_reader *r, uint32_t wanted)
{
	uint32_t tag;

	if (get_block(r, &tag))
		return false;
	r->past = (struct trace_past){ 0 };
	if (tag == TRACE_TAG_END)
		get_end(r);
	else if (tag != wanted)
		damaged(r, "it is of no kind that comes here");
	else if (!r->length)
		damaged(r, "it is empty");
	return !r->failed.code && !r->ended;
}

/* Calls and their ends are pairs. */
static bool nest(struct trace_reader *r)
{
	struct trace_event *e = &r->event;

	if (e->kind == TRACE_LEAVE) {
		if (!r->depth || r->call[r->depth - 1] != e->what)
			return false;
		r->depth--;
	}
	e->depth = r->depth;
	if (e->kind == TRACE_CALL) {
		if (r->depth == TRACE_DEPTH_MAX)
			return false;
		r->call[r->depth++] = e->what;
	}
	return true;
}

const struct trace_event *trace_peek(struct trace_reader *r)
{
	if (r->shown)
		return &r->event;
	if (r->failed.code || r->ended || (r->at == r->length && !more(r, TRACE_TAG_EVENTS)))
		return NULL;
	r->event_bytes = trace_decode(&r->past, &r->event, r->raw + r->at, r->length - r->at);
	if (!r->event_bytes || !nest(r)) {
		trace_fail(&r->failed, IOM_EINVAL,
		           "the trace's block at offset %llu is damaged: event %llu, at its byte "
		           "%llu, "
		           "is none, or does not belong there",
		           (unsigned long long)r->block, (unsigned long long)r->events,
		           (unsigned long long)r->at);
		return NULL;
	}
	r->event.number = r->events++;
	r->event.offset = r->block;
	r->event.time_ns = r->past.time_ns;
	r->shown = true;
	return &r->event;
}

void trace_next(struct trace_reader *r)
{
	if (!r->shown)
		return;
	r->shown = false;
	r->at += r->event_bytes;
}

/* ---- Pieces of memory ---------------------------------------------------------------------- */

/* Takes the piece that begins at r->at; false: it is none. */
static bool take_piece(struct trace_reader *r, struct trace_piece *piece)
{
	const uint8_t *head = r->raw + r->at;

	if (r->length - r->at < TRACE_PIECE_BYTES || head[16] > 1)
		return false;
	piece->address = trace_ld64(head);
	piece->bytes = trace_ld64(head + 8);
	piece->data = head[16] ? head + TRACE_PIECE_BYTES : NULL;
	r->at += TRACE_PIECE_BYTES;
	if (!trace_piece_ok(piece))
		return false;
	if (!piece->data)
		return true;
	if (piece->bytes > r->length - r->at)
		return false;
	r->at += (size_t)piece->bytes;
	return true;
}

bool trace_piece_read(struct trace_reader *r, struct trace_piece *piece)
{
	if (r->failed.code || r->ended || (r->at == r->length && !more(r, TRACE_TAG_MEMORY)))
		return false;
	if (!take_piece(r, piece)) {
		trace_fail(&r->failed, IOM_EINVAL,
		           "the snapshot's block at offset %llu is damaged: what should be piece "
		           "%llu of memory is none",
		           (unsigned long long)r->block, (unsigned long long)r->events);
		return false;
	}
	r->events++;
	return true;
}

int trace_reader_result(const struct trace_reader *r, struct iom_error *error)
{
	if (error)
		*error = r->failed;
	return r->failed.code;
}

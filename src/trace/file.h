/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A trace as a file: written from its begin to its end, and read so. */
#ifndef TRACE_FILE_H
#define TRACE_FILE_H

#include <stdio.h>

#include <iommux/error.h>

#include "trace/event.h"

#define TRACE_VERSION 1u

/* What a unit was made of: the fields of its architecture's config structure, by their names. */
#define TRACE_NAME_MAX 32u
#define TRACE_NUMBERS_MAX 32u
struct trace_number {
	char name[TRACE_NAME_MAX];
	uint64_t value;
};

struct trace_header {
	char arch[TRACE_NAME_MAX]; /* as iom_unit_arch says */
	char note[256];            /* for people: where the trace is from; may be empty */
	unsigned numbers;
	struct trace_number number[TRACE_NUMBERS_MAX];
	const uint8_t *state; /* iom_unit_save, when recording began */
	size_t state_bytes;
	bool partial; /* of a snapshot: there was memory that it does not hold */
};

/* Where bytes go: 0, or something else if they cannot.  And where they come from: 0, *got < size at the end. */
struct trace_sink {
	int (*write)(void *opaque, const void *bytes, size_t size);
	void *opaque;
};
struct trace_source {
	int (*read)(void *opaque, void *bytes, size_t size, size_t *got);
	void *opaque;
};

/* Those of a stream, which stays the caller's. */
struct trace_sink trace_sink_of(FILE *file);
struct trace_source trace_source_of(FILE *file);

/* What a file is, by its first bytes. */
#define TRACE_FILE_OTHER 0u
#define TRACE_FILE_TRACE 1u
#define TRACE_FILE_SNAPSHOT 2u
#define TRACE_FILE_LOOK 16u /* so many of them */
unsigned trace_file_kind(const uint8_t *bytes, size_t size);

/* ---- Writing ------------------------------------------------------------------------------ */

struct trace_writer;

/* Writes the header.  IOM_ENOMEM, IOM_EIO: the sink took it not. */
int trace_writer_new(const struct trace_sink *sink, const struct trace_header *header,
                     struct trace_writer **out, struct iom_error *error);
/*
 * Writes an event; its number, place and depth are not looked at.  IOM_EIO, IOM_EINVAL: more data than an
 * event holds.  After a failure nothing more is written, and the call repeats its result.
 */
int trace_write(struct trace_writer *writer, const struct trace_event *event);
/*
 * Writes what is left, and the end, unless a call has none: such a trace was cut short.  Frees the writer.
 * `error` says what failed first.
 */
int trace_writer_end(struct trace_writer *writer, struct iom_error *error);

/* ---- Reading ------------------------------------------------------------------------------ */

struct trace_reader;

/*
 * Reads the header.  IOM_EINVAL: this is no trace, or damaged, or of a later version; `error` says what and
 * at which offset of the file.  IOM_EIO, IOM_ENOMEM.
 */
int trace_reader_new(const struct trace_source *source, struct trace_reader **out,
                     struct iom_error *error);
void trace_reader_free(struct trace_reader *reader);

/* How many bytes of the file have been read. */
uint64_t trace_reader_bytes(const struct trace_reader *reader);

/* Lives as long as the reader. */
const struct trace_header *trace_reader_header(const struct trace_reader *reader);

/*
 * The next event, without taking it; its data last until the next call.  NULL at the end, or where
 * the trace is damaged: then trace_reader_result is not IOM_OK.
 */
const struct trace_event *trace_peek(struct trace_reader *reader);
/* Takes the event that trace_peek shows. */
void trace_next(struct trace_reader *reader);

/* IOM_OK, or how the trace is damaged: IOM_EINVAL, IOM_EIO, IOM_ENOMEM, with a sentence that has the offset. */
int trace_reader_result(const struct trace_reader *reader, struct iom_error *error);

/* ---- Snapshots ---------------------------------------------------------------------------- */

/*
 * A piece of the memory of a snapshot.  Later ones stand over earlier ones.  `address` and `bytes` are
 * multiples of 4, address + bytes <= 2^64.
 */
struct trace_piece {
	uint64_t address, bytes;
	const uint8_t *data; /* NULL: zeroes */
};

/* Data of one piece at most. */
#define TRACE_PIECE_DATA_MAX (UINT32_C(1) << 20)

/*
 * A snapshot is a unit's state, which the header has, and memory.  It is written as a trace is, with
 * trace_piece_write in the place of trace_write, and trace_writer_end.
 */
int trace_snapshot_new(const struct trace_sink *sink, const struct trace_header *header,
                       struct trace_writer **out, struct iom_error *error);
/* IOM_EINVAL: no such piece.  As trace_write else. */
int trace_piece_write(struct trace_writer *writer, const struct trace_piece *piece);

/* As trace_reader_new, for a snapshot. */
int trace_snapshot_reader_new(const struct trace_source *source, struct trace_reader **out,
                              struct iom_error *error);
/*
 * The next piece; its data last until the next call.  False at the end, or where the snapshot is damaged:
 * then trace_reader_result is not IOM_OK.
 */
bool trace_piece_read(struct trace_reader *reader, struct trace_piece *piece);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Snapshots: a unit and memory in a file. */
#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "tape.h"

static const uint8_t words[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

/* The highest address is one that a piece may end with. */
static const struct trace_piece pieces[] = {
	{ 0x80000000, 0x4000000, NULL },
	{ 0x80001ff0, 16, words },
	{ 0xfffffffffffffffc, 4, words + 8 },
};

static void make(struct tape *tape, bool partial)
{
	const struct trace_sink sink = tape_sink(tape);
	const struct trace_config told = { .note = "a test" };
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct trace_header header;
	struct trace_writer *writer;

	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	CHECK_EQ(iom_riscv_new(NULL, memory, NULL, NULL, &unit, NULL), IOM_OK);
	CHECK_EQ(trace_header_make(unit, &told, &header, NULL), IOM_OK);
	header.partial = partial;
	CHECK_EQ(trace_snapshot_new(&sink, &header, &writer, NULL), IOM_OK);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(trace_piece_write(writer, &pieces[i]), IOM_OK);
	CHECK_EQ(trace_writer_end(writer, NULL), IOM_OK);
	trace_header_free(&header);
	iom_unit_free(unit);
	iom_memory_free(memory);
}

/* How reading all of it ends. */
static int read_all(struct tape *tape, unsigned *count, struct iom_error *error)
{
	const struct trace_source source = tape_source(tape);
	struct trace_reader *reader;
	struct trace_piece piece;
	int result = trace_snapshot_reader_new(&source, &reader, error);

	*count = 0;
	if (result)
		return result;
	while (trace_piece_read(reader, &piece))
		++*count;
	result = trace_reader_result(reader, error);
	trace_reader_free(reader);
	return result;
}

TEST(snapshot_is_read_as_it_was_written, "")
{
	for (unsigned partial = 0; partial < 2; partial++) {
		struct tape tape = { 0 };
		struct trace_source source;
		struct trace_reader *reader;
		struct trace_piece piece;

		make(&tape, partial);
		CHECK_EQ(trace_file_kind(tape.bytes, tape.length), TRACE_FILE_SNAPSHOT);
		CHECK_EQ(trace_file_kind(tape.bytes, 15), TRACE_FILE_OTHER);
		source = tape_source(&tape);
		CHECK_EQ(trace_snapshot_reader_new(&source, &reader, NULL), IOM_OK);
		CHECK_EQ(trace_reader_header(reader)->partial, partial);
		CHECK(!strcmp(trace_reader_header(reader)->arch, "riscv"));
		CHECK(!strcmp(trace_reader_header(reader)->note, "a test"));
		for (unsigned i = 0; i < 3; i++) {
			CHECK(trace_piece_read(reader, &piece));
			CHECK_EQ(piece.address, pieces[i].address);
			CHECK_EQ(piece.bytes, pieces[i].bytes);
			CHECK_EQ(!piece.data, !pieces[i].data);
			if (piece.data)
				CHECK(!memcmp(piece.data, pieces[i].data, (size_t)piece.bytes));
		}
		CHECK(!trace_piece_read(reader, &piece));
		CHECK_EQ(trace_reader_result(reader, NULL), IOM_OK);
		trace_reader_free(reader);
		tape_free(&tape);
	}
}

/* Whoever takes one for the other is told. */
TEST(snapshot_and_trace_are_told_apart, "")
{
	const struct trace_header header = { .arch = "riscv" };
	struct tape tape = { 0 }, trace = { 0 };
	const struct trace_sink sink = tape_sink(&trace);
	struct trace_writer *writer;
	struct iom_error error;
	char text[2048];
	unsigned count;

	make(&tape, false);
	CHECK_EQ(tape_replay(&tape, text, sizeof text, NULL), IOM_EINVAL);
	CHECK_MSG(strstr(text, "a snapshot of a unit and of memory, not a trace"), "%s", text);
	CHECK_EQ(trace_writer_new(&sink, &header, &writer, NULL), IOM_OK);
	CHECK_EQ(trace_writer_end(writer, NULL), IOM_OK);
	CHECK_EQ(trace_file_kind(trace.bytes, trace.length), TRACE_FILE_TRACE);
	CHECK_EQ(read_all(&trace, &count, &error), IOM_EINVAL);
	CHECK_MSG(strstr(error.text, "a trace, not a snapshot"), "%s", error.text);
	tape_free(&tape);
	tape_free(&trace);
}

TEST(snapshot_with_any_byte_changed, "")
{
	struct tape tape = { 0 };
	struct iom_error error;
	unsigned count;

	make(&tape, false);
	for (size_t i = 0; i < tape.length; i++) {
		tape.bytes[i] ^= 4;
		CHECK_EQ(read_all(&tape, &count, &error), IOM_EINVAL);
		CHECK_MSG(strstr(error.text, "offset"), "byte %zu: %s", i, error.text);
		tape.bytes[i] ^= 4;
	}
	tape_free(&tape);
}

TEST(snapshot_cut_anywhere, "")
{
	struct tape tape = { 0 };
	struct iom_error error;
	char where[32];
	unsigned count;
	size_t whole;

	make(&tape, false);
	whole = tape.length;
	for (tape.length = 0; tape.length < whole; tape.length++) {
		CHECK_EQ(read_all(&tape, &count, &error), IOM_EINVAL);
		snprintf(where, sizeof where, "offset %zu,", tape.length);
		CHECK_MSG(strstr(error.text, where) && strstr(error.text, "cut short"), "%s",
		          error.text);
	}
	tape_free(&tape);
}

/* What no memory can be. */
TEST(snapshot_pieces_refused, "")
{
	static const struct trace_piece wrong[] = {
		{ 2, 4, NULL },
		{ 0, 6, NULL },
		{ 0, 0, NULL },
		{ 0xfffffffffffffffc, 8, NULL },
		{ 0, (UINT32_C(1) << 20) + 4, words },
	};
	const struct trace_header header = { .arch = "riscv" };

	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct tape tape = { 0 };
		const struct trace_sink sink = tape_sink(&tape);
		struct trace_writer *writer;

		CHECK_EQ(trace_snapshot_new(&sink, &header, &writer, NULL), IOM_OK);
		CHECK_EQ(trace_piece_write(writer, &wrong[i]), IOM_EINVAL);
		CHECK_EQ(trace_writer_end(writer, NULL), IOM_EINVAL);
		tape_free(&tape);
	}
}

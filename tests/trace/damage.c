/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Traces that were damaged, written by somebody else, or are of a unit that does something else. */
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "../riscv/ats_rig.h"
#include "tape.h"
#include "trace/block.h"
#include "trace/codec.h"

/* A short recording with commands, faults, messages, nested calls and data. */
static void make(struct tape *tape)
{
	const struct iom_riscv_config config = { .capabilities = CAP_ALL_ATS };
	const struct trace_sink sink = tape_sink(tape);
	struct rig *r = rig_new_config(&config);
	const struct trace_config told = { .riscv = &r->config };
	uint64_t root = page(r), data = page(r), word = 0x1234;
	const struct iom_request q = { .iova = 0x3000, .bytes = 8 };
	struct trace_recorder *recorder;
	struct iom_reply reply;
	struct iom_port *port;

	CHECK_EQ(trace_record(r->unit, &told, &sink, &recorder, NULL), IOM_OK);
	rig_ddt(r, 1);
	rig_map(r, root, 3, false, 0x3000, 0, leaf(data));
	rig_dc_put(r, 1, 1, 0, 0, MODE(8) | root >> 12);
	rig_cq(r, 3, true);
	rig_fq(r, 3, true);
	port = rig_port(r, 1);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	CHECK_EQ(iom_write(port, &q, &word, sizeof word, &reply), IOM_OK);
	CHECK_EQ(rig_cause(r, 1, 0x5000, IOM_READ), 13);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(3), data >> 2);
	rig_cmd(r, VMA, 0);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	rig_free(r);
}

/* A byte of the file is another one: each time that is found, and said where. */
TEST(trace_with_any_byte_changed, "")
{
	struct tape tape = { 0 };
	char text[2048];

	make(&tape);
	CHECK_EQ(tape_replay(&tape, text, sizeof text, NULL), TRACE_REPLAY_END);
	for (size_t i = 0; i < tape.length; i++) {
		for (unsigned bit = 0; bit < 8; bit += 3) {
			int result;

			tape.bytes[i] ^= (uint8_t)(1u << bit);
			result = tape_replay(&tape, text, sizeof text, NULL);
			CHECK_MSG(result == IOM_EINVAL, "byte %zu: %d %s", i, result, text);
			CHECK_MSG(strstr(text, "offset"), "byte %zu: %s", i, text);
			tape.bytes[i] ^= (uint8_t)(1u << bit);
		}
	}
	tape_free(&tape);
}

TEST(trace_cut_anywhere, "")
{
	struct tape tape = { 0 };
	char text[2048], where[32];
	size_t whole;

	make(&tape);
	whole = tape.length;
	for (tape.length = 0; tape.length < whole; tape.length++) {
		CHECK_EQ(tape_replay(&tape, text, sizeof text, NULL), IOM_EINVAL);
		snprintf(where, sizeof where, "offset %zu,", tape.length);
		CHECK_MSG(strstr(text, where) && strstr(text, "cut short"), "%s", text);
	}
	tape_free(&tape);
}

TEST(trace_of_a_later_version, "")
{
	struct tape tape = { 0 };
	char text[2048];

	make(&tape);
	tape.bytes[8] = 2;
	CHECK_EQ(tape_replay(&tape, text, sizeof text, NULL), IOM_EINVAL);
	CHECK(strstr(text, "version 2"));
	CHECK(strstr(text, "reads version 1"));
	tape_free(&tape);
}

/* ---- Other events ------------------------------------------------------------------------- */

/* Copies a trace, with a change to each of its events in turn; `change` says whether it made one. */
typedef bool change_function(struct trace_event *event, uint8_t *data, unsigned round);

static bool copy(struct tape *from, struct tape *to, uint64_t which, change_function *change,
                 unsigned round)
{
	const struct trace_source source = tape_source(from);
	const struct trace_sink sink = tape_sink(to);
	struct trace_reader *reader;
	struct trace_writer *writer;
	const struct trace_event *e;
	bool changed = false;

	CHECK_EQ(trace_reader_new(&source, &reader, NULL), IOM_OK);
	CHECK_EQ(trace_writer_new(&sink, trace_reader_header(reader), &writer, NULL), IOM_OK);
	while ((e = trace_peek(reader)) != NULL) {
		struct trace_event event = *e;
		uint8_t data[4096];

		if (e->data) {
			CHECK(e->data_bytes <= sizeof data);
			event.data = memcpy(data, e->data, e->data_bytes);
		}
		if (e->number == which)
			changed = change(&event, data, round);
		CHECK_EQ(trace_write(writer, &event), IOM_OK);
		trace_next(reader);
	}
	CHECK_EQ(trace_reader_result(reader, NULL), IOM_OK);
	CHECK_EQ(trace_writer_end(writer, NULL), IOM_OK);
	trace_reader_free(reader);
	return changed;
}

static uint64_t count(struct tape *tape)
{
	uint64_t events;
	char text[2048];

	CHECK_EQ(tape_replay(tape, text, sizeof text, &events), TRACE_REPLAY_END);
	return events;
}

/* Another word in memory than the unit read, or another one than it stored. */
static bool another_word(struct trace_event *event, uint8_t *data, unsigned round)
{
	if (event->kind != TRACE_OWN)
		return false;
	data[round % event->data_bytes] ^= 0x10;
	return true;
}

TEST(trace_with_another_word_differs, "")
{
	struct tape tape = { 0 };
	uint64_t events;
	unsigned differed = 0, changed = 0;

	make(&tape);
	events = count(&tape);
	for (uint64_t i = 0; i < events; i++) {
		struct tape other = { 0 };
		char text[2048];

		/* Bit 4 of the second byte: part of a PPN, of a command's or a record's fields. */
		if (copy(&tape, &other, i, another_word, 1)) {
			int result = tape_replay(&other, text, sizeof text, NULL);

			changed++;
			CHECK(result == TRACE_REPLAY_DIFFERS || result == TRACE_REPLAY_END);
			differed += result == TRACE_REPLAY_DIFFERS;
			CHECK(result == TRACE_REPLAY_END || strstr(text, "event "));
		}
		tape_free(&other);
	}
	/* What no architecture looks at makes no difference: parts of a context, of a command. */
	CHECK(changed > 10);
	CHECK_MSG(differed * 3 >= changed * 2, "%u of %u", differed, changed);
	tape_free(&tape);
}

/* Whatever a call got and a callback was told, it is compared. */
static bool another_outcome(struct trace_event *event, uint8_t *data, unsigned round)
{
	(void)data;
	switch (event->kind) {
	case TRACE_LEAVE:
		event->result ^= 1;
		return true;
	case TRACE_ACCESS:
		if (round)
			event->reply.spa ^= 8;
		else
			event->request.bytes ^= 1;
		return true;
	case TRACE_COMMAND:
		data[round] ^= 1;
		return true;
	case TRACE_MOVED:
		event->address ^= 0x1000;
		return true;
	case TRACE_CALLED:
		event->value ^= 1;
		return true;
	default:
		return false;
	}
}

TEST(trace_with_another_outcome_differs, "")
{
	struct tape tape = { 0 };
	uint64_t events, begins = 0;
	unsigned kinds = 0;

	make(&tape);
	events = count(&tape);
	for (unsigned round = 0; round < 2; round++) {
		for (uint64_t i = begins + 1; i < events; i++) {
			struct tape other = { 0 };
			char text[2048];

			if (copy(&tape, &other, i, another_outcome, round)) {
				CHECK_MSG(tape_replay(&other, text, sizeof text, NULL) ==
				                  TRACE_REPLAY_DIFFERS,
				          "event %llu", (unsigned long long)i);
				kinds++;
			}
			tape_free(&other);
		}
	}
	CHECK_MSG(kinds > 50, "%u", kinds);
	tape_free(&tape);
}

/* Any event may be any other: a difference, an error, or nothing, and no harm. */
static bool another_event(struct trace_event *event, uint8_t *data, unsigned round)
{
	static const uint64_t numbers[] = { 0, 1, 2, 7, 0x3000, 0xffffffff, ~0ull };
	uint64_t v = numbers[round % 7];

	(void)data;
	event->kind = (uint8_t)(1 + round % (TRACE_KINDS - 1));
	event->what = (uint8_t)(event->kind == TRACE_CALL ? 1 + round / 8 % (IOM_CALLS - 1) : 1);
	event->index = (uint32_t)v;
	event->address = v;
	event->bytes = v;
	event->value = v;
	event->port = event->endpoint = event->lane = (uint32_t)(v & 0xff);
	if (event->kind == TRACE_OWN)
		event->data = event->found = NULL;
	return true;
}

TEST(trace_with_any_event_changed, "")
{
	struct tape tape = { 0 };
	uint64_t events;

	make(&tape);
	events = count(&tape);
	for (uint64_t i = 0; i < events; i++) {
		for (unsigned round = 0; round < (IOM_CALLS - 1) * 8; round += 3) {
			struct tape other = { 0 };
			char text[2048];
			int result;

			copy(&tape, &other, i, another_event, round);
			result = tape_replay(&other, text, sizeof text, NULL);
			CHECK(result == TRACE_REPLAY_DIFFERS || result == TRACE_REPLAY_END ||
			      result == IOM_EINVAL);
			CHECK(result == TRACE_REPLAY_END || text[0]);
			tape_free(&other);
		}
	}
	tape_free(&tape);
}

static bool a_call_instead(struct trace_event *event, uint8_t *data, unsigned round)
{
	(void)data, (void)round;
	event->kind = TRACE_CALL;
	event->what = IOM_CALL_STEP;
	return true;
}

/* What was there when recording began is told by calls too, and each of them has an end. */
TEST(trace_that_begins_with_half_a_call, "")
{
	struct tape tape = { 0 }, other = { 0 };
	const struct trace_sink sink = tape_sink(&tape);
	struct rig *r = rig_new(0);
	const struct trace_config told = { .riscv = &r->config };
	struct trace_recorder *recorder;
	char text[2048];

	iom_step(r->unit, 5);
	CHECK_EQ(trace_record(r->unit, &told, &sink, &recorder, NULL), IOM_OK);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	CHECK(copy(&tape, &other, 1, a_call_instead, 0));
	CHECK_EQ(tape_replay(&other, text, sizeof text, NULL), IOM_EINVAL);
	CHECK_MSG(strstr(text, "event 1,") && strstr(text, "should end here"), "%s", text);
	tape_free(&other);
	tape_free(&tape);
	rig_free(r);
}

/* Bytes of a block that any program could have written, with a checksum that is right. */
TEST(trace_with_any_byte_of_events_changed, "")
{
	struct tape tape = { 0 };
	uint8_t raw[1 << 16];
	size_t head, length, stored;

	make(&tape);
	head = TRACE_PREFIX_BYTES + TRACE_BLOCK_BYTES +
	       trace_ld32(tape.bytes + TRACE_PREFIX_BYTES + 4);
	stored = trace_ld32(tape.bytes + head + 4);
	length = ZSTD_decompress(raw, sizeof raw, tape.bytes + head + TRACE_BLOCK_BYTES, stored);
	CHECK(!ZSTD_isError(length));
	for (size_t i = 0; i < length; i++) {
		static const uint8_t changes[] = { 0x01, 0x80, 0xff };

		for (unsigned c = 0; c < COUNT(changes); c++) {
			struct tape other = { .bytes = malloc(1 << 17), .room = 1 << 17 };
			uint8_t *block = other.bytes + head;
			char text[2048];
			size_t n;
			int result;

			raw[i] ^= changes[c];
			memcpy(other.bytes, tape.bytes, head);
			n = ZSTD_compress(block + TRACE_BLOCK_BYTES, 1 << 16, raw, length, 1);
			CHECK(!ZSTD_isError(n));
			trace_st32(block, TRACE_TAG_EVENTS);
			trace_st32(block + 4, (uint32_t)n);
			trace_st32(block + 8, (uint32_t)length);
			trace_st32(block + 12, trace_crc(trace_crc(0, block, 12),
			                                 block + TRACE_BLOCK_BYTES, n));
			other.length = head + TRACE_BLOCK_BYTES + n;
			result = tape_replay(&other, text, sizeof text, NULL);
			/* The end is missing in any case. */
			CHECK(result == IOM_EINVAL || result == TRACE_REPLAY_DIFFERS);
			CHECK(text[0]);
			tape_free(&other);
			raw[i] ^= changes[c];
		}
	}
	tape_free(&tape);
}

/* ---- Differences -------------------------------------------------------------------------- */

struct seen {
	unsigned differences, events;
	uint64_t number;
};

static bool go_on(void *opaque, const struct trace_difference *difference)
{
	struct seen *seen = opaque;

	seen->differences++;
	CHECK(difference->recorded);
	CHECK(difference->replayed);
	CHECK(difference->lasts == TRACE_LAST);
	CHECK_EQ(difference->last[TRACE_LAST - 1].number + 1, difference->recorded->number);
	CHECK(difference->recorded->offset);
	seen->number = difference->recorded->number;
	return true;
}

static void on_event(void *opaque, const struct trace_event *event)
{
	struct seen *seen = opaque;

	(void)event;
	seen->events++;
}

/* A register that was read otherwise changes nothing for what follows. */
static bool another_value(struct trace_event *event, uint8_t *data, unsigned round)
{
	(void)data, (void)round;
	event->out ^= 1;
	return true;
}

TEST(replay_goes_on_behind_a_difference, "")
{
	struct seen seen = { 0 };
	const struct trace_replay_watch watch = { .event = on_event,
		                                  .differs = go_on,
		                                  .opaque = &seen };
	struct tape tape = { 0 }, other = { 0 };
	const struct trace_event *e = NULL;
	struct trace_source source;
	struct trace_replay *replay;
	struct trace_reader *reader;
	uint64_t events, which = 0, val;
	int result;

	make(&tape);
	events = count(&tape);
	source = tape_source(&tape);
	CHECK_EQ(trace_reader_new(&source, &reader, NULL), IOM_OK);
	while ((e = trace_peek(reader)) != NULL) {
		if (e->kind == TRACE_LEAVE && e->what == IOM_CALL_MMIO_READ && e->number > 50)
			which = e->number;
		trace_next(reader);
	}
	trace_reader_free(reader);
	CHECK(which);
	copy(&tape, &other, which, another_value, 0);
	source = tape_source(&other);
	CHECK_EQ(trace_replay_new(&source, &watch, &replay, NULL), IOM_OK);
	/* Between steps the unit can be looked at: this is how it begins. */
	CHECK_EQ(iom_mmio_read(trace_replay_unit(replay), 0, DDTP, 8, &val), IOM_OK);
	CHECK_EQ(val, 0);
	CHECK_EQ(trace_replay_peek(replay)->what, IOM_CALL_MMIO_WRITE);
	CHECK_STR(trace_replay_header(replay)->arch, "riscv");
	do {
		result = trace_replay_step(replay, NULL);
	} while (result == IOM_OK);
	CHECK_EQ(result, TRACE_REPLAY_END);
	CHECK_EQ(iom_mmio_read(trace_replay_unit(replay), 0, DDTP, 8, &val), IOM_OK);
	CHECK_EQ(val & 15, LVL1);
	CHECK_EQ(seen.differences, 1);
	CHECK_EQ(seen.number, which);
	CHECK_EQ(trace_replay_differences(replay), 1);
	CHECK_EQ(trace_replay_events(replay), events - 1);
	CHECK_EQ(seen.events, events - 1);
	trace_replay_free(replay);
	tape_free(&other);
	tape_free(&tape);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * edit_trace FROM TO EVENT [BYTE]: copies a trace up to the end of the outermost call that EVENT belongs
 * to; with BYTE, a bit of that byte of the event's data is turned.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/file.h"

static int give_up(const char *why)
{
	fprintf(stderr, "edit_trace: %s\n", why);
	return 1;
}

static int copy(struct trace_reader *reader, struct trace_writer *writer, uint64_t last,
                const char *byte)
{
	const struct trace_event *e;
	uint8_t data[4096];
	bool ended = false;

	while (!ended && (e = trace_peek(reader)) != NULL) {
		struct trace_event written = *e;

		if (e->number == last && byte) {
			const size_t at = strtoul(byte, NULL, 0);

			if (!e->data || at >= e->data_bytes || e->data_bytes > sizeof data)
				return give_up("the event has no such byte");
			memcpy(data, e->data, e->data_bytes);
			data[at] ^= 1;
			written.data = data;
		}
		if (trace_write(writer, &written))
			return give_up("an event was not written");
		ended = e->number >= last && !e->depth && e->kind != TRACE_CALL;
		trace_next(reader);
	}
	return trace_reader_result(reader, NULL) ? give_up("the trace is damaged") : 0;
}

int main(int argc, char **argv)
{
	FILE *from = argc >= 4 ? fopen(argv[1], "rb") : NULL;
	FILE *to = from ? fopen(argv[2], "wb") : NULL;
	struct trace_source source;
	struct trace_sink sink;
	struct trace_reader *reader;
	struct trace_writer *writer;
	struct iom_error error;
	int status;

	if (!to)
		return give_up("two files, and the number of an event");
	source = trace_source_of(from);
	sink = trace_sink_of(to);
	if (trace_reader_new(&source, &reader, &error) ||
	    trace_writer_new(&sink, trace_reader_header(reader), &writer, &error))
		return give_up(error.text);
	status = copy(reader, writer, strtoull(argv[3], NULL, 0), argv[4]);
	if (trace_writer_end(writer, &error))
		status = give_up(error.text);
	trace_reader_free(reader);
	return fclose(to) || fclose(from) ? give_up("a file was not closed") : status;
}

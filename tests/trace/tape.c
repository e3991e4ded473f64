/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Traces in memory. */
#include "tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int take(void *opaque, const void *bytes, size_t size)
{
	struct tape *tape = opaque;

	if (tape->limit && tape->length + size > tape->limit)
		return -1;
	if (tape->length + size > tape->room) {
		size_t room = 2 * (tape->length + size);
		uint8_t *grown = realloc(tape->bytes, room);

		if (!grown)
			return -1;
		tape->bytes = grown;
		tape->room = room;
	}
	memcpy(tape->bytes + tape->length, bytes, size);
	tape->length += size;
	return 0;
}

static int give(void *opaque, void *bytes, size_t size, size_t *got)
{
	struct tape *tape = opaque;

	*got = size < tape->length - tape->at ? size : tape->length - tape->at;
	if (*got)
		memcpy(bytes, tape->bytes + tape->at, *got);
	tape->at += *got;
	return 0;
}

void tape_free(struct tape *tape)
{
	free(tape->bytes);
	*tape = (struct tape){ 0 };
}

struct trace_sink tape_sink(struct tape *tape)
{
	return (struct trace_sink){ take, tape };
}

struct trace_source tape_source(struct tape *tape)
{
	tape->at = 0;
	return (struct trace_source){ give, tape };
}

struct verdict {
	char *text;
	size_t size;
};

static bool differs(void *opaque, const struct trace_difference *difference)
{
	struct verdict *v = opaque;
	size_t at = (size_t)snprintf(v->text, v->size, "%s", difference->text);

	for (unsigned i = 0; i < difference->lasts && at < v->size; i++) {
		char line[256];

		trace_event_text(&difference->last[i], line, sizeof line);
		at += (size_t)snprintf(v->text + at, v->size - at, "\n  before: %s", line);
	}
	return false;
}

int tape_replay(struct tape *tape, char *text, size_t size, uint64_t *events)
{
	struct verdict verdict = { text, size };
	const struct trace_replay_watch watch = { .differs = differs, .opaque = &verdict };
	struct trace_source source = tape_source(tape);
	struct trace_replay *replay;
	struct iom_error error;
	int result = trace_replay_new(&source, &watch, &replay, &error);

	text[0] = 0;
	if (result) {
		snprintf(text, size, "%s", error.text);
		return result;
	}
	do {
		result = trace_replay_step(replay, &error);
	} while (result == IOM_OK);
	if (result < 0)
		snprintf(text, size, "%s", error.text);
	if (events)
		*events = trace_replay_events(replay);
	trace_replay_free(replay);
	return result;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Fuzz target: logs.  What is made of them goes to nowhere, in all three forms. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "../tools/iommux/decode.h"
#include "target.h"

static void read_log(const uint8_t *data, size_t size, const struct decode_sink *sink)
{
	struct decode_group *g = calloc(1, sizeof *g);
	FILE *input = fmemopen((void *)(uintptr_t)data, size, "rb");

	if (!g || !input)
		abort();
	g->sink = sink;
	if (!decode_stream(g, input))
		abort();
	fclose(input);
	free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decode_text text = { .region_count = 0 };
	struct decode_summary *summary = summary_create();

	if (!summary)
		abort();
	if (size) {
		read_log(data, size, &(struct decode_sink){ text_event, text_line, &text });
		read_log(data, size, &(struct decode_sink){ .event = json_event });
		read_log(data, size, &(struct decode_sink){ summary_event, NULL, summary });
	}
	summary_print(summary, data && size && data[0] & 1, data && size && data[0] & 2);
	summary_free(summary);
	return 0;
}

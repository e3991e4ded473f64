/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Messages as JSON: an object each, in a line of its own. */
#include <string.h>

#include "decode.h"
#include "tables.h"

void json_text(struct table_out *out, const char *name, const char *text)
{
	if (text && text[0])
		table_text(out, name, text, strlen(text));
}

void json_event(void *opaque, const struct decode_event *e)
{
	const struct decode_advice *a = &decode_advice[e->class];
	struct table_out out = { .json = true };
	char room[1024];

	(void)opaque;
	table_record(&out, 0, NULL, decode_kind_names[e->kind]);
	json_text(&out, "arch", e->arch->name);
	table_number(&out, "line", e->first_line);
	table_number(&out, "last_line", e->last_line);
	json_text(&out, "time", e->time);
	json_text(&out, "unit", e->unit);
	json_text(&out, "driver", e->driver);
	for (unsigned f = 0; f < FIELDS; f++) {
		if (decode_has(e, f) && decode_field_names[f].name)
			json_text(&out, decode_field_names[f].name,
			          decode_value(e, f, room, sizeof room));
	}
	json_text(&out, "name", e->name);
	json_text(&out, "note", decode_hint(e));
	decode_sentence(e, room, sizeof room);
	json_text(&out, "sentence", room);
	json_text(&out, "means", a->means);
	table_texts(&out, "causes", a->likely, sizeof a->likely / sizeof a->likely[0]);
	table_texts(&out, "look", a->look, sizeof a->look / sizeof a->look[0]);
	table_close(&out);
}

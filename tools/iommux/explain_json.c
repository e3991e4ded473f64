/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Explanations as JSON. */
#include <stdio.h>
#include <string.h>

#include "explanation.h"
#include "tables.h"

static void text(struct table_out *out, const char *name, const char *value)
{
	table_text(out, name, value, strlen(value));
}

static void put_step(struct table_out *out, const struct explain_step *s)
{
	static const char *const froms[] = {
		[EXPLAIN_READ] = "memory",
		[EXPLAIN_CACHED] = "cache",
	};
	char name[24];

	table_record(out, 1, "steps", s->is_register ? "register" : "access");
	text(out, "what", s->what);
	if (!s->is_register) {
		text(out, "access", s->swapped ? "swap" : s->write ? "store" : "load");
		table_hex(out, "address", s->spa);
		table_number(out, "bytes", s->bytes);
	}
	if (s->swapped)
		table_hex(out, "found", s->found);
	for (unsigned i = 0; i < s->count; i++) {
		snprintf(name, sizeof name, "word%u", i);
		table_hex(out, name, s->word[i]);
	}
	if (s->result)
		text(out, "refused", s->unknown ? "not known" : iom_strerror(s->result));
	if (s->from)
		text(out, "from", froms[s->from]);
	if (s->clause)
		text(out, "clause", s->clause);
	if (s->says[0])
		text(out, "says", s->says);
	if (s->level)
		table_number(out, "level", s->level);
	if (s->decided)
		table_number(out, "decided", 1);
	if (s->anatomy && s->count && !s->result) {
		const struct anatomy_words words = { s->word, s->count, s->how };

		text(out, "structure", s->anatomy->name);
		anatomy_json(s->anatomy, &words, out, 2);
	}
}

static void put_answer(struct table_out *out, const struct explanation *x)
{
	const struct iom_reply *r = &x->reply;

	if (x->scene->missing) {
		text(out, "answer", "unknown");
		table_hex(out, "missing", x->scene->missing_spa);
	} else if (x->result) {
		text(out, "answer", "refused");
		table_hex(out, "code", r->fault);
		table_number(out, "status", r->status);
		if (x->fault)
			text(out, "fault", x->fault);
		if (x->clause) {
			text(out, "clause", x->clause->clause);
			if (x->clause->says)
				text(out, "cause", x->clause->says);
		}
		if (x->detail)
			text(out, "detail", x->detail);
		if (x->recorded[0])
			text(out, "recorded", x->recorded);
	} else if (x->question.interrupt) {
		text(out, "answer", x->kept ? "kept" : "delivered");
		if (x->kept)
			table_hex(out, "kept_at", x->kept_at);
	} else {
		text(out, "answer", explanation_empty(x) ? "empty" : "granted");
		table_hex(out, "spa", r->spa);
		table_number(out, "range_lg2", r->range_lg2);
		table_number(out, "perm", r->perm);
		table_number(out, "target", r->target);
	}
	if (x->sent) {
		table_hex(out, "message_to", x->sent_to);
		table_hex(out, "message_data", x->sent_data);
	} else if (x->stored) {
		table_hex(out, "stored_at", x->stored_at);
	}
}

static void put_caches(struct table_out *out, const struct explanation *x)
{
	const struct scene_warm *w = &x->scene->warm;

	if (!w->asked) {
		text(out, "caches", "unknown");
		return;
	}
	text(out, "caches", x->stale ? "stale" : "agree");
	if (!x->stale)
		return;
	table_number(out, "by_caches_refused", w->result != 0);
	if (w->result)
		table_hex(out, "by_caches_code", w->reply.fault);
	else
		table_hex(out, "by_caches_spa",
		          x->question.interrupt ? w->route.address : w->reply.spa);
}

void explanation_json(const struct explanation *x)
{
	struct table_out out = { .json = true };
	char question[160];

	explain_question(&x->question, question, sizeof question);
	table_record(&out, 0, NULL, "explanation");
	text(&out, "scene", x->scene->name);
	text(&out, "arch", x->scene->header.arch);
	table_hex(&out, "device", x->question.requester);
	text(&out, "question", question);
	put_answer(&out, x);
	put_caches(&out, x);
	for (size_t i = 0; i < x->count; i++)
		put_step(&out, &x->step[i]);
	table_close(&out);
}

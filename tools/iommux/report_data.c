/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The steps of a unit as JSON, for the page's script.  Addresses are texts: they may need 64 bits. */
#include <inttypes.h>
#include <string.h>

#include <iommux/error.h>

#include "anatomy.h"
#include "markup.h"
#include "report.h"

static const char *const accesses[] = { "read", "write", "execute", "atomic" };

static void put_words(const struct explain_step *e, FILE *to)
{
	for (unsigned i = 0; i < e->count; i++) {
		const unsigned left = e->bytes - 8 * i;

		fprintf(to, "%s%0*" PRIx64, i ? " " : "", left < 8 ? (int)(2 * left) : 16,
		        e->word[i]);
	}
}

/* [of, 0 loads 1 stores 2 swaps 3 tries to swap, address, bytes, words, found or why not, what, fields] */
static void put_own(const struct report_own *o, const struct explain_step *e, FILE *to)
{
	const struct anatomy_words words = { e->word, e->count, e->how };
	const unsigned how = o->swap ? 2 + o->missed : o->write;
	char text[ANATOMY_TEXT] = "";

	fprintf(to, "[%u,%u,\"0x%" PRIx64 "\",%u,\"", o->of, how, o->address, o->bytes);
	put_words(e, to);
	if (o->swap)
		fprintf(to, "\",\"%0*" PRIx64 "\",", o->bytes < 8 ? (int)(2 * o->bytes) : 16,
		        e->found);
	else
		fprintf(to, "\",\"%s\",", o->result ? iom_strerror(o->result) : "");
	markup_json(e->what, to);
	fputc(',', to);
	if (e->anatomy && e->count)
		(void)anatomy_text(e->anatomy, &words, text, sizeof text);
	markup_json(text[0] ? text : e->says, to);
	fputc(']', to);
}

static void put_own_accesses(const struct report_unit *u, const struct report_step *s, FILE *to)
{
	struct explanation x = { .question = { .requester = s->requester, .request = s->request } };
	struct explain_walk walk = s->walk;
	struct explain_step step;

	fputs(",\"own\":[", to);
	for (size_t i = 0; i < s->owns; i++) {
		walk_label(u->steps->walks.arch, &x, &walk, &s->own[i], &step);
		if (i)
			fputc(',', to);
		put_own(&s->own[i], &step, to);
	}
	fputc(']', to);
	if (s->owns_more)
		fprintf(to, ",\"more\":%zu", s->owns_more);
}

static void put_reply(const struct report_unit *u, const struct report_step *s, FILE *to)
{
	const struct iom_reply *r = &s->reply;

	if (!s->result && r->status == IOM_DONE) {
		fprintf(to, ",\"is\":\"granted\",\"spa\":\"0x%" PRIx64 "\",\"perm\":%u,\"lg2\":%u",
		        r->spa, r->perm, r->range_lg2);
		if (r->target != IOM_TARGET_MEMORY)
			fprintf(to, ",\"target\":%u", r->target);
		return;
	}
	fprintf(to, ",\"is\":\"%s\"", r->status == IOM_STALLED ? "stalled" : "refused");
	if (r->fault) {
		fprintf(to, ",\"code\":\"0x%x\",\"why\":", r->fault);
		markup_json(iom_fault_name(u->view->unit, r->fault), to);
	} else if (s->result) {
		fputs(",\"why\":", to);
		markup_json(iom_strerror(s->result), to);
	}
}

static void put_request(const struct report_unit *u, const struct report_step *s, FILE *to)
{
	const struct iom_request *q = &s->request;

	fprintf(to, ",\"dev\":\"0x%x\",\"do\":\"%s\",\"iova\":\"0x%" PRIx64 "\",\"bytes\":%" PRIu64,
	        s->requester, q->access < 4 ? accesses[q->access] : "?", q->iova, q->bytes);
	if (q->flags & IOM_REQ_PASID)
		fprintf(to, ",\"pasid\":%u", q->pasid);
	if (q->at)
		fprintf(to, ",\"at\":%u", q->at);
	if (s->cached)
		fputs(",\"cached\":true", to);
	put_reply(u, s, to);
	if (s->address != UINT64_MAX)
		fprintf(to, ",\"msi\":[\"0x%" PRIx64 "\",\"0x%" PRIx64 "\"]", s->address, s->value);
	put_own_accesses(u, s, to);
}

static void put_command(const struct report_unit *u, const struct report_step *s, FILE *to)
{
	const char *arch = u->view->header->arch;
	const unsigned kind = anatomy_command_kind(arch, s->command.word[0]);
	const struct anatomy *anatomy = anatomy_command(arch, kind);
	const struct anatomy_words words = { s->command.word, s->command.words, 0 };
	char room[32], text[ANATOMY_TEXT];

	fputs(",\"name\":", to);
	markup_json(anatomy_command_name(arch, kind, room, sizeof room), to);
	fputs(",\"words\":\"", to);
	for (unsigned i = 0; i < s->command.words; i++)
		fprintf(to, "%s%016" PRIx64, i ? " " : "", s->command.word[i]);
	fputc('"', to);
	if (!anatomy)
		return;
	fputs(",\"fields\":", to);
	markup_json(anatomy_text(anatomy, &words, text, sizeof text), to);
}

static void put_interrupt(const struct report_unit *u, const struct report_step *s, FILE *to)
{
	(void)u;
	if (s->address == UINT64_MAX)
		fprintf(to, ",\"wire\":%" PRIu64, s->value);
	else
		fprintf(to, ",\"msi\":[\"0x%" PRIx64 "\",\"0x%" PRIx64 "\"]", s->address, s->value);
}

static void put_message(const struct report_unit *u, const struct report_step *s, FILE *to)
{
	const struct trace_event as_event = { .kind = TRACE_CALLED,
		                              .what = IOM_CALLED_MESSAGE,
		                              .requester = UINT32_MAX,
		                              .message = s->message };
	char text[200];

	(void)u;
	trace_event_text(&as_event, text, sizeof text);
	fprintf(to, ",\"dev\":\"0x%x\",\"from\":%s,\"text\":", s->requester,
	        s->from_device ? "true" : "false");
	/* Behind what the words of every message begin with. */
	markup_json(text + strlen("calls message "), to);
}

static const struct {
	const char *name;
	void (*put)(const struct report_unit *u, const struct report_step *s, FILE *to);
} kinds[] = {
	[REPORT_REQUEST] = { "request", put_request },
	[REPORT_COMMAND] = { "command", put_command },
	[REPORT_INTERRUPT] = { "interrupt", put_interrupt },
	[REPORT_MESSAGE] = { "message", put_message },
};

void report_data(const struct report_unit *u, FILE *to)
{
	fputs("{\"arch\":", to);
	markup_json(u->view->header->arch, to);
	fputs(",\"tables\":[\"\"", to);
	for (unsigned of = IOM_OF_DEVICE; of < REPLAY_OFS; of++)
		fprintf(to, ",\"%s\"", report_of_name(of));
	/* As the machine shows them: all devices beyond the last but one are in the last box. */
	fputs("],\"devices\":[", to);
	for (unsigned i = 0; i < report_boxes(u); i++)
		fprintf(to, "%s\"0x%" PRIx64 "\"", i ? "," : "", u->stats->requesters.rows[i].key);
	fputs("],\"steps\":[", to);
	for (size_t i = 0; i < u->steps->count; i++) {
		const struct report_step *s = &u->steps->steps[i];

		fprintf(to, "%s\n{\"event\":%" PRIu64 ",\"ns\":%" PRIu64 ",\"kind\":\"%s\"",
		        i ? "," : "", s->at.event, s->at.time_ns, kinds[s->kind].name);
		kinds[s->kind].put(u, s, to);
		fputc('}', to);
	}
	fputs("]}", to);
}

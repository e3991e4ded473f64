/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Explanations in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "explanation.h"

#define WIDTH 96
#define INDENT 5

/* Words in lines of WIDTH, all but the first indented. */
static void put_wrapped(const char *text, int column)
{
	while (*text) {
		size_t spaces = strspn(text, " "), len = strcspn(text + spaces, " ");

		if (spaces && column + (int)(spaces + len) > WIDTH) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		} else {
			printf("%*s", (int)spaces, "");
			column += (int)spaces;
		}
		printf("%.*s", (int)len, text + spaces);
		column += (int)len;
		text += spaces + len;
	}
	putchar('\n');
}

static void put_paragraph(const char *text)
{
	printf("%*s", INDENT, "");
	put_wrapped(text, INDENT);
}

/* ---- Steps ------------------------------------------------------------------------------------- */

static const char *access_text(const struct explain_step *s)
{
	if (s->swapped)
		return s->missed ? "swap, which others were faster than" : "swap";
	return s->write ? "store" : "load";
}

static const char *from_text(const struct explain_step *s)
{
	switch (s->from) {
	case EXPLAIN_READ:
		return ", not cached";
	case EXPLAIN_CACHED:
		return ", cached";
	default:
		return "";
	}
}

/* One or two behind the address, more in lines of their own; of large structures the first eight. */
static void put_words(const struct explain_step *s)
{
	int digits = s->bytes % 8 ? 8 : 16;

	if (s->swapped)
		printf(" 0x%0*" PRIx64 " becomes", digits, s->found);
	for (unsigned i = 0; i < s->count && i < 8; i++) {
		if (s->count > 2 && !(i % 4))
			printf("\n%*s", INDENT + 1, "");
		printf(" 0x%0*" PRIx64, digits, s->word[i]);
	}
	if (s->count > 8)
		printf(" ...");
}

static void put_access(const struct explain_step *s)
{
	printf("%*s%s 0x%" PRIx64 "/%" PRIu32 "%s", INDENT, "", access_text(s), s->spa, s->bytes,
	       from_text(s));
	if (s->result && s->unknown)
		printf(": this memory is not in what is being looked at\n");
	else if (s->result)
		printf(": memory refuses (%s)\n", iom_strerror(s->result));
	else {
		printf(":");
		put_words(s);
		printf("\n");
	}
}

static void put_step(const struct explanation *x, size_t i, bool colours)
{
	const struct explain_step *s = &x->step[i];
	char fields[ANATOMY_TEXT];

	if (s->is_register)
		printf("%3zu. %sregister %s%s = 0x%" PRIx64 "\n", i + 1,
		       colour_on(colours, COLOUR_HEADING), s->what,
		       colour_off(colours, COLOUR_HEADING), s->word[0]);
	else {
		printf("%3zu. %s%s%s\n", i + 1, colour_on(colours, COLOUR_HEADING), s->what,
		       colour_off(colours, COLOUR_HEADING));
		put_access(s);
	}
	if (s->anatomy && s->count && !s->result) {
		const struct anatomy_words words = { s->word, s->count, s->how };

		(void)anatomy_text(s->anatomy, &words, fields, sizeof fields);
		printf("%*s%s: ", INDENT, "", s->anatomy->name);
		put_wrapped(fields, INDENT + (int)strlen(s->anatomy->name) + 2);
	}
	if (s->says[0])
		put_paragraph(s->says);
	/* Once for the steps that it holds for. */
	if (s->clause &&
	    (!i || !x->step[i - 1].clause || strcmp(x->step[i - 1].clause, s->clause) != 0))
		printf("%*s[%s]\n", INDENT, "", s->clause);
}

/* ---- The answer -------------------------------------------------------------------------------- */

static void put_size(unsigned lg2)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

	if (lg2 >= 64)
		printf("all 2^64 bytes");
	else
		printf("%u %s", 1u << lg2 % 10, units[lg2 / 10]);
}

static void put_permissions(unsigned perm)
{
	if (!perm)
		printf("nothing may be done there");
	else
		printf("may be%s%s%s%s%s", perm & IOM_PERM_READ ? " read" : "",
		       perm & IOM_PERM_READ && perm & IOM_PERM_WRITE ? " and" : "",
		       perm & IOM_PERM_WRITE ? " written" : "",
		       perm & IOM_PERM_EXECUTE && perm & (IOM_PERM_READ | IOM_PERM_WRITE) ? " and"
		                                                                          : "",
		       perm & IOM_PERM_EXECUTE ? " executed" : "");
}

static void put_granted(const struct explanation *x)
{
	const struct iom_reply *r = &x->reply;

	if (x->kept)
		printf("kept in memory: its bit is set at 0x%" PRIx64 "%s", x->kept_at,
		       x->sent ? "" : "; nobody is notified");
	else if (x->question.interrupt)
		printf("delivered");
	else if (explanation_empty(x))
		printf("success, without a permission: the device may ask for the page, or give "
		       "up");
	else if (r->target == IOM_TARGET_INTERRUPT)
		printf("an interrupt message, not memory; --interrupt ADDRESS:DATA asks where it "
		       "goes");
	else if (r->target == IOM_TARGET_MRIF)
		printf("granted: the interrupt file in memory at 0x%" PRIx64, r->spa);
	else {
		printf("granted: physical address 0x%" PRIx64 "; ", r->spa);
		put_size(r->range_lg2);
		printf(" around it ");
		put_permissions(r->perm);
	}
	if (x->sent)
		printf("; the %s 0x%" PRIx32 " goes to 0x%" PRIx64, x->kept ? "notice" : "message",
		       x->sent_data, x->sent_to);
	else if (x->stored)
		printf("; stored to 0x%" PRIx64, x->stored_at);
	printf(".\n");
}

static const char *status_text(unsigned status)
{
	switch (status) {
	case IOM_ABORT:
		return "Completer Abort";
	case IOM_STALLED:
		return "nothing yet: the request is held back";
	case IOM_DONE:
		return "success, without a permission";
	default:
		return "Unsupported Request";
	}
}

static size_t decided_by(const struct explanation *x)
{
	for (size_t i = 0; i < x->count; i++)
		if (x->step[i].decided)
			return i + 1;
	return 0;
}

static void put_refused(const struct explanation *x)
{
	size_t step = decided_by(x);
	char text[512];

	if (x->scene->missing) {
		printf("not known: memory at 0x%" PRIx64 " was not seen.\n", x->scene->missing_spa);
		return;
	}
	if (!x->fault) {
		printf("refused: nobody answers where it goes. The device gets: %s.\n",
		       status_text(x->reply.status));
		return;
	}
	printf("refused: %s, code %" PRIu32 " (0x%" PRIx32 ").\n", x->fault, x->reply.fault,
	       x->reply.fault);
	if (x->clause) {
		snprintf(text, sizeof text, "Step %zu decided: %s%s%s.  [%s]", step,
		         x->clause->says ? x->clause->says : x->fault, x->detail ? ": " : "",
		         x->detail ? x->detail : "", x->clause->clause);
		put_paragraph(text);
	}
	snprintf(text, sizeof text, "The device gets: %s.%s%s%s", status_text(x->reply.status),
	         x->recorded[0] ? "  The fault is " : "", x->recorded, x->recorded[0] ? "." : "");
	put_paragraph(text);
}

/* ---- Caches ------------------------------------------------------------------------------------ */

static void put_live_answer(const struct scene_warm *w, const struct scene_question *q)
{
	if (w->result)
		printf("refuses, code %" PRIu32 " (0x%" PRIx32 ")", w->reply.fault, w->reply.fault);
	else if (q->interrupt)
		printf("delivers 0x%" PRIx32 " to 0x%" PRIx64, w->route.data, w->route.address);
	else
		printf("grants 0x%" PRIx64, w->reply.spa);
}

static unsigned cached_steps(const struct explanation *x)
{
	unsigned n = 0;

	for (size_t i = 0; i < x->count; i++)
		n += x->step[i].from == EXPLAIN_CACHED;
	return n;
}

static void put_caches(const struct explanation *x, bool colours)
{
	const struct scene_warm *w = &x->scene->warm;
	unsigned n = cached_steps(x);

	if (!w->asked) {
		printf("Caches: nothing is known of them here; the walk began with empty ones.\n");
		return;
	}
	if (x->stale) {
		printf("%sCACHES: what the unit holds is NOT what memory says%s: by its caches it ",
		       colour_on(colours, COLOUR_BAD), colour_off(colours, COLOUR_BAD));
		put_live_answer(w, &x->question);
		printf(".\n");
		put_paragraph("Software has changed a table and has not had the unit forget the "
		              "old "
		              "entry: an invalidation is missing, or does not cover this, or was "
		              "not "
		              "waited for.");
		return;
	}
	printf("Caches: the unit had %u of the words that were read; with them it comes to the "
	       "same answer.\n",
	       n);
}

void explanation_text(const struct explanation *x, bool colours)
{
	const enum colour colour = x->result ? COLOUR_BAD : COLOUR_GOOD;
	char device[16], question[160];

	explain_question(&x->question, question, sizeof question);
	printf("%s: %s, by device %s (0x%" PRIx32 ").\n", x->scene->name,
	       explain_arch(x->scene)->title, explain_device(x->question.requester, device),
	       x->question.requester);
	printf("Asked: %s.\n\n", question);
	for (size_t i = 0; i < x->count; i++)
		put_step(x, i, colours);
	printf("\n%sAnswer:%s ", colour_on(colours, colour), colour_off(colours, colour));
	if (x->result)
		put_refused(x);
	else
		put_granted(x);
	put_caches(x, colours);
}

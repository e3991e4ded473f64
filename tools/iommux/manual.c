/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux man: the manual pages, for man(7), from what verbs say of themselves. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <iommux/iommux.h>

#include "verbs.h"

#define MANUAL_DATE "November 21, 2026" /* of the latest change to what the pages say */

/* ---- Text with its marks ------------------------------------------------------------------------- */

static void put_escaped(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			fputs("\\e", stdout);
		else if (text[i] == '-')
			fputs("\\-", stdout);
		else
			putchar(text[i]);
	}
}

static void put_marked(char font, const char *text, size_t len)
{
	printf("\\f%c", font);
	put_escaped(text, len);
	fputs("\\fR", stdout);
}

static bool is_word(const char *words, const char *text, size_t len)
{
	for (const char *w = words; *w; w += strcspn(w, "|"), w += *w == '|') {
		if (strcspn(w, "|") == len && !memcmp(w, text, len))
			return true;
	}
	return false;
}

/* B for what is typed as it stands, I for what stands for something else, 0 for other words. */
static char font_of(const struct verb *v, const char *text, size_t len)
{
	if (len > 2 && text[0] == '-' && text[1] == '-')
		return 'B';
	for (const struct option *o = v->options; o->name || o->value; o++) {
		if (!o->value)
			continue;
		if (strlen(o->value) == len && !memcmp(o->value, text, len))
			return option_is_words(o->value) ? 'B' : 'I';
		if (option_is_words(o->value) && is_word(o->value, text, len))
			return 'B';
	}
	if ((len == 6 && !memcmp(text, "iommux", 6)) || (len == 2 && !memcmp(text, "--", 2)))
		return 'B';
	return len > 5 && !memcmp(text, "docs/", 5) ? 'I' : 0;
}

/* In words, each without the brackets and stops around it.  No line begins with a control character. */
static void put_text(const struct verb *v, const char *text)
{
	bool first = true;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		const size_t whole = strcspn(text, " ");
		const size_t before = strspn(text, "[('");
		size_t len = whole > before ? whole - before : 0;
		char font;

		while (len && strchr("])',.:;", text[before + len - 1]))
			len--;
		fputs(first && (*text == '.' || *text == '\'') ? "\\&" : first ? "" : " ", stdout);
		font = font_of(v, text + before, len);
		if (font) {
			put_escaped(text, before);
			put_marked(font, text + before, len);
			put_escaped(text + before + len, whole - before - len);
		} else {
			put_escaped(text, whole);
		}
		text += whole;
		first = false;
	}
	putchar('\n');
}

/* ---- Sections ------------------------------------------------------------------------------------ */

static void put_head(const struct verb *v)
{
	fputs(".TH IOMMUX", stdout);
	if (*v->name)
		putchar('-');
	for (const char *c = v->name; *c; c++)
		putchar(toupper((unsigned char)*c));
	printf(" 1 \"" MANUAL_DATE "\" \"iommux %s\"\n", iom_version());
	printf(".SH NAME\niommux%s%s \\- %s\n", *v->name ? "\\-" : "", v->name, v->summary);
	puts(".SH SYNOPSIS");
	for (unsigned i = 0; v->synopsis[i]; i++) {
		printf("%s\\fBiommux%s%s\\fR\n", i ? ".br\n" : "", *v->name ? " " : "", v->name);
		put_text(v, v->synopsis[i]);
	}
}

static void put_description(const struct verb *v)
{
	puts(".SH DESCRIPTION");
	for (unsigned i = 0; v->description[i]; i++) {
		if (i)
			puts(".PP");
		put_text(v, v->description[i]);
	}
}

static void put_options(const struct verb *v)
{
	puts(".SH OPTIONS");
	for (const struct option *o = v->options; o->name || o->value; o++) {
		puts(".TP");
		if (o->name)
			put_marked('B', o->name, strlen(o->name));
		if (o->name && o->value)
			putchar(' ');
		if (o->value)
			put_marked(font_of(v, o->value, strlen(o->value)), o->value,
			           strlen(o->value));
		putchar('\n');
		put_text(v, o->help);
	}
	puts(".TP\n\\fB\\-\\-help\\fR\nShows how it is used.");
}

static void put_verbs(void)
{
	puts(".SH VERBS");
	for (const struct verb *const *v = verbs; *v; v++) {
		printf(".TP\n\\fB%s\\fR\n", (*v)->name);
		put_text(&command, (*v)->summary);
	}
}

static void put_environment(const struct verb *v)
{
	puts(".SH ENVIRONMENT");
	for (unsigned i = 0; v->environment[i].name; i++) {
		printf(".TP\n\\fB%s\\fR\n", v->environment[i].name);
		put_text(v, v->environment[i].says);
	}
}

static void put_statuses(const struct verb *v)
{
	puts(".SH \"EXIT STATUS\"");
	for (unsigned i = 0; i < EXIT_STATUSES; i++) {
		if (v->statuses[i]) {
			printf(".TP\n\\fB%u\\fR\n", i);
			put_text(v, v->statuses[i]);
		}
	}
}

static void put_examples(const struct verb *v)
{
	puts(".SH EXAMPLES");
	for (unsigned i = 0; v->examples[i].says; i++) {
		const struct verb_example *e = &v->examples[i];

		if (i)
			puts(".PP");
		put_text(v, e->says);
		puts(".PP\n.RS 4\n.nf");
		for (unsigned line = 0; e->does[line]; line++) {
			put_escaped(e->does[line], strlen(e->does[line]));
			putchar('\n');
		}
		puts(".fi\n.RE");
	}
}

/* "iommux-run(1)", "docs/scenarios.md" */
static void put_reference(const char *to, bool last)
{
	const char *section = strchr(to, '(');

	put_marked(section ? 'B' : 'I', to, section ? (size_t)(section - to) : strlen(to));
	printf("%s%s\n", section ? section : "", last ? "" : ",");
}

static void put_see_also(const struct verb *v)
{
	char page[64];

	puts(".SH \"SEE ALSO\"");
	for (const struct verb *const *of = verbs; v == &command && *of; of++) {
		snprintf(page, sizeof page, "iommux-%s(1)", (*of)->name);
		put_reference(page, false);
	}
	if (v != &command)
		put_reference("iommux(1)", !v->see_also[0]);
	for (unsigned i = 0; v->see_also[i]; i++)
		put_reference(v->see_also[i], !v->see_also[i + 1]);
}

static void put_page(const struct verb *v)
{
	put_head(v);
	put_description(v);
	if (v == &command)
		put_verbs();
	put_options(v);
	if (v->environment[0].name)
		put_environment(v);
	put_statuses(v);
	put_examples(v);
	put_see_also(v);
}

/* ---- The verb ------------------------------------------------------------------------------------ */

struct ask {
	const char *name;
};

static const struct option options[] = {
	{ NULL, "VERB", "The verb; if it is not given, the page is the command's own.",
	  .place = offsetof(struct ask, name) },
	{ .name = NULL },
};

static int run(int argc, char **argv)
{
	struct ask ask = { .name = NULL };
	const struct verb *verb = &command;
	const int status = option_take_all(&verb_man, &ask, argc, argv);

	if (status)
		return status;
	if (ask.name)
		verb = verb_find(ask.name);
	if (!verb)
		return EXIT_WRONG;
	put_page(verb);
	return EXIT_HELD;
}

const struct verb verb_man = {
	.name = "man",
	.summary = "write the manual page of a verb",
	.synopsis = { "[VERB]" },
	.description = {
		"Writes the manual page of VERB, or that of the command, to standard output: not for "
		"a terminal, but for man(1).  'make install' has installed them all.",
	},
	.options = options,
	.examples = {
		{ "Read a page of a command that is not installed:",
		  { "iommux man run | man -l -" } },
	},
	.statuses = { [EXIT_HELD] = "It was written.", [EXIT_WRONG] = "There is no such verb." },
	.see_also = { "man(1)" },
	.run = run,
};

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux help: how the command and its verbs are used, for a terminal. */
#include "help.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 80
#define INDENT 2
#define HELP_COLUMN 18 /* where an option's help begins, unless its name is longer */

/* From this column on, whose lines begin at `margin`; ends the line. */
static void put_text(const char *text, unsigned column, unsigned margin)
{
	bool first = true;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		const unsigned len = (unsigned)strcspn(text, " ");

		if (!first && column + 1 + len >= COLUMNS) {
			printf("\n%*s", (int)margin, "");
			column = margin;
			first = true;
		}
		printf("%s%.*s", first ? "" : " ", (int)len, text);
		column += len + !first;
		first = false;
		text += len;
	}
	putchar('\n');
}

/* A name, and beside or below it what is said of it. */
static void put_item(const char *name, const char *value, const char *help)
{
	const unsigned len = (unsigned)(strlen(name) + (*name && *value) + strlen(value));

	printf("%*s%s%s%s", INDENT, "", name, *name && *value ? " " : "", value);
	if (INDENT + len + 2 > HELP_COLUMN)
		printf("\n%*s", HELP_COLUMN, "");
	else
		printf("%*s", (int)(HELP_COLUMN - INDENT - len), "");
	put_text(help, HELP_COLUMN, HELP_COLUMN);
}

static void put_synopsis(const struct verb *v)
{
	for (unsigned i = 0; v->synopsis[i]; i++) {
		const int len = printf("%s iommux%s%s ",
		                       i ? "      " : "usage:", *v->name ? " " : "", v->name);

		put_text(v->synopsis[i], (unsigned)len, (unsigned)len);
	}
	putchar('\n');
}

static void put_options(const struct verb *v)
{
	for (const struct option *o = v->options; o->name || o->value; o++)
		put_item(o->name ? o->name : "", o->value ? o->value : "", o->help);
	put_item("--help", "", "Shows this.");
	putchar('\n');
}

static void put_verbs(void)
{
	for (const struct verb *const *v = verbs; *v; v++)
		put_item((*v)->name, "", (*v)->summary);
	putchar('\n');
}

static void put_statuses(const struct verb *v)
{
	puts("Exit status:");
	for (unsigned i = 0; i < EXIT_STATUSES; i++) {
		if (v->statuses[i]) {
			printf("%*s%u  ", INDENT, "", i);
			put_text(v->statuses[i], INDENT + 3, INDENT + 3);
		}
	}
}

static void put_example(const struct verb_example *e)
{
	if (!e->says)
		return;
	put_text(e->says, 0, 0);
	for (unsigned i = 0; e->does[i]; i++)
		printf("%*s%s\n", 2 * INDENT, "", e->does[i]);
	putchar('\n');
}

int help_print(const struct verb *v)
{
	put_synopsis(v);
	put_text(v->description[0], 0, 0);
	putchar('\n');
	if (v == &command)
		put_verbs();
	put_options(v);
	put_example(&v->examples[0]);
	put_statuses(v);
	return EXIT_HELD;
}

/* ---- The verb ------------------------------------------------------------------------------------ */

struct ask {
	const char *name;
};

static const struct option options[] = {
	{ NULL, "VERB", "The verb that help is wanted for.", .place = offsetof(struct ask, name) },
	{ .name = NULL },
};

static int run(int argc, char **argv)
{
	struct ask ask = { .name = NULL };
	const int status = option_take_all(&verb_help, &ask, argc, argv);
	const struct verb *verb = &command;

	if (status)
		return status;
	if (ask.name)
		verb = verb_find(ask.name);
	return verb ? help_print(verb) : EXIT_WRONG;
}

const struct verb verb_help = {
	.name = "help",
	.summary = "show how a verb is used",
	.synopsis = { "[VERB]" },
	.description = { "Shows how VERB is used, or lists all verbs.  'iommux VERB --help' shows "
	                 "the same." },
	.options = options,
	.examples = { { "See what a scenario can be told:", { "iommux help run" } } },
	.statuses = { [EXIT_HELD] = "It was shown.", [EXIT_WRONG] = "There is no such verb." },
	.run = run,
};

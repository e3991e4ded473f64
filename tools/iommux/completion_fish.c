/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What fish offers behind "iommux". */
#include <stdio.h>
#include <string.h>

#include "completion.h"
#include "verbs.h"

static const char at[] = "# Is the verb $verb, and the argument at the cursor number $place of "
			 "those that are no option?\n"
			 "function __iommux_at --argument-names verb place\n"
			 "	set -l words (commandline -opc)\n"
			 "	set -l number 1\n"
			 "	set -l value no\n"
			 "	test (count $words) -ge 2; and test $words[2] = $verb; or return "
			 "1\n"
			 "	set -e words[1..2]\n"
			 "	for word in $words\n"
			 "		if test $value = yes\n"
			 "			set value no\n"
			 "		else if contains -- \"$verb $word\" $__iommux_valued\n"
			 "			set value yes\n"
			 "		else if not string match -q -- '-*' $word\n"
			 "			set number (math $number + 1)\n"
			 "		end\n"
			 "	end\n"
			 "	test -z \"$place\"; or test $number -ge $place -a $number -le "
			 "\"$argv[3]\"\n"
			 "end\n"
			 "\n"
			 "complete -c iommux -f";

/* All of one kind that end the same way; fish shows others as well, behind them. */
static bool has_suffix(const char *files)
{
	return files[0] == '*' && files[1] == '.' && !strpbrk(files + 2, "*[ ");
}

static void put_files(const char *files)
{
	if (has_suffix(files))
		printf(" -k -a '(__fish_complete_suffix %s)'", files + 1);
	else
		fputs(" -F", stdout);
}

static void put_value(const struct option *o)
{
	if (completion_has_words(o)) {
		fputs(" -a '", stdout);
		completion_put_words(o);
		putchar('\'');
	} else if (o->files) {
		put_files(o->files);
	}
}

static void put_option(const struct verb *v, const struct option *o)
{
	printf("complete -c iommux -n '__iommux_at %s' -l %s", v->name, o->name + 2);
	if (o->value)
		fputs(completion_has_words(o) || !o->files ? " -x" : " -r", stdout);
	if (o->value)
		put_value(o);
	fputs(" -d '", stdout);
	completion_put_brief(o->help, "\\", "");
	puts("'");
}

static void put_argument(const struct verb *v, const struct option *o, unsigned place)
{
	if (!completion_has_words(o) && !o->files)
		return;
	printf("complete -c iommux -n '__iommux_at %s %u %u'", v->name, place,
	       o->many ? 999 : place);
	put_value(o);
	putchar('\n');
}

static void put_verb(const struct verb *v)
{
	unsigned place = 0;

	fputs("complete -c iommux -n 'test (count (commandline -opc)) -eq 1'", stdout);
	printf(" -a %s -d '", v->name);
	completion_put_brief(v->summary, "\\", "");
	puts("'");
	for (const struct option *o = v->options; o->name || o->value; o++) {
		if (o->name)
			put_option(v, o);
		else
			put_argument(v, o, ++place);
	}
	printf("complete -c iommux -n '__iommux_at %s' -l help -d 'Shows this'\n", v->name);
}

void completion_fish(void)
{
	fputs("# fish completion for iommux\n"
	      "\n"
	      "# Options that take a value.\n"
	      "set -g __iommux_valued",
	      stdout);
	for (const struct verb *const *v = verbs; *v; v++) {
		for (const struct option *o = (*v)->options; o->name || o->value; o++) {
			if (o->name && o->value)
				printf(" '%s %s'", (*v)->name, o->name);
		}
	}
	puts("\n");
	puts(at);
	for (const struct verb *const *v = verbs; *v; v++)
		put_verb(*v);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What zsh offers behind "iommux": specifications for its function _arguments. */
#include <stdio.h>
#include <string.h>

#include "completion.h"
#include "verbs.h"

static const char begin[] = "#compdef iommux\n"
			    "\n"
			    "_iommux()\n"
			    "{\n"
			    "	local -a verbs\n"
			    "\n"
			    "	if ((CURRENT == 2)); then\n"
			    "		verbs=(";

static const char middle[] = "		)\n"
			     "		_describe verb verbs\n"
			     "		_arguments '--version[Shows the version]' '--help[Shows "
			     "all verbs]'\n"
			     "		return\n"
			     "	fi\n"
			     "	shift words\n"
			     "	((CURRENT--))\n"
			     "	case $words[1] in";

static const char end[] = "	esac\n"
			  "}\n"
			  "\n"
			  "if [ \"$funcstack[1]\" = _iommux ]; then\n"
			  "	_iommux \"$@\"\n"
			  "else\n"
			  "	compdef _iommux iommux\n"
			  "fi\n";

/* "*.lua", or "(*.a|*.b)": one pattern in parentheses would be flags. */
static void put_files(const char *files)
{
	const bool several = strchr(files, ' ');

	if (!strcmp(files, "*")) {
		fputs("_files", stdout);
		return;
	}
	printf("_files -g \"%s", several ? "(" : "");
	for (; *files; files++)
		putchar(*files == ' ' ? '|' : *files);
	printf("%s\"", several ? ")" : "");
}

/* Without words, "()": nothing is offered, and options still are. */
static void put_value(const struct option *o)
{
	printf(":%s:", o->value);
	if (o->files) {
		put_files(o->files);
		return;
	}
	putchar('(');
	if (completion_has_words(o))
		completion_put_words(o);
	putchar(')');
}

static void put_row(const struct option *o, unsigned place)
{
	fputs(" \\\n			'", stdout);
	if (o->name) {
		printf("%s%s[", o->name, o->value ? "=" : "");
		completion_put_brief(o->help, "'\\'", "\\");
		putchar(']');
	} else if (o->many) {
		putchar('*');
	} else {
		printf("%u", place);
	}
	if (o->value)
		put_value(o);
	putchar('\'');
}

static void put_verb(const struct verb *v)
{
	unsigned place = 0;

	printf("	%s)\n		_arguments", v->name);
	for (const struct option *o = v->options; o->name || o->value; o++) {
		place += !o->name;
		put_row(o, place);
	}
	puts(" \\\n			'--help[Shows this]'\n			;;");
}

void completion_zsh(void)
{
	puts(begin);
	for (const struct verb *const *v = verbs; *v; v++) {
		printf("			'%s:", (*v)->name);
		completion_put_brief((*v)->summary, "'\\'", "");
		puts("'");
	}
	puts(middle);
	for (const struct verb *const *v = verbs; *v; v++)
		put_verb(*v);
	fputs(end, stdout);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux completion: what shells offer behind "iommux", from what verbs say of themselves. */
#include "completion.h"

#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "verbs.h"

/* ---- For all shells ------------------------------------------------------------------------------ */

bool completion_has_words(const struct option *row)
{
	return row->value && (option_is_words(row->value) || !strcmp(row->value, "VERB"));
}

void completion_put_words(const struct option *row)
{
	if (!option_is_words(row->value)) {
		for (const struct verb *const *v = verbs; *v; v++)
			printf("%s%s", v == verbs ? "" : " ", (*v)->name);
		return;
	}
	for (const char *c = row->value; *c; c++)
		putchar(*c == '|' ? ' ' : *c);
}

void completion_put_brief(const char *help, const char *quote, const char *bracket)
{
	for (const char *c = help; *c && !strchr(":;", *c); c++) {
		if (*c == '.' && (c[1] == ' ' || !c[1]))
			break;
		if (*c == '\'')
			fputs(quote, stdout);
		else if (*c == '[' || *c == ']')
			fputs(bracket, stdout);
		putchar(*c);
	}
}

/* ---- bash ---------------------------------------------------------------------------------------- */

static const char bash_rest[] =
	"_iommux()\n"
	"{\n"
	"	local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} i place=1 option= words "
	"files\n"
	"	local -a globs\n"
	"\n"
	"	# bash splits --name=value at the sign.\n"
	"	[ \"$cur\" = = ] && cur=\n"
	"	COMPREPLY=()\n"
	"	for ((i = 2; i < COMP_CWORD; i++)); do\n"
	"		case ${COMP_WORDS[i]} in\n"
	"		=) ;;\n"
	"		--*)\n"
	"			option=${COMP_WORDS[i]}\n"
	"			_iommux_row \"$verb\" \"$option\" || option=\n"
	"			;;\n"
	"		*)\n"
	"			[ -n \"$option\" ] || place=$((place + 1))\n"
	"			option=\n"
	"			;;\n"
	"		esac\n"
	"	done\n"
	"	if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	"		_iommux_row '' 1\n"
	"		[[ $cur != -* ]] || words=$(_iommux_options '')\n"
	"	elif [[ -z $option && $cur == -* ]]; then\n"
	"		words=$(_iommux_options \"$verb\")\n"
	"		files=\n"
	"	else\n"
	"		_iommux_row \"$verb\" \"${option:-$place}\" || return\n"
	"	fi\n"
	"	read -ra globs <<<\"$files\"\n"
	"	mapfile -t COMPREPLY < <(\n"
	"		compgen -W \"$words\" -- \"$cur\"\n"
	"		[ -z \"$files\" ] || compgen -d -- \"$cur\"\n"
	"		for i in \"${globs[@]}\"; do\n"
	"			compgen -f -X \"!$i\" -- \"$cur\"\n"
	"		done\n"
	"	)\n"
	"	[ -z \"$files\" ] || compopt -o filenames 2>/dev/null\n"
	"}\n"
	"complete -F _iommux iommux\n";

static void bash_rows(const struct verb *v)
{
	unsigned place = 0;

	for (const struct option *o = v->options; o->name || o->value; o++) {
		place += !o->name;
		if (!o->value)
			continue;
		if (o->name)
			printf("	'%s %s') ", v->name, o->name);
		else if (o->many)
			printf("	'%s '[0-9]*) ", v->name);
		else
			printf("	'%s %u') ", v->name, place);
		if (completion_has_words(o)) {
			fputs("words='", stdout);
			completion_put_words(o);
			fputs("' ", stdout);
		} else if (o->files) {
			printf("files='%s' ", o->files);
		}
		puts(";;");
	}
}

static void bash_options(const struct verb *v)
{
	printf("	'%s') echo '", v->name);
	for (const struct option *o = v->options; o->name || o->value; o++) {
		if (o->name)
			printf("%s ", o->name);
	}
	puts("--help' ;;");
}

static void completion_bash(void)
{
	puts("# bash completion for iommux\n"
	     "\n"
	     "# VERB, and an option or the number of an argument: what may stand there.  False: "
	     "nothing.\n"
	     "_iommux_row()\n"
	     "{\n"
	     "	words= files=\n"
	     "	case \"$1 $2\" in");
	bash_rows(&command);
	for (const struct verb *const *v = verbs; *v; v++)
		bash_rows(*v);
	puts("	*) return 1 ;;\n"
	     "	esac\n"
	     "}\n"
	     "\n"
	     "_iommux_options()\n"
	     "{\n"
	     "	case $1 in");
	bash_options(&command);
	for (const struct verb *const *v = verbs; *v; v++)
		bash_options(*v);
	puts("	esac\n"
	     "}\n");
	fputs(bash_rest, stdout);
}

/* ---- The verb ------------------------------------------------------------------------------------ */

struct ask {
	const char *shell;
};

static const struct option options[] = {
	{ NULL, "bash|zsh|fish", "The shell.", .place = offsetof(struct ask, shell) },
	{ .name = NULL },
};

static int run(int argc, char **argv)
{
	struct ask ask = { .shell = NULL };
	const int status = option_take_all(&verb_completion, &ask, argc, argv);

	if (status)
		return status;
	if (!ask.shell)
		return complain("completion: no shell was given; it should be bash, zsh or fish");
	if (!strcmp(ask.shell, "bash"))
		completion_bash();
	else if (!strcmp(ask.shell, "zsh"))
		completion_zsh();
	else
		completion_fish();
	return EXIT_HELD;
}

const struct verb verb_completion = {
	.name = "completion",
	.summary = "write what a shell needs to complete arguments of iommux",
	.synopsis = { "bash|zsh|fish" },
	.description = {
		"Writes the script with which a shell completes verbs, options, their values and "
		"files of this command.  'make install' puts it where each shell looks for it.",
	},
	.options = options,
	.examples = {
		{ "Complete arguments of a command that is not installed, in this shell:",
		  { "source <(iommux completion bash)" } },
		{ "Keep it for one user:",
		  { "iommux completion fish > ~/.config/fish/completions/iommux.fish" } },
	},
	.statuses = {
		[EXIT_HELD] = "It was written.",
		[EXIT_WRONG] = "No shell was given that it is known for.",
	},
	.see_also = { "bash(1)" },
	.run = run,
};

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The command's verbs. */
#include "verbs.h"

#include <string.h>

#include "complain.h"
#include "nearest.h"

const struct verb *const verbs[] = {
	&verb_run,    &verb_replay, &verb_explain, &verb_regs,       &verb_tables,
	&verb_decode, &verb_help,   &verb_man,     &verb_completion, NULL,
};

const struct verb *verb_find(const char *name)
{
	struct nearest search;

	nearest_begin(&search, name);
	for (const struct verb *const *v = verbs; *v; v++) {
		if (!strcmp((*v)->name, name))
			return *v;
		nearest_offer(&search, (*v)->name);
	}
	if (search.best)
		(void)complain("there is no verb '%s'; did you mean '%s'?", name, search.best);
	else
		(void)complain("there is no verb '%s'; 'iommux --help' lists them", name);
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How often what was reached: random requests are worth what they reach. */
#include "compare.h"

#include <stdio.h>

static void add_grant(struct tally *t, const struct world *w, const struct twin_answer *a)
{
	t->pgtt[a->pgtt]++;
	if (!a->size_lg2)
		return;
	t->size[a->size_lg2]++;
	t->levels[a->levels[0]][a->levels[1]]++;
	t->snooped += a->snoop;
	t->separate += w->twin.rtaddr >> 7 & 1;
}

void tally_add(struct tally *t, const struct world *w, const struct twin_request *q,
               const struct twin_answer *a)
{
	t->requests++;
	t->cached += !(w->config.flags & IOM_VTD_UNCACHED);
	t->mode[w->ttm]++;
	t->interrupts += a->interrupt;
	t->ats_u += a->ats_u;
	if (a->code || a->status == TWIN_SUCCESS)
		t->code[q->at][a->code]++;
	if (a->code)
		t->suppressed += a->status != TWIN_SUCCESS && !a->recorded;
	else if (a->status == TWIN_SUCCESS)
		add_grant(t, w, a);
	for (unsigned i = 0; i < w->memory.n_writes; i++)
		t->update[w->memory.writes[i].access.use == TWIN_SECOND_STAGE]++;
}

uint64_t tally_code(const struct tally *t, unsigned code)
{
	return t->code[0][code] + t->code[1][code] + t->code[2][code];
}

static void row(const char *name, const uint64_t *counts, unsigned n, const char *format)
{
	printf("%s:", name);
	for (unsigned i = 0; i < n; i++)
		if (counts[i]) {
			printf("  ");
			printf(format, i);
			printf(" %llu", (unsigned long long)counts[i]);
		}
	printf("\n");
}

void tally_print(const struct tally *t)
{
	static const char *const types[] = { "untranslated", "translation requests", "translated" };

	printf("%llu requests (%llu through caches) in %llu worlds; %llu repeats, %llu probes, "
	       "%llu "
	       "configurations refused\n",
	       (unsigned long long)t->requests, (unsigned long long)t->cached,
	       (unsigned long long)t->worlds, (unsigned long long)t->repeats,
	       (unsigned long long)t->probes, (unsigned long long)t->refused);
	row("TTM", t->mode, 4, "%u");
	for (unsigned i = 0; i < 3; i++)
		row(types[i], t->code[i], 256, "0x%02x");
	row("granted, PGTT", t->pgtt, 5, "%u");
	for (unsigned i = 0; i < 6; i++)
		if (i == 0 || i > 3) {
			printf("granted, first stage of %u levels, ", i);
			row("second stage", t->levels[i], 6, "%u");
		}
	row("granted, log2 of the page", t->size, 65, "%u");
	printf("A and D: first stage %llu, second stage %llu\n", (unsigned long long)t->update[0],
	       (unsigned long long)t->update[1]);
	printf("excused by D that was set elsewhere: %llu\n", (unsigned long long)t->excused);
	printf("records suppressed %llu; messages %llu, answered so %llu; snooped %llu, SSIRWE "
	       "%llu\n",
	       (unsigned long long)t->suppressed, (unsigned long long)t->interrupts,
	       (unsigned long long)t->ats_u, (unsigned long long)t->snooped,
	       (unsigned long long)t->separate);
}

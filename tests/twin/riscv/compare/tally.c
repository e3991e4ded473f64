/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How often what was reached: random requests are worth what they reach. */
#include "compare.h"

#include <stdio.h>

#include "../inside.h"

/* Bare, Sv32, Sv39, Sv48, Sv57 */
static unsigned stage(uint64_t word, bool rv32)
{
	unsigned mode = (unsigned)bits(word, 63, 60);

	if (mode == 0)
		return 0;
	return rv32 ? 1 : mode - 6;
}

static void add_grant(struct tally *t, const struct world *w, const struct twin_answer *a)
{
	t->size[a->size_lg2]++;
	t->pbmt[a->pbmt]++;
	t->order[w->be][a->sbe]++;
	if (a->translated)
		t->stages[stage(a->iosatp, a->sxl)][stage(a->iohgatp, w->gxl)]++;
	t->message += a->message;
	t->mrif += a->mrif;
	t->shrunk += a->shrunk;
}

void tally_add(struct tally *t, const struct world *w, const struct twin_request *q,
               const struct twin_answer *a)
{
	t->requests++;
	t->cached += !(w->config.flags & IOM_RISCV_UNCACHED);
	t->cause[q->type][a->cause]++;
	t->levels[w->levels]++;
	if (a->cause)
		t->step[a->step]++;
	else
		add_grant(t, w, a);
	if (a->status != TWIN_SUCCESS && !a->recorded)
		t->silent++;
	if (a->recorded && (a->record[3] & 3) == 1)
		t->implicit_read++;
	if (a->recorded && (a->record[3] & 3) == 3)
		t->implicit_write++;
	for (unsigned i = 0; i < w->memory.n_writes; i++)
		t->update[w->memory.writes[i].access.use == TWIN_SECOND_STAGE]++;
	if (q->type == TWIN_TRANSLATION_REQUEST) {
		t->ats_denied += a->denied;
		t->ats_granted += !a->cause;
	}
	t->t2gpa += a->t2gpa;
}

void tally_store(struct tally *t, const struct twin_request *q, const struct twin_answer *a)
{
	t->stores++;
	if (a->cause)
		t->cause[q->type][a->cause]++;
	else if (a->recorded)
		t->notice++;
}

uint64_t tally_cause(const struct tally *t, unsigned cause)
{
	return t->cause[0][cause] + t->cause[1][cause] + t->cause[2][cause];
}

static void row(const char *name, const uint64_t *counts, unsigned n, const char *const *names)
{
	printf("%s:", name);
	for (unsigned i = 0; i < n; i++)
		if (counts[i]) {
			if (names)
				printf("  %s %llu", names[i], (unsigned long long)counts[i]);
			else
				printf("  %u %llu", i, (unsigned long long)counts[i]);
		}
	printf("\n");
}

void tally_print(const struct tally *t)
{
	static const char *const types[] = { "untranslated", "translation requests", "translated" };
	static const char *const schemes[] = { "Bare", "Sv32", "Sv39", "Sv48", "Sv57" };
	static const char *const pbmts[] = { "PMA", "NC", "IO" };
	static const char *const levels[] = { "Off or Bare", "1LVL", "2LVL", "3LVL" };

	printf("%llu requests (%llu through caches) in %llu worlds; %llu repeats, %llu probes, "
	       "%llu "
	       "loads, "
	       "%llu configurations refused\n",
	       (unsigned long long)t->requests, (unsigned long long)t->cached,
	       (unsigned long long)t->worlds, (unsigned long long)t->repeats,
	       (unsigned long long)t->probes, (unsigned long long)t->loads,
	       (unsigned long long)t->refused);
	row("directory", t->levels, 4, levels);
	for (unsigned i = 0; i < 3; i++)
		row(types[i], t->cause[i], 512, NULL);
	row("refused at step", t->step, 17, NULL);
	for (unsigned i = 0; i < 5; i++) {
		printf("granted, first stage ");
		row(schemes[i], t->stages[i], 5, schemes);
	}
	row("granted, log2 of the range", t->size, 65, NULL);
	row("granted, memory type", t->pbmt, 3, pbmts);
	printf("granted, BE and SBE:  00 %llu  01 %llu  10 %llu  11 %llu\n",
	       (unsigned long long)t->order[0][0], (unsigned long long)t->order[0][1],
	       (unsigned long long)t->order[1][0], (unsigned long long)t->order[1][1]);
	printf("messages: %llu, to an MRIF %llu, stores there %llu, notices lost %llu; ranges cut "
	       "for messages %llu\n",
	       (unsigned long long)t->message, (unsigned long long)t->mrif,
	       (unsigned long long)t->stores, (unsigned long long)t->notice,
	       (unsigned long long)t->shrunk);
	printf("A and D: first stage %llu, second stage %llu\n", (unsigned long long)t->update[0],
	       (unsigned long long)t->update[1]);
	printf("implicit accesses refused: reads %llu, writes %llu; not recorded %llu\n",
	       (unsigned long long)t->implicit_read, (unsigned long long)t->implicit_write,
	       (unsigned long long)t->silent);
	printf("excused by NAPOT leaves of which some entries are marked: %llu\n",
	       (unsigned long long)t->excused);
	printf("ATS: granted %llu, denied %llu, T2GPA %llu\n", (unsigned long long)t->ats_granted,
	       (unsigned long long)t->ats_denied, (unsigned long long)t->t2gpa);
}

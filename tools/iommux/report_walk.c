/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What the accesses of a walk are of, in the words of `iommux explain`.  A walk of a unit that has the
 * context of its device cached does not show what the tables are: that is kept from when the context
 * was read.
 */
#include <stdlib.h>
#include <string.h>

#include "report.h"

static const struct explain_arch *arch_of(const char *arch)
{
	return strcmp(arch, "vtd") != 0 ? &explain_riscv : &explain_vtd;
}

void walks_registers(struct report_walks *w, struct iom_unit *unit, const char *arch)
{
	struct scene scene = { .unit = unit };
	struct explanation x = { .scene = &scene };

	if (w->arch && !w->stored)
		return;
	w->arch = arch_of(arch);
	w->stored = false;
	w->base = (struct explain_walk){ 0 };
	/* Once for each kind of request, where that makes a difference. */
	w->arch->begin(&x, &w->base);
	x.question.interrupt = true;
	w->arch->begin(&x, &w->base);
	free(x.step);
}

static uint64_t key_of(const struct trace_event *e)
{
	const bool pasid = e->request.flags & IOM_REQ_PASID;

	return (uint64_t)e->requester << 32 | (pasid ? e->request.pasid << 1 | 1u : 0);
}

/* Of this process, or else of the device. */
static const struct report_context *find(const struct report_walks *w, uint64_t key)
{
	const struct report_context *near = NULL;

	for (size_t i = 0; i < w->count; i++) {
		if (w->context[i].key == key)
			return &w->context[i];
		if (w->context[i].key >> 32 == key >> 32)
			near = &w->context[i];
	}
	return near;
}

static void keep(struct report_walks *w, uint64_t key, const struct explain_walk *walk)
{
	size_t i = 0;

	while (i < w->count && w->context[i].key != key)
		i++;
	if (i == REPORT_CONTEXTS)
		i = w->next++ % REPORT_CONTEXTS;
	else if (i == w->count)
		w->count++;
	w->context[i] = (struct report_context){ key, *walk };
}

static struct explain_walk begin(const struct report_walks *w, const struct trace_event *e,
                                 bool process)
{
	struct explain_walk walk = w->base;
	const struct report_context *known = find(w, key_of(e));

	if (!known)
		return walk;
	walk.levels1 = walk.at1 = known->walk.levels1;
	walk.levels2 = walk.at2 = known->walk.levels2;
	walk.big1 = known->walk.big1;
	walk.wants_process = process;
	if (!walk.msi_base)
		walk.msi_base = known->walk.msi_base;
	return walk;
}

static uint64_t in_order(uint64_t word, uint32_t bytes, bool big)
{
	if (!big)
		return word;
	return bytes % 8 ? __builtin_bswap32((uint32_t)word) : __builtin_bswap64(word);
}

void walk_label(const struct explain_arch *arch, struct explanation *x, struct explain_walk *walk,
                const struct report_own *own, struct explain_step *step)
{
	const bool late = own->of == IOM_OF_PROCESS || own->of == IOM_OF_STAGE1;
	const bool tables = own->of <= IOM_OF_MSI || own->of == IOM_OF_QUEUE;
	const bool big = tables && (late ? walk->big1 : walk->big);

	*step = (struct explain_step){ .spa = own->address,
		                       .bytes = own->bytes,
		                       .of = own->of,
		                       .write = own->write,
		                       .missed = own->missed,
		                       .result = own->result,
		                       .count = own->words };
	for (unsigned i = 0; i < own->words; i++)
		step->word[i] = in_order(own->word[i], own->bytes, big);
	step->found = in_order(own->found, own->bytes, big);
	arch->label(x, walk, step);
}

struct explain_walk walks_request(struct report_walks *w, const struct trace_event *e,
                                  const struct report_own *own, size_t count)
{
	struct explanation x = { .question = { .requester = e->requester, .request = e->request } };
	struct explain_walk walk, at;
	struct explain_step step;
	size_t contexts = 0;
	bool process = false;

	for (size_t i = 0; i < count; i++) {
		process = process || own[i].of == IOM_OF_PROCESS;
		if (own[i].of == IOM_OF_DEVICE || own[i].of == IOM_OF_PROCESS)
			contexts = i + 1;
	}
	at = walk = begin(w, e, process);
	if (!contexts)
		return walk;
	for (size_t i = 0; i < contexts; i++)
		walk_label(w->arch, &x, &at, &own[i], &step);
	keep(w, key_of(e), &at);
	return walk;
}

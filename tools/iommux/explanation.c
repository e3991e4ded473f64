/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Why a unit answers as it does. */
#include "explanation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "verbs.h"

struct asking {
	struct explanation *x;
	const struct explain_arch *arch;
	struct explain_walk walk;
};

const struct explain_arch *explain_arch(const struct scene *s)
{
	return strcmp(s->header.arch, "vtd") != 0 ? &explain_riscv : &explain_vtd;
}

const char *explain_device(uint32_t requester, char *room)
{
	if (requester >> 16)
		snprintf(room, 16, "%04x:%02x:%02x.%x", requester >> 16 & 0xff,
		         requester >> 8 & 0xff, requester >> 3 & 0x1f, requester & 7);
	else
		snprintf(room, 16, "%02x:%02x.%x", requester >> 8 & 0xff, requester >> 3 & 0x1f,
		         requester & 7);
	return room;
}

static const char *const accesses[] = {
	[IOM_READ] = "a read of",
	[IOM_WRITE] = "a write to",
	[IOM_EXECUTE] = "an instruction fetch from",
	[IOM_ATOMIC] = "an atomic access to",
};

static const char *const types[] = {
	[IOM_AT_UNTRANSLATED] = "",
	[IOM_AT_TRANSLATION_REQUEST] = ", as a translation request (ATS)",
	[IOM_AT_TRANSLATED] = ", which came translated (ATS)",
};

void explain_question(const struct scene_question *q, char *text, size_t size)
{
	char with[48] = ", without PASID";

	if (q->interrupt) {
		snprintf(text, size, "the interrupt message 0x%" PRIx32 " to 0x%" PRIx64, q->data,
		         q->request.iova);
		return;
	}
	if (q->request.flags & IOM_REQ_PASID)
		snprintf(with, sizeof with, ", with PASID 0x%" PRIx32 "%s", q->request.pasid,
		         q->request.flags & IOM_REQ_PRIVILEGED ? ", privileged" : "");
	snprintf(text, size, "%s 0x%" PRIx64 "%s%s%s", accesses[q->request.access & 3],
	         q->request.iova, with, types[q->request.at % 3],
	         !q->both                         ? ""
	         : q->request.access == IOM_WRITE ? "; a read is granted, too"
	                                          : "; so that a write was not tried");
}

/* ---- Steps ------------------------------------------------------------------------------------- */

struct explain_step *explain_add(struct explanation *x)
{
	struct explain_step *step;

	if (x->count == x->room) {
		size_t room = x->room ? 2 * x->room : 32;
		struct explain_step *steps = realloc(x->step, room * sizeof *steps);

		if (!steps) {
			x->short_of_memory = true;
			return NULL;
		}
		x->step = steps;
		x->room = room;
	}
	step = &x->step[x->count++];
	*step = (struct explain_step){ .count = 0 };
	return step;
}

struct explain_step *explain_register(struct explanation *x, const char *name, uint64_t value)
{
	struct explain_step *step = explain_add(x);

	if (!step)
		return NULL;
	step->is_register = true;
	snprintf(step->what, sizeof step->what, "%s", name);
	step->count = 1;
	step->word[0] = value;
	return step;
}

static uint64_t number(const uint8_t *bytes, unsigned n, bool big)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < n; i++)
		word |= (uint64_t)bytes[i] << 8 * (big ? n - 1 - i : i);
	return word;
}

static bool is_big(const struct explain_walk *w, unsigned of)
{
	return of == IOM_OF_PROCESS || of == IOM_OF_STAGE1 ? w->big1 : w->big;
}

/* The unit's own interrupts and notices are always little-endian, and interrupt files as well. */
static void take_words(struct explain_step *step, const struct explain_walk *w,
                       const struct iom_own_access *a)
{
	unsigned each = a->bytes % 8 ? 4 : 8;
	bool big = a->of == IOM_OF_INTERRUPT || a->of == IOM_OF_MRIF ? false : is_big(w, a->of);

	for (unsigned i = 0; a->data && i < a->bytes / each && i < EXPLAIN_WORDS; i++)
		step->word[step->count++] =
			number((const uint8_t *)a->data + (size_t)i * each, each, big);
	if (a->write && a->found) {
		step->swapped = true;
		step->found = number(a->found, each, big);
	}
}

/* More than the longest walk takes; a unit may have commands to carry out meanwhile. */
#define STEPS_MAX 4096

static void on_own(void *opaque, uint32_t requester, const struct iom_own_access *a)
{
	struct asking *asking = opaque;
	bool fetch = a->of == IOM_OF_QUEUE && !a->write;
	struct explain_step *step =
		fetch || asking->x->count >= STEPS_MAX ? NULL : explain_add(asking->x);

	(void)requester;
	if (!step)
		return;
	step->spa = a->spa;
	step->bytes = a->bytes;
	step->of = a->of;
	step->write = a->write;
	step->missed = a->missed;
	step->result = a->result;
	step->unknown = a->result && asking->x->scene->missing;
	take_words(step, &asking->walk, a);
	asking->arch->label(asking->x, &asking->walk, step);
	if (a->of == IOM_OF_MRIF && a->write && !a->result && !a->missed && !asking->x->kept) {
		asking->x->kept = true;
		asking->x->kept_at = a->spa;
	}
}

static void on_moved(void *opaque, uint32_t requester, const struct iom_moved *moved)
{
	struct asking *asking = opaque;

	(void)requester;
	asking->x->stored = moved->write && !moved->result;
	asking->x->stored_at = moved->spa;
}

static void on_called(void *opaque, const struct iom_called *called)
{
	struct asking *asking = opaque;

	if (called->kind != IOM_CALLED_MSI || asking->x->sent)
		return;
	asking->x->sent = true;
	asking->x->sent_to = called->address;
	asking->x->sent_data = (uint32_t)called->value;
}

/* ---- Asking ------------------------------------------------------------------------------------ */

static int ask(struct scene *s, const struct scene_question *q, struct iom_reply *reply)
{
	struct iom_endpoint *endpoint;
	struct iom_lane *lane;
	struct iom_port *port;
	int result = iom_endpoint_get(s->unit, q->requester, &endpoint);

	if (result)
		return result;
	if (q->interrupt)
		return iom_msi(endpoint, q->request.iova, q->data, reply);
	result = iom_lane_open(s->unit, &lane);
	if (result)
		return result;
	result = iom_port_open(endpoint, lane, &port);
	if (!result) {
		iom_begin(lane);
		result = iom_translate(port, &q->request, reply);
		iom_end(lane);
	}
	iom_lane_close(lane);
	return result;
}

static const struct explain_clause *clause_of(const struct explain_arch *arch, uint32_t code)
{
	const struct explain_clause *c = arch->clauses;

	while (c->code && c->code != code)
		c++;
	return c->code ? c : NULL;
}

/* Of a refusal: the last thing that was looked at before it was recorded. */
static void find_decision(struct explanation *x, const struct explain_arch *arch)
{
	for (size_t i = x->count; i--;) {
		struct explain_step *step = &x->step[i];

		if (step->of == IOM_OF_QUEUE || step->of == IOM_OF_INTERRUPT)
			continue;
		step->decided = true;
		if (arch->detail)
			x->detail = arch->detail(x, step);
		return;
	}
}

/*
 * What the live unit read is the walk but for what it had cached.  Walks of the second stage begin alike
 * and end each with its own entry, so that both are compared from their ends.
 */
static void find_cached(struct explanation *x)
{
	const struct scene_warm *w = &x->scene->warm;
	size_t left = w->count;

	for (size_t i = x->count; i-- && w->asked;) {
		struct explain_step *s = &x->step[i];

		if (s->is_register || s->write)
			continue;
		/* What is there for an interrupt is not cached, and a probe does not look at it. */
		s->from = s->of == IOM_OF_MRIF ? EXPLAIN_UNASKED : EXPLAIN_CACHED;
		if (left && w->reads[left - 1].spa == s->spa && w->reads[left - 1].of == s->of) {
			s->from = EXPLAIN_READ;
			left--;
		}
	}
}

/* Where the answers are about the same, does the live one agree? */
static bool differs(const struct explanation *x)
{
	const struct scene_warm *w = &x->scene->warm;

	if (!w->asked || x->scene->missing)
		return false;
	if (!w->result != !x->result || w->reply.fault != x->reply.fault)
		return true;
	if (x->result)
		return false;
	if (x->question.interrupt)
		return w->routed && w->route.kind == IOM_ROUTE_MESSAGE && x->sent &&
		       (w->route.address != x->sent_to || w->route.data != x->sent_data);
	return w->reply.spa != x->reply.spa;
}

/* What came of not knowing a word is no answer. */
static void cut(struct explanation *x)
{
	size_t i = 0;

	while (i < x->count && !x->step[i].unknown)
		i++;
	x->count = i < x->count ? i + 1 : i;
	x->sent = x->stored = false;
	x->result = IOM_EFAULT;
}

static void conclude(struct explanation *x, const struct explain_arch *arch, uint64_t mark)
{
	if (x->scene->missing) {
		cut(x);
		return;
	}
	if (x->reply.fault) {
		x->fault = iom_fault_name(x->scene->unit, x->reply.fault);
		x->clause = clause_of(arch, x->reply.fault);
		if (!x->scene->bare)
			arch->recorded(x, mark);
	}
	if (x->result)
		find_decision(x, arch);
	x->stale = differs(x);
	if (!x->stale)
		find_cached(x);
}

int explanation_make(struct scene *s, const struct scene_question *question, struct explanation *x)
{
	static const struct iom_observer observer = {
		.bytes = sizeof observer,
		.own = on_own,
		.moved = on_moved,
		.called = on_called,
	};
	struct asking asking = { .x = x, .arch = explain_arch(s) };
	uint64_t mark;

	*x = (struct explanation){ .scene = s, .question = *question };
	asking.arch->begin(x, &asking.walk);
	iom_forget(s->unit);
	mark = asking.arch->mark(s->unit);
	(void)iom_observe(s->unit, &observer, &asking);
	x->result = ask(s, question, &x->reply);
	(void)iom_observe(s->unit, NULL, NULL);
	if (x->short_of_memory || x->result == IOM_ENOMEM) {
		explanation_free(x);
		return complain("explain: no memory is left");
	}
	if (x->result == IOM_EINVAL) {
		explanation_free(x);
		return complain("explain: --device 0x%" PRIx32 " cannot be: device numbers have %s "
		                "bits here",
		                question->requester,
		                strcmp(s->header.arch, "vtd") != 0 ? "24" : "16");
	}
	conclude(x, asking.arch, mark);
	return EXIT_HELD;
}

bool explanation_empty(const struct explanation *x)
{
	return !x->result && x->question.request.at == IOM_AT_TRANSLATION_REQUEST && !x->reply.perm;
}

void explanation_free(struct explanation *x)
{
	free(x->step);
	*x = (struct explanation){ .step = NULL };
}

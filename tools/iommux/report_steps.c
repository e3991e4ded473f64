/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Steps of a trace that are kept to be looked at.  Of a long trace a sample: once there are too many of a
 * class, every other one goes, and only every other one is kept from then on.
 */
#include <stdlib.h>
#include <string.h>

#include "report.h"

static const size_t most[REPORT_CLASSES] = {
	[REPORT_FIRST_REFUSED] = 200, [REPORT_REFUSED] = 160,  [REPORT_WALKED] = 240,
	[REPORT_CACHED] = 200,        [REPORT_COMMANDS] = 120, [REPORT_INTERRUPTS] = 80,
	[REPORT_MESSAGES] = 80,
};

/* So many of each kind of fault are sure to be kept. */
#define FIRST_REFUSED 3

static const bool is_request[IOM_CALLS] = {
	[IOM_CALL_TRANSLATE] = true, [IOM_CALL_READ] = true, [IOM_CALL_WRITE] = true,
	[IOM_CALL_ATOMIC] = true,    [IOM_CALL_MSI] = true,  [IOM_CALL_MSI_TRANSLATE] = true,
};

/* ---- The sample ------------------------------------------------------------------------------------ */

static void thin_out(struct report_steps *s, unsigned class)
{
	struct report_class *c = &s->class[class];
	size_t left = 0;

	c->stride *= 2;
	c->kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		const bool mine = s->steps[i].class == class;

		if (mine && s->steps[i].nth % c->stride) {
			free(s->steps[i].own);
			continue;
		}
		c->kept += mine;
		s->steps[left++] = s->steps[i];
	}
	s->count = left;
}

static bool wanted(struct report_steps *s, unsigned class, uint64_t *nth)
{
	struct report_class *c = &s->class[class];

	*nth = c->seen++;
	if (!c->stride)
		c->stride = 1;
	if (*nth % c->stride)
		return false;
	if (c->kept == most[class]) {
		thin_out(s, class);
		if (*nth % c->stride)
			return false;
	}
	return true;
}

/* A new step; NULL: it is not kept, or there is no memory for it. */
static struct report_step *add(struct report_steps *s, unsigned kind, unsigned class,
                               const struct trace_event *e)
{
	uint64_t nth;

	if (!wanted(s, class, &nth))
		return NULL;
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 128;
		struct report_step *steps = realloc(s->steps, room * sizeof *steps);

		if (!steps) {
			s->short_of_memory = true;
			return NULL;
		}
		s->steps = steps;
		s->room = room;
	}
	s->class[class].kept++;
	s->steps[s->count] = (struct report_step){
		.at = { e->number, e->time_ns },
		.nth = nth,
		.kind = (uint8_t)kind,
		.class = (uint8_t) class,
		.requester = e->requester,
		.result = e->result,
		.address = UINT64_MAX,
	};
	return &s->steps[s->count++];
}

/* ---- Own accesses ---------------------------------------------------------------------------------- */

static uint64_t word_of(const uint8_t *bytes, size_t count)
{
	uint64_t word = 0;

	for (size_t i = count < 8 ? count : 8; i--;)
		word = word << 8 | bytes[i];
	return word;
}

static void take_words(struct report_own *own, const uint8_t *bytes, size_t count)
{
	for (size_t at = 0; bytes && at < count && own->words < REPORT_WORDS; at += 8)
		own->word[own->words++] = word_of(bytes + at, count - at);
}

static void on_own(struct report_steps *s, const struct trace_event *e)
{
	struct report_own *own;

	if (s->owns == REPORT_OWN_MAX) {
		s->owns_more++;
		return;
	}
	own = &s->own[s->owns];
	s->own_depth[s->owns++] = e->depth;
	*own = (struct report_own){
		.address = e->address,
		.bytes = (uint32_t)e->bytes,
		.result = e->result,
		.of = e->what,
		.write = e->write,
		.missed = e->missed,
	};
	take_words(own, e->data, e->data_bytes);
	if (e->found) {
		own->swap = true;
		own->found = word_of(e->found, e->found_bytes);
	}
}

static void forget_own(struct report_steps *s)
{
	s->owns = s->owns_more = 0;
}

/* The first of those at this depth, and in calls inside. */
static size_t first_own(const struct report_steps *s, uint32_t depth)
{
	size_t first = s->owns;

	while (first && s->own_depth[first - 1] >= depth)
		first--;
	return first;
}

/* The step gets those from `first` on. */
static void give_own(struct report_steps *s, struct report_step *step, size_t first)
{
	step->owns = s->owns - first;
	step->owns_more = s->owns_more;
	if (!step->owns)
		return;
	step->own = malloc(step->owns * sizeof *step->own);
	if (!step->own) {
		step->owns = 0;
		s->short_of_memory = true;
		return;
	}
	memcpy(step->own, &s->own[first], step->owns * sizeof *step->own);
}

/* ---- Events ---------------------------------------------------------------------------------------- */

static unsigned class_of(const struct replay_stats *stats, const struct trace_event *e)
{
	const uint64_t key = (uint64_t)e->reply.fault << 32 | e->requester;

	if (!e->result && e->reply.status == IOM_DONE)
		return stats->cached_last ? REPORT_CACHED : REPORT_WALKED;
	if (e->reply.fault && tally_count(&stats->faults, key, COUNT_REQUESTS) <= FIRST_REFUSED)
		return REPORT_FIRST_REFUSED;
	return REPORT_REFUSED;
}

static void on_request(struct report_steps *s, const struct replay_stats *stats,
                       const struct trace_event *e)
{
	const size_t first = first_own(s, e->depth);
	const struct explain_walk walk =
		walks_request(&s->walks, e, &s->own[first], s->owns - first);
	struct report_step *step = add(s, REPORT_REQUEST, class_of(stats, e), e);

	if (step) {
		give_own(s, step, first);
		step->walk = walk;
		step->request = e->request;
		step->reply = e->reply;
		step->cached = stats->cached_last;
		if (s->sent) {
			step->address = s->address;
			step->value = s->value;
		}
	}
	s->owns = first;
	s->owns_more = 0;
	s->sent = false;
}

static void on_command(struct report_steps *s, const struct trace_event *e)
{
	struct report_step *step = add(s, REPORT_COMMAND, REPORT_COMMANDS, e);

	if (step)
		take_words(&step->command, e->data, e->data_bytes);
}

static void on_message(struct report_steps *s, const struct trace_event *e, bool from_device)
{
	struct report_step *step = add(s, REPORT_MESSAGE, REPORT_MESSAGES, e);

	if (!step)
		return;
	step->message = e->message;
	step->from_device = from_device;
}

static void on_called(struct report_steps *s, const struct trace_event *e)
{
	struct report_step *step;

	if (e->what == IOM_CALLED_MESSAGE)
		on_message(s, e, false);
	if (e->what == IOM_CALLED_MSI && e->depth && s->request_at[e->depth - 1]) {
		s->sent = true;
		s->address = e->address;
		s->value = e->value;
		return;
	}
	if (e->what != IOM_CALLED_MSI && (e->what != IOM_CALLED_WIRE || !e->value))
		return;
	step = add(s, REPORT_INTERRUPT, REPORT_INTERRUPTS, e);
	if (!step)
		return;
	step->value = e->value;
	if (e->what == IOM_CALLED_MSI)
		step->address = e->address;
	else
		step->value = e->address;
}

void steps_event(struct report_steps *s, const struct replay_stats *stats,
                 const struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_CALL:
		s->request_at[e->depth] = is_request[e->what];
		if (!e->depth) {
			forget_own(s);
			s->sent = false;
		}
		s->walks.stored = s->walks.stored || !is_request[e->what];
		if (e->what == IOM_CALL_MESSAGE)
			on_message(s, e, true);
		break;
	case TRACE_OWN:
		on_own(s, e);
		break;
	case TRACE_ACCESS:
		on_request(s, stats, e);
		break;
	case TRACE_COMMAND:
		on_command(s, e);
		break;
	case TRACE_CALLED:
		on_called(s, e);
		break;
	default:
		break;
	}
}

void steps_free(struct report_steps *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->steps[i].own);
	free(s->steps);
	*s = (struct report_steps){ 0 };
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Scenes from scenarios: run up to a step, the IOMMU is asked, then copied with its memory. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "scenario.h"
#include "scene.h"
#include "unit_list.h"
#include "verbs.h"

struct stop {
	const struct scene_spec *spec;
	const struct scene_question *question;
	struct scene *scene;
	struct unit_list list;
	int status;
};

static const struct listed_unit *choose(const struct stop *stop)
{
	const struct listed_unit *u = stop->list.first;

	if (stop->spec->has_unit)
		while (u && u->number != stop->spec->unit)
			u = u->next;
	else if (stop->question)
		while (u && !unit_list_knows(u, stop->question->requester))
			u = u->next;
	return u;
}

static int no_unit(const struct stop *stop)
{
	const struct scene_spec *spec = stop->spec;

	if (!stop->list.first)
		return complain("%s: %s has no machine at step %" PRIu64, spec->verb, spec->path,
		                spec->at);
	if (spec->has_unit)
		return complain("%s: %s has no IOMMU %" PRIu64 " at step %" PRIu64 "; they are "
		                "numbered from 0 in the order in which they are made",
		                spec->verb, spec->path, spec->unit, spec->at);
	return complain("%s: no IOMMU of %s has met a device 0x%" PRIx32 " at step %" PRIu64
	                "; --unit N asks IOMMU N nevertheless",
	                spec->verb, spec->path, stop->question->requester, spec->at);
}

static int take(struct stop *stop, const struct listed_unit *u)
{
	const struct scene_spec *spec = stop->spec;
	struct scene *s = stop->scene;
	struct trace_config config;
	struct iom_error error;
	char note[192];

	snprintf(note, sizeof note, "IOMMU %u of %s at step %" PRIu64 "%s", u->number, spec->path,
	         spec->at, u->guest ? ", a guest's" : "");
	snprintf(s->name, sizeof s->name, "%s", note);
	if (stop->question && scene_ask(u->unit, stop->question, &s->warm))
		return complain("%s: --device 0x%" PRIx32 " cannot be: device numbers have %u bits "
		                "here",
		                spec->verb, stop->question->requester,
		                u->arch->requester_last > 0xffff ? 24u : 16u);
	config = unit_list_config(u, note);
	if (trace_header_make(u->unit, &config, &s->header, &error))
		return complain("%s: %s: %s", spec->verb, s->name, error.text);
	if (unit_list_ram(u, scene_learn, s))
		return complain("%s: no memory is left for a copy of the machine's", spec->verb);
	return EXIT_HELD;
}

static bool reached(void *opaque)
{
	struct stop *stop = opaque;
	const struct listed_unit *u = choose(stop);

	stop->status = u ? take(stop, u) : no_unit(stop);
	return true;
}

int scene_from_scenario(const struct scene_spec *spec, const struct scene_question *question,
                        struct scene *s)
{
	struct stop stop = { .spec = spec, .question = question, .scene = s };
	const struct machine_units units = unit_list_listen(&stop.list);
	struct scenario scenario = {
		.path = spec->path,
		.arch = spec->arch ? spec->arch : machine_archs[0],
		.seed = spec->has_seed ? spec->seed : 1,
		.units = &units,
		.silent = true,
		.at = spec->at,
		.reached = reached,
		.opaque = &stop,
	};
	int status;

	if (!spec->has_at)
		return complain("%s: %s is no snapshot and no trace; of a scenario, --at STEP says "
		                "when ('iommux run --steps' numbers them)",
		                spec->verb, spec->path);
	if (spec->has_event)
		return complain("%s: --event is for traces, and %s is none", spec->verb,
		                spec->path);
	status = scenario_run(&scenario);
	unit_list_free(&stop.list);
	return scenario.ended ? stop.status : status;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux explain: why an IOMMU answers a request as it does. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colour.h"
#include "complain.h"
#include "explanation.h"
#include "scene_option.h"
#include "verbs.h"

struct explain {
	struct scene_spec spec;
	struct scene_question question;
	bool has_device, has_iova, has_access, json;
	const char *access, *color;
};

/* ---- Options ----------------------------------------------------------------------------------- */

static int set_device(void *opaque, const char *value)
{
	struct explain *e = opaque;

	e->has_device = true;
	return scene_option_device(&e->spec, value, &e->question.requester);
}

static int set_pasid(void *opaque, const char *value)
{
	struct explain *e = opaque;

	e->question.request.flags |= IOM_REQ_PASID;
	return scene_option_pasid(&e->spec, value, &e->question.request.pasid);
}

static int set_iova(void *opaque, const char *value)
{
	struct explain *e = opaque;

	e->has_iova = true;
	return scene_option_number(&e->spec, "--iova", value, UINT64_MAX, &e->question.request.iova,
	                           "an address");
}

static int set_interrupt(void *opaque, const char *value)
{
	struct explain *e = opaque;
	const char *colon = strchr(value, ':');
	char address[32];
	uint64_t data;

	e->question.interrupt = true;
	if (!colon || colon - value >= (int)sizeof address)
		return complain("explain: --interrupt %s must be ADDRESS:DATA, as "
		                "0xfee00010:0x0",
		                value);
	snprintf(address, sizeof address, "%.*s", (int)(colon - value), value);
	if (!option_number(address, &e->question.request.iova) ||
	    !option_number(colon + 1, &data) || data > UINT32_MAX || e->question.request.iova % 4 ||
	    e->question.request.iova > UINT64_MAX - 3)
		return complain("explain: --interrupt %s: the address must be a multiple of 4, and "
		                "the data have 32 bits",
		                value);
	e->question.data = (uint32_t)data;
	return EXIT_HELD;
}

static int set_access(void *opaque, const char *value)
{
	static const struct {
		const char *word;
		uint8_t access;
		bool both;
	} words[] = {
		{ "r", IOM_READ, false },
		{ "w", IOM_WRITE, false },
		{ "rw", IOM_WRITE, true },
		{ "x", IOM_EXECUTE, false },
	};
	struct explain *e = opaque;

	e->has_access = true;
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].word, value) != 0)
			continue;
		e->question.request.access = words[i].access;
		e->question.both = words[i].both;
	}
	return EXIT_HELD;
}

static const struct option options[] = {
	{ "--device", "DEVICE",
	  "Who asks: BUS:DEVICE.FUNCTION, as 01:00.0, also with the segment, as 0000:01:00.0; or "
	  "the number by which the IOMMU knows it, as 0x100.",
	  .set = set_device },
	{ "--iova", "ADDRESS", "The address that the device uses.", .set = set_iova },
	{ "--access", "r|w|rw|x",
	  "What it does there: r reads, which is the default, w writes, x fetches instructions; of "
	  "rw what is explained is the read if that is refused, else the write.",
	  .set = set_access },
	{ "--pasid", "N", "The request has this PASID, process_id with RISC-V.", .set = set_pasid },
	{ "--interrupt", "ADDRESS:DATA",
	  "Asks of an interrupt message instead: 4 bytes of DATA that the device stores to "
	  "ADDRESS.",
	  .set = set_interrupt },
	{ "--json", NULL, "Prints JSON.", .place = offsetof(struct explain, json) },
	OPTION_COLOR(offsetof(struct explain, color)),
	SCENE_MOMENT_OPTIONS,
	SCENE_CORE_OPTIONS,
	{ NULL, "FILE", "A snapshot, a trace or a scenario.",
	  .place = offsetof(struct explain, spec.path), .files = "*" },
	{ .name = NULL },
};

/* ---- Explaining -------------------------------------------------------------------------------- */

static int check(const struct explain *e)
{
	if (!e->spec.path && !e->spec.core)
		return complain("explain: no file was given; a scenario with --at STEP, a trace "
		                "with --event N, or a snapshot, which 'iommux run --snapshot' "
		                "makes");
	if ((e->spec.has_root || e->spec.has_irta) && !e->spec.core)
		return complain("explain: --root and --irta are for --core");
	if (e->spec.has_event && !e->has_device && !e->has_iova && !e->question.interrupt &&
	    !e->has_access && !e->question.request.flags)
		return EXIT_HELD;
	if (!e->has_device)
		return complain("explain: --device is missing: who asks?");
	if (e->question.interrupt && (e->has_iova || e->has_access || e->question.request.flags))
		return complain("explain: --interrupt has its own address, is a store and has no "
		                "PASID; --iova, --access and --pasid are not for it");
	if (!e->question.interrupt && !e->has_iova)
		return complain("explain: --iova ADDRESS or --interrupt ADDRESS:DATA is missing");
	return EXIT_HELD;
}

static int put(struct explanation *x, const struct explain *e)
{
	if (e->json)
		explanation_json(x);
	else
		explanation_text(x, colour_wanted(e->color, stdout));
	explanation_free(x);
	return EXIT_HELD;
}

/* Of a read and a write: is the read refused?  Nothing comes of asking. */
static bool read_refused(struct scene *scene, const struct scene_question *q)
{
	struct scene_question read = *q;
	struct explanation x;
	bool refused;

	read.request.access = IOM_READ;
	read.request.flags |= IOM_REQ_PROBE;
	if (explanation_make(scene, &read, &x))
		return false;
	refused = x.result != 0;
	explanation_free(&x);
	return refused;
}

static int explain(struct explain *e, struct scene *scene)
{
	struct scene_question question = e->has_device ? e->question : scene->question;
	struct explanation x;
	int status;

	if (!e->has_device && !scene->has_question)
		return complain("explain: event %" PRIu64 " of %s belongs to no request of a "
		                "device; "
		                "--device and --iova ask one",
		                e->spec.event, e->spec.path);
	if (e->has_device && scene->has_question)
		scene->warm.asked = false; /* it is another one's */
	if (question.both && read_refused(scene, &question)) {
		question.request.access = IOM_READ;
		scene->warm.asked = false; /* it was asked about the write */
	}
	scene->missing = false;
	status = explanation_make(scene, &question, &x);
	return status ? status : put(&x, e);
}

static int run(int argc, char **argv)
{
	struct explain e = { .spec = { .verb = "explain" } };
	struct scene scene;
	int status = option_take_all(&verb_explain, &e, argc, argv);

	if (!status)
		status = check(&e);
	if (status)
		return status;
	e.question.request.bytes = 4;
	status = scene_open(&e.spec, &e.question, &scene);
	if (status)
		return status;
	status = explain(&e, &scene);
	scene_close(&scene);
	return status;
}

const struct verb verb_explain = {
	.name = "explain",
	.summary = "explain an IOMMU's answer: each table word, its meaning, and what decided",
	.synopsis = {
		"--device DEVICE [--pasid N] --iova ADDRESS [--access r|w|rw|x] [--at STEP] FILE",
		"--device DEVICE --interrupt ADDRESS:DATA [--at STEP] FILE",
		"--event N [--device DEVICE ...] TRACE",
		"--core FILE --arch riscv|vtd --root VALUE [--irta VALUE] --device DEVICE ...",
	},
	.description = {
		"Asks an IOMMU what it would answer to a device, and shows each step: the registers "
		"that it begins with, the address and value of every word of a table that it reads, "
		"what the words mean, which section of the manual has the rule, and the answer, or "
		"the fault with its cause and whether it is recorded.  Of a trace with --event and without "
		"--device, the event's own request is explained.",

		"The IOMMU is a copy of the one in FILE, over a copy of its memory, so that asking "
		"changes nothing.  It walks with empty caches.  Where the IOMMU was at work, in a "
		"scenario, that one is asked first, by its caches: words that it had cached are "
		"marked, and if its answer is another one, as after a forgotten invalidation, that "
		"is said.",
	},
	.options = options,
	.examples = {
		{ "Why is this device's write refused, when the scenario has told its first five lines?",
		  { "iommux explain --at 5 --device 01:00.0 --iova 0x1000 --access w examples/os.lua" } },
		{ "The same from a file:",
		  { "iommux run --snapshot s --at 5 examples/os.lua",
		    "iommux explain --device 01:00.0 --iova 0x1000 --access w s.1" } },
		{ "Where does an interrupt go?",
		  { "iommux explain --at 9 --arch vtd --device 01:00.0 --interrupt 0xfee00010:0 "
		    "examples/interrupts.lua" } },
	},
	.statuses = {
		[EXIT_HELD] = "It is explained, whatever the answer is.",
		[EXIT_WRONG] = "An option or a file is not as it must be; nothing but one sentence is "
		               "written.",
	},
	.see_also = { "iommux-run(1)", "iommux-replay(1)", "docs/explain.md" },
	.run = run,
};

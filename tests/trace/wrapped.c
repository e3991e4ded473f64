/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * All tests of an architecture once more, with each unit recorded from its creation on.  When a unit is
 * freed, its recording is replayed, and must agree.  Tests that observe for themselves end it early.
 * The linker puts these functions in the place of those that tests call.
 */
#include <stdlib.h>

#include "../test.h"
#include "tape.h"

#define UNITS 16

static struct reel {
	struct iom_unit *unit; /* NULL: free */
	struct trace_recorder *recorder;
	struct tape tape;
} reels[UNITS];

/* The recorder and the replayer call, not the test. */
static bool ours;

static struct reel *reel_of(const struct iom_unit *unit)
{
	for (unsigned i = 0; i < UNITS; i++) {
		if (reels[i].unit == unit)
			return &reels[i];
	}
	return NULL;
}

static void record(struct iom_unit *unit, const struct trace_config *config)
{
	struct reel *reel = reel_of(NULL);
	struct trace_sink sink;
	struct iom_error error;

	/* A unit of a test that failed before it could free it. */
	if (!reel)
		return;
	reel->unit = unit;
	sink = tape_sink(&reel->tape);
	ours = true;
	CHECK_EQ(trace_record(unit, config, &sink, &reel->recorder, &error), IOM_OK);
	ours = false;
}

static void replay(struct reel *reel)
{
	char text[2048];
	int result;

	ours = true;
	CHECK_EQ(trace_record_end(reel->recorder, NULL), IOM_OK);
	result = tape_replay(&reel->tape, text, sizeof text, NULL);
	ours = false;
	tape_free(&reel->tape);
	reel->unit = NULL;
	CHECK_MSG(result == TRACE_REPLAY_END, "the replay says %d: %s", result, text);
}

int __real_iom_riscv_new(const struct iom_riscv_config *config, struct iom_memory *memory,
                         const struct iom_host *host, void *opaque, struct iom_unit **out,
                         struct iom_error *error);
int __wrap_iom_riscv_new(const struct iom_riscv_config *config, struct iom_memory *memory,
                         const struct iom_host *host, void *opaque, struct iom_unit **out,
                         struct iom_error *error);
int __real_iom_vtd_new(const struct iom_vtd_config *config, struct iom_memory *memory,
                       const struct iom_host *host, void *opaque, struct iom_unit **out,
                       struct iom_error *error);
int __wrap_iom_vtd_new(const struct iom_vtd_config *config, struct iom_memory *memory,
                       const struct iom_host *host, void *opaque, struct iom_unit **out,
                       struct iom_error *error);
void __real_iom_unit_free(struct iom_unit *unit);
void __wrap_iom_unit_free(struct iom_unit *unit);
int __real_iom_observe(struct iom_unit *unit, const struct iom_observer *observer, void *opaque);
int __wrap_iom_observe(struct iom_unit *unit, const struct iom_observer *observer, void *opaque);

int __wrap_iom_riscv_new(const struct iom_riscv_config *config, struct iom_memory *memory,
                         const struct iom_host *host, void *opaque, struct iom_unit **out,
                         struct iom_error *error)
{
	const struct trace_config recorded = { .riscv = config };
	int result = __real_iom_riscv_new(config, memory, host, opaque, out, error);

	if (result == IOM_OK && !ours)
		record(*out, &recorded);
	return result;
}

int __wrap_iom_vtd_new(const struct iom_vtd_config *config, struct iom_memory *memory,
                       const struct iom_host *host, void *opaque, struct iom_unit **out,
                       struct iom_error *error)
{
	const struct trace_config recorded = { .vtd = config };
	int result = __real_iom_vtd_new(config, memory, host, opaque, out, error);

	if (result == IOM_OK && !ours)
		record(*out, &recorded);
	return result;
}

void __wrap_iom_unit_free(struct iom_unit *unit)
{
	struct reel *reel = unit && !ours ? reel_of(unit) : NULL;

	if (reel)
		replay(reel);
	__real_iom_unit_free(unit);
}

int __wrap_iom_observe(struct iom_unit *unit, const struct iom_observer *observer, void *opaque)
{
	struct reel *reel = ours ? NULL : reel_of(unit);

	if (reel)
		replay(reel);
	return __real_iom_observe(unit, observer, opaque);
}

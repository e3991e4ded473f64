/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Fuzz target: a stream of register accesses, with everything else that an embedder calls. */
#include <stdlib.h>

#include "target.h"
#include "world.h"

static void op_reset(struct world *w)
{
	if (take(&w->in, 1) & 1)
		iom_unit_reset(w->unit);
	else
		iom_unit_reset_warm(w->unit);
}

static void op_stop(struct world *w)
{
	if (take(&w->in, 1) & 1)
		(void)iom_unit_stop(w->unit);
	else
		iom_unit_start(w->unit);
}

static void observed(void *opaque, const uint64_t *word, unsigned words)
{
	(void)opaque, (void)word, (void)words;
}

static void own(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	(void)opaque, (void)requester;
	if (!access->of || access->of > IOM_OF_INTERRUPT || !access->bytes)
		abort();
}

static void op_observe(struct world *w)
{
	const struct iom_observer observer = { .bytes = sizeof observer,
		                               .command = observed,
		                               .own = own };

	(void)iom_observe(w->unit, take(&w->in, 1) & 1 ? &observer : NULL, w);
}

static void op_renumber(struct world *w)
{
	unsigned device = (unsigned)take(&w->in, 1) % DEVICES;

	(void)iom_endpoint_renumber(world_endpoint(w, device), (uint32_t)take(&w->in, 3));
	(void)iom_endpoint_renumber(world_endpoint(w, device), device);
}

static const struct op ops[] = {
	{ op_register, 0 },
	{ op_register, 0 },
	{ op_register, 0 },
	{ op_command, 0 },
	{ op_poke, 0 },
	{ op_request, 0 },
	{ op_section, 0 },
	{ op_time, 0 },
	{ op_reset, OUTSIDE },
	{ op_stop, 0 },
	{ op_observe, OUTSIDE },
	{ op_renumber, 0 },
	{ op_interrupt, VTD_ALONE },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return world_run(data, size, ops, sizeof ops / sizeof ops[0]);
}

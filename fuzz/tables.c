/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Fuzz target: bytes of tables of every kind, and requests that walk them. */
#include "target.h"
#include "world.h"

static int told(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm)
{
	(void)opaque, (void)iova, (void)spa, (void)bytes, (void)perm;
	return 0;
}

static void op_replay(struct world *w)
{
	uint64_t first = take(&w->in, 5), next = 0;

	(void)iom_replay(world_endpoint(w, take(&w->in, 1) % DEVICES), first,
	                 first + take(&w->in, 4), told, NULL, &next);
}

static void op_fault_in(struct world *w)
{
	struct iom_context_info info;
	uint32_t pasid = (uint32_t)take(&w->in, 3);

	(void)iom_fault_in(world_endpoint(w, take(&w->in, 1) % DEVICES), pasid & 1, pasid >> 1,
	                   &info);
}

static const struct op ops[] = {
	{ op_poke, 0 },    { op_flip, 0 },         { op_flip, 0 },           { op_request, 0 },
	{ op_request, 0 }, { op_request, 0 },      { op_transfer, 0 },       { op_forget, 0 },
	{ op_section, 0 }, { op_replay, OUTSIDE }, { op_fault_in, OUTSIDE }, { op_interrupt, 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return world_run(data, size, ops, sizeof ops / sizeof ops[0]);
}

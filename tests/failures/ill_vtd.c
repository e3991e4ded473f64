/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* VT-d units, as ill.h wants to know them: legacy mode, without a queue too, and scalable mode. */
#include "ill.h"

#include "../os/vtd.h"

static struct bench *bench(uint64_t cap, uint64_t ecap)
{
	const struct iom_vtd_config config = vtd_unit(cap, ecap);

	return bench_new_vtd(&config);
}

static struct bench *legacy(void)
{
	return bench(CAP_48, ECAP_LEGACY);
}

static struct bench *without_queue(void)
{
	return bench(CAP_48, COHERENT | PT | IRO);
}

static struct bench *scalable(void)
{
	return bench(CAP_48, ECAP_SCALABLE);
}

static struct bench *legacy_caching(void)
{
	return bench(CAP_48 | CM | RWBF, ECAP_LEGACY);
}

static struct bench *scalable_caching(void)
{
	return bench(CAP_48 | CM, ECAP_SCALABLE);
}

/* One that reads tables as they were written back. */
static struct bench *apart(void)
{
	const struct iom_vtd_config config = vtd_unit(CAP_48, ECAP_SCALABLE & ~(COHERENT | SMPWCS));

	return bench_new_vtd_apart(&config);
}

static bool is_off(struct bench *b)
{
	return !(bench_rd32(b, GSTS) & (GSTS_TES | GSTS_QIES));
}

static uint64_t entry(uint64_t spa, bool leaf)
{
	return spa | (leaf ? 0x67 : 0x27);
}

#define LEGACY(called, make)                                                                       \
	{                                                                                          \
		.name = "VT-d, " called, .bench = make, .is_off = is_off, .blocked = { 1, 2 },     \
		.passes_when_off = true, .records_in_place = true                                  \
	}

#define SCALABLE(called, make)                                                                     \
	{                                                                                          \
		.name = "VT-d, " called, .bench = make, .is_off = is_off,                          \
		.blocked = { 0x39, 0x41, 0x59 }, .format = IOM_FORMAT_X86_4LEVEL, .levels = 4,     \
		.entry = entry, .passes_when_off = true, .records_in_place = true                  \
	}

const struct hardware ill_vtd[] = {
	LEGACY("legacy mode", legacy),
	LEGACY("legacy mode, caching mode", legacy_caching),
	SCALABLE("scalable mode", scalable),
	SCALABLE("scalable mode, caching mode", scalable_caching),
	SCALABLE("scalable mode, apart from the CPU's caches", apart),
	{ .name = NULL },
};

const struct hardware ill_vtd_registers = LEGACY("without a queue", without_queue);

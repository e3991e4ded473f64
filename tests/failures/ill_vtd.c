/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* VT-d units, as ill.h wants to know them: legacy mode, without a queue too, and scalable mode. */
#include "ill.h"

#include "../os/vtd.h"

static struct bench *bench(uint64_t ecap)
{
	const struct iom_vtd_config config = vtd_unit(CAP_48, ecap);

	return bench_new_vtd(&config);
}

static struct bench *legacy(void)
{
	return bench(ECAP_LEGACY);
}

static struct bench *without_queue(void)
{
	return bench(COHERENT | PT | IRO);
}

static struct bench *scalable(void)
{
	return bench(ECAP_SCALABLE);
}

static bool is_off(struct bench *b)
{
	return !(bench_rd32(b, GSTS) & (GSTS_TES | GSTS_QIES));
}

static uint64_t entry(uint64_t spa, bool leaf)
{
	return spa | (leaf ? 0x67 : 0x27);
}

const struct hardware ill_vtd_legacy = {
	.name = "VT-d, legacy mode",
	.bench = legacy,
	.is_off = is_off,
	.blocked = { 1, 2 },
	.passes_when_off = true,
	.records_in_place = true,
};

const struct hardware ill_vtd_registers = {
	.name = "VT-d, without a queue",
	.bench = without_queue,
	.is_off = is_off,
	.blocked = { 1, 2 },
	.passes_when_off = true,
	.records_in_place = true,
};

const struct hardware ill_vtd_scalable = {
	.name = "VT-d, scalable mode",
	.bench = scalable,
	.is_off = is_off,
	.blocked = { 0x39, 0x41, 0x59 },
	.format = IOM_FORMAT_X86_4LEVEL,
	.levels = 4,
	.entry = entry,
	.passes_when_off = true,
	.records_in_place = true,
};

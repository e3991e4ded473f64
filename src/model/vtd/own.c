/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The unit's own accesses to memory for a request, and who hears of them. */
#include "model/vtd/vtd.h"

#include "base/endian.h"

void vtd_loaded(const struct iom_query *query, unsigned of, uint64_t spa, const uint64_t *words,
                unsigned count, int result)
{
	struct iom_own_access access = {
		.spa = spa,
		.bytes = 8 * count,
		.result = result,
		.of = (uint8_t)of,
	};
	uint8_t bytes[8 * VTD_LOAD_WORDS];

	for (unsigned i = 0; i < count && !result; i++)
		iom_st64(bytes + (size_t)8 * i, words[i], false);
	access.data = result ? NULL : bytes;
	iom_own_tell(query->unit, query->requester, &access);
}

void vtd_swapped(const struct iom_query *query, unsigned of, uint64_t spa, uint64_t found,
                 uint64_t now, bool missed, int result)
{
	struct iom_own_access access = {
		.spa = spa,
		.bytes = 8,
		.result = result,
		.of = (uint8_t)of,
	};
	uint8_t room[16];

	iom_own_swap(&access, found, now, missed, room);
	iom_own_tell(query->unit, query->requester, &access);
}

static int load(const struct iom_query *query, uint64_t spa, unsigned words, uint64_t *out)
{
	int result = IOM_OK;

	for (unsigned i = 0; i < words && !result; i++)
		result = iom_memory_ld64(query->unit->memory, query->view, spa + UINT64_C(8) * i,
		                         false, &out[i]);
	return result;
}

int vtd_load(const struct iom_query *query, unsigned of, uint64_t spa, unsigned words,
             uint64_t *out)
{
	uint64_t again[2];
	int result;

	if (spa > query->unit->spa_last)
		return IOM_EFAULT;
	result = load(query, spa, words, out);
	/*
	 * The first two quadwords are from one moment ("atomic 128-bit reads"), as far as two loads that
	 * find the same can tell.  Whoever changes them all the time gets them used as they were found.
	 */
	for (unsigned i = 0; words > 1 && !result && i < IOM_TRIES_MAX; i++) {
		result = load(query, spa, 2, again);
		if (result || (again[0] == out[0] && again[1] == out[1]))
			break;
		result = load(query, spa, words, out);
	}
	if (query->watchers)
		vtd_loaded(query, of, spa, out, words, result);
	return result;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Protected memory regions ("Protected Memory Registers"). */
#include "model/vtd/vtd.h"

/* Do first..last meet the region?  What the limit's register does not hold counts as ones. */
static bool meets(const struct vtd_unit *vtd, unsigned base, unsigned limit, uint64_t first,
                  uint64_t last)
{
	uint64_t begin = vtd_get(vtd, base);
	uint64_t end = vtd_get(vtd, limit) | iom_low(vtd->config.protected_lg2);

	return begin <= end && first <= end && last >= begin;
}

bool vtd_protected(const struct vtd_unit *vtd, uint64_t spa, uint64_t bytes, bool walked)
{
	uint64_t last = spa + (bytes - 1);

	/* Older units trust the tables. */
	if (!vtd_is_on(vtd, VTD_ON_PROTECTED) || (walked && vtd_major(vtd) < 2))
		return false;
	return (vtd->cap & VTD_CAP_PLMR && meets(vtd, VTD_PLMBASE, VTD_PLMLIMIT, spa, last)) ||
	       (vtd->cap & VTD_CAP_PHMR && meets(vtd, VTD_PHMBASE, VTD_PHMLIMIT, spa, last));
}

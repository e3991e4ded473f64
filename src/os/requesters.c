/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "os/requesters.h"

#include "os/driver.h"

/* Multiplicative hashing: bus, device and function numbers lie in rows. */
static uint32_t home(const struct iom_requesters *set, uint32_t requester)
{
	return (requester * UINT32_C(0x9e3779b1)) >> 8 & (set->count - 1);
}

/* The place of a requester, or the free one where it would go. */
static struct iom_requester *place(const struct iom_requesters *set, uint32_t requester)
{
	uint32_t n = home(set, requester);

	while (set->place[n].what && set->place[n].requester != requester)
		n = (n + 1) & (set->count - 1);
	return &set->place[n];
}

int iom_requesters_reserve(struct iom_driver *driver, struct iom_requesters *set)
{
	struct iom_requesters more = { 0 };
	size_t bytes;
	uint32_t n;

	if (set->used + 1 <= set->count / 4 * 3)
		return IOM_OK;
	bytes = set->count ? (size_t)2 * set->count * sizeof *set->place : IOM_PAGE;
	more.place = iom_os_alloc(driver, bytes, &more.phys);
	if (!more.place)
		return IOM_ENOMEM;
	/* The size of an entry need not be a power of two; the number of places is. */
	more.count = (uint32_t)IOM_BIT(iom_log2(bytes / sizeof *set->place));
	for (n = 0; n < set->count; n++)
		if (set->place[n].what)
			iom_requesters_add(&more, set->place[n].requester, set->place[n].what);
	iom_requesters_free(driver, set);
	*set = more;
	return IOM_OK;
}

void *iom_requesters_find(const struct iom_requesters *set, uint32_t requester)
{
	return set->count ? place(set, requester)->what : NULL;
}

void iom_requesters_add(struct iom_requesters *set, uint32_t requester, void *what)
{
	*place(set, requester) = (struct iom_requester){ what, requester };
	set->used++;
}

/* Those behind the gap move up, unless they would come before their home. */
void iom_requesters_drop(struct iom_requesters *set, uint32_t requester)
{
	uint32_t mask = set->count - 1, gap, n;

	gap = (uint32_t)(place(set, requester) - set->place);
	for (n = (gap + 1) & mask; set->place[n].what; n = (n + 1) & mask) {
		uint32_t from = home(set, set->place[n].requester);

		if (((n - from) & mask) >= ((n - gap) & mask)) {
			set->place[gap] = set->place[n];
			gap = n;
		}
	}
	set->place[gap].what = NULL;
	set->used--;
}

void iom_requesters_free(struct iom_driver *driver, struct iom_requesters *set)
{
	size_t bytes = set->count * sizeof *set->place;

	if (!set->place)
		return;
	iom_os_free(driver, set->place, set->phys, (size_t)1 << iom_log2(bytes));
	set->place = NULL;
	set->count = set->used = 0;
}

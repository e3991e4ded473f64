/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Which device is attached to which domain: a hash table with linear probing. */
#ifndef OS_REQUESTERS_H
#define OS_REQUESTERS_H

#include <iommux/os.h>

struct iom_requester {
	struct iom_domain *domain; /* NULL: a free place */
	uint32_t requester;
};

/* Begins as all zeroes. */
struct iom_requesters {
	struct iom_requester *place;
	uint64_t phys;
	uint32_t count; /* places, a power of two or 0 */
	uint32_t used;
};

/* Makes room for one more.  IOM_ENOMEM. */
int iom_requesters_reserve(struct iom_driver *driver, struct iom_requesters *set);
/* The domain of a requester, or NULL. */
struct iom_domain *iom_requesters_find(const struct iom_requesters *set, uint32_t requester);
/* Enters one that is not there; room has been reserved. */
void iom_requesters_add(struct iom_requesters *set, uint32_t requester, struct iom_domain *domain);
/* Takes one out that is there. */
void iom_requesters_drop(struct iom_requesters *set, uint32_t requester);
void iom_requesters_free(struct iom_driver *driver, struct iom_requesters *set);

#endif

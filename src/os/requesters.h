/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What belongs to a requester, or to a PASID: a hash table with linear probing. */
#ifndef OS_REQUESTERS_H
#define OS_REQUESTERS_H

#include <iommux/os.h>

struct iom_requester {
	void *what; /* NULL: a free place */
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
/* What belongs to a requester, or NULL. */
void *iom_requesters_find(const struct iom_requesters *set, uint32_t requester);
/* Enters one that is not there; room has been reserved. */
void iom_requesters_add(struct iom_requesters *set, uint32_t requester, void *what);
/* Takes one out that is there. */
void iom_requesters_drop(struct iom_requesters *set, uint32_t requester);
void iom_requesters_free(struct iom_driver *driver, struct iom_requesters *set);

#endif

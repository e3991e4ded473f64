/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Identifiers that hardware tags its caches with (PSCID, GSCID): a set of small numbers. */
#ifndef OS_IDS_H
#define OS_IDS_H

#include "os/driver.h"

/* Begins as all zeroes but for `limit`; number 0 is never given out. */
struct iom_ids {
	uint32_t limit; /* the first number that does not exist */
	uint32_t hint;  /* no smaller bitmap word has a free bit */
	uint64_t *used; /* bitmap, grown on demand */
	uint64_t phys;
	size_t bytes;
};

/* Takes the smallest free number.  IOM_ENOSPC: all are taken; IOM_ENOMEM. */
int iom_ids_take(struct iom_driver *driver, struct iom_ids *ids, uint32_t *id);
void iom_ids_give(struct iom_ids *ids, uint32_t id);
void iom_ids_free(struct iom_driver *driver, struct iom_ids *ids);

#endif

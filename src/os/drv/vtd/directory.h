/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Where the entries of devices and of their PASIDs stand ("Translation Structure Formats"): root and
 * context tables, PASID directories and tables.  Tables are made on demand, and stay.
 */
#ifndef OS_DRV_VTD_DIRECTORY_H
#define OS_DRV_VTD_DIRECTORY_H

#include "os/drv/vtd/vtd.h"

#define VTDD_CE_WORDS 2u
#define VTDD_SCE_WORDS 4u
#define VTDD_PE_WORDS 8u

/* The context entry of a source-id.  NULL: no memory for its table. */
uint64_t *vtdd_ce_find(struct vtdd_driver *d, uint32_t sid);

/*
 * Lets a scalable-mode context entry, which is not present, have a directory of 2^bits PASIDs at least.
 * The entry keeps the directory while it is not present, too.
 */
int vtdd_directory_make(struct vtdd_driver *d, uint64_t *ce, unsigned bits);
/* How many bits of a PASID the entry's directory can tell apart. */
unsigned vtdd_directory_bits(const uint64_t *ce);

/* The PASID's entry, which the directory has a place for.  NULL: no memory for its table. */
uint64_t *vtdd_pe_find(struct vtdd_driver *d, const uint64_t *ce, uint32_t pasid);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What context entries, PASIDs and abilities of devices need of each other. */
#ifndef OS_DRV_VTD_CONTEXT_H
#define OS_DRV_VTD_CONTEXT_H

#include "os/drv/vtd/directory.h"

/* The words of an entry: all, and the first one, which has P, behind the others. */
void vtdd_entry_put(struct vtdd_driver *d, uint64_t *entry, const uint64_t *words, unsigned count);
void vtdd_entry_stop(struct vtdd_driver *d, uint64_t *entry);
/* Returns true if one of them is not 0. */
bool vtdd_entry_get(const uint64_t *entry, uint64_t *words, unsigned count);

/* Scalable mode: makes the device's context entry present.  False: it was. */
bool vtdd_sce_on(struct vtdd_driver *d, uint64_t *ce, const struct iom_device *device);

/* Lets hardware know `abilities` of a device from now on, in a context entry that is present. */
int vtdd_ce_change(struct vtdd_driver *d, const struct iom_device *device, unsigned abilities);

/* process.c: scalable mode, the entry of a device's PASID. */
int vtdd_pe_on(struct vtdd_driver *d, uint32_t sid, const struct iom_domain *domain,
               uint32_t pasid);
/* `last`: the context entry goes as well. */
int vtdd_pe_off(struct vtdd_driver *d, uint32_t sid, const struct iom_link *link, uint32_t pasid,
                bool last);
/* All entries that a device has. */
void vtdd_pe_forget(struct vtdd_driver *d, const struct iom_device *device);

#endif

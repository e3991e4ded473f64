/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A space: one domain of each IOMMU's driver, all alike, together with the record of what is mapped in
 * them, so that devices behind any of the IOMMUs share it.  It chooses IOVAs, and makes scattered
 * pages contiguous.
 */
#ifndef MACHINE_SPACE_H
#define MACHINE_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include <iommux/os.h>

#include "machine/buffer.h"
#include "machine/kernel.h"

#define SPACE_MAPPINGS_MAX 4096
#define SPACE_ANYWHERE UINT64_MAX /* an IOVA of the space's own choice */

struct mapping {
	uint64_t iova, bytes;  /* bytes: whole pages                             */
	struct buffer *buffer; /* NULL: what is shown is no buffer              */
	bool fixed;            /* the kernel's own, to stay as long as the space */
};

struct space {
	struct kernel *kernel;
	struct iom_domain *domains[BOARD_IOMMUS_MAX]; /* as many as the kernel has IOMMUs */
	unsigned kind; /* IOM_DOMAIN_*                                             */
	struct iom_gather gathers[BOARD_IOMMUS_MAX]; /* what a device did not answer for */
	bool interrupts;  /* can be sent: their pages are mapped, once a device comes  */
	unsigned engines; /* attached                                                 */
	unsigned count;
	struct mapping *mappings; /* by IOVA                                                  */
};

/* IOM_ENOTSUP: the kernel has no IOMMU. */
int space_new(struct kernel *kernel, unsigned kind, struct space **out, struct iom_error *error);

/* Unmaps everything and frees the space.  NULL is ignored.  `engines` must be 0. */
int space_free(struct space *space);

/* True if the space has tables of its own, so that mapping means something. */
bool space_translates(const struct space *space);

/*
 * Shows a buffer to the devices of the space, at `wish` or SPACE_ANYWHERE, below 4 GiB if there is
 * room.  In an identity space nothing needs doing: the answer is where the buffer is anyway, if it
 * is contiguous.  IOM_EINVAL, IOM_EEXIST, IOM_ENOSPC, IOM_ENOMEM, with a sentence.
 */
int space_map(struct space *space, struct buffer *buffer, uint64_t wish, unsigned prot,
              uint64_t *iova, struct iom_error *error);

/*
 * Shows physical addresses, whatever is there, at `iova`: what a kernel would not do, and an attacker
 * would.  All are whole pages.
 */
int space_map_physical(struct space *space, uint64_t phys, uint64_t bytes, uint64_t iova,
                       unsigned prot, struct iom_error *error);

/*
 * Takes a mapping back: when the call returns no device reaches the buffer through it.  IOM_ENOENT:
 * none begins at `iova`, or it is fixed.  IOM_ETIMEOUT: a device has not said that it forgot the
 * mapping, which therefore stays on record: call it again.
 */
int space_unmap(struct space *space, uint64_t iova, struct iom_error *error);

/* The IOVA of the buffer's lowest mapping here that is not below `from`; false: it has none. */
bool space_find(const struct space *space, const struct buffer *buffer, uint64_t from,
                uint64_t *iova);

/* The physical address that `iova` is mapped to.  IOM_ENOENT: none. */
int space_lookup(const struct space *space, uint64_t iova, uint64_t *phys);

/* The range that addresses of the space lie in, both ends inclusive. */
void space_range(const struct space *space, uint64_t *first, uint64_t *last);

/* Lets the devices of the space write interrupts: maps the interrupt files, if it takes that. */
int space_map_interrupts(struct space *space, struct iom_error *error);

#endif

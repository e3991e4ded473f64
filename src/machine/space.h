/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A space: a domain of the IOMMU's driver together with the record of what is mapped in it.  It
 * chooses IOVAs, and makes scattered pages contiguous.
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
	uint64_t iova, bytes; /* bytes: whole pages */
	struct buffer *buffer;
};

struct space {
	struct kernel *kernel;
	struct iom_domain *domain;
	unsigned kind;       /* IOM_DOMAIN_*                                             */
	bool interrupt_file; /* mapped, at its physical address, once a device is attached */
	unsigned engines;    /* attached                                                 */
	unsigned count;
	struct mapping *mappings; /* by IOVA                                                  */
};

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
 * Takes a mapping back: when the call returns no device reaches the buffer through it.  IOM_ENOENT:
 * none begins at `iova`.
 */
int space_unmap(struct space *space, uint64_t iova, struct iom_error *error);

/* The IOVA of the buffer's lowest mapping here that is not below `from`; false: it has none. */
bool space_find(const struct space *space, const struct buffer *buffer, uint64_t from,
                uint64_t *iova);

/* Lets the devices of the space write interrupts: maps the interrupt file at its own address. */
int space_map_interrupts(struct space *space, struct iom_error *error);

#endif

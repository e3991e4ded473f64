/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The IOMMU that a guest gets: a guest-facing unit whose memory is the guest's.  It moves no data: what
 * the guest tells it about its devices, and what it invalidates, is carried over to the machine's
 * IOMMUs, which read the guest's tables themselves (include/iommux/backend.h).
 */
#ifndef MACHINE_VIOMMU_H
#define MACHINE_VIOMMU_H

#include <iommux/iommux.h>

struct vm;
struct viommu;

int viommu_new(struct vm *vm, struct viommu **out, struct iom_error *error);
void viommu_free(struct viommu *viommu);

/* The guest's access to its registers; beside them nothing answers. */
void viommu_mmio_read(struct viommu *viommu, uint64_t off, unsigned bytes, uint64_t *val);
void viommu_mmio_write(struct viommu *viommu, uint64_t off, unsigned bytes, uint64_t val);

/* Gives the guest's IOMMU a device, or takes it away. */
int viommu_plug(struct viommu *viommu, uint32_t requester, struct iom_endpoint **endpoint,
                struct iom_port **port);
void viommu_unplug(struct iom_endpoint *endpoint, struct iom_port *port);

/* Has it judge a request, recording what it refuses. */
void viommu_judge(struct viommu *viommu, struct iom_port *port, const struct iom_request *request,
                  struct iom_reply *reply);

/*
 * Brackets an access that the hypervisor makes in the name of a guest's device, with what the guest's
 * tables said at its begin: as iom_begin and iom_end.
 */
void viommu_access_begin(struct viommu *viommu);
void viommu_access_end(struct viommu *viommu);
/* Ends all of them, and starts the unit: its guest is about to be cleared away, and waits for it. */
void viommu_let_go(struct viommu *viommu);

/* The unit's state, as iom_unit_stop, _start, _save and _load. */
int viommu_stop(struct viommu *viommu);
void viommu_start(struct viommu *viommu);
int viommu_save(struct viommu *viommu, void *buf, size_t size, size_t *bytes);
int viommu_load(struct viommu *viommu, const void *buf, size_t size, struct iom_error *error);

/* What the guest asked to be forgotten so far: contexts, and ranges of its tables. */
uint64_t viommu_contexts(const struct viommu *viommu);
uint64_t viommu_invalidations(const struct viommu *viommu);

#endif

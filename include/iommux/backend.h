/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Stacking: what a guest-facing unit tells of its guest's wishes, so that somebody else can carry them
 * out too: a physical IOMMU under it, shadow tables, a vhost or VFIO notifier.
 *
 * The unit keeps walking in software for requests that come to its own ports.  A backend hears, beside
 * that, of every context that the guest asked the unit to look at again, and of every invalidation,
 * before the guest sees their completion.
 */
#ifndef IOMMUX_BACKEND_H
#define IOMMUX_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/endpoint.h>
#include <iommux/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a stage's tables look like; IOM_FORMAT_NONE: the stage passes addresses through. */
#define IOM_FORMAT_NONE 0u
#define IOM_FORMAT_RISCV_SV39 1u /* x4 in stage 2 */
#define IOM_FORMAT_RISCV_SV48 2u
#define IOM_FORMAT_RISCV_SV57 3u
#define IOM_FORMAT_RISCV_SV32 4u

struct iom_stage {
	uint64_t root;   /* address of the root table, as the unit's own memory numbers it */
	uint32_t format; /* IOM_FORMAT_*                                                   */
	uint32_t tag;    /* the identifier that invalidations of it name (PSCID, GSCID)    */
	bool big_endian; /* entries are                                                    */
};

/* kind of a context */
#define IOM_CONTEXT_BLOCKED 0u    /* requests are refused: absent, malformed, or the unit is off */
#define IOM_CONTEXT_TRANSLATED 1u /* through the stages below; both NONE: passed through         */

struct iom_context_info {
	uint32_t requester;
	uint32_t pasid; /* if has_pasid; else requests without one */
	bool has_pasid;
	uint8_t kind; /* IOM_CONTEXT_* */
	struct iom_stage stage1, stage2;
};

/* What an invalidation names.  Everything that is not limited is meant. */
struct iom_invalidation {
	bool stage1, stage2; /* results of which stages; both false: contexts              */
	bool no_guest;       /* limited to tables over which no second stage is active      */
	bool one_guest;      /* limited to guest_tag (GSCID)                                */
	bool one_process;    /* limited to process_tag (PSCID), global entries excepted     */
	bool one_range;      /* limited to [first, last]                                    */
	uint32_t guest_tag, process_tag;
	uint64_t first, last; /* IOVAs for stage 1, guest-physical addresses for stage 2     */
	bool one_requester;   /* contexts: limited to requester ...                          */
	bool one_pasid;       /* ... and to pasid                                            */
	uint32_t requester, pasid;
};

struct iom_backend {
	size_t bytes; /* sizeof(struct iom_backend) */

	/*
	 * The context of an endpoint is now this.  Called for every endpoint that an invalidation of
	 * contexts names, and by iom_fault_in.  Contexts of processes are told for the PASIDs that were
	 * faulted in, by iom_fault_in alone.
	 */
	void (*context)(void *opaque, const struct iom_context_info *info);
	/* Software invalidated something.  Told after the unit itself has forgotten it. */
	void (*invalidate)(void *opaque, const struct iom_invalidation *what);
};

/*
 * Gives a unit its backend, or takes it away (NULL).  Copied.  Not while other calls on the unit are
 * under way.  Both functions are needed.  IOM_EINVAL: a structure of unknown size, or one is missing.
 */
int iom_backend_set(struct iom_unit *unit, const struct iom_backend *backend, void *opaque);

/*
 * Looks up the context of an endpoint as it is in memory now, for requests without PASID (`has_pasid`
 * false) or with one, and tells the backend.  What makes a context valid for the first time needs no
 * command on many architectures: call this when the layer below refused a device for want of one.
 * Nothing is recorded.  `info` may be NULL.  IOM_EINVAL: a PASID wider than 20 bits.
 */
int iom_fault_in(struct iom_endpoint *endpoint, bool has_pasid, uint32_t pasid,
                 struct iom_context_info *info);

/* One stretch of IOVAs that is mapped in a row.  Return 0 to go on; anything else ends the replay. */
typedef int iom_replay_function(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes,
                                unsigned perm);

/*
 * Walks what is mapped now for an endpoint in [first, last], with no record and no change to tables,
 * and tells each mapped stretch in order.  Stretches that continue each other are told as one.
 *
 * A call looks at a bounded number of places.  IOM_OK: the range is done, or the callback ended it;
 * IOM_EBUSY: `*next` is where another call should go on.  IOM_EINVAL: last < first.
 */
int iom_replay(struct iom_endpoint *endpoint, uint64_t first, uint64_t last,
               iom_replay_function *told, void *opaque, uint64_t *next);

#ifdef __cplusplus
}
#endif
#endif

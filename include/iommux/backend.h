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
#include <iommux/stage.h>
#include <iommux/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

/* kind of a context */
#define IOM_CONTEXT_BLOCKED 0u    /* requests are refused: absent, malformed, or the unit is off */
#define IOM_CONTEXT_TRANSLATED 1u /* through the stages below; both NONE: passed through         */
#define IOM_CONTEXT_MAPPED 2u     /* by mappings that are in no table: iom_replay tells them     */

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
	bool one_guest;      /* limited to guest_tag (GSCID; VT-d: domain-id)               */
	bool one_process;    /* limited to process_tag (PSCID, global entries excepted;     */
			     /* VT-d: PASID)                                                */
	bool one_range;      /* limited to [first, last]                                    */
	uint32_t guest_tag, process_tag;
	uint64_t first, last; /* IOVAs for stage 1, guest-physical addresses for stage 2     */
	bool one_requester;   /* contexts: limited to requester ...                          */
	bool one_pasid;       /* ... and to pasid; VT-d: a PASID of any requester            */
	uint32_t requester, pasid;
};

struct iom_backend {
	size_t bytes; /* sizeof(struct iom_backend) */

	/*
	 * The context of an endpoint is now this.  Called for every endpoint that an invalidation of
	 * contexts names, for all of them when software turns the unit on or off and after a reset or a
	 * load, and by iom_fault_in.  Contexts of processes are told by iom_fault_in alone.
	 */
	void (*context)(void *opaque, const struct iom_context_info *info);
	/*
	 * Software invalidated something, or a reset or a load did: then everything is named.  Told
	 * after the unit itself has forgotten it.
	 */
	void (*invalidate)(void *opaque, const struct iom_invalidation *what);
};

/*
 * Gives a unit its backend, or takes it away (NULL).  Copied.  Not while other calls on the unit are
 * under way.  Both functions are needed.  IOM_EINVAL: a structure of unknown size, or one is missing.
 */
int iom_backend_set(struct iom_unit *unit, const struct iom_backend *backend, void *opaque);

/*
 * Looks up the context of an endpoint, for requests without PASID (`has_pasid` false) or with one, and
 * tells the backend: as the unit has cached it, else as it is in memory now.  What makes a context
 * valid for the first time needs no command on many architectures: call this when the layer below
 * refused a device for want of one.  Nothing is recorded.  `info` may be NULL.  IOM_EINVAL: a PASID
 * wider than 20 bits; IOM_ENOENT: the endpoint was removed.
 */
int iom_fault_in(struct iom_endpoint *endpoint, bool has_pasid, uint32_t pasid,
                 struct iom_context_info *info);

/* One stretch of IOVAs that is mapped in a row.  Return 0 to go on; anything else ends the replay. */
typedef int iom_replay_function(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes,
                                unsigned perm);

/*
 * Walks what is mapped now for requests of an endpoint without PASID, in [first, last], with no record
 * and no change to tables, and tells each mapped stretch in order.  Stretches that continue each other
 * are told as one, as long as one call meets them and 2^64 bytes do not come together.  Interrupt files
 * in memory are none: what a device stores there is for the unit to carry out.
 *
 * A call looks at a bounded number of places.  IOM_OK: the range is done, or the callback ended it;
 * IOM_EBUSY: `*next`, which is written then only, is where another call should go on.  IOM_EINVAL:
 * last < first; IOM_ENOENT: the endpoint was removed.
 */
int iom_replay(struct iom_endpoint *endpoint, uint64_t first, uint64_t last,
               iom_replay_function *told, void *opaque, uint64_t *next);

#ifdef __cplusplus
}
#endif
#endif

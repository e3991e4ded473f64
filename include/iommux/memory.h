/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * System physical memory as units see it: where tables and queues are read, and where device
 * accesses end up.
 *
 * An iom_memory is a set of RAM regions with host pointers, and a callback that serves every
 * address outside them (device registers, interrupt controllers, memory that the embedder keeps
 * elsewhere).  One memory may serve several units.
 *
 * Threads: everything may be called from any thread.  Regions change while units run; a section
 * (lane.h) that was open when a region was removed may still use its host pointer, so that the bytes
 * behind it may be given back once such sections, and calls that were under way, have ended.
 */
#ifndef IOMMUX_MEMORY_H
#define IOMMUX_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <iommux/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_memory;

/* How memory outside all regions answers.  The functions may be NULL: then nothing is there. */
struct iom_memory_ops {
	size_t bytes; /* sizeof(struct iom_memory_ops) */

	/*
	 * Read or write `len` bytes at `spa`.  An access never crosses into or out of a region, but
	 * may be of any length and alignment.  IOM_OK; IOM_EFAULT: nothing answers there (the
	 * architecture's access fault); IOM_EPOISON: the data is known to be corrupt.  Any other
	 * value counts as IOM_EFAULT.  They may call back into the library.
	 */
	int (*read)(void *opaque, uint64_t spa, void *buf, size_t len);
	int (*write)(void *opaque, uint64_t spa, const void *buf, size_t len);

	/*
	 * Compares the aligned word of `bytes` bytes, 4 or 8, with *expected and stores `desired` if they
	 * are equal, in one step; *expected becomes what was there.  Values are what a little-endian load
	 * gives.  Returns as above.  NULL: a read and a write are used, which is not one step.
	 */
	int (*cas)(void *opaque, uint64_t spa, unsigned bytes, uint64_t *expected,
	           uint64_t desired);
};

/* Stores into the region are refused with an access fault. */
#define IOM_REGION_READONLY 0x1u
/* Each store of the library into the region is reported through host.dirty (host.h). */
#define IOM_REGION_TRACK 0x2u

/* A piece of RAM. */
struct iom_region {
	uint64_t spa;   /* first system physical address, a multiple of 8            */
	uint64_t bytes; /* length, a multiple of 8, not 0; spa + bytes <= 2^64       */
	void *host;     /* where its bytes are, aligned to 8; the embedder keeps it  */
	uint32_t flags; /* IOM_REGION_*                                              */
};

/* How many regions one memory holds at most. */
#define IOM_REGIONS_MAX 64

/*
 * Creates an empty memory.  `ops` may be NULL: outside the regions every access faults.  `ops` is
 * copied; `opaque` is handed to its functions.  IOM_ENOMEM, or IOM_EINVAL for an ops structure of
 * an unknown size.  `error` may be NULL.
 */
int iom_memory_new(const struct iom_memory_ops *ops, void *opaque, struct iom_memory **out,
                   struct iom_error *error);

/*
 * Adds a region.  IOM_EINVAL: the region breaks a rule above; IOM_EEXIST: it overlaps another one;
 * IOM_ENOSPC: IOM_REGIONS_MAX are there already.  `error` may be NULL.
 */
int iom_memory_add(struct iom_memory *memory, const struct iom_region *region,
                   struct iom_error *error);

/* Removes the region that begins at `spa`.  IOM_ENOENT: there is none. */
int iom_memory_remove(struct iom_memory *memory, uint64_t spa);

/*
 * Marks `len` bytes at `spa` as corrupt, or as good again: reads that touch them answer
 * IOM_EPOISON, so that an embedder (or a test) can model an uncorrectable memory error in RAM.  A
 * store does not cure them.  IOM_ENOSPC: 16 ranges are marked already; IOM_ENOENT: `cure` found no
 * range with exactly these bounds; IOM_EINVAL: an empty range or one that passes 2^64.
 */
int iom_memory_poison(struct iom_memory *memory, uint64_t spa, uint64_t len);
int iom_memory_cure(struct iom_memory *memory, uint64_t spa, uint64_t len);

/*
 * Reads or writes `len` bytes as a bus master that no unit stands in front of: across regions and
 * callback.  Such stores are the embedder's own and are not reported as dirty.  IOM_EFAULT or
 * IOM_EPOISON as the first refused piece answers; pieces before it have been carried out.
 */
int iom_memory_read(struct iom_memory *memory, uint64_t spa, void *buf, size_t len);
int iom_memory_write(struct iom_memory *memory, uint64_t spa, const void *buf, size_t len);

/* Frees a memory that no unit uses any more.  NULL is ignored.  Region bytes are not touched. */
void iom_memory_free(struct iom_memory *memory);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A DMA engine: a device that copies memory, and fetches its orders from memory too, all of it
 * through the IOMMU.
 *
 * Software writes descriptors into a ring, then the number of the first free slot to the doorbell.
 * The engine fetches each descriptor by DMA, copies, stores {status, bytes done} back by DMA, and
 * sends its interrupt as a DMA write.  All addresses are IOVAs, all words little-endian.  It copies in
 * pieces of up to 4096 bytes; one that is paced does no more of them at a time than its pace, so that
 * it can be met, and moved, in the middle of a descriptor.
 *
 *	descriptor, 32 bytes       list element, 16 bytes
 *	+0  source          8      +0  iova   8
 *	+8  destination     8      +8  bytes  8
 *	+16 bytes           4
 *	+20 flags           4
 *	+24 status          4   written by the engine
 *	+28 bytes done      4   written by the engine
 *
 * A list element of 0 bytes ends its list; a list that ends before the descriptor's bytes are
 * copied is malformed.
 *
 * Source and destination may be a process's: then the engine asks the IOMMU for each page whether it
 * is there (ATS), and asks the kernel for the page if it is not (PRI); the order rests until the
 * answer comes.  Such an engine keeps no
 * translations; another may have a cache of them (engine_atc.h).
 */
#ifndef MACHINE_DMA_ENGINE_H
#define MACHINE_DMA_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/iommux.h>

#include "machine/engine_atc.h"

/* Registers: offset, and bytes of the only access that they take */
#define ENGINE_RING_BASE 0x00    /* 8 RW   IOVA of the ring; drops what is under way, head is 0 */
#define ENGINE_RING_ENTRIES 0x08 /* 4 RW   1..ENGINE_RING_MAX, else ignored; drops likewise     */
#define ENGINE_DOORBELL 0x0c     /* 4 RW   first free slot; not below RING_ENTRIES: ignored    */
#define ENGINE_HEAD 0x10         /* 4 RO   slot to be fetched next                             */
#define ENGINE_BITS 0x14         /* 4 RO   how many address bits the engine can drive          */
#define ENGINE_MSI_ADDRESS 0x18  /* 8 RW   IOVA that its interrupt is written to               */
#define ENGINE_MSI_DATA 0x20     /* 4 RW   what is written there                               */
#define ENGINE_STATUS 0x24       /* 4 RW1C what went wrong outside of descriptors              */
#define ENGINE_ATS 0x28          /* 4 RW   bit 0: ATS enable; reads 0 in an engine without it  */
#define ENGINE_REGISTER_BYTES 0x1000

/* ENGINE_STATUS */
#define ENGINE_RING_REFUSED 0x1u /* fetch or write-back of a descriptor failed; stopped there */
#define ENGINE_MSI_REFUSED 0x2u  /* the interrupt could not be delivered                      */

#define ENGINE_RING_MAX 4096u
#define ENGINE_DESCRIPTOR_BYTES 32u
#define ENGINE_ELEMENT_BYTES 16u
#define ENGINE_LIST_MAX 65536u              /* list elements of one descriptor and side */
#define ENGINE_COPY_MAX (UINT32_C(1) << 30) /* bytes of one descriptor                  */

/* Descriptor flags; other bits must be 0 */
#define ENGINE_INTERRUPT 0x1u        /* interrupt when this one is finished            */
#define ENGINE_SOURCE_LIST 0x2u      /* source is the IOVA of a list                   */
#define ENGINE_DESTINATION_LIST 0x4u /* destination is the IOVA of a list              */
#define ENGINE_PROCESS 0x8u          /* source and destination are of the process ...  */
#define ENGINE_PASID 0xfffff000u     /* ... with this PASID; without the flag 0        */

/* Descriptor status */
enum engine_result {
	ENGINE_PENDING,       /* as software leaves it                                  */
	ENGINE_DONE,          /* all bytes copied                                       */
	ENGINE_BAD,           /* unknown flag, too many bytes, or a list that ran out   */
	ENGINE_TOO_WIDE,      /* an address has more bits than the engine can drive     */
	ENGINE_LIST_REFUSED,  /* the bus refused the fetch of a list element            */
	ENGINE_READ_REFUSED,  /* the bus refused a read of the source                   */
	ENGINE_WRITE_REFUSED, /* the bus refused a write to the destination             */
	ENGINE_RESULTS
};

/* One side of a copy: a piece of IOVA space, and where the list goes on if there is one. */
struct engine_reach {
	uint64_t iova, left;
	uint64_t list;
	uint32_t elements; /* that may still be fetched */
};

/* The descriptor that is under way. */
struct engine_order {
	bool open;
	uint64_t iova; /* of the descriptor */
	uint32_t bytes, flags, done;
	uint32_t result; /* ENGINE_DONE as long as nothing went wrong */
	struct engine_reach from, to;
};

/* What the engine has asked the kernel for. */
struct engine_question {
	bool waiting;   /* the order rests, until the answer comes ...      */
	uint32_t group; /* ... to this one                                  */
	unsigned tries; /* for the piece that is next                       */
	bool refused;   /* the answer to the last one, in the present order */
};

struct dma_engine {
	struct iom_lane *lane;
	struct iom_port *port;
	struct iom_endpoint *endpoint;
	struct engine_atc *atc; /* NULL: it has no translation cache */
	unsigned bits;
	uint64_t ring_base, msi_address;
	uint32_t entries, head, tail, msi_data, status;
	struct engine_order order;
	struct engine_question question;
	bool running;
	bool stuck;               /* paced: it could not reach its ring; the doorbell wakes it */
	bool held;                /* it stands still, doorbell or not                     */
	uint32_t pace;            /* pieces per step; 0: all of them when the doorbell rings */
	struct iom_reply refusal; /* of the last access that the bus refused   */
	uint64_t refused_iova;    /* where it went                             */
	uint64_t reads, writes;   /* accesses that were granted                */
	uint64_t bytes_read, bytes_written;
	uint64_t asked;   /* requests for pages */
	uint32_t overrun; /* misbehaviour: bytes stored behind each destination */
};

/* `bits` is 12..64.  The port, with its lane and endpoint, stays the caller's. */
void dma_engine_init(struct dma_engine *engine, struct iom_lane *lane,
                     struct iom_endpoint *endpoint, struct iom_port *port, unsigned bits);

/* A few words for an enum engine_result; constant. */
const char *dma_engine_result(unsigned result);

/* Bus functions; `opaque` is the struct dma_engine.  A wrong size or offset: IOM_EFAULT. */
int dma_engine_read(void *opaque, uint64_t off, void *buf, size_t len);
int dma_engine_write(void *opaque, uint64_t off, const void *buf, size_t len);

/*
 * The engine's own accesses.  One that has been taken over goes wherever it likes, with any address
 * that it can drive.  IOM_OK, IOM_EFAULT (refused), IOM_EPOISON; IOM_EINVAL: too wide.
 */
int dma_engine_load(struct dma_engine *engine, uint64_t iova, void *buf, size_t bytes);
int dma_engine_store(struct dma_engine *engine, uint64_t iova, const void *buf, size_t bytes);

/* The same with a PASID; `pasid` NULL: without. */
int dma_engine_load_of(struct dma_engine *engine, const uint32_t *pasid, uint64_t iova, void *buf,
                       size_t bytes);
int dma_engine_store_of(struct dma_engine *engine, const uint32_t *pasid, uint64_t iova,
                        const void *buf, size_t bytes);

/* A message of the IOMMU to the engine; `opaque` is the struct dma_engine. */
void dma_engine_message(void *opaque, const struct iom_message *message);

/* Makes it a paced engine, or one that is not (0), from the next doorbell on. */
void dma_engine_pace(struct dma_engine *engine, uint32_t pieces);

/*
 * Lets a paced engine work for one step.  It rests when its ring is empty, and after
 * ENGINE_RING_REFUSED until the doorbell rings again; true: there is more to do.
 */
bool dma_engine_step(struct dma_engine *engine);

/* Holds the engine where it is, or lets it go on with what has come meanwhile. */
void dma_engine_hold(struct dma_engine *engine, bool held);

/*
 * What the engine knows that is to go on elsewhere: registers, and how far it is in which descriptor.
 * Pace, hold and misbehaviour are not part of it; a page that it waits for is asked for again.
 */
#define ENGINE_STATE_BYTES 176u

void dma_engine_save(const struct dma_engine *engine, uint8_t state[ENGINE_STATE_BYTES]);
/* IOM_EINVAL: no engine is ever in this state, or only one of another width; nothing has changed. */
int dma_engine_restore(struct dma_engine *engine, const uint8_t state[ENGINE_STATE_BYTES]);

/* Among its files: the doorbell rang; an answer came; can it drive all addresses of an access? */
void dma_engine_doorbell(struct dma_engine *engine);
void dma_engine_go_on(struct dma_engine *engine);
/* Is a process's page there, for this access?  ENGINE_PENDING: it has been asked for. */
enum engine_result dma_engine_page(struct dma_engine *engine, uint32_t pasid, uint64_t iova,
                                   bool write);
bool dma_engine_drives(const struct dma_engine *engine, uint64_t iova, uint64_t bytes);

/* Where an access of the engine would go; nothing moves, and nothing is recorded. */
int dma_engine_probe(struct dma_engine *engine, uint64_t iova, bool write, struct iom_reply *reply);

#endif

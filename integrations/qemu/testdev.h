/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * iommux-testdev: a PCI function that does what no device of QEMU's does, so that software can try
 * an IOMMU: requests with PASID, translation requests and a cache for their answers, requests with
 * translated addresses, atomics, page requests, an access that goes on until it is told to end, and
 * invalidations that it does not answer.  docs/qemu-testdev.md is its data sheet.
 *
 * BAR 0 has the registers below and, from TD_EVENTS on, what was told to the device; BAR 2 is 64 KiB
 * of memory of its own, between which and the machine's it moves data; BAR 4 is for MSI-X.
 */
#ifndef IOMMUX_TESTDEV_H
#define IOMMUX_TESTDEV_H

#include "qemu/osdep.h"
#include "adapter.h"
#include "hw/pci/pci_device.h"
#include "qemu/iova-tree.h"

#define TYPE_IOMMUX_TESTDEV "iommux-testdev"
OBJECT_DECLARE_SIMPLE_TYPE(Testdev, IOMMUX_TESTDEV)

#define TD_VENDOR PCI_VENDOR_ID_QEMU
#define TD_DEVICE 0x6d78
#define TD_BUFFER_BYTES 0x10000u
#define TD_VECTORS 8
#define TD_COPY_BYTES 0x100000u /* at most, so that QEMU has its big lock back soon */

/* Where its extended capabilities are. */
#define TD_ATS 0x100
#define TD_PRI 0x110
#define TD_PASID 0x120

/* Registers: 4 bytes each, or 8 where two numbers in a row have one name. */
#define TD_MAGIC 0x00       /* "IOMX"                                                       */
#define TD_FEATURES 0x04    /* TD_CAN_*: what works in front of this IOMMU                  */
#define TD_SOURCE 0x08      /* 8: where data, or the answer to a question, is from          */
#define TD_DESTINATION 0x10 /* 8: where data goes                                           */
#define TD_LENGTH 0x18      /* bytes; of TD_VECTOR: its number                              */
#define TD_PROCESS 0x1c     /* PASID                                                        */
#define TD_FLAGS 0x20       /* TD_FLAG_*                                                    */
#define TD_COMMAND 0x24     /* a store carries out the command                              */
#define TD_OPERAND 0x28     /* 8                                                            */
#define TD_COMPARE 0x30     /* 8                                                            */
#define TD_CONTROL 0x38     /* TD_CONTROL_*                                                 */
#define TD_STATUS 0x40      /* TD_DONE ...: how the last command ended                      */
#define TD_FAULT 0x44       /* the IOMMU's own code for it, where it is known, else 0       */
#define TD_RESULT 0x48      /* 8: what memory held; the address that the answer says        */
#define TD_EXTENT 0x50      /* 8: the answer is good for so many aligned bytes around it    */
#define TD_MOVED 0x58       /* 8: bytes that were moved                                     */
#define TD_GRANTED 0x60     /* TD_GRANTED_*: of the answer                                  */
#define TD_TOLD 0x64        /* how many events there were so far                            */
#define TD_PARKED 0x68      /* a bit for each ITag that waits for an answer                 */
#define TD_HELD 0x6c        /* 1 while an access is kept open                               */
#define TD_CACHED 0x70      /* how many translations the device keeps                       */
#define TD_REGISTERS 0x80

/* Events: the n-th of them, counted from 0, at TD_EVENTS + 32 * (n % TD_EVENT_COUNT). */
#define TD_EVENTS 0x400
#define TD_EVENT_COUNT 32u

#define TD_CAN_STATUS 0x01u     /* a refusal says how: TD_UNSUPPORTED, TD_ABORT, TD_FAULT       */
#define TD_CAN_PASID 0x02u      /* requests with PASID                                          */
#define TD_CAN_ATS 0x04u        /* translation requests                                         */
#define TD_CAN_TRANSLATED 0x08u /* requests with translated addresses                           */
#define TD_CAN_PRI 0x10u        /* page requests                                                */
#define TD_CAN_ATOMIC 0x20u     /* atomics                                                      */
#define TD_CAN_DRAIN 0x40u      /* the IOMMU waits for an access that is kept open              */
#define TD_CAN_ANSWER 0x80u     /* the IOMMU waits for answers to its invalidations             */
#define TD_CAN_APART 0x100u     /* commands on a thread of their own                            */

/* Commands */
#define TD_READ 1         /* TD_SOURCE in memory to TD_DESTINATION in BAR 2             */
#define TD_WRITE 2        /* TD_SOURCE in BAR 2 to TD_DESTINATION in memory             */
#define TD_COPY 3         /* TD_SOURCE to TD_DESTINATION, both in memory                */
#define TD_ATOMIC 4       /* on TD_DESTINATION, of TD_LENGTH bytes                      */
#define TD_TRANSLATE 5    /* a translation request for TD_SOURCE                        */
#define TD_OPEN 6         /* begins an access to TD_SOURCE that goes on                 */
#define TD_CLOSE 7        /* ends it                                                    */
#define TD_PAGE_REQUEST 8 /* for TD_SOURCE; TD_OPERAND is the group's index             */
#define TD_ANSWER 9       /* answers invalidations: all, or those of TD_OPERAND's bits  */
#define TD_FORGET 10      /* empties the cache, of its own accord                       */
#define TD_MESSAGE 11     /* sends the interrupt TD_OPERAND to TD_DESTINATION           */
#define TD_VECTOR 12      /* sends vector TD_LENGTH of MSI-X                            */
#define TD_WATCH 13       /* TD_OPERAND: TD_WATCH_*; of the IOMMU that is at TD_SOURCE  */
#define TD_UNWATCH 14
#define TD_CHECK 15 /* is the copy that a watch for maps keeps what the IOMMU has? */

#define TD_FLAG_PASID 0x1u       /* TD_PROCESS comes with the request             */
#define TD_FLAG_PRIVILEGED 0x2u  /* privileged mode requested                     */
#define TD_FLAG_EXECUTE 0x4u     /* reads to execute                              */
#define TD_FLAG_NO_WRITE 0x8u    /* a translation request that only wants to read */
#define TD_FLAG_TRANSLATED 0x10u /* the address is one that ATS returned          */
#define TD_FLAG_CACHED 0x20u     /* through the device's cache of translations    */
#define TD_FLAG_HELD 0x40u       /* in the access that was opened, at this offset */
#define TD_FLAG_WRITING 0x80u    /* TD_OPEN: to write                             */
#define TD_FLAG_PAGE_READ 0x100u
#define TD_FLAG_PAGE_WRITE 0x200u
#define TD_FLAG_PAGE_LAST 0x400u
/* On a thread of its own, for which whoever wrote the command waits with the big lock in hand. */
#define TD_FLAG_APART 0x800u
#define TD_FLAG_OPERATION(flags) ((flags) >> 12 & 3) /* IOM_FETCH_ADD, IOM_SWAP, IOM_CAS */

#define TD_CONTROL_SILENT 0x1u   /* invalidations are carried out, and not answered             */
#define TD_CONTROL_RECKLESS 0x2u /* ATS, PRI and PASID need not be enabled in config space      */

#define TD_DONE 0
#define TD_UNSUPPORTED 1 /* Unsupported Request                                             */
#define TD_ABORT 2       /* Completer Abort                                                 */
#define TD_REFUSED 3     /* refused, and this path does not say how                         */
#define TD_NOT_GRANTED 4 /* the answer to a translation request does not permit this        */
#define TD_BUSY 5        /* not now: the IOMMU is stopped, or an access is open already     */
#define TD_DISABLED 6    /* config space does not permit it                                 */
#define TD_NOT_THERE 7   /* this IOMMU, or this version of QEMU, has no such thing          */
#define TD_INVALID 8     /* no such command, or its numbers make no sense                   */
#define TD_DIFFERENT 9   /* the copy is not what the IOMMU has; TD_RESULT: where            */

#define TD_GRANTED_READ 0x1u
#define TD_GRANTED_WRITE 0x2u
#define TD_GRANTED_EXECUTE 0x4u
#define TD_GRANTED_PRIVILEGED 0x8u
#define TD_GRANTED_GLOBAL 0x10u
#define TD_GRANTED_UNTRANSLATED 0x20u
#define TD_GRANTED_SNOOPED 0x40u

/* TD_OPERAND of TD_WATCH, and `kind` of an event */
#define TD_WATCH_UNMAP 0x1u
#define TD_WATCH_MAP 0x2u
#define TD_WATCH_DEVICE 0x4u

#define TD_EVENT_INVALIDATE 1u /* token: ITag                                       */
#define TD_EVENT_PAGES 2u      /* token: group; code: the response code             */
#define TD_EVENT_OTHER 3u      /* code: the message's kind                          */
#define TD_EVENT_UNMAPPED 4u   /* QEMU's notifiers                                  */
#define TD_EVENT_MAPPED 5u
#define TD_EVENT_DEVICE 6u

struct td_event {
	uint32_t kind, token;
	uint64_t address, bytes;
	uint32_t pasid; /* with bit 31 where there is one; bit 30: all */
	uint32_t code;
};
#define TD_EVENT_PASID 0x80000000u
#define TD_EVENT_GLOBAL 0x40000000u

/* A request, wherever it goes. */
struct td_request {
	uint64_t address;
	uint32_t pasid, flags;
	bool write;
};

/* What became of it. */
struct td_answer {
	uint32_t fault, granted;
	uint64_t address, extent, moved;
};

/*
 * A way to the IOMMU.  The functions return TD_DONE ... and fill in the answer as far as they know.
 */
struct td_path {
	uint32_t (*move)(Testdev *d, const struct td_request *request, void *buf, uint32_t bytes,
	                 struct td_answer *answer);
	uint32_t (*atomic)(Testdev *d, const struct td_request *request, uint32_t bytes,
	                   uint64_t operand, uint64_t compare, struct td_answer *answer);
	uint32_t (*translate)(Testdev *d, const struct td_request *request,
	                      struct td_answer *answer);
	uint32_t (*open)(Testdev *d, const struct td_request *request, uint32_t bytes,
	                 struct td_answer *answer);
	void (*close)(Testdev *d);
	uint32_t (*page_request)(Testdev *d, const struct td_request *request, uint32_t group);
	uint32_t (*completion)(Testdev *d, uint32_t itags);
	uint32_t features;
};

#define TD_CACHE_ENTRIES 32

struct td_cached {
	uint64_t first, last, address;
	uint32_t granted;
	uint32_t pasid; /* as in an event */
	uint32_t valid;
};

struct Testdev {
	PCIDevice parent_obj;

	bool core; /* property: by way of QEMU's core, whatever IOMMU there is */
	MemoryRegion registers, buffer;
	const struct td_path *path; /* known from the first command on */
	uint32_t word[TD_REGISTERS / 4];
	struct td_event event[TD_EVENT_COUNT];
	struct td_cached cached[TD_CACHE_ENTRIES];
	uint32_t next_cached;

	void *held; /* bytes of the open access, or NULL */
	uint64_t held_bytes;
	uint64_t held_first, held_last; /* where it is for the IOMMU, if it came from the cache */
	uint32_t held_pasid;
	bool held_cached, held_writing;

	struct iommux_function *function; /* in front of our models */
	struct iom_endpoint *endpoint;
	struct iom_lane *lane;
	struct iom_port *port;

	IOMMUNotifier watch; /* of QEMU's core */
	IOMMUMemoryRegion *watched;
	IOVATree *copy; /* of what is mapped, while somebody watches maps */
	uint64_t copy_bytes, copy_address;
	bool copy_wrong; /* it heard what cannot be, first at copy_address */
#ifdef IOMMUX_QEMU_HAS_ATS
	IOMMUNotifier told;
	IOMMUPRINotifier pages;
	uint32_t listens_to, asks_for;
	bool listening, asking;
#endif

	char *measured;
};

extern const struct td_path td_path_ours, td_path_qemu;

static inline uint32_t td_get(const Testdev *d, unsigned offset)
{
	return d->word[offset / 4];
}

static inline uint64_t td_get64(const Testdev *d, unsigned offset)
{
	return td_get(d, offset) | (uint64_t)td_get(d, offset + 4) << 32;
}

static inline void td_set(Testdev *d, unsigned offset, uint32_t value)
{
	d->word[offset / 4] = value;
}

static inline void td_set64(Testdev *d, unsigned offset, uint64_t value)
{
	td_set(d, offset, (uint32_t)value);
	td_set(d, offset + 4, (uint32_t)(value >> 32));
}

/* May the function do this: is it enabled in the capability at `capability`? */
bool td_allowed(Testdev *d, unsigned capability);

/* testdev_command.c: carries out what the registers say. */
void td_command(Testdev *d, uint32_t command);
/* Finds the way to the IOMMU: at the first command, when the machine is complete. */
void td_join(Testdev *d);
/* Ends the access that is kept open, if there is one, and answers what waited for it. */
void td_let_go(Testdev *d);
/* The same for one that another QEMU has kept open. */
void td_forget_held(Testdev *d);

/* testdev_cache.c */
uint32_t td_cache_ask(Testdev *d, const struct td_request *request, struct td_answer *answer);
uint32_t td_cache_move(Testdev *d, const struct td_request *request, void *buf, uint32_t bytes,
                       struct td_answer *answer);
/* Drops what an event of invalidation names.  True: an open access still uses some of it. */
bool td_cache_drop(Testdev *d, const struct td_event *event);
void td_cache_clear(Testdev *d);

/* testdev_events.c */
void td_tell(Testdev *d, const struct td_event *event);
/* The IOMMU wants translations forgotten, and an answer for the ITag. */
void td_invalidate(Testdev *d, const struct td_event *event);
uint32_t td_watch(Testdev *d, uint64_t address, uint32_t what, uint32_t pasid);
void td_unwatch(Testdev *d);

/* testdev_copy.c */
void td_copy_begin(Testdev *d);
void td_copy_end(Testdev *d);
void td_copy_tell(Testdev *d, const IOMMUTLBEntry *entry);
uint32_t td_copy_check(Testdev *d, struct td_answer *answer);

/* testdev_ours.c: joins the function to one of our units.  False: there is none in front of it. */
bool td_ours_join(Testdev *d);
void td_ours_leave(Testdev *d);

/* testdev_qemu.c */
void td_qemu_leave(Testdev *d);

/* testdev_bench.c: the property "bench". */
void td_bench_class(ObjectClass *class);

#endif

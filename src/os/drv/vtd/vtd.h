/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The VT-d driver's own structure, register access, and what its files offer each other.  Its prefix
 * is vtdd_, since vtd_ is the model's and one program may hold both.  Registers and structures in
 * memory are little-endian.
 */
#ifndef OS_DRV_VTD_VTD_H
#define OS_DRV_VTD_VTD_H

#include "base/endian.h"
#include "base/error.h"
#include "os/driver.h"
#include "os/ids.h"
#include "regs/vtd.h"

/* How long hardware may take: Linux gives all of it 10 s. */
#define VTDD_MS UINT64_C(1000000)
#define VTDD_COMMAND_NS (10000 * VTDD_MS)
/* The same, if that waits for devices: PCI Express lets one take 90 s. */
#define VTDD_DEVICES_NS (100000 * VTDD_MS)

#define VTDD_RID_PASID 0 /* the PASID whose entry requests without one use */

/* Domain-ids: 0 is what caching mode tags nothing with, 1 is that of all pass-through entries. */
#define VTDD_DID_NONE 0
#define VTDD_DID_PASS_THROUGH 1

/* A ring in memory, shared with hardware. */
struct vtdd_queue {
	uint8_t *ring; /* NULL: not there */
	uint64_t phys;
	size_t bytes;
	uint32_t mask;  /* entries - 1 */
	uint32_t index; /* our end: IQT or PQH */
};

struct vtdd_driver {
	struct iom_driver base;
	uint64_t cap, ecap;
	uint64_t root_phys;
	void *root;         /* of root entries, 256 */
	uint8_t major;      /* of VER */
	bool scalable;      /* the root table is one of scalable mode */
	bool wide;          /* invalidation descriptors have 256 bits */
	bool started;       /* TES is, or may be, 1 */
	bool known;         /* hardware may remember something of our memory */
	bool flush_config;  /* root, context, PASID structures are to be written back ... */
	bool flush_tables;  /* ... and page tables */
	uint8_t ss_levels;  /* of our second-stage tables, 0: there are none */
	uint8_t fs_levels;  /* of our first-stage tables, 0: there are none */
	uint8_t idle_aw;    /* AW of PASID table entries without a second stage */
	uint8_t pasid_bits; /* 0: requests have no PASIDs */
	struct vtdd_queue iq, pq;
	uint32_t iq_head; /* IQH, as last read, as an index */
	uint32_t status;  /* hardware stores here what the wait says that it carried out last ... */
	uint32_t nobody;  /* ... and here what nobody looks at */
	uint32_t sequence; /* what the last wait says */
	int iq_error;      /* what went wrong since the last vtdd_fence ... */
	bool iq_dead;      /* ... and that it stands still; nothing is sent any more */
	bool iq_devices;   /* some command since then waits for a device */
	struct iom_ids dids;
	uint64_t *irt; /* the interrupt remapping table; NULL: there is none */
	uint64_t irt_phys;
	size_t irt_bytes;
};

static inline struct vtdd_driver *vtdd_of(struct iom_driver *driver)
{
	return (struct vtdd_driver *)driver;
}

static inline uint32_t vtdd_rd32(struct vtdd_driver *d, uint64_t off)
{
	return (uint32_t)d->base.host.mmio_read(d->base.opaque, off, 4);
}

static inline uint64_t vtdd_rd64(struct vtdd_driver *d, uint64_t off)
{
	return d->base.host.mmio_read(d->base.opaque, off, 8);
}

static inline void vtdd_wr32(struct vtdd_driver *d, uint64_t off, uint64_t val)
{
	d->base.host.mmio_write(d->base.opaque, off, 4, (uint32_t)val);
}

static inline void vtdd_wr64(struct vtdd_driver *d, uint64_t off, uint64_t val)
{
	d->base.host.mmio_write(d->base.opaque, off, 8, val);
}

/* What is read where nothing answers any more; GSTS, FSTS and PRS have bits that are always 0. */
static inline bool vtdd_gone(uint32_t val)
{
	return val == UINT32_MAX;
}

static inline uint64_t vtdd_now(struct vtdd_driver *d)
{
	return d->base.host.now_ns(d->base.opaque);
}

static inline void vtdd_relax(struct vtdd_driver *d)
{
	if (d->base.host.relax)
		d->base.host.relax(d->base.opaque);
}

/* Words of structures that hardware reads: stored whole, after everything before. */
static inline uint64_t vtdd_get(const uint64_t *word)
{
	return iom_cpu64(__atomic_load_n(word, __ATOMIC_ACQUIRE), false);
}

static inline void vtdd_put(uint64_t *word, uint64_t val)
{
	__atomic_store_n(word, iom_cpu64(val, false), __ATOMIC_RELEASE);
}

/* Words of root, context or PASID structures have been stored. */
static inline void vtdd_stored(struct vtdd_driver *d, const uint64_t *words, unsigned count)
{
	if (d->flush_config)
		d->base.host.flush(d->base.opaque, words, count * sizeof *words);
}

/*
 * Physical addresses that we believe in.  No register names the host address width; MGAW is not below
 * it.
 */
static inline unsigned vtdd_address_bits(const struct vtdd_driver *d)
{
	unsigned bits = (unsigned)IOM_GET(VTD_CAP_MGAW, d->cap) + 1;

	return bits < 52 ? bits : 52;
}

/* Does the domain take the CPU's format?  It has addresses of either sign; second stages do not. */
static inline bool vtdd_first_stage(const struct iom_domain *domain)
{
	return domain->root.sign_extended;
}

/* AW of a second-stage table, by its levels. */
static inline unsigned vtdd_aw(unsigned levels)
{
	return levels ? levels - 2 : 0;
}

/* Memory that the unit can name, as zeroes also for hardware that does not see the CPU's caches. */
void *vtdd_alloc(struct vtdd_driver *d, size_t bytes, uint64_t *phys);

/*
 * bringup.c: waits until the bits of `mask` in a register of 4 or 8 bytes are `want`; the last value in
 * *val.  IOM_EIO: nothing answers there any more.
 */
int vtdd_wait(struct vtdd_driver *d, uint64_t off, unsigned size, uint64_t mask, uint64_t want,
              uint64_t *val);
/* Gives one command to GCMD, and waits until GSTS shows it. */
int vtdd_global(struct vtdd_driver *d, uint32_t bit, bool on);
/* Structures without an invalidation behind them reach memory (CAP.RWBF). */
int vtdd_write_buffer(struct vtdd_driver *d);

/* queues.c */
int vtdd_queues_on(struct vtdd_driver *d, struct iom_error *error);
/* Turns them off and frees their memory; an error: one runs on, and keeps its memory. */
int vtdd_queues_off(struct vtdd_driver *d);
/* What somebody else left running: the rest is carried out, and the queue is off. */
int vtdd_queue_leave(struct vtdd_driver *d);

/* submit.c: descriptors are queued, and vtdd_fence sends them and waits until all are done. */
void vtdd_submit(struct vtdd_driver *d, uint64_t qw0, uint64_t qw1);
/* IOM_ETIMEOUT: hardware stands still, or a device has not answered; either way it goes on. */
int vtdd_fence(struct vtdd_driver *d);
/* The same; and page requests that came before are in their queue, if the unit can say so. */
int vtdd_fence_requests(struct vtdd_driver *d);
/* Looks for errors of the queue and lets it run again.  Returns those bits of FSTS. */
uint32_t vtdd_repair(struct vtdd_driver *d);

/* registers.c: what units without queued invalidation have in its place; IOM_EIO: it was refused. */
int vtdd_ccmd(struct vtdd_driver *d, unsigned granularity, uint32_t did, uint32_t sid);
int vtdd_iotlb(struct vtdd_driver *d, unsigned granularity, uint32_t did, uint64_t address);

/* invalidate.c: each is in effect after vtdd_fence. */
void vtdd_inval_everything(struct vtdd_driver *d);
/* A context entry, which named this domain-id in legacy mode. */
void vtdd_inval_context(struct vtdd_driver *d, uint32_t sid, uint32_t did);
void vtdd_inval_domain(struct vtdd_driver *d, uint32_t did);
/* A PASID entry, whose old or new words these are; `fresh`: it was not present. */
void vtdd_inval_pasid(struct vtdd_driver *d, const uint64_t *words, uint32_t pasid, bool fresh);
int vtdd_flush(struct iom_domain *domain, const struct iom_gather *gather);
int vtdd_forget(struct iom_domain *domain, uint64_t first, uint64_t last, bool global);
/* Mappings are new; units in caching mode may remember that they were not there. */
int vtdd_mapped(struct iom_domain *domain, uint64_t first, uint64_t last);

/* context.c: root and context entries */
int vtdd_root_new(struct vtdd_driver *d);
void vtdd_root_free(struct vtdd_driver *d);
int vtdd_prepare(struct iom_driver *driver, uint32_t requester);
int vtdd_attach(struct iom_domain *domain, uint32_t requester);
int vtdd_detach(struct iom_driver *driver, uint32_t requester);

/* process.c */
int vtdd_process_init(struct iom_domain *domain, const struct iom_stage *stage,
                      struct iom_error *error);
int vtdd_prepare_pasid(struct iom_driver *driver, struct iom_device *device, uint32_t pasid);
int vtdd_attach_pasid(struct iom_driver *driver, struct iom_link *link);
int vtdd_detach_pasid(struct iom_driver *driver, struct iom_link *link);

/* ats.c */
int vtdd_allow(struct iom_driver *driver, struct iom_device *device, unsigned abilities);
/* Devices forget what they know of first..last in a domain: those that may know anything. */
void vtdd_ats_forget(struct vtdd_driver *d, const struct iom_domain *domain, uint64_t first,
                     uint64_t last);
/* One use of a domain; all of a device. */
void vtdd_ats_forget_link(struct vtdd_driver *d, const struct iom_link *link);
void vtdd_ats_forget_device(struct vtdd_driver *d, const struct iom_device *device);

/* guest.c: virtual machines */
int vtdd_nested_init(struct iom_domain *domain, const struct iom_stage *stage,
                     struct iom_error *error);

/* tables.c */
int vtdd_domain_init(struct iom_domain *domain, struct iom_error *error);
void vtdd_domain_fini(struct iom_domain *domain);
int vtdd_map(struct iom_domain *domain, uint64_t iova, uint64_t phys, uint64_t bytes,
             unsigned prot);
int vtdd_unmap(struct iom_domain *domain, uint64_t iova, uint64_t bytes,
               struct pt_removed *removed);
int vtdd_lookup(struct iom_domain *domain, uint64_t iova, uint64_t *phys);
void vtdd_release(struct iom_domain *domain, uint64_t tables);
/* Makes somebody else's table, whose addresses have so many bits, a domain's first stage. */
int vtdd_borrow(struct iom_domain *domain, const struct iom_stage *stage, unsigned bits,
                struct iom_error *error);

/* page_requests.c: reports what is in the page request queue, which must be there. */
void vtdd_page_requests(struct vtdd_driver *d);
int vtdd_respond(struct iom_driver *driver, const struct iom_os_page_request *request,
                 unsigned code);

/* faults.c: takes what the fault recording registers hold, and reports it or not; returns how many. */
int vtdd_faults(struct vtdd_driver *d, bool report);

/* interrupts.c */
int vtdd_interrupts_judge(struct vtdd_driver *d, const struct iom_driver_config *config,
                          struct iom_error *error);
void vtdd_interrupts_on(struct vtdd_driver *d, const struct iom_driver_config *config);
void vtdd_interrupts_off(struct vtdd_driver *d);
int vtdd_interrupt(struct iom_driver *driver);

/* remapping.c: interrupts of devices.  off frees the table, unless hardware may still use it. */
int vtdd_remapping_judge(struct vtdd_driver *d, const struct iom_driver_config *config,
                         struct iom_error *error);
int vtdd_remapping_on(struct vtdd_driver *d, const struct iom_driver_config *config,
                      struct iom_error *error);
int vtdd_remapping_off(struct vtdd_driver *d);
int vtdd_interrupt_own(struct iom_driver *driver, uint32_t requester, uint32_t first,
                       unsigned count);
int vtdd_interrupt_set(struct iom_driver *driver, uint32_t index,
                       const struct iom_interrupt_target *target);
int vtdd_interrupt_off(struct iom_driver *driver, uint32_t first, unsigned count);
struct iom_interrupt_message vtdd_interrupt_message(uint32_t first, uint32_t index);
uint64_t vtdd_interrupt_ioapic(uint32_t index, uint8_t vector, bool level, bool active_low);

#endif

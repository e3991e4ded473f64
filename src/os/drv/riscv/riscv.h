/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The RISC-V driver's own structure, register access, and what its files offer each other.  Its
 * prefix is rvd_, since rv_ is the model's and one program may hold both.  Structures in memory are
 * in the CPU's byte order: fctl.BE and tc.SBE are made to match.
 */
#ifndef OS_DRV_RISCV_H
#define OS_DRV_RISCV_H

#include "base/endian.h"
#include "base/error.h"
#include "os/driver.h"
#include "os/ids.h"
#include "regs/riscv.h"

#define RV_CPU_IS_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* How long hardware may take. */
#define RV_MS UINT64_C(1000000)
#define RV_QUEUE_NS (150 * RV_MS)     /* to start or stop a queue                           */
#define RV_DDTP_NS (10000 * RV_MS)    /* to change the mode: open transactions drain        */
#define RV_COMMAND_NS (10000 * RV_MS) /* to carry out what is queued                        */
/* The same, if that waits for devices: PCI Express gives them 60 s, and half of that again. */
#define RV_DEVICES_NS (100000 * RV_MS)

#define RVD_CMD(op, func) (IOM_PUT(RV_CMD_OPCODE, op) | IOM_PUT(RV_CMD_FUNC3, func))
#define RVD_PASID_BITS 20

/* A ring in memory, shared with hardware. */
struct rvd_queue {
	uint8_t *ring; /* NULL: not there */
	uint64_t phys;
	size_t bytes;
	uint32_t mask;  /* entries - 1 */
	uint32_t index; /* our end: cqt, fqh or pqh */
};

/* A page-table scheme: Sv39, Sv39x4 ...; or one of RV32, Sv32 and Sv32x4. */
struct rvd_scheme {
	uint8_t mode; /* MODE of iosatp or iohgatp, 0: none */
	bool rv32;
};

#define RVD_RV32_BITS 34 /* of the addresses in RV32's tables, and of its guests */

struct rvd_driver {
	struct iom_driver base;
	uint64_t cap;      /* capabilities */
	uint64_t ddt_phys; /* the root of the device directory */
	void *ddt;
	uint8_t ddt_levels;               /* 1..3 */
	uint8_t pdt_levels;               /* of process directories: 1..3, 0: there are none */
	uint8_t reset_mode;               /* ddtp.iommu_mode as we found it: Off or Bare */
	bool extended;                    /* device contexts of 64 bytes */
	bool forgotten;                   /* hardware knows nothing of our memory any more */
	bool gxl;                         /* fctl.GXL: all tables are those of RV32 */
	bool sxl_free;                    /* tc.SXL may be 1 although it is not */
	struct rvd_scheme stage1, stage2; /* of our own tables */
	uint8_t vectors;
	struct rvd_queue cq, fq, pq;
	uint32_t cq_head; /* cqh, as last read */
	int cq_error;     /* what went wrong since the last rvd_fence ... */
	bool cq_dead;     /* ... and that it stands still; nothing is sent to it any more */
	bool cq_devices;  /* some command since then waits for a device */
	struct iom_ids pscids, gscids;
};

static inline struct rvd_driver *rvd_of(struct iom_driver *driver)
{
	return (struct rvd_driver *)driver;
}

static inline uint32_t rvd_rd32(struct rvd_driver *d, uint64_t off)
{
	return (uint32_t)d->base.host.mmio_read(d->base.opaque, off, 4);
}

static inline uint64_t rvd_rd64(struct rvd_driver *d, uint64_t off)
{
	return d->base.host.mmio_read(d->base.opaque, off, 8);
}

static inline void rvd_wr32(struct rvd_driver *d, uint64_t off, uint64_t val)
{
	d->base.host.mmio_write(d->base.opaque, off, 4, (uint32_t)val);
}

static inline void rvd_wr64(struct rvd_driver *d, uint64_t off, uint64_t val)
{
	d->base.host.mmio_write(d->base.opaque, off, 8, val);
}

/* What is read where nothing answers any more; neither fctl nor a csr can be this. */
static inline bool rvd_gone(uint32_t val)
{
	return val == UINT32_MAX;
}

static inline uint64_t rvd_now(struct rvd_driver *d)
{
	return d->base.host.now_ns(d->base.opaque);
}

static inline void rvd_relax(struct rvd_driver *d)
{
	if (d->base.host.relax)
		d->base.host.relax(d->base.opaque);
}

/* Words that hardware reads while they change: stored whole, after everything before. */
static inline void rvd_store(uint64_t *word, uint64_t val)
{
	__atomic_store_n(word, val, __ATOMIC_RELEASE);
}

/* Has the domain tables of RV32?  Those of RV64 have three levels and more. */
static inline bool rvd_rv32(const struct iom_domain *domain)
{
	return domain->root.levels == 2;
}

/* Memory that the IOMMU's registers and entries can name. */
void *rvd_alloc(struct rvd_driver *d, size_t bytes, uint64_t *phys);

/* bringup.c: waits until `mask` is clear in a register of 4 or 8 bytes; the last value in *val. */
int rvd_wait_clear(struct rvd_driver *d, uint64_t off, unsigned size, uint64_t mask, uint64_t ns,
                   uint64_t *val);

/* schemes.c: fctl.GXL, and what our own tables will be. */
int rvd_schemes(struct rvd_driver *d, struct iom_error *error);

/* queues.c */
int rvd_queues_on(struct rvd_driver *d, struct iom_error *error);
/* Turns them off and frees their memory; IOM_ETIMEOUT: one runs on, and keeps its memory. */
int rvd_queues_off(struct rvd_driver *d);

/* invalidate.c: commands are queued, and rvd_fence sends them and waits until all are done. */
void rvd_inval_ddt_all(struct rvd_driver *d);
void rvd_inval_vma_all(struct rvd_driver *d);
void rvd_inval_gvma_all(struct rvd_driver *d);
/* All that follows from a change of this device's context, whose old or new words these are. */
void rvd_inval_device(struct rvd_driver *d, uint32_t device_id, const uint64_t *dc);
/* All that follows from a change of a process's context; the other of its tables. */
void rvd_inval_process(struct rvd_driver *d, uint32_t device_id, uint32_t pasid);
void rvd_inval_pscid(struct rvd_driver *d, uint32_t pscid);
/* Queues one command. */
void rvd_command(struct rvd_driver *d, uint64_t dw0, uint64_t dw1);
/* IOM_ETIMEOUT: hardware stands still, or a device has not answered; either way it goes on. */
int rvd_fence(struct rvd_driver *d);
/* Looks for a stopped command queue and lets it run again.  True: it had stopped. */
bool rvd_cq_repair(struct rvd_driver *d);
int rvd_flush(struct iom_domain *domain, const struct iom_gather *gather);
int rvd_forget(struct iom_domain *domain, uint64_t first, uint64_t last, bool global);
/* What was known of one guest-physical page, MSI page-table entry included. */
void rvd_inval_gpa(struct rvd_driver *d, const struct iom_domain *domain, uint64_t gpa);

/* context.c: the device directory */
int rvd_ddt_new(struct rvd_driver *d);
void rvd_ddt_free(struct rvd_driver *d);
int rvd_prepare(struct iom_driver *driver, uint32_t requester);
int rvd_attach(struct iom_domain *domain, uint32_t requester);
int rvd_detach(struct iom_driver *driver, uint32_t requester);

/* process.c */
int rvd_process_init(struct iom_domain *domain, const struct iom_stage *stage,
                     struct iom_error *error);
int rvd_prepare_pasid(struct iom_driver *driver, struct iom_device *device, uint32_t pasid);
int rvd_attach_pasid(struct iom_driver *driver, struct iom_link *link);
int rvd_detach_pasid(struct iom_driver *driver, struct iom_link *link);
/* The directory of a device's processes. */
int rvd_pdt_new(struct rvd_driver *d, struct iom_device *device);
void rvd_pdt_free(struct rvd_driver *d, struct iom_device *device);

/* ats.c */
int rvd_allow(struct iom_driver *driver, struct iom_device *device, unsigned abilities);
/* Fields of ATS commands that name a device. */
uint64_t rvd_ats_who(uint32_t requester);
/* Devices forget what they know of first..last in a domain: those that may know anything. */
void rvd_ats_forget(struct rvd_driver *d, const struct iom_domain *domain, uint64_t first,
                    uint64_t last, bool global);
/* One use of a domain; all of a device. */
void rvd_ats_forget_link(struct rvd_driver *d, const struct iom_link *link);
void rvd_ats_forget_device(struct rvd_driver *d, const struct iom_device *device);

/* guest.c: virtual machines */
int rvd_nested_init(struct iom_domain *domain, const struct iom_stage *stage,
                    struct iom_error *error);
int rvd_msi_init(struct iom_domain *domain, struct iom_error *error);
void rvd_msi_fini(struct iom_domain *domain);
int rvd_msi_put(struct iom_domain *domain, uint64_t gpa, const struct iom_msi_target *to);

/* tables.c */
int rvd_domain_init(struct iom_domain *domain, struct iom_error *error);
void rvd_domain_fini(struct iom_domain *domain);
int rvd_map(struct iom_domain *domain, uint64_t iova, uint64_t phys, uint64_t bytes, unsigned prot);
int rvd_unmap(struct iom_domain *domain, uint64_t iova, uint64_t bytes, struct pt_removed *removed);
int rvd_lookup(struct iom_domain *domain, uint64_t iova, uint64_t *phys);
void rvd_release(struct iom_domain *domain, uint64_t tables);
/* Makes somebody else's table a domain's first stage. */
int rvd_borrow(struct iom_domain *domain, const struct iom_stage *stage, struct iom_error *error);

/* page_requests.c: reports what is in the page-request queue, which must be there. */
void rvd_page_requests(struct rvd_driver *d);
int rvd_respond(struct iom_driver *driver, const struct iom_os_page_request *request,
                unsigned code);

/* faults.c: reports what is in the fault queue; returns how many. */
int rvd_faults(struct rvd_driver *d);

/* interrupts.c */
int rvd_interrupts_kind(struct rvd_driver *d, const struct iom_driver_config *config,
                        struct iom_error *error);
int rvd_interrupts_vectors(struct rvd_driver *d, struct iom_error *error);
int rvd_interrupt(struct iom_driver *driver);

/* bringup.c: sets bits of fctl and clears others, and sees whether they took. */
bool rvd_fctl_change(struct rvd_driver *d, uint64_t set, uint64_t clear);

#endif

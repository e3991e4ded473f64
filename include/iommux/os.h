/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The software side of an IOMMU, for kernels, hypervisors, firmware and bare-metal programs: find
 * the hardware, bring it up, and give devices address spaces.  Freestanding C; of a C library it needs
 * memcpy, memset, memmove and memcmp at most, declared in <string.h>.
 *
 * Threads: one driver with its domains is used by one thread at a time.
 */
#ifndef IOMMUX_OS_H
#define IOMMUX_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/error.h>
#include <iommux/stage.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_driver;
struct iom_domain;

/* ---- What the kernel provides ------------------------------------------------------------- */

/* One fault that the hardware recorded. */
struct iom_os_fault {
	uint64_t iova;      /* the address that the device used                            */
	uint64_t gpa;       /* guest-physical address, where the second stage refused; else 0 */
	uint32_t requester; /* who: PCI requester ID, device_id ...                        */
	uint32_t pasid;     /* process identifier, if has_pasid                            */
	uint32_t code;      /* the architecture's code                                     */
	bool has_pasid;
	bool write;         /* a write or atomic access; else a read or an execute         */
	const char *reason; /* the code in words; constant                                 */
};

/* A page that a device asks for, before it can go on (PCI Express: a Page Request). */
struct iom_os_page_request {
	uint64_t address;   /* the page's first byte                                       */
	uint32_t requester; /* who                                                         */
	uint32_t pasid;     /* whose page, if has_pasid                                    */
	uint32_t access;    /* what for: IOM_PROT_READ, _WRITE, _EXECUTE; 0: nothing, only */
			    /* says that no more requests of this process are under way   */
	uint16_t group;     /* requests that get one answer together have one number      */
	bool last;          /* the last of its group: now iom_driver_respond is due       */
	bool has_pasid;
	bool privileged;
};

/* All functions but `flush`, `fault`, `page_request` and `relax` are needed. */
struct iom_os_host {
	size_t bytes; /* sizeof(struct iom_os_host) */

	/*
	 * Access to a register of the IOMMU, `off` bytes into its window; `size` is 4 or 8.  A store
	 * becomes visible after all earlier stores to memory, as a kernel's writel does.
	 */
	uint64_t (*mmio_read)(void *opaque, uint64_t off, unsigned size);
	void (*mmio_write)(void *opaque, uint64_t off, unsigned size, uint64_t val);

	/*
	 * Zeroed memory that the IOMMU can reach: `size` is a power of two from 4096 up, and the
	 * memory is aligned to it physically, to 4096 virtually, and not at physical address 0.
	 * Returns the CPU's pointer and the physical address, or NULL.
	 */
	void *(*alloc)(void *opaque, size_t size, uint64_t *phys);
	void (*free)(void *opaque, void *memory, uint64_t phys, size_t size);
	/* The CPU's pointer for a physical address inside memory that `alloc` gave. */
	void *(*at)(void *opaque, uint64_t phys);

	/*
	 * Writes what the CPU's caches hold of `bytes` bytes at `memory` back, so that hardware reads it
	 * from memory.  Called after stores to tables that the IOMMU reads without asking the CPU's
	 * caches, if it says that it is such a one (VT-d: ECAP.C, ECAP.SMPWCS).  NULL: it sees all
	 * stores, whatever it says.
	 */
	void (*flush)(void *opaque, const void *memory, size_t bytes);

	/* A monotonic clock in nanoseconds, for time-outs, and a pause inside polling loops. */
	uint64_t (*now_ns)(void *opaque);
	void (*relax)(void *opaque);

	/* Called from iom_driver_interrupt for each recorded fault.  NULL: faults are dropped. */
	void (*fault)(void *opaque, const struct iom_os_fault *fault);

	/*
	 * Called from iom_driver_interrupt for each page that a device asks for, in the order in which
	 * they came.  It may call what it likes but iom_driver_interrupt and iom_driver_free;
	 * iom_driver_respond may also come later.  NULL: no device may ask for pages.
	 */
	void (*page_request)(void *opaque, const struct iom_os_page_request *request);
};

/* ---- The driver of one IOMMU -------------------------------------------------------------- */

struct iom_driver_config {
	size_t bytes; /* sizeof(struct iom_driver_config) */

	/*
	 * Where the IOMMU's own interrupts go.  By message: vector v writes msi_data + v to
	 * msi_address.  `msi_address` 0: by wires, if the hardware has them.
	 */
	uint64_t msi_address;
	uint32_t msi_data;
	uint32_t vectors; /* how many vectors or wires the platform has for it, 1..16; 0: 1 */

	/*
	 * How many interrupts of devices shall be remapped, a power of two from 2 to 65536 (see
	 * iom_interrupt_alloc); 0: none is.  With VT-d all other messages of devices are refused.
	 * IOM_ENOTSUP where hardware cannot.
	 */
	uint32_t interrupts;

	/*
	 * Translation begins with iom_driver_start, not before: so that devices whose memory firmware
	 * reserved (VT-d: RMRR) have a domain with that memory, and never miss it.
	 */
	bool held;
};

/*
 * Finds a RISC-V IOMMU behind host.mmio_*, brings it up, and gives every device the blocked state:
 * nothing passes before a domain is attached.  `config` may be NULL; config and host are copied.
 * IOM_ENOTSUP: not an IOMMU that this driver knows, or config.held; IOM_EBUSY: somebody uses it already;
 * IOM_ETIMEOUT, IOM_EIO: it did not behave as specified; IOM_ENOMEM, IOM_EINVAL.  `error`, which may
 * be NULL, says more.
 */
int iom_driver_riscv(const struct iom_driver_config *config, const struct iom_os_host *host,
                     void *opaque, struct iom_driver **out, struct iom_error *error);

/*
 * Finds an Intel VT-d remapping unit, whatever firmware left running there, and brings it up likewise.
 * Requesters are source-ids of 16 bits.  The register window must hold the fault recording and the IOTLB
 * registers, too; Linux computes its size from CAP.FRO and ECAP.IRO.  Domains work in scalable mode
 * wherever the unit has it, else in legacy mode.
 *
 * Interrupts go to `msi_address`, below 2^32 unless the unit has ECAP.EIM: vector 0 for faults, 1 for
 * requests for pages, modulo `vectors`.  There are no wires: with `msi_address` 0 the events stay
 * masked, and iom_driver_interrupt has to be called from time to time.
 *
 * IOM_ENOTSUP: no unit, or one without any DMA translation; IOM_ETIMEOUT, IOM_EIO: it did not behave
 * as specified; IOM_ENOMEM, IOM_EINVAL.
 */
int iom_driver_vtd(const struct iom_driver_config *config, const struct iom_os_host *host,
                   void *opaque, struct iom_driver **out, struct iom_error *error);

/*
 * Lets translation begin, if config.held was set: from now on devices without a domain are blocked.
 * Nothing happens if it has begun.  IOM_ETIMEOUT, IOM_EIO: the hardware did not confirm it.
 */
int iom_driver_start(struct iom_driver *driver);

/*
 * The interrupt handler: call it when the IOMMU signalled, or whenever you like.  Reports recorded
 * faults through host.fault and requests for pages through host.page_request, and clears and
 * repairs error conditions of the queues.  Returns the number of faults reported.
 */
int iom_driver_interrupt(struct iom_driver *driver);

/*
 * How often the hardware began to drop faults because its queue was full or unreachable, so far, as
 * iom_driver_interrupt found it.  How many were lost each time is not known.
 */
uint64_t iom_driver_overflows(const struct iom_driver *driver);

/*
 * How often the hardware stopped at a command that it could not fetch or did not accept, so far.
 * The driver lets it go on; the call that sent the command, or the next one, returns IOM_EIO.
 */
uint64_t iom_driver_command_errors(const struct iom_driver *driver);

/*
 * How often the hardware began to drop requests for pages because their queue was full or unreachable, so
 * far.  It answers them itself: devices ask again.
 */
uint64_t iom_driver_page_overflows(const struct iom_driver *driver);

/*
 * Turns the IOMMU off and frees everything that the driver allocated; a VT-d unit that is off lets all
 * accesses pass, a RISC-V IOMMU none.  All domains must have been
 * freed: else IOM_EBUSY, and nothing is changed.  IOM_ETIMEOUT, IOM_EIO: the hardware did not let
 * go of its memory; nothing was freed that it may still use, and the call may be repeated.  NULL is
 * ignored.
 */
int iom_driver_free(struct iom_driver *driver);

/* ---- Domains: one IOVA space, shared by the devices attached to it ------------------------- */

#define IOM_DOMAIN_BLOCKED 0u  /* every access is refused                                */
#define IOM_DOMAIN_IDENTITY 1u /* IOVA is the physical address                           */
#define IOM_DOMAIN_STAGE1 2u   /* translated by first-stage tables: a kernel's DMA.      */
/* VT-d: by second-stage ones where the unit has no others                               */
#define IOM_DOMAIN_STAGE2 3u /* translated by second-stage tables: a virtual machine's */

/* prot of iom_domain_map */
#define IOM_PROT_READ 0x1u
#define IOM_PROT_WRITE 0x2u /* needs IOM_PROT_READ but in VT-d's second-stage tables */
#define IOM_PROT_EXECUTE 0x4u
#define IOM_PROT_MMIO 0x8u /* the target is a device register (interrupt files) */

/*
 * Creates a domain with an empty IOVA space.  IOM_ENOTSUP: this hardware has no such stage, or cannot
 * let addresses through as they are;
 * IOM_EINVAL: no such kind; IOM_ENOMEM; IOM_ENOSPC: no identifier is left.
 */
int iom_domain_new(struct iom_driver *driver, unsigned kind, struct iom_domain **out,
                   struct iom_error *error);

/*
 * Frees a domain and its tables.  IOM_EBUSY: a device is still attached.  A gather that was filled
 * from the domain must have been synced: tables that it holds would be lost.  NULL is ignored.
 */
int iom_domain_free(struct iom_domain *domain);

/*
 * Moves a device into a domain, from the blocked state or from another domain.  When the call
 * returns, no access of the device uses the old domain any more.  IOM_EINVAL: the requester is
 * wider than the hardware's directory; IOM_EBUSY: the device works for processes, which is not to be
 * had together with a virtual machine's domain; IOM_ENOMEM: nothing has changed then.
 *
 * IOM_ETIMEOUT, IOM_EIO: the device's directory entry is off, but the hardware did not confirm it.
 * The device still counts as attached to the domain that the hardware may know: to the old one if
 * that could not be left, else to the new one.  Attach or detach it again to clear this up.
 */
int iom_domain_attach(struct iom_domain *domain, uint32_t requester);

/*
 * Puts a device of this domain back into the blocked state.  IOM_ENOENT: it is not attached here.
 * IOM_ETIMEOUT, IOM_EIO: as for iom_domain_attach; it is still attached here.
 */
int iom_domain_detach(struct iom_domain *domain, uint32_t requester);

/* The range that the domain's addresses lie in, both ends inclusive.  Blocked: 0..0. */
void iom_domain_range(const struct iom_domain *domain, uint64_t *first, uint64_t *last);

/*
 * Maps `bytes` bytes at `iova` to the physical address `phys`; all three are multiples of 4096,
 * bytes is not 0.  The largest pages that fit are used, where no table stands from earlier
 * mappings.  Nothing needs to be invalidated.
 * IOM_EINVAL: misaligned, outside the range, a physical address beyond the IOMMU's width or the
 * format's (32-bit tables name 34 bits), a protection that the format cannot say, a domain without
 * tables, or, with VT-d, addresses or physical addresses of interrupts, 0xfee00000..0xfeefffff;
 * IOM_EEXIST: part of it is mapped already; IOM_ENOMEM.  Nothing is mapped then.
 * IOM_ETIMEOUT, IOM_EIO: hardware that may remember what was not mapped (VT-d's caching mode) did not
 * forget it; the range is mapped all the same.
 */
int iom_domain_map(struct iom_domain *domain, uint64_t iova, uint64_t phys, uint64_t bytes,
                   unsigned prot);

/*
 * What has been unmapped and not yet invalidated.  Begin with all zeroes; gather over as many
 * unmaps of one domain as you like, then call iom_domain_sync.  Memory that was mapped may be used
 * for something else only after that.
 */
struct iom_gather {
	uint64_t first, last; /* the IOVAs touched, inclusive; meaningful if `some`  */
	uint64_t tables;      /* private: table pages to free after the invalidation */
	uint32_t step_lg2;    /* private: the smallest page size that was removed    */
	bool some;
};

/*
 * Unmaps `bytes` bytes at `iova`, multiples of 4096.  Holes are passed over.  IOM_EINVAL as for
 * map, or one end lies inside a larger page: then nothing is unmapped.
 */
int iom_domain_unmap(struct iom_domain *domain, uint64_t iova, uint64_t bytes,
                     struct iom_gather *gather);

/*
 * Invalidates what was gathered, waits until no device uses it any more, frees table pages, and
 * empties the gather.  IOM_ETIMEOUT, IOM_EIO: the hardware did not complete; the gather is kept.
 */
int iom_domain_sync(struct iom_domain *domain, struct iom_gather *gather);

/* The physical address that `iova` is mapped to; also for identity domains.  IOM_ENOENT: none. */
int iom_domain_iova_to_phys(struct iom_domain *domain, uint64_t iova, uint64_t *phys);

/* ---- Virtual machines ----------------------------------------------------------------------- */

/*
 * Creates a domain whose first stage is a guest's own table and whose second stage is `parent`, of kind
 * IOM_DOMAIN_STAGE2: addresses go IOVA to guest-physical to physical.  `stage` is what the guest told
 * its IOMMU (backend.h): `stage.root` is guest-physical, `stage.tag` is not used.  Hardware reads the
 * tables through the parent, so that nothing in them needs to be trusted.  Devices are attached and
 * detached as to every domain; nothing can be mapped here, and iova_to_phys knows no address.
 *
 * The parent cannot be freed before.  IOM_EINVAL: the parent is of another kind, or the root is no
 * address of a table; IOM_ENOTSUP: hardware cannot read such tables; IOM_ENOMEM, IOM_ENOSPC.
 */
int iom_domain_new_nested(struct iom_domain *parent, const struct iom_stage *stage,
                          struct iom_domain **out, struct iom_error *error);

/*
 * The owner of a domain's tables, a guest or a kernel's process, changed what they say of
 * [first, last].  When the call returns, no device of this domain uses what they said before.
 * `global`: nor what they marked as the same for all of the owner's tables.  Tables of a process
 * that were unlinked may be freed then.  IOM_EINVAL: neither a nested domain nor a process's, or
 * last < first; IOM_ETIMEOUT, IOM_EIO: the hardware, or a device, did not complete.
 */
int iom_domain_invalidate(struct iom_domain *domain, uint64_t first, uint64_t last, bool global);

/*
 * Says where a virtual machine, whose memory a domain of kind IOM_DOMAIN_STAGE2 is, believes its
 * interrupt files to be: in the pages at the guest-physical addresses A for which (A & ~mask) is
 * `address`; each bit of `mask` doubles their number.  What devices of the domain, and of domains
 * nested in it, store there goes to the files that iom_domain_msi_map names, and is refused where it
 * names none; the domain's own mappings do not count there any more.
 *
 * Once for a domain, before the first device is attached: else IOM_EBUSY.  IOM_EINVAL: another kind,
 * bits below 4096 or outside the domain's range, bits that `address` and `mask` share, or more
 * than 16 in `mask`; IOM_ENOTSUP: this hardware has no tables for interrupts; IOM_ENOMEM.
 */
int iom_domain_msi_window(struct iom_domain *domain, uint64_t address, uint64_t mask,
                          struct iom_error *error);

/*
 * Lets the guest-physical page `gpa` of the window be the interrupt file at `phys`, now or instead
 * of another one.  When the call returns, no device's store goes to the former.  IOM_EINVAL: outside
 * the window, misaligned, or no physical address; IOM_ETIMEOUT, IOM_EIO: the hardware did not complete.
 */
int iom_domain_msi_map(struct iom_domain *domain, uint64_t gpa, uint64_t phys);

/* Takes a page's interrupt file away: stores there are refused.  As iom_domain_msi_map. */
int iom_domain_msi_unmap(struct iom_domain *domain, uint64_t gpa);

/*
 * An interrupt file in memory, for a virtual CPU that sleeps or that no hart has a file for: 512 bytes,
 * little-endian, for each 64 identities a doubleword of pending bits and one of enable bits.  A device's
 * message sets its pending bit; then hardware stores `identity` to the interrupt file at `notice`,
 * which is the hypervisor's own, whether the identity is enabled or not.
 */
struct iom_mrif {
	uint64_t file;     /* physical address, a multiple of 512              */
	uint64_t notice;   /* physical address of a page                       */
	uint32_t identity; /* what the hypervisor shall hear, 0..2047          */
};

#define IOM_MRIF_BYTES 512u
#define IOM_MRIF_GROUPS 32u /* of 64 identities */

/*
 * Lets the guest-physical page `gpa` of the window be an interrupt file in memory.  When the call
 * returns, no device's store goes to the former file any more.  IOM_ENOTSUP: this hardware knows files
 * of harts only; IOM_EINVAL: also a misaligned address or too large an identity; the rest as
 * iom_domain_msi_map.  If it fails with IOM_ETIMEOUT or IOM_EIO, notices may come from either file:
 * repeat it.
 *
 * So that no interrupt is lost, a hypervisor that takes its file from a virtual CPU
 *   1. clears the pending bits of the file in memory,
 *   2. calls iom_domain_msi_map_mrif: every later message is in memory, and has its notice,
 *   3. moves what is pending in the hart's file, where nothing arrives any more, with iom_mrif_add,
 *   4. and only then looks whether anything that is pending and enabled should wake the CPU: what was
 *      moved has no notice.
 * One that gives a file to it again
 *   1. clears the hart's new file,
 *   2. calls iom_domain_msi_map: every later message is in the hart's file,
 *   3. moves what iom_mrif_take finds in memory to the hart's file, which adds it to what has arrived,
 *   4. and lets the CPU run; a notice that comes late is about nothing.
 */
int iom_domain_msi_map_mrif(struct iom_domain *domain, uint64_t gpa, const struct iom_mrif *mrif);

/*
 * Takes the pending identities out of a file in memory, or adds some: bit i is identity 64 * group + i.
 * `file` is the CPU's pointer to its 512 bytes.  While devices store there, hardware without AMO_MRIF
 * may overwrite what these functions do.
 */
uint64_t iom_mrif_take(void *file, unsigned group);
void iom_mrif_add(void *file, unsigned group, uint64_t pending);

/* ---- Devices that can do more ---------------------------------------------------------------- */

/* Its requests may carry a PASID: it works for several processes at once. */
#define IOM_DEVICE_PASID 0x1u
/* It may ask for translations and keep them (ATS); invalidations then wait for its answer, too. */
#define IOM_DEVICE_ATS 0x2u
/* It may ask for pages (PRI); needs IOM_DEVICE_ATS. */
#define IOM_DEVICE_PRI 0x4u
/* Answers to those carry the PASID ("PRG Response PASID Required"); needs IOM_DEVICE_PRI. */
#define IOM_DEVICE_PRI_PASID 0x8u

/*
 * Says what a device may do beyond plain accesses: exactly `abilities`, IOM_DEVICE_* combined; at first
 * nothing.  It holds until the next call, wherever the device is attached.  The device itself is told
 * by the caller: to use an ability after this call, and to stop before it is taken away.  A device
 * that was told to stop must have forgotten its translations when it begins again, as PCI Express
 * has it.
 *
 * A device that does not answer invalidations makes them fail with IOM_ETIMEOUT, again and again; without
 * IOM_DEVICE_ATS the IOMMU refuses what it remembers, asks it no more, and the calls succeed.
 *
 * IOM_ENOTSUP: this hardware has no such thing, or the host takes no requests for pages; IOM_EBUSY:
 * IOM_DEVICE_PASID cannot come or go while the device is attached; IOM_EINVAL: one ability lacks
 * another, or the requester is wider than the hardware's directory; IOM_ENOMEM.  Nothing has changed
 * then.  IOM_ETIMEOUT, IOM_EIO: the hardware did not confirm it; call it again.
 */
int iom_device_allow(struct iom_driver *driver, uint32_t requester, unsigned abilities);

/* code of iom_driver_respond, as PCI Express numbers them */
#define IOM_RESPONSE_DONE 0u    /* ask again: the pages are there, or something has changed  */
#define IOM_RESPONSE_INVALID 1u /* they never will be                                        */
#define IOM_RESPONSE_FAILED 15u /* the device must not ask for pages any more                */

/*
 * Answers a group of requests; `request` is its last one, or a copy.  IOM_EINVAL: it is not the last
 * one, asks for nothing, or there is no such code; IOM_ETIMEOUT, IOM_EIO: the hardware did not
 * complete.
 */
int iom_driver_respond(struct iom_driver *driver, const struct iom_os_page_request *request,
                       unsigned code);

/* ---- Processes: shared virtual addressing ----------------------------------------------------- */

/*
 * Creates a domain whose first stage is a table that somebody else owns: a process's, which the CPU
 * walks, too.  `stage.root` is its physical address; `stage.tag` is not used.  Devices access as
 * users do.  Nothing can be mapped here, and iova_to_phys knows no address: when the owner takes
 * something away, or makes it less permitted, iom_domain_invalidate follows.
 *
 * IOM_ENOTSUP: hardware cannot read such tables; IOM_EINVAL: the root is no address of a table;
 * IOM_ENOMEM, IOM_ENOSPC.
 */
int iom_domain_new_process(struct iom_driver *driver, const struct iom_stage *stage,
                           struct iom_domain **out, struct iom_error *error);

/*
 * Lets a device's requests with this PASID use the domain: a process's, or one of kind IOM_DOMAIN_STAGE1.
 * Requests without a PASID go on as iom_domain_attach says; where the device is attached to no
 * domain, they are refused.  PASID 0 is theirs and for no process.
 *
 * IOM_EINVAL: another kind of domain, PASID 0 or one that is too wide, or a device without
 * IOM_DEVICE_PASID; IOM_EEXIST: the PASID has another domain; IOM_EBUSY: the device is attached to a
 * virtual machine's domain; IOM_ENOMEM.  Nothing has changed then.  IOM_ETIMEOUT, IOM_EIO: as for
 * iom_domain_attach; it counts as attached.
 */
int iom_domain_attach_pasid(struct iom_domain *domain, uint32_t requester, uint32_t pasid);

/*
 * Takes the PASID back, also while the device is at work: when the call returns, no access with it uses
 * the domain any more; further ones are refused.  IOM_ENOENT: it is not attached here; IOM_ETIMEOUT,
 * IOM_EIO: as for iom_domain_detach; it still is.
 */
int iom_domain_detach_pasid(struct iom_domain *domain, uint32_t requester, uint32_t pasid);

/* ---- Interrupts of devices: remapping --------------------------------------------------------- */

/*
 * Where a remapped interrupt goes: vector and CPU, or a virtual CPU's posted interrupt descriptor.
 * On x86 a CPU is named by its APIC ID, of 32 bits where the hardware has x2APIC mode, else of 8.
 */
struct iom_interrupt_target {
	uint64_t
		descriptor; /* physical address of the posted interrupt descriptor, 64 bytes, a      */
	/* multiple of 64; 0: none, the interrupt goes to `cpu`                  */
	uint32_t cpu;   /* without meaning beside a descriptor                                   */
	uint8_t vector; /* 16..255; beside a descriptor the virtual CPU's                        */
	bool level;     /* level-triggered (an I/O APIC's); not beside a descriptor              */
	bool urgent;    /* a descriptor's notification is sent also while it is suppressed      */
};

/* What a device, or an I/O APIC, must send so that an entry is used. */
struct iom_interrupt_message {
	uint64_t address;
	uint32_t data;
};

/*
 * Takes `count` consecutive interrupts, a power of two up to 64, for a device: `*first` is the first
 * one's index, a multiple of `count`.  Only messages of this requester are accepted there; none is, before
 * iom_interrupt_set.  IOM_ENOTSUP: config.interrupts was 0; IOM_ENOSPC: none are left; IOM_EINVAL:
 * count, or a requester wider than the hardware's.
 */
int iom_interrupt_alloc(struct iom_driver *driver, uint32_t requester, unsigned count,
                        uint32_t *first);

/*
 * Lets an interrupt go to a target, now or instead of another one.  When the call returns, no message goes to
 * the former target any more; none is lost in between, but in one case: while bits 63:32 of a
 * descriptor's address change, or go from or to 0 beside `cpu`, a CPU that cannot store 16 bytes at
 * once (all but x86-64) lets messages be refused.  IOM_EINVAL: not allocated, or a target that
 * does not exist; IOM_ENOTSUP: this hardware does not post; IOM_ETIMEOUT, IOM_EIO: the hardware did
 * not confirm it: repeat it.
 */
int iom_interrupt_set(struct iom_driver *driver, uint32_t index,
                      const struct iom_interrupt_target *target);

/*
 * Gives interrupts back that one iom_interrupt_alloc took: messages there are refused when the call
 * returns.  IOM_EINVAL: they were not; IOM_ETIMEOUT, IOM_EIO: as above; they still are.
 */
int iom_interrupt_free(struct iom_driver *driver, uint32_t first, unsigned count);

/*
 * The message of interrupt `index`.  Interrupts that were allocated together have one address, and
 * data that count from 0, as a device with several plain MSI sends them.  For an I/O APIC's pin:
 * iom_interrupt_ioapic.  IOM_EINVAL: not allocated.
 */
int iom_interrupt_message(const struct iom_driver *driver, uint32_t index,
                          struct iom_interrupt_message *message);

/*
 * The redirection entry of an I/O APIC whose pin is to use interrupt `index`, unmasked; `vector` and
 * `level` as iom_interrupt_set was told, because the end of interrupt is matched by them.
 * IOM_EINVAL: not allocated, or a vector below 16.
 */
int iom_interrupt_ioapic(const struct iom_driver *driver, uint32_t index, uint8_t vector,
                         bool level, bool active_low, uint64_t *entry);

#ifdef __cplusplus
}
#endif
#endif

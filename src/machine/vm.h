/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A virtual machine: guest-physical memory in pages from all over the host's RAM, virtual CPUs that
 * get their interrupts without the hypervisor's help, and devices that were assigned to it.  It may have an IOMMU for its
 * guest (viommu.h).  In it runs a guest, which can move to another one (migrate.h).
 */
#ifndef MACHINE_VM_H
#define MACHINE_VM_H

#include <iommux/backend.h>

#include "machine/apic.h"
#include "machine/dirty.h"
#include "machine/engine_driver.h"
#include "machine/hypervisor.h"
#include "machine/imsic.h"
#include "machine/space.h"

/* The guest's address map; the same numbers as in the machine, but other memory. */
#define VM_IOMMU MACHINE_IOMMU
#define VM_ENGINES MACHINE_ENGINES
#define VM_RAM MACHINE_LOW_RAM

#define VM_VCPUS_MAX BOARD_CPUS_MAX
#define VM_DEVICES_MAX 8
#define VM_NAME_MAX 16
#define VM_RAM_MIN (UINT64_C(1) << 20)

struct vm_config {
	const char *name;   /* cut to VM_NAME_MAX - 1 characters */
	uint64_t ram_bytes; /* VM_RAM_MIN.., whole pages         */
	unsigned vcpus;     /* 1..VM_VCPUS_MAX                   */
	bool iommu;         /* the guest gets one                */
	bool movable;       /* the guest can move elsewhere ...  */
	bool incoming;      /* ... to this one, which has none   */
};

/* What runs in a virtual machine, and knows nothing of it: its kernel, with what it takes for RAM. */
struct vm_guest {
	struct vm *vm;        /* where it is now                                    */
	struct ram_view view; /* its memory as its CPUs see it; none: it cannot move */
	struct pages ram;     /* as it numbers it                                   */
	struct board board;
	struct kernel *kernel;
	void (*waits)(void *opaque); /* see vm_guest_meanwhile */
	void *waits_opaque;
	bool waiting; /* in that call: none of its software may be entered */
};

struct vcpu_imsic {
	unsigned guest;         /* its interrupt file, of its hart                             */
	bool delivers;          /* asleep: what it will have as `eidelivery` when it wakes ... */
	struct imsic_file kept; /* ... and its other settings                                  */
};

struct vcpu {
	unsigned hart; /* that it runs on; while it sleeps, that it was on */
	bool asleep;
	uint64_t sleeps, notices;
	union {
		struct vcpu_imsic imsic;
		struct apic_cpu apic;
	};
};

/* A device that was assigned, as the machine and as the guest know it. */
struct vm_device {
	struct vm *vm; /* NULL: a free place */
	unsigned engine, bridge;
	uint32_t requester;
	uint32_t guest_requester;
	struct iom_domain *attached;   /* what the machine's IOMMU uses for it; NULL: blocked    */
	struct iom_domain *nested;     /* over the guest's tables, if they are used              */
	struct iom_stage stage;        /* those tables                                           */
	struct iom_endpoint *endpoint; /* at the guest's IOMMU, if there is one ...            */
	struct iom_port *port;         /* ... through which it judges faults of its own        */
	/* If vcpu_ops has it so: what the guest tells it to send, and what the hypervisor has for that. */
	struct iom_interrupt_message message;
	uint32_t interrupt;
	bool has_interrupt;
};

struct vm {
	struct hypervisor *hypervisor;
	unsigned number; /* its place at the hypervisor            */
	uint32_t serial; /* never used again; from 1 on             */
	char name[VM_NAME_MAX];
	bool running;
	bool paused;           /* CPUs, devices and the guest's IOMMU stand still */
	struct buffer *memory; /* pages of the host ...                   */
	struct space *space;   /* ... where the guest's devices see them  */
	struct dirty_log *log; /* NULL: nobody tracks them                */
	uint32_t sent_to;      /* the virtual machine that they go to; 0: none yet */
	struct vcpu vcpus[VM_VCPUS_MAX];
	unsigned vcpu_count;
	uint64_t
		interrupts; /* a page of the host with what keeps the CPUs' interrupts; 0: none yet */
	struct vm_device devices[VM_DEVICES_MAX];
	struct viommu *viommu;  /* NULL: the guest has none                */
	struct vm_guest *guest; /* NULL: none yet, or it has moved away     */
};

/*
 * Builds one, and boots a guest in it, unless it waits for one that comes from elsewhere: then it is
 * paused.  IOM_EINVAL, IOM_ENOMEM, IOM_ENOSPC (no interrupt file), with a sentence.
 */
int vm_new(struct hypervisor *hypervisor, const struct vm_config *config, struct vm **out,
           struct iom_error *error);

/*
 * Stops it: when the call returns, none of its devices reaches anything.  Devices and interrupt files
 * are nobody's then; its memory is still there.  On failure devices that could not be blocked are left.
 */
int vm_stop(struct vm *vm, struct iom_error *error);

/*
 * Stops it if need be, and gives its memory back; what its kernel made (spaces, drivers of
 * engines, buffers) has been freed.  NULL is ignored.
 */
void vm_free(struct vm *vm);

/* The physical address of a guest-physical one, as devices would see it.  IOM_ENOENT: none. */
int vm_lookup(const struct vm *vm, uint64_t gpa, uint64_t *spa);

/* ---- The guest (vm_guest.c) ------------------------------------------------------------------ */

/* Makes a guest, its memory that of the machine, and boots it; on refusal it is there to be freed. */
int vm_guest_boot(struct vm *vm, bool movable, struct iom_error *error);
void vm_guest_free(struct vm_guest *guest);

/* `waits` is called once, when the guest next has nothing to do but to wait; NULL: not any more. */
void vm_guest_meanwhile(struct vm_guest *guest, void (*waits)(void *opaque), void *opaque);

/* Shows a movable guest's CPUs this memory, of the same size, at their addresses.  IOM_ENOMEM. */
int vm_guest_show(struct vm_guest *guest, const struct buffer *memory);

/* ---- Virtual CPUs (vm_vcpu.c) ---------------------------------------------------------------- */

/* What depends on the interrupt controller (vm_imsic.c, vm_posted.c). */
const struct vcpu_ops *vm_vcpu_ops(const struct vm *vm);

/* Where a virtual CPU's interrupts arrive in the machine, be it a hart's or memory. */
uint64_t vm_vcpu_spa(const struct vm *vm, unsigned vcpu);

/*
 * Moves a virtual CPU to another hart, its interrupts included.  IOM_ENOSPC: there is no room.
 * One that sleeps will wake up there, if it can.
 */
int vm_vcpu_move(struct vm *vm, unsigned vcpu, unsigned hart, struct iom_error *error);

/*
 * Puts a virtual CPU to sleep: its interrupts are kept in memory, and its place on the hart is free for
 * others.  The next interrupt that it has enabled wakes it.  IOM_ENOMEM.
 */
int vm_vcpu_sleep(struct vm *vm, unsigned vcpu, struct iom_error *error);
/* Wakes it, on its hart or another that has room for it.  IOM_ENOSPC: none has. */
int vm_vcpu_wake(struct vm *vm, unsigned vcpu, struct iom_error *error);
/* The identity that the hypervisor hears when it is interrupted asleep, and that it was heard. */
unsigned vm_vcpu_notice(const struct vm *vm, unsigned vcpu);
void vm_vcpu_noticed(struct vm *vm, unsigned vcpu);
/* Those that run on a hart were told to look for interrupts. */
void vm_vcpus_notified(const struct hypervisor *hypervisor, unsigned hart);
/* Wakes all of this hypervisor's sleeping CPUs that have a reason to, as far as there is room. */
void vm_vcpus_wake(struct hypervisor *hypervisor);

/* A guest interrupt file of this hart; false: all are taken (vm_imsic.c). */
bool vm_imsic_take(struct hypervisor *hypervisor, unsigned hart, unsigned *guest);

/* ---- Devices (vm_device.c) ------------------------------------------------------------------- */

/*
 * Gives an engine of the machine, that is attached nowhere, to the guest.  Without an IOMMU of the
 * guest's it reaches the guest's memory at once; else what the guest says.  `place`: where the
 * guest's kernel finds it.
 */
int vm_device_assign(struct vm *vm, unsigned engine, struct engine_place *place,
                     struct iom_error *error);
/* Takes it back: it is blocked when the call returns. */
int vm_device_release(struct vm_device *device, struct iom_error *error);

struct dma_engine *vm_device_engine(const struct vm_device *device);
/* The guest's access to the engine's registers. */
uint64_t vm_device_read(struct vm_device *device, uint64_t off, unsigned bytes);
void vm_device_write(struct vm_device *device, uint64_t off, unsigned bytes, uint64_t val);
/* Its state, with what the guest takes for its registers, as dma_engine_save and _restore. */
void vm_device_save(const struct vm_device *device, uint8_t *state);
void vm_device_take(struct vm_device *device, const struct dma_engine *engine);
/* Has it stand still, or go on. */
void vm_device_hold(const struct vm_device *device, bool held);

/* The device with this number at one of the machine's IOMMUs, or NULL. */
struct vm_device *vm_device_find(struct vm *vm, unsigned bridge, uint32_t requester);

/* What the guest says of a device now; all that is attached is made to follow. */
void vm_device_follow(struct vm_device *device, const struct iom_context_info *info);

/*
 * The machine's IOMMU refused the device.  If that was for the guest's tables the guest's IOMMU
 * refuses as well, and tells the guest.
 */
void vm_device_judge(struct vm_device *device, const struct iom_os_fault *fault);

#endif

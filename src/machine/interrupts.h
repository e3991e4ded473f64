/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * How interrupts reach the CPUs of a machine, and those of its virtual machines: one row for each kind of
 * interrupt controller.  A kernel knows an interrupt by its identity, and all that it has to know
 * of the controller is which message makes a CPU see it.
 */
#ifndef MACHINE_INTERRUPTS_H
#define MACHINE_INTERRUPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/os.h>

struct bus;
struct iom_unit;
struct vm;
struct vm_device;

/* Virtual CPUs.  All that is called for one of them is called only while it is awake, but as said. */
struct vcpu_ops {
	/* Gives a machine that has its memory map this many. */
	int (*add)(struct vm *vm, unsigned count, struct iom_error *error);
	/* It stops: nothing stands for its CPUs on any hart. */
	void (*stop)(struct vm *vm);
	/* Gives back what was taken of the host's memory.  Nobody is attached any more. */
	void (*free)(struct vm *vm);

	/* To another hart.  IOM_ENOSPC: there is no room. */
	int (*move)(struct vm *vm, unsigned vcpu, unsigned hart, struct iom_error *error);
	/* From now on its interrupts are kept, and noticed. */
	int (*sleep)(struct vm *vm, unsigned vcpu, struct iom_error *error);
	/* It sleeps, and is to run: on its hart, or another one if there is room only there. */
	int (*wake)(struct vm *vm, unsigned vcpu, struct iom_error *error);
	/* It sleeps: has it a reason to wake, an interrupt that is pending and that it wants? */
	bool (*due)(const struct vm *vm, unsigned vcpu);
	/* A notice for those that run on this hart; NULL: there is no such thing. */
	void (*notified)(struct vm *vm, unsigned hart);

	/* As for a machine's own; also while it sleeps. */
	void (*listen)(struct vm *vm, unsigned vcpu);
	unsigned (*claim)(struct vm *vm, unsigned vcpu);
	struct iom_interrupt_message (*message)(unsigned vcpu, unsigned identity);
	/* How many are pending; where its messages arrive in the machine, and the number of the place. */
	unsigned (*pending)(struct vm *vm, unsigned vcpu);
	uint64_t (*place)(const struct vm *vm, unsigned vcpu, unsigned *number);

	/* A store of the guest's own IOMMU to one of the controller's pages; IOM_ENOENT: to none. */
	int (*store)(struct vm *vm, uint64_t gpa, const void *buf, size_t len);
	/* Where devices find such a page; false: it is none.  NULL: devices find none. */
	bool (*lookup)(const struct vm *vm, uint64_t gpa, uint64_t *spa);

	/* All that is to go elsewhere with a CPU, in so many bytes; it is awake. */
	size_t state_bytes;
	void (*save)(struct vm *vm, unsigned vcpu, uint8_t *state);
	void (*restore)(struct vm *vm, unsigned vcpu, const uint8_t *state);

	/*
	 * A device comes and goes, and what the guest tells it to send changes (vm_device.message): the
	 * hypervisor tells it what to send instead.  All NULL: it sends what the guest says.
	 */
	int (*plug)(struct vm_device *device);
	void (*unplug)(struct vm_device *device);
	void (*route)(struct vm_device *device);
};

#define VCPU_STATE_MAX 1024u /* no state_bytes is larger */

struct machine_interrupts {
	/* The controller: so many bytes, zeroed at first, and its window of the bus. */
	size_t bytes;
	uint64_t window, window_bytes;
	int (*read)(void *controller, uint64_t off, void *buf, size_t len);
	int (*write)(void *controller, uint64_t off, const void *buf, size_t len);

	/* Sends a message of an IOMMU, its own or a remapped one; NULL: it is stored on the bus. */
	void (*send)(void *controller, uint64_t address, uint32_t data);
	/* Adds what the controller has beside; interrupts of wires go through this unit.  NULL: nothing. */
	int (*connect)(void *controller, struct bus *bus, struct iom_unit *unit);

	unsigned pins;      /* that wires drive; 0: there are none     */
	uint32_t requester; /* that they are to the unit, if there are */
	void (*drive)(void *controller, unsigned pin, bool high);

	/* How many interrupts of devices each IOMMU's driver shall remap; 0: devices send to CPUs. */
	uint32_t remapped;
	/* No address of a device leads to the window's pages by tables: they need not be mapped. */
	bool reserved;

	/* A CPU takes all identities from now on; it takes the most urgent, or 0. */
	void (*listen)(void *controller, unsigned cpu);
	unsigned (*claim)(void *controller, unsigned cpu);
	struct iom_interrupt_message (*message)(unsigned cpu, unsigned identity);

	const struct vcpu_ops *vcpu;
};

extern const struct machine_interrupts imsic_interrupts; /* vm_imsic.c */
extern const struct machine_interrupts x86_interrupts;   /* x86.c */

#endif

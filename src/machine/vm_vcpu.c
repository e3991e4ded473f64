/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Virtual CPUs: each has an interrupt file of the hart that it runs on. */
#include "base/error.h"
#include "machine/vm.h"

uint64_t vm_vcpu_spa(const struct vm *vm, unsigned vcpu)
{
	if (vm->vcpus[vcpu].asleep)
		return vm->mrifs + (uint64_t)vcpu * IOM_MRIF_BYTES;
	return MACHINE_INTERRUPT_FILE + imsic_offset(vm->vcpus[vcpu].hart, vm->vcpus[vcpu].guest);
}

struct imsic_file *vm_vcpu_file(struct vm *vm, unsigned vcpu)
{
	struct vcpu *v = &vm->vcpus[vcpu];

	return v->asleep ? &v->kept
	                 : imsic_file(&vm->hypervisor->machine->imsic, v->hart, v->guest);
}

int vm_vcpu_show(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	uint64_t gpa = VM_FILES + (uint64_t)vcpu * IMSIC_PAGE;
	int rc = IOM_OK;

	for (unsigned i = 0; !rc && i < vm->hypervisor->kernel->board->iommus; i++)
		rc = iom_domain_msi_map(vm->space->domains[i], gpa, vm_vcpu_spa(vm, vcpu));
	return rc ? iom_fail(error, rc, "mapping the interrupt file of a virtual CPU failed: %s",
	                     iom_strerror(rc))
	          : IOM_OK;
}

static int add_vcpu(struct vm *vm, struct iom_error *error)
{
	struct hypervisor *h = vm->hypervisor;
	struct vcpu *vcpu = &vm->vcpus[vm->vcpu_count];

	for (unsigned tries = 0; tries < IMSIC_HARTS; tries++) {
		vcpu->hart = h->next_hart;
		h->next_hart = (h->next_hart + 1) % IMSIC_HARTS;
		if (hypervisor_file_take(h, vcpu->hart, &vcpu->guest))
			return vm_vcpu_show(vm, vm->vcpu_count++, error);
	}
	return iom_fail(error, IOM_ENOSPC,
	                "no guest interrupt file is left; the %u harts have %u each", IMSIC_HARTS,
	                IMSIC_GUESTS);
}

/* The window has as many pages as fit the CPUs, rounded up to a power of two. */
int vm_vcpus_add(struct vm *vm, unsigned count, struct iom_error *error)
{
	uint64_t pages = 1;
	int rc = IOM_OK;

	while (pages < count)
		pages *= 2;
	for (unsigned i = 0; !rc && i < vm->hypervisor->kernel->board->iommus; i++)
		rc = iom_domain_msi_window(vm->space->domains[i], VM_FILES,
		                           (pages - 1) * IMSIC_PAGE, error);
	while (!rc && vm->vcpu_count < count)
		rc = add_vcpu(vm, error);
	return rc;
}

int vm_vcpu_move(struct vm *vm, unsigned vcpu, unsigned hart, struct iom_error *error)
{
	struct hypervisor *h = vm->hypervisor;
	struct vcpu was = vm->vcpus[vcpu], now = { .hart = hart };
	struct imsic_file *from, *to;
	int rc;

	if (hart == was.hart)
		return IOM_OK;
	if (hart < IMSIC_HARTS && was.asleep) {
		vm->vcpus[vcpu].hart = hart;
		return IOM_OK;
	}
	if (hart >= IMSIC_HARTS || !hypervisor_file_take(h, hart, &now.guest))
		return iom_fail(error, IOM_ENOSPC, "hart %u has no free guest interrupt file",
		                hart);
	from = imsic_file(&h->machine->imsic, was.hart, was.guest);
	to = imsic_file(&h->machine->imsic, now.hart, now.guest);
	imsic_move_begin(to, from);
	vm->vcpus[vcpu].hart = now.hart;
	vm->vcpus[vcpu].guest = now.guest;
	rc = vm_vcpu_show(vm, vcpu, error);
	if (rc) {
		vm->vcpus[vcpu] = was;
		hypervisor_file_give(h, now.hart, now.guest);
		return rc;
	}
	/* No device stores into the old file any more: what it holds now is all. */
	imsic_move_end(to, from);
	hypervisor_file_give(h, was.hart, was.guest);
	return IOM_OK;
}

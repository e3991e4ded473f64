/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Virtual CPUs that sleep: their interrupts come to a file in memory, and the notice that goes with each
 * to the hypervisor's own file.  The steps are those of os.h, iom_domain_msi_map_mrif.
 */
#include <string.h>

#include "base/endian.h"
#include "base/error.h"
#include "machine/vm.h"

_Static_assert(VM_VCPUS_MAX *IOM_MRIF_BYTES <= PAGE_BYTES, "one page holds the files of all CPUs");
_Static_assert(KERNEL_NOTICE_IDENTITY + HYPERVISOR_VMS_MAX * VM_VCPUS_MAX <= IMSIC_IDENTITIES,
               "each virtual CPU has a notice of its own");

static uint64_t mrif_spa(const struct vm *vm, unsigned vcpu)
{
	return vm->mrifs + (uint64_t)vcpu * IOM_MRIF_BYTES;
}

static uint8_t *mrif_at(const struct vm *vm, unsigned vcpu)
{
	return (uint8_t *)pages_at(&vm->hypervisor->machine->low, vm->mrifs) +
	       (size_t)vcpu * IOM_MRIF_BYTES;
}

void vm_sleep_free(struct vm *vm)
{
	if (vm->mrifs)
		pages_give(&vm->hypervisor->machine->low, vm->mrifs, 1);
	vm->mrifs = 0;
}

/* Shows the file in memory to the devices behind every IOMMU. */
static int show_mrif(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	const struct board *board = vm->hypervisor->kernel->board;
	const struct iom_mrif mrif = {
		.file = mrif_spa(vm, vcpu),
		.notice = board_file(board, 0),
		.identity = KERNEL_NOTICE_IDENTITY + vm->number * VM_VCPUS_MAX + vcpu,
	};
	int rc = IOM_OK;

	for (unsigned i = 0; !rc && i < board->iommus; i++)
		rc = iom_domain_msi_map_mrif(vm->space->domains[i],
		                             VM_FILES + (uint64_t)vcpu * IMSIC_PAGE, &mrif);
	return rc ? iom_fail(error, rc, "mapping an interrupt file in memory failed: %s",
	                     iom_strerror(rc))
	          : IOM_OK;
}

/* What is pending goes from a file of a hart, where nothing arrives any more, to memory. */
static void move_to_memory(struct vm *vm, unsigned vcpu, struct imsic_file *from)
{
	for (unsigned group = 0; group < IOM_MRIF_GROUPS; group++) {
		iom_mrif_add(mrif_at(vm, vcpu), group, from->eip[group]);
		from->eip[group] = 0;
	}
}

static void move_from_memory(struct vm *vm, unsigned vcpu, struct imsic_file *to)
{
	for (unsigned group = 0; group < IOM_MRIF_GROUPS; group++)
		to->eip[group] |= iom_mrif_take(mrif_at(vm, vcpu), group);
}

int vm_vcpu_sleep(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	struct hypervisor *h = vm->hypervisor;
	struct vcpu *v = &vm->vcpus[vcpu];
	struct imsic_file *file = imsic_file(&h->machine->imsic, v->hart, v->guest);
	int rc;

	if (v->asleep)
		return IOM_OK;
	if (vm->paused)
		return iom_fail(error, IOM_EBUSY,
		                "'%s' is paused; its CPUs stand still as they are", vm->name);
	if (!vm->mrifs && !pages_take(&h->machine->low, &vm->mrifs))
		return iom_fail(error, IOM_ENOMEM, "no memory for interrupt files");
	memset(mrif_at(vm, vcpu), 0, IOM_MRIF_BYTES);
	rc = show_mrif(vm, vcpu, error);
	if (rc) {
		/* Devices may use either: all that came to memory comes back. */
		(void)vm_vcpu_show(vm, vcpu, NULL);
		move_from_memory(vm, vcpu, file);
		return rc;
	}
	imsic_move_begin(&v->kept, file);
	imsic_move_end(&v->kept, file);
	v->delivers = v->kept.eidelivery;
	v->kept.eidelivery = false;
	move_to_memory(vm, vcpu, &v->kept);
	v->asleep = true;
	v->sleeps++;
	hypervisor_file_give(h, v->hart, v->guest);
	vm_vcpus_wake(h);
	return IOM_OK;
}

static bool take_file(struct hypervisor *h, unsigned first, struct vcpu *v)
{
	for (unsigned i = 0; i < IMSIC_HARTS; i++) {
		v->hart = (first + i) % IMSIC_HARTS;
		if (hypervisor_file_take(h, v->hart, &v->guest))
			return true;
	}
	v->hart = first;
	return false;
}

int vm_vcpu_wake(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	struct hypervisor *h = vm->hypervisor;
	struct vcpu *v = &vm->vcpus[vcpu];
	struct imsic_file *file;
	int rc;

	if (!v->asleep)
		return IOM_OK;
	if (!take_file(h, v->hart, v))
		return iom_fail(error, IOM_ENOSPC, "no hart has a free guest interrupt file");
	v->asleep = false;
	file = imsic_file(&h->machine->imsic, v->hart, v->guest);
	imsic_move_begin(file, &v->kept);
	rc = vm_vcpu_show(vm, vcpu, error);
	if (rc) {
		/* Some IOMMUs may have its devices use the new file: nobody else gets it. */
		v->asleep = true;
		move_to_memory(vm, vcpu, file);
		return rc;
	}
	move_from_memory(vm, vcpu, file);
	imsic_move_end(file, &v->kept);
	file->eidelivery = v->delivers;
	return IOM_OK;
}

/* Has it a reason to wake: an interrupt that is pending and enabled? */
static bool due(const struct vm *vm, unsigned vcpu)
{
	const struct vcpu *v = &vm->vcpus[vcpu];
	const uint8_t *mrif = mrif_at(vm, vcpu);

	for (unsigned group = 0; v->delivers && group < IOM_MRIF_GROUPS; group++) {
		uint64_t pending = iom_ld64(mrif + 16 * (size_t)group, false);

		if ((pending | v->kept.eip[group]) & v->kept.eie[group])
			return true;
	}
	return false;
}

void vm_vcpu_noticed(struct vm *vm, unsigned vcpu)
{
	if (vcpu >= vm->vcpu_count || !vm->vcpus[vcpu].asleep)
		return;
	vm->vcpus[vcpu].notices++;
	if (vm->running && due(vm, vcpu))
		(void)vm_vcpu_wake(vm, vcpu, NULL);
}

void vm_vcpus_wake(struct hypervisor *h)
{
	for (unsigned i = 0; i < HYPERVISOR_VMS_MAX; i++) {
		struct vm *vm = h->vms[i];

		for (unsigned vcpu = 0; vm && vm->running && vcpu < vm->vcpu_count; vcpu++) {
			if (vm->vcpus[vcpu].asleep && due(vm, vcpu))
				(void)vm_vcpu_wake(vm, vcpu, NULL);
		}
	}
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A virtual machine. */
#include "machine/vm.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "machine/migrate.h"
#include "machine/viommu.h"

/* ---- Memory ---------------------------------------------------------------------------------- */

static int check(const struct vm_config *config, struct iom_error *error)
{
	if (config->ram_bytes < VM_RAM_MIN || config->ram_bytes > MACHINE_RAM_MAX ||
	    config->ram_bytes % PAGE_BYTES)
		return iom_fail(error, IOM_EINVAL,
		                "a virtual machine of %llu bytes: it must have %llu to %llu, in "
		                "whole pages",
		                (unsigned long long)config->ram_bytes,
		                (unsigned long long)VM_RAM_MIN,
		                (unsigned long long)MACHINE_RAM_MAX);
	if (!config->vcpus || config->vcpus > VM_VCPUS_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "a virtual machine of %u CPUs: it must have 1 to %u", config->vcpus,
		                VM_VCPUS_MAX);
	return IOM_OK;
}

/*
 * The second stage: what devices reach with guest-physical addresses.  Its root tables need pages in a
 * row, of which the guest's memory leaves few.
 */
static int build_memory(struct vm *vm, uint64_t bytes, struct iom_error *error)
{
	uint64_t gpa;
	int rc = space_new(vm->hypervisor->kernel, IOM_DOMAIN_STAGE2, &vm->space, error);

	if (!rc)
		rc = buffer_new(&vm->hypervisor->machine->low, bytes, true, &vm->memory, error);
	if (!rc)
		rc = space_map(vm->space, vm->memory, VM_RAM,
		               IOM_PROT_READ | IOM_PROT_WRITE | IOM_PROT_EXECUTE, &gpa, error);
	return rc;
}

int vm_lookup(const struct vm *vm, uint64_t gpa, uint64_t *spa)
{
	const struct vcpu_ops *ops = vm_vcpu_ops(vm);

	if (ops->lookup && ops->lookup(vm, gpa, spa))
		return IOM_OK;
	return space_lookup(vm->space, gpa, spa);
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static int build(struct vm *vm, const struct vm_config *config, struct iom_error *error)
{
	int rc = build_memory(vm, config->ram_bytes, error);

	if (!rc)
		rc = vm_vcpu_ops(vm)->add(vm, config->vcpus, error);
	if (!rc && config->iommu)
		rc = viommu_new(vm, &vm->viommu, error);
	if (rc)
		return rc;
	vm->running = true;
	return config->incoming ? vm_pause(vm, error) : vm_guest_boot(vm, config->movable, error);
}

int vm_new(struct hypervisor *h, const struct vm_config *config, struct vm **out,
           struct iom_error *error)
{
	unsigned number = 0;
	struct vm *vm;
	int rc = check(config, error);

	*out = NULL;
	if (rc)
		return rc;
	while (number < HYPERVISOR_VMS_MAX && h->vms[number])
		number++;
	if (number == HYPERVISOR_VMS_MAX)
		return iom_fail(error, IOM_ENOSPC, "a machine has at most %u virtual machines",
		                HYPERVISOR_VMS_MAX);
	vm = calloc(1, sizeof *vm);
	if (!vm)
		return iom_fail(error, IOM_ENOMEM, "no memory for a virtual machine");
	vm->hypervisor = h;
	vm->number = number;
	vm->serial = ++h->serials;
	memcpy(vm->name, config->name, strnlen(config->name, VM_NAME_MAX - 1));
	h->vms[number] = vm;
	rc = build(vm, config, error);
	if (rc) {
		vm_free(vm);
		return rc;
	}
	*out = vm;
	return IOM_OK;
}

int vm_stop(struct vm *vm, struct iom_error *error)
{
	int first = IOM_OK;

	for (unsigned i = 0; i < VM_DEVICES_MAX; i++) {
		int rc = vm->devices[i].vm ? vm_device_release(&vm->devices[i], error) : IOM_OK;

		if (!first)
			first = rc;
	}
	if (first)
		return first;
	if (vm->running)
		vm_vcpu_ops(vm)->stop(vm);
	vm->running = vm->paused = false;
	vm_vcpus_wake(vm->hypervisor);
	if (vm->viommu && vm->guest)
		viommu_let_go(vm->viommu);
	return IOM_OK;
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	(void)vm_stop(vm, NULL);
	vm_untrack(vm);
	vm_guest_free(vm->guest);
	viommu_free(vm->viommu);
	(void)space_free(vm->space);
	vm_vcpu_ops(vm)->free(vm);
	buffer_free(vm->memory);
	vm->hypervisor->vms[vm->number] = NULL;
	free(vm);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A virtual machine. */
#include "machine/vm.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "machine/viommu.h"

/* ---- As its kernel sees it ------------------------------------------------------------------- */

/* The registers of an assigned engine are passed through. */
static bool engine_spa(const struct vm *vm, uint64_t gpa, uint64_t *spa)
{
	uint64_t place = (gpa - VM_ENGINES) / ENGINE_REGISTER_BYTES;

	if (gpa < VM_ENGINES || place >= VM_DEVICES_MAX || !vm->devices[place].vm)
		return false;
	*spa = machine_engine_spa(vm->devices[place].engine) + gpa % ENGINE_REGISTER_BYTES;
	return true;
}

static uint64_t mmio_read(void *opaque, uint64_t phys, unsigned bytes)
{
	struct vm *vm = opaque;
	uint64_t spa, val = UINT64_MAX;

	if (engine_spa(vm, phys, &spa))
		val = machine_mmio_read(vm->hypervisor->machine, spa, bytes);
	else if (vm->viommu)
		viommu_mmio_read(vm->viommu, phys - VM_IOMMU, bytes, &val);
	return val;
}

static void mmio_write(void *opaque, uint64_t phys, unsigned bytes, uint64_t val)
{
	struct vm *vm = opaque;
	uint64_t spa;

	if (engine_spa(vm, phys, &spa))
		machine_mmio_write(vm->hypervisor->machine, spa, bytes, val);
	else if (vm->viommu)
		viommu_mmio_write(vm->viommu, phys - VM_IOMMU, bytes, val);
}

static uint64_t now_ns(void *opaque)
{
	const struct vm *vm = opaque;

	return machine_now_ns(vm->hypervisor->machine);
}

static struct imsic_file *file(void *opaque, unsigned cpu)
{
	struct vm *vm = opaque;

	if (vm->vcpus[cpu].asleep)
		return &vm->vcpus[cpu].kept;
	return imsic_file(&vm->hypervisor->machine->imsic, vm->vcpus[cpu].hart,
	                  vm->vcpus[cpu].guest);
}

/* The host takes its own interrupts first: some become the guest's. */
static void others(void *opaque)
{
	struct vm *vm = opaque;

	kernel_interrupts(vm->hypervisor->kernel);
	vm_vcpus_wake(vm->hypervisor);
}

static const struct board_ops board_ops = {
	.mmio_read = mmio_read,
	.mmio_write = mmio_write,
	.now_ns = now_ns,
	.file = file,
	.others = others,
};

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

/* Pages of the host, and the same as the guest's RAM. */
static int add_memory(struct vm *vm, uint64_t bytes, struct iom_error *error)
{
	struct machine *m = vm->hypervisor->machine;
	uint8_t **piece;
	int rc = buffer_new(&m->low, bytes, true, &vm->memory, error);

	if (rc)
		return rc;
	piece = malloc(vm->memory->count * sizeof *piece);
	if (!piece)
		return iom_fail(error, IOM_ENOMEM, "no memory for a virtual machine");
	for (uint32_t i = 0; i < vm->memory->count; i++)
		piece[i] = pages_at(&m->low, vm->memory->spa[i]);
	rc = pages_init_pieces(&vm->ram, VM_RAM, piece, vm->memory->count, m->seed + vm->number);
	free(piece);
	return rc ? iom_fail(error, rc, "no memory for a virtual machine") : IOM_OK;
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
		rc = add_memory(vm, bytes, error);
	if (!rc)
		rc = space_map(vm->space, vm->memory, VM_RAM,
		               IOM_PROT_READ | IOM_PROT_WRITE | IOM_PROT_EXECUTE, &gpa, error);
	return rc;
}

int vm_lookup(const struct vm *vm, uint64_t gpa, uint64_t *spa)
{
	uint64_t place = (gpa - VM_FILES) / IMSIC_PAGE;

	if (gpa < VM_FILES || place >= vm->vcpu_count)
		return space_lookup(vm->space, gpa, spa);
	*spa = vm_vcpu_spa(vm, (unsigned)place) + (vm->vcpus[place].asleep ? 0 : gpa % IMSIC_PAGE);
	return IOM_OK;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static int boot(struct vm *vm, bool iommu, struct iom_error *error)
{
	int rc = iommu ? viommu_new(vm, &vm->viommu, error) : IOM_OK;

	if (rc)
		return rc;
	vm->board = (struct board){
		.ops = &board_ops,
		.opaque = vm,
		.arch = vm->hypervisor->machine->arch,
		.low = &vm->ram,
		.iommus = iommu ? 1 : 0,
		.iommu = { VM_IOMMU },
		.cpus = vm->vcpu_count,
		.files = VM_FILES,
		.file_stride = IMSIC_PAGE,
	};
	rc = kernel_boot(&vm->board, false, &vm->kernel, error);
	vm->running = !rc;
	return rc;
}

static int build(struct vm *vm, const struct vm_config *config, struct iom_error *error)
{
	int rc = build_memory(vm, config->ram_bytes, error);

	if (!rc)
		rc = vm_vcpus_add(vm, config->vcpus, error);
	return rc ? rc : boot(vm, config->iommu, error);
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
	for (unsigned i = 0; vm->running && i < vm->vcpu_count; i++) {
		if (!vm->vcpus[i].asleep)
			hypervisor_file_give(vm->hypervisor, vm->vcpus[i].hart, vm->vcpus[i].guest);
	}
	vm->running = false;
	vm_vcpus_wake(vm->hypervisor);
	return IOM_OK;
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	(void)vm_stop(vm, NULL);
	(void)kernel_halt(vm->kernel);
	viommu_free(vm->viommu);
	(void)space_free(vm->space);
	vm_sleep_free(vm);
	pages_release(&vm->ram);
	buffer_free(vm->memory);
	vm->hypervisor->vms[vm->number] = NULL;
	free(vm);
}

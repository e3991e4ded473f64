/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A guest: the board that its kernel runs on, wherever that is now, and its memory. */
#include <stdlib.h>

#include "base/error.h"
#include "machine/viommu.h"
#include "machine/vm.h"

/* ---- As its kernel sees it ------------------------------------------------------------------- */

static struct vm_device *device_at(struct vm *vm, uint64_t gpa)
{
	uint64_t place = (gpa - VM_ENGINES) / ENGINE_REGISTER_BYTES;

	if (gpa < VM_ENGINES || place >= VM_DEVICES_MAX || !vm->devices[place].vm)
		return NULL;
	return &vm->devices[place];
}

static uint64_t mmio_read(void *opaque, uint64_t phys, unsigned bytes)
{
	const struct vm_guest *guest = opaque;
	struct vm *vm = guest->vm;
	struct vm_device *device = device_at(vm, phys);
	uint64_t val = UINT64_MAX;

	if (device)
		val = vm_device_read(device, phys % ENGINE_REGISTER_BYTES, bytes);
	else if (vm->viommu)
		viommu_mmio_read(vm->viommu, phys - VM_IOMMU, bytes, &val);
	return val;
}

static void mmio_write(void *opaque, uint64_t phys, unsigned bytes, uint64_t val)
{
	const struct vm_guest *guest = opaque;
	struct vm *vm = guest->vm;
	struct vm_device *device = device_at(vm, phys);

	if (device)
		vm_device_write(device, phys % ENGINE_REGISTER_BYTES, bytes, val);
	else if (vm->viommu)
		viommu_mmio_write(vm->viommu, phys - VM_IOMMU, bytes, val);
}

static uint64_t now_ns(void *opaque)
{
	const struct vm_guest *guest = opaque;

	return machine_now_ns(guest->vm->hypervisor->machine);
}

static void listen(void *opaque, unsigned cpu)
{
	const struct vm_guest *guest = opaque;

	vm_vcpu_ops(guest->vm)->listen(guest->vm, cpu);
}

static unsigned claim(void *opaque, unsigned cpu)
{
	const struct vm_guest *guest = opaque;

	return vm_vcpu_ops(guest->vm)->claim(guest->vm, cpu);
}

/* The host takes its own interrupts first: some become the guest's. */
static void others(void *opaque)
{
	const struct vm_guest *guest = opaque;

	kernel_interrupts(guest->vm->hypervisor->kernel);
	vm_vcpus_wake(guest->vm->hypervisor);
}

static void relax(void *opaque)
{
	struct vm_guest *guest = opaque;
	void (*waits)(void *opaque) = guest->waits;

	if (!waits)
		return;
	guest->waits = NULL;
	guest->waiting = true;
	waits(guest->waits_opaque);
	guest->waiting = false;
}

static const struct board_ops board_ops = {
	.mmio_read = mmio_read,
	.mmio_write = mmio_write,
	.now_ns = now_ns,
	.relax = relax,
	.listen = listen,
	.claim = claim,
	.others = others,
};

void vm_guest_meanwhile(struct vm_guest *guest, void (*waits)(void *opaque), void *opaque)
{
	guest->waits = waits;
	guest->waits_opaque = opaque;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

int vm_guest_show(struct vm_guest *guest, const struct buffer *memory)
{
	const struct pages *ram = memory->ram;
	int rc = IOM_OK;

	for (uint32_t i = 0; !rc && i < memory->count; i++)
		rc = ram_view_show(&guest->view, i, &ram->ram, memory->spa[i] - ram->spa);
	return rc;
}

static int add_view(struct vm_guest *guest, const struct buffer *memory, uint64_t seed,
                    struct iom_error *error)
{
	int rc = ram_view_init(&guest->view, memory->count);

	if (!rc)
		rc = vm_guest_show(guest, memory);
	if (!rc)
		rc = pages_init_at(&guest->ram, VM_RAM, guest->view.host, memory->count, seed);
	return rc ? iom_fail(error, rc,
	                     "%u pages cannot be shown to a guest that moves: the system that this "
	                     "runs on allows fewer mappings, or has larger pages",
	                     memory->count)
	          : IOM_OK;
}

static int add_pieces(struct vm_guest *guest, const struct buffer *memory, uint64_t seed,
                      struct iom_error *error)
{
	uint8_t **piece = malloc(memory->count * sizeof *piece);
	int rc;

	if (!piece)
		return iom_fail(error, IOM_ENOMEM, "no memory for a virtual machine");
	for (uint32_t i = 0; i < memory->count; i++)
		piece[i] = pages_at(memory->ram, memory->spa[i]);
	rc = pages_init_pieces(&guest->ram, VM_RAM, piece, memory->count, seed);
	free(piece);
	return rc ? iom_fail(error, rc, "no memory for a virtual machine") : IOM_OK;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

int vm_guest_boot(struct vm *vm, bool movable, struct iom_error *error)
{
	uint64_t seed = vm->hypervisor->machine->seed + vm->number;
	struct vm_guest *guest = calloc(1, sizeof *guest);
	int rc;

	if (!guest)
		return iom_fail(error, IOM_ENOMEM, "no memory for a virtual machine");
	vm->guest = guest;
	guest->vm = vm;
	rc = movable ? add_view(guest, vm->memory, seed, error)
	             : add_pieces(guest, vm->memory, seed, error);
	if (rc)
		return rc;
	guest->board = (struct board){
		.ops = &board_ops,
		.opaque = guest,
		.arch = vm->hypervisor->machine->arch,
		.low = &guest->ram,
		.iommus = vm->viommu ? 1 : 0,
		.iommu = { VM_IOMMU },
		.cpus = vm->vcpu_count,
		.message = vm_vcpu_ops(vm)->message,
	};
	return kernel_boot(&guest->board, false, &guest->kernel, error);
}

void vm_guest_free(struct vm_guest *guest)
{
	if (!guest)
		return;
	(void)kernel_halt(guest->kernel);
	pages_release(&guest->ram);
	ram_view_release(&guest->view);
	free(guest);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Devices of virtual machines.  The machine's IOMMU gets for each of them what its guest said: nothing,
 * the guest's memory as it is, or the guest's own tables over it.
 */
#include "base/error.h"
#include "machine/viommu.h"
#include "machine/vm.h"

/* Device 1 function 0 of the guest's bus 0 is its first one, and so on. */
#define GUEST_REQUESTER(place) (((place) + 1u) << 3)

static struct iom_domain *memory_of(const struct vm_device *device)
{
	return device->vm->space->domains[device->bridge];
}

/* ---- Following the guest --------------------------------------------------------------------- */

/* Puts the device into a domain, NULL: into none, and drops the guest's tables that it leaves. */
static int install(struct vm_device *device, struct iom_domain *nested, struct iom_domain *domain)
{
	int rc = IOM_OK;

	if (domain)
		rc = iom_domain_attach(domain, device->requester);
	else if (device->attached)
		rc = iom_domain_detach(device->attached, device->requester);
	if (rc)
		return rc;
	device->attached = domain;
	(void)iom_domain_free(device->nested);
	device->nested = nested;
	return IOM_OK;
}

static bool same_stage(const struct iom_stage *a, const struct iom_stage *b)
{
	return a->root == b->root && a->format == b->format && a->tag == b->tag &&
	       a->big_endian == b->big_endian;
}

void vm_device_follow(struct vm_device *device, const struct iom_context_info *info)
{
	struct iom_domain *nested = NULL, *domain = NULL;

	if (info->kind == IOM_CONTEXT_TRANSLATED && info->stage1.format == IOM_FORMAT_NONE) {
		domain = memory_of(device);
	} else if (info->kind == IOM_CONTEXT_TRANSLATED) {
		if (device->nested && same_stage(&device->stage, &info->stage1))
			return;
		/* What the machine's IOMMU cannot read leaves the device blocked. */
		if (iom_domain_new_nested(memory_of(device), &info->stage1, &nested, NULL) ==
		    IOM_OK)
			domain = nested;
	}
	if (domain == device->attached && !device->nested)
		return;
	if (install(device, nested, domain))
		(void)iom_domain_free(nested);
	else
		device->stage = info->stage1;
}

void vm_device_judge(struct vm_device *device, const struct iom_os_fault *fault)
{
	const struct iom_request request = {
		.iova = fault->iova,
		.bytes = 1,
		.access = fault->write ? IOM_WRITE : IOM_READ,
	};
	struct iom_reply reply;

	if (device->port)
		viommu_judge(device->vm->viommu, device->port, &request, &reply);
}

/* ---- Registers ------------------------------------------------------------------------------- */

/* They are passed through, but for those that say what to send, if the hypervisor has to know. */
uint64_t vm_device_read(struct vm_device *device, uint64_t off, unsigned bytes)
{
	if (vm_vcpu_ops(device->vm)->route && off == ENGINE_MSI_ADDRESS && bytes == 8)
		return device->message.address;
	if (vm_vcpu_ops(device->vm)->route && off == ENGINE_MSI_DATA && bytes == 4)
		return device->message.data;
	return machine_mmio_read(device->vm->hypervisor->machine,
	                         machine_engine_spa(device->engine) + off, bytes);
}

void vm_device_write(struct vm_device *device, uint64_t off, unsigned bytes, uint64_t val)
{
	const struct vcpu_ops *ops = vm_vcpu_ops(device->vm);
	bool address = ops->route && off == ENGINE_MSI_ADDRESS && bytes == 8;
	bool data = ops->route && off == ENGINE_MSI_DATA && bytes == 4;

	if (address)
		device->message.address = val;
	if (data)
		device->message.data = (uint32_t)val;
	if (address || data)
		ops->route(device);
	else
		machine_mmio_write(device->vm->hypervisor->machine,
		                   machine_engine_spa(device->engine) + off, bytes, val);
}

void vm_device_save(const struct vm_device *device, uint8_t *state)
{
	struct dma_engine engine = *vm_device_engine(device);

	if (vm_vcpu_ops(device->vm)->route) {
		engine.msi_address = device->message.address;
		engine.msi_data = device->message.data;
	}
	dma_engine_save(&engine, state);
}

void vm_device_take(struct vm_device *device, const struct dma_engine *engine)
{
	*vm_device_engine(device) = *engine;
	if (!vm_vcpu_ops(device->vm)->route)
		return;
	device->message = (struct iom_interrupt_message){ engine->msi_address, engine->msi_data };
	vm_vcpu_ops(device->vm)->route(device);
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static int listen_to_guest(struct vm_device *device)
{
	struct viommu *v = device->vm->viommu;
	int rc = vm_vcpu_ops(device->vm)->plug ? vm_vcpu_ops(device->vm)->plug(device) : IOM_OK;

	if (rc)
		return rc;
	if (!v)
		return install(device, NULL, memory_of(device));
	rc = viommu_plug(v, device->guest_requester, &device->endpoint, &device->port);
	return rc ? rc : iom_fault_in(device->endpoint, false, 0, NULL);
}

int vm_device_assign(struct vm *vm, unsigned engine, struct engine_place *place,
                     struct iom_error *error)
{
	struct machine_engine *e = vm->hypervisor->machine->engines[engine];
	struct vm_device *device;
	unsigned n = 0;
	int rc;

	while (n < VM_DEVICES_MAX && vm->devices[n].vm)
		n++;
	if (n == VM_DEVICES_MAX)
		return iom_fail(error, IOM_ENOSPC, "a virtual machine has at most %u devices",
		                VM_DEVICES_MAX);
	device = &vm->devices[n];
	*device = (struct vm_device){ .vm = vm,
		                      .engine = engine,
		                      .bridge = e->bridge,
		                      .requester = e->requester,
		                      .guest_requester = GUEST_REQUESTER(n) };
	rc = listen_to_guest(device);
	if (rc) {
		(void)vm_device_release(device, NULL);
		return iom_fail(error, rc, "device 0x%llx could not be assigned: %s",
		                (unsigned long long)e->requester, iom_strerror(rc));
	}
	*place = (struct engine_place){ .engine = &e->engine,
		                        .registers =
		                                VM_ENGINES + (uint64_t)n * ENGINE_REGISTER_BYTES,
		                        .requester = device->guest_requester };
	vm_device_hold(device, vm->paused);
	return IOM_OK;
}

struct dma_engine *vm_device_engine(const struct vm_device *device)
{
	return &device->vm->hypervisor->machine->engines[device->engine]->engine;
}

void vm_device_hold(const struct vm_device *device, bool held)
{
	dma_engine_hold(vm_device_engine(device), held);
}

int vm_device_release(struct vm_device *device, struct iom_error *error)
{
	int rc = install(device, NULL, NULL);

	if (rc)
		return iom_fail(error, rc, "device 0x%llx could not be taken back: %s",
		                (unsigned long long)device->requester, iom_strerror(rc));
	if (vm_vcpu_ops(device->vm)->unplug)
		vm_vcpu_ops(device->vm)->unplug(device);
	if (device->endpoint)
		viommu_unplug(device->endpoint, device->port);
	vm_device_hold(device, false);
	*device = (struct vm_device){ 0 };
	return IOM_OK;
}

struct vm_device *vm_device_find(struct vm *vm, unsigned bridge, uint32_t requester)
{
	for (unsigned i = 0; i < VM_DEVICES_MAX; i++) {
		struct vm_device *device = &vm->devices[i];

		if (device->vm && device->bridge == bridge && device->requester == requester)
			return device;
	}
	return NULL;
}

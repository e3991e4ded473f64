/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The hypervisor's part of the machine's kernel. */
#include "machine/hypervisor.h"

#include "machine/vm.h"

static void on_fault(void *opaque, struct kernel_fault *fault)
{
	struct hypervisor *h = opaque;

	for (unsigned i = 0; i < HYPERVISOR_VMS_MAX; i++) {
		struct vm_device *device =
			h->vms[i] ? vm_device_find(h->vms[i], fault->iommu, fault->what.requester)
				  : NULL;

		if (!device)
			continue;
		fault->owner = h->vms[i]->serial;
		if (!fault->interrupt)
			vm_device_judge(device, &fault->what);
	}
}

/* One that comes late is about nothing: the CPU runs, and has what there was. */
static void on_notice(void *opaque, unsigned cpu, unsigned number)
{
	const struct hypervisor *h = opaque;
	if (number == HYPERVISOR_NOTIFIED)
		vm_vcpus_notified(h, cpu);
	else if (h->vms[number / VM_VCPUS_MAX])
		vm_vcpu_noticed(h->vms[number / VM_VCPUS_MAX], number % VM_VCPUS_MAX);
}

void hypervisor_init(struct hypervisor *h, struct machine *machine, struct kernel *kernel)
{
	*h = (struct hypervisor){ .machine = machine, .kernel = kernel };
	kernel->on_fault = on_fault;
	kernel->on_fault_opaque = h;
	kernel->on_notice = on_notice;
	kernel->on_notice_opaque = h;
}

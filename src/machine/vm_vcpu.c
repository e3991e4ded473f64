/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Virtual CPUs, as far as every interrupt controller has them alike. */
#include "base/error.h"
#include "machine/vm.h"

_Static_assert(HYPERVISOR_VMS_MAX *VM_VCPUS_MAX == HYPERVISOR_NOTIFIED &&
                       HYPERVISOR_NOTIFIED + 1 == KERNEL_NOTICES,
               "each virtual CPU has a notice of its own, and one is for those that run");

const struct vcpu_ops *vm_vcpu_ops(const struct vm *vm)
{
	return vm->hypervisor->machine->arch->interrupts->vcpu;
}

unsigned vm_vcpu_notice(const struct vm *vm, unsigned vcpu)
{
	return KERNEL_NOTICE_IDENTITY + vm->number * VM_VCPUS_MAX + vcpu;
}

uint64_t vm_vcpu_spa(const struct vm *vm, unsigned vcpu)
{
	unsigned number;

	return vm_vcpu_ops(vm)->place(vm, vcpu, &number);
}

int vm_vcpu_move(struct vm *vm, unsigned vcpu, unsigned hart, struct iom_error *error)
{
	struct vcpu *v = &vm->vcpus[vcpu];

	if (hart >= BOARD_CPUS_MAX)
		return iom_fail(error, IOM_ENOSPC, "hart %u: the last one is %u", hart,
		                BOARD_CPUS_MAX - 1);
	if (v->asleep)
		v->hart = hart;
	return hart == v->hart ? IOM_OK : vm_vcpu_ops(vm)->move(vm, vcpu, hart, error);
}

int vm_vcpu_sleep(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	int rc;

	if (v->asleep)
		return IOM_OK;
	if (vm->paused)
		return iom_fail(error, IOM_EBUSY,
		                "'%s' is paused; its CPUs stand still as they are", vm->name);
	rc = vm_vcpu_ops(vm)->sleep(vm, vcpu, error);
	if (rc)
		return rc;
	v->asleep = true;
	v->sleeps++;
	vm_vcpus_wake(vm->hypervisor);
	return IOM_OK;
}

int vm_vcpu_wake(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	return vm->vcpus[vcpu].asleep ? vm_vcpu_ops(vm)->wake(vm, vcpu, error) : IOM_OK;
}

static void wake_if_due(struct vm *vm, unsigned vcpu)
{
	if (vm->running && vm->vcpus[vcpu].asleep && vm_vcpu_ops(vm)->due(vm, vcpu))
		(void)vm_vcpu_wake(vm, vcpu, NULL);
}

void vm_vcpu_noticed(struct vm *vm, unsigned vcpu)
{
	if (vcpu >= vm->vcpu_count || !vm->vcpus[vcpu].asleep)
		return;
	vm->vcpus[vcpu].notices++;
	wake_if_due(vm, vcpu);
}

void vm_vcpus_notified(const struct hypervisor *h, unsigned hart)
{
	for (unsigned i = 0; i < HYPERVISOR_VMS_MAX; i++) {
		struct vm *vm = h->vms[i];

		if (vm && vm->running && vm_vcpu_ops(vm)->notified)
			vm_vcpu_ops(vm)->notified(vm, hart);
	}
}

void vm_vcpus_wake(struct hypervisor *h)
{
	for (unsigned i = 0; i < HYPERVISOR_VMS_MAX; i++)
		for (unsigned vcpu = 0; h->vms[i] && vcpu < h->vms[i]->vcpu_count; vcpu++)
			wake_if_due(h->vms[i], vcpu);
}

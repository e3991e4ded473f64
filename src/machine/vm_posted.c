/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Virtual CPUs of x86: each has a posted interrupt descriptor, where the IOMMU leaves the vectors of its
 * devices, and a virtual local APIC that they go to.  While the CPU runs, the IOMMU notifies the
 * hart that it runs on, which looks into the descriptor; while it sleeps, the hypervisor (VT-d, "Interrupt
 * Posting").  Devices send to entries of the interrupt remapping table that the hypervisor made of the
 * messages that the guest had meant for them.
 *
 * One thread at a time runs here, and so plain loads and stores stand where a hypervisor of harts that
 * run at once has atomic ones.
 */
#include <string.h>

#include "base/bits.h"
#include "base/endian.h"
#include "base/error.h"
#include "machine/vm.h"
#include "machine/x86.h"
#include "regs/vtd.h"

/* What notifies the CPU that runs, on any hart; those that sleep have the numbers below. */
#define NOTIFIED (KERNEL_NOTICE_IDENTITY + HYPERVISOR_NOTIFIED)

#define PIR_WORDS (APIC_VECTORS / 64)
#define CONTROL ((size_t)8 * PIR_WORDS)

_Static_assert(VM_VCPUS_MAX *VTD_PID_BYTES <= PAGE_BYTES, "one page holds all descriptors");

static uint64_t descriptor(const struct vm *vm, unsigned vcpu)
{
	return vm->interrupts + (uint64_t)vcpu * VTD_PID_BYTES;
}

static uint8_t *descriptor_at(const struct vm *vm, unsigned vcpu)
{
	return (uint8_t *)pages_at(&vm->hypervisor->machine->low, vm->interrupts) +
	       (size_t)vcpu * VTD_PID_BYTES;
}

static struct apic_cpu *apic_of(struct vm *vm, unsigned vcpu)
{
	return &vm->vcpus[vcpu].apic;
}

/* ---- The descriptor -------------------------------------------------------------------------- */

static uint64_t posted(const struct vm *vm, unsigned vcpu, unsigned word)
{
	return iom_ld64(descriptor_at(vm, vcpu) + 8 * (size_t)word, false);
}

static bool any_posted(const struct vm *vm, unsigned vcpu)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < PIR_WORDS; i++)
		any |= posted(vm, vcpu, i);
	return any;
}

/*
 * What was posted becomes what the CPU sees, as when a guest is entered.  ON first: what comes after that is
 * notified again.
 */
static void look(struct vm *vm, unsigned vcpu)
{
	uint8_t *d = descriptor_at(vm, vcpu);

	iom_st64(d + CONTROL, iom_ld64(d + CONTROL, false) & ~VTD_PID_4_ON, false);
	for (unsigned i = 0; i < PIR_WORDS; i++) {
		uint64_t vectors = posted(vm, vcpu, i);

		iom_st64(d + 8 * (size_t)i, 0, false);
		for (; vectors; vectors &= vectors - 1)
			apic_request(apic_of(vm, vcpu), i * 64 + iom_ctz(vectors), false);
	}
}

/*
 * Has notifications go elsewhere.  None goes while that changes, and one that is due for what came meanwhile is
 * sent afterwards: nobody else will.
 */
static void aim(struct vm *vm, unsigned vcpu, unsigned identity, unsigned cpu)
{
	const struct machine *m = vm->hypervisor->machine;
	const struct iom_interrupt_message to = m->board.message(cpu, identity);
	uint8_t *d = descriptor_at(vm, vcpu);
	uint64_t on = iom_ld64(d + CONTROL, false) & VTD_PID_4_ON;
	uint64_t control = IOM_PUT(VTD_PID_4_NV, identity) | IOM_PUT(VTD_PID_4_NDST, cpu);

	iom_st64(d + CONTROL, control | on | VTD_PID_4_SN, false);
	iom_st64(d + CONTROL, control | on, false);
	if (!any_posted(vm, vcpu))
		return;
	iom_st64(d + CONTROL, control | VTD_PID_4_ON, false);
	m->arch->interrupts->send(m->controller, to.address, to.data);
}

static uint64_t place(const struct vm *vm, unsigned vcpu, unsigned *number)
{
	uint64_t control = posted(vm, vcpu, PIR_WORDS);

	*number = (unsigned)IOM_GET(VTD_PID_4_NV, control);
	return apic_address((uint32_t)IOM_GET(VTD_PID_4_NDST, control));
}

/* ---- Coming, going, moving ------------------------------------------------------------------- */

static int add(struct vm *vm, unsigned count, struct iom_error *error)
{
	struct hypervisor *h = vm->hypervisor;

	if (!pages_take(&h->machine->low, &vm->interrupts))
		return iom_fail(error, IOM_ENOMEM, "no memory for posted interrupt descriptors");
	memset(descriptor_at(vm, 0), 0, PAGE_BYTES);
	for (; vm->vcpu_count < count; vm->vcpu_count++) {
		vm->vcpus[vm->vcpu_count].hart = h->next_hart;
		aim(vm, vm->vcpu_count, NOTIFIED, h->next_hart);
		h->next_hart = (h->next_hart + 1) % BOARD_CPUS_MAX;
	}
	return IOM_OK;
}

static void stop(struct vm *vm)
{
	(void)vm;
}

static void free_all(struct vm *vm)
{
	if (vm->interrupts)
		pages_give(&vm->hypervisor->machine->low, vm->interrupts, 1);
	vm->interrupts = 0;
}

/* Running there, it begins by looking: a notification may have gone to the hart that it left. */
static void run(struct vm *vm, unsigned vcpu, unsigned hart)
{
	vm->vcpus[vcpu].hart = hart;
	aim(vm, vcpu, NOTIFIED, hart);
	look(vm, vcpu);
}

static int move(struct vm *vm, unsigned vcpu, unsigned hart, struct iom_error *error)
{
	(void)error;
	run(vm, vcpu, hart);
	return IOM_OK;
}

static int doze(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	(void)error;
	aim(vm, vcpu, vm_vcpu_notice(vm, vcpu), 0);
	return IOM_OK;
}

static int wake(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	(void)error;
	vm->vcpus[vcpu].asleep = false;
	run(vm, vcpu, vm->vcpus[vcpu].hart);
	return IOM_OK;
}

static bool due(const struct vm *vm, unsigned vcpu)
{
	const struct apic_cpu *cpu = &vm->vcpus[vcpu].apic;

	return cpu->enabled && (apic_any(cpu) || any_posted(vm, vcpu));
}

static void notified(struct vm *vm, unsigned hart)
{
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		if (!vm->vcpus[i].asleep && vm->vcpus[i].hart == hart)
			look(vm, i);
}

/* ---- What CPUs see --------------------------------------------------------------------------- */

static void listen(struct vm *vm, unsigned vcpu)
{
	apic_of(vm, vcpu)->enabled = true;
}

static unsigned claim(struct vm *vm, unsigned vcpu)
{
	return vm->vcpus[vcpu].asleep ? 0 : apic_claim(apic_of(vm, vcpu));
}

static struct iom_interrupt_message message(unsigned vcpu, unsigned identity)
{
	return (struct iom_interrupt_message){ apic_address(vcpu), identity };
}

static unsigned pending(struct vm *vm, unsigned vcpu)
{
	struct apic_cpu both = *apic_of(vm, vcpu);

	for (unsigned i = 0; i < PIR_WORDS; i++)
		both.irr[i] |= posted(vm, vcpu, i);
	return apic_pending(&both);
}

static int store(struct vm *vm, uint64_t gpa, const void *buf, size_t len)
{
	uint32_t targets, data;

	if (gpa < APIC_WINDOW || gpa - APIC_WINDOW >= APIC_WINDOW_BYTES)
		return IOM_ENOENT;
	if (gpa % 4 || len != 4)
		return IOM_EFAULT;
	data = iom_ld32(buf, false);
	for (targets = apic_targets(gpa, data, vm->vcpu_count); targets; targets &= targets - 1)
		apic_take(apic_of(vm, iom_ctz(targets)), data);
	return IOM_OK;
}

/* ---- State ----------------------------------------------------------------------------------- */

static void save(struct vm *vm, unsigned vcpu, uint8_t *state)
{
	const struct apic_cpu *cpu = apic_of(vm, vcpu);

	look(vm, vcpu);
	for (unsigned i = 0; i < PIR_WORDS; i++, state += 8)
		iom_st64(state, cpu->irr[i], false);
	iom_st64(state, cpu->enabled, false);
	iom_st64(state + 8, cpu->arrived, false);
	iom_st64(state + 16, cpu->ignored, false);
}

static void restore(struct vm *vm, unsigned vcpu, const uint8_t *state)
{
	struct apic_cpu *cpu = apic_of(vm, vcpu);

	for (unsigned i = 0; i < PIR_WORDS; i++, state += 8)
		cpu->irr[i] = iom_ld64(state, false);
	cpu->enabled = iom_ld64(state, false);
	cpu->arrived = iom_ld64(state + 8, false);
	cpu->ignored = iom_ld64(state + 16, false);
}

/* ---- Devices --------------------------------------------------------------------------------- */

static struct iom_driver *driver_of(const struct vm_device *device)
{
	return device->vm->hypervisor->kernel->iommus[device->bridge].driver;
}

static int plug(struct vm_device *device)
{
	int rc = iom_interrupt_alloc(driver_of(device), device->requester, 1, &device->interrupt);

	device->has_interrupt = !rc;
	return rc;
}

/* Whatever the device sends is refused from here on. */
static void unplug(struct vm_device *device)
{
	if (device->has_interrupt)
		(void)iom_interrupt_free(driver_of(device), device->interrupt, 1);
	device->has_interrupt = false;
}

/* Only what means one virtual CPU can be posted; all else the device sends for nothing. */
static bool target_of(const struct vm_device *device, struct iom_interrupt_target *target)
{
	const struct iom_interrupt_message *m = &device->message;
	const struct vm *vm = device->vm;
	uint32_t targets = m->address >> 20 == APIC_WINDOW >> 20
	                           ? apic_targets(m->address, m->data, vm->vcpu_count)
	                           : 0;

	if (!targets || targets & (targets - 1) || m->data & APIC_DELIVERY ||
	    (m->data & APIC_VECTOR) < APIC_VECTOR_FIRST)
		return false;
	*target = (struct iom_interrupt_target){
		.descriptor = descriptor(vm, iom_ctz(targets)),
		.vector = m->data & APIC_VECTOR,
	};
	return true;
}

/* What cannot be posted is sent to an entry that is not there: refused, and reported. */
static void route(struct vm_device *device)
{
	struct machine *m = device->vm->hypervisor->machine;
	uint64_t registers = machine_engine_spa(device->engine);
	struct iom_driver *driver = driver_of(device);
	struct iom_interrupt_message message = { 0 };
	struct iom_interrupt_target target;

	if (!target_of(device, &target)) {
		unplug(device);
		(void)plug(device);
	} else if (device->has_interrupt) {
		(void)iom_interrupt_set(driver, device->interrupt, &target);
	}
	if (device->has_interrupt)
		(void)iom_interrupt_message(driver, device->interrupt, &message);
	machine_mmio_write(m, registers + ENGINE_MSI_ADDRESS, 8, message.address);
	machine_mmio_write(m, registers + ENGINE_MSI_DATA, 4, message.data);
}

const struct vcpu_ops posted_ops = {
	.add = add,
	.stop = stop,
	.free = free_all,
	.move = move,
	.sleep = doze,
	.wake = wake,
	.due = due,
	.notified = notified,
	.listen = listen,
	.claim = claim,
	.message = message,
	.pending = pending,
	.place = place,
	.store = store,
	.state_bytes = (size_t)8 * (PIR_WORDS + 3),
	.save = save,
	.restore = restore,
	.plug = plug,
	.unplug = unplug,
	.route = route,
};

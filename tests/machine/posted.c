/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Virtual CPUs with posted interrupts: running, moving, asleep; and what a device may send for a guest. */
#include <string.h>

#include "base/endian.h"
#include "bench.h"
#include "machine/vm.h"
#include "machine/x86.h"

#define MESSAGES 0xfee00000u

struct world {
	struct bench b;
	struct hypervisor h;
	struct vm *vm, *other;
	struct engine_driver *host;
	struct engine_place place; /* of the engine, in `vm` */
};

static struct vm *vm_make(struct world *w, const char *name)
{
	const struct vm_config config = { .name = name, .ram_bytes = 1 << 20, .vcpus = 2 };
	struct iom_error error;
	struct vm *vm;

	CHECK_MSG(!vm_new(&w->h, &config, &vm, &error), "%s", error.text);
	return vm;
}

static void open_world(struct world *w)
{
	struct iom_error error;

	memset(w, 0, sizeof *w);
	bench_arch = &machine_vtd;
	bench_open(&w->b, IOM_DOMAIN_BLOCKED, 64, false);
	hypervisor_init(&w->h, w->b.machine, w->b.kernel);
	w->vm = vm_make(w, "one");
	w->other = vm_make(w, "other");
	w->host = bench_driver(&w->b, BRIDGE_PCI, 0x100, 64);
	CHECK_MSG(!vm_device_assign(w->vm, w->b.machine->engine_count - 1, &w->place, &error), "%s",
	          error.text);
}

static void close_world(struct world *w)
{
	vm_free(w->vm);
	vm_free(w->other);
	engine_driver_free(w->host);
	bench_close(&w->b);
}

/* The guest tells the device what to send. */
static void tell(struct world *w, uint64_t address, uint32_t data)
{
	const struct board *b = &w->vm->guest->board;

	b->ops->mmio_write(b->opaque, w->place.registers + ENGINE_MSI_ADDRESS, 8, address);
	b->ops->mmio_write(b->opaque, w->place.registers + ENGINE_MSI_DATA, 4, data);
	CHECK_EQ(b->ops->mmio_read(b->opaque, w->place.registers + ENGINE_MSI_ADDRESS, 8), address);
	CHECK_EQ(b->ops->mmio_read(b->opaque, w->place.registers + ENGINE_MSI_DATA, 4), data);
}

/* The device sends what it was really told. */
static int send(struct world *w)
{
	struct dma_engine *e = w->place.engine;
	uint8_t data[4];

	iom_st32(data, e->msi_data, false);
	return dma_engine_store(e, e->msi_address, data, 4);
}

static const uint8_t *descriptor(const struct world *w, unsigned vcpu)
{
	return (const uint8_t *)pages_at(&w->b.machine->low, w->vm->interrupts) + vcpu * 64;
}

static unsigned take(struct world *w, unsigned vcpu)
{
	kernel_interrupts(w->b.kernel);
	return vm_vcpu_ops(w->vm)->claim(w->vm, vcpu);
}

TEST(posted_descriptor, "IRQ-PI-01 IRQ-PI-02 IRQ-PI-03 IRQ-PI-07 IRQ-PI-09")
{
	struct apic_cpu *hart;
	struct world w;

	open_world(&w);
	hart = &((struct x86_controller *)w.b.machine->controller)->apic.cpus[1];
	CHECK_EQ(w.vm->vcpus[1].hart, 1);
	CHECK_EQ(w.vm->interrupts % 64, 0);
	CHECK_EQ(iom_ld32(descriptor(&w, 1) + 0x24, false), 1); /* NDST */
	CHECK_EQ(descriptor(&w, 1)[0x22], 112);                 /* NV   */
	CHECK_EQ(iom_ld32(descriptor(&w, 1) + 0x20, false) & 3, 0);

	tell(&w, MESSAGES | 1 << 12, 0x91);
	CHECK(w.place.engine->msi_address & 0x10); /* remappable format */
	CHECK_EQ(send(&w), IOM_OK);
	CHECK_EQ(descriptor(&w, 1)[0x91 / 8], 1 << 0x91 % 8);
	CHECK_EQ(descriptor(&w, 1)[0x20] & 3, 1); /* ON */
	CHECK_EQ(hart->arrived, 1);
	CHECK_EQ(send(&w), IOM_OK);
	CHECK_EQ(hart->arrived, 1);
	CHECK_EQ(vm_vcpu_ops(w.vm)->pending(w.vm, 1), 1);
	CHECK_EQ(vm_vcpu_ops(w.vm)->pending(w.vm, 0), 0);

	/* Before the hart has taken the notification the CPU sees nothing. */
	CHECK_EQ(vm_vcpu_ops(w.vm)->claim(w.vm, 1), 0);
	CHECK_EQ(take(&w, 1), 0x91);
	CHECK_EQ(take(&w, 1), 0);
	CHECK_EQ(descriptor(&w, 1)[0x91 / 8] | (descriptor(&w, 1)[0x20] & 3), 0);
	CHECK_EQ(w.b.kernel->spurious, 0);
	close_world(&w);
}

/* Whatever was sent when, and whichever hart was notified. */
TEST(posted_cpu_moves, "IRQ-PI-12 IRQ-PI-14")
{
	const struct x86_controller *c;
	uint64_t before;
	struct world w;
	unsigned was;

	open_world(&w);
	c = w.b.machine->controller;
	for (unsigned hart = 0; hart < 4; hart++) {
		tell(&w, MESSAGES | 1 << 12, 0x40 + hart);
		CHECK_EQ(send(&w), IOM_OK);
		before = c->apic.cpus[hart].arrived;
		was = w.vm->vcpus[1].hart;
		CHECK_EQ(vm_vcpu_move(w.vm, 1, hart, NULL), IOM_OK);
		/* What was posted before is notified there once more. */
		CHECK_EQ(c->apic.cpus[hart].arrived - before, hart != was);
		CHECK_EQ(w.vm->vcpus[1].hart, hart);
		CHECK_EQ(iom_ld32(descriptor(&w, 1) + 0x24, false), hart);
		CHECK_EQ(descriptor(&w, 1)[0x20] & 2, 0); /* SN */
		CHECK_EQ(vm_vcpu_spa(w.vm, 1), MESSAGES | hart << 12);
		tell(&w, MESSAGES | 1 << 12, 0x50 + hart);
		CHECK_EQ(send(&w), IOM_OK);
		CHECK_EQ(take(&w, 1), 0x50 + hart);
		CHECK_EQ(take(&w, 1), 0x40 + hart);
		CHECK_EQ(take(&w, 1), 0);
	}
	CHECK_EQ(vm_vcpu_move(w.vm, 1, 4, NULL), IOM_ENOSPC);
	CHECK_EQ(w.b.kernel->spurious, 0);
	close_world(&w);
}

TEST(posted_cpu_sleeps, "IRQ-PI-13")
{
	const struct vcpu *cpu;
	struct world w;

	open_world(&w);
	cpu = &w.vm->vcpus[1];
	tell(&w, MESSAGES | 1 << 12, 0x61);
	CHECK_EQ(vm_vcpu_sleep(w.vm, 1, NULL), IOM_OK);
	CHECK_EQ(iom_ld32(descriptor(&w, 1) + 0x24, false), 0);
	CHECK_EQ(descriptor(&w, 1)[0x22], 80 + 1);
	CHECK_EQ(vm_vcpu_spa(w.vm, 1), MESSAGES);
	CHECK_EQ(take(&w, 1), 0);
	CHECK(cpu->asleep);
	CHECK_EQ(send(&w), IOM_OK);
	CHECK(cpu->asleep);
	CHECK_EQ(take(&w, 1), 0x61);
	CHECK(!cpu->asleep);
	CHECK_EQ(cpu->notices, 1);
	CHECK_EQ(cpu->hart, 1);
	CHECK_EQ(descriptor(&w, 1)[0x22], 112);

	/* What is pending when it goes to sleep wakes it at once, be it posted or seen. */
	for (unsigned seen = 0; seen < 2; seen++) {
		CHECK_EQ(send(&w), IOM_OK);
		if (seen)
			kernel_interrupts(w.b.kernel);
		CHECK_EQ(vm_vcpu_sleep(w.vm, 1, NULL), IOM_OK);
		CHECK(!cpu->asleep);
		CHECK_EQ(take(&w, 1), 0x61);
		CHECK_EQ(take(&w, 1), 0);
	}
	CHECK_EQ(cpu->notices, 1);

	/* Told to wake elsewhere. */
	CHECK_EQ(vm_vcpu_sleep(w.vm, 1, NULL), IOM_OK);
	CHECK_EQ(vm_vcpu_move(w.vm, 1, 3, NULL), IOM_OK);
	CHECK(cpu->asleep);
	CHECK_EQ(vm_vcpu_wake(w.vm, 1, NULL), IOM_OK);
	CHECK_EQ(iom_ld32(descriptor(&w, 1) + 0x24, false), 3);
	CHECK_EQ(send(&w), IOM_OK);
	CHECK_EQ(take(&w, 1), 0x61);
	CHECK_EQ(w.b.kernel->spurious, 0);
	close_world(&w);
}

/* What a guest cannot have interrupts nobody: neither its host, nor other guests. */
TEST(posted_device_sends_for_nothing, "")
{
	static const struct {
		uint64_t address;
		uint32_t data;
	} messages[] = {
		{ MESSAGES | 2 << 12, 0x41 },    /* a CPU that it has not                    */
		{ MESSAGES | 0xff << 12, 0x41 }, /* two at once                              */
		{ MESSAGES, 0x0f },              /* no vector of an interrupt                */
		{ MESSAGES, 0x441 },             /* an NMI                                   */
		{ 0x80000000, 0x41 },            /* its memory                               */
		{ 0x1fee00000, 0x41 },           /* beyond                                   */
	};
	struct world w;

	open_world(&w);
	for (unsigned i = 0; i < sizeof messages / sizeof *messages; i++) {
		struct kernel_fault f = { 0 };

		tell(&w, MESSAGES, 0x41);
		CHECK_EQ(send(&w), IOM_OK);
		CHECK_EQ(take(&w, 0), 0x41);
		tell(&w, messages[i].address, messages[i].data);
		CHECK_EQ(send(&w), IOM_EFAULT);
		CHECK_EQ(take(&w, 0), 0);
		CHECK_EQ(take(&w, 1), 0);
		CHECK(kernel_fault(w.b.kernel, &f));
		CHECK(f.interrupt);
		CHECK_EQ(f.owner, w.vm->serial);
		CHECK_EQ(w.b.kernel->spurious, 0);
	}
	close_world(&w);
}

TEST(posted_nothing_is_left_of_a_guest, "")
{
	uint8_t data[4];
	struct world w;
	uint64_t at;

	open_world(&w);
	tell(&w, MESSAGES, 0x41);
	at = w.place.engine->msi_address;
	iom_st32(data, w.place.engine->msi_data, false);
	CHECK_EQ(dma_engine_store(w.place.engine, at, data, 4), IOM_OK);
	CHECK_EQ(vm_stop(w.vm, NULL), IOM_OK);
	CHECK_EQ(dma_engine_store(w.place.engine, at, data, 4), IOM_EFAULT);
	close_world(&w);
}

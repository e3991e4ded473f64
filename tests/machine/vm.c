/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Virtual machines: what their devices reach, what they do not, moving and stopping. */
#include "machine/vm.h"

#include <string.h>

#include "base/bits.h"
#include "base/endian.h"
#include "bench.h"

struct world {
	struct bench b;
	struct hypervisor h;
	struct vm *vm, *other;
	struct engine_driver *host, *guest; /* of one device on each bridge: [0] chip, [1] PCI */
	struct buffer *from, *to;           /* of the guest */
	unsigned engine;
};

static struct vm *vm_make(struct world *w, bool iommu)
{
	const struct vm_config config = {
		.name = iommu ? "inner" : "plain", .ram_bytes = 1 << 20, .vcpus = 2, .iommu = iommu
	};
	struct iom_error error;
	struct vm *vm;

	CHECK_MSG(!vm_new(&w->h, &config, &vm, &error), "%s", error.text);
	return vm;
}

static void open_world(struct world *w, bool iommu)
{
	struct engine_place place;
	struct iom_error error;

	memset(w, 0, sizeof *w);
	bench_open(&w->b, IOM_DOMAIN_BLOCKED, 64, false);
	hypervisor_init(&w->h, w->b.machine, w->b.kernel);
	w->vm = vm_make(w, iommu);
	w->other = vm_make(w, false);
	w->host = bench_driver(&w->b, BRIDGE_PCI, 0x100, 64);
	w->engine = w->b.machine->engine_count - 1;
	CHECK_MSG(!vm_device_assign(w->vm, w->engine, &place, &error), "%s", error.text);
	CHECK_MSG(!engine_driver_new(w->vm->guest->kernel, &place, &w->guest, &error), "%s",
	          error.text);
	CHECK_EQ(buffer_new(w->vm->guest->board.low, 8192, true, &w->from, &error), IOM_OK);
	CHECK_EQ(buffer_new(w->vm->guest->board.low, 8192, true, &w->to, &error), IOM_OK);
	buffer_write(w->from, 4000, "across the page", 15);
}

static void close_world(struct world *w)
{
	CHECK_EQ(vm_stop(w->vm, NULL), IOM_OK);
	engine_driver_free(w->guest);
	buffer_free(w->from);
	buffer_free(w->to);

	vm_free(w->vm);
	vm_free(w->other);
	engine_driver_free(w->host);
	bench_close(&w->b);
}

static struct engine_report copy(struct world *w, uint64_t from, uint64_t to, uint32_t bytes)
{
	const struct engine_job job = { .from.iova = from, .to.iova = to, .bytes = bytes };
	struct engine_report report;

	engine_driver_run(w->guest, &job, &report);
	return report;
}

static struct kernel_fault fault(struct world *w)
{
	struct kernel_fault f = { 0 };

	kernel_interrupts(w->b.kernel);
	CHECK(kernel_fault(w->b.kernel, &f));
	return f;
}

TEST_EACH(vm_devices_use_guest_physical_addresses, "")
{
	struct engine_report r;
	struct world w;
	char text[15];

	open_world(&w, false);
	r = copy(&w, w.from->spa[0] + 4000, w.to->spa[0] + 4000, 96);
	CHECK_EQ(r.result, ENGINE_DONE);
	CHECK(r.interrupt);
	buffer_read(w.to, 4000, text, 15);
	CHECK(!memcmp(text, "across the page", 15));
	CHECK_EQ(w.vm->guest->kernel->cpu_interrupts[0], 1);
	CHECK_EQ(w.b.kernel->spurious, 0);

	/* beyond its memory, although the machine has some there */
	CHECK_EQ(copy(&w, w.from->spa[0], VM_RAM + (1 << 20), 8).result, ENGINE_WRITE_REFUSED);
	CHECK_EQ(fault(&w).owner, w.vm->serial);
	close_world(&w);
}

TEST(vm_interrupts_go_to_its_own_files, "")
{
	const uint8_t data[4] = { 40 };
	struct world w;

	open_world(&w, false);
	engine_driver_interrupt_to(w.guest, 1);
	CHECK(copy(&w, w.from->spa[0], w.to->spa[0], 8).interrupt);
	CHECK_EQ(w.vm->guest->kernel->cpu_interrupts[0], 0);
	CHECK_EQ(w.vm->guest->kernel->cpu_interrupts[1], 1);

	/* the other machine's first file by its physical address, and a page behind the window */
	CHECK_EQ(dma_engine_store(w.guest->place.engine, vm_vcpu_spa(w.other, 0), data, 4),
	         IOM_EFAULT);
	CHECK_EQ(fault(&w).owner, w.vm->serial);
	CHECK_EQ(dma_engine_store(w.guest->place.engine, IMSIC_WINDOW + 0x2000, data, 4),
	         IOM_EFAULT);
	CHECK_EQ(imsic_file(w.b.machine->controller, w.other->vcpus[0].hart,
	                    w.other->vcpus[0].imsic.guest)
	                 ->arrived,
	         0);

	/* moved with an interrupt pending */
	CHECK_EQ(dma_engine_store(w.guest->place.engine, IMSIC_WINDOW + 0x1000, data, 4), IOM_OK);
	CHECK_EQ(vm_vcpu_move(w.vm, 1, 3, NULL), IOM_OK);
	CHECK_EQ(w.vm->vcpus[1].hart, 3);
	CHECK(copy(&w, w.from->spa[0], w.to->spa[0], 8).interrupt);
	CHECK_EQ(w.vm->guest->kernel->cpu_interrupts[1], 2);
	CHECK_EQ(w.vm->guest->kernel->spurious,
	         1); /* the one that was pending: identity 40 is nobody's */
	CHECK_EQ(vm_vcpu_move(w.vm, 1, IMSIC_HARTS, NULL), IOM_ENOSPC);
	close_world(&w);
}

TEST_EACH(vm_stopped_leaves_devices_nothing, "")
{
	const uint8_t data[4] = { 40 };
	struct world w;

	open_world(&w, false);
	CHECK_EQ(copy(&w, w.from->spa[0], w.to->spa[0], 8).result, ENGINE_DONE);
	CHECK_EQ(vm_stop(w.vm, NULL), IOM_OK);
	CHECK_EQ(dma_engine_store(w.guest->place.engine, w.to->spa[0], data, 4), IOM_EFAULT);
	CHECK_EQ(dma_engine_store(w.guest->place.engine, IMSIC_WINDOW, data, 4), IOM_EFAULT);
	CHECK_EQ(fault(&w).owner, 0);
	CHECK(!w.h.files[w.vm->vcpus[0].hart][w.vm->vcpus[0].imsic.guest]);
	close_world(&w);
}

/* ---- With an IOMMU of the guest's -------------------------------------------------------------- */

#define RW (IOM_PROT_READ | IOM_PROT_WRITE)

static struct space *guest_space(struct world *w, unsigned kind)
{
	struct iom_error error;
	struct space *s;

	CHECK_MSG(!space_new(w->vm->guest->kernel, kind, &s, &error), "%s", error.text);
	CHECK_MSG(!engine_driver_attach(w->guest, s, &error), "%s", error.text);
	return s;
}

TEST_EACH(viommu_translates_in_two_stages, "")
{
	uint64_t from, to, gpa, spa;
	struct iom_reply reply;
	struct iom_error error;
	struct world w;
	struct space *s;
	char text[15];

	open_world(&w, true);
	CHECK(!w.vm->devices[0].attached); /* before the guest says anything */
	s = guest_space(&w, IOM_DOMAIN_STAGE1);
	CHECK(w.vm->devices[0].nested);
	CHECK_EQ(space_map(s, w.from, SPACE_ANYWHERE, RW, &from, &error), IOM_OK);
	CHECK_EQ(space_map(s, w.to, SPACE_ANYWHERE, RW, &to, &error), IOM_OK);
	CHECK_EQ(copy(&w, from, to, 8192).result, ENGINE_DONE);
	buffer_read(w.to, 4000, text, 15);
	CHECK(!memcmp(text, "across the page", 15));
	CHECK_EQ(w.vm->guest->kernel->cpu_interrupts[0], 1);

	CHECK_EQ(space_lookup(s, to + 4096 + 5, &gpa), IOM_OK);
	CHECK_EQ(gpa, w.to->spa[1] + 5);
	CHECK_EQ(vm_lookup(w.vm, gpa, &spa), IOM_OK);
	CHECK_EQ(dma_engine_probe(w.guest->place.engine, to + 4096 + 5, true, &reply), IOM_OK);
	CHECK_EQ(reply.spa, spa);

	/* the guest takes a mapping back, and its memory stays where it was */
	CHECK_EQ(space_unmap(s, to, &error), IOM_OK);
	CHECK_EQ(copy(&w, from, to, 8).result, ENGINE_WRITE_REFUSED);
	CHECK_EQ(engine_driver_detach(w.guest, &error), IOM_OK);
	CHECK(!w.vm->devices[0].attached && !w.vm->devices[0].nested);
	CHECK_EQ(space_unmap(s, from, &error), IOM_OK);
	CHECK_EQ(space_free(s), IOM_OK);
	close_world(&w);
}

TEST_EACH(viommu_tells_the_guest_of_its_own_faults, "")
{
	struct kernel_fault f = { 0 };
	struct iom_error error;
	struct world w;
	struct space *s;
	uint64_t from;
	bool vtd;

	open_world(&w, true);
	s = guest_space(&w, IOM_DOMAIN_STAGE1);
	CHECK_EQ(space_map(s, w.from, SPACE_ANYWHERE, RW, &from, &error), IOM_OK);
	CHECK_EQ(copy(&w, from, 0x7654000, 8).result, ENGINE_WRITE_REFUSED);
	CHECK(kernel_fault(w.vm->guest->kernel, &f));
	CHECK_EQ(f.what.iova, 0x7654000);
	CHECK_EQ(f.what.requester, w.vm->devices[0].guest_requester);
	CHECK(f.what.write);
	CHECK_EQ(fault(&w).owner, w.vm->serial);

	/* The guest's tables say yes, the machine's say no: the guest cannot be told. */
	CHECK_EQ(iom_domain_map(s->domains[0], 0x5000, VM_RAM + (1 << 20), 0x1000, RW), IOM_OK);
	CHECK_EQ(copy(&w, from, 0x5008, 8).result, ENGINE_WRITE_REFUSED);
	CHECK(!kernel_fault(w.vm->guest->kernel, &f));
	f = fault(&w);
	/* VT-d's records name the page that the device meant, and no other. */
	vtd = w.b.machine->arch == &machine_vtd;
	CHECK_EQ(f.what.iova, vtd ? 0x5000 : 0x5008);
	CHECK_EQ(f.what.gpa, vtd ? 0 : VM_RAM + (1 << 20) + 8);
	CHECK_EQ(space_unmap(s, from, &error), IOM_OK);
	engine_driver_free(w.guest);
	w.guest = NULL;
	CHECK_EQ(space_free(s), IOM_OK);
	close_world(&w);
}

TEST_EACH(viommu_guest_may_ask_for_no_translation, "")
{
	struct world w;
	struct space *s;

	open_world(&w, true);
	s = guest_space(&w, IOM_DOMAIN_IDENTITY);
	CHECK(w.vm->devices[0].attached == w.vm->space->domains[BRIDGE_PCI]);
	CHECK_EQ(copy(&w, w.from->spa[0], w.to->spa[0], 8).result, ENGINE_DONE);
	CHECK_EQ(engine_driver_detach(w.guest, NULL), IOM_OK);
	CHECK_EQ(space_free(s), IOM_OK);
	s = guest_space(&w, IOM_DOMAIN_BLOCKED);
	CHECK(!w.vm->devices[0].attached);
	CHECK_EQ(copy(&w, w.from->spa[0], w.to->spa[0], 8).result, ENGINE_PENDING);
	CHECK_EQ(engine_driver_detach(w.guest, NULL), IOM_OK);
	CHECK_EQ(space_free(s), IOM_OK);
	close_world(&w);
}

TEST_EACH(vm_refusals_say_why, "")
{
	struct vm_config config = { .name = "x", .ram_bytes = 4096, .vcpus = 1 };
	struct iom_error error;
	struct world w;
	struct vm *vm;

	open_world(&w, false);
	CHECK_EQ(vm_new(&w.h, &config, &vm, &error), IOM_EINVAL);
	config.ram_bytes = 1 << 20;
	config.vcpus = 5;
	CHECK_EQ(vm_new(&w.h, &config, &vm, &error), IOM_EINVAL);
	CHECK_STR(error.text, "a virtual machine of 5 CPUs: it must have 1 to 4");
	config.vcpus = 4;
	config.ram_bytes = 4 << 20;
	CHECK_EQ(vm_new(&w.h, &config, &vm, &error), IOM_ENOMEM);
	CHECK(!w.h.vms[2]);
	close_world(&w);
}

/* ---- Virtual CPUs that sleep ------------------------------------------------------------------- */

static int send(struct world *w, unsigned cpu, uint32_t identity)
{
	uint8_t data[4];

	iom_st32(data, identity, false);
	return dma_engine_store(w->guest->place.engine, IMSIC_WINDOW + 0x1000ull * cpu, data, 4);
}

TEST(vm_cpu_sleeps_until_it_is_interrupted, "")
{
	const struct vcpu *cpu;
	struct vcpu was;
	struct world w;
	uint64_t spa;

	open_world(&w, false);
	cpu = &w.vm->vcpus[1];
	was = *cpu;
	engine_driver_interrupt_to(w.guest, 1);
	CHECK_EQ(vm_vcpu_sleep(w.vm, 1, NULL), IOM_OK);
	CHECK(cpu->asleep);
	CHECK(!w.h.files[was.hart][was.imsic.guest]);
	CHECK(pages_contain(&w.b.machine->low, vm_vcpu_spa(w.vm, 1)));
	CHECK_EQ(vm_lookup(w.vm, IMSIC_WINDOW + 0x1000, &spa), IOM_OK);
	CHECK_EQ(spa, vm_vcpu_spa(w.vm, 1));

	/* The other one goes on; this one is interrupted, and takes that. */
	CHECK_EQ(send(&w, 0, 40), IOM_OK);
	CHECK(cpu->asleep);
	CHECK(copy(&w, w.from->spa[0], w.to->spa[0], 8).interrupt);
	CHECK(!cpu->asleep);
	CHECK_EQ(cpu->notices, 1);
	CHECK_EQ(w.vm->guest->kernel->cpu_interrupts[1], 1);
	CHECK_EQ(w.vm->guest->kernel->spurious, 1);
	CHECK(w.h.files[cpu->hart][cpu->imsic.guest]);

	/* What was pending when it fell asleep wakes it at once. */
	CHECK_EQ(send(&w, 1, 41), IOM_OK);
	CHECK_EQ(vm_vcpu_sleep(w.vm, 1, NULL), IOM_OK);
	CHECK(!cpu->asleep);
	CHECK_EQ(cpu->sleeps, 2);
	CHECK_EQ(cpu->notices, 1);
	kernel_interrupts(w.vm->guest->kernel);
	CHECK_EQ(w.vm->guest->kernel->spurious, 2);

	/* Asleep it moves by being told where to wake up. */
	CHECK_EQ(vm_vcpu_sleep(w.vm, 1, NULL), IOM_OK);
	CHECK_EQ(vm_vcpu_sleep(w.vm, 1, NULL), IOM_OK);
	CHECK_EQ(vm_vcpu_move(w.vm, 1, 3, NULL), IOM_OK);
	CHECK_EQ(vm_vcpu_move(w.vm, 1, IMSIC_HARTS, NULL), IOM_ENOSPC);
	CHECK(cpu->asleep);
	CHECK_EQ(vm_vcpu_wake(w.vm, 1, NULL), IOM_OK);
	CHECK_EQ(vm_vcpu_wake(w.vm, 1, NULL), IOM_OK);
	CHECK_EQ(cpu->hart, 3);
	CHECK(copy(&w, w.from->spa[0], w.to->spa[0], 8).interrupt);
	CHECK_EQ(w.vm->guest->kernel->cpu_interrupts[1], 2);
	CHECK_EQ(w.b.kernel->spurious, 0);
	close_world(&w);
}

/* An interrupt that it does not want to hear of has its notice, and wakes nobody; it is not lost. */
TEST(vm_cpu_sleeps_through_what_it_disabled, "")
{
	struct world w;
	struct imsic_file *file;
	const struct vcpu *cpu;

	open_world(&w, false);
	cpu = &w.vm->vcpus[0];
	file = imsic_file(w.b.machine->controller, cpu->hart, cpu->imsic.guest);
	file->eie[50 / 64] &= ~IOM_BIT(50 % 64);
	CHECK_EQ(vm_vcpu_sleep(w.vm, 0, NULL), IOM_OK);
	CHECK_EQ(send(&w, 0, 50), IOM_OK);
	kernel_interrupts(w.vm->guest->kernel);
	CHECK(cpu->asleep);
	CHECK_EQ(cpu->notices, 1);
	CHECK_EQ(send(&w, 0, 51), IOM_OK);
	kernel_interrupts(w.vm->guest->kernel);
	CHECK(!cpu->asleep);
	CHECK_EQ(w.vm->guest->kernel->spurious, 1);
	file = imsic_file(w.b.machine->controller, cpu->hart, cpu->imsic.guest);
	CHECK_EQ(file->eip[50 / 64], IOM_BIT(50 % 64));
	close_world(&w);
}

/* It wakes as soon as somebody gives a file back. */
TEST(vm_cpu_waits_for_a_file, "")
{
	const struct vcpu *cpu;
	struct world w;
	unsigned guest;

	open_world(&w, false);
	cpu = &w.vm->vcpus[0];
	CHECK_EQ(vm_vcpu_sleep(w.vm, 0, NULL), IOM_OK);
	for (unsigned hart = 0; hart < IMSIC_HARTS; hart++)
		while (vm_imsic_take(&w.h, hart, &guest))
			;
	CHECK_EQ(vm_vcpu_wake(w.vm, 0, NULL), IOM_ENOSPC);
	CHECK_EQ(send(&w, 0, 40), IOM_OK);
	kernel_interrupts(w.vm->guest->kernel);
	CHECK(cpu->asleep);
	CHECK_EQ(vm_vcpu_sleep(w.vm, 1, NULL), IOM_OK);
	CHECK(!cpu->asleep);
	kernel_interrupts(w.vm->guest->kernel);
	CHECK_EQ(w.vm->guest->kernel->spurious, 1);

	/* Stopped while it sleeps: nothing is given back that it has not. */
	CHECK_EQ(vm_vcpu_sleep(w.vm, 0, NULL), IOM_OK);
	CHECK_EQ(send(&w, 1, 40), IOM_OK);
	close_world(&w);
}

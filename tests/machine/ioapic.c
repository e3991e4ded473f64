/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The I/O APIC: its registers, and when it sends what. */
#include "bench.h"
#include "machine/pin_driver.h"
#include "machine/x86.h"

#define SELECT 0xfec00000u
#define DATA 0xfec00010u
#define EOI 0xfec00040u

/* Nobody has set up the IOMMU: messages in compatibility format pass as they are. */
struct world {
	struct machine *machine;
	struct x86_controller *c;
};

static void open(struct world *w)
{
	const struct machine_config config = { .arch = &machine_vtd, .low_bytes = 1 << 20 };

	CHECK_EQ(machine_new(&config, &w->machine, NULL), IOM_OK);
	w->c = w->machine->controller;
	for (unsigned i = 0; i < 4; i++)
		w->c->apic.cpus[i].enabled = true;
}

static uint32_t rd(struct world *w, unsigned reg)
{
	machine_mmio_write(w->machine, SELECT, 4, reg);
	return (uint32_t)machine_mmio_read(w->machine, DATA, 4);
}

static void wr(struct world *w, unsigned reg, uint32_t val)
{
	machine_mmio_write(w->machine, SELECT, 4, reg);
	machine_mmio_write(w->machine, DATA, 4, val);
}

static unsigned arrived(const struct world *w, unsigned cpu)
{
	return (unsigned)w->c->apic.cpus[cpu].arrived;
}

TEST(ioapic_registers, "IRQ-IOAPIC-01 IRQ-IOAPIC-02 IRQ-IOAPIC-03 IRQ-IOAPIC-04")
{
	struct world w;

	open(&w);
	CHECK_EQ(rd(&w, 1), 0x170020);
	CHECK_EQ(machine_mmio_read(w.machine, SELECT, 4), 1);
	for (unsigned reg = 0x10; reg < 0x40; reg++)
		CHECK_EQ(rd(&w, reg), reg % 2 ? 0 : 0x10000);
	CHECK_EQ(rd(&w, 0x40), 0);
	wr(&w, 0x12, 0xffffffff);
	CHECK_EQ(rd(&w, 0x12), 0x1afff); /* delivery status and remote IRR are not writable */
	wr(&w, 0x13, 0xffffffff);
	CHECK_EQ(rd(&w, 0x13), 0xffff0000);
	CHECK_EQ(rd(&w, 0x12), 0x1afff);
	CHECK_EQ(machine_mmio_read(w.machine, SELECT + 4, 4), 0xffffffff);
	machine_free(w.machine);
}

TEST(ioapic_edge, "IRQ-IOAPIC-05 IRQ-IOAPIC-12")
{
	struct world w;

	open(&w);
	machine_raise(w.machine, 3);
	wr(&w, 0x17, 2u << 24);
	wr(&w, 0x16, 0x55);
	CHECK_EQ(arrived(&w, 2), 0); /* it rose while it was masked */
	for (unsigned i = 1; i < 4; i++) {
		ioapic_pin(&w.c->ioapic, 3, false);
		CHECK_EQ(arrived(&w, 2), i - 1);
		ioapic_pin(&w.c->ioapic, 3, true);
		ioapic_pin(&w.c->ioapic, 3, true);
		CHECK_EQ(arrived(&w, 2), i);
	}
	CHECK_EQ(apic_claim(&w.c->apic.cpus[2]), 0x55);

	wr(&w, 0x16, 0x2055); /* active low */
	ioapic_pin(&w.c->ioapic, 3, false);
	CHECK_EQ(arrived(&w, 2), 4);
	ioapic_pin(&w.c->ioapic, 3, true);
	CHECK_EQ(arrived(&w, 2), 4);
	machine_free(w.machine);
}

TEST(ioapic_level, "IRQ-IOAPIC-06 IRQ-IOAPIC-07 IRQ-IOAPIC-08 IRQ-IOAPIC-11")
{
	struct world w;

	open(&w);
	machine_raise(w.machine, 0);
	wr(&w, 0x11, 1u << 24);
	wr(&w, 0x10, 0x8055);
	CHECK_EQ(arrived(&w, 1), 1); /* it is up */
	CHECK_EQ(rd(&w, 0x10), 0xc055);
	ioapic_pin(&w.c->ioapic, 0, false);
	ioapic_pin(&w.c->ioapic, 0, true);
	CHECK_EQ(arrived(&w, 1), 1); /* before its end nothing new */
	machine_mmio_write(w.machine, EOI, 4, 0x54);
	CHECK_EQ(arrived(&w, 1), 1);
	machine_mmio_write(w.machine, EOI, 4, 0x55);
	CHECK_EQ(arrived(&w, 1), 2); /* still up */
	ioapic_pin(&w.c->ioapic, 0, false);
	machine_mmio_write(w.machine, EOI, 4, 0x55);
	CHECK_EQ(arrived(&w, 1), 2);
	CHECK_EQ(rd(&w, 0x10), 0x8055);

	ioapic_pin(&w.c->ioapic, 0, true);
	CHECK_EQ(rd(&w, 0x10), 0xc055);
	wr(&w, 0x10, 0x10055);
	CHECK_EQ(rd(&w, 0x10), 0x10055);
	machine_free(w.machine);
}

TEST(ioapic_remapped, "IRQ-IOAPIC-09 IRQ-IOAPIC-10")
{
	struct x86_controller *c;
	struct kernel_fault f;
	struct bench b;

	bench_arch = &machine_vtd;
	bench_open(&b, IOM_DOMAIN_BLOCKED, 64, false);
	c = b.machine->controller;
	CHECK_EQ(pin_driver_use(b.kernel, 7, 3, false, NULL), IOM_OK);
	CHECK(c->ioapic.entries[7] >> 48 & 1);
	machine_raise(b.machine, 7);
	kernel_interrupts(b.kernel);
	CHECK_EQ(b.kernel->pins[7].interrupts, 1);
	CHECK_EQ(b.kernel->cpu_interrupts[3], 1);

	/* One in compatibility format is refused, in the name of the I/O APIC. */
	machine_mmio_write(b.machine, SELECT, 4, 0x12);
	machine_mmio_write(b.machine, DATA, 4, 0x55);
	machine_raise(b.machine, 1);
	kernel_interrupts(b.kernel);
	CHECK_EQ(b.kernel->spurious, 0);
	CHECK_EQ(c->ioapic.refused, 1);
	CHECK(kernel_fault(b.kernel, &f));
	CHECK(f.interrupt);
	CHECK_EQ(f.what.code, 0x25);
	CHECK_EQ(f.what.requester, 0xf0ff);

	CHECK_EQ(pin_driver_use(b.kernel, 24, 0, false, NULL), IOM_EINVAL);
	CHECK_EQ(pin_driver_use(b.kernel, 0, 4, false, NULL), IOM_EINVAL);
	bench_close(&b);
}

TEST(ioapic_is_not_everywhere, "")
{
	struct iom_error error;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_BLOCKED, 64, false);
	CHECK_EQ(pin_driver_use(b.kernel, 0, 0, false, &error), IOM_ENOTSUP);
	CHECK_STR(error.text, "there is no I/O APIC here");
	bench_close(&b);
}

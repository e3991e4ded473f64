/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A kernel's driver of its board's I/O APIC. */
#include "machine/pin_driver.h"

#include "base/bits.h"
#include "base/error.h"
#include "machine/ioapic.h"

_Static_assert(IOAPIC_PINS == KERNEL_PINS, "each pin has an identity");

static void reg_write(struct kernel *k, unsigned reg, uint32_t val)
{
	const struct board *b = k->board;

	b->ops->mmio_write(b->opaque, IOAPIC_SPA + reg, 4, val);
}

/* The half with the mask last on the way in, and first on the way out. */
static void entry_write(struct kernel *k, unsigned pin, uint64_t entry)
{
	unsigned n = IOAPIC_ENTRIES + 2 * pin;

	reg_write(k, IOAPIC_SELECT, n);
	reg_write(k, IOAPIC_DATA, IOAPIC_MASKED);
	reg_write(k, IOAPIC_SELECT, n + 1);
	reg_write(k, IOAPIC_DATA, (uint32_t)(entry >> 32));
	reg_write(k, IOAPIC_SELECT, n);
	reg_write(k, IOAPIC_DATA, (uint32_t)entry);
}

static int aim(struct kernel *k, unsigned pin, unsigned cpu, bool level)
{
	struct kernel_pin *p = &k->pins[pin];
	const struct iom_interrupt_target target = {
		.cpu = cpu,
		.vector = (uint8_t)(KERNEL_PIN_IDENTITY + pin),
		.level = level,
	};
	struct iom_driver *driver = k->iommus[0].driver;
	uint64_t entry;
	int rc = IOM_OK;

	if (!p->used)
		rc = iom_interrupt_alloc(driver, IOAPIC_REQUESTER, 1, &p->interrupt);
	if (rc)
		return rc;
	p->used = true;
	rc = iom_interrupt_set(driver, p->interrupt, &target);
	if (!rc)
		rc = iom_interrupt_ioapic(driver, p->interrupt, target.vector, level, false,
		                          &entry);
	if (!rc)
		entry_write(k, pin, entry);
	return rc;
}

int pin_driver_use(struct kernel *k, unsigned pin, unsigned cpu, bool level,
                   struct iom_error *error)
{
	int rc;

	if (!k->board->pins)
		return iom_fail(error, IOM_ENOTSUP, "there is no I/O APIC here");
	if (pin >= k->board->pins || cpu >= k->board->cpus)
		return iom_fail(error, IOM_EINVAL,
		                "pin %u to CPU %u: the last ones are pin %u and CPU %u", pin, cpu,
		                k->board->pins - 1, k->board->cpus - 1);
	rc = aim(k, pin, cpu, level);
	return rc ? iom_fail(error, rc, "pin %u cannot interrupt: %s", pin, iom_strerror(rc))
	          : IOM_OK;
}

void pin_driver_serve(struct kernel *k, unsigned pin)
{
	const struct board *b = k->board;

	k->pins[pin].interrupts++;
	b->ops->serve(b->opaque, pin);
	reg_write(k, IOAPIC_EOI, KERNEL_PIN_IDENTITY + pin);
}

void pin_driver_stop(struct kernel *k)
{
	for (unsigned pin = 0; pin < KERNEL_PINS; pin++) {
		struct kernel_pin *p = &k->pins[pin];

		if (!p->used)
			continue;
		entry_write(k, pin, IOAPIC_MASKED);
		(void)iom_interrupt_free(k->iommus[0].driver, p->interrupt, 1);
		p->used = false;
	}
}

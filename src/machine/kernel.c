/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a kernel does around the OS side of the library. */
#include "machine/kernel.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "machine/pin_driver.h"
#include "machine/process.h"

/* More than an IOMMU has wires. */
#define WIRE_TRIES 16

/* ---- What a driver asks of the kernel -------------------------------------------------------- */

static const struct board *board_of(void *opaque)
{
	const struct kernel_iommu *iommu = opaque;

	return iommu->kernel->board;
}

static uint64_t os_mmio_read(void *opaque, uint64_t off, unsigned size)
{
	const struct kernel_iommu *iommu = opaque;
	const struct board *b = board_of(opaque);

	return b->ops->mmio_read(b->opaque, b->iommu[iommu->number] + off, size);
}

static void os_mmio_write(void *opaque, uint64_t off, unsigned size, uint64_t val)
{
	const struct kernel_iommu *iommu = opaque;
	const struct board *b = board_of(opaque);

	b->ops->mmio_write(b->opaque, b->iommu[iommu->number] + off, size, val);
}

static void *os_alloc(void *opaque, size_t size, uint64_t *phys)
{
	struct pages *low = board_of(opaque)->low;
	uint32_t n = (uint32_t)(size / PAGE_BYTES);

	if (size == PAGE_BYTES ? !pages_take(low, phys) : !pages_take_run(low, n, true, phys))
		return NULL;
	return pages_at(low, *phys);
}

static void os_free(void *opaque, void *memory, uint64_t phys, size_t size)
{
	(void)memory;
	pages_give(board_of(opaque)->low, phys, (uint32_t)(size / PAGE_BYTES));
}

static void *os_at(void *opaque, uint64_t phys)
{
	return board_at(board_of(opaque), phys);
}

static uint64_t os_now_ns(void *opaque)
{
	const struct board *b = board_of(opaque);

	return b->ops->now_ns(b->opaque);
}

static void os_relax(void *opaque)
{
	const struct board *b = board_of(opaque);

	if (b->ops->relax)
		b->ops->relax(b->opaque);
	(void)os_now_ns(opaque);
}

static void os_fault(void *opaque, const struct iom_os_fault *what)
{
	const struct kernel_iommu *iommu = opaque;
	const struct machine_arch *arch = iommu->kernel->board->arch;
	struct kernel_fault fault = {
		.what = *what,
		.iommu = iommu->number,
		.interrupt = arch->of_interrupt && arch->of_interrupt(what->code),
	};
	struct kernel *k = iommu->kernel;

	if (k->on_fault)
		k->on_fault(k->on_fault_opaque, &fault);
	if (k->fault_count == KERNEL_FAULTS_MAX)
		k->faults_lost++;
	else
		k->faults[k->fault_count++] = fault;
}

static void os_page_request(void *opaque, const struct iom_os_page_request *request)
{
	struct kernel_iommu *iommu = opaque;

	process_asked(iommu, request);
}

static const struct iom_os_host os_host = {
	.bytes = sizeof(struct iom_os_host),
	.mmio_read = os_mmio_read,
	.mmio_write = os_mmio_write,
	.alloc = os_alloc,
	.free = os_free,
	.at = os_at,
	.now_ns = os_now_ns,
	.relax = os_relax,
	.fault = os_fault,
	.page_request = os_page_request,
};

/* ---- Interrupts ------------------------------------------------------------------------------ */

static uint32_t first_identity(unsigned iommu)
{
	return KERNEL_IOMMU_IDENTITY + iommu * KERNEL_IOMMU_VECTORS;
}

static void dispatch(struct kernel *k, unsigned cpu, unsigned identity)
{
	unsigned iommu = (identity - KERNEL_IOMMU_IDENTITY) / KERNEL_IOMMU_VECTORS;
	unsigned engine = identity - KERNEL_ENGINE_IDENTITY;
	unsigned notice = identity - KERNEL_NOTICE_IDENTITY;
	unsigned pin = identity - KERNEL_PIN_IDENTITY;

	if (iommu < k->board->iommus) {
		k->iommu_interrupts++;
		(void)iom_driver_interrupt(k->iommus[iommu].driver);
	} else if (engine < KERNEL_ENGINES_MAX && k->engine_slots & IOM_BIT(engine)) {
		k->engine_interrupts[engine]++;
		k->cpu_interrupts[cpu]++;
	} else if (pin < k->board->pins) {
		pin_driver_serve(k, pin);
		k->cpu_interrupts[cpu]++;
	} else if (k->on_notice && notice < KERNEL_NOTICES) {
		k->on_notice(k->on_notice_opaque, cpu, notice);
	} else {
		k->spurious++;
	}
}

static void take_messages(struct kernel *k)
{
	const struct board *b = k->board;
	unsigned identity;

	for (unsigned cpu = 0; cpu < b->cpus; cpu++)
		while ((identity = b->ops->claim(b->opaque, cpu)))
			dispatch(k, cpu, identity);
}

/* A level that the handler cannot lower must not hold the CPU for ever. */
static void take_wires(struct kernel *k)
{
	const struct board *b = k->board;

	for (unsigned i = 0; b->ops->wire && i < b->iommus; i++)
		for (unsigned tries = WIRE_TRIES; tries && b->ops->wire(b->opaque, i); tries--)
			dispatch(k, 0, first_identity(i));
}

void kernel_interrupts(struct kernel *k)
{
	if (k->board->ops->others)
		k->board->ops->others(k->board->opaque);
	take_messages(k);
	take_wires(k);
	/* Answers to devices let them go on, and interrupt in their turn. */
	take_messages(k);
}

bool kernel_fault(struct kernel *k, struct kernel_fault *fault)
{
	if (!k->fault_count)
		return false;
	*fault = k->faults[0];
	memmove(&k->faults[0], &k->faults[1], --k->fault_count * sizeof k->faults[0]);
	return true;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static int boot_iommu(struct kernel *k, unsigned i, bool wires, struct iom_error *error)
{
	const struct iom_interrupt_message first = k->board->message(0, first_identity(i));
	const struct iom_driver_config config = {
		.bytes = sizeof config,
		.msi_address = wires ? 0 : first.address,
		.msi_data = wires ? 0 : first.data,
		.vectors = KERNEL_IOMMU_VECTORS,
		.interrupts = k->board->remapped,
	};

	k->iommus[i].kernel = k;
	k->iommus[i].number = i;
	if (wires && !k->board->arch->wires)
		return iom_fail(error, IOM_ENOTSUP,
		                "IOMMUs of %s interrupt by messages, not by wires",
		                k->board->arch->name);
	return k->board->arch->driver_new(&config, &os_host, &k->iommus[i], &k->iommus[i].driver,
	                                  error);
}

int kernel_boot(const struct board *board, bool wires, struct kernel **out, struct iom_error *error)
{
	struct kernel *k = calloc(1, sizeof *k);
	int rc = IOM_OK;

	*out = NULL;
	if (!k)
		return iom_fail(error, IOM_ENOMEM, "no memory for a kernel");
	k->board = board;
	/* Every CPU listens to everything: what does not exist is seen as spurious. */
	for (unsigned cpu = 0; cpu < board->cpus; cpu++)
		board->ops->listen(board->opaque, cpu);
	for (unsigned i = 0; !rc && i < board->iommus; i++)
		rc = boot_iommu(k, i, wires, error);
	if (rc) {
		(void)kernel_halt(k);
		return rc;
	}
	*out = k;
	return IOM_OK;
}

int kernel_halt(struct kernel *k)
{
	int rc = IOM_OK;

	if (!k)
		return IOM_OK;
	pin_driver_stop(k);
	for (unsigned i = 0; !rc && i < k->board->iommus; i++) {
		rc = iom_driver_free(k->iommus[i].driver);
		if (!rc)
			k->iommus[i].driver = NULL;
	}
	if (!rc)
		free(k);
	return rc;
}

int kernel_engine_take(struct kernel *k, unsigned *slot)
{
	if (!~k->engine_slots)
		return IOM_ENOSPC;
	*slot = iom_ctz(~k->engine_slots);
	k->engine_slots |= (uint32_t)IOM_BIT(*slot);
	k->engine_interrupts[*slot] = 0;
	return IOM_OK;
}

void kernel_engine_give(struct kernel *k, unsigned slot)
{
	k->engine_slots &= ~(uint32_t)IOM_BIT(slot);
}

uint64_t kernel_overflows(const struct kernel *k)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < k->board->iommus; i++)
		sum += iom_driver_overflows(k->iommus[i].driver);
	return sum;
}

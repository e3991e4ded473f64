/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a kernel does around the OS side of the library. */
#include "machine/kernel.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- What the driver asks of the kernel ------------------------------------------------------ */

static uint64_t os_mmio_read(void *opaque, uint64_t off, unsigned size)
{
	struct kernel *k = opaque;

	return machine_mmio_read(k->machine, MACHINE_IOMMU + off, size);
}

static void os_mmio_write(void *opaque, uint64_t off, unsigned size, uint64_t val)
{
	struct kernel *k = opaque;

	machine_mmio_write(k->machine, MACHINE_IOMMU + off, size, val);
}

static void *os_alloc(void *opaque, size_t size, uint64_t *phys)
{
	struct machine *m = ((struct kernel *)opaque)->machine;
	uint32_t n = (uint32_t)(size / PAGE_BYTES);

	if (size == PAGE_BYTES ? !pages_take(&m->low, phys)
	                       : !pages_take_run(&m->low, n, true, phys))
		return NULL;
	return pages_at(&m->low, *phys);
}

static void os_free(void *opaque, void *memory, uint64_t phys, size_t size)
{
	struct machine *m = ((struct kernel *)opaque)->machine;

	(void)memory;
	pages_give(&m->low, phys, (uint32_t)(size / PAGE_BYTES));
}

static void *os_at(void *opaque, uint64_t phys)
{
	return machine_at(((struct kernel *)opaque)->machine, phys);
}

static uint64_t os_now_ns(void *opaque)
{
	return machine_now_ns(((struct kernel *)opaque)->machine);
}

static void os_relax(void *opaque)
{
	(void)machine_now_ns(((struct kernel *)opaque)->machine);
}

static void os_fault(void *opaque, const struct iom_os_fault *fault)
{
	struct kernel *k = opaque;

	if (k->fault_count == KERNEL_FAULTS_MAX)
		k->faults_lost++;
	else
		k->faults[k->fault_count++] = *fault;
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
};

/* ---- Interrupts ------------------------------------------------------------------------------ */

static void dispatch(struct kernel *k, unsigned identity)
{
	unsigned engine = identity - KERNEL_ENGINE_IDENTITY;

	if (identity - KERNEL_IOMMU_IDENTITY < KERNEL_IOMMU_VECTORS) {
		k->iommu_interrupts++;
		(void)iom_driver_interrupt(k->driver);
	} else if (identity >= KERNEL_ENGINE_IDENTITY && engine < k->machine->engine_count) {
		k->engine_interrupts[engine]++;
	} else {
		k->spurious++;
	}
}

static bool wire_is_up(const struct machine *m)
{
	for (unsigned i = 0; i < MACHINE_WIRES; i++)
		if (m->wire[i])
			return true;
	return false;
}

void kernel_interrupts(struct kernel *k)
{
	unsigned identity;

	while ((identity = interrupt_file_claim(&k->machine->interrupts)))
		dispatch(k, identity);
	/* A level that the handler cannot lower must not hold the CPU for ever. */
	for (unsigned tries = MACHINE_WIRES; tries && wire_is_up(k->machine); tries--)
		dispatch(k, KERNEL_IOMMU_IDENTITY);
}

bool kernel_fault(struct kernel *k, struct iom_os_fault *fault)
{
	if (!k->fault_count)
		return false;
	*fault = k->faults[0];
	memmove(&k->faults[0], &k->faults[1], --k->fault_count * sizeof k->faults[0]);
	return true;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

int kernel_boot(struct machine *machine, bool wires, struct kernel **out, struct iom_error *error)
{
	const struct iom_driver_config config = {
		.bytes = sizeof config,
		.msi_address = wires ? 0 : MACHINE_INTERRUPT_FILE,
		.msi_data = wires ? 0 : KERNEL_IOMMU_IDENTITY,
		.vectors = KERNEL_IOMMU_VECTORS,
	};
	struct kernel *k = calloc(1, sizeof *k);
	int rc;

	*out = NULL;
	if (!k)
		return iom_fail(error, IOM_ENOMEM, "no memory for a kernel");
	k->machine = machine;
	rc = machine->arch->driver_new(&config, &os_host, k, &k->driver, error);
	if (rc) {
		free(k);
		return rc;
	}
	*out = k;
	return IOM_OK;
}

int kernel_halt(struct kernel *k)
{
	int rc;

	if (!k)
		return IOM_OK;
	rc = iom_driver_free(k->driver);
	if (!rc)
		free(k);
	return rc;
}

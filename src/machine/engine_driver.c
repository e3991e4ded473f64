/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The kernel's driver of one DMA engine. */
#include "machine/engine_driver.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/endian.h"
#include "base/error.h"

enum { RING, FROM_LIST, TO_LIST };

#define RING_ENTRIES (PAGE_BYTES / ENGINE_DESCRIPTOR_BYTES)

static void reg_write(struct engine_driver *d, unsigned reg, unsigned bytes, uint64_t val)
{
	const struct board *b = d->kernel->board;

	b->ops->mmio_write(b->opaque, d->place.registers + reg, bytes, val);
}

static uint64_t reg_read(struct engine_driver *d, unsigned reg, unsigned bytes)
{
	const struct board *b = d->kernel->board;

	return b->ops->mmio_read(b->opaque, d->place.registers + reg, bytes);
}

/* The first byte of one of the driver's own pages. */
static uint8_t *page_at(const struct engine_driver *d, unsigned page)
{
	return board_at(d->kernel->board, d->pages[page]->spa[0]);
}

static struct iom_driver *driver_of(const struct engine_driver *d)
{
	return d->kernel->iommus[d->place.iommu].driver;
}

static struct iom_domain *domain_of(const struct engine_driver *d)
{
	return d->space->domains[d->place.iommu];
}

/* ---- Attaching ------------------------------------------------------------------------------- */

static int unmap_pages(struct engine_driver *d, unsigned n, struct iom_error *error)
{
	int rc = IOM_OK;

	while (n && !rc && space_translates(d->space))
		rc = space_unmap(d->space, d->iova[--n], error);
	return rc;
}

/*
 * In a blocked space there is nothing to map; the engine gets physical addresses, and will be
 * refused there as everywhere.
 */
static int map_pages(struct engine_driver *d, struct iom_error *error)
{
	for (unsigned i = 0; i < IOM_COUNT(d->pages); i++) {
		int rc = IOM_OK;

		d->iova[i] = d->pages[i]->spa[0];
		if (space_translates(d->space))
			rc = space_map(d->space, d->pages[i], SPACE_ANYWHERE,
			               IOM_PROT_READ | IOM_PROT_WRITE, &d->iova[i], error);
		if (rc) {
			(void)unmap_pages(d, i, NULL);
			return rc;
		}
	}
	return IOM_OK;
}

/* Aims the engine's interrupt at the CPU: at the IOMMU if that remaps it, else by what the engine sends. */
static void aim(struct engine_driver *d)
{
	unsigned identity = KERNEL_ENGINE_IDENTITY + d->slot;
	struct iom_interrupt_message message = d->kernel->board->message(d->cpu, identity);

	if (d->remapped) {
		const struct iom_interrupt_target target = { .cpu = d->cpu,
			                                     .vector = (uint8_t)identity };

		/* What failed leaves the interrupt refused, or where it was. */
		(void)iom_interrupt_set(driver_of(d), d->interrupt, &target);
		(void)iom_interrupt_message(driver_of(d), d->interrupt, &message);
	}
	reg_write(d, ENGINE_MSI_ADDRESS, 8, message.address);
	reg_write(d, ENGINE_MSI_DATA, 4, message.data);
}

static void program(struct engine_driver *d)
{
	reg_write(d, ENGINE_RING_BASE, 8, d->iova[RING]);
	reg_write(d, ENGINE_RING_ENTRIES, 4, RING_ENTRIES);
	aim(d);
	d->tail = d->first = 0;
}

void engine_driver_interrupt_to(struct engine_driver *d, unsigned cpu)
{
	d->cpu = cpu;
	aim(d);
}

static int take_interrupt(struct engine_driver *d, struct iom_error *error)
{
	int rc = IOM_OK;

	if (d->kernel->board->remapped)
		rc = iom_interrupt_alloc(driver_of(d), d->place.requester, 1, &d->interrupt);
	d->remapped = d->kernel->board->remapped && !rc;
	return rc ? iom_fail(error, rc, "no interrupt for device 0x%llx: %s",
	                     (unsigned long long)d->place.requester, iom_strerror(rc))
	          : IOM_OK;
}

static void give_interrupt(struct engine_driver *d)
{
	if (d->remapped)
		(void)iom_interrupt_free(driver_of(d), d->interrupt, 1);
	d->remapped = false;
}

int engine_driver_detach(struct engine_driver *d, struct iom_error *error)
{
	int rc;

	if (!d->space)
		return IOM_OK;
	rc = iom_domain_detach(domain_of(d), d->place.requester);
	if (rc)
		return iom_fail(error, rc, "device 0x%llx could not be detached: %s",
		                (unsigned long long)d->place.requester, iom_strerror(rc));
	give_interrupt(d);
	rc = unmap_pages(d, IOM_COUNT(d->pages), error);
	d->space->engines--;
	d->space = NULL;
	d->ready = false;
	return rc;
}

static int join(struct engine_driver *d, struct iom_error *error)
{
	int rc = space_map_interrupts(d->space, error);

	if (!rc)
		rc = map_pages(d, error);
	if (rc)
		return rc;
	rc = iom_domain_attach(domain_of(d), d->place.requester);
	if (rc) {
		(void)unmap_pages(d, IOM_COUNT(d->pages), NULL);
		return iom_fail(error, rc, "device 0x%llx could not be attached: %s",
		                (unsigned long long)d->place.requester, iom_strerror(rc));
	}
	return IOM_OK;
}

int engine_driver_attach(struct engine_driver *d, struct space *space, struct iom_error *error)
{
	int rc;

	if (d->space == space)
		return IOM_OK;
	rc = engine_driver_detach(d, error);
	if (rc)
		return rc;
	d->space = space;
	rc = take_interrupt(d, error);
	if (!rc)
		rc = join(d, error);
	if (rc) {
		give_interrupt(d);
		d->space = NULL;
		return rc;
	}
	space->engines++;
	d->ready = true;
	program(d);
	return IOM_OK;
}

int engine_driver_ats(struct engine_driver *d, bool on, struct iom_error *error)
{
	struct kernel *k = d->kernel;
	int rc;

	if (!k->board->iommus)
		return iom_fail(error, IOM_ENOTSUP, "there is no IOMMU here to ask");
	if (!on)
		reg_write(d, ENGINE_ATS, 4, 0);
	rc = iom_device_allow(k->iommus[d->place.iommu].driver, d->place.requester,
	                      on ? IOM_DEVICE_ATS : 0);
	if (rc)
		return iom_fail(error, rc, "ATS of device 0x%llx could not be switched: %s",
		                (unsigned long long)d->place.requester, iom_strerror(rc));
	if (on)
		reg_write(d, ENGINE_ATS, 4, 1);
	return IOM_OK;
}

/* ---- Running --------------------------------------------------------------------------------- */

/* Returns the descriptor flag that says whether the side is a list. */
static uint32_t write_side(struct engine_driver *d, const struct engine_side *side, unsigned page,
                           uint32_t flag, uint64_t *iova)
{
	uint8_t *list = page_at(d, page);

	*iova = side->iova;
	if (!side->count)
		return 0;
	for (unsigned i = 0; i < side->count; i++) {
		iom_st64(list, side->pieces[i].iova, false);
		iom_st64(list + 8, side->pieces[i].bytes, false);
		list += ENGINE_ELEMENT_BYTES;
	}
	iom_st64(list + 8, 0, false);
	*iova = d->iova[page];
	return flag;
}

static void write_descriptor(struct engine_driver *d, const struct engine_job *job, uint8_t *slot)
{
	uint32_t flags = ENGINE_INTERRUPT;
	uint64_t from, to;

	flags |= write_side(d, &job->from, FROM_LIST, ENGINE_SOURCE_LIST, &from);
	flags |= write_side(d, &job->to, TO_LIST, ENGINE_DESTINATION_LIST, &to);
	if (job->pasid)
		flags |= ENGINE_PROCESS | (uint32_t)IOM_PUT(ENGINE_PASID, *job->pasid);
	iom_st64(slot, from, false);
	iom_st64(slot + 8, to, false);
	iom_st32(slot + 16, job->bytes, false);
	iom_st32(slot + 20, flags, false);
	iom_st32(slot + 24, ENGINE_PENDING, false);
	iom_st32(slot + 28, 0, false);
}

static uint8_t *slot_at(const struct engine_driver *d, uint32_t slot)
{
	return page_at(d, RING) + (size_t)slot * ENGINE_DESCRIPTOR_BYTES;
}

static uint32_t after(uint32_t slot)
{
	return (slot + 1) % RING_ENTRIES;
}

int engine_driver_order(struct engine_driver *d, const struct engine_job *job)
{
	if (after(d->tail) == d->first)
		return IOM_ENOSPC;
	if (d->tail != d->first && (job->from.count || job->to.count))
		return IOM_EBUSY;
	write_descriptor(d, job, slot_at(d, d->tail));
	d->tail = after(d->tail);
	reg_write(d, ENGINE_DOORBELL, 4, d->tail);
	return IOM_OK;
}

/* Once all is told: the engine and this driver may disagree about the ring, and begin again. */
static void recover(struct engine_driver *d)
{
	uint32_t status = (uint32_t)reg_read(d, ENGINE_STATUS, 4);

	if (status && d->first == d->tail) {
		reg_write(d, ENGINE_STATUS, 4, status);
		program(d);
	}
}

bool engine_driver_collect(struct engine_driver *d, struct engine_report *report)
{
	const uint8_t *slot = slot_at(d, d->first);

	if (d->first == d->tail)
		return false;
	*report = (struct engine_report){
		.result = iom_ld32(slot + 24, false),
		.bytes = iom_ld32(slot + 28, false),
		.refused_at = d->place.engine->refused_iova,
	};
	if (report->result == ENGINE_PENDING &&
	    !(reg_read(d, ENGINE_STATUS, 4) & ENGINE_RING_REFUSED))
		return false;
	d->first = after(d->first);
	recover(d);
	return true;
}

void engine_driver_follow(struct engine_driver *d, struct dma_engine *engine)
{
	d->place.engine = engine;
}

void engine_driver_run(struct engine_driver *d, const struct engine_job *job,
                       struct engine_report *report)
{
	struct kernel *k = d->kernel;
	uint64_t interrupts = k->engine_interrupts[d->slot], asked;

	*report = (struct engine_report){ .result = ENGINE_PENDING };
	if (engine_driver_order(d, job))
		return;
	/* The engine goes on as its requests for pages are answered. */
	do {
		asked = d->place.engine->asked;
		while (dma_engine_step(d->place.engine))
			;
		kernel_interrupts(k);
	} while (d->place.engine->asked != asked);
	(void)engine_driver_collect(d, report);
	report->interrupt = k->engine_interrupts[d->slot] != interrupts;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static int allow(struct engine_driver *d, unsigned abilities)
{
	const struct kernel_iommu *iommu = &d->kernel->iommus[d->place.iommu];

	return d->place.processes ? iom_device_allow(iommu->driver, d->place.requester, abilities)
	                          : IOM_OK;
}

void engine_driver_free(struct engine_driver *d)
{
	if (!d)
		return;
	(void)engine_driver_detach(d, NULL);
	if (d->kernel)
		(void)allow(d, 0);
	if (d->kernel)
		kernel_engine_give(d->kernel, d->slot);
	for (unsigned i = 0; i < IOM_COUNT(d->pages); i++)
		if (d->pages[i] && !d->pages[i]->mapped)
			buffer_free(d->pages[i]);
	free(d);
}

int engine_driver_new(struct kernel *kernel, const struct engine_place *place,
                      struct engine_driver **out, struct iom_error *error)
{
	struct engine_driver *d = calloc(1, sizeof *d);
	int rc = IOM_OK;

	*out = NULL;
	if (!d)
		return iom_fail(error, IOM_ENOMEM, "no memory for a device's driver");
	for (unsigned i = 0; !rc && i < IOM_COUNT(d->pages); i++)
		rc = buffer_new(kernel->board->low, PAGE_BYTES, true, &d->pages[i], error);
	if (!rc && kernel_engine_take(kernel, &d->slot))
		rc = iom_fail(error, IOM_ENOSPC, "a kernel drives at most %u devices",
		              KERNEL_ENGINES_MAX);
	if (rc) {
		engine_driver_free(d);
		return rc;
	}
	d->kernel = kernel;
	d->place = *place;
	rc = allow(d, IOM_DEVICE_PASID | IOM_DEVICE_ATS | IOM_DEVICE_PRI | IOM_DEVICE_PRI_PASID);
	if (rc) {
		engine_driver_free(d);
		return iom_fail(error, rc, "device 0x%llx cannot work for processes here: %s",
		                (unsigned long long)place->requester, iom_strerror(rc));
	}
	if (!kernel->board->iommus) {
		for (unsigned i = 0; i < IOM_COUNT(d->pages); i++)
			d->iova[i] = d->pages[i]->spa[0];
		d->ready = true;
		program(d);
	}
	*out = d;
	return IOM_OK;
}

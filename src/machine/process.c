/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A process of a kernel. */
#include "machine/process.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/error.h"

/* What a process may do with its memory; devices are users. */
#define PERM (PT_R | PT_W | PT_USER)

/* ---- Tables ---------------------------------------------------------------------------------- */

static void *table_alloc(void *ctx, unsigned size_lg2, uint64_t *phys)
{
	struct pages *low = ctx;

	if (size_lg2 != 12 || !pages_take(low, phys))
		return NULL;
	return pages_at(low, *phys);
}

static void table_free(void *ctx, void *table, uint64_t phys, unsigned size_lg2)
{
	(void)table;
	pages_give(ctx, phys, (uint32_t)(1u << (size_lg2 - 12)));
}

static void *table_at(void *ctx, uint64_t phys)
{
	return pages_at(ctx, phys);
}

static const struct pt_pages table_pages = {
	.alloc = table_alloc,
	.free = table_free,
	.at = table_at,
};

static const struct machine_tables *tables_of(const struct process *p)
{
	return p->kernel->board->arch->tables;
}

static struct pages *ram_of(const struct process *p)
{
	return p->kernel->board->low;
}

int process_lookup(struct process *p, uint64_t address, uint64_t *phys)
{
	struct pt_result found;

	if (p->ended || tables_of(p)->lookup(&table_pages, ram_of(p), &p->root, address, &found))
		return IOM_ENOENT;
	*phys = found.address;
	return IOM_OK;
}

/* Makes the page at `address` be there. */
static bool bring(struct process *p, uint64_t address)
{
	uint64_t page = address & ~(uint64_t)(PAGE_BYTES - 1), phys;

	if (p->ended || address < PROCESS_FIRST || address >= p->end)
		return false;
	if (!process_lookup(p, page, &phys))
		return true;
	if (!pages_take(ram_of(p), &phys))
		return false;
	if (tables_of(p)->map(&table_pages, ram_of(p), &p->root, page, phys, PAGE_BYTES, PERM, 0)) {
		pages_give(ram_of(p), phys, 1);
		return false;
	}
	p->pages++;
	return true;
}

uint8_t *process_at(struct process *p, uint64_t address)
{
	uint64_t phys;

	if (!bring(p, address) || process_lookup(p, address, &phys))
		return NULL;
	return board_at(p->kernel->board, phys);
}

/* Devices first: what they can still reach must not go to somebody else. */
static int invalidate(struct process *p, uint64_t page)
{
	int rc = IOM_OK;

	for (unsigned i = 0; !rc && i < p->kernel->board->iommus; i++)
		rc = iom_domain_invalidate(p->domains[i], page, page + PAGE_BYTES - 1, false);
	return rc;
}

static int drop(struct process *p, uint64_t page)
{
	struct pt_removed removed = { 0 };
	uint64_t phys;
	int rc = process_lookup(p, page, &phys);

	if (rc)
		return rc;
	rc = tables_of(p)->unmap(&table_pages, ram_of(p), &p->root, page, PAGE_BYTES, &removed);
	if (!rc)
		rc = invalidate(p, page);
	if (rc)
		return rc;
	tables_of(p)->release(&table_pages, ram_of(p), &p->root, removed.tables);
	pages_give(ram_of(p), phys, 1);
	p->pages--;
	return IOM_OK;
}

int process_drop(struct process *p, uint64_t address, struct iom_error *error)
{
	int rc = drop(p, address & ~(uint64_t)(PAGE_BYTES - 1));

	if (rc)
		return iom_fail(error, rc, "the page at 0x%llx cannot be taken away: %s",
		                (unsigned long long)address, iom_strerror(rc));
	return IOM_OK;
}

int process_promise(struct process *p, uint64_t bytes, uint64_t *at, struct iom_error *error)
{
	uint64_t left = PROCESS_FIRST + PROCESS_BYTES_MAX - p->end;

	if (bytes > left)
		return iom_fail(error, IOM_ENOSPC, "%llu bytes: a process has room for %llu more",
		                (unsigned long long)bytes, (unsigned long long)left);
	*at = p->end;
	p->end += (bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
	return IOM_OK;
}

/* ---- Devices --------------------------------------------------------------------------------- */

static struct iom_domain *domain_for(const struct process *p, const struct engine_driver *d)
{
	return p->domains[d->place.iommu];
}

int process_attach(struct process *p, struct engine_driver *d, struct iom_error *error)
{
	int rc;

	if (p->ended)
		return iom_fail(error, IOM_ENOENT, "process %u has ended", (unsigned)p->pasid);
	rc = iom_domain_attach_pasid(domain_for(p, d), d->place.requester, p->pasid);
	if (rc)
		return iom_fail(error, rc, "device 0x%llx cannot work for process %u: %s",
		                (unsigned long long)d->place.requester, (unsigned)p->pasid,
		                iom_strerror(rc));
	p->engines[d->slot] = d;
	return IOM_OK;
}

int process_detach(struct process *p, struct engine_driver *d, struct iom_error *error)
{
	int rc;

	if (p->engines[d->slot] != d)
		return iom_fail(error, IOM_ENOENT, "device 0x%llx does not work for process %u",
		                (unsigned long long)d->place.requester, (unsigned)p->pasid);
	rc = iom_domain_detach_pasid(domain_for(p, d), d->place.requester, p->pasid);
	if (rc)
		return iom_fail(error, rc, "device 0x%llx could not be taken from process %u: %s",
		                (unsigned long long)d->place.requester, (unsigned)p->pasid,
		                iom_strerror(rc));
	p->engines[d->slot] = NULL;
	return IOM_OK;
}

static struct process *find(const struct kernel *k, uint32_t pasid)
{
	struct process *p = k->processes;

	while (p && (p->ended || p->pasid != pasid))
		p = p->next;
	return p;
}

/* Only what the process was promised, and only while it lives. */
static bool serve(struct process *p, uint64_t address)
{
	p->asked++;
	if (p->asked == p->asks_to_end)
		(void)process_end(p, NULL);
	if (bring(p, address))
		return true;
	p->refused++;
	return false;
}

void process_asked(struct kernel_iommu *iommu, const struct iom_os_page_request *request)
{
	struct process *p = request->has_pasid ? find(iommu->kernel, request->pasid) : NULL;
	bool good;

	if (!request->access)
		return;
	good = p && serve(p, request->address);
	if (request->last)
		(void)iom_driver_respond(iommu->driver, request,
		                         good ? IOM_RESPONSE_DONE : IOM_RESPONSE_INVALID);
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static int make_domains(struct process *p, struct iom_error *error)
{
	const struct iom_stage stage = {
		.root = p->root.address,
		.format = tables_of(p)->format,
		.big_endian = p->root.big_endian,
	};
	int rc = IOM_OK;

	for (unsigned i = 0; !rc && i < p->kernel->board->iommus; i++)
		rc = iom_domain_new_process(p->kernel->iommus[i].driver, &stage, &p->domains[i],
		                            error);
	return rc;
}

static void free_memory(struct process *p)
{
	struct pt_result found;
	uint64_t page;

	for (page = PROCESS_FIRST; p->pages && page < p->end; page += PAGE_BYTES) {
		if (tables_of(p)->lookup(&table_pages, ram_of(p), &p->root, page, &found))
			continue;
		pages_give(ram_of(p), found.address, 1);
		p->pages--;
	}
	if (p->root.address)
		tables_of(p)->free(&table_pages, ram_of(p), &p->root);
}

int process_end(struct process *p, struct iom_error *error)
{
	int rc = IOM_OK;

	if (p->ended)
		return IOM_OK;
	for (unsigned i = 0; !rc && i < KERNEL_ENGINES_MAX; i++)
		if (p->engines[i])
			rc = process_detach(p, p->engines[i], error);
	for (unsigned i = 0; !rc && i < p->kernel->board->iommus; i++) {
		rc = iom_domain_free(p->domains[i]);
		if (rc)
			return iom_fail(error, rc, "a process is still used");
		p->domains[i] = NULL;
	}
	if (rc)
		return rc;
	free_memory(p);
	p->ended = true;
	return IOM_OK;
}

void process_free(struct process *p)
{
	struct process **at;

	if (!p)
		return;
	(void)process_end(p, NULL);
	at = &p->kernel->processes;
	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		*at = p->next;
	free(p);
}

/* PASIDs are not used again while any process knows them, be it ended. */
static uint32_t free_pasid(const struct kernel *k)
{
	uint32_t pasid = 0;

	for (const struct process *p = k->processes; p; p = p->next)
		if (p->pasid > pasid)
			pasid = p->pasid;
	return pasid + 1;
}

int process_new(struct kernel *kernel, struct process **out, struct iom_error *error)
{
	struct process *p;
	uint64_t phys;
	int rc;

	*out = NULL;
	if (!kernel->board->iommus)
		return iom_fail(error, IOM_ENOTSUP,
		                "there is no IOMMU here: devices know no processes");
	p = calloc(1, sizeof *p);
	if (!p || !pages_take(kernel->board->low, &phys)) {
		free(p);
		return iom_fail(error, IOM_ENOMEM, "no memory for a process");
	}
	p->kernel = kernel;
	p->pasid = free_pasid(kernel);
	p->end = PROCESS_FIRST;
	p->root = tables_of(p)->root();
	p->root.address = phys;
	rc = make_domains(p, error);
	if (rc) {
		process_free(p);
		return rc;
	}
	p->next = kernel->processes;
	kernel->processes = p;
	*out = p;
	return IOM_OK;
}

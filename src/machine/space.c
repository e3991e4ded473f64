/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A space: a domain, and the record of what is mapped in it. */
#include "machine/space.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Where the search for a free IOVA begins: address 0 stays free, as null pointers are common. */
#define FIRST_CHOICE UINT64_C(0x100000)

bool space_translates(const struct space *s)
{
	return s->kind == IOM_DOMAIN_STAGE1 || s->kind == IOM_DOMAIN_STAGE2;
}

/* ---- The record ------------------------------------------------------------------------------ */

/* The number of the first mapping that ends behind `iova`. */
static unsigned place(const struct space *s, uint64_t iova)
{
	unsigned i = 0;

	while (i < s->count && s->mappings[i].iova + (s->mappings[i].bytes - 1) < iova)
		i++;
	return i;
}

static bool is_free(const struct space *s, uint64_t iova, uint64_t bytes)
{
	unsigned i = place(s, iova);

	return i == s->count || s->mappings[i].iova > iova + (bytes - 1);
}

/* First fit, with one page between mappings so that an overrun of one does not meet the next. */
static bool choose(const struct space *s, uint64_t bytes, uint64_t *iova)
{
	uint64_t first, last, at;

	space_range(s, &first, &last);
	at = first > FIRST_CHOICE ? first : FIRST_CHOICE;
	for (unsigned i = 0; i < s->count; i++) {
		const struct mapping *m = &s->mappings[i];

		if (m->iova > at && m->iova - at >= bytes + PAGE_BYTES)
			break;
		if (m->iova + m->bytes + PAGE_BYTES > at)
			at = m->iova + m->bytes + PAGE_BYTES;
	}
	*iova = at;
	return at <= last && bytes - 1 <= last - at;
}

static void record(struct space *s, const struct mapping *m)
{
	unsigned i = place(s, m->iova);

	memmove(&s->mappings[i + 1], &s->mappings[i], (s->count - i) * sizeof *m);
	s->mappings[i] = *m;
	s->count++;
	if (m->buffer)
		m->buffer->mapped++;
}

static void forget(struct space *s, unsigned i)
{
	if (s->mappings[i].buffer)
		s->mappings[i].buffer->mapped--;
	s->count--;
	memmove(&s->mappings[i], &s->mappings[i + 1], (s->count - i) * sizeof s->mappings[0]);
}

/* ---- The tables ------------------------------------------------------------------------------ */

static unsigned domains(const struct space *s)
{
	return s->kernel->board->iommus;
}

void space_range(const struct space *s, uint64_t *first, uint64_t *last)
{
	iom_domain_range(s->domains[0], first, last);
}

int space_lookup(const struct space *s, uint64_t iova, uint64_t *phys)
{
	return iom_domain_iova_to_phys(s->domains[0], iova, phys);
}

/* In all domains, also where one of them fails: the first failure counts. */
static int unmap_range(struct space *s, uint64_t iova, uint64_t bytes)
{
	int first = IOM_OK;

	for (unsigned i = 0; i < domains(s); i++) {
		int rc = iom_domain_unmap(s->domains[i], iova, bytes, &s->gathers[i]);

		if (!rc)
			rc = iom_domain_sync(s->domains[i], &s->gathers[i]);
		if (!first)
			first = rc;
	}
	return first;
}

static int map_run(struct space *s, uint64_t iova, uint64_t phys, uint64_t bytes, unsigned prot)
{
	int rc = IOM_OK;

	for (unsigned i = 0; !rc && i < domains(s); i++)
		rc = iom_domain_map(s->domains[i], iova, phys, bytes, prot);
	if (rc)
		(void)unmap_range(s, iova, bytes);
	return rc;
}

/* Pages that follow each other go in one call, so that large pages can be used. */
static int map_pages(struct space *s, const struct buffer *b, uint64_t iova, unsigned prot)
{
	for (uint32_t i = 0; i < b->count;) {
		uint64_t at = iova + (uint64_t)i * PAGE_BYTES;
		uint32_t n = 1;
		int rc;

		while (i + n < b->count && b->spa[i + n] == b->spa[i + n - 1] + PAGE_BYTES)
			n++;
		rc = map_run(s, at, b->spa[i], (uint64_t)n * PAGE_BYTES, prot);
		if (rc) {
			if (i)
				(void)unmap_range(s, iova, (uint64_t)i * PAGE_BYTES);
			return rc;
		}
		i += n;
	}
	return IOM_OK;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static int free_domains(struct space *s)
{
	int rc = IOM_OK;

	for (unsigned i = 0; !rc && i < domains(s); i++) {
		rc = iom_domain_free(s->domains[i]);
		if (!rc)
			s->domains[i] = NULL;
	}
	return rc;
}

/* Where devices' stores are messages whatever tables say, nothing is to be mapped. */
static void reserve_interrupts(struct space *s)
{
	const struct machine_interrupts *i = s->kernel->board->arch->interrupts;
	const struct mapping m = { i->window, i->window_bytes, NULL, true };

	if (!i->reserved)
		return;
	s->interrupts = true;
	if (space_translates(s))
		record(s, &m);
}

int space_new(struct kernel *kernel, unsigned kind, struct space **out, struct iom_error *error)
{
	struct space *s;
	int rc = IOM_OK;

	*out = NULL;
	if (!kernel->board->iommus)
		return iom_fail(error, IOM_ENOTSUP,
		                "there is no IOMMU here: devices use physical addresses");
	s = calloc(1, sizeof *s);
	if (s)
		s->mappings = malloc(SPACE_MAPPINGS_MAX * sizeof *s->mappings);
	if (!s || !s->mappings) {
		free(s);
		return iom_fail(error, IOM_ENOMEM, "no memory for a domain");
	}
	s->kernel = kernel;
	s->kind = kind;
	for (unsigned i = 0; !rc && i < domains(s); i++)
		rc = iom_domain_new(kernel->iommus[i].driver, kind, &s->domains[i], error);
	if (!rc)
		reserve_interrupts(s);
	if (rc) {
		(void)free_domains(s);
		free(s->mappings);
		free(s);
		return rc;
	}
	*out = s;
	return IOM_OK;
}

int space_free(struct space *s)
{
	int rc;

	if (!s)
		return IOM_OK;
	rc = free_domains(s);
	if (rc)
		return rc;
	while (s->count)
		forget(s, s->count - 1);
	free(s->mappings);
	free(s);
	return IOM_OK;
}

/* ---- Mapping --------------------------------------------------------------------------------- */

static int map_identity(const struct buffer *b, uint64_t wish, uint64_t *iova,
                        struct iom_error *error)
{
	if (!buffer_is_contiguous(b))
		return iom_fail(error, IOM_EINVAL,
		                "an identity domain cannot make scattered pages contiguous; use a "
		                "translated domain, or a buffer that is not scattered");
	if (wish != SPACE_ANYWHERE && wish != b->spa[0])
		return iom_fail(error, IOM_EINVAL,
		                "in an identity domain this buffer can only be at its own address "
		                "0x%llx",
		                (unsigned long long)b->spa[0]);
	*iova = b->spa[0];
	return IOM_OK;
}

static int check_wish(const struct space *s, uint64_t iova, uint64_t bytes, struct iom_error *error)
{
	uint64_t first, last;

	space_range(s, &first, &last);
	if (iova % PAGE_BYTES)
		return iom_fail(error, IOM_EINVAL, "address 0x%llx is not a multiple of %u",
		                (unsigned long long)iova, PAGE_BYTES);
	if (iova < first || iova > last || bytes - 1 > last - iova)
		return iom_fail(error, IOM_EINVAL,
		                "%llu bytes at 0x%llx leave the domain's range 0x%llx to 0x%llx",
		                (unsigned long long)bytes, (unsigned long long)iova,
		                (unsigned long long)first, (unsigned long long)last);
	if (!is_free(s, iova, bytes))
		return iom_fail(error, IOM_EEXIST, "something is mapped at 0x%llx already",
		                (unsigned long long)s->mappings[place(s, iova)].iova);
	return IOM_OK;
}

static int find_place(const struct space *s, uint64_t wish, uint64_t bytes, uint64_t *iova,
                      struct iom_error *error)
{
	if (s->count == SPACE_MAPPINGS_MAX)
		return iom_fail(error, IOM_ENOSPC, "a domain holds at most %u mappings",
		                SPACE_MAPPINGS_MAX);
	if (wish == SPACE_ANYWHERE)
		return choose(s, bytes, iova) ? IOM_OK
		                              : iom_fail(error, IOM_ENOSPC,
		                                         "the domain has no room for %llu bytes in "
		                                         "a row",
		                                         (unsigned long long)bytes);
	*iova = wish;
	return check_wish(s, wish, bytes, error);
}

int space_map(struct space *s, struct buffer *b, uint64_t wish, unsigned prot, uint64_t *iova,
              struct iom_error *error)
{
	struct mapping m = { .bytes = (uint64_t)b->count * PAGE_BYTES, .buffer = b };
	int rc;

	if (s->kind == IOM_DOMAIN_IDENTITY)
		return map_identity(b, wish, iova, error);
	if (!space_translates(s))
		return iom_fail(error, IOM_EINVAL, "nothing can be mapped in a blocked domain");
	rc = find_place(s, wish, m.bytes, &m.iova, error);
	if (rc)
		return rc;
	rc = map_pages(s, b, m.iova, prot);
	if (rc)
		return iom_fail(error, rc, "mapping %llu bytes at 0x%llx failed: %s",
		                (unsigned long long)m.bytes, (unsigned long long)m.iova,
		                iom_strerror(rc));
	record(s, &m);
	*iova = m.iova;
	return IOM_OK;
}

int space_map_physical(struct space *s, uint64_t phys, uint64_t bytes, uint64_t iova, unsigned prot,
                       struct iom_error *error)
{
	struct mapping m = { .bytes = bytes };
	int rc;

	if (!space_translates(s))
		return iom_fail(error, IOM_EINVAL,
		                "nothing can be mapped in a domain without tables");
	if (!bytes || (phys | bytes) % PAGE_BYTES)
		return iom_fail(error, IOM_EINVAL,
		                "%llu bytes at 0x%llx: both must be multiples of %u, and not 0 "
		                "bytes",
		                (unsigned long long)bytes, (unsigned long long)phys, PAGE_BYTES);
	rc = find_place(s, iova, bytes, &m.iova, error);
	if (rc)
		return rc;
	rc = map_run(s, m.iova, phys, bytes, prot);
	if (rc)
		return iom_fail(error, rc, "mapping 0x%llx at 0x%llx failed: %s",
		                (unsigned long long)phys, (unsigned long long)m.iova,
		                iom_strerror(rc));
	record(s, &m);
	return IOM_OK;
}

int space_unmap(struct space *s, uint64_t iova, struct iom_error *error)
{
	unsigned i = place(s, iova);
	int rc;

	if (i == s->count || s->mappings[i].iova != iova || s->mappings[i].fixed)
		return iom_fail(error, IOM_ENOENT, "no mapping begins at 0x%llx",
		                (unsigned long long)iova);
	rc = unmap_range(s, iova, s->mappings[i].bytes);
	if (rc)
		return iom_fail(error, rc, "unmapping 0x%llx failed: %s", (unsigned long long)iova,
		                iom_strerror(rc));
	forget(s, i);
	return IOM_OK;
}

bool space_find(const struct space *s, const struct buffer *b, uint64_t from, uint64_t *iova)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (s->mappings[i].buffer == b && s->mappings[i].iova >= from) {
			*iova = s->mappings[i].iova;
			return true;
		}
	}
	return false;
}

int space_map_interrupts(struct space *s, struct iom_error *error)
{
	const struct board *b = s->kernel->board;

	if (s->interrupts || !space_translates(s))
		return IOM_OK;
	for (unsigned cpu = 0; cpu < b->cpus; cpu++) {
		const struct mapping m = { b->message(cpu, 1).address & ~(uint64_t)(PAGE_BYTES - 1),
			                   PAGE_BYTES, NULL, true };
		int rc;

		if (s->count == SPACE_MAPPINGS_MAX || !is_free(s, m.iova, m.bytes))
			return iom_fail(error, IOM_EEXIST,
			                "0x%llx must stay free in a domain: devices send "
			                "interrupts there",
			                (unsigned long long)m.iova);
		rc = map_run(s, m.iova, m.iova, m.bytes,
		             IOM_PROT_READ | IOM_PROT_WRITE | IOM_PROT_MMIO);
		if (rc)
			return iom_fail(error, rc, "mapping the interrupt files failed: %s",
			                iom_strerror(rc));
		record(s, &m);
	}
	s->interrupts = true;
	return IOM_OK;
}

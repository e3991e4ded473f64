/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "os/drv/vtd/directory.h"

#include <string.h>

#define BUSES 256u

/* A directory has 2^(PDTS + 7) entries of 8 bytes, each for a table of 64 PASIDs. */
#define DIRECTORY_LG2 7
#define TABLE_LG2 6
#define PDTS_OF_PAGE 2u

static void *at(struct vtdd_driver *d, uint64_t phys)
{
	return d->base.host.at(d->base.opaque, phys & VTD_ADDRESS);
}

/* The table behind half a root entry or a directory entry, which are alike; made on demand. */
static uint64_t *below(struct vtdd_driver *d, uint64_t *entry)
{
	uint64_t phys;

	if (!(vtdd_get(entry) & VTD_ROOT_P)) {
		if (!vtdd_alloc(d, IOM_PAGE, &phys))
			return NULL;
		vtdd_put(entry, phys | VTD_ROOT_P);
		vtdd_stored(d, entry, 1);
	}
	return at(d, vtdd_get(entry));
}

/* ---- Context entries ------------------------------------------------------------------------ */

/* In scalable mode a root entry has a table for either half of a bus. */
uint64_t *vtdd_ce_find(struct vtdd_driver *d, uint32_t sid)
{
	uint32_t bus = sid >> 8, devfn = sid & 0xff;
	uint64_t *entry = (uint64_t *)d->root + (size_t)2 * bus + (d->scalable ? devfn >> 7 : 0);
	uint64_t *table = below(d, entry);

	if (!table)
		return NULL;
	return d->scalable ? table + (size_t)VTDD_SCE_WORDS * (devfn & 0x7f)
	                   : table + (size_t)VTDD_CE_WORDS * devfn;
}

/* ---- PASIDs --------------------------------------------------------------------------------- */

static unsigned pdts_of(const uint64_t *ce)
{
	return (unsigned)IOM_GET(VTD_SCE_PDTS, vtdd_get(ce));
}

static size_t directory_bytes(unsigned pdts)
{
	size_t bytes = (size_t)1 << (pdts + DIRECTORY_LG2 + 3);

	return bytes < IOM_PAGE ? IOM_PAGE : bytes;
}

unsigned vtdd_directory_bits(const uint64_t *ce)
{
	return pdts_of(ce) + DIRECTORY_LG2 + TABLE_LG2;
}

int vtdd_directory_make(struct vtdd_driver *d, uint64_t *ce, unsigned bits)
{
	unsigned least = PDTS_OF_PAGE + DIRECTORY_LG2 + TABLE_LG2, pdts, was = pdts_of(ce);
	uint64_t former = vtdd_get(ce) & VTD_SCE_PASIDDIRPTR, phys;
	void *directory;

	if (former && bits <= vtdd_directory_bits(ce))
		return IOM_OK;
	pdts = (bits > least ? bits : least) - DIRECTORY_LG2 - TABLE_LG2;
	directory = vtdd_alloc(d, directory_bytes(pdts), &phys);
	if (!directory)
		return IOM_ENOMEM;
	if (former) {
		memcpy(directory, at(d, former), directory_bytes(was));
		vtdd_stored(d, directory, (unsigned)(directory_bytes(was) / 8));
		iom_os_free(&d->base, at(d, former), former, directory_bytes(was));
	}
	vtdd_put(ce, phys | IOM_PUT(VTD_SCE_PDTS, pdts));
	vtdd_stored(d, ce, 1);
	return IOM_OK;
}

uint64_t *vtdd_pe_find(struct vtdd_driver *d, const uint64_t *ce, uint32_t pasid)
{
	uint64_t *directory = at(d, vtdd_get(ce));
	uint64_t *table = below(d, directory + (pasid >> TABLE_LG2));

	return table ? table + (size_t)VTDD_PE_WORDS * (pasid & iom_low(TABLE_LG2)) : NULL;
}

/* ---- All of them ---------------------------------------------------------------------------- */

int vtdd_root_new(struct vtdd_driver *d)
{
	d->root = vtdd_alloc(d, IOM_PAGE, &d->root_phys);
	return d->root ? IOM_OK : IOM_ENOMEM;
}

static void free_page(struct vtdd_driver *d, uint64_t entry)
{
	iom_os_free(&d->base, at(d, entry), entry & VTD_ADDRESS, IOM_PAGE);
}

static void free_directory(struct vtdd_driver *d, const uint64_t *ce)
{
	uint64_t phys = vtdd_get(ce) & VTD_SCE_PASIDDIRPTR, *directory;
	size_t bytes = directory_bytes(pdts_of(ce)), n;

	if (!phys)
		return;
	directory = at(d, phys);
	for (n = 0; n < bytes / sizeof *directory; n++)
		if (vtdd_get(&directory[n]) & VTD_PDE_P)
			free_page(d, vtdd_get(&directory[n]));
	iom_os_free(&d->base, directory, phys, bytes);
}

static void free_contexts(struct vtdd_driver *d, uint64_t root_entry)
{
	const uint64_t *table = at(d, root_entry);
	size_t n;

	for (n = 0; d->scalable && n < IOM_PAGE / VTD_SCE_BYTES; n++)
		free_directory(d, table + n * VTDD_SCE_WORDS);
	free_page(d, root_entry);
}

void vtdd_root_free(struct vtdd_driver *d)
{
	const uint64_t *root = d->root;
	unsigned n;

	for (n = 0; root && n < 2 * BUSES; n++)
		if (vtdd_get(&root[n]) & VTD_ROOT_P)
			free_contexts(d, vtdd_get(&root[n]));
	if (root)
		iom_os_free(&d->base, d->root, d->root_phys, IOM_PAGE);
	d->root = NULL;
}

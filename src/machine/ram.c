/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The bytes of a RAM, in a file without a name so that they can be mapped more than once. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include "machine/ram.h"

#include <sys/mman.h>
#include <unistd.h>

#include <iommux/error.h>

#include "machine/pages.h"

/* Addresses on either side of which nothing answers. */
static uint8_t *reserve(size_t bytes)
{
	uint8_t *at = mmap(NULL, bytes + 2 * (size_t)PAGE_BYTES, PROT_NONE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at + PAGE_BYTES;
}

static void unreserve(uint8_t *at, size_t bytes)
{
	(void)munmap(at - PAGE_BYTES, bytes + 2 * (size_t)PAGE_BYTES);
}

static int put(uint8_t *at, size_t bytes, int file, uint64_t offset)
{
	return mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file,
	            (off_t)offset) == MAP_FAILED
	               ? IOM_ENOMEM
	               : IOM_OK;
}

int ram_init(struct ram *ram, size_t bytes)
{
	int file = memfd_create("ram", MFD_CLOEXEC);
	uint8_t *at;

	*ram = (struct ram){ 0 };
	if (file < 0)
		return IOM_ENOMEM;
	at = ftruncate(file, (off_t)bytes) ? NULL : reserve(bytes);
	if (!at || put(at, bytes, file, 0)) {
		if (at)
			unreserve(at, bytes);
		(void)close(file);
		return IOM_ENOMEM;
	}
	*ram = (struct ram){ at, bytes, file };
	return IOM_OK;
}

void ram_release(struct ram *ram)
{
	if (!ram->host)
		return;
	unreserve(ram->host, ram->bytes);
	(void)close(ram->file);
	*ram = (struct ram){ 0 };
}

int ram_view_init(struct ram_view *view, uint32_t pages)
{
	*view = (struct ram_view){ 0 };
	if (sysconf(_SC_PAGESIZE) != PAGE_BYTES)
		return IOM_ENOTSUP;
	view->host = reserve((size_t)pages * PAGE_BYTES);
	view->pages = pages;
	return view->host ? IOM_OK : IOM_ENOMEM;
}

int ram_view_show(struct ram_view *view, uint32_t page, const struct ram *ram, uint64_t offset)
{
	return put(view->host + (size_t)page * PAGE_BYTES, PAGE_BYTES, ram->file, offset);
}

void ram_view_release(struct ram_view *view)
{
	if (view->host)
		unreserve(view->host, (size_t)view->pages * PAGE_BYTES);
	*view = (struct ram_view){ 0 };
}

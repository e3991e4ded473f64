/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The bytes of a RAM, and views of it.  A view shows pages of the RAM in an order of its own, at host
 * addresses that stay when other pages are put there: what the second stage of a CPU does for a guest,
 * whose software keeps its pointers while its memory moves.
 */
#ifndef MACHINE_RAM_H
#define MACHINE_RAM_H

#include <stddef.h>
#include <stdint.h>

struct ram {
	uint8_t *host; /* NULL: none */
	size_t bytes;
	int file; /* that holds the bytes */
};

struct ram_view {
	uint8_t *host; /* NULL: none */
	uint32_t pages;
};

/* Zeroed bytes, a multiple of the host's page size.  IOM_ENOMEM. */
int ram_init(struct ram *ram, size_t bytes);
void ram_release(struct ram *ram);

/*
 * A view of `pages` pages, all of which may be anywhere: ram_view_show puts the page at `offset` of the
 * RAM at its place `page`.  IOM_ENOMEM: the host has not so many mappings; IOM_ENOTSUP: its pages
 * have another size than ours.
 */
int ram_view_init(struct ram_view *view, uint32_t pages);
int ram_view_show(struct ram_view *view, uint32_t page, const struct ram *ram, uint64_t offset);
void ram_view_release(struct ram_view *view);

#endif

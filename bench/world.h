/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What benchmarks of translation happen in: a RISC-V IOMMU, RAM with the tables of its devices, and
 * a command queue.  Built through public headers and plain stores, as an operating system would.
 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include <iommux/iommux.h>

#define WORLD_RAM 0x80000000ull
#define WORLD_DATA 0x1000000000ull /* what devices reach: 4 GiB that nobody touches */
#define WORLD_DATA_PAGES (1ull << 20)
#define WORLD_DEVICES 64u

struct world {
	uint8_t *ram, *data;
	size_t ram_bytes, used;
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_port *port[WORLD_DEVICES];
	uint64_t ddt, queue;
	uint32_t tail;
};

/* A unit of which every device is still blocked, and its `ram_bytes` of table memory. */
struct world *world_new(size_t ram_bytes, unsigned cache_lg2, uint32_t flags);
void world_free(struct world *w);

/* `bytes` zeroed bytes of RAM, aligned to their size, a power of two from 4096 on; the address. */
uint64_t world_alloc(struct world *w, size_t bytes);

/* The words at an address of RAM. */
uint64_t *world_at(struct world *w, uint64_t spa);

/*
 * Maps a page of 4 KiB in Sv48 tables; `guest`, unless 0, is the root of Sv48x4 tables through which
 * these tables are reached: new ones are mapped there to themselves.
 */
void world_map(struct world *w, uint64_t root, uint64_t iova, uint64_t page, uint64_t guest);
/* The same in Sv48x4 tables. */
void world_map_guest(struct world *w, uint64_t root, uint64_t gpa, uint64_t page);

/* Gives a device its tables (0: none of that stage) under a PSCID, and opens its port. */
void world_attach(struct world *w, uint32_t device, uint64_t stage1, uint32_t pscid,
                  uint64_t stage2);
/* The doublewords of its device context, for what world_attach leaves 0. */
uint64_t *world_context(struct world *w, uint32_t device);

/* Queues one command and rings the doorbell; it must be carried out at once. */
void world_command(struct world *w, uint64_t dw0, uint64_t dw1);
/* IOTINVAL.VMA of a PSCID (under the one GSCID, if `guest`): of everything, or of one page. */
void world_forget(struct world *w, uint32_t pscid, bool guest);
void world_forget_page(struct world *w, uint32_t pscid, uint64_t iova);
/* The same of 2^lg2 bytes, 13 or more, aligned to their size, with S=1. */
void world_forget_range(struct world *w, uint32_t pscid, uint64_t iova, unsigned lg2);

/* A read that must be granted, inside the section that is open. */
void world_read(struct iom_port *port, uint64_t iova);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What benchmarks of translation happen in: an IOMMU, RAM with the tables of its devices, and a command
 * queue.  Built through public headers and plain stores, as an operating system would.
 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include <iommux/iommux.h>

#define WORLD_RAM 0x80000000ull
#define WORLD_DATA 0x1000000000ull /* what devices reach: 4 GiB that nobody touches */
#define WORLD_DATA_PAGES (1ull << 20)
#define WORLD_DEVICES 64u

struct world {
	const struct world_kind *kind;
	uint8_t *ram, *data;
	size_t ram_bytes, used;
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_port *port[WORLD_DEVICES];
	uint64_t root, queue; /* of device contexts; of commands */
	uint32_t tail;
	uint64_t messages; /* interrupts that the unit sent, or sent on */
};

/* Which IOMMU, in which mode.  Tables have four levels, and eight where they nest. */
struct world_kind {
	size_t second_bytes; /* of the second stage's root table */
	int (*unit_new)(struct world *w, unsigned cache_lg2, bool uncached, struct iom_unit **out);
	/* Memory, unit and lane are there: brings the unit up, with every device blocked. */
	void (*start)(struct world *w);
	/* Entries of the first stage, or the only one, and of the second: a table's, and a page's. */
	uint64_t (*table)(uint64_t table, bool second);
	uint64_t (*leaf)(uint64_t page, bool second);
	uint64_t (*address)(uint64_t entry);
	/* Writes the context of a device: see world_attach. */
	void (*attach)(struct world *w, uint32_t device, uint64_t stage1, uint32_t tag,
	               uint64_t stage2);
	/* Lets a device ask for translations. */
	void (*allow_ats)(struct world *w, uint32_t device);
	/* Queues invalidations and rings the doorbell: of all that has a tag, or of 2^lg2 bytes. */
	void (*forget)(struct world *w, uint32_t tag, bool nested);
	void (*forget_range)(struct world *w, uint32_t tag, uint64_t iova, unsigned lg2);
};

extern const struct world_kind world_riscv, world_vtd_legacy, world_vtd_scalable;

/* A unit of which every device is still blocked, and its `ram_bytes` of table memory. */
struct world *world_new(const struct world_kind *kind, size_t ram_bytes, unsigned cache_lg2,
                        bool uncached);
void world_free(struct world *w);

/* `bytes` zeroed bytes of RAM, aligned to their size, a power of two from 4096 on; the address. */
uint64_t world_alloc(struct world *w, size_t bytes);

/* The words at an address of RAM. */
uint64_t *world_at(struct world *w, uint64_t spa);

/* The root of an empty second stage. */
uint64_t world_second(struct world *w);

/*
 * Maps a page of 4 KiB in the first stage, or the only one; `guest`, unless 0, is the root of a second
 * stage through which these tables are reached: new ones are mapped there to themselves.
 */
void world_map(struct world *w, uint64_t root, uint64_t iova, uint64_t page, uint64_t guest);
/* The same in a second stage. */
void world_map_guest(struct world *w, uint64_t root, uint64_t gpa, uint64_t page);

/*
 * Gives a device its tables (0: none of that stage) under a tag (PSCID, domain-id), and opens its
 * port.
 */
void world_attach(struct world *w, uint32_t device, uint64_t stage1, uint32_t tag, uint64_t stage2);

/* Registers, for a kind's own functions. */
uint64_t world_rd(struct world *w, uint64_t off, unsigned bytes);
void world_wr(struct world *w, uint64_t off, unsigned bytes, uint64_t val);

/* RISC-V: the doublewords of a device context, for what world_attach leaves 0. */
uint64_t *world_riscv_context(struct world *w, uint32_t device);
/* VT-d: turns interrupt remapping on with a table of 512 entries, whose words these are. */
uint64_t *world_vtd_interrupts(struct world *w);

/* A read that must be granted, inside the section that is open. */
void world_read(struct iom_port *port, uint64_t iova);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The world of the fuzz targets: an IOMMU that a driver has set up and that devices use, in memory that
 * holds valid tables of every kind; what an adversary then does to it is the input.  Its first byte
 * says what kind of IOMMU.
 *
 * One page of the memory's callback leads back to the unit's own registers, and the host's functions
 * may carry on with the input: everything can happen inside everything.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include <iommux/iommux.h>

#include "input.h"

#define RAM UINT64_C(0x80000000)
#define RAM_PAGES 64
#define PAGE UINT64_C(0x1000)
#define RAM_BYTES (RAM_PAGES * PAGE)
#define DOORBELL UINT64_C(0x10000000) /* leads to the unit's registers */
#define CORRUPT UINT64_C(0x10001000)  /* a page of poison              */

#define DEVICES 5
#define LANES 2

struct op;
struct world;

/* A kind of IOMMU, and the software that drives it. */
struct kind {
	int (*unit_new)(struct world *w, const struct iom_host *host, struct iom_unit **out);
	/* Makes the unit that the input's first byte, `how`, and others choose. */
	void (*configure)(struct world *w, unsigned how);
	/* Writes the tables and turns the unit on. */
	void (*start)(struct world *w);
	/* Queues any command; one of those that devices hear of; an invalidation of everything. */
	void (*command)(struct world *w);
	void (*ats)(struct world *w);
	void (*forget)(struct world *w);
};

extern const struct kind world_riscv, world_vtd;

/* The input's first byte: VT-d; the next lower two bits are its profile. */
#define OF_VTD 0x80u

struct world {
	const struct kind *kind;
	union {
		struct iom_riscv_config riscv;
		struct iom_vtd_config vtd;
	} config;
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane[LANES];
	struct iom_endpoint *endpoint[DEVICES];
	struct iom_port *port[DEVICES][LANES];
	uint8_t *ram;
	uint64_t now_ns;
	/* The input, and what its bytes mean */
	struct input in;
	const struct op *ops;
	size_t op_count;
	unsigned depth; /* of callbacks that play on */
};

#define OUTSIDE 0x1u   /* not from inside a callback: the contract says so        */
#define VTD_ALONE 0x2u /* at the end of a table: seeds for RISC-V count without it */

/* One kind of step; a target has a table of them. */
struct op {
	void (*run)(struct world *w);
	unsigned when;
};

/* Makes the world that the first bytes of the input describe; it goes on with the rest. */
void world_make(struct world *w, const uint8_t *data, size_t size);
/* Plays the input to its end with these steps. */
void world_play(struct world *w, const struct op *ops, size_t count);
/* Whatever happened, the unit's state can be saved and loaded. */
void world_check(struct world *w);
void world_free(struct world *w);
/* All of it, one after the other; returns 0, as libFuzzer expects it. */
int world_run(const uint8_t *data, size_t size, const struct op *ops, size_t count);

/* A unit of the world's configuration, over its memory; world_try: NULL if there is no such unit. */
struct iom_unit *world_unit(struct world *w);
struct iom_unit *world_try(struct world *w);
/* Made when they are used first. */
struct iom_endpoint *world_endpoint(struct world *w, unsigned device);
struct iom_port *world_port(struct world *w, unsigned device, unsigned lane);
void world_poke64(struct world *w, uint64_t spa, uint64_t value);
/* The address of a page of RAM; a word in it. */
uint64_t world_page(unsigned page);
void world_entry(struct world *w, unsigned page, unsigned index, uint64_t value);
/* A register that is there. */
void world_set(struct world *w, unsigned off, unsigned bytes, uint64_t value);
/* A place in RAM, 8-byte aligned, that the input chooses. */
uint64_t world_place(struct world *w);

/* Steps that several targets have. */
void op_register(struct world *w);
void op_command(struct world *w);
void op_ats(struct world *w);
void op_message(struct world *w);
void op_interrupt(struct world *w);
void op_poke(struct world *w);
void op_flip(struct world *w);
void op_request(struct world *w);
void op_transfer(struct world *w);
void op_section(struct world *w);
void op_time(struct world *w);
void op_forget(struct world *w);
void op_remove(struct world *w);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A VT-d unit with all features, its interrupt remapping table, and one device that sends messages. */
#ifndef TESTS_VTD_INTERRUPT_BENCH_H
#define TESTS_VTD_INTERRUPT_BENCH_H

#include <iommux/iommux.h>

#include "../test.h"

#define IBENCH_RAM 0x100000000ull
#define IBENCH_RAM_BYTES 0x200000ull
#define IBENCH_TABLE IBENCH_RAM
#define IBENCH_DESCRIPTOR (IBENCH_RAM + 0x100040) /* of posted interrupts */
#define IBENCH_QUEUE (IBENCH_RAM + 0x101000)
#define IBENCH_SERVED 0x10000000ull /* a page that the memory's callbacks serve */
#define IBENCH_DEVICE 0x0310u       /* bus 3 */

#define IRTA_EIME (1u << 11)
#define GCMD_QIE (1u << 26)
#define GCMD_IRE (1u << 25)
#define GCMD_SIRTP (1u << 24)
#define GCMD_CFI (1u << 23)

struct ibench {
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_endpoint *endpoint;
	struct iom_lane *lane;
	struct iom_port *port;
	uint8_t *ram;
	uint64_t served[512];
	void (*on_cas)(struct ibench *b, uint64_t spa); /* before it, if set       */
	void (*on_msi)(struct ibench *b);               /* inside host.msi, if set */
	uint32_t tail;                                  /* of the invalidation queue */
	unsigned record;     /* the fault record that is looked at next */
	uint64_t info, high; /* what the one that was taken last said */
	/* What the host was told */
	unsigned msis;
	uint64_t address;
	uint32_t data;
	unsigned changes;
	uint32_t first, last;
};

/* `ecap`: bits of ECAP beside those of the full profile. */
struct ibench *ibench_new(uint32_t flags, uint64_t ecap);
/* `cap`: bits of the full profile's CAP that are missing. */
struct ibench *ibench_new_without(uint64_t cap);
void ibench_free(struct ibench *b);

/* Sets a bit of GCMD beside those that are set, and waits for it. */
void ibench_gcmd(struct ibench *b, uint32_t bit);
/* Makes the table one with these low bits of IRTA. */
void ibench_table(struct ibench *b, uint32_t irta);
/* Queued invalidation on, IRTA with these low bits, interrupt remapping on. */
void ibench_on(struct ibench *b, uint32_t irta);

void ibench_put(struct ibench *b, uint64_t spa, uint64_t val);
uint64_t ibench_get(struct ibench *b, uint64_t spa);
/* Writes an entry of the table. */
void ibench_irte(struct ibench *b, unsigned index, uint64_t low, uint64_t high);
/* Queues a descriptor. */
void ibench_queue(struct ibench *b, uint64_t low, uint64_t high);
/* The same; its second half is 0, and it is done at once. */
void ibench_descriptor(struct ibench *b, uint64_t low);

/* A store of the device: the fault. */
unsigned ibench_write(struct ibench *b, uint64_t iova, uint64_t val, unsigned bytes);
/* Takes the oldest fault record, and returns its reason; 0: there is none. */
unsigned ibench_fault(struct ibench *b);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A world to test caches in: devices of the host and of two guests, and witnesses.  A witness is a
 * word of a table that decides where one request ends.  Once all are cached and all words have been
 * changed, the requests that see the new words are those that a command has named; the others must
 * still be served as before.
 *
 * Every request is made three times: through two ports that live as long as the world, so that their
 * fronts answer, and through a fresh one, which has none.
 */
#ifndef TESTS_RISCV_CACHE_WORLD_H
#define TESTS_RISCV_CACHE_WORLD_H

#include "sheet.h"
#include "stage.h"

enum kind { HOST_LEAF, GUEST_LEAF, GPA_LEAF, MSI_LEAF, KINDS };

/* Devices */
enum {
	HOST_A = 1, /* PSCID 5                                  */
	HOST_B,     /* PSCID 6, other tables                    */
	HOST_A2,    /* PSCID 5, the tables of HOST_A            */
	HOST_PID,   /* a PDT: process 1 is PSCID 7, 2 is 8      */
	HOST_DPE,   /* a PDT with DPE: process 0 is PSCID 9     */
	GUEST_S2,   /* GSCID 5, no first stage                  */
	GUEST_A,    /* GSCID 6, PSCID 5                         */
	GUEST_B,    /* GSCID 6, PSCID 6                         */
	BARE_BOTH,  /* no stage at all                          */
	DEVICES
};

struct witness {
	const char *name;
	uint32_t device, pid; /* pid 0: a request without process_id */
	uint64_t iova;
	enum kind kind;
	unsigned gscid, pscid;
	bool global;
	uint64_t page, bytes; /* what the leaf translates: IOVAs, or GPAs for the second stage */
	uint64_t word;        /* where the leaf is */
	uint64_t pte[2];      /* before and after */
	uint64_t spa[2];      /* where the request ends, before and after */
};

#define WITNESSES_MAX 64

struct world {
	struct rig *r;
	unsigned count;
	struct witness w[WITNESSES_MAX];
	struct iom_port *port[DEVICES][2];
	uint64_t host_root[2], pid_root[3], gpa_root[2], guest_root[2];
	uint64_t pdt[2], msi_table;
	uint64_t guest_next, target_next;
	uint64_t guest_table[2][3]; /* SPA of the guests' first-stage tables, the root first */
};

/* Caches of 2^lg2 translations; `levels` of the first stage, 3..5. */
void world_init(struct world *w, unsigned lg2, unsigned levels);
void world_free(struct world *w);

/* Where a request ends, or the cause of its refusal, which is below 4096. */
uint64_t world_look(struct world *w, uint32_t device, uint32_t pid, uint64_t iova, unsigned access);
uint64_t world_witness(struct world *w, const struct witness *witness);

/* Invalidates everything by commands, stores the first words, and lets each be cached. */
void world_fill(struct world *w);
/* Stores the second words, and sees that nobody notices. */
void world_change(struct world *w);
/* Which a witness sees: 0 the first word's end, 1 the second's. */
unsigned world_sees(struct world *w, const struct witness *witness);

/* A place that no other witness leads to, aligned for a page of 1 GiB. */
uint64_t world_target(struct world *w);

#endif

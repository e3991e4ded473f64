/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A bench on which the driver's host or its hardware falls ill: one thing fails, when it is its turn. */
#ifndef TESTS_FAILURES_ILL_H
#define TESTS_FAILURES_ILL_H

#include "../os/bench.h"

enum mode {
	HEALTHY,
	NO_MEMORY,  /* an allocation fails                                         */
	GONE_ONCE,  /* a register reads as ones                                    */
	GONE,       /* all do, from one on                                         */
	NEVER_DONE, /* nothing that hardware begins ends, from a look on           */
	LOST,       /* stores to registers have no effect, from one on             */
	SILENT,     /* a device does not answer an invalidation                    */
};

struct ill;

/* What the driver drives: an IOMMU, and what a life over it has to know. */
struct hardware {
	const char *name;
	struct bench *(*bench)(void);
	/* What a register reads while nothing ends; NULL: a device's access does not end either. */
	uint64_t (*unending)(const struct ill *w, uint64_t off, uint64_t val);
	/* Has it let go of all memory? */
	bool (*is_off)(struct bench *b);
	/* Fault codes of devices that are attached to nothing; 0: no more. */
	unsigned blocked[4];
	/* Tables of guests and processes: format, levels, a pointer or a leaf; 0 levels: there are none. */
	uint32_t format;
	unsigned levels;
	uint64_t (*entry)(uint64_t spa, bool leaf);
	bool files;            /* guests have interrupt files                                 */
	bool passes_when_off;  /* devices reach everything then                               */
	bool records_in_place; /* a fault is reported until a store to a register takes it away */
};

/* Units of VT-d, up to one without a name; and one that has no queue. */
extern const struct hardware ill_riscv, ill_vtd[], ill_vtd_registers;
#define ILL_VTD_PROCESSES 2 /* the first of those that can have processes, and the one behind it */

struct ill {
	const struct hardware *hw;
	struct bench *b;
	enum mode mode;
	unsigned left; /* of these, before the failure */
	bool fired;
	uint64_t head;         /* cqh, where it does not move any more */
	struct iom_lane *lane; /* whose section does not end           */
};

/* A bench with a failure after `n` others of its kind.  There is one at a time. */
void ill_new(struct ill *w, const struct hardware *hw, enum mode mode, unsigned n);

/* From now on, hardware and memory are as they should be. */
void ill_heal(struct ill *w);

/* Is this what a call may answer to the failure? */
bool ill_fits(const struct ill *w, int err);

/* Brings the driver up, at the second attempt if the first one met the failure. */
void ill_bring_up(struct ill *w);

/*
 * A table whose physical addresses begin at `base`, and its own `less` below them, with one page for
 * `va` below 2 MiB: at `to`, behind the tables.
 */
struct iom_stage ill_table(const struct hardware *hw, struct bench *b, uint64_t base, uint64_t less,
                           uint64_t va, uint64_t to);

/* Is it the code of a device that is attached to nothing? */
bool ill_is_blocked(const struct hardware *hw, unsigned code);

/* Counts up from 0 until `lives` says that nothing failed; `places`: how often something must. */
void ill_sweep(bool (*lives)(const struct hardware *hw, enum mode mode, unsigned n),
               const struct hardware *hw, enum mode mode, unsigned places);

#endif

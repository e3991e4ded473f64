/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * An IOMMU in a world in which one thing fails: the n-th allocation, the n-th read, write or
 * compare-and-swap of memory, the n-th message.  All memory is behind the callback, so that every access
 * of the unit can be made to fail.
 *
 * What the unit answers is noted, step by step.  A step in which nothing failed must have answered as
 * the same step of a run without failures.
 */
#ifndef TESTS_FAILURES_WORLD_H
#define TESTS_FAILURES_WORLD_H

#include <iommux/iommux.h>

#include "../test.h"

#define WORLD_RAM 0x80000000ull
#define WORLD_BYTES 0x100000ull
#define WORLD_CPU 0xfee00000ull /* where messages to a CPU go, in one world or the other */
#define WORLD_NOTES 256
#define WORLD_STEPS 24
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct world;
struct step;

enum failing { FAIL_NOTHING, FAIL_ALLOC, FAIL_READ, FAIL_WRITE, FAIL_CAS, FAIL_MSI };

/* Devices, by requester. */
enum { HOST = 1, GUEST, PROCESS, BARE_DEVICE, ABSENT, DEVICES };

struct notes {
	unsigned count;
	uint64_t value[WORLD_NOTES];
};

/* An architecture: its unit, the software that drives it, and its life. */
struct arch {
	const char *name;
	int (*unit_new)(struct world *w, struct iom_unit **out, struct iom_error *error);
	const struct step *steps;
	unsigned step_count;
	/* What a device is refused for where memory of tables does not answer, or is corrupt. */
	bool (*cause_fits)(int code, uint32_t cause);
	unsigned (*status_of)(uint32_t cause, unsigned at);
	/* What software.h says. */
	void (*refresh)(struct world *w);
	void (*forget_all)(struct world *w);
	void (*fence)(struct world *w);
	void (*invalidate)(struct world *w, unsigned id, uint64_t iova);
	void (*note_queue)(struct world *w);
	void (*drain)(struct world *w);
	void (*recover)(struct world *w); /* as life.h says */
};

extern const struct arch arch_riscv, arch_vtd;

struct world {
	const struct arch *arch;
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_endpoint *endpoint[DEVICES];
	struct iom_port *port[DEVICES];
	struct iom_host host;
	struct iom_memory_ops ops;
	uint8_t *ram;
	uint8_t cpu[0x1000]; /* memory at WORLD_CPU */
	uint64_t next;       /* free page */
	/* What fails: the call of this kind before which `left` others succeed. */
	enum failing kind;
	unsigned left;
	int code;
	bool fired;
	bool strange;  /* a function is missing: answers are only looked at for being legal */
	unsigned live; /* allocations */
	uint64_t now;
	struct iom_message message; /* the last */
	unsigned messages;
	bool devices_answer;
	struct iom_atc *atc; /* the cache of a device, if it has one now */
	unsigned cached;     /* which device that is                     */
	bool wire[16];
	/* tables that steps change */
	uint64_t data, guest_data, guest_leaf, leaf, mrif, msi_file, posted;
	unsigned step;
	struct notes notes[WORLD_STEPS];
};

/* A world without a unit; then the unit with its lane, endpoints and ports. */
void world_init(struct world *w, const struct arch *arch);
void world_build(struct world *w);
void world_end(struct world *w);
/* Stops the unit and lets another one go on from its state. */
void world_move(struct world *w);

void note(struct world *w, uint64_t value);

/* A call that may lack memory: it is noted, has left nothing behind, and succeeds when repeated. */
#define TRY(w, call)                                                                               \
	do {                                                                                       \
		unsigned live_ = (w)->live;                                                        \
		int err_ = (call);                                                                 \
		note(w, (uint64_t)(int64_t)err_);                                                  \
		if (err_ != IOM_OK) {                                                              \
			CHECK_MSG(err_ == IOM_ENOMEM, "%s: %d", #call, err_);                      \
			CHECK((w)->fired);                                                         \
			CHECK_EQ((w)->live, live_);                                                \
			CHECK_EQ((call), IOM_OK);                                                  \
		}                                                                                  \
	} while (0)

/* Registers, memory as the CPU sees it. */
uint64_t reg(struct world *w, uint64_t off, unsigned bytes);
void reg_set(struct world *w, uint64_t off, unsigned bytes, uint64_t val);
uint64_t word(struct world *w, uint64_t spa);
void word_set(struct world *w, uint64_t spa, uint64_t val);
uint64_t new_pages(struct world *w, unsigned count);

#endif

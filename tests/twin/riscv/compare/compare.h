/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The unit and its twin side by side.  A *world* is one random configuration with random tables in a
 * small memory, which exists twice: the unit works on one copy, the twin on the other.  Requests go to
 * both; answers, fault records and the words of memory must be the same afterwards.
 *
 *	memory.c     the two copies, and how their bus misbehaves
 *	setup.c      a random configuration, registers, queues
 *	tables.c     random devices,
 *	guests.c     their second stages and message tables,
 *	processes.c  their processes and first stages,
 *	pages.c      and the page tables of both
 *	requests.c   random requests
 *	harm.c       random harm to the words that a request reads
 *	judge.c      whether two answers are the same
 *	tally.c      how often what was reached
 *	run.c        the rounds
 */
#ifndef TESTS_TWIN_RISCV_COMPARE_H
#define TESTS_TWIN_RISCV_COMPARE_H

#include <iommux/iommux.h>

#include "../twin.h"
#include "../../compare/random.h"
#include "../../compare/run.h"

/* ---- Memory ------------------------------------------------------------------------------- */

#define RAM 0x80000000ull
#define PAGES 320u     /* of 4 KiB, of three kinds: */
#define PAGES_RAM 192u /*   a region */
#define PAGES_ROM 16u  /*   a region that cannot be stored to */
/*   the rest answers through callbacks, and may go silent */
#define QUEUES 0x20000000ull /* two pages, fault queue and command queue; one copy only */

#define LOG_MAX 256u
#define POISON_MAX 16u

struct memory {
	struct iom_memory *bus;
	_Alignas(16) uint8_t unit[PAGES * 4096], twin[PAGES * 4096], queues[2 * 4096];
	bool used[PAGES];
	bool silent[PAGES], readonly[PAGES];
	struct {
		uint64_t spa, bytes;
	} poison[POISON_MAX];
	unsigned poisons;

	/* What the twin read and wrote since the last memory_forget */
	struct twin_access reads[LOG_MAX];
	struct {
		struct twin_access access;
		uint64_t was; /* as bytes lay */
	} writes[LOG_MAX];
	unsigned n_reads, n_writes;
	bool refused;       /* a write of the twin's was */
	bool refused_napot; /* into a NAPOT leaf */
	/* What the unit wrote: doublewords */
	uint64_t stores[LOG_MAX];
	unsigned n_stores;
	/* Bits of how each page was read as a table, since the last invalidation */
	uint32_t roles[PAGES];
	bool tangled; /* hardware wrote into a page that is read in two ways */
};

bool memory_open(struct memory *m, bool with_cas);
void memory_close(struct memory *m);
/* A zeroed page, or 4 aligned ones: its address, 0 if there is none. */
uint64_t memory_page(struct memory *m, struct rng *rng, unsigned pages);
/* What a word holds for a device, if anything */
enum twin_bus memory_word(const struct memory *m, uint64_t spa, uint32_t *word);
/* Stores a word of 4 or 8 bytes into both copies. */
void memory_put(struct memory *m, uint64_t spa, unsigned bytes, bool big, uint64_t word);
uint64_t memory_get(const struct memory *m, uint64_t spa, unsigned bytes, bool big);
/* A doubleword of the unit's copy */
uint64_t memory_unit(const struct memory *m, uint64_t spa);
bool memory_is(uint64_t spa);
void memory_poison(struct memory *m, uint64_t spa, uint64_t bytes);
void memory_cure(struct memory *m);
void memory_forget(struct memory *m);
/* Takes back what the twin wrote since memory_forget. */
void memory_undo(struct memory *m);
bool memory_uneven(const struct memory *m);
void memory_follow(struct memory *m);
/* The first doubleword of the logs in which the copies differ, or 0. */
uint64_t memory_differs(const struct memory *m);
/* The same, looking at everything. */
uint64_t memory_differs_anywhere(const struct memory *m);
struct twin_memory memory_of_twin(struct memory *m);
/* For iom_host.dirty */
void memory_stored(struct memory *m, uint64_t spa, uint64_t bytes);

/* ---- Worlds ------------------------------------------------------------------------------- */

#define DEVICES 5u
#define SPOTS 96u
#define VM_SPOTS 12u

/* A guest: second-stage tables */
struct vm {
	unsigned mode;  /* of iohgatp; 0: Bare */
	unsigned width; /* of GPAs */
	uint64_t root;
	uint64_t ram;            /* GPA of RAM */
	unsigned ram_level;      /* of the leaves that map it */
	uint64_t spot[VM_SPOTS]; /* GPAs that are mapped somewhere, of single pages or large ones */
	unsigned spots;
};

struct device {
	uint32_t id;
	uint64_t dc; /* its place; 0: none */
	struct vm vm;
	uint64_t msi[4]; /* GPAs of message pages */
	unsigned msis;
	bool sxl, sbe, sade, gade;
};

/* Somewhere to send requests to */
struct spot {
	uint32_t device_id, process_id;
	bool pv;
	uint64_t iova;
	unsigned size_lg2;
	bool gpa; /* an address of the guest, for translated requests under T2GPA */
};

struct world {
	uint64_t seed;
	struct rng rng;
	struct memory memory;
	struct iom_riscv_config config;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct {
		uint32_t id;
		struct iom_endpoint *endpoint;
		struct iom_port *port;
	} ports[16];
	unsigned n_ports;
	struct twin_unit twin;
	bool be, gxl;
	unsigned levels;      /* of the DDT; 0: Off or Bare */
	uint64_t ddt, notice; /* pages: root of the DDT, where notices go */
	uint32_t cqt, fqh;
	struct device devices[DEVICES];
	struct spot spots[SPOTS];
	unsigned n_spots;
	/* What was done to the tables since they were whole */
	struct {
		uint64_t spa, was; /* doublewords, as a little-endian load gives them */
	} harmed[64];
	unsigned n_harmed;
	char harm[512]; /* in words */
};

/* What a library may come without, and this one has */
struct built {
	uint64_t capabilities;
	uint32_t flags;
};

struct built what_is_built(void);
/* False: the configuration was refused, which `why` explains. */
bool world_open(struct world *w, uint64_t seed, const struct built *built, struct iom_error *why);
void world_close(struct world *w);
void world_tables(struct world *w);
/* By commands: all that is cached. */
void world_invalidate(struct world *w);
/* Whether all commands were carried out. */
bool world_idle(const struct world *w);
/* The GSCID of a device's guest, far from all others' in bits. */
static inline uint64_t device_gscid(unsigned i)
{
	return (i + 1) * 0x1111;
}

struct iom_port *world_port(struct world *w, uint32_t device_id);
bool world_cap(const struct world *w, unsigned n);

struct twin_request random_request(struct world *w);
/* A request like another one. */
struct twin_request random_sibling(struct world *w, const struct twin_request *q);
/* Changes a few of the words that the twin read since memory_forget. */
void harm(struct world *w);
/* Makes tables and bus whole again; false if they were. */
bool harm_undo(struct world *w);

/* ---- Judging ------------------------------------------------------------------------------ */

/* What the unit said */
struct said {
	int result;
	struct iom_reply reply;
	bool recorded;
	uint64_t record[4];
};

struct iom_request unit_request(const struct twin_request *q, uint64_t bytes);
/* Takes the newest record out of the fault queue; false: more than one came. */
bool take_record(struct world *w, struct said *said);
struct said ask_unit(struct world *w, const struct twin_request *q, uint16_t flags);
/* Stores `bytes` bytes of `data`. */
struct said store_unit(struct world *w, const struct twin_request *q, uint64_t data,
                       unsigned bytes);
/* Loads a word. */
struct said load_unit(struct world *w, const struct twin_request *q, uint32_t *data);
/* NULL, or in what they differ */
const char *judge(const struct world *w, const struct twin_request *q, const struct twin_answer *a,
                  const struct said *said, bool probe);
const char *judge_load(const struct world *w, const struct twin_answer *a, const struct said *said,
                       uint32_t data);
const char *judge_store(const struct twin_answer *a, const struct said *said, unsigned bytes);
void explain(const struct world *w, const struct twin_request *q, const struct twin_answer *a,
             const struct said *said, char *text, unsigned size);

/* ---- Counting ----------------------------------------------------------------------------- */

struct tally {
	uint64_t requests, worlds, refused, probes, repeats, loads, stores, cached;
	uint64_t cause[3][512]; /* by type and cause; 0 is success */
	uint64_t step[17];      /* at which refused requests ended */
	uint64_t stages[5][5];  /* granted: first by second stage: Bare, Sv32, 39, 48, 57 */
	uint64_t size[65];      /* granted: log2 of the range */
	uint64_t pbmt[3];
	uint64_t levels[4];   /* DDT */
	uint64_t order[2][2]; /* granted: BE by SBE */
	uint64_t message, mrif, notice, silent, shrunk;
	uint64_t excused;                       /* through caches, by uneven NAPOT leaves */
	uint64_t implicit_read, implicit_write; /* iotval2 */
	uint64_t update[2], ats_denied, ats_granted, t2gpa;
};

void tally_add(struct tally *t, const struct world *w, const struct twin_request *q,
               const struct twin_answer *a);
/* Of a store to an MRIF */
void tally_store(struct tally *t, const struct twin_request *q, const struct twin_answer *a);
void tally_print(const struct tally *t);
uint64_t tally_cause(const struct tally *t, unsigned cause);

/* ---- Running ------------------------------------------------------------------------------ */

/* True if no difference was found, else `text` has the first one, in words. */
bool compare_run(const struct run *run, struct tally *t, char *text, unsigned size);
/* One world alone */
bool compare_world(uint64_t seed, struct tally *t, char *text, unsigned size);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The unit and its twin side by side.  A *world* is one random configuration with random tables in a
 * small memory, which exists twice: the unit works on one copy, the twin on the other.  Requests go to
 * both; answers, fault records and the words of memory must be the same afterwards.
 *
 *	memory.c     the two copies, and how their bus misbehaves
 *	setup.c      a random configuration, registers
 *	queue.c      invalidations
 *	devices.c    random devices and their processes,
 *	pages.c      and the page tables of both stages
 *	requests.c   random requests
 *	harm.c       random harm to the words that a request reads
 *	judge.c      whether two answers are the same
 *	explain.c    in what they are not
 *	tally.c      how often what was reached
 *	run.c        the rounds
 */
#ifndef TESTS_TWIN_VTD_COMPARE_H
#define TESTS_TWIN_VTD_COMPARE_H

#include <iommux/iommux.h>
#include <iommux/vtd.h>

#include "../../compare/random.h"
#include "../../compare/run.h"
#include "../twin.h"

/* ---- Memory ------------------------------------------------------------------------------- */

#define RAM 0x80000000ull
#define PAGES 320u     /* of 4 KiB, of three kinds: */
#define PAGES_RAM 192u /*   a region */
#define PAGES_ROM 16u  /*   a region that cannot be stored to */
/*   the rest answers through callbacks, and may go silent */
#define QUEUE 0x20000000ull /* a page of the invalidation queue and one for status words */

#define LOG_MAX 256u
#define POISON_MAX 16u

struct memory {
	struct iom_memory *bus;
	_Alignas(16) uint8_t unit[PAGES * 4096], twin[PAGES * 4096], queue[2 * 4096];
	bool used[PAGES];
	bool silent[PAGES], readonly[PAGES];
	uint64_t poison[POISON_MAX]; /* 16 bytes each */
	unsigned poisons;

	/* What the twin read and wrote since the last memory_forget */
	struct twin_access reads[LOG_MAX];
	struct {
		struct twin_access access;
		uint64_t was;
	} writes[LOG_MAX];
	unsigned n_reads, n_writes;
	bool refused; /* a write of the twin's was */
	/* What the unit wrote: doublewords */
	uint64_t stores[LOG_MAX];
	unsigned n_stores;
	/* Bits of how each page was read as a table, since the last invalidation */
	uint32_t roles[PAGES];
	bool tangled; /* hardware wrote into a page that is read in two ways */
};

bool memory_open(struct memory *m, bool with_cas);
void memory_close(struct memory *m);
/* Zeroed pages in a row: their address, 0 if there are none. */
uint64_t memory_pages(struct memory *m, struct rng *rng, unsigned pages);
uint64_t memory_page(struct memory *m, struct rng *rng);
/* Stores a doubleword into both copies. */
void memory_put(struct memory *m, uint64_t spa, uint64_t word);
/* A doubleword of the twin's copy, and of the unit's */
uint64_t memory_get(const struct memory *m, uint64_t spa);
uint64_t memory_unit(const struct memory *m, uint64_t spa);
bool memory_is(uint64_t spa);
/* The 16 bytes around `spa` cannot be read. */
void memory_poison(struct memory *m, uint64_t spa);
void memory_cure(struct memory *m);
void memory_forget(struct memory *m);
/* Takes back what the twin wrote since memory_forget. */
void memory_undo(struct memory *m);
/* The first doubleword of the logs in which the copies differ, or 0. */
uint64_t memory_differs(const struct memory *m);
/* The same, looking at everything. */
uint64_t memory_differs_anywhere(const struct memory *m);
struct twin_memory memory_of_twin(struct memory *m);
/* For iom_host.dirty */
void memory_stored(struct memory *m, uint64_t spa, uint64_t bytes);

/* ---- Worlds ------------------------------------------------------------------------------- */

#define PAGE 4096ull
#define SPOTS 128u
#define GUESTS 8u
#define GUEST_SPOTS 10u
#define DIDS 32u

/* A tree of page tables */
struct space {
	bool first; /* of the first stage */
	unsigned levels, width;
	uint64_t root;
	const struct guest *guest; /* first stage: in whose memory its tables are, or NULL */
	bool marked;               /* A and D are set already */
};

/* A second stage */
struct guest {
	struct space space;
	unsigned aw;
	bool ssade;
	uint64_t ram; /* address of RAM; all ones if it is not mapped as a whole */
	uint64_t spot[GUEST_SPOTS];
	unsigned lg2[GUEST_SPOTS];
	unsigned spots;
};

/* Somewhere to send requests to */
struct spot {
	uint16_t sid;
	bool pp;
	uint32_t pasid;
	uint64_t iova;
	unsigned size_lg2;
};

struct world {
	uint64_t seed;
	struct rng rng;
	struct memory memory;
	struct iom_vtd_config config;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct {
		uint16_t sid;
		struct iom_endpoint *endpoint;
		struct iom_port *port;
	} ports[16];
	unsigned n_ports;
	struct twin_unit twin;
	unsigned ttm;
	uint64_t root;
	uint32_t iqt;
	bool queue_works; /* descriptors are accepted in this mode */
	bool wide;        /* descriptors of 256 bits */
	unsigned record;  /* the fault record that comes next */
	struct guest guests[GUESTS];
	unsigned n_guests;
	uint16_t did[DIDS]; /* that are taken */
	unsigned n_dids;
	struct spot spots[SPOTS];
	unsigned n_spots;
	/* What was done to the tables since they were whole: doublewords */
	struct {
		uint64_t spa, was;
	} harmed[64];
	unsigned n_harmed;
	char harm[512]; /* in words */
};

/* False: the configuration was refused, which `why` explains. */
bool world_open(struct world *w, uint64_t seed, struct iom_error *why);
void world_close(struct world *w);
/* By descriptors: all that is cached. */
void world_invalidate(struct world *w);
/* Whether all descriptors were carried out. */
bool world_idle(const struct world *w);
struct iom_port *world_port(struct world *w, uint16_t sid);
uint64_t world_read(const struct world *w, uint64_t offset, unsigned bytes);
void world_write(const struct world *w, uint64_t offset, unsigned bytes, uint64_t value);
static inline bool world_cap(const struct world *w, unsigned n)
{
	return w->config.cap >> n & 1;
}
static inline bool world_ecap(const struct world *w, unsigned n)
{
	return w->config.ecap >> n & 1;
}

/* devices.c */
void world_tables(struct world *w);
/* pages.c */
struct guest *random_guest(struct world *w);
/* A first stage, in a guest or (NULL) in the host's memory, with spots to send requests to */
struct space random_first_stage(struct world *w, const struct guest *g, bool marked,
                                const struct spot *spot);
uint64_t guest_address(const struct guest *g, uint64_t spa);
void add_spot(struct world *w, const struct spot *spot, uint64_t iova, unsigned size_lg2);
/* A random place in physical memory. */
uint64_t anywhere(struct world *w);

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
	uint64_t record[2];
};

struct said ask_unit(struct world *w, const struct twin_request *q, uint16_t flags);
/* NULL, or in what they differ */
const char *judge(const struct world *w, const struct twin_request *q, const struct twin_answer *a,
                  const struct said *said, bool probe);
void explain(const struct world *w, const struct twin_request *q, const struct twin_answer *a,
             const struct said *said, char *text, unsigned size);

/* ---- Counting ----------------------------------------------------------------------------- */

struct tally {
	uint64_t requests, worlds, refused, probes, repeats, cached;
	uint64_t code[3][256]; /* by address type and code; 0 is success */
	uint64_t pgtt[5], levels[6][6];
	uint64_t size[65];  /* granted: log2 of the page */
	uint64_t mode[4];   /* TTM */
	uint64_t update[2]; /* of first stages, of second stages */
	uint64_t excused;   /* through caches, by D that was set elsewhere */
	uint64_t suppressed, interrupts, ats_u, snooped, separate;
};

void tally_add(struct tally *t, const struct world *w, const struct twin_request *q,
               const struct twin_answer *a);
void tally_print(const struct tally *t);
uint64_t tally_code(const struct tally *t, unsigned code);

/* ---- Running ------------------------------------------------------------------------------ */

/* True if no difference was found, else `text` has the first one, in words. */
bool compare_run(const struct run *run, struct tally *t, char *text, unsigned size);
/* One world alone */
bool compare_world(uint64_t seed, struct tally *t, char *text, unsigned size);

#endif

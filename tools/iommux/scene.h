/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A scene: one IOMMU at one moment, with the memory that is known of.  It may be from a scenario, a
 * snapshot, a trace or a core file; whoever asks it questions need not know.  The unit is a copy with nothing
 * cached, and stores go to pages of the scene's own, so that questions change nothing.
 */
#ifndef IOMMUX_SCENE_H
#define IOMMUX_SCENE_H

#include <iommux/iommux.h>

#include "machine/arch.h"
#include "sparse.h"
#include "trace/config.h"

/* What a device wants: a DMA, or to send an interrupt message. */
struct scene_question {
	uint32_t requester;
	struct iom_request request; /* of an interrupt: `iova` alone, the message's address */
	bool both; /* the other of read and write is granted, or comes to nothing else */
	bool interrupt;
	uint32_t data; /* of the message */
};

/* ---- Where a scene is from ---------------------------------------------------------------------- */

/* What the command line says of it; zeroes: nothing. */
struct scene_spec {
	const char *verb;                /* that speaks in complaints                            */
	const char *path;                /* a scenario, a snapshot or a trace                    */
	const struct machine_arch *arch; /* of a scenario or a core; NULL: the first             */
	uint64_t at, event, unit, seed;
	bool has_at, has_event, has_unit, has_seed, has_arch;
	const char *core; /* an ELF core file, and what its IOMMU is programmed with: */
	uint64_t root, irta;
	bool has_root, has_irta;
};

/* ---- What the unit had cached ------------------------------------------------------------------- */

/* A word of a table that it had to read in memory. */
struct scene_read {
	uint64_t spa;
	uint32_t bytes;
	uint8_t of; /* IOM_OF_* */
};

/* The question as the live unit answered it, by its caches and by memory. */
struct scene_warm {
	bool asked; /* false: there was no live unit, or no question */
	int result;
	struct iom_reply reply;
	struct iom_route route;
	bool routed; /* `route` is there */
	struct scene_read *reads;
	size_t count, room;
	bool short_of_memory;
};

/* ---- A scene ------------------------------------------------------------------------------------ */

struct scene {
	char name[4352]; /* for people: where it is from                              */
	struct trace_header
		header; /* architecture, configuration; its state belongs to the scene */
	struct iom_unit *unit;
	struct iom_memory *memory; /* of the unit's: what is known, and its own stores above it */
	struct sparse known, over;
	/* More memory, from a file: IOM_OK, or IOM_EFAULT where it has none.  NULL: there is none. */
	int (*fetch)(void *opaque, uint64_t spa, void *buf, size_t size);
	void (*fetch_end)(void *opaque);
	void *opaque;
	bool bare;            /* of the unit, only the roots of its tables are known           */
	bool missing;         /* the unit wanted memory that was there, and is not known ... */
	uint64_t missing_spa; /* ... first at this address                                    */
	struct scene_warm warm;
	bool has_question; /* the source has one of its own: the event of a trace */
	struct scene_question question;
};

/* What scene_read answers beside IOM_OK and IOM_EFAULT: it was there, and is not known. */
#define SCENE_UNKNOWN 1

/*
 * Opens the scene that `spec` tells of.  `question`, or NULL, is what is going to be asked: a live unit is
 * asked before the copy is made; of a scenario's IOMMUs its device chooses one where --unit does not.
 * Returns an exit status; for EXIT_WRONG it has complained.
 */
int scene_open(const struct scene_spec *spec, const struct scene_question *question,
               struct scene *scene);
void scene_close(struct scene *scene);

/* What the unit finds at `spa`.  IOM_OK, IOM_EFAULT, SCENE_UNKNOWN. */
int scene_read(const struct scene *scene, uint64_t spa, void *buf, size_t size);

/* ---- For sources (scene_*.c) --------------------------------------------------------------------- */

/* Fill name, header and memory; scene_open makes the unit. */
int scene_from_scenario(const struct scene_spec *spec, const struct scene_question *question,
                        struct scene *scene);
int scene_from_snapshot(const struct scene_spec *spec, struct scene *scene);
int scene_from_trace(const struct scene_spec *spec, struct scene *scene);
int scene_from_core(const struct scene_spec *spec, struct scene *scene);
/* With the unit made: its registers. */
int scene_core_program(const struct scene_spec *spec, struct scene *scene);

/* Asks a live unit, as a probe. */
int scene_ask(struct iom_unit *unit, const struct scene_question *question,
              struct scene_warm *warm);
/* As unit_list_ram and sparse_each call it: memory becomes known. */
int scene_learn(void *opaque, uint64_t address, uint64_t bytes, const void *data);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Why a unit answers as it does: the question is put to the scene's copy, which has nothing cached, and
 * each access of its own that the walk makes becomes a step.  What is printed, as text or JSON, is made
 * from this alone.
 */
#ifndef IOMMUX_EXPLANATION_H
#define IOMMUX_EXPLANATION_H

#include "anatomy.h"
#include "scene.h"

/* Where the live unit had a word from. */
enum explain_from {
	EXPLAIN_UNASKED, /* there was none to ask, or nothing is known of its caches */
	EXPLAIN_READ,    /* memory                                                   */
	EXPLAIN_CACHED,
};

#define EXPLAIN_WORDS 64

/* A register that was looked at, or an access to memory. */
struct explain_step {
	char what[128]; /* "device context of 01:00.0"; of a register its name           */
	char says[256]; /* what it means here, beside its fields; sentences, or empty    */
	bool is_register;
	const char *clause; /* the section of the manual that has it; NULL: none needed */
	uint64_t spa;
	uint32_t bytes;
	uint8_t of;         /* IOM_OF_*                                                   */
	bool write, missed; /* as of iom_own_access                                       */
	bool unknown;       /* was refused because the scene does not know that memory    */
	bool decided;       /* the answer, if a refusal, comes of this                    */
	int32_t result;
	unsigned
		count; /* of words: doublewords, or one word of 4 bytes; numbers, whatever their order */
	uint64_t word[EXPLAIN_WORDS];
	uint64_t found; /* of a swap: what was there before                               */
	bool swapped;
	const struct anatomy *anatomy; /* of the words; or NULL */
	unsigned how;                  /* ANATOMY_*             */
	bool implicit;  /* of the second stage: to find a table, not the page                  */
	unsigned level; /* of a page table, 1 where no table can follow; else 0 */
	enum explain_from from;
};

/* A fault code's row: which clause has it, and what it is about. */
struct explain_clause {
	uint32_t code;
	const char *clause;
	const char *says; /* a sentence, or NULL */
};

struct explanation {
	struct scene *scene;
	struct scene_question question;
	struct explain_step *step;
	size_t count, room;
	bool short_of_memory;
	int result;
	struct iom_reply reply;
	bool sent; /* an interrupt message went out: */
	uint64_t sent_to;
	uint32_t sent_data;
	bool kept; /* an interrupt is a bit in memory now, and the message is a notice of it: */
	uint64_t kept_at;
	bool stored; /* a message was stored in memory, or in what is no memory: */
	uint64_t stored_at;
	const char *fault; /* its name; NULL: there is none */
	const struct explain_clause *clause;
	const char *detail; /* what of the deciding word it was; NULL: the clause says it all */
	char recorded[256]; /* a sentence: was the fault recorded, and where or why not; or empty */
	bool quiet;         /* a structure asks that faults are not recorded */
	bool stale; /* the live unit's answer is another one: its caches are not what memory says */
};

/*
 * Puts the question.  Returns an exit status; for EXIT_WRONG it has complained, else explanation_free is
 * to be called.
 */
int explanation_make(struct scene *scene, const struct scene_question *question,
                     struct explanation *x);
void explanation_free(struct explanation *x);

/* Was a translation request answered by nothing? */
bool explanation_empty(const struct explanation *x);

void explanation_text(const struct explanation *x, bool colours);
void explanation_json(const struct explanation *x);

/* "01:00.0"; `room` has 16 bytes. */
const char *explain_device(uint32_t requester, char *room);
/* "a read of 0x1000", what the question is. */
void explain_question(const struct scene_question *question, char *text, size_t size);

/* ---- Architectures (explain_riscv.c, explain_vtd.c) --------------------------------------------------- */

/* What labels of later steps depend on. */
struct explain_walk {
	bool big, big1;   /* tables, and those of processes and the first stage, are big-endian */
	unsigned how;     /* ANATOMY_* */
	unsigned levels0; /* RISC-V: of the device directory */
	bool scalable;    /* VT-d: RTADDR says so */
	bool context;     /* VT-d: the root entry was read */
	unsigned last1, last2;     /* VT-d: levels of the entries read last */
	unsigned levels1, levels2; /* of the stages' tables; 0: Bare */
	unsigned at1, at2;         /* levels that are left */
	bool page;                 /* the first stage has led to a page */
	bool rv32;                 /* RISC-V: the first stage is as in RV32 */
	bool wants_process;        /* there is a directory of processes, not walked to its end */
	uint64_t msi_base;
};

struct explain_arch {
	const char *name; /* as iom_unit_arch says */
	const char *title;
	/* Steps for registers that the walk begins with. */
	void (*begin)(struct explanation *x, struct explain_walk *walk);
	/* What an access is: what, says, clause, anatomy. */
	void (*label)(struct explanation *x, struct explain_walk *walk, struct explain_step *step);
	/* recorded; before the question: `mark` takes what it has to know. */
	uint64_t (*mark)(struct iom_unit *unit);
	void (*recorded)(struct explanation *x, uint64_t mark);
	/* Of a refusal: detail, with the step that decided.  NULL: codes are fine enough. */
	const char *(*detail)(const struct explanation *x, const struct explain_step *step);
	const struct explain_clause *clauses; /* ends with code 0 */
};

extern const struct explain_arch explain_riscv, explain_vtd;
const struct explain_arch *explain_arch(const struct scene *scene);

/* A new step, all zeroes; NULL: there is no memory for it. */
struct explain_step *explain_add(struct explanation *x);
/* A step for a register. */
struct explain_step *explain_register(struct explanation *x, const char *name, uint64_t value);

#endif

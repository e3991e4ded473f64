/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A second VT-d remapping unit, written from the specification alone: what a unit answers to one
 * request, what it records, and what it writes to memory on the way.  No caches, no threads, no
 * registers that change; every request walks every table.  It is slow and plain, and shares nothing with
 * the library: neither a line of src/ nor a number out of it.
 *
 *	translate.c     what comes before all tables; where a request ends without any
 *	legacy.c        root and context entries of legacy mode
 *	scalable.c      root and context entries of scalable mode, and which requests they let in
 *	pasid.c         PASID directory and PASID table entries
 *	first_stage.c   first-stage and nested translation
 *	second_stage.c  second-stage translation
 *	answer.c        what becomes of a fault: completion, record
 */
#ifndef TESTS_TWIN_VTD_TWIN_H
#define TESTS_TWIN_VTD_TWIN_H

#include <stdbool.h>
#include <stdint.h>

/* What an access is for; the twin tells it so that a reader can follow */
enum twin_use {
	TWIN_ROOT,
	TWIN_CONTEXT,
	TWIN_DIRECTORY,
	TWIN_PASID,
	TWIN_FIRST_STAGE,
	TWIN_SECOND_STAGE,
};

struct twin_access {
	enum twin_use use;
	unsigned level; /* of a paging entry; 1 is the last */
	uint64_t spa;
	unsigned bytes;
};

/* Doublewords as a little-endian load gives them; false: memory refused */
struct twin_memory {
	bool (*read)(void *ctx, const struct twin_access *access, uint64_t *words);
	bool (*write)(void *ctx, const struct twin_access *access, uint64_t word);
	void *ctx;
};

/* Registers and build choices */
struct twin_unit {
	uint64_t cap, ecap;
	uint64_t rtaddr; /* as SRTP latched it */
	unsigned major;  /* VER */
	unsigned haw;
	bool tes;
	bool any_pasid; /* an explicit PASID may equal RID_PASID */
	struct twin_memory memory;
};

/* Address types as a record has them */
enum twin_at { TWIN_UNTRANSLATED, TWIN_TRANSLATION_REQUEST, TWIN_TRANSLATED };
enum twin_kind { TWIN_READ, TWIN_WRITE, TWIN_EXECUTE, TWIN_ATOMIC };

struct twin_request {
	uint16_t sid;
	bool pp, priv; /* with a PASID; which asks for supervisor privilege */
	uint32_t pasid;
	bool no_write; /* translation requests: NW */
	enum twin_at at;
	enum twin_kind kind;
	uint64_t iova;
	unsigned bytes; /* inside one page */
};

enum twin_status { TWIN_SUCCESS, TWIN_UR, TWIN_CA };

struct twin_answer {
	enum twin_status status;
	unsigned code;     /* 0: none.  Also where an answer hides it behind R=W=0 */
	uint64_t address;  /* SPA */
	unsigned size_lg2; /* of the page; 0: the specification does not say */
	bool r, w;         /* what may be granted; w only where D is set in memory */
	bool flagged;      /* by entries in which D counts */
	bool snoop;        /* forced */
	bool interrupt;    /* a message: nothing else is said */
	bool zero_length;  /* completes without any translation: nothing else is said */
	bool ats_u, ats_priv;
	bool recorded;
	uint64_t record[2];
	/* For readers: how it came about */
	unsigned pgtt;      /* granted by a walk: 1, 2, 3; 4: passed through */
	unsigned levels[2]; /* first stage, second stage */
	bool fpd;
};

/* What the unit makes of a request; tables change as hardware updates ask for. */
struct twin_answer twin_translate(const struct twin_unit *unit, const struct twin_request *q);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the files of the twin share.  Functions that judge return a fault reason, 0 for none. */
#ifndef TESTS_TWIN_VTD_INSIDE_H
#define TESTS_TWIN_VTD_INSIDE_H

#include "twin.h"

/* Bits of CAP */
enum { CAP_ZLR = 22, CAP_FS1GP = 56, CAP_FS5LP = 60 };
/* Bits of ECAP */
enum {
	ECAP_DT = 2,
	ECAP_PT = 6,
	ECAP_SC = 7,
	ECAP_MTS = 25,
	ECAP_NEST = 26,
	ECAP_PRS = 29,
	ECAP_SRS = 31,
	ECAP_NWFS = 33,
	ECAP_EAFS = 34,
	ECAP_PASID = 40,
	ECAP_SMTS = 43,
	ECAP_SSADS = 45,
	ECAP_SSTS = 46,
	ECAP_FSTS = 47,
	ECAP_SMPWCS = 48,
	ECAP_RPS = 49,
	ECAP_ADMS = 52,
	ECAP_RPRIVS = 53,
	ECAP_HPTS = 55,
	ECAP_PTRS = 56,
};

/* Modes of an entry of the PASID table, and of what legacy mode has alike */
enum { PGTT_FS = 1, PGTT_SS = 2, PGTT_NESTED = 3, PGTT_PT = 4 };

/* One request on its way */
struct way {
	const struct twin_unit *u;
	const struct twin_request *q;
	struct twin_answer *a;
	bool scalable;
	bool priv;        /* as the request counts */
	bool read, write; /* must be permitted */
	bool zero;        /* a zero-length read */
	bool ats;         /* what is permitted is answered */
	bool ats_write;   /* and writing is wanted */
	/* out of the context entry or PASID table entry */
	unsigned aw;
	uint64_t ss_root, fs_root;
	bool ssade, pwsnp, pgsnp, wpe, eafe;
	unsigned fs_levels;
};

/* What a second stage says of an address */
struct landing {
	uint64_t address;
	unsigned size_lg2;
	bool r, w;  /* of all entries */
	bool dirty; /* D need not be set any more before a write */
	bool snp;
	uint64_t leaf; /* its place and what is there */
	uint64_t entry;
	unsigned level;
};

/* What is asked of a second stage */
enum purpose {
	FOR_REQUEST, /* the address of the request */
	FOR_TABLE,   /* an entry of the first stage will be read there */
	FOR_PAGE,    /* where a first stage leads the request */
};

static inline uint64_t bits(uint64_t word, unsigned high, unsigned low)
{
	return word >> low & (high - low == 63 ? ~0ull : (1ull << (high - low + 1)) - 1);
}

/* Bits from `low` up */
static inline uint64_t from(unsigned low)
{
	return low > 63 ? 0 : ~0ull << low;
}

static inline bool cap(const struct way *y, unsigned n)
{
	return y->u->cap >> n & 1;
}

static inline bool ecap(const struct way *y, unsigned n)
{
	return y->u->ecap >> n & 1;
}

static inline bool in_interrupts(uint64_t address)
{
	return address >> 20 == 0xfee;
}

static inline bool overlaps_interrupts(uint64_t address, unsigned size_lg2)
{
	return (address >> 20 == 0xfee) ||
	       (size_lg2 > 20 && address >> size_lg2 == 0xfee00000ull >> size_lg2);
}

/* Whether AW is one of SAGAW's */
static inline bool aw_usable(const struct way *y, unsigned aw)
{
	return aw >= 1 && aw <= 3 && y->u->cap >> (8 + aw) & 1;
}

/* min(MGAW, AGAW) */
static inline unsigned second_stage_width(const struct way *y)
{
	unsigned mgaw = (unsigned)bits(y->u->cap, 21, 16) + 1, agaw = 30 + 9 * y->aw;

	return mgaw < agaw ? mgaw : agaw;
}

static inline bool fetch(const struct way *y, enum twin_use use, unsigned level, uint64_t spa,
                         unsigned bytes, uint64_t *words)
{
	const struct twin_access access = { use, level, spa, bytes };

	return y->u->memory.read(y->u->memory.ctx, &access, words);
}

/* answer.c: the answer to a request that met a fault */
void refuse(const struct way *y, unsigned code);
/* Unsupported Request, and nothing is recorded */
void refuse_quietly(const struct way *y);

/* translate.c: the request goes where it says. */
void pass(const struct way *y, unsigned pgtt);
/* The answer to a translation request for the interrupt address range */
void answer_interrupts(const struct way *y);

/* legacy.c, scalable.c, pasid.c: the rest of the way */
unsigned legacy(struct way *y);
unsigned scalable(struct way *y);
unsigned by_pasid(struct way *y, uint64_t directory, uint32_t pasid);

/* second_stage.c; `size_lg2` of the first stage's page for FOR_PAGE */
unsigned second_stage(const struct way *y, uint64_t address, enum purpose purpose,
                      unsigned size_lg2, struct landing *to);
/* Sets D of a page that the first stage writes to, or that it leads to. */
unsigned second_stage_dirty(const struct way *y, struct landing *to);
unsigned only_second_stage(struct way *y);
/* Sets bits of a paging entry. */
unsigned update(const struct way *y, enum twin_use use, unsigned level, uint64_t spa,
                uint64_t *entry, uint64_t set);

/* first_stage.c */
unsigned first_stage(struct way *y, bool nested);

#endif

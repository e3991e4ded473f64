/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the twin's files tell each other. */
#ifndef TESTS_TWIN_RISCV_INSIDE_H
#define TESTS_TWIN_RISCV_INSIDE_H

#include "twin.h"

/* Bits hi:lo of a word, as the specification writes them. */
static inline uint64_t bits(uint64_t word, unsigned hi, unsigned lo)
{
	return word >> lo & (hi - lo == 63 ? ~0ull : (1ull << (hi - lo + 1)) - 1);
}

static inline bool bit(uint64_t word, unsigned n)
{
	return word >> n & 1;
}

/* capabilities */
enum {
	CAP_SV32 = 8,
	CAP_SV39 = 9,
	CAP_SV48 = 10,
	CAP_SV57 = 11,
	CAP_SVRSW60T59B = 14,
	CAP_SVPBMT = 15,
	CAP_SV32X4 = 16,
	CAP_SV39X4 = 17,
	CAP_SV48X4 = 18,
	CAP_SV57X4 = 19,
	CAP_MSI_FLAT = 22,
	CAP_MSI_MRIF = 23,
	CAP_AMO_HWAD = 24,
	CAP_ATS = 25,
	CAP_T2GPA = 26,
	CAP_END = 27,
	CAP_PD8 = 38,
	CAP_PD17 = 39,
	CAP_PD20 = 40,
	CAP_QOSID = 41,
};

/* fctl */
enum { FCTL_BE = 0, FCTL_GXL = 2 };

/* A device context, taken apart */
struct twin_dc {
	bool en_ats, en_pri, t2gpa, dtf, pdtv, prpr, gade, sade, dpe, sbe, sxl;
	uint64_t tc, iohgatp, ta, fsc, msiptp, msi_addr_mask, msi_addr_pattern, reserved;
};

/* A process context */
struct twin_pc {
	bool ens, sum;
	uint64_t ta, fsc;
};

/* How a stage ends */
enum twin_end { TWIN_OK, TWIN_PAGE_FAULT, TWIN_GUEST_PAGE_FAULT, TWIN_ACCESS_FAULT, TWIN_CORRUPT };

/* One stage's outcome */
struct twin_page {
	uint64_t address;
	unsigned size_lg2;
	bool r, w, x, d, g;
	enum twin_pbmt pbmt;
};

/* A translation under way */
struct twin_job {
	const struct twin_unit *unit;
	const struct twin_request *request;
	enum twin_kind kind; /* the original access type, which names the cause */
	bool ats;
	bool supervisor, sum;
	bool t2gpa_execute; /* Translated read-for-execute: both R and X are asked of the second stage */
	uint32_t process_id;
	struct twin_dc dc;
	struct twin_pc pc;
	bool first_w;     /* the first stage lets its page be written */
	uint64_t iosatp;  /* what the first stage goes by */
	uint64_t iotval2; /* of a guest-page fault */
};

/* memory.c: an access to a structure; beyond the physical address width nothing answers. */
enum twin_bus twin_load(const struct twin_job *job, struct twin_access access, uint64_t *words);
enum twin_bus twin_store(const struct twin_job *job, struct twin_access access, uint64_t word);

/* dc.c, pc.c: 0 or a cause */
unsigned twin_locate_dc(struct twin_job *job);
unsigned twin_locate_pc(struct twin_job *job);
bool twin_iosatp_ok(const struct twin_unit *unit, bool sxl, unsigned mode);

/* pte.c: a scheme of page tables */
struct twin_scheme {
	unsigned levels, index_bits, pte_bytes, root_bits; /* root_bits: of the highest index */
};

struct twin_scheme twin_scheme(unsigned mode, bool rv32, bool x4);
uint64_t twin_index(const struct twin_scheme *scheme, unsigned level, uint64_t address);
bool twin_pte_ok(const struct twin_unit *unit, const struct twin_scheme *scheme, unsigned level,
                 uint64_t pte);
bool twin_pte_is_leaf(uint64_t pte);
uint64_t twin_pte_table(const struct twin_scheme *scheme, uint64_t pte);
void twin_pte_page(const struct twin_scheme *scheme, unsigned level, uint64_t pte, uint64_t address,
                   struct twin_page *page);

/* stage1.c */
enum twin_end twin_stage1(struct twin_job *job, uint64_t iova, struct twin_page *page);

/* stage2.c: what for a GPA is translated */
enum twin_purpose {
	TWIN_EXPLICIT,       /* the request's own access */
	TWIN_IMPLICIT_READ,  /* of a first-stage table or the PDT */
	TWIN_IMPLICIT_WRITE, /* of A and D into a first-stage table */
};

enum twin_end twin_stage2(struct twin_job *job, uint64_t gpa, enum twin_purpose purpose,
                          struct twin_page *page);

/* msi.c */
bool twin_msi_match(const struct twin_job *job, uint64_t a);
/* Shrinks 2^size_lg2 bytes around `a`, which is no MSI page, until no MSI page is among them. */
unsigned twin_msi_free(const struct twin_job *job, uint64_t a, unsigned size_lg2);
unsigned twin_msi_translate(const struct twin_job *job, uint64_t a, struct twin_answer *answer);

/* answer.c */
unsigned twin_cause(enum twin_end end, enum twin_kind kind);
void twin_refuse(const struct twin_job *job, unsigned cause, struct twin_answer *answer);

#endif

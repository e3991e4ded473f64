/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Structures in memory and registers, taken apart: from the words to named fields that say what they
 * mean.  Pure tables; names are the manuals' own.
 */
#ifndef IOMMUX_ANATOMY_H
#define IOMMUX_ANATOMY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* how: what a word means by the unit's registers, not by its own */
#define ANATOMY_GXL 1u    /* RISC-V: fctl.GXL                               */
#define ANATOMY_SSIRWE 2u /* VT-d: RTADDR.SSIRWE                            */
#define ANATOMY_EIME 4u   /* VT-d: IRTA.EIME, or else xAPIC identifiers     */
#define ANATOMY_PART 8u   /* the words are not all there: a 0 says nothing      */

struct anatomy_words {
	const uint64_t *word;
	unsigned count;
	unsigned how; /* ANATOMY_* */
};

struct anatomy_field {
	const char *name;
	uint64_t mask; /* in its doubleword                                            */
	uint8_t word;  /* the doubleword's number                                      */
	bool telling;  /* 0 says something too, if the structure is valid              */
	bool named;    /* what it says is the structure's name: it never matters       */
	bool whole;    /* an address, kept without its low bits: the value has them     */
	uint8_t count; /* of `means`: for values from 0 on, NULL where there is nothing to say */
	const char *const *means;
	/* Where no list would do; may write into `room`, may return NULL. */
	const char *(*say)(const struct anatomy_words *w, uint64_t value, char *room, size_t size);
};

struct anatomy {
	const char *name;
	unsigned words; /* at most: doublewords                                             */
	uint64_t
		valid; /* bits of doubleword 0: none set, and hardware looks no further; 0: it does */
	const struct anatomy_field *fields;
	unsigned count;
};

/* A field of certain words. */
struct anatomy_value {
	const char *name;
	unsigned high, low; /* bits, through all doublewords: 64 is the second one's first */
	uint64_t value;
	const char
		*meaning; /* NULL: none; may point into `room`, so that this must not be copied */
	bool matters;     /* not 0, or telling */
	char room[48];
};

/* More than any structure has. */
#define ANATOMY_VALUES 96

/*
 * Takes words apart into at most ANATOMY_VALUES values; returns how many.  Fields of doublewords that
 * are not given are left out.  What belongs to no field is "reserved", and told only where it is not 0.
 */
size_t anatomy_take(const struct anatomy *anatomy, const struct anatomy_words *words,
                    struct anatomy_value *values);

#define ANATOMY_TEXT 1024
/* The fields that matter, in a line: "V=1 valid, PPN=0x80123".  Cut if it does not fit; returns `text`. */
const char *anatomy_text(const struct anatomy *anatomy, const struct anatomy_words *words,
                         char *text, size_t size);

struct table_out;
/* All fields, as records of this depth in a list "fields". */
void anatomy_json(const struct anatomy *anatomy, const struct anatomy_words *words,
                  struct table_out *out, unsigned depth);

/* ---- RISC-V (anatomy_riscv.c); doublewords as numbers, whatever their byte order in memory ----------- */

extern const struct anatomy anatomy_rv_ddt;         /* non-leaf DDT entry      */
extern const struct anatomy anatomy_rv_dc;          /* device context: 4 doublewords, extended: 8 */
extern const struct anatomy anatomy_rv_pdt;         /* non-leaf PDT entry      */
extern const struct anatomy anatomy_rv_pc;          /* process context         */
extern const struct anatomy anatomy_rv_pte_table;   /* non-leaf PTE            */
extern const struct anatomy anatomy_rv_pte_leaf;    /* leaf PTE                */
extern const struct anatomy anatomy_rv_pte32_table; /* the same of Sv32, Sv32x4 */
extern const struct anatomy anatomy_rv_pte32_leaf;
extern const struct anatomy anatomy_rv_msi_pte; /* MSI PTE in basic translate mode, or not valid */
extern const struct anatomy anatomy_rv_msi_pte_mrif; /* MSI PTE in MRIF mode    */
extern const struct anatomy anatomy_rv_mrif;         /* 64 doublewords          */
extern const struct anatomy anatomy_rv_fault;        /* fault record: 4         */
extern const struct anatomy anatomy_rv_page_request; /* page request record: 2  */

/* Which of these an entry is. */
const struct anatomy *anatomy_rv_pte(uint64_t pte, bool sv32);
const struct anatomy *anatomy_rv_msi(uint64_t word);

/* ---- VT-d (anatomy_vtd.c, anatomy_vtd_pages.c) -------------------------------------------------------- */

extern const struct anatomy anatomy_vtd_root;             /* root entry                    */
extern const struct anatomy anatomy_vtd_root_scalable;    /* scalable-mode root entry      */
extern const struct anatomy anatomy_vtd_context;          /* context entry                 */
extern const struct anatomy anatomy_vtd_context_scalable; /* scalable-mode context entry: 4 */
extern const struct anatomy anatomy_vtd_pasid_directory;  /* PASID directory entry         */
extern const struct anatomy anatomy_vtd_pasid;            /* PASID table entry: 8          */
extern const struct anatomy anatomy_vtd_irte_remapped;
extern const struct anatomy anatomy_vtd_irte_posted;
extern const struct anatomy anatomy_vtd_posted_descriptor; /* 8 */
extern const struct anatomy anatomy_vtd_fault;             /* fault record: 2               */
extern const struct anatomy anatomy_vtd_page_request;      /* page request descriptor: 4    */

/* Paging entries; `level` is 1 where no table can follow. */
const struct anatomy *anatomy_vtd_first_stage(uint64_t entry, unsigned level);
const struct anatomy *anatomy_vtd_second_stage(uint64_t entry, unsigned level);
/* Remapped, or posted. */
const struct anatomy *anatomy_vtd_irte(uint64_t word);

/* ---- Commands of both (anatomy_commands.c); `arch` as iom_unit_arch has it --------------------------- */

/* The kind of a command whose first doubleword this is: a number for each name. */
unsigned anatomy_command_kind(const char *arch, uint64_t word);
/* NULL: no manual knows it. */
const struct anatomy *anatomy_command(const char *arch, unsigned kind);
/* Its name; for a kind that no manual knows one made in `room`. */
const char *anatomy_command_name(const char *arch, unsigned kind, char *room, size_t size);

#endif

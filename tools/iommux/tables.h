/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Firmware tables as `iommux tables` prints them, for people or as JSON: records that have fields.
 */
#ifndef IOMMUX_TABLES_H
#define IOMMUX_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/error.h>

#define TABLE_DEPTH 4

/* All zeroes but for `json` and `colours`: nothing is printed yet. */
struct table_out {
	bool json, colours;
	bool fields;                   /* the latest record has some                          */
	unsigned depth;                /* so many records are open, each in the one before    */
	const char *list[TABLE_DEPTH]; /* the list that each has open, in JSON                */
	unsigned wrong;                /* sentences                                           */
};

/*
 * Begins a record inside the latest of a smaller depth; 0 is the table itself.  In JSON it stands
 * in the list of this name.
 */
void table_record(struct table_out *out, unsigned depth, const char *list, const char *type);

/* Fields of the latest record.  What does not print in a text becomes '?'. */
void table_text(struct table_out *out, const char *name, const char *text, size_t len);
/* A text that is shown as it is; JSON gets U+FFFD for what is no UTF-8. */
void table_string(struct table_out *out, const char *name, const char *text, size_t len);
void table_bool(struct table_out *out, const char *name, bool value);
void table_number(struct table_out *out, const char *name, uint64_t value);
/* In hexadecimal; a text in JSON, whose numbers do not have 64 bits everywhere. */
void table_hex(struct table_out *out, const char *name, uint64_t value);

struct table_flag {
	uint32_t mask;
	const char *name;
};
/* The bits that are set, those without name by number.  No field if there are none. */
void table_flags(struct table_out *out, uint32_t flags, const struct table_flag *names,
                 size_t count);

/* Texts up to the first that is NULL.  No field if there are none. */
void table_texts(struct table_out *out, const char *name, const char *const *texts, size_t count);

/* A sentence on what is wrong with the table, behind all records. */
void table_wrong(struct table_out *out, const char *sentence);
/* Ends the table, and says nothing of what is wrong. */
void table_close(struct table_out *out);
/* Ends it; returns an exit status: EXIT_FAILED if something was wrong. */
int table_end(struct table_out *out);

/*
 * Print the table that begins at `bytes`: all records, and what is wrong with it.
 * IOM_EINVAL: it cannot be read, `error` says why, and nothing is printed.
 */
int table_dmar(struct table_out *out, const uint8_t *bytes, size_t size, struct iom_error *error);
int table_rimt(struct table_out *out, const uint8_t *bytes, size_t size, struct iom_error *error);

/* The record of a table, with the fields that all ACPI tables have. */
void table_head(struct table_out *out, const uint8_t *bytes);

#endif

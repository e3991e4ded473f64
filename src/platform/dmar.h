/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A DMAR (Intel VT-d specification, "BIOS Considerations"): where things stand in it, its
 * structures, and their device scopes.  Offsets of fields count from the beginning of their
 * structure.
 */
#ifndef PLATFORM_DMAR_H
#define PLATFORM_DMAR_H

#include <iommux/dmar.h>

#include "platform/acpi.h"

#define DMAR_SIGNATURE "DMAR"
#define DMAR_TABLE_REVISION 1
#define DMAR_ADDRESS_BITS 36 /* 8 bit, one less */
#define DMAR_TABLE_FLAGS 37  /* 8 bit           */
#define DMAR_FIXED_BYTES 48

/* Every structure */
enum dmar_type {
	DMAR_DRHD,
	DMAR_RMRR,
	DMAR_ATSR,
	DMAR_RHSA,
	DMAR_ANDD,
	DMAR_SATC,
	DMAR_SIDP,
	DMAR_TYPES
};
#define DMAR_TYPE 0   /* 16 bit */
#define DMAR_LENGTH 2 /* 16 bit */
#define DMAR_HEAD_BYTES 4

/* Where they have these, all do but RHSA and ANDD */
#define DMAR_FLAGS 4   /* 8 bit; not RMRR, SIDP */
#define DMAR_SEGMENT 6 /* 16 bit                */

#define DMAR_DRHD_SIZE 5 /* 8 bit  */
#define DMAR_DRHD_BASE 8 /* 64 bit */
#define DMAR_DRHD_BYTES 16

#define DMAR_RMRR_BASE 8   /* 64 bit */
#define DMAR_RMRR_LIMIT 16 /* 64 bit */
#define DMAR_RMRR_BYTES 24

/* ATSR, SATC, SIDP */
#define DMAR_SCOPES_BYTES 8

#define DMAR_RHSA_BASE 8       /* 64 bit */
#define DMAR_RHSA_PROXIMITY 16 /* 32 bit */
#define DMAR_RHSA_BYTES 20

#define DMAR_ANDD_NUMBER 7 /* 8 bit      */
#define DMAR_ANDD_NAME 8   /* to its NUL */

/* Device scope */
#define DMAR_SCOPE_TYPE 0
#define DMAR_SCOPE_LENGTH 1
#define DMAR_SCOPE_FLAGS 2
#define DMAR_SCOPE_ID 4
#define DMAR_SCOPE_BUS 5
#define DMAR_SCOPE_PATH 6
#define DMAR_HOP_BYTES 2
#define DMAR_HOPS_MAX ((UINT8_MAX - DMAR_SCOPE_PATH) / DMAR_HOP_BYTES)

/* ---- Structures ---------------------------------------------------------------------------- */

struct dmar_kind {
	const char *name;
	unsigned bytes; /* of its fixed part */
	bool scopes;    /* follow that       */
};

struct dmar_node {
	struct acpi_span span;
	uint32_t offset;
	const struct dmar_kind *kind; /* NULL: a type that nobody knows */
	uint16_t type;
};

struct acpi_list dmar_nodes_of(const struct iom_dmar_table *table);
/*
 * Takes the next one; IOM_ENOENT after the last, IOM_EINVAL with a sentence if it leaves the
 * table.
 */
int dmar_next_node(struct acpi_list *nodes, struct dmar_node *node, struct iom_error *error);
/* The same, but only those of one type. */
bool dmar_next_of(struct acpi_list *nodes, enum dmar_type type, struct dmar_node *node);

/* The bytes that a namespace device's name and its NUL have to fit in. */
static inline struct acpi_span dmar_name_span(const struct dmar_node *n)
{
	return acpi_part(n->span, DMAR_ANDD_NAME, n->span.bytes);
}

/* Without their scopes */
struct iom_dmar_drhd dmar_decode_drhd(const struct dmar_node *n);
struct iom_dmar_rmrr dmar_decode_rmrr(const struct dmar_node *n);

static inline uint16_t dmar_segment(const struct dmar_node *n)
{
	return acpi_16(n->span, DMAR_SEGMENT);
}

static inline uint8_t dmar_flags(const struct dmar_node *n)
{
	return acpi_8(n->span, DMAR_FLAGS);
}

/* ---- Device scopes ------------------------------------------------------------------------- */

struct dmar_scopes {
	const struct dmar_node *node;
	size_t at;
};

struct dmar_scope {
	struct iom_dmar_scope says;
	uint32_t offset; /* in the table */
};

struct dmar_scopes dmar_scopes_of(const struct dmar_node *n);
/*
 * Takes the next one of a known type; IOM_ENOENT after the last, IOM_EINVAL with a sentence if its
 * length, or that of one before, is wrong.
 */
int dmar_next_scope(struct dmar_scopes *scopes, struct dmar_scope *scope, struct iom_error *error);
uint16_t dmar_scope_count(const struct dmar_node *n);

#endif

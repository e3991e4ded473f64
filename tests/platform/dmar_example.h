/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The DMAR that the tests begin with, as a description and as bytes that were typed from the
 * specification: one structure of each type.
 */
#ifndef TESTS_PLATFORM_DMAR_EXAMPLE_H
#define TESTS_PLATFORM_DMAR_EXAMPLE_H

#include <iommux/dmar.h>

#include "example.h"

#define DMAR_BYTES 208
/* Where its structures begin, and some device scopes */
#define DMAR_DRHD 0x30
#define DMAR_IOAPIC 0x40
#define DMAR_ENDPOINT 0x50
#define DMAR_BRIDGE 0x58
#define DMAR_RMRR 0x62
#define DMAR_RMRR_SCOPE 0x7a
#define DMAR_ATSR 0x82
#define DMAR_RHSA 0x8a
#define DMAR_ANDD 0x9e
#define DMAR_SATC 0xb0
#define DMAR_SATC_SCOPE 0xb8
#define DMAR_SIDP 0xc0
#define DMAR_SIDP_SCOPE 0xc8

extern const uint8_t dmar_bytes[DMAR_BYTES];

/* The description; its parts may be changed. */
struct dmar_example {
	struct iom_dmar dmar;
	struct iom_dmar_drhd drhd[3];
	struct iom_dmar_scope unit_scopes[4], rmrr_scope[2], satc_scope, sidp_scope;
	struct iom_dmar_rmrr rmrr[2];
	struct iom_dmar_atsr atsr[2];
	struct iom_dmar_rhsa rhsa[2];
	struct iom_dmar_andd andd[2];
	struct iom_dmar_satc satc[2];
	struct iom_dmar_sidp sidp[2];
};
void dmar_fill(struct dmar_example *e);

/*
 * Builds it into new memory of just its length, checks on the way that sizes are told; free() it.
 */
uint8_t *dmar_build(const struct dmar_example *e, size_t *bytes);

/* Opens what must be readable. */
void dmar_open_ok(const uint8_t *bytes, size_t size, struct iom_dmar_table *table);

#endif

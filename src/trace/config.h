/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a recorded unit was made of: by name in the header of its trace. */
#ifndef TRACE_CONFIG_H
#define TRACE_CONFIG_H

#include <iommux/iommux.h>

#include "trace/file.h"

/* What the unit was made with; of the two configurations its architecture's counts, NULL: the defaults. */
struct trace_config {
	const struct iom_riscv_config *riscv;
	const struct iom_vtd_config *vtd;
	const char *note; /* for people, or NULL */
};

/*
 * Fills architecture, note and numbers.  Capabilities that were left to the library become those that the
 * unit's registers show, so that a later library makes the same unit.  IOM_ENOTSUP: another architecture.
 */
int trace_config_tell(struct iom_unit *unit, const struct trace_config *config,
                      struct trace_header *header, struct iom_error *error);

/*
 * The same, with the unit's state as it is now, which trace_header_free gives back.  No other call on the
 * unit may be under way.  IOM_ENOMEM as well.
 */
int trace_header_make(struct iom_unit *unit, const struct trace_config *config,
                      struct trace_header *header, struct iom_error *error);
void trace_header_free(struct trace_header *header);

/* The number of that name; 0: the header has none, and a unit gets the default. */
uint64_t trace_config_number(const struct trace_header *header, const char *name);

/* Makes the unit that a header tells of.  IOM_EINVAL, IOM_ENOTSUP, IOM_ENOMEM. */
int trace_config_make(const struct trace_header *header, struct iom_memory *memory,
                      const struct iom_host *host, void *opaque, struct iom_unit **out,
                      struct iom_error *error);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What explain_vtd.c and its table share. */
#ifndef IOMMUX_EXPLAIN_VTD_H
#define IOMMUX_EXPLAIN_VTD_H

#include "explanation.h"

/* Fault reasons; ends with code 0. */
extern const struct explain_clause explain_vtd_clauses[];

/* Does the question go to the interrupt address range, as a message would? */
bool vtd_to_interrupts(const struct scene_question *question);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder of VT-d's second-stage tables, as ordinary functions.  See pt/build.h. */
#ifndef PT_FMT_VTD_SS_TABLE_H
#define PT_FMT_VTD_SS_TABLE_H

#include "pt/instance.h"

PT_BUILDER_DECLARE(pt_vtd_ss);

#endif

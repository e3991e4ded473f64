/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder of AMD-Vi's host (v1) tables, as ordinary functions.  See pt/build.h. */
#ifndef PT_FMT_AMD_V1_TABLE_H
#define PT_FMT_AMD_V1_TABLE_H

#include "pt/instance.h"

PT_BUILDER_DECLARE(pt_amd_v1);

#endif

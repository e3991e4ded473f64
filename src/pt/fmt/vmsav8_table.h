/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder of VMSAv8-64 tables, as ordinary functions.  See pt/build.h. */
#ifndef PT_FMT_VMSAV8_TABLE_H
#define PT_FMT_VMSAV8_TABLE_H

#include "pt/instance.h"

PT_BUILDER_DECLARE(pt_vmsa_s1);
PT_BUILDER_DECLARE(pt_vmsa_s2);

#endif

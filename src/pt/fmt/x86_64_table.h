/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder of x86-64 tables, as ordinary functions.  See pt/build.h. */
#ifndef PT_FMT_X86_64_TABLE_H
#define PT_FMT_X86_64_TABLE_H

#include "pt/instance.h"

PT_BUILDER_DECLARE(pt_x86_64);

#endif

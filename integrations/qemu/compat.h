/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What QEMU's versions since 10.0 call differently. */
#ifndef IOMMUX_QEMU_COMPAT_H
#define IOMMUX_QEMU_COMPAT_H

#if __has_include("system/memory.h")
#include "system/address-spaces.h"
#include "system/memory.h"
typedef const void iommux_class_data;
#else
#include "exec/address-spaces.h"
#include "exec/memory.h"
typedef void iommux_class_data;
#endif

/* Devices can ask for translations and for pages, and hear of invalidations: ats.c. */
#if QEMU_VERSION_MAJOR > 10 || (QEMU_VERSION_MAJOR == 10 && QEMU_VERSION_MINOR >= 2)
#define IOMMUX_QEMU_HAS_ATS 1
#endif

#endif

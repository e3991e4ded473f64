/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Files that hold an IOMMU: snapshots and traces. */
#ifndef IOMMUX_UNIT_FILE_H
#define IOMMUX_UNIT_FILE_H

#include "trace/file.h"

/* Which kind of file it is, TRACE_FILE_*; returns an exit status, and has complained if it cannot be read. */
int unit_file_kind(const char *verb, const char *path, unsigned *kind);

#endif

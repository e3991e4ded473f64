/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Files that hold an IOMMU. */
#include "unit_file.h"

#include "complain.h"
#include "file.h"
#include "verbs.h"

int unit_file_kind(const char *verb, const char *path, unsigned *kind)
{
	uint8_t first[TRACE_FILE_LOOK];
	const char *why;
	uint64_t bytes;
	FILE *file = file_open(path, &bytes, &why);

	*kind = TRACE_FILE_OTHER;
	if (!file)
		return complain("%s: %s cannot be read: %s", verb, path, why);
	*kind = trace_file_kind(first, fread(first, 1, sizeof first, file));
	fclose(file);
	return EXIT_HELD;
}

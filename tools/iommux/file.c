/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Reading regular files. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *refuse(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "it is a directory; give a file";
	return S_ISREG(st->st_mode) ? NULL : "it is a pipe or a device; give a regular file";
}

FILE *file_open(const char *path, uint64_t *bytes, const char **why)
{
	/* O_NONBLOCK: opening a pipe that nobody writes to must not wait. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	FILE *file = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		*why = strerror(errno);
	} else {
		*why = refuse(&st);
		if (!*why) {
			file = fdopen(fd, "rb");
			*why = file ? NULL : strerror(errno);
		}
	}
	if (!file && fd >= 0)
		close(fd);
	if (file)
		*bytes = (uint64_t)st.st_size;
	return file;
}

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)

char *file_read(const char *path, size_t *bytes, const char **why)
{
	uint64_t size;
	FILE *file = file_open(path, &size, why);
	char *text;

	if (!file)
		return NULL;
	if (size > FILE_READ_MAX) {
		*why = "it has more than " TEXT_OF(FILE_READ_MAX) " bytes";
		fclose(file);
		return NULL;
	}
	text = malloc((size_t)size + 1);
	if (text) {
		*bytes = fread(text, 1, (size_t)size, file);
		text[*bytes] = '\0';
	}
	*why = !text ? "it does not fit into memory" : ferror(file) ? "reading failed" : NULL;
	fclose(file);
	if (*why) {
		free(text);
		return NULL;
	}
	return text;
}

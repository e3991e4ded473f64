/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Reading regular files, and nothing else: a pipe or a device could keep the command waiting for
 * ever.
 */
#ifndef IOMMUX_FILE_H
#define IOMMUX_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Opens a file for reading; NULL: `why` says what was wrong ("it is a directory"). */
FILE *file_open(const char *path, uint64_t *bytes, const char **why);

#define FILE_READ_MAX 1048576

/* Reads a whole file of at most FILE_READ_MAX bytes into new memory, a 0 behind it; or NULL. */
char *file_read(const char *path, size_t *bytes, const char **why);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Names of commands in a unit's queue, as the architectures' manuals have them. */
#ifndef IOMMUX_COMMAND_NAME_H
#define IOMMUX_COMMAND_NAME_H

#include <stddef.h>
#include <stdint.h>

/* The kind of a command whose first doubleword this is: a number for each name. */
unsigned command_kind(const char *arch, uint64_t word);

/* Its name; for a kind that no manual knows one made in `room`. */
const char *command_name(const char *arch, unsigned kind, char *room, size_t size);

#endif

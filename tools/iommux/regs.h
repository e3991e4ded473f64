/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The parts of `iommux regs`. */
#ifndef IOMMUX_REGS_H
#define IOMMUX_REGS_H

#include "registers.h"

#define QUEUE_ERRORS 6
#define QUEUES_MAX 3

/* A queue, or the fault records of VT-d, as the registers show it. */
struct queue {
	const char *name;
	const char *state; /* "on", "off", "changing"; NULL: it has no switch of its own */
	uint64_t entries;  /* 0: it has no place yet                                     */
	uint64_t address;
	uint64_t head, tail, pending;
	bool indices;  /* head and tail count                                       */
	bool in_place; /* ... and are inside of it                                  */
	char errors[QUEUE_ERRORS][96];
	unsigned error_count;
};

/* Returns how many the unit has, at most QUEUES_MAX. */
unsigned queues_of(struct iom_unit *unit, const struct register_map *map, struct queue *queues);
/* "command queue: on, 1024 entries at 0x80018000, head 3, tail 7: 4 pending; cmd_ill illegal command" */
const char *queue_sentence(const struct queue *queue, char *text, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A stream of little-endian words, written or read with bounds.  Writing past the end goes on counting;
 * reading past it gives zeroes.
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/snapshot.h>

struct iom_stream {
	uint8_t *out;      /* writing; may be NULL if size is 0 */
	const uint8_t *in; /* reading */
	size_t size, at;
};

void iom_put(struct iom_stream *stream, uint64_t word);
uint64_t iom_take(struct iom_stream *stream);

#endif

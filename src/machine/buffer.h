/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A buffer: pages of one RAM that the CPU sees as consecutive bytes. */
#ifndef MACHINE_BUFFER_H
#define MACHINE_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include <iommux/error.h>

#include "machine/pages.h"

struct buffer {
	struct pages *ram;
	uint64_t bytes;  /* as asked for                           */
	uint32_t count;  /* pages                                  */
	unsigned mapped; /* how many mappings (space.h) show it    */
	uint64_t spa[];  /* of each page, as its RAM numbers it    */
};

/*
 * A zeroed buffer of `bytes` (1 or more) in `ram`.  `scattered`: its pages come from all over the RAM;
 * else they follow each other.  IOM_ENOMEM: the RAM has not got them.
 */
int buffer_new(struct pages *ram, uint64_t bytes, bool scattered, struct buffer **out,
               struct iom_error *error);

/* Gives the pages back.  NULL is ignored; `mapped` must be 0. */
void buffer_free(struct buffer *buffer);

/* True if each page follows the one before it in physical memory. */
bool buffer_is_contiguous(const struct buffer *buffer);

/* The bytes from `offset` to the end of its page: *len of them, or fewer at the buffer's end. */
uint8_t *buffer_at(const struct buffer *buffer, uint64_t offset, uint64_t *len);

/* The CPU's copy in and out; offset + len <= buffer->bytes. */
void buffer_read(const struct buffer *buffer, uint64_t offset, void *out, uint64_t len);
void buffer_write(const struct buffer *buffer, uint64_t offset, const void *in, uint64_t len);

#endif

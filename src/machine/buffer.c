/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A buffer: pages of one RAM that the CPU sees as consecutive bytes. */
#include "machine/buffer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static bool take(struct buffer *b, bool scattered)
{
	uint64_t first;

	if (scattered) {
		uint32_t i = 0;

		while (i < b->count && pages_take(b->ram, &b->spa[i]))
			i++;
		if (i == b->count)
			return true;
		while (i)
			pages_give(b->ram, b->spa[--i], 1);
		return false;
	}
	if (!pages_take_run(b->ram, b->count, false, &first))
		return false;
	for (uint32_t i = 0; i < b->count; i++)
		b->spa[i] = first + (uint64_t)i * PAGE_BYTES;
	return true;
}

int buffer_new(struct pages *ram, uint64_t bytes, bool scattered, struct buffer **out,
               struct iom_error *error)
{
	uint64_t count = bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
	struct buffer *b;

	*out = NULL;
	if (!bytes)
		return iom_fail(error, IOM_EINVAL, "a buffer of 0 bytes: it needs at least one");
	if (count > ram->unused)
		return iom_fail(error, IOM_ENOMEM,
		                "a buffer of %llu pages does not fit: this RAM has %u of its %u "
		                "pages left",
		                (unsigned long long)count, ram->unused, ram->count);
	b = malloc(sizeof *b + count * sizeof b->spa[0]);
	if (!b)
		return iom_fail(error, IOM_ENOMEM, "no memory for a buffer");
	*b = (struct buffer){ ram, bytes, (uint32_t)count, 0 };
	if (!take(b, scattered)) {
		free(b);
		return iom_fail(error, IOM_ENOMEM,
		                "no %llu pages in a row are left in this RAM; a scattered buffer "
		                "would fit",
		                (unsigned long long)count);
	}
	*out = b;
	return IOM_OK;
}

void buffer_free(struct buffer *b)
{
	if (!b)
		return;
	assert(!b->mapped);
	for (uint32_t i = 0; i < b->count; i++)
		pages_give(b->ram, b->spa[i], 1);
	free(b);
}

bool buffer_is_contiguous(const struct buffer *b)
{
	for (uint32_t i = 1; i < b->count; i++)
		if (b->spa[i] != b->spa[i - 1] + PAGE_BYTES)
			return false;
	return true;
}

uint8_t *buffer_at(const struct buffer *b, uint64_t offset, uint64_t *len)
{
	uint64_t inside = offset % PAGE_BYTES;
	uint64_t left = b->bytes - offset;

	*len = PAGE_BYTES - inside < left ? PAGE_BYTES - inside : left;
	return (uint8_t *)pages_at(b->ram, b->spa[offset / PAGE_BYTES]) + inside;
}

void buffer_read(const struct buffer *b, uint64_t offset, void *out, uint64_t len)
{
	uint8_t *to = out;

	while (len) {
		uint64_t n;
		uint8_t *at = buffer_at(b, offset, &n);

		n = n < len ? n : len;
		memcpy(to, at, n);
		to += n;
		offset += n;
		len -= n;
	}
}

void buffer_write(const struct buffer *b, uint64_t offset, const void *in, uint64_t len)
{
	const uint8_t *from = in;

	while (len) {
		uint64_t n;
		uint8_t *at = buffer_at(b, offset, &n);

		n = n < len ? n : len;
		memcpy(at, from, n);
		from += n;
		offset += n;
		len -= n;
	}
}

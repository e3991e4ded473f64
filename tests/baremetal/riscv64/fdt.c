/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "fdt.h"

#include <string.h>

#define MAGIC 0xd00dfeedu
#define STRUCTS 8
#define STRINGS 12

enum { BEGIN = 1, END, PROPERTY, NOP, LAST = 9 };

static const uint8_t *tree;

uint64_t fdt_number(const uint8_t *at, unsigned cells)
{
	uint64_t value = 0;

	for (unsigned n = 0; n < 4 * cells; n++)
		value = value << 8 | at[n];
	return value;
}

static uint32_t cell(uint32_t at)
{
	return (uint32_t)fdt_number(tree + at, 1);
}

bool fdt_start(const void *blob)
{
	tree = blob;
	return blob && cell(0) == MAGIC;
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static uint32_t aligned(uint32_t at)
{
	return (at + 3) & ~UINT32_C(3);
}

static uint32_t length(const char *text)
{
	uint32_t n = 0;

	while (text[n])
		n++;
	return n;
}

/* The token behind the one at `at`. */
static uint32_t next(uint32_t at)
{
	switch (cell(at)) {
	case BEGIN:
		return aligned(at + 4 + length((const char *)tree + at + 4) + 1);
	case PROPERTY:
		return aligned(at + 12 + cell(at + 4));
	default:
		return at + 4;
	}
}

static bool lists(const uint8_t *list, size_t bytes, const char *value)
{
	size_t at;

	for (at = 0; at < bytes; at += length((const char *)list + at) + 1)
		if (same((const char *)list + at, value))
			return true;
	return false;
}

uint32_t fdt_find(const char *name, const char *value, uint32_t after)
{
	uint32_t at = after ? next(after) : cell(STRUCTS);
	const uint8_t *list;
	size_t bytes;

	for (; cell(at) != LAST; at = next(at)) {
		if (cell(at) != BEGIN)
			continue;
		list = fdt_property(at, name, &bytes);
		if (list && (!value || lists(list, bytes, value)))
			return at;
	}
	return 0;
}

/* A node's properties come before its children. */
const uint8_t *fdt_property(uint32_t node, const char *name, size_t *bytes)
{
	uint32_t at;

	for (at = next(node); cell(at) == PROPERTY || cell(at) == NOP; at = next(at)) {
		if (cell(at) == NOP ||
		    !same((const char *)tree + cell(STRINGS) + cell(at + 8), name))
			continue;
		*bytes = cell(at + 4);
		return tree + at + 12;
	}
	return NULL;
}

uint32_t fdt_cell(uint32_t node, const char *name)
{
	size_t bytes;
	const uint8_t *value = fdt_property(node, name, &bytes);

	return value && bytes == 4 ? (uint32_t)fdt_number(value, 1) : 0;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a scenario tells, one behind the other: a struct output_told, and its text. */
#include "output.h"

#include <stdlib.h>
#include <string.h>

void output_free(struct output *o)
{
	free(o->bytes);
	*o = (struct output){ 0 };
}

static bool reserve(struct output *o, size_t more)
{
	size_t size = o->size ? o->size : 4096;
	char *bytes;

	if (more > OUTPUT_MAX - o->len)
		return false;
	while (size < o->len + more)
		size *= 2;
	if (size == o->size)
		return true;
	bytes = realloc(o->bytes, size);
	if (!bytes)
		return false;
	o->bytes = bytes;
	o->size = size;
	return true;
}

bool output_tell(struct output *o, const struct output_told *told)
{
	if (told->len > OUTPUT_MAX || !reserve(o, sizeof *told + told->len))
		return false;
	memcpy(o->bytes + o->len, told, sizeof *told);
	memcpy(o->bytes + o->len + sizeof *told, told->text, told->len);
	o->len += sizeof *told + told->len;
	return true;
}

bool output_next(const struct output *o, size_t *at, struct output_told *told)
{
	if (*at == o->len)
		return false;
	memcpy(told, o->bytes + *at, sizeof *told);
	told->text = o->bytes + *at + sizeof *told;
	*at += sizeof *told + told->len;
	return true;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* VT-d, "First-Stage Translation": 4 and 5 levels. */
#include "twin.h"

static bool bit(uint64_t word, unsigned n)
{
	return word >> n & 1;
}

struct twin_answer twin_x86_64(const struct twin_shape *shape, const struct twin_ask *ask)
{
	unsigned top = shape->mode == 4 ? 47 : 56, n, i;
	struct twin_answer a = { .why = TWIN_INPUT };
	uint64_t table = ask->root, e = 0, size;
	bool user = true, write = true, no_execute = false;

	for (n = top; n < 64; n++)
		if (bit(ask->input, n) != bit(ask->input, top))
			return a;

	for (i = shape->mode; i-- > 0; table = e & 0xffffffffff000ull) {
		a.level = i;
		a.why = TWIN_BUS;
		if (!ask->load(ask->ctx, table + 8 * (ask->input >> (12 + 9 * i) & 511), &e))
			return a;
		a.why = TWIN_NOT_PRESENT;
		if (!bit(e, 0))
			return a;

		a.why = TWIN_MALFORMED;
		for (n = shape->output_bits; n <= 51; n++)
			if (bit(e, n))
				return a;
		if (bit(e, 63) && !(shape->options & (TWIN_X86_NXE | TWIN_X86_IGNORE_XD)))
			return a;
		if (i >= 3 && bit(e, 7))
			return a;
		if (i == 2 && bit(e, 7)) {
			if (!(shape->options & TWIN_X86_FS1GP))
				return a;
			for (n = 13; n <= 29; n++)
				if (bit(e, n))
					return a;
		}
		if (i == 1 && bit(e, 7)) {
			for (n = 13; n <= 20; n++)
				if (bit(e, n))
					return a;
		}

		user &= bit(e, 2);
		write &= bit(e, 1);
		if (shape->options & TWIN_X86_NXE)
			no_execute |= bit(e, 63);
		if (i == 0 || bit(e, 7))
			break;
		/* a table: hardware would have to set A, and with EAFE EA */
		a.why = TWIN_ACCESSED;
		if (!bit(e, 5) || (shape->options & TWIN_X86_EAFE && !bit(e, 10)))
			return a;
	}

	a.size_lg2 = 12 + 9 * i;
	size = 1ull << a.size_lg2;
	a.address = (e & 0xffffffffff000ull) / size * size + ask->input % size;
	a.readable = true;
	a.writable = write;
	a.users = user;
	a.executable = !no_execute;

	a.why = TWIN_PERMISSION;
	if (ask->user && !user)
		return a;
	if (ask->write && !write && (ask->user || shape->options & TWIN_X86_WPE))
		return a;
	if (ask->execute && no_execute)
		return a;
	if (ask->execute && !ask->user && user && shape->options & TWIN_X86_SMEP)
		return a;
	a.why = TWIN_ACCESSED;
	if (!bit(e, 5) || (shape->options & TWIN_X86_EAFE && !bit(e, 10)))
		return a;
	a.why = ask->write && !bit(e, 6) ? TWIN_DIRTY : TWIN_OK;
	return a;
}

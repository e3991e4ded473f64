/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* AMD-Vi, "Host Page Tables": Modes 1 to 6. */
#include "twin.h"

static bool bit(uint64_t word, unsigned n)
{
	return word >> n & 1;
}

static bool any(uint64_t word, unsigned high, unsigned low)
{
	for (unsigned n = low; n <= high; n++)
		if (n < 64 && bit(word, n))
			return true;
	return false;
}

/* Default page sizes of levels 1 to 5, as log2 */
static const unsigned default_lg2[] = { 0, 12, 21, 30, 39, 48, 57 };

struct twin_answer twin_amd_v1(const struct twin_shape *shape, const struct twin_ask *ask)
{
	struct twin_answer a = { .why = TWIN_INPUT, .readable = true, .writable = true };
	unsigned level = shape->mode, next, k;
	uint64_t table = ask->root, e, index;

	if (level < 6 && any(ask->input, 63, 12 + 9 * level))
		return a;

	for (;;) {
		index = ask->input >> default_lg2[level];
		index %= level == 6 ? 128 : 512;
		a.level = level - 1;
		a.why = TWIN_BUS;
		if (!ask->load(ask->ctx, table + index * 8, &e))
			return a;
		a.why = TWIN_NOT_PRESENT;
		if (!bit(e, 0))
			return a;
		next = (unsigned)(e >> 9) & 7;
		a.why = TWIN_RESERVED;
		if (any(e, next == 0 || next == 7 ? 58 : 60, 52))
			return a;
		a.readable &= bit(e, 61);
		a.writable &= bit(e, 62);
		if (next == 0 || next == 7)
			break;
		a.why = TWIN_MALFORMED;
		if (next >= level)
			return a;
		a.why = TWIN_OUTPUT;
		if (any(e, 51, shape->output_bits))
			return a;
		/* the address bits of the levels between */
		a.why = TWIN_INPUT;
		if (next + 1 < level &&
		    any(ask->input, default_lg2[level] - 1, default_lg2[next + 1]))
			return a;
		a.why = TWIN_ACCESSED;
		if (shape->options & TWIN_AMD_A && !bit(e, 5))
			return a;
		table = e & 0xffffffffff000ull;
		level = next;
	}

	a.why = TWIN_MALFORMED;
	if (level == 6)
		return a;
	a.address = e & 0xffffffffff000ull;
	if (next == 0) {
		a.size_lg2 = default_lg2[level];
		a.why = TWIN_RESERVED;
		if (any(a.address, a.size_lg2 - 1, 12))
			return a;
	} else {
		for (k = 12; k <= 51 && bit(e, k);)
			k++;
		if (k == 52)
			return a;
		a.size_lg2 = k + 1;
		if (a.size_lg2 <= default_lg2[level] || a.size_lg2 >= default_lg2[level + 1])
			return a;
		for (; k >= 12; k--)
			a.address &= ~(1ull << k);
	}
	a.why = TWIN_OUTPUT;
	if (any(a.address, 51, shape->output_bits))
		return a;
	a.address += ask->input % (1ull << a.size_lg2);

	a.why = TWIN_PERMISSION;
	if (((ask->read || ask->execute) && !a.readable) || (ask->write && !a.writable))
		return a;
	a.why = TWIN_OK;
	if (shape->options & TWIN_AMD_A && !bit(e, 5))
		a.why = TWIN_ACCESSED;
	else if (shape->options & TWIN_AMD_D && ask->write && !bit(e, 6))
		a.why = TWIN_DIRTY;
	return a;
}

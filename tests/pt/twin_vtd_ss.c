/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* VT-d, "Second-Stage Translation": 3, 4 and 5 levels. */
#include "twin.h"

static bool bit(uint64_t word, unsigned n)
{
	return word >> n & 1;
}

struct twin_answer twin_vtd_ss(const struct twin_shape *shape, const struct twin_ask *ask)
{
	bool io = shape->options & TWIN_VTD_SSIRWE, ad = shape->options & TWIN_VTD_SSADE;
	unsigned level, n, low;
	struct twin_answer a = { .why = TWIN_INPUT, .readable = true, .writable = true };
	uint64_t table = ask->root, e;
	bool page;

	if (ask->input >> shape->input_bits)
		return a;

	/* the manual's levels, 1 at the bottom */
	for (level = shape->mode;; level--) {
		a.level = level - 1;
		a.why = TWIN_BUS;
		if (!ask->load(ask->ctx, table + 8 * (ask->input >> (12 + 9 * (level - 1)) & 511),
		               &e))
			return a;
		a.why = TWIN_NOT_PRESENT;
		if (io ? !bit(e, 61) && !bit(e, 62) : !bit(e, 0) && !bit(e, 1))
			return a;

		page = level == 1 || bit(e, 7);
		a.why = TWIN_MALFORMED;
		if (level >= 4 && bit(e, 7))
			return a;
		if (level == 3 && bit(e, 7) && !(shape->options & TWIN_VTD_1G))
			return a;
		if (level == 2 && bit(e, 7) && !(shape->options & TWIN_VTD_2M))
			return a;
		for (n = shape->output_bits; n <= 51; n++)
			if (bit(e, n))
				return a;
		if (bit(e, 62) && !io)
			return a;
		if (bit(e, 11) && (!page || !(shape->options & TWIN_VTD_SC)))
			return a;
		low = level == 3 ? 29 : level == 2 ? 20 : 11;
		if (page)
			for (n = 12; n <= low; n++)
				if (bit(e, n))
					return a;

		a.readable &= bit(e, io ? 61 : 0);
		a.writable &= bit(e, io ? 62 : 1);
		if (page)
			break;
		a.why = TWIN_ACCESSED;
		if (ad && !bit(e, 8))
			return a;
		table = e & 0xffffffffff000ull;
	}

	a.size_lg2 = low + 1;
	a.address = (e & 0xffffffffff000ull) + ask->input % (1ull << a.size_lg2);

	a.why = TWIN_PERMISSION;
	if ((ask->read || ask->execute) && !a.readable)
		return a;
	if (ask->write && !a.writable)
		return a;
	a.why = TWIN_OK;
	if (ad && !bit(e, 8))
		a.why = TWIN_ACCESSED;
	else if (ad && ask->write && !bit(e, 9))
		a.why = TWIN_DIRTY;
	return a;
}

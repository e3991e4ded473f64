/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Arm, "The VMSAv8-64 translation table format": both stages.  Levels are the manual's, until told. */
#include "twin.h"

static bool bit(uint64_t word, unsigned n)
{
	return word >> n & 1;
}

/* By granule (4, 16, 64 KiB) and level 0 to 3 */
static const unsigned shift_of[3][4] = {
	{ 39, 30, 21, 12 },
	{ 47, 36, 25, 14 },
	{ 0, 42, 29, 16 },
};
/* log2 of blocks and pages; 0: none */
static const unsigned leaf_of[3][4] = {
	{ 0, 30, 21, 12 },
	{ 0, 0, 25, 14 },
	{ 0, 0, 29, 16 },
};
/* log2 of contiguous groups */
static const unsigned group_of[3][4] = {
	{ 0, 34, 25, 16 },
	{ 0, 0, 30, 21 },
	{ 0, 0, 34, 21 },
};

struct found {
	struct twin_answer a;
	uint64_t leaf;
	/* what the tables took away */
	bool no_user, no_write, no_uxn, no_pxn;
};

static struct found walk(const struct twin_shape *shape, const struct twin_ask *ask, unsigned start,
                         bool stage1)
{
	unsigned g = shape->granule == 4 ? 0 : shape->granule == 16 ? 1 : 2;
	unsigned input_bits = 64 - shape->mode, level, n, size;
	bool wide = g == 2 && shape->options & TWIN_VMSA_OA52;
	bool el2 = stage1 && shape->options & TWIN_VMSA_EL2;
	struct found f = { .a.why = TWIN_INPUT };
	uint64_t table = ask->root, e, index, address, group;

	for (n = input_bits; n < 64; n++)
		if (bit(ask->input, n) != !!(shape->options & TWIN_VMSA_UPPER))
			return f;

	for (level = start;; level++) {
		index = ask->input;
		if (input_bits < 64)
			index %= 1ull << input_bits;
		index >>= shift_of[g][level];
		if (level != start)
			index %= 1ull << (g == 0 ? 9 : g == 1 ? 11 : 13);
		f.a.level = 3 - level;
		f.a.why = TWIN_BUS;
		if (!ask->load(ask->ctx, table + 8 * index, &e))
			return f;

		f.a.why = TWIN_NOT_PRESENT;
		if (!bit(e, 0))
			return f;
		size = leaf_of[g][level];
		if (wide && level == 1)
			size = 42;
		if (level == 3 && !bit(e, 1))
			return f;
		if (level != 3 && !bit(e, 1) && !size)
			return f;

		address = 0;
		for (n = shift_of[g][3]; n <= 47; n++)
			if (bit(e, n))
				address += 1ull << n;
		if (wide)
			address += (e >> 12 & 15) << 48;
		if (level == 3 || !bit(e, 1))
			address = address >> size << size;
		f.a.why = TWIN_OUTPUT;
		if (address >> shape->output_bits)
			return f;
		if (level == 3 || !bit(e, 1))
			break;

		if (stage1 && !(shape->options & TWIN_VMSA_HAD)) {
			f.no_user |= bit(e, 61) && !el2;
			f.no_write |= bit(e, 62);
			f.no_uxn |= bit(e, 60);
			f.no_pxn |= el2 ? bit(e, 60) : bit(e, 59);
		}
		table = address;
	}

	f.leaf = e;
	f.a.address = address + ask->input % (1ull << size);
	f.a.size_lg2 = size;
	group = group_of[g][level];
	/* A group counts if it is whole: inside the input range, and this entry at its place. */
	if (bit(e, 52) && group && group <= input_bits &&
	    f.a.address % (1ull << group) == ask->input % (1ull << group))
		f.a.size_lg2 = (unsigned)group;
	f.a.why = bit(e, 10) || shape->options & TWIN_VMSA_AFFD ? TWIN_OK : TWIN_ACCESSED;
	return f;
}

struct twin_answer twin_vmsa_s1(const struct twin_shape *shape, const struct twin_ask *ask)
{
	unsigned g = shape->granule == 4 ? 12 : shape->granule == 16 ? 14 : 16;
	bool el2 = shape->options & TWIN_VMSA_EL2, wxn = shape->options & TWIN_VMSA_WXN, may;
	struct found f = walk(shape, ask, 3 - (64 - shape->mode - 1 - g) / (g - 3), true);
	bool priv_write, user_read, user_write, priv_execute, user_execute;

	if (f.a.why != TWIN_OK)
		return f.a;

	priv_write = !bit(f.leaf, 7) && !f.no_write;
	user_read = bit(f.leaf, 6) && !f.no_user && !el2;
	user_write = user_read && priv_write;
	user_execute = !bit(f.leaf, 54) && !f.no_uxn;
	priv_execute = !bit(f.leaf, el2 ? 54 : 53) && !f.no_pxn;

	f.a.readable = true;
	f.a.writable = priv_write;
	f.a.users = user_read || el2;
	f.a.executable = user_execute;
	f.a.privileged_executable = priv_execute;

	if (user_write || (wxn && priv_write))
		priv_execute = false;
	if (wxn && user_write)
		user_execute = false;

	may = true;
	if (ask->user && !el2) {
		if (ask->read && !user_read)
			may = false;
		if (ask->write && !user_write)
			may = false;
		if (ask->execute && !user_execute)
			may = false;
	} else {
		if (ask->write && !priv_write)
			may = false;
		if (ask->execute && !priv_execute)
			may = false;
		/* PAN */
		if ((ask->read || ask->write) && user_read && !ask->user_pages)
			may = false;
	}
	if (!may)
		f.a.why = TWIN_PERMISSION;
	return f.a;
}

struct twin_answer twin_vmsa_s2(const struct twin_shape *shape, const struct twin_ask *ask)
{
	struct found f = walk(shape, ask, shape->start, false);
	unsigned xn;

	if (f.a.why != TWIN_OK)
		return f.a;
	f.a.readable = bit(f.leaf, 6);
	f.a.writable = bit(f.leaf, 7);
	xn = bit(f.leaf, 54) * 2u + bit(f.leaf, 53);
	if (!(shape->options & TWIN_VMSA_XNX))
		xn = bit(f.leaf, 54) ? 2 : 0;
	f.a.executable = xn == 0 || xn == 1;
	f.a.privileged_executable = xn == 0 || xn == 3;

	if ((ask->read && !f.a.readable) || (ask->write && !f.a.writable) ||
	    (ask->execute && !(ask->user ? f.a.executable : f.a.privileged_executable)))
		f.a.why = TWIN_PERMISSION;
	return f.a;
}

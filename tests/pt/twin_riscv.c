/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* RISC-V, "Virtual Address Translation Process", in Sv32, Sv39, Sv48, Sv57 and the x4 schemes. */
#include "twin.h"

static bool bit(uint64_t word, unsigned n)
{
	return word >> n & 1;
}

struct twin_answer twin_riscv(const struct twin_shape *shape, const struct twin_ask *ask)
{
	bool x4 = shape->options & TWIN_RV_X4;
	struct twin_answer a = { .why = TWIN_OK };
	bool small = shape->mode == 32; /* PTEs of 4 bytes, and 10 bits a level */
	unsigned vpn_bits = small ? 10 : 9, bytes = small ? 4 : 8;
	unsigned levels = (shape->mode - 12) / vpn_bits, i = levels;
	uint64_t table = ask->root, pte, vpn, ppn, offset;

	if (x4) {
		if (ask->input >> (shape->mode + 2)) {
			a.why = TWIN_INPUT;
			return a;
		}
	} else if (small) {
		if (ask->input >> 32) {
			a.why = TWIN_INPUT;
			return a;
		}
	} else {
		int64_t wide = (int64_t)(ask->input << (64 - shape->mode));

		if ((uint64_t)(wide >> (64 - shape->mode)) != ask->input) {
			a.why = TWIN_INPUT;
			return a;
		}
	}

	for (;;) {
		i--;
		a.level = i;
		vpn = ask->input >> (12 + vpn_bits * i);
		vpn %= 1u << (x4 && i == levels - 1 ? vpn_bits + 2 : vpn_bits);
		if (!ask->load(ask->ctx, table + vpn * bytes, &pte)) {
			a.why = TWIN_BUS;
			return a;
		}
		ppn = pte >> 10 & 0xfffffffffffull;
		a.why = TWIN_MALFORMED;
		if (!bit(pte, 0)) {
			a.why = TWIN_NOT_PRESENT;
			return a;
		}
		if (!bit(pte, 1) && bit(pte, 2))
			return a;
		if (pte >> 54 & 0x7f) /* 58:54, and 60:59 without Svrsw60t59b */
			return a;
		if ((pte >> 61 & 3) == 3 || ((pte >> 61 & 3) && !(shape->options & TWIN_RV_SVPBMT)))
			return a;
		if (bit(pte, 63) && i > 0)
			return a;
		if (bit(pte, 1) || bit(pte, 3))
			break;
		/* a pointer */
		if (i == 0 || bit(pte, 63) || (pte >> 61 & 3) || bit(pte, 4) || bit(pte, 6) ||
		    bit(pte, 7))
			return a;
		table = ppn * 4096;
	}

	a.size_lg2 = 12 + vpn_bits * i;
	if (bit(pte, 63)) {
		if ((ppn & 15) != 8)
			return a;
		a.size_lg2 = 16;
		ppn -= 8;
	}
	offset = ask->input % (1ull << a.size_lg2);
	if (ppn * 4096 % (1ull << a.size_lg2))
		return a;
	a.address = ppn * 4096 + offset;
	a.readable = bit(pte, 1);
	a.writable = bit(pte, 2);
	a.executable = bit(pte, 3);
	a.users = bit(pte, 4);

	a.why = TWIN_PERMISSION;
	if ((ask->read && !a.readable) || (ask->write && !a.writable) ||
	    (ask->execute && !a.executable))
		return a;
	if (ask->user && !a.users)
		return a;
	if (!ask->user && a.users && (ask->execute || !ask->user_pages))
		return a;
	a.why = !bit(pte, 6) ? TWIN_ACCESSED : ask->write && !bit(pte, 7) ? TWIN_DIRTY : TWIN_OK;
	return a;
}

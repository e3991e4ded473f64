/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Tables with 32-bit entries; see sv32.h. */
#include "sv32.h"

uint32_t pte32(uint64_t pa, unsigned low)
{
	return (uint32_t)(pa >> 12 << 10) | low;
}

uint32_t leaf32(uint64_t pa)
{
	return pte32(pa, 0xdf);
}

uint32_t swap32(uint32_t v)
{
	return (uint32_t)(swap64(v) >> 32);
}

struct rig *rig32(uint64_t cap, uint32_t fctl)
{
	const struct iom_riscv_config config = {
		.capabilities = cap,
		.flags = IOM_RISCV_UNCACHED | IOM_RISCV_GXL_WRITABLE,
	};
	struct rig *r = rig_new_config(&config);

	wr32(r, FCTL, fctl);
	CHECK_EQ(rd32(r, FCTL), fctl);
	rig_ddt(r, 1);
	rig_fq(r, 5, false);
	return r;
}

uint64_t map32(struct rig *r, uint64_t root, bool x4, uint64_t input, unsigned level, uint32_t pte,
               bool big)
{
	uint64_t entry = root + 4 * (input >> 22 & (x4 ? 0xfff : 0x3ff));
	uint32_t pointer;

	if (!level) {
		if (!ram32(r, entry)) {
			pointer = pte32(page(r), 1);
			put32(r, entry, big ? swap32(pointer) : pointer);
		}
		pointer = big ? swap32(ram32(r, entry)) : ram32(r, entry);
		entry = ((uint64_t)(pointer >> 10) << 12) + 4 * (input >> 12 & 0x3ff);
	}
	put32(r, entry, big ? swap32(pte) : pte);
	return entry;
}

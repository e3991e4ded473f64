/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* RISC-V's IOMMU, as ill.h wants to know it. */
#include "ill.h"

enum { DDTP = 0x010, CQH = 0x020, CQCSR = 0x048, PQCSR = 0x050 };

static struct bench *bench(void)
{
	return bench_new(NULL);
}

/* Busy bits stay, and the head. */
static uint64_t unending(const struct ill *w, uint64_t off, uint64_t val)
{
	if (off >= CQCSR && off <= PQCSR)
		val |= 1 << 17;
	return off == DDTP ? val | 1 << 4 : off == CQH ? w->head : val;
}

static bool is_off(struct bench *b)
{
	return bench_rd64(b, DDTP) % 16 < 2 && !(bench_rd32(b, CQCSR) & 0x30001);
}

static uint64_t entry(uint64_t spa, bool leaf)
{
	return spa >> 12 << 10 | (leaf ? 0xd7 : 0x01);
}

const struct hardware ill_riscv = {
	.name = "RISC-V",
	.bench = bench,
	.unending = unending,
	.is_off = is_off,
	.blocked = { 258 },
	.format = IOM_FORMAT_RISCV_SV39,
	.levels = 3,
	.entry = entry,
	.files = true,
};

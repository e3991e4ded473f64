/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The register map of registers_map.h. */
#include "registers_map.h"

/* Bits that software may set, with one of these capabilities (0: always); the rest reads 0. */
static const struct {
	uint16_t off;
	uint32_t bits;
	uint64_t cap, ecap;
} held[] = {
	{ RTADDR, 0xfffffc00, 0, 0 },
	{ RTADDR, 0x80, 0, ECAP_SSIRWS },
	{ RTADDR + 4, ~0u, 0, 0 },
	{ CCMD, 0xffff, 0, 0 }, /* SID and FM are write-only */
	{ CCMD + 4, 0x60000000, 0, 0 },
	{ FECTL, 0x80000000, 0, 0 },
	{ FECTL + xDATA, 0xffff, 0, 0 },
	{ FECTL + xADDR, 0xfffffffc, 0, 0 },
	{ FECTL + xUADDR, ~0u, 0, ECAP_EIM },
	{ PLMBASE, 0xffe00000, CAP_PLMR, 0 },
	{ PLMLIMIT, 0xffe00000, CAP_PLMR, 0 },
	{ PHMBASE, 0xffe00000, CAP_PHMR, 0 },
	{ PHMBASE + 4, ~0u, CAP_PHMR, 0 },
	{ PHMLIMIT, 0xffe00000, CAP_PHMR, 0 },
	{ PHMLIMIT + 4, ~0u, CAP_PHMR, 0 },
	{ IQT, 0x7fff0, 0, ECAP_QI },
	/* DW too where it is not allowed: that is an error of the queue (IQEI 5). */
	{ IQA, 0xfffff807, 0, ECAP_QI },
	{ IQA + 4, ~0u, 0, ECAP_QI },
	{ IECTL, 0x80000000, 0, ECAP_QI },
	{ IECTL + xDATA, 0xffff, 0, ECAP_QI },
	{ IECTL + xADDR, 0xfffffffc, 0, ECAP_QI },
	{ IECTL + xUADDR, ~0u, 0, ECAP_EIM },
	{ IRTA, 0xfffff00f, 0, ECAP_IR },
	{ IRTA, 0x800, 0, ECAP_EIM },
	{ IRTA + 4, ~0u, 0, ECAP_IR },
	{ PQH, 0x7ffe0, 0, ECAP_PRS },
	{ PQT, 0x7ffe0, 0, ECAP_PRS },
	{ PQA, 0xfffff007, 0, ECAP_PRS },
	{ PQA + 4, ~0u, 0, ECAP_PRS },
	{ PECTL, 0x80000000, 0, ECAP_PRS },
	{ PECTL + xDATA, 0xffff, 0, ECAP_PRS },
	{ PECTL + xADDR, 0xfffffffc, 0, ECAP_PRS },
	{ PECTL + xUADDR, ~0u, 0, ECAP_PRS },
};

static uint32_t value(const struct rig *r, uint64_t off)
{
	switch (off) {
	case VER:
		return r->config.version;
	case CAP:
		return (uint32_t)r->config.cap;
	case CAP + 4:
		return (uint32_t)(r->config.cap >> 32);
	case ECAP:
		return (uint32_t)r->config.ecap;
	case ECAP + 4:
		return (uint32_t)(r->config.ecap >> 32);
	default:
		return 0;
	}
}

struct dword map_dword(const struct rig *r, uint64_t off)
{
	const uint64_t iotlb = 16 * (r->config.ecap >> 8 & 0x3ff) + 8;
	struct dword is = {
		.reset = value(r, off), .write = ~0u, .reads = value(r, off), .known = ~0u
	};
	size_t i;

	for (i = 0; i < sizeof(held) / sizeof(*held); i++)
		if (held[i].off == off &&
		    (!(held[i].cap | held[i].ecap) || held[i].cap & r->config.cap ||
		     held[i].ecap & r->config.ecap))
			is.reads |= held[i].bits;
	if (off == FECTL || off == IECTL || off == PECTL)
		is.reset = is.reads;
	if (off == PECTL + xUADDR && !(r->config.ecap & ECAP_EIM))
		is.reads = 0;
	if (off == GCMD)
		is.write = 0;
	/* EPM, ICC, IVT */
	if (off == PMEN || off == CCMD + 4 || off == iotlb + 4)
		is.write = 0x7fffffff;
	/* Reserved, IAIG and IVT; the rest is not told to be readable. */
	if (off == iotlb + 4)
		is.known = 0xcffc0000;
	return is;
}

void map_check_reset(struct rig *r)
{
	uint64_t off;

	for (off = 0; off < WINDOW; off += 4) {
		const struct dword want = map_dword(r, off);

		CHECK_MSG(rd32(r, off) == want.reset, "offset 0x%llx reads 0x%x, should be 0x%x",
		          (unsigned long long)off, rd32(r, off), want.reset);
	}
}

void map_check_written(struct rig *r)
{
	uint64_t off;

	for (off = 0; off < WINDOW; off += 4) {
		const struct dword want = map_dword(r, off);

		CHECK_MSG((rd32(r, off) & want.known) == want.reads,
		          "offset 0x%llx reads 0x%x, should be 0x%x", (unsigned long long)off,
		          rd32(r, off), want.reads);
	}
}

void window_save(struct rig *r, struct window *w)
{
	uint64_t off;

	for (off = 0; off < WINDOW; off += 4)
		w->dword[off / 4] = rd32(r, off);
}

void window_same(struct rig *r, const struct window *w)
{
	uint64_t off;

	for (off = 0; off < WINDOW; off += 4)
		CHECK_MSG(rd32(r, off) == w->dword[off / 4], "offset 0x%llx was 0x%x, is 0x%x",
		          (unsigned long long)off, w->dword[off / 4], rd32(r, off));
}

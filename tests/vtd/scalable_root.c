/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The root table in scalable mode. */
#include "rig.h"

#define IOVA 0x12345678ull

/* Scalable mode; requests of `sid` without PASID pass through. */
static void passes(struct rig *r, uint16_t sid)
{
	rig_device(r, sid, 0, 0, 0);
	rig_pasid_put(r, sid, 0, PE_P | PGTT_PASS, 1, 0);
	rig_grants(r, sid, rq(IOVA, IOM_READ), IOVA);
}

TEST(sroot_halves, "VTD-SROOT-01 VTD-SROOT-02 VTD-SCTX-01")
{
	const uint16_t sid[] = { 0x0000, 0x007f, 0x0080, 0x00ff, 0x0140, 0x01c0, 0xff00, 0xffff };
	const unsigned n = sizeof(sid) / sizeof(*sid);
	unsigned i, j;

	/* Alone, with the other half not present. */
	for (i = 0; i < n; i++) {
		struct rig *r = rig_new();
		uint64_t entry;

		rig_on(r, TTM_SCALABLE);
		passes(r, sid[i]);
		/* The half is the one of devfn bit 7, and the unused one may hold anything but P. */
		entry = r->root + 16ull * (sid[i] >> 8);
		CHECK(ram64(r, entry + (sid[i] & 0x80 ? 8 : 0)));
		put64(r, entry + (sid[i] & 0x80 ? 0 : 8), ~1ull);
		rig_grants(r, sid[i], rq(IOVA, IOM_READ), IOVA);
		rig_refuses(r, sid[i] ^ 0x80, rq(IOVA, IOM_READ), 0x39);
		put64(r, entry + (sid[i] & 0x80 ? 0 : 8), 0);
		for (j = 0; j < n; j++) {
			if (i == j)
				continue;
			rig_refuses(r, sid[j], rq(IOVA, IOM_READ),
			            sid[i] >> 7 == sid[j] >> 7 ? 0x41 : 0x39);
		}
		rig_free(r);
	}
}

TEST(scontext_places, "VTD-SCTX-01")
{
	struct rig *r = rig_new();
	uint64_t directory[2] = { page(r), page(r) }, table[2] = { page(r), page(r) };
	uint64_t lower = page(r), upper = page(r);
	unsigned devfn;

	rig_on(r, TTM_SCALABLE);
	put64(r, r->root + 16, lower | 1);
	put64(r, r->root + 24, upper | 1);
	for (devfn = 0; devfn < 2; devfn++) {
		put64(r, directory[devfn], table[devfn] | 1);
		put64(r, table[devfn] + 8, 1);
		put64(r, table[devfn], PE_P | PGTT_PASS);
	}
	for (devfn = 0; devfn < 0x100; devfn++) {
		uint64_t entry = (devfn < 0x80 ? lower : upper) + 32 * (devfn % 0x80);

		rig_refuses(r, (uint16_t)(0x100 | devfn), rq(IOVA, IOM_READ), 0x41);
		put64(r, entry, directory[devfn / 0x80] | 1);
		rig_grants(r, (uint16_t)(0x100 | devfn), rq(IOVA, IOM_READ), IOVA);
		put64(r, entry, 0);
	}
	rig_free(r);
}

TEST(sroot_unreadable, "VTD-SROOT-03")
{
	const uint16_t sid[] = { 0x0123, 0x01a3 };
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct rig *r = rig_new();
		uint64_t half = r->next + 16 + 8 * i; /* the root is the next page */

		rig_on(r, TTM_SCALABLE);
		passes(r, sid[i]);
		put64(r, rig_scontext(r, sid[i]), ram64(r, rig_scontext(r, sid[i])) | FPD);
		CHECK_EQ(iom_memory_poison(r->memory, half, 8), IOM_OK);
		rig_refuses(r, sid[i], rq(IOVA, IOM_READ), 0x38);
		rig_refuses(r, sid[i], rq(IOVA, IOM_WRITE), 0x38);
		CHECK_EQ(iom_memory_cure(r->memory, half, 8), IOM_OK);
		rig_rtaddr(r, RIG_NOWHERE | TTM_SCALABLE << 10);
		rig_refuses(r, sid[i], rq(IOVA, IOM_READ), 0x38);
		rig_rtaddr(r, r->root | TTM_SCALABLE << 10);
		rig_grants(r, sid[i], rq(IOVA, IOM_READ), IOVA);

		put64(r, half, ram64(r, half) & ~1ull);
		rig_refuses(r, sid[i], rq(IOVA, IOM_READ), 0x39);
		put64(r, half, ~1ull);
		rig_refuses(r, sid[i], rq(IOVA, IOM_READ), 0x39);
		rig_free(r);
	}
}

TEST(sroot_reserved, "VTD-SROOT-03")
{
	const uint16_t sid[] = { 0x0123, 0x01a3 };
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct rig *r = rig_new();

		rig_on(r, TTM_SCALABLE);
		passes(r, sid[i]);
		put64(r, rig_scontext(r, sid[i]), ram64(r, rig_scontext(r, sid[i])) | FPD);
		rig_reserved(r, r->root + 16 + 8 * i, 0xffe | ~0ull << RIG_HAW, sid[i],
		             rq(IOVA, IOM_READ), 0x3a);
		rig_grants(r, sid[i], rq(IOVA, IOM_READ), IOVA);
		rig_free(r);
	}
}

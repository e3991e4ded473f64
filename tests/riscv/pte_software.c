/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Svrsw60t59b: bits 60 and 59 of entries, software's own or reserved. */
#include "sv32.h"

/* A leaf at `level`, and a pointer there, with further bits. */
static void entry(struct stage *s, unsigned level, uint64_t bits, bool good)
{
	uint64_t iova = stage_iova(s, level), at;

	for (unsigned pointer = 0; pointer < (level ? 2 : 1); pointer++) {
		at = stage_map(s, iova, level, 0);
		put64(s->r, at, leaf(STAGE_FAR));
		if (pointer) {
			put64(s->r, at, PTE_POINTER(page(s->r)));
			stage_map(s, iova, 0, leaf(STAGE_FAR));
		}
		CHECK_EQ(rig_cause(s->r, STAGE_DEVICE, iova, IOM_WRITE), 0);
		put64(s->r, at, ram64(s->r, at) | bits);
		if (good)
			CHECK_EQ(rig_spa(s->r, STAGE_DEVICE, iova) & 0xfff, iova & 0xfff);
		else
			stage_refuses(s, iova, "bits that are reserved");
		put64(s->r, at, 0);
	}
}

TEST(bits_60_and_59, "RV-S1-10")
{
	for (unsigned has = 0; has < 2; has++)
		for (unsigned second = 0; second < 2; second++)
			for (unsigned levels = 3; levels <= 5; levels++) {
				struct stage s;

				stage_init(&s, CAP_EXT | (has ? CAP_SVRSW60T59B : 0), second,
				           levels, 0);
				for (unsigned level = 0; level < levels; level++)
					for (uint64_t bits = 1; bits < 4; bits++) {
						entry(&s, level, bits << 59, has);
						entry(&s, level, bits << 59 | 1ull << 58, false);
					}
				rig_free(s.r);
			}
}

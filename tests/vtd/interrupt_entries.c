/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt remapping: entries of the table, and what they send. */
#include "irte.h"

#define VECTOR(n) (IRTE_P | IRTE_V(n) | IRTE_DST(0x500))
#define OUT 0xfee05000ull

TEST(entry_is_one_read, "")
{
	struct irt t;

	irt_on(&t, rig_new(), 7, false);
	irt_put(&t, 9, VECTOR(0x31), 0);
	rig_watch(t.r);
	irt_delivers(&t, 9, OUT, 0x4031);
	CHECK(t.r->owns >= 1);
	CHECK_EQ(t.r->own[0].spa, t.table + 16 * 9);
	CHECK_EQ(t.r->own[0].bytes, 16);
	CHECK(!t.r->own[0].write);
	rig_free(t.r);
}

TEST(entry_that_is_not_present, "VTD-IR-10 VTD-IR-18 VTD-IR-28")
{
	struct irt t;

	irt_on(&t, rig_new(), 7, false);
	irt_blocks(&t, IRTE_SID, irte_address(5, false), 0, 0x22, 5);
	irt_put(&t, 5, ~3ull, ~0ull);
	irt_blocks(&t, IRTE_SID, irte_address(5, false), 0, 0x22, 5);
	irt_put(&t, 5, FPD, 0);
	irt_blocks_quietly(&t, IRTE_SID, irte_address(5, false), 0, 0x22);
	irt_put(&t, 5, ~1ull, ~0ull);
	irt_blocks_quietly(&t, IRTE_SID, irte_address(5, false), 0, 0x22);
	rig_free(t.r);
}

/* Where bit `bit` of the two words is. */
static void flip(struct irt *t, unsigned index, unsigned bit)
{
	uint64_t spa = t->table + 16ull * index + (bit < 64 ? 0 : 8);

	put64(t->r, spa, ram64(t->r, spa) ^ 1ull << (bit & 63));
}

static void sweep(bool eime, uint64_t cap, uint64_t qw0, uint64_t reserved0, uint64_t reserved1)
{
	struct irt t;
	unsigned bit;

	irt_on(&t, rig_new_caps(cap, ECAP_ALL), 7, eime);
	irt_put(&t, 6, qw0, 0);
	for (bit = 0; bit < 128; bit++) {
		if (!((bit < 64 ? reserved0 : reserved1) >> (bit & 63) & 1))
			continue;
		flip(&t, 6, bit);
		irt_blocks(&t, IRTE_SID, irte_address(6, false), 0, 0x24, 6);
		flip(&t, 6, 1);
		irt_blocks_quietly(&t, IRTE_SID, irte_address(6, false), 0, 0x24);
		flip(&t, 6, 1);
		flip(&t, 6, bit);
	}
	/* Bits 11:8 are software's. */
	for (bit = 8; bit < 12; bit++) {
		flip(&t, 6, bit);
		irt_delivers(&t, 6, OUT, 0x4031);
		flip(&t, 6, bit);
	}
	rig_free(t.r);
}

TEST(reserved_bits_of_an_entry, "VTD-IR-11 VTD-IR-28 VTD-PI-01")
{
	const uint64_t high = ~0ull << 20;

	sweep(false, CAP_ALL, VECTOR(0x31), 0xffff00ffff007000, high);
	sweep(true, CAP_ALL, IRTE_P | IRTE_V(0x31) | IRTE_DST(5), 0xff007000, high);
	/* Without posting, IM is reserved like its neighbours. */
	sweep(false, CAP_ALL & ~CAP_PI, VECTOR(0x31), 0xffff00ffff00f000, high);
	sweep(true, CAP_ALL & ~CAP_PI, IRTE_P | IRTE_V(0x31) | IRTE_DST(5), 0xff00f000, high);
}

TEST(delivery_modes, "VTD-IR-11 VTD-IR-17")
{
	struct irt t;
	unsigned dlm;

	irt_on(&t, rig_new(), 7, false);
	for (dlm = 0; dlm < 8; dlm++) {
		irt_put(&t, 6, VECTOR(0x31) | IRTE_DLM(dlm), 0);
		if (dlm == 3 || dlm == 6)
			irt_blocks(&t, IRTE_SID, irte_address(6, false), 0, 0x24, 6);
		else
			irt_delivers(&t, 6, OUT, 0x4031 | dlm << 8);
		irt_put(&t, 6, VECTOR(0x31) | IRTE_DLM(dlm) | IRTE_LEVEL, 0);
		if (dlm < 2)
			irt_delivers(&t, 6, OUT, 0xc031 | dlm << 8);
		else if (dlm != 3 && dlm != 6)
			irt_delivers(&t, 6, OUT, 0x4031 | dlm << 8);
	}
	rig_free(t.r);
}

TEST(what_an_entry_sends, "VTD-IR-17")
{
	struct irt t;
	unsigned bit;

	irt_on(&t, rig_new(), 7, false);
	irt_put(&t, 6, VECTOR(0x31) | IRTE_LOGICAL, 0);
	irt_delivers(&t, 6, OUT | 4, 0x4031);
	irt_put(&t, 6, VECTOR(0x31) | IRTE_RH, 0);
	irt_delivers(&t, 6, OUT | 8, 0x4031);
	for (bit = 0; bit < 8; bit++) {
		irt_put(&t, 6, IRTE_P | IRTE_V(1u << bit) | IRTE_DST(0x100u << bit), 0);
		irt_delivers(&t, 6, 0xfee00000 | 0x1000u << bit, 0x4000 | 1u << bit);
	}
	/* The message's own vector, modes and trigger do not matter. */
	irt_put(&t, 6, VECTOR(0x31), 0);
	irt_sends(&t, IRTE_SID, irte_address(6, false), 0xc755, OUT, 0x4031);
	rig_free(t.r);

	irt_on(&t, rig_new(), 7, true);
	for (bit = 0; bit < 32; bit++) {
		const uint64_t to = 1ull << bit;

		irt_put(&t, 6, IRTE_P | IRTE_V(0x31) | IRTE_LOGICAL | IRTE_DST(to), 0);
		irt_delivers(&t, 6, 0xfee00004 | (to & 0xff) << 12 | (to & ~0xffull) << 32, 0x4031);
	}
	irt_put(&t, 6, IRTE_P | IRTE_V(0x31) | IRTE_RH | IRTE_DST(0xdeadbeef), 0);
	irt_delivers(&t, 6, 0xdeadbe00feeef008, 0x4031);
	rig_free(t.r);
}

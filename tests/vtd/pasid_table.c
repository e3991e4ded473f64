/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* PASID table entries: what is checked, and in which order. */
#include "pasid_kinds.h"

TEST(pasid_index, "VTD-PASID-01")
{
	struct kinds k = kinds_new(PGTT_PASS);
	struct rig *r = k.r;
	uint64_t table = k.entry & ~0xfffull;
	unsigned i, word;

	put64(r, k.entry, 0);
	for (i = 1; i < 64; i++) {
		rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, i), 0x59);
		put64(r, table + 64ull * i + 8, 1);
		put64(r, table + 64ull * i, PE_P | PGTT_PASS);
		rig_grants(r, SID, rq_pid(IOVA, IOM_READ, i), IOVA);
		put64(r, table + 64ull * i, 0);
	}
	put64(r, k.entry, PE_P | PGTT_PASS | FPD);
	for (word = 0; word < 8; word++) {
		CHECK_EQ(iom_memory_poison(r->memory, k.entry + 8ull * word, 8), IOM_OK);
		rig_refuses(r, SID, by_pasid(), 0x58);
		CHECK_EQ(iom_memory_cure(r->memory, k.entry + 8ull * word, 8), IOM_OK);
	}
	rig_grants(r, SID, by_pasid(), IOVA);

	/* Nothing behind its first 32 bytes; and nothing at all. */
	rig_ram_at(r, RIG_NOWHERE + 64 * PASID, 32);
	put64(r, RIG_NOWHERE + 64 * PASID + 8, 1);
	put64(r, RIG_NOWHERE + 64 * PASID, PE_P | FPD | PGTT_PASS);
	put64(r, rig_directory(r, SID, PASID), RIG_NOWHERE | 1);
	rig_refuses(r, SID, by_pasid(), 0x58);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x58);
	rig_ram_at(r, RIG_NOWHERE + 64 * PASID + 32, 32);
	rig_grants(r, SID, by_pasid(), IOVA);
	rig_free(r);
}

TEST(pasid_not_present, "VTD-PASID-02")
{
	struct kinds k = kinds_new(PGTT_PASS);
	unsigned pgtt, i;

	for (pgtt = 0; pgtt < 8; pgtt++) {
		put64(k.r, k.entry, (uint64_t)pgtt << 6);
		rig_refuses(k.r, SID, by_pasid(), 0x59);
	}
	for (i = 1; i < 8; i++)
		put64(k.r, k.entry + 8ull * i, ~0ull);
	put64(k.r, k.entry, ~3ull);
	rig_refuses(k.r, SID, by_pasid(), 0x59);
	put64(k.r, k.entry, ~1ull);
	rig_refuses_quietly(k.r, SID, by_pasid(), 0x59);
	rig_free(k.r);
}

TEST(pasid_reserved, "VTD-PASID-03 VTD-PT-03")
{
	unsigned i, word;

	for (i = 0; i < 4; i++) {
		struct kinds k = kinds_new(pgtts[i]);
		struct rig *r = k.r;

		rig_reserved(r, k.entry, 0xc20 | ~0ull << RIG_HAW, SID, by_pasid(), 0x5a);
		/* 86:80, 95:91; 89, 90 and 127:96 without memory types */
		rig_reserved(r, k.entry + 8, 0xfffffffffe7f0000, SID, by_pasid(), 0x5a);
		rig_reserved(r, k.entry + 16, 0xf02, SID, by_pasid(), 0x5a);
		if (pgtts[i] == PGTT_FS)
			rig_reserved(r, k.entry + 16, ~0ull << RIG_HAW, SID, by_pasid(), 0x5a);
		for (word = 3; word < 8; word++)
			rig_reserved(r, k.entry + 8ull * word, ~0ull, SID, by_pasid(), 0x5a);
		rig_grants(r, SID, by_pasid(), IOVA);
		rig_free(r);
	}
}

TEST(pasid_ignored, "VTD-PASID-04")
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		struct kinds k = kinds_new(pgtts[i]);

		rig_ignored(k.r, k.entry + 16, 0x60, SID, by_pasid(), IOVA);
		put64(k.r, k.entry + 16, ram64(k.r, k.entry + 16) | 0x60);
		rig_grants(k.r, SID, rq_pid(IOVA, IOM_WRITE, PASID), IOVA);
		rig_free(k.r);
	}
}

TEST(pasid_reserved_comes_first, "VTD-PASID-09")
{
	struct kinds k = kinds_new(PGTT_SS);

	kinds_put(&k, PASID, 5ull << 6, 1ull << 10, 0, 0);
	rig_refuses(k.r, SID, by_pasid(), 0x5a);
	kinds_put(&k, PASID, 0, 0, 0, 1 << 1);
	rig_refuses(k.r, SID, by_pasid(), 0x5a);
	kinds_put(&k, PASID, PGTT_FS, 0, 0, 3ull << 2);
	put64(k.r, k.entry + 56, 1ull << 63);
	rig_refuses(k.r, SID, by_pasid(), 0x5a);
	put64(k.r, k.entry + 56, 0);
	rig_refuses(k.r, SID, by_pasid(), 0x5b);
	kinds_put(&k, PASID, PGTT_SS, 0, 0, 0);
	put64(k.r, k.entry, (PE_P | PGTT_SS | k.ss) | 1 << 5); /* AW 000 */
	rig_refuses(k.r, SID, by_pasid(), 0x5a);
	rig_free(k.r);
}

TEST(pasid_supervisor_requests, "VTD-PASID-10 VTD-PT-03")
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		struct kinds k = kinds_new(pgtts[i]);
		struct rig *r = k.r;

		rig_refuses(r, SID, rq_priv(IOVA, IOM_READ, PASID), 0x5d);
		rig_refuses(r, SID, rq_priv(IOVA, IOM_WRITE, PASID), 0x5d);
		kinds_put(&k, PASID, pgtts[i], 0, PWSNP, SRE);
		rig_grants(r, SID, rq_priv(IOVA, IOM_READ, PASID), IOVA);
		rig_grants(r, SID, rq_priv(IOVA, IOM_WRITE, PASID), IOVA);
		kinds_put(&k, PASID, pgtts[i], FPD, PWSNP, 0);
		rig_refuses_quietly(r, SID, rq_priv(IOVA, IOM_WRITE, PASID), 0x5d);
		/* Without PASID, by RID_PRIV. */
		put64(r, rig_scontext(r, SID) + 8, RID_PRIV);
		rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x5d);
		kinds_put(&k, 0, pgtts[i], 0, PWSNP, SRE);
		rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
		rig_free(r);
	}
}

TEST(pasid_fault_processing_disable, "VTD-PASID-11 VTD-PASID-12")
{
	unsigned who;

	for (who = 0; who < 4; who++) {
		struct kinds k = kinds_new(PGTT_SS);
		struct rig *r = k.r;
		const uint64_t at[] = { 0, rig_scontext(r, SID), rig_directory(r, SID, PASID),
			                k.entry };
		uint64_t above = IOVA | 1ull << 32;

		if (who)
			put64(r, at[who], ram64(r, at[who]) | FPD);
		if (who) {
			rig_refuses_quietly(r, SID, rq_pid(above, IOM_READ, PASID), 0x79);
			rig_refuses_quietly(r, SID, rq_pid(1ull << 48, IOM_READ, PASID), 0x84);
		} else {
			rig_refuses(r, SID, rq_pid(above, IOM_READ, PASID), 0x79);
			rig_refuses(r, SID, rq_pid(1ull << 48, IOM_READ, PASID), 0x84);
		}
		/* All three of them hide nothing of this. */
		put64(r, at[1], ram64(r, at[1]) | FPD);
		put64(r, at[2], ram64(r, at[2]) | FPD);
		CHECK_EQ(iom_memory_poison(r->memory, k.entry, 64), IOM_OK);
		rig_refuses(r, SID, by_pasid(), 0x58);
		CHECK_EQ(iom_memory_poison(r->memory, at[2], 8), IOM_OK);
		rig_refuses(r, SID, by_pasid(), 0x50);
		CHECK_EQ(iom_memory_poison(r->memory, at[1], 32), IOM_OK);
		rig_refuses(r, SID, by_pasid(), 0x40);
		CHECK_EQ(iom_memory_poison(r->memory, r->root + 16, 16), IOM_OK);
		rig_refuses(r, SID, by_pasid(), 0x38);
		rig_free(r);
	}
}

TEST(pasid_nested_pointer, "VTD-PASID-13")
{
	unsigned aw, bit;

	for (aw = 1; aw <= 3; aw++) {
		struct kinds k = kinds_new(PGTT_NEST);
		unsigned width = 30 + 9 * aw;
		uint64_t ss = page(k.r);

		/* The last bit below: translated, and not mapped. */
		put64(k.r, k.entry, PE_P | PGTT_NEST | aw << 2 | ss);
		for (bit = 32; bit < 64; bit++) {
			put64(k.r, k.entry + 16, 1ull << bit | k.fs);
			rig_refuses(k.r, SID, by_pasid(), bit >= width ? 0x5b : 0x79);
		}
		rig_free(k.r);
	}
}

TEST(pasid_domain_width, "VTD-PASID-14")
{
	unsigned nd, i;

	for (nd = 0; nd < 7; nd++)
		for (i = 0; i < 4; i++) {
			struct kinds k =
				kinds_caps((CAP_ALL & ~CAP_ND(7)) | CAP_ND(nd), ECAP_ALL, pgtts[i]);
			uint64_t wide = 0xffffull & (~0ull << (4 + 2 * nd));

			rig_reserved(k.r, k.entry + 8, wide, SID, by_pasid(), 0x5a);
			rig_ignored(k.r, k.entry + 8, 0xffffull & ~wide, SID, by_pasid(), IOVA);
			rig_free(k.r);
		}
}

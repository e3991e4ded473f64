/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* PASID table entries: what is checked, and in which order. */
#include "rig.h"

#define SID 0x0123
#define PASID 9
#define IOVA 0x12345678ull

static const uint64_t pgtts[] = { PGTT_FS, PGTT_SS, PGTT_NEST, PGTT_PASS };

/*
 * PASID 9 of SID, and RID_PASID 0, by each kind of tables: the first stage, whose tables stand at the
 * same guest addresses, leads IOVA to itself, and so does the second, which maps the first 4 GiB.
 */
struct kinds {
	struct rig *r;
	uint64_t fs, ss;
	uint64_t entry; /* SPA of PASID 9's */
};

static void put(struct kinds *k, uint32_t pasid, uint64_t pgtt, uint64_t qw0, uint64_t qw1,
                uint64_t qw2)
{
	if (pgtt == PGTT_SS || pgtt == PGTT_NEST)
		qw0 |= k->ss | PE_AW(4);
	if (pgtt == PGTT_FS || pgtt == PGTT_NEST)
		qw2 |= k->fs;
	rig_pasid_put(k->r, SID, pasid, PE_P | pgtt | qw0, 7 | qw1, qw2);
}

static struct kinds kinds_caps(uint64_t cap, uint64_t ecap, uint64_t pgtt)
{
	struct kinds k = { .r = rig_new_caps(cap, ecap) };
	unsigned i;

	k.fs = page(k.r);
	k.ss = page(k.r);
	rig_on(k.r, TTM_SCALABLE);
	rig_device(k.r, SID, 0, PASIDE | DTE, 0);
	for (i = 0; i < 4; i++)
		rig_ss(k.r, k.ss, 4, (uint64_t)i << 30, 3, (uint64_t)i << 30 | SS_RW | SS_PS);
	rig_fs(k.r, k.fs, 4, IOVA, 1, (IOVA & ~0xfffull) | FS_PRU);
	put(&k, PASID, pgtt, 0, PWSNP, 0);
	put(&k, 0, pgtt, 0, PWSNP, 0);
	k.entry = rig_pasid(k.r, SID, PASID);
	return k;
}

static struct kinds kinds(uint64_t pgtt)
{
	struct kinds k = kinds_caps(CAP_ALL, ECAP_ALL, pgtt);

	rig_grants(k.r, SID, rq_pid(IOVA, IOM_READ, PASID), IOVA);
	rig_grants(k.r, SID, rq(IOVA, IOM_READ), IOVA);
	return k;
}

static struct iom_request by_pasid(void)
{
	return rq_pid(IOVA, IOM_READ, PASID);
}

TEST(pasid_index, "VTD-PASID-01")
{
	struct kinds k = kinds(PGTT_PASS);
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
	struct kinds k = kinds(PGTT_PASS);
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
		struct kinds k = kinds(pgtts[i]);
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
		struct kinds k = kinds(pgtts[i]);

		rig_ignored(k.r, k.entry + 16, 0x60, SID, by_pasid(), IOVA);
		put64(k.r, k.entry + 16, ram64(k.r, k.entry + 16) | 0x60);
		rig_grants(k.r, SID, rq_pid(IOVA, IOM_WRITE, PASID), IOVA);
		rig_free(k.r);
	}
}

TEST(pasid_fields_without_capability, "VTD-PASID-05")
{
	const struct {
		uint64_t cap, without, pgtt;
		unsigned word;
		uint64_t mask;
	} row[] = {
		{ 0, ECAP_SSADS, PGTT_SS, 0, SSADE },
		{ 0, ECAP_SSADS, PGTT_NEST, 0, SSADE },
		{ 0, ECAP_SMPWCS | ECAP_SSADS | ECAP_EAFS, PGTT_SS, 1, PWSNP },
		{ 0, ECAP_SMPWCS | ECAP_SSADS | ECAP_EAFS, PGTT_PASS, 1, PWSNP },
		{ 0, ECAP_SC, PGTT_SS, 1, PGSNP },
		{ 0, ECAP_SC, PGTT_PASS, 1, PGSNP },
		{ 0, ECAP_SRS | ECAP_RPRIVS, PGTT_SS, 2, SRE },
		{ 0, ECAP_SRS | ECAP_RPRIVS, PGTT_FS, 2, SRE },
		{ 0, ECAP_SRS | ECAP_RPRIVS, PGTT_PASS, 2, SRE },
		{ 0, ECAP_EAFS, PGTT_FS, 2, EAFE },
		{ 0, ECAP_EAFS, PGTT_NEST, 2, EAFE },
		{ CAP_FS1GP | CAP_FS5LP, ECAP_FSTS | ECAP_EAFS | ECAP_NEST, PGTT_SS, 2,
		  ~0xfffull | WPE | FSPM_5 | 2 * FSPM_5 },
		{ 0, ECAP_SSTS | ECAP_NEST | ECAP_SSADS, PGTT_FS, 0, ~0xfffull | SSADE | 0x1c },
	};
	unsigned i;

	for (i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct kinds k =
			kinds_caps(CAP_ALL & ~row[i].cap, ECAP_ALL & ~row[i].without, row[i].pgtt);
		uint64_t update = row[i].mask == PWSNP ? 0 : PWSNP;

		if (row[i].without & ECAP_SMPWCS)
			update = 0;
		put(&k, PASID, row[i].pgtt, 0, update, 0);
		rig_reserved(k.r, k.entry + 8ull * row[i].word, row[i].mask, SID, by_pasid(), 0x5a);
		rig_grants(k.r, SID, by_pasid(), IOVA);
		rig_free(k.r);
	}
	/* The same bits are good where the capability is. */
	for (i = 0; i < 4; i++) {
		struct kinds k = kinds(pgtts[i]);

		put(&k, PASID, pgtts[i], pgtts[i] == PGTT_SS || pgtts[i] == PGTT_NEST ? SSADE : 0,
		    PWSNP | PGSNP,
		    SRE | (pgtts[i] == PGTT_FS || pgtts[i] == PGTT_NEST ? EAFE | WPE : 0));
		rig_grants(k.r, SID, by_pasid(), IOVA);
		rig_free(k.r);
	}
}

TEST(pasid_table_types, "VTD-PASID-06 VTD-NEST-10")
{
	const uint64_t fs1 = CAP_FS1GP | CAP_FS5LP;
	struct kinds k = kinds(PGTT_PASS);
	const unsigned bad[] = { 0, 5, 6, 7 };
	unsigned i;

	for (i = 0; i < 4; i++) {
		put64(k.r, k.entry, PE_P | (uint64_t)bad[i] << 6 | PE_AW(4) | k.ss);
		rig_refuses(k.r, SID, by_pasid(), 0x5b);
		put64(k.r, k.entry, PE_P | (uint64_t)bad[i] << 6 | FPD);
		rig_refuses_quietly(k.r, SID, by_pasid(), 0x5b);
	}
	rig_free(k.r);

	k = kinds_caps(CAP_ALL & ~fs1, ECAP_ALL & ~(ECAP_FSTS | ECAP_EAFS | ECAP_NEST), PGTT_PASS);
	rig_pasid_put(k.r, SID, PASID, PE_P | PGTT_FS, 7, 0);
	rig_refuses(k.r, SID, by_pasid(), 0x5b);
	put(&k, PASID, PGTT_SS, 0, 0, 0);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	rig_free(k.r);

	k = kinds_caps(CAP_ALL, ECAP_ALL & ~(ECAP_SSTS | ECAP_SSADS | ECAP_NEST), PGTT_PASS);
	rig_pasid_put(k.r, SID, PASID, PE_P | PGTT_SS, 7, 0);
	rig_refuses(k.r, SID, by_pasid(), 0x5b);
	put(&k, PASID, PGTT_FS, 0, PWSNP, 0);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	rig_free(k.r);

	k = kinds_caps(CAP_ALL, ECAP_ALL & ~ECAP_NEST, PGTT_NEST);
	rig_refuses(k.r, SID, by_pasid(), 0x5b);
	put(&k, PASID, PGTT_FS, 0, PWSNP, 0);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	put(&k, PASID, PGTT_SS, 0, PWSNP, 0);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	rig_free(k.r);

	k = kinds_caps(CAP_ALL, ECAP_ALL & ~ECAP_PT, PGTT_PASS);
	rig_refuses(k.r, SID, by_pasid(), 0x5b);
	put(&k, PASID, PGTT_NEST, 0, PWSNP, 0);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	rig_free(k.r);
}

TEST(pasid_address_width, "VTD-PASID-07 VTD-PT-03")
{
	unsigned i, aw, sagaw;

	for (sagaw = 1; sagaw < 8; sagaw++)
		for (i = 0; i < 4; i++) {
			struct kinds k = kinds_caps((CAP_ALL & ~CAP_SAGAW) | (uint64_t)sagaw << 9,
			                            ECAP_ALL, PGTT_PASS);
			uint64_t fs = pgtts[i] == PGTT_FS ? k.fs : 0;

			for (aw = 0; aw < 8; aw++) {
				bool there = aw >= 1 && aw <= 3 && sagaw >> (aw - 1) & 1;
				bool uses = pgtts[i] == PGTT_SS || pgtts[i] == PGTT_NEST;
				uint64_t ss = page(k.r);

				if (there && uses)
					rig_ss(k.r, ss, aw + 2, IOVA, 1,
					       (IOVA & ~0xfffull) | SS_RW);
				if (there && pgtts[i] == PGTT_NEST) {
					/* A table without entries, at its own guest address. */
					rig_ss(k.r, ss, aw + 2, k.fs, 1, k.fs | SS_RW);
					fs = k.fs;
				}
				rig_pasid_put(k.r, SID, PASID,
				              PE_P | pgtts[i] | (uint64_t)aw << 2 | ss, 7 | PWSNP,
				              fs);
				if (uses && !there)
					rig_refuses(k.r, SID, by_pasid(), 0x5b);
				else if (pgtts[i] == PGTT_NEST)
					/* It went on: the next tables of the first stage are not mapped. */
					rig_refuses(k.r, SID, by_pasid(), 0x79);
				else
					rig_grants(k.r, SID, by_pasid(), IOVA);
			}
			rig_free(k.r);
		}
}

TEST(pasid_first_stage_mode, "VTD-PASID-08")
{
	const uint64_t kind[] = { PGTT_FS, PGTT_NEST };
	unsigned i, fspm;

	for (i = 0; i < 2; i++) {
		struct kinds k = kinds(kind[i]);

		for (fspm = 2; fspm < 4; fspm++) {
			put(&k, PASID, kind[i], 0, PWSNP, (uint64_t)fspm << 2);
			rig_refuses(k.r, SID, by_pasid(), 0x5b);
			put(&k, PASID, kind[i], FPD, PWSNP, (uint64_t)fspm << 2);
			rig_refuses_quietly(k.r, SID, by_pasid(), 0x5b);
		}
		rig_free(k.r);
		k = kinds_caps(CAP_ALL & ~CAP_FS5LP, ECAP_ALL, kind[i]);
		rig_grants(k.r, SID, by_pasid(), IOVA);
		for (fspm = 1; fspm < 4; fspm++) {
			put(&k, PASID, kind[i], 0, PWSNP, (uint64_t)fspm << 2);
			rig_refuses(k.r, SID, by_pasid(), 0x5b);
		}
		rig_free(k.r);
	}
}

TEST(pasid_reserved_comes_first, "VTD-PASID-09")
{
	struct kinds k = kinds(PGTT_SS);

	put(&k, PASID, 5ull << 6, 1ull << 10, 0, 0);
	rig_refuses(k.r, SID, by_pasid(), 0x5a);
	put(&k, PASID, 0, 0, 0, 1 << 1);
	rig_refuses(k.r, SID, by_pasid(), 0x5a);
	put(&k, PASID, PGTT_FS, 0, 0, 3ull << 2);
	put64(k.r, k.entry + 56, 1ull << 63);
	rig_refuses(k.r, SID, by_pasid(), 0x5a);
	put64(k.r, k.entry + 56, 0);
	rig_refuses(k.r, SID, by_pasid(), 0x5b);
	put(&k, PASID, PGTT_SS, 0, 0, 0);
	put64(k.r, k.entry, (PE_P | PGTT_SS | k.ss) | 1 << 5); /* AW 000 */
	rig_refuses(k.r, SID, by_pasid(), 0x5a);
	rig_free(k.r);
}

TEST(pasid_supervisor_requests, "VTD-PASID-10 VTD-PT-03")
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		struct kinds k = kinds(pgtts[i]);
		struct rig *r = k.r;

		rig_refuses(r, SID, rq_priv(IOVA, IOM_READ, PASID), 0x5d);
		rig_refuses(r, SID, rq_priv(IOVA, IOM_WRITE, PASID), 0x5d);
		put(&k, PASID, pgtts[i], 0, PWSNP, SRE);
		rig_grants(r, SID, rq_priv(IOVA, IOM_READ, PASID), IOVA);
		rig_grants(r, SID, rq_priv(IOVA, IOM_WRITE, PASID), IOVA);
		put(&k, PASID, pgtts[i], FPD, PWSNP, 0);
		rig_refuses_quietly(r, SID, rq_priv(IOVA, IOM_WRITE, PASID), 0x5d);
		/* Without PASID, by RID_PRIV. */
		put64(r, rig_scontext(r, SID) + 8, RID_PRIV);
		rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x5d);
		put(&k, 0, pgtts[i], 0, PWSNP, SRE);
		rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
		rig_free(r);
	}
}

TEST(pasid_fault_processing_disable, "VTD-PASID-11 VTD-PASID-12")
{
	unsigned who;

	for (who = 0; who < 4; who++) {
		struct kinds k = kinds(PGTT_SS);
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
		struct kinds k = kinds(PGTT_NEST);
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

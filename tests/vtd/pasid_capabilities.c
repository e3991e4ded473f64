/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* PASID table entries that ask for what the unit does not have. */
#include "pasid_kinds.h"

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
		kinds_put(&k, PASID, row[i].pgtt, 0, update, 0);
		rig_reserved(k.r, k.entry + 8ull * row[i].word, row[i].mask, SID, by_pasid(), 0x5a);
		rig_grants(k.r, SID, by_pasid(), IOVA);
		rig_free(k.r);
	}
	/* The same bits are good where the capability is. */
	for (i = 0; i < 4; i++) {
		struct kinds k = kinds_new(pgtts[i]);

		kinds_put(&k, PASID, pgtts[i],
		          pgtts[i] == PGTT_SS || pgtts[i] == PGTT_NEST ? SSADE : 0, PWSNP | PGSNP,
		          SRE | (pgtts[i] == PGTT_FS || pgtts[i] == PGTT_NEST ? EAFE | WPE : 0));
		rig_grants(k.r, SID, by_pasid(), IOVA);
		rig_free(k.r);
	}
}

TEST(pasid_table_types, "VTD-PASID-06 VTD-NEST-10")
{
	const uint64_t fs1 = CAP_FS1GP | CAP_FS5LP;
	struct kinds k = kinds_new(PGTT_PASS);
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
	kinds_put(&k, PASID, PGTT_SS, 0, 0, 0);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	rig_free(k.r);

	k = kinds_caps(CAP_ALL, ECAP_ALL & ~(ECAP_SSTS | ECAP_SSADS | ECAP_NEST), PGTT_PASS);
	rig_pasid_put(k.r, SID, PASID, PE_P | PGTT_SS, 7, 0);
	rig_refuses(k.r, SID, by_pasid(), 0x5b);
	kinds_put(&k, PASID, PGTT_FS, 0, PWSNP, 0);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	rig_free(k.r);

	k = kinds_caps(CAP_ALL, ECAP_ALL & ~ECAP_NEST, PGTT_NEST);
	rig_refuses(k.r, SID, by_pasid(), 0x5b);
	kinds_put(&k, PASID, PGTT_FS, 0, PWSNP, 0);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	kinds_put(&k, PASID, PGTT_SS, 0, PWSNP, 0);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	rig_free(k.r);

	k = kinds_caps(CAP_ALL, ECAP_ALL & ~ECAP_PT, PGTT_PASS);
	rig_refuses(k.r, SID, by_pasid(), 0x5b);
	kinds_put(&k, PASID, PGTT_NEST, 0, PWSNP, 0);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	rig_free(k.r);
}

TEST(pasid_address_width_of_no_second_stage, "VTD-PASID-07")
{
	struct iom_vtd_config config = {
		.cap = CAP_ALL,
		.ecap = ECAP_ALL & ~(ECAP_SSTS | ECAP_SSADS | ECAP_NEST),
		.version = 0x40,
		.address_bits = RIG_HAW,
		.flags = IOM_VTD_UNCACHED,
	};
	unsigned i, aw;

	for (i = 0; i < 2; i++) {
		struct rig *r = rig_new_config(&config);

		rig_on(r, TTM_SCALABLE);
		rig_device(r, SID, 0, PASIDE, 0);
		for (aw = 1; aw < 8; aw++) {
			rig_pasid_put(r, SID, PASID, PE_P | PGTT_PASS | (uint64_t)aw << 2, 1, 0);
			if (i)
				rig_grants(r, SID, by_pasid(), IOVA);
			else
				rig_refuses(r, SID, by_pasid(), 0x5a);
		}
		rig_free(r);
		config.flags |= IOM_VTD_AW_IGNORED;
	}
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
		struct kinds k = kinds_new(kind[i]);

		for (fspm = 2; fspm < 4; fspm++) {
			kinds_put(&k, PASID, kind[i], 0, PWSNP, (uint64_t)fspm << 2);
			rig_refuses(k.r, SID, by_pasid(), 0x5b);
			kinds_put(&k, PASID, kind[i], FPD, PWSNP, (uint64_t)fspm << 2);
			rig_refuses_quietly(k.r, SID, by_pasid(), 0x5b);
		}
		rig_free(k.r);
		k = kinds_caps(CAP_ALL & ~CAP_FS5LP, ECAP_ALL, kind[i]);
		rig_grants(k.r, SID, by_pasid(), IOVA);
		for (fspm = 1; fspm < 4; fspm++) {
			kinds_put(&k, PASID, kind[i], 0, PWSNP, (uint64_t)fspm << 2);
			rig_refuses(k.r, SID, by_pasid(), 0x5b);
		}
		rig_free(k.r);
	}
}

/* Each field of entries, on a unit that has its capability and none that is not needed for it. */
TEST(pasid_fields_need_no_other_capability, "VTD-PASID-05 VTD-SCTX-04")
{
	const struct {
		uint64_t without, pgtt;
		unsigned word;
		uint64_t bits;
	} row[] = {
		{ ECAP_RPRIVS | ECAP_EAFS | ECAP_SSADS | ECAP_SC, PGTT_FS, 2, SRE },
		{ ECAP_RPRIVS | ECAP_SRS | ECAP_SSADS | ECAP_SC | ECAP_NEST, PGTT_FS, 2, EAFE },
		{ ECAP_RPRIVS | ECAP_SRS | ECAP_EAFS | ECAP_SC | ECAP_NEST, PGTT_SS, 0, SSADE },
		{ ECAP_RPRIVS | ECAP_SRS | ECAP_EAFS | ECAP_SSADS | ECAP_SC, PGTT_SS, 1, PWSNP },
		{ ECAP_RPRIVS | ECAP_SRS | ECAP_EAFS | ECAP_SSADS | ECAP_SMPWCS, PGTT_SS, 1,
		  PGSNP },
		{ ECAP_RPRIVS | ECAP_SRS | ECAP_EAFS | ECAP_SSADS | ECAP_SC, PGTT_FS, 2, WPE },
	};
	unsigned i;

	for (i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct kinds k =
			kinds_caps(CAP_ALL & ~CAP_FS5LP, ECAP_ALL & ~row[i].without, row[i].pgtt);
		uint64_t at = k.entry + 8ull * row[i].word;

		/* Nothing is left to be set, should the walk not be snooped. */
		kinds_put(&k, PASID, row[i].pgtt, 0, row[i].without & ECAP_SMPWCS ? 0 : PWSNP, 0);
		put64(k.r, at, ram64(k.r, at) | row[i].bits);
		rig_grants(k.r, SID, by_pasid(), IOVA);
		rig_free(k.r);
	}
}

TEST(scontext_fields_need_no_other_capability, "VTD-SCTX-04 VTD-SCTX-03")
{
	const uint64_t no_pri = ECAP_PRS | ECAP_SMS;
	const struct {
		uint64_t without, with;
		unsigned word;
		uint64_t bits;
	} row[] = {
		{ no_pri | ECAP_RPS | ECAP_RPRIVS | ECAP_NWFS | ECAP_PDS, 0, 0, DTE },
		{ ECAP_RPS | ECAP_RPRIVS, 0, 0, DTE | PRE },
		{ ECAP_RPRIVS | no_pri, 0, 1, 9 },
		{ ECAP_RPS | no_pri, 0, 1, RID_PRIV },
		{ ECAP_RPS | ECAP_RPRIVS | no_pri, ECAP_PTRS, 0, EPTR },
	};
	unsigned i;

	for (i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct kinds k =
			kinds_caps(CAP_ALL, (ECAP_ALL & ~row[i].without) | row[i].with, PGTT_PASS);
		uint64_t at = rig_scontext(k.r, SID) + 8ull * row[i].word;

		kinds_put(&k, 0, PGTT_PASS, 0, 0, SRE);
		put64(k.r, at - 8ull * row[i].word,
		      ram64(k.r, at - 8ull * row[i].word) & ~(row[i].bits & DTE ? 0 : DTE));
		put64(k.r, at, ram64(k.r, at) | row[i].bits);
		rig_grants(k.r, SID, rq(IOVA, IOM_READ), IOVA);
		rig_free(k.r);
	}
}

/* PASIDs alone, of the narrowest kind. */
TEST(pasids_need_no_other_capability, "VTD-SCTX-04 VTD-SCTX-18")
{
	const uint64_t without = ECAP_PRS | ECAP_SMS | ECAP_RPS | ECAP_RPRIVS | ECAP_DT |
	                         ECAP_NWFS | ECAP_PDS | ECAP_PSS(32);
	struct kinds k = kinds_caps(CAP_ALL, (ECAP_ALL & ~without) | ECAP_PSS(4), PGTT_PASS);
	uint64_t at = rig_scontext(k.r, SID);

	put64(k.r, at, ram64(k.r, at) & ~DTE);
	rig_grants(k.r, SID, by_pasid(), IOVA);
	rig_refuses(k.r, SID, rq_pid(IOVA, IOM_READ, 16), 0x89);
	rig_free(k.r);
}

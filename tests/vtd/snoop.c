/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Who is snooped whatever the request says, and the N of answers to translation requests. */
#include "nest.h"

#define SID NEST_SID
#define IOVA 0x12345000ull
#define FAR 0x7654321000ull

/* An untranslated request, and the answer to a translation request. */
static void snooped(struct rig *r, uint64_t iova, uint64_t to, bool is, bool ats)
{
	struct iom_reply reply = rig_grants(r, SID, rq(iova, IOM_WRITE), to);

	CHECK_EQ(reply.memory_type, is ? IOM_MEMORY_SNOOPED : IOM_MEMORY_DEFAULT);
	if (!ats)
		return;
	reply = rig_answers(r, SID, rq_ats(rq(iova, IOM_READ)), 3, to);
	CHECK_EQ(reply.memory_type, is ? IOM_MEMORY_SNOOPED : IOM_MEMORY_DEFAULT);
}

TEST(snoop_in_legacy_mode, "VTD-SNP-01 VTD-ATS-17")
{
	unsigned level, snp;

	for (level = 1; level <= 3; level++)
		for (snp = 0; snp < 2; snp++) {
			struct rig *r = rig_new();
			uint64_t root = page(r), iova = 0x40000000, to = 0x80000000;

			rig_on(r, TTM_LEGACY);
			rig_ss(r, root, 4, iova, level,
			       to | SS_RW | (level > 1 ? SS_PS : 0) | (snp ? SS_SNP : 0));
			rig_context_put(r, SID, CTX_P | TT_UNTRANSLATED | root, AW(4) | DID(3));
			snooped(r, iova, to, snp, false);
			rig_context_put(r, SID, CTX_P | TT_ALL | root, AW(4) | DID(3));
			snooped(r, iova, to, snp, true);
			rig_context_put(r, SID, CTX_P | TT_PASS | root, AW(4) | DID(3));
			snooped(r, iova, iova, false, false);
			rig_free(r);
		}
}

TEST(snoop_in_scalable_mode, "VTD-SNP-01 VTD-ATS-17")
{
	unsigned pgsnp, snp;

	for (pgsnp = 0; pgsnp < 2; pgsnp++)
		for (snp = 0; snp < 2; snp++) {
			uint64_t qw1 = 7 | PWSNP | (pgsnp ? PGSNP : 0);
			struct rig *r = rig_new();
			uint64_t fs = page(r), ss = page(r);
			struct nest n;

			rig_on(r, TTM_SCALABLE);
			rig_device(r, SID, 0, DTE, 0);
			rig_fs(r, fs, 4, IOVA, 1, FAR | FS_PRU);
			rig_ss(r, ss, 4, IOVA, 1, FAR | SS_RW | (snp ? SS_SNP : 0));
			rig_pasid_put(r, SID, 0, PE_P | PGTT_FS, qw1, fs);
			snooped(r, IOVA, FAR, pgsnp, true);
			rig_pasid_put(r, SID, 0, PE_P | PGTT_SS | PE_AW(4) | ss, qw1, 0);
			snooped(r, IOVA, FAR, pgsnp || snp, true);
			rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS, qw1, 0);
			snooped(r, IOVA, IOVA, pgsnp, true);
			rig_free(r);

			nest_init(&n, 4, 4, 0, 0);
			put64(n.r, rig_scontext(n.r, SID),
			      ram64(n.r, rig_scontext(n.r, SID)) | DTE);
			put64(n.r, n.pasid + 8, qw1);
			put64(n.r, nest_leaf(&n, n.gpa), n.to | SS_RW | (snp ? SS_SNP : 0));
			snooped(n.r, n.iova, n.to, pgsnp || snp, true);
			rig_free(n.r);
		}
}

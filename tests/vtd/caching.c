/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What may be cached, with and without caching mode, and what takes it away. */
#include "cached.h"

/* Takes the word away, asks twice, puts it back: nothing else has to happen. */
static void comes_back(struct rig *r, uint64_t spa, uint64_t instead, struct iom_request q,
                       unsigned reason)
{
	uint64_t was = ram64(r, spa);

	put64(r, spa, instead);
	rig_refuses(r, SID, q, reason);
	rig_refuses(r, SID, q, reason);
	put64(r, spa, was);
	rig_grants(r, SID, q, FAR);
	inv_all(r);
}

/* The same with memory that fails for a while. */
static void cures(struct rig *r, uint64_t spa, struct iom_request q, unsigned reason)
{
	CHECK_EQ(iom_memory_poison(r->memory, spa, 8), IOM_OK);
	rig_refuses(r, SID, q, reason);
	CHECK_EQ(iom_memory_cure(r->memory, spa, 8), IOM_OK);
	rig_grants(r, SID, q, FAR);
	inv_all(r);
}

TEST(not_present_is_not_cached_in_legacy_mode, "VTD-CM-01 VTD-CM-04")
{
	struct rig *r = cached(0);
	struct iom_request q = rq(IOVA, IOM_READ);
	uint64_t root, context, level;

	rig_on(r, TTM_LEGACY);
	root = second(r, false, SID, 5, FAR);
	context = rig_context(r, SID);
	comes_back(r, r->root + 16, 0, q, 0x01);
	comes_back(r, r->root + 24, 1, q, 0x0a);
	cures(r, r->root + 16, q, 0x08);
	cures(r, context, q, 0x09);
	comes_back(r, context, 0, q, 0x02);
	comes_back(r, context, ram64(r, context) | 1 << 4, q, 0x0b);
	comes_back(r, context, ram64(r, context) | 3 << 2, q, 0x03);
	for (level = 1; level <= 4; level++) {
		uint64_t entry = rig_entry(r, root, 4, IOVA, (unsigned)level);

		comes_back(r, entry, 0, q, 0x06);
		comes_back(r, entry, ram64(r, entry) | 1ull << 51, q, 0x0c);
		comes_back(r, entry, ram64(r, entry) & ~SS_RW, q, 0x06);
		cures(r, entry, q, level == 4 ? 0x03 : 0x07);
	}
	rig_free(r);
}

TEST(not_present_is_not_cached_in_scalable_mode, "VTD-CM-01 VTD-CM-04")
{
	struct rig *r = cached(0);
	struct iom_request ss = rq(IOVA, IOM_READ), fs = rq_pid(IOVA, IOM_READ, PASID);
	uint64_t sroot, froot, context, directory, entry[2];
	unsigned i, level;

	rig_on(r, TTM_SCALABLE);
	sroot = second(r, true, SID, 5, FAR);
	froot = first(r, SID, PASID, 6, FAR);
	context = rig_scontext(r, SID);
	directory = rig_directory(r, SID, 0);
	entry[0] = rig_pasid(r, SID, 0);
	entry[1] = rig_pasid(r, SID, PASID);
	for (i = 0; i < 2; i++) {
		struct iom_request q = i ? fs : ss;

		comes_back(r, r->root + 16, 0, q, 0x39);
		comes_back(r, r->root + 16, ram64(r, r->root + 16) | 2, q, 0x3a);
		cures(r, r->root + 16, q, 0x38);
		cures(r, context, q, 0x40);
		cures(r, directory, q, 0x50);
		cures(r, entry[i], q, 0x58);
		comes_back(r, context, 0, q, 0x41);
		comes_back(r, context, ram64(r, context) | 1 << 7, q, 0x42);
		comes_back(r, context + 8, 1 << 13, q, 0x43);
		comes_back(r, directory, 0, q, 0x51);
		comes_back(r, directory, ram64(r, directory) | 4, q, 0x52);
		comes_back(r, entry[i], 0, q, 0x59);
		comes_back(r, entry[i], ram64(r, entry[i]) | 1 << 5, q, 0x5a);
		comes_back(r, entry[i], ram64(r, entry[i]) | 5 << 6, q, 0x5b);
		for (level = 1; level <= 4; level++) {
			uint64_t at = rig_entry(r, i ? froot : sroot, 4, IOVA, level);

			comes_back(r, at, 0, q, i ? 0x71 : 0x79);
			comes_back(r, at, ram64(r, at) | 1ull << 51, q, i ? 0x72 : 0x7a);
			if (level == 4)
				cures(r, at, q, i ? 0x73 : 0x7b);
			else
				cures(r, at, q, i ? 0x70 : 0x78);
		}
	}
	rig_free(r);
}

TEST(output_in_the_interrupt_range_is_not_cached, "VTD-CM-04")
{
	struct rig *r = cached(0);
	uint64_t root;

	rig_on(r, TTM_LEGACY);
	root = second(r, false, SID, 5, FAR);
	comes_back(r, rig_entry(r, root, 4, IOVA, 1), 0xfee00000 | SS_RW, rq(IOVA, IOM_READ), 0x0e);
	rig_on(r, TTM_SCALABLE);
	root = second(r, true, SID, 5, FAR);
	comes_back(r, rig_entry(r, root, 4, IOVA, 1), 0xfee00000 | SS_RW, rq(IOVA, IOM_READ), 0x87);
	root = first(r, SID, PASID, 6, FAR);
	comes_back(r, rig_entry(r, root, 4, IOVA, 1), 0xfee00000 | FS_PRU | FS_A | FS_D,
	           rq_pid(IOVA, IOM_READ, PASID), 0x87);
	rig_free(r);
}

/* ---- Caching mode ------------------------------------------------------------------------- */

/* Not granted for sure until an invalidation; what it says before does not matter. */
static void may_stick(struct rig *r, uint16_t sid, struct iom_request q)
{
	struct iom_reply reply;

	rig_translate(r, sid, q, &reply);
	rig_forget(r);
}

TEST(caching_mode_contexts, "VTD-CM-02 VTD-CM-03")
{
	unsigned how;

	for (how = 0; how < 4; how++) {
		struct rig *r = cached(CAP_CM);
		struct iom_request q = rq(IOVA, IOM_READ);
		uint64_t context, was;

		rig_on(r, TTM_LEGACY);
		second(r, false, SID, 5, FAR);
		context = rig_context(r, SID);
		was = ram64(r, context);
		put64(r, context, 0);
		rig_refuses(r, SID, q, 0x02);
		put64(r, context, was);
		may_stick(r, SID, q);
		if (how == 0)
			inv_context_device(r, 0, SID, 0);
		else if (how == 1)
			inv_context_device(r, 0, SID & ~7, 3); /* all functions */
		else if (how == 2)
			inv_context_domain(r, 0);
		else
			inv_context(r);
		inv_iotlb_domain(r, 5);
		rig_grants(r, SID, q, FAR);
		rig_free(r);
	}
}

TEST(caching_mode_second_stage, "VTD-CM-02")
{
	unsigned scalable, how, level;

	for (scalable = 0; scalable < 2; scalable++)
		for (how = 0; how < 3; how++)
			for (level = 1; level <= 4; level++) {
				struct rig *r = cached(CAP_CM);
				struct iom_request q = rq(IOVA, IOM_READ);
				uint64_t root, entry, was;

				rig_on(r, scalable ? TTM_SCALABLE : TTM_LEGACY);
				root = second(r, scalable, SID, 5, FAR);
				entry = rig_entry(r, root, 4, IOVA, level);
				was = ram64(r, entry);
				put64(r, entry, 0);
				rig_refuses(r, SID, q, scalable ? 0x79 : 0x06);
				put64(r, entry, was);
				may_stick(r, SID, q);
				if (how == 0)
					inv_iotlb_page(r, 5, IOVA, 0, false);
				else if (how == 1)
					inv_iotlb_domain(r, 5);
				else
					inv_iotlb(r);
				rig_grants(r, SID, q, FAR);
				rig_free(r);
			}
}

TEST(caching_mode_pasids, "VTD-CM-02")
{
	unsigned how;

	for (how = 0; how < 3; how++) {
		struct rig *r = cached(CAP_CM);
		struct iom_request q = rq(IOVA, IOM_READ);
		uint64_t entry, was;

		rig_on(r, TTM_SCALABLE);
		second(r, true, SID, 5, FAR);
		entry = rig_pasid(r, SID, 0);
		was = ram64(r, entry);
		put64(r, entry, 0);
		rig_refuses(r, SID, q, 0x59);
		put64(r, entry, was);
		may_stick(r, SID, q);
		if (how == 0)
			inv_pasid_cache_one(r, 0, 0);
		else if (how == 1)
			inv_pasid_cache_domain(r, 0);
		else
			inv_pasid_cache(r);
		inv_piotlb(r, 5, 0);
		rig_grants(r, SID, q, FAR);

		/* First-stage mappings are never cached unless they are there. */
		first(r, SID, PASID, 6, FAR);
		q = rq_pid(IOVA, IOM_READ, PASID);
		rig_grants(r, SID, q, FAR);
		q.iova += PAGE;
		rig_refuses(r, SID, q, 0x71);
		rig_fs(r, ram64(r, rig_pasid(r, SID, PASID) + 16) & ~0xfffull, 4, q.iova, 1,
		       NEAR | FS_PRU);
		rig_grants(r, SID, q, NEAR);
		rig_free(r);
	}
}

/* ---- Entries that change ------------------------------------------------------------------ */

TEST(wider_permissions, "VTD-CM-05")
{
	struct rig *r = cached(0);
	struct iom_request read = rq(IOVA, IOM_READ), write = rq(IOVA, IOM_WRITE);
	struct iom_request fs = rq_pid(IOVA, IOM_WRITE, PASID);
	uint64_t root, froot;

	rig_on(r, TTM_SCALABLE);
	root = second(r, true, SID, 5, FAR);
	froot = first(r, SID, PASID, 6, FAR);
	rig_ss(r, root, 4, IOVA, 1, FAR | SS_R);
	rig_grants(r, SID, read, FAR);
	rig_refuses(r, SID, write, 0x85);
	rig_ss(r, root, 4, IOVA, 1, FAR | SS_RW);
	may_stick(r, SID, write);
	inv_iotlb_page(r, 5, IOVA, 0, true);
	rig_grants(r, SID, write, FAR);

	rig_fs(r, froot, 4, IOVA, 1, FAR | FS_P | FS_US);
	rig_refuses(r, SID, fs, 0x85);
	rig_grants(r, SID, rq_pid(IOVA, IOM_READ, PASID), FAR);
	rig_fs(r, froot, 4, IOVA, 1, FAR | FS_PRU);
	may_stick(r, SID, fs);
	inv_piotlb_page(r, 6, PASID, IOVA, 0, true);
	rig_grants(r, SID, fs, FAR);
	rig_free(r);
}

TEST(legacy_entries_that_change, "VTD-CM-07")
{
	unsigned how;

	for (how = 0; how < 3; how++) {
		struct rig *r = cached(0);
		struct iom_request q = rq(IOVA, IOM_READ);
		struct iom_reply reply;
		uint64_t root = page(r);

		rig_on(r, TTM_LEGACY);
		second(r, false, SID, 5, FAR);
		rig_grants(r, SID, q, FAR);
		rig_ss(r, root, 4, IOVA, 1, NEAR | SS_RW);
		rig_context_put(r, SID, CTX_P | TT_UNTRANSLATED | root, AW(4) | DID(6));
		CHECK_EQ(rig_translate(r, SID, q, &reply), IOM_OK);
		CHECK(reply.spa == FAR || reply.spa == NEAR);
		if (how == 0)
			inv_context_device(r, 5, SID, 0);
		else if (how == 1)
			inv_context_domain(r, 5);
		else
			inv_context(r);
		inv_iotlb_domain(r, 5);
		rig_grants(r, SID, q, NEAR);
		/* And away. */
		rig_context_put(r, SID, 0, 0);
		inv_context_device(r, 6, SID, 0);
		inv_iotlb_domain(r, 6);
		rig_refuses(r, SID, q, 0x02);
		rig_free(r);
	}
}

/* What is cached of a PASID entry does not silence what the context entry refuses. */
TEST(cached_entries_and_fpd, "VTD-PASID-11 VTD-SCTX-07")
{
	struct rig *r = cached(0);
	struct iom_request q = rq(IOVA, IOM_READ);
	uint64_t entry;

	rig_on(r, TTM_SCALABLE);
	second(r, true, SID, 5, FAR);
	entry = rig_pasid(r, SID, 0);
	put64(r, entry, ram64(r, entry) | FPD);
	rig_grants(r, SID, q, FAR);
	rig_refuses_quietly(r, SID, rq(IOVA + PAGE, IOM_READ), 0x79);
	rig_refuses(r, SID, rq_ats(q), 0x44);
	rig_refuses(r, SID, rq_translated(q), 0x44);
	rig_free(r);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Global commands: what is latched when, and which bits change. */
#include "rig.h"

#define SID 0x0123
#define IOVA 0x12345000ull
#define STATUS (TE | SRTP | WBF | QIE | IRE | SIRTP | CFI)

/* Tables of their own that lead IOVA of SID to `to`; their root, not latched yet. */
static uint64_t tables(struct rig *r, uint64_t to)
{
	uint64_t root = page(r), stage = page(r), was = r->root;

	r->root = root;
	rig_ss(r, stage, 4, IOVA, 1, to | SS_RW);
	rig_context_put(r, SID, CTX_P | stage, AW(4));
	r->root = was;
	return root;
}

static void leads(struct rig *r, uint64_t to)
{
	rig_grants(r, SID, rq(IOVA, IOM_READ), to);
}

#define HERE 0x1111111000ull
#define THERE 0x2222222000ull

TEST(root_pointer_is_latched, "VTD-GCMD-01 VTD-GCMD-02 VTD-GCMD-03 VTD-GCMD-04")
{
	struct rig *r = rig_new();
	uint64_t a = tables(r, HERE), b = tables(r, THERE);

	wr64(r, RTADDR, a);
	CHECK_EQ(rd32(r, GSTS), 0);
	rig_gcmd(r, SRTP, true);
	CHECK_EQ(rd32(r, GSTS), SRTP);
	rig_gcmd(r, TE, true);
	CHECK_EQ(rd32(r, GSTS), SRTP | TE);
	leads(r, HERE);
	/* Written, not latched */
	wr64(r, RTADDR, b);
	CHECK_EQ(rd32(r, GSTS), SRTP | TE);
	leads(r, HERE);
	rig_gcmd(r, TE, false);
	rig_gcmd(r, TE, true);
	leads(r, HERE);
	/* Latched while translation goes on */
	rig_gcmd(r, SRTP, true);
	CHECK_EQ(rd32(r, GSTS), SRTP | TE);
	leads(r, THERE);
	wr64(r, RTADDR, RIG_NOWHERE | TTM_SCALABLE << 10);
	leads(r, THERE);
	rig_gcmd(r, TE, false);
	rig_gcmd(r, TE, true);
	leads(r, THERE);
	rig_free(r);
}

TEST(level_and_one_shot_bits, "VTD-GCMD-07 VTD-GCMD-08 VTD-GCMD-09")
{
	struct rig *r = rig_new();

	wr64(r, RTADDR, tables(r, HERE));
	/* Off: all untranslated requests pass, whatever their PASID. */
	rig_grants(r, SID, rq(IOVA, IOM_WRITE), IOVA);
	rig_grants(r, SID, rq_priv(IOVA, IOM_READ, 5), IOVA);
	/* SRTP does not turn translation on. */
	wr32(r, GCMD, SRTP);
	CHECK_EQ(rd32(r, GSTS), SRTP);
	rig_grants(r, SID, rq(IOVA, IOM_WRITE), IOVA);
	wr32(r, GCMD, TE);
	CHECK_EQ(rd32(r, GSTS), SRTP | TE);
	leads(r, HERE);
	wr32(r, GCMD, SRTP | TE);
	CHECK_EQ(rd32(r, GSTS), SRTP | TE);
	leads(r, HERE);
	/* The same again, and a one-shot bit of 0 */
	wr32(r, GCMD, TE);
	CHECK_EQ(rd32(r, GSTS), SRTP | TE);
	wr32(r, GCMD, 0);
	CHECK_EQ(rd32(r, GSTS), SRTP);
	rig_grants(r, SID, rq(IOVA, IOM_WRITE), IOVA);
	rig_grants(r, SID, rq(1ull << 60, IOM_WRITE), 1ull << 60);
	rig_free(r);
}

/* From each state of the level bits, each bit that software may change, by the manual's recipe. */
TEST(one_status_bit_at_a_time, "VTD-GCMD-18 VTD-GCMD-13 VTD-GCMD-07 VTD-GCMD-08")
{
	static const uint32_t level[] = { TE, IRE, QIE, CFI };
	static const uint32_t once[] = { SRTP, SIRTP, WBF };
	struct rig *r = rig_new();
	unsigned mix, i;

	wr64(r, RTADDR, page(r));
	wr64(r, IRTA, page(r));
	wr64(r, IQA, page(r));
	wr32(r, GCMD, SRTP);
	wr32(r, GCMD, SIRTP);
	for (mix = 0; mix < 16; mix++) {
		uint32_t on = 0;

		for (i = 0; i < 4; i++)
			on |= mix >> i & 1 ? level[i] : 0;
		wr32(r, GCMD, on);
		CHECK_EQ(rd32(r, GSTS), on | SRTP | SIRTP);
		for (i = 0; i < 4; i++) {
			uint32_t recipe = (rd32(r, GSTS) & 0x96ffffff) ^ level[i];

			wr32(r, GCMD, recipe);
			CHECK_EQ(rd32(r, GSTS), (on ^ level[i]) | SRTP | SIRTP);
			wr32(r, GCMD, (rd32(r, GSTS) & 0x96ffffff) ^ level[i]);
			CHECK_EQ(rd32(r, GSTS), on | SRTP | SIRTP);
		}
		for (i = 0; i < 3; i++) {
			wr32(r, GCMD, (rd32(r, GSTS) & 0x96ffffff) | once[i]);
			CHECK_EQ(rd32(r, GSTS), on | SRTP | SIRTP);
		}
	}
	rig_free(r);
}

TEST(write_buffer_flush, "VTD-GCMD-10")
{
	const uint64_t caps[] = { CAP_LEGACY, CAP_LEGACY | CAP_RWBF };
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct rig *r = rig_new_caps(caps[i], ECAP_LEGACY);

		wr32(r, GCMD, WBF);
		CHECK_EQ(rd32(r, GSTS), 0);
		/* Nothing to flush, nothing to wait for. */
		iom_begin(r->lane);
		wr32(r, GCMD, WBF);
		if (!i)
			CHECK_EQ(rd32(r, GSTS), 0);
		iom_end(r->lane);
		CHECK_EQ(rd32(r, GSTS), 0);
		rig_on(r, TTM_LEGACY);
		wr32(r, GCMD, TE | WBF);
		CHECK_EQ(rd32(r, GSTS), TE | SRTP);
		rig_free(r);
	}
}

TEST(interrupt_table_is_latched, "VTD-GCMD-11 VTD-IR-24")
{
	struct rig *r = rig_new();
	uint64_t a = pages(r, 2, PAGE), b = page(r);
	unsigned reason = 0;

	/* Index 5: APIC 0x12, or 0x1200 where it is x2APIC's; vectors tell the tables apart. */
	put64(r, a + 16ull * 5, 0x1200ull << 32 | 0x41 << 16 | 1);
	put64(r, a + 16ull * 300, 0x1200ull << 32 | 0x43 << 16 | 1);
	put64(r, b + 16ull * 5, 0x1200ull << 32 | 0x42 << 16 | 1);
	wr64(r, IRTA, a | 8);
	CHECK_EQ(rd32(r, GSTS), 0);
	wr32(r, GCMD, SIRTP);
	CHECK_EQ(rd32(r, GSTS), SIRTP);
	rig_gcmd(r, IRE, true);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 300 << 5, 0, NULL), IOM_OK);
	CHECK_EQ(r->msi[0].data & 0xff, 0x43);
	CHECK_EQ(r->msi[0].address, 0xfee12000);
	/* Written, not latched: base, size and EIME */
	wr64(r, IRTA, b | 1u << 11 | 7);
	CHECK_EQ(rd32(r, GSTS), SIRTP | IRE);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 5 << 5, 0, NULL), IOM_OK);
	CHECK_EQ(r->msi[1].data & 0xff, 0x41);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 300 << 5, 0, NULL), IOM_OK);
	CHECK_EQ(r->msi[2].address, 0xfee12000);
	/* EIME changes while remapping is off; and without SIRTP no table comes with it. */
	rig_gcmd(r, IRE, false);
	rig_gcmd(r, IRE, true);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 300 << 5, 0, NULL), IOM_OK);
	CHECK_EQ(r->msi[3].data & 0xff, 0x43);
	rig_gcmd(r, IRE, false);
	rig_gcmd(r, SIRTP, true);
	rig_gcmd(r, IRE, true);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 5 << 5, 0, NULL), IOM_OK);
	CHECK_EQ(r->msi[4].data & 0xff, 0x42);
	CHECK_EQ(r->msi[4].address, 0x1200fee00000ull);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 300 << 5, 0, &reason), IOM_EFAULT);
	CHECK_EQ(reason, 0x21);
	rig_free(r);
}

/* ---- The two kinds of remapping leave each other alone ------------------------------------ */

static void interrupts_work(struct rig *r)
{
	unsigned was = r->msis, reason = 0;

	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 5 << 5, 0, NULL), IOM_OK);
	CHECK_EQ(r->msis, was + 1);
	CHECK_EQ(r->msi[was].data & 0xff, 0x41);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 6 << 5, 0, &reason), IOM_EFAULT);
	CHECK_EQ(reason, 0x22);
	rig_forget(r);
}

TEST(one_remapping_without_the_other, "VTD-GCMD-16 VTD-GCMD-17 VTD-GCMD-13")
{
	struct rig *r = rig_new();
	unsigned i;
	uint64_t irt;

	rig_queue(r, 0, false);
	irt = rig_irt(r, 7, false);
	put64(r, irt + 16ull * 5, 0x1200ull << 32 | 0x41 << 16 | 1);
	interrupts_work(r);
	wr64(r, RTADDR, tables(r, HERE));
	rig_gcmd(r, SRTP, true);
	for (i = 0; i < 2; i++) {
		rig_gcmd(r, TE, true);
		interrupts_work(r);
		leads(r, HERE);
		rig_gcmd(r, TE, false);
		interrupts_work(r);
		rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
	}
	rig_gcmd(r, TE, true);
	for (i = 0; i < 2; i++) {
		rig_gcmd(r, IRE, false);
		leads(r, HERE);
		/* As it is */
		CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 6 << 5, 0x55, NULL), IOM_OK);
		CHECK_EQ(r->msi[r->msis - 1].data, 0x55);
		CHECK_EQ(r->msi[r->msis - 1].address, 0xfee00010 | 6 << 5);
		rig_gcmd(r, IRE, true);
		leads(r, HERE);
		interrupts_work(r);
	}
	rig_free(r);
}

TEST(compatibility_format, "VTD-GCMD-13 VTD-IR-02 VTD-IR-03")
{
	struct rig *r = rig_new();
	unsigned reason = 0, i;

	rig_queue(r, 0, false);
	rig_irt(r, 7, false);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(rig_msi(r, SID, 0xfee12000, 0x41, &reason), IOM_EFAULT);
		CHECK_EQ(reason, 0x25);
		rig_forget(r);
		rig_gcmd(r, CFI, true);
		CHECK_EQ(rd32(r, GSTS) & STATUS, SIRTP | QIE | IRE | CFI);
		CHECK_EQ(rig_msi(r, SID, 0xfee12000, 0x41, NULL), IOM_OK);
		CHECK_EQ(r->msi[i].address, 0xfee12000);
		CHECK_EQ(r->msi[i].data, 0x41);
		rig_gcmd(r, CFI, false);
	}
	rig_free(r);
}

/* ---- The queue ---------------------------------------------------------------------------- */

TEST(queue_is_turned_off_and_on, "VTD-GCMD-14 VTD-QI-29")
{
	struct rig *r = rig_new();
	unsigned i;

	for (i = 0; i < 3; i++) {
		rig_queue(r, 1, false);
		CHECK_EQ(rd32(r, GSTS), QIE);
		rig_wait(r);
		rig_wait(r);
		CHECK_EQ(rd64(r, IQH), 32);
		rig_gcmd(r, QIE, false);
		CHECK_EQ(rd32(r, GSTS), 0);
		CHECK_EQ(rd64(r, IQH), 0);
		/* Off: the tail moves nothing. */
		put64(r, r->queue, 0x1234ull << 32 | 1 << 5 | 5);
		put64(r, r->queue + 8, r->status);
		wr32(r, IQT, 16);
		CHECK_EQ(rd64(r, IQH), 0);
		CHECK_EQ(ram32(r, r->status), r->wait_data);
	}
	rig_free(r);
}

/* ---- SSIRWE ------------------------------------------------------------------------------- */

TEST(separate_permissions_are_latched, "VTD-GCMD-19")
{
	struct rig *r = rig_new_caps(CAP_ALL, ECAP_ALL | ECAP_SSIRWS);
	const uint64_t root = page(r);
	uint64_t spa, entry;
	unsigned level;

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, 0, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_SS | PE_AW(4) | root, 1 | PWSNP, 0);
	rig_ss(r, root, 4, IOVA, 1, HERE | SS_IR);
	for (level = 4; level > 1; level--) {
		spa = rig_entry(r, root, 4, IOVA, level);
		entry = ram64(r, spa);
		put64(r, spa, entry | SS_IR);
	}
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x79);
	wr64(r, RTADDR, r->root | TTM_SCALABLE << 10 | 1 << 7);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x79);
	rig_gcmd(r, SRTP, true);
	leads(r, HERE);
	wr64(r, RTADDR, r->root | TTM_SCALABLE << 10);
	leads(r, HERE);
	rig_gcmd(r, SRTP, true);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x79);
	rig_free(r);
}

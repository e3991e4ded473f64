/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* ATS.INVAL and ATS.PRGR: what the device hears, and which commands are none. */
#include "ats_rig.h"

#define RID 0x2345u
#define INVAL_G 1ull
#define INVAL_S (1ull << 11)
#define PV (1ull << 32)
#define DSV (1ull << 33)

static struct rig *bench(void)
{
	struct rig *r = rig_new(CAP_ALL_ATS);

	rig_fq(r, 4, false);
	rig_cq(r, 6, false);
	return r;
}

/* The one message that came, which must be of this kind and for this device. */
static struct iom_message heard(struct rig *r, unsigned kind, uint32_t device)
{
	CHECK_EQ(r->messages, 1);
	CHECK_EQ(r->message[0].what.kind, kind);
	CHECK_EQ(r->message[0].requester, device);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(rd32(r, CQH), rd32(r, CQT));
	r->messages = 0;
	return r->message[0].what;
}

static struct iom_message inval(struct rig *r, uint64_t dw0, uint64_t payload, uint32_t device)
{
	struct iom_message m;

	rig_cmd(r, ATS_INVAL | dw0, payload);
	m = heard(r, IOM_MESSAGE_INVALIDATE, device);
	CHECK_EQ(m.token & ~31u, 0);
	ats_complete(r, device, 1u << m.token, 1);
	return m;
}

TEST(inval_ranges, "RV-ATS-25")
{
	struct rig *r = bench();
	struct iom_message m;

	m = inval(r, CMD_RID(RID), 0xfedcba9876543000, RID);
	CHECK_EQ(m.address, 0xfedcba9876543000);
	CHECK_EQ(m.size_lg2, 12);
	CHECK_EQ(m.flags, 0);
	/* without S the address may end in ones */
	m = inval(r, CMD_RID(RID), 0x7ffff000, RID);
	CHECK_EQ(m.address, 0x7ffff000);
	CHECK_EQ(m.size_lg2, 12);
	for (unsigned lg2 = 13; lg2 <= 64; lg2++) {
		const uint64_t mask = lg2 == 64 ? ~0ull : (1ull << lg2) - 1;
		const uint64_t base = 0xa5c396f00ff1e000 & ~mask;
		/* ones below the highest bit of the range */
		const uint64_t coded = (base | (mask >> 1)) & ~0xfffull;

		m = inval(r, CMD_RID(RID), coded | INVAL_S, RID);
		CHECK_EQ(m.size_lg2, lg2);
		CHECK_EQ(m.address & ~mask, base);
		CHECK_EQ(m.flags, 0);
	}
	rig_free(r);
}

TEST(inval_names_the_process, "RV-ATS-25 RV-ATS-26")
{
	struct rig *r = bench();
	struct iom_message m;

	for (unsigned g = 0; g < 2; g++) {
		const unsigned global = g ? IOM_MESSAGE_GLOBAL : 0;

		m = inval(r, CMD_RID(RID) | CMD_PASID(0xabcde), 0x5000 | (g ? INVAL_G : 0), RID);
		CHECK_EQ(m.flags, IOM_REQ_PASID | global);
		CHECK_EQ(m.pasid, 0xabcde);
		CHECK_EQ(m.address, 0x5000);
		CHECK_EQ(m.size_lg2, 12);
		m = inval(r, CMD_RID(RID) | CMD_PASID(0), 0x6000 | INVAL_S | (g ? INVAL_G : 0),
		          RID);
		CHECK_EQ(m.flags, IOM_REQ_PASID | global);
		CHECK_EQ(m.pasid, 0);
		CHECK_EQ(m.size_lg2, 13);
		/* a PID without PV is nobody's */
		m = inval(r, CMD_RID(RID) | 0xabcdeull << 12, 0x5000 | (g ? INVAL_G : 0), RID);
		CHECK_EQ(m.flags, global);
	}
	rig_free(r);
}

TEST(commands_name_the_device, "RV-ATS-35 RV-ATS-25 RV-ATS-31")
{
	static const uint32_t rids[] = { 0, 1, 0x8000, 0xffff, RID };
	struct rig *r = bench();

	for (unsigned i = 0; i < COUNT(rids); i++) {
		const uint32_t with = rids[i] | 0x9a0000;

		inval(r, CMD_RID(rids[i]), 0, rids[i]);
		inval(r, CMD_RID(rids[i]) | 0x9aull << 56, 0, rids[i]);
		inval(r, CMD_RID(rids[i]) | CMD_DSEG(0x9a), 0, with);
		inval(r, CMD_RID(rids[i]) | DSV, 0, rids[i]);
		rig_cmd(r, ATS_PRGR | CMD_RID(rids[i]) | 0x9aull << 56, 0);
		heard(r, IOM_MESSAGE_PAGES, rids[i]);
		rig_cmd(r, ATS_PRGR | CMD_RID(rids[i]) | CMD_DSEG(0x9a), 0);
		heard(r, IOM_MESSAGE_PAGES, with);
	}
	rig_free(r);
}

TEST(prgr_index_and_code, "RV-ATS-31")
{
	static const unsigned groups[] = { 0, 1, 0x80, 0x100, 0x155, 0x1ff };
	static const unsigned codes[] = { IOM_PAGES_DONE, IOM_PAGES_INVALID, 7, IOM_PAGES_FAILED };
	struct rig *r = bench();

	for (unsigned i = 0; i < COUNT(groups); i++)
		for (unsigned j = 0; j < COUNT(codes); j++) {
			const uint64_t payload = (uint64_t)codes[j] << 44 | (uint64_t)groups[i]
			                                                            << 32;

			rig_cmd(r, ATS_PRGR | CMD_RID(RID) | CMD_PASID(0x54321), payload);
			ats_answered(r, RID, codes[j], groups[i], true, 0x54321);
			rig_cmd(r, ATS_PRGR | CMD_RID(RID) | 0x54321ull << 12, payload);
			ats_answered(r, RID, codes[j], groups[i], false, 0);
			/* it is complete at once */
			rig_cmd(r, FENCE, 0);
			CHECK_EQ(rd32(r, CQH), rd32(r, CQT));
		}
	rig_free(r);
}

/* Payload bits that must be zero are not looked at. */
TEST(payloads_are_not_checked, "")
{
	struct rig *r = bench();
	struct iom_message m;

	m = inval(r, CMD_RID(RID), 0x5000 | 0x7feull, RID);
	CHECK_EQ(m.address & ~0xfffull, 0x5000);
	CHECK_EQ(m.size_lg2, 12);
	CHECK_EQ(m.flags, 0);
	rig_cmd(r, ATS_PRGR | CMD_RID(RID), ~(0xf1ffull << 32) | 0x123ull << 32);
	ats_answered(r, RID, 0, 0x123, false, 0);
	rig_free(r);
}

static bool illegal(uint64_t dw0, uint64_t capabilities)
{
	struct rig *r = rig_new(capabilities);
	bool is;

	rig_cq(r, 3, false);
	rig_cmd(r, dw0, 0);
	is = rd32(r, CQCSR) == (EN | ON | CMD_ILL);
	if (is) {
		CHECK_EQ(rd32(r, CQH), 0);
		CHECK_EQ(r->messages, 0);
	} else {
		CHECK_EQ(rd32(r, CQCSR), EN | ON);
		CHECK_EQ(rd32(r, CQH), 1);
		CHECK_EQ(r->messages, 1);
	}
	rig_free(r);
	return is;
}

TEST(ats_commands_that_are_none, "RV-CQ-08 RV-CQ-09 RV-CQ-12")
{
	for (unsigned func = 0; func < 8; func++)
		CHECK(illegal(4 | func << 7, CAP_ALL_ATS) == (func > 1));
	for (unsigned func = 0; func < 2; func++) {
		for (unsigned bit = 10; bit < 64; bit++) {
			const bool reserved = bit < 12 || (bit > 33 && bit < 40);

			CHECK_MSG(illegal(4 | func << 7 | 1ull << bit, CAP_ALL_ATS) == reserved,
			          "func3 %u, bit %u", func, bit);
		}
		CHECK(illegal(4 | func << 7, CAP_EXT));
	}
}

/* The directory has nothing to do with it. */
TEST(ats_commands_in_off_and_bare, "RV-ATS-25 RV-ATS-31 RV-ATS-34 RV-CQ-36")
{
	for (unsigned mode = OFF; mode <= LVL1; mode++) {
		struct rig *r = bench();

		if (mode == LVL1)
			rig_ddt(r, 1); /* nobody is in it */
		else
			wr64(r, DDTP, mode);
		rig_cmd(r, ATS_PRGR | CMD_RID(RID), 0);
		ats_answered(r, RID, 0, 0, false, 0);
		rig_cmd(r, ATS_INVAL | CMD_RID(RID), 0);
		heard(r, IOM_MESSAGE_INVALIDATE, RID);
		rig_cmd(r, FENCE, 0);
		CHECK_EQ(rd32(r, CQH), 2);
		ats_complete(r, RID, 1u << r->message[0].what.token, 1);
		CHECK_EQ(rd32(r, CQH), 3);
		CHECK_EQ(rd32(r, CQCSR), EN | ON);
		rig_expect_none(r);
		rig_free(r);
	}
}

TEST(ats_commands_in_both_byte_orders, "RV-CQ-30")
{
	struct rig *r = rig_new(CAP_ALL_ATS);
	struct iom_message m;

	wr32(r, FCTL, BE);
	rig_cq(r, 4, false);
	rig_cmd(r, swap64(ATS_INVAL | CMD_RID(RID) | CMD_PASID(0x12345)),
	        swap64(0x123456789000 | INVAL_G));
	m = heard(r, IOM_MESSAGE_INVALIDATE, RID);
	CHECK_EQ(m.address, 0x123456789000);
	CHECK_EQ(m.flags, IOM_REQ_PASID | IOM_MESSAGE_GLOBAL);
	CHECK_EQ(m.pasid, 0x12345);
	rig_cmd(r, swap64(ATS_PRGR | CMD_RID(RID)), swap64(0x1ull << 44 | 0x99ull << 32));
	ats_answered(r, RID, 1, 0x99, false, 0);
	rig_free(r);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Registers in use: halves, status bits that are cleared by ones, resets. */
#include "registers_map.h"

#define SID 0x0123

/* Each of these faults leaves one record, 0x01: the root table is empty. */
static void fault(struct rig *r)
{
	struct iom_reply reply;

	CHECK_EQ(rig_translate(r, SID, rq(0x1000, IOM_READ), &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x01);
}

TEST(halves_in_either_order, "VTD-REG-06 VTD-REG-07")
{
	static const struct {
		uint64_t off, val;
	} rows[] = {
		{ RTADDR, 0x0000123487654480 },  { IQA, 0x00001234abcde803 },
		{ IRTA, 0x000023459876580a },    { PQA, 0x0000345612345005 },
		{ PHMBASE, 0x0000000123400000 }, { PHMLIMIT, 0x0000000456600000 },
		{ IQT, 0x0000000000012340 },     { PQH, 0x0000000000012340 },
		{ PQT, 0x0000000000054320 },
	};
	struct rig *r = rig_new_caps(CAP_MAP, ECAP_MAP);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const uint64_t off = rows[i].off, val = rows[i].val;

		wr64(r, off, val);
		CHECK_EQ(rd64(r, off), val);
		CHECK_EQ(rd32(r, off), (uint32_t)val);
		CHECK_EQ(rd32(r, off + 4), val >> 32);
		wr64(r, off, 0);
		CHECK_EQ(rd64(r, off), 0);
		wr32(r, off, (uint32_t)val);
		CHECK_EQ(rd64(r, off), (uint32_t)val);
		wr32(r, off + 4, (uint32_t)(val >> 32));
		CHECK_EQ(rd64(r, off), val);
		wr64(r, off, 0);
		wr32(r, off + 4, (uint32_t)(val >> 32));
		CHECK_EQ(rd64(r, off), val & ~0xffffffffull);
		wr32(r, off, (uint32_t)val);
		CHECK_EQ(rd64(r, off), val);
	}
	rig_free(r);
}

/* The pointer that halves made is the one that is used; the commands begin with the upper half. */
TEST(halves_at_work, "VTD-REG-06 VTD-REG-07 VTD-CCMD-06")
{
	struct rig *r = rig_new();
	uint64_t high = 1ull << 40;

	rig_ram_at(r, high, 4 * PAGE);
	put64(r, high + 16ull * (SID >> 8), (high + PAGE) | 1);
	put64(r, high + PAGE + 16ull * (SID & 0xff) + 8, AW(5));
	put64(r, high + PAGE + 16ull * (SID & 0xff), CTX_P | TT_PASS);
	wr32(r, RTADDR + 4, (uint32_t)(high >> 32));
	wr32(r, RTADDR, 0);
	rig_gcmd(r, SRTP, true);
	rig_gcmd(r, TE, true);
	rig_grants(r, SID, rq(0x1000, IOM_READ), 0x1000);

	/* Lower halves alone do nothing; afterwards CAIG and IAIG say global. */
	wr32(r, CCMD, 5);
	CHECK_EQ(rd32(r, CCMD + 4) >> 27 & 3, 0);
	wr32(r, CCMD + 4, 1u << 31 | 1u << 29);
	CHECK_EQ(rd32(r, CCMD + 4) >> 31, 0);
	CHECK_EQ(rd32(r, CCMD + 4) >> 27 & 3, 1);
	wr32(r, RIG_IRO + 8, 0);
	CHECK_EQ(rd32(r, RIG_IRO + 12) >> 25 & 3, 0);
	wr32(r, RIG_IRO + 12, 1u << 31 | 1u << 28);
	CHECK_EQ(rd32(r, RIG_IRO + 12) >> 31, 0);
	CHECK_EQ(rd32(r, RIG_IRO + 12) >> 25 & 3, 1);
	rig_free(r);
}

TEST(status_is_read_only, "VTD-REG-09 VTD-REG-10 VTD-REG-19")
{
	struct rig *r = rig_new();

	rig_queue(r, 0, false);
	rig_on(r, TTM_LEGACY);
	rig_wait(r);
	wr32(r, GSTS, 0);
	wr32(r, GSTS, ~0u);
	CHECK_EQ(rd32(r, GSTS), TE | SRTP | QIE);
	/* A read of GCMD asks for nothing. */
	CHECK_EQ(rd32(r, GCMD), 0);
	CHECK_EQ(rd32(r, GSTS), TE | SRTP | QIE);
	wr64(r, IQH, 0x100);
	wr32(r, IQH, 0);
	CHECK_EQ(rd64(r, IQH), 0x10);
	rig_free(r);
}

TEST(interrupt_pending_is_read_only, "VTD-REG-13")
{
	struct rig *r = rig_new();

	rig_on(r, TTM_LEGACY);
	wr32(r, FECTL, ~0u);
	CHECK_EQ(rd32(r, FECTL), 1u << 31);
	fault(r);
	CHECK_EQ(rd32(r, FECTL), 3u << 30);
	wr32(r, FECTL, 1u << 31);
	CHECK_EQ(rd32(r, FECTL), 3u << 30);
	wr32(r, FECTL, ~0u);
	CHECK_EQ(rd32(r, FECTL), 3u << 30);
	CHECK_EQ(r->msis, 0);
	rig_free(r);
}

/* An invalidation queue error, beside a fault and a lost one. */
static struct rig *troubled(void)
{
	struct rig *r = rig_new_caps(CAP_ALL & ~CAP_NFR(RIG_RECORDS), ECAP_ALL);

	rig_queue(r, 0, false);
	rig_on(r, TTM_LEGACY);
	fault(r);
	fault(r);
	rig_submit(r, 0, 0);
	CHECK_EQ(rd32(r, FSTS), IQE | PPF | PFO);
	return r;
}

TEST(fault_status_is_cleared_by_ones, "VTD-REG-24 VTD-REG-27")
{
	struct rig *r = troubled();

	wr32(r, FSTS, 0);
	CHECK_EQ(rd32(r, FSTS), IQE | PPF | PFO);
	wr32(r, FSTS, ~(IQE | PFO));
	CHECK_EQ(rd32(r, FSTS), IQE | PPF | PFO);
	wr32(r, FSTS, PFO);
	CHECK_EQ(rd32(r, FSTS), IQE | PPF);
	/* The queue goes on, and fails once more. */
	wr32(r, FSTS, IQE);
	CHECK_EQ(rd32(r, FSTS), IQE | PPF);
	put64(r, r->queue, 5);
	wr32(r, FSTS, IQE);
	CHECK_EQ(rd32(r, FSTS), PPF);
	wr32(r, RIG_FRO + 12, 1u << 31);
	CHECK_EQ(rd32(r, FSTS), 0);
	rig_free(r);
}

TEST(device_errors_are_cleared_by_ones, "VTD-REG-24")
{
	const struct iom_message nobody = { .kind = IOM_MESSAGE_INVALIDATED,
		                            .token = 4,
		                            .code = 1 };
	struct rig *r = rig_new();

	rig_queue(r, 0, false);
	rig_on(r, TTM_LEGACY);
	CHECK_EQ(rig_send(r, SID, &nobody), IOM_OK);
	CHECK_EQ(rd32(r, FSTS), ICE);
	/* A Device-TLB that does not answer for two minutes. */
	rig_submit(r, (uint64_t)SID << 32 | 3, 0);
	iom_step(r->unit, 0);
	iom_step(r->unit, 120ull * 1000 * 1000 * 1000);
	CHECK_EQ(rd32(r, FSTS), ICE | ITE);
	wr32(r, FSTS, ICE);
	CHECK_EQ(rd32(r, FSTS), ITE);
	wr32(r, FSTS, ITE);
	CHECK_EQ(rd32(r, FSTS), 0);
	rig_free(r);
}

TEST(other_status_is_cleared_by_ones, "VTD-REG-24")
{
	struct rig *r = rig_new();
	unsigned i;

	rig_queue(r, 0, true);
	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, DTE | PRE, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS, 1, 0);
	rig_submit(r, 5 | 1 << 4, 0);
	CHECK_EQ(rd32(r, ICS), 1);
	wr32(r, ICS, ~1u);
	CHECK_EQ(rd32(r, ICS), 1);
	wr32(r, ICS, 1);
	CHECK_EQ(rd32(r, ICS), 0);

	rig_page_queue(r, 0);
	for (i = 0; i < 128; i++)
		rig_page(r, SID, 0x1000, IOM_PAGE_READ, 0);
	CHECK_EQ(rd32(r, PRS), 3);
	wr32(r, PRS, ~3u);
	CHECK_EQ(rd32(r, PRS), 3);
	wr32(r, PRS, 1);
	CHECK_EQ(rd32(r, PRS), 2);
	wr32(r, PRS, 2);
	CHECK_EQ(rd32(r, PRS), 0);
	rig_free(r);
}

TEST(sticky_registers_survive_a_warm_reset, "VTD-REG-25")
{
	struct rig *r = rig_new_caps(CAP_MAP & ~CAP_NFR(RIG_RECORDS), ECAP_MAP);
	const struct iom_message nobody = { .kind = IOM_MESSAGE_INVALIDATED,
		                            .token = 4,
		                            .code = 1 };
	uint64_t record[2], iqercd, off;
	unsigned i;

	rig_queue(r, 0, true);
	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, DTE | PRE, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS, 1, 0);
	rig_page_queue(r, 0);
	for (i = 0; i < 128; i++)
		rig_page(r, SID, 0x1000, IOM_PAGE_READ, 0);
	rig_submit(r, 5 | 1 << 4, 0);
	rig_submit(r, 0, 0);
	CHECK_EQ(rig_send(r, SID, &nobody), IOM_OK);
	rig_rtaddr(r, page(r));
	fault(r);
	fault(r);
	CHECK_EQ(rd32(r, FSTS), ICE | IQE | PPF | PFO);
	record[0] = rd64(r, RIG_FRO);
	record[1] = rd64(r, RIG_FRO + 8);
	CHECK_EQ(record[1] >> 63, 1);
	iqercd = rd64(r, IQERCD);
	CHECK_EQ(iqercd, (uint64_t)SID << 48 | 3);
	rig_irt(r, 4, true);
	wr32(r, PMEN, 1u << 31);
	for (off = 0; off < 3; off++) {
		uint64_t xctl = off == 0 ? FECTL : off == 1 ? IECTL : PECTL;

		wr32(r, xctl + xDATA, 0x41);
		wr32(r, xctl + xADDR, 0xfee00000);
		wr32(r, xctl + xUADDR, 5);
	}
	iom_unit_reset_warm(r->unit);
	for (off = 0; off < WINDOW; off += 4) {
		uint32_t want = map_dword(r, off).reset;

		if (off == FSTS)
			want = ICE | IQE | PPF | PFO;
		else if (off == ICS)
			want = 1;
		else if (off == PRS)
			want = 3;
		else if (off == IQERCD || off == IQERCD + 4)
			want = (uint32_t)(iqercd >> 8 * (off - IQERCD));
		else if (off >= RIG_FRO && off < RIG_FRO + 16)
			want = (uint32_t)(record[off >> 3 & 1] >> (off & 4 ? 32 : 0));
		CHECK_MSG(rd32(r, off) == want, "offset 0x%llx reads 0x%x, should be 0x%x",
		          (unsigned long long)off, rd32(r, off), want);
	}
	/* They can be cleared, and the unit set up again. */
	r->record = 0;
	wr32(r, RIG_FRO + 12, 1u << 31);
	wr32(r, FSTS, ICE | IQE | PFO);
	CHECK_EQ(rd32(r, FSTS), 0);
	rig_queue(r, 0, true);
	rig_wait(r);
	rig_on(r, TTM_LEGACY);
	rig_refuses(r, SID, rq(0x1000, IOM_READ), 0x01);
	iom_unit_reset(r->unit);
	map_check_reset(r);
	rig_free(r);
}

TEST(register_commands_of_version_6, "VTD-REG-26")
{
	static const uint8_t versions[] = { 0x5f, 0x60, 0x70, 0x80 };
	size_t i;
	unsigned g;

	for (i = 0; i < sizeof(versions); i++) {
		const struct iom_vtd_config config = { .cap = CAP_ALL,
			                               .ecap = ECAP_ALL,
			                               .version = versions[i],
			                               .address_bits = RIG_HAW };
		struct rig *r = rig_new_config(&config);
		const uint64_t iova = 0x12345000, a = 0x7654321000, b = 0x1234567000;
		const uint64_t root = page(r);
		const bool old = versions[i] < 0x60;

		rig_on(r, TTM_LEGACY);
		rig_ss(r, root, 4, iova, 1, a | SS_RW);
		rig_context_put(r, SID, CTX_P | root, AW(4) | DID(7));
		rig_grants(r, SID, rq(iova, IOM_READ), a);
		rig_ss(r, root, 4, iova, 1, b | SS_RW);
		for (g = 0; g < 4; g++) {
			wr64(r, CCMD, 1ull << 63 | (uint64_t)g << 61 | SID << 16 | 7);
			CHECK_EQ(rd64(r, CCMD) >> 63, 0);
			CHECK_EQ((rd64(r, CCMD) >> 59 & 3) != 0, old && g);
			wr64(r, RIG_IRO, iova);
			wr64(r, RIG_IRO + 8, 1ull << 63 | (uint64_t)g << 60 | 7ull << 32);
			CHECK_EQ(rd64(r, RIG_IRO + 8) >> 63, 0);
			CHECK_EQ((rd64(r, RIG_IRO + 8) >> 57 & 3) != 0, old && g);
		}
		rig_grants(r, SID, rq(iova, IOM_READ), old ? b : a);
		rig_free(r);
	}
}

/* ---- What software sees when a message has come ------------------------------------------- */

static uint32_t seen[8];

static void see(struct rig *r)
{
	uint32_t data = r->msi[r->msis - 1].data;

	CHECK(data < 8);
	seen[data] = rd32(r, data == 1 ? FSTS : data == 2 ? ICS : PRS);
	if (data == 1)
		CHECK_EQ(rd32(r, RIG_FRO + 12) >> 31, 1);
	if (data == 2)
		CHECK_EQ(ram32(r, r->status), 0x600d);
	if (data == 3)
		CHECK_EQ(rd64(r, PQT), 32);
}

TEST(status_is_there_when_the_message_comes, "VTD-REG-28 VTD-QI-22")
{
	struct rig *r = rig_new();

	rig_queue(r, 0, true);
	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, DTE | PRE, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS, 1, 0);
	rig_page_queue(r, 0);
	rig_event(r, FECTL, 0xfee00000, 1);
	rig_event(r, IECTL, 0xfee00000, 2);
	rig_event(r, PECTL, 0xfee00000, 3);
	r->on_msi = see;
	rig_submit(r, 0x600dull << 32 | 3 << 4 | 5, r->status);
	rig_page(r, SID, 0x1000, IOM_PAGE_READ, 0);
	rig_rtaddr(r, page(r));
	fault(r);
	CHECK_EQ(r->msis, 3);
	CHECK_EQ(seen[1], PPF);
	CHECK_EQ(seen[2], 1);
	CHECK_EQ(seen[3], 1);
	rig_free(r);
}

/* ---- Fields that a unit has no use for ---------------------------------------------------- */

TEST(fields_of_absent_features, "VTD-REG-30")
{
	const uint64_t legacy = ECAP_LEGACY & ~ECAP_DT;
	struct rig *r = rig_new_caps(CAP_LEGACY, legacy);
	struct iom_reply reply;
	uint64_t high;

	/* AT, PP, PV, PRIV and EXE */
	rig_on(r, TTM_LEGACY);
	rig_context_put(r, SID, CTX_P | TT_UNTRANSLATED | page(r), AW(4));
	CHECK_EQ(rig_translate(r, SID, rq_translated(rq(0x1000, IOM_WRITE)), &reply), IOM_EFAULT);
	high = rd64(r, RIG_FRO + 8);
	CHECK_EQ(high >> 63, 1);
	CHECK_EQ(high >> 60 & 3, 0);
	CHECK_EQ(rig_translate(r, SID, rq_priv(0x1000, IOM_EXECUTE, 0xfffff), &reply), IOM_EFAULT);
	high = rd64(r, RIG_FRO + 24);
	CHECK_EQ(high >> 63, 1);
	CHECK_EQ(high >> 32 & 0xff, reply.fault);
	CHECK_EQ(high >> 40 & 0xfffff, 0);
	CHECK_EQ(high >> 29 & 7, 0);
	rig_free(r);

	/* ICE and ITE: nobody is asked to invalidate anything, and completions belong to nothing. */
	r = rig_new_caps(CAP_LEGACY, legacy);
	rig_queue(r, 0, false);
	rig_on(r, TTM_LEGACY);
	CHECK_EQ(rig_send(r, SID,
	                  &(struct iom_message){
				  .kind = IOM_MESSAGE_INVALIDATED, .token = 1, .code = 1 }),
	         IOM_ENOTSUP);
	CHECK_EQ(rd32(r, FSTS), 0);
	rig_submit(r, (uint64_t)SID << 32 | 3, 0);
	CHECK_EQ(rd32(r, FSTS), IQE);
	CHECK_EQ(r->messages, 0);
	rig_free(r);
}

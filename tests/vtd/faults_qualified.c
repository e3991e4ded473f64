/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Which faults FPD hides: every reason with FPD set wherever there is one, and without.  Those that
 * translation requests can have as well are in ats_answers.c.
 */
#include "nest.h"

#define SID 0x0123
#define IOVA 0x12345000ull
#define PASID 0x155

/* A unit, and whatever it takes to be refused; true if FPD hides that. */
struct row {
	unsigned reason;
	bool qualified;
	void (*refused)(unsigned reason, uint64_t fpd, bool recorded);
};

static void judge(struct rig *r, struct iom_request q, unsigned reason, bool recorded)
{
	rig_declines(r, SID, q, IOM_UNSUPPORTED, reason, recorded);
	rig_free(r);
}

static struct rig *unit(uint64_t cap, uint64_t ecap, uint8_t version)
{
	const struct iom_vtd_config config = { .cap = cap,
		                               .ecap = ecap,
		                               .version = version,
		                               .address_bits = RIG_HAW,
		                               .flags = IOM_VTD_UNCACHED };

	return rig_new_config(&config);
}

/* ---- Legacy mode -------------------------------------------------------------------------- */

static void legacy_pasid(unsigned reason, uint64_t fpd, bool recorded)
{
	struct rig *r = rig_new();

	rig_on(r, TTM_LEGACY);
	rig_context_put(r, SID, CTX_P | fpd | TT_PASS, AW(5));
	judge(r, rq_pid(IOVA, IOM_READ, PASID), reason, recorded);
}

/* A page request is not answered by a reply; the record tells. */
static void page_refused(struct rig *r, unsigned reason, bool recorded)
{
	const struct record want = {
		.info = IOVA, .sid = SID, .reason = reason, .type = TYPE_PAGE_REQUEST
	};

	rig_page_queue(r, 0);
	rig_page(r, SID, IOVA, IOM_PAGE_READ | IOM_PAGE_LAST, 3);
	rig_answered(r, SID, 3, IOM_PAGES_INVALID);
	if (recorded)
		rig_expect(r, &want);
	rig_expect_none(r);
	CHECK_EQ(rd64(r, PQT), 0);
	rig_free(r);
}

static void legacy_page(unsigned reason, uint64_t fpd, bool recorded)
{
	struct rig *r = rig_new();

	rig_on(r, TTM_LEGACY);
	rig_context_put(r, SID, CTX_P | fpd | TT_PASS, AW(5));
	page_refused(r, reason, recorded);
}

/* ---- Scalable mode ------------------------------------------------------------------------ */

/* A device with PASIDs that pass through. */
static void device(struct rig *r, uint64_t fpd, uint64_t flags)
{
	rig_root(r, TTM_SCALABLE);
	rig_device(r, SID, 0, fpd | PASIDE | DTE | flags, 0);
	put64(r, rig_directory(r, SID, PASID), page(r) | fpd | 1);
	rig_pasid_put(r, SID, PASID, PE_P | fpd | PGTT_PASS, 1, 0);
	rig_gcmd(r, TE, true);
}

static void aborted(unsigned reason, uint64_t fpd, bool recorded)
{
	struct rig *r = unit(CAP_ALL, ECAP_ALL | ECAP_ADMS, 0x40);

	device(r, fpd, 0);
	rig_rtaddr(r, r->root | TTM_ABORT << 10);
	judge(r, rq_pid(IOVA, IOM_WRITE, PASID), reason, recorded);
}

static void execute(unsigned reason, uint64_t fpd, bool recorded)
{
	struct rig *r = unit(CAP_ALL, ECAP_ALL, 0x80);

	device(r, fpd, 0);
	rig_grants(r, SID, rq_pid(IOVA, IOM_READ, PASID), IOVA);
	judge(r, rq_pid(IOVA, IOM_EXECUTE, PASID), reason, recorded);
}

static void no_page_requests(unsigned reason, uint64_t fpd, bool recorded)
{
	struct rig *r = rig_new();

	device(r, fpd, 0);
	page_refused(r, reason, recorded);
}

static void translated_with_pasid(unsigned reason, uint64_t fpd, bool recorded)
{
	struct rig *r = unit(CAP_ALL, ECAP_ALL | ECAP_PTRS, 0x40);

	device(r, fpd, 0);
	judge(r, rq_translated(rq_pid(IOVA, IOM_READ, PASID)), reason, recorded);
}

static void wide_pasid(unsigned reason, uint64_t fpd, bool recorded)
{
	/* 8 bits of PASID; the directory has room for 13. */
	struct rig *r = unit(CAP_ALL, (ECAP_ALL & ~ECAP_PSS(32)) | ECAP_PSS(8), 0x40);

	device(r, fpd, 0);
	rig_pasid_put(r, SID, PASID & 0xff, PE_P | fpd | PGTT_PASS, 1, 0);
	judge(r, rq_pid(IOVA, IOM_READ, PASID), reason, recorded);
}

/* ---- Nested ------------------------------------------------------------------------------- */

static void nested(unsigned reason, uint64_t fpd, bool recorded)
{
	struct nest n;
	uint64_t leaf;

	nest_init(&n, 4, 4, fpd, 0);
	rig_grants(n.r, NEST_SID, rq(n.iova, IOM_READ), n.to);
	switch (reason) {
	case 0x74:
		put64(n.r, nest_entry(&n, n.iova, 1), 1ull << 48 | FS_PRU);
		break;
	case 0x75:
		leaf = nest_leaf(&n, n.fs);
		put64(n.r, leaf, ram64(n.r, leaf) & ~SS_R);
		break;
	case 0x76:
		leaf = nest_leaf(&n, nest_table(&n, n.iova, 1));
		put64(n.r, leaf, ram64(n.r, leaf) & ~SS_R);
		break;
	case 0x77:
		leaf = nest_entry(&n, n.iova, 1);
		put64(n.r, leaf, ram64(n.r, leaf) & ~FS_A);
		leaf = nest_leaf(&n, nest_table(&n, n.iova, 1));
		put64(n.r, leaf, ram64(n.r, leaf) & ~SS_W);
		break;
	default:
		fail();
	}
	judge(n.r, rq(n.iova, IOM_READ), reason, recorded);
}

/* ---- Interrupts --------------------------------------------------------------------------- */

#define INDEX 5ull
#define MESSAGE (0xfee00010ull | INDEX << 5)
#define IM (1ull << 15)

static void message_refused(struct rig *r, uint64_t address, uint32_t data, unsigned reason,
                            bool recorded)
{
	unsigned is = 0;

	CHECK_EQ(rig_msi(r, SID, address, data, &is), IOM_EFAULT);
	CHECK_EQ(is, reason);
	CHECK_EQ(r->msis, 0);
	CHECK_EQ(rd64(r, RIG_FRO + 8) >> 63, recorded);
	if (recorded) {
		CHECK_EQ(rd64(r, RIG_FRO + 8) >> 32 & 0xff, reason);
		CHECK_EQ(rd64(r, RIG_FRO + 8) & 0xffff, SID);
	}
	rig_free(r);
}

static void interrupt(unsigned reason, uint64_t fpd, bool recorded)
{
	struct rig *r = rig_new();
	uint64_t address = MESSAGE, irt, descriptor = page(r);
	uint64_t low = 0x41 << 16 | fpd | 1, top = SID | 1 << 18;
	uint32_t data = 0;

	rig_queue(r, 0, false);
	irt = rig_irt(r, 7, false);
	switch (reason) {
	case 0x20:
		address |= 1 << 3;
		data = 1u << 16;
		break;
	case 0x21:
		address = 0xfee00010 | 256 << 5;
		break;
	case 0x22:
		low &= ~1ull;
		break;
	case 0x23:
		wr64(r, IRTA, RIG_NOWHERE | 7);
		rig_gcmd(r, SIRTP, true);
		break;
	case 0x24:
		low |= 1 << 12;
		break;
	case 0x25:
		address = 0xfee01000;
		break;
	case 0x26:
		top++;
		break;
	case 0x27:
		low |= IM;
		low |= (RIG_NOWHERE & 0xffffffc0) << 32;
		break;
	case 0x28:
		low |= IM | descriptor << 32;
		put64(r, descriptor + 32, 1ull << 2);
		break;
	default:
		fail();
	}
	put64(r, irt + 16 * INDEX, low);
	put64(r, irt + 16 * INDEX + 8, top);
	message_refused(r, address, data, reason, recorded);
}

static void no_interrupt(unsigned reason, uint64_t fpd, bool recorded)
{
	struct rig *r = rig_new();
	struct iom_reply reply;

	rig_on(r, TTM_LEGACY);
	rig_context_put(r, SID, CTX_P | fpd | TT_PASS, AW(5));
	rig_queue(r, 0, false);
	rig_irt(r, 7, false);
	CHECK_EQ(rig_translate(r, SID, rq(0xfee00000, IOM_READ), &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, reason);
	CHECK_EQ(rd64(r, RIG_FRO + 8) >> 63, recorded);
	CHECK_EQ(rd64(r, RIG_FRO + 8) >> 32 & 0xff, reason);
	rig_free(r);
}

static void x2apic_alone(unsigned reason, uint64_t fpd, bool recorded)
{
	struct rig *r = unit(CAP_ALL, ECAP_ALL | ECAP_EIMER, 0x40);
	uint64_t irt;

	rig_queue(r, 0, false);
	irt = rig_irt(r, 7, false);
	put64(r, irt + 16 * INDEX, 0x41 << 16 | fpd | 1);
	message_refused(r, MESSAGE, 0, reason, recorded);
}

static void remapping_required(unsigned reason, uint64_t fpd, bool recorded)
{
	(void)fpd; /* no entry is read */
	message_refused(unit(CAP_ALL, ECAP_ALL | ECAP_IRREQ, 0x40), 0xfee01000, 0x41, reason,
	                recorded);
}

static const struct row rows[] = {
	{ 0x20, false, interrupt },       { 0x21, false, interrupt },
	{ 0x22, true, interrupt },        { 0x23, false, interrupt },
	{ 0x24, true, interrupt },        { 0x25, false, interrupt },
	{ 0x26, true, interrupt },        { 0x27, true, interrupt },
	{ 0x28, true, interrupt },        { 0x29, false, no_interrupt },
	{ 0x2a, false, x2apic_alone },    { 0x2b, false, remapping_required },
	{ 0x31, false, legacy_pasid },    { 0x32, false, legacy_page },
	{ 0x33, false, aborted },         { 0x34, false, execute },
	{ 0x47, true, no_page_requests }, { 0x49, true, translated_with_pasid },
	{ 0x74, true, nested },           { 0x75, true, nested },
	{ 0x76, true, nested },           { 0x77, true, nested },
	{ 0x89, true, wide_pasid },
};

TEST(fault_processing_disable, "VTD-FLT-16 VTD-FLT-11 VTD-IR-28")
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rows[i].refused(rows[i].reason, 0, true);
		rows[i].refused(rows[i].reason, FPD, !rows[i].qualified);
	}
}

/* A fault that FPD hides leaves every register alone: no status, no event, no place in the circle. */
TEST(hidden_faults_leave_no_trace, "VTD-FLT-16 VTD-FLT-12")
{
	struct rig *r = rig_new();

	rig_on(r, TTM_LEGACY);
	rig_event(r, FECTL, 0xfee01000, 0x31);
	rig_context_put(r, SID, FPD, 0);
	rig_refuses_quietly(r, SID, rq(IOVA, IOM_WRITE), 0x02);
	rig_refuses_quietly(r, SID, rq(IOVA, IOM_READ), 0x02);
	CHECK_EQ(rd32(r, FSTS), 0);
	CHECK_EQ(r->msis, 0);
	rig_context_put(r, SID, 0, 0);
	rig_refuses(r, SID, rq(IOVA, IOM_WRITE), 0x02);
	CHECK_EQ(r->record, 1);
	CHECK_EQ(r->msis, 1);
	rig_free(r);
}

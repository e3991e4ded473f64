/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Translated requests, and which kinds of request a context lets in. */
#include "ats_rig.h"

#define IOVA 0x12345000ull

static struct iom_request translated(uint64_t iova, unsigned access)
{
	return (struct iom_request){
		.iova = iova, .bytes = 8, .access = (uint8_t)access, .at = IOM_AT_TRANSLATED
	};
}

static struct iom_request translated_pid(uint64_t iova, unsigned access, uint32_t pid)
{
	struct iom_request q = translated(iova, access);

	q.flags = IOM_REQ_PASID;
	q.pasid = pid;
	return q;
}

/* Refused with this cause; the record names the request, and what the second stage was asked. */
static void refused(struct rig *r, uint32_t device, struct iom_request q, unsigned cause,
                    uint64_t iotval2)
{
	unsigned ttyp = q.access == IOM_READ ? 6 : q.access == IOM_EXECUTE ? 5 : 7;
	unsigned is = rig_cause_of(r, device, &q);

	if (ttyp == 5 && !(q.flags & IOM_REQ_PASID))
		ttyp = 6;
	CHECK_MSG(is == cause, "device %u, access %u: %u instead of %u", device, q.access, is,
	          cause);
	rig_expect(r,
	           rig_record(cause, ttyp, device) |
	                   (q.flags & IOM_REQ_PASID ? BY_PID(q.pasid) : 0),
	           q.iova, iotval2);
	rig_expect_none(r);
}

static void passes(struct rig *r, uint32_t device, struct iom_request q, uint64_t to)
{
	struct iom_reply reply;
	int err = rig_translate(r, device, &q, &reply);

	CHECK_MSG(err == IOM_OK, "device %u, 0x%llx: cause %u", device, (unsigned long long)q.iova,
	          reply.fault);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK_EQ(reply.spa, to);
	CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
	CHECK_EQ(reply.target, IOM_TARGET_MEMORY);
	CHECK(reply.perm & (q.access == IOM_READ      ? PERM_R
	                    : q.access == IOM_EXECUTE ? PERM_RX
	                                              : PERM_RW & ~PERM_R));
	rig_expect_none(r);
}

/* All tables are where nothing answers: whoever looks at them is refused. */
TEST(translated_passes_unchanged, "RV-TR-05")
{
	struct ats a;
	const uint64_t away = RIG_NOWHERE >> 12;
	uint64_t record[4];

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	put64(a.r, rig_dc(a.r, HOST) + 24, stage_mode(3) | away);
	put64(a.r, rig_dc(a.r, GUEST) + 8, stage_mode(3) | away);
	put64(a.r, rig_dc(a.r, SECOND) + 8, stage_mode(3) | away);
	put64(a.r, rig_dc(a.r, PROC) + 24, MODE(PD8) | away);
	put64(a.r, rig_dc(a.r, GUEST_PROC) + 8, stage_mode(3) | away);
	ats_msi(&a, GUEST, (1ull << 29) - 1, 0);
	for (uint32_t d = HOST; d <= GUEST_PROC; d++) {
		for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
			for (unsigned bit = 3; bit < 64; bit++)
				passes(a.r, d, translated(1ull << bit | IOVA, access),
				       1ull << bit | IOVA);
			if (d >= PROC)
				passes(a.r, d, translated_pid(IOVA, access, PID), IOVA);
		}
		/* and the same request untranslated does not */
		CHECK((rig_cause(a.r, d, IOVA, IOM_READ) == 0) == (d == BOTH_BARE || d == PROC));
		while (rig_fault(a.r, record))
			;
	}
	rig_free(a.r);
}

TEST(translated_moves_data, "RV-TR-05")
{
	struct ats a;
	struct iom_reply reply;
	struct iom_port *port;
	uint64_t spa, word = 0x1122334455667788, back = 0;
	struct iom_request q;

	ats_init(&a, 0, 0);
	spa = page(a.r);
	port = rig_port(a.r, HOST);
	for (unsigned i = 0; i < 3; i++) {
		q = translated(spa + 8 * i, IOM_WRITE);
		CHECK_EQ(iom_write(port, &q, &word, 8, &reply), IOM_OK);
		CHECK_EQ(ram64(a.r, spa + 8 * i), word);
		q.access = IOM_READ;
		CHECK_EQ(iom_read(port, &q, &back, 8, &reply), IOM_OK);
		CHECK_EQ(back, word);
		/* what passed translated does not let the same pass untranslated */
		q.at = IOM_AT_UNTRANSLATED;
		CHECK_EQ(iom_read(port, &q, &back, 8, &reply), IOM_EFAULT);
		CHECK_EQ(reply.fault, 13);
	}
	rig_free(a.r);
}

/* Whose process_id is judged all the same. */
TEST(translated_is_judged_by_the_context, "RV-TR-04 RV-TR-09 RV-FQ-17")
{
	struct ats a;
	struct iom_request q;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
		refused(a.r, HOST, translated_pid(IOVA, access, PID), 260, 0);
		refused(a.r, PROC, translated_pid(IOVA, access, 256), 260, 0);
		refused(a.r, 20, translated(IOVA, access), 258, 0);
		refused(a.r, 64, translated(IOVA, access), 260, 0);
		ats_tc(&a, 21, ATS_ON | 1ull << 12);
		refused(a.r, 21, translated(IOVA, access), 259, 0);
		for (uint32_t d = HOST; d <= BOTH_BARE; d++) {
			ats_tc(&a, d, TC_V);
			refused(a.r, d, translated(IOVA, access), 260, 0);
			ats_tc(&a, d, TC_V | TC_DTF);
			q = translated(IOVA, access);
			CHECK_EQ(rig_cause_of(a.r, d, &q), 260);
			rig_expect_none(a.r);
			ats_tc(&a, d, ATS_ON);
			passes(a.r, d, translated(IOVA, access), IOVA);
		}
	}
	/* a stage that is not used is checked */
	put64(a.r, rig_dc(a.r, GUEST) + 8, stage_mode(3) | 1);
	refused(a.r, GUEST, translated(IOVA, IOM_READ), 259, 0);
	rig_free(a.r);
}

/* The kinds of request, where the capability is there and nobody is known. */
TEST(translated_records_name_the_kind, "RV-TR-07 RV-TR-08")
{
	struct ats a;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
		refused(a.r, 20, translated(IOVA, access), 258, 0);
		refused(a.r, 20, translated_pid(IOVA, access, 77), 258, 0);
	}
	ats_refused(a.r, 20, ats_plain(IOVA, 0), IOM_UNSUPPORTED, 258, true);
	ats_refused(a.r, 20, ats_pid(IOVA, IOM_REQ_PRIVILEGED, 77), IOM_UNSUPPORTED, 258, true);
	ats_refused(a.r, 20, ats_execute(IOVA, IOM_REQ_NO_WRITE, 77), IOM_UNSUPPORTED, 258, true);
	rig_free(a.r);
}

/* ---- Guest-physical addresses ------------------------------------------------------------- */

TEST(translated_guest_address, "RV-TR-06")
{
	for (unsigned flags = 0; flags <= IOM_RISCV_UNCACHED; flags += IOM_RISCV_UNCACHED) {
		struct ats a;
		uint64_t gpa, spa;

		ats_init(&a, 0, flags);
		gpa = a.path.data.gpa;
		spa = a.path.data.spa;
		/* neither the first stage nor the process is looked at */
		put64(a.r, rig_dc(a.r, GUEST) + 24, stage_mode(3) | RIG_NOWHERE >> 12);
		put64(a.r, rig_dc(a.r, GUEST_PROC) + 24, MODE(PD8) | RIG_NOWHERE >> 12);
		ats_tc(&a, GUEST, ATS_ON | TC_T2GPA);
		ats_tc(&a, SECOND, ATS_ON | TC_T2GPA);
		ats_tc(&a, GUEST_PROC, ATS_ON | TC_T2GPA | TC_PDTV);
		for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
			passes(a.r, GUEST, translated(gpa + 0x128, access), spa + 0x128);
			passes(a.r, SECOND, translated(gpa + 0x128, access), spa + 0x128);
			passes(a.r, GUEST_PROC, translated(gpa, access), spa);
			passes(a.r, GUEST_PROC, translated_pid(gpa, access, PID), spa);
			refused(a.r, GUEST_PROC, translated_pid(gpa, access, 256), 260, 0);
		}
		rig_free(a.r);
	}
}

/* One port, one number: as an IOVA, and as the guest-physical address that another IOVA led to. */
TEST(translated_is_not_confused, "RV-TR-06 RV-ATS-17")
{
	struct ats a;
	struct guest_page one, two;
	struct iom_port *port;
	struct iom_reply reply;
	uint64_t word;

	ats_init(&a, 0, 0);
	one = nested_page(&a.n);
	two = nested_page(&a.n);
	put64(a.r, one.spa, 1);
	put64(a.r, two.spa, 2);
	/* guest tables in the guest's RAM, which is mapped one to one */
	rig_map(a.r, a.n.root, 3, true, RIG_RAM, 2, leaf(RIG_RAM));
	rig_map(a.r, a.s1, 3, false, one.gpa, 0, leaf(two.gpa));
	put64(a.r, rig_dc(a.r, GUEST) + 24, stage_mode(3) | a.s1 >> 12);
	ats_tc(&a, GUEST, ATS_ON | TC_T2GPA);
	port = rig_port(a.r, GUEST);
	for (unsigned i = 0; i < 3; i++) {
		struct iom_request q = { .iova = one.gpa, .bytes = 8 };

		CHECK_EQ(iom_read(port, &q, &word, 8, &reply), IOM_OK);
		CHECK_EQ(word, 2);
		ats_grants(a.r, GUEST, ats_plain(one.gpa, 0), PERM_RW, two.gpa);
		q.at = IOM_AT_TRANSLATED;
		CHECK_EQ(iom_read(port, &q, &word, 8, &reply), IOM_OK);
		CHECK_EQ(word, 1);
		q.iova = two.gpa;
		CHECK_EQ(iom_read(port, &q, &word, 8, &reply), IOM_OK);
		CHECK_EQ(word, 2);
		q.at = IOM_AT_UNTRANSLATED;
		CHECK_EQ(iom_read(port, &q, &word, 8, &reply), IOM_EFAULT);
		CHECK_EQ(reply.fault, 13);
		rig_expect(a.r, rig_record(13, 2, GUEST), two.gpa, 0);
		q = ats_plain(two.gpa, 0);
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
		CHECK_EQ(reply.perm, 0);
	}
	rig_expect_none(a.r);
	rig_free(a.r);
}

TEST(translated_guest_address_refused, "RV-TR-06")
{
	struct ats a;
	uint64_t gpa, spa, none;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	gpa = a.path.data.gpa;
	spa = a.path.data.spa;
	ats_tc(&a, GUEST, ATS_ON | TC_T2GPA);
	refused(a.r, GUEST, translated(0x40000010, IOM_READ), 21, 0x40000010);
	refused(a.r, GUEST, translated(0x40000010, IOM_WRITE), 23, 0x40000010);
	refused(a.r, GUEST, translated(1ull << 41, IOM_READ), 21, 1ull << 41);
	put64(a.r, a.path.data.leaf, leaf(spa) & ~(PTE_W | PTE_D));
	passes(a.r, GUEST, translated(gpa, IOM_READ), spa);
	refused(a.r, GUEST, translated(gpa, IOM_WRITE), 23, gpa);
	refused(a.r, GUEST, translated(gpa, IOM_ATOMIC), 23, gpa);
	put64(a.r, a.path.data.leaf, leaf(spa) & ~PTE_U);
	refused(a.r, GUEST, translated(gpa, IOM_READ), 21, gpa);
	none = leaf(spa) & ~(PTE_A | PTE_D);
	put64(a.r, a.path.data.leaf, none);
	refused(a.r, GUEST, translated(gpa, IOM_READ), 21, gpa);
	ats_tc(&a, GUEST, ATS_ON | TC_T2GPA | TC_GADE);
	passes(a.r, GUEST, translated(gpa, IOM_READ), spa);
	CHECK_EQ(ram64(a.r, a.path.data.leaf), none | PTE_A);
	passes(a.r, GUEST, translated(gpa, IOM_WRITE), spa);
	CHECK_EQ(ram64(a.r, a.path.data.leaf), leaf(spa));
	ats_tc(&a, GUEST, ATS_ON | TC_T2GPA);
	rig_map(a.r, a.n.root, 3, true, gpa, 1, PTE_POINTER(RIG_NOWHERE));
	refused(a.r, GUEST, translated(gpa, IOM_READ), 5, 0);
	refused(a.r, GUEST, translated(gpa, IOM_WRITE), 7, 0);
	rig_free(a.r);
}

TEST(translated_execute_needs_read, "RV-S2-27")
{
	struct ats a;
	uint64_t gpa, spa;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	gpa = a.path.data.gpa;
	spa = a.path.data.spa;
	ats_tc(&a, GUEST_PROC, ATS_ON | TC_T2GPA | TC_PDTV);
	passes(a.r, GUEST_PROC, translated_pid(gpa, IOM_EXECUTE, PID), spa);
	put64(a.r, a.path.data.leaf, leaf(spa) & ~PTE_W);
	passes(a.r, GUEST_PROC, translated_pid(gpa, IOM_EXECUTE, PID), spa);
	put64(a.r, a.path.data.leaf, leaf(spa) & ~PTE_X);
	refused(a.r, GUEST_PROC, translated_pid(gpa, IOM_EXECUTE, PID), 20, gpa);
	/* without a process_id it is a read */
	passes(a.r, GUEST_PROC, translated(gpa, IOM_EXECUTE), spa);
	put64(a.r, a.path.data.leaf, leaf(spa) & ~(PTE_R | PTE_W));
	refused(a.r, GUEST_PROC, translated_pid(gpa, IOM_EXECUTE, PID), 20, gpa);
	refused(a.r, GUEST_PROC, translated(gpa, IOM_EXECUTE), 21, gpa);
	rig_free(a.r);
}

TEST(translated_message_page, "RV-MSI-29")
{
	struct ats a;
	uint64_t gpa, table;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	gpa = a.path.data.gpa;
	for (uint32_t d = GUEST; d <= GUEST_PROC; d++) {
		const uint64_t pdtv = d == GUEST_PROC ? TC_PDTV : 0;

		if (d == BOTH_BARE || d == PROC)
			continue;
		table = ats_msi(&a, d, 0, gpa >> 12);
		put64(a.r, table, PTE_PPN(STAGE_FAR) | 7);
		/* a system physical address means no message page */
		passes(a.r, d, translated(gpa, IOM_WRITE), gpa);
		ats_tc(&a, d, ATS_ON | TC_T2GPA | pdtv);
		passes(a.r, d, translated(gpa + 4, IOM_WRITE), STAGE_FAR + 4);
		passes(a.r, d, translated(gpa + 4, IOM_READ), STAGE_FAR + 4);
		put64(a.r, table, 0);
		refused(a.r, d, translated(gpa, IOM_WRITE), 262, 0);
		refused(a.r, d, translated(gpa, IOM_READ), 262, 0);
		put64(a.r, table, PTE_PPN(STAGE_FAR) | 5);
		refused(a.r, d, translated(gpa, IOM_WRITE), 263, 0);
	}
	put64(a.r, table, PTE_PPN(STAGE_FAR) | 7);
	refused(a.r, GUEST_PROC, translated_pid(gpa, IOM_EXECUTE, PID), 1, 0);
	rig_free(a.r);
}

/* ---- Contexts ----------------------------------------------------------------------------- */

TEST(ats_bits_of_a_context, "RV-DC-13 RV-DC-14 RV-DC-15 RV-DC-17 RV-DC-16")
{
	const uint64_t caps[] = { CAP_ALL_ATS, CAP_ALL_ATS & ~CAP_MSI_FLAT, CAP_EXT | CAP_ATS };

	for (unsigned c = 0; c < COUNT(caps); c++) {
		struct nested n;
		struct rig *r;

		nested_init(&n, caps[c], 3);
		r = n.r;
		rig_fq(r, 4, false);
		for (unsigned bits = 0; bits < 32; bits++) {
			const bool en_ats = bits & 1, en_pri = bits & 2, t2gpa = bits & 4;
			const bool prpr = bits & 8, guest = bits & 16;
			const bool bad = (!en_ats && (t2gpa || en_pri)) || (!en_pri && prpr) ||
			                 (t2gpa && (!guest || !(caps[c] & CAP_T2GPA)));
			unsigned is;

			rig_dc_put(r, 9,
			           TC_V | (en_ats ? TC_EN_ATS : 0) | (en_pri ? TC_EN_PRI : 0) |
			                   (t2gpa ? TC_T2GPA : 0) | (prpr ? TC_PRPR : 0),
			           guest ? nested_iohgatp(&n) : 0, 0, 0);
			is = rig_cause(r, 9, IOVA, IOM_READ);
			CHECK_MSG(is == (bad     ? 259u
			                 : guest ? 21u
			                         : 0u),
			          "bits 0x%x: cause %u", bits, is);
			if (is)
				rig_expect(r, rig_record(is, 2, 9), IOVA, is == 21 ? IOVA : 0);
			rig_expect_none(r);
		}
		rig_free(r);
	}
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt files in memory: what a message does to the file, and the notice that follows it. */
#include <stdlib.h>
#include <string.h>

#include "mrif.h"

#define FLAGS IOM_RISCV_UNCACHED

static struct iom_reply ask(struct mrif *m, uint64_t iova, unsigned access)
{
	const struct iom_request q = { .iova = iova, .bytes = 4, .access = (uint8_t)access };
	struct iom_reply reply;
	int err = rig_translate(m->r, MRIF_DEVICE, &q, &reply);

	CHECK_MSG(err == IOM_OK, "0x%llx: cause %u", (unsigned long long)iova, reply.fault);
	return reply;
}

/* ---- What a translation says -------------------------------------------------------------- */

TEST(mrif_page_is_a_target_of_its_own, "RV-MSI-18")
{
	for (unsigned cached = 0; cached < 2; cached++) {
		struct mrif m;
		struct iom_reply reply;

		mrif_init(&m, CAP_MRIF, cached ? 0 : FLAGS);
		for (unsigned round = 0; round < 3; round++)
			for (unsigned access = IOM_READ; access <= IOM_WRITE; access++) {
				reply = ask(&m, MRIF_PAGE, access);
				CHECK_EQ(reply.target, IOM_TARGET_MRIF);
				CHECK_EQ(reply.spa, m.file);
				CHECK(!reply.host);
				CHECK_EQ(reply.range_lg2, 12);
				CHECK_EQ(reply.perm, IOM_PERM_READ | IOM_PERM_WRITE);
				CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
				CHECK_EQ(reply.status, IOM_DONE);
				CHECK_EQ(reply.fault, 0);
			}
		/* Asking moves nothing. */
		CHECK_EQ(m.r->msis, 0);
		CHECK_EQ(ram64(m.r, m.file), 0);
		/* The page beside it is memory. */
		rig_map(m.r, m.n.root, 3, true, MRIF_PAGE + 0x1000, 0, leaf(RIG_RAM));
		reply = ask(&m, MRIF_PAGE + 0x1008, IOM_WRITE);
		CHECK_EQ(reply.target, IOM_TARGET_MEMORY);
		CHECK_EQ(reply.spa, RIG_RAM + 8);
		mrif_free(&m);
	}
}

/* Each bit of the file's address. */
TEST(mrif_address_is_aligned_to_512_bytes, "RV-MSI-18")
{
	struct mrif m;

	mrif_init(&m, CAP_MRIF, FLAGS);
	for (unsigned bit = 9; bit < 56; bit++) {
		mrif_put(&m, mrif_entry(1ull << bit), 0);
		CHECK_EQ(ask(&m, MRIF_PAGE, IOM_WRITE).spa, 1ull << bit);
	}
	for (unsigned at = 0; at < 4096; at += 512) {
		m.file = (m.file & ~0xfffull) + at;
		mrif_put(&m, mrif_entry(m.file), mrif_notice(MRIF_NOTICE, MRIF_NID));
		mrif_send(&m, 0, 100);
		CHECK_EQ(ram64(m.r, m.file + 16), 1ull << 36);
	}
	mrif_free(&m);
}

/* ---- The pending bit ---------------------------------------------------------------------- */

TEST(mrif_sets_one_pending_bit, "RV-MSI-18 IRQ-MRIF-01 IRQ-MRIF-11")
{
	for (unsigned amo = 0; amo < 2; amo++) {
		struct mrif m;

		mrif_init(&m, CAP_MRIF | (amo ? CAP_AMO_MRIF : 0), FLAGS);
		for (unsigned identity = 0; identity < 2048; identity++) {
			uint64_t word = mrif_word(&m, identity);

			mrif_fill(&m);
			put64(m.r, word, ram64(m.r, word) & ~mrif_bit(identity));
			mrif_send(&m, 0, identity);
			CHECK_MSG(ram64(m.r, word) & mrif_bit(identity), "identity %u", identity);
			/* All else is as before: put the bit back as the pattern has it. */
			for (unsigned i = 0; i < 8; i++) {
				unsigned off = (unsigned)(word & 0xfff) + i;
				uint8_t *is = m.r->ram + (word - RIG_RAM) + i;

				if (identity % 64 / 8 != i)
					continue;
				CHECK_EQ(*is, mrif_pattern(off) | 1u << identity % 8);
				*is = mrif_pattern(off);
			}
			mrif_unchanged(&m);
		}
		CHECK_EQ(m.r->msis, 2048);
		rig_expect_none(m.r);
		mrif_free(&m);
	}
}

TEST(mrif_messages_add_up, "RV-MSI-18")
{
	static const unsigned identities[] = { 0, 1, 63, 64, 65, 127, 128, 1023, 1984, 2047 };
	struct mrif m;
	unsigned sum = 0;

	mrif_init(&m, CAP_MRIF | CAP_AMO_MRIF, 0);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < COUNT(identities); i++)
			mrif_send(&m, 0, identities[i]);
	for (unsigned i = 0; i < COUNT(identities); i++)
		CHECK(ram64(m.r, mrif_word(&m, identities[i])) & mrif_bit(identities[i]));
	for (unsigned at = 0; at < 512; at += 8)
		sum += (unsigned)__builtin_popcountll(ram64(m.r, m.file + at));
	CHECK_EQ(sum, COUNT(identities));
	CHECK_EQ(m.r->msis, 2 * COUNT(identities));
	mrif_free(&m);
}

/* A store of the library's own: whoever tracks pages must hear of it. */
TEST(mrif_store_is_told_as_dirty, "")
{
	struct mrif m;
	bool told = false;

	mrif_init(&m, CAP_MRIF | CAP_AMO_MRIF, FLAGS);
	m.r->dirties = 0;
	mrif_send(&m, 0, 200);
	for (unsigned i = 0; i < m.r->dirties; i++)
		told |= m.r->dirty[i].spa <= mrif_word(&m, 200) + 1 &&
		        m.r->dirty[i].spa + m.r->dirty[i].len > mrif_word(&m, 200) + 1;
	CHECK(told);
	mrif_free(&m);
}

TEST(mrif_big_endian_half, "RV-MSI-21 IRQ-MRIF-04")
{
	static const unsigned identities[] = { 0, 1, 7, 0x100, 0x102, 0x700, 0x7ff };

	for (unsigned be = 0; be < 2; be++) {
		struct mrif m;
		unsigned msis = 0;

		mrif_init(&m, CAP_MRIF, FLAGS | (be ? 0 : IOM_RISCV_NO_MSI_BE));
		for (unsigned i = 0; i < COUNT(identities); i++) {
			uint64_t word = mrif_word(&m, identities[i]);

			mrif_fill(&m);
			put64(m.r, word, 0);
			mrif_send(&m, 4, __builtin_bswap32(identities[i]));
			msis += be;
			CHECK_EQ(ram64(m.r, word), be ? mrif_bit(identities[i]) : 0);
			CHECK_EQ(m.r->msis, msis);
			for (unsigned b = 0; b < 8; b++)
				m.r->ram[word - RIG_RAM + b] = mrif_pattern((word & 0xfff) + b);
			mrif_unchanged(&m);
			/* The other order is a number that is too large, or 0. */
			if (identities[i]) {
				mrif_send(&m, 4, identities[i]);
				mrif_send(&m, 0, __builtin_bswap32(identities[i]));
			}
			mrif_unchanged(&m);
			CHECK_EQ(m.r->msis, msis);
		}
		/* The little-endian half is always there. */
		mrif_send(&m, 0, 0x102);
		CHECK_EQ(m.r->msis, msis + 1);
		mrif_free(&m);
	}
}

/* ---- The notice --------------------------------------------------------------------------- */

static struct mrif *watched; /* by see_bit */
static unsigned watched_identity;

static void see_bit(struct rig *r)
{
	CHECK_MSG(ram64(r, mrif_word(watched, watched_identity)) & mrif_bit(watched_identity),
	          "the notice comes before the bit");
}

TEST(mrif_notice_follows_the_bit, "RV-MSI-24 IRQ-MRIF-07")
{
	static const unsigned nids[] = { 0, 1, 0x200, 0x3ff, 0x400, 0x555, 0x7ff };
	struct mrif m;
	unsigned msis = 0;

	mrif_init(&m, CAP_MRIF | CAP_AMO_MRIF, FLAGS);
	watched = &m;
	m.r->on_msi = see_bit;
	for (unsigned i = 0; i < COUNT(nids); i++)
		for (unsigned bit = 12; bit < 56; bit++) {
			put64(m.r, mrif_word(&m, 2000), 0);
			watched_identity = 2000;
			mrif_put(&m, mrif_entry(m.file), mrif_notice(1ull << bit, nids[i]));
			m.r->msis = 0;
			mrif_send(&m, 0, 2000);
			msis++;
			CHECK_EQ(m.r->msis, 1);
			CHECK_EQ(m.r->msi[0].address, 1ull << bit);
			CHECK_EQ(m.r->msi[0].data, nids[i]);
		}
	CHECK(msis);
	/* Zeroes: a notice goes to address 0 as to any other. */
	mrif_put(&m, mrif_entry(m.file), 0);
	m.r->msis = 0;
	mrif_send(&m, 0, 2000);
	CHECK_EQ(m.r->msis, 1);
	CHECK_EQ(m.r->msi[0].address, 0);
	CHECK_EQ(m.r->msi[0].data, 0);
	mrif_free(&m);
}

/* A host without msi: the four bytes go the way of all stores. */
TEST(mrif_notice_as_a_store, "RV-MSI-24 RV-MSI-28")
{
	for (unsigned be = 0; be < 2; be++) {
		struct mrif m;
		uint64_t inbox;

		mrif_init(&m, CAP_MRIF, FLAGS);
		inbox = page(m.r);
		iom_unit_free(m.r->unit);
		CHECK_EQ(iom_riscv_new(&m.r->config, m.r->memory, NULL, NULL, &m.r->unit, NULL),
		         IOM_OK);
		CHECK_EQ(iom_lane_open(m.r->unit, &m.r->lane), IOM_OK);
		m.port = rig_port(m.r, MRIF_DEVICE);
		wr32(m.r, FCTL, be ? BE : 0);
		wr64(m.r, DDTP, PPN_OF(m.r->ddt) | LVL1);
		mrif_put(&m, mrif_entry(m.file), mrif_notice(inbox, 0x403));
		for (unsigned i = 0; be && i < 8; i++)
			put64(m.r, m.dc + 8 * i, swap64(ram64(m.r, m.dc + 8 * i)));
		for (unsigned i = 0; be && i < 2; i++)
			put64(m.r, m.table + 8 * i, swap64(ram64(m.r, m.table + 8 * i)));
		put64(m.r, inbox, ~0ull);
		mrif_send(&m, 0, 77);
		CHECK_EQ(ram64(m.r, mrif_word(&m, 77)), mrif_bit(77));
		CHECK_EQ(ram32(m.r, inbox), 0x403);
		CHECK_EQ(ram32(m.r, inbox + 4), ~0u);
		mrif_free(&m);
	}
}

TEST(mrif_notice_whatever_the_enable_bit, "RV-MSI-25 IRQ-MRIF-08 IRQ-MRIF-09")
{
	struct mrif m;

	mrif_init(&m, CAP_MRIF, FLAGS);
	for (unsigned enabled = 0; enabled < 2; enabled++)
		for (unsigned pending = 0; pending < 2; pending++) {
			put64(m.r, mrif_word(&m, 70) + 8, enabled ? ~0ull : 0);
			put64(m.r, mrif_word(&m, 70), pending ? mrif_bit(70) : 0);
			m.r->msis = 0;
			mrif_send(&m, 0, 70);
			CHECK_EQ(ram64(m.r, mrif_word(&m, 70)), mrif_bit(70));
			CHECK_EQ(ram64(m.r, mrif_word(&m, 70) + 8), enabled ? ~0ull : 0);
			CHECK_EQ(m.r->msis, 1);
			CHECK_EQ(m.r->msi[0].address, MRIF_NOTICE);
			CHECK_EQ(m.r->msi[0].data, MRIF_NID);
		}
	mrif_free(&m);
}

/* ---- Byte orders -------------------------------------------------------------------------- */

TEST(mrif_stays_little_endian, "RV-MSI-28")
{
	struct mrif m;

	mrif_init(&m, CAP_MRIF | CAP_AMO_MRIF, FLAGS);
	wr64(m.r, DDTP, OFF);
	wr32(m.r, FQCSR, 0);
	wr32(m.r, FCTL, BE);
	CHECK_EQ(rd32(m.r, FCTL) & BE, BE);
	wr64(m.r, DDTP, PPN_OF(m.r->ddt) | LVL1);
	for (unsigned i = 0; i < 8; i++)
		put64(m.r, m.dc + 8 * i, swap64(ram64(m.r, m.dc + 8 * i)));
	/* An entry in the wrong order is not valid. */
	CHECK_EQ(rig_cause(m.r, MRIF_DEVICE, MRIF_PAGE, IOM_WRITE), 262);
	mrif_put(&m, swap64(mrif_entry(m.file)), swap64(mrif_notice(MRIF_NOTICE, MRIF_NID)));
	for (unsigned identity = 1; identity < 2048; identity += 97) {
		uint64_t word = mrif_word(&m, identity);

		for (unsigned half = 0; half < 2; half++) {
			put64(m.r, word, 0);
			m.r->msis = 0;
			mrif_send(&m, half ? 4 : 0, half ? __builtin_bswap32(identity) : identity);
			CHECK_EQ(ram64(m.r, word), mrif_bit(identity));
			CHECK_EQ(m.r->msis, 1);
			CHECK_EQ(m.r->msi[0].address, MRIF_NOTICE);
			CHECK_EQ(m.r->msi[0].data, MRIF_NID);
		}
	}
	/* The other kind of entry, under the same table. */
	mrif_put(&m, swap64(PTE_PPN(STAGE_FAR) | 7), 0);
	CHECK_EQ(rig_spa(m.r, MRIF_DEVICE, MRIF_PAGE | 8), STAGE_FAR | 8);
	mrif_free(&m);
}

/* ---- Probes ------------------------------------------------------------------------------- */

/* A probe is answered as the request would be; its data still move, and its faults stay unsaid. */
TEST(mrif_probed, "")
{
	struct iom_request q = {
		.iova = MRIF_PAGE, .bytes = 4, .access = IOM_WRITE, .flags = IOM_REQ_PROBE
	};
	const uint8_t message[4] = { 9 };
	struct iom_reply reply;
	struct mrif m;

	mrif_init(&m, CAP_MRIF, 0);
	CHECK_EQ(rig_translate(m.r, MRIF_DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.target, IOM_TARGET_MRIF);
	CHECK_EQ(reply.spa, m.file);
	CHECK(!reply.host);
	CHECK_EQ(m.r->msis, 0);
	CHECK_EQ(iom_write(m.port, &q, message, 4, &reply), IOM_OK);
	CHECK_EQ(ram64(m.r, m.file), 1 << 9);
	CHECK_EQ(m.r->msis, 1);
	put64(m.r, m.file, 0);
	CHECK_EQ(iom_memory_poison(m.r->memory, m.file, 8), IOM_OK);
	CHECK_EQ(iom_write(m.port, &q, message, 4, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 271);
	rig_expect_none(m.r);
	mrif_free(&m);
}

struct stretches {
	uint64_t iova, bytes;
	unsigned count;
};

static int told(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm)
{
	struct stretches *s = opaque;

	(void)spa, (void)perm;
	s->iova = iova;
	s->bytes = bytes;
	s->count++;
	return 0;
}

/* A file is nothing that somebody else could map: who mirrors the tables is not told of it. */
TEST(mrif_is_no_mapping, "")
{
	struct stretches s = { 0 };
	struct iom_endpoint *endpoint;
	struct mrif m;
	uint64_t next;

	mrif_init(&m, CAP_MRIF, 0);
	rig_map(m.r, m.n.root, 3, true, MRIF_PAGE, 1, leaf(STAGE_FAR));
	CHECK_EQ(iom_endpoint_get(m.r->unit, MRIF_DEVICE, &endpoint), IOM_OK);
	CHECK_EQ(iom_replay(endpoint, MRIF_PAGE, MRIF_PAGE + 0x3fff, told, &s, &next), IOM_OK);
	CHECK_EQ(s.count, 1);
	CHECK_EQ(s.iova, MRIF_PAGE + 0x1000);
	CHECK_EQ(s.bytes, 0x3000);
	mrif_free(&m);
}

/* ---- First stage and caches --------------------------------------------------------------- */

TEST(mrif_behind_a_first_stage, "RV-MSI-18 RV-MSI-14")
{
	for (unsigned writable = 0; writable < 2; writable++) {
		struct mrif m;
		struct guest_path p;
		struct iom_request q = { .access = IOM_WRITE };
		struct iom_reply reply;
		const uint8_t message[4] = { 5 };

		mrif_init(&m, CAP_MRIF, FLAGS);
		nested_path(&m.n, &p, 3);
		put64(m.r, m.dc + 24, p.fsc);
		put64(m.r, p.entry[0], leaf(MRIF_PAGE) & ~(writable ? 0 : PTE_W));
		q.iova = p.iova & ~0xfffull;
		CHECK_EQ(ask(&m, q.iova, IOM_READ).target, IOM_TARGET_MRIF);
		CHECK_EQ(ask(&m, q.iova, IOM_READ).perm,
		         IOM_PERM_READ | (writable ? IOM_PERM_WRITE : 0));
		CHECK_EQ(iom_write(m.port, &q, message, 4, &reply), writable ? IOM_OK : IOM_EFAULT);
		CHECK_EQ(ram64(m.r, m.file), writable ? 1 << 5 : 0);
		CHECK_EQ(m.r->msis, writable);
		if (!writable)
			rig_expect(m.r, rig_record(15, 3, MRIF_DEVICE), q.iova, 0);
		rig_expect_none(m.r);
		mrif_free(&m);
	}
}

/* A changed entry is seen after GVMA: from file to file, to a page of memory, and back. */
TEST(mrif_entry_invalidated, "RV-MSI-30")
{
	struct mrif m;
	uint64_t target, second;

	mrif_init(&m, CAP_MRIF, 0);
	target = page(m.r);
	second = page(m.r);
	rig_cq(m.r, 4, false);
	for (unsigned round = 0; round < 6; round++) {
		put64(m.r, m.file, 0);
		put64(m.r, second, 0);
		put64(m.r, target, 0);
		if (round % 3 == 0)
			mrif_put(&m, mrif_entry(m.file), mrif_notice(MRIF_NOTICE, round));
		else if (round % 3 == 1)
			mrif_put(&m, PTE_PPN(target) | 7, 0);
		else
			mrif_put(&m, mrif_entry(second), mrif_notice(MRIF_NOTICE, round));
		rig_cmd(m.r, GVMA | 1ull << 10 | 1ull << 33 | 7ull << 44, PPN_OF(MRIF_PAGE));
		m.r->msis = 0;
		for (unsigned again = 0; again < 3; again++)
			mrif_send(&m, 0, 9);
		CHECK_EQ(ram64(m.r, m.file), round % 3 == 0 ? 1 << 9 : 0);
		CHECK_EQ(ram64(m.r, target), round % 3 == 1 ? 9 : 0);
		CHECK_EQ(ram64(m.r, second), round % 3 == 2 ? 1 << 9 : 0);
		CHECK_EQ(m.r->msis, round % 3 == 1 ? 0 : 3);
		if (m.r->msis)
			CHECK_EQ(m.r->msi[0].data, round);
	}
	mrif_free(&m);
}

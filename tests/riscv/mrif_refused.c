/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt files in memory: what is dropped in silence, what is aborted, what is a fault. */
#include <string.h>

#include "mrif.h"

#define FLAGS IOM_RISCV_UNCACHED
#define DTF (1ull << 4)
#define ROM 0x50000000ull

/* Nothing has come of it: no bit, no notice, no record. */
static void nothing(struct mrif *m)
{
	mrif_unchanged(m);
	CHECK_EQ(m->r->msis, 0);
	rig_expect_none(m->r);
}

/* ---- Accepted and discarded --------------------------------------------------------------- */

TEST(mrif_too_large_identity_is_dropped, "RV-MSI-19 IRQ-MRIF-02")
{
	for (unsigned amo = 0; amo < 2; amo++) {
		struct mrif m;

		mrif_init(&m, CAP_MRIF | (amo ? CAP_AMO_MRIF : 0), FLAGS);
		mrif_fill(&m);
		for (unsigned bit = 11; bit < 32; bit++)
			for (unsigned low = 0; low < 2048; low += 89) {
				mrif_send(&m, 0, 1u << bit | low);
				mrif_send(&m, 4, __builtin_bswap32(1u << bit | low));
			}
		mrif_send(&m, 0, 2048);
		mrif_send(&m, 0, ~0u);
		mrif_send(&m, 4, ~0u);
		nothing(&m);
		mrif_send(&m, 0, 2047);
		CHECK_EQ(m.r->msis, 1);
		mrif_free(&m);
	}
}

TEST(mrif_other_registers_of_the_page_are_dropped, "RV-MSI-20 IRQ-MRIF-03")
{
	struct mrif m;

	mrif_init(&m, CAP_MRIF, FLAGS);
	mrif_fill(&m);
	for (unsigned off = 8; off < 4096; off += 4) {
		mrif_send(&m, off, 5);
		mrif_send(&m, off, __builtin_bswap32(5));
	}
	nothing(&m);
	/* The very first two words are not among them. */
	mrif_send(&m, 0, 5);
	mrif_send(&m, 4, __builtin_bswap32(5));
	CHECK_EQ(m.r->msis, 2);
	mrif_free(&m);
}

/* Nothing is stored, so that it does not matter whether the file could be. */
TEST(mrif_dropped_message_needs_no_file, "RV-MSI-19 RV-MSI-20")
{
	struct mrif m;

	mrif_init(&m, CAP_MRIF, FLAGS | IOM_RISCV_NO_MSI_BE);
	mrif_put(&m, mrif_entry(RIG_NOWHERE), mrif_notice(MRIF_NOTICE, 1));
	mrif_send(&m, 0, 2048);
	mrif_send(&m, 8, 5);
	mrif_send(&m, 4, __builtin_bswap32(5));
	CHECK_EQ(m.r->msis, 0);
	rig_expect_none(m.r);
	mrif_free(&m);
}

/* ---- Aborted ------------------------------------------------------------------------------ */

static void aborted(struct mrif *m, int err, const struct iom_reply *reply, unsigned off,
                    unsigned bytes)
{
	CHECK_MSG(err == IOM_EFAULT, "%u bytes at 0x%x: %d", bytes, off, err);
	CHECK_MSG(reply->status == IOM_ABORT || reply->status == IOM_UNSUPPORTED, "status %u",
	          reply->status);
	CHECK_EQ(reply->done, 0);
	nothing(m);
}

TEST(mrif_other_accesses_are_aborted, "RV-MSI-22 IRQ-MRIF-06")
{
	static const unsigned sizes[] = { 1, 2, 3, 5, 6, 7, 8, 12, 16, 64 };
	struct mrif m;
	struct iom_reply reply;
	uint8_t buf[64];

	mrif_init(&m, CAP_MRIF | CAP_AMO_MRIF, FLAGS);
	mrif_fill(&m);
	for (unsigned off = 0; off < 24; off++) {
		struct iom_request q = { .iova = MRIF_PAGE + off };

		for (unsigned i = 0; i < COUNT(sizes); i++) {
			aborted(&m, mrif_store(&m, off, sizes[i], 5, &reply), &reply, off,
			        sizes[i]);
			memset(buf, 0, sizeof(buf));
			aborted(&m, iom_read(m.port, &q, buf, sizes[i], &reply), &reply, off,
			        sizes[i]);
			for (unsigned b = 0; b < sizes[i]; b++)
				CHECK_EQ(buf[b], 0xff);
		}
		if (off % 4 == 0)
			continue;
		aborted(&m, mrif_store(&m, off, 4, 5, &reply), &reply, off, 4);
		aborted(&m, iom_read(m.port, &q, buf, 4, &reply), &reply, off, 4);
	}
	/* An access of no bytes only asks. */
	CHECK_EQ(mrif_store(&m, 0, 0, 0, &reply), IOM_OK);
	nothing(&m);
	/* And nothing has gone wrong for those that follow. */
	mrif_send(&m, 0, 5);
	CHECK_EQ(m.r->msis, 1);
	mrif_free(&m);
}

TEST(mrif_wide_atomic_is_aborted, "RV-MSI-22")
{
	struct mrif m;
	struct iom_reply reply;
	const struct iom_request q = { .iova = MRIF_PAGE, .access = IOM_ATOMIC };
	uint64_t old;

	mrif_init(&m, CAP_MRIF | CAP_AMO_MRIF, FLAGS);
	mrif_fill(&m);
	for (unsigned op = IOM_FETCH_ADD; op <= IOM_CAS; op++) {
		CHECK_EQ(iom_atomic(m.port, &q, op, 5, 0, 8, &old, &reply), IOM_EFAULT);
		nothing(&m);
	}
	mrif_free(&m);
}

/* No atomic operation is carried out on the bytes of the file: it is a message, or nothing. */
TEST(mrif_atomic_is_no_memory_access, "")
{
	for (unsigned op = IOM_FETCH_ADD; op <= IOM_CAS; op++) {
		struct mrif m;
		struct iom_reply reply;
		const struct iom_request q = { .iova = MRIF_PAGE, .access = IOM_ATOMIC };
		uint64_t old = 0;
		int err;

		mrif_init(&m, CAP_MRIF | CAP_AMO_MRIF, 0);
		put64(m.r, m.file, 0x1234500);
		err = iom_atomic(m.port, &q, op, 5, 0x1234500, 4, &old, &reply);
		if (err == IOM_OK)
			CHECK_EQ(old, 0);
		else
			CHECK_EQ(err, IOM_EFAULT);
		CHECK_EQ(ram64(m.r, m.file), err == IOM_OK ? 0x1234520 : 0x1234500);
		CHECK_EQ(m.r->msis, err == IOM_OK);
		rig_expect_none(m.r);
		mrif_free(&m);
	}
}

TEST(mrif_reads_as_zero, "RV-MSI-23 IRQ-MRIF-05")
{
	for (unsigned cached = 0; cached < 2; cached++) {
		struct mrif m;
		struct iom_reply reply;

		mrif_init(&m, CAP_MRIF, cached ? 0 : FLAGS);
		mrif_fill(&m);
		for (unsigned off = 0; off < 4096; off += 4) {
			const struct iom_request q = { .iova = MRIF_PAGE + off };
			uint32_t word = ~0u;

			CHECK_EQ(iom_read(m.port, &q, &word, 4, &reply), IOM_OK);
			CHECK_EQ(reply.status, IOM_DONE);
			CHECK_EQ(reply.done, 4);
			CHECK_EQ(word, 0);
		}
		nothing(&m);
		mrif_free(&m);
	}
}

/* ---- Faults ------------------------------------------------------------------------------- */

/* A message is refused for the file itself, with a record unless DTF is set. */
static void file_fault(struct mrif *m, unsigned identity, unsigned cause)
{
	for (unsigned dtf = 0; dtf < 2; dtf++) {
		struct iom_reply reply;

		put64(m->r, m->dc, 1 | (dtf ? DTF : 0));
		m->r->msis = 0;
		CHECK_EQ(mrif_store(m, 0, 4, identity, &reply), IOM_EFAULT);
		CHECK_EQ(reply.fault, cause);
		CHECK_EQ(reply.status, cause == 271 ? IOM_ABORT : IOM_UNSUPPORTED);
		CHECK_EQ(reply.done, 0);
		CHECK_EQ(m->r->msis, 0);
		if (!dtf)
			rig_expect(m->r, rig_record(cause, 3, MRIF_DEVICE), MRIF_PAGE, 0);
		rig_expect_none(m->r);
	}
	put64(m->r, m->dc, 1);
}

TEST(mrif_file_that_cannot_be_stored_to, "RV-MSI-27 RV-FQ-05 RV-FQ-17 IRQ-MRIF-13")
{
	static uint64_t rom[64], high[64];
	const struct iom_region regions[] = {
		{ .spa = ROM, .bytes = 512, .host = rom, .flags = IOM_REGION_READONLY },
		{ .spa = 1ull << 40, .bytes = 512, .host = high },
	};

	for (unsigned amo = 0; amo < 2; amo++) {
		const uint64_t cap = CAP_MRIF | (amo ? CAP_AMO_MRIF : 0);
		struct mrif m;

		mrif_init(&m, cap, FLAGS);
		mrif_put(&m, mrif_entry(RIG_NOWHERE), mrif_notice(MRIF_NOTICE, MRIF_NID));
		file_fault(&m, 0, 264);
		file_fault(&m, 2047, 264);
		/* The translation itself is fine. */
		CHECK_EQ(rig_cause(m.r, MRIF_DEVICE, MRIF_PAGE, IOM_WRITE), 0);
		CHECK_EQ(iom_memory_add(m.r->memory, &regions[0], NULL), IOM_OK);
		mrif_put(&m, mrif_entry(ROM), mrif_notice(MRIF_NOTICE, MRIF_NID));
		file_fault(&m, 3, 264);
		CHECK_EQ(rom[0], 0);
		mrif_free(&m);

		/* Beyond PAS, with memory behind the address. */
		for (unsigned pas = 40; pas <= 41; pas++) {
			memset(high, 0, sizeof(high));
			mrif_init(&m, (cap & ~CAP_PAS(63)) | CAP_PAS(pas), FLAGS);
			CHECK_EQ(iom_memory_add(m.r->memory, &regions[1], NULL), IOM_OK);
			mrif_put(&m, mrif_entry(1ull << 40), mrif_notice(MRIF_NOTICE, MRIF_NID));
			if (pas == 40)
				file_fault(&m, 3, 264);
			else
				mrif_send(&m, 0, 3);
			CHECK_EQ(high[0], pas == 40 ? 0 : 8);
			mrif_free(&m);
		}
	}
}

TEST(mrif_file_that_is_corrupt, "RV-MSI-27 RV-FQ-05 RV-FQ-17 IRQ-MRIF-13")
{
	for (unsigned amo = 0; amo < 2; amo++) {
		struct mrif m;

		mrif_init(&m, CAP_MRIF | (amo ? CAP_AMO_MRIF : 0), FLAGS);
		CHECK_EQ(iom_memory_poison(m.r->memory, m.file + 16, 8), IOM_OK);
		file_fault(&m, 64, 271);
		file_fault(&m, 127, 271);
		/* The doublewords beside it are good. */
		mrif_send(&m, 0, 63);
		mrif_send(&m, 0, 128);
		CHECK_EQ(m.r->msis, 2);
		CHECK_EQ(iom_memory_cure(m.r->memory, m.file + 16, 8), IOM_OK);
		CHECK_EQ(ram64(m.r, m.file + 16), 0);
		mrif_send(&m, 0, 64);
		CHECK_EQ(ram64(m.r, m.file + 16), 1);
		mrif_free(&m);
	}
}

/* No cause is assigned for a notice that is refused; the choice is that of other messages. */
TEST(mrif_notice_that_is_refused, "")
{
	struct mrif m;
	struct iom_reply reply;

	mrif_init(&m, CAP_MRIF, FLAGS);
	m.r->msi_fails = true;
	mrif_store(&m, 0, 4, 5, &reply);
	CHECK_EQ(ram64(m.r, m.file), 1 << 5);
	rig_expect(m.r, 273, MRIF_NOTICE, 0);
	rig_expect_none(m.r);
	mrif_free(&m);
}

/* ---- Entries ------------------------------------------------------------------------------ */

/* Reads, writes and atomic accesses are refused with `cause`. */
static void refused(struct mrif *m, unsigned cause, const char *why, unsigned bit)
{
	static const unsigned accesses[] = { IOM_READ, IOM_WRITE, IOM_ATOMIC };

	for (unsigned i = 0; i < COUNT(accesses); i++) {
		unsigned is = rig_cause(m->r, MRIF_DEVICE, MRIF_PAGE, accesses[i]);

		CHECK_MSG(is == cause, "%s, bit %u: %u instead of %u", why, bit, is, cause);
		if (cause)
			rig_expect(m->r, rig_record(cause, ttyp_of(accesses[i]), MRIF_DEVICE),
			           MRIF_PAGE, 0);
	}
	rig_expect_none(m->r);
}

static bool within(unsigned bit, unsigned low, unsigned high)
{
	return bit >= low && bit <= high;
}

TEST(mrif_entry_reserved_bits, "RV-MSI-12")
{
	struct mrif m;
	uint64_t dw0, dw1;

	mrif_init(&m, CAP_MRIF, FLAGS);
	dw0 = mrif_entry(m.file);
	dw1 = mrif_notice(MRIF_NOTICE, 0);
	for (unsigned bit = 3; bit < 64; bit++) {
		bool reserved = within(bit, 3, 6) || within(bit, 54, 62);

		mrif_put(&m, dw0 | 1ull << bit, dw1);
		refused(&m, reserved || bit == 63 ? 263 : 0, "dword 0", bit);
	}
	for (unsigned bit = 0; bit < 64; bit++) {
		bool reserved = within(bit, 54, 59) || within(bit, 61, 63);

		mrif_put(&m, dw0, dw1 | 1ull << bit);
		refused(&m, reserved ? 263 : 0, "dword 1", bit);
	}
	/* V is judged first, and the other modes stay what they were. */
	mrif_put(&m, ~1ull, ~0ull);
	refused(&m, 262, "V=0", 0);
	mrif_put(&m, dw0 & ~6ull, dw1);
	refused(&m, 263, "M=0", 0);
	mrif_put(&m, (dw0 & ~6ull) | 4, dw1);
	refused(&m, 263, "M=2", 0);
	mrif_put(&m, PTE_PPN(STAGE_FAR) | 7, ~0ull);
	refused(&m, 0, "M=3 ignores dword 1", 0);
	/* A refused message leaves no trace. */
	mrif_fill(&m);
	mrif_put(&m, dw0, dw1 | 1ull << 63);
	{
		struct iom_reply reply;

		CHECK_EQ(mrif_store(&m, 0, 4, 5, &reply), IOM_EFAULT);
		CHECK_EQ(reply.fault, 263);
		rig_expect(m.r, rig_record(263, 3, MRIF_DEVICE), MRIF_PAGE, 0);
	}
	nothing(&m);
	mrif_free(&m);
}

TEST(mrif_without_the_capability, "RV-MSI-11 IRQ-RVMSI-09")
{
	struct mrif m;

	mrif_init(&m, CAP_EXT, FLAGS);
	mrif_fill(&m);
	refused(&m, 263, "M=1", 0);
	nothing(&m);
	mrif_free(&m);
}

TEST(mrif_is_not_executable, "RV-MSI-13")
{
	struct mrif m;
	uint64_t dw0;

	mrif_init(&m, CAP_MRIF, FLAGS);
	dw0 = mrif_entry(m.file);
	CHECK_EQ(rig_cause(m.r, MRIF_DEVICE, MRIF_PAGE, IOM_EXECUTE), 1);
	rig_expect(m.r, rig_record(1, 1, MRIF_DEVICE), MRIF_PAGE, 0);
	/* What is wrong with the entry comes before what it allows. */
	mrif_put(&m, dw0 | 1 << 3, 0);
	CHECK_EQ(rig_cause(m.r, MRIF_DEVICE, MRIF_PAGE, IOM_EXECUTE), 263);
	mrif_put(&m, dw0 & ~1ull, 0);
	CHECK_EQ(rig_cause(m.r, MRIF_DEVICE, MRIF_PAGE, IOM_EXECUTE), 262);
	mrif_free(&m);
}

/* What the two bits of MRIF need of each other and of MSI_FLAT. */
TEST(mrif_capabilities, "RV-REG-04")
{
	const struct {
		uint64_t cap;
		bool built;
	} rows[] = {
		{ CAP_EXT, true },
		{ CAP_EXT | CAP_MSI_MRIF, true },
		{ CAP_EXT | CAP_MSI_MRIF | CAP_AMO_MRIF, true },
		{ CAP_BASE | CAP_MSI_MRIF, false },
		{ CAP_BASE | CAP_MSI_MRIF | CAP_AMO_MRIF, false },
	};
	struct rig *r = rig_new(0);

	for (unsigned i = 0; i < COUNT(rows); i++) {
		const struct iom_riscv_config c = { .bytes = sizeof(c),
			                            .capabilities = rows[i].cap };
		struct iom_unit *unit = NULL;
		struct iom_error error = { 0 };
		int err = iom_riscv_new(&c, r->memory, NULL, NULL, &unit, &error);

		CHECK_MSG(err == (rows[i].built ? IOM_OK : IOM_EINVAL), "row %u: %d %s", i, err,
		          error.text);
		CHECK_EQ(error.text[0] == 0, rows[i].built);
		iom_unit_free(unit);
	}
	rig_free(r);
}

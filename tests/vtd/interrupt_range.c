/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The interrupt address range, where RAM stands as well: nothing may find it there. */
#include "rig.h"

#include <string.h>

#define SID 0x0123
#define PASID 9
#define FIRST 0xfee00000ull
#define END 0xfef00000ull

/* How requests without PASID go: not translated; legacy and scalable pass-through; second stage. */
enum way { OFF, LEGACY_PASS, SCALABLE_PASS, SECOND, WAYS };

static struct rig *bench_with(enum way way, uint32_t flags)
{
	const struct iom_vtd_config config = { .cap = CAP_ALL,
		                               .ecap = ECAP_ALL,
		                               .version = 0x40,
		                               .address_bits = RIG_HAW,
		                               .flags = flags };
	struct rig *r = rig_new_config(&config);
	uint64_t root = page(r), i;

	rig_ram_at(r, FIRST - PAGE, 0x102000);
	rig_ram_at(r, 0x1fee00000, PAGE);
	switch (way) {
	case OFF:
		rig_root(r, TTM_LEGACY);
		break;
	case LEGACY_PASS:
		rig_on(r, TTM_LEGACY);
		rig_context_put(r, SID, CTX_P | FPD | TT_PASS, AW(5));
		break;
	default:
		rig_on(r, TTM_SCALABLE);
		rig_device(r, SID, 0, PASIDE | DTE | FPD, 0);
		/* Identity, but for the range itself, which leads to ordinary memory. */
		for (i = 0; i < 8; i++)
			if (i != 3)
				rig_ss(r, root, 4, i << 30, 3, i << 30 | SS_RW | SS_PS);
		rig_ss(r, root, 4, FIRST - PAGE, 1, (FIRST - PAGE) | SS_RW);
		rig_ss(r, root, 4, FIRST, 1, page(r) | SS_RW);
		rig_ss(r, root, 4, END, 1, END | SS_RW);
		if (way == SECOND)
			rig_pasid_put(r, SID, 0, PE_P | PGTT_SS | PE_AW(4) | root, 3 | PWSNP, 0);
		else
			rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS, 1, 0);
	}
	return r;
}

static struct rig *bench(enum way way)
{
	return bench_with(way, IOM_VTD_UNCACHED);
}

/* A record of this reason, by SID; nothing else in it is defined. */
static void expect(struct rig *r, unsigned reason)
{
	struct record is;

	CHECK(rig_record(r, &is));
	CHECK_EQ(is.reason, reason);
	CHECK_EQ(is.sid, SID);
	rig_expect_none(r);
}

TEST(range_writes_are_messages, "VTD-IAR-01")
{
	const uint64_t at[] = { FIRST, 0xfee12344, END - 4 };
	unsigned way, i;

	for (way = OFF; way < WAYS; way++) {
		struct rig *r = bench(way);
		struct iom_port *port = rig_port(r, SID);

		for (i = 0; i < 3; i++) {
			struct iom_request q = rq(at[i], IOM_WRITE);
			uint32_t data = 0x41 + i;
			struct iom_reply reply;

			q.bytes = 4;
			CHECK_EQ(rig_translate(r, SID, q, &reply), IOM_OK);
			CHECK_EQ(reply.target, IOM_TARGET_INTERRUPT);
			CHECK(!reply.host);
			CHECK_EQ(iom_write(port, &q, &data, 4, &reply), IOM_OK);
			CHECK_EQ(r->msis, i + 1);
			CHECK_EQ(r->msi[i].address, at[i]);
			CHECK_EQ(r->msi[i].data, 0x41 + i);
			CHECK_EQ(ram32(r, at[i]), 0);
		}
		rig_expect_none(r);
		rig_free(r);
	}
}

TEST(range_refuses_all_else, "VTD-IAR-02")
{
	const unsigned sizes[] = { 1, 2, 3, 5, 8, 12, 64 };
	unsigned way, i;

	for (way = OFF; way < WAYS; way++) {
		struct rig *r = bench(way);
		struct iom_port *port = rig_port(r, SID);
		struct iom_request q;
		struct iom_reply reply;
		uint8_t data[64];
		uint64_t old;

		memset(data, 0x5a, sizeof(data));
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			q = rq(FIRST + 0x40, IOM_WRITE);
			CHECK_EQ(iom_write(port, &q, data, sizes[i], &reply), IOM_EFAULT);
			CHECK_EQ(reply.fault, 0x29);
			CHECK_EQ(reply.status, IOM_UNSUPPORTED);
			expect(r, 0x29);
			CHECK_EQ(ram64(r, FIRST + 0x40), 0);
		}
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			q = rq(END - 0x80, IOM_READ);
			CHECK_EQ(iom_read(port, &q, data, i ? sizes[i] : 4, &reply), IOM_EFAULT);
			CHECK_EQ(reply.fault, 0x29);
			CHECK_EQ(data[0], 0xff);
			expect(r, 0x29);
		}
		q = rq(FIRST + 0x40, IOM_ATOMIC);
		CHECK_EQ(iom_atomic(port, &q, IOM_SWAP, 1, 0, 4, &old, &reply), IOM_EFAULT);
		CHECK_EQ(reply.fault, 0x29);
		expect(r, 0x29);
		CHECK_EQ(ram32(r, FIRST + 0x40), 0);
		CHECK_EQ(r->msis, 0);

		q = rq_zero(FIRST + 0x40);
		CHECK_EQ(iom_read(port, &q, data, 0, &reply), IOM_OK);
		CHECK_EQ(rig_translate(r, SID, q, &reply), IOM_OK);
		rig_expect_none(r);
		rig_free(r);
	}
}

TEST(range_bounds, "VTD-IAR-03 VTD-IAR-04")
{
	unsigned way;

	for (way = OFF; way < WAYS; way++) {
		struct rig *r = bench(way);
		struct iom_port *port = rig_port(r, SID);
		const uint64_t at[] = { FIRST - 4, END, 0x1fee00000 };
		struct iom_request q;
		struct iom_reply reply;
		uint8_t data[16];
		unsigned i;

		for (i = 0; i < 3; i++) {
			uint32_t val = 0x1234 + i;

			q = rq(at[i], IOM_WRITE);
			CHECK_EQ(iom_write(port, &q, &val, 4, &reply), IOM_OK);
			CHECK_EQ(reply.target, IOM_TARGET_MEMORY);
			CHECK_EQ(ram32(r, at[i]), 0x1234 + i);
			q = rq(at[i], IOM_READ);
			CHECK_EQ(iom_read(port, &q, data, 4, &reply), IOM_OK);
			CHECK_EQ(data[0], 0x34 + i);
		}
		q = rq(FIRST - 1, IOM_READ);
		CHECK_EQ(iom_read(port, &q, data, 1, &reply), IOM_OK);
		CHECK_EQ(r->msis, 0);
		rig_expect_none(r);
		/* From below it into it. */
		q = rq(FIRST - 4, IOM_READ);
		CHECK_EQ(iom_read(port, &q, data, 8, &reply), IOM_EFAULT);
		CHECK_EQ(reply.done, 4);
		CHECK_EQ(reply.fault, 0x29);
		expect(r, 0x29);
		rig_free(r);
	}
}

/* What was granted beside the range, however large its page is, says nothing of the range. */
TEST(range_is_no_part_of_grants, "VTD-IAR-01 VTD-IAR-02 VTD-IAR-03")
{
	const uint64_t beside[] = { 0xc0000000, 0xfed00000, FIRST - 8, END, 0xfff00000 };
	const uint32_t flags[] = { 0, IOM_VTD_UNCACHED };
	unsigned way, i, j;

	for (way = OFF; way < WAYS; way++)
		for (j = 0; j < 2; j++) {
			struct rig *r = bench_with(way, flags[j]);
			struct iom_port *port = rig_port(r, SID);
			struct iom_request q;
			struct iom_reply reply;
			uint32_t data = 0x42;

			if (way == SECOND) {
				/* A single leaf for all of it, which leads somewhere else. */
				uint64_t root = ram64(r, rig_pasid(r, SID, 0)) & 0xfffffffff000;

				rig_ss(r, root, 4, 3ull << 30, 3, 1ull << 40 | SS_RW | SS_PS);
			}
			for (i = 0; i < 5; i++) {
				uint64_t low;

				q = rq(beside[i], IOM_READ);
				iom_begin(r->lane);
				CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
				iom_end(r->lane);
				CHECK(reply.range_lg2 >= 12 && reply.range_lg2 < 30);
				low = (1ull << reply.range_lg2) - 1;
				CHECK_MSG((beside[i] & ~low) >= END || (beside[i] | low) < FIRST,
				          "0x%llx is granted with 2^%u bytes",
				          (unsigned long long)beside[i], reply.range_lg2);
				q = rq(FIRST + 0x40, IOM_READ);
				CHECK_EQ(iom_read(port, &q, &data, 4, &reply), IOM_EFAULT);
				CHECK_EQ(reply.fault, 0x29);
				rig_forget(r);
				q = rq(FIRST + 0x40, IOM_WRITE);
				data = 0x42;
				CHECK_EQ(iom_write(port, &q, &data, 4, &reply), IOM_OK);
				CHECK_EQ(r->msis, i + 1);
				CHECK_EQ(r->msi[i].data, 0x42);
			}
			rig_free(r);
		}
}

TEST(range_with_pasid, "VTD-IAR-05")
{
	const unsigned kinds[] = { IOM_READ, IOM_WRITE, IOM_ATOMIC };
	struct rig *r = rig_new();
	uint64_t root = page(r), to = page(r);
	struct iom_reply reply;
	struct iom_request q;
	uint32_t data = 0x41;
	unsigned i;

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, PASIDE, 0);
	rig_pasid_put(r, SID, PASID, PE_P | PGTT_FS, 3 | PWSNP, root);
	rig_pasid_put(r, SID, PASID + 1, PE_P | PGTT_PASS, 1, 0);
	for (i = 0; i < 3; i++)
		rig_refuses(r, SID, rq_pid(FIRST + 8, kinds[i], PASID), 0x71);
	rig_fs(r, root, 4, FIRST, 1, to | FS_PRU);
	for (i = 0; i < 3; i++) {
		rig_grants(r, SID, rq_pid(FIRST + 8, kinds[i], PASID), to + 8);
		rig_refuses(r, SID, rq_pid(FIRST + 8, kinds[i], PASID + 1), 0x87);
		rig_refuses(r, SID, rq_pid(END - 8, kinds[i], PASID + 1), 0x87);
	}
	q = rq_pid(FIRST + 8, IOM_WRITE, PASID);
	CHECK_EQ(iom_write(rig_port(r, SID), &q, &data, 4, &reply), IOM_OK);
	CHECK_EQ(ram32(r, to + 8), 0x41);
	q.pasid++;
	CHECK_EQ(iom_write(rig_port(r, SID), &q, &data, 4, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x87);
	rig_forget(r);
	CHECK_EQ(r->msis, 0);
	rig_free(r);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Moving data: host pointers, accesses over many pages, and those that end in the middle. */
#include <string.h>

#include "nested.h"

#define DEVICE STAGE_DEVICE
#define PAGE 4096u

static uint8_t *host(struct rig *r, uint64_t spa)
{
	return r->ram + (spa - RIG_RAM);
}

static void fill(uint8_t *p, size_t n, unsigned seed)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + (i >> 8) * 7 + seed);
}

/* Pages in a row for the device, in no order in memory. */
#define SCATTERED 8
#define IOVA 0x40000000ull

static void scatter(struct stage *s, uint64_t spa[SCATTERED])
{
	unsigned i;

	for (i = 0; i < SCATTERED; i++)
		spa[i * 5 % SCATTERED] = page(s->r);
	for (i = 0; i < SCATTERED; i++)
		stage_map(s, IOVA + i * PAGE, 0, leaf(spa[i]));
}

static uint8_t byte_at(struct rig *r, const uint64_t spa[SCATTERED], uint64_t off)
{
	return *host(r, spa[off / PAGE] + off % PAGE);
}

TEST(access_over_pages, "RV-TR-10")
{
	unsigned second;

	for (second = 0; second < 2; second++) {
		const struct {
			uint64_t off;
			size_t bytes;
		} cases[] = {
			{ 0, 1 },
			{ PAGE - 1, 2 },
			{ PAGE - 4, 8 },
			{ 0, PAGE },
			{ 1, PAGE },
			{ 0, 3 * PAGE },
			{ 100, 5 * PAGE },
			{ 0, SCATTERED * PAGE },
			{ 3 * PAGE + 7, 2 * PAGE },
		};
		uint8_t data[SCATTERED * PAGE], back[SCATTERED * PAGE];
		uint64_t spa[SCATTERED], i;
		struct iom_reply reply;
		struct iom_port *port;
		struct stage s;
		unsigned c;

		stage_init(&s, CAP_EXT, second, 3, 0);
		scatter(&s, spa);
		port = rig_port(s.r, DEVICE);
		for (c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
			const struct iom_request q = { .iova = IOVA + cases[c].off };
			const size_t bytes = cases[c].bytes;

			for (i = 0; i < SCATTERED; i++)
				memset(host(s.r, spa[i]), 0xee, PAGE);
			fill(data, bytes, c);
			CHECK_EQ(iom_write(port, &q, data, bytes, &reply), IOM_OK);
			CHECK_EQ(reply.done, bytes);
			CHECK_EQ(reply.fault, 0);
			CHECK_EQ(reply.status, IOM_DONE);
			for (i = 0; i < SCATTERED * PAGE; i++) {
				bool inside = i >= cases[c].off && i < cases[c].off + bytes;

				CHECK_EQ(byte_at(s.r, spa, i),
				         inside ? data[i - cases[c].off] : 0xee);
			}
			memset(back, 0, sizeof(back));
			CHECK_EQ(iom_read(port, &q, back, bytes, &reply), IOM_OK);
			CHECK_EQ(reply.done, bytes);
			CHECK(!memcmp(back, data, bytes));
		}
		rig_free(s.r);
	}
}

/* iom_translate never answers for more than the page that it looked at. */
TEST(access_translate_answers_for_one_page, "")
{
	uint64_t spa[SCATTERED];
	struct iom_request q = { .iova = IOVA + 0xff0, .bytes = 3 * PAGE };
	struct iom_reply reply;
	struct stage s;

	stage_init(&s, CAP_EXT, false, 3, 0);
	scatter(&s, spa);
	CHECK_EQ(rig_translate(s.r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, spa[0] + 0xff0);
	CHECK_EQ(reply.range_lg2, 12);
	CHECK_EQ(reply.host_bytes, 0x10);
	CHECK(reply.host == host(s.r, spa[0] + 0xff0));
	rig_free(s.r);
}

/* ---- Host pointers ------------------------------------------------------------------------ */

TEST(access_host_pointer, "")
{
	const uint64_t target = RIG_RAM + 0x800000; /* 2 MiB, aligned */
	struct iom_request q = { .bytes = 4 };
	struct iom_reply reply;
	struct stage s;

	stage_init(&s, CAP_EXT, false, 3, 0);
	/* A superpage: up to its end. */
	stage_map(&s, 0x40000000, 1, leaf(target));
	q.iova = 0x40012344;
	CHECK_EQ(rig_translate(s.r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, target + 0x12344);
	CHECK_EQ(reply.range_lg2, 21);
	CHECK(reply.host == host(s.r, target + 0x12344));
	CHECK_EQ(reply.host_bytes, 0x200000 - 0x12344);
	/* A superpage that is larger than the memory: up to the memory's end. */
	stage_map(&s, 0x80000000, 2, leaf(RIG_RAM));
	q.iova = 0x80ff0010;
	CHECK_EQ(rig_translate(s.r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, RIG_RAM + 0xff0010);
	CHECK_EQ(reply.range_lg2, 30);
	CHECK(reply.host == host(s.r, RIG_RAM + 0xff0010));
	CHECK_EQ(reply.host_bytes, 0xfff0);
	/* The same superpage behind the memory, a device register, nothing at all: none. */
	q.iova = 0x81000000;
	CHECK_EQ(rig_translate(s.r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, RIG_RAM + RIG_RAM_BYTES);
	CHECK(!reply.host);
	CHECK_EQ(reply.host_bytes, 0);
	stage_map(&s, 0xc0000000, 0, leaf(RIG_DEVICE));
	q.iova = 0xc0000000;
	CHECK_EQ(rig_translate(s.r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, RIG_DEVICE);
	CHECK(!reply.host);
	stage_map(&s, 0xc0001000, 0, leaf(RIG_NOWHERE));
	q.iova = 0xc0001000;
	CHECK_EQ(rig_translate(s.r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, RIG_NOWHERE);
	CHECK(!reply.host);
	rig_free(s.r);
}

TEST(access_host_pointer_bare, "")
{
	struct rig *r = rig_new(CAP_EXT);
	struct iom_request q = { .iova = RIG_RAM + 0x1008, .bytes = 4 };
	struct iom_reply reply;

	rig_ddt(r, 1);
	rig_dc_put(r, DEVICE, 1, 0, 0, 0);
	CHECK_EQ(rig_translate(r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, RIG_RAM + 0x1008);
	CHECK(reply.host == host(r, RIG_RAM + 0x1008));
	CHECK_EQ(reply.host_bytes, RIG_RAM_BYTES - 0x1008);
	rig_free(r);
}

/* Shrunk with the range where an MSI page is near. */
TEST(access_host_pointer_beside_msi, "")
{
	const uint64_t target = RIG_RAM + 0x800000;
	const struct iom_request q = { .iova = 0x2345678, .bytes = 4 };
	struct iom_reply reply;
	struct nested n;
	uint64_t dc;

	nested_init(&n, CAP_EXT, 3);
	dc = rig_dc(n.r, DEVICE);
	put64(n.r, dc + 32, 1ull << 60 | page(n.r) >> 12);
	put64(n.r, dc + 48, 0x2346);
	rig_dc_put(n.r, DEVICE, 1, nested_iohgatp(&n), 0, 0);
	rig_map(n.r, n.root, 3, true, q.iova, 1, leaf(target));
	CHECK_EQ(rig_translate(n.r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, target + 0x145678);
	CHECK_EQ(reply.range_lg2, 13);
	CHECK(reply.host == host(n.r, target + 0x145678));
	CHECK_EQ(reply.host_bytes, 0x988);
	rig_free(n.r);
}

/* ---- The end in the middle ---------------------------------------------------------------- */

/* Page `hole` of eight is unmapped: what lies before it moves, the record names the hole. */
TEST(access_stops_at_a_fault, "")
{
	unsigned second, hole;

	for (second = 0; second < 2; second++)
		for (hole = 0; hole < SCATTERED; hole++) {
			const uint64_t start = 0x123, off = hole * PAGE;
			const size_t bytes = SCATTERED * PAGE - start;
			const size_t moved = hole ? off - start : 0;
			const uint64_t where = hole ? IOVA + off : IOVA + start;
			const struct iom_request q = { .iova = IOVA + start };
			uint8_t data[SCATTERED * PAGE], back[SCATTERED * PAGE];
			uint64_t spa[SCATTERED], i;
			struct iom_reply reply;
			struct iom_port *port;
			struct stage s;

			stage_init(&s, CAP_EXT, second, 3, 0);
			rig_fq(s.r, 4, false);
			scatter(&s, spa);
			stage_map(&s, IOVA + off, 0, 0);
			port = rig_port(s.r, DEVICE);
			fill(data, sizeof(data), hole);
			for (i = 0; i < SCATTERED; i++)
				memset(host(s.r, spa[i]), 0x11, PAGE);

			CHECK_EQ(iom_write(port, &q, data, bytes, &reply), IOM_EFAULT);
			CHECK_EQ(reply.fault, stage_fault(&s, IOM_WRITE));
			CHECK_EQ(reply.status, IOM_UNSUPPORTED);
			CHECK_EQ(reply.done, moved);
			rig_expect(s.r, rig_record(stage_fault(&s, IOM_WRITE), 3, DEVICE), where,
			           second ? where & ~3ull : 0);
			for (i = 0; i < SCATTERED * PAGE; i++)
				CHECK_EQ(byte_at(s.r, spa, i),
				         i >= start && i < start + moved ? data[i - start] : 0x11);

			memset(back, 0x22, sizeof(back));
			CHECK_EQ(iom_read(port, &q, back, bytes, &reply), IOM_EFAULT);
			CHECK_EQ(reply.fault, stage_fault(&s, IOM_READ));
			CHECK_EQ(reply.status, IOM_UNSUPPORTED);
			CHECK_EQ(reply.done, moved);
			rig_expect(s.r, rig_record(stage_fault(&s, IOM_READ), 2, DEVICE), where,
			           second ? where & ~3ull : 0);
			CHECK(!memcmp(back, data, moved));
			for (i = moved; i < bytes; i++)
				CHECK_EQ(back[i], 0xff);
			CHECK_EQ(back[bytes], 0x22);
			rig_expect_none(s.r);
			rig_free(s.r);
		}
}

/* Memory refuses in the middle: the bus aborts, the unit has nothing to say. */
TEST(access_stops_where_memory_ends, "")
{
	struct iom_request q = { .iova = IOVA + PAGE - 16 };
	uint8_t data[64], back[64];
	uint64_t good, i, high;
	struct iom_reply reply;
	struct iom_port *port;
	struct stage s;

	stage_init(&s, CAP_EXT, false, 3, 0);
	rig_fq(s.r, 4, false);
	good = page(s.r);
	stage_map(&s, IOVA, 0, leaf(good));
	stage_map(&s, IOVA + PAGE, 0, leaf(RIG_NOWHERE));
	port = rig_port(s.r, DEVICE);
	fill(data, sizeof(data), 3);
	CHECK_EQ(iom_write(port, &q, data, 64, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0);
	CHECK_EQ(reply.status, IOM_ABORT);
	CHECK_EQ(reply.done, 16);
	CHECK(!memcmp(host(s.r, good + PAGE - 16), data, 16));
	memset(back, 0, sizeof(back));
	CHECK_EQ(iom_read(port, &q, back, 64, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0);
	CHECK_EQ(reply.status, IOM_ABORT);
	CHECK_EQ(reply.done, 16);
	CHECK(!memcmp(back, data, 16));
	for (i = 16; i < 64; i++)
		CHECK_EQ(back[i], 0xff);

	/* Inside one superpage that goes on behind the memory. */
	high = RIG_RAM + RIG_RAM_BYTES;
	stage_map(&s, 0x80000000, 2, leaf(RIG_RAM));
	q.iova = high - 8;
	CHECK_EQ(iom_write(port, &q, data, 64, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0);
	CHECK_EQ(reply.status, IOM_ABORT);
	CHECK_EQ(reply.done, 8);
	CHECK(!memcmp(host(s.r, high - 8), data, 8));
	rig_expect_none(s.r);
	rig_free(s.r);
}

TEST(access_poisoned_data, "")
{
	const struct iom_request q = { .iova = IOVA };
	uint8_t back[16];
	uint64_t good;
	struct iom_reply reply;
	struct iom_port *port;
	struct stage s;

	stage_init(&s, CAP_EXT, false, 3, 0);
	rig_fq(s.r, 4, false);
	good = page(s.r);
	stage_map(&s, IOVA, 0, leaf(good));
	port = rig_port(s.r, DEVICE);
	CHECK_EQ(iom_memory_poison(s.r->memory, good + 8, 1), IOM_OK);
	CHECK_EQ(iom_read(port, &q, back, 8, &reply), IOM_OK);
	CHECK_EQ(iom_read(port, &q, back, 16, &reply), IOM_EPOISON);
	CHECK_EQ(reply.fault, 0);
	CHECK_EQ(reply.status, IOM_ABORT);
	rig_expect_none(s.r);
	rig_free(s.r);
}

/* A device's registers are reached through the callback, each access once. */
TEST(access_device_register, "")
{
	const struct iom_request q = { .iova = IOVA + 0x40 };
	uint8_t data[8] = { 1, 2, 3 };
	struct iom_reply reply;
	struct iom_port *port;
	struct stage s;

	stage_init(&s, CAP_EXT, true, 3, 0);
	stage_map(&s, IOVA, 0, leaf(RIG_DEVICE));
	port = rig_port(s.r, DEVICE);
	CHECK_EQ(iom_write(port, &q, data, 4, &reply), IOM_OK);
	CHECK_EQ(s.r->device_writes, 1);
	CHECK_EQ(iom_read(port, &q, data, 8, &reply), IOM_OK);
	CHECK_EQ(s.r->device_reads, 1);
	CHECK_EQ(data[0] | data[1] | data[2], 0);
	rig_free(s.r);
}

/* ---- Odd requests ------------------------------------------------------------------------- */

TEST(access_of_no_length, "")
{
	struct iom_request q = { .iova = IOVA };
	struct iom_reply reply;
	struct iom_port *port;
	struct stage s;

	stage_init(&s, CAP_EXT, false, 3, 0);
	rig_fq(s.r, 4, false);
	stage_map(&s, IOVA, 0, leaf(RIG_RAM) & ~PTE_W);
	stage_map(&s, IOVA + 2 * PAGE, 0, leaf(RIG_NOWHERE));
	port = rig_port(s.r, DEVICE);
	CHECK_EQ(iom_read(port, &q, NULL, 0, &reply), IOM_OK);
	CHECK_EQ(reply.done, 0);
	CHECK_EQ(reply.spa, RIG_RAM);
	CHECK_EQ(iom_write(port, &q, NULL, 0, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 15);
	rig_expect(s.r, rig_record(15, 3, DEVICE), IOVA, 0);
	CHECK_EQ(rig_translate(s.r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, RIG_RAM);
	q.iova = IOVA + PAGE;
	CHECK_EQ(iom_read(port, &q, NULL, 0, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 13);
	rig_expect(s.r, rig_record(13, 2, DEVICE), IOVA + PAGE, 0);
	/* Nothing is moved, so memory is not asked. */
	q.iova = IOVA + 2 * PAGE;
	CHECK_EQ(iom_read(port, &q, NULL, 0, &reply), IOM_OK);
	CHECK_EQ(iom_write(port, &q, NULL, 0, &reply), IOM_OK);
	rig_expect_none(s.r);
	rig_free(s.r);
}

/* iom_read keeps IOM_EXECUTE, and takes nothing else from request.access; iom_write neither. */
TEST(access_kind_of_the_call, "")
{
	uint8_t buf[4] = { 0 };
	struct iom_reply reply;
	struct iom_port *port;
	struct stage s;
	unsigned access;

	stage_init(&s, CAP_EXT, false, 3, 0);
	rig_fq(s.r, 4, false);
	port = rig_port(s.r, DEVICE);
	for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
		const struct iom_request q = { .iova = IOVA,
			                       .bytes = 99,
			                       .access = (uint8_t)access };
		unsigned reads = access == IOM_EXECUTE ? IOM_EXECUTE : IOM_READ;

		CHECK_EQ(iom_read(port, &q, buf, 4, &reply), IOM_EFAULT);
		CHECK_EQ(reply.fault, page_fault(reads));
		rig_expect(s.r, rig_record(page_fault(reads), ttyp_of(reads), DEVICE), IOVA, 0);
		CHECK_EQ(iom_write(port, &q, buf, 4, &reply), IOM_EFAULT);
		CHECK_EQ(reply.fault, 15);
		rig_expect(s.r, rig_record(15, 3, DEVICE), IOVA, 0);
	}
	rig_free(s.r);
}

TEST(access_malformed, "")
{
	const struct iom_request bad[] = {
		{ .iova = ~0ull, .bytes = 2 },
		{ .bytes = 4, .pasid = 0x100000, .flags = IOM_REQ_PASID },
		{ .bytes = 4, .access = 4 },
		{ .bytes = 4, .at = 3 },
		{ .bytes = 4, .flags = 8 },
	};
	const struct iom_request pasid_unused = { .bytes = 4, .pasid = 0x100000 };
	const struct iom_request ats = { .at = IOM_AT_TRANSLATION_REQUEST };
	const struct iom_request last = { .iova = ~0ull, .bytes = 1 };
	struct rig *r = rig_new(CAP_EXT);
	struct iom_port *port;
	struct iom_reply reply;
	uint8_t buf[4];
	unsigned i;

	rig_ddt(r, 1);
	rig_dc_put(r, DEVICE, 1 | 1 << 5, 0, 0, 0);
	rig_fq(r, 4, false);
	port = rig_port(r, DEVICE);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int err = rig_translate(r, DEVICE, &bad[i], &reply);

		CHECK_MSG(err == IOM_EINVAL, "malformed request %u gives %d", i, err);
		CHECK_EQ(reply.status, IOM_UNSUPPORTED);
		CHECK_EQ(reply.fault, 0);
	}
	CHECK_EQ(iom_read(port, &ats, buf, 4, &reply), IOM_EINVAL);
	CHECK_EQ(iom_write(port, &ats, buf, 4, &reply), IOM_EINVAL);
	CHECK_EQ(iom_read(port, &last, buf, 2, &reply), IOM_EINVAL);
	CHECK_EQ(rig_translate(r, DEVICE, &pasid_unused, &reply), IOM_OK);
	CHECK_EQ(rig_translate(r, DEVICE, &last, &reply), IOM_OK);
	rig_expect_none(r);
	rig_free(r);
}

TEST(access_endpoints, "")
{
	struct rig *r = rig_new(CAP_EXT);
	struct iom_endpoint *one = NULL, *again = NULL, *other = NULL;

	CHECK_EQ(iom_endpoint_get(r->unit, 0xffffff, &one), IOM_OK);
	CHECK_EQ(iom_endpoint_get(r->unit, 0xfffffe, &other), IOM_OK);
	CHECK_EQ(iom_endpoint_get(r->unit, 0xffffff, &again), IOM_OK);
	CHECK(one == again);
	CHECK(one != other);
	CHECK_EQ(iom_endpoint_requester(one), 0xffffff);
	CHECK_EQ(iom_endpoint_requester(other), 0xfffffe);
	CHECK_EQ(iom_endpoint_get(r->unit, 0x1000000, &other), IOM_EINVAL);
	iom_port_close(NULL);
	rig_free(r);
}

/* RAM that passes the reach of the unit's addresses: tables in it count as far as that. */
TEST(tables_where_reach_ends, "")
{
	static uint64_t ram[0x4000 / 8];
	const struct iom_region region = { 0xffffe000, sizeof(ram), ram, 0 };
	const uint64_t reach = 1ull << 32;
	struct rig *r = rig_new((CAP_BASE & ~CAP_PAS(63)) | CAP_PAS(32));
	unsigned i;

	for (i = 0; i < sizeof(ram) / sizeof(ram[0]); i++)
		ram[i] = 0;
	CHECK_EQ(iom_memory_add(r->memory, &region, NULL), IOM_OK);
	/* one leaf of 1 GiB in the last page within reach, and in the first beyond it */
	for (i = 1; i < 3; i++) {
		uint64_t entry = swap64(leaf(RIG_RAM));
		uint8_t *to = (uint8_t *)&ram[i * 512 + 511], n;

		for (n = 0; n < 8; n++)
			to[n] = (uint8_t)(entry >> (56 - 8 * n));
	}
	rig_ddt(r, 1);
	rig_dc_put(r, 1, 1, 0, 0, 8ull << 60 | (reach - 0x1000) >> 12);
	CHECK_EQ(rig_cause(r, 1, 0x3fc0000123ull, IOM_READ), 13); /* the upper half of Sv39 */
	CHECK_EQ(rig_spa(r, 1, 0xffffffffc0000123ull), RIG_RAM + 0x123);
	rig_dc_put(r, 2, 1, 0, 0, 8ull << 60 | reach >> 12);
	CHECK_EQ(rig_cause(r, 2, 0xffffffffc0000123ull, IOM_READ), 5);
	rig_free(r);
}

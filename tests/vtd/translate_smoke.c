/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* One request through each kind of tables, cached and not; and what holds them off. */
#include <stdlib.h>
#include <string.h>

#include <iommux/iommux.h>

#include "../test.h"

#define RAM 0x80000000ull
#define RAM_BYTES 0x100000ull
#define SID 0x1234u /* bus 0x12, devfn 0x34 */
#define DID 7ull

#define GCMD 0x018
#define RTADDR 0x020
#define FSTS 0x034
#define PMEN 0x064
#define PLMBASE 0x068
#define PLMLIMIT 0x06c
#define FRCD 0x220
#define TE 0x80000000u
#define RTP 0x40000000u
#define SCALABLE 0x400u
#define ABORT 0xc00u

/* PGTT of a PASID entry */
#define FS (1ull << 6)
#define SS (2ull << 6)
#define NESTED (3ull << 6)
#define PT (4ull << 6)
#define AW4 (2ull << 2)
#define SSADE (1ull << 9)
#define PWSNP (1ull << 23)
#define PGSNP (1ull << 24)
#define SRE 1ull

/* Entries */
#define SS_RW 3ull
#define SS_A (1ull << 8)
#define SS_D (1ull << 9)
#define SS_SNP (1ull << 11)
#define FS_P 1ull
#define FS_RWU 7ull
#define FS_A (1ull << 5)
#define FS_D (1ull << 6)

struct smoke {
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_endpoint *endpoint;
	struct iom_port *port;
	uint8_t *ram;
	uint64_t next; /* free page */
	uint64_t root, context, directory, pasids;
};

static uint64_t page(struct smoke *s)
{
	uint64_t at = s->next;

	s->next += 0x1000;
	CHECK(s->next <= RAM + RAM_BYTES);
	return at;
}

static void put(struct smoke *s, uint64_t at, uint64_t word)
{
	CHECK_EQ(iom_memory_write(s->memory, at, &(uint64_t){ word }, 8), IOM_OK);
}

static uint64_t get(struct smoke *s, uint64_t at)
{
	uint64_t word;

	CHECK_EQ(iom_memory_read(s->memory, at, &word, 8), IOM_OK);
	return word;
}

static void start(struct smoke *s, uint32_t profile, uint32_t flags)
{
	const struct iom_vtd_config config = { .bytes = sizeof config,
		                               .profile = profile,
		                               .flags = flags };
	struct iom_region region = { .spa = RAM, .bytes = RAM_BYTES };

	*s = (struct smoke){ .ram = aligned_alloc(64, RAM_BYTES), .next = RAM };
	assert_non_null(s->ram);
	memset(s->ram, 0, RAM_BYTES);
	region.host = s->ram;
	CHECK_EQ(iom_memory_new(NULL, NULL, &s->memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(s->memory, &region, NULL), IOM_OK);
	CHECK_EQ(iom_vtd_new(&config, s->memory, NULL, NULL, &s->unit, NULL), IOM_OK);
	CHECK_EQ(iom_lane_open(s->unit, &s->lane), IOM_OK);
	CHECK_EQ(iom_endpoint_get(s->unit, SID, &s->endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(s->endpoint, s->lane, &s->port), IOM_OK);
	s->root = page(s);
	s->context = page(s);
	s->directory = page(s);
	s->pasids = page(s);
}

static void stop(struct smoke *s)
{
	iom_port_close(s->port);
	iom_endpoint_remove(s->endpoint);
	iom_lane_close(s->lane);
	iom_unit_free(s->unit);
	iom_memory_free(s->memory);
	free(s->ram);
}

static void wr(struct smoke *s, unsigned off, unsigned bytes, uint64_t val)
{
	CHECK_EQ(iom_mmio_write(s->unit, 0, off, bytes, val), IOM_OK);
}

static void turn_on(struct smoke *s, uint64_t mode)
{
	wr(s, RTADDR, 8, s->root | mode);
	wr(s, GCMD, 4, RTP);
	wr(s, GCMD, 4, TE);
}

/* The entry at `level` (0: of 4 KiB pages) on the way of `input` through 4 levels of tables. */
static uint64_t entry(struct smoke *s, uint64_t root, uint64_t input, unsigned level,
                      uint64_t rights)
{
	uint64_t table = root;

	for (unsigned n = 3;; n--) {
		uint64_t at = table + 8 * (input >> (12 + 9 * n) & 511);

		if (n == level)
			return at;
		if (!get(s, at))
			put(s, at, page(s) | rights);
		table = get(s, at) & 0xffffffffff000;
	}
}

static void legacy(struct smoke *s, uint64_t low)
{
	put(s, s->root + 16 * (SID >> 8), s->context | 1);
	put(s, s->context + 16 * (SID & 0xff), low | 1);
	put(s, s->context + 16 * (SID & 0xff) + 8, 2 | DID << 8);
}

/* The PASID entry of requests without PASID, 0, or of PASID 3. */
static void scalable(struct smoke *s, unsigned pasid, uint64_t w0, uint64_t w1, uint64_t w2)
{
	uint64_t at = s->pasids + 64ull * pasid;

	put(s, s->root + 16 * (SID >> 8), s->context | 1);
	put(s, s->context + 32 * (SID & 0x7f), s->directory | 0xd); /* PASIDE, DTE */
	put(s, s->directory, s->pasids | 1);
	put(s, at + 8, w1 | DID);
	put(s, at + 16, w2);
	put(s, at, w0 | 1);
}

static struct iom_reply ask(struct smoke *s, const struct iom_request *q, int result)
{
	struct iom_reply reply;

	CHECK_EQ(iom_translate(s->port, q, &reply), result);
	return reply;
}

static struct iom_reply reach(struct smoke *s, unsigned access, uint64_t iova, uint64_t spa)
{
	const struct iom_request q = { .iova = iova, .bytes = 4, .access = (uint8_t)access };
	struct iom_reply reply = ask(s, &q, IOM_OK);

	CHECK_EQ(reply.spa, spa);
	return reply;
}

static void meet(struct smoke *s, unsigned access, uint64_t iova, unsigned code)
{
	const struct iom_request q = { .iova = iova, .bytes = 4, .access = (uint8_t)access };
	struct iom_reply reply = ask(s, &q, IOM_EFAULT);

	CHECK_EQ(reply.fault, code);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
}

static const uint32_t ways[] = { 0, IOM_VTD_UNCACHED };
#define EACH_WAY(i) for (size_t i = 0; i < 2; i++)

TEST(smoke_off, "VTD-IAR-03 VTD-IAR-04 VTD-ATS-01")
{
	struct iom_request q = { .at = IOM_AT_TRANSLATION_REQUEST };
	struct smoke s;

	start(&s, IOM_VTD_FULL, 0);
	reach(&s, IOM_WRITE, RAM + 5, RAM + 5);
	CHECK_EQ(reach(&s, IOM_READ, 0xfedfffff, 0xfedfffff).range_lg2, 21);
	CHECK_EQ(reach(&s, IOM_READ, 0xfef00000, 0xfef00000).range_lg2, 20);
	CHECK_EQ(reach(&s, IOM_READ, 0x1fee00000, 0x1fee00000).range_lg2, 32);
	CHECK_EQ(ask(&s, &q, IOM_EFAULT).fault, 0);
	stop(&s);
}

TEST(smoke_legacy, "VTD-SS-04 VTD-SS-12 VTD-SS-14 VTD-SS-16 VTD-SS-21 VTD-SS-22 VTD-SNP-01")
{
	EACH_WAY(i)
	{
		struct iom_request atomic = { .iova = 0x6010, .bytes = 4, .access = IOM_ATOMIC };
		uint64_t ss, at;
		struct smoke s;

		start(&s, IOM_VTD_LEGACY, ways[i]);
		turn_on(&s, 0);
		meet(&s, IOM_READ, 0x5010, 0x01);
		ss = page(&s);
		legacy(&s, ss | 1 << 2);
		at = entry(&s, ss, 0x5000, 0, SS_RW);
		put(&s, at, RAM + 0x2000 + SS_RW + SS_SNP);
		put(&s, at + 8, RAM + 0x3000 + 1);
		put(&s, at + 16, RAM + 0x3000 + 2);
		put(&s, entry(&s, ss, 0x40000000, 1, SS_RW), 0xfee00000 | 0x80 | SS_RW);
		for (unsigned twice = 0; twice < 2; twice++) {
			CHECK_EQ(reach(&s, IOM_WRITE, 0x5010, RAM + 0x2010).memory_type,
			         IOM_MEMORY_SNOOPED);
			CHECK_EQ(reach(&s, IOM_READ, 0x6010, RAM + 0x3010).perm, IOM_PERM_READ);
			meet(&s, IOM_WRITE, 0x6010, 0x05);
			CHECK_EQ(ask(&s, &atomic, IOM_EFAULT).fault, 0x05);
			CHECK_EQ(reach(&s, IOM_WRITE, 0x7010, RAM + 0x3010).perm, IOM_PERM_WRITE);
			meet(&s, IOM_READ, 0x7010, 0x06);
			atomic.iova = 0x7010;
			CHECK_EQ(ask(&s, &atomic, IOM_EFAULT).fault, 0x06);
			atomic.iova = 0x6010;
			meet(&s, IOM_READ, 0x8000, 0x06);
			meet(&s, IOM_READ, 1ull << 48, 0x04);
			meet(&s, IOM_READ, 0x40000000, 0x0e);
			CHECK_EQ(reach(&s, IOM_READ, 0x40100000, 0xfef00000).range_lg2, 20);
		}
		stop(&s);
	}
}

TEST(smoke_pass_through, "VTD-CTX-12 VTD-CTX-13 VTD-CTX-15 VTD-PT-01 VTD-PT-02 VTD-PMR-03")
{
	struct iom_request q = { .iova = RAM, .at = IOM_AT_TRANSLATED };
	struct smoke s;

	start(&s, IOM_VTD_FULL, 0);
	legacy(&s, 2 << 2);
	turn_on(&s, 0);
	reach(&s, IOM_WRITE, RAM, RAM);
	meet(&s, IOM_READ, 1ull << 46, 0x04);
	CHECK_EQ(ask(&s, &q, IOM_EFAULT).fault, 0x0d);
	stop(&s);

	start(&s, IOM_VTD_FULL, 0);
	scalable(&s, 0, PT, PGSNP, 0);
	turn_on(&s, SCALABLE);
	CHECK_EQ(reach(&s, IOM_WRITE, RAM, RAM).memory_type, IOM_MEMORY_SNOOPED);
	meet(&s, IOM_READ, 1ull << 46, 0x83);
	ask(&s, &q, IOM_OK);
	q = (struct iom_request){ .iova = 0xfee00000, .at = IOM_AT_TRANSLATION_REQUEST };
	CHECK_EQ(ask(&s, &q, IOM_OK).ats, IOM_ATS_UNTRANSLATED);
	q = (struct iom_request){ .iova = RAM, .at = IOM_AT_TRANSLATION_REQUEST };
	CHECK_EQ(ask(&s, &q, IOM_OK).perm, IOM_PERM_READ | IOM_PERM_WRITE);

	wr(&s, PLMBASE, 4, RAM + 0x200000);
	wr(&s, PLMLIMIT, 4, RAM + 0x200000);
	wr(&s, PMEN, 4, TE);
	CHECK_EQ(reach(&s, IOM_WRITE, RAM, RAM).range_lg2, 21);
	meet(&s, IOM_READ, RAM + 0x3ff000, 0);
	stop(&s);
}

TEST(smoke_first_stage, "VTD-FS-02 VTD-FS-04 VTD-FS-07 VTD-FS-08 VTD-FS-09 VTD-FS-10 VTD-FS-12 "
                        "VTD-PASID-10 VTD-SCTX-16")
{
	EACH_WAY(i)
	{
		const uint64_t low = 0x7000, high = 0xffff800000007000;
		struct iom_request q = {
			.iova = low, .bytes = 4, .pasid = 3, .flags = IOM_REQ_PASID
		};
		uint64_t fs, at;
		struct smoke s;

		start(&s, IOM_VTD_SCALABLE, ways[i]);
		fs = page(&s);
		scalable(&s, 0, FS, PWSNP, fs);
		scalable(&s, 3, FS, PWSNP, fs | SRE);
		turn_on(&s, SCALABLE);
		at = entry(&s, fs, low, 0, FS_RWU);
		put(&s, at, RAM + 0x2000 + FS_RWU);
		put(&s, at + 8, RAM + 0x3000 + FS_P);
		put(&s, entry(&s, fs, high, 0, FS_RWU), RAM + 0x4000 + FS_RWU);
		CHECK_EQ(reach(&s, IOM_READ, low, RAM + 0x2000).perm, IOM_PERM_READ);
		CHECK_EQ(get(&s, at), RAM + 0x2000 + FS_RWU + FS_A);
		CHECK_EQ(reach(&s, IOM_WRITE, low, RAM + 0x2000).perm,
		         IOM_PERM_READ | IOM_PERM_WRITE);
		CHECK_EQ(get(&s, at), RAM + 0x2000 + FS_RWU + FS_A + FS_D);
		CHECK_EQ(get(&s, fs) & FS_A, FS_A);
		reach(&s, IOM_WRITE, high, RAM + 0x4000);
		meet(&s, IOM_WRITE, 0x800000000000, 0x80);
		meet(&s, IOM_WRITE, low + 0x2000, 0x71);
		meet(&s, IOM_WRITE, low + 0x1000, 0x81);
		ask(&s, &q, IOM_OK);
		q.iova += 0x1000;
		CHECK_EQ(ask(&s, &q, IOM_EFAULT).fault, 0x81);
		q.flags |= IOM_REQ_PRIVILEGED;
		q.access = IOM_WRITE;
		CHECK_EQ(ask(&s, &q, IOM_OK).spa, RAM + 0x3000);
		q.access = IOM_EXECUTE;
		CHECK_EQ(ask(&s, &q, IOM_EFAULT).fault, 0x5c);
		q.access = IOM_READ;
		q.pasid = 0;
		CHECK_EQ(ask(&s, &q, IOM_EFAULT).fault, 0x48);
		stop(&s);
	}
}

TEST(smoke_second_stage, "VTD-SS-13 VTD-SS-15 VTD-SS-17 VTD-SS-23 VTD-SSAD-02 VTD-SSAD-03 "
                         "VTD-SSAD-06 VTD-SSAD-08")
{
	EACH_WAY(i)
	{
		struct iom_request q = { .iova = 0x6000, .bytes = 0 };
		struct smoke s;
		uint64_t ss, at;

		start(&s, IOM_VTD_SCALABLE, ways[i]);
		ss = page(&s);
		scalable(&s, 0, SS | AW4 | SSADE | ss, PWSNP, 0);
		scalable(&s, 3, SS | AW4 | SSADE | ss, 0, 0);
		turn_on(&s, SCALABLE);
		at = entry(&s, ss, 0x5000, 0, SS_RW);
		put(&s, at, RAM + 0x2000 + SS_RW);
		put(&s, at + 8, RAM + 0x3000 + 2);
		put(&s, at + 16, RAM + 0x3000 + 1);
		reach(&s, IOM_READ, 0x5000, RAM + 0x2000);
		CHECK_EQ(get(&s, at), RAM + 0x2000 + SS_RW + SS_A);
		reach(&s, IOM_WRITE, 0x5000, RAM + 0x2000);
		CHECK_EQ(get(&s, at), RAM + 0x2000 + SS_RW + SS_A + SS_D);
		meet(&s, IOM_READ, 0x6000, 0x86);
		CHECK_EQ(get(&s, at + 8), RAM + 0x3000 + 2);
		CHECK_EQ(ask(&s, &q, IOM_OK).spa, RAM + 0x3000);
		CHECK_EQ(get(&s, at + 8), RAM + 0x3000 + 2 + SS_A);
		meet(&s, IOM_WRITE, 0x7000, 0x85);
		meet(&s, IOM_WRITE, 0x8000, 0x79);
		meet(&s, IOM_WRITE, 1ull << 48, 0x84);
		q = (struct iom_request){ .iova = 0x5000,
			                  .bytes = 4,
			                  .pasid = 3,
			                  .flags = IOM_REQ_PASID,
			                  .access = IOM_WRITE };
		ask(&s, &q, IOM_OK);
		q.iova = 0x6000;
		CHECK_EQ(ask(&s, &q, IOM_EFAULT).fault, 0x7c);
		q.iova = 0x7000;
		q.access = IOM_READ;
		CHECK_EQ(ask(&s, &q, IOM_EFAULT).fault, 0x7c);
		stop(&s);
	}
}

/* Guest address g is at RAM + 0x40000 + g. */
TEST(smoke_nested, "VTD-NEST-01 VTD-NEST-02 VTD-NEST-03 VTD-NEST-05 VTD-NEST-08 VTD-ATS-06")
{
	EACH_WAY(i)
	{
		const uint64_t guest = RAM + 0x40000;
		struct iom_request q = { .iova = 0x9000,
			                 .at = IOM_AT_TRANSLATION_REQUEST,
			                 .flags = IOM_REQ_NO_WRITE };
		struct smoke s;
		uint64_t ss, at[16], leaf = guest + 0x4000;

		start(&s, IOM_VTD_FULL, ways[i]);
		ss = page(&s);
		scalable(&s, 0, NESTED | AW4 | SSADE | ss, PWSNP, 0x1000);
		for (unsigned n = 0; n < 16; n++) {
			at[n] = entry(&s, ss, 0x1000ull * n, 0, SS_RW);
			put(&s, at[n], (guest + 0x1000ull * n) | SS_RW);
		}
		for (unsigned n = 1; n < 4; n++)
			put(&s, guest + 0x1000ull * n, 0x1000ull * (n + 1) | FS_RWU);
		turn_on(&s, SCALABLE);
		put(&s, leaf + 8 * 9, 0x5000 | FS_RWU);
		put(&s, leaf + 8 * 10, 0x6000 | FS_RWU);
		put(&s, leaf + 8 * 11, 1ull << 50 | FS_RWU);
		put(&s, at[6], (guest + 0x6000) | 1);

		CHECK_EQ(ask(&s, &q, IOM_OK).perm, IOM_PERM_READ);
		CHECK_EQ(get(&s, leaf + 8 * 9), 0x5000 + FS_RWU + FS_A);
		CHECK_EQ(get(&s, at[5]), guest + 0x5000 + SS_RW + SS_A);
		reach(&s, IOM_READ, 0x9000, guest + 0x5000);
		q.flags = 0;
		CHECK_EQ(ask(&s, &q, IOM_OK).perm, IOM_PERM_READ | IOM_PERM_WRITE);
		CHECK_EQ(get(&s, leaf + 8 * 9), 0x5000 + FS_RWU + FS_A + FS_D);
		CHECK_EQ(get(&s, at[5]), guest + 0x5000 + SS_RW + SS_A + SS_D);
		CHECK_EQ(get(&s, at[4]), leaf + SS_RW + SS_A + SS_D);

		meet(&s, IOM_WRITE, 0xa000, 0x85);
		CHECK_EQ(get(&s, leaf + 8 * 10) & FS_D, 0);
		q.iova = 0xa000;
		CHECK_EQ(ask(&s, &q, IOM_OK).perm, IOM_PERM_READ);
		CHECK_EQ(get(&s, leaf + 8 * 10) & FS_D, 0);
		meet(&s, IOM_READ, 0xb000, 0x74);
		if (ways[i]) {
			put(&s, at[4], leaf | 1);
			meet(&s, IOM_READ, 0x9000, 0x77);
			put(&s, at[4], leaf | 2);
			meet(&s, IOM_READ, 0x9000, 0x76);
			put(&s, at[1], (guest + 0x1000) | 2);
			meet(&s, IOM_READ, 0x9000, 0x75);
		}
		stop(&s);
	}
}

TEST(smoke_modes, "VTD-ADM-01 VTD-TTM-01 VTD-CTX-19")
{
	struct iom_request q = { .iova = RAM, .pasid = 3, .flags = IOM_REQ_PASID };
	struct smoke s;

	start(&s, IOM_VTD_FULL, 0);
	turn_on(&s, ABORT);
	meet(&s, IOM_READ, RAM, 0x33);
	turn_on(&s, 0x800);
	meet(&s, IOM_READ, RAM, 0x30);
	turn_on(&s, 0);
	CHECK_EQ(ask(&s, &q, IOM_EFAULT).fault, 0x31);
	stop(&s);
}

TEST(smoke_backend, "")
{
	struct iom_context_info info;
	struct smoke s;

	start(&s, IOM_VTD_FULL, 0);
	CHECK_EQ(iom_fault_in(s.endpoint, false, 0, &info), IOM_OK);
	CHECK_EQ(info.kind, IOM_CONTEXT_TRANSLATED);
	CHECK_EQ(info.stage2.format, IOM_FORMAT_NONE);
	turn_on(&s, SCALABLE);
	CHECK_EQ(iom_fault_in(s.endpoint, false, 0, &info), IOM_OK);
	CHECK_EQ(info.kind, IOM_CONTEXT_BLOCKED);
	scalable(&s, 0, NESTED | 3ull << 2 | RAM, 0, 0x5000);
	scalable(&s, 3, FS, 0, 0x6000 | 1 << 2);
	CHECK_EQ(iom_fault_in(s.endpoint, false, 0, &info), IOM_OK);
	CHECK_EQ(info.kind, IOM_CONTEXT_TRANSLATED);
	CHECK_EQ(info.stage1.format, IOM_FORMAT_X86_4LEVEL);
	CHECK_EQ(info.stage1.root, 0x5000);
	CHECK_EQ(info.stage1.tag, 0);
	CHECK_EQ(info.stage2.format, IOM_FORMAT_VTD_5LEVEL);
	CHECK_EQ(info.stage2.root, RAM);
	CHECK_EQ(info.stage2.tag, DID);
	CHECK_EQ(iom_fault_in(s.endpoint, true, 3, &info), IOM_OK);
	CHECK_EQ(info.stage1.format, IOM_FORMAT_X86_5LEVEL);
	CHECK_EQ(info.stage1.root, 0x6000);
	CHECK_EQ(info.stage1.tag, 3);
	CHECK_EQ(info.stage2.format, IOM_FORMAT_NONE);
	stop(&s);
}

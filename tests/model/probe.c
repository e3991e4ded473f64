/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Probes: the answer of the real request, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "../riscv/rig.h"
#include "../riscv/sheet.h"
#include "../riscv/stage.h"

/* Requests of a few devices, whose contexts and tables hold every kind of refusal. */
static void prepare(struct rig *r)
{
	uint64_t one = page(r), two = pages(r, 4, 16384), pdt = page(r);

	rig_fq(r, 8, true);
	rig_ddt(r, 1);
	rig_dc_put(r, 1, 1, 0, 0, stage_mode(3) | one >> 12);
	rig_dc_put(r, 2, 1, stage_mode(3) | two >> 12, 0, 0);
	rig_dc_put(r, 3, 1, stage_mode(3) | two >> 12, 0, stage_mode(3) | one >> 12);
	rig_dc_put(r, 4, 1 | 1ull << 30, 0, 0, 0);                     /* misconfigured */
	rig_dc_put(r, 5, 1 | 1 << 5, 0, 0, 1ull << 60 | pdt >> 12);    /* processes     */
	rig_dc_put(r, 6, 1 | 1 << 4, 0, 0, stage_mode(3) | one >> 12); /* DTF           */
	rig_dc_put(r, 7, 1, 0, 0, stage_mode(3) | RIG_NOWHERE >> 12);
	put64(r, pdt + 16 + 8, stage_mode(3) | one >> 12);
	put64(r, pdt + 16, 1);
	rig_map(r, one, 3, false, 0x1000, 0, leaf(RIG_RAM));
	rig_map(r, one, 3, false, 0x2000, 0, leaf(RIG_RAM + 0x1000) & ~PTE_W);
	rig_map(r, one, 3, false, 0x3000, 0, leaf(RIG_RAM + 0x2000) & ~PTE_D);
	rig_map(r, one, 3, false, 0x4000, 0, leaf(RIG_RAM + 0x2000) & ~PTE_A);
	rig_map(r, one, 3, false, 0x200000, 1, leaf(0x400000));
	for (uint64_t spa = RIG_RAM; spa < r->next + 0x10000; spa += 0x1000)
		rig_map(r, two, 3, true, spa, 0, leaf(spa));
	rig_map(r, two, 3, true, 0x1000, 0, leaf(RIG_RAM + 0x5000) & ~PTE_X);
}

static void same(struct rig *r, const struct iom_request *real, uint32_t device)
{
	struct iom_request probe = *real;
	struct iom_reply is, be;
	uint32_t tail = rd32(r, FQT);
	unsigned msis = r->msis, dirties = r->dirties;
	int err;

	probe.flags |= IOM_REQ_PROBE;
	memset(&is, 0, sizeof is);
	memset(&be, 0, sizeof be);
	err = rig_translate(r, device, &probe, &is);
	CHECK_EQ(rd32(r, FQT), tail);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK_EQ(r->msis, msis);
	CHECK_EQ(r->dirties, dirties);
	CHECK_EQ(rig_translate(r, device, real, &be), err);
	CHECK_EQ(is.fault, be.fault);
	CHECK_EQ(is.status, be.status);
	CHECK_EQ(is.spa, be.spa);
	CHECK_EQ(is.perm, be.perm);
	CHECK_EQ(is.range_lg2, be.range_lg2);
	CHECK_EQ(is.memory_type, be.memory_type);
	CHECK(is.host == be.host);
	CHECK_EQ(is.host_bytes, be.host_bytes);
	wr32(r, FQH, rd32(r, FQT));
	wr32(r, IPSR, FIP);
}

TEST(probe_answers_as_the_request_does, "")
{
	static const uint64_t iovas[] = { 0,      0x1000,   0x1abc,     0x2000,     0x3000, 0x4000,
		                          0x5000, 0x200123, 0x80000000, 1ull << 40, ~0xfull };

	for (unsigned cached = 0; cached < 2; cached++) {
		const struct iom_riscv_config config = {
			.capabilities = CAP_EXT,
			.flags = cached ? 0 : IOM_RISCV_UNCACHED,
		};
		struct rig *r = rig_new_config(&config);
		struct iom_request q = { .bytes = 8 };

		same(r, &q, 1); /* Off */
		prepare(r);
		for (uint32_t device = 0; device < 9; device++)
			for (unsigned i = 0; i < COUNT(iovas); i++)
				for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++)
					for (unsigned who = 0; who < 5; who++) {
						q.iova = iovas[i];
						q.access = (uint8_t)access;
						q.pasid = who / 2;
						q.flags = (who ? IOM_REQ_PASID : 0) |
						          (who & 1 ? IOM_REQ_PRIVILEGED : 0);
						q.at = who == 4 ? IOM_AT_TRANSLATED : 0;
						same(r, &q, device);
					}
		rig_free(r);
	}
}

/* Where hardware sets A and D, a probe says what would be granted, and sets nothing. */
TEST(probe_sets_no_flags, "")
{
	const uint64_t hwad = 1ull << 24, gade = 1 << 7, sade = 1 << 8;

	for (unsigned cached = 0; cached < 2; cached++) {
		const struct iom_riscv_config config = {
			.capabilities = CAP_EXT | hwad,
			.flags = cached ? 0 : IOM_RISCV_UNCACHED,
		};
		struct rig *r = rig_new_config(&config);
		uint64_t one = page(r), two = pages(r, 4, 16384), entry[2];

		rig_fq(r, 4, false);
		rig_ddt(r, 1);
		rig_dc_put(r, 1, 1 | gade | sade, stage_mode(3) | two >> 12, 0,
		           stage_mode(3) | one >> 12);
		entry[0] = rig_map(r, one, 3, false, 0x1000, 0, leaf(0x5000) & ~(PTE_A | PTE_D));
		for (uint64_t spa = RIG_RAM; spa < r->next + 0x10000; spa += 0x1000)
			rig_map(r, two, 3, true, spa, 0, leaf(spa));
		entry[1] = rig_map(r, two, 3, true, 0x5000, 0, leaf(RIG_RAM) & ~(PTE_A | PTE_D));
		for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++) {
			const struct iom_request probe = { .iova = 0x1000,
				                           .access = (uint8_t)access,
				                           .flags = IOM_REQ_PROBE };
			const uint64_t was[2] = { ram64(r, entry[0]), ram64(r, entry[1]) };
			struct iom_request real = probe;
			struct iom_reply is, be;

			CHECK_EQ(rig_translate(r, 1, &probe, &is), IOM_OK);
			CHECK_EQ(ram64(r, entry[0]), was[0]);
			CHECK_EQ(ram64(r, entry[1]), was[1]);
			real.flags = 0;
			CHECK_EQ(rig_translate(r, 1, &real, &be), IOM_OK);
			CHECK_EQ(is.spa, be.spa);
			CHECK_EQ(is.perm, be.perm);
			for (unsigned i = 0; i < 2; i++) {
				CHECK(ram64(r, entry[i]) & PTE_A);
				CHECK_EQ(!!(ram64(r, entry[i]) & PTE_D), access >= IOM_WRITE);
			}
		}
		rig_expect_none(r);
		rig_free(r);
	}
}

/* A probe leaves no grant behind that a later request could use, nor does it use one. */
TEST(probe_looks_behind_the_front, "")
{
	const struct iom_riscv_config config = { .capabilities = CAP_EXT };
	struct rig *r = rig_new_config(&config);
	const struct iom_request probe = { .iova = 0x1000, .flags = IOM_REQ_PROBE };
	const struct iom_request real = { .iova = 0x1000 };
	struct iom_port *port;
	struct iom_reply reply;
	uint8_t *was = malloc(RIG_RAM_BYTES);

	CHECK(was);
	prepare(r);
	port = rig_port(r, 1);
	memcpy(was, r->ram, RIG_RAM_BYTES);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(iom_translate(port, &probe, &reply), IOM_OK);
		CHECK_EQ(reply.spa, RIG_RAM);
		CHECK_EQ(iom_translate(port, &real, &reply), IOM_OK);
		CHECK_EQ(reply.spa, RIG_RAM);
	}
	CHECK_EQ(memcmp(was, r->ram, RIG_RAM_BYTES), 0);
	free(was);
	rig_free(r);
}

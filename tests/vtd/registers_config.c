/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Capabilities that need others: a unit that contradicts the manual cannot be had. */
#include "rig.h"

#define CAP_MOST CAP_ALL
#define ECAP_MOST                                                                                  \
	(ECAP_ALL | ECAP_DIT | ECAP_PTRS | ECAP_SSIRWS | ECAP_ADMS | ECAP_EIMER | ECAP_IRREQ)

/* `cap` or `ecap` needs all of `needs`, which is in ECAP. */
static const struct need {
	uint64_t cap, ecap, needs;
} needs[] = {
	{ 0, ECAP_DT, ECAP_QI },
	{ 0, ECAP_IR, ECAP_QI },
	{ 0, ECAP_SMTS, ECAP_QI },
	{ 0, ECAP_EIM, ECAP_IR },
	{ 0, ECAP_MHMV(15), ECAP_IR },
	{ 0, ECAP_IRREQ, ECAP_IR },
	{ CAP_PI, 0, ECAP_IR },
	{ 0, ECAP_EIMER, ECAP_EIM },
	{ 0, ECAP_PRS, ECAP_DT | ECAP_SMTS },
	{ 0, ECAP_PDS, ECAP_DT },
	{ 0, ECAP_DIT, ECAP_DT },
	{ 0, ECAP_NWFS, ECAP_DT },
	{ 0, ECAP_PTRS, ECAP_DT | ECAP_PASID },
	{ 0, ECAP_SMS, ECAP_PRS },
	{ 0, ECAP_FSTS, ECAP_SMTS },
	{ 0, ECAP_SMPWCS, ECAP_SMTS },
	{ 0, ECAP_RPS, ECAP_SMTS },
	{ 0, ECAP_PASID, ECAP_SMTS },
	{ 0, ECAP_PSS(20), ECAP_SMTS },
	{ 0, ECAP_SRS, ECAP_SMTS },
	{ 0, ECAP_NEST, ECAP_SMTS | ECAP_SSTS | ECAP_FSTS },
	{ 0, ECAP_EAFS, ECAP_FSTS | ECAP_SMPWCS },
	{ 0, ECAP_SSADS, ECAP_SMPWCS },
	{ 0, ECAP_RPRIVS, ECAP_SRS },
	{ 0, ECAP_SSIRWS, ECAP_SSTS },
	{ CAP_FS1GP, 0, ECAP_FSTS },
	{ CAP_FS5LP, 0, ECAP_FSTS },
};

#define NEEDS (sizeof(needs) / sizeof(*needs))

static bool can(uint64_t cap, uint64_t ecap, uint8_t version)
{
	const struct iom_vtd_config config = { .bytes = sizeof(config),
		                               .cap = cap,
		                               .ecap = ecap,
		                               .version = version,
		                               .address_bits = RIG_HAW };
	struct iom_unit *unit = NULL;
	struct iom_memory *memory;
	struct iom_error error = { 0 };
	int err;

	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	err = iom_vtd_new(&config, memory, NULL, NULL, &unit, &error);
	CHECK(err == IOM_OK || err == IOM_EINVAL || err == IOM_ENOTSUP);
	CHECK(err == IOM_OK || error.text[0]);
	iom_unit_free(unit);
	iom_memory_free(memory);
	return err == IOM_OK;
}

/* Takes away one bit of ECAP, and all that cannot be without it. */
static void take(uint64_t bit, uint64_t *cap, uint64_t *ecap)
{
	uint64_t was = 0;
	size_t i;

	*ecap &= ~bit;
	while (was != *ecap) {
		was = *ecap;
		for (i = 0; i < NEEDS; i++)
			if ((*ecap & needs[i].needs) != needs[i].needs) {
				*cap &= ~needs[i].cap;
				*ecap &= ~needs[i].ecap;
			}
	}
}

TEST(capabilities_need_their_parents, "VTD-REG-03 VTD-REG-04 VTD-REG-29")
{
	size_t i;
	unsigned bit;

	CHECK(can(CAP_MOST, ECAP_MOST, 0x40));
	for (i = 0; i < NEEDS; i++)
		for (bit = 0; bit < 64; bit++) {
			uint64_t cap = CAP_MOST, ecap = ECAP_MOST;

			if (!(needs[i].needs >> bit & 1))
				continue;
			take(1ull << bit, &cap, &ecap);
			/* Without PASIDs there is no width of them to tell. */
			if (!(ecap & ECAP_PASID))
				ecap &= ~ECAP_PSS(20);
			CHECK_MSG(can(cap, ecap, 0x40), "row %zu without bit %u of ECAP", i, bit);
			CHECK_MSG(!can(cap | needs[i].cap, ecap | needs[i].ecap, 0x40),
			          "row %zu needs bit %u of ECAP", i, bit);
		}
}

TEST(reserved_capability_bits, "VTD-REG-02")
{
	static const unsigned caps[] = { 8, 12, 13, 14, 15, 23, 36, 37, 38, 57, 58 };
	static const unsigned ecaps[] = { 5, 18, 19, 24, 27, 28, 30, 32, 54, 63 };
	size_t i;

	for (i = 0; i < sizeof(caps) / sizeof(*caps); i++)
		CHECK_MSG(!can(CAP_MOST | 1ull << caps[i], ECAP_MOST, 0x40), "bit %u of CAP",
		          caps[i]);
	for (i = 0; i < sizeof(ecaps) / sizeof(*ecaps); i++)
		CHECK_MSG(!can(CAP_MOST, ECAP_MOST | 1ull << ecaps[i], 0x40), "bit %u of ECAP",
		          ecaps[i]);
}

TEST(capabilities_of_versions, "VTD-REG-29")
{
	uint64_t cap = CAP_MOST, ecap = ECAP_MOST;

	/* Reserved width; 1 GiB without 2 MiB; write buffers in scalable mode. */
	CHECK(!can(CAP_MOST | 7, ECAP_MOST, 0x40));
	CHECK(!can(CAP_MOST & ~CAP_SSLPS_2M, ECAP_MOST, 0x40));
	CHECK(can(CAP_MOST & ~CAP_SSLPS_1G, ECAP_MOST, 0x40));
	CHECK(!can(CAP_MOST | CAP_RWBF, ECAP_MOST, 0x40));
	/* From 2.0 on every unit drains. */
	CHECK(can(CAP_MOST & ~(CAP_DWD | CAP_DRD), ECAP_MOST, 0x10));
	CHECK(!can(CAP_MOST & ~CAP_DWD, ECAP_MOST, 0x20));
	CHECK(!can(CAP_MOST & ~CAP_DRD, ECAP_MOST, 0x20));
	/* From 6.0 on widths mean a second stage. */
	take(ECAP_SSTS, &cap, &ecap);
	CHECK(can(cap, ecap, 0x50));
	CHECK(!can(cap, ecap, 0x60));
	CHECK(can(cap & ~CAP_SAGAW, ecap, 0x60));
	/* Legacy alone may have write buffers. */
	cap = CAP_MOST;
	ecap = ECAP_MOST;
	take(ECAP_SMTS, &cap, &ecap);
	CHECK(can(cap | CAP_RWBF, ecap, 0x40));
}

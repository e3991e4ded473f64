/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Which VT-d units can be had. */
#include "unit_bench.h"

#include <string.h>

/* A unit of version 1.0: 48 bits, fault records at 0x220, IOTLB at 0xf0. */
#define CAP 0x00d2008c226f0606ull
#define ECAP 0xf07ull

static void refused(uint64_t cap, uint64_t ecap, uint8_t version, int code, const char *word)
{
	const struct iom_vtd_config config = {
		.bytes = sizeof config, .cap = cap, .ecap = ecap, .version = version
	};
	struct iom_error error;
	struct bench b;

	CHECK_EQ(bench_try(&b, &config, &error), code);
	if (code)
		CHECK_MSG(strstr(error.text, word), "%s lacks %s", error.text, word);
	bench_free(&b);
}

TEST(profiles_are_what_they_say, "VTD-REG-01 VTD-REG-02")
{
	static const uint8_t versions[] = { 0x10, 0x40, 0x50 };

	for (uint32_t profile = IOM_VTD_LEGACY; profile <= IOM_VTD_FULL; profile++) {
		struct bench b;

		bench_profile(&b, profile);
		CHECK_EQ(rd(&b, 0, 4), versions[profile]);
		CHECK_EQ(rd(&b, 8, 8) >> 24 & 0x3ff, 0x22);
		/* SMTS */
		CHECK_EQ(rd(&b, 16, 8) >> 43 & 1, profile != IOM_VTD_LEGACY);
		bench_free(&b);
	}
}

TEST(version_is_the_configured_one, "VTD-REG-01")
{
	for (unsigned version = 0x10; version <= 0x8f; version++) {
		const struct iom_vtd_config config = { .bytes = sizeof config,
			                               .profile = IOM_VTD_FULL,
			                               .version = (uint8_t)version };
		struct bench b;

		CHECK_EQ(bench_try(&b, &config, NULL), IOM_OK);
		CHECK_EQ(rd(&b, 0, 4), version);
		bench_free(&b);
	}
}

TEST(capabilities_need_others, "VTD-REG-03 VTD-REG-04 VTD-REG-29")
{
	static const struct {
		unsigned bit;
		uint64_t with;
		const char *names[2];
	} ecaps[] = {
		{ 2, 0, { "ECAP.DT", "ECAP.QI" } },
		{ 3, 0, { "ECAP.IR", "ECAP.QI" } },
		{ 4, 2, { "ECAP.EIM", "ECAP.IR" } },
		{ 20, 2, { "ECAP.MHMV", "ECAP.IR" } },
		{ 29, 6, { "ECAP.PRS", "ECAP.SMTS" } },
		{ 40, 2, { "ECAP.PASID", "ECAP.SMTS" } },
		{ 45, 1ull << 43 | 2, { "ECAP.SSADS", "ECAP.SMPWCS" } },
		{ 47, 2, { "ECAP.FSTS", "ECAP.SMTS" } },
		{ 48, 2, { "ECAP.SMPWCS", "ECAP.SMTS" } },
		{ 49, 2, { "ECAP.RPS", "ECAP.SMTS" } },
		{ 26, 1ull << 43 | 1ull << 46 | 2, { "ECAP.NEST", "ECAP.FSTS" } },
		{ 33, 2, { "ECAP.NWFS", "ECAP.DT" } },
		{ 41, 2, { "ECAP.DIT", "ECAP.DT" } },
		{ 42, 2, { "ECAP.PDS", "ECAP.DT" } },
		{ 56, 2, { "ECAP.PTRS", "ECAP.DT" } },
		{ 57, 2, { "ECAP.SSIRWS", "ECAP.SSTS" } },
		{ 58, 6, { "ECAP.SMS", "ECAP.PRS" } },
		{ 61, 10, { "ECAP.EIMER", "ECAP.EIM" } },
		{ 62, 2, { "ECAP.IRREQ", "ECAP.IR" } },
	};

	refused(CAP, ECAP & ~6ull, 0, IOM_OK, "");
	for (size_t i = 0; i < sizeof ecaps / sizeof *ecaps; i++) {
		uint64_t ecap = (ECAP & ~6ull) | ecaps[i].with | 1ull << ecaps[i].bit;

		refused(CAP, ecap, 0, IOM_EINVAL, ecaps[i].names[0]);
		refused(CAP, ecap, 0, IOM_EINVAL, ecaps[i].names[1]);
	}
	refused(CAP | 1ull << 59, ECAP, 0, IOM_EINVAL, "CAP.PI");
	refused(CAP | 1ull << 56, ECAP, 0, IOM_EINVAL, "CAP.FS1GP");
	refused(CAP | 1ull << 4, ECAP | 1ull << 43, 0, IOM_EINVAL, "CAP.RWBF");
}

TEST(configurations_that_are_refused, "VTD-REG-16 VTD-REG-17")
{
	refused(CAP | 1ull << 61, ECAP, 0, IOM_ENOTSUP, "CAP.ECMDS");
	refused(CAP | 1ull << 3, ECAP, 0, IOM_ENOTSUP, "CAP.AFL");
	refused(CAP, ECAP | 1ull << 51, 0, IOM_ENOTSUP, "ECAP.PMS");
	refused(CAP, ECAP | 1ull << 25, 0, IOM_ENOTSUP, "ECAP.MTS");
	refused(CAP | 1ull << 13, ECAP, 0, IOM_EINVAL, "CAP bit 13");
	refused(CAP, ECAP | 1ull << 63, 0, IOM_EINVAL, "ECAP bit 63");
	refused(CAP | 7, ECAP, 0, IOM_EINVAL, "CAP.ND");
	refused(CAP & ~(1ull << 34), ECAP, 0, IOM_EINVAL, "CAP.SSLPS");
	refused(CAP & ~(1ull << 54), ECAP, 0x20, IOM_EINVAL, "CAP.DWD");
	refused(CAP, ECAP, 0x60, IOM_EINVAL, "CAP.SAGAW");
	refused(CAP, ECAP, 0x90, IOM_EINVAL, "version");
	refused(CAP, 0, 0, IOM_EINVAL, "both");
	/* Places: over other registers, beyond the window, over each other */
	refused(CAP & ~(0x3ffull << 24), ECAP, 0, IOM_EINVAL, "CAP.FRO");
	refused(CAP | 1ull << 33, ECAP, 0, IOM_EINVAL, "CAP.FRO");
	refused(CAP, ECAP & ~0xf00ull, 0, IOM_EINVAL, "ECAP.IRO");
	refused(CAP, (ECAP & ~0xf00ull) | 0x2200, 0, IOM_EINVAL, "overlap");
}

static void number_refused(struct iom_vtd_config config, int code, const char *word)
{
	struct iom_error error;
	struct bench b;

	config.bytes = sizeof config;
	CHECK_EQ(bench_try(&b, &config, &error), code);
	CHECK_MSG(strstr(error.text, word), "%s lacks %s", error.text, word);
	bench_free(&b);
}

TEST(numbers_out_of_range_are_refused, "VTD-REG-01")
{
	struct iom_vtd_config config = { 0 };
	struct bench b;

	refused(CAP, ECAP, 0x0f, IOM_EINVAL, "version");
	refused(CAP | 0xffull << 40, ECAP, 0, IOM_ENOTSUP, "CAP.NFR");
	refused(CAP, ECAP | 0x3ff00, 0, IOM_EINVAL, "ECAP.IRO");
	bench_profile(&b, IOM_VTD_SCALABLE);
	config.cap = rd(&b, 8, 8);
	/* PSS 20: PASIDs of 21 bits */
	config.ecap = (rd(&b, 16, 8) & ~(0x1full << 35)) | 20ull << 35;
	bench_free(&b);
	number_refused(config, IOM_EINVAL, "ECAP.PSS");

	number_refused((struct iom_vtd_config){ .profile = 3 }, IOM_EINVAL, "profile");
	number_refused((struct iom_vtd_config){ .flags = 1u << 31 }, IOM_EINVAL, "bit 31");
	number_refused((struct iom_vtd_config){ .address_bits = 31 }, IOM_EINVAL, "address_bits");
	number_refused((struct iom_vtd_config){ .address_bits = 53 }, IOM_EINVAL, "address_bits");
	/* The profile's MGAW is for 48 bits. */
	number_refused((struct iom_vtd_config){ .address_bits = 49 }, IOM_EINVAL, "CAP.MGAW");
	number_refused((struct iom_vtd_config){ .cache_lg2 = 2 }, IOM_EINVAL, "cache_lg2");
	number_refused((struct iom_vtd_config){ .cache_lg2 = 23 }, IOM_EINVAL, "cache_lg2");
	number_refused((struct iom_vtd_config){ .front_lg2 = 5 }, IOM_EINVAL, "front_lg2");
	number_refused((struct iom_vtd_config){ .front_lg2 = 21 }, IOM_EINVAL, "front_lg2");
	number_refused((struct iom_vtd_config){ .protected_lg2 = 11 }, IOM_EINVAL, "protected_lg2");
	number_refused((struct iom_vtd_config){ .protected_lg2 = 31 }, IOM_EINVAL, "protected_lg2");
}

TEST(no_configuration_is_the_default_one, "VTD-REG-01")
{
	struct bench b;

	CHECK_EQ(bench_try(&b, NULL, NULL), IOM_OK);
	CHECK_EQ(rd(&b, 0, 4), 0x10);
	bench_free(&b);
}

TEST(configurations_of_another_size_are_refused, "")
{
	const struct iom_vtd_config config = { .bytes = sizeof config - 8 };
	struct iom_error error;
	struct bench b;

	CHECK_EQ(bench_try(&b, &config, &error), IOM_EINVAL);
	CHECK_MSG(strstr(error.text, "iom_vtd_config"), "%s", error.text);
	bench_free(&b);
}

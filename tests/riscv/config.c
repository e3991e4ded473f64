/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What the constructor accepts and refuses.  A refusal is a code and one sentence that names the
 * field which was wrong.
 */
#include <string.h>

#include "rig.h"
#include "sheet.h"
#include "sv32.h"

/* Tries a configuration; what it made is gone again. */
static int try(const struct iom_riscv_config *config, struct iom_error *error, uint64_t *cap)
{
	struct iom_memory *memory;
	struct iom_unit *unit = NULL;
	int code;

	memset(error, '#', sizeof *error);
	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	code = iom_riscv_new(config, memory, NULL, NULL, &unit, error);
	CHECK(error->code == code);
	if (code == IOM_OK) {
		CHECK_STR(error->text, "");
		CHECK_EQ(iom_mmio_read(unit, 0, CAPABILITIES, 8, cap), IOM_OK);
	}
	iom_unit_free(unit);
	iom_memory_free(memory);
	return code;
}

static bool is_sentence(const struct iom_error *error)
{
	size_t len = strnlen(error->text, sizeof error->text);

	return len > 10 && len < sizeof error->text && !strchr(error->text, '\n');
}

static void refused(const struct iom_riscv_config *config, int code, const char *names)
{
	struct iom_error error;
	uint64_t cap;
	int is = try(config, &error, &cap);

	CHECK_MSG(is == code, "%s: returned %d, should be %d", names, is, code);
	CHECK_MSG(is_sentence(&error), "%s: \"%.*s\"", names, (int)sizeof error.text, error.text);
	CHECK_MSG(strstr(error.text, names), "\"%s\" does not name %s", error.text, names);
	/* nobody has to listen to the sentence */
	CHECK(iom_riscv_new(config, NULL, NULL, NULL, &(struct iom_unit *){ NULL }, NULL) < 0);
}

static void refused_cap(uint64_t cap, int code, const char *names)
{
	const struct iom_riscv_config config = { .bytes = sizeof config, .capabilities = cap };

	refused(&config, code, names);
}

static void accepted(const struct iom_riscv_config *config)
{
	struct iom_error error;
	uint64_t cap = 0;
	int code = try(config, &error, &cap);

	CHECK_MSG(code == IOM_OK, "%s", error.text);
	if (config->capabilities)
		CHECK_EQ(cap, config->capabilities);
}

static void accepted_cap(uint64_t cap)
{
	const struct iom_riscv_config config = { .bytes = sizeof config, .capabilities = cap };

	accepted(&config);
}

/* As little as can be: Sv39, messages. */
#define PLAIN (CAP_VERSION | CAP_SV39 | CAP_IGS_MSI | CAP_PAS(56))

TEST(default_configuration_is_all_that_is_built, "")
{
	const struct iom_riscv_config zero = { .bytes = sizeof zero };
	const struct iom_riscv_config *const configs[] = { NULL, &zero };
	struct iom_error error;

	for (unsigned i = 0; i < 2; i++) {
		uint64_t cap = 0;

		CHECK_EQ(try(configs[i], &error, &cap), IOM_OK);
		CHECK_EQ(cap, CAP_EXT | CAP_SV32 | CAP_SV32X4 | CAP_SVRSW60T59B | CAP_AMO_HWAD |
		                      1ull << 21 | 1ull << 23 | 3ull << 25 | 1ull << 41 | CAP_NL |
		                      CAP_S | CAP_HPM | CAP_DBG);
	}
}

TEST(version_is_1_0, "RV-REG-02")
{
	struct iom_error error;
	uint64_t cap = 0;

	CHECK_EQ(try(NULL, &error, &cap), IOM_OK);
	CHECK_EQ(cap & 0xff, 0x10);
	for (unsigned version = 0; version < 256; version++)
		if (version == 0x10)
			accepted_cap((PLAIN & ~0xffull) | version);
		else
			refused_cap((PLAIN & ~0xffull) | version, IOM_EINVAL, "version");
}

TEST(wider_first_stages_imply_the_narrower, "RV-REG-03")
{
	for (unsigned modes = 0; modes < 8; modes++) {
		uint64_t cap = (PLAIN & ~CAP_SV39) | (uint64_t)modes << 9;

		switch (modes) {
		case 0:
		case 1:
		case 3:
		case 7:
			accepted_cap(cap);
			break;
		case 2:
		case 6:
			refused_cap(cap, IOM_EINVAL, "Sv39");
			break;
		case 4:
		case 5:
			refused_cap(cap, IOM_EINVAL, "Sv48");
			break;
		}
	}
}

TEST(capabilities_that_contradict_themselves, "RV-REG-04")
{
	refused_cap(PLAIN | 1ull << 23, IOM_EINVAL, "MSI_MRIF");
	refused_cap(PLAIN | 3ull << 28, IOM_EINVAL, "IGS");
	refused_cap(PLAIN | 1ull << 26, IOM_EINVAL, "T2GPA");
	for (unsigned pas = 0; pas < 12; pas++)
		refused_cap((PLAIN & ~CAP_PAS(63)) | CAP_PAS(pas), IOM_EINVAL, "PAS");
	for (unsigned pas = 57; pas < 64; pas++)
		refused_cap((PLAIN & ~CAP_PAS(63)) | CAP_PAS(pas), IOM_EINVAL, "PAS");
	for (unsigned pas = 32; pas <= 56; pas++)
		accepted_cap((PLAIN & ~CAP_PAS(63)) | CAP_PAS(pas));
}

TEST(reserved_capabilities_are_refused, "")
{
	static const struct {
		unsigned char lo, hi;
	} reserved[] = {
		{ 12, 13 },
		{ 20, 20 },
		{ 44, 55 },
	};

	for (unsigned i = 0; i < COUNT(reserved); i++)
		for (unsigned bit = reserved[i].lo; bit <= reserved[i].hi; bit++)
			refused_cap(PLAIN | 1ull << bit, IOM_EINVAL, "capabilities");
}

TEST(capabilities_that_are_built_are_accepted_each_alone, "")
{
	static const uint64_t built[] = {
		CAP_SVPBMT,   CAP_SV39X4, CAP_MSI_FLAT, CAP_END,      CAP_IGS_WSI,
		CAP_IGS_BOTH, CAP_PD8,    CAP_PD17,     CAP_PD20,     CAP_SV32,
		CAP_SV32X4,   CAP_NL,     CAP_S,        CAP_AMO_HWAD, CAP_SVRSW60T59B,
		1ull << 25,   3ull << 25, CAP_HPM,      CAP_DBG,      1ull << 41,
	};

	for (unsigned i = 0; i < COUNT(built); i++)
		accepted_cap(PLAIN | built[i]);
	accepted_cap(CAP_BASE);
	accepted_cap(CAP_EXT);
}

TEST(other_fields_of_the_configuration, "")
{
	for (unsigned v = 0; v < 256; v++) {
		struct iom_riscv_config c = { .bytes = sizeof c, .reset_mode = (uint8_t)v };

		if (v <= IOM_RISCV_RESET_BARE)
			accepted(&c);
		else
			refused(&c, IOM_EINVAL, "reset_mode");

		c = (struct iom_riscv_config){ .bytes = sizeof c, .ddt_levels = (uint8_t)v };
		if (v < 8)
			accepted(&c);
		else
			refused(&c, IOM_EINVAL, "ddt_levels");

		c = (struct iom_riscv_config){ .bytes = sizeof c, .vectors = (uint8_t)v };
		if (v <= 16 && !(v & (v - 1)))
			accepted(&c);
		else
			refused(&c, IOM_EINVAL, "vectors");

		c = (struct iom_riscv_config){ .bytes = sizeof c, .queue_lg2 = (uint8_t)v };
		if (v <= 20)
			accepted(&c);
		else
			refused(&c, IOM_EINVAL, "queue_lg2");

		c = (struct iom_riscv_config){ .bytes = sizeof c, .counters = (uint8_t)v };
		if (v <= 31)
			accepted(&c);
		else
			refused(&c, IOM_EINVAL, "counters");

		c = (struct iom_riscv_config){ .bytes = sizeof c, .counter_bits = (uint8_t)v };
		if (!v || (v >= 32 && v <= 64))
			accepted(&c);
		else
			refused(&c, IOM_EINVAL, "counter_bits");
		c = (struct iom_riscv_config){ .bytes = sizeof c, .qos_id_bits = (uint8_t)v };
		if (v <= 12)
			accepted(&c);
		else
			refused(&c, IOM_EINVAL, "qos_id_bits");
	}
}

TEST(cache_size_is_bounded, "")
{
	for (unsigned lg2 = 0; lg2 < 64; lg2++) {
		const struct iom_riscv_config c = { .bytes = sizeof c, .cache_lg2 = (uint8_t)lg2 };

		if (!lg2 || (lg2 >= 3 && lg2 <= 22))
			accepted(&c);
		else
			refused(&c, IOM_EINVAL, "cache_lg2");
	}
}

TEST(front_size_is_bounded, "")
{
	for (unsigned lg2 = 0; lg2 < 32; lg2++) {
		const struct iom_riscv_config c = { .bytes = sizeof c, .front_lg2 = (uint8_t)lg2 };

		if (!lg2 || (lg2 >= 6 && lg2 <= 20))
			accepted(&c);
		else
			refused(&c, IOM_EINVAL, "front_lg2");
	}
}

TEST(unknown_flags_are_refused, "")
{
	for (unsigned bit = 0; bit < 32; bit++) {
		const struct iom_riscv_config c = { .bytes = sizeof c, .flags = 1u << bit };

		if (bit < 12)
			accepted(&c);
		else
			refused(&c, IOM_EINVAL, "flags");
	}
}

TEST(unknown_structure_sizes_are_refused, "")
{
	const size_t sizes[] = { 0, 1, sizeof(struct iom_riscv_config) - 1,
		                 sizeof(struct iom_riscv_config) + 1, SIZE_MAX };

	for (unsigned i = 0; i < COUNT(sizes); i++) {
		const struct iom_riscv_config c = { .bytes = sizes[i] };

		refused(&c, IOM_EINVAL, "bytes");
	}
}

TEST(a_unit_needs_memory, "")
{
	struct iom_error error;
	struct iom_unit *unit = NULL;

	CHECK(iom_riscv_new(NULL, NULL, NULL, NULL, &unit, &error) == IOM_EINVAL);
	CHECK(is_sentence(&error));
	CHECK(strstr(error.text, "memory"));
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A RISC-V IOMMU as a PCI function: what software finds in config space, and that BAR0 keeps it. */
#include <iommux/riscv_pci.h>

#include "../riscv/rig.h"

#include <string.h>

struct function {
	uint8_t space[256], writable[256];
};

static struct function made(const struct iom_riscv_pci_config *config)
{
	struct iom_error error;
	struct function f;
	int r;

	memset(&f, 0xa5, sizeof f);
	r = iom_riscv_pci(config, f.space, f.writable, &error);
	CHECK_MSG(r == IOM_OK, "%s", error.text);
	return f;
}

static uint64_t load(const struct function *f, unsigned off, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)f->space[off + i] << (8 * i);
	return value;
}

/* As an embedder does it */
static void store(struct function *f, unsigned off, unsigned bytes, uint64_t value)
{
	for (unsigned i = off; i < off + bytes; i++, value >>= 8)
		f->space[i] = (uint8_t)((f->space[i] & ~f->writable[i]) |
		                        ((uint8_t)value & f->writable[i]));
}

/* The place of a capability; 0: there is none. */
static unsigned capability(const struct function *f, unsigned id)
{
	unsigned at = f->space[0x34];

	CHECK(load(f, 6, 2) & 0x10);
	for (unsigned n = 0; at && n < 48; n++, at = f->space[at + 1]) {
		CHECK(at >= 0x40 && at % 4 == 0);
		if (f->space[at] == id)
			return at;
	}
	return 0;
}

TEST(config_space_is_that_of_an_iommu, "RV-FW-01")
{
	struct function f = made(NULL);

	CHECK_EQ(load(&f, 0, 2), 0x1b36);
	CHECK_EQ(load(&f, 2, 2), 0x0014);
	CHECK_EQ(load(&f, 4, 2), 0);
	CHECK_EQ(load(&f, 9, 3), 0x080600);
	CHECK_EQ(f.space[0x0e], 0); /* a function with one header of type 0 */
	CHECK_EQ(load(&f, 0x2c, 2), 0x1b36);
	CHECK_EQ(load(&f, 0x2e, 2), 0x0014);
	CHECK_EQ(f.space[0x3d], 0); /* no INTx */
}

TEST(bar0_is_64_bit_memory_of_a_page_at_least, "RV-FW-01")
{
	for (unsigned lg2 = 12; lg2 <= 31; lg2++) {
		const struct iom_riscv_pci_config config = { .bytes = sizeof config,
			                                     .bar_lg2 = (uint8_t)lg2 };
		struct function f = made(lg2 == 12 ? NULL : &config);

		CHECK_EQ(load(&f, 0x10, 8), 4);
		store(&f, 0x10, 4, 0xffffffff);
		store(&f, 0x14, 4, 0xffffffff);
		CHECK_EQ(~(load(&f, 0x10, 8) & ~0xfull) + 1, 1ull << lg2);
		CHECK_EQ(load(&f, 0x10, 1) & 0xf, 4);
		store(&f, 0x10, 8, 0x1280000000);
		CHECK_EQ(load(&f, 0x10, 8), 0x1280000004);
		/* and no other */
		store(&f, 0x18, 8, ~0ull);
		store(&f, 0x20, 8, ~0ull);
		store(&f, 0x30, 4, ~0ull);
		CHECK_EQ(load(&f, 0x18, 8) | load(&f, 0x20, 8) | load(&f, 0x30, 4), 0);
	}
}

TEST(msix_has_its_table_at_0x300, "RV-FW-01")
{
	for (unsigned n = 1; n <= 16; n *= 2) {
		const struct iom_riscv_pci_config config = { .bytes = sizeof config,
			                                     .vectors = (uint8_t)n };
		struct function f = made(n == 4 ? NULL : &config);
		unsigned at = capability(&f, 0x11);

		CHECK_EQ(at, IOM_RISCV_PCI_MSIX);
		CHECK_EQ(load(&f, at + 2, 2), n - 1);
		CHECK_EQ(load(&f, at + 4, 4), 0x300);
		CHECK_EQ(load(&f, at + 8, 4), 0x400);
		/* Of all this, enable and function mask can be written. */
		store(&f, at, 8, ~0ull);
		store(&f, at + 8, 4, ~0ull);
		CHECK_EQ(load(&f, at + 2, 2), 0xc000 | (n - 1));
		CHECK_EQ(load(&f, at + 4, 4), 0x300);
		CHECK_EQ(load(&f, at + 8, 4), 0x400);
	}
}

TEST(software_can_write_few_bits, "RV-FW-01")
{
	struct function f = made(NULL), before = f;

	for (unsigned i = 0; i < 256; i++)
		store(&f, i, 1, 0xff);
	CHECK_EQ(load(&f, 4, 2), 6);
	for (unsigned i = 0; i < 256; i++) {
		if (i != 4 && (i < 0x10 || i >= 0x18) && i != 0x43)
			CHECK_MSG(f.space[i] == before.space[i], "byte 0x%x", i);
	}
}

TEST(identities_are_the_embedders, "RV-FW-01")
{
	const struct iom_riscv_pci_config config = {
		.bytes = sizeof config,
		.vendor = 0x1efd,
		.device = 8,
		.sub_vendor = 0x1234,
		.subsystem = 0x5678,
		.revision = 9,
	};
	struct function f = made(&config);

	CHECK_EQ(load(&f, 0, 4), 0x00081efd);
	CHECK_EQ(load(&f, 8, 4), 0x08060009);
	CHECK_EQ(load(&f, 0x2c, 4), 0x56781234);
}

static void refused(const struct iom_riscv_pci_config *config, const char *word)
{
	struct iom_error error = { 0 };
	struct function f, untouched;

	memset(&f, 0xa5, sizeof f);
	untouched = f;
	CHECK(iom_riscv_pci(config, f.space, f.writable, &error) == IOM_EINVAL);
	CHECK_MSG(strstr(error.text, word), "\"%s\" should speak of %s", error.text, word);
	CHECK_EQ(memcmp(&f, &untouched, sizeof f), 0);
}

TEST(a_function_needs_messages, "RV-FW-01")
{
	const struct iom_riscv_pci_config good = { .bytes = sizeof good };
	struct iom_riscv_pci_config config = good;

	config.capabilities = CAP_VERSION | CAP_IGS_WSI;
	refused(&config, "IGS is 1");
	config.capabilities = CAP_VERSION | 3ull << 28;
	refused(&config, "IGS is 3");
	config.capabilities = CAP_VERSION | CAP_IGS_MSI;
	made(&config);
	config.capabilities = CAP_VERSION | CAP_IGS_BOTH;
	made(&config);
	config = good, config.vectors = 3;
	refused(&config, "vectors is 3");
	config = good, config.vectors = 32;
	refused(&config, "vectors is 32");
	config = good, config.bar_lg2 = 11;
	refused(&config, "bar_lg2 is 11");
	config = good, config.bar_lg2 = 32;
	refused(&config, "bar_lg2 is 32");
	config = good, config.bytes--;
	refused(&config, "size of struct");
}

/* What the capability says of BAR0 is so in the unit behind it. */
TEST(the_table_is_where_config_space_says, "RV-FW-01")
{
	const struct iom_riscv_config unit = {
		.bytes = sizeof unit,
		.capabilities = CAP_EXT,
		.flags = IOM_RISCV_MSI_MASKED,
	};
	struct rig *r = rig_new_config(&unit);
	struct function f = made(NULL);
	unsigned at = capability(&f, 0x11);
	unsigned vectors = (unsigned)load(&f, at + 2, 2) + 1;
	uint64_t table = load(&f, at + 4, 4) & ~7ull, pba = load(&f, at + 8, 4) & ~7ull;

	for (unsigned v = 0; v < vectors; v++) {
		uint64_t entry = table + 16 * v;

		CHECK_EQ(rd32(r, entry + 12), 1);
		wr64(r, entry, 0x28000000 + 0x1000 * v);
		wr32(r, entry + 8, 0x40 + v);
		wr32(r, entry + 12, 0);
		CHECK_EQ(rd64(r, entry), 0x28000000 + 0x1000 * v);
		CHECK_EQ(rd32(r, entry + 8), 0x40 + v);
		CHECK_EQ(rd32(r, entry + 12), 0);
	}
	/* No vector more, and the unit leaves the place of pending bits alone. */
	wr32(r, table + 16 * vectors + 8, 0x55);
	CHECK_EQ(rd32(r, table + 16 * vectors + 8), 0);
	wr64(r, pba, ~0ull);
	CHECK_EQ(rd64(r, pba), 0);
	rig_free(r);
}

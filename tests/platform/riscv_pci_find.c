/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A RISC-V IOMMU is found in config space, whoever wrote that, and driven as it was found. */
#include <iommux/riscv_pci.h>

#include "../os/bench.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define BASE 0x1280000000ull

static void put(uint8_t *space, unsigned off, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes; i++, value >>= 8)
		space[off + i] = (uint8_t)value;
}

/* A function with BAR0 at BASE and a list of capabilities that begins at 0x50, without any yet. */
static void bare_function(uint8_t space[256])
{
	memset(space, 0, 256);
	put(space, 0x00, 4, 0x00081efd);
	put(space, 0x04, 4, 0x00100006);
	put(space, 0x08, 4, 0x08060007);
	put(space, 0x10, 8, BASE | 4);
	space[0x34] = 0x50;
}

/* One of `n` vectors at 0x50, the last of the list. */
static void msix_function(uint8_t space[256], unsigned n)
{
	bare_function(space);
	put(space, 0x50, 4, 0x0011 | (n - 1) << 16);
	put(space, 0x54, 4, 0x300);
	put(space, 0x58, 4, 0x400);
}

static struct iom_riscv_pci_found found(const uint8_t space[256])
{
	struct iom_error error = { .code = 1, .text = "?" };
	struct iom_riscv_pci_found f, copy;

	memset(&f, 0xa5, sizeof f);
	CHECK_MSG(iom_riscv_pci_find(space, &f, &error) == IOM_OK, "%s", error.text);
	CHECK_EQ(error.code, IOM_OK);
	CHECK_STR(error.text, "");
	CHECK_EQ(iom_riscv_pci_find(space, &copy, NULL), IOM_OK);
	return f;
}

static void refused(const uint8_t space[256], int code, const char *word)
{
	struct iom_error error = { 0 };
	struct iom_riscv_pci_found f;

	memset(&f, 0xa5, sizeof f);
	CHECK_EQ(iom_riscv_pci_find(space, &f, &error), code);
	CHECK_EQ(error.code, code);
	CHECK_MSG(strstr(error.text, word), "\"%s\" should speak of %s", error.text, word);
	for (size_t i = 0; i < sizeof f; i++)
		CHECK_EQ(((const uint8_t *)&f)[i], 0xa5);
	CHECK_EQ(iom_riscv_pci_find(space, &f, NULL), code);
}

/* ---- What is there ------------------------------------------------------------------------- */

TEST(pci_find_reads_what_was_built, "RV-FW-01")
{
	for (unsigned n = 1; n <= 16; n *= 2) {
		const struct iom_riscv_pci_config config = { .bytes = sizeof config,
			                                     .vectors = (uint8_t)n,
			                                     .revision = 3 };
		uint8_t space[256], writable[256];
		struct iom_riscv_pci_found f;

		CHECK_EQ(iom_riscv_pci(&config, space, writable, NULL), IOM_OK);
		refused(space, IOM_EINVAL, "no address");
		put(space, 0x10, 8, BASE | 4);
		f = found(space);
		CHECK_EQ(f.base, BASE);
		CHECK_EQ(f.bar_bits, 64);
		CHECK_EQ(f.vendor, 0x1b36);
		CHECK_EQ(f.device, 0x0014);
		CHECK_EQ(f.revision, 3);
		CHECK_EQ(f.vectors, n);
		CHECK_EQ(f.msix, IOM_RISCV_PCI_MSIX);
		CHECK_EQ(f.msix_vectors, n);
		CHECK_EQ(f.msix_pba_bar, 0);
		CHECK_EQ(f.msix_pba, 0x400);
		CHECK_EQ(f.msi | f.msi_vectors | f.msi_data | f.msi_mask, 0);
	}
}

TEST(pci_find_knows_no_other_function, "RV-FW-01")
{
	uint8_t space[256];

	msix_function(space, 4);
	found(space);
	space[0x0e] = 0x80; /* one of several functions */
	found(space);
	space[0x0e] = 1;
	refused(space, IOM_EIO, "type 1");
	/* Each byte of the class code counts. */
	for (unsigned i = 9; i < 12; i++) {
		msix_function(space, 4);
		space[i] ^= 1;
		refused(space, IOM_ENOENT, "0x80600");
	}
	memset(space, 0, sizeof space);
	refused(space, IOM_ENOENT, "class code is 0x0");
	memset(space, 0xff, sizeof space);
	refused(space, IOM_ENOENT, "0xffff");
}

TEST(pci_find_reads_bar0, "RV-FW-01")
{
	static const struct {
		uint64_t bar, base; /* base 0: refused */
		unsigned bits;
	} rows[] = {
		{ 0x00000000fedc1000, 0xfedc1000, 32 },
		{ 0xffffffff80000000, 0x80000000, 32 }, /* the next BAR is another one */
		{ 0xffffffff80000008, 0x80000000, 32 },
		{ 0x0000000080000004, 0x80000000, 64 },
		{ 0x000000fe0000100c, 0xfe00001000, 64 },
		{ 0x0000000100000004, 0x100000000, 64 },
		{ 0xfffffffffffff004, 0xfffffffffffff000, 64 },
		{ 0x000000008000e001, 0, 0 }, /* I/O space                   */
		{ 0x0000000000080002, 0, 0 }, /* below 1 MiB: not any more   */
		{ 0x0000000080000006, 0, 0 }, /* reserved                    */
		{ 0x0000000080000800, 0, 0 }, /* less than a page            */
		{ 0x0000000180000014, 0, 0 },
	};
	uint8_t space[256];

	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct iom_riscv_pci_found f;

		msix_function(space, 4);
		put(space, 0x10, 8, rows[i].bar);
		if (!rows[i].base) {
			refused(space, IOM_EIO, "BAR0");
			continue;
		}
		f = found(space);
		CHECK_EQ(f.base, rows[i].base);
		CHECK_EQ(f.bar_bits, rows[i].bits);
	}
	put(space, 0x10, 8, 4);
	refused(space, IOM_EINVAL, "no address");
	put(space, 0x10, 8, 0x100000000);
	refused(space, IOM_EINVAL, "no address");
}

TEST(pci_find_reads_msix, "RV-FW-01 PCI-MSIX-01")
{
	static const struct {
		uint32_t pba;
		bool good;
	} rows[] = {
		{ 0x400, true },  { 0xff8, true }, { 0x12345000, true }, { 0x2, true },
		{ 0x805, true },  { 0x0, false },  { 0x300, false },     { 0x3f8, false },
		{ 0x401, false }, { 0x6, false },  { 0x1007, false },
	};
	uint8_t space[256];

	for (unsigned n = 1; n <= 2048; n = n < 20 ? n + 1 : n * 2) {
		msix_function(space, n);
		space[0x53] |= 0xf8; /* enabled, masked, reserved bits */
		if (n <= 16)
			CHECK_EQ(found(space).msix_vectors, n);
		else
			refused(space, IOM_EIO, "vectors");
	}
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct iom_riscv_pci_found f;

		msix_function(space, 4);
		put(space, 0x58, 4, rows[i].pba);
		if (!rows[i].good) {
			refused(space, IOM_EIO, "pending bits");
			continue;
		}
		f = found(space);
		CHECK_EQ(f.msix, 0x50);
		CHECK_EQ(f.msix_pba_bar, rows[i].pba % 8);
		CHECK_EQ(f.msix_pba, rows[i].pba & ~7u);
	}
	/* BAR1 is one of its own beside a BAR0 of 32 bits. */
	put(space, 0x58, 4, 0x401);
	put(space, 0x10, 8, 0x80000000);
	CHECK_EQ(found(space).msix_pba_bar, 1);
	/* The table is msi_cfg_tbl. */
	for (unsigned i = 0; i < 32; i++) {
		msix_function(space, 4);
		put(space, 0x54, 4, 0x300 ^ 1u << i);
		refused(space, IOM_EIO, "msi_cfg_tbl");
	}
}

TEST(pci_find_reads_msi, "RV-FW-01 PCI-MSI-01")
{
	static const struct {
		uint16_t ctrl;
		uint8_t bytes, data, mask; /* from the beginning of the capability */
	} rows[] = {
		{ 0x0000, 10, 8, 0 },
		{ 0x0080, 14, 12, 0 },
		{ 0x0100, 20, 8, 12 },
		{ 0x0180, 24, 12, 16 },
	};
	uint8_t space[256];

	for (unsigned i = 0; i < COUNT(rows); i++) {
		for (unsigned lg2 = 0; lg2 < 8; lg2++) {
			/* Where it just fits, and one place further. */
			unsigned at = (256u - rows[i].bytes) & 0xfc;
			struct iom_riscv_pci_found f;

			bare_function(space);
			space[0x34] = (uint8_t)at;
			put(space, at, 2, 5);
			/* What is enabled now does not count, nor what there is besides. */
			put(space, at + 2, 2, rows[i].ctrl | lg2 << 1 | 0xfe71);
			if (lg2 > 5) {
				refused(space, IOM_EIO, "MSI");
				continue;
			}
			f = found(space);
			CHECK_EQ(f.msi, at);
			CHECK_EQ(f.msi_vectors, 1u << lg2);
			CHECK_EQ(f.vectors, lg2 == 5 ? 16 : 1u << lg2);
			CHECK_EQ(f.msi_data, at + rows[i].data);
			CHECK_EQ(f.msi_mask, rows[i].mask ? at + rows[i].mask : 0);
			CHECK_EQ(f.msix | f.msix_vectors | f.msix_pba | f.msix_pba_bar, 0);

			memmove(space + at + 4, space + at, 4);
			space[0x34] = (uint8_t)(at + 4);
			refused(space, IOM_EIO, "MSI capability");
		}
	}
}

/* ---- Lists of capabilities ----------------------------------------------------------------- */

/* Both, among others; of each kind the first. */
TEST(pci_find_follows_the_list, "RV-FW-01 PCI-MSI-01 PCI-MSIX-01")
{
	struct iom_riscv_pci_found f;
	uint8_t space[256];

	bare_function(space);
	space[0x34] = 0x43;              /* the lowest two bits mean nothing */
	put(space, 0x40, 2, 0xfc01);     /* power management                 */
	put(space, 0xfc, 2, 0x6100);     /* an empty one                     */
	put(space, 0x60, 4, 0x00067005); /* MSI, eight                    */
	put(space, 0x70, 4, 0x00028011); /* MSI-X, three                  */
	put(space, 0x74, 4, 0x300);
	put(space, 0x78, 4, 0x400);
	put(space, 0x80, 4, 0x0000c005);
	put(space, 0xc0, 4, 0x00ff0011);
	f = found(space);
	CHECK_EQ(f.msi, 0x60);
	CHECK_EQ(f.msi_vectors, 8);
	CHECK_EQ(f.msix, 0x70);
	CHECK_EQ(f.msix_vectors, 3);
	CHECK_EQ(f.vectors, 3);
	space[0x06] = 0; /* no list, whatever its pointer says */
	refused(space, IOM_EIO, "neither");
	space[0x06] = 0x10;
	space[0x34] = 0;
	refused(space, IOM_EIO, "neither");
	space[0x34] = 3;
	refused(space, IOM_EIO, "neither");
	space[0x34] = 0x40;
	space[0x41] = 0;
	refused(space, IOM_EIO, "neither");
}

TEST(pci_find_leaves_lists_that_lead_astray, "RV-FW-01")
{
	uint8_t space[256];

	/* Into the header. */
	for (unsigned at = 4; at < 0x40; at += 4) {
		msix_function(space, 4);
		space[0x51] = (uint8_t)at;
		refused(space, IOM_EIO, "goes on at");
		space[0x34] = (uint8_t)at;
		refused(space, IOM_EIO, "goes on at");
	}
	/* Back to each place of a list of all 48, and to itself. */
	for (unsigned back = 0x40; back <= 0xfc; back += 4) {
		bare_function(space);
		space[0x34] = 0x40;
		for (unsigned at = 0x40; at < 0xfc; at += 4)
			put(space, at, 2, 0x09 | (at + 4) << 8);
		put(space, 0xfc, 2, 0x09);
		refused(space, IOM_EIO, "neither");
		space[0xfd] = (uint8_t)back;
		refused(space, IOM_EIO, "does not end");
	}
	/* A loop behind what was looked for counts, too. */
	msix_function(space, 4);
	space[0x51] = 0x50;
	refused(space, IOM_EIO, "does not end");
	/* MSI-X takes 12 bytes. */
	for (unsigned at = 0xf4; at <= 0xfc; at += 4) {
		bare_function(space);
		space[0x34] = (uint8_t)at;
		put(space, at, 4, 0x00030011);
		if (at == 0xf4) {
			put(space, 0xf8, 4, 0x300);
			put(space, 0xfc, 4, 0x400);
			CHECK_EQ(found(space).msix, 0xf4);
		} else {
			refused(space, IOM_EIO, "MSI-X capability");
		}
	}
}

/* Whatever is there, it is an answer: the sanitizers see whether it was read from somewhere else. */
TEST(pci_find_survives_noise, "RV-FW-01")
{
	uint64_t noise = 1;
	unsigned good = 0;

	for (unsigned n = 0; n < 20000; n++) {
		struct iom_riscv_pci_found f = { 0 };
		struct iom_error error;
		uint8_t space[256];

		msix_function(space, 4);
		for (unsigned i = 0; i < n % 64; i++) {
			noise = noise * 6364136223846793005 + 1442695040888963407;
			space[noise >> 56] = (uint8_t)(noise >> 40);
		}
		if (iom_riscv_pci_find(space, &f, &error)) {
			CHECK(error.text[0]);
			continue;
		}
		good++;
		CHECK(f.base && f.base % 4096 == 0);
		CHECK(f.vectors >= 1 && f.vectors <= 16);
		CHECK(f.msix || f.msi);
	}
	CHECK(good > 100 && good < 20000);
}

/* ---- And driven ---------------------------------------------------------------------------- */

static struct iom_riscv_pci_found place;
static uint64_t (*unit_read)(void *opaque, uint64_t off, unsigned size);
static void (*unit_write)(void *opaque, uint64_t off, unsigned size, uint64_t val);

/* The bus: BAR0 was put at BASE, and is a page. */
static uint64_t bus_read(void *opaque, uint64_t off, unsigned size)
{
	CHECK_EQ((place.base + off) & ~0xfffull, BASE);
	return unit_read(opaque, place.base + off - BASE, size);
}

static void bus_write(void *opaque, uint64_t off, unsigned size, uint64_t val)
{
	CHECK_EQ((place.base + off) & ~0xfffull, BASE);
	unit_write(opaque, place.base + off - BASE, size, val);
}

TEST(pci_what_is_found_can_be_driven, "RV-FW-01 PCI-MSIX-01")
{
	const struct iom_riscv_config masked = { .bytes = sizeof masked,
		                                 .flags = IOM_RISCV_MSI_MASKED };
	struct iom_driver_config config = {
		.bytes = sizeof config,
		.msi_address = BENCH_MSI,
		.msi_data = 0x40,
	};
	struct bench *b = bench_new(&masked);
	uint8_t space[256], writable[256];
	uint64_t val;

	CHECK_EQ(iom_riscv_pci(NULL, space, writable, NULL), IOM_OK);
	put(space, 0x10, 8, BASE | 4);
	place = found(space);
	unit_read = b->host.mmio_read;
	unit_write = b->host.mmio_write;
	b->host.mmio_read = bus_read;
	b->host.mmio_write = bus_write;
	config.vectors = place.vectors;
	CHECK_MSG(bench_up(b, &config) == IOM_OK, "%s", b->error.text);
	/* The fault queue's vector is the second of the four in the table. */
	CHECK_EQ(bench_dma_read(b, 7, 0, &val), 258);
	CHECK_EQ(b->msis, 1);
	CHECK_EQ(b->msi_data[0], 0x41);
	bench_one_fault(b, 258);
	bench_free(b);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts of devices: what the queue is sent, and what goes wrong. */
#include "vtd_interrupts.h"

#include <string.h>

/* ---- What is sent to the queue, and what is refused ------------------------------------------- */

/* These descriptors, and a wait. */
static void check_sent(struct bench *b, unsigned count, const uint64_t *should)
{
	unsigned n;

	CHECK_EQ(b->descriptors, count + 1);
	for (n = 0; n < count; n++) {
		CHECK_EQ(b->descriptor[n][0], should[n]);
		CHECK_EQ(b->descriptor[n][1], 0);
	}
	CHECK_EQ(b->descriptor[count][0] & 0xf, 5);
	b->descriptors = 0;
}

TEST(vtd_interrupts_forgotten, "VTD-IR-20")
{
	static const uint64_t one[] = { 0x500000014 }, eight[] = { 0x818000014 };
	static const uint64_t pieces[] = { 0x810000014, 0xc10000014 };
	struct bench *b = ready(CAP_48, ECAP_IR, 256);

	CHECK_EQ(alloc(b, 8), 0);
	CHECK_EQ(alloc(b, 8), 8);
	CHECK_EQ(b->descriptors, 0);
	CHECK_EQ(set(b, 5, 0, 0x20), IOM_OK);
	check_sent(b, 1, one);
	CHECK_EQ(iom_interrupt_free(b->driver, 8, 8), IOM_OK);
	check_sent(b, 1, eight);
	bench_free(b);

	b = ready(CAP_48, (ECAP_IR & ~MHMV(15)) | MHMV(2), 256);
	CHECK_EQ(alloc(b, 8), 0);
	CHECK_EQ(alloc(b, 8), 8);
	CHECK_EQ(iom_interrupt_free(b->driver, 8, 8), IOM_OK);
	check_sent(b, 2, pieces);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

TEST(vtd_interrupts_sequence, "VTD-DRV-01")
{
	struct bench *b = new_unit(CAP_48, ECAP_IR);

	CHECK_EQ(up(b, 256), IOM_OK);
	CHECK_EQ(b->descriptors, 5);
	CHECK_EQ(b->descriptor[0][0], 4);
	bench_free(b);

	/* and in the end, while nothing is in the root table any more */
	b = ready(CAP_48, ECAP_IR, 256);
	CHECK_EQ(iom_driver_free(b->driver), IOM_OK);
	b->driver = NULL;
	CHECK_EQ(b->descriptors, 5);
	CHECK_EQ(b->descriptor[3][0], 4);
	CHECK(!(bench_rd32(b, GSTS) & GSTS_IRES));
	bench_free(b);
}

static uint64_t (*whole_read)(void *opaque, uint64_t off, unsigned size);

/* ECAP without QI, which remapping cannot do without. */
static uint64_t queueless_read(void *opaque, uint64_t off, unsigned size)
{
	uint64_t val = whole_read(opaque, off, size);

	return off == 0x10 ? val & ~QI : val;
}

static void check_no(struct bench *b, uint32_t interrupts, int err)
{
	CHECK_EQ(up(b, interrupts), err);
	CHECK_MSG(strstr(b->error.text, "config.interrupts"), "%s", b->error.text);
	CHECK_EQ(b->live, 0);
}

TEST(vtd_interrupts_refused, "")
{
	struct bench *b = new_unit(CAP_48, ECAP_IR);
	uint32_t first;

	check_no(b, 1, IOM_EINVAL);
	check_no(b, 24, IOM_EINVAL);
	check_no(b, 131072, IOM_EINVAL);
	CHECK_EQ(up(b, 0), IOM_OK);
	CHECK(!(bench_rd32(b, GSTS) & GSTS_IRES));
	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 1, &first), IOM_ENOTSUP);
	CHECK_EQ(set(b, 0, 0, 0x20), IOM_EINVAL);
	CHECK_EQ(iom_interrupt_free(b->driver, 0, 1), IOM_EINVAL);
	bench_free(b);

	b = new_unit(CAP_48, ECAP_LEGACY);
	check_no(b, 256, IOM_ENOTSUP);
	CHECK_EQ(up(b, 0), IOM_OK);
	bench_free(b);

	b = new_unit(CAP_48, ECAP_IR);
	whole_read = b->host.mmio_read;
	b->host.mmio_read = queueless_read;
	check_no(b, 256, IOM_ENOTSUP);
	b->host.mmio_read = whole_read;
	CHECK_EQ(up(b, 0), IOM_OK);
	bench_free(b);

	b = bench_new(NULL);
	check_no(b, 256, IOM_ENOTSUP);
	CHECK_EQ(up(b, 0), IOM_OK);
	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, 1, &first), IOM_ENOTSUP);
	bench_free(b);
}

/* ---- Hardware that does not do what it is told -------------------------------------------------- */

/* Stores to register `off` are lost if the bits of `mask` in them are `val`. */
static struct {
	void (*write)(void *opaque, uint64_t off, unsigned size, uint64_t val);
	uint64_t off, mask, val;
} lossy;

static void lossy_write(void *opaque, uint64_t off, unsigned size, uint64_t val)
{
	if (off != lossy.off || (val & lossy.mask) != lossy.val)
		lossy.write(opaque, off, size, val);
}

static void lose(struct bench *b, uint64_t off, uint64_t mask, uint64_t val)
{
	if (b->host.mmio_write != lossy_write)
		lossy.write = b->host.mmio_write;
	b->host.mmio_write = lossy_write;
	lossy.off = off;
	lossy.mask = mask;
	lossy.val = val;
}

#define NO_REGISTER UINT64_MAX

TEST(vtd_interrupts_deaf_bringup, "")
{
	static const struct {
		uint64_t off, mask, val;
		int err;
		const char *text;
	} rows[] = {
		{ IRTA, 0, 0, IOM_EIO, "IRTA reads" },
		{ GCMD, GSTS_IRTPS, GSTS_IRTPS, IOM_ETIMEOUT, "IRTPS" },
		{ IQT, 0xff0, 0x20, IOM_ETIMEOUT, "forget" },
		{ GCMD, GSTS_IRES, GSTS_IRES, IOM_ETIMEOUT, "IRES" },
		{ GCMD, GSTS_IRES | GSTS_CFIS, GSTS_IRES, IOM_ETIMEOUT, "CFIS" },
	};
	unsigned n;

	for (n = 0; n < sizeof rows / sizeof rows[0]; n++) {
		struct bench *b = new_unit(CAP_48, ECAP_IR);

		CHECK_EQ(iom_mmio_write(b->unit, 0, GCMD, 4, GSTS_CFIS), IOM_OK);
		lose(b, rows[n].off, rows[n].mask, rows[n].val);
		CHECK_EQ(up(b, 256), rows[n].err);
		CHECK_MSG(strstr(b->error.text, rows[n].text), "%s", b->error.text);
		CHECK_EQ(b->live, 0);
		lossy.off = NO_REGISTER;
		CHECK_EQ(up(b, 256), IOM_OK);
		bench_free(b);
	}
}

/* What was not confirmed is repeated; meanwhile the interrupts are still the device's. */
TEST(vtd_interrupts_deaf_queue, "")
{
	struct bench *b = new_unit(CAP_48, ECAP_IR);
	struct iom_interrupt_message m;
	uint32_t index;

	lose(b, NO_REGISTER, 0, 0);
	CHECK_EQ(up(b, 256), IOM_OK);
	index = alloc(b, 1);
	m = message_of(b, index);
	CHECK_EQ(set(b, index, 1, 0x41), IOM_OK);
	check_arrives(b, &m, 0xfee01000, 0x41);
	lossy.off = IQT;
	CHECK_EQ(set(b, index, 2, 0x42), IOM_ETIMEOUT);
	lossy.off = NO_REGISTER;
	CHECK_EQ(set(b, index, 2, 0x42), IOM_OK);
	check_arrives(b, &m, 0xfee02000, 0x42);
	lossy.off = IQT;
	CHECK_EQ(iom_interrupt_free(b->driver, index, 1), IOM_ETIMEOUT);
	CHECK_EQ(iom_driver_free(b->driver), IOM_ETIMEOUT);
	lossy.off = NO_REGISTER;
	CHECK_EQ(alloc(b, 1), index + 1);
	CHECK_EQ(iom_interrupt_free(b->driver, index, 1), IOM_OK);
	CHECK_EQ(send(b, DEVICE, &m), NOT_PRESENT);
	bench_free(b);
}

/* Each allocation of bring-up fails in turn. */
TEST(vtd_interrupts_memory, "")
{
	struct bench *b = new_unit(CAP_48, ECAP_IR);
	int n, err;

	for (n = 0;; n++) {
		b->countdown = n;
		err = up(b, 65536);
		if (!err)
			break;
		CHECK_EQ(err, IOM_ENOMEM);
		CHECK_EQ(b->live, 0);
		CHECK(!(bench_rd32(b, GSTS) & GSTS_IRES));
	}
	CHECK(n >= 4);
	b->countdown = -1;
	bench_free(b);
}

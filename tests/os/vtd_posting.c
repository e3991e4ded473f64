/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts of devices that are posted, and messages that come while their target changes. */
#include "vtd_interrupts.h"

#include <string.h>

/* ---- Posted ----------------------------------------------------------------------------------- */

#define HIGH 0x1200000000ull

TEST(vtd_interrupts_posted, "VTD-PI-02 VTD-PI-03 VTD-PI-05 VTD-PI-06")
{
	struct bench *b = ready(CAP_PI, ECAP_IR, 256);
	uint64_t *descriptor = bench_word(b, BENCH_DATA);
	struct iom_interrupt_target target = { .descriptor = BENCH_DATA, .vector = 0x81 };
	uint32_t index = alloc(b, 1);
	const struct iom_interrupt_message m = message_of(b, index);

	descriptor[4] = 0x900f20000; /* to CPU 9, as 0xf2 */
	CHECK_EQ(iom_interrupt_set(b->driver, index, &target), IOM_OK);
	check_arrives(b, &m, 0xfee09000, 0xf2);
	CHECK_EQ(descriptor[2], 2);
	CHECK_EQ(descriptor[4], 0x900f20001);
	CHECK_EQ(send(b, OTHER, &m), WRONG_SOURCE);

	descriptor[2] = 0;
	descriptor[4] = 0x900f20002;
	CHECK_EQ(send(b, DEVICE, &m), 0);
	CHECK_EQ(b->msis, 1);
	CHECK_EQ(descriptor[2], 2);
	target.urgent = true;
	CHECK_EQ(iom_interrupt_set(b->driver, index, &target), IOM_OK);
	check_arrives(b, &m, 0xfee09000, 0xf2);

	CHECK_EQ(post(b, index, BENCH_DATA + 32, 0x81), IOM_EINVAL);
	CHECK_EQ(post(b, index, 1ull << 48, 0x81), IOM_EINVAL);
	CHECK_EQ(post(b, index, BENCH_DATA, 15), IOM_EINVAL);
	target.level = true;
	CHECK_EQ(iom_interrupt_set(b->driver, index, &target), IOM_EINVAL);
	bench_free(b);

	b = ready(CAP_48, ECAP_IR, 256);
	CHECK_EQ(post(b, alloc(b, 1), BENCH_DATA, 0x81), IOM_ENOTSUP);
	bench_free(b);
}

/* ---- Messages while the target changes -------------------------------------------------------- */

static struct {
	struct bench *b;
	void (*flush)(void *opaque, const void *memory, size_t bytes);
	struct iom_interrupt_message message;
	unsigned sent, refused;
	bool on;
} stream;

/* After every store that the unit can see. */
static void flush_and_send(void *opaque, const void *memory, size_t bytes)
{
	stream.flush(opaque, memory, bytes);
	if (!stream.on)
		return;
	stream.sent++;
	stream.refused += send(stream.b, DEVICE, &stream.message) != 0;
}

/* The unit is one that remembers nothing, so that it meets each state of the entry. */
static struct bench *streaming(uint64_t *descriptors)
{
	const struct iom_vtd_config config = {
		.bytes = sizeof config,
		.cap = CAP_PI,
		.ecap = ECAP_IR & ~COHERENT,
		.version = 0x10,
		.flags = IOM_VTD_UNCACHED,
	};
	const struct iom_region high = { .spa = HIGH, .bytes = 4096, .host = descriptors };
	struct bench *b = bench_new_vtd_apart(&config);

	CHECK_EQ(iom_memory_add(b->memory, &high, NULL), IOM_OK);
	b->msi_address = 0;
	stream.b = b;
	stream.flush = b->host.flush;
	stream.on = false;
	stream.sent = stream.refused = 0;
	b->host.flush = flush_and_send;
	CHECK_MSG(up(b, 256) == IOM_OK, "%s", b->error.text);
	return b;
}

/* Either the former target has a message, or the new one; then only the new one has. */
static void change(struct bench *b, uint32_t index, const struct iom_interrupt_target *to)
{
	unsigned sent = stream.sent;

	stream.on = true;
	CHECK_EQ(iom_interrupt_set(b->driver, index, to), IOM_OK);
	stream.on = false;
	CHECK(stream.sent > sent);
}

static _Alignas(4096) uint64_t high_page[512];

TEST(vtd_interrupts_retarget, "VTD-IR-19 IRQ-ORD-03")
{
	static const struct iom_interrupt_target targets[] = {
		{ .cpu = 1, .vector = 0x41 },
		{ .cpu = 0x10002, .vector = 0x42 },
		{ .descriptor = BENCH_DATA, .vector = 0x43 },
		{ .descriptor = HIGH, .vector = 0x44 },
		{ .descriptor = HIGH + 64, .vector = 0x45 },
	};
	static const unsigned count = sizeof targets / sizeof targets[0];
	struct bench *b = streaming(high_page);
	uint64_t *pirs[] = { bench_word(b, BENCH_DATA), high_page, high_page + 8 };
	uint32_t index = alloc(b, 1);
	unsigned from, to, n;

	stream.message = message_of(b, index);
	for (from = 0; from < count; from++) {
		for (to = 0; to < count; to++) {
			CHECK_EQ(iom_interrupt_set(b->driver, index, &targets[from]), IOM_OK);
			change(b, index, &targets[to]);
			for (n = 0; n < 3; n++)
				memset(pirs[n], 0, 64);
			n = b->msis;
			CHECK_EQ(send(b, DEVICE, &stream.message), 0);
			CHECK_EQ(b->msis, n + 1);
			if (to < 2)
				CHECK_EQ(b->msi_data[n % BENCH_LOG] & 0xff, targets[to].vector);
			for (n = 0; n < 3; n++)
				CHECK_EQ(pirs[n][1], to == n + 2 ? 1ull << (3 + n) : 0);
		}
	}
#ifdef __x86_64__
	CHECK_EQ(stream.refused, 0);
#endif
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

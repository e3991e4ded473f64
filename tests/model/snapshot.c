/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Snapshots: a unit is moved at every moment at which something is under way, and nothing is lost. */
#include <stdlib.h>
#include <string.h>

#include "../riscv/rig.h"
#include "../riscv/sheet.h"

#define SPOT (RIG_RAM + 0x800000)
#define VEC(v) (MSI_CFG + 16 * (v))

static void fence(struct rig *r, uint64_t bits, uint32_t data)
{
	rig_cmd(r, FENCE | FENCE_AV | bits | FENCE_DATA(data), SPOT >> 2);
}

static void vector(struct rig *r, unsigned v, uint64_t address, uint32_t data, bool masked)
{
	wr64(r, VEC(v), address);
	wr32(r, VEC(v) + 8, data);
	wr32(r, VEC(v) + 12, masked);
}

TEST(move_of_a_new_unit, "")
{
	for (unsigned mode = 0; mode < 2; mode++) {
		const struct iom_riscv_config config = { .reset_mode = (uint8_t)mode };
		struct rig *r = rig_new_config(&config);

		rig_move(r);
		CHECK_EQ(rd64(r, DDTP), mode);
		CHECK_EQ(r->msis + r->orders + r->wire_changes, 0);
		rig_free(r);
	}
}

TEST(move_with_a_waiting_fence, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, true);
	vector(r, 0, 0x1000, 7, false);
	iom_begin(r->lane);
	fence(r, FENCE_PR, 5);
	rig_cmd(r, 0, 0);
	CHECK_EQ(rd32(r, CQH), 0);
	rig_move(r);
	/* The sections of the old unit are nobody's any more. */
	CHECK_EQ(ram32(r, SPOT), 5);
	CHECK_EQ(rd32(r, CQH), 1);
	CHECK_EQ(r->orders, 1);
	CHECK_EQ(rd32(r, CQCSR), EN | IE | ON | CMD_ILL);
	CHECK_EQ(r->msis, 1);
	rig_move(r);
	CHECK_EQ(r->orders, 1);
	CHECK_EQ(r->msis, 1);
	rig_free(r);
}

TEST(move_with_a_queue_that_is_going_off, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, false);
	iom_begin(r->lane);
	fence(r, 0, 5);
	fence(r, 0, 6);
	wr32(r, CQCSR, 0);
	CHECK_EQ(rd32(r, CQCSR), ON | BUSY);
	rig_move(r);
	CHECK_EQ(rd32(r, CQCSR), 0);
	CHECK_EQ(ram32(r, SPOT), 5);
	rig_free(r);
}

TEST(move_during_a_change_of_ddtp, "")
{
	struct rig *r = rig_new(0);

	iom_begin(r->lane);
	wr64(r, DDTP, PPN_OF(page(r)) | LVL1);
	CHECK(rd64(r, DDTP) & DDTP_BUSY);
	rig_move(r);
	CHECK_EQ(rd64(r, DDTP) & 0x1f, LVL1);
	wr64(r, DDTP, OFF);
	CHECK_EQ(rd64(r, DDTP) & 0x1f, OFF);
	rig_free(r);
}

TEST(move_with_masked_messages, "")
{
	struct rig *r = rig_new(0);

	wr64(r, ICVEC, 0x21);
	vector(r, 1, 0x1000, 11, true);
	vector(r, 2, 0x2000, 22, true);
	rig_fq(r, 3, true);
	rig_cause(r, 1, 0, IOM_READ);
	rig_cq(r, 3, true);
	rig_cmd(r, 0, 0);
	CHECK_EQ(rd32(r, IPSR), CIP | FIP);
	rig_move(r);
	CHECK_EQ(r->msis, 0);
	wr32(r, VEC(2) + 12, 0);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].address, 0x2000);
	rig_move(r);
	wr32(r, VEC(1) + 12, 0);
	CHECK_EQ(r->msis, 2);
	CHECK_EQ(r->msi[1].address, 0x1000);
	CHECK_EQ(r->msi[1].data, 11);
	for (unsigned v = 1; v <= 2; v++) {
		wr32(r, VEC(v) + 12, 1);
		rig_move(r);
		wr32(r, VEC(v) + 12, 0);
	}
	CHECK_EQ(r->msis, 2);
	rig_free(r);
}

/* An interrupt that was raised while the unit was stopped goes out on the new host, once. */
TEST(move_with_a_message_due, "")
{
	struct rig *r = rig_new(0);

	vector(r, 0, 0x1000, 11, false);
	rig_cq(r, 3, false);
	rig_cmd(r, 0, 0);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	wr32(r, CQCSR, EN | IE);
	CHECK_EQ(rd32(r, IPSR), CIP);
	CHECK_EQ(r->msis, 0);
	rig_move(r);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].data, 11);
	rig_move(r);
	CHECK_EQ(r->msis, 1);
	rig_free(r);
}

TEST(move_with_commands_that_wait, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, false);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	fence(r, 0, 5);
	fence(r, 0, 6);
	CHECK_EQ(rd32(r, CQH), 0);
	rig_move(r);
	CHECK_EQ(rd32(r, CQH), 2);
	CHECK_EQ(ram32(r, SPOT), 6);
	rig_free(r);
}

static uint64_t stored[4][4];
static unsigned stores;

static void keep_record(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	(void)r;
	CHECK_EQ(len, 32);
	CHECK_EQ(off, 32 * stores);
	memcpy(stored[stores++ % 4], buf, len);
}

/* The first record is on its way when two more come, and the unit is stopped. */
static void refuse_and_stop(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	r->on_device_write = keep_record;
	keep_record(r, off, buf, len);
	rig_cause(r, 2, 0x2000, IOM_READ);
	rig_cause(r, 3, 0x3000, IOM_WRITE);
	CHECK(iom_unit_stop(r->unit) == IOM_EBUSY);
}

TEST(move_with_records_that_wait, "")
{
	struct rig *r = rig_new(0);

	stores = 0;
	wr64(r, FQB, PPN_OF(RIG_DEVICE) | 2);
	wr32(r, FQCSR, EN | IE);
	vector(r, 0, 0x1000, 11, false);
	r->on_device_write = refuse_and_stop;
	rig_cause(r, 1, 0x1000, IOM_READ);
	CHECK_EQ(stores, 1);
	CHECK_EQ(rd32(r, FQT), 1);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	rig_move(r);
	CHECK_EQ(stores, 3);
	CHECK_EQ(rd32(r, FQT), 3);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(stored[i][0], rig_record(256, i == 2 ? 3 : 2, i + 1));
		CHECK_EQ(stored[i][2], 0x1000 * (i + 1));
	}
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(rd32(r, IPSR), FIP);
	rig_move(r);
	CHECK_EQ(stores, 3);
	rig_free(r);
}

TEST(move_of_a_stopped_command_queue, "")
{
	for (unsigned kind = 0; kind < 2; kind++) {
		struct rig *r = rig_new(0);

		rig_cq(r, 3, true);
		if (kind)
			rig_cmd(r, FENCE | FENCE_AV, RIG_NOWHERE >> 2);
		else
			rig_cmd(r, ~0ull, 0);
		fence(r, 0, 9);
		rig_move(r);
		CHECK_EQ(rd32(r, CQCSR), EN | IE | ON | (kind ? MF : CMD_ILL));
		CHECK_EQ(rd32(r, CQH), 0);
		CHECK_EQ(r->msis, 1);
		/* The command is mended, and the error cleared. */
		put64(r, (rd64(r, CQB) >> 10) << 12, VMA);
		put64(r, ((rd64(r, CQB) >> 10) << 12) + 8, 0);
		wr32(r, CQCSR, EN | IE | MF | CMD_ILL);
		CHECK_EQ(rd32(r, CQH), 2);
		CHECK_EQ(ram32(r, SPOT), 9);
		rig_free(r);
	}
}

TEST(move_of_a_stopped_fault_queue, "")
{
	for (unsigned full = 0; full < 2; full++) {
		struct rig *r = rig_new(0);
		uint64_t base = rig_fq(r, 1, true);

		if (!full) {
			wr32(r, FQCSR, 0);
			wr64(r, FQB, PPN_OF(RIG_NOWHERE));
			wr32(r, FQCSR, EN | IE);
		}
		rig_cause(r, 1, 0x1000, IOM_READ);
		rig_cause(r, 1, 0x2000, IOM_READ);
		CHECK_EQ(rd32(r, FQCSR), EN | IE | ON | (full ? OF : MF));
		rig_move(r);
		rig_cause(r, 1, 0x3000, IOM_READ);
		CHECK_EQ(rd32(r, FQT), full);
		if (full) {
			rig_expect(r, rig_record(256, 2, 1), 0x1000, 0);
			wr32(r, FQCSR, EN | IE | OF);
			rig_cause(r, 1, 0x4000, IOM_READ);
			rig_expect(r, rig_record(256, 2, 1), 0x4000, 0);
			CHECK_EQ(ram64(r, base + 32 + 16), 0x4000);
		}
		rig_free(r);
	}
}

/* The tail that hardware left in a large ring is outside the smaller one that follows. */
TEST(move_with_an_index_of_an_earlier_ring, "")
{
	struct rig *r = rig_new(0);

	rig_ddt(r, 1);
	(void)rig_fq(r, 4, false);
	for (unsigned i = 0; i < 5; i++)
		CHECK(rig_cause(r, 1, 0x1000, IOM_READ) == 258);
	CHECK_EQ(rd32(r, FQT), 5);
	wr32(r, FQCSR, 0);
	wr64(r, FQB, PPN_OF(page(r))); /* two entries */
	CHECK_EQ(rd32(r, FQT), 5);
	rig_move(r);
	CHECK_EQ(rd32(r, FQT), 5);
	wr32(r, FQCSR, 1);
	CHECK_EQ(rd32(r, FQT), 0);
	CHECK(rig_cause(r, 1, 0x1000, IOM_READ) == 258);
	CHECK_EQ(rd32(r, FQT), 1);
	rig_free(r);
}

TEST(move_with_wires, "")
{
	struct rig *r = rig_new(0);

	wr32(r, FCTL, WSI);
	wr64(r, ICVEC, 0x23);
	rig_cq(r, 3, true);
	rig_cmd(r, 0, 0);
	CHECK(r->wire[3]);
	CHECK_EQ(r->wire_changes, 1);
	rig_move(r);
	CHECK(r->wire[3]);
	CHECK_EQ(r->wire_changes, 2);
	wr32(r, CQCSR, EN | IE | CMD_ILL);
	wr32(r, CQCSR, 0);
	wr32(r, IPSR, CIP);
	CHECK(!r->wire[3]);
	rig_free(r);
}

/* The same unit goes back to a state of before: its host hears of every wire that is different. */
TEST(wires_of_a_unit_that_goes_back, "")
{
	struct rig *r = rig_new(0);
	uint8_t low[4096], high[4096];
	size_t low_bytes, high_bytes;

	wr32(r, FCTL, WSI);
	rig_cq(r, 3, true);
	CHECK_EQ(iom_unit_save(r->unit, low, sizeof low, &low_bytes), IOM_OK);
	rig_cmd(r, 0, 0);
	CHECK(r->wire[0]);
	CHECK_EQ(iom_unit_save(r->unit, high, sizeof high, &high_bytes), IOM_OK);
	CHECK_EQ(r->wire_changes, 1);
	CHECK_EQ(iom_unit_load(r->unit, high, high_bytes, NULL), IOM_OK);
	CHECK(r->wire[0]);
	/* It fell, and is told anew. */
	CHECK_EQ(r->wire_changes, 3);
	/* The command is taken away, lest it be met again. */
	put64(r, (rd64(r, CQB) >> 10) << 12, VMA);
	CHECK_EQ(iom_unit_load(r->unit, low, low_bytes, NULL), IOM_OK);
	CHECK(!r->wire[0]);
	CHECK_EQ(iom_unit_load(r->unit, high, high_bytes, NULL), IOM_OK);
	CHECK(r->wire[0]);
	rig_free(r);
}

TEST(move_with_half_of_a_ddtp, "")
{
	struct rig *r = rig_new(0);

	rig_ddt(r, 1);
	wr32(r, DDTP + 4, 0x123);
	CHECK_EQ(rd32(r, DDTP + 4), PPN_OF(r->ddt) >> 32);
	rig_move(r);
	wr32(r, DDTP, OFF);
	CHECK_EQ(rd64(r, DDTP), 0x123ull << 32);
	rig_free(r);
}

/* Translation goes on; what was cached is looked up anew. */
TEST(move_in_the_middle_of_traffic, "")
{
	const struct iom_riscv_config config = { .capabilities = CAP_EXT };
	struct rig *r = rig_new_config(&config);
	uint64_t root = page(r), entry;

	rig_ddt(r, 3);
	rig_dc_put(r, 0x12345, 1, 0, 0, 8ull << 60 | root >> 12);
	entry = rig_map(r, root, 3, false, 0x1000, 0, leaf(RIG_RAM));
	CHECK_EQ(rig_spa(r, 0x12345, 0x1000), RIG_RAM);
	rig_move(r);
	CHECK_EQ(rig_spa(r, 0x12345, 0x1000), RIG_RAM);
	put64(r, entry, leaf(RIG_RAM + 0x5000));
	rig_move(r);
	CHECK_EQ(rig_spa(r, 0x12345, 0x1000), RIG_RAM + 0x5000);
	rig_free(r);
}

/* Sections that are open where a state is loaded are the loaded fence's to wait for. */
TEST(loaded_fence_waits_for_sections_of_its_new_unit, "")
{
	struct rig *r = rig_new(0);
	uint8_t bytes_of[4096];
	size_t bytes;

	rig_cq(r, 3, false);
	iom_begin(r->lane);
	fence(r, 0, 5);
	CHECK_EQ(iom_unit_save(r->unit, bytes_of, sizeof bytes_of, &bytes), IOM_OK);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(iom_unit_load(r->unit, bytes_of, bytes, NULL), IOM_OK);
		CHECK_EQ(ram32(r, SPOT), 0);
	}
	iom_end(r->lane);
	CHECK_EQ(ram32(r, SPOT), 5);
	CHECK_EQ(rd32(r, CQH), 1);
	rig_free(r);
}

static void stop_inside(void *opaque, const struct iom_context_info *info)
{
	struct rig *r = opaque;

	(void)info;
	iom_unit_stop(r->unit);
}

static void ignore(void *opaque, const struct iom_invalidation *what)
{
	(void)opaque, (void)what;
}

/* The unit is stopped in the very moment in which fence and ddtp need wait no longer. */
TEST(load_that_is_stopped_from_inside_loses_nothing, "")
{
	const struct iom_backend backend = { .bytes = sizeof backend,
		                             .context = stop_inside,
		                             .invalidate = ignore };
	struct rig *r = rig_new(0);
	struct iom_endpoint *endpoint;
	uint8_t bytes_of[4096];
	size_t bytes;

	CHECK_EQ(iom_endpoint_get(r->unit, 1, &endpoint), IOM_OK);
	rig_cq(r, 3, false);
	iom_begin(r->lane);
	fence(r, 0, 5);
	wr64(r, DDTP, BARE);
	CHECK_EQ(iom_unit_save(r->unit, bytes_of, sizeof bytes_of, &bytes), IOM_OK);
	iom_end(r->lane);
	put32(r, SPOT, 0);
	CHECK_EQ(iom_backend_set(r->unit, &backend, r), IOM_OK);
	CHECK_EQ(iom_unit_load(r->unit, bytes_of, bytes, NULL), IOM_OK);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	for (unsigned i = 0; i < 3; i++)
		iom_unit_start(r->unit);
	CHECK_EQ(ram32(r, SPOT), 5);
	CHECK_EQ(rd64(r, DDTP), BARE);
	CHECK_EQ(rd32(r, CQH), 1);
	rig_free(r);
}

/* A fence of after a reset waits for its own sections, though a drain of before is under way. */
TEST(reset_forgets_who_waited_for_sections, "")
{
	for (unsigned loaded = 0; loaded < 2; loaded++) {
		struct rig *r = rig_new(0);
		struct iom_lane *later;
		uint8_t bytes_of[4096];
		size_t bytes;

		CHECK_EQ(iom_unit_save(r->unit, bytes_of, sizeof bytes_of, &bytes), IOM_OK);
		CHECK_EQ(iom_lane_open(r->unit, &later), IOM_OK);
		rig_cq(r, 3, false);
		iom_begin(r->lane);
		fence(r, 0, 5);
		if (loaded)
			CHECK_EQ(iom_unit_load(r->unit, bytes_of, bytes, NULL), IOM_OK);
		else
			iom_unit_reset(r->unit);
		iom_begin(later);
		rig_cq(r, 3, false);
		fence(r, 0, 6);
		iom_end(r->lane);
		CHECK_EQ(ram32(r, SPOT), 0);
		CHECK_EQ(rd32(r, CQH), 0);
		iom_end(later);
		CHECK_EQ(ram32(r, SPOT), 6);
		CHECK_EQ(rd32(r, CQH), 1);
		rig_free(r);
	}
}

TEST(save_tells_the_length_and_writes_no_further, "")
{
	struct rig *r = rig_new(0);
	size_t bytes, size, told;
	uint8_t *buf;

	rig_cq(r, 3, true);
	CHECK(iom_unit_save(r->unit, NULL, 0, &bytes) == IOM_ENOSPC);
	buf = malloc(bytes + 64);
	CHECK(buf);
	for (size = 0; size <= bytes + 64; size++) {
		memset(buf, 0x5a, bytes + 64);
		told = 0;
		CHECK_EQ(iom_unit_save(r->unit, buf, size, &told),
		         size < bytes ? IOM_ENOSPC : IOM_OK);
		CHECK_EQ(told, bytes);
		for (size_t i = size < bytes ? size : bytes; i < bytes + 64; i++)
			CHECK_EQ(buf[i], 0x5a);
	}
	free(buf);
	rig_free(r);
}

/* The same state gives the same bytes, in the same unit and in another one. */
TEST(save_is_deterministic, "")
{
	uint8_t bytes_of[2][4096];
	size_t bytes[2];

	for (unsigned i = 0; i < 2; i++) {
		struct rig *r = rig_new(0);

		rig_fq(r, 3, true);
		rig_cq(r, 3, true);
		rig_cause(r, 1, 0x1000, IOM_READ);
		if (i) /* a way that leaves nothing behind */
			for (unsigned k = 0; k < 8; k++)
				fence(r, FENCE_PR, k);
		else
			for (unsigned k = 0; k < 8; k++)
				rig_cmd(r, VMA, 0);
		memset(bytes_of[i], (int)i, sizeof bytes_of[i]);
		CHECK_EQ(iom_unit_save(r->unit, bytes_of[i], sizeof bytes_of[i], &bytes[i]),
		         IOM_OK);
		rig_free(r);
	}
	CHECK_EQ(bytes[0], bytes[1]);
	CHECK_EQ(memcmp(bytes_of[0], bytes_of[1], bytes[0]), 0);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Units that are stopped and started again. */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "../riscv/rig.h"
#include "../riscv/sheet.h"

#define SPOT (RIG_RAM + 0x800000)

static void fence(struct rig *r, uint32_t data)
{
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(data), SPOT >> 2);
}

static void refused(struct iom_port *port, uint64_t iova)
{
	const struct iom_request q = { .iova = iova };
	struct iom_reply reply;
	uint8_t buf[4] = { 0 };

	memset(&reply, 0xa5, sizeof reply);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EBUSY);
	CHECK_EQ(reply.status, IOM_STALLED);
	CHECK_EQ(reply.token, 0);
	CHECK_EQ(reply.fault, 0);
	CHECK_EQ(iom_read(port, &q, buf, sizeof buf, &reply), IOM_EBUSY);
	CHECK_EQ(reply.done, 0);
	CHECK_EQ(buf[0] & buf[3], 0xff);
	CHECK_EQ(iom_write(port, &q, buf, sizeof buf, &reply), IOM_EBUSY);
	CHECK_EQ(reply.done, 0);
}

TEST(stopped_unit_answers_no_request, "")
{
	const struct iom_riscv_config config = { .reset_mode = IOM_RISCV_RESET_BARE };
	struct rig *r = rig_new_config(&config);
	struct iom_port *port = rig_port(r, 1);
	const struct iom_request q = { .iova = RIG_RAM };
	struct iom_reply reply;

	/* Grants in the front do not count either. */
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
		CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
		CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
		refused(port, RIG_RAM);
		refused(port, RIG_NOWHERE);
		iom_unit_start(r->unit);
	}
	CHECK_EQ(ram64(r, RIG_RAM), 0);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	iom_unit_start(r->unit);
	rig_free(r);
}

TEST(stopped_unit_keeps_its_registers, "")
{
	struct rig *r = rig_new(0);

	rig_fq(r, 3, true);
	rig_cq(r, 3, true);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	fence(r, 5);
	rig_cmd(r, 0, 0);
	wr64(r, MSI_CFG, 0x12340);
	wr64(r, ICVEC, 0x12);
	wr64(r, DDTP, BARE);
	CHECK_EQ(rd32(r, CQT), 2);
	CHECK_EQ(rd64(r, MSI_CFG), 0x12340);
	CHECK_EQ(rd64(r, ICVEC), 0x12);
	/* and carries out nothing */
	CHECK_EQ(rd64(r, DDTP), BARE | DDTP_BUSY);
	CHECK_EQ(rd32(r, CQH), 0);
	CHECK_EQ(ram32(r, SPOT), 0);
	iom_step(r->unit, 1);
	iom_step(r->unit, 1ull << 60);
	CHECK_EQ(rd32(r, CQH), 0);
	CHECK_EQ(r->msis, 0);

	iom_unit_start(r->unit);
	CHECK_EQ(rd64(r, DDTP), BARE);
	CHECK_EQ(rd32(r, CQH), 1);
	CHECK_EQ(ram32(r, SPOT), 5);
	CHECK_EQ(rd32(r, CQCSR), EN | IE | ON | CMD_ILL);
	CHECK_EQ(r->msis, 1);
	rig_free(r);
}

TEST(stop_waits_for_sections, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, false);
	iom_begin(r->lane);
	fence(r, 5);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_EBUSY);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_EBUSY);
	iom_end(r->lane);
	/* The section ends, the fence does not complete. */
	CHECK_EQ(ram32(r, SPOT), 0);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	iom_unit_start(r->unit);
	CHECK_EQ(ram32(r, SPOT), 5);
	rig_free(r);
}

static int answer;

static void stop_inside(struct rig *r)
{
	answer = iom_unit_stop(r->unit);
}

TEST(stop_from_inside_a_callback, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, false);
	r->on_order = stop_inside;
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_PR | FENCE_DATA(1), SPOT >> 2);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_PR | FENCE_DATA(2), SPOT >> 2);
	fence(r, 3);
	for (unsigned i = 1; i <= 2; i++) {
		answer = IOM_OK;
		iom_unit_start(r->unit);
		/* The command in hand is finished, the next one stays where it is. */
		CHECK_EQ(answer, IOM_EBUSY);
		CHECK_EQ(rd32(r, CQH), i);
		CHECK_EQ(ram32(r, SPOT), i);
		CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	}
	iom_unit_start(r->unit);
	CHECK_EQ(rd32(r, CQH), 3);
	CHECK_EQ(ram32(r, SPOT), 3);
	rig_free(r);
}

/* Of two messages, the second goes out after the start. */
TEST(stop_between_two_messages, "")
{
	struct rig *r = rig_new(0);

	wr64(r, ICVEC, 0x01);
	wr64(r, MSI_CFG, 0x1000);
	wr64(r, MSI_CFG + 16, 0x2000);
	rig_fq(r, 1, false);
	rig_cause(r, 1, 0, IOM_READ);
	rig_cause(r, 1, 0, IOM_READ);
	rig_cq(r, 3, false);
	rig_cmd(r, 0, 0);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	wr32(r, CQCSR, EN | IE);
	wr32(r, FQCSR, EN | IE);
	CHECK_EQ(rd32(r, IPSR), CIP | FIP);
	r->on_msi = stop_inside;
	for (unsigned i = 1; i <= 2; i++) {
		answer = IOM_OK;
		iom_unit_start(r->unit);
		CHECK_EQ(r->msis, i);
		CHECK_EQ(r->msi[i - 1].address, 0x1000 * i);
		CHECK_EQ(answer, IOM_EBUSY);
	}
	iom_unit_start(r->unit);
	CHECK_EQ(r->msis, 2);
	rig_free(r);
}

TEST(reset_of_a_stopped_unit, "")
{
	struct rig *r = rig_new(0);
	struct iom_port *port = rig_port(r, 1);

	rig_cq(r, 3, false);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	fence(r, 5);
	iom_unit_reset(r->unit);
	CHECK_EQ(rd32(r, CQCSR), 0);
	refused(port, 0);
	iom_unit_start(r->unit);
	CHECK_EQ(ram32(r, SPOT), 0);
	CHECK_EQ(rig_cause(r, 1, 0, IOM_READ), 256);
	rig_free(r);
}

TEST(warm_reset_keeps_what_has_no_reset_value, "")
{
	static const uint16_t kept[] = { CQB,         CQB + 4,     FQB,          FQB + 4,
		                         CQT,         FQH,         ICVEC,        MSI_CFG,
		                         MSI_CFG + 4, MSI_CFG + 8, MSI_CFG + 12, MSI_CFG + 56,
		                         FCTL };

	for (unsigned mode = 0; mode < 2; mode++) {
		const struct iom_riscv_config config = { .reset_mode = (uint8_t)mode,
			                                 .flags = IOM_RISCV_UNCACHED };
		struct rig *r = rig_new_config(&config);
		uint32_t was[COUNT(kept)];

		wr64(r, DDTP, OFF);
		wr32(r, FCTL, BE | WSI);
		rig_fq(r, 4, true);
		rig_cq(r, 4, true);
		wr64(r, ICVEC, 0x12);
		wr64(r, MSI_CFG, 0x123456789abcull);
		wr32(r, MSI_CFG + 8, 0x1234);
		wr32(r, MSI_CFG + 12, 1);
		wr32(r, MSI_CFG + 56, 9);
		wr32(r, FQH, 3);
		rig_ddt(r, 1);
		rig_cmd(r, 0, 0);
		CHECK(rd32(r, IPSR) & CIP);
		CHECK(r->wire[2]);
		for (unsigned i = 0; i < COUNT(kept); i++)
			was[i] = rd32(r, kept[i]);

		iom_unit_reset_warm(r->unit);
		for (unsigned i = 0; i < COUNT(kept); i++)
			CHECK_MSG(rd32(r, kept[i]) == was[i], "0x%x", kept[i]);
		CHECK_EQ(rd64(r, DDTP) & 0x1f, mode);
		CHECK_EQ(rd32(r, CQCSR) | rd32(r, FQCSR) | rd32(r, IPSR), 0);
		CHECK(!r->wire[2]);
		CHECK_EQ(rd64(r, CAPABILITIES), r->cap);
		/* It can be used again, and a cold reset forgets the rest. */
		rig_cq(r, 4, true);
		iom_unit_reset(r->unit);
		for (unsigned i = 0; i < COUNT(kept); i++)
			CHECK_EQ(rd32(r, kept[i]), 0);
		CHECK_EQ(rd64(r, DDTP), mode);
		rig_free(r);
	}
}

/* ---- Under load ------------------------------------------------------------------------------- */

#define THREADS 3

struct load {
	struct rig *r;
	unsigned number;
	bool over, wrong;
	uint64_t writes, busy;
};

static void *write_on(void *opaque)
{
	struct load *load = opaque;
	struct iom_endpoint *endpoint;
	struct iom_lane *lane;
	struct iom_port *port;

	load->wrong = true;
	if (iom_lane_open(load->r->unit, &lane) ||
	    iom_endpoint_get(load->r->unit, load->number, &endpoint) ||
	    iom_port_open(endpoint, lane, &port))
		return NULL;
	load->wrong = false;
	while (!__atomic_load_n(&load->over, __ATOMIC_RELAXED)) {
		const struct iom_request q = { .iova = RIG_RAM + 0x1000 * load->number };
		uint64_t word = load->writes + 1;
		struct iom_reply reply;
		int err = iom_write(port, &q, &word, sizeof word, &reply);

		if (!err)
			load->writes++;
		else if (err == IOM_EBUSY)
			load->busy++;
		else
			load->wrong = true;
		if (err)
			sched_yield();
	}
	iom_lane_close(lane);
	return NULL;
}

TEST(stop_and_start_under_load, "")
{
	const struct iom_riscv_config config = { .reset_mode = IOM_RISCV_RESET_BARE };
	struct rig *r = rig_new_config(&config);
	struct load load[THREADS] = { 0 };
	pthread_t thread[THREADS];

	rig_cq(r, 8, false);
	r->next = RIG_RAM + 0x100000;
	rig_cq(r, 8, false);
	for (unsigned i = 0; i < THREADS; i++) {
		load[i].r = r;
		load[i].number = i + 16;
		CHECK_EQ(pthread_create(&thread[i], NULL, write_on, &load[i]), 0);
	}
	for (unsigned round = 0; round < 100; round++) {
		static uint64_t before[THREADS], after[THREADS];

		fence(r, round);
		while (iom_unit_stop(r->unit) != IOM_OK)
			sched_yield();
		/* Nothing moves any more. */
		for (unsigned i = 0; i < THREADS; i++)
			before[i] = __atomic_load_n((uint64_t *)(r->ram + 0x1000 * (i + 16)),
			                            __ATOMIC_RELAXED);
		for (unsigned i = 0; i < 20; i++)
			sched_yield();
		for (unsigned i = 0; i < THREADS; i++)
			after[i] = __atomic_load_n((uint64_t *)(r->ram + 0x1000 * (i + 16)),
			                           __ATOMIC_RELAXED);
		CHECK_EQ(memcmp(before, after, sizeof before), 0);
		iom_unit_start(r->unit);
		for (unsigned i = 0; i < 5; i++)
			sched_yield();
	}
	for (unsigned i = 0; i < THREADS; i++) {
		__atomic_store_n(&load[i].over, true, __ATOMIC_RELAXED);
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
		CHECK(!load[i].wrong);
		CHECK_EQ(ram64(r, RIG_RAM + 0x1000 * (i + 16)), load[i].writes);
	}
	rig_free(r);
}

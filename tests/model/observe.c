/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Observers: all while they are set, nothing before or after. */
#include <string.h>

#include "../riscv/rig.h"
#include "../riscv/sheet.h"

#define SEEN 64

static struct seen {
	char what; /* 'a'ccess, 'm'mio, 'c'ommand, 'i'nterrupt */
	uint32_t requester;
	struct iom_request request;
	struct iom_reply reply;
	int result;
	uint64_t off, val;
	unsigned bytes;
	bool write;
} seen[SEEN];
static unsigned count;

static struct seen *see(void *opaque, char what)
{
	struct seen *s = &seen[count++ % SEEN];

	CHECK(opaque == seen);
	*s = (struct seen){ .what = what };
	return s;
}

static void on_access(void *opaque, uint32_t requester, const struct iom_request *request,
                      const struct iom_reply *reply, int result)
{
	struct seen *s = see(opaque, 'a');

	s->requester = requester;
	s->request = *request;
	s->reply = *reply;
	s->result = result;
}

static void on_enter(void *opaque, const struct iom_call *call)
{
	struct seen *s;

	if (call->kind != IOM_CALL_MMIO_WRITE)
		return;
	s = see(opaque, 'm');
	CHECK_EQ(call->number, 0);
	s->off = call->address;
	s->bytes = (unsigned)call->bytes;
	s->val = call->value;
	s->write = true;
}

static void on_leave(void *opaque, const struct iom_call *call, int result)
{
	struct seen *s;

	if (call->kind != IOM_CALL_MMIO_READ || result)
		return;
	s = see(opaque, 'm');
	s->off = call->address;
	s->bytes = (unsigned)call->bytes;
	s->val = *call->out;
}

static void on_command(void *opaque, const uint64_t *word, unsigned words)
{
	struct seen *s = see(opaque, 'c');

	CHECK_EQ(words, 2);
	s->off = word[0];
	s->val = word[1];
}

static void on_called(void *opaque, const struct iom_called *called)
{
	struct seen *s;

	if (called->kind != IOM_CALLED_MSI)
		return;
	s = see(opaque, 'i');
	s->off = called->address;
	s->val = called->value;
	s->result = called->result;
}

static const struct iom_observer all = {
	.bytes = sizeof all,
	.access = on_access,
	.enter = on_enter,
	.leave = on_leave,
	.command = on_command,
	.called = on_called,
};

TEST(observer_sees_every_access, "")
{
	const struct iom_riscv_config config = { .reset_mode = IOM_RISCV_RESET_BARE };
	const struct iom_observer accesses = { .bytes = sizeof accesses, .access = on_access };
	struct rig *r = rig_new_config(&config);
	struct iom_port *port = rig_port(r, 0x1234);
	struct iom_request q = { .iova = RIG_RAM + 8 };
	struct iom_reply reply;
	uint64_t word = 1;

	/* Fronts are warm before, between and after. */
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 3; i++)
			CHECK_EQ(iom_write(port, &q, &word, sizeof word, &reply), IOM_OK);
		count = 0;
		CHECK_EQ(iom_observe(r->unit, &accesses, seen), IOM_OK);
		for (unsigned i = 0; i < 3; i++) {
			q.flags = i == 2 ? IOM_REQ_PROBE : 0;
			CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
			CHECK_EQ(count, 2 * i + 1);
			CHECK_EQ(iom_write(port, &q, &word, sizeof word, &reply), IOM_OK);
			CHECK_EQ(count, 2 * i + 2);
			CHECK_EQ(seen[2 * i].requester, 0x1234);
			CHECK_EQ(seen[2 * i].request.iova, RIG_RAM + 8);
			CHECK_EQ(seen[2 * i].request.access, IOM_READ);
			CHECK_EQ(seen[2 * i].request.flags, q.flags);
			CHECK_EQ(seen[2 * i].reply.spa, RIG_RAM + 8);
			CHECK_EQ(seen[2 * i].result, IOM_OK);
			CHECK_EQ(seen[2 * i + 1].request.access, IOM_WRITE);
			CHECK_EQ(seen[2 * i + 1].request.bytes, 8);
		}
		q.flags = 0;
		CHECK_EQ(iom_observe(r->unit, NULL, NULL), IOM_OK);
		for (unsigned i = 0; i < 3; i++)
			CHECK_EQ(iom_write(port, &q, &word, sizeof word, &reply), IOM_OK);
		CHECK_EQ(count, 6);
	}
	rig_free(r);
}

TEST(observer_sees_refusals, "")
{
	struct rig *r = rig_new(0);
	struct iom_port *port = rig_port(r, 1);
	struct iom_request q = { .iova = 0x1000 };
	struct iom_reply reply;

	count = 0;
	CHECK_EQ(iom_observe(r->unit, &all, seen), IOM_OK);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EFAULT);
	CHECK_EQ(count, 1);
	CHECK_EQ(seen[0].result, IOM_EFAULT);
	CHECK_EQ(seen[0].reply.fault, 256);
	q.at = 9;
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EINVAL);
	CHECK_EQ(seen[1].result, IOM_EINVAL);
	q.at = 0;
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EBUSY);
	CHECK_EQ(seen[2].result, IOM_EBUSY);
	iom_unit_start(r->unit);
	CHECK_EQ(count, 3);
	rig_free(r);
}

TEST(observer_sees_registers_commands_and_messages, "")
{
	struct rig *r = rig_new(0);
	uint64_t val;

	rig_cq(r, 3, true);
	wr64(r, MSI_CFG, 0x1234);
	wr32(r, MSI_CFG + 8, 99);
	put64(r, (rd64(r, CQB) >> 10) << 12, VMA);
	put64(r, ((rd64(r, CQB) >> 10) << 12) + 16, 0x7fe);
	put64(r, ((rd64(r, CQB) >> 10) << 12) + 24, 0x55);
	count = 0;
	CHECK_EQ(iom_observe(r->unit, &all, seen), IOM_OK);
	wr32(r, CQT, 2);
	CHECK_EQ(count, 4);
	CHECK(seen[0].what == 'm' && seen[0].write);
	CHECK_EQ(seen[0].off, CQT);
	CHECK_EQ(seen[0].bytes, 4);
	CHECK_EQ(seen[0].val, 2);
	CHECK(seen[1].what == 'c');
	CHECK_EQ(seen[1].off, VMA);
	CHECK_EQ(seen[1].val, 0);
	CHECK(seen[2].what == 'c');
	CHECK_EQ(seen[2].off, 0x7fe);
	CHECK_EQ(seen[2].val, 0x55);
	CHECK(seen[3].what == 'i');
	CHECK_EQ(seen[3].off, 0x1234);
	CHECK_EQ(seen[3].val, 99);
	CHECK_EQ(seen[3].result, IOM_OK);

	CHECK_EQ(rd64(r, DDTP), 0);
	CHECK_EQ(count, 5);
	CHECK(seen[4].what == 'm' && !seen[4].write);
	CHECK_EQ(seen[4].bytes, 8);
	CHECK_EQ(seen[4].val, 0);
	/* what is a mistake of the embedder gets a result that says so */
	CHECK_EQ(iom_mmio_read(r->unit, 1, 0, 4, &val), IOM_EINVAL);
	CHECK_EQ(count, 5);

	/* A message that was refused is told as that. */
	r->msi_fails = true;
	wr32(r, CQCSR, EN | IE | ON | CMD_ILL);
	wr32(r, IPSR, CIP);
	CHECK_EQ(seen[count - 1].what, 'i');
	CHECK_EQ(seen[count - 1].result, IOM_EFAULT);

	CHECK_EQ(iom_observe(r->unit, NULL, NULL), IOM_OK);
	count = 0;
	wr32(r, CQCSR, EN | IE | ON | CMD_ILL);
	rd32(r, CQH);
	CHECK_EQ(count, 0);
	rig_free(r);
}

/* Stores through the observed way know what has become of the region meanwhile. */
TEST(observed_stores_are_reported, "")
{
	static uint64_t bytes[512];
	const struct iom_riscv_config config = { .reset_mode = IOM_RISCV_RESET_BARE };
	const struct iom_observer nothing = { .bytes = sizeof nothing };
	struct iom_region region = { .spa = 0x1000, .bytes = sizeof bytes, .host = bytes };
	struct rig *r = rig_new_config(&config);
	struct iom_port *port = rig_port(r, 1);
	const struct iom_request q = { .iova = 0x1000 };
	struct iom_reply reply;
	uint64_t word = 1;

	CHECK_EQ(iom_memory_add(r->memory, &region, NULL), IOM_OK);
	CHECK_EQ(iom_write(port, &q, &word, sizeof word, &reply), IOM_OK);
	CHECK_EQ(iom_write(port, &q, &word, sizeof word, &reply), IOM_OK);
	CHECK_EQ(iom_observe(r->unit, &nothing, NULL), IOM_OK);
	CHECK_EQ(iom_memory_remove(r->memory, 0x1000), IOM_OK);
	region.flags = IOM_REGION_READONLY;
	CHECK_EQ(iom_memory_add(r->memory, &region, NULL), IOM_OK);
	word = 2;
	CHECK_EQ(iom_write(port, &q, &word, sizeof word, &reply), IOM_EFAULT);
	CHECK_EQ(bytes[0], 1);
	rig_free(r);
}

TEST(observer_of_another_size, "")
{
	struct rig *r = rig_new(0);
	struct iom_observer wrong = all;

	count = 0;
	CHECK_EQ(iom_observe(r->unit, &all, seen), IOM_OK);
	wrong.bytes++;
	CHECK_EQ(iom_observe(r->unit, &wrong, NULL), IOM_EINVAL);
	rd32(r, CQH); /* the old one still looks */
	CHECK_EQ(count, 1);
	rig_free(r);
}

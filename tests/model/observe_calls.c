/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What an observer hears of calls and callbacks: in pairs, in order, one inside the other.  It is written
 * down as words: "(2" a call of kind 2, ")" its end, ")-8" its end with a result; "a" an access, "c" a
 * command, "o" the unit's own access, "m" a device's data, "!1" a callback of kind 1.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../riscv/ats_rig.h"

static struct diary {
	char text[2048];
	size_t length;
	const struct iom_call *open[8];
	unsigned depth;
	struct iom_call call; /* the last one that ended */
	struct iom_reply reply;
	uint64_t out;
} diary;

static void note(const char *format, ...)
{
	size_t room = sizeof diary.text - diary.length;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(diary.text + diary.length, room, format, args);
	va_end(args);
	CHECK(n > 0 && (size_t)n < room);
	diary.length += (size_t)n;
}

static void on_enter(void *opaque, const struct iom_call *call)
{
	CHECK(opaque == &diary);
	CHECK(call->kind && call->kind < IOM_CALLS);
	CHECK(diary.depth < COUNT(diary.open));
	diary.open[diary.depth++] = call;
	note("(%u ", call->kind);
}

static void on_leave(void *opaque, const struct iom_call *call, int result)
{
	CHECK(opaque == &diary);
	CHECK(diary.depth);
	/* The same call, and the one that began last. */
	CHECK(diary.open[--diary.depth] == call);
	diary.call = *call;
	if (call->reply)
		diary.reply = *call->reply;
	if (call->out)
		diary.out = *call->out;
	note(result ? ")%d " : ") ", result);
}

static void on_access(void *opaque, uint32_t requester, const struct iom_request *request,
                      const struct iom_reply *reply, int result)
{
	(void)opaque, (void)requester, (void)request, (void)reply, (void)result;
	note("a ");
}

static void on_command(void *opaque, const uint64_t *word, unsigned words)
{
	(void)opaque, (void)word, (void)words;
	note("c ");
}

static void on_own(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	(void)opaque, (void)requester, (void)access;
	note("o ");
}

static void on_moved(void *opaque, uint32_t requester, const struct iom_moved *moved)
{
	(void)opaque, (void)requester, (void)moved;
	note("m ");
}

static void on_called(void *opaque, const struct iom_called *called)
{
	CHECK(opaque == &diary);
	CHECK(called->kind && called->kind < IOM_CALLED_KINDS);
	note("!%u ", called->kind);
}

static void listen(struct rig *r)
{
	static const struct iom_observer all = {
		.bytes = sizeof all,
		.enter = on_enter,
		.leave = on_leave,
		.access = on_access,
		.command = on_command,
		.own = on_own,
		.moved = on_moved,
		.called = on_called,
	};

	diary = (struct diary){ 0 };
	CHECK_EQ(iom_observe(r->unit, &all, &diary), IOM_OK);
}

/* Since the last look, this was heard. */
static void heard(const char *text)
{
	CHECK_EQ(diary.depth, 0);
	if (diary.length)
		diary.text[diary.length - 1] = 0;
	CHECK_STR(diary.text, text);
	diary.length = 0;
	diary.text[0] = 0;
}

static struct rig *bare(void)
{
	const struct iom_riscv_config config = { .reset_mode = IOM_RISCV_RESET_BARE,
		                                 .capabilities = CAP_EXT };

	return rig_new_config(&config);
}

TEST(observer_needs_both_ends_of_a_call, "")
{
	struct iom_observer one = { .bytes = sizeof one, .enter = on_enter };
	struct rig *r = bare();

	CHECK_EQ(iom_observe(r->unit, &one, NULL), IOM_EINVAL);
	one.enter = NULL;
	one.leave = on_leave;
	CHECK_EQ(iom_observe(r->unit, &one, NULL), IOM_EINVAL);
	rig_free(r);
}

TEST(observer_hears_of_registers, "")
{
	struct rig *r = bare();
	uint64_t val;

	listen(r);
	heard("");
	CHECK_EQ(iom_mmio_read(r->unit, 0, 0x10, 8, &val), IOM_OK);
	heard("(1 )");
	CHECK_EQ(diary.call.address, 0x10);
	CHECK_EQ(diary.call.bytes, 8);
	CHECK_EQ(diary.out, 1);
	CHECK_EQ(diary.call.requester, 0xffffffff);
	wr32(r, 0x2f8, 0x21);
	heard("(2 )");
	CHECK_EQ(diary.call.address, 0x2f8);
	CHECK_EQ(diary.call.bytes, 4);
	CHECK_EQ(diary.call.value, 0x21);
	CHECK_EQ(iom_mmio_read(r->unit, 3, 0x10, 8, &val), IOM_EINVAL);
	heard("(1 )-1");
	CHECK_EQ(diary.call.number, 3);
	CHECK_EQ(diary.out, ~0ull);
	CHECK_EQ(iom_mmio_write(r->unit, 0, 0x1000, 4, 0), IOM_EINVAL);
	heard("(2 )-1");
	rig_free(r);
}

TEST(observer_hears_of_requests, "")
{
	struct rig *r = bare();
	struct iom_port *port = rig_port(r, 5);
	struct iom_request q = { .iova = RIG_RAM + 0x100, .bytes = 8, .access = IOM_WRITE };
	uint64_t data[2] = { 3, 4 }, old;
	struct iom_endpoint *endpoint;
	struct iom_reply reply;

	listen(r);
	heard("(17 ) (20 )");
	CHECK(diary.call.port == port);
	CHECK(diary.call.lane == r->lane);
	CHECK_EQ(diary.call.requester, 5);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
		heard("(3 a )");
		CHECK_EQ(diary.call.kind, IOM_CALL_TRANSLATE);
		CHECK(diary.call.port == port);
		CHECK_EQ(diary.call.requester, 5);
		CHECK_EQ(diary.reply.spa, RIG_RAM + 0x100);
	}
	CHECK_EQ(iom_write(port, &q, data, 16, &reply), IOM_OK);
	heard("(5 a m )");
	CHECK(diary.call.data == data);
	CHECK_EQ(diary.call.bytes, 16);
	CHECK_EQ(diary.reply.done, 16);
	CHECK_EQ(iom_read(port, &q, data, 8, &reply), IOM_OK);
	heard("(4 a m )");
	CHECK_EQ(iom_atomic(port, &q, IOM_FETCH_ADD, 2, 0, 8, &old, &reply), IOM_OK);
	heard("(6 a m )");
	CHECK_EQ(diary.call.number, IOM_FETCH_ADD);
	CHECK_EQ(diary.call.value, 2);
	CHECK_EQ(diary.out, 3);
	q.iova = RIG_NOWHERE;
	CHECK_EQ(iom_write(port, &q, data, 8, &reply), IOM_EFAULT);
	heard("(5 a m )-8");
	q.at = 7;
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EINVAL);
	heard("(3 a )-1");
	CHECK_EQ(iom_read(port, &q, data, 8, &reply), IOM_EINVAL);
	heard("(4 )-1");

	CHECK_EQ(iom_endpoint_get(r->unit, 5, &endpoint), IOM_OK);
	CHECK(diary.call.endpoint == endpoint);
	CHECK_EQ(iom_msi(endpoint, RIG_DEVICE, 9, NULL), IOM_OK);
	heard("(17 ) (7 a m )");
	CHECK_EQ(diary.call.address, RIG_DEVICE);
	CHECK_EQ(diary.call.value, 9);
	rig_free(r);
}

/* Sections are told once for each call of the embedder's, and not where they are part of another call. */
TEST(observer_hears_of_sections, "")
{
	struct rig *r = bare();
	struct iom_lane *late;
	struct iom_port *port;

	iom_begin(r->lane);
	iom_begin(r->lane);
	listen(r);
	heard("(15 ) (15 )");
	CHECK(diary.call.lane == r->lane);
	iom_end(r->lane);
	heard("(16 )");
	CHECK_EQ(iom_unit_stop(r->unit), IOM_EBUSY);
	heard("(13 )-4");
	iom_end(r->lane);
	heard("(16 )");
	/* One without a beginning does nothing. */
	iom_end(r->lane);
	heard("(16 )");
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	iom_unit_start(r->unit);
	heard("(13 ) (14 )");

	CHECK_EQ(iom_lane_open(r->unit, &late), IOM_OK);
	port = rig_port(r, 1);
	heard("(17 ) (20 )");
	iom_port_close(port);
	heard("(21 )");
	CHECK(diary.call.port == port);
	iom_begin(late);
	heard("(15 )");
	CHECK(diary.call.lane == late);
	/* A section goes on while who listens goes. */
	CHECK_EQ(iom_observe(r->unit, NULL, NULL), IOM_OK);
	iom_begin(r->lane);
	iom_end(r->lane);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_EBUSY);
	iom_end(late);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	heard("");
	listen(r);
	heard("(17 ) (13 )");
	iom_begin(late);
	iom_lane_close(late);
	heard("(15 ) (16 )");
	rig_free(r);
	heard("");
}

/* A command that rings from inside its own callback, and a completion that the end of a section brings. */
TEST(observer_hears_of_calls_inside_callbacks, "")
{
	struct rig *r = bare();

	rig_cq(r, 3, false);
	wr64(r, MSI_CFG, RIG_RAM);
	listen(r);
	iom_begin(r->lane);
	rig_cmd(r, FENCE | FENCE_PR, 0);
	iom_end(r->lane);
	/* the tail is read first; the fence is fetched, and waits */
	heard("(15 ) (1 ) (1 ) (2 o c ) (16 !4 )");
	rig_cmd(r, INVAL_DDT, 0);
	heard("(1 ) (1 ) (2 o c !5 )");
	rig_free(r);
}

static void ring(struct rig *r)
{
	r->on_order = NULL;
	CHECK_EQ(rd32(r, CQT), 1);
}

TEST(observer_hears_callbacks_behind_what_they_call, "")
{
	struct rig *r = bare();

	rig_cq(r, 3, false);
	r->on_order = ring;
	listen(r);
	rig_cmd(r, FENCE | FENCE_PW, 0);
	heard("(1 ) (1 ) (2 o c (1 ) !4 )");
	rig_free(r);
}

TEST(observer_hears_of_the_units_life, "")
{
	struct rig *r = bare();
	struct iom_endpoint *endpoint;
	uint8_t blob[8192];
	struct iom_error error;
	size_t bytes;

	CHECK_EQ(iom_unit_save(r->unit, blob, sizeof blob, &bytes), IOM_OK);
	iom_step(r->unit, 100);
	listen(r);
	heard("(10 )");
	CHECK_EQ(diary.call.value, 100);
	iom_step(r->unit, 200);
	heard("(10 )");
	iom_unit_reset(r->unit);
	iom_unit_reset_warm(r->unit);
	/* nothing that was told of messages holds any more */
	heard("(11 !5 ) (12 !5 )");
	CHECK_EQ(iom_unit_load(r->unit, blob, bytes, &error), IOM_OK);
	heard("(24 !5 )");
	CHECK_EQ(diary.call.bytes, bytes);
	CHECK_EQ(iom_unit_load(r->unit, blob, bytes - 1, &error), IOM_EINVAL);
	heard("(24 )-1");

	CHECK_EQ(iom_endpoint_get(r->unit, 1u << 24, &endpoint), IOM_EINVAL);
	CHECK(!diary.call.endpoint);
	CHECK_EQ(iom_endpoint_get(r->unit, 3, &endpoint), IOM_OK);
	CHECK(diary.call.endpoint == endpoint);
	CHECK_EQ(iom_endpoint_renumber(endpoint, 4), IOM_OK);
	CHECK_EQ(diary.call.requester, 3);
	CHECK_EQ(diary.call.value, 4);
	iom_endpoint_remove(endpoint);
	CHECK_EQ(diary.call.requester, 4);
	CHECK(diary.call.endpoint == endpoint);
	heard("(17 )-1 (17 ) (18 ) (19 )");
	rig_free(r);
}

static void on_context(void *opaque, const struct iom_context_info *info)
{
	(void)opaque, (void)info;
}

static void on_invalidate(void *opaque, const struct iom_invalidation *what)
{
	(void)opaque, (void)what;
}

static int on_stretch(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm)
{
	(void)opaque, (void)iova, (void)spa, (void)bytes, (void)perm;
	return 0;
}

TEST(observer_hears_what_a_backend_hears, "")
{
	static const struct iom_backend backend = { .bytes = sizeof backend,
		                                    .context = on_context,
		                                    .invalidate = on_invalidate };
	struct rig *r = rig_new(0);
	struct iom_endpoint *endpoint;
	struct iom_context_info info;
	uint64_t next;

	rig_ddt(r, 1);
	rig_dc_put(r, 2, 1, 0, 0, 0);
	rig_cq(r, 3, false);
	CHECK_EQ(iom_endpoint_get(r->unit, 2, &endpoint), IOM_OK);
	CHECK_EQ(iom_backend_set(r->unit, &backend, NULL), IOM_OK);
	listen(r);
	heard("(25 ) (17 )");
	CHECK_EQ(iom_fault_in(endpoint, false, 0, &info), IOM_OK);
	heard("(22 o !6 )");
	CHECK(diary.call.info == &info);
	rig_cmd(r, INVAL_DDT | 1ull << 33 | 2ull << 40, 0);
	heard("(1 ) (1 ) (2 o c !7 o !6 !5 )");
	CHECK_EQ(iom_backend_set(r->unit, NULL, NULL), IOM_OK);
	heard("(25 )");
	CHECK_EQ(diary.call.value, 0);
	CHECK_EQ(iom_replay(endpoint, 0, 0xfff, on_stretch, NULL, &next), IOM_OK);
	heard("(23 o !8 )");
	CHECK_EQ(diary.call.value, 0xfff);
	rig_free(r);
}

/* From inside the message: the device has already forgotten. */
static void answer(struct rig *r, uint32_t requester, const struct iom_message *message)
{
	const struct iom_message done = { .kind = IOM_MESSAGE_INVALIDATED,
		                          .token = 1u << message->token,
		                          .code = 1 };
	struct iom_endpoint *endpoint;

	CHECK_EQ(iom_endpoint_get(r->unit, requester, &endpoint), IOM_OK);
	CHECK_EQ(iom_message(endpoint, &done), IOM_OK);
}

TEST(observer_hears_of_messages, "")
{
	struct rig *r = rig_new(CAP_ALL_ATS);

	rig_cq(r, 3, false);
	r->on_message = answer;
	listen(r);
	/* ATS.INVAL of device 0x12 */
	rig_cmd(r, 4 | 0x12ull << 40, 0);
	heard("(1 ) (1 ) (2 o c (17 ) (9 ) !2 )");
	rig_free(r);
}

TEST(observer_hears_of_wires, "")
{
	struct rig *r = bare();

	wr32(r, 0x8, 2);
	rig_cq(r, 3, true);
	listen(r);
	rig_cmd(r, 0x7f, 0);
	heard("(1 ) (1 ) (2 o c !3 )");
	rig_free(r);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Recordings: begun midway, with all that a unit does, and of sinks that fail. */
#include <stdlib.h>
#include <string.h>

#include "../riscv/ats_rig.h"
#include "tape.h"

static void agrees(struct tape *tape)
{
	char text[2048];
	int result = tape_replay(tape, text, sizeof text, NULL);

	CHECK_MSG(result == TRACE_REPLAY_END, "the replay says %d: %s", result, text);
}

static struct trace_recorder *record(struct rig *r, struct tape *tape)
{
	const struct trace_config config = { .riscv = &r->config, .note = "a test" };
	const struct trace_sink sink = tape_sink(tape);
	struct trace_recorder *recorder;
	struct iom_error error = { 0 };

	if (trace_record(r->unit, &config, &sink, &recorder, &error) != IOM_OK)
		CHECK_MSG(false, "%s", error.text);
	return recorder;
}

/* A unit with a queue, faults and a device that is translated. */
static struct rig *busy_rig(uint64_t *data)
{
	const struct iom_riscv_config config = { .capabilities = CAP_ALL_ATS };
	struct rig *r = rig_new_config(&config);
	uint64_t root;

	rig_ddt(r, 1);
	root = page(r);
	*data = page(r);
	rig_map(r, root, 3, false, 0x3000, 0, leaf(*data));
	rig_dc_put(r, 1, 1, 0, 0, MODE(8) | root >> 12);
	rig_cq(r, 4, true);
	rig_fq(r, 4, true);
	wr64(r, MSI_CFG, RIG_DEVICE);
	return r;
}

TEST(recording_begins_midway, "")
{
	struct tape tape = { 0 };
	struct trace_recorder *recorder;
	struct iom_port *port;
	struct iom_reply reply;
	const struct iom_request q = { .iova = 0x3010, .bytes = 8 };
	uint64_t data, word = 7;
	struct rig *r = busy_rig(&data);
	const struct trace_config config = { .riscv = &r->config };
	struct trace_sink sink;
	struct iom_error error;

	/* Caches are full, a port is there, the clock runs, a section is open, and a fence waits for it. */
	port = rig_port(r, 1);
	CHECK_EQ(rig_spa(r, 1, 0x3000), data);
	iom_step(r->unit, 1000);
	iom_begin(r->lane);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(1), data >> 2);
	CHECK_EQ(rd32(r, CQH), 0);

	recorder = record(r, &tape);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	CHECK_EQ(iom_write(port, &q, &word, sizeof word, &reply), IOM_OK);
	CHECK_EQ(rd32(r, CQH), 0);
	iom_end(r->lane);
	CHECK_EQ(rd32(r, CQH), 1);
	iom_step(r->unit, 2000);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	agrees(&tape);

	/* One that is stopped goes on from where nobody has seen it; while it is recorded it may stop. */
	tape_free(&tape);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	sink = tape_sink(&tape);
	CHECK_EQ(trace_record(r->unit, &config, &sink, &recorder, &error), IOM_EBUSY);
	CHECK(strstr(error.text, "stopped"));
	tape_free(&tape);
	iom_unit_start(r->unit);
	recorder = record(r, &tape);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	rig_cmd(r, INVAL_DDT, 0);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EBUSY);
	iom_unit_start(r->unit);
	CHECK_EQ(rd32(r, CQH), 2);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	agrees(&tape);
	tape_free(&tape);
	rig_free(r);
}

static void hear_context(void *opaque, const struct iom_context_info *info)
{
	(void)opaque, (void)info;
}

static void hear_invalidation(void *opaque, const struct iom_invalidation *what)
{
	(void)opaque, (void)what;
}

/* A backend is told of one endpoint after the other, in an order that comes of when they came. */
TEST(recording_of_a_backend_begins_midway, "")
{
	static const struct iom_backend backend = {
		.bytes = sizeof backend,
		.context = hear_context,
		.invalidate = hear_invalidation,
	};
	struct tape tape = { 0 };
	struct trace_recorder *recorder;
	struct iom_endpoint *endpoint;
	uint64_t data;
	struct rig *r = busy_rig(&data);

	CHECK_EQ(iom_backend_set(r->unit, &backend, NULL), IOM_OK);
	for (uint32_t requester = 1; requester < 512; requester += 32)
		CHECK_EQ(iom_endpoint_get(r->unit, requester, &endpoint), IOM_OK);
	recorder = record(r, &tape);
	rig_cmd(r, INVAL_DDT, 0);
	CHECK_EQ(rd32(r, CQH), 1);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	agrees(&tape);
	tape_free(&tape);
	rig_free(r);
}

/* A thread that may not do the unit's work leaves it, and so does the replay. */
TEST(recording_of_work_that_is_put_off, "")
{
	struct tape tape = { 0 };
	struct trace_recorder *recorder;
	uint64_t data;
	struct rig *r = busy_rig(&data);

	recorder = record(r, &tape);
	for (unsigned i = 0; i < 3; i++) {
		r->idle = true;
		CHECK_EQ(rig_cause(r, 1, 0x9000, IOM_READ), 13);
		CHECK_EQ(rd32(r, FQT), i);
		r->idle = false;
		CHECK_EQ(rd32(r, FQT), i + 1);
	}
	CHECK(r->put_off >= 6);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	agrees(&tape);
	tape_free(&tape);
	rig_free(r);
}

/* What is replayed is as quick to be read as it was: the caches of both are filled in the same way. */
TEST(recording_of_a_unit_that_forgets, "")
{
	struct tape tape = { 0 };
	struct trace_recorder *recorder;
	uint64_t data, root;
	struct rig *r = busy_rig(&data);

	root = page(r);
	for (unsigned i = 0; i < 512; i++)
		rig_map(r, root, 3, false, 4096ull * i, 0, leaf(data));
	for (unsigned device = 1; device < 64; device++)
		rig_dc_put(r, device, 1, 0, (uint64_t)device << 12, MODE(8) | root >> 12);
	/* Sets of the cache have their past. */
	for (unsigned i = 0; i < 20000; i++)
		CHECK_EQ(rig_spa(r, 1 + i % 63, 4096ull * (i * 37 % 512)), data);
	recorder = record(r, &tape);
	for (unsigned i = 0; i < 20000; i++)
		CHECK_EQ(rig_spa(r, 1 + i % 61, 4096ull * (i * 41 % 512)), data);
	iom_forget(r->unit);
	for (unsigned i = 0; i < 200; i++)
		CHECK_EQ(rig_spa(r, 1 + i % 61, 4096ull * (i * 41 % 512)), data);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	agrees(&tape);
	tape_free(&tape);
	rig_free(r);
}

/* A device that comes, goes and is another one; and a unit's whole life. */
TEST(recording_of_comings_and_goings, "")
{
	struct tape tape = { 0 };
	struct trace_recorder *recorder;
	struct iom_endpoint *endpoint, *other;
	struct iom_port *port, *late;
	uint64_t data;
	struct rig *r = busy_rig(&data);
	const struct iom_request q = { .iova = 0x3000, .bytes = 8 };
	uint8_t blob[16384];
	struct iom_reply reply;
	size_t bytes;

	CHECK_EQ(iom_endpoint_get(r->unit, 9, &other), IOM_OK);
	port = rig_port(r, 2);
	recorder = record(r, &tape);
	CHECK_EQ(iom_endpoint_get(r->unit, 2, &endpoint), IOM_OK);
	CHECK_EQ(iom_endpoint_renumber(endpoint, 9), IOM_EEXIST);
	CHECK_EQ(iom_endpoint_renumber(endpoint, 1), IOM_OK);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	iom_endpoint_remove(endpoint);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_ENOENT);
	late = rig_port(r, 1);
	CHECK_EQ(iom_translate(late, &q, &reply), IOM_OK);
	iom_port_close(port);
	CHECK_EQ(iom_unit_save(r->unit, blob, sizeof blob, &bytes), IOM_OK);
	iom_unit_reset(r->unit);
	CHECK_EQ(iom_translate(late, &q, &reply), IOM_EFAULT);
	CHECK_EQ(iom_unit_load(r->unit, blob, bytes, NULL), IOM_OK);
	CHECK_EQ(iom_translate(late, &q, &reply), IOM_OK);
	CHECK_EQ(iom_unit_load(r->unit, blob, bytes - 8, NULL), IOM_EINVAL);
	iom_unit_reset_warm(r->unit);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	agrees(&tape);
	tape_free(&tape);
	rig_free(r);
}

/* Of a port whose endpoint is gone when recording begins the trace knows nothing, and needs nothing. */
TEST(recording_with_a_port_of_nobody, "")
{
	const struct iom_request q = { .iova = 0x3000, .bytes = 8 };
	struct tape tape = { 0 };
	struct trace_recorder *recorder;
	struct iom_endpoint *endpoint;
	struct iom_reply reply;
	struct iom_port *port;
	uint64_t data;
	struct rig *r = busy_rig(&data);

	port = rig_port(r, 1);
	CHECK_EQ(iom_endpoint_get(r->unit, 1, &endpoint), IOM_OK);
	iom_endpoint_remove(endpoint);
	recorder = record(r, &tape);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_ENOENT);
	iom_port_close(port);
	CHECK_EQ(rig_spa(r, 1, 0x3000), data);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	agrees(&tape);
	tape_free(&tape);
	rig_free(r);
}

/*
 * Wherever the sink fails, the unit goes on, and what was written is a trace that was cut short.  Times make
 * traces differ in length.
 */
TEST(recording_to_a_sink_that_fails, "")
{
	struct tape whole = { 0 };
	uint64_t data;
	struct rig *r = busy_rig(&data);
	struct trace_recorder *recorder = record(r, &whole);
	struct iom_error error;

	for (unsigned i = 0; i < 4000; i++)
		CHECK_EQ(rig_spa(r, 1, 0x3000), data);
	CHECK_EQ(trace_record_result(recorder, &error), IOM_OK);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	for (size_t limit = 1; limit < whole.length / 2; limit += 97) {
		const struct trace_config config = { .riscv = &r->config };
		struct tape tape = { .limit = limit };
		const struct trace_sink sink = tape_sink(&tape);
		char text[2048];
		int result = trace_record(r->unit, &config, &sink, &recorder, &error);

		if (!result) {
			for (unsigned i = 0; i < 4000; i++)
				CHECK_EQ(rig_spa(r, 1, 0x3000), data);
			result = trace_record_end(recorder, &error);
		}
		CHECK_MSG(result == IOM_EIO, "%d after %zu bytes", result, limit);
		CHECK(strstr(error.text, "could be written"));
		CHECK_EQ(tape_replay(&tape, text, sizeof text, NULL), IOM_EINVAL);
		CHECK_MSG(strstr(text, "cut short") && strstr(text, "offset"), "%s", text);
		tape_free(&tape);
		CHECK_EQ(rig_spa(r, 1, 0x3000), data);
	}
	tape_free(&whole);
	rig_free(r);
}

/* More calls one inside the other than a trace holds: it was cut short there, and is good so far. */
static struct iom_port *deep_port;
static unsigned deep;

static void once_more(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	const struct iom_request q = { .iova = RIG_DEVICE };
	struct iom_reply reply;

	(void)r, (void)off;
	if (deep++ < 70)
		CHECK_EQ(iom_write(deep_port, &q, buf, len, &reply), IOM_OK);
}

TEST(recording_of_calls_too_deep, "")
{
	const struct iom_riscv_config config = { .reset_mode = IOM_RISCV_RESET_BARE };
	const struct iom_request q = { .iova = RIG_DEVICE };
	struct rig *r = rig_new_config(&config);
	struct trace_recorder *recorder;
	struct tape tape = { 0 };
	struct iom_error error;
	struct iom_reply reply;
	uint32_t word = 1;
	char text[2048];

	deep_port = rig_port(r, 1);
	deep = 0;
	r->on_device_write = once_more;
	recorder = record(r, &tape);
	CHECK_EQ(iom_write(deep_port, &q, &word, sizeof word, &reply), IOM_OK);
	CHECK_EQ(deep, 71);
	CHECK_EQ(trace_record_result(recorder, &error), IOM_EINVAL);
	CHECK_MSG(strstr(error.text, "65 times inside itself"), "%s", error.text);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_EINVAL);
	CHECK_EQ(tape_replay(&tape, text, sizeof text, NULL), IOM_EINVAL);
	CHECK_MSG(strstr(text, "cut short"), "%s", text);
	tape_free(&tape);
	rig_free(r);
}

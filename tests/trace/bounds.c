/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Traces that ask for much in few bytes: each is refused with a sentence, and soon. */
#include <stdlib.h>
#include <string.h>

#include "../riscv/ats_rig.h"
#include "tape.h"

/* A trace that no unit ever did. */
struct forged {
	struct tape head, tape;
	struct trace_reader *reader;
	struct trace_writer *writer;
};

static void put(struct forged *f, const struct trace_event *event)
{
	CHECK_EQ(trace_write(f->writer, event), IOM_OK);
}

static void forge(struct forged *f, const struct iom_riscv_config *config)
{
	const struct trace_sink head = tape_sink(&f->head), sink = tape_sink(&f->tape);
	const struct trace_event begins = { .kind = TRACE_BEGINS };
	struct rig *r = rig_new_config(config);
	const struct trace_config told = { .riscv = &r->config };
	struct trace_recorder *recorder;
	struct trace_source source;

	CHECK_EQ(trace_record(r->unit, &told, &head, &recorder, NULL), IOM_OK);
	CHECK_EQ(trace_record_end(recorder, NULL), IOM_OK);
	rig_free(r);
	source = tape_source(&f->head);
	CHECK_EQ(trace_reader_new(&source, &f->reader, NULL), IOM_OK);
	CHECK_EQ(trace_writer_new(&sink, trace_reader_header(f->reader), &f->writer, NULL), IOM_OK);
	put(f, &begins);
}

static bool go_on(void *opaque, const struct trace_difference *difference)
{
	(void)opaque, (void)difference;
	return true;
}

/* Whatever the unit does otherwise, it goes on to the end. */
static int replay_all(struct forged *f, struct iom_error *error)
{
	const struct trace_replay_watch watch = { .differs = go_on };
	struct trace_replay *replay;
	struct trace_source source;
	int result;

	CHECK_EQ(trace_writer_end(f->writer, NULL), IOM_OK);
	source = tape_source(&f->tape);
	CHECK_EQ(trace_replay_new(&source, &watch, &replay, error), IOM_OK);
	do {
		result = trace_replay_step(replay, error);
	} while (result == IOM_OK);
	trace_replay_free(replay);
	trace_reader_free(f->reader);
	tape_free(&f->head);
	tape_free(&f->tape);
	return result;
}

/* A call that ends at once; what of the event belongs to its begin and what to its end, the writer knows. */
static void pair(struct forged *f, struct trace_event event)
{
	event.kind = TRACE_CALL;
	put(f, &event);
	event.kind = TRACE_LEAVE;
	put(f, &event);
}

static const struct trace_event get = { .what = IOM_CALL_ENDPOINT_GET,
	                                .requester = 1,
	                                .endpoint = 1 };
static const struct trace_event port = {
	.what = IOM_CALL_PORT_OPEN, .requester = 1, .endpoint = 1, .lane = 1, .port = 1
};
#define MIB UINT64_C(0x100000)

static void replays(struct forged *f, unsigned i)
{
	if (!i)
		pair(f, get);
	pair(f, (struct trace_event){ .what = IOM_CALL_REPLAY, .endpoint = 1, .value = ~0ull });
}

static void forgets(struct forged *f, unsigned i)
{
	(void)i;
	pair(f, (struct trace_event){ .what = IOM_CALL_FORGET });
}

static void stores(struct forged *f, unsigned i)
{
	(void)i;
	pair(f, (struct trace_event){ .what = IOM_CALL_MMIO_WRITE, .bytes = 8 });
}

/* Nothing that a device reads is in the trace. */
static void reads(struct forged *f, unsigned i)
{
	if (!i) {
		pair(f, get);
		pair(f, port);
	}
	pair(f, (struct trace_event){ .what = IOM_CALL_READ, .port = 1, .bytes = 64 * MIB });
}

/* One that has the last number, again and again. */
static void comings(struct forged *f, unsigned i)
{
	const struct trace_event come = { .what = IOM_CALL_ENDPOINT_GET, .endpoint = 65536 };
	const struct trace_event go = { .what = IOM_CALL_ENDPOINT_REMOVE, .endpoint = 65536 };

	(void)i;
	pair(f, come);
	pair(f, go);
}

static void names(struct forged *f, unsigned i)
{
	pair(f, (struct trace_event){ .what = IOM_CALL_ENDPOINT_GET, .endpoint = 65536 + i });
}

static void nameless(struct forged *f, unsigned i)
{
	pair(f, (struct trace_event){ .what = IOM_CALL_ENDPOINT_GET, .requester = i });
}

static void ports(struct forged *f, unsigned i)
{
	struct trace_event open = port;

	if (!i)
		pair(f, get);
	open.port = i + 1;
	pair(f, open);
}

static void sections(struct forged *f, unsigned i)
{
	(void)i;
	pair(f, (struct trace_event){ .what = IOM_CALL_BEGIN, .lane = 1 });
}

static void state(struct forged *f, unsigned i)
{
	static const uint8_t data[8];

	(void)i;
	pair(f, (struct trace_event){
			.what = IOM_CALL_LOAD, .bytes = 4096, .data = data, .data_bytes = 8 });
}

static const struct hostile {
	void (*put)(struct forged *f, unsigned i);
	unsigned times;
	uint8_t cache_lg2;
	const char *says;
} all[] = {
	{ replays, 200, 0, "more work" },
	{ forgets, 100, 20, "more work" },
	{ stores, 300000, 0, "more work" },
	{ reads, 40, 0, "more work" },
	{ comings, 8000, 0, "more work" },
	{ names, 2, 0, "the number 65537" },
	{ nameless, 65537, 0, "more than 65536 endpoints have no number" },
	{ ports, 1025, 0, "more than 1024 ports are open" },
	{ sections, 4097, 0, "lane 1 has 4096 open sections" },
	{ state, 1, 0, "a state of 0x1000 bytes has 0x8" },
};

TEST(traces_that_ask_for_too_much, "")
{
	for (unsigned n = 0; n < COUNT(all); n++) {
		const struct iom_riscv_config config = { .capabilities = CAP_BASE,
			                                 .reset_mode = IOM_RISCV_RESET_BARE,
			                                 .cache_lg2 = all[n].cache_lg2 };
		struct forged f = { 0 };
		struct iom_error error = { 0 };
		int result;

		forge(&f, &config);
		for (unsigned i = 0; i < all[n].times; i++)
			all[n].put(&f, i);
		result = replay_all(&f, &error);
		CHECK_MSG(result == IOM_EINVAL && strstr(error.text, all[n].says) &&
		                  strstr(error.text, "offset"),
		          "%u: %d %s", n, result, error.text);
	}
}

/* The same a little less often is carried out. */
TEST(traces_that_ask_for_much, "")
{
	static const unsigned times[COUNT(all)] = {
		100, 10, 50000, 20, 1000, 1, 65536, 1024, 4096
	};

	for (unsigned n = 0; n < COUNT(all); n++) {
		const struct iom_riscv_config config = { .capabilities = CAP_BASE,
			                                 .reset_mode = IOM_RISCV_RESET_BARE,
			                                 .cache_lg2 = all[n].cache_lg2 };
		struct forged f = { 0 };
		struct iom_error error = { 0 };

		forge(&f, &config);
		for (unsigned i = 0; i < times[n]; i++)
			all[n].put(&f, i);
		CHECK_MSG(replay_all(&f, &error) == TRACE_REPLAY_END, "%u: %s", n, error.text);
	}
}

/* Calls inside of calls have room for data together, not each. */
TEST(trace_of_nested_data, "")
{
	const struct iom_riscv_config config = { .capabilities = CAP_BASE,
		                                 .reset_mode = IOM_RISCV_RESET_BARE };
	const struct trace_event read = {
		.kind = TRACE_CALL, .what = IOM_CALL_READ, .port = 1, .bytes = 33 * MIB
	};
	/* In Bare the unit has answered before it reads, and the callback calls again. */
	const struct trace_event answer = {
		.kind = TRACE_ACCESS,
		.requester = 1,
		.request = { .bytes = 33 * MIB },
		.reply = { .perm = 7, .range_lg2 = 64 },
	};
	struct trace_event leave = read;
	struct iom_error error = { 0 };
	struct forged f = { 0 };

	forge(&f, &config);
	pair(&f, get);
	pair(&f, port);
	put(&f, &read);
	put(&f, &answer);
	put(&f, &read);
	leave.kind = TRACE_LEAVE;
	put(&f, &leave);
	put(&f, &leave);
	CHECK_EQ(replay_all(&f, &error), IOM_EINVAL);
	CHECK_MSG(strstr(error.text, "room for 0x1f00000 here"), "%s", error.text);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A toy unit that holds refused requests back, as an SMMU does: software answers through a register,
 * and the device hears of it by a message.  It has one switch that lets everything pass.
 */
#include "bench.h"

#include "model/snapshot.h"
#include "model/work.h"

#define STALLS 4
#define TOY_OPEN 0x00   /* 1: everything passes                              */
#define TOY_ANSWER 0x08 /* token in 31:0, IOM_MESSAGE_RESUME or TERMINATE above */
#define TOY_PAGES 0x10  /* page requests that came                           */

#define TOY_WORK_MESSAGES IOM_BIT(1)

struct stall {
	uint32_t token; /* 0: free                                                    */
	uint32_t kind;  /* of the message that goes out; 0: software has not answered */
	uint32_t requester;
	struct iom_endpoint *endpoint; /* NULL once answered: it may go */
	uint64_t address;
};

struct toy {
	struct iom_unit unit;
	uint32_t tokens;
	struct stall stall[STALLS]; /* under unit.lock */
};

static struct toy *toy_of(struct iom_unit *unit)
{
	return (struct toy *)unit;
}

static void answer_locked(struct iom_unit *unit, struct stall *stall, uint32_t kind)
{
	if (stall->endpoint)
		stall->requester = stall->endpoint->requester;
	stall->endpoint = NULL;
	stall->kind = kind;
	iom_work_later(unit, TOY_WORK_MESSAGES);
}

static void answered(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	uint32_t token = (uint32_t)now, kind = (uint32_t)(now >> 32);

	(void)off, (void)was;
	for (unsigned i = 0; i < STALLS; i++) {
		struct stall *stall = &toy_of(unit)->stall[i];

		if (token && stall->token == token && !stall->kind &&
		    (kind == IOM_MESSAGE_RESUME || kind == IOM_MESSAGE_TERMINATE))
			answer_locked(unit, stall, kind);
	}
}

static void opened(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off, (void)was, (void)now;
	iom_work_later(unit, TOY_WORK_MESSAGES);
}

static const struct iom_reg rows[] = {
	{ TOY_OPEN, 4, "open", .rw = 1, .wrote = opened },
	{ TOY_ANSWER, 8, "answer", .rw = ~0ull, .wrote = answered },
	{ TOY_PAGES, 4, "pages", .own = IOM_MASK(31, 0) },
};

static void reset_locked(struct iom_unit *unit)
{
	for (unsigned i = 0; i < STALLS; i++) {
		if (toy_of(unit)->stall[i].token)
			answer_locked(unit, &toy_of(unit)->stall[i], IOM_MESSAGE_TERMINATE);
	}
}

static bool resolve(const struct iom_query *query, struct iom_grant *grant, struct iom_fault *fault)
{
	uint64_t iova = query->request->iova;

	/* The first page is always there. */
	if (!iom_reg_get(query->unit, TOY_OPEN) && iova >= PLAIN + 0x1000) {
		fault->hole_lg2 = 12;
		return false;
	}
	*grant = (struct iom_grant){ .spa = iova, .range_lg2 = 12, .perm = 3, .keep = true };
	return true;
}

static void refuse(const struct iom_query *query, const struct iom_fault *fault,
                   struct iom_reply *reply)
{
	struct toy *t = toy_of(query->unit);

	(void)fault;
	reply->fault = 1;
	reply->status = IOM_UNSUPPORTED;
	if (query->request->flags & IOM_REQ_PROBE)
		return;
	iom_lock(&t->unit.lock);
	for (unsigned i = 0; i < STALLS && !query->endpoint->removed; i++) {
		if (t->stall[i].token)
			continue;
		reply->status = IOM_STALLED;
		reply->token = ++t->tokens;
		t->stall[i] = (struct stall){ .token = reply->token,
			                      .endpoint = query->endpoint,
			                      .address = query->request->iova };
		break;
	}
	iom_unlock(&t->unit.lock);
}

static bool next_message(struct toy *t, uint32_t *requester, struct iom_message *message)
{
	bool found = false;

	iom_lock(&t->unit.lock);
	for (unsigned i = 0; i < STALLS && !found; i++) {
		struct stall *stall = &t->stall[i];

		if (!stall->token || !stall->kind)
			continue;
		*requester = stall->requester;
		*message = (struct iom_message){ .kind = stall->kind,
			                         .token = stall->token,
			                         .address = stall->address };
		*stall = (struct stall){ 0 };
		found = true;
	}
	iom_unlock(&t->unit.lock);
	return found;
}

static void work(struct iom_unit *unit, uint32_t what)
{
	struct iom_message message;
	uint32_t requester;

	(void)what;
	iom_unit_new_epoch(unit);
	while (next_message(toy_of(unit), &requester, &message)) {
		if (unit->host.message)
			unit->host.message(unit->opaque, requester, &message);
		if (!iom_work_step(unit)) {
			iom_work_later(unit, TOY_WORK_MESSAGES);
			break;
		}
	}
}

static const char *fault_name(uint32_t fault)
{
	(void)fault;
	return "not there";
}

static void inform(const struct iom_query *query, struct iom_context_info *info)
{
	(void)query;
	info->kind = IOM_CONTEXT_MAPPED;
}

static int message_from(struct iom_unit *unit, struct iom_endpoint *endpoint,
                        const struct iom_message *message)
{
	(void)endpoint;
	if (message->kind != IOM_MESSAGE_PAGE_REQUEST)
		return IOM_ENOTSUP;
	iom_lock(&unit->lock);
	iom_reg_set(unit, TOY_PAGES, iom_reg_get(unit, TOY_PAGES) + 1);
	iom_unlock(&unit->lock);
	return IOM_OK;
}

static void removed(struct iom_unit *unit, struct iom_endpoint *endpoint)
{
	iom_lock(&unit->lock);
	for (unsigned i = 0; i < STALLS; i++) {
		struct stall *stall = &toy_of(unit)->stall[i];

		if (stall->token && stall->endpoint == endpoint)
			answer_locked(unit, stall, IOM_MESSAGE_TERMINATE);
	}
	iom_unlock(&unit->lock);
	iom_work(unit, 0);
}

static void save_locked(struct iom_unit *unit, struct iom_stream *stream)
{
	struct toy *t = toy_of(unit);

	iom_put(stream, t->tokens);
	for (unsigned i = 0; i < STALLS; i++) {
		const struct stall *s = &t->stall[i];

		iom_put(stream, s->token);
		iom_put(stream, s->kind);
		iom_put(stream, s->endpoint ? s->endpoint->requester : s->requester);
		iom_put(stream, s->address);
	}
}

static bool load(struct iom_unit *unit, struct iom_stream *stream, const uint64_t *regs,
                 bool commit, struct iom_error *error)
{
	struct toy saved = { 0 };

	(void)regs, (void)error;
	saved.tokens = (uint32_t)iom_take(stream);
	for (unsigned i = 0; i < STALLS; i++) {
		struct stall *s = &saved.stall[i];

		s->token = (uint32_t)iom_take(stream);
		s->kind = (uint32_t)iom_take(stream);
		s->requester = (uint32_t)iom_take(stream);
		s->address = iom_take(stream);
	}
	if (commit) {
		toy_of(unit)->tokens = saved.tokens;
		memcpy(toy_of(unit)->stall, saved.stall, sizeof saved.stall);
		iom_work_later(unit, TOY_WORK_MESSAGES);
	}
	return true;
}

static const struct iom_arch arch = {
	.name = "stalltoy",
	.unit_bytes = sizeof(struct toy),
	.requester_last = 0xff,
	.reset_locked = reset_locked,
	.resolve = resolve,
	.refuse = refuse,
	.work = work,
	.fault_name = fault_name,
	.inform = inform,
	.message = message_from,
	.removed = removed,
	.save_locked = save_locked,
	.load = load,
};

/* ---- The bench -------------------------------------------------------------------------------- */

#define HEARD 8

struct toy_bench {
	struct bench *b;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_endpoint *endpoint[3];
	struct iom_port *port[3];
	unsigned heard;
	struct {
		uint32_t requester;
		struct iom_message message;
	} at[HEARD];
	bool ask_again; /* from inside the message */
	int again;
};

static void hear(void *opaque, uint32_t requester, const struct iom_message *message)
{
	struct toy_bench *t = opaque;
	uint64_t val;

	CHECK(t->heard < HEARD);
	t->at[t->heard].requester = requester;
	t->at[t->heard++].message = *message;
	CHECK_EQ(iom_mmio_read(t->unit, 0, TOY_PAGES, 4, &val), IOM_OK);
	if (t->ask_again) {
		const struct iom_request q = { .iova = message->address };
		struct iom_reply reply;

		t->again = iom_translate(t->port[requester], &q, &reply);
	}
}

static struct iom_unit *toy_new(struct iom_memory *memory, struct toy_bench *t)
{
	const struct iom_host host = { .bytes = sizeof host, .message = hear };
	struct iom_unit *unit = iom_unit_new(&arch, memory, &host, t, 0, 64);

	CHECK(unit);
	unit->spa_last = ~0ull;
	iom_regfile_init(&unit->regs, rows, IOM_COUNT(rows));
	iom_unit_reset(unit);
	return unit;
}

static struct toy_bench *toy_bench_new(void)
{
	struct toy_bench *t = calloc(1, sizeof *t);

	CHECK(t);
	t->b = bench_new();
	t->unit = toy_new(t->b->memory, t);
	CHECK_EQ(iom_lane_open(t->unit, &t->lane), IOM_OK);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK_EQ(iom_endpoint_get(t->unit, i, &t->endpoint[i]), IOM_OK);
		CHECK_EQ(iom_port_open(t->endpoint[i], t->lane, &t->port[i]), IOM_OK);
	}
	return t;
}

static void toy_bench_free(struct toy_bench *t)
{
	iom_unit_free(t->unit);
	bench_free(t->b);
	free(t);
}

static void store(struct toy_bench *t, uint64_t off, unsigned bytes, uint64_t val)
{
	CHECK_EQ(iom_mmio_write(t->unit, 0, off, bytes, val), IOM_OK);
}

static uint32_t stall(struct toy_bench *t, unsigned device, uint64_t iova)
{
	const struct iom_request q = { .iova = iova };
	struct iom_reply reply;

	CHECK_EQ(iom_translate(t->port[device], &q, &reply), IOM_EBUSY);
	CHECK_EQ(reply.status, IOM_STALLED);
	CHECK(reply.token);
	return reply.token;
}

static void check_heard(const struct toy_bench *t, unsigned i, uint32_t requester, uint32_t kind,
                        uint32_t token)
{
	CHECK(i < t->heard);
	CHECK_EQ(t->at[i].requester, requester);
	CHECK_EQ(t->at[i].message.kind, kind);
	CHECK_EQ(t->at[i].message.token, token);
}

static void answer(struct toy_bench *t, uint32_t kind, uint32_t token)
{
	store(t, TOY_ANSWER, 8, (uint64_t)kind << 32 | token);
}

#define FAR (PLAIN + 0x1000)

/* ---- Tests ------------------------------------------------------------------------------------ */

TEST(stalled_request_resumes, "")
{
	struct toy_bench *t = toy_bench_new();
	uint32_t token = stall(t, 1, FAR);
	const struct iom_request q = { .iova = FAR };
	struct iom_reply reply;

	CHECK_EQ(t->heard, 0);
	store(t, TOY_OPEN, 4, 1);
	answer(t, IOM_MESSAGE_RESUME, token + 1); /* nobody's */
	answer(t, 9, token);
	CHECK_EQ(t->heard, 0);
	t->ask_again = true;
	answer(t, IOM_MESSAGE_RESUME, token);
	CHECK_EQ(t->heard, 1);
	check_heard(t, 0, 1, IOM_MESSAGE_RESUME, token);
	CHECK_EQ(t->again, IOM_OK);
	CHECK_EQ(iom_translate(t->port[1], &q, &reply), IOM_OK);
	CHECK_EQ(reply.token, 0);
	/* A token is good for one answer. */
	answer(t, IOM_MESSAGE_RESUME, token);
	CHECK_EQ(t->heard, 1);
	toy_bench_free(t);
}

TEST(stalled_request_terminates, "")
{
	struct toy_bench *t = toy_bench_new();
	uint32_t a = stall(t, 0, FAR), b = stall(t, 1, FAR);

	CHECK(a != b);
	answer(t, IOM_MESSAGE_TERMINATE, b);
	CHECK_EQ(t->heard, 1);
	check_heard(t, 0, 1, IOM_MESSAGE_TERMINATE, b);
	answer(t, IOM_MESSAGE_TERMINATE, a);
	check_heard(t, 1, 0, IOM_MESSAGE_TERMINATE, a);
	toy_bench_free(t);
}

/* An access that stalls at its second page says how far it came, and goes on from there. */
TEST(stalled_access_goes_on, "")
{
	struct toy_bench *t = toy_bench_new();
	struct iom_request q = { .iova = FAR - 6 };
	struct iom_reply reply;
	uint8_t buf[16];

	memset(buf, 0, sizeof buf);
	memcpy((uint8_t *)t->b->bytes[BENCH_PLAIN] + 0x1000 - 6, "abcdefghijklmnop", 16);
	CHECK_EQ(iom_read(t->port[0], &q, buf, sizeof buf, &reply), IOM_EBUSY);
	CHECK_EQ(reply.status, IOM_STALLED);
	CHECK_EQ(reply.done, 6);
	store(t, TOY_OPEN, 4, 1);
	answer(t, IOM_MESSAGE_RESUME, reply.token);
	CHECK_EQ(t->heard, 1);
	CHECK_EQ(t->at[0].message.address, FAR);
	q.iova += 6;
	CHECK_EQ(iom_read(t->port[0], &q, buf + 6, sizeof buf - 6, &reply), IOM_OK);
	CHECK_EQ(memcmp(buf, "abcdefghijklmnop", 16), 0);
	toy_bench_free(t);
}

/* No section is held: a stalled request keeps nobody waiting. */
TEST(stalled_request_holds_no_section, "")
{
	struct toy_bench *t = toy_bench_new();
	const struct iom_request q = { .iova = FAR };
	struct iom_reply reply;

	CHECK_EQ(iom_write(t->port[0], &q, "abcd", 4, &reply), IOM_EBUSY);
	CHECK_EQ(iom_unit_stop(t->unit), IOM_OK);
	/* A stopped unit holds nothing back. */
	CHECK_EQ(iom_write(t->port[0], &q, "abcd", 4, &reply), IOM_EBUSY);
	CHECK_EQ(reply.token, 0);
	iom_unit_start(t->unit);
	toy_bench_free(t);
}

TEST(probes_do_not_stall, "")
{
	struct toy_bench *t = toy_bench_new();
	const struct iom_request q = { .iova = FAR, .flags = IOM_REQ_PROBE };
	struct iom_reply reply;

	CHECK_EQ(iom_translate(t->port[0], &q, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	CHECK_EQ(reply.token, 0);
	toy_bench_free(t);
}

TEST(stalls_are_bounded, "")
{
	struct toy_bench *t = toy_bench_new();
	const struct iom_request q = { .iova = FAR };
	struct iom_reply reply;

	for (unsigned i = 0; i < STALLS; i++)
		stall(t, 0, FAR);
	CHECK_EQ(iom_translate(t->port[0], &q, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	toy_bench_free(t);
}

TEST(removal_terminates_what_is_held_back, "")
{
	struct toy_bench *t = toy_bench_new();
	uint32_t a = stall(t, 1, FAR), b = stall(t, 2, FAR), c = stall(t, 1, FAR + 0x1000);
	const struct iom_request q = { .iova = FAR };
	struct iom_reply reply;

	CHECK_EQ(iom_endpoint_renumber(t->endpoint[2], 7), IOM_OK);
	iom_endpoint_remove(t->endpoint[1]);
	CHECK_EQ(t->heard, 2);
	check_heard(t, 0, 1, IOM_MESSAGE_TERMINATE, a);
	check_heard(t, 1, 1, IOM_MESSAGE_TERMINATE, c);
	CHECK_EQ(iom_translate(t->port[1], &q, &reply), IOM_ENOENT);
	CHECK_EQ(reply.token, 0);
	answer(t, IOM_MESSAGE_RESUME, a);
	CHECK_EQ(t->heard, 2);
	/* The other one hears under the number that it has now. */
	answer(t, IOM_MESSAGE_RESUME, b);
	check_heard(t, 2, 7, IOM_MESSAGE_RESUME, b);
	toy_bench_free(t);
}

TEST(reset_terminates_what_is_held_back, "")
{
	struct toy_bench *t = toy_bench_new();
	uint32_t a = stall(t, 1, FAR);

	iom_unit_reset(t->unit);
	CHECK_EQ(t->heard, 1);
	check_heard(t, 0, 1, IOM_MESSAGE_TERMINATE, a);
	toy_bench_free(t);
}

TEST(stop_keeps_messages_back, "")
{
	struct toy_bench *t = toy_bench_new();
	uint32_t a = stall(t, 1, FAR);

	CHECK_EQ(iom_unit_stop(t->unit), IOM_OK);
	answer(t, IOM_MESSAGE_RESUME, a);
	iom_endpoint_remove(t->endpoint[1]);
	CHECK_EQ(t->heard, 0);
	iom_unit_start(t->unit);
	CHECK_EQ(t->heard, 1);
	check_heard(t, 0, 1, IOM_MESSAGE_RESUME, a);
	toy_bench_free(t);
}

TEST(page_requests_arrive, "")
{
	struct toy_bench *t = toy_bench_new();
	struct iom_message message = { .kind = IOM_MESSAGE_PAGE_REQUEST };
	uint64_t val;

	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(iom_message(t->endpoint[i], &message), IOM_OK);
	CHECK_EQ(iom_mmio_read(t->unit, 0, TOY_PAGES, 4, &val), IOM_OK);
	CHECK_EQ(val, 3);
	message.kind = IOM_MESSAGE_INVALIDATED;
	CHECK_EQ(iom_message(t->endpoint[0], &message), IOM_ENOTSUP);
	message.kind = IOM_MESSAGE_RESUME;
	CHECK_EQ(iom_message(t->endpoint[0], &message), IOM_EINVAL);
	iom_endpoint_remove(t->endpoint[1]);
	message.kind = IOM_MESSAGE_PAGE_REQUEST;
	CHECK_EQ(iom_message(t->endpoint[1], &message), IOM_ENOENT);
	toy_bench_free(t);
}

/* What is held back moves with the unit, and so does what is due. */
TEST(stalled_requests_move, "")
{
	struct toy_bench *t = toy_bench_new(), *other = toy_bench_new();
	uint32_t a = stall(t, 1, FAR), b = stall(t, 2, FAR);
	uint8_t bytes_of[1024];
	size_t bytes;

	CHECK_EQ(iom_unit_stop(t->unit), IOM_OK);
	answer(t, IOM_MESSAGE_TERMINATE, b);
	CHECK_EQ(iom_unit_save(t->unit, bytes_of, sizeof bytes_of, &bytes), IOM_OK);
	CHECK_EQ(iom_unit_load(other->unit, bytes_of, bytes, NULL), IOM_OK);
	CHECK_EQ(t->heard, 0);
	CHECK_EQ(other->heard, 1);
	check_heard(other, 0, 2, IOM_MESSAGE_TERMINATE, b);
	answer(other, IOM_MESSAGE_RESUME, a);
	check_heard(other, 1, 1, IOM_MESSAGE_RESUME, a);
	toy_bench_free(other);
	toy_bench_free(t);
}

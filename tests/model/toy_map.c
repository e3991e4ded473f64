/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A toy unit without tables: software maps and unmaps through registers, a bounded list of intervals
 * answers.  It shows that such a unit fits behind the engine's seam, and tests the engine through it:
 * fronts, sections, replays, snapshots.
 */
#include "bench.h"

#include "model/backend.h"
#include "model/snapshot.h"
#include "model/work.h"

#define MAPS 16
#define TOY_FIRST 0x00
#define TOY_LAST 0x08
#define TOY_SPA 0x10
#define TOY_DO 0x18 /* 1: maps [FIRST, LAST] to SPA; 2: unmaps; BUSY until that is complete */
#define TOY_BUSY IOM_BIT(31)

#define TOY_WORK_CHANGED IOM_BIT(1)
#define TOY_DRAIN IOM_BIT(0)

struct interval {
	uint64_t first, last, spa;
};

struct toy {
	struct iom_unit unit;
	unsigned maps;
	struct interval map[MAPS]; /* under unit.lock */
	unsigned resolved;
};

static struct toy *toy_of(struct iom_unit *unit)
{
	return (struct toy *)unit;
}

static void wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	struct toy *t = toy_of(unit);
	const struct interval map = { iom_reg_get(unit, TOY_FIRST), iom_reg_get(unit, TOY_LAST),
		                      iom_reg_get(unit, TOY_SPA) };
	unsigned left = 0;

	(void)off, (void)was;
	if (now == 1 && t->maps < MAPS)
		t->map[t->maps++] = map;
	for (unsigned i = 0; now == 2 && i < t->maps; i++) {
		if (t->map[i].first < map.first || t->map[i].last > map.last)
			t->map[left++] = t->map[i];
	}
	if (now == 2)
		t->maps = left;
	iom_reg_set(unit, TOY_DO, TOY_BUSY);
	iom_work_later(unit, TOY_WORK_CHANGED);
}

static uint64_t legal(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
                      uint64_t lanes)
{
	(void)unit, (void)off, (void)lanes;
	return was & TOY_BUSY ? was : now;
}

static const struct iom_reg rows[] = {
	{ TOY_FIRST, 8, "first", .rw = ~0ull, .keeps = true },
	{ TOY_LAST, 8, "last", .rw = ~0ull },
	{ TOY_SPA, 8, "spa", .rw = ~0ull },
	{ TOY_DO, 4, "do", .rw = 3, .own = TOY_BUSY, .legal = legal, .wrote = wrote },
};

static void reset_locked(struct iom_unit *unit)
{
	toy_of(unit)->maps = 0;
}

/* How many address bits around `iova` stay inside [first, last]. */
static unsigned inside_lg2(uint64_t iova, uint64_t first, uint64_t last)
{
	unsigned lg2 = 63;

	while ((iova & ~iom_low(lg2)) < first || (iova | iom_low(lg2)) > last)
		lg2--;
	return lg2;
}

static bool resolve(const struct iom_query *query, struct iom_grant *grant, struct iom_fault *fault)
{
	uint64_t iova = query->request->iova, low = 0, high = ~0ull;
	struct toy *t = toy_of(query->unit);
	const struct interval *hit = NULL;
	unsigned lg2;

	iom_lock(&query->unit->lock);
	t->resolved++;
	for (unsigned i = 0; i < t->maps; i++) {
		const struct interval *m = &t->map[i];

		if (iova >= m->first && iova <= m->last)
			hit = m;
		else if (m->last < iova && m->last + 1 > low)
			low = m->last + 1;
		else if (m->first > iova && m->first - 1 < high)
			high = m->first - 1;
	}
	if (hit) {
		lg2 = inside_lg2(iova, hit->first, hit->last);
		while (lg2 > 12 && (hit->spa - hit->first) & iom_low(lg2))
			lg2--;
		*grant = (struct iom_grant){ .spa = iova - hit->first + hit->spa,
			                     .range_lg2 = (uint8_t)lg2,
			                     .perm = IOM_PERM_READ | IOM_PERM_WRITE,
			                     .keep = true };
	} else {
		fault->hole_lg2 = (uint8_t)inside_lg2(iova, low, high);
	}
	iom_unlock(&query->unit->lock);
	return hit && query->request->access != IOM_EXECUTE;
}

static void refuse(const struct iom_query *query, const struct iom_fault *fault,
                   struct iom_reply *reply)
{
	(void)query, (void)fault;
	reply->fault = 1;
	reply->status = IOM_UNSUPPORTED;
}

static void work(struct iom_unit *unit, uint32_t what)
{
	static const struct iom_invalidation all = { .stage1 = true };

	if (what & TOY_WORK_CHANGED)
		iom_unit_new_epoch(unit);
	if (!(iom_drain(unit, what & TOY_WORK_CHANGED ? TOY_DRAIN : 0, what & IOM_WORK_DRAINED) &
	      TOY_DRAIN))
		return;
	iom_backend_invalidate(unit, &all);
	iom_lock(&unit->lock);
	iom_reg_set(unit, TOY_DO, 0);
	iom_unlock(&unit->lock);
}

static const char *fault_name(uint32_t fault)
{
	return fault == 1 ? "not mapped" : "unknown";
}

static void inform(const struct iom_query *query, struct iom_context_info *info)
{
	(void)query;
	info->kind = IOM_CONTEXT_MAPPED;
}

static void save_locked(struct iom_unit *unit, struct iom_stream *stream)
{
	struct toy *t = toy_of(unit);

	iom_put(stream, t->maps);
	for (unsigned i = 0; i < t->maps; i++) {
		iom_put(stream, t->map[i].first);
		iom_put(stream, t->map[i].last);
		iom_put(stream, t->map[i].spa);
	}
}

static bool load(struct iom_unit *unit, struct iom_stream *stream, const uint64_t *regs,
                 bool commit, struct iom_error *error)
{
	struct interval map[MAPS];
	uint64_t maps = iom_take(stream);

	(void)regs, (void)error;
	if (maps > MAPS)
		return false;
	for (unsigned i = 0; i < maps; i++) {
		map[i].first = iom_take(stream);
		map[i].last = iom_take(stream);
		map[i].spa = iom_take(stream);
	}
	if (!commit)
		return true;
	toy_of(unit)->maps = (unsigned)maps;
	memcpy(toy_of(unit)->map, map, sizeof map[0] * maps);
	iom_work_later(unit, TOY_WORK_CHANGED);
	return true;
}

static const struct iom_arch arch = {
	.name = "toy",
	.unit_bytes = sizeof(struct toy),
	.requester_last = 0xffff,
	.reset_locked = reset_locked,
	.resolve = resolve,
	.refuse = refuse,
	.work = work,
	.fault_name = fault_name,
	.inform = inform,
	.save_locked = save_locked,
	.load = load,
};

static struct iom_unit *toy_new(struct iom_memory *memory)
{
	struct iom_unit *unit = iom_unit_new(&arch, memory, NULL, NULL, 0, 64);

	CHECK(unit);
	unit->spa_last = ~0ull;
	iom_regfile_init(&unit->regs, rows, IOM_COUNT(rows));
	iom_unit_reset(unit);
	return unit;
}

/* ---- The bench -------------------------------------------------------------------------------- */

struct toy_bench {
	struct bench *b;
	struct iom_unit *unit;
	struct iom_endpoint *endpoint;
	struct iom_lane *lane;
	struct iom_port *port;
};

static struct toy_bench toy_bench_new(void)
{
	struct toy_bench t = { .b = bench_new() };

	t.unit = toy_new(t.b->memory);
	CHECK_EQ(iom_lane_open(t.unit, &t.lane), IOM_OK);
	CHECK_EQ(iom_endpoint_get(t.unit, 5, &t.endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(t.endpoint, t.lane, &t.port), IOM_OK);
	return t;
}

static void toy_bench_free(struct toy_bench *t)
{
	iom_unit_free(t->unit);
	bench_free(t->b);
}

static void store(struct toy_bench *t, uint64_t off, unsigned bytes, uint64_t val)
{
	CHECK_EQ(iom_mmio_write(t->unit, 0, off, bytes, val), IOM_OK);
}

static bool busy(struct toy_bench *t)
{
	uint64_t val;

	CHECK_EQ(iom_mmio_read(t->unit, 0, TOY_DO, 4, &val), IOM_OK);
	return val;
}

static void change(struct toy_bench *t, uint64_t what, uint64_t first, uint64_t last, uint64_t spa)
{
	store(t, TOY_FIRST, 8, first);
	store(t, TOY_LAST, 8, last);
	store(t, TOY_SPA, 8, spa);
	store(t, TOY_DO, 4, what);
}

static int write_at(struct toy_bench *t, uint64_t iova, struct iom_reply *reply)
{
	const struct iom_request q = { .iova = iova };

	return iom_write(t->port, &q, "12345678", 8, reply);
}

/* ---- Tests ------------------------------------------------------------------------------------ */

TEST(toy_maps_and_unmaps, "")
{
	struct toy_bench t = toy_bench_new();
	struct iom_reply reply;

	CHECK_STR(iom_unit_arch(t.unit), "toy");
	CHECK_EQ(write_at(&t, 0x5000, &reply), IOM_EFAULT);
	CHECK_STR(iom_fault_name(t.unit, reply.fault), "not mapped");
	change(&t, 1, 0x5000, 0x8fff, PLAIN);
	CHECK(!busy(&t));
	CHECK_EQ(write_at(&t, 0x5000, &reply), IOM_OK);
	CHECK_EQ(reply.spa, PLAIN);
	CHECK_EQ(write_at(&t, 0x6ffc, &reply), IOM_OK);
	CHECK_EQ(write_at(&t, 0x8ffc, &reply), IOM_EFAULT);
	CHECK_EQ(reply.done, 4);
	change(&t, 2, 0, ~0ull, 0);
	CHECK_EQ(write_at(&t, 0x5000, &reply), IOM_EFAULT);
	toy_bench_free(&t);
}

/* A front answers for what it was granted, and forgets at once what is unmapped. */
TEST(toy_fronts_forget_at_once, "")
{
	struct toy_bench t = toy_bench_new();
	struct iom_reply reply;
	unsigned was;

	for (unsigned round = 0; round < 4; round++) {
		change(&t, 1, 0x5000, 0x5fff, PLAIN + 0x1000 * round);
		CHECK_EQ(write_at(&t, 0x5008, &reply), IOM_OK);
		was = toy_of(t.unit)->resolved;
		for (unsigned i = 0; i < 10; i++) {
			CHECK_EQ(write_at(&t, 0x5008, &reply), IOM_OK);
			CHECK_EQ(reply.spa, PLAIN + 0x1000 * round + 8);
		}
		CHECK_EQ(toy_of(t.unit)->resolved, was);
		change(&t, 2, 0x5000, 0x5fff, 0);
		CHECK_EQ(write_at(&t, 0x5008, &reply), IOM_EFAULT);
	}
	toy_bench_free(&t);
}

/* The unmapping is complete when no section is open that may still use the page. */
TEST(toy_completions_wait_for_sections, "")
{
	struct toy_bench t = toy_bench_new();
	const struct iom_request q = { .iova = 0x5000 };
	struct iom_reply reply;

	change(&t, 1, 0x5000, 0x5fff, PLAIN);
	iom_begin(t.lane);
	CHECK_EQ(iom_translate(t.port, &q, &reply), IOM_OK);
	change(&t, 2, 0x5000, 0x5fff, 0);
	CHECK(busy(&t));
	CHECK_EQ(iom_translate(t.port, &q, &reply), IOM_EFAULT);
	change(&t, 1, 0x5000, 0x5fff, PLAIN); /* dropped: busy */
	iom_end(t.lane);
	CHECK(!busy(&t));
	CHECK_EQ(iom_translate(t.port, &q, &reply), IOM_EFAULT);
	toy_bench_free(&t);
}

static unsigned told, stretches;
static uint64_t told_bytes;

static void on_context(void *opaque, const struct iom_context_info *info)
{
	(void)opaque;
	CHECK_EQ(info->kind, IOM_CONTEXT_MAPPED);
}

static void on_invalidate(void *opaque, const struct iom_invalidation *what)
{
	(void)opaque;
	CHECK(what->stage1);
	told++;
}

static int on_stretch(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm)
{
	(void)opaque;
	CHECK_EQ(iova - spa, 0x1000);
	CHECK_EQ(perm, IOM_PERM_READ | IOM_PERM_WRITE);
	stretches++;
	told_bytes += bytes;
	return 0;
}

/* What a layer below needs: that something changed, and what is mapped now. */
TEST(toy_tells_its_backend, "")
{
	const struct iom_backend backend = { .bytes = sizeof backend,
		                             .context = on_context,
		                             .invalidate = on_invalidate };
	struct toy_bench t = toy_bench_new();
	struct iom_context_info info;
	uint64_t next;

	told = stretches = 0;
	told_bytes = 0;
	CHECK_EQ(iom_backend_set(t.unit, &backend, NULL), IOM_OK);
	CHECK_EQ(iom_fault_in(t.endpoint, false, 0, &info), IOM_OK);
	CHECK_EQ(info.kind, IOM_CONTEXT_MAPPED);
	change(&t, 1, 0x1000, 0x1fff, 0);
	change(&t, 1, 0x2000, 0x6fff, 0x1000);
	change(&t, 1, 1ull << 40, (1ull << 41) - 1, (1ull << 40) - 0x1000);
	change(&t, 1, ~0xfffull, ~0ull, ~0x1fffull);
	CHECK_EQ(told, 4);
	CHECK_EQ(iom_replay(t.endpoint, 0, ~0ull, on_stretch, NULL, &next), IOM_EBUSY);
	/* an offset of one page makes the terabyte one of single pages */
	CHECK(next > 1ull << 40 && next < 1ull << 41);
	CHECK_EQ(iom_replay(t.endpoint, 1ull << 41, ~0ull, on_stretch, NULL, &next), IOM_OK);
	CHECK_EQ(stretches, 3);
	CHECK_EQ(told_bytes, 0x6000 + (65536ull * 0x1000 - 0) + 0x1000 -
	                             (65536ull * 0x1000 - (next - (1ull << 40))));
	toy_bench_free(&t);
}

TEST(toy_moves, "")
{
	struct toy_bench t = toy_bench_new(), other = toy_bench_new();
	struct iom_reply reply;
	struct iom_error error;
	uint8_t bytes_of[1024];
	size_t bytes;

	change(&t, 1, 0x5000, 0x5fff, PLAIN);
	iom_begin(t.lane);
	change(&t, 2, 0, 1, 0);
	CHECK(busy(&t));
	CHECK_EQ(iom_unit_save(t.unit, bytes_of, sizeof bytes_of, &bytes), IOM_OK);
	CHECK_EQ(iom_unit_load(other.unit, bytes_of, bytes, &error), IOM_OK);
	CHECK(!busy(&other));
	CHECK_EQ(write_at(&other, 0x5000, &reply), IOM_OK);
	/* A RISC-V IOMMU does not take it for its own. */
	CHECK_EQ(iom_unit_load(t.b->unit, bytes_of, bytes, &error), IOM_EINVAL);
	check_sentence(&error, IOM_EINVAL, "architecture");
	iom_end(t.lane);
	CHECK(!busy(&t));
	toy_bench_free(&other);
	toy_bench_free(&t);
}

TEST(toy_resets, "")
{
	struct toy_bench t = toy_bench_new();
	struct iom_reply reply;
	uint64_t val;

	for (unsigned warm = 0; warm < 2; warm++) {
		change(&t, 1, 0x5000, 0x5fff, PLAIN);
		CHECK_EQ(write_at(&t, 0x5000, &reply), IOM_OK);
		if (warm)
			iom_unit_reset_warm(t.unit);
		else
			iom_unit_reset(t.unit);
		CHECK_EQ(write_at(&t, 0x5000, &reply), IOM_EFAULT);
		CHECK_EQ(iom_mmio_read(t.unit, 0, TOY_FIRST, 8, &val), IOM_OK);
		CHECK_EQ(val, warm ? 0x5000 : 0);
	}
	/* The toy takes no time and no messages. */
	iom_step(t.unit, 1);
	iom_step(t.unit, 2);
	CHECK_EQ(iom_message(t.endpoint, &(struct iom_message){ .kind = IOM_MESSAGE_PAGE_REQUEST }),
	         IOM_ENOTSUP);
	iom_endpoint_remove(t.endpoint);
	toy_bench_free(&t);
}

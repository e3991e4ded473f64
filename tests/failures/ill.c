/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "ill.h"

#include <string.h>

enum { CQH = 0x020 };

static struct ill *now_ill; /* the bench's functions know the bench alone */
static uint64_t (*healthy_read)(void *opaque, uint64_t off, unsigned size);
static void (*healthy_write)(void *opaque, uint64_t off, unsigned size, uint64_t val);

static bool is_of_reads(enum mode mode)
{
	return mode == GONE_ONCE || mode == GONE || mode == NEVER_DONE;
}

static void end_nothing(struct ill *w)
{
	if (w->hw->unending)
		w->head = healthy_read(w->b, CQH, 4);
	else
		iom_begin(w->lane);
}

static uint64_t ill_read(void *opaque, uint64_t off, unsigned size)
{
	struct ill *w = now_ill;
	uint64_t val = healthy_read(opaque, off, size);
	bool first = is_of_reads(w->mode) && !w->fired && !w->left--;

	if (first) {
		w->fired = true;
		if (w->mode == NEVER_DONE)
			end_nothing(w);
	}
	if (!w->fired || !is_of_reads(w->mode) || (w->mode == GONE_ONCE && !first))
		return val;
	if (w->mode != NEVER_DONE)
		return size == 8 ? ~0ull : 0xffffffff;
	return w->hw->unending ? w->hw->unending(w, off, val) : val;
}

static void ill_write(void *opaque, uint64_t off, unsigned size, uint64_t val)
{
	struct ill *w = now_ill;

	if (w->mode == LOST && !w->fired)
		w->fired = !w->left--;
	if (w->mode != LOST || !w->fired)
		healthy_write(opaque, off, size, val);
}

/* Whoever waits waits long. */
static void hasty(void *opaque)
{
	struct bench *b = opaque;

	b->now += 1000000000;
	iom_step(b->unit, b->now);
}

void ill_new(struct ill *w, const struct hardware *hw, enum mode mode, unsigned n)
{
	*w = (struct ill){ .hw = hw, .b = hw->bench(), .mode = mode, .left = n };
	now_ill = w;
	healthy_read = w->b->host.mmio_read;
	healthy_write = w->b->host.mmio_write;
	w->b->host.mmio_read = ill_read;
	w->b->host.mmio_write = ill_write;
	w->b->host.relax = hasty;
	iom_step(w->b->unit, w->b->now);
	CHECK_EQ(iom_lane_open(w->b->unit, &w->lane), IOM_OK);
	if (mode == NO_MEMORY)
		w->b->countdown = (int)n;
	if (mode == SILENT)
		w->b->answers = (int)n;
}

void ill_heal(struct ill *w)
{
	w->fired |= w->mode == NO_MEMORY && w->b->countdown < 0;
	w->fired |= w->mode == SILENT && w->b->answers < 0;
	if (w->mode == NEVER_DONE && w->fired && !w->hw->unending)
		iom_end(w->lane);
	w->mode = HEALTHY;
	w->b->countdown = w->b->answers = -1;
}

bool ill_fits(const struct ill *w, int err)
{
	if (w->mode == NO_MEMORY)
		return err == IOM_ENOMEM;
	return err == IOM_ETIMEOUT || (err == IOM_EIO && w->mode != SILENT);
}

void ill_bring_up(struct ill *w)
{
	struct bench *b = w->b;
	int err = bench_up(b, NULL);

	if (!err)
		return;
	CHECK(b->error.text[0]);
	CHECK_EQ(b->error.code, err);
	CHECK_MSG(ill_fits(w, err) ||
	                  (w->mode != NO_MEMORY && (err == IOM_ENOTSUP || err == IOM_EBUSY)),
	          "%d", err);
	ill_heal(w);
	if (b->live) {
		/* Hardware did not let go: what it has stays with it until it is reset. */
		iom_unit_reset(b->unit);
		memset(b->used, 0, sizeof b->used);
		b->live = 0;
	} else {
		CHECK(w->hw->is_off(b));
	}
	CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
}

/* Tables are one page each, one behind the other. */
struct iom_stage ill_table(const struct hardware *hw, struct bench *b, uint64_t base, uint64_t less,
                           uint64_t va, uint64_t to)
{
	bool swap = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ && b->vtd;

	for (unsigned i = 0; i < hw->levels; i++) {
		bool leaf = i + 1 == hw->levels;
		uint64_t next = leaf ? to : base + 0x1000 * (i + 1ull);
		uint64_t word = hw->entry(next - less, leaf);

		*bench_word(b, base + 0x1000ull * i + (leaf ? va >> 12 << 3 : 0)) =
			swap ? __builtin_bswap64(word) : word;
	}
	return (struct iom_stage){
		.root = base - less,
		.format = hw->format,
		.tag = 77,
		.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ && !b->vtd,
	};
}

bool ill_is_blocked(const struct hardware *hw, unsigned code)
{
	for (unsigned i = 0; i < 4; i++)
		if (code && code == hw->blocked[i])
			return true;
	return false;
}

void ill_sweep(bool (*lives)(const struct hardware *hw, enum mode mode, unsigned n),
               const struct hardware *hw, enum mode mode, unsigned places)
{
	unsigned n = 0;

	while (lives(hw, mode, n))
		n++;
	CHECK_MSG(n >= places, "%s: only %u places can fail", hw->name, n);
}

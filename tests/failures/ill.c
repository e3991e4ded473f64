/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "ill.h"

#include <string.h>

enum { DDTP = 0x010, CQH = 0x020, CQCSR = 0x048, PQCSR = 0x050 };

static struct ill *now_ill; /* the bench's functions know the bench alone */
static uint64_t (*healthy_read)(void *opaque, uint64_t off, unsigned size);
static void (*healthy_write)(void *opaque, uint64_t off, unsigned size, uint64_t val);

static bool is_of_reads(enum mode mode)
{
	return mode == GONE_ONCE || mode == GONE || mode == NEVER_DONE;
}

static uint64_t ill_read(void *opaque, uint64_t off, unsigned size)
{
	struct ill *w = now_ill;
	uint64_t val = healthy_read(opaque, off, size);
	bool first = is_of_reads(w->mode) && !w->fired && !w->left--;

	if (first) {
		w->fired = true;
		w->head = healthy_read(opaque, CQH, 4);
	}
	if (!w->fired || !is_of_reads(w->mode) || (w->mode == GONE_ONCE && !first))
		return val;
	if (w->mode != NEVER_DONE)
		return size == 8 ? ~0ull : 0xffffffff;
	if (off >= CQCSR && off <= PQCSR)
		val |= 1 << 17;
	return off == DDTP ? val | 1 << 4 : off == CQH ? w->head : val;
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

void ill_new(struct ill *w, enum mode mode, unsigned n)
{
	*w = (struct ill){ .b = bench_new(NULL), .mode = mode, .left = n };
	now_ill = w;
	healthy_read = w->b->host.mmio_read;
	healthy_write = w->b->host.mmio_write;
	w->b->host.mmio_read = ill_read;
	w->b->host.mmio_write = ill_write;
	w->b->host.relax = hasty;
	iom_step(w->b->unit, w->b->now);
	if (mode == NO_MEMORY)
		w->b->countdown = (int)n;
	if (mode == SILENT)
		w->b->answers = (int)n;
}

void ill_heal(struct ill *w)
{
	w->fired |= w->mode == NO_MEMORY && w->b->countdown < 0;
	w->fired |= w->mode == SILENT && w->b->answers < 0;
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
		CHECK(bench_rd64(b, DDTP) % 16 < 2);
		CHECK_EQ(bench_rd32(b, CQCSR) & 0x30001, 0);
	}
	CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
}

void ill_sweep(bool (*lives)(enum mode mode, unsigned n), enum mode mode, unsigned places)
{
	unsigned n = 0;

	while (lives(mode, n))
		n++;
	CHECK_MSG(n >= places, "only %u places can fail", n);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The driver of driver.h. */
#include "driver.h"

#define IN_USE 1u
#define DONE 2u
#define ABORTED 3u
#define QUEUE_IS_WIDE 0x801u /* IQA: DW and QS=1 */
#define SECOND 1000000000ull

/* Ten seconds, then Linux gives up. */
#define POLLS 10000u

static void tick(struct driver *d, uint64_t ns)
{
	d->now += ns;
	iom_step(d->r->unit, d->now);
	if (d->devices)
		d->devices(d);
}

static void until(struct driver *d, uint64_t off, uint32_t mask, uint32_t want)
{
	unsigned i;

	for (i = 0; i < POLLS; i++) {
		if ((rd32(d->r, off) & mask) == want)
			return;
		tick(d, SECOND / 1000);
	}
	CHECK_MSG(false, "offset 0x%llx does not become 0x%x under 0x%x", (unsigned long long)off,
	          want, mask);
}

static void level(struct driver *d, uint32_t bit, bool on)
{
	d->gcmd = on ? d->gcmd | bit : d->gcmd & ~bit;
	wr32(d->r, GCMD, d->gcmd);
	until(d, GSTS, bit, on ? bit : 0);
}

static void latch(struct driver *d, uint32_t bit)
{
	wr32(d->r, GCMD, d->gcmd | bit);
	until(d, GSTS, bit, bit);
}

void driver_init(struct driver *d, struct rig *r)
{
	uint64_t fro = 16 * (r->cap >> 24 & 0x3ff), iro = 16 * (r->ecap >> 8 & 0x3ff);

	*d = (struct driver){ .r = r, .wide = r->ecap & ECAP_SMTS };
	CHECK(r->cap != ~0ull && r->ecap != ~0ull);
	CHECK(fro + 16 * ((r->cap >> 40 & 0xff) + 1) <= iom_mmio_bytes(r->unit, 0));
	CHECK(iro + 16 <= iom_mmio_bytes(r->unit, 0));
	CHECK(rd32(r, VER) >= 0x10);
	d->gcmd = rd32(r, GSTS) & (TE | QIE | IRE | CFI);
	d->queue = pages(r, d->wide ? 2 : 1, PAGE);
	d->words = page(r);
}

/* ---- Faults ------------------------------------------------------------------------------- */

void driver_faults(struct driver *d)
{
	struct rig *r = d->r;
	const unsigned records = (unsigned)(r->cap >> 40 & 0xff) + 1;
	const uint64_t fro = 16 * (r->cap >> 24 & 0x3ff);
	uint32_t fsts = rd32(r, FSTS);
	unsigned n = FRI(fsts), seen;

	for (seen = 0; fsts & PPF; seen++) {
		uint32_t top = rd32(r, fro + 16ull * n + 12), middle;

		if (!(top >> 31))
			break;
		CHECK(seen < records);
		middle = rd32(r, fro + 16ull * n + 8);
		d->fault = (struct record){
			.info = rd64(r, fro + 16ull * n),
			.sid = (uint16_t)middle,
			.reason = top & 0xff,
			.type = (top >> 30 & 1) << 1 | (middle >> 28 & 1),
			.pp = middle >> 31,
			.pasid = top >> 8 & 0xfffff,
		};
		d->faults++;
		wr32(r, fro + 16ull * n + 12, 1u << 31);
		n = (n + 1) % records;
	}
	/* PFO, and two that take no write */
	wr32(r, FSTS, PFO | PPF | 0x80);
}

void driver_fault_event(struct driver *d, uint32_t data)
{
	wr32(d->r, FECTL + xDATA, data);
	wr32(d->r, FECTL + xADDR, 0xfee01000);
	wr32(d->r, FECTL + xUADDR, 0);
	wr32(d->r, FECTL, 0);
	CHECK_EQ(rd32(d->r, FECTL), 0);
}

/* ---- The invalidation queue --------------------------------------------------------------- */

void driver_queue_on(struct driver *d)
{
	struct rig *r = d->r;
	unsigned i;

	if (rd32(r, GSTS) & QIE) {
		until(d, IQH, ~0u, rd32(r, IQT));
		level(d, QIE, false);
	}
	for (i = 0; i < DRIVER_SLOTS; i++)
		put32(r, d->words + 4ull * i, 0);
	d->next = 0;
	wr32(r, IQT, 0);
	wr64(r, IQA, d->queue | (d->wide ? QUEUE_IS_WIDE : 0));
	level(d, QIE, true);
}

static uint64_t slot(const struct driver *d, unsigned n)
{
	return d->queue + n % DRIVER_SLOTS * (d->wide ? 32ull : 16ull);
}

/* What FSTS tells: the descriptor at the head is replaced, waits that went down are given up. */
static bool recover(struct driver *d, unsigned first, unsigned wait)
{
	struct rig *r = d->r;
	uint32_t fsts = rd32(r, FSTS);
	unsigned i, words = d->wide ? 4 : 2;
	bool bad = false;

	if (fsts & IQE) {
		d->iqe++;
		if (rd32(r, IQH) == slot(d, first) - d->queue) {
			for (i = 0; i < words; i++)
				put64(r, slot(d, first) + 8ull * i,
				      ram64(r, slot(d, wait) + 8ull * i));
			bad = true;
		}
		wr32(r, FSTS, IQE);
	}
	if (fsts & ITE) {
		d->ite++;
		d->ite_sid = (uint16_t)(rd64(r, IQERCD) >> 32);
		wr32(r, FSTS, ITE);
		for (i = 0; i < DRIVER_SLOTS; i++)
			if (ram32(r, d->words + 4ull * i) == IN_USE)
				put32(r, d->words + 4ull * i, ABORTED);
	}
	if (fsts & ICE) {
		d->ice++;
		wr32(r, FSTS, ICE);
	}
	return bad;
}

enum submitted driver_submit(struct driver *d, const uint64_t (*qw)[4], unsigned n, bool drain)
{
	struct rig *r = d->r;
	unsigned i, first = d->next, wait = (first + n) % DRIVER_SLOTS;
	uint64_t word = d->words + 4ull * wait;
	const uint64_t last[4] = { (uint64_t)DONE << 32 | (drain ? 1 << 7 : 0) | 1 << 5 | 5, word };

	for (i = 0; i < n; i++)
		puts64(r, slot(d, first + i), qw[i], d->wide ? 4 : 2);
	puts64(r, slot(d, wait), last, d->wide ? 4 : 2);
	put32(r, word, IN_USE);
	d->next = (wait + 1) % DRIVER_SLOTS;
	wr32(r, IQT, (uint32_t)(slot(d, d->next) - d->queue));
	for (i = 0; i < POLLS; i++) {
		if (ram32(r, word) == DONE)
			return SUBMIT_DONE;
		if (ram32(r, word) == ABORTED)
			return SUBMIT_AGAIN;
		if (recover(d, first, wait))
			return SUBMIT_INVALID;
		tick(d, SECOND);
	}
	CHECK_MSG(false, "the wait at slot %u never ends", wait);
	return SUBMIT_INVALID;
}

void driver_flush(struct driver *d, uint64_t qw0, uint64_t qw1)
{
	const uint64_t qw[1][4] = { { qw0, qw1 } };

	CHECK_EQ(driver_submit(d, qw, 1, false), SUBMIT_DONE);
}

void driver_flush_all(struct driver *d)
{
	driver_flush(d, 1 | 1 << 4, 0);
	if (d->scalable)
		driver_flush(d, 7 | 3 << 4, 0);
	driver_flush(d, 2 | 1 << 4 | 3 << 6, 0);
}

/* ---- Start-up ----------------------------------------------------------------------------- */

void driver_interrupts(struct driver *d, bool x2apic)
{
	struct rig *r = d->r;

	driver_faults(d);
	driver_queue_on(d);
	if (rd32(r, GSTS) & IRE)
		level(d, IRE, false);
	if (!d->irt)
		d->irt = pages(r, 256, PAGE);
	wr64(r, IRTA, d->irt | (x2apic ? 1u << 11 : 0) | 0xf);
	latch(d, SIRTP);
	if (!(r->cap & CAP_ESIRTPS))
		driver_flush(d, 4, 0);
	level(d, IRE, true);
	if (rd32(r, GSTS) & CFI)
		level(d, CFI, false);
}

void driver_root(struct driver *d, bool scalable)
{
	struct rig *r = d->r;

	if (!(rd32(r, GSTS) & QIE))
		driver_queue_on(d);
	if (rd32(r, GSTS) & TE)
		level(d, TE, false);
	d->scalable = scalable;
	if (!d->root)
		d->root = page(r);
	r->root = d->root;
	if (r->cap & CAP_RWBF) {
		wr32(r, GCMD, d->gcmd | WBF);
		until(d, GSTS, WBF, 0);
	}
	wr64(r, RTADDR, d->root | (scalable ? 0x400 : 0));
	latch(d, SRTP);
	if (!(r->cap & CAP_ESRTPS))
		driver_flush_all(d);
}

void driver_page_requests(struct driver *d)
{
	struct rig *r = d->r;

	d->pages = pages(r, 16, PAGE);
	wr64(r, PQH, 0);
	wr64(r, PQT, 0);
	wr64(r, PQA, d->pages | 4);
	wr32(r, PECTL + xDATA, 0x51);
	wr32(r, PECTL + xADDR, 0xfee01000);
	wr32(r, PECTL + xUADDR, 0);
	wr32(r, PECTL, 0);
	CHECK_EQ(rd32(r, PECTL), 0);
}

void driver_translate(struct driver *d)
{
	level(d, TE, true);
	if (d->r->cap & (CAP_PLMR | CAP_PHMR)) {
		wr32(d->r, PMEN, rd32(d->r, PMEN) & ~(1u << 31));
		until(d, PMEN, 1, 0);
	}
}

/* ---- Page requests ------------------------------------------------------------------------ */

void driver_serve_pages(struct driver *d)
{
	struct rig *r = d->r;
	uint64_t head, tail;

	wr32(r, PRS, 1);
	tail = rd64(r, PQT);
	for (head = rd64(r, PQH); head != tail; head = (head + 32) % (16 * PAGE)) {
		uint64_t qw0 = ram64(r, d->pages + head), qw1 = ram64(r, d->pages + head + 8);
		/* Same PASID and requester; only the last of a group is answered. */
		uint64_t answer = (qw0 & 0xfffffffff0000) | (qw0 >> 8 & 1) << 4 | 9;

		CHECK_EQ(qw0 & 0xff, 1);
		d->requests++;
		if (qw1 & 4)
			driver_flush(d, answer, qw1 & 0xff8);
	}
	wr64(r, PQH, tail);
	if (rd32(r, PRS) & 2 && rd64(r, PQH) == rd64(r, PQT))
		wr32(r, PRS, 2);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The life of a VT-d unit: DMA of all kinds, descriptors, interrupts, messages, a move. */
#include "life.h"
#include "software_vtd.h"

/* One change beside what is on. */
static void global(struct world *w, uint32_t bit, bool on)
{
	uint32_t now = (uint32_t)reg(w, GSTS, 4) & 0x96ffffff;

	reg_set(w, GCMD, 4, on ? now | bit : now & ~bit);
	CHECK_EQ(!(reg(w, GSTS, 4) & bit), !on);
}

static void events(struct world *w)
{
	static const unsigned control[] = { FECTL, IECTL, PECTL };

	for (unsigned i = 0; i < 3; i++) {
		reg_set(w, control[i] + 4, 4, 0xa0 + i);
		reg_set(w, control[i] + 8, 4, EVENT(i));
		reg_set(w, control[i] + 12, 4, 0);
		reg_set(w, control[i], 4, 0);
	}
}

/* Off, and on again, as any driver would do it: nothing is taken for granted. */
static void bring_up(struct world *w)
{
	struct roots roots;

	global(w, TE, false);
	global(w, IRE, false);
	global(w, QIE, false);
	roots = soft_vtd_tables(w);
	events(w);
	reg_set(w, FSTS, 4, 0x71);
	reg_set(w, IQT, 8, 0);
	reg_set(w, IQA, 8, QUEUE | 1 << 11);
	reg_set(w, PQH, 8, 0);
	reg_set(w, PQT, 8, 0);
	reg_set(w, PQA, 8, PAGES);
	reg_set(w, PRS, 4, 3);
	global(w, QIE, true);
	reg_set(w, RTADDR, 8, roots.root | 1 << 10);
	global(w, RTP, true);
	reg_set(w, IRTA, 8, roots.interrupts | 1 << 11 | 7);
	global(w, IRTP, true);
	global(w, TE, true);
	global(w, IRE, true);
	refresh(w);
	w->devices_answer = true;
	iom_step(w->unit, w->now += 1000000);
	forget_all(w);
	drain(w);
}

static void sent(struct world *w, unsigned index)
{
	struct iom_reply reply;
	bool before = w->fired;
	int err;

	word_set(w, WORLD_CPU, 0);
	store_message(w, HOST, MESSAGE(index), 0);
	note(w, word(w, WORLD_CPU));
	for (unsigned i = 0; i < 5; i++)
		note(w, word(w, w->posted + 8ull * i));
	word_set(w, WORLD_CPU, 0);
	before = w->fired;
	err = iom_msi(w->endpoint[HOST], MESSAGE(index), 0, &reply);
	judge(w, before == w->fired, IOM_AT_UNTRANSLATED, err, &reply);
	note(w, word(w, WORLD_CPU));
	word_set(w, WORLD_CPU, 0);
}

static void interrupts(struct world *w)
{
	struct iom_route route = { 0 };
	struct iom_reply reply;

	refresh(w);
	forget_all(w);
	for (unsigned index = REMAPPED; index <= POSTED; index++) {
		bool before = w->fired;
		int err;

		descriptor(w, 0x04, 0);
		note_queue(w);
		err = iom_msi_translate(w->endpoint[HOST], MESSAGE(index), 0, &route, &reply);
		judge(w, before == w->fired, IOM_AT_UNTRANSLATED, err, &reply);
		note(w, route.address);
		sent(w, index);
	}
	sent(w, 2); /* not present */
	drain(w);
}

static void device_invalidations(struct world *w)
{
	w->messages = 0;
	invalidate(w, HOST, IOVA);
	fence(w);
	note(w, w->messages);
	w->devices_answer = false;
	invalidate(w, PROCESS, IOVA);
	fence(w);
	iom_step(w->unit, w->now += 1000000);
	note_queue(w); /* timed out */
	reg_set(w, FSTS, 4, ITE);
	note_queue(w);
	descriptor(w, 9 | (uint64_t)HOST << 16, 3 << 3);
	note(w, w->messages);
	w->devices_answer = true;
	drain(w);
}

static void illegal_descriptor(struct world *w)
{
	uint64_t at = QUEUE + reg(w, IQT, 8);

	descriptor(w, 15, 0);
	note_queue(w);
	note(w, reg(w, IQERCD, 8) & 0xf);
	word_set(w, at, 5);
	reg_set(w, FSTS, 4, IQE);
	note_queue(w);
	drain(w);
}

/* Invalidation by registers, without the queue. */
static void registers(struct world *w)
{
	global(w, QIE, false);
	reg_set(w, CCMD, 8, 1ull << 63 | 1ull << 61);
	note(w, reg(w, CCMD, 8));
	reg_set(w, IOTLB, 8, 1ull << 63 | 1ull << 60);
	note(w, reg(w, IOTLB, 8));
	dma_read(w, BARE_DEVICE, w->data, IOM_READ, w->data);
	reg_set(w, IQT, 8, 0);
	global(w, QIE, true);
	forget_all(w);
	drain(w);
}

/* With a wait for a section; it goes on in the new unit. */
static void move(struct world *w)
{
	word_set(w, STAMP, 0);
	iom_begin(w->lane);
	descriptor(w, 0xd2, 0);
	descriptor(w, 0x25 | (uint64_t)STAMPED << 32, STAMP);
	if (!w->fired && !w->strange)
		CHECK_EQ(word(w, STAMP), 0);
	world_move(w);
	note(w, word(w, STAMP));
	note_queue(w);
	drain(w);
}

static const struct step steps[] = {
	{ "bring-up", bring_up, false },
	{ "DMA", life_plain_dma, false },
	{ "marks", life_marks, false },
	{ "refusals", life_refusals, false },
	{ "probe", life_probe, false },
	{ "interrupts", interrupts, false },
	{ "ATS", life_ats, false },
	/* What keeps a first stage from being read is told to a device as a page that is not there. */
	{ "cached DMA", cached_dma, true },
	{ "device invalidations", device_invalidations, false },
	{ "page requests", life_page_requests, false },
	{ "illegal descriptor", illegal_descriptor, false },
	{ "registers", registers, false },
	{ "backend", life_backend, true },
	{ "move", move, false },
	{ "remove and come back", life_remove_and_come_back, false },
	{ "reset", life_reset, false },
	{ "DMA again", life_plain_dma, false },
};

/* ---- The architecture --------------------------------------------------------------------- */

/* Corrupt data is no other cause than none. */
static bool cause_fits(int code, uint32_t cause)
{
	static const uint8_t causes[] = { 0x23, 0x27, 0x38, 0x40, 0x50, 0x58,
		                          0x70, 0x73, 0x78, 0x7b, 0x7d, 0x91 };

	(void)code;
	for (size_t i = 0; i < COUNT(causes); i++) {
		if (causes[i] == cause)
			return true;
	}
	return false;
}

static unsigned status_of(uint32_t cause, unsigned at)
{
	(void)cause;
	return at == IOM_AT_TRANSLATION_REQUEST ? IOM_ABORT : IOM_UNSUPPORTED;
}

static int unit_new(struct world *w, struct iom_unit **out, struct iom_error *error)
{
	const struct iom_vtd_config config = { .bytes = sizeof config,
		                               .profile = IOM_VTD_FULL,
		                               .cache_lg2 = 5,
		                               .ats_timeout_ns = 1000 };

	return iom_vtd_new(&config, w->memory, &w->host, w, out, error);
}

const struct arch arch_vtd = {
	.name = "VT-d",
	.unit_new = unit_new,
	.steps = steps,
	.step_count = COUNT(steps),
	.cause_fits = cause_fits,
	.status_of = status_of,
	.refresh = soft_vtd_refresh,
	.forget_all = soft_vtd_forget_all,
	.fence = soft_vtd_fence,
	.invalidate = soft_vtd_invalidate,
	.note_queue = soft_vtd_note_queue,
	.drain = soft_vtd_drain,
	.recover = soft_vtd_recover,
};

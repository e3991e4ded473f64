/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The life of RISC-V's IOMMU: DMA of all kinds, commands, messages, counters, a move. */
#include "life.h"
#include "software_riscv.h"

enum { TR_RESPONSE = 0x268 };
enum {
	IOCOUNTOVF = 0x58,
	IOCOUNTINH = 0x5c,
	IOHPMCYCLES = 0x60,
	IOHPMCTR1 = 0x68,
	IOHPMEVT1 = 0x160,
};

/* Off, and on again, as any driver would do it: nothing is taken for granted. */
static void bring_up(struct world *w)
{
	uint64_t ddt = soft_riscv_tables(w);

	reg_set(w, DDTP, 8, OFF);
	reg_set(w, CQCSR, 4, 0);
	reg_set(w, FQCSR, 4, 0);
	reg_set(w, PQCSR, 4, 0);
	reg_set(w, FCTL, 4, 0);
	reg_set(w, IPSR, 4, CIP | FIP | PMIP | PIP);
	reg_set(w, ICVEC, 8, 0x3210);
	for (unsigned i = 0; i < 4; i++) {
		reg_set(w, MSI_CFG + 16 * i, 8, VECTORS + 8 * i);
		reg_set(w, MSI_CFG + 16 * i + 8, 4, 0xa0 + i);
		reg_set(w, MSI_CFG + 16 * i + 12, 4, 0);
	}
	reg_set(w, CQB, 8, PPN_OF(CQ) | 6);
	reg_set(w, FQB, 8, PPN_OF(FQ) | 6);
	reg_set(w, PQB, 8, PPN_OF(PQ) | 6);
	reg_set(w, CQT, 4, 0);
	reg_set(w, FQH, 4, 0);
	reg_set(w, PQH, 4, 0);
	reg_set(w, CQCSR, 4, EN | IE);
	reg_set(w, FQCSR, 4, EN | IE);
	reg_set(w, PQCSR, 4, EN | IE);
	reg_set(w, DDTP, 8, PPN_OF(ddt) | LVL2);
	CHECK_EQ(reg(w, DDTP, 8), PPN_OF(ddt) | LVL2);
	refresh(w);
	w->devices_answer = true;
	iom_step(w->unit, w->now += 1000000);
	forget_all(w);
}

static void device_messages(struct world *w)
{
	word_set(w, w->msi_file, 0);
	word_set(w, w->mrif, 0);
	word_set(w, NOTICES, 0);
	forget_all(w);
	store_message(w, GUEST, MSI_IOVA, 42);
	note(w, word(w, w->msi_file));
	store_message(w, GUEST, MRIF_IOVA, 43);
	note(w, word(w, w->mrif));
	note(w, word(w, NOTICES));
	if (word(w, NOTICES))
		CHECK_EQ(word(w, w->mrif), 1ull << 43); /* no notice of nothing */
	drain(w);
}

static void device_invalidations(struct world *w)
{
	w->messages = 0;
	invalidate(w, HOST, IOVA);
	fence(w);
	note(w, w->messages);
	w->devices_answer = false;
	invalidate(w, HOST, IOVA);
	fence(w);
	iom_step(w->unit, w->now += 1000000);
	note_queue(w); /* timed out */
	reg_set(w, CQCSR, 4, EN | IE | CMD_TO);
	note_queue(w);
	command(w, ATS_PRGR | (uint64_t)HOST << 40, 1ull << 32);
	note(w, w->messages);
	w->devices_answer = true;
	drain(w);
}

static void illegal_command(struct world *w)
{
	command(w, 0, 0);
	note_queue(w);
	word_set(w, CQ + 16 * ((reg(w, CQT, 4) + QUEUE_ENTRIES - 1) % QUEUE_ENTRIES), FENCE);
	reg_set(w, CQCSR, 4, EN | IE | CMD_ILL);
	note_queue(w);
	drain(w);
}

static void debug(struct world *w)
{
	for (unsigned id = HOST; id <= GUEST; id++) {
		forget_all(w);
		reg_set(w, TR_REQ_IOVA, 8, IOVA);
		reg_set(w, TR_REQ_CTL, 8, (uint64_t)id << 40 | 1);
		note(w, reg(w, TR_REQ_CTL, 8));
		note(w, reg(w, TR_RESPONSE, 8));
	}
	drain(w);
}

static void counters(struct world *w)
{
	forget_all(w);
	reg_set(w, IOCOUNTINH, 4, ~0u);
	reg_set(w, IOHPMCTR1, 8, ~0ull);
	reg_set(w, IOHPMEVT1, 8, 7); /* walks of first stages */
	reg_set(w, IOCOUNTINH, 4, ~3u);
	reg_set(w, IOHPMCYCLES, 8, 0);
	iom_step(w->unit, w->now += 1000);
	dma_read(w, HOST, IOVA, IOM_READ, w->data);
	note(w, reg(w, IOHPMCTR1, 8));
	note(w, reg(w, IOCOUNTOVF, 4));
	note(w, reg(w, IOHPMCYCLES, 8));
	reg_set(w, IOCOUNTINH, 4, ~0u);
	reg_set(w, IOHPMEVT1, 8, 0);
	drain(w);
}

/* A fence by wire; then messages again. */
static void wires(struct world *w)
{
	uint64_t ddtp = reg(w, DDTP, 8);

	reg_set(w, DDTP, 8, OFF);
	reg_set(w, CQCSR, 4, 0);
	reg_set(w, FQCSR, 4, 0);
	reg_set(w, PQCSR, 4, 0);
	reg_set(w, FCTL, 4, WSI);
	reg_set(w, CQT, 4, 0);
	reg_set(w, CQCSR, 4, EN | IE);
	command(w, FENCE | FENCE_WSI, 0);
	note_queue(w);
	note(w, w->host.wire ? w->wire[0] : true);
	reg_set(w, CQCSR, 4, EN | IE | FENCE_W_IP);
	reg_set(w, IPSR, 4, CIP);
	note(w, w->wire[0]);
	reg_set(w, CQCSR, 4, 0);
	reg_set(w, FCTL, 4, 0);
	reg_set(w, CQT, 4, 0);
	reg_set(w, FQH, 4, 0);
	reg_set(w, PQH, 4, 0);
	reg_set(w, CQCSR, 4, EN | IE);
	reg_set(w, FQCSR, 4, EN | IE);
	reg_set(w, PQCSR, 4, EN | IE);
	reg_set(w, DDTP, 8, ddtp);
	forget_all(w);
	drain(w);
}

/* With a fence that waits for a section; it goes on in the new unit. */
static void move(struct world *w)
{
	word_set(w, STAMP, 0);
	iom_begin(w->lane);
	command(w, FENCE | FENCE_AV | FENCE_DATA(STAMPED), STAMP >> 2);
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
	{ "device messages", device_messages, false },
	{ "ATS", life_ats, false },
	{ "cached DMA", cached_dma, false },
	{ "device invalidations", device_invalidations, false },
	{ "page requests", life_page_requests, false },
	{ "illegal command", illegal_command, false },
	{ "debug", debug, false },
	{ "counters", counters, false },
	{ "backend", life_backend, true },
	{ "wires", wires, false },
	{ "move", move, false },
	{ "remove and come back", life_remove_and_come_back, false },
	{ "reset", life_reset, false },
	{ "DMA again", life_plain_dma, false },
};

/* ---- The architecture --------------------------------------------------------------------- */

static bool cause_fits(int code, uint32_t cause)
{
	static const uint16_t poison[] = { 268, 269, 270, 271, 274 };
	static const uint16_t bus[] = { 1, 5, 7, 257, 261, 264, 265 };
	const uint16_t *list = code == IOM_EPOISON ? poison : bus;
	size_t count = code == IOM_EPOISON ? COUNT(poison) : COUNT(bus);

	for (size_t i = 0; i < count; i++) {
		if (list[i] == cause)
			return true;
	}
	return false;
}

/* Corrupt data is an abort; so is what a translation request meets beyond the device's context. */
static unsigned status_of(uint32_t cause, unsigned at)
{
	if (cause == 257 || (cause < 268 && at != IOM_AT_TRANSLATION_REQUEST))
		return IOM_UNSUPPORTED;
	return IOM_ABORT;
}

static int unit_new(struct world *w, struct iom_unit **out, struct iom_error *error)
{
	const struct iom_riscv_config config = { .bytes = sizeof config,
		                                 .cache_lg2 = 5,
		                                 .ats_timeout_ns = 1000 };

	return iom_riscv_new(&config, w->memory, &w->host, w, out, error);
}

const struct arch arch_riscv = {
	.name = "RISC-V",
	.unit_new = unit_new,
	.steps = steps,
	.step_count = COUNT(steps),
	.cause_fits = cause_fits,
	.status_of = status_of,
	.refresh = soft_riscv_refresh,
	.forget_all = soft_riscv_forget_all,
	.fence = soft_riscv_fence,
	.invalidate = soft_riscv_invalidate,
	.note_queue = soft_riscv_note_queue,
	.drain = soft_riscv_drain,
	.recover = soft_riscv_recover,
};

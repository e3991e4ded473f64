/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The steps of life.h: DMA of all kinds, commands, messages, counters, a move. */
#include "life.h"
#include "software.h"

#include <string.h>

struct step {
	const char *name;
	void (*run)(struct world *w);
	bool asks_again; /* the unit may do so by itself, and see nothing of a failure */
};

enum { ATS_INVAL = 0x004, ATS_PRGR = 0x084, TR_RESPONSE = 0x268 };
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
	uint64_t ddt = tables(w);

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

static void plain_dma(struct world *w)
{
	refresh(w);
	forget_all(w);
	for (unsigned id = HOST; id <= GUEST; id++) {
		uint64_t data = id == GUEST ? w->guest_data : w->data;

		dma_read(w, id, IOVA + 0xfe0, IOM_READ, data + 0xfe0);
		dma_write(w, id, IOVA + 0xfe0, data + 0xfe0);
		dma_read(w, id, IOVA + 0x40, IOM_EXECUTE, data + 0x40);
		dma_atomic(w, id, IOVA + 0x80, data + 0x80);
	}
	dma_write(w, PROCESS, IOVA + 0x100, w->data + 0x100);
	dma_read(w, PROCESS, IOVA + 0x100, IOM_READ, w->data + 0x100);
	dma_read(w, BARE_DEVICE, w->data, IOM_READ, w->data);
	dma_write(w, BARE_DEVICE, w->data, w->data);
	drain(w);
}

/* What was marked when memory was walked. */
static void marks(struct world *w)
{
	refresh(w);
	forget_all(w);
	dma_read(w, GUEST, IOVA, IOM_READ, w->guest_data);
	note(w, word(w, w->guest_leaf) & 0xff);
	dma_write(w, GUEST, IOVA, w->guest_data);
	note(w, word(w, w->guest_leaf) & 0xff);
	dma_write(w, HOST, IOVA, w->data);
	note(w, word(w, w->leaf) & 0xff);
	drain(w);
}

static void refusals(struct world *w)
{
	forget_all(w);
	dma_read(w, HOST, UNMAPPED, IOM_READ, w->data);
	dma_read(w, GUEST, UNMAPPED, IOM_READ, w->data);
	dma_read(w, ABSENT, IOVA, IOM_READ, w->data);
	dma_write(w, PROCESS, UNMAPPED, w->data);
	note_queue(w);
	drain(w);
}

static void probe(struct world *w)
{
	struct iom_request q = request(HOST, IOVA, IOM_READ, IOM_AT_UNTRANSLATED);

	refresh(w);
	forget_all(w);
	q.flags |= IOM_REQ_PROBE;
	ask(w, HOST, q);
	ask(w, GUEST, q);
	drain(w);
}

static void store_message(struct world *w, uint64_t iova, uint32_t identity)
{
	struct iom_request q = request(GUEST, iova, IOM_WRITE, IOM_AT_UNTRANSLATED);
	struct iom_reply reply;
	bool before = w->fired;
	int err = iom_write(w->port[GUEST], &q, &identity, sizeof identity, &reply);

	judge(w, before == w->fired, q.at, err, &reply);
}

static void device_messages(struct world *w)
{
	word_set(w, w->msi_file, 0);
	word_set(w, w->mrif, 0);
	word_set(w, NOTICES, 0);
	forget_all(w);
	store_message(w, MSI_IOVA, 42);
	note(w, word(w, w->msi_file));
	store_message(w, MRIF_IOVA, 43);
	note(w, word(w, w->mrif));
	note(w, word(w, NOTICES));
	if (word(w, NOTICES))
		CHECK_EQ(word(w, w->mrif), 1ull << 43); /* no notice of nothing */
	drain(w);
}

static void ats(struct world *w)
{
	struct iom_request q = request(HOST, IOVA, IOM_READ, IOM_AT_TRANSLATION_REQUEST);

	refresh(w);
	forget_all(w);
	ask(w, HOST, q);
	q = request(PROCESS, IOVA, IOM_READ, IOM_AT_TRANSLATION_REQUEST);
	ask(w, PROCESS, q);
	q = request(HOST, w->data, IOM_WRITE, IOM_AT_TRANSLATED);
	ask(w, HOST, q);
	drain(w);
}

static void device_invalidations(struct world *w)
{
	w->messages = 0;
	command(w, ATS_INVAL | (uint64_t)HOST << 40, IOVA);
	fence(w);
	note(w, w->messages);
	w->devices_answer = false;
	command(w, ATS_INVAL | (uint64_t)HOST << 40, IOVA);
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

static void page_requests(struct world *w)
{
	const struct iom_message ask_pages = { .address = IOVA,
		                               .kind = IOM_MESSAGE_PAGE_REQUEST,
		                               .token = 3,
		                               .code = IOM_PAGE_READ | IOM_PAGE_LAST };

	forget_all(w);
	w->messages = 0;
	CHECK_EQ(iom_message(w->endpoint[HOST], &ask_pages), IOM_OK);
	note(w, w->messages);
	CHECK_EQ(iom_message(w->endpoint[GUEST], &ask_pages), IOM_OK);
	note(w, w->messages);
	note(w, w->message.code);
	note_queue(w);
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

static void hear_context(void *opaque, const struct iom_context_info *info)
{
	note(opaque, info->requester | info->kind << 8);
}

static void hear_invalidation(void *opaque, const struct iom_invalidation *what)
{
	note(opaque, what->stage1 | what->stage2 << 1);
}

static int hear_range(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm)
{
	note(opaque, iova);
	note(opaque, spa);
	note(opaque, bytes | perm);
	return 0;
}

static void backend(struct world *w)
{
	const struct iom_backend b = { sizeof b, hear_context, hear_invalidation };
	uint64_t next = 0;

	refresh(w);
	CHECK_EQ(iom_backend_set(w->unit, &b, w), IOM_OK);
	forget_all(w);
	CHECK_EQ(iom_fault_in(w->endpoint[PROCESS], true, PID, NULL), IOM_OK);
	CHECK_EQ(iom_replay(w->endpoint[HOST], IOVA, IOVA + 0x3fff, hear_range, w, &next), IOM_OK);
	CHECK_EQ(iom_replay(w->endpoint[GUEST], IOVA, IOVA + 0x3fff, hear_range, w, &next), IOM_OK);
	CHECK_EQ(iom_backend_set(w->unit, NULL, NULL), IOM_OK);
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
	command(w, FENCE | FENCE_AV | FENCE_DATA(0x12345678), STAMP >> 2);
	world_move(w);
	note(w, word(w, STAMP));
	note_queue(w);
	drain(w);
}

static void remove_and_come_back(struct world *w)
{
	CHECK_EQ(iom_endpoint_renumber(w->endpoint[ABSENT], BARE_DEVICE), IOM_EEXIST);
	iom_endpoint_remove(w->endpoint[BARE_DEVICE]);
	iom_port_close(w->port[BARE_DEVICE]);
	CHECK_EQ(iom_endpoint_renumber(w->endpoint[ABSENT], BARE_DEVICE), IOM_OK);
	dma_read(w, ABSENT, w->data, IOM_READ, w->data);
	CHECK_EQ(iom_endpoint_renumber(w->endpoint[ABSENT], ABSENT), IOM_OK);
	TRY(w, iom_endpoint_get(w->unit, BARE_DEVICE, &w->endpoint[BARE_DEVICE]));
	TRY(w, iom_port_open(w->endpoint[BARE_DEVICE], w->lane, &w->port[BARE_DEVICE]));
	dma_read(w, BARE_DEVICE, w->data, IOM_READ, w->data);
	drain(w);
}

static void reset(struct world *w)
{
	iom_unit_reset_warm(w->unit);
	note_queue(w);
	bring_up(w);
	iom_unit_reset(w->unit);
	note_queue(w);
	bring_up(w);
}

static const struct step steps[] = {
	{ "bring-up", bring_up, false },
	{ "DMA", plain_dma, false },
	{ "marks", marks, false },
	{ "refusals", refusals, false },
	{ "probe", probe, false },
	{ "device messages", device_messages, false },
	{ "ATS", ats, false },
	{ "cached DMA", cached_dma, false },
	{ "device invalidations", device_invalidations, false },
	{ "page requests", page_requests, false },
	{ "illegal command", illegal_command, false },
	{ "debug", debug, false },
	{ "counters", counters, false },
	{ "backend", backend, true },
	{ "wires", wires, false },
	{ "move", move, false },
	{ "remove and come back", remove_and_come_back, false },
	{ "reset", reset, false },
	{ "DMA again", plain_dma, false },
};

static bool same(const struct notes *a, const struct notes *b)
{
	return a->count == b->count && !memcmp(a->value, b->value, a->count * sizeof a->value[0]);
}

/* `here`: something failed in this step. */
static void compare(const struct world *w, const struct world *good, bool here)
{
	const struct notes *is = &w->notes[w->step], *should = &good->notes[w->step];
	const char *step = w->step ? steps[w->step - 1].name : "creation";
	unsigned i = 0;

	if (here) {
		CHECK_MSG(!same(is, should) || steps[w->step - 1].asks_again,
		          "step '%s': a failure was not told", step);
		return;
	}
	while (i < is->count && i < should->count && is->value[i] == should->value[i])
		i++;
	CHECK_MSG(same(is, should),
	          "step '%s' after a failure: note %u of %u is 0x%llx, not 0x%llx", step, i,
	          is->count, (unsigned long long)is->value[i],
	          (unsigned long long)should->value[i]);
}

void life(struct world *w, const struct world *good)
{
	world_build(w);
	for (unsigned i = 0; i <= COUNT(steps); i++) {
		bool before = i && w->fired;
		bool here;

		w->step = i;
		if (i)
			steps[i - 1].run(w);
		here = w->fired && !before;
		if (good && !w->strange)
			compare(w, good, here);
		if (i && (here || w->strange))
			life_recover(w);
	}
	w->step = COUNT(steps) + 1;
	world_move(w);
}

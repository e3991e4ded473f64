/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A life as life.h says, and the steps that every architecture has. */
#include "life.h"
#include "software.h"

#include <string.h>

void life_plain_dma(struct world *w)
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
void life_marks(struct world *w)
{
	refresh(w);
	forget_all(w);
	dma_read(w, GUEST, IOVA, IOM_READ, w->guest_data);
	note(w, word(w, w->guest_leaf) & 0x3ff);
	dma_write(w, GUEST, IOVA, w->guest_data);
	note(w, word(w, w->guest_leaf) & 0x3ff);
	dma_write(w, HOST, IOVA, w->data);
	note(w, word(w, w->leaf) & 0x3ff);
	drain(w);
}

void life_refusals(struct world *w)
{
	forget_all(w);
	dma_read(w, HOST, UNMAPPED, IOM_READ, w->data);
	dma_read(w, GUEST, UNMAPPED, IOM_READ, w->data);
	dma_read(w, ABSENT, IOVA, IOM_READ, w->data);
	dma_write(w, PROCESS, UNMAPPED, w->data);
	note_queue(w);
	drain(w);
}

void life_probe(struct world *w)
{
	struct iom_request q = request(HOST, IOVA, IOM_READ, IOM_AT_UNTRANSLATED);

	refresh(w);
	forget_all(w);
	q.flags |= IOM_REQ_PROBE;
	ask(w, HOST, q);
	ask(w, GUEST, q);
	drain(w);
}

void life_ats(struct world *w)
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

void life_page_requests(struct world *w)
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

void life_backend(struct world *w)
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

void life_remove_and_come_back(struct world *w)
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

void life_reset(struct world *w)
{
	void (*bring_up)(struct world * w) = w->arch->steps[0].run;

	iom_unit_reset_warm(w->unit);
	note_queue(w);
	bring_up(w);
	iom_unit_reset(w->unit);
	note_queue(w);
	bring_up(w);
}

/* ---- A life ------------------------------------------------------------------------------- */

static bool same(const struct notes *a, const struct notes *b)
{
	return a->count == b->count && !memcmp(a->value, b->value, a->count * sizeof a->value[0]);
}

/* `here`: something failed in this step. */
static void compare(const struct world *w, const struct world *good, bool here)
{
	const struct notes *is = &w->notes[w->step], *should = &good->notes[w->step];
	const char *step = w->step ? w->arch->steps[w->step - 1].name : "creation";
	unsigned i = 0;

	if (here) {
		CHECK_MSG(!same(is, should) || w->arch->steps[w->step - 1].asks_again,
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
	for (unsigned i = 0; i <= w->arch->step_count; i++) {
		bool before = i && w->fired;
		bool here;

		w->step = i;
		if (i)
			w->arch->steps[i - 1].run(w);
		here = w->fired && !before;
		if (good && !w->strange)
			compare(w, good, here);
		if (i && (here || w->strange))
			w->arch->recover(w);
	}
	w->step = w->arch->step_count + 1;
	world_move(w);
}

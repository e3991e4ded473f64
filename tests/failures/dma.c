/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Requests of devices, as software.h says. */
#include "software.h"

void judge(struct world *w, bool elsewhere, unsigned at, int err, const struct iom_reply *reply)
{
	note(w, (uint64_t)(int64_t)err);
	note(w, reply->fault);
	note(w, reply->status);
	CHECK_EQ(err == IOM_OK, reply->status == IOM_DONE);
	if (w->strange || elsewhere || w->kind == FAIL_MSI || err == IOM_OK)
		return;
	if (!reply->fault) {
		CHECK_MSG(err == w->code, "%d", err);
		CHECK_EQ(reply->status, IOM_ABORT);
	} else if (w->kind != FAIL_WRITE) { /* it may be the record's */
		CHECK_MSG(w->arch->cause_fits(w->code, reply->fault), "cause %u", reply->fault);
		CHECK_EQ(reply->status, w->arch->status_of(reply->fault, at));
	}
}

struct iom_request request(unsigned id, uint64_t iova, unsigned access, unsigned at)
{
	return (struct iom_request){ .iova = iova,
		                     .bytes = 8,
		                     .pasid = PID,
		                     .flags = id == PROCESS ? IOM_REQ_PASID : 0,
		                     .access = (uint8_t)access,
		                     .at = (uint8_t)at };
}

void dma_read(struct world *w, unsigned id, uint64_t iova, unsigned access, uint64_t spa)
{
	struct iom_request q = request(id, iova, access, IOM_AT_UNTRANSLATED);
	uint64_t buf[8];
	struct iom_reply reply;
	bool before = w->fired;
	int err = iom_read(w->port[id], &q, buf, sizeof buf, &reply);

	judge(w, before == w->fired, q.at, err, &reply);
	note(w, reply.done);
	for (unsigned i = 0; i < 8; i++) {
		if (8 * i + 8 <= reply.done)
			CHECK_EQ(buf[i], word(w, spa + 8 * i));
		else
			CHECK_EQ(buf[i], ~0ull);
	}
}

void dma_write(struct world *w, unsigned id, uint64_t iova, uint64_t spa)
{
	struct iom_request q = request(id, iova, IOM_WRITE, IOM_AT_UNTRANSLATED);
	uint64_t buf[8], was[8];
	struct iom_reply reply;
	bool before = w->fired;
	int err;

	for (unsigned i = 0; i < 8; i++) {
		buf[i] = ~word(w, spa + 8 * i);
		was[i] = ~buf[i];
	}
	err = iom_write(w->port[id], &q, buf, sizeof buf, &reply);
	judge(w, before == w->fired, q.at, err, &reply);
	note(w, reply.done);
	for (unsigned i = 0; i < 8; i++)
		CHECK_EQ(word(w, spa + 8 * i), 8 * i + 8 <= reply.done ? buf[i] : was[i]);
}

void dma_atomic(struct world *w, unsigned id, uint64_t iova, uint64_t spa)
{
	struct iom_request q = request(id, iova, IOM_ATOMIC, IOM_AT_UNTRANSLATED);
	uint64_t was = word(w, spa), old = 0;
	struct iom_reply reply;
	bool before = w->fired;
	int err = iom_atomic(w->port[id], &q, IOM_FETCH_ADD, 5, 0, 8, &old, &reply);

	judge(w, before == w->fired, q.at, err, &reply);
	CHECK_EQ(word(w, spa), err == IOM_OK ? was + 5 : was);
	if (err == IOM_OK)
		CHECK_EQ(old, was);
}

void ask(struct world *w, unsigned id, struct iom_request q)
{
	struct iom_reply reply;
	bool before = w->fired;
	int err;

	iom_begin(w->lane);
	err = iom_translate(w->port[id], &q, &reply);
	iom_end(w->lane);
	judge(w, before == w->fired, q.at, err, &reply);
	if (err == IOM_OK) {
		note(w, reply.perm);
		note(w, reply.perm ? reply.spa : 0);
	}
}

void store_message(struct world *w, unsigned id, uint64_t iova, uint32_t data)
{
	struct iom_request q = request(id, iova, IOM_WRITE, IOM_AT_UNTRANSLATED);
	struct iom_reply reply;
	bool before = w->fired;
	int err = iom_write(w->port[id], &q, &data, sizeof data, &reply);

	judge(w, before == w->fired, q.at, err, &reply);
}

/* ---- What each architecture has of its own ------------------------------------------------ */

void refresh(struct world *w)
{
	w->arch->refresh(w);
}

void forget_all(struct world *w)
{
	w->arch->forget_all(w);
}

void fence(struct world *w)
{
	w->arch->fence(w);
}

void invalidate(struct world *w, unsigned id, uint64_t iova)
{
	w->arch->invalidate(w, id, iova);
}

void note_queue(struct world *w)
{
	w->arch->note_queue(w);
}

void drain(struct world *w)
{
	w->arch->drain(w);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Requests of devices, as software.h says. */
#include "software.h"

/* What a request is refused for where the memory of its tables does not answer, or is corrupt. */
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
		CHECK_MSG(cause_fits(w->code, reply->fault), "cause %u", reply->fault);
		CHECK_EQ(reply->status, status_of(reply->fault, at));
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

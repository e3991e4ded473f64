/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Requests of a device that keeps translations, as software.h says. */
#include "software.h"

enum { BYTES = 64 };

/* Which of its requests was refused, and what the cache made of that, shows in what it answers. */
static void answered(struct world *w, int err, const struct iom_reply *reply)
{
	note(w, (uint64_t)(int64_t)err);
	note(w, reply->status);
	note(w, iom_atc_requests(w->atc));
	CHECK_MSG(err == IOM_OK || err == IOM_EFAULT || err == w->code, "%d", err);
	if (err == IOM_OK)
		CHECK_EQ(reply->status, IOM_DONE);
}

static void cached_read(struct world *w, uint64_t iova, uint64_t spa)
{
	struct iom_request q = request(w->cached, iova, IOM_READ, IOM_AT_UNTRANSLATED);
	uint64_t buf[BYTES / 8];
	struct iom_reply reply;

	answered(w, iom_atc_read(w->atc, &q, buf, sizeof buf, &reply), &reply);
	for (unsigned i = 0; i < BYTES / 8; i++)
		CHECK_EQ(buf[i], 8 * i + 8 <= reply.done ? word(w, spa + 8 * i) : ~0ull);
}

static void cached_write(struct world *w, uint64_t iova, uint64_t spa)
{
	struct iom_request q = request(w->cached, iova, IOM_WRITE, IOM_AT_UNTRANSLATED);
	uint64_t buf[BYTES / 8], was[BYTES / 8];
	struct iom_reply reply;

	for (unsigned i = 0; i < BYTES / 8; i++) {
		was[i] = word(w, spa + 8 * i);
		buf[i] = ~was[i];
	}
	answered(w, iom_atc_write(w->atc, &q, buf, sizeof buf, &reply), &reply);
	for (unsigned i = 0; i < BYTES / 8; i++)
		CHECK_EQ(word(w, spa + 8 * i), 8 * i + 8 <= reply.done ? buf[i] : was[i]);
}

static void cached_atomic(struct world *w, uint64_t iova, uint64_t spa)
{
	struct iom_request q = request(w->cached, iova, IOM_ATOMIC, IOM_AT_UNTRANSLATED);
	uint64_t was = word(w, spa), old = 0;
	struct iom_reply reply;
	int err = iom_atc_atomic(w->atc, &q, IOM_FETCH_ADD, 5, 0, 8, &old, &reply);

	answered(w, err, &reply);
	CHECK_EQ(word(w, spa), err == IOM_OK ? was + 5 : was);
	if (err == IOM_OK)
		CHECK_EQ(old, was);
}

/* While an access uses what it names, the fence behind it waits. */
static void invalidated_in_use(struct world *w)
{
	struct iom_request q = request(w->cached, IOVA, IOM_READ, IOM_AT_UNTRANSLATED);
	struct iom_reply reply;

	iom_atc_begin(w->atc);
	answered(w, iom_atc_translate(w->atc, &q, &reply), &reply);
	invalidate(w, w->cached, IOVA);
	fence(w);
	if (!w->fired && !w->strange)
		CHECK_EQ(word(w, STAMP), 0);
	iom_atc_end(w->atc);
	note(w, word(w, STAMP));
	if (!w->fired && !w->strange)
		CHECK_EQ(word(w, STAMP), STAMPED);
	note_queue(w);
}

void cached_dma(struct world *w)
{
	static const unsigned ids[] = { HOST, PROCESS };

	refresh(w);
	forget_all(w);
	for (unsigned i = 0; i < COUNT(ids); i++) {
		TRY(w, iom_atc_new(w->port[ids[i]], NULL, &w->atc, NULL));
		w->cached = ids[i];
		iom_atc_enable(w->atc, true);
		cached_read(w, IOVA, w->data);
		cached_read(w, IOVA + 0x40, w->data + 0x40);
		cached_write(w, IOVA + 0xfe0, w->data + 0xfe0);
		cached_atomic(w, IOVA + 0x80, w->data + 0x80);
		cached_read(w, UNMAPPED, w->data);
		invalidated_in_use(w);
		cached_read(w, IOVA, w->data);
		iom_atc_enable(w->atc, false);
		cached_read(w, IOVA, w->data);
		iom_atc_free(w->atc);
		w->atc = NULL;
	}
	drain(w);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The test device's own cache of translations (PCI Express ATS). */
#include "testdev.h"

static uint32_t tag(const struct td_request *request)
{
	return request->flags & TD_FLAG_PASID ? request->pasid | TD_EVENT_PASID : 0;
}

static void count(Testdev *d)
{
	uint32_t valid = 0;

	for (unsigned i = 0; i < TD_CACHE_ENTRIES; i++)
		valid += d->cached[i].valid;
	td_set(d, TD_CACHED, valid);
}

void td_cache_clear(Testdev *d)
{
	memset(d->cached, 0, sizeof d->cached);
	d->next_cached = 0;
	td_set(d, TD_CACHED, 0);
}

static const struct td_cached *find(const Testdev *d, const struct td_request *request)
{
	for (unsigned i = 0; i < TD_CACHE_ENTRIES; i++) {
		const struct td_cached *c = &d->cached[i];

		if (c->valid && c->pasid == tag(request) && request->address >= c->first &&
		    request->address <= c->last)
			return c;
	}
	return NULL;
}

static void keep(Testdev *d, const struct td_request *request, const struct td_answer *answer)
{
	const uint64_t within = answer->extent - 1;
	struct td_cached *c = (struct td_cached *)find(d, request);

	if (!c)
		c = &d->cached[d->next_cached++ % TD_CACHE_ENTRIES];
	*c = (struct td_cached){
		.first = request->address & ~within,
		.last = request->address | within,
		.address = answer->address & ~within,
		.granted = answer->granted,
		.pasid = tag(request),
		.valid = 1,
	};
	count(d);
}

/* An answer that grants nothing, or wants the page to be reached untranslated, is not kept. */
uint32_t td_cache_ask(Testdev *d, const struct td_request *request, struct td_answer *answer)
{
	uint32_t status;

	if (!td_allowed(d, TD_ATS))
		return TD_DISABLED;
	status = d->path->translate(d, request, answer);
	if (status == TD_DONE && answer->granted & (TD_GRANTED_READ | TD_GRANTED_WRITE) &&
	    !(answer->granted & TD_GRANTED_UNTRANSLATED))
		keep(d, request, answer);
	return status;
}

/* One piece, inside one entry; its length, or 0 with a status. */
static uint32_t piece(Testdev *d, const struct td_request *request, void *buf, uint32_t bytes,
                      struct td_answer *answer, uint32_t *status)
{
	const uint32_t wanted = request->write ? TD_GRANTED_WRITE : TD_GRANTED_READ;
	struct td_request translated = *request;
	const struct td_cached *c = find(d, request);

	*status = TD_DONE;
	if (!c || !(c->granted & wanted)) {
		*status = td_cache_ask(d, request, answer);
		c = find(d, request);
	}
	if (*status == TD_DONE && (!c || !(c->granted & wanted)))
		*status = TD_NOT_GRANTED;
	if (*status != TD_DONE)
		return 0;
	bytes = (uint32_t)MIN((uint64_t)bytes - 1, c->last - request->address) + 1;
	answer->granted = c->granted;
	answer->extent = c->last - c->first + 1;
	answer->address = c->address + (request->address - c->first);
	translated.address = answer->address;
	translated.flags = (request->flags & ~TD_FLAG_PASID) | TD_FLAG_TRANSLATED;
	*status = d->path->move(d, &translated, buf, bytes, answer);
	return *status == TD_DONE ? bytes : 0;
}

uint32_t td_cache_move(Testdev *d, const struct td_request *request, void *buf, uint32_t bytes,
                       struct td_answer *answer)
{
	struct td_request rest = *request;
	uint32_t done = 0, now, status = bytes ? TD_DONE : TD_INVALID;

	while (done < bytes && status == TD_DONE) {
		now = piece(d, &rest, (char *)buf + done, bytes - done, answer, &status);
		done += now;
		rest.address += now;
	}
	answer->moved = done;
	return status;
}

/* An invalidation without PASID is for translations without one. */
static bool named(const struct td_event *event, uint32_t pasid, uint64_t first, uint64_t last)
{
	const uint64_t end = event->address + (event->bytes - 1);

	if (!(event->pasid & TD_EVENT_GLOBAL) && event->pasid != pasid)
		return false;
	return first <= end && last >= event->address;
}

bool td_cache_drop(Testdev *d, const struct td_event *event)
{
	for (unsigned i = 0; i < TD_CACHE_ENTRIES; i++) {
		struct td_cached *c = &d->cached[i];

		if (c->valid && named(event, c->pasid, c->first, c->last))
			c->valid = 0;
	}
	count(d);
	return d->held && d->held_cached &&
	       named(event, d->held_pasid, d->held_first, d->held_last);
}

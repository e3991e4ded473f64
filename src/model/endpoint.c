/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Endpoints: who asks. */
#include "model/observe.h"

static struct iom_endpoint **bucket_of(struct iom_unit *unit, uint32_t requester)
{
	return &unit->endpoint[requester % IOM_ENDPOINT_BUCKETS];
}

static struct iom_endpoint *find_locked(struct iom_unit *unit, uint32_t requester)
{
	struct iom_endpoint *endpoint = *bucket_of(unit, requester);

	while (endpoint && endpoint->requester != requester)
		endpoint = endpoint->next;
	return endpoint;
}

static void link_locked(struct iom_endpoint *endpoint)
{
	struct iom_endpoint **bucket = bucket_of(endpoint->unit, endpoint->requester);

	endpoint->next = *bucket;
	*bucket = endpoint;
}

static void unlink_locked(struct iom_endpoint *endpoint)
{
	struct iom_endpoint **link = bucket_of(endpoint->unit, endpoint->requester);

	while (*link != endpoint)
		link = &(*link)->next;
	*link = endpoint->next;
}

struct iom_endpoint *iom_unit_endpoint(struct iom_unit *unit, uint32_t requester)
{
	struct iom_endpoint *endpoint;

	iom_lock(&unit->lock);
	endpoint = find_locked(unit, requester);
	if (endpoint)
		endpoint->users++;
	iom_unlock(&unit->lock);
	return endpoint;
}

void iom_endpoint_put(struct iom_endpoint *endpoint)
{
	struct iom_unit *unit = endpoint->unit;
	bool last;

	iom_lock(&unit->lock);
	last = !--endpoint->users;
	iom_unlock(&unit->lock);
	if (last)
		iom_unit_release(unit, endpoint, sizeof *endpoint);
}

struct iom_endpoint *iom_unit_next_endpoint(struct iom_unit *unit, struct iom_endpoint *after,
                                            unsigned *bucket)
{
	struct iom_endpoint *next;

	iom_lock(&unit->lock);
	/* Where `after` has left its bucket, the bucket has no place to go on from. */
	if (after && !after->removed && after->requester % IOM_ENDPOINT_BUCKETS == *bucket)
		next = after->next;
	else
		next = unit->endpoint[*bucket];
	while (!next && *bucket + 1 < IOM_ENDPOINT_BUCKETS)
		next = unit->endpoint[++*bucket];
	if (next)
		next->users++;
	iom_unlock(&unit->lock);
	if (after)
		iom_endpoint_put(after);
	return next;
}

static int get(struct iom_unit *unit, uint32_t requester, struct iom_endpoint **out)
{
	struct iom_endpoint *fresh, *old;

	if (requester > unit->arch->requester_last)
		return IOM_EINVAL;
	iom_lock(&unit->lock);
	old = find_locked(unit, requester);
	iom_unlock(&unit->lock);
	if (old) {
		*out = old;
		return IOM_OK;
	}
	fresh = iom_unit_alloc(unit, sizeof *fresh);
	if (!fresh)
		return IOM_ENOMEM;
	fresh->unit = unit;
	fresh->requester = requester;
	fresh->users = 1;
	/* No slot and no context of zeroes is ever valid. */
	fresh->epoch = fresh->contexts = 1;

	iom_lock(&unit->lock);
	old = find_locked(unit, requester);
	if (!old)
		link_locked(fresh);
	iom_unlock(&unit->lock);
	if (old)
		iom_unit_release(unit, fresh, sizeof *fresh);
	*out = old ? old : fresh;
	return IOM_OK;
}

int iom_endpoint_get(struct iom_unit *unit, uint32_t requester, struct iom_endpoint **out)
{
	struct iom_call call = { .kind = IOM_CALL_ENDPOINT_GET, .requester = requester };
	int result;

	if (!iom_heard(unit))
		return get(unit, requester, out);
	iom_enter(unit, &call);
	result = get(unit, requester, out);
	if (result == IOM_OK)
		call.endpoint = *out;
	return iom_leave(unit, &call, result);
}

uint32_t iom_endpoint_requester(const struct iom_endpoint *endpoint)
{
	return iom_peek(&endpoint->requester);
}

static int renumber(struct iom_endpoint *endpoint, uint32_t requester)
{
	struct iom_unit *unit = endpoint->unit;
	struct iom_endpoint *other;
	int result = IOM_OK;

	if (requester > unit->arch->requester_last)
		return IOM_EINVAL;
	iom_lock(&unit->lock);
	other = find_locked(unit, requester);
	if (endpoint->removed) {
		result = IOM_ENOENT;
	} else if (other) {
		result = other == endpoint ? IOM_OK : IOM_EEXIST;
	} else {
		unlink_locked(endpoint);
		iom_poke(&endpoint->requester, requester);
		link_locked(endpoint);
	}
	iom_unlock(&unit->lock);
	/* Contexts are cached by number. */
	if (!result && !other)
		iom_contexts_forget(unit, NULL);
	return result;
}

int iom_endpoint_renumber(struct iom_endpoint *endpoint, uint32_t requester)
{
	IOM_TOLD(endpoint->unit, renumber(endpoint, requester), .kind = IOM_CALL_ENDPOINT_RENUMBER,
	         IOM_OF_ENDPOINT(endpoint), .value = requester);
}

static void remove_it(struct iom_endpoint *endpoint)
{
	struct iom_unit *unit = endpoint->unit;
	bool was;

	iom_lock(&unit->lock);
	was = endpoint->removed;
	if (!was)
		unlink_locked(endpoint);
	iom_poke(&endpoint->removed, true);
	iom_unlock(&unit->lock);
	if (was)
		return;
	iom_contexts_forget(unit, NULL);
	iom_contexts_forget(unit, endpoint);
	if (unit->arch->removed)
		unit->arch->removed(unit, endpoint);
	iom_endpoint_put(endpoint);
}

void iom_endpoint_remove(struct iom_endpoint *endpoint)
{
	const struct iom_call call = { .kind = IOM_CALL_ENDPOINT_REMOVE,
		                       IOM_OF_ENDPOINT(endpoint) };
	struct iom_unit *unit = endpoint->unit; /* outlives it */

	if (iom_heard(unit))
		iom_enter(unit, &call);
	remove_it(endpoint);
	if (iom_heard(unit))
		iom_leave(unit, &call, IOM_OK);
}

#define PAGE_CODES (IOM_PAGE_READ | IOM_PAGE_WRITE | IOM_PAGE_EXECUTE | IOM_PAGE_LAST)
#define PAGE_FLAGS (IOM_REQ_PASID | IOM_REQ_PRIVILEGED)
#define PAGE_GROUP_LAST 511u
#define PASID_LAST 0xfffffu
#define ANSWERS_CODE_LAST 7u

bool iom_message_ok(const struct iom_message *m)
{
	if (m->kind == IOM_MESSAGE_INVALIDATED)
		return m->code <= ANSWERS_CODE_LAST;
	return m->token <= PAGE_GROUP_LAST && !(m->code & ~PAGE_CODES) &&
	       !(m->flags & ~PAGE_FLAGS) && (!(m->flags & IOM_REQ_PASID) || m->pasid <= PASID_LAST);
}

static int take_message(struct iom_endpoint *endpoint, const struct iom_message *message)
{
	struct iom_unit *unit = endpoint->unit;

	if (message->kind != IOM_MESSAGE_INVALIDATED && message->kind != IOM_MESSAGE_PAGE_REQUEST)
		return IOM_EINVAL;
	if (iom_peek(&endpoint->removed))
		return IOM_ENOENT;
	return unit->arch->message ? unit->arch->message(unit, endpoint, message) : IOM_ENOTSUP;
}

int iom_message(struct iom_endpoint *endpoint, const struct iom_message *message)
{
	IOM_TOLD(endpoint->unit, take_message(endpoint, message), .kind = IOM_CALL_MESSAGE,
	         IOM_OF_ENDPOINT(endpoint), .message = message);
}

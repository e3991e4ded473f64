/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The test device in front of our models: by a port of its own, so that all that a request can say
 * arrives, and all that an answer says comes back.
 */
#include "testdev.h"

static uint32_t status_of(int result, const struct iom_reply *reply, struct td_answer *answer)
{
	answer->fault = result == IOM_EFAULT ? reply->fault : 0;
	if (result == IOM_OK)
		return TD_DONE;
	if (result == IOM_EBUSY || reply->status == IOM_STALLED)
		return TD_BUSY;
	if (result == IOM_EFAULT || result == IOM_EPOISON)
		return reply->status == IOM_ABORT         ? TD_ABORT
		       : reply->status == IOM_UNSUPPORTED ? TD_UNSUPPORTED
		                                          : TD_NOT_GRANTED;
	return TD_INVALID;
}

static struct iom_request ask(const struct td_request *r, uint64_t bytes)
{
	return (struct iom_request){
		.iova = r->address,
		.bytes = bytes,
		.pasid = r->pasid,
		.flags = (uint16_t)((r->flags & TD_FLAG_PASID ? IOM_REQ_PASID : 0) |
		                    (r->flags & TD_FLAG_PRIVILEGED ? IOM_REQ_PRIVILEGED : 0) |
		                    (r->flags & TD_FLAG_NO_WRITE ? IOM_REQ_NO_WRITE : 0)),
		.access = r->write                     ? IOM_WRITE
		          : r->flags & TD_FLAG_EXECUTE ? IOM_EXECUTE
		                                       : IOM_READ,
		.at = r->flags & TD_FLAG_TRANSLATED ? IOM_AT_TRANSLATED : IOM_AT_UNTRANSLATED,
	};
}

static uint32_t move(Testdev *d, const struct td_request *request, void *buf, uint32_t bytes,
                     struct td_answer *answer)
{
	const struct iom_request r = ask(request, bytes);
	struct iom_reply reply = { 0 };
	const int result = request->write ? iom_write(d->port, &r, buf, bytes, &reply)
	                                  : iom_read(d->port, &r, buf, bytes, &reply);

	answer->moved = reply.done;
	return status_of(result, &reply, answer);
}

static uint32_t atomic(Testdev *d, const struct td_request *request, uint32_t bytes,
                       uint64_t operand, uint64_t compare, struct td_answer *answer)
{
	struct iom_request r = ask(request, bytes);
	struct iom_reply reply = { 0 };
	int result;

	r.access = IOM_ATOMIC;
	result = iom_atomic(d->port, &r, TD_FLAG_OPERATION(request->flags), operand, compare, bytes,
	                    &answer->address, &reply);
	answer->moved = result == IOM_OK ? bytes : 0;
	return status_of(result, &reply, answer);
}

static void say(const struct iom_reply *reply, struct td_answer *answer)
{
	static const struct {
		uint8_t theirs;
		uint32_t ours;
	} perm[] = {
		{ IOM_PERM_READ, TD_GRANTED_READ },
		{ IOM_PERM_WRITE, TD_GRANTED_WRITE },
		{ IOM_PERM_EXECUTE, TD_GRANTED_EXECUTE },
	}, ats[] = {
		{ IOM_ATS_GLOBAL, TD_GRANTED_GLOBAL },
		{ IOM_ATS_PRIVILEGED, TD_GRANTED_PRIVILEGED },
		{ IOM_ATS_UNTRANSLATED, TD_GRANTED_UNTRANSLATED },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(perm); i++)
		if (reply->perm & perm[i].theirs)
			answer->granted |= perm[i].ours;
	for (unsigned i = 0; i < ARRAY_SIZE(ats); i++)
		if (reply->ats & ats[i].theirs)
			answer->granted |= ats[i].ours;
	if (reply->memory_type == IOM_MEMORY_SNOOPED)
		answer->granted |= TD_GRANTED_SNOOPED;
	answer->address = reply->spa;
	answer->extent = reply->range_lg2 < 64 ? 1ull << reply->range_lg2 : 0;
}

static uint32_t translate(Testdev *d, const struct td_request *request, struct td_answer *answer)
{
	struct iom_request r = ask(request, 1);
	struct iom_reply reply = { 0 };
	int result;

	r.at = IOM_AT_TRANSLATION_REQUEST;
	r.access = request->flags & TD_FLAG_EXECUTE ? IOM_EXECUTE : IOM_READ;
	iom_begin(d->lane);
	result = iom_translate(d->port, &r, &reply);
	iom_end(d->lane);
	if (result == IOM_OK)
		say(&reply, answer);
	return status_of(result, &reply, answer);
}

/* The section of the lane stays open, and the unit waits for it where its architecture says so. */
static uint32_t open_access(Testdev *d, const struct td_request *request, uint32_t bytes,
                            struct td_answer *answer)
{
	const struct iom_request r = ask(request, bytes);
	struct iom_reply reply = { 0 };
	uint32_t status;
	int result;

	iom_begin(d->lane);
	result = iom_translate(d->port, &r, &reply);
	status = status_of(result, &reply, answer);
	if (status == TD_DONE && (!reply.host || reply.host_bytes < bytes))
		status = TD_INVALID;
	if (status != TD_DONE) {
		iom_end(d->lane);
		return status;
	}
	say(&reply, answer);
	d->held = reply.host;
	d->held_bytes = bytes;
	return TD_DONE;
}

static void close_access(Testdev *d)
{
	iom_end(d->lane);
}

static uint32_t sent(int result)
{
	return result == IOM_OK        ? TD_DONE
	       : result == IOM_EBUSY   ? TD_BUSY
	       : result == IOM_ENOTSUP ? TD_UNSUPPORTED
	                               : TD_INVALID;
}

static uint32_t page_request(Testdev *d, const struct td_request *request, uint32_t group)
{
	static const struct {
		uint32_t flag;
		uint8_t code;
	} wants[] = {
		{ TD_FLAG_PAGE_READ, IOM_PAGE_READ },
		{ TD_FLAG_PAGE_WRITE, IOM_PAGE_WRITE },
		{ TD_FLAG_EXECUTE, IOM_PAGE_EXECUTE },
		{ TD_FLAG_PAGE_LAST, IOM_PAGE_LAST },
	};
	struct iom_message message = {
		.kind = IOM_MESSAGE_PAGE_REQUEST,
		.address = request->address & ~(uint64_t)0xfff,
		.token = group,
		.pasid = request->pasid,
		.flags = ask(request, 0).flags & (IOM_REQ_PASID | IOM_REQ_PRIVILEGED),
	};

	for (unsigned i = 0; i < ARRAY_SIZE(wants); i++)
		if (request->flags & wants[i].flag)
			message.code |= wants[i].code;
	return sent(iom_message(d->endpoint, &message));
}

static uint32_t completion(Testdev *d, uint32_t itags)
{
	const struct iom_message message = {
		.kind = IOM_MESSAGE_INVALIDATED,
		.token = itags,
		.code = 1,
	};

	return sent(iom_message(d->endpoint, &message));
}

static void hear(void *opaque, const struct iom_message *message)
{
	Testdev *d = opaque;
	const struct td_event event = {
		.kind = message->kind == IOM_MESSAGE_INVALIDATE ? TD_EVENT_INVALIDATE
		        : message->kind == IOM_MESSAGE_PAGES    ? TD_EVENT_PAGES
		                                                : TD_EVENT_OTHER,
		.token = message->token,
		.address = message->address,
		.bytes = message->size_lg2 < 64 ? 1ull << message->size_lg2 : 0,
		.pasid = (message->flags & IOM_REQ_PASID ? message->pasid | TD_EVENT_PASID : 0) |
		         (message->flags & IOM_MESSAGE_GLOBAL ? TD_EVENT_GLOBAL : 0),
		.code = message->kind == IOM_MESSAGE_INVALIDATE ||
		                        message->kind == IOM_MESSAGE_PAGES
		                ? message->code
		                : message->kind,
	};

	if (message->kind == IOM_MESSAGE_INVALIDATE)
		td_invalidate(d, &event);
	else
		td_tell(d, &event);
}

bool td_ours_join(Testdev *d)
{
	struct iom_unit *unit;

	d->function = iommux_function_of(&d->parent_obj);
	if (!d->function)
		return false;
	unit = iommux_function_unit(d->function);
	d->endpoint = iommux_function_endpoint(d->function);
	if (!d->endpoint || iom_lane_open(unit, &d->lane))
		goto nothing;
	if (iom_port_open(d->endpoint, d->lane, &d->port)) {
		iom_lane_close(d->lane);
		goto nothing;
	}
	iommux_function_listen(d->function, hear, d);
	return true;
nothing:
	d->function = NULL;
	d->lane = NULL;
	return false;
}

void td_ours_leave(Testdev *d)
{
	if (!d->function)
		return;
	iommux_function_listen(d->function, NULL, NULL);
	iom_lane_close(d->lane); /* with its port */
	d->function = NULL;
	d->lane = NULL;
	d->port = NULL;
	d->endpoint = NULL;
}

const struct td_path td_path_ours = {
	.move = move,
	.atomic = atomic,
	.translate = translate,
	.open = open_access,
	.close = close_access,
	.page_request = page_request,
	.completion = completion,
	.features = TD_CAN_STATUS | TD_CAN_PASID | TD_CAN_ATS | TD_CAN_TRANSLATED | TD_CAN_PRI |
	            TD_CAN_ATOMIC | TD_CAN_DRAIN | TD_CAN_ANSWER | TD_CAN_APART,
};

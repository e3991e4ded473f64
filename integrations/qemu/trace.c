/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What the unit sees and does, as trace events of QEMU's (-trace 'iommux_*').  A unit that is watched takes the
 * slow way everywhere, so that it is only if one of the events is on when the machine is made.
 */
#include "qemu/osdep.h"

#include "hw/iommux/trace-iommux.h"
#include "internal.h"

static void on_access(void *opaque, uint32_t requester, const struct iom_request *request,
                      const struct iom_reply *reply, int result)
{
	static const char *const access[] = { "read", "write", "execute", "atomic" };
	struct iommux_adapter *adapter = opaque;

	if (result == IOM_OK)
		trace_iommux_access(requester, access[request->access], request->iova, reply->spa,
		                    reply->range_lg2, reply->perm);
	else
		trace_iommux_refused(requester, access[request->access], request->iova,
		                     reply->fault, iom_fault_name(adapter->unit, reply->fault));
}

/* Stores are told before what they cause, loads when their value is known. */
static void on_enter(void *opaque, const struct iom_call *call)
{
	if (call->kind == IOM_CALL_MMIO_WRITE)
		trace_iommux_register_write(call->number, call->address, call->bytes, call->value);
}

static void on_leave(void *opaque, const struct iom_call *call, int result)
{
	if (call->kind == IOM_CALL_MMIO_READ && result == IOM_OK)
		trace_iommux_register_read(call->number, call->address, call->bytes, *call->out);
}

static void on_command(void *opaque, const uint64_t *word, unsigned words)
{
	g_autoptr(GString) line = g_string_new(NULL);

	for (unsigned i = 0; i < words; i++)
		g_string_append_printf(line, "%s%016" PRIx64, i ? " " : "", word[i]);
	trace_iommux_command(line->str);
}

static void on_called(void *opaque, const struct iom_called *called)
{
	if (called->kind == IOM_CALLED_MSI)
		trace_iommux_interrupt(called->address, called->value);
}

static const struct iom_observer observer = {
	.bytes = sizeof observer,
	.enter = on_enter,
	.leave = on_leave,
	.access = on_access,
	.command = on_command,
	.called = on_called,
};

bool iommux_trace_wanted(void)
{
	return trace_event_get_state(TRACE_IOMMUX_ACCESS) ||
	       trace_event_get_state(TRACE_IOMMUX_REFUSED) ||
	       trace_event_get_state(TRACE_IOMMUX_REGISTER_WRITE) ||
	       trace_event_get_state(TRACE_IOMMUX_REGISTER_READ) ||
	       trace_event_get_state(TRACE_IOMMUX_COMMAND) ||
	       trace_event_get_state(TRACE_IOMMUX_INTERRUPT);
}

void iommux_trace_start(struct iommux_adapter *adapter)
{
	iom_observe(adapter->unit, &observer, adapter);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the unit sees and does, in QEMU's log (-D FILE): a line each.  Everything is slower then. */
#include "qemu/osdep.h"

#include "internal.h"
#include "qemu/log.h"

static void log_access(void *opaque, uint32_t requester, const struct iom_request *request,
                       const struct iom_reply *reply, int result)
{
	static const char *const access[] = { "read", "write", "execute", "atomic" };
	struct iommux_adapter *adapter = opaque;

	if (result == IOM_OK)
		qemu_log("iommux: %04x %s %#" PRIx64 " -> %#" PRIx64 " +2^%u perm %u\n", requester,
		         access[request->access], request->iova, reply->spa, reply->range_lg2,
		         reply->perm);
	else
		qemu_log("iommux: %04x %s %#" PRIx64 " refused: %#x %s\n", requester,
		         access[request->access], request->iova, reply->fault,
		         iom_fault_name(adapter->unit, reply->fault));
}

/* Stores are told before what they cause, loads when their value is known. */
static void log_enter(void *opaque, const struct iom_call *call)
{
	if (call->kind == IOM_CALL_MMIO_WRITE)
		qemu_log("iommux: register %u:%#" PRIx64 " write %" PRIu64 ": %#" PRIx64 "\n",
		         call->number, call->address, call->bytes, call->value);
}

static void log_leave(void *opaque, const struct iom_call *call, int result)
{
	if (call->kind == IOM_CALL_MMIO_READ && result == IOM_OK)
		qemu_log("iommux: register %u:%#" PRIx64 " read %" PRIu64 ": %#" PRIx64 "\n",
		         call->number, call->address, call->bytes, *call->out);
}

static void log_command(void *opaque, const uint64_t *word, unsigned words)
{
	g_autoptr(GString) line = g_string_new("iommux: command");

	for (unsigned i = 0; i < words; i++)
		g_string_append_printf(line, " %016" PRIx64, word[i]);
	qemu_log("%s\n", line->str);
}

static void log_called(void *opaque, const struct iom_called *called)
{
	if (called->kind == IOM_CALLED_MSI)
		qemu_log("iommux: interrupt %#" PRIx64 " %#" PRIx64 "\n", called->address,
		         called->value);
}

static const struct iom_observer observer = {
	.bytes = sizeof observer,
	.enter = log_enter,
	.leave = log_leave,
	.access = log_access,
	.command = log_command,
	.called = log_called,
};

void iommux_log_start(struct iommux_adapter *adapter)
{
	iom_observe(adapter->unit, &observer, adapter);
}

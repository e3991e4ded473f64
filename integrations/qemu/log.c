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

static void log_mmio(void *opaque, unsigned window, uint64_t off, unsigned bytes, uint64_t value,
                     bool write)
{
	qemu_log("iommux: register %u:%#" PRIx64 " %s %u: %#" PRIx64 "\n", window, off,
	         write ? "write" : "read", bytes, value);
}

static void log_command(void *opaque, const uint64_t *word, unsigned words)
{
	g_autoptr(GString) line = g_string_new("iommux: command");

	for (unsigned i = 0; i < words; i++)
		g_string_append_printf(line, " %016" PRIx64, word[i]);
	qemu_log("%s\n", line->str);
}

static void log_msi(void *opaque, uint64_t address, uint32_t data)
{
	qemu_log("iommux: interrupt %#" PRIx64 " %#x\n", address, data);
}

static const struct iom_observer observer = {
	.bytes = sizeof observer,
	.access = log_access,
	.mmio = log_mmio,
	.command = log_command,
	.msi = log_msi,
};

void iommux_log_start(struct iommux_adapter *adapter)
{
	iom_observe(adapter->unit, &observer, adapter);
}

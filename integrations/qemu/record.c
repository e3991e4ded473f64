/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What the unit is asked and does, in a file that `iommux replay` takes.
 *
 * Calls on the unit then wait for one another, also those of whoever holds the big lock: one more reason for
 * nobody to wait for that in the unit.
 */
#include "qemu/osdep.h"

#include "internal.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "system/runstate.h"
#include "system/system.h"

#include "trace/record.h"

struct iommux_recording {
	struct iommux_adapter *adapter;
	struct trace_recorder *recorder;
	FILE *file;
	bool told; /* that it failed */
	Notifier exit;
};

/* The guest does not notice. */
static void failed(struct iommux_recording *recording, const char *why)
{
	struct iommux_adapter *adapter = recording->adapter;

	if (!recording->told)
		warn_report("%s: the recording in '%s' is not whole: %s",
		            object_get_typename(OBJECT(adapter->device)), adapter->record, why);
	recording->told = true;
}

void iommux_record_check(struct iommux_adapter *adapter)
{
	struct iommux_recording *recording = adapter->recording;
	struct iom_error error;

	if (recording && trace_record_result(recording->recorder, &error))
		failed(recording, error.text);
}

static void end(Notifier *notifier, void *data)
{
	struct iommux_recording *recording = container_of(notifier, struct iommux_recording, exit);
	struct iom_error error;

	/* QEMU stops the machine before it ends.  Where it does not, other threads may be in the unit. */
	if (runstate_is_running()) {
		failed(recording, "QEMU ends while the machine runs");
		return;
	}
	if (trace_record_end(recording->recorder, &error))
		failed(recording, error.text);
	if (fclose(recording->file))
		failed(recording, strerror(errno));
	recording->adapter->recording = NULL;
}

void iommux_record_end(struct iommux_adapter *adapter)
{
	struct iommux_recording *recording = adapter->recording;

	if (!recording)
		return;
	qemu_remove_exit_notifier(&recording->exit);
	trace_record_end(recording->recorder, NULL);
	fclose(recording->file);
	adapter->recording = NULL;
	g_free(recording);
}

bool iommux_adapter_record(struct iommux_adapter *adapter, Error **errp)
{
	const char *type = object_get_typename(OBJECT(adapter->device));
	g_autofree char *note = g_strdup_printf("%s in QEMU " QEMU_VERSION, type);
	struct trace_config made = { adapter->made.riscv, adapter->made.vtd, note };
	struct iommux_recording *recording;
	struct trace_recorder *recorder;
	struct trace_sink sink;
	struct iom_error error;
	FILE *file;

	if (!adapter->record)
		return true;
	if (iommux_trace_wanted()) {
		error_setg(errp, "a unit can be watched once: it should have 'record' or the trace "
		                 "events iommux_*, not "
		                 "both");
		return false;
	}
	file = fopen(adapter->record, "wb");
	if (!file) {
		error_setg_errno(errp, errno, "the recording '%s' cannot be written",
		                 adapter->record);
		return false;
	}
	/* What is left of a QEMU that was killed ends with a whole block. */
	setvbuf(file, NULL, _IONBF, 0);
	sink = trace_sink_of(file);
	if (trace_record(adapter->unit, &made, &sink, &recorder, &error)) {
		fclose(file);
		iommux_error(errp, &error);
		return false;
	}
	recording = g_new0(struct iommux_recording, 1);
	*recording = (struct iommux_recording){
		.adapter = adapter,
		.recorder = recorder,
		.file = file,
		.exit.notify = end,
	};
	adapter->recording = recording;
	qemu_add_exit_notifier(&recording->exit);
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Saving and loading a unit, as a part of the device's state. */
#include "qemu/osdep.h"

#include "internal.h"
#include "migration/vmstate.h"
#include "qemu/error-report.h"

/* More than any unit's state takes. */
#define SAVED_MAX (1u << 20)

/* The machine stands still: nobody else calls the unit. */
static int save(void *opaque)
{
	struct iommux_adapter *adapter = opaque;
	size_t bytes = 0;

	iom_unit_save(adapter->unit, NULL, 0, &bytes);
	adapter->saved = g_malloc(bytes);
	adapter->saved_bytes = bytes;
	return iom_unit_save(adapter->unit, adapter->saved, bytes, &bytes) == IOM_OK ? 0 : -EIO;
}

static int forget(void *opaque)
{
	struct iommux_adapter *adapter = opaque;

	g_clear_pointer(&adapter->saved, g_free);
	return 0;
}

static int load(void *opaque, int version)
{
	struct iommux_adapter *adapter = opaque;
	struct iom_error error;
	int result = iom_unit_load(adapter->unit, adapter->saved, adapter->saved_bytes, &error);

	forget(adapter);
	if (result == IOM_OK)
		return 0;
	error_report("%s", error.text);
	return -EINVAL;
}

/* Before so many bytes are allocated for it. */
static bool length_is_possible(void *opaque, int version)
{
	struct iommux_adapter *adapter = opaque;

	if (adapter->saved_bytes <= SAVED_MAX)
		return true;
	error_report("the state of %s has %u bytes in what comes in; it should have %u at most",
	             object_get_typename(OBJECT(adapter->device)), adapter->saved_bytes, SAVED_MAX);
	return false;
}

const VMStateDescription iommux_vmstate = {
	.name = "iommux",
	.version_id = 1,
	.minimum_version_id = 1,
	.pre_save = save,
	.post_save = forget,
	.post_load = load,
	.fields =
		(const VMStateField[]){
			VMSTATE_UINT32(saved_bytes, struct iommux_adapter),
			VMSTATE_VALIDATE("length of the state", length_is_possible),
			VMSTATE_VBUFFER_ALLOC_UINT32(saved, struct iommux_adapter, 1, NULL,
	                                             saved_bytes),
			VMSTATE_END_OF_LIST(),
		},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Reset of the machine: the unit's comes last, when no device has DMA under way any more that would go
 * untranslated.  QEMU has a phase for that, which an object of its own listens to.
 */
#include "qemu/osdep.h"

#include "hw/resettable.h"
#include "internal.h"
#include "system/reset.h"

#define TYPE_IOMMUX_RESET "iommux-reset"
OBJECT_DECLARE_SIMPLE_TYPE(iommux_reset, IOMMUX_RESET)

struct iommux_reset {
	Object parent;
	ResettableState state;
	struct iommux_adapter *adapter;
};

static ResettableState *get_state(Object *object)
{
	return &IOMMUX_RESET(object)->state;
}

static void exit_phase(Object *object, ResetType kind)
{
	iom_unit_reset(IOMMUX_RESET(object)->adapter->unit);
}

static void class_init(ObjectClass *class, iommux_class_data *data)
{
	ResettableClass *resettable = RESETTABLE_CLASS(class);

	resettable->get_state = get_state;
	resettable->phases.exit = exit_phase;
}

void iommux_reset_start(struct iommux_adapter *adapter)
{
	Object *object = object_new(TYPE_IOMMUX_RESET);

	IOMMUX_RESET(object)->adapter = adapter;
	qemu_register_resettable(object);
}

static const TypeInfo type = {
	.name = TYPE_IOMMUX_RESET,
	.parent = TYPE_OBJECT,
	.instance_size = sizeof(struct iommux_reset),
	.class_init = class_init,
	.interfaces = (InterfaceInfo[]){ { TYPE_RESETTABLE_INTERFACE }, {} },
};

static void register_types(void)
{
	type_register_static(&type);
}
type_init(register_types)

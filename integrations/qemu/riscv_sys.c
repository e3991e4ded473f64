/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * iommux-riscv-sys: a RISC-V IOMMU that is a platform device of the "virt" machine, in front of all
 * functions of its PCI host.  It has the address and the wires which the machine keeps for its own.
 */
#include "qemu/osdep.h"
#include "riscv.h"

#include "hw/irq.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci-host/gpex.h"
#include "hw/pci/pci_host.h"
#include "hw/riscv/virt.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "system/reset.h"

#define TYPE_IOMMUX_RISCV_SYS "iommux-riscv-sys"
OBJECT_DECLARE_SIMPLE_TYPE(IommuxRiscvSys, IOMMUX_RISCV_SYS)

#define WIRES 4

struct IommuxRiscvSys {
	DeviceState device;
	struct iommux_adapter adapter;
	struct iommux_riscv riscv;

	bool msi; /* property: the tree offers messages, if the machine has them */
	qemu_irq wires[WIRES];
	uint64_t base;
	bool complete; /* the tree is */
};

static void sys_realize(DeviceState *device, Error **errp)
{
	IommuxRiscvSys *s = IOMMUX_RISCV_SYS(device);
	struct iommux_adapter *adapter = &s->adapter;
	Object *machine = object_dynamic_cast(qdev_get_machine(), TYPE_RISCV_VIRT_MACHINE);
	/* The machine's own, beside which there may be expanders. */
	Object *host = object_resolve_path_type("", TYPE_GPEX_HOST, NULL);
	uint32_t numbers[WIRES];
	unsigned count;

	if (!machine || !host) {
		error_setg(errp, TYPE_IOMMUX_RISCV_SYS " needs the machine 'virt' of RISC-V");
		return;
	}

	RISCVVirtState *virt = RISCV_VIRT_MACHINE(machine);

	if (virt_is_iommu_sys_enabled(virt)) {
		error_setg(errp, "the machine has an IOMMU at the place of " TYPE_IOMMUX_RISCV_SYS
		                 " already; 'iommu-sys' should be off");
		return;
	}
	count = MIN(s->riscv.vectors, WIRES);
	for (unsigned i = 0; i < count; i++) {
		numbers[i] = IOMMU_SYS_IRQ + i;
		s->wires[i] = qdev_get_gpio_in(virt->irqchip[0], (int)numbers[i]);
	}
	adapter->wires = s->wires;
	adapter->wire_count = count;
	if (!iommux_riscv_realize(&s->riscv, adapter, device, PCI_HOST_BRIDGE(host)->bus,
	                          IOMMUX_RISCV_IGS_BOTH, 0, errp))
		return;

	s->base = virt->memmap[VIRT_IOMMU_SYS].base;
	memory_region_add_subregion(get_system_memory(), s->base, &adapter->window[0].region);
	iommux_riscv_tree_sys(s->base, numbers, count, s->msi);
	qemu_register_resettable(OBJECT(s));
}

/* Before any reset's hold phase, in which the guest's memory gets what ROMs have for it. */
static void sys_reset_enter(Object *object, ResetType type)
{
	IommuxRiscvSys *s = IOMMUX_RISCV_SYS(object);

	if (!s->complete)
		iommux_riscv_tree_sys_complete(s->base);
	s->complete = true;
}

static const VMStateDescription sys_vmstate = {
	.name = TYPE_IOMMUX_RISCV_SYS,
	.version_id = 1,
	.minimum_version_id = 1,
	.priority = MIG_PRI_IOMMU, /* virtio translates its rings when it is loaded */
	.fields =
		(const VMStateField[]){
			VMSTATE_STRUCT(adapter, IommuxRiscvSys, 0, iommux_vmstate,
	                               struct iommux_adapter),
			VMSTATE_END_OF_LIST(),
		},
};

static const Property sys_properties[] = {
	IOMMUX_RISCV_PROPERTIES(IommuxRiscvSys),
	DEFINE_PROP_BOOL("msi", IommuxRiscvSys, msi, true),
};

static void sys_class_init(ObjectClass *class, iommux_class_data *data)
{
	DeviceClass *device = DEVICE_CLASS(class);
	ResettableClass *resettable = RESETTABLE_CLASS(class);

	device->realize = sys_realize;
	device->desc = "RISC-V IOMMU of iommux, a platform device";
	device->vmsd = &sys_vmstate;
	device->hotpluggable = false;
	device->user_creatable = true;
	device_class_set_props(device, sys_properties);
	resettable->phases.enter = sys_reset_enter;
	set_bit(DEVICE_CATEGORY_MISC, device->categories);
}

static const TypeInfo types[] = {
	{
		.name = TYPE_IOMMUX_RISCV_SYS,
		.parent = TYPE_DEVICE,
		.instance_size = sizeof(IommuxRiscvSys),
		.class_init = sys_class_init,
	},
};

DEFINE_TYPES(types)

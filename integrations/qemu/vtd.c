/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* -device iommux-vtd: a VT-d unit in front of all PCI devices and the I/O APIC of a q35 machine. */
#include "qemu/osdep.h"

#include "hw/boards.h"
#include "hw/i386/apic_internal.h"
#include "hw/i386/pc.h"
#include "hw/i386/x86.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_bus.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "vtd.h"

#define DEFAULT_ADDRESS 0xfed90000

/* To the local APICs; messages to them do not fit in system memory, whose addresses end sooner. */
static void deliver(struct iommux_adapter *adapter, uint64_t address, uint32_t data)
{
	MSIMessage message = { .address = address, .data = data };

	apic_get_class(NULL)->send_msi(&message);
}

static bool make(struct iommux_vtd *vtd, Error **errp)
{
	if (!iommux_vtd_new_unit(vtd, errp))
		return false;
	vtd->adapter.maps_are_told = iommux_vtd_maps_are_told(vtd);
	vtd->adapter.address_width = iommux_vtd_address_width(vtd);
	/* The table comes last: QEMU cannot take it back. */
	return iommux_adapter_record(&vtd->adapter, errp) && iommux_vtd_dmar_add(vtd, errp);
}

static void realize(DeviceState *device, Error **errp)
{
	struct iommux_vtd *vtd = IOMMUX_VTD(device);
	struct iommux_adapter *adapter = &vtd->adapter;
	MachineState *machine = MACHINE(qdev_get_machine());
	PCIBus *bus = NULL;

	if (object_dynamic_cast(OBJECT(machine), TYPE_PC_MACHINE))
		bus = PC_MACHINE(machine)->pcibus;
	if (!bus || !pci_bus_is_express(bus)) {
		error_setg(errp, "%s needs a machine with PCI Express; it should be -machine q35",
		           TYPE_IOMMUX_VTD);
		return;
	}
	if (bus->iommu_ops) {
		error_setg(errp,
		           "the machine has an IOMMU already; it should have no other than %s",
		           TYPE_IOMMUX_VTD);
		return;
	}
	iommux_adapter_prepare(adapter, device);
	adapter->deliver = deliver;
	if (!make(vtd, errp)) {
		iommux_adapter_end(adapter);
		return;
	}
	iommux_adapter_start(adapter);
	memory_region_add_subregion(get_system_memory(), vtd->address, &adapter->window[0].region);
	iommux_adapter_serve(adapter, bus);
	X86_MACHINE(machine)->ioapic_as =
		iommux_adapter_source(adapter, PCI_BUILD_BDF(IOMMUX_VTD_IOAPIC_BUS,
	                                                     IOMMUX_VTD_IOAPIC_DEVFN));
}

#define FEATURE(name, number)                                                                      \
	DEFINE_PROP_ON_OFF_AUTO(name, struct iommux_vtd, feature[number], ON_OFF_AUTO_AUTO)

static const Property properties[] = {
	IOMMUX_PROPERTIES(struct iommux_vtd),
	DEFINE_PROP_UINT64("address", struct iommux_vtd, address, DEFAULT_ADDRESS),
	DEFINE_PROP_STRING("profile", struct iommux_vtd, profile),
	DEFINE_PROP_UINT64("cap", struct iommux_vtd, cap, 0),
	DEFINE_PROP_UINT64("ecap", struct iommux_vtd, ecap, 0),
	DEFINE_PROP_UINT32("flags", struct iommux_vtd, flags, IOM_VTD_AW_IGNORED),
	DEFINE_PROP_UINT8("address-bits", struct iommux_vtd, address_bits, 0),
	DEFINE_PROP_UINT8("aw-bits", struct iommux_vtd, aw_bits, 0),
	FEATURE("caching-mode", IOMMUX_VTD_CM),
	FEATURE("device-iotlb", IOMMUX_VTD_DT),
	FEATURE("eim", IOMMUX_VTD_EIM),
	FEATURE("first-stage", IOMMUX_VTD_FSTS),
	FEATURE("intremap", IOMMUX_VTD_IR),
	FEATURE("nested", IOMMUX_VTD_NEST),
	FEATURE("pasid", IOMMUX_VTD_PASID),
	FEATURE("pass-through", IOMMUX_VTD_PT),
	FEATURE("posted", IOMMUX_VTD_PI),
	FEATURE("page-requests", IOMMUX_VTD_PRS),
	FEATURE("queued-invalidation", IOMMUX_VTD_QI),
	FEATURE("second-stage", IOMMUX_VTD_SSTS),
	FEATURE("snoop-control", IOMMUX_VTD_SC),
	FEATURE("write-buffer", IOMMUX_VTD_RWBF),
};

static const VMStateDescription vmstate = {
	.name = TYPE_IOMMUX_VTD,
	.version_id = 1,
	.minimum_version_id = 1,
	.priority = MIG_PRI_IOMMU,
	.fields =
		(const VMStateField[]){
			VMSTATE_STRUCT(adapter, struct iommux_vtd, 1, iommux_vmstate,
	                               struct iommux_adapter),
			VMSTATE_END_OF_LIST(),
		},
};

static void class_init(ObjectClass *class, iommux_class_data *data)
{
	DeviceClass *device_class = DEVICE_CLASS(class);

	device_class->desc = "VT-d, by iommux";
	device_class->realize = realize;
	device_class->vmsd = &vmstate;
	device_class->hotpluggable = false;
	device_class->user_creatable = true;
	set_bit(DEVICE_CATEGORY_MISC, device_class->categories);
	device_class_set_props(device_class, properties);
}

static const TypeInfo type = {
	.name = TYPE_IOMMUX_VTD,
	.parent = TYPE_DEVICE,
	.instance_size = sizeof(struct iommux_vtd),
	.class_init = class_init,
};

static void register_types(void)
{
	type_register_static(&type);
}
type_init(register_types)

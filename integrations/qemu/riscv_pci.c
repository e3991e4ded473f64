/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * iommux-riscv-pci: a RISC-V IOMMU that is a PCI function, in front of all others of its host.
 *
 * The table of MSI-X is the unit's own msi_cfg_tbl, so that QEMU's msix.c has no part in it: the bits of
 * MSI-X control are looked at when the unit sends (iommux/riscv_pci.h).
 */
#include "qemu/osdep.h"
#include "riscv.h"

#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pcie.h"
#include "migration/vmstate.h"
#include "qapi/error.h"

#include <iommux/riscv_pci.h>

#define TYPE_IOMMUX_RISCV_PCI "iommux-riscv-pci"
OBJECT_DECLARE_SIMPLE_TYPE(IommuxRiscvPci, IOMMUX_RISCV_PCI)

#define MSIX_BYTES 12
#define MSIX_ENTRY_BYTES 16

struct IommuxRiscvPci {
	PCIDevice pci;
	struct iommux_adapter adapter;
	struct iommux_riscv riscv;

	MemoryRegion bar; /* the unit's registers, with `pba` above them */
	MemoryRegion pba;
	uint32_t pending; /* messages that the function's mask holds back, a bit a vector */
};

static uint16_t msix_control(IommuxRiscvPci *s)
{
	return pci_get_word(s->pci.config + IOM_RISCV_PCI_MSIX_CTRL);
}

static uint64_t entry_word(IommuxRiscvPci *s, unsigned vector, unsigned at, unsigned bytes)
{
	uint64_t word;

	iom_mmio_read(s->adapter.unit, 0, IOM_RISCV_PCI_TABLE + vector * MSIX_ENTRY_BYTES + at,
	              bytes, &word);
	return word;
}

/* A store of the function itself: no IOMMU stands before it. */
static void store(uint64_t address, uint32_t data)
{
	address_space_stl_le(&address_space_memory, address, data, MEMTXATTRS_UNSPECIFIED, NULL);
}

/* The vector whose message this is; one too many: the notice of an interrupt file in memory. */
static unsigned vector_of(IommuxRiscvPci *s, uint64_t address, uint32_t data)
{
	unsigned v = 0;

	while (v < s->riscv.vectors &&
	       (entry_word(s, v, 0, 8) != address || entry_word(s, v, 8, 4) != data))
		v++;
	return v;
}

static void deliver(struct iommux_adapter *adapter, uint64_t address, uint32_t data)
{
	IommuxRiscvPci *s = container_of(adapter, IommuxRiscvPci, adapter);
	unsigned vector = vector_of(s, address, data);
	uint16_t control = msix_control(s);

	/* MSI-X knows nothing of notices: they go to where the guest's tables of messages lead. */
	if (vector == s->riscv.vectors) {
		store(address, data);
	} else if (control & IOM_RISCV_PCI_MSIX_ENABLE &&
	           pci_get_word(s->pci.config + PCI_COMMAND) & PCI_COMMAND_MASTER) {
		if (control & IOM_RISCV_PCI_MSIX_MASKED)
			s->pending |= 1u << vector;
		else
			store(address, data);
	}
}

static void config_write(PCIDevice *device, uint32_t address, uint32_t value, int bytes)
{
	IommuxRiscvPci *s = IOMMUX_RISCV_PCI(device);

	pci_default_write_config(device, address, value, bytes);
	if (!(msix_control(s) & IOM_RISCV_PCI_MSIX_ENABLE) ||
	    msix_control(s) & IOM_RISCV_PCI_MSIX_MASKED)
		return;
	for (unsigned v = 0; s->pending; v++) {
		if (s->pending & 1u << v)
			store(entry_word(s, v, 0, 8), (uint32_t)entry_word(s, v, 8, 4));
		s->pending &= ~(1u << v);
	}
}

static uint64_t pba_read(void *opaque, hwaddr at, unsigned bytes)
{
	IommuxRiscvPci *s = opaque;

	return (uint64_t)s->pending >> (8 * at);
}

static void pba_write(void *opaque, hwaddr at, uint64_t value, unsigned bytes)
{
}

static const MemoryRegionOps pba_ops = {
	.read = pba_read,
	.write = pba_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.impl = { .min_access_size = 4, .max_access_size = 8 },
};

/* The capability of MSI-X, as the library has it. */
static void add_msix(IommuxRiscvPci *s)
{
	uint8_t space[IOM_RISCV_PCI_BYTES], writable[IOM_RISCV_PCI_BYTES];
	struct iom_riscv_pci_config config = {
		.bytes = sizeof config,
		.vectors = s->riscv.vectors,
	};
	int r;

	r = iom_riscv_pci(&config, space, writable, NULL);
	g_assert(r == IOM_OK); /* the unit has that many vectors */
	pci_add_capability(&s->pci, PCI_CAP_ID_MSIX, IOM_RISCV_PCI_MSIX, MSIX_BYTES, &error_abort);
	memcpy(s->pci.config + IOM_RISCV_PCI_MSIX_CTRL, space + IOM_RISCV_PCI_MSIX_CTRL,
	       MSIX_BYTES - 2);
	memcpy(s->pci.wmask + IOM_RISCV_PCI_MSIX_CTRL, writable + IOM_RISCV_PCI_MSIX_CTRL,
	       MSIX_BYTES - 2);
}

static void pci_realize(PCIDevice *device, Error **errp)
{
	IommuxRiscvPci *s = IOMMUX_RISCV_PCI(device);
	struct iommux_adapter *adapter = &s->adapter;

	if (!pci_bus_is_root(pci_get_bus(device))) {
		error_setg(errp,
		           TYPE_IOMMUX_RISCV_PCI " is on bus '%s'; it should be on a root bus",
		           BUS(pci_get_bus(device))->name);
		return;
	}
	/* Only ACPI tells a guest of these buses, and has no word for this unit there. */
	if (pci_bus_num(pci_get_bus(device))) {
		error_setg(errp,
		           TYPE_IOMMUX_RISCV_PCI " is on the bus '%s' of an expander; it should be "
		                                 "on the machine's own",
		           BUS(pci_get_bus(device))->name);
		return;
	}
	adapter->deliver = deliver;
	if (!iommux_riscv_realize(&s->riscv, adapter, DEVICE(device), pci_get_bus(device),
	                          IOMMUX_RISCV_IGS_MSI, IOM_RISCV_MSI_MASKED, errp))
		return;
	/* In an empty config space there is room for both. */
	add_msix(s);
	pcie_endpoint_cap_init(device, 0);

	memory_region_init(&s->bar, OBJECT(s), TYPE_IOMMUX_RISCV_PCI,
	                   memory_region_size(&adapter->window[0].region));
	memory_region_add_subregion(&s->bar, 0, &adapter->window[0].region);
	memory_region_init_io(&s->pba, OBJECT(s), &pba_ops, s, TYPE_IOMMUX_RISCV_PCI "-pba", 8);
	memory_region_add_subregion_overlap(&s->bar, IOM_RISCV_PCI_PBA, &s->pba, 1);
	pci_register_bar(device, 0, PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64,
	                 &s->bar);

	iommux_riscv_tree_pci(device);
}

/* PCI's own reset leaves what is in capabilities alone. */
static void pci_reset(DeviceState *device)
{
	IommuxRiscvPci *s = IOMMUX_RISCV_PCI(device);

	s->pending = 0;
	pci_word_test_and_clear_mask(s->pci.config + IOM_RISCV_PCI_MSIX_CTRL,
	                             IOM_RISCV_PCI_MSIX_ENABLE | IOM_RISCV_PCI_MSIX_MASKED);
}

static const VMStateDescription pci_vmstate = {
	.name = TYPE_IOMMUX_RISCV_PCI,
	.version_id = 1,
	.minimum_version_id = 1,
	.priority = MIG_PRI_IOMMU, /* virtio translates its rings when it is loaded */
	.fields =
		(const VMStateField[]){
			VMSTATE_PCI_DEVICE(pci, IommuxRiscvPci),
			VMSTATE_UINT32(pending, IommuxRiscvPci),
			VMSTATE_STRUCT(adapter, IommuxRiscvPci, 0, iommux_vmstate,
	                               struct iommux_adapter),
			VMSTATE_END_OF_LIST(),
		},
};

static const Property pci_properties[] = { IOMMUX_RISCV_PROPERTIES(IommuxRiscvPci) };

static void pci_class_init(ObjectClass *class, iommux_class_data *data)
{
	DeviceClass *device = DEVICE_CLASS(class);
	PCIDeviceClass *pci = PCI_DEVICE_CLASS(class);

	/* What Linux binds to. */
	pci->vendor_id = PCI_VENDOR_ID_REDHAT;
	pci->device_id = PCI_DEVICE_ID_REDHAT_RISCV_IOMMU;
	pci->class_id = 0x0806;
	pci->realize = pci_realize;
	pci->config_write = config_write;
	device->desc = "RISC-V IOMMU of iommux, a PCI function";
	device->vmsd = &pci_vmstate;
	device->hotpluggable = false;
	device_class_set_props(device, pci_properties);
	device_class_set_legacy_reset(device, pci_reset);
	set_bit(DEVICE_CATEGORY_MISC, device->categories);
}

static const TypeInfo types[] = {
	{
		.name = TYPE_IOMMUX_RISCV_PCI,
		.parent = TYPE_PCI_DEVICE,
		.instance_size = sizeof(IommuxRiscvPci),
		.class_init = pci_class_init,
		.interfaces = (InterfaceInfo[]){ { INTERFACE_PCIE_DEVICE }, {} },
	},
};

DEFINE_TYPES(types)

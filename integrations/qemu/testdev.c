/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The test device as a PCI function: config space, registers, life. */
#include "testdev.h"

#include "hw/pci/msix.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "qapi/error.h"

/* Registers that software stores to, a bit for each of the 32 words. */
#define WRITABLE                                                                                   \
	(3u << TD_SOURCE / 4 | 3u << TD_DESTINATION / 4 | 1u << TD_LENGTH / 4 |                    \
	 1u << TD_PROCESS / 4 | 1u << TD_FLAGS / 4 | 1u << TD_COMMAND / 4 | 3u << TD_OPERAND / 4 | \
	 3u << TD_COMPARE / 4 | 1u << TD_CONTROL / 4)

bool td_allowed(Testdev *d, unsigned capability)
{
	static const struct {
		unsigned capability, control;
		uint16_t enable;
	} of[] = {
		{ TD_ATS, PCI_ATS_CTRL, PCI_ATS_CTRL_ENABLE },
		{ TD_PRI, PCI_PRI_CTRL, PCI_PRI_CTRL_ENABLE },
		{ TD_PASID, PCI_PASID_CTRL, PCI_PASID_CTRL_ENABLE },
	};

	if (td_get(d, TD_CONTROL) & TD_CONTROL_RECKLESS)
		return true;
	for (unsigned i = 0; i < ARRAY_SIZE(of); i++)
		if (of[i].capability == capability)
			return pci_get_word(d->parent_obj.config + capability + of[i].control) &
			       of[i].enable;
	g_assert_not_reached();
}

static uint32_t word(const Testdev *d, hwaddr at)
{
	uint32_t value = 0;

	if (at < TD_REGISTERS)
		return td_get(d, (unsigned)at);
	if (at >= TD_EVENTS && at < TD_EVENTS + sizeof d->event)
		memcpy(&value, (const char *)d->event + (at - TD_EVENTS), 4);
	return value;
}

static uint64_t load(void *opaque, hwaddr at, unsigned bytes)
{
	const Testdev *d = opaque;

	return word(d, at) | (bytes == 8 ? (uint64_t)word(d, at + 4) << 32 : 0);
}

static void store(void *opaque, hwaddr at, uint64_t value, unsigned bytes)
{
	Testdev *d = opaque;

	for (; bytes; bytes -= 4, at += 4, value >>= 32) {
		if (at >= TD_REGISTERS || !(WRITABLE >> at / 4 & 1))
			continue;
		td_set(d, (unsigned)at, (uint32_t)value);
		if (at == TD_COMMAND)
			td_command(d, (uint32_t)value);
	}
}

static const MemoryRegionOps registers = {
	.read = load,
	.write = store,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 8 },
	.impl = { .min_access_size = 4, .max_access_size = 8 },
};

/* By hand, because QEMU 10.0 knows of ATS only. */
static void add_pri(PCIDevice *pci)
{
	pcie_add_capability(pci, PCI_EXT_CAP_ID_PRI, 1, TD_PRI, PCI_EXT_CAP_PRI_SIZEOF);
	pci_set_word(pci->config + TD_PRI + PCI_PRI_STATUS,
	             PCI_PRI_STATUS_STOPPED | PCI_PRI_STATUS_PASID);
	pci_set_long(pci->config + TD_PRI + PCI_PRI_MAX_REQ, 512);
	pci_set_word(pci->wmask + TD_PRI + PCI_PRI_CTRL, PCI_PRI_CTRL_ENABLE);
	pci_set_long(pci->wmask + TD_PRI + PCI_PRI_ALLOC_REQ, ~0u);
}

static void add_pasid(PCIDevice *pci)
{
	pcie_add_capability(pci, PCI_EXT_CAP_ID_PASID, 1, TD_PASID, PCI_EXT_CAP_PASID_SIZEOF);
	pci_set_word(pci->config + TD_PASID + PCI_PASID_CAP,
	             20 << 8 | PCI_PASID_CAP_EXEC | PCI_PASID_CAP_PRIV);
	pci_set_word(pci->wmask + TD_PASID + PCI_PASID_CTRL,
	             PCI_PASID_CTRL_ENABLE | PCI_PASID_CTRL_EXEC | PCI_PASID_CTRL_PRIV);
}

static void realize(PCIDevice *pci, Error **errp)
{
	Testdev *d = IOMMUX_TESTDEV(pci);

	if (!pci_bus_is_express(pci_get_bus(pci))) {
		error_setg(errp,
		           "iommux-testdev is a PCI Express device, and '%s' is a conventional "
		           "bus; it should be on a PCI Express root bus or port",
		           pci_get_bus(pci)->qbus.name);
		return;
	}
	memory_region_init_io(&d->registers, OBJECT(d), &registers, d, "iommux-testdev", 0x1000);
	if (!memory_region_init_ram(&d->buffer, OBJECT(d), "iommux-testdev.buffer", TD_BUFFER_BYTES,
	                            errp))
		return;
	pci_register_bar(pci, 0, PCI_BASE_ADDRESS_SPACE_MEMORY, &d->registers);
	pci_register_bar(pci, 2, PCI_BASE_ADDRESS_SPACE_MEMORY, &d->buffer);
	if (pcie_endpoint_cap_init(pci, 0) < 0) {
		error_setg(errp, "iommux-testdev found no place for its PCI Express capability");
		return;
	}
	if (msix_init_exclusive_bar(pci, TD_VECTORS, 4, errp))
		return;
	for (unsigned i = 0; i < TD_VECTORS; i++)
		msix_vector_use(pci, i);
	pcie_ats_init(pci, TD_ATS, true);
	add_pri(pci);
	add_pasid(pci);
#ifdef IOMMUX_QEMU_HAS_ATS
	pci->exp.pri_cap = TD_PRI;
	pci->exp.pasid_cap = TD_PASID;
#endif
}

static void leave(Testdev *d)
{
	td_let_go(d);
	td_qemu_leave(d);
	td_ours_leave(d);
	d->path = NULL;
}

static void unrealize(PCIDevice *pci)
{
	Testdev *d = IOMMUX_TESTDEV(pci);

	leave(d);
	td_unwatch(d);
	g_free(d->measured);
	msix_uninit_exclusive_bar(pci);
	pcie_cap_exit(pci);
}

static void reset(DeviceState *device)
{
	Testdev *d = IOMMUX_TESTDEV(device);

	leave(d);
	td_cache_clear(d);
	memset(d->word, 0, sizeof d->word);
	memset(d->event, 0, sizeof d->event);
	td_set(d, TD_MAGIC, 0x584d4f49);
}

/*
 * What is open here does not follow: a device that is moved has ended its accesses, and the IOMMU that
 * it finds waits for nobody.
 */
static int loaded(void *opaque, int version)
{
	Testdev *d = opaque;

	const uint32_t held = td_get(d, TD_HELD);

	td_set(d, TD_HELD, 0);
	leave(d);
	td_set(d, TD_HELD, held);
	if (td_get(d, TD_FEATURES))
		td_join(d);
	td_forget_held(d);
	return 0;
}

static const VMStateDescription event_state = {
	.name = "iommux-testdev/event",
	.version_id = 1,
	.fields =
		(const VMStateField[]){
			VMSTATE_UINT32(kind, struct td_event),
			VMSTATE_UINT32(token, struct td_event),
			VMSTATE_UINT64(address, struct td_event),
			VMSTATE_UINT64(bytes, struct td_event),
			VMSTATE_UINT32(pasid, struct td_event),
			VMSTATE_UINT32(code, struct td_event),
			VMSTATE_END_OF_LIST(),
		},
};

static const VMStateDescription cached_state = {
	.name = "iommux-testdev/cached",
	.version_id = 1,
	.fields =
		(const VMStateField[]){
			VMSTATE_UINT64(first, struct td_cached),
			VMSTATE_UINT64(last, struct td_cached),
			VMSTATE_UINT64(address, struct td_cached),
			VMSTATE_UINT32(granted, struct td_cached),
			VMSTATE_UINT32(pasid, struct td_cached),
			VMSTATE_UINT32(valid, struct td_cached),
			VMSTATE_END_OF_LIST(),
		},
};

static const VMStateDescription state = {
	.name = "iommux-testdev",
	.version_id = 1,
	.post_load = loaded,
	.fields =
		(const VMStateField[]){
			VMSTATE_PCI_DEVICE(parent_obj, Testdev),
			VMSTATE_MSIX(parent_obj, Testdev),
			VMSTATE_UINT32_ARRAY(word, Testdev, TD_REGISTERS / 4),
			VMSTATE_STRUCT_ARRAY(event, Testdev, TD_EVENT_COUNT, 1, event_state,
	                                     struct td_event),
			VMSTATE_STRUCT_ARRAY(cached, Testdev, TD_CACHE_ENTRIES, 1, cached_state,
	                                     struct td_cached),
			VMSTATE_UINT32(next_cached, Testdev),
			VMSTATE_END_OF_LIST(),
		},
};

static const Property properties[] = { DEFINE_PROP_BOOL("core", Testdev, core, false) };

static void class_init(ObjectClass *class, iommux_class_data *data)
{
	DeviceClass *device = DEVICE_CLASS(class);
	PCIDeviceClass *pci = PCI_DEVICE_CLASS(class);

	pci->realize = realize;
	pci->exit = unrealize;
	pci->vendor_id = TD_VENDOR;
	pci->device_id = TD_DEVICE;
	pci->class_id = PCI_CLASS_OTHERS;
	device->vmsd = &state;
	device->desc = "tries an IOMMU: ATS, PRI, PASID, invalidations that wait";
	device_class_set_legacy_reset(device, reset);
	device_class_set_props(device, properties);
	set_bit(DEVICE_CATEGORY_MISC, device->categories);
	td_bench_class(class);
}

static const TypeInfo type = {
	.name = TYPE_IOMMUX_TESTDEV,
	.parent = TYPE_PCI_DEVICE,
	.instance_size = sizeof(Testdev),
	.class_init = class_init,
	.interfaces =
		(InterfaceInfo[]){
			{ INTERFACE_PCIE_DEVICE },
			{},
		},
};

static void register_type(void)
{
	type_register_static(&type);
}

type_init(register_type)

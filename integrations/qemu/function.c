/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Requesters: the address space of a PCI function, and how its accesses are translated. */
#include "qemu/osdep.h"

#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "internal.h"
#include "qemu/main-loop.h"

/* ---- Ports -------------------------------------------------------------------------------- */

uint32_t iommux_function_requester(struct iommux_function *function)
{
	const PCIDevice *bridge = qatomic_load_acquire(&function->bridge);

	/* Bus numbers below bridges are the guest's to choose, and to change. */
	return bridge ? PCI_BUILD_BDF(bridge->config[PCI_SECONDARY_BUS], function->devfn)
	              : function->requester;
}

static struct iommux_port *open_port(struct iommux_function *function, uint32_t requester)
{
	struct iom_unit *unit = function->adapter->unit;
	struct iommux_port *port = g_new0(struct iommux_port, 1);
	struct iom_endpoint *endpoint;

	port->requester = requester;
	if (iom_endpoint_get(unit, requester, &endpoint) == IOM_OK &&
	    iom_lane_open(unit, &port->lane) == IOM_OK &&
	    iom_port_open(endpoint, port->lane, &port->port) == IOM_OK)
		return port;
	iom_lane_close(port->lane);
	g_free(port);
	return NULL;
}

/*
 * A port is one thread's at a time.  There are as many as threads have ever used the function at once,
 * mostly one.
 */
static struct iommux_port *take_idle_port(struct iommux_function *function, uint32_t requester)
{
	struct iommux_port *port;

	for (;;) {
		WITH_QEMU_LOCK_GUARD(&function->lock)
		{
			port = function->idle;
			if (port)
				function->idle = port->next;
		}
		if (!port)
			return open_port(function, requester);
		if (port->requester == requester)
			return port;
		iom_lane_close(port->lane);
		g_free(port);
	}
}

/* Most accesses come under the big lock, and need no other. */
static struct iommux_port *take_port(struct iommux_function *function)
{
	uint32_t requester = iommux_function_requester(function);
	struct iommux_port *port = function->home;

	if (!bql_locked() || function->away)
		return take_idle_port(function, requester);
	if (!port || port->requester != requester) {
		if (port) {
			iom_lane_close(port->lane);
			g_free(port);
		}
		port = function->home = open_port(function, requester);
		if (!port)
			return NULL;
		port->home = true;
	}
	function->away = true;
	return port;
}

static void give_port(struct iommux_function *function, struct iommux_port *port)
{
	if (port->home) {
		function->away = false;
		return;
	}
	QEMU_LOCK_GUARD(&function->lock);
	port->next = function->idle;
	function->idle = port;
}

/* ---- Translating -------------------------------------------------------------------------- */

static IOMMUAccessFlags permitted(const struct iom_reply *reply)
{
	return IOMMU_ACCESS_FLAG(reply->perm & IOM_PERM_READ, reply->perm & IOM_PERM_WRITE);
}

static IOMMUTLBEntry entry_of(struct iommux_function *function, hwaddr iova,
                              const struct iom_reply *reply)
{
	/* QEMU adds 1 to the mask. */
	hwaddr mask = MAKE_64BIT_MASK(0, MIN(reply->range_lg2, 63));
	bool memory = reply->target == IOM_TARGET_MEMORY;

	return (IOMMUTLBEntry){
		.target_as = memory ? &address_space_memory : &function->trap_as,
		.iova = iova & ~mask,
		.translated_addr = (memory ? reply->spa : iova) & ~mask,
		.addr_mask = mask,
		.perm = permitted(reply),
	};
}

/* QEMU tells a process by an index, one of as many as MemTxAttrs.pid has values; 0: there is none. */
#define PROCESSES 256

static void set_process(struct iom_request *request, int index)
{
	if (index) {
		request->pasid = index;
		request->flags |= IOM_REQ_PASID;
	}
}

static int attrs_to_index(IOMMUMemoryRegion *region, MemTxAttrs attrs)
{
	return attrs.pid;
}

static int num_indexes(IOMMUMemoryRegion *region)
{
	return PROCESSES;
}

static IOMMUTLBEntry translate(IOMMUMemoryRegion *region, hwaddr iova, IOMMUAccessFlags flags,
                               int index)
{
	struct iommux_function *function = container_of(region, struct iommux_function, iommu);
	struct iommux_port *port = take_port(function);
	struct iom_request request = {
		.iova = iova,
		/* QEMU does not tell; only interrupt messages have to be whole and aligned. */
		.bytes = iova % 4 ? 1 : 4,
		.access = flags & IOMMU_WO ? IOM_WRITE : IOM_READ,
		.flags = flags == IOMMU_NONE ? IOM_REQ_PROBE : 0,
	};
	IOMMUTLBEntry entry = {
		.target_as = &address_space_memory,
		.iova = iova & ~(hwaddr)0xfff,
		.addr_mask = 0xfff,
		.perm = IOMMU_NONE,
	};
	struct iom_reply reply;

	if (!port)
		return entry;
	set_process(&request, index);
	if (port->home)
		function->adapter->count.locked_translations++;
	else
		qatomic_inc(&function->adapter->count.translations);
	/*
	 * In no section: QEMU has no place to end it after the access, and makes that from the address in the
	 * answer.  A device that runs under the big lock is not in between when software writes to the unit.
	 */
	if (iom_translate(port->port, &request, &reply) == IOM_OK)
		entry = entry_of(function, iova, &reply);
	else if (flags != IOMMU_NONE)
		qatomic_inc(&function->adapter->count.refusals);
	give_port(function, port);
	return entry;
}

int iommux_function_ask(struct iommux_function *function, const struct iom_request *request,
                        struct iom_reply *reply)
{
	struct iommux_port *port = take_port(function);
	int result = IOM_ENOMEM;

	if (port) {
		result = iom_translate(port->port, request, reply);
		give_port(function, port);
	}
	return result;
}

uint64_t iommux_function_page_mask(struct iommux_function *function, uint64_t iova)
{
	static const uint8_t accesses[] = { IOM_READ, IOM_WRITE };
	struct iommux_port *port = take_port(function);
	uint64_t mask = 0xfff;
	struct iom_reply reply;

	if (!port)
		return mask;
	for (size_t i = 0; i < ARRAY_SIZE(accesses); i++) {
		const struct iom_request request = {
			.iova = iova,
			.bytes = 1,
			.access = accesses[i],
			.flags = IOM_REQ_PROBE,
		};

		if (iom_translate(port->port, &request, &reply) == IOM_OK) {
			mask = MAKE_64BIT_MASK(0, MIN(reply.range_lg2, 63));
			break;
		}
	}
	give_port(function, port);
	return mask;
}

static void region_class_init(ObjectClass *class, iommux_class_data *data)
{
	IOMMUMemoryRegionClass *region_class = IOMMU_MEMORY_REGION_CLASS(class);

	region_class->translate = translate;
	region_class->attrs_to_index = attrs_to_index;
	region_class->num_indexes = num_indexes;
	region_class->notify_flag_changed = iommux_notify_changed;
	region_class->replay = iommux_follow_replay;
}

static const TypeInfo region_type = {
	.name = TYPE_IOMMUX_REGION,
	.parent = TYPE_IOMMU_MEMORY_REGION,
	.class_init = region_class_init,
};

static void register_types(void)
{
	type_register_static(&region_type);
}
type_init(register_types)

	/* ---- What is no access to memory ---------------------------------------------------------- */

	static MemTxResult
	trap_read(void *opaque, hwaddr iova, uint64_t *value, unsigned bytes, MemTxAttrs attrs)
{
	*value = UINT64_MAX;
	return MEMTX_DECODE_ERROR;
}

/* An interrupt message, or a store to an interrupt file in memory. */
static MemTxResult trap_write(void *opaque, hwaddr iova, uint64_t value, unsigned bytes,
                              MemTxAttrs attrs)
{
	struct iommux_function *function = opaque;
	struct iommux_port *port = take_port(function);
	struct iom_request request = { .iova = iova, .access = IOM_WRITE };
	struct iom_reply reply;
	uint8_t data[8];
	int result;

	if (!port)
		return MEMTX_ERROR;
	qatomic_inc(&function->adapter->count.messages);
	set_process(&request, attrs.pid);
	stq_le_p(data, value);
	result = iom_write(port->port, &request, data, bytes, &reply);
	give_port(function, port);
	return result == IOM_OK ? MEMTX_OK : MEMTX_ERROR;
}

static const MemoryRegionOps trap_ops = {
	.read_with_attrs = trap_read,
	.write_with_attrs = trap_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
	.impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* ---- Functions ---------------------------------------------------------------------------- */

static struct iommux_function *new_function(struct iommux_adapter *adapter, PCIBus *bus, int devfn)
{
	struct iommux_function *function = g_new0(struct iommux_function, 1);
	Object *owner = OBJECT(adapter->device);
	g_autofree char *name = g_strdup_printf("iommux-%02x.%x", PCI_SLOT(devfn), PCI_FUNC(devfn));

	function->adapter = adapter;
	function->bus = bus;
	function->devfn = devfn;
	if (bus && !pci_bus_is_root(bus))
		function->bridge = bus->parent_dev;
	else if (bus)
		function->requester = PCI_BUILD_BDF(pci_bus_num(bus), devfn);
	qemu_mutex_init(&function->lock);
	memory_region_init_iommu(&function->iommu, sizeof function->iommu, TYPE_IOMMUX_REGION,
	                         owner, name, UINT64_MAX);
	address_space_init(&function->as, MEMORY_REGION(&function->iommu), name);
	memory_region_init_io(&function->trap, owner, &trap_ops, function, "iommux-trap",
	                      UINT64_MAX);
	/* A device may send an interrupt while it is told something by the unit. */
	function->trap.disable_reentrancy_guard = true;
	address_space_init(&function->trap_as, &function->trap, "iommux-trap");
	QLIST_INSERT_HEAD_RCU(&adapter->functions, function, next);
	return function;
}

AddressSpace *iommux_function_space(PCIBus *bus, void *opaque, int devfn)
{
	struct iommux_adapter *adapter = opaque;
	struct iommux_function *function;

	QEMU_LOCK_GUARD(&adapter->functions_lock);
	QLIST_FOREACH(function, &adapter->functions, next)
	{
		if (function->bus == bus && function->devfn == devfn)
			return &function->as;
	}
	return &new_function(adapter, bus, devfn)->as;
}

#ifndef IOMMUX_QEMU_HAS_ATS
const PCIIOMMUOps iommux_pci_ops = { .get_address_space = iommux_function_space };
#endif

/* No requester has this number. */
#define NOBODY UINT32_MAX

/*
 * A device is gone.  If it was a bridge, what was below it is gone too, and is nobody from now on: another
 * bridge may get its memory.
 */
static void unplugged(DeviceListener *listener, DeviceState *device)
{
	struct iommux_adapter *adapter = container_of(listener, struct iommux_adapter, unplugged);
	struct iommux_function *function;

	QEMU_LOCK_GUARD(&adapter->functions_lock);
	QLIST_FOREACH(function, &adapter->functions, next)
	{
		if (!function->bridge || DEVICE(function->bridge) != device)
			continue;
		function->bus = NULL;
		function->requester = NOBODY;
		qatomic_store_release(&function->bridge, NULL);
	}
}

void iommux_adapter_serve(struct iommux_adapter *adapter, PCIBus *bus)
{
	pci_setup_iommu(bus, &iommux_pci_ops, adapter);
	adapter->unplugged = (DeviceListener){ .unrealize = unplugged };
	device_listener_register(&adapter->unplugged);
}

AddressSpace *iommux_adapter_source(struct iommux_adapter *adapter, uint16_t requester)
{
	struct iommux_function *function;

	QEMU_LOCK_GUARD(&adapter->functions_lock);
	function = new_function(adapter, NULL, requester & 0xff);
	function->requester = requester;
	return &function->as;
}

struct iommux_function *iommux_function_find(struct iommux_adapter *adapter, uint32_t requester)
{
	struct iommux_function *function;

	QEMU_LOCK_GUARD(&adapter->functions_lock);
	QLIST_FOREACH(function, &adapter->functions, next)
	{
		if (iommux_function_requester(function) == requester)
			return function;
	}
	return NULL;
}

/* ---- For device models -------------------------------------------------------------------- */

struct iommux_function *iommux_function_of(PCIDevice *device)
{
	MemoryRegion *root = pci_device_iommu_address_space(device)->root;

	if (!object_dynamic_cast(OBJECT(root), TYPE_IOMMUX_REGION))
		return NULL;
	return container_of(IOMMU_MEMORY_REGION(root), struct iommux_function, iommu);
}

struct iom_unit *iommux_function_unit(struct iommux_function *function)
{
	return function->adapter->unit;
}

struct iom_endpoint *iommux_function_endpoint(struct iommux_function *function)
{
	struct iom_endpoint *endpoint = NULL;

	iom_endpoint_get(function->adapter->unit, iommux_function_requester(function), &endpoint);
	return endpoint;
}

void iommux_function_listen(struct iommux_function *function, iommux_listener *listener,
                            void *opaque)
{
	function->listener = listener;
	function->listener_opaque = opaque;
}

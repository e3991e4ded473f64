/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "qemu/osdep.h"
#include "riscv.h"

#include "hw/pci/pci_bus.h"
#include "qapi/error.h"

#define CAP_VERSION UINT64_C(0x10)
#define CAP_IGS_AT 28
#define CAP_PAS_AT 32
/* A scheme of RV32, and one of RV64: fctl.GXL has a choice between them. */
#define CAP_RV32 (UINT64_C(1) << 8 | UINT64_C(1) << 16)
#define CAP_RV64 (UINT64_C(1) << 9 | UINT64_C(1) << 17)

/* Of the widest first stage. */
static uint8_t address_width(uint64_t capabilities)
{
	static const uint8_t widths[] = { 57, 48, 39, 32 }; /* capabilities bits 11 to 8 */
	unsigned i = 0;

	while (i + 1 < ARRAY_SIZE(widths) && !(capabilities >> (11 - i) & 1))
		i++;
	return widths[i];
}

bool iommux_riscv_realize(const struct iommux_riscv *riscv, struct iommux_adapter *adapter,
                          DeviceState *device, PCIBus *bus, uint64_t igs, uint32_t flags,
                          Error **errp)
{
	struct iom_riscv_config config = {
		.bytes = sizeof config,
		.capabilities = riscv->capabilities | CAP_VERSION | igs << CAP_IGS_AT |
		                (uint64_t)(riscv->pas & 0x3f) << CAP_PAS_AT,
		.reset_mode = riscv->off ? IOM_RISCV_RESET_OFF : IOM_RISCV_RESET_BARE,
		.vectors = riscv->vectors,
		.ddt_levels = riscv->ddt_levels,
		.queue_lg2 = riscv->queue_lg2,
		.cache_lg2 = adapter->cache_lg2,
		.front_lg2 = adapter->front_lg2,
		.flags = flags | (riscv->uncached ? IOM_RISCV_UNCACHED : 0),
	};
	struct iom_error error;

	if (riscv->capabilities & CAP_RV32 && riscv->capabilities & CAP_RV64)
		config.flags |= IOM_RISCV_GXL_WRITABLE;
	/* To the library that is its default; here it has one already, and others count by it. */
	if (!riscv->vectors) {
		error_setg(errp, "vectors is 0; it should be 1, 2, 4, 8 or 16");
		return false;
	}
	if (bus->iommu_ops) {
		error_setg(errp, "bus '%s' has an IOMMU already, and can have only one",
		           BUS(bus)->name);
		return false;
	}
	iommux_adapter_prepare(adapter, device);
	if (iom_riscv_new(&config, adapter->memory, &iommux_host, adapter, &adapter->unit,
	                  &error)) {
		iommux_error(errp, &error);
		goto undo;
	}
	adapter->made.riscv = &config;
	adapter->address_width = address_width(riscv->capabilities);
	if (!iommux_adapter_record(adapter, errp))
		goto undo;
	iommux_adapter_start(adapter);
	iommux_adapter_serve(adapter, bus);
	return true;
undo:
	iommux_adapter_end(adapter);
	return false;
}

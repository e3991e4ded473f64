/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A machine whose IOMMUs are RISC-V's. */
#include "base/bits.h"
#include "machine/arch.h"
#include "pt/fmt/riscv.h"
#include "pt/fmt/riscv_table.h"
#include "regs/riscv.h"

static const struct iom_riscv_config config = {
	.bytes = sizeof config,
	.ats_timeout_ns = MACHINE_ATS_TIMEOUT_NS,
};

static int unit_new(struct iom_memory *memory, const struct iom_host *host, void *opaque,
                    struct iom_unit **out, struct iom_error *error)
{
	return iom_riscv_new(&config, memory, host, opaque, out, error);
}

/* First stages alone: the second is the hypervisor's, and so are the MSI page tables. */
static const struct iom_riscv_config guest_config = {
	.bytes = sizeof guest_config,
	.capabilities = IOM_PUT(RV_CAP_VERSION, RV_CAP_VERSION_1_0) | RV_CAP_SV39 | RV_CAP_SV48 |
	                RV_CAP_SV57 | RV_CAP_SVPBMT | RV_CAP_END | IOM_PUT(RV_CAP_IGS, RV_IGS_MSI) |
	                IOM_PUT(RV_CAP_PAS, 56),
};

static int guest_unit_new(struct iom_memory *memory, const struct iom_host *host, void *opaque,
                          struct iom_unit **out, struct iom_error *error)
{
	return iom_riscv_new(&guest_config, memory, host, opaque, out, error);
}

/* Sv39, as most kernels choose it, in the CPU's byte order. */
static struct pt_root root(void)
{
	struct pt_root made = pt_rv64_root(0, RV_ATP_SV39, false);

	made.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	return made;
}

static const struct machine_tables tables = {
	.format = IOM_FORMAT_RISCV_SV39,
	.root = root,
	.map = pt_rv64_map,
	.unmap = pt_rv64_unmap,
	.lookup = pt_rv64_lookup,
	.release = pt_rv64_release,
	.free = pt_rv64_free,
};

const struct machine_arch machine_riscv = {
	.name = "riscv",
	.summary = "RISC-V IOMMU 1.0",
	.unit_new = unit_new,
	.guest_unit_new = guest_unit_new,
	.riscv = { &config, &guest_config },
	.driver_new = iom_driver_riscv,
	.tables = &tables,
	.interrupts = &imsic_interrupts,
	.requester_last = 0xffffff,
	.wires = true,
};

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The architectures that a machine can have its IOMMU of. */
#include "machine/arch.h"

#include <string.h>

#include "base/bits.h"
#include "pt/fmt/riscv.h"
#include "pt/fmt/riscv_table.h"
#include "regs/riscv.h"

/* Devices in here answer at once or take milliseconds; a minute would be a long scenario. */
#define ATS_TIMEOUT_NS 10000000u

static int riscv_new(struct iom_memory *memory, const struct iom_host *host, void *opaque,
                     struct iom_unit **out, struct iom_error *error)
{
	static const struct iom_riscv_config config = {
		.bytes = sizeof config,
		.ats_timeout_ns = ATS_TIMEOUT_NS,
	};

	return iom_riscv_new(&config, memory, host, opaque, out, error);
}

/* First stages alone: the second is the hypervisor's, and so are the MSI page tables. */
static int riscv_guest_new(struct iom_memory *memory, const struct iom_host *host, void *opaque,
                           struct iom_unit **out, struct iom_error *error)
{
	static const struct iom_riscv_config config = {
		.bytes = sizeof config,
		.capabilities = IOM_PUT(RV_CAP_VERSION, RV_CAP_VERSION_1_0) | RV_CAP_SV39 |
		                RV_CAP_SV48 | RV_CAP_SV57 | RV_CAP_SVPBMT | RV_CAP_END |
		                IOM_PUT(RV_CAP_IGS, RV_IGS_MSI) | IOM_PUT(RV_CAP_PAS, 56),
	};

	return iom_riscv_new(&config, memory, host, opaque, out, error);
}

/* Sv39, as most kernels choose it, in the CPU's byte order. */
static struct pt_root riscv_root(void)
{
	struct pt_root root = pt_rv64_root(0, RV_ATP_SV39, false);

	root.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	return root;
}

static const struct machine_tables riscv_tables = {
	.format = IOM_FORMAT_RISCV_SV39,
	.root = riscv_root,
	.map = pt_rv64_map,
	.unmap = pt_rv64_unmap,
	.lookup = pt_rv64_lookup,
	.release = pt_rv64_release,
	.free = pt_rv64_free,
};

const struct machine_arch machine_archs[] = {
	{ "riscv", "RISC-V IOMMU 1.0", riscv_new, riscv_guest_new, iom_driver_riscv, &riscv_tables,
	  &imsic_interrupts, 0xffffff },
	{ .name = NULL },
};

const struct machine_arch *machine_arch_find(const char *name)
{
	for (const struct machine_arch *a = machine_archs; a->name; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

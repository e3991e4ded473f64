/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The architectures that a machine can have its IOMMU of. */
#include "machine/arch.h"

#include <string.h>

static int riscv_new(struct iom_memory *memory, const struct iom_host *host, void *opaque,
                     struct iom_unit **out, struct iom_error *error)
{
	return iom_riscv_new(NULL, memory, host, opaque, out, error);
}

const struct machine_arch machine_archs[] = {
	{ "riscv", "RISC-V IOMMU 1.0", riscv_new, iom_driver_riscv, 0xffffff },
	{ .name = NULL },
};

const struct machine_arch *machine_arch_find(const char *name)
{
	for (const struct machine_arch *a = machine_archs; a->name; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

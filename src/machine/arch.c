/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The architectures that a machine can have its IOMMU of. */
#include "machine/arch.h"

#include <string.h>

const struct machine_arch *const machine_archs[] = { &machine_riscv, &machine_vtd, NULL };

const struct machine_arch *machine_arch_find(const char *name)
{
	for (const struct machine_arch *const *a = machine_archs; *a; a++)
		if (!strcmp((*a)->name, name))
			return *a;
	return NULL;
}

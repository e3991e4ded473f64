/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The VT-d unit that was found, for tests that are VT-d's own. */
#ifndef BAREMETAL_X86_64_UNIT_H
#define BAREMETAL_X86_64_UNIT_H

#include <stdint.h>

#include <iommux/dmar.h>

#define ECAP_IR UINT64_C(0x8)
#define ECAP_EIM UINT64_C(0x10)

struct unit_x86 {
	struct iom_dmar_table dmar;
	uint64_t cap, ecap;
};

extern struct unit_x86 unit_x86;
extern const struct iom_dmar_pci unit_x86_pci;

#endif

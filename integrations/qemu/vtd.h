/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the files of the VT-d device share. */
#ifndef IOMMUX_QEMU_VTD_H
#define IOMMUX_QEMU_VTD_H

#include "adapter.h"
#include "qom/object.h"

#define TYPE_IOMMUX_VTD "iommux-vtd"
OBJECT_DECLARE_SIMPLE_TYPE(iommux_vtd, IOMMUX_VTD)

/* Where requests of the machine's I/O APIC seem to come from, as with QEMU's own unit. */
#define IOMMUX_VTD_IOAPIC_BUS 0xff
#define IOMMUX_VTD_IOAPIC_DEVFN 0

struct iommux_vtd {
	DeviceState parent;
	struct iommux_adapter adapter;
	uint64_t address;     /* of the registers                                       */
	char *profile;        /* legacy, scalable or full                               */
	uint64_t cap, ecap;   /* CAP and ECAP; 0: the profile's                         */
	uint32_t flags;       /* IOM_VTD_*                                              */
	uint8_t address_bits; /* HAW; 0: what the library takes                         */
};

/* vtd_dmar.c: gives the guest the ACPI table that names the unit. */
bool iommux_vtd_dmar_add(struct iommux_vtd *vtd, Error **errp);

#endif

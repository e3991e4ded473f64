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

/* Registers and bits that more than one file looks at. */
#define IOMMUX_VTD_ECAP 0x10
#define IOMMUX_VTD_ECAP_DT BIT_ULL(2)
#define IOMMUX_VTD_ECAP_IR BIT_ULL(3)

/* Capabilities that can be turned on and off one by one: vtd_config.c. */
enum {
	IOMMUX_VTD_CM,
	IOMMUX_VTD_DT,
	IOMMUX_VTD_EIM,
	IOMMUX_VTD_FSTS,
	IOMMUX_VTD_IR,
	IOMMUX_VTD_NEST,
	IOMMUX_VTD_PASID,
	IOMMUX_VTD_PI,
	IOMMUX_VTD_PRS,
	IOMMUX_VTD_PT,
	IOMMUX_VTD_QI,
	IOMMUX_VTD_RWBF,
	IOMMUX_VTD_SC,
	IOMMUX_VTD_SSTS,
	IOMMUX_VTD_FEATURES,
};

struct iommux_vtd {
	DeviceState parent;
	struct iommux_adapter adapter;
	struct iom_vtd_config config; /* what the unit was made with                 */
	uint64_t address;             /* of the registers                            */
	char *profile;                /* legacy, scalable or full; NULL: legacy      */
	uint64_t cap, ecap;           /* CAP and ECAP; both 0: the profile's         */
	uint32_t flags;               /* IOM_VTD_*                                   */
	uint8_t address_bits;         /* HAW; 0: what the library takes              */
	uint8_t aw_bits;              /* of the addresses that devices use; 0: as it */
	/* is in CAP                                   */
	OnOffAuto feature[IOMMUX_VTD_FEATURES];
};

/* vtd_config.c: creates the unit that the properties describe. */
bool iommux_vtd_new_unit(struct iommux_vtd *vtd, Error **errp);

/*
 * Does software invalidate what it maps, too?  In caching mode it does, but for the first stage, whose
 * entries that are not present are never cached.
 */
bool iommux_vtd_maps_are_told(struct iommux_vtd *vtd);

/* CAP.MGAW: of the addresses that devices use. */
uint8_t iommux_vtd_address_width(struct iommux_vtd *vtd);

/* vtd_dmar.c: gives the guest the ACPI table that names the unit. */
bool iommux_vtd_dmar_add(struct iommux_vtd *vtd, Error **errp);

#endif

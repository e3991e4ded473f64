/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What firmware says of the machine: PVH's start info, MCFG and DMAR. */
#include "unit.h"

#include <string.h>

#include "../bed.h"
#include "acpi.h"
#include "apic.h"

/* Start info, version 1 ("x86/HVM direct boot ABI") */
#define INFO_MAGIC 0x336ec578u
#define INFO_RSDP 32
#define INFO_MAP 40
#define INFO_MAP_ENTRIES 48
#define MAP_BYTES 24
#define MAP_RAM 1u

#define MCFG_BASE 44

#define GIB UINT64_C(0x40000000)
#define LOW_MEMORY UINT64_C(0x1000000) /* above what the loader uses */
#define LOW_BYTES UINT64_C(0x4000000)

/* Registers, for what decides which codes are right */
#define CAP 0x08
#define ECAP 0x10
#define CAP_SSLPS(cap) ((cap) >> 34 & 3)
#define CAP_FS1GP(cap) ((cap) >> 56 & 1)
#define ECAP_SMTS(ecap) ((ecap) >> 43 & 1)
#define ECAP_SSTS(ecap) ((ecap) >> 46 & 1)
#define ECAP_FSTS(ecap) ((ecap) >> 47 & 1)

struct unit_x86 unit_x86;

static uint64_t load(const uint8_t *from, unsigned bytes)
{
	uint64_t value = 0;

	memcpy(&value, from, bytes);
	return value;
}

/* The first page of memory above 4 GiB */
static uint64_t far_memory(const uint8_t *info)
{
	const uint8_t *map = (const uint8_t *)(uintptr_t)load(info + INFO_MAP, 8);

	for (uint32_t n = (uint32_t)load(info + INFO_MAP_ENTRIES, 4); map && n; n--) {
		uint64_t base = load(map, 8);

		if (load(map + 16, 4) == MAP_RAM && base >= 4 * GIB)
			return base;
		map += MAP_BYTES;
	}
	return 0;
}

bool machine_start(const void *boot, struct machine *machine)
{
	const uint8_t *info = boot, *mcfg;
	size_t bytes;

	if (load(info, 4) != INFO_MAGIC) {
		say("# the loader passed no start info of PVH\n");
		return false;
	}
	apic_exceptions();
	acpi_start(load(info + INFO_RSDP, 8));
	mcfg = acpi_table("MCFG", &bytes);
	if (!mcfg) {
		say("# firmware has no MCFG\n");
		return false;
	}
	*machine = (struct machine){
		.ecam = load(mcfg + MCFG_BASE, 8),
		.memory = LOW_MEMORY,
		.memory_end = LOW_MEMORY + LOW_BYTES,
		.far = far_memory(info),
	};
	return true;
}

static const struct unit_codes legacy = {
	.unattached = 0x02,
	.absent_read = 0x06,
	.absent_write = 0x05,
	.no_write = 0x05,
	.beyond = 0x04,
};

/* Second-stage tables have no P: an entry that permits nothing is absent. */
static const struct unit_codes second_stage = {
	.unattached = 0x41,
	.absent_read = 0x79,
	.absent_write = 0x79,
	.no_write = 0x85,
	.beyond = 0x84,
};

static const struct unit_codes first_stage = {
	.unattached = 0x41,
	.absent_read = 0x71,
	.absent_write = 0x71,
	.no_write = 0x85,
	.beyond = 0x80,
};

static int bring_up(const struct iom_driver_config *config, const struct iom_os_host *host,
                    void *opaque, struct iom_driver **out, struct iom_error *error)
{
	return iom_driver_vtd(config, host, opaque, out, error);
}

static void describe(struct unit *unit)
{
	uint64_t cap = mmio_read(unit->registers + CAP, 8);
	uint64_t ecap = mmio_read(unit->registers + ECAP, 8);
	unsigned large = CAP_SSLPS(cap) & 2 ? 30 : CAP_SSLPS(cap) ? 21 : 12;

	say("# CAP 0x%x, ECAP 0x%x\n", (unsigned long long)cap, (unsigned long long)ecap);
	unit->name = "VT-d, legacy mode";
	unit->codes = legacy;
	unit->leaf_lg2 = large;
	if (ECAP_SMTS(ecap) && ECAP_FSTS(ecap)) {
		unit->name = "VT-d, scalable mode, first stage";
		unit->codes = first_stage;
		unit->leaf_lg2 = CAP_FS1GP(cap) ? 30 : 21;
	} else if (ECAP_SMTS(ecap) && ECAP_SSTS(ecap)) {
		unit->name = "VT-d, scalable mode, second stage";
		unit->codes = second_stage;
	}
	unit_x86.cap = cap;
	unit_x86.ecap = ecap;
}

bool unit_find(const uint16_t *rids, size_t count, struct unit *unit)
{
	struct iom_dmar_drhd drhd;

	if (!acpi_dmar(&unit_x86.dmar))
		return false;
	for (size_t n = 0; n < count; n++) {
		if (iom_dmar_find_rid(&unit_x86.dmar, &unit_x86_pci, 0, rids[n], &drhd) ||
		    (n && drhd.base != unit->registers)) {
			say("# device 0x%x is behind no unit, or behind another one\n",
			    (unsigned long long)rids[n]);
			return false;
		}
		unit->registers = drhd.base;
	}
	unit->config = (struct iom_driver_config){ .bytes = sizeof unit->config };
	unit->bring_up = bring_up;
	unit->fault_unit = PAGE;
	describe(unit);
	return true;
}

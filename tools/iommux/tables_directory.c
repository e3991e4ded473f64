/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * All devices that have a context.  The directory is looked through for entries that are valid; what such a
 * context says the unit is asked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/endian.h"
#include "regs/riscv.h"
#include "regs/vtd.h"
#include "tables_unit.h"
#include "verbs.h"

#define TABLES_MAX 4096u
#define DEVICES_MAX 4096u
#define TABLE_BYTES 4096u

struct directory {
	struct tables_unit *u;
	unsigned tables, devices;
	bool big, ended;
};

/* ---- A device ------------------------------------------------------------------------------------- */

static void put_stage(struct tables_unit *u, const char *name, const struct iom_stage *from,
                      bool second)
{
	struct ranges_stage stage;
	char text[64];

	if (!ranges_stage_make(from, second, &u->unit, NULL, &stage))
		return;
	snprintf(text, sizeof text, "%s at 0x%" PRIx64, stage.name, from->root);
	tables_field(u, name, text);
}

static void put_device(struct directory *d, uint32_t requester)
{
	struct tables_unit *u = d->u;
	struct iom_endpoint *endpoint;
	struct iom_context_info info;
	char room[16];

	if (d->devices++ == DEVICES_MAX) {
		tables_wrong(u, "there are more than 4096 devices; the first were looked at");
		d->ended = true;
		return;
	}
	if (iom_endpoint_get(u->scene->unit, requester, &endpoint) ||
	    iom_fault_in(endpoint, false, 0, &info))
		return;
	explain_device(requester, room);
	table_record(&u->out, 1, "devices", room);
	if (info.kind == IOM_CONTEXT_BLOCKED)
		tables_field(u, "requests", "blocked");
	else if (!info.stage1.format && !info.stage2.format)
		tables_field(u, "requests", "passed through");
	put_stage(u, "first_stage", &info.stage1, false);
	put_stage(u, "second_stage", &info.stage2, true);
	if (info.stage1.format)
		table_hex(&u->out, u->riscv ? "pscid" : "pasid", info.stage1.tag);
	if (info.stage2.format || (!u->riscv && info.kind == IOM_CONTEXT_TRANSLATED))
		table_hex(&u->out, u->riscv ? "gscid" : "did", info.stage2.tag);
}

/* ---- Directories ------------------------------------------------------------------------------------ */

/* False: it cannot be read, or there were enough. */
static bool enter(struct directory *d, uint64_t table, uint8_t *bytes)
{
	char text[96];

	if (d->ended)
		return false;
	if (d->tables++ == TABLES_MAX) {
		tables_wrong(d->u, "the directory has more than 4096 tables; the first were looked "
		                   "at");
		d->ended = true;
		return false;
	}
	if (tables_read(d->u, table, bytes, TABLE_BYTES)) {
		snprintf(text, sizeof text,
		         "the table at 0x%" PRIx64 " of the directory cannot be read", table);
		tables_wrong(d->u, text);
		return false;
	}
	return true;
}

/* Level 0 has device contexts; there are three levels at most.  NOLINTNEXTLINE(misc-no-recursion) */
static void riscv_table(struct directory *d, unsigned level, uint64_t table, uint32_t first)
{
	const bool extended = d->u->map.capabilities[0] & RV_CAP_MSI_FLAT;
	const unsigned leaf_lg2 = extended ? 6 : 7, bits = level ? 9 : leaf_lg2;
	const unsigned bytes_each = level ? 8 : extended ? RV_DC_EXT_BYTES : RV_DC_BASE_BYTES;
	const unsigned shift = level ? leaf_lg2 + 9 * (level - 1) : 0;
	uint8_t bytes[TABLE_BYTES];

	if (!enter(d, table, bytes))
		return;
	/* In base format the root of three levels has 256 entries. */
	for (uint32_t i = 0; i < 1u << bits && (i << shift) + first < 1u << 24 && !d->ended; i++) {
		const uint64_t word = iom_ld64(bytes + (size_t)i * bytes_each, d->big);

		if (!(word & RV_DIR_V))
			continue;
		if (level)
			riscv_table(d, level - 1, IOM_GET(RV_DIR_PPN, word) << 12,
			            first + (i << shift));
		else
			put_device(d, first + i);
	}
}

static void riscv(struct directory *d)
{
	const uint64_t ddtp = tables_register(d->u, RV_DDTP, 8);
	const unsigned mode = (unsigned)IOM_GET(RV_DDTP_MODE, ddtp);

	d->big = tables_register(d->u, RV_FCTL, 4) & RV_FCTL_BE;
	if (mode >= RV_DDTP_1LVL && mode <= RV_DDTP_3LVL)
		riscv_table(d, mode - RV_DDTP_1LVL, IOM_GET(RV_DDTP_PPN, ddtp) << 12, 0);
}

static void vtd_contexts(struct directory *d, uint64_t table, uint32_t first, unsigned bytes_each)
{
	uint8_t bytes[TABLE_BYTES];

	if (!enter(d, table, bytes))
		return;
	for (uint32_t i = 0; i < TABLE_BYTES / bytes_each && !d->ended; i++) {
		if (iom_ld64(bytes + (size_t)i * bytes_each, false) & VTD_CE_P)
			put_device(d, first + i);
	}
}

static void vtd(struct directory *d)
{
	const uint64_t rtaddr = tables_register(d->u, VTD_RTADDR, 8);
	const bool scalable = IOM_GET(VTD_RTADDR_TTM, rtaddr) == VTD_TTM_SCALABLE;
	uint8_t bytes[TABLE_BYTES];

	if (!(tables_register(d->u, VTD_GSTS, 4) & VTD_G_TE) ||
	    !enter(d, rtaddr & VTD_ADDRESS, bytes))
		return;
	for (uint32_t bus = 0; bus < 256; bus++) {
		for (uint32_t half = 0; half < (scalable ? 2 : 1); half++) {
			const uint64_t word =
				iom_ld64(bytes + (size_t)16 * bus + (size_t)8 * half, false);

			if (word & VTD_ROOT_P)
				vtd_contexts(d, word & VTD_ADDRESS, bus << 8 | half << 7,
				             scalable ? VTD_SCE_BYTES : VTD_CE_BYTES);
		}
	}
}

int tables_directory(struct tables_unit *u)
{
	struct directory d = { .u = u };

	table_record(&u->out, 0, NULL, u->riscv ? "RISC-V IOMMU" : "VT-d unit");
	tables_from(u);
	if (u->riscv) {
		riscv(&d);
	} else {
		vtd(&d);
	}
	if (!d.devices && !u->out.json)
		table_record(&u->out, 1, "devices", "no device has a context");
	if (!u->riscv)
		tables_remapping(u, NULL);
	return EXIT_HELD;
}

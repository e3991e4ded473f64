/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Tables of interrupts: RISC-V's MSI page tables, VT-d's interrupt remapping table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/endian.h"
#include "regs/riscv.h"
#include "regs/vtd.h"
#include "tables_unit.h"

#define ENTRY_BYTES 16u
#define ENTRIES_MAX 65536u

/* ---- RISC-V: "Locate the MSI page-table entry" --------------------------------------------------- */

/* The guest-physical page of an entry: the bits of its number stand where the mask has ones. */
static uint64_t page_of(uint64_t mask, uint64_t pattern, uint64_t index)
{
	uint64_t page = pattern & ~mask;

	for (uint64_t left = mask; left; left &= left - 1) {
		page |= index & 1 ? IOM_LSB(left) : 0;
		index >>= 1;
	}
	return page << 12;
}

static void put_msi(struct tables_unit *u, uint64_t address, uint64_t page, const uint64_t *word)
{
	char text[64];

	snprintf(text, sizeof text, "page 0x%" PRIx64, page);
	table_record(&u->out, 2, "entries", u->out.json ? "MSI PTE" : text);
	if (u->out.json)
		table_hex(&u->out, "page", page);
	table_hex(&u->out, "address", address);
	tables_entry(u, 3, anatomy_rv_msi(word[0]), &(struct anatomy_words){ word, 2, 0 });
}

void tables_msi(struct tables_unit *u, const uint64_t *dc, unsigned words)
{
	const bool big = tables_register(u, RV_FCTL, 4) & RV_FCTL_BE;
	uint64_t base, mask, pattern, count;

	if (words <= RV_DC_MSI_ADDR_PATTERN ||
	    IOM_GET(RV_FSC_MODE, dc[RV_DC_MSIPTP]) != RV_MSIPTP_FLAT)
		return;
	base = IOM_GET(RV_FSC_PPN, dc[RV_DC_MSIPTP]) << 12;
	mask = dc[RV_DC_MSI_ADDR_MASK] & RV_MSI_ADDR_BITS;
	pattern = dc[RV_DC_MSI_ADDR_PATTERN] & RV_MSI_ADDR_BITS;
	count = UINT64_C(1) << __builtin_popcountll(mask);
	table_record(&u->out, 1, "interrupts", "MSI page table");
	table_hex(&u->out, "address", base);
	table_number(&u->out, "size", count);
	if (count > ENTRIES_MAX)
		tables_wrong(u, "the MSI page table has more than 65536 entries; the first were "
		                "looked at");
	for (uint64_t i = 0; i < count && i < ENTRIES_MAX; i++) {
		uint8_t bytes[ENTRY_BYTES];
		uint64_t word[2];

		if (tables_read(u, base + i * ENTRY_BYTES, bytes, sizeof bytes)) {
			tables_wrong(u, "the MSI page table cannot be read as a whole");
			return;
		}
		word[0] = iom_ld64(bytes, big);
		word[1] = iom_ld64(bytes + 8, big);
		if (word[0] & RV_MSIPTE_V)
			put_msi(u, base + i * ENTRY_BYTES, page_of(mask, pattern, i), word);
	}
}

/* ---- VT-d ------------------------------------------------------------------------------------------- */

/* May the requester send this interrupt?  "Source Validation" */
static bool may_send(const uint64_t *word, uint32_t requester)
{
	static const uint16_t looked_at[] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };
	const uint32_t sid = (uint32_t)IOM_GET(VTD_IRTE_1_SID, word[1]), bus = requester >> 8;

	switch (IOM_GET(VTD_IRTE_1_SVT, word[1])) {
	case VTD_SVT_NONE:
		return true;
	case VTD_SVT_SID:
		return !((sid ^ requester) & looked_at[IOM_GET(VTD_IRTE_1_SQ, word[1])]);
	case VTD_SVT_BUS:
		return bus >= sid >> 8 && bus <= (sid & 0xff);
	default:
		return false;
	}
}

static void put_irte(struct tables_unit *u, uint64_t index, uint64_t address, const uint64_t *word,
                     unsigned how)
{
	char text[32];

	snprintf(text, sizeof text, "entry %" PRIu64, index);
	table_record(&u->out, 2, "entries", u->out.json ? "IRTE" : text);
	if (u->out.json)
		table_number(&u->out, "index", index);
	table_hex(&u->out, "address", address);
	tables_entry(u, 3, anatomy_vtd_irte(word[0]), &(struct anatomy_words){ word, 2, how });
}

void tables_remapping(struct tables_unit *u, const uint32_t *requester)
{
	const uint64_t irta = tables_register(u, VTD_IRTA, 8);
	const uint64_t count = UINT64_C(2) << IOM_GET(VTD_IRTA_S, irta);
	const unsigned how = irta & VTD_IRTA_EIME ? ANATOMY_EIME : 0;

	if (!(tables_register(u, VTD_GSTS, 4) & VTD_G_IRE))
		return;
	table_record(&u->out, 1, "interrupts", "interrupt remapping table");
	table_hex(&u->out, "address", irta & VTD_ADDRESS);
	table_number(&u->out, "size", count);
	for (uint64_t i = 0; i < count; i++) {
		const uint64_t address = (irta & VTD_ADDRESS) + i * ENTRY_BYTES;
		uint8_t bytes[ENTRY_BYTES];
		uint64_t word[2];

		if (tables_read(u, address, bytes, sizeof bytes)) {
			tables_wrong(u, "the interrupt remapping table cannot be read as a whole");
			return;
		}
		word[0] = iom_ld64(bytes, false);
		word[1] = iom_ld64(bytes + 8, false);
		if (word[0] & VTD_IRTE_P && (!requester || may_send(word, *requester)))
			put_irte(u, i, address, word, how);
	}
}

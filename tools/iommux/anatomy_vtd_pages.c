/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* VT-d: "First-Stage Paging Entries", "Second-Stage Paging Entries" */
#include "anatomy_parts.h"
#include "regs/vtd.h"
#include "regs/x86.h"

/* Addresses of pages of 2 MiB and 1 GiB */
#define BASE_2M IOM_MASK(51, 21)
#define BASE_1G IOM_MASK(51, 30)

/* ---- The first stage ------------------------------------------------------------------------------ */

#define FS_LOW                                                                                     \
	PART("P", X86_PTE_P, 0, MEANS("not present", "present"), TELLING),                         \
		PART("R/W", X86_PTE_RW, 0, MEANS("read-only", "writable"), TELLING),               \
		PART("U/S", X86_PTE_US, 0, MEANS("supervisor", "user"), TELLING),                  \
		PART("PWT", X86_PTE_PWT, 0), PART("PCD", X86_PTE_PCD, 0),                          \
		PART("A", X86_PTE_A, 0, TELLING), PART("EA", X86_PTE_EA, 0),                       \
		PART("ignored", IOM_BIT(9), 0), PART("ignored", IOM_BIT(11), 0),                   \
		PART("ignored", IOM_MASK(62, 52), 0), PART("XD", X86_PTE_XD, 0, SET("ignored"))
#define FS_TABLE                                                                                   \
	FS_LOW, PART("ignored", X86_PTE_D, 0), PART("ignored", IOM_BIT(8), 0),                     \
		PART("ADDR", X86_PTE_ADDRESS, 0, WHOLE, TELLING)
#define FS_PAGE FS_LOW, PART("D", X86_PTE_D, 0, TELLING), PART("G", IOM_BIT(8), 0, SET("ignored"))
#define LARGE PART("PS", X86_PTE_PS, 0, SET("a page"))

static const struct anatomy_field fs_table[] = { FS_TABLE };
static const struct anatomy_field fs_2m[] = {
	FS_PAGE,
	LARGE,
	PART("PAT", X86_PTE_PAT_LARGE, 0),
	PART("ADDR", BASE_2M, 0, WHOLE, TELLING),
};
static const struct anatomy_field fs_1g[] = {
	FS_PAGE,
	LARGE,
	PART("PAT", X86_PTE_PAT_LARGE, 0),
	PART("ADDR", BASE_1G, 0, WHOLE, TELLING),
};
static const struct anatomy_field fs_4k[] = {
	FS_PAGE,
	PART("PAT", X86_PTE_PAT, 0),
	PART("ADDR", X86_PTE_ADDRESS, 0, WHOLE, TELLING),
};

/* ---- The second stage ------------------------------------------------------------------------------- */

/* With RTADDR.SSIRWE bits 62:61 permit, else 1:0. */
static const char *say_rw(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)room, (void)size;
	return value && w->how & ANATOMY_SSIRWE ? "ignored" : NULL;
}

static const char *say_irw(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)room, (void)size;
	return value && !(w->how & ANATOMY_SSIRWE) ? "without SSIRWE" : NULL;
}

#define SS_LOW                                                                                     \
	PART("R", VTD_SS_R, 0, .say = say_rw, TELLING),                                            \
		PART("W", VTD_SS_W, 0, .say = say_rw, TELLING), PART("A", VTD_SS_A, 0),            \
		PART("ignored", IOM_BIT(2), 0), PART("ignored", IOM_BIT(10), 0),                   \
		PART("ignored", IOM_MASK(60, 52), 0), PART("IR", VTD_SS_IR, 0, .say = say_irw),    \
		PART("IW", VTD_SS_IW, 0, .say = say_irw), PART("ignored", IOM_BIT(63), 0)
#define SS_TABLE                                                                                   \
	SS_LOW, PART("ignored", IOM_MASK(6, 3), 0), PART("ignored", IOM_BIT(9), 0),                \
		PART("ADDR", VTD_SS_ADDR, 0, WHOLE, TELLING)
#define SS_PAGE                                                                                    \
	SS_LOW, PART("D", VTD_SS_D, 0), PART("EMT", VTD_SS_EMT, 0),                                \
		PART("IPAT", VTD_SS_IPAT, 0, SET("PAT ignored")),                                  \
		PART("SNP", VTD_SS_SNP, 0, SET("snoops"))

static const struct anatomy_field ss_table[] = { SS_TABLE };
static const struct anatomy_field ss_2m[] = {
	SS_PAGE,
	LARGE,
	PART("ADDR", BASE_2M, 0, WHOLE, TELLING),
};
static const struct anatomy_field ss_1g[] = {
	SS_PAGE,
	LARGE,
	PART("ADDR", BASE_1G, 0, WHOLE, TELLING),
};
static const struct anatomy_field ss_4k[] = {
	SS_PAGE,
	PART("ignored", IOM_BIT(7), 0),
	PART("ADDR", VTD_SS_ADDR, 0, WHOLE, TELLING),
};

/* ---- Which of them ------------------------------------------------------------------------------------ */

#define FS(name, rows) ANATOMY(name, 1, X86_PTE_P, rows)
#define SS(name, rows) ANATOMY(name, 1, VTD_SS_R | VTD_SS_W | VTD_SS_IR | VTD_SS_IW, rows)

#define LEVELS 5

/* Level 1 first; of each the table, and the page where PS says so */
static const struct anatomy first_stage[LEVELS][2] = {
	{ FS("FS-PTE", fs_4k), FS("FS-PTE", fs_4k) },
	{ FS("FS-PDE", fs_table), FS("FS-PDE", fs_2m) },
	{ FS("FS-PDPE", fs_table), FS("FS-PDPE", fs_1g) },
	{ FS("FS-PML4E", fs_table), FS("FS-PML4E", fs_table) },
	{ FS("FS-PML5E", fs_table), FS("FS-PML5E", fs_table) },
};

static const struct anatomy second_stage[LEVELS][2] = {
	{ SS("SS-PTE", ss_4k), SS("SS-PTE", ss_4k) },
	{ SS("SS-PDE", ss_table), SS("SS-PDE", ss_2m) },
	{ SS("SS-PDPE", ss_table), SS("SS-PDPE", ss_1g) },
	{ SS("SS-PML4E", ss_table), SS("SS-PML4E", ss_table) },
	{ SS("SS-PML5E", ss_table), SS("SS-PML5E", ss_table) },
};

static unsigned row(unsigned level)
{
	return level < 1 ? 0 : level > LEVELS ? LEVELS - 1 : level - 1;
}

const struct anatomy *anatomy_vtd_first_stage(uint64_t entry, unsigned level)
{
	return &first_stage[row(level)][entry & X86_PTE_PS ? 1 : 0];
}

const struct anatomy *anatomy_vtd_second_stage(uint64_t entry, unsigned level)
{
	return &second_stage[row(level)][entry & VTD_SS_PS ? 1 : 0];
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The parts of `iommux tables` that are about the tables of an IOMMU in memory. */
#ifndef IOMMUX_TABLES_UNIT_H
#define IOMMUX_TABLES_UNIT_H

#include "explanation.h"
#include "ranges.h"
#include "tables.h"

#define TABLES_WRONG_MAX 64u

struct tables_unit {
	struct scene *scene;
	struct register_map map;
	struct ranges_unit unit;
	bool riscv;
	struct table_out out;
	char wrong[TABLES_WRONG_MAX][256];
	unsigned wrongs;
};

/* Of a scene that is open; false: its registers are not known. */
bool tables_unit_init(struct tables_unit *u, struct scene *scene, bool json);
uint64_t tables_register(const struct tables_unit *u, uint64_t off, unsigned bytes);
/* Memory; what a scene that is known in part does not know is 0.  IOM_OK, or it cannot be read. */
int tables_read(const struct tables_unit *u, uint64_t spa, void *buf, size_t size);
/* Where the tables are from, in the latest record. */
void tables_from(struct tables_unit *u);
/* A sentence for the end. */
void tables_wrong(struct tables_unit *u, const char *sentence);
/* Text in the latest record. */
void tables_field(struct tables_unit *u, const char *name, const char *text);
/* An entry in the latest record: its words, and what they say. */
void tables_entry(struct tables_unit *u, unsigned depth, const struct anatomy *anatomy,
                  const struct anatomy_words *words);

/* ---- One device (tables_device.c) ------------------------------------------------------------------ */

/* Prints its contexts and what they map; returns an exit status. */
int tables_device(struct tables_unit *u, uint32_t requester, bool has_pasid, uint32_t pasid);

/* ---- All of them (tables_directory.c) --------------------------------------------------------------- */

/* Prints a line for each device that has a context; returns an exit status. */
int tables_directory(struct tables_unit *u);

/* ---- Interrupts (tables_interrupts.c) ---------------------------------------------------------------- */

/* RISC-V: the MSI page table that a device context has, the entries that are valid. */
void tables_msi(struct tables_unit *u, const uint64_t *dc, unsigned words);
/* VT-d: entries of the interrupt remapping table that are present; `requester`: that it may use. */
void tables_remapping(struct tables_unit *u, const uint32_t *requester);

#endif

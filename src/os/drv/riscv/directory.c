/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "os/drv/riscv/directory.h"

#define ENTRIES_LG2 9 /* index bits of a table of non-leaf entries */

/* The lowest bit of an identifier's index at a level. */
static unsigned shift_of(const struct rvd_directory *t, unsigned level)
{
	return level ? t->leaf_lg2 + ENTRIES_LG2 * (level - 1) : 0;
}

unsigned rvd_directory_bits(const struct rvd_directory *t)
{
	return shift_of(t, t->levels);
}

static void *table_at(struct rvd_driver *d, uint64_t entry)
{
	return d->base.host.at(d->base.opaque, IOM_GET(RV_DIR_PPN, entry) << IOM_PAGE_LG2);
}

uint64_t *rvd_directory_leaf(struct rvd_driver *d, const struct rvd_directory *t, uint32_t id)
{
	uint64_t *table = t->root, phys;
	unsigned level;

	for (level = t->levels - 1u; level; level--) {
		uint64_t *entry = &table[id >> shift_of(t, level) & iom_low(ENTRIES_LG2)];

		if (!(rvd_dir_get(entry) & RV_DIR_V)) {
			if (!rvd_alloc(d, IOM_PAGE, &phys))
				return NULL;
			rvd_dir_put(entry, IOM_PUT(RV_DIR_PPN, phys >> IOM_PAGE_LG2) | RV_DIR_V);
		}
		table = table_at(d, rvd_dir_get(entry));
	}
	return table;
}

/* As deep as the directory: three levels at most.  NOLINTNEXTLINE(misc-no-recursion) */
static void free_table(struct rvd_driver *d, uint64_t *table, uint64_t phys, unsigned level)
{
	unsigned n;

	for (n = 0; level && n < 1u << ENTRIES_LG2; n++) {
		uint64_t entry = rvd_dir_get(&table[n]);

		if (entry & RV_DIR_V)
			free_table(d, table_at(d, entry),
			           IOM_GET(RV_DIR_PPN, entry) << IOM_PAGE_LG2, level - 1);
	}
	iom_os_free(&d->base, table, phys, IOM_PAGE);
}

void rvd_directory_free(struct rvd_driver *d, const struct rvd_directory *t)
{
	free_table(d, t->root, t->phys, t->levels - 1u);
}

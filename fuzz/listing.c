/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Fuzz target: tables in memory, as `iommux tables` lists them, and their entries taken apart.  The input
 * says which unit, which registers it has, and what stands where in 16 pages: nothing in it may lead a
 * walk astray, and whatever is listed has an end.
 */
#include <stdlib.h>
#include <string.h>

#include <iommux/iommux.h>

#include "../tools/iommux/scene.h"
#include "../tools/iommux/tables_unit.h"
#include "input.h"
#include "regs/riscv.h"
#include "regs/vtd.h"
#include "target.h"

#define PAGES 16u

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

static int read_memory(void *opaque, uint64_t spa, void *buf, size_t len)
{
	return scene_read(opaque, spa, buf, len) ? IOM_EFAULT : IOM_OK;
}

static int write_memory(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	(void)opaque, (void)spa, (void)buf, (void)len;
	return IOM_EFAULT;
}

static void store(struct scene *s, uint64_t off, unsigned bytes, uint64_t value)
{
	MUST(!iom_mmio_write(s->unit, 0, off, bytes, value));
}

static void unit_new(struct scene *s, struct input *in, bool riscv)
{
	static const struct iom_memory_ops ops = {
		.bytes = sizeof ops,
		.read = read_memory,
		.write = write_memory,
	};
	static const struct iom_host host = { .bytes = sizeof host };
	static const struct iom_riscv_config rv = { .bytes = sizeof rv, .cache_lg2 = 6 };
	static const struct iom_vtd_config vtd = { .bytes = sizeof vtd, .cache_lg2 = 6 };

	memcpy(s->header.arch, riscv ? "riscv" : "vtd", riscv ? 6 : 4);
	MUST(!iom_memory_new(&ops, s, &s->memory, NULL));
	if (riscv) {
		MUST(!iom_riscv_new(&rv, s->memory, &host, NULL, &s->unit, NULL));
		store(s, RV_FCTL, 4, take(in, 1));
		store(s, RV_DDTP, 8, 2 + take(in, 1) % 3 | take(in, 1) % PAGES << 10);
	} else {
		MUST(!iom_vtd_new(&vtd, s->memory, &host, NULL, &s->unit, NULL));
		store(s, VTD_RTADDR, 8, take(in, 2) % PAGES << 12 | (take(in, 2) & 0xc80));
		store(s, VTD_GCMD, 4, VTD_G_RTP);
		store(s, VTD_GCMD, 4, VTD_G_TE);
		store(s, VTD_IRTA, 8, take(in, 1) % PAGES << 12 | (take(in, 2) & 0x807));
		store(s, VTD_GCMD, 4, VTD_G_TE | VTD_G_IRTP);
		store(s, VTD_GCMD, 4, VTD_G_TE | VTD_G_QIE);
		store(s, VTD_GCMD, 4, VTD_G_TE | VTD_G_QIE | VTD_G_IRE);
	}
}

/* Entries: a page and a place in it, and a word whose address is inside of the pages more often than not. */
static void fill(struct scene *s, struct input *in)
{
	MUST(sparse_clear(&s->known, 0, PAGES * UINT64_C(4096)));
	while (in->left) {
		const uint64_t where = take(in, 2), flags = take(in, 2), top = take(in, 1);
		uint64_t word = flags | (take(in, 1) % PAGES) << (top & 1 ? 10 : 12);
		uint8_t bytes[8];

		word |= top >> 1 << 57;
		if (top & 2)
			word = word << 32 | take(in, 4);
		for (unsigned i = 0; i < 8; i++)
			bytes[i] = (uint8_t)(word >> 8 * i);
		MUST(sparse_put(&s->known, where % (PAGES * 512) * 8, bytes, sizeof bytes));
	}
}

static void list(struct scene *s, bool json, uint32_t requester, unsigned pasid)
{
	struct tables_unit *u = malloc(sizeof *u);

	MUST(u && tables_unit_init(u, s, json));
	(void)tables_directory(u);
	table_close(&u->out);
	MUST(tables_unit_init(u, s, json));
	(void)tables_device(u, requester, pasid & 1, pasid >> 1);
	MUST(u->wrongs <= TABLES_WRONG_MAX);
	table_close(&u->out);
	free(u);
}

static void take_apart(struct input in)
{
	static const struct anatomy *const anatomies[] = {
		&anatomy_rv_ddt,
		&anatomy_rv_dc,
		&anatomy_rv_pdt,
		&anatomy_rv_pc,
		&anatomy_rv_pte_table,
		&anatomy_rv_pte_leaf,
		&anatomy_rv_pte32_table,
		&anatomy_rv_pte32_leaf,
		&anatomy_rv_msi_pte,
		&anatomy_rv_msi_pte_mrif,
		&anatomy_rv_mrif,
		&anatomy_rv_fault,
		&anatomy_rv_page_request,
		&anatomy_vtd_root,
		&anatomy_vtd_root_scalable,
		&anatomy_vtd_context,
		&anatomy_vtd_context_scalable,
		&anatomy_vtd_pasid_directory,
		&anatomy_vtd_pasid,
		&anatomy_vtd_irte_remapped,
		&anatomy_vtd_irte_posted,
		&anatomy_vtd_posted_descriptor,
		&anatomy_vtd_fault,
		&anatomy_vtd_page_request,
	};
	uint64_t word[64];
	struct anatomy_words w = { word, 0, 0 };
	struct anatomy_value values[ANATOMY_VALUES];
	char text[ANATOMY_TEXT];

	w.how = (unsigned)take(&in, 1) & 15;
	take_bytes(&in, word, sizeof word);
	for (size_t i = 0; i < sizeof anatomies / sizeof anatomies[0]; i++) {
		/* What is not given is left alone. */
		for (w.count = 1; w.count <= anatomies[i]->words; w.count *= 2) {
			MUST(anatomy_take(anatomies[i], &w, values) <= ANATOMY_VALUES);
			MUST(strlen(anatomy_text(anatomies[i], &w, text, 64)) < 64);
			MUST(strlen(anatomy_text(anatomies[i], &w, text, sizeof text)) <
			     sizeof text);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct scene s = { .missing = false };
	const uint64_t first = take(&in, 1);
	const uint32_t requester = (uint32_t)take(&in, 2);
	const unsigned pasid = (unsigned)take(&in, 1);

	take_apart(in);
	unit_new(&s, &in, first & 1);
	s.header.partial = first & 2;
	fill(&s, &in);
	list(&s, first & 4, requester, pasid);
	iom_unit_free(s.unit);
	iom_memory_free(s.memory);
	sparse_free(&s.known);
	return 0;
}

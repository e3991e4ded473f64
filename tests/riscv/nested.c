/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Guest memory behind a second stage; see nested.h. */
#include "nested.h"

void nested_on(struct nested *n, struct rig *r, unsigned levels)
{
	*n = (struct nested){ .r = r, .levels = levels, .next = 0x1230000 };
	n->root = pages(n->r, 4, 16384);
	rig_ddt(n->r, 1);
}

void nested_init(struct nested *n, uint64_t cap, unsigned levels)
{
	nested_on(n, rig_new(cap), levels);
}

uint64_t nested_iohgatp(const struct nested *n)
{
	return stage_mode(n->levels) | 7ull << 44 | n->root >> 12;
}

struct guest_page nested_page(struct nested *n)
{
	struct guest_page g = { .gpa = n->next, .spa = page(n->r) };

	n->next += 0x3000;
	g.leaf = rig_map(n->r, n->root, n->levels, true, g.gpa, 0, leaf(g.spa));
	return g;
}

void nested_path(struct nested *n, struct guest_path *p, unsigned levels)
{
	unsigned i;

	*p = (struct guest_path){ .levels = levels };
	p->iova = 0x2b5a3c5d2e1a78ull & ((1ull << (11 + 9 * levels)) - 1);
	p->data = nested_page(n);
	for (i = 0; i < levels; i++) {
		uint64_t off = 8 * (p->iova >> (12 + 9 * i) & 0x1ff);

		p->table[i] = nested_page(n);
		p->entry[i] = p->table[i].spa + off;
		p->entry_gpa[i] = p->table[i].gpa + off;
		put64(n->r, p->entry[i], i ? PTE_POINTER(p->table[i - 1].gpa) : leaf(p->data.gpa));
	}
	p->fsc = stage_mode(levels) | p->table[levels - 1].gpa >> 12;
}

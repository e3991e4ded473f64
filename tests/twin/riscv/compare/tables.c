/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Random devices, with all their tables, nearly all of them right. */
#include "tables.h"

/* The slot of a device context, with the tables before it; 0 if memory ran out. */
static uint64_t device_slot(struct world *w, uint32_t id)
{
	bool extended = world_cap(w, CAP_MSI_FLAT);
	unsigned first = extended ? 6 : 7;
	uint64_t table = w->ddt;

	for (unsigned i = w->levels - 1; i > 0; i--) {
		unsigned from = i == 1 ? first : first + 9;
		uint64_t at = table + bits(id, i == 1 ? from + 8 : 23, from) * 8;
		uint64_t old = memory_get(&w->memory, at, 8, w->be);

		if (!(old & 1)) {
			table = memory_page(&w->memory, &w->rng, 1);
			if (!table)
				return 0;
			old = table >> 12 << 10 | 1;
			memory_put(&w->memory, at, 8, w->be, old);
		}
		table = bits(old, 53, 10) << 12;
	}
	return table + bits(id, first - 1, 0) * (extended ? 64 : 32);
}

static bool legal_sxl(struct world *w)
{
	if (w->gxl)
		return true;
	return w->twin.gxl_writable && chance(&w->rng, 1, 4);
}

static uint64_t control(struct world *w, struct device *d, bool *pdtv, bool *dpe)
{
	struct rng *rng = &w->rng;
	uint64_t tc = 1;

	d->sxl = legal_sxl(w);
	d->sbe = world_cap(w, CAP_END) ? chance(rng, 1, 2) : w->be;
	d->sade = world_cap(w, CAP_AMO_HWAD) && chance(rng, 1, 2);
	d->gade = world_cap(w, CAP_AMO_HWAD) && chance(rng, 1, 2);
	*pdtv = chance(rng, 1, 2);
	*dpe = *pdtv && chance(rng, 1, 2);
	if (chance(rng, 1, 5))
		tc |= 1 << 4; /* DTF */
	if (chance(rng, 1, 4))
		tc |= wide(rng, 8) << 24;
	if (world_cap(w, CAP_ATS) && chance(rng, 7, 8))
		tc |= 2;
	if ((tc & 2) && chance(rng, 1, 2))
		tc |= 4;
	if ((tc & 4) && chance(rng, 1, 2))
		tc |= 1 << 6;
	return tc | *pdtv << 5 | d->gade << 7 | d->sade << 8 | *dpe << 9 | d->sbe << 10 |
	       d->sxl << 11;
}

static void device(struct world *w, unsigned n)
{
	struct rng *rng = &w->rng;
	struct device *d = &w->devices[n];
	bool extended = world_cap(w, CAP_MSI_FLAT), pdtv, dpe;
	unsigned id_bits = w->levels == 1   ? (extended ? 6 : 7)
	                   : w->levels == 2 ? (extended ? 15 : 16)
	                                    : 24;
	uint64_t dw[8] = { 0 };
	struct space guest = { 0 };

	d->id = (uint32_t)wide(rng, id_bits);
	if (n && chance(rng, 1, 2))
		d->id = w->devices[0].id ^ (1u << below(rng, id_bits));
	d->dc = device_slot(w, d->id);
	if (!d->dc || (memory_get(&w->memory, d->dc, 8, w->be) & 1)) {
		d->dc = 0;
		return;
	}
	dw[0] = control(w, d, &pdtv, &dpe);
	vm_new(w, d, &guest);
	if (d->vm.mode)
		dw[1] = (uint64_t)d->vm.mode << 60 | device_gscid(n) << 44 | d->vm.root >> 12;
	else
		dw[1] = wide(rng, 60);
	if (d->vm.mode && (dw[0] & 2) && world_cap(w, CAP_T2GPA) && chance(rng, 1, 2))
		dw[0] |= 8;
	if (d->vm.mode && extended && chance(rng, 3, 4))
		messages(w, d, dw);
	dw[2] = random_pscid(w);
	if (world_cap(w, CAP_QOSID))
		dw[2] |= wide(rng, w->twin.qos_id_bits) << 40 | wide(rng, w->twin.qos_id_bits)
		                                                        << 52;
	dw[3] = pdtv ? processes(w, d, dpe) : first_stage(w, d, false, 0);
	if (d->vm.mode)
		for (unsigned i = 0; i < 3; i++)
			add_spot(w, d, false, 0, guest_address(w, d), 30, true);
	for (unsigned i = 0; i < (extended ? 8u : 4u); i++)
		memory_put(&w->memory, d->dc + i * 8, 8, w->be, dw[i]);
	vm_finish(w, d, &guest);
}

void world_tables(struct world *w)
{
	if (!w->levels) {
		w->devices[0].id = (uint32_t)wide(&w->rng, 24);
		bare(w, &w->devices[0], false, 0);
		return;
	}
	w->notice = memory_page(&w->memory, &w->rng, 1);
	for (unsigned n = 2 + below(&w->rng, DEVICES - 1); n--;)
		device(w, n);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The interrupt entry cache ("Interrupt Entry Cache"): one place per index, and several indices. */
#include "model/vtd/vtd.h"

static uint32_t name_of(uint32_t index)
{
	return index + 1;
}

bool vtd_irte_find(const struct vtd_unit *vtd, uint32_t index, uint64_t *irte)
{
	const struct vtd_irte *place = &vtd->irte[index % VTD_IRTES];
	uint32_t seq = iom_peek_acquire(&place->seq);

	if (iom_peek(&place->name) != name_of(index))
		return false;
	for (unsigned i = 0; i < IOM_COUNT(place->word); i++)
		irte[i] = iom_peek(&place->word[i]);
	return iom_seq_same(&place->seq, seq);
}

static void write_locked(struct vtd_irte *place, uint32_t name, const uint64_t *irte)
{
	iom_seq_begin(&place->seq);
	iom_poke(&place->name, name);
	for (unsigned i = 0; irte && i < IOM_COUNT(place->word); i++)
		iom_poke(&place->word[i], irte[i]);
	iom_seq_end(&place->seq);
}

void vtd_irte_keep(struct vtd_unit *vtd, uint32_t index, const uint64_t *irte,
                   uint64_t invalidations)
{
	if (vtd->config.flags & IOM_VTD_UNCACHED || !iom_trylock(&vtd->irte_lock))
		return;
	/* Whoever forgets counts first, and takes the lock afterwards. */
	if (iom_unit_invalidations(&vtd->unit) == invalidations)
		write_locked(&vtd->irte[index % VTD_IRTES], name_of(index), irte);
	iom_unlock(&vtd->irte_lock);
}

void vtd_irtes_drop(struct vtd_unit *vtd, uint32_t first, uint32_t last)
{
	uint32_t more = last - first < VTD_IRTES ? last - first : VTD_IRTES - 1;

	__atomic_fetch_add(&vtd->unit.invalidations, 1, __ATOMIC_SEQ_CST);
	iom_lock(&vtd->irte_lock);
	for (uint32_t i = 0; i <= more; i++) {
		struct vtd_irte *place = &vtd->irte[(first + i) % VTD_IRTES];

		if (place->name && place->name - name_of(first) <= last - first)
			write_locked(place, 0, NULL);
	}
	iom_unlock(&vtd->irte_lock);
}

void vtd_irtes_forget(struct vtd_unit *vtd, uint32_t first, uint32_t last)
{
	vtd_irtes_drop(vtd, first, last);
	iom_interrupts_changed(&vtd->unit, first, last);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a device's translation cache remembers. */
#include <iommux/iommux.h>

#include "model/atc_cache.h"

/* ---- Keeping ------------------------------------------------------------------------------ */

/* The place of the same range if it has one, else a free one, else one in turn. */
static struct iom_atc_entry *place(struct iom_atc_cache *c, const struct iom_atc_entry *answer)
{
	struct iom_atc_entry *set = iom_atc_set(c, answer->page, answer->who), *free = NULL;

	for (unsigned way = 0; way < IOM_ATC_WAYS; way++) {
		struct iom_atc_entry *e = &set[way];

		if (e->page == answer->page && e->who == answer->who && e->lg2 == answer->lg2)
			return e;
		if (!iom_peek(&e->live))
			free = e;
	}
	return free ? free : &set[c->turn++ % IOM_ATC_WAYS];
}

void iom_atc_keep(struct iom_atc_cache *c, const struct iom_atc_entry *answer, uint64_t dropped)
{
	struct iom_atc_entry *e;

	if (!iom_trylock(&c->lock))
		return;
	if (c->dropped == dropped) {
		e = place(c, answer);
		e->page = answer->page;
		e->who = answer->who;
		e->address = answer->address;
		e->lg2 = answer->lg2;
		e->perm = answer->perm;
		e->ats = answer->ats;
		iom_poke(&e->live, 1);
		iom_poke(&c->sizes, c->sizes | IOM_BIT(answer->lg2));
	}
	iom_unlock(&c->lock);
}

/* ---- Dropping ----------------------------------------------------------------------------- */

static bool meets(const struct iom_atc_entry *e, const struct iom_message *what)
{
	unsigned lg2 = e->lg2 > what->size_lg2 ? e->lg2 : what->size_lg2;

	return lg2 >= 64 || !((e->page << e->lg2 ^ what->address) >> lg2);
}

/*
 * "Invalidate Request": without a PASID it means a range of the addresses without one, and whatever is
 * known of processes; with one, what that process has for itself in the range; with Global Invalidate,
 * what any process has there.
 */
static bool named(const struct iom_atc_entry *e, const struct iom_message *what)
{
	bool process = !(e->who & IOM_ATC_NO_PASID);

	if (!(what->flags & IOM_REQ_PASID))
		return process || meets(e, what);
	if (!process || !meets(e, what))
		return false;
	if (what->flags & IOM_MESSAGE_GLOBAL)
		return true;
	return (uint32_t)e->who == what->pasid && !(e->ats & IOM_ATS_GLOBAL);
}

static void drop(struct iom_atc_cache *c, const struct iom_message *what)
{
	iom_lock(&c->lock);
	__atomic_store_n(&c->dropped, c->dropped + 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < c->sets * IOM_ATC_WAYS; i++) {
		struct iom_atc_entry *e = &c->entry[i];

		if (iom_peek(&e->live) && (!what || named(e, what)))
			iom_poke(&e->live, 0);
	}
	if (!what)
		iom_poke(&c->sizes, 0);
	iom_unlock(&c->lock);
	/* Before the caller looks whether an access is under way: see iom_atc_begin. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void iom_atc_drop(struct iom_atc_cache *c, const struct iom_message *what)
{
	drop(c, what);
}

void iom_atc_drop_all(struct iom_atc_cache *c)
{
	drop(c, NULL);
}

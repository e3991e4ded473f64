/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Global commands and protected memory ("Global Command Register", "Protected Memory Enable
 * Register").  Requests go by what a store says at once; GSTS and PMEN say so when those that came
 * before it have ended.
 */
#include "model/vtd/vtd.h"

#include "model/backend.h"

#define ONE_SHOTS (VTD_G_RTP | VTD_G_IRTP)

static const struct {
	uint32_t bit; /* of GCMD and GSTS */
	uint32_t on;
} levels[] = {
	{ VTD_G_TE, VTD_ON_DMA },
	{ VTD_G_IRE, VTD_ON_INTERRUPTS },
	{ VTD_G_CFI, VTD_ON_COMPATIBILITY },
};

#define LEVELS (VTD_G_TE | VTD_G_IRE | VTD_G_CFI)

static uint32_t levels_of(uint32_t on)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < IOM_COUNT(levels); i++)
		bits |= on & levels[i].on ? levels[i].bit : 0;
	return bits;
}

uint32_t vtd_levels_on(uint64_t bits)
{
	uint32_t on = 0;

	for (size_t i = 0; i < IOM_COUNT(levels); i++)
		on |= bits & levels[i].bit ? levels[i].on : 0;
	return on;
}

/* Requests that come from now on go by this; nothing that fronts hold is good any more. */
static void change_locked(struct vtd_unit *vtd, uint32_t on, uint32_t what)
{
	__atomic_store_n(&vtd->on, on, __ATOMIC_SEQ_CST);
	vtd->changing |= what;
	iom_unit_new_epoch_locked(&vtd->unit);
	iom_work_later(&vtd->unit, VTD_WORK_GLOBAL);
}

static void queue_command_locked(struct vtd_unit *vtd, bool on)
{
	if (vtd_get(vtd, VTD_GSTS) & VTD_G_QIE) {
		vtd->queue_ends = !on;
	} else if (on) {
		vtd_commands_reset_locked(vtd);
		iom_reg_set(&vtd->unit, VTD_IQH, 0);
		iom_reg_change(&vtd->unit, VTD_GSTS, 0, VTD_G_QIE);
	}
	iom_work_later(&vtd->unit, VTD_WORK_COMMANDS);
}

void vtd_gcmd_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	struct vtd_unit *vtd = vtd_of(unit);
	uint32_t what = (levels_of(vtd->on) ^ (uint32_t)now) & LEVELS;

	(void)off, (void)was;
	what |= now & (ONE_SHOTS | VTD_G_WBF);
	if (what & VTD_G_RTP)
		__atomic_store_n(&vtd->root, vtd_get(vtd, VTD_RTADDR), __ATOMIC_SEQ_CST);
	if (what & VTD_G_IRTP)
		__atomic_store_n(&vtd->irta, vtd_get(vtd, VTD_IRTA), __ATOMIC_SEQ_CST);
	if (what) {
		iom_reg_change(unit, VTD_GSTS, what & ONE_SHOTS, what & VTD_G_WBF);
		change_locked(vtd, (vtd->on & VTD_ON_PROTECTED) | vtd_levels_on(now), what);
	}
	if (vtd->ecap & VTD_ECAP_QI)
		queue_command_locked(vtd, now & VTD_G_QIE);
}

void vtd_pmen_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	struct vtd_unit *vtd = vtd_of(unit);

	(void)off, (void)was;
	if (!(vtd->on & VTD_ON_PROTECTED) != !(now & VTD_PMEN_EPM))
		change_locked(vtd, vtd->on ^ VTD_ON_PROTECTED, VTD_CHANGING_PROTECTED);
}

bool vtd_global_waits_locked(const struct vtd_unit *vtd)
{
	return vtd->changing;
}

void vtd_global_begin(struct vtd_unit *vtd)
{
	struct iom_unit *unit = &vtd->unit;
	uint32_t changing, on;

	iom_lock(&unit->lock);
	changing = vtd->changing;
	on = vtd->on;
	iom_unlock(&unit->lock);
	if ((changing & VTD_G_RTP && vtd->cap & VTD_CAP_ESRTPS) ||
	    (changing & VTD_G_TE && !(on & VTD_ON_DMA) && vtd->ecap & VTD_ECAP_SMTS))
		vtd_forget_all(vtd);
	if ((changing & VTD_G_IRTP || (changing & VTD_G_IRE && !(on & VTD_ON_INTERRUPTS))) &&
	    vtd->cap & VTD_CAP_ESIRTPS)
		vtd_irtes_drop(vtd, 0, UINT32_MAX);
	if (changing & (VTD_G_IRE | VTD_G_CFI | VTD_G_IRTP))
		iom_interrupts_changed(unit, 0, UINT32_MAX);
}

/* Has a change come that this drain did not await? */
static bool newer_locked(const struct iom_unit *unit)
{
	return __atomic_load_n(&unit->work, __ATOMIC_SEQ_CST) & VTD_WORK_GLOBAL ||
	       (unit->draining | unit->drain_asked) & VTD_DRAIN_GLOBAL;
}

static void settle_locked(struct vtd_unit *vtd)
{
	struct iom_unit *unit = &vtd->unit;
	bool was_on = vtd_get(vtd, VTD_GSTS) & (VTD_G_TE | VTD_G_IRE);

	iom_reg_change(unit, VTD_GSTS, LEVELS | VTD_G_WBF,
	               levels_of(vtd->on) | (vtd->changing & ONE_SHOTS));
	if (vtd->changing & VTD_CHANGING_PROTECTED)
		iom_reg_change(unit, VTD_PMEN, VTD_PMEN_PRS,
		               vtd->on & VTD_ON_PROTECTED ? VTD_PMEN_PRS : 0);
	if (was_on && !(vtd_get(vtd, VTD_GSTS) & (VTD_G_TE | VTD_G_IRE)))
		vtd->fault_next = 0;
	vtd->changing = 0;
}

void vtd_global_drained(struct vtd_unit *vtd)
{
	struct iom_unit *unit = &vtd->unit;

	iom_backend_contexts(unit);
	iom_lock(&unit->lock);
	if (!newer_locked(unit))
		settle_locked(vtd);
	iom_unlock(&unit->lock);
}

void vtd_queue_settle(struct vtd_unit *vtd)
{
	struct iom_unit *unit = &vtd->unit;

	iom_lock(&unit->lock);
	if (vtd->queue_ends && !vtd->wait_waits &&
	    (vtd_get(vtd, VTD_IQH) == vtd_get(vtd, VTD_IQT) ||
	     vtd_get(vtd, VTD_FSTS) & (VTD_FSTS_IQE | VTD_FSTS_ITE))) {
		vtd->queue_ends = false;
		iom_reg_set(unit, VTD_IQH, 0);
		iom_reg_change(unit, VTD_GSTS, VTD_G_QIE, 0);
	}
	iom_unlock(&unit->lock);
}

void vtd_global_reset_locked(struct vtd_unit *vtd)
{
	__atomic_store_n(&vtd->root, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&vtd->irta, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&vtd->on, 0, __ATOMIC_SEQ_CST);
	vtd->changing = 0;
	vtd->queue_ends = false;
}

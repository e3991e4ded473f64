/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a VT-d unit remembers beside its registers, in snapshots. */
#include "base/error.h"
#include "model/snapshot.h"
#include "model/vtd/vtd.h"

/* What must agree between the unit that was saved and the one that is loaded, beside registers. */
static uint64_t config_word(const struct vtd_unit *vtd)
{
	return vtd->config.address_bits | (uint64_t)vtd->config.protected_lg2 << 8 |
	       (uint64_t)vtd->config.flags << 32;
}

struct state {
	uint64_t root, irta, on, changing, queue_ends, fault_next;
};

void vtd_save_locked(struct iom_unit *unit, struct iom_stream *stream)
{
	const struct vtd_unit *vtd = vtd_of(unit);

	iom_put(stream, config_word(vtd));
	iom_put(stream, vtd->config.ats_timeout_ns);
	iom_put(stream, vtd->root);
	iom_put(stream, vtd->irta);
	iom_put(stream, vtd->on);
	iom_put(stream, vtd->changing);
	iom_put(stream, vtd->queue_ends);
	iom_put(stream, vtd->fault_next);
	vtd_commands_save_locked(vtd, stream);
	vtd_ats_save_locked(vtd, stream);
	vtd_pages_save_locked(vtd, stream);
}

/* Queue, devices' caches and page requests. */
static bool load_queues(struct vtd_unit *vtd, struct iom_stream *stream, bool commit)
{
	return vtd_commands_load(vtd, stream, commit) && vtd_ats_load(vtd, stream, commit) &&
	       vtd_pages_load(vtd, stream, commit);
}

static uint64_t value_of(const struct vtd_unit *vtd, const uint64_t *regs, unsigned off)
{
	return vtd_has_register(vtd, off) ? regs[vtd->unit.regs.at[off / 4] - 1] : 0;
}

/* What software can store in a register, or nothing where there is none. */
static uint64_t room_of(const struct vtd_unit *vtd, unsigned off)
{
	return vtd_has_register(vtd, off) ? vtd->unit.regs.cell[vtd->unit.regs.at[off / 4] - 1].rw
	                                  : 0;
}

/* False: the numbers cannot be a VT-d unit's. */
static bool take_state(const struct vtd_unit *vtd, struct iom_stream *stream, struct state *s)
{
	uint64_t commands = room_of(vtd, VTD_GCMD) & ~VTD_G_QIE;

	s->root = iom_take(stream);
	s->irta = iom_take(stream);
	s->on = iom_take(stream);
	s->changing = iom_take(stream);
	s->queue_ends = iom_take(stream);
	s->fault_next = iom_take(stream);
	if (vtd_has_register(vtd, VTD_PMEN))
		commands |= VTD_CHANGING_PROTECTED;
	return !(s->root & ~room_of(vtd, VTD_RTADDR)) && !(s->irta & ~room_of(vtd, VTD_IRTA)) &&
	       !(s->changing & ~commands) && s->queue_ends <= 1 &&
	       s->fault_next < vtd_fault_records(vtd->cap);
}

/* What GSTS and PMEN do not tell is under way. */
static bool global_ok(const struct vtd_unit *vtd, const uint64_t *regs, const struct state *s)
{
	uint64_t gsts = value_of(vtd, regs, VTD_GSTS), pmen = value_of(vtd, regs, VTD_PMEN);
	uint64_t told = vtd_levels_on(gsts) | (pmen & VTD_PMEN_PRS ? VTD_ON_PROTECTED : 0);
	uint64_t open = vtd_levels_on(s->changing) |
	                (s->changing & VTD_CHANGING_PROTECTED ? VTD_ON_PROTECTED : 0);

	return !(gsts & ~room_of(vtd, VTD_GCMD)) && !((s->on ^ told) & ~open) &&
	       !(gsts & s->changing & (VTD_G_RTP | VTD_G_IRTP)) &&
	       !(gsts & ~s->changing & VTD_G_WBF) && (gsts & VTD_G_QIE || !s->queue_ends) &&
	       !(s->on & VTD_ON_PROTECTED) == !(pmen & VTD_PMEN_EPM);
}

/* PPF is the OR of all F. */
static bool records_ok(const struct vtd_unit *vtd, const uint64_t *regs)
{
	uint64_t any = 0;

	for (unsigned n = 0; n < vtd_fault_records(vtd->cap); n++)
		any |= value_of(vtd, regs, vtd_record_offset(vtd, n) + VTD_FRCD_1) & VTD_FRCD_1_F;
	return !any == !(value_of(vtd, regs, VTD_FSTS) & VTD_FSTS_PPF) &&
	       IOM_GET(VTD_FSTS_FRI, value_of(vtd, regs, VTD_FSTS)) < vtd_fault_records(vtd->cap);
}

bool vtd_load_state(struct iom_unit *unit, struct iom_stream *stream, const uint64_t *regs,
                    bool commit, struct iom_error *error)
{
	struct vtd_unit *vtd = vtd_of(unit);
	struct state s;

	if (iom_take(stream) != config_word(vtd) ||
	    iom_take(stream) != vtd->config.ats_timeout_ns ||
	    value_of(vtd, regs, VTD_CAP) != vtd->cap ||
	    value_of(vtd, regs, VTD_ECAP) != vtd->ecap ||
	    value_of(vtd, regs, VTD_VER) != vtd->config.version) {
		iom_fail(error, IOM_EINVAL,
		         "the state is of a VT-d unit with another CAP, ECAP, VER, address width "
		         "or "
		         "flags; create the unit with the configuration of the one that was saved");
		return false;
	}
	if (!take_state(vtd, stream, &s) || !global_ok(vtd, regs, &s) || !records_ok(vtd, regs) ||
	    !load_queues(vtd, stream, commit)) {
		iom_fail(error, IOM_EINVAL,
		         "the state contradicts itself: a latched pointer, a status bit or a fault "
		         "record is not one that this unit could have");
		return false;
	}
	if (!commit)
		return true;

	vtd_irtes_drop(vtd, 0, UINT32_MAX);
	__atomic_store_n(&vtd->root, s.root, __ATOMIC_SEQ_CST);
	__atomic_store_n(&vtd->irta, s.irta, __ATOMIC_SEQ_CST);
	__atomic_store_n(&vtd->on, (uint32_t)s.on, __ATOMIC_SEQ_CST);
	vtd->changing = (uint32_t)s.changing;
	vtd->queue_ends = s.queue_ends;
	vtd->fault_next = (unsigned)s.fault_next;
	iom_work_later(unit,
	               VTD_WORK_COMMANDS | VTD_WORK_REGISTERS | VTD_WORK_EVENTS | VTD_WORK_PAGES);
	return true;
}

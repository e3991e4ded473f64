/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Creating a VT-d unit, resetting it, and what its worker does. */
#include "model/vtd/vtd.h"

#include "base/error.h"
#include "model/backend.h"

static void reset_locked(struct iom_unit *unit)
{
	struct vtd_unit *vtd = vtd_of(unit);

	vtd_global_reset_locked(vtd);
	vtd_commands_reset_locked(vtd);
	vtd_ats_reset_locked(vtd);
	vtd->fault_next = 0;
	vtd_registers_reset(vtd);
	vtd_irtes_drop(vtd, 0, UINT32_MAX);
	iom_work_later(unit, VTD_WORK_GLOBAL); /* a backend hears of it */
}

static uint32_t restarted_locked(struct iom_unit *unit)
{
	struct vtd_unit *vtd = vtd_of(unit);

	vtd->iotlb_waits = VTD_G_NONE;
	return (vtd_global_waits_locked(vtd) ? VTD_DRAIN_GLOBAL : 0) |
	       (vtd->wait_waits ? VTD_DRAIN_WAIT : 0);
}

static void work(struct iom_unit *unit, uint32_t what)
{
	uint32_t ask = what & VTD_WORK_GLOBAL ? VTD_DRAIN_GLOBAL : 0, done;
	struct vtd_unit *vtd = vtd_of(unit);

	iom_restarted(unit, &ask);
	if (ask & VTD_DRAIN_GLOBAL)
		vtd_global_begin(vtd);
	done = iom_drain(unit, ask, what & IOM_WORK_DRAINED);
	if (done & VTD_DRAIN_GLOBAL)
		vtd_global_drained(vtd);
	if (what & VTD_WORK_REGISTERS || done & VTD_DRAIN_IOTLB)
		vtd_registers_run(vtd);
	if (what & VTD_WORK_COMMANDS || done & VTD_DRAIN_WAIT)
		vtd_commands_run(vtd);
	if (what & (VTD_WORK_GLOBAL | VTD_WORK_COMMANDS) || done & VTD_DRAIN_WAIT)
		vtd_queue_settle(vtd);
	if (what & VTD_WORK_PAGES)
		vtd_pages_store(vtd);
	if (what & VTD_WORK_EVENTS)
		vtd_events_send(vtd);
}

static void step_locked(struct iom_unit *unit, uint64_t passed_ns)
{
	vtd_ats_step_locked(vtd_of(unit), passed_ns);
}

static void forget(struct iom_unit *unit)
{
	vtd_irtes_drop(vtd_of(unit), 0, UINT32_MAX);
}

static const struct iom_arch arch = {
	.name = "vtd",
	.unit_bytes = sizeof(struct vtd_unit),
	.requester_last = 0xffff,
	.reset_locked = reset_locked,
	.resolve = vtd_resolve,
	.access = vtd_interrupt_access,
	.route = vtd_interrupt_route,
	.refuse = vtd_refuse,
	.work = work,
	.restarted_locked = restarted_locked,
	.fault_name = iom_vtd_fault_name,
	.inform = vtd_inform,
	.message = vtd_message,
	.removed = vtd_removed,
	.save_locked = vtd_save_locked,
	.load = vtd_load_state,
	.step_locked = step_locked,
	.forget = forget,
};

int iom_vtd_new(const struct iom_vtd_config *config, struct iom_memory *memory,
                const struct iom_host *host, void *opaque, struct iom_unit **out,
                struct iom_error *error)
{
	struct iom_vtd_config full;
	struct iom_unit *unit;
	int result = iom_unit_check("iom_vtd_config", config ? config->bytes : sizeof *config,
	                            sizeof *config, memory, host, error);

	if (!result)
		result = vtd_configure(config, &full, error);
	if (result)
		return result;
	unit = iom_unit_new(&arch, memory, host, opaque,
	                    full.flags & IOM_VTD_UNCACHED ? 0 : (uint32_t)IOM_BIT(full.cache_lg2),
	                    (uint32_t)IOM_BIT(full.front_lg2));
	if (!unit)
		return iom_fail(error, IOM_ENOMEM,
		                "the host's allocator had no %llu bytes for a unit",
		                (unsigned long long)sizeof(struct vtd_unit));
	vtd_of(unit)->config = full;
	vtd_of(unit)->cap = full.cap;
	vtd_of(unit)->ecap = full.ecap;
	unit->spa_last = iom_low(full.address_bits);
	vtd_entries_init(vtd_of(unit));
	vtd_registers_init(vtd_of(unit));
	iom_unit_reset(unit);
	*out = unit;
	iom_succeed(error);
	return IOM_OK;
}

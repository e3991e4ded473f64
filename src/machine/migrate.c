/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Moving a guest to another virtual machine. */
#include "machine/migrate.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "machine/viommu.h"

/* ---- While it runs --------------------------------------------------------------------------- */

static void stored(void *opaque, uint64_t spa, uint64_t len)
{
	const struct hypervisor *h = opaque;

	for (unsigned i = 0; i < HYPERVISOR_VMS_MAX; i++)
		if (h->vms[i] && h->vms[i]->log)
			dirty_log_stored(h->vms[i]->log, DIRTY_DEVICES, spa, len);
}

static bool tracks(const struct hypervisor *h)
{
	for (unsigned i = 0; i < HYPERVISOR_VMS_MAX; i++)
		if (h->vms[i] && h->vms[i]->log)
			return true;
	return false;
}

int vm_track(struct vm *vm, struct iom_error *error)
{
	struct hypervisor *h = vm->hypervisor;
	int rc;

	if (vm->log)
		return iom_fail(error, IOM_EINVAL, "'%s' is tracked already", vm->name);
	rc = tracks(h) ? IOM_OK : machine_track(h->machine, stored, h, error);
	return rc ? rc : dirty_log_new(vm->memory, &vm->log, error);
}

void vm_untrack(struct vm *vm)
{
	if (!vm->log)
		return;
	dirty_log_free(vm->log);
	vm->log = NULL;
	vm->sent_to = 0;
	if (!tracks(vm->hypervisor))
		(void)machine_track(vm->hypervisor->machine, NULL, NULL, NULL);
}

static uint8_t *page_at(const struct vm *vm, uint32_t page)
{
	return pages_at(vm->memory->ram, vm->memory->spa[page]);
}

int vm_send(struct vm *vm, struct vm *to, struct vm_round *round, struct iom_error *error)
{
	*round = (struct vm_round){ 0 };
	if (!vm->log)
		return iom_fail(error, IOM_EINVAL, "'%s' is not tracked: what to send is not known",
		                vm->name);
	if (vm->sent_to && vm->sent_to != to->serial)
		return iom_fail(error, IOM_EINVAL,
		                "the memory of '%s' is on its way to another virtual machine than "
		                "'%s'",
		                vm->name, to->name);
	if (to == vm || to->guest || to->memory->count != vm->memory->count)
		return iom_fail(error, IOM_EINVAL,
		                "'%s' must wait for a guest with %u pages of memory to get those "
		                "of '%s'",
		                to->name, vm->memory->count, vm->name);
	vm->sent_to = to->serial;
	dirty_log_look(vm->log);
	for (unsigned s = 0; s < DIRTY_SOURCES; s++)
		round->from[s] = dirty_log_count(vm->log, s);
	for (uint32_t i = 0; i < vm->memory->count; i++) {
		if (!dirty_log_take(vm->log, i))
			continue;
		memcpy(page_at(to, i), page_at(vm, i), PAGE_BYTES);
		round->pages++;
	}
	return IOM_OK;
}

uint32_t vm_compare(const struct vm *vm, const struct vm *to)
{
	uint32_t differ = 0;

	for (uint32_t i = 0; i < vm->memory->count && i < to->memory->count; i++)
		differ += memcmp(page_at(vm, i), page_at(to, i), PAGE_BYTES) != 0;
	return differ;
}

/* ---- While it is paused ---------------------------------------------------------------------- */

static void hold_engines(struct vm *vm, bool held)
{
	for (unsigned i = 0; i < VM_DEVICES_MAX; i++)
		if (vm->devices[i].vm)
			vm_device_hold(&vm->devices[i], held);
}

int vm_pause(struct vm *vm, struct iom_error *error)
{
	for (unsigned i = 0; i < vm->vcpu_count; i++) {
		if (vm->vcpus[i].asleep)
			return iom_fail(error, IOM_EBUSY,
			                "'%s' cannot be paused while its CPU %u sleeps; wake it",
			                vm->name, i);
	}
	hold_engines(vm, true);
	if (vm->viommu && viommu_stop(vm->viommu))
		return iom_fail(error, IOM_EBUSY,
		                "'%s' cannot be paused while an access of one of its devices is "
		                "under way",
		                vm->name);
	vm->paused = true;
	return IOM_OK;
}

void vm_resume(struct vm *vm)
{
	vm->paused = false;
	if (vm->viommu)
		viommu_start(vm->viommu);
	hold_engines(vm, false);
}

/* The guest's software, which comes to stand on what was sent, must find all that it stored itself. */
static bool all_sent(const struct vm *vm, const struct vm *to)
{
	if (!vm->log || vm->sent_to != to->serial)
		return false;
	dirty_log_look(vm->log);
	return !dirty_log_any(vm->log);
}

static int check(const struct vm *vm, const struct vm *to, struct iom_error *error)
{
	const char *why = NULL;

	if (!vm->guest || to->guest)
		why = "the one must have a guest, the other must wait for it";
	else if (!vm->guest->view.host)
		why = "the guest was not made to be movable";
	else if (!vm->paused || !to->paused)
		why = "both must be paused";
	else if (vm->memory->count != to->memory->count || vm->vcpu_count != to->vcpu_count ||
	         !vm->viommu != !to->viommu)
		why = "both must have as much memory, as many CPUs, and an IOMMU or none";
	else if (!all_sent(vm, to))
		why = "its memory must have been sent there, with all that was stored since";
	return why ? iom_fail(error, IOM_EINVAL, "no move from '%s' to '%s': %s", vm->name,
	                      to->name, why)
	           : IOM_OK;
}

static int take_over(struct vm *to, struct vm *vm)
{
	struct vm_guest *guest = vm->guest;
	int rc = vm_guest_show(guest, to->memory);

	if (rc) {
		(void)vm_guest_show(guest, vm->memory);
		return rc;
	}
	vm->guest = NULL;
	to->guest = guest;
	guest->vm = to;
	return IOM_OK;
}

int vm_move(struct vm *vm, struct vm *to, struct iom_error *error)
{
	size_t bytes;
	void *state;
	int rc = check(vm, to, error);

	if (rc)
		return rc;
	(void)vm_save(vm, NULL, 0, &bytes);
	state = malloc(bytes);
	rc = state ? vm_save(vm, state, bytes, &bytes) : IOM_ENOMEM;
	if (!rc)
		rc = take_over(to, vm);
	if (rc) {
		free(state);
		return iom_fail(error, rc, "no memory for moving '%s'", vm->name);
	}
	rc = vm_load(to, state, bytes, error);
	free(state);
	if (rc)
		(void)take_over(vm, to);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The IOMMU that a guest gets. */
#include "machine/viommu.h"

#include <stdlib.h>
#include <string.h>

#include <iommux/backend.h>

#include "base/error.h"
#include "machine/vm.h"

struct viommu {
	struct vm *vm;
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	const struct machine_units *units; /* who hears of the unit, or NULL */
	uint64_t contexts, invalidations;  /* that the guest asked for */
	unsigned accesses;                 /* that were begun          */
};

/* ---- The guest's memory ---------------------------------------------------------------------- */

/* The bytes from `gpa` to the end of its page, or NULL. */
static uint8_t *ram_at(const struct vm *vm, uint64_t gpa, size_t len, size_t *n)
{
	if (!vm->guest || !pages_contain(&vm->guest->ram, gpa))
		return NULL;
	*n = PAGE_BYTES - gpa % PAGE_BYTES;
	*n = len < *n ? len : *n;
	return pages_at(&vm->guest->ram, gpa);
}

static int guest_read(void *opaque, uint64_t gpa, void *buf, size_t len)
{
	const struct viommu *v = opaque;
	uint8_t *to = buf;
	size_t n;

	for (; len; gpa += n, to += n, len -= n) {
		const uint8_t *at = ram_at(v->vm, gpa, len, &n);

		if (!at)
			return IOM_EFAULT;
		memcpy(to, at, n);
	}
	return IOM_OK;
}

/* The guest's memory is no region of the unit's, so that its stores are ours to report. */
static void note_stored(const struct vm *vm, uint64_t gpa, size_t n)
{
	uint64_t spa;

	if (vm->log && !vm_lookup(vm, gpa, &spa))
		dirty_log_stored(vm->log, DIRTY_IOMMU, spa, n);
}

/* Its own interrupt messages go to the virtual CPUs. */
static int guest_write(void *opaque, uint64_t gpa, const void *buf, size_t len)
{
	const struct viommu *v = opaque;
	int rc = vm_vcpu_ops(v->vm)->store(v->vm, gpa, buf, len);
	const uint8_t *from = buf;
	size_t n;

	if (rc != IOM_ENOENT)
		return rc;
	for (; len; gpa += n, from += n, len -= n) {
		uint8_t *at = ram_at(v->vm, gpa, len, &n);

		if (!at)
			return IOM_EFAULT;
		memcpy(at, from, n);
		note_stored(v->vm, gpa, n);
	}
	return IOM_OK;
}

/* ---- What the guest tells -------------------------------------------------------------------- */

static void context(void *opaque, const struct iom_context_info *info)
{
	struct viommu *v = opaque;

	v->contexts++;
	for (unsigned i = 0; i < VM_DEVICES_MAX; i++) {
		struct vm_device *device = &v->vm->devices[i];

		if (device->vm && device->guest_requester == info->requester && !info->has_pasid)
			vm_device_follow(device, info);
	}
}

/* Does an invalidation of first-stage results mean the tables of this device? */
static bool names(const struct iom_invalidation *what, const struct vm_device *device)
{
	return device->nested && (!what->one_process || what->process_tag == device->stage.tag);
}

static void invalidate(void *opaque, const struct iom_invalidation *what)
{
	struct viommu *v = opaque;
	uint64_t first = what->one_range ? what->first : 0;
	uint64_t last = what->one_range ? what->last : UINT64_MAX;

	if (!what->stage1)
		return;
	v->invalidations++;
	for (unsigned i = 0; i < VM_DEVICES_MAX; i++) {
		struct vm_device *device = &v->vm->devices[i];

		if (names(what, device))
			(void)iom_domain_invalidate(device->nested, first, last,
			                            !what->one_process);
	}
}

static const struct iom_backend backend = {
	.bytes = sizeof(struct iom_backend),
	.context = context,
	.invalidate = invalidate,
};

/* ---- Registers and devices ------------------------------------------------------------------- */

void viommu_mmio_read(struct viommu *v, uint64_t off, unsigned bytes, uint64_t *val)
{
	if (off < iom_mmio_bytes(v->unit, 0))
		(void)iom_mmio_read(v->unit, 0, off, bytes, val);
}

void viommu_mmio_write(struct viommu *v, uint64_t off, unsigned bytes, uint64_t val)
{
	if (off < iom_mmio_bytes(v->unit, 0))
		(void)iom_mmio_write(v->unit, 0, off, bytes, val);
}

int viommu_plug(struct viommu *v, uint32_t requester, struct iom_endpoint **endpoint,
                struct iom_port **port)
{
	int rc = iom_endpoint_get(v->unit, requester, endpoint);

	return rc ? rc : iom_port_open(*endpoint, v->lane, port);
}

void viommu_unplug(struct iom_endpoint *endpoint, struct iom_port *port)
{
	iom_endpoint_remove(endpoint);
	if (port)
		iom_port_close(port);
}

void viommu_judge(struct viommu *v, struct iom_port *port, const struct iom_request *request,
                  struct iom_reply *reply)
{
	iom_begin(v->lane);
	(void)iom_translate(port, request, reply);
	iom_end(v->lane);
}

void viommu_access_begin(struct viommu *v)
{
	v->accesses++;
	iom_begin(v->lane);
}

void viommu_access_end(struct viommu *v)
{
	if (!v->accesses)
		return;
	v->accesses--;
	iom_end(v->lane);
}

void viommu_let_go(struct viommu *v)
{
	while (v->accesses)
		viommu_access_end(v);
	iom_unit_start(v->unit);
}

/* ---- Moving ---------------------------------------------------------------------------------- */

int viommu_stop(struct viommu *v)
{
	return iom_unit_stop(v->unit);
}

void viommu_start(struct viommu *v)
{
	iom_unit_start(v->unit);
}

int viommu_save(struct viommu *v, void *buf, size_t size, size_t *bytes)
{
	return iom_unit_save(v->unit, buf, size, bytes);
}

int viommu_load(struct viommu *v, const void *buf, size_t size, struct iom_error *error)
{
	return iom_unit_load(v->unit, buf, size, error);
}

uint64_t viommu_contexts(const struct viommu *v)
{
	return v->contexts;
}

uint64_t viommu_invalidations(const struct viommu *v)
{
	return v->invalidations;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static int build(struct viommu *v, struct iom_error *error)
{
	static const struct iom_memory_ops ops = {
		.bytes = sizeof ops,
		.read = guest_read,
		.write = guest_write,
	};
	const struct machine *machine = v->vm->hypervisor->machine;
	const struct machine_arch *arch = machine->arch;
	int rc = iom_memory_new(&ops, v, &v->memory, error);

	if (!rc)
		rc = arch->guest_unit_new(v->memory, NULL, v, &v->unit, error);
	if (rc)
		return rc;
	v->units = machine->units;
	if (v->units)
		v->units->made(v->units->opaque, v->unit, v->memory, arch, true);
	rc = iom_lane_open(v->unit, &v->lane);
	if (!rc)
		rc = iom_backend_set(v->unit, &backend, v);
	return rc ? iom_fail(error, rc, "no memory for a guest's IOMMU") : IOM_OK;
}

int viommu_new(struct vm *vm, struct viommu **out, struct iom_error *error)
{
	struct viommu *v = calloc(1, sizeof *v);
	int rc;

	*out = NULL;
	if (!v)
		return iom_fail(error, IOM_ENOMEM, "no memory for a guest's IOMMU");
	v->vm = vm;
	rc = build(v, error);
	if (rc) {
		viommu_free(v);
		return rc;
	}
	*out = v;
	return IOM_OK;
}

void viommu_free(struct viommu *v)
{
	if (!v)
		return;
	if (v->unit && v->units)
		v->units->gone(v->units->opaque, v->unit);
	iom_unit_free(v->unit);
	iom_memory_free(v->memory);
	free(v);
}

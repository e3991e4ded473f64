/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The state of a virtual machine beside its memory, in words of 64 bits, little-endian: a head, the
 * interrupts of each CPU, a part for each device, and the guest's IOMMU as the library saved it.
 */
#include <string.h>

#include "base/bits.h"
#include "base/endian.h"
#include "base/error.h"
#include "machine/migrate.h"
#include "machine/viommu.h"

#define MAGIC UINT64_C(0x306d7678756d6d6f) /* "ommuxvm0" */

/* Where the next word goes, or comes from. */
struct stream {
	uint8_t *out;
	const uint8_t *in;
	size_t at, size;
	bool failed;
};

static void put_bytes(struct stream *s, const void *from, size_t n)
{
	if (s->at <= s->size && n <= s->size - s->at)
		memcpy(s->out + s->at, from, n);
	s->at += n;
}

static void put(struct stream *s, uint64_t word)
{
	uint8_t bytes[8];

	iom_st64(bytes, word, false);
	put_bytes(s, bytes, sizeof bytes);
}

/* NULL: so many are not there. */
static const uint8_t *take_bytes(struct stream *s, uint64_t n)
{
	const uint8_t *from = s->in + s->at;

	if (s->failed || n > s->size - s->at) {
		s->failed = true;
		return NULL;
	}
	s->at += n;
	return from;
}

static uint64_t take(struct stream *s)
{
	const uint8_t *from = take_bytes(s, 8);

	return from ? iom_ld64(from, false) : 0;
}

/* ---- Saving ---------------------------------------------------------------------------------- */

static void put_vcpus(struct stream *s, struct vm *vm)
{
	const struct vcpu_ops *ops = vm_vcpu_ops(vm);
	uint8_t state[VCPU_STATE_MAX];

	for (unsigned i = 0; i < vm->vcpu_count; i++) {
		ops->save(vm, i, state);
		put_bytes(s, state, ops->state_bytes);
	}
}

static void put_devices(struct stream *s, const struct vm *vm)
{
	uint8_t state[ENGINE_STATE_BYTES];

	for (unsigned i = 0; i < VM_DEVICES_MAX; i++) {
		put(s, vm->devices[i].vm != NULL);
		if (!vm->devices[i].vm)
			continue;
		vm_device_save(&vm->devices[i], state);
		put_bytes(s, state, sizeof state);
	}
}

static void put_iommu(struct stream *s, struct vm *vm)
{
	size_t bytes = 0, room;

	if (vm->viommu)
		(void)viommu_save(vm->viommu, NULL, 0, &bytes);
	put(s, bytes);
	room = s->at < s->size ? s->size - s->at : 0;
	if (bytes && bytes <= room)
		(void)viommu_save(vm->viommu, s->out + s->at, room, &bytes);
	s->at += bytes;
}

int vm_save(struct vm *vm, void *buf, size_t size, size_t *bytes)
{
	struct stream s = { .out = buf, .size = size };

	*bytes = 0;
	if (!vm->paused)
		return IOM_EINVAL;
	put(&s, MAGIC);
	put(&s, vm->vcpu_count);
	put_vcpus(&s, vm);
	put_devices(&s, vm);
	put_iommu(&s, vm);
	*bytes = s.at;
	return s.at <= size ? IOM_OK : IOM_ENOSPC;
}

/* ---- Loading --------------------------------------------------------------------------------- */

/* What was read; nothing of it has reached the virtual machine. */
struct incoming {
	const uint8_t *vcpus[VM_VCPUS_MAX];
	struct dma_engine engines[VM_DEVICES_MAX];
};

static int take_device(struct stream *s, const struct vm *vm, unsigned place,
                       struct dma_engine *engine, struct iom_error *error)
{
	bool here = vm->devices[place].vm;
	bool there = take(s);
	const uint8_t *state;

	if (here != there)
		return iom_fail(error, IOM_EINVAL, "'%s' has %s device in place %u, the state %s",
		                vm->name, here ? "a" : "no", place, there ? "has one" : "none");
	if (!there)
		return IOM_OK;
	*engine = *vm_device_engine(&vm->devices[place]);
	state = take_bytes(s, ENGINE_STATE_BYTES);
	if (!state || dma_engine_restore(engine, state))
		return iom_fail(error, IOM_EINVAL,
		                "the state of the device in place %u is none that the one of '%s' "
		                "can have; it has %u address bits",
		                place, vm->name, engine->bits);
	return IOM_OK;
}

static int take_all(struct stream *s, const struct vm *vm, struct incoming *in,
                    struct iom_error *error)
{
	int rc = IOM_OK;

	if (take(s) != MAGIC || take(s) != vm->vcpu_count)
		return iom_fail(error, IOM_EINVAL,
		                "this is not the state of a virtual machine of %u CPUs",
		                vm->vcpu_count);
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		in->vcpus[i] = take_bytes(s, vm_vcpu_ops(vm)->state_bytes);
	for (unsigned i = 0; !rc && i < VM_DEVICES_MAX; i++)
		rc = take_device(s, vm, i, &in->engines[i], error);
	return rc;
}

/* The guest's IOMMU is last: it is the only one that may still refuse, and then changes nothing. */
static int load_iommu(struct stream *s, struct vm *vm, struct iom_error *error)
{
	uint64_t bytes = take(s);
	const uint8_t *state = take_bytes(s, bytes);

	if (!state || s->at != s->size || !bytes != !vm->viommu)
		return iom_fail(error, IOM_EINVAL,
		                "the state has %llu bytes, and not the end that it should have "
		                "there",
		                (unsigned long long)s->size);
	return vm->viommu ? viommu_load(vm->viommu, state, bytes, error) : IOM_OK;
}

int vm_load(struct vm *vm, const void *buf, size_t size, struct iom_error *error)
{
	struct stream s = { .in = buf, .size = size };
	struct incoming in = { 0 };
	int rc;

	if (!vm->paused || !vm->guest)
		return iom_fail(error, IOM_EINVAL,
		                "'%s' must be paused, and have the guest's memory", vm->name);
	rc = take_all(&s, vm, &in, error);
	if (!rc)
		rc = load_iommu(&s, vm, error);
	if (rc)
		return rc;
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		vm_vcpu_ops(vm)->restore(vm, i, in.vcpus[i]);
	for (unsigned i = 0; i < VM_DEVICES_MAX; i++)
		if (vm->devices[i].vm)
			vm_device_take(&vm->devices[i], &in.engines[i]);
	return IOM_OK;
}

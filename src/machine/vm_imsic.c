/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Interrupts of machines with interrupt files.  A virtual CPU has one of the hart that it runs on; while
 * it sleeps its interrupts come to a file in memory, and the notice that goes with each to the
 * hypervisor's own.  The steps are those of os.h, iom_domain_msi_map_mrif.
 */
#include <string.h>

#include "base/bits.h"
#include "base/endian.h"
#include "base/error.h"
#include "machine/imsic.h"
#include "machine/vm.h"

_Static_assert(IMSIC_HARTS == BOARD_CPUS_MAX, "each CPU is a hart");
_Static_assert(VM_VCPUS_MAX *IOM_MRIF_BYTES <= PAGE_BYTES, "one page holds the files of all CPUs");

static struct imsic *imsic_of(const struct vm *vm)
{
	return vm->hypervisor->machine->controller;
}

static struct imsic_file *file_of(struct vm *vm, unsigned vcpu)
{
	struct vcpu *v = &vm->vcpus[vcpu];

	return v->asleep ? &v->imsic.kept : imsic_file(imsic_of(vm), v->hart, v->imsic.guest);
}

/* ---- Files of harts that are lent ------------------------------------------------------------ */

bool vm_imsic_take(struct hypervisor *h, unsigned hart, unsigned *guest)
{
	for (unsigned g = 1; g <= IMSIC_GUESTS; g++) {
		if (!h->files[hart][g]) {
			h->files[hart][g] = true;
			*guest = g;
			return true;
		}
	}
	return false;
}

static void give(struct hypervisor *h, unsigned hart, unsigned guest)
{
	*imsic_file(h->machine->controller, hart, guest) = (struct imsic_file){ 0 };
	h->files[hart][guest] = false;
}

static bool take_somewhere(struct hypervisor *h, unsigned first, struct vcpu *v)
{
	for (unsigned i = 0; i < IMSIC_HARTS; i++) {
		v->hart = (first + i) % IMSIC_HARTS;
		if (vm_imsic_take(h, v->hart, &v->imsic.guest))
			return true;
	}
	v->hart = first;
	return false;
}

/* ---- What devices see ------------------------------------------------------------------------ */

static uint64_t mrif_spa(const struct vm *vm, unsigned vcpu)
{
	return vm->interrupts + (uint64_t)vcpu * IOM_MRIF_BYTES;
}

static uint8_t *mrif_at(const struct vm *vm, unsigned vcpu)
{
	return (uint8_t *)pages_at(&vm->hypervisor->machine->low, vm->interrupts) +
	       (size_t)vcpu * IOM_MRIF_BYTES;
}

static uint64_t place(const struct vm *vm, unsigned vcpu, unsigned *number)
{
	const struct vcpu *v = &vm->vcpus[vcpu];

	*number = v->imsic.guest;
	return v->asleep ? mrif_spa(vm, vcpu)
	                 : IMSIC_WINDOW + imsic_offset(v->hart, v->imsic.guest);
}

/* Shows the file of a virtual CPU that is awake to the devices behind every IOMMU. */
static int show(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	uint64_t gpa = IMSIC_WINDOW + (uint64_t)vcpu * IMSIC_PAGE;
	unsigned number;
	int rc = IOM_OK;

	for (unsigned i = 0; !rc && i < vm->hypervisor->kernel->board->iommus; i++)
		rc = iom_domain_msi_map(vm->space->domains[i], gpa, place(vm, vcpu, &number));
	return rc ? iom_fail(error, rc, "mapping the interrupt file of a virtual CPU failed: %s",
	                     iom_strerror(rc))
	          : IOM_OK;
}

/* The same for its file in memory. */
static int show_mrif(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	const struct board *board = vm->hypervisor->kernel->board;
	const struct iom_interrupt_message notice = board->message(0, vm_vcpu_notice(vm, vcpu));
	const struct iom_mrif mrif = {
		.file = mrif_spa(vm, vcpu),
		.notice = notice.address,
		.identity = notice.data,
	};
	int rc = IOM_OK;

	for (unsigned i = 0; !rc && i < board->iommus; i++)
		rc = iom_domain_msi_map_mrif(vm->space->domains[i],
		                             IMSIC_WINDOW + (uint64_t)vcpu * IMSIC_PAGE, &mrif);
	return rc ? iom_fail(error, rc, "mapping an interrupt file in memory failed: %s",
	                     iom_strerror(rc))
	          : IOM_OK;
}

static bool lookup(const struct vm *vm, uint64_t gpa, uint64_t *spa)
{
	uint64_t vcpu = (gpa - IMSIC_WINDOW) / IMSIC_PAGE;
	unsigned number;

	if (gpa < IMSIC_WINDOW || vcpu >= vm->vcpu_count)
		return false;
	*spa = place(vm, (unsigned)vcpu, &number) + (vm->vcpus[vcpu].asleep ? 0 : gpa % IMSIC_PAGE);
	return true;
}

/* ---- Coming, going, moving ------------------------------------------------------------------- */

static int add_one(struct vm *vm, struct iom_error *error)
{
	struct hypervisor *h = vm->hypervisor;

	for (unsigned tries = 0; tries < IMSIC_HARTS; tries++) {
		struct vcpu *v = &vm->vcpus[vm->vcpu_count];

		v->hart = h->next_hart;
		h->next_hart = (h->next_hart + 1) % IMSIC_HARTS;
		if (vm_imsic_take(h, v->hart, &v->imsic.guest))
			return show(vm, vm->vcpu_count++, error);
	}
	return iom_fail(error, IOM_ENOSPC,
	                "no guest interrupt file is left; the %u harts have %u each", IMSIC_HARTS,
	                IMSIC_GUESTS);
}

/* The window has as many pages as fit the CPUs, rounded up to a power of two. */
static int add(struct vm *vm, unsigned count, struct iom_error *error)
{
	uint64_t pages = 1;
	int rc = IOM_OK;

	while (pages < count)
		pages *= 2;
	for (unsigned i = 0; !rc && i < vm->hypervisor->kernel->board->iommus; i++)
		rc = iom_domain_msi_window(vm->space->domains[i], IMSIC_WINDOW,
		                           (pages - 1) * IMSIC_PAGE, error);
	while (!rc && vm->vcpu_count < count)
		rc = add_one(vm, error);
	return rc;
}

static void stop(struct vm *vm)
{
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		if (!vm->vcpus[i].asleep)
			give(vm->hypervisor, vm->vcpus[i].hart, vm->vcpus[i].imsic.guest);
}

static void free_all(struct vm *vm)
{
	if (vm->interrupts)
		pages_give(&vm->hypervisor->machine->low, vm->interrupts, 1);
	vm->interrupts = 0;
}

static int move(struct vm *vm, unsigned vcpu, unsigned hart, struct iom_error *error)
{
	struct hypervisor *h = vm->hypervisor;
	struct vcpu *v = &vm->vcpus[vcpu];
	unsigned was_hart = v->hart, was_guest = v->imsic.guest, guest;
	struct imsic_file *from = file_of(vm, vcpu), *to;
	int rc;

	if (!vm_imsic_take(h, hart, &guest))
		return iom_fail(error, IOM_ENOSPC, "hart %u has no free guest interrupt file",
		                hart);
	to = imsic_file(imsic_of(vm), hart, guest);
	imsic_move_begin(to, from);
	v->hart = hart;
	v->imsic.guest = guest;
	rc = show(vm, vcpu, error);
	if (rc) {
		v->hart = was_hart;
		v->imsic.guest = was_guest;
		give(h, hart, guest);
		return rc;
	}
	/* No device stores into the old file any more: what it holds now is all. */
	imsic_move_end(to, from);
	give(h, was_hart, was_guest);
	return IOM_OK;
}

/* ---- Sleeping -------------------------------------------------------------------------------- */

/* What is pending goes from a file of a hart, where nothing arrives any more, to memory. */
static void move_to_memory(struct vm *vm, unsigned vcpu, struct imsic_file *from)
{
	for (unsigned group = 0; group < IOM_MRIF_GROUPS; group++) {
		iom_mrif_add(mrif_at(vm, vcpu), group, from->eip[group]);
		from->eip[group] = 0;
	}
}

static void move_from_memory(struct vm *vm, unsigned vcpu, struct imsic_file *to)
{
	for (unsigned group = 0; group < IOM_MRIF_GROUPS; group++)
		to->eip[group] |= iom_mrif_take(mrif_at(vm, vcpu), group);
}

static int doze(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	struct hypervisor *h = vm->hypervisor;
	struct vcpu *v = &vm->vcpus[vcpu];
	struct imsic_file *file = file_of(vm, vcpu);
	int rc;

	if (!vm->interrupts && !pages_take(&h->machine->low, &vm->interrupts))
		return iom_fail(error, IOM_ENOMEM, "no memory for interrupt files");
	memset(mrif_at(vm, vcpu), 0, IOM_MRIF_BYTES);
	rc = show_mrif(vm, vcpu, error);
	if (rc) {
		/* Devices may use either: all that came to memory comes back. */
		(void)show(vm, vcpu, NULL);
		move_from_memory(vm, vcpu, file);
		return rc;
	}
	imsic_move_begin(&v->imsic.kept, file);
	imsic_move_end(&v->imsic.kept, file);
	v->imsic.delivers = v->imsic.kept.eidelivery;
	v->imsic.kept.eidelivery = false;
	move_to_memory(vm, vcpu, &v->imsic.kept);
	give(h, v->hart, v->imsic.guest);
	return IOM_OK;
}

static int wake(struct vm *vm, unsigned vcpu, struct iom_error *error)
{
	struct vcpu *v = &vm->vcpus[vcpu];
	struct imsic_file *file;
	int rc;

	if (!take_somewhere(vm->hypervisor, v->hart, v))
		return iom_fail(error, IOM_ENOSPC, "no hart has a free guest interrupt file");
	v->asleep = false;
	file = file_of(vm, vcpu);
	imsic_move_begin(file, &v->imsic.kept);
	rc = show(vm, vcpu, error);
	if (rc) {
		/* Some IOMMUs may have its devices use the new file: nobody else gets it. */
		v->asleep = true;
		move_to_memory(vm, vcpu, file);
		return rc;
	}
	move_from_memory(vm, vcpu, file);
	imsic_move_end(file, &v->imsic.kept);
	file->eidelivery = v->imsic.delivers;
	return IOM_OK;
}

static bool due(const struct vm *vm, unsigned vcpu)
{
	const struct vcpu_imsic *v = &vm->vcpus[vcpu].imsic;
	const uint8_t *mrif = mrif_at(vm, vcpu);

	for (unsigned group = 0; v->delivers && group < IOM_MRIF_GROUPS; group++) {
		uint64_t pending = iom_ld64(mrif + 16 * (size_t)group, false);

		if ((pending | v->kept.eip[group]) & v->kept.eie[group])
			return true;
	}
	return false;
}

/* ---- What CPUs see --------------------------------------------------------------------------- */

static void machine_listen(void *controller, unsigned cpu)
{
	imsic_enable_all(imsic_file(controller, cpu, 0));
}

static unsigned machine_claim(void *controller, unsigned cpu)
{
	return imsic_claim(imsic_file(controller, cpu, 0));
}

static struct iom_interrupt_message machine_message(unsigned cpu, unsigned identity)
{
	return (struct iom_interrupt_message){ IMSIC_WINDOW + imsic_offset(cpu, 0), identity };
}

static void vcpu_listen(struct vm *vm, unsigned vcpu)
{
	imsic_enable_all(file_of(vm, vcpu));
}

static unsigned vcpu_claim(struct vm *vm, unsigned vcpu)
{
	return imsic_claim(file_of(vm, vcpu));
}

static struct iom_interrupt_message vcpu_message(unsigned vcpu, unsigned identity)
{
	return (struct iom_interrupt_message){ IMSIC_WINDOW + (uint64_t)vcpu * IMSIC_PAGE,
		                               identity };
}

static unsigned vcpu_pending(struct vm *vm, unsigned vcpu)
{
	return imsic_pending(file_of(vm, vcpu));
}

static int vcpu_store(struct vm *vm, uint64_t gpa, const void *buf, size_t len)
{
	uint64_t vcpu = (gpa - IMSIC_WINDOW) / IMSIC_PAGE;

	if (gpa < IMSIC_WINDOW || vcpu >= vm->vcpu_count)
		return IOM_ENOENT;
	return imsic_page_write(file_of(vm, (unsigned)vcpu), gpa % IMSIC_PAGE, buf, len);
}

/* ---- State ----------------------------------------------------------------------------------- */

/* In words: pending and enabled identities in turn, then the four that follow. */
#define STATE_WORDS (IMSIC_IDENTITIES / 64 * 2 + 4)

static void save(struct vm *vm, unsigned vcpu, uint8_t *state)
{
	const struct imsic_file *file = file_of(vm, vcpu);
	const uint64_t rest[4] = { file->eidelivery, file->eithreshold, file->arrived,
		                   file->ignored };

	for (unsigned i = 0; i < IOM_COUNT(file->eip); i++, state += 16) {
		iom_st64(state, file->eip[i], false);
		iom_st64(state + 8, file->eie[i], false);
	}
	for (unsigned i = 0; i < IOM_COUNT(rest); i++, state += 8)
		iom_st64(state, rest[i], false);
}

static void restore(struct vm *vm, unsigned vcpu, const uint8_t *state)
{
	struct imsic_file *file = file_of(vm, vcpu);

	for (unsigned i = 0; i < IOM_COUNT(file->eip); i++, state += 16) {
		file->eip[i] = iom_ld64(state, false);
		file->eie[i] = iom_ld64(state + 8, false);
	}
	file->eidelivery = iom_ld64(state, false);
	file->eithreshold = (uint32_t)iom_ld64(state + 8, false);
	file->arrived = iom_ld64(state + 16, false);
	file->ignored = iom_ld64(state + 24, false);
}

static const struct vcpu_ops vcpu_ops = {
	.add = add,
	.stop = stop,
	.free = free_all,
	.move = move,
	.sleep = doze,
	.wake = wake,
	.due = due,
	.listen = vcpu_listen,
	.claim = vcpu_claim,
	.message = vcpu_message,
	.pending = vcpu_pending,
	.place = place,
	.store = vcpu_store,
	.lookup = lookup,
	.state_bytes = (size_t)8 * STATE_WORDS,
	.save = save,
	.restore = restore,
};

const struct machine_interrupts imsic_interrupts = {
	.bytes = sizeof(struct imsic),
	.window = IMSIC_WINDOW,
	.window_bytes = IMSIC_BYTES,
	.read = imsic_read,
	.write = imsic_write,
	.listen = machine_listen,
	.claim = machine_claim,
	.message = machine_message,
	.vcpu = &vcpu_ops,
};

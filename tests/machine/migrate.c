/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Guests that move while their device works. */
#include "machine/migrate.h"

#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "machine/random.h"
#include "machine/viommu.h"

#define RW (IOM_PROT_READ | IOM_PROT_WRITE)
#define BYTES (4u * PAGE_BYTES)

struct world {
	struct bench b;
	struct hypervisor h;
	struct vm *here, *there;
	struct engine_driver *hosts[2], *guest; /* of the device of each; the guest's of its one */
	struct dma_engine *engines[2];
	struct space *space; /* of the guest; NULL: it has no IOMMU */
	struct buffer *from, *to;
	uint64_t from_at, to_at;
};

static struct vm_config config_of(const char *name, bool iommu)
{
	return (struct vm_config){ .name = name, .ram_bytes = 1 << 20, .vcpus = 2, .iommu = iommu };
}

static struct vm *vm_make(struct world *w, const struct vm_config *config)
{
	struct iom_error error;
	struct vm *vm;

	CHECK_MSG(!vm_new(&w->h, config, &vm, &error), "%s", error.text);
	return vm;
}

static void map_buffers(struct world *w)
{
	CHECK_EQ(buffer_new(w->here->guest->board.low, BYTES, false, &w->from, NULL), IOM_OK);
	CHECK_EQ(buffer_new(w->here->guest->board.low, BYTES, false, &w->to, NULL), IOM_OK);
	for (uint64_t i = 0; i < BYTES; i++)
		buffer_write(w->from, i, &(uint8_t){ (uint8_t)(i * 3 + i / 4096) }, 1);
	w->from_at = w->from->spa[0];
	w->to_at = w->to->spa[0];
	if (!w->space)
		return;
	CHECK_EQ(space_map(w->space, w->from, SPACE_ANYWHERE, RW, &w->from_at, NULL), IOM_OK);
	CHECK_EQ(space_map(w->space, w->to, SPACE_ANYWHERE, RW, &w->to_at, NULL), IOM_OK);
}

static void open_world(struct world *w, bool iommu)
{
	struct vm_config config = config_of("here", iommu);
	struct engine_place place, waiting;
	struct iom_error error;

	memset(w, 0, sizeof *w);
	bench_open(&w->b, IOM_DOMAIN_BLOCKED, 64, false);
	hypervisor_init(&w->h, w->b.machine, w->b.kernel);
	config.movable = true;
	w->here = vm_make(w, &config);
	config = config_of("there", iommu);
	config.incoming = true;
	w->there = vm_make(w, &config);
	w->hosts[0] = bench_driver(&w->b, BRIDGE_PCI, 0x100, 64);
	CHECK_EQ(vm_device_assign(w->here, w->b.machine->engine_count - 1, &place, &error), IOM_OK);
	w->hosts[1] = bench_driver(&w->b, BRIDGE_CHIP, 0x20, 64);
	CHECK_EQ(vm_device_assign(w->there, w->b.machine->engine_count - 1, &waiting, &error),
	         IOM_OK);
	w->engines[0] = place.engine;
	w->engines[1] = waiting.engine;
	CHECK(!w->engines[0]->held && w->engines[1]->held);
	for (unsigned i = 0; i < 2; i++)
		dma_engine_pace(w->engines[i], 1);
	CHECK_EQ(engine_driver_new(w->here->guest->kernel, &place, &w->guest, &error), IOM_OK);
	if (iommu) {
		CHECK_EQ(space_new(w->here->guest->kernel, IOM_DOMAIN_STAGE1, &w->space, &error),
		         IOM_OK);
		CHECK_EQ(engine_driver_attach(w->guest, w->space, &error), IOM_OK);
	}
	map_buffers(w);
	CHECK_MSG(!vm_track(w->here, &error), "%s", error.text);
}

static void close_world(struct world *w)
{
	CHECK_EQ(vm_stop(w->here, NULL), IOM_OK);
	CHECK_EQ(vm_stop(w->there, NULL), IOM_OK);
	engine_driver_free(w->guest);
	CHECK_EQ(space_free(w->space), IOM_OK);
	buffer_free(w->from);
	buffer_free(w->to);
	vm_free(w->here);
	vm_free(w->there);
	engine_driver_free(w->hosts[0]);
	engine_driver_free(w->hosts[1]);
	bench_close(&w->b);
}

static void order(struct world *w)
{
	const struct engine_job job = { .from.iova = w->from_at,
		                        .to.iova = w->to_at,
		                        .bytes = BYTES };

	CHECK_EQ(engine_driver_order(w->guest, &job), IOM_OK);
}

static struct vm_round send_dirty(struct world *w)
{
	struct vm_round round;
	struct iom_error error;

	CHECK_MSG(!vm_send(w->here, w->there, &round, &error), "%s", error.text);
	return round;
}

static void move(struct world *w)
{
	struct iom_error error;

	CHECK_MSG(!vm_move(w->here, w->there, &error), "%s", error.text);
	engine_driver_follow(w->guest, w->engines[1]);
	vm_resume(w->there);
}

static bool copied(const struct world *w)
{
	uint8_t x[BYTES], y[BYTES];

	buffer_read(w->from, 0, x, BYTES);
	buffer_read(w->to, 0, y, BYTES);
	return !memcmp(x, y, BYTES);
}

/* ---- With nothing lost ------------------------------------------------------------------------- */

static void check_move_in_the_middle(bool iommu)
{
	struct engine_report r;
	struct vm_round round;
	uint64_t spa, was;
	struct world w;

	open_world(&w, iommu);
	order(&w);
	order(&w);
	CHECK_EQ(send_dirty(&w).pages, 256);
	CHECK(dma_engine_step(w.engines[0]));
	round = send_dirty(&w);
	CHECK_EQ(round.from[DIRTY_DEVICES], 1); /* the page that it copied, and no other */
	CHECK_EQ(round.from[DIRTY_CPUS], 0);
	CHECK_EQ(round.pages, 1);
	/* the other three, the end in the ring, an interrupt; and a piece of the second order */
	for (unsigned i = 0; i < 4; i++)
		CHECK(dma_engine_step(w.engines[0]));
	CHECK_EQ(vm_pause(w.here, NULL), IOM_OK);
	CHECK(!dma_engine_step(w.engines[0]));
	round = send_dirty(&w);
	CHECK_EQ(round.from[DIRTY_DEVICES], 5);
	CHECK_EQ(vm_compare(w.here, w.there), 0);
	CHECK_EQ(vm_vcpu_ops(w.here)->pending(w.here, 0), 1);
	CHECK_EQ(vm_lookup(w.here, w.to->spa[0], &was), IOM_OK);

	move(&w);
	CHECK(!w.here->guest && w.there->guest->vm == w.there);
	CHECK_EQ(w.engines[1]->order.done, PAGE_BYTES);
	CHECK_EQ(vm_lookup(w.there, w.to->spa[0], &spa), IOM_OK);
	CHECK(spa != was);
	kernel_interrupts(w.there->guest->kernel);
	CHECK_EQ(w.there->guest->kernel->engine_interrupts[w.guest->slot], 1);
	while (dma_engine_step(w.engines[1]))
		;
	kernel_interrupts(w.there->guest->kernel);
	CHECK_EQ(w.there->guest->kernel->engine_interrupts[w.guest->slot], 2);
	for (unsigned i = 0; i < 2; i++) {
		CHECK(engine_driver_collect(w.guest, &r));
		CHECK_EQ(r.result, ENGINE_DONE);
		CHECK_EQ(r.bytes, BYTES);
	}
	CHECK(!engine_driver_collect(w.guest, &r));
	CHECK(copied(&w));
	CHECK_EQ(w.engines[0]->bytes_written + w.engines[1]->bytes_written, 2 * (BYTES + 8 + 4));
	close_world(&w);
}

TEST_EACH(migrate_in_the_middle_of_an_order, "")
{
	check_move_in_the_middle(false);
}

TEST_EACH(migrate_in_the_middle_of_an_order_with_an_iommu, "")
{
	check_move_in_the_middle(true);
}

static void while_waiting(void *opaque)
{
	struct world *w = opaque;
	struct iom_error error;

	CHECK_EQ(vm_pause(w->here, &error), IOM_EBUSY);
	CHECK_STR(error.text, "'here' cannot be paused while an access of one of its devices is "
	                      "under way");
	viommu_access_end(w->here->viommu);
	CHECK_EQ(vm_pause(w->here, &error), IOM_OK);
	(void)send_dirty(w);
	move(w);
}

/* The guest's unmap waits for an access; what it waits for comes to its end elsewhere. */
TEST_EACH(migrate_with_a_command_waiting, "")
{
	struct iom_reply reply;
	struct iom_error error;
	struct world w;
	uint64_t was;

	open_world(&w, true);
	(void)send_dirty(&w);
	was = w.to_at;
	CHECK_EQ(dma_engine_probe(w.engines[0], was, true, &reply), IOM_OK);
	viommu_access_begin(w.here->viommu);
	vm_guest_meanwhile(w.here->guest, while_waiting, &w);
	CHECK_MSG(!space_unmap(w.space, was, &error), "%s", error.text);
	CHECK(w.there->guest);
	CHECK_EQ(dma_engine_probe(w.engines[1], was, true, &reply), IOM_EFAULT);
	CHECK_EQ(dma_engine_probe(w.engines[1], w.from_at, false, &reply), IOM_OK);
	/* its driver goes on with the IOMMU that it has now */
	CHECK_EQ(space_map(w.space, w.to, was, RW, &w.to_at, &error), IOM_OK);
	order(&w);
	while (dma_engine_step(w.engines[1]))
		;
	CHECK(copied(&w));
	close_world(&w);
}

TEST_EACH(migrate_record_is_read_elsewhere, "")
{
	struct kernel_fault f = { 0 };
	struct world w;

	open_world(&w, true);
	(void)send_dirty(&w);
	CHECK_EQ(dma_engine_store(w.engines[0], 0x7654000, "x", 1), IOM_EFAULT);
	kernel_interrupts(w.b.kernel);
	CHECK_EQ(vm_pause(w.here, NULL), IOM_OK);
	/* VT-d's records are registers. */
	CHECK_EQ(send_dirty(&w).from[DIRTY_IOMMU], w.b.machine->arch == &machine_vtd ? 0 : 1);
	move(&w);
	CHECK(!kernel_fault(w.there->guest->kernel, &f));
	kernel_interrupts(w.there->guest->kernel);
	CHECK(kernel_fault(w.there->guest->kernel, &f));
	CHECK_EQ(f.what.iova, 0x7654000);
	CHECK_EQ(f.what.requester, w.there->devices[0].guest_requester);
	close_world(&w);
}

/* ---- With something lost ----------------------------------------------------------------------- */

TEST_EACH(migrate_without_device_stores_is_wrong, "")
{
	struct world w;

	open_world(&w, true);
	dirty_log_ignore(w.here->log, DIRTY_DEVICES);
	order(&w);
	(void)send_dirty(&w);
	for (unsigned i = 0; i < 3; i++)
		(void)dma_engine_step(w.engines[0]);
	CHECK_EQ(vm_pause(w.here, NULL), IOM_OK);
	CHECK_EQ(send_dirty(&w).pages, 0);
	CHECK_EQ(vm_compare(w.here, w.there), 3);
	move(&w);
	(void)dma_engine_step(w.engines[1]);
	CHECK(!copied(&w));
	close_world(&w);
}

/* ---- Refusals ---------------------------------------------------------------------------------- */

static void refused(struct world *w, const char *why)
{
	struct iom_error error = { 0 };

	CHECK_EQ(vm_move(w->here, w->there, &error), IOM_EINVAL);
	CHECK_MSG(strstr(error.text, why), "\"%s\" does not say \"%s\"", error.text, why);
	CHECK(w->here->guest && !w->there->guest);
}

TEST_EACH(migrate_refusals_say_why, "")
{
	struct vm_config config = config_of("small", true);
	struct vm_round round;
	struct iom_error error;
	struct world w;
	struct vm *third;
	size_t bytes;

	open_world(&w, true);
	CHECK_EQ(vm_track(w.here, &error), IOM_EINVAL);
	CHECK_EQ(vm_save(w.here, NULL, 0, &bytes), IOM_EINVAL);
	refused(&w, "both must be paused");
	CHECK_EQ(vm_pause(w.here, &error), IOM_OK);
	refused(&w, "its memory must have been sent");
	CHECK_EQ(vm_send(w.here, w.here, &round, &error), IOM_EINVAL);
	(void)send_dirty(&w);
	vm_resume(w.here);
	order(&w);
	CHECK_EQ(vm_pause(w.here, &error), IOM_OK);
	refused(&w, "all that was stored since");
	(void)send_dirty(&w);

	config.vcpus = 1;
	config.incoming = true;
	third = vm_make(&w, &config);
	CHECK_EQ(vm_send(w.here, third, &round, &error), IOM_EINVAL);
	CHECK_STR(error.text, "the memory of 'here' is on its way to another virtual machine than "
	                      "'small'");
	CHECK_EQ(vm_send(third, w.there, &round, &error), IOM_EINVAL);
	CHECK_STR(error.text, "'small' is not tracked: what to send is not known");
	CHECK_EQ(vm_move(w.here, third, &error), IOM_EINVAL);
	CHECK(strstr(error.text, "as many CPUs"));
	vm_free(third);

	/* no device there for the one that is here */
	CHECK_EQ(vm_device_release(&w.there->devices[0], &error), IOM_OK);
	refused(&w, "'there' has no device in place 0, the state has one");
	/* it stays, and works */
	vm_resume(w.here);
	while (dma_engine_step(w.engines[0]))
		;
	CHECK(copied(&w));
	close_world(&w);
}

TEST_EACH(migrate_needs_a_guest_that_can_move, "")
{
	struct vm_config config = config_of("fixed", false);
	struct iom_error error;
	struct vm *vm;
	struct world w;

	open_world(&w, false);
	vm = vm_make(&w, &config);
	CHECK_EQ(vm_pause(vm, NULL), IOM_OK);
	CHECK_EQ(vm_move(vm, w.there, &error), IOM_EINVAL);
	CHECK_STR(error.text, "no move from 'fixed' to 'there': the guest was not made to be "
	                      "movable");
	vm_free(vm);
	close_world(&w);
}

/* States from nowhere are refused, or are states like any other: nothing else happens. */
TEST_EACH(migrate_hostile_states, "")
{
	size_t bytes, again;
	uint8_t *saved, *wrong, *now;
	struct iom_error error;
	uint64_t random = 17;
	unsigned kept = 0;
	struct world w;

	open_world(&w, true);
	order(&w);
	(void)dma_engine_step(w.engines[0]);
	CHECK_EQ(vm_pause(w.here, NULL), IOM_OK);
	CHECK_EQ(vm_save(w.here, NULL, 0, &bytes), IOM_ENOSPC);
	saved = malloc(bytes);
	wrong = malloc(bytes);
	now = malloc(bytes);
	CHECK_EQ(vm_save(w.here, saved, bytes - 1, &again), IOM_ENOSPC);
	CHECK_EQ(vm_save(w.here, saved, bytes, &again), IOM_OK);
	CHECK_EQ(again, bytes);
	for (size_t size = 0; size < bytes; size += 8)
		CHECK_EQ(vm_load(w.here, saved, size, &error), IOM_EINVAL);
	for (unsigned i = 0; i < 3000; i++) {
		memcpy(wrong, saved, bytes);
		wrong[random_next(&random) % bytes] ^= 1 << random_next(&random) % 8;
		if (!vm_load(w.here, wrong, bytes, &error))
			CHECK_EQ(vm_load(w.here, saved, bytes, &error), IOM_OK);
		else
			kept++;
		CHECK_EQ(vm_save(w.here, now, bytes, &again), IOM_OK);
		CHECK(!memcmp(now, saved, bytes));
	}
	CHECK(kept > 100);
	free(saved);
	free(wrong);
	free(now);
	vm_resume(w.here);
	while (dma_engine_step(w.engines[0]))
		;
	CHECK(copied(&w));
	close_world(&w);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The C library's allocator fails in turn under a machine with a kernel, a hypervisor and virtual
 * machines.  The program is linked so that the calls of the libraries in it come here.
 */
#include "machine/engine_driver.h"
#include "machine/machine.h"
#include "machine/migrate.h"
#include "machine/vm.h"

#include <stdlib.h>
#include <string.h>

#include "../test.h"

#define RW (IOM_PROT_READ | IOM_PROT_WRITE)

static int left = -1; /* allocations that still succeed; negative: all */
static int live;

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}

static void *counted(void *memory)
{
	live += memory != NULL;
	return memory;
}

/* The linker's names for what libraries call, and for what there is. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : counted(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *memory)
{
	live -= memory != NULL;
	__real_free(memory);
}

static bool failed;
static struct iom_error error;

/* A call that lacks memory says so, and succeeds when there is some. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		int err_ = (call);                                                                 \
		if (err_) {                                                                        \
			CHECK_MSG(err_ == IOM_ENOMEM, "%s: %d", #call, err_);                      \
			CHECK_MSG(!failed, "%s: %s", #call, error.text);                           \
			CHECK_EQ(error.code, err_);                                                \
			CHECK(error.text[0]);                                                      \
			failed = true;                                                             \
			left = -1;                                                                 \
			CHECK_MSG((call) == IOM_OK, "%s, repeated: %s", #call, error.text);        \
		}                                                                                  \
	} while (0)

struct world {
	const struct machine_arch *arch;
	struct machine *machine;
	struct kernel *kernel;
	struct space *space;
	struct hypervisor hypervisor;
	struct vm *vm, *plain, *other;
	struct engine_driver *driver, *guest;
	struct buffer *from, *to;
	uint64_t from_iova, to_iova;
};

static void copy(struct engine_driver *driver, uint64_t from, uint64_t to)
{
	const struct engine_job job = { .from.iova = from, .to.iova = to, .bytes = 100 };
	struct engine_report report;

	engine_driver_run(driver, &job, &report);
	CHECK_EQ(report.result, ENGINE_DONE);
}

static struct engine_place engine(struct world *w, unsigned bridge, uint32_t requester,
                                  unsigned *index)
{
	struct engine_place place = { .iommu = bridge, .requester = requester };

	TRY(machine_engine_new(w->machine, bridge, requester, 64, index, &error));
	place.engine = &w->machine->engines[*index]->engine;
	place.registers = machine_engine_spa(*index);
	return place;
}

static void host(struct world *w)
{
	const struct machine_config config = { .arch = w->arch,
		                               .low_bytes = 16 << 20,
		                               .high_bytes = 4 << 20 };
	struct engine_place place;
	unsigned index;

	TRY(machine_new(&config, &w->machine, &error));
	TRY(kernel_boot(&w->machine->board, false, &w->kernel, &error));
	TRY(space_new(w->kernel, IOM_DOMAIN_STAGE1, &w->space, &error));
	place = engine(w, BRIDGE_CHIP, 0x10, &index);
	TRY(engine_driver_new(w->kernel, &place, &w->driver, &error));
	TRY(engine_driver_attach(w->driver, w->space, &error));
	TRY(buffer_new(&w->machine->low, 8192, true, &w->from, &error));
	TRY(buffer_new(&w->machine->high, 8192, false, &w->to, &error));
	TRY(space_map(w->space, w->from, SPACE_ANYWHERE, RW, &w->from_iova, &error));
	TRY(space_map(w->space, w->to, SPACE_ANYWHERE, RW, &w->to_iova, &error));
	copy(w->driver, w->from_iova, w->to_iova);
}

static void guests(struct world *w)
{
	const struct vm_config with = {
		.name = "with", .ram_bytes = 1 << 20, .vcpus = 2, .iommu = true
	};
	const struct vm_config plain = {
		.name = "plain", .ram_bytes = 1 << 20, .vcpus = 1, .movable = true
	};
	const struct vm_config other = {
		.name = "other", .ram_bytes = 1 << 20, .vcpus = 1, .incoming = true
	};
	struct engine_place place;
	struct vm_round round;
	unsigned index;

	hypervisor_init(&w->hypervisor, w->machine, w->kernel);
	TRY(vm_new(&w->hypervisor, &with, &w->vm, &error));
	engine(w, BRIDGE_PCI, 0x100, &index);
	TRY(vm_device_assign(w->vm, index, &place, &error));
	TRY(engine_driver_new(w->vm->guest->kernel, &place, &w->guest, &error));
	TRY(vm_vcpu_sleep(w->vm, 1, &error));
	TRY(vm_vcpu_wake(w->vm, 1, &error));

	TRY(vm_new(&w->hypervisor, &plain, &w->plain, &error));
	TRY(vm_new(&w->hypervisor, &other, &w->other, &error));
	TRY(vm_track(w->plain, &error));
	TRY(vm_send(w->plain, w->other, &round, &error));
	TRY(vm_pause(w->plain, &error));
	TRY(vm_send(w->plain, w->other, &round, &error));
	TRY(vm_move(w->plain, w->other, &error));
	CHECK(w->other->guest && !w->plain->guest);
	vm_resume(w->other);
}

static void end(struct world *w)
{
	left = -1;
	CHECK_EQ(vm_stop(w->vm, NULL), IOM_OK);
	engine_driver_free(w->guest);
	vm_free(w->vm);
	vm_free(w->plain);
	vm_free(w->other);
	engine_driver_free(w->driver);
	CHECK_EQ(space_free(w->space), IOM_OK);
	buffer_free(w->from);
	buffer_free(w->to);
	CHECK_EQ(kernel_halt(w->kernel), IOM_OK);
	CHECK_EQ(w->machine->low.unused, w->machine->low.count);
	CHECK_EQ(w->machine->high.unused, w->machine->high.count);
	machine_free(w->machine);
}

static void check_every_allocation(const struct machine_arch *arch)
{
	int n = 0;

	for (failed = true; failed; n++) {
		int before = live;
		struct world w;

		memset(&w, 0, sizeof w);
		w.arch = arch;
		failed = false;
		left = n;
		host(&w);
		guests(&w);
		end(&w);
		CHECK_MSG(live == before, "allocation %d: %d are left", n, live - before);
	}
	CHECK(n > 60);
}

TEST(every_allocation_of_a_riscv_machine_fails, "")
{
	check_every_allocation(&machine_riscv);
}

TEST(every_allocation_of_a_vtd_machine_fails, "")
{
	check_every_allocation(&machine_vtd);
}

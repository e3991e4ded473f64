/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* machine:vm{...} and its methods. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "machine/viommu.h"
#include "sandbox.h"

#define RAM_DEFAULT (UINT64_C(8) << 20)

/* ---- Coming and going ------------------------------------------------------------------------ */

enum { NAME, RAM, VCPUS, IOMMU, MOVABLE, INCOMING, VM_FIELDS };

static const struct field vm_fields[VM_FIELDS] = {
	[NAME] = { "name", FIELD_TEXT, .needed = true },
	[RAM] = { "ram", FIELD_NUMBER, .min = VM_RAM_MIN, .max = MACHINE_RAM_MAX },
	[VCPUS] = { "vcpus", FIELD_NUMBER, .min = 1, .max = VM_VCPUS_MAX },
	[IOMMU] = { "iommu", .kind = FIELD_BOOL },
	[MOVABLE] = { "movable", .kind = FIELD_BOOL },
	[INCOMING] = { "incoming", .kind = FIELD_BOOL },
};

/* machine:vm{ name=, ram=, vcpus=, iommu=, movable=, incoming= } */
int api_vm_new(lua_State *lua)
{
	struct api_machine *m = api_self(lua, API_MACHINE);
	struct field_value v[VM_FIELDS];
	struct vm_config config;
	struct api_vm_ref *ref;
	struct api_vm *vm;
	struct iom_error error;

	fields_read(lua, 2, "vm", vm_fields, VM_FIELDS, v);
	if (!v[NAME].len || v[NAME].len >= VM_NAME_MAX)
		return luaL_error(lua, "vm{name = ...} must have 1 to %d characters",
		                  VM_NAME_MAX - 1);
	config = (struct vm_config){
		.name = v[NAME].text,
		.ram_bytes = v[RAM].given ? v[RAM].number : RAM_DEFAULT,
		.vcpus = v[VCPUS].given ? (unsigned)v[VCPUS].number : 1,
		.iommu = v[IOMMU].flag,
		.movable = v[MOVABLE].flag,
		.incoming = v[INCOMING].flag,
	};
	ref = lua_newuserdatauv(lua, sizeof *ref, 1);
	vm = calloc(1, sizeof *vm);
	if (vm)
		vm->os = calloc(1, sizeof *vm->os);
	if (!vm || !vm->os) {
		free(vm);
		return luaL_error(lua, "no memory for a virtual machine");
	}
	if (vm_new(&m->hypervisor, &config, &vm->vm, &error)) {
		free(vm->os);
		free(vm);
		api_raise(lua, &error);
	}
	ref->vm = vm;
	vm->machine = m;
	vm->serial = vm->vm->serial;
	if (vm->vm->guest) {
		vm->os->guest = vm->vm->guest;
		vm->os->kernel = vm->vm->guest->kernel;
	}
	memcpy(vm->name, vm->vm->name, sizeof vm->name);
	vm->next = m->vms;
	m->vms = vm;
	luaL_setmetatable(lua, API_VM);
	lua_pushvalue(lua, 1); /* keeps the machine alive */
	lua_setiuservalue(lua, -2, 1);

	lua_getiuservalue(lua, 1, API_MACHINE_VMS);
	lua_pushvalue(lua, -2);
	lua_rawseti(lua, -2, vm->serial);
	lua_pop(lua, 1);
	return 1;
}

struct api_vm *api_vm_self(lua_State *lua)
{
	const struct api_vm_ref *ref = api_self(lua, API_VM);
	struct api_vm *vm = ref->vm;

	if (!vm->vm)
		api_error(lua, "the virtual machine '%s' was stopped", vm->name);
	return vm;
}

/* The guest's driver goes, and the machine's has the device again. */
static void give_back(struct api_engine *e)
{
	engine_driver_free(e->guest);
	e->guest = NULL;
	e->vm = NULL;
}

int api_vm_stop(struct api_vm *vm, struct iom_error *error)
{
	int rc;

	if (!vm->vm)
		return IOM_OK;
	/* First of all nothing reaches anything any more; then its software may be cleared away. */
	rc = vm_stop(vm->vm, error);
	if (rc)
		return rc;
	for (unsigned i = 0; i < MACHINE_ENGINES_MAX; i++)
		if (vm->machine->engines[i].vm == vm)
			give_back(&vm->machine->engines[i]);
	api_os_drop(vm->os);
	vm_free(vm->vm);
	vm->vm = NULL;
	return IOM_OK;
}

/* vm:stop() */
static int vm_stop_method(lua_State *lua)
{
	struct api_vm *vm = api_vm_self(lua);
	struct iom_error error;

	if (vm->vm->guest && vm->vm->guest->waiting)
		return luaL_error(lua, "the guest in '%s' is waiting for its IOMMU", vm->name);
	if (api_vm_stop(vm, &error))
		api_raise(lua, &error);
	return 0;
}

/* ---- Devices --------------------------------------------------------------------------------- */

/* The device in argument 2, of the same machine. */
static struct api_device *check_device(lua_State *lua, const struct api_vm *vm, const char *what)
{
	struct api_device *device = luaL_testudata(lua, 2, API_DEVICE);

	if (!device)
		api_error(lua, "%s(device) takes a device, not %s", what, luaL_typename(lua, 2));
	else if (device->machine != vm->machine)
		api_error(lua, "%s(device): the device belongs to another machine", what);
	return device;
}

/* vm:assign(device): the number by which the guest's IOMMU knows it, or would */
static int vm_assign(lua_State *lua)
{
	struct api_vm *vm = api_vm_self(lua);
	const struct api_device *device = check_device(lua, vm, "assign");
	struct api_engine *e = &vm->machine->engines[device->engine];
	struct engine_place place;
	struct iom_error error;

	api_os_runs(lua, vm->os);
	if (e->vm)
		return luaL_error(lua,
		                  "assign(device): the device is assigned to the virtual machine "
		                  "'%s'; vm:release(device) comes first",
		                  e->vm->name);
	if (engine_driver_detach(e->host, &error) ||
	    vm_device_assign(vm->vm, device->engine, &place, &error))
		api_raise(lua, &error);
	/* A guest that is still to come brings its driver along. */
	if (vm->os->kernel && engine_driver_new(vm->os->kernel, &place, &e->guest, &error)) {
		(void)vm_device_release(vm_device_find(vm->vm, e->host->place.iommu,
		                                       e->host->place.requester),
		                        NULL);
		api_raise(lua, &error);
	}
	e->vm = vm;
	lua_pushinteger(lua, place.requester);
	return 1;
}

/* vm:release(device) */
static int vm_release(lua_State *lua)
{
	struct api_vm *vm = api_vm_self(lua);
	const struct api_device *device = check_device(lua, vm, "release");
	struct api_engine *e = &vm->machine->engines[device->engine];
	struct iom_error error;

	api_os_runs(lua, vm->os);
	if (e->vm != vm)
		return luaL_error(lua, "release(device): the device is not assigned to this "
		                       "virtual machine");
	if (vm_device_release(vm_device_find(vm->vm, e->host->place.iommu,
	                                     e->host->place.requester),
	                      &error))
		api_raise(lua, &error);
	give_back(e);
	return 0;
}

/* ---- Virtual CPUs ---------------------------------------------------------------------------- */

static void push_vcpu(lua_State *lua, struct vm *vm, unsigned i)
{
	const struct vcpu_ops *ops = vm_vcpu_ops(vm);
	unsigned number;

	lua_createtable(lua, 0, 9);
	api_set_number(lua, "hart", vm->vcpus[i].hart);
	api_set_number(lua, "at", ops->message(i, 0).address);
	api_set_number(lua, "physical", ops->place(vm, i, &number));
	api_set_number(lua, "file", number);
	api_set_number(lua, "interrupts", vm->guest ? vm->guest->kernel->cpu_interrupts[i] : 0);
	api_set_number(lua, "pending", ops->pending(vm, i));
	api_set_number(lua, "sleeps", vm->vcpus[i].sleeps);
	api_set_number(lua, "notices", vm->vcpus[i].notices);
	lua_pushboolean(lua, vm->vcpus[i].asleep);
	lua_setfield(lua, -2, "asleep");
	sandbox_strict(lua, "a virtual CPU");
}

/* vm:vcpus(): a list; what is pending is taken first, unless the CPUs stand */
static int vm_vcpus(lua_State *lua)
{
	struct vm *vm = api_vm_self(lua)->vm;

	if (!vm->paused && !vm->guest->waiting)
		kernel_interrupts(vm->guest->kernel);
	lua_createtable(lua, (int)vm->vcpu_count, 0);
	for (unsigned i = 0; i < vm->vcpu_count; i++) {
		push_vcpu(lua, vm, i);
		lua_rawseti(lua, -2, (lua_Integer)i + 1);
	}
	return 1;
}

enum { MOVE_VCPU, MOVE_HART, MOVE_FIELDS };

static const struct field move_fields[MOVE_FIELDS] = {
	[MOVE_VCPU] = { "vcpu", FIELD_NUMBER, .needed = true, .min = 1, .max = VM_VCPUS_MAX },
	[MOVE_HART] = { "hart", FIELD_NUMBER, .needed = true, .min = 0, .max = BOARD_CPUS_MAX - 1 },
};

/* vm:move{ vcpu=, hart= } */
static int vm_move(lua_State *lua)
{
	struct vm *vm = api_vm_self(lua)->vm;
	struct field_value v[MOVE_FIELDS];
	struct iom_error error;

	fields_read(lua, 2, "move", move_fields, MOVE_FIELDS, v);
	if (v[MOVE_VCPU].number > vm->vcpu_count)
		return luaL_error(lua, "move{vcpu = ...}: the virtual machine '%s' has %d CPUs",
		                  vm->name, (int)vm->vcpu_count);
	if (vm_vcpu_move(vm, (unsigned)v[MOVE_VCPU].number - 1, (unsigned)v[MOVE_HART].number,
	                 &error))
		api_raise(lua, &error);
	return 0;
}

enum { SLEEP_VCPU, SLEEP_FIELDS };

static const struct field sleep_fields[SLEEP_FIELDS] = {
	[SLEEP_VCPU] = { "vcpu", FIELD_NUMBER, .needed = true, .min = 1, .max = VM_VCPUS_MAX },
};

static int sleep_or_wake(lua_State *lua, const char *what,
                         int (*function)(struct vm *vm, unsigned vcpu, struct iom_error *error))
{
	struct vm *vm = api_vm_self(lua)->vm;
	struct field_value v[SLEEP_FIELDS];
	struct iom_error error;

	fields_read(lua, 2, what, sleep_fields, SLEEP_FIELDS, v);
	if (v[SLEEP_VCPU].number > vm->vcpu_count)
		return luaL_error(lua, "%s{vcpu = ...}: the virtual machine '%s' has %d CPUs", what,
		                  vm->name, (int)vm->vcpu_count);
	if (function(vm, (unsigned)v[SLEEP_VCPU].number - 1, &error))
		api_raise(lua, &error);
	return 0;
}

/* vm:sleep{ vcpu= } */
static int vm_sleep(lua_State *lua)
{
	return sleep_or_wake(lua, "sleep", vm_vcpu_sleep);
}

/* vm:wake{ vcpu= } */
static int vm_wake(lua_State *lua)
{
	return sleep_or_wake(lua, "wake", vm_vcpu_wake);
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* vm:name() */
static int vm_name(lua_State *lua)
{
	const struct api_vm_ref *ref = api_self(lua, API_VM);

	lua_pushstring(lua, ref->vm->name);
	return 1;
}

/* vm:lookup(address): the physical address of a guest-physical one, or false */
static int vm_lookup_method(lua_State *lua)
{
	const struct vm *vm = api_vm_self(lua)->vm;
	uint64_t spa;

	if (!lua_isinteger(lua, 2))
		return luaL_error(lua, "lookup(address) takes a whole number, not %s",
		                  luaL_typename(lua, 2));
	if (vm_lookup(vm, (uint64_t)lua_tointeger(lua, 2), &spa))
		lua_pushboolean(lua, false);
	else
		lua_pushinteger(lua, (lua_Integer)spa);
	return 1;
}

/* vm:faults(): what the guest's own IOMMU reported to it */
static int vm_faults(lua_State *lua)
{
	struct api_vm *vm = api_vm_self(lua);

	if (!vm->os->kernel)
		return luaL_error(lua, "no guest is in the virtual machine '%s'", vm->name);
	api_os_runs(lua, vm->os);
	lua_settop(lua, 1);
	lua_getiuservalue(lua, 1, 1);
	api_faults_push(lua, vm->machine, 2, vm);
	return 1;
}

/* vm:counters() */
static int vm_counters(lua_State *lua)
{
	const struct vm *vm = api_vm_self(lua)->vm;

	lua_createtable(lua, 0, 4);
	api_set_number(lua, "contexts", vm->viommu ? viommu_contexts(vm->viommu) : 0);
	api_set_number(lua, "invalidations", vm->viommu ? viommu_invalidations(vm->viommu) : 0);
	api_set_number(lua, "spurious_interrupts", vm->guest ? vm->guest->kernel->spurious : 0);
	api_set_number(lua, "free_pages", vm->guest ? vm->guest->ram.unused : 0);
	sandbox_strict(lua, "counters()");
	return 1;
}

static const luaL_Reg methods[] = {
	{ "access_begin", api_vm_access_begin },
	{ "access_end", api_vm_access_end },
	{ "assign", vm_assign },
	{ "buffer", api_buffer_new },
	{ "compare", api_vm_compare },
	{ "counters", vm_counters },
	{ "domain", api_domain_new },
	{ "faults", vm_faults },
	{ "lookup", vm_lookup_method },
	{ "move", vm_move },
	{ "move_to", api_vm_move_to },
	{ "name", vm_name },
	{ "pause", api_vm_pause },
	{ "release", vm_release },
	{ "resume", api_vm_resume },
	{ "send", api_vm_send },
	{ "sleep", vm_sleep },
	{ "stop", vm_stop_method },
	{ "track", api_vm_track },
	{ "vcpus", vm_vcpus },
	{ "wake", vm_wake },
	{ NULL, NULL },
};

void api_vm_open(lua_State *lua)
{
	api_type(lua, API_VM, methods, NULL);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Moving the guest of a virtual machine to another one. */
#include "machine/migrate.h"

#include "api.h"
#include "fields.h"
#include "machine/viommu.h"
#include "sandbox.h"

/* As scripts call them; by enum dirty_source */
static const char *const sources[] = {
	[DIRTY_DEVICES] = "devices",
	[DIRTY_IOMMU] = "iommu",
	[DIRTY_CPUS] = "cpus",
};

/* A guest's software cannot do without what it stored itself. */
static const char *const ignorable[] = { "devices", "iommu", NULL };

/* The virtual machine in argument 2, of the same machine. */
static struct api_vm *other(lua_State *lua, const struct api_vm *vm, const char *what)
{
	const struct api_vm_ref *ref = luaL_testudata(lua, 2, API_VM);

	if (ref && ref->vm->machine == vm->machine && ref->vm->vm)
		return ref->vm;
	if (!ref)
		api_error(lua, "%s(vm) takes a virtual machine, not %s", what,
		          luaL_typename(lua, 2));
	else if (ref->vm->machine != vm->machine)
		api_error(lua, "%s(vm): the virtual machine belongs to another machine", what);
	else
		api_error(lua, "%s(vm): the virtual machine '%s' was stopped", what, ref->vm->name);
}

/* ---- While it runs --------------------------------------------------------------------------- */

enum { IGNORE, TRACK_FIELDS };

static const struct field track_fields[TRACK_FIELDS] = {
	[IGNORE] = { "ignore", FIELD_CHOICE, .choices = ignorable },
};

/* vm:track{ ignore= } */
int api_vm_track(lua_State *lua)
{
	struct vm *vm = api_vm_self(lua)->vm;
	struct field_value v[TRACK_FIELDS];
	struct iom_error error;

	if (lua_isnone(lua, 2))
		lua_newtable(lua);
	fields_read(lua, 2, "track", track_fields, TRACK_FIELDS, v);
	if (vm_track(vm, &error))
		api_raise(lua, &error);
	if (v[IGNORE].given)
		dirty_log_ignore(vm->log, (enum dirty_source)v[IGNORE].number);
	return 0;
}

/* vm:send(to): how many pages went, and how many each source had stored to */
int api_vm_send(lua_State *lua)
{
	struct api_vm *vm = api_vm_self(lua);
	struct api_vm *to = other(lua, vm, "send");
	struct vm_round round;
	struct iom_error error;

	if (vm_send(vm->vm, to->vm, &round, &error))
		api_raise(lua, &error);
	scenario_charge(lua, (uint64_t)round.pages * PAGE_BYTES);
	lua_createtable(lua, 0, 1 + DIRTY_SOURCES);
	api_set_number(lua, "pages", round.pages);
	for (unsigned s = 0; s < DIRTY_SOURCES; s++)
		api_set_number(lua, sources[s], round.from[s]);
	sandbox_strict(lua, "a round");
	return 1;
}

/* vm:compare(to): how many pages differ */
int api_vm_compare(lua_State *lua)
{
	const struct api_vm *vm = api_vm_self(lua);
	const struct api_vm *to = other(lua, vm, "compare");

	scenario_charge(lua, (uint64_t)vm->vm->memory->count * PAGE_BYTES);
	lua_pushinteger(lua, vm_compare(vm->vm, to->vm));
	return 1;
}

static struct viommu *viommu_of(lua_State *lua)
{
	const struct api_vm *vm = api_vm_self(lua);

	if (!vm->vm->viommu)
		api_error(lua, "the guest of the virtual machine '%s' has no IOMMU", vm->name);
	return vm->vm->viommu;
}

/* vm:access_begin() */
int api_vm_access_begin(lua_State *lua)
{
	viommu_access_begin(viommu_of(lua));
	return 0;
}

/* vm:access_end() */
int api_vm_access_end(lua_State *lua)
{
	viommu_access_end(viommu_of(lua));
	return 0;
}

/* ---- While it is paused ---------------------------------------------------------------------- */

/* vm:pause(): false if an access is under way */
int api_vm_pause(lua_State *lua)
{
	lua_pushboolean(lua, !vm_pause(api_vm_self(lua)->vm, NULL));
	return 1;
}

/* vm:resume() */
int api_vm_resume(lua_State *lua)
{
	const struct api_vm *vm = api_vm_self(lua);

	if (!vm->os->kernel)
		return luaL_error(lua, "no guest is in the virtual machine '%s'", vm->name);
	vm_resume(vm->vm);
	return 0;
}

/* The engine of another virtual machine in the place that `engine` has in its own. */
static unsigned counterpart(const struct vm *vm, unsigned engine, const struct vm *to)
{
	unsigned place = 0;

	while (vm->devices[place].engine != engine || !vm->devices[place].vm)
		place++;
	return to->devices[place].engine;
}

/* The guest's drivers have other devices in their hands now, and do not know. */
static void move_drivers(struct api_vm *vm, struct api_vm *to)
{
	struct api_engine *engines = vm->machine->engines;

	for (unsigned i = 0; i < MACHINE_ENGINES_MAX; i++) {
		struct engine_driver *driver = engines[i].guest;
		unsigned j;

		if (engines[i].vm != vm || !driver)
			continue;
		j = counterpart(vm->vm, i, to->vm);
		engines[i].guest = NULL;
		engines[j].guest = driver;
		engine_driver_follow(driver, &vm->machine->machine->engines[j]->engine);
	}
}

/* vm:move_to(to) */
int api_vm_move_to(lua_State *lua)
{
	struct api_vm *vm = api_vm_self(lua);
	struct api_vm *to = other(lua, vm, "move_to");
	struct api_os *os = to->os;
	struct iom_error error;

	if (vm_move(vm->vm, to->vm, &error))
		api_raise(lua, &error);
	move_drivers(vm, to);
	to->os = vm->os;
	vm->os = os;
	return 0;
}

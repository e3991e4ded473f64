/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Lists of faults, as m:faults() and vm:faults() give them. */
#include "api.h"

#include "sandbox.h"

/* Pushes a value of one of the machine's tables, or false. */
static void push_value(lua_State *lua, int machine_index, int table, lua_Integer key)
{
	lua_getiuservalue(lua, machine_index, table);
	if (lua_rawgeti(lua, -1, key) == LUA_TNIL) {
		lua_pop(lua, 1);
		lua_pushboolean(lua, false);
	}
	lua_remove(lua, -2);
}

/* The number of the engine that a fault is about, or -1. */
static lua_Integer host_engine(const struct api_machine *m, const struct kernel_fault *f)
{
	const struct machine *hw = m->machine;

	for (unsigned i = 0; i < hw->engine_count; i++)
		if (hw->engines[i]->bridge == f->iommu &&
		    hw->engines[i]->requester == f->what.requester)
			return i;
	return -1;
}

static lua_Integer guest_engine(const struct vm *vm, const struct kernel_fault *f)
{
	for (unsigned i = 0; i < VM_DEVICES_MAX; i++)
		if (vm->devices[i].vm && vm->devices[i].guest_requester == f->what.requester)
			return vm->devices[i].engine;
	return -1;
}

/* Sets a field to a number, or to false. */
static void set_if(lua_State *lua, const char *name, bool there, uint64_t number)
{
	if (there)
		api_set_number(lua, name, number);
	else
		api_set_flag(lua, name, false);
}

static void push_fault(lua_State *lua, struct api_machine *m, int machine_index, struct api_vm *vm,
                       const struct kernel_fault *f)
{
	lua_createtable(lua, 0, 11);
	push_value(lua, machine_index, API_MACHINE_DEVICES,
	           vm ? guest_engine(vm->vm, f) : host_engine(m, f));
	lua_setfield(lua, -2, "device");
	push_value(lua, machine_index, API_MACHINE_VMS, vm ? vm->serial : f->owner);
	lua_setfield(lua, -2, "vm");
	api_set_number(lua, "id", f->what.requester);
	set_if(lua, "pasid", f->what.has_pasid, f->what.pasid);
	set_if(lua, "address", !f->interrupt, f->what.iova);
	set_if(lua, "interrupt", f->interrupt, f->what.iova);
	api_set_number(lua, "guest_address", f->what.gpa);
	api_set_text(lua, "access", f->what.write ? "write" : "read");
	api_set_text(lua, "reason", f->what.reason);
	api_set_number(lua, "code", f->what.code);
	sandbox_strict(lua, "a fault");
}

void api_faults_push(lua_State *lua, struct api_machine *m, int machine_index, struct api_vm *vm)
{
	struct kernel *kernel = vm ? vm->os->kernel : m->os.kernel;
	struct kernel_fault fault;

	machine_index = lua_absindex(lua, machine_index);
	kernel_interrupts(kernel);
	lua_newtable(lua);
	for (lua_Integer i = 1; kernel_fault(kernel, &fault); i++) {
		push_fault(lua, m, machine_index, vm, &fault);
		lua_rawseti(lua, -2, i);
	}
}

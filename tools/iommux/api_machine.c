/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* machine{...} and its methods. */
#include "api.h"

#include "fields.h"
#include "sandbox.h"

enum { RAM, HIGH_RAM, INTERRUPTS, MACHINE_FIELDS };

static const char *const interrupt_kinds[] = { "message", "wire", NULL };

static const struct field machine_fields[MACHINE_FIELDS] = {
	[RAM] = { "ram", FIELD_NUMBER, .min = MACHINE_LOW_MIN, .max = MACHINE_RAM_MAX },
	[HIGH_RAM] = { "high_ram", FIELD_NUMBER, .min = 0, .max = MACHINE_RAM_MAX },
	[INTERRUPTS] = { "interrupts", FIELD_CHOICE, .choices = interrupt_kinds },
};

/* ---- Coming and going ------------------------------------------------------------------------ */

static void dismantle(struct api_machine *m)
{
	for (unsigned i = 0; i < m->driver_count; i++)
		engine_driver_free(m->drivers[i]);
	for (unsigned i = 0; i < m->space_count; i++)
		(void)space_free(m->spaces[i]);
	while (m->buffers)
		api_buffer_drop(m->buffers);
	(void)kernel_halt(m->kernel);
	machine_free(m->machine);
	*m = (struct api_machine){ 0 };
}

static int machine_gc(lua_State *lua)
{
	struct api_machine *m = luaL_checkudata(lua, 1, API_MACHINE);

	if (m->machine)
		scenario_of(lua)->machines--;
	dismantle(m);
	return 0;
}

static void check_count(lua_State *lua)
{
	struct scenario *s = scenario_of(lua);

	if (s->machines == SCENARIO_MACHINES_MAX)
		lua_gc(lua, LUA_GCCOLLECT);
	if (s->machines == SCENARIO_MACHINES_MAX)
		luaL_error(lua, "a scenario has at most %d machines at the same time",
		           SCENARIO_MACHINES_MAX);
}

/* machine{ ram=, high_ram=, interrupts= } */
static int machine_create(lua_State *lua)
{
	struct scenario *s = scenario_of(lua);
	struct machine_config config = { .arch = s->arch, .seed = s->seed };
	struct field_value v[MACHINE_FIELDS];
	struct api_machine *m;
	struct iom_error error;

	fields_read(lua, 1, "machine", machine_fields, MACHINE_FIELDS, v);
	config.low_bytes = v[RAM].number;
	config.high_bytes = v[HIGH_RAM].number;
	check_count(lua);
	m = lua_newuserdatauv(lua, sizeof *m, 1);
	*m = (struct api_machine){ 0 };
	luaL_setmetatable(lua, API_MACHINE);
	lua_newtable(lua); /* its devices, by requester */
	lua_setiuservalue(lua, -2, 1);
	if (machine_new(&config, &m->machine, &error))
		return api_raise(lua, &error);
	s->machines++;
	if (kernel_boot(m->machine, v[INTERRUPTS].number == 1, &m->kernel, &error))
		return api_raise(lua, &error);
	return 1;
}

/* ---- What happened --------------------------------------------------------------------------- */

static void push_fault(lua_State *lua, struct api_machine *m, const struct iom_os_fault *f)
{
	lua_createtable(lua, 0, 8);
	api_device_push(lua, m, f->requester);
	lua_setfield(lua, -2, "device");
	api_set_number(lua, "id", f->requester);
	api_set_number(lua, "address", f->iova);
	api_set_number(lua, "guest_address", f->gpa);
	api_set_text(lua, "access", f->write ? "write" : "read");
	api_set_text(lua, "reason", f->reason);
	api_set_number(lua, "code", f->code);
	sandbox_strict(lua, "a fault");
}

/* m:faults(): the reports since the last call, oldest first */
static int machine_faults(lua_State *lua)
{
	struct api_machine *m = api_self(lua, API_MACHINE);
	struct iom_os_fault fault;

	lua_settop(lua, 1);
	kernel_interrupts(m->kernel);
	lua_newtable(lua);
	for (lua_Integer i = 1; kernel_fault(m->kernel, &fault); i++) {
		push_fault(lua, m, &fault);
		lua_rawseti(lua, 2, i);
	}
	return 1;
}

/* m:counters() */
static int machine_counters(lua_State *lua)
{
	const struct api_machine *m = api_self(lua, API_MACHINE);
	const struct kernel *k = m->kernel;
	const struct machine *hw = m->machine;

	lua_createtable(lua, 0, 8);
	api_set_number(lua, "cpu_bytes", k->cpu_bytes);
	api_set_number(lua, "register_reads", hw->mmio_reads);
	api_set_number(lua, "register_writes", hw->mmio_writes);
	api_set_number(lua, "iommu_interrupts", k->iommu_interrupts);
	api_set_number(lua, "spurious_interrupts", k->spurious);
	api_set_number(lua, "lost_faults", k->faults_lost + iom_driver_overflows(k->driver));
	api_set_number(lua, "free_low_pages", hw->low.unused);
	api_set_number(lua, "free_high_pages", hw->high.unused);
	sandbox_strict(lua, "counters()");
	return 1;
}

/* m:arch(): "riscv" */
static int machine_arch_name(lua_State *lua)
{
	const struct api_machine *m = api_self(lua, API_MACHINE);

	lua_pushstring(lua, m->machine->arch->name);
	return 1;
}

static const luaL_Reg methods[] = {
	{ "arch", machine_arch_name },
	{ "buffer", api_buffer_new },
	{ "counters", machine_counters },
	{ "device", api_device_new },
	{ "domain", api_domain_new },
	{ "faults", machine_faults },
	{ NULL, NULL },
};

void api_machine_open(lua_State *lua)
{
	api_type(lua, API_MACHINE, methods, machine_gc);
	lua_pushcfunction(lua, machine_create);
	lua_setfield(lua, -2, "machine");
}

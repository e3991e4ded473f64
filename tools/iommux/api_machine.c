/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* machine{...} and its methods. */
#include "api.h"

#include <stdlib.h>

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

static void free_buffers(struct api_os *os)
{
	while (os->buffers) {
		struct api_buffer *b = os->buffers;

		os->buffers = b->next;
		free(b);
	}
}

static void dismantle(struct api_machine *m)
{
	struct kernel *kernel = m->os.kernel;

	/* Devices hear again: what they kept translations of could not be given back otherwise. */
	for (unsigned i = 0; m->machine && i < MACHINE_ENGINES_MAX; i++) {
		struct machine_engine *e = m->machine->engines[i];

		if (e)
			e->atc.deaf = false;
	}
	while (m->vms) {
		struct api_vm *vm = m->vms;

		m->vms = vm->next;
		(void)api_vm_stop(vm, NULL);
		free_buffers(vm->os);
		free(vm->os);
		free(vm);
	}
	while (kernel && kernel->processes)
		process_free(kernel->processes);
	for (unsigned i = 0; i < MACHINE_ENGINES_MAX; i++)
		engine_driver_free(m->engines[i].host);
	api_os_drop(&m->os);
	free_buffers(&m->os);
	(void)kernel_halt(kernel);
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
	struct machine_config config = { .arch = s->arch, .seed = s->seed, .units = s->units };
	struct field_value v[MACHINE_FIELDS];
	struct api_machine *m;
	struct iom_error error;

	fields_read(lua, 1, "machine", machine_fields, MACHINE_FIELDS, v);
	config.low_bytes = v[RAM].number;
	config.high_bytes = v[HIGH_RAM].number;
	check_count(lua);
	m = lua_newuserdatauv(lua, sizeof *m, API_MACHINE_VALUES);
	*m = (struct api_machine){ 0 };
	luaL_setmetatable(lua, API_MACHINE);
	for (int i = 1; i <= API_MACHINE_VALUES; i++) {
		lua_newtable(lua);
		lua_setiuservalue(lua, -2, i);
	}
	if (machine_new(&config, &m->machine, &error))
		api_raise(lua, &error);
	s->machines++;
	if (kernel_boot(&m->machine->board, v[INTERRUPTS].number == 1, &m->os.kernel, &error))
		api_raise(lua, &error);
	hypervisor_init(&m->hypervisor, m->machine, m->os.kernel);
	return 1;
}

/* ---- What happened --------------------------------------------------------------------------- */

/* m:faults(): the reports since the last call, oldest first */
static int machine_faults(lua_State *lua)
{
	struct api_machine *m = api_self(lua, API_MACHINE);

	api_faults_push(lua, m, 1, NULL);
	return 1;
}

/* m:counters() */
static int machine_counters(lua_State *lua)
{
	const struct api_machine *m = api_self(lua, API_MACHINE);
	const struct kernel *k = m->os.kernel;
	const struct machine *hw = m->machine;

	lua_createtable(lua, 0, 8);
	api_set_number(lua, "cpu_bytes", k->cpu_bytes);
	api_set_number(lua, "register_reads", hw->mmio_reads);
	api_set_number(lua, "register_writes", hw->mmio_writes);
	api_set_number(lua, "iommu_interrupts", k->iommu_interrupts);
	api_set_number(lua, "spurious_interrupts", k->spurious);
	api_set_number(lua, "lost_faults", k->faults_lost + kernel_overflows(k));
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
	{ "arch", machine_arch_name },    { "buffer", api_buffer_new },
	{ "counters", machine_counters }, { "cpus", api_machine_cpus },
	{ "device", api_device_new },     { "domain", api_domain_new },
	{ "faults", machine_faults },     { "process", api_process_new },
	{ "raise", api_machine_raise },   { "vm", api_vm_new },
	{ "wire", api_machine_wire },     { NULL, NULL },
};

void api_machine_open(lua_State *lua)
{
	api_type(lua, API_MACHINE, methods, machine_gc);
	lua_pushcfunction(lua, machine_create);
	lua_setfield(lua, -2, "machine");
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts of a machine: what its CPUs took, wires, and what devices send. */
#include "api.h"

#include "fields.h"
#include "machine/pin_driver.h"
#include "sandbox.h"

/* m:cpus(): a list; what is pending is taken first */
int api_machine_cpus(lua_State *lua)
{
	const struct api_machine *m = api_self(lua, API_MACHINE);
	struct kernel *k = m->os.kernel;

	kernel_interrupts(k);
	lua_createtable(lua, (int)k->board->cpus, 0);
	for (unsigned i = 0; i < k->board->cpus; i++) {
		lua_createtable(lua, 0, 1);
		api_set_number(lua, "interrupts", k->cpu_interrupts[i]);
		sandbox_strict(lua, "a CPU");
		lua_rawseti(lua, -2, (lua_Integer)i + 1);
	}
	return 1;
}

enum { PIN, PIN_CPU, PIN_LEVEL, PIN_FIELDS };

static const struct field pin_fields[PIN_FIELDS] = {
	[PIN] = { "pin", FIELD_NUMBER, .needed = true, .min = 0, .max = KERNEL_PINS - 1 },
	[PIN_CPU] = { "cpu", FIELD_NUMBER, .min = 1, .max = BOARD_CPUS_MAX },
	[PIN_LEVEL] = { "level", .kind = FIELD_BOOL },
};

/* m:wire{ pin=, cpu=, level= }: lets a pin of the I/O APIC interrupt a CPU */
int api_machine_wire(lua_State *lua)
{
	const struct api_machine *m = api_self(lua, API_MACHINE);
	struct field_value v[PIN_FIELDS];
	struct iom_error error;

	fields_read(lua, 2, "wire", pin_fields, PIN_FIELDS, v);
	if (pin_driver_use(m->os.kernel, (unsigned)v[PIN].number,
	                   v[PIN_CPU].given ? (unsigned)v[PIN_CPU].number - 1 : 0,
	                   v[PIN_LEVEL].flag, &error))
		api_raise(lua, &error);
	return 0;
}

/* m:raise(pin): something drives it until it is served; how many interrupts of it were taken so far */
int api_machine_raise(lua_State *lua)
{
	const struct api_machine *m = api_self(lua, API_MACHINE);
	struct kernel *k = m->os.kernel;
	lua_Integer pin, pins = k->board->pins;
	int whole;

	pin = lua_tointegerx(lua, 2, &whole);
	if (!pins)
		return luaL_error(lua, "there is no I/O APIC here");
	if (!whole || pin < 0 || pin >= pins)
		return luaL_error(lua, "raise(pin) takes a whole number from 0 to %I", pins - 1);
	machine_raise(m->machine, (unsigned)pin);
	kernel_interrupts(k);
	lua_pushinteger(lua, (lua_Integer)k->pins[pin].interrupts);
	return 1;
}

/* device:message(): what its interrupt is, as the device was told: { address, data } */
int api_device_message(lua_State *lua)
{
	const struct dma_engine *e = api_device_engine(api_self(lua, API_DEVICE));

	lua_createtable(lua, 0, 2);
	api_set_number(lua, "address", e->msi_address);
	api_set_number(lua, "data", e->msi_data);
	sandbox_strict(lua, "a message");
	return 1;
}

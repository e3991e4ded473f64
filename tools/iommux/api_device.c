/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* machine:device{...} and its methods. */
#include "api.h"

#include <stdio.h>

#include "fields.h"
#include "machine/root_port.h"
#include "sandbox.h"

enum { ID, PCI, BITS, PROCESSES, ATS, DEVICE_FIELDS };

static const struct field device_fields[DEVICE_FIELDS] = {
	[ID] = { "id", FIELD_NUMBER, .min = 0, .max = UINT32_MAX },
	[PCI] = { "pci", .kind = FIELD_TEXT },
	[BITS] = { "bits", FIELD_NUMBER, .min = 32, .max = 64 },
	[PROCESSES] = { "processes", .kind = FIELD_BOOL },
	[ATS] = { "ats", .kind = FIELD_BOOL },
};

struct engine_driver *api_device_driver(const struct api_device *d)
{
	const struct api_engine *e = &d->machine->engines[d->engine];

	return e->guest ? e->guest : e->host;
}

struct dma_engine *api_device_engine(const struct api_device *d)
{
	return &d->machine->machine->engines[d->engine]->engine;
}

/* Adds the engine and the driver of the machine's kernel. */
static void create(lua_State *lua, struct api_device *d, unsigned bridge, uint32_t requester,
                   unsigned bits, bool processes)
{
	struct api_machine *m = d->machine;
	struct engine_place place = {
		.iommu = bridge,
		.requester = requester,
		.processes = processes,
	};
	struct iom_error error;

	if (machine_engine_new(m->machine, bridge, requester, bits, &d->engine, &error))
		api_raise(lua, &error);
	place.engine = api_device_engine(d);
	place.registers = machine_engine_spa(d->engine);
	if (engine_driver_new(m->os.kernel, &place, &m->engines[d->engine].host, &error))
		api_raise(lua, &error);
}

/* machine:device{ id= or pci=, bits=, processes= } */
int api_device_new(lua_State *lua)
{
	struct api_machine *m = api_self(lua, API_MACHINE);
	struct field_value v[DEVICE_FIELDS];
	struct api_device *d;
	uint32_t requester;

	fields_read(lua, 2, "device", device_fields, DEVICE_FIELDS, v);
	if (v[ID].given == v[PCI].given)
		return luaL_error(lua, "device{...} needs either 'id' or 'pci'");
	if (v[PROCESSES].flag && v[ATS].flag)
		return luaL_error(lua, "device{...} takes 'processes' or 'ats', not both: a device "
		                       "that works for processes keeps no translations");
	requester = (uint32_t)v[ID].number;
	if (v[PCI].given && !root_port_parse(v[PCI].text, &requester))
		return luaL_error(lua,
		                  "device{pci = \"%s\"} must be bus, device and function in "
		                  "hexadecimal, as in \"01:00.0\"",
		                  v[PCI].text);
	d = lua_newuserdatauv(lua, sizeof *d, 1);
	d->machine = m;
	create(lua, d, v[PCI].given ? BRIDGE_PCI : BRIDGE_CHIP, requester,
	       v[BITS].given ? (unsigned)v[BITS].number : 64, v[PROCESSES].flag);
	if (v[ATS].flag)
		api_device_cache(lua, d);
	luaL_setmetatable(lua, API_DEVICE);
	lua_pushvalue(lua, 1); /* keeps the machine alive */
	lua_setiuservalue(lua, -2, 1);

	lua_getiuservalue(lua, 1, API_MACHINE_DEVICES);
	lua_pushvalue(lua, -2);
	lua_rawseti(lua, -2, d->engine);
	lua_pop(lua, 1);
	return 1;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static const struct machine_engine *wired(const struct api_device *d)
{
	return d->machine->machine->engines[d->engine];
}

static int device_id(lua_State *lua)
{
	const struct api_device *d = api_self(lua, API_DEVICE);

	lua_pushinteger(lua, wired(d)->requester);
	return 1;
}

/* device:name(): "01:00.0", or "device 0x10" */
static int device_name(lua_State *lua)
{
	const struct machine_engine *e = wired(api_self(lua, API_DEVICE));
	char name[24];

	if (e->bridge == BRIDGE_PCI)
		snprintf(name, sizeof name, "%02x:%02x.%x", e->requester >> 8,
		         e->requester >> 3 & 0x1f, e->requester & 7);
	else
		snprintf(name, sizeof name, "device 0x%x", e->requester);
	lua_pushstring(lua, name);
	return 1;
}

static int device_bits(lua_State *lua)
{
	const struct api_device *d = api_self(lua, API_DEVICE);

	lua_pushinteger(lua, api_device_engine(d)->bits);
	return 1;
}

enum { ASK_AT, ASK_ACCESS, ASK_FIELDS };

static const char *const ask_accesses[] = { "read", "write", NULL };

static const struct field ask_fields[ASK_FIELDS] = {
	[ASK_AT] = { "at", FIELD_ADDRESS, .needed = true },
	[ASK_ACCESS] = { "access", FIELD_CHOICE, .choices = ask_accesses },
};

/* device:translate{ at=, access= }: where an access would go now, or false */
static int device_translate(lua_State *lua)
{
	const struct api_device *d = api_self(lua, API_DEVICE);
	struct field_value v[ASK_FIELDS];
	struct iom_reply reply;

	fields_read(lua, 2, "translate", ask_fields, ASK_FIELDS, v);
	if (dma_engine_probe(api_device_engine(d), v[ASK_AT].number, v[ASK_ACCESS].number == 1,
	                     &reply))
		lua_pushboolean(lua, false);
	else
		lua_pushinteger(lua, (lua_Integer)reply.spa);
	return 1;
}

/* device:interrupt_to(cpu): which CPU its driver has interrupted, from 1 on */
static int device_interrupt_to(lua_State *lua)
{
	const struct api_device *device = api_self(lua, API_DEVICE);
	const struct engine_driver *driver = api_device_driver(device);
	lua_Integer cpus = driver->kernel->board->cpus;
	int whole;
	lua_Integer cpu = lua_tointegerx(lua, 2, &whole);

	if (!whole || cpu < 1 || cpu > cpus)
		return luaL_error(lua, "interrupt_to(cpu) takes a whole number from 1 to %I", cpus);
	engine_driver_interrupt_to(api_device_ready(lua, device), (unsigned)cpu - 1);
	return 0;
}

/* device:counters() */
static int device_counters(lua_State *lua)
{
	const struct api_device *d = api_self(lua, API_DEVICE);
	const struct engine_driver *driver = api_device_driver(d);
	const struct dma_engine *e = api_device_engine(d);

	lua_createtable(lua, 0, 8);
	api_set_number(lua, "translation_requests", e->atc ? iom_atc_requests(e->atc->atc) : 0);
	api_set_number(lua, "invalidations", e->atc ? e->atc->invalidations : 0);
	api_set_number(lua, "reads", e->reads);
	api_set_number(lua, "writes", e->writes);
	api_set_number(lua, "bytes_read", e->bytes_read);
	api_set_number(lua, "bytes_written", e->bytes_written);
	api_set_number(lua, "interrupts", driver->kernel->engine_interrupts[driver->slot]);
	api_set_number(lua, "page_requests", e->asked);
	sandbox_strict(lua, "counters()");
	return 1;
}

static const luaL_Reg methods[] = {
	{ "ats", api_device_ats },
	{ "bits", device_bits },
	{ "copy", api_device_copy },
	{ "counters", device_counters },
	{ "deaf", api_device_deaf },
	{ "forge_interrupt", api_device_forge_interrupt },
	{ "id", device_id },
	{ "interrupt_to", device_interrupt_to },
	{ "message", api_device_message },
	{ "name", device_name },
	{ "order", api_device_order },
	{ "overrun", api_device_overrun },
	{ "pace", api_device_pace },
	{ "results", api_device_results },
	{ "scatter_gather", api_device_scatter_gather },
	{ "step", api_device_step },
	{ "store_slowly", api_device_store_slowly },
	{ "stray", api_device_stray },
	{ "translate", device_translate },
	{ "under_way", api_device_under_way },
	{ NULL, NULL },
};

void api_device_open(lua_State *lua)
{
	api_type(lua, API_DEVICE, methods, NULL);
}

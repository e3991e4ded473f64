/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* machine:domain(kind) and its methods. */
#include "api.h"

#include <string.h>

#include "fields.h"
#include "nearest.h"

/* What a scenario calls the kinds of domain; by IOM_DOMAIN_* */
static const char *const kinds[] = {
	[IOM_DOMAIN_BLOCKED] = "blocked",
	[IOM_DOMAIN_IDENTITY] = "identity",
	[IOM_DOMAIN_STAGE1] = "translated",
	[IOM_DOMAIN_STAGE2] = "guest",
	NULL,
};

static const char *const accesses[] = { "read", "read write", NULL };

/* By place in `accesses`.  Not every page table can say "write only". */
static const unsigned prots[] = { IOM_PROT_READ, IOM_PROT_READ | IOM_PROT_WRITE };

static unsigned check_kind(lua_State *lua, const char *word)
{
	struct nearest search;
	unsigned kind = 0;

	nearest_begin(&search, word);
	for (; kinds[kind]; kind++) {
		if (!strcmp(kinds[kind], word))
			return kind;
		nearest_offer(&search, kinds[kind]);
	}
	if (search.best)
		api_error(lua, "there is no domain \"%s\"; did you mean \"%s\"?", word,
		          search.best);
	api_error(lua,
	          "there is no domain \"%s\"; it must be \"translated\", \"identity\", "
	          "\"blocked\" or \"guest\"",
	          word);
}

int api_domain_new(lua_State *lua)
{
	struct api_os *os = api_os_self(lua);
	struct api_domain *d;
	struct iom_error error;
	unsigned kind;

	if (lua_type(lua, 2) != LUA_TSTRING)
		return luaL_error(lua, "domain(kind) takes a string (\"translated\"), not %s",
		                  luaL_typename(lua, 2));
	kind = check_kind(lua, lua_tostring(lua, 2));
	if (os->space_count == API_DOMAINS_MAX)
		return luaL_error(lua, "a machine has at most %d domains", API_DOMAINS_MAX);
	d = lua_newuserdatauv(lua, sizeof *d, 1);
	d->os = os;
	if (space_new(os->kernel, kind, &d->space, &error))
		api_raise(lua, &error);
	os->spaces[os->space_count++] = d->space;
	luaL_setmetatable(lua, API_DOMAIN);
	lua_pushvalue(lua, 1); /* keeps the machine alive */
	lua_setiuservalue(lua, -2, 1);
	return 1;
}

static struct api_domain *self(lua_State *lua)
{
	struct api_domain *d = api_self(lua, API_DOMAIN);

	if (!d->os->kernel)
		api_error(lua, "this domain went with its virtual machine, which was stopped");
	api_os_runs(lua, d->os);
	return d;
}

/* The driver of the device in argument 2, which must be one of the domain's own kernel. */
static struct engine_driver *check_device(lua_State *lua, const struct api_domain *d,
                                          const char *what)
{
	const struct api_device *device = luaL_testudata(lua, 2, API_DEVICE);
	struct engine_driver *driver;

	if (!device)
		api_error(lua, "%s(device) takes a device, not %s", what, luaL_typename(lua, 2));
	driver = api_device_driver(device);
	if (driver->kernel == d->os->kernel)
		return driver;
	if (d->os == &device->machine->os)
		api_error(lua,
		          "%s(device): the device is assigned to the virtual machine '%s'; "
		          "vm:release(device) comes first",
		          what, device->machine->engines[device->engine].vm->name);
	api_error(lua, "%s(device): the device belongs to another machine", what);
}

/* domain:attach(device) */
static int domain_attach(lua_State *lua)
{
	struct api_domain *d = self(lua);
	struct engine_driver *driver = check_device(lua, d, "attach");
	struct iom_error error;

	if (engine_driver_attach(driver, d->space, &error))
		api_raise(lua, &error);
	return 0;
}

/* domain:detach(device) */
static int domain_detach(lua_State *lua)
{
	struct api_domain *d = self(lua);
	struct engine_driver *driver = check_device(lua, d, "detach");
	struct iom_error error;

	if (driver->space != d->space)
		return luaL_error(lua, "detach(device): the device is not attached to this domain");
	if (engine_driver_detach(driver, &error))
		api_raise(lua, &error);
	return 0;
}

enum { MAP_BUFFER, MAP_PHYSICAL, MAP_BYTES, MAP_AT, MAP_ACCESS, MAP_FIELDS };

static const struct field map_fields[MAP_FIELDS] = {
	[MAP_BUFFER] = { "buffer", FIELD_OBJECT, .type = API_BUFFER },
	[MAP_PHYSICAL] = { "physical", .kind = FIELD_ADDRESS },
	[MAP_BYTES] = { "bytes", FIELD_NUMBER, .min = 1, .max = MACHINE_RAM_MAX },
	[MAP_AT] = { "at", .kind = FIELD_ADDRESS },
	[MAP_ACCESS] = { "access", FIELD_CHOICE, .choices = accesses },
};

static void map_buffer(lua_State *lua, const struct api_domain *d, const struct field_value *v,
                       unsigned prot, uint64_t *iova)
{
	struct api_buffer *b = api_buffer_of(lua, v[MAP_BUFFER].object);
	struct iom_error error;

	if (b->os != d->os)
		api_error(lua, "map{buffer = ...}: the buffer belongs to another machine");
	if (v[MAP_BYTES].given)
		api_error(lua, "map{buffer = ...} maps the whole buffer; 'bytes' goes with "
		               "'physical'");
	if (space_map(d->space, b->buffer, v[MAP_AT].given ? v[MAP_AT].number : SPACE_ANYWHERE,
	              prot, iova, &error))
		api_raise(lua, &error);
}

static void map_physical(lua_State *lua, const struct api_domain *d, const struct field_value *v,
                         unsigned prot)
{
	struct iom_error error;

	if (!v[MAP_AT].given || !v[MAP_BYTES].given)
		api_error(lua, "map{physical = ...} needs the fields 'at' and 'bytes'");
	if (space_map_physical(d->space, v[MAP_PHYSICAL].number, v[MAP_BYTES].number,
	                       v[MAP_AT].number, prot, &error))
		api_raise(lua, &error);
}

/*
 * domain:map{ buffer=, at=, access= }, or { physical=, bytes=, at=, access= }: the address at which
 * the devices see it
 */
static int domain_map(lua_State *lua)
{
	struct api_domain *d = self(lua);
	struct field_value v[MAP_FIELDS];
	unsigned prot;
	uint64_t iova;

	fields_read(lua, 2, "map", map_fields, MAP_FIELDS, v);
	if (v[MAP_BUFFER].given == v[MAP_PHYSICAL].given)
		return luaL_error(lua, "map{...} needs either 'buffer' or 'physical'");
	prot = v[MAP_ACCESS].given ? prots[v[MAP_ACCESS].number] : IOM_PROT_READ | IOM_PROT_WRITE;
	iova = v[MAP_AT].number;
	if (v[MAP_BUFFER].given)
		map_buffer(lua, d, v, prot, &iova);
	else
		map_physical(lua, d, v, prot);
	lua_pushinteger(lua, (lua_Integer)iova);
	return 1;
}

/* What a script does while a guest's CPU waits for its IOMMU: the function is in argument 3. */
struct meanwhile {
	lua_State *lua;
	bool failed; /* its error is on the stack */
};

static void while_it_waits(void *opaque)
{
	struct meanwhile *m = opaque;

	lua_pushvalue(m->lua, 3);
	m->failed = lua_pcall(m->lua, 0, 0, 0) != LUA_OK;
}

static int unmap_meanwhile(lua_State *lua, const struct api_domain *d, uint64_t iova,
                           struct iom_error *error)
{
	struct vm_guest *guest = d->os->guest;
	struct meanwhile m = { lua, false };
	int rc;

	vm_guest_meanwhile(guest, while_it_waits, &m);
	rc = space_unmap(d->space, iova, error);
	vm_guest_meanwhile(guest, NULL, NULL);
	if (m.failed)
		lua_error(lua);
	return rc;
}

/* Puts the function, or nil, into argument 3; true: there is one. */
static bool take_meanwhile(lua_State *lua, const struct api_domain *d)
{
	int type;

	lua_settop(lua, 2);
	lua_pushstring(lua, "meanwhile");
	type = lua_rawget(lua, 2);
	if (type != LUA_TNIL && (type != LUA_TFUNCTION || !d->os->guest))
		api_error(lua, "unmap{meanwhile = ...} must be a function, and the domain a "
		               "guest's");
	return type != LUA_TNIL;
}

enum { UNMAP_BUFFER, UNMAP_AT, UNMAP_MEANWHILE, UNMAP_FIELDS };

static const struct field unmap_fields[UNMAP_FIELDS] = {
	[UNMAP_BUFFER] = { "buffer", FIELD_OBJECT, .type = API_BUFFER },
	[UNMAP_AT] = { "at", .kind = FIELD_ADDRESS },
	[UNMAP_MEANWHILE] = { "meanwhile", .kind = FIELD_ANY },
};

/* domain:unmap{ buffer= or at=, meanwhile= }: true, or false if a device did not answer in time */
static int domain_unmap(lua_State *lua)
{
	struct api_domain *d = self(lua);
	struct field_value v[UNMAP_FIELDS];
	struct iom_error error;
	uint64_t iova;
	int rc;

	fields_read(lua, 2, "unmap", unmap_fields, UNMAP_FIELDS, v);
	if (v[UNMAP_BUFFER].given == v[UNMAP_AT].given)
		return luaL_error(lua, "unmap{...} needs either 'buffer' or 'at'");
	if (!space_translates(d->space))
		return luaL_error(lua, "nothing can be unmapped in a domain of the kind \"%s\"",
		                  kinds[d->space->kind]);
	iova = v[UNMAP_AT].number;
	if (v[UNMAP_BUFFER].given &&
	    !space_find(d->space, api_buffer_of(lua, v[UNMAP_BUFFER].object)->buffer, 0, &iova))
		return luaL_error(lua, "unmap{buffer = ...}: the buffer is not mapped here");
	rc = take_meanwhile(lua, d) ? unmap_meanwhile(lua, d, iova, &error)
	                            : space_unmap(d->space, iova, &error);
	if (rc && rc != IOM_ETIMEOUT)
		api_raise(lua, &error);
	lua_pushboolean(lua, !rc);
	return 1;
}

/* domain:lookup(address): the physical address, or false */
static int domain_lookup(lua_State *lua)
{
	struct api_domain *d = self(lua);
	uint64_t phys;

	if (!lua_isinteger(lua, 2))
		return luaL_error(lua, "lookup(address) takes a whole number, not %s",
		                  luaL_typename(lua, 2));
	if (space_lookup(d->space, (uint64_t)lua_tointeger(lua, 2), &phys))
		lua_pushboolean(lua, false);
	else
		lua_pushinteger(lua, (lua_Integer)phys);
	return 1;
}

/* domain:kind() */
static int domain_kind(lua_State *lua)
{
	const struct api_domain *d = self(lua);

	lua_pushstring(lua, kinds[d->space->kind]);
	return 1;
}

static const luaL_Reg methods[] = {
	{ "attach", domain_attach },
	{ "detach", domain_detach },
	{ "kind", domain_kind },
	{ "lookup", domain_lookup },
	{ "map", domain_map },
	{ "unmap", domain_unmap },
	{ NULL, NULL },
};

void api_domain_open(lua_State *lua)
{
	api_type(lua, API_DOMAIN, methods, NULL);
}

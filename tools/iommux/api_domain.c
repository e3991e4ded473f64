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
		luaL_error(lua, "there is no domain \"%s\"; did you mean \"%s\"?", word,
		           search.best);
	luaL_error(lua,
	           "there is no domain \"%s\"; it must be \"translated\", \"identity\", "
	           "\"blocked\" or \"guest\"",
	           word);
	return kind;
}

int api_domain_new(lua_State *lua)
{
	struct api_machine *m = api_self(lua, API_MACHINE);
	struct api_domain *d;
	struct iom_error error;
	unsigned kind;

	if (lua_type(lua, 2) != LUA_TSTRING)
		return luaL_error(lua, "domain(kind) takes a string (\"translated\"), not %s",
		                  luaL_typename(lua, 2));
	kind = check_kind(lua, lua_tostring(lua, 2));
	if (m->space_count == API_DOMAINS_MAX)
		return luaL_error(lua, "a machine has at most %d domains", API_DOMAINS_MAX);
	d = lua_newuserdatauv(lua, sizeof *d, 1);
	d->machine = m;
	if (space_new(m->kernel, kind, &d->space, &error))
		return api_raise(lua, &error);
	m->spaces[m->space_count++] = d->space;
	luaL_setmetatable(lua, API_DOMAIN);
	lua_pushvalue(lua, 1); /* keeps the machine alive */
	lua_setiuservalue(lua, -2, 1);
	return 1;
}

/* The device in argument 2, of the same machine. */
static struct api_device *check_device(lua_State *lua, const struct api_domain *d, const char *what)
{
	struct api_device *device = luaL_testudata(lua, 2, API_DEVICE);

	if (!device)
		luaL_error(lua, "%s(device) takes a device, not %s", what, luaL_typename(lua, 2));
	if (device->machine != d->machine)
		luaL_error(lua, "%s(device): the device belongs to another machine", what);
	return device;
}

/* domain:attach(device) */
static int domain_attach(lua_State *lua)
{
	struct api_domain *d = api_self(lua, API_DOMAIN);
	struct api_device *device = check_device(lua, d, "attach");
	struct iom_error error;

	if (engine_driver_attach(device->driver, d->space, &error))
		return api_raise(lua, &error);
	return 0;
}

/* domain:detach(device) */
static int domain_detach(lua_State *lua)
{
	struct api_domain *d = api_self(lua, API_DOMAIN);
	struct api_device *device = check_device(lua, d, "detach");
	struct iom_error error;

	if (device->driver->space != d->space)
		return luaL_error(lua, "detach(device): the device is not attached to this domain");
	if (engine_driver_detach(device->driver, &error))
		return api_raise(lua, &error);
	return 0;
}

enum { MAP_BUFFER, MAP_AT, MAP_ACCESS, MAP_FIELDS };

static const struct field map_fields[MAP_FIELDS] = {
	[MAP_BUFFER] = { "buffer", FIELD_OBJECT, .needed = true, .type = API_BUFFER },
	[MAP_AT] = { "at", .kind = FIELD_ADDRESS },
	[MAP_ACCESS] = { "access", FIELD_CHOICE, .choices = accesses },
};

/* domain:map{ buffer=, at=, access= }: the address at which the devices see the buffer */
static int domain_map(lua_State *lua)
{
	struct api_domain *d = api_self(lua, API_DOMAIN);
	struct field_value v[MAP_FIELDS];
	struct api_buffer *b;
	struct iom_error error;
	unsigned prot;
	uint64_t iova;

	fields_read(lua, 2, "map", map_fields, MAP_FIELDS, v);
	b = api_buffer_of(lua, v[MAP_BUFFER].object);
	if (b->machine != d->machine)
		return luaL_error(lua, "map{buffer = ...}: the buffer belongs to another machine");
	prot = v[MAP_ACCESS].given ? prots[v[MAP_ACCESS].number] : IOM_PROT_READ | IOM_PROT_WRITE;
	if (space_map(d->space, b->buffer, v[MAP_AT].given ? v[MAP_AT].number : SPACE_ANYWHERE,
	              prot, &iova, &error))
		return api_raise(lua, &error);
	lua_pushinteger(lua, (lua_Integer)iova);
	return 1;
}

enum { UNMAP_BUFFER, UNMAP_AT, UNMAP_FIELDS };

static const struct field unmap_fields[UNMAP_FIELDS] = {
	[UNMAP_BUFFER] = { "buffer", FIELD_OBJECT, .type = API_BUFFER },
	[UNMAP_AT] = { "at", .kind = FIELD_ADDRESS },
};

/* True if a buffer of the script's is mapped at `iova`, and not the kernel's own pages. */
static bool is_scripts(const struct api_domain *d, uint64_t iova)
{
	uint64_t at;

	for (const struct api_buffer *b = d->machine->buffers; b; b = b->next)
		if (space_find(d->space, b->buffer, iova, &at) && at == iova)
			return true;
	return false;
}

/* domain:unmap{ buffer= } or { at= } */
static int domain_unmap(lua_State *lua)
{
	struct api_domain *d = api_self(lua, API_DOMAIN);
	struct field_value v[UNMAP_FIELDS];
	struct iom_error error;
	uint64_t iova;

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
	if (!is_scripts(d, iova))
		return luaL_error(lua, "unmap{at = 0x%s}: no buffer is mapped there",
		                  api_hex(lua, iova));
	if (space_unmap(d->space, iova, &error))
		return api_raise(lua, &error);
	return 0;
}

/* domain:lookup(address): the physical address, or false */
static int domain_lookup(lua_State *lua)
{
	struct api_domain *d = api_self(lua, API_DOMAIN);
	uint64_t spa;

	if (!lua_isinteger(lua, 2))
		return luaL_error(lua, "lookup(address) takes a whole number, not %s",
		                  luaL_typename(lua, 2));
	if (iom_domain_iova_to_phys(d->space->domain, (uint64_t)lua_tointeger(lua, 2), &spa))
		lua_pushboolean(lua, false);
	else
		lua_pushinteger(lua, (lua_Integer)spa);
	return 1;
}

/* domain:kind() */
static int domain_kind(lua_State *lua)
{
	struct api_domain *d = api_self(lua, API_DOMAIN);

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

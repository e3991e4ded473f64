/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The names that a scenario has beyond Lua's: what the kinds of object share. */
#include "api.h"

#include <stdio.h>

#include "sandbox.h"

void api_type(lua_State *lua, const char *type, const luaL_Reg *methods, lua_CFunction gc)
{
	luaL_newmetatable(lua, type);
	lua_newtable(lua);
	luaL_setfuncs(lua, methods, 0);
	sandbox_strict(lua, type);
	lua_setfield(lua, -2, "__index");
	lua_pushboolean(lua, false);
	lua_setfield(lua, -2, "__metatable");
	if (gc) {
		lua_pushcfunction(lua, gc);
		lua_setfield(lua, -2, "__gc");
	}
	lua_pop(lua, 1);
}

void *api_self(lua_State *lua, const char *type)
{
	void *self = luaL_testudata(lua, 1, type);

	if (!self)
		luaL_error(lua, "this is a method of %s: call it with a colon, object:method(...)",
		           type);
	return self;
}

int api_raise(lua_State *lua, const struct iom_error *error)
{
	return luaL_error(lua, "%s", error->text);
}

const char *api_hex(lua_State *lua, uint64_t number)
{
	char digits[17];

	snprintf(digits, sizeof digits, "%llx", (unsigned long long)number);
	return lua_pushstring(lua, digits);
}

void api_set_number(lua_State *lua, const char *name, uint64_t number)
{
	lua_pushinteger(lua, (lua_Integer)number);
	lua_setfield(lua, -2, name);
}

void api_set_text(lua_State *lua, const char *name, const char *text)
{
	lua_pushstring(lua, text);
	lua_setfield(lua, -2, name);
}

void api_set_flag(lua_State *lua, const char *name, bool flag)
{
	lua_pushboolean(lua, flag);
	lua_setfield(lua, -2, name);
}

static const struct {
	const char *name;
	lua_Integer value;
} constants[] = {
	{ "KiB", 1 << 10 },
	{ "MiB", 1 << 20 },
	{ "GiB", 1 << 30 },
	{ "PAGE", PAGE_BYTES },
};

void api_add(lua_State *lua)
{
	for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++)
		api_set_number(lua, constants[i].name, (uint64_t)constants[i].value);
	api_machine_open(lua);
	api_device_open(lua);
	api_domain_open(lua);
	api_buffer_open(lua);
	api_checksum_open(lua);
	api_report_open(lua);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Telling and checking: say, title, expect; and what a scenario learns about its surroundings. */
#include "api.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "file.h"

/* The function that the script has called tells this. */
static void tell(lua_State *lua, enum output_kind kind, bool held, const char *text, size_t len)
{
	struct output_told told = { .kind = kind, .held = held, .text = text };
	lua_Debug ar;

	if (lua_getstack(lua, 1, &ar) && lua_getinfo(lua, "l", &ar) && ar.currentline > 0)
		told.line = (uint32_t)ar.currentline;
	told.len = len <= OUTPUT_MAX ? (uint32_t)len : UINT32_MAX;
	if (!output_tell(&scenario_of(lua)->output, &told))
		luaL_error(lua, "the scenario says more than %d MiB", (int)(OUTPUT_MAX >> 20));
	scenario_told(lua);
}

/* Replaces the arguments from the first on by string.format of them. */
static const char *format(lua_State *lua, const char *what, size_t *len)
{
	int count = lua_gettop(lua);

	if (!count || lua_type(lua, 1) != LUA_TSTRING)
		luaL_error(lua, "%s: the text must be a string, not %s", what,
		           luaL_typename(lua, 1));
	if (count > 1) {
		lua_pushvalue(lua, lua_upvalueindex(1));
		lua_insert(lua, 1);
		lua_call(lua, count, 1);
	}
	return lua_tolstring(lua, 1, len);
}

/* say(text, ...): a line */
static int say(lua_State *lua)
{
	const char *text = "";
	size_t len = 0;

	if (lua_gettop(lua))
		text = format(lua, "say(text, ...)", &len);
	tell(lua, OUTPUT_SAY, false, text, len);
	return 0;
}

/* title(text, ...): a line with an empty one before it */
static int title(lua_State *lua)
{
	size_t len;
	const char *text = format(lua, "title(text, ...)", &len);

	tell(lua, OUTPUT_TITLE, false, text, len);
	return 0;
}

/* expect(condition, text, ...): returns the condition */
static int expect(lua_State *lua)
{
	struct scenario *s = scenario_of(lua);
	const bool held = lua_toboolean(lua, 1);
	const char *text;
	size_t len;

	if (!lua_isboolean(lua, 1))
		return luaL_error(lua,
		                  "expect(condition, sentence): the condition must be true or "
		                  "false, not %s",
		                  luaL_typename(lua, 1));
	lua_remove(lua, 1);
	text = format(lua, "expect(condition, text, ...)", &len);
	s->checks++;
	s->failed += !held;
	tell(lua, OUTPUT_EXPECT, held, text, len);
	lua_pushboolean(lua, held);
	return 1;
}

/* hex(number): "0x80001000" */
static int hex(lua_State *lua)
{
	if (!lua_isinteger(lua, 1))
		return luaL_error(lua, "hex(number) takes a whole number, not %s",
		                  luaL_typename(lua, 1));
	lua_pushfstring(lua, "0x%s", api_hex(lua, (uint64_t)lua_tointeger(lua, 1)));
	return 1;
}

/* seconds(): of a clock that only runs forwards */
static int seconds(lua_State *lua)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	lua_pushnumber(lua, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
	return 1;
}

/* file_bytes(path) */
static int file_bytes(lua_State *lua)
{
	const char *path = lua_tostring(lua, 1), *why;
	uint64_t size;
	FILE *file;

	if (lua_type(lua, 1) != LUA_TSTRING)
		return luaL_error(lua, "file_bytes(path) takes a string, not %s",
		                  luaL_typename(lua, 1));
	file = file_open(path, &size, &why);
	if (!file)
		return luaL_error(lua, "the file '%s' cannot be read: %s", path, why);
	fclose(file);
	lua_pushinteger(lua, (lua_Integer)size);
	return 1;
}

/* param.NAME: what the command line said, or nil */
static int param(lua_State *lua)
{
	struct scenario *s = scenario_of(lua);
	size_t len;
	const char *name = lua_tolstring(lua, 2, &len);

	lua_pushnil(lua);
	for (unsigned i = 0; name && i < s->param_count; i++) {
		struct scenario_param *p = &s->params[i];

		if (p->name_len == len && !memcmp(p->name, name, len)) {
			p->asked = true;
			lua_pushstring(lua, p->value);
		}
	}
	return 1;
}

static int param_set(lua_State *lua)
{
	return luaL_error(lua, "param is what the command line said; it cannot be changed");
}

static void add_param(lua_State *lua)
{
	lua_newtable(lua);
	lua_createtable(lua, 0, 2);
	lua_pushcfunction(lua, param);
	lua_setfield(lua, -2, "__index");
	lua_pushcfunction(lua, param_set);
	lua_setfield(lua, -2, "__newindex");
	lua_setmetatable(lua, -2);
	lua_setfield(lua, -2, "param");
}

/* The upvalue of those that speak is string.format. */
static const luaL_Reg speaking[] = {
	{ "expect", expect },
	{ "say", say },
	{ "title", title },
	{ NULL, NULL },
};

static const luaL_Reg functions[] = {
	{ "file_bytes", file_bytes },
	{ "hex", hex },
	{ "seconds", seconds },
	{ NULL, NULL },
};

void api_report_open(lua_State *lua)
{
	lua_getfield(lua, -1, "string");
	lua_getfield(lua, -1, "format");
	lua_remove(lua, -2);
	luaL_setfuncs(lua, speaking, 1);
	luaL_setfuncs(lua, functions, 0);
	api_set_text(lua, "script", scenario_of(lua)->path);
	add_param(lua);
}

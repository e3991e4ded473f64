/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Telling and checking: say, title, expect; and what a scenario learns about its surroundings. */
#include "api.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "file.h"

static void add(lua_State *lua, enum output_style style, const char *text, size_t len)
{
	if (!output_add(&scenario_of(lua)->output, style, text, len))
		luaL_error(lua, "the scenario says more than %d MiB", (int)(OUTPUT_MAX >> 20));
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

/* Its number, if that is wanted, before a line that tells something. */
static void number(lua_State *lua)
{
	uint64_t told = scenario_tells(lua);
	char text[24];
	int n;

	if (!scenario_of(lua)->numbered)
		return;
	n = snprintf(text, sizeof text, "%5" PRIu64 "  ", told);
	add(lua, OUTPUT_PLAIN, text, (size_t)n);
}

/* say(text, ...): a line */
static int say(lua_State *lua)
{
	const char *text = "";
	size_t len = 0;

	if (lua_gettop(lua))
		text = format(lua, "say(text, ...)", &len);
	number(lua);
	add(lua, OUTPUT_PLAIN, text, len);
	add(lua, OUTPUT_PLAIN, "\n", 1);
	scenario_told(lua);
	return 0;
}

/* title(text, ...): a line with an empty one before it */
static int title(lua_State *lua)
{
	size_t len;
	const char *text = format(lua, "title(text, ...)", &len);

	if (scenario_of(lua)->output.len)
		add(lua, OUTPUT_PLAIN, "\n", 1);
	number(lua);
	add(lua, OUTPUT_HEADING, text, len);
	add(lua, OUTPUT_PLAIN, "\n", 1);
	scenario_told(lua);
	return 0;
}

/* expect(condition, text, ...): returns the condition */
static int expect(lua_State *lua)
{
	struct scenario *s = scenario_of(lua);
	bool held = lua_toboolean(lua, 1);
	const char *text;
	size_t len;

	if (!lua_isboolean(lua, 1))
		return luaL_error(lua,
		                  "expect(condition, sentence): the condition must be true or "
		                  "false, not %s",
		                  luaL_typename(lua, 1));
	luaL_where(lua, 1);
	lua_replace(lua, lua_upvalueindex(2));
	lua_remove(lua, 1);
	text = format(lua, "expect(condition, text, ...)", &len);
	s->checks++;
	s->failed += !held;
	number(lua);
	add(lua, held ? OUTPUT_GOOD : OUTPUT_BAD, held ? "  ok    " : "  FAIL  ", 8);
	add(lua, OUTPUT_PLAIN, text, len);
	if (!held) {
		const char *where = lua_tostring(lua, lua_upvalueindex(2));
		size_t end = strlen(where);

		end -= end >= 2 ? 2 : 0; /* ": " */
		add(lua, OUTPUT_PLAIN, "  (", 3);
		add(lua, OUTPUT_PLAIN, where, end);
		add(lua, OUTPUT_PLAIN, ")", 1);
	}
	add(lua, OUTPUT_PLAIN, "\n", 1);
	scenario_told(lua);
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

/* The first upvalue of those that speak is string.format, the second a place for expect's. */
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
	lua_pushnil(lua);
	luaL_setfuncs(lua, speaking, 2);
	luaL_setfuncs(lua, functions, 0);
	api_set_text(lua, "script", scenario_of(lua)->path);
	add_param(lua);
}

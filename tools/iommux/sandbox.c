/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The world that a script sees. */
#include "sandbox.h"

#include <stdbool.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "nearest.h"

struct library {
	const char *name;
	lua_CFunction open;
	const char *const *kept;
};

static const char *const base_kept[] = {
	"assert", "error", "ipairs", "select", "tonumber", "tostring", "type", NULL,
};

static const char *const string_kept[] = {
	"byte", "char", "format", "len", "lower", "rep", "reverse", "sub", "upper", NULL,
};

static const char *const table_kept[] = {
	"concat", "insert", "remove", "sort", "unpack", NULL,
};

static const char *const math_kept[] = {
	"abs",        "ceil",   "floor", "fmod",      "huge", "max", "maxinteger", "min",
	"mininteger", "random", "sqrt",  "tointeger", "type", "ult", NULL,
};

static const struct library libraries[] = {
	{ "string", luaopen_string, string_kept },
	{ "table", luaopen_table, table_kept },
	{ "math", luaopen_math, math_kept },
};

/* What people type out of habit, and what a scenario has instead. */
static const struct habit {
	const char *name, *instead;
} habits[] = {
	{ "print", "use say(...)" },
	{ "require", "a scenario is one file" },
	{ "dofile", "a scenario is one file" },
	{ "load", "a scenario is one file" },
	{ "loadstring", "a scenario is one file" },
	{ "os", "a scenario cannot reach the system; seconds() is the clock" },
	{ "io", "a scenario reads files through buffer:fill_from_file{...} alone" },
	{ "debug", "a scenario has no debugger" },
	{ "package", "a scenario is one file" },
	{ "pcall", "a scenario ends at its first error" },
	{ "xpcall", "a scenario ends at its first error" },
	{ "coroutine", "a scenario is one thread" },
	{ "pairs", "its order differs from run to run; use ipairs" },
	{ "next", "its order differs from run to run; use ipairs" },
	{ "find", "patterns may never end; string.sub compares pieces" },
	{ "match", "patterns may never end; string.sub compares pieces" },
	{ "gmatch", "patterns may never end; string.sub compares pieces" },
	{ "gsub", "patterns may never end; string.sub compares pieces" },
	{ "_G", "a scenario's own names are local" },
	{ "setmetatable", "scenarios use plain tables" },
	{ "getmetatable", "scenarios use plain tables" },
};

const char *sandbox_nearest(lua_State *lua, int index, const char *word)
{
	struct nearest search;

	index = lua_absindex(lua, index);
	nearest_begin(&search, word);
	for (lua_pushnil(lua); lua_next(lua, index); lua_pop(lua, 1))
		if (lua_type(lua, -2) == LUA_TSTRING)
			nearest_offer(&search, lua_tostring(lua, -2));
	return search.best;
}

/* Upvalues: the table, and what it is called. */
static int absent(lua_State *lua)
{
	const char *what = lua_tostring(lua, lua_upvalueindex(2));
	const char *name, *near;

	if (lua_type(lua, 2) != LUA_TSTRING) {
		lua_pushnil(lua); /* the end of a list */
		return 1;
	}
	name = lua_tostring(lua, 2);
	for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++)
		if (!strcmp(habits[i].name, name))
			return luaL_error(lua, "%s has no '%s': %s", what, name, habits[i].instead);
	near = sandbox_nearest(lua, lua_upvalueindex(1), name);
	if (near)
		return luaL_error(lua, "%s has no '%s'; did you mean '%s'?", what, name, near);
	return luaL_error(lua, "%s has no '%s'; docs/scenarios.md lists what there is", what, name);
}

void sandbox_strict(lua_State *lua, const char *what)
{
	lua_createtable(lua, 0, 2);
	lua_pushvalue(lua, -2);
	lua_pushstring(lua, what);
	lua_pushcclosure(lua, absent, 2);
	lua_setfield(lua, -2, "__index");
	lua_pushboolean(lua, false);
	lua_setfield(lua, -2, "__metatable");
	lua_setmetatable(lua, -2);
}

/* ---- Building it ----------------------------------------------------------------------------- */

/* Copies the kept names from the table on top to the one below it, and pops it. */
static void keep(lua_State *lua, const char *const *kept)
{
	for (; *kept; kept++) {
		lua_getfield(lua, -1, *kept);
		lua_setfield(lua, -3, *kept);
	}
	lua_pop(lua, 1);
}

/* math.random shall repeat itself with the seed of the command line. */
static void seed_random(lua_State *lua, uint64_t seed)
{
	lua_getfield(lua, -1, "randomseed");
	lua_pushinteger(lua, (lua_Integer)seed);
	lua_call(lua, 1, 0);
}

/* ("text"):upper() finds its methods through the metatable of strings. */
static void set_string_methods(lua_State *lua)
{
	lua_pushliteral(lua, "");
	lua_getmetatable(lua, -1);
	lua_pushvalue(lua, -3);
	lua_setfield(lua, -2, "__index");
	lua_pop(lua, 2);
}

void sandbox_push(lua_State *lua, uint64_t seed)
{
	lua_newtable(lua);
	luaL_requiref(lua, "_G", luaopen_base, 0);
	keep(lua, base_kept);
	for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
		const struct library *l = &libraries[i];

		lua_newtable(lua);
		luaL_requiref(lua, l->name, l->open, 0);
		if (l->open == luaopen_math)
			seed_random(lua, seed);
		keep(lua, l->kept);
		if (l->open == luaopen_string)
			set_string_methods(lua);
		sandbox_strict(lua, l->name);
		lua_setfield(lua, -2, l->name);
	}
}

static int refuse_global(lua_State *lua)
{
	return luaL_error(lua, "'%s' is not local: write 'local %s = ...'",
	                  luaL_tolstring(lua, 2, NULL), luaL_tolstring(lua, 2, NULL));
}

void sandbox_enclose(lua_State *lua)
{
	sandbox_strict(lua, "this scenario");
	lua_newtable(lua); /* stays empty, so that every assignment is seen */
	lua_createtable(lua, 0, 2);
	lua_pushvalue(lua, -3);
	lua_setfield(lua, -2, "__index");
	lua_pushcfunction(lua, refuse_global);
	lua_setfield(lua, -2, "__newindex");
	lua_setmetatable(lua, -2);
	lua_remove(lua, -2);
	lua_setupvalue(lua, -2, 1); /* _ENV */
}

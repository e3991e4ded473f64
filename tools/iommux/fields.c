/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Functions that take one table of named fields. */
#include "fields.h"

#include <string.h>

#include <lauxlib.h>

#include "nearest.h"

/* "ram, high_ram, interrupts" */
static const char *names(lua_State *lua, const struct field *fields, size_t count)
{
	luaL_Buffer b;

	luaL_buffinit(lua, &b);
	for (size_t i = 0; i < count; i++) {
		luaL_addstring(&b, i ? ", " : "");
		luaL_addstring(&b, fields[i].name);
	}
	luaL_pushresult(&b);
	return lua_tostring(lua, -1);
}

static int unknown(lua_State *lua, const char *what, const char *name, const struct field *fields,
                   size_t count)
{
	struct nearest search;

	nearest_begin(&search, name);
	for (size_t i = 0; i < count; i++)
		nearest_offer(&search, fields[i].name);
	if (search.best)
		return luaL_error(lua, "%s{...} has no field '%s'; did you mean '%s'?", what, name,
		                  search.best);
	return luaL_error(lua, "%s{...} has no field '%s'; its fields are %s", what, name,
	                  names(lua, fields, count));
}

static void check_keys(lua_State *lua, int index, const char *what, const struct field *fields,
                       size_t count)
{
	for (lua_pushnil(lua); lua_next(lua, index); lua_pop(lua, 1)) {
		size_t i = 0;

		if (lua_type(lua, -2) != LUA_TSTRING)
			luaL_error(lua, "%s{...} takes named fields (%s), not a list", what,
			           names(lua, fields, count));
		while (i < count && strcmp(fields[i].name, lua_tostring(lua, -2)) != 0)
			i++;
		if (i == count)
			unknown(lua, what, lua_tostring(lua, -2), fields, count);
	}
}

static int mistyped(lua_State *lua, const char *what, const struct field *f, const char *wanted)
{
	return luaL_error(lua, "%s{%s = ...} must be %s, not %s", what, f->name, wanted,
	                  luaL_typename(lua, -1));
}

static void read_number(lua_State *lua, const char *what, const struct field *f,
                        struct field_value *v)
{
	int whole;
	lua_Integer n = lua_tointegerx(lua, -1, &whole);

	if (lua_type(lua, -1) != LUA_TNUMBER)
		mistyped(lua, what, f, "a number");
	if (!whole)
		luaL_error(lua, "%s{%s = %f} must be a whole number", what, f->name,
		           lua_tonumber(lua, -1));
	if (f->kind == FIELD_NUMBER && (n < f->min || n > f->max))
		luaL_error(lua, "%s{%s = %I} must be from %I to %I", what, f->name, n,
		           (lua_Integer)f->min, (lua_Integer)f->max);
	v->number = (uint64_t)n;
}

static void read_choice(lua_State *lua, const char *what, const struct field *f,
                        struct field_value *v)
{
	const char *word = lua_tostring(lua, -1);
	luaL_Buffer b;

	if (lua_type(lua, -1) != LUA_TSTRING)
		mistyped(lua, what, f, "a string");
	for (v->number = 0; f->choices[v->number]; v->number++)
		if (!strcmp(f->choices[v->number], word))
			return;
	luaL_buffinit(lua, &b);
	for (size_t i = 0; f->choices[i]; i++) {
		luaL_addstring(&b, i ? " or \"" : "\"");
		luaL_addstring(&b, f->choices[i]);
		luaL_addstring(&b, "\"");
	}
	luaL_pushresult(&b);
	luaL_error(lua, "%s{%s = \"%s\"} must be %s", what, f->name, word, lua_tostring(lua, -1));
}

static void read_field(lua_State *lua, const char *what, const struct field *f,
                       struct field_value *v)
{
	switch (f->kind) {
	case FIELD_NUMBER:
	case FIELD_ADDRESS:
		read_number(lua, what, f, v);
		break;
	case FIELD_BOOL:
		if (!lua_isboolean(lua, -1))
			mistyped(lua, what, f, "true or false");
		v->flag = lua_toboolean(lua, -1);
		break;
	case FIELD_TEXT:
		if (lua_type(lua, -1) != LUA_TSTRING)
			mistyped(lua, what, f, "a string");
		v->text = lua_tolstring(lua, -1, &v->len);
		break;
	case FIELD_CHOICE:
		read_choice(lua, what, f, v);
		break;
	case FIELD_OBJECT:
		v->object = luaL_testudata(lua, -1, f->type);
		if (!v->object)
			mistyped(lua, what, f, f->type);
		break;
	case FIELD_ANY:
		break;
	}
}

void fields_read(lua_State *lua, int index, const char *what, const struct field *fields,
                 size_t count, struct field_value *values)
{
	memset(values, 0, count * sizeof *values);
	if (!lua_istable(lua, index))
		luaL_error(lua, "%s takes a table, %s{...}, not %s", what, what,
		           luaL_typename(lua, index));
	if (lua_gettop(lua) > index)
		luaL_error(lua, "%s{...} takes one table and nothing else", what);
	check_keys(lua, index, what, fields, count);
	for (size_t i = 0; i < count; i++) {
		lua_pushstring(lua, fields[i].name);
		lua_rawget(lua, index);
		values[i].given = !lua_isnil(lua, -1);
		if (values[i].given)
			read_field(lua, what, &fields[i], &values[i]);
		else if (fields[i].needed)
			luaL_error(lua, "%s{...} needs the field '%s'", what, fields[i].name);
		lua_pop(lua, 1);
	}
}

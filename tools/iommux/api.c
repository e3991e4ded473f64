/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The names that a scenario has beyond Lua's: what the kinds of object share. */
#include "api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

/* lua_error does not return, but is not declared so. */
static _Noreturn void raise_top(lua_State *lua)
{
	lua_error(lua);
	abort();
}

void api_error(lua_State *lua, const char *format, ...)
{
	va_list args;

	luaL_where(lua, 1);
	va_start(args, format);
	lua_pushvfstring(lua, format, args);
	va_end(args);
	lua_concat(lua, 2);
	raise_top(lua);
}

void *api_self(lua_State *lua, const char *type)
{
	void *self = luaL_testudata(lua, 1, type);

	if (!self)
		api_error(lua, "this is a method of %s: call it with a colon, object:method(...)",
		          type);
	return self;
}

void api_raise(lua_State *lua, const struct iom_error *error)
{
	api_error(lua, "%s", error->text);
}

struct api_os *api_os_self(lua_State *lua)
{
	const struct api_vm_ref *ref = luaL_testudata(lua, 1, API_VM);
	struct api_machine *m;

	if (ref) {
		if (!ref->vm->vm)
			api_error(lua, "the virtual machine '%s' was stopped", ref->vm->name);
		if (!ref->vm->os->kernel)
			api_error(lua, "no guest is in the virtual machine '%s'", ref->vm->name);
		api_os_runs(lua, ref->vm->os);
		return ref->vm->os;
	}
	m = api_self(lua, API_MACHINE);
	return &m->os;
}

void api_os_runs(lua_State *lua, const struct api_os *os)
{
	if (os->guest && os->guest->vm->paused)
		api_error(lua, "the virtual machine '%s' is paused", os->guest->vm->name);
	if (os->guest && os->guest->waiting)
		api_error(lua, "the guest in '%s' is waiting for its IOMMU", os->guest->vm->name);
}

void api_os_drop(struct api_os *os)
{
	for (unsigned i = 0; i < os->space_count; i++)
		(void)space_free(os->spaces[i]);
	os->space_count = 0;
	for (struct api_buffer *b = os->buffers; b; b = b->next) {
		buffer_free(b->buffer);
		b->buffer = NULL;
	}
	os->kernel = NULL;
	os->guest = NULL;
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
	api_vm_open(lua);
	api_buffer_open(lua);
	api_checksum_open(lua);
	api_process_open(lua);
	api_report_open(lua);
}

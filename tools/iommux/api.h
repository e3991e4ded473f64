/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The names that a scenario has beyond Lua's: docs/scenarios.md is their manual.  Each kind of
 * object has a file, with a table of its methods.
 */
#ifndef IOMMUX_API_H
#define IOMMUX_API_H

#include <lauxlib.h>
#include <lua.h>

#include "machine/engine_driver.h"
#include "scenario.h"

/* The types of userdata, as errors name them */
#define API_MACHINE "a machine"
#define API_DEVICE "a device"
#define API_DOMAIN "a domain"
#define API_BUFFER "a buffer"
#define API_CHECKSUM "a checksum"

#define API_DOMAINS_MAX 64

/* All that a machine consists of is freed with it. */
struct api_buffer {
	struct buffer *buffer;
	struct api_machine *machine;
	struct api_buffer *next, *prev;
};

struct api_machine {
	struct machine *machine;
	struct kernel *kernel;
	struct engine_driver *drivers[MACHINE_ENGINES_MAX];
	unsigned driver_count;
	struct space *spaces[API_DOMAINS_MAX];
	unsigned space_count;
	struct api_buffer *buffers;
};

struct api_device {
	struct engine_driver *driver;
	struct api_machine *machine;
	unsigned bits;
};

struct api_domain {
	struct space *space;
	struct api_machine *machine;
};

/* What a buffer's userdata holds: NULL after buffer:free(). */
struct api_buffer_ref {
	struct api_buffer *owned;
};

/* Adds all names to the table on top. */
void api_add(lua_State *lua);

/* Each makes the metatable of its type, and adds its functions to the table on top. */
void api_machine_open(lua_State *lua);
void api_device_open(lua_State *lua);
void api_domain_open(lua_State *lua);
void api_buffer_open(lua_State *lua);
void api_report_open(lua_State *lua);
void api_checksum_open(lua_State *lua);

/* ---- For these files ------------------------------------------------------------------------- */

/* Makes a metatable with these methods; any other method is an error. */
void api_type(lua_State *lua, const char *type, const luaL_Reg *methods, lua_CFunction gc);

/* The object of a method called as object:method(); else an error that says so. */
void *api_self(lua_State *lua, const char *type);

/* Raises the sentence of a refusal. */
int api_raise(lua_State *lua, const struct iom_error *error);

/* The buffer at `index`; an error if it is something else or was freed. */
struct api_buffer *api_buffer_check(lua_State *lua, int index);
struct api_buffer *api_buffer_of(lua_State *lua, const struct api_buffer_ref *ref);
void api_buffer_drop(struct api_buffer *owned);

/* Constructors of objects that belong to the machine at index 1. */
int api_device_new(lua_State *lua);
int api_domain_new(lua_State *lua);
int api_buffer_new(lua_State *lua);

/* Pushes the device with this requester, or false. */
void api_device_push(lua_State *lua, struct api_machine *machine, uint32_t requester);

/* Pushes an address in hexadecimal digits. */
const char *api_hex(lua_State *lua, uint64_t number);

/* Sets a field of the table on top. */
void api_set_number(lua_State *lua, const char *name, uint64_t number);
void api_set_text(lua_State *lua, const char *name, const char *text);
void api_set_flag(lua_State *lua, const char *name, bool flag);

#endif

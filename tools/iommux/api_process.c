/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* machine:process() and its methods. */
#include "api.h"

#include <string.h>

#include "fields.h"
#include "sandbox.h"

int api_process_new(lua_State *lua)
{
	struct api_machine *m = api_self(lua, API_MACHINE);
	struct api_process *p = lua_newuserdatauv(lua, sizeof *p, 1);
	struct iom_error error;

	p->machine = m;
	if (m->process_count == API_PROCESSES_MAX)
		return luaL_error(lua, "a machine has at most %d processes", API_PROCESSES_MAX);
	if (process_new(m->os.kernel, &p->process, &error))
		api_raise(lua, &error);
	m->process_count++;
	luaL_setmetatable(lua, API_PROCESS);
	lua_pushvalue(lua, 1); /* keeps the machine alive */
	lua_setiuservalue(lua, -2, 1);
	return 1;
}

static struct process *self(lua_State *lua)
{
	const struct api_process *p = api_self(lua, API_PROCESS);

	return p->process;
}

static struct process *living(lua_State *lua)
{
	struct process *p = self(lua);

	if (p->ended)
		api_error(lua, "process %d has ended", (int)p->pasid);
	return p;
}

/* process:pasid(): the number that its requests carry */
static int process_pasid(lua_State *lua)
{
	lua_pushinteger(lua, self(lua)->pasid);
	return 1;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

enum { PROMISE_BYTES, PROMISE_FIELDS };

static const struct field promise_fields[PROMISE_FIELDS] = {
	[PROMISE_BYTES] = { "bytes", FIELD_NUMBER, .needed = true, .min = 1,
	                    .max = (int64_t)PROCESS_BYTES_MAX },
};

/* process:memory{ bytes= }: where it is; no page of it is there yet */
static int process_memory(lua_State *lua)
{
	struct process *p = living(lua);
	struct field_value v[PROMISE_FIELDS];
	struct iom_error error;
	uint64_t at;

	fields_read(lua, 2, "memory", promise_fields, PROMISE_FIELDS, v);
	if (process_promise(p, v[PROMISE_BYTES].number, &at, &error))
		api_raise(lua, &error);
	lua_pushinteger(lua, (lua_Integer)at);
	return 1;
}

/* The bytes at `at` as far as their page goes, at most `most` of them. */
static uint8_t *piece(lua_State *lua, struct process *p, uint64_t at, uint64_t most,
                      uint64_t *bytes)
{
	uint8_t *byte = process_at(p, at);

	if (!byte)
		api_error(lua, "process %d has no memory at 0x%s", (int)p->pasid, api_hex(lua, at));
	*bytes = PAGE_BYTES - at % PAGE_BYTES;
	if (*bytes > most)
		*bytes = most;
	return byte;
}

enum { WRITE_AT, WRITE_DATA, WRITE_FIELDS };

static const struct field write_fields[WRITE_FIELDS] = {
	[WRITE_AT] = { "at", FIELD_ADDRESS, .needed = true },
	[WRITE_DATA] = { "data", FIELD_TEXT, .needed = true },
};

/* process:write{ at=, data= }: the CPU stores a string */
static int process_write(lua_State *lua)
{
	struct process *p = living(lua);
	struct field_value v[WRITE_FIELDS];
	uint64_t n;

	fields_read(lua, 2, "write", write_fields, WRITE_FIELDS, v);
	scenario_charge(lua, v[WRITE_DATA].len);
	for (uint64_t done = 0; done < v[WRITE_DATA].len; done += n) {
		uint8_t *to =
			piece(lua, p, v[WRITE_AT].number + done, v[WRITE_DATA].len - done, &n);

		memcpy(to, v[WRITE_DATA].text + done, n);
	}
	return 0;
}

enum { READ_AT, READ_BYTES, READ_FIELDS };

static const struct field read_fields[READ_FIELDS] = {
	[READ_AT] = { "at", FIELD_ADDRESS, .needed = true },
	[READ_BYTES] = { "bytes", FIELD_NUMBER, .needed = true, .min = 0,
	                 .max = (int64_t)PROCESS_BYTES_MAX },
};

/* process:read{ at=, bytes= }: a string, as the CPU sees it */
static int process_read(lua_State *lua)
{
	struct process *p = living(lua);
	struct field_value v[READ_FIELDS];
	luaL_Buffer text;
	char *to;
	uint64_t n;

	fields_read(lua, 2, "read", read_fields, READ_FIELDS, v);
	scenario_charge(lua, v[READ_BYTES].number);
	to = luaL_buffinitsize(lua, &text, v[READ_BYTES].number);
	for (uint64_t done = 0; done < v[READ_BYTES].number; done += n) {
		uint64_t left = v[READ_BYTES].number - done;
		const uint8_t *from = piece(lua, p, v[READ_AT].number + done, left, &n);

		memcpy(to + done, from, n);
	}
	luaL_pushresultsize(&text, v[READ_BYTES].number);
	return 1;
}

static uint64_t check_address(lua_State *lua, const char *what)
{
	if (!lua_isinteger(lua, 2))
		luaL_error(lua, "%s(address) takes a whole number, not %s", what,
		           luaL_typename(lua, 2));
	return (uint64_t)lua_tointeger(lua, 2);
}

/* process:lookup(address): the physical address, or false where no page is */
static int process_where(lua_State *lua)
{
	uint64_t phys;

	if (process_lookup(self(lua), check_address(lua, "lookup"), &phys))
		lua_pushboolean(lua, false);
	else
		lua_pushinteger(lua, (lua_Integer)phys);
	return 1;
}

/* process:drop(address): the kernel takes the page away */
static int process_take(lua_State *lua)
{
	struct process *p = living(lua);
	struct iom_error error;

	if (process_drop(p, check_address(lua, "drop"), &error))
		api_raise(lua, &error);
	return 0;
}

/* ---- Devices --------------------------------------------------------------------------------- */

static struct engine_driver *check_device(lua_State *lua, const struct process *p, const char *what)
{
	const struct api_device *device = luaL_testudata(lua, 2, API_DEVICE);
	struct engine_driver *driver;

	if (!device)
		api_error(lua, "%s(device) takes a device, not %s", what, luaL_typename(lua, 2));
	driver = api_device_driver(device);
	if (driver->kernel != p->kernel)
		api_error(lua, "%s(device): the device belongs to another kernel", what);
	if (!driver->place.processes)
		api_error(lua,
		          "%s(device): the device knows no processes; "
		          "device{processes = true} does",
		          what);
	return driver;
}

/* process:attach(device) */
static int process_join(lua_State *lua)
{
	struct process *p = living(lua);
	struct engine_driver *driver = check_device(lua, p, "attach");
	struct iom_error error;

	if (process_attach(p, driver, &error))
		api_raise(lua, &error);
	return 0;
}

/* process:detach(device) */
static int process_leave(lua_State *lua)
{
	struct process *p = living(lua);
	struct engine_driver *driver = check_device(lua, p, "detach");
	struct iom_error error;

	if (process_detach(p, driver, &error))
		api_raise(lua, &error);
	return 0;
}

/* ---- The end --------------------------------------------------------------------------------- */

enum { END_AFTER, END_FIELDS };

static const struct field end_fields[END_FIELDS] = {
	[END_AFTER] = { "after", FIELD_NUMBER, .needed = true, .min = 1, .max = INT32_MAX },
};

/* process:exit(): now; process:exit{ after= }: when devices have asked for so many more pages */
static int process_exit(lua_State *lua)
{
	struct process *p = living(lua);
	struct field_value v[END_FIELDS];
	struct iom_error error;

	if (lua_isnoneornil(lua, 2)) {
		if (process_end(p, &error))
			api_raise(lua, &error);
		return 0;
	}
	fields_read(lua, 2, "exit", end_fields, END_FIELDS, v);
	p->asks_to_end = p->asked + v[END_AFTER].number;
	return 0;
}

/* process:alive() */
static int process_alive(lua_State *lua)
{
	lua_pushboolean(lua, !self(lua)->ended);
	return 1;
}

/* process:counters() */
static int process_counters(lua_State *lua)
{
	const struct process *p = self(lua);

	lua_createtable(lua, 0, 3);
	api_set_number(lua, "pages", p->pages);
	api_set_number(lua, "requests", p->asked);
	api_set_number(lua, "refused", p->refused);
	sandbox_strict(lua, "counters()");
	return 1;
}

static const luaL_Reg methods[] = {
	{ "alive", process_alive },  { "attach", process_join },   { "counters", process_counters },
	{ "detach", process_leave }, { "drop", process_take },     { "exit", process_exit },
	{ "lookup", process_where }, { "memory", process_memory }, { "pasid", process_pasid },
	{ "read", process_read },    { "write", process_write },   { NULL, NULL },
};

void api_process_open(lua_State *lua)
{
	api_type(lua, API_PROCESS, methods, NULL);
}

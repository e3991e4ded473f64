/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What devices are ordered to do: device:copy{...} and device:scatter_gather{...}. */
#include "api.h"
#include "fields.h"
#include "sandbox.h"

enum { FROM, TO, BYTES, GATHER_FIELDS, PROCESS = GATHER_FIELDS, COPY_FIELDS };

static const struct field copy_fields[COPY_FIELDS] = {
	[FROM] = { "from", FIELD_ADDRESS, .needed = true },
	[TO] = { "to", FIELD_ADDRESS, .needed = true },
	[BYTES] = { "bytes", FIELD_NUMBER, .needed = true, .min = 0, .max = ENGINE_COPY_MAX },
	[PROCESS] = { "process", FIELD_OBJECT, .type = API_PROCESS },
};

static bool names_address(unsigned result)
{
	return result == ENGINE_LIST_REFUSED || result == ENGINE_READ_REFUSED ||
	       result == ENGINE_WRITE_REFUSED;
}

struct engine_driver *api_device_ready(lua_State *lua, const struct api_device *d)
{
	struct engine_driver *driver = api_device_driver(d);

	if (!driver->ready)
		api_error(lua, "the device is attached to no domain; domain:attach(device) comes "
		               "first");
	if (d->machine->engines[d->engine].vm)
		api_os_runs(lua, d->machine->engines[d->engine].vm->os);
	return driver;
}

void api_report_push(lua_State *lua, const struct engine_report *report)
{
	lua_createtable(lua, 0, 5);
	api_set_flag(lua, "ok", report->result == ENGINE_DONE);
	api_set_text(lua, "status", dma_engine_result(report->result));
	api_set_number(lua, "bytes", report->bytes);
	if (names_address(report->result))
		api_set_number(lua, "refused_at", report->refused_at);
	else
		api_set_flag(lua, "refused_at", false);
}

static int run(lua_State *lua, struct api_device *d, const struct engine_job *job)
{
	struct engine_driver *driver = api_device_ready(lua, d);
	struct engine_report report;

	if (driver->first != driver->tail)
		return luaL_error(lua, "the device has orders whose ends were not asked for; "
		                       "device:results() comes first");
	scenario_charge(lua, job->bytes);
	engine_driver_run(driver, job, &report);
	api_report_push(lua, &report);
	api_set_flag(lua, "interrupt", report.interrupt);
	sandbox_strict(lua, "the result of a copy");
	return 1;
}

void api_copy_read(lua_State *lua, const char *what, struct engine_job *job)
{
	struct field_value v[COPY_FIELDS];

	fields_read(lua, 2, what, copy_fields, COPY_FIELDS, v);
	*job = (struct engine_job){
		.from.iova = v[FROM].number,
		.to.iova = v[TO].number,
		.bytes = (uint32_t)v[BYTES].number,
	};
	if (v[PROCESS].given)
		job->pasid = &((struct api_process *)v[PROCESS].object)->process->pasid;
}

/* device:copy{ from=, to=, bytes=, process= } */
int api_device_copy(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	struct engine_job job;

	api_copy_read(lua, "copy", &job);
	return run(lua, d, &job);
}

enum { PIECE_AT, PIECE_BYTES, PIECE_FIELDS };

static const struct field piece_fields[PIECE_FIELDS] = {
	[PIECE_AT] = { "at", FIELD_ADDRESS, .needed = true },
	[PIECE_BYTES] = { "bytes", FIELD_NUMBER, .needed = true, .min = 1, .max = ENGINE_COPY_MAX },
};

/* Reads the list on top, and adds up its bytes. */
static uint64_t read_list(lua_State *lua, const char *name, struct engine_piece *pieces,
                          struct engine_side *side)
{
	lua_Unsigned count = lua_rawlen(lua, -1);
	struct field_value v[PIECE_FIELDS];
	uint64_t sum = 0;

	if (!count || count > ENGINE_JOB_ELEMENTS_MAX)
		luaL_error(lua, "scatter_gather{%s = ...} must be a list of 1 to %d pieces, not %I",
		           name, (int)ENGINE_JOB_ELEMENTS_MAX, (lua_Integer)count);
	for (lua_Unsigned i = 0; i < count; i++) {
		lua_rawgeti(lua, -1, (lua_Integer)i + 1);
		fields_read(lua, lua_gettop(lua), name, piece_fields, PIECE_FIELDS, v);
		lua_pop(lua, 1);
		pieces[i] = (struct engine_piece){ v[PIECE_AT].number, v[PIECE_BYTES].number };
		sum += pieces[i].bytes;
	}
	side->count = (unsigned)count;
	side->pieces = pieces;
	return sum;
}

/* Returns what the side says about the number of bytes, or 0: a plain address says nothing. */
static uint64_t read_side(lua_State *lua, const char *name, struct engine_piece *pieces,
                          struct engine_side *side)
{
	uint64_t sum = 0;

	lua_pushstring(lua, name);
	lua_rawget(lua, 2);
	if (lua_istable(lua, -1))
		sum = read_list(lua, name, pieces, side);
	else if (lua_isinteger(lua, -1))
		side->iova = (uint64_t)lua_tointeger(lua, -1);
	else
		luaL_error(lua,
		           "scatter_gather{%s = ...} must be an address or a list of "
		           "{at = ..., bytes = ...}, not %s",
		           name, luaL_typename(lua, -1));
	lua_pop(lua, 1);
	return sum;
}

static const struct field gather_fields[GATHER_FIELDS] = {
	[FROM] = { "from", FIELD_ANY, .needed = true },
	[TO] = { "to", FIELD_ANY, .needed = true },
	[BYTES] = { "bytes", FIELD_NUMBER, .min = 0, .max = ENGINE_COPY_MAX },
};

/* device:scatter_gather{ from=, to=, bytes= } */
int api_device_scatter_gather(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	struct engine_piece from[ENGINE_JOB_ELEMENTS_MAX], to[ENGINE_JOB_ELEMENTS_MAX];
	struct engine_job job = { .bytes = 0 };
	struct field_value v[GATHER_FIELDS];
	uint64_t bytes;

	fields_read(lua, 2, "scatter_gather", gather_fields, GATHER_FIELDS, v);
	bytes = read_side(lua, "from", from, &job.from);
	if (!bytes)
		bytes = read_side(lua, "to", to, &job.to);
	else
		(void)read_side(lua, "to", to, &job.to);
	if (v[BYTES].given)
		bytes = v[BYTES].number;
	else if (!bytes)
		return luaL_error(lua, "scatter_gather{...} needs a list on one side, or 'bytes'");
	if (bytes > ENGINE_COPY_MAX)
		return luaL_error(lua, "scatter_gather{...} moves at most %I bytes",
		                  (lua_Integer)ENGINE_COPY_MAX);
	job.bytes = (uint32_t)bytes;
	return run(lua, d, &job);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* machine:device{...} and its methods. */
#include "api.h"

#include <string.h>

#include "base/endian.h"
#include "fields.h"
#include "sandbox.h"

#define STRAY_MAX ((int64_t)1 << 20)

enum { ID, BITS, DEVICE_FIELDS };

static const struct field device_fields[DEVICE_FIELDS] = {
	[ID] = { "id", FIELD_NUMBER, .needed = true, .min = 0, .max = UINT32_MAX },
	[BITS] = { "bits", FIELD_NUMBER, .min = 32, .max = 64 },
};

int api_device_new(lua_State *lua)
{
	struct api_machine *m = api_self(lua, API_MACHINE);
	struct field_value v[DEVICE_FIELDS];
	struct api_device *d;
	struct iom_error error;

	fields_read(lua, 2, "device", device_fields, DEVICE_FIELDS, v);
	d = lua_newuserdatauv(lua, sizeof *d, 1);
	d->machine = m;
	d->bits = v[BITS].given ? (unsigned)v[BITS].number : 64;
	if (engine_driver_new(m->kernel, (uint32_t)v[ID].number, d->bits, &d->driver, &error))
		return api_raise(lua, &error);
	m->drivers[m->driver_count++] = d->driver;
	luaL_setmetatable(lua, API_DEVICE);
	lua_pushvalue(lua, 1); /* keeps the machine alive */
	lua_setiuservalue(lua, -2, 1);

	lua_getiuservalue(lua, 1, 1);
	lua_pushvalue(lua, -2);
	lua_rawseti(lua, -2, d->driver->requester);
	lua_pop(lua, 1);
	return 1;
}

void api_device_push(lua_State *lua, struct api_machine *m, uint32_t requester)
{
	(void)m;
	lua_getiuservalue(lua, 1, 1);
	if (lua_rawgeti(lua, -1, requester) == LUA_TNIL) {
		lua_pop(lua, 1);
		lua_pushboolean(lua, false);
	}
	lua_remove(lua, -2);
}

/* ---- Copying --------------------------------------------------------------------------------- */

enum { FROM, TO, BYTES, COPY_FIELDS };

static const struct field copy_fields[COPY_FIELDS] = {
	[FROM] = { "from", FIELD_ADDRESS, .needed = true },
	[TO] = { "to", FIELD_ADDRESS, .needed = true },
	[BYTES] = { "bytes", FIELD_NUMBER, .needed = true, .min = 0, .max = ENGINE_COPY_MAX },
};

static bool names_address(unsigned result)
{
	return result == ENGINE_LIST_REFUSED || result == ENGINE_READ_REFUSED ||
	       result == ENGINE_WRITE_REFUSED;
}

static int run(lua_State *lua, struct api_device *d, const struct engine_job *job)
{
	struct engine_report report;

	if (!d->driver->space)
		return luaL_error(lua, "the device is attached to no domain; domain:attach(device) "
		                       "comes first");
	scenario_charge(lua, job->bytes);
	engine_driver_run(d->driver, job, &report);
	lua_createtable(lua, 0, 5);
	api_set_flag(lua, "ok", report.result == ENGINE_DONE);
	api_set_text(lua, "status", dma_engine_result(report.result));
	api_set_number(lua, "bytes", report.bytes);
	api_set_flag(lua, "interrupt", report.interrupt);
	if (names_address(report.result))
		api_set_number(lua, "refused_at", report.refused_at);
	else
		api_set_flag(lua, "refused_at", false);
	sandbox_strict(lua, "the result of a copy");
	return 1;
}

/* device:copy{ from=, to=, bytes= } */
static int device_copy(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	struct engine_job job = { .bytes = 0 };
	struct field_value v[COPY_FIELDS];

	fields_read(lua, 2, "copy", copy_fields, COPY_FIELDS, v);
	job.from.iova = v[FROM].number;
	job.to.iova = v[TO].number;
	job.bytes = (uint32_t)v[BYTES].number;
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

static const struct field gather_fields[COPY_FIELDS] = {
	[FROM] = { "from", FIELD_ANY, .needed = true },
	[TO] = { "to", FIELD_ANY, .needed = true },
	[BYTES] = { "bytes", FIELD_NUMBER, .min = 0, .max = ENGINE_COPY_MAX },
};

/* device:scatter_gather{ from=, to=, bytes= } */
static int device_scatter_gather(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	struct engine_piece from[ENGINE_JOB_ELEMENTS_MAX], to[ENGINE_JOB_ELEMENTS_MAX];
	struct engine_job job = { .bytes = 0 };
	struct field_value v[COPY_FIELDS];
	uint64_t bytes;

	fields_read(lua, 2, "scatter_gather", gather_fields, COPY_FIELDS, v);
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

/* ---- Misbehaving ----------------------------------------------------------------------------- */

/* Pushes {ok, status, data}: how the bus answered.  `data` on the stack's top is taken along. */
static int push_answer(lua_State *lua, const struct api_device *d, int rc)
{
	lua_createtable(lua, 0, 3);
	lua_insert(lua, -2);
	lua_setfield(lua, -2, "data");
	api_set_flag(lua, "ok", rc == IOM_OK);
	api_set_text(lua, "status",
	             rc == IOM_OK       ? "done"
	             : rc == IOM_EINVAL ? "address too wide for the device"
	             : d->driver->engine->refusal.status == IOM_UNSUPPORTED ? "unsupported request"
	                                                                    : "aborted");
	sandbox_strict(lua, "the result of a stray access");
	kernel_interrupts(d->machine->kernel);
	return 1;
}

enum { STRAY_AT, STRAY_WRITE, STRAY_READ, STRAY_FIELDS };

static const struct field stray_fields[STRAY_FIELDS] = {
	[STRAY_AT] = { "at", FIELD_ADDRESS, .needed = true },
	[STRAY_WRITE] = { "write", .kind = FIELD_TEXT },
	[STRAY_READ] = { "read", FIELD_NUMBER, .min = 1, .max = STRAY_MAX },
};

/* device:stray{ at=, write=text } or { at=, read=bytes } */
static int device_stray(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	struct dma_engine *engine = d->driver->engine;
	struct field_value v[STRAY_FIELDS];
	luaL_Buffer b;
	char *data;
	int rc;

	fields_read(lua, 2, "stray", stray_fields, STRAY_FIELDS, v);
	if (v[STRAY_WRITE].given == v[STRAY_READ].given)
		return luaL_error(lua, "stray{...} needs either 'read' or 'write'");
	if (v[STRAY_WRITE].given) {
		rc = dma_engine_store(engine, v[STRAY_AT].number, v[STRAY_WRITE].text,
		                      v[STRAY_WRITE].len);
		lua_pushboolean(lua, false);
	} else {
		data = luaL_buffinitsize(lua, &b, v[STRAY_READ].number);
		memset(data, 0xff, v[STRAY_READ].number);
		rc = dma_engine_load(engine, v[STRAY_AT].number, data, v[STRAY_READ].number);
		luaL_pushresultsize(&b, v[STRAY_READ].number);
		if (rc) {
			lua_pop(lua, 1);
			lua_pushboolean(lua, false);
		}
	}
	return push_answer(lua, d, rc);
}

enum { FORGE_DATA, FORGE_AT, FORGE_FIELDS };

static const struct field forge_fields[FORGE_FIELDS] = {
	[FORGE_DATA] = { "data", FIELD_NUMBER, .needed = true, .min = 0, .max = UINT32_MAX },
	[FORGE_AT] = { "at", .kind = FIELD_ADDRESS },
};

/* device:forge_interrupt{ data=, at= } */
static int device_forge_interrupt(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	struct field_value v[FORGE_FIELDS];
	uint8_t data[4];
	int rc;

	fields_read(lua, 2, "forge_interrupt", forge_fields, FORGE_FIELDS, v);
	iom_st32(data, (uint32_t)v[FORGE_DATA].number, false);
	rc = dma_engine_store(d->driver->engine,
	                      v[FORGE_AT].given ? v[FORGE_AT].number : MACHINE_INTERRUPT_FILE, data,
	                      sizeof data);
	lua_pushboolean(lua, false);
	return push_answer(lua, d, rc);
}

/* device:overrun(bytes) */
static int device_overrun(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	int whole;
	lua_Integer bytes = lua_tointegerx(lua, 2, &whole);

	if (!whole || bytes < 0 || bytes > STRAY_MAX)
		return luaL_error(lua, "overrun(bytes) takes a whole number from 0 to %I",
		                  (lua_Integer)STRAY_MAX);
	d->driver->engine->overrun = (uint32_t)bytes;
	return 0;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static int device_id(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);

	lua_pushinteger(lua, d->driver->requester);
	return 1;
}

static int device_bits(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);

	lua_pushinteger(lua, d->bits);
	return 1;
}

/* device:counters() */
static int device_counters(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	const struct dma_engine *e = d->driver->engine;

	lua_createtable(lua, 0, 5);
	api_set_number(lua, "reads", e->reads);
	api_set_number(lua, "writes", e->writes);
	api_set_number(lua, "bytes_read", e->bytes_read);
	api_set_number(lua, "bytes_written", e->bytes_written);
	api_set_number(lua, "interrupts", d->driver->kernel->engine_interrupts[d->driver->index]);
	sandbox_strict(lua, "counters()");
	return 1;
}

static const luaL_Reg methods[] = {
	{ "bits", device_bits },
	{ "copy", device_copy },
	{ "counters", device_counters },
	{ "forge_interrupt", device_forge_interrupt },
	{ "id", device_id },
	{ "overrun", device_overrun },
	{ "scatter_gather", device_scatter_gather },
	{ "stray", device_stray },
	{ NULL, NULL },
};

void api_device_open(lua_State *lua)
{
	api_type(lua, API_DEVICE, methods, NULL);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What devices do that have been taken over: stray accesses, forged interrupts, overruns. */
#include "api.h"

#include <string.h>

#include "base/bits.h"
#include "base/endian.h"
#include "fields.h"
#include "sandbox.h"

#define STRAY_MAX ((int64_t)1 << 20)

/* The last access of a device that translates itself may have ended before the bus. */
static const char *const statuses[] = {
	[IOM_DONE] = "not permitted",
	[IOM_UNSUPPORTED] = "unsupported request",
	[IOM_ABORT] = "aborted",
};

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
	             : api_device_engine(d)->refusal.status < IOM_COUNT(statuses)
	                     ? statuses[api_device_engine(d)->refusal.status]
	                     : "aborted");
	sandbox_strict(lua, "the result of a stray access");
	kernel_interrupts(d->machine->os.kernel);
	return 1;
}

enum { STRAY_AT, STRAY_WRITE, STRAY_READ, STRAY_PROCESS, STRAY_FIELDS };

static const struct field stray_fields[STRAY_FIELDS] = {
	[STRAY_AT] = { "at", FIELD_ADDRESS, .needed = true },
	[STRAY_WRITE] = { "write", .kind = FIELD_TEXT },
	[STRAY_READ] = { "read", FIELD_NUMBER, .min = 1, .max = STRAY_MAX },
	[STRAY_PROCESS] = { "process", FIELD_OBJECT, .type = API_PROCESS },
};

/* device:stray{ at=, write=text, process= } or { at=, read=bytes, process= } */
int api_device_stray(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	struct dma_engine *engine = api_device_engine(d);
	struct field_value v[STRAY_FIELDS];
	const uint32_t *pasid = NULL;
	luaL_Buffer b;
	char *data;
	int rc;

	fields_read(lua, 2, "stray", stray_fields, STRAY_FIELDS, v);
	if (v[STRAY_WRITE].given == v[STRAY_READ].given)
		return luaL_error(lua, "stray{...} needs either 'read' or 'write'");
	if (v[STRAY_PROCESS].given)
		pasid = &((struct api_process *)v[STRAY_PROCESS].object)->process->pasid;
	if (v[STRAY_WRITE].given) {
		rc = dma_engine_store_of(engine, pasid, v[STRAY_AT].number, v[STRAY_WRITE].text,
		                         v[STRAY_WRITE].len);
		lua_pushboolean(lua, false);
	} else {
		data = luaL_buffinitsize(lua, &b, v[STRAY_READ].number);
		memset(data, 0xff, v[STRAY_READ].number);
		rc = dma_engine_load_of(engine, pasid, v[STRAY_AT].number, data,
		                        v[STRAY_READ].number);
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
int api_device_forge_interrupt(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	struct field_value v[FORGE_FIELDS];
	uint8_t data[4];
	int rc;

	fields_read(lua, 2, "forge_interrupt", forge_fields, FORGE_FIELDS, v);
	iom_st32(data, (uint32_t)v[FORGE_DATA].number, false);
	rc = dma_engine_store(api_device_engine(d),
	                      v[FORGE_AT].given ? v[FORGE_AT].number
	                                        : d->machine->machine->arch->interrupts->window,
	                      data, sizeof data);
	lua_pushboolean(lua, false);
	return push_answer(lua, d, rc);
}

/* device:overrun(bytes) */
int api_device_overrun(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	int whole;
	lua_Integer bytes = lua_tointegerx(lua, 2, &whole);

	if (!whole || bytes < 0 || bytes > STRAY_MAX)
		return luaL_error(lua, "overrun(bytes) takes a whole number from 0 to %I",
		                  (lua_Integer)STRAY_MAX);
	api_device_engine(d)->overrun = (uint32_t)bytes;
	return 0;
}

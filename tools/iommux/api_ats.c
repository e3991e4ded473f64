/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Devices that keep translations themselves. */
#include "api.h"

#include "fields.h"
#include "sandbox.h"

#define SLOW_NS_MAX INT64_C(1000000000)

void api_device_cache(lua_State *lua, struct api_device *d)
{
	struct iom_error error;

	if (machine_engine_cache(d->machine->machine, d->engine, &error))
		api_raise(lua, &error);
}

static struct engine_atc *cache(lua_State *lua, const struct api_device *d)
{
	struct engine_atc *atc = api_device_engine(d)->atc;

	if (!atc)
		api_error(lua, "the device has no translation cache; device{..., ats = true} has");
	return atc;
}

static bool on(lua_State *lua, const char *method)
{
	if (!lua_isboolean(lua, 2))
		api_error(lua, "%s(on) takes true or false, not %s", method, luaL_typename(lua, 2));
	return lua_toboolean(lua, 2);
}

/* device:ats(on): lets it keep translations, or no more */
int api_device_ats(lua_State *lua)
{
	struct api_device *d = api_self(lua, API_DEVICE);
	struct iom_error error;

	(void)cache(lua, d);
	if (engine_driver_ats(d->machine->engines[d->engine].host, on(lua, "ats"), &error))
		api_raise(lua, &error);
	return 0;
}

/* device:deaf(on): it does not hear invalidations any more */
int api_device_deaf(lua_State *lua)
{
	const struct api_device *d = api_self(lua, API_DEVICE);
	struct engine_atc *atc = cache(lua, d);

	atc->deaf = on(lua, "deaf");
	return 0;
}

enum { SLOW_AT, SLOW_WRITE, SLOW_NS, SLOW_FIELDS };

static const struct field slow_fields[SLOW_FIELDS] = {
	[SLOW_AT] = { "at", FIELD_ADDRESS, .needed = true },
	[SLOW_WRITE] = { "write", FIELD_TEXT, .needed = true },
	[SLOW_NS] = { "ns", FIELD_NUMBER, .needed = true, .min = 0, .max = SLOW_NS_MAX },
};

/* device:store_slowly{ at=, write=text, ns= }: true if it has begun */
int api_device_store_slowly(lua_State *lua)
{
	const struct api_device *d = api_self(lua, API_DEVICE);
	struct engine_atc *atc = cache(lua, d);
	struct field_value v[SLOW_FIELDS];
	struct iom_reply reply;
	int rc;

	fields_read(lua, 2, "store_slowly", slow_fields, SLOW_FIELDS, v);
	if (v[SLOW_WRITE].len > ENGINE_SLOW_MAX ||
	    (v[SLOW_AT].number % PAGE_BYTES) + v[SLOW_WRITE].len > PAGE_BYTES)
		return luaL_error(lua, "store_slowly{write = ...} takes up to %d bytes of one page",
		                  (int)ENGINE_SLOW_MAX);
	rc = engine_atc_store_slowly(atc, v[SLOW_AT].number, v[SLOW_WRITE].text, v[SLOW_WRITE].len,
	                             d->machine->machine->clock_ns + v[SLOW_NS].number, &reply);
	if (rc == IOM_EBUSY)
		return luaL_error(lua, "the device is in the middle of such a store already");
	lua_pushboolean(lua, !rc);
	return 1;
}

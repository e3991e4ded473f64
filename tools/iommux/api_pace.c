/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Devices that take their time: device:pace(pieces), device:order{...}, device:step(), device:results(). */
#include "api.h"
#include "sandbox.h"

#define PACE_MAX 65536

/* device:pace(pieces) */
int api_device_pace(lua_State *lua)
{
	const struct api_device *d = api_self(lua, API_DEVICE);
	int whole;
	lua_Integer pieces = lua_tointegerx(lua, 2, &whole);

	if (!whole || pieces < 0 || pieces > PACE_MAX)
		return luaL_error(lua, "pace(pieces) takes a whole number from 0 to %d", PACE_MAX);
	dma_engine_pace(api_device_engine(d), (uint32_t)pieces);
	return 0;
}

/* device:step(): true if there is more to do */
int api_device_step(lua_State *lua)
{
	const struct api_device *d = api_self(lua, API_DEVICE);
	struct dma_engine *engine = api_device_engine(d);

	scenario_charge(lua, (uint64_t)engine->pace * PAGE_BYTES);
	lua_pushboolean(lua, dma_engine_step(engine));
	return 1;
}

/* device:under_way(): how far it is with the order that it is at, or false */
int api_device_under_way(lua_State *lua)
{
	const struct engine_order *order = &api_device_engine(api_self(lua, API_DEVICE))->order;

	if (!order->open) {
		lua_pushboolean(lua, false);
		return 1;
	}
	lua_createtable(lua, 0, 2);
	api_set_number(lua, "done", order->done);
	api_set_number(lua, "bytes", order->bytes);
	sandbox_strict(lua, "an order that is under way");
	return 1;
}

/* device:order{ from=, to=, bytes= }: does not wait for it */
int api_device_order(lua_State *lua)
{
	const struct api_device *d = api_self(lua, API_DEVICE);
	struct engine_driver *driver = api_device_ready(lua, d);
	struct engine_job job;

	api_copy_read(lua, "order", &job);
	scenario_charge(lua, job.bytes);
	if (engine_driver_order(driver, &job))
		return luaL_error(lua, "the device has as many orders as its ring holds");
	return 0;
}

/* device:results(): a list of the orders that came to an end since the last time, oldest first */
int api_device_results(lua_State *lua)
{
	const struct api_device *d = api_self(lua, API_DEVICE);
	struct engine_driver *driver = api_device_ready(lua, d);
	struct engine_report report;

	kernel_interrupts(driver->kernel);
	lua_newtable(lua);
	for (lua_Integer i = 1; engine_driver_collect(driver, &report); i++) {
		api_report_push(lua, &report);
		sandbox_strict(lua, "the result of an order");
		lua_rawseti(lua, -2, i);
	}
	return 1;
}

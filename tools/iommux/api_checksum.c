/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* checksum() and its methods: SHA-256 of files, buffers and strings. */
#include "api.h"

#include <stdio.h>
#include <string.h>

#include <nettle/sha2.h>

#include "file.h"

/* The digest of what was added so far; the running one goes on. */
static void push_text(lua_State *lua, const struct sha256_ctx *running)
{
	struct sha256_ctx sha = *running;
	uint8_t digest[SHA256_DIGEST_SIZE];
	char text[2 * SHA256_DIGEST_SIZE + 1];

	sha256_digest(&sha, sizeof digest, digest);
	for (unsigned i = 0; i < sizeof digest; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
	lua_pushstring(lua, text);
}

/* checksum(): a running one */
static int checksum_new(lua_State *lua)
{
	struct sha256_ctx *sha = lua_newuserdatauv(lua, sizeof *sha, 0);

	sha256_init(sha);
	luaL_setmetatable(lua, API_CHECKSUM);
	return 1;
}

static void add_buffer(struct sha256_ctx *sha, const struct buffer *b, uint64_t bytes)
{
	for (uint64_t at = 0, n; at < bytes; at += n) {
		const uint8_t *piece = buffer_at(b, at, &n);

		n = bytes - at < n ? bytes - at : n;
		sha256_update(sha, n, piece);
	}
}

/* checksum:add(text) or checksum:add(buffer, bytes) */
static int checksum_add(lua_State *lua)
{
	struct sha256_ctx *sha = api_self(lua, API_CHECKSUM);
	const struct api_buffer_ref *ref = luaL_testudata(lua, 2, API_BUFFER);
	const struct buffer *b;
	lua_Integer bytes;
	size_t len;

	if (lua_type(lua, 2) == LUA_TSTRING) {
		const char *text = lua_tolstring(lua, 2, &len);

		sha256_update(sha, len, (const uint8_t *)text);
		return 0;
	}
	if (!ref)
		return luaL_error(lua,
		                  "add(...) takes a string, or a buffer and a number of "
		                  "bytes, not %s",
		                  luaL_typename(lua, 2));
	b = api_buffer_of(lua, ref)->buffer;
	bytes = lua_isnoneornil(lua, 3) ? (lua_Integer)b->bytes
	        : lua_isinteger(lua, 3) ? lua_tointeger(lua, 3)
	                                : -1;
	if (bytes < 0 || (uint64_t)bytes > b->bytes)
		return luaL_error(lua,
		                  "add(buffer, bytes): bytes must be a whole number from 0 to "
		                  "%I",
		                  (lua_Integer)b->bytes);
	scenario_charge(lua, (uint64_t)bytes);
	add_buffer(sha, b, (uint64_t)bytes);
	return 0;
}

/* checksum:text() */
static int checksum_text(lua_State *lua)
{
	push_text(lua, api_self(lua, API_CHECKSUM));
	return 1;
}

/* checksum_of_file(path) */
static int checksum_of_file(lua_State *lua)
{
	const char *path = lua_tostring(lua, 1), *why;
	struct sha256_ctx sha;
	char data[16384];
	uint64_t size;
	FILE *file;
	size_t n;
	bool bad;

	if (lua_type(lua, 1) != LUA_TSTRING)
		return luaL_error(lua, "checksum_of_file(path) takes a string, not %s",
		                  luaL_typename(lua, 1));
	file = file_open(path, &size, &why);
	if (!file)
		return luaL_error(lua, "the file '%s' cannot be read: %s", path, why);
	sha256_init(&sha);
	while ((n = fread(data, 1, sizeof data, file)))
		sha256_update(&sha, n, (const uint8_t *)data);
	bad = ferror(file) != 0;
	fclose(file);
	if (bad)
		return luaL_error(lua, "the file '%s' could not be read", path);
	scenario_charge(lua, size);
	push_text(lua, &sha);
	return 1;
}

static const luaL_Reg methods[] = {
	{ "add", checksum_add },
	{ "text", checksum_text },
	{ NULL, NULL },
};

void api_checksum_open(lua_State *lua)
{
	api_type(lua, API_CHECKSUM, methods, NULL);
	lua_pushcfunction(lua, checksum_new);
	lua_setfield(lua, -2, "checksum");
	lua_pushcfunction(lua, checksum_of_file);
	lua_setfield(lua, -2, "checksum_of_file");
}

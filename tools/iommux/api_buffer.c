/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* machine:buffer{...} and its methods. */
#include "api.h"

#include <stdlib.h>

#include "fields.h"
#include "file.h"

#define BUFFER_MAX ((int64_t)MACHINE_RAM_MAX)

/* ---- Coming and going ------------------------------------------------------------------------ */

static void link_in(struct api_os *os, struct api_buffer *b)
{
	b->os = os;
	b->next = os->buffers;
	if (b->next)
		b->next->prev = b;
	os->buffers = b;
}

static void drop(struct api_buffer *b)
{
	if (b->next)
		b->next->prev = b->prev;
	*(b->prev ? &b->prev->next : &b->os->buffers) = b->next;
	buffer_free(b->buffer);
	free(b);
}

struct api_buffer *api_buffer_of(lua_State *lua, const struct api_buffer_ref *ref)
{
	if (!ref->owned)
		api_error(lua, "this buffer was freed");
	else if (!ref->owned->buffer)
		api_error(lua, "this buffer went with its virtual machine, which was stopped");
	return ref->owned;
}

static struct api_buffer *self(lua_State *lua)
{
	return api_buffer_of(lua, api_self(lua, API_BUFFER));
}

/* The buffer of a method by which its kernel's CPU stores to it. */
static struct api_buffer *self_to_write(lua_State *lua)
{
	struct api_buffer *b = self(lua);

	api_os_runs(lua, b->os);
	return b;
}

enum { BYTES, WHERE, SCATTERED, BUFFER_FIELDS };

static const char *const places[] = { "low", "high", NULL };

static const struct field buffer_fields[BUFFER_FIELDS] = {
	[BYTES] = { "bytes", FIELD_NUMBER, .needed = true, .min = 1, .max = BUFFER_MAX },
	[WHERE] = { "where", FIELD_CHOICE, .choices = places },
	[SCATTERED] = { "scattered", .kind = FIELD_BOOL },
};

int api_buffer_new(lua_State *lua)
{
	struct api_os *os = api_os_self(lua);
	const struct board *board = os->kernel->board;
	struct field_value v[BUFFER_FIELDS];
	struct api_buffer_ref *ref;
	struct iom_error error;
	struct pages *ram;

	fields_read(lua, 2, "buffer", buffer_fields, BUFFER_FIELDS, v);
	ram = v[WHERE].number ? board->high : board->low;
	if (!ram || !ram->count)
		return luaL_error(lua, "this machine has no high RAM; machine{high_ram = ...} "
		                       "gives it some");
	ref = lua_newuserdatauv(lua, sizeof *ref, 1);
	ref->owned = calloc(1, sizeof *ref->owned);
	if (!ref->owned)
		return luaL_error(lua, "no memory for a buffer");
	if (buffer_new(ram, v[BYTES].number, v[SCATTERED].flag, &ref->owned->buffer, &error)) {
		free(ref->owned);
		api_raise(lua, &error);
	}
	link_in(os, ref->owned);
	luaL_setmetatable(lua, API_BUFFER);
	lua_pushvalue(lua, 1); /* keeps the machine alive */
	lua_setiuservalue(lua, -2, 1);
	return 1;
}

/* buffer:free() */
static int buffer_drop(lua_State *lua)
{
	struct api_buffer_ref *ref = api_self(lua, API_BUFFER);

	if (api_buffer_of(lua, ref)->buffer->mapped)
		return luaL_error(lua, "the buffer is still mapped; domain:unmap{...} comes first");
	drop(ref->owned);
	ref->owned = NULL;
	return 0;
}

/* ---- Contents -------------------------------------------------------------------------------- */

static void check_range(lua_State *lua, const char *what, const struct buffer *b, uint64_t offset,
                        uint64_t bytes)
{
	if (offset > b->bytes || bytes > b->bytes - offset)
		luaL_error(lua, "%s{...}: %I bytes at offset %I leave the buffer of %I bytes", what,
		           (lua_Integer)bytes, (lua_Integer)offset, (lua_Integer)b->bytes);
}

/* buffer:fill(text): repeats the text to the end */
static int buffer_fill(lua_State *lua)
{
	const struct buffer *b = self_to_write(lua)->buffer;
	size_t len;
	const char *text = lua_tolstring(lua, 2, &len);

	if (lua_type(lua, 2) != LUA_TSTRING || !len)
		return luaL_error(lua, "fill(text) takes a string that is not empty");
	scenario_charge(lua, b->bytes);
	for (uint64_t at = 0; at < b->bytes; at += len)
		buffer_write(b, at, text, b->bytes - at < len ? b->bytes - at : len);
	return 0;
}

enum { FILE_PATH, FILE_FROM, FILE_FIELDS };

static const struct field file_fields[FILE_FIELDS] = {
	[FILE_PATH] = { "path", FIELD_TEXT, .needed = true },
	[FILE_FROM] = { "from", FIELD_NUMBER, .min = 0, .max = INT64_MAX },
};

/* Fills the buffer from where the file stands; returns the bytes that came. */
static uint64_t read_into(const struct buffer *b, FILE *file)
{
	uint64_t done = 0, n;

	while (done < b->bytes) {
		uint8_t *at = buffer_at(b, done, &n);
		size_t got = fread(at, 1, n, file);

		done += got;
		if (got < n)
			break;
	}
	return done;
}

/* buffer:fill_from_file{ path=, from= }: how many bytes came, 0 at the end of the file */
static int buffer_fill_from_file(lua_State *lua)
{
	const struct buffer *b = self_to_write(lua)->buffer;
	struct field_value v[FILE_FIELDS];
	uint64_t size, done = 0;
	const char *why;
	bool bad;
	FILE *file;

	fields_read(lua, 2, "fill_from_file", file_fields, FILE_FIELDS, v);
	file = file_open(v[FILE_PATH].text, &size, &why);
	if (!file)
		return luaL_error(lua, "the file '%s' cannot be read: %s", v[FILE_PATH].text, why);
	bad = fseeko(file, (off_t)v[FILE_FROM].number, SEEK_SET) != 0;
	if (!bad) {
		done = read_into(b, file);
		bad = ferror(file) != 0;
	}
	fclose(file);
	if (bad)
		return luaL_error(lua, "the file '%s' could not be read", v[FILE_PATH].text);
	scenario_charge(lua, done);
	lua_pushinteger(lua, (lua_Integer)done);
	return 1;
}

enum { AT_OFFSET, AT_BYTES, AT_FIELDS };

static const struct field read_fields[AT_FIELDS] = {
	[AT_OFFSET] = { "offset", FIELD_NUMBER, .min = 0, .max = BUFFER_MAX },
	[AT_BYTES] = { "bytes", FIELD_NUMBER, .needed = true, .min = 0, .max = BUFFER_MAX },
};

/* buffer:read{ offset=, bytes= }: a string */
static int buffer_get(lua_State *lua)
{
	const struct buffer *b = self(lua)->buffer;
	struct field_value v[AT_FIELDS];
	luaL_Buffer text;
	char *to;

	fields_read(lua, 2, "read", read_fields, AT_FIELDS, v);
	check_range(lua, "read", b, v[AT_OFFSET].number, v[AT_BYTES].number);
	to = luaL_buffinitsize(lua, &text, v[AT_BYTES].number);
	buffer_read(b, v[AT_OFFSET].number, to, v[AT_BYTES].number);
	luaL_pushresultsize(&text, v[AT_BYTES].number);
	return 1;
}

enum { WRITE_OFFSET, WRITE_DATA, WRITE_FIELDS };

static const struct field write_fields[WRITE_FIELDS] = {
	[WRITE_OFFSET] = { "offset", FIELD_NUMBER, .min = 0, .max = BUFFER_MAX },
	[WRITE_DATA] = { "data", FIELD_TEXT, .needed = true },
};

/* buffer:write{ offset=, data= } */
static int buffer_put(lua_State *lua)
{
	const struct buffer *b = self_to_write(lua)->buffer;
	struct field_value v[WRITE_FIELDS];

	fields_read(lua, 2, "write", write_fields, WRITE_FIELDS, v);
	check_range(lua, "write", b, v[WRITE_OFFSET].number, v[WRITE_DATA].len);
	buffer_write(b, v[WRITE_OFFSET].number, v[WRITE_DATA].text, v[WRITE_DATA].len);
	return 0;
}

enum { COPY_BUFFER, COPY_BYTES, COPY_FIELDS };

static const struct field copy_fields[COPY_FIELDS] = {
	[COPY_BUFFER] = { "buffer", FIELD_OBJECT, .needed = true, .type = API_BUFFER },
	[COPY_BYTES] = { "bytes", FIELD_NUMBER, .needed = true, .min = 0, .max = BUFFER_MAX },
};

/* Page by page; the machine's CPU does it. */
static void cpu_copy(const struct buffer *to, const struct buffer *from, uint64_t bytes)
{
	for (uint64_t at = 0, n; at < bytes; at += n) {
		const uint8_t *piece = buffer_at(from, at, &n);

		n = bytes - at < n ? bytes - at : n;
		buffer_write(to, at, piece, n);
	}
}

/* buffer:copy_from{ buffer=, bytes= } */
static int buffer_copy_from(lua_State *lua)
{
	struct api_buffer *to = self_to_write(lua);
	struct field_value v[COPY_FIELDS];
	struct api_buffer *from;

	fields_read(lua, 2, "copy_from", copy_fields, COPY_FIELDS, v);
	from = api_buffer_of(lua, v[COPY_BUFFER].object);
	if (from == to || from->os != to->os)
		return luaL_error(lua, "copy_from{buffer = ...} must be another buffer of the same "
		                       "machine");
	check_range(lua, "copy_from", to->buffer, 0, v[COPY_BYTES].number);
	check_range(lua, "copy_from", from->buffer, 0, v[COPY_BYTES].number);
	scenario_charge(lua, v[COPY_BYTES].number);
	cpu_copy(to->buffer, from->buffer, v[COPY_BYTES].number);
	to->os->kernel->cpu_bytes += v[COPY_BYTES].number;
	return 0;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static int buffer_bytes(lua_State *lua)
{
	lua_pushinteger(lua, (lua_Integer)self(lua)->buffer->bytes);
	return 1;
}

/* buffer:pages(): the physical addresses, a list */
static int buffer_pages(lua_State *lua)
{
	const struct buffer *b = self(lua)->buffer;

	lua_createtable(lua, (int)b->count, 0);
	for (uint32_t i = 0; i < b->count; i++) {
		lua_pushinteger(lua, (lua_Integer)b->spa[i]);
		lua_rawseti(lua, -2, (lua_Integer)i + 1);
	}
	return 1;
}

static const luaL_Reg methods[] = {
	{ "bytes", buffer_bytes },
	{ "copy_from", buffer_copy_from },
	{ "fill", buffer_fill },
	{ "fill_from_file", buffer_fill_from_file },
	{ "free", buffer_drop },
	{ "pages", buffer_pages },
	{ "read", buffer_get },
	{ "write", buffer_put },
	{ NULL, NULL },
};

void api_buffer_open(lua_State *lua)
{
	api_type(lua, API_BUFFER, methods, NULL);
}

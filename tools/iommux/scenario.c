/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* One scenario: a Lua script, what it may use up, and what comes of it. */
#include "scenario.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "api.h"
#include "complain.h"
#include "file.h"
#include "sandbox.h"
#include "scenario_out.h"
#include "verbs.h"

#define STEPS_PER_LOOK 1000
#define MOVED_PER_STEP 1024
#define ALLOCATED_PER_STEP 16

struct scenario *scenario_of(lua_State *lua)
{
	return *(struct scenario **)lua_getextraspace(lua);
}

/* ---- What a script may use up ---------------------------------------------------------------- */

/* The line that is being carried out, or 0. */
static int current_line(lua_State *lua)
{
	lua_Debug ar;

	for (int level = 0; lua_getstack(lua, level, &ar); level++)
		if (lua_getinfo(lua, "l", &ar) && ar.currentline > 0)
			return ar.currentline;
	return 0;
}

static void *allocate(void *opaque, void *memory, size_t was, size_t bytes)
{
	struct scenario *s = opaque;
	void *now;

	if (!memory)
		was = 0; /* then it tells the kind of object */
	if (!bytes) {
		free(memory);
		s->memory -= was;
		return NULL;
	}
	now = bytes > was && bytes - was > SCENARIO_MEMORY_MAX - s->memory ? NULL
	                                                                   : realloc(memory, bytes);
	if (!now) {
		s->short_line = s->lua ? current_line(s->lua) : 0;
		return NULL;
	}
	s->memory += bytes - was;
	s->steps += bytes / ALLOCATED_PER_STEP; /* long strings take time as well */
	return now;
}

static void check_steps(lua_State *lua)
{
	struct scenario *s = scenario_of(lua);

	if (progress_due(&s->progress))
		progress_show(&s->progress, "line %d, checks so far: %u", current_line(lua),
		              s->checks);
	if (s->steps < SCENARIO_STEPS_MAX)
		return;
	lua_pushfstring(lua,
	                "%s:%d: still running after %I instructions, which is the limit; "
	                "does this loop end?",
	                s->source, current_line(lua), (lua_Integer)SCENARIO_STEPS_MAX);
	lua_error(lua);
}

static void count_steps(lua_State *lua, lua_Debug *ar)
{
	(void)ar;
	scenario_of(lua)->steps += STEPS_PER_LOOK;
	check_steps(lua);
}

void scenario_charge(lua_State *lua, uint64_t bytes)
{
	scenario_of(lua)->steps += bytes / MOVED_PER_STEP;
	check_steps(lua);
}

/* No script catches errors: the run ends with this one. */
void scenario_told(lua_State *lua)
{
	struct scenario *s = scenario_of(lua);

	if (++s->told != s->at || !s->reached(s->opaque))
		return;
	s->ended = true;
	lua_pushnil(lua);
	lua_error(lua);
}

/* ---- Messages -------------------------------------------------------------------------------- */

/* Gives a message its place, "FILE:LINE: ", where Lua has not. */
static int place(lua_State *lua)
{
	struct scenario *s = scenario_of(lua);
	const char *text = lua_tostring(lua, 1);
	size_t len = strlen(s->source);

	if (s->ended)
		return 1;
	if (!text)
		text = lua_pushfstring(lua, "error(...) wants a string, not %s",
		                       luaL_typename(lua, 1));
	if (!strncmp(text, s->source, len) && text[len] == ':')
		lua_pushstring(lua, text);
	else
		lua_pushfstring(lua, "%s:%d: %s", s->source, current_line(lua), text);
	return 1;
}

static int complain_of(struct scenario *s, lua_State *lua, int status)
{
	const char *text = lua_tostring(lua, -1);

	if (status == LUA_ERRMEM)
		return complain("%s:%d: the script's own values need more than %u MiB; keep data "
		                "in buffers",
		                s->source, s->short_line, (unsigned)(SCENARIO_MEMORY_MAX >> 20));
	if (status == LUA_ERRSYNTAX)
		return complain("%s (a scenario is a Lua 5.4 script)", text);
	return complain("%s", text ? text : "unknown error");
}

/* A parameter that the script never looked at is mistyped, most likely. */
static int check_params(const struct scenario *s)
{
	for (unsigned i = 0; i < s->param_count; i++) {
		const struct scenario_param *p = &s->params[i];

		if (!p->asked)
			return complain("%s: the scenario has no use for the parameter '%.*s'; "
			                "check its spelling",
			                s->path, (int)p->name_len, p->name);
	}
	return EXIT_HELD;
}

/* Whoever waits for a step that does not come has mistaken the number. */
static int check_at(const struct scenario *s)
{
	if (s->at <= s->told)
		return EXIT_HELD;
	return complain("%s: --at %" PRIu64 ": the scenario tells %" PRIu64 " things; --steps "
	                "numbers them",
	                s->path, s->at, s->told);
}

/* ---- Running --------------------------------------------------------------------------------- */

/* Pushes the table of all names. */
static int build(lua_State *lua)
{
	struct scenario *s = scenario_of(lua);

	sandbox_push(lua, s->seed);
	api_add(lua);
	return 1;
}

/* Leaves the chunk, or a message, on the stack. */
static int load(struct scenario *s, lua_State *lua, const char *text, size_t bytes)
{
	lua_Debug ar;
	int status;

	lua_pushfstring(lua, "@%s", s->path);
	status = luaL_loadbufferx(lua, text, bytes, lua_tostring(lua, -1), "t");
	if (status)
		return status;
	lua_pushvalue(lua, -1);
	lua_getinfo(lua, ">S", &ar);
	memcpy(s->source, ar.short_src, sizeof s->source);
	lua_pushcfunction(lua, build);
	status = lua_pcall(lua, 0, 1, 0);
	if (!status)
		sandbox_enclose(lua);
	return status;
}

static int run_text(struct scenario *s, lua_State *lua, const char *text, size_t bytes)
{
	int status = load(s, lua, text, bytes);

	if (!status) {
		lua_pushcfunction(lua, place);
		lua_insert(lua, -2);
		lua_sethook(lua, count_steps, LUA_MASKCOUNT, STEPS_PER_LOOK);
		status = lua_pcall(lua, 0, 0, -2);
		lua_sethook(lua, NULL, 0, 0);
		progress_end(&s->progress);
	}
	if (status && s->ended)
		return EXIT_HELD;
	if (status)
		return complain_of(s, lua, status);
	if (check_params(s) || check_at(s))
		return EXIT_WRONG;
	return s->failed ? EXIT_FAILED : EXIT_HELD;
}

static int run_state(struct scenario *s, const char *text, size_t bytes)
{
	int status;

	s->lua = lua_newstate(allocate, s);
	if (!s->lua)
		return complain("run: no memory is left for a scenario");
	*(struct scenario **)lua_getextraspace(s->lua) = s;
	status = run_text(s, s->lua, text, bytes);
	lua_close(s->lua);
	return status;
}

int scenario_run(struct scenario *s)
{
	const char *why;
	size_t bytes = 0;
	char *text = file_read(s->path, &bytes, &why);
	int status;

	if (!text)
		return complain("%s: the scenario cannot be read: %s", s->path, why);
	if (!bytes) {
		free(text);
		return complain("%s: the scenario is empty; it should begin with a machine{...}",
		                s->path);
	}
	progress_begin(&s->progress, true);
	status = run_state(s, text, bytes);
	/* The machines are gone, and traces of them complete, whoever reads this. */
	if (status != EXIT_WRONG && !s->ended && s->json)
		scenario_json(s);
	else if (status != EXIT_WRONG && !s->ended && !s->silent)
		scenario_text(s);
	output_free(&s->output);
	free(text);
	return status;
}

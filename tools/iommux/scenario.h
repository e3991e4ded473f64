/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* One scenario: a Lua script, what it may use up, and what comes of it. */
#ifndef IOMMUX_SCENARIO_H
#define IOMMUX_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

#include "machine/arch.h"
#include "output.h"
#include "progress.h"

#define SCENARIO_MEMORY_MAX ((size_t)64 << 20) /* of the script's own values         */
#define SCENARIO_STEPS_MAX UINT64_C(500000000) /* Lua instructions, and KiB moved    */
#define SCENARIO_MACHINES_MAX 8                /* that exist at the same time        */

/* NAME=value of the command line; both strings stay the caller's. */
struct scenario_param {
	const char *name;
	size_t name_len;
	const char *value;
	bool asked; /* the script has looked at it */
};

struct scenario {
	const char *path;
	const struct machine_arch *arch;
	uint64_t seed;
	const struct machine_units *units; /* hears of IOMMUs, or NULL */
	bool numbered;                     /* what is told gets its number before it             */
	bool json;                         /* it is told as JSON, without numbers ...             */
	bool colours;                      /* ... and colours                                     */
	bool silent;                       /* nothing is written but complaints                   */
	/* When `at` things were told (0: never), this is called; true: the run ends there. */
	uint64_t at;
	bool (*reached)(void *opaque);
	void *opaque;
	struct scenario_param *params;
	unsigned param_count;
	struct output output;
	struct progress progress;
	uint64_t told; /* titles, lines and checks: the steps of --at                */
	bool ended;    /* by `reached` */
	unsigned checks, failed;
	unsigned machines; /* that exist now                                       */
	uint64_t steps;
	size_t memory;  /* in use by Lua                                        */
	int short_line; /* the line at which memory ran out last; 0: it did not */
	lua_State *lua;
	char source[LUA_IDSIZE]; /* the path as Lua's messages show it                 */
};

/* Counts what was told, and may end the run there. */
void scenario_told(lua_State *lua);

/*
 * Runs a scenario and writes what it said; all fields up to param_count are set, the rest 0.
 * Returns an exit status; for EXIT_WRONG it has complained.
 */
int scenario_run(struct scenario *scenario);

/* Counts `bytes` that are moved for the script; an error once it has used up its steps. */
void scenario_charge(lua_State *lua, uint64_t bytes);

/* The scenario that a Lua state belongs to. */
struct scenario *scenario_of(lua_State *lua);

#endif

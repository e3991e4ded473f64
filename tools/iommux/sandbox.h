/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The world that a script sees: a chosen part of Lua's library, and no name that nobody declared.
 *
 * What is left out either reaches outside (os, io, require, load), would let a script go on after
 * an error (pcall, coroutine), hides differences between runs (pairs, next), or can run for ever
 * inside one instruction (string patterns, table.move).
 */
#ifndef IOMMUX_SANDBOX_H
#define IOMMUX_SANDBOX_H

#include <stdint.h>

#include <lua.h>

/* Pushes the table of the names that a script may use, with Lua's part filled in. */
void sandbox_push(lua_State *lua, uint64_t seed);

/*
 * Turns the table on top, what sandbox_push pushed and the API filled, into the environment of the
 * function below it: reading an unknown name or setting any is an error.
 */
void sandbox_enclose(lua_State *lua);

/* Makes reading an absent field of the table on top an error that calls it `what`. */
void sandbox_strict(lua_State *lua, const char *what);

/* The string key of the table at `index` nearest to `word`, or NULL; lives as long as the table. */
const char *sandbox_nearest(lua_State *lua, int index, const char *word);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Functions that take one table of named fields, as in machine{ ram = 64 * MiB }.  The fields are
 * rows; whatever a row does not allow is an error in the script.
 */
#ifndef IOMMUX_FIELDS_H
#define IOMMUX_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

enum field_kind {
	FIELD_NUMBER,  /* an integer from min to max                        */
	FIELD_ADDRESS, /* any 64-bit integer                                */
	FIELD_BOOL,
	FIELD_TEXT,
	FIELD_CHOICE, /* one of `choices`; the value's number is its place */
	FIELD_OBJECT, /* a userdata of `type`                              */
	FIELD_ANY,    /* whatever it is: read it from the table            */
};

struct field {
	const char *name;
	enum field_kind kind;
	bool needed;
	int64_t min, max;
	const char *const *choices; /* ends with NULL */
	const char *type;           /* also the word for people, "buffer" */
};

struct field_value {
	bool given;
	bool flag;
	uint64_t number;
	const char *text; /* lives as long as the table */
	size_t len;
	void *object;
};

/*
 * Reads the table at `index` into one value for each of `count` fields; the ones not given are all
 * zeroes.  `what` names the function in errors.
 */
void fields_read(lua_State *lua, int index, const char *what, const struct field *fields,
                 size_t count, struct field_value *values);

#endif

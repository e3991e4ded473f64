/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Structures taken apart, bit by bit. */
#include "anatomy_rig.h"

#include <string.h>

#define WORDS_MAX 64

static const struct place *place_of(const struct place *rows, size_t count, unsigned bit)
{
	for (size_t i = 0; i < count; i++) {
		if (bit >= rows[i].low && bit <= rows[i].high)
			return &rows[i];
	}
	return NULL;
}

static void check_bit(const struct anatomy *a, const struct place *place, unsigned bit)
{
	uint64_t word[WORDS_MAX] = { 0 };
	const struct anatomy_words w = { word, a->words, 0 };
	struct anatomy_value values[ANATOMY_VALUES];
	unsigned set = 0;
	size_t count;

	word[bit / 64] = UINT64_C(1) << bit % 64;
	count = anatomy_take(a, &w, values);
	for (size_t i = 0; i < count; i++) {
		const struct anatomy_value *v = &values[i];

		if (!v->value)
			continue;
		set++;
		CHECK_MSG(!strcmp(v->name, place ? place->name : "reserved"),
		          "%s, bit %u: '%s' should be '%s'", a->name, bit, v->name,
		          place ? place->name : "reserved");
		CHECK_MSG(v->low <= bit && bit <= v->high, "%s, bit %u", a->name, bit);
		CHECK_MSG(!place || (v->high == place->high && v->low == place->low),
		          "%s, %s: bits %u:%u", a->name, v->name, v->high, v->low);
		/* As it stands in the field, or as it stands in an address. */
		CHECK_MSG(v->value == UINT64_C(1) << (bit - v->low) ||
		                  v->value == UINT64_C(1) << bit % 64,
		          "%s, %s: value 0x%llx", a->name, v->name, (unsigned long long)v->value);
		/* A command says its type by its name. */
		CHECK_EQ(v->matters, strncmp(v->name, "type", 4) && strcmp(v->name, "opcode") &&
		                             strcmp(v->name, "func3"));
	}
	CHECK_MSG(set == 1, "%s, bit %u is in %u fields", a->name, bit, set);
}

void check_places(const struct anatomy *a, const struct place *rows, size_t count)
{
	for (unsigned bit = 0; bit < 64 * a->words; bit++)
		check_bit(a, place_of(rows, count, bit), bit);
}

void check_text(const struct anatomy *a, const uint64_t *words, unsigned count, unsigned how,
                const char *should)
{
	const struct anatomy_words w = { words, count, how };
	char text[ANATOMY_TEXT];

	CHECK_STR(anatomy_text(a, &w, text, sizeof text), should);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A unit's saved state, to be changed: words of 8 bytes, little-endian.  Four of a head, the last of which
 * counts registers; two for each register, its offset and its value; the architecture's own; a tail.
 */
#ifndef TESTS_STATE_H
#define TESTS_STATE_H

#include <string.h>

#include <iommux/iommux.h>

#include "test.h"

struct state {
	size_t bytes;
	uint8_t byte[8192];
};

static inline void state_save(struct state *s, struct iom_unit *unit)
{
	CHECK_EQ(iom_unit_save(unit, s->byte, sizeof s->byte, &s->bytes), IOM_OK);
}

static inline uint64_t state_word(const struct state *s, size_t at)
{
	uint64_t word = 0;

	for (unsigned i = 8; i--;)
		word = word << 8 | s->byte[at + i];
	return word;
}

static inline void state_put(struct state *s, size_t at, uint64_t word)
{
	for (unsigned i = 0; i < 8; i++, word >>= 8)
		s->byte[at + i] = (uint8_t)word;
}

/* Makes room for as many words, and puts them there. */
static inline void state_insert(struct state *s, size_t at, const uint64_t *word, unsigned words)
{
	CHECK(at <= s->bytes && s->bytes + 8 * words <= sizeof s->byte);
	memmove(s->byte + at + 8 * words, s->byte + at, s->bytes - at);
	s->bytes += 8 * words;
	for (unsigned i = 0; i < words; i++)
		state_put(s, at + 8 * i, word[i]);
}

/* Where the value of the register at `off` stands, and the architecture's own word `n`. */
static inline size_t state_register(const struct state *s, uint64_t off)
{
	for (size_t at = 32; at < s->bytes; at += 16) {
		if (state_word(s, at) == off)
			return at + 8;
	}
	fail();
	return 0;
}

static inline size_t state_own(const struct state *s, unsigned n)
{
	return 32 + 16 * (size_t)state_word(s, 24) + 8 * n;
}

/* A unit that stands still refuses it, as a contradiction or for what a register cannot hold. */
static inline void state_refused(const struct state *s, struct iom_unit *unit, const char *why)
{
	struct iom_error error = { 0 };

	CHECK_MSG(iom_unit_load(unit, s->byte, s->bytes, &error) == IOM_EINVAL, "%s is taken", why);
	CHECK_MSG(strstr(error.text, "contradicts") || strstr(error.text, "cannot hold"), "%s: %s",
	          why, error.text);
}

#endif

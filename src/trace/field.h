/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Fields of events, to bytes and back: numbers of 7 bits a byte, the lowest first; signed ones zigzag;
 * addresses by their distance from the last of their sort.  Each function passes a field on in either
 * direction.
 */
#ifndef TRACE_FIELD_H
#define TRACE_FIELD_H

#include <string.h>

#include "trace/codec.h"

struct codec {
	uint8_t *out;      /* NULL: this takes in, from ... */
	const uint8_t *in; /* ... here                      */
	size_t at, size;
	bool bad;
	struct trace_past *past;
};

static inline void field_number(struct codec *c, uint64_t *v)
{
	unsigned shift = 0;
	uint8_t byte;

	if (c->out) {
		uint64_t rest = *v;

		for (; rest >> 7; rest >>= 7)
			c->out[c->at++] = (uint8_t)(rest | 0x80);
		c->out[c->at++] = (uint8_t)rest;
		return;
	}
	*v = 0;
	do {
		/* The tenth byte holds one bit, and is the last. */
		if (c->at >= c->size || shift > 63 || (shift == 63 && c->in[c->at] > 1)) {
			c->bad = true;
			return;
		}
		byte = c->in[c->at++];
		*v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
}

/* A field of any width: what does not fit is no event. */
#define FIELD_NUMBER(c, field)                                                                     \
	do {                                                                                       \
		uint64_t v_ = (uint64_t)(field);                                                   \
                                                                                                   \
		field_number(c, &v_);                                                              \
		if (!(c)->out) {                                                                   \
			(field) = (__typeof__(field))v_;                                           \
			(c)->bad = (c)->bad || (uint64_t)(field) != v_;                            \
		}                                                                                  \
	} while (0)

static inline void field_flag(struct codec *c, bool *field)
{
	uint64_t v = *field;

	field_number(c, &v);
	*field = v;
	c->bad = c->bad || v > 1;
}

static inline uint64_t field_zigzag(uint64_t v)
{
	return v << 1 ^ (v >> 63 ? ~UINT64_C(0) : 0);
}

static inline uint64_t field_unzigzag(uint64_t v)
{
	return v >> 1 ^ (v & 1 ? ~UINT64_C(0) : 0);
}

static inline void field_signed(struct codec *c, int32_t *field)
{
	uint64_t v = field_zigzag((uint64_t)(int64_t)*field);

	field_number(c, &v);
	if (c->out)
		return;
	v = field_unzigzag(v);
	*field = (int32_t)(uint32_t)v;
	c->bad = c->bad || (uint64_t)(int64_t)*field != v;
}

static inline void field_address(struct codec *c, unsigned sort, uint64_t *field)
{
	uint64_t *last = &c->past->last[sort], v = field_zigzag(*field - *last);

	field_number(c, &v);
	if (!c->out)
		*field = *last + field_unzigzag(v);
	*last = *field;
}

/* All ones are many: 0 is all ones, 1 the last one that was not, others are the number and 2. */
static inline void field_requester(struct codec *c, uint32_t *field)
{
	uint64_t v = *field == UINT32_MAX           ? 0
	             : *field == c->past->requester ? 1
	                                            : (uint64_t)*field + 2;

	field_number(c, &v);
	if (!c->out) {
		c->bad = c->bad || v > (uint64_t)UINT32_MAX + 1;
		*field = v == 0 ? UINT32_MAX : v == 1 ? c->past->requester : (uint32_t)(v - 2);
	}
	if (*field != UINT32_MAX)
		c->past->requester = *field;
}

/* 0: there are none; else the length and 1. */
static inline void field_bytes(struct codec *c, const uint8_t **field, size_t *length)
{
	uint64_t v = *field ? (uint64_t)*length + 1 : 0;

	field_number(c, &v);
	if (c->out) {
		if (*field && *length)
			memcpy(c->out + c->at, *field, *length);
		c->at += *field ? *length : 0;
		return;
	}
	*field = NULL;
	*length = 0;
	if (c->bad || !v)
		return;
	if (v - 1 > c->size - c->at) {
		c->bad = true;
		return;
	}
	*field = c->in + c->at;
	*length = (size_t)(v - 1);
	c->at += *length;
}

#endif

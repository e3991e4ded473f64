/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Invalidations of devices' caches that are under way. */
#include "model/itags.h"

#include <string.h>

#include "model/snapshot.h"

/* Of so many completions, each says how many there are. */
#define ANSWERS_MAX 8u

static void set_used(struct iom_itags *itags, uint32_t used)
{
	__atomic_store_n(&itags->used, used, __ATOMIC_RELEASE);
}

static unsigned pending(const struct iom_itags *itags, uint32_t function)
{
	unsigned count = 0;

	for (uint32_t rest = itags->used; rest; rest &= rest - 1)
		count += itags->itag[iom_ctz(rest)].function == function;
	return count;
}

static bool take_locked(struct iom_itags *itags, const struct iom_itag *what, unsigned most,
                        unsigned *tag)
{
	uint32_t free = ~itags->used;

	if (!free || (most < IOM_ITAGS && pending(itags, what->function) >= most))
		return false;
	*tag = iom_ctz(free);
	itags->itag[*tag] = *what;
	set_used(itags, itags->used | (free & -free));
	return true;
}

bool iom_itag_take(struct iom_unit *unit, struct iom_itags *itags, const struct iom_itag *what,
                   unsigned most, unsigned *tag)
{
	bool taken;

	iom_lock(&unit->lock);
	taken = !iom_overtaken_locked(unit) && take_locked(itags, what, most, tag);
	iom_unlock(&unit->lock);
	return taken;
}

uint32_t iom_itags_strange_locked(const struct iom_itags *itags, uint32_t requester, uint32_t tags)
{
	uint32_t strange = tags & ~itags->used;

	for (uint32_t rest = tags & itags->used; rest; rest &= rest - 1) {
		if (itags->itag[iom_ctz(rest)].requester != requester)
			strange |= rest & -rest;
	}
	return strange;
}

uint32_t iom_itags_answered_locked(struct iom_itags *itags, uint32_t requester,
                                   const struct iom_message *message)
{
	/* A count of 8 is coded as 0. */
	unsigned answers = message->code ? message->code : ANSWERS_MAX;
	uint32_t own = message->token & ~iom_itags_strange_locked(itags, requester, message->token);
	uint32_t over = 0;

	for (uint32_t rest = own; rest; rest &= rest - 1) {
		if (++itags->itag[iom_ctz(rest)].answers >= answers)
			over |= rest & -rest;
	}
	set_used(itags, itags->used & ~over);
	return over;
}

uint32_t iom_itags_step_locked(struct iom_itags *itags, uint64_t passed_ns)
{
	uint32_t over = 0;

	for (uint32_t rest = itags->used; rest; rest &= rest - 1) {
		struct iom_itag *itag = &itags->itag[iom_ctz(rest)];

		if (itag->left > passed_ns)
			itag->left -= passed_ns;
		else
			over |= rest & -rest;
	}
	set_used(itags, itags->used & ~over);
	return over;
}

uint32_t iom_itags_removed_locked(struct iom_itags *itags, uint32_t requester)
{
	uint32_t over = 0;

	for (uint32_t rest = itags->used; rest; rest &= rest - 1) {
		if (itags->itag[iom_ctz(rest)].requester == requester)
			over |= rest & -rest;
	}
	set_used(itags, itags->used & ~over);
	return over;
}

void iom_itags_reset_locked(struct iom_itags *itags)
{
	set_used(itags, 0);
}

void iom_itags_save_locked(const struct iom_itags *itags, struct iom_stream *stream)
{
	iom_put(stream, itags->used);
	for (uint32_t rest = itags->used; rest; rest &= rest - 1) {
		const struct iom_itag *itag = &itags->itag[iom_ctz(rest)];

		iom_put(stream, itag->requester | (uint64_t)itag->function << 32);
		iom_put(stream, itag->answers);
		iom_put(stream, itag->left);
	}
}

bool iom_itags_load(struct iom_itags *itags, struct iom_stream *stream, uint32_t requester_last,
                    uint64_t timeout_ns)
{
	uint64_t used = iom_take(stream);

	if (used >> IOM_ITAGS)
		return false;
	*itags = (struct iom_itags){ .used = (uint32_t)used };
	for (uint32_t rest = itags->used; rest; rest &= rest - 1) {
		uint64_t who = iom_take(stream), answers = iom_take(stream);
		uint64_t left = iom_take(stream);

		/* Not all answers have come; and nobody waits for ever. */
		if ((uint32_t)who > requester_last || who >> 32 > requester_last ||
		    answers >= ANSWERS_MAX || !left || left > timeout_ns)
			return false;
		itags->itag[iom_ctz(rest)] = (struct iom_itag){ .requester = (uint32_t)who,
			                                        .function = (uint32_t)(who >> 32),
			                                        .answers = (uint8_t)answers,
			                                        .left = left };
	}
	return true;
}

void iom_itags_set_locked(struct iom_itags *itags, const struct iom_itags *loaded)
{
	memcpy(itags->itag, loaded->itag, sizeof itags->itag);
	set_used(itags, loaded->used);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What public functions do so that an observer hears of them. */
#ifndef MODEL_OBSERVE_H
#define MODEL_OBSERVE_H

#include "model/unit.h"

static inline bool iom_heard(const struct iom_unit *unit)
{
	return __builtin_expect(unit->observer.enter != NULL, 0);
}

static inline void iom_enter(struct iom_unit *unit, const struct iom_call *call)
{
	unit->observer.enter(unit->observer_opaque, call);
}

static inline int iom_leave(struct iom_unit *unit, const struct iom_call *call, int result)
{
	unit->observer.leave(unit->observer_opaque, call, result);
	return result;
}

#define IOM_NOBODYS (~UINT32_C(0))

/* A callback has returned: fields of struct iom_called. */
#define IOM_CALLED(unit, ...)                                                                      \
	do {                                                                                       \
		if ((unit)->observer.called)                                                       \
			(unit)->observer.called((unit)->observer_opaque,                           \
			                        &(const struct iom_called){ __VA_ARGS__ });        \
	} while (0)

/*
 * The body of a public function that carries `perform` out: its call, fields of struct iom_call, is told
 * where somebody listens.  Callbacks may take away what `unit` was found through.
 */
#define IOM_TOLD(unit, perform, ...)                                                               \
	do {                                                                                       \
		struct iom_unit *const unit_ = (unit);                                             \
                                                                                                   \
		if (iom_heard(unit_)) {                                                            \
			const struct iom_call call_ = { __VA_ARGS__ };                             \
			int result_;                                                               \
                                                                                                   \
			iom_enter(unit_, &call_);                                                  \
			result_ = perform;                                                         \
			return iom_leave(unit_, &call_, result_);                                  \
		}                                                                                  \
		return perform;                                                                    \
	} while (0)

/* Of a port, and of an endpoint. */
#define IOM_OF_PORT(p)                                                                             \
	.port = (p), .endpoint = (p)->endpoint, .requester = iom_peek(&(p)->endpoint->requester)
#define IOM_OF_ENDPOINT(e) .endpoint = (e), .requester = iom_peek(&(e)->requester)

#endif

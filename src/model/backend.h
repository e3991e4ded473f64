/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Telling a unit's backend. */
#ifndef MODEL_BACKEND_H
#define MODEL_BACKEND_H

#include "model/unit.h"

/* Worker: passes an invalidation on, and the contexts that it made worth another look. */
void iom_backend_invalidate(struct iom_unit *unit, const struct iom_invalidation *what);
/* Worker: tells the context of every endpoint, because the unit as a whole has changed. */
void iom_backend_contexts(struct iom_unit *unit);
/* Worker: the unit was reset or loaded, and has forgotten everything. */
void iom_backend_restart(struct iom_unit *unit);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What each dword of the register window is to hold, by the unit's capabilities. */
#ifndef TESTS_VTD_REGISTERS_MAP_H
#define TESTS_VTD_REGISTERS_MAP_H

#include "rig.h"

#define WINDOW 0x1000ull

/* All that makes registers, or bits of them. */
#define CAP_MAP (CAP_ALL | CAP_PLMR | CAP_PHMR)
#define ECAP_MAP (ECAP_ALL | ECAP_ADMS | ECAP_SSIRWS)

struct dword {
	uint32_t reset; /* after a reset                                                  */
	uint32_t write; /* as many ones as may be written without asking the unit to work */
	uint32_t reads; /* what reads give after that write                               */
	uint32_t known; /* bits of which the manual says that                             */
};

struct dword map_dword(const struct rig *r, uint64_t off);
/* Each dword of the window holds its reset value; or what `write` leaves there. */
void map_check_reset(struct rig *r);
void map_check_written(struct rig *r);

/* A copy of the whole window, and that nothing has changed since. */
struct window {
	uint32_t dword[WINDOW / 4];
};
void window_save(struct rig *r, struct window *w);
void window_same(struct rig *r, const struct window *w);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A lane is the place of one DMA thread in a unit.  Between iom_begin and iom_end it has an access
 * section open, and replies obtained there may be used.
 *
 * A completion that tells software that old translations are gone (RISC-V: IOFENCE.C, and the end
 * of a ddtp change) waits for the sections that were open when it came.  No call waits for it: the
 * unit parks the completion, and the iom_end of the last such section carries it out, with all its
 * callbacks.  A device may therefore ring the unit's own doorbell from inside a section.
 */
#ifndef IOMMUX_LANE_H
#define IOMMUX_LANE_H

#include <iommux/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_lane;

/* Opens a lane.  IOM_ENOMEM.  It lives until iom_lane_close or iom_unit_free. */
int iom_lane_open(struct iom_unit *unit, struct iom_lane **out);

/* Closes a lane and its ports; an open section of it ends.  NULL is ignored. */
void iom_lane_close(struct iom_lane *lane);

/*
 * Opens and ends an access section.  Sections of one lane nest; the outermost counts.  An iom_end
 * without its iom_begin is ignored.
 */
void iom_begin(struct iom_lane *lane);
void iom_end(struct iom_lane *lane);

#ifdef __cplusplus
}
#endif
#endif

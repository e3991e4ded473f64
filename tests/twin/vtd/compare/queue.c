/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Invalidations, by the queue. */
#include "compare.h"

#include <string.h>

enum { FSTS = 0x034, IQH = 0x080, IQT = 0x088, IQE = 0x10 };

static void descriptor(struct world *w, uint64_t qw0, uint64_t qw1)
{
	unsigned bytes = w->wide ? 32 : 16;
	uint8_t *at = w->memory.queue + w->iqt;

	memset(at, 0, bytes);
	for (unsigned i = 0; i < 8; i++) {
		at[i] = (uint8_t)(qw0 >> 8 * i);
		at[8 + i] = (uint8_t)(qw1 >> 8 * i);
	}
	w->iqt = (w->iqt + bytes) % 4096;
}

void world_invalidate(struct world *w)
{
	if ((w->config.flags & IOM_VTD_UNCACHED) || !w->queue_works)
		return;
	descriptor(w, 0x11, 0); /* context cache, global */
	if (w->wide)
		descriptor(w, 0x37, 0);                 /* PASID cache, global */
	descriptor(w, 0xd2, 0);                         /* IOTLB, global, drained */
	descriptor(w, 1ull << 32 | 0x25, QUEUE + 4096); /* wait */
	world_write(w, IQT, 8, w->iqt);
	memset(w->memory.roles, 0, sizeof w->memory.roles);
	w->memory.tangled = false;
}

bool world_idle(const struct world *w)
{
	return world_read(w, IQH, 8) == w->iqt && !(world_read(w, FSTS, 4) & IQE);
}

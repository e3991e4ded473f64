/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What ends a walk, as a fault reason ("Fault Conditions"). */
#include "model/vtd/vtd.h"
#include "pt/pt.h"

enum reason {
	WIDTH,    /* the input is too wide, or not canonical        */
	ABSENT,   /* an entry is not present                        */
	RESERVED, /* an entry has reserved bits                     */
	BEYOND,   /* an entry's guest address is too wide           */
	FETCH,    /* an entry could not be read                     */
	UPDATE,   /* an accessed or dirty flag could not be stored  */
	UNMARKED, /* such a flag is to be set, and must not be      */
	NO_RIGHT,
	NO_WRITE,
	NO_READ,
	NO_USER,
	INTERRUPT, /* the page is in the interrupt address range    */
	REASONS,
};

/* Of the first entry of a walk, and of the later ones. */
struct codes {
	uint8_t first, later;
};

#define ALWAYS(code)                                                                               \
	{                                                                                          \
		code, code                                                                         \
	}
#define SECOND_STAGE(width, no_write, no_read)                                                     \
	{                                                                                          \
		[WIDTH] = ALWAYS(width), [ABSENT] = ALWAYS(VTD_FR_SS_ABSENT),                      \
		[RESERVED] = ALWAYS(VTD_FR_SS_RSVD),                                               \
		[FETCH] = { VTD_FR_SS_FETCH_FIRST, VTD_FR_SS_FETCH },                              \
		[UPDATE] = ALWAYS(VTD_FR_SS_UPDATE), [UNMARKED] = ALWAYS(VTD_FR_SS_UNSNOOPED),     \
		[NO_RIGHT] = ALWAYS(VTD_FR_SS_ABSENT), [NO_WRITE] = ALWAYS(no_write),              \
		[NO_READ] = ALWAYS(no_read), [INTERRUPT] = ALWAYS(VTD_FR_SM_INTERRUPT),            \
	}

static const struct codes codes[VTD_STAGES][REASONS] = {
	/* Nothing permitted is said as the access that was wanted: see reason_of. */
	[VTD_STAGE_LEGACY] = { [WIDTH] = ALWAYS(VTD_FR_ADDRESS),
	                       [RESERVED] = ALWAYS(VTD_FR_PAGING_RSVD),
	                       [FETCH] = { VTD_FR_CONTEXT, VTD_FR_PAGING_FETCH },
	                       [NO_WRITE] = ALWAYS(VTD_FR_WRITE),
	                       [NO_READ] = ALWAYS(VTD_FR_READ),
	                       [INTERRUPT] = ALWAYS(VTD_FR_INTERRUPT) },
	[VTD_STAGE_SECOND] = SECOND_STAGE(VTD_FR_SM_ADDRESS, VTD_FR_SM_WRITE, VTD_FR_SM_READ),
	[VTD_STAGE_NESTED] = SECOND_STAGE(VTD_FR_FS_ADDRESS, VTD_FR_SM_WRITE, VTD_FR_SM_READ),
	[VTD_STAGE_ROOT_TABLE] =
		SECOND_STAGE(VTD_FR_FS_ADDRESS, VTD_FR_FS_WRITE, VTD_FR_FS_READ_FIRST),
	[VTD_STAGE_TABLE] = SECOND_STAGE(VTD_FR_FS_ADDRESS, VTD_FR_FS_WRITE, VTD_FR_FS_READ),
	[VTD_STAGE_FIRST] = { [WIDTH] = ALWAYS(VTD_FR_SM_CANONICAL),
	                      [ABSENT] = ALWAYS(VTD_FR_FS_ABSENT),
	                      [RESERVED] = ALWAYS(VTD_FR_FS_RSVD),
	                      [BEYOND] = ALWAYS(VTD_FR_FS_ADDRESS),
	                      [FETCH] = { VTD_FR_FS_FETCH_FIRST, VTD_FR_FS_FETCH },
	                      [UPDATE] = ALWAYS(VTD_FR_FS_UPDATE),
	                      [UNMARKED] = ALWAYS(VTD_FR_FS_UNSNOOPED),
	                      [NO_WRITE] = ALWAYS(VTD_FR_SM_WRITE),
	                      [NO_USER] = ALWAYS(VTD_FR_SM_USER),
	                      [INTERRUPT] = ALWAYS(VTD_FR_SM_INTERRUPT) },
};

static enum reason forbidden(const struct pt_want *want, unsigned perm)
{
	if (want->user && !(perm & PT_USER))
		return NO_USER;
	if (!(perm & (PT_R | PT_W)))
		return NO_RIGHT;
	return want->perm & PT_W & ~perm ? NO_WRITE : NO_READ;
}

static enum reason reason_of(enum vtd_stage stage, const struct vtd_refusal *refusal)
{
	static const uint8_t plain[] = {
		[PT_WHY_INPUT] = WIDTH,      [PT_WHY_EMPTY] = ABSENT,
		[PT_WHY_BAD] = RESERVED,     [PT_WHY_ACCESSED] = UNMARKED,
		[PT_WHY_DIRTY] = UNMARKED,   [PT_WHY_BUS] = UPDATE,
		[PT_WHY_POISON] = UPDATE,    [PT_WHY_OUTPUT] = BEYOND,
		[PT_WHY_TARGET] = INTERRUPT,
	};
	const struct pt_want *want = refusal->want;
	enum reason reason = refusal->why == PT_WHY_PERMISSION ? forbidden(want, refusal->perm)
	                     : refusal->unreadable             ? FETCH
	                                                       : (enum reason)plain[refusal->why];

	if (stage == VTD_STAGE_LEGACY && (reason == ABSENT || reason == NO_RIGHT))
		return want->perm & PT_W ? NO_WRITE : NO_READ;
	return reason;
}

uint8_t vtd_stage_fault(enum vtd_stage stage, const struct vtd_refusal *refusal)
{
	const struct codes *c = &codes[stage][reason_of(stage, refusal)];

	return refusal->first ? c->first : c->later;
}

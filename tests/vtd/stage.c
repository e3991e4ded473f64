/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The device of stage.h. */
#include "stage.h"

static void scalable_device(struct stage *s, uint64_t qw0, uint64_t qw2)
{
	rig_device(s->r, STAGE_SID, 0, 0, 0);
	rig_pasid_put(s->r, STAGE_SID, 0, PE_P | qw0, STAGE_DID | PWSNP, qw2);
	s->pasid = rig_pasid(s->r, STAGE_SID, 0);
}

void stage_second_on(struct stage *s, struct rig *r, bool scalable, unsigned levels)
{
	*s = (struct stage){ .r = r, .scalable = scalable, .levels = levels, .root = page(r) };
	rig_on(r, scalable ? TTM_SCALABLE : TTM_LEGACY);
	if (scalable)
		scalable_device(s, PGTT_SS | PE_AW(levels) | s->root, 0);
	else
		rig_context_put(r, STAGE_SID, CTX_P | TT_UNTRANSLATED | s->root,
		                AW(levels) | DID(STAGE_DID));
}

void stage_first_on(struct stage *s, struct rig *r, unsigned levels)
{
	*s = (struct stage){
		.r = r, .scalable = true, .first = true, .levels = levels, .root = page(r)
	};
	rig_on(r, TTM_SCALABLE);
	scalable_device(s, PGTT_FS, (levels == 5 ? FSPM_5 : FSPM_4) | s->root);
}

void stage_second(struct stage *s, uint64_t cap, uint64_t ecap, bool scalable, unsigned levels)
{
	stage_second_on(s, rig_new_caps(cap, ecap), scalable, levels);
}

void stage_first(struct stage *s, uint64_t cap, uint64_t ecap, unsigned levels)
{
	stage_first_on(s, rig_new_caps(cap, ecap), levels);
}

uint64_t stage_iova(const struct stage *s, unsigned n)
{
	uint64_t iova = 0;
	unsigned level;

	/* The top index stays below 0x80, so that the address is canonical as well. */
	for (level = 1; level <= s->levels; level++)
		iova |= (uint64_t)((37 * level + 11 * n) & 0x7f) << (12 + 9 * (level - 1));
	return iova;
}

uint64_t stage_map(struct stage *s, uint64_t iova, unsigned level, uint64_t entry)
{
	return (s->first ? rig_fs : rig_ss)(s->r, s->root, s->levels, iova, level, entry);
}

uint64_t stage_entry(struct stage *s, uint64_t iova, unsigned level)
{
	return rig_entry(s->r, s->root, s->levels, iova, level);
}

unsigned stage_reason(const struct stage *s, unsigned legacy, unsigned scalable)
{
	return s->scalable ? scalable : legacy;
}

uint64_t stage_bytes(unsigned level)
{
	return 1ull << (12 + 9 * (level - 1));
}

unsigned stage_denied(const struct stage *s, unsigned access)
{
	return access == IOM_READ ? stage_reason(s, 0x06, 0x86) : stage_reason(s, 0x05, 0x85);
}

unsigned stage_nothing(const struct stage *s, unsigned access)
{
	return access == IOM_READ ? stage_reason(s, 0x06, 0x79) : stage_reason(s, 0x05, 0x79);
}

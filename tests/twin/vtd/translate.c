/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What comes before all tables. */
#include "inside.h"

enum { LEGACY, SCALABLE, RESERVED, ABORT };

void pass(const struct way *y, unsigned pgtt)
{
	y->a->status = TWIN_SUCCESS;
	y->a->address = y->q->iova;
	y->a->r = y->a->w = true;
	y->a->pgtt = pgtt;
	y->a->ats_priv = y->ats && y->q->pp && y->q->priv;
	if (y->ats && !y->ats_write)
		y->a->w = false;
}

void answer_interrupts(const struct way *y)
{
	y->a->status = TWIN_SUCCESS;
	y->a->size_lg2 = 0;
	y->a->w = y->a->ats_u = y->ats_write;
}

/* A request without PASID to the interrupt address range */
static void interrupts(const struct way *y)
{
	if (y->q->kind == TWIN_WRITE && y->q->bytes == 4)
		y->a->interrupt = true;
	else if (y->zero)
		y->a->zero_length = true;
	else
		refuse(y, 0x29);
}

static bool malformed(const struct way *y)
{
	const struct twin_request *q = y->q;

	if (q->at == TWIN_TRANSLATION_REQUEST)
		return q->kind == TWIN_WRITE || q->kind == TWIN_ATOMIC;
	return q->at == TWIN_TRANSLATED && q->pp && !ecap(y, ECAP_PTRS);
}

static unsigned by_mode(struct way *y)
{
	unsigned ttm = (unsigned)bits(y->u->rtaddr, 11, 10);
	bool ssirwe = y->u->rtaddr >> 7 & 1;

	if (ttm == RESERVED || (ttm == SCALABLE && !ecap(y, ECAP_SMTS)) ||
	    (ttm == ABORT && !ecap(y, ECAP_ADMS)) || (ttm == LEGACY && ssirwe))
		return 0x30;
	if (ttm == ABORT)
		return 0x33;
	if (malformed(y)) {
		refuse_quietly(y);
		return 0;
	}
	if (ttm == LEGACY)
		return y->q->pp ? 0x31 : legacy(y);
	if (y->u->major >= 8 && y->q->pp && y->q->kind == TWIN_EXECUTE)
		return 0x34;
	y->scalable = true;
	return scalable(y);
}

struct twin_answer twin_translate(const struct twin_unit *unit, const struct twin_request *q)
{
	struct twin_answer a = { .status = TWIN_SUCCESS };
	struct way y = { .u = unit, .q = q, .a = &a };
	unsigned code;

	y.ats = q->at == TWIN_TRANSLATION_REQUEST;
	y.ats_write = y.ats && !(q->no_write && ecap(&y, ECAP_NWFS));
	y.write = !y.ats && (q->kind == TWIN_WRITE || q->kind == TWIN_ATOMIC);
	y.read = !y.ats && q->kind != TWIN_WRITE;
	y.zero = y.read && q->bytes == 0 && q->kind != TWIN_ATOMIC;

	if (q->at == TWIN_UNTRANSLATED && !q->pp && in_interrupts(q->iova)) {
		interrupts(&y);
		return a;
	}
	if (!unit->tes) {
		if (q->at == TWIN_UNTRANSLATED)
			pass(&y, 0);
		else
			refuse_quietly(&y);
		return a;
	}
	code = by_mode(&y);
	if (code)
		refuse(&y, code);
	return a;
}

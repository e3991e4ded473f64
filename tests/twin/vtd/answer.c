/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What becomes of a fault: "Fault Conditions", "Primary Fault Logging". */
#include "inside.h"

/* How a translation request ends */
enum ending {
	NONE, /* success without any permission */
	SOME, /* success with the permission that exists */
	UR,
	CA,
};

struct row {
	unsigned char first, last;
	bool qualified; /* FPD suppresses the record */
	enum ending ats;
};

static const struct row rows[] = {
	{ 0x01, 0x01, false, UR },  { 0x02, 0x02, true, UR },   { 0x03, 0x03, true, CA },
	{ 0x04, 0x04, true, NONE }, { 0x05, 0x06, true, SOME }, { 0x07, 0x07, true, CA },
	{ 0x08, 0x0a, false, CA },  { 0x0b, 0x0c, true, CA },   { 0x0d, 0x0d, true, UR },
	{ 0x0e, 0x0e, true, CA },   { 0x29, 0x29, false, UR },  { 0x30, 0x30, false, CA },
	{ 0x31, 0x34, false, UR },  { 0x38, 0x38, false, CA },  { 0x39, 0x39, false, UR },
	{ 0x3a, 0x3a, false, CA },  { 0x40, 0x40, false, CA },  { 0x41, 0x41, true, UR },
	{ 0x42, 0x43, true, CA },   { 0x44, 0x49, true, UR },   { 0x50, 0x50, false, CA },
	{ 0x51, 0x51, true, NONE }, { 0x52, 0x52, true, CA },   { 0x58, 0x58, false, CA },
	{ 0x59, 0x59, true, NONE }, { 0x5a, 0x5b, true, CA },   { 0x5c, 0x5d, true, NONE },
	{ 0x70, 0x77, true, NONE }, { 0x78, 0x78, true, CA },   { 0x79, 0x79, true, NONE },
	{ 0x7a, 0x7d, true, CA },   { 0x80, 0x81, true, NONE }, { 0x83, 0x84, true, NONE },
	{ 0x85, 0x86, true, SOME }, { 0x87, 0x87, true, CA },   { 0x89, 0x89, true, UR },
	{ 0x90, 0x91, true, NONE },
};

static const struct row *row_of(unsigned code)
{
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (code >= rows[i].first && code <= rows[i].last)
			return &rows[i];
	return &rows[0];
}

/* Type: T1 at bit 62, T2 at bit 28 of the upper half */
static uint64_t type(enum twin_kind kind)
{
	if (kind == TWIN_WRITE)
		return 0;
	return kind == TWIN_ATOMIC ? 1ull << 62 | 1ull << 28 : 1ull << 62;
}

static void record(const struct way *y, unsigned code)
{
	const struct twin_request *q = y->q;
	uint64_t high = q->sid | (uint64_t)code << 32 | 1ull << 63;

	y->a->recorded = true;
	if (code == 0x29) {
		/* an interrupt fault: what else is there is undefined, and 0 */
		y->a->record[0] = 0;
		y->a->record[1] = high;
		return;
	}
	high |= type(q->kind);
	if (ecap(y, ECAP_DT))
		high |= (uint64_t)q->at << 60;
	if (ecap(y, ECAP_PASID) && q->pp)
		high |= 1ull << 31 | (uint64_t)q->pasid << 40 | (uint64_t)q->priv << 29 |
		        (uint64_t)(q->kind == TWIN_EXECUTE) << 30;
	y->a->record[0] = q->iova & ~0xfffull;
	y->a->record[1] = high;
}

void refuse_quietly(const struct way *y)
{
	y->a->status = TWIN_UR;
	y->a->code = 0;
}

void refuse(const struct way *y, unsigned code)
{
	const struct row *row = row_of(code);
	bool answered = y->q->at == TWIN_TRANSLATION_REQUEST && row->ats <= SOME;

	y->a->code = code;
	y->a->r = y->a->w = false;
	if (answered)
		y->a->status = TWIN_SUCCESS;
	else if (y->q->at == TWIN_TRANSLATION_REQUEST && row->ats == CA)
		y->a->status = TWIN_CA;
	else
		y->a->status = TWIN_UR;
	/* what is answered is recorded in one case only */
	if (answered && code != 0x91)
		return;
	if (!(row->qualified && y->a->fpd))
		record(y, code);
}

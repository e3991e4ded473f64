/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What each fault reason makes of a request, above all of a translation request. */
#include "rig.h"

#define SID 0x0123
#define IOVA 0x12345000ull
#define FAR 0x7654321000ull

enum kind { UR, CA, NOTHING, READ_ONLY, WRITE_ONLY };

/* One row of the manual's table.  `quiet`: FPD hides the record. */
struct row {
	unsigned reason;
	enum kind kind;
	bool recorded, quiet;
};

/* The request as it is, then the same untranslated, and translated where that gets as far. */
static void judge(struct rig *r, uint16_t sid, struct iom_request q, const struct row *row,
                  bool fpd, bool translated)
{
	const unsigned perm = row->kind == READ_ONLY    ? IOM_PERM_READ
	                      : row->kind == WRITE_ONLY ? IOM_PERM_WRITE
	                                                : 0;
	bool quiet = fpd && row->quiet, only_ats = row->reason == 0x0d || row->reason == 0x44;
	struct record want = rig_record_of(sid, &q, row->reason);
	struct iom_request plain = q, moved = q;

	if (row->kind == UR || row->kind == CA) {
		rig_declines(r, sid, q, row->kind == CA ? IOM_ABORT : IOM_UNSUPPORTED, row->reason,
		             row->recorded && !quiet);
	} else {
		rig_answers(r, sid, q, perm, FAR);
		if (row->recorded && !quiet)
			rig_expect(r, &want);
		rig_expect_none(r);
	}
	plain.at = IOM_AT_UNTRANSLATED;
	plain.access = row->reason == 0x05 || row->reason == 0x85 ? IOM_WRITE : q.access;
	if (!only_ats)
		rig_declines(r, sid, plain, IOM_UNSUPPORTED, row->reason, !quiet);
	moved.at = IOM_AT_TRANSLATED;
	moved.flags = 0;
	if (translated)
		rig_declines(r, sid, moved, IOM_UNSUPPORTED, row->reason, !quiet);
}

/* ---- Legacy mode -------------------------------------------------------------------------- */

static const struct row legacy_rows[] = {
	{ 0x01, UR, true, false },     { 0x02, UR, true, true },
	{ 0x03, CA, true, true },      { 0x04, NOTHING, false, true },
	{ 0x05, READ_ONLY, false, 1 }, { 0x06, WRITE_ONLY, false, 1 },
	{ 0x07, CA, true, true },      { 0x08, CA, true, false },
	{ 0x09, CA, true, false },     { 0x0a, CA, true, false },
	{ 0x0b, CA, true, true },      { 0x0c, CA, true, true },
	{ 0x0d, UR, true, true },      { 0x0e, CA, true, true },
};

/* Which of several ways to a reason: 0x03 has three, 0x05 and 0x06 have one without any permission. */
static void legacy(const struct row *row, unsigned way, bool fpd)
{
	struct rig *r = rig_new();
	struct iom_request q = rq_ats(rq(IOVA, IOM_READ));
	uint64_t root = page(r), qw0 = CTX_P | (fpd ? FPD : 0) | TT_ALL | root, qw1 = AW(4);
	struct row is = *row;

	rig_on(r, TTM_LEGACY);
	rig_ss(r, root, 4, IOVA, 1, FAR | SS_RW);
	rig_context_put(r, SID, qw0, qw1);
	rig_answers(r, SID, q, IOM_PERM_READ | IOM_PERM_WRITE, FAR);
	switch (row->reason) {
	case 0x01:
		put64(r, r->root + 16, 0);
		break;
	case 0x02:
		qw0 &= ~CTX_P;
		break;
	case 0x03:
		if (way == 0)
			qw1 = AW(6);
		else if (way == 1)
			qw0 |= 3 << 2;
		else
			qw0 = CTX_P | (fpd ? FPD : 0) | TT_ALL | RIG_NOWHERE;
		break;
	case 0x04:
		q.iova |= 1ull << 48;
		break;
	case 0x05:
	case 0x06:
		rig_ss(r, root, 4, IOVA, 1, FAR | (way ? 0 : row->reason == 0x05 ? SS_R : SS_W));
		if (way)
			is.kind = NOTHING;
		break;
	case 0x07:
		put64(r, rig_entry(r, root, 4, IOVA, 2), RIG_NOWHERE | SS_RW);
		break;
	case 0x08:
		rig_rtaddr(r, RIG_NOWHERE);
		break;
	case 0x09:
		put64(r, r->root + 16, RIG_NOWHERE | 1);
		break;
	case 0x0a:
		put64(r, r->root + 24, 1);
		break;
	case 0x0b:
		qw0 |= 1 << 4;
		break;
	case 0x0c:
		rig_ss(r, root, 4, IOVA, 1, FAR | SS_RW | SS_IW);
		break;
	case 0x0d:
		qw0 &= ~TT_ALL;
		break;
	case 0x0e:
		rig_ss(r, root, 4, IOVA, 1, 0xfee00000 | SS_RW);
		break;
	default:
		fail();
	}
	if (row->reason != 0x01 && row->reason != 0x09)
		rig_context_put(r, SID, qw0, qw1);
	judge(r, SID, q, &is, fpd,
	      row->reason <= 0x0d && row->reason != 0x0c &&
	              (row->reason < 0x04 || row->reason > 0x07) &&
	              !(row->reason == 0x03 && way == 2));
	rig_free(r);
}

TEST(ats_answers_legacy, "VTD-ATS-05 VTD-ATS-03 VTD-FLT-16")
{
	unsigned i, way;

	for (i = 0; i < sizeof(legacy_rows) / sizeof(*legacy_rows); i++)
		for (way = 0; way < 3; way++) {
			legacy(&legacy_rows[i], way, false);
			legacy(&legacy_rows[i], way, true);
		}
}

/* ---- Scalable mode ------------------------------------------------------------------------ */

#define BY_FS 1
#define BY_SS 2
#define BY_PT 3

static const struct row scalable_rows[] = {
	{ 0x30, CA, true, false },      { 0x38, CA, true, false },
	{ 0x39, UR, true, false },      { 0x3a, CA, true, false },
	{ 0x40, CA, true, false },      { 0x41, UR, true, true },
	{ 0x42, CA, true, true },       { 0x43, CA, true, true },
	{ 0x44, UR, true, true },       { 0x45, UR, true, true },
	{ 0x46, UR, true, true },       { 0x48, UR, true, true },
	{ 0x50, CA, true, false },      { 0x51, NOTHING, false, true },
	{ 0x52, CA, true, true },       { 0x58, CA, true, false },
	{ 0x59, NOTHING, false, true }, { 0x5a, CA, true, true },
	{ 0x5b, CA, true, true },       { 0x5c, NOTHING, false, true },
	{ 0x5d, NOTHING, false, true }, { 0x70, NOTHING, false, true },
	{ 0x71, NOTHING, false, true }, { 0x72, NOTHING, false, true },
	{ 0x73, NOTHING, false, true }, { 0x78, CA, true, true },
	{ 0x79, NOTHING, false, true }, { 0x7a, CA, true, true },
	{ 0x7b, CA, true, true },       { 0x7c, CA, true, true },
	{ 0x7d, CA, true, true },       { 0x80, NOTHING, false, true },
	{ 0x81, NOTHING, false, true }, { 0x83, NOTHING, false, true },
	{ 0x84, NOTHING, false, true }, { 0x85, READ_ONLY, false, true },
	{ 0x86, WRITE_ONLY, false, 1 }, { 0x87, CA, true, true },
	{ 0x90, NOTHING, false, true }, { 0x91, NOTHING, true, true },
};

struct scalable {
	struct rig *r;
	uint64_t fs, ss, half, context, directory;
	uint64_t entry[4]; /* of the PASIDs BY_FS ... */
};

static void change(struct rig *r, uint64_t spa, uint64_t clear, uint64_t set)
{
	put64(r, spa, (ram64(r, spa) & ~clear) | set);
}

/* A table in ROM takes the place of the one with the leaf for IOVA. */
static void leaf_in_rom(struct rig *r, uint64_t root, uint64_t bits)
{
	uint64_t leaf = rig_entry(r, root, 4, IOVA, 1), rom = rom_page(r);

	put64(r, rom + (leaf & 0xfff), ram64(r, leaf));
	put64(r, rig_entry(r, root, 4, IOVA, 2), rom | bits);
}

static struct scalable scalable_new(bool fpd)
{
	struct scalable s = { .r = rig_new() };
	struct rig *r = s.r;
	unsigned i;

	s.fs = page(r);
	s.ss = page(r);
	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, DTE | PASIDE | (fpd ? FPD : 0), 0);
	rig_fs(r, s.fs, 4, IOVA, 1, FAR | FS_PRU);
	rig_ss(r, s.ss, 4, IOVA, 1, FAR | SS_RW);
	rig_pasid_put(r, SID, BY_FS, PE_P | PGTT_FS, 1 | PWSNP, s.fs);
	rig_pasid_put(r, SID, BY_SS, PE_P | PGTT_SS | PE_AW(4) | s.ss, 2 | PWSNP, 0);
	rig_pasid_put(r, SID, BY_PT, PE_P | PGTT_PASS, 1, 0);
	s.half = r->root + 16;
	s.context = rig_scontext(r, SID);
	s.directory = rig_directory(r, SID, 0);
	for (i = 1; i < 4; i++)
		s.entry[i] = rig_pasid(r, SID, i);
	return s;
}

static void scalable(const struct row *row, bool fpd)
{
	struct scalable s = scalable_new(fpd);
	struct iom_request q = rq_ats(rq_pid(IOVA, IOM_READ, row->reason >= 0x78 ? BY_SS : BY_FS));
	struct rig *r = s.r;

	if (row->reason == 0x80 || row->reason == 0x81 || row->reason >= 0x90)
		q.pasid = BY_FS;
	rig_answers(r, SID, q, IOM_PERM_READ | IOM_PERM_WRITE, FAR);
	switch (row->reason) {
	case 0x30:
		rig_rtaddr(r, r->root | 2u << 10);
		break;
	case 0x38:
		rig_rtaddr(r, RIG_NOWHERE | TTM_SCALABLE << 10);
		break;
	case 0x39:
		change(r, s.half, 1, 0);
		break;
	case 0x3a:
		change(r, s.half, 0, 2);
		break;
	case 0x40:
		put64(r, s.half, RIG_NOWHERE | 1);
		break;
	case 0x41:
		change(r, s.context, 1, 0);
		break;
	case 0x42:
		change(r, s.context, 0, 1 << 7);
		break;
	case 0x43:
		put64(r, s.context + 8, 1 << 13);
		break;
	case 0x44:
		change(r, s.context, DTE, 0);
		break;
	case 0x45:
		change(r, s.context, PASIDE, 0);
		break;
	case 0x46:
		q.pasid = 1 << 13;
		break;
	case 0x48:
		q.pasid = 0;
		break;
	case 0x50:
		change(r, s.context, ~0xfffull, RIG_NOWHERE);
		break;
	case 0x51:
		change(r, s.directory, 1, 0);
		break;
	case 0x52:
		change(r, s.directory, 0, 1 << 4);
		break;
	case 0x58:
		put64(r, s.directory, RIG_NOWHERE | 1);
		break;
	case 0x59:
		change(r, s.entry[BY_FS], PE_P, 0);
		break;
	case 0x5a:
		change(r, s.entry[BY_FS], 0, 1 << 5);
		break;
	case 0x5b:
		change(r, s.entry[BY_FS], 0, PGTT_PASS);
		break;
	case 0x5c:
		q.access = IOM_EXECUTE;
		break;
	case 0x5d:
		q.flags |= IOM_REQ_PRIVILEGED;
		break;
	case 0x70:
		put64(r, rig_entry(r, s.fs, 4, IOVA, 2), RIG_NOWHERE | FS_PRU);
		break;
	case 0x71:
		rig_fs(r, s.fs, 4, IOVA, 1, 0);
		break;
	case 0x72:
		rig_fs(r, s.fs, 4, IOVA, 1, FAR | FS_PRU | 1ull << 51);
		break;
	case 0x73:
		put64(r, s.entry[BY_FS] + 16, RIG_NOWHERE);
		break;
	case 0x78:
		put64(r, rig_entry(r, s.ss, 4, IOVA, 2), RIG_NOWHERE | SS_RW);
		break;
	case 0x79:
		rig_ss(r, s.ss, 4, IOVA, 1, FAR);
		break;
	case 0x7a:
		rig_ss(r, s.ss, 4, IOVA, 1, FAR | SS_RW | 1ull << 51);
		break;
	case 0x7b:
		change(r, s.entry[BY_SS], ~0xfffull, RIG_NOWHERE);
		break;
	case 0x7c:
		change(r, s.entry[BY_SS] + 8, PWSNP, 0);
		change(r, s.entry[BY_SS], 0, SSADE);
		break;
	case 0x7d:
		leaf_in_rom(r, s.ss, SS_RW);
		change(r, s.entry[BY_SS], 0, SSADE);
		break;
	case 0x80:
		q.iova |= 1ull << 50;
		break;
	case 0x81:
		rig_fs(r, s.fs, 4, IOVA, 1, FAR | FS_P | FS_RW);
		break;
	case 0x83:
		q.pasid = BY_PT;
		q.iova |= 1ull << RIG_HAW;
		break;
	case 0x84:
		q.iova |= 1ull << 48;
		break;
	case 0x85:
		rig_ss(r, s.ss, 4, IOVA, 1, FAR | SS_R);
		break;
	case 0x86:
		rig_ss(r, s.ss, 4, IOVA, 1, FAR | SS_W);
		break;
	case 0x87:
		rig_ss(r, s.ss, 4, IOVA, 1, 0xfee00000 | SS_RW);
		break;
	case 0x90:
		change(r, rig_entry(r, s.fs, 4, IOVA, 1), FS_A | FS_D, 0);
		change(r, s.entry[BY_FS] + 8, PWSNP, 0);
		break;
	case 0x91:
		rig_fs(r, s.fs, 4, IOVA, 1, FAR | FS_PRU);
		leaf_in_rom(r, s.fs, FS_PRU);
		break;
	default:
		fail();
	}
	judge(r, SID, q, row, fpd, row->reason < 0x45);
	rig_free(r);
}

TEST(ats_answers_scalable, "VTD-ATS-05 VTD-ATS-03 VTD-ATS-04 VTD-ATS-14 VTD-ATS-15 VTD-FLT-16")
{
	unsigned i;

	for (i = 0; i < sizeof(scalable_rows) / sizeof(*scalable_rows); i++) {
		scalable(&scalable_rows[i], false);
		scalable(&scalable_rows[i], true);
	}
}

TEST(ats_answers_by_first_stage_and_pass_through, "VTD-ATS-05")
{
	struct scalable s = scalable_new(false);
	struct iom_request fs = rq_ats(rq_pid(IOVA, IOM_READ, BY_FS));

	rig_fs(s.r, s.fs, 4, IOVA, 1, FAR | FS_P | FS_US);
	rig_answers(s.r, SID, fs, IOM_PERM_READ, FAR);
	rig_expect_none(s.r);
	rig_fs(s.r, s.fs, 4, IOVA, 1, 0xfee00000 | FS_PRU);
	rig_declines(s.r, SID, fs, IOM_ABORT, 0x87, true);
	rig_declines(s.r, SID, rq_ats(rq_pid(0xfee00000, IOM_READ, BY_PT)), IOM_ABORT, 0x87, true);
	rig_free(s.r);
}

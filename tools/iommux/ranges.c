/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What page tables map. */
#include "ranges.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/endian.h"
#include "pt/fmt/riscv.h"
#include "pt/fmt/vtd_ss.h"
#include "pt/fmt/x86_64.h"
#include "pt/walk.h"
#include "regs/riscv.h"
#include "regs/vtd.h"

/* A root of four pages is the largest table. */
#define TABLE_BYTES_MAX 16384u

struct state {
	const struct ranges_walk *w;
	struct range range; /* that is put together; bytes 0: none */
	uint64_t path[PT_LEVELS_MAX];
	unsigned tables, ranges, wrongs;
	bool ended;
	uint8_t bytes[PT_LEVELS_MAX][TABLE_BYTES_MAX];
};

/* ---- Telling ------------------------------------------------------------------------------------ */

static __attribute__((format(printf, 2, 3))) void wrong(struct state *s, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (s->wrongs++ < RANGES_WRONG_MAX)
		s->w->wrong(s->w->opaque, text);
}

static void flush(struct state *s)
{
	if (s->range.bytes)
		s->w->range(s->w->opaque, &s->range);
	s->range.bytes = 0;
}

static void stop(struct state *s, uint64_t input, const char *what, unsigned number)
{
	char text[256];

	/* It is said however much else is wrong. */
	snprintf(text, sizeof text,
	         "the walk was ended at 0x%" PRIx64 ", after %u %s; there may be more", input,
	         number, what);
	s->w->wrong(s->w->opaque, text);
	s->ended = true;
}

static void add(struct state *s, const struct range *piece)
{
	struct range *r = &s->range;

	if (r->bytes && r->input + r->bytes == piece->input &&
	    r->output + r->bytes == piece->output && r->perm == piece->perm) {
		r->bytes += piece->bytes;
		r->sizes |= piece->sizes;
		return;
	}
	flush(s);
	if (s->ranges++ == RANGES_MAX)
		stop(s, piece->input, "ranges", RANGES_MAX);
	else
		*r = *piece;
}

/* ---- Finding tables ------------------------------------------------------------------------------- */

static int load(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw)
{
	struct state *s = ctx;
	uint8_t bytes[8];

	if (s->w->read(s->w->opaque, spa, bytes, (size_t)1 << size_lg2))
		return IOM_EFAULT;
	*raw = size_lg2 == 3 ? iom_ld64(bytes, big_endian) : iom_ld32(bytes, big_endian);
	return IOM_OK;
}

/* As hardware would set the flag. */
static int pretend(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw,
                   uint64_t now)
{
	(void)ctx, (void)spa, (void)size_lg2, (void)big_endian, (void)raw, (void)now;
	return IOM_OK;
}

/* Where a table is; its pages, of a larger one, follow each other. */
static bool locate(struct state *s, uint64_t table, uint64_t *spa)
{
	static const struct pt_source source = { .load = load, .swap = pretend };
	const struct pt_want want = { .perm = PT_R, .user = true, .marks = PT_ACCESSED };
	const struct ranges_stage *below = s->w->below;
	struct pt_result found = { 0 };

	*spa = table;
	if (!below)
		return true;
	if (pt_walk(below->format, &source, &below->root, table, &want, s, &found)) {
		wrong(s,
		      "the table at 0x%" PRIx64 ", guest-physical, is not mapped by the second "
		      "stage",
		      table);
		return false;
	}
	*spa = found.address;
	return true;
}

/* ---- The walk ------------------------------------------------------------------------------------- */

static uint64_t raw_of(const struct state *s, unsigned level, unsigned i)
{
	const unsigned lg2 = s->w->stage->format->entry_lg2;
	const uint8_t *at = s->bytes[level] + ((size_t)i << lg2);
	const bool big = s->w->stage->root.big_endian;

	return lg2 == 3 ? iom_ld64(at, big) : iom_ld32(at, big);
}

static bool inside(const struct state *s, unsigned level, uint64_t spa)
{
	for (unsigned above = level; above < s->w->stage->root.levels; above++) {
		if (s->path[above] == spa)
			return true;
	}
	return false;
}

/* An input address as it is written, with its sign. */
static uint64_t signed_input(const struct pt_root *root, uint64_t input)
{
	if (root->sign_extended && input >> (root->input_bits - 1) & 1)
		return input | ~iom_low(root->input_bits);
	return input;
}

static void add_leaf(struct state *s, const struct pt_entry *e, uint64_t input, unsigned shift,
                     unsigned perm)
{
	const struct pt_root *root = &s->w->stage->root;
	/* An entry of a group answers for its own place in it. */
	const struct range piece = {
		.input = signed_input(root, input),
		.output = e->address | (input & iom_low(e->size_lg2)),
		.bytes = IOM_BIT(shift),
		.perm = perm & s->w->stage->perms,
		.sizes = IOM_BIT(e->size_lg2),
	};

	add(s, &piece);
}

static bool enter(struct state *s, unsigned level, uint64_t table, uint64_t input)
{
	const struct ranges_stage *stage = s->w->stage;
	const size_t size = (size_t)1 << (pt_index_lg2(stage->format, &stage->root, level) +
	                                  stage->format->entry_lg2);
	uint64_t spa;

	if (s->tables++ == RANGES_TABLES_MAX) {
		stop(s, signed_input(&stage->root, input), "tables", RANGES_TABLES_MAX);
		return false;
	}
	if (!locate(s, table, &spa))
		return false;
	if (inside(s, level + 1, spa)) {
		wrong(s,
		      "the table at 0x%" PRIx64 ", for 0x%" PRIx64 ", is one that leads to itself",
		      table, signed_input(&stage->root, input));
		return false;
	}
	if (s->w->read(s->w->opaque, spa, s->bytes[level], size)) {
		wrong(s, "the table at 0x%" PRIx64 ", for 0x%" PRIx64 ", cannot be read", spa,
		      signed_input(&stage->root, input));
		return false;
	}
	s->path[level] = spa;
	return true;
}

/* As deep as there are levels: PT_LEVELS_MAX at most.  NOLINTNEXTLINE(misc-no-recursion) */
static void walk_table(struct state *s, unsigned level, uint64_t table, uint64_t input,
                       unsigned above)
{
	const struct pt_format *format = s->w->stage->format;
	const struct pt_root *root = &s->w->stage->root;
	const unsigned shift = pt_shift(format, root, level);
	const unsigned count = 1u << pt_index_lg2(format, root, level);

	if (!enter(s, level, table, input))
		return;
	for (unsigned i = 0; i < count && !s->ended; i++) {
		const uint64_t raw = raw_of(s, level, i), at = input | (uint64_t)i << shift;
		const struct pt_entry e = format->decode(root, raw, level, shift);

		/* What the entries of the root could say beyond the width of the input, nobody asks. */
		if (at >> root->input_bits)
			break;
		if (e.kind == PT_LEAF)
			add_leaf(s, &e, at, shift, e.perm & above);
		else if (e.kind == PT_TABLE)
			walk_table(s, e.next, e.address, at, e.perm & above);
		else if (e.kind == PT_BAD)
			wrong(s,
			      "the entry for 0x%" PRIx64 " at 0x%" PRIx64 ", 0x%" PRIx64 ", is "
			      "malforme"
			      "d",
			      signed_input(root, at),
			      s->path[level] + ((uint64_t)i << format->entry_lg2), raw);
	}
}

void ranges_walk(const struct ranges_walk *w)
{
	struct state s = { .w = w };
	char text[64];

	walk_table(&s, w->stage->root.levels - 1u, w->stage->root.address, 0, PT_ALL);
	flush(&s);
	if (s.wrongs <= RANGES_WRONG_MAX)
		return;
	snprintf(text, sizeof text, "and %u more that are like these", s.wrongs - RANGES_WRONG_MAX);
	w->wrong(w->opaque, text);
}

/* ---- Which tables ----------------------------------------------------------------------------------- */

static void riscv_stage(const struct iom_stage *from, bool second, const struct ranges_unit *unit,
                        struct ranges_stage *stage)
{
	const uint64_t cap = unit->map->capabilities[0];

	stage->perms = PT_R | PT_W | PT_X | PT_USER;
	if (from->format == IOM_FORMAT_RISCV_SV32) {
		stage->format = &pt_rv32;
		stage->root = pt_rv32_root(from->root >> 12, second);
	} else {
		stage->format = &pt_rv64;
		stage->root =
			pt_rv64_root(from->root >> 12,
		                     RV_ATP_SV39 + (from->format - IOM_FORMAT_RISCV_SV39), second);
	}
	stage->root.features = (cap & RV_CAP_SVPBMT ? PT_RV_SVPBMT : 0) |
	                       (cap & RV_CAP_SVRSW60T59B ? PT_RV_SVRSW60T59B : 0);
	stage->root.big_endian = from->big_endian;
}

static void x86_stage(const struct iom_stage *from, const struct ranges_unit *unit,
                      const struct ranges_stage *below, struct ranges_stage *stage)
{
	const bool large = unit->map->capabilities[0] & VTD_CAP_FS1GP;

	stage->perms = PT_R | PT_W | PT_USER;
	stage->format = &pt_x86_64;
	stage->root = pt_x86_64_root(from->root, from->format == IOM_FORMAT_X86_5LEVEL ? 5 : 4,
	                             below ? below->root.input_bits : unit->address_bits,
	                             PT_X86_XD_IGNORED | (large ? PT_X86_1GP : 0));
}

static void vtd_stage(const struct iom_stage *from, const struct ranges_unit *unit,
                      struct ranges_stage *stage)
{
	const uint64_t cap = unit->map->capabilities[0], ecap = unit->map->capabilities[1];
	const unsigned levels = from->format - IOM_FORMAT_VTD_3LEVEL + 3;
	const unsigned mgaw = (unsigned)IOM_GET(VTD_CAP_MGAW, cap) + 1, agaw = 12 + 9 * levels;

	stage->perms = PT_R | PT_W;
	stage->format = &pt_vtd_ss;
	stage->root =
		pt_vtd_ss_root(from->root, levels, mgaw < agaw ? mgaw : agaw, unit->address_bits,
	                       (cap & VTD_CAP_SSLPS_2M ? PT_VTD_2MP : 0) |
	                               (cap & VTD_CAP_SSLPS_1G ? PT_VTD_1GP : 0) |
	                               (ecap & VTD_ECAP_SC ? PT_VTD_SC : 0) |
	                               (unit->ssirwe ? PT_VTD_SSIRWE : 0));
}

bool ranges_stage_make(const struct iom_stage *from, bool second, const struct ranges_unit *unit,
                       const struct ranges_stage *below, struct ranges_stage *stage)
{
	static const char *const names[] = {
		[IOM_FORMAT_RISCV_SV39] = "Sv39",     [IOM_FORMAT_RISCV_SV48] = "Sv48",
		[IOM_FORMAT_RISCV_SV57] = "Sv57",     [IOM_FORMAT_RISCV_SV32] = "Sv32",
		[IOM_FORMAT_X86_4LEVEL] = "4 levels", [IOM_FORMAT_X86_5LEVEL] = "5 levels",
		[IOM_FORMAT_VTD_3LEVEL] = "3 levels", [IOM_FORMAT_VTD_4LEVEL] = "4 levels",
		[IOM_FORMAT_VTD_5LEVEL] = "5 levels",
	};
	const bool riscv = from->format <= IOM_FORMAT_RISCV_SV32;

	if (from->format == IOM_FORMAT_NONE || from->format >= IOM_COUNT(names))
		return false;
	snprintf(stage->name, sizeof stage->name, "%s%s", names[from->format],
	         riscv && second ? "x4" : "");
	if (riscv)
		riscv_stage(from, second, unit, stage);
	else if (from->format <= IOM_FORMAT_X86_5LEVEL)
		x86_stage(from, unit, below, stage);
	else
		vtd_stage(from, unit, stage);
	return true;
}

/* ---- In words ------------------------------------------------------------------------------------- */

const char *ranges_perm(const struct ranges_stage *stage, unsigned perm, char *room)
{
	static const struct {
		unsigned perm;
		char letter;
	} letters[] = { { PT_R, 'r' }, { PT_W, 'w' }, { PT_X, 'x' }, { PT_USER, 'u' } };
	char *to = room;

	for (size_t i = 0; i < IOM_COUNT(letters); i++) {
		if (stage->perms & letters[i].perm)
			*to++ = perm & letters[i].perm ? letters[i].letter : '-';
	}
	*to = '\0';
	return room;
}

const char *ranges_sizes(uint64_t sizes, char *room, size_t size)
{
	static const char *const units[] = { "", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei" };
	size_t len = 0;

	room[0] = '\0';
	for (unsigned lg2 = 0; lg2 < 64; lg2++) {
		if (sizes & IOM_BIT(lg2) && len < size)
			len += (size_t)snprintf(room + len, size - len, "%s%u %sB", len ? ", " : "",
			                        1u << lg2 % 10, units[lg2 / 10]);
	}
	return room;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The machine as a drawing: devices above, the IOMMU, memory below, and what interrupts go to.  Without
 * a script it has the numbers of the whole trace; with one, report.js lights what a step did, found by
 * the data-at of each part.
 */
#include <inttypes.h>

#include "markup.h"
#include "report.h"

#define WIDTH 400u
#define EDGE 8u
#define DEVICE_HEIGHT 46u
#define UNIT_TOP 140u
#define UNIT_BOTTOM 240u
#define UNIT_RIGHT 290u

/* Where tables and queues stand in memory. */
static const struct {
	unsigned of, x, y;
	const char *name;
} tables[] = {
	{ IOM_OF_DEVICE, 146, 338, "devices" },    { IOM_OF_QUEUE, 266, 338, "queues" },
	{ IOM_OF_PROCESS, 146, 374, "processes" }, { IOM_OF_MSI, 266, 374, "interrupts" },
	{ IOM_OF_STAGE1, 146, 410, "stage 1" },    { IOM_OF_STAGE2, 266, 410, "stage 2" },
};

static const char *short_text(uint64_t count, char *room, size_t size)
{
	static const char units[] = " kMGT";
	double shown = (double)count;
	unsigned u = 0;

	for (; shown >= 9999.5 && u < 4; u++)
		shown /= 1000;
	if (u)
		snprintf(room, size, "%.3g%c", shown, units[u]);
	else
		snprintf(room, size, "%" PRIu64, count);
	return room;
}

unsigned report_boxes(const struct report_unit *u)
{
	const size_t used = u->stats->requesters.used;

	return used < REPORT_BOXES ? (unsigned)used : REPORT_BOXES;
}

/* A rounded box; `at` names it for the script. */
static void box(const char *class, const char *at, unsigned x, unsigned y, unsigned w, unsigned h,
                FILE *to)
{
	fprintf(to,
	        "<rect class=\"%s\" data-at=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" "
	        "rx=\"5\"/>\n",
	        class, at, x, y, w, h);
}

static void text(const char *class, const char *at, unsigned x, unsigned y, const char *words,
                 FILE *to)
{
	fprintf(to, "<text class=\"%s\" data-at=\"%s\" x=\"%u\" y=\"%u\">", class, at, x, y);
	markup_text(words, to);
	fputs("</text>\n", to);
}

/* A number of the whole trace, in a place where a step may put its own. */
static void number(const char *class, const char *at, unsigned x, unsigned y, uint64_t count,
                   const char *what, FILE *to)
{
	char room[32], words[64];

	snprintf(words, sizeof words, "%s%s", short_text(count, room, sizeof room), what);
	text(class, at, x, y, words, to);
}

static void arrow(const char *at, const char *d, const char *ends, FILE *to)
{
	fprintf(to, "<path class=\"arrow\" data-at=\"%s\" d=\"%s\"%s/>\n", at, d, ends);
}

#define TO " marker-end=\"url(#head)\""
#define BOTH " marker-start=\"url(#head)\" marker-end=\"url(#head)\""

static void put_device(const struct report_unit *u, unsigned i, FILE *to)
{
	const struct tally *t = &u->stats->requesters;
	const unsigned n = report_boxes(u);
	const unsigned w = n == 1 ? 130 : (WIDTH - 2 * EDGE - 8 * (n - 1)) / n;
	const unsigned x = n == 1 ? 84 : EDGE + i * (w + 8), middle = x + w / 2;
	const unsigned into = n == 1 ? middle : 40 + i * (UNIT_RIGHT - 90) / (n - 1);
	const bool others = i == REPORT_BOXES - 1 && t->used > REPORT_BOXES;
	char name[32], at[32], path[96];
	uint64_t asked = 0;

	if (others)
		snprintf(name, sizeof name, "%zu others", t->used - REPORT_BOXES + 1);
	else
		snprintf(name, sizeof name, "0x%" PRIx64, t->rows[i].key);
	for (size_t r = i; r < (others ? t->used : i + 1u); r++)
		asked += t->rows[r].count[COUNT_REQUESTS];
	snprintf(at, sizeof at, "device %u", i);
	box("box", at, x, EDGE, w, DEVICE_HEIGHT, to);
	text(others ? "name mid" : "name mid m", "", middle, EDGE + 20, name, to);
	number("count mid", at, middle, EDGE + 37, asked, " asked", to);
	snprintf(path, sizeof path, "M%u %u C%u %u %u %u %u %u", middle, EDGE + DEVICE_HEIGHT + 3,
	         middle, 100u, into, 94u, into, UNIT_TOP - 4);
	snprintf(at, sizeof at, "ask %u", i);
	arrow(at, path, TO, to);
	snprintf(path, sizeof path, "M%u %u C%u %u %u %u %u %u", into + 14, UNIT_TOP - 2, into + 14,
	         94u, middle + 14, 100u, middle + 14, EDGE + DEVICE_HEIGHT + 5);
	snprintf(at, sizeof at, "tell %u", i);
	arrow(at, path, TO, to);
	/* Where a refused request ends. */
	fprintf(to, "<path class=\"cross\" data-at=\"stop %u\" d=\"M%u %ul14 14m0 -14l-14 14\"/>\n",
	        i, into - 7, UNIT_TOP - 17);
}

static void put_unit(const struct report_unit *u, FILE *to)
{
	const struct replay_stats *s = u->stats;
	uint64_t loads = 0;

	for (unsigned of = IOM_OF_DEVICE; of <= IOM_OF_MSI; of++)
		loads += s->loads[of];
	box("box unit", "unit", EDGE, UNIT_TOP, UNIT_RIGHT - EDGE, UNIT_BOTTOM - UNIT_TOP, to);
	text("name", "", 22, UNIT_TOP + 24, "IOMMU", to);
	number("count end bad", "refused", UNIT_RIGHT - 14, UNIT_TOP + 24, s->refused, " refused",
	       to);
	box("box", "caches", 22, UNIT_TOP + 36, 124, 52, to);
	text("name", "", 34, UNIT_TOP + 57, "caches", to);
	number("count", "caches", 34, UNIT_TOP + 76, s->cached, " answered", to);
	box("box", "walks", 158, UNIT_TOP + 36, 124, 52, to);
	text("name", "", 170, UNIT_TOP + 57, "walks", to);
	number("count", "walks", 170, UNIT_TOP + 76, loads, " loads", to);
	box("box", "interrupts", 316, UNIT_TOP, 76, UNIT_BOTTOM - UNIT_TOP, to);
	text("name mid", "", 354, UNIT_TOP + 38, "CPUs", to);
	number("count mid", "interrupts", 354, UNIT_TOP + 60,
	       s->called[IOM_CALLED_MSI] + s->called[IOM_CALLED_WIRE], "", to);
	text("count mid", "", 354, UNIT_TOP + 76, "interrupts", to);
	arrow("interrupt", "M293 190H311", TO, to);
}

static void put_memory(const struct report_unit *u, FILE *to)
{
	uint64_t commands = 0;
	char at[32];

	box("box unit", "memory", EDGE, 304, WIDTH - 2 * EDGE, 150, to);
	text("name", "", 22, 327, "memory", to);
	text("count", "", 146, 327, "tables and queues", to);
	box("box", "data", 22, 338, 112, 104, to);
	text("name", "", 34, 362, "data", to);
	text("count", "", 34, 382, "of devices", to);
	for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		const unsigned of = tables[i].of;

		snprintf(at, sizeof at, "table %u", of);
		box("box", at, tables[i].x, tables[i].y, 114, 32, to);
		text("label", "", tables[i].x + 8, tables[i].y + 21, tables[i].name, to);
		number("count end", at, tables[i].x + 107, tables[i].y + 21,
		       u->stats->loads[of] + u->stats->stores[of], "", to);
	}
	arrow("grant", "M112 243V332", TO, to);
	number("count", "grant", 122, 281, u->stats->granted, " granted", to);
	arrow("walk", "M220 245V298", BOTH, to);
	arrow("command", "M270 300V246", TO, to);
	for (size_t i = 0; i < u->stats->commands.used; i++)
		commands += u->stats->commands.rows[i].count[COUNT_REQUESTS];
	number("count", "command", 280, 276, commands, " commands", to);
}

void report_machine(const struct report_unit *u, FILE *to)
{
	fputs("<svg class=\"machine\" viewBox=\"0 0 400 462\" role=\"img\" aria-label=\"The "
	      "machine: "
	      "devices, the IOMMU, memory, and CPUs that get interrupts\">\n",
	      to);
	for (unsigned i = 0; i < report_boxes(u); i++)
		put_device(u, i, to);
	put_unit(u, to);
	put_memory(u, to);
	fputs("</svg>\n", to);
}

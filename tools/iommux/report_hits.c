/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Hit rate against working set: of so many requests in a row, how many were answered without reading a
 * table, and how many pages they touched.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "report.h"

#define LEAST 8u /* requests in a window; of fewer a share says little */

static int by_requester(const void *a, const void *b)
{
	const struct map_access *x = a, *y = b;

	return x->requester < y->requester ? -1 : x->requester > y->requester;
}

/* Pages that these accesses touched; the same address of another device is another page. */
static uint64_t pages_of(struct map_access *access, struct map_region *room, size_t count)
{
	uint64_t pages = 0;

	qsort(access, count, sizeof *access, by_requester);
	for (size_t i = 0; i < count;) {
		size_t n = 0;

		for (const uint32_t who = access[i].requester;
		     i < count && access[i].requester == who; i++)
			room[n++] = (struct map_region){ access[i].first, access[i].last, 0, 0 };
		n = map_unite(room, n);
		while (n--)
			pages += room[n].last - room[n].first + 1;
	}
	return pages;
}

bool hits_find(struct report_hits *h, const struct replay_map *m)
{
	struct map_access *access;
	struct map_region *room;

	*h = (struct report_hits){ .each = LEAST };
	while (m->count / h->each > REPORT_WINDOWS_MAX)
		h->each *= 2;
	access = malloc(h->each * sizeof *access);
	room = malloc(h->each * sizeof *room);
	for (size_t at = 0; access && room && at + h->each <= m->count; at += h->each) {
		struct report_window *w = &h->window[h->count];

		if (h->count == REPORT_WINDOWS_MAX)
			break;
		*w = (struct report_window){ .first = m->accesses[at].at, .requests = h->each };
		for (size_t i = 0; i < h->each; i++) {
			access[i] = m->accesses[at + i];
			w->cached += access[i].cached;
		}
		w->pages = pages_of(access, room, h->each);
		h->count++;
	}
	free(room);
	free(access);
	return access && room;
}

/* ---- The picture ----------------------------------------------------------------------------------- */

#define LEFT 46
#define RIGHT 386
#define TOP 30
#define BOTTOM 230

static double x_of(uint64_t pages, unsigned last_lg2)
{
	return LEFT + (RIGHT - LEFT) * log2((double)pages) / last_lg2;
}

static double y_of(double share)
{
	return BOTTOM - (BOTTOM - TOP) * share / 100;
}

/* The power of two that no window goes beyond. */
static unsigned width_lg2(const struct report_hits *h)
{
	unsigned lg2 = 1;

	for (size_t i = 0; i < h->count; i++)
		while (lg2 < 52 && h->window[i].pages > UINT64_C(1) << lg2)
			lg2++;
	return lg2;
}

static void put_grid(unsigned lg2, FILE *to)
{
	const unsigned step = lg2 > 18 ? 4 : lg2 > 9 ? 2 : 1;

	for (unsigned share = 0; share <= 100; share += 25)
		fprintf(to,
		        "<line class=\"g\" x1=\"%d\" x2=\"%d\" y1=\"%.0f\" y2=\"%.0f\"/>"
		        "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">%u %%</text>\n",
		        LEFT, RIGHT, y_of(share), y_of(share), LEFT - 6, y_of(share) + 4, share);
	for (unsigned n = 0; n <= lg2; n += step)
		fprintf(to, "<text x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">%" PRIu64 "</text>\n",
		        x_of(UINT64_C(1) << n, lg2), BOTTOM + 18, UINT64_C(1) << n);
	fprintf(to,
	        "<text class=\"d\" x=\"%d\" y=\"%d\" text-anchor=\"end\">pages touched</text>"
	        "<text class=\"d\" x=\"%d\" y=\"%d\">answered without reading a table</text>\n",
	        RIGHT, BOTTOM + 36, LEFT, TOP - 14);
}

void report_hits(const struct report_unit *u, FILE *to)
{
	const struct report_hits *h = &u->hits;
	const unsigned lg2 = width_lg2(h);

	if (!h->count) {
		fprintf(to, "<p>There were fewer than %u requests: too few for a share.</p>\n",
		        LEAST);
		return;
	}
	fprintf(to,
	        "<p>Each dot is %" PRIu64 " requests in a row: to the right, how many different "
	        "pages they touched; upwards, how many of them were answered without reading a "
	        "table. Dots that fall towards the right tell of more pages than the caches hold, "
	        "or of "
	        "pages that are mapped anew each time.</p>\n"
	        "<svg class=\"chart\" viewBox=\"0 0 400 272\" role=\"img\" "
	        "aria-label=\"Hit rate against pages touched, %zu windows\">\n",
	        h->each, h->count);
	put_grid(lg2, to);
	for (size_t i = 0; i < h->count; i++) {
		const struct report_window *w = &h->window[i];
		const double share = share_of(w->cached, w->requests);

		fprintf(to,
		        "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>from event "
		        "%" PRIu64 ": %" PRIu64 " pages, %.1f %%</title></circle>\n",
		        x_of(w->pages, lg2), y_of(share), w->first.event, w->pages, share);
	}
	fputs("</svg>\n", to);
}

void report_windows(const struct report_unit *u, FILE *to)
{
	const struct report_hits *h = &u->hits;

	if (!h->count)
		return;
	fputs("<details><summary>The same as a table</summary><div class=\"scroll\" tabindex=\"0\">"
	      "<table class=\"windows\"><thead><tr><th scope=\"col\">From event</th><th "
	      "scope=\"col\" "
	      "class=\"n\">Pages</th><th scope=\"col\" "
	      "class=\"n\">Cached</th></tr></thead><tbody>\n",
	      to);
	for (size_t i = 0; i < h->count; i++)
		fprintf(to,
		        "<tr><td>%" PRIu64 "</td><td class=\"n\">%" PRIu64 "</td><td "
		        "class=\"n\">%.1f "
		        "%%</td></tr>\n",
		        h->window[i].first.event, h->window[i].pages,
		        share_of(h->window[i].cached, h->window[i].requests));
	fputs("</tbody></table></div></details>\n", to);
}

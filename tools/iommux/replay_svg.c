/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A picture of a trace: which addresses its devices used, and when.  Addresses that nobody used are left
 * out; what is used stands in regions, each as high as the square root of its pages.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

#define PAGE_LG2 12
#define REGIONS_MAX 48
#define COLOURS 8u /* the last one is for all devices but the busiest */

/* In pixels; a cell is the smallest thing that is drawn. */
#define CELL 2u
#define COLUMNS 440u
#define ROWS 280u
#define LEFT 150u
#define RIGHT (LEFT + COLUMNS * CELL)
#define TOP 60u
#define GAP_ROWS 3u

struct replay_access {
	uint64_t at;          /* event or time */
	uint64_t first, last; /* pages         */
	uint32_t requester;
	bool refused;
};

struct region {
	uint64_t first, last; /* pages               */
	unsigned row, rows;   /* counted from the top */
};

struct picture {
	const struct replay_svg *svg;
	struct region region[REGIONS_MAX];
	unsigned regions;
	uint32_t colour_of[COLOURS - 1];
	unsigned colours;
	/* Bit n: colour n; the top bit: refused. */
	uint16_t cells[ROWS][COLUMNS];
	bool commands[COLUMNS];
};

#define REFUSED 0x8000u

/* ---- Gathering ------------------------------------------------------------------------------------ */

/* Room for one more; false: there is none. */
static bool reserve(void **array, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 1024;
	void *grown;

	if (count < *room)
		return true;
	grown = realloc(*array, more * size);
	if (!grown)
		return false;
	*array = grown;
	*room = more;
	return true;
}

static void add_access(struct replay_svg *s, const struct trace_event *e)
{
	const uint64_t more = e->request.bytes ? e->request.bytes - 1 : 0;
	const uint64_t room = UINT64_MAX - e->request.iova;
	void *array = s->accesses;

	if (!reserve(&array, s->count, &s->room, sizeof *s->accesses)) {
		s->short_of_memory = true;
		return;
	}
	s->accesses = array;
	s->accesses[s->count++] = (struct replay_access){
		.at = s->by_time ? e->time_ns : e->number,
		.first = e->request.iova >> PAGE_LG2,
		.last = (e->request.iova + (more < room ? more : room)) >> PAGE_LG2,
		.requester = e->requester,
		.refused = e->result || e->reply.status != IOM_DONE,
	};
}

static void add_command(struct replay_svg *s, uint64_t at)
{
	void *array = s->commands;

	/* As many as there are columns would do, if one knew where these are. */
	if (s->command_count && s->commands[s->command_count - 1] == at)
		return;
	if (!reserve(&array, s->command_count, &s->command_room, sizeof *s->commands)) {
		s->short_of_memory = true;
		return;
	}
	s->commands = array;
	s->commands[s->command_count++] = at;
}

void svg_event(struct replay_svg *s, const struct trace_event *e)
{
	const uint64_t at = s->by_time ? e->time_ns : e->number;

	if (!s->started)
		s->first = at;
	s->started = true;
	s->last = at > s->last ? at : s->last;
	if (e->kind == TRACE_ACCESS)
		add_access(s, e);
	else if (e->kind == TRACE_COMMAND)
		add_command(s, at);
}

void svg_free(struct replay_svg *s)
{
	free(s->accesses);
	free(s->commands);
	*s = (struct replay_svg){ 0 };
}

/* ---- Regions -------------------------------------------------------------------------------------- */

static int by_page(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* What overlaps or follows becomes one: how many are left. */
static size_t unite(struct region *r, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (left && r[i].first <= r[left - 1].last + 1) {
			if (r[i].last > r[left - 1].last)
				r[left - 1].last = r[i].last;
		} else {
			r[left++] = r[i];
		}
	}
	return left;
}

/* Those with the smallest gaps between them become one until few enough are left. */
static size_t unite_near(struct region *r, size_t n, size_t most)
{
	uint64_t *gaps, limit;
	size_t left = 1;

	if (n <= most)
		return n;
	gaps = malloc((n - 1) * sizeof *gaps);
	if (!gaps)
		return 0;
	for (size_t i = 1; i < n; i++)
		gaps[i - 1] = r[i].first - r[i - 1].last;
	qsort(gaps, n - 1, sizeof *gaps, by_size);
	limit = gaps[n - most];
	free(gaps);
	for (size_t i = 1; i < n; i++) {
		if (left < most && r[i].first - r[left - 1].last >= limit)
			r[left++] = r[i];
		else
			r[left - 1].last = r[i].last;
	}
	return left;
}

static double weight(const struct region *r)
{
	return sqrt((double)(r->last - r->first) + 1);
}

/* Gives each region its rows, the lowest addresses at the bottom. */
static void place(struct picture *p)
{
	const unsigned gaps = p->regions > 1 ? (p->regions - 1) * GAP_ROWS : 0;
	const unsigned least = 2, free_rows = ROWS - gaps - least * p->regions;
	double all = 0;
	unsigned row = ROWS;

	for (unsigned i = 0; i < p->regions; i++)
		all += weight(&p->region[i]);
	for (unsigned i = 0; i < p->regions; i++) {
		struct region *r = &p->region[i];

		r->rows = least + (unsigned)(free_rows * weight(r) / all);
		row -= r->rows;
		r->row = row;
		row -= i + 1 < p->regions ? GAP_ROWS : 0;
	}
}

static bool find_regions(struct picture *p)
{
	const struct replay_svg *s = p->svg;
	struct region *all = calloc(s->count ? s->count : 1, sizeof *all);
	size_t n = s->count;

	if (!all)
		return false;
	for (size_t i = 0; i < n; i++)
		all[i] = (struct region){ s->accesses[i].first, s->accesses[i].last, 0, 0 };
	qsort(all, n, sizeof *all, by_page);
	n = unite(all, n);
	n = unite_near(all, n, REGIONS_MAX);
	memcpy(p->region, all, n * sizeof *all);
	p->regions = (unsigned)n;
	free(all);
	place(p);
	return n || !s->count;
}

/* ---- Cells ---------------------------------------------------------------------------------------- */

static unsigned column_of(const struct replay_svg *s, uint64_t at)
{
	const double width = (double)(s->last - s->first) + 1;
	const double along = (double)(at - s->first) / width;

	return along < 1 ? (unsigned)(along * COLUMNS) : COLUMNS - 1;
}

/* So many of the region's rows are below this page. */
static unsigned rows_below(const struct region *r, uint64_t page)
{
	const double height = (double)(r->last - r->first) + 1;
	const double share = (double)(page - r->first) / height;

	return share < 1 ? (unsigned)(share * r->rows) : r->rows;
}

static void draw_access(struct picture *p, const struct replay_access *a)
{
	const unsigned column = column_of(p->svg, a->at);
	const struct region *r = p->region;
	unsigned colour = 0, low, high;

	while (r->last < a->first)
		r++;
	while (colour < p->colours && p->colour_of[colour] != a->requester)
		colour++;
	low = rows_below(r, a->first);
	low = low < r->rows ? low : r->rows - 1;
	high = rows_below(r, a->last + 1);
	high = high > low ? high : low + 1;
	for (unsigned row = low; row < high; row++)
		p->cells[r->row + r->rows - 1 - row][column] |= (uint16_t)(1u << colour);
	if (a->refused)
		p->cells[r->row + r->rows - 1 - (low + high) / 2][column] |= REFUSED;
}

static void draw(struct picture *p, const struct tally *requesters)
{
	const struct replay_svg *s = p->svg;

	while (p->colours < COLOURS - 1 && p->colours < requesters->used) {
		p->colour_of[p->colours] = (uint32_t)requesters->rows[p->colours].key;
		p->colours++;
	}
	for (size_t i = 0; i < s->count; i++)
		draw_access(p, &s->accesses[i]);
	for (size_t i = 0; i < s->command_count; i++)
		p->commands[column_of(s, s->commands[i])] = true;
}

/* ---- The file ------------------------------------------------------------------------------------- */

static const char style[] = "<style>\n"
			    "svg{color:#222;font:11px system-ui,sans-serif}\n"
			    ".p{fill:#fff}text{fill:currentColor}.m{font-family:ui-monospace,"
			    "monospace}.d{opacity:.65}\n"
			    ".b{fill:currentColor;opacity:.05}.g{stroke:currentColor;opacity:.15}\n"
			    "path{stroke-width:2;fill:none}\n"
			    ".c0{stroke:#0072b2;fill:#0072b2}.c1{stroke:#e69f00;fill:#e69f00}"
			    ".c2{stroke:#009e73;fill:#009e73}.c3{stroke:#cc79a7;fill:#cc79a7}\n"
			    ".c4{stroke:#56b4e9;fill:#56b4e9}.c5{stroke:#8c6d31;fill:#8c6d31}"
			    ".c6{stroke:#6a51a3;fill:#6a51a3}.c7{stroke:#888;fill:#888}\n"
			    ".r{stroke:#d00;fill:none;stroke-width:1.2}.k{stroke:currentColor;"
			    "opacity:.6}\n"
			    "@media(prefers-color-scheme:dark){svg{color:#ddd}.p{fill:#16181c}"
			    ".c0{stroke:#4aa8e0;fill:#4aa8e0}.c3{stroke:#e59cc4;fill:#e59cc4}"
			    ".c5{stroke:#c9a45c;fill:#c9a45c}.c6{stroke:#a894dc;fill:#a894dc}.r{"
			    "stroke:#ff5a52}}\n"
			    "</style>\n";

static void put_escaped(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text == '&' || *text == '<' || *text == '>' || *text == '"')
			fprintf(to, "&#%d;", *text);
		else
			fputc(*text >= ' ' && *text <= '~' ? *text : '?', to);
	}
}

/* Cells of one colour as strokes along the rows. */
static void put_colour(const struct picture *p, unsigned colour, FILE *to)
{
	const uint16_t bit = (uint16_t)(1u << colour);
	bool any = false;

	for (unsigned row = 0; row < ROWS; row++) {
		for (unsigned c = 0; c < COLUMNS;) {
			unsigned end = c;

			while (end < COLUMNS && p->cells[row][end] & bit)
				end++;
			if (end > c) {
				if (!any)
					fprintf(to, "<path class=\"c%u\" d=\"", colour);
				any = true;
				fprintf(to, "M%u %uh%u", LEFT + c * CELL,
				        TOP + row * CELL + CELL / 2, (end - c) * CELL);
			}
			c = end + 1;
		}
	}
	if (any)
		fputs("\"/>\n", to);
}

static void put_refused(const struct picture *p, FILE *to)
{
	fputs("<path class=\"r\" d=\"", to);
	for (unsigned row = 0; row < ROWS; row++)
		for (unsigned c = 0; c < COLUMNS; c++)
			if (p->cells[row][c] & REFUSED)
				fprintf(to, "M%u %ul6 6m0 -6l-6 6", LEFT + c * CELL - 2,
				        TOP + row * CELL - 2);
	fputs("\"/>\n", to);
}

static void put_regions(const struct picture *p, FILE *to)
{
	unsigned label = ROWS * CELL + TOP + 20; /* of the last one that was written */

	for (unsigned i = 0; i < p->regions; i++) {
		const struct region *r = &p->region[i];
		const unsigned y = TOP + r->row * CELL, h = r->rows * CELL;

		fprintf(to,
		        "<rect class=\"b\" x=\"%u\" y=\"%u\" width=\"%u\" "
		        "height=\"%u\"><title>0x%" PRIx64 " to 0x%" PRIx64 "</title></rect>\n",
		        LEFT, y, COLUMNS * CELL, h, r->first << PAGE_LG2,
		        (r->last << PAGE_LG2) | 0xfff);
		if (y + h + 11 > label)
			continue;
		label = y + h;
		fprintf(to,
		        "<text class=\"m\" x=\"%u\" y=\"%u\" text-anchor=\"end\">0x%" PRIx64 "</"
		        "text>"
		        "\n",
		        LEFT - 6, label, r->first << PAGE_LG2);
	}
}

static void put_legend(const struct picture *p, const struct tally *requesters, FILE *to)
{
	unsigned x = LEFT;

	for (unsigned i = 0; i < p->colours; i++) {
		fprintf(to,
		        "<rect class=\"c%u\" x=\"%u\" y=\"36\" width=\"10\" height=\"8\"/>"
		        "<text x=\"%u\" y=\"44\">0x%x</text>\n",
		        i, x, x + 14, p->colour_of[i]);
		x += 90;
	}
	if (requesters->used > p->colours)
		fprintf(to,
		        "<rect class=\"c%u\" x=\"%u\" y=\"36\" width=\"10\" height=\"8\"/>"
		        "<text x=\"%u\" y=\"44\">%zu others</text>\n",
		        COLOURS - 1, x, x + 14, requesters->used - p->colours);
	fprintf(to,
	        "<path class=\"r\" d=\"M%u 37l6 6m0 -6l-6 6\"/><text x=\"%u\" y=\"44\" "
	        "text-anchor=\"end\">refused</text>\n",
	        RIGHT - 6, RIGHT - 12);
}

/* 1, 2 or 5 with zeroes behind it, so that there are at most ten. */
static uint64_t tick(uint64_t span)
{
	uint64_t step = 1;

	for (unsigned i = 0; span / step > 9; i++)
		step = i % 3 == 1 ? step / 2 * 5 : step * 2;
	return step;
}

static void put_axis(const struct picture *p, FILE *to)
{
	const struct replay_svg *s = p->svg;
	const unsigned bottom = TOP + ROWS * CELL;
	const uint64_t step = tick(s->last - s->first);

	fputs("<path class=\"k\" d=\"", to);
	for (unsigned c = 0; c < COLUMNS; c++)
		if (p->commands[c])
			fprintf(to, "M%u %uv8", LEFT + c * CELL + CELL / 2, bottom + 6);
	fprintf(to, "\"/>\n<text x=\"%u\" y=\"%u\" text-anchor=\"end\">commands</text>\n", LEFT - 6,
	        bottom + 14);
	for (uint64_t n = (s->first + (step - 1)) / step; n <= s->last / step; n++) {
		const uint64_t at = n * step;
		const unsigned x = LEFT + column_of(s, at) * CELL;

		fprintf(to,
		        "<line class=\"g\" x1=\"%u\" x2=\"%u\" y1=\"%u\" y2=\"%u\"/><text x=\"%u\" "
		        "y=\"%u\" text-anchor=\"middle\">",
		        x, x, TOP, bottom + 16, x, bottom + 30);
		fprintf(to, s->by_time ? "%.9g s</text>\n" : "%.15g</text>\n",
		        s->by_time ? (double)at / 1e9 : (double)at);
	}
	fprintf(to, "<text class=\"d\" x=\"%u\" y=\"%u\" text-anchor=\"end\">%s</text>\n", RIGHT,
	        bottom + 44, s->by_time ? "time" : "event");
}

bool svg_print(const struct replay_svg *s, const struct replay_view *v,
               const struct tally *requesters, FILE *to)
{
	struct picture *p = calloc(1, sizeof *p);

	if (!p)
		return false;
	p->svg = s;
	if (!find_regions(p)) {
		free(p);
		return false;
	}
	draw(p, requesters);
	fprintf(to,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" role=\"img\">\n"
	        "<title>Addresses that devices used</title>\n",
	        RIGHT + 30, TOP + ROWS * CELL + 52);
	fprintf(to, "%s<rect class=\"p\" width=\"100%%\" height=\"100%%\"/>\n", style);
	fprintf(to, "<text x=\"%u\" y=\"22\" font-size=\"14\">", LEFT);
	put_escaped(v->header->note[0] ? v->header->note : v->path, to);
	fprintf(to, " (%s): addresses that devices used, lowest at the bottom</text>\n",
	        v->header->arch);
	put_regions(p, to);
	put_axis(p, to);
	for (unsigned c = COLOURS; c--;)
		put_colour(p, c, to);
	put_refused(p, to);
	put_legend(p, requesters, to);
	fputs("</svg>\n", to);
	free(p);
	return true;
}

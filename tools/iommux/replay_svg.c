/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A picture of a trace: which addresses its devices used, and when. */
#include <inttypes.h>
#include <stdlib.h>

#include "markup.h"
#include "replay.h"

/* In pixels; a cell is the smallest thing that is drawn. */
#define CELL 2u
#define COLUMNS MAP_COLUMNS
#define ROWS MAP_ROWS
#define LEFT 150u
#define RIGHT (LEFT + COLUMNS * CELL)
#define TOP 60u

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
			    ".c0{stroke:#3d8bd4;fill:#3d8bd4}.c4{stroke:#9fdcff;fill:#9fdcff}.c3{"
			    "stroke:#e59cc4;fill:#e59cc4}"
			    ".c5{stroke:#c9a45c;fill:#c9a45c}.c6{stroke:#a894dc;fill:#a894dc}.r{"
			    "stroke:#ff5a52}}\n"
			    "</style>\n";

/* Cells of one colour as strokes along the rows. */
static void put_colour(const struct map_picture *p, unsigned colour, FILE *to)
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

static void put_refused(const struct map_picture *p, FILE *to)
{
	fputs("<path class=\"r\" d=\"", to);
	for (unsigned row = 0; row < ROWS; row++)
		for (unsigned c = 0; c < COLUMNS; c++)
			if (p->cells[row][c] & MAP_REFUSED)
				fprintf(to, "M%u %ul6 6m0 -6l-6 6", LEFT + c * CELL - 2,
				        TOP + row * CELL - 2);
	fputs("\"/>\n", to);
}

static void put_regions(const struct map_picture *p, FILE *to)
{
	unsigned label = ROWS * CELL + TOP + 20; /* of the last one that was written */

	for (unsigned i = 0; i < p->regions; i++) {
		const struct map_region *r = &p->region[i];
		const unsigned y = TOP + r->row * CELL, h = r->rows * CELL;

		fprintf(to,
		        "<rect class=\"b\" x=\"%u\" y=\"%u\" width=\"%u\" "
		        "height=\"%u\"><title>0x%" PRIx64 " to 0x%" PRIx64 "</title></rect>\n",
		        LEFT, y, COLUMNS * CELL, h, r->first << MAP_PAGE_LG2,
		        (r->last << MAP_PAGE_LG2) | 0xfff);
		if (y + h + 11 > label)
			continue;
		label = y + h;
		fprintf(to,
		        "<text class=\"m\" x=\"%u\" y=\"%u\" text-anchor=\"end\">0x%" PRIx64 "</"
		        "text>"
		        "\n",
		        LEFT - 6, label, r->first << MAP_PAGE_LG2);
	}
}

static void put_legend(const struct map_picture *p, const struct tally *requesters, FILE *to)
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
		        "<text x=\"%u\" y=\"44\">%zu other%s</text>\n",
		        MAP_COLOURS - 1, x, x + 14, requesters->used - p->colours,
		        requesters->used - p->colours == 1 ? "" : "s");
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

static void put_axis(const struct map_picture *p, FILE *to)
{
	const unsigned bottom = TOP + ROWS * CELL;
	const uint64_t step = tick(p->last - p->first);

	fprintf(to,
	        "<path class=\"k\" data-by=\"%s\" data-first=\"%" PRIu64 "\" data-last=\"%" PRIu64
	        "\" data-left=\"%u\" data-width=\"%u\" data-top=\"%u\" data-bottom=\"%u\" d=\"",
	        p->by_time ? "ns" : "event", p->first, p->last, LEFT, COLUMNS * CELL, TOP, bottom);
	for (unsigned c = 0; c < COLUMNS; c++)
		if (p->commands[c])
			fprintf(to, "M%u %uv8", LEFT + c * CELL + CELL / 2, bottom + 10);
	fprintf(to, "\"/>\n<text x=\"%u\" y=\"%u\" text-anchor=\"end\">commands</text>\n", LEFT - 6,
	        bottom + 18);
	for (uint64_t n = (p->first + (step - 1)) / step; n <= p->last / step; n++) {
		const uint64_t at = n * step;
		const unsigned x = LEFT + map_column(p, at) * CELL;

		fprintf(to,
		        "<line class=\"g\" x1=\"%u\" x2=\"%u\" y1=\"%u\" y2=\"%u\"/><text x=\"%u\" "
		        "y=\"%u\" text-anchor=\"middle\">",
		        x, x, TOP, bottom + 20, x, bottom + 34);
		fprintf(to, p->by_time ? "%.9g s</text>\n" : "%.15g</text>\n",
		        p->by_time ? (double)at / 1e9 : (double)at);
	}
	fprintf(to, "<text class=\"d\" x=\"%u\" y=\"%u\" text-anchor=\"end\">%s</text>\n", RIGHT,
	        bottom + 48, p->by_time ? "time" : "event");
}

void svg_picture(const struct map_picture *p, const struct tally *requesters, FILE *to)
{
	put_regions(p, to);
	put_axis(p, to);
	for (unsigned c = MAP_COLOURS; c--;)
		put_colour(p, c, to);
	put_refused(p, to);
	put_legend(p, requesters, to);
}

bool svg_print(const struct replay_map *map, bool by_time, const struct replay_view *v,
               const struct tally *requesters, FILE *to)
{
	struct map_picture *p = malloc(sizeof *p);

	if (!p || !map_draw(p, map, by_time, requesters)) {
		free(p);
		return false;
	}
	fprintf(to,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" role=\"img\">\n"
	        "<title>Addresses that devices used</title>\n",
	        SVG_WIDTH, SVG_HEIGHT);
	fprintf(to, "%s<rect class=\"p\" width=\"100%%\" height=\"100%%\"/>\n", style);
	fprintf(to, "<text x=\"%u\" y=\"22\" font-size=\"14\">", LEFT);
	markup_text(v->header->note[0] ? v->header->note : v->path, to);
	fprintf(to, " (%s): addresses that devices used, lowest at the bottom</text>\n",
	        v->header->arch);
	svg_picture(p, requesters, to);
	fputs("</svg>\n", to);
	free(p);
	return true;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The page: the text of report/page.html and, for each unit, of report/unit.html, in which a mark such as
 * {{faults}} stands for what a function of this table writes.
 */
#include <stdlib.h>
#include <string.h>

#include "markup.h"
#include "report.h"
#include "report_assets.h"

static void put_style(const struct report_unit *u, FILE *to)
{
	(void)u;
	fputs(report_style_css, to);
}

static void put_script(const struct report_unit *u, FILE *to)
{
	(void)u;
	fputs(report_report_js, to);
}

static void put_style_hash(const struct report_unit *u, FILE *to)
{
	(void)u;
	fputs(report_style_css_sha256, to);
}

static void put_script_hash(const struct report_unit *u, FILE *to)
{
	(void)u;
	fputs(report_report_js_sha256, to);
}

static void put_number(const struct report_unit *u, FILE *to)
{
	fprintf(to, "%u", u->number);
}

static void put_title(const struct report_unit *u, FILE *to)
{
	const struct replay_view *v = u->view;

	markup_text(v->header->note[0] ? v->header->note : v->path, to);
}

static void put_arch(const struct report_unit *u, FILE *to)
{
	markup_text(u->view->header->arch, to);
}

static void put_maps(const struct report_unit *u, FILE *to)
{
	static const char *const names[] = { "events", "time" };
	struct map_picture *p = malloc(sizeof *p);

	for (unsigned by_time = 0; p && by_time < 2; by_time++) {
		if (!map_draw(p, u->map, by_time, &u->stats->requesters))
			break;
		fprintf(to,
		        "<div class=\"scroll over-%s\" tabindex=\"0\"><svg class=\"map\" "
		        "viewBox=\"0 26 %u %u\" role=\"img\" aria-label=\"Addresses that devices "
		        "used, over %s\">\n",
		        names[by_time], SVG_WIDTH, SVG_HEIGHT - 26, names[by_time]);
		svg_picture(p, &u->stats->requesters, to);
		fputs("</svg></div>\n", to);
	}
	free(p);
}

static const struct mark {
	const char *name;
	void (*put)(const struct report_unit *u, FILE *to);
} marks[] = {
	{ "accesses", report_accesses },
	{ "arch", put_arch },
	{ "commands", report_commands },
	{ "data", report_data },
	{ "devices", report_devices },
	{ "faults", report_faults },
	{ "hits", report_hits },
	{ "kept", report_kept },
	{ "machine", report_machine },
	{ "made-of", report_made_of },
	{ "maps", put_maps },
	{ "n", put_number },
	{ "script", put_script },
	{ "script-hash", put_script_hash },
	{ "style", put_style },
	{ "style-hash", put_style_hash },
	{ "summary", report_summary },
	{ "title", put_title },
	{ "windows", report_windows },
};

/* Up to the mark `stop`, or the end; what is behind that. */
static const char *expand(const char *text, const char *stop, const char *source,
                          const struct report_unit *u, FILE *to)
{
	const char *open;

	while ((open = strstr(text, "{{"))) {
		const char *name = open + 2, *close = strstr(name, "}}");
		const size_t len = (size_t)(close - name);

		fwrite(text, 1, (size_t)(open - text), to);
		text = close + 2;
		if (stop && strlen(stop) == len && !memcmp(stop, name, len))
			return text;
		if (source && len == strlen("source") && !memcmp(name, "source", len))
			markup_text(source, to);
		for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
			if (strlen(marks[i].name) == len && !memcmp(marks[i].name, name, len))
				marks[i].put(u, to);
	}
	fputs(text, to);
	return text;
}

void page_begin(const char *source, FILE *to)
{
	(void)expand(report_page_html, "units", source, NULL, to);
}

bool page_unit(struct report_unit *u, FILE *to)
{
	if (!hits_find(&u->hits, u->map))
		return false;
	(void)expand(report_unit_html, NULL, NULL, u, to);
	return true;
}

void page_end(FILE *to)
{
	const char *behind = strstr(report_page_html, "{{units}}") + strlen("{{units}}");

	(void)expand(behind, NULL, NULL, NULL, to);
}

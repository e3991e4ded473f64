/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A page about all IOMMUs of a scenario: each is recorded, and what was recorded is replayed. */
#include "report_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "recording.h"
#include "report.h"
#include "verbs.h"

#define UNITS_MAX 24u /* that are shown */

/* Room for a directory's name and a number behind it. */
struct place {
	char dir[3900], base[4000];
};

static int place_make(struct place *p)
{
	const char *tmp = getenv("TMPDIR");

	tmp = tmp && *tmp ? tmp : "/tmp";
	if (snprintf(p->dir, sizeof p->dir, "%s/iommux-XXXXXX", tmp) >= (int)sizeof p->dir)
		return complain("run: the name in TMPDIR is too long");
	if (!mkdtemp(p->dir))
		return complain("run: no directory can be made in %s: %s", tmp, strerror(errno));
	snprintf(p->base, sizeof p->base, "%s/unit", p->dir);
	return EXIT_HELD;
}

static void file_name(char *room, size_t size, const char *base, unsigned i)
{
	snprintf(room, size, "%s.%u", base, i);
}

static void place_remove(const struct place *p, unsigned units)
{
	char name[4096];

	/* recording_run tries with the first, whatever comes of it. */
	for (unsigned i = 0; i < units || !i; i++) {
		file_name(name, sizeof name, p->base, i);
		(void)unlink(name);
	}
	(void)rmdir(p->dir);
}

static int write_page(const char *source, const char *base, unsigned units, const char *path)
{
	struct report report;
	int status = EXIT_HELD, written;
	char name[4096];

	if (!report_begin(&report, source))
		return complain("run: no memory is left for the report");
	if (units > UNITS_MAX)
		fprintf(report.to, "<p>Of %u IOMMUs the first %u are shown.</p>\n", units,
		        UNITS_MAX);
	if (!units)
		fputs("<p>The scenario made no IOMMU.</p>\n", report.to);
	for (unsigned i = 0; i < units && i < UNITS_MAX && !status; i++) {
		file_name(name, sizeof name, base, i);
		status = report_add_file(&report, "run", name);
	}
	written = report_end(&report, !status, "run", path);
	return status ? status : written;
}

int report_run(struct scenario *scenario, const char *record, const char *path)
{
	struct place place = { .dir = "" };
	unsigned units = 0;
	int status = report_probe("run", path), written;

	if (!status && !record)
		status = place_make(&place);
	if (status)
		return status;
	status = recording_run(scenario, record ? record : place.base, &units);
	if (status != EXIT_WRONG) {
		written = write_page(scenario->path, record ? record : place.base, units, path);
		status = written ? written : status;
	}
	if (!record)
		place_remove(&place, units);
	return status;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How far something is that takes long. */
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "colour.h"

#define FIRST_MS 1000
#define EVERY_MS 100

#define ERASE "\r\033[K"

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

void progress_begin(struct progress *p, bool wanted)
{
	*p = (struct progress){ .wanted = wanted && colour_terminal(stderr) };
	if (p->wanted)
		p->next_ms = now_ms() + FIRST_MS;
}

bool progress_due(struct progress *p)
{
	uint64_t now;

	if (!p->wanted)
		return false;
	now = now_ms();
	if (now < p->next_ms)
		return false;
	p->next_ms = now + EVERY_MS;
	return true;
}

void progress_show(struct progress *p, const char *format, ...)
{
	va_list args;

	fputs(ERASE "iommux: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fflush(stderr);
	p->shown = true;
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs(ERASE, stderr);
	*p = (struct progress){ 0 };
}

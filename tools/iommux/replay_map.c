/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Which addresses the devices of a trace used, and when. */
#include "replay_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GAP_ROWS 3u

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

static void add_access(struct replay_map *m, const struct trace_event *e, bool cached)
{
	const uint64_t more = e->request.bytes ? e->request.bytes - 1 : 0;
	const uint64_t room = UINT64_MAX - e->request.iova;
	void *array = m->accesses;

	if (!reserve(&array, m->count, &m->room, sizeof *m->accesses)) {
		m->short_of_memory = true;
		return;
	}
	m->accesses = array;
	m->accesses[m->count++] = (struct map_access){
		.at = { e->number, e->time_ns },
		.first = e->request.iova >> MAP_PAGE_LG2,
		.last = (e->request.iova + (more < room ? more : room)) >> MAP_PAGE_LG2,
		.requester = e->requester,
		.refused = e->result || e->reply.status != IOM_DONE,
		.cached = cached,
	};
}

static void add_command(struct replay_map *m, const struct trace_event *e)
{
	void *array = m->commands;

	if (!reserve(&array, m->command_count, &m->command_room, sizeof *m->commands)) {
		m->short_of_memory = true;
		return;
	}
	m->commands = array;
	m->commands[m->command_count++] = (struct map_place){ e->number, e->time_ns };
}

void map_event(struct replay_map *m, const struct trace_event *e, bool cached)
{
	if (!m->started)
		m->first = (struct map_place){ e->number, e->time_ns };
	m->started = true;
	m->last.event = e->number;
	m->last.time_ns = e->time_ns > m->last.time_ns ? e->time_ns : m->last.time_ns;
	if (e->kind == TRACE_ACCESS)
		add_access(m, e, cached);
	else if (e->kind == TRACE_COMMAND)
		add_command(m, e);
}

void map_free(struct replay_map *m)
{
	free(m->accesses);
	free(m->commands);
	*m = (struct replay_map){ 0 };
}

/* ---- Regions -------------------------------------------------------------------------------------- */

static int by_page(const void *a, const void *b)
{
	const struct map_region *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

size_t map_unite(struct map_region *r, size_t n)
{
	size_t left = 0;

	qsort(r, n, sizeof *r, by_page);
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
static size_t unite_near(struct map_region *r, size_t n, size_t most)
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

static double weight(const struct map_region *r)
{
	return sqrt((double)(r->last - r->first) + 1);
}

/* Gives each region its rows, the lowest addresses at the bottom. */
static void place(struct map_picture *p)
{
	const unsigned gaps = p->regions > 1 ? (p->regions - 1) * GAP_ROWS : 0;
	const unsigned least = 2, free_rows = MAP_ROWS - gaps - least * p->regions;
	double all = 0;
	unsigned row = MAP_ROWS;

	for (unsigned i = 0; i < p->regions; i++)
		all += weight(&p->region[i]);
	for (unsigned i = 0; i < p->regions; i++) {
		struct map_region *r = &p->region[i];

		r->rows = least + (unsigned)(free_rows * weight(r) / all);
		row -= r->rows;
		r->row = row;
		row -= i + 1 < p->regions ? GAP_ROWS : 0;
	}
}

static bool find_regions(struct map_picture *p)
{
	const struct replay_map *s = p->map;
	struct map_region *all = calloc(s->count ? s->count : 1, sizeof *all);
	size_t n = s->count;

	if (!all)
		return false;
	for (size_t i = 0; i < n; i++)
		all[i] = (struct map_region){ s->accesses[i].first, s->accesses[i].last, 0, 0 };
	n = map_unite(all, n);
	n = unite_near(all, n, MAP_REGIONS_MAX);
	memcpy(p->region, all, n * sizeof *all);
	p->regions = (unsigned)n;
	free(all);
	place(p);
	return n || !s->count;
}

/* ---- Cells ---------------------------------------------------------------------------------------- */

static uint64_t along(const struct map_picture *p, const struct map_place *at)
{
	return p->by_time ? at->time_ns : at->event;
}

unsigned map_column(const struct map_picture *p, uint64_t at)
{
	const double width = (double)(p->last - p->first) + 1;
	const double share = (double)(at - p->first) / width;

	return share < 1 ? (unsigned)(share * MAP_COLUMNS) : MAP_COLUMNS - 1;
}

/* So many of the region's rows are below this page. */
static unsigned rows_below(const struct map_region *r, uint64_t page)
{
	const double height = (double)(r->last - r->first) + 1;
	const double share = (double)(page - r->first) / height;

	return share < 1 ? (unsigned)(share * r->rows) : r->rows;
}

static void draw_access(struct map_picture *p, const struct map_access *a)
{
	const unsigned column = map_column(p, along(p, &a->at));
	const struct map_region *r = p->region;
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
		p->cells[r->row + r->rows - 1 - (low + high) / 2][column] |= MAP_REFUSED;
}

bool map_draw(struct map_picture *p, const struct replay_map *m, bool by_time,
              const struct tally *requesters)
{
	*p = (struct map_picture){ .map = m, .by_time = by_time };
	p->first = along(p, &m->first);
	p->last = along(p, &m->last);
	if (!find_regions(p))
		return false;
	while (p->colours < MAP_COLOURS - 1 && p->colours < requesters->used) {
		p->colour_of[p->colours] = (uint32_t)requesters->rows[p->colours].key;
		p->colours++;
	}
	for (size_t i = 0; i < m->count; i++)
		draw_access(p, &m->accesses[i]);
	for (size_t i = 0; i < m->command_count; i++)
		p->commands[map_column(p, along(p, &m->commands[i]))] = true;
	return true;
}

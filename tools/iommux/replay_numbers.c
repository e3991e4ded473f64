/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Numbers of a trace for people. */
#include <inttypes.h>

#include "replay.h"

const char *bytes_text(uint64_t bytes, char *room, size_t size)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned u = 0;
	double shown = (double)bytes;

	for (; shown >= 10000 && u < 4; u++)
		shown /= 1024;
	snprintf(room, size, u ? "%.1f %s" : "%.0f %s", shown, units[u]);
	return room;
}

const char *time_text(uint64_t ns, char *room, size_t size)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { 1000000000, "s" }, { 1000000, "ms" }, { 1000, "us" }, { 1, "ns" } };
	unsigned u = 0;

	while (u < 3 && ns < units[u].ns)
		u++;
	snprintf(room, size, u < 3 ? "%.3g %s" : "%.0f %s", (double)ns / (double)units[u].ns,
	         units[u].name);
	return room;
}

double share_of(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

uint64_t bytes_moved(const struct replay_stats *s, unsigned which)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < s->requesters.used; i++)
		bytes += s->requesters.rows[i].count[which];
	return bytes;
}

const char *count_text(uint64_t number, char *room, size_t size)
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number), at = 0;

	for (size_t i = 0; i < n && at + 2 < size; i++) {
		if (i && (n - i) % 3 == 0)
			room[at++] = ',';
		room[at++] = digits[i];
	}
	room[at] = 0;
	return room;
}

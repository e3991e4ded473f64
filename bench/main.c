/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * iommux-bench: measures, and judges nothing.  See docs/performance.md.
 *
 * All rows are made first and then measured in turn, round after round, so that what else the machine
 * does falls on all alike; a row's result is the median of its rounds.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define ROWS_MAX 64
#define ROUNDS_MAX 21
#define CALIBRATION_STEPS (1u << 20)

struct options {
	bool quick, json, list, instructions;
	const char *collect; /* run by ourselves: one row, with what valgrind is to count */
	char **filter;
	int filters;
};

struct result {
	const struct bench_row *row;
	void *state;
	double ns[ROUNDS_MAX];
	double instructions; /* negative: not counted */
};

static const struct bench_row *const subjects[] = {
	bench_translate, bench_atc,    bench_msi,        bench_interrupt,
	bench_tables,    bench_strict, bench_invalidate, bench_snapshot,
};

void bench_die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "iommux-bench: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(1);
}

uint64_t bench_thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- Measuring ---------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

static uint64_t ops_of(const struct bench_row *row, const struct options *options)
{
	return options->quick && row->ops > 4096 ? row->ops / 8 : row->ops;
}

/* Nanoseconds of one operation, once. */
static double measure(const struct result *r, uint64_t ops)
{
	uint64_t begin, ns;

	if (r->row->prepare)
		r->row->prepare(r->state, ops);
	else
		r->row->run(r->state, ops / 16);
	begin = bench_thread_ns();
	ns = r->row->run(r->state, ops);
	if (!ns)
		ns = bench_thread_ns() - begin;
	return (double)ns / (double)ops;
}

static double calibrate(void)
{
	uint64_t begin;

	bench_calibrate(CALIBRATION_STEPS / 16);
	begin = bench_thread_ns();
	bench_calibrate(CALIBRATION_STEPS);
	return (double)(bench_thread_ns() - begin) / CALIBRATION_STEPS;
}

/* ---- Instructions ------------------------------------------------------------------------- */

/* What valgrind counts, by this function's name. */
__attribute__((noinline)) void bench_collected(const struct bench_row *row, void *state,
                                               uint64_t ops);

void bench_collected(const struct bench_row *row, void *state, uint64_t ops)
{
	row->run(state, ops);
	__asm__ volatile("");
}

static uint64_t collected_ops(const struct bench_row *row)
{
	return row->ops > 4096 ? 4096 : row->ops;
}

/* Under valgrind: one row, once. */
static int collect(const struct bench_row *row)
{
	uint64_t ops = collected_ops(row);
	void *state = row->make(row);

	row->run(state, ops);
	if (row->prepare)
		row->prepare(state, ops);
	bench_collected(row, state, ops);
	row->drop(state);
	return 0;
}

/* Runs this program under valgrind and reads "Collected : N" from its log. */
static double count_instructions(const struct bench_row *row)
{
	const char *folder = getenv("TMPDIR");
	char self[4096], log[4096], log_option[sizeof log + 16], line[256];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	unsigned long long count = 0;
	int fd, status;
	FILE *file;
	pid_t pid;

	if (!folder || !*folder)
		folder = P_tmpdir;
	snprintf(log, sizeof log, "%s/iommux-bench-XXXXXX", folder);
	fd = mkstemp(log);
	if (length < 0 || fd < 0)
		bench_die("cannot make a file in %s, or find this program in /proc", folder);
	self[length] = 0;
	close(fd);
	snprintf(log_option, sizeof log_option, "--log-file=%s", log);
	pid = fork();
	if (!pid) {
		execlp("valgrind", "valgrind", "--tool=callgrind", "--collect-atstart=no",
		       "--toggle-collect=bench_collected", "--callgrind-out-file=/dev/null",
		       log_option, self, "--collect", row->name, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
		bench_die("valgrind, which counts instructions, did not run for %s", row->name);
	file = fopen(log, "r");
	while (file && fgets(line, sizeof line, file)) {
		const char *found = strstr(line, "Collected :");

		if (found)
			sscanf(found, "Collected : %llu", &count);
	}
	if (file)
		fclose(file);
	unlink(log);
	if (!count)
		bench_die("valgrind counted no instructions for %s", row->name);
	return (double)count / (double)collected_ops(row);
}

/* ---- Telling ------------------------------------------------------------------------------ */

static void tell_json(const struct result *results, unsigned count, double calibration)
{
	printf("{\"calibration_ns\": %.3f, \"results\": [", calibration);
	for (unsigned i = 0; i < count; i++) {
		const struct result *r = &results[i];

		printf("%s\n  {\"name\": \"%s\", \"ns\": %.2f, \"ratio\": %.2f, \"instructions\": ",
		       i ? "," : "", r->row->name, r->ns[0], r->ns[0] / calibration);
		if (r->instructions < 0)
			printf("null}");
		else
			printf("%.1f}", r->instructions);
	}
	printf("\n]}\n");
}

static void tell_table(const struct result *results, unsigned count, double calibration)
{
	printf("%-50s %10s %8s %13s\n", "one operation", "ns", "ratio", "instructions");
	for (unsigned i = 0; i < count; i++) {
		const struct result *r = &results[i];

		printf("%-50s %10.2f %8.1f ", r->row->name, r->ns[0], r->ns[0] / calibration);
		if (r->instructions < 0)
			printf("%13s\n", "-");
		else
			printf("%13.1f\n", r->instructions);
	}
	printf("ratio: to %.3f ns, a step of the calibration chain\n", calibration);
}

/* ---- Options ------------------------------------------------------------------------------ */

static void usage(FILE *to)
{
	fprintf(to, "usage: iommux-bench [--quick] [--json] [--instructions] [--list] [name...]\n"
	            "\n"
	            "Measures the rows whose names contain one of the words given, or all.\n"
	            "  --quick         few and short repetitions: to see that all of them run\n"
	            "  --json          print JSON, not a table\n"
	            "  --instructions  count instructions too, by valgrind: slow\n"
	            "  --list          print the names\n");
}

static struct options parse(int argc, char **argv)
{
	struct options options = { 0 };
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--quick")) {
			options.quick = true;
		} else if (!strcmp(argv[i], "--json")) {
			options.json = true;
		} else if (!strcmp(argv[i], "--instructions")) {
			options.instructions = true;
		} else if (!strcmp(argv[i], "--list")) {
			options.list = true;
		} else if (!strcmp(argv[i], "--collect") && i + 1 < argc) {
			options.collect = argv[++i];
		} else if (!strcmp(argv[i], "--help")) {
			usage(stdout);
			exit(0);
		} else {
			fprintf(stderr, "iommux-bench: '%s' is not an option\n", argv[i]);
			usage(stderr);
			exit(2);
		}
	}
	options.filter = argv + i;
	options.filters = argc - i;
	return options;
}

static bool wanted(const struct bench_row *row, const struct options *options)
{
	if (options->collect)
		return !strcmp(row->name, options->collect);
	for (int i = 0; i < options->filters; i++)
		if (strstr(row->name, options->filter[i]))
			return true;
	return !options->filters;
}

static unsigned choose(const struct options *options, struct result *results)
{
	unsigned count = 0;

	for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
		for (const struct bench_row *row = subjects[i]; row->name && count < ROWS_MAX;
		     row++)
			if (wanted(row, options))
				results[count++] =
					(struct result){ .row = row, .instructions = -1 };
	return count;
}

int main(int argc, char **argv)
{
	static struct result results[ROWS_MAX];
	struct options options = parse(argc, argv);
	unsigned count = choose(&options, results), rounds = options.quick ? 3 : ROUNDS_MAX;
	double calibration[ROUNDS_MAX], step;

	if (!count)
		bench_die("no row has such a name; --list prints them");
	if (options.collect)
		return collect(results[0].row);
	if (options.list) {
		for (unsigned i = 0; i < count; i++)
			puts(results[i].row->name);
		return 0;
	}

	for (unsigned i = 0; i < count; i++)
		results[i].state = results[i].row->make(results[i].row);
	for (unsigned round = 0; round < rounds; round++) {
		calibration[round] = calibrate();
		for (unsigned i = 0; i < count; i++)
			results[i].ns[round] =
				measure(&results[i], ops_of(results[i].row, &options));
	}
	step = median(calibration, rounds);
	for (unsigned i = 0; i < count; i++) {
		results[i].row->drop(results[i].state);
		/* The median comes first from here on. */
		results[i].ns[0] = median(results[i].ns, rounds);
		if (options.instructions && !results[i].row->threads)
			results[i].instructions = count_instructions(results[i].row);
	}
	if (options.json)
		tell_json(results, count, step);
	else
		tell_table(results, count, step);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Results, memory, and the kernel's log. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/times.h>
#include <unistd.h>

#include "vfio_test.h"

bool tap_failing;
static bool skipping;
static unsigned count, failures;

void tap_run(const char *name, void (*test)(void))
{
	tap_failing = false;
	skipping = false;
	test();
	count++;
	if (skipping)
		return;
	failures += tap_failing;
	printf("%s %u - %s\n", tap_failing ? "not ok" : "ok", count, name);
	fflush(stdout);
}

void tap_fail(const char *file, int line, const char *format, ...)
{
	va_list rest;

	tap_failing = true;
	va_start(rest, format);
	printf("# %s:%d: ", file, line);
	vprintf(format, rest);
	putchar('\n');
	va_end(rest);
}

void tap_skip(const char *why)
{
	skipping = true;
	printf("ok %u # SKIP %s\n", count + 1, why);
	fflush(stdout);
}

void tap_bail(const char *format, ...)
{
	va_list rest;

	va_start(rest, format);
	printf("Bail out! ");
	vprintf(format, rest);
	putchar('\n');
	va_end(rest);
	exit(1);
}

int tap_end(void)
{
	printf("1..%u\n", count);
	if (failures)
		printf("# %u of %u failed\n", failures, count);
	return failures != 0;
}

void *memory_new(uint64_t bytes)
{
	uint8_t *memory =
		mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		tap_bail("no memory: %m");
	memory += -(uintptr_t)memory & (bytes - 1);
	memset(memory, 0, bytes);
	return memory;
}

static uint32_t mixed(uint32_t word)
{
	word ^= word >> 16;
	word *= 0x7feb352du;
	word ^= word >> 15;
	word *= 0x846ca68bu;
	return word ^ word >> 16;
}

void memory_fill(void *memory, uint64_t bytes, uint32_t seed)
{
	for (uint64_t at = 0; at < bytes / 4; at++)
		((uint32_t *)memory)[at] = mixed(seed * 0x9e3779b9u + (uint32_t)at);
}

bool memory_is(const void *memory, uint64_t bytes, uint32_t seed)
{
	for (uint64_t at = 0; at < bytes / 4; at++) {
		if (((const uint32_t *)memory)[at] != mixed(seed * 0x9e3779b9u + (uint32_t)at))
			return false;
	}
	return true;
}

bool memory_all(const void *memory, uint64_t bytes, uint8_t value)
{
	for (uint64_t at = 0; at < bytes; at++) {
		if (((const uint8_t *)memory)[at] != value)
			return false;
	}
	return true;
}

uint32_t next_random(void)
{
	static uint32_t state;

	return mixed(++state);
}

/*
 * One refused transfer may be many faults, and the kernel prints ten lines in five seconds.  It counts
 * them in ticks, and where the host is busy, ticks get lost.
 */
enum { SILENCE_MS = 5200 };
static int64_t silent_until;

/* What the kernel has said since fault_forget(). */
static int kernel_log = -1;
static char log_text[1 << 18];
static size_t log_length;

static int64_t now_ms(void)
{
	return (int64_t)times(NULL) * 1000 / sysconf(_SC_CLK_TCK);
}

void fault_forget(void)
{
	/* Who had the machine before may have had faults, too. */
	if (kernel_log < 0) {
		kernel_log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
		silent_until = now_ms() + SILENCE_MS;
	}
	while (now_ms() < silent_until)
		usleep(10000);
	if (kernel_log < 0 || lseek(kernel_log, 0, SEEK_END) < 0)
		tap_bail("/dev/kmsg cannot be read: %m");
	log_length = 0;
}

static int reason_in(const char *log, const struct device *of, uint64_t iova, bool write)
{
	/* Older kernels leave the segment out. */
	const char *bus = of->address + strlen("0000:");
	char kind[64], address[64];

	snprintf(kind, sizeof kind, "[DMA %s ", write ? "Write" : "Read");
	snprintf(address, sizeof address, "fault addr 0x%llx ",
	         (unsigned long long)(iova & ~0xfffull));
	for (const char *line = log; line; line = strchr(line + 1, '\n')) {
		const char *end = strchr(line + 1, '\n');
		size_t length = end ? (size_t)(end - line) : strlen(line);
		const char *where = memmem(line, length, address, strlen(address));
		const char *reason = "[fault reason ";

		if (!where || !memmem(line, length, kind, strlen(kind)) ||
		    !memmem(line, length, bus, strlen(bus)))
			continue;
		where = memmem(where, length - (size_t)(where - line), reason, strlen(reason));
		return where ? (int)strtol(where + strlen(reason), NULL, 0) : -1;
	}
	return -1;
}

/* Each read gives one line, and -EPIPE for lines that were overtaken. */
static void log_more(void)
{
	ssize_t more;

	while (log_length < sizeof log_text - 1 &&
	       ((more = read(kernel_log, log_text + log_length, sizeof log_text - 1 - log_length)) >
	                0 ||
	        errno == EPIPE))
		log_length += more > 0 ? (size_t)more : 0;
	log_text[log_length] = 0;
}

int fault_seen(const struct device *of, uint64_t iova, bool write)
{
	int reason = -1;

	for (int tries = 0; tries < 100 && reason < 0; tries++) {
		usleep(20000);
		log_more();
		reason = reason_in(log_text, of, iova, write);
	}
	silent_until = now_ms() + SILENCE_MS;
	if (reason < 0) {
		for (char *line = strtok(log_text, "\n"); line; line = strtok(NULL, "\n"))
			printf("# instead: %s\n", line);
	}
	return reason;
}

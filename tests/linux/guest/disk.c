/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Fills and checks disks.
 *
 *	disk write PATH FIRST COUNT SEED            COUNT MiB from MiB FIRST on get the pattern
 *	disk check PATH FIRST COUNT SEED            do they have it?
 *	disk churn PATH FIRST COUNT SEED WORKERS    random reads and writes at once, every one checked;
 *	                                            in the end the pattern of `write`
 *
 * Every 8 bytes of the pattern depend on where they are: what comes from another place, or is of an
 * earlier write, is noticed.  Block devices are used without the page cache.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR 512u
#define MIB (1024u * 1024u)
#define LONGEST 1024u /* sectors of a request */
#define ROUNDS 150    /* of each worker */

struct disk {
	const char *path;
	int file;
	uint64_t seed;
	uint64_t random;
	unsigned char *buffer; /* LONGEST sectors and a page */
};

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static uint64_t mixed(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* What belongs at a byte address that is a multiple of 8; each version of a sector has its own. */
static uint64_t word(const struct disk *d, unsigned version, uint64_t address)
{
	return mixed((d->seed << 48 ^ (uint64_t)version << 40 ^ address) + 0x9e3779b97f4a7c15u);
}

static uint64_t below(struct disk *d, uint64_t bound)
{
	d->random += 0x9e3779b97f4a7c15u;
	return mixed(d->random) % bound;
}

static void open_disk(struct disk *d, const char *path, const char *seed)
{
	struct stat what;

	d->path = path;
	d->file = open(path, O_RDWR);
	if (d->file < 0 || fstat(d->file, &what))
		fail("%s: %s", path, strerror(errno));
	if (S_ISBLK(what.st_mode) && fcntl(d->file, F_SETFL, O_DIRECT))
		fail("%s: no O_DIRECT: %s", path, strerror(errno));
	d->seed = strtoull(seed, NULL, 0);
	d->random = d->seed;
	d->buffer = mmap(NULL, (LONGEST + 8) * SECTOR, PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (d->buffer == MAP_FAILED)
		fail("no memory");
}

static void put(struct disk *d, unsigned char *data, uint64_t sector, unsigned count)
{
	ssize_t done = pwrite(d->file, data, count * SECTOR, (off_t)(sector * SECTOR));

	if (done != (ssize_t)(count * SECTOR))
		fail("%s: writing %u sectors at %llu: %s", d->path, count,
		     (unsigned long long)sector, done < 0 ? strerror(errno) : "too few bytes");
}

static void get(struct disk *d, unsigned char *data, uint64_t sector, unsigned count)
{
	ssize_t done;

	memset(data, 0xa5, count * SECTOR);
	done = pread(d->file, data, count * SECTOR, (off_t)(sector * SECTOR));
	if (done != (ssize_t)(count * SECTOR))
		fail("%s: reading %u sectors at %llu: %s", d->path, count,
		     (unsigned long long)sector, done < 0 ? strerror(errno) : "too few bytes");
}

/* versions is of the sectors from sector on; NULL: all are of version 0. */
static void write_sectors(struct disk *d, uint64_t sector, unsigned count, const uint8_t *versions)
{
	unsigned char *data = d->buffer + below(d, 8) * SECTOR;

	for (unsigned i = 0; i < count * SECTOR; i += 8) {
		uint64_t w = word(d, versions ? versions[i / SECTOR] : 0, sector * SECTOR + i);

		memcpy(data + i, &w, 8);
	}
	put(d, data, sector, count);
}

static void check_sectors(struct disk *d, uint64_t sector, unsigned count, const uint8_t *versions)
{
	unsigned char *data = d->buffer + below(d, 8) * SECTOR;

	get(d, data, sector, count);
	for (unsigned i = 0; i < count * SECTOR; i += 8) {
		uint64_t want = word(d, versions ? versions[i / SECTOR] : 0, sector * SECTOR + i);
		uint64_t have;

		memcpy(&have, data + i, 8);
		if (have != want)
			fail("%s: byte 0x%llx, read with %u sectors from 0x%llx on, should begin "
			     "%016llx and does %016llx",
			     d->path, (unsigned long long)(sector * SECTOR + i), count,
			     (unsigned long long)(sector * SECTOR), (unsigned long long)want,
			     (unsigned long long)have);
	}
}

/* All sectors in order, in requests of all sizes. */
static void sweep(struct disk *d, uint64_t first, uint64_t count, bool write)
{
	while (count) {
		unsigned some = 1 + (unsigned)below(d, LONGEST);

		if (some > count)
			some = (unsigned)count;
		if (write)
			write_sectors(d, first, some, NULL);
		else
			check_sectors(d, first, some, NULL);
		first += some;
		count -= some;
	}
}

static void churn(struct disk *d, uint64_t first, uint64_t count)
{
	uint8_t *versions = calloc(count, 1);

	if (!versions)
		fail("no memory");
	sweep(d, first, count, true);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t from = below(d, count);
		unsigned some = 1 + (unsigned)below(d, below(d, 4) ? 16 : LONGEST);

		if (some > count - from)
			some = (unsigned)(count - from);
		if (below(d, 2)) {
			for (unsigned i = 0; i < some; i++)
				versions[from + i]++;
			write_sectors(d, first + from, some, versions + from);
		} else {
			check_sectors(d, first + from, some, versions + from);
		}
	}
	sweep(d, first, count, true);
	sweep(d, first, count, false);
	free(versions);
}

/* Each worker has sectors of its own. */
static void churn_at_once(struct disk *d, uint64_t first, uint64_t count, unsigned workers)
{
	bool good = true;

	fflush(stdout);
	for (unsigned i = 0; i < workers; i++) {
		pid_t child = fork();

		if (child < 0)
			fail("fork: %s", strerror(errno));
		if (!child) {
			d->random += i;
			churn(d, first + count / workers * i, count / workers);
			exit(0);
		}
	}
	for (unsigned i = 0; i < workers; i++) {
		int status;

		good &= wait(&status) >= 0 && !status;
	}
	if (!good)
		fail("%s: a worker has failed", d->path);
}

int main(int argc, char **argv)
{
	struct disk d = { .file = -1 };
	uint64_t first, count;

	if (argc < 6 || (!strcmp(argv[1], "churn") && argc < 7))
		fail("usage: disk write|check|churn PATH FIRST COUNT SEED [WORKERS]");
	open_disk(&d, argv[2], argv[5]);
	first = strtoull(argv[3], NULL, 0) * (MIB / SECTOR);
	count = strtoull(argv[4], NULL, 0) * (MIB / SECTOR);
	if (!strcmp(argv[1], "write"))
		sweep(&d, first, count, true);
	else if (!strcmp(argv[1], "check"))
		sweep(&d, first, count, false);
	else
		churn_at_once(&d, first, count, (unsigned)strtoul(argv[6], NULL, 0));
	if (fsync(d.file))
		fail("%s: %s", d.path, strerror(errno));
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Measures what an IOMMU costs QEMU, the same way whoever wrote it.  The tables, and the commands in
 * the IOMMU's queue, are somebody else's: a program that talks to qtest (integrations/qemu/bench).
 *
 * Words to the property "bench" measure, and reading the property gives two numbers, the nanoseconds of
 * the best round, for all translations and for all commands:
 *
 *	WAY base=A pages=N count=C step=S seed=K write=0|1 bell=B tails=T:T:... head=H rounds=R
 *
 * A round is C translations of addresses among N pages (a power of two) from A on, S bytes apart, in an
 * order without a pattern that meets each page once before any again; it depends on K, and no two rounds
 * have the same: what an IOMMU allocated in the order of one finds no favour in the next.  Then, if there are tails, each of
 * them is stored in the register at B and waited for until the register at H says the same: the commands
 * in between are done.
 *
 * WAY is "space": as QEMU does DMA; "region": the IOMMU alone is asked, as QEMU's core would ask it;
 * "port": by the device's port, in front of our models only.
 */
#include "testdev.h"

#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"

#define TAILS 16

/* CPU time of all threads: what else the machine does is left out. */
static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NANOSECONDS_PER_SECOND + t.tv_nsec;
}

struct job {
	uint64_t base, pages, count, step, seed, write, rounds;
	uint64_t bell, head, tail[TAILS];
	unsigned tails;
	unsigned half; /* of the bits of a page's number, rounded up */
};

struct way {
	AddressSpace *as;
	IOMMUMemoryRegion *region;
	IOMMUMemoryRegionClass *class;
	Testdev *d;
};

/* Steps that can be undone: each page of a power of two comes once. */
static uint64_t nth(const struct job *job, uint64_t i)
{
	const uint64_t mask = job->pages - 1;

	i = (i + job->seed) * 0x9e3779b1u & mask;
	i ^= i >> job->half;
	i = i * (2 * job->seed + 0x85ebca6bu) & mask;
	i ^= i >> job->half;
	return job->base + i * job->step;
}

static bool by_space(const struct way *way, uint64_t address, bool write)
{
	hwaddr there, length = 64;
	MemoryRegion *region = address_space_translate(way->as, address, &there, &length, write,
	                                               MEMTXATTRS_UNSPECIFIED);

	return memory_region_is_ram(region);
}

static bool by_region(const struct way *way, uint64_t address, bool write)
{
	return way->class->translate(way->region, address, write ? IOMMU_WO : IOMMU_RO, 0).perm &
	       (write ? IOMMU_WO : IOMMU_RO);
}

static bool by_port(const struct way *way, uint64_t address, bool write)
{
	const struct iom_request request = {
		.iova = address,
		.bytes = 64,
		.access = write ? IOM_WRITE : IOM_READ,
	};
	struct iom_reply reply;
	int result;

	iom_begin(way->d->lane);
	result = iom_translate(way->d->port, &request, &reply);
	iom_end(way->d->lane);
	return result == IOM_OK;
}

/* Nanoseconds, or -1 when one was refused: then nothing was measured that means anything. */
static int64_t translate(const struct way *way, const struct job *job,
                         bool (*by)(const struct way *, uint64_t, bool))
{
	int64_t begin, end;
	uint64_t good = 0;

	RCU_READ_LOCK_GUARD();
	begin = now();
	for (uint64_t i = 0; i < job->count; i++)
		good += by(way, nth(job, i), job->write);
	end = now();
	return good == job->count ? end - begin : -1;
}

static int64_t ring(const struct job *job)
{
	const int64_t begin = now();
	uint32_t head;

	for (unsigned i = 0; i < job->tails; i++) {
		const int64_t until = get_clock() + NANOSECONDS_PER_SECOND;
		const uint32_t tail = (uint32_t)job->tail[i];

		address_space_stl_le(&address_space_memory, job->bell, tail, MEMTXATTRS_UNSPECIFIED,
		                     NULL);
		do {
			head = address_space_ldl_le(&address_space_memory, job->head,
			                            MEMTXATTRS_UNSPECIFIED, NULL);
		} while (head != tail && get_clock() < until);
		if (head != tail)
			return -1;
	}
	return now() - begin;
}

static bool tails(struct job *job, const char *text)
{
	for (job->tails = 0; job->tails < TAILS; text++) {
		if (qemu_strtou64(text, &text, 0, &job->tail[job->tails++]))
			return false;
		if (!*text)
			return true;
		if (*text != ':')
			return false;
	}
	return false;
}

static bool word(struct job *job, const char *text)
{
	const struct {
		const char *name;
		uint64_t *value;
	} of[] = {
		{ "base=", &job->base },     { "pages=", &job->pages }, { "count=", &job->count },
		{ "step=", &job->step },     { "seed=", &job->seed },   { "write=", &job->write },
		{ "rounds=", &job->rounds }, { "bell=", &job->bell },   { "head=", &job->head },
	};
	const char *value;

	if (strstart(text, "tails=", &value))
		return tails(job, value);
	for (unsigned i = 0; i < ARRAY_SIZE(of); i++)
		if (strstart(text, of[i].name, &value))
			return !qemu_strtou64(value, NULL, 0, of[i].value);
	return false;
}

/* Finds the IOMMU's region where the job's addresses are. */
static bool prepare(Testdev *d, const struct job *job, struct way *way)
{
	MemoryRegionSection section;

	*way = (struct way){ .d = d, .as = pci_get_address_space(&d->parent_obj) };
	section = memory_region_find(pci_device_iommu_address_space(&d->parent_obj)->root,
	                             job->base, 1);
	if (!section.mr)
		return false;
	if (memory_region_is_iommu(section.mr)) {
		way->region = IOMMU_MEMORY_REGION(section.mr);
		way->class = IOMMU_MEMORY_REGION_GET_CLASS(way->region);
	}
	memory_region_unref(section.mr);
	return way->region;
}

static bool (*way_of(const Testdev *d, const char *name))(const struct way *, uint64_t, bool)
{
	if (!strcmp(name, "space"))
		return by_space;
	if (!strcmp(name, "region"))
		return by_region;
	return !strcmp(name, "port") && d->port ? by_port : NULL;
}

/* False: something was refused. */
static bool measure(Testdev *d, const char *name, struct job *job, int64_t best[2])
{
	bool (*by)(const struct way *, uint64_t, bool) = way_of(d, name);
	struct way way;

	if (!by || !is_power_of_2(job->pages) || !prepare(d, job, &way))
		return false;
	job->half = (ctz64(job->pages) + 1) / 2;
	for (uint64_t round = 0; round < job->rounds; round++, job->seed++) {
		const int64_t took[2] = { translate(&way, job, by), ring(job) };

		for (unsigned i = 0; i < 2; i++) {
			if (took[i] < 0)
				return false;
			if (!round || took[i] < best[i])
				best[i] = took[i];
		}
	}
	return true;
}

static void set_bench(Object *object, const char *text, Error **errp)
{
	Testdev *d = IOMMUX_TESTDEV(object);
	g_auto(GStrv) words = g_strsplit(text, " ", 0);
	struct job job = { .pages = 1, .count = 1, .step = 4096, .rounds = 1 };
	int64_t best[2] = { 0 };

	for (unsigned i = 1; words[0] && words[i]; i++)
		if (!word(&job, words[i])) {
			error_setg(errp,
			           "bench knows no '%s'; it should be one of base=, pages=, "
			           "count=, "
			           "step=, seed=, write=, rounds=, bell=, head= or tails=, with a "
			           "number",
			           words[i]);
			return;
		}
	if (!measure(d, words[0] ? words[0] : "", &job, best)) {
		error_setg(errp,
		           "'%s' could not be measured: there is no such way to this IOMMU, or it "
		           "refused; tables and queue should be ready",
		           text);
		return;
	}
	g_free(d->measured);
	d->measured = g_strdup_printf("%" PRId64 " %" PRId64, best[0], best[1]);
}

static char *get_bench(Object *object, Error **errp)
{
	const Testdev *d = IOMMUX_TESTDEV(object);

	return g_strdup(d->measured ? d->measured : "");
}

void td_bench_class(ObjectClass *class)
{
	object_class_property_add_str(class, "bench", get_bench, set_bench);
}

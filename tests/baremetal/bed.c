/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "bed.h"

#include <string.h>

#include "pci.h"

#define MEMORIES_MAX 32u
#define ATOM 4u /* the machine cuts what is refused into accesses of so many bytes */

struct bed bed;

static struct {
	struct {
		void *at;
		size_t bytes;
	} memory[MEMORIES_MAX];
	size_t memories, pages;
	uint64_t seed;
} mine;

/* ---- What the driver asks of its kernel ------------------------------------------------------ */

static uint64_t host_read(void *opaque, uint64_t off, unsigned size)
{
	(void)opaque;
	return mmio_read(bed.unit.registers + off, size);
}

static void host_write(void *opaque, uint64_t off, unsigned size, uint64_t val)
{
	(void)opaque;
	mmio_write(bed.unit.registers + off, size, val);
}

static void *host_alloc(void *opaque, size_t size, uint64_t *out)
{
	void *memory = pool_take(size);

	(void)opaque;
	*out = phys(memory);
	return memory;
}

static void host_free(void *opaque, void *memory, uint64_t at, size_t size)
{
	(void)opaque, (void)at;
	pool_give(memory, size);
}

static void *host_at(void *opaque, uint64_t at)
{
	(void)opaque;
	return (void *)(uintptr_t)at;
}

static uint64_t host_now(void *opaque)
{
	(void)opaque;
	return clock_ns();
}

static void host_fault(void *opaque, const struct iom_os_fault *fault)
{
	(void)opaque;
	if (bed.faults < FAULTS_MAX)
		bed.fault[bed.faults] = *fault;
	bed.faults++;
}

static const struct iom_os_host host = {
	.bytes = sizeof host,
	.mmio_read = host_read,
	.mmio_write = host_write,
	.alloc = host_alloc,
	.free = host_free,
	.at = host_at,
	.now_ns = host_now,
	.fault = host_fault,
};

/* ---- Beginning and end ----------------------------------------------------------------------- */

bool bed_start(const void *boot)
{
	uint16_t rids[DEVICES];
	size_t count;

	if (!machine_start(boot, &bed.machine))
		return false;
	pool_start(bed.machine.memory, bed.machine.memory_end);
	pci_start(&bed.machine);
	count = edu_find(bed.device, DEVICES);
	for (size_t n = 0; n < count; n++)
		rids[n] = bed.device[n].rid;
	if (count < DEVICES) {
		say("# %u devices are needed (-device edu), %u are there\n", DEVICES,
		    (unsigned)count);
		return false;
	}
	if (!unit_find(rids, count, &bed.unit))
		return false;
	say("# %s, registers at 0x%x; devices", bed.unit.name,
	    (unsigned long long)bed.unit.registers);
	for (size_t n = 0; n < count; n++)
		say(" 0x%x", (unsigned long long)rids[n]);
	say("\n");
	return true;
}

static bool driver_on(const struct iom_driver_config *config)
{
	struct iom_error error;

	bed.driver = NULL;
	if (bed.unit.bring_up(config, &host, NULL, &bed.driver, &error)) {
		say("# %s\n", error.text);
		tap_fail(__FILE__, __LINE__, "the driver comes up");
		return false;
	}
	return true;
}

/* False: something stood in the way. */
static bool driver_off(void)
{
	bool clean = true;

	while (bed.domains--) {
		for (unsigned n = 0; n < DEVICES; n++) {
			int err = iom_domain_detach(bed.domain[bed.domains], bed.device[n].rid);

			clean &= !err || err == IOM_ENOENT;
		}
		clean &= !iom_domain_free(bed.domain[bed.domains]);
	}
	bed.domains = 0;
	clean &= !iom_driver_free(bed.driver);
	return clean;
}

bool bed_again(const struct iom_driver_config *config)
{
	return driver_off() && driver_on(config);
}

/* Gives a device's page bytes that no other device has, nor had the same device in another test. */
static bool fill(unsigned n)
{
	struct iom_domain *domain;
	bool filled;

	bed.own[n] = bed_memory(PAGE);
	for (unsigned at = 0; at < PAGE; at += 8) {
		mine.seed =
			mine.seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		memcpy(bed.own[n] + at, &mine.seed, 8);
		bed.own[n][at] |= 1; /* no word is 0 */
	}
	if (iom_domain_new(bed.driver, IOM_DOMAIN_STAGE1, &domain, NULL))
		return false;
	filled = !iom_domain_map(domain, IOVA, phys(bed.own[n]), PAGE, IOM_PROT_READ) &&
	         !iom_domain_attach(domain, bed.device[n].rid) &&
	         edu_load(&bed.device[n], 0, IOVA, PAGE);
	return !iom_domain_detach(domain, bed.device[n].rid) && !iom_domain_free(domain) && filled;
}

bool bed_open(void)
{
	mine.pages = pool_taken();
	if (!driver_on(&bed.unit.config))
		return false;
	for (unsigned n = 0; n < DEVICES; n++)
		if (!fill(n)) {
			tap_fail(__FILE__, __LINE__, "devices can be given their bytes");
			return false;
		}
	(void)bed_faults();
	return true;
}

void bed_close(void)
{
	if (bed.driver && !driver_off())
		tap_fail(__FILE__, __LINE__, "domains and driver can be freed");
	bed.driver = NULL;
	while (mine.memories) {
		mine.memories--;
		pool_give(mine.memory[mine.memories].at, mine.memory[mine.memories].bytes);
	}
	if (pool_taken() != mine.pages) {
		say("# %u pages are missing\n", (unsigned)(pool_taken() - mine.pages));
		tap_fail(__FILE__, __LINE__, "all memory came back");
	}
}

struct iom_domain *bed_domain(unsigned kind)
{
	struct iom_domain *domain;
	struct iom_error error;

	if (iom_domain_new(bed.driver, kind, &domain, &error)) {
		say("# %s\n", error.text);
		return NULL;
	}
	bed_keep(domain);
	return domain;
}

void bed_keep(struct iom_domain *domain)
{
	bed.domain[bed.domains++] = domain;
}

void *bed_memory(size_t bytes)
{
	void *memory = mine.memories < MEMORIES_MAX ? pool_take(bytes) : NULL;

	if (!memory) {
		say("Bail out! No memory is left for tests\n");
		machine_stop();
	}
	mine.memory[mine.memories].at = memory;
	mine.memory[mine.memories++].bytes = bytes;
	return memory;
}

/* ---- Accesses -------------------------------------------------------------------------------- */

static bool all_zero(const uint8_t *from, const uint8_t *end)
{
	while (from < end)
		if (*from++)
			return false;
	return true;
}

bool bed_arrives(unsigned device, uint64_t iova, void *memory, unsigned bytes)
{
	uint8_t *to = memory;
	uint8_t *first = (uint8_t *)(phys(to) & ~(uint64_t)(PAGE - 1));
	uint8_t *end = (uint8_t *)((phys(to) + bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1));
	bool right;

	memset(first, 0, (size_t)(end - first));
	right = edu_store(&bed.device[device], 0, iova, bytes) &&
	        !memcmp(to, bed.own[device], bytes) && all_zero(first, to) &&
	        all_zero(to + bytes, end);
	if (!right)
		say("# device %u, IOVA 0x%x: its bytes are not at 0x%x alone\n", device,
		    (unsigned long long)iova, (unsigned long long)phys(memory));
	return right;
}

bool bed_copies(unsigned device, uint64_t from, const void *memory, uint64_t to, void *copy,
                unsigned bytes)
{
	const struct edu *edu = &bed.device[device];
	bool right;

	memset(copy, 0, bytes);
	right = edu_load(edu, OWN_BYTES, from, bytes) && edu_store(edu, OWN_BYTES, to, bytes) &&
	        !memcmp(copy, memory, bytes);
	if (!right)
		say("# device %u, IOVA 0x%x: it did not read what is at 0x%x\n", device,
		    (unsigned long long)from, (unsigned long long)phys(memory));
	return right;
}

/* ---- Faults ---------------------------------------------------------------------------------- */

size_t bed_faults(void)
{
	bed.faults = 0;
	(void)iom_driver_interrupt(bed.driver);
	return bed.faults;
}

static void tell_faults(unsigned device, uint64_t iova)
{
	say("# %u faults reported, should be one, by 0x%x at 0x%x\n", (unsigned)bed.faults,
	    (unsigned long long)bed.device[device].rid, (unsigned long long)iova);
	for (size_t n = 0; n < bed.faults && n < 3; n++)
		say("#   %s by 0x%x at 0x%x, code 0x%x: %s\n",
		    bed.fault[n].write ? "a write" : "a read",
		    (unsigned long long)bed.fault[n].requester,
		    (unsigned long long)bed.fault[n].iova, (unsigned long long)bed.fault[n].code,
		    bed.fault[n].reason);
}

static bool one_fault(unsigned device, uint64_t iova, bool there)
{
	if (bed_faults() == 1 && bed.fault[0].requester == bed.device[device].rid &&
	    (!there || bed.fault[0].iova == (iova & ~(bed.unit.fault_unit - 1))))
		return true;
	tell_faults(device, iova);
	return false;
}

bool bed_refused(unsigned device, uint64_t iova)
{
	(void)bed_faults();
	return edu_store(&bed.device[device], 0, iova, ATOM) && one_fault(device, iova, true);
}

bool bed_refused_read(unsigned device, uint64_t iova)
{
	(void)bed_faults();
	return edu_load(&bed.device[device], OWN_BYTES, iova, ATOM) &&
	       one_fault(device, iova, true);
}

bool bed_unknown(unsigned device, uint64_t iova)
{
	(void)bed_faults();
	return edu_store(&bed.device[device], 0, iova, ATOM) && one_fault(device, iova, false);
}

int bed_unmap(struct iom_domain *domain, uint64_t iova, uint64_t bytes)
{
	struct iom_gather gather = { 0 };
	int err = iom_domain_unmap(domain, iova, bytes, &gather);

	return err ? err : iom_domain_sync(domain, &gather);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A program in a guest that owns an NVMe controller through VFIO and makes it move data. */
#ifndef VFIO_TEST_H
#define VFIO_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096u

/* Results, in the Test Anything Protocol.  A test that fails says where and why. */
extern bool tap_failing;
void tap_run(const char *name, void (*test)(void));
/* Outside the tests: says why no more can be done, and ends the program. */
_Noreturn void tap_bail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tap_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The machine under test has no such thing: the test counts as neither. */
void tap_skip(const char *why);
int tap_end(void);

/* Ends the function it stands in, if what has to hold does not. */
#define CHECK(what, ...)                                                                           \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			tap_fail(__FILE__, __LINE__, __VA_ARGS__);                                 \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/* Like CHECK, after something that may have failed already. */
#define STEP(call)                                                                                 \
	do {                                                                                       \
		call;                                                                              \
		if (tap_failing)                                                                   \
			return;                                                                    \
	} while (0)

enum { READ = 1, WRITE = 2, BOTH = 3 };

struct window {
	uint64_t first, last;
};

/* Where the device's addresses lead: a VFIO container, or an I/O address space of iommufd. */
struct space {
	/* Both return 0 or a negative errno. */
	int (*map)(struct space *space, uint64_t iova, void *memory, uint64_t bytes, unsigned how);
	int (*unmap)(struct space *space, uint64_t iova, uint64_t bytes);
	uint32_t id;
	struct window windows[16];
	unsigned window_count;
};

struct device {
	char address[16];
	bool iommufd;
	int container; /* /dev/vfio/vfio or /dev/iommu */
	int fd;
	uint32_t id; /* iommufd's */
	volatile uint8_t *registers;
	uint64_t config;
	struct space space; /* that it starts in */
};

/* Takes the device from its driver and opens it by groups or, `iommufd`, by its own file. */
void device_open(struct device *device, const char *address, bool iommufd);
/* An eventfd for each of the first `count` MSI-X vectors. */
int device_interrupts(struct device *device, int *events, unsigned count);
void device_master(struct device *device, bool on);
/* Only of iommufd. */
int device_attach(struct device *device, uint32_t table);
int device_detach(struct device *device);
/* Extended capabilities of the unit before it. */
#define ECAP_NEST (1ull << 26)
#define ECAP_SSADS (1ull << 45)
uint64_t device_ecap(struct device *device);
int space_new(struct device *device, struct space *space);
int space_free(struct device *device, struct space *space);

/* Faults in the kernel's log since the last call of fault_forget(). */
void fault_forget(void);
/* Waits for a line of a fault of the device at the page of `iova`; its reason, or -1. */
int fault_seen(const struct device *device, uint64_t iova, bool write);

/* The controller: rings at addresses of their own, and one command at a time. */
#define RING_IOVA 0x1000000ull
#define RING_BYTES (16 * PAGE)

struct nvme {
	struct device *device;
	uint8_t *rings;
	unsigned stride;
	int events[2];
	struct {
		unsigned tail, head, phase;
	} queue[2];
};

/* Maps the rings into `space` too. */
int nvme_rings(struct nvme *nvme, struct space *space);
/* From a reset to a controller with an admin queue and a queue for data; 0, or the step that failed. */
int nvme_start(struct nvme *nvme);
/* Whether the controller says that it cannot go on. */
bool nvme_dead(const struct nvme *nvme);
/*
 * One command, its interrupt included: the controller writes to, or reads from, memory at `iova`.
 * Up to two pages, the second at iova2.  The status, or -1 if no completion came.
 */
int nvme_identify(struct nvme *nvme, uint64_t iova);
int nvme_read(struct nvme *nvme, uint64_t block, unsigned bytes, uint64_t iova, uint64_t iova2);
int nvme_write(struct nvme *nvme, uint64_t block, unsigned bytes, uint64_t iova, uint64_t iova2);
/* Without waiting for an end that may never come. */
void nvme_kick(struct nvme *nvme, uint64_t iova);

/* Memory that stays where it is, aligned as its size, zeroed. */
void *memory_new(uint64_t bytes);
void memory_fill(void *memory, uint64_t bytes, uint32_t seed);
bool memory_is(const void *memory, uint64_t bytes, uint32_t seed);
bool memory_all(const void *memory, uint64_t bytes, uint8_t value);
uint32_t next_random(void);

extern struct device device;
extern struct nvme nvme;

void test_spaces(void);
void test_iommufd(void);
void test_nested(void);

#endif

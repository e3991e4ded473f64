/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A driver and the IOMMU that it drives on one bench: RAM that both see, registers between them,
 * devices that do DMA.  They know nothing of each other.
 */
#ifndef TESTS_OS_BENCH_H
#define TESTS_OS_BENCH_H

#include <iommux/iommux.h>
#include <iommux/os.h>
#include <iommux/vtd.h>

#include "../test.h"

#define BENCH_RAM 0x80000000ull
#define BENCH_PAGES 8192u
/* The second half of RAM is never given out by the allocator: it is what devices work on. */
#define BENCH_DATA (BENCH_RAM + BENCH_PAGES / 2 * 4096ull)
#define BENCH_MSI 0x28000000ull
#define BENCH_LOG 64

struct bench {
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_driver *driver;
	struct iom_os_host host;
	struct iom_error error;
	void *block; /* of memory, that `ram` is aligned in */
	bool vtd;    /* VT-d; else RISC-V */
	uint8_t *ram;
	/*
	 * What hardware sees of the allocator's half, if it does not see the CPU's caches, and the pages
	 * of VT-d's invalidation queue, which it does see.
	 */
	uint8_t *written_back;
	uint64_t queue, queue_bytes, descriptor_bytes;
	uint64_t msi_address;           /* where all messages must go; 0: anywhere */
	uint16_t used[BENCH_PAGES / 2]; /* pages of the block that begins here */
	unsigned live, hint;
	int countdown; /* allocations until one fails; negative: never */
	int answers;   /* of devices to invalidations, until one does not come; negative: never */
	uint64_t now;
	/* what was seen */
	unsigned faults, msis, mmio_writes, pages, messages;
	struct iom_os_fault fault[BENCH_LOG];
	struct iom_os_page_request page[BENCH_LOG];
	struct iom_message message[BENCH_LOG]; /* to devices */
	bool silent;                           /* devices do not answer invalidations */
	bool gone;                             /* the unit was pulled out             */
	uint32_t msi_data[BENCH_LOG];
	uint64_t msi_at[BENCH_LOG];
	bool wire[16];
	/* the first two words of what VT-d's queue was given, and the tail up to which */
	uint64_t descriptor[BENCH_LOG][2], tail;
	unsigned descriptors, flushes;
	uint64_t refuse; /* a register that a test spoils */
	/* called before each write to a register, if set */
	void (*on_write)(struct bench *b, uint64_t off, uint64_t val);
};

/* A bench with this IOMMU (NULL: the default one); no driver yet. */
struct bench *bench_new(const struct iom_riscv_config *config);
/* Lets the driver hear of requests for pages, and time pass for the IOMMU.  Before bench_up. */
void bench_with_devices(struct bench *b);
/* Brings the driver up (NULL: wires). */
int bench_up(struct bench *b, const struct iom_driver_config *config);
/* The two in one; it must succeed. */
struct bench *bench_ready(const struct iom_riscv_config *config);
/* The same with a VT-d unit. */
struct bench *bench_new_vtd(const struct iom_vtd_config *config);
struct bench *bench_ready_vtd(const struct iom_vtd_config *config);
/* One whose unit reads tables as the driver wrote them back (host.flush). */
struct bench *bench_new_vtd_apart(const struct iom_vtd_config *config);
/* Frees all, the driver too, and sees that the driver gave all memory back. */
void bench_free(struct bench *b);

uint32_t bench_rd32(struct bench *b, uint64_t off);
uint64_t bench_rd64(struct bench *b, uint64_t off);

/* A device reads or writes 8 bytes.  0: done; else the fault code. */
unsigned bench_dma_read(struct bench *b, uint32_t requester, uint64_t iova, uint64_t *val);
unsigned bench_dma_write(struct bench *b, uint32_t requester, uint64_t iova, uint64_t val);
/* The same with a PASID. */
unsigned bench_pasid_read(struct bench *b, uint32_t requester, uint32_t pasid, uint64_t iova,
                          uint64_t *val);
/* A device sends a message; it must be taken. */
void bench_message(struct bench *b, uint32_t requester, const struct iom_message *message);
/* Asks for the translation of a read alone: the reply's range_lg2, or 0 after a fault. */
unsigned bench_page_lg2(struct bench *b, uint32_t requester, uint64_t iova,
                        struct iom_reply *reply);
/* Runs the driver's handler, which must report one fault, with this code; returns that fault. */
struct iom_os_fault *bench_one_fault(struct bench *b, unsigned code);

uint64_t *bench_word(struct bench *b, uint64_t spa);

#endif

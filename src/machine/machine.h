/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A small machine: two RAMs, one below and one above 4 GiB, four CPUs with an interrupt controller, and
 * two I/O bridges, each with an IOMMU of its own: one for devices on the chip, one for the PCI Express root port.  Behind
 * them are DMA engines.  One thread uses it.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <iommux/iommux.h>

#include "machine/arch.h"
#include "machine/board.h"
#include "machine/bridge.h"
#include "machine/bus.h"
#include "machine/dma_engine.h"
#include "machine/pages.h"

/* The address map */
#define MACHINE_IOMMU UINT64_C(0x03010000) /* of the first bridge; the others follow */
#define MACHINE_IOMMU_STRIDE UINT64_C(0x10000)
#define MACHINE_ENGINES UINT64_C(0x10000000) /* one page each */
#define MACHINE_LOW_RAM UINT64_C(0x80000000)
#define MACHINE_HIGH_RAM UINT64_C(0x180000000)

#define MACHINE_LOW_MIN (UINT64_C(1) << 20)
#define MACHINE_RAM_MAX (UINT64_C(1) << 30)
#define MACHINE_ENGINES_MAX 32

/* The bridges */
enum { BRIDGE_CHIP, BRIDGE_PCI, MACHINE_BRIDGES };

struct machine_config {
	const struct machine_arch *arch; /* NULL: the first row                                  */
	uint64_t low_bytes;  /* MACHINE_LOW_MIN..MACHINE_RAM_MAX, whole pages; 0: 64 MiB         */
	uint64_t high_bytes; /* 0..MACHINE_RAM_MAX, whole pages                                  */
	uint64_t seed;       /* of the order in which pages are handed out                       */
	const struct machine_units *units; /* hears of IOMMUs, and outlives the machine; or NULL */
};

struct machine_engine {
	struct dma_engine engine;
	struct engine_atc atc; /* if engine.atc points here */
	unsigned bridge;
	uint32_t requester; /* the number by which the bridge's IOMMU knows it */
};

struct machine {
	const struct machine_arch *arch;
	struct pages low, high;
	struct bus bus;
	void *controller; /* of interrupts, as arch->interrupts has it */
	struct iom_memory *memory;
	struct bridge bridges[MACHINE_BRIDGES];
	struct machine_engine *engines[MACHINE_ENGINES_MAX];
	unsigned engine_count;
	struct board board; /* as the machine's own kernel sees it             */
	uint64_t seed;
	const struct machine_units *units;
	uint64_t clock_ns; /* advances by 1 us whenever it is read or the CPU pauses */
	uint64_t mmio_reads, mmio_writes; /* of the CPU */
};

/* IOM_EINVAL: a size is outside its range; IOM_ENOMEM.  `error` may be NULL. */
int machine_new(const struct machine_config *config, struct machine **out, struct iom_error *error);
void machine_free(struct machine *machine);

/*
 * Adds an engine behind a bridge; its registers are at machine_engine_spa.  IOM_EEXIST: the requester
 * is taken there; IOM_ENOSPC: MACHINE_ENGINES_MAX are there; IOM_EINVAL: requester or bits (12..64)
 * out of range, or a requester that the root port does not let pass.
 */
int machine_engine_new(struct machine *machine, unsigned bridge, uint32_t requester, unsigned bits,
                       unsigned *index, struct iom_error *error);
uint64_t machine_engine_spa(unsigned index);

/*
 * Tells of every store that devices and IOMMUs make to low RAM from now on; `stored` NULL: no more.
 * IOM_ENOMEM, with a sentence.
 */
int machine_track(struct machine *machine, void (*stored)(void *opaque, uint64_t spa, uint64_t len),
                  void *opaque, struct iom_error *error);

/* Gives an engine a translation cache, which is disabled.  IOM_ENOMEM. */
int machine_engine_cache(struct machine *machine, unsigned index, struct iom_error *error);

/* Something drives a pin of the interrupt controller, which has it, until it is served. */
void machine_raise(struct machine *machine, unsigned pin);

/* The CPU's loads and stores of device registers, 4 or 8 bytes.  A refused load reads all ones. */
uint64_t machine_mmio_read(struct machine *machine, uint64_t spa, unsigned bytes);
void machine_mmio_write(struct machine *machine, uint64_t spa, unsigned bytes, uint64_t val);

/* The clock: devices and IOMMUs see it pass. */
uint64_t machine_now_ns(struct machine *machine);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What every test begins with: the IOMMU brought up, devices blocked, each with a page of bytes
 * that belong to nobody else; and how it ends: domains and driver freed, all memory back.
 */
#ifndef BAREMETAL_BED_H
#define BAREMETAL_BED_H

#include "edu.h"
#include "machine.h"
#include "pool.h"

#define DEVICES 3u
#define FAULTS_MAX 64u
#define DOMAINS_MAX 40u

#define RIGHTS (IOM_PROT_READ | IOM_PROT_WRITE)
/* IOVAs like these are nobody's physical address. */
#define IOVA UINT64_C(0x2000000000)

struct bed {
	struct machine machine;
	struct unit unit;
	struct edu device[DEVICES];
	struct iom_driver *driver;
	struct iom_domain *domain[DOMAINS_MAX];
	size_t domains;
	uint8_t *own[DEVICES]; /* the bytes that a device's page holds */
	struct iom_os_fault fault[FAULTS_MAX];
	size_t faults; /* how many were reported since bed_faults */
};

extern struct bed bed;

/* Finds devices and IOMMU; false: something is missing, and it was said. */
bool bed_start(const void *boot);

bool bed_open(void);
void bed_close(void);

/* The driver ends, and starts with another configuration; false: it was said why. */
bool bed_again(const struct iom_driver_config *config);

/* A domain that bed_close frees; NULL: there is none of this kind. */
struct iom_domain *bed_domain(unsigned kind);
/* The same for one that the test made. */
void bed_keep(struct iom_domain *domain);

/* Memory that bed_close gives back. */
void *bed_memory(size_t bytes);

static inline uint64_t phys(const void *memory)
{
	return (uintptr_t)memory;
}

/* A device's page begins with its own bytes; the rest is for what it loads. */
#define OWN_BYTES (EDU_BYTES / 2)

/*
 * The device stores up to OWN_BYTES of its own at `iova`: true if they are at `memory` then, and
 * the pages that they lie in have changed nowhere else.
 */
bool bed_arrives(unsigned device, uint64_t iova, void *memory, unsigned bytes);
/* The device loads up to OWN_BYTES and stores them: true if what is at `memory` gets to `copy`. */
bool bed_copies(unsigned device, uint64_t from, const void *memory, uint64_t to, void *copy,
                unsigned bytes);

/* Takes what the IOMMU has reported by now: so many faults. */
size_t bed_faults(void);
/* The device's store, or load, is refused with one fault, bed.fault[0], by it and at `iova`. */
bool bed_refused(unsigned device, uint64_t iova);
bool bed_refused_read(unsigned device, uint64_t iova);

/* The same for a store of a device without domain: not every IOMMU tells the address then. */
bool bed_unknown(unsigned device, uint64_t iova);

/* iom_domain_unmap and _sync */
int bed_unmap(struct iom_domain *domain, uint64_t iova, uint64_t bytes);

#endif

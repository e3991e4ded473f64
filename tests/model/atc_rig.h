/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What the tests of a device's translation cache share: a RISC-V IOMMU whose devices may use ATS, one of
 * them with a cache, and a count of what it sends.
 */
#ifndef TESTS_MODEL_ATC_RIG_H
#define TESTS_MODEL_ATC_RIG_H

#include "../riscv/ats_rig.h"

#define ATC_IOVA 0x40000000ull /* aligned for every size that is mapped here */

struct atc_rig {
	struct ats a;
	uint32_t device;
	struct iom_port *port;
	struct iom_atc *atc;
	unsigned sent[3]; /* requests by `at`, since atc_sent last looked */
	unsigned heard;   /* messages that were handed to the cache      */
	/* Called, if set, when the unit has read an entry of a table for a request; then forgotten. */
	void (*on_walk)(struct atc_rig *t);
};

/* `config` as for iom_atc_new.  The cache is enabled; the command queue is on. */
struct atc_rig *atc_rig_new(uint32_t device, const struct iom_atc_config *config);
void atc_rig_free(struct atc_rig *t);

/* Maps a page of a device without processes, or of process PID: HOST, PROC. */
uint64_t atc_map(struct atc_rig *t, uint64_t iova, unsigned level, uint64_t pte);

/* Requests of process `pid`, or of none (-1). */
struct iom_request atc_request(uint64_t iova, unsigned access, int pid);

/* Granted, at this address; `asked`: how many translation requests it took. */
void atc_reaches(struct atc_rig *t, struct iom_request q, uint64_t spa, unsigned asked);
/* The page was asked for, and is not permitted; nothing is recorded. */
void atc_not_permitted(struct atc_rig *t, struct iom_request q);

/* Sent since the last look; the count begins anew. */
unsigned atc_sent(struct atc_rig *t, unsigned at);

/* ATS.INVAL and a fence; `flags` are dw0's beside the device. */
void atc_invalidate(struct atc_rig *t, uint64_t flags, uint64_t payload);
/* Has the fence ended? */
bool atc_fence_done(struct atc_rig *t);
/* The payload for 2^lg2 bytes, coded as in the specification. */
uint64_t atc_range(uint64_t address, unsigned lg2);
#define ATC_GLOBAL 1ull

#endif

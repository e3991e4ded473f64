/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Descriptors on the bench of rig.h: which the unit takes, and which make it stop.
 */
#ifndef TESTS_VTD_QUEUE_H
#define TESTS_VTD_QUEUE_H

#include "rig.h"

/* Descriptor types, and flags of a wait */
#define T_CONTEXT 1u
#define T_IOTLB 2u
#define T_DEVICE 3u
#define T_IEC 4u
#define T_WAIT 5u
#define T_PIOTLB 6u
#define T_PASID 7u
#define T_PDEVICE 8u
#define T_RESPONSE 9u
#define WAIT_IF (1u << 4)
#define WAIT_SW (1u << 5)
#define WAIT_FN (1u << 6)
#define WAIT_PD (1u << 7)
#define WAIT_DATA(n) ((uint64_t)(n) << 32)
#define G(n) ((uint64_t)(n) << 4)

struct form {
	const char *name;
	uint64_t qw[2];       /* accepted, and without consequence for the test */
	uint64_t reserved[2]; /* reserved bits of the unit with everything */
	uint64_t free[2];     /* bits of fields that may have any value */
	bool wide;            /* needs 256-bit descriptors */
};
/* Every type that ECAP_ALL has. */
#define QUEUE_FORMS 9u
extern const struct form queue_form[QUEUE_FORMS];

/* TTM `ttm`, TES, a queue of 2^qs pages; devices answer invalidations at once. */
struct rig *queue_new(uint64_t cap, uint64_t ecap, unsigned ttm, unsigned qs, bool wide);
/* Submits; it is taken without error. */
void queue_takes(struct rig *r, const uint64_t qw[4]);
/* Submits; the unit stops at it with IQE and this IQEI.  Then it is overwritten, and IQE cleared. */
void queue_refuses(struct rig *r, const uint64_t qw[4], unsigned iqei);
/* The queue is stopped at `head` with this IQEI. */
void queue_stopped(struct rig *r, uint64_t head, unsigned iqei);
/* Overwrites the descriptor at IQH with a wait that does nothing, and clears IQE. */
void queue_repair(struct rig *r);
/* Completes an invalidation of a device's cache: one of `count` for these ITags, as bits. */
void queue_complete(struct rig *r, uint16_t sid, uint32_t itags, unsigned count);
/* host.message of devices that answer at once. */
void queue_answer(struct rig *r, uint32_t requester, const struct iom_message *message);
/* Submits a wait with SW: this data, at this address. */
void queue_wait(struct rig *r, uint64_t at, uint32_t data, unsigned flags);

#endif

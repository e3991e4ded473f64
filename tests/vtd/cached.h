/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A unit with caches, a queue, and devices of which each has tables of its own. */
#ifndef TESTS_VTD_CACHED_H
#define TESTS_VTD_CACHED_H

#include "rig.h"

#define SID 0x0123
#define OTHER 0x01a3
#define PASID 9
#define IOVA 0x12345000ull
#define FAR 0x7654321000ull
#define NEAR 0x1234567000ull

/* CAP_ALL with more bits of CAP. */
struct rig *cached(uint64_t cap);
/* `sid` in `did`: second-stage tables of 4 levels that lead IOVA to `to`; their root. */
uint64_t second(struct rig *r, bool scalable, uint16_t sid, uint16_t did, uint64_t to);
/* A PASID of a device that `second` made, by first-stage tables. */
uint64_t first(struct rig *r, uint16_t sid, uint32_t pasid, uint16_t did, uint64_t to);

#endif

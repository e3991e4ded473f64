/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts of devices behind a VT-d unit: what their tests share. */
#ifndef TESTS_OS_VTD_INTERRUPTS_H
#define TESTS_OS_VTD_INTERRUPTS_H

#include "vtd.h"

#define PI (1ull << 59)
#define ESIRTPS (1ull << 62)
#define MHMV(n) ((uint64_t)(n) << 20)
#define ECAP_IR (ECAP_LEGACY | IR | EIM | MHMV(15))
#define CAP_PI (CAP_48 | PI)

#define GCMD 0x18u
#define GSTS_IRES 0x02000000u
#define GSTS_IRTPS 0x01000000u
#define GSTS_CFIS 0x00800000u
#define IRTA 0xb8u
#define IRTA_EIME 0x800u

#define OTHER 0x456u

/* Fault reasons */
#define NOT_PRESENT 0x22u
#define COMPATIBILITY 0x25u
#define WRONG_SOURCE 0x26u

static inline struct bench *new_unit(uint64_t cap, uint64_t ecap)
{
	const struct iom_vtd_config config = vtd_unit(cap, ecap);
	struct bench *b = bench_new_vtd(&config);

	b->msi_address = 0;
	return b;
}

static inline int up(struct bench *b, uint32_t interrupts)
{
	const struct iom_driver_config config = {
		.bytes = sizeof config,
		.interrupts = interrupts,
	};

	return bench_up(b, &config);
}

static inline struct bench *ready(uint64_t cap, uint64_t ecap, uint32_t interrupts)
{
	struct bench *b = new_unit(cap, ecap);

	CHECK_MSG(up(b, interrupts) == IOM_OK, "%s", b->error.text);
	b->descriptors = 0;
	return b;
}

/* A device's message: 0, or why it was refused. */
static inline unsigned send(struct bench *b, uint32_t requester,
                            const struct iom_interrupt_message *m)
{
	struct iom_endpoint *endpoint;
	struct iom_reply reply;

	CHECK_EQ(iom_endpoint_get(b->unit, requester, &endpoint), IOM_OK);
	return iom_msi(endpoint, m->address, m->data, &reply) ? reply.fault : 0;
}

/* It must arrive as that. */
static inline void check_arrives(struct bench *b, const struct iom_interrupt_message *m,
                                 uint64_t address, uint32_t data)
{
	unsigned before = b->msis;

	CHECK_EQ(send(b, DEVICE, m), 0);
	CHECK_EQ(b->msis, before + 1);
	CHECK_EQ(b->msi_at[before % BENCH_LOG], address);
	CHECK_EQ(b->msi_data[before % BENCH_LOG] & 0x87ff, data);
}

static inline uint32_t alloc(struct bench *b, unsigned count)
{
	uint32_t first;

	CHECK_EQ(iom_interrupt_alloc(b->driver, DEVICE, count, &first), IOM_OK);
	CHECK_EQ(first % count, 0);
	return first;
}

static inline struct iom_interrupt_message message_of(struct bench *b, uint32_t index)
{
	struct iom_interrupt_message m;

	CHECK_EQ(iom_interrupt_message(b->driver, index, &m), IOM_OK);
	return m;
}

static inline int set(struct bench *b, uint32_t index, uint32_t cpu, uint8_t vector)
{
	const struct iom_interrupt_target target = { .cpu = cpu, .vector = vector };

	return iom_interrupt_set(b->driver, index, &target);
}

static inline int post(struct bench *b, uint32_t index, uint64_t descriptor, uint8_t vector)
{
	const struct iom_interrupt_target target = {
		.descriptor = descriptor,
		.vector = vector,
	};

	return iom_interrupt_set(b->driver, index, &target);
}

/* One half of an entry, as it lies in memory. */
static inline uint64_t entry(struct bench *b, uint32_t index, unsigned half)
{
	return *bench_word(b, (bench_rd64(b, IRTA) & ~0xfffull) + 16ull * index + 8ull * half);
}

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The bench of interrupt_bench.h. */
#include "interrupt_bench.h"

#include <stdlib.h>
#include <string.h>

#define CAP 0x008
#define ECAP 0x010
#define GCMD 0x018
#define GSTS 0x01c
#define IQH 0x080
#define IQT 0x088
#define IQA 0x090
#define IRTA 0x0b8
#define LEVELS 0x96ffffffu
#define VERSION 0x50

static int host_msi(void *opaque, uint64_t address, uint32_t data)
{
	struct ibench *b = opaque;

	__atomic_add_fetch(&b->msis, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&b->address, address, __ATOMIC_RELAXED);
	__atomic_store_n(&b->data, data, __ATOMIC_RELAXED);
	if (b->on_msi)
		b->on_msi(b);
	return IOM_OK;
}

static void host_interrupts_changed(void *opaque, uint32_t first, uint32_t last)
{
	struct ibench *b = opaque;

	b->changes++;
	b->first = first;
	b->last = last;
}

static uint64_t *served(struct ibench *b, uint64_t spa, size_t len)
{
	return spa >= IBENCH_SERVED && spa - IBENCH_SERVED <= sizeof(b->served) - len
	               ? &b->served[(spa - IBENCH_SERVED) / 8]
	               : NULL;
}

static int served_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	uint64_t *from = served(opaque, spa, len);

	if (from)
		memcpy(buf, from, len);
	return from ? IOM_OK : IOM_EFAULT;
}

static int served_cas(void *opaque, uint64_t spa, unsigned bytes, uint64_t *expected,
                      uint64_t desired)
{
	struct ibench *b = opaque;
	uint64_t *at = served(b, spa, bytes), was;

	CHECK_EQ(bytes, 8);
	if (!at)
		return IOM_EFAULT;
	if (b->on_cas)
		b->on_cas(b, spa);
	was = *at;
	if (was == *expected)
		*at = desired;
	*expected = was;
	return IOM_OK;
}

static uint64_t rd(struct ibench *b, unsigned off, unsigned bytes)
{
	uint64_t val;

	CHECK_EQ(iom_mmio_read(b->unit, 0, off, bytes, &val), IOM_OK);
	return val;
}

static void wr(struct ibench *b, unsigned off, unsigned bytes, uint64_t val)
{
	CHECK_EQ(iom_mmio_write(b->unit, 0, off, bytes, val), IOM_OK);
}

static void unit_new(struct ibench *b, const struct iom_vtd_config *config)
{
	static const struct iom_host host = { .bytes = sizeof(host),
		                              .msi = host_msi,
		                              .interrupts_changed = host_interrupts_changed };
	struct iom_error error;

	if (iom_vtd_new(config, b->memory, &host, b, &b->unit, &error) != IOM_OK)
		CHECK_MSG(false, "%s", error.text);
}

static struct ibench *bench_new(uint32_t flags, uint64_t more, uint64_t less)
{
	static const struct iom_memory_ops ops = { .bytes = sizeof(ops),
		                                   .read = served_read,
		                                   .cas = served_cas };
	struct iom_vtd_config config = { .bytes = sizeof(config), .profile = IOM_VTD_FULL };
	struct iom_region region = { .spa = IBENCH_RAM, .bytes = IBENCH_RAM_BYTES };
	struct ibench *b = calloc(1, sizeof(*b));

	CHECK(b);
	b->ram = calloc(1, IBENCH_RAM_BYTES);
	CHECK(b->ram);
	region.host = b->ram;
	CHECK_EQ(iom_memory_new(&ops, b, &b->memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(b->memory, &region, NULL), IOM_OK);
	unit_new(b, &config);
	config.flags = flags;
	config.version = VERSION;
	config.cap = rd(b, CAP, 8) & ~less;
	config.ecap = rd(b, ECAP, 8) | more;
	iom_unit_free(b->unit);
	unit_new(b, &config);
	CHECK_EQ(iom_lane_open(b->unit, &b->lane), IOM_OK);
	CHECK_EQ(iom_endpoint_get(b->unit, IBENCH_DEVICE, &b->endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(b->endpoint, b->lane, &b->port), IOM_OK);
	return b;
}

struct ibench *ibench_new(uint32_t flags, uint64_t ecap)
{
	return bench_new(flags, ecap, 0);
}

struct ibench *ibench_new_without(uint64_t cap)
{
	return bench_new(IOM_VTD_UNCACHED, 0, cap);
}

void ibench_free(struct ibench *b)
{
	iom_unit_free(b->unit);
	iom_memory_free(b->memory);
	free(b->ram);
	free(b);
}

void ibench_gcmd(struct ibench *b, uint32_t bit)
{
	wr(b, GCMD, 4, (rd(b, GSTS, 4) & LEVELS) | bit);
	CHECK(rd(b, GSTS, 4) & bit);
}

void ibench_table(struct ibench *b, uint32_t irta)
{
	wr(b, IRTA, 8, IBENCH_TABLE | irta);
	ibench_gcmd(b, GCMD_SIRTP);
}

void ibench_on(struct ibench *b, uint32_t irta)
{
	wr(b, IQA, 8, IBENCH_QUEUE);
	wr(b, IQT, 8, 0);
	ibench_gcmd(b, GCMD_QIE);
	ibench_table(b, irta);
	ibench_gcmd(b, GCMD_IRE);
}

static uint8_t *at(struct ibench *b, uint64_t spa)
{
	CHECK(spa >= IBENCH_RAM && spa - IBENCH_RAM <= IBENCH_RAM_BYTES - 8);
	return b->ram + (spa - IBENCH_RAM);
}

void ibench_put(struct ibench *b, uint64_t spa, uint64_t val)
{
	for (unsigned i = 0; i < 8; i++)
		at(b, spa)[i] = (uint8_t)(val >> 8 * i);
}

uint64_t ibench_get(struct ibench *b, uint64_t spa)
{
	uint64_t val = 0;

	for (unsigned i = 0; i < 8; i++)
		val |= (uint64_t)at(b, spa)[i] << 8 * i;
	return val;
}

void ibench_irte(struct ibench *b, unsigned index, uint64_t low, uint64_t high)
{
	ibench_put(b, IBENCH_TABLE + 16ull * index + 8, high);
	ibench_put(b, IBENCH_TABLE + 16ull * index, low);
}

void ibench_queue(struct ibench *b, uint64_t low, uint64_t high)
{
	ibench_put(b, IBENCH_QUEUE + b->tail, low);
	ibench_put(b, IBENCH_QUEUE + b->tail + 8, high);
	b->tail = (b->tail + 16) % 4096;
	wr(b, IQT, 8, b->tail);
}

void ibench_descriptor(struct ibench *b, uint64_t low)
{
	ibench_queue(b, low, 0);
	CHECK_EQ(rd(b, IQH, 8), b->tail);
}

unsigned ibench_write(struct ibench *b, uint64_t iova, uint64_t val, unsigned bytes)
{
	const struct iom_request q = { .iova = iova, .access = IOM_WRITE };
	struct iom_reply reply;
	uint8_t buf[8];

	for (unsigned i = 0; i < 8; i++)
		buf[i] = (uint8_t)(val >> 8 * i);
	iom_write(b->port, &q, buf, bytes, &reply);
	return reply.fault;
}

unsigned ibench_fault(struct ibench *b)
{
	uint64_t cap = rd(b, CAP, 8);
	unsigned records = 1 + (cap >> 40 & 0xff);
	unsigned off = (unsigned)(16 * (cap >> 24 & 0x3ff)) + 16 * b->record;

	b->info = rd(b, off, 8);
	b->high = rd(b, off + 8, 8);
	if (!(b->high >> 63))
		return 0;
	wr(b, off + 12, 4, 1u << 31);
	b->record = (b->record + 1) % records;
	return b->high >> 32 & 0xff;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "bench_vtd.h"

#include <stdlib.h>
#include <string.h>

#define RAM_ALIGN (1u << 20)

static uint64_t mmio_read(void *opaque, uint64_t off, unsigned size)
{
	struct bench *b = opaque;
	uint64_t val;

	if (b->gone)
		return size == 8 ? UINT64_MAX : UINT32_MAX;
	CHECK_EQ(iom_mmio_read(b->unit, 0, off, size, &val), IOM_OK);
	return val;
}

static void mmio_write(void *opaque, uint64_t off, unsigned size, uint64_t val)
{
	struct bench *b = opaque;

	b->mmio_writes++;
	if (b->gone)
		return;
	if (b->vtd)
		bench_look(b, off, val);
	if (b->on_write)
		b->on_write(b, off, val);
	CHECK_EQ(iom_mmio_write(b->unit, 0, off, size, val), IOM_OK);
}

static void *alloc(void *opaque, size_t size, uint64_t *phys)
{
	struct bench *b = opaque;
	unsigned pages = (unsigned)(size / 4096), n, tries;

	CHECK_MSG(size >= 4096 && !(size & (size - 1)), "%zu bytes", size);
	if (b->countdown >= 0 && b->countdown-- == 0)
		return NULL;
	for (tries = 0; tries < POOL; tries += pages) {
		bool taken = false;

		b->hint = (b->hint + pages) & ~(pages - 1);
		if (b->hint + pages > POOL)
			b->hint = 0;
		for (n = 0; n < pages; n++)
			taken |= b->used[b->hint + n];
		if (taken)
			continue;
		for (n = 0; n < pages; n++)
			b->used[b->hint + n] = (uint16_t)(n ? 0xffff : pages);
		b->live += pages;
		*phys = BENCH_RAM + 4096ull * b->hint;
		return memset(b->ram + 4096ull * b->hint, 0, size);
	}
	return NULL;
}

/* What is freed is filled with bits, so that hardware that still reads it goes astray. */
static void release(void *opaque, void *memory, uint64_t phys, size_t size)
{
	struct bench *b = opaque;
	unsigned at = (unsigned)((phys - BENCH_RAM) / 4096);

	CHECK(at < POOL && memory == b->ram + 4096ull * at);
	CHECK_EQ(b->used[at], size / 4096);
	memset(&b->used[at], 0, size / 4096 * sizeof b->used[0]);
	memset(memory, 0xdb, size);
	if (b->written_back)
		memset(b->written_back + 4096ull * at, 0xdb, size);
	b->live -= (unsigned)(size / 4096);
}

static void *at(void *opaque, uint64_t phys)
{
	struct bench *b = opaque;

	CHECK(phys >= BENCH_RAM && phys < BENCH_DATA);
	return b->ram + (phys - BENCH_RAM);
}

static uint64_t now_ns(void *opaque)
{
	struct bench *b = opaque;

	return b->now += 1000;
}

static void relax(void *opaque)
{
	struct bench *b = opaque;

	b->now += 1000000;
}

static void fault(void *opaque, const struct iom_os_fault *f)
{
	struct bench *b = opaque;

	b->fault[b->faults++ % BENCH_LOG] = *f;
}

static void page_request(void *opaque, const struct iom_os_page_request *request)
{
	struct bench *b = opaque;

	b->page[b->pages++ % BENCH_LOG] = *request;
}

static void relax_and_step(void *opaque)
{
	struct bench *b = opaque;

	relax(b);
	iom_step(b->unit, b->now);
}

void bench_with_devices(struct bench *b)
{
	b->host.page_request = page_request;
	b->host.relax = relax_and_step;
	iom_step(b->unit, b->now);
}

/* Devices have forgotten before they are asked. */
static void unit_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	struct bench *b = opaque;
	const struct iom_message answer = {
		.kind = IOM_MESSAGE_INVALIDATED,
		.token = 1u << (message->token & 31),
		.code = 1,
	};

	b->message[b->messages++ % BENCH_LOG] = *message;
	if (message->kind != IOM_MESSAGE_INVALIDATE || b->silent)
		return;
	if (b->answers < 0 || b->answers-- != 0)
		bench_message(b, requester, &answer);
}

static int unit_msi(void *opaque, uint64_t address, uint32_t data)
{
	struct bench *b = opaque;
	unsigned n;

	CHECK(!b->msi_address || address == b->msi_address);
	/* Devices' threads send notices. */
	n = __atomic_fetch_add(&b->msis, 1, __ATOMIC_RELAXED) % BENCH_LOG;
	__atomic_store_n(&b->msi_data[n], data, __ATOMIC_RELAXED);
	__atomic_store_n(&b->msi_at[n], address, __ATOMIC_RELAXED);
	return IOM_OK;
}

static void unit_wire(void *opaque, unsigned wire, bool level)
{
	struct bench *b = opaque;

	b->wire[wire] = level;
}

static const struct iom_host unit_host = {
	.bytes = sizeof unit_host,
	.msi = unit_msi,
	.message = unit_message,
	.wire = unit_wire,
};

/* Without a unit. */
static struct bench *make(bool apart)
{
	uint64_t hidden = apart ? 4096ull * POOL : 0;
	struct bench *b = calloc(1, sizeof *b);
	struct iom_region region;

	assert_non_null(b);
	/* Most of it is never touched: it costs something only where it is. */
	b->block = calloc(1, 4096ull * BENCH_PAGES + RAM_ALIGN);
	assert_non_null(b->block);
	b->ram = (uint8_t *)b->block + (RAM_ALIGN - (uintptr_t)b->block % RAM_ALIGN);
	b->countdown = b->answers = -1;
	b->msi_address = BENCH_MSI;
	b->host = (struct iom_os_host){
		.bytes = sizeof b->host,
		.mmio_read = mmio_read,
		.mmio_write = mmio_write,
		.alloc = alloc,
		.free = release,
		.at = at,
		.now_ns = now_ns,
		.relax = relax,
		.fault = fault,
	};
	if (apart) {
		b->host.flush = bench_flush;
		b->written_back = malloc(hidden);
		assert_non_null(b->written_back);
		memset(b->written_back, 0xdb, hidden);
	}
	region = (struct iom_region){
		.spa = BENCH_RAM + hidden,
		.bytes = 4096ull * BENCH_PAGES - hidden,
		.host = b->ram + hidden,
	};
	CHECK_EQ(iom_memory_new(apart ? &bench_apart : NULL, b, &b->memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(b->memory, &region, NULL), IOM_OK);
	return b;
}

static struct bench *with_unit(struct bench *b, int err)
{
	CHECK_MSG(err == IOM_OK, "%s", b->error.text);
	CHECK_EQ(iom_lane_open(b->unit, &b->lane), IOM_OK);
	return b;
}

struct bench *bench_new(const struct iom_riscv_config *config)
{
	struct bench *b = make(false);

	return with_unit(b, iom_riscv_new(config, b->memory, &unit_host, b, &b->unit, &b->error));
}

static struct bench *new_vtd(const struct iom_vtd_config *config, bool apart)
{
	struct bench *b = make(apart);

	b->vtd = true;
	return with_unit(b, iom_vtd_new(config, b->memory, &unit_host, b, &b->unit, &b->error));
}

struct bench *bench_new_vtd(const struct iom_vtd_config *config)
{
	return new_vtd(config, false);
}

struct bench *bench_new_vtd_apart(const struct iom_vtd_config *config)
{
	return new_vtd(config, true);
}

int bench_up(struct bench *b, const struct iom_driver_config *config)
{
	return b->vtd ? iom_driver_vtd(config, &b->host, b, &b->driver, &b->error)
	              : iom_driver_riscv(config, &b->host, b, &b->driver, &b->error);
}

static struct bench *ready(struct bench *b)
{
	CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
	return b;
}

struct bench *bench_ready(const struct iom_riscv_config *config)
{
	return ready(bench_new(config));
}

struct bench *bench_ready_vtd(const struct iom_vtd_config *config)
{
	return ready(bench_new_vtd(config));
}

void bench_free(struct bench *b)
{
	b->on_write = NULL;
	CHECK_EQ(iom_driver_free(b->driver), IOM_OK);
	CHECK_EQ(b->live, 0);
	iom_unit_free(b->unit);
	iom_memory_free(b->memory);
	free(b->written_back);
	free(b->block);
	free(b);
}

uint32_t bench_rd32(struct bench *b, uint64_t off)
{
	return (uint32_t)mmio_read(b, off, 4);
}

uint64_t bench_rd64(struct bench *b, uint64_t off)
{
	return mmio_read(b, off, 8);
}

static struct iom_port *port(struct bench *b, uint32_t requester)
{
	struct iom_endpoint *endpoint;
	struct iom_port *out;

	CHECK_EQ(iom_endpoint_get(b->unit, requester, &endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(endpoint, b->lane, &out), IOM_OK);
	return out;
}

static unsigned verdict(int err, const struct iom_reply *reply)
{
	CHECK_MSG(err == IOM_OK || err == IOM_EFAULT, "%d", err);
	CHECK_EQ(err != IOM_OK, reply->status != IOM_DONE);
	return err == IOM_OK ? 0 : reply->fault;
}

unsigned bench_dma_read(struct bench *b, uint32_t requester, uint64_t iova, uint64_t *val)
{
	struct iom_request q = { .iova = iova, .access = IOM_READ };
	struct iom_port *p = port(b, requester);
	struct iom_reply reply;
	int err = iom_read(p, &q, val, sizeof *val, &reply);

	iom_port_close(p);
	return verdict(err, &reply);
}

unsigned bench_dma_write(struct bench *b, uint32_t requester, uint64_t iova, uint64_t val)
{
	struct iom_request q = { .iova = iova, .access = IOM_WRITE };
	struct iom_port *p = port(b, requester);
	struct iom_reply reply;
	int err = iom_write(p, &q, &val, sizeof val, &reply);

	iom_port_close(p);
	return verdict(err, &reply);
}

unsigned bench_pasid_read(struct bench *b, uint32_t requester, uint32_t pasid, uint64_t iova,
                          uint64_t *val)
{
	struct iom_request q = {
		.iova = iova,
		.pasid = pasid,
		.flags = IOM_REQ_PASID,
		.access = IOM_READ,
	};
	struct iom_port *p = port(b, requester);
	struct iom_reply reply;
	int err = iom_read(p, &q, val, sizeof *val, &reply);

	iom_port_close(p);
	return verdict(err, &reply);
}

void bench_message(struct bench *b, uint32_t requester, const struct iom_message *message)
{
	struct iom_endpoint *endpoint;

	CHECK_EQ(iom_endpoint_get(b->unit, requester, &endpoint), IOM_OK);
	CHECK_EQ(iom_message(endpoint, message), IOM_OK);
}

unsigned bench_page_lg2(struct bench *b, uint32_t requester, uint64_t iova, struct iom_reply *reply)
{
	struct iom_request q = { .iova = iova, .bytes = 8, .access = IOM_READ };
	struct iom_port *p = port(b, requester);
	int err;

	iom_begin(b->lane);
	err = iom_translate(p, &q, reply);
	iom_end(b->lane);
	iom_port_close(p);
	return verdict(err, reply) ? 0 : reply->range_lg2;
}

struct iom_os_fault *bench_one_fault(struct bench *b, unsigned code)
{
	CHECK_EQ(iom_driver_interrupt(b->driver), 1);
	CHECK_EQ(b->fault[(b->faults - 1) % BENCH_LOG].code, code);
	return &b->fault[(b->faults - 1) % BENCH_LOG];
}

uint64_t *bench_word(struct bench *b, uint64_t spa)
{
	return (uint64_t *)(b->ram + (spa - BENCH_RAM));
}

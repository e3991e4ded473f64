/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A RISC-V IOMMU with its surroundings, by the numbers of its specification. */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

#define DDTP 0x10
#define CQB 0x18
#define CQH 0x20
#define CQT 0x24
#define CQCSR 0x48

#define GSCID 7ull
#define QUEUE_LG2 8u
#define SV48 (9ull << 60)
#define TABLE 0x01ull /* V */
#define LEAF 0xd7ull  /* V R W U A D */

static uint64_t rd(struct world *w, uint64_t off, unsigned bytes)
{
	uint64_t val;

	BENCH_NEED(iom_mmio_read(w->unit, 0, off, bytes, &val) == IOM_OK);
	return val;
}

static void wr(struct world *w, uint64_t off, unsigned bytes, uint64_t val)
{
	BENCH_NEED(iom_mmio_write(w->unit, 0, off, bytes, val) == IOM_OK);
}

/* Words in memory are little-endian, as all machines that we measure on. */
uint64_t *world_at(struct world *w, uint64_t spa)
{
	return (uint64_t *)(w->ram + (spa - WORLD_RAM));
}

uint64_t world_alloc(struct world *w, size_t bytes)
{
	size_t begin = (w->used + bytes - 1) / bytes * bytes;

	BENCH_NEED(begin + bytes <= w->ram_bytes);
	w->used = begin + bytes;
	return WORLD_RAM + begin;
}

static void *reserve(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	BENCH_NEED(memory != MAP_FAILED);
	return memory;
}

struct world *world_new(size_t ram_bytes, unsigned cache_lg2, uint32_t flags)
{
	struct iom_riscv_config config = {
		.bytes = sizeof config,
		.cache_lg2 = (uint8_t)cache_lg2,
		.flags = flags,
	};
	struct world *w = calloc(1, sizeof *w);
	struct iom_region ram = { .spa = WORLD_RAM, .bytes = ram_bytes };
	struct iom_region data = { .spa = WORLD_DATA, .bytes = WORLD_DATA_PAGES << 12 };

	BENCH_NEED(w);
	ram.host = w->ram = reserve(ram_bytes);
	data.host = w->data = reserve(data.bytes);
	w->ram_bytes = ram_bytes;
	BENCH_NEED(!iom_memory_new(NULL, NULL, &w->memory, NULL) &&
	           !iom_memory_add(w->memory, &ram, NULL) &&
	           !iom_memory_add(w->memory, &data, NULL) &&
	           !iom_riscv_new(&config, w->memory, NULL, NULL, &w->unit, NULL) &&
	           !iom_lane_open(w->unit, &w->lane));

	w->queue = world_alloc(w, 16u << QUEUE_LG2);
	wr(w, CQB, 8, w->queue >> 12 << 10 | (QUEUE_LG2 - 1));
	wr(w, CQCSR, 4, 1);
	w->ddt = world_alloc(w, 4096);
	wr(w, DDTP, 8, w->ddt >> 12 << 10 | 2);
	BENCH_NEED(rd(w, CQCSR, 4) == 0x10001 && (rd(w, DDTP, 8) & 0x1f) == 2);
	return w;
}

void world_free(struct world *w)
{
	iom_unit_free(w->unit);
	iom_memory_free(w->memory);
	munmap(w->ram, w->ram_bytes);
	munmap(w->data, WORLD_DATA_PAGES << 12);
	free(w);
}

static void map(struct world *w, uint64_t table, unsigned root_mask, uint64_t input, uint64_t page,
                uint64_t guest)
{
	for (unsigned shift = 39; shift; shift -= 9) {
		uint64_t index = input >> shift & (shift == 39 ? root_mask : 0x1ff);
		uint64_t *entry = world_at(w, table) + index;

		if (shift == 12) {
			*entry = page >> 12 << 10 | LEAF;
			return;
		}
		if (!*entry) {
			table = world_alloc(w, 4096);
			*entry = table >> 12 << 10 | TABLE;
			if (guest)
				world_map_guest(w, guest, table, table);
		}
		table = *entry >> 10 << 12;
	}
}

void world_map(struct world *w, uint64_t root, uint64_t iova, uint64_t page, uint64_t guest)
{
	map(w, root, 0x1ff, iova, page, guest);
}

void world_map_guest(struct world *w, uint64_t root, uint64_t gpa, uint64_t page)
{
	map(w, root, 0x7ff, gpa, page, 0);
}

uint64_t *world_context(struct world *w, uint32_t device)
{
	return world_at(w, w->ddt) + 8ull * device;
}

void world_attach(struct world *w, uint32_t device, uint64_t stage1, uint32_t pscid,
                  uint64_t stage2)
{
	uint64_t *dc = world_context(w, device);
	struct iom_endpoint *endpoint;

	dc[1] = stage2 ? SV48 | GSCID << 44 | stage2 >> 12 : 0;
	dc[2] = (uint64_t)pscid << 12;
	dc[3] = stage1 ? SV48 | stage1 >> 12 : 0;
	dc[0] = 1;
	BENCH_NEED(!iom_endpoint_get(w->unit, device, &endpoint) &&
	           !iom_port_open(endpoint, w->lane, &w->port[device]));
}

void world_command(struct world *w, uint64_t dw0, uint64_t dw1)
{
	uint64_t *entry = world_at(w, w->queue) + 2 * w->tail;

	entry[0] = dw0;
	entry[1] = dw1;
	w->tail = (w->tail + 1) & ((1u << QUEUE_LG2) - 1);
	wr(w, CQT, 4, w->tail);
	BENCH_NEED(rd(w, CQH, 4) == w->tail);
}

void world_forget(struct world *w, uint32_t pscid, bool guest)
{
	world_command(w,
	              1 | (uint64_t)pscid << 12 | 1ull << 32 |
	                      (guest ? 1ull << 33 | GSCID << 44 : 0),
	              0);
}

void world_forget_page(struct world *w, uint32_t pscid, uint64_t iova)
{
	world_command(w, 1 | 1ull << 10 | (uint64_t)pscid << 12 | 1ull << 32, iova >> 12 << 10);
}

void world_forget_range(struct world *w, uint32_t pscid, uint64_t iova, unsigned lg2)
{
	/* Ones below the bit that stands for half the size. */
	uint64_t page = iova >> 12 | ((1ull << (lg2 - 13)) - 1);

	world_command(w, 1 | 1ull << 10 | (uint64_t)pscid << 12 | 1ull << 32,
	              page << 10 | 1ull << 9);
}

void world_read(struct iom_port *port, uint64_t iova)
{
	const struct iom_request request = { .iova = iova, .bytes = 64 };
	struct iom_reply reply;

	if (iom_translate(port, &request, &reply))
		bench_die("a read of 0x%llx was refused with cause %u", (unsigned long long)iova,
		          (unsigned)reply.fault);
}

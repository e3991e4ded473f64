/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the worlds of all architectures have in common. */
#include "world.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "bench.h"

uint64_t world_rd(struct world *w, uint64_t off, unsigned bytes)
{
	uint64_t val;

	BENCH_NEED(iom_mmio_read(w->unit, 0, off, bytes, &val) == IOM_OK);
	return val;
}

void world_wr(struct world *w, uint64_t off, unsigned bytes, uint64_t val)
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

uint64_t world_second(struct world *w)
{
	return world_alloc(w, w->kind->second_bytes);
}

static void *reserve(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	BENCH_NEED(memory != MAP_FAILED);
	return memory;
}

struct world *world_new(const struct world_kind *kind, size_t ram_bytes, unsigned cache_lg2,
                        bool uncached)
{
	struct world *w = calloc(1, sizeof *w);
	struct iom_region ram = { .spa = WORLD_RAM, .bytes = ram_bytes };
	struct iom_region data = { .spa = WORLD_DATA, .bytes = WORLD_DATA_PAGES << 12 };

	BENCH_NEED(w);
	w->kind = kind;
	ram.host = w->ram = reserve(ram_bytes);
	data.host = w->data = reserve(data.bytes);
	w->ram_bytes = ram_bytes;
	BENCH_NEED(!iom_memory_new(NULL, NULL, &w->memory, NULL) &&
	           !iom_memory_add(w->memory, &ram, NULL) &&
	           !iom_memory_add(w->memory, &data, NULL) &&
	           !kind->unit_new(w, cache_lg2, uncached, &w->unit) &&
	           !iom_lane_open(w->unit, &w->lane));
	kind->start(w);
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

static void map(struct world *w, uint64_t table, bool second, uint64_t input, uint64_t page,
                uint64_t guest)
{
	size_t root_mask = second ? w->kind->second_bytes / 8 - 1 : 0x1ff;

	for (unsigned shift = 39; shift; shift -= 9) {
		uint64_t index = input >> shift & (shift == 39 ? root_mask : 0x1ff);
		uint64_t *entry = world_at(w, table) + index;

		if (shift == 12) {
			*entry = w->kind->leaf(page, second);
			return;
		}
		if (!*entry) {
			table = world_alloc(w, 4096);
			*entry = w->kind->table(table, second);
			if (guest)
				world_map_guest(w, guest, table, table);
		}
		table = w->kind->address(*entry);
	}
}

void world_map(struct world *w, uint64_t root, uint64_t iova, uint64_t page, uint64_t guest)
{
	map(w, root, false, iova, page, guest);
}

void world_map_guest(struct world *w, uint64_t root, uint64_t gpa, uint64_t page)
{
	map(w, root, true, gpa, page, 0);
}

void world_attach(struct world *w, uint32_t device, uint64_t stage1, uint32_t tag, uint64_t stage2)
{
	struct iom_endpoint *endpoint;

	w->kind->attach(w, device, stage1, tag, stage2);
	BENCH_NEED(!iom_endpoint_get(w->unit, device, &endpoint) &&
	           !iom_port_open(endpoint, w->lane, &w->port[device]));
}

void world_read(struct iom_port *port, uint64_t iova)
{
	const struct iom_request request = { .iova = iova, .bytes = 64 };
	struct iom_reply reply;

	if (iom_translate(port, &request, &reply))
		bench_die("a read of 0x%llx was refused with cause %u", (unsigned long long)iova,
		          (unsigned)reply.fault);
}

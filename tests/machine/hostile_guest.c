/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A guest that writes whatever it likes into the tables of its own IOMMU: its device reaches the
 * guest's memory and interrupt files, and nothing else.
 */
#include "base/endian.h"
#include "bench.h"
#include "machine/random.h"
#include "machine/vm.h"

#define PAGES 24
#define ROUNDS 3000
#define TRIES 6

/* ddtp: Off, and three levels with a root */
#define DDTP (VM_IOMMU + 0x10)
#define OFF 0
#define LEVELS_3(gpa) (4 | (gpa) >> 12 << 10)

struct guest {
	struct vm *vm;
	struct buffer *tables;
	uint64_t random;
};

static uint64_t draw(struct guest *g, uint64_t below)
{
	return random_next(&g->random) % below;
}

/* Mostly one of the guest's tables; else anywhere below 2^33, where the machine has its memory too. */
static uint64_t page_number(struct guest *g)
{
	if (draw(g, 8))
		return g->tables->spa[draw(g, PAGES)] >> 12;
	return draw(g, UINT64_C(1) << 21);
}

static uint64_t directory_word(struct guest *g, unsigned i)
{
	(void)i;
	return page_number(g) << 10 | (draw(g, 16) ? 1 : random_next(&g->random));
}

/* Device contexts of 32 bytes: tc, iohgatp, ta, fsc. */
static uint64_t context_word(struct guest *g, unsigned i)
{
	if (!draw(g, 32))
		return random_next(&g->random);
	switch (i % 4) {
	case 0:
		return draw(g, 8) ? 1 : 1 | 1 << 10;
	case 2:
		return draw(g, 4) << 12;
	case 3:
		return draw(g, 4) ? (8 + draw(g, 3)) << 60 | page_number(g) : 0;
	default:
		return 0;
	}
}

static uint64_t table_word(struct guest *g, unsigned i)
{
	uint64_t word = page_number(g) << 10 | (draw(g, 3) ? 0x01 : 0xd7);

	(void)i;
	return draw(g, 32) ? word : random_next(&g->random);
}

static void scribble(struct guest *g)
{
	static uint64_t (*const words[])(struct guest * g, unsigned i) = { directory_word,
		                                                           context_word, table_word,
		                                                           table_word };

	for (unsigned page = 0; page < PAGES; page++) {
		uint64_t (*word)(struct guest *, unsigned) = words[draw(g, 4)];
		uint8_t *at = pages_at(&g->vm->guest->ram, g->tables->spa[page]);

		for (unsigned i = 0; i < 512; i++)
			iom_st64(at + (size_t)i * 8, word(g, i), false);
	}
}

/* Tells the guest's IOMMU of new tables, and has it look. */
static void show(struct guest *g)
{
	const struct board *b = &g->vm->guest->board;

	b->ops->mmio_write(b->opaque, DDTP, 8, OFF);
	b->ops->mmio_write(b->opaque, DDTP, 8, LEVELS_3(g->tables->spa[draw(g, PAGES)]));
	CHECK_EQ(iom_fault_in(g->vm->devices[0].endpoint, false, 0, NULL), IOM_OK);
}

static bool is_guests(const struct vm *vm, uint64_t spa)
{
	for (uint32_t i = 0; i < vm->memory->count; i++)
		if (vm->memory->spa[i] == spa - spa % PAGE_BYTES)
			return true;
	for (unsigned i = 0; i < vm->vcpu_count; i++)
		if (vm_vcpu_spa(vm, i) == spa - spa % PAGE_BYTES)
			return true;
	return false;
}

TEST(viommu_hostile_guest_stays_inside, "")
{
	const struct vm_config config = {
		.name = "hostile", .ram_bytes = 1 << 20, .vcpus = 1, .iommu = true
	};
	struct guest g = { .random = 11 };
	unsigned granted = 0, nested = 0;
	struct engine_driver *driver;
	struct engine_place place;
	struct hypervisor h;
	struct bench b;
	uint64_t ddtp;

	bench_open(&b, IOM_DOMAIN_BLOCKED, 64, false);
	hypervisor_init(&h, b.machine, b.kernel);
	driver = bench_driver(&b, BRIDGE_PCI, 0x100, 64);
	CHECK_EQ(vm_new(&h, &config, &g.vm, NULL), IOM_OK);
	CHECK_EQ(vm_device_assign(g.vm, b.machine->engine_count - 1, &place, NULL), IOM_OK);
	CHECK_EQ(buffer_new(&g.vm->guest->ram, PAGES * PAGE_BYTES, true, &g.tables, NULL), IOM_OK);
	ddtp = g.vm->guest->board.ops->mmio_read(g.vm->guest->board.opaque, DDTP, 8);

	for (unsigned round = 0; round < ROUNDS; round++) {
		scribble(&g);
		show(&g);
		nested += g.vm->devices[0].nested != NULL;
		for (unsigned i = 0; i < TRIES; i++) {
			struct iom_reply reply;
			uint64_t iova =
				draw(&g, 4) ? draw(&g, UINT64_C(1) << 33) : random_next(&g.random);

			if (dma_engine_probe(place.engine, iova, draw(&g, 2), &reply))
				continue;
			granted++;
			CHECK_MSG(is_guests(g.vm, reply.spa), "0x%llx led to 0x%llx",
			          (unsigned long long)iova, (unsigned long long)reply.spa);
		}
	}
	/* The test would prove nothing if everything were refused. */
	CHECK_MSG(nested > ROUNDS / 10 && granted > 50, "%u nested, %u granted", nested, granted);

	g.vm->guest->board.ops->mmio_write(g.vm->guest->board.opaque, DDTP, 8, OFF);
	g.vm->guest->board.ops->mmio_write(g.vm->guest->board.opaque, DDTP, 8, ddtp);
	buffer_free(g.tables);
	vm_free(g.vm);
	engine_driver_free(driver);
	bench_close(&b);
}

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
#define KINDS 4

struct guest;

/* How the tables of an architecture look, and how its IOMMU is told of them. */
struct hostile {
	const struct machine_arch *arch;
	uint64_t (*words[KINDS])(struct guest *g, unsigned i);
	uint64_t (*root)(const struct guest *g); /* as it is */
	void (*show)(const struct guest *g, uint64_t root);
	uint64_t (*root_of)(uint64_t gpa);
	bool mixed; /* any page may be tables of any kind; else of each kind in turn */
};

struct guest {
	const struct hostile *arch;
	struct vm *vm;
	struct buffer *tables;
	uint64_t random;
};

static uint64_t rd(const struct guest *g, uint64_t at, unsigned bytes)
{
	const struct board *b = &g->vm->guest->board;

	return b->ops->mmio_read(b->opaque, at, bytes);
}

static void wr(const struct guest *g, uint64_t at, unsigned bytes, uint64_t val)
{
	const struct board *b = &g->vm->guest->board;

	b->ops->mmio_write(b->opaque, at, bytes, val);
}

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

/* ---- RISC-V ------------------------------------------------------------------------------------ */

/* ddtp: Off, and three levels with a root */
#define DDTP (VM_IOMMU + 0x10)
#define OFF 0

static uint64_t ddtp(const struct guest *g)
{
	return rd(g, DDTP, 8);
}

static uint64_t levels_3(uint64_t gpa)
{
	return 4 | gpa >> 12 << 10;
}

static void ddtp_show(const struct guest *g, uint64_t root)
{
	wr(g, DDTP, 8, OFF);
	wr(g, DDTP, 8, root);
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

static const struct hostile riscv = {
	.arch = &machine_riscv,
	.words = { directory_word, context_word, table_word, table_word },
	.root = ddtp,
	.show = ddtp_show,
	.root_of = levels_3,
	.mixed = true,
};

/* ---- VT-d -------------------------------------------------------------------------------------- */

#define GCMD (VM_IOMMU + 0x18)
#define GSTS (VM_IOMMU + 0x1c)
#define RTADDR (VM_IOMMU + 0x20)
#define SRTP (1u << 30)
#define LEVELS ((1u << 31) | (1u << 26)) /* TE, QIE */

static uint64_t rtaddr(const struct guest *g)
{
	return rd(g, RTADDR, 8);
}

static uint64_t scalable(uint64_t gpa)
{
	return gpa | 1 << 10;
}

static void rtaddr_show(const struct guest *g, uint64_t root)
{
	wr(g, RTADDR, 8, root);
	wr(g, GCMD, 4, (rd(g, GSTS, 4) & LEVELS) | SRTP);
}

/* Mostly a page of tables of that kind. */
static uint64_t page_of(struct guest *g, unsigned kind)
{
	if (!draw(g, 8))
		return page_number(g);
	return g->tables->spa[draw(g, PAGES / KINDS) * KINDS + kind] >> 12;
}

/* Root entries, and those of a PASID directory. */
static uint64_t pointer_word(struct guest *g, unsigned i)
{
	(void)i;
	return page_of(g, 1 + (unsigned)draw(g, 2)) << 12 | (draw(g, 16) ? 1 : draw(g, 4096));
}

/* Contexts of 32 bytes: the directory; RID_PASID, mostly 0; reserved. */
static uint64_t scalable_context_word(struct guest *g, unsigned i)
{
	if (!draw(g, 32))
		return random_next(&g->random);
	return i % 4 ? 0 : page_of(g, 0) << 12 | draw(g, 2) << 9 | 1;
}

/* PASID table entries of 64 bytes: PGTT, AW and a second stage; DID; the first stage. */
static uint64_t pasid_word(struct guest *g, unsigned i)
{
	if (!draw(g, 32))
		return random_next(&g->random);
	switch (i % 8) {
	case 0:
		return draw(g, 4) ? 1 << 6 | 1 : page_number(g) << 12 | draw(g, 128) << 2 | 1;
	case 1:
		return draw(g, 1 << 16);
	case 2:
		return page_of(g, 3) << 12;
	default:
		return 0;
	}
}

static uint64_t x86_word(struct guest *g, unsigned i)
{
	uint64_t word = page_of(g, 3) << 12 | (draw(g, 8) ? 0x07 : 0x87);

	(void)i;
	return draw(g, 32) ? word : random_next(&g->random);
}

static const struct hostile vtd = {
	.arch = &machine_vtd,
	.words = { pointer_word, scalable_context_word, pasid_word, x86_word },
	.root = rtaddr,
	.show = rtaddr_show,
	.root_of = scalable,
};

/* ------------------------------------------------------------------------------------------------ */

static unsigned kind(struct guest *g, unsigned page)
{
	return g->arch->mixed ? (unsigned)draw(g, KINDS) : page % KINDS;
}

static void scribble(struct guest *g)
{
	for (unsigned page = 0; page < PAGES; page++) {
		uint64_t (*word)(struct guest *, unsigned) = g->arch->words[kind(g, page)];
		uint8_t *at = pages_at(&g->vm->guest->ram, g->tables->spa[page]);

		for (unsigned i = 0; i < 512; i++)
			iom_st64(at + (size_t)i * 8, word(g, i), false);
	}
}

/* Tells the guest's IOMMU of new tables, and has it look. */
static void show(struct guest *g)
{
	uint64_t root = draw(g, PAGES);

	if (!g->arch->mixed)
		root -= root % KINDS;
	g->arch->show(g, g->arch->root_of(g->tables->spa[root]));
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

static void check_hostile_guest(const struct hostile *arch)
{
	const struct vm_config config = {
		.name = "hostile", .ram_bytes = 1 << 20, .vcpus = 1, .iommu = true
	};
	struct guest g = { .arch = arch, .random = 11 };
	unsigned granted = 0, nested = 0;
	struct engine_driver *driver;
	struct engine_place place;
	struct hypervisor h;
	struct bench b;
	uint64_t root;

	bench_arch = arch->arch;
	bench_open(&b, IOM_DOMAIN_BLOCKED, 64, false);
	hypervisor_init(&h, b.machine, b.kernel);
	driver = bench_driver(&b, BRIDGE_PCI, 0x100, 64);
	CHECK_EQ(vm_new(&h, &config, &g.vm, NULL), IOM_OK);
	CHECK_EQ(vm_device_assign(g.vm, b.machine->engine_count - 1, &place, NULL), IOM_OK);
	CHECK_EQ(buffer_new(&g.vm->guest->ram, PAGES * PAGE_BYTES, true, &g.tables, NULL), IOM_OK);
	root = arch->root(&g);

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
	CHECK_MSG(nested > ROUNDS / 20 && granted > 50, "%u nested, %u granted", nested, granted);

	arch->show(&g, root);
	buffer_free(g.tables);
	vm_free(g.vm);
	engine_driver_free(driver);
	bench_close(&b);
}

TEST(viommu_hostile_guest_stays_inside_riscv, "")
{
	check_hostile_guest(&riscv);
}

TEST(viommu_hostile_guest_stays_inside_vtd, "")
{
	check_hostile_guest(&vtd);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The driver's life, in which one thing fails (ill.h).  The call that met it says so and has changed what
 * os.h says; other devices go on; and the call that is repeated succeeds.
 */
#include "ill.h"

#define PAGE 4096ull
#define RW (IOM_PROT_READ | IOM_PROT_WRITE)
#define GUEST 0x40000000ull /* where the guest sees BENCH_DATA */
#define FILES 0x28000000ull
#define CQT 0x024
#define CQ_ENTRIES 1024u

enum { ONE = 1, NESTED, IDENTITY, CROWD = 16, BLOCKED = 0x777 };

struct life {
	struct ill ill;
	bool over; /* devices are not looked at any more */
	struct bench *b;
	bool hears; /* there is one fault to be heard of */
	struct iom_domain *one, *other, *vm, *nested, *identity;
	struct iom_stage table; /* the guest's */
	/* which devices are attached, and what 0x10000 is to ONE */
	bool attached[4];
	uint64_t one_phys;
	unsigned crowd;
};

static struct life *now_living; /* the bench's functions know the bench alone */

static void hear(void *opaque, const struct iom_os_fault *fault)
{
	struct bench *b = opaque;

	b->faults++;
	CHECK_MSG(ill_is_blocked(now_living->ill.hw, fault->code), "code 0x%x", fault->code);
	if (now_living->hears)
		CHECK_EQ(fault->requester, BLOCKED);
}

/* Devices that are attached reach their memory, and the others nothing. */
static void check_devices(struct life *w)
{
	static const struct {
		unsigned device;
		uint64_t iova;
	} way[] = { { ONE, 0x10000 }, { NESTED, 0x5000 }, { IDENTITY, BENCH_DATA + 0x30000 } };
	const uint64_t to[] = { w->one_phys, BENCH_DATA + 0x20000, BENCH_DATA + 0x30000 };

	for (unsigned i = 0; i < 3 && !w->over; i++) {
		uint64_t val = 0;
		unsigned code = bench_dma_read(w->b, way[i].device, way[i].iova, &val);

		if (w->attached[way[i].device] && to[i]) {
			CHECK_EQ(code, 0);
			CHECK_EQ(val, *bench_word(w->b, to[i]));
		} else {
			CHECK_MSG(code, "%s: device %u, which has no domain", w->ill.hw->name,
			          way[i].device);
		}
	}
}

/* A call did; where stores were lost, hardware may not have heard of the change that it was to make. */
static void failed(struct life *w, int err, const char *call)
{
	bool heard = w->ill.mode != LOST;

	CHECK_MSG(ill_fits(&w->ill, err), "%s: %d", call, err);
	ill_heal(&w->ill);
	if (heard)
		check_devices(w);
}

/* A call that meets the failure, or not; true if it had to be repeated. */
#define TRY(w, call)                                                                               \
	({                                                                                         \
		int err_ = (call);                                                                 \
		if (err_) {                                                                        \
			failed(w, err_, #call);                                                    \
			CHECK_MSG((call) == IOM_OK, "%s, repeated", #call);                        \
			check_devices(w);                                                          \
		}                                                                                  \
		err_ != IOM_OK;                                                                    \
	})

static void unmapped(struct iom_domain *domain, uint64_t iova, uint64_t bytes)
{
	uint64_t phys;

	for (uint64_t off = 0; off < bytes; off += PAGE)
		CHECK_EQ(iom_domain_iova_to_phys(domain, iova + off, &phys), IOM_ENOENT);
}

static int map(struct iom_domain *domain, uint64_t iova, uint64_t phys, uint64_t bytes)
{
	int err = iom_domain_map(domain, iova, phys, bytes, RW);

	if (err)
		unmapped(domain, iova, bytes);
	return err;
}

static void domains(struct life *w)
{
	struct bench *b = w->b;

	TRY(w, iom_domain_new(b->driver, IOM_DOMAIN_IDENTITY, &w->identity, NULL));
	TRY(w, iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &w->one, NULL));
	TRY(w, iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &w->other, NULL));
	TRY(w, iom_domain_new(b->driver, IOM_DOMAIN_STAGE2, &w->vm, NULL));
	if (w->ill.hw->files)
		TRY(w, iom_domain_msi_window(w->vm, FILES, 0xf000, NULL));
	if (w->ill.hw->levels)
		TRY(w, iom_domain_new_nested(w->vm, &w->table, &w->nested, NULL));
	TRY(w, map(w->vm, GUEST, BENCH_DATA, 0x400000));
	/* over the ends of tables */
	TRY(w, map(w->one, 0x3fffd000, BENCH_DATA + 0x40000, 0x6000));
	TRY(w, map(w->one, 0x10000, BENCH_DATA, 0x3000));
	TRY(w, map(w->other, 0x10000, BENCH_DATA + 0x10000, 0x1000));
}

/* The guest's own tables: 0x5000 is the page at 0x20000 of its memory. */
static void guest_tables(struct life *w)
{
	w->table = ill_table(w->ill.hw, w->b, BENCH_DATA, BENCH_DATA - GUEST, 0x5000,
	                     BENCH_DATA + 0x20000);
	for (uint64_t off = 0x10000; off < 0x50000; off += PAGE)
		*bench_word(w->b, BENCH_DATA + off) = off * 3;
}

static void attach(struct life *w, struct iom_domain *domain, unsigned device)
{
	enum mode mode = w->ill.mode;
	int err = iom_domain_attach(domain, device);

	if (err) {
		failed(w, err, "attach");
		if (mode == NO_MEMORY)
			CHECK_EQ(iom_domain_detach(domain, device), IOM_ENOENT);
		CHECK_EQ(iom_domain_attach(domain, device), IOM_OK);
	}
	w->attached[device] = true;
}

static void attachments(struct life *w)
{
	attach(w, w->identity, IDENTITY);
	if (w->nested)
		attach(w, w->nested, NESTED);
	w->one_phys = BENCH_DATA;
	attach(w, w->one, ONE);
	for (unsigned i = 0; i < w->crowd; i++)
		TRY(w, iom_domain_attach(w->identity, CROWD + (i << 8)));
	check_devices(w);
}

static void messages(struct life *w)
{
	const struct iom_mrif mrif = { BENCH_DATA + 0x48000, BENCH_MSI, 7 };

	if (w->ill.hw->files) {
		TRY(w, iom_domain_msi_map(w->vm, FILES + 0x3000, BENCH_DATA + 0x49000));
		TRY(w, iom_domain_msi_map_mrif(w->vm, FILES + 0x3000, &mrif));
		TRY(w, iom_domain_msi_unmap(w->vm, FILES + 0x3000));
	}
	if (w->nested)
		TRY(w, iom_domain_invalidate(w->nested, 0x5000, 0x5fff, true));
}

/* A page more for a device that is at work; what hardware does not confirm is mapped all the same. */
static void more(struct life *w)
{
	const uint64_t iova = 0x40000;
	struct iom_gather gather = { 0 };
	enum mode mode = w->ill.mode;
	uint64_t phys;
	int err = iom_domain_map(w->one, iova, BENCH_DATA + 0x12000, PAGE, RW);

	if (err) {
		failed(w, err, "map");
		if (mode == NO_MEMORY) {
			unmapped(w->one, iova, PAGE);
			CHECK_EQ(iom_domain_map(w->one, iova, BENCH_DATA + 0x12000, PAGE, RW),
			         IOM_OK);
		}
	}
	CHECK_EQ(iom_domain_iova_to_phys(w->one, iova, &phys), IOM_OK);
	CHECK_EQ(phys, BENCH_DATA + 0x12000);
	TRY(w, iom_domain_unmap(w->one, iova, PAGE, &gather));
	TRY(w, iom_domain_sync(w->one, &gather));
	unmapped(w->one, iova, PAGE);
}

static void changes(struct life *w)
{
	struct iom_gather gather = { 0 };
	int err;

	TRY(w, iom_domain_unmap(w->one, 0x3fffd000, 0x6000, &gather));
	CHECK(gather.some);
	TRY(w, iom_domain_sync(w->one, &gather));
	CHECK(!gather.some);
	unmapped(w->one, 0x3fffd000, 0x6000);
	/* A device goes from one domain to another: where it is in between, it reaches nothing. */
	err = iom_domain_attach(w->other, ONE);
	if (err) {
		w->attached[ONE] = w->ill.mode == NO_MEMORY;
		failed(w, err, "attach");
		CHECK_EQ(iom_domain_attach(w->other, ONE), IOM_OK);
		w->attached[ONE] = true;
	}
	w->one_phys = BENCH_DATA + 0x10000;
	check_devices(w);
}

/* What came before is taken, whatever fails meanwhile; stores that are lost take nothing away. */
static void drain(struct life *w)
{
	for (unsigned i = 0; i < 100 && iom_driver_interrupt(w->b->driver); i++)
		;
	if (!w->ill.fired)
		return;
	ill_heal(&w->ill);
	while (iom_driver_interrupt(w->b->driver))
		;
}

/* A fault is reported once, sooner or later, and no other is made up. */
static void faults(struct life *w)
{
	struct bench *b = w->b;
	uint64_t overflows;
	bool again;
	uint64_t val;
	unsigned was;

	drain(w);
	overflows = iom_driver_overflows(b->driver);
	was = b->faults;
	w->hears = true;
	CHECK(ill_is_blocked(w->ill.hw, bench_dma_read(b, BLOCKED, 0, &val)));
	iom_driver_interrupt(b->driver);
	again = w->ill.fired && w->ill.mode == LOST && w->ill.hw->records_in_place;
	if (w->ill.fired)
		ill_heal(&w->ill);
	iom_driver_interrupt(b->driver);
	w->hears = false;
	CHECK(b->faults == was + 1 || (again && b->faults > was));
	CHECK_EQ(iom_driver_overflows(b->driver), overflows);
}

static void end(struct life *w)
{
	struct bench *b = w->b;

	for (unsigned i = 0; i < w->crowd; i++)
		TRY(w, iom_domain_detach(w->identity, CROWD + (i << 8)));
	w->attached[IDENTITY] = false;
	TRY(w, iom_domain_detach(w->identity, IDENTITY));
	w->attached[NESTED] = false;
	if (w->nested)
		TRY(w, iom_domain_detach(w->nested, NESTED));
	w->attached[ONE] = false;
	TRY(w, iom_domain_detach(w->other, ONE));
	check_devices(w);
	if (w->nested)
		CHECK_EQ(iom_domain_free(w->nested), IOM_OK);
	CHECK_EQ(iom_domain_free(w->vm), IOM_OK);
	CHECK_EQ(iom_domain_free(w->one), IOM_OK);
	CHECK_EQ(iom_domain_free(w->other), IOM_OK);
	CHECK_EQ(iom_domain_free(w->identity), IOM_OK);
	w->over = w->ill.hw->passes_when_off;
	TRY(w, iom_driver_free(b->driver)); /* off halfway, perhaps */
	b->driver = NULL;
	bench_free(b);
}

/* One life; returns whether there was a failure. */
static bool lives(const struct hardware *hw, enum mode mode, unsigned n)
{
	/* Each bus takes pages of its own with VT-d. */
	struct life w = { .crowd = mode != NO_MEMORY ? 5 : hw->records_in_place ? 40 : 200 };

	ill_new(&w.ill, hw, mode, n);
	now_living = &w;
	w.b = w.ill.b;
	w.b->host.fault = hear;
	guest_tables(&w);
	ill_bring_up(&w.ill);
	domains(&w);
	attachments(&w);
	messages(&w);
	more(&w);
	changes(&w);
	faults(&w);
	end(&w);
	return w.ill.fired;
}

static void vtd_sweeps(enum mode mode, unsigned places)
{
	for (const struct hardware *hw = ill_vtd; hw->name; hw++)
		ill_sweep(lives, hw, mode, places);
	/* There, a request that was never made looks like one that has been carried out. */
	if (mode != LOST)
		ill_sweep(lives, &ill_vtd_registers, mode, places);
}

TEST(every_allocation_of_the_driver_fails, "")
{
	ill_sweep(lives, &ill_riscv, NO_MEMORY, 20);
}

TEST(vtd_every_allocation_of_the_driver_fails, "")
{
	vtd_sweeps(NO_MEMORY, 60);
}

TEST(registers_read_as_ones_once, "")
{
	ill_sweep(lives, &ill_riscv, GONE_ONCE, 50);
}

TEST(vtd_registers_read_as_ones_once, "")
{
	vtd_sweeps(GONE_ONCE, 30);
}

TEST(hardware_is_gone, "")
{
	ill_sweep(lives, &ill_riscv, GONE, 50);
}

TEST(vtd_hardware_is_gone, "")
{
	vtd_sweeps(GONE, 30);
}

TEST(hardware_never_gets_done, "")
{
	ill_sweep(lives, &ill_riscv, NEVER_DONE, 50);
}

TEST(vtd_hardware_never_gets_done, "")
{
	vtd_sweeps(NEVER_DONE, 30);
}

TEST(stores_to_registers_are_lost, "")
{
	ill_sweep(lives, &ill_riscv, LOST, 40);
}

TEST(vtd_stores_to_registers_are_lost, "")
{
	vtd_sweeps(LOST, 25);
}

/* There ones, cut to the size of the queue, would say that all commands are done. */
TEST(hardware_is_gone_at_the_end_of_the_ring, "")
{
	struct iom_gather gather = { 0 };
	struct life w = { .crowd = 0 };
	struct bench *b;
	unsigned rounds = 0;

	ill_new(&w.ill, &ill_riscv, HEALTHY, 0);
	w.b = b = w.ill.b;
	ill_bring_up(&w.ill);
	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &w.one, NULL), IOM_OK);
	CHECK_EQ(iom_domain_attach(w.one, ONE), IOM_OK);
	do {
		CHECK_EQ(iom_domain_map(w.one, 0, BENCH_DATA, PAGE, RW), IOM_OK);
		CHECK_EQ(iom_domain_unmap(w.one, 0, PAGE, &gather), IOM_OK);
		if (bench_rd32(b, CQT) == CQ_ENTRIES - 3) /* an invalidation and its fence */
			w.ill.mode = GONE;
		CHECK_MSG(rounds++ < CQ_ENTRIES, "the ring's end is not met");
		CHECK_EQ(iom_domain_sync(w.one, &gather), w.ill.mode ? IOM_ETIMEOUT : IOM_OK);
	} while (!w.ill.mode);
	CHECK(gather.some);
	ill_heal(&w.ill);
	CHECK_EQ(iom_domain_sync(w.one, &gather), IOM_OK);
	CHECK_EQ(iom_domain_detach(w.one, ONE), IOM_OK);
	CHECK_EQ(iom_domain_free(w.one), IOM_OK);
	bench_free(b);
}

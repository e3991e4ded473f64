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
	struct bench *b;
	bool hears; /* there is one fault to be heard of */
	struct iom_domain *one, *other, *vm, *nested, *identity;
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
	CHECK_EQ(fault->code, 258);
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

	for (unsigned i = 0; i < 3; i++) {
		uint64_t val = 0;
		unsigned code = bench_dma_read(w->b, way[i].device, way[i].iova, &val);

		if (w->attached[way[i].device] && to[i]) {
			CHECK_EQ(code, 0);
			CHECK_EQ(val, *bench_word(w->b, to[i]));
		} else {
			CHECK(code);
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
	struct iom_stage stage = { .root = GUEST, .format = IOM_FORMAT_RISCV_SV39 };

	TRY(w, iom_domain_new(b->driver, IOM_DOMAIN_IDENTITY, &w->identity, NULL));
	TRY(w, iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &w->one, NULL));
	TRY(w, iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &w->other, NULL));
	TRY(w, iom_domain_new(b->driver, IOM_DOMAIN_STAGE2, &w->vm, NULL));
	TRY(w, iom_domain_msi_window(w->vm, FILES, 0xf000, NULL));
	TRY(w, iom_domain_new_nested(w->vm, &stage, &w->nested, NULL));
	TRY(w, map(w->vm, GUEST, BENCH_DATA, 0x400000));
	/* over the ends of tables */
	TRY(w, map(w->one, 0x3fffd000, BENCH_DATA + 0x40000, 0x6000));
	TRY(w, map(w->one, 0x10000, BENCH_DATA, 0x3000));
	TRY(w, map(w->other, 0x10000, BENCH_DATA + 0x10000, 0x1000));
}

/* The guest's own tables: 0x5000 is the page at 0x20000 of its memory. */
static void guest_tables(struct bench *b)
{
	*bench_word(b, BENCH_DATA) = (GUEST + 0x1000) >> 12 << 10 | 1;
	*bench_word(b, BENCH_DATA + 0x1000) = (GUEST + 0x2000) >> 12 << 10 | 1;
	*bench_word(b, BENCH_DATA + 0x2000 + 5 * 8) = (GUEST + 0x20000) >> 12 << 10 | 0xd7;
	for (uint64_t off = 0x10000; off < 0x50000; off += PAGE)
		*bench_word(b, BENCH_DATA + off) = off * 3;
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

	TRY(w, iom_domain_msi_map(w->vm, FILES + 0x3000, BENCH_DATA + 0x49000));
	TRY(w, iom_domain_msi_map_mrif(w->vm, FILES + 0x3000, &mrif));
	TRY(w, iom_domain_msi_unmap(w->vm, FILES + 0x3000));
	TRY(w, iom_domain_invalidate(w->nested, 0x5000, 0x5fff, true));
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

/* A fault is reported once, sooner or later, and no other is made up. */
static void faults(struct life *w)
{
	struct bench *b = w->b;
	uint64_t overflows = iom_driver_overflows(b->driver);
	uint64_t val;
	unsigned was;

	while (iom_driver_interrupt(b->driver))
		;
	was = b->faults;
	w->hears = true;
	CHECK_EQ(bench_dma_read(b, BLOCKED, 0, &val), 258);
	iom_driver_interrupt(b->driver);
	if (w->ill.fired)
		ill_heal(&w->ill);
	iom_driver_interrupt(b->driver);
	w->hears = false;
	CHECK_EQ(b->faults, was + 1);
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
	TRY(w, iom_domain_detach(w->nested, NESTED));
	w->attached[ONE] = false;
	TRY(w, iom_domain_detach(w->other, ONE));
	check_devices(w);
	CHECK_EQ(iom_domain_free(w->nested), IOM_OK);
	CHECK_EQ(iom_domain_free(w->vm), IOM_OK);
	CHECK_EQ(iom_domain_free(w->one), IOM_OK);
	CHECK_EQ(iom_domain_free(w->other), IOM_OK);
	CHECK_EQ(iom_domain_free(w->identity), IOM_OK);
	TRY(w, iom_driver_free(b->driver)); /* off halfway, perhaps */
	b->driver = NULL;
	bench_free(b);
}

/* One life; returns whether there was a failure. */
static bool lives(enum mode mode, unsigned n)
{
	struct life w = { .crowd = mode == NO_MEMORY ? 200 : 5 };

	ill_new(&w.ill, mode, n);
	now_living = &w;
	w.b = w.ill.b;
	w.b->host.fault = hear;
	guest_tables(w.b);
	ill_bring_up(&w.ill);
	domains(&w);
	attachments(&w);
	messages(&w);
	changes(&w);
	faults(&w);
	end(&w);
	return w.ill.fired;
}

TEST(every_allocation_of_the_driver_fails, "")
{
	ill_sweep(lives, NO_MEMORY, 20);
}

TEST(registers_read_as_ones_once, "")
{
	ill_sweep(lives, GONE_ONCE, 50);
}

TEST(hardware_is_gone, "")
{
	ill_sweep(lives, GONE, 50);
}

TEST(hardware_never_gets_done, "")
{
	ill_sweep(lives, NEVER_DONE, 50);
}

TEST(stores_to_registers_are_lost, "")
{
	ill_sweep(lives, LOST, 40);
}

/* There ones, cut to the size of the queue, would say that all commands are done. */
TEST(hardware_is_gone_at_the_end_of_the_ring, "")
{
	struct iom_gather gather = { 0 };
	struct life w = { .crowd = 0 };
	struct bench *b;
	unsigned rounds = 0;

	ill_new(&w.ill, HEALTHY, 0);
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

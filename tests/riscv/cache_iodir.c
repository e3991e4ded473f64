/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * IODIR, reset and ddtp: cached contexts.  Each device has a first and a second context; they name
 * different PSCIDs and tables, so that no cached translation can hide which one is in use.
 */
#include <stdlib.h>
#include <string.h>

#include "nested.h"
#include "sheet.h"

#define IOVA 0x1000000ull
#define PDTV (1ull << 5)
#define DPE (1ull << 9)
#define MODE(n) ((uint64_t)(n) << 60)
#define PSCID(n) ((uint64_t)(n) << 12)
#define DV (1ull << 33)
#define DID(n) ((uint64_t)(n) << 40)
#define PID(n) ((uint64_t)(n) << 12)

#define PLAIN 0x11   /* a first stage in the DC                        */
#define NEXT 0x12    /* the same                                       */
#define PROC 0x21    /* processes 1 and 2                              */
#define PROC2 0x22   /* the same                                       */
#define DEFAULT 0x23 /* DPE: process 0, and process 1                */

/* Requests, and where contexts lead them before and after. */
static const struct request {
	uint32_t device;
	bool has_pid;
	uint32_t pid;
} requests[] = {
	{ PLAIN, false, 0 }, { NEXT, false, 0 },    { PROC, true, 1 },    { PROC, true, 2 },
	{ PROC2, true, 1 },  { DEFAULT, false, 0 }, { DEFAULT, true, 1 }, { DEFAULT, true, 0 },
};

struct contexts {
	struct rig *r;
	uint64_t target[COUNT(requests)][2];
	uint64_t fsc[COUNT(requests)][2];  /* of the first stage */
	uint64_t leaf[COUNT(requests)][2]; /* where its leaf is  */
	uint64_t pdt[0x40][2];             /* of a device        */
	struct iom_port *port[COUNT(requests)];
};

static void put_dc(struct contexts *c, uint32_t device, unsigned which)
{
	rig_dc_put(c->r, device, 1 | PDTV | (device == DEFAULT ? DPE : 0), 0, 0,
	           MODE(1) | c->pdt[device][which] >> 12);
}

static void put_pc(struct contexts *c, unsigned i, unsigned pdt, unsigned which)
{
	uint64_t pc = c->pdt[requests[i].device][pdt] + 16 * requests[i].pid;

	put64(c->r, pc + 8, c->fsc[i][which]);
	put64(c->r, pc, 1 | PSCID(16 + 2 * i + which));
}

static bool plain(unsigned i)
{
	return requests[i].device < PROC;
}

/* Writes every context: those of devices, and those of processes in both PDTs. */
static void put_all(struct contexts *c, unsigned dcs, unsigned pcs)
{
	for (unsigned i = 0; i < COUNT(requests); i++) {
		if (plain(i)) {
			rig_dc_put(c->r, requests[i].device, 1, 0, PSCID(16 + 2 * i + dcs),
			           c->fsc[i][dcs]);
			continue;
		}
		put_dc(c, requests[i].device, dcs);
		put_pc(c, i, 0, pcs);
		put_pc(c, i, 1, pcs);
	}
}

static void contexts_init(struct contexts *c, unsigned lg2)
{
	const struct iom_riscv_config config = {
		.capabilities = CAP_EXT,
		.cache_lg2 = (uint8_t)(lg2 ? lg2 : 12),
		.flags = lg2 ? 0 : IOM_RISCV_UNCACHED,
	};

	memset(c, 0, sizeof *c);
	c->r = rig_new_config(&config);
	rig_ddt(c->r, 2);
	rig_cq(c->r, 8, false);
	for (unsigned i = 0; i < COUNT(requests); i++) {
		for (unsigned k = 0; k < 2; k++) {
			uint64_t root = page(c->r);

			c->target[i][k] = (1ull << 40) + 0x100000ull * (2 * i + k);
			c->fsc[i][k] = MODE(8) | root >> 12;
			c->leaf[i][k] =
				rig_map(c->r, root, 3, false, IOVA, 0, leaf(c->target[i][k]));
			if (!c->pdt[requests[i].device][k])
				c->pdt[requests[i].device][k] = page(c->r);
		}
		c->port[i] = rig_port(c->r, requests[i].device);
	}
	/* DEFAULT's requests without and with process 0 are the same. */
	memcpy(c->target[7], c->target[5], sizeof c->target[7]);
	memcpy(c->fsc[7], c->fsc[5], sizeof c->fsc[7]);
	memcpy(c->leaf[7], c->leaf[5], sizeof c->leaf[7]);
	put_all(c, 0, 0);
}

/* Where request i ends, or its cause; asked for through an old port and through a fresh one. */
static uint64_t look(struct contexts *c, unsigned i)
{
	const struct iom_request q = { .iova = IOVA,
		                       .bytes = 8,
		                       .pasid = requests[i].pid,
		                       .flags = requests[i].has_pid ? IOM_REQ_PASID : 0 };
	struct iom_port *fresh = rig_port(c->r, requests[i].device);
	struct iom_reply reply[2];
	int err[2];

	iom_begin(c->r->lane);
	err[0] = iom_translate(c->port[i], &q, &reply[0]);
	err[1] = iom_translate(fresh, &q, &reply[1]);
	iom_end(c->r->lane);
	iom_port_close(fresh);
	CHECK_EQ(err[0], err[1]);
	if (err[0] == IOM_EFAULT)
		return reply[0].fault;
	CHECK_EQ(err[0], IOM_OK);
	CHECK_EQ(reply[0].spa, reply[1].spa);
	return reply[0].spa;
}

/* Bit i: request i ends where its second context leads. */
static unsigned seen(struct contexts *c)
{
	unsigned news = 0;

	for (unsigned i = 0; i < COUNT(requests); i++) {
		uint64_t is = look(c, i);

		CHECK_MSG(is == c->target[i][0] || is == c->target[i][1], "request %u: 0x%llx", i,
		          (unsigned long long)is);
		if (is == c->target[i][1])
			news |= 1u << i;
	}
	return news;
}

#define ALL ((1u << COUNT(requests)) - 1)

/* Everything is cached under its first context, and memory holds the second ones. */
static void cached_then_changed(struct contexts *c)
{
	rig_cmd(c->r, INVAL_DDT, 0);
	put_all(c, 0, 0);
	CHECK_EQ(seen(c), 0);
	put_all(c, 1, 1);
	CHECK_EQ(seen(c), 0);
}

static unsigned requests_of(uint32_t device)
{
	unsigned mine = 0;

	for (unsigned i = 0; i < COUNT(requests); i++)
		mine |= requests[i].device == device ? 1u << i : 0;
	return mine;
}

TEST(cache_contexts, "RV-INV-01")
{
	struct contexts c;

	contexts_init(&c, 0);
	CHECK_EQ(seen(&c), 0);
	put_all(&c, 1, 1);
	CHECK_EQ(seen(&c), ALL);
	rig_free(c.r);

	contexts_init(&c, 12);
	cached_then_changed(&c);
	/* Neither the wrong device nor page-table commands make it look again. */
	rig_cmd(c.r, VMA, 0);
	rig_cmd(c.r, GVMA, 0);
	rig_cmd(c.r, INVAL_DDT | DV | DID(0x13), 0);
	rig_cmd(c.r, INVAL_PDT | DV | DID(PROC) | PID(3), 0);
	CHECK_EQ(seen(&c), 0);
	rig_cmd(c.r, INVAL_DDT, 0);
	CHECK_EQ(seen(&c), ALL);
	rig_free(c.r);
}

TEST(cache_inval_ddt_of_one_device, "RV-INV-02")
{
	static const uint32_t devices[] = { PLAIN, NEXT, PROC, PROC2, DEFAULT };
	unsigned news = 0;
	struct contexts c;

	contexts_init(&c, 12);
	for (unsigned i = 0; i < COUNT(devices); i++) {
		cached_then_changed(&c);
		rig_cmd(c.r, INVAL_DDT | DV | DID(devices[i]), 0);
		CHECK_EQ(seen(&c), requests_of(devices[i]));
	}
	/* One after the other, without a fill in between. */
	cached_then_changed(&c);
	for (unsigned i = 0; i < COUNT(devices); i++) {
		rig_cmd(c.r, INVAL_DDT | DV | DID(devices[i]), 0);
		news |= requests_of(devices[i]);
		CHECK_EQ(seen(&c), news);
	}
	rig_free(c.r);
}

TEST(cache_inval_ddt_of_all, "RV-INV-03")
{
	struct contexts c;

	contexts_init(&c, 12);
	cached_then_changed(&c);
	/* DID does not count without DV. */
	rig_cmd(c.r, INVAL_DDT | DID(0x77), 0);
	CHECK_EQ(seen(&c), ALL);
	rig_free(c.r);
}

TEST(cache_inval_pdt, "RV-INV-04")
{
	struct contexts c;

	contexts_init(&c, 12);
	for (unsigned i = 0; i < COUNT(requests); i++) {
		unsigned named = 1u << i;

		if (plain(i))
			continue;
		if (requests[i].device == DEFAULT && !requests[i].pid)
			named = 1u << 5 | 1u << 7;
		cached_then_changed(&c);
		rig_cmd(c.r, INVAL_PDT | DV | DID(requests[i].device) | PID(requests[i].pid), 0);
		CHECK_EQ(seen(&c), named);

		/* The DC stays: its PDT is still the first one, where the process has not changed. */
		cached_then_changed(&c);
		put_pc(&c, i, 0, 0);
		if (named & 1u << 5)
			put_pc(&c, 5, 0, 0);
		rig_cmd(c.r, INVAL_PDT | DV | DID(requests[i].device) | PID(requests[i].pid), 0);
		CHECK_EQ(seen(&c), 0);
		rig_cmd(c.r, INVAL_DDT | DV | DID(requests[i].device), 0);
		CHECK_EQ(seen(&c), requests_of(requests[i].device));
	}
	rig_free(c.r);
}

/* Directory commands leave translations alone: a changed leaf goes unnoticed. */
TEST(cache_iodir_leaves_translations, "RV-INV-05")
{
	struct contexts c;

	contexts_init(&c, 12);
	CHECK_EQ(seen(&c), 0);
	for (unsigned i = 0; i < COUNT(requests); i++)
		put64(c.r, c.leaf[i][0], 0);
	CHECK_EQ(seen(&c), 0);
	rig_cmd(c.r, INVAL_DDT, 0);
	CHECK_EQ(seen(&c), 0);
	for (unsigned i = 0; i < COUNT(requests); i++) {
		rig_cmd(c.r, INVAL_DDT | DV | DID(requests[i].device), 0);
		rig_cmd(c.r, INVAL_PDT | DV | DID(requests[i].device) | PID(requests[i].pid), 0);
	}
	CHECK_EQ(seen(&c), 0);
	rig_cmd(c.r, VMA, 0);
	for (unsigned i = 0; i < COUNT(requests); i++)
		CHECK_EQ(look(&c, i), 13);
	rig_free(c.r);
}

/* V=0 is not kept: a directory entry, a DC, a PC that become valid need no command. */
TEST(cache_keeps_no_invalid_contexts, "RV-INV-21")
{
	struct contexts c;

	contexts_init(&c, 12);
	CHECK_EQ(seen(&c), 0);
	rig_cmd(c.r, INVAL_DDT, 0);
	for (unsigned i = 0; i < COUNT(requests); i++) {
		uint64_t dc = rig_dc(c.r, requests[i].device), good = ram64(c.r, dc);
		uint64_t pointer = ram64(c.r, c.r->ddt);

		rig_cmd(c.r, INVAL_DDT, 0);
		put64(c.r, c.r->ddt, 0);
		CHECK_EQ(look(&c, i), 258);
		put64(c.r, c.r->ddt, pointer);
		put64(c.r, dc, good & ~1ull);
		CHECK_EQ(look(&c, i), 258);
		put64(c.r, dc, good);
		if (!plain(i)) {
			uint64_t pc = c.pdt[requests[i].device][0] + 16 * requests[i].pid;

			put64(c.r, pc, ram64(c.r, pc) & ~1ull);
			CHECK_EQ(look(&c, i), 266);
			put64(c.r, pc, ram64(c.r, pc) | 1);
		}
		CHECK_EQ(look(&c, i), c.target[i][0]);
	}
	CHECK_EQ(seen(&c), 0);
	rig_free(c.r);
}

/* ---- Reset and ddtp ------------------------------------------------------------------------ */

static void up_again(struct contexts *c)
{
	wr64(c->r, DDTP, PPN_OF(c->r->ddt) | LVL2);
}

TEST(cache_reset_empties_all, "RV-REG-18")
{
	for (unsigned warm = 0; warm < 2; warm++) {
		struct contexts c;

		contexts_init(&c, 12);
		cached_then_changed(&c);
		/* The second contexts' translations are cached too, and their leaves gone. */
		rig_cmd(c.r, INVAL_DDT, 0);
		CHECK_EQ(seen(&c), ALL);
		for (unsigned i = 0; i < COUNT(requests); i++)
			put64(c.r, c.leaf[i][1], 0);
		CHECK_EQ(seen(&c), ALL);
		if (warm)
			iom_unit_reset_warm(c.r->unit);
		else
			iom_unit_reset(c.r->unit);
		for (unsigned i = 0; i < COUNT(requests); i++)
			CHECK_EQ(look(&c, i), 256);
		up_again(&c);
		for (unsigned i = 0; i < COUNT(requests); i++)
			CHECK_EQ(look(&c, i), 13);
		put_all(&c, 0, 0);
		iom_unit_reset(c.r->unit);
		up_again(&c);
		CHECK_EQ(seen(&c), 0);
		rig_free(c.r);
	}
}

/*
 * Off and back: what is used may be old, but is never invented, and requests in between are refused
 * whatever was cached.  Bare and back: passed through in between.
 */
TEST(cache_outlives_ddtp, "RV-DDTP-12")
{
	for (unsigned mode = OFF; mode <= BARE; mode++) {
		struct contexts c;

		contexts_init(&c, 12);
		cached_then_changed(&c);
		wr64(c.r, DDTP, mode);
		for (unsigned i = 0; i < COUNT(requests); i++)
			CHECK_EQ(look(&c, i), mode == OFF ? 256 : IOVA);
		CHECK_EQ(rig_cause(c.r, 0x15, IOVA, IOM_READ), mode == OFF ? 256 : 0);
		up_again(&c);
		seen(&c); /* the old or the new: nothing else */
		CHECK_EQ(rig_cause(c.r, 0x15, IOVA, IOM_READ), 258);
		rig_cmd(c.r, INVAL_DDT, 0);
		CHECK_EQ(seen(&c), ALL);
		rig_free(c.r);
	}
}

TEST(cache_commands_in_off_and_bare, "RV-CQ-36")
{
	for (unsigned mode = OFF; mode <= BARE; mode++) {
		struct contexts c;

		contexts_init(&c, 12);
		cached_then_changed(&c);
		for (unsigned i = 0; i < COUNT(requests); i++)
			put64(c.r, c.leaf[i][0], 0);
		wr64(c.r, DDTP, mode);
		rig_cmd(c.r, INVAL_DDT | DV | DID(PLAIN), 0);
		rig_cmd(c.r, INVAL_PDT | DV | DID(PROC) | PID(2), 0);
		rig_cmd(c.r, VMA | 1ull << 32 | PSCID(16 + 2 * 1), 0);
		CHECK_EQ(rd32(c.r, CQCSR), EN | ON);
		CHECK_EQ(rd32(c.r, CQH), rd32(c.r, CQT));
		up_again(&c);
		/* PLAIN and process 2 have their second context, NEXT has lost its translation. */
		CHECK_EQ(look(&c, 0), c.target[0][1]);
		CHECK_EQ(look(&c, 3), c.target[3][1]);
		CHECK_EQ(look(&c, 1), 13);
		CHECK_EQ(look(&c, 2), c.target[2][0]);
		CHECK_EQ(look(&c, 4), c.target[4][0]);
		rig_free(c.r);
	}
}

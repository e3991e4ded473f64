/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The world of cache_world.h. */
#include "cache_world.h"

#include <string.h>

#define MODE(n) ((uint64_t)(n) << 60)
#define PSCID(n) ((uint64_t)(n) << 12)
#define GSCID(n) ((uint64_t)(n) << 44)
#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* Addresses of guests: tables and data of one guest lie in the second GiB. */
#define GUEST_MEMORY 0x40000000ull
#define MSI_GPA 0x28000000ull

uint64_t world_target(struct world *w)
{
	w->target_next += GIB;
	return w->target_next;
}

static struct witness *add(struct world *w, const char *name, uint32_t device, enum kind kind)
{
	struct witness *n = &w->w[w->count++];

	CHECK(w->count <= WITNESSES_MAX);
	*n = (struct witness){ .name = name, .device = device, .kind = kind };
	return n;
}

/* A leaf of `bytes` at `iova` in tables of the host, with these further bits. */
static struct witness *host(struct world *w, const char *name, uint32_t device, unsigned pscid,
                            uint64_t root, unsigned levels, uint64_t iova, uint64_t bytes,
                            uint64_t bits)
{
	struct witness *n = add(w, name, device, HOST_LEAF);
	bool napot = bytes == 64 * KIB;
	unsigned level = bytes == GIB ? 2 : bytes == 2 * MIB ? 1 : 0;

	n->pscid = pscid;
	n->iova = iova;
	n->global = bits & PTE_G;
	n->bytes = bytes;
	n->page = iova & ~(bytes - 1);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t target = world_target(w);

		n->spa[i] = target | (iova & (bytes - 1));
		n->pte[i] = leaf(target) | bits | (napot ? PTE_N | PTE_PPN(8 * 4 * KIB) : 0);
	}
	/* All 16 entries of a NAPOT range are alike; the one that the request meets is enough. */
	n->word = rig_map(w->r, root, levels, false, iova, level, n->pte[0]);
	return n;
}

static void host_devices(struct world *w, unsigned levels)
{
	uint64_t *root = w->host_root, entry;
	struct witness *n;

	for (unsigned i = 0; i < 2; i++)
		root[i] = page(w->r);
	rig_dc_put(w->r, HOST_A, 1, 0, PSCID(5), stage_mode(levels) | root[0] >> 12);
	rig_dc_put(w->r, HOST_A2, 1, 0, PSCID(5), stage_mode(levels) | root[0] >> 12);
	rig_dc_put(w->r, HOST_B, 1, 0, PSCID(6), stage_mode(levels) | root[1] >> 12);
	rig_dc_put(w->r, BARE_BOTH, 1, 0, PSCID(5), 0);

	host(w, "page", HOST_A, 5, root[0], levels, 0x1000123, 4 * KIB, 0);
	host(w, "page of the other device", HOST_A2, 5, root[0], levels, 0x1001000, 4 * KIB, 0);
	host(w, "global page", HOST_A, 5, root[0], levels, 0x1002000, 4 * KIB, PTE_G);
	host(w, "64 KiB", HOST_A, 5, root[0], levels, 0x1234568, 64 * KIB, 0);
	host(w, "global 64 KiB", HOST_A, 5, root[0], levels, 0x1244568, 64 * KIB, PTE_G);
	host(w, "2 MiB", HOST_A, 5, root[0], levels, 0x1712340, 2 * MIB, 0);
	host(w, "global 2 MiB", HOST_A, 5, root[0], levels, 0x1912340, 2 * MIB, PTE_G);
	host(w, "1 GiB", HOST_A, 5, root[0], levels, 0x4aaaaaaa8, GIB, 0);
	n = host(w, "page below a global table", HOST_A, 5, root[0], levels, 0x2000000, 4 * KIB, 0);
	n->global = true;
	entry = n->word & ~0xfffull;
	for (uint64_t at = RIG_RAM; at < w->r->next; at += 8) {
		if (ram64(w->r, at) == PTE_POINTER(entry))
			put64(w->r, at, PTE_POINTER(entry) | PTE_G);
	}
	host(w, "page, other PSCID", HOST_B, 6, root[1], levels, 0x1000123, 4 * KIB, 0);
	host(w, "global page, other PSCID", HOST_B, 6, root[1], levels, 0x1002000, 4 * KIB, PTE_G);
	host(w, "2 MiB, other PSCID", HOST_B, 6, root[1], levels, 0x1712340, 2 * MIB, 0);
}

static void process(struct world *w, uint64_t pdt, unsigned pid, unsigned pscid, uint64_t root,
                    unsigned levels)
{
	put64(w->r, pdt + 16 * pid + 8, stage_mode(levels) | root >> 12);
	put64(w->r, pdt + 16 * pid, 1 | PSCID(pscid));
}

static void process_devices(struct world *w, unsigned levels)
{
	for (unsigned i = 0; i < 2; i++)
		w->pdt[i] = page(w->r);
	for (unsigned i = 0; i < 3; i++)
		w->pid_root[i] = page(w->r);
	rig_dc_put(w->r, HOST_PID, 1 | 1 << 5, 0, 0, MODE(1) | w->pdt[0] >> 12);
	rig_dc_put(w->r, HOST_DPE, 1 | 1 << 5 | 1 << 9, 0, 0, MODE(1) | w->pdt[1] >> 12);
	process(w, w->pdt[0], 1, 7, w->pid_root[0], levels);
	process(w, w->pdt[0], 2, 8, w->pid_root[1], levels);
	process(w, w->pdt[1], 0, 9, w->pid_root[2], levels);
	host(w, "page of a process", HOST_PID, 7, w->pid_root[0], levels, 0x1000123, 4 * KIB, 0)
		->pid = 1;
	host(w, "page of the next process", HOST_PID, 8, w->pid_root[1], levels, 0x1000123, 4 * KIB,
	     0)
		->pid = 2;
	host(w, "global page of a process", HOST_PID, 7, w->pid_root[0], levels, 0x1002000, 4 * KIB,
	     PTE_G)
		->pid = 1;
	host(w, "page of the default process", HOST_DPE, 9, w->pid_root[2], levels, 0x1000123,
	     4 * KIB, 0);
}

/* A page of a guest's memory. */
static uint64_t guest_page_new(struct world *w, unsigned guest, uint64_t *spa)
{
	uint64_t gpa = w->guest_next;

	w->guest_next += 0x1000;
	*spa = page(w->r);
	rig_map(w->r, w->gpa_root[guest], 3, true, gpa, 0, leaf(*spa));
	return gpa;
}

/* A leaf of the second stage, and the IOVA that leads to it. */
static void second(struct world *w, const char *name, uint32_t device, unsigned guest,
                   uint64_t iova, uint64_t gpa, uint64_t bytes, uint64_t bits)
{
	struct witness *n = add(w, name, device, GPA_LEAF);
	bool napot = bytes == 64 * KIB;

	n->gscid = 5 + guest;
	n->iova = iova;
	n->bytes = bytes;
	n->page = gpa & ~(bytes - 1);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t target = world_target(w);

		n->spa[i] = target | (gpa & (bytes - 1));
		n->pte[i] = leaf(target) | bits | (napot ? PTE_N | PTE_PPN(8 * 4 * KIB) : 0);
	}
	n->word = rig_map(w->r, w->gpa_root[guest], 3, true, gpa,
	                  bytes == GIB       ? 2
	                  : bytes == 2 * MIB ? 1
	                                     : 0,
	                  n->pte[0]);
}

/* A leaf of a guest's own tables: its two words lead to two GPAs that stay where they are. */
static void first(struct world *w, const char *name, uint32_t device, unsigned pscid, unsigned i,
                  uint64_t iova, uint64_t bits)
{
	struct witness *n = add(w, name, device, GUEST_LEAF);

	n->gscid = 6;
	n->pscid = pscid;
	n->iova = iova;
	n->global = bits & PTE_G;
	n->bytes = 4 * KIB;
	n->page = iova & ~0xfffull;
	for (unsigned k = 0; k < 2; k++) {
		uint64_t spa, gpa = guest_page_new(w, 1, &spa);

		n->pte[k] = leaf(gpa) | bits;
		n->spa[k] = spa | (iova & 0xfff);
	}
	n->word = w->guest_table[i][2] + 8 * (iova >> 12 & 0x1ff);
}

static void guests(struct world *w)
{
	uint64_t gpa[3], iohgatp[2], dc;
	struct witness *n;

	for (unsigned i = 0; i < 2; i++) {
		w->gpa_root[i] = pages(w->r, 4, 16384);
		iohgatp[i] = MODE(8) | GSCID(5 + i) | w->gpa_root[i] >> 12;
	}
	rig_dc_put(w->r, GUEST_S2, 1, iohgatp[0], PSCID(5), 0);
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned k = 0; k < 3; k++)
			gpa[k] = guest_page_new(w, 1, &w->guest_table[i][k]);
		put64(w->r, w->guest_table[i][0], PTE_POINTER(gpa[1]));
		put64(w->r, w->guest_table[i][1] + 8 * 8, PTE_POINTER(gpa[2]));
		rig_dc_put(w->r, i ? GUEST_B : GUEST_A, 1, iohgatp[1], PSCID(5 + i),
		           MODE(8) | gpa[0] >> 12);
	}

	/* The IOVA of one witness is the GPA of the next. */
	first(w, "guest's page", GUEST_A, 5, 0, 0x1000123, 0);
	first(w, "guest's global page", GUEST_A, 5, 0, 0x1002000, PTE_G);
	first(w, "guest's page, other PSCID", GUEST_B, 6, 1, 0x1000123, 0);
	first(w, "guest's global page, other PSCID", GUEST_B, 6, 1, 0x1002000, PTE_G);
	second(w, "GPA page", GUEST_S2, 0, 0x1000123, 0x1000123, 4 * KIB, 0);
	second(w, "GPA page with G", GUEST_S2, 0, 0x1001000, 0x1001000, 4 * KIB, PTE_G);
	second(w, "GPA 64 KiB", GUEST_S2, 0, 0x1234568, 0x1234568, 64 * KIB, 0);
	second(w, "GPA 2 MiB", GUEST_S2, 0, 0x1712340, 0x1712340, 2 * MIB, 0);
	second(w, "GPA 1 GiB", GUEST_S2, 0, 0x4aaaaaaa8, 0x4aaaaaaa8, GIB, 0);
	/* Through both stages: GUEST_A's 0x1003000 is GPA 0x1000000, its 0x1004000 is 0x1712000. */
	put64(w->r, w->guest_table[0][2] + 8 * 3, leaf(0x1000000));
	put64(w->r, w->guest_table[0][2] + 8 * 4, leaf(0x1712000));
	second(w, "GPA page behind an IOVA", GUEST_A, 1, 0x1003000, 0x1000000, 4 * KIB, PTE_G);
	second(w, "GPA 2 MiB behind an IOVA", GUEST_A, 1, 0x1004340, 0x1712340, 2 * MIB, 0);

	w->msi_table = page(w->r);
	for (unsigned i = 0; i < 2; i++) {
		dc = rig_dc(w->r, i ? GUEST_A : GUEST_S2);
		put64(w->r, dc + 32, MODE(1) | (w->msi_table + i * 64) >> 12);
		put64(w->r, dc + 40, 3);
		put64(w->r, dc + 48, MSI_GPA >> 12);
		n = add(w, i ? "MSI page behind an IOVA" : "MSI page", i ? GUEST_A : GUEST_S2,
		        MSI_LEAF);
		n->gscid = 5 + i;
		n->page = MSI_GPA + 0x1000 * (1 + i);
		n->bytes = 4 * KIB;
		n->iova = i ? 0x1005010 : n->page | 0x10;
		n->word = w->msi_table + 16 * (1 + i);
		for (unsigned k = 0; k < 2; k++) {
			uint64_t target = world_target(w);

			n->pte[k] = PTE_PPN(target) | 7;
			n->spa[k] = target | 0x10;
		}
	}
	put64(w->r, w->guest_table[0][2] + 8 * 5, leaf(MSI_GPA + 0x2000));
}

void world_init(struct world *w, unsigned lg2, unsigned levels)
{
	const struct iom_riscv_config config = { .capabilities = CAP_EXT,
		                                 .cache_lg2 = (uint8_t)lg2 };

	memset(w, 0, sizeof *w);
	w->target_next = 1ull << 44;
	w->guest_next = GUEST_MEMORY;
	w->r = rig_new_config(&config);
	rig_ddt(w->r, 1);
	rig_cq(w->r, 8, false);
	host_devices(w, levels);
	process_devices(w, levels);
	guests(w);
	for (uint32_t d = 0; d < DEVICES; d++) {
		for (unsigned i = 0; i < 2; i++)
			w->port[d][i] = rig_port(w->r, d);
	}
}

void world_free(struct world *w)
{
	rig_free(w->r);
}

/* ---- Looking ------------------------------------------------------------------------------ */

static uint64_t answer(struct iom_port *port, const struct iom_request *q, struct iom_lane *lane)
{
	struct iom_reply reply;
	uint64_t result;

	iom_begin(lane);
	result = iom_translate(port, q, &reply) == IOM_OK ? reply.spa : reply.fault;
	iom_end(lane);
	return result;
}

uint64_t world_look(struct world *w, uint32_t device, uint32_t pid, uint64_t iova, unsigned access)
{
	const struct iom_request q = { .iova = iova,
		                       .bytes = 4,
		                       .pasid = pid,
		                       .flags = pid ? IOM_REQ_PASID : 0,
		                       .access = (uint8_t)access };
	struct iom_port *fresh = rig_port(w->r, device);
	uint64_t is = answer(w->port[device][0], &q, w->r->lane);

	CHECK_EQ(answer(w->port[device][1], &q, w->r->lane), is);
	CHECK_EQ(answer(fresh, &q, w->r->lane), is);
	CHECK_EQ(answer(w->port[device][0], &q, w->r->lane), is);
	iom_port_close(fresh);
	return is;
}

uint64_t world_witness(struct world *w, const struct witness *n)
{
	return world_look(w, n->device, n->pid, n->iova,
	                  n->kind == MSI_LEAF ? IOM_WRITE : IOM_READ);
}

unsigned world_sees(struct world *w, const struct witness *n)
{
	uint64_t is = world_witness(w, n);

	CHECK_MSG(is == n->spa[0] || is == n->spa[1], "%s: 0x%llx", n->name,
	          (unsigned long long)is);
	return is == n->spa[1];
}

static void put_all(struct world *w, unsigned which)
{
	for (unsigned i = 0; i < w->count; i++)
		put64(w->r, w->w[i].word, w->w[i].pte[which]);
}

static void expect_first_words(struct world *w, const char *when)
{
	for (unsigned i = 0; i < w->count; i++)
		CHECK_MSG(!world_sees(w, &w->w[i]), "%s: %s", w->w[i].name, when);
}

void world_fill(struct world *w)
{
	rig_cmd(w->r, INVAL_DDT, 0);
	rig_cmd(w->r, VMA, 0);
	for (uint64_t gscid = 5; gscid < 8; gscid++)
		rig_cmd(w->r, VMA | 1ull << 33 | gscid << 44, 0);
	rig_cmd(w->r, GVMA, 0);
	put_all(w, 0);
	expect_first_words(w, "has not been filled");
}

void world_change(struct world *w)
{
	put_all(w, 1);
	expect_first_words(w, "nothing was invalidated, and yet it is not served as before");
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The software of software.h for RISC-V: tables, queues, cleaning up. */
#include "software_riscv.h"

#include <string.h>

#define V 1ull
#define LEAF 0x1full             /* V R W X U, neither accessed nor dirty */
#define LEAF_AD 0xdfull          /* both                                  */
#define GUEST_BASE 0x40000000ull /* where a guest believes WORLD_RAM to be */
#define MSI_GPA 0x28000000ull
#define GSCID 7ull

enum { CQ_ERRORS = MF | CMD_TO | CMD_ILL };

/* ---- Tables ------------------------------------------------------------------------------- */

static uint64_t guest(uint64_t spa)
{
	return spa - WORLD_RAM + GUEST_BASE;
}

/* Three levels for `iova`; entries name what `name` makes of addresses.  Returns the leaf's address. */
static uint64_t map(struct world *w, uint64_t root, uint64_t iova, uint64_t pte, bool in_guest)
{
	uint64_t table = root;

	for (unsigned level = 2; level; level--) {
		/* The root of a second stage is four pages. */
		uint64_t entry = table + 8 * (iova >> (12 + 9 * level) & 0x1ff);

		if (!word(w, entry)) {
			uint64_t next = new_pages(w, 1);

			word_set(w, entry, PPN_OF(in_guest ? guest(next) : next) | V);
		}
		table = (word(w, entry) >> 10 << 12) - (in_guest ? GUEST_BASE - WORLD_RAM : 0);
	}
	word_set(w, table + 8 * (iova >> 12 & 0x1ff), pte);
	return table + 8 * (iova >> 12 & 0x1ff);
}

/* One mapping more. */
static void map_pages(struct world *w, uint64_t root, uint64_t spa, bool in_guest, uint64_t bits)
{
	map(w, root, IOVA, PPN_OF(in_guest ? guest(spa) : spa) | bits, in_guest);
	map(w, root, IOVA + 0x1000, PPN_OF(in_guest ? guest(spa + 0x1000) : spa + 0x1000) | bits,
	    in_guest);
}

static void device(struct world *w, uint64_t table, unsigned id, const uint64_t dc[7])
{
	for (unsigned i = 0; i < 7; i++)
		word_set(w, table + 64 * id + 8 * i, dc[i]);
}

static uint64_t second_stage(struct world *w)
{
	uint64_t root = new_pages(w, 4);

	for (uint64_t off = 0; off < WORLD_BYTES; off += 4096)
		map(w, root, GUEST_BASE + off, PPN_OF(WORLD_RAM + off) | LEAF, false);
	return root;
}

uint64_t soft_riscv_tables(struct world *w)
{
	uint64_t ddt, devices, s1, pdt, s2, s1_guest, msi;

	memset(w->ram, 0, WORLD_BYTES);
	w->next = WORLD_RAM + 0x10000; /* queues and targets are below */
	w->data = new_pages(w, 2);
	w->guest_data = new_pages(w, 2);
	w->mrif = new_pages(w, 1);
	w->msi_file = new_pages(w, 1);
	ddt = new_pages(w, 1);
	devices = new_pages(w, 1);
	word_set(w, ddt, PPN_OF(devices) | V);
	s1 = new_pages(w, 1);
	map_pages(w, s1, w->data, false, LEAF);
	w->leaf = map(w, s1, IOVA, PPN_OF(w->data) | LEAF, false);
	device(w, devices, HOST,
	       (uint64_t[7]){ V | 1 << 1 | 1 << 2 | 1 << 8, 0, 3 << 12, 8ull << 60 | s1 >> 12 });
	pdt = new_pages(w, 1);
	word_set(w, pdt + 16 * PID + 8, 8ull << 60 | s1 >> 12);
	word_set(w, pdt + 16 * PID, V | 4 << 12);
	device(w, devices, PROCESS,
	       (uint64_t[7]){ V | 1 << 1 | 1 << 5 | 1 << 8, 0, 0, 1ull << 60 | pdt >> 12 });
	device(w, devices, BARE_DEVICE, (uint64_t[7]){ V | 1 << 1 });
	s1_guest = new_pages(w, 1);
	map_pages(w, s1_guest, w->guest_data, true, LEAF);
	map(w, s1_guest, MSI_IOVA, PPN_OF(MSI_GPA) | LEAF_AD, true);
	map(w, s1_guest, MRIF_IOVA, PPN_OF(MSI_GPA + 0x1000) | LEAF_AD, true);
	msi = new_pages(w, 1);
	word_set(w, msi, PPN_OF(w->msi_file) | 3 << 1 | V);
	word_set(w, msi + 16, w->mrif >> 9 << 7 | 1 << 1 | V);
	word_set(w, msi + 24, PPN_OF(NOTICES) | 0x15);
	s2 = second_stage(w);
	w->guest_leaf = map(w, s2, guest(w->guest_data), PPN_OF(w->guest_data) | LEAF, false);
	device(w, devices, GUEST,
	       (uint64_t[7]){ V | 1 << 7 | 1 << 8, 8ull << 60 | GSCID << 44 | s2 >> 12, 5 << 12,
	                      8ull << 60 | guest(s1_guest) >> 12, 1ull << 60 | msi >> 12, 1,
	                      MSI_GPA >> 12 });
	return ddt;
}

void soft_riscv_refresh(struct world *w)
{
	for (unsigned i = 0; i < 0x2000; i += 8) {
		word_set(w, w->data + i, 0x1111111100000000 + i);
		word_set(w, w->guest_data + i, 0x2222222200000000 + i);
	}
	for (unsigned i = 0; i < 2; i++) {
		word_set(w, w->leaf + 8 * i, PPN_OF(w->data + 0x1000 * i) | LEAF);
		word_set(w, w->guest_leaf + 8 * i, PPN_OF(w->guest_data + 0x1000 * i) | LEAF);
	}
}

/* ---- Queues ------------------------------------------------------------------------------- */

void command(struct world *w, uint64_t dw0, uint64_t dw1)
{
	uint32_t tail = (uint32_t)reg(w, CQT, 4);

	word_set(w, CQ + 16 * tail, dw0);
	word_set(w, CQ + 16 * tail + 8, dw1);
	reg_set(w, CQT, 4, (tail + 1) % QUEUE_ENTRIES);
}

void soft_riscv_note_queue(struct world *w)
{
	note(w, reg(w, CQH, 4) == reg(w, CQT, 4));
	note(w, reg(w, CQCSR, 4));
	note(w, reg(w, FQCSR, 4));
	note(w, reg(w, PQCSR, 4));
	note(w, reg(w, IPSR, 4));
}

void soft_riscv_fence(struct world *w)
{
	word_set(w, STAMP, 0);
	command(w, FENCE | FENCE_AV | FENCE_PR | FENCE_PW | FENCE_DATA(STAMPED), STAMP >> 2);
	note(w, word(w, STAMP));
	soft_riscv_note_queue(w);
}

void soft_riscv_forget_all(struct world *w)
{
	command(w, VMA, 0);
	command(w, VMA | 1ull << 33 | GSCID << 44, 0);
	command(w, GVMA, 0);
	command(w, INVAL_DDT, 0);
	soft_riscv_fence(w);
}

void soft_riscv_drain(struct world *w)
{
	uint32_t head, tail;

	for (head = (uint32_t)reg(w, FQH, 4); head != reg(w, FQT, 4);
	     head = (head + 1) % QUEUE_ENTRIES)
		for (unsigned i = 0; i < 4; i++)
			note(w, word(w, FQ + 32 * head + 8 * i));
	reg_set(w, FQH, 4, head);
	tail = (uint32_t)reg(w, PQT, 4);
	for (head = (uint32_t)reg(w, PQH, 4); head != tail; head = (head + 1) % QUEUE_ENTRIES)
		for (unsigned i = 0; i < 2; i++)
			note(w, word(w, PQ + 16 * head + 8 * i));
	reg_set(w, PQH, 4, head);
	note(w, reg(w, IPSR, 4));
	reg_set(w, IPSR, 4, CIP | FIP | PMIP | PIP);
	for (unsigned i = 0; i < 4; i++) {
		note(w, word(w, VECTORS + 8 * i));
		word_set(w, VECTORS + 8 * i, 0);
	}
}

void soft_riscv_recover(struct world *w)
{
	for (unsigned i = 0; i < 4; i++) {
		reg_set(w, CQCSR, 4, reg(w, CQCSR, 4) | CQ_ERRORS);
		iom_step(w->unit, w->now += 1000000); /* devices that never answered */
	}
	reg_set(w, FQCSR, 4, EN | IE | MF | OF);
	reg_set(w, PQCSR, 4, EN | IE | MF | OF);
	soft_riscv_drain(w);
	if (w->strange)
		return;
	CHECK_EQ(reg(w, CQH, 4), reg(w, CQT, 4));
	CHECK_EQ(reg(w, CQCSR, 4), EN | IE | ON);
	CHECK_EQ(reg(w, FQCSR, 4), EN | IE | ON);
	CHECK_EQ(reg(w, PQCSR, 4), EN | IE | ON);
	CHECK_EQ(reg(w, IPSR, 4), 0);
}

void soft_riscv_invalidate(struct world *w, unsigned id, uint64_t iova)
{
	uint64_t pasid = id == PROCESS ? (uint64_t)PID << 12 | 1ull << 32 : 0;

	command(w, ATS_INVAL | (uint64_t)id << 40 | pasid, iova);
}

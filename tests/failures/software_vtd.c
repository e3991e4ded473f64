/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The software of software.h for VT-d: tables, the queue, cleaning up. */
#include "software_vtd.h"

#include <string.h>

#define P 1ull
#define FS_TABLE 0x07ull         /* P R/W U/S, neither accessed nor dirty */
#define SS_TABLE 0x03ull         /* R W */
#define GUEST_BASE 0x40000000ull /* where a guest believes WORLD_RAM to be */

enum { DTE = 4, PASIDE = 8, PRE = 16 };
enum { FS = 1 << 6, NESTED = 3 << 6, PASS = 4 << 6, AW_39 = 1 << 2, SSADE = 1 << 9 };
#define PWSNP (1ull << 23)

/* ---- Tables ------------------------------------------------------------------------------- */

static uint64_t guest(uint64_t spa)
{
	return spa - WORLD_RAM + GUEST_BASE;
}

/* The entry for `iova` becomes this one; addresses in tables are `less` below the physical ones. */
static uint64_t map(struct world *w, uint64_t root, unsigned levels, uint64_t iova, uint64_t leaf,
                    uint64_t bits, uint64_t less)
{
	uint64_t table = root, at;

	for (;;) {
		at = table + 8 * (iova >> (12 + 9 * --levels) & 0x1ff);
		if (!levels)
			break;
		if (!word(w, at))
			word_set(w, at, (new_pages(w, 1) - less) | bits);
		table = (word(w, at) & ~0xfffull) + less;
	}
	word_set(w, at, (leaf - less) | bits);
	return at;
}

/* Two pages at IOVA; returns the first entry. */
static uint64_t first_stage(struct world *w, uint64_t root, uint64_t spa, uint64_t less)
{
	map(w, root, 4, IOVA + 0x1000, spa + 0x1000, FS_TABLE, less);
	return map(w, root, 4, IOVA, spa, FS_TABLE, less);
}

static uint64_t second_stage(struct world *w)
{
	uint64_t root = new_pages(w, 1);

	for (uint64_t off = 0; off < WORLD_BYTES; off += 4096)
		map(w, root, 3, GUEST_BASE + off, WORLD_RAM + off, SS_TABLE, 0);
	return root;
}

/* A device with one PASID table entry. */
static void device(struct world *w, uint64_t contexts, unsigned id, unsigned flags, unsigned pasid,
                   const uint64_t entry[3])
{
	uint64_t directory = new_pages(w, 1), pasids = new_pages(w, 1);

	word_set(w, contexts + 32ull * id, directory | flags | P);
	word_set(w, directory, pasids | P);
	for (unsigned i = 0; i < 3; i++)
		word_set(w, pasids + 64ull * pasid + 8ull * i, entry[i]);
}

struct roots soft_vtd_tables(struct world *w)
{
	struct roots roots;
	uint64_t contexts, s1, s1_guest, s2;

	memset(w->ram, 0, WORLD_BYTES);
	memset(w->cpu, 0, sizeof w->cpu);
	w->next = WORLD_RAM + 0x10000; /* queues and targets are below */
	w->data = new_pages(w, 2);
	w->guest_data = new_pages(w, 2);
	w->posted = new_pages(w, 1);
	roots.root = new_pages(w, 1);
	roots.interrupts = new_pages(w, 1);
	contexts = new_pages(w, 1);
	word_set(w, roots.root, contexts | P);
	s1 = new_pages(w, 1);
	w->leaf = first_stage(w, s1, w->data, 0);
	s1_guest = new_pages(w, 1);
	first_stage(w, s1_guest, w->guest_data, WORLD_RAM - GUEST_BASE);
	s2 = second_stage(w);
	w->guest_leaf = map(w, s2, 3, guest(w->guest_data), w->guest_data, SS_TABLE, 0);
	device(w, contexts, HOST, DTE | PRE, 0, (uint64_t[3]){ FS | P, 2 | PWSNP, s1 });
	device(w, contexts, PROCESS, DTE | PASIDE, PID, (uint64_t[3]){ FS | P, 3 | PWSNP, s1 });
	device(w, contexts, GUEST, 0, 0,
	       (uint64_t[3]){ s2 | SSADE | NESTED | AW_39 | P, 4 | PWSNP, guest(s1_guest) });
	device(w, contexts, BARE_DEVICE, 0, 0, (uint64_t[3]){ PASS | AW_39 | P, 1 });
	word_set(w, roots.interrupts + 16 * REMAPPED, 0x41 << 16 | P);
	word_set(w, roots.interrupts + 16 * POSTED, w->posted << 32 | 0x42 << 16 | 1 << 15 | P);
	word_set(w, roots.interrupts + 16 * POSTED + 8, w->posted >> 32 << 32);
	return roots;
}

void soft_vtd_refresh(struct world *w)
{
	for (unsigned i = 0; i < 0x2000; i += 8) {
		word_set(w, w->data + i, 0x1111111100000000 + i);
		word_set(w, w->guest_data + i, 0x2222222200000000 + i);
	}
	for (unsigned i = 0; i < 2; i++) {
		word_set(w, w->leaf + 8ull * i, (w->data + 0x1000ull * i) | FS_TABLE);
		word_set(w, w->guest_leaf + 8ull * i, (w->guest_data + 0x1000ull * i) | SS_TABLE);
	}
	for (unsigned i = 0; i < 8; i++)
		word_set(w, w->posted + 8ull * i, i == 4 ? 0x51 << 16 : 0);
}

/* ---- The queue ---------------------------------------------------------------------------- */

void descriptor(struct world *w, uint64_t qw0, uint64_t qw1)
{
	uint64_t tail = reg(w, IQT, 8);

	word_set(w, QUEUE + tail, qw0);
	word_set(w, QUEUE + tail + 8, qw1);
	word_set(w, QUEUE + tail + 16, 0);
	word_set(w, QUEUE + tail + 24, 0);
	reg_set(w, IQT, 8, (tail + 32) % QUEUE_BYTES);
}

void soft_vtd_note_queue(struct world *w)
{
	note(w, reg(w, IQH, 8) == reg(w, IQT, 8));
	note(w, reg(w, FSTS, 4) & 0x7f);
	note(w, reg(w, ICS, 4));
	note(w, reg(w, PRS, 4));
	note(w, reg(w, GSTS, 4));
}

/* With a status, and an event. */
void soft_vtd_fence(struct world *w)
{
	word_set(w, STAMP, 0);
	descriptor(w, 0x35 | (uint64_t)STAMPED << 32, STAMP);
	note(w, word(w, STAMP));
	soft_vtd_note_queue(w);
}

void soft_vtd_forget_all(struct world *w)
{
	descriptor(w, 0x11, 0); /* contexts, PASIDs, the IOTLB, interrupt entries */
	descriptor(w, 0x37, 0);
	descriptor(w, 0xd2, 0);
	descriptor(w, 0x04, 0);
	soft_vtd_fence(w);
}

void soft_vtd_invalidate(struct world *w, unsigned id, uint64_t iova)
{
	if (id == PROCESS)
		descriptor(w, 8 | (uint64_t)id << 16 | (uint64_t)PID << 32, iova);
	else
		descriptor(w, 3 | (uint64_t)id << 32, iova);
}

static void drain_records(struct world *w)
{
	unsigned first = reg(w, FSTS, 4) >> 8 & 0xff;

	for (unsigned i = 0; i < RECORDS; i++) {
		unsigned at = FRCD + 16 * ((first + i) % RECORDS);

		if (!(reg(w, at + 12, 4) >> 31))
			continue;
		note(w, reg(w, at, 8));
		note(w, reg(w, at + 8, 8));
		reg_set(w, at + 12, 4, 1u << 31);
	}
	reg_set(w, FSTS, 4, 1); /* PFO */
}

void soft_vtd_drain(struct world *w)
{
	uint64_t head, tail = reg(w, PQT, 8);

	drain_records(w);
	for (head = reg(w, PQH, 8); head != tail; head = (head + 32) % QUEUE_BYTES)
		for (unsigned i = 0; i < 4; i++)
			note(w, word(w, PAGES + head + 8ull * i));
	reg_set(w, PQH, 8, head);
	note(w, reg(w, PRS, 4));
	reg_set(w, PRS, 4, 3);
	note(w, reg(w, ICS, 4));
	reg_set(w, ICS, 4, 1);
	for (unsigned i = 0; i < 3; i++) {
		note(w, word(w, EVENT(i)));
		word_set(w, EVENT(i), 0);
	}
}

void soft_vtd_recover(struct world *w)
{
	for (unsigned i = 0; i < 4; i++) {
		reg_set(w, FSTS, 4, 0x70);
		iom_step(w->unit, w->now += 1000000); /* devices that never answered */
	}
	soft_vtd_drain(w);
	if (w->strange)
		return;
	CHECK_EQ(reg(w, IQH, 8), reg(w, IQT, 8));
	CHECK_EQ(reg(w, FSTS, 4) & 0x7f, 0);
	CHECK_EQ(reg(w, PRS, 4), 0);
	CHECK_EQ(reg(w, ICS, 4), 0);
	CHECK_EQ(reg(w, GSTS, 4), ALL_ON);
}

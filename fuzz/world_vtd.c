/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A VT-d unit, in legacy or scalable mode, as a driver leaves it; numbers are the specification's. */
#include "world.h"

#include <stdlib.h>

/* Registers */
#define CAP 0x8
#define ECAP 0x10
#define GCMD 0x18
#define GSTS 0x1c
#define RTADDR 0x20
#define FSTS 0x34
#define IQH 0x80
#define IQT 0x88
#define IQA 0x90
#define IRTA 0xb8
#define PQA 0xd0
#define FECTL 0x38
#define IECTL 0xa0
#define PECTL 0xe0

/* GCMD and GSTS */
#define TE 0x80000000u
#define RTP 0x40000000u
#define QIE 0x04000000u
#define IRE 0x02000000u
#define IRTP 0x01000000u
#define LEVELS 0x96ffffffu

#define BIT(n) (UINT64_C(1) << (n))
#define CAP_PI BIT(59)
#define ECAP_IR BIT(3)
#define ECAP_EIM BIT(4)
#define ECAP_PRS BIT(29)
#define ECAP_SMTS BIT(43)
#define ECAP_SSADS BIT(45)
#define ECAP_SMPWCS BIT(48)
/* What a unit may lack or have beside its profile: one bit each. */
#define CAP_LESS                                                                                   \
	(BIT(5) | BIT(6) | BIT(22) | BIT(35) | BIT(54) | BIT(55) | BIT(56) | CAP_PI | BIT(60))
#define CAP_MORE (BIT(4) | BIT(7))
#define ECAP_LESS                                                                                  \
	(BIT(2) | ECAP_EIM | BIT(6) | BIT(7) | BIT(26) | BIT(31) | BIT(33) | BIT(34) | BIT(42) |   \
	 ECAP_SSADS | ECAP_SMPWCS | BIT(49) | BIT(53) | BIT(57) | BIT(58))
#define ECAP_MORE (BIT(61) | BIT(62))

#define P BIT(0)
#define WIDE BIT(11)
#define SS_RW 0x3u
#define FS_ALL 0x67u /* P R/W U/S A D */
#define PAGE_2M BIT(7)
#define AW_39 1u
#define AW_48 2u

/* Pages of RAM, and what is in them */
enum {
	ROOT,
	CONTEXTS,
	QUEUE,
	PAGE_REQUESTS,
	ENTRIES, /* of interrupts */
	DESCRIPTORS,
	STATUS,
	SS_3,
	SS_2,
	SS_1,
	SS_0,
	FS_3,
	FS_2,
	FS_1,
	FS_0,
	GUEST_3,
	GUEST_2,
	GUEST_1,
	GUEST_0,
	DIRECTORIES,
	PASIDS = DIRECTORIES + DEVICES,
};

static uint64_t get(struct world *w, unsigned off, unsigned bytes)
{
	uint64_t value;

	if (iom_mmio_read(w->unit, 0, off, bytes, &value))
		abort();
	return value;
}

/* ---- Tables ------------------------------------------------------------------------------- */

/*
 * Four tables from `top` on, the upper two for the first entry alone: the first 2 MiB in pages, and
 * 2 MiB behind them in one piece.
 */
static void tables(struct world *w, unsigned top, uint64_t from, uint64_t bits)
{
	unsigned zero = top + 3;

	for (unsigned i = 0; i < 3; i++)
		world_entry(w, top + i, 0, (from + (top + i + 1) * PAGE) | bits);
	world_entry(w, top + 2, 1, RAM | PAGE_2M | bits);
	for (unsigned i = 0; i < RAM_PAGES; i++)
		world_entry(w, zero, i, (from + i * PAGE) | bits);
	/* Read alone; neither accessed nor dirty; of the supervisor; and pages of all kinds. */
	world_entry(w, zero, 64, from | (bits & ~UINT64_C(2)));
	world_entry(w, zero, 65, from | (bits & 7));
	world_entry(w, zero, 66, from | (bits & ~UINT64_C(4)));
	world_entry(w, zero, 67, from | bits | BIT(8));
	world_entry(w, zero, 68, DOORBELL | bits);
	world_entry(w, zero, 69, CORRUPT | bits);
	world_entry(w, zero, 70, UINT64_C(0xfee00000) | bits);
}

static void legacy_contexts(struct world *w)
{
	static const uint8_t types[DEVICES] = { 0, 1, 2, 1, 0 };

	for (unsigned i = 0; i < DEVICES; i++) {
		unsigned top = i == 4 ? SS_3 : SS_2, width = i == 4 ? AW_48 : AW_39;

		world_entry(w, CONTEXTS, 2 * i,
		            world_page(top) | (uint64_t)types[i] << 2 | (i == 3 ? 2 : 0) | P);
		world_entry(w, CONTEXTS, 2 * i + 1, width | (uint64_t)(1 + i % 3) << 8);
	}
}

/* Processes 0 to 3 of each device are of the four kinds, beginning with another one for each. */
static void pasid(struct world *w, unsigned device, unsigned number)
{
	unsigned kind = (device + number) % 4 + 1, at = 8 * number;
	uint64_t ecap = get(w, ECAP, 8);
	uint64_t ss = kind == 1 || kind == 4 ? 0 : world_page(SS_2);
	uint64_t fs = kind == 1 ? world_page(FS_3) : GUEST_3 * PAGE;

	world_entry(w, PASIDS + device, at,
	            ss | (uint64_t)kind << 6 | AW_39 << 2 | P |
	                    (ss && device % 2 && ecap & ECAP_SSADS ? BIT(9) : 0));
	world_entry(w, PASIDS + device, at + 1,
	            (1 + device % 3) | (device % 2 && ecap & ECAP_SMPWCS ? BIT(23) : 0));
	world_entry(w, PASIDS + device, at + 2, kind % 2 ? fs : 0);
}

static void scalable_contexts(struct world *w)
{
	static const uint8_t dte = 4, paside = 8, pre = 16;
	const uint8_t flags[DEVICES] = { 0, dte, paside, dte | paside, dte | paside };
	uint64_t ecap = get(w, ECAP, 8);

	for (unsigned i = 0; i < DEVICES; i++) {
		world_entry(w, CONTEXTS, 4 * i,
		            world_page(DIRECTORIES + i) | flags[i] |
		                    (i > 2 && ecap & ECAP_PRS ? pre : 0) | P);
		world_entry(w, CONTEXTS, 4 * i + 1, i == 4 ? 1 : 0); /* RID_PASID */
		world_entry(w, DIRECTORIES + i, 0, world_page(PASIDS + i) | P);
		for (unsigned number = 0; number < 4; number++)
			pasid(w, i, number);
	}
}

/* Remapped, posted where the unit can, for one source alone, and absent. */
static void interrupt_entries(struct world *w)
{
	uint64_t descriptor = world_page(DESCRIPTORS);
	bool posts = get(w, CAP, 8) & CAP_PI;

	for (unsigned i = 0; i < 64; i++) {
		uint64_t low = P | (uint64_t)(0x20 + i) << 16, high = 0;

		if (i % 4 == 1 && posts) {
			low |= BIT(15) | (descriptor & 0xffffffc0) << 32 | (i & 8 ? BIT(14) : 0);
			high = descriptor >> 32 << 32;
			descriptor += 64;
		} else if (i % 4 == 2) {
			high = BIT(18) | i / 4 % DEVICES;
		}
		world_entry(w, ENTRIES, 2 * i, i % 8 == 7 ? low & ~P : low);
		world_entry(w, ENTRIES, 2 * i + 1, high);
	}
}

/* ---- The unit ----------------------------------------------------------------------------- */

static int unit_new(struct world *w, const struct iom_host *host, struct iom_unit **out)
{
	return iom_vtd_new(&w->config.vtd, w->memory, host, w, out, NULL);
}

/* What the first bytes choose; a choice that contradicts itself becomes the profile. */
static void configure(struct world *w, unsigned how)
{
	const struct iom_vtd_config base = { .bytes = sizeof base,
		                             .profile = (how >> 5 & 3) % 3,
		                             .ats_timeout_ns = 1000,
		                             .cache_lg2 = (uint8_t)(3 + how % 4),
		                             .protected_lg2 = 12 };
	uint32_t flags = (uint32_t)take(&w->in, 1) & 0x1f;
	uint64_t cap = take(&w->in, 8), ecap = take(&w->in, 8), version = take(&w->in, 1);

	w->config.vtd = base;
	w->config.vtd.flags = flags;
	w->unit = world_unit(w);
	if (!cap && !ecap)
		return;
	w->config.vtd.cap = (get(w, CAP, 8) & ~(cap & CAP_LESS)) | (cap & CAP_MORE);
	w->config.vtd.ecap = (get(w, ECAP, 8) & ~(ecap & ECAP_LESS)) | (ecap & ECAP_MORE);
	w->config.vtd.version = (uint8_t)(base.profile ? 0x40 + version % 0x40 : 0x10);
	iom_unit_free(w->unit);
	w->unit = world_try(w);
	if (!w->unit) {
		w->config.vtd = base;
		w->unit = world_unit(w);
	}
}

/* Sets a bit of GCMD beside those that are on. */
static void global(struct world *w, uint32_t bit)
{
	world_set(w, GCMD, 4, (get(w, GSTS, 4) & LEVELS) | bit);
	if (!(get(w, GSTS, 4) & bit))
		abort();
}

/* Tells the group's events, by this vector. */
static void event(struct world *w, unsigned control, uint32_t vector)
{
	world_set(w, control + 4, 4, vector);
	world_set(w, control + 8, 4, 0xfee00000);
	world_set(w, control, 4, 0);
}

static void start(struct world *w)
{
	uint64_t ecap = get(w, ECAP, 8);
	bool scalable = ecap & ECAP_SMTS && !(take(&w->in, 1) & 1);

	tables(w, SS_3, RAM, SS_RW);
	tables(w, FS_3, RAM, FS_ALL);
	tables(w, GUEST_3, 0, FS_ALL);
	world_entry(w, ROOT, 0, world_page(CONTEXTS) | P);
	if (scalable)
		scalable_contexts(w);
	else
		legacy_contexts(w);
	interrupt_entries(w);

	world_set(w, IQA, 8, world_page(QUEUE) | (scalable ? WIDE : 0));
	global(w, QIE);
	event(w, FECTL, 0x30);
	event(w, IECTL, 0x31);
	if (ecap & ECAP_PRS) {
		event(w, PECTL, 0x32);
		world_set(w, PQA, 8, world_page(PAGE_REQUESTS));
	}
	world_set(w, RTADDR, 8, world_page(ROOT) | (scalable ? BIT(10) : 0));
	global(w, RTP);
	world_set(w, IRTA, 8, world_page(ENTRIES) | (ecap & ECAP_EIM ? BIT(11) : 0) | 7);
	global(w, IRTP);
	global(w, TE);
	global(w, IRE);
}

/* ---- The invalidation queue ----------------------------------------------------------------- */

/* Puts a descriptor at the tail, wherever that is by now, and rings the doorbell. */
static void push(struct world *w, const uint64_t descriptor[4])
{
	uint64_t iqa = get(w, IQA, 8), bytes = PAGE << (iqa & 7), tail = get(w, IQT, 8);
	unsigned size = iqa & WIDE ? 32 : 16;

	(void)iom_memory_write(w->memory, (iqa & ~(PAGE - 1)) + tail, descriptor, size);
	(void)iom_mmio_write(w->unit, 0, IQT, 8, (tail + size) & (bytes - 1));
}

static bool wide(struct world *w)
{
	return get(w, IQA, 8) & WIDE;
}

#define PAGES (~UINT64_C(0xfff) | 0x7f)
#define PASID_BITS (UINT64_C(0xfffff) << 32)
#define DID_BITS (UINT64_C(0xffff) << 16)

/* Each type's fields. */
static const uint64_t fields[16][2] = {
	[1] = { 0x30 | DID_BITS | UINT64_C(0x3ffff) << 32, 0 },
	[2] = { 0xf0 | DID_BITS, PAGES },
	[3] = { UINT64_C(0x1f) << 16 | UINT64_C(0xffff) << 32, ~UINT64_C(0xfff) | 1 },
	[4] = { 0x10 | UINT64_C(0x1f) << 27 | UINT64_C(0xffff) << 32, 0 },
	[5] = { 0xf0 | UINT64_C(0xffffffff) << 32, (RAM_BYTES - 1) & ~UINT64_C(3) },
	[6] = { 0x30 | DID_BITS | PASID_BITS, PAGES },
	[7] = { 0x30 | DID_BITS | PASID_BITS, 0 },
	[8] = { 0x1f0 | DID_BITS | PASID_BITS, ~UINT64_C(0xfff) | 0x801 },
	[9] = { 0xf010 | DID_BITS | PASID_BITS, 0xffc },
};

/* Any descriptor, or one with nothing but fields of its type, or with small numbers in them. */
static void command(struct world *w)
{
	unsigned how = (unsigned)take(&w->in, 1), type = how & 15;
	uint64_t d[4] = { 0 };

	take_bytes(&w->in, d, 16);
	if (how & 0x80) {
		d[2] = take(&w->in, 1);
		d[3] = take(&w->in, 1);
	} else {
		d[0] = (d[0] & fields[type][0]) | type;
		d[1] = (d[1] & fields[type][1]) | (type == 5 ? RAM : 0);
	}
	if (how & 0x40)
		d[0] &= UINT64_C(0x000300070007ffff);
	push(w, d);
}

/* Invalidations in a device that is there, and answers to its page requests, with any payload. */
static void ats(struct world *w)
{
	static const uint8_t types[] = { 3, 8, 9 };
	uint32_t what = (uint32_t)take(&w->in, 4);
	unsigned type = wide(w) ? types[what % 3] : 3;
	uint64_t device = (what >> 8 & 0xff) % DEVICES, process = what >> 16 & 3;
	uint64_t d[4] = { type, take(&w->in, 8) & fields[type][1] };

	if (type == 3)
		d[0] |= device << 32;
	else
		d[0] |= device << 16 | process << 32;
	if (type == 9)
		d[0] |= (what & 0x40 ? 0x10 : 0) | what >> 28 << 12;
	push(w, d);
}

/* A descriptor that stands still becomes a wait for nothing, and errors are cleared. */
static void clear_errors(struct world *w)
{
	static const uint64_t wait[4] = { 5 };
	uint64_t iqa = get(w, IQA, 8);

	if (get(w, FSTS, 4) & 0x10)
		(void)iom_memory_write(w->memory, (iqa & ~(PAGE - 1)) + get(w, IQH, 8), wait,
		                       iqa & WIDE ? 32 : 16);
	(void)iom_mmio_write(w->unit, 0, FSTS, 4, 0x71);
}

/* A driver that forgets nothing: everything is invalidated, and it waits for that. */
static void forget(struct world *w)
{
	static const uint64_t descriptors[][4] = {
		{ 0x11 },                                  /* contexts                      */
		{ 0xd2 },                                  /* IOTLB                         */
		{ 4 },                                     /* interrupt entries             */
		{ 0x37 },                                  /* PASIDs, of scalable mode      */
		{ 0x77000000b5, RAM + STATUS * PAGE + 8 }, /* a wait, with PD and an event  */
	};

	clear_errors(w);
	for (unsigned i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
		if (wide(w) || descriptors[i][0] != 0x37)
			push(w, descriptors[i]);
	}
}

const struct kind world_vtd = {
	.unit_new = unit_new,
	.configure = configure,
	.start = start,
	.command = command,
	.ats = ats,
	.forget = forget,
};

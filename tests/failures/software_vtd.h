/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What software and devices do with a VT-d unit in scalable mode; numbers are the specification's. */
#ifndef TESTS_FAILURES_SOFTWARE_VTD_H
#define TESTS_FAILURES_SOFTWARE_VTD_H

#include "software.h"

/* Registers */
enum {
	GCMD = 0x18,
	GSTS = 0x1c,
	RTADDR = 0x20,
	CCMD = 0x28,
	FSTS = 0x34,
	FECTL = 0x38,
	IQH = 0x80,
	IQT = 0x88,
	IQA = 0x90,
	ICS = 0x9c,
	IECTL = 0xa0,
	IQERCD = 0xb0,
	IRTA = 0xb8,
	PQH = 0xc0,
	PQT = 0xc8,
	PQA = 0xd0,
	PRS = 0xdc,
	PECTL = 0xe0,
	IOTLB = 0xf8,
	FRCD = 0x220,
};

#define RECORDS 8u

/* GCMD and GSTS */
#define TE 0x80000000u
#define RTP 0x40000000u
#define QIE 0x04000000u
#define IRE 0x02000000u
#define IRTP 0x01000000u
#define ALL_ON (TE | RTP | QIE | IRE | IRTP)

/* FSTS */
#define IQE 0x10u
#define ITE 0x40u

#define QUEUE WORLD_RAM
#define QUEUE_BYTES 4096u
#define PAGES (WORLD_RAM + 0x1000)

/* Interrupts: of the unit itself, by group of registers; and of devices, by index */
#define EVENT(n) (WORLD_CPU + 0x100 + 8ull * (n))
enum { REMAPPED, POSTED };
#define MESSAGE(index) (WORLD_CPU | 0x10 | (index) << 5)

/* Makes everything that the unit reads, anew. */
struct roots {
	uint64_t root, interrupts;
};
struct roots soft_vtd_tables(struct world *w);
void descriptor(struct world *w, uint64_t qw0, uint64_t qw1);

/* Those of arch_vtd */
void soft_vtd_refresh(struct world *w);
void soft_vtd_forget_all(struct world *w);
void soft_vtd_fence(struct world *w);
void soft_vtd_invalidate(struct world *w, unsigned id, uint64_t iova);
void soft_vtd_note_queue(struct world *w);
void soft_vtd_drain(struct world *w);
void soft_vtd_recover(struct world *w);

#endif

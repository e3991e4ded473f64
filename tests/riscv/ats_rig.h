/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What the tests of ATS and page requests share: devices behind each arrangement of stages, translation
 * requests and what may come back, the page queue, and messages in both directions.
 */
#ifndef TESTS_RISCV_ATS_RIG_H
#define TESTS_RISCV_ATS_RIG_H

#include "nested.h"
#include "sheet.h"

#define CAP_MSI_MRIF (1ull << 23)
#define CAP_AMO_HWAD (1ull << 24)
#define CAP_ATS (1ull << 25)
#define CAP_T2GPA (1ull << 26)
#define CAP_ALL_ATS (CAP_EXT | CAP_AMO_HWAD | CAP_ATS | CAP_T2GPA)

/* DC.tc */
#define TC_V (1ull << 0)
#define TC_EN_ATS (1ull << 1)
#define TC_EN_PRI (1ull << 2)
#define TC_T2GPA (1ull << 3)
#define TC_DTF (1ull << 4)
#define TC_PDTV (1ull << 5)
#define TC_PRPR (1ull << 6)
#define TC_GADE (1ull << 7)
#define TC_SADE (1ull << 8)
#define TC_DPE (1ull << 9)
#define ATS_ON (TC_V | TC_EN_ATS)
#define PRI_ON (ATS_ON | TC_EN_PRI)

/* PC.ta */
#define PC_V 1ull
#define PC_ENS 2ull
#define PC_SUM 4ull
#define PSCID(n) ((uint64_t)(n) << 12)

#define MODE(n) ((uint64_t)(n) << 60)
#define PD8 1
#define PD17 2
#define FLAT 1

#define PERM_R IOM_PERM_READ
#define PERM_RW (IOM_PERM_READ | IOM_PERM_WRITE)
#define PERM_RX (IOM_PERM_READ | IOM_PERM_EXECUTE)
#define PERM_RWX (PERM_RW | IOM_PERM_EXECUTE)

/* Faults records: who asked. */
#define BY_PID(n) ((uint64_t)(n) << 12 | 1ull << 32)
#define BY_SUPERVISOR (1ull << 33)

/*
 * A bench with a device for each arrangement of stages, all with EN_ATS alone.  Those of a guest share
 * n's second stage (Sv39x4, GSCID 7); those with a process directory have process 1 and, with DPE, may
 * have process 0: PD8, one page of contexts.
 */
enum {
	HOST = 3,  /* Sv39 at `s1`                                       */
	GUEST,     /* Sv39 of path, over the second stage                */
	SECOND,    /* the second stage alone                             */
	BOTH_BARE, /* neither                                            */
	PROC,      /* processes in `pdt`, whose stage is Sv39 at `s1`    */
	GUEST_PROC /* processes in the guest's page `gpdt`, path's stage */
};
#define PID 1u

struct ats {
	struct rig *r;
	struct nested n;
	struct guest_path path;
	uint64_t s1, pdt;
	struct guest_page gpdt;
	uint64_t pc, gpc; /* SPAs of the contexts of process PID */
};

/* The caches are off if `flags` says so; capabilities 0: CAP_ALL_ATS. */
void ats_init(struct ats *a, uint64_t capabilities, uint32_t flags);
/* Replaces DC.tc of a device. */
void ats_tc(struct ats *a, uint32_t device, uint64_t tc);
/* Gives a guest's device an MSI table; returns its SPA. */
uint64_t ats_msi(struct ats *a, uint32_t device, uint64_t mask, uint64_t pattern);

/* A translation request without PASID, with one, of a supervisor; `flags`: further IOM_REQ_*. */
struct iom_request ats_plain(uint64_t iova, unsigned flags);
struct iom_request ats_pid(uint64_t iova, unsigned flags, uint32_t pid);
struct iom_request ats_execute(uint64_t iova, unsigned flags, uint32_t pid);

/* Answered with Success, and nothing recorded. */
struct iom_reply ats_ask(struct rig *r, uint32_t device, struct iom_request q);
/* The same, and these are the permissions; where there are any, the address is `to`. */
struct iom_reply ats_grants(struct rig *r, uint32_t device, struct iom_request q, unsigned perm,
                            uint64_t to);
/* Success with R=W=0, and nothing recorded. */
void ats_nothing(struct rig *r, uint32_t device, struct iom_request q, const char *why);
/* Refused with CA or UR for this cause, and one record, or none. */
void ats_refused(struct rig *r, uint32_t device, struct iom_request q, unsigned status,
                 unsigned cause, bool recorded);

/* Commands */
enum { ATS_INVAL = 0x004, ATS_PRGR = 0x084 };
#define CMD_PASID(n) ((uint64_t)(n) << 12 | 1ull << 32)
#define CMD_RID(n) ((uint64_t)(n) << 40)
#define CMD_DSEG(n) ((uint64_t)(n) << 56 | 1ull << 33)

/* Messages of devices; the port keeps an endpoint in use until rig_free. */
int ats_send(struct rig *r, uint32_t device, const struct iom_message *message);
/* An Invalidate Completion for these ITags. */
void ats_complete(struct rig *r, uint32_t device, uint32_t itags, unsigned cc);
/* A page request without PASID, and with one. */
void ats_page(struct rig *r, uint32_t device, uint64_t address, unsigned code, unsigned group);
void ats_page_pid(struct rig *r, uint32_t device, uint64_t address, unsigned code, unsigned group,
                  uint32_t pid, unsigned flags);

/* Another bench: one device, both of whose stages are Bare, and no page queue yet. */
struct rig *ats_pri(uint32_t device, uint64_t tc);
/* The page queue: 2^lg2 entries, pqcsr with `pie`.  Returns its base. */
uint64_t ats_pq(struct rig *r, unsigned lg2, bool pie);
/* Takes the oldest record; false if there is none. */
bool ats_pq_take(struct rig *r, uint64_t record[2]);

/* A page request, the last of its group, that the queue takes: nobody answers it yet. */
void ats_page_taken(struct rig *r, uint32_t device, unsigned group);
/*
 * Exactly one message came since the last look, an answer to page requests; with_pid: or without
 * PASID.  And: none came.
 */
void ats_answered(struct rig *r, uint32_t device, unsigned code, unsigned group, bool with_pid,
                  uint32_t pid);
void ats_unanswered(struct rig *r);

/* Whether this library builds a unit with such capabilities. */
bool ats_builds(uint64_t capabilities);

#endif

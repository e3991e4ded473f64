/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The performance monitor: its registers, and devices of the host and of a guest to be counted. */
#ifndef TESTS_RISCV_HPM_H
#define TESTS_RISCV_HPM_H

#include "nested.h"
#include "sheet.h"

enum { IOCOUNTOVF = 0x58, IOCOUNTINH = 0x5c, IOHPMCYCLES = 0x60 };
#define IOHPMCTR(n) (0x60u + 8 * (n)) /* n: 1..31 */
#define IOHPMEVT(n) (0x158u + 8 * (n))

/* eventID */
enum {
	EV_NONE,
	EV_UNTRANSLATED,
	EV_TRANSLATED,
	EV_ATS,
	EV_MISS,
	EV_DDT,
	EV_PDT,
	EV_STAGE1,
	EV_STAGE2,
	EV_END
};

/* Fields of iohpmevt */
#define EVT_DMASK (1ull << 15)
#define EVT_PID(n) ((uint64_t)(n) << 16 | 1ull << 60) /* with PV_PSCV */
#define EVT_DID(n) ((uint64_t)(n) << 36 | 1ull << 61) /* with DV_GSCV */
#define EVT_IDT (1ull << 62)
#define EVT_OF (1ull << 63)

#define CAP_COUNT (CAP_EXT | CAP_HPM)

/* Devices of hpm_world: what a request of 8 bytes, untranslated, reads of tables. */
enum {
	HPM_HOST =
		1, /* Sv39 over Bare, PSCID 5: 3 first-stage entries                             */
	HPM_GUEST, /* Bare over Sv39x4, GSCID 7, PSCID 5 without use: 3 second-stage entries     */
	HPM_BOTH,  /* Sv39 over Sv39x4, GSCID 7, PSCID 6: 3 and 4 * 3                             */
	HPM_PROCESS, /* PD8: process 1 is Sv39 and PSCID 8, process 2 Bare; DC.GSCID 9 without use */
	HPM_BARE,   /* no stage; GSCID 7, PSCID 5 without use                                     */
	HPM_HOST_B, /* as HPM_HOST, PSCID 7, tables of its own                                    */
	HPM_DEVICES
};

struct hpm {
	struct nested n;
	struct rig *r;
	uint64_t iova[HPM_DEVICES]; /* what a request of the device may ask for */
	struct iom_port *port[HPM_DEVICES];
};

/* `cached`: with caches.  All counters count nothing; ddtp is `levels`. */
void hpm_init(struct hpm *h, const struct iom_riscv_config *config, bool cached, unsigned levels);
void hpm_free(struct hpm *h);

/* Counter n: another selector, from `start` on; what it holds. */
void hpm_count(struct hpm *h, unsigned n, uint64_t evt);
uint64_t hpm_value(struct hpm *h, unsigned n);

/* One request of a device, through its long-lived port; pid < 0: without process_id. */
void hpm_request(struct hpm *h, unsigned device, int pid);
/* The same of another address type. */
int hpm_request_at(struct hpm *h, unsigned device, int pid, unsigned at);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A VT-d unit on a bench: RAM, a unit, one lane, and the plainest helpers that write its structures
 * and read its fault records.  Numbers come from the fact sheet, none from the library's sources.
 *
 * RAM is 16 MiB at RIG_RAM, and 64 KiB at RIG_ROM that can be read alone.  Outside of them the bus
 * faults, except for RIG_DEVICE (one page that the memory callback serves and counts) and what
 * rig_ram_at adds.  Everything that the unit tells its host is kept here.
 */
#ifndef TESTS_VTD_RIG_H
#define TESTS_VTD_RIG_H

#include <iommux/iommux.h>

#include "../test.h"

#define RIG_RAM 0x80000000ull
#define RIG_RAM_BYTES 0x1000000ull
#define RIG_ROM 0x70000000ull /* stores by the unit are refused; put64 works  */
#define RIG_ROM_BYTES 0x10000ull
#define RIG_NOWHERE 0x40000000ull /* nothing answers here; a legal physical address */
#define RIG_DEVICE 0x10000000ull
#define RIG_HAW 46 /* of rig_new and rig_new_caps */
#define PAGE 4096ull

/* Registers */
#define VER 0x000
#define CAP 0x008
#define ECAP 0x010
#define GCMD 0x018
#define GSTS 0x01c
#define RTADDR 0x020
#define CCMD 0x028
#define FSTS 0x034
#define FECTL 0x038
#define PMEN 0x064
#define PLMBASE 0x068
#define PLMLIMIT 0x06c
#define PHMBASE 0x070
#define PHMLIMIT 0x078
#define IQH 0x080
#define IQT 0x088
#define IQA 0x090
#define ICS 0x09c
#define IECTL 0x0a0
#define IQERCD 0x0b0
#define IRTA 0x0b8
#define PQH 0x0c0
#define PQT 0x0c8
#define PQA 0x0d0
#define PRS 0x0dc
#define PECTL 0x0e0
/* in the group of an event's registers */
#define xDATA 0x4
#define xADDR 0x8
#define xUADDR 0xc

/* Bits of CAP */
#define CAP_ND(n) ((uint64_t)(n))
#define CAP_RWBF (1ull << 4)
#define CAP_PLMR (1ull << 5)
#define CAP_PHMR (1ull << 6)
#define CAP_CM (1ull << 7)
#define CAP_SAGAW_39 (1ull << 9)
#define CAP_SAGAW_48 (1ull << 10)
#define CAP_SAGAW_57 (1ull << 11)
#define CAP_MGAW(bits) ((uint64_t)((bits)-1) << 16)
#define CAP_ZLR (1ull << 22)
#define CAP_FRO(offset) ((uint64_t)(offset) / 16 << 24)
#define CAP_SSLPS_2M (1ull << 34)
#define CAP_SSLPS_1G (1ull << 35)
#define CAP_PSI (1ull << 39)
#define CAP_NFR(records) ((uint64_t)((records)-1) << 40)
#define CAP_MAMV(n) ((uint64_t)(n) << 48)
#define CAP_DWD (1ull << 54)
#define CAP_DRD (1ull << 55)
#define CAP_FS1GP (1ull << 56)
#define CAP_PI (1ull << 59)
#define CAP_FS5LP (1ull << 60)
#define CAP_ESIRTPS (1ull << 62)
#define CAP_ESRTPS (1ull << 63)

/* Bits of ECAP */
#define ECAP_C (1ull << 0)
#define ECAP_QI (1ull << 1)
#define ECAP_DT (1ull << 2)
#define ECAP_IR (1ull << 3)
#define ECAP_EIM (1ull << 4)
#define ECAP_PT (1ull << 6)
#define ECAP_SC (1ull << 7)
#define ECAP_IRO(offset) ((uint64_t)(offset) / 16 << 8)
#define ECAP_MHMV(n) ((uint64_t)(n) << 20)
#define ECAP_MTS (1ull << 25)
#define ECAP_NEST (1ull << 26)
#define ECAP_PRS (1ull << 29)
#define ECAP_SRS (1ull << 31)
#define ECAP_NWFS (1ull << 33)
#define ECAP_EAFS (1ull << 34)
#define ECAP_PSS(bits) ((uint64_t)((bits)-1) << 35)
#define ECAP_PASID (1ull << 40)
#define ECAP_DIT (1ull << 41)
#define ECAP_PDS (1ull << 42)
#define ECAP_SMTS (1ull << 43)
#define ECAP_SSADS (1ull << 45)
#define ECAP_SSTS (1ull << 46)
#define ECAP_FSTS (1ull << 47)
#define ECAP_SMPWCS (1ull << 48)
#define ECAP_RPS (1ull << 49)
#define ECAP_ADMS (1ull << 52)
#define ECAP_RPRIVS (1ull << 53)
#define ECAP_HPTS (1ull << 55)
#define ECAP_PTRS (1ull << 56)
#define ECAP_SSIRWS (1ull << 57)
#define ECAP_SMS (1ull << 58)
#define ECAP_EIMER (1ull << 61)
#define ECAP_IRREQ (1ull << 62)

/* What most tests have: fault records at 0x220, IVA at 0xf0. */
#define RIG_FRO 0x220
#define RIG_IRO 0x0f0
#define RIG_RECORDS 8
#define CAP_SAGAW (CAP_SAGAW_39 | CAP_SAGAW_48 | CAP_SAGAW_57)
#define CAP_LEGACY                                                                                 \
	(CAP_ND(6) | CAP_SAGAW | CAP_MGAW(57) | CAP_ZLR | CAP_FRO(RIG_FRO) | CAP_SSLPS_2M |        \
	 CAP_SSLPS_1G | CAP_PSI | CAP_NFR(RIG_RECORDS) | CAP_MAMV(18) | CAP_DWD | CAP_DRD |        \
	 CAP_PI)
#define CAP_ALL (CAP_LEGACY | CAP_FS1GP | CAP_FS5LP)
#define ECAP_LEGACY                                                                                \
	(ECAP_C | ECAP_QI | ECAP_DT | ECAP_IR | ECAP_EIM | ECAP_PT | ECAP_SC | ECAP_IRO(RIG_IRO) | \
	 ECAP_MHMV(15))
#define ECAP_ALL                                                                                   \
	(ECAP_LEGACY | ECAP_NEST | ECAP_PRS | ECAP_SRS | ECAP_NWFS | ECAP_EAFS | ECAP_PSS(20) |    \
	 ECAP_PASID | ECAP_PDS | ECAP_SMTS | ECAP_SSADS | ECAP_SSTS | ECAP_FSTS | ECAP_SMPWCS |    \
	 ECAP_RPS | ECAP_RPRIVS | ECAP_SMS)

/* GCMD and GSTS */
#define TE (1u << 31)
#define SRTP (1u << 30)
#define WBF (1u << 27)
#define QIE (1u << 26)
#define IRE (1u << 25)
#define SIRTP (1u << 24)
#define CFI (1u << 23)

/* FSTS */
#define PFO 0x1u
#define PPF 0x2u
#define IQE 0x10u
#define ICE 0x20u
#define ITE 0x40u
#define FRI(fsts) ((fsts) >> 8 & 0xff)

/* Translation table modes */
#define TTM_LEGACY 0u
#define TTM_SCALABLE 1u
#define TTM_ABORT 3u

/* Legacy context entry: qw0, qw1 */
#define CTX_P 1ull
#define FPD 2ull /* also of PASID directory and table entries, and of IRTEs */
#define TT_UNTRANSLATED (0ull << 2)
#define TT_ALL (1ull << 2)
#define TT_PASS (2ull << 2)
#define AW(levels) ((uint64_t)(levels)-2) /* 39 bits, 3 levels: 001 */
#define DID(n) ((uint64_t)(n) << 8)

/* Scalable context entry, qw0; qw1 holds RID_PASID from bit 0 on */
#define DTE (1ull << 2)
#define PASIDE (1ull << 3)
#define PRE (1ull << 4)
#define HPTE (1ull << 5)
#define EPTR (1ull << 6)
#define RID_PRIV (1ull << 20) /* qw1 */

/* PASID table entry */
#define PE_P 1ull
#define PE_AW(levels) (((uint64_t)(levels)-2) << 2)
#define PGTT_FS (1ull << 6)
#define PGTT_SS (2ull << 6)
#define PGTT_NEST (3ull << 6)
#define PGTT_PASS (4ull << 6)
#define SSADE (1ull << 9)
#define PWSNP (1ull << 23) /* qw1, beside DID in bits 15:0 */
#define PGSNP (1ull << 24)
#define SRE (1ull << 0) /* qw2 */
#define FSPM_4 (0ull << 2)
#define FSPM_5 (1ull << 2)
#define WPE (1ull << 4)
#define EAFE (1ull << 7)

/* Paging entries of the second stage */
#define SS_R 1ull
#define SS_W 2ull
#define SS_RW 3ull
#define SS_PS (1ull << 7)
#define SS_A (1ull << 8)
#define SS_D (1ull << 9)
#define SS_SNP (1ull << 11)
#define SS_IR (1ull << 61)
#define SS_IW (1ull << 62)
/* Paging entries of the first stage */
#define FS_P 1ull
#define FS_RW 2ull
#define FS_US 4ull
#define FS_PRU 7ull /* the three above */
#define FS_A (1ull << 5)
#define FS_D (1ull << 6)
#define FS_PS (1ull << 7)
#define FS_G (1ull << 8)
#define FS_EA (1ull << 10)

#define RIG_LOG 64

struct rig {
	struct iom_vtd_config config;
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	uint8_t *ram, *rom;
	struct {
		uint64_t spa, bytes;
		uint8_t *host;
	} more[16]; /* what rig_ram_at added */
	unsigned mores;
	uint64_t next, next_rom; /* page allocators: next free SPA */
	uint64_t cap, ecap;
	uint64_t root;   /* root table of rig_root */
	unsigned record; /* the fault record that comes next */
	/* the invalidation queue of rig_queue */
	uint64_t queue, queue_bytes, tail, status;
	bool wide;
	uint32_t wait_data;
	/* what the host was told, oldest first; counts may pass RIG_LOG */
	unsigned msis, dirties, messages, changes, device_reads, device_writes;
	struct {
		uint64_t address;
		uint32_t data;
	} msi[RIG_LOG];
	struct {
		uint64_t spa, len;
	} dirty[RIG_LOG];
	struct {
		uint32_t requester;
		struct iom_message what;
	} message[RIG_LOG];
	struct {
		uint32_t first, last;
	} change[RIG_LOG];
	/* the unit's own accesses since rig_watch */
	unsigned owns;
	struct iom_own_access own[RIG_LOG];
	bool msi_fails; /* makes host.msi refuse */
	/* called, if set, inside host.message, host.msi, observer.own, and accesses to RIG_DEVICE */
	void (*on_message)(struct rig *, uint32_t requester, const struct iom_message *message);
	void (*on_msi)(struct rig *);
	void (*on_own)(struct rig *, const struct iom_own_access *access);
	void (*on_device_read)(struct rig *);
	void (*on_device_write)(struct rig *, uint64_t off, const void *buf, size_t len);
};

/* ---- Making and breaking (rig.c) ---------------------------------------------------------- */

/* Version 4.0, CAP_ALL, ECAP_ALL, HAW 46, no caches, so that tables may be changed at will. */
struct rig *rig_new(void);
/* The same with these capabilities. */
struct rig *rig_new_caps(uint64_t cap, uint64_t ecap);
/* A whole configuration. */
struct rig *rig_new_config(const struct iom_vtd_config *config);
void rig_free(struct rig *r);
/* Another unit of this configuration, over the same memory and host; NULL if it is refused. */
struct iom_unit *rig_unit(struct rig *r, const struct iom_vtd_config *config);
/* Logs the unit's own accesses from now on, in r->own. */
void rig_watch(struct rig *r);

/* ---- Registers (rig.c) -------------------------------------------------------------------- */

uint32_t rd32(struct rig *r, uint64_t off);
uint64_t rd64(struct rig *r, uint64_t off);
void wr32(struct rig *r, uint64_t off, uint32_t val);
void wr64(struct rig *r, uint64_t off, uint64_t val);
/* Sets or clears one bit of GCMD, the others as GSTS says (GSTS & 0x96ffffff), and checks GSTS. */
void rig_gcmd(struct rig *r, uint32_t bit, bool on);

/* ---- Memory, little-endian; `spa` inside RAM, ROM or what was added (rig.c) ---------------- */

uint64_t ram64(struct rig *r, uint64_t spa);
uint32_t ram32(struct rig *r, uint64_t spa);
void put64(struct rig *r, uint64_t spa, uint64_t val);
void put32(struct rig *r, uint64_t spa, uint32_t val);
/* `words` words in a row, the first last, so that a present bit comes at the end. */
void puts64(struct rig *r, uint64_t spa, const uint64_t *word, unsigned words);
/* Zeroed pages of 4 KiB, aligned to `align` bytes; returns their SPA. */
uint64_t pages(struct rig *r, unsigned n, uint64_t align);
uint64_t page(struct rig *r);
/* A zeroed page that the unit can read but not write. */
uint64_t rom_page(struct rig *r);
/* Adds zeroed RAM of `bytes` (a multiple of 8) at `spa`; it lives as long as the rig. */
void rig_ram_at(struct rig *r, uint64_t spa, uint64_t bytes);

/* ---- Tables (rig_tables.c) ---------------------------------------------------------------- */

/* Makes an empty root table, writes RTADDR with this mode, and SRTP; rig_on sets TE as well. */
void rig_root(struct rig *r, unsigned ttm);
void rig_on(struct rig *r, unsigned ttm);
/* RTADDR as given, and SRTP. */
void rig_rtaddr(struct rig *r, uint64_t rtaddr);

/* Legacy: the place of a context entry; tables are made on the way. */
uint64_t rig_context(struct rig *r, uint16_t sid);
void rig_context_put(struct rig *r, uint16_t sid, uint64_t qw0, uint64_t qw1);

/* Scalable: the place of a context entry (32 bytes); tables are made on the way. */
uint64_t rig_scontext(struct rig *r, uint16_t sid);
/* Makes it, with an empty directory of 2^(pdts+7) entries: P, `flags` (DTE ...) and qw1. */
void rig_device(struct rig *r, uint16_t sid, unsigned pdts, uint64_t flags, uint64_t qw1);
/* The place of a PASID directory entry, and of a PASID table entry (64 bytes; table made). */
uint64_t rig_directory(struct rig *r, uint16_t sid, uint32_t pasid);
uint64_t rig_pasid(struct rig *r, uint16_t sid, uint32_t pasid);
/* Writes a PASID table entry: its first three words, zeroes behind. */
void rig_pasid_put(struct rig *r, uint16_t sid, uint32_t pasid, uint64_t qw0, uint64_t qw1,
                   uint64_t qw2);

/*
 * Stores `entry` at `level` (1 the smallest page) of second-stage, or first-stage, tables of `levels`
 * for address `iova`; tables that are missing are made, with R and W, or P, R/W and U/S.  Returns the
 * SPA of the entry.
 */
uint64_t rig_ss(struct rig *r, uint64_t root, unsigned levels, uint64_t iova, unsigned level,
                uint64_t entry);
uint64_t rig_fs(struct rig *r, uint64_t root, unsigned levels, uint64_t iova, unsigned level,
                uint64_t entry);
/* The SPA of the entry at `level`; every table above it has to be there. */
uint64_t rig_entry(struct rig *r, uint64_t root, unsigned levels, uint64_t iova, unsigned level);

/* ---- Requests (rig_requests.c) ------------------------------------------------------------ */

/* Untranslated, 8 bytes, without PASID. */
struct iom_request rq(uint64_t iova, unsigned access);
/* A zero-length read. */
struct iom_request rq_zero(uint64_t iova);
/* With a PASID; the second with supervisor privilege. */
struct iom_request rq_pid(uint64_t iova, unsigned access, uint32_t pasid);
struct iom_request rq_priv(uint64_t iova, unsigned access, uint32_t pasid);
/* The same as a translation request, or translated. */
struct iom_request rq_ats(struct iom_request q);
struct iom_request rq_translated(struct iom_request q);

/* A new port of a device; it lives until iom_port_close or rig_free. */
struct iom_port *rig_port(struct rig *r, uint16_t sid);
/* One translation through a port of `sid`; returns iom_translate's result. */
int rig_translate(struct rig *r, uint16_t sid, struct iom_request q, struct iom_reply *reply);
/* The request must be granted, and reach `spa`. */
struct iom_reply rig_grants(struct rig *r, uint16_t sid, struct iom_request q, uint64_t spa);
/* It must be refused with this reason and Unsupported Request, and be recorded, once. */
void rig_refuses(struct rig *r, uint16_t sid, struct iom_request q, unsigned reason);
/* The same, but nothing is recorded. */
void rig_refuses_quietly(struct rig *r, uint16_t sid, struct iom_request q, unsigned reason);
/* The reason of a plain request, 0 if it is granted; all records are thrown away. */
unsigned rig_reason(struct rig *r, uint16_t sid, uint64_t iova, unsigned access);

/* Translation requests.  Success with these permissions; then the page, if there are any. */
struct iom_reply rig_answers(struct rig *r, uint16_t sid, struct iom_request q, unsigned perm,
                             uint64_t spa);
/* Refused with this status (IOM_UNSUPPORTED, IOM_ABORT) and reason, recorded or not. */
void rig_declines(struct rig *r, uint16_t sid, struct iom_request q, unsigned status,
                  unsigned reason, bool recorded);

/* Each bit of `mask`, flipped alone in the word at `spa`, makes the request be refused so. */
void rig_reserved(struct rig *r, uint64_t spa, uint64_t mask, uint16_t sid, struct iom_request q,
                  unsigned reason);
/* Each of them changes nothing: the request reaches `to`. */
void rig_ignored(struct rig *r, uint64_t spa, uint64_t mask, uint16_t sid, struct iom_request q,
                 uint64_t to);

/* Interrupts: iom_msi by `sid`; returns its result, and the reason (0: delivered). */
int rig_msi(struct rig *r, uint16_t sid, uint64_t address, uint32_t data, unsigned *reason);
/* Messages of a device. */
int rig_send(struct rig *r, uint16_t sid, const struct iom_message *message);
/* A page request: IOM_PAGE_* in `code`; the second with a PASID, and IOM_REQ_PRIVILEGED or 0. */
void rig_page(struct rig *r, uint16_t sid, uint64_t address, unsigned code, unsigned group);
void rig_page_pid(struct rig *r, uint16_t sid, uint64_t address, unsigned code, unsigned group,
                  uint32_t pasid, unsigned flags);
/* Exactly one message was sent, to `sid`: the answer to the page requests of `group`.  Forgets it. */
void rig_answered(struct rig *r, uint16_t sid, unsigned group, unsigned code);

/* ---- Fault records (rig_faults.c) --------------------------------------------------------- */

#define TYPE_WRITE 0u /* T1, T2 */
#define TYPE_PAGE_REQUEST 1u
#define TYPE_READ 2u
#define TYPE_ATOMIC 3u

struct record {
	uint64_t info; /* FI: bits 63:12 of the address, or the index in bits 63:48 */
	uint16_t sid;
	unsigned reason, type, at;
	bool pp, priv, exe;
	uint32_t pasid;
};

/* Takes the next fault record in the order of the circle, and clears its F; false if F is clear. */
bool rig_record(struct rig *r, struct record *out);
/* The record that a refused request must leave. */
struct record rig_record_of(uint16_t sid, const struct iom_request *q, unsigned reason);
/* Takes the next record, which must be this one. */
void rig_expect(struct rig *r, const struct record *want);
/* There must be none, nor a lost one (PFO). */
void rig_expect_none(struct rig *r);
/* Clears every record and PFO. */
void rig_forget(struct rig *r);

/* ---- The invalidation queue and its descriptors (rig_queue.c) ------------------------------ */

/* Makes a queue of 2^qs pages, 256-bit descriptors if `wide`, and sets QIE. */
void rig_queue(struct rig *r, unsigned qs, bool wide);
/* Stores a descriptor behind the last, and moves the tail over it. */
void rig_submit(struct rig *r, uint64_t qw0, uint64_t qw1);
void rig_submit4(struct rig *r, const uint64_t qw[4]);
/* The same without the doorbell; rig_ring writes IQT. */
void rig_store(struct rig *r, const uint64_t qw[4]);
void rig_ring(struct rig *r);
/* Submits a wait with a status word of its own, which must have been written, without any IQE. */
void rig_wait(struct rig *r);

/* Invalidations, each with a wait. */
void inv_context(struct rig *r); /* global */
void inv_context_domain(struct rig *r, uint16_t did);
void inv_context_device(struct rig *r, uint16_t did, uint16_t sid, unsigned fm);
void inv_iotlb(struct rig *r); /* global */
void inv_iotlb_domain(struct rig *r, uint16_t did);
void inv_iotlb_page(struct rig *r, uint16_t did, uint64_t iova, unsigned am, bool ih);
void inv_pasid_cache(struct rig *r); /* global */
void inv_pasid_cache_domain(struct rig *r, uint16_t did);
void inv_pasid_cache_one(struct rig *r, uint16_t did, uint32_t pasid);
void inv_piotlb(struct rig *r, uint16_t did, uint32_t pasid); /* all of a PASID */
void inv_piotlb_page(struct rig *r, uint16_t did, uint32_t pasid, uint64_t iova, unsigned am,
                     bool ih);
void inv_irte(struct rig *r); /* global */
void inv_irte_index(struct rig *r, uint16_t index, unsigned im);
/* All of them that the mode has. */
void inv_all(struct rig *r);

/* The page request queue, 2^pqs pages; returns its base. */
uint64_t rig_page_queue(struct rig *r, unsigned pqs);
/* Takes the oldest descriptor out of it; false if it is empty. */
bool rig_page_take(struct rig *r, uint64_t qw[4]);

/* ---- Interrupts (rig_queue.c) ------------------------------------------------------------- */

/* Unmasks an event (FECTL, IECTL, PECTL) with this message. */
void rig_event(struct rig *r, uint64_t xctl, uint64_t address, uint32_t data);
/* An interrupt remapping table of 2^(s+1) entries, SIRTP and IRE (QIE has to be on); its SPA. */
uint64_t rig_irt(struct rig *r, unsigned s, bool eime);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A RISC-V IOMMU on a bench: RAM, a unit, one lane, and the plainest helpers that write its
 * structures.  Numbers come from the fact sheet, none from the library's sources.
 *
 * RAM is 16 MiB at RIG_RAM.  Outside it the bus faults, except for RIG_DEVICE (one page that the
 * memory callback serves and counts).  Everything that the unit tells its host is kept here.
 */
#ifndef TESTS_RISCV_RIG_H
#define TESTS_RISCV_RIG_H

#include <iommux/iommux.h>

#include "../test.h"

#define RIG_RAM 0x80000000ull
#define RIG_RAM_BYTES 0x1000000ull
#define RIG_NOWHERE 0x40000000ull /* nothing answers here; a legal physical address */
#define RIG_DEVICE 0x10000000ull

/* Bits of the capabilities register */
#define CAP_VERSION 0x10ull
#define CAP_SV39 (1ull << 9)
#define CAP_SV48 (1ull << 10)
#define CAP_SV57 (1ull << 11)
#define CAP_SVPBMT (1ull << 15)
#define CAP_SV39X4 (1ull << 17)
#define CAP_SV48X4 (1ull << 18)
#define CAP_SV57X4 (1ull << 19)
#define CAP_AMO_MRIF (1ull << 21)
#define CAP_MSI_FLAT (1ull << 22)
#define CAP_MSI_MRIF (1ull << 23)
#define CAP_END (1ull << 27)
#define CAP_IGS_MSI (0ull << 28)
#define CAP_IGS_WSI (1ull << 28)
#define CAP_IGS_BOTH (2ull << 28)
#define CAP_HPM (1ull << 30)
#define CAP_DBG (1ull << 31)
#define CAP_PAS(n) ((unsigned long long)(n) << 32)
#define CAP_PD8 (1ull << 38)
#define CAP_PD17 (1ull << 39)
#define CAP_PD20 (1ull << 40)
#define CAP_QOSID (1ull << 41)
/* All that the library builds, PAS 56, with and without MSI_FLAT (extended and base DC format) */
#define CAP_BASE                                                                                   \
	(CAP_VERSION | CAP_SV39 | CAP_SV48 | CAP_SV57 | CAP_SVPBMT | CAP_SV39X4 | CAP_SV48X4 |     \
	 CAP_SV57X4 | CAP_END | CAP_IGS_BOTH | CAP_PAS(56) | CAP_PD8 | CAP_PD17 | CAP_PD20)
#define CAP_EXT (CAP_BASE | CAP_MSI_FLAT)

#define RIG_LOG 64

struct rig {
	struct iom_riscv_config config;
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	uint8_t *ram;
	uint64_t next; /* page allocator: next free SPA */
	uint64_t cap;
	unsigned levels; /* of the DDT that rig_ddt made */
	uint64_t ddt;    /* its root */
	/* what the host was told, oldest first; counts may pass RIG_LOG */
	unsigned msis, orders, dirties, device_reads, device_writes;
	struct {
		uint64_t address;
		uint32_t data;
	} msi[RIG_LOG];
	struct {
		bool reads, writes;
	} order[RIG_LOG];
	struct {
		uint64_t spa, len;
	} dirty[RIG_LOG];
	unsigned messages;
	struct {
		uint32_t requester;
		struct iom_message what;
	} message[RIG_LOG];
	unsigned changes; /* calls of host.interrupts_changed */
	uint32_t changed_first, changed_last;
	bool msi_fails;   /* makes host.msi refuse */
	bool idle;        /* makes host.may_work say no */
	unsigned put_off; /* how often it did */
	bool wire[16];    /* levels */
	unsigned wire_changes;
	/* called, if set, inside host.message, host.order, host.msi, reads and writes of RIG_DEVICE */
	void (*on_message)(struct rig *, uint32_t requester, const struct iom_message *message);
	void (*on_order)(struct rig *);
	void (*on_msi)(struct rig *);
	void (*on_device_read)(struct rig *);
	void (*on_device_write)(struct rig *, uint64_t off, const void *buf, size_t len);
};

/*
 * A rig with these capabilities (0: CAP_EXT), no caches, so that tables may be changed at will, and
 * otherwise default configuration.
 */
struct rig *rig_new(uint64_t capabilities);
/* The same with a whole configuration; its capabilities 0 means the library's default. */
struct rig *rig_new_config(const struct iom_riscv_config *config);
void rig_free(struct rig *r);
/* Another unit of the same configuration, over the same memory and host. */
struct iom_unit *rig_unit(struct rig *r);
/*
 * Moves the unit's state to a new unit, and goes on with that one, whose host has low wires; sections,
 * lanes and ports of the old one are gone.  Checks on the way that both have the same registers and
 * give the same bytes.
 */
void rig_move(struct rig *r);

/* Registers */
uint32_t rd32(struct rig *r, uint64_t off);
uint64_t rd64(struct rig *r, uint64_t off);
void wr32(struct rig *r, uint64_t off, uint32_t val);
void wr64(struct rig *r, uint64_t off, uint64_t val);

/* Memory, little-endian; `spa` inside RAM */
uint64_t ram64(struct rig *r, uint64_t spa);
uint32_t ram32(struct rig *r, uint64_t spa);
void put64(struct rig *r, uint64_t spa, uint64_t val);
void put32(struct rig *r, uint64_t spa, uint32_t val);
uint64_t swap64(uint64_t v);

/* Zeroed memory of 4 KiB pages, aligned to `align` bytes; returns its SPA. */
uint64_t pages(struct rig *r, unsigned n, uint64_t align);
uint64_t page(struct rig *r);

/*
 * Makes a DDT of `levels` and writes ddtp.  Then rig_dc finds, or makes, the place of a device's
 * DC (64 bytes with MSI_FLAT in r->cap, else 32), making non-leaf tables on the way; it returns the
 * SPA of the DC.
 */
void rig_ddt(struct rig *r, unsigned levels);
uint64_t rig_dc(struct rig *r, uint32_t device_id);
/* Fills a DC: the four doublewords of the base format. */
void rig_dc_put(struct rig *r, uint32_t device_id, uint64_t tc, uint64_t iohgatp, uint64_t ta,
                uint64_t fsc);

/*
 * Maps one leaf in tables of `levels` (3 Sv39, 4 Sv48, 5 Sv57): entry value `pte` at `level` (0 the
 * smallest) for address `iova`, making tables on the way.  `x4`: the root has 11 index bits.  Returns
 * the SPA of the entry.  Roots: page() or pages(r, 4, 16384).
 */
uint64_t rig_map(struct rig *r, uint64_t root, unsigned levels, bool x4, uint64_t iova,
                 unsigned level, uint64_t pte);
/* A leaf for `pa` with R, W, X, U, A, D and V set. */
uint64_t leaf(uint64_t pa);

/* The command queue: 2^lg2 entries; sets cqb and cqcsr (with `cie`).  Returns its base. */
uint64_t rig_cq(struct rig *r, unsigned lg2, bool cie);
/* Stores a command at cqt and rings the doorbell. */
void rig_cmd(struct rig *r, uint64_t dw0, uint64_t dw1);
/* The fault queue: 2^lg2 entries; fqcsr with `fie`.  Returns its base. */
uint64_t rig_fq(struct rig *r, unsigned lg2, bool fie);
/* Takes the oldest record out of the fault queue; false if it is empty. */
bool rig_fault(struct rig *r, uint64_t rec[4]);

/* First doubleword of a fault record without process_id. */
uint64_t rig_record(unsigned cause, unsigned ttyp, uint32_t device_id);
/* Takes the oldest fault record, which must hold exactly this. */
void rig_expect(struct rig *r, uint64_t dw0, uint64_t iotval, uint64_t iotval2);
/* The fault queue must be empty. */
void rig_expect_none(struct rig *r);

/* A new port of a device; it lives until iom_port_close or rig_free. */
struct iom_port *rig_port(struct rig *r, uint32_t device_id);
/* One translation through a port of `device_id`; returns iom_translate's result. */
int rig_translate(struct rig *r, uint32_t device_id, const struct iom_request *q,
                  struct iom_reply *reply);
/* The cause of a plain request (0: granted), untranslated, 8 bytes, no process_id. */
unsigned rig_cause(struct rig *r, uint32_t device_id, uint64_t iova, unsigned access);
/* The same with a process_id (and supervisor privilege if `priv`). */
unsigned rig_cause_pid(struct rig *r, uint32_t device_id, uint64_t iova, unsigned access,
                       uint32_t pid, bool priv);
/* The cause of any request; checks, as the two above, that result and status go with it. */
unsigned rig_cause_of(struct rig *r, uint32_t device_id, const struct iom_request *q);
/* The SPA of a plain read, which must be granted. */
uint64_t rig_spa(struct rig *r, uint32_t device_id, uint64_t iova);

#endif

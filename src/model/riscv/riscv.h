/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The RISC-V IOMMU's state, and what its files offer each other. */
#ifndef MODEL_RISCV_RISCV_H
#define MODEL_RISCV_RISCV_H

#include <iommux/riscv.h>

#include "model/ring.h"
#include "model/unit.h"
#include "regs/riscv.h"

struct rv_unit {
	struct iom_unit unit;

	/* Fixed at creation */
	struct iom_riscv_config config; /* with every default filled in */
	uint64_t cap;                   /* config.capabilities */

	/* What hardware remembers beside its registers */
	uint32_t ddtp_high;    /* upper half written while a directory is active ...  */
	bool ddtp_high_valid;  /* ... waits for the lower half                        */
	uint16_t msi_pending;  /* vectors that were masked when their message was due */
	uint16_t wires;        /* levels that the host was told                       */
	bool commands_running; /* a nested doorbell leaves the work to the outer one  */
	bool recording;        /* a fault record is on its way to memory              */
	bool msi_refused;      /* a refused message of the unit is being recorded     */

	/* Work that waits for access sections */
	bool ddtp_waits, fence_waits;
	uint64_t ddtp_mark, fence_mark;
	uint64_t fence[2]; /* the command, as it was fetched */
};

static inline struct rv_unit *rv_of(struct iom_unit *unit)
{
	return (struct rv_unit *)unit;
}

static inline uint64_t rv_get(const struct rv_unit *rv, unsigned off)
{
	return iom_reg_get(&rv->unit, off);
}

static inline unsigned rv_ddtp_mode(const struct rv_unit *rv)
{
	return (unsigned)IOM_GET(RV_DDTP_MODE, rv_get(rv, RV_DDTP));
}

static inline bool rv_big_endian(const struct rv_unit *rv)
{
	return rv_get(rv, RV_FCTL) & RV_FCTL_BE;
}

/* Is `spa` wider than capabilities.PAS?  Nothing of the unit's own can be there. */
static inline bool rv_beyond_pas(const struct rv_unit *rv, uint64_t spa)
{
	return spa > rv->unit.spa_last;
}

/* Loads `words` doublewords of one entry: IOM_OK, IOM_EFAULT or IOM_EPOISON. */
int rv_load(struct rv_unit *rv, uint64_t spa, unsigned words, bool big_endian, uint64_t *out);

/* ---- registers.c */
void rv_registers_init(struct rv_unit *rv);
void rv_registers_reset(struct rv_unit *rv);
/* Ends a change of ddtp that waits for sections, if they have ended. */
void rv_ddtp_resume(struct rv_unit *rv);

/* ---- queues.c: one row a queue, one routine for all */
struct rv_queue {
	uint16_t base, head, tail, csr; /* registers                                   */
	uint16_t own;                   /* the index that hardware moves ...           */
	uint16_t software;              /* ... and the one that software moves         */
	uint8_t entry_lg2;
	uint32_t errors;  /* csr bits that stop the queue                              */
	uint32_t status;  /* csr bits that enabling clears, and that call for cip, fip */
	uint32_t pending; /* its bit in ipsr                                           */
};
extern const struct rv_queue rv_cq, rv_fq;
#define RV_QUEUES 2
extern const struct rv_queue *const rv_queues[RV_QUEUES];

const struct rv_queue *rv_queue_of(unsigned off); /* the queue that has this register */
struct iom_ring rv_ring(const struct rv_unit *rv, const struct rv_queue *queue);
bool rv_queue_enabled(const struct rv_unit *rv, const struct rv_queue *queue); /* or going off */
bool rv_queue_works(const struct rv_unit *rv, const struct rv_queue *queue);
/* Reacts to a store to the queue's csr. */
void rv_queue_csr_wrote(struct rv_unit *rv, const struct rv_queue *queue, uint64_t was,
                        uint64_t now);
/* Sets status bits in the csr, and raises the interrupt that they call for. */
void rv_queue_status(struct rv_unit *rv, const struct rv_queue *queue, uint32_t bits);

/* ---- commands.c */
/* Fetches and carries out commands, as far as the queue can go. */
void rv_commands_run(struct rv_unit *rv);

/* ---- faults.c */
void rv_refuse(struct iom_unit *unit, uint32_t device_id, const struct iom_request *q,
               const struct iom_fault *fault, struct iom_reply *reply);
const char *rv_fault_name(uint32_t cause);
/* Records that a message of the unit itself could not be delivered. */
void rv_fault_msi(struct rv_unit *rv, uint64_t address);
/* What kind of access the rules of translation see: exec needs a process_id once translated. */
unsigned rv_access(const struct iom_request *q);

/* ---- interrupts.c */
/* Sets pending bits of ipsr and sends what that calls for. */
void rv_raise(struct rv_unit *rv, uint32_t ipsr);
/* Raises again what the status bits of the queues still ask for, and sets wires to match. */
void rv_interrupts_update(struct rv_unit *rv);
/* A vector was unmasked: sends the message that it kept back. */
void rv_interrupt_unmasked(struct rv_unit *rv, unsigned vector);
void rv_interrupts_reset(struct rv_unit *rv);

/* ---- context.c */
struct rv_dc {
	uint64_t tc, iohgatp, fsc;
	uint64_t msiptp, msi_mask, msi_pattern;
};
struct rv_pc {
	uint64_t ta, fsc;
};
enum pt_why rv_decode_dc(const struct rv_unit *rv, const uint64_t *words, struct rv_dc *dc);
enum pt_why rv_decode_pc(const struct rv_unit *rv, const uint64_t *words, struct rv_pc *pc);
bool rv_locate_dc(struct rv_unit *rv, uint32_t device_id, struct rv_dc *dc,
                  struct iom_fault *fault);
bool rv_locate_pc(struct rv_unit *rv, const struct rv_dc *dc, uint32_t process_id, struct rv_pc *pc,
                  struct iom_fault *fault);
bool rv_pid_fits(const struct rv_dc *dc, uint32_t process_id);
/* The widest device_id and process_id that the unit's directories can hold, in bits. */
unsigned rv_device_bits(const struct rv_unit *rv);
unsigned rv_process_bits(const struct rv_unit *rv);

/* ---- translate.c */
bool rv_resolve(struct iom_unit *unit, uint32_t device_id, const struct iom_request *q,
                struct iom_grant *grant, struct iom_fault *fault);
/* Reaches an entry at a guest-physical address on behalf of a table: reads it through stage 2. */
bool rv_implicit(struct rv_unit *rv, const struct rv_dc *dc, uint64_t gpa, uint64_t *spa,
                 struct iom_fault *fault);

/* ---- msi_table.c */
bool rv_msi_match(const struct rv_dc *dc, uint64_t gpa);
/* The largest range around gpa, up to 2^lg2 bytes, that holds no page of the MSI table. */
unsigned rv_msi_free_lg2(const struct rv_dc *dc, uint64_t gpa, unsigned lg2);
bool rv_msi_translate(struct rv_unit *rv, const struct rv_dc *dc, uint64_t gpa, unsigned access,
                      struct iom_grant *grant, struct iom_fault *fault);

#endif

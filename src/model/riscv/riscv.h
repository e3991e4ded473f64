/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The RISC-V IOMMU's state, and what its files offer each other. */
#ifndef MODEL_RISCV_RISCV_H
#define MODEL_RISCV_RISCV_H

#include <iommux/riscv.h>

#include "base/endian.h"
#include "model/itags.h"
#include "model/ring.h"
#include "model/work.h"
#include "regs/riscv.h"

/* Work of this unit's worker */
#define RV_WORK_COMMANDS IOM_BIT(1)
#define RV_WORK_FAULTS IOM_BIT(2)
#define RV_WORK_INTERRUPTS IOM_BIT(3)
#define RV_WORK_DDTP IOM_BIT(4)
#define RV_WORK_PAGES IOM_BIT(5)
#define RV_WORK_DEBUG IOM_BIT(6)

/* Who waits for access sections to end */
#define RV_DRAIN_FENCE IOM_BIT(0)
#define RV_DRAIN_DDTP IOM_BIT(1)

#define RV_QUEUES 3

/* Fault records on their way to memory */
#define RV_FIFO 32
#define RV_FQ_WORDS 4

/* Page requests on their way to memory or to an answer */
#define RV_PAGES 32
#define RV_PQ_WORDS 2

/* A page request: what is to be stored of it, and who gets which answer if it cannot be. */
struct rv_page_request {
	uint64_t record[RV_PQ_WORDS];
	uint8_t code;   /* RV_PAGE_STORE, or the IOM_PAGES_* that was found already */
	bool to_answer; /* the device waits for an answer, if one is due from here  */
	bool prpr;      /* the answer says the process even if it is no failure     */
};
#define RV_PAGE_STORE 0xffu

struct rv_unit {
	struct iom_unit unit;

	/* Fixed at creation */
	struct iom_riscv_config config; /* with every default filled in */
	uint64_t cap;                   /* config.capabilities */

	/* What hardware remembers beside its registers; under unit.lock */
	uint32_t ddtp_high;             /* upper half written while a directory is active ...     */
	bool ddtp_high_valid;           /* ... waits for the lower half                           */
	bool ddtp_drained;              /* a change of ddtp under way waits for no section        */
	uint64_t ddtp_left;             /* ns that a change of ddtp still takes ...               */
	uint64_t queue_left[RV_QUEUES]; /* ... and of a queue, in the order of rv_queues          */
	bool fence_waits;               /* for access sections, or for devices                    */
	bool inval_waits;               /* the next command, for an ITag                          */
	bool inval_timed_out;           /* and no fence has said so                               */
	uint16_t msi_pending;           /* vectors that were masked when their message was due    */
	uint16_t due;                   /* ipsr bits whose message has not been sent yet          */
	const struct rv_queue *handled; /* the queue that the worker has in hand          */
	unsigned fifo_first, fifo_count;
	uint64_t fifo[RV_FIFO][RV_FQ_WORDS];
	unsigned pages_first, pages_count;
	struct rv_page_request pages[RV_PAGES];
	struct iom_itags itags;

	/* The worker's own */
	uint16_t wires;    /* levels that the host was told */
	uint64_t fence[2]; /* the command, as it was fetched */
	struct iom_view commands;
	bool fence_drained; /* it waits for no access section any more */
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

/* capabilities.PAS: the width of physical addresses */
static inline unsigned rv_pas(const struct rv_unit *rv)
{
	return (unsigned)IOM_GET(RV_CAP_PAS, rv->cap);
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

/* Which values of fctl.GXL there are: it can be written, or is fixed to this. */
bool rv_gxl_writable(const struct rv_unit *rv);
uint64_t rv_gxl_fixed(const struct rv_unit *rv); /* RV_FCTL_GXL or 0 */

/* ---- registers.c */
void rv_registers_init(struct rv_unit *rv);
void rv_registers_reset(struct rv_unit *rv);

/* Does this unit have the mode? */
bool rv_ddtp_mode_exists(const struct rv_unit *rv, unsigned mode);
/* Ends a change of ddtp that waits for nothing any more. */
void rv_ddtp_settle_locked(struct rv_unit *rv);

/* ---- save.c */
void rv_save_locked(struct iom_unit *unit, struct iom_stream *stream);
bool rv_load_state(struct iom_unit *unit, struct iom_stream *stream, const uint64_t *regs,
                   bool commit, struct iom_error *error);

/* ---- backend.c: what contexts and commands say to a backend */
void rv_inform(const struct iom_query *query, struct iom_context_info *info);
void rv_tell_iotinval(struct rv_unit *rv, const uint64_t *command);
void rv_tell_iodir(struct rv_unit *rv, const uint64_t *command);

/* ---- queues.c: one row a queue, one routine for all */
struct rv_queue {
	uint8_t number;                 /* in rv_queues                                */
	uint16_t base, head, tail, csr; /* registers                                   */
	uint16_t own;                   /* the index that hardware moves ...           */
	uint16_t software;              /* ... and the one that software moves         */
	uint8_t entry_lg2;
	uint32_t errors;  /* csr bits that stop the queue                              */
	uint32_t status;  /* csr bits that enabling clears, and that raise `pending`   */
	uint32_t pending; /* its bit in ipsr                                           */
};
extern const struct rv_queue rv_cq, rv_fq, rv_pq;
extern const struct rv_queue *const rv_queues[RV_QUEUES];

const struct rv_queue *rv_queue_of(unsigned off); /* the queue that has this register */
struct iom_ring rv_ring(const struct rv_unit *rv, const struct rv_queue *queue);
bool rv_queue_enabled(const struct rv_unit *rv, const struct rv_queue *queue); /* or going off */
bool rv_queue_works(const struct rv_unit *rv, const struct rv_queue *queue);
/* Reacts to a store to the queue's csr. */
void rv_queue_csr_wrote_locked(struct rv_unit *rv, const struct rv_queue *queue, uint64_t was,
                               uint64_t now);
/* Sets status bits in the csr, and raises the interrupt that they call for. */
void rv_queue_status_locked(struct rv_unit *rv, const struct rv_queue *queue, uint32_t bits);
/*
 * The worker takes a queue in hand, and lets go of it; a queue that software turns off meanwhile
 * stays busy until then.
 */
void rv_queue_take_locked(struct rv_unit *rv, const struct rv_queue *queue);
void rv_queue_leave_locked(struct rv_unit *rv);
/*
 * Worker: stores a record, without the lock, and leaves the next index or the status bit that says
 * why there is none.  False: a reset came meanwhile, and the registers know nothing of it.
 */
bool rv_queue_store_locked(struct rv_unit *rv, const struct rv_queue *queue, const uint64_t *record,
                           enum iom_ring_result *result);
/* Ends a change of a queue that waits for nothing any more. */
void rv_queue_settle_locked(struct rv_unit *rv, const struct rv_queue *queue);
/* The ns that a change of a queue still takes. */
uint64_t *rv_queue_left(struct rv_unit *rv, const struct rv_queue *queue);

/* The range that an IOTINVAL with AV=1 names: 2^lg2 bytes around its address; 64: all there are. */
static inline unsigned rv_iotinval_lg2(const uint64_t *c)
{
	uint64_t page = IOM_GET(RV_IOTINVAL_1_ADDR, c[1]);

	/* Coded as in NAPOT pages: the size stands where the address has its lowest 0. */
	if (!(c[1] & RV_IOTINVAL_1_S))
		return 12;
	return ~page & iom_low(52) ? 13 + iom_ctz(~page) : 64;
}

/* ---- commands.c */
/* Worker: fetches and carries out commands, as far as the queue can go. */
void rv_commands_run(struct rv_unit *rv);

/* ---- faults.c */
void rv_refuse(const struct iom_query *query, const struct iom_fault *fault,
               struct iom_reply *reply);
/* Records that a message of the unit itself could not be delivered. */
void rv_fault_msi(struct rv_unit *rv, uint64_t address);
/* Worker: stores the records that wait. */
void rv_faults_store(struct rv_unit *rv);
/* Records what a page request met; returns the IOM_PAGES_* that it is answered with. */
unsigned rv_fault_page_request_locked(const struct iom_query *query, const struct iom_fault *fault);
/*
 * What kind of access the rules of translation see: exec needs a process_id where ATS is used, and who
 * asks for a translation reads.
 */
unsigned rv_access(const struct iom_request *q);

/* ---- interrupts.c */
/*
 * Sends a message on the unit's own behalf: 4 bytes, `data` as a little-endian load would give them.
 * That it cannot be delivered is recorded.  Not under the lock.
 */
void rv_send(struct rv_unit *rv, uint64_t address, uint32_t data);
/* Sets pending bits of ipsr; the worker sends what that calls for. */
void rv_raise_locked(struct rv_unit *rv, uint32_t ipsr);
/* Raises again what the status bits of the queues still ask for. */
void rv_interrupts_update_locked(struct rv_unit *rv);
/* Worker: sends the messages that are due, and sets wires. */
void rv_interrupts_send(struct rv_unit *rv);
/* Worker: all wires fall. */
void rv_wires_fall(struct rv_unit *rv);

/* ---- context.c */
struct rv_dc {
	uint32_t tc; /* its upper half is reserved */
	uint16_t rcid, mcid;
	uint64_t iohgatp, fsc;
	uint64_t msiptp, msi_mask, msi_pattern;
};
struct rv_pc {
	uint64_t ta, fsc;
};
/* All that a request of a device, with its process if it has one, depends on. */
struct rv_context {
	struct rv_dc dc;
	uint64_t ta;     /* the process context's; without one, its PSCID alone is the DC's */
	uint64_t iosatp; /* of the first stage */
	uint64_t fctl;   /* under which the DC was judged: GXL tells what its modes mean */
	struct iom_space_ref stage1, stage2, msi; /* .index 0 where the stage is Bare or off */
};

enum pt_why rv_decode_dc(const struct rv_unit *rv, uint64_t fctl, const uint64_t *words,
                         struct rv_dc *dc, uint32_t *pscid);
enum pt_why rv_decode_pc(const struct rv_unit *rv, bool rv32, const uint64_t *words,
                         struct rv_pc *pc);
/*
 * Finds the context of a request: with the port, or in the cache or memory; then it is in *room.
 * NULL: refused.  `ddtp` names a directory, and was read once: software may turn the directory off
 * meanwhile.
 */
const struct rv_context *rv_locate(const struct iom_query *query, uint64_t ddtp,
                                   struct rv_context *room, struct iom_fault *fault);
/* The device's part of it: its DC and the spaces of its second stage. */
bool rv_locate_device(const struct iom_query *query, uint64_t ddtp, struct rv_context *context,
                      struct iom_fault *fault);
/*
 * Loads `words` doublewords of one entry: IOM_OK, IOM_EFAULT or IOM_EPOISON.  `of`: IOM_OF_*;
 * `context`: what is known of the request's, NULL for the device directory.
 */
#define RV_LOAD_WORDS 8 /* the most */
int rv_load(const struct iom_query *query, const struct rv_context *context, unsigned of,
            uint64_t spa, unsigned words, bool big_endian, uint64_t *out);
/* The widest device_id and process_id that the unit's directories can hold, in bits. */
unsigned rv_device_bits(const struct rv_unit *rv);
unsigned rv_process_bits(const struct rv_unit *rv);

/* ---- own.c: the unit's own accesses to memory, for a request */
/* An access was made while query->watchers is not 0; its quality of service is filled in. */
void rv_accessed(const struct iom_query *query, const struct rv_context *context,
                 struct iom_own_access *access);

/* ---- counters.c */
void rv_counters_init(struct rv_unit *rv);
/* Puts right what follows from the monitor's registers. */
void rv_counters_changed_locked(struct rv_unit *rv);
/* May iohpmevt hold this? */
bool rv_event_exists(uint64_t evt);
/* Time has passed for the cycle counter. */
void rv_cycles_locked(struct rv_unit *rv, uint64_t cycles);
/* Something has happened to a request (enum rv_event); `context`: what is known of its by now. */
void rv_count(const struct iom_query *query, const struct rv_context *context, unsigned event);

/* ---- debug.c */
void rv_debug_init(struct rv_unit *rv);
void rv_debug_reset_locked(struct rv_unit *rv);
/* Worker: carries out the debug translation that software has asked for, if it has. */
void rv_debug_run(struct rv_unit *rv);

/* ---- translate.c */
bool rv_resolve(const struct iom_query *query, struct iom_grant *grant, struct iom_fault *fault);
/* Turns the guest-physical address of a directory's entry into one to load it from. */
bool rv_implicit_read(const struct iom_query *query, const struct rv_context *context, uint64_t gpa,
                      uint64_t *spa, struct iom_fault *fault);

/* ---- ats.c: translation requests, and invalidations of what they were told */
/* Asks for execution: only processes do. */
static inline bool rv_ats_executes(const struct iom_request *q)
{
	return q->at == IOM_AT_TRANSLATION_REQUEST && q->access == IOM_EXECUTE &&
	       q->flags & IOM_REQ_PASID;
}
/* Makes the answer of what the stages grant; `one` is what the first one said. */
void rv_ats_answer(const struct iom_query *query, const struct rv_context *context,
                   const struct pt_result *one, struct iom_grant *grant);
/* The answer where nothing is granted. */
void rv_ats_nothing(const struct iom_request *q, struct iom_reply *reply);
/* Worker: carries an ATS.INVAL out; false: all ITags are in use. */
bool rv_ats_invalidate(struct rv_unit *rv, const uint64_t *command);
/* Worker: carries an ATS.PRGR out. */
void rv_ats_page_response(struct rv_unit *rv, const uint64_t *command);
void rv_ats_step_locked(struct rv_unit *rv, uint64_t passed_ns);
void rv_ats_reset_locked(struct rv_unit *rv);
int rv_message(struct iom_unit *unit, struct iom_endpoint *endpoint,
               const struct iom_message *message);
void rv_removed(struct iom_unit *unit, struct iom_endpoint *endpoint);

/* ---- page_requests.c */
int rv_page_request(struct rv_unit *rv, struct iom_endpoint *endpoint,
                    const struct iom_message *message);
/* Nobody is there any more to be answered. */
void rv_pages_removed_locked(struct rv_unit *rv, uint32_t requester);
/* Worker: stores the requests that wait, and answers those that cannot be stored. */
void rv_pages_store(struct rv_unit *rv);
/* ---- mrif.c */
/* What an MRIF's page-table entry says beside the file's address. */
struct rv_notice {
	bool wanted; /* the page is an MRIF */
	uint32_t data;
	uint64_t address;
};
void rv_mrif_grant(const struct rv_notice *notice, struct iom_grant *grant);
int rv_mrif_access(const struct iom_query *query, const struct iom_grant *grant, uint64_t bytes,
                   struct iom_fault *fault);
int rv_mrif_route(const struct iom_query *query, const struct iom_grant *grant,
                  struct iom_fault *fault);

/* ---- qos.c */
/* The identifiers that an access carries; `context` NULL: those of the unit itself, and in Bare. */
void rv_qos(const struct rv_unit *rv, const struct rv_context *context, uint16_t *rcid,
            uint16_t *mcid);
/* All bits of two such fields that this unit has. */
uint64_t rv_qos_ids(const struct rv_unit *rv, uint64_t rcid, uint64_t mcid);

/* ---- msi_table.c */
bool rv_msi_match(const struct rv_dc *dc, uint64_t gpa);
/* The largest range around gpa, up to 2^lg2 bytes, that holds no page of the MSI table. */
unsigned rv_msi_free_lg2(const struct rv_dc *dc, uint64_t gpa, unsigned lg2);
/* Looks a page up in the MSI table.  *notice is filled if it is an MRIF: out->address is the file's. */
enum pt_why rv_msi_walk(const struct iom_query *query, const struct rv_context *context,
                        uint64_t gpa, struct pt_result *out, struct rv_notice *notice);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The VT-d unit's state, and what its files offer each other. */
#ifndef MODEL_VTD_VTD_H
#define MODEL_VTD_VTD_H

#include <iommux/vtd.h>

#include "base/endian.h"
#include "model/itags.h"
#include "model/ring.h"
#include "model/work.h"
#include "regs/vtd.h"

struct pt_want;

/* Work of this unit's worker */
#define VTD_WORK_GLOBAL IOM_BIT(1)    /* GCMD and PMEN: a change under way */
#define VTD_WORK_COMMANDS IOM_BIT(2)  /* the invalidation queue            */
#define VTD_WORK_REGISTERS IOM_BIT(3) /* CCMD and IOTLB                    */
#define VTD_WORK_EVENTS IOM_BIT(4)    /* messages of the unit itself       */
#define VTD_WORK_PAGES IOM_BIT(5)     /* page requests                     */

/* Who waits for access sections to end */
#define VTD_DRAIN_GLOBAL IOM_BIT(0)
#define VTD_DRAIN_WAIT IOM_BIT(1)
#define VTD_DRAIN_IOTLB IOM_BIT(2) /* the IOTLB register */

/* vtd_unit.on: what requests go by, before GSTS and PMEN tell software */
#define VTD_ON_DMA 0x1u           /* DMA remapping                   */
#define VTD_ON_INTERRUPTS 0x2u    /* interrupt remapping             */
#define VTD_ON_COMPATIBILITY 0x4u /* compatibility format passes     */
#define VTD_ON_PROTECTED 0x8u     /* protected memory regions        */

/* The four groups of an event's registers. */
enum vtd_event { VTD_EVENT_FAULT, VTD_EVENT_INVALIDATION, VTD_EVENT_PAGE, VTD_EVENTS };

/* The register file has cells for so many fault records. */
#define VTD_RECORDS_MAX 32

/* vtd_unit.changing: bits of GCMD, and this one for PMEN */
#define VTD_CHANGING_PROTECTED UINT32_C(1)

/* Words of all kinds of root, context and PASID structures together */
#define VTD_RESERVED_WORDS 17

/* An entry that the interrupt entry cache holds, as in memory. */
struct vtd_irte {
	uint32_t seq;
	uint32_t name; /* its index and 1; 0: none */
	uint64_t word[2];
};
#define VTD_IRTES 512

/* Page requests on their way to memory or to an answer */
#define VTD_PAGES 32
#define VTD_PRD_WORDS 2 /* of a descriptor's four; the others are reserved */

/* A page request: what is to be stored of it, and what was found out about it. */
struct vtd_page_request {
	uint64_t record[VTD_PRD_WORDS];
	uint32_t pasid; /* its own, or RID_PASID                           */
	uint16_t did;
	uint8_t kind;   /* enum vtd_kind                                   */
	uint8_t fault;  /* the code that was met; 0: none                  */
	bool quiet;     /* FPD was set                                     */
	bool to_answer; /* the device waits for an answer                  */
};

struct vtd_unit {
	struct iom_unit unit;

	/* Fixed at creation */
	struct iom_vtd_config config; /* with every default filled in */
	uint64_t cap, ecap;
	uint64_t reserved
		[VTD_RESERVED_WORDS]; /* bits of root, context and PASID structures: entries.c */

	/* What requests go by: changed under unit.lock, read in one piece */
	uint64_t root; /* RTADDR, as SRTP latched it */
	uint64_t irta; /* IRTA, as SIRTP latched it  */
	uint32_t on;   /* VTD_ON_*                   */

	/* What hardware remembers beside its registers; under unit.lock */
	uint32_t changing; /* what GSTS and PMEN do not tell yet: VTD_G_*, VTD_CHANGING_PROTECTED */
	bool queue_ends;   /* QIE was cleared; QIES falls when the queue stands still */
	unsigned fault_next; /* the fault record that is due */

	/* The invalidation queue and devices' caches: the same */
	bool wait_waits;     /* a wait descriptor, which the head has passed            */
	bool tag_waits;      /* the next descriptor, for an ITag                        */
	uint32_t tags_ended; /* goes up when ITags become free                          */
	struct iom_itags itags;
	unsigned pages_first, pages_count;
	struct vtd_page_request pages[VTD_PAGES];

	/* The worker's own; snapshots read and write them while it stands still */
	uint64_t wait[2];    /* the descriptor that waits, as it was fetched                */
	bool to_drain;       /* an invalidation since the last wait ended asked for that    */
	uint8_t iotlb_waits; /* the granularity of what the IOTLB register asked for, while it waits */

	struct iom_lock irte_lock; /* of who changes what follows */
	struct vtd_irte irte[VTD_IRTES];
};

static inline struct vtd_unit *vtd_of(struct iom_unit *unit)
{
	return (struct vtd_unit *)unit;
}

static inline uint64_t vtd_get(const struct vtd_unit *vtd, unsigned off)
{
	return iom_reg_get(&vtd->unit, off);
}

/* Is there a register, in this configuration? */
static inline bool vtd_has_register(const struct vtd_unit *vtd, unsigned off)
{
	return vtd->unit.regs.at[off / 4];
}

/* Does the unit have a capability of ECAP? */
static inline bool vtd_has(const struct vtd_unit *vtd, uint64_t capability)
{
	return vtd->ecap & capability;
}

/* Bits of a pointer that HAW leaves out */
static inline uint64_t vtd_beyond_haw(const struct vtd_unit *vtd)
{
	return VTD_ADDRESS & ~iom_low(vtd->config.address_bits);
}

static inline bool vtd_refused(struct iom_fault *fault, unsigned code)
{
	fault->code = (uint8_t)code;
	return false;
}

/* Where the configuration puts what has no fixed place */
static inline unsigned vtd_iotlb_offset(uint64_t ecap)
{
	return 16 * (unsigned)IOM_GET(VTD_ECAP_IRO, ecap);
}

static inline unsigned vtd_faults_offset(uint64_t cap)
{
	return 16 * (unsigned)IOM_GET(VTD_CAP_FRO, cap);
}

static inline unsigned vtd_fault_records(uint64_t cap)
{
	return 1 + (unsigned)IOM_GET(VTD_CAP_NFR, cap);
}

static inline unsigned vtd_record_offset(const struct vtd_unit *vtd, unsigned n)
{
	return vtd_faults_offset(vtd->cap) + n * VTD_FRCD_BYTES;
}

static inline unsigned vtd_major(const struct vtd_unit *vtd)
{
	return vtd->config.version >> 4;
}

static inline bool vtd_is_on(const struct vtd_unit *vtd, uint32_t what)
{
	return __atomic_load_n(&vtd->on, __ATOMIC_SEQ_CST) & what;
}

/* TTM of the latched root pointer. */
static inline enum vtd_ttm vtd_ttm(uint64_t root)
{
	return (enum vtd_ttm)IOM_GET(VTD_RTADDR_TTM, root);
}

/* Domain-ids are this wide; where a structure's are not checked, higher bits are ignored. */
static inline uint32_t vtd_did_mask(const struct vtd_unit *vtd)
{
	return (uint32_t)iom_low(4 + 2 * (unsigned)IOM_GET(VTD_CAP_ND, vtd->cap));
}

/* Is it in the interrupt address range? */
static inline bool vtd_in_interrupt_range(uint64_t address)
{
	return address >> VTD_INTERRUPT_RANGE_LG2 == VTD_INTERRUPT_RANGE >> VTD_INTERRUPT_RANGE_LG2;
}

/* ---- config.c */
/* Fills in every default and judges: IOM_OK, IOM_EINVAL or IOM_ENOTSUP. */
int vtd_configure(const struct iom_vtd_config *config, struct iom_vtd_config *full,
                  struct iom_error *error);

/* ---- registers.c */
void vtd_registers_init(struct vtd_unit *vtd);
void vtd_registers_reset(struct vtd_unit *vtd);

/* ---- global.c */
/* The VTD_ON_* that level bits of GCMD or GSTS stand for. */
uint32_t vtd_levels_on(uint64_t bits);
/* Stores to GCMD and PMEN. */
void vtd_gcmd_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now);
void vtd_pmen_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now);
/* Is there something that GSTS or PMEN do not tell yet? */
bool vtd_global_waits_locked(const struct vtd_unit *vtd);
/* Worker: a change is under way, whose drain is to be asked for after this. */
void vtd_global_begin(struct vtd_unit *vtd);
/* Worker: what came before the change has ended. */
void vtd_global_drained(struct vtd_unit *vtd);
/* Worker: QIES falls, if software wants that and the queue stands still. */
void vtd_queue_settle(struct vtd_unit *vtd);
void vtd_global_reset_locked(struct vtd_unit *vtd);

/* ---- save.c */
void vtd_save_locked(struct iom_unit *unit, struct iom_stream *stream);
bool vtd_load_state(struct iom_unit *unit, struct iom_stream *stream, const uint64_t *regs,
                    bool commit, struct iom_error *error);

/* ---- protected.c */
/*
 * Are these bytes, or some of them, protected?  `walked`: page tables gave the address; it was not
 * passed through, translated already, or remapped by nobody.
 */
bool vtd_protected(const struct vtd_unit *vtd, uint64_t spa, uint64_t bytes, bool walked);

/* ---- events.c */
/*
 * A condition of this group arose while none of it was pending: the message goes out, or IP says that
 * it will.
 */
void vtd_event_locked(struct vtd_unit *vtd, enum vtd_event event);
/* The group's status bits may all be clear: then what has not been sent never is. */
void vtd_event_served_locked(struct vtd_unit *vtd, enum vtd_event event);
/* Worker: sends what is due. */
void vtd_events_send(struct vtd_unit *vtd);
/* Sends a message of the unit, or one that it has remapped: IOM_OK, IOM_EFAULT.  Without the lock. */
int vtd_send(struct vtd_unit *vtd, uint64_t address, uint32_t data);
/* Tells that the unit's own message has been sent. */
void vtd_event_told(struct iom_unit *unit, uint64_t address, uint32_t data, int result);

/* ---- faults.c */
/* What a fault record says ("Fault Recording Registers"). */
struct vtd_record {
	uint64_t info; /* FI: the address, or the interrupt's index in bits 63:48 */
	uint32_t pasid;
	uint16_t requester;
	uint8_t code;
	uint8_t access; /* IOM_READ ...             */
	uint8_t at;     /* IOM_AT_*                 */
	bool page_request, has_pasid, privileged;
	bool quiet; /* FPD was set: qualified codes go unsaid           */
};
void vtd_record(struct vtd_unit *vtd, const struct vtd_record *record);
/* The same under the lock; whoever holds it lets the worker work afterwards. */
void vtd_record_locked(struct vtd_unit *vtd, const struct vtd_record *record);
/* Software has cleared a record; when all are clear, PPF is. */
void vtd_records_served_locked(struct vtd_unit *vtd);
/* Is it one of those that interrupt requests meet? */
static inline bool vtd_is_interrupt_fault(uint8_t code)
{
	return code >> 4 == 2;
}
/* Sets IQE, ICE or ITE in FSTS, and what IQERCD says of it, if the bit was clear. */
void vtd_queue_error_locked(struct vtd_unit *vtd, uint32_t bit, uint64_t field, uint64_t value);
/*
 * fault.code 0: UR, and nothing recorded.  fault.gpa of an interrupt fault: the index in the
 * interrupt remapping table, 0 where there is none.
 */
void vtd_refuse(const struct iom_query *query, const struct iom_fault *fault,
                struct iom_reply *reply);
bool vtd_fault_exists(uint32_t code);

/* ---- entries.c: of root, context and PASID structures */
/* SROOT is one half of an entry: the lower and the upper one look alike. */
enum vtd_entry {
	VTD_ENTRY_ROOT,
	VTD_ENTRY_CONTEXT,
	VTD_ENTRY_SROOT,
	VTD_ENTRY_SCONTEXT,
	VTD_ENTRY_DIRECTORY,
	VTD_ENTRY_PASID,
};
/* All kinds have these two in the same place. */
#define VTD_PRESENT VTD_ROOT_P
#define VTD_FPD VTD_CE_FPD

/* Tells reserved bits by the capabilities: once, when vtd_unit.cap, ecap and config are known. */
void vtd_entries_init(struct vtd_unit *vtd);
/* Loads an entry, notes its FPD, and judges all but what its fields mean. */
bool vtd_entry_load(const struct iom_query *query, enum vtd_entry kind, uint64_t spa,
                    uint64_t *words, struct iom_fault *fault);

/* ---- context.c */
/* Beside the numbers of PGTT: what legacy mode has. */
enum vtd_kind {
	VTD_KIND_FS = VTD_PGTT_FS,
	VTD_KIND_SS = VTD_PGTT_SS,
	VTD_KIND_NESTED = VTD_PGTT_NESTED,
	VTD_KIND_PT = VTD_PGTT_PT,
};
#define VTD_CONTEXT_LEGACY 0x1u
#define VTD_CONTEXT_QUIET 0x2u      /* FPD, of any entry that was met     */
#define VTD_CONTEXT_ATS 0x4u        /* TT = 01, DTE                       */
#define VTD_CONTEXT_PRIVILEGED 0x8u /* RID_PRIV: requests without PASID are */
#define VTD_CONTEXT_PWSNP 0x10u
#define VTD_CONTEXT_PGSNP 0x20u
#define VTD_CONTEXT_SSADE 0x40u
#define VTD_CONTEXT_SRE 0x80u
#define VTD_CONTEXT_WPE 0x100u
#define VTD_CONTEXT_EAFE 0x200u
#define VTD_CONTEXT_FS5 0x400u

/* All that a request without PASID, or with one, depends on: as the context cache keeps it. */
struct vtd_context {
	uint64_t sspt, fspt; /* SSPTPTR, FSPTPTR                                            */
	uint64_t root;       /* the latched root pointer under which it was found           */
	uint32_t flags;      /* VTD_CONTEXT_*                                               */
	uint32_t pasid;      /* the request's, or RID_PASID; 0 in legacy mode               */
	uint16_t did;
	uint8_t kind; /* enum vtd_kind: legacy mode's are SS and PT                  */
	uint8_t aw;
	struct iom_space_ref stage1, stage2;
};
/* The scalable-mode context entry of a device, kept under IOM_CONTEXT_DEVICE. */
struct vtd_device {
	uint64_t word[2]; /* as in memory */
	uint64_t root;    /* the latched root pointer under which it was found */
};

/*
 * What invalidations go by.  Spaces of the first stage have the tags {DID + 1, PASID}.  Those of the second
 * have {DID + 1, PASID} too where it is the only one in scalable mode, because PASID-based IOTLB
 * invalidations name them; in legacy mode and below a first stage {DID + 1, VTD_NO_PASID}.
 */
#define VTD_NO_PASID UINT32_MAX

/*
 * Finds the context of a request: with the port, or in the cache or memory; then it is in *room.
 * NULL: refused, and the fault's code is 0 where nothing is recorded.  `root`: the latched pointer, read
 * once; `page_request`: query.request stands for one.  What is translated already gets no more than
 * flags.
 */
const struct vtd_context *vtd_locate(const struct iom_query *query, uint64_t root,
                                     bool page_request, struct vtd_context *room,
                                     struct iom_fault *fault);
/* Does the request have supervisor privilege? */
bool vtd_privileged(const struct vtd_context *context, const struct iom_request *q);
/* Does the unit have the translation table mode? */
bool vtd_mode_ok(const struct vtd_unit *vtd, enum vtd_ttm mode);
/* May second-stage tables have so many levels? */
bool vtd_aw_ok(const struct vtd_unit *vtd, unsigned aw);
/* The width of what second-stage tables translate: min(MGAW, AGAW). */
unsigned vtd_second_stage_bits(const struct vtd_unit *vtd, unsigned aw);

/* ---- scalable.c */
/* Loads the context entry of the requester. */
bool vtd_device_load(const struct iom_query *query, uint64_t root, struct vtd_device *device,
                     struct iom_fault *fault);
/* What it has against this kind of request: a fault reason, or 0. */
unsigned vtd_device_refuses(const struct vtd_unit *vtd, const struct vtd_device *device,
                            const struct iom_request *q, bool page_request);
/* Begins a context with what the context entry says. */
void vtd_device_take(const struct vtd_device *device, const struct iom_request *q,
                     struct vtd_context *c);
/* Adds what the directory and the table say of the context's PASID; spaces excepted. */
bool vtd_pasid_load(const struct iom_query *query, const struct vtd_device *device,
                    struct vtd_context *c, struct iom_fault *fault);

/* ---- own.c: the unit's own accesses to memory, for a request */
/* Loads the quadwords of one entry: IOM_OK, IOM_EFAULT or IOM_EPOISON.  `of`: IOM_OF_*. */
#define VTD_LOAD_WORDS 8 /* the most */
int vtd_load(const struct iom_query *query, unsigned of, uint64_t spa, unsigned words,
             uint64_t *out);
/*
 * Tells of entries that were loaded, and of one that was swapped, `missed` or not, while query->watchers
 * is not 0.
 */
void vtd_loaded(const struct iom_query *query, unsigned of, uint64_t spa, const uint64_t *words,
                unsigned count, int result);
void vtd_swapped(const struct iom_query *query, unsigned of, uint64_t spa, uint64_t found,
                 uint64_t now, bool missed, int result);

/* ---- stage_faults.c */
/* Whose tables refused, and on whose behalf they were asked. */
enum vtd_stage {
	VTD_STAGE_LEGACY,     /* the second stage in legacy mode                   */
	VTD_STAGE_SECOND,     /* the second stage alone                            */
	VTD_STAGE_NESTED,     /* ... for what the first stage gave                 */
	VTD_STAGE_ROOT_TABLE, /* ... for an entry of the first stage's root table  */
	VTD_STAGE_TABLE,      /* ... for another entry of the first stage          */
	VTD_STAGE_FIRST,
	VTD_STAGES,
};
/* How a walk ended. */
struct vtd_refusal {
	const struct pt_want *want;
	uint8_t why;     /* enum pt_why                                    */
	uint8_t perm;    /* what the tables grant, as far as they were read */
	bool unreadable; /* memory refused an entry, and not a change of one */
	bool first;      /* it was the first entry                         */
};
/* Its fault reason. */
uint8_t vtd_stage_fault(enum vtd_stage stage, const struct vtd_refusal *refusal);

/* ---- stages.c */
/* What the stages of a context make of an address. */
struct vtd_mapping {
	uint64_t address;
	uint8_t size_lg2;
	uint8_t perm; /* PT_R, PT_W: granted together  */
	bool clean;   /* a stage's D is not set yet    */
	bool snooped; /* PGSNP or SNP                  */
	bool keep;    /* both entries are there        */
	struct iom_ref entry[2];
};
/*
 * Walks through them.  `perm`: what is needed; `any`: of the second stage one right is enough, and has to be
 * there.  Accessed flags are set on the way; dirty flags only if `dirty`, of all that may be written.
 */
bool vtd_through_stages(const struct iom_query *query, const struct vtd_context *context,
                        unsigned perm, bool any, bool dirty, struct vtd_mapping *mapping,
                        struct iom_fault *fault);

/* ---- translate.c */
bool vtd_resolve(const struct iom_query *query, struct iom_grant *grant, struct iom_fault *fault);
void vtd_inform(const struct iom_query *query, struct iom_context_info *info);

/* ---- invalidate.c: what descriptors and registers make caches forget; worker only */
void vtd_forget_all(struct vtd_unit *vtd); /* contexts, PASIDs, translations */
/* Contexts; `g`: enum vtd_granularity; `fm`: which function bits of `sid` do not count ("FM"). */
void vtd_forget_contexts(struct vtd_unit *vtd, unsigned g, uint32_t did, uint32_t sid, unsigned fm);
/* Contexts of PASIDs; `g`: VTD_QI_PASID_*. */
void vtd_forget_pasids(struct vtd_unit *vtd, unsigned g, uint32_t did, uint32_t pasid);
/* Translations; `am`: of the 2^am pages around `address`. */
void vtd_forget_iotlb(struct vtd_unit *vtd, unsigned g, uint32_t did, uint64_t address,
                      unsigned am);
void vtd_forget_pasid_iotlb(struct vtd_unit *vtd, bool by_page, uint32_t did, uint32_t pasid,
                            uint64_t address, unsigned am);
/* May these pages be named, where there may be a page-selective invalidation at all? */
static inline bool vtd_page_selective(const struct vtd_unit *vtd, uint64_t am)
{
	return vtd->cap & VTD_CAP_PSI && am <= IOM_GET(VTD_CAP_MAMV, vtd->cap);
}

/* ---- register_commands.c: CCMD and IOTLB */
/* Worker: carries out what they ask for; also when VTD_DRAIN_IOTLB has ended. */
void vtd_registers_run(struct vtd_unit *vtd);

/* ---- descriptors.c */
enum vtd_outcome {
	VTD_DONE,
	VTD_WAITS,
	VTD_NO_TAG,
	VTD_LOST, /* memory refused the status                        */
	VTD_BAD,  /* it was not carried out, and *iqei says why       */
};
/* Worker: judges a descriptor of four quadwords, the last two 0 if it is not `wide`, and carries it out. */
enum vtd_outcome vtd_descriptor_run(struct vtd_unit *vtd, enum vtd_ttm ttm, bool wide,
                                    const uint64_t *d, enum vtd_iqei *iqei);
/*
 * A wait is over once no access section is open that was open when it was fetched, devices have
 * answered all invalidations, and with PD page requests are in their queue.
 */
bool vtd_wait_may_end(const struct vtd_unit *vtd, const uint64_t *d);
/* Worker: it is over. */
enum vtd_outcome vtd_wait_complete(struct vtd_unit *vtd, const uint64_t *d);

/* ---- commands.c: the invalidation queue */
/* Worker: fetches and carries out descriptors; also when VTD_DRAIN_WAIT has ended. */
void vtd_commands_run(struct vtd_unit *vtd);
/* The queue is turned on, or the unit is reset: nothing is left of what was. */
void vtd_commands_reset_locked(struct vtd_unit *vtd);
/* A wait descriptor that waits will never end. */
void vtd_wait_abort_locked(struct vtd_unit *vtd);
void vtd_commands_save_locked(const struct vtd_unit *vtd, struct iom_stream *stream);
bool vtd_commands_load(struct vtd_unit *vtd, struct iom_stream *stream, bool commit);

/* ---- ats.c: devices' messages, and invalidations of what devices remember */
/* Worker: carries a Device-TLB invalidation out; false: no ITag is free for it. */
bool vtd_ats_invalidate(struct vtd_unit *vtd, const uint64_t *descriptor);
/* Worker: carries a page group response out. */
void vtd_ats_page_response(struct vtd_unit *vtd, const uint64_t *descriptor);
int vtd_message(struct iom_unit *unit, struct iom_endpoint *endpoint,
                const struct iom_message *message);
void vtd_removed(struct iom_unit *unit, struct iom_endpoint *endpoint);
void vtd_ats_step_locked(struct vtd_unit *vtd, uint64_t passed_ns);
void vtd_ats_reset_locked(struct vtd_unit *vtd);
void vtd_ats_save_locked(const struct vtd_unit *vtd, struct iom_stream *stream);
bool vtd_ats_load(struct vtd_unit *vtd, struct iom_stream *stream, bool commit);

/* ---- page_requests.c */
int vtd_page_request(struct vtd_unit *vtd, struct iom_endpoint *endpoint,
                     const struct iom_message *message);
/* Worker: stores the requests that wait, and answers those that cannot be stored. */
void vtd_pages_store(struct vtd_unit *vtd);
/* Nobody is there any more to be answered. */
void vtd_pages_removed_locked(struct vtd_unit *vtd, uint32_t requester);
void vtd_pages_reset_locked(struct vtd_unit *vtd);
void vtd_pages_save_locked(const struct vtd_unit *vtd, struct iom_stream *stream);
bool vtd_pages_load(struct vtd_unit *vtd, struct iom_stream *stream, bool commit);

/* ---- interrupts.c */
/*
 * A request without PASID to the interrupt address range: a message, if it writes 4 bytes, whose
 * target becomes IOM_TARGET_INTERRUPT; or a fault.
 */
bool vtd_interrupt_resolve(const struct iom_query *query, struct iom_grant *grant,
                           struct iom_fault *fault);
/* iom_arch.access: delivers it. */
int vtd_interrupt_access(const struct iom_query *query, const struct iom_grant *grant,
                         uint64_t bytes, struct iom_fault *fault);
/* iom_arch.route */
int vtd_interrupt_route(const struct iom_query *query, const struct iom_grant *grant,
                        struct iom_fault *fault);

static inline int vtd_interrupt_refused(struct iom_fault *fault, enum vtd_fr code)
{
	fault->code = (uint8_t)code;
	return IOM_EFAULT;
}

/* By what an entry of the interrupt remapping table is judged. */
struct vtd_irte_rules {
	uint64_t irta;         /* as SIRTP latched it               */
	uint64_t address_last; /* the highest that HAW has          */
	uint16_t requester;
	bool posting;        /* CAP.PI                            */
	bool reserved_first; /* IOM_VTD_RESERVED_FIRST            */
};
/* What the entry makes of a message: 0, and *route; else the fault reason. */
uint8_t vtd_irte_decode(const uint64_t *irte, const struct vtd_irte_rules *rules,
                        struct iom_route *route);

/* The address of a message in the CPU's own format; the APIC ID is as wide as it is. */
static inline uint64_t vtd_message_address(uint32_t apic_id, bool logical, bool hint)
{
	return VTD_INTERRUPT_RANGE | IOM_PUT(VTD_MSI_DESTINATION, apic_id & 0xff) |
	       IOM_PUT(VTD_MSI_DESTINATION_UPPER, apic_id >> 8) | (logical ? VTD_MSI_DM : 0) |
	       (hint ? VTD_MSI_RH : 0);
}

/* ---- posting.c */
/* Posts to the descriptor that the route names: IOM_OK; IOM_EFAULT, with the fault's code. */
int vtd_post(const struct iom_query *query, const struct iom_route *route, bool x2apic,
             struct iom_fault *fault);

/* ---- irte_cache.c */
bool vtd_irte_find(const struct vtd_unit *vtd, uint32_t index, uint64_t *irte);
/* Keeps an entry, unless something was invalidated since `invalidations` was read. */
void vtd_irte_keep(struct vtd_unit *vtd, uint32_t index, const uint64_t *irte,
                   uint64_t invalidations);
/* Worker: forgets the entries first..last, and tells the host; 0..UINT32_MAX: all. */
void vtd_irtes_forget(struct vtd_unit *vtd, uint32_t first, uint32_t last);
/* The same without telling, by any thread. */
void vtd_irtes_drop(struct vtd_unit *vtd, uint32_t first, uint32_t last);

#endif

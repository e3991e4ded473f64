/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A second RISC-V IOMMU, written from the specification alone: what a unit answers to one request, and
 * what it writes to memory on the way.  No caches, no threads, no registers that change; every request
 * walks every table.  It is slow and plain, and shares nothing with the library: neither a line of
 * src/ nor a number out of it.
 *
 * Each file is one process of the specification, cut into the same numbered steps, so that the two
 * can lie side by side:
 *
 *	translate.c  "Process to translate an IOVA"
 *	dc.c         "Process to locate the Device-context", and the checks of a device context
 *	pc.c         "Process to locate the Process-context", and the checks of a process context
 *	stage1.c     first-stage address translation
 *	stage2.c     second-stage address translation
 *	pte.c        what both stages check in every entry they read
 *	msi.c        MSI page tables, and stores to memory-resident interrupt files
 *	answer.c     what becomes of a fault: record, completion
 */
#ifndef TESTS_TWIN_RISCV_TWIN_H
#define TESTS_TWIN_RISCV_TWIN_H

#include <stdbool.h>
#include <stdint.h>

/* How memory answers */
enum twin_bus { TWIN_BUS_OK, TWIN_BUS_FAULT, TWIN_BUS_POISON };

/* What an access is for; the twin tells it so that a reader can follow */
enum twin_use {
	TWIN_DDT,
	TWIN_DC,
	TWIN_PDT,
	TWIN_PC,
	TWIN_FIRST_STAGE,
	TWIN_SECOND_STAGE,
	TWIN_MSI_TABLE,
	TWIN_MRIF,
	TWIN_NOTICE,
};

struct twin_access {
	enum twin_use use;
	unsigned level; /* of a table; 0 is the last */
	bool big;       /* in big-endian order */
	uint64_t spa;
	unsigned bytes;
};

struct twin_memory {
	enum twin_bus (*read)(void *ctx, const struct twin_access *access, void *buf);
	enum twin_bus (*write)(void *ctx, const struct twin_access *access, const void *buf);
	void *ctx;
};

/* Registers and build choices */
struct twin_unit {
	uint64_t capabilities, ddtp;
	uint32_t fctl, qosid;
	unsigned qos_id_bits;
	bool gxl_writable;
	bool lenient_msi_mask; /* mask/pattern bits above the widest GPA: ignored, not misconfigured */
	bool eager_dirty;      /* implicit reads set D already */
	bool bare_global;      /* ATS: a Bare first stage is Global, with a process_id */
	bool no_msi_be;        /* interrupt files without seteipnum_be */
	struct twin_memory memory;
};

enum twin_type { TWIN_UNTRANSLATED, TWIN_TRANSLATION_REQUEST, TWIN_TRANSLATED };
enum twin_kind { TWIN_READ, TWIN_WRITE, TWIN_EXECUTE }; /* AMOs are writes */

struct twin_request {
	uint32_t device_id, process_id;
	bool pv, priv;      /* a process_id came; supervisor privilege was asked for */
	bool no_write, cxl; /* translation requests */
	enum twin_type type;
	enum twin_kind kind;
	uint64_t iova;
};

enum twin_status { TWIN_SUCCESS, TWIN_UR, TWIN_CA };
enum twin_pbmt { TWIN_PMA, TWIN_NC, TWIN_IO };

struct twin_answer {
	enum twin_status status;
	unsigned cause;    /* 0: none.  Also where an ATS answer hides it behind R=W=0 */
	bool denied;       /* ATS: success that grants nothing, because of `cause` */
	uint64_t address;  /* SPA; the GPA of an ATS answer under T2GPA; the MRIF */
	unsigned size_lg2; /* of the range; 0: the specification does not say */
	bool r, w, x;      /* what may be granted; w only where D is set in memory */
	enum twin_pbmt pbmt;
	bool mrif;
	uint64_t notice; /* mrif: address and data of the notice */
	uint32_t nid;
	bool dtf; /* the device context asks for silence */
	bool ats_u, ats_priv, ats_global, ats_cxl_io;
	uint32_t rcid, mcid;
	bool recorded;
	uint64_t record[4];
	/* For readers: how it came about */
	unsigned step;   /* of "Process to translate an IOVA": where it ended */
	bool translated; /* by the stages of iosatp and iohgatp */
	bool message;    /* by a message table */
	bool shrunk;     /* the range was cut so that no message page is in it */
	bool t2gpa;      /* the address is a GPA */
	bool sxl, sbe;
	uint64_t iosatp, iohgatp;
};

/* What the unit makes of a request; tables change as hardware updates ask for. */
struct twin_answer twin_translate(const struct twin_unit *unit, const struct twin_request *request);

/*
 * A store of `bytes` bytes (`data`, as a little-endian bus carries them) that twin_translate sent to an
 * MRIF: completes `answer`.
 */
void twin_mrif_store(const struct twin_unit *unit, const struct twin_request *request,
                     struct twin_answer *answer, uint32_t data, unsigned bytes);

#endif

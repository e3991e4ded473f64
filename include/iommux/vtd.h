/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * An Intel VT-d remapping unit (Virtualization Technology for Directed I/O, Architecture
 * Specification 5.10): DMA remapping in legacy, scalable and abort-DMA mode, interrupt remapping and
 * posting.  Requesters are source-ids of 16 bits: bus, device, function.  There is one register
 * window, 4 KiB, which holds the IOTLB and fault recording registers too.  Fault codes are the fault
 * reasons of "Fault Conditions"; reply.status is IOM_UNSUPPORTED, or IOM_ABORT (Completer Abort)
 * where the manual has a translation request answered so.
 *
 * Interrupts: a device's untranslated write of 4 aligned bytes without PASID to 0xfee00000..0xfeefffff
 * is a message: iom_write delivers what it becomes through host.msi, and iom_msi (interrupt.h) is the
 * way of an I/O APIC or a timer.  Events of the unit itself go to host.msi as programmed.
 */
#ifndef IOMMUX_VTD_H
#define IOMMUX_VTD_H

#include <stddef.h>
#include <stdint.h>

#include <iommux/host.h>
#include <iommux/memory.h>
#include <iommux/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * profile: what the unit offers where `cap` and `ecap` are 0.
 * Legacy: legacy mode of 39 and 48 bits, queued invalidation, interrupt remapping with x2APIC,
 * pass-through, Device-TLBs; version 1.0: what QEMU shows, and more.  Scalable: the same with scalable
 * mode: first and second stage, nested, PASID, page requests, accessed and dirty flags; version
 * 4.0.  Full: everything that the library has.
 */
#define IOM_VTD_LEGACY 0u
#define IOM_VTD_SCALABLE 1u
#define IOM_VTD_FULL 2u

/* flags: choices that the specification leaves open */
#define IOM_VTD_UNCACHED 0x1u /* every request walks the tables */
/* A source-id with a pending fault record gets no second one. */
#define IOM_VTD_COMPRESS_FAULTS 0x2u
/* An IRTE's reserved bits (0x24) are judged before its source (0x26), not after. */
#define IOM_VTD_RESERVED_FIRST 0x4u
/* An explicit PASID may equal RID_PASID: no fault 0x48. */
#define IOM_VTD_ANY_PASID 0x8u
/* CCMD and IOTLB work while queued invalidation is on, too. */
#define IOM_VTD_REGISTERS_ALWAYS 0x10u
/* AW of a PASID-table entry is ignored without ECAP.SSTS, not reserved: Linux always writes it. */
#define IOM_VTD_AW_IGNORED 0x20u

/*
 * What to build.  All zeroes is the legacy profile.  A capability of `cap` or `ecap` that the library
 * does not have is refused (IOM_ENOTSUP), and so is one without those that it needs (IOM_EINVAL).
 */
struct iom_vtd_config {
	size_t bytes; /* sizeof(struct iom_vtd_config) */
	/*
	 * The CAP and ECAP registers as software shall read them, given together; both 0: the
	 * profile's.  There can be 32 fault records (NFR + 1) at most.
	 */
	uint64_t cap, ecap;
	uint64_t ats_timeout_ns; /* how long a device may take to answer an invalidation, by the */
				 /* clock of iom_step; 0: 60 s                               */
	uint32_t profile;        /* IOM_VTD_LEGACY ...; without meaning beside `cap` and `ecap`  */
	uint32_t flags;          /* IOM_VTD_UNCACHED ...                                         */
	uint8_t version;         /* VER: major << 4 | minor, 0x10..0x8f; 0: the profile's        */
	uint8_t address_bits;    /* HAW, the host address width, 32..52; 0: 46, or MGAW if that  */
				 /* is smaller                                               */
	uint8_t cache_lg2;       /* log2 of the translations that are cached, 3..22; 0: 12       */
	uint8_t front_lg2;       /* log2 of the pages that each port remembers, 64 bytes for     */
				 /* each, 6..20; 0: 10                                       */
	uint8_t protected_lg2;   /* log2 of the granularity of the protected memory regions,     */
				 /* 12..30; 0: 21                                            */
};

/*
 * Creates a unit, in reset state.  `config` and `host` may be NULL for the defaults and are copied;
 * `memory` must outlive the unit; `opaque` is handed to the host's functions.
 * IOM_EINVAL: the configuration contradicts itself or the specification; IOM_ENOTSUP: it asks for a
 * capability that the library does not have; IOM_ENOMEM.  `error`, which may be NULL, then says
 * what was wrong and what would be right.
 */
int iom_vtd_new(const struct iom_vtd_config *config, struct iom_memory *memory,
                const struct iom_host *host, void *opaque, struct iom_unit **out,
                struct iom_error *error);

/*
 * A few words for the fault reason `code` ("no write permission"), as iom_fault_name has them of a unit; for what
 * reads logs and has none.  Never NULL.
 */
const char *iom_vtd_fault_name(uint32_t code);

#ifdef __cplusplus
}
#endif
#endif

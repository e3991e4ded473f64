/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A RISC-V IOMMU (RISC-V IOMMU Architecture Specification 1.0, text of 2026-02-22).
 *
 * Requesters are device_ids of 24 bits.  There is one register window, 4 KiB.  Fault codes are the
 * causes of "Fault/Event-Queue"; reply.status is IOM_UNSUPPORTED, or IOM_ABORT where data
 * corruption was met.
 *
 * The performance monitor's cycle is a nanosecond of iom_step.  A request is what one call of
 * iom_translate answers, so that a long iom_read counts as several; probes are not counted.  While
 * an event counter counts, every access takes the whole way.
 */
#ifndef IOMMUX_RISCV_H
#define IOMMUX_RISCV_H

#include <stddef.h>
#include <stdint.h>

#include <iommux/host.h>
#include <iommux/memory.h>
#include <iommux/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

/* reset_mode: ddtp.iommu_mode after reset */
#define IOM_RISCV_RESET_OFF 0u
#define IOM_RISCV_RESET_BARE 1u

/* ddt_levels: which ddtp.iommu_mode values beyond Off and Bare exist */
#define IOM_RISCV_1LVL 0x1u
#define IOM_RISCV_2LVL 0x2u
#define IOM_RISCV_3LVL 0x4u

/* flags: choices that the specification leaves open */
#define IOM_RISCV_STRICT_FCTL 0x1u      /* fctl can be written in Off only, not in Bare           */
#define IOM_RISCV_LENIENT_MSI_MASK 0x2u /* msi_addr_mask/pattern bits above the widest GPA are    */
					/* ignored instead of refused as misconfigured            */
#define IOM_RISCV_UNCACHED 0x8u   /* every request walks the tables                          */
#define IOM_RISCV_MSI_MASKED 0x4u /* msi_vec_ctl.M is 1 after reset, as PCI's MSI-X expects */
/* With SADE and GADE, reading a table through the second stage marks its page dirty, if writable. */
#define IOM_RISCV_EAGER_DIRTY 0x10u
/*
 * fctl.GXL can be written: software chooses between the schemes of RV32 and of RV64, and the
 * capabilities must have both.  Else it is fixed: to 1 if Sv32x4 is the only second stage, or Sv32 the
 * only stage at all; else to 0.
 */
#define IOM_RISCV_GXL_WRITABLE 0x20u
/* Interrupt files have no seteipnum_be: a message to it is lost. */
#define IOM_RISCV_NO_MSI_BE 0x40u
/* ATS: what a Bare first stage passes is Global, if the request has a PASID. */
#define IOM_RISCV_BARE_GLOBAL 0x80u
#define IOM_RISCV_DBG_4K 0x100u /* tr_response tells 4 KiB whatever the size of the page          */
/* ddtp goes from a directory to Off only, not to Bare. */
#define IOM_RISCV_STRICT_DDTP 0x200u
/* The unit does not know offsets in pages: bits 11:0 of iotval are 0, and 11:2 of iotval2. */
#define IOM_RISCV_NO_OFFSETS 0x400u
/* A stage that is Bare answers for 4 KiB at a time, not for 1 GiB. */
#define IOM_RISCV_BARE_4K 0x800u

/*
 * What to build.  All zeroes is a sensible IOMMU: every capability that the library has, fctl.GXL
 * writable, both kinds of interrupt, four vectors, all directory depths, queues of up to 2^16 entries,
 * reset to Off.
 */
struct iom_riscv_config {
	size_t bytes; /* sizeof(struct iom_riscv_config) */
	uint64_t
		capabilities; /* the capabilities register as software shall read it; 0: see above */
	uint8_t reset_mode; /* IOM_RISCV_RESET_*                                                 */
	uint8_t ddt_levels; /* IOM_RISCV_1LVL ...; 0: all                                        */
	uint8_t vectors;    /* interrupt vectors 1, 2, 4, 8 or 16; 0: 4                          */
	uint8_t queue_lg2;  /* log2 of the largest queue, 1..20; 0: 16                           */
	uint8_t cache_lg2;  /* log2 of the translations that are cached, 3..22; 0: 12            */
	uint8_t counters;   /* event counters of the performance monitor, 1..31; 0: 31           */
	uint8_t counter_bits; /* their width, 32..64, the cycle counter's at most 63; 0: 64      */
	uint8_t qos_id_bits;  /* width of RCID and MCID, 1..12; 0: 12                            */
	uint32_t flags;       /* IOM_RISCV_STRICT_FCTL ...                                       */
	uint8_t front_lg2;    /* log2 of the pages that each port remembers, 64 bytes for each,  */
	/* 6..20; 0: 10                                                    */
	uint64_t ats_timeout_ns; /* how long a device may take to answer an invalidation, by the  */
				 /* clock of iom_step; 0: 60 s                                    */
	uint64_t busy_ns; /* how long ddtp and the queues' csrs stay busy after a change, by the */
			  /* clock of iom_step; 0: no longer than sections and commands do       */
};

/*
 * Creates a unit, in reset state.  `config` and `host` may be NULL for the defaults and are copied;
 * `memory` must outlive the unit; `opaque` is handed to the host's functions.
 *
 * IOM_EINVAL: the configuration contradicts itself or the specification; IOM_ENOTSUP: it asks for a
 * capability that the library does not have; IOM_ENOMEM.  `error`, which may be NULL, then says
 * what was wrong and what would be right.
 */
int iom_riscv_new(const struct iom_riscv_config *config, struct iom_memory *memory,
                  const struct iom_host *host, void *opaque, struct iom_unit **out,
                  struct iom_error *error);

/*
 * A few words for a cause of "Fault/Event-Queue", as iom_fault_name has them of a unit; for what reads
 * logs and has none.  Never NULL.
 */
const char *iom_riscv_fault_name(uint32_t cause);

#ifdef __cplusplus
}
#endif
#endif

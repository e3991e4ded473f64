/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Walkers that are slow and obvious: each written from its manual alone, with numbers, against which
 * the library's are compared.  Neither this header nor the twins include anything of src.
 *
 * Levels count from 0, the smallest pages, upwards.
 */
#ifndef TESTS_PT_TWIN_H
#define TESTS_PT_TWIN_H

#include <stdbool.h>
#include <stdint.h>

enum twin_why {
	TWIN_OK,
	TWIN_INPUT,
	TWIN_NOT_PRESENT,
	TWIN_MALFORMED,
	TWIN_RESERVED, /* malformed by reserved bits: AMD alone tells that apart */
	TWIN_OUTPUT,
	TWIN_PERMISSION,
	TWIN_ACCESSED,
	TWIN_DIRTY,
	TWIN_BUS,
	TWIN_WHYS
};

/* What the manual lets be chosen. */
struct twin_shape {
	unsigned mode;        /* RISC-V: 39, 48, 57; x86, VT-d: levels; AMD: Mode; VMSA: TxSZ */
	unsigned granule;     /* VMSA: in KiB                                                 */
	unsigned start;       /* VMSA stage 2: start level                                    */
	unsigned input_bits;  /* VT-d: min(MGAW, AGAW)                                        */
	unsigned output_bits; /* 0: 56                                                        */
	unsigned options;     /* TWIN_<format>_...                                            */
};

/* RISC-V */
#define TWIN_RV_X4 1u
#define TWIN_RV_SVPBMT 2u
/* x86 */
#define TWIN_X86_FS1GP 1u
#define TWIN_X86_NXE 2u
#define TWIN_X86_IGNORE_XD 4u
#define TWIN_X86_EAFE 8u
#define TWIN_X86_WPE 16u
#define TWIN_X86_SMEP 32u
/* VT-d */
#define TWIN_VTD_2M 1u
#define TWIN_VTD_1G 2u
#define TWIN_VTD_SC 4u
#define TWIN_VTD_SSADE 8u
#define TWIN_VTD_SSIRWE 16u
/* AMD */
#define TWIN_AMD_A 1u
#define TWIN_AMD_D 2u
/* VMSA */
#define TWIN_VMSA_UPPER 1u
#define TWIN_VMSA_AFFD 2u
#define TWIN_VMSA_HAD 4u
#define TWIN_VMSA_EL2 8u
#define TWIN_VMSA_XNX 16u
#define TWIN_VMSA_OA52 32u
#define TWIN_VMSA_WXN 64u

struct twin_ask {
	uint64_t root, input;
	bool read, write, execute, user;
	bool user_pages; /* RISC-V SUM; for VMSA: PAN is 0 */
	/* One entry, in the CPU's byte order.  False: memory refused. */
	bool (*load)(void *ctx, uint64_t address, uint64_t *entry);
	void *ctx;
};

struct twin_answer {
	enum twin_why why;
	unsigned level;
	/* TWIN_OK */
	uint64_t address;
	unsigned size_lg2;
	bool readable, writable, executable, privileged_executable, users;
};

typedef struct twin_answer twin_walk(const struct twin_shape *shape, const struct twin_ask *ask);

twin_walk twin_riscv, twin_x86_64, twin_vtd_ss, twin_amd_v1, twin_vmsa_s1, twin_vmsa_s2;

#endif

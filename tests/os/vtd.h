/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* VT-d units for the driver to find: capabilities in numbers, and what tests of it share. */
#ifndef TESTS_OS_VTD_H
#define TESTS_OS_VTD_H

#include "bench.h"

/* CAP */
#define ND(n) ((uint64_t)(n))
#define RWBF (1ull << 4)
#define CM (1ull << 7)
#define SAGAW_39 (1ull << 9)
#define SAGAW_48 (1ull << 10)
#define SAGAW_57 (1ull << 11)
#define MGAW(bits) (((bits)-1ull) << 16)
#define FRO (0x22ull << 24) /* records at 0x220 */
#define FRCD 0x220u
#define PAGES_2M (1ull << 34)
#define PAGES_1G (1ull << 35)
#define PSI (1ull << 39)
#define NFR(n) (((n)-1ull) << 40)
#define MAMV(n) ((uint64_t)(n) << 48)
#define DRAIN (3ull << 54)
#define FS1GP (1ull << 56)
#define FS5LP (1ull << 60)
#define ESRTPS (1ull << 63)
#define CAP_48                                                                                     \
	(ND(6) | SAGAW_39 | SAGAW_48 | MGAW(48) | FRO | PAGES_2M | PAGES_1G | PSI | NFR(8) |       \
	 MAMV(18) | DRAIN)

/* ECAP */
#define COHERENT 1ull
#define QI (1ull << 1)
#define DT (1ull << 2)
#define IR (1ull << 3)
#define EIM (1ull << 4)
#define PT (1ull << 6)
#define IRO (0xfull << 8) /* IVA at 0xf0, IOTLB at 0xf8 */
#define NEST (1ull << 26)
#define PRS (1ull << 29)
#define PSS(bits) (((bits)-1ull) << 35)
#define PASID (1ull << 40)
#define PDS (1ull << 42)
#define SMTS (1ull << 43)
#define SSTS (1ull << 46)
#define FSTS (1ull << 47)
#define SMPWCS (1ull << 48)
#define ECAP_LEGACY (COHERENT | QI | DT | PT | IRO)
#define ECAP_SCALABLE                                                                              \
	(ECAP_LEGACY | NEST | PRS | PSS(20) | PASID | PDS | SMTS | SSTS | FSTS | SMPWCS)

/* Registers */
#define GSTS 0x1cu
#define GSTS_TES 0x80000000u
#define GSTS_RTPS 0x40000000u
#define GSTS_QIES 0x04000000u
#define RTADDR 0x20u
#define FSTS_AT 0x34u
#define FECTL 0x38u
#define PMEN 0x64u
#define PLMBASE 0x68u
#define PLMLIMIT 0x6cu
#define IQT 0x88u
#define IQA 0x90u

#define DEVICE 0x123u

static inline struct iom_vtd_config vtd_unit(uint64_t cap, uint64_t ecap)
{
	return (struct iom_vtd_config){
		.bytes = sizeof(struct iom_vtd_config),
		.cap = cap,
		.ecap = ecap,
		.version = ecap & SMTS ? 0x40 : 0x10,
	};
}

static inline struct bench *vtd_ready(uint64_t cap, uint64_t ecap)
{
	const struct iom_vtd_config config = vtd_unit(cap, ecap);

	return bench_ready_vtd(&config);
}

static inline struct iom_domain *vtd_domain(struct bench *b, unsigned kind)
{
	struct iom_domain *domain;

	CHECK_MSG(!iom_domain_new(b->driver, kind, &domain, &b->error), "%s", b->error.text);
	return domain;
}

static inline void vtd_map(struct iom_domain *domain, uint64_t iova, uint64_t phys, uint64_t bytes)
{
	CHECK_EQ(iom_domain_map(domain, iova, phys, bytes, IOM_PROT_READ | IOM_PROT_WRITE), IOM_OK);
}

static inline void vtd_unmap(struct iom_domain *domain, uint64_t iova, uint64_t bytes)
{
	struct iom_gather gather = { 0 };

	CHECK_EQ(iom_domain_unmap(domain, iova, bytes, &gather), IOM_OK);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
}

static inline void vtd_gone(struct bench *b, struct iom_domain *domain, uint32_t requester)
{
	CHECK_EQ(iom_domain_detach(domain, requester), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

#endif

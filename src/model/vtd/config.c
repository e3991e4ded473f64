/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a VT-d unit may be: profiles, and what a CAP and ECAP of one's own must not be. */
#include "model/vtd/vtd.h"

#include "base/error.h"

#define DEFAULT_ADDRESS_BITS 46u
#define ADDRESS_BITS_MIN 32u
#define ADDRESS_BITS_MAX 52u
#define DEFAULT_ATS_TIMEOUT_NS UINT64_C(60000000000)
#define DEFAULT_CACHE_LG2 12
#define CACHE_LG2_MIN 3
#define DEFAULT_PROTECTED_LG2 21
#define PROTECTED_LG2_MIN 12
#define PROTECTED_LG2_MAX 30
#define VERSION_MIN 0x10
#define VERSION_MAX 0x8f
#define PASID_BITS_MAX 20

#define AW(levels) IOM_BIT((levels)-2)

/* The profiles, each with all that the one before it has. */
#define LEGACY_CAP                                                                                 \
	(IOM_PUT(VTD_CAP_ND, 6) | IOM_PUT(VTD_CAP_SAGAW, AW(3) | AW(4)) |                          \
	 IOM_PUT(VTD_CAP_MGAW, 48 - 1) | VTD_CAP_ZLR | IOM_PUT(VTD_CAP_FRO, 0x220 / 16) |          \
	 VTD_CAP_SSLPS_2M | VTD_CAP_SSLPS_1G | VTD_CAP_PSI | IOM_PUT(VTD_CAP_NFR, 8 - 1) |         \
	 IOM_PUT(VTD_CAP_MAMV, 18) | VTD_CAP_DWD | VTD_CAP_DRD)
#define LEGACY_ECAP                                                                                \
	(VTD_ECAP_C | VTD_ECAP_QI | VTD_ECAP_DT | VTD_ECAP_IR | VTD_ECAP_EIM | VTD_ECAP_PT |       \
	 VTD_ECAP_SC | IOM_PUT(VTD_ECAP_IRO, 0x0f0 / 16) | IOM_PUT(VTD_ECAP_MHMV, 15))

#define SCALABLE_CAP (LEGACY_CAP | VTD_CAP_FS1GP | VTD_CAP_ESIRTPS | VTD_CAP_ESRTPS)
#define SCALABLE_ECAP                                                                              \
	(LEGACY_ECAP | VTD_ECAP_SMTS | VTD_ECAP_FSTS | VTD_ECAP_SSTS | VTD_ECAP_NEST |             \
	 VTD_ECAP_SMPWCS | VTD_ECAP_SSADS | VTD_ECAP_EAFS | VTD_ECAP_SRS | VTD_ECAP_RPS |          \
	 VTD_ECAP_PASID | IOM_PUT(VTD_ECAP_PSS, PASID_BITS_MAX - 1) | VTD_ECAP_PRS | VTD_ECAP_PDS)

#define FULL_CAP                                                                                   \
	((SCALABLE_CAP & ~(VTD_CAP_SAGAW | VTD_CAP_MGAW)) |                                        \
	 IOM_PUT(VTD_CAP_SAGAW, AW(3) | AW(4) | AW(5)) | IOM_PUT(VTD_CAP_MGAW, 57 - 1) |           \
	 VTD_CAP_PLMR | VTD_CAP_PHMR | VTD_CAP_FS5LP | VTD_CAP_PI)
#define FULL_ECAP                                                                                  \
	(SCALABLE_ECAP | VTD_ECAP_NWFS | VTD_ECAP_DIT | VTD_ECAP_ADMS | VTD_ECAP_RPRIVS |          \
	 VTD_ECAP_PTRS | VTD_ECAP_SSIRWS | VTD_ECAP_SMS)

static const struct {
	uint64_t cap, ecap;
	uint8_t version;
} profiles[] = {
	[IOM_VTD_LEGACY] = { LEGACY_CAP, LEGACY_ECAP, 0x10 },
	[IOM_VTD_SCALABLE] = { SCALABLE_CAP, SCALABLE_ECAP, 0x40 },
	[IOM_VTD_FULL] = { FULL_CAP, FULL_ECAP, 0x50 },
};

/* What can be had: these and, of what the specification numbers, nothing else. */
#define BUILT_CAP                                                                                  \
	(FULL_CAP | VTD_CAP_ND | VTD_CAP_RWBF | VTD_CAP_CM | VTD_CAP_MGAW | VTD_CAP_FRO |          \
	 VTD_CAP_NFR | VTD_CAP_MAMV)
#define BUILT_ECAP                                                                                 \
	(FULL_ECAP | VTD_ECAP_IRO | VTD_ECAP_MHMV | VTD_ECAP_PSS | VTD_ECAP_EIMER | VTD_ECAP_IRREQ)

enum { CAP, ECAP };

static const char *const names[] = { [CAP] = "CAP", [ECAP] = "ECAP" };

/* What the specification has, or had, and this library has not. */
static const struct {
	uint8_t reg;
	uint64_t bit;
	const char *name;
} missing[] = {
	{ CAP, IOM_BIT(3), "AFL" },        { CAP, IOM_BIT(23), "ISOCH" },
	{ CAP, VTD_CAP_ECMDS, "ECMDS" },   { ECAP, VTD_ECAP_MTS, "MTS" },
	{ ECAP, VTD_ECAP_ERS, "ERS" },     { ECAP, VTD_ECAP_VCS, "VCS" },
	{ ECAP, VTD_ECAP_TDXCS, "TDXCS" }, { ECAP, VTD_ECAP_PMS, "PMS" },
	{ ECAP, VTD_ECAP_HPTS, "HPTS" },   { ECAP, VTD_ECAP_HPT1GPS, "HPT1GPS" },
	{ ECAP, VTD_ECAP_RDTS, "RDTS" },
};

/* Capabilities (fields too, if they are not 0) that need others. */
static const struct {
	uint8_t reg;
	uint64_t field;
	const char *name;
	uint64_t needs; /* of ECAP */
	const char *needed;
} dependencies[] = {
	{ CAP, VTD_CAP_FS1GP, "FS1GP", VTD_ECAP_FSTS, "FSTS" },
	{ CAP, VTD_CAP_FS5LP, "FS5LP", VTD_ECAP_FSTS, "FSTS" },
	{ CAP, VTD_CAP_PI, "PI", VTD_ECAP_IR, "IR" },
	{ ECAP, VTD_ECAP_DT, "DT", VTD_ECAP_QI, "QI" },
	{ ECAP, VTD_ECAP_IR, "IR", VTD_ECAP_QI, "QI" },
	{ ECAP, VTD_ECAP_SMTS, "SMTS", VTD_ECAP_QI, "QI" },
	{ ECAP, VTD_ECAP_EIM, "EIM", VTD_ECAP_IR, "IR" },
	{ ECAP, VTD_ECAP_MHMV, "MHMV", VTD_ECAP_IR, "IR" },
	{ ECAP, VTD_ECAP_IRREQ, "IRREQ", VTD_ECAP_IR, "IR" },
	{ ECAP, VTD_ECAP_EIMER, "EIMER", VTD_ECAP_EIM, "EIM" },
	{ ECAP, VTD_ECAP_FSTS, "FSTS", VTD_ECAP_SMTS, "SMTS" },
	{ ECAP, VTD_ECAP_SMPWCS, "SMPWCS", VTD_ECAP_SMTS, "SMTS" },
	{ ECAP, VTD_ECAP_RPS, "RPS", VTD_ECAP_SMTS, "SMTS" },
	{ ECAP, VTD_ECAP_PASID, "PASID", VTD_ECAP_SMTS, "SMTS" },
	{ ECAP, VTD_ECAP_SRS, "SRS", VTD_ECAP_SMTS, "SMTS" },
	{ ECAP, VTD_ECAP_PRS, "PRS", VTD_ECAP_SMTS, "SMTS" },
	{ ECAP, VTD_ECAP_PRS, "PRS", VTD_ECAP_DT, "DT" },
	{ ECAP, VTD_ECAP_SMS, "SMS", VTD_ECAP_PRS, "PRS" },
	{ ECAP, VTD_ECAP_NEST, "NEST", VTD_ECAP_FSTS, "FSTS" },
	{ ECAP, VTD_ECAP_NEST, "NEST", VTD_ECAP_SSTS, "SSTS" },
	{ ECAP, VTD_ECAP_SSADS, "SSADS", VTD_ECAP_SMPWCS, "SMPWCS" },
	{ ECAP, VTD_ECAP_EAFS, "EAFS", VTD_ECAP_FSTS, "FSTS" },
	{ ECAP, VTD_ECAP_EAFS, "EAFS", VTD_ECAP_SMPWCS, "SMPWCS" },
	{ ECAP, VTD_ECAP_PSS, "PSS", VTD_ECAP_PASID, "PASID" },
	{ ECAP, VTD_ECAP_RPRIVS, "RPRIVS", VTD_ECAP_SRS, "SRS" },
	{ ECAP, VTD_ECAP_NWFS, "NWFS", VTD_ECAP_DT, "DT" },
	{ ECAP, VTD_ECAP_PDS, "PDS", VTD_ECAP_DT, "DT" },
	{ ECAP, VTD_ECAP_DIT, "DIT", VTD_ECAP_DT, "DT" },
	{ ECAP, VTD_ECAP_PTRS, "PTRS", VTD_ECAP_DT, "DT" },
	{ ECAP, VTD_ECAP_PTRS, "PTRS", VTD_ECAP_PASID, "PASID" },
	{ ECAP, VTD_ECAP_SSIRWS, "SSIRWS", VTD_ECAP_SSTS, "SSTS" },
};

static int check_bits(const uint64_t *reg, struct iom_error *error)
{
	const uint64_t built[] = { [CAP] = BUILT_CAP, [ECAP] = BUILT_ECAP };

	for (size_t i = 0; i < IOM_COUNT(missing); i++) {
		if (reg[missing[i].reg] & missing[i].bit)
			return iom_fail(error, IOM_ENOTSUP,
			                "%s.%s is set, a capability that this library does not "
			                "have; it must be 0",
			                names[missing[i].reg], missing[i].name);
	}
	for (unsigned r = CAP; r <= ECAP; r++) {
		if (reg[r] & ~built[r])
			return iom_fail(error, IOM_EINVAL,
			                "%s bit %u is set; it is reserved and must be 0", names[r],
			                iom_ctz(reg[r] & ~built[r]));
	}
	for (size_t i = 0; i < IOM_COUNT(dependencies); i++) {
		if (reg[dependencies[i].reg] & dependencies[i].field &&
		    !(reg[ECAP] & dependencies[i].needs))
			return iom_fail(error, IOM_EINVAL,
			                "%s.%s is set without ECAP.%s, which it needs",
			                names[dependencies[i].reg], dependencies[i].name,
			                dependencies[i].needed);
	}
	return IOM_OK;
}

/* Fields whose value says too much, or what two of them may not say together. */
static int check_cap(const struct iom_vtd_config *config, struct iom_error *error)
{
	uint64_t cap = config->cap;
	unsigned major = config->version >> 4;

	if (IOM_GET(VTD_CAP_ND, cap) == 7)
		return iom_fail(error, IOM_EINVAL,
		                "CAP.ND is 7, which is reserved; 0 to 6 mean domain-ids of 4 to 16 "
		                "bits");
	if (cap & VTD_CAP_SSLPS_1G && !(cap & VTD_CAP_SSLPS_2M))
		return iom_fail(error, IOM_EINVAL,
		                "CAP.SSLPS has pages of 1 GiB without pages of 2 MiB, which they "
		                "need");
	if (cap & VTD_CAP_RWBF && config->ecap & VTD_ECAP_SMTS)
		return iom_fail(error, IOM_EINVAL,
		                "CAP.RWBF is set; it must be 0 where ECAP.SMTS is set");
	if (IOM_GET(VTD_ECAP_PSS, config->ecap) >= PASID_BITS_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "ECAP.PSS is %u; PASIDs have up to %u bits, so it must be at most "
		                "%u",
		                (unsigned)IOM_GET(VTD_ECAP_PSS, config->ecap), PASID_BITS_MAX,
		                PASID_BITS_MAX - 1);
	if (major >= 2 && (cap & (VTD_CAP_DRD | VTD_CAP_DWD)) != (VTD_CAP_DRD | VTD_CAP_DWD))
		return iom_fail(error, IOM_EINVAL,
		                "CAP.DRD or CAP.DWD is 0; units of version 2.0 and later drain, "
		                "and have both set");
	if (major >= 6 && cap & VTD_CAP_SAGAW && !(config->ecap & VTD_ECAP_SSTS))
		return iom_fail(error, IOM_EINVAL,
		                "CAP.SAGAW is not 0 without ECAP.SSTS, which it needs from version "
		                "6.0 on");
	return IOM_OK;
}

/* All other registers end here: PEUADDR is the last one. */
#define FREE_OFFSET (VTD_PECTL + VTD_EVENT_UPPER + 4)

static int check_places(const struct iom_vtd_config *config, struct iom_error *error)
{
	unsigned faults = vtd_faults_offset(config->cap), records = vtd_fault_records(config->cap);
	unsigned faults_end = faults + records * VTD_FRCD_BYTES;
	unsigned iotlb = vtd_iotlb_offset(config->ecap);

	if (records > VTD_RECORDS_MAX)
		return iom_fail(error, IOM_ENOTSUP,
		                "CAP.NFR is %u, for %u fault records; this library has up to %u",
		                records - 1, records, VTD_RECORDS_MAX);
	if (faults < FREE_OFFSET || faults_end > VTD_MMIO_BYTES)
		return iom_fail(error, IOM_EINVAL,
		                "CAP.FRO and CAP.NFR put the fault records at 0x%llx to 0x%llx; "
		                "their place is between 0x%llx and 0xfff",
		                (unsigned long long)faults, (unsigned long long)faults_end - 1,
		                (unsigned long long)FREE_OFFSET);
	if (iotlb < FREE_OFFSET || iotlb + VTD_IOTLB_BYTES > VTD_MMIO_BYTES)
		return iom_fail(error, IOM_EINVAL,
		                "ECAP.IRO puts the IOTLB registers at 0x%llx; their place is "
		                "between 0x%llx and 0xff0",
		                (unsigned long long)iotlb, (unsigned long long)FREE_OFFSET);
	if (iotlb < faults_end && iotlb + VTD_IOTLB_BYTES > faults)
		return iom_fail(error, IOM_EINVAL,
		                "ECAP.IRO puts the IOTLB registers at 0x%llx, among the fault "
		                "records at 0x%llx to 0x%llx; they must not overlap",
		                (unsigned long long)iotlb, (unsigned long long)faults,
		                (unsigned long long)faults_end - 1);
	return IOM_OK;
}

static int check_numbers(const struct iom_vtd_config *config, struct iom_error *error)
{
	const unsigned flags = IOM_VTD_UNCACHED | IOM_VTD_COMPRESS_FAULTS | IOM_VTD_RESERVED_FIRST |
	                       IOM_VTD_ANY_PASID | IOM_VTD_REGISTERS_ALWAYS | IOM_VTD_AW_IGNORED;
	unsigned guest = (unsigned)IOM_GET(VTD_CAP_MGAW, config->cap) + 1;

	if (config->flags & ~flags)
		return iom_fail(error, IOM_EINVAL, "flags has bit %u set, which means nothing",
		                iom_ctz(config->flags & ~flags));
	if (config->version < VERSION_MIN || config->version > VERSION_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "version is 0x%llx; it must be 0x%llx to 0x%llx, major << 4 | "
		                "minor",
		                (unsigned long long)config->version,
		                (unsigned long long)VERSION_MIN, (unsigned long long)VERSION_MAX);
	if (config->address_bits < ADDRESS_BITS_MIN || config->address_bits > ADDRESS_BITS_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "the host address width is %u (address_bits, or CAP.MGAW + 1); it "
		                "must be %u to %u",
		                config->address_bits, ADDRESS_BITS_MIN, ADDRESS_BITS_MAX);
	if (guest < config->address_bits)
		return iom_fail(error, IOM_EINVAL,
		                "CAP.MGAW is %u, for addresses of %u bits; they must not be "
		                "narrower than the host's, which have %u",
		                guest - 1, guest, config->address_bits);
	if (config->cache_lg2 < CACHE_LG2_MIN || config->cache_lg2 > IOM_CACHE_LG2_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "cache_lg2 is %u; the cache has 2^%u to 2^%u entries",
		                config->cache_lg2, CACHE_LG2_MIN, IOM_CACHE_LG2_MAX);
	if (config->front_lg2 < IOM_FRONT_LG2_MIN || config->front_lg2 > IOM_FRONT_LG2_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "front_lg2 is %u; a port remembers 2^%u to 2^%u pages",
		                config->front_lg2, IOM_FRONT_LG2_MIN, IOM_FRONT_LG2_MAX);
	if (config->protected_lg2 < PROTECTED_LG2_MIN || config->protected_lg2 > PROTECTED_LG2_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "protected_lg2 is %u; protected memory regions have a granularity "
		                "of 2^%u to 2^%u bytes",
		                config->protected_lg2, PROTECTED_LG2_MIN, PROTECTED_LG2_MAX);
	return IOM_OK;
}

static void fill(struct iom_vtd_config *full)
{
	if (!full->cap) {
		full->cap = profiles[full->profile].cap;
		full->ecap = profiles[full->profile].ecap;
	}
	if (!full->version)
		full->version = profiles[full->profile].version;
	if (!full->address_bits) {
		unsigned guest = (unsigned)IOM_GET(VTD_CAP_MGAW, full->cap) + 1;

		full->address_bits =
			(uint8_t)(guest < DEFAULT_ADDRESS_BITS ? guest : DEFAULT_ADDRESS_BITS);
	}
	if (!full->ats_timeout_ns)
		full->ats_timeout_ns = DEFAULT_ATS_TIMEOUT_NS;
	if (!full->cache_lg2)
		full->cache_lg2 = DEFAULT_CACHE_LG2;
	if (!full->front_lg2)
		full->front_lg2 = IOM_FRONT_LG2;
	if (!full->protected_lg2)
		full->protected_lg2 = DEFAULT_PROTECTED_LG2;
}

int vtd_configure(const struct iom_vtd_config *config, struct iom_vtd_config *full,
                  struct iom_error *error)
{
	int result;

	*full = config ? *config : (struct iom_vtd_config){ .bytes = sizeof *full };
	if (full->profile >= IOM_COUNT(profiles))
		return iom_fail(error, IOM_EINVAL,
		                "profile is %u; it must be IOM_VTD_LEGACY, IOM_VTD_SCALABLE or "
		                "IOM_VTD_FULL",
		                full->profile);
	if (!full->cap != !full->ecap)
		return iom_fail(error, IOM_EINVAL,
		                "only one of cap and ecap is given; give both, or neither and a "
		                "profile");
	fill(full);
	result = check_bits((const uint64_t[]){ [CAP] = full->cap, [ECAP] = full->ecap }, error);
	if (!result)
		result = check_numbers(full, error);
	if (!result)
		result = check_cap(full, error);
	return result ? result : check_places(full, error);
}

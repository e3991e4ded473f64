/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the unit offers: a profile, or CAP and ECAP themselves, with single capabilities on or off. */
#include "qemu/osdep.h"

#include "qapi/error.h"
#include "vtd.h"

#define CAP_OFFSET 0x08

#define CAP_CM BIT_ULL(7)
#define CAP_SAGAW MAKE_64BIT_MASK(8, 5)
#define CAP_MGAW MAKE_64BIT_MASK(16, 6)
#define CAP_PI BIT_ULL(59)
#define CAP_FS1GP BIT_ULL(56)
#define CAP_FS5LP BIT_ULL(60)
#define ECAP_QI BIT_ULL(1)
#define ECAP_EIM BIT_ULL(4)
#define ECAP_MHMV MAKE_64BIT_MASK(20, 4)
#define ECAP_NEST BIT_ULL(26)
#define ECAP_PRS BIT_ULL(29)
#define ECAP_NWFS BIT_ULL(33)
#define ECAP_EAFS BIT_ULL(34)
#define ECAP_PSS MAKE_64BIT_MASK(35, 5)
#define ECAP_DIT BIT_ULL(41)
#define ECAP_PDS BIT_ULL(42)
#define ECAP_SSTS BIT_ULL(46)
#define ECAP_FSTS BIT_ULL(47)
#define ECAP_PASID BIT_ULL(40)
#define ECAP_PTRS BIT_ULL(56)
#define ECAP_SSIRWS BIT_ULL(57)
#define ECAP_SMS BIT_ULL(58)

static const char *const profiles[] = {
	[IOM_VTD_LEGACY] = "legacy",
	[IOM_VTD_SCALABLE] = "scalable",
	[IOM_VTD_FULL] = "full",
};

/* Bits that a capability sets when it is turned on, and takes with it when it is turned off. */
static const struct {
	uint64_t cap_on, ecap_on, cap_off, ecap_off;
} features[IOMMUX_VTD_FEATURES] = {
	[IOMMUX_VTD_CM] = { .cap_on = CAP_CM, .cap_off = CAP_CM },
	[IOMMUX_VTD_DT] = { .ecap_on = IOMMUX_VTD_ECAP_DT,
	                    .ecap_off = IOMMUX_VTD_ECAP_DT | ECAP_PRS | ECAP_NWFS | ECAP_DIT |
	                                ECAP_PDS | ECAP_PTRS | ECAP_SMS },
	[IOMMUX_VTD_EIM] = { .ecap_on = ECAP_EIM, .ecap_off = ECAP_EIM },
	[IOMMUX_VTD_FSTS] = { .ecap_on = ECAP_FSTS,
	                      .cap_off = CAP_FS1GP | CAP_FS5LP,
	                      .ecap_off = ECAP_FSTS | ECAP_NEST | ECAP_EAFS },
	[IOMMUX_VTD_IR] = { .ecap_on = IOMMUX_VTD_ECAP_IR,
	                    .cap_off = CAP_PI,
	                    .ecap_off = IOMMUX_VTD_ECAP_IR | ECAP_EIM | ECAP_MHMV },
	[IOMMUX_VTD_NEST] = { .ecap_on = ECAP_NEST, .ecap_off = ECAP_NEST },
	[IOMMUX_VTD_PASID] = { .ecap_on = ECAP_PASID,
	                       .ecap_off = ECAP_PASID | ECAP_PSS | ECAP_PTRS },
	[IOMMUX_VTD_PI] = { .cap_on = CAP_PI, .cap_off = CAP_PI },
	[IOMMUX_VTD_PRS] = { .ecap_on = ECAP_PRS, .ecap_off = ECAP_PRS | ECAP_SMS },
	[IOMMUX_VTD_PT] = { .ecap_on = BIT_ULL(6), .ecap_off = BIT_ULL(6) },
	[IOMMUX_VTD_QI] = { .ecap_on = ECAP_QI,
	                    .cap_off = CAP_PI,
	                    .ecap_off = ECAP_QI | IOMMUX_VTD_ECAP_DT | IOMMUX_VTD_ECAP_IR |
	                                ECAP_EIM | ECAP_MHMV },
	[IOMMUX_VTD_RWBF] = { .cap_on = BIT_ULL(4), .cap_off = BIT_ULL(4) },
	[IOMMUX_VTD_SC] = { .ecap_on = BIT_ULL(7), .ecap_off = BIT_ULL(7) },
	[IOMMUX_VTD_SSTS] = { .ecap_on = ECAP_SSTS,
	                      .cap_off = CAP_SAGAW,
	                      .ecap_off = ECAP_SSTS | ECAP_NEST | ECAP_SSIRWS },
};

static bool set_profile(struct iommux_vtd *vtd, struct iom_vtd_config *config, Error **errp)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (!vtd->profile || !strcmp(vtd->profile, profiles[i])) {
			config->profile = i;
			return true;
		}
	}
	error_setg(errp, "profile '%s' is not known; it should be legacy, scalable or full",
	           vtd->profile);
	return false;
}

/* Second-stage tables of 3 levels up to as many as the width takes; first-stage ones of 5 for 57. */
static bool set_width(struct iommux_vtd *vtd, struct iom_vtd_config *config, Error **errp)
{
	if (!vtd->aw_bits)
		return true;
	if (vtd->aw_bits != 39 && vtd->aw_bits != 48 && vtd->aw_bits != 57) {
		error_setg(errp, "aw-bits is %u; it should be 39, 48 or 57", vtd->aw_bits);
		return false;
	}
	if (config->cap & CAP_SAGAW) {
		config->cap &= ~CAP_SAGAW;
		for (unsigned bits = 39, agaw = 1; bits <= vtd->aw_bits; bits += 9, agaw++)
			config->cap |= UINT64_C(0x100) << agaw;
	}
	config->cap &= ~(CAP_MGAW | (vtd->aw_bits < 57 ? CAP_FS5LP : 0));
	config->cap |= (uint64_t)(vtd->aw_bits - 1) << 16;
	return true;
}

static void set_features(struct iommux_vtd *vtd, struct iom_vtd_config *config)
{
	for (size_t i = 0; i < IOMMUX_VTD_FEATURES; i++) {
		if (vtd->feature[i] == ON_OFF_AUTO_OFF) {
			config->cap &= ~features[i].cap_off;
			config->ecap &= ~features[i].ecap_off;
		}
	}
	/* What is asked for counts more than what goes with something else. */
	for (size_t i = 0; i < IOMMUX_VTD_FEATURES; i++) {
		if (vtd->feature[i] == ON_OFF_AUTO_ON) {
			config->cap |= features[i].cap_on;
			config->ecap |= features[i].ecap_on;
		}
	}
}

static bool create(struct iommux_vtd *vtd, const struct iom_vtd_config *config, Error **errp)
{
	struct iommux_adapter *adapter = &vtd->adapter;
	struct iom_error error;

	vtd->config = *config;
	adapter->made.vtd = &vtd->config;
	if (iom_vtd_new(config, adapter->memory, &iommux_host, adapter, &adapter->unit, &error) ==
	    IOM_OK)
		return true;
	iommux_error(errp, &error);
	return false;
}

bool iommux_vtd_new_unit(struct iommux_vtd *vtd, Error **errp)
{
	struct iom_vtd_config config = {
		.bytes = sizeof config,
		.cap = vtd->cap,
		.ecap = vtd->ecap,
		.flags = vtd->flags,
		.address_bits = vtd->address_bits,
		.cache_lg2 = vtd->adapter.cache_lg2,
		.front_lg2 = vtd->adapter.front_lg2,
	};

	if (!set_profile(vtd, &config, errp))
		return false;
	if (!config.cap && !config.ecap) {
		/* The profile's version comes with it; its capabilities are in the registers. */
		if (!create(vtd, &config, errp))
			return false;
		iom_mmio_read(vtd->adapter.unit, 0, CAP_OFFSET, 8, &config.cap);
		iom_mmio_read(vtd->adapter.unit, 0, IOMMUX_VTD_ECAP, 8, &config.ecap);
		iom_unit_free(vtd->adapter.unit);
		vtd->adapter.unit = NULL;
	}
	set_features(vtd, &config);
	return set_width(vtd, &config, errp) && create(vtd, &config, errp);
}

bool iommux_vtd_maps_are_told(struct iommux_vtd *vtd)
{
	uint64_t cap, ecap;

	iom_mmio_read(vtd->adapter.unit, 0, CAP_OFFSET, 8, &cap);
	iom_mmio_read(vtd->adapter.unit, 0, IOMMUX_VTD_ECAP, 8, &ecap);
	return cap & CAP_CM && !(ecap & ECAP_FSTS);
}

uint8_t iommux_vtd_address_width(struct iommux_vtd *vtd)
{
	uint64_t cap;

	iom_mmio_read(vtd->adapter.unit, 0, CAP_OFFSET, 8, &cap);
	return (cap >> 16 & 0x3f) + 1;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Invalidation descriptors ("Queued Invalidation Interface"): a row each. */
#include "model/vtd/vtd.h"

#include "base/endian.h"

struct descriptor {
	uint8_t type;     /* enum vtd_qi                                                    */
	bool wide;        /* needs 256 bits, and another mode than legacy                   */
	bool drains;      /* the next wait awaits what began before                         */
	uint64_t needs;   /* of ECAP, or 0                                                  */
	uint64_t bits[2]; /* what may be set beside the type; all else is reserved          */
	enum vtd_outcome (*run)(struct vtd_unit *vtd, const uint64_t *d);
};

static unsigned granularity(const uint64_t *d)
{
	return (unsigned)IOM_GET(VTD_QI_G, d[0]);
}

static uint32_t did(const uint64_t *d)
{
	return (uint32_t)IOM_GET(VTD_QI_DID, d[0]);
}

static uint32_t pasid(const uint64_t *d)
{
	return (uint32_t)IOM_GET(VTD_QI_PASID, d[0]);
}

static unsigned am(const uint64_t *d)
{
	return (unsigned)IOM_GET(VTD_QI_1_AM, d[1]);
}

static enum vtd_outcome context(struct vtd_unit *vtd, const uint64_t *d)
{
	if (granularity(d) == VTD_G_NONE)
		return VTD_BAD;
	vtd_forget_contexts(vtd, granularity(d), did(d),
	                    (uint32_t)IOM_GET(VTD_QI_CONTEXT_SID, d[0]),
	                    (unsigned)IOM_GET(VTD_QI_CONTEXT_FM, d[0]));
	return VTD_DONE;
}

static enum vtd_outcome iotlb(struct vtd_unit *vtd, const uint64_t *d)
{
	unsigned g = granularity(d);

	if (g == VTD_G_NONE || (g == VTD_G_SELECTIVE && !vtd_page_selective(vtd, am(d))))
		return VTD_BAD;
	vtd_forget_iotlb(vtd, g, did(d), d[1], am(d));
	return VTD_DONE;
}

static enum vtd_outcome pasid_iotlb(struct vtd_unit *vtd, const uint64_t *d)
{
	unsigned g = granularity(d);

	if (g != VTD_QI_PASID_IOTLB_ALL && g != VTD_QI_PASID_IOTLB_PAGE)
		return VTD_BAD;
	vtd_forget_pasid_iotlb(vtd, g == VTD_QI_PASID_IOTLB_PAGE, did(d), pasid(d), d[1], am(d));
	return VTD_DONE;
}

static enum vtd_outcome pasid_cache(struct vtd_unit *vtd, const uint64_t *d)
{
	unsigned g = granularity(d);

	if (g != VTD_QI_PASID_OF_DOMAIN && g != VTD_QI_PASID_ONE && g != VTD_QI_PASID_GLOBAL)
		return VTD_BAD;
	vtd_forget_pasids(vtd, g, did(d), pasid(d));
	return VTD_DONE;
}

static enum vtd_outcome interrupt_entries(struct vtd_unit *vtd, const uint64_t *d)
{
	unsigned im = (unsigned)IOM_GET(VTD_QI_IEC_IM, d[0]);
	uint32_t index = (uint32_t)IOM_GET(VTD_QI_IEC_IIDX, d[0]);

	if (!(d[0] & VTD_QI_IEC_G)) {
		vtd_irtes_forget(vtd, 0, UINT32_MAX);
		return VTD_DONE;
	}
	if (im > IOM_GET(VTD_ECAP_MHMV, vtd->ecap))
		return VTD_BAD;
	vtd_irtes_forget(vtd, index & ~(uint32_t)iom_low(im), index | (uint32_t)iom_low(im));
	return VTD_DONE;
}

static enum vtd_outcome device(struct vtd_unit *vtd, const uint64_t *d)
{
	return vtd_ats_invalidate(vtd, d) ? VTD_DONE : VTD_NO_TAG;
}

static enum vtd_outcome page_response(struct vtd_unit *vtd, const uint64_t *d)
{
	vtd_ats_page_response(vtd, d);
	return VTD_DONE;
}

bool vtd_wait_may_end(const struct vtd_unit *vtd, const uint64_t *d)
{
	return !iom_drains(&vtd->unit, VTD_DRAIN_WAIT) && !iom_itags_any(&vtd->itags) &&
	       !(d[0] & VTD_QI_WAIT_PD && iom_peek(&vtd->pages_count));
}

enum vtd_outcome vtd_wait_complete(struct vtd_unit *vtd, const uint64_t *d)
{
	struct iom_unit *unit = &vtd->unit;
	uint8_t data[4];

	if (!(d[0] & VTD_QI_WAIT_SW))
		return VTD_DONE;
	iom_st32(data, (uint32_t)IOM_GET(VTD_QI_WAIT_DATA, d[0]), false);
	return iom_own_write(unit, IOM_OF_QUEUE, d[1] & VTD_QI_WAIT_1_ADDRESS & unit->spa_last,
	                     data, sizeof data)
	               ? VTD_LOST
	               : VTD_DONE;
}

/* FN asks for nothing more: no descriptor is fetched behind one that waits. */
static enum vtd_outcome wait(struct vtd_unit *vtd, const uint64_t *d)
{
	if (vtd->to_drain)
		(void)iom_drain(&vtd->unit, VTD_DRAIN_WAIT, false);
	if (d[0] & VTD_QI_WAIT_PD)
		vtd_pages_store(vtd);
	return vtd_wait_may_end(vtd, d) ? vtd_wait_complete(vtd, d) : VTD_WAITS;
}

#define PAGES (VTD_QI_1_ADDRESS | VTD_QI_1_AM | VTD_QI_1_IH)

static const struct descriptor descriptors[] = {
	{ VTD_QI_CONTEXT,
	  .bits = { VTD_QI_G | VTD_QI_DID | VTD_QI_CONTEXT_SID | VTD_QI_CONTEXT_FM, 0 },
	  .run = context },
	{ VTD_QI_IOTLB, .drains = true,
	  .bits = { VTD_QI_G | VTD_QI_IOTLB_DW | VTD_QI_IOTLB_DR | VTD_QI_DID, PAGES },
	  .run = iotlb },
	{ VTD_QI_DEVICE, .needs = VTD_ECAP_DT,
	  .bits = { VTD_QI_DEVICE_MIP | VTD_QI_DEVICE_SID, VTD_QI_DEVICE_1_S | VTD_QI_1_ADDRESS },
	  .run = device },
	{ VTD_QI_IEC, .drains = true, .needs = VTD_ECAP_IR,
	  .bits = { VTD_QI_IEC_G | VTD_QI_IEC_IM | VTD_QI_IEC_IIDX, 0 }, .run = interrupt_entries },
	{ VTD_QI_WAIT,
	  .bits = { VTD_QI_WAIT_IF | VTD_QI_WAIT_SW | VTD_QI_WAIT_FN | VTD_QI_WAIT_DATA,
	            VTD_QI_WAIT_1_ADDRESS },
	  .run = wait },
	{ VTD_QI_PASID_IOTLB, .wide = true, .drains = true,
	  .bits = { VTD_QI_G | VTD_QI_DID | VTD_QI_PASID, PAGES }, .run = pasid_iotlb },
	{ VTD_QI_PASID_CACHE, .wide = true, .bits = { VTD_QI_G | VTD_QI_DID | VTD_QI_PASID, 0 },
	  .run = pasid_cache },
	{ VTD_QI_PASID_DEVICE, .wide = true, .needs = VTD_ECAP_DT,
	  .bits = { VTD_QI_PASID_DEVICE_MIP | VTD_QI_PASID_DEVICE_SID | VTD_QI_PASID,
	            VTD_QI_PASID_DEVICE_1_G | VTD_QI_PASID_DEVICE_1_S | VTD_QI_1_ADDRESS },
	  .run = device },
	{ VTD_QI_PAGE_RESPONSE, .wide = true, .needs = VTD_ECAP_PRS,
	  .bits = { VTD_QI_RESPONSE_PP | VTD_QI_RESPONSE_CODE | VTD_QI_RESPONSE_RID | VTD_QI_PASID,
	            VTD_QI_RESPONSE_1_LPIG | VTD_QI_RESPONSE_1_PRGI },
	  .run = page_response },
};

/* Bits of the first quadword that are reserved without a capability. */
static const struct {
	uint64_t ecap, bits;
	uint8_t type;
} optional[] = {
	{ VTD_ECAP_DIT, VTD_QI_PFSID_LOW | VTD_QI_PFSID_HIGH, VTD_QI_DEVICE },
	{ VTD_ECAP_DIT, VTD_QI_PFSID_LOW | VTD_QI_PFSID_HIGH, VTD_QI_PASID_DEVICE },
	{ VTD_ECAP_PDS, VTD_QI_WAIT_PD, VTD_QI_WAIT },
};

static const struct descriptor *find(const uint64_t *d)
{
	for (size_t i = 0; i < IOM_COUNT(descriptors); i++) {
		if (descriptors[i].type == IOM_GET(VTD_QI_TYPE, d[0]) && !(d[0] & VTD_QI_TYPE_HIGH))
			return &descriptors[i];
	}
	return NULL;
}

static bool reserved_set(const struct vtd_unit *vtd, const struct descriptor *row,
                         const uint64_t *d)
{
	uint64_t bits = row->bits[0] | VTD_QI_TYPE;

	for (size_t i = 0; i < IOM_COUNT(optional); i++) {
		if (row->type == optional[i].type && vtd->ecap & optional[i].ecap)
			bits |= optional[i].bits;
	}
	return d[0] & ~bits || d[1] & ~row->bits[1] || d[2] || d[3];
}

/* UNSPECIFIED: which comes first of these. */
static enum vtd_iqei judge(const struct vtd_unit *vtd, enum vtd_ttm ttm, bool wide,
                           const struct descriptor *row, const uint64_t *d)
{
	bool legacy = ttm == VTD_TTM_LEGACY;

	if (!vtd_mode_ok(vtd, ttm))
		return VTD_IQEI_TTM;
	if (wide ? !(vtd->ecap & (VTD_ECAP_SMTS | VTD_ECAP_ADMS)) : !legacy)
		return VTD_IQEI_WIDTH;
	if (!row || (row->needs && !(vtd->ecap & row->needs)) || (row->wide && legacy))
		return VTD_IQEI_TYPE;
	return reserved_set(vtd, row, d) ? VTD_IQEI_FIELD : VTD_IQEI_NONE;
}

enum vtd_outcome vtd_descriptor_run(struct vtd_unit *vtd, enum vtd_ttm ttm, bool wide,
                                    const uint64_t *d, enum vtd_iqei *iqei)
{
	const struct descriptor *row = find(d);

	*iqei = judge(vtd, ttm, wide, row, d);
	if (*iqei != VTD_IQEI_NONE)
		return VTD_BAD;
	*iqei = VTD_IQEI_FIELD; /* ... if a field says what is not allowed */
	vtd->to_drain |= row->drains;
	return row->run(vtd, d);
}

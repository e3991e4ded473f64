/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Device and process directories and their contexts ("Device-Directory-Table", "Process to
 * translate an IOVA").
 */
#include "model/riscv/riscv.h"

#include <string.h>

static bool has(const struct rv_unit *rv, uint64_t capability)
{
	return rv->cap & capability;
}

/*
 * The capability that a mode of iosatp or iohgatp asks for; 0 where there is no such mode.  Sv32 and
 * Sv39 share their number.
 */
struct scheme {
	uint64_t stage1, stage2;
};

static const struct scheme rv32_schemes[] = {
	[RV_ATP_SV32] = { RV_CAP_SV32, RV_CAP_SV32X4 },
};
static const struct scheme rv64_schemes[] = {
	[RV_ATP_SV39] = { RV_CAP_SV39, RV_CAP_SV39X4 },
	[RV_ATP_SV48] = { RV_CAP_SV48, RV_CAP_SV48X4 },
	[RV_ATP_SV57] = { RV_CAP_SV57, RV_CAP_SV57X4 },
};

static struct scheme scheme_of(bool rv32, uint64_t mode)
{
	static const struct scheme none;

	if (rv32)
		return mode < IOM_COUNT(rv32_schemes) ? rv32_schemes[mode] : none;
	return mode < IOM_COUNT(rv64_schemes) ? rv64_schemes[mode] : none;
}

static bool iosatp_ok(const struct rv_unit *rv, bool rv32, uint64_t fsc)
{
	uint64_t mode = IOM_GET(RV_FSC_MODE, fsc);

	return mode == RV_ATP_BARE || has(rv, scheme_of(rv32, mode).stage1);
}

static bool iohgatp_ok(const struct rv_unit *rv, bool rv32, uint64_t iohgatp)
{
	uint64_t mode = IOM_GET(RV_IOHGATP_MODE, iohgatp);

	return mode == RV_ATP_BARE || (has(rv, scheme_of(rv32, mode).stage2) && !(iohgatp & 3));
}

bool rv_gxl_writable(const struct rv_unit *rv)
{
	return rv->config.flags & IOM_RISCV_GXL_WRITABLE;
}

/* 1 where no second stage for RV64 is there, and one for RV32 is; without any, the first tells. */
uint64_t rv_gxl_fixed(const struct rv_unit *rv)
{
	if (has(rv, RV_CAP_SV39X4))
		return 0;
	return has(rv, RV_CAP_SV32X4) || (has(rv, RV_CAP_SV32) && !has(rv, RV_CAP_SV39))
	               ? RV_FCTL_GXL
	               : 0;
}

/* May the first stage be that of RV32, or of RV64?  (tc.SXL) */
static bool sxl_ok(const struct rv_unit *rv, bool gxl, bool sxl)
{
	return gxl ? sxl : !sxl || rv_gxl_writable(rv);
}

static bool pdtp_ok(const struct rv_unit *rv, uint64_t fsc)
{
	switch (IOM_GET(RV_FSC_MODE, fsc)) {
	case RV_PDTP_BARE:
		return true;
	case RV_PDTP_PD8:
		return has(rv, RV_CAP_PD8);
	case RV_PDTP_PD17:
		return has(rv, RV_CAP_PD17);
	case RV_PDTP_PD20:
		return has(rv, RV_CAP_PD20);
	default:
		return false;
	}
}

/* MGPAW: the width of a guest-physical address, by the widest second-stage scheme. */
static unsigned gpa_bits(const struct rv_unit *rv)
{
	return has(rv, RV_CAP_SV57X4)   ? 59
	       : has(rv, RV_CAP_SV48X4) ? 50
	       : has(rv, RV_CAP_SV39X4) ? 41
	       : has(rv, RV_CAP_SV32X4) ? 34
	                                : (unsigned)IOM_GET(RV_CAP_PAS, rv->cap);
}

static bool msi_words_ok(const struct rv_unit *rv, const uint64_t *words)
{
	uint64_t mode = IOM_GET(RV_FSC_MODE, words[RV_DC_MSIPTP]);
	uint64_t reserved = RV_MSI_ADDR_RSVD;

	if (!(rv->config.flags & IOM_RISCV_LENIENT_MSI_MASK))
		reserved |= ~iom_low(gpa_bits(rv) - 12);
	if (words[RV_DC_RSVD] || words[RV_DC_MSIPTP] & RV_FSC_RSVD ||
	    (words[RV_DC_MSI_ADDR_MASK] | words[RV_DC_MSI_ADDR_PATTERN]) & reserved)
		return false;
	if (mode == RV_MSIPTP_OFF)
		return true;
	return mode == RV_MSIPTP_FLAT &&
	       IOM_GET(RV_IOHGATP_MODE, words[RV_DC_IOHGATP]) != RV_ATP_BARE;
}

#define TC_ATS (RV_TC_EN_ATS | RV_TC_EN_PRI | RV_TC_PRPR | RV_TC_T2GPA)

/* Bits of tc need a capability, and another one of them. */
static bool ats_ok(const struct rv_unit *rv, uint64_t tc, uint64_t iohgatp)
{
	static const struct {
		uint64_t bit, capability, needs;
	} bits[] = {
		{ RV_TC_EN_ATS, RV_CAP_ATS, RV_TC_EN_ATS },
		{ RV_TC_T2GPA, RV_CAP_T2GPA, RV_TC_EN_ATS },
		{ RV_TC_EN_PRI, RV_CAP_ATS, RV_TC_EN_ATS },
		{ RV_TC_PRPR, RV_CAP_ATS, RV_TC_EN_PRI },
	};

	for (size_t i = 0; i < IOM_COUNT(bits); i++) {
		if (tc & bits[i].bit && !(has(rv, bits[i].capability) && tc & bits[i].needs))
			return false;
	}
	return !(tc & RV_TC_T2GPA) || IOM_GET(RV_IOHGATP_MODE, iohgatp) != RV_ATP_BARE;
}

/* "Device-context configuration checks". */
enum pt_why rv_decode_dc(const struct rv_unit *rv, uint64_t fctl, const uint64_t *words,
                         struct rv_dc *dc, uint32_t *pscid)
{
	const uint64_t absent = has(rv, RV_CAP_AMO_HWAD) ? 0 : RV_TC_GADE | RV_TC_SADE;
	uint64_t tc = words[RV_DC_TC], ta = words[RV_DC_TA], fsc = words[RV_DC_FSC];
	bool gxl = fctl & RV_FCTL_GXL, sxl = tc & RV_TC_SXL;

	if (!(tc & RV_TC_V))
		return PT_WHY_EMPTY;
	if (tc & (RV_TC_RSVD | absent) || fsc & RV_FSC_RSVD ||
	    ta & (RV_DC_TA_RSVD | RV_DC_TA_RCID | RV_DC_TA_MCID) &
	            ~rv_qos_ids(rv, RV_DC_TA_RCID, RV_DC_TA_MCID))
		return PT_WHY_BAD;
	if ((!has(rv, RV_CAP_END) && tc & RV_TC_SBE) || !sxl_ok(rv, gxl, sxl))
		return PT_WHY_BAD;
	if (tc & RV_TC_PDTV ? !pdtp_ok(rv, fsc) : !iosatp_ok(rv, sxl, fsc) || tc & RV_TC_DPE)
		return PT_WHY_BAD;
	if (!iohgatp_ok(rv, gxl, words[RV_DC_IOHGATP]) ||
	    (tc & TC_ATS && !ats_ok(rv, tc, words[RV_DC_IOHGATP])))
		return PT_WHY_BAD;
	if (has(rv, RV_CAP_MSI_FLAT) && !msi_words_ok(rv, words))
		return PT_WHY_BAD;

	*pscid = (uint32_t)IOM_GET(RV_DC_TA_PSCID, ta);
	*dc = (struct rv_dc){ .tc = (uint32_t)tc,
		              .rcid = (uint16_t)IOM_GET(RV_DC_TA_RCID, ta),
		              .mcid = (uint16_t)IOM_GET(RV_DC_TA_MCID, ta),
		              .iohgatp = words[RV_DC_IOHGATP],
		              .fsc = fsc };
	if (has(rv, RV_CAP_MSI_FLAT)) {
		uint64_t width = iom_low(gpa_bits(rv) - 12);

		dc->msiptp = words[RV_DC_MSIPTP];
		dc->msi_mask = words[RV_DC_MSI_ADDR_MASK] & width;
		dc->msi_pattern = words[RV_DC_MSI_ADDR_PATTERN] & width;
	}
	return PT_OK;
}

enum pt_why rv_decode_pc(const struct rv_unit *rv, bool rv32, const uint64_t *words,
                         struct rv_pc *pc)
{
	if (!(words[RV_PC_TA] & RV_PC_TA_V))
		return PT_WHY_EMPTY;
	if (words[RV_PC_TA] & RV_PC_TA_RSVD || words[RV_PC_FSC] & RV_FSC_RSVD ||
	    !iosatp_ok(rv, rv32, words[RV_PC_FSC]))
		return PT_WHY_BAD;
	*pc = (struct rv_pc){ .ta = words[RV_PC_TA], .fsc = words[RV_PC_FSC] };
	return PT_OK;
}

static enum pt_why decode_dir(uint64_t entry, uint64_t *table)
{
	if (!(entry & RV_DIR_V))
		return PT_WHY_EMPTY;
	if (entry & RV_DIR_RSVD)
		return PT_WHY_BAD;
	*table = IOM_GET(RV_DIR_PPN, entry) << 12;
	return PT_OK;
}

/* Index widths of the levels of a directory, the leaf level first. */
struct directory {
	uint8_t index_lg2[3];
};

static const struct directory ddt_base = { { 7, 9, 8 } };
static const struct directory ddt_ext = { { 6, 9, 9 } };
static const struct directory pdt = { { 8, 9, 3 } };

static const struct directory *ddt_of(const struct rv_unit *rv)
{
	return has(rv, RV_CAP_MSI_FLAT) ? &ddt_ext : &ddt_base;
}

/* Bits of the identifier below `level`, which is the width that this many levels cover. */
static unsigned directory_bits(const struct directory *dir, unsigned level)
{
	unsigned bits = 0;

	while (level--)
		bits += dir->index_lg2[level];
	return bits;
}

static uint64_t directory_index(const struct directory *dir, unsigned level, uint32_t id)
{
	return id >> directory_bits(dir, level) & iom_low(dir->index_lg2[level]);
}

unsigned rv_device_bits(const struct rv_unit *rv)
{
	return directory_bits(ddt_of(rv), iom_log2(rv->config.ddt_levels) + 1);
}

unsigned rv_process_bits(const struct rv_unit *rv)
{
	return directory_bits(&pdt, has(rv, RV_CAP_PD20) ? 3 : has(rv, RV_CAP_PD17) ? 2 : 1);
}

static bool pid_fits(const struct rv_dc *dc, uint32_t process_id)
{
	unsigned levels = (unsigned)IOM_GET(RV_FSC_MODE, dc->fsc);

	return !levels || !(process_id & ~iom_low(directory_bits(&pdt, levels)));
}

/* Tells of entries that were read; `words` as the CPU has them. */
static void loaded(const struct iom_query *query, const struct rv_context *context,
                   const struct iom_own_access *read, const uint64_t *words, bool big_endian)
{
	struct iom_own_access access = *read;
	uint64_t raw[RV_LOAD_WORDS];

	for (unsigned i = 0; i < access.bytes / 8; i++)
		raw[i] = iom_cpu64(words[i], big_endian);
	access.data = access.result == IOM_OK ? raw : NULL;
	rv_accessed(query, context, &access);
}

int rv_load(const struct iom_query *query, const struct rv_context *context, unsigned of,
            uint64_t spa, unsigned words, bool big_endian, uint64_t *out)
{
	struct rv_unit *rv = rv_of(query->unit);
	int result = IOM_OK;

	if (rv_beyond_pas(rv, spa))
		return IOM_EFAULT;
	for (unsigned i = 0; i < words && !result; i++)
		result = iom_memory_ld64(rv->unit.memory, query->view, spa + UINT64_C(8) * i,
		                         big_endian, &out[i]);
	if (query->watchers)
		loaded(query, context,
		       &(struct iom_own_access){ .spa = spa,
		                                 .bytes = 8 * words,
		                                 .result = result,
		                                 .of = (uint8_t)of },
		       out, big_endian);
	return result;
}

static bool refuse(struct iom_fault *fault, enum iom_where where, enum pt_why why)
{
	fault->where = (uint8_t)where;
	fault->why = (uint8_t)why;
	return false;
}

static enum pt_why bus_why(int result)
{
	return result == IOM_OK ? PT_OK : result == IOM_EPOISON ? PT_WHY_POISON : PT_WHY_BUS;
}

static bool load_dc(const struct iom_query *query, uint64_t ddtp, uint64_t fctl, struct rv_dc *dc,
                    uint32_t *pscid, struct iom_fault *fault)
{
	const struct rv_unit *rv = rv_of(query->unit);
	uint32_t device_id = query->requester;
	const struct directory *dir = ddt_of(rv);
	bool ext = has(rv, RV_CAP_MSI_FLAT), big = fctl & RV_FCTL_BE;
	unsigned level = (unsigned)IOM_GET(RV_DDTP_MODE, ddtp) - RV_DDTP_1LVL;
	uint64_t table = IOM_GET(RV_DDTP_PPN, ddtp) << 12, words[8];
	enum pt_why why;

	if (device_id & ~iom_low(directory_bits(dir, level + 1)))
		return refuse(fault, IOM_WHERE_TYPE, PT_OK);
	for (; level; level--) {
		why = bus_why(rv_load(query, NULL, IOM_OF_DEVICE,
		                      table + directory_index(dir, level, device_id) * 8, 1, big,
		                      words));
		if (!why)
			why = decode_dir(words[0], &table);
		if (why)
			return refuse(fault, IOM_WHERE_DEVICE, why);
	}
	table += directory_index(dir, 0, device_id) * (ext ? RV_DC_EXT_BYTES : RV_DC_BASE_BYTES);
	why = bus_why(rv_load(query, NULL, IOM_OF_DEVICE, table, ext ? 8 : 4, big, words));
	if (!why)
		why = rv_decode_dc(rv, fctl, words, dc, pscid);
	return why ? refuse(fault, IOM_WHERE_DEVICE, why) : true;
}

/* Reads `words` doublewords of the PDT at a guest-physical address. */
static bool load_pdt(const struct iom_query *query, const struct rv_context *context, uint64_t gpa,
                     unsigned words, uint64_t *out, struct iom_fault *fault)
{
	enum pt_why why;
	uint64_t spa;

	if (!rv_implicit_read(query, context, gpa, &spa, fault)) {
		/* Tables of stage 2 that cannot be read count as the PDT's own trouble. */
		if (fault->why == PT_WHY_BUS || fault->why == PT_WHY_POISON)
			fault->where = IOM_WHERE_PROCESS;
		return false;
	}
	why = bus_why(rv_load(query, context, IOM_OF_PROCESS, spa, words,
	                      context->dc.tc & RV_TC_SBE, out));
	return why ? refuse(fault, IOM_WHERE_PROCESS, why) : true;
}

static bool load_pc(const struct iom_query *query, const struct rv_context *context,
                    uint32_t process_id, struct rv_pc *pc, struct iom_fault *fault)
{
	uint64_t fsc = context->dc.fsc, table = IOM_GET(RV_FSC_PPN, fsc) << 12, words[2];
	unsigned level = (unsigned)IOM_GET(RV_FSC_MODE, fsc) - RV_PDTP_PD8;
	enum pt_why why;

	for (; level; level--) {
		if (!load_pdt(query, context, table + directory_index(&pdt, level, process_id) * 8,
		              1, words, fault))
			return false;
		why = decode_dir(words[0], &table);
		if (why)
			return refuse(fault, IOM_WHERE_PROCESS, why);
	}
	table += directory_index(&pdt, 0, process_id) * RV_PC_BYTES;
	if (!load_pdt(query, context, table, 2, words, fault))
		return false;
	why = rv_decode_pc(rv_of(query->unit), context->dc.tc & RV_TC_SXL, words, pc);
	return why ? refuse(fault, IOM_WHERE_PROCESS, why) : true;
}

/* ---- Spaces and the context cache --------------------------------------------------------- */

/* GSCID tags what a guest's second stage is part of; 0 is the host's own. */
static uint32_t guest_tag(const struct rv_dc *dc)
{
	return IOM_GET(RV_IOHGATP_MODE, dc->iohgatp) == RV_ATP_BARE
	               ? 0
	               : (uint32_t)IOM_GET(RV_IOHGATP_GSCID, dc->iohgatp) + 1;
}

static void find_guest_spaces(const struct iom_query *query, struct rv_context *c)
{
	uint64_t big = c->fctl & RV_FCTL_BE;
	struct iom_space_key key = { { c->dc.iohgatp, big, c->fctl & RV_FCTL_GXL },
		                     IOM_SPACE_STAGE2,
		                     { guest_tag(&c->dc), 0 } };

	c->stage2 = c->msi = (struct iom_space_ref){ 0, 0 };
	if (!guest_tag(&c->dc))
		return;
	c->stage2 = iom_space_get(query->unit, &key);
	iom_space_use(query, c->stage2);
	if (IOM_GET(RV_FSC_MODE, c->dc.msiptp) != RV_MSIPTP_FLAT)
		return;
	key = (struct iom_space_key){ { c->dc.msiptp, c->dc.msi_mask, c->dc.msi_pattern, big },
		                      IOM_SPACE_MSI,
		                      { guest_tag(&c->dc), 0 } };
	c->msi = iom_space_get(query->unit, &key);
	iom_space_use(query, c->msi);
}

static void find_process_space(const struct iom_query *query, struct rv_context *c, uint32_t pscid)
{
	uint32_t guest = guest_tag(&c->dc);
	struct iom_space_key key = { { c->iosatp, guest ? c->dc.iohgatp : 0,
		                       c->dc.tc & (RV_TC_SBE | RV_TC_SXL),
		                       guest ? c->fctl & RV_FCTL_GXL : 0 },
		                     IOM_SPACE_STAGE1,
		                     { guest, pscid } };

	c->stage1 = (struct iom_space_ref){ 0, 0 };
	if (IOM_GET(RV_FSC_MODE, c->iosatp) == RV_ATP_BARE)
		return;
	c->stage1 = iom_space_get(query->unit, &key);
	iom_space_use(query, c->stage1);
}

/* A context as the cache keeps it: the device's, and what the request's process adds to it. */
#define CACHED_WORDS (sizeof(struct rv_context) / 8)
_Static_assert(sizeof(struct rv_context) % 8 == 0 && CACHED_WORDS <= IOM_CONTEXT_WORDS, "a context "
                                                                                        "fits its "
                                                                                        "place in "
                                                                                        "the "
                                                                                        "cache");

static bool find_cached(const struct iom_query *query, uint32_t which, struct rv_context *c)
{
	const struct iom_cache *cache = &query->unit->cache;

	if (!iom_context_find(query, which, c, CACHED_WORDS))
		return false;
	/* A space may have lost its place to another one. */
	if (!iom_space_is(cache, c->stage1) || !iom_space_is(cache, c->stage2) ||
	    !iom_space_is(cache, c->msi)) {
		iom_context_mistrust(query);
		return false;
	}
	iom_space_use(query, c->stage1);
	iom_space_use(query, c->stage2);
	iom_space_use(query, c->msi);
	return true;
}

static void keep_cached(const struct iom_query *query, uint32_t which, const struct rv_context *c)
{
	uint64_t words[IOM_CONTEXT_WORDS] = { 0 };

	memcpy(words, c, sizeof *c);
	iom_context_keep(query->unit, query->endpoint, which, words, query->invalidations);
}

/* Inlined where requests go: the time of a request that is not cached is in here. */
PT_INLINE bool locate_device(const struct iom_query *query, uint64_t ddtp, struct rv_context *c,
                             struct iom_fault *fault)
{
	uint32_t pscid;

	if (find_cached(query, IOM_CONTEXT_DEVICE, c))
		return true;
	*c = (struct rv_context){ .fctl = rv_get(rv_of(query->unit), RV_FCTL) };
	if (!load_dc(query, ddtp, c->fctl, &c->dc, &pscid, fault))
		return false;
	c->ta = IOM_PUT(RV_PC_TA_PSCID, pscid);
	find_guest_spaces(query, c);
	keep_cached(query, IOM_CONTEXT_DEVICE, c);
	return true;
}

bool rv_locate_device(const struct iom_query *query, uint64_t ddtp, struct rv_context *c,
                      struct iom_fault *fault)
{
	return locate_device(query, ddtp, c, fault);
}

static bool disallowed(struct iom_fault *fault)
{
	return refuse(fault, IOM_WHERE_TYPE, PT_OK);
}

/* Step 5: does the device context let this kind of request in? */
static bool lets_in(const struct rv_dc *dc, const struct iom_request *q)
{
	if (q->at != IOM_AT_UNTRANSLATED && !(dc->tc & RV_TC_EN_ATS))
		return false;
	return !(q->flags & IOM_REQ_PASID) || (dc->tc & RV_TC_PDTV && pid_fits(dc, q->pasid));
}

/* Steps 8 to 12: whose first stage it is. */
static bool locate_process(const struct iom_query *query, struct rv_context *c,
                           struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	bool pasid = q->flags & IOM_REQ_PASID;
	uint32_t process_id = pasid ? q->pasid : 0;
	struct rv_pc pc;

	if (!(c->dc.tc & RV_TC_PDTV)) {
		c->iosatp = c->dc.fsc;
	} else if ((!pasid && !(c->dc.tc & RV_TC_DPE)) ||
	           IOM_GET(RV_FSC_MODE, c->dc.fsc) == RV_PDTP_BARE) {
		c->iosatp = 0;
		c->ta = RV_PC_TA_ENS; /* nobody forbids supervisors */
	} else {
		if (!load_pc(query, c, process_id, &pc, fault))
			return false;
		c->iosatp = pc.fsc;
		c->ta = pc.ta;
	}
	find_process_space(query, c, (uint32_t)IOM_GET(RV_PC_TA_PSCID, c->ta));
	return true;
}

const struct rv_context *rv_locate(const struct iom_query *query, uint64_t ddtp,
                                   struct rv_context *room, struct iom_fault *fault)
{
	const struct iom_request *q = query->request;
	uint32_t which = q->flags & IOM_REQ_PASID ? q->pasid : IOM_CONTEXT_NO_PASID;
	/* What is translated already has no first stage, and asks for no process context. */
	bool translated = q->at == IOM_AT_TRANSLATED;
	const struct rv_context *c = translated ? NULL : iom_context_recall(query, which);
	bool cached = c || (!translated && find_cached(query, which, room));

	if (!cached && !locate_device(query, ddtp, room, fault))
		return NULL;
	if (!c)
		c = room;
	fault->quiet = c->dc.tc & RV_TC_DTF;
	if (!lets_in(&c->dc, q)) {
		disallowed(fault);
		return NULL;
	}
	if (translated)
		return c;
	if (!cached) {
		if (!locate_process(query, room, fault))
			return NULL;
		/* A probe has not marked the pages of the process directory as accessed. */
		if (!(q->flags & IOM_REQ_PROBE && c->dc.tc & RV_TC_GADE))
			keep_cached(query, which, room);
	}
	if (which != IOM_CONTEXT_NO_PASID && q->flags & IOM_REQ_PRIVILEGED &&
	    !(c->ta & RV_PC_TA_ENS)) {
		disallowed(fault);
		return NULL;
	}
	return c;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Commands of both architectures: RISC-V "Command-Queue", VT-d "Queued Invalidation Interface" */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "anatomy_parts.h"
#include "regs/riscv.h"
#include "regs/vtd.h"

/* A command of a table: its kind, as command_kind has it, and what it consists of. */
struct kind {
	unsigned kind;
	struct anatomy anatomy;
};

/* ---- RISC-V ------------------------------------------------------------------------------------- */

#define RV_KIND(opcode, func3) ((opcode) | (func3) << 7)
#define RV_HEAD PART("opcode", RV_CMD_OPCODE, 0, NAMED), PART("func3", RV_CMD_FUNC3, 0, NAMED)

/* The address is kept from bit 12 on, in bits from 10 on. */
static const char *say_page(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)w;
	snprintf(room, size, "page 0x%" PRIx64, (value << 12));
	return room;
}

/* ... from bit 2 on, in bits from 0 on */
static const char *say_word(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)w;
	snprintf(room, size, "at 0x%" PRIx64, (value << 2));
	return room;
}

static const struct anatomy_field rv_iotinval[] = {
	RV_HEAD,
	PART("AV", RV_IOTINVAL_AV, 0, MEANS("all addresses", "one address"), TELLING),
	PART("PSCID", RV_IOTINVAL_PSCID, 0),
	PART("PSCV", RV_IOTINVAL_PSCV, 0, SET("one PSCID")),
	PART("GV", RV_IOTINVAL_GV, 0, SET("one GSCID")),
	PART("NL", RV_IOTINVAL_NL, 0, SET("non-leaf entries too")),
	PART("GSCID", RV_IOTINVAL_GSCID, 0),
	PART("S", RV_IOTINVAL_1_S, 1, SET("a range")),
	PART("ADDR", RV_IOTINVAL_1_ADDR, 1, .say = say_page),
};

static const struct anatomy_field rv_iofence[] = {
	RV_HEAD,
	PART("AV", RV_IOFENCE_AV, 0, SET("stores DATA")),
	PART("WSI", RV_IOFENCE_WSI, 0, SET("wire")),
	PART("PR", RV_IOFENCE_PR, 0, SET("reads ordered")),
	PART("PW", RV_IOFENCE_PW, 0, SET("writes ordered")),
	PART("DATA", RV_IOFENCE_DATA, 0),
	PART("ADDR", RV_IOFENCE_1_ADDR, 1, .say = say_word),
};

static const struct anatomy_field rv_iodir[] = {
	RV_HEAD,
	PART("PID", RV_IODIR_PID, 0),
	PART("DV", RV_IODIR_DV, 0, MEANS("all devices", "one device"), TELLING),
	PART("DID", RV_IODIR_DID, 0),
};

#define RV_ATS_HEAD                                                                                \
	RV_HEAD, PART("PID", RV_ATS_PID, 0), PART("PV", RV_ATS_PV, 0),                             \
		PART("DSV", RV_ATS_DSV, 0, SET("DSEG counts")),                                    \
		PART("RID", RV_ATS_RID, 0, .say = anatomy_say_pci, TELLING),                       \
		PART("DSEG", RV_ATS_DSEG, 0)

static const struct anatomy_field rv_ats_inval[] = {
	RV_ATS_HEAD,
	PART("G", RV_ATS_INVAL_1_G, 1, SET("all PASIDs")),
	PART("S", RV_ATS_INVAL_1_S, 1, SET("a range")),
	PART("ADDR", RV_ATS_INVAL_1_ADDR, 1, WHOLE, TELLING),
};

#define RESPONSES                                                                                  \
	MEANS("success", "invalid request", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,  \
	      NULL, NULL, NULL, NULL, "failure")

static const struct anatomy_field rv_ats_prgr[] = {
	RV_ATS_HEAD,
	PART("PRG_INDEX", RV_ATS_PRGR_1_INDEX, 1, TELLING),
	PART("CODE", RV_ATS_PRGR_1_CODE, 1, RESPONSES, TELLING),
};

#define RV(name, rows) ANATOMY(name, 2, 0, rows)

static const struct kind riscv[] = {
	{ RV_KIND(RV_OP_IOTINVAL, RV_IOTINVAL_VMA), RV("IOTINVAL.VMA", rv_iotinval) },
	{ RV_KIND(RV_OP_IOTINVAL, RV_IOTINVAL_GVMA), RV("IOTINVAL.GVMA", rv_iotinval) },
	{ RV_KIND(RV_OP_IOFENCE, RV_IOFENCE_C), RV("IOFENCE.C", rv_iofence) },
	{ RV_KIND(RV_OP_IODIR, RV_IODIR_INVAL_DDT), RV("IODIR.INVAL_DDT", rv_iodir) },
	{ RV_KIND(RV_OP_IODIR, RV_IODIR_INVAL_PDT), RV("IODIR.INVAL_PDT", rv_iodir) },
	{ RV_KIND(RV_OP_ATS, RV_ATS_INVAL), RV("ATS.INVAL", rv_ats_inval) },
	{ RV_KIND(RV_OP_ATS, RV_ATS_PRGR), RV("ATS.PRGR", rv_ats_prgr) },
};

/* ---- VT-d --------------------------------------------------------------------------------------- */

#define VTD_HEAD PART("type", VTD_QI_TYPE, 0, NAMED), PART("type_high", VTD_QI_TYPE_HIGH, 0, NAMED)
#define PFSID PART("PFSID[3:0]", VTD_QI_PFSID_LOW, 0), PART("PFSID[15:4]", VTD_QI_PFSID_HIGH, 0)
#define PAGES                                                                                      \
	PART("AM", VTD_QI_1_AM, 1), PART("IH", VTD_QI_1_IH, 1, SET("leaves alone")),               \
		PART("ADDR", VTD_QI_1_ADDRESS, 1, WHOLE)

static const struct anatomy_field vtd_context[] = {
	VTD_HEAD,
	PART("G", VTD_QI_G, 0, MEANS("reserved", "global", "domain", "device"), TELLING),
	PART("DID", VTD_QI_DID, 0),
	PART("SID", VTD_QI_CONTEXT_SID, 0, .say = anatomy_say_pci),
	PART("FM", VTD_QI_CONTEXT_FM, 0,
	     MEANS(NULL, "without function bit 2", "without function bits 2 and 1",
	           "without function")),
};

static const struct anatomy_field vtd_iotlb[] = {
	VTD_HEAD,
	PART("G", VTD_QI_G, 0, MEANS("reserved", "global", "domain", "pages of a domain"), TELLING),
	PART("DW", VTD_QI_IOTLB_DW, 0, SET("writes drained")),
	PART("DR", VTD_QI_IOTLB_DR, 0, SET("reads drained")),
	PART("DID", VTD_QI_DID, 0),
	PAGES,
};

static const struct anatomy_field vtd_device[] = {
	VTD_HEAD,
	PART("SID", VTD_QI_DEVICE_SID, 0, .say = anatomy_say_pci, TELLING),
	PART("MIP", VTD_QI_DEVICE_MIP, 0),
	PFSID,
	PART("S", VTD_QI_DEVICE_1_S, 1, SET("a range")),
	PART("ADDR", VTD_QI_1_ADDRESS, 1, WHOLE, TELLING),
};

static const struct anatomy_field vtd_iec[] = {
	VTD_HEAD,
	PART("G", VTD_QI_IEC_G, 0, MEANS("all entries", "by index"), TELLING),
	PART("IM", VTD_QI_IEC_IM, 0),
	PART("IIDX", VTD_QI_IEC_IIDX, 0),
};

static const struct anatomy_field vtd_wait[] = {
	VTD_HEAD,
	PART("IF", VTD_QI_WAIT_IF, 0, SET("interrupt")),
	PART("SW", VTD_QI_WAIT_SW, 0, SET("status is stored")),
	PART("FN", VTD_QI_WAIT_FN, 0, SET("fence")),
	PART("PD", VTD_QI_WAIT_PD, 0, SET("page requests drained")),
	PART("DATA", VTD_QI_WAIT_DATA, 0),
	PART("ADDR", VTD_QI_WAIT_1_ADDRESS, 1, WHOLE),
};

static const struct anatomy_field vtd_pasid_iotlb[] = {
	VTD_HEAD,
	PART("G", VTD_QI_G, 0, MEANS("reserved", "reserved", "PASID", "pages of a PASID"), TELLING),
	PART("DID", VTD_QI_DID, 0, TELLING),
	PART("PASID", VTD_QI_PASID, 0, TELLING),
	PAGES,
};

static const struct anatomy_field vtd_pasid_cache[] = {
	VTD_HEAD,
	PART("G", VTD_QI_G, 0, MEANS("domain", "PASID of a domain", "reserved", "global"), TELLING),
	PART("DID", VTD_QI_DID, 0),
	PART("PASID", VTD_QI_PASID, 0),
};

static const struct anatomy_field vtd_pasid_device[] = {
	VTD_HEAD,
	PART("SID", VTD_QI_PASID_DEVICE_SID, 0, .say = anatomy_say_pci, TELLING),
	PART("PASID", VTD_QI_PASID, 0, TELLING),
	PART("MIP", VTD_QI_PASID_DEVICE_MIP, 0),
	PFSID,
	PART("G", VTD_QI_PASID_DEVICE_1_G, 1, SET("all PASIDs")),
	PART("S", VTD_QI_PASID_DEVICE_1_S, 1, SET("a range")),
	PART("ADDR", VTD_QI_1_ADDRESS, 1, WHOLE, TELLING),
};

static const struct anatomy_field vtd_page_response[] = {
	VTD_HEAD,
	PART("RID", VTD_QI_RESPONSE_RID, 0, .say = anatomy_say_pci, TELLING),
	PART("PP", VTD_QI_RESPONSE_PP, 0),
	PART("PASID", VTD_QI_PASID, 0),
	PART("code", VTD_QI_RESPONSE_CODE, 0, RESPONSES, TELLING),
	PART("LPIG", VTD_QI_RESPONSE_1_LPIG, 1, SET("ignored")),
	PART("PRGI", VTD_QI_RESPONSE_1_PRGI, 1, TELLING),
};

static const struct anatomy_field vtd_hpt[] = {
	VTD_HEAD,
	PART("G", VTD_QI_G, 0, MEANS("reserved", "global", "domain", "pages of a domain"), TELLING),
	PART("HPTDID", VTD_QI_DID, 0),
	PART("AM", VTD_QI_1_AM, 1),
	PART("levels", VTD_QI_HPT_1_LEVELS, 1),
	PART("ADDR", VTD_QI_1_ADDRESS, 1, WHOLE),
};

#define VTD(name, rows) ANATOMY(name, 4, 0, rows)

static const struct kind vtd[] = {
	{ VTD_QI_CONTEXT, VTD("context-cache invalidate", vtd_context) },
	{ VTD_QI_IOTLB, VTD("IOTLB invalidate", vtd_iotlb) },
	{ VTD_QI_DEVICE, VTD("device-TLB invalidate", vtd_device) },
	{ VTD_QI_IEC, VTD("interrupt-entry-cache invalidate", vtd_iec) },
	{ VTD_QI_WAIT, VTD("invalidation wait", vtd_wait) },
	{ VTD_QI_PASID_IOTLB, VTD("PASID-based IOTLB invalidate", vtd_pasid_iotlb) },
	{ VTD_QI_PASID_CACHE, VTD("PASID-cache invalidate", vtd_pasid_cache) },
	{ VTD_QI_PASID_DEVICE, VTD("PASID-based device-TLB invalidate", vtd_pasid_device) },
	{ VTD_QI_PAGE_RESPONSE, VTD("page group response", vtd_page_response) },
	{ VTD_QI_HPT, VTD("HPT-cache invalidate", vtd_hpt) },
};

/* ---- Which of them ------------------------------------------------------------------------------ */

unsigned anatomy_command_kind(const char *arch, uint64_t word)
{
	if (!strcmp(arch, "riscv"))
		return (unsigned)(word & (RV_CMD_OPCODE | RV_CMD_FUNC3));
	return (unsigned)(IOM_GET(VTD_QI_TYPE, word) | IOM_GET(VTD_QI_TYPE_HIGH, word) << 4);
}

const struct anatomy *anatomy_command(const char *arch, unsigned kind)
{
	const bool rv = !strcmp(arch, "riscv");
	const struct kind *kinds = rv ? riscv : vtd;
	const size_t count = rv ? IOM_COUNT(riscv) : IOM_COUNT(vtd);

	for (size_t i = 0; i < count; i++) {
		if (kinds[i].kind == kind)
			return &kinds[i].anatomy;
	}
	return NULL;
}

const char *anatomy_command_name(const char *arch, unsigned kind, char *room, size_t size)
{
	const struct anatomy *command = anatomy_command(arch, kind);

	if (command)
		return command->name;
	snprintf(room, size, "unknown command 0x%x", kind);
	return room;
}

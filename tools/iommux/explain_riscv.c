/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Walks of a RISC-V IOMMU in words: registers, what each access is of, clauses. */
#include <inttypes.h>
#include <stdio.h>

#include "explanation.h"
#include "regs/riscv.h"

#define LOCATE_DEVICE "Process to locate the Device-context"
#define LOCATE_PROCESS "Process to locate the Process-context"
#define TRANSLATE "Process to translate an IOVA"
#define MESSAGES "Process to translate addresses of MSIs"
#define FLAGS "IOMMU updating of PTE accessed (A) and dirty (D) bits"
#define RECORDS "Fault/Event-Queue"

static uint64_t reg(struct iom_unit *unit, unsigned off, unsigned bytes)
{
	uint64_t value = 0;

	(void)iom_mmio_read(unit, 0, off, bytes, &value);
	return value;
}

/* ---- Registers --------------------------------------------------------------------------------- */

static void say_ddtp(struct explain_step *s, uint64_t ddtp)
{
	static const char *const says[] = {
		[RV_DDTP_OFF] = "mode Off: every request is refused",
		[RV_DDTP_BARE] = "mode Bare: untranslated requests pass as they are",
		[RV_DDTP_1LVL] = "mode 1LVL: the device directory is one table",
		[RV_DDTP_2LVL] = "mode 2LVL: the device directory has two levels",
		[RV_DDTP_3LVL] = "mode 3LVL: the device directory has three levels",
	};
	unsigned mode = (unsigned)IOM_GET(RV_DDTP_MODE, ddtp);

	if (mode >= RV_DDTP_1LVL && mode <= RV_DDTP_3LVL)
		snprintf(s->says, sizeof s->says, "%s, at 0x%" PRIx64, says[mode],
		         IOM_GET(RV_DDTP_PPN, ddtp) << 12);
	else
		snprintf(s->says, sizeof s->says, "%s",
		         mode < IOM_COUNT(says) ? says[mode] : "a reserved mode");
}

static void begin(struct explanation *x, struct explain_walk *w)
{
	struct iom_unit *unit = x->scene->unit;
	uint64_t fctl = reg(unit, RV_FCTL, 4), ddtp = reg(unit, RV_DDTP, 8);
	struct explain_step *s;

	w->big = w->big1 = fctl & RV_FCTL_BE;
	w->how = fctl & RV_FCTL_GXL ? ANATOMY_GXL : 0;
	s = explain_register(x, "fctl", fctl);
	if (s)
		snprintf(s->says, sizeof s->says, "tables are %s-endian; schemes of %s",
		         w->big ? "big" : "little", w->how ? "RV32" : "RV64");
	s = explain_register(x, "ddtp", ddtp);
	if (!s)
		return;
	say_ddtp(s, ddtp);
	if (IOM_GET(RV_DDTP_MODE, ddtp) <= RV_DDTP_3LVL &&
	    IOM_GET(RV_DDTP_MODE, ddtp) > RV_DDTP_BARE)
		w->levels0 = (unsigned)IOM_GET(RV_DDTP_MODE, ddtp) - RV_DDTP_BARE;
	s->clause = TRANSLATE;
}

/* ---- Accesses ---------------------------------------------------------------------------------- */

/* Of a MODE as it stands in iosatp and iohgatp. */
static unsigned levels_of(uint64_t mode, bool rv32)
{
	if (mode < RV_ATP_SV39 || mode > RV_ATP_SV57)
		return 0;
	return rv32 ? 2 : (unsigned)(mode - RV_ATP_SV39) + 3;
}

static void take_dc(struct explanation *x, struct explain_walk *w, const struct explain_step *s)
{
	uint64_t tc = s->word[RV_DC_TC];

	if (!s->count || !(tc & RV_TC_V))
		return;
	w->big1 = tc & RV_TC_SBE;
	w->rv32 = tc & RV_TC_SXL;
	w->levels2 =
		levels_of(IOM_GET(RV_IOHGATP_MODE, s->word[RV_DC_IOHGATP]), w->how & ANATOMY_GXL);
	w->wants_process = tc & RV_TC_PDTV && IOM_GET(RV_FSC_MODE, s->word[RV_DC_FSC]);
	if (!(tc & RV_TC_PDTV))
		w->levels1 = levels_of(IOM_GET(RV_FSC_MODE, s->word[RV_DC_FSC]), w->rv32);
	if (s->count > RV_DC_MSIPTP)
		w->msi_base = IOM_GET(RV_FSC_PPN, s->word[RV_DC_MSIPTP]) << 12;
	w->at1 = w->levels1;
	w->at2 = w->levels2;
	x->quiet = tc & RV_TC_DTF;
}

static void label_device(struct explanation *x, struct explain_walk *w, struct explain_step *s)
{
	char room[16];

	s->clause = LOCATE_DEVICE;
	if (s->bytes == 8) {
		s->anatomy = &anatomy_rv_ddt;
		snprintf(s->what, sizeof s->what, "device directory, level %u, entry %u",
		         w->levels0, (unsigned)(s->spa % 4096 / 8));
		w->levels0 -= w->levels0 ? 1 : 0;
		return;
	}
	s->anatomy = &anatomy_rv_dc;
	snprintf(s->what, sizeof s->what, "device context of %s",
	         explain_device(x->question.requester, room));
	take_dc(x, w, s);
}

static void label_process(struct explanation *x, struct explain_walk *w, struct explain_step *s)
{
	s->clause = LOCATE_PROCESS;
	if (s->bytes == 8) {
		s->anatomy = &anatomy_rv_pdt;
		snprintf(s->what, sizeof s->what, "process directory, entry %u",
		         (unsigned)(s->spa % 4096 / 8));
		return;
	}
	s->anatomy = &anatomy_rv_pc;
	snprintf(s->what, sizeof s->what, "process context of process_id 0x%" PRIx32,
	         x->question.request.flags & IOM_REQ_PASID ? x->question.request.pasid : 0);
	w->wants_process = false;
	if (s->count != 2 || !(s->word[RV_PC_TA] & RV_PC_TA_V))
		return;
	w->levels1 = w->at1 = levels_of(IOM_GET(RV_FSC_MODE, s->word[RV_PC_FSC]), w->rv32);
}

/* Why the second stage is walked: what it is to find. */
static const char *of_what(const struct explain_walk *w)
{
	if (w->wants_process)
		return "an entry of the process directory";
	return w->at1 && !w->page ? "an entry of the first stage" : "the page";
}

static void label_stage(struct explain_walk *w, struct explain_step *s)
{
	bool first = s->of == IOM_OF_STAGE1;
	unsigned *at = first ? &w->at1 : &w->at2;
	uint64_t pte = s->count ? s->word[0] : 0;

	s->anatomy = anatomy_rv_pte(pte, s->bytes == 4);
	s->clause = TRANSLATE;
	if (s->write) {
		s->clause = FLAGS;
		snprintf(s->what, sizeof s->what, "%s stage, the same entry: flags are set",
		         first ? "first" : "second");
		return;
	}
	if (!*at)
		*at = first ? w->levels1 : w->levels2;
	s->level = *at;
	/* The second stage's root has four pages. */
	snprintf(s->what, sizeof s->what, "%s stage, level %u, entry %u%s%s",
	         first ? "first" : "second", *at,
	         (unsigned)(s->spa % (!first && *at == w->levels2 ? 16384 : 4096) / s->bytes),
	         first ? "" : ", for ", first ? "" : of_what(w));
	s->implicit = !first && !(w->page || (!w->at1 && !w->wants_process));
	*at -= *at ? 1 : 0;
	/* A leaf: the next walk of this stage begins at the top. */
	if (pte & (RV_PTE_R | RV_PTE_X)) {
		*at = first ? 0 : w->levels2;
		w->page = w->page || first;
	}
}

static void label_msi(struct explain_walk *w, struct explain_step *s)
{
	s->clause = MESSAGES;
	s->anatomy = anatomy_rv_msi(s->count ? s->word[0] : 0);
	snprintf(s->what, sizeof s->what, "MSI page table, entry %" PRIu64,
	         (s->spa - w->msi_base) / 16);
}

static void label(struct explanation *x, struct explain_walk *w, struct explain_step *s)
{
	s->how = w->how;
	switch (s->of) {
	case IOM_OF_DEVICE:
		label_device(x, w, s);
		break;
	case IOM_OF_PROCESS:
		label_process(x, w, s);
		break;
	case IOM_OF_STAGE1:
	case IOM_OF_STAGE2:
		label_stage(w, s);
		break;
	case IOM_OF_MSI:
		label_msi(w, s);
		break;
	case IOM_OF_MRIF:
		s->clause = MESSAGES;
		snprintf(s->what, sizeof s->what, "interrupt file in memory%s",
		         s->write ? ": the interrupt's bit is set" : "");
		break;
	case IOM_OF_QUEUE:
		s->clause = RECORDS;
		s->anatomy = s->bytes == 32 ? &anatomy_rv_fault : NULL;
		snprintf(s->what, sizeof s->what, "%s",
		         s->bytes == 32 ? "fault queue" : "completion of a command");
		break;
	default:
		snprintf(s->what, sizeof s->what, "interrupt of the IOMMU's own");
		break;
	}
}

/* ---- Records ----------------------------------------------------------------------------------- */

static uint64_t mark(struct iom_unit *unit)
{
	return reg(unit, RV_FQCSR, 4);
}

/* What kept the fault from being recorded: fqcsr as it was before. */
static const char *why_not(const struct explanation *x, uint64_t fqcsr)
{
	if (!(fqcsr & RV_QCSR_ON))
		return "not recorded: the fault queue is off (fqcsr.fqon)";
	if (fqcsr & RV_QCSR_MF)
		return "not recorded: fqcsr.fqmf is set; software clears it after a store to the "
		       "queue has failed";
	if (fqcsr & RV_QCSR_OF)
		return "not recorded: fqcsr.fqof is set; software clears it after the queue was "
		       "full";
	if (reg(x->scene->unit, RV_FQCSR, 4) & RV_QCSR_OF)
		return "not recorded: the fault queue is full";
	if (x->quiet)
		return "not recorded: the device context says so (tc.DTF)";
	return "not recorded";
}

static void recorded(struct explanation *x, uint64_t fqcsr)
{
	for (size_t i = 0; i < x->count; i++) {
		const struct explain_step *s = &x->step[i];

		if (s->of != IOM_OF_QUEUE || s->bytes != 32)
			continue;
		snprintf(x->recorded, sizeof x->recorded,
		         s->result ? "to be recorded at 0x%" PRIx64 " in the fault queue, where "
		                     "the store failed (fqcsr.fqmf)"
		                   : "recorded in the fault queue, at 0x%" PRIx64,
		         s->spa);
		return;
	}
	snprintf(x->recorded, sizeof x->recorded, "%s", why_not(x, fqcsr));
}

/* ---- What was wrong with an entry ------------------------------------------------------------------ */

static const char *why_leaf(const struct explanation *x, const struct explain_step *s)
{
	const struct iom_request *q = &x->question.request;
	bool second = s->of == IOM_OF_STAGE2,
	     writes = q->access != IOM_READ && q->access != IOM_EXECUTE;
	uint64_t pte = s->word[0];

	/* To read an entry of another table. */
	if (s->implicit)
		writes = false;
	if ((s->implicit || q->access == IOM_READ) && !(pte & RV_PTE_R))
		return "R=0";
	if (!s->implicit && q->access == IOM_EXECUTE && !(pte & RV_PTE_X))
		return "X=0";
	if (writes && !(pte & RV_PTE_W))
		return "W=0";
	if (second && !(pte & RV_PTE_U))
		return "U=0; all pages of the second stage are user pages";
	if (!second && !(q->flags & IOM_REQ_PRIVILEGED) && !(pte & RV_PTE_U))
		return "U=0: it is a page of the supervisor's, and the request has no privilege";
	if (!second && q->flags & IOM_REQ_PRIVILEGED && pte & RV_PTE_U)
		return "U=1: it is a user's page, and the process context (ta.SUM) does not let "
		       "the supervisor in";
	if (!(pte & RV_PTE_A))
		return second ? "A=0, and the device context does not have the IOMMU set it "
		                "(tc.GADE)"
		              : "A=0, and the device context does not have the IOMMU set it "
		                "(tc.SADE)";
	if (writes && !(pte & RV_PTE_D))
		return second ? "D=0, and the device context does not have the IOMMU set it "
		                "(tc.GADE)"
		              : "D=0, and the device context does not have the IOMMU set it "
		                "(tc.SADE)";
	return "a bit is set that must be 0, or the page is not aligned to its size";
}

static const char *why_entry(const struct explanation *x, const struct explain_step *s)
{
	uint64_t pte = s->count ? s->word[0] : 0;

	if (!(pte & RV_PTE_V))
		return "V=0, nothing is mapped";
	if (pte & RV_PTE_W && !(pte & RV_PTE_R))
		return "W=1 with R=0 is reserved";
	if (pte & (RV_PTE_R | RV_PTE_X))
		return why_leaf(x, s);
	return s->level == 1 ? "R=W=X=0 leads to a table, and there is no further level"
	                     : "a bit is set that must be 0";
}

static const char *detail(const struct explanation *x, const struct explain_step *s)
{
	switch (x->reply.fault) {
	case RV_CAUSE_EXEC_PAGE:
	case RV_CAUSE_READ_PAGE:
	case RV_CAUSE_WRITE_PAGE:
		return s->of == IOM_OF_STAGE1 ? why_entry(x, s)
		                              : "the address has more bits than the tables "
		                                "translate";
	case RV_CAUSE_EXEC_GUEST_PAGE:
	case RV_CAUSE_READ_GUEST_PAGE:
	case RV_CAUSE_WRITE_GUEST_PAGE:
		return s->of == IOM_OF_STAGE2 ? why_entry(x, s)
		                              : "the guest-physical address has more bits than the "
		                                "tables translate";
	default:
		return NULL;
	}
}

/* ---- Clauses: "Faults from virtual address translation process", "Fault/Event-Queue" ------------------ */

static const struct explain_clause clauses[] = {
	{ RV_CAUSE_EXEC_ACCESS, TRANSLATE,
	  "an entry of a page table could not be read, or the page is an interrupt file, from "
	  "which nobody executes" },
	{ RV_CAUSE_READ_ACCESS, TRANSLATE, "an entry of a page table could not be read" },
	{ RV_CAUSE_WRITE_ACCESS, TRANSLATE, "an entry of a page table could not be read" },
	{ RV_CAUSE_EXEC_PAGE, TRANSLATE,
	  "the first stage has no page there that may be executed from" },
	{ RV_CAUSE_READ_PAGE, TRANSLATE, "the first stage has no page there that may be read" },
	{ RV_CAUSE_WRITE_PAGE, TRANSLATE, "the first stage has no page there that may be written" },
	{ RV_CAUSE_EXEC_GUEST_PAGE, TRANSLATE,
	  "the second stage has no page there that may be executed from" },
	{ RV_CAUSE_READ_GUEST_PAGE, TRANSLATE,
	  "the second stage has no page there that may be read" },
	{ RV_CAUSE_WRITE_GUEST_PAGE, TRANSLATE,
	  "the second stage has no page there that may be written" },
	{ RV_CAUSE_ALL_DISALLOWED, TRANSLATE, "ddtp's mode is Off: nobody has set the IOMMU up" },
	{ RV_CAUSE_DDT_ACCESS, LOCATE_DEVICE,
	  "there is no memory where the device directory should be" },
	{ RV_CAUSE_DDT_INVALID, LOCATE_DEVICE,
	  "an entry of the device directory has V=0: nobody has set up this device" },
	{ RV_CAUSE_DDT_MISCONFIGURED, "Device-context configuration checks",
	  "reserved bits are set, or fields ask for what the IOMMU cannot do or contradict each "
	  "other" },
	{ RV_CAUSE_TYPE_DISALLOWED, TRANSLATE,
	  "the device may not send requests of this kind: the device_id is wider than the "
	  "directory, or the context forbids ATS or this process_id or privilege" },
	{ RV_CAUSE_MSI_PTE_ACCESS, MESSAGES,
	  "there is no memory where the MSI page table should be" },
	{ RV_CAUSE_MSI_PTE_INVALID, MESSAGES, "the MSI page table's entry has V=0" },
	{ RV_CAUSE_MSI_PTE_MISCONFIGURED, MESSAGES,
	  "the MSI page table's entry has reserved bits or a mode that the IOMMU does not have" },
	{ RV_CAUSE_MRIF_ACCESS, MESSAGES, "there is no memory where the interrupt file should be" },
	{ RV_CAUSE_PDT_ACCESS, LOCATE_PROCESS,
	  "there is no memory where the process directory should be" },
	{ RV_CAUSE_PDT_INVALID, LOCATE_PROCESS,
	  "an entry of the process directory has V=0: nobody has set up this process" },
	{ RV_CAUSE_PDT_MISCONFIGURED, "Process-context configuration checks",
	  "reserved bits are set, or fields ask for what the IOMMU cannot do" },
	{ RV_CAUSE_DDT_CORRUPT, LOCATE_DEVICE, "memory reports corrupt data" },
	{ RV_CAUSE_PDT_CORRUPT, LOCATE_PROCESS, "memory reports corrupt data" },
	{ RV_CAUSE_MSI_PT_CORRUPT, MESSAGES, "memory reports corrupt data" },
	{ RV_CAUSE_MRIF_CORRUPT, MESSAGES, "memory reports corrupt data" },
	{ RV_CAUSE_MSI_WRITE_ACCESS, RECORDS, "an interrupt of the IOMMU's own did not arrive" },
	{ RV_CAUSE_PT_CORRUPT, TRANSLATE, "memory reports corrupt data" },
	{ .code = 0 },
};

const struct explain_arch explain_riscv = {
	.name = "riscv",
	.title = "RISC-V IOMMU",
	.begin = begin,
	.label = label,
	.mark = mark,
	.recorded = recorded,
	.detail = detail,
	.clauses = clauses,
};

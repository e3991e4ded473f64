/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Walks of a VT-d unit in words: registers, what each access is of, where faults are recorded. */
#include <inttypes.h>
#include <stdio.h>

#include "explain_vtd.h"
#include "regs/vtd.h"

static uint64_t reg(struct iom_unit *unit, unsigned off, unsigned bytes)
{
	uint64_t value = 0;

	(void)iom_mmio_read(unit, 0, off, bytes, &value);
	return value;
}

/* ---- Registers --------------------------------------------------------------------------------- */

static void begin_dma(struct explanation *x, struct explain_walk *w, uint64_t gsts)
{
	static const char *const modes[] = {
		[VTD_TTM_LEGACY] = "legacy mode",
		[VTD_TTM_SCALABLE] = "scalable mode",
		[VTD_TTM_RESERVED] = "a reserved mode",
		[VTD_TTM_ABORT] = "abort-DMA mode: every request is refused",
	};
	uint64_t rtaddr = reg(x->scene->unit, VTD_RTADDR, 8);
	unsigned ttm = (unsigned)IOM_GET(VTD_RTADDR_TTM, rtaddr);
	struct explain_step *s;

	w->scalable = ttm == VTD_TTM_SCALABLE;
	w->how |= rtaddr & VTD_RTADDR_SSIRWE ? ANATOMY_SSIRWE : 0;
	if (!(gsts & VTD_G_TE))
		return;
	s = explain_register(x, "RTADDR", rtaddr);
	if (!s)
		return;
	snprintf(s->says, sizeof s->says, "%s; the root table is at 0x%" PRIx64, modes[ttm],
	         rtaddr & VTD_ADDRESS);
	s->clause = "Root Table Address Register";
}

static void begin_interrupts(struct explanation *x, struct explain_walk *w, uint64_t gsts)
{
	uint64_t irta = reg(x->scene->unit, VTD_IRTA, 8);
	struct explain_step *s;

	w->how |= irta & VTD_IRTA_EIME ? ANATOMY_EIME : 0;
	w->msi_base = irta & VTD_ADDRESS;
	if (!(gsts & VTD_G_IRE))
		return;
	s = explain_register(x, "IRTA", irta);
	if (!s)
		return;
	snprintf(s->says, sizeof s->says,
	         "the interrupt remapping table is at 0x%" PRIx64 " and has %u entries; %s",
	         w->msi_base, 2u << IOM_GET(VTD_IRTA_S, irta),
	         irta & VTD_IRTA_EIME ? "x2APIC identifiers" : "xAPIC identifiers");
	s->clause = "Interrupt Remapping Table Address Register";
}

static void begin(struct explanation *x, struct explain_walk *w)
{
	uint64_t gsts = reg(x->scene->unit, VTD_GSTS, 4);
	struct explain_step *s = explain_register(x, "GSTS", gsts);

	if (s) {
		snprintf(s->says, sizeof s->says, "DMA remapping is %s, interrupt remapping %s",
		         gsts & VTD_G_TE ? "on (TES)" : "off (TES): untranslated requests pass",
		         gsts & VTD_G_IRE ? "on (IRES)" : "off (IRES)");
		s->clause = "Global Status Register";
	}
	if (vtd_to_interrupts(&x->question))
		begin_interrupts(x, w, gsts);
	else
		begin_dma(x, w, gsts);
}

bool vtd_to_interrupts(const struct scene_question *q)
{
	return q->interrupt || (q->request.iova >> 20 == 0xfee && q->request.at == 0 &&
	                        !(q->request.flags & IOM_REQ_PASID));
}

/* ---- Accesses ---------------------------------------------------------------------------------- */

static void take_context(struct explanation *x, struct explain_walk *w,
                         const struct explain_step *s)
{
	x->quiet = x->quiet || s->word[0] & VTD_CE_FPD;
	if (w->scalable || !(s->word[0] & VTD_CE_P))
		return;
	w->levels2 = w->at2 = (unsigned)IOM_GET(VTD_CE_1_AW, s->word[1]) + 2;
}

/* In scalable mode, half of an entry is read. */
static void label_root(struct explanation *x, struct explain_walk *w, struct explain_step *s)
{
	unsigned requester = x->question.requester;
	bool upper = w->scalable && requester & 0x80;

	s->anatomy = w->scalable ? &anatomy_vtd_root_scalable : &anatomy_vtd_root;
	s->clause = w->scalable ? "Scalable-Mode Root Entry" : "Root Entry";
	snprintf(s->what, sizeof s->what, "root table, entry of bus %02x%s", requester >> 8 & 0xff,
	         upper         ? ", its upper half"
	         : w->scalable ? ", its lower half"
	                       : "");
	if (!upper || s->bytes != 8)
		return;
	s->anatomy = NULL;
	snprintf(s->says, sizeof s->says, "for devices 10 to 1f: UP=%u, UCTP=0x%" PRIx64,
	         (unsigned)(s->word[0] & VTD_ROOT_P), s->word[0] & VTD_ADDRESS);
}

static void label_device(struct explanation *x, struct explain_walk *w, struct explain_step *s)
{
	char room[16];

	/* The first access of this kind is to the root table. */
	if (!w->context) {
		w->context = true;
		label_root(x, w, s);
		return;
	}
	s->anatomy = w->scalable ? &anatomy_vtd_context_scalable : &anatomy_vtd_context;
	s->clause = w->scalable ? "Scalable-Mode Context Entry" : "Context Entry";
	snprintf(s->what, sizeof s->what, "context entry of %s",
	         explain_device(x->question.requester, room));
	take_context(x, w, s);
}

static void take_pasid(struct explanation *x, struct explain_walk *w, const struct explain_step *s)
{
	unsigned pgtt;

	x->quiet = x->quiet || s->word[0] & VTD_PE_FPD;
	if (s->count < 3 || !(s->word[0] & VTD_PE_P))
		return;
	pgtt = (unsigned)IOM_GET(VTD_PE_PGTT, s->word[0]);
	if (pgtt == VTD_PGTT_FS || pgtt == VTD_PGTT_NESTED)
		w->levels1 = w->at1 = IOM_GET(VTD_PE_2_FSPM, s->word[2]) == VTD_FSPM_5 ? 5 : 4;
	if (pgtt == VTD_PGTT_SS || pgtt == VTD_PGTT_NESTED)
		w->levels2 = w->at2 = (unsigned)IOM_GET(VTD_PE_AW, s->word[0]) + 2;
}

static void label_process(struct explanation *x, struct explain_walk *w, struct explain_step *s)
{
	if (s->bytes == VTD_PDE_BYTES) {
		s->anatomy = &anatomy_vtd_pasid_directory;
		s->clause = "Scalable-Mode PASID Directory Entry";
		snprintf(s->what, sizeof s->what, "PASID directory, entry %u",
		         (unsigned)(s->spa % 4096 / VTD_PDE_BYTES));
		x->quiet = x->quiet || s->word[0] & VTD_PDE_FPD;
		return;
	}
	s->anatomy = s->bytes == VTD_PE_BYTES ? &anatomy_vtd_pasid : NULL;
	s->clause = "Scalable-Mode PASID Table Entry";
	snprintf(s->what, sizeof s->what, "PASID table, entry %u",
	         (unsigned)(s->spa % 4096 / VTD_PE_BYTES));
	if (!(x->question.request.flags & IOM_REQ_PASID))
		snprintf(s->says, sizeof s->says,
		         "requests without PASID have that of the context entry, RID_PASID");
	take_pasid(x, w, s);
}

static const char *of_what(const struct explain_walk *w)
{
	return w->at1 && !w->page ? "an entry of the first stage" : "the page";
}

#define PAGE_SIZE_BIT IOM_BIT(7)

static void label_stage(struct explain_walk *w, struct explain_step *s)
{
	bool first = s->of == IOM_OF_STAGE1;
	unsigned *at = first ? &w->at1 : &w->at2;
	uint64_t entry = s->count ? s->word[0] : 0;

	s->clause = first ? "First-Stage Paging Entries" : "Second-Stage Paging Entries";
	if (s->write) {
		s->anatomy = first ? anatomy_vtd_first_stage(entry, w->last1)
		                   : anatomy_vtd_second_stage(entry, w->last2);
		snprintf(s->what, sizeof s->what, "%s stage, the same entry: flags are set",
		         first ? "first" : "second");
		return;
	}
	if (!*at)
		*at = first ? w->levels1 : w->levels2;
	*(first ? &w->last1 : &w->last2) = *at;
	s->level = *at;
	s->anatomy =
		first ? anatomy_vtd_first_stage(entry, *at) : anatomy_vtd_second_stage(entry, *at);
	snprintf(s->what, sizeof s->what, "%s stage, level %u, entry %u%s%s",
	         first ? "first" : "second", *at, (unsigned)(s->spa % 4096 / 8),
	         first || !w->levels1 ? "" : ", for ", first || !w->levels1 ? "" : of_what(w));
	if (*at == 1 || (*at < 4 && entry & PAGE_SIZE_BIT)) {
		*at = first ? 0 : w->levels2;
		w->page = w->page || first;
	} else {
		*at -= *at ? 1 : 0;
	}
}

static void label_irte(struct explanation *x, struct explain_walk *w, struct explain_step *s)
{
	s->anatomy = anatomy_vtd_irte(s->count ? s->word[0] : 0);
	s->clause = "Interrupt Remapping Table Entry";
	snprintf(s->what, sizeof s->what, "interrupt remapping table, entry %" PRIu64,
	         (s->spa - w->msi_base) / 16);
	x->quiet = x->quiet || s->word[0] & VTD_IRTE_FPD;
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
		label_irte(x, w, s);
		break;
	case IOM_OF_MRIF:
		s->anatomy = s->bytes == 64 ? &anatomy_vtd_posted_descriptor : NULL;
		s->clause = "Interrupt Posting";
		snprintf(s->what, sizeof s->what, "posted interrupt descriptor%s",
		         !s->write          ? ""
		         : s->spa % 64 < 32 ? ": the vector's bit is set"
		                            : ": ON is set, a notification is on its way");
		break;
	case IOM_OF_QUEUE:
		snprintf(s->what, sizeof s->what, "completion of a descriptor");
		break;
	default:
		snprintf(s->what, sizeof s->what, "interrupt of the unit's own");
		break;
	}
}

/* ---- Records ----------------------------------------------------------------------------------- */

/* A bit for each fault record that is in use. */
static uint64_t mark(struct iom_unit *unit)
{
	uint64_t cap = reg(unit, VTD_CAP, 8), used = 0;
	unsigned base = (unsigned)IOM_GET(VTD_CAP_FRO, cap) * 16;

	for (unsigned n = 0; n <= IOM_GET(VTD_CAP_NFR, cap) && n < 64; n++)
		if (reg(unit, base + n * VTD_FRCD_BYTES + VTD_FRCD_1, 8) & VTD_FRCD_1_F)
			used |= IOM_BIT(n);
	return used;
}

static void recorded(struct explanation *x, uint64_t before)
{
	uint64_t fsts = reg(x->scene->unit, VTD_FSTS, 4), now = mark(x->scene->unit);

	if (now & ~before)
		snprintf(x->recorded, sizeof x->recorded, "recorded in fault recording register %u",
		         iom_ctz(now & ~before));
	else if (x->quiet)
		snprintf(x->recorded, sizeof x->recorded, "not recorded: an entry says so (FPD)");
	else if (fsts & VTD_FSTS_PFO)
		snprintf(x->recorded, sizeof x->recorded,
		         "not recorded: all fault recording registers are in use (FSTS.PFO); "
		         "software clears them");
	else
		snprintf(x->recorded, sizeof x->recorded, "not recorded");
}

const struct explain_arch explain_vtd = {
	.name = "vtd",
	.title = "VT-d unit",
	.begin = begin,
	.label = label,
	.mark = mark,
	.recorded = recorded,
	.clauses = explain_vtd_clauses,
};

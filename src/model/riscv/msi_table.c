/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Device messages to a guest's interrupt files: flat MSI page tables ("Process to translate
 * addresses of MSIs"; AIA, "IOMMU support for MSIs to virtual machines").
 */
#include "model/riscv/riscv.h"

bool rv_msi_match(const struct rv_dc *dc, uint64_t gpa)
{
	return IOM_GET(RV_FSC_MODE, dc->msiptp) == RV_MSIPTP_FLAT &&
	       !((gpa >> 12 ^ dc->msi_pattern) & ~dc->msi_mask);
}

unsigned rv_msi_free_lg2(const struct rv_dc *dc, uint64_t gpa, unsigned lg2)
{
	uint64_t differs = (gpa >> 12 ^ dc->msi_pattern) & ~dc->msi_mask;

	/* The block holds an MSI page unless an unmasked bit above it already differs. */
	if (IOM_GET(RV_FSC_MODE, dc->msiptp) != RV_MSIPTP_FLAT)
		return lg2;
	while (lg2 > 12 && !(differs & ~iom_low(lg2 - 12)))
		lg2--;
	return lg2;
}

/* The bits of `value` that `mask` selects, packed to the low end in their order. */
static uint64_t extract(uint64_t value, uint64_t mask)
{
	uint64_t packed = 0;

	for (unsigned n = 0; mask; mask &= mask - 1, n++) {
		if (value & IOM_LSB(mask))
			packed |= IOM_BIT(n);
	}
	return packed;
}

/* Memory-resident interrupt files are not built: only the basic form exists. */
static enum pt_why decode(uint64_t pte, uint64_t *page)
{
	if (!(pte & RV_MSIPTE_V))
		return PT_WHY_EMPTY;
	if (pte & (RV_MSIPTE_C | RV_MSIPTE_BASIC_RSVD) ||
	    IOM_GET(RV_MSIPTE_M, pte) != RV_MSIPTE_M_BASIC)
		return PT_WHY_BAD;
	*page = IOM_GET(RV_MSIPTE_PPN, pte) << 12;
	return PT_OK;
}

enum pt_why rv_msi_walk(const struct iom_query *query, const struct rv_context *context,
                        uint64_t gpa, struct pt_result *out)
{
	const struct rv_dc *dc = &context->dc;
	/* An OR, not a sum: a table that is not aligned does not carry. */
	uint64_t entry = IOM_GET(RV_FSC_PPN, dc->msiptp) << 12 |
	                 extract(gpa >> 12, dc->msi_mask) * RV_MSIPTE_BYTES;
	uint64_t words[2], page;
	int bus = rv_load(query, context, IOM_OF_MSI, entry, 2, context->fctl & RV_FCTL_BE, words);
	enum pt_why why;

	if (bus)
		return bus == IOM_EPOISON ? PT_WHY_POISON : PT_WHY_BUS;
	why = decode(words[0], &page);
	if (why)
		return why;
	*out = (struct pt_result){ .address = page | (gpa & iom_low(12)),
		                   .size_lg2 = 12,
		                   .perm = PT_R | PT_W | PT_USER,
		                   .flags = PT_ACCESSED | PT_DIRTY };
	return PT_OK;
}

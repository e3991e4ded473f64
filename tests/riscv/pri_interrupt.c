/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The interrupt of the page-request queue. */
#include "ats_rig.h"

#define R IOM_PAGE_READ
#define DEVICE 3u

TEST(page_queue_interrupts, "RV-PRI-18 RV-IRQ-01 RV-IRQ-04 RV-IRQ-14 RV-REG-27")
{
	struct rig *r = ats_pri(DEVICE, PRI_ON);
	uint64_t record[2];

	wr64(r, ICVEC, 0x2010);
	CHECK_EQ(rd64(r, ICVEC), 0x2010);
	wr64(r, MSI_CFG + 32, 0x28002000);
	wr32(r, MSI_CFG + 32 + 8, 77);
	ats_pq(r, 2, true);
	CHECK_EQ(rd32(r, IPSR), 0);
	ats_page_taken(r, DEVICE, 0);
	CHECK_EQ(rd32(r, IPSR), PIP);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].address, 0x28002000);
	CHECK_EQ(r->msi[0].data, 77);
	ats_page_taken(r, DEVICE, 0);
	CHECK_EQ(r->msis, 1);
	wr32(r, IPSR, 0);
	CHECK_EQ(rd32(r, IPSR), PIP);
	wr32(r, IPSR, ~PIP);
	CHECK_EQ(rd32(r, IPSR), PIP);
	/* records are events: unread, they do not raise it again */
	wr32(r, IPSR, PIP);
	CHECK_EQ(rd32(r, IPSR), 0);
	wr32(r, PQCSR, EN | IE);
	CHECK_EQ(rd32(r, IPSR), 0);
	ats_page_taken(r, DEVICE, 0);
	CHECK_EQ(rd32(r, IPSR), PIP);
	CHECK_EQ(r->msis, 2);
	/* pqof is a state */
	wr32(r, IPSR, PIP);
	ats_page(r, DEVICE, 0x1000, R, 0);
	CHECK_EQ(rd32(r, PQCSR), EN | IE | ON | OF);
	CHECK_EQ(rd32(r, IPSR), PIP);
	CHECK_EQ(r->msis, 3);
	wr32(r, IPSR, PIP);
	CHECK_EQ(rd32(r, IPSR), PIP);
	CHECK_EQ(r->msis, 4);
	/* what is discarded raises nothing */
	wr32(r, PQCSR, EN | IE | OF);
	wr32(r, IPSR, PIP);
	CHECK_EQ(rd32(r, IPSR), 0);
	while (ats_pq_take(r, record))
		;
	rig_dc_put(r, DEVICE, TC_V, 0, 0, 0);
	ats_page(r, DEVICE, 0x1000, R, 0);
	CHECK_EQ(rd32(r, IPSR), 0);
	rig_free(r);
}

TEST(page_queue_interrupts_for_lost_memory, "RV-PRI-18")
{
	struct rig *r = ats_pri(DEVICE, PRI_ON);

	wr64(r, PQB, PPN_OF(RIG_NOWHERE) | 3);
	wr32(r, PQCSR, EN | IE);
	ats_page(r, DEVICE, 0x1000, R, 0);
	CHECK_EQ(rd32(r, PQCSR), EN | IE | ON | MF);
	CHECK_EQ(rd32(r, IPSR), PIP);
	CHECK_EQ(r->msis, 1);
	wr32(r, PQCSR, EN | IE | MF);
	wr32(r, IPSR, PIP);
	CHECK_EQ(rd32(r, IPSR), 0);
	rig_free(r);
}

TEST(page_queue_interrupt_is_enabled_late, "RV-IRQ-12 RV-PRI-18")
{
	struct rig *r = ats_pri(DEVICE, PRI_ON);

	for (unsigned memory = 0; memory < 2; memory++) {
		if (memory) {
			wr64(r, PQB, PPN_OF(RIG_NOWHERE) | 0);
			wr32(r, PQCSR, EN);
		} else {
			ats_pq(r, 1, false);
			ats_page_taken(r, DEVICE, 0);
		}
		CHECK_EQ(rd32(r, IPSR), 0);
		wr32(r, PQCSR, EN | IE); /* a record that has passed */
		CHECK_EQ(rd32(r, IPSR), 0);
		wr32(r, PQCSR, EN);
		ats_page(r, DEVICE, 0x1000, R, 0);
		CHECK_EQ(rd32(r, PQCSR), EN | ON | (memory ? MF : OF));
		CHECK_EQ(rd32(r, IPSR), 0);
		wr32(r, PQCSR, EN | IE);
		CHECK_EQ(rd32(r, IPSR), PIP);
		wr32(r, PQCSR, 0);
		wr32(r, IPSR, PIP);
		CHECK_EQ(rd32(r, IPSR), 0);
	}
	rig_free(r);
}

TEST(page_queue_drives_its_wire, "RV-PRI-18 RV-IRQ-10")
{
	struct rig *r = rig_new(CAP_ALL_ATS);

	wr32(r, FCTL, WSI);
	wr64(r, ICVEC, 0x3000);
	rig_ddt(r, 1);
	rig_dc_put(r, DEVICE, PRI_ON, 0, 0, 0);
	ats_pq(r, 3, true);
	ats_page_taken(r, DEVICE, 0);
	CHECK(r->wire[3]);
	CHECK_EQ(r->msis, 0);
	wr32(r, IPSR, PIP);
	CHECK(!r->wire[3]);
	rig_free(r);
}

TEST(page_queue_has_a_vector, "RV-REG-26 RV-REG-27")
{
	for (unsigned n = 1; n <= 16; n *= 2) {
		const struct iom_riscv_config config = { .capabilities = CAP_ALL_ATS,
			                                 .vectors = (uint8_t)n };
		struct rig *r = rig_new_config(&config);

		wr64(r, ICVEC, ~0ull);
		CHECK_EQ(rd64(r, ICVEC), (n - 1) * 0x1011ull);
		for (unsigned bit = 0; bit < 64; bit++) {
			const bool in = bit < 8 || (bit >= 12 && bit < 16);

			wr64(r, ICVEC, 1ull << bit);
			CHECK_EQ(rd64(r, ICVEC), in && 1u << bit % 4 < n ? 1ull << bit : 0);
		}
		rig_free(r);
	}
}

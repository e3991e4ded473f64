/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Invalidation by registers: IVA and IOTLB. */
#include "kept.h"

#define IVA RIG_IRO
#define IOTLB (RIG_IRO + 8)
#define IVT (1ull << 63)
#define IIRG(n) ((uint64_t)(n) << 60)
#define IAIG(iotlb) ((iotlb) >> 57 & 3)
#define IO_DID(n) ((uint64_t)(n) << 32)
#define DRAIN (3ull << 48)
#define CAP_DRAIN (CAP_DWD | CAP_DRD)

static const struct way legacy[] = {
	{ 0x0108, NO_PASID, 1, 0 }, { 0x0109, NO_PASID, 1, 0 }, { 0x010a, NO_PASID, 2, 0 },
	{ 0x010c, NO_PASID, 2, 0 }, { 0x010f, NO_PASID, 2, 0 }, { 0x0110, NO_PASID, 2, 0 },
	{ 0x0208, NO_PASID, 3, 0 },
};
#define LEGACY (sizeof(legacy) / sizeof(*legacy))

static void translations(struct kept *k, uint64_t iva, uint64_t iotlb, unsigned iaig,
                         const uint8_t *fresh)
{
	uint64_t is;

	kept_prepare(k, kept_change_leaves);
	wr64(k->r, IVA, iva);
	wr64(k->r, IOTLB, iotlb | IVT);
	is = rd64(k->r, IOTLB);
	CHECK_EQ(is >> 63, 0);
	CHECK_EQ(IAIG(is), iaig);
	kept_judge(k, fresh, "IOTLB");
}

static void make(struct kept *k, uint64_t cap, uint64_t ecap)
{
	kept_new(k, cap, ecap, legacy, LEGACY);
	rig_gcmd(k->r, QIE, false);
}

TEST(translations_all_and_of_a_domain, "VTD-IOTLB-01 VTD-IOTLB-05")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned n;

	make(&k, CAP_ALL, ECAP_ALL);
	kept_every(fresh, ALL_PAGES);
	translations(&k, 0, IIRG(1), 1, fresh);
	translations(&k, ~0ull, IIRG(1) | IO_DID(0xffff), 1, fresh);
	for (n = 0; n < 5; n++) {
		kept_domain(&k, fresh, n, ALL_PAGES);
		translations(&k, ~0ull, IIRG(2) | IO_DID(n), 2, fresh);
	}
	rig_free(k.r);
}

TEST(translations_of_a_page, "VTD-IOTLB-01 VTD-IOTLB-05 VTD-IOTLB-06 VTD-IOTLB-07")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned n, am, ih, drains, j;

	for (drains = 0; drains < 2; drains++) {
		make(&k, drains ? CAP_ALL : CAP_LEGACY & ~CAP_DRAIN,
		     drains ? ECAP_ALL : ECAP_LEGACY);
		for (n = 1; n < 4; n++)
			for (am = 0; am < 4; am++)
				for (ih = 0; ih < 2; ih++) {
					uint8_t bits = 0;

					for (j = 0; j < KEPT_PAGES; j++)
						if ((j ^ 5) >> am == 0)
							bits |= (uint8_t)(1u << j);
					kept_domain(&k, fresh, n, bits);
					translations(&k, (KEPT_IOVA + 5 * PAGE) | am | ih << 6,
					             IIRG(3) | IO_DID(n) | (am & 1 ? DRAIN : 0), 3,
					             fresh);
				}
		rig_free(k.r);
	}
}

TEST(tables_over_a_page, "VTD-IOTLB-06")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;

	make(&k, CAP_ALL, ECAP_ALL);
	kept_domain(&k, fresh, 2, ALL_PAGES);
	kept_prepare(&k, kept_change_tables);
	wr64(k.r, IVA, KEPT_IOVA | 3);
	wr64(k.r, IOTLB, IVT | IIRG(3) | IO_DID(2));
	kept_judge(&k, fresh, "IOTLB page, IH=0");
	rig_free(k.r);
}

TEST(translation_commands_that_are_rejected, "VTD-IOTLB-02 VTD-IOTLB-03")
{
	const uint64_t cap = CAP_ALL & ~(CAP_PSI | CAP_MAMV(63));
	uint8_t fresh[KEPT_MAX] = { 0 };
	struct kept k;
	unsigned am;

	make(&k, cap | CAP_PSI | CAP_MAMV(9), ECAP_ALL);
	translations(&k, KEPT_IOVA, IIRG(0) | IO_DID(2), 0, fresh);
	for (am = 10; am < 64; am++) {
		wr64(k.r, IVA, am);
		wr64(k.r, IOTLB, IVT | IIRG(3) | IO_DID(2));
		CHECK_EQ(rd64(k.r, IOTLB) >> 63, 0);
		CHECK_EQ(IAIG(rd64(k.r, IOTLB)), 0);
	}
	translations(&k, KEPT_IOVA | 10, IIRG(3) | IO_DID(2), 0, fresh);
	translations(&k, KEPT_IOVA | 63, IIRG(3) | IO_DID(2), 0, fresh);
	kept_domain(&k, fresh, 2, ALL_PAGES);
	translations(&k, KEPT_IOVA | 9, IIRG(3) | IO_DID(2), 3, fresh);
	/* AM counts for pages alone. */
	translations(&k, KEPT_IOVA | 63, IIRG(2) | IO_DID(2), 2, fresh);
	rig_free(k.r);

	/* Without PSI a page is refused, or the whole domain goes. */
	make(&k, cap, ECAP_ALL);
	kept_prepare(&k, kept_change_leaves);
	wr64(k.r, IVA, KEPT_IOVA);
	wr64(k.r, IOTLB, IVT | IIRG(3) | IO_DID(2));
	CHECK_EQ(rd64(k.r, IOTLB) >> 63, 0);
	CHECK(IAIG(rd64(k.r, IOTLB)) == 0 || IAIG(rd64(k.r, IOTLB)) == 2);
	kept_domain(&k, fresh, 2, IAIG(rd64(k.r, IOTLB)) ? ALL_PAGES : 0);
	kept_judge(&k, fresh, "IOTLB page without PSI");
	rig_free(k.r);
}

TEST(a_page_inside_of_a_large_one, "VTD-IOTLB-04 VTD-IOTLB-05")
{
	static const struct {
		unsigned level;
		uint64_t bytes, inside[3], outside[2];
	} of[] = {
		{ 2, 0x200000, { 0, 0x5000, 0x1ff000 }, { 0x200000, ~0xfffull } },
		{ 3, 0x40000000, { 0, 0x212345000, 0x3ffff000 }, { 0x40000000, ~0xfffull } },
	};
	const uint64_t iova = 0x180000000;
	unsigned i, j;

	for (i = 0; i < 2; i++)
		for (j = 0; j < 5; j++) {
			const struct iom_vtd_config config = { .cap = CAP_ALL,
				                               .ecap = ECAP_ALL,
				                               .version = 0x40,
				                               .address_bits = RIG_HAW };
			struct rig *r = rig_new_config(&config);
			const uint64_t old = 0x100000000, now = 0x200000000;
			uint64_t root = page(r), leaf, at;
			bool in = j < 3;

			at = iova +
			     (in ? of[i].inside[j] & (of[i].bytes - 1) : of[i].outside[j - 3]);
			rig_on(r, TTM_LEGACY);
			rig_context_put(r, 0x0123, CTX_P | root, AW(4) | DID(5));
			leaf = rig_ss(r, root, 4, iova, of[i].level, old | SS_PS | SS_RW);
			rig_grants(r, 0x0123, rq(iova + 0x7000, IOM_READ), old + 0x7000);
			put64(r, leaf, now | SS_PS | SS_RW);
			wr64(r, IVA, at);
			wr64(r, IOTLB, IVT | IIRG(3) | IO_DID(6));
			rig_grants(r, 0x0123, rq(iova + 0x7000, IOM_READ), old + 0x7000);
			wr64(r, IOTLB, IVT | IIRG(3) | IO_DID(5));
			CHECK_EQ(IAIG(rd64(r, IOTLB)), 3);
			rig_grants(r, 0x0123, rq(iova + 0x7000, IOM_READ),
			           (in ? now : old) + 0x7000);
			rig_free(r);
		}
}

/* Bits of DID and of the address above their width are ignored. */
TEST(what_is_too_wide_in_translations, "VTD-IOTLB-01")
{
	const uint64_t cap = (CAP_ALL & ~(CAP_ND(7) | CAP_MGAW(64) | CAP_SAGAW_57 | CAP_FS5LP)) |
	                     CAP_ND(2) | CAP_MGAW(48);
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned bit;

	make(&k, cap, ECAP_ALL);
	for (bit = 8; bit < 16; bit++) {
		kept_domain(&k, fresh, 2, ALL_PAGES);
		translations(&k, 0, IIRG(2) | IO_DID(2 | 1u << bit), 2, fresh);
	}
	kept_domain(&k, fresh, 2, 1u << 5);
	for (bit = 48; bit < 64; bit++)
		translations(&k, (KEPT_IOVA + 5 * PAGE) | 1ull << bit, IIRG(3) | IO_DID(2), 3,
		             fresh);
	rig_free(k.r);
}

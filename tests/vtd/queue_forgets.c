/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Queued invalidation: which translations an invalidation drops, and which it leaves. */
#include "kept.h"

static const struct way scalable[] = {
	{ 0x0100, NO_PASID, 1, PGTT_FS },   { 0x0100, 9, 1, PGTT_FS },
	{ 0x0100, 10, 1, PGTT_FS },         { 0x0200, 9, 2, PGTT_FS },
	{ 0x0300, NO_PASID, 3, PGTT_SS },   { 0x0300, 9, 3, PGTT_SS },
	{ 0x0400, NO_PASID, 4, PGTT_SS },   { 0x0500, 9, 5, PGTT_NEST },
	{ 0x0500, 10, 5, PGTT_NEST },       { 0x0600, 9, 6, PGTT_NEST },
	{ 0x0700, NO_PASID, 6, PGTT_NEST }, { 0x0800, 10, 4, PGTT_SS },
};
#define SCALABLE (sizeof(scalable) / sizeof(*scalable))
static const struct way legacy[] = {
	{ 0x0108, NO_PASID, 1, 0 }, { 0x0109, NO_PASID, 1, 0 },     { 0x010a, NO_PASID, 2, 0 },
	{ 0x010c, NO_PASID, 2, 0 }, { 0x010f, NO_PASID, 2, 0 },     { 0x0110, NO_PASID, 2, 0 },
	{ 0x0208, NO_PASID, 3, 0 }, { 0x02ff, NO_PASID, 0x101, 0 },
};
#define LEGACY (sizeof(legacy) / sizeof(*legacy))

static uint32_t tag(const struct way *w)
{
	return w->pasid == NO_PASID ? 0 : w->pasid;
}

static uint64_t did(unsigned n)
{
	return (uint64_t)n << 16;
}

static uint64_t pasid(unsigned n)
{
	return (uint64_t)n << 32;
}

/* The bits of pages in the 2^am pages around page `n`. */
static uint8_t range(unsigned n, unsigned am)
{
	uint8_t bits = 0;
	unsigned j;

	for (j = 0; j < KEPT_PAGES; j++)
		if ((j ^ n) >> am == 0)
			bits |= (uint8_t)(1u << j);
	return bits;
}

static uint64_t place(unsigned n, unsigned am)
{
	return (KEPT_IOVA + n * PAGE) | am;
}

typedef void change(struct kept *k);

static void forgets(struct kept *k, change *how, uint64_t qw0, uint64_t qw1, const uint8_t *fresh,
                    const char *what)
{
	kept_fill(k);
	how(k);
	kept_drop(k, qw0, qw1);
	kept_judge(k, fresh, what);
}

TEST(what_is_kept_is_served, "VTD-CM-07")
{
	uint8_t fresh[KEPT_MAX] = { 0 };
	struct kept k;
	unsigned mode;

	for (mode = 0; mode < 2; mode++) {
		const uint64_t others[] = { T_CONTEXT | G(1),
			                    T_CONTEXT | G(2) | did(1),
			                    T_IEC,
			                    T_WAIT,
			                    T_DEVICE | 0x0100ull << 32,
			                    T_PASID | G(3),
			                    T_PASID | G(0) | did(3),
			                    T_PASID | G(1) | did(5) | pasid(9),
			                    T_PDEVICE | 0x0100 << 16 | pasid(9) };
		unsigned i, n = mode ? 9 : 5;

		kept_new(&k, CAP_ALL, ECAP_ALL, mode ? scalable : legacy, mode ? SCALABLE : LEGACY);
		for (i = 0; i < n; i++)
			forgets(&k, kept_change_leaves, others[i], 0, fresh,
			        "another invalidation");
		rig_free(k.r);
	}
}

TEST(all_translations, "VTD-QI-35")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;

	kept_every(fresh, ALL_PAGES);
	kept_new(&k, CAP_ALL, ECAP_ALL, scalable, SCALABLE);
	forgets(&k, kept_change_leaves, T_IOTLB | G(1), 0, fresh, "IOTLB global");
	forgets(&k, kept_change_tables, T_IOTLB | G(1), 0, fresh, "IOTLB global, tables");
	rig_free(k.r);
	kept_new(&k, CAP_ALL, ECAP_ALL, legacy, LEGACY);
	forgets(&k, kept_change_leaves, T_IOTLB | G(1), 0, fresh, "IOTLB global");
	forgets(&k, kept_change_tables, T_IOTLB | G(1), 0, fresh, "IOTLB global, tables");
	rig_free(k.r);
}

TEST(translations_of_a_domain, "VTD-QI-35 VTD-CM-06")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned n;

	kept_new(&k, CAP_ALL, ECAP_ALL, scalable, SCALABLE);
	for (n = 0; n <= 7; n++) {
		kept_domain(&k, fresh, n, ALL_PAGES);
		forgets(&k, kept_change_leaves, T_IOTLB | G(2) | did(n), 0, fresh, "IOTLB domain");
		forgets(&k, kept_change_tables, T_IOTLB | G(2) | did(n), 0, fresh,
		        "IOTLB domain, tables");
	}
	rig_free(k.r);
	kept_new(&k, CAP_ALL, ECAP_ALL, legacy, LEGACY);
	for (n = 0; n <= 0x101; n += n < 4 ? 1 : 0x101 - n) {
		kept_domain(&k, fresh, n, ALL_PAGES);
		forgets(&k, kept_change_leaves, T_IOTLB | G(2) | did(n), 0, fresh, "IOTLB domain");
		forgets(&k, kept_change_tables, T_IOTLB | G(2) | did(n), 0, fresh,
		        "IOTLB domain, tables");
		if (n == 0x101)
			break;
	}
	rig_free(k.r);
}

/* Pages of the domain's second stage; all of its first stages and nested ones. */
static void of_page(const struct kept *k, uint8_t *fresh, unsigned n, unsigned page_of, unsigned am)
{
	unsigned i;

	kept_domain(k, fresh, n, ALL_PAGES);
	for (i = 0; i < k->ways; i++)
		if (fresh[i] && (k->way[i].pgtt == PGTT_SS || !k->way[i].pgtt))
			fresh[i] = range(page_of, am);
}

TEST(translations_of_a_range, "VTD-QI-43 VTD-CM-06")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned mode, n, am, ih;

	for (mode = 0; mode < 2; mode++) {
		kept_new(&k, CAP_ALL, ECAP_ALL, mode ? scalable : legacy, mode ? SCALABLE : LEGACY);
		for (n = 1; n <= 6; n++)
			for (am = 0; am < 4; am++)
				for (ih = 0; ih < 2; ih++) {
					/* Address bits below the range do not matter. */
					of_page(&k, fresh, n, 5, am);
					forgets(&k, kept_change_leaves, T_IOTLB | G(3) | did(n),
					        place(5, am) | ih << 6, fresh, "IOTLB page");
				}
		rig_free(k.r);
	}
}

TEST(tables_over_a_range, "VTD-QI-43")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned mode, n;

	for (mode = 0; mode < 2; mode++) {
		kept_new(&k, CAP_ALL, ECAP_ALL, mode ? scalable : legacy, mode ? SCALABLE : LEGACY);
		for (n = 1; n <= 6; n++) {
			of_page(&k, fresh, n, 5, 3);
			forgets(&k, kept_change_tables, T_IOTLB | G(3) | did(n), place(5, 3), fresh,
			        "IOTLB page, tables");
		}
		rig_free(k.r);
	}
}

TEST(translations_of_a_pasid, "VTD-QI-34")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned n, p, i;

	kept_new(&k, CAP_ALL, ECAP_ALL, scalable, SCALABLE);
	for (n = 1; n <= 6; n++)
		for (p = 0; p <= 10; p += p ? 1 : 9) {
			kept_every(fresh, 0);
			for (i = 0; i < k.ways; i++)
				if (scalable[i].did == n && tag(&scalable[i]) == p)
					fresh[i] = ALL_PAGES;
			forgets(&k, kept_change_leaves, T_PIOTLB | G(2) | did(n) | pasid(p), 0,
			        fresh, "PASID-IOTLB all");
			for (i = 0; i < k.ways; i++)
				if (scalable[i].pgtt == PGTT_SS)
					fresh[i] = 0;
			if (n < 3 || n > 4)
				forgets(&k, kept_change_tables, T_PIOTLB | G(2) | did(n) | pasid(p),
				        0, fresh, "PASID-IOTLB all, tables");
		}
	rig_free(k.r);
}

TEST(translations_of_a_range_of_a_pasid, "VTD-QI-34")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned n, p, i, am;

	kept_new(&k, CAP_ALL, ECAP_ALL, scalable, SCALABLE);
	for (n = 1; n <= 6; n++)
		for (p = 0; p <= 10; p += p ? 1 : 9)
			for (am = 0; am < 4; am++) {
				const uint64_t qw0 = T_PIOTLB | G(3) | did(n) | pasid(p);

				kept_every(fresh, 0);
				for (i = 0; i < k.ways; i++)
					if (scalable[i].did == n && tag(&scalable[i]) == p &&
					    scalable[i].pgtt != PGTT_SS)
						fresh[i] = range(5, am);
				forgets(&k, kept_change_leaves, qw0, place(5, am), fresh,
				        "PASID-IOTLB page");
				forgets(&k, kept_change_leaves, qw0, place(5, am) | 0x40, fresh,
				        "PASID-IOTLB page, IH");
				if (am == 3)
					forgets(&k, kept_change_tables, qw0, place(5, am), fresh,
					        "PASID-IOTLB page, tables");
			}
	rig_free(k.r);
}

/* ---- Structures that lead to the tables ---------------------------------------------------- */

static void forgets_roots(struct kept *k, uint64_t qw0, const uint8_t *fresh, const char *what)
{
	kept_fill(k);
	kept_change_roots(k);
	kept_drop(k, qw0, 0);
	inv_iotlb(k->r);
	kept_judge(k, fresh, what);
}

TEST(pasid_cache, "VTD-QI-33")
{
	uint8_t fresh[KEPT_MAX] = { 0 };
	struct kept k;
	unsigned n, p, i;

	kept_new(&k, CAP_ALL, ECAP_ALL, scalable, SCALABLE);
	forgets_roots(&k, T_WAIT, fresh, "nothing");
	for (n = 0; n <= 7; n++) {
		kept_domain(&k, fresh, n, ALL_PAGES);
		forgets_roots(&k, T_PASID | G(0) | did(n), fresh, "PASID cache domain");
		for (p = 0; p <= 10; p += p ? 1 : 9) {
			kept_every(fresh, 0);
			for (i = 0; i < k.ways; i++)
				if (scalable[i].did == n && tag(&scalable[i]) == p)
					fresh[i] = ALL_PAGES;
			forgets_roots(&k, T_PASID | G(1) | did(n) | pasid(p), fresh,
			              "PASID cache PASID");
		}
	}
	kept_every(fresh, ALL_PAGES);
	forgets_roots(&k, T_PASID | G(3), fresh, "PASID cache global");
	rig_free(k.r);
}

TEST(context_cache_of_legacy_mode, "VTD-CM-06 VTD-CM-07")
{
	static const uint16_t ignored[] = { 0, 4, 6, 7 };
	uint8_t fresh[KEPT_MAX] = { 0 };
	struct kept k;
	unsigned n, fm, i, j;

	kept_new(&k, CAP_ALL, ECAP_ALL, legacy, LEGACY);
	forgets_roots(&k, T_WAIT, fresh, "nothing");
	for (n = 0; n < 4; n++) {
		kept_domain(&k, fresh, n, ALL_PAGES);
		forgets_roots(&k, T_CONTEXT | G(2) | did(n), fresh, "context domain");
	}
	for (fm = 0; fm < 4; fm++)
		for (j = 0; j < k.ways; j++) {
			const struct way *w = &legacy[j];

			for (i = 0; i < k.ways; i++)
				fresh[i] = legacy[i].did == w->did && !((legacy[i].sid ^ w->sid) &
				                                        ~ignored[fm])
				                   ? ALL_PAGES
				                   : 0;
			forgets_roots(&k,
			              T_CONTEXT | G(3) | did(w->did) | (uint64_t)w->sid << 32 |
			                      (uint64_t)fm << 48,
			              fresh, "context device");
		}
	kept_every(fresh, ALL_PAGES);
	forgets_roots(&k, T_CONTEXT | G(1), fresh, "context global");
	rig_free(k.r);
}

/* ---- What is ignored in descriptors --------------------------------------------------------- */

TEST(bits_above_the_width, "VTD-QI-44")
{
	const uint64_t cap = (CAP_ALL & ~(CAP_ND(7) | CAP_MGAW(64) | CAP_SAGAW_57 | CAP_FS5LP)) |
	                     CAP_ND(2) | CAP_MGAW(48);
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned bit;

	kept_new(&k, cap, ECAP_ALL, scalable, SCALABLE);
	for (bit = 8; bit < 16; bit++) {
		unsigned high = 1u << bit;

		kept_domain(&k, fresh, 3, ALL_PAGES);
		forgets(&k, kept_change_leaves, T_IOTLB | G(2) | did(high | 3), 0, fresh,
		        "IOTLB domain");
		forgets_roots(&k, T_PASID | G(0) | did(high | 3), fresh, "PASID cache domain");
		of_page(&k, fresh, 3, 5, 0);
		forgets(&k, kept_change_leaves, T_IOTLB | G(3) | did(high | 3), place(5, 0), fresh,
		        "IOTLB page");
		kept_every(fresh, 0);
		fresh[2] = ALL_PAGES;
		forgets(&k, kept_change_leaves, T_PIOTLB | G(2) | did(high | 1) | pasid(10), 0,
		        fresh, "PASID-IOTLB all");
		forgets_roots(&k, T_PASID | G(1) | did(high | 1) | pasid(10), fresh,
		              "PASID cache PASID");
	}
	for (bit = 48; bit < 64; bit++) {
		of_page(&k, fresh, 3, 5, 0);
		forgets(&k, kept_change_leaves, T_IOTLB | G(3) | did(3), place(5, 0) | 1ull << bit,
		        fresh, "IOTLB page");
		kept_every(fresh, 0);
		fresh[2] = range(5, 0);
		forgets(&k, kept_change_leaves, T_PIOTLB | G(3) | did(1) | pasid(10),
		        place(5, 0) | 1ull << bit, fresh, "PASID-IOTLB page");
	}
	rig_free(k.r);

	kept_new(&k, cap, ECAP_ALL, legacy, LEGACY - 1);
	for (bit = 8; bit < 16; bit++) {
		unsigned high = 1u << bit;

		kept_domain(&k, fresh, 1, ALL_PAGES);
		forgets_roots(&k, T_CONTEXT | G(2) | did(high | 1), fresh, "context domain");
		kept_every(fresh, 0);
		fresh[1] = ALL_PAGES;
		forgets_roots(&k, T_CONTEXT | G(3) | did(high | 1) | 0x0109ull << 32, fresh,
		              "context device");
	}
	rig_free(k.r);
}

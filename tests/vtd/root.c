/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The root table in legacy mode. */
#include "rig.h"

#define SID 0x0123
#define IOVA 0x12345678ull

/* A unit in legacy mode where SID passes through. */
static struct rig *passing(void)
{
	struct rig *r = rig_new();

	rig_on(r, TTM_LEGACY);
	rig_context_put(r, SID, CTX_P | TT_PASS, AW(5) | DID(3));
	rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
	return r;
}

TEST(root_index_is_the_bus, "VTD-ROOT-01")
{
	const unsigned bus[] = { 0, 1, 2, 0x40, 0x7f, 0x80, 0xfe, 0xff };
	const unsigned n = sizeof(bus) / sizeof(*bus);
	unsigned i, j;

	for (i = 0; i < n; i++) {
		struct rig *r = rig_new();
		uint64_t context = page(r);

		rig_on(r, TTM_LEGACY);
		put64(r, context + 16 * 0x23 + 8, AW(5));
		put64(r, context + 16 * 0x23, CTX_P | TT_PASS);
		put64(r, r->root + 16ull * bus[i], context | 1);
		for (j = 0; j < n; j++) {
			uint16_t sid = (uint16_t)(bus[j] << 8 | 0x23);

			if (i == j)
				rig_grants(r, sid, rq(IOVA, IOM_READ), IOVA);
			else
				rig_refuses(r, sid, rq(IOVA, IOM_READ), 0x01);
		}
		rig_free(r);
	}
}

TEST(root_unreadable, "VTD-ROOT-02")
{
	struct rig *r = passing();
	unsigned access;

	/* The entry could be read, were it not for the error; FPD stands in the context entry. */
	put64(r, rig_context(r, SID), CTX_P | FPD | TT_PASS);
	CHECK_EQ(iom_memory_poison(r->memory, r->root + 16, 16), IOM_OK);
	for (access = IOM_READ; access <= IOM_ATOMIC; access++)
		if (access != IOM_EXECUTE)
			rig_refuses(r, SID, rq(IOVA, access), 0x08);
	CHECK_EQ(iom_memory_cure(r->memory, r->root + 16, 16), IOM_OK);
	/* Of its 16 bytes, none may be missing. */
	CHECK_EQ(iom_memory_poison(r->memory, r->root + 24, 8), IOM_OK);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x08);
	CHECK_EQ(iom_memory_cure(r->memory, r->root + 24, 8), IOM_OK);
	rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);

	rig_rtaddr(r, RIG_NOWHERE);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x08);
	rig_rtaddr(r, r->root | 1ull << 51);
	CHECK_EQ(rig_reason(r, SID, IOVA, IOM_READ),
	         rd64(r, RTADDR) >> 51 ? 0x08 : 0); /* bits above HAW may be dropped */
	rig_free(r);
}

TEST(root_not_present, "VTD-ROOT-03")
{
	struct rig *r = passing();
	uint64_t entry = r->root + 16;

	put64(r, rig_context(r, SID), CTX_P | FPD | TT_PASS);
	put64(r, entry, ram64(r, entry) & ~1ull);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x01);
	put64(r, entry, ~1ull);
	put64(r, entry + 8, ~0ull);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x01);
	rig_refuses(r, SID, rq(IOVA, IOM_WRITE), 0x01);
	put64(r, entry, 0);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x01);
	rig_free(r);
}

TEST(root_reserved, "VTD-ROOT-04")
{
	const unsigned widths[] = { 36, 39, 46, 52 };
	unsigned i;

	for (i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
		const struct iom_vtd_config config = { .cap = CAP_ALL,
			                               .ecap = ECAP_ALL,
			                               .version = 0x40,
			                               .address_bits = (uint8_t)widths[i],
			                               .flags = IOM_VTD_UNCACHED };
		struct rig *r = rig_new_config(&config);

		rig_on(r, TTM_LEGACY);
		rig_context_put(r, SID, CTX_P | FPD | TT_PASS, AW(5));
		rig_reserved(r, r->root + 16, 0xffe | ~0ull << widths[i], SID, rq(IOVA, IOM_READ),
		             0x0a);
		rig_reserved(r, r->root + 24, ~0ull, SID, rq(IOVA, IOM_READ), 0x0a);
		rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
		rig_free(r);
	}
}

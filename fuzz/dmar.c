/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Fuzz target: a DMAR that somebody else wrote.  The input says which bits differ from a small table
 * that is right, and what follows it; name, length and checksum are mended afterwards, unless the
 * last bit of the input says otherwise, because a fuzzer does not guess checksums.  What is accepted
 * keeps what iommux/dmar.h says of it, and one that makes sense gives the same answers when it is
 * built again.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <iommux/dmar.h>

#include "firmware.h"
#include "target.h"

#define ARRAY 64

/* What a visit told, as it has to be told to the builder; `many`: more than there is room for. */
struct copy {
	struct iom_dmar dmar;
	struct iom_dmar_drhd drhds[ARRAY];
	struct iom_dmar_rmrr rmrrs[ARRAY];
	struct iom_dmar_atsr atsrs[ARRAY];
	struct iom_dmar_rhsa rhsas[ARRAY];
	struct iom_dmar_andd andds[ARRAY];
	struct iom_dmar_satc satcs[ARRAY];
	struct iom_dmar_sidp sidps[ARRAY];
	struct iom_dmar_scope scopes[8 * ARRAY];
	unsigned scope_count, to_come;
	bool many;
};

/* Room for one more structure with so many scopes: where these will be */
static const struct iom_dmar_scope *room(struct copy *c, size_t count, unsigned scopes)
{
	MUST(!c->to_come);
	c->many = c->many || count == ARRAY || c->scope_count + scopes > 8 * ARRAY;
	c->to_come = scopes;
	return &c->scopes[c->scope_count];
}

static int on_head(void *opaque, unsigned address_bits, unsigned flags)
{
	struct copy *c = opaque;

	MUST(address_bits >= 1 && address_bits <= 256 && flags < 256);
	c->dmar.address_bits = (uint8_t)address_bits;
	c->dmar.flags = flags & 7;
	return 0;
}

static int on_drhd(void *opaque, const struct iom_dmar_drhd *drhd)
{
	struct copy *c = opaque;
	const struct iom_dmar_scope *scopes = room(c, c->dmar.drhd_count, drhd->scope_count);

	if (c->many)
		return 1;
	c->drhds[c->dmar.drhd_count] = *drhd;
	c->drhds[c->dmar.drhd_count].flags &= 1;
	c->drhds[c->dmar.drhd_count++].scopes = scopes;
	return 0;
}

static int on_rmrr(void *opaque, const struct iom_dmar_rmrr *rmrr)
{
	struct copy *c = opaque;
	const struct iom_dmar_scope *scopes = room(c, c->dmar.rmrr_count, rmrr->scope_count);

	if (c->many)
		return 1;
	c->rmrrs[c->dmar.rmrr_count] = *rmrr;
	c->rmrrs[c->dmar.rmrr_count++].scopes = scopes;
	return 0;
}

static int on_atsr(void *opaque, const struct iom_dmar_atsr *atsr)
{
	struct copy *c = opaque;
	const struct iom_dmar_scope *scopes = room(c, c->dmar.atsr_count, atsr->scope_count);

	if (c->many)
		return 1;
	c->atsrs[c->dmar.atsr_count] = *atsr;
	c->atsrs[c->dmar.atsr_count].flags &= 1;
	c->atsrs[c->dmar.atsr_count++].scopes = scopes;
	return 0;
}

static int on_rhsa(void *opaque, const struct iom_dmar_rhsa *rhsa)
{
	struct copy *c = opaque;

	(void)room(c, c->dmar.rhsa_count, 0);
	if (c->many)
		return 1;
	c->rhsas[c->dmar.rhsa_count++] = *rhsa;
	return 0;
}

static int on_andd(void *opaque, const struct iom_dmar_andd *andd)
{
	struct copy *c = opaque;

	(void)room(c, c->dmar.andd_count, 0);
	if (c->many || strlen(andd->name) > IOM_DMAR_BYTES_MAX)
		return 1;
	c->andds[c->dmar.andd_count++] = *andd;
	return 0;
}

static int on_satc(void *opaque, const struct iom_dmar_satc *satc)
{
	struct copy *c = opaque;
	const struct iom_dmar_scope *scopes = room(c, c->dmar.satc_count, satc->scope_count);

	if (c->many)
		return 1;
	c->satcs[c->dmar.satc_count] = *satc;
	c->satcs[c->dmar.satc_count].flags &= 1;
	c->satcs[c->dmar.satc_count++].scopes = scopes;
	return 0;
}

static int on_sidp(void *opaque, const struct iom_dmar_sidp *sidp)
{
	struct copy *c = opaque;
	const struct iom_dmar_scope *scopes = room(c, c->dmar.sidp_count, sidp->scope_count);

	if (c->many)
		return 1;
	c->sidps[c->dmar.sidp_count] = *sidp;
	c->sidps[c->dmar.sidp_count++].scopes = scopes;
	return 0;
}

static int on_scope(void *opaque, const struct iom_dmar_scope *scope)
{
	struct copy *c = opaque;

	MUST(c->to_come && scope->type >= 1 && scope->type <= 5);
	MUST(scope->hop_count >= 1 && scope->hop_count <= 124);
	c->to_come--;
	c->scopes[c->scope_count] = *scope;
	c->scopes[c->scope_count++].flags &= 0x1f;
	return 0;
}

/* Buses of which every function may be a bridge, behind it the next bus or two */
static bool bridge(void *opaque, uint16_t segment, uint16_t rid, uint8_t *secondary,
                   uint8_t *subordinate)
{
	(void)opaque;
	*secondary = (uint8_t)((rid >> 8) + 1 + segment % 2);
	*subordinate = (uint8_t)(*secondary + rid % 3);
	return rid % 5;
}

static const struct iom_dmar_pci pci = { .bytes = sizeof pci, .bridge = bridge };

static int sum_up(void *opaque, const struct iom_dmar_rmrr *rmrr)
{
	*(uint64_t *)opaque = *(uint64_t *)opaque * 31 + rmrr->base + rmrr->limit;
	return 0;
}

static void same_of_rid(const struct iom_dmar_table *a, const struct iom_dmar_table *b,
                        uint16_t segment, uint16_t rid)
{
	uint64_t sums[2] = { 0 };
	struct iom_dmar_drhd was, is;
	uint8_t flags[2] = { 0 };
	int r = iom_dmar_find_rid(a, &pci, segment, rid, &was);

	MUST(r == iom_dmar_find_rid(b, &pci, segment, rid, &is));
	MUST(r == IOM_ENOENT || (!r && was.base == is.base && was.segment == is.segment));
	MUST(!iom_dmar_visit_rmrrs(a, &pci, segment, rid, sum_up, &sums[0]));
	MUST(!iom_dmar_visit_rmrrs(b, &pci, segment, rid, sum_up, &sums[1]));
	MUST(sums[0] == sums[1]);
	MUST(iom_dmar_find_ats(a, &pci, segment, rid) == iom_dmar_find_ats(b, &pci, segment, rid));
	r = iom_dmar_find_properties(a, &pci, segment, rid, &flags[0]);
	MUST(r == iom_dmar_find_properties(b, &pci, segment, rid, &flags[1]));
	MUST((flags[0] & 0x1f) == flags[1]);
}

static void same_sources(const struct copy *c, const struct iom_dmar_table *a,
                         const struct iom_dmar_table *b)
{
	struct iom_dmar_source was, is;
	int r;

	for (unsigned i = 0; i < c->scope_count; i++) {
		const enum iom_dmar_scope_type type = c->scopes[i].type;

		r = iom_dmar_find_source(a, &pci, type, c->scopes[i].id, &was);
		MUST(r == iom_dmar_find_source(b, &pci, type, c->scopes[i].id, &is));
		MUST((r == IOM_EINVAL) == (type < IOM_DMAR_IOAPIC));
		MUST(r || (was.rid == is.rid && was.drhd.base == is.drhd.base));
	}
	for (size_t i = 0; i < c->dmar.andd_count; i++) {
		r = iom_dmar_find_device(a, &pci, c->andds[i].name, &was);
		MUST(r == iom_dmar_find_device(b, &pci, c->andds[i].name, &is));
		MUST(r || (was.rid == is.rid && was.drhd.base == is.drhd.base));
	}
}

static void build_again(const struct iom_dmar_table *table, struct copy *c)
{
	static uint8_t buf[IOM_DMAR_BYTES_MAX];
	struct iom_dmar_table again;
	size_t bytes;

	c->dmar.bytes = sizeof c->dmar;
	c->dmar.drhds = c->drhds;
	c->dmar.rmrrs = c->rmrrs;
	c->dmar.atsrs = c->atsrs;
	c->dmar.rhsas = c->rhsas;
	c->dmar.andds = c->andds;
	c->dmar.satcs = c->satcs;
	c->dmar.sidps = c->sidps;
	MUST(iom_dmar_build(&c->dmar, buf, sizeof buf, &bytes, NULL) == IOM_OK);
	MUST(iom_dmar_open(buf, bytes, &again, NULL) == IOM_OK);
	for (unsigned i = 0; i < c->scope_count; i++) {
		uint16_t rid;

		for (uint16_t segment = 0; segment < 2; segment++) {
			if (iom_dmar_scope_rid(&pci, segment, &c->scopes[i], &rid))
				continue;
			same_of_rid(table, &again, segment, rid);
			same_of_rid(table, &again, segment, (uint16_t)(rid + 0x100));
		}
	}
	same_sources(c, table, &again);
}

/* Two units, one for the rest, and one structure of each other kind */
static size_t small_table(uint8_t *buf, size_t size)
{
	static const struct iom_dmar_hop hops[] = { { 0x1f, 7 }, { 1, 0 }, { 2, 1 }, { 3, 0 } };
	static const struct iom_dmar_scope scopes[] = {
		{ 3, 0, 2, 0xf0, 1, &hops[0] },
		{ 2, 0, 0, 0, 2, &hops[1] },
		{ 5, 0, 1, 0, 1, &hops[2] },
		{ 1, 0, 0, 0, 1, &hops[3] },
	};
	static const struct iom_dmar_scope property = { 1, 0x18, 0, 0, 1, &hops[3] };
	static const struct iom_dmar_drhd drhds[] = {
		{ 0, 1, 0, 4, 0xfed90000, scopes },
		{ 1, 0, 0, 0, 0xfed80000, NULL },
	};
	static const struct iom_dmar_rmrr rmrr = { 0, 1, 0x7a000000, 0x7affffff, &scopes[3] };
	static const struct iom_dmar_atsr atsr = { 0, 0, 1, &scopes[1] };
	static const struct iom_dmar_rhsa rhsa = { 0xfed90000, 1 };
	static const struct iom_dmar_andd andd = { 1, "\\_SB.I2C0" };
	static const struct iom_dmar_satc satc = { 1, 0, 1, &scopes[3] };
	static const struct iom_dmar_sidp sidp = { 0, 1, &property };
	static const struct iom_dmar dmar = {
		.bytes = sizeof dmar,
		.address_bits = 39,
		.flags = 5,
		.drhds = drhds,
		.drhd_count = 2,
		.rmrrs = &rmrr,
		.rmrr_count = 1,
		.atsrs = &atsr,
		.atsr_count = 1,
		.rhsas = &rhsa,
		.rhsa_count = 1,
		.andds = &andd,
		.andd_count = 1,
		.satcs = &satc,
		.satc_count = 1,
		.sidps = &sidp,
		.sidp_count = 1,
	};
	size_t bytes;

	MUST(iom_dmar_build(&dmar, buf, size, &bytes, NULL) == IOM_OK);
	return bytes;
}

static void on_wrong(void *opaque, const char *sentence)
{
	MUST(sentence[0] && strlen(sentence) < 252);
	++*(unsigned *)opaque;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct iom_dmar_visitor visitor = {
		sizeof visitor, on_head, on_drhd, on_rmrr, on_atsr,
		on_rhsa,        on_andd, on_satc, on_sidp, on_scope,
	};
	struct copy *c = calloc(1, sizeof *c);
	struct iom_dmar_table table;
	struct iom_error error;
	size_t bytes;
	uint8_t right[256];
	size_t least = small_table(right, sizeof right);
	uint8_t *own = firmware_table("DMAR", right, least, data, size, &bytes);
	unsigned told = 0;

	MUST(c);
	if (iom_dmar_open(own, bytes, &table, &error) == IOM_OK) {
		MUST(iom_dmar_visit(&table, &visitor, c) == IOM_OK || c->many);
		MUST(iom_dmar_check(&table, on_wrong, &told) == told);
		if (!c->many && !told)
			build_again(&table, c);
	} else {
		MUST(error.code == IOM_EINVAL && error.text[0]);
	}
	free(own);
	free(c);
	return 0;
}

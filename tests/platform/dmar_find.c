/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Where a device belongs in a DMAR, by what is above it on the PCI buses. */
#include "dmar_example.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RID(bus, device, function) ((uint16_t)((bus) << 8 | (device) << 3 | (function)))

/*
 * The buses that the tests begin with:
 *
 *	segment 0: 00:01.0 - bus 1 - 01:00.1 - bus 2    (subordinate of the former: 3)
 *	                     01:00.0 - bus 3
 *	           00:1c.0 - bus 8 to 9
 *	segment 1: 00:01.0 - bus 5
 */
struct bridge {
	uint16_t segment, rid;
	uint8_t secondary, subordinate;
};

static const struct bridge usual[] = {
	{ 0, RID(0, 1, 0), 1, 3 },    { 0, RID(1, 0, 1), 2, 2 }, { 0, RID(1, 0, 0), 3, 3 },
	{ 0, RID(0, 0x1c, 0), 8, 9 }, { 1, RID(0, 1, 0), 5, 5 }, { 0 },
};

static bool find_bridge(void *opaque, uint16_t segment, uint16_t rid, uint8_t *secondary,
                        uint8_t *subordinate)
{
	for (const struct bridge *b = opaque; b->secondary; b++) {
		if (b->segment != segment || b->rid != rid)
			continue;
		*secondary = b->secondary;
		*subordinate = b->subordinate;
		return true;
	}
	return false;
}

/* Bus 9 has the virtual functions of 00:02.0. */
static uint16_t physical(void *opaque, uint16_t segment, uint16_t rid)
{
	(void)opaque;
	return !segment && rid >> 8 == 9 ? RID(0, 2, 0) : rid;
}

static const struct iom_dmar_pci pci = { sizeof pci, (void *)usual, find_bridge, NULL };

/* What the table of a description says */
struct asked {
	struct iom_dmar_table table;
	uint8_t *bytes;
};

static struct asked begin(const struct dmar_example *e)
{
	struct asked a;
	size_t size;

	a.bytes = dmar_build(e, &size);
	dmar_open_ok(a.bytes, size, &a.table);
	return a;
}

/* The base of the unit of a requester, 0 if there is none */
static uint64_t unit_of(const struct asked *a, const struct iom_dmar_pci *buses, uint16_t segment,
                        uint16_t rid)
{
	struct iom_dmar_drhd drhd;
	int r = iom_dmar_find_rid(&a->table, buses, segment, rid, &drhd);

	CHECK(r == IOM_OK || r == IOM_ENOENT);
	return r ? 0 : drhd.base;
}

/* The example's unit, and one for the rest of segment 0 */
static void fill(struct dmar_example *e)
{
	dmar_fill(e);
	e->drhd[1] = (struct iom_dmar_drhd){ 1, 0, 0, 0, 0xfed80000, NULL };
	e->dmar.drhd_count = 2;
}

TEST(dmar_named_devices_come_before_the_rest, "FW-DMAR-18")
{
	struct dmar_example e;
	struct asked a;

	fill(&e);
	a = begin(&e);
	for (uint32_t rid = 0; rid < 0x10000; rid++) {
		const bool named = rid == RID(0, 2, 0) || rid == RID(1, 0, 1) || rid >> 8 == 2;

		CHECK_EQ(unit_of(&a, &pci, 0, (uint16_t)rid), named ? 0xfed90000 : 0xfed80000);
	}
	free(a.bytes);
}

TEST(dmar_named_devices_come_first_in_whatever_order, "FW-DMAR-18 FW-DMAR-31")
{
	struct dmar_example e;
	uint8_t bytes[48 + 16 + 24];
	struct asked a;

	fill(&e);
	a = begin(&e);
	/* The unit for the rest in front, then the other with the endpoint alone */
	memcpy(bytes, a.bytes, 48);
	memcpy(bytes + 48, a.bytes + DMAR_RMRR, 16);
	memcpy(bytes + 64, a.bytes + DMAR_DRHD, 16);
	memcpy(bytes + 80, a.bytes + DMAR_ENDPOINT, 8);
	put_le(bytes + 66, 2, 24);
	put_le(bytes + 4, 4, sizeof bytes);
	mend_checksum(bytes, sizeof bytes);
	free(a.bytes);
	dmar_open_ok(bytes, sizeof bytes, &a.table);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(0, 2, 0)), 0xfed90000);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(0, 2, 1)), 0xfed80000);
}

TEST(dmar_first_unit_that_names_a_device_has_it, "FW-DMAR-18 FW-DMAR-19")
{
	static const struct iom_dmar_hop below[] = { { 1, 0 }, { 0, 1 }, { 5, 0 } };
	const struct iom_dmar_scope scope = { 1, 0, 0, 0, 3, below };
	struct dmar_example e;
	struct asked a;

	dmar_fill(&e);
	e.drhd[1] = (struct iom_dmar_drhd){ 0, 0, 0, 1, 0xfed80000, &scope };
	e.dmar.drhd_count = 2;
	a = begin(&e);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(2, 5, 0)), 0xfed90000);
	free(a.bytes);
	e.drhd[2] = e.drhd[0];
	e.drhd[0] = e.drhd[1];
	e.drhd[1] = e.drhd[2];
	a = begin(&e);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(2, 5, 0)), 0xfed80000);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(2, 5, 1)), 0xfed90000);
	free(a.bytes);
}

TEST(dmar_path_takes_the_buses_as_they_are_numbered, "FW-DMAR-14")
{
	static const struct bridge other[] = { { 0, RID(0, 1, 0), 0x40, 0x50 },
		                               { 0, RID(0x40, 0, 1), 0x44, 0x45 },
		                               { 0 } };
	static const struct bridge broken[] = { { 0, RID(1, 0, 1), 2, 2 }, { 0 } };
	struct iom_dmar_pci renumbered = pci;
	struct dmar_example e;
	struct asked a;
	uint16_t rid = 7;

	dmar_fill(&e);
	a = begin(&e);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(1, 0, 1)), 0xfed90000);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(0x40, 0, 1)), 0);
	CHECK(iom_dmar_scope_rid(&pci, 0, &e.unit_scopes[3], &rid) == IOM_OK);
	CHECK_EQ(rid, RID(1, 0, 1));
	renumbered.opaque = (void *)other;
	CHECK_EQ(unit_of(&a, &renumbered, 0, RID(1, 0, 1)), 0);
	CHECK_EQ(unit_of(&a, &renumbered, 0, RID(0x40, 0, 1)), 0xfed90000);
	CHECK_EQ(unit_of(&a, &renumbered, 0, RID(0x45, 3, 0)), 0xfed90000);
	CHECK(iom_dmar_scope_rid(&renumbered, 0, &e.unit_scopes[3], &rid) == IOM_OK);
	CHECK_EQ(rid, RID(0x40, 0, 1));
	/* No bridge where the path goes through one, and none at all */
	renumbered.opaque = (void *)broken;
	CHECK(iom_dmar_scope_rid(&renumbered, 0, &e.unit_scopes[3], &rid) == IOM_ENOENT);
	CHECK(iom_dmar_scope_rid(NULL, 0, &e.unit_scopes[3], &rid) == IOM_ENOENT);
	CHECK_EQ(rid, RID(0x40, 0, 1));
	CHECK_EQ(unit_of(&a, NULL, 0, RID(1, 0, 1)), 0);
	CHECK_EQ(unit_of(&a, NULL, 0, RID(0, 2, 0)), 0xfed90000);
	free(a.bytes);
}

TEST(dmar_path_to_a_device_that_cannot_be_leads_nowhere, "FW-DMAR-14")
{
	static const struct iom_dmar_hop hops[] = { { 31, 7 }, { 32, 0 }, { 0, 8 } };
	struct iom_dmar_scope scope = { 1, 0, 0, 0x12, 1, &hops[0] };
	uint16_t rid = 0;

	CHECK(iom_dmar_scope_rid(NULL, 0, &scope, &rid) == IOM_OK);
	CHECK_EQ(rid, 0x12ff);
	scope.path = &hops[1];
	CHECK(iom_dmar_scope_rid(NULL, 0, &scope, &rid) == IOM_ENOENT);
	scope.path = &hops[2];
	CHECK(iom_dmar_scope_rid(NULL, 0, &scope, &rid) == IOM_ENOENT);
	CHECK_EQ(rid, 0x12ff);
}

TEST(dmar_bridge_stands_for_all_below_it, "FW-DMAR-19")
{
	static const struct iom_dmar_hop port = { 1, 0 };
	struct dmar_example e;
	struct asked a;

	dmar_fill(&e);
	e.unit_scopes[0] = (struct iom_dmar_scope){ 2, 0, 0, 0, 1, &port };
	e.drhd[0].scope_count = 1;
	a = begin(&e);
	for (uint32_t rid = 0; rid < 0x10000; rid++) {
		const bool below = rid == RID(0, 1, 0) || (rid >> 8 >= 1 && rid >> 8 <= 3);

		CHECK_EQ(unit_of(&a, &pci, 0, (uint16_t)rid), below ? 0xfed90000 : 0);
	}
	free(a.bytes);
	/* An endpoint stands for itself, even if there is a bridge. */
	e.unit_scopes[0].type = 1;
	a = begin(&e);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(0, 1, 0)), 0xfed90000);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(1, 0, 0)), 0);
	free(a.bytes);
}

TEST(dmar_segments_are_kept_apart, "FW-DMAR-27")
{
	static const struct iom_dmar_hop port = { 1, 0 };
	const struct iom_dmar_scope scope = { 2, 0, 0, 0, 1, &port };
	struct dmar_example e;
	struct asked a;

	fill(&e);
	e.drhd[2] = (struct iom_dmar_drhd){ 0, 0, 1, 1, 0xfed70000, &scope };
	e.dmar.drhd_count = 3;
	e.rmrr[1] = (struct iom_dmar_rmrr){ 1, 1, 0x1000, 0x1fff, &e.rmrr_scope[0] };
	e.dmar.rmrr_count = 2;
	a = begin(&e);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(5, 0, 0)), 0xfed80000);
	CHECK_EQ(unit_of(&a, &pci, 1, RID(5, 0, 0)), 0xfed70000);
	CHECK_EQ(unit_of(&a, &pci, 1, RID(0, 2, 0)), 0);
	CHECK_EQ(unit_of(&a, &pci, 2, RID(0, 2, 0)), 0);
	CHECK(iom_dmar_find_ats(&a.table, &pci, 0, RID(1, 0, 0)) == IOM_OK);
	CHECK(iom_dmar_find_ats(&a.table, &pci, 1, RID(5, 0, 0)) == IOM_ENOENT);
	free(a.bytes);
}

TEST(dmar_virtual_function_follows_its_physical_one, "FW-DMAR-22")
{
	struct iom_dmar_pci with = pci;
	struct dmar_example e;
	struct asked a;

	fill(&e);
	with.physical = physical;
	a = begin(&e);
	CHECK_EQ(unit_of(&a, &pci, 0, RID(9, 0, 3)), 0xfed80000);
	CHECK_EQ(unit_of(&a, &with, 0, RID(9, 0, 3)), 0xfed90000);
	CHECK_EQ(unit_of(&a, &with, 0, RID(8, 0, 3)), 0xfed80000);
	CHECK_EQ(unit_of(&a, &with, 0, RID(0, 2, 0)), 0xfed90000);
	free(a.bytes);
}

TEST(dmar_sources_of_interrupts_are_found_by_number, "FW-DMAR-13 FW-DMAR-15 FW-DMAR-16")
{
	struct iom_dmar_source s;
	struct dmar_example e;
	struct asked a;

	fill(&e);
	a = begin(&e);
	for (unsigned id = 0; id < 256; id++) {
		const bool ioapic = id == 2, hpet = id == 0;

		CHECK(iom_dmar_find_source(&a.table, &pci, IOM_DMAR_IOAPIC, (uint8_t)id, &s) ==
		      (ioapic ? IOM_OK : IOM_ENOENT));
		if (ioapic)
			CHECK(s.rid == 0xf0ff && s.drhd.base == 0xfed90000);
		CHECK(iom_dmar_find_source(&a.table, &pci, IOM_DMAR_HPET, (uint8_t)id, &s) ==
		      (hpet ? IOM_OK : IOM_ENOENT));
		if (hpet)
			CHECK(s.rid == RID(0, 0x1f, 0) && s.drhd.base == 0xfed90000);
	}
	/* Their RIDs are not those of functions. */
	CHECK_EQ(unit_of(&a, &pci, 0, RID(0, 0x1f, 0)), 0xfed80000);
	CHECK_EQ(unit_of(&a, &pci, 0, 0xf0ff), 0xfed80000);
	CHECK(iom_dmar_find_source(&a.table, &pci, IOM_DMAR_ENDPOINT, 0, &s) == IOM_EINVAL);
	free(a.bytes);
	/* A unit for the rest does not have those of which nobody speaks. */
	e.drhd[0].scope_count = 0;
	e.dmar.rhsa_count = 0;
	e.drhd[0] = e.drhd[1];
	e.dmar.drhd_count = 1;
	a = begin(&e);
	CHECK(iom_dmar_find_source(&a.table, &pci, IOM_DMAR_IOAPIC, 2, &s) == IOM_ENOENT);
	free(a.bytes);
}

TEST(dmar_namespace_devices_are_found_by_name, "FW-DMAR-09 FW-DMAR-17")
{
	static const struct iom_dmar_hop hop = { 0x15, 3 };
	struct iom_dmar_scope scope = { 5, 0, 1, 0, 1, &hop };
	struct iom_dmar_source s;
	struct dmar_example e;
	struct asked a;

	fill(&e);
	e.drhd[1].scope_count = 1;
	e.drhd[1].scopes = &scope;
	e.andd[1] = (struct iom_dmar_andd){ 9, "\\_SB.I2C1" };
	e.dmar.andd_count = 2;
	a = begin(&e);
	CHECK(iom_dmar_find_device(&a.table, &pci, "\\_SB.I2C0", &s) == IOM_OK);
	CHECK(s.rid == RID(0, 0x15, 3) && s.drhd.base == 0xfed80000);
	CHECK(iom_dmar_find_device(&a.table, &pci, "\\_SB.I2C1", &s) == IOM_ENOENT);
	CHECK(iom_dmar_find_device(&a.table, &pci, "\\_SB.I2C", &s) == IOM_ENOENT);
	CHECK(iom_dmar_find_device(&a.table, &pci, "\\_SB.I2C00", &s) == IOM_ENOENT);
	CHECK(iom_dmar_find_device(&a.table, &pci, "", &s) == IOM_ENOENT);
	free(a.bytes);
	scope.id = 9;
	a = begin(&e);
	CHECK(iom_dmar_find_device(&a.table, &pci, "\\_SB.I2C0", &s) == IOM_ENOENT);
	CHECK(iom_dmar_find_device(&a.table, &pci, "\\_SB.I2C1", &s) == IOM_OK);
	free(a.bytes);
}

static int on_region(void *opaque, const struct iom_dmar_rmrr *rmrr)
{
	char *text = opaque;

	CHECK(!rmrr->scopes);
	sprintf(text + strlen(text), "%llx-%llx ", (unsigned long long)rmrr->base,
	        (unsigned long long)rmrr->limit);
	return strlen(text) > 40 ? 42 : 0;
}

static void regions(const struct asked *a, uint16_t segment, uint16_t rid, const char *should)
{
	char text[128] = "";

	CHECK(iom_dmar_visit_rmrrs(&a->table, &pci, segment, rid, on_region, text) == IOM_OK);
	CHECK_STR(text, should);
}

TEST(dmar_regions_of_a_device_are_found, "FW-DMAR-24")
{
	static const struct iom_dmar_hop far[] = { { 1, 0 }, { 0, 0 }, { 7, 1 } };
	struct dmar_example e;
	struct asked a;

	dmar_fill(&e);
	e.rmrr_scope[1] = (struct iom_dmar_scope){ 1, 0, 0, 0, 3, far };
	e.rmrr[1] = (struct iom_dmar_rmrr){ 0, 2, 0x1000, 0x2fff, e.rmrr_scope };
	e.dmar.rmrr_count = 2;
	a = begin(&e);
	regions(&a, 0, RID(0, 0x14, 0), "7a000000-7affffff 1000-2fff ");
	regions(&a, 0, RID(3, 7, 1), "1000-2fff ");
	regions(&a, 0, RID(3, 7, 0), "");
	regions(&a, 0, RID(2, 7, 1), "");
	regions(&a, 1, RID(0, 0x14, 0), "");
	free(a.bytes);
}

static int on_first(void *opaque, const struct iom_dmar_rmrr *rmrr)
{
	(void)rmrr;
	return ++*(int *)opaque;
}

TEST(dmar_visit_of_regions_ends_where_the_visitor_says, "")
{
	struct dmar_example e;
	struct asked a;
	int calls = 6;

	dmar_fill(&e);
	e.rmrr[1] = e.rmrr[0];
	e.dmar.rmrr_count = 2;
	a = begin(&e);
	CHECK_EQ(iom_dmar_visit_rmrrs(&a.table, &pci, 0, RID(0, 0x14, 0), on_first, &calls), 7);
	CHECK_EQ(calls, 7);
	free(a.bytes);
}

TEST(dmar_ats_is_for_devices_below_listed_ports, "FW-DMAR-07 FW-DMAR-23")
{
	static const struct iom_dmar_hop port = { 0x1c, 0 };
	const struct iom_dmar_scope scope = { 2, 0, 0, 0, 1, &port };
	struct dmar_example e;
	struct asked a;

	dmar_fill(&e);
	e.atsr[0] = (struct iom_dmar_atsr){ 0, 0, 1, &scope };
	e.atsr[1] = (struct iom_dmar_atsr){ 1, 1, 0, NULL };
	e.dmar.atsr_count = 2;
	a = begin(&e);
	for (unsigned bus = 1; bus < 256; bus++)
		CHECK(iom_dmar_find_ats(&a.table, &pci, 0, RID(bus, 0, 0)) ==
		      (bus == 8 || bus == 9 ? IOM_OK : IOM_ENOENT));
	CHECK(iom_dmar_find_ats(&a.table, &pci, 1, RID(5, 0, 0)) == IOM_OK);
	CHECK(iom_dmar_find_ats(&a.table, &pci, 2, RID(5, 0, 0)) == IOM_ENOENT);
	free(a.bytes);
}

static int properties(const struct asked *a, uint16_t rid)
{
	uint8_t flags = 0xee;
	int r = iom_dmar_find_properties(&a->table, &pci, 0, rid, &flags);

	return r ? r : flags;
}

TEST(dmar_properties_replace_the_list_of_caches, "FW-DMAR-10 FW-DMAR-11 FW-DMAR-28 FW-DMAR-29")
{
	static const struct iom_dmar_hop hop = { 5, 0 };
	const struct iom_dmar_scope scope = { 1, 0, 0, 0, 1, &hop };
	struct dmar_example e;
	struct asked a;

	dmar_fill(&e);
	e.satc[1] = (struct iom_dmar_satc){ 0, 0, 1, &scope };
	e.dmar.satc_count = 2;
	for (unsigned flags = 0; flags < 0x20; flags++) {
		e.sidp_scope.flags = (uint8_t)flags;
		a = begin(&e);
		CHECK_EQ(properties(&a, RID(0, 4, 0)), flags);
		CHECK(properties(&a, RID(0, 3, 0)) == IOM_ENOENT);
		CHECK(properties(&a, RID(0, 5, 0)) == IOM_ENOENT);
		free(a.bytes);
	}
	e.dmar.sidp_count = 0;
	a = begin(&e);
	CHECK(properties(&a, RID(0, 4, 0)) == IOM_ENOENT);
	CHECK_EQ(properties(&a, RID(0, 3, 0)), 0x10);
	CHECK_EQ(properties(&a, RID(0, 5, 0)), 0);
	free(a.bytes);
}

TEST(dmar_buses_without_size_are_refused, "")
{
	const struct iom_dmar_pci none = { .bytes = sizeof none };
	const struct iom_dmar_pci unsized = { .bridge = find_bridge };
	const struct iom_dmar_pci *bad[] = { &none, &unsized };
	struct iom_dmar_source source;
	struct iom_dmar_drhd drhd;
	struct dmar_example e;
	struct asked a;
	char text[64] = "";
	uint16_t rid;
	uint8_t flags;

	dmar_fill(&e);
	a = begin(&e);
	for (unsigned i = 0; i < 2; i++) {
		CHECK(iom_dmar_scope_rid(bad[i], 0, &e.unit_scopes[0], &rid) == IOM_EINVAL);
		CHECK(iom_dmar_find_rid(&a.table, bad[i], 0, 0, &drhd) == IOM_EINVAL);
		CHECK(iom_dmar_find_source(&a.table, bad[i], IOM_DMAR_IOAPIC, 2, &source) ==
		      IOM_EINVAL);
		CHECK(iom_dmar_find_device(&a.table, bad[i], "\\_SB.I2C0", &source) == IOM_EINVAL);
		CHECK(iom_dmar_visit_rmrrs(&a.table, bad[i], 0, 0, on_region, text) == IOM_EINVAL);
		CHECK(iom_dmar_find_ats(&a.table, bad[i], 0, 0) == IOM_EINVAL);
		CHECK(iom_dmar_find_properties(&a.table, bad[i], 0, 0, &flags) == IOM_EINVAL);
	}
	free(a.bytes);
}

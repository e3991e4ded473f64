/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Where messages would go (interrupt.h), and when that may have changed (host.h). */
#include "irte.h"

static int ask(struct irt *t, uint64_t address, uint32_t data, struct iom_route *route,
               struct iom_reply *reply)
{
	struct iom_endpoint *endpoint;

	CHECK_EQ(iom_endpoint_get(t->r->unit, IRTE_SID, &endpoint), IOM_OK);
	t->r->msis = 0;
	return iom_msi_translate(endpoint, address, data, route, reply);
}

static void leads(struct irt *t, uint64_t from, uint32_t raw, uint64_t address, uint32_t data)
{
	struct iom_reply reply;
	struct iom_route route;

	CHECK_EQ(ask(t, from, raw, &route, &reply), IOM_OK);
	CHECK_EQ(route.kind, IOM_ROUTE_MESSAGE);
	CHECK_EQ(route.address, address);
	CHECK_EQ(route.data, data);
	CHECK_EQ(reply.fault, 0);
	CHECK_EQ(t->r->msis, 0);
	rig_expect_none(t->r);
}

static void leads_nowhere(struct irt *t, uint64_t from, uint32_t raw, unsigned reason)
{
	struct iom_route route = { .address = 0x5a5a };
	struct iom_reply reply;

	CHECK_EQ(ask(t, from, raw, &route, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, reason);
	CHECK_EQ(route.address, 0x5a5a);
	CHECK_EQ(t->r->msis, 0);
	rig_expect_none(t->r);
}

TEST(routes_of_messages, "")
{
	struct irt t;

	irt_on(&t, rig_new(), 7, true);
	irt_put(&t, 3, IRTE_P | IRTE_V(0x31) | IRTE_LOGICAL | IRTE_DST(0x1234), SVT(1) | IRTE_SID);
	leads(&t, irte_address(3, false), 0x55, 0x1200fee34004, 0x4031);
	leads(&t, irte_address(2, true), 1, 0x1200fee34004, 0x4031);
	leads_nowhere(&t, 0xfee01000, 0x4031, 0x25);
	leads_nowhere(&t, irte_address(2, true), 0x10001, 0x20);
	leads_nowhere(&t, irte_address(256, false), 0, 0x21);
	leads_nowhere(&t, irte_address(4, false), 0, 0x22);
	irt_put(&t, 4, IRTE_P | 1u << 12, 0);
	leads_nowhere(&t, irte_address(4, false), 0, 0x24);
	irt_put(&t, 4, IRTE_P, SVT(1) | (IRTE_SID + 1));
	leads_nowhere(&t, irte_address(4, false), 0, 0x26);
	rig_gcmd(t.r, IRE, false);
	leads(&t, irte_address(4, false), 0x77, irte_address(4, false), 0x77);
	rig_free(t.r);
}

TEST(routes_of_posted_interrupts, "")
{
	struct iom_route route;
	struct iom_reply reply;
	struct irt t;
	unsigned urgent;
	uint64_t pd;

	irt_on(&t, rig_new(), 7, false);
	pd = page(t.r) | 0x40;
	for (urgent = 0; urgent < 2; urgent++) {
		irt_put(&t, 3, IRTE_P | IRTE_IM | IRTE_V(0x81) | (urgent ? 1u << 14 : 0) | pd << 32,
		        pd >> 32 << 32);
		CHECK_EQ(ask(&t, irte_address(3, false), 0, &route, &reply), IOM_OK);
		CHECK_EQ(route.kind, IOM_ROUTE_POSTED);
		CHECK_EQ(route.address, pd);
		CHECK_EQ(route.vector, 0x81);
		CHECK_EQ(route.urgent, urgent);
		CHECK_EQ(ram64(t.r, pd + 16), 0);
		CHECK_EQ(ram64(t.r, pd + 32), 0);
	}
	rig_expect_none(t.r);
	rig_free(t.r);
}

/* Some call since `from` told of `index`. */
static bool told(const struct rig *r, unsigned from, uint32_t index)
{
	for (; from < r->changes && from < RIG_LOG; from++)
		if (r->change[from].first <= index && index <= r->change[from].last)
			return true;
	return false;
}

TEST(routes_that_change, "")
{
	struct irt t;
	unsigned im;

	irt_on(&t, rig_new(), 7, false);
	t.r->changes = 0;
	for (im = 0; im < 6; im++) {
		unsigned first = (37u >> im) << im, i;

		t.r->changes = 0;
		inv_irte_index(t.r, 37, im);
		for (i = 0; i < 1u << im; i++)
			CHECK(told(t.r, 0, first + i));
	}
	t.r->changes = 0;
	inv_irte(t.r);
	CHECK(told(t.r, 0, 0) && told(t.r, 0, 255) && told(t.r, 0, 37));
	/* Other invalidations are none of theirs. */
	t.r->changes = 0;
	inv_context(t.r);
	inv_iotlb(t.r);
	CHECK_EQ(t.r->changes, 0);
	/* Another table, another mode. */
	rig_gcmd(t.r, SIRTP, true);
	CHECK(told(t.r, 0, 0) && told(t.r, 0, 255));
	t.r->changes = 0;
	rig_gcmd(t.r, IRE, false);
	CHECK(told(t.r, 0, 0) && told(t.r, 0, 255));
	t.r->changes = 0;
	rig_gcmd(t.r, IRE, true);
	CHECK(told(t.r, 0, 0) && told(t.r, 0, 255));
	rig_free(t.r);
}

static uint64_t status_of;

static void not_yet(struct rig *r, const struct iom_own_access *access)
{
	/* The wait's status is what tells software. */
	if (access->write && access->spa == status_of)
		CHECK(told(r, 0, 37));
}

TEST(routes_are_out_of_use_when_software_is_told, "")
{
	struct irt t;

	irt_on(&t, rig_new(), 7, false);
	rig_watch(t.r);
	t.r->on_own = not_yet;
	t.r->changes = 0;
	status_of = t.r->status;
	inv_irte_index(t.r, 37, 0);
	CHECK(told(t.r, 0, 37));
	rig_free(t.r);
}

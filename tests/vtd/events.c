/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The event registers: what is sent, when it waits, and that the groups know nothing of each other. */
#include "rig.h"

#define SID 0x0123
#define IP (1u << 30)
#define IM (1u << 31)

static void fault(struct rig *r)
{
	struct iom_reply reply;

	CHECK_EQ(rig_translate(r, SID, rq(0x2000, IOM_ATOMIC), &reply), IOM_EFAULT);
	CHECK_EQ(rd32(r, FSTS) & PPF, PPF);
}

static void fault_done(struct rig *r)
{
	rig_forget(r);
}

static void invalidated(struct rig *r)
{
	rig_submit(r, 5 | 1 << 4, 0);
	CHECK_EQ(rd32(r, ICS), 1);
}

static void invalidated_done(struct rig *r)
{
	wr32(r, ICS, 1);
	CHECK_EQ(rd32(r, ICS), 0);
}

static void page_request(struct rig *r)
{
	rig_page(r, SID, 0x1000, IOM_PAGE_READ, 0);
	CHECK_EQ(rd32(r, PRS), 1);
}

static void page_request_done(struct rig *r)
{
	wr64(r, PQH, rd64(r, PQT));
	wr32(r, PRS, 3);
	CHECK_EQ(rd32(r, PRS), 0);
}

static const struct group {
	uint64_t xctl;
	void (*raise)(struct rig *);
	void (*done)(struct rig *);
} groups[] = {
	{ FECTL, fault, fault_done },
	{ IECTL, invalidated, invalidated_done },
	{ PECTL, page_request, page_request_done },
};

#define GROUPS (sizeof(groups) / sizeof(*groups))

/* SID may write and ask for pages; nobody maps its AtomicOps. */
static struct rig *ready(uint64_t ecap)
{
	struct rig *r = rig_new_caps(CAP_ALL, ecap);
	uint64_t root = page(r);

	rig_on(r, TTM_SCALABLE);
	rig_queue(r, 0, true);
	rig_device(r, SID, 0, DTE | PRE, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_SS | PE_AW(4) | root, 1 | PWSNP, 0);
	rig_page_queue(r, 0);
	return r;
}

TEST(messages_are_sent_as_programmed, "VTD-EVT-01 VTD-IR-21")
{
	static const struct {
		uint64_t address;
		uint32_t data;
	} rows[] = { { 0xfee00000, 0 },
		     { 0xfee12abc, 0x41 },
		     { 0x00000001fee34000, 0xff },
		     { 0xabcdef00fee56000, 0x1ff },
		     { 0x0000001234567890, 0xffff } };
	size_t i, k;

	for (i = 0; i < GROUPS; i++)
		for (k = 0; k < sizeof(rows) / sizeof(*rows); k++) {
			struct rig *r = ready(ECAP_ALL);

			/* Remapping would refuse them: no entry is present. */
			rig_irt(r, 7, true);
			rig_event(r, groups[i].xctl, rows[k].address, rows[k].data);
			groups[i].raise(r);
			CHECK_EQ(r->msis, 1);
			CHECK_EQ(r->msi[0].address, rows[k].address);
			CHECK_EQ(r->msi[0].data, rows[k].data);
			CHECK_EQ(rd32(r, groups[i].xctl), 0);
			rig_free(r);
		}
}

TEST(upper_address_needs_x2apic, "VTD-EVT-01 VTD-REG-14")
{
	struct rig *r = ready(ECAP_ALL & ~ECAP_EIM);

	rig_event(r, FECTL, 0xabcdef00fee56000, 0x41);
	CHECK_EQ(rd32(r, FECTL + xUADDR), 0);
	fault(r);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].address, 0xfee56000);
	rig_free(r);
}

TEST(masked_event_waits, "VTD-EVT-02 VTD-EVT-05")
{
	size_t i;

	for (i = 0; i < GROUPS; i++) {
		const uint64_t xctl = groups[i].xctl;
		struct rig *r = ready(ECAP_ALL);

		rig_event(r, xctl, 0xfee01000, 0x41);
		wr32(r, xctl, IM);
		groups[i].raise(r);
		CHECK_EQ(rd32(r, xctl), IM | IP);
		groups[i].raise(r);
		CHECK_EQ(rd32(r, xctl), IM | IP);
		wr32(r, xctl, IM);
		CHECK_EQ(r->msis, 0);
		/* What is sent is what stands there by then. */
		wr32(r, xctl + xDATA, 0x42);
		wr32(r, xctl, 0);
		CHECK_EQ(r->msis, 1);
		CHECK_EQ(r->msi[0].address, 0xfee01000);
		CHECK_EQ(r->msi[0].data, 0x42);
		CHECK_EQ(rd32(r, xctl), 0);
		wr32(r, xctl, IM);
		wr32(r, xctl, 0);
		CHECK_EQ(r->msis, 1);
		rig_free(r);
	}
}

TEST(serviced_event_is_not_sent, "VTD-EVT-03 VTD-QI-24")
{
	size_t i;

	for (i = 0; i < GROUPS; i++) {
		const uint64_t xctl = groups[i].xctl;
		struct rig *r = ready(ECAP_ALL);

		rig_event(r, xctl, 0xfee01000, 0x41);
		wr32(r, xctl, IM);
		groups[i].raise(r);
		CHECK_EQ(rd32(r, xctl), IM | IP);
		groups[i].done(r);
		CHECK_EQ(rd32(r, xctl), IM);
		wr32(r, xctl, 0);
		CHECK_EQ(r->msis, 0);
		/* The next is. */
		groups[i].raise(r);
		CHECK_EQ(r->msis, 1);
		rig_free(r);
	}
}

TEST(pending_condition_raises_no_second_event, "VTD-EVT-05 VTD-QI-23 VTD-PRQ-02")
{
	size_t i;
	unsigned k;

	for (i = 0; i < GROUPS; i++) {
		struct rig *r = ready(ECAP_ALL);

		rig_event(r, groups[i].xctl, 0xfee01000, 0x41);
		for (k = 1; k < 4; k++) {
			groups[i].raise(r);
			CHECK_EQ(r->msis, k);
			groups[i].raise(r);
			CHECK_EQ(r->msis, k);
			groups[i].done(r);
			CHECK_EQ(r->msis, k);
		}
		rig_free(r);
	}
}

TEST(page_queue_overflow_is_a_condition_too, "VTD-EVT-05")
{
	struct rig *r = ready(ECAP_ALL);
	unsigned i;

	rig_event(r, PECTL, 0xfee01000, 0x41);
	for (i = 0; i < 127; i++)
		page_request(r);
	wr32(r, PRS, 1);
	CHECK_EQ(r->msis, 1);
	rig_page(r, SID, 0x1000, IOM_PAGE_READ, 0);
	CHECK_EQ(rd32(r, PRS), 2);
	CHECK_EQ(r->msis, 2);
	rig_page(r, SID, 0x1000, IOM_PAGE_READ, 0);
	CHECK_EQ(r->msis, 2);
	/* IP falls with both only, whichever goes first. */
	wr32(r, PECTL, IM);
	wr32(r, PRS, 2);
	wr64(r, PQH, rd64(r, PQT));
	page_request(r);
	CHECK_EQ(rd32(r, PECTL), IM | IP);
	for (i = 0; i < 127; i++)
		rig_page(r, SID, 0x1000, IOM_PAGE_READ, 0);
	CHECK_EQ(rd32(r, PRS), 3);
	wr32(r, PRS, 1);
	CHECK_EQ(rd32(r, PECTL), IM | IP);
	wr32(r, PRS, 2);
	CHECK_EQ(rd32(r, PECTL), IM);
	wr64(r, PQH, rd64(r, PQT));
	for (i = 0; i < 128; i++)
		rig_page(r, SID, 0x1000, IOM_PAGE_READ, 0);
	wr32(r, PRS, 2);
	CHECK_EQ(rd32(r, PECTL), IM | IP);
	wr32(r, PRS, 1);
	CHECK_EQ(rd32(r, PECTL), IM);
	rig_free(r);
}

/* One group masked and waiting, another raised, served and masked: nobody else moves. */
TEST(groups_are_independent, "VTD-EVT-04")
{
	size_t i, k;

	for (i = 0; i < GROUPS; i++)
		for (k = 0; k < GROUPS; k++) {
			struct rig *r;

			if (i == k)
				continue;
			r = ready(ECAP_ALL);
			rig_event(r, groups[i].xctl, 0xfee01000, 0x41);
			rig_event(r, groups[k].xctl, 0xfee02000, 0x42);
			wr32(r, groups[i].xctl, IM);
			groups[i].raise(r);
			groups[k].raise(r);
			CHECK_EQ(r->msis, 1);
			CHECK_EQ(r->msi[0].address, 0xfee02000);
			CHECK_EQ(r->msi[0].data, 0x42);
			CHECK_EQ(rd32(r, groups[i].xctl), IM | IP);
			CHECK_EQ(rd32(r, groups[k].xctl), 0);
			groups[k].done(r);
			CHECK_EQ(rd32(r, groups[i].xctl), IM | IP);
			groups[k].raise(r);
			CHECK_EQ(r->msis, 2);
			wr32(r, groups[i].xctl, 0);
			CHECK_EQ(r->msis, 3);
			CHECK_EQ(r->msi[2].address, 0xfee01000);
			CHECK_EQ(r->msi[2].data, 0x41);
			groups[i].done(r);
			CHECK_EQ(rd32(r, groups[k].xctl), 0);
			rig_free(r);
		}
}

/* A message that nobody takes is gone; the unit goes on. */
TEST(message_that_the_host_refuses, "")
{
	struct rig *r = ready(ECAP_ALL);

	rig_event(r, IECTL, 0xfee01000, 0x41);
	r->msi_fails = true;
	invalidated(r);
	CHECK_EQ(rd32(r, IECTL), 0);
	invalidated_done(r);
	r->msi_fails = false;
	invalidated(r);
	CHECK_EQ(r->msis, 1);
	rig_free(r);
}

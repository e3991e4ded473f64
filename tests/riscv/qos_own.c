/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The quality-of-service identifiers of what the unit itself reads and writes. */
#include <string.h>

#include "mrif.h"

#define CAP_AMO_HWAD (1ull << 24)
#define CAP_ATS (1ull << 25)
#define CAP (CAP_EXT | CAP_QOSID | CAP_AMO_HWAD)
#define OWN_RCID 0x123u /* of iommu_qosid */
#define OWN_MCID 0x456u
#define DC_RCID 0x789u
#define DC_MCID 0xabcu
#define PDTV (1ull << 5)
#define GADE (1ull << 7)
#define SADE (1ull << 8)
#define NOBODY 0xffffffffu

#define EVENTS 512

struct watch {
	struct mrif m;
	struct guest_path path;
	struct guest_page pdt;
	unsigned count;
	struct {
		uint32_t requester;
		struct iom_own_access access;
	} event[EVENTS];
};

static void saw(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	struct watch *w = opaque;

	CHECK(w->count < EVENTS);
	w->event[w->count].requester = requester;
	w->event[w->count++].access = *access;
}

/*
 * A process of the device, in a guest with a file of its own; every stage updates A and D.  The host
 * has no msi, so that messages are stores to RAM.
 */
static void watch_init(struct watch *w, uint64_t cap)
{
	const struct iom_observer observer = { .bytes = sizeof(observer), .own = saw };
	struct rig *r;

	memset(w, 0, sizeof(*w));
	mrif_init(&w->m, cap, IOM_RISCV_UNCACHED);
	r = w->m.r;
	w->pdt = nested_page(&w->m.n);
	nested_path(&w->m.n, &w->path, 3);
	put64(r, w->path.entry[0], leaf(w->path.data.gpa) & ~(PTE_A | PTE_D));
	put64(r, w->pdt.spa + 16 + 8, w->path.fsc);
	put64(r, w->pdt.spa + 16, 1);
	put64(r, w->m.dc + 24, 1ull << 60 | w->pdt.gpa >> 12);
	put64(r, w->m.dc + 16, (uint64_t)DC_RCID << 40 | (uint64_t)DC_MCID << 52);
	put64(r, w->m.dc, 1 | PDTV | SADE | GADE);

	iom_unit_free(r->unit);
	CHECK_EQ(iom_riscv_new(&r->config, r->memory, NULL, NULL, &r->unit, NULL), IOM_OK);
	CHECK_EQ(iom_lane_open(r->unit, &r->lane), IOM_OK);
	w->m.port = rig_port(r, MRIF_DEVICE);
	wr32(r, QOSID, OWN_RCID | OWN_MCID << 16);
	wr64(r, DDTP, PPN_OF(r->ddt) | LVL1);
	CHECK_EQ(iom_observe(r->unit, &observer, w), IOM_OK);
}

/* The ids and the requester that an access of this kind must have. */
static void check_event(const struct watch *w, unsigned i)
{
	const struct iom_own_access *a = &w->event[i].access;
	bool own = a->of == IOM_OF_DEVICE || a->of == IOM_OF_QUEUE || a->of == IOM_OF_INTERRUPT;
	bool nobody = a->of == IOM_OF_QUEUE || a->of == IOM_OF_INTERRUPT;

	CHECK(a->of >= IOM_OF_DEVICE && a->of <= IOM_OF_INTERRUPT);
	CHECK_MSG(a->rcid == (own ? OWN_RCID : DC_RCID) && a->mcid == (own ? OWN_MCID : DC_MCID),
	          "kind %u carries 0x%x and 0x%x", a->of, a->rcid, a->mcid);
	CHECK_MSG(w->event[i].requester == (nobody ? NOBODY : MRIF_DEVICE), "kind %u is for 0x%x",
	          a->of, w->event[i].requester);
}

/* There is an event of this kind at `spa`; all of the kind are as they must be. */
static void check_seen(const struct watch *w, unsigned of, bool write, uint64_t spa)
{
	bool there = false;

	for (unsigned i = 0; i < w->count; i++) {
		const struct iom_own_access *a = &w->event[i].access;

		if (a->of != of)
			continue;
		check_event(w, i);
		there |= a->write == write && a->result == IOM_OK && spa >= a->spa &&
		         spa < a->spa + a->bytes;
	}
	CHECK_MSG(there, "no access of kind %u at 0x%llx", of, (unsigned long long)spa);
}

static int process_write(struct watch *w, uint64_t iova, struct iom_reply *reply)
{
	const struct iom_request q = { .iova = iova, .pasid = 1, .flags = IOM_REQ_PASID };
	const uint8_t message[4] = { 5 };

	return iom_write(w->m.port, &q, message, 4, reply);
}

TEST(qos_of_tables, "RV-QOS-01")
{
	struct watch w;
	struct iom_reply reply;

	watch_init(&w, CAP);
	CHECK_EQ(process_write(&w, w.path.iova & ~7ull, &reply), IOM_OK);
	CHECK_EQ(reply.rcid, DC_RCID);
	CHECK_EQ(reply.mcid, DC_MCID);
	for (unsigned i = 0; i < w.count; i++)
		check_event(&w, i);
	check_seen(&w, IOM_OF_DEVICE, false, w.m.dc);
	check_seen(&w, IOM_OF_DEVICE, false, w.m.dc + 56);
	check_seen(&w, IOM_OF_PROCESS, false, w.pdt.spa + 16);
	for (unsigned i = 0; i < 3; i++) {
		check_seen(&w, IOM_OF_STAGE1, false, w.path.entry[i]);
		check_seen(&w, IOM_OF_STAGE2, false, w.path.table[i].leaf);
	}
	check_seen(&w, IOM_OF_STAGE2, false, w.path.data.leaf);
	check_seen(&w, IOM_OF_STAGE2, false, w.pdt.leaf);
	check_seen(&w, IOM_OF_STAGE1, true, w.path.entry[0]);
	mrif_free(&w.m);
}

TEST(qos_of_interrupt_files, "RV-QOS-01")
{
	struct watch w;
	struct iom_reply reply;
	uint64_t inbox;

	watch_init(&w, CAP | CAP_MSI_MRIF | CAP_AMO_MRIF);
	inbox = page(w.m.r);
	put64(w.m.r, w.path.entry[0], leaf(MRIF_PAGE));
	mrif_put(&w.m, mrif_entry(w.m.file), mrif_notice(inbox, MRIF_NID));
	CHECK_EQ(process_write(&w, w.path.iova & ~0xfffull, &reply), IOM_OK);
	CHECK_EQ(ram64(w.m.r, w.m.file), 1 << 5);
	CHECK_EQ(ram32(w.m.r, inbox), MRIF_NID);
	check_seen(&w, IOM_OF_MSI, false, w.m.table);
	check_seen(&w, IOM_OF_MSI, false, w.m.table + 8);
	check_seen(&w, IOM_OF_MRIF, true, w.m.file);
	mrif_free(&w.m);
}

TEST(qos_of_queues_and_interrupts, "RV-QOS-01")
{
	struct watch w;
	struct iom_reply reply;
	uint64_t cq, fq, spot, inbox;

	watch_init(&w, CAP);
	spot = page(w.m.r);
	inbox = page(w.m.r);
	cq = rig_cq(w.m.r, 4, true);
	fq = rig_fq(w.m.r, 4, true);
	for (unsigned v = 0; v < 4; v++) {
		wr64(w.m.r, MSI_CFG + 16 * v, inbox);
		wr32(w.m.r, MSI_CFG + 16 * v + 8, 0x77);
	}
	/* a record and its message */
	CHECK_EQ(process_write(&w, 0, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 15);
	CHECK_EQ(ram32(w.m.r, inbox), 0x77);
	check_seen(&w, IOM_OF_QUEUE, true, fq);
	check_seen(&w, IOM_OF_INTERRUPT, true, inbox);
	/* a command, and what it stores */
	w.count = 0;
	rig_cmd(w.m.r, FENCE | FENCE_AV | FENCE_DATA(9), spot >> 2);
	CHECK_EQ(ram32(w.m.r, spot), 9);
	check_seen(&w, IOM_OF_QUEUE, false, cq);
	check_seen(&w, IOM_OF_QUEUE, true, spot);
	/* an illegal one, and its message */
	w.count = 0;
	put32(w.m.r, inbox, 0);
	rig_cmd(w.m.r, 0, 0);
	CHECK_EQ(ram32(w.m.r, inbox), 0x77);
	check_seen(&w, IOM_OF_QUEUE, false, cq + 16);
	check_seen(&w, IOM_OF_INTERRUPT, true, inbox);
	mrif_free(&w.m);
}

/* What fails carries them too. */
TEST(qos_of_refused_accesses, "RV-QOS-01")
{
	struct watch w;
	struct iom_reply reply;
	unsigned device = 0, stage1 = 0;

	watch_init(&w, CAP);
	put64(w.m.r, w.path.table[0].leaf, leaf(RIG_NOWHERE));
	CHECK_EQ(process_write(&w, w.path.iova, &reply), IOM_EFAULT);
	wr64(w.m.r, DDTP, OFF);
	wr64(w.m.r, DDTP, PPN_OF(RIG_NOWHERE) | LVL1);
	CHECK_EQ(process_write(&w, w.path.iova, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 257);
	for (unsigned i = 0; i < w.count; i++) {
		check_event(&w, i);
		if (w.event[i].access.result == IOM_OK)
			continue;
		CHECK_EQ(w.event[i].access.result, IOM_EFAULT);
		device += w.event[i].access.of == IOM_OF_DEVICE;
		stage1 += w.event[i].access.of == IOM_OF_STAGE1;
	}
	CHECK_EQ(device, 1);
	CHECK_EQ(stage1, 1);
	mrif_free(&w.m);
}

/* The queue of page requests is the unit's own, whoever asks. */
TEST(qos_of_page_requests, "RV-QOS-01")
{
	const struct iom_message ask = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                         .address = 0x5000,
		                         .token = 3,
		                         .code = IOM_PAGE_READ | IOM_PAGE_LAST };
	struct iom_endpoint *endpoint;
	struct watch w;
	uint64_t pq;

	watch_init(&w, CAP | CAP_ATS);
	put64(w.m.r, w.m.dc, 1 | PDTV | SADE | GADE | 6); /* EN_ATS, EN_PRI */
	pq = page(w.m.r);
	wr64(w.m.r, PQB, PPN_OF(pq) | 3);
	wr32(w.m.r, PQCSR, EN);
	CHECK_EQ(iom_endpoint_get(w.m.r->unit, MRIF_DEVICE, &endpoint), IOM_OK);
	CHECK_EQ(iom_message(endpoint, &ask), IOM_OK);
	CHECK_EQ(rd32(w.m.r, PQT), 1);
	check_seen(&w, IOM_OF_DEVICE, false, w.m.dc);
	check_seen(&w, IOM_OF_QUEUE, true, pq);
	mrif_free(&w.m);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The helpers of queue.h. */
#include "queue.h"

#define ADDRESS (~0ull << 12)
#define HIGH_WORD (~0ull << 32)
#define DID_FIELD 0xffff0000ull
#define SID_FIELD 0xffff00000000ull
#define PASID_FIELD 0xfffff00000000ull

const struct form queue_form[QUEUE_FORMS] = {
	{ "context-cache",
	  { T_CONTEXT | G(3), 0 },
	  { 0xfffc00000000f1c0, ~0ull },
	  { 0x0003ffffffff0000, 0 },
	  false },
	/* AM bits that stay below MAMV 18 */
	{ "IOTLB",
	  { T_IOTLB | G(3), 0 },
	  { 0xffffffff0000f100, 0xf80 },
	  { DID_FIELD | 0xc0, ADDRESS | 0x5f },
	  false },
	{ "Device-TLB",
	  { T_DEVICE, 0 },
	  { 0xfff0000000000000 | 0x000f0000ffe0f1f0, 0xffe },
	  { SID_FIELD | 0x1f0000, ADDRESS | 1 },
	  false },
	{ "interrupt entry cache",
	  { T_IEC | G(1), 0 },
	  { 0xffff000007fff1e0, ~0ull },
	  { SID_FIELD | 0x78000010, 0 },
	  false },
	{ "wait",
	  { T_WAIT, 0 },
	  { 0xfffff100, 3 },
	  { HIGH_WORD | WAIT_FN | WAIT_PD, ~3ull },
	  false },
	{ "PASID-based IOTLB",
	  { T_PIOTLB | G(3), 0 },
	  { 0xfff000000000f1c0, 0xf80 },
	  { PASID_FIELD | DID_FIELD, ADDRESS | 0x7f },
	  true },
	{ "PASID cache",
	  { T_PASID | G(3), 0 },
	  { 0xfff000000000f1c0, ~0ull },
	  { PASID_FIELD | DID_FIELD, 0 },
	  true },
	{ "PASID-based Device-TLB",
	  { T_PDEVICE, 0 },
	  { 0xfff000000000f000, 0x7fe },
	  { PASID_FIELD | DID_FIELD | 0x1f0, ADDRESS | 0x801 },
	  true },
	{ "page group response",
	  { T_RESPONSE, 0 },
	  { 0xfff00000000001e0, 0xfffffffffffff003 },
	  { PASID_FIELD | DID_FIELD | 0x10, 0xffc },
	  true },
};

void queue_complete(struct rig *r, uint16_t sid, uint32_t itags, unsigned count)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_INVALIDATED,
		                       .token = itags,
		                       .code = (uint8_t)(count & 7) };

	CHECK_EQ(rig_send(r, sid, &m), IOM_OK);
}

void queue_answer(struct rig *r, uint32_t requester, const struct iom_message *message)
{
	if (message->kind == IOM_MESSAGE_INVALIDATE)
		queue_complete(r, (uint16_t)requester, 1u << message->token, 1);
}

struct rig *queue_new(uint64_t cap, uint64_t ecap, unsigned ttm, unsigned qs, bool wide)
{
	struct rig *r = rig_new_caps(cap, ecap);

	/* With translation on: without, completions of devices are refused. */
	rig_on(r, ttm);
	rig_queue(r, qs, wide);
	r->on_message = queue_answer;
	return r;
}

void queue_takes(struct rig *r, const uint64_t qw[4])
{
	rig_submit4(r, qw);
	CHECK_MSG(!(rd32(r, FSTS) & (IQE | ITE | ICE)),
	          "0x%016llx 0x%016llx 0x%016llx 0x%016llx: FSTS 0x%x, IQERCD 0x%llx",
	          (unsigned long long)qw[0], (unsigned long long)qw[1], (unsigned long long)qw[2],
	          (unsigned long long)qw[3], rd32(r, FSTS), (unsigned long long)rd64(r, IQERCD));
	CHECK_EQ(rd64(r, IQH), r->tail);
}

void queue_stopped(struct rig *r, uint64_t head, unsigned iqei)
{
	CHECK_MSG(rd32(r, FSTS) & IQE, "no error instead of IQEI %u, IQH 0x%llx", iqei,
	          (unsigned long long)rd64(r, IQH));
	CHECK_EQ(rd64(r, IQERCD) & 0xf, iqei);
	CHECK_EQ(rd64(r, IQH), head);
}

void queue_repair(struct rig *r)
{
	const uint64_t nothing[4] = { T_WAIT };

	puts64(r, r->queue + rd64(r, IQH), nothing, r->wide ? 4 : 2);
	wr32(r, FSTS, IQE);
}

void queue_refuses(struct rig *r, const uint64_t qw[4], unsigned iqei)
{
	uint64_t head = r->tail;

	rig_submit4(r, qw);
	CHECK_MSG((rd32(r, FSTS) & IQE) && (rd64(r, IQERCD) & 0xf) == iqei,
	          "0x%016llx 0x%016llx 0x%016llx 0x%016llx: FSTS 0x%x, IQERCD 0x%llx instead of %u",
	          (unsigned long long)qw[0], (unsigned long long)qw[1], (unsigned long long)qw[2],
	          (unsigned long long)qw[3], rd32(r, FSTS), (unsigned long long)rd64(r, IQERCD),
	          iqei);
	CHECK_EQ(rd64(r, IQH), head);
	queue_repair(r);
	CHECK_EQ(rd32(r, FSTS) & IQE, 0);
	CHECK_EQ(rd64(r, IQH), r->tail);
}

void queue_wait(struct rig *r, uint64_t at, uint32_t data, unsigned flags)
{
	rig_submit(r, WAIT_DATA(data) | WAIT_SW | flags | T_WAIT, at);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The bench of atc_rig.h. */
#include "atc_rig.h"

#include <stdlib.h>

static struct atc_rig *rig_in_use; /* the rig's callback knows its IOMMU alone */

static void saw_access(void *opaque, uint32_t requester, const struct iom_request *q,
                       const struct iom_reply *reply, int result)
{
	struct atc_rig *t = opaque;

	(void)reply, (void)result;
	if (requester == t->device)
		t->sent[q->at]++;
}

static void saw_own(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	struct atc_rig *t = opaque;
	void (*then)(struct atc_rig *) = t->on_walk;

	if (requester != t->device || access->of != IOM_OF_STAGE1)
		return;
	t->on_walk = NULL;
	if (then)
		then(t);
}

static void hears(struct rig *r, uint32_t requester, const struct iom_message *m)
{
	struct atc_rig *t = rig_in_use;

	(void)r;
	if (requester == t->device && t->atc && m->kind == IOM_MESSAGE_INVALIDATE) {
		t->heard++;
		CHECK_EQ(iom_atc_message(t->atc, m), IOM_OK);
	}
}

struct atc_rig *atc_rig_new(uint32_t device, const struct iom_atc_config *config)
{
	static const struct iom_observer observer = { .bytes = sizeof observer,
		                                      .access = saw_access,
		                                      .own = saw_own };
	struct atc_rig *t = calloc(1, sizeof *t);

	CHECK(t);
	rig_in_use = t;
	t->device = device;
	ats_init(&t->a, CAP_ALL_ATS | CAP_MSI_MRIF | CAP_AMO_MRIF, IOM_RISCV_UNCACHED);
	rig_cq(t->a.r, 6, false);
	t->a.r->on_message = hears;
	t->port = rig_port(t->a.r, device);
	CHECK_EQ(iom_observe(t->a.r->unit, &observer, t), IOM_OK);
	CHECK_EQ(iom_atc_new(t->port, config, &t->atc, NULL), IOM_OK);
	iom_atc_enable(t->atc, true);
	return t;
}

void atc_rig_free(struct atc_rig *t)
{
	iom_atc_free(t->atc);
	rig_free(t->a.r);
	free(t);
}

uint64_t atc_map(struct atc_rig *t, uint64_t iova, unsigned level, uint64_t pte)
{
	return rig_map(t->a.r, t->a.s1, 3, false, iova, level, pte);
}

struct iom_request atc_request(uint64_t iova, unsigned access, int pid)
{
	struct iom_request q = { .iova = iova, .bytes = 8, .access = (uint8_t)access };

	if (pid >= 0) {
		q.flags = IOM_REQ_PASID;
		q.pasid = (uint32_t)pid;
	}
	return q;
}

unsigned atc_sent(struct atc_rig *t, unsigned at)
{
	unsigned n = t->sent[at];

	t->sent[at] = 0;
	return n;
}

void atc_reaches(struct atc_rig *t, struct iom_request q, uint64_t spa, unsigned asked)
{
	uint64_t before = iom_atc_requests(t->atc);
	struct iom_reply reply;
	int err;

	atc_sent(t, IOM_AT_TRANSLATION_REQUEST);
	iom_atc_begin(t->atc);
	err = iom_atc_translate(t->atc, &q, &reply);
	CHECK_MSG(err == IOM_OK, "0x%llx: %d, status %u, cause %u", (unsigned long long)q.iova, err,
	          reply.status, reply.fault);
	CHECK_EQ(reply.spa, spa);
	CHECK_EQ(reply.status, IOM_DONE);
	iom_atc_end(t->atc);
	CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATION_REQUEST), asked);
	CHECK_EQ(iom_atc_requests(t->atc) - before, asked);
	rig_expect_none(t->a.r);
}

void atc_not_permitted(struct atc_rig *t, struct iom_request q)
{
	struct iom_reply reply;

	atc_sent(t, IOM_AT_TRANSLATED);
	iom_atc_begin(t->atc);
	CHECK_EQ(iom_atc_translate(t->atc, &q, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK(!reply.host);
	iom_atc_end(t->atc);
	CHECK_EQ(atc_sent(t, IOM_AT_TRANSLATED), 0);
	rig_expect_none(t->a.r);
}

void atc_invalidate(struct atc_rig *t, uint64_t flags, uint64_t payload)
{
	rig_cmd(t->a.r, ATS_INVAL | CMD_RID(t->device) | flags, payload);
	rig_cmd(t->a.r, FENCE, 0);
}

bool atc_fence_done(struct atc_rig *t)
{
	CHECK_EQ(rd32(t->a.r, CQCSR), EN | ON);
	return rd32(t->a.r, CQH) == rd32(t->a.r, CQT);
}

uint64_t atc_range(uint64_t address, unsigned lg2)
{
	if (lg2 == 12)
		return address & ~0xfffull;
	/* S, and ones below the bit that is half the size; it is 0 itself. */
	address &= ~((lg2 < 64 ? 1ull << lg2 : 0) - 1);
	return address | ((1ull << (lg2 - 1)) - 1 - 0xfff) | 1ull << 11;
}

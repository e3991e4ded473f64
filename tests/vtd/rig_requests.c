/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The bench of rig.h: what devices ask, and how it must end. */
#include "rig.h"

#include <string.h>

struct iom_request rq(uint64_t iova, unsigned access)
{
	return (struct iom_request){ .iova = iova, .bytes = 8, .access = (uint8_t)access };
}

struct iom_request rq_zero(uint64_t iova)
{
	return (struct iom_request){ .iova = iova };
}

struct iom_request rq_pid(uint64_t iova, unsigned access, uint32_t pasid)
{
	struct iom_request q = rq(iova, access);

	q.flags = IOM_REQ_PASID;
	q.pasid = pasid;
	return q;
}

struct iom_request rq_priv(uint64_t iova, unsigned access, uint32_t pasid)
{
	struct iom_request q = rq_pid(iova, access, pasid);

	q.flags |= IOM_REQ_PRIVILEGED;
	return q;
}

struct iom_request rq_ats(struct iom_request q)
{
	q.at = IOM_AT_TRANSLATION_REQUEST;
	return q;
}

struct iom_request rq_translated(struct iom_request q)
{
	q.at = IOM_AT_TRANSLATED;
	return q;
}

static struct iom_endpoint *endpoint(struct rig *r, uint16_t sid)
{
	struct iom_endpoint *is = NULL;

	CHECK_EQ(iom_endpoint_get(r->unit, sid, &is), IOM_OK);
	return is;
}

struct iom_port *rig_port(struct rig *r, uint16_t sid)
{
	struct iom_port *port = NULL;

	CHECK_EQ(iom_port_open(endpoint(r, sid), r->lane, &port), IOM_OK);
	return port;
}

int rig_translate(struct rig *r, uint16_t sid, struct iom_request q, struct iom_reply *reply)
{
	struct iom_port *port = rig_port(r, sid);
	int err;

	memset(reply, 0xa5, sizeof(*reply));
	iom_begin(r->lane);
	err = iom_translate(port, &q, reply);
	iom_end(r->lane);
	iom_port_close(port);
	return err;
}

struct iom_reply rig_grants(struct rig *r, uint16_t sid, struct iom_request q, uint64_t spa)
{
	struct iom_reply reply;
	int err = rig_translate(r, sid, q, &reply);

	CHECK_MSG(err == IOM_OK, "0x%llx of 0x%04x: refused (%d) with reason 0x%x",
	          (unsigned long long)q.iova, sid, err, reply.fault);
	CHECK_EQ(reply.spa, spa);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK_EQ(reply.fault, 0);
	rig_expect_none(r);
	return reply;
}

static void refused(struct rig *r, uint16_t sid, struct iom_request q, unsigned status,
                    unsigned reason)
{
	struct iom_reply reply;
	int err = rig_translate(r, sid, q, &reply);

	CHECK_MSG(err == IOM_EFAULT, "0x%llx of 0x%04x: result %d instead of reason 0x%x",
	          (unsigned long long)q.iova, sid, err, reason);
	CHECK_MSG(reply.fault == reason, "0x%llx of 0x%04x: reason 0x%x instead of 0x%x",
	          (unsigned long long)q.iova, sid, reply.fault, reason);
	CHECK_MSG(reply.status == status, "reason 0x%x: status %u instead of %u", reason,
	          reply.status, status);
}

void rig_refuses_quietly(struct rig *r, uint16_t sid, struct iom_request q, unsigned reason)
{
	refused(r, sid, q, IOM_UNSUPPORTED, reason);
	rig_expect_none(r);
}

void rig_declines(struct rig *r, uint16_t sid, struct iom_request q, unsigned status,
                  unsigned reason, bool recorded)
{
	struct record want = rig_record_of(sid, &q, reason);

	refused(r, sid, q, status, reason);
	if (recorded)
		rig_expect(r, &want);
	rig_expect_none(r);
}

void rig_refuses(struct rig *r, uint16_t sid, struct iom_request q, unsigned reason)
{
	rig_declines(r, sid, q, IOM_UNSUPPORTED, reason, true);
}

void rig_reserved(struct rig *r, uint64_t spa, uint64_t mask, uint16_t sid, struct iom_request q,
                  unsigned reason)
{
	const uint64_t was = ram64(r, spa);
	unsigned bit;

	for (bit = 0; bit < 64; bit++)
		if (mask >> bit & 1) {
			struct iom_reply reply;
			const struct record want = rig_record_of(sid, &q, reason);

			put64(r, spa, was ^ 1ull << bit);
			CHECK_MSG(rig_translate(r, sid, q, &reply) == IOM_EFAULT,
			          "bit %u of 0x%llx is granted instead of reason 0x%x", bit,
			          (unsigned long long)was, reason);
			CHECK_MSG(reply.fault == reason,
			          "bit %u of 0x%llx: reason 0x%x instead of 0x%x", bit,
			          (unsigned long long)was, reply.fault, reason);
			CHECK_EQ(reply.status, IOM_UNSUPPORTED);
			rig_expect(r, &want);
			rig_expect_none(r);
		}
	put64(r, spa, was);
}

void rig_ignored(struct rig *r, uint64_t spa, uint64_t mask, uint16_t sid, struct iom_request q,
                 uint64_t to)
{
	const uint64_t was = ram64(r, spa);
	unsigned bit;

	for (bit = 0; bit < 64; bit++)
		if (mask >> bit & 1) {
			struct iom_reply reply;

			put64(r, spa, was ^ 1ull << bit);
			CHECK_MSG(rig_translate(r, sid, q, &reply) == IOM_OK,
			          "bit %u of 0x%llx: refused with reason 0x%x", bit,
			          (unsigned long long)was, reply.fault);
			CHECK_EQ(reply.spa, to);
			rig_expect_none(r);
		}
	put64(r, spa, was);
}

unsigned rig_reason(struct rig *r, uint16_t sid, uint64_t iova, unsigned access)
{
	struct iom_reply reply;
	int err = rig_translate(r, sid, rq(iova, access), &reply);

	CHECK(err == IOM_OK || err == IOM_EFAULT);
	rig_forget(r);
	return err == IOM_OK ? 0 : reply.fault;
}

struct iom_reply rig_answers(struct rig *r, uint16_t sid, struct iom_request q, unsigned perm,
                             uint64_t spa)
{
	struct iom_reply reply;
	int err = rig_translate(r, sid, q, &reply);

	CHECK_MSG(err == IOM_OK, "0x%llx of 0x%04x: refused (%d) with reason 0x%x",
	          (unsigned long long)q.iova, sid, err, reply.fault);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK_MSG(reply.perm == perm, "0x%llx of 0x%04x: permissions %u instead of %u",
	          (unsigned long long)q.iova, sid, reply.perm, perm);
	if (perm && !(reply.ats & IOM_ATS_UNTRANSLATED))
		CHECK_EQ(reply.spa, spa);
	return reply;
}

int rig_msi(struct rig *r, uint16_t sid, uint64_t address, uint32_t data, unsigned *reason)
{
	struct iom_reply reply;
	int err;

	memset(&reply, 0xa5, sizeof(reply));
	err = iom_msi(endpoint(r, sid), address, data, &reply);
	if (reason)
		*reason = reply.fault;
	return err;
}

int rig_send(struct rig *r, uint16_t sid, const struct iom_message *message)
{
	return iom_message(endpoint(r, sid), message);
}

void rig_page(struct rig *r, uint16_t sid, uint64_t address, unsigned code, unsigned group)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = address,
		                       .token = group,
		                       .code = (uint8_t)code };

	CHECK_EQ(rig_send(r, sid, &m), IOM_OK);
}

void rig_page_pid(struct rig *r, uint16_t sid, uint64_t address, unsigned code, unsigned group,
                  uint32_t pasid, unsigned flags)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = address,
		                       .token = group,
		                       .pasid = pasid,
		                       .flags = (uint16_t)(flags | IOM_REQ_PASID),
		                       .code = (uint8_t)code };

	CHECK_EQ(rig_send(r, sid, &m), IOM_OK);
}

void rig_answered(struct rig *r, uint16_t sid, unsigned group, unsigned code)
{
	CHECK_EQ(r->messages, 1);
	CHECK_EQ(r->message[0].requester, sid);
	CHECK_EQ(r->message[0].what.kind, IOM_MESSAGE_PAGES);
	CHECK_EQ(r->message[0].what.token, group);
	CHECK_EQ(r->message[0].what.code, code);
	r->messages = 0;
}

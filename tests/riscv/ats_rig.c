/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The bench of ats_rig.h. */
#include "ats_rig.h"

#include <string.h>

/* ---- Devices ------------------------------------------------------------------------------ */

static void pc_put(struct rig *r, uint64_t pc, uint64_t ta, uint64_t fsc)
{
	put64(r, pc + 8, fsc);
	put64(r, pc, ta);
}

void ats_init(struct ats *a, uint64_t capabilities, uint32_t flags)
{
	const struct iom_riscv_config config = {
		.capabilities = capabilities ? capabilities : CAP_ALL_ATS,
		.flags = flags,
	};
	struct rig *r = rig_new_config(&config);
	uint64_t iohgatp;

	*a = (struct ats){ .r = r, .n = { .r = r, .levels = 3, .next = 0x1230000 } };
	a->n.root = pages(r, 4, 16384);
	nested_path(&a->n, &a->path, 3);
	a->path.iova &= ~0xfffull;
	iohgatp = nested_iohgatp(&a->n);
	a->s1 = page(r);
	a->pdt = page(r);
	a->gpdt = nested_page(&a->n);
	a->pc = a->pdt + 16 * PID;
	a->gpc = a->gpdt.spa + 16 * PID;
	pc_put(r, a->pc, PC_V | PSCID(9), stage_mode(3) | a->s1 >> 12);
	pc_put(r, a->gpc, PC_V | PSCID(9), a->path.fsc);

	rig_ddt(r, 1);
	rig_dc_put(r, HOST, ATS_ON, 0, PSCID(3), stage_mode(3) | a->s1 >> 12);
	rig_dc_put(r, GUEST, ATS_ON, iohgatp, PSCID(3), a->path.fsc);
	rig_dc_put(r, SECOND, ATS_ON, iohgatp, 0, 0);
	rig_dc_put(r, BOTH_BARE, ATS_ON, 0, 0, 0);
	rig_dc_put(r, PROC, ATS_ON | TC_PDTV, 0, 0, MODE(PD8) | a->pdt >> 12);
	rig_dc_put(r, GUEST_PROC, ATS_ON | TC_PDTV, iohgatp, 0, MODE(PD8) | a->gpdt.gpa >> 12);
	rig_fq(r, 4, false);
}

void ats_tc(struct ats *a, uint32_t device, uint64_t tc)
{
	put64(a->r, rig_dc(a->r, device), tc);
}

uint64_t ats_msi(struct ats *a, uint32_t device, uint64_t mask, uint64_t pattern)
{
	uint64_t dc = rig_dc(a->r, device), table = page(a->r);

	put64(a->r, dc + 32, MODE(FLAT) | table >> 12);
	put64(a->r, dc + 40, mask);
	put64(a->r, dc + 48, pattern);
	return table;
}

bool ats_builds(uint64_t capabilities)
{
	const struct iom_riscv_config config = { .bytes = sizeof(config),
		                                 .capabilities = capabilities };
	struct iom_memory *memory;
	struct iom_unit *unit = NULL;
	int err;

	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	err = iom_riscv_new(&config, memory, NULL, NULL, &unit, NULL);
	CHECK(err == IOM_OK || err == IOM_ENOTSUP);
	if (err == IOM_OK)
		iom_unit_free(unit);
	iom_memory_free(memory);
	return err == IOM_OK;
}

/* ---- Translation requests ----------------------------------------------------------------- */

struct iom_request ats_plain(uint64_t iova, unsigned flags)
{
	return (struct iom_request){
		.iova = iova, .bytes = 8, .flags = (uint16_t)flags, .at = IOM_AT_TRANSLATION_REQUEST
	};
}

struct iom_request ats_pid(uint64_t iova, unsigned flags, uint32_t pid)
{
	struct iom_request q = ats_plain(iova, flags | IOM_REQ_PASID);

	q.pasid = pid;
	return q;
}

struct iom_request ats_execute(uint64_t iova, unsigned flags, uint32_t pid)
{
	struct iom_request q = ats_pid(iova, flags, pid);

	q.access = IOM_EXECUTE;
	return q;
}

struct iom_reply ats_ask(struct rig *r, uint32_t device, struct iom_request q)
{
	struct iom_reply reply;
	int err = rig_translate(r, device, &q, &reply);

	CHECK_MSG(err == IOM_OK, "device %u, 0x%llx: refused with cause %u", device,
	          (unsigned long long)q.iova, reply.fault);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK_EQ(reply.perm & ~7u, 0);
	rig_expect_none(r);
	return reply;
}

struct iom_reply ats_grants(struct rig *r, uint32_t device, struct iom_request q, unsigned perm,
                            uint64_t to)
{
	struct iom_reply reply = ats_ask(r, device, q);

	CHECK_MSG(reply.perm == perm, "device %u, 0x%llx: permissions %u instead of %u", device,
	          (unsigned long long)q.iova, reply.perm, perm);
	if (perm) {
		CHECK_EQ(reply.spa, to);
		CHECK_EQ(reply.fault, 0);
		CHECK(reply.range_lg2 >= 12 && reply.range_lg2 <= 64);
	}
	return reply;
}

void ats_nothing(struct rig *r, uint32_t device, struct iom_request q, const char *why)
{
	struct iom_reply reply;
	int err = rig_translate(r, device, &q, &reply);

	CHECK_MSG(err == IOM_OK, "device %u, %s: refused with cause %u", device, why, reply.fault);
	CHECK_MSG(reply.perm == 0, "device %u, %s: permissions %u", device, why, reply.perm);
	CHECK_EQ(reply.status, IOM_DONE);
	rig_expect_none(r);
}

void ats_refused(struct rig *r, uint32_t device, struct iom_request q, unsigned status,
                 unsigned cause, bool recorded)
{
	struct iom_reply reply;
	int err = rig_translate(r, device, &q, &reply);
	uint64_t who = 0;

	CHECK_MSG(err == IOM_EFAULT, "device %u, 0x%llx: %d instead of cause %u", device,
	          (unsigned long long)q.iova, err, cause);
	CHECK_EQ(reply.fault, cause);
	CHECK_MSG(reply.status == status, "cause %u: status %u", cause, reply.status);
	if (q.flags & IOM_REQ_PASID)
		who = BY_PID(q.pasid) | (q.flags & IOM_REQ_PRIVILEGED ? BY_SUPERVISOR : 0);
	if (recorded)
		rig_expect(r, rig_record(cause, 8, device) | who, q.iova, 0);
	rig_expect_none(r);
}

/* ---- Messages ----------------------------------------------------------------------------- */

int ats_send(struct rig *r, uint32_t device, const struct iom_message *message)
{
	struct iom_endpoint *endpoint = NULL;

	CHECK_EQ(iom_endpoint_get(r->unit, device, &endpoint), IOM_OK);
	return iom_message(endpoint, message);
}

void ats_complete(struct rig *r, uint32_t device, uint32_t itags, unsigned cc)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_INVALIDATED,
		                       .token = itags,
		                       .code = (uint8_t)cc };

	CHECK_EQ(ats_send(r, device, &m), IOM_OK);
}

void ats_page(struct rig *r, uint32_t device, uint64_t address, unsigned code, unsigned group)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = address,
		                       .token = group,
		                       .code = (uint8_t)code };

	CHECK_EQ(ats_send(r, device, &m), IOM_OK);
}

void ats_page_pid(struct rig *r, uint32_t device, uint64_t address, unsigned code, unsigned group,
                  uint32_t pid, unsigned flags)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = address,
		                       .token = group,
		                       .pasid = pid,
		                       .flags = (uint16_t)(flags | IOM_REQ_PASID),
		                       .code = (uint8_t)code };

	CHECK_EQ(ats_send(r, device, &m), IOM_OK);
}

void ats_answered(struct rig *r, uint32_t device, unsigned code, unsigned group, bool with_pid,
                  uint32_t pid)
{
	const struct iom_message *m = &r->message[0].what;

	CHECK_EQ(r->messages, 1);
	CHECK_EQ(r->message[0].requester, device);
	CHECK_EQ(m->kind, IOM_MESSAGE_PAGES);
	CHECK_EQ(m->code, code);
	CHECK_EQ(m->token, group);
	CHECK_EQ(m->flags & IOM_REQ_PASID, with_pid ? IOM_REQ_PASID : 0);
	if (with_pid)
		CHECK_EQ(m->pasid, pid);
	r->messages = 0;
}

void ats_unanswered(struct rig *r)
{
	CHECK_EQ(r->messages, 0);
}

/* ---- The page queue ----------------------------------------------------------------------- */

struct rig *ats_pri(uint32_t device, uint64_t tc)
{
	struct rig *r = rig_new(CAP_ALL_ATS);

	rig_ddt(r, 1);
	rig_fq(r, 4, false);
	rig_dc_put(r, device, tc, 0, 0, 0);
	return r;
}

uint64_t ats_pq(struct rig *r, unsigned lg2, bool pie)
{
	uint64_t bytes = 16ull << lg2;
	uint64_t base = pages(r, (unsigned)((bytes + 4095) / 4096), bytes < 4096 ? 4096 : bytes);

	wr64(r, PQB, PPN_OF(base) | (lg2 - 1));
	wr32(r, PQH, 0);
	wr32(r, PQCSR, pie ? EN | IE : EN);
	CHECK_EQ(rd32(r, PQCSR), (pie ? EN | IE : EN) | ON);
	return base;
}

bool ats_pq_take(struct rig *r, uint64_t record[2])
{
	uint64_t pqb = rd64(r, PQB);
	uint64_t base = (pqb >> 10 & 0xfffffffffffull) << 12;
	uint32_t head = rd32(r, PQH), mask = (uint32_t)((2ull << (pqb & 0x1f)) - 1);

	if (head == rd32(r, PQT))
		return false;
	record[0] = ram64(r, base + 16ull * head);
	record[1] = ram64(r, base + 16ull * head + 8);
	wr32(r, PQH, (head + 1) & mask);
	return true;
}

void ats_page_taken(struct rig *r, uint32_t device, unsigned group)
{
	uint32_t tail = rd32(r, PQT);
	uint64_t pqb = rd64(r, PQB);

	ats_page(r, device, 0x1000, IOM_PAGE_READ | IOM_PAGE_LAST, group);
	CHECK_EQ(rd32(r, PQT), (tail + 1) & ((2u << (pqb & 0x1f)) - 1));
	ats_unanswered(r);
}

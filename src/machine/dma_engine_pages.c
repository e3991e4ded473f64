/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How a DMA engine gets at pages of processes: it asks the IOMMU, and then the kernel. */
#include "machine/dma_engine.h"

#define GROUPS 512u
/* Hardware that lost a request answers it all the same: ask again. */
#define TRIES_MAX 8

/* A refusal is noted. */
static bool is_there(struct dma_engine *e, uint32_t pasid, uint64_t iova, bool write)
{
	const struct iom_request request = {
		.iova = iova,
		.bytes = 1,
		.pasid = pasid,
		.flags = IOM_REQ_PASID | (write ? 0 : IOM_REQ_NO_WRITE),
		.access = IOM_READ,
		.at = IOM_AT_TRANSLATION_REQUEST,
	};
	struct iom_reply reply = { 0 };
	int rc;

	iom_begin(e->lane);
	rc = iom_translate(e->port, &request, &reply);
	iom_end(e->lane);
	e->refusal = reply;
	e->refused_iova = iova;
	return !rc && reply.perm & (write ? IOM_PERM_WRITE : IOM_PERM_READ);
}

static bool ask(struct dma_engine *e, uint32_t pasid, uint64_t iova, bool write)
{
	struct engine_question *q = &e->question;
	struct iom_message message = {
		.address = iova & ~UINT64_C(0xfff),
		.kind = IOM_MESSAGE_PAGE_REQUEST,
		.pasid = pasid,
		.flags = IOM_REQ_PASID,
		.code = IOM_PAGE_LAST | (write ? IOM_PAGE_WRITE : IOM_PAGE_READ),
	};

	if (q->refused || q->tries == TRIES_MAX)
		return false;
	q->tries++;
	q->group = (q->group + 1) % GROUPS;
	message.token = q->group;
	/* Before the message: the answer may come from inside it. */
	q->waiting = true;
	e->asked++;
	if (iom_message(e->endpoint, &message) == IOM_OK)
		return true;
	q->waiting = false;
	return false;
}

enum engine_result dma_engine_page(struct dma_engine *e, uint32_t pasid, uint64_t iova, bool write)
{
	if (is_there(e, pasid, iova, write))
		return ENGINE_DONE;
	if (ask(e, pasid, iova, write))
		return ENGINE_PENDING;
	return write ? ENGINE_WRITE_REFUSED : ENGINE_READ_REFUSED;
}

static void answered(struct dma_engine *e, const struct iom_message *message)
{
	struct engine_question *q = &e->question;

	if (!q->waiting || message->token != q->group)
		return;
	q->waiting = false;
	q->refused = message->code != IOM_PAGES_DONE;
	dma_engine_go_on(e);
}

/* The engine keeps no translations: what it shall forget, it has forgotten. */
void dma_engine_message(void *opaque, const struct iom_message *message)
{
	struct dma_engine *e = opaque;
	const struct iom_message done = {
		.kind = IOM_MESSAGE_INVALIDATED,
		.token = UINT32_C(1) << (message->token & 31),
		.code = 1,
	};

	if (message->kind == IOM_MESSAGE_PAGES)
		answered(e, message);
	else if (message->kind == IOM_MESSAGE_INVALIDATE && e->atc)
		engine_atc_invalidate(e->atc, message);
	else if (message->kind == IOM_MESSAGE_INVALIDATE)
		(void)iom_message(e->endpoint, &done);
}

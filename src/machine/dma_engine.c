/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A DMA engine: its accesses, and its registers. */
#include "machine/dma_engine.h"

#include "base/bits.h"
#include "base/endian.h"

/* ---- On the bus ------------------------------------------------------------------------------ */

bool dma_engine_drives(const struct dma_engine *e, uint64_t iova, uint64_t bytes)
{
	uint64_t last = iom_low(e->bits);

	return iova <= last && (!bytes || bytes - 1 <= last - iova);
}

static int note(struct dma_engine *e, int rc, uint64_t iova, const struct iom_reply *reply)
{
	if (rc) {
		e->refusal = *reply;
		e->refused_iova = iova + reply->done;
	}
	return rc;
}

static struct iom_request request_of(const uint32_t *pasid, uint64_t iova, unsigned access)
{
	return (struct iom_request){
		.iova = iova,
		.pasid = pasid ? *pasid : 0,
		.flags = pasid ? IOM_REQ_PASID : 0,
		.access = (uint8_t)access,
	};
}

int dma_engine_load_of(struct dma_engine *e, const uint32_t *pasid, uint64_t iova, void *buf,
                       size_t bytes)
{
	const struct iom_request request = request_of(pasid, iova, IOM_READ);
	struct iom_reply reply = { 0 };
	int rc;

	if (!dma_engine_drives(e, iova, bytes))
		return IOM_EINVAL;
	rc = e->atc ? iom_atc_read(e->atc->atc, &request, buf, bytes, &reply)
	            : iom_read(e->port, &request, buf, bytes, &reply);
	e->reads += !rc;
	e->bytes_read += reply.done;
	return note(e, rc, iova, &reply);
}

int dma_engine_store_of(struct dma_engine *e, const uint32_t *pasid, uint64_t iova, const void *buf,
                        size_t bytes)
{
	const struct iom_request request = request_of(pasid, iova, IOM_WRITE);
	struct iom_reply reply = { 0 };
	int rc;

	if (!dma_engine_drives(e, iova, bytes))
		return IOM_EINVAL;
	/* Interrupts go untranslated: what they are aimed at is no memory. */
	rc = e->atc && iova != e->msi_address
	             ? iom_atc_write(e->atc->atc, &request, buf, bytes, &reply)
	             : iom_write(e->port, &request, buf, bytes, &reply);
	e->writes += !rc;
	e->bytes_written += reply.done;
	return note(e, rc, iova, &reply);
}

int dma_engine_load(struct dma_engine *e, uint64_t iova, void *buf, size_t bytes)
{
	return dma_engine_load_of(e, NULL, iova, buf, bytes);
}

int dma_engine_store(struct dma_engine *e, uint64_t iova, const void *buf, size_t bytes)
{
	return dma_engine_store_of(e, NULL, iova, buf, bytes);
}

int dma_engine_probe(struct dma_engine *e, uint64_t iova, bool write, struct iom_reply *reply)
{
	const struct iom_request request = {
		.iova = iova,
		.bytes = 1,
		.flags = IOM_REQ_PROBE,
		.access = write ? IOM_WRITE : IOM_READ,
	};
	int rc;

	*reply = (struct iom_reply){ 0 };
	if (!dma_engine_drives(e, iova, 1))
		return IOM_EINVAL;
	iom_begin(e->lane);
	rc = iom_translate(e->port, &request, reply);
	iom_end(e->lane);
	return rc;
}

/* ---- Registers ------------------------------------------------------------------------------- */

static uint64_t ring_base_get(const struct dma_engine *e)
{
	return e->ring_base;
}
static uint64_t entries_get(const struct dma_engine *e)
{
	return e->entries;
}
static uint64_t tail_get(const struct dma_engine *e)
{
	return e->tail;
}
static uint64_t head_get(const struct dma_engine *e)
{
	return e->head;
}
static uint64_t bits_get(const struct dma_engine *e)
{
	return e->bits;
}
static uint64_t msi_address_get(const struct dma_engine *e)
{
	return e->msi_address;
}
static uint64_t msi_data_get(const struct dma_engine *e)
{
	return e->msi_data;
}
static uint64_t status_get(const struct dma_engine *e)
{
	return e->status;
}

static void ring_reset(struct dma_engine *e)
{
	e->head = e->tail = 0;
	e->order.open = e->question.waiting = false;
}

static uint64_t ats_get(const struct dma_engine *e)
{
	return e->atc && e->atc->enabled;
}

static void ring_base_set(struct dma_engine *e, uint64_t val)
{
	e->ring_base = val;
	ring_reset(e);
}

static void entries_set(struct dma_engine *e, uint64_t val)
{
	if (!val || val > ENGINE_RING_MAX)
		return;
	e->entries = (uint32_t)val;
	ring_reset(e);
}

static void doorbell_set(struct dma_engine *e, uint64_t val)
{
	if (val >= e->entries)
		return;
	e->tail = (uint32_t)val;
	dma_engine_doorbell(e);
}

static void msi_address_set(struct dma_engine *e, uint64_t val)
{
	e->msi_address = val;
}
static void msi_data_set(struct dma_engine *e, uint64_t val)
{
	e->msi_data = (uint32_t)val;
}
static void status_clear(struct dma_engine *e, uint64_t val)
{
	e->status &= ~(uint32_t)val;
}

static void ats_set(struct dma_engine *e, uint64_t val)
{
	if (e->atc)
		engine_atc_enable(e->atc, val & 1);
}

static const struct engine_register {
	uint64_t off;
	unsigned bytes;
	uint64_t (*get)(const struct dma_engine *e);
	void (*set)(struct dma_engine *e, uint64_t val); /* NULL: read-only */
} registers[] = {
	{ ENGINE_RING_BASE, 8, ring_base_get, ring_base_set },
	{ ENGINE_RING_ENTRIES, 4, entries_get, entries_set },
	{ ENGINE_DOORBELL, 4, tail_get, doorbell_set },
	{ ENGINE_HEAD, 4, head_get, NULL },
	{ ENGINE_BITS, 4, bits_get, NULL },
	{ ENGINE_MSI_ADDRESS, 8, msi_address_get, msi_address_set },
	{ ENGINE_MSI_DATA, 4, msi_data_get, msi_data_set },
	{ ENGINE_STATUS, 4, status_get, status_clear },
	{ ENGINE_ATS, 4, ats_get, ats_set },
};

static const struct engine_register *find(uint64_t off, size_t len)
{
	for (size_t i = 0; i < IOM_COUNT(registers); i++)
		if (registers[i].off == off && registers[i].bytes == len)
			return &registers[i];
	return NULL;
}

int dma_engine_read(void *opaque, uint64_t off, void *buf, size_t len)
{
	const struct engine_register *r = find(off, len);

	if (!r)
		return IOM_EFAULT;
	if (len == 8)
		iom_st64(buf, r->get(opaque), false);
	else
		iom_st32(buf, (uint32_t)r->get(opaque), false);
	return IOM_OK;
}

int dma_engine_write(void *opaque, uint64_t off, const void *buf, size_t len)
{
	const struct engine_register *r = find(off, len);

	if (!r)
		return IOM_EFAULT;
	if (r->set)
		r->set(opaque, len == 8 ? iom_ld64(buf, false) : iom_ld32(buf, false));
	return IOM_OK;
}

/* ---- The rest -------------------------------------------------------------------------------- */

void dma_engine_init(struct dma_engine *engine, struct iom_lane *lane,
                     struct iom_endpoint *endpoint, struct iom_port *port, unsigned bits)
{
	*engine = (struct dma_engine){
		.lane = lane,
		.port = port,
		.endpoint = endpoint,
		.bits = bits,
	};
}

static const char *const results[ENGINE_RESULTS] = {
	[ENGINE_PENDING] = "not carried out",
	[ENGINE_DONE] = "done",
	[ENGINE_BAD] = "malformed descriptor or list",
	[ENGINE_TOO_WIDE] = "address too wide for the device",
	[ENGINE_LIST_REFUSED] = "list fetch refused",
	[ENGINE_READ_REFUSED] = "read refused",
	[ENGINE_WRITE_REFUSED] = "write refused",
};

const char *dma_engine_result(unsigned result)
{
	return result < ENGINE_RESULTS ? results[result] : "unknown status";
}

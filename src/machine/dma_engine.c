/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A DMA engine. */
#include "machine/dma_engine.h"

#include <string.h>

#include "base/bits.h"
#include "base/endian.h"

/* ---- On the bus ------------------------------------------------------------------------------ */

static bool drives(const struct dma_engine *e, uint64_t iova, uint64_t bytes)
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

int dma_engine_load(struct dma_engine *e, uint64_t iova, void *buf, size_t bytes)
{
	struct iom_request request = { .iova = iova, .access = IOM_READ };
	struct iom_reply reply = { 0 };
	int rc;

	if (!drives(e, iova, bytes))
		return IOM_EINVAL;
	rc = iom_read(e->port, &request, buf, bytes, &reply);
	e->reads += !rc;
	e->bytes_read += reply.done;
	return note(e, rc, iova, &reply);
}

int dma_engine_store(struct dma_engine *e, uint64_t iova, const void *buf, size_t bytes)
{
	struct iom_request request = { .iova = iova, .access = IOM_WRITE };
	struct iom_reply reply = { 0 };
	int rc;

	if (!drives(e, iova, bytes))
		return IOM_EINVAL;
	rc = iom_write(e->port, &request, buf, bytes, &reply);
	e->writes += !rc;
	e->bytes_written += reply.done;
	return note(e, rc, iova, &reply);
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
	if (!drives(e, iova, 1))
		return IOM_EINVAL;
	iom_begin(e->lane);
	rc = iom_translate(e->port, &request, reply);
	iom_end(e->lane);
	return rc;
}

static enum engine_result answer(int rc, enum engine_result refused)
{
	if (!rc)
		return ENGINE_DONE;
	return rc == IOM_EINVAL ? ENGINE_TOO_WIDE : refused;
}

/* ---- Copying --------------------------------------------------------------------------------- */

/* One side of a copy: a piece of IOVA space, and where the list goes on if there is one. */
struct side {
	uint64_t iova, left;
	uint64_t list;
	uint32_t elements; /* that may still be fetched */
};

static void side_open(struct side *side, uint64_t iova, uint32_t bytes, bool is_list)
{
	if (is_list)
		*side = (struct side){ .list = iova, .elements = ENGINE_LIST_MAX };
	else
		*side = (struct side){ .iova = iova, .left = bytes };
}

/* Makes side->left more than 0. */
static enum engine_result side_fill(struct dma_engine *e, struct side *side)
{
	uint8_t element[ENGINE_ELEMENT_BYTES];
	int rc;

	if (side->left)
		return ENGINE_DONE;
	if (!side->elements)
		return ENGINE_BAD;
	rc = dma_engine_load(e, side->list, element, sizeof element);
	if (rc)
		return answer(rc, ENGINE_LIST_REFUSED);
	side->iova = iom_ld64(element, false);
	side->left = iom_ld64(element + 8, false);
	side->list += sizeof element;
	side->elements--;
	return side->left ? ENGINE_DONE : ENGINE_BAD;
}

static void side_advance(struct side *side, uint64_t bytes)
{
	side->iova += bytes;
	side->left -= bytes;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static enum engine_result copy_piece(struct dma_engine *e, struct side *from, struct side *to,
                                     uint32_t bytes, uint32_t *done)
{
	uint8_t data[4096];
	enum engine_result result;
	uint64_t n;

	result = side_fill(e, from);
	if (result == ENGINE_DONE)
		result = side_fill(e, to);
	if (result != ENGINE_DONE)
		return result;
	n = least(least(from->left, to->left), least(bytes - *done, sizeof data));
	result = answer(dma_engine_load(e, from->iova, data, n), ENGINE_READ_REFUSED);
	if (result == ENGINE_DONE)
		result = answer(dma_engine_store(e, to->iova, data, n), ENGINE_WRITE_REFUSED);
	if (result != ENGINE_DONE)
		return result;
	side_advance(from, n);
	side_advance(to, n);
	*done += (uint32_t)n;
	return ENGINE_DONE;
}

/* A taken-over engine goes on behind the destination, and keeps silent about what comes of it. */
static void overrun(struct dma_engine *e, uint64_t iova)
{
	uint8_t junk[256];

	memset(junk, 0xee, sizeof junk);
	for (uint32_t left = e->overrun; left;) {
		uint32_t n = (uint32_t)least(left, sizeof junk);

		if (dma_engine_store(e, iova, junk, n))
			return;
		iova += n;
		left -= n;
	}
}

static enum engine_result copy(struct dma_engine *e, const uint8_t *descriptor, uint32_t *done)
{
	uint64_t source = iom_ld64(descriptor, false);
	uint64_t destination = iom_ld64(descriptor + 8, false);
	uint32_t bytes = iom_ld32(descriptor + 16, false);
	uint32_t flags = iom_ld32(descriptor + 20, false);
	bool source_list = flags & ENGINE_SOURCE_LIST;
	bool destination_list = flags & ENGINE_DESTINATION_LIST;
	enum engine_result result = ENGINE_DONE;
	struct side from, to;

	if (flags & ~(ENGINE_INTERRUPT | ENGINE_SOURCE_LIST | ENGINE_DESTINATION_LIST) ||
	    bytes > ENGINE_COPY_MAX)
		return ENGINE_BAD;
	/* The whole of a plain side is judged before a byte moves. */
	if (!drives(e, source, source_list ? ENGINE_ELEMENT_BYTES : bytes) ||
	    !drives(e, destination, destination_list ? ENGINE_ELEMENT_BYTES : bytes))
		return ENGINE_TOO_WIDE;

	side_open(&from, source, bytes, source_list);
	side_open(&to, destination, bytes, destination_list);
	while (result == ENGINE_DONE && *done < bytes)
		result = copy_piece(e, &from, &to, bytes, done);
	if (result == ENGINE_DONE)
		overrun(e, to.iova);
	return result;
}

/* ---- The ring -------------------------------------------------------------------------------- */

static void interrupt(struct dma_engine *e)
{
	uint8_t data[4];

	iom_st32(data, e->msi_data, false);
	if (dma_engine_store(e, e->msi_address, data, sizeof data))
		e->status |= ENGINE_MSI_REFUSED;
}

/* Carries out the descriptor at head; false: the ring itself could not be reached. */
static bool run_one(struct dma_engine *e)
{
	uint64_t iova = e->ring_base + (uint64_t)e->head * ENGINE_DESCRIPTOR_BYTES;
	uint8_t descriptor[ENGINE_DESCRIPTOR_BYTES];
	uint32_t done = 0;

	if (dma_engine_load(e, iova, descriptor, sizeof descriptor))
		return false;
	iom_st32(descriptor + 24, copy(e, descriptor, &done), false);
	iom_st32(descriptor + 28, done, false);
	if (dma_engine_store(e, iova + 24, descriptor + 24, 8))
		return false;
	if (iom_ld32(descriptor + 20, false) & ENGINE_INTERRUPT)
		interrupt(e);
	return true;
}

/*
 * One doorbell runs one ring's worth at most: descriptors that ring the engine's own doorbell by
 * DMA cannot keep it busy for ever.
 */
static void run(struct dma_engine *e)
{
	uint32_t budget = e->entries;

	if (e->running)
		return;
	e->running = true;
	for (; budget && e->entries && e->head != e->tail; budget--) {
		if (!run_one(e)) {
			e->status |= ENGINE_RING_REFUSED;
			break;
		}
		/* The copy may have written these registers. */
		e->head = e->entries ? (e->head + 1) % e->entries : 0;
	}
	e->running = false;
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

static void ring_base_set(struct dma_engine *e, uint64_t val)
{
	e->ring_base = val;
	e->head = e->tail = 0;
}

static void entries_set(struct dma_engine *e, uint64_t val)
{
	if (!val || val > ENGINE_RING_MAX)
		return;
	e->entries = (uint32_t)val;
	e->head = e->tail = 0;
}

static void doorbell_set(struct dma_engine *e, uint64_t val)
{
	if (val >= e->entries)
		return;
	e->tail = (uint32_t)val;
	run(e);
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

void dma_engine_init(struct dma_engine *engine, struct iom_lane *lane, struct iom_port *port,
                     unsigned bits)
{
	*engine = (struct dma_engine){ .lane = lane, .port = port, .bits = bits };
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

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How a DMA engine works: descriptor by descriptor, and each of them piece by piece. */
#include <string.h>

#include "base/bits.h"
#include "base/endian.h"
#include "machine/dma_engine.h"

#define PIECE 4096u
#define FLAGS (ENGINE_INTERRUPT | ENGINE_SOURCE_LIST | ENGINE_DESTINATION_LIST)
#define FLAGS_PROCESS (FLAGS | ENGINE_PROCESS | ENGINE_PASID)

static enum engine_result answer(int rc, enum engine_result refused)
{
	if (!rc)
		return ENGINE_DONE;
	return rc == IOM_EINVAL ? ENGINE_TOO_WIDE : refused;
}

/* ---- Copying --------------------------------------------------------------------------------- */

static void reach_open(struct engine_reach *reach, uint64_t iova, uint32_t bytes, bool is_list)
{
	if (is_list)
		*reach = (struct engine_reach){ .list = iova, .elements = ENGINE_LIST_MAX };
	else
		*reach = (struct engine_reach){ .iova = iova, .left = bytes };
}

/* Makes reach->left more than 0. */
static enum engine_result reach_fill(struct dma_engine *e, struct engine_reach *reach)
{
	uint8_t element[ENGINE_ELEMENT_BYTES];
	int rc;

	if (reach->left)
		return ENGINE_DONE;
	if (!reach->elements)
		return ENGINE_BAD;
	rc = dma_engine_load(e, reach->list, element, sizeof element);
	if (rc)
		return answer(rc, ENGINE_LIST_REFUSED);
	reach->iova = iom_ld64(element, false);
	reach->left = iom_ld64(element + 8, false);
	reach->list += sizeof element;
	reach->elements--;
	return reach->left ? ENGINE_DONE : ENGINE_BAD;
}

static void reach_advance(struct engine_reach *reach, uint64_t bytes)
{
	reach->iova += bytes;
	reach->left -= bytes;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t page_left(uint64_t iova)
{
	return PIECE - iova % PIECE;
}

/* Makes the first pages of both sides be there, if they are a process's; *n: bytes in them. */
static enum engine_result reach_pages(struct dma_engine *e, const struct engine_order *o,
                                      uint32_t pasid, uint64_t *n)
{
	enum engine_result result = dma_engine_page(e, pasid, o->from.iova, false);

	if (result == ENGINE_DONE)
		result = dma_engine_page(e, pasid, o->to.iova, true);
	*n = least(*n, least(page_left(o->from.iova), page_left(o->to.iova)));
	return result;
}

/* ENGINE_PENDING: nothing was copied, and the order is to rest. */
static enum engine_result copy_piece(struct dma_engine *e, struct engine_order *o)
{
	uint32_t number = (uint32_t)IOM_GET(ENGINE_PASID, o->flags);
	const uint32_t *pasid = o->flags & ENGINE_PROCESS ? &number : NULL;
	uint8_t data[PIECE];
	enum engine_result result;
	uint64_t n;

	result = reach_fill(e, &o->from);
	if (result == ENGINE_DONE)
		result = reach_fill(e, &o->to);
	if (result != ENGINE_DONE)
		return result;
	n = least(least(o->from.left, o->to.left), least(o->bytes - o->done, sizeof data));
	if (pasid)
		result = reach_pages(e, o, number, &n);
	if (result != ENGINE_DONE)
		return result;
	result = answer(dma_engine_load_of(e, pasid, o->from.iova, data, n), ENGINE_READ_REFUSED);
	if (result == ENGINE_DONE)
		result = answer(dma_engine_store_of(e, pasid, o->to.iova, data, n),
		                ENGINE_WRITE_REFUSED);
	if (result != ENGINE_DONE)
		return result;
	reach_advance(&o->from, n);
	reach_advance(&o->to, n);
	o->done += (uint32_t)n;
	e->question.tries = 0;
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

/* ---- Descriptors ----------------------------------------------------------------------------- */

/* Opens both sides; the whole of a plain one is judged before a byte moves. */
static enum engine_result open_sides(struct dma_engine *e, struct engine_order *o,
                                     const uint8_t *descriptor)
{
	uint64_t source = iom_ld64(descriptor, false);
	uint64_t destination = iom_ld64(descriptor + 8, false);
	bool source_list = o->flags & ENGINE_SOURCE_LIST;
	bool destination_list = o->flags & ENGINE_DESTINATION_LIST;

	if (o->flags & ~(o->flags & ENGINE_PROCESS ? FLAGS_PROCESS : FLAGS) ||
	    o->bytes > ENGINE_COPY_MAX)
		return ENGINE_BAD;
	if (!dma_engine_drives(e, source, source_list ? ENGINE_ELEMENT_BYTES : o->bytes) ||
	    !dma_engine_drives(e, destination, destination_list ? ENGINE_ELEMENT_BYTES : o->bytes))
		return ENGINE_TOO_WIDE;
	reach_open(&o->from, source, o->bytes, source_list);
	reach_open(&o->to, destination, o->bytes, destination_list);
	return ENGINE_DONE;
}

static bool fetch(struct dma_engine *e)
{
	uint64_t iova = e->ring_base + (uint64_t)e->head * ENGINE_DESCRIPTOR_BYTES;
	uint8_t descriptor[ENGINE_DESCRIPTOR_BYTES];

	if (dma_engine_load(e, iova, descriptor, sizeof descriptor))
		return false;
	e->order = (struct engine_order){
		.open = true,
		.iova = iova,
		.bytes = iom_ld32(descriptor + 16, false),
		.flags = iom_ld32(descriptor + 20, false),
	};
	e->order.result = open_sides(e, &e->order, descriptor);
	e->question.tries = 0;
	e->question.refused = false;
	return true;
}

static void interrupt(struct dma_engine *e)
{
	uint8_t data[4];

	iom_st32(data, e->msi_data, false);
	if (dma_engine_store(e, e->msi_address, data, sizeof data))
		e->status |= ENGINE_MSI_REFUSED;
}

/* Tells software what became of a descriptor.  Any of these stores may reach our own registers. */
static bool finish(struct dma_engine *e, const struct engine_order *o)
{
	uint8_t words[8];

	if (o->result == ENGINE_DONE)
		overrun(e, o->to.iova);
	iom_st32(words, o->result, false);
	iom_st32(words + 4, o->done, false);
	if (dma_engine_store(e, o->iova + 24, words, sizeof words))
		return false;
	if (o->flags & ENGINE_INTERRUPT)
		interrupt(e);
	return true;
}

/* ---- The ring -------------------------------------------------------------------------------- */

/*
 * Copies one piece, of a new descriptor if none is open; the last piece closes it.  False: the ring
 * itself could not be reached, and the descriptor has to be fetched again.
 */
static bool advance(struct dma_engine *e)
{
	struct engine_order o;
	bool told;

	if (!e->order.open && !fetch(e))
		return false;
	o = e->order;
	if (o.result == ENGINE_DONE && o.done < o.bytes)
		o.result = copy_piece(e, &o);
	if (o.result == ENGINE_PENDING)
		o.result = ENGINE_DONE;
	/* The copy may have written our registers, and so dropped what is under way. */
	if (!e->order.open)
		return true;
	e->order = o;
	if (o.result == ENGINE_DONE && o.done < o.bytes)
		return true;
	told = finish(e, &o);
	if (told && e->order.open)
		e->head = (e->head + 1) % e->entries;
	e->order.open = false;
	return told;
}

static bool has_work(const struct dma_engine *e)
{
	return e->entries && !e->question.waiting && (e->order.open || e->head != e->tail);
}

static void run(struct dma_engine *e, uint64_t pieces, uint32_t descriptors)
{
	if (e->running || e->held)
		return;
	e->running = true;
	for (; pieces && descriptors && has_work(e); pieces--) {
		if (!advance(e)) {
			e->status |= ENGINE_RING_REFUSED;
			break;
		}
		descriptors -= !e->order.open;
	}
	e->running = false;
}

/*
 * One doorbell runs one ring's worth at most: descriptors that ring the engine's own doorbell by
 * DMA cannot keep it busy for ever.
 */
static void run_ring(struct dma_engine *e)
{
	run(e, UINT64_MAX, e->entries);
}

void dma_engine_doorbell(struct dma_engine *e)
{
	if (!e->pace)
		run_ring(e);
	else
		e->stuck = false;
}

/* A paced engine goes on with its next step. */
void dma_engine_go_on(struct dma_engine *e)
{
	if (!e->pace)
		run_ring(e);
}

void dma_engine_pace(struct dma_engine *e, uint32_t pieces)
{
	e->pace = pieces;
}

bool dma_engine_step(struct dma_engine *e)
{
	if (!e->pace || e->held || e->stuck)
		return false;
	run(e, e->pace, UINT32_MAX);
	e->stuck = e->status & ENGINE_RING_REFUSED;
	return !e->stuck && has_work(e);
}

void dma_engine_hold(struct dma_engine *e, bool held)
{
	bool was = e->held;

	e->held = held;
	if (was && !held && !e->pace)
		run_ring(e);
}

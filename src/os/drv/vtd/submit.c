/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * How descriptors reach the unit ("Queued Invalidation Interface").  They are written to the ring one
 * after another; IQT is moved once, by vtdd_fence, or when the ring is full.  What goes wrong on the way
 * is kept in iq_error until vtdd_fence tells it.
 *
 * IQH says what has been fetched, and its place is free then; that it has been done says a wait alone,
 * by its store to `status`.
 */
#include "os/drv/vtd/vtd.h"

static unsigned words(const struct vtdd_driver *d)
{
	return d->wide ? 4 : 2;
}

static void iq_put(struct vtdd_driver *d, uint32_t index, uint64_t qw0, uint64_t qw1)
{
	uint64_t *descriptor = (uint64_t *)d->iq.ring + (size_t)index * words(d);

	vtdd_put(descriptor, qw0);
	vtdd_put(descriptor + 1, qw1);
	if (d->wide) {
		vtdd_put(descriptor + 2, 0);
		vtdd_put(descriptor + 3, 0);
	}
}

static uint32_t after(const struct vtdd_driver *d, uint32_t index)
{
	return (index + 1) & d->iq.mask;
}

/* IQH or IQT in bytes. */
static uint64_t offset_of(const struct vtdd_driver *d, uint32_t index)
{
	return (uint64_t)index * words(d) * sizeof(uint64_t);
}

/* The descriptors are in memory before IQT: stores keep their order, and nothing is loaded. */
static void ring_doorbell(struct vtdd_driver *d)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	vtdd_wr32(d, VTD_IQT, offset_of(d, d->iq.index));
}

/* A wait that stores `data` in a word of our own page. */
static void wait_put(struct vtdd_driver *d, uint32_t index, const uint32_t *word, uint32_t data,
                     uint64_t flags)
{
	uint64_t at = d->base.phys + (uint64_t)((const char *)word - (const char *)d);

	iq_put(d, index, VTD_QI_WAIT | VTD_QI_WAIT_SW | flags | IOM_PUT(VTD_QI_WAIT_DATA, data),
	       at & VTD_QI_WAIT_1_ADDRESS);
}

/* ---- Errors -------------------------------------------------------------------------------- */

/* The head's index; the count of descriptors: it makes no sense. */
static uint32_t head_of(struct vtdd_driver *d)
{
	uint64_t bytes = vtdd_rd64(d, VTD_IQH), unit = offset_of(d, 1);

	return bytes % unit || bytes / unit > d->iq.mask ? d->iq.mask + 1
	                                                 : (uint32_t)(bytes / unit);
}

/*
 * A descriptor that the unit did not accept would stop the queue for ever, so a wait that says nothing to
 * anybody takes its place, as in Linux.  A device that does not answer takes waits along that were
 * fetched: vtdd_fence sends another.  An answer that nobody asked for (ICE) stops nothing.
 */
uint32_t vtdd_repair(struct vtdd_driver *d)
{
	uint32_t fsts = vtdd_rd32(d, VTD_FSTS), head;
	uint32_t errors = fsts & (uint32_t)(VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE);

	if (vtdd_gone(fsts) || !errors || !d->iq.ring)
		return 0;
	if (errors & VTD_FSTS_IQE) {
		d->base.command_errors++;
		d->iq_error = IOM_EIO;
		head = head_of(d);
		if (head <= d->iq.mask && head != d->iq.index) {
			wait_put(d, head, &d->nobody, 0, 0);
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
		}
	} else if (errors & VTD_FSTS_ITE && !d->iq_error) {
		d->iq_error = IOM_ETIMEOUT;
	}
	vtdd_wr32(d, VTD_FSTS, errors);
	return errors;
}

/* ---- Progress ------------------------------------------------------------------------------ */

/* Is there a free place?  A head outside the queue says nothing: nothing answers there any more. */
static bool has_room(struct vtdd_driver *d)
{
	uint32_t head = head_of(d);

	if (head > d->iq.mask)
		return false;
	d->iq_head = head;
	return head != after(d, d->iq.index);
}

static bool is_done(struct vtdd_driver *d)
{
	return iom_cpu32(__atomic_load_n(&d->status, __ATOMIC_ACQUIRE), false) == d->sequence;
}

/* One look, and a pause; false: it is there, or the time is up. */
static bool keep_looking(struct vtdd_driver *d, bool (*look)(struct vtdd_driver *d), uint64_t since)
{
	bool late = vtdd_now(d) - since > (d->iq_devices ? VTDD_DEVICES_NS : VTDD_COMMAND_NS);

	if (look(d))
		return false;
	if (late) {
		d->iq_error = IOM_ETIMEOUT;
		d->iq_dead = true;
		return false;
	}
	vtdd_relax(d);
	return true;
}

static void wait_for_room(struct vtdd_driver *d)
{
	uint64_t since;

	if (has_room(d))
		return;
	for (since = vtdd_now(d); keep_looking(d, has_room, since);)
		vtdd_repair(d);
}

static void place_taken(struct vtdd_driver *d)
{
	d->iq.index = after(d, d->iq.index);
}

/* False: one time-out is enough; what comes after is not sent, and the fence says so. */
static bool place_free(struct vtdd_driver *d)
{
	if (after(d, d->iq.index) != d->iq_head)
		return true;
	if (d->iq_dead)
		return false;
	ring_doorbell(d);
	wait_for_room(d);
	return !d->iq_dead;
}

void vtdd_submit(struct vtdd_driver *d, uint64_t qw0, uint64_t qw1)
{
	if (!place_free(d))
		return;
	iq_put(d, d->iq.index, qw0, qw1);
	place_taken(d);
}

static void send_wait(struct vtdd_driver *d, uint64_t flags)
{
	if (!place_free(d))
		return;
	wait_put(d, d->iq.index, &d->status, ++d->sequence, flags);
	place_taken(d);
	ring_doorbell(d);
}

static int fence(struct vtdd_driver *d, uint64_t flags)
{
	uint64_t since;
	int err;

	if (d->iq.ring) {
		send_wait(d, flags);
		if (!d->iq_dead && !is_done(d)) {
			for (since = vtdd_now(d); keep_looking(d, is_done, since);)
				if (vtdd_repair(d) & VTD_FSTS_ITE)
					send_wait(d, flags);
		}
	}
	err = d->iq_error;
	d->iq_error = IOM_OK;
	d->iq_dead = d->iq_devices = false;
	return err;
}

int vtdd_fence(struct vtdd_driver *d)
{
	return fence(d, 0);
}

int vtdd_fence_requests(struct vtdd_driver *d)
{
	return fence(d, d->ecap & VTD_ECAP_PDS ? VTD_QI_WAIT_PD : 0);
}

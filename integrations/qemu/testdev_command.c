/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The test device's commands. */
#include "testdev.h"

#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"

/* A request as the registers say it. */
static struct td_request asked(const Testdev *d, unsigned address, bool write)
{
	const uint32_t flags = td_get(d, TD_FLAGS);

	return (struct td_request){
		.address = td_get64(d, address),
		.pasid = flags & TD_FLAG_PASID ? td_get(d, TD_PROCESS) : 0,
		.flags = flags,
		.write = write,
	};
}

static uint32_t move_held(Testdev *d, const struct td_request *request, void *buf, uint32_t bytes)
{
	char *at = d->held;

	if (!d->held || request->address > d->held_bytes ||
	    bytes > d->held_bytes - request->address)
		return TD_INVALID;
	if (request->write && !d->held_writing)
		return TD_NOT_GRANTED;
	at += request->address;
	memcpy(request->write ? at : buf, request->write ? buf : at, bytes);
	return TD_DONE;
}

static uint32_t move(Testdev *d, const struct td_request *request, void *buf, uint32_t bytes,
                     struct td_answer *answer)
{
	uint32_t status;

	if (request->flags & TD_FLAG_HELD) {
		status = move_held(d, request, buf, bytes);
		answer->moved = status == TD_DONE ? bytes : 0;
		return status;
	}
	if (request->flags & TD_FLAG_CACHED)
		return td_cache_move(d, request, buf, bytes, answer);
	return d->path->move(d, request, buf, bytes, answer);
}

/* The piece of BAR 2 at `at`, or NULL. */
static void *in_buffer(Testdev *d, uint64_t at, uint32_t bytes)
{
	if (at > TD_BUFFER_BYTES || bytes > TD_BUFFER_BYTES - at)
		return NULL;
	return (char *)memory_region_get_ram_ptr(&d->buffer) + at;
}

static uint32_t carry_read(Testdev *d, struct td_answer *answer)
{
	const struct td_request request = asked(d, TD_SOURCE, false);
	const uint32_t bytes = td_get(d, TD_LENGTH);
	void *buf = in_buffer(d, td_get64(d, TD_DESTINATION), bytes);
	uint32_t status;

	if (!buf)
		return TD_INVALID;
	status = move(d, &request, buf, bytes, answer);
	memory_region_set_dirty(&d->buffer, td_get64(d, TD_DESTINATION), bytes);
	return status;
}

static uint32_t carry_write(Testdev *d, struct td_answer *answer)
{
	const struct td_request request = asked(d, TD_DESTINATION, true);
	const uint32_t bytes = td_get(d, TD_LENGTH);
	void *buf = in_buffer(d, td_get64(d, TD_SOURCE), bytes);

	return buf ? move(d, &request, buf, bytes, answer) : TD_INVALID;
}

static uint32_t carry_copy(Testdev *d, struct td_answer *answer)
{
	struct td_request from = asked(d, TD_SOURCE, false);
	struct td_request to = asked(d, TD_DESTINATION, true);
	uint32_t left = td_get(d, TD_LENGTH), status = TD_DONE;
	uint64_t moved = 0;
	char piece[4096];

	if (left > TD_COPY_BYTES)
		return TD_INVALID;
	do {
		const uint32_t bytes = MIN(left, (uint32_t)sizeof piece);

		status = move(d, &from, piece, bytes, answer);
		if (status == TD_DONE)
			status = move(d, &to, piece, bytes, answer);
		else
			answer->moved = 0;
		moved += answer->moved;
		left -= bytes;
		from.address += bytes;
		to.address += bytes;
	} while (left && status == TD_DONE);
	answer->moved = moved;
	return status;
}

static uint32_t carry_atomic(Testdev *d, struct td_answer *answer)
{
	const struct td_request request = asked(d, TD_DESTINATION, true);
	const uint32_t bytes = td_get(d, TD_LENGTH);

	if ((bytes != 4 && bytes != 8) || request.address % bytes ||
	    TD_FLAG_OPERATION(request.flags) > IOM_CAS)
		return TD_INVALID;
	return d->path->atomic(d, &request, bytes, td_get64(d, TD_OPERAND), td_get64(d, TD_COMPARE),
	                       answer);
}

static uint32_t carry_translate(Testdev *d, struct td_answer *answer)
{
	const struct td_request request = asked(d, TD_SOURCE, false);

	return td_cache_ask(d, &request, answer);
}

/*
 * Through the cache, the access is one with a translated address, and remembers where it is for the
 * IOMMU: an invalidation of that waits for its end.
 */
static uint32_t carry_open(Testdev *d, struct td_answer *answer)
{
	struct td_request request = asked(d, TD_SOURCE, td_get(d, TD_FLAGS) & TD_FLAG_WRITING);
	const uint32_t bytes = td_get(d, TD_LENGTH);
	const uint64_t first = request.address;
	uint32_t status = TD_DONE;

	if (d->held)
		return TD_BUSY;
	if (!bytes)
		return TD_INVALID;
	d->held_pasid = request.flags & TD_FLAG_PASID ? request.pasid | TD_EVENT_PASID : 0;
	d->held_cached = request.flags & TD_FLAG_CACHED;
	if (d->held_cached) {
		status = td_cache_ask(d, &request, answer);
		if (status == TD_DONE &&
		    !(answer->granted & (request.write ? TD_GRANTED_WRITE : TD_GRANTED_READ)))
			status = TD_NOT_GRANTED;
		request.address = answer->address;
		request.flags = (request.flags & ~TD_FLAG_PASID) | TD_FLAG_TRANSLATED;
	}
	if (status == TD_DONE)
		status = d->path->open(d, &request, bytes, answer);
	d->held_first = first;
	d->held_last = first + bytes - 1;
	d->held_writing = request.write;
	td_set(d, TD_HELD, d->held != NULL);
	return status;
}

/* Answers for the ITags that wait, except those about which the device is silent. */
static void answer_parked(Testdev *d, uint32_t itags)
{
	itags &= td_get(d, TD_PARKED);
	if (!itags)
		return;
	td_set(d, TD_PARKED, td_get(d, TD_PARKED) & ~itags);
	d->path->completion(d, itags);
}

void td_forget_held(Testdev *d)
{
	if (!td_get(d, TD_HELD))
		return;
	d->held = NULL;
	td_set(d, TD_HELD, 0);
	if (!(td_get(d, TD_CONTROL) & TD_CONTROL_SILENT))
		answer_parked(d, ~0u);
}

void td_let_go(Testdev *d)
{
	if (d->held)
		d->path->close(d);
	td_forget_held(d);
}

static uint32_t carry_close(Testdev *d, struct td_answer *answer)
{
	if (!d->held)
		return TD_INVALID;
	td_let_go(d);
	return TD_DONE;
}

static uint32_t carry_page_request(Testdev *d, struct td_answer *answer)
{
	const struct td_request request = asked(d, TD_SOURCE, false);

	if (!td_allowed(d, TD_PRI))
		return TD_DISABLED;
	return d->path->page_request(d, &request, td_get(d, TD_OPERAND));
}

/* A completion that nobody waits for is sent, too: that is what TD_OPERAND is for. */
static uint32_t carry_answer(Testdev *d, struct td_answer *answer)
{
	const uint32_t itags = td_get(d, TD_OPERAND);

	if (!itags) {
		answer_parked(d, ~0u);
		return TD_DONE;
	}
	td_set(d, TD_PARKED, td_get(d, TD_PARKED) & ~itags);
	return d->path->completion(d, itags);
}

static uint32_t carry_forget(Testdev *d, struct td_answer *answer)
{
	td_cache_clear(d);
	return TD_DONE;
}

static uint32_t carry_message(Testdev *d, struct td_answer *answer)
{
	const MSIMessage message = {
		.address = td_get64(d, TD_DESTINATION),
		.data = td_get(d, TD_OPERAND),
	};

	msi_send_message(&d->parent_obj, message);
	return TD_DONE;
}

static uint32_t carry_vector(Testdev *d, struct td_answer *answer)
{
	if (td_get(d, TD_LENGTH) >= TD_VECTORS)
		return TD_INVALID;
	if (!msix_enabled(&d->parent_obj))
		return TD_DISABLED;
	msix_notify(&d->parent_obj, td_get(d, TD_LENGTH));
	return TD_DONE;
}

static uint32_t carry_watch(Testdev *d, struct td_answer *answer)
{
	const struct td_request request = asked(d, TD_SOURCE, false);

	return td_watch(d, request.address, td_get(d, TD_OPERAND), request.pasid);
}

static uint32_t carry_unwatch(Testdev *d, struct td_answer *answer)
{
	td_unwatch(d);
	return TD_DONE;
}

static uint32_t (*const carry[])(Testdev *d, struct td_answer *answer) = {
	[TD_READ] = carry_read,           [TD_WRITE] = carry_write,
	[TD_COPY] = carry_copy,           [TD_ATOMIC] = carry_atomic,
	[TD_TRANSLATE] = carry_translate, [TD_OPEN] = carry_open,
	[TD_CLOSE] = carry_close,         [TD_PAGE_REQUEST] = carry_page_request,
	[TD_ANSWER] = carry_answer,       [TD_FORGET] = carry_forget,
	[TD_MESSAGE] = carry_message,     [TD_VECTOR] = carry_vector,
	[TD_WATCH] = carry_watch,         [TD_UNWATCH] = carry_unwatch,
	[TD_CHECK] = td_copy_check,
};

/* Those that need nothing of QEMU but memory, as I/O threads do. */
#define APART                                                                                      \
	(1u << TD_READ | 1u << TD_WRITE | 1u << TD_COPY | 1u << TD_ATOMIC | 1u << TD_TRANSLATE |   \
	 1u << TD_OPEN | 1u << TD_CLOSE)

struct errand {
	Testdev *device;
	uint32_t command, status;
	struct td_answer *answer;
};

static void *run(void *opaque)
{
	struct errand *errand = opaque;

	rcu_register_thread();
	WITH_RCU_READ_LOCK_GUARD()
	{
		errand->status = carry[errand->command](errand->device, errand->answer);
	}
	rcu_unregister_thread();
	return NULL;
}

/* QEMU waits in this way for an I/O thread that it drains. */
static uint32_t apart(Testdev *d, uint32_t command, struct td_answer *answer)
{
	struct errand errand = { .device = d, .command = command, .answer = answer };
	QemuThread thread;

	qemu_thread_create(&thread, "iommux-testdev", run, &errand, QEMU_THREAD_JOINABLE);
	qemu_thread_join(&thread);
	return errand.status;
}

static uint32_t judged(Testdev *d, uint32_t command, struct td_answer *answer)
{
	if (command >= ARRAY_SIZE(carry) || !carry[command])
		return TD_INVALID;
	if (!(pci_get_word(d->parent_obj.config + PCI_COMMAND) & PCI_COMMAND_MASTER))
		return TD_DISABLED;
	if (td_get(d, TD_FLAGS) & TD_FLAG_PASID && !td_allowed(d, TD_PASID))
		return TD_DISABLED;
	if (!(td_get(d, TD_FLAGS) & TD_FLAG_APART))
		return carry[command](d, answer);
	if (!(d->path->features & TD_CAN_APART))
		return TD_NOT_THERE;
	return APART >> command & 1 ? apart(d, command, answer) : TD_INVALID;
}

void td_join(Testdev *d)
{
	if (d->path)
		return;
	d->path = !d->core && td_ours_join(d) ? &td_path_ours : &td_path_qemu;
	td_set(d, TD_FEATURES, d->path->features);
}

void td_command(Testdev *d, uint32_t command)
{
	struct td_answer answer = { 0 };

	td_join(d);
	td_set(d, TD_STATUS, judged(d, command, &answer));
	td_set(d, TD_FAULT, answer.fault);
	td_set(d, TD_GRANTED, answer.granted);
	td_set64(d, TD_RESULT, answer.address);
	td_set64(d, TD_EXTENT, answer.extent);
	td_set64(d, TD_MOVED, answer.moved);
}

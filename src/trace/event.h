/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Events of a trace: what an observer hears (iommux/observe.h), with numbers in the place of pointers.
 * docs/trace-format.md says how they stand in a file.
 */
#ifndef TRACE_EVENT_H
#define TRACE_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include <iommux/observe.h>

/* kind of an event */
#define TRACE_CALL 1u    /* a call on the unit begins               */
#define TRACE_LEAVE 2u   /* the innermost call ends                 */
#define TRACE_ACCESS 3u  /* a request was answered                  */
#define TRACE_COMMAND 4u /* a command was fetched                   */
#define TRACE_OWN 5u     /* the unit accessed memory for itself     */
#define TRACE_MOVED 6u   /* a device's data were moved              */
#define TRACE_CALLED 7u  /* the unit called out                     */
#define TRACE_BEGINS 8u  /* what was there already has been told    */
#define TRACE_KINDS 9u   /* kinds are below this                    */

/* Bytes of a device's write that a trace keeps: its last ones, which are a message if there is one. */
#define TRACE_DATA_MAX 8u

/*
 * One event.  Which fields count depends on `kind` and `what`; the others are 0.  Endpoints, lanes and
 * ports have numbers from 1 on; 0 is none.  The number of a port that was closed may be given again.
 */
struct trace_event {
	uint64_t number;  /* in its trace, from 0                                             */
	uint64_t offset;  /* of the block in the file that holds it                           */
	uint64_t time_ns; /* when the outermost call began; counts from the recording's begin */
	uint32_t depth;   /* of calls around it                                               */
	uint8_t kind;     /* TRACE_*                                                          */
	uint8_t what;     /* IOM_CALL_*, of a leave too; IOM_CALLED_*; OWN: IOM_OF_*          */
	bool write;       /* OWN, MOVED                                                       */
	bool missed;      /* OWN                                                              */
	bool atomic;      /* MOVED                                                            */
	int32_t result;
	uint32_t requester, index; /* index: iom_call.number; CALLED: perm */
	uint32_t endpoint, lane, port;
	uint16_t rcid, mcid;
	/* out: MOVED old; LEAVE *out.  done: MOVED. */
	uint64_t address, bytes, value, compare, out, done;
	struct iom_request request;
	struct iom_reply reply; /* but for `host` and `host_bytes`, which are of a process */
	struct iom_message message;
	struct iom_route route;
	struct iom_context_info info;
	struct iom_invalidation invalidation;
	/* OWN: iom_own_access.data, .found; COMMAND: words; CALL: data written, state loaded; or NULL */
	const uint8_t *data, *found;
	size_t data_bytes, found_bytes;
};

/*
 * The same event twice, as far as a unit decides it?  Numbers, places and times do not count, nor how
 * much was moved before memory refused the rest.
 */
bool trace_event_same(const struct trace_event *a, const struct trace_event *b);

/* The event in one line of words and numbers, always terminated, cut if it does not fit. */
void trace_event_text(const struct trace_event *event, char *text, size_t size);
/* Short names: of an event's kind, a call, a callback, what an own access is of; never NULL. */
const char *trace_kind_name(unsigned kind);
const char *trace_call_name(unsigned call);
const char *trace_called_name(unsigned called);
const char *trace_of_name(unsigned of);

/*
 * Events from what an observer gets.  Pointers to endpoints, lanes and ports are left to the caller.
 * `data` points where the argument's do.
 */
void trace_from_call(struct trace_event *event, const struct iom_call *call);
void trace_from_leave(struct trace_event *event, const struct iom_call *call, int result);
void trace_from_access(struct trace_event *event, uint32_t requester,
                       const struct iom_request *request, const struct iom_reply *reply,
                       int result);
void trace_from_command(struct trace_event *event, const uint64_t *word, unsigned words,
                        uint8_t *room);
void trace_from_own(struct trace_event *event, uint32_t requester,
                    const struct iom_own_access *access);
void trace_from_moved(struct trace_event *event, uint32_t requester, const struct iom_moved *moved);
void trace_from_called(struct trace_event *event, const struct iom_called *called);

/* The most doublewords of a command: trace_from_command's room holds 8 bytes for each. */
#define TRACE_COMMAND_WORDS 8u

#endif

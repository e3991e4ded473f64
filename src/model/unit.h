/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What all units share, and what an architecture provides. */
#ifndef MODEL_UNIT_H
#define MODEL_UNIT_H

#include <iommux/host.h>
#include <iommux/port.h>

#include "base/bits.h"
#include "model/fault.h"
#include "model/memory.h"
#include "model/regfile.h"

/* What a translation allows: the thing that a cache may keep.  `spa` belongs to request.iova. */
struct iom_grant {
	uint64_t spa;
	uint8_t range_lg2;
	uint8_t perm;        /* IOM_PERM_*   */
	uint8_t memory_type; /* IOM_MEMORY_* */
};

struct iom_arch {
	const char *name;
	size_t unit_bytes;       /* of the structure that begins with struct iom_unit */
	uint32_t requester_last; /* the highest requester number                      */

	/* Gives registers their reset values; they are all 0 when it is called. */
	void (*reset)(struct iom_unit *unit);
	/* The whole way through contexts and stages.  False: refused, *fault says why. */
	bool (*resolve)(struct iom_unit *unit, uint32_t requester,
	                const struct iom_request *request, struct iom_grant *grant,
	                struct iom_fault *fault);
	/* Records a refusal where the architecture wants it, and fills reply's fault and status. */
	void (*refuse)(struct iom_unit *unit, uint32_t requester, const struct iom_request *request,
	               const struct iom_fault *fault, struct iom_reply *reply);
	/* Goes on with parked work, as far as it can; called while unit.parked is set. */
	void (*resume)(struct iom_unit *unit);
	const char *(*fault_name)(uint32_t fault);
};

#define IOM_ENDPOINT_BUCKETS 64

struct iom_unit {
	const struct iom_arch *arch;
	struct iom_memory *memory;
	struct iom_host host;
	void *opaque;
	uint64_t spa_last; /* the bus reaches no further; the architecture sets it */
	struct iom_regfile regs;
	struct iom_lane *lanes;
	uint64_t sections; /* how many access sections were opened, ever */
	bool parked;       /* something waits for sections, or for its turn */
	struct iom_endpoint *endpoint[IOM_ENDPOINT_BUCKETS];
};

struct iom_endpoint {
	struct iom_unit *unit;
	struct iom_endpoint *next;
	uint32_t requester;
};

struct iom_lane {
	struct iom_unit *unit;
	struct iom_lane *next;
	struct iom_port *ports;
	uint64_t since; /* the open section's number, from unit.sections; 0: none is open */
	unsigned depth;
};

struct iom_port {
	struct iom_endpoint *endpoint;
	struct iom_lane *lane;
	struct iom_port *next;
};

/*
 * Makes a unit of an architecture: host and memory attached, nothing else.  NULL: no memory.  The
 * architecture fills the rest, and calls iom_unit_reset.
 */
struct iom_unit *iom_unit_new(const struct iom_arch *arch, struct iom_memory *memory,
                              const struct iom_host *host, void *opaque);

/* The host's allocator: zeroed memory, or NULL. */
void *iom_unit_alloc(struct iom_unit *unit, size_t size);
void iom_unit_release(struct iom_unit *unit, void *memory, size_t size);

/* Stores to memory on the unit's or its devices' behalf, and reports tracked regions. */
int iom_unit_store(struct iom_unit *unit, uint64_t spa, const void *buf, size_t len);

/* The mark of all sections open now, for iom_sections_ended. */
uint64_t iom_sections_mark(const struct iom_unit *unit);
/* Have all sections ended that were open when the mark was taken? */
bool iom_sections_ended(const struct iom_unit *unit, uint64_t mark);

#endif

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Backends: what a guest asks of its unit, told to whoever stands below; and the replay of mappings. */
#include "model/backend.h"

#include "model/observe.h"

#define PASID_LAST 0xfffffu

static int backend_set(struct iom_unit *unit, const struct iom_backend *backend, void *opaque)
{
	static const struct iom_backend none;

	if (backend &&
	    (backend->bytes != sizeof *backend || !backend->context || !backend->invalidate))
		return IOM_EINVAL;
	unit->backend = backend ? *backend : none;
	unit->backend_opaque = opaque;
	return IOM_OK;
}

int iom_backend_set(struct iom_unit *unit, const struct iom_backend *backend, void *opaque)
{
	IOM_TOLD(unit, backend_set(unit, backend, opaque), .kind = IOM_CALL_BACKEND,
	         .requester = IOM_NOBODYS, .value = backend ? 1 : 0);
}

static void inform(struct iom_endpoint *endpoint, const struct iom_request *q,
                   struct iom_context_info *info)
{
	struct iom_view view = { .last = endpoint->unit->spa_last };
	const struct iom_query query = iom_query_of(endpoint, q, &view);
	struct iom_unit *unit = endpoint->unit;

	*info = (struct iom_context_info){ .requester = query.requester,
		                           .pasid = q->pasid,
		                           .has_pasid = q->flags & IOM_REQ_PASID };
	unit->arch->inform(&query, info);
	if (!unit->backend.context)
		return;
	unit->backend.context(unit->backend_opaque, info);
	IOM_CALLED(unit, .kind = IOM_CALLED_CONTEXT, .requester = query.requester, .info = info);
}

static int fault_in(struct iom_endpoint *endpoint, bool has_pasid, uint32_t pasid,
                    struct iom_context_info *info)
{
	const struct iom_request q = { .pasid = has_pasid ? pasid : 0,
		                       .flags = has_pasid ? IOM_REQ_PASID | IOM_REQ_PROBE
		                                          : IOM_REQ_PROBE };

	if (q.pasid > PASID_LAST)
		return IOM_EINVAL;
	if (iom_peek(&endpoint->removed))
		return IOM_ENOENT;
	inform(endpoint, &q, info);
	return IOM_OK;
}

int iom_fault_in(struct iom_endpoint *endpoint, bool has_pasid, uint32_t pasid,
                 struct iom_context_info *info)
{
	struct iom_context_info own;

	if (!info)
		info = &own;
	IOM_TOLD(endpoint->unit, fault_in(endpoint, has_pasid, pasid, info),
	         .kind = IOM_CALL_FAULT_IN, IOM_OF_ENDPOINT(endpoint), .number = has_pasid,
	         .value = pasid, .info = info);
}

static const struct iom_request plain = { .flags = IOM_REQ_PROBE };

void iom_backend_contexts(struct iom_unit *unit)
{
	struct iom_endpoint *endpoint = NULL;
	struct iom_context_info info;
	unsigned bucket = 0;

	if (!unit->backend.context)
		return;
	while ((endpoint = iom_unit_next_endpoint(unit, endpoint, &bucket)) != NULL)
		inform(endpoint, &plain, &info);
}

void iom_backend_invalidate(struct iom_unit *unit, const struct iom_invalidation *what)
{
	struct iom_endpoint *endpoint;
	struct iom_context_info info;

	if (!unit->backend.invalidate)
		return;
	unit->backend.invalidate(unit->backend_opaque, what);
	IOM_CALLED(unit, .kind = IOM_CALLED_INVALIDATE, .requester = IOM_NOBODYS,
	           .invalidation = what);
	if (what->stage1 || what->stage2)
		return;
	if (!what->one_requester) {
		iom_backend_contexts(unit);
		return;
	}
	endpoint = iom_unit_endpoint(unit, what->requester);
	if (endpoint) {
		inform(endpoint, &plain, &info);
		iom_endpoint_put(endpoint);
	}
}

void iom_backend_restart(struct iom_unit *unit)
{
	static const struct iom_invalidation results = { .stage1 = true, .stage2 = true };
	static const struct iom_invalidation contexts = { 0 };

	iom_backend_invalidate(unit, &results);
	iom_backend_invalidate(unit, &contexts);
}

/* ---- Replay ------------------------------------------------------------------------------- */

#define LOOKS_MAX 65536

struct stretch {
	uint64_t iova, spa, bytes;
	unsigned perm;
};

/* Who is told. */
struct listener {
	struct iom_endpoint *endpoint;
	iom_replay_function *told;
	void *opaque;
};

static int tell(const struct listener *to, const struct stretch *stretch)
{
	int ended =
		to->told(to->opaque, stretch->iova, stretch->spa, stretch->bytes, stretch->perm);

	IOM_CALLED(to->endpoint->unit, .kind = IOM_CALLED_STRETCH,
	           .requester = iom_peek(&to->endpoint->requester), .address = stretch->iova,
	           .value = stretch->spa, .bytes = stretch->bytes, .perm = stretch->perm,
	           .result = ended);
	return ended;
}

/* Adds a piece to the stretch, or tells the stretch and begins a new one with the piece. */
static int add(struct stretch *stretch, const struct stretch *piece, const struct listener *to)
{
	int ended = 0;

	if (stretch->bytes && stretch->iova + stretch->bytes == piece->iova &&
	    stretch->spa + stretch->bytes == piece->spa && stretch->perm == piece->perm &&
	    stretch->bytes + piece->bytes) {
		stretch->bytes += piece->bytes;
		return 0;
	}
	if (stretch->bytes)
		ended = tell(to, stretch);
	*stretch = *piece;
	return ended;
}

/* The end of the naturally aligned 2^lg2 bytes around `at`, but not beyond `last`. */
static uint64_t block_last(uint64_t at, unsigned lg2, uint64_t last)
{
	uint64_t end = at | iom_low(lg2);

	return end < last ? end : last;
}

/* The length of 2^64 bytes could not be told. */
#define LG2_MAX 63u
#define PAGE_LG2 12u

static unsigned larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Is there a page?  One that forbids one kind of access may allow another.  *lg2: the answer holds for
 * the naturally aligned 2^*lg2 bytes around q->iova.
 */
static bool look(struct iom_endpoint *endpoint, struct iom_request *q, struct iom_grant *grant,
                 unsigned *lg2)
{
	static const uint8_t tries[] = { IOM_READ, IOM_WRITE, IOM_EXECUTE };
	struct iom_view view = { .last = endpoint->unit->spa_last };
	const struct iom_query query = iom_query_of(endpoint, q, &view);

	*lg2 = LG2_MAX;
	for (unsigned i = 0; i < IOM_COUNT(tries); i++) {
		struct iom_fault fault = { 0 };

		q->access = tries[i];
		if (endpoint->unit->arch->resolve(&query, grant, &fault)) {
			*lg2 = smaller(LG2_MAX, larger(grant->range_lg2, grant->alike_lg2));
			return true;
		}
		*lg2 = smaller(*lg2, larger(PAGE_LG2, fault.hole_lg2));
	}
	return false;
}

static int replay(const struct listener *to, uint64_t first, uint64_t last, uint64_t *next)
{
	struct iom_endpoint *endpoint = to->endpoint;
	struct stretch stretch = { 0 };
	uint64_t at = first, end;
	unsigned lg2;

	if (last < first)
		return IOM_EINVAL;
	if (iom_peek(&endpoint->removed))
		return IOM_ENOENT;
	for (unsigned looks = 0; looks < LOOKS_MAX; looks++) {
		struct iom_request q = { .iova = at, .flags = IOM_REQ_PROBE };
		struct iom_grant grant = { 0 };
		bool granted = look(endpoint, &q, &grant, &lg2);

		end = block_last(at, lg2, last);
		/* Who maps an interrupt file would store into it, and nothing would come of it. */
		if (granted && grant.target == IOM_TARGET_MEMORY) {
			const struct stretch piece = { at, grant.spa, end - at + 1, grant.perm };

			if (add(&stretch, &piece, to))
				return IOM_OK;
		}
		if (end == last) {
			if (stretch.bytes)
				tell(to, &stretch);
			return IOM_OK;
		}
		at = end + 1;
	}
	if (stretch.bytes && tell(to, &stretch))
		return IOM_OK;
	*next = at;
	return IOM_EBUSY;
}

int iom_replay(struct iom_endpoint *endpoint, uint64_t first, uint64_t last,
               iom_replay_function *told, void *opaque, uint64_t *next)
{
	const struct listener to = { endpoint, told, opaque };

	IOM_TOLD(endpoint->unit, replay(&to, first, last, next), .kind = IOM_CALL_REPLAY,
	         IOM_OF_ENDPOINT(endpoint), .address = first, .value = last, .out = next);
}

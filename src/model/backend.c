/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Backends: what a guest asks of its unit, told to whoever stands below; and the replay of mappings. */
#include "model/backend.h"

#define PASID_LAST 0xfffffu

int iom_backend_set(struct iom_unit *unit, const struct iom_backend *backend, void *opaque)
{
	static const struct iom_backend none;

	if (backend &&
	    (backend->bytes != sizeof *backend || !backend->context || !backend->invalidate))
		return IOM_EINVAL;
	unit->backend = backend ? *backend : none;
	unit->backend_opaque = opaque;
	return IOM_OK;
}

static void inform(struct iom_endpoint *endpoint, const struct iom_request *q,
                   struct iom_context_info *info)
{
	struct iom_unit *unit = endpoint->unit;
	const struct iom_query query = { unit, endpoint, q,
		                         __atomic_load_n(&unit->invalidations, __ATOMIC_SEQ_CST) };

	*info = (struct iom_context_info){ .requester = iom_peek(&endpoint->requester),
		                           .pasid = q->pasid,
		                           .has_pasid = q->flags & IOM_REQ_PASID };
	unit->arch->inform(&query, info);
	if (unit->backend.context)
		unit->backend.context(unit->backend_opaque, info);
}

int iom_fault_in(struct iom_endpoint *endpoint, bool has_pasid, uint32_t pasid,
                 struct iom_context_info *info)
{
	const struct iom_request q = { .pasid = has_pasid ? pasid : 0,
		                       .flags = has_pasid ? IOM_REQ_PASID | IOM_REQ_PROBE
		                                          : IOM_REQ_PROBE };
	struct iom_context_info own;

	if (q.pasid > PASID_LAST)
		return IOM_EINVAL;
	inform(endpoint, &q, info ? info : &own);
	return IOM_OK;
}

void iom_backend_invalidate(struct iom_unit *unit, const struct iom_invalidation *what)
{
	static const struct iom_request q = { .flags = IOM_REQ_PROBE };
	struct iom_endpoint *endpoint;
	struct iom_context_info info;

	if (!unit->backend.invalidate)
		return;
	unit->backend.invalidate(unit->backend_opaque, what);
	if (what->stage1 || what->stage2)
		return;
	if (what->one_requester) {
		endpoint = iom_unit_endpoint(unit, what->requester);
		if (endpoint) {
			inform(endpoint, &q, &info);
			iom_endpoint_put(endpoint);
		}
		return;
	}
	for (endpoint = iom_unit_next_endpoint(unit, NULL); endpoint;
	     endpoint = iom_unit_next_endpoint(unit, endpoint))
		inform(endpoint, &q, &info);
}

/* ---- Replay ------------------------------------------------------------------------------- */

#define LOOKS_MAX 65536

struct stretch {
	uint64_t iova, spa, bytes;
	unsigned perm;
};

/* Adds a piece to the stretch, or tells the stretch and begins a new one with the piece. */
static int add(struct stretch *stretch, const struct stretch *piece, iom_replay_function *told,
               void *opaque)
{
	int ended = 0;

	if (stretch->bytes && stretch->iova + stretch->bytes == piece->iova &&
	    stretch->spa + stretch->bytes == piece->spa && stretch->perm == piece->perm) {
		stretch->bytes += piece->bytes;
		return 0;
	}
	if (stretch->bytes)
		ended = told(opaque, stretch->iova, stretch->spa, stretch->bytes, stretch->perm);
	*stretch = *piece;
	return ended;
}

/* The end of the naturally aligned 2^lg2 bytes around `at`, but not beyond `last`. */
static uint64_t block_last(uint64_t at, unsigned lg2, uint64_t last)
{
	uint64_t end = at | iom_low(lg2);

	return end < last ? end : last;
}

static unsigned hole_lg2(const struct iom_fault *fault)
{
	return fault->hole_lg2 > 12 ? fault->hole_lg2 : 12;
}

int iom_replay(struct iom_endpoint *endpoint, uint64_t first, uint64_t last,
               iom_replay_function *told, void *opaque, uint64_t *next)
{
	static const uint8_t tries[] = { IOM_READ, IOM_WRITE, IOM_EXECUTE };
	struct iom_unit *unit = endpoint->unit;
	struct stretch stretch = { 0 };
	uint64_t at = first, end;

	if (last < first)
		return IOM_EINVAL;
	for (unsigned looks = 0; looks < LOOKS_MAX; looks++) {
		struct iom_request q = { .iova = at, .flags = IOM_REQ_PROBE };
		const struct iom_query query = {
			unit, endpoint, &q, __atomic_load_n(&unit->invalidations, __ATOMIC_SEQ_CST)
		};
		struct iom_grant grant = { 0 };
		struct iom_fault fault = { 0 };
		bool granted = false;

		/* A page that forbids one kind of access may allow another. */
		for (unsigned i = 0; i < IOM_COUNT(tries) && !granted; i++) {
			fault = (struct iom_fault){ 0 };
			q.access = tries[i];
			granted = unit->arch->resolve(&query, &grant, &fault);
		}
		end = block_last(at, granted ? grant.range_lg2 : hole_lg2(&fault), last);
		if (granted) {
			const struct stretch piece = { at, grant.spa, end - at + 1, grant.perm };

			if (add(&stretch, &piece, told, opaque))
				return IOM_OK;
		}
		if (end == last) {
			if (stretch.bytes)
				told(opaque, stretch.iova, stretch.spa, stretch.bytes,
				     stretch.perm);
			return IOM_OK;
		}
		at = end + 1;
	}
	if (stretch.bytes && told(opaque, stretch.iova, stretch.spa, stretch.bytes, stretch.perm))
		return IOM_OK;
	*next = at;
	return IOM_EBUSY;
}

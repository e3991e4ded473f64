/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Who keeps a copy of what is mapped (VFIO, vhost-vdpa) is told of each page that comes and goes.  What
 * was told is kept, as pieces that QEMU's events can name; after an invalidation it is compared with
 * what the tables say now.  All of this is under the big lock.
 */
#include "qemu/osdep.h"

#include "internal.h"
#include "qemu/iova-tree.h"
#include "qemu/rcu.h"
#include "system/dma.h"

static uint64_t last_of(const DMAMap *piece)
{
	return piece->iova + piece->size;
}

static bool is_same(const DMAMap *a, const DMAMap *b)
{
	return a->iova == b->iova && a->size == b->size &&
	       a->translated_addr == b->translated_addr && a->perm == b->perm;
}

/* ---- Telling ------------------------------------------------------------------------------ */

static DMAMap gone(const DMAMap *piece)
{
	return (DMAMap){ .iova = piece->iova, .size = piece->size };
}

/* Requests with a process are nobody's who keeps a copy: iom_replay does not tell of them. */
static void tell_all(struct iommux_function *function, const DMAMap *piece)
{
	IOMMUNotifier *notifier;

	IOMMU_NOTIFIER_FOREACH(notifier, &function->iommu)
	{
		if (notifier->notifier_flags & IOMMU_NOTIFIER_MAP && !notifier->iommu_idx)
			iommux_notify_range(notifier, piece);
	}
}

/* ---- What was told ------------------------------------------------------------------------ */

/* Appends the pieces that meet [first, last], in order. */
static void list_told(const IOVATree *told, uint64_t first, uint64_t last, GArray *pieces)
{
	const DMAMap range = { .iova = first, .size = last - first };
	const DMAMap *found = iova_tree_find(told, &range);

	if (!found)
		return;
	if (found->iova > first)
		list_told(told, first, found->iova - 1, pieces);
	g_array_append_val(pieces, *found);
	if (last_of(found) < last)
		list_told(told, last_of(found) + 1, last, pieces);
}

/* ---- What is mapped ----------------------------------------------------------------------- */

struct walk {
	struct iommux_function *function;
	GArray *pieces;
	/* the stretch that iom_replay is telling */
	uint64_t iova, spa, last; /* `last`: in memory */
	IOMMUAccessFlags perm;
};

/* Adds [first, last] of memory, page by page: a page that goes later takes no other with it. */
static void add_pieces(struct walk *walk, uint64_t first, uint64_t last)
{
	uint64_t end = walk->iova + (last - walk->spa), mask;

	for (uint64_t at = walk->iova + (first - walk->spa);; at += mask + 1) {
		mask = MIN(iommux_function_page_mask(walk->function, at),
		           dma_aligned_pow2_mask(at, end, 64));
		const DMAMap piece = {
			.iova = at,
			.translated_addr = walk->spa + (at - walk->iova),
			.size = mask,
			.perm = walk->perm,
		};

		g_array_append_val(walk->pieces, piece);
		if (end - at == mask)
			return;
	}
}

/* Nobody can keep a copy of what is not RAM, and QEMU takes it for a mistake of the IOMMU's. */
static bool add_ram(Int128 start, Int128 len, const MemoryRegion *region, hwaddr offset,
                    void *opaque)
{
	struct walk *walk = opaque;
	uint64_t first, last;

	if (!region->ram)
		return false;
	first = MAX(int128_get64(start), walk->spa);
	last = MIN(int128_get64(start) + (int128_get64(len) - 1), walk->last);
	if (first <= last)
		add_pieces(walk, first, last);
	return int128_get64(start) > walk->last;
}

static int add_stretch(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm)
{
	struct walk *walk = opaque;

	walk->iova = iova;
	walk->spa = spa;
	walk->last = spa + (bytes - 1);
	walk->perm = IOMMU_ACCESS_FLAG(perm & IOM_PERM_READ, perm & IOM_PERM_WRITE);
	if (walk->perm)
		flatview_for_each_range(address_space_to_flatview(&address_space_memory), add_ram,
		                        walk);
	return 0;
}

static void list_mapped(struct iommux_function *function, uint64_t first, uint64_t last,
                        GArray *pieces)
{
	struct iom_endpoint *endpoint = iommux_function_endpoint(function);
	struct walk walk = { .function = function, .pieces = pieces };

	RCU_READ_LOCK_GUARD();
	while (endpoint &&
	       iom_replay(endpoint, first, last, add_stretch, &walk, &first) == IOM_EBUSY)
		;
}

/* ---- Following ---------------------------------------------------------------------------- */

/* To whole pages, of the tables and of what was told: a piece goes whole, and comes whole. */
static void widen(struct iommux_function *function, uint64_t *first, uint64_t *last)
{
	uint64_t was_first, was_last;

	do {
		const DMAMap *low = iova_tree_find(function->told, &(DMAMap){ .iova = *first });
		const DMAMap *high = iova_tree_find(function->told, &(DMAMap){ .iova = *last });

		was_first = *first;
		was_last = *last;
		*first &= ~iommux_function_page_mask(function, *first);
		*last |= iommux_function_page_mask(function, *last);
		if (low)
			*first = MIN(*first, low->iova);
		if (high)
			*last = MAX(*last, last_of(high));
	} while (*first != was_first || *last != was_last);
}

static void tell_changes(struct iommux_function *function, const GArray *was, const GArray *is)
{
	for (guint i = 0, j = 0; i < was->len; i++) {
		const DMAMap *old = &g_array_index(was, DMAMap, i);
		const DMAMap without = gone(old);

		while (j < is->len && g_array_index(is, DMAMap, j).iova < old->iova)
			j++;
		if (j < is->len && is_same(&g_array_index(is, DMAMap, j), old))
			continue;
		iova_tree_remove(function->told, *old);
		tell_all(function, &without);
	}
	for (guint i = 0; i < is->len; i++) {
		const DMAMap *new = &g_array_index(is, DMAMap, i);

		if (iova_tree_insert(function->told, new) == IOVA_OK)
			tell_all(function, new);
	}
}

void iommux_follow(struct iommux_function *function, uint64_t first, uint64_t last)
{
	g_autoptr(GArray) was = g_array_new(false, false, sizeof(DMAMap));
	g_autoptr(GArray) is = g_array_new(false, false, sizeof(DMAMap));

	if (!function->told)
		return;
	widen(function, &first, &last);
	list_told(function->told, first, last, was);
	list_mapped(function, first, last, is);
	tell_changes(function, was, is);
}

void iommux_follow_begin(struct iommux_function *function)
{
	if (!function->told)
		function->told = iova_tree_new();
}

void iommux_follow_end(struct iommux_function *function)
{
	g_clear_pointer(&function->told, iova_tree_destroy);
}

void iommux_follow_replay(IOMMUMemoryRegion *region, IOMMUNotifier *notifier)
{
	struct iommux_function *function = container_of(region, struct iommux_function, iommu);
	g_autoptr(GArray) told = g_array_new(false, false, sizeof(DMAMap));

	if (!function->told)
		return;
	/* The notifier may have heard of some of it since it was registered: nothing comes twice. */
	list_told(function->told, 0, UINT64_MAX, told);
	for (guint i = 0; i < told->len; i++) {
		const DMAMap without = gone(&g_array_index(told, DMAMap, i));

		iommux_notify_range(notifier, &without);
		iommux_notify_range(notifier, &g_array_index(told, DMAMap, i));
	}
	iommux_follow(function, 0, UINT64_MAX);
}

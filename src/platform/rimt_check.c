/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Is this a sound RIMT?  Lengths are checked before anything that refers to another node. */
#include "platform/rimt.h"

#include "base/error.h"

#define RIDS 0x10000u
#define DEVICE_IDS 0x1000000u

typedef unsigned long long ull;

static const struct {
	const char *name;
	unsigned bytes;
} kinds[] = {
	[RIMT_IOMMU] = { "IOMMU", RIMT_IOMMU_BYTES },
	[RIMT_ROOT] = { "root complex", RIMT_ROOT_BYTES },
	[RIMT_DEVICE] = { "platform device", RIMT_DEVICE_NAME + 1 },
};

static int check_array(const struct rimt_node *n, struct rimt_array a, unsigned each,
                       const char *what, struct iom_error *error)
{
	unsigned fixed = kinds[n->type].bytes;

	if (!a.count || (a.at >= fixed && acpi_holds(n->span, a.at, (uint64_t)a.count * each)))
		return IOM_OK;
	return iom_fail(error, IOM_EINVAL,
	                "the %u %s of node %u begin at its byte %u; they should lie between byte "
	                "%u and its end at %llu",
	                a.count, what, n->id, a.at, fixed, (ull)n->span.bytes);
}

static bool ends(struct acpi_span name)
{
	for (size_t i = 0; i < name.bytes; i++) {
		if (!name.at[i])
			return true;
	}
	return false;
}

static int check_lengths(const struct rimt_node *n, struct iom_error *error)
{
	struct acpi_span name = rimt_name_span(n);
	int r;

	if (n->span.bytes < kinds[n->type].bytes)
		return iom_fail(error, IOM_EINVAL,
		                "%s node %u takes %llu bytes; it should be %u at least",
		                kinds[n->type].name, n->id, (ull)n->span.bytes,
		                kinds[n->type].bytes);
	if (n->type == RIMT_IOMMU)
		return check_array(n, rimt_wires_of(n), RIMT_WIRE_BYTES, "wires", error);
	if ((r = check_array(n, rimt_maps_of(n), RIMT_MAP_BYTES, "ranges", error)))
		return r;
	if (n->type == RIMT_DEVICE && !ends(name))
		return iom_fail(error, IOM_EINVAL,
		                "the name of platform device node %u does not end inside it",
		                n->id);
	return IOM_OK;
}

static int check_id(const struct iom_rimt_table *table, const struct rimt_node *n,
                    struct iom_error *error)
{
	struct rimt_nodes nodes = rimt_nodes_of(table);
	struct rimt_node before;

	while (rimt_next_node(&nodes, &before, NULL) == IOM_OK && before.offset < n->offset) {
		if (before.id == n->id)
			return iom_fail(error, IOM_EINVAL,
			                "the nodes at 0x%llx and 0x%llx both have ID %u",
			                (ull)before.offset, (ull)n->offset, n->id);
	}
	return IOM_OK;
}

static int check_numbers(const struct rimt_node *n, unsigned i, const struct rimt_range *m,
                         struct iom_error *error)
{
	uint64_t sources = n->type == RIMT_ROOT ? RIDS : UINT64_C(1) << 32;

	if (!m->count)
		return iom_fail(error, IOM_EINVAL,
		                "range %u of node %u holds 0 IDs; the field is their number", i,
		                n->id);
	if ((uint64_t)m->source + m->count > sources)
		return iom_fail(error, IOM_EINVAL,
		                "range %u of node %u ends at source ID 0x%llx; the highest is "
		                "0x%llx",
		                i, n->id, (ull)m->source + m->count - 1, (ull)sources - 1);
	if ((uint64_t)m->device_id + m->count > DEVICE_IDS)
		return iom_fail(error, IOM_EINVAL,
		                "range %u of node %u ends at device_id 0x%llx; these have 24 bits",
		                i, n->id, (ull)m->device_id + m->count - 1);
	return IOM_OK;
}

static int check_destination(const struct iom_rimt_table *table, const struct rimt_node *n,
                             unsigned i, const struct rimt_range *m, struct iom_error *error)
{
	struct iom_rimt_iommu iommu;
	struct rimt_node to;

	if (!rimt_find_iommu(table, m->iommu, &to))
		return iom_fail(error, IOM_EINVAL,
		                "range %u of node %u leads to offset 0x%llx, where no IOMMU node "
		                "begins",
		                i, n->id, (ull)m->iommu);
	iommu = rimt_decode_iommu(&to);
	if (n->type == RIMT_ROOT && iommu.flags & IOM_RIMT_IOMMU_PCIE &&
	    iommu.segment == rimt_decode_root(n).segment && rimt_range_has(m, iommu.bdf))
		return iom_fail(error, IOM_EINVAL,
		                "range %u of node %u leads IOMMU node %u, which has RID 0x%llx, to "
		                "itself; it should leave that out",
		                i, n->id, to.id, (ull)iommu.bdf);
	return IOM_OK;
}

/* The same for two names of a table. */
static bool same_names(struct acpi_span a, struct acpi_span b)
{
	for (size_t i = 0; acpi_8(a, i) == acpi_8(b, i); i++) {
		if (!acpi_8(a, i))
			return true;
	}
	return false;
}

/* Do both speak of the same sources? */
static bool same_sources(const struct rimt_node *a, const struct rimt_node *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == RIMT_ROOT)
		return rimt_decode_root(a).segment == rimt_decode_root(b).segment;
	return a->type == RIMT_DEVICE && same_names(rimt_name_span(a), rimt_name_span(b));
}

/* Range i of node n against all that stand before it. */
static int check_overlap(const struct iom_rimt_table *table, const struct rimt_node *n, unsigned i,
                         const struct rimt_range *m, struct iom_error *error)
{
	struct rimt_nodes nodes = rimt_nodes_of(table);
	struct rimt_node other;

	while (rimt_next_node(&nodes, &other, NULL) == IOM_OK && other.offset <= n->offset) {
		unsigned count = other.offset == n->offset ? i : rimt_maps_of(&other).count;

		if (!same_sources(n, &other))
			continue;
		for (unsigned j = 0; j < count; j++) {
			struct rimt_range o = rimt_decode_map(&other, j);

			if (rimt_range_has(&o, m->source) || rimt_range_has(m, o.source))
				return iom_fail(error, IOM_EINVAL,
				                "range %u of node %u and range %u of node %u "
				                "overlap at source ID 0x%llx",
				                j, other.id, i, n->id,
				                (ull)(m->source > o.source ? m->source : o.source));
		}
	}
	return IOM_OK;
}

static int check_maps(const struct iom_rimt_table *table, const struct rimt_node *n,
                      struct iom_error *error)
{
	int r = IOM_OK;

	for (unsigned i = 0; i < rimt_maps_of(n).count && !r; i++) {
		struct rimt_range m = rimt_decode_map(n, i);

		if (!(r = check_numbers(n, i, &m, error)) &&
		    !(r = check_destination(table, n, i, &m, error)))
			r = check_overlap(table, n, i, &m, error);
	}
	return r;
}

/* Lengths of all nodes first: what a range leads to may stand behind it. */
static int check_nodes(const struct iom_rimt_table *table, struct iom_error *error)
{
	struct rimt_nodes nodes = rimt_nodes_of(table);
	struct rimt_node n;
	int r;

	while (!(r = rimt_next_node(&nodes, &n, error))) {
		if (rimt_known(&n) && (r = check_lengths(&n, error)))
			return r;
		if ((r = check_id(table, &n, error)))
			return r;
	}
	if (r != IOM_ENOENT)
		return r;
	nodes = rimt_nodes_of(table);
	while (!(r = rimt_next_node(&nodes, &n, error))) {
		if (rimt_known(&n) && (r = check_maps(table, &n, error)))
			return r;
	}
	return r == IOM_ENOENT ? IOM_OK : r;
}

int iom_rimt_open(const void *buf, size_t size, struct iom_rimt_table *out, struct iom_error *error)
{
	struct iom_rimt_table table;
	struct acpi_span s;
	uint32_t at;
	int r;

	if ((r = acpi_open(buf, size, RIMT_SIGNATURE, RIMT_FIXED_BYTES, &s, error)))
		return r;
	if (s.bytes > IOM_RIMT_BYTES_MAX)
		return iom_fail(error, IOM_EINVAL, "the RIMT takes %llu bytes; at most %u are read",
		                (ull)s.bytes, IOM_RIMT_BYTES_MAX);
	if (acpi_8(s, ACPI_REVISION) < RIMT_TABLE_REVISION)
		return iom_fail(error, IOM_EINVAL, "the RIMT has revision 0; it should be 1");
	at = acpi_32(s, RIMT_NODE_OFFSET);
	if (at < RIMT_FIXED_BYTES || at > s.bytes)
		return iom_fail(error, IOM_EINVAL,
		                "the nodes of the RIMT begin at 0x%llx; they should between 0x30 "
		                "and its end at 0x%llx",
		                (ull)at, (ull)s.bytes);
	table = (struct iom_rimt_table){ s.at, s.bytes };
	if ((r = check_nodes(&table, error)))
		return r;
	*out = table;
	iom_succeed(error);
	return IOM_OK;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a RIMT says: all of it, and where one device belongs. */
#include "platform/rimt.h"

static int visit_wires(const struct rimt_node *n, const struct iom_rimt_visitor *v, void *opaque)
{
	struct rimt_array a = rimt_wires_of(n);
	int r = 0;

	for (unsigned i = 0; v->wire && i < a.count && !r; i++) {
		struct acpi_span s =
			acpi_part(n->span, a.at + (size_t)i * RIMT_WIRE_BYTES, RIMT_WIRE_BYTES);
		struct iom_rimt_wire wire = { acpi_32(s, RIMT_WIRE_GSI),
			                      acpi_32(s, RIMT_WIRE_FLAGS) };

		r = v->wire(opaque, n->id, &wire);
	}
	return r;
}

static int visit_maps(const struct iom_rimt_table *table, const struct rimt_node *n,
                      const struct iom_rimt_visitor *v, void *opaque)
{
	int r = 0;

	for (unsigned i = 0; v->map && i < rimt_maps_of(n).count && !r; i++) {
		struct rimt_range m = rimt_decode_map(n, i);
		struct rimt_node to;

		if (rimt_find_iommu(table, m.iommu, &to)) {
			struct iom_rimt_map map = { m.source, m.count, m.device_id, to.id,
				                    m.flags };

			r = v->map(opaque, n->id, &map);
		}
	}
	return r;
}

static int visit_iommu(const struct iom_rimt_table *table, const struct rimt_node *n,
                       const struct iom_rimt_visitor *v, void *opaque)
{
	struct iom_rimt_iommu iommu = rimt_decode_iommu(n);
	int r = v->iommu ? v->iommu(opaque, n->id, &iommu) : 0;

	(void)table;
	return r ? r : visit_wires(n, v, opaque);
}

static int visit_root(const struct iom_rimt_table *table, const struct rimt_node *n,
                      const struct iom_rimt_visitor *v, void *opaque)
{
	struct iom_rimt_root root = rimt_decode_root(n);
	int r = v->root ? v->root(opaque, n->id, &root) : 0;

	return r ? r : visit_maps(table, n, v, opaque);
}

static int visit_device(const struct iom_rimt_table *table, const struct rimt_node *n,
                        const struct iom_rimt_visitor *v, void *opaque)
{
	struct iom_rimt_device device = { .name = (const char *)rimt_name_span(n).at,
		                          .map_count = rimt_maps_of(n).count };
	int r = v->device ? v->device(opaque, n->id, &device) : 0;

	return r ? r : visit_maps(table, n, v, opaque);
}

int iom_rimt_visit(const struct iom_rimt_table *table, const struct iom_rimt_visitor *visitor,
                   void *opaque)
{
	static int (*const visits[])(const struct iom_rimt_table *, const struct rimt_node *,
	                             const struct iom_rimt_visitor *, void *) = {
		[RIMT_IOMMU] = visit_iommu,
		[RIMT_ROOT] = visit_root,
		[RIMT_DEVICE] = visit_device,
	};
	struct rimt_nodes nodes = rimt_nodes_of(table);
	struct rimt_node n;
	int r = 0;

	if (visitor->bytes != sizeof *visitor)
		return IOM_EINVAL;
	while (!r && rimt_next_node(&nodes, &n, NULL) == IOM_OK) {
		if (rimt_known(&n))
			r = visits[n.type](table, &n, visitor, opaque);
	}
	return r;
}

static bool same_name(struct acpi_span a, const char *b)
{
	size_t i = 0;

	while (i < a.bytes && a.at[i] && (uint8_t)b[i] == a.at[i])
		i++;
	return i < a.bytes && !a.at[i] && !b[i];
}

/* The range of node n that `source` is in. */
static bool answer_from(const struct iom_rimt_table *table, const struct rimt_node *n,
                        uint32_t source, struct iom_rimt_answer *answer)
{
	for (unsigned i = 0; i < rimt_maps_of(n).count; i++) {
		struct rimt_range m = rimt_decode_map(n, i);
		struct rimt_node to;

		if (!rimt_range_has(&m, source) || !rimt_find_iommu(table, m.iommu, &to))
			continue;
		*answer = (struct iom_rimt_answer){
			.device_id = m.device_id + (source - m.source),
			.iommu_id = to.id,
			.iommu = rimt_decode_iommu(&to),
			.map_flags = m.flags,
			.root_flags = n->type == RIMT_ROOT ? rimt_decode_root(n).flags : 0,
		};
		return true;
	}
	return false;
}

int iom_rimt_find_rid(const struct iom_rimt_table *table, uint16_t segment, uint16_t rid,
                      struct iom_rimt_answer *answer)
{
	struct rimt_nodes nodes = rimt_nodes_of(table);
	struct rimt_node n;

	while (rimt_next_node(&nodes, &n, NULL) == IOM_OK) {
		if (n.type == RIMT_ROOT && rimt_decode_root(&n).segment == segment &&
		    answer_from(table, &n, rid, answer))
			return IOM_OK;
	}
	return IOM_ENOENT;
}

int iom_rimt_find_device(const struct iom_rimt_table *table, const char *name, uint32_t source,
                         struct iom_rimt_answer *answer)
{
	struct rimt_nodes nodes = rimt_nodes_of(table);
	struct rimt_node n;

	while (rimt_next_node(&nodes, &n, NULL) == IOM_OK) {
		if (n.type == RIMT_DEVICE && same_name(rimt_name_span(&n), name) &&
		    answer_from(table, &n, source, answer))
			return IOM_OK;
	}
	return IOM_ENOENT;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* All that a DMAR says. */
#include "platform/dmar.h"

static int visit_drhd(const struct dmar_node *n, const struct iom_dmar_visitor *v, void *opaque)
{
	struct iom_dmar_drhd drhd = dmar_decode_drhd(n);

	return v->drhd ? v->drhd(opaque, &drhd) : 0;
}

static int visit_rmrr(const struct dmar_node *n, const struct iom_dmar_visitor *v, void *opaque)
{
	struct iom_dmar_rmrr rmrr = dmar_decode_rmrr(n);

	return v->rmrr ? v->rmrr(opaque, &rmrr) : 0;
}

static int visit_atsr(const struct dmar_node *n, const struct iom_dmar_visitor *v, void *opaque)
{
	struct iom_dmar_atsr atsr = { .flags = dmar_flags(n),
		                      .segment = dmar_segment(n),
		                      .scope_count = dmar_scope_count(n) };

	return v->atsr ? v->atsr(opaque, &atsr) : 0;
}

static int visit_rhsa(const struct dmar_node *n, const struct iom_dmar_visitor *v, void *opaque)
{
	struct iom_dmar_rhsa rhsa = { acpi_64(n->span, DMAR_RHSA_BASE),
		                      acpi_32(n->span, DMAR_RHSA_PROXIMITY) };

	return v->rhsa ? v->rhsa(opaque, &rhsa) : 0;
}

static int visit_andd(const struct dmar_node *n, const struct iom_dmar_visitor *v, void *opaque)
{
	struct iom_dmar_andd andd = { acpi_8(n->span, DMAR_ANDD_NUMBER),
		                      (const char *)dmar_name_span(n).at };

	return v->andd ? v->andd(opaque, &andd) : 0;
}

static int visit_satc(const struct dmar_node *n, const struct iom_dmar_visitor *v, void *opaque)
{
	struct iom_dmar_satc satc = { .flags = dmar_flags(n),
		                      .segment = dmar_segment(n),
		                      .scope_count = dmar_scope_count(n) };

	return v->satc ? v->satc(opaque, &satc) : 0;
}

static int visit_sidp(const struct dmar_node *n, const struct iom_dmar_visitor *v, void *opaque)
{
	struct iom_dmar_sidp sidp = { .segment = dmar_segment(n),
		                      .scope_count = dmar_scope_count(n) };

	return v->sidp ? v->sidp(opaque, &sidp) : 0;
}

static int visit_scopes(const struct dmar_node *n, const struct iom_dmar_visitor *v, void *opaque)
{
	struct dmar_scopes scopes = dmar_scopes_of(n);
	struct dmar_scope scope;
	int r = 0;

	while (v->scope && !r && dmar_next_scope(&scopes, &scope, NULL) == IOM_OK)
		r = v->scope(opaque, &scope.says);
	return r;
}

int iom_dmar_visit(const struct iom_dmar_table *table, const struct iom_dmar_visitor *visitor,
                   void *opaque)
{
	static int (*const visits[DMAR_TYPES])(const struct dmar_node *,
	                                       const struct iom_dmar_visitor *, void *) = {
		[DMAR_DRHD] = visit_drhd, [DMAR_RMRR] = visit_rmrr, [DMAR_ATSR] = visit_atsr,
		[DMAR_RHSA] = visit_rhsa, [DMAR_ANDD] = visit_andd, [DMAR_SATC] = visit_satc,
		[DMAR_SIDP] = visit_sidp,
	};
	struct acpi_list nodes = dmar_nodes_of(table);
	struct dmar_node n;
	int r = 0;

	if (visitor->bytes != sizeof *visitor)
		return IOM_EINVAL;
	if (visitor->head)
		r = visitor->head(opaque, acpi_8(nodes.table, DMAR_ADDRESS_BITS) + 1u,
		                  acpi_8(nodes.table, DMAR_TABLE_FLAGS));
	while (!r && dmar_next_node(&nodes, &n, NULL) == IOM_OK) {
		if (!n.kind)
			continue;
		r = visits[n.type](&n, visitor, opaque);
		if (!r)
			r = visit_scopes(&n, visitor, opaque);
	}
	return r;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Where one device belongs in a DMAR, and what else it says of it. */
#include "base/bits.h"
#include "platform/dmar.h"

/* Who asks: a requester, and the buses that it is on. */
struct asker {
	const struct iom_dmar_pci *pci;
	uint16_t segment, rid;
};

static bool pci_ok(const struct iom_dmar_pci *pci)
{
	return !pci || (pci->bytes == sizeof *pci && pci->bridge);
}

static bool bridge(const struct iom_dmar_pci *pci, uint16_t segment, uint16_t rid,
                   uint8_t *secondary, uint8_t *subordinate)
{
	return pci && pci->bridge(pci->opaque, segment, rid, secondary, subordinate);
}

static bool resolve(const struct iom_dmar_pci *pci, uint16_t segment,
                    const struct iom_dmar_scope *scope, uint16_t *rid)
{
	uint8_t bus = scope->bus, subordinate;

	for (unsigned i = 0; i < scope->hop_count; i++) {
		struct iom_dmar_hop hop = scope->path[i];

		if (i && !bridge(pci, segment, *rid, &bus, &subordinate))
			return false;
		if (hop.device > 31 || hop.function > 7)
			return false;
		*rid = (uint16_t)(bus << 8 | hop.device << 3 | hop.function);
	}
	return scope->hop_count > 0;
}

int iom_dmar_scope_rid(const struct iom_dmar_pci *pci, uint16_t segment,
                       const struct iom_dmar_scope *scope, uint16_t *rid)
{
	uint16_t to = 0;

	if (!pci_ok(pci))
		return IOM_EINVAL;
	if (!resolve(pci, segment, scope, &to))
		return IOM_ENOENT;
	*rid = to;
	return IOM_OK;
}

static bool names(const struct asker *a, const struct iom_dmar_scope *scope)
{
	uint8_t bus = (uint8_t)(a->rid >> 8), secondary, subordinate;
	uint16_t rid = 0;

	/* Those of I/O APICs and HPETs are often those of some function as well. */
	if (scope->type == IOM_DMAR_IOAPIC || scope->type == IOM_DMAR_HPET ||
	    !resolve(a->pci, a->segment, scope, &rid))
		return false;
	if (rid == a->rid)
		return true;
	return scope->type == IOM_DMAR_BRIDGE &&
	       bridge(a->pci, a->segment, rid, &secondary, &subordinate) && bus >= secondary &&
	       bus <= subordinate;
}

/* Does the structure have a scope that names it, or a bridge above it?  Which? */
static bool has(const struct dmar_node *n, const struct asker *a, struct dmar_scope *scope)
{
	struct dmar_scopes scopes = dmar_scopes_of(n);

	if (dmar_segment(n) != a->segment)
		return false;
	while (dmar_next_scope(&scopes, scope, NULL) == IOM_OK) {
		if (names(a, &scope->says))
			return true;
	}
	return false;
}

static int ask(struct asker *a, const struct iom_dmar_pci *pci, uint16_t segment, uint16_t rid)
{
	if (!pci_ok(pci))
		return IOM_EINVAL;
	if (pci && pci->physical)
		rid = pci->physical(pci->opaque, segment, rid);
	*a = (struct asker){ pci, segment, rid };
	return IOM_OK;
}

int iom_dmar_find_rid(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                      uint16_t segment, uint16_t rid, struct iom_dmar_drhd *drhd)
{
	struct acpi_list nodes = dmar_nodes_of(table);
	struct dmar_scope scope;
	struct dmar_node n;
	struct asker a;
	int r = ask(&a, pci, segment, rid);

	if (r)
		return r;
	r = IOM_ENOENT;
	while (dmar_next_of(&nodes, DMAR_DRHD, &n)) {
		if (has(&n, &a, &scope)) {
			*drhd = dmar_decode_drhd(&n);
			return IOM_OK;
		}
		if (r && dmar_segment(&n) == segment && dmar_flags(&n) & IOM_DMAR_INCLUDE_PCI_ALL) {
			*drhd = dmar_decode_drhd(&n);
			r = IOM_OK;
		}
	}
	return r;
}

int iom_dmar_find_source(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                         enum iom_dmar_scope_type type, uint8_t id, struct iom_dmar_source *source)
{
	struct acpi_list nodes = dmar_nodes_of(table);
	struct dmar_node n;

	if (!pci_ok(pci) || type < IOM_DMAR_IOAPIC || type > IOM_DMAR_NAMESPACE)
		return IOM_EINVAL;
	while (dmar_next_of(&nodes, DMAR_DRHD, &n)) {
		struct dmar_scopes scopes = dmar_scopes_of(&n);
		struct dmar_scope s;
		uint16_t rid = 0;

		while (dmar_next_scope(&scopes, &s, NULL) == IOM_OK) {
			if (s.says.type != type || s.says.id != id ||
			    !resolve(pci, dmar_segment(&n), &s.says, &rid))
				continue;
			*source = (struct iom_dmar_source){ dmar_decode_drhd(&n), rid };
			return IOM_OK;
		}
	}
	return IOM_ENOENT;
}

static bool same_name(struct acpi_span a, const char *b)
{
	size_t i = 0;

	while (i < a.bytes && a.at[i] && (uint8_t)b[i] == a.at[i])
		i++;
	return i < a.bytes && !a.at[i] && !b[i];
}

int iom_dmar_find_device(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                         const char *name, struct iom_dmar_source *source)
{
	struct acpi_list nodes = dmar_nodes_of(table);
	struct dmar_node n;

	while (dmar_next_of(&nodes, DMAR_ANDD, &n)) {
		if (same_name(dmar_name_span(&n), name))
			return iom_dmar_find_source(table, pci, IOM_DMAR_NAMESPACE,
			                            acpi_8(n.span, DMAR_ANDD_NUMBER), source);
	}
	return IOM_ENOENT;
}

int iom_dmar_visit_rmrrs(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                         uint16_t segment, uint16_t rid,
                         int (*rmrr)(void *opaque, const struct iom_dmar_rmrr *rmrr), void *opaque)
{
	struct acpi_list nodes = dmar_nodes_of(table);
	struct dmar_scope scope;
	struct dmar_node n;
	struct asker a;
	int r = ask(&a, pci, segment, rid);

	while (!r && dmar_next_of(&nodes, DMAR_RMRR, &n)) {
		struct iom_dmar_rmrr region = dmar_decode_rmrr(&n);

		if (has(&n, &a, &scope))
			r = rmrr(opaque, &region);
	}
	return r;
}

int iom_dmar_find_ats(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                      uint16_t segment, uint16_t rid)
{
	struct acpi_list nodes = dmar_nodes_of(table);
	struct dmar_scope scope;
	struct dmar_node n;
	struct asker a;
	int r = ask(&a, pci, segment, rid);

	if (r)
		return r;
	while (dmar_next_of(&nodes, DMAR_ATSR, &n)) {
		if (has(&n, &a, &scope) ||
		    (dmar_segment(&n) == segment && dmar_flags(&n) & IOM_DMAR_ALL_PORTS))
			return IOM_OK;
	}
	return IOM_ENOENT;
}

int iom_dmar_find_properties(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                             uint16_t segment, uint16_t rid, uint8_t *flags)
{
	struct acpi_list nodes = dmar_nodes_of(table);
	struct dmar_scope scope;
	struct dmar_node n;
	enum dmar_type type;
	struct asker a;
	int r = ask(&a, pci, segment, rid);

	if (r)
		return r;
	type = dmar_next_of(&nodes, DMAR_SIDP, &n) ? DMAR_SIDP : DMAR_SATC;
	nodes = dmar_nodes_of(table);
	while (dmar_next_of(&nodes, type, &n)) {
		if (!has(&n, &a, &scope))
			continue;
		*flags = scope.says.flags;
		if (type == DMAR_SATC)
			*flags =
				dmar_flags(&n) & IOM_DMAR_SATC_REQUIRED ? IOM_DMAR_ATC_REQUIRED : 0;
		return IOM_OK;
	}
	return IOM_ENOENT;
}

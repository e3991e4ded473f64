/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Can this DMAR be read?  Lengths alone are looked at here. */
#include "base/error.h"
#include "platform/dmar.h"

typedef unsigned long long ull;

static bool ends(struct acpi_span name)
{
	for (size_t i = 0; i < name.bytes; i++) {
		if (!name.at[i])
			return true;
	}
	return false;
}

static int check_lengths(const struct dmar_node *n, struct iom_error *error)
{
	struct dmar_scopes scopes = dmar_scopes_of(n);
	struct dmar_scope scope;
	int r;

	if (n->span.bytes < n->kind->bytes)
		return iom_fail(error, IOM_EINVAL,
		                "the %s at 0x%llx takes %llu bytes; it should be %u at least",
		                n->kind->name, (ull)n->offset, (ull)n->span.bytes, n->kind->bytes);
	if (n->type == DMAR_ANDD && !ends(dmar_name_span(n)))
		return iom_fail(error, IOM_EINVAL,
		                "the name in the ANDD at 0x%llx does not end inside it; there "
		                "should be a byte 0 behind it",
		                (ull)n->offset);
	do
		r = dmar_next_scope(&scopes, &scope, error);
	while (!r);
	return r == IOM_ENOENT ? IOM_OK : r;
}

int iom_dmar_open(const void *buf, size_t size, struct iom_dmar_table *out, struct iom_error *error)
{
	struct iom_dmar_table table;
	struct acpi_list nodes;
	struct dmar_node n;
	struct acpi_span s;
	int r;

	if ((r = acpi_open(buf, size, DMAR_SIGNATURE, DMAR_FIXED_BYTES, &s, error)))
		return r;
	if (s.bytes > IOM_DMAR_BYTES_MAX)
		return iom_fail(error, IOM_EINVAL, "the DMAR takes %llu bytes; at most %u are read",
		                (ull)s.bytes, IOM_DMAR_BYTES_MAX);
	table = (struct iom_dmar_table){ s.at, s.bytes };
	nodes = dmar_nodes_of(&table);
	while (!(r = dmar_next_node(&nodes, &n, error))) {
		if (n.kind && (r = check_lengths(&n, error)))
			return r;
	}
	if (r != IOM_ENOENT)
		return r;
	*out = table;
	iom_succeed(error);
	return IOM_OK;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The structures of a DMAR, one by one, and what their bytes mean.  Every field is read through a
 * span that ends where its structure ends: a table that changes under its reader gives wrong
 * answers at worst.
 */
#include "platform/dmar.h"

#include "base/error.h"

static const struct dmar_kind kinds[DMAR_TYPES] = {
	[DMAR_DRHD] = { "DRHD", DMAR_DRHD_BYTES, true },
	[DMAR_RMRR] = { "RMRR", DMAR_RMRR_BYTES, true },
	[DMAR_ATSR] = { "ATSR", DMAR_SCOPES_BYTES, true },
	[DMAR_RHSA] = { "RHSA", DMAR_RHSA_BYTES, false },
	[DMAR_ANDD] = { "ANDD", DMAR_ANDD_NAME + 1, false },
	[DMAR_SATC] = { "SATC", DMAR_SCOPES_BYTES, true },
	[DMAR_SIDP] = { "SIDP", DMAR_SCOPES_BYTES, true },
};

struct acpi_list dmar_nodes_of(const struct iom_dmar_table *table)
{
	return (struct acpi_list){
		{ table->data, table->length }, DMAR_FIXED_BYTES, DMAR_HEAD_BYTES, DMAR_LENGTH
	};
}

int dmar_next_node(struct acpi_list *nodes, struct dmar_node *node, struct iom_error *error)
{
	size_t at = nodes->at;
	int r;

	if (at == nodes->table.bytes)
		return IOM_ENOENT;
	if ((r = acpi_next(nodes, &node->span, error)))
		return r;
	node->offset = (uint32_t)at;
	node->type = acpi_16(node->span, DMAR_TYPE);
	node->kind = node->type < DMAR_TYPES ? &kinds[node->type] : NULL;
	return IOM_OK;
}

bool dmar_next_of(struct acpi_list *nodes, enum dmar_type type, struct dmar_node *node)
{
	while (dmar_next_node(nodes, node, NULL) == IOM_OK) {
		if (node->type == type)
			return true;
	}
	return false;
}

struct iom_dmar_drhd dmar_decode_drhd(const struct dmar_node *n)
{
	return (struct iom_dmar_drhd){
		.flags = dmar_flags(n),
		.pages_lg2 = acpi_8(n->span, DMAR_DRHD_SIZE) & 0xf,
		.segment = dmar_segment(n),
		.scope_count = dmar_scope_count(n),
		.base = acpi_64(n->span, DMAR_DRHD_BASE),
	};
}

struct iom_dmar_rmrr dmar_decode_rmrr(const struct dmar_node *n)
{
	return (struct iom_dmar_rmrr){
		.segment = dmar_segment(n),
		.scope_count = dmar_scope_count(n),
		.base = acpi_64(n->span, DMAR_RMRR_BASE),
		.limit = acpi_64(n->span, DMAR_RMRR_LIMIT),
	};
}

struct dmar_scopes dmar_scopes_of(const struct dmar_node *n)
{
	return (struct dmar_scopes){ n,
		                     n->kind && n->kind->scopes ? n->kind->bytes : n->span.bytes };
}

static int next_scope(struct dmar_scopes *scopes, struct dmar_scope *scope, struct iom_error *error)
{
	const struct dmar_node *n = scopes->node;
	struct acpi_span rest = acpi_part(n->span, scopes->at, n->span.bytes);
	uint8_t length = acpi_8(rest, DMAR_SCOPE_LENGTH);

	*scope = (struct dmar_scope){ .offset = n->offset + (uint32_t)scopes->at };
	if (!rest.bytes)
		return IOM_ENOENT;
	if (length < DMAR_SCOPE_PATH + DMAR_HOP_BYTES || length > rest.bytes || length % 2)
		return iom_fail(error, IOM_EINVAL,
		                "the device scope at 0x%llx has length %u; it should be 6 and 2 "
		                "for each step of its path, at least one, and at most %llu, where "
		                "its %s ends",
		                (unsigned long long)scope->offset, length,
		                (unsigned long long)rest.bytes, n->kind->name);
	scope->says = (struct iom_dmar_scope){
		.type = acpi_8(rest, DMAR_SCOPE_TYPE),
		.flags = n->type == DMAR_SIDP ? acpi_8(rest, DMAR_SCOPE_FLAGS) : 0,
		.id = acpi_8(rest, DMAR_SCOPE_ID),
		.bus = acpi_8(rest, DMAR_SCOPE_BUS),
		.hop_count = (uint8_t)((length - DMAR_SCOPE_PATH) / DMAR_HOP_BYTES),
		.path = (const struct iom_dmar_hop *)(rest.at + DMAR_SCOPE_PATH),
	};
	scopes->at += length;
	return IOM_OK;
}

int dmar_next_scope(struct dmar_scopes *scopes, struct dmar_scope *scope, struct iom_error *error)
{
	int r;

	do
		r = next_scope(scopes, scope, error);
	while (!r &&
	       (scope->says.type < IOM_DMAR_ENDPOINT || scope->says.type > IOM_DMAR_NAMESPACE));
	return r;
}

uint16_t dmar_scope_count(const struct dmar_node *n)
{
	struct dmar_scopes scopes = dmar_scopes_of(n);
	struct dmar_scope scope;
	uint16_t count = 0;

	while (dmar_next_scope(&scopes, &scope, NULL) == IOM_OK)
		count++;
	return count;
}

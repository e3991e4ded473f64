/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Configurations by name, and units of them. */
#include "trace/config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "trace/internal.h"

struct field {
	const char *name;
	size_t at, bytes;
};

#define FIELD(type, name)                                                                          \
	{                                                                                          \
#name, offsetof(struct type, name), sizeof(((struct type *)NULL)->name)            \
	}

static const struct field riscv_fields[] = {
	FIELD(iom_riscv_config, capabilities),   FIELD(iom_riscv_config, reset_mode),
	FIELD(iom_riscv_config, ddt_levels),     FIELD(iom_riscv_config, vectors),
	FIELD(iom_riscv_config, queue_lg2),      FIELD(iom_riscv_config, cache_lg2),
	FIELD(iom_riscv_config, counters),       FIELD(iom_riscv_config, counter_bits),
	FIELD(iom_riscv_config, qos_id_bits),    FIELD(iom_riscv_config, flags),
	FIELD(iom_riscv_config, ats_timeout_ns), FIELD(iom_riscv_config, busy_ns),
	FIELD(iom_riscv_config, front_lg2),
};

static const struct field vtd_fields[] = {
	FIELD(iom_vtd_config, cap),
	FIELD(iom_vtd_config, ecap),
	FIELD(iom_vtd_config, ats_timeout_ns),
	FIELD(iom_vtd_config, flags),
	FIELD(iom_vtd_config, version),
	FIELD(iom_vtd_config, address_bits),
	FIELD(iom_vtd_config, cache_lg2),
	FIELD(iom_vtd_config, protected_lg2),
	FIELD(iom_vtd_config, front_lg2),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Whatever the order of bytes. */
static uint64_t field_get(const void *config, const struct field *f)
{
	const uint8_t *p = (const uint8_t *)config + f->at;

	switch (f->bytes) {
	case 1:
		return *p;
	case 4:
		return *(const uint32_t *)(const void *)p;
	default:
		return *(const uint64_t *)(const void *)p;
	}
}

/* False: it does not fit. */
static bool field_set(void *config, const struct field *f, uint64_t value)
{
	uint8_t *p = (uint8_t *)config + f->at;

	switch (f->bytes) {
	case 1:
		*p = (uint8_t)value;
		break;
	case 4:
		*(uint32_t *)(void *)p = (uint32_t)value;
		break;
	default:
		*(uint64_t *)(void *)p = value;
		break;
	}
	return field_get(config, f) == value;
}

static void tell(const void *config, const struct field *fields, unsigned count,
                 struct trace_header *header)
{
	header->numbers = count;
	for (unsigned i = 0; i < count; i++) {
		snprintf(header->number[i].name, sizeof header->number[i].name, "%s",
		         fields[i].name);
		header->number[i].value = field_get(config, &fields[i]);
	}
}

static uint64_t reg(struct iom_unit *unit, uint64_t off, unsigned bytes)
{
	uint64_t val;

	return iom_mmio_read(unit, 0, off, bytes, &val) ? 0 : val;
}

static void tell_riscv(struct iom_unit *unit, const struct iom_riscv_config *config,
                       struct trace_header *header)
{
	struct iom_riscv_config full = config ? *config : (struct iom_riscv_config){ 0 };

	if (!full.capabilities) {
		full.capabilities = reg(unit, 0, 8);
		full.flags |= IOM_RISCV_GXL_WRITABLE;
	}
	tell(&full, riscv_fields, COUNT(riscv_fields), header);
}

static void tell_vtd(struct iom_unit *unit, const struct iom_vtd_config *config,
                     struct trace_header *header)
{
	struct iom_vtd_config full = config ? *config : (struct iom_vtd_config){ 0 };

	full.cap = reg(unit, 0x8, 8);
	full.ecap = reg(unit, 0x10, 8);
	full.version = (uint8_t)reg(unit, 0, 4);
	tell(&full, vtd_fields, COUNT(vtd_fields), header);
}

int trace_config_tell(struct iom_unit *unit, const struct trace_config *config,
                      struct trace_header *header, struct iom_error *error)
{
	const char *arch = iom_unit_arch(unit);

	*header = (struct trace_header){ .state = NULL };
	snprintf(header->arch, sizeof header->arch, "%s", arch);
	snprintf(header->note, sizeof header->note, "%s", config->note ? config->note : "");
	if (!strcmp(arch, "riscv"))
		tell_riscv(unit, config->riscv, header);
	else if (!strcmp(arch, "vtd"))
		tell_vtd(unit, config->vtd, header);
	else
		return trace_fail(error, IOM_ENOTSUP,
		                  "units of architecture %s cannot be recorded; those of riscv and "
		                  "vtd can",
		                  arch);
	return IOM_OK;
}

int trace_header_make(struct iom_unit *unit, const struct trace_config *config,
                      struct trace_header *header, struct iom_error *error)
{
	int result = trace_config_tell(unit, config, header, error);
	uint8_t *state;
	size_t bytes;

	if (result)
		return result;
	iom_unit_save(unit, NULL, 0, &bytes);
	state = malloc(bytes);
	if (!state)
		return trace_fail(error, IOM_ENOMEM, "no memory is left for the state of a unit");
	header->state = state;
	result = iom_unit_save(unit, state, bytes, &header->state_bytes);
	if (!result)
		return IOM_OK;
	trace_header_free(header);
	return trace_fail(error, result,
	                  "the unit's state has changed while it was saved; no other call on the "
	                  "unit may be under way");
}

void trace_header_free(struct trace_header *header)
{
	free((void *)(uintptr_t)header->state);
	header->state = NULL;
}

uint64_t trace_config_number(const struct trace_header *header, const char *name)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < header->numbers; i++) {
		if (!strcmp(header->number[i].name, name))
			value = header->number[i].value;
	}
	return value;
}

static int fill(const struct trace_header *header, const struct field *fields, unsigned count,
                void *config, struct iom_error *error)
{
	for (unsigned i = 0; i < header->numbers; i++) {
		const struct trace_number *n = &header->number[i];
		unsigned f = 0;

		while (f < count && strcmp(fields[f].name, n->name) != 0)
			f++;
		if (f == count)
			return trace_fail(error, IOM_EINVAL,
			                  "the trace's unit is made with %s, which this library's "
			                  "units of %s do not have",
			                  n->name, header->arch);
		if (!field_set(config, &fields[f], n->value))
			return trace_fail(error, IOM_EINVAL,
			                  "the trace's unit is made with %s 0x%llx, which has %u "
			                  "bits at most",
			                  n->name, (unsigned long long)n->value,
			                  8 * (unsigned)fields[f].bytes);
	}
	return IOM_OK;
}

int trace_config_make(const struct trace_header *header, struct iom_memory *memory,
                      const struct iom_host *host, void *opaque, struct iom_unit **out,
                      struct iom_error *error)
{
	struct iom_riscv_config riscv = { .bytes = sizeof riscv };
	struct iom_vtd_config vtd = { .bytes = sizeof vtd };
	int result;

	if (!strcmp(header->arch, "riscv")) {
		result = fill(header, riscv_fields, COUNT(riscv_fields), &riscv, error);
		return result ? result : iom_riscv_new(&riscv, memory, host, opaque, out, error);
	}
	if (!strcmp(header->arch, "vtd")) {
		result = fill(header, vtd_fields, COUNT(vtd_fields), &vtd, error);
		return result ? result : iom_vtd_new(&vtd, memory, host, opaque, out, error);
	}
	return trace_fail(error, IOM_ENOTSUP,
	                  "the trace is of a unit of architecture %s; this library has riscv and "
	                  "vtd",
	                  header->arch);
}

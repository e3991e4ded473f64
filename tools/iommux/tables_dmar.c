/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux tables: a DMAR. */
#include <stdio.h>
#include <string.h>

#include <iommux/dmar.h>

#include "tables.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void structure(struct table_out *t, const char *type)
{
	table_record(t, 1, "structures", type);
}

static int on_head(void *opaque, unsigned address_bits, unsigned flags)
{
	static const struct table_flag names[] = {
		{ IOM_DMAR_INTR_REMAP, "INTR_REMAP" },
		{ IOM_DMAR_X2APIC_OPT_OUT, "X2APIC_OPT_OUT" },
		{ IOM_DMAR_DMA_CTRL_OPT_IN, "DMA_CTRL_PLATFORM_OPT_IN" },
	};

	table_number(opaque, "address_bits", address_bits);
	table_flags(opaque, flags, names, COUNT(names));
	return 0;
}

static int on_drhd(void *opaque, const struct iom_dmar_drhd *d)
{
	static const struct table_flag names[] = { { IOM_DMAR_INCLUDE_PCI_ALL, "INCLUDE_PCI_"
		                                                               "ALL" } };

	structure(opaque, "DRHD");
	table_number(opaque, "segment", d->segment);
	table_hex(opaque, "base", d->base);
	table_number(opaque, "bytes", UINT64_C(0x1000) << d->pages_lg2);
	table_flags(opaque, d->flags, names, COUNT(names));
	return 0;
}

static int on_rmrr(void *opaque, const struct iom_dmar_rmrr *m)
{
	structure(opaque, "RMRR");
	table_number(opaque, "segment", m->segment);
	table_hex(opaque, "base", m->base);
	table_hex(opaque, "limit", m->limit);
	return 0;
}

static int on_atsr(void *opaque, const struct iom_dmar_atsr *a)
{
	static const struct table_flag names[] = { { IOM_DMAR_ALL_PORTS, "ALL_PORTS" } };

	structure(opaque, "ATSR");
	table_number(opaque, "segment", a->segment);
	table_flags(opaque, a->flags, names, COUNT(names));
	return 0;
}

static int on_rhsa(void *opaque, const struct iom_dmar_rhsa *h)
{
	structure(opaque, "RHSA");
	table_hex(opaque, "base", h->base);
	table_number(opaque, "proximity", h->proximity);
	return 0;
}

static int on_andd(void *opaque, const struct iom_dmar_andd *a)
{
	structure(opaque, "ANDD");
	table_number(opaque, "number", a->number);
	table_text(opaque, "name", a->name, strlen(a->name));
	return 0;
}

static int on_satc(void *opaque, const struct iom_dmar_satc *s)
{
	static const struct table_flag names[] = { { IOM_DMAR_SATC_REQUIRED, "ATC_REQUIRED" } };

	structure(opaque, "SATC");
	table_number(opaque, "segment", s->segment);
	table_flags(opaque, s->flags, names, COUNT(names));
	return 0;
}

static int on_sidp(void *opaque, const struct iom_dmar_sidp *s)
{
	structure(opaque, "SIDP");
	table_number(opaque, "segment", s->segment);
	return 0;
}

/* "00:1c.0/00.1": behind that bridge, on whatever bus that is, device 0, function 1 */
static int on_scope(void *opaque, const struct iom_dmar_scope *s)
{
	static const char *const types[] = {
		[IOM_DMAR_ENDPOINT] = "endpoint",
		[IOM_DMAR_BRIDGE] = "bridge",
		[IOM_DMAR_IOAPIC] = "I/O APIC",
		[IOM_DMAR_HPET] = "HPET",
		[IOM_DMAR_NAMESPACE] = "namespace device",
	};
	static const struct table_flag names[] = {
		{ IOM_DMAR_NO_NESTED, "NO_NESTED" },
		{ IOM_DMAR_NO_PWSNP, "NO_PWSNP" },
		{ IOM_DMAR_NO_PGSNP, "NO_PGSNP" },
		{ IOM_DMAR_ATC_HARDENED, "ATC_HARDENED" },
		{ IOM_DMAR_ATC_REQUIRED, "ATC_REQUIRED" },
	};
	char path[3 + 124 * sizeof "ff.255"];
	int len = snprintf(path, sizeof path, "%02x", s->bus);

	for (unsigned i = 0; i < s->hop_count; i++)
		len += snprintf(path + len, sizeof path - (size_t)len, "%c%02x.%u", i ? '/' : ':',
		                s->path[i].device, s->path[i].function);
	table_record(opaque, 2, "scopes", types[s->type]);
	if (s->type >= IOM_DMAR_IOAPIC)
		table_number(opaque, "id", s->id);
	table_text(opaque, "path", path, (size_t)len);
	table_flags(opaque, s->flags, names, COUNT(names));
	return 0;
}

static void on_wrong(void *opaque, const char *sentence)
{
	table_wrong(opaque, sentence);
}

int table_dmar(struct table_out *out, const uint8_t *bytes, size_t size, struct iom_error *error)
{
	static const struct iom_dmar_visitor visitor = {
		sizeof visitor, on_head, on_drhd, on_rmrr, on_atsr,
		on_rhsa,        on_andd, on_satc, on_sidp, on_scope,
	};
	struct iom_dmar_table table;
	int r = iom_dmar_open(bytes, size, &table, error);

	if (r)
		return r;
	table_head(out, bytes);
	(void)iom_dmar_visit(&table, &visitor, out);
	(void)iom_dmar_check(&table, on_wrong, out);
	return IOM_OK;
}

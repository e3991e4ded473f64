/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Writing a DMAR.  Only what could not even be written is refused here; whether the table makes
 * sense is asked of the reader.
 */
#include "platform/dmar.h"

#include "base/error.h"

#define TABLE_FLAGS (IOM_DMAR_INTR_REMAP | IOM_DMAR_X2APIC_OPT_OUT | IOM_DMAR_DMA_CTRL_OPT_IN)
#define SCOPE_FLAGS                                                                                \
	(IOM_DMAR_NO_NESTED | IOM_DMAR_NO_PWSNP | IOM_DMAR_NO_PGSNP | IOM_DMAR_ATC_HARDENED |      \
	 IOM_DMAR_ATC_REQUIRED)

typedef unsigned long long ull;

/* The structure that is being written, for sentences */
struct build {
	struct acpi_out out;
	struct iom_error *error;
	const char *name;
	size_t index;
};

static int no_flags(struct build *b, unsigned flags, unsigned known)
{
	return iom_fail(b->error, IOM_EINVAL,
	                "the flags of %s %llu are 0x%llx; there are only those in 0x%llx", b->name,
	                (ull)b->index, (ull)flags, (ull)known);
}

static int check_scopes(struct build *b, const struct iom_dmar_scope *scopes, unsigned count,
                        unsigned flags)
{
	if (count && !scopes)
		return iom_fail(b->error, IOM_EINVAL,
		                "%s %llu has a number of device scopes, but no array of them",
		                b->name, (ull)b->index);
	for (unsigned i = 0; i < count; i++) {
		const struct iom_dmar_scope *s = &scopes[i];

		if (s->type < IOM_DMAR_ENDPOINT || s->type > IOM_DMAR_NAMESPACE)
			return iom_fail(b->error, IOM_EINVAL,
			                "device scope %u of %s %llu has type %u; it should be 1 to "
			                "5",
			                i, b->name, (ull)b->index, s->type);
		if (!s->path || !s->hop_count || s->hop_count > DMAR_HOPS_MAX)
			return iom_fail(b->error, IOM_EINVAL,
			                "the path of device scope %u of %s %llu has %u steps; it "
			                "should be 1 to %u, in an array",
			                i, b->name, (ull)b->index, s->hop_count, DMAR_HOPS_MAX);
		if (s->flags & ~flags)
			return iom_fail(b->error, IOM_EINVAL,
			                "device scope %u of %s %llu has flags 0x%llx; there are "
			                "only those in 0x%llx",
			                i, b->name, (ull)b->index, (ull)s->flags, (ull)flags);
	}
	return IOM_OK;
}

static size_t scope_bytes(const struct iom_dmar_scope *s)
{
	return DMAR_SCOPE_PATH + (size_t)s->hop_count * DMAR_HOP_BYTES;
}

static int put_head(struct build *b, enum dmar_type type, size_t bytes)
{
	if (bytes > UINT16_MAX)
		return iom_fail(b->error, IOM_EINVAL,
		                "%s %llu would take %llu bytes; it should be at most 65535",
		                b->name, (ull)b->index, (ull)bytes);
	acpi_put(&b->out, type, 2);
	acpi_put(&b->out, bytes, 2);
	return IOM_OK;
}

/* Of a structure with `fixed` bytes and these scopes */
static int put_scoped_head(struct build *b, enum dmar_type type, size_t fixed,
                           const struct iom_dmar_scope *scopes, unsigned count)
{
	int r = check_scopes(b, scopes, count, type == DMAR_SIDP ? SCOPE_FLAGS : 0);

	if (r)
		return r;
	for (unsigned i = 0; i < count; i++)
		fixed += scope_bytes(&scopes[i]);
	return put_head(b, type, fixed);
}

static void put_scopes(struct build *b, const struct iom_dmar_scope *scopes, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct iom_dmar_scope *s = &scopes[i];

		acpi_put(&b->out, s->type, 1);
		acpi_put(&b->out, scope_bytes(s), 1);
		acpi_put(&b->out, s->flags, 1);
		acpi_put(&b->out, 0, 1);
		acpi_put(&b->out, s->id, 1);
		acpi_put(&b->out, s->bus, 1);
		for (unsigned j = 0; j < s->hop_count; j++) {
			acpi_put(&b->out, s->path[j].device, 1);
			acpi_put(&b->out, s->path[j].function, 1);
		}
	}
}

static int put_drhd(struct build *b, const void *item)
{
	const struct iom_dmar_drhd *d = item;
	int r;

	if (d->flags & ~IOM_DMAR_INCLUDE_PCI_ALL)
		return no_flags(b, d->flags, IOM_DMAR_INCLUDE_PCI_ALL);
	if (d->pages_lg2 > 15)
		return iom_fail(b->error, IOM_EINVAL,
		                "the registers of DRHD %llu take 2^%u pages; it should be at most "
		                "2^15",
		                (ull)b->index, d->pages_lg2);
	if ((r = put_scoped_head(b, DMAR_DRHD, DMAR_DRHD_BYTES, d->scopes, d->scope_count)))
		return r;
	acpi_put(&b->out, d->flags, 1);
	acpi_put(&b->out, d->pages_lg2, 1);
	acpi_put(&b->out, d->segment, 2);
	acpi_put(&b->out, d->base, 8);
	put_scopes(b, d->scopes, d->scope_count);
	return IOM_OK;
}

static int put_rmrr(struct build *b, const void *item)
{
	const struct iom_dmar_rmrr *m = item;
	int r = put_scoped_head(b, DMAR_RMRR, DMAR_RMRR_BYTES, m->scopes, m->scope_count);

	if (r)
		return r;
	acpi_put(&b->out, 0, 2);
	acpi_put(&b->out, m->segment, 2);
	acpi_put(&b->out, m->base, 8);
	acpi_put(&b->out, m->limit, 8);
	put_scopes(b, m->scopes, m->scope_count);
	return IOM_OK;
}

/* ATSR, SATC, SIDP */
static int put_list(struct build *b, enum dmar_type type, unsigned flags, unsigned known,
                    uint16_t segment, const struct iom_dmar_scope *scopes, unsigned count)
{
	int r;

	if (flags & ~known)
		return no_flags(b, flags, known);
	if ((r = put_scoped_head(b, type, DMAR_SCOPES_BYTES, scopes, count)))
		return r;
	acpi_put(&b->out, flags, 1);
	acpi_put(&b->out, 0, 1);
	acpi_put(&b->out, segment, 2);
	put_scopes(b, scopes, count);
	return IOM_OK;
}

static int put_atsr(struct build *b, const void *item)
{
	const struct iom_dmar_atsr *a = item;

	return put_list(b, DMAR_ATSR, a->flags, IOM_DMAR_ALL_PORTS, a->segment, a->scopes,
	                a->scope_count);
}

static int put_rhsa(struct build *b, const void *item)
{
	const struct iom_dmar_rhsa *h = item;

	(void)put_head(b, DMAR_RHSA, DMAR_RHSA_BYTES);
	acpi_put(&b->out, 0, 4);
	acpi_put(&b->out, h->base, 8);
	acpi_put(&b->out, h->proximity, 4);
	return IOM_OK;
}

static int put_andd(struct build *b, const void *item)
{
	const struct iom_dmar_andd *a = item;
	size_t len = 0;
	int r;

	if (!a->name)
		return iom_fail(b->error, IOM_EINVAL, "ANDD %llu has no name", (ull)b->index);
	while (len < UINT16_MAX && a->name[len])
		len++;
	if ((r = put_head(b, DMAR_ANDD, DMAR_ANDD_NAME + len + 1)))
		return r;
	acpi_put(&b->out, 0, 3);
	acpi_put(&b->out, a->number, 1);
	acpi_put_bytes(&b->out, a->name, len + 1);
	return IOM_OK;
}

static int put_satc(struct build *b, const void *item)
{
	const struct iom_dmar_satc *s = item;

	return put_list(b, DMAR_SATC, s->flags, IOM_DMAR_SATC_REQUIRED, s->segment, s->scopes,
	                s->scope_count);
}

static int put_sidp(struct build *b, const void *item)
{
	const struct iom_dmar_sidp *s = item;

	return put_list(b, DMAR_SIDP, 0, 0, s->segment, s->scopes, s->scope_count);
}

/* Units first that have their devices named, then those that have the rest. */
static bool later(const void *item)
{
	const struct iom_dmar_drhd *d = item;

	return d->flags & IOM_DMAR_INCLUDE_PCI_ALL;
}

static bool sooner(const void *item)
{
	return !later(item);
}

struct array {
	const char *name;
	const void *items;
	size_t count, each;
	int (*put)(struct build *b, const void *item);
	bool (*takes)(const void *item); /* NULL: all */
};

static int put_array(struct build *b, const struct array *a)
{
	/* So few that sums of lengths cannot overflow */
	if (a->count > IOM_DMAR_BYTES_MAX / DMAR_HEAD_BYTES || (a->count && !a->items))
		return iom_fail(b->error, IOM_EINVAL,
		                "there are %llu structures %s; they should have an array, and a "
		                "DMAR takes at most %u bytes",
		                (ull)a->count, a->name, IOM_DMAR_BYTES_MAX);
	b->name = a->name;
	for (b->index = 0; b->index < a->count; b->index++) {
		const void *item = (const char *)a->items + b->index * a->each;
		int r = a->takes && !a->takes(item) ? IOM_OK : a->put(b, item);

		if (r)
			return r;
	}
	return IOM_OK;
}

static int put_nodes(struct build *b, const struct iom_dmar *d)
{
	const struct array arrays[] = {
		{ "DRHD", d->drhds, d->drhd_count, sizeof *d->drhds, put_drhd, sooner },
		{ "DRHD", d->drhds, d->drhd_count, sizeof *d->drhds, put_drhd, later },
		{ "RMRR", d->rmrrs, d->rmrr_count, sizeof *d->rmrrs, put_rmrr, NULL },
		{ "ATSR", d->atsrs, d->atsr_count, sizeof *d->atsrs, put_atsr, NULL },
		{ "RHSA", d->rhsas, d->rhsa_count, sizeof *d->rhsas, put_rhsa, NULL },
		{ "ANDD", d->andds, d->andd_count, sizeof *d->andds, put_andd, NULL },
		{ "SATC", d->satcs, d->satc_count, sizeof *d->satcs, put_satc, NULL },
		{ "SIDP", d->sidps, d->sidp_count, sizeof *d->sidps, put_sidp, NULL },
	};
	int r = IOM_OK;

	for (unsigned i = 0; i < sizeof arrays / sizeof arrays[0] && !r; i++)
		r = put_array(b, &arrays[i]);
	return r;
}

static int put_table_head(struct build *b, const struct iom_dmar *d)
{
	int r = acpi_begin(&b->out, DMAR_SIGNATURE, DMAR_TABLE_REVISION, &d->ids, b->error);

	if (r)
		return r;
	if (d->flags & ~TABLE_FLAGS)
		return iom_fail(b->error, IOM_EINVAL,
		                "the flags of the DMAR are 0x%llx; there are only those in 0x%llx",
		                (ull)d->flags, (ull)TABLE_FLAGS);
	acpi_put(&b->out, (uint8_t)(d->address_bits - 1), 1);
	acpi_put(&b->out, d->flags, 1);
	acpi_put_zeroes(&b->out, DMAR_FIXED_BYTES - b->out.at);
	return IOM_OK;
}

/* Keeps the first sentence. */
static void keep(void *opaque, const char *sentence)
{
	struct iom_error *error = opaque;

	if (error && !error->code)
		iom_fail(error, IOM_EINVAL, "%s", sentence);
}

int iom_dmar_build(const struct iom_dmar *dmar, void *buf, size_t size, size_t *bytes,
                   struct iom_error *error)
{
	struct build b = { .out = { buf, buf ? size : 0, 0 }, .error = error };
	struct iom_dmar_table table;
	int r;

	if (!dmar || dmar->bytes != sizeof *dmar || !bytes)
		return iom_fail(error, IOM_EINVAL,
		                "dmar.bytes should be the size of struct iom_dmar, and there "
		                "should be a place for the length");
	if ((r = put_table_head(&b, dmar)) || (r = put_nodes(&b, dmar)))
		return r;
	if (b.out.at > IOM_DMAR_BYTES_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "the table would take %llu bytes; it should be at most %u",
		                (ull)b.out.at, IOM_DMAR_BYTES_MAX);
	*bytes = b.out.at;
	if (acpi_finish(&b.out))
		return iom_fail(error, IOM_ENOSPC, "the table takes %llu bytes; there are %llu",
		                (ull)b.out.at, (ull)b.out.size);
	if ((r = iom_dmar_open(buf, b.out.at, &table, error)))
		return r;
	return iom_dmar_check(&table, keep, error) ? IOM_EINVAL : IOM_OK;
}

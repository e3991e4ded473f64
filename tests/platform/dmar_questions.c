/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a DMAR says when it is read, everything in turn. */
#include "dmar_example.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

/* What was told, in order, as a text. */
struct told {
	char text[2048];
	unsigned calls, stop_at;
};

__attribute__((format(printf, 2, 3))) static int say(struct told *t, const char *format, ...)
{
	size_t len = strlen(t->text);
	va_list args;

	va_start(args, format);
	vsnprintf(t->text + len, sizeof t->text - len, format, args);
	va_end(args);
	return ++t->calls == t->stop_at ? 42 : 0;
}

static int on_head(void *opaque, unsigned address_bits, unsigned flags)
{
	return say(opaque, "bits %u flags %x\n", address_bits, flags);
}

static int on_drhd(void *opaque, const struct iom_dmar_drhd *d)
{
	CHECK(!d->scopes);
	return say(opaque, "drhd flags %x pages 2^%u segment %x base %llx scopes %u\n", d->flags,
	           d->pages_lg2, d->segment, (ull)d->base, d->scope_count);
}

static int on_rmrr(void *opaque, const struct iom_dmar_rmrr *m)
{
	CHECK(!m->scopes);
	return say(opaque, "rmrr segment %x %llx-%llx scopes %u\n", m->segment, (ull)m->base,
	           (ull)m->limit, m->scope_count);
}

static int on_atsr(void *opaque, const struct iom_dmar_atsr *a)
{
	CHECK(!a->scopes);
	return say(opaque, "atsr flags %x segment %x scopes %u\n", a->flags, a->segment,
	           a->scope_count);
}

static int on_rhsa(void *opaque, const struct iom_dmar_rhsa *h)
{
	return say(opaque, "rhsa %llx pxm %u\n", (ull)h->base, h->proximity);
}

static int on_andd(void *opaque, const struct iom_dmar_andd *a)
{
	return say(opaque, "andd %u %s\n", a->number, a->name);
}

static int on_satc(void *opaque, const struct iom_dmar_satc *s)
{
	CHECK(!s->scopes);
	return say(opaque, "satc flags %x segment %x scopes %u\n", s->flags, s->segment,
	           s->scope_count);
}

static int on_sidp(void *opaque, const struct iom_dmar_sidp *s)
{
	CHECK(!s->scopes);
	return say(opaque, "sidp segment %x scopes %u\n", s->segment, s->scope_count);
}

static int on_scope(void *opaque, const struct iom_dmar_scope *s)
{
	struct told *t = opaque;

	(void)say(t, "scope %u flags %x id %u bus %x", s->type, s->flags, s->id, s->bus);
	t->calls--;
	for (unsigned i = 0; i < s->hop_count; i++) {
		(void)say(t, " %x.%u", s->path[i].device, s->path[i].function);
		t->calls--;
	}
	return say(t, "\n");
}

static const struct iom_dmar_visitor all = {
	sizeof all, on_head, on_drhd, on_rmrr, on_atsr,
	on_rhsa,    on_andd, on_satc, on_sidp, on_scope,
};

static const char head_text[] = "bits 39 flags 5\n";
static const char units_text[] = "drhd flags 0 pages 2^1 segment 0 base fed90000 scopes 4\n"
				 "scope 3 flags 0 id 2 bus f0 1f.7\n"
				 "scope 4 flags 0 id 0 bus 0 1f.0\n"
				 "scope 1 flags 0 id 0 bus 0 2.0\n"
				 "scope 2 flags 0 id 0 bus 0 1.0 0.1\n";
static const char rest_text[] = "rmrr segment 0 7a000000-7affffff scopes 1\n"
				"scope 1 flags 0 id 0 bus 0 14.0\n"
				"atsr flags 1 segment 0 scopes 0\n"
				"rhsa fed90000 pxm 1\n"
				"andd 1 \\_SB.I2C0\n"
				"satc flags 1 segment 0 scopes 1\n"
				"scope 1 flags 0 id 0 bus 0 3.0\n"
				"sidp segment 0 scopes 1\n"
				"scope 1 flags 18 id 0 bus 0 4.0\n";

static void says(const uint8_t *bytes, size_t size, const char *a, const char *b, const char *c)
{
	struct iom_dmar_table table;
	struct told t = { 0 };
	char should[2048];

	snprintf(should, sizeof should, "%s%s%s", a, b, c);
	dmar_open_ok(bytes, size, &table);
	CHECK(iom_dmar_visit(&table, &all, &t) == IOM_OK);
	CHECK_STR(t.text, should);
}

TEST(dmar_visit_tells_what_was_built, "FW-DMAR-01 FW-DMAR-02 FW-DMAR-04 FW-DMAR-05 FW-DMAR-06 "
                                      "FW-DMAR-07 FW-DMAR-08 FW-DMAR-09 "
                                      "FW-DMAR-10 FW-DMAR-11 FW-DMAR-12 FW-DMAR-13")
{
	struct dmar_example e;
	uint8_t *bytes;
	size_t size;

	dmar_fill(&e);
	bytes = dmar_build(&e, &size);
	says(bytes, size, head_text, units_text, rest_text);
	free(bytes);
}

TEST(dmar_visit_ends_where_the_visitor_says, "")
{
	const struct iom_dmar_visitor none = { .bytes = sizeof none };
	const struct iom_dmar_visitor unsized = { .drhd = on_drhd };
	struct iom_dmar_table table;

	dmar_open_ok(dmar_bytes, DMAR_BYTES, &table);
	for (unsigned stop = 1; stop <= 15; stop++) {
		struct told t = { .stop_at = stop };

		CHECK(iom_dmar_visit(&table, &all, &t) == 42);
		CHECK_EQ(t.calls, stop);
	}
	CHECK(iom_dmar_visit(&table, &none, NULL) == IOM_OK);
	CHECK(iom_dmar_visit(&table, &unsized, NULL) == IOM_EINVAL);
}

/* The example with `more` put in at `at`, in new memory */
static uint8_t *put_in(size_t at, const uint8_t *more, size_t bytes, size_t *size)
{
	uint8_t *own;

	*size = DMAR_BYTES + bytes;
	own = malloc(*size);
	CHECK(own);
	memcpy(own, dmar_bytes, at);
	memcpy(own + at, more, bytes);
	memcpy(own + at + bytes, dmar_bytes + at, DMAR_BYTES - at);
	put_le(own + 4, 4, *size);
	return own;
}

TEST(dmar_structures_of_unknown_types_are_passed_over, "FW-HDR-07 FW-HDR-09")
{
	/* One of 9 bytes in front, so that all others stand at odd addresses. */
	static const uint8_t unknown[9] = { 7, 0, 9, 0, 1, 8, 0, 0, 0xff };
	size_t size;
	uint8_t *own = put_in(DMAR_DRHD, unknown, sizeof unknown, &size);

	mend_checksum(own, size);
	says(own, size, head_text, units_text, rest_text);
	own[DMAR_DRHD] = 0;
	own[DMAR_DRHD + 1] = 1; /* 0x100 */
	mend_checksum(own, size);
	says(own, size, head_text, units_text, rest_text);
	free(own);
}

TEST(dmar_scopes_of_unknown_types_are_passed_over, "FW-DMAR-13 FW-HDR-07")
{
	static const uint8_t types[] = { 0, 6, 0xff };

	for (unsigned i = 0; i < sizeof types; i++) {
		uint8_t unknown[10] = { types[i], 10, 0, 0, 1, 2, 3, 4, 5, 6 };
		size_t size;
		uint8_t *own = put_in(DMAR_ENDPOINT, unknown, sizeof unknown, &size);

		put_le(own + DMAR_DRHD + 2, 2, 60);
		mend_checksum(own, size);
		says(own, size, head_text, units_text, rest_text);
		free(own);
	}
}

TEST(dmar_structures_may_stand_in_any_order, "FW-DMAR-31")
{
	const size_t units = DMAR_RMRR - DMAR_DRHD;
	struct iom_dmar_table table;
	uint8_t bytes[DMAR_BYTES];

	/* The unit behind all others */
	memcpy(bytes, dmar_bytes, DMAR_DRHD);
	memcpy(bytes + DMAR_DRHD, dmar_bytes + DMAR_RMRR, DMAR_BYTES - DMAR_RMRR);
	memcpy(bytes + DMAR_BYTES - units, dmar_bytes + DMAR_DRHD, units);
	says(bytes, DMAR_BYTES, head_text, rest_text, units_text);
	dmar_open_ok(bytes, DMAR_BYTES, &table);
	CHECK_EQ(iom_dmar_check(&table, NULL, NULL), 0);
}

TEST(dmar_scope_flags_count_in_a_sidp_alone, "FW-DMAR-28")
{
	static const size_t others[] = { DMAR_IOAPIC, DMAR_ENDPOINT, DMAR_RMRR_SCOPE,
		                         DMAR_SATC_SCOPE };
	uint8_t bytes[DMAR_BYTES];
	struct iom_dmar_table table;

	memcpy(bytes, dmar_bytes, sizeof bytes);
	for (unsigned i = 0; i < 4; i++)
		bytes[others[i] + 2] = 0xff;
	mend_checksum(bytes, sizeof bytes);
	says(bytes, sizeof bytes, head_text, units_text, rest_text);
	for (unsigned bit = 0; bit < 5; bit++) {
		struct told t = { 0 };
		char should[64];

		bytes[DMAR_SIDP_SCOPE + 2] = (uint8_t)(1u << bit);
		mend_checksum(bytes, sizeof bytes);
		dmar_open_ok(bytes, sizeof bytes, &table);
		CHECK(iom_dmar_visit(&table, &all, &t) == IOM_OK);
		snprintf(should, sizeof should, "\nscope 1 flags %x id 0 bus 0 4.0\n", 1u << bit);
		CHECK(strstr(t.text, should));
	}
}

TEST(dmar_may_stand_at_any_address, "FW-HDR-09")
{
	for (unsigned shift = 0; shift < 8; shift++) {
		uint8_t bytes[DMAR_BYTES + 8];

		memcpy(bytes + shift, dmar_bytes, DMAR_BYTES);
		says(bytes + shift, DMAR_BYTES, head_text, units_text, rest_text);
	}
}

TEST(dmar_reserved_bits_of_the_size_are_not_read, "FW-DMAR-05")
{
	uint8_t bytes[DMAR_BYTES];

	memcpy(bytes, dmar_bytes, sizeof bytes);
	bytes[DMAR_DRHD + 5] |= 0xf0;
	mend_checksum(bytes, sizeof bytes);
	says(bytes, sizeof bytes, head_text, units_text, rest_text);
}

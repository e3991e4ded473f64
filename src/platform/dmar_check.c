/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Does what a DMAR says make sense?  Everything that does not is told, not the first alone. */
#include "base/bits.h"
#include "base/error.h"
#include "platform/dmar.h"

typedef unsigned long long ull;

#define PAGE 0x1000u

struct check {
	const struct iom_dmar_table *table;
	void (*tell)(void *opaque, const char *sentence);
	void *opaque;
	unsigned said;
};

__attribute__((format(printf, 2, 3))) static void say(struct check *c, const char *format, ...)
{
	char sentence[sizeof((struct iom_error *)0)->text];
	va_list args;

	c->said++;
	if (!c->tell)
		return;
	va_start(args, format);
	iom_vtext(sentence, sizeof sentence, format, args);
	va_end(args);
	c->tell(c->opaque, sentence);
}

/* ---- Device scopes ------------------------------------------------------------------------- */

#define ENDPOINT IOM_BIT(IOM_DMAR_ENDPOINT)
#define BRIDGE IOM_BIT(IOM_DMAR_BRIDGE)
#define NAMESPACE IOM_BIT(IOM_DMAR_NAMESPACE)
#define NO_FUNCTION (IOM_BIT(IOM_DMAR_IOAPIC) | IOM_BIT(IOM_DMAR_HPET) | NAMESPACE)

static const struct scope_rule {
	uint64_t types;
	bool one_hop;
	const char *right;
} drhd_rule = { ENDPOINT | BRIDGE | NO_FUNCTION, false, "1 to 5" },
  include_all_rule = { NO_FUNCTION, false,
	               "3 (I/O APIC), 4 (HPET) or 5 (namespace device), as it has "
	               "INCLUDE_PCI_ALL" },
  rmrr_rule = { ENDPOINT, false, "1 (endpoint)" }, atsr_rule = { BRIDGE, false, "2 (root port)" },
  satc_rule = { ENDPOINT, true, "1 (endpoint)" },
  sidp_rule = { ENDPOINT | NAMESPACE, true, "1 (endpoint) or 5 (namespace device)" };

static bool declared(const struct check *c, uint8_t number)
{
	struct acpi_list nodes = dmar_nodes_of(c->table);
	struct dmar_node n;

	while (dmar_next_of(&nodes, DMAR_ANDD, &n)) {
		if (acpi_8(n.span, DMAR_ANDD_NUMBER) == number)
			return true;
	}
	return false;
}

static void check_path(struct check *c, const struct dmar_scope *s)
{
	for (unsigned i = 0; i < s->says.hop_count; i++) {
		struct iom_dmar_hop hop = s->says.path[i];

		if (hop.device > 31 || hop.function > 7)
			say(c,
			    "step %u of the device scope at 0x%llx is device %u, function %u; they "
			    "should be at most 31 and 7",
			    i + 1, (ull)s->offset, hop.device, hop.function);
	}
}

static void check_scopes(struct check *c, const struct dmar_node *n, const struct scope_rule *rule)
{
	struct dmar_scopes scopes = dmar_scopes_of(n);
	struct dmar_scope s;

	while (dmar_next_scope(&scopes, &s, NULL) == IOM_OK) {
		if (!(rule->types & IOM_BIT(s.says.type)))
			say(c,
			    "the device scope at 0x%llx of the %s at 0x%llx has type %u; it should "
			    "be %s",
			    (ull)s.offset, n->kind->name, (ull)n->offset, s.says.type, rule->right);
		if (rule->one_hop && s.says.hop_count != 1)
			say(c,
			    "the path of the device scope at 0x%llx has %u steps; in a %s, whose "
			    "devices are integrated, it should have one",
			    (ull)s.offset, s.says.hop_count, n->kind->name);
		if (s.says.type == IOM_DMAR_NAMESPACE && !declared(c, s.says.id))
			say(c,
			    "the device scope at 0x%llx is namespace device %u; there should be an "
			    "ANDD with this number",
			    (ull)s.offset, s.says.id);
		check_path(c, &s);
	}
}

static void check_some(struct check *c, const struct dmar_node *n, const char *what)
{
	if (!dmar_scope_count(n))
		say(c, "the %s at 0x%llx has no device scopes; there should be one for each %s",
		    n->kind->name, (ull)n->offset, what);
}

/* ---- Structures ---------------------------------------------------------------------------- */

static uint64_t last_register(const struct iom_dmar_drhd *d)
{
	return d->base + ((uint64_t)PAGE << d->pages_lg2) - 1;
}

static bool overlap(const struct iom_dmar_drhd *a, const struct iom_dmar_drhd *b)
{
	return a->base <= last_register(b) && b->base <= last_register(a);
}

static bool both_have_the_rest(const struct iom_dmar_drhd *a, const struct iom_dmar_drhd *b)
{
	return a->segment == b->segment && a->flags & b->flags & IOM_DMAR_INCLUDE_PCI_ALL;
}

static bool stands_behind_the_rest(const struct iom_dmar_drhd *a, const struct iom_dmar_drhd *b)
{
	return a->segment == b->segment && a->flags & ~b->flags & IOM_DMAR_INCLUDE_PCI_ALL;
}

/*
 * What is wrong between a unit and one before it.  Told once for each unit: the number of pairs
 * would be out of all proportion to a table's length.
 */
static void check_among_drhds(struct check *c, const struct dmar_node *n)
{
	static const struct {
		bool (*wrong)(const struct iom_dmar_drhd *before, const struct iom_dmar_drhd *d);
		const char *what;
	} rules[] = {
		{ overlap, "have registers that overlap; each unit should have its own" },
		{ both_have_the_rest, "both have INCLUDE_PCI_ALL; one of a segment should" },
		{ stands_behind_the_rest, "are of one segment, and the former has INCLUDE_PCI_ALL; "
		                          "it should be the last" },
	};
	struct iom_dmar_drhd d = dmar_decode_drhd(n);

	for (unsigned i = 0; i < IOM_COUNT(rules); i++) {
		struct acpi_list nodes = dmar_nodes_of(c->table);
		struct dmar_node before;

		while (dmar_next_of(&nodes, DMAR_DRHD, &before) && before.offset < n->offset) {
			struct iom_dmar_drhd b = dmar_decode_drhd(&before);

			if (!rules[i].wrong(&b, &d))
				continue;
			say(c, "the DRHDs at 0x%llx and 0x%llx %s", (ull)before.offset,
			    (ull)n->offset, rules[i].what);
			break;
		}
	}
}

static void check_drhd(struct check *c, const struct dmar_node *n)
{
	struct iom_dmar_drhd d = dmar_decode_drhd(n);
	const bool all = d.flags & IOM_DMAR_INCLUDE_PCI_ALL;
	const uint64_t bytes = (uint64_t)PAGE << d.pages_lg2;

	if (!d.base || d.base % bytes)
		say(c,
		    "the registers of the DRHD at 0x%llx are at 0x%llx; they should be at a "
		    "multiple of their size 0x%llx, and not at 0",
		    (ull)n->offset, (ull)d.base, (ull)bytes);
	check_among_drhds(c, n);
	if (!all)
		check_some(c, n, "device behind the unit, or INCLUDE_PCI_ALL");
	check_scopes(c, n, all ? &include_all_rule : &drhd_rule);
}

static void check_rmrr(struct check *c, const struct dmar_node *n)
{
	struct iom_dmar_rmrr m = dmar_decode_rmrr(n);
	const unsigned bits = acpi_8(dmar_nodes_of(c->table).table, DMAR_ADDRESS_BITS) + 1u;

	if (m.base % PAGE || (m.limit + 1) % PAGE || m.limit <= m.base)
		say(c,
		    "the RMRR at 0x%llx goes from 0x%llx to 0x%llx; base and limit + 1 should be "
		    "multiples of 0x1000, and the limit above the base",
		    (ull)n->offset, (ull)m.base, (ull)m.limit);
	else if (bits < 64 && m.limit >> bits)
		say(c,
		    "the RMRR at 0x%llx ends at 0x%llx; it should be below 2^%u, which is as far "
		    "as DMA goes",
		    (ull)n->offset, (ull)m.limit, bits);
	check_some(c, n, "device that needs the region");
	check_scopes(c, n, &rmrr_rule);
}

static void check_atsr(struct check *c, const struct dmar_node *n)
{
	const unsigned count = dmar_scope_count(n);

	if (!(dmar_flags(n) & IOM_DMAR_ALL_PORTS))
		check_some(c, n, "root port, or ALL_PORTS");
	else if (count)
		say(c,
		    "the ATSR at 0x%llx has ALL_PORTS and %u device scopes; it should have one or "
		    "the other",
		    (ull)n->offset, count);
	check_scopes(c, n, &atsr_rule);
}

static void check_rhsa(struct check *c, const struct dmar_node *n)
{
	struct acpi_list nodes = dmar_nodes_of(c->table);
	uint64_t base = acpi_64(n->span, DMAR_RHSA_BASE);
	struct dmar_node drhd;

	if (n->span.bytes != DMAR_RHSA_BYTES)
		say(c, "the RHSA at 0x%llx takes %llu bytes; it should be %u", (ull)n->offset,
		    (ull)n->span.bytes, DMAR_RHSA_BYTES);
	while (dmar_next_of(&nodes, DMAR_DRHD, &drhd)) {
		if (dmar_decode_drhd(&drhd).base == base)
			return;
	}
	say(c, "the RHSA at 0x%llx speaks of registers at 0x%llx; a DRHD should have these",
	    (ull)n->offset, (ull)base);
}

static void check_andd(struct check *c, const struct dmar_node *n)
{
	struct acpi_list nodes = dmar_nodes_of(c->table);
	uint8_t number = acpi_8(n->span, DMAR_ANDD_NUMBER);
	struct dmar_node before;

	if (!acpi_8(n->span, DMAR_ANDD_NAME))
		say(c,
		    "the name in the ANDD at 0x%llx is empty; it should be that of a device in the "
		    "ACPI namespace",
		    (ull)n->offset);
	while (dmar_next_of(&nodes, DMAR_ANDD, &before) && before.offset < n->offset) {
		if (acpi_8(before.span, DMAR_ANDD_NUMBER) == number) {
			say(c,
			    "the ANDDs at 0x%llx and 0x%llx both have number %u; each should have "
			    "its own",
			    (ull)before.offset, (ull)n->offset, number);
			return;
		}
	}
}

static void check_satc(struct check *c, const struct dmar_node *n)
{
	struct acpi_list nodes = dmar_nodes_of(c->table);
	struct dmar_node before;

	while (dmar_next_of(&nodes, DMAR_SATC, &before) && before.offset < n->offset) {
		if (dmar_segment(&before) == dmar_segment(n) &&
		    !((dmar_flags(&before) ^ dmar_flags(n)) & IOM_DMAR_SATC_REQUIRED)) {
			say(c,
			    "the SATCs at 0x%llx and 0x%llx are both for segment %u, with the same "
			    "ATC_REQUIRED; they should be one",
			    (ull)before.offset, (ull)n->offset, dmar_segment(n));
			break;
		}
	}
	check_some(c, n, "device");
	check_scopes(c, n, &satc_rule);
}

static void check_sidp(struct check *c, const struct dmar_node *n)
{
	check_some(c, n, "device");
	check_scopes(c, n, &sidp_rule);
}

static void check_head(struct check *c)
{
	struct acpi_list nodes = dmar_nodes_of(c->table);
	struct acpi_span s = nodes.table;
	const unsigned bits = acpi_8(s, DMAR_ADDRESS_BITS) + 1u;
	const uint8_t flags = acpi_8(s, DMAR_TABLE_FLAGS);
	struct dmar_node n;

	if (acpi_8(s, ACPI_REVISION) < DMAR_TABLE_REVISION)
		say(c, "the DMAR has revision 0; it should be 1");
	if (bits < 2 || bits > 64)
		say(c,
		    "the addresses of DMA have %u bits; it should be 2 to 64, of which the byte at "
		    "0x24 holds one less",
		    bits);
	if (flags & IOM_DMAR_X2APIC_OPT_OUT && !(flags & IOM_DMAR_INTR_REMAP))
		say(c,
		    "the flags of the DMAR are 0x%llx; X2APIC_OPT_OUT, bit 1, should be with "
		    "INTR_REMAP, bit 0, alone",
		    (ull)flags);
	if (!dmar_next_of(&nodes, DMAR_DRHD, &n))
		say(c, "the DMAR has no DRHD; it should have one for each unit");
}

unsigned iom_dmar_check(const struct iom_dmar_table *table,
                        void (*tell)(void *opaque, const char *sentence), void *opaque)
{
	static void (*const checks[DMAR_TYPES])(struct check *, const struct dmar_node *) = {
		[DMAR_DRHD] = check_drhd, [DMAR_RMRR] = check_rmrr, [DMAR_ATSR] = check_atsr,
		[DMAR_RHSA] = check_rhsa, [DMAR_ANDD] = check_andd, [DMAR_SATC] = check_satc,
		[DMAR_SIDP] = check_sidp,
	};
	struct check c = { table, tell, opaque, 0 };
	struct acpi_list nodes = dmar_nodes_of(table);
	struct dmar_node n;

	check_head(&c);
	while (dmar_next_node(&nodes, &n, NULL) == IOM_OK) {
		if (n.kind)
			checks[n.type](&c, &n);
	}
	return c.said;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Accesses that are refused: nothing happens, and the record says who, where and why. */
#include "bed.h"
#include "tests.h"

#include <string.h>

static void unattached(void)
{
	uint8_t *page = bed_memory(PAGE);

	for (unsigned n = 0; n < DEVICES; n++)
		CHECK(bed_unknown(n, phys(page) + 0x124));
	CHECK(!page[0x124]);
}

static void blocked(void)
{
	uint8_t *page = bed_memory(PAGE);
	struct iom_domain *domain = bed_domain(IOM_DOMAIN_BLOCKED);

	CHECK(domain);
	CHECK(!iom_domain_attach(domain, bed.device[0].rid));
	CHECK(bed_unknown(0, phys(page)));
	CHECK(!page[0]);
}

/* Two pages are mapped with these rights, and the device has found the first. */
static struct iom_domain *mapped(uint8_t *pages, unsigned prot)
{
	struct iom_domain *domain = bed_domain(IOM_DOMAIN_STAGE1);

	return domain && !iom_domain_map(domain, IOVA, phys(pages), 2ul * PAGE, prot) &&
	                       !iom_domain_attach(domain, bed.device[0].rid)
	               ? domain
	               : NULL;
}

static void absent(void)
{
	CHECK(mapped(bed_memory(2 * PAGE), RIGHTS));
	CHECK(bed_refused(0, IOVA + 2 * PAGE + 0x128));
	CHECK(bed_refused(0, IOVA - PAGE));
	CHECK(bed_refused(0, 0x10000));
}

static void absent_read(void)
{
	CHECK(mapped(bed_memory(2 * PAGE), RIGHTS));
	CHECK(bed_refused_read(0, IOVA + 2 * PAGE + 0x128));
	CHECK(bed_refused_read(0, 0));
}

static void read_only(void)
{
	uint8_t *pages = bed_memory(2 * PAGE);

	CHECK(mapped(pages, IOM_PROT_READ));
	CHECK(bed_refused(0, IOVA));
	CHECK(!pages[0]);
}

/* Likewise, from a cache that knows the page by an access that was permitted. */
static void read_only_cached(void)
{
	uint8_t *pages = bed_memory(2 * PAGE);
	bool refused;

	CHECK(mapped(pages, IOM_PROT_READ));
	CHECK(edu_load(&bed.device[0], OWN_BYTES, IOVA, 64));
	CHECK_EQ(bed_faults(), 0);
	refused = bed_refused(0, IOVA);
	CHECK(!pages[0]);
	CHECK(refused);
}

static void may_read_only(void)
{
	uint8_t *pages = bed_memory(2 * PAGE), *copy = bed_memory(PAGE);
	struct iom_domain *domain = mapped(pages, IOM_PROT_READ);

	CHECK(domain);
	CHECK(!iom_domain_map(domain, IOVA + 8 * PAGE, phys(copy), PAGE, RIGHTS));
	memcpy(pages + PAGE, bed.own[1], OWN_BYTES);
	CHECK(bed_copies(0, IOVA + PAGE, pages + PAGE, IOVA + 8 * PAGE, copy, OWN_BYTES));
	CHECK_EQ(bed_faults(), 0);
}

/* Half of the access is permitted: what is refused is told. */
static void second_half(void)
{
	CHECK(mapped(bed_memory(2 * PAGE), RIGHTS));
	(void)bed_faults();
	CHECK(edu_store(&bed.device[0], 0, IOVA + 2 * PAGE - 64, 68));
	CHECK_EQ(bed_faults(), 1);
	CHECK_EQ(bed.fault[0].iova, IOVA + 2 * PAGE);
	CHECK_EQ(bed.fault[0].requester, bed.device[0].rid);
}

static void beyond_the_range(void)
{
	struct iom_domain *domain = mapped(bed_memory(2 * PAGE), RIGHTS);
	uint64_t first, last;

	CHECK(domain);
	iom_domain_range(domain, &first, &last);
	SKIP_IF(last >= UINT64_C(1) << 62, "every address is in it");
	CHECK(bed_refused(0, last + 1));
	CHECK(bed_refused(0, UINT64_C(1) << 62));
}

/* ---- What the records say of it -------------------------------------------------------------- */

static void write_is_write(void)
{
	CHECK(mapped(bed_memory(2 * PAGE), IOM_PROT_READ));
	CHECK(bed_refused(0, IOVA));
	CHECK(bed.fault[0].write);
}

static void read_is_read(void)
{
	CHECK(mapped(bed_memory(2 * PAGE), RIGHTS));
	CHECK(bed_refused_read(0, IOVA + 2 * PAGE));
	CHECK(!bed.fault[0].write);
}

/* Of a request without PASID, whatever PASID its translation goes by. */
static void without_pasid(void)
{
	CHECK(mapped(bed_memory(2 * PAGE), RIGHTS));
	CHECK(bed_refused(0, IOVA + 2 * PAGE));
	CHECK(!bed.fault[0].has_pasid);
}

static void of_unattached(void)
{
	CHECK(bed_refused(0, IOVA + 0x124));
	CHECK(bed.fault[0].write);
}

static void code_unattached(void)
{
	CHECK(bed_unknown(0, IOVA));
	CHECK_EQ(bed.fault[0].code, bed.unit.codes.unattached);
}

static void code_absent(void)
{
	CHECK(mapped(bed_memory(2 * PAGE), RIGHTS));
	CHECK(bed_refused(0, IOVA + 2 * PAGE));
	CHECK_EQ(bed.fault[0].code, bed.unit.codes.absent_write);
}

static void code_absent_read(void)
{
	CHECK(mapped(bed_memory(2 * PAGE), RIGHTS));
	CHECK(bed_refused_read(0, IOVA + 2 * PAGE));
	CHECK_EQ(bed.fault[0].code, bed.unit.codes.absent_read);
}

static void code_read_only(void)
{
	CHECK(mapped(bed_memory(2 * PAGE), IOM_PROT_READ));
	CHECK(bed_refused(0, IOVA));
	CHECK_EQ(bed.fault[0].code, bed.unit.codes.no_write);
}

static void code_beyond(void)
{
	struct iom_domain *domain = mapped(bed_memory(2 * PAGE), RIGHTS);
	uint64_t first, last;

	CHECK(domain);
	iom_domain_range(domain, &first, &last);
	CHECK(bed_refused(0, last + 1));
	CHECK_EQ(bed.fault[0].code, bed.unit.codes.beyond);
}

/* ---- More than one --------------------------------------------------------------------------- */

/* One after the other, each taken before the next. */
static void in_turn(void)
{
	for (unsigned n = 0; n < 20; n++)
		CHECK(bed_unknown(n % DEVICES, 0x1000ul * n));
	CHECK_EQ(iom_driver_overflows(bed.driver), 0);
}

/* More than anybody took: some are lost, which is known, and all goes on. */
static void too_many(void)
{
	uint8_t *pages = bed_memory(2 * PAGE);
	size_t taken = 0, last;

	for (unsigned n = 0; n < 600; n++)
		CHECK(edu_store(&bed.device[n % DEVICES], 0, phys(pages) + n % 2 * PAGE, 4));
	do
		taken += last = bed_faults();
	while (last);
	say("# 600 accesses, %u faults reported, %u overflows\n", (unsigned)taken,
	    (unsigned)iom_driver_overflows(bed.driver));
	CHECK(taken);
	CHECK(taken >= 600 || iom_driver_overflows(bed.driver));
	CHECK(bed_unknown(2, phys(pages)));
}

/* The IOMMU's interrupts, counted together: which vector is for faults is the driver's choice. */
static unsigned heard(unsigned cpu)
{
	unsigned count = 0;

	for (unsigned n = 0; n < UNIT_VECTORS; n++)
		count += interrupts_seen(cpu, VECTOR_UNIT + n);
	return count;
}

static bool hears(unsigned cpu, unsigned device)
{
	unsigned before = heard(cpu);
	uint64_t since = clock_ns();

	if (!edu_store(&bed.device[device], 0, IOVA, 4))
		return false;
	while (heard(cpu) == before)
		if (clock_ns() - since > UINT64_C(1000000000))
			return false;
	return bed_faults() == 1 && bed.fault[0].requester == bed.device[device].rid;
}

/* The IOMMU says by an interrupt that it has refused something, and again after that was taken. */
static void by_interrupt(void)
{
	struct iom_driver_config config = bed.unit.config;

	SKIP_IF(!interrupts_start(), "the machine takes no messages");
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		struct iom_interrupt_message message = interrupts_message(cpu, VECTOR_UNIT);

		config.msi_address = message.address;
		config.msi_data = message.data;
		CHECK(bed_again(&config));
		CHECK(hears(cpu, 0));
		CHECK(hears(cpu, 1));
	}
}

const struct test fault_tests[] = {
	{ "fault: write of a device without domain", unattached },
	{ "fault: device in a blocked domain", blocked },
	{ "fault: write, not mapped", absent },
	{ "fault: read, not mapped", absent_read },
	{ "fault: write, mapped for reading", read_only },
	{ "fault: write, mapped for reading, after a read", read_only_cached },
	{ "fault: none for reading there", may_read_only },
	{ "fault: the second half of an access", second_half },
	{ "fault: beyond the range", beyond_the_range },
	{ "record: a write is a write", write_is_write },
	{ "record: a read is a read", read_is_read },
	{ "record: no PASID, where there was none", without_pasid },
	{ "record: address and kind, device without domain", of_unattached },
	{ "record: code, device without domain", code_unattached },
	{ "record: code, write, not mapped", code_absent },
	{ "record: code, read, not mapped", code_absent_read },
	{ "record: code, write, mapped for reading", code_read_only },
	{ "record: code, beyond the range", code_beyond },
	{ "fault: many, one after the other", in_turn },
	{ "fault: many at once", too_many },
	{ "fault: heard by interrupt", by_interrupt },
};

const size_t fault_test_count = COUNT(fault_tests);

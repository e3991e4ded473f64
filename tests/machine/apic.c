/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Local APICs: whom a message means, and what a CPU takes. */
#include "machine/apic.h"

#include <string.h>

#include "../test.h"

static struct apic apic;

static void fresh(void)
{
	memset(&apic, 0, sizeof apic);
	for (unsigned i = 0; i < 4; i++)
		apic.cpus[i].enabled = true;
}

/* A bit for each CPU that sees the vector. */
static unsigned who(uint64_t address, uint32_t data)
{
	unsigned seen = 0;

	fresh();
	apic_message(&apic, address, data);
	for (unsigned i = 0; i < 4; i++) {
		unsigned vector = apic_claim(&apic.cpus[i]);

		CHECK(!vector || vector == (data & 0xff));
		seen |= (vector != 0) << i;
	}
	return seen;
}

TEST(apic_physical_destinations, "IRQ-MSI-01 IRQ-MSI-02 IRQ-APIC-01 IRQ-APIC-04")
{
	for (unsigned id = 0; id < 4; id++)
		CHECK_EQ(who(0xfee00000 | id << 12, 0x41), 1 << id);
	CHECK_EQ(who(0xfee04000, 0x41), 0);
	CHECK_EQ(apic.lost, 1);
	CHECK_EQ(who(0xfeeff000, 0x41), 0xf);
	/* IDs of 32 bits: 31:8 are address bits 63:40 */
	CHECK_EQ(who(0x00000100fee02000, 0x41), 0);
	CHECK_EQ(who(0x00000100feeff000, 0x41), 0);
	CHECK_EQ(who(0xffffff00feeff000, 0x41), 0xf);
	for (unsigned id = 0; id < 4; id++)
		CHECK_EQ(who(apic_address(id), 0x41), 1 << id);
	CHECK_EQ(apic_address(0x12345678), 0x12345600fee78000);
}

TEST(apic_logical_destinations, "IRQ-APIC-02 IRQ-APIC-05")
{
	for (unsigned set = 0; set < 16; set++)
		CHECK_EQ(who(0xfee00004 | set << 12, 0x41), set);
	/* The cluster is 31:16 of the destination: another one has none of these CPUs. */
	CHECK_EQ(who(0x00010000fee0f004, 0x41), 0);
	CHECK_EQ(who(0x00000100fee0f004, 0x41), 0xf);
}

TEST(apic_one_of_several, "IRQ-APIC-06")
{
	CHECK_EQ(who(0xfee0c004, 0x141), 1 << 2); /* lowest priority                    */
	CHECK_EQ(who(0xfee0c00c, 0x041), 1 << 2); /* redirection hint                   */
	CHECK_EQ(who(0xfee0c004, 0x041), 3 << 2);
}

TEST(apic_what_is_no_interrupt_of_a_vector, "IRQ-APIC-07 IRQ-APIC-10")
{
	for (unsigned vector = 0; vector < 256; vector++)
		CHECK_EQ(who(0xfee01000, vector), vector < 16 ? 0 : 2);
	for (unsigned kind = 2; kind < 8; kind++) {
		CHECK_EQ(who(0xfee01000, kind << 8 | 0x41), 0);
		CHECK_EQ(apic.cpus[1].ignored, 1);
	}
	fresh();
	apic.cpus[0].enabled = false;
	apic_message(&apic, 0xfee00000, 0x41);
	CHECK(!apic_any(&apic.cpus[0]));
}

TEST(apic_takes_the_highest_first, "IRQ-APIC-08")
{
	static const unsigned vectors[] = { 0xfe, 0x81, 0x80, 0x7f, 0x40, 0x10 };
	struct apic_cpu *cpu = &apic.cpus[3];

	fresh();
	for (unsigned i = 6; i--;)
		apic_message(&apic, 0xfee03000, vectors[i]);
	apic_message(&apic, 0xfee03000, 0x80); /* once more: it is requested already */
	CHECK_EQ(apic_pending(cpu), 6);
	CHECK_EQ(cpu->arrived, 7);
	for (unsigned i = 0; i < 6; i++)
		CHECK_EQ(apic_claim(cpu), vectors[i]);
	CHECK_EQ(apic_claim(cpu), 0);

	apic_message(&apic, 0xfee03000, 0xc041);
	CHECK_EQ(cpu->tmr[1], 2);
	apic_message(&apic, 0xfee03000, 0x0041);
	CHECK_EQ(cpu->tmr[1], 0);
}

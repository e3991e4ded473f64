/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt remapping: from a message to an entry of the table. */
#include "irte.h"

#define COMPATIBLE 0xfee0700cull /* destination 7, RH, DM */
#define VECTOR(n) (IRTE_P | IRTE_V(n) | IRTE_DST(0x500))
#define OUT 0xfee05000ull

TEST(messages_pass_while_remapping_is_off, "VTD-IR-01 VTD-IR-26")
{
	struct irt t = { .r = rig_new() };

	irt_sends(&t, IRTE_SID, COMPATIBLE, 0x4131, COMPATIBLE, 0x4131);
	irt_sends(&t, IRTE_SID, irte_address(3, false), 0x42, irte_address(3, false), 0x42);
	irt_sends(&t, IRTE_SID, irte_address(0x8003, true), 0xffff0042, irte_address(0x8003, true),
	          0xffff0042);
	irt_on(&t, t.r, 7, false);
	irt_put(&t, 3, VECTOR(0x31), 0);
	irt_delivers(&t, 3, OUT, 0x4031);
	rig_gcmd(t.r, IRE, false);
	irt_sends(&t, IRTE_SID, irte_address(3, false), 0x42, irte_address(3, false), 0x42);
	rig_free(t.r);
}

TEST(compatibility_format, "VTD-IR-02 VTD-IR-03")
{
	struct irt t;

	irt_on(&t, rig_new(), 7, false);
	irt_blocks(&t, IRTE_SID, COMPATIBLE, 0x4131, 0x25, 0);
	rig_gcmd(t.r, CFI, true);
	irt_sends(&t, IRTE_SID, COMPATIBLE, 0x4131, COMPATIBLE, 0x4131);
	irt_sends(&t, IRTE_SID, 0xfeeff00c, 0xffffffff, 0xfeeff00c, 0xffffffff);
	irt_put(&t, 3, VECTOR(0x31), 0);
	irt_delivers(&t, 3, OUT, 0x4031);
	rig_gcmd(t.r, CFI, false);
	irt_blocks(&t, IRTE_SID, COMPATIBLE, 0x4131, 0x25, 0);
	rig_free(t.r);

	irt_on(&t, rig_new(), 7, true);
	irt_blocks(&t, IRTE_SID, COMPATIBLE, 0x4131, 0x25, 0);
	wr32(t.r, GCMD, (rd32(t.r, GSTS) & 0x96ffffff) | CFI);
	irt_blocks(&t, IRTE_SID, COMPATIBLE, 0x4131, 0x25, 0);
	rig_free(t.r);
}

TEST(index_is_the_handle, "VTD-IR-04 VTD-IR-06 VTD-IR-08 IRQ-MSI-08 IRQ-MSI-11")
{
	struct irt t;
	unsigned bit;

	irt_on(&t, rig_new(), 15, false);
	irt_put(&t, 0, VECTOR(0x20), 0);
	irt_delivers(&t, 0, OUT, 0x4020);
	for (bit = 0; bit < 16; bit++) {
		irt_put(&t, 1u << bit, VECTOR(0x30 + bit), 0);
		irt_delivers(&t, 1u << bit, OUT, 0x4030 + bit);
	}
	/* Nothing of the data counts. */
	for (bit = 0; bit < 32; bit++)
		irt_sends(&t, IRTE_SID, irte_address(8, false), 1u << bit, OUT, 0x4033);
	irt_sends(&t, IRTE_SID, irte_address(8, false), ~0u, OUT, 0x4033);
	rig_free(t.r);
}

TEST(index_with_a_subhandle, "VTD-IR-05 VTD-IR-08 IRQ-MSI-09 IRQ-MSI-10")
{
	struct irt t;
	unsigned bit;

	irt_on(&t, rig_new(), 15, false);
	irt_put(&t, 0x101, VECTOR(0x31), 0);
	irt_sends(&t, IRTE_SID, irte_address(0x101, true), 0, OUT, 0x4031);
	for (bit = 0; bit < 16; bit++) {
		irt_put(&t, 0x101 + (1u << bit), VECTOR(0x40 + bit), 0);
		irt_sends(&t, IRTE_SID, irte_address(0x101, true), 1u << bit, OUT, 0x4040 + bit);
		/* A carry, not an OR. */
		if (bit < 15) {
			irt_put(&t, 2u << bit, VECTOR(0x80 + bit), 0);
			irt_sends(&t, IRTE_SID, irte_address(1u << bit, true), 1u << bit, OUT,
			          0x4080 + bit);
		}
	}
	for (bit = 16; bit < 32; bit++)
		irt_blocks(&t, IRTE_SID, irte_address(0x101, true), 1u << bit, 0x20, 0);
	/* Before anything is looked up. */
	irt_put(&t, 0x101, 0, 0);
	irt_blocks(&t, IRTE_SID, irte_address(0x101, true), 0x10000, 0x20, 0);
	rig_free(t.r);
}

TEST(table_of_every_size, "VTD-IR-07")
{
	unsigned s;

	for (s = 0; s < 16; s++) {
		unsigned n = 2u << s;
		struct irt t;

		irt_on(&t, rig_new(), s, false);
		irt_put(&t, n - 1, VECTOR(0x31), 0);
		irt_delivers(&t, n - 1, OUT, 0x4031);
		irt_blocks(&t, IRTE_SID, irte_address(n - 2, false), 0, 0x22, n - 2);
		if (s < 15) {
			irt_put(&t, n, VECTOR(0x32), 0);
			irt_blocks(&t, IRTE_SID, irte_address(n, false), 0, 0x21, n);
			irt_blocks(&t, IRTE_SID, irte_address(0xffff, false), 0, 0x21, 0xffff);
			irt_blocks(&t, IRTE_SID, irte_address(n - 1, true), 1, 0x21, n);
		}
		irt_sends(&t, IRTE_SID, irte_address(n - 2, true), 1, OUT, 0x4031);
		rig_free(t.r);
	}
}

TEST(table_that_cannot_be_read, "VTD-IR-09 VTD-IR-18 VTD-IR-28")
{
	struct irt t;

	irt_on(&t, rig_new(), 7, false);
	wr64(t.r, IRTA, RIG_NOWHERE | 7);
	rig_gcmd(t.r, SIRTP, true);
	irt_blocks(&t, IRTE_SID, irte_address(0x5a, false), 0, 0x23, 0x5a);
	/* Half an entry is none; what can be read of it has FPD. */
	rig_ram_at(t.r, 0x50000000, 0x208);
	put64(t.r, 0x50000200, IRTE_P | FPD);
	put64(t.r, 0x500001f0, IRTE_P | FPD | IRTE_V(0x31));
	wr64(t.r, IRTA, 0x50000007);
	rig_gcmd(t.r, SIRTP, true);
	irt_delivers(&t, 0x1f, 0xfee00000, 0x4031);
	irt_blocks(&t, IRTE_SID, irte_address(0x20, false), 0, 0x23, 0x20);
	rig_free(t.r);
}

TEST(table_beyond_the_host_address_width, "VTD-IR-27 VTD-IR-28")
{
	const uint64_t top = 1ull << RIG_HAW;
	struct irt t;

	irt_on(&t, rig_new(), 7, false);
	wr64(t.r, IRTA, (top - PAGE) | 15);
	rig_gcmd(t.r, SIRTP, true);
	irt_blocks(&t, IRTE_SID, irte_address(255, false), 0, 0x23, 255);
	irt_blocks(&t, IRTE_SID, irte_address(256, false), 0, 0x21, 256);
	irt_blocks(&t, IRTE_SID, irte_address(0xffff, false), 0, 0x21, 0xffff);
	rig_free(t.r);
}

TEST(records_of_interrupts, "VTD-IR-18")
{
	struct irt t;

	irt_on(&t, rig_new(), 15, false);
	irt_blocks(&t, 0xffff, irte_address(0xffff, false), 0, 0x22, 0xffff);
	irt_blocks(&t, 0x0001, irte_address(0x8000, false), 0, 0x22, 0x8000);
	irt_blocks(&t, 0x1000, irte_address(0x7000, true), 0x234, 0x22, 0x7234);
	rig_free(t.r);
}

/* What an I/O APIC makes of a redirection entry in remappable form: its own vector is only data. */
TEST(entries_of_an_io_apic, "VTD-IR-23")
{
	struct irt t;
	unsigned bit;

	irt_on(&t, rig_new(), 15, false);
	for (bit = 0; bit < 16; bit++) {
		unsigned index = 1u << bit;
		uint64_t rte = (uint64_t)(index & 0x7fff) << 49 | 1ull << 48 |
		               (uint64_t)(index >> 15) << 11 | 1u << 15 | 0x77;
		uint64_t address = 0xfee00000 | (rte >> 48 & 0xffff) << 4 | (rte >> 11 & 1) << 2;

		irt_put(&t, index, VECTOR(0x31 + bit) | IRTE_LEVEL, 0);
		irt_sends(&t, IRTE_SID, address, (uint32_t)(rte & 0xffff), OUT, 0xc031 + bit);
	}
	rig_free(t.r);
}

TEST(events_of_the_unit_are_not_remapped, "VTD-IR-21")
{
	struct irt t;
	unsigned eime;

	for (eime = 0; eime < 2; eime++) {
		irt_on(&t, rig_new(), 7, eime);
		/* Also where a device's message would name a good entry. */
		irt_put(&t, 3, IRTE_P | IRTE_V(0x31), 0);
		rig_event(t.r, FECTL, 0xfee0700c, 0x41);
		CHECK_EQ(rig_msi(t.r, IRTE_SID, irte_address(4, false), 0, NULL), IOM_EFAULT);
		CHECK_EQ(t.r->msis, 1);
		CHECK_EQ(t.r->msi[0].address, 0xfee0700c);
		CHECK_EQ(t.r->msi[0].data, 0x41);
		rig_forget(t.r);
		rig_event(t.r, FECTL, irte_address(3, false), 0x42);
		CHECK_EQ(rig_msi(t.r, IRTE_SID, irte_address(4, false), 0, NULL), IOM_EFAULT);
		CHECK_EQ(t.r->msis, 2);
		CHECK_EQ(t.r->msi[1].address, irte_address(3, false));
		CHECK_EQ(t.r->msi[1].data, 0x42);
		rig_forget(t.r);
		rig_free(t.r);
	}
}

TEST(a_request_with_pasid_is_no_interrupt, "VTD-IR-22")
{
	const uint32_t data = 0x12345678;
	struct irt t = { .r = rig_new() };
	struct iom_request q = rq_pid(irte_address(3, false), IOM_WRITE, 9);
	uint64_t root = page(t.r), to = page(t.r);
	struct iom_reply reply;

	rig_on(t.r, TTM_SCALABLE);
	rig_device(t.r, IRTE_SID, 0, PASIDE, 0);
	rig_pasid_put(t.r, IRTE_SID, 9, PE_P | PGTT_SS | PE_AW(4) | root, 5 | PWSNP, 0);
	rig_ss(t.r, root, 4, 0xfee00000, 1, to | SS_RW);
	rig_queue(t.r, 0, true);
	t.table = rig_irt(t.r, 7, false);
	irt_put(&t, 3, VECTOR(0x31), 0);
	irt_delivers(&t, 3, OUT, 0x4031);
	t.r->msis = 0;
	CHECK_EQ(iom_write(rig_port(t.r, IRTE_SID), &q, &data, 4, &reply), IOM_OK);
	CHECK_EQ(t.r->msis, 0);
	CHECK_EQ(ram32(t.r, to + 0x70), data);
	rig_free(t.r);
}

TEST(a_smaller_table, "VTD-IR-24")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	struct irt t;

	irt_on(&t, rig_new_config(&config), 15, false);
	irt_put(&t, 0x1ff, VECTOR(0x31), 0);
	irt_put(&t, 0x200, VECTOR(0x32), 0);
	irt_delivers(&t, 0x1ff, OUT, 0x4031);
	irt_delivers(&t, 0x200, OUT, 0x4032);
	wr64(t.r, IRTA, t.table | 8);
	irt_delivers(&t, 0x200, OUT, 0x4032);
	rig_gcmd(t.r, SIRTP, true);
	inv_irte(t.r);
	irt_delivers(&t, 0x1ff, OUT, 0x4031);
	irt_blocks(&t, IRTE_SID, irte_address(0x200, false), 0, 0x21, 0x200);
	rig_free(t.r);
}

TEST(x2apic_mode_that_is_mandatory, "VTD-IR-25 VTD-IR-28")
{
	struct irt t = { .r = rig_new_caps(CAP_ALL, ECAP_ALL | ECAP_EIMER) };

	irt_on(&t, t.r, 7, false);
	irt_put(&t, 3, VECTOR(0x31) | FPD, 0);
	irt_blocks(&t, IRTE_SID, irte_address(3, false), 0, 0x2a, 0);
	irt_blocks(&t, IRTE_SID, COMPATIBLE, 0x4131, 0x2a, 0);
	irt_blocks(&t, IRTE_SID, irte_address(0x8003, true), ~0u, 0x2a, 0);
	rig_gcmd(t.r, IRE, false);
	t.table = rig_irt(t.r, 7, true);
	irt_put(&t, 3, IRTE_P | IRTE_V(0x31) | IRTE_DST(5), 0);
	irt_delivers(&t, 3, OUT, 0x4031);
	rig_free(t.r);
}

TEST(remapping_that_is_mandatory, "VTD-IR-25 VTD-IR-28")
{
	struct irt t = { .r = rig_new_caps(CAP_ALL, ECAP_ALL | ECAP_IRREQ) };

	irt_blocks(&t, IRTE_SID, COMPATIBLE, 0x4131, 0x2b, 0);
	irt_blocks(&t, IRTE_SID, irte_address(3, false), 0, 0x2b, 0);
	irt_on(&t, t.r, 7, false);
	irt_put(&t, 3, VECTOR(0x31), 0);
	irt_delivers(&t, 3, OUT, 0x4031);
	irt_blocks(&t, IRTE_SID, COMPATIBLE, 0x4131, 0x25, 0);
	rig_gcmd(t.r, IRE, false);
	irt_blocks(&t, IRTE_SID, irte_address(3, false), 0, 0x2b, 0);
	rig_free(t.r);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt messages as devices send them: accesses of their ports, with interrupt remapping on. */
#include "irte.h"

#define MESSAGE 0xfee00070ull /* handle 3 */
#define OUT 0xfee05000ull
#define DATA 0x12345678u

struct sender {
	struct irt t;
	struct iom_port *port;
};

/* Legacy mode; all of the device's addresses lead to themselves, 64 KiB around the range are RAM. */
static void make(struct sender *s)
{
	s->t.r = rig_new();
	rig_on(s->t.r, TTM_LEGACY);
	rig_context_put(s->t.r, IRTE_SID, CTX_P | TT_PASS, AW(5) | DID(1));
	rig_queue(s->t.r, 0, false);
	s->t.table = rig_irt(s->t.r, 7, false);
	irt_put(&s->t, 3, IRTE_P | IRTE_V(0x31) | IRTE_DST(0x500), 0);
	rig_ram_at(s->t.r, 0xfedf0000, 0x10000);
	rig_ram_at(s->t.r, 0xfef00000, 0x10000);
	rig_ram_at(s->t.r, 0x1fee00000, PAGE);
	s->port = rig_port(s->t.r, IRTE_SID);
}

static int store(struct sender *s, uint64_t address, unsigned bytes, struct iom_reply *reply)
{
	const uint32_t data[2] = { DATA, DATA };
	struct iom_request q = { .iova = address, .access = IOM_WRITE };

	s->t.r->msis = 0;
	return iom_write(s->port, &q, data, bytes, reply);
}

/* Reaches memory. */
static void is_memory(struct sender *s, uint64_t address)
{
	struct iom_reply reply;

	CHECK_EQ(store(s, address, 4, &reply), IOM_OK);
	CHECK_EQ(s->t.r->msis, 0);
	CHECK_EQ(ram32(s->t.r, address), DATA);
	rig_expect_none(s->t.r);
}

static void is_refused(struct sender *s, uint64_t address, unsigned bytes)
{
	struct iom_reply reply;

	CHECK_EQ(store(s, address, bytes, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x29);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	CHECK_EQ(reply.done, 0);
	CHECK_EQ(s->t.r->msis, 0);
	irt_recorded(s->t.r, IRTE_SID, 0x29, 0);
	rig_expect_none(s->t.r);
}

TEST(bounds_of_the_interrupt_range, "IRQ-MSI-03 IRQ-MSI-07 VTD-IAR-01 VTD-IAR-03 VTD-IAR-04")
{
	struct iom_reply reply;
	struct sender s;

	make(&s);
	CHECK_EQ(store(&s, MESSAGE, 4, &reply), IOM_OK);
	CHECK_EQ(reply.done, 4);
	CHECK_EQ(s.t.r->msis, 1);
	CHECK_EQ(s.t.r->msi[0].address, OUT);
	CHECK_EQ(s.t.r->msi[0].data, 0x4031);
	is_memory(&s, 0xfedffffc);
	is_memory(&s, 0xfef00000);
	is_memory(&s, 0x1fee00070);
	/* Both ends: in compatibility format, which is blocked. */
	CHECK_EQ(store(&s, 0xfee00000, 4, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x25);
	irt_recorded(s.t.r, IRTE_SID, 0x25, 0);
	/* At the other end: a handle beyond the table. */
	CHECK_EQ(store(&s, 0xfeeffffc, 4, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x20);
	irt_recorded(s.t.r, IRTE_SID, 0x20, 0);
	rig_free(s.t.r);
}

TEST(sizes_of_messages, "IRQ-MSI-04 IRQ-MSI-05 VTD-IAR-02")
{
	static const unsigned sizes[] = { 1, 2, 3, 8 };
	struct sender s;
	unsigned i;

	make(&s);
	for (i = 0; i < 4; i++)
		is_refused(&s, MESSAGE, sizes[i]);
	for (i = 1; i < 4; i++)
		is_refused(&s, MESSAGE + i, 4);
	rig_free(s.t.r);
}

TEST(reads_of_the_interrupt_range, "IRQ-MSI-06 VTD-IAR-02")
{
	struct iom_request q = { .iova = MESSAGE };
	struct iom_reply reply;
	uint32_t data = DATA;
	struct sender s;
	uint64_t old;

	make(&s);
	CHECK_EQ(iom_read(s.port, &q, &data, 4, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x29);
	CHECK_EQ(data, ~0u);
	irt_recorded(s.t.r, IRTE_SID, 0x29, 0);
	CHECK_EQ(iom_atomic(s.port, &q, IOM_SWAP, 1, 0, 4, &old, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x29);
	irt_recorded(s.t.r, IRTE_SID, 0x29, 0);
	/* A read of nothing passes. */
	CHECK_EQ(iom_read(s.port, &q, &data, 0, &reply), IOM_OK);
	CHECK_EQ(s.t.r->msis, 0);
	rig_expect_none(s.t.r);
	rig_free(s.t.r);
}

TEST(messages_to_high_apic_ids, "IRQ-MSI-14 VTD-IR-17")
{
	struct irt t;

	irt_on(&t, rig_new(), 7, true);
	irt_put(&t, 3, IRTE_P | IRTE_V(0x31) | IRTE_DST(0x12345), 0);
	irt_delivers(&t, 3, 0x12300fee45000, 0x4031);
	rig_event(t.r, FECTL, 0x12300fee45000, 0x41);
	CHECK_EQ(rig_msi(t.r, IRTE_SID, irte_address(4, false), 0, NULL), IOM_EFAULT);
	CHECK_EQ(t.r->msi[t.r->msis - 1].address, 0x12300fee45000);
	CHECK_EQ(t.r->msi[t.r->msis - 1].data, 0x41);
	rig_free(t.r);
}

TEST(translated_writes_to_the_interrupt_range, "IRQ-MSI-16 VTD-IAR-06")
{
	struct iom_request q = {
		.iova = MESSAGE, .bytes = 4, .access = IOM_WRITE, .at = IOM_AT_TRANSLATED
	};
	struct iom_reply reply;
	struct sender s;
	uint32_t data = 0;

	make(&s);
	/* Only second-stage entries with TT 01 let translated requests in. */
	rig_context_put(s.t.r, IRTE_SID, CTX_P | TT_ALL | page(s.t.r), AW(5) | DID(1));
	CHECK_EQ(iom_write(s.port, &q, &data, 4, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x0e);
	CHECK_EQ(s.t.r->msis, 0);
	rig_free(s.t.r);
}

TEST(messages_with_pasid, "IRQ-MSI-15 VTD-IR-22")
{
	struct irt t = { .r = rig_new() };
	struct iom_request q = rq_pid(MESSAGE, IOM_WRITE, 9);
	uint64_t root = page(t.r), to = page(t.r);
	const uint32_t data = DATA;
	struct iom_reply reply;

	rig_on(t.r, TTM_SCALABLE);
	rig_device(t.r, IRTE_SID, 0, PASIDE, 0);
	rig_pasid_put(t.r, IRTE_SID, 9, PE_P | PGTT_FS, 5 | PWSNP, FSPM_4 | root);
	rig_fs(t.r, root, 4, MESSAGE, 1, to | FS_PRU);
	rig_queue(t.r, 0, true);
	t.table = rig_irt(t.r, 7, false);
	irt_put(&t, 3, IRTE_P | IRTE_V(0x31), 0);
	CHECK_EQ(iom_write(rig_port(t.r, IRTE_SID), &q, &data, 4, &reply), IOM_OK);
	CHECK_EQ(t.r->msis, 0);
	CHECK_EQ(ram32(t.r, to + 0x70), DATA);
	CHECK_EQ(iom_write(rig_port(t.r, IRTE_SID), &q, &q, 8, &reply), IOM_OK);
	CHECK_EQ(ram64(t.r, to + 0x70), MESSAGE);
	rig_free(t.r);
}

TEST(a_host_that_refuses_messages, "")
{
	struct iom_reply reply;
	struct sender s;

	make(&s);
	s.t.r->msi_fails = true;
	CHECK_EQ(store(&s, MESSAGE, 4, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0);
	rig_expect_none(s.t.r);
	s.t.r->msi_fails = false;
	CHECK_EQ(store(&s, MESSAGE, 4, &reply), IOM_OK);
	CHECK_EQ(s.t.r->msis, 1);
	rig_free(s.t.r);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Messages without a port, and where they would go: through a RISC-V unit's stages and MSI tables. */
#include <string.h>

#include "../riscv/mrif.h"

#define OTHER 0x28001000ull /* a page of the guest that is no interrupt file */
#define DATA 0x5a5a1234u

static struct iom_endpoint *endpoint_of(struct mrif *m, uint32_t requester)
{
	struct iom_endpoint *endpoint;

	CHECK_EQ(iom_endpoint_get(m->r->unit, requester, &endpoint), IOM_OK);
	return endpoint;
}

/* `flags`: of the configuration.  OTHER leads to RIG_DEVICE. */
static struct iom_endpoint *begin(struct mrif *m, uint32_t flags)
{
	mrif_init(m, CAP_MRIF, flags);
	rig_map(m->r, m->n.root, 3, true, OTHER, 0, leaf(RIG_DEVICE));
	return endpoint_of(m, MRIF_DEVICE);
}

static void expect_route(struct iom_endpoint *endpoint, uint64_t address, uint32_t data,
                         const struct iom_route *should)
{
	struct iom_route route;
	struct iom_reply reply;

	memset(&route, 0xa5, sizeof(route));
	CHECK_EQ(iom_msi_translate(endpoint, address, data, &route, &reply), IOM_OK);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK_EQ(route.kind, should->kind);
	CHECK_EQ(route.address, should->address);
	CHECK_EQ(route.data, should->data);
	CHECK(!route.urgent && !route.vector);
}

static uint64_t stored_at;
static uint32_t stored;

static void on_write(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	const uint8_t *b = buf;

	(void)r;
	CHECK_EQ(len, 4);
	stored_at = off;
	stored = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

TEST(message_is_stored_where_its_address_leads, "")
{
	for (unsigned cached = 0; cached < 2; cached++) {
		struct mrif m;
		struct iom_endpoint *endpoint = begin(&m, cached ? 0 : IOM_RISCV_UNCACHED);
		const struct iom_route to = { .address = RIG_DEVICE + 8,
			                      .data = DATA,
			                      .kind = IOM_ROUTE_MESSAGE };
		struct iom_reply reply;

		m.r->on_device_write = on_write;
		for (unsigned round = 1; round < 4; round++) {
			expect_route(endpoint, OTHER + 8, DATA, &to);
			CHECK_EQ(m.r->device_writes, round - 1);
			CHECK_EQ(iom_msi(endpoint, OTHER + 8, DATA, round % 2 ? &reply : NULL),
			         IOM_OK);
			CHECK_EQ(m.r->device_writes, round);
			CHECK_EQ(stored_at, 8);
			CHECK_EQ(stored, DATA);
			CHECK_EQ(reply.done, 4);
			CHECK_EQ(reply.spa, RIG_DEVICE + 8);
		}
		rig_expect_none(m.r);
		mrif_free(&m);
	}
}

/* A guest's interrupt file that is a page: an entry of the MSI table in basic mode. */
TEST(message_to_an_interrupt_file, "IRQ-RVMSI-04")
{
	struct mrif m;
	struct iom_endpoint *endpoint = begin(&m, IOM_RISCV_UNCACHED);
	const struct iom_route to = { .address = RIG_DEVICE, .data = 9, .kind = IOM_ROUTE_MESSAGE };

	mrif_put(&m, RIG_DEVICE >> 12 << 10 | 3 << 1 | 1, 0);
	expect_route(endpoint, MRIF_PAGE, 9, &to);
	CHECK_EQ(m.r->device_writes, 0);
	CHECK_EQ(iom_msi(endpoint, MRIF_PAGE, 9, NULL), IOM_OK);
	CHECK_EQ(m.r->device_writes, 1);
	mrif_free(&m);
}

TEST(message_to_an_interrupt_file_in_memory, "RV-MSI-18")
{
	struct mrif m;
	struct iom_endpoint *endpoint = begin(&m, IOM_RISCV_UNCACHED);
	struct iom_route to = { .address = m.file, .data = 100, .kind = IOM_ROUTE_MRIF };

	expect_route(endpoint, MRIF_PAGE, 100, &to);
	CHECK_EQ(ram64(m.r, mrif_word(&m, 100)), 0);
	CHECK_EQ(m.r->msis, 0);
	CHECK_EQ(iom_msi(endpoint, MRIF_PAGE, 100, NULL), IOM_OK);
	CHECK_EQ(ram64(m.r, mrif_word(&m, 100)), mrif_bit(100));
	CHECK_EQ(m.r->msis, 1);
	CHECK_EQ(m.r->msi[0].address, MRIF_NOTICE);
	CHECK_EQ(m.r->msi[0].data, MRIF_NID);
	/* seteipnum_be has the bytes the other way round. */
	to.data = 2047;
	expect_route(endpoint, MRIF_PAGE + 4, 0xff070000, &to);
	to.data = UINT32_MAX;
	expect_route(endpoint, MRIF_PAGE + 8, 100, &to);
	mrif_free(&m);
}

TEST(message_to_no_identity_has_no_effect, "")
{
	struct mrif m;
	struct iom_endpoint *endpoint = begin(&m, IOM_RISCV_UNCACHED);
	struct iom_route route;

	mrif_fill(&m);
	CHECK_EQ(iom_msi_translate(endpoint, MRIF_PAGE, 2048, &route, NULL), IOM_OK);
	CHECK_EQ(route.kind, IOM_ROUTE_MRIF);
	CHECK(route.data >= 2048);
	CHECK_EQ(iom_msi(endpoint, MRIF_PAGE, 2048, NULL), IOM_OK);
	mrif_unchanged(&m);
	CHECK_EQ(m.r->msis, 0);
	mrif_free(&m);
}

TEST(message_refused_is_recorded_and_a_question_is_not, "")
{
	struct mrif m;
	struct iom_endpoint *endpoint = begin(&m, IOM_RISCV_UNCACHED);
	struct iom_route route;
	struct iom_reply reply;

	mrif_put(&m, 0, 0);
	CHECK_EQ(iom_msi_translate(endpoint, MRIF_PAGE, 1, &route, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 262);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	rig_expect_none(m.r);
	CHECK_EQ(iom_msi(endpoint, MRIF_PAGE, 1, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 262);
	CHECK_EQ(reply.done, 0);
	rig_expect(m.r, rig_record(262, 3, MRIF_DEVICE), MRIF_PAGE, 0);
	rig_expect_none(m.r);
	mrif_free(&m);
}

TEST(message_that_nobody_takes, "")
{
	struct mrif m;
	struct iom_endpoint *endpoint = begin(&m, IOM_RISCV_UNCACHED);
	struct iom_route route;
	struct iom_reply reply;

	/* Nobody is there. */
	rig_map(m.r, m.n.root, 3, true, OTHER + 0x1000, 0, leaf(RIG_NOWHERE));
	CHECK_EQ(iom_msi(endpoint, OTHER + 0x1000, 1, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0);
	CHECK_EQ(reply.status, IOM_ABORT);
	/* No message has such an address: to memory, and to a file. */
	for (unsigned off = 1; off < 4; off++) {
		CHECK_EQ(iom_msi(endpoint, OTHER + off, 1, &reply), IOM_EFAULT);
		CHECK_EQ(iom_msi(endpoint, MRIF_PAGE + off, 1, &reply), IOM_EFAULT);
		CHECK_EQ(iom_msi_translate(endpoint, OTHER + off, 1, &route, &reply), IOM_EFAULT);
		CHECK_EQ(iom_msi_translate(endpoint, MRIF_PAGE + off, 1, &route, &reply),
		         IOM_EFAULT);
		CHECK_EQ(reply.fault, 0);
	}
	CHECK_EQ(iom_msi(endpoint, ~1ull, 1, &reply), IOM_EINVAL);
	CHECK_EQ(m.r->device_writes, 0);
	CHECK_EQ(m.r->msis, 0);
	rig_expect_none(m.r);
	mrif_free(&m);
}

TEST(message_while_stopped_and_after_removal, "")
{
	struct mrif m;
	struct iom_endpoint *endpoint = begin(&m, 0);
	struct iom_route route;
	struct iom_reply reply;

	CHECK_EQ(iom_unit_stop(m.r->unit), IOM_OK);
	CHECK_EQ(iom_msi(endpoint, OTHER, 1, &reply), IOM_EBUSY);
	CHECK_EQ(reply.status, IOM_STALLED);
	CHECK_EQ(iom_msi_translate(endpoint, OTHER, 1, &route, &reply), IOM_EBUSY);
	CHECK_EQ(m.r->device_writes, 0);
	iom_unit_start(m.r->unit);
	CHECK_EQ(iom_msi(endpoint, OTHER, 1, &reply), IOM_OK);
	/* The port of mrif_init keeps it alive. */
	iom_endpoint_remove(endpoint);
	CHECK_EQ(iom_msi(endpoint, OTHER, 1, &reply), IOM_ENOENT);
	CHECK_EQ(iom_msi_translate(endpoint, OTHER, 1, &route, &reply), IOM_ENOENT);
	CHECK_EQ(m.r->device_writes, 1);
	mrif_free(&m);
}

TEST(route_changes_are_told, "")
{
	static const uint64_t command[] = { VMA, GVMA, INVAL_DDT };
	struct mrif m;
	unsigned changes;

	begin(&m, 0);
	rig_cq(m.r, 5, false);
	for (unsigned i = 0; i < COUNT(command); i++) {
		changes = m.r->changes;
		m.r->changed_last = 0;
		rig_cmd(m.r, command[i], 0);
		CHECK_EQ(m.r->changes, changes + 1);
		CHECK_EQ(m.r->changed_first, 0);
		CHECK_EQ(m.r->changed_last, UINT32_MAX);
	}
	changes = m.r->changes;
	rig_cmd(m.r, FENCE, 0);
	CHECK_EQ(m.r->changes, changes);
	wr64(m.r, DDTP, BARE);
	CHECK(m.r->changes > changes);
	changes = m.r->changes;
	iom_unit_reset(m.r->unit);
	CHECK(m.r->changes > changes);
	mrif_free(&m);
}

/* ---- Drains ------------------------------------------------------------------------------- */

static uint32_t head_inside;

/* Software on another CPU, while the message is on its way. */
static void fence_inside(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	(void)off, (void)buf, (void)len;
	rig_cmd(r, FENCE, 0);
	head_inside = rd32(r, CQH);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_EBUSY);
	iom_unit_start(r->unit);
}

TEST(fence_waits_for_a_message, "")
{
	struct mrif m;
	struct iom_endpoint *endpoint = begin(&m, 0);

	rig_cq(m.r, 5, false);
	m.r->on_device_write = fence_inside;
	head_inside = ~0u;
	CHECK_EQ(iom_msi(endpoint, OTHER, 1, NULL), IOM_OK);
	CHECK_EQ(head_inside, 0);
	CHECK_EQ(rd32(m.r, CQH), 1);
	/* And no longer. */
	rig_cmd(m.r, FENCE, 0);
	CHECK_EQ(rd32(m.r, CQH), 2);
	mrif_free(&m);
}

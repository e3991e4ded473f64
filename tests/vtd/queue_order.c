/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The invalidation queue: devices are told after the unit itself has forgotten. */
#include "queue.h"

#define SID 0x0123
#define DEVICE(sid) (T_DEVICE | (uint64_t)(sid) << 32)
#define PDEVICE(sid, pasid) (T_PDEVICE | (uint64_t)(sid) << 16 | (uint64_t)(pasid) << 32)

static struct iom_port *order_port;
static struct iom_request order_q;
static uint64_t order_to;
static unsigned order_vector, order_calls;

/* A device that forgets asks anew at once: it must not be given what was to be forgotten. */
static void asks_anew(struct rig *r, uint32_t requester, const struct iom_message *message)
{
	struct iom_reply reply;

	if (message->kind != IOM_MESSAGE_INVALIDATE)
		return;
	iom_begin(r->lane);
	CHECK_EQ(iom_translate(order_port, &order_q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, order_to);
	iom_end(r->lane);
	r->msis = 0;
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 3 << 5, 0, NULL), IOM_OK);
	CHECK_EQ(r->msi[0].data & 0xff, order_vector);
	order_calls++;
	queue_answer(r, requester, message);
}

TEST(devices_are_told_last, "VTD-QI-39")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	static const uint64_t last[] = { DEVICE(SID), PDEVICE(SID, 9) };
	unsigned form, by;

	for (form = 0; form < 2; form++)
		for (by = 0; by < 4; by++) {
			struct rig *r = rig_new_config(&config);
			uint64_t root = page(r), from = page(r), leaf, irt;
			const uint64_t earlier[] = { T_IOTLB | G(1), T_IOTLB | G(2) | 5 << 16,
				                     T_PIOTLB | G(2) | 5 << 16 | 9ull << 32,
				                     T_PIOTLB | G(3) | 5 << 16 | 9ull << 32 };

			order_to = page(r);
			rig_on(r, TTM_SCALABLE);
			rig_device(r, SID, 0, PASIDE | DTE, 0);
			rig_pasid_put(r, SID, 9, PE_P | PGTT_FS, 5 | PWSNP, FSPM_4 | root);
			leaf = rig_fs(r, root, 4, 0x7000, 1, from | FS_PRU);
			rig_queue(r, 0, true);
			irt = rig_irt(r, 7, false);
			put64(r, irt + 48, 1 | 0x31 << 16);
			order_q = rq_ats(rq_pid(0x7000, IOM_READ, 9));
			order_port = rig_port(r, SID);
			rig_answers(r, SID, order_q, IOM_PERM_READ | IOM_PERM_WRITE, from);
			CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 3 << 5, 0, NULL), IOM_OK);
			put64(r, leaf, order_to | FS_PRU);
			put64(r, irt + 48, 1 | 0x32 << 16);
			order_vector = 0x32;
			order_calls = 0;
			r->on_message = asks_anew;
			rig_store(r, (const uint64_t[4]){ T_IEC });
			rig_store(r, (const uint64_t[4]){ earlier[by], by == 3 ? 0x7000 : 0 });
			rig_store(r, (const uint64_t[4]){ last[form], 0x7000 });
			rig_wait(r);
			CHECK_EQ(order_calls, 1);
			rig_free(r);
		}
}

/* With DMA under way the same has to wait. */
TEST(devices_are_told_after_the_drain, "VTD-QI-39 VTD-QI-32")
{
	struct rig *r = queue_new(CAP_ALL, ECAP_ALL, TTM_SCALABLE, 0, true);
	uint64_t root = page(r), to = page(r), status = page(r);
	struct iom_port *port = rig_port(r, SID);
	struct iom_request q = rq(0x7000, IOM_WRITE);
	struct iom_reply reply;

	rig_device(r, SID, 0, DTE, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_FS, 5 | PWSNP, FSPM_4 | root);
	rig_fs(r, root, 4, 0x7000, 1, to | FS_PRU);
	iom_begin(r->lane);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	rig_submit(r, T_IOTLB | G(1) | 0xc0, 0);
	rig_submit(r, DEVICE(SID), 0x7000);
	queue_wait(r, status, 1, 0);
	CHECK_EQ(ram32(r, status), 0);
	iom_end(r->lane);
	CHECK_EQ(r->messages, 1);
	CHECK_EQ(ram32(r, status), 1);
	rig_free(r);
}

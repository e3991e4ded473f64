/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Devices to be counted; see hpm.h. */
#include "hpm.h"

#define PDTV (1ull << 5)
#define IOVA 0x12345678000ull

/* A first stage of one page in memory of the host. */
static uint64_t host_stage(struct rig *r, uint64_t iova)
{
	uint64_t root = page(r);

	rig_map(r, root, 3, false, iova, 0, leaf(page(r)));
	return stage_mode(3) | root >> 12;
}

void hpm_init(struct hpm *h, const struct iom_riscv_config *config, bool cached, unsigned levels)
{
	struct iom_riscv_config own = *config;
	struct guest_path path;
	uint64_t pdt;

	own.flags |= cached ? 0 : IOM_RISCV_UNCACHED;
	*h = (struct hpm){ .r = rig_new_config(&own) };
	h->n = (struct nested){ .r = h->r, .levels = 3, .next = 0x1230000 };
	h->n.root = pages(h->r, 4, 16384);
	rig_ddt(h->r, levels);

	for (unsigned d = 1; d < HPM_DEVICES; d++)
		h->iova[d] = IOVA & 0x3fffffffffull;
	rig_dc_put(h->r, HPM_HOST, 1, 0, 5ull << 12, host_stage(h->r, h->iova[HPM_HOST]));
	rig_dc_put(h->r, HPM_HOST_B, 1, 0, 7ull << 12, host_stage(h->r, h->iova[HPM_HOST_B]));
	h->iova[HPM_GUEST] = nested_page(&h->n).gpa;
	rig_dc_put(h->r, HPM_GUEST, 1, nested_iohgatp(&h->n), 5ull << 12, 0);
	nested_path(&h->n, &path, 3);
	h->iova[HPM_BOTH] = path.iova;
	rig_dc_put(h->r, HPM_BOTH, 1, nested_iohgatp(&h->n), 6ull << 12, path.fsc);
	pdt = page(h->r);
	put64(h->r, pdt + 16 + 8, host_stage(h->r, h->iova[HPM_PROCESS]));
	put64(h->r, pdt + 16, 8ull << 12 | 1);
	put64(h->r, pdt + 32, 8ull << 12 | 1);
	rig_dc_put(h->r, HPM_PROCESS, 1 | PDTV, 9ull << 44, 0, 1ull << 60 | pdt >> 12);
	rig_dc_put(h->r, HPM_BARE, 1, 7ull << 44, 5ull << 12, 0);
	for (unsigned d = 1; d < HPM_DEVICES; d++)
		h->port[d] = rig_port(h->r, d);
	CHECK_EQ(rd32(h->r, IOCOUNTINH), 0);
}

void hpm_free(struct hpm *h)
{
	rig_free(h->r);
}

void hpm_count(struct hpm *h, unsigned n, uint64_t evt)
{
	wr64(h->r, IOHPMEVT(n), evt);
	CHECK_EQ(rd64(h->r, IOHPMEVT(n)), evt);
	wr64(h->r, IOHPMCTR(n), 0);
	CHECK_EQ(rd64(h->r, IOHPMCTR(n)), 0);
}

uint64_t hpm_value(struct hpm *h, unsigned n)
{
	return rd64(h->r, IOHPMCTR(n));
}

int hpm_request_at(struct hpm *h, unsigned device, int pid, unsigned at)
{
	const struct iom_request q = { .iova = h->iova[device],
		                       .bytes = 8,
		                       .pasid = pid < 0 ? 0 : (uint32_t)pid,
		                       .flags = pid < 0 ? 0 : IOM_REQ_PASID,
		                       .at = (uint8_t)at };
	struct iom_reply reply;
	int err;

	iom_begin(h->r->lane);
	err = iom_translate(h->port[device], &q, &reply);
	iom_end(h->r->lane);
	return err;
}

void hpm_request(struct hpm *h, unsigned device, int pid)
{
	CHECK_EQ(hpm_request_at(h, device, pid, IOM_AT_UNTRANSLATED), IOM_OK);
}

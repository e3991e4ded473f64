/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* An interrupt file in memory; see mrif.h. */
#include "mrif.h"

#include <string.h>

void mrif_init(struct mrif *m, uint64_t cap, uint32_t flags)
{
	const struct iom_riscv_config config = { .capabilities = cap, .flags = flags };

	*m = (struct mrif){ .r = rig_new_config(&config) };
	m->n = (struct nested){ .r = m->r, .levels = 3, .next = 0x1230000 };
	m->n.root = pages(m->r, 4, 16384);
	m->table = page(m->r);
	m->file = page(m->r) + 0x600;
	rig_ddt(m->r, 1);
	rig_fq(m->r, 5, false);
	m->dc = rig_dc(m->r, MRIF_DEVICE);
	put64(m->r, m->dc + 32, 1ull << 60 | m->table >> 12);
	put64(m->r, m->dc + 48, MRIF_PAGE >> 12);
	rig_dc_put(m->r, MRIF_DEVICE, 1, nested_iohgatp(&m->n), (uint64_t)MRIF_PSCID << 12, 0);
	mrif_put(m, mrif_entry(m->file), mrif_notice(MRIF_NOTICE, MRIF_NID));
	m->port = rig_port(m->r, MRIF_DEVICE);
}

void mrif_free(struct mrif *m)
{
	rig_free(m->r);
}

uint64_t mrif_entry(uint64_t file)
{
	return file >> 9 << 7 | 1 << 1 | 1;
}

uint64_t mrif_notice(uint64_t address, unsigned nid)
{
	return address >> 12 << 10 | (nid & 0x3ff) | (uint64_t)(nid >> 10 & 1) << 60;
}

void mrif_put(struct mrif *m, uint64_t dw0, uint64_t dw1)
{
	put64(m->r, m->table + 8, dw1);
	put64(m->r, m->table, dw0);
}

uint64_t mrif_word(const struct mrif *m, unsigned identity)
{
	return m->file + identity / 64 * 16ull;
}

uint64_t mrif_bit(unsigned identity)
{
	return 1ull << identity % 64;
}

int mrif_store(struct mrif *m, unsigned off, unsigned bytes, uint64_t val, struct iom_reply *reply)
{
	const struct iom_request q = { .iova = MRIF_PAGE + off, .access = IOM_WRITE };
	uint8_t buf[64] = { 0 };

	CHECK(bytes <= sizeof(buf));
	for (unsigned i = 0; i < 8; i++)
		buf[i] = (uint8_t)(val >> 8 * i);
	memset(reply, 0xa5, sizeof(*reply));
	return iom_write(m->port, &q, buf, bytes, reply);
}

void mrif_send(struct mrif *m, unsigned off, uint32_t val)
{
	struct iom_reply reply;
	int err = mrif_store(m, off, 4, val, &reply);

	CHECK_MSG(err == IOM_OK, "0x%x at 0x%x: %d, cause %u", val, off, err, reply.fault);
	CHECK_EQ(reply.done, 4);
	CHECK_EQ(reply.fault, 0);
	CHECK_EQ(reply.status, IOM_DONE);
}

uint8_t mrif_pattern(unsigned at)
{
	return (uint8_t)(at * 0x35 ^ at >> 3);
}

void mrif_fill(struct mrif *m)
{
	for (unsigned i = 0; i < 4096; i++)
		m->r->ram[(m->file & ~0xfffull) - RIG_RAM + i] = mrif_pattern(i);
}

void mrif_unchanged(struct mrif *m)
{
	for (unsigned i = 0; i < 4096; i++)
		CHECK_MSG(m->r->ram[(m->file & ~0xfffull) - RIG_RAM + i] == mrif_pattern(i),
		          "byte 0x%x of the file's page", i);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The bench of rig.h: RAM, host, and writers for tables and queues. */
#include "rig.h"

#include <stdlib.h>

#define PAGE 4096ull
#include "../rig_parts.h"

#define PPN(spa) (((spa) >> 12) << 10) /* where ddtp, queue bases, table entries hold a PPN */

#define DDTP 0x010
#define CQB 0x018
#define CQT 0x024
#define FQB 0x028
#define FQH 0x030
#define FQT 0x034
#define CQCSR 0x048
#define FQCSR 0x04c

/* ---- What else the unit tells its host ---------------------------------------------------- */

static void host_wire(void *opaque, unsigned wire, bool level)
{
	struct rig *r = opaque;

	CHECK(wire < 16);
	CHECK_MSG(r->wire[wire] != level, "wire %u changes to the level it has", wire);
	r->wire[wire] = level;
	r->wire_changes++;
}

static void host_order(void *opaque, bool reads, bool writes)
{
	struct rig *r = opaque;

	if (r->orders < RIG_LOG) {
		r->order[r->orders].reads = reads;
		r->order[r->orders].writes = writes;
	}
	r->orders++;
	if (r->on_order)
		r->on_order(r);
}

static void host_interrupts_changed(void *opaque, uint32_t first, uint32_t last)
{
	struct rig *r = opaque;

	r->changes++;
	r->changed_first = first;
	r->changed_last = last;
}

static void host_dirty(void *opaque, uint64_t spa, uint64_t len)
{
	struct rig *r = opaque;
	unsigned at; /* devices store on any thread */

	CHECK(spa >= RIG_RAM && len <= RIG_RAM_BYTES && spa - RIG_RAM <= RIG_RAM_BYTES - len);
	at = __atomic_fetch_add(&r->dirties, 1, __ATOMIC_RELAXED);
	if (at < RIG_LOG) {
		r->dirty[at].spa = spa;
		r->dirty[at].len = len;
	}
}

/* ---- Making and breaking ------------------------------------------------------------------ */

static bool host_may_work(void *opaque)
{
	struct rig *r = opaque;

	r->put_off += r->idle;
	return !r->idle;
}

struct iom_unit *rig_unit(struct rig *r)
{
	static const struct iom_host host = { .bytes = sizeof(host),
		                              .msi = host_msi,
		                              .message = host_message,
		                              .wire = host_wire,
		                              .order = host_order,
		                              .interrupts_changed = host_interrupts_changed,
		                              .dirty = host_dirty,
		                              .may_work = host_may_work };
	struct iom_error error = { 0 };
	struct iom_unit *unit;

	if (iom_riscv_new(&r->config, r->memory, &host, r, &unit, &error) != IOM_OK)
		CHECK_MSG(false, "%s", error.text);
	return unit;
}

struct rig *rig_new_config(const struct iom_riscv_config *config)
{
	static const struct iom_memory_ops ops = { .bytes = sizeof(ops),
		                                   .read = device_read,
		                                   .write = device_write };
	struct iom_riscv_config own = *config;
	struct iom_region region = { .spa = RIG_RAM,
		                     .bytes = RIG_RAM_BYTES,
		                     .flags = IOM_REGION_TRACK };
	struct iom_error error = { 0 };
	struct rig *r = calloc(1, sizeof(*r));

	CHECK(r);
	own.bytes = sizeof(own);
	r->ram = calloc(1, RIG_RAM_BYTES);
	CHECK(r->ram);
	region.host = r->ram;
	r->next = RIG_RAM;
	CHECK_EQ(iom_memory_new(&ops, r, &r->memory, &error), IOM_OK);
	CHECK_EQ(iom_memory_add(r->memory, &region, &error), IOM_OK);
	r->config = own;
	r->unit = rig_unit(r);
	CHECK_EQ(iom_lane_open(r->unit, &r->lane), IOM_OK);
	r->cap = rd64(r, 0);
	return r;
}

struct rig *rig_new(uint64_t capabilities)
{
	const struct iom_riscv_config config = {
		.capabilities = capabilities ? capabilities : CAP_EXT,
		.flags = IOM_RISCV_UNCACHED,
	};

	return rig_new_config(&config);
}

void rig_free(struct rig *r)
{
	iom_unit_free(r->unit);
	iom_memory_free(r->memory);
	free(r->ram);
	free(r);
}

static uint8_t *saved(struct iom_unit *unit, size_t *bytes)
{
	size_t again = 0;
	uint8_t *state;

	CHECK_EQ(iom_unit_save(unit, NULL, 0, bytes), IOM_ENOSPC);
	state = malloc(*bytes);
	CHECK(state);
	CHECK_EQ(iom_unit_save(unit, state, *bytes, &again), IOM_OK);
	CHECK_EQ(again, *bytes);
	return state;
}

void rig_move(struct rig *r)
{
	struct iom_unit *old = r->unit;
	struct iom_error error;
	size_t bytes, again;
	uint8_t *state = saved(old, &bytes), *copy;

	/* Nothing shall go on in the old unit when its sections end, nor yet in the new one. */
	iom_unit_stop(old);
	r->unit = rig_unit(r);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	if (iom_unit_load(r->unit, state, bytes, &error) != IOM_OK)
		CHECK_MSG(false, "%s", error.text);
	for (uint64_t off = 0; off < PAGE; off += 4) {
		uint64_t was;

		CHECK_EQ(iom_mmio_read(old, 0, off, 4, &was), IOM_OK);
		CHECK_MSG(rd32(r, off) == was, "0x%llx", (unsigned long long)off);
	}
	copy = saved(r->unit, &again);
	CHECK_EQ(again, bytes);
	CHECK_EQ(memcmp(copy, state, bytes), 0);
	free(copy);
	free(state);
	iom_unit_free(old);
	memset(r->wire, 0, sizeof(r->wire));
	CHECK_EQ(iom_lane_open(r->unit, &r->lane), IOM_OK);
	iom_unit_start(r->unit);
}

/* ---- Memory ------------------------------------------------------------------------------- */

static uint8_t *at(struct rig *r, uint64_t spa, unsigned len)
{
	CHECK_MSG(spa >= RIG_RAM && spa - RIG_RAM <= RIG_RAM_BYTES - len, "0x%llx is outside RAM",
	          (unsigned long long)spa);
	return r->ram + (spa - RIG_RAM);
}

uint64_t swap64(uint64_t v)
{
	uint8_t bytes[8];
	uint64_t swapped = 0;
	unsigned i;

	store(bytes, 8, v);
	for (i = 0; i < 8; i++)
		swapped = swapped << 8 | bytes[i];
	return swapped;
}

/* ---- Tables ------------------------------------------------------------------------------- */

/* The table that the pointer at `entry` leads to; made if there is none. */
static uint64_t descend(struct rig *r, uint64_t entry)
{
	if (!(ram64(r, entry) & 1))
		put64(r, entry, PPN(page(r)) | 1);
	return (ram64(r, entry) >> 10 & 0xfffffffffffull) << 12;
}

void rig_ddt(struct rig *r, unsigned levels)
{
	r->levels = levels;
	r->ddt = page(r);
	wr64(r, DDTP, PPN(r->ddt) | (levels + 1));
	CHECK_EQ(rd64(r, DDTP), PPN(r->ddt) | (levels + 1));
}

uint64_t rig_dc(struct rig *r, uint32_t device_id)
{
	bool extended = r->cap & CAP_MSI_FLAT;
	unsigned low = extended ? 6 : 7;
	uint64_t table = r->ddt;

	if (r->levels > 2)
		table = descend(r, table + 8ull * (device_id >> (low + 9)));
	if (r->levels > 1)
		table = descend(r, table + 8ull * (device_id >> low & 0x1ff));
	return table + (device_id & ((1u << low) - 1)) * (extended ? 64ull : 32ull);
}

void rig_dc_put(struct rig *r, uint32_t device_id, uint64_t tc, uint64_t iohgatp, uint64_t ta,
                uint64_t fsc)
{
	uint64_t dc = rig_dc(r, device_id);

	put64(r, dc + 8, iohgatp);
	put64(r, dc + 16, ta);
	put64(r, dc + 24, fsc);
	put64(r, dc, tc);
}

uint64_t rig_map(struct rig *r, uint64_t root, unsigned levels, bool x4, uint64_t iova,
                 unsigned level, uint64_t pte)
{
	unsigned i = levels - 1;
	uint64_t mask = x4 ? 0x7ff : 0x1ff;
	uint64_t entry = root + 8 * (iova >> (12 + 9 * i) & mask);

	while (i > level) {
		i--;
		entry = descend(r, entry) + 8 * (iova >> (12 + 9 * i) & 0x1ff);
	}
	put64(r, entry, pte);
	return entry;
}

uint64_t leaf(uint64_t pa)
{
	return PPN(pa) | 0xdf;
}

/* ---- Queues ------------------------------------------------------------------------------- */

static uint64_t queue(struct rig *r, unsigned lg2, unsigned entry_lg2, uint64_t base_reg)
{
	uint64_t bytes = 1ull << (lg2 + entry_lg2);
	uint64_t whole = bytes < PAGE ? PAGE : bytes;
	uint64_t base = pages(r, (unsigned)(whole / PAGE), whole);

	wr64(r, base_reg, PPN(base) | (lg2 - 1));
	return base;
}

static uint64_t queue_base(uint64_t reg)
{
	return (reg >> 10 & 0xfffffffffffull) << 12;
}

static uint32_t queue_mask(uint64_t reg)
{
	return (uint32_t)((2ull << (reg & 0x1f)) - 1);
}

uint64_t rig_cq(struct rig *r, unsigned lg2, bool cie)
{
	uint64_t base = queue(r, lg2, 4, CQB);

	wr32(r, CQT, 0);
	wr32(r, CQCSR, cie ? 3 : 1);
	CHECK_EQ(rd32(r, CQCSR) & 0x30000, 0x10000);
	return base;
}

void rig_cmd(struct rig *r, uint64_t dw0, uint64_t dw1)
{
	uint64_t cqb = rd64(r, CQB);
	uint32_t tail = rd32(r, CQT);

	put64(r, queue_base(cqb) + 16ull * tail, dw0);
	put64(r, queue_base(cqb) + 16ull * tail + 8, dw1);
	wr32(r, CQT, (tail + 1) & queue_mask(cqb));
}

uint64_t rig_fq(struct rig *r, unsigned lg2, bool fie)
{
	uint64_t base = queue(r, lg2, 5, FQB);

	wr32(r, FQH, 0);
	wr32(r, FQCSR, fie ? 3 : 1);
	CHECK_EQ(rd32(r, FQCSR) & 0x30000, 0x10000);
	return base;
}

bool rig_fault(struct rig *r, uint64_t rec[4])
{
	uint64_t fqb = rd64(r, FQB);
	uint32_t head = rd32(r, FQH);
	unsigned i;

	if (head == rd32(r, FQT))
		return false;
	for (i = 0; i < 4; i++)
		rec[i] = ram64(r, queue_base(fqb) + 32ull * head + 8ull * i);
	wr32(r, FQH, (head + 1) & queue_mask(fqb));
	return true;
}

/* ---- Requests ----------------------------------------------------------------------------- */

struct iom_port *rig_port(struct rig *r, uint32_t device_id)
{
	struct iom_endpoint *endpoint = NULL;
	struct iom_port *port = NULL;

	CHECK_EQ(iom_endpoint_get(r->unit, device_id, &endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(endpoint, r->lane, &port), IOM_OK);
	return port;
}

int rig_translate(struct rig *r, uint32_t device_id, const struct iom_request *q,
                  struct iom_reply *reply)
{
	struct iom_port *port = rig_port(r, device_id);
	int err;

	memset(reply, 0xa5, sizeof(*reply));
	iom_begin(r->lane);
	err = iom_translate(port, q, reply);
	iom_end(r->lane);
	iom_port_close(port);
	return err;
}

unsigned rig_cause_of(struct rig *r, uint32_t device_id, const struct iom_request *q)
{
	struct iom_reply reply;
	int err = rig_translate(r, device_id, q, &reply);

	if (err == IOM_OK) {
		CHECK_EQ(reply.fault, 0);
		CHECK_EQ(reply.status, IOM_DONE);
		return 0;
	}
	CHECK_EQ(err, IOM_EFAULT);
	CHECK(reply.fault);
	if (reply.fault >= 268 && reply.fault <= 274)
		CHECK_EQ(reply.status, IOM_ABORT);
	else
		CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	return reply.fault;
}

unsigned rig_cause(struct rig *r, uint32_t device_id, uint64_t iova, unsigned access)
{
	const struct iom_request q = { .iova = iova, .bytes = 8, .access = (uint8_t)access };

	return rig_cause_of(r, device_id, &q);
}

unsigned rig_cause_pid(struct rig *r, uint32_t device_id, uint64_t iova, unsigned access,
                       uint32_t pid, bool priv)
{
	const struct iom_request q = { .iova = iova,
		                       .bytes = 8,
		                       .pasid = pid,
		                       .flags = priv ? IOM_REQ_PASID | IOM_REQ_PRIVILEGED
		                                     : IOM_REQ_PASID,
		                       .access = (uint8_t)access };

	return rig_cause_of(r, device_id, &q);
}

uint64_t rig_spa(struct rig *r, uint32_t device_id, uint64_t iova)
{
	const struct iom_request q = { .iova = iova, .bytes = 8 };
	struct iom_reply reply;
	int err = rig_translate(r, device_id, &q, &reply);

	CHECK_MSG(err == IOM_OK, "0x%llx of device 0x%x is refused with cause %u",
	          (unsigned long long)iova, device_id, reply.fault);
	return reply.spa;
}

uint64_t rig_record(unsigned cause, unsigned ttyp, uint32_t device_id)
{
	return cause | (uint64_t)ttyp << 34 | (uint64_t)device_id << 40;
}

void rig_expect(struct rig *r, uint64_t dw0, uint64_t iotval, uint64_t iotval2)
{
	uint64_t rec[4];

	CHECK_MSG(rig_fault(r, rec), "no fault was recorded");
	CHECK_EQ(rec[0], dw0);
	CHECK_EQ(rec[1], 0);
	CHECK_EQ(rec[2], iotval);
	CHECK_EQ(rec[3], iotval2);
}

void rig_expect_none(struct rig *r)
{
	uint64_t rec[4];

	CHECK_MSG(!rig_fault(r, rec), "a fault was recorded");
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Steps that several targets have: what software, devices and time do. */
#include "world.h"

#include <stdlib.h>

/* One register access, of any width anywhere. */
void op_register(struct world *w)
{
	unsigned how = (unsigned)take(&w->in, 1), bytes = 1u << (how & 3);
	uint64_t off = take(&w->in, 2) & 0xfff, value;

	if (how & 4)
		off = off % 0x400 & ~UINT64_C(3);
	if (how & 8)
		(void)iom_mmio_read(w->unit, 0, off, bytes, &value);
	else
		(void)iom_mmio_write(w->unit, 0, off, bytes, take(&w->in, bytes));
}

/* Any command. */
void op_command(struct world *w)
{
	w->kind->command(w);
}

void op_poke(struct world *w)
{
	uint64_t spa = world_place(w);

	world_poke64(w, spa, take(&w->in, 8));
}

/* The smallest change to a table. */
void op_flip(struct world *w)
{
	uint64_t spa = world_place(w);

	w->ram[spa - RAM + take(&w->in, 1) % 8] ^= (uint8_t)(1u << take(&w->in, 1) % 8);
}

static struct iom_request request(struct world *w)
{
	unsigned flags = (unsigned)take(&w->in, 1), where = (unsigned)take(&w->in, 1);
	struct iom_request q = { .iova = take(&w->in, 3),
		                 .bytes = take(&w->in, 1),
		                 .access = take(&w->in, 1) % 4,
		                 .at = where % 4,
		                 .flags = flags & 0x1f,
		                 .pasid = flags & IOM_REQ_PASID ? (uint32_t)take(&w->in, 1) : 0 };

	/* Now and then far away. */
	if (where & 0x80)
		q.iova = q.iova << 40 | take(&w->in, 2);
	return q;
}

static struct iom_port *port(struct world *w)
{
	unsigned which = (unsigned)take(&w->in, 1);

	return world_port(w, which % DEVICES, which / DEVICES % LANES);
}

/* What any answer must hold to. */
static void judge(const struct world *w, const struct iom_request *q, const struct iom_reply *r,
                  int result)
{
	static const uint8_t needed[] = { IOM_PERM_READ, IOM_PERM_WRITE, IOM_PERM_EXECUTE,
		                          IOM_PERM_WRITE };
	const uint8_t *host = r->host;
	bool vtd = w->kind == &world_vtd;
	unsigned access = q->access, perm;

	if (result == IOM_EFAULT && r->fault &&
	    !strncmp(iom_fault_name(w->unit, r->fault), "unknown", 7))
		abort();
	if (result)
		return;
	if (r->range_lg2 < 12 || r->range_lg2 > 64 || r->status != IOM_DONE)
		abort();
	/*
	 * Without a process there is no execution of what is translated already, and with VT-d no
	 * execution at all: it is read.  There, a read of nothing needs any permission.
	 */
	if (access == IOM_EXECUTE &&
	    (vtd || (q->at == IOM_AT_TRANSLATED && !(q->flags & IOM_REQ_PASID))))
		access = IOM_READ;
	perm = vtd && access == IOM_READ && !q->bytes ? IOM_PERM_READ | IOM_PERM_WRITE
	                                              : needed[access];
	if (q->at != IOM_AT_TRANSLATION_REQUEST && !(r->perm & perm))
		abort();
	if (host && (host < w->ram || r->host_bytes > RAM_BYTES ||
	             (size_t)(host - w->ram) > RAM_BYTES - r->host_bytes))
		abort();
}

void op_request(struct world *w)
{
	struct iom_port *p = port(w);
	struct iom_request q = request(w);
	struct iom_reply reply;
	int result = iom_translate(p, &q, &reply);

	judge(w, &q, &reply, result);
}

void op_transfer(struct world *w)
{
	struct iom_port *p = port(w);
	struct iom_request q = request(w);
	unsigned what = (unsigned)take(&w->in, 1);
	size_t bytes = what & 0x10 ? 4 : (size_t)take(&w->in, 2) % 9000;
	struct iom_reply reply;
	uint8_t buf[9000];
	uint64_t old;

	memset(buf, what, sizeof buf);
	switch (what % 3) {
	case 0:
		(void)iom_read(p, &q, buf, bytes, &reply);
		break;
	case 1:
		(void)iom_write(p, &q, buf, bytes, &reply);
		break;
	default:
		(void)iom_atomic(p, &q, what / 3 % 4, what, what, bytes & 4 ? 4 : 8, &old, &reply);
	}
}

/* A message between a device and the unit. */
void op_message(struct world *w)
{
	uint64_t address = take(&w->in, 8);
	struct iom_message message = { .address = address,
		                       .kind = (uint32_t)take(&w->in, 1) % 8,
		                       .token = (uint32_t)take(&w->in, 4),
		                       .pasid = (uint32_t)take(&w->in, 3),
		                       .flags = (uint16_t)take(&w->in, 2),
		                       .size_lg2 = (uint8_t)take(&w->in, 1),
		                       .code = (uint8_t)take(&w->in, 1) };

	(void)iom_message(world_endpoint(w, address % DEVICES), &message);
}

/* A message of a device that goes through no port, or where one would go. */
void op_interrupt(struct world *w)
{
	struct iom_endpoint *endpoint = world_endpoint(w, (unsigned)take(&w->in, 1) % DEVICES);
	unsigned how = (unsigned)take(&w->in, 1);
	uint64_t address = take(&w->in, 3) & ~UINT64_C(3);
	uint32_t data = (uint32_t)take(&w->in, 2);
	struct iom_route route = { .kind = UINT32_MAX };
	struct iom_reply reply;
	int result;

	address |= w->kind == &world_vtd ? UINT64_C(0xfee00000) : 0;
	if (how & 1)
		result = iom_msi(endpoint, address, data, how & 2 ? &reply : NULL);
	else
		result = iom_msi_translate(endpoint, address, data, &route, &reply);
	if (!(how & 1) && !result != (route.kind <= IOM_ROUTE_MRIF))
		abort();
}

void op_section(struct world *w)
{
	unsigned what = (unsigned)take(&w->in, 1);

	if (what & 2)
		iom_begin(w->lane[what & 1]);
	else
		iom_end(w->lane[what & 1]);
}

void op_time(struct world *w)
{
	w->now_ns += take(&w->in, 2);
	iom_step(w->unit, w->now_ns);
}

void op_ats(struct world *w)
{
	w->kind->ats(w);
}

void op_forget(struct world *w)
{
	w->kind->forget(w);
}

/* A device goes; the next that asks, perhaps from inside a callback, is another one in its place. */
void op_remove(struct world *w)
{
	unsigned device = (unsigned)take(&w->in, 1) % DEVICES;
	struct iom_endpoint *endpoint = world_endpoint(w, device);
	struct iom_port *ports[LANES];

	memcpy(ports, w->port[device], sizeof ports);
	memset(w->port[device], 0, sizeof ports);
	w->endpoint[device] = NULL;
	iom_endpoint_remove(endpoint);
	for (unsigned i = 0; i < LANES; i++)
		iom_port_close(ports[i]);
}

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
	uint64_t command[2];

	take_bytes(&w->in, command, sizeof command);
	world_push(w, command, 1);
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
	unsigned access = q->access;

	if (result == IOM_EFAULT && r->fault &&
	    !strcmp(iom_fault_name(w->unit, r->fault), "unknown cause"))
		abort();
	if (result)
		return;
	if (r->range_lg2 < 12 || r->range_lg2 > 64 || r->status != IOM_DONE)
		abort();
	/* Without a process there is no execution of what is translated already: it is read. */
	if (access == IOM_EXECUTE && q->at == IOM_AT_TRANSLATED && !(q->flags & IOM_REQ_PASID))
		access = IOM_READ;
	if (q->at != IOM_AT_TRANSLATION_REQUEST && !(r->perm & needed[access]))
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

/* A driver that forgets nothing: everything is invalidated, and it waits for that. */
void op_forget(struct world *w)
{
	static const uint64_t commands[][2] = {
		{ 3 },                                         /* IODIR.INVAL_DDT          */
		{ 1 },                                         /* IOTINVAL.VMA of the host */
		{ 1 | UINT64_C(1) << 33 | UINT64_C(3) << 44 }, /* and of the guests' GSCID */
		{ 0x81 },                                      /* IOTINVAL.GVMA            */
		{ 2 },                                         /* IOFENCE.C                */
	};

	world_push(w, &commands[0][0], sizeof commands / 16);
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

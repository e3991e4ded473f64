/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Requests and messages of devices, carried out once more. */
#include <stdlib.h>
#include <string.h>

#include "trace/perform.h"

int trace_play_translate(struct play *p)
{
	struct iom_port *port = trace_play_port(p);

	p->call.reply = &p->reply;
	return port ? iom_translate(port, &p->e.request, &p->reply) : 0;
}

uint8_t *trace_play_buffer(struct play *p)
{
	const uint64_t bytes = p->e.bytes, room = TRACE_PLAY_MOVE_MAX - p->r->moving;

	if (bytes > room || p->e.data_bytes > bytes) {
		trace_play_broken(p->r, IOM_EINVAL,
		                  "a device moves 0x%llx bytes, of which the trace holds 0x%llx; a "
		                  "replay has room for 0x%llx here",
		                  (unsigned long long)bytes, (unsigned long long)p->e.data_bytes,
		                  (unsigned long long)room);
		return NULL;
	}
	p->data = calloc(1, bytes ? (size_t)bytes : 1);
	if (!p->data) {
		trace_play_broken(p->r, IOM_ENOMEM, "no memory is left for a device's data");
		return NULL;
	}
	p->r->moving += bytes;
	if (p->e.data)
		memcpy(p->data + (bytes - p->e.data_bytes), p->e.data, p->e.data_bytes);
	return p->data;
}

void trace_play_buffer_free(struct play *p)
{
	if (p->data)
		p->r->moving -= p->e.bytes;
	free(p->data);
}

int trace_play_move(struct play *p)
{
	struct iom_port *port = trace_play_port(p);
	uint8_t *data = port ? trace_play_buffer(p) : NULL;

	p->call.reply = &p->reply;
	if (!data)
		return 0;
	return p->e.what == IOM_CALL_READ
	               ? iom_read(port, &p->e.request, data, (size_t)p->e.bytes, &p->reply)
	               : iom_write(port, &p->e.request, data, (size_t)p->e.bytes, &p->reply);
}

int trace_play_atomic(struct play *p)
{
	struct iom_port *port = trace_play_port(p);

	p->call.reply = &p->reply;
	p->call.out = &p->out;
	return port ? iom_atomic(port, &p->e.request, p->e.index, p->e.value, p->e.compare,
	                         trace_play_width(p), &p->out, &p->reply)
	            : 0;
}

int trace_play_msi(struct play *p)
{
	struct iom_endpoint *endpoint = trace_play_endpoint(p);

	p->call.reply = &p->reply;
	return endpoint ? iom_msi(endpoint, p->e.address, (uint32_t)p->e.value, &p->reply) : 0;
}

int trace_play_msi_translate(struct play *p)
{
	struct iom_endpoint *endpoint = trace_play_endpoint(p);

	p->call.reply = &p->reply;
	p->call.route = &p->route;
	return endpoint ? iom_msi_translate(endpoint, p->e.address, (uint32_t)p->e.value, &p->route,
	                                    &p->reply)
	                : 0;
}

int trace_play_message(struct play *p)
{
	struct iom_endpoint *endpoint = trace_play_endpoint(p);

	return endpoint ? iom_message(endpoint, &p->e.message) : 0;
}

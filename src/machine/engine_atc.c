/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The translation cache of a DMA engine. */
#include "machine/engine_atc.h"

#include <string.h>

int engine_atc_init(struct engine_atc *e, struct iom_port *port, struct bridge *bridge,
                    struct iom_error *error)
{
	*e = (struct engine_atc){ .bridge = bridge };
	return iom_atc_new(port, NULL, &e->atc, error);
}

void engine_atc_release(struct engine_atc *e)
{
	iom_atc_free(e->atc);
	e->atc = NULL;
}

void engine_atc_enable(struct engine_atc *e, bool enable)
{
	if (e->deaf || enable == e->enabled)
		return;
	e->enabled = enable;
	iom_atc_enable(e->atc, enable);
}

void engine_atc_invalidate(struct engine_atc *e, const struct iom_message *message)
{
	if (e->deaf)
		return;
	e->invalidations++;
	(void)iom_atc_message(e->atc, message);
}

int engine_atc_store_slowly(struct engine_atc *e, uint64_t iova, const void *data, size_t bytes,
                            uint64_t until_ns, struct iom_reply *reply)
{
	const struct iom_request request = { .iova = iova, .bytes = bytes, .access = IOM_WRITE };
	int rc;

	*reply = (struct iom_reply){ 0 };
	if (e->slow)
		return IOM_EBUSY;
	if (bytes > sizeof e->data)
		return IOM_EINVAL;
	iom_atc_begin(e->atc);
	rc = iom_atc_translate(e->atc, &request, reply);
	if (!rc && (!reply->host || reply->host_bytes < bytes))
		rc = IOM_EINVAL;
	if (rc) {
		iom_atc_end(e->atc);
		return rc;
	}
	memcpy(e->data, data, bytes);
	e->bytes = bytes;
	e->to = reply->host;
	e->spa = reply->spa;
	e->until_ns = until_ns;
	e->slow = true;
	return IOM_OK;
}

void engine_atc_step(struct engine_atc *e, uint64_t now_ns)
{
	if (!e->slow || now_ns < e->until_ns)
		return;
	e->slow = false;
	memcpy(e->to, e->data, e->bytes);
	bridge_stored(e->bridge, e->spa, e->bytes);
	iom_atc_end(e->atc);
}

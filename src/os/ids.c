/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "os/ids.h"

#include <string.h>

static int grow(struct iom_driver *driver, struct iom_ids *ids)
{
	size_t bytes = ids->bytes ? 2 * ids->bytes : IOM_PAGE;
	uint64_t phys, *used = iom_os_alloc(driver, bytes, &phys);

	if (!used)
		return IOM_ENOMEM;
	if (ids->bytes)
		memcpy(used, ids->used, ids->bytes);
	else
		used[0] = 1;
	iom_ids_free(driver, ids);
	ids->used = used;
	ids->phys = phys;
	ids->bytes = bytes;
	return IOM_OK;
}

int iom_ids_take(struct iom_driver *driver, struct iom_ids *ids, uint32_t *id)
{
	uint32_t n;
	int err;

	while (ids->hint < ids->bytes / 8 && !~ids->used[ids->hint])
		ids->hint++;
	n = ids->hint * 64;
	if (n < ids->limit && ids->hint >= ids->bytes / 8) {
		err = grow(driver, ids);
		if (err)
			return err;
	}
	if (n < ids->limit)
		n += iom_ctz(~ids->used[ids->hint]);
	if (n >= ids->limit)
		return IOM_ENOSPC;
	ids->used[n / 64] |= IOM_BIT(n % 64);
	*id = n;
	return IOM_OK;
}

void iom_ids_give(struct iom_ids *ids, uint32_t id)
{
	ids->used[id / 64] &= ~IOM_BIT(id % 64);
	if (id / 64 < ids->hint)
		ids->hint = id / 64;
}

void iom_ids_free(struct iom_driver *driver, struct iom_ids *ids)
{
	if (ids->used)
		iom_os_free(driver, ids->used, ids->phys, ids->bytes);
	ids->used = NULL;
	ids->bytes = 0;
}

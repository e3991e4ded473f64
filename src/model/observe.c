/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Who hears of every access, and what the unit itself does in memory. */
#include "model/unit.h"

void iom_watch_locked(struct iom_unit *unit, uint32_t who, bool on)
{
	uint32_t was = iom_peek(&unit->watchers), now = on ? was | who : was & ~who;

	__atomic_store_n(&unit->watchers, now, __ATOMIC_SEQ_CST);
	/* Fronts answer without asking: they must have nothing. */
	if (now & ~was)
		iom_unit_new_epoch_locked(unit);
}

int iom_observe(struct iom_unit *unit, const struct iom_observer *observer, void *opaque)
{
	static const struct iom_observer nobody;

	if (observer && observer->bytes != sizeof *observer)
		return IOM_EINVAL;
	unit->observer = observer ? *observer : nobody;
	unit->observer_opaque = opaque;
	iom_lock(&unit->lock);
	iom_watch_locked(unit, IOM_WATCH_OBSERVER, observer);
	iom_unlock(&unit->lock);
	return IOM_OK;
}

void iom_own_tell(struct iom_unit *unit, uint32_t requester, const struct iom_own_access *access)
{
	if (unit->observer.own)
		unit->observer.own(unit->observer_opaque, requester, access);
}

void iom_own_tell_unit(struct iom_unit *unit, unsigned of, uint64_t spa, size_t bytes, bool write,
                       int result)
{
	struct iom_own_access access = {
		.spa = spa,
		.bytes = (uint32_t)bytes,
		.result = result == IOM_OK || result == IOM_EPOISON ? result : IOM_EFAULT,
		.of = (uint8_t)of,
		.write = write,
	};

	if (!unit->observer.own)
		return;
	if (unit->arch->qos)
		unit->arch->qos(unit, &access.rcid, &access.mcid);
	iom_own_tell(unit, IOM_OWN_REQUESTER, &access);
}

int iom_own_read(struct iom_unit *unit, unsigned of, uint64_t spa, void *buf, size_t bytes)
{
	int result = iom_memory_read(unit->memory, spa, buf, bytes);

	iom_own_tell_unit(unit, of, spa, bytes, false, result);
	return result;
}

int iom_own_write(struct iom_unit *unit, unsigned of, uint64_t spa, const void *buf, size_t bytes)
{
	int result = iom_unit_store(unit, spa, buf, bytes);

	iom_own_tell_unit(unit, of, spa, bytes, true, result);
	return result;
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What the benches of all architectures do alike: each has its own struct rig, with the same names for the
 * same things.  For rig.c alone, behind rig.h.
 */
#ifndef TESTS_RIG_PARTS_H
#define TESTS_RIG_PARTS_H

#include <string.h>

/* ---- What the unit sees of the machine ---------------------------------------------------- */

static bool in_device(uint64_t spa, size_t len)
{
	return spa >= RIG_DEVICE && len <= PAGE && spa - RIG_DEVICE <= PAGE - len;
}

static int device_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	struct rig *r = opaque;

	if (!in_device(spa, len))
		return IOM_EFAULT;
	r->device_reads++;
	if (r->on_device_read)
		r->on_device_read(r);
	memset(buf, 0, len);
	return IOM_OK;
}

static int device_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	struct rig *r = opaque;

	if (!in_device(spa, len))
		return IOM_EFAULT;
	r->device_writes++;
	if (r->on_device_write)
		r->on_device_write(r, spa - RIG_DEVICE, buf, len);
	return IOM_OK;
}

static int host_msi(void *opaque, uint64_t address, uint32_t data)
{
	struct rig *r = opaque;

	if (r->msi_fails)
		return IOM_EFAULT;
	if (r->msis < RIG_LOG) {
		r->msi[r->msis].address = address;
		r->msi[r->msis].data = data;
	}
	r->msis++;
	if (r->on_msi)
		r->on_msi(r);
	return IOM_OK;
}

static void host_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	struct rig *r = opaque;

	if (r->messages < RIG_LOG) {
		r->message[r->messages].requester = requester;
		r->message[r->messages].what = *message;
	}
	r->messages++;
	if (r->on_message)
		r->on_message(r, requester, message);
}

/* ---- Registers ---------------------------------------------------------------------------- */

uint32_t rd32(struct rig *r, uint64_t off)
{
	uint64_t val = 0;

	CHECK_EQ(iom_mmio_read(r->unit, 0, off, 4, &val), IOM_OK);
	CHECK_EQ(val >> 32, 0);
	return (uint32_t)val;
}

uint64_t rd64(struct rig *r, uint64_t off)
{
	uint64_t val = 0;

	CHECK_EQ(iom_mmio_read(r->unit, 0, off, 8, &val), IOM_OK);
	return val;
}

void wr32(struct rig *r, uint64_t off, uint32_t val)
{
	CHECK_EQ(iom_mmio_write(r->unit, 0, off, 4, val), IOM_OK);
}

void wr64(struct rig *r, uint64_t off, uint64_t val)
{
	CHECK_EQ(iom_mmio_write(r->unit, 0, off, 8, val), IOM_OK);
}

/* ---- Memory ------------------------------------------------------------------------------- */

/* Where `len` bytes of RAM are; rig.c's own. */
static uint8_t *at(struct rig *r, uint64_t spa, unsigned len);

static uint64_t load(const uint8_t *p, unsigned len)
{
	uint64_t val = 0;

	while (len--)
		val = val << 8 | p[len];
	return val;
}

static void store(uint8_t *p, unsigned len, uint64_t val)
{
	for (; len--; val >>= 8)
		*p++ = (uint8_t)val;
}

uint64_t ram64(struct rig *r, uint64_t spa)
{
	return load(at(r, spa, 8), 8);
}

uint32_t ram32(struct rig *r, uint64_t spa)
{
	return (uint32_t)load(at(r, spa, 4), 4);
}

void put64(struct rig *r, uint64_t spa, uint64_t val)
{
	store(at(r, spa, 8), 8, val);
}

void put32(struct rig *r, uint64_t spa, uint32_t val)
{
	store(at(r, spa, 4), 4, val);
}

uint64_t pages(struct rig *r, unsigned n, uint64_t align)
{
	uint64_t spa = (r->next + align - 1) & ~(align - 1);

	CHECK_MSG(spa + n * PAGE <= RIG_RAM + RIG_RAM_BYTES, "the rig's RAM is used up");
	r->next = spa + n * PAGE;
	memset(at(r, spa, 8), 0, n * PAGE);
	return spa;
}

uint64_t page(struct rig *r)
{
	return pages(r, 1, PAGE);
}

#endif

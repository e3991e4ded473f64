/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt files. */
#include "machine/imsic.h"

#include <string.h>

#include <iommux/error.h>

#include "base/bits.h"
#include "base/endian.h"

struct imsic_file *imsic_file(struct imsic *imsic, unsigned hart, unsigned guest)
{
	return &imsic->files[(hart << IMSIC_GUEST_BITS) + guest];
}

uint64_t imsic_offset(unsigned hart, unsigned guest)
{
	return (uint64_t)((hart << IMSIC_GUEST_BITS) + guest) * IMSIC_PAGE;
}

/* ---- From the bus ---------------------------------------------------------------------------- */

int imsic_read(void *opaque, uint64_t off, void *buf, size_t len)
{
	(void)opaque;
	if (off % 4 || len != 4)
		return IOM_EFAULT;
	memset(buf, 0, len);
	return IOM_OK;
}

int imsic_page_write(void *opaque, uint64_t off, const void *buf, size_t len)
{
	struct imsic_file *file = opaque;
	uint32_t identity;

	if (off % 4 || len != 4)
		return IOM_EFAULT;
	if (off != IMSIC_SETEIPNUM_LE && off != IMSIC_SETEIPNUM_BE)
		return IOM_OK;
	identity = iom_ld32(buf, off == IMSIC_SETEIPNUM_BE);
	if (!identity || identity >= IMSIC_IDENTITIES) {
		file->ignored++;
		return IOM_OK;
	}
	file->arrived++;
	file->eip[identity / 64] |= IOM_BIT(identity % 64);
	return IOM_OK;
}

int imsic_write(void *opaque, uint64_t off, const void *buf, size_t len)
{
	struct imsic *imsic = opaque;

	return imsic_page_write(&imsic->files[off / IMSIC_PAGE], off % IMSIC_PAGE, buf, len);
}

/* ---- From the CPU ---------------------------------------------------------------------------- */

void imsic_enable(struct imsic_file *file, unsigned identity)
{
	file->eie[identity / 64] |= IOM_BIT(identity % 64);
	file->eidelivery = true;
}

void imsic_enable_all(struct imsic_file *file)
{
	for (unsigned identity = 1; identity < IMSIC_IDENTITIES; identity++)
		imsic_enable(file, identity);
}

unsigned imsic_claim(struct imsic_file *file)
{
	for (unsigned i = 0; file->eidelivery && i < IOM_COUNT(file->eip); i++) {
		uint64_t both = file->eip[i] & file->eie[i];
		unsigned identity;

		if (!both)
			continue;
		identity = i * 64 + iom_ctz(both);
		if (file->eithreshold && identity >= file->eithreshold)
			break;
		file->eip[i] &= ~IOM_LSB(both);
		return identity;
	}
	return 0;
}

unsigned imsic_pending(const struct imsic_file *file)
{
	unsigned count = 0;

	for (unsigned i = 1; i < IMSIC_IDENTITIES; i++)
		count += file->eip[i / 64] >> i % 64 & 1;
	return count;
}

void imsic_move_begin(struct imsic_file *to, const struct imsic_file *from)
{
	*to = *from;
	memset(to->eip, 0, sizeof to->eip);
	to->eidelivery = false;
	to->arrived = to->ignored = 0;
}

void imsic_move_end(struct imsic_file *to, struct imsic_file *from)
{
	for (unsigned i = 0; i < IOM_COUNT(to->eip); i++)
		to->eip[i] |= from->eip[i];
	to->arrived += from->arrived;
	to->ignored += from->ignored;
	to->eidelivery = from->eidelivery;
	*from = (struct imsic_file){ 0 };
}

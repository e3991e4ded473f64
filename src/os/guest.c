/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Domains of virtual machines as os.h offers them: a guest's own tables over its memory, and the
 * window of its interrupt files.  Arguments are judged here.
 */
#include "os/driver.h"

#include "base/endian.h"
#include "base/error.h"

/* A table of 2^16 entries serves 65,536 virtual CPUs. */
#define WINDOW_BITS_MAX 16

int iom_domain_new_nested(struct iom_domain *parent, const struct iom_stage *stage,
                          struct iom_domain **out, struct iom_error *error)
{
	struct iom_driver *driver = parent->driver;
	struct iom_domain *domain;
	int err;

	if (parent->kind != IOM_DOMAIN_STAGE2)
		return iom_fail(error, IOM_EINVAL,
		                "a domain of kind %u cannot be a parent; it must be %u, second "
		                "stage",
		                parent->kind, IOM_DOMAIN_STAGE2);
	domain = iom_domain_make(driver, IOM_DOMAIN_NESTED);
	if (!domain)
		return iom_fail(error, IOM_ENOMEM, "no memory for a domain");
	domain->parent = parent;
	err = driver->ops->nested_init(domain, stage, error);
	if (err) {
		iom_domain_drop(domain);
		return err;
	}
	domain->sibling = parent->child;
	parent->child = domain;
	*out = domain;
	iom_succeed(error);
	return IOM_OK;
}

/* ---- Interrupt files ---------------------------------------------------------------------- */

static unsigned ones(uint64_t mask)
{
	unsigned n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

int iom_domain_msi_window(struct iom_domain *domain, uint64_t address, uint64_t mask,
                          struct iom_error *error)
{
	int err;

	if (domain->kind != IOM_DOMAIN_STAGE2)
		return iom_fail(error, IOM_EINVAL,
		                "only a second-stage domain, kind %u, has interrupt files; this is "
		                "%u",
		                IOM_DOMAIN_STAGE2, domain->kind);
	if ((address | mask) & (IOM_PAGE - 1) || (address | mask) > domain->last ||
	    address & mask || ones(mask) > WINDOW_BITS_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "the window 0x%llx, mask 0x%llx, must be whole pages up to 0x%llx, "
		                "without common bits and with at most %u bits in the mask",
		                (unsigned long long)address, (unsigned long long)mask,
		                (unsigned long long)domain->last, WINDOW_BITS_MAX);
	if (domain->msi.table || domain->attached || domain->child)
		return iom_fail(error, IOM_EBUSY,
		                "a window is set once, before devices and nested domains come");
	if (!domain->driver->ops->msi_init)
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU has no tables for interrupts of virtual machines");
	domain->msi.address = address;
	domain->msi.mask = mask;
	err = domain->driver->ops->msi_init(domain, error);
	if (!err)
		iom_succeed(error);
	return err;
}

static int msi_put(struct iom_domain *domain, uint64_t gpa, const struct iom_msi_target *to)
{
	if (!domain->msi.table || gpa & (IOM_PAGE - 1) ||
	    (gpa & ~domain->msi.mask) != domain->msi.address)
		return IOM_EINVAL;
	return domain->driver->ops->msi_put(domain, gpa, to);
}

int iom_domain_msi_map(struct iom_domain *domain, uint64_t gpa, uint64_t phys)
{
	const struct iom_msi_target to = { .phys = phys };

	return phys & (IOM_PAGE - 1) ? IOM_EINVAL : msi_put(domain, gpa, &to);
}

int iom_domain_msi_unmap(struct iom_domain *domain, uint64_t gpa)
{
	return msi_put(domain, gpa, NULL);
}

int iom_domain_msi_map_mrif(struct iom_domain *domain, uint64_t gpa, const struct iom_mrif *mrif)
{
	const struct iom_msi_target to = { .mrif = mrif };

	if (mrif->file % IOM_MRIF_BYTES || mrif->notice & (IOM_PAGE - 1) ||
	    mrif->identity >= 64 * IOM_MRIF_GROUPS)
		return IOM_EINVAL;
	return msi_put(domain, gpa, &to);
}

/* The doubleword of pending bits; that of enable bits follows it. */
static uint64_t *pending_of(void *file, unsigned group)
{
	return (uint64_t *)file + 2 * (size_t)group;
}

uint64_t iom_mrif_take(void *file, unsigned group)
{
	return iom_cpu64(__atomic_exchange_n(pending_of(file, group), 0, __ATOMIC_SEQ_CST), false);
}

void iom_mrif_add(void *file, unsigned group, uint64_t pending)
{
	__atomic_fetch_or(pending_of(file, group), iom_cpu64(pending, false), __ATOMIC_SEQ_CST);
}

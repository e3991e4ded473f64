/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Virtual machines: a guest's first stage over our second one ("Nested Translation"). */
#include "os/drv/vtd/vtd.h"

#define ADDRESS_BITS_MAX 52 /* of what an entry of the first stage can name */

/*
 * The domain-id is the nested domain's own: what both stages say together differs from guest's table to
 * guest's table.
 */
int vtdd_nested_init(struct iom_domain *domain, const struct iom_stage *stage,
                     struct iom_error *error)
{
	const struct vtdd_driver *d = vtdd_of(domain->driver);
	unsigned bits = domain->parent->root.input_bits;

	if (!d->scalable || !(d->ecap & VTD_ECAP_NEST))
		return iom_fail(error, IOM_ENOTSUP,
		                "the unit cannot nest a guest's tables in others (ECAP 0x%llx)",
		                (unsigned long long)d->ecap);
	return vtdd_borrow(domain, stage, bits < ADDRESS_BITS_MAX ? bits : ADDRESS_BITS_MAX, error);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The ACPI table DMAR, which names the unit to the guest.  QEMU takes tables of users from files alone:
 * this one has no name.
 */
#include "qemu/osdep.h"

#include <iommux/dmar.h>

#include "hw/acpi/acpi.h"
#include "hw/pci/pci.h"
#include "qapi/error.h"
#include "qemu/config-file.h"
#include "qemu/memfd.h"
#include "qemu/option.h"
#include "vtd.h"

#define DEFAULT_ADDRESS_BITS 46

static bool build(struct iommux_vtd *vtd, GByteArray *table, Error **errp)
{
	const struct iom_dmar_hop ioapic_hop = { PCI_SLOT(IOMMUX_VTD_IOAPIC_DEVFN),
		                                 PCI_FUNC(IOMMUX_VTD_IOAPIC_DEVFN) };
	const struct iom_dmar_scope ioapic = {
		.type = IOM_DMAR_IOAPIC,
		.bus = IOMMUX_VTD_IOAPIC_BUS,
		.hop_count = 1,
		.path = &ioapic_hop,
	};
	const struct iom_dmar_drhd drhd = {
		.flags = IOM_DMAR_INCLUDE_PCI_ALL,
		.base = vtd->address,
		.scopes = &ioapic,
		.scope_count = 1,
	};
	const struct iom_dmar_atsr atsr = { .flags = IOM_DMAR_ALL_PORTS };
	struct iom_dmar dmar = {
		.bytes = sizeof dmar,
		.address_bits = vtd->address_bits ? vtd->address_bits : DEFAULT_ADDRESS_BITS,
		.drhds = &drhd,
		.drhd_count = 1,
		.atsrs = &atsr,
	};
	struct iom_error error;
	uint64_t ecap;
	size_t bytes;

	iom_mmio_read(vtd->adapter.unit, 0, IOMMUX_VTD_ECAP, 8, &ecap);
	dmar.flags = ecap & IOMMUX_VTD_ECAP_IR ? IOM_DMAR_INTR_REMAP : 0;
	dmar.atsr_count = ecap & IOMMUX_VTD_ECAP_DT ? 1 : 0;
	iom_dmar_build(&dmar, NULL, 0, &bytes, NULL);
	g_byte_array_set_size(table, bytes);
	if (iom_dmar_build(&dmar, table->data, bytes, &bytes, &error) == IOM_OK)
		return true;
	iommux_error(errp, &error);
	return false;
}

bool iommux_vtd_dmar_add(struct iommux_vtd *vtd, Error **errp)
{
	g_autoptr(GByteArray) table = g_byte_array_new();
	g_autofree char *name = NULL;
	Error *error = NULL;
	QemuOpts *opts;
	int fd;

	if (!build(vtd, table, errp))
		return false;
	fd = qemu_memfd_create("dmar", 0, false, 0, 0, errp);
	if (fd < 0)
		return false;
	if (qemu_write_full(fd, table->data, table->len) != table->len) {
		error_setg_errno(errp, errno, "the DMAR could not be written to memory");
		close(fd);
		return false;
	}
	name = g_strdup_printf("/proc/self/fd/%d", fd);
	opts = qemu_opts_create(qemu_find_opts("acpi"), NULL, 0, &error_abort);
	qemu_opt_set(opts, "file", name, &error_abort);
	acpi_table_add(opts, &error);
	qemu_opts_del(opts);
	close(fd);
	error_propagate(errp, error);
	return !error;
}

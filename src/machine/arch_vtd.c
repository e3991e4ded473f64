/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A machine whose IOMMUs are Intel's, VT-d. */
#include "base/bits.h"
#include "machine/arch.h"
#include "pt/fmt/x86_64.h"
#include "pt/fmt/x86_64_table.h"
#include "regs/vtd.h"

#define ADDRESS_BITS 46

static const struct iom_vtd_config config = {
	.bytes = sizeof config,
	.profile = IOM_VTD_FULL,
	.address_bits = ADDRESS_BITS,
	.ats_timeout_ns = MACHINE_ATS_TIMEOUT_NS,
};

static int unit_new(struct iom_memory *memory, const struct iom_host *host, void *opaque,
                    struct iom_unit **out, struct iom_error *error)
{
	return iom_vtd_new(&config, memory, host, opaque, out, error);
}

/*
 * First stages alone: the second is the hypervisor's, and so is interrupt remapping.  Caching mode has
 * the guest tell of entries that it makes, too.
 */
static const struct iom_vtd_config guest_config = {
	.bytes = sizeof guest_config,
	.version = 0x40,
	.cap = IOM_PUT(VTD_CAP_ND, 6) | VTD_CAP_CM | VTD_CAP_DWD | VTD_CAP_DRD | VTD_CAP_FS1GP |
	       IOM_PUT(VTD_CAP_MGAW, ADDRESS_BITS - 1) | IOM_PUT(VTD_CAP_FRO, 0x40) |
	       IOM_PUT(VTD_CAP_NFR, 7) | VTD_CAP_ESRTPS,
	.ecap = VTD_ECAP_C | VTD_ECAP_QI | VTD_ECAP_PT | VTD_ECAP_SMTS | VTD_ECAP_FSTS |
	        VTD_ECAP_SMPWCS | IOM_PUT(VTD_ECAP_IRO, 0x50),
	.address_bits = ADDRESS_BITS,
};

static int guest_unit_new(struct iom_memory *memory, const struct iom_host *host, void *opaque,
                          struct iom_unit **out, struct iom_error *error)
{
	return iom_vtd_new(&guest_config, memory, host, opaque, out, error);
}

/* "Interrupt-Remapping Fault Conditions" */
static bool of_interrupt(uint32_t code)
{
	return code >> 4 == 2;
}

/* Four levels, the CPU's. */
static struct pt_root root(void)
{
	return pt_x86_64_root(0, 4, ADDRESS_BITS, 0);
}

/* Without a bit that forbids it, what can be read can be executed. */
static int map(const struct pt_pages *pages, void *ctx, const struct pt_root *made, uint64_t input,
               uint64_t output, uint64_t bytes, unsigned perm, unsigned memory_type)
{
	return pt_x86_64_map(pages, ctx, made, input, output, bytes, perm | PT_X, memory_type);
}

static const struct machine_tables tables = {
	.format = IOM_FORMAT_X86_4LEVEL,
	.root = root,
	.map = map,
	.unmap = pt_x86_64_unmap,
	.lookup = pt_x86_64_lookup,
	.release = pt_x86_64_release,
	.free = pt_x86_64_free,
};

const struct machine_arch machine_vtd = {
	.name = "vtd",
	.summary = "Intel VT-d",
	.unit_new = unit_new,
	.guest_unit_new = guest_unit_new,
	.vtd = { &config, &guest_config },
	.driver_new = iom_driver_vtd,
	.of_interrupt = of_interrupt,
	.tables = &tables,
	.interrupts = &x86_interrupts,
	.requester_last = 0xffff,
};

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Finds a RISC-V IOMMU and sets it going, and the way back ("Software guidelines", "Guidelines for
 * initialization").  The writes come in the order in which Linux makes them.
 */
#include "os/drv/riscv/riscv.h"

#define MAJOR IOM_MASK(7, 4) /* of capabilities.version */

_Static_assert(sizeof(struct rvd_driver) <= IOM_PAGE, "a driver takes one page");

void *rvd_alloc(struct rvd_driver *d, size_t bytes, uint64_t *phys)
{
	unsigned pas = (unsigned)IOM_GET(RV_CAP_PAS, d->cap);
	void *memory = iom_os_alloc(&d->base, bytes, phys);

	if (memory && *phys & ~iom_low(pas)) {
		iom_os_free(&d->base, memory, *phys, bytes);
		return NULL;
	}
	return memory;
}

int rvd_wait_clear(struct rvd_driver *d, uint64_t off, unsigned size, uint64_t mask, uint64_t ns,
                   uint64_t *val)
{
	uint64_t since = rvd_now(d);

	for (;;) {
		bool late = rvd_now(d) - since > ns;

		*val = size == 8 ? rvd_rd64(d, off) : rvd_rd32(d, off);
		if (!(*val & mask))
			return IOM_OK;
		if (late)
			return IOM_ETIMEOUT;
		rvd_relax(d);
	}
}

/* Writes ddtp and waits for the change.  *mode: what hardware made of it. */
static int ddtp_change(struct rvd_driver *d, unsigned mode, uint64_t root, unsigned *now)
{
	uint64_t val;
	int err;

	rvd_wr64(d, RV_DDTP, IOM_PUT(RV_DDTP_MODE, mode) | IOM_PUT(RV_DDTP_PPN, root >> 12));
	err = rvd_wait_clear(d, RV_DDTP, 8, RV_DDTP_BUSY, RV_DDTP_NS, &val);
	*now = (unsigned)IOM_GET(RV_DDTP_MODE, val);
	if (!err && *now == mode && root && IOM_GET(RV_DDTP_PPN, val) != root >> 12)
		return IOM_EIO;
	return err;
}

/*
 * Hardware may accept fctl in Bare, or in Off alone ("Features-control register").  Going to Off
 * takes nothing from anybody: soon only devices with a domain will pass.
 */
bool rvd_fctl_change(struct rvd_driver *d, uint64_t set, uint64_t clear)
{
	uint32_t was = rvd_rd32(d, RV_FCTL);
	uint32_t want = (uint32_t)((was | set) & ~clear);
	unsigned mode;

	if (rvd_gone(was))
		return false;
	if (was == want)
		return true;
	rvd_wr32(d, RV_FCTL, want);
	if (rvd_rd32(d, RV_FCTL) == want)
		return true;
	if (d->reset_mode == RV_DDTP_OFF || ddtp_change(d, RV_DDTP_OFF, 0, &mode))
		return false;
	rvd_wr32(d, RV_FCTL, want);
	return rvd_rd32(d, RV_FCTL) == want;
}

/* The CPU's byte order everywhere. */
static int byte_order(struct rvd_driver *d, struct iom_error *error)
{
	bool big = rvd_rd32(d, RV_FCTL) & RV_FCTL_BE;

	if (big != RV_CPU_IS_BIG &&
	    (!(d->cap & RV_CAP_END) ||
	     !rvd_fctl_change(d, RV_CPU_IS_BIG ? RV_FCTL_BE : 0, RV_CPU_IS_BIG ? 0 : RV_FCTL_BE)))
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU is fixed to %s-endian structures, the CPU is not",
		                big ? "big" : "little");
	return IOM_OK;
}

static int identify(struct rvd_driver *d, struct iom_error *error)
{
	uint64_t ddtp;

	d->cap = rvd_rd64(d, RV_CAP);
	if (IOM_GET(MAJOR, d->cap) != IOM_GET(MAJOR, RV_CAP_VERSION_1_0))
		return iom_fail(error, IOM_ENOTSUP,
		                "capabilities.version is 0x%llx; this driver knows 0x10 to 0x1f",
		                (unsigned long long)IOM_GET(RV_CAP_VERSION, d->cap));
	ddtp = rvd_rd64(d, RV_DDTP);
	d->reset_mode = (uint8_t)IOM_GET(RV_DDTP_MODE, ddtp);
	if (ddtp & RV_DDTP_BUSY || d->reset_mode > RV_DDTP_BARE)
		return iom_fail(error, IOM_EBUSY,
		                "ddtp is 0x%llx: the IOMMU is in use; it must be idle, Off or Bare",
		                (unsigned long long)ddtp);

	d->extended = d->cap & RV_CAP_MSI_FLAT;
	d->pdt_levels = d->cap & RV_CAP_PD20   ? 3
	                : d->cap & RV_CAP_PD17 ? 2
	                : d->cap & RV_CAP_PD8  ? 1
	                                       : 0;
	d->pscids.limit = 1u << 20;
	d->gscids.limit = 1u << 16;
	return IOM_OK;
}

/* Hands the directory over, with as many levels as hardware takes. */
static int directory_on(struct rvd_driver *d, struct iom_error *error)
{
	unsigned mode, now;
	int err;

	for (mode = RV_DDTP_3LVL; mode >= RV_DDTP_1LVL; mode--) {
		d->ddt_levels = (uint8_t)(mode - RV_DDTP_1LVL + 1);
		err = ddtp_change(d, mode, d->ddt_phys, &now);
		if (err)
			return iom_fail(error, err, "ddtp did not take mode %u with root 0x%llx",
			                mode, (unsigned long long)d->ddt_phys);
		if (now == mode)
			return IOM_OK;
		if (now > RV_DDTP_BARE)
			break;
	}
	return iom_fail(error, IOM_EIO, "ddtp reads mode %u; none of 4, 3, 2 was taken", now);
}

static int forget_everything(struct rvd_driver *d)
{
	rvd_inval_ddt_all(d);
	rvd_inval_vma_all(d);
	if (d->stage2.mode)
		rvd_inval_gvma_all(d);
	return rvd_fence(d);
}

/*
 * Back to Off or Bare.  From a directory only the way to Off is defined ("Device-directory-table
 * pointer").  Memory that hardware will not let go of stays with it.  May be repeated from wherever it
 * ended: the command queue may be off already.
 */
static int shut(struct rvd_driver *d, unsigned mode)
{
	const struct iom_requesters *devices = &d->base.devices;
	unsigned now = (unsigned)IOM_GET(RV_DDTP_MODE, rvd_rd64(d, RV_DDTP));
	int err = IOM_OK;
	uint32_t n;

	if (now > RV_DDTP_BARE)
		err = ddtp_change(d, RV_DDTP_OFF, 0, &now);
	if (!err && now != mode)
		err = ddtp_change(d, mode, 0, &now);
	if (!err && now != mode)
		err = IOM_EIO;
	if (!err && d->ddt && !d->forgotten)
		err = forget_everything(d);
	if (err)
		return err;
	d->forgotten = true;
	err = rvd_queues_off(d);
	if (err)
		return err;
	for (n = 0; n < devices->count; n++)
		if (devices->place[n].what)
			rvd_pdt_free(d, devices->place[n].what);
	rvd_ddt_free(d);
	iom_ids_free(&d->base, &d->pscids);
	iom_ids_free(&d->base, &d->gscids);
	return IOM_OK;
}

/* The order of Linux: nothing passes any more, nothing is remembered, nothing is written. */
static int rvd_remove(struct iom_driver *driver)
{
	return shut(rvd_of(driver), RV_DDTP_OFF);
}

static const struct iom_driver_ops rvd_ops = {
	.domain_init = rvd_domain_init,
	.domain_fini = rvd_domain_fini,
	.prepare = rvd_prepare,
	.attach = rvd_attach,
	.detach = rvd_detach,
	.map = rvd_map,
	.unmap = rvd_unmap,
	.lookup = rvd_lookup,
	.release = rvd_release,
	.flush = rvd_flush,
	.nested_init = rvd_nested_init,
	.forget = rvd_forget,
	.msi_init = rvd_msi_init,
	.msi_put = rvd_msi_put,
	.allow = rvd_allow,
	.respond = rvd_respond,
	.process_init = rvd_process_init,
	.prepare_pasid = rvd_prepare_pasid,
	.attach_pasid = rvd_attach_pasid,
	.detach_pasid = rvd_detach_pasid,
	.interrupt = rvd_interrupt,
	.remove = rvd_remove,
};

static int start(struct rvd_driver *d, const struct iom_driver_config *config,
                 struct iom_error *error)
{
	int err;

	err = rvd_interrupts_kind(d, config, error);
	if (!err)
		err = byte_order(d, error);
	if (!err)
		err = rvd_schemes(d, error);
	if (!err)
		err = rvd_interrupts_vectors(d, error);
	if (!err)
		err = rvd_queues_on(d, error);
	if (err)
		return err;
	if (rvd_ddt_new(d))
		return iom_fail(error, IOM_ENOMEM, "no memory for the device directory's root");
	err = directory_on(d, error);
	if (err)
		return err;
	err = forget_everything(d);
	if (err)
		iom_fail(error, err, "the command queue did not carry out the first invalidation");
	return err;
}

/* The directory's depth shows only when it is handed over, so that nothing can be prepared before. */
static int judge(const struct iom_driver_config *config, struct iom_error *error)
{
	if (config->held)
		return iom_fail(error, IOM_ENOTSUP,
		                "config.held: a RISC-V IOMMU translates from the beginning");
	if (config->interrupts)
		return iom_fail(error, IOM_ENOTSUP,
		                "config.interrupts: a RISC-V IOMMU remaps no interrupts");
	if (config->msi_address & ~RV_MSI_ADDR_ADDR)
		return iom_fail(error, IOM_EINVAL,
		                "config.msi_address 0x%llx must be a multiple of 4 below 2^56",
		                (unsigned long long)config->msi_address);
	return IOM_OK;
}

int iom_driver_riscv(const struct iom_driver_config *config, const struct iom_os_host *host,
                     void *opaque, struct iom_driver **out, struct iom_error *error)
{
	struct iom_driver *driver;
	struct rvd_driver *d;
	int err;

	err = iom_driver_new(&config, host, opaque, &driver, error);
	if (err)
		return err;
	driver->ops = &rvd_ops;
	d = rvd_of(driver);
	err = judge(config, error);
	if (!err)
		err = identify(d, error);
	if (!err) {
		err = start(d, config, error);
		/* Once hardware has been asked, only hardware that let go lets memory be reused. */
		if (err && shut(d, d->reset_mode))
			return err;
	}
	if (err) {
		iom_driver_drop(driver);
		return err;
	}
	*out = driver;
	iom_succeed(error);
	return IOM_OK;
}

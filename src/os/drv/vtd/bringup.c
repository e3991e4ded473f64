/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Finds a VT-d remapping unit and sets it going, and the way back ("Register Descriptions"; "Software
 * Considerations").  The writes come in the order in which Linux makes them.
 */
#include "os/drv/vtd/vtd.h"

/* What stays on while GCMD changes something else ("Global Command Register"). */
#define LEVELS ((uint32_t)(VTD_G_TE | VTD_G_QIE | VTD_G_IRE | VTD_G_CFI))

/* Register-based invalidation exists before this version. */
#define MAJOR_QUEUE_ONLY 6

#define PASID_BITS_MAX 20u
#define DID_BITS_MAX 16u

_Static_assert(sizeof(struct vtdd_driver) <= IOM_PAGE, "a driver takes one page");

void *vtdd_alloc(struct vtdd_driver *d, size_t bytes, uint64_t *phys)
{
	void *memory = iom_os_alloc(&d->base, bytes, phys);

	if (memory && (*phys + bytes - 1) & ~iom_low(vtdd_address_bits(d))) {
		iom_os_free(&d->base, memory, *phys, bytes);
		return NULL;
	}
	if (memory && (d->flush_config || d->flush_tables))
		d->base.host.flush(d->base.opaque, memory, bytes);
	return memory;
}

/* ---- Commands ------------------------------------------------------------------------------ */

int vtdd_wait(struct vtdd_driver *d, uint64_t off, unsigned size, uint64_t mask, uint64_t want,
              uint64_t *val)
{
	uint64_t since = vtdd_now(d);

	for (;;) {
		bool late = vtdd_now(d) - since > VTDD_COMMAND_NS;

		*val = size == 8 ? vtdd_rd64(d, off) : vtdd_rd32(d, off);
		if (*val == (size == 8 ? UINT64_MAX : UINT32_MAX))
			return IOM_EIO;
		if ((*val & mask) == want)
			return IOM_OK;
		if (late)
			return IOM_ETIMEOUT;
		vtdd_relax(d);
	}
}

/* One command at a time: GSTS shows the one before. */
static int command(struct vtdd_driver *d, uint32_t set, uint32_t clear, uint32_t mask,
                   uint32_t want)
{
	uint32_t now = vtdd_rd32(d, VTD_GSTS);
	uint64_t val;

	if (vtdd_gone(now))
		return IOM_EIO;
	vtdd_wr32(d, VTD_GCMD, ((now & LEVELS) | set) & ~clear);
	return vtdd_wait(d, VTD_GSTS, 4, mask, want, &val);
}

int vtdd_global(struct vtdd_driver *d, uint32_t bit, bool on)
{
	return command(d, on ? bit : 0, on ? 0 : bit, bit, on ? bit : 0);
}

int vtdd_write_buffer(struct vtdd_driver *d)
{
	if (!(d->cap & VTD_CAP_RWBF))
		return IOM_OK;
	return command(d, VTD_G_WBF, 0, VTD_G_WBF, 0);
}

/* ---- What there is --------------------------------------------------------------------------- */

/* The deepest tables: bit n of SAGAW is n + 2 levels. */
static uint8_t ss_levels(uint64_t cap)
{
	unsigned sagaw = (unsigned)IOM_GET(VTD_CAP_SAGAW, cap), aw;

	for (aw = VTD_AW_57; aw >= VTD_AW_39; aw--)
		if (sagaw >> aw & 1)
			return (uint8_t)(aw + 2);
	return 0;
}

/* How many bits a domain-id has; the number 7 is reserved. */
static unsigned did_bits(uint64_t cap)
{
	unsigned bits = 4 + 2 * (unsigned)IOM_GET(VTD_CAP_ND, cap);

	return bits < DID_BITS_MAX ? bits : DID_BITS_MAX;
}

static unsigned pasid_bits(uint64_t ecap)
{
	unsigned bits = (unsigned)IOM_GET(VTD_ECAP_PSS, ecap) + 1;

	if (!(ecap & VTD_ECAP_PASID))
		return 0;
	return bits < PASID_BITS_MAX ? bits : PASID_BITS_MAX;
}

/*
 * Pass-through wants the widest.  Without a second stage AW is reserved, but not where version 1 has
 * scalable mode: QEMU's unit then takes it for the width of the first stage.
 */
static uint8_t idle_aw(const struct vtdd_driver *d)
{
	bool used = d->ecap & VTD_ECAP_SSTS || d->major == 1;

	return used && ss_levels(d->cap) ? (uint8_t)vtdd_aw(ss_levels(d->cap)) : 0;
}

/* Scalable mode is taken if it has tables. */
static void choose(struct vtdd_driver *d)
{
	bool queue = d->ecap & VTD_ECAP_QI;

	d->ss_levels = ss_levels(d->cap);
	d->wide = queue && d->ecap & VTD_ECAP_SMTS;
	d->scalable =
		d->wide && (d->ecap & VTD_ECAP_FSTS || (d->ecap & VTD_ECAP_SSTS && d->ss_levels));
	if (d->scalable) {
		if (!(d->ecap & VTD_ECAP_SSTS))
			d->ss_levels = 0;
		if (d->ecap & VTD_ECAP_FSTS)
			d->fs_levels = d->cap & VTD_CAP_FS5LP ? 5 : 4;
		d->idle_aw = idle_aw(d);
		d->pasid_bits = (uint8_t)pasid_bits(d->ecap);
	}
	if (d->base.host.flush) {
		d->flush_config = !(d->ecap & VTD_ECAP_C);
		d->flush_tables = d->scalable ? !(d->ecap & VTD_ECAP_SMPWCS) : d->flush_config;
	}
	d->dids.limit = (uint32_t)IOM_BIT(did_bits(d->cap));
}

static int identify(struct vtdd_driver *d, struct iom_error *error)
{
	uint32_t version = vtdd_rd32(d, VTD_VER);

	d->cap = vtdd_rd64(d, VTD_CAP);
	d->ecap = vtdd_rd64(d, VTD_ECAP);
	/* All three have bits that are reserved. */
	if (vtdd_gone(version) || d->cap == UINT64_MAX || d->ecap == UINT64_MAX)
		return iom_fail(error, IOM_ENOTSUP,
		                "VER, CAP or ECAP reads as all ones; is there a remapping unit?");
	d->major = (uint8_t)IOM_GET(VTD_VER_MAJOR, version);
	if (!d->major)
		return iom_fail(error, IOM_ENOTSUP,
		                "VER is 0x%llx; this driver knows versions from 1.0 on",
		                (unsigned long long)version);
	choose(d);
	if (!d->ss_levels && !d->fs_levels)
		return iom_fail(error, IOM_ENOTSUP,
		                "the unit has no page tables (CAP 0x%llx, ECAP 0x%llx)",
		                (unsigned long long)d->cap, (unsigned long long)d->ecap);
	if (!(d->ecap & VTD_ECAP_QI) && d->major >= MAJOR_QUEUE_ONLY)
		return iom_fail(error, IOM_ENOTSUP,
		                "the unit, of version %u, has no way to invalidate: ECAP.QI is 0",
		                d->major);
	return IOM_OK;
}

/* ---- On -------------------------------------------------------------------------------------- */

/* Firmware, or the kernel before us, may have left everything running. */
static int take_over(struct vtdd_driver *d, struct iom_error *error)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} levels[] = { { (uint32_t)VTD_G_IRE, "IRES" }, { (uint32_t)VTD_G_TE, "TES" } };
	uint32_t was = vtdd_rd32(d, VTD_GSTS);
	size_t n;
	int err;

	vtdd_interrupts_off(d);
	(void)vtdd_faults(d, false);
	if (was & VTD_G_QIE) {
		err = vtdd_queue_leave(d);
		if (err)
			return iom_fail(error, err, "the queue that was on did not stop");
	}
	for (n = 0; n < IOM_COUNT(levels); n++) {
		err = was & levels[n].bit ? vtdd_global(d, levels[n].bit, false) : IOM_OK;
		if (err)
			return iom_fail(error, err, "GSTS.%s did not become 0", levels[n].name);
	}
	return IOM_OK;
}

static int root_on(struct vtdd_driver *d, struct iom_error *error)
{
	uint64_t root = d->root_phys |
	                IOM_PUT(VTD_RTADDR_TTM, d->scalable ? VTD_TTM_SCALABLE : VTD_TTM_LEGACY);
	int err = vtdd_write_buffer(d);

	if (err)
		return iom_fail(error, err, "GSTS.WBFS did not become 0");
	vtdd_wr64(d, VTD_RTADDR, root);
	if (vtdd_rd64(d, VTD_RTADDR) != root)
		return iom_fail(error, IOM_EIO, "RTADDR reads 0x%llx, not 0x%llx",
		                (unsigned long long)vtdd_rd64(d, VTD_RTADDR),
		                (unsigned long long)root);
	err = vtdd_global(d, (uint32_t)VTD_G_RTP, true);
	if (err)
		return iom_fail(error, err, "GSTS.RTPS did not become 1");
	if (d->cap & VTD_CAP_ESRTPS)
		return IOM_OK;
	vtdd_inval_everything(d);
	err = vtdd_fence(d);
	return err ? iom_fail(error, err, "the unit did not carry out the first invalidation")
	           : IOM_OK;
}

/* Firmware's protection of memory ends when translation protects it. */
static int protection_off(struct vtdd_driver *d)
{
	uint64_t val;

	if (!(d->cap & (VTD_CAP_PLMR | VTD_CAP_PHMR)) ||
	    !(vtdd_rd32(d, VTD_PMEN) & (VTD_PMEN_EPM | VTD_PMEN_PRS)))
		return IOM_OK;
	vtdd_wr32(d, VTD_PMEN, 0);
	return vtdd_wait(d, VTD_PMEN, 4, VTD_PMEN_PRS, 0, &val);
}

static int vtdd_start(struct iom_driver *driver)
{
	struct vtdd_driver *d = vtdd_of(driver);
	int err;

	if (d->started && vtdd_rd32(d, VTD_GSTS) & VTD_G_TE)
		return IOM_OK;
	d->started = d->known = true;
	err = vtdd_global(d, (uint32_t)VTD_G_TE, true);
	return err ? err : protection_off(d);
}

/* ---- Off ------------------------------------------------------------------------------------- */

/*
 * Memory that hardware will not let go of stays with it.  May be repeated from wherever it ended: the
 * queue may be off already.
 */
static int vtdd_remove(struct iom_driver *driver)
{
	struct vtdd_driver *d = vtdd_of(driver);
	int err = IOM_OK;

	if (d->started)
		err = vtdd_global(d, (uint32_t)VTD_G_TE, false);
	if (err)
		return err;
	d->started = false;
	vtdd_interrupts_off(d);
	if (d->known) {
		vtdd_inval_everything(d);
		err = vtdd_fence(d);
	}
	if (!err)
		err = vtdd_remapping_off(d);
	if (err)
		return err;
	d->known = false;
	err = vtdd_queues_off(d);
	if (err)
		return err;
	vtdd_root_free(d);
	iom_ids_free(&d->base, &d->dids);
	return IOM_OK;
}

static const struct iom_driver_ops vtdd_ops = {
	.domain_init = vtdd_domain_init,
	.domain_fini = vtdd_domain_fini,
	.prepare = vtdd_prepare,
	.attach = vtdd_attach,
	.detach = vtdd_detach,
	.map = vtdd_map,
	.unmap = vtdd_unmap,
	.lookup = vtdd_lookup,
	.release = vtdd_release,
	.flush = vtdd_flush,
	.nested_init = vtdd_nested_init,
	.forget = vtdd_forget,
	.allow = vtdd_allow,
	.respond = vtdd_respond,
	.process_init = vtdd_process_init,
	.prepare_pasid = vtdd_prepare_pasid,
	.attach_pasid = vtdd_attach_pasid,
	.detach_pasid = vtdd_detach_pasid,
	.interrupt_own = vtdd_interrupt_own,
	.interrupt_set = vtdd_interrupt_set,
	.interrupt_off = vtdd_interrupt_off,
	.interrupt_message = vtdd_interrupt_message,
	.interrupt_ioapic = vtdd_interrupt_ioapic,
	.start = vtdd_start,
	.interrupt = vtdd_interrupt,
	.remove = vtdd_remove,
};

/* Number 1 is the first that is given out. */
static int reserve_did(struct vtdd_driver *d)
{
	uint32_t did;

	return iom_ids_take(&d->base, &d->dids, &did);
}

static int bring_up(struct vtdd_driver *d, const struct iom_driver_config *config,
                    struct iom_error *error)
{
	int err = take_over(d, error);

	if (!err)
		err = vtdd_queues_on(d, error);
	if (!err)
		err = vtdd_remapping_on(d, config, error);
	if (err)
		return err;
	if (reserve_did(d) || vtdd_root_new(d))
		return iom_fail(error, IOM_ENOMEM, "no memory for domain-ids and the root table");
	err = root_on(d, error);
	if (err)
		return err;
	vtdd_interrupts_on(d, config);
	if (config->held)
		return IOM_OK;
	err = vtdd_start(&d->base);
	return err ? iom_fail(error, err, "GSTS.TES did not become 1, or PMEN.PRS not 0") : IOM_OK;
}

int iom_driver_vtd(const struct iom_driver_config *config, const struct iom_os_host *host,
                   void *opaque, struct iom_driver **out, struct iom_error *error)
{
	struct iom_driver *driver;
	struct vtdd_driver *d;
	int err;

	err = iom_driver_new(&config, host, opaque, &driver, error);
	if (err)
		return err;
	driver->ops = &vtdd_ops;
	d = vtdd_of(driver);
	err = identify(d, error);
	if (!err)
		err = vtdd_interrupts_judge(d, config, error);
	if (!err)
		err = vtdd_remapping_judge(d, config, error);
	if (!err) {
		err = bring_up(d, config, error);
		/* Once hardware has been asked, only hardware that let go lets memory be reused. */
		if (err && vtdd_remove(driver))
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

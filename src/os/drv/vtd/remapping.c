/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Interrupt remapping: the table, its entries, and what must be sent to use them ("Interrupt
 * Remapping", "Interrupt Posting").  Each entry accepts one source-id.
 */
#include "os/drv/vtd/vtd.h"

#define QUADWORDS (VTD_IRTE_BYTES / sizeof(uint64_t))
#define CPUS_XAPIC 0x100u /* how many APIC IDs of 8 bits there are */

static bool x2apic(const struct vtdd_driver *d)
{
	return d->ecap & VTD_ECAP_EIM;
}

/* ---- On and off ------------------------------------------------------------------------------- */

int vtdd_remapping_judge(struct vtdd_driver *d, const struct iom_driver_config *config,
                         struct iom_error *error)
{
	if (config->interrupts && (!(d->ecap & VTD_ECAP_IR) || !(d->ecap & VTD_ECAP_QI)))
		return iom_fail(error, IOM_ENOTSUP,
		                "config.interrupts is %u, but the unit remaps none: it must be 0 "
		                "(ECAP 0x%llx)",
		                (unsigned)config->interrupts, (unsigned long long)d->ecap);
	return IOM_OK;
}

static int memory_new(struct vtdd_driver *d, uint32_t count)
{
	size_t bytes = (size_t)count * VTD_IRTE_BYTES;

	if (iom_interrupts_new(&d->base, count))
		return IOM_ENOMEM;
	d->irt_bytes = bytes < IOM_PAGE ? IOM_PAGE : bytes;
	d->irt = vtdd_alloc(d, d->irt_bytes, &d->irt_phys);
	return d->irt ? IOM_OK : IOM_ENOMEM;
}

/* It also brings the table to memory (CAP.RWBF), and ends when all that was posted has arrived. */
static int forget_all(struct vtdd_driver *d)
{
	vtdd_submit(d, VTD_QI_IEC, 0);
	return vtdd_fence(d);
}

static int table_on(struct vtdd_driver *d, uint32_t count, struct iom_error *error)
{
	uint64_t irta = d->irt_phys | (x2apic(d) ? VTD_IRTA_EIME : 0) |
	                IOM_PUT(VTD_IRTA_S, iom_log2(count) - 1);
	int err;

	vtdd_wr64(d, VTD_IRTA, irta);
	if (vtdd_rd64(d, VTD_IRTA) != irta)
		return iom_fail(error, IOM_EIO, "IRTA reads 0x%llx, not 0x%llx",
		                (unsigned long long)vtdd_rd64(d, VTD_IRTA),
		                (unsigned long long)irta);
	err = vtdd_global(d, (uint32_t)VTD_G_IRTP, true);
	if (err)
		return iom_fail(error, err, "GSTS.IRTPS did not become 1");
	err = forget_all(d);
	return err ? iom_fail(error, err, "the unit did not forget its entries of interrupts")
	           : IOM_OK;
}

/* From then on messages in compatibility format are refused, whatever firmware had let pass. */
int vtdd_remapping_on(struct vtdd_driver *d, const struct iom_driver_config *config,
                      struct iom_error *error)
{
	int err;

	if (!config->interrupts)
		return IOM_OK;
	err = memory_new(d, config->interrupts);
	if (err)
		return iom_fail(error, err, "no memory for the table of %u interrupts",
		                (unsigned)config->interrupts);
	err = table_on(d, config->interrupts, error);
	if (err)
		return err;
	err = vtdd_global(d, (uint32_t)VTD_G_IRE, true);
	if (err)
		return iom_fail(error, err, "GSTS.IRES did not become 1");
	if (vtdd_rd32(d, VTD_GSTS) & VTD_G_CFI)
		err = vtdd_global(d, (uint32_t)VTD_G_CFI, false);
	return err ? iom_fail(error, err, "GSTS.CFIS did not become 0") : IOM_OK;
}

int vtdd_remapping_off(struct vtdd_driver *d)
{
	int err;

	if (!d->irt)
		return IOM_OK;
	err = vtdd_global(d, (uint32_t)VTD_G_IRE, false);
	if (!err)
		err = forget_all(d);
	if (err)
		return err;
	iom_os_free(&d->base, d->irt, d->irt_phys, d->irt_bytes);
	d->irt = NULL;
	return IOM_OK;
}

/* ---- Entries ---------------------------------------------------------------------------------- */

static uint64_t *entry_of(struct vtdd_driver *d, uint32_t index)
{
	return d->irt + (size_t)index * QUADWORDS;
}

static void put(struct vtdd_driver *d, uint64_t *word, uint64_t val)
{
	vtdd_put(word, val);
	vtdd_stored(d, word, 1);
}

/* Both halves in one store, which the CPU may not have.  Nobody else changes an entry. */
#ifdef __x86_64__
static bool put_whole(struct vtdd_driver *d, uint64_t *entry, const uint64_t *words)
{
	uint64_t was[QUADWORDS] = { entry[0], entry[1] };
	bool done;

	/* Compilers call a library for it, unless told that all CPUs of the program have it. */
	__asm__ volatile("lock cmpxchg16b (%[entry])"
	                 : "+a"(was[0]), "+d"(was[1]), "=@ccz"(done)
	                 : [entry] "r"(entry), "b"(words[0]), "c"(words[1])
	                 : "memory");
	vtdd_stored(d, entry, QUADWORDS);
	return done;
}
#else
static bool put_whole(struct vtdd_driver *d, uint64_t *entry, const uint64_t *words)
{
	(void)d, (void)entry, (void)words;
	return false;
}
#endif

/*
 * Hardware reads an entry in one piece: it finds the old one, the new one, or, if need be, one that
 * is not present.  The second half changes only with a descriptor's upper address.
 */
static void store(struct vtdd_driver *d, uint64_t *entry, const uint64_t *words)
{
	if (vtdd_get(entry + 1) != words[1]) {
		if (vtdd_get(entry) & VTD_IRTE_P && put_whole(d, entry, words))
			return;
		put(d, entry, 0);
		put(d, entry + 1, words[1]);
	}
	put(d, entry, words[0]);
}

/* `count` entries, a power of two, from a multiple of it on. */
static int forget(struct vtdd_driver *d, uint32_t first, unsigned count)
{
	unsigned lg2 = iom_log2(count), most = (unsigned)IOM_GET(VTD_ECAP_MHMV, d->ecap);
	uint32_t index;

	if (lg2 > most)
		lg2 = most;
	for (index = first; index < first + count; index += 1u << lg2)
		vtdd_submit(d,
		            VTD_QI_IEC | VTD_QI_IEC_G | IOM_PUT(VTD_QI_IEC_IM, lg2) |
		                    IOM_PUT(VTD_QI_IEC_IIDX, index),
		            0);
	return vtdd_fence(d);
}

/* Nothing needs to be forgotten: it was when the entries were turned off. */
int vtdd_interrupt_own(struct iom_driver *driver, uint32_t requester, uint32_t first,
                       unsigned count)
{
	struct vtdd_driver *d = vtdd_of(driver);
	uint64_t source = IOM_PUT(VTD_IRTE_1_SVT, VTD_SVT_SID) | requester;
	uint32_t index;

	if (requester & ~VTD_IRTE_1_SID)
		return IOM_EINVAL;
	for (index = first; index < first + count; index++)
		put(d, entry_of(d, index) + 1, source);
	return IOM_OK;
}

static void encode_remapped(const struct vtdd_driver *d, const struct iom_interrupt_target *target,
                            uint64_t *words)
{
	words[0] |= IOM_PUT(x2apic(d) ? VTD_IRTE_DST : VTD_IRTE_DST_XAPIC, target->cpu) |
	            (target->level ? VTD_IRTE_TM : 0);
}

static void encode_posted(const struct iom_interrupt_target *target, uint64_t *words)
{
	words[0] |= VTD_IRTE_IM | (target->urgent ? VTD_IRTE_URG : 0) |
	            IOM_PUT(VTD_IRTE_PDAL, (uint32_t)target->descriptor >> 6);
	words[1] |= IOM_PUT(VTD_IRTE_1_PDAH, target->descriptor >> 32);
}

static int judge(const struct vtdd_driver *d, const struct iom_interrupt_target *target)
{
	if (!target->descriptor)
		return x2apic(d) || target->cpu < CPUS_XAPIC ? IOM_OK : IOM_EINVAL;
	if (!(d->cap & VTD_CAP_PI))
		return IOM_ENOTSUP;
	return target->descriptor & ~iom_low(vtdd_address_bits(d)) ? IOM_EINVAL : IOM_OK;
}

/* Of both formats the second half says who may send. */
int vtdd_interrupt_set(struct iom_driver *driver, uint32_t index,
                       const struct iom_interrupt_target *target)
{
	struct vtdd_driver *d = vtdd_of(driver);
	uint64_t *entry = entry_of(d, index);
	uint64_t words[QUADWORDS] = {
		VTD_IRTE_P | IOM_PUT(VTD_IRTE_V, target->vector),
		vtdd_get(entry + 1) & (VTD_IRTE_1_SID | VTD_IRTE_1_SVT),
	};
	int err = judge(d, target);

	if (err)
		return err;
	if (target->descriptor)
		encode_posted(target, words);
	else
		encode_remapped(d, target, words);
	store(d, entry, words);
	return forget(d, index, 1);
}

int vtdd_interrupt_off(struct iom_driver *driver, uint32_t first, unsigned count)
{
	struct vtdd_driver *d = vtdd_of(driver);
	uint32_t index;

	for (index = first; index < first + count; index++)
		put(d, entry_of(d, index), 0);
	return forget(d, first, count);
}

/* ---- Messages --------------------------------------------------------------------------------- */

/*
 * What was allocated together has one address, and data that count from 0: that is what a device with
 * plain MSI, which knows one address and adds to the data, can send.
 */
struct iom_interrupt_message vtdd_interrupt_message(uint32_t first, uint32_t index)
{
	return (struct iom_interrupt_message){
		.address = VTD_INTERRUPT_RANGE | VTD_MSI_REMAPPABLE | VTD_MSI_SHV |
		           IOM_PUT(VTD_MSI_HANDLE, first) | (first >> 15 ? VTD_MSI_HANDLE_15 : 0),
		.data = index - first,
	};
}

uint64_t vtdd_interrupt_ioapic(uint32_t index, uint8_t vector, bool level, bool active_low)
{
	return VTD_RTE_REMAPPABLE | IOM_PUT(VTD_RTE_INDEX, index) |
	       (index >> 15 ? VTD_RTE_INDEX_15 : 0) | (level ? VTD_RTE_LEVEL : 0) |
	       (active_low ? VTD_RTE_ACTIVE_LOW : 0) | IOM_PUT(VTD_RTE_V, vector);
}

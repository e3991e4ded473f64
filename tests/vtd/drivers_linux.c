/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Linux's start-up, suspend and resume; what they set up has to work. */
#include "driver.h"

#define SID 0x0123
#define OTHER 0x01a3
#define THIRD 0x0200
#define IOVA 0x12345000ull
#define HERE 0x1111111000ull
#define THERE 0x2222222000ull

static struct rig *of_profile(uint32_t profile)
{
	const struct iom_vtd_config config = { .profile = profile };

	return rig_new_config(&config);
}

/* A message of a device through the table, as Linux fills it: fixed, edge, source verified. */
static void interrupt_works(struct driver *d, unsigned index, bool x2apic)
{
	struct rig *r = d->r;
	unsigned was = r->msis, reason = 0;

	put64(r, d->irt + 16ull * index + 8, SID | 1u << 18);
	put64(r, d->irt + 16ull * index,
	      (x2apic ? 0x1234ull : 0x3400ull) << 32 | 0x41 << 16 | 1 << 3 | 1);
	driver_flush(d, 4 | 1 << 4 | (uint64_t)index << 32, 0);
	CHECK_EQ(rig_msi(r, SID, 0xfee00018 | (index & 0x7fff) << 5 | index >> 15 << 2, 0, NULL),
	         IOM_OK);
	CHECK_EQ(r->msis, was + 1);
	CHECK_EQ(r->msi[was].address & ~0xfffull, x2apic ? 0x1200fee34000 : 0xfee34000);
	CHECK_EQ(r->msi[was].data & 0xff, 0x41);
	CHECK_EQ(rig_msi(r, OTHER, 0xfee00018 | (index & 0x7fff) << 5 | index >> 15 << 2, 0,
	                 &reason),
	         IOM_EFAULT);
	CHECK_EQ(reason, 0x26);
	driver_faults(d);
	CHECK_EQ(d->fault.reason, 0x26);
	CHECK_EQ(d->fault.info >> 48, index);
	CHECK_EQ(d->fault.sid, OTHER);
	CHECK_EQ(rd32(r, FSTS) & 0xff, 0);
}

TEST(linux_turns_interrupt_remapping_on, "VTD-DRV-01")
{
	uint32_t profile;
	unsigned x2apic;

	for (profile = IOM_VTD_LEGACY; profile <= IOM_VTD_FULL; profile++)
		for (x2apic = 0; x2apic < 2; x2apic++) {
			struct rig *r = of_profile(profile);
			struct driver d;

			driver_init(&d, r);
			driver_interrupts(&d, x2apic);
			CHECK_EQ(rd32(r, GSTS), QIE | IRE | SIRTP);
			interrupt_works(&d, 5, x2apic);
			interrupt_works(&d, 0xffff, x2apic);
			CHECK_EQ(d.faults, 2);
			rig_free(r);
		}
}

/* Firmware left a queue, remapping, compatibility format, and more faults than there are records. */
TEST(linux_takes_over_from_firmware, "VTD-DRV-01 VTD-DRV-02")
{
	struct rig *r = rig_new_caps(CAP_ALL | CAP_PLMR | CAP_PHMR, ECAP_ALL);
	struct driver d;
	unsigned i;

	rig_queue(r, 0, false);
	rig_irt(r, 7, false);
	rig_gcmd(r, CFI, true);
	wr32(r, PLMLIMIT, 0x7fe00000);
	wr32(r, PMEN, 1u << 31);
	rig_on(r, TTM_LEGACY);
	for (i = 0; i < RIG_RECORDS + 3; i++)
		CHECK_EQ(rig_translate(r, SID, rq(i * PAGE, IOM_READ), &(struct iom_reply){ 0 }),
		         IOM_EFAULT);
	inv_all(r);
	CHECK_EQ(rd32(r, FSTS), PFO | PPF);

	driver_init(&d, r);
	CHECK_EQ(d.gcmd, TE | QIE | IRE | CFI);
	driver_interrupts(&d, true);
	CHECK_EQ(d.faults, RIG_RECORDS);
	CHECK_EQ(d.fault.info, (RIG_RECORDS - 1) * PAGE);
	CHECK_EQ(rd32(r, FSTS) & 0xff, 0);
	CHECK_EQ(rd32(r, GSTS), TE | SRTP | QIE | IRE | SIRTP);
	interrupt_works(&d, 9, true);
	driver_root(&d, false);
	CHECK_EQ(rd32(r, GSTS), SRTP | QIE | IRE | SIRTP);
	rig_context_put(r, SID, CTX_P | TT_PASS, AW(5));
	CHECK_EQ(rd32(r, PMEN), 1u << 31 | 1);
	driver_translate(&d);
	CHECK_EQ(rd32(r, PMEN), 0);
	CHECK_EQ(rd32(r, GSTS), TE | SRTP | QIE | IRE | SIRTP);
	rig_grants(r, SID, rq(0x1000, IOM_WRITE), 0x1000);
	rig_free(r);
}

/* ---- Legacy mode -------------------------------------------------------------------------- */

/* Attaches: the entry with P last; caching mode invalidates, others flush write buffers. */
static void attach(struct driver *d, uint16_t sid, uint16_t did, uint64_t qw0, uint64_t qw1)
{
	rig_context_put(d->r, sid, qw0, qw1 | DID(did));
	if (d->r->cap & CAP_CM) {
		driver_flush(d, 1 | 3 << 4 | (uint64_t)sid << 32, 0);
		driver_flush(d, 2 | 2 << 4 | (uint64_t)did << 16 | 3 << 6, 0);
	} else if (d->r->cap & CAP_RWBF) {
		wr32(d->r, GCMD, d->gcmd | WBF);
		CHECK_EQ(rd32(d->r, GSTS) & WBF, 0);
	}
}

/* Maps a page and takes it away, as drivers do all day; then a fault goes the whole way. */
static void page_comes_and_goes(struct driver *d, uint64_t root, uint16_t did)
{
	struct rig *r = d->r;
	unsigned was = r->msis;
	const uint64_t at = IOVA + PAGE;
	struct iom_reply reply;

	rig_ss(r, root, 4, at, 1, THERE | SS_RW);
	if (r->cap & CAP_CM)
		driver_flush(d, 2 | 3 << 4 | (uint64_t)did << 16, at);
	rig_grants(r, SID, rq(at, IOM_WRITE), THERE);
	rig_ss(r, root, 4, at, 1, 0);
	driver_flush(d, 2 | 3 << 4 | 3 << 6 | (uint64_t)did << 16, at | 1 << 6);
	CHECK_EQ(rig_translate(r, SID, rq(at, IOM_WRITE), &reply), IOM_EFAULT);
	CHECK_EQ(r->msis, was + 1);
	CHECK_EQ(r->msi[was].data, 0x31);
	driver_faults(d);
	CHECK_EQ(d->fault.info, at);
	CHECK_EQ(d->fault.sid, SID);
	CHECK_EQ(d->fault.type, TYPE_WRITE);
	CHECK_EQ(d->fault.reason, reply.fault);
	CHECK_EQ(rd32(r, FSTS) & 0xff, 0);
	r->record = (r->record + 1) % ((unsigned)(r->cap >> 40 & 0xff) + 1);
}

static void legacy_runs(struct rig *r)
{
	struct driver d;
	uint64_t root;

	driver_init(&d, r);
	driver_root(&d, false);
	driver_fault_event(&d, 0x31);
	root = page(r);
	rig_ss(r, root, 4, IOVA, 1, HERE | SS_RW);
	attach(&d, SID, 3, CTX_P | TT_UNTRANSLATED | root, AW(4));
	attach(&d, OTHER, 4, CTX_P | TT_PASS, AW(4));
	if (r->ecap & ECAP_DT)
		attach(&d, THIRD, 3, CTX_P | TT_ALL | root, AW(4));
	driver_translate(&d);
	CHECK_EQ(rd32(r, GSTS), TE | SRTP | QIE);
	rig_grants(r, SID, rq(IOVA, IOM_READ), HERE);
	rig_grants(r, OTHER, rq(IOVA, IOM_READ), IOVA);
	if (r->ecap & ECAP_DT)
		rig_answers(r, THIRD, rq_ats(rq(IOVA, IOM_READ)), IOM_PERM_READ | IOM_PERM_WRITE,
		            HERE);
	page_comes_and_goes(&d, root, 3);
	page_comes_and_goes(&d, root, 3);
	/* Detached: the entry, its caches, and then nobody is there any more. */
	rig_context_put(r, SID, 0, 0);
	driver_flush(&d, 1 | 3 << 4 | 3 << 16 | (uint64_t)SID << 32, 0);
	driver_flush(&d, 2 | 2 << 4 | 3 << 6 | 3 << 16, 0);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x02);
	rig_free(r);
}

static struct rig *cached(uint64_t cap, uint64_t ecap, uint8_t version)
{
	const struct iom_vtd_config config = {
		.cap = cap, .ecap = ecap, .version = version, .address_bits = RIG_HAW
	};

	return rig_new_config(&config);
}

TEST(linux_in_legacy_mode, "VTD-DRV-02")
{
	uint32_t profile;

	for (profile = IOM_VTD_LEGACY; profile <= IOM_VTD_FULL; profile++)
		legacy_runs(of_profile(profile));
	legacy_runs(cached(CAP_LEGACY, ECAP_LEGACY, 0x10));
	legacy_runs(cached(CAP_LEGACY | CAP_CM, ECAP_LEGACY, 0x10));
	legacy_runs(cached(CAP_LEGACY | CAP_RWBF, ECAP_LEGACY & ~ECAP_DT, 0x10));
	legacy_runs(cached(CAP_LEGACY | CAP_ESRTPS | CAP_ESIRTPS, ECAP_LEGACY, 0x40));
	legacy_runs(cached(CAP_ALL | CAP_PLMR, ECAP_ALL, 0x60));
}

/* ---- Scalable mode ------------------------------------------------------------------------ */

/* As Linux: RID_PASID 0, everything enabled; then the entry of a domain, P with the first word. */
static void device(struct driver *d, uint16_t sid)
{
	rig_device(d->r, sid, 7, DTE | PASIDE | PRE, 0);
	if (d->r->cap & CAP_CM)
		driver_flush(d, 1 | 3 << 4 | (uint64_t)sid << 32, 0);
}

static void domain(struct driver *d, uint16_t sid, uint32_t pasid, uint16_t did, uint64_t qw0,
                   uint64_t qw2)
{
	rig_pasid_put(d->r, sid, pasid, PE_P | qw0, PWSNP | did, qw2);
	if (d->r->cap & CAP_CM) {
		driver_flush(d, 7 | 1 << 4 | (uint64_t)did << 16 | (uint64_t)pasid << 32, 0);
		driver_flush(d, 6 | 2 << 4 | (uint64_t)did << 16 | (uint64_t)pasid << 32, 0);
	}
}

static void scalable_runs(struct rig *r)
{
	struct driver d;
	uint64_t fs, ss, process;
	struct iom_reply reply;

	driver_init(&d, r);
	driver_interrupts(&d, true);
	driver_root(&d, true);
	driver_page_requests(&d);
	driver_fault_event(&d, 0x31);
	fs = page(r);
	ss = page(r);
	process = page(r);
	rig_fs(r, fs, 4, IOVA, 1, HERE | FS_PRU | FS_A | FS_D);
	rig_ss(r, ss, 4, IOVA, 1, THERE | SS_RW);
	rig_fs(r, process, 4, IOVA, 1, THERE | FS_PRU | FS_A | FS_D);
	device(&d, SID);
	domain(&d, SID, 0, 1, PGTT_FS, fs | FSPM_4);
	domain(&d, SID, 0xfff, 1, PGTT_FS, process | FSPM_4);
	device(&d, OTHER);
	domain(&d, OTHER, 0, 2, PGTT_SS | PE_AW(4) | SSADE | ss, 0);
	device(&d, THIRD);
	domain(&d, THIRD, 0, 1, PGTT_PASS, 0);
	driver_translate(&d);
	CHECK_EQ(rd32(r, GSTS), TE | SRTP | QIE | IRE | SIRTP);
	rig_grants(r, SID, rq(IOVA, IOM_WRITE), HERE);
	rig_grants(r, SID, rq_pid(IOVA, IOM_WRITE, 0xfff), THERE);
	rig_grants(r, OTHER, rq(IOVA, IOM_WRITE), THERE);
	CHECK_EQ(ram64(r, rig_entry(r, ss, 4, IOVA, 1)), THERE | SS_RW | SS_A | SS_D);
	rig_grants(r, THIRD, rq(IOVA, IOM_WRITE), IOVA);

	/* Unmapped by each of the two ways */
	rig_fs(r, fs, 4, IOVA, 1, 0);
	driver_flush(&d, 6 | 3 << 4 | 1 << 16, IOVA | 1 << 6);
	CHECK_EQ(rig_translate(r, SID, rq(IOVA, IOM_READ), &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x71);
	driver_faults(&d);
	CHECK_EQ(d.fault.reason, 0x71);
	rig_ss(r, ss, 4, IOVA, 1, 0);
	driver_flush(&d, 2 | 3 << 4 | 3 << 6 | 2 << 16, IOVA | 1 << 6);
	CHECK_EQ(rig_translate(r, OTHER, rq(IOVA, IOM_READ), &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x79);
	driver_faults(&d);
	CHECK_EQ(d.faults, 2);
	CHECK_EQ(r->msis, 2);

	/* A PASID goes: P, then the caches, then the rest. */
	put64(r, rig_pasid(r, SID, 0xfff), ram64(r, rig_pasid(r, SID, 0xfff)) & ~PE_P);
	driver_flush(&d, 7 | 1 << 4 | 1 << 16 | 0xfffull << 32, 0);
	driver_flush(&d, 6 | 2 << 4 | 1 << 16 | 0xfffull << 32, 0);
	CHECK_EQ(rig_translate(r, SID, rq_pid(IOVA, IOM_READ, 0xfff), &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x59);
	driver_faults(&d);
	CHECK(d.fault.pp);
	CHECK_EQ(d.fault.pasid, 0xfff);
	interrupt_works(&d, 5, true);

	/* A page is asked for, mapped and granted. */
	rig_page(r, SID, IOVA, IOM_PAGE_READ | IOM_PAGE_LAST, 7);
	CHECK_EQ(r->msi[r->msis - 1].data, 0x51);
	rig_fs(r, fs, 4, IOVA, 1, HERE | FS_PRU | FS_A | FS_D);
	driver_serve_pages(&d);
	rig_answered(r, SID, 7, IOM_PAGES_DONE);
	CHECK_EQ(rig_translate(r, SID, rq(IOVA, IOM_READ), &reply), IOM_OK);
	CHECK_EQ(reply.spa, HERE);
	rig_free(r);
}

TEST(linux_in_scalable_mode, "VTD-DRV-03")
{
	scalable_runs(of_profile(IOM_VTD_SCALABLE));
	scalable_runs(of_profile(IOM_VTD_FULL));
	scalable_runs(cached(CAP_ALL, ECAP_ALL, 0x40));
	scalable_runs(cached(CAP_ALL | CAP_CM, ECAP_ALL, 0x40));
	scalable_runs(cached(CAP_ALL | CAP_ESRTPS | CAP_ESIRTPS | CAP_PHMR, ECAP_ALL, 0x60));
	scalable_runs(rig_new());
}

/* ---- Suspend and resume ------------------------------------------------------------------- */

static void sleeps(struct rig *r, bool scalable)
{
	struct driver d;
	uint64_t root = page(r);
	uint32_t saved[4];
	unsigned i, k;

	driver_init(&d, r);
	driver_interrupts(&d, true);
	driver_root(&d, scalable);
	driver_fault_event(&d, 0x31);
	rig_ss(r, root, 4, IOVA, 1, HERE | SS_RW);
	if (scalable) {
		device(&d, SID);
		domain(&d, SID, 0, 3, PGTT_SS | PE_AW(4) | root, 0);
	} else {
		attach(&d, SID, 3, CTX_P | root, AW(4));
	}
	driver_translate(&d);
	for (i = 0; i < 3; i++) {
		rig_grants(r, SID, rq(IOVA, IOM_READ), HERE);
		interrupt_works(&d, 5 + i, true);
		driver_flush_all(&d);
		wr32(r, GCMD, d.gcmd & ~TE);
		CHECK_EQ(rd32(r, GSTS) & TE, 0);
		for (k = 0; k < 4; k++)
			saved[k] = rd32(r, FECTL + 4 * k);
		/* Power goes, memory stays. */
		if (i == 2)
			iom_unit_reset_warm(r->unit);
		else
			iom_unit_reset(r->unit);
		CHECK_EQ(rd32(r, GSTS), 0);
		d.gcmd = 0;
		r->record = 0;
		driver_queue_on(&d);
		driver_interrupts(&d, true);
		driver_root(&d, scalable);
		driver_translate(&d);
		for (k = 0; k < 4; k++)
			wr32(r, FECTL + 4 * ((k + 1) % 4), saved[(k + 1) % 4]);
		CHECK_EQ(rd32(r, GSTS), TE | SRTP | QIE | IRE | SIRTP);
	}
	rig_grants(r, SID, rq(IOVA, IOM_READ), HERE);
	interrupt_works(&d, 5, true);
	if (!scalable) {
		r->record = 1;
		page_comes_and_goes(&d, root, 3);
	}
	rig_free(r);
}

TEST(linux_sleeps_and_wakes, "VTD-DRV-06")
{
	unsigned scalable;

	for (scalable = 0; scalable < 2; scalable++) {
		sleeps(of_profile(IOM_VTD_FULL), scalable);
		sleeps(cached(CAP_ALL | CAP_CM, ECAP_ALL, 0x40), scalable);
		sleeps(cached(CAP_ALL | CAP_ESRTPS | CAP_ESIRTPS | CAP_PLMR, ECAP_ALL, 0x60),
		       scalable);
	}
}

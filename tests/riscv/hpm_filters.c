/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Whose events a counter of the performance monitor counts. */
#include "hpm.h"

static const struct iom_riscv_config config = { .capabilities = CAP_COUNT };

struct source {
	unsigned device;
	int pid; /* < 0: none */
};

/* Who can be told from whom. */
static const struct source sources[] = {
	{ HPM_HOST, -1 }, { HPM_HOST_B, -1 },  { HPM_GUEST, -1 },  { HPM_BOTH, -1 },
	{ HPM_BARE, -1 }, { HPM_PROCESS, -1 }, { HPM_PROCESS, 1 }, { HPM_PROCESS, 2 },
};

/* What each event counts for a source, nothing cached. */
static unsigned events_of(const struct source *s, unsigned event)
{
	static const unsigned walks[HPM_DEVICES][2] = {
		[HPM_HOST] = { 3, 0 },
		[HPM_HOST_B] = { 3, 0 },
		[HPM_GUEST] = { 0, 3 },
		[HPM_BOTH] = { 3, 12 },
	};

	switch (event) {
	case EV_UNTRANSLATED:
	case EV_DDT:
		return 1;
	case EV_PDT:
		return s->pid >= 0;
	case EV_STAGE1:
		return s->pid == 1 ? 3 : walks[s->device][0];
	case EV_STAGE2:
		return walks[s->device][1];
	default:
		return 0;
	}
}

/* All sources make a request; a counter with `evt` counts those for which matches() is true. */
static void check_filter(struct hpm *h, uint64_t evt,
                         bool (*matches)(const struct source *, uint64_t), uint64_t arg)
{
	hpm_count(h, 5, evt);
	for (unsigned i = 0; i < COUNT(sources); i++) {
		const struct source *s = &sources[i];
		unsigned should = matches(s, arg) ? events_of(s, evt & 0x7fff) : 0;

		wr64(h->r, IOHPMCTR(5), 0);
		hpm_request(h, s->device, s->pid);
		CHECK_MSG(hpm_value(h, 5) == should,
		          "iohpmevt 0x%llx, device %u, process %d: %llu instead of %u",
		          (unsigned long long)evt, s->device, s->pid,
		          (unsigned long long)hpm_value(h, 5), should);
	}
}

static bool always(const struct source *s, uint64_t arg)
{
	(void)s;
	(void)arg;
	return true;
}

static bool never(const struct source *s, uint64_t arg)
{
	(void)s;
	(void)arg;
	return false;
}

static bool of_device(const struct source *s, uint64_t device)
{
	return s->device == device;
}

static bool of_process(const struct source *s, uint64_t pid)
{
	return s->pid >= 0 && (uint64_t)s->pid == pid;
}

static bool of_both(const struct source *s, uint64_t arg)
{
	return of_device(s, arg >> 32) && of_process(s, arg & 0xffffffff);
}

/* The events of section "performance monitor" that can be met untranslated and uncached. */
static const unsigned events[] = { EV_UNTRANSLATED, EV_DDT, EV_PDT, EV_STAGE1, EV_STAGE2 };

TEST(hpm_filter_by_device_and_process, "RV-HPM-04 RV-HPM-05")
{
	struct hpm h;

	hpm_init(&h, &config, false, 1);
	for (unsigned e = 0; e < COUNT(events); e++) {
		const uint64_t event = events[e];

		check_filter(&h, event, always, 0);
		/* Values without their valid bits filter nothing. */
		check_filter(&h, event | (EVT_PID(0x54321) & ~(1ull << 60)), always, 0);
		check_filter(&h, event | (EVT_DID(0x654321) & ~(1ull << 61)), always, 0);
		for (unsigned d = 0; d <= HPM_DEVICES; d++)
			check_filter(&h, event | EVT_DID(d), of_device, d);
		for (unsigned p = 0; p < 4; p++)
			check_filter(&h, event | EVT_PID(p), of_process, p);
		for (unsigned p = 0; p < 4; p++)
			for (unsigned d = HPM_BARE - 1; d <= HPM_BARE; d++)
				check_filter(&h, event | EVT_PID(p) | EVT_DID(d), of_both,
				             (uint64_t)d << 32 | p);
	}
	hpm_free(&h);
}

/* Every bit of a device_id and of a process_id is compared. */
TEST(hpm_filter_compares_all_bits, "RV-HPM-04")
{
	static const struct iom_riscv_config off = { .capabilities = CAP_COUNT };
	struct hpm h;
	const uint32_t device = 0x5a3c96, pid = 0xa5a5a;

	hpm_init(&h, &off, true, 1);
	wr64(h.r, DDTP, OFF); /* requests are counted on arrival */
	for (unsigned bit = 0; bit <= 24; bit++) {
		hpm_count(&h, 1, EV_UNTRANSLATED | EVT_DID(device ^ (1u << bit & 0xffffff)));
		rig_cause_pid(h.r, device, 0, IOM_READ, pid, false);
		CHECK_MSG(hpm_value(&h, 1) == (bit == 24), "bit %u of device_id", bit);
	}
	for (unsigned bit = 0; bit <= 20; bit++) {
		hpm_count(&h, 1, EV_UNTRANSLATED | EVT_PID(pid ^ (1u << bit & 0xfffff)));
		rig_cause_pid(h.r, device, 0, IOM_READ, pid, false);
		CHECK_MSG(hpm_value(&h, 1) == (bit == 20), "bit %u of process_id", bit);
	}
	hpm_free(&h);
}

/* process_id 0 by default is no process_id of the request. */
TEST(hpm_filter_by_process_and_default_process, "RV-HPM-05")
{
	struct hpm h;
	uint64_t pdt;

	hpm_init(&h, &config, false, 1);
	pdt = page(h.r);
	put64(h.r, pdt, 1);
	rig_dc_put(h.r, HPM_PROCESS, 1 | 1 << 5 | 1 << 9, 0, 0, 1ull << 60 | pdt >> 12);
	hpm_count(&h, 1, EV_UNTRANSLATED | EVT_PID(0));
	hpm_count(&h, 2, EV_PDT);
	hpm_count(&h, 3, EV_PDT | EVT_PID(0));
	hpm_request(&h, HPM_PROCESS, -1);
	CHECK_EQ(hpm_value(&h, 1), 0);
	CHECK_EQ(hpm_value(&h, 2), 1);
	CHECK_EQ(hpm_value(&h, 3), 0);
	hpm_request(&h, HPM_PROCESS, 0);
	CHECK_EQ(hpm_value(&h, 1), 1);
	CHECK_EQ(hpm_value(&h, 2), 2);
	CHECK_EQ(hpm_value(&h, 3), 1);
	hpm_free(&h);
}

/* ---- GSCID and PSCID ---------------------------------------------------------------------- */

/* An identifier is valid where its stage is not Bare. */
static int gscid_of(const struct source *s)
{
	return s->device == HPM_GUEST || s->device == HPM_BOTH ? 7 : -1;
}

static int pscid_of(const struct source *s)
{
	switch (s->device) {
	case HPM_HOST:
		return 5;
	case HPM_HOST_B:
		return 7;
	case HPM_BOTH:
		return 6;
	default:
		return s->pid == 1 ? 8 : -1;
	}
}

static bool of_gscid(const struct source *s, uint64_t gscid)
{
	return gscid_of(s) == (int)gscid;
}

static bool of_pscid(const struct source *s, uint64_t pscid)
{
	return pscid_of(s) == (int)pscid;
}

static bool of_both_spaces(const struct source *s, uint64_t arg)
{
	return of_gscid(s, arg >> 32) && of_pscid(s, arg & 0xffffffff);
}

TEST(hpm_filter_by_spaces, "RV-HPM-06")
{
	static const unsigned with_spaces[] = { EV_STAGE1, EV_STAGE2 };
	struct hpm h;

	hpm_init(&h, &config, false, 1);
	for (unsigned e = 0; e < COUNT(with_spaces); e++) {
		const uint64_t event = with_spaces[e] | EVT_IDT;

		check_filter(&h, event, always, 0);
		for (unsigned id = 0; id < 10; id++) {
			check_filter(&h, event | EVT_DID(id), of_gscid, id);
			check_filter(&h, event | EVT_PID(id), of_pscid, id);
			check_filter(&h, event | EVT_DID(7) | EVT_PID(id), of_both_spaces,
			             7ull << 32 | id);
			check_filter(&h, event | EVT_DID(id) | EVT_PID(6), of_both_spaces,
			             (uint64_t)id << 32 | 6);
		}
	}
	hpm_free(&h);
}

/* Misses need a cache: each source asks twice, so that one miss and one hit are met. */
TEST(hpm_filter_misses, "RV-HPM-04 RV-HPM-05 RV-HPM-06")
{
	struct hpm h;

	for (unsigned i = 0; i < COUNT(sources); i++) {
		const struct source *s = &sources[i];
		const int gscid = gscid_of(s), pscid = pscid_of(s);

		if (s->device == HPM_BARE || s->pid == 2 ||
		    (s->device == HPM_PROCESS && s->pid < 0))
			continue; /* what needs no translation needs no cache */
		hpm_init(&h, &config, true, 1);
		hpm_count(&h, 1, EV_MISS);
		hpm_count(&h, 2, EV_MISS | EVT_DID(s->device));
		hpm_count(&h, 3, EV_MISS | EVT_DID(s->device + 1));
		hpm_count(&h, 4, EV_MISS | EVT_PID(1));
		hpm_count(&h, 5, EV_MISS | EVT_PID(0));
		hpm_count(&h, 6, EV_MISS | EVT_IDT | EVT_DID(7));
		hpm_count(&h, 7, EV_MISS | EVT_IDT | EVT_DID(9));
		hpm_count(&h, 8, EV_MISS | EVT_IDT | EVT_PID(5));
		hpm_count(&h, 9, EV_MISS | EVT_IDT | EVT_PID(8));
		hpm_count(&h, 10, EV_MISS | EVT_IDT | EVT_PID(6) | EVT_DID(7));
		for (unsigned again = 0; again < 2; again++)
			hpm_request(&h, s->device, s->pid);
		CHECK_EQ(hpm_value(&h, 1), 1);
		CHECK_EQ(hpm_value(&h, 2), 1);
		CHECK_EQ(hpm_value(&h, 3), 0);
		CHECK_EQ(hpm_value(&h, 4), s->pid == 1);
		CHECK_EQ(hpm_value(&h, 5), 0);
		CHECK_EQ(hpm_value(&h, 6), gscid == 7);
		CHECK_EQ(hpm_value(&h, 7), 0);
		CHECK_EQ(hpm_value(&h, 8), pscid == 5);
		CHECK_EQ(hpm_value(&h, 9), pscid == 8);
		CHECK_EQ(hpm_value(&h, 10), gscid == 7 && pscid == 6);
		hpm_free(&h);
	}
}

TEST(hpm_spaces_are_not_for_every_event, "RV-HPM-08")
{
	static const unsigned without[] = { EV_UNTRANSLATED, EV_TRANSLATED, EV_ATS, EV_DDT,
		                            EV_PDT };
	struct hpm h;

	hpm_init(&h, &config, false, 1);
	for (unsigned e = 0; e < COUNT(without); e++) {
		const uint64_t event = without[e] | EVT_IDT;

		check_filter(&h, event, never, 0);
		check_filter(&h, event | EVT_DMASK, never, 0);
		check_filter(&h, event | EVT_DID(7), never, 0);
		check_filter(&h, event | EVT_PID(6), never, 0);
		check_filter(&h, event | EVT_DID(7) | EVT_PID(6), never, 0);
		for (unsigned at = 1; at <= 2; at++) {
			hpm_count(&h, 1, event);
			hpm_count(&h, 2, without[e]);
			for (unsigned d = HPM_HOST; d < HPM_DEVICES; d++)
				hpm_request_at(&h, d, -1, at);
			CHECK_EQ(hpm_value(&h, 1), 0);
			if (without[e] == (at == 1 ? EV_ATS : EV_TRANSLATED))
				CHECK_EQ(hpm_value(&h, 2), HPM_DEVICES - 1);
		}
	}
	hpm_free(&h);
}

/* ---- DMASK -------------------------------------------------------------------------------- */

/* In Off, where every device can ask: does a filter with this DID_GSCID count `device`? */
static bool counts(struct hpm *h, uint64_t evt, uint32_t device)
{
	hpm_count(h, 1, evt);
	CHECK_EQ(rig_cause(h->r, device, 0, IOM_READ), 256);
	CHECK(hpm_value(h, 1) <= 1);
	return hpm_value(h, 1);
}

TEST(hpm_partial_device_ids, "RV-HPM-07")
{
	/* segment, bus, device and function of 8, 8, 5 and 3 bits */
	static const struct {
		const char *name;
		uint32_t did;
		unsigned ignored; /* low bits */
	} rows[] = {
		{ "two functions", 0x12345e & ~1u, 1 },
		{ "functions of a device", (0x123458 & ~7u) | 3, 3 },
		{ "a bus", (0x123400) | 0x7f, 8 },
		{ "a segment", 0x120000 | 0x7fff, 16 },
		{ "all, one bit is 0", 0x7fffff, 24 },
		{ "all", 0xffffff, 24 },
		{ "all zeroes", 0, 1 },
	};
	struct hpm h;

	hpm_init(&h, &config, true, 1);
	wr64(h.r, DDTP, OFF);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		const uint64_t evt = EV_UNTRANSLATED | EVT_DID(rows[i].did);

		CHECK(counts(&h, evt | EVT_DMASK, rows[i].did));
		CHECK(counts(&h, evt, rows[i].did));
		for (unsigned bit = 0; bit < 24; bit++) {
			const uint32_t other = rows[i].did ^ 1u << bit;

			CHECK_MSG(counts(&h, evt | EVT_DMASK, other) == (bit < rows[i].ignored),
			          "%s, bit %u", rows[i].name, bit);
			CHECK_MSG(!counts(&h, evt, other), "%s, no DMASK", rows[i].name);
		}
		CHECK_EQ(counts(&h, evt | EVT_DMASK, rows[i].did ^ 0x800001),
		         rows[i].ignored == 24);
	}
	/* Without DV_GSCV there is nothing to be partial about. */
	CHECK(counts(&h, EV_UNTRANSLATED | EVT_DMASK, 0x456789));
	CHECK(counts(&h, EV_UNTRANSLATED | EVT_DMASK | 1ull << 36, 0x456789));
	hpm_free(&h);
}

/* The process is compared whole, and the same holds for GSCIDs. */
TEST(hpm_partial_spaces, "RV-HPM-07")
{
	struct hpm h;

	hpm_init(&h, &config, false, 1);
	/* GSCID 7 is 4..7 with the low two bits ignored. */
	hpm_count(&h, 1, EV_STAGE2 | EVT_IDT | EVT_DMASK | EVT_DID(4 | 1));
	hpm_count(&h, 2, EV_STAGE2 | EVT_IDT | EVT_DID(4 | 1));
	hpm_count(&h, 3, EV_STAGE2 | EVT_IDT | EVT_DMASK | EVT_DID(8 | 1));
	hpm_count(&h, 4, EV_STAGE2 | EVT_IDT | EVT_DMASK | EVT_DID(0xffffff));
	hpm_count(&h, 5, EV_STAGE1 | EVT_IDT | EVT_DMASK | EVT_DID(4 | 1) | EVT_PID(6));
	hpm_count(&h, 6, EV_STAGE1 | EVT_IDT | EVT_DMASK | EVT_DID(4 | 1) | EVT_PID(4));
	/* No GSCID is no match, however little is compared. */
	hpm_count(&h, 7, EV_STAGE1 | EVT_IDT | EVT_DMASK | EVT_DID(0xffffff));
	hpm_request(&h, HPM_BOTH, -1);
	CHECK_EQ(hpm_value(&h, 1), 12);
	CHECK_EQ(hpm_value(&h, 2), 0);
	CHECK_EQ(hpm_value(&h, 3), 0);
	CHECK_EQ(hpm_value(&h, 4), 12);
	CHECK_EQ(hpm_value(&h, 5), 3);
	CHECK_EQ(hpm_value(&h, 6), 0);
	CHECK_EQ(hpm_value(&h, 7), 3);
	hpm_request(&h, HPM_HOST, -1);
	CHECK_EQ(hpm_value(&h, 7), 3);
	hpm_free(&h);
}

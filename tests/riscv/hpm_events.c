/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What each event of the performance monitor counts, unfiltered. */
#include "hpm.h"

static const struct iom_riscv_config config = { .capabilities = CAP_COUNT };

/* Counter n counts event n. */
static void count_all(struct hpm *h)
{
	for (unsigned n = 1; n < EV_END; n++)
		hpm_count(h, n, n);
}

#define ANY (~0u) /* the sheet leaves it open */

/* The counters, and then zero for the next row. */
static void counted(struct hpm *h, const char *what, const unsigned should[EV_END])
{
	for (unsigned n = 1; n < EV_END; n++) {
		uint64_t is = hpm_value(h, n);

		if (should[n] != ANY)
			CHECK_MSG(is == should[n], "%s: event %u is %llu, should be %u", what, n,
			          (unsigned long long)is, should[n]);
		wr64(h->r, IOHPMCTR(n), 0);
	}
}

/* One request of each device, nothing cached.  Index 0 is not used; 4 is the missing cache's. */
TEST(hpm_walks_are_counted_by_entries, "RV-HPM-01")
{
	static const struct {
		const char *name;
		unsigned device;
		int pid;
		unsigned should[EV_END];
	} rows[] = {
		{ "host", HPM_HOST, -1, { 0, 1, 0, 0, ANY, 1, 0, 3, 0 } },
		{ "guest", HPM_GUEST, -1, { 0, 1, 0, 0, ANY, 1, 0, 0, 3 } },
		{ "both", HPM_BOTH, -1, { 0, 1, 0, 0, ANY, 1, 0, 3, 12 } },
		{ "process 1", HPM_PROCESS, 1, { 0, 1, 0, 0, ANY, 1, 1, 3, 0 } },
		{ "process 2", HPM_PROCESS, 2, { 0, 1, 0, 0, ANY, 1, 1, 0, 0 } },
		{ "without process_id", HPM_PROCESS, -1, { 0, 1, 0, 0, ANY, 1, 0, 0, 0 } },
		{ "bare", HPM_BARE, -1, { 0, 1, 0, 0, ANY, 1, 0, 0, 0 } },
	};

	for (unsigned levels = 1; levels <= 3; levels++) {
		struct hpm h;

		hpm_init(&h, &config, false, levels);
		count_all(&h);
		for (unsigned round = 0; round < 2; round++)
			for (unsigned i = 0; i < COUNT(rows); i++) {
				unsigned should[EV_END];

				for (unsigned n = 0; n < EV_END; n++)
					should[n] = rows[i].should[n];
				should[EV_DDT] *= levels;
				hpm_request(&h, rows[i].device, rows[i].pid);
				counted(&h, rows[i].name, should);
			}
		hpm_free(&h);
	}
}

TEST(hpm_walks_of_all_depths, "RV-HPM-01")
{
	for (unsigned second = 0; second < 2; second++)
		for (unsigned levels = 3; levels <= 5; levels++)
			for (unsigned level = 0; level < levels; level++) {
				struct stage s;
				const uint64_t size = stage_page_bytes(level);
				uint64_t iova;

				stage_init(&s, CAP_COUNT, second, levels, 0);
				iova = stage_iova(&s, 0) & ~(size - 1);
				stage_map(&s, iova, level, leaf(STAGE_FAR));
				wr64(s.r, IOHPMEVT(1), EV_STAGE1);
				wr64(s.r, IOHPMEVT(2), EV_STAGE2);
				CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, iova, IOM_READ), 0);
				CHECK_EQ(rd64(s.r, IOHPMCTR(1)), second ? 0 : levels - level);
				CHECK_EQ(rd64(s.r, IOHPMCTR(2)), second ? levels - level : 0);
				rig_free(s.r);
			}
}

TEST(hpm_process_directory_of_all_depths, "RV-HPM-01")
{
	for (unsigned depth = 1; depth <= 3; depth++) {
		struct hpm h;
		uint64_t table, above;

		hpm_init(&h, &config, false, 1);
		/* Process 0 has a Bare first stage. */
		table = page(h.r);
		put64(h.r, table, 1);
		for (unsigned i = 1; i < depth; i++) {
			above = page(h.r);
			put64(h.r, above, PPN_OF(table) | 1);
			table = above;
		}
		rig_dc_put(h.r, HPM_PROCESS, 1 | 1 << 5, 0, 0, (uint64_t)depth << 60 | table >> 12);
		hpm_count(&h, 1, EV_PDT);
		hpm_request(&h, HPM_PROCESS, 0);
		CHECK_EQ(hpm_value(&h, 1), depth);
		hpm_free(&h);
	}
}

/* A refused request counts the entries up to the one that refused it. */
TEST(hpm_refused_requests_count, "RV-HPM-01")
{
	static const unsigned off[] = { 0, 1, 0, 0, 0, 0, 0, 0, 0 };
	static const unsigned invalid[] = { 0, 1, 0, 0, ANY, 3, 0, 0, 0 };
	static const unsigned no_table[] = { 0, 1, 0, 0, ANY, 1, 0, 0, 0 };
	static const unsigned no_leaf[] = { 0, 1, 0, 0, ANY, 3, 0, 3, 0 };
	static const unsigned no_root[] = { 0, 1, 0, 0, ANY, 3, 0, 1, 0 };
	struct hpm h;

	hpm_init(&h, &config, false, 3);
	count_all(&h);
	CHECK_EQ(rig_cause(h.r, HPM_DEVICES, 0, IOM_READ), 258);
	counted(&h, "DC.V=0", invalid);
	CHECK_EQ(rig_cause(h.r, 0x800000, 0, IOM_READ), 258);
	counted(&h, "no table", no_table);
	CHECK_EQ(rig_cause(h.r, HPM_HOST, h.iova[HPM_HOST] ^ 0x1000, IOM_READ), 13);
	counted(&h, "no leaf", no_leaf);
	CHECK_EQ(rig_cause(h.r, HPM_HOST, h.iova[HPM_HOST] ^ 1ull << 37, IOM_READ), 13);
	counted(&h, "no root entry", no_root);
	wr64(h.r, DDTP, OFF);
	CHECK_EQ(rig_cause(h.r, HPM_HOST, 0, IOM_READ), 256);
	counted(&h, "Off", off);
	hpm_free(&h);
}

/* By kind of request, on arrival, in each mode and with every outcome. */
TEST(hpm_requests_by_type, "RV-HPM-01")
{
	static const unsigned modes[] = { OFF, BARE, LVL1 };
	static const unsigned events[] = { EV_UNTRANSLATED, EV_ATS, EV_TRANSLATED }; /* by `at` */
	struct hpm h;

	hpm_init(&h, &config, true, 1);
	count_all(&h);
	for (unsigned m = 0; m < COUNT(modes); m++) {
		wr64(h.r, DDTP, modes[m] == LVL1 ? PPN_OF(h.r->ddt) | LVL1 : modes[m]);
		for (unsigned at = 0; at < 3; at++)
			for (unsigned device = HPM_HOST; device <= HPM_DEVICES; device++)
				for (unsigned again = 0; again < 2; again++) {
					const struct iom_request q = { .iova = 0x1000,
						                       .bytes = 8,
						                       .at = (uint8_t)at };
					struct iom_reply reply;

					for (unsigned n = 1; n <= 3; n++)
						wr64(h.r, IOHPMCTR(n), 0);
					rig_translate(h.r, device, &q, &reply);
					for (unsigned n = 1; n <= 3; n++)
						CHECK_MSG(hpm_value(&h, n) == (n == events[at]),
						          "mode %u, type %u, event %u", modes[m],
						          at, n);
				}
	}
	hpm_free(&h);
}

/* Reads, writes, fetches and atomic operations are all requests. */
TEST(hpm_every_access_is_a_request, "RV-HPM-01")
{
	struct hpm h;
	struct iom_reply reply;
	struct iom_request own = { 0 };
	uint8_t buf[16];
	uint64_t old;

	hpm_init(&h, &config, true, 1);
	hpm_count(&h, 1, EV_UNTRANSLATED);
	own.iova = h.iova[HPM_HOST];
	for (unsigned i = 1; i <= 5; i++) {
		CHECK_EQ(iom_read(h.port[HPM_HOST], &own, buf, 16, &reply), IOM_OK);
		CHECK_EQ(iom_write(h.port[HPM_HOST], &own, buf, 16, &reply), IOM_OK);
		own.access = IOM_EXECUTE;
		CHECK_EQ(iom_read(h.port[HPM_HOST], &own, buf, 4, &reply), IOM_OK);
		own.access = IOM_READ;
		CHECK_EQ(iom_atomic(h.port[HPM_HOST], &own, IOM_FETCH_ADD, 1, 0, 8, &old, &reply),
		         IOM_OK);
		CHECK_EQ(hpm_value(&h, 1), 4 * i);
	}
	hpm_free(&h);
}

/* ---- Caches ------------------------------------------------------------------------------- */

TEST(hpm_cached_requests_walk_nothing, "RV-HPM-01 RV-HPM-16")
{
	static const struct {
		unsigned device;
		int pid;
		unsigned first[EV_END];
	} rows[] = {
		{ HPM_HOST, -1, { 0, 1, 0, 0, 1, 1, 0, 3, 0 } },
		{ HPM_GUEST, -1, { 0, 1, 0, 0, 1, 1, 0, 0, 3 } },
		{ HPM_BOTH, -1, { 0, 1, 0, 0, 1, 1, 0, 3, ANY } },
		{ HPM_PROCESS, 1, { 0, 1, 0, 0, 1, 1, 1, 3, 0 } },
	};
	static const unsigned later[EV_END] = { 0, 1 };

	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct hpm h;

		hpm_init(&h, &config, true, 1);
		count_all(&h);
		hpm_request(&h, rows[i].device, rows[i].pid);
		counted(&h, "first request", rows[i].first);
		for (unsigned again = 0; again < 5; again++) {
			hpm_request(&h, rows[i].device, rows[i].pid);
			counted(&h, "cached request", later);
		}
		/* Another port of the same device has the unit's caches. */
		iom_port_close(h.port[rows[i].device]);
		h.port[rows[i].device] = rig_port(h.r, rows[i].device);
		hpm_request(&h, rows[i].device, rows[i].pid);
		counted(&h, "another port", later);
		hpm_free(&h);
	}
}

/* A port that has been served before there was anything to count. */
TEST(hpm_counting_begins_late, "RV-HPM-01 RV-HPM-02")
{
	static const unsigned once[EV_END] = { 0, 1 };
	static const unsigned nothing[EV_END] = { 0 };
	struct hpm h;
	struct iom_request q = { 0 };
	struct iom_reply reply;
	uint8_t buf[8];

	hpm_init(&h, &config, true, 1);
	q.iova = h.iova[HPM_HOST];
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(iom_read(h.port[HPM_HOST], &q, buf, 8, &reply), IOM_OK);
	count_all(&h);
	hpm_request(&h, HPM_HOST, -1);
	counted(&h, "iom_translate", once);
	CHECK_EQ(iom_read(h.port[HPM_HOST], &q, buf, 8, &reply), IOM_OK);
	counted(&h, "iom_read", once);
	/* Stopped, and let go again. */
	for (unsigned round = 0; round < 3; round++) {
		wr32(h.r, IOCOUNTINH, ~0u);
		CHECK_EQ(iom_read(h.port[HPM_HOST], &q, buf, 8, &reply), IOM_OK);
		hpm_request(&h, HPM_HOST, -1);
		counted(&h, "stopped", nothing);
		wr32(h.r, IOCOUNTINH, 0);
		hpm_request(&h, HPM_HOST, -1);
		counted(&h, "let go", once);
		CHECK_EQ(iom_read(h.port[HPM_HOST], &q, buf, 8, &reply), IOM_OK);
		counted(&h, "let go, iom_read", once);
	}
	hpm_free(&h);
}

/* What a command takes away is walked again, and only that. */
TEST(hpm_invalidated_requests_walk_again, "RV-HPM-01 RV-HPM-16")
{
	static const unsigned translation[] = { 0, 1, 0, 0, 1, 0, 0, 3, 0 };
	static const unsigned later[EV_END] = { 0, 1 };
	struct hpm h;
	uint64_t ddt;

	hpm_init(&h, &config, true, 1);
	rig_cq(h.r, 4, false);
	count_all(&h);
	hpm_request(&h, HPM_HOST, -1);
	for (unsigned n = 1; n < EV_END; n++)
		wr64(h.r, IOHPMCTR(n), 0);
	rig_cmd(h.r, VMA, 0);
	hpm_request(&h, HPM_HOST, -1);
	counted(&h, "after IOTINVAL.VMA", translation);
	hpm_request(&h, HPM_HOST, -1);
	counted(&h, "cached again", later);
	rig_cmd(h.r, INVAL_DDT, 0);
	hpm_request(&h, HPM_HOST, -1);
	ddt = hpm_value(&h, EV_DDT);
	CHECK_EQ(ddt, 1);
	hpm_free(&h);
}

/* ---- Debug requests ----------------------------------------------------------------------- */

TEST(hpm_debug_request_is_untranslated, "RV-HPM-17")
{
	static const struct iom_riscv_config both = { .capabilities = CAP_COUNT | CAP_DBG };
	static const unsigned host[] = { 0, 1, 0, 0, ANY, 1, 0, 3, 0 };
	static const unsigned invalid[] = { 0, 1, 0, 0, ANY, 1, 0, 0, 0 };
	static const unsigned nothing[EV_END] = { 0 };
	struct hpm h;

	hpm_init(&h, &both, false, 1);
	count_all(&h);
	wr64(h.r, TR_REQ_IOVA, h.iova[HPM_HOST]);
	counted(&h, "tr_req_iova alone", nothing);
	wr64(h.r, TR_REQ_CTL, (uint64_t)HPM_HOST << 40 | 1 << 3);
	counted(&h, "without Go", nothing);
	wr64(h.r, TR_REQ_CTL, (uint64_t)HPM_HOST << 40 | 1 << 3 | 1);
	CHECK_EQ(rd64(h.r, TR_REQ_CTL) & 1, 0);
	counted(&h, "Go", host);
	wr64(h.r, TR_REQ_CTL, 0x3full << 40 | 1);
	counted(&h, "refused", invalid);
	/* Filters see the device of the request. */
	hpm_count(&h, 1, EV_UNTRANSLATED | EVT_DID(HPM_HOST));
	hpm_count(&h, 2, EV_UNTRANSLATED | EVT_DID(HPM_BOTH));
	wr64(h.r, TR_REQ_CTL, (uint64_t)HPM_HOST << 40 | 1 << 3 | 1);
	CHECK_EQ(hpm_value(&h, 1), 1);
	CHECK_EQ(hpm_value(&h, 2), 0);
	hpm_free(&h);
}

/* ---- Selectors ---------------------------------------------------------------------------- */

TEST(hpm_event_none_counts_nothing, "RV-HPM-01")
{
	struct hpm h;

	hpm_init(&h, &config, false, 1);
	for (unsigned n = 1; n <= 31; n++)
		hpm_count(&h, n, EV_NONE);
	hpm_count(&h, 7, EV_UNTRANSLATED);
	hpm_count(&h, 31, EV_UNTRANSLATED);
	for (unsigned i = 0; i < 3; i++)
		hpm_request(&h, HPM_BOTH, -1);
	for (unsigned n = 1; n <= 31; n++)
		CHECK_EQ(hpm_value(&h, n), n == 7 || n == 31 ? 3 : 0);
	hpm_free(&h);
}

TEST(hpm_event_that_is_not_built, "RV-HPM-09")
{
	static const unsigned ids[] = {
		9, 10, 15, 16, 0x108, 0x2001, 0x3fff, 0x4000, 0x4001, 0x7fff
	};
	struct hpm h;

	hpm_init(&h, &config, false, 1);
	for (unsigned i = 0; i < COUNT(ids); i++) {
		uint64_t evt;

		wr64(h.r, IOHPMEVT(3), ids[i] | EVT_PID(0x12345));
		evt = rd64(h.r, IOHPMEVT(3));
		CHECK_MSG((evt & 0x7fff) < EV_END, "event 0x%x reads 0x%llx", ids[i],
		          (unsigned long long)evt);
		CHECK_EQ(evt & ~0x7fffull, EVT_PID(0x12345));
	}
	for (unsigned id = 0; id < EV_END; id++)
		hpm_count(&h, 3, id);
	hpm_free(&h);
}

TEST(hpm_other_event_keeps_the_count, "RV-HPM-10")
{
	struct hpm h;

	hpm_init(&h, &config, false, 1);
	hpm_count(&h, 2, EV_STAGE1);
	hpm_request(&h, HPM_HOST, -1);
	CHECK_EQ(hpm_value(&h, 2), 3);
	wr64(h.r, IOHPMEVT(2), EV_UNTRANSLATED);
	CHECK_EQ(hpm_value(&h, 2), 3);
	hpm_request(&h, HPM_HOST, -1);
	CHECK_EQ(hpm_value(&h, 2), 4);
	wr64(h.r, IOHPMEVT(2), EV_NONE);
	hpm_request(&h, HPM_HOST, -1);
	CHECK_EQ(hpm_value(&h, 2), 4);
	wr64(h.r, IOHPMEVT(2), EV_DDT);
	hpm_request(&h, HPM_HOST, -1);
	CHECK_EQ(hpm_value(&h, 2), 5);
	hpm_free(&h);
}

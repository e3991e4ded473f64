/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a unit tells its backend: contexts, invalidations, and when. */
#include <string.h>

#include "../riscv/rig.h"
#include "../riscv/sheet.h"

#define SPOT (RIG_RAM + 0x800000)
#define HEARD 64

static struct rig *rig; /* of the test that runs */

static struct heard {
	bool context;
	struct iom_context_info info;
	struct iom_invalidation what;
	uint32_t spot; /* what the fence's word was then */
	bool busy;     /* ddtp was then                  */
} heard[HEARD];
static unsigned told;

static struct heard *hear(bool context)
{
	struct heard *h = &heard[told++ % HEARD];

	memset(h, 0, sizeof *h);
	h->context = context;
	h->spot = ram32(rig, SPOT);
	h->busy = rd64(rig, DDTP) & DDTP_BUSY;
	return h;
}

static void on_context(void *opaque, const struct iom_context_info *info)
{
	CHECK(opaque == rig);
	hear(true)->info = *info;
}

static void on_invalidate(void *opaque, const struct iom_invalidation *what)
{
	CHECK(opaque == rig);
	hear(false)->what = *what;
}

static const struct iom_backend backend = {
	.bytes = sizeof backend,
	.context = on_context,
	.invalidate = on_invalidate,
};

static struct rig *backed(uint64_t cap)
{
	rig = rig_new(cap);
	CHECK_EQ(iom_backend_set(rig->unit, &backend, rig), IOM_OK);
	told = 0;
	return rig;
}

static struct iom_endpoint *endpoint_of(uint32_t requester)
{
	struct iom_endpoint *endpoint;

	CHECK_EQ(iom_endpoint_get(rig->unit, requester, &endpoint), IOM_OK);
	return endpoint;
}

static struct iom_context_info fault_in(uint32_t requester, bool has_pasid, uint32_t pasid)
{
	struct iom_context_info info;
	unsigned was = told;

	memset(&info, 0x5a, sizeof info);
	CHECK_EQ(iom_fault_in(endpoint_of(requester), has_pasid, pasid, &info), IOM_OK);
	CHECK_EQ(told, was + 1);
	CHECK(heard[was % HEARD].context);
	CHECK_EQ(info.requester, requester);
	CHECK_EQ(info.has_pasid, has_pasid);
	CHECK_EQ(info.pasid, has_pasid ? pasid : 0);
	CHECK_EQ(heard[was % HEARD].info.kind, info.kind);
	CHECK_EQ(heard[was % HEARD].info.stage1.root, info.stage1.root);
	return info;
}

static void check_stage(const struct iom_stage *stage, uint32_t format, uint64_t root, uint32_t tag,
                        bool big)
{
	CHECK_EQ(stage->format, format);
	CHECK_EQ(stage->root, root);
	CHECK_EQ(stage->tag, tag);
	CHECK_EQ(stage->big_endian, big);
}

/* ---- Invalidations ------------------------------------------------------------------------ */

#define AV (1ull << 10)
#define PSCID(n) ((uint64_t)(n) << 12)
#define PSCV (1ull << 32)
#define GV (1ull << 33)
#define GSCID(n) ((uint64_t)(n) << 44)
#define ADDR(a) ((a) >> 12 << 10)

TEST(backend_hears_every_form_of_iotinval, "")
{
	static const struct {
		uint64_t dw0, dw1;
		struct iom_invalidation what;
	} rows[] = {
		{ VMA, 0, { .stage1 = true, .no_guest = true } },
		{ VMA | PSCV | PSCID(0xabcde),
		  0,
		  { .stage1 = true,
		    .no_guest = true,
		    .one_process = true,
		    .process_tag = 0xabcde } },
		{ VMA | AV,
		  ADDR(0x7fff12345000),
		  { .stage1 = true,
		    .no_guest = true,
		    .one_range = true,
		    .first = 0x7fff12345000,
		    .last = 0x7fff12345fff } },
		{ VMA | AV | PSCV | PSCID(1),
		  ADDR(~0xfffull),
		  { .stage1 = true,
		    .no_guest = true,
		    .one_process = true,
		    .process_tag = 1,
		    .one_range = true,
		    .first = ~0xfffull,
		    .last = ~0ull } },
		{ VMA | GV | GSCID(0xffff),
		  0,
		  { .stage1 = true, .one_guest = true, .guest_tag = 0xffff } },
		{ VMA | GV | GSCID(3) | PSCV | PSCID(7),
		  0,
		  { .stage1 = true,
		    .one_guest = true,
		    .guest_tag = 3,
		    .one_process = true,
		    .process_tag = 7 } },
		{ VMA | GV | GSCID(3) | AV,
		  ADDR(0x5000),
		  { .stage1 = true,
		    .one_guest = true,
		    .guest_tag = 3,
		    .one_range = true,
		    .first = 0x5000,
		    .last = 0x5fff } },
		{ GVMA, 0, { .stage2 = true } },
		{ GVMA | GV | GSCID(9), 0, { .stage2 = true, .one_guest = true, .guest_tag = 9 } },
		{ GVMA | GV | GSCID(9) | AV,
		  ADDR(0x123456000),
		  { .stage2 = true,
		    .one_guest = true,
		    .guest_tag = 9,
		    .one_range = true,
		    .first = 0x123456000,
		    .last = 0x123456fff } },
		/* Without GV an address means nothing to GVMA. */
		{ GVMA | AV, ADDR(0x5000), { .stage2 = true } },
	};
	struct rig *r = backed(0);

	rig_cq(r, 6, false);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		const struct iom_invalidation *is = &heard[i].what, *be = &rows[i].what;

		rig_cmd(r, rows[i].dw0, rows[i].dw1);
		CHECK_EQ(told, i + 1);
		CHECK(!heard[i].context);
		CHECK_EQ(is->stage1, be->stage1);
		CHECK_EQ(is->stage2, be->stage2);
		CHECK_EQ(is->no_guest, be->no_guest);
		CHECK_EQ(is->one_guest, be->one_guest);
		CHECK_EQ(is->one_process, be->one_process);
		CHECK_EQ(is->one_range, be->one_range);
		CHECK(!is->one_requester && !is->one_pasid);
		if (be->one_guest)
			CHECK_EQ(is->guest_tag, be->guest_tag);
		if (be->one_process)
			CHECK_EQ(is->process_tag, be->process_tag);
		if (be->one_range) {
			CHECK_EQ(is->first, be->first);
			CHECK_EQ(is->last, be->last);
		}
	}
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	rig_free(r);
}

/* S: the lowest 0 of the page number says how large the range is. */
TEST(backend_hears_ranges, "")
{
	static const struct {
		uint64_t address, first, last;
	} rows[] = {
		{ 0x6000, 0x6000, 0x7fff },
		{ 0x5000, 0x4000, 0x7fff },
		{ 0x7000, 0, 0xffff },
		{ 0xffffffff7ffff000, 0xffffffff00000000, 0xffffffffffffffff },
		{ 0x3ffffffffffff000, 0, ~0ull >> 1 },
	};
	struct rig *r = backed(CAP_EXT | 1ull << 43);

	rig_cq(r, 6, false);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		rig_cmd(r, VMA | AV, ADDR(rows[i].address) | 1 << 9);
		CHECK_EQ(told, i + 1);
		CHECK(heard[i].what.one_range);
		CHECK_EQ(heard[i].what.first, rows[i].first);
		CHECK_EQ(heard[i].what.last, rows[i].last);
	}
	/* Everything is no range. */
	rig_cmd(r, VMA | AV, ADDR(~0xfffull >> 1) | 1 << 9);
	CHECK(!heard[told - 1].what.one_range);
	rig_cmd(r, VMA | AV, ADDR(~0xfffull) | 1 << 9);
	CHECK(!heard[told - 1].what.one_range);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	rig_free(r);
}

/* DV in bit 33, PID in 31:12, DID in 63:40. */
TEST(backend_hears_every_form_of_iodir, "")
{
	struct rig *r = backed(0);
	bool seen[4] = { false };

	endpoint_of(1);
	endpoint_of(2);
	endpoint_of(3 + 64); /* in another place of any table */
	rig_cq(r, 5, false);

	rig_cmd(r, INVAL_DDT, 0);
	CHECK_EQ(told, 4);
	CHECK(!heard[0].context);
	CHECK(!heard[0].what.stage1 && !heard[0].what.stage2 && !heard[0].what.one_requester &&
	      !heard[0].what.one_pasid);
	for (unsigned i = 1; i < 4; i++) {
		CHECK(heard[i].context && !heard[i].info.has_pasid);
		seen[heard[i].info.requester & 3] = true;
	}
	CHECK(seen[1] && seen[2] && seen[3]);

	told = 0;
	rig_cmd(r, INVAL_DDT | 1ull << 33 | 2ull << 40, 0);
	CHECK_EQ(told, 2);
	CHECK(!heard[0].context && heard[0].what.one_requester && !heard[0].what.one_pasid);
	CHECK_EQ(heard[0].what.requester, 2);
	CHECK(heard[1].context);
	CHECK_EQ(heard[1].info.requester, 2);

	/* A device that nobody has asked for yet has no endpoint. */
	told = 0;
	rig_cmd(r, INVAL_DDT | 1ull << 33 | 9ull << 40, 0);
	CHECK_EQ(told, 1);
	CHECK_EQ(heard[0].what.requester, 9);

	told = 0;
	rig_cmd(r, INVAL_PDT | 1ull << 33 | 1ull << 40 | 0x12345ull << 12, 0);
	CHECK_EQ(told, 2);
	CHECK(heard[0].what.one_requester && heard[0].what.one_pasid);
	CHECK_EQ(heard[0].what.requester, 1);
	CHECK_EQ(heard[0].what.pasid, 0x12345);
	CHECK(heard[1].context && !heard[1].info.has_pasid);

	/* What is illegal is not told. */
	told = 0;
	rig_cmd(r, INVAL_PDT, 0);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_ILL);
	CHECK_EQ(told, 0);
	rig_free(r);
}

TEST(backend_hears_before_the_fence_completes, "")
{
	struct rig *r = backed(0);

	endpoint_of(1);
	rig_cq(r, 4, false);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	rig_cmd(r, VMA, 0);
	rig_cmd(r, INVAL_DDT, 0);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(1), SPOT >> 2);
	rig_cmd(r, GVMA, 0);
	CHECK_EQ(told, 0);
	iom_unit_start(r->unit);
	CHECK_EQ(told, 4);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(heard[i].spot, 0);
	CHECK_EQ(heard[3].spot, 1);
	CHECK(heard[0].what.stage1 && heard[2].context && heard[3].what.stage2);

	/* A fence that waits for a section holds back none of what came before it. */
	told = 0;
	iom_begin(r->lane);
	rig_cmd(r, VMA, 0);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(2), SPOT >> 2);
	rig_cmd(r, VMA, 0);
	CHECK_EQ(told, 1);
	iom_end(r->lane);
	CHECK_EQ(told, 2);
	CHECK_EQ(heard[1].spot, 2);
	rig_free(r);
}

/* Off and on change every context; the backend hears of it while ddtp is busy. */
TEST(backend_hears_of_changes_of_ddtp, "")
{
	struct rig *r = backed(0);

	endpoint_of(1);
	endpoint_of(2);
	for (unsigned i = 0; i < 3; i++) {
		static const uint8_t modes[] = { BARE, LVL1, OFF };

		told = 0;
		wr64(r, DDTP, PPN_OF(RIG_RAM + 0x400000) | modes[i]);
		CHECK_EQ(told, 2);
		for (unsigned k = 0; k < 2; k++) {
			CHECK(heard[k].context && heard[k].busy);
			CHECK_EQ(heard[k].info.kind,
			         modes[i] == BARE ? IOM_CONTEXT_TRANSLATED : IOM_CONTEXT_BLOCKED);
		}
		CHECK_EQ(rd64(r, DDTP) & 0x1f, modes[i]);
	}
	rig_free(r);
}

TEST(backend_hears_of_reset_and_load, "")
{
	struct rig *r = backed(0);
	uint8_t bytes_of[4096];
	size_t bytes;

	endpoint_of(1);
	wr64(r, DDTP, BARE);
	CHECK_EQ(iom_unit_save(r->unit, bytes_of, sizeof bytes_of, &bytes), IOM_OK);
	for (unsigned i = 0; i < 2; i++) {
		told = 0;
		if (i)
			CHECK_EQ(iom_unit_load(r->unit, bytes_of, bytes, NULL), IOM_OK);
		else
			iom_unit_reset(r->unit);
		CHECK_EQ(told, 3);
		CHECK(heard[0].what.stage1 && heard[0].what.stage2 && !heard[0].what.no_guest &&
		      !heard[0].what.one_range);
		CHECK(!heard[1].context && !heard[1].what.stage1 && !heard[1].what.one_requester);
		CHECK(heard[2].context);
		CHECK_EQ(heard[2].info.kind, i ? IOM_CONTEXT_TRANSLATED : IOM_CONTEXT_BLOCKED);
	}
	rig_free(r);
}

/* ---- Contexts ----------------------------------------------------------------------------- */

TEST(contexts_of_every_mode, "")
{
	struct rig *r = backed(0);

	rig_fq(r, 4, false);
	CHECK_EQ(fault_in(1, false, 0).kind, IOM_CONTEXT_BLOCKED); /* Off */
	wr64(r, DDTP, BARE);
	{
		struct iom_context_info info = fault_in(1, false, 0);

		CHECK_EQ(info.kind, IOM_CONTEXT_TRANSLATED);
		check_stage(&info.stage1, IOM_FORMAT_NONE, 0, 0, false);
		check_stage(&info.stage2, IOM_FORMAT_NONE, 0, 0, false);
	}
	rig_ddt(r, 1);
	CHECK_EQ(fault_in(1, false, 0).kind, IOM_CONTEXT_BLOCKED);     /* V is 0    */
	CHECK_EQ(fault_in(0x100, false, 0).kind, IOM_CONTEXT_BLOCKED); /* too wide  */
	rig_dc_put(r, 1, 1 | 1ull << 20, 0, 0, 0);
	CHECK_EQ(fault_in(1, false, 0).kind, IOM_CONTEXT_BLOCKED); /* reserved bit */

	for (unsigned one = 7; one <= 10; one++) {
		for (unsigned two = 7; two <= 10; two++) {
			uint64_t m1 = one == 7 ? 0 : (uint64_t)one << 60;
			uint64_t m2 = two == 7 ? 0 : (uint64_t)two << 60;
			struct iom_context_info info;

			rig_dc_put(r, 1, 1, m2 | 0xbeefull << 44 | 0x12344, 0x54321ull << 12,
			           m1 | 0x678);
			info = fault_in(1, false, 0);
			CHECK_EQ(info.kind, IOM_CONTEXT_TRANSLATED);
			check_stage(&info.stage1, one - 7, one == 7 ? 0 : 0x678000,
			            one == 7 ? 0 : 0x54321, false);
			check_stage(&info.stage2, two - 7, two == 7 ? 0 : 0x12344000,
			            two == 7 ? 0 : 0xbeef, false);
		}
	}
	rig_expect_none(r);
	rig_free(r);
}

TEST(contexts_of_processes, "")
{
	struct rig *r = backed(0);
	uint64_t pdt;

	rig_fq(r, 4, false);
	rig_ddt(r, 1);
	pdt = page(r);
	/* Without a process directory, requests with a process are refused. */
	rig_dc_put(r, 1, 1, 0, 0, 0);
	CHECK_EQ(fault_in(1, true, 0).kind, IOM_CONTEXT_BLOCKED);
	/* PD8 */
	rig_dc_put(r, 1, 1 | 1 << 5, 0, 0, 1ull << 60 | pdt >> 12);
	put64(r, pdt + 16 * 3 + 8, 8ull << 60 | 0x777);
	put64(r, pdt + 16 * 3, 1 | 0x33ull << 12);
	put64(r, pdt + 8, 10ull << 60 | 0x555);
	put64(r, pdt, 1 | 0x11ull << 12);
	for (unsigned dpe = 0; dpe < 2; dpe++) {
		struct iom_context_info info;

		rig_dc_put(r, 1, 1 | 1 << 5 | dpe << 9, 0, 0, 1ull << 60 | pdt >> 12);
		info = fault_in(1, true, 3);
		CHECK_EQ(info.kind, IOM_CONTEXT_TRANSLATED);
		check_stage(&info.stage1, IOM_FORMAT_RISCV_SV39, 0x777000, 0x33, false);
		info = fault_in(1, false, 3);
		CHECK_EQ(info.kind, IOM_CONTEXT_TRANSLATED);
		/* DPE: the default process is number 0. */
		check_stage(&info.stage1, dpe ? IOM_FORMAT_RISCV_SV57 : IOM_FORMAT_NONE,
		            dpe ? 0x555000 : 0, dpe ? 0x11 : 0, false);
		CHECK_EQ(fault_in(1, true, 4).kind, IOM_CONTEXT_BLOCKED);
		CHECK_EQ(fault_in(1, true, 256).kind, IOM_CONTEXT_BLOCKED);
	}
	CHECK_EQ(iom_fault_in(endpoint_of(1), true, 0x100000, NULL), IOM_EINVAL);
	CHECK_EQ(iom_fault_in(endpoint_of(1), true, 0xfffff, NULL), IOM_OK);
	/* `pasid` does not count without its flag. */
	CHECK_EQ(iom_fault_in(endpoint_of(1), false, ~0u, NULL), IOM_OK);
	rig_expect_none(r);
	rig_free(r);
}

TEST(contexts_tell_byte_orders, "")
{
	for (unsigned i = 0; i < 4; i++) {
		struct rig *r = backed(0);
		bool be = i & 1, sbe = i & 2;
		struct iom_context_info info;
		uint64_t dc;

		wr32(r, FCTL, be ? BE : 0);
		rig_ddt(r, 1);
		dc = rig_dc(r, 1);
		rig_dc_put(r, 1, 1 | (sbe ? 1 << 10 : 0), 8ull << 60 | 5ull << 44 | 0x84, 0,
		           9ull << 60 | 0x99);
		for (unsigned w = 0; be && w < 4; w++)
			put64(r, dc + 8 * w, swap64(ram64(r, dc + 8 * w)));
		info = fault_in(1, false, 0);
		CHECK_EQ(info.kind, IOM_CONTEXT_TRANSLATED);
		check_stage(&info.stage1, IOM_FORMAT_RISCV_SV48, 0x99000, 0, sbe);
		check_stage(&info.stage2, IOM_FORMAT_RISCV_SV39, 0x84000, 5, be);
		rig_free(r);
	}
}

/* A cached context is what the unit goes by, until software asks for another look. */
TEST(contexts_are_the_units_own_view, "")
{
	const struct iom_riscv_config config = { .capabilities = CAP_EXT };

	rig = rig_new_config(&config);
	CHECK_EQ(iom_backend_set(rig->unit, &backend, rig), IOM_OK);
	rig_cq(rig, 4, false);
	rig_ddt(rig, 1);
	endpoint_of(1);
	CHECK_EQ(fault_in(1, false, 0).kind, IOM_CONTEXT_BLOCKED);
	/* What becomes valid for the first time needs no command. */
	rig_dc_put(rig, 1, 1, 0, 0, 8ull << 60 | 0x10);
	CHECK_EQ(fault_in(1, false, 0).stage1.root, 0x10000);
	rig_dc_put(rig, 1, 1, 0, 0, 8ull << 60 | 0x20);
	CHECK_EQ(fault_in(1, false, 0).stage1.root, 0x10000);
	told = 0;
	rig_cmd(rig, INVAL_DDT | 1ull << 33 | 1ull << 40, 0);
	CHECK_EQ(told, 2);
	CHECK_EQ(heard[1].info.stage1.root, 0x20000);
	rig_free(rig);
}

TEST(backend_comes_and_goes, "")
{
	struct rig *r = backed(0);
	struct iom_backend wrong = backend;
	struct iom_endpoint *endpoint = endpoint_of(1);
	struct iom_context_info info;

	rig_cq(r, 4, false);
	rig_cmd(r, INVAL_DDT, 0);
	CHECK_EQ(told, 2);
	/* A refused backend leaves the old one. */
	wrong.bytes--;
	CHECK_EQ(iom_backend_set(r->unit, &wrong, r), IOM_EINVAL);
	wrong = backend;
	wrong.context = NULL;
	CHECK_EQ(iom_backend_set(r->unit, &wrong, r), IOM_EINVAL);
	wrong = backend;
	wrong.invalidate = NULL;
	CHECK_EQ(iom_backend_set(r->unit, &wrong, r), IOM_EINVAL);
	rig_cmd(r, VMA, 0);
	CHECK_EQ(told, 3);

	CHECK_EQ(iom_backend_set(r->unit, NULL, NULL), IOM_OK);
	rig_cmd(r, INVAL_DDT, 0);
	wr64(r, DDTP, BARE);
	CHECK_EQ(iom_fault_in(endpoint, false, 0, &info), IOM_OK);
	CHECK_EQ(info.kind, IOM_CONTEXT_TRANSLATED);
	iom_unit_reset(r->unit);
	CHECK_EQ(told, 3);
	rig_free(r);
}

TEST(contexts_of_a_removed_endpoint, "")
{
	struct rig *r = backed(0);
	struct iom_endpoint *endpoint = endpoint_of(1);
	struct iom_port *port = rig_port(r, 1);
	uint64_t next;

	rig_cq(r, 4, false);
	iom_endpoint_remove(endpoint);
	CHECK_EQ(iom_fault_in(endpoint, false, 0, NULL), IOM_ENOENT);
	CHECK_EQ(iom_replay(endpoint, 0, 1, NULL, NULL, &next), IOM_ENOENT);
	rig_cmd(r, INVAL_DDT, 0);
	CHECK_EQ(told, 1);
	iom_port_close(port);
	rig_free(r);
}

/* Endpoints that come, go and change their number while all are told leave out no other. */
static void churn(void *opaque, const struct iom_context_info *info)
{
	struct iom_endpoint *endpoint = endpoint_of(info->requester);

	on_context(opaque, info);
	if (info->requester < 100 && info->requester & 1)
		iom_endpoint_remove(endpoint);
	else if (info->requester < 100)
		CHECK_EQ(iom_endpoint_renumber(endpoint, 0x10000 + info->requester * 7), IOM_OK);
}

TEST(all_endpoints_are_told_while_some_change, "")
{
	const struct iom_backend churning = { .bytes = sizeof churning,
		                              .context = churn,
		                              .invalidate = on_invalidate };
	bool seen[20] = { false };
	struct rig *r = backed(0);

	CHECK_EQ(iom_backend_set(r->unit, &churning, r), IOM_OK);
	rig_cq(r, 4, false);
	for (uint32_t i = 0; i < 10; i++)
		endpoint_of(200 + i);
	for (uint32_t i = 0; i < 10; i++)
		endpoint_of(10 + i);
	rig_cmd(r, INVAL_DDT, 0);
	CHECK(told <= HEARD);
	for (unsigned i = 1; i < told; i++) {
		uint32_t id = heard[i].info.requester;

		CHECK(heard[i].context);
		if (id < 0x10000)
			seen[id < 100 ? id - 10 : id - 200 + 10] = true;
	}
	for (unsigned i = 0; i < 20; i++)
		CHECK_MSG(seen[i], "%u", i);
	rig_free(r);
}

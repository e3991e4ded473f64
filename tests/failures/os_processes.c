/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The driver's life with processes, with devices that keep translations, and with pages that devices ask
 * for, in which one thing fails (ill.h).  The call that met it says so and has changed what os.h says;
 * other processes go on; and the call that is repeated succeeds, and is obeyed.
 */
#include "ill.h"

#include "../os/sva.h"

#define KERNEL 0x10000ull /* IOVA of the kernel's page, and of another behind it */
#define WORD 0xabcdull
#define CACHED 9u /* a device without processes that keeps translations */
#define ASKS (IOM_DEVICE_PASID | IOM_DEVICE_ATS | IOM_DEVICE_PRI)
#define MISSING 0x7000ull
#define GROUP 300u

/* What a way leads to.  Nobody knows while hardware has not heard that it is closed. */
enum { NOTHING, FIRST, SECOND, TO_KERNEL, TO_ALL, UNSURE };

struct life {
	struct ill ill;
	bool over; /* devices are not looked at any more */
	struct bench *b;
	struct iom_domain *dma, *identity, *one, *two;
	unsigned process[2], plain, cached; /* where they lead: DEVICE's, CACHED's           */
	unsigned may_ask;                   /* CACHED is given translations: TO_KERNEL, or not */
	unsigned asked, crowd;
	struct iom_os_page_request page;
};

static const uint32_t pasids[2] = { 11, 0x1fff };
static struct life *now_living;

/* ---- What devices see ---------------------------------------------------------------------- */

static bool reads(struct bench *b, uint32_t device, uint64_t iova)
{
	uint64_t val;

	/* Where no memory is, there is no fault either: all ones come back. */
	return !bench_dma_read(b, device, iova, &val) && val == WORD;
}

static bool is_given_translations(struct bench *b)
{
	struct iom_request q = { .iova = KERNEL, .bytes = 8, .at = IOM_AT_TRANSLATION_REQUEST };
	struct iom_endpoint *endpoint;
	struct iom_port *port;
	struct iom_reply reply;
	int err;

	CHECK_EQ(iom_endpoint_get(b->unit, CACHED, &endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(endpoint, b->lane, &port), IOM_OK);
	iom_begin(b->lane);
	err = iom_translate(port, &q, &reply);
	iom_end(b->lane);
	iom_port_close(port);
	return !err && reply.perm & IOM_PERM_READ;
}

static void check(struct life *w)
{
	struct bench *b = w->b;
	uint64_t val;

	if (w->over)
		return;
	for (unsigned i = 0; i < 2; i++) {
		unsigned code = bench_pasid_read(b, DEVICE, pasids[i], SVA_PAGE, &val);

		if (w->process[i] == UNSURE)
			continue;
		CHECK_MSG(!code == (w->process[i] != NOTHING), "PASID 0x%x: %u", pasids[i], code);
		if (!code)
			CHECK_EQ(val, sva_word(w->process[i]));
	}
	if (w->plain != UNSURE) {
		CHECK_EQ(reads(b, DEVICE, KERNEL), w->plain == TO_KERNEL);
		CHECK_EQ(reads(b, DEVICE, BENCH_DATA), w->plain == TO_ALL);
	}
	if (w->cached != UNSURE)
		CHECK_EQ(reads(b, CACHED, KERNEL), w->cached == TO_KERNEL);
	if (w->may_ask != UNSURE)
		CHECK_EQ(is_given_translations(b), w->may_ask == TO_KERNEL);
}

/* A way is about to be closed. */
static unsigned closing(const struct life *w)
{
	return w->ill.mode == LOST ? UNSURE : NOTHING;
}

/* ---- Calls that meet the failure, or not --------------------------------------------------- */

static bool failed(struct life *w, int err, const char *call)
{
	if (!err)
		return false;
	CHECK_MSG(ill_fits(&w->ill, err), "%s: %d", call, err);
	ill_heal(&w->ill);
	check(w);
	return true;
}

#define TRY(w, call)                                                                               \
	do {                                                                                       \
		if (failed(w, call, #call))                                                        \
			CHECK_MSG((call) == IOM_OK, "%s, repeated", #call);                        \
	} while (0)

/* What an ability that comes or goes lets CACHED do is open until the call has succeeded. */
static void allow_cached(struct life *w, unsigned abilities)
{
	w->may_ask = UNSURE;
	TRY(w, iom_device_allow(w->b->driver, CACHED, abilities));
	w->may_ask = abilities && w->cached ? TO_KERNEL : NOTHING;
	check(w);
}

static void attach_process(struct life *w, unsigned i, struct iom_domain *domain, unsigned process)
{
	enum mode mode = w->ill.mode;
	int err = iom_domain_attach_pasid(domain, DEVICE, pasids[i]);

	if (failed(w, err, "attach_pasid")) {
		if (mode == NO_MEMORY)
			CHECK_EQ(iom_domain_detach_pasid(domain, DEVICE, pasids[i]), IOM_ENOENT);
		CHECK_EQ(iom_domain_attach_pasid(domain, DEVICE, pasids[i]), IOM_OK);
	}
	w->process[i] = process;
	check(w);
}

static void detach_process(struct life *w, unsigned i, struct iom_domain *domain)
{
	w->process[i] = closing(w);
	TRY(w, iom_domain_detach_pasid(domain, DEVICE, pasids[i]));
	w->process[i] = NOTHING;
	check(w);
}

static void attach_plain(struct life *w, struct iom_domain *domain, unsigned way)
{
	enum mode mode = w->ill.mode;
	unsigned was = w->plain;
	int err = iom_domain_attach(domain, DEVICE);

	w->plain = mode == NO_MEMORY && err ? was : mode == LOST && err ? UNSURE : NOTHING;
	if (failed(w, err, "attach"))
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
	w->plain = way;
	check(w);
}

/* ---- The steps of a life ------------------------------------------------------------------- */

static struct iom_stage table_of(struct life *w, unsigned process)
{
	uint64_t base = sva_base(process), to = base + 0x8000;

	*bench_word(w->b, to) = sva_word(process);
	return ill_table(w->ill.hw, w->b, base, 0, SVA_PAGE, to);
}

static void begin(struct life *w)
{
	struct bench *b = w->b;
	const struct iom_stage one = table_of(w, FIRST), two = table_of(w, SECOND);

	*bench_word(b, BENCH_DATA) = WORD;
	TRY(w, iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &w->dma, NULL));
	TRY(w, iom_domain_map(w->dma, KERNEL, BENCH_DATA, 0x2000, IOM_PROT_READ));
	TRY(w, iom_domain_new(b->driver, IOM_DOMAIN_IDENTITY, &w->identity, NULL));
	TRY(w, iom_domain_new_process(b->driver, &one, &w->one, NULL));
	TRY(w, iom_domain_new_process(b->driver, &two, &w->two, NULL));
	TRY(w, iom_domain_attach(w->dma, CACHED));
	w->cached = TO_KERNEL;
	allow_cached(w, IOM_DEVICE_ATS);
	TRY(w, iom_device_allow(b->driver, DEVICE, ASKS));
}

/* DEVICE's requests without PASID come and go, with processes and without. */
static void attachments(struct life *w)
{
	attach_plain(w, w->identity, TO_ALL);
	attach_plain(w, w->dma, TO_KERNEL);
	attach_process(w, 0, w->one, FIRST);
	attach_process(w, 1, w->two, SECOND);
	attach_plain(w, w->identity, TO_ALL);
	w->plain = closing(w);
	TRY(w, iom_domain_detach(w->identity, DEVICE));
	w->plain = NOTHING;
	check(w);
	attach_plain(w, w->dma, TO_KERNEL);
	for (uint32_t i = 0; i < w->crowd; i++)
		TRY(w, iom_domain_attach_pasid(w->two, DEVICE, 100 + i * 1021));
	detach_process(w, 0, w->one);
	attach_process(w, 0, w->two, SECOND);
	detach_process(w, 0, w->two);
	attach_process(w, 0, w->one, FIRST);
}

static void invalidations(struct life *w)
{
	struct iom_gather gather = { 0 };

	TRY(w, iom_domain_invalidate(w->one, SVA_PAGE, SVA_PAGE + 0xfff, false));
	TRY(w, iom_domain_invalidate(w->two, 0, UINT64_MAX, true));
	TRY(w, iom_domain_unmap(w->dma, KERNEL + 0x1000, 0x1000, &gather));
	TRY(w, iom_domain_sync(w->dma, &gather));
	CHECK(!gather.some);
	CHECK(!reads(w->b, DEVICE, KERNEL + 0x1000));
	check(w);
}

static void abilities(struct life *w)
{
	struct iom_driver *driver = w->b->driver;

	allow_cached(w, 0);
	allow_cached(w, IOM_DEVICE_ATS);
	TRY(w, iom_device_allow(driver, DEVICE, IOM_DEVICE_PASID));
	check(w);
	TRY(w, iom_device_allow(driver, DEVICE, ASKS | IOM_DEVICE_PRI_PASID));
	check(w);
}

static void hear(void *opaque, const struct iom_os_page_request *request)
{
	struct life *w = now_living;

	(void)opaque;
	w->asked++;
	w->page = *request;
	CHECK_EQ(request->requester, DEVICE);
	CHECK_EQ(request->pasid, pasids[0]);
	CHECK_EQ(request->address, MISSING);
	CHECK_EQ(request->group, GROUP);
	CHECK(request->last && request->has_pasid);
}

/* A request is heard of once, sooner or later, and no other is made up; its answer reaches the device. */
static void page_requests(struct life *w)
{
	const struct iom_message ask = {
		.kind = IOM_MESSAGE_PAGE_REQUEST,
		.address = MISSING,
		.token = GROUP,
		.pasid = pasids[0],
		.flags = IOM_REQ_PASID,
		.code = IOM_PAGE_READ | IOM_PAGE_LAST,
	};
	const struct iom_message *answer;
	struct bench *b = w->b;
	unsigned messages;

	iom_driver_interrupt(b->driver);
	bench_message(b, DEVICE, &ask);
	iom_driver_interrupt(b->driver);
	if (w->ill.fired)
		ill_heal(&w->ill);
	iom_driver_interrupt(b->driver);
	CHECK_EQ(w->asked, 1);
	CHECK_EQ(iom_driver_page_overflows(b->driver), 0);
	messages = b->messages;
	TRY(w, iom_driver_respond(b->driver, &w->page, IOM_RESPONSE_DONE));
	CHECK(b->messages > messages);
	answer = &b->message[(b->messages - 1) % BENCH_LOG];
	CHECK_EQ(answer->kind, IOM_MESSAGE_PAGES);
	CHECK_EQ(answer->token, GROUP);
	CHECK_EQ(answer->pasid, pasids[0]);
	CHECK_EQ(answer->code, IOM_PAGES_DONE);
	iom_driver_interrupt(b->driver);
	CHECK_EQ(w->asked, 1);
}

/* The last that DEVICE has is a process's, and then its own. */
static void end(struct life *w)
{
	struct bench *b = w->b;

	for (uint32_t i = 0; i < w->crowd; i++)
		TRY(w, iom_domain_detach_pasid(w->two, DEVICE, 100 + i * 1021));
	w->plain = closing(w);
	TRY(w, iom_domain_detach(w->dma, DEVICE));
	w->plain = NOTHING;
	detach_process(w, 1, w->two);
	detach_process(w, 0, w->one);
	attach_plain(w, w->dma, TO_KERNEL);
	w->plain = closing(w);
	TRY(w, iom_domain_detach(w->dma, DEVICE));
	w->plain = NOTHING;
	TRY(w, iom_device_allow(b->driver, DEVICE, 0));
	w->cached = w->may_ask = closing(w);
	TRY(w, iom_domain_detach(w->dma, CACHED));
	w->cached = w->may_ask = NOTHING;
	check(w);
	CHECK_EQ(iom_domain_free(w->one), IOM_OK);
	CHECK_EQ(iom_domain_free(w->two), IOM_OK);
	CHECK_EQ(iom_domain_free(w->dma), IOM_OK);
	CHECK_EQ(iom_domain_free(w->identity), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	w->over = w->ill.hw->passes_when_off;
	TRY(w, iom_driver_free(b->driver));
	b->driver = NULL;
	bench_free(b);
}

/* One life; returns whether there was a failure. */
static bool lives(const struct hardware *hw, enum mode mode, unsigned n)
{
	struct life w = { .crowd = mode == NO_MEMORY ? 300 : 3 };

	ill_new(&w.ill, hw, mode, n);
	now_living = &w;
	w.b = w.ill.b;
	w.b->host.page_request = hear;
	ill_bring_up(&w.ill);
	begin(&w);
	attachments(&w);
	invalidations(&w);
	abilities(&w);
	page_requests(&w);
	end(&w);
	return w.ill.fired;
}

static void vtd_sweeps(enum mode mode, unsigned places)
{
	ill_sweep(lives, &ill_vtd[ILL_VTD_PROCESSES], mode, places);
	ill_sweep(lives, &ill_vtd[ILL_VTD_PROCESSES + 1], mode, places);
}

TEST(processes_every_allocation_fails, "")
{
	ill_sweep(lives, &ill_riscv, NO_MEMORY, 30);
}

TEST(vtd_processes_every_allocation_fails, "")
{
	vtd_sweeps(NO_MEMORY, 300);
}

TEST(processes_registers_read_as_ones_once, "")
{
	ill_sweep(lives, &ill_riscv, GONE_ONCE, 80);
}

TEST(vtd_processes_registers_read_as_ones_once, "")
{
	vtd_sweeps(GONE_ONCE, 60);
}

TEST(processes_hardware_is_gone, "")
{
	ill_sweep(lives, &ill_riscv, GONE, 80);
}

TEST(vtd_processes_hardware_is_gone, "")
{
	vtd_sweeps(GONE, 60);
}

TEST(processes_hardware_never_gets_done, "")
{
	ill_sweep(lives, &ill_riscv, NEVER_DONE, 80);
}

TEST(vtd_processes_hardware_never_gets_done, "")
{
	vtd_sweeps(NEVER_DONE, 60);
}

TEST(processes_stores_to_registers_are_lost, "")
{
	ill_sweep(lives, &ill_riscv, LOST, 60);
}

TEST(vtd_processes_stores_to_registers_are_lost, "")
{
	vtd_sweeps(LOST, 50);
}

TEST(processes_every_device_keeps_silent, "")
{
	ill_sweep(lives, &ill_riscv, SILENT, 20);
}

TEST(vtd_processes_every_device_keeps_silent, "")
{
	vtd_sweeps(SILENT, 20);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Devices ask for pages, over the RISC-V driver. */
#include "sva.h"

#define ASKS (IOM_DEVICE_PASID | IOM_DEVICE_ATS | IOM_DEVICE_PRI)
#define PQB 0x038
#define PQH 0x040
#define PQT 0x044
#define PQCSR 0x050
#define IPSR 0x054
#define READ_LAST (IOM_PAGE_READ | IOM_PAGE_LAST)

static struct iom_domain *process;

static struct bench *ready(const struct iom_riscv_config *config, unsigned abilities)
{
	struct bench *b = bench_new(config);

	bench_with_devices(b);
	CHECK_MSG(!bench_up(b, NULL), "%s", b->error.text);
	process = sva_process(b, 1);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, abilities), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(process, DEVICE, 11), IOM_OK);
	return b;
}

static void gone(struct bench *b)
{
	CHECK_EQ(iom_domain_detach_pasid(process, DEVICE, 11), IOM_OK);
	CHECK_EQ(iom_domain_free(process), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

static void ask(struct bench *b, uint64_t address, unsigned group, unsigned code, unsigned flags)
{
	const struct iom_message m = {
		.kind = IOM_MESSAGE_PAGE_REQUEST,
		.address = address,
		.token = group,
		.pasid = 11,
		.flags = (uint16_t)flags,
		.code = (uint8_t)code,
	};

	bench_message(b, DEVICE, &m);
}

static const struct iom_os_page_request *page(const struct bench *b, unsigned n)
{
	return &b->page[n % BENCH_LOG];
}

static const struct iom_message *answer(const struct bench *b, unsigned n)
{
	CHECK_EQ(b->message[n % BENCH_LOG].kind, IOM_MESSAGE_PAGES);
	return &b->message[n % BENCH_LOG];
}

/* A page is missing; it is asked for, put there, and the device goes on. */
TEST(page_request_brings_a_page, "")
{
	struct bench *b = ready(NULL, ASKS);
	uint64_t *leaf = bench_word(b, sva_base(1) + 0x2000 + 7 * 8), val;
	const struct iom_os_page_request *p = page(b, 0);

	CHECK_EQ(bench_pasid_read(b, DEVICE, 11, 0x7000, &val), 13);
	bench_one_fault(b, 13);
	ask(b, 0x7000, 300, READ_LAST, IOM_REQ_PASID);
	CHECK_EQ(bench_rd32(b, IPSR), 8);
	CHECK_EQ(iom_driver_interrupt(b->driver), 0);
	CHECK_EQ(bench_rd32(b, IPSR), 0);
	CHECK_EQ(b->pages, 1);
	CHECK_EQ(p->address, 0x7000);
	CHECK_EQ(p->requester, DEVICE);
	CHECK_EQ(p->pasid, 11);
	CHECK_EQ(p->access, IOM_PROT_READ);
	CHECK_EQ(p->group, 300);
	CHECK(p->has_pasid && p->last && !p->privileged);
	CHECK_EQ(b->messages, 0);

	*leaf = SVA_LEAF(sva_base(1) + 0x4000);
	*bench_word(b, sva_base(1) + 0x4000) = 42;
	CHECK_EQ(iom_driver_respond(b->driver, p, IOM_RESPONSE_DONE), IOM_OK);
	CHECK_EQ(b->messages, 1);
	CHECK_EQ(answer(b, 0)->token, 300);
	CHECK_EQ(answer(b, 0)->code, IOM_PAGES_DONE);
	CHECK_EQ(answer(b, 0)->flags, 0);
	CHECK_EQ(bench_pasid_read(b, DEVICE, 11, 0x7000, &val), 0);
	CHECK_EQ(val, 42);
	gone(b);
}

TEST(page_requests_come_in_groups, "")
{
	struct bench *b = ready(NULL, ASKS | IOM_DEVICE_PRI_PASID);
	struct iom_os_page_request last;

	ask(b, 0x10000, 1, IOM_PAGE_READ, IOM_REQ_PASID | IOM_REQ_PRIVILEGED);
	ask(b, 0x20000, 2, IOM_PAGE_WRITE | IOM_PAGE_LAST, IOM_REQ_PASID);
	ask(b, 0x11000, 1, IOM_PAGE_READ | IOM_PAGE_EXECUTE | IOM_PAGE_LAST, IOM_REQ_PASID);
	ask(b, 0x30000, 3, IOM_PAGE_READ | IOM_PAGE_WRITE | IOM_PAGE_LAST, 0);
	ask(b, 0, 0, IOM_PAGE_LAST, IOM_REQ_PASID);
	CHECK_EQ(iom_driver_interrupt(b->driver), 0);
	CHECK_EQ(b->pages, 5);
	CHECK(page(b, 0)->group == 1 && !page(b, 0)->last && page(b, 0)->privileged);
	CHECK(page(b, 1)->group == 2 && page(b, 1)->last);
	CHECK_EQ(page(b, 1)->access, IOM_PROT_WRITE);
	CHECK(page(b, 2)->group == 1 && page(b, 2)->last);
	CHECK_EQ(page(b, 2)->access, IOM_PROT_READ | IOM_PROT_EXECUTE);
	CHECK(page(b, 3)->group == 3 && !page(b, 3)->has_pasid);
	CHECK(page(b, 4)->last && !page(b, 4)->access && page(b, 4)->has_pasid);

	/* one answer for a group, with the PASID where the request had one */
	CHECK_EQ(iom_driver_respond(b->driver, page(b, 0), IOM_RESPONSE_DONE), IOM_EINVAL);
	CHECK_EQ(iom_driver_respond(b->driver, page(b, 4), IOM_RESPONSE_DONE), IOM_EINVAL);
	CHECK_EQ(iom_driver_respond(b->driver, page(b, 2), 2), IOM_EINVAL);
	CHECK_EQ(b->messages, 0);
	last = *page(b, 2);
	CHECK_EQ(iom_driver_respond(b->driver, &last, IOM_RESPONSE_INVALID), IOM_OK);
	CHECK_EQ(iom_driver_respond(b->driver, page(b, 3), IOM_RESPONSE_FAILED), IOM_OK);
	CHECK_EQ(b->messages, 2);
	CHECK_EQ(answer(b, 0)->code, IOM_PAGES_INVALID);
	CHECK_EQ(answer(b, 0)->flags, IOM_REQ_PASID);
	CHECK_EQ(answer(b, 0)->pasid, 11);
	CHECK_EQ(answer(b, 0)->token, 1);
	CHECK_EQ(answer(b, 1)->code, IOM_PAGES_FAILED);
	CHECK_EQ(answer(b, 1)->flags, 0);
	gone(b);
}

/* A device may have lost its abilities before it is answered. */
TEST(page_requests_are_answered_late, "")
{
	struct bench *b = ready(NULL, ASKS | IOM_DEVICE_PRI_PASID);
	const struct iom_os_page_request request = {
		.address = 0x7000,
		.requester = 9,
		.pasid = 11,
		.access = IOM_PROT_READ,
		.group = 7,
		.last = true,
		.has_pasid = true,
	};

	CHECK_EQ(iom_driver_respond(b->driver, &request, IOM_RESPONSE_INVALID), IOM_OK);
	CHECK_EQ(answer(b, 0)->token, 7);
	CHECK_EQ(answer(b, 0)->flags, 0);
	gone(b);
}

TEST(page_requests_recover_from_overflow, "")
{
	const struct iom_riscv_config config = { .bytes = sizeof config, .queue_lg2 = 3 };
	struct bench *b = ready(&config, ASKS);

	for (unsigned round = 1; round < 4; round++) {
		b->pages = b->messages = 0;
		for (unsigned n = 0; n < 20; n++)
			ask(b, 0x1000ull * n, n, READ_LAST, IOM_REQ_PASID);
		CHECK_EQ(bench_rd32(b, PQCSR) & 0x200, 0x200);
		/* hardware has answered those that it could not record */
		CHECK_EQ(b->messages, 13);
		CHECK_EQ(answer(b, 0)->token, 7);
		CHECK_EQ(iom_driver_interrupt(b->driver), 0);
		CHECK_EQ(b->pages, 7);
		CHECK_EQ(iom_driver_page_overflows(b->driver), round);
		CHECK_EQ(iom_driver_overflows(b->driver), 0);
		CHECK_EQ(bench_rd32(b, PQCSR), 0x10003);
		CHECK_EQ(bench_rd32(b, IPSR), 0);
		CHECK_EQ(bench_rd32(b, PQH), bench_rd32(b, PQT));
		ask(b, 0x99000, 99, READ_LAST, IOM_REQ_PASID);
		iom_driver_interrupt(b->driver);
		CHECK_EQ(b->pages, 8);
		CHECK_EQ(page(b, 7)->address, 0x99000);
	}
	gone(b);
}

/* Moves the queue to where nothing is, as it is turned on. */
static void lead_astray(struct bench *b, uint64_t off, uint64_t val)
{
	if (off != PQCSR || !(val & 1))
		return;
	CHECK_EQ(iom_mmio_write(b->unit, 0, PQB, 8, 0x40000000ull >> 2 | 9), IOM_OK);
	b->on_write = NULL;
}

TEST(page_requests_recover_from_bad_memory, "")
{
	struct bench *b = bench_new(NULL);

	bench_with_devices(b);
	b->on_write = lead_astray;
	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	process = sva_process(b, 1);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, ASKS), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(process, DEVICE, 11), IOM_OK);
	for (unsigned round = 0; round < 3; round++) {
		ask(b, 0x7000, round, READ_LAST, IOM_REQ_PASID);
		CHECK_EQ(bench_rd32(b, PQCSR), 0x10103);
		CHECK_EQ(b->messages, round + 1);
		CHECK_EQ(answer(b, round)->code, IOM_PAGES_FAILED);
		iom_driver_interrupt(b->driver);
		CHECK_EQ(b->pages, 0);
		CHECK_EQ(iom_driver_page_overflows(b->driver), round + 1);
		CHECK_EQ(bench_rd32(b, PQCSR), 0x10003);
		CHECK_EQ(bench_rd32(b, IPSR), 0);
	}
	gone(b);
}

/* Who may not ask is told so by hardware, and reported. */
TEST(page_requests_need_to_be_allowed, "")
{
	static const struct {
		unsigned abilities;
		int err;
	} rows[] = {
		{ IOM_DEVICE_PRI, IOM_EINVAL },
		{ IOM_DEVICE_PASID | IOM_DEVICE_PRI, IOM_EINVAL },
		{ IOM_DEVICE_PRI_PASID, IOM_EINVAL },
		{ IOM_DEVICE_ATS | IOM_DEVICE_PRI_PASID, IOM_EINVAL },
		{ IOM_DEVICE_ATS | IOM_DEVICE_PRI, IOM_ENOTSUP },
		{ IOM_DEVICE_ATS, IOM_OK },
	};
	struct bench *b = ready(NULL, IOM_DEVICE_PASID | IOM_DEVICE_ATS);

	ask(b, 0x7000, 5, READ_LAST, IOM_REQ_PASID);
	CHECK_EQ(answer(b, 0)->code, IOM_PAGES_INVALID);
	bench_one_fault(b, 260);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, ASKS), IOM_OK);
	ask(b, 0x7000, 5, READ_LAST, IOM_REQ_PASID);
	iom_driver_interrupt(b->driver);
	CHECK_EQ(b->pages, 1);
	gone(b);

	/* a host that does not take them */
	b = bench_ready(NULL);
	CHECK_EQ(bench_rd32(b, PQCSR), 0);
	for (unsigned n = 0; n < sizeof rows / sizeof rows[0]; n++)
		CHECK_EQ(iom_device_allow(b->driver, DEVICE, rows[n].abilities), rows[n].err);
	bench_free(b);
}

static unsigned left;

/* Asks again as soon as it is answered, from inside the answer. */
static void answer_at_once(void *opaque, const struct iom_os_page_request *request)
{
	struct bench *b = opaque;

	b->pages++;
	CHECK_EQ(iom_driver_respond(b->driver, request, IOM_RESPONSE_DONE), IOM_OK);
	if (left--)
		ask(b, request->address + 0x1000, request->group, READ_LAST, IOM_REQ_PASID);
}

/* A device that asks without end does not hold the handler. */
TEST(page_requests_without_end, "")
{
	struct bench *b = bench_new(NULL);

	bench_with_devices(b);
	b->host.page_request = answer_at_once;
	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	process = sva_process(b, 1);
	CHECK_EQ(iom_device_allow(b->driver, DEVICE, ASKS), IOM_OK);
	CHECK_EQ(iom_domain_attach_pasid(process, DEVICE, 11), IOM_OK);
	left = 100;
	ask(b, 0, 0, READ_LAST, IOM_REQ_PASID);
	iom_driver_interrupt(b->driver);
	CHECK(b->pages < 10);
	while (bench_rd32(b, IPSR))
		iom_driver_interrupt(b->driver);
	CHECK_EQ(b->pages, 101);
	CHECK_EQ(b->messages, 101);
	gone(b);
}

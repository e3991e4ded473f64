/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The hypervisor's side of interrupt files in memory: a virtual CPU's page goes from a hart's file to
 * memory and back, and no message is lost on the way.
 */
#include <string.h>

#include "bench.h"

#define CAP_NO_MRIF (0x10ull | 1ull << 9 | 1ull << 17 | 1ull << 22 | 2ull << 28 | 56ull << 32)
#define DEVICE 0x123u
#define PAGE 0x40000000ull /* where the guest sees its file */
#define HART_FILE (BENCH_DATA + 0x300000)
#define MRIF (BENCH_DATA + 0x301200)
#define OTHER_MRIF (BENCH_DATA + 0x302e00)
#define NOTICE BENCH_MSI
#define CQT 0x24

static struct iom_domain *vm_new(struct bench *b)
{
	struct iom_domain *vm;

	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE2, &vm, &b->error), IOM_OK);
	CHECK_MSG(!iom_domain_msi_window(vm, PAGE, 0x1000, &b->error), "%s", b->error.text);
	CHECK_EQ(iom_domain_attach(vm, DEVICE), IOM_OK);
	return vm;
}

static void vm_free(struct iom_domain *vm, struct bench *b)
{
	CHECK_EQ(iom_domain_detach(vm, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

/* A device's message.  0, or the fault code. */
static unsigned message(struct bench *b, uint32_t identity)
{
	const struct iom_request q = { .iova = PAGE };
	struct iom_endpoint *endpoint;
	struct iom_reply reply;
	struct iom_port *port;
	int err;

	CHECK_EQ(iom_endpoint_get(b->unit, DEVICE, &endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(endpoint, b->lane, &port), IOM_OK);
	err = iom_write(port, &q, &identity, 4, &reply);
	iom_port_close(port);
	CHECK_EQ(!err, !reply.fault);
	return reply.fault;
}

/* ---- Where messages go -------------------------------------------------------------------- */

TEST(mrif_takes_the_messages_and_gives_them_back, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b);
	const struct iom_mrif mrif = { .file = MRIF, .notice = NOTICE, .identity = 0x5a5 };
	uint64_t *file = bench_word(b, MRIF);

	CHECK_EQ(iom_domain_msi_map(vm, PAGE, HART_FILE), IOM_OK);
	CHECK_EQ(message(b, 5), 0);
	CHECK_EQ(*bench_word(b, HART_FILE), 5);

	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_OK);
	CHECK_EQ(message(b, 6), 0);
	CHECK_EQ(message(b, 2047), 0);
	CHECK_EQ(*bench_word(b, HART_FILE), 5);
	CHECK_EQ(file[0], 1 << 6);
	CHECK_EQ(file[62], 1ull << 63);
	CHECK_EQ(b->msis, 2);
	CHECK_EQ(b->msi_data[0], 0x5a5);
	CHECK_EQ(b->msi_data[1], 0x5a5);

	CHECK_EQ(iom_domain_msi_map(vm, PAGE, HART_FILE), IOM_OK);
	CHECK_EQ(message(b, 7), 0);
	CHECK_EQ(*bench_word(b, HART_FILE), 7);
	CHECK_EQ(file[0], 1 << 6);
	CHECK_EQ(b->msis, 2);

	/* What the hypervisor does with the file meanwhile */
	iom_mrif_add(file, 0, 1 << 9);
	iom_mrif_add(file, 1, 3);
	CHECK_EQ(iom_mrif_take(file, 0), 1 << 6 | 1 << 9);
	CHECK_EQ(iom_mrif_take(file, 0), 0);
	CHECK_EQ(iom_mrif_take(file, 1), 3);
	CHECK_EQ(iom_mrif_take(file, 31), 1ull << 63);
	for (unsigned i = 0; i < IOM_MRIF_BYTES / 8; i++)
		CHECK_EQ(file[i], 0);

	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_OK);
	CHECK_EQ(iom_domain_msi_unmap(vm, PAGE), IOM_OK);
	CHECK_EQ(message(b, 8), 262);
	bench_one_fault(b, 262);
	vm_free(vm, b);
}

/* Every bit of the notice's identity, and of the addresses. */
TEST(mrif_entry_says_what_was_asked, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b);

	for (unsigned bit = 0; bit <= 11; bit++) {
		const struct iom_mrif mrif = {
			.file = MRIF,
			.notice = NOTICE,
			.identity = bit < 11 ? 1u << bit : 2047,
		};

		CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_OK);
		CHECK_EQ(message(b, 1), 0);
		CHECK_EQ(b->msi_data[bit], mrif.identity);
	}
	for (unsigned bit = 9; bit < 22; bit++) {
		const struct iom_mrif mrif = { .file = BENCH_DATA + (1ull << bit),
			                       .notice = NOTICE };

		CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_OK);
		CHECK_EQ(message(b, 70), 0);
		CHECK_EQ(bench_word(b, mrif.file)[2], 1 << 6);
	}
	vm_free(vm, b);
}

/* ---- What it costs, and when -------------------------------------------------------------- */

static unsigned doorbells;
static uint32_t next_identity;

static void count_doorbells(struct bench *b, uint64_t off, uint64_t val)
{
	(void)b, (void)val;
	doorbells += off == CQT;
}

/*
 * An entry's second half is settled before the first half makes it count: that takes a fence of its
 * own, but only where it is another one than the last time.
 */
TEST(mrif_switch_costs_one_fence, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b);
	struct iom_mrif mrif = { .file = MRIF, .notice = NOTICE, .identity = 1 };

	CHECK_EQ(iom_domain_msi_map(vm, PAGE, HART_FILE), IOM_OK);
	b->on_write = count_doorbells;
	doorbells = 0;
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_OK);
	CHECK_EQ(doorbells, 2);
	for (unsigned i = 0; i < 3; i++) {
		doorbells = 0;
		CHECK_EQ(iom_domain_msi_map(vm, PAGE, HART_FILE), IOM_OK);
		CHECK_EQ(doorbells, 1);
		mrif.file ^= MRIF ^ OTHER_MRIF;
		CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_OK);
		CHECK_EQ(doorbells, 2);
	}
	doorbells = 0;
	mrif.identity = 2;
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_OK);
	CHECK_EQ(doorbells, 2);
	b->on_write = NULL;
	vm_free(vm, b);
}

static void send_at_doorbells(struct bench *b, uint64_t off, uint64_t val)
{
	(void)val;
	if (off == CQT)
		CHECK_EQ(message(b, next_identity++), 0);
}

/*
 * A device that sends something new at the worst moments, while its guest's CPU sleeps and wakes: all
 * that it sent is in the file at the end, and what is in memory has had its notice.
 */
TEST(mrif_loses_nothing_while_the_page_moves, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b);
	struct iom_mrif mrif = { .file = MRIF, .notice = NOTICE };
	uint64_t *files[2] = { bench_word(b, MRIF), bench_word(b, OTHER_MRIF) };
	uint64_t seen[32] = { 0 };
	const struct iom_mrif hart = { .file = OTHER_MRIF, .notice = NOTICE, .identity = 9 };

	/* The other file stands for the hart's: it keeps what arrives, too. */
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &hart), IOM_OK);
	next_identity = 1;
	b->on_write = send_at_doorbells;
	for (unsigned round = 0; round < 100; round++) {
		mrif.identity = round % 3;
		CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_OK);
		b->on_write = NULL;
		for (unsigned group = 0; group < 32; group++)
			iom_mrif_add(files[0], group, iom_mrif_take(files[1], group));
		CHECK_EQ(message(b, next_identity++), 0);
		b->on_write = send_at_doorbells;
		CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &hart), IOM_OK);
		for (unsigned group = 0; group < 32; group++)
			seen[group] |= iom_mrif_take(files[0], group);
	}
	b->on_write = NULL;
	for (unsigned group = 0; group < 32; group++)
		seen[group] |= iom_mrif_take(files[1], group);
	CHECK(next_identity > 400 && next_identity < 2048);
	for (uint32_t identity = 1; identity < next_identity; identity++)
		CHECK_MSG(seen[identity / 64] >> identity % 64 & 1, "message %u is lost", identity);
	CHECK_EQ(b->msis, next_identity - 1);
	vm_free(vm, b);
}

/* ---- Refusals ----------------------------------------------------------------------------- */

TEST(mrif_refusals_change_nothing, "")
{
	const struct iom_riscv_config config = { .bytes = sizeof config,
		                                 .capabilities = CAP_NO_MRIF };
	const struct iom_mrif good = { .file = MRIF, .notice = NOTICE, .identity = 2047 };
	struct bench *b = bench_ready(NULL);
	struct iom_domain *vm = vm_new(b);
	struct iom_mrif mrif;

	CHECK_EQ(iom_domain_msi_map(vm, PAGE, HART_FILE), IOM_OK);
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE + 8, &good), IOM_EINVAL);
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE + 0x2000, &good), IOM_EINVAL);
	mrif = good;
	mrif.file += 256;
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_EINVAL);
	mrif.file = 1ull << 56;
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_EINVAL);
	mrif = good;
	mrif.notice += 4;
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_EINVAL);
	mrif.notice = 1ull << 56;
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_EINVAL);
	mrif = good;
	mrif.identity = 2048;
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &mrif), IOM_EINVAL);
	CHECK_EQ(message(b, 5), 0);
	CHECK_EQ(*bench_word(b, HART_FILE), 5);
	vm_free(vm, b);

	b = bench_ready(&config);
	vm = vm_new(b);
	CHECK_EQ(iom_domain_msi_map(vm, PAGE, HART_FILE), IOM_OK);
	CHECK_EQ(iom_domain_msi_map_mrif(vm, PAGE, &good), IOM_ENOTSUP);
	CHECK_EQ(message(b, 5), 0);
	CHECK_EQ(*bench_word(b, HART_FILE), 5);
	vm_free(vm, b);
}

/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Which commands are legal: opcodes, reserved bits, operands that are ignored. */
#include "rig.h"
#include "sheet.h"

#define DV (1ull << 33)
#define DID(n) ((uint64_t)(n) << 40)
#define PID(n) ((uint64_t)(n) << 12)

static uint64_t base; /* of the queue that run() fills */

/* Restarts the queue with one command in it and returns cqcsr. */
static uint32_t run(struct rig *r, uint64_t dw0, uint64_t dw1)
{
	wr32(r, CQCSR, 0);
	wr64(r, CQB, PPN_OF(base) | 1);
	put64(r, base, dw0);
	put64(r, base + 8, dw1);
	wr32(r, CQCSR, EN);
	wr32(r, CQT, 1);
	return rd32(r, CQCSR);
}

static void illegal(struct rig *r, uint64_t dw0, uint64_t dw1)
{
	CHECK_MSG(run(r, dw0, dw1) == (EN | ON | CMD_ILL), "0x%llx 0x%llx is not refused",
	          (unsigned long long)dw0, (unsigned long long)dw1);
	CHECK_EQ(rd32(r, CQH), 0);
}

static void legal(struct rig *r, uint64_t dw0, uint64_t dw1)
{
	CHECK_MSG(run(r, dw0, dw1) == (EN | ON), "0x%llx 0x%llx: cqcsr 0x%x",
	          (unsigned long long)dw0, (unsigned long long)dw1, rd32(r, CQCSR));
	CHECK_EQ(rd32(r, CQH), 1);
}

static struct rig *commanded(const struct iom_riscv_config *config)
{
	struct rig *r = config ? rig_new_config(config) : rig_new(0);

	base = page(r);
	return r;
}

static bool defined(unsigned opcode, unsigned func3)
{
	return (opcode == 1 && func3 < 2) || (opcode == 2 && func3 == 0) ||
	       (opcode == 3 && func3 < 2);
}

TEST(opcodes_and_functions, "RV-CQ-07 RV-CQ-08 RV-CQ-12")
{
	struct rig *r = commanded(NULL);

	for (unsigned opcode = 0; opcode < 128; opcode++)
		for (unsigned func3 = 0; func3 < 8; func3++) {
			uint64_t dw0 = opcode | func3 << 7;

			if (opcode == 3 && func3 == 1)
				dw0 |= DV;
			if (defined(opcode, func3))
				legal(r, dw0, 0);
			else
				illegal(r, dw0, 0);
		}
	rig_free(r);
}

/* Legal commands, and the bits of each that may be flipped without making it illegal. */
static const struct command {
	uint64_t dw0, dw1, free0, free1;
} commands[] = {
	{ VMA, 0, 0x0ffff003fffff400, 0x3ffffffffffffc00 },
	{ VMA | 1 << 10, 0, 0x0ffff003fffff400, 0x3ffffffffffffc00 },
	{ GVMA, 0, 0x0ffff002fffff400, 0x3ffffffffffffc00 },
	{ GVMA | 1 << 10 | DV, 0, 0x0ffff002fffff400, 0x3ffffffffffffc00 },
	{ FENCE, RIG_RAM >> 2, 0xffffffff00003400, 0x3fffffffffffffff },
	{ INVAL_DDT, 0, 0xffffff0200000000, 0 },
	{ INVAL_DDT | DV, 0, 0xffffff0200000000, 0 },
	{ INVAL_PDT | DV, 0, 0xffffff00fffff000, 0 },
};

/* Opcode and func3 apart, each of the 128 bits of each command. */
TEST(reserved_bits_of_commands, "RV-CQ-09 RV-CQ-13 RV-CQ-14 RV-CQ-15 RV-CQ-16 RV-CQ-17 RV-CQ-20")
{
	struct rig *r = commanded(NULL);

	for (unsigned i = 0; i < COUNT(commands); i++) {
		const struct command *c = &commands[i];

		legal(r, c->dw0, c->dw1);
		for (unsigned bit = 10; bit < 64; bit++)
			if (c->free0 >> bit & 1)
				legal(r, c->dw0 ^ 1ull << bit, c->dw1);
			else
				illegal(r, c->dw0 ^ 1ull << bit, c->dw1);
		for (unsigned bit = 0; bit < 64; bit++)
			if (c->free1 >> bit & 1)
				legal(r, c->dw0, c->dw1 ^ 1ull << bit);
			else
				illegal(r, c->dw0, c->dw1 ^ 1ull << bit);
	}
	rig_free(r);
}

TEST(all_free_bits_at_once, "")
{
	struct rig *r = commanded(NULL);

	for (unsigned i = 0; i < COUNT(commands); i++) {
		const struct command *c = &commands[i];

		if ((c->dw0 & 0x3ff) != FENCE) /* that one would store at the end of memory */
			legal(r, c->dw0 | c->free0, c->dw1 | c->free1);
	}
	legal(r, FENCE | FENCE_PR | FENCE_PW | FENCE_DATA(~0u), 0x3fffffffffffffff);
	rig_free(r);
}

/* S and NL are operands with their capabilities only; without them they are reserved. */
TEST(ignored_operands_may_hold_anything, "RV-CQ-21")
{
	struct rig *r = commanded(NULL);
	const uint64_t gscid = 0xffffull << 44, pscid = 0xfffffull << 12;
	const uint64_t addr = 0x3ffffffffffffc00;
	const uint64_t av = 1ull << 10, pscv = 1ull << 32, gv = 1ull << 33;

	for (unsigned flags = 0; flags < 8; flags++) {
		uint64_t dw0 = (flags & 1 ? av : 0) | (flags & 2 ? pscv : 0) | (flags & 4 ? gv : 0);
		uint64_t junk = (flags & 4 ? 0 : gscid) | (flags & 2 ? 0 : pscid);

		legal(r, VMA | dw0 | junk, flags & 1 ? 0 : addr);
		if (!(flags & 2))
			legal(r, GVMA | dw0 | junk, flags & 1 && flags & 4 ? 0 : addr);
	}
	put32(r, RIG_RAM + 0x100000, 0x1234);
	legal(r, FENCE | FENCE_DATA(0xffffffff), (RIG_RAM + 0x100000) >> 2);
	CHECK_EQ(ram32(r, RIG_RAM + 0x100000), 0x1234);
	legal(r, FENCE | FENCE_DATA(0xffffffff), RIG_NOWHERE >> 2);
	legal(r, INVAL_DDT | DID(0xffffff), 0);
	rig_free(r);
}

TEST(device_id_of_directory_commands, "RV-CQ-18")
{
	for (unsigned extended = 0; extended < 2; extended++)
		for (unsigned levels = 1; levels < 8; levels++) {
			const unsigned widths[2][3] = { { 7, 16, 24 }, { 6, 15, 24 } };
			struct iom_riscv_config c = {
				.capabilities = extended ? CAP_EXT : CAP_BASE,
				.ddt_levels = (uint8_t)levels,
			};
			unsigned width = widths[extended][levels & 4 ? 2 : levels & 2 ? 1 : 0];
			struct rig *r = commanded(&c);

			/* in Off and in a narrow mode: the width is the unit's */
			for (unsigned on = 0; on < 2; on++) {
				for (unsigned bit = 0; bit < 24; bit++) {
					uint64_t did = DID(1u << bit);

					if (bit < width) {
						legal(r, INVAL_DDT | DV | did, 0);
						legal(r, INVAL_PDT | DV | did, 0);
					} else {
						illegal(r, INVAL_DDT | DV | did, 0);
						illegal(r, INVAL_PDT | DV | did, 0);
					}
					legal(r, INVAL_DDT | did, 0);
				}
				legal(r, INVAL_DDT | DV | DID((1u << width) - 1), 0);
				wr64(r, DDTP,
				     PPN_OF(RIG_RAM) | (levels & 1   ? LVL1
				                        : levels & 2 ? LVL2
				                                     : LVL3));
			}
			rig_free(r);
		}
}

TEST(process_id_of_directory_commands, "RV-CQ-19")
{
	for (unsigned pd = 0; pd < 8; pd++) {
		const uint64_t none = CAP_EXT & ~(CAP_PD8 | CAP_PD17 | CAP_PD20);
		struct iom_riscv_config c = { .capabilities = none | (uint64_t)pd << 38 };
		unsigned width = pd & 4 ? 20 : pd & 2 ? 17 : 8;
		struct rig *r = commanded(&c);

		for (unsigned bit = 0; bit < 20; bit++)
			if (bit < width)
				legal(r, INVAL_PDT | DV | PID(1u << bit), 0);
			else
				illegal(r, INVAL_PDT | DV | PID(1u << bit), 0);
		legal(r, INVAL_PDT | DV | PID((1u << width) - 1), 0);
		rig_free(r);
	}
}

/* With wires the fence's WSI bit is an operand, with messages it is reserved. */
TEST(fence_by_wire_is_legal_with_wires, "")
{
	struct rig *r = commanded(NULL);

	illegal(r, FENCE | FENCE_WSI, 0);
	wr32(r, CQCSR, 0);
	wr32(r, FCTL, WSI);
	CHECK_EQ(run(r, FENCE | FENCE_WSI, 0), EN | ON | FENCE_W_IP);
	CHECK_EQ(rd32(r, CQH), 1);
	rig_free(r);
}

TEST(invalidations_run_in_off_and_bare, "RV-CQ-36")
{
	for (unsigned mode = OFF; mode <= BARE; mode++) {
		struct rig *r = commanded(NULL);

		wr64(r, DDTP, mode);
		for (unsigned i = 0; i < COUNT(commands); i++)
			legal(r, commands[i].dw0, commands[i].dw1);
		illegal(r, VMA | 1ull << 11, 0);
		illegal(r, INVAL_PDT, 0);
		rig_free(r);
	}
}

/* Addresses that no page table can hold, ranges, every combination of the selectors. */
TEST(odd_addresses_do_no_harm, "RV-INV-20")
{
	static const uint64_t pages_of[] = {
		0,          1,          1ull << 26,      1ull << 27,     1ull << 35,
		1ull << 44, 1ull << 51, 0x7ffffffffffff, 0xfffffffffffff
	};
	struct rig *r = commanded(NULL);

	for (unsigned i = 0; i < COUNT(pages_of); i++)
		for (unsigned flags = 0; flags < 4; flags++) {
			uint64_t dw0 = 1ull << 10 | (uint64_t)flags << 32;

			legal(r, VMA | dw0, pages_of[i] << 10);
			if (!(flags & 1))
				legal(r, GVMA | dw0, pages_of[i] << 10);
		}
	rig_free(r);
}

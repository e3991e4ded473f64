/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Processes of a kernel on the bench: each has a table and one page of its own. */
#ifndef TESTS_OS_SVA_H
#define TESTS_OS_SVA_H

#include "bench.h"

#define DEVICE 0x123u
#define SVA_PAGE 0x5000ull /* virtual address of the page that each process has */
#define SVA_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* A leaf and a pointer of an Sv39 table: valid, user, read, write, accessed, dirty. */
#define SVA_LEAF(spa) ((spa) >> 12 << 10 | 0xd7)
#define SVA_TABLE(spa) ((spa) >> 12 << 10 | 0x01)

/* What process `n` has in its page. */
static inline uint64_t sva_word(unsigned n)
{
	return 0x1111 * (n + 1ull);
}

/* Where its three tables and its page begin. */
static inline uint64_t sva_base(unsigned n)
{
	return BENCH_DATA + 0x100000 + 0x10000ull * n;
}

/* The table of process `n`, with its one page. */
static inline struct iom_stage sva_table(struct bench *b, unsigned n)
{
	uint64_t root = sva_base(n);

	*bench_word(b, root) = SVA_TABLE(root + 0x1000);
	*bench_word(b, root + 0x1000) = SVA_TABLE(root + 0x2000);
	*bench_word(b, root + 0x2000 + (SVA_PAGE >> 12) * 8) = SVA_LEAF(root + 0x3000);
	*bench_word(b, root + 0x3000) = sva_word(n);
	return (struct iom_stage){
		.root = root,
		.format = IOM_FORMAT_RISCV_SV39,
		.tag = 77,
		.big_endian = SVA_BIG,
	};
}

static inline struct iom_domain *sva_process(struct bench *b, unsigned n)
{
	const struct iom_stage stage = sva_table(b, n);
	struct iom_domain *domain;

	CHECK_MSG(!iom_domain_new_process(b->driver, &stage, &domain, &b->error), "%s",
	          b->error.text);
	return domain;
}

#endif

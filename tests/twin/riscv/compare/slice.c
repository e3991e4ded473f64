/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A slice of the comparison, the same at every run.  What it found wrong once stands as a test of its own
 * in tests/riscv; here is what nobody has thought of.
 */
#include "../../../test.h"
#include "compare.h"

static char text[16384];

TEST(unit_and_twin_agree, "")
{
	static const unsigned short causes[] = { 1,   5,   7,   12,  13,  15,  20,  21,
		                                 23,  256, 257, 258, 259, 260, 261, 262,
		                                 263, 265, 266, 267, 268, 269, 270, 274 };
	const struct run run = { .seed = 1, .requests = 300000 };
	struct tally t = { 0 };

	CHECK_MSG(compare_run(&run, &t, text, sizeof text), "\n%s", text);
	CHECK_MSG(t.refused == 0, "\n%s", text);

	/* all of this has been reached, often, and not only what is wrong early */
	for (unsigned i = 0; i < sizeof causes / sizeof causes[0]; i++)
		CHECK_MSG(tally_cause(&t, causes[i]) > 40, "cause %u", causes[i]);
	CHECK(tally_cause(&t, 0) > t.requests / 5);
	for (unsigned first = 0; first < 5; first++)
		for (unsigned second = 0; second < 5; second++)
			/* a guest of RV32 has no first stage of RV64 */
			CHECK_MSG(t.stages[first][second] > 40 || (first > 1 && second == 1),
			          "first stage %u, second %u", first, second);
	for (unsigned order = 0; order < 4; order++)
		CHECK_MSG(t.order[order / 2][order % 2] > 1000, "BE %u, SBE %u", order / 2,
		          order % 2);
	CHECK(t.update[0] > 500 && t.update[1] > 500);
	CHECK(t.implicit_read > 1000 && t.implicit_write > 20);
	if (what_is_built().capabilities >> 23 & 1) {
		CHECK(t.mrif > 200 && t.stores > 100 && t.notice > 10);
		CHECK(tally_cause(&t, 264) > 10 && tally_cause(&t, 271) > 5);
	}
	if (what_is_built().capabilities >> 26 & 1)
		CHECK(t.ats_granted > 10000 && t.ats_denied > 10000 && t.t2gpa > 1000);
	CHECK(t.excused < t.requests / 1000);
	CHECK(t.message > 1000 && t.shrunk > 200 && t.silent > 1000);
}
